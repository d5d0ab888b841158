//! Which price a page shows where a market's currency has none, and how an amount of another currency is marked beside it.

use serde::{Deserialize, Serialize};

use super::{FxError, FxTable, MAX_AGE_DAYS};
use crate::date::Date;
use crate::format::Locale;
use crate::market::Market;
use crate::money::{Currency, Money};
use crate::price::{PriceEntry, PriceList, best};

/// How old rates may be, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// Older ones are marked as old.
    pub aged_after: i32,
    /// Older ones are not shown.
    pub hidden_after: i32,
}

impl Staleness {
    /// For rates that come every day: what is older than [`MAX_AGE_DAYS`] is a fault and not shown.
    pub const DAILY: Self = Self { aged_after: MAX_AGE_DAYS, hidden_after: MAX_AGE_DAYS };
    /// For rates that somebody brings now and then, and for those built in: marked as old after [`MAX_AGE_DAYS`], shown for a quarter.
    pub const OCCASIONAL: Self = Self { aged_after: MAX_AGE_DAYS, hidden_after: 92 };
}

/// What must stand beside an amount of another currency; the names of its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// About so much.
    Approximate,
    /// About so much when the rate was new: [`Staleness::aged_after`].
    ApproximateOld,
}

/// An amount of another currency, ready for a view: a text with its marking, and nothing that could be charged. JSON:
/// `{"text": "~$13.38", "currency": "USD", "mark": "approximate", "source": "ECB", "date": "2026-10-30"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// In the locale's form, with its sign for "about".
    pub text: String,
    /// In which currency.
    pub currency: Currency,
    /// What must be said beside it.
    pub mark: Mark,
    /// Who published the rate.
    pub source: String,
    /// Of which day it is.
    pub date: Date,
}

impl FxTable {
    /// What a view shows beside a price.
    ///
    /// # Errors
    /// As [`FxTable::convert_for_display`], with `staleness` for the age: a view then shows the price alone.
    pub fn about(
        &self,
        price: Money,
        to: Currency,
        on: Date,
        staleness: Staleness,
        locale: Locale,
    ) -> Result<About, FxError> {
        let shown = self.converted(price, to, on, staleness.hidden_after)?;
        let aged = on.days_since(self.date) > staleness.aged_after;
        Ok(About {
            text: shown.amount.text(locale),
            currency: to,
            mark: if aged { Mark::ApproximateOld } else { Mark::Approximate },
            source: shown.source.to_owned(),
            date: shown.date,
        })
    }
}

/// The price of a variant that a market's pages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Index in the price list.
    pub index: usize,
    /// The price; its currency is what the buyer would pay in.
    pub entry: &'a PriceEntry,
    /// The market's currency if the price is in another one: what [`FxTable::about`] is asked for.
    pub about: Option<Currency>,
}

impl Market {
    /// Currencies of prices that are shown where its own has none, the best known to its buyers first; others follow by code.
    fn familiar(&self) -> [Currency; 2] {
        match self.id {
            "gb" | "ch" => [Currency::EUR, Currency::USD],
            _ => [Currency::USD, Currency::EUR],
        }
    }
}

/// The price in the market's currency if there is one, else in another: of the nearest region that has any, in the most familiar currency.
/// `None`: there is no price for the market at all. What is paid is always the entry's own amount.
pub fn price_shown<'a>(
    prices: &'a PriceList,
    sku: &str,
    market: &Market,
    on: Date,
    quantity: u32,
) -> Option<Shown<'a>> {
    let own = prices.entries.iter().enumerate().filter(|(_, entry)| entry.sku == sku);
    if let Some((index, entry)) = best(own.clone(), market.price_regions, market.currency, on, quantity) {
        return Some(Shown { index, entry, about: None });
    }
    let familiar = market.familiar();
    let mut currencies: Vec<Currency> = own.clone().map(|(_, entry)| entry.currency).collect();
    currencies.sort_unstable_by_key(|c| (familiar.iter().position(|f| f == c).unwrap_or(familiar.len()), *c));
    currencies.dedup();
    let found = market.price_regions.iter().find_map(|region| {
        currencies.iter().find_map(|currency| best(own.clone(), &[region], *currency, on, quantity))
    });
    found.map(|(index, entry)| Shown { index, entry, about: Some(market.currency) })
}
