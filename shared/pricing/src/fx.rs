//! Amounts in another currency, to be shown only.
//!
//! Invariants: what comes out is [`Approximate`], a type of its own that has no way back to [`Money`]: nothing converted can be added up, stored as a
//! price or charged, so a rate that moves between page and payment changes no amount that a buyer confirmed. No rate is used before its day or
//! after the days of a [`Staleness`] ([`MAX_AGE_DAYS`] where none is given); integers only. What stands beside a price is [`About`], the ECB's
//! files are read by [`ecb`]; [`FxTable::in_books`] states what a document's tax is in the seller's books, [`FxTable::rank`] puts amounts of several currencies in order, for lists. Not here: fetching them, prices (a
//! price in another currency is a price of its own).

pub mod ecb;
mod shown;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::format::{Locale, format_about};
use crate::money::{Currency, Money, MoneyError, RoundingMode, rounded};

pub use shown::{About, Mark, Staleness};

/// How old a rate may be. Central banks publish on their working days; the longest gap of the ECB (Easter) is five days.
pub const MAX_AGE_DAYS: i32 = 7;

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FxError {
    /// The table has no rate for it.
    #[error("there is no rate for {0}")]
    UnknownCurrency(Currency),
    /// The table is older than it may be, or of a day to come.
    #[error("rates of {date} are not for {on}")]
    Stale {
        /// Of the table.
        date: Date,
        /// The day asked.
        on: Date,
    },
    /// Both currencies are one: there is nothing to say beside the price.
    #[error("{0} is the currency of the amount")]
    SameCurrency(Currency),
    /// More than nothing, and less than half of the smallest step of the other currency: never shown as nothing.
    #[error("less than half of the smallest step in {0}")]
    TooSmall(Currency),
    /// Not a positive decimal number with at most 15 digits, 12 of them after the point.
    #[error("{0:?} is not a rate such as 1.0842")]
    NotRate(String),
    /// A rate stands twice, or beside the base.
    #[error("there are two rates for {0}")]
    Twice(Currency),
    /// The result is beyond what [`Money`] holds.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Longest file that is read, bytes: 90 days of XML have some 100,000. The whole history is longer and is refused.
pub const MOST_BYTES: usize = 256 * 1024;

/// Why a file holds no rates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// More than [`MOST_BYTES`].
    #[error("a file of rates has at most {MOST_BYTES} bytes; the newest day or month is enough")]
    TooLong,
    /// Not of the form it begins with; what was wrong.
    #[error("not a file of rates: {0}")]
    Form(String),
    /// It names no day, or no currency on its newest.
    #[error("there is no rate in it")]
    Empty,
    /// A rate that is none, or one that stands twice.
    #[error(transparent)]
    Rate(#[from] FxError),
}

impl FileError {
    /// Stable name of what is wrong.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Form(_) => "not_rates",
            Self::Empty => "no_rates",
            Self::Rate(_) => "bad_rate",
        }
    }
}

/// Units of a currency for one unit of the table's base, as published: `1.0842`. JSON: that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    digits: i64,
    scale: u8,
}

impl Rate {
    const ONE: Self = Self { digits: 1, scale: 0 };

    /// From `1.0842`: ASCII digits, one point, more than zero. Errors: `NotRate`.
    pub fn parse(text: &str) -> Result<Self, FxError> {
        let bad = || FxError::NotRate(text.chars().take(32).collect());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let written =
            whole.len() + fraction.len() <= 15 && fraction.len() <= 12 && !whole.is_empty() && !text.ends_with('.');
        let digits = whole.bytes().chain(fraction.bytes()).try_fold(0i64, |n, c| match c {
            b'0'..=b'9' => n.checked_mul(10)?.checked_add(i64::from(c - b'0')),
            _ => None,
        });
        match digits {
            // At most 12.
            Some(digits) if written && digits > 0 => Ok(Self { digits, scale: fraction.len() as u8 }),
            _ => Err(bad()),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = FxError;
    fn try_from(text: String) -> Result<Self, FxError> {
        Self::parse(&text)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        let scale = usize::from(rate.scale);
        let digits = format!("{:0width$}", rate.digits, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

/// One day's rates. JSON: `{"source": "ECB", "date": "2026-11-27", "base": "EUR", "rates": [["USD", "1.0842"]]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct FxTable {
    source: String,
    date: Date,
    base: Currency,
    rates: Vec<(Currency, Rate)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    source: String,
    date: Date,
    base: Currency,
    rates: Vec<(Currency, Rate)>,
}

impl TryFrom<Wire> for FxTable {
    type Error = FxError;
    fn try_from(wire: Wire) -> Result<Self, FxError> {
        Self::new(wire.source, wire.date, wire.base, wire.rates)
    }
}

impl From<FxTable> for Wire {
    fn from(table: FxTable) -> Self {
        Self { source: table.source, date: table.date, base: table.base, rates: table.rates }
    }
}

impl FxTable {
    /// Rates of `date` as `source` published them: how much of each currency one `base` buys. Errors: `Twice`.
    pub fn new(source: String, date: Date, base: Currency, mut rates: Vec<(Currency, Rate)>) -> Result<Self, FxError> {
        rates.sort_by_key(|(currency, _)| *currency);
        let twice = rates.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0);
        match twice.or(rates.iter().map(|r| r.0).find(|c| *c == base)) {
            Some(currency) => Err(FxError::Twice(currency)),
            None => Ok(Self { source, date, base, rates }),
        }
    }

    fn rate(&self, currency: Currency) -> Result<Rate, FxError> {
        if currency == self.base {
            return Ok(Rate::ONE);
        }
        let found = self.rates.binary_search_by_key(&currency, |(c, _)| *c);
        found.map(|i| self.rates[i].1).map_err(|_| FxError::UnknownCurrency(currency))
    }

    /// What an amount is about worth in another currency, half up to that currency's [`Currency::price_step`]. Errors: `Stale`, `SameCurrency`,
    /// `UnknownCurrency`, `TooSmall`, `Money`.
    pub fn convert_for_display(&self, amount: Money, to: Currency, on: Date) -> Result<FxDisplay<'_>, FxError> {
        self.converted(amount, to, on, MAX_AGE_DAYS)
    }

    /// The tax of a document as books in another currency have it, half up to a minor unit, and the rates it was made with; what anybody pays
    /// stays as it is. The rates are for `days` days after theirs: [`MAX_AGE_DAYS`] where the last ones published count, to the end of their
    /// period where they have one. Errors: `Stale` for rates that are older or of a day to come, `SameCurrency`, `UnknownCurrency`, `Money`.
    pub fn in_books(&self, tax: Money, books: Currency, on: Date, days: i32) -> Result<(Money, Self), FxError> {
        if !(0..=days).contains(&on.days_since(self.date)) {
            return Err(FxError::Stale { date: self.date, on });
        }
        let both = [tax.currency(), books];
        let rates = self.rates.iter().filter(|(currency, _)| both.contains(currency)).copied().collect();
        let worth = match self.worth(tax, books, 1) {
            Err(FxError::TooSmall(_)) => Money::zero(books),
            worth => worth?,
        };
        Ok((worth, Self { rates, ..self.clone() }))
    }

    /// As published: `EUR 1 = USD 1.1000, SEK 11.000`.
    pub fn quoted(&self) -> String {
        let rates = self.rates.iter().map(|(currency, rate)| format!("{currency} {}", String::from(*rate)));
        format!("{} 1 = {}", self.base, rates.collect::<Vec<_>>().join(", "))
    }

    /// Who published the rates.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Of which day the rates are.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The currencies it has rates for beside its base, by code.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.rates.iter().map(|(currency, _)| *currency)
    }

    fn converted(&self, amount: Money, to: Currency, on: Date, most_days: i32) -> Result<FxDisplay<'_>, FxError> {
        if !(0..=most_days).contains(&on.days_since(self.date)) {
            return Err(FxError::Stale { date: self.date, on });
        }
        let about = self.worth(amount, to, to.price_step())?;
        Ok(FxDisplay { amount: Approximate(about), date: self.date, source: &self.source })
    }

    /// What amounts of several currencies are about worth together in one, to be shown only. The rates are for `days` days after theirs.
    /// Errors: as [`FxTable::convert_for_display`].
    pub fn sum_for_display(
        &self,
        amounts: impl IntoIterator<Item = Money>,
        to: Currency,
        on: Date,
        days: i32,
    ) -> Result<Approximate, FxError> {
        let mut sum = Money::zero(to);
        for amount in amounts {
            let worth = match self.worth(amount, to, to.price_step()) {
                Err(FxError::SameCurrency(_)) => amount,
                Err(FxError::TooSmall(_)) => Money::zero(to),
                _ if !(0..=days).contains(&on.days_since(self.date)) => {
                    return Err(FxError::Stale { date: self.date, on });
                }
                worth => worth?,
            };
            sum = sum.checked_add(worth)?;
        }
        Ok(Approximate(sum))
    }

    /// Where an amount stands among amounts of another currency, in that one's minor units: for the order of lists and for filters by price,
    /// where nobody sees it. Of whichever day the rates are. `None`: there is no rate for one of them.
    pub fn rank(&self, amount: Money, among: Currency) -> Option<i64> {
        if amount.currency() == among {
            return Some(amount.minor());
        }
        match self.worth(amount, among, among.price_step()) {
            Ok(worth) => Some(worth.minor()),
            Err(FxError::TooSmall(_)) => Some(1),
            Err(_) => None,
        }
    }

    /// To multiples of `step` minor units.
    fn worth(&self, amount: Money, to: Currency, step: i64) -> Result<Money, FxError> {
        let from = amount.currency();
        if from == to {
            return Err(FxError::SameCurrency(to));
        }
        let (sold, bought) = (self.rate(from)?, self.rate(to)?);
        // minor / 10^from / sold * bought * 10^to / step, as one fraction; powers of ten are cancelled before anything is multiplied.
        let tens =
            i32::from(sold.scale) + i32::from(to.exponent()) - i32::from(bought.scale) - i32::from(from.exponent());
        let num = power(tens).checked_mul(i128::from(bought.digits));
        let den = power(-tens).checked_mul(i128::from(sold.digits)).and_then(|d| d.checked_mul(i128::from(step)));
        let num = num.and_then(|n| n.checked_mul(i128::from(amount.minor()))).ok_or(MoneyError::Overflow)?;
        let steps = rounded(num, den.ok_or(MoneyError::Overflow)?, RoundingMode::HalfUp)?;
        if steps == 0 && !amount.is_zero() {
            return Err(FxError::TooSmall(to));
        }
        Ok(Money::new(steps, to)?.checked_mul(step)?)
    }
}

/// `10^n`, one below zero; `n` is 15 at most.
fn power(n: i32) -> i128 {
    10i128.pow(u32::try_from(n).unwrap_or(0))
}

/// What a page shows beside the price, with where and when the rate is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxDisplay<'a> {
    /// About so much.
    pub amount: Approximate,
    /// Day of the rate.
    pub date: Date,
    /// Who published it.
    pub source: &'a str,
}

/// An amount that is only about right. It has a text and nothing else:
///
/// ```compile_fail,E0308
/// use vitrine_pricing::{fx::Approximate, money::Money};
/// fn charge(amount: Money) {}
/// fn pay(shown: Approximate) { charge(shown) }
/// ```
///
/// ```compile_fail,E0277
/// use vitrine_pricing::{fx::Approximate, money::Money};
/// fn pay(shown: Approximate) -> Money { shown.into() }
/// ```
///
/// ```compile_fail,E0616
/// use vitrine_pricing::{fx::Approximate, money::Money};
/// fn pay(shown: Approximate) -> Money { shown.0 }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approximate(Money);

impl Approximate {
    /// `~$12.00`, `≈12,00 €`: in the locale's form, with its sign for "about".
    pub fn text(self, locale: Locale) -> String {
        format_about(self.0, locale)
    }

    /// In which currency it is.
    pub fn currency(self) -> Currency {
        self.0.currency()
    }
}
