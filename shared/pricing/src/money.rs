//! Money as whole minor units of one currency.
//!
//! Invariants: |minor| <= [`MAX_MINOR`] (JSON integers stay exact in a browser); two currencies never mix; no floating point;
//! division always allocates, so nothing is lost. Conversion between currencies is not here: billing never converts ([`crate::fx`] only shows).
//! Beside it: [`crate::processor`] for what a card processor accepts, [`crate::cash`] for tills.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::currency_data::CURRENCIES;
use crate::locale_data::WHOLE;

/// Largest magnitude in minor units: 2^53 - 1.
pub const MAX_MINOR: i64 = 9_007_199_254_740_991;

/// What can go wrong with amounts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies met.
    #[error("amounts in {left} and {right} cannot be combined")]
    CurrencyMismatch {
        /// First operand.
        left: Currency,
        /// Second operand.
        right: Currency,
    },
    /// Beyond [`MAX_MINOR`].
    #[error("the amount is larger than can be stored exactly")]
    Overflow,
    /// Not an active ISO 4217 code in upper case.
    #[error("{0:?} is not an active ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Not of the form `12.34`.
    #[error("{0:?} is not a decimal number such as 12.34")]
    NotDecimal(String),
    /// More decimals than the currency has.
    #[error("{currency} has {exponent} decimals")]
    TooManyDecimals {
        /// The currency.
        currency: Currency,
        /// Its decimals.
        exponent: u8,
    },
    /// Weights negative, all zero, or none; or a ratio over zero.
    #[error("there is nothing to divide by")]
    NoWeights,
}

/// An active ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u8);

/// A currency of a code that stands in the sources; any other stops the build.
pub(crate) const fn find(code: [u8; 3]) -> Currency {
    let mut i = 0;
    while i < CURRENCIES.len() {
        let row = CURRENCIES[i].0;
        if row[0] == code[0] && row[1] == code[1] && row[2] == code[2] {
            return Currency(i as u8);
        }
        i += 1;
    }
    panic!("only evaluated at compile time, on codes of the table")
}

impl Currency {
    /// US dollar.
    pub const USD: Self = find(*b"USD");
    /// Euro.
    pub const EUR: Self = find(*b"EUR");
    /// Pound sterling.
    pub const GBP: Self = find(*b"GBP");
    /// Swiss franc.
    pub const CHF: Self = find(*b"CHF");
    /// Yen, no decimals.
    pub const JPY: Self = find(*b"JPY");
    /// Canadian dollar.
    pub const CAD: Self = find(*b"CAD");
    /// Norwegian krone.
    pub const NOK: Self = find(*b"NOK");
    /// Icelandic króna, no decimals.
    pub const ISK: Self = find(*b"ISK");
    /// Australian dollar.
    pub const AUD: Self = find(*b"AUD");
    /// New Zealand dollar.
    pub const NZD: Self = find(*b"NZD");
    /// Singapore dollar.
    pub const SGD: Self = find(*b"SGD");
    /// Indian rupee.
    pub const INR: Self = find(*b"INR");
    /// South African rand.
    pub const ZAR: Self = find(*b"ZAR");

    /// Three capital letters.
    pub fn code(self) -> &'static str {
        // The table is ASCII; the fallback is never reached.
        std::str::from_utf8(&CURRENCIES[self.0 as usize].0).unwrap_or("XXX")
    }

    /// Decimals: 0, 2 or 3.
    pub fn exponent(self) -> u8 {
        CURRENCIES[self.0 as usize].1
    }

    /// Whether amounts are written without decimals in use though ISO 4217 has some (CLDR: HUF, IDR, COP ...).
    pub fn is_whole(self) -> bool {
        WHOLE.binary_search(&self.code()).is_ok()
    }

    /// Smallest step between two prices, minor units: a whole unit where nothing smaller is in use (HUF, IDR, TWD ...), 10 where the processor wants
    /// a last digit 0 (KWD ...), 1 for most. Every multiple can be charged. Totals with tax or a discount need not be multiples where charges have a
    /// smaller step (IDR ...).
    pub fn price_step(self) -> i64 {
        if self.is_whole() { 10i64.pow(u32::from(self.exponent())) } else { self.processor_step() }
    }

    /// Its place in [`CURRENCIES`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every active currency, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CURRENCIES.len()).map(|i| Self(i as u8))
    }
}

/// The value beside a currency in a list sorted by code.
pub(crate) fn lookup<T: Copy>(list: &[(&str, T)], currency: Currency) -> Option<T> {
    list.binary_search_by(|(code, _)| (*code).cmp(currency.code())).ok().map(|i| list[i].1)
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        CURRENCIES
            .binary_search_by(|row| row.0.as_slice().cmp(code.as_bytes()))
            .map(|i| Self(i as u8))
            .map_err(|_| MoneyError::UnknownCurrency(code.chars().take(12).collect()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// How halves are rounded; halves move away from zero or to the even neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// 0.5 -> 1, -0.5 -> -1.
    #[default]
    HalfUp,
    /// 0.5 -> 0, 1.5 -> 2.
    HalfEven,
}

/// `value * num / den` rounded. Errors: `NoWeights` if `den` is not positive, `Overflow`.
pub fn mul_ratio(value: i64, num: i64, den: i64, mode: RoundingMode) -> Result<i64, MoneyError> {
    rounded(i128::from(value) * i128::from(num), i128::from(den), mode)
}

/// `num / den` rounded. Errors: `NoWeights` if `den` is not positive, `Overflow`.
pub(crate) fn rounded(num: i128, den: i128, mode: RoundingMode) -> Result<i64, MoneyError> {
    if den <= 0 {
        return Err(MoneyError::NoWeights);
    }
    let (quotient, rest) = (num.abs() / den, num.abs() % den);
    // `rest` against the other half: twice the rest could be too large.
    let up = match rest.cmp(&(den - rest)) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => mode == RoundingMode::HalfUp || quotient % 2 == 1,
    };
    bounded((quotient + i128::from(up)) * num.signum())
}

fn bounded(value: i128) -> Result<i64, MoneyError> {
    match i64::try_from(value) {
        Ok(v) if v.abs_diff(0) <= MAX_MINOR as u64 => Ok(v),
        _ => Err(MoneyError::Overflow),
    }
}

/// An amount: minor units of a currency. JSON: `{"minor": 1234, "currency": "EUR", "exponent": 2}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// From minor units. Errors: `Overflow`.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Self { minor: bounded(i128::from(minor))?, currency })
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// From `12.34` or `-0.5`: ASCII digits, one point, no grouping, no exponent. Errors: `NotDecimal`, `TooManyDecimals`, `Overflow`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotDecimal(text.chars().take(32).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(bad()),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(bad());
        }
        let exponent = currency.exponent();
        if fraction.len() > usize::from(exponent) {
            return Err(MoneyError::TooManyDecimals { currency, exponent });
        }
        let mut minor: i128 = 0;
        let padding = usize::from(exponent) - fraction.len();
        for byte in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', padding)) {
            minor = minor * 10 + i128::from(byte - b'0');
            bounded(minor)?;
        }
        Ok(Self { minor: bounded(if negative { -minor } else { minor })?, currency })
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Its currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is below nothing.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }

    /// Sum. Errors: `CurrencyMismatch`, `Overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(Self { minor: bounded(i128::from(self.minor) + i128::from(other.minor))?, ..self })
    }

    /// Difference. Errors: `CurrencyMismatch`, `Overflow`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(Self { minor: bounded(i128::from(self.minor) - i128::from(other.minor))?, ..self })
    }

    /// Times a count. Errors: `Overflow`.
    pub fn checked_mul(self, count: i64) -> Result<Self, MoneyError> {
        Ok(Self { minor: bounded(i128::from(self.minor) * i128::from(count))?, ..self })
    }

    /// Times `num / den`, rounded. Errors: `NoWeights` if `den` is not positive, `Overflow`.
    pub fn mul_ratio(self, num: i64, den: i64, mode: RoundingMode) -> Result<Self, MoneyError> {
        Ok(Self { minor: mul_ratio(self.minor, num, den, mode)?, ..self })
    }

    /// Times `num / den`, rounded to the nearest that a charge can be made of ([`Currency::processor_step`]): a tax, a percentage. Errors: as
    /// [`Money::mul_ratio`].
    pub fn portion(self, num: i64, den: i64, mode: RoundingMode) -> Result<Self, MoneyError> {
        let step = self.currency.processor_step();
        self.mul_ratio(num, den.checked_mul(step).ok_or(MoneyError::Overflow)?, mode)?.checked_mul(step)
    }

    /// Whether a charge can be of this amount, as far as steps go.
    pub fn is_in_steps(self) -> bool {
        self.minor % self.currency.processor_step() == 0
    }

    /// The nearest amount toward zero that is in steps.
    #[must_use]
    pub fn down_to_step(self) -> Self {
        Self { minor: self.minor - self.minor % self.currency.processor_step(), ..self }
    }

    /// Sum of many. Errors: `CurrencyMismatch`, `Overflow`.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Which is larger. Errors: `CurrencyMismatch`.
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    /// Nearest multiple of `step` minor units. Errors: `NoWeights` if `step` is not positive, `Overflow`.
    pub fn round_to_step(self, step: i64, mode: RoundingMode) -> Result<Self, MoneyError> {
        Self { minor: mul_ratio(self.minor, 1, step, mode)?, ..self }.checked_mul(step)
    }

    /// Shares by weight that sum to exactly this amount (largest remainder). Of equal remainders the larger weight comes first, so what each weight
    /// receives does not depend on order; of equal weights the one given first. Shares have the sign of the amount, and differ from the exact
    /// share by less than one minor unit; of an amount that can be charged they can be charged, and differ by less than one step
    /// ([`Currency::processor_step`]). Errors: `NoWeights`.
    pub fn allocate(self, weights: &[i64]) -> Result<Vec<Self>, MoneyError> {
        self.allocate_by(&weights.iter().copied().enumerate().collect::<Vec<_>>())
    }

    /// As [`Money::allocate`], but of equal weights the one with the smaller key comes first: with a key for each line (its id) a line's share is
    /// its own in whatever order the lines are given. Of equal keys the one given first. Errors: `NoWeights`.
    pub fn allocate_by<K: Ord>(self, parts: &[(K, i64)]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = parts.iter().map(|(_, w)| i128::from(*w)).sum();
        if total <= 0 || parts.iter().any(|(_, w)| *w < 0) {
            return Err(MoneyError::NoWeights);
        }
        if parts.len() == 1 {
            return Ok(vec![self]);
        }
        let step = if self.is_in_steps() { i128::from(self.currency.processor_step()) } else { 1 };
        let amount = i128::from(self.minor).abs() / step;
        let mut rests = Vec::with_capacity(parts.len());
        let mut shares = Vec::with_capacity(parts.len());
        for (index, (key, weight)) in parts.iter().enumerate() {
            let product = amount * i128::from(*weight);
            shares.push(product / total);
            rests.push((product % total, *weight, key, index));
        }
        let left = amount - shares.iter().sum::<i128>();
        rests.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.cmp(b.2)).then(a.3.cmp(&b.3)));
        // `left` is smaller than the number of non-zero rests, so a zero weight never receives anything.
        for (_, _, _, index) in rests.into_iter().take(usize::try_from(left).unwrap_or(0)) {
            shares[index] += 1;
        }
        let sign = step * i128::from(self.minor.signum());
        shares.into_iter().map(|s| Ok(Self { minor: bounded(s * sign)?, ..self })).collect()
    }

    /// Locale-neutral decimal text, such as `12.34`: what [`Money::parse`] reads.
    pub fn to_decimal(self) -> String {
        let exponent = usize::from(self.currency.exponent());
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let sign = if self.minor < 0 { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl PartialOrd for Money {
    /// `None` between two currencies.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(*other).ok()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    minor: i64,
    currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exponent: Option<u8>,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Wire { minor: self.minor, currency: self.currency, exponent: Some(self.currency.exponent()) }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(d)?;
        if wire.exponent.is_some_and(|e| e != wire.currency.exponent()) {
            return Err(de::Error::custom(format!(
                "exponent: {} has {} decimals",
                wire.currency,
                wire.currency.exponent()
            )));
        }
        Self::new(wire.minor, wire.currency).map_err(|e| de::Error::custom(format!("minor: {e}")))
    }
}
