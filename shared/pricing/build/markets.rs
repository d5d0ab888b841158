//! The files of `data/markets` as a table of the program: what is read, what is refused and with which words.
//!
//! Used by the build and by the test that shows it bad files. Not here: what a market means (`src/market.rs`).

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The market of everybody whom no file names.
const REST: &str = "row";

/// One file; its name is the market's id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    order: u32,
    countries: Vec<String>,
    price_regions: Vec<String>,
    currency: String,
    also_paid_in: [String; 2],
    tax: Tax,
    locale: String,
    #[serde(default)]
    cash: Vec<Cash>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tax {
    Included,
    Added,
}

/// What totals in cash are multiples of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cash {
    currency: String,
    /// Whose law or custom it is; empty: the coins there are, wherever it is paid with them.
    #[serde(default)]
    countries: Vec<String>,
    step: i64,
    /// Law or custom. Nobody reads it but people.
    source: String,
}

/// Why the files cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The source text of the table of markets, `row` last, from name and text of each file. `is_currency` knows ISO 4217.
///
/// # Errors
/// A file that is none, a currency that is none, a country in two markets; of cash a step below 1, a country of another market, two rows for one
/// country or for all, no source.
pub fn table(files: &[(String, String)], is_currency: impl Fn(&str) -> bool) -> Result<String, Wrong> {
    let parsed = files.iter().map(|(name, text)| match toml::from_str::<Row>(text) {
        Ok(row) => Ok((name.as_str(), row)),
        Err(e) => Err(Wrong(format!("{name}.toml: {e}"))),
    });
    let mut rows: Vec<(&str, Row)> = parsed.collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| (a.1.order, a.0).cmp(&(b.1.order, b.0)));
    check(&rows, is_currency)?;
    let list: String = rows.iter().map(|(id, row)| written(id, row)).collect();
    Ok(format!("/// Every market; `row` is last.\npub const MARKETS: &[Market] = &[\n{list}];\n"))
}

fn check(rows: &[(&str, Row)], is_currency: impl Fn(&str) -> bool) -> Result<(), Wrong> {
    if rows.last().is_none_or(|(id, _)| *id != REST) {
        return Err(Wrong(format!("{REST}.toml is not the last market")));
    }
    let mut market_of: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, row) in rows {
        for country in &row.countries {
            if let Some(other) = market_of.insert(country, id) {
                return Err(Wrong(format!("{country} stands in {other}.toml and in {id}.toml")));
            }
        }
        let named = [&row.currency].into_iter().chain(&row.also_paid_in).chain(row.cash.iter().map(|c| &c.currency));
        if let Some(none) = named.into_iter().find(|code| !is_currency(code)) {
            return Err(Wrong(format!("{id}.toml: there is no currency {none}")));
        }
    }
    // Currency, and the country or "" for all that name none.
    let mut stated: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (id, row) in rows {
        for cash in &row.cash {
            let wrong = |what: &str| Err(Wrong(format!("{id}.toml: cash in {}: {what}", cash.currency)));
            if cash.step < 1 {
                return wrong("a step is at least one minor unit");
            }
            if cash.source.trim().is_empty() {
                return wrong("its law or custom is not named");
            }
            for country in &cash.countries {
                if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                    return wrong(&format!("{country} is no country"));
                }
                if market_of.get(country.as_str()).copied().unwrap_or(REST) != *id {
                    return wrong(&format!("{country} is not in this market"));
                }
            }
            let all = cash.countries.is_empty().then_some("");
            for place in cash.countries.iter().map(String::as_str).chain(all) {
                if let Some(other) = stated.insert((&cash.currency, place), id) {
                    let of = if place.is_empty() { "everybody" } else { place };
                    return wrong(&format!("it is stated for {of} in {other}.toml already"));
                }
            }
        }
    }
    Ok(())
}

fn written(id: &str, row: &Row) -> String {
    let display = match row.tax {
        Tax::Included => "Inclusive",
        Tax::Added => "Exclusive",
    };
    let [first, second] = &row.also_paid_in;
    let cash = |c: &Cash| {
        let Cash { currency, countries, step, .. } = c;
        format!("CashStep {{ currency: find(*b{currency:?}), countries: &{countries:?}, step: {step} }}, ")
    };
    let cash: String = row.cash.iter().map(cash).collect();
    format!(
        "Market {{ id: {id:?}, countries: &{:?}, price_regions: &{:?}, currency: find(*b{:?}), \
         also_paid_in: [find(*b{first:?}), find(*b{second:?})], tax_display: TaxDisplay::{display}, locale: {:?}, cash: &[{cash}] }},\n",
        row.countries, row.price_regions, row.currency, row.locale
    )
}
