//! Up to which amount a seller may issue a simplified invoice, which need not say who buys and where.
//!
//! Entry point: [`limit`]. The rows are in `data/simplified-invoices.tsv`; only this file reads them. Invariants: no row, no simplified
//! invoice; sales across borders have none (Directive 2006/112/EC arts. 220a(2), 238(3)), which is for the caller to see to. Not here:
//! what a document says.

use crate::money::{Currency, Money};

/// Columns: country, currency, limit (`-`: the law has none that leaves the buyer out), source, note (`-`: none). The note is for people.
const ROWS: &str = include_str!("../data/simplified-invoices.tsv");

/// What the law of a country allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Total with tax, itself included.
    pub most: Money,
    /// The law.
    pub source: &'static str,
}

/// Up to which amount sellers of a country (ISO 3166-1) may simplify invoices of sales within it; `None`: never, or not known.
pub fn limit(country: &str) -> Option<Limit> {
    ROWS.lines().skip(1).filter_map(read).find(|(of, _)| *of == country).and_then(|(_, limit)| limit)
}

fn read(row: &'static str) -> Option<(&'static str, Option<Limit>)> {
    let fields: Vec<&str> = row.split('\t').collect();
    let [country, currency, most, source, _note] = fields.as_slice() else { return None };
    let currency: Currency = currency.parse().ok()?;
    let most = if *most == "-" { None } else { Some(Money::parse(most, currency).ok()?) };
    Some((country, most.map(|most| Limit { most, source })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_once_and_names_its_law() {
        let rows: Vec<_> = ROWS.lines().skip(1).collect();
        let read: Vec<_> = rows.iter().filter_map(|row| read(row)).collect();
        assert_eq!(read.len(), rows.len());
        let countries: std::collections::BTreeSet<_> = read.iter().map(|(country, _)| *country).collect();
        assert_eq!(countries.len(), rows.len(), "one row a country");
        for (country, limit) in read {
            assert!(crate::market::is_country(country), "{country}");
            assert!(limit.is_none_or(|l| !l.source.is_empty() && l.most.minor() > 0), "{country}");
        }
    }

    #[test]
    fn limits_are_those_of_the_laws() {
        // UStDV § 33; reg. 16A; art. 57 MWSTV; s. 29-70: from 1,000 on the buyer is named.
        for (country, most, currency) in
            [("DE", 25_000, "EUR"), ("GB", 25_000, "GBP"), ("CH", 40_000, "CHF"), ("AU", 99_999, "AUD")]
        {
            let found = limit(country).unwrap();
            assert_eq!((found.most.minor(), found.most.currency().code()), (most, currency), "{country}");
        }
        // Their small invoices name the buyer too; the United States have no such law.
        assert_eq!((limit("FR"), limit("IT"), limit("PL"), limit("US")), (None, None, None, None));
    }
}
