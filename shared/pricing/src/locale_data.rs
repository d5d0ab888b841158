//! Number, money and date patterns and currency symbols by locale; decimals in use and cash steps by currency.
//!
//! Written by `tools/make-locale-data.mjs` (how to run it is said there) from npm `cldr-numbers-full`, `cldr-dates-full` and `cldr-core`
//! 48.2.0 (CLDR 48, Unicode-3.0 licence); not changed by hand. A currency not listed shows its ISO code, as CLDR does.

/// What a locale writes. In money templates `N` is the number and `¤` the symbol; in dates `d`, `M` and `y` are day, month and year.
pub(crate) struct LocaleData {
    /// Between whole and fraction.
    pub(crate) decimal: &'static str,
    /// Between groups of three.
    pub(crate) group: &'static str,
    /// As `decimal`, in amounts of money.
    pub(crate) money_decimal: &'static str,
    /// As `group`, in amounts of money.
    pub(crate) money_group: &'static str,
    /// Template of an amount from zero on.
    pub(crate) positive: &'static str,
    /// Template of an amount below zero.
    pub(crate) negative: &'static str,
    /// Template of an amount below zero in tables.
    pub(crate) accounting: &'static str,
    /// Stands where the minus sign stands, before what is only about right.
    pub(crate) approximately: &'static str,
    /// After the number.
    pub(crate) percent: &'static str,
    /// Template of a day.
    pub(crate) date: &'static str,
    /// Months as the day's template writes them.
    pub(crate) months: [&'static str; 12],
    /// Symbols by currency code, sorted.
    pub(crate) symbols: &'static [(&'static str, &'static str)],
}

/// en-US.
#[rustfmt::skip]
pub(crate) static EN_US: LocaleData = LocaleData {
    decimal: ".", group: ",", money_decimal: ".", money_group: ",",
    positive: "¤N", negative: "-¤N", accounting: "(¤N)", approximately: "~",
    percent: "%", date: "M d, y",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    symbols: SYMBOLS_EN_US,
};

/// en-GB.
#[rustfmt::skip]
pub(crate) static EN_GB: LocaleData = LocaleData {
    decimal: ".", group: ",", money_decimal: ".", money_group: ",",
    positive: "¤N", negative: "-¤N", accounting: "(¤N)", approximately: "~",
    percent: "%", date: "d M y",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"],
    symbols: SYMBOLS_EN_GB,
};

/// en-CA.
#[rustfmt::skip]
pub(crate) static EN_CA: LocaleData = LocaleData {
    decimal: ".", group: ",", money_decimal: ".", money_group: ",",
    positive: "¤N", negative: "-¤N", accounting: "(¤N)", approximately: "~",
    percent: "%", date: "M d, y",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    symbols: SYMBOLS_EN_CA,
};

/// de-DE.
#[rustfmt::skip]
pub(crate) static DE_DE: LocaleData = LocaleData {
    decimal: ",", group: ".", money_decimal: ",", money_group: ".",
    positive: "N\u{a0}¤", negative: "-N\u{a0}¤", accounting: "-N\u{a0}¤", approximately: "≈",
    percent: "\u{a0}%", date: "d. M y",
    months: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    symbols: SYMBOLS_DE_DE,
};

/// de-AT.
#[rustfmt::skip]
pub(crate) static DE_AT: LocaleData = LocaleData {
    decimal: ",", group: "\u{a0}", money_decimal: ",", money_group: ".",
    positive: "¤\u{a0}N", negative: "-¤\u{a0}N", accounting: "-¤\u{a0}N", approximately: "≈",
    percent: "\u{a0}%", date: "d. M y",
    months: ["Jän.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."],
    symbols: SYMBOLS_DE_DE,
};

/// de-CH.
#[rustfmt::skip]
pub(crate) static DE_CH: LocaleData = LocaleData {
    decimal: ".", group: "'", money_decimal: ".", money_group: "'",
    positive: "¤\u{a0}N", negative: "¤-N", accounting: "¤-N", approximately: "≈",
    percent: "%", date: "d. M y",
    months: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    symbols: SYMBOLS_DE_CH,
};

/// fr-FR.
#[rustfmt::skip]
pub(crate) static FR_FR: LocaleData = LocaleData {
    decimal: ",", group: "\u{202f}", money_decimal: ",", money_group: "\u{202f}",
    positive: "N\u{a0}¤", negative: "-N\u{a0}¤", accounting: "(N\u{a0}¤)", approximately: "≃",
    percent: "\u{a0}%", date: "d M y",
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    symbols: SYMBOLS_FR_FR,
};

/// fr-CA.
#[rustfmt::skip]
pub(crate) static FR_CA: LocaleData = LocaleData {
    decimal: ",", group: "\u{a0}", money_decimal: ",", money_group: "\u{a0}",
    positive: "N\u{a0}¤", negative: "-N\u{a0}¤", accounting: "(N\u{a0}¤)", approximately: "≈",
    percent: "\u{a0}%", date: "d M y",
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."],
    symbols: SYMBOLS_FR_CA,
};

/// fr-CH.
#[rustfmt::skip]
pub(crate) static FR_CH: LocaleData = LocaleData {
    decimal: ",", group: "'", money_decimal: ".", money_group: "'",
    positive: "N\u{a0}¤", negative: "-N\u{a0}¤", accounting: "(N\u{a0}¤)", approximately: "≃",
    percent: "%", date: "d M y",
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    symbols: SYMBOLS_FR_FR,
};

/// ja-JP.
#[rustfmt::skip]
pub(crate) static JA_JP: LocaleData = LocaleData {
    decimal: ".", group: ",", money_decimal: ".", money_group: ",",
    positive: "¤N", negative: "-¤N", accounting: "(¤N)", approximately: "約",
    percent: "%", date: "y年M月d日",
    months: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
    symbols: SYMBOLS_JA_JP,
};

#[rustfmt::skip]
const SYMBOLS_EN_US: &[(&str, &str)] = &[
    ("AUD", "A$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"),
    ("INR", "₹"), ("JPY", "¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("PHP", "₱"), ("TWD", "NT$"), ("USD", "$"),
    ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

#[rustfmt::skip]
const SYMBOLS_EN_GB: &[(&str, &str)] = &[
    ("AUD", "A$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"),
    ("INR", "₹"), ("JPY", "JP¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("PHP", "₱"), ("TWD", "NT$"), ("USD", "US$"),
    ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

#[rustfmt::skip]
const SYMBOLS_EN_CA: &[(&str, &str)] = &[
    ("AUD", "A$"), ("BRL", "R$"), ("CAD", "$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"),
    ("INR", "₹"), ("JPY", "JP¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("PHP", "₱"), ("TWD", "NT$"), ("USD", "US$"),
    ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg"), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

#[rustfmt::skip]
const SYMBOLS_DE_DE: &[(&str, &str)] = &[
    ("AUD", "AU$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"),
    ("INR", "₹"), ("JPY", "¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("THB", "฿"), ("TWD", "NT$"), ("USD", "$"),
    ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

#[rustfmt::skip]
const SYMBOLS_DE_CH: &[(&str, &str)] = &[
    ("AUD", "AU$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"), ("INR", "₹"),
    ("JPY", "¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("THB", "฿"), ("TWD", "NT$"), ("USD", "$"), ("VND", "₫"),
    ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

#[rustfmt::skip]
const SYMBOLS_FR_FR: &[(&str, &str)] = &[
    ("ARS", "$AR"), ("AUD", "$AU"), ("BMD", "$BM"), ("BND", "$BN"), ("BRL", "R$"), ("BZD", "$BZ"), ("CAD", "$CA"), ("CLP", "$CL"),
    ("COP", "$CO"), ("EUR", "€"), ("FJD", "$FJ"), ("FKP", "£FK"), ("GBP", "£GB"), ("GIP", "£GI"), ("ILS", "₪"), ("INR", "₹"),
    ("KRW", "₩"), ("LBP", "£LB"), ("MXN", "$MX"), ("NAD", "$NA"), ("NZD", "$NZ"), ("SBD", "$SB"), ("SGD", "$SG"), ("SRD", "$SR"),
    ("TTD", "$TT"), ("USD", "$US"), ("UYU", "$UY"), ("VND", "₫"), ("WST", "$WS"), ("XAF", "FCFA"), ("XCG", "Cg."),
    ("XOF", "F\u{202f}CFA"), ("XPF", "FCFP"),
];

#[rustfmt::skip]
const SYMBOLS_FR_CA: &[(&str, &str)] = &[
    ("AUD", "$\u{a0}AU"), ("BRL", "R$"), ("CAD", "$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "$\u{a0}HK"),
    ("JPY", "¥"), ("NZD", "$\u{a0}NZ"), ("SGD", "$\u{a0}SG"), ("USD", "$\u{a0}US"), ("XCG", "Cg."),
];

#[rustfmt::skip]
const SYMBOLS_JA_JP: &[(&str, &str)] = &[
    ("AUD", "A$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "元"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"),
    ("INR", "₹"), ("JPY", "￥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("TWD", "NT$"), ("USD", "$"), ("VND", "₫"),
    ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg"), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF"),
];

/// Currencies that are written without decimals though ISO 4217 has some, sorted.
#[rustfmt::skip]
pub(crate) const WHOLE: &[&str] = &[
    "AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "PKR", "SOS", "SYP", "YER",
];

/// Smallest cash amount in minor units where it is not 1, sorted.
#[rustfmt::skip]
pub(crate) const CASH: &[(&str, i64)] = &[
    ("AFN", 100), ("ALL", 100), ("AMD", 100), ("CAD", 5), ("CHF", 5), ("COP", 100), ("CRC", 100), ("CZK", 100), ("DKK", 50),
    ("GYD", 100), ("HUF", 500), ("IDR", 100), ("IQD", 1000), ("IRR", 100), ("KPW", 100), ("LAK", 100), ("LBP", 100), ("MGA", 100),
    ("MMK", 100), ("MNT", 100), ("MUR", 100), ("NOK", 100), ("PKR", 100), ("RSD", 100), ("SEK", 100), ("SOS", 100), ("SYP", 100),
    ("TWD", 100), ("TZS", 100), ("UZS", 100), ("YER", 100),
];
