//! What a price is about worth in the currency that a visitor chose: a text beside it, and nothing that could be charged.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{Locale, format_date};
use vitrine_pricing::fx::{FxTable, Mark, Staleness};
use vitrine_pricing::money::{Currency, Money};

/// About so much, with where the rate is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AboutView {
    /// In the locale's form, with its sign for "about".
    pub text: String,
    /// ISO 4217.
    pub currency: String,
    /// The rate is older than a week.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub old: bool,
    /// Who published the rate.
    pub source: String,
    /// Of which day it is, in words.
    pub date: String,
}

/// Rates with how old they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// The rates.
    pub table: FxTable,
    /// When they are marked as old and when they are not shown.
    pub staleness: Staleness,
}

impl Rates {
    /// What stands beside an amount; `None`: it is in this currency, costs nothing, or there is no rate that may be shown on this day.
    pub fn about(&self, amount: Money, to: Currency, on: Date, locale: Locale) -> Option<AboutView> {
        if amount.is_zero() || amount.currency() == to {
            return None;
        }
        let about = self.table.about(amount, to, on, self.staleness, locale).ok()?;
        Some(AboutView {
            text: about.text,
            currency: about.currency.code().to_owned(),
            old: about.mark == Mark::ApproximateOld,
            source: about.source,
            date: format_date(about.date, locale),
        })
    }
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::fx::ecb;

    use super::*;

    #[test]
    fn it_is_said_beside_other_currencies_only_and_marked_when_the_rate_is_old() {
        let rates = Rates { table: ecb::built_in(), staleness: Staleness::OCCASIONAL };
        let dollars = |minor| Money::new(minor, Currency::USD).unwrap();
        let about = |amount, to, day: &str| rates.about(amount, to, day.parse().unwrap(), Locale::EnUs);
        let view = about(dollars(799), Currency::NOK, "2026-11-01").unwrap();
        assert!(view.text.contains("73.7") && view.text.contains("NOK") && !view.old, "{view:?}");
        assert_eq!((view.source.as_str(), view.date.as_str(), view.currency.as_str()), ("ECB", "Oct 30, 2026", "NOK"));
        assert!(about(dollars(799), Currency::NOK, "2026-12-01").unwrap().old);
        assert_eq!(about(dollars(799), Currency::NOK, "2027-03-01"), None, "too old to say anything");
        assert_eq!(about(dollars(799), Currency::USD, "2026-11-01"), None);
        assert_eq!(about(dollars(0), Currency::NOK, "2026-11-01"), None);
        assert_eq!(about(dollars(799), "KWD".parse().unwrap(), "2026-11-01"), None, "no rate");
    }
}
