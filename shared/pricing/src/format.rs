//! Text for amounts, numbers, days, durations and sizes, by locale.
//!
//! Invariants: pure tables, no ICU at run time, so the server and the browser write the same text (nothing changes at hydration).
//! Other locales than the shipped ones are written as en-US. Words around the values belong to the locale files, not here.

use crate::date::Date;
use crate::locale_data::{DE_DE, EN_GB, EN_US, FR_FR, LocaleData};
use crate::money::{Currency, Money};

const NBSP: char = '\u{a0}';

/// A locale with number patterns. The pseudo-locales of the tests (`en-XA`, `ar-XB`) write numbers as en-US.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// American English.
    #[default]
    EnUs,
    /// British English.
    EnGb,
    /// German.
    DeDe,
    /// French.
    FrFr,
}

impl Locale {
    /// From a BCP 47 tag: the exact one, else its language, else en-US.
    pub fn from_tag(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match (language, tag.ends_with("gb")) {
            ("en", true) => Self::EnGb,
            ("de", _) => Self::DeDe,
            ("fr", _) => Self::FrFr,
            _ => Self::EnUs,
        }
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::EnUs => "en-US",
            Self::EnGb => "en-GB",
            Self::DeDe => "de-DE",
            Self::FrFr => "fr-FR",
        }
    }

    fn data(self) -> &'static LocaleData {
        match self {
            Self::EnUs => &EN_US,
            Self::EnGb => &EN_GB,
            Self::DeDe => &DE_DE,
            Self::FrFr => &FR_FR,
        }
    }
}

/// The symbol a locale uses, disambiguated (`US$` in en-GB, `CA$` in en-US); the ISO code if it has none.
pub fn currency_symbol(currency: Currency, locale: Locale) -> &'static str {
    let symbols = locale.data().symbols;
    match symbols.binary_search_by(|(code, _)| (*code).cmp(currency.code())) {
        Ok(i) => symbols[i].1,
        Err(_) => currency.code(),
    }
}

/// `$1,234.50`, `1.234,50 €`.
pub fn format_money(amount: Money, locale: Locale) -> String {
    let sign = if amount.is_negative() { "-" } else { "" };
    format!("{sign}{}", unsigned_money(amount, locale))
}

/// As [`format_money`], negatives in the locale's accounting form: `($5.00)`.
pub fn format_accounting(amount: Money, locale: Locale) -> String {
    if amount.is_negative() && locale.data().parentheses {
        return format!("({})", unsigned_money(amount, locale));
    }
    format_money(amount, locale)
}

fn unsigned_money(amount: Money, locale: Locale) -> String {
    let currency = amount.currency();
    let symbol = currency_symbol(currency, locale);
    let number = unsigned_decimal(amount.minor().unsigned_abs(), currency.exponent(), locale);
    if !locale.data().symbol_first {
        return format!("{number}{NBSP}{symbol}");
    }
    // CLDR currencySpacing: a space where the symbol ends in something that is not itself a symbol.
    let letter = symbol.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '.');
    if letter { format!("{symbol}{NBSP}{number}") } else { format!("{symbol}{number}") }
}

fn unsigned_decimal(value: u64, scale: u8, locale: Locale) -> String {
    let scale = usize::from(scale);
    let digits = format!("{value:0width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let mut text = String::with_capacity(digits.len() + 8);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push_str(locale.data().group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push_str(locale.data().decimal);
        text.push_str(fraction);
    }
    text
}

/// `value / 10^scale`, all decimals shown: `(123450, 2)` is `1,234.50`. `scale` is at most 18.
pub fn format_decimal(value: i64, scale: u8, locale: Locale) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", unsigned_decimal(value.unsigned_abs(), scale.min(18), locale))
}

/// A rate in millionths, trailing zeros dropped: 190000 is `19%`, 99750 is `9.975%`.
pub fn format_percent(ppm: i64, locale: Locale) -> String {
    let (mut value, mut scale) = (ppm, 4u8);
    while scale > 0 && value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    format!("{}{}", format_decimal(value, scale, locale), locale.data().percent)
}

/// `Nov 22, 2026`, `22 Nov 2026`, `22. Nov. 2026`, `22 nov. 2026` (CLDR skeleton yMMMd).
pub fn format_date(date: Date, locale: Locale) -> String {
    let month = locale.data().months[usize::from(date.month() - 1)];
    match locale {
        Locale::EnUs => format!("{month} {}, {}", date.day(), date.year()),
        Locale::DeDe => format!("{}. {month} {}", date.day(), date.year()),
        Locale::EnGb | Locale::FrFr => format!("{} {month} {}", date.day(), date.year()),
    }
}

/// `m:ss`, from one hour on `h:mm:ss`; parts of a second are cut. The same in every shipped locale.
pub fn format_duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// `512 B`, `1.5 MB` (powers of 1000, one decimal, half up; fr writes octets).
pub fn format_bytes(bytes: u64, locale: Locale) -> String {
    let french = locale == Locale::FrFr;
    let units = if french { ["o", "ko", "Mo", "Go", "To"] } else { ["B", "kB", "MB", "GB", "TB"] };
    if bytes < 1000 {
        return format!("{bytes}{NBSP}{}", units[0]);
    }
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    let mut divisor: u128 = 1;
    while unit < 4 && (tenths + divisor / 2) / divisor >= 10_000 {
        divisor *= 1000;
        unit += 1;
    }
    tenths = (tenths + divisor / 2) / divisor;
    let tenths = i64::try_from(tenths).unwrap_or(i64::MAX);
    let number =
        if tenths % 10 == 0 { format_decimal(tenths / 10, 0, locale) } else { format_decimal(tenths, 1, locale) };
    format!("{number}{NBSP}{}", units[unit])
}
