//! How an amount of another currency is marked beside a price.

use serde::{Deserialize, Serialize};

use super::{FxError, FxTable, MAX_AGE_DAYS};
use crate::date::Date;
use crate::format::Locale;
use crate::money::{Currency, Money};

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
