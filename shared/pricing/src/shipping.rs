//! Table rates: what sending the physical lines costs, by zone and weight.
//!
//! Invariants: the zone that names the country wins over `*`; the lightest band that carries the weight applies; a rate in another currency does not
//! count. Carriers and labels are not here.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Countries that cost the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Named by rates.
    pub id: String,
    /// ISO 3166-1 alpha-2, or `*` for every other country.
    pub countries: Vec<String>,
}

/// One price for one zone and weight band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Its zone.
    pub zone: String,
    /// Grams, inclusive.
    pub up_to_g: u64,
    /// Inclusive or exclusive of tax like the seller's prices.
    pub amount: Money,
    /// Free when the physical lines reach this.
    #[serde(default)]
    pub free_over: Option<Money>,
}

/// A seller's shipping prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShippingTable {
    /// Where it sends.
    pub zones: Vec<Zone>,
    /// At what price.
    pub rates: Vec<Rate>,
}

impl ShippingTable {
    /// The rate for a country and weight and what it costs now (`free_over` applied); `None`: not sent there.
    pub fn find(&self, country: &str, weight_g: u64, goods: Money) -> Option<(&Rate, Money)> {
        let named = |name: &str| self.zones.iter().find(|z| z.countries.iter().any(|c| c == name));
        let zone = named(country).or_else(|| named("*"))?;
        let rate = self
            .rates
            .iter()
            .filter(|r| r.zone == zone.id && r.amount.currency() == goods.currency() && r.up_to_g >= weight_g)
            .min_by_key(|r| r.up_to_g)?;
        let free = rate.free_over.is_some_and(|over| goods >= over);
        Some((rate, if free { Money::zero(goods.currency()) } else { rate.amount }))
    }
}
