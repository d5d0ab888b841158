//! Text for amounts, numbers, days, durations and sizes, by locale.
//!
//! Invariants: numbers are ICU4X's, patterns around them CLDR's, both from one table that is built in, never what a machine has: the server and the
//! browser write the same text (nothing changes at hydration).
//! Another region of a language is written as the language's first locale, another language as en-US. `tests/intl.rs` compares with `Intl`.
//! Words around the values belong to the locale files, not here.

mod number;

use number::Number;

use crate::date::Date;
use crate::locale_data::{DE_AT, DE_CH, DE_DE, EN_CA, EN_GB, EN_US, FR_CA, FR_CH, FR_FR, JA_JP, LocaleData};
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
    /// Canadian English.
    EnCa,
    /// German.
    DeDe,
    /// Austrian German.
    DeAt,
    /// Swiss German.
    DeCh,
    /// French.
    FrFr,
    /// Canadian French.
    FrCa,
    /// Swiss French.
    FrCh,
    /// Japanese.
    JaJp,
}

impl Locale {
    /// Every locale; the first of a language is what its other regions fall back to.
    pub const ALL: [Self; 10] = [
        Self::EnUs,
        Self::EnGb,
        Self::EnCa,
        Self::DeDe,
        Self::DeAt,
        Self::DeCh,
        Self::FrFr,
        Self::FrCa,
        Self::FrCh,
        Self::JaJp,
    ];

    /// From a BCP 47 tag: the exact one, else its language, else en-US. Letters may be of either case; a script in the middle is passed over.
    pub fn from_tag(tag: &str) -> Self {
        let mut parts = tag.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        Self::exact(language, parts.find(|part| part.len() == 2).unwrap_or_default())
            .or_else(|| Self::ALL.into_iter().find(|l| l.tag()[..2].eq_ignore_ascii_case(language)))
            .unwrap_or_default()
    }

    /// Numbers for a page whose texts are in `texts` (BCP 47) and whose buyer is in `country` (ISO 3166-1 alpha-2): words and numbers stay in
    /// one language, and the country decides within it. German texts for a Swiss buyer have Swiss numbers, for a Japanese one German numbers.
    pub fn for_buyer(texts: &str, country: &str) -> Self {
        let language = texts.split(['-', '_']).next().unwrap_or_default();
        Self::exact(language, country).unwrap_or_else(|| Self::from_tag(texts))
    }

    /// Liechtenstein writes as Switzerland does.
    fn exact(language: &str, region: &str) -> Option<Self> {
        let region = if region.eq_ignore_ascii_case("LI") { "CH" } else { region };
        let is = |l: &Self| l.tag()[..2].eq_ignore_ascii_case(language) && l.tag()[3..].eq_ignore_ascii_case(region);
        Self::ALL.into_iter().find(is)
    }

    /// Its BCP 47 tag: two letters of language, two of region.
    pub fn tag(self) -> &'static str {
        match self {
            Self::EnUs => "en-US",
            Self::EnGb => "en-GB",
            Self::EnCa => "en-CA",
            Self::DeDe => "de-DE",
            Self::DeAt => "de-AT",
            Self::DeCh => "de-CH",
            Self::FrFr => "fr-FR",
            Self::FrCa => "fr-CA",
            Self::FrCh => "fr-CH",
            Self::JaJp => "ja-JP",
        }
    }

    fn data(self) -> &'static LocaleData {
        match self {
            Self::EnUs => &EN_US,
            Self::EnGb => &EN_GB,
            Self::EnCa => &EN_CA,
            Self::DeDe => &DE_DE,
            Self::DeAt => &DE_AT,
            Self::DeCh => &DE_CH,
            Self::FrFr => &FR_FR,
            Self::FrCa => &FR_CA,
            Self::FrCh => &FR_CH,
            Self::JaJp => &JA_JP,
        }
    }
}

/// The symbol a locale uses, disambiguated (`US$` in en-GB, `CA$` in en-US, `$` for the dollar at home); the ISO code if it has none.
pub fn currency_symbol(currency: Currency, locale: Locale) -> &'static str {
    let symbols = locale.data().symbols;
    match symbols.binary_search_by(|(code, _)| (*code).cmp(currency.code())) {
        Ok(i) => symbols[i].1,
        Err(_) => currency.code(),
    }
}

/// `$1,234.50`, `1.234,50 €`, `CHF 1'234.50`. Decimals are those of ISO 4217; where CLDR writes a currency without ([`Currency::is_whole`]), a
/// whole amount has none either, and an amount that is not whole still shows them all: `5 000 Ft`, but `1 234,50 Ft`.
pub fn format_money(amount: Money, locale: Locale) -> String {
    let data = locale.data();
    money(amount, locale, if amount.is_negative() { data.negative } else { data.positive }, "-")
}

/// As [`format_money`], negatives in the locale's accounting form, for tables: `($5.00)`, `-5,00 €`.
pub fn format_accounting(amount: Money, locale: Locale) -> String {
    let data = locale.data();
    money(amount, locale, if amount.is_negative() { data.accounting } else { data.positive }, "-")
}

/// What is only about right: `~$12.00`, `≈12,00 €`, `~-$12.00`. The sign stands where CLDR puts it, in the minus sign's place.
pub(crate) fn format_about(amount: Money, locale: Locale) -> String {
    let data = locale.data();
    let minus = if amount.is_negative() { "-" } else { "" };
    money(amount, locale, data.negative, &format!("{}{minus}", data.approximately))
}

/// Fills a template of the locale's data; `sign` stands for `-`.
fn money(amount: Money, locale: Locale, template: &str, sign: &str) -> String {
    let currency = amount.currency();
    let symbol = currency_symbol(currency, locale);
    let (mut value, mut scale) = (amount.minor().unsigned_abs(), currency.exponent());
    let one = 10u64.pow(u32::from(scale));
    if currency.is_whole() && value.is_multiple_of(one) {
        (value, scale) = (value / one, 0);
    }
    let mut text = String::with_capacity(template.len() + symbol.len() + 24);
    let mut before = ' ';
    for letter in template.chars() {
        match letter {
            'N' => {
                if before == '¤' && apart(symbol.chars().next_back()) {
                    text.push(NBSP);
                }
                number::push(&mut text, value.into(), scale, locale, Number::Money);
            }
            '¤' => {
                if before == 'N' && apart(symbol.chars().next()) {
                    text.push(NBSP);
                }
                text.push_str(symbol);
            }
            '-' => text.push_str(sign),
            other => text.push(other),
        }
        before = letter;
    }
    text
}

/// CLDR currencySpacing: a space between a digit and what is neither a symbol nor a space (in symbols of currencies: a letter or a full stop).
fn apart(edge: Option<char>) -> bool {
    edge.is_some_and(|c| c.is_alphanumeric() || c == '.')
}

/// `value / 10^scale`, all decimals shown: `(123450, 2)` is `1,234.50`. `scale` is at most 18.
pub fn format_decimal(value: i64, scale: u8, locale: Locale) -> String {
    let mut text = String::with_capacity(28);
    number::push(&mut text, value.into(), scale.min(18), locale, Number::Plain);
    text
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

/// `Nov 22, 2026`, `22 Nov 2026`, `22. Nov. 2026`, `22 nov. 2026`, `2026年11月22日` (CLDR skeleton yMMMd).
pub fn format_date(date: Date, locale: Locale) -> String {
    let data = locale.data();
    let mut text = String::with_capacity(24);
    for letter in data.date.chars() {
        match letter {
            'd' => text.push_str(&date.day().to_string()),
            'M' => text.push_str(data.months[usize::from(date.month() - 1)]),
            'y' => text.push_str(&date.year().to_string()),
            other => text.push(other),
        }
    }
    text
}

/// `m:ss`, from one hour on `h:mm:ss`; parts of a second are cut. The same in every shipped locale.
pub fn format_duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// `512 B`, `1.5 MB` (powers of 1000, one decimal, half up; fr writes octets).
pub fn format_bytes(bytes: u64, locale: Locale) -> String {
    let french = locale.tag().starts_with("fr");
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
