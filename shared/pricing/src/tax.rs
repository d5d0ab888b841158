//! Where and at which rate a line is taxed: dated rules with legal sources, and the seller's registrations.
//!
//! Invariants: a rule applies on its days only; an unknown place is `no_rule`, never silently zero; the answer names every rule it used. Not
//! here: special territories by postcode, local US rates, import schemes, checking tax identities.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::date::Date;
use crate::market::is_eu;
use crate::tax_table::ROWS;

/// Why a line carries the tax it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxStatus {
    /// Tax is charged.
    Taxed,
    /// The business buyer accounts for it.
    ReverseCharged,
    /// Taxable at zero, or exported.
    ZeroRated,
    /// The seller has no registration there.
    NotRegistered,
    /// Not a supply of this tax, such as goods imported by the buyer.
    OutsideScope,
    /// The tables have no rule for the place; allowed by the store's policy.
    NoRule,
}

/// How exact a rate is for the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// The whole rate.
    Full,
    /// A US state's part; local parts are missing.
    State,
}

/// One dated rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// Stable name, such as `DE-ebook-2026-01-01`.
    pub id: String,
    /// Country or country-region.
    pub jurisdiction: String,
    /// Tax classes; empty: every class without a rule of its own.
    pub classes: Vec<String>,
    /// Millionths: 19 % is 190000, 9.975 % is 99750.
    pub rate_ppm: i64,
    /// First day.
    pub valid_from: Date,
    /// Last day, inclusive.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// `USt`, `GST`, `sales tax` ...; `none` says that the place has no such tax.
    pub name: String,
    /// The law.
    pub source: String,
}

/// A set of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRules {
    /// In any order.
    pub rules: Vec<TaxRule>,
}

/// One line's situation.
#[derive(Clone, Copy, Debug)]
pub struct Supply<'a> {
    /// Seller's country.
    pub seller: &'a str,
    /// `DE`, `EU-OSS`, `CA`, `CA-QC`, `US-NY` ...
    pub registrations: &'a [String],
    /// Buyer's country.
    pub country: &'a str,
    /// Buyer's region, without the country.
    pub region: Option<&'a str>,
    /// Buyer is a business whose tax id was validated.
    pub valid_business: bool,
    /// `Some(country)` the goods leave from; `None` for digital.
    pub ships_from: Option<&'a str>,
    /// `ebook`, `digital_music` ...
    pub class: &'a str,
    /// Date of supply.
    pub date: Date,
}

/// The answer for one supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment<'a> {
    /// Why.
    pub status: TaxStatus,
    /// Rules to charge, at zero too.
    pub rules: Vec<&'a TaxRule>,
    /// How exact.
    pub accuracy: Accuracy,
    /// Code of the reasoning, such as `domestic`, `oss`, `origin_below_threshold`, `export`.
    pub reason: &'static str,
    /// Tax inside an inclusive price that this buyer does not owe (reverse charge, exempt intra-EU goods), millionths.
    pub strip_ppm: i64,
}

impl TaxRules {
    /// The built-in tables.
    pub fn built_in() -> Self {
        let rules = ROWS.iter().filter_map(|(jurisdiction, classes, rate_ppm, from, name, source)| {
            // Every row's day parses: a test checks that none is dropped.
            let valid_from = from.parse().ok()?;
            let label = if classes.is_empty() { "standard".to_owned() } else { classes.join("+") };
            Some(TaxRule {
                id: format!("{jurisdiction}-{label}-{from}"),
                jurisdiction: (*jurisdiction).into(),
                classes: classes.iter().map(|c| (*c).into()).collect(),
                rate_ppm: *rate_ppm,
                valid_from,
                valid_to: None,
                name: (*name).into(),
                source: (*source).into(),
            })
        });
        Self { rules: rules.collect() }
    }

    /// SHA-256 over all rules in order of id, hex: named in quotes.
    pub fn hash(&self) -> String {
        let mut sorted: Vec<&TaxRule> = self.rules.iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let mut hash = Sha256::new();
        for r in sorted {
            let to = r.valid_to.map(|d| d.to_string()).unwrap_or_default();
            // Unit separators keep neighbouring fields apart.
            let row = [
                &r.id,
                &r.jurisdiction,
                &r.classes.join(","),
                &r.rate_ppm.to_string(),
                &r.valid_from.to_string(),
                &to,
                &r.name,
                &r.source,
            ];
            for field in row {
                hash.update(field.as_bytes());
                hash.update([0x1f]);
            }
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The rules a page needs for buyers in one country and its regions, and for the seller's own country.
    pub fn slice(&self, seller: &str, country: &str, on: Date) -> Self {
        let wanted = |r: &&TaxRule| {
            let place = r.jurisdiction.split('-').next().unwrap_or_default();
            (place == seller || place == canonical(country))
                && r.valid_from <= on
                && r.valid_to.is_none_or(|to| on <= to)
        };
        Self { rules: self.rules.iter().filter(wanted).cloned().collect() }
    }

    fn rule(&self, jurisdiction: &str, class: &str, on: Date) -> Option<&TaxRule> {
        let at =
            |r: &&TaxRule| r.jurisdiction == jurisdiction && r.valid_from <= on && r.valid_to.is_none_or(|to| on <= to);
        let newest = |special: bool| {
            self.rules
                .iter()
                .filter(at)
                .filter(|r| if special { r.classes.iter().any(|c| c == class) } else { r.classes.is_empty() })
                .max_by(|a, b| (a.valid_from, &a.id).cmp(&(b.valid_from, &b.id)))
        };
        newest(true).or_else(|| newest(false))
    }

    /// Whether shipping has a rate of its own there (else it shares the goods' fate).
    pub fn has_shipping_rule(&self, country: &str, region: Option<&str>, on: Date) -> bool {
        let place = region.map_or_else(|| country.to_owned(), |r| format!("{country}-{r}"));
        self.rule(&place, "shipping", on).is_some_and(|r| !r.classes.is_empty())
    }

    /// Decides one supply. Never fails: an unknown place answers `no_rule`.
    pub fn treat(&self, s: &Supply<'_>) -> Treatment<'_> {
        let country = canonical(s.country);
        let registered = |place: &str| s.registrations.iter().any(|r| r == place);
        let none = |status, reason| Treatment { status, rules: vec![], accuracy: Accuracy::Full, reason, strip_ppm: 0 };
        match country {
            "US" | "CA" => {
                let Some(region) = s.region else {
                    return none(TaxStatus::NoRule, "region_unknown");
                };
                let place = format!("{country}-{region}");
                if country == "US" {
                    let Some(rule) = self.rule(&place, s.class, s.date) else {
                        return none(TaxStatus::NoRule, "no_table");
                    };
                    if rule.name == "none" {
                        return none(TaxStatus::OutsideScope, "no_state_sales_tax");
                    }
                    if !registered(&place) {
                        return none(TaxStatus::NotRegistered, "no_nexus");
                    }
                    return charge("nexus", vec![rule], Accuracy::State);
                }
                let Some(federal) = self.rule("CA", s.class, s.date) else {
                    return none(TaxStatus::NoRule, "no_table");
                };
                let provincial = self.rule(&place, s.class, s.date);
                if provincial.is_none() && !matches!(region, "AB" | "NT" | "NU" | "YT") {
                    return none(TaxStatus::NoRule, "no_table");
                }
                let mut rules = Vec::new();
                match provincial {
                    Some(hst) if hst.name == "HST" => rules.extend(registered("CA").then_some(hst)),
                    other => {
                        rules.extend(registered("CA").then_some(federal));
                        rules.extend(other.filter(|_| registered(&place)));
                    }
                }
                if rules.is_empty() {
                    none(TaxStatus::NotRegistered, "no_registration")
                } else {
                    charge("registered", rules, Accuracy::Full)
                }
            }
            _ => {
                let Some(rule) = self.rule(country, s.class, s.date) else {
                    return none(TaxStatus::NoRule, "no_table");
                };
                let seller = canonical(s.seller);
                let union = |c: &str| c == country || (is_eu(c) && is_eu(country));
                if let Some(from) = s.ships_from {
                    let from = canonical(from);
                    if !union(from) {
                        return match registered(seller) || registered("EU-OSS") {
                            true => none(TaxStatus::ZeroRated, "export"),
                            false => none(TaxStatus::OutsideScope, "imported_by_buyer"),
                        };
                    }
                }
                let in_eu = is_eu(country);
                let vat_seller = registered(seller) || registered("EU-OSS");
                if s.valid_business && seller != country && in_eu && !registered(country) {
                    let (status, reason) = match s.ships_from {
                        None => (TaxStatus::ReverseCharged, "reverse_charge_art_196"),
                        Some(_) if is_eu(seller) && vat_seller => {
                            (TaxStatus::ZeroRated, "intra_community_supply_art_138")
                        }
                        Some(_) => (TaxStatus::NotRegistered, "no_registration"),
                    };
                    let strip_ppm = if status == TaxStatus::NotRegistered { 0 } else { rule.rate_ppm };
                    return Treatment { strip_ppm, ..none(status, reason) };
                }
                if registered(country) {
                    return charge(
                        if seller == country { "domestic" } else { "registered" },
                        vec![rule],
                        Accuracy::Full,
                    );
                }
                if in_eu && registered("EU-OSS") {
                    return charge("oss", vec![rule], Accuracy::Full);
                }
                // Small sellers below EUR 10 000 of cross-border sales tax at home (Directive 2006/112/EC art. 59c).
                if in_eu && is_eu(seller) && registered(seller) {
                    return match self.rule(seller, s.class, s.date) {
                        Some(home) => charge("origin_below_threshold", vec![home], Accuracy::Full),
                        None => none(TaxStatus::NoRule, "no_table"),
                    };
                }
                none(TaxStatus::NotRegistered, "no_registration")
            }
        }
    }
}

fn charge<'a>(reason: &'static str, rules: Vec<&'a TaxRule>, accuracy: Accuracy) -> Treatment<'a> {
    let zero = rules.iter().all(|r| r.rate_ppm == 0);
    let status = if zero { TaxStatus::ZeroRated } else { TaxStatus::Taxed };
    Treatment { status, rules, accuracy, reason, strip_ppm: 0 }
}

/// Places that belong to another's tax territory: Monaco to France, Isle of Man to GB, Liechtenstein to Switzerland.
fn canonical(country: &str) -> &str {
    match country {
        "MC" => "FR",
        "IM" => "GB",
        "LI" => "CH",
        other => other,
    }
}
