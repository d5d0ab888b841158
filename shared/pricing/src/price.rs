//! Price lists: what a variant costs in a region and currency from a day on.
//!
//! Lookup order, first hit wins: the market's own price region, its group (`eu`), `world`; always in the asked currency. Within a region the
//! entry with the highest quantity step not above the quantity, then the latest `valid_from`, then the last written.
//! Invariants: append-only (a new price is a new entry); no price in the currency means not for sale there. Conversion is not here.

use serde::{Deserialize, Serialize};

use crate::date::{Date, Moment};
use crate::money::Currency;

/// How an amount is set; minor units of the entry's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// One price.
    Fixed {
        /// Per unit.
        amount_minor: i64,
    },
    /// The buyer names it.
    PayWhatYouWant {
        /// Least accepted, may be 0.
        min_minor: i64,
        /// Taken if the buyer names none.
        suggested_minor: i64,
    },
    /// Costs nothing.
    Free,
}

/// One line of a price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceEntry {
    /// The variant.
    pub sku: String,
    /// `de`, `eu`, `world` ...
    pub region: String,
    /// Of the amounts.
    pub currency: Currency,
    /// First day.
    pub valid_from: Date,
    /// Last day, inclusive.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// From this quantity on; 1 for all.
    #[serde(default = "one")]
    pub min_quantity: u32,
    /// Former price shown struck through, minor units.
    #[serde(default)]
    pub compare_at_minor: Option<i64>,
    /// The price.
    pub price: Shape,
}

fn one() -> u32 {
    1
}

/// A seller's prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// Named in explanations.
    pub id: String,
    /// In the order written.
    pub entries: Vec<PriceEntry>,
    /// When one of the prices that are asked for is another one, where that is known more closely than by day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl PriceList {
    /// The entry that applies, with its index; `None`: not for sale there. `regions` in lookup order.
    pub fn find(
        &self,
        sku: &str,
        regions: &[&str],
        currency: Currency,
        on: Date,
        quantity: u32,
    ) -> Option<(usize, &PriceEntry)> {
        best(self.entries.iter().enumerate().filter(|(_, e)| e.sku == sku), regions, currency, on, quantity)
    }
}

/// Of one variant's entries, in the order written, the one that applies.
pub(crate) fn best<'a>(
    entries: impl Iterator<Item = (usize, &'a PriceEntry)> + Clone,
    regions: &[&str],
    currency: Currency,
    on: Date,
    quantity: u32,
) -> Option<(usize, &'a PriceEntry)> {
    let holds = |e: &PriceEntry| e.currency == currency && e.valid_from <= on && e.valid_to.is_none_or(|to| on <= to);
    let ask = |(_, e): &(usize, &'a PriceEntry)| {
        holds(e).then_some(Asked { region: e.region.as_str(), min_quantity: e.min_quantity, begun: e.valid_from })
    };
    winner(entries, regions, quantity, ask)
}

/// What the lookup asks of a price that holds, in the currency that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a, Begun> {
    /// `de`, `eu`, `world` ...
    pub region: &'a str,
    /// From this quantity on.
    pub min_quantity: u32,
    /// When it began.
    pub begun: Begun,
}

/// The price that applies, of those of one variant in the order written: this is the one lookup order, whatever prices are kept as. `regions` in
/// lookup order; `ask` answers nothing for a price that does not hold or is of another currency.
pub fn winner<'a, P, Begun: Ord>(
    prices: impl Iterator<Item = P> + Clone,
    regions: &[&str],
    quantity: u32,
    ask: impl Fn(&P) -> Option<Asked<'a, Begun>>,
) -> Option<P> {
    regions.iter().find_map(|region| {
        let reached = prices.clone().filter_map(|price| {
            let asked = ask(&price).filter(|asked| asked.region == *region && asked.min_quantity <= quantity)?;
            Some(((asked.min_quantity, asked.begun), price))
        });
        // Of equal ones the last written.
        reached.reduce(|best, other| if other.0 >= best.0 { other } else { best }).map(|(_, price)| price)
    })
}
