//! Number patterns and currency symbols of the shipped locales.
//!
//! Made from npm `cldr-numbers-full` and `cldr-dates-full` 48.2.0 (CLDR 48): `numbers.json`, `currencies.json`,
//! `ca-gregorian.json`. A currency not listed shows its ISO code, as CLDR does.

/// What a locale writes.
pub(crate) struct LocaleData {
    /// Between whole and fraction.
    pub(crate) decimal: &'static str,
    /// Between groups of three.
    pub(crate) group: &'static str,
    /// Symbol before the number, else after it.
    pub(crate) symbol_first: bool,
    /// Accounting writes negatives in parentheses.
    pub(crate) parentheses: bool,
    /// After the number, before nothing else.
    pub(crate) percent: &'static str,
    /// Abbreviated month names.
    pub(crate) months: [&'static str; 12],
    /// Symbols by currency code, sorted.
    pub(crate) symbols: &'static [(&'static str, &'static str)],
}

/// en.
#[rustfmt::skip]
pub(crate) const EN_US: LocaleData = LocaleData {
    decimal: ".", group: ",", symbol_first: true, parentheses: true,
    percent: "%",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    symbols: &[("AUD", "A$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"), ("INR", "₹"), ("JPY", "¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("PHP", "₱"), ("TWD", "NT$"), ("USD", "$"), ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF")],
};

/// en-GB.
#[rustfmt::skip]
pub(crate) const EN_GB: LocaleData = LocaleData {
    decimal: ".", group: ",", symbol_first: true, parentheses: true,
    percent: "%",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"],
    symbols: &[("AUD", "A$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"), ("INR", "₹"), ("JPY", "JP¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("PHP", "₱"), ("TWD", "NT$"), ("USD", "US$"), ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF")],
};

/// de.
#[rustfmt::skip]
pub(crate) const DE_DE: LocaleData = LocaleData {
    decimal: ",", group: ".", symbol_first: false, parentheses: false,
    percent: "\u{a0}%",
    months: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    symbols: &[("AUD", "AU$"), ("BRL", "R$"), ("CAD", "CA$"), ("CNY", "CN¥"), ("EUR", "€"), ("GBP", "£"), ("HKD", "HK$"), ("ILS", "₪"), ("INR", "₹"), ("JPY", "¥"), ("KRW", "₩"), ("MXN", "MX$"), ("NZD", "NZ$"), ("THB", "฿"), ("TWD", "NT$"), ("USD", "$"), ("VND", "₫"), ("XAF", "FCFA"), ("XCD", "EC$"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "CFPF")],
};

/// fr.
#[rustfmt::skip]
pub(crate) const FR_FR: LocaleData = LocaleData {
    decimal: ",", group: "\u{202f}", symbol_first: false, parentheses: true,
    percent: "\u{a0}%",
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    symbols: &[("ARS", "$AR"), ("AUD", "$AU"), ("BMD", "$BM"), ("BND", "$BN"), ("BRL", "R$"), ("BZD", "$BZ"), ("CAD", "$CA"), ("CLP", "$CL"), ("COP", "$CO"), ("EUR", "€"), ("FJD", "$FJ"), ("FKP", "£FK"), ("GBP", "£GB"), ("GIP", "£GI"), ("ILS", "₪"), ("INR", "₹"), ("KRW", "₩"), ("LBP", "£LB"), ("MXN", "$MX"), ("NAD", "$NA"), ("NZD", "$NZ"), ("SBD", "$SB"), ("SGD", "$SG"), ("SRD", "$SR"), ("TTD", "$TT"), ("USD", "$US"), ("UYU", "$UY"), ("VND", "₫"), ("WST", "$WS"), ("XAF", "FCFA"), ("XCG", "Cg."), ("XOF", "F\u{202f}CFA"), ("XPF", "FCFP")],
};
