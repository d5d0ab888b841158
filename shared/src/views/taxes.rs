//! The tax report of sellers, and from which sales on they register where.

use serde::{Deserialize, Serialize};
use vitrine_pricing::format::{Locale, format_money};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::thresholds::{Threshold, ThresholdKind};

/// One row of a tax report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxRowView {
    /// ISO 3166-1 of where it went.
    pub country: String,
    /// Name of the state or province, where sellers report by that; else empty.
    #[serde(default)]
    pub region: String,
    /// Key of why: `tax-status-taxed`.
    pub status: String,
    /// Name and place of the tax; empty: none was charged.
    pub tax: String,
    /// Formatted.
    pub rate: String,
    /// Without tax, formatted.
    pub net: String,
    /// The tax, formatted.
    pub amount: String,
    /// Invoices and credit notes.
    pub documents: u64,
    /// Of them those whose tax is the tables', as the tax service that the store wants gave no answer.
    #[serde(default)]
    pub stood_in: u64,
}

/// One seller's tax report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxDesk {
    /// Tenant id.
    pub tenant: String,
    /// Shown name.
    pub name: String,
    /// By currency, place, status, tax, rate.
    pub rows: Vec<TaxRowView>,
    /// More documents than are added up for a page: the file has them all.
    pub too_many: bool,
}

/// From which sales on sellers must register somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThresholdView {
    /// `US-NY`, `EU`, `DE`.
    pub place: String,
    /// Key of what the threshold is for.
    pub kind: String,
    /// As shown; two where the law has two, none where there is no such tax. Empty: from the first sale.
    pub amounts: Vec<String>,
    /// The amounts are numbers of sales.
    pub sales: bool,
    /// Key of the time; empty: none.
    pub period: String,
    /// The law.
    pub source: String,
    /// Exceptions and doubts, in English.
    pub note: String,
    /// What was sold, by seller and time; empty where it is not counted.
    #[serde(default)]
    pub sold: Vec<SoldView>,
}

/// What a seller sold, held against a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SoldView {
    /// Shown name; empty where there is but one.
    pub seller: String,
    /// The calendar year; `None`: the last twelve months.
    pub year: Option<i32>,
    /// About so much, without tax; empty where only sales count.
    pub about: String,
    /// Number of sales.
    pub sales: u64,
}

/// The tax reports of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxReportView {
    /// `YYYY-MM`.
    pub month: String,
    /// Months that can be chosen, the latest first.
    pub months: Vec<String>,
    /// By seller.
    pub desks: Vec<TaxDesk>,
    /// Countries whose thresholds are known, ISO 3166-1.
    pub countries: Vec<String>,
    /// The chosen one; empty: none.
    pub country: String,
    /// Its thresholds.
    pub thresholds: Vec<ThresholdView>,
    /// More was sold than could be counted for now; another look goes on.
    #[serde(default)]
    pub unfinished: bool,
}

impl ThresholdView {
    /// One threshold as it is shown.
    pub fn of(of: &Threshold, locale: Locale) -> Self {
        let currency = of.currency.parse::<Currency>().ok();
        let amount = |whole: &u64| {
            if *whole == 0 {
                return String::new();
            }
            let parsed = currency.and_then(|currency| Money::parse(&whole.to_string(), currency).ok());
            parsed.map_or_else(|| whole.to_string(), |m| format_money(m, locale))
        };
        let kind = serde_json::to_value(of.kind).ok().and_then(|v| v.as_str().map(slug)).unwrap_or_default();
        Self {
            place: of.place.to_owned(),
            kind: format!("threshold-{kind}"),
            amounts: match of.kind {
                ThresholdKind::NoTax => Vec::new(),
                _ => of.amounts.iter().map(amount).collect(),
            },
            sales: of.currency.is_empty(),
            period: if of.period.is_empty() { String::new() } else { format!("threshold-in-{}", slug(of.period)) },
            source: of.source.to_owned(),
            // How the table marks what was not found in the law itself.
            note: of.note.replace("UNSURE", "not certain"),
            sold: Vec::new(),
        }
    }
}

/// `calendar year, net`: `calendar-year-net`.
fn slug(words: &str) -> String {
    words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("-")
}
