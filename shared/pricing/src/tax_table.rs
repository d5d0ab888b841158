//! The dated rules: how a row is read, found and named, and the part of the table that a page carries.
//!
//! The rows are in `data/tax-rules.tsv`, with their legal sources; `docs/pricing-tax.md` says how to add one. Only
//! [`TaxRules::built_in`] reads that file, so a client, which is given a [`TaxRules::slice`], does not contain it.
//! Invariants: rows are sorted by place and id; a row's id follows from its place, classes and first day; a day before the
//! first row of a place has no rule.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::date::Date;
use crate::market::{Market, is_country};
use crate::tax::TaxRule;
use crate::territory;

/// Columns: jurisdiction, classes, rate_ppm, valid_from, valid_to, name, source, note. The note (`-`: none) is for people.
const TABLE: &str = include_str!("../data/tax-rules.tsv");

/// Countries of the table that tax as one: nobody is registered in a part of them. A table that was cut to a slice says so too.
#[rustfmt::skip]
const TAXED_AS_ONE: [&str; 39] = [
    "AT", "AU", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GG", "GL", "GR", "HR", "HU", "IE", "IN",
    "IS", "IT", "JP", "LT", "LU", "LV", "MT", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SG", "SI", "SK", "ZA",
];

/// SHA-256, hex, over what decides beside the rows: markets, and the engine's code with its tables of territories and sellers in law. It is of the
/// program, not of a set of rules: see [`TaxRules::is_of_this_program`].
const TABLES: &str = env!("VITRINE_TABLES");

/// A set of rules. JSON: `{"hash": .., "tables": .., "rules": [..]}`, a rule as one row of the data file without its note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct TaxRules {
    rules: Vec<TaxRule>,
    hash: String,
    tables: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    hash: String,
    tables: String,
    rules: Vec<String>,
}

impl From<TaxRules> for Wire {
    fn from(table: TaxRules) -> Self {
        Self { hash: table.hash, tables: table.tables, rules: table.rules.iter().map(TaxRule::row).collect() }
    }
}

impl TryFrom<Wire> for TaxRules {
    type Error = String;
    fn try_from(wire: Wire) -> Result<Self, String> {
        let read = |row: &String| TaxRule::read(row).ok_or_else(|| format!("{row:?} is not a tax rule"));
        let rules = wire.rules.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { hash: wire.hash, tables: wire.tables, ..Self::sorted(rules) })
    }
}

impl Default for TaxRules {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl TaxRule {
    /// From a row of the data file; what follows the seventh column is ignored. `None` if it is not one.
    fn read(row: &str) -> Option<Self> {
        let mut fields = row.split('\t');
        let mut next = || fields.next();
        let (jurisdiction, classes, rate, from, to) = (next()?, next()?, next()?, next()?, next()?);
        let (name, source) = (next()?, next()?);
        let classes: Vec<String> = classes.split(',').filter(|c| !c.is_empty()).map(Into::into).collect();
        let label = if classes.is_empty() { "standard".to_owned() } else { classes.join("+") };
        Some(Self {
            id: format!("{jurisdiction}-{label}-{from}"),
            jurisdiction: jurisdiction.into(),
            classes,
            // A rate above 100 % is a slip, and would leave the range in which sums of rates are exact.
            rate_ppm: rate.parse().ok().filter(|r| (0..=1_000_000).contains(r))?,
            valid_from: from.parse().ok()?,
            valid_to: if to.is_empty() { None } else { Some(to.parse().ok()?) },
            name: name.into(),
            source: source.into(),
        })
    }

    /// What [`TaxRule::read`] reads.
    fn row(&self) -> String {
        let to = self.valid_to.map(|d| d.to_string()).unwrap_or_default();
        let classes = self.classes.join(",");
        format!(
            "{}\t{classes}\t{}\t{}\t{to}\t{}\t{}",
            self.jurisdiction, self.rate_ppm, self.valid_from, self.name, self.source
        )
    }

    /// Whether it applies on a day.
    pub fn is_valid(&self, on: Date) -> bool {
        self.valid_from <= on && self.valid_to.is_none_or(|to| on <= to)
    }

    /// Whether it says that its place has no such tax.
    pub fn is_none(&self) -> bool {
        self.name == "none"
    }
}

impl TaxRules {
    /// From rules in any order.
    pub fn new(rules: Vec<TaxRule>) -> Self {
        let sorted = Self::sorted(rules);
        Self { hash: hash(&sorted.rules), ..sorted }
    }

    fn sorted(mut rules: Vec<TaxRule>) -> Self {
        rules.sort_by(|a, b| (&a.jurisdiction, &a.id).cmp(&(&b.jurisdiction, &b.id)));
        Self { rules, hash: String::new(), tables: TABLES.to_owned() }
    }

    /// The built-in tables. For the server; a client is given a slice.
    pub fn built_in() -> Self {
        // Every row parses: a test checks that none is dropped.
        Self::new(TABLE.lines().skip(1).filter_map(TaxRule::read).collect())
    }

    /// By place, then id.
    pub fn rules(&self) -> &[TaxRule] {
        &self.rules
    }

    /// SHA-256 over all rules in order of id and over what decides beside them (markets, the engine with its territories and laws), hex: named in
    /// quotes. A slice has the hash of the table it was cut from, so the quote of a page names the same rules as the server's.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether this program's own tables are those that the rules were cut with. Where they are not, what it works out may name a hash that is not
    /// true of it: ask who gave the rules.
    pub fn is_of_this_program(&self) -> bool {
        self.tables == TABLES
    }

    /// The rules a page needs for the buyers of one market, with what decides a small seller's tax at home. At most 20 KB as JSON.
    pub fn slice(&self, seller: &str, market: &Market, on: Date) -> Self {
        // Rules of the seller's own state decide sales below the threshold, which only the Union has.
        let home = territory::resolve(seller, None, None, false);
        let home = if territory::is_member(home.state) { home.code } else { "" };
        let serves = |country: &str| Market::of_country(country).id == market.id;
        let wanted = |r: &&TaxRule| {
            let (country, part) = r.jurisdiction.split_once('-').unwrap_or((&r.jurisdiction, ""));
            let own = serves(country) || r.jurisdiction == home;
            // Territories with a country code of their own, such as RE, may be in another market than their state; buyers in
            // Büsingen (DE) pay Swiss tax, those on Åland (AX) Finnish; Guernsey may be written as a British address.
            let elsewhere = territory::ISO_PARTS.contains(&part) && serves(part)
                || country == "CH" && serves("DE")
                || country == "FI" && serves("AX")
                || country == "GG" && serves("GB")
                || part == "EXT" && ["CC", "CX", "NF"].into_iter().any(serves);
            r.is_valid(on) && (own || elsewhere)
        };
        Self {
            rules: self.rules.iter().filter(wanted).cloned().collect(),
            hash: self.hash.clone(),
            tables: self.tables.clone(),
        }
    }

    /// The rules of two slices of one table.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let mut rules = self.rules;
        rules.extend(other.rules);
        let mut all = Self { hash: self.hash, tables: self.tables, ..Self::sorted(rules) };
        all.rules.dedup();
        all
    }

    /// The rule for a class at a place: one of the class if there is one, else the place's general one; the newest wins.
    pub(crate) fn rule(&self, jurisdiction: &str, class: &str, on: Date) -> Option<&TaxRule> {
        let start = self.rules.partition_point(|r| r.jurisdiction.as_str() < jurisdiction);
        let here = self.rules[start..].iter().take_while(|r| r.jurisdiction == jurisdiction).filter(|r| r.is_valid(on));
        let fits = here.filter(|r| r.classes.is_empty() || r.classes.iter().any(|c| c == class));
        fits.max_by(|a, b| {
            let rank = |r: &TaxRule| (!r.classes.is_empty(), r.valid_from);
            rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id))
        })
    }

    /// Whether a seller can be registered so: a country, `EU-OSS`, `EU-IOSS`, `XI`, a state or province that taxes by itself (`US-NY`, `CA-QC`),
    /// the Canary Islands (`ES-CN`), `JP-SPO` for a marketplace that Japan designated. Where the tables have no rules at all, a part of the country by its code as well.
    pub fn is_registration(name: &str) -> bool {
        let Some((country, part)) = name.split_once('-') else {
            return name == "XI" || is_country(name);
        };
        let code = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        match territory::has_region(country, part) {
            _ if matches!(name, "EU-OSS" | "EU-IOSS" | "JP-SPO") || territory::is_registration(name) => true,
            _ if TAXED_AS_ONE.contains(&country) => false,
            Some(known) => known && code,
            None => is_country(country) && code,
        }
    }

    /// Whether shipping has a rate of its own there (else it shares the goods' fate).
    pub fn has_shipping_rule(&self, country: &str, region: Option<&str>, on: Date) -> bool {
        let place = region.map_or_else(|| country.to_owned(), |r| format!("{country}-{}", r.to_ascii_uppercase()));
        self.rule(&place, "shipping", on).is_some_and(|r| !r.classes.is_empty())
    }
}

fn hash(rules: &[TaxRule]) -> String {
    let mut sorted: Vec<&TaxRule> = rules.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let mut hash = Sha256::new();
    hash.update(TABLES.as_bytes());
    for r in sorted {
        hash.update(r.id.as_bytes());
        hash.update([0x1f]);
        // Tabs keep neighbouring fields apart.
        hash.update(r.row().as_bytes());
        hash.update([0x1e]);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_file_is_read() {
        let rows = TABLE.lines().count() - 1;
        assert_eq!(TaxRules::built_in().rules.len(), rows);
        let same = |row: &str| TaxRule::read(row).is_some_and(|r| row.starts_with(&r.row()));
        assert!(TABLE.lines().skip(1).all(same), "what is written is what was read");
        for bad in ["", "DE", "DE\t\t-1\t2026-01-01\t\tUSt\tx", "DE\t\t190000\t2026-02-30\t\tUSt\tx"] {
            assert_eq!(TaxRule::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn sellers_are_registered_where_something_is_taxed_by_itself() {
        let of_table: std::collections::BTreeSet<String> = TaxRules::built_in()
            .rules
            .iter()
            .map(|r| r.jurisdiction.split('-').next().unwrap_or_default().to_owned())
            .filter(|country| !matches!(country.as_str(), "CA" | "US"))
            .collect();
        assert!(of_table.iter().eq(TAXED_AS_ONE.iter()), "{of_table:?}");
        for known in [
            "DE", "GR", "EU-OSS", "EU-IOSS", "JP-SPO", "XI", "US-NY", "US-DC", "CA-QC", "ES-CN", "BR", "BR-SP", "IN",
            "US", "NG-LA",
        ] {
            assert!(TaxRules::is_registration(known), "{known}");
        }
        for unknown in [
            "", "-", "EU", "EU-", "EU-VAT", "EL", "XX", "de", "DE-XX", "DE-BY", "US-ZZ", "US-", "US-ny", "US-NY-1",
            "CA-ZZ", "IN-MH", "JP-13", "ES-CE", "PT-20", "XX-1", "BR-", "BR-sp", "BR-SPXX", "NG-", "US-UK", "the moon",
            "GB-XI",
        ] {
            assert!(!TaxRules::is_registration(unknown), "{unknown}");
        }
        // Whatever a rule of a part of a country names can be registered for.
        for rule in TaxRules::built_in().rules() {
            let parts = matches!(rule.jurisdiction.get(..3), Some("US-" | "CA-"));
            assert!(!parts || TaxRules::is_registration(&rule.jurisdiction), "{}", rule.jurisdiction);
        }
    }

    #[test]
    fn no_two_rules_of_a_place_hold_for_one_class_on_one_day() {
        let table = TaxRules::built_in();
        for (i, a) in table.rules.iter().enumerate() {
            assert!(a.valid_to.is_none_or(|to| a.valid_from <= to), "{}", a.id);
            assert!(!a.source.is_empty() && !a.name.is_empty(), "{}", a.id);
            for b in &table.rules[i + 1..] {
                let class =
                    a.classes.iter().any(|c| b.classes.contains(c)) || (a.classes.is_empty() && b.classes.is_empty());
                let days = a.is_valid(b.valid_from) || b.is_valid(a.valid_from);
                assert!(!(a.jurisdiction == b.jurisdiction && class && days), "{} and {}", a.id, b.id);
            }
        }
    }
}
