//! Cash: totals to coins that exist.
//!
//! Invariants: only a total is rounded, and only where it is paid in coins and notes; cards and banks move every cent. What rounding adds or takes
//! away is an amount of its own, so that books and tax stay as they were. Not here: who offers cash (no way to pay of this shop does; tills ask
//! with `tender` of a quote).

use serde::{Deserialize, Serialize};

use crate::locale_data::CASH;
use crate::market::{MARKETS, Market};
use crate::money::{Currency, Money, MoneyError, RoundingMode, lookup};

/// How a total is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tender {
    /// Coins and notes: at a counter, to a courier.
    Cash,
    /// Card, wallet, bank transfer, debit, voucher.
    #[default]
    Electronic,
}

/// A total as it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payable {
    /// Due plus difference.
    pub to_pay: Money,
    /// What rounding added, negative where it took away; zero for most. Neither price nor tax.
    pub difference: Money,
}

impl Currency {
    /// Smallest cash amount in a country (ISO 3166-1 alpha-2), minor units; 1 for most. What the file of the country's market says of this country
    /// and currency (5 for the euro in BE, FI, NL ...), else what a file says of the currency's coins (CHF 5, SEK 100 ...), else CLDR.
    pub fn cash_step(self, country: &str) -> i64 {
        let own = |market: &'static Market| market.cash.iter().filter(move |cash| cash.currency == self);
        let here = own(Market::of_country(country)).find(|cash| cash.countries.contains(&country));
        let stated = here.or_else(|| MARKETS.iter().flat_map(own).find(|cash| cash.countries.is_empty()));
        stated.map_or_else(|| lookup(CASH, self).unwrap_or(1), |cash| cash.step)
    }
}

impl Money {
    /// This total in coins of the country. A half of the step goes by `mode`: [`RoundingMode::HalfUp`] is the rule where a law names one (Sweden,
    /// Denmark, Hungary, Israel); with steps of 5 minor units no half exists. Errors: `Overflow`.
    pub fn round_to_cash(self, country: &str, mode: RoundingMode) -> Result<Payable, MoneyError> {
        let to_pay = self.round_to_step(self.currency().cash_step(country), mode)?;
        Ok(Payable { to_pay, difference: to_pay.checked_sub(self)? })
    }

    /// This total by the way it is paid: as it is, or in coins. Errors: `Overflow`.
    pub fn payable(self, tender: Tender, country: &str, mode: RoundingMode) -> Result<Payable, MoneyError> {
        match tender {
            Tender::Cash => self.round_to_cash(country, mode),
            Tender::Electronic => Ok(Payable { to_pay: self, difference: Money::zero(self.currency()) }),
        }
    }
}
