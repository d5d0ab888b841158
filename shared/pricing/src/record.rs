//! Who sells in law: the shop, or the marketplace it sells through, where the law of the place presumes that the marketplace does.
//!
//! Entry point: [`presumed`]. Invariants: the marketplace is presumed only where it is registered to charge the tax, for a law that
//! makes it liable asks it to register first; what no row names is sold by the shop. Rows are the laws in `RULES`. Not here: how much
//! tax (`tax`), whose number stands on the invoice.

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::money::{Currency, Money};
use crate::quote::Kind;
use crate::territory::{Regime, is_inside, is_member, resolve};

/// Who sells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SellerOfRecord {
    /// The shop.
    #[default]
    Tenant,
    /// The marketplace.
    Platform,
}

impl SellerOfRecord {
    /// As written on order lines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Platform => "platform",
        }
    }
}

/// A law that presumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Presumption {
    /// Stable name: `eu-digital`.
    pub id: &'static str,
    /// The law.
    pub source: &'static str,
}

/// One sale through the marketplace.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// Files or parcels.
    pub kind: Kind,
    /// Where it goes, ISO 3166-1.
    pub country: &'a str,
    /// Subdivision without the country.
    pub region: Option<&'a str>,
    /// As written.
    pub postcode: Option<&'a str>,
    /// Of parcels: where from.
    pub ships_from: &'a str,
    /// The shop's seat, ISO 3166-1.
    pub shop: &'a str,
    /// The buyer is a confirmed business.
    pub business: bool,
    /// What is sent together, without shipping, in the currency of the sale.
    pub consignment: Option<Money>,
    /// Of the sale.
    pub date: Date,
}

/// Whether the row's law is about a sale.
type Applies = fn(&Sale<'_>) -> bool;

/// Where the tax is registered, from when on the law holds, whether it is about a sale, its name and source.
struct Rule {
    registration: &'static str,
    from: &'static str,
    applies: Applies,
    /// Up to which worth of what is sent together, currency and minor units.
    most: Option<(&'static str, i64)>,
    presumption: Presumption,
}

fn union(sale: &Sale<'_>) -> bool {
    resolve(sale.country, sale.region, sale.postcode, sale.kind == Kind::Physical).regime == Regime::Union
}

fn low(sale: &Sale<'_>, currency: &str, most: i64) -> bool {
    sale.consignment.is_some_and(|c| c.currency().code() == currency && c.minor() <= most)
}

/// Every law, the more special first.
const RULES: [Rule; 10] = [
    Rule {
        registration: "EU-OSS",
        from: "2015-01-01",
        applies: |s| s.kind == Kind::Digital && union(s),
        most: None,
        presumption: Presumption {
            id: "eu-digital",
            source: "Directive 2006/112/EC art. 28; Implementing Regulation (EU) 282/2011 art. 9a",
        },
    },
    Rule {
        registration: "EU-IOSS",
        from: "2021-07-01",
        applies: |s| {
            let outside = resolve(s.ships_from, None, None, true).regime != Regime::Union;
            s.kind == Kind::Physical && union(s) && outside && !s.business
        },
        most: Some(("EUR", 15_000)),
        presumption: Presumption { id: "eu-goods-imported", source: "Directive 2006/112/EC art. 14a(1)" },
    },
    Rule {
        registration: "EU-OSS",
        from: "2021-07-01",
        applies: |s| {
            let inside = resolve(s.ships_from, None, None, true).regime == Regime::Union;
            s.kind == Kind::Physical && union(s) && inside && !s.business && !is_member(s.shop)
        },
        most: None,
        presumption: Presumption { id: "eu-goods-of-others", source: "Directive 2006/112/EC art. 14a(2)" },
    },
    Rule {
        registration: "GB",
        from: "2021-01-01",
        applies: |s| {
            let here = s.kind == Kind::Physical && s.country == "GB" && s.shop != "GB" && !s.business;
            here && s.ships_from != "GB"
        },
        most: Some(("GBP", 13_500)),
        presumption: Presumption { id: "gb-goods", source: "Value Added Tax Act 1994 s. 5A, 7AA" },
    },
    Rule {
        registration: "GB",
        from: "2021-01-01",
        applies: |s| {
            let here = s.kind == Kind::Physical && s.country == "GB" && s.shop != "GB" && !s.business;
            here && s.ships_from == "GB"
        },
        most: None,
        presumption: Presumption { id: "gb-goods", source: "Value Added Tax Act 1994 s. 5A, 7AA" },
    },
    Rule {
        registration: "CH",
        from: "2025-01-01",
        applies: |s| s.kind == Kind::Physical && matches!(s.country, "CH" | "LI"),
        most: None,
        presumption: Presumption { id: "ch-goods", source: "MWSTG Art. 20a" },
    },
    Rule {
        registration: "AU",
        from: "2017-07-01",
        applies: |s| s.kind == Kind::Digital && s.country == "AU" && s.shop != "AU" && !s.business,
        most: None,
        presumption: Presumption { id: "au-digital", source: "GST Act 1999 s. 84-55" },
    },
    Rule {
        registration: "AU",
        from: "2018-07-01",
        applies: |s| s.kind == Kind::Physical && s.country == "AU" && s.ships_from != "AU" && !s.business,
        most: Some(("AUD", 100_000)),
        presumption: Presumption { id: "au-goods", source: "GST Act 1999 s. 84-81" },
    },
    Rule {
        registration: "NZ",
        from: "2016-10-01",
        applies: |s| s.kind == Kind::Digital && s.country == "NZ" && s.shop != "NZ" && !s.business,
        most: None,
        presumption: Presumption { id: "nz-digital", source: "Goods and Services Tax Act 1985 s. 60C" },
    },
    Rule {
        // Of the state; see `presumed`.
        registration: "US-",
        from: "2019-10-01",
        applies: |s| s.kind == Kind::Physical && s.country == "US",
        most: None,
        presumption: Presumption {
            id: "us-goods",
            source: "laws of the states on marketplace providers, as N.Y. Tax Law § 1101(e), Cal. Rev. & Tax. Code § 6043",
        },
    },
];

/// Whether the marketplace is registered for a law's tax, and the law holds on the day.
fn is_charged(rule: &Rule, sale: &Sale<'_>, registrations: &[String]) -> bool {
    let has = |wanted: &str| registrations.iter().any(|r| r == wanted);
    let registered = match rule.registration {
        // The Union's scheme, or the state itself.
        "EU-OSS" => has("EU-OSS") || has(resolve(sale.country, sale.region, sale.postcode, false).registration),
        "US-" => sale.region.is_some_and(|region| has(&format!("US-{}", region.to_ascii_uppercase()))),
        own => has(own),
    };
    registered && rule.from.parse::<Date>().is_ok_and(|from| sale.date >= from)
}

/// The law by which the marketplace sells and not the shop, if there is one and the marketplace is registered for its tax
/// (`registrations` are the marketplace's).
pub fn presumed(sale: &Sale<'_>, registrations: &[String]) -> Option<&'static Presumption> {
    let within = |rule: &Rule| rule.most.is_none_or(|(currency, most)| low(sale, currency, most));
    let charged = |rule: &Rule| (rule.applies)(sale) && within(rule) && is_charged(rule, sale, registrations);
    RULES.iter().find(|rule| charged(rule)).map(|rule| &rule.presumption)
}

/// Whether what is sent together decides by its worth who sells: a law with a limit is about such a sale, and the marketplace is registered for its tax.
pub fn is_limited(sale: &Sale<'_>, registrations: &[String]) -> bool {
    RULES.iter().any(|rule| rule.most.is_some() && (rule.applies)(sale) && is_charged(rule, sale, registrations))
}

/// The currency that parcels from abroad are sold in where such a law has a limit and the marketplace is registered for its tax, so that the
/// limit can be measured; what they are worth does not count. `None`: no border, or no such law.
pub fn measured_in(sale: &Sale<'_>, registrations: &[String]) -> Option<Currency> {
    let to = resolve(sale.country, sale.region, sale.postcode, true);
    if is_inside(&resolve(sale.ships_from, None, None, true), &to) {
        return None;
    }
    let limits = |rule: &&Rule| (rule.applies)(sale) && rule.most.is_some() && is_charged(rule, sale, registrations);
    RULES.iter().find(limits)?.most?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 7] = ["EU-OSS", "EU-IOSS", "GB", "CH", "AU", "NZ", "US-NY"];

    fn sale(kind: Kind, country: &'static str) -> Sale<'static> {
        Sale {
            kind,
            country,
            region: None,
            postcode: None,
            ships_from: "DE",
            shop: "DE",
            business: false,
            consignment: None,
            date: "2026-11-28".parse().unwrap(),
        }
    }

    fn by(sale: &Sale<'_>, registrations: &[&str]) -> Option<&'static str> {
        let registrations: Vec<String> = registrations.iter().map(|r| (*r).to_owned()).collect();
        presumed(sale, &registrations).map(|p| p.id)
    }

    fn worth(text: &str, currency: &str) -> Option<Money> {
        Some(Money::parse(text, currency.parse().unwrap()).unwrap())
    }

    #[test]
    fn every_law_has_its_day_and_its_source() {
        for rule in &RULES {
            assert!(rule.from.parse::<Date>().is_ok(), "{}", rule.presumption.id);
            assert!(!rule.presumption.source.is_empty());
        }
    }

    #[test]
    fn files_are_the_marketplaces_in_the_union_to_businesses_too() {
        let files = |country| sale(Kind::Digital, country);
        assert_eq!(by(&files("FR"), &ALL), Some("eu-digital"));
        assert_eq!(by(&Sale { business: true, ..files("FR") }, &ALL), Some("eu-digital"));
        assert_eq!(by(&files("FR"), &["FR"]), Some("eu-digital"), "registered in that state alone");
        assert_eq!(by(&files("FR"), &["DE"]), None, "not registered there: the shop sells");
        assert_eq!(by(&Sale { postcode: Some("35001"), ..files("ES") }, &ALL), None, "the Canaries are outside");
        assert_eq!(by(&files("US"), &ALL), None);
        assert_eq!(by(&files("CH"), &ALL), None, "the Swiss law is about goods");
        assert_eq!(by(&Sale { date: "2014-12-31".parse().unwrap(), ..files("FR") }, &ALL), None);
        assert_eq!(by(&files("AU"), &ALL), Some("au-digital"));
        assert_eq!(by(&Sale { shop: "AU", ..files("AU") }, &ALL), None);
    }

    #[test]
    fn parcels_are_the_marketplaces_by_worth_and_by_who_sells_from_where() {
        let parcel = |country| sale(Kind::Physical, country);
        assert_eq!(by(&parcel("FR"), &ALL), None, "a shop of the Union sells its own goods in it");
        assert_eq!(by(&Sale { shop: "US", ..parcel("FR") }, &ALL), Some("eu-goods-of-others"));
        let imported = |consignment| Sale { shop: "US", ships_from: "US", consignment, ..parcel("FR") };
        assert_eq!(by(&imported(worth("150.00", "EUR")), &ALL), Some("eu-goods-imported"));
        assert_eq!(by(&imported(worth("150.01", "EUR")), &ALL), None);
        assert_eq!(by(&imported(None), &ALL), None);
        assert_eq!(by(&Sale { business: true, ..imported(worth("10", "EUR")) }, &ALL), None);
        assert_eq!(by(&Sale { consignment: worth("135", "GBP"), ..parcel("GB") }, &ALL), Some("gb-goods"));
        assert_eq!(by(&Sale { consignment: worth("135.01", "GBP"), ..parcel("GB") }, &ALL), None);
        assert_eq!(by(&Sale { ships_from: "GB", ..parcel("GB") }, &ALL), Some("gb-goods"));
        assert_eq!(by(&parcel("CH"), &ALL), Some("ch-goods"));
        assert_eq!(by(&Sale { region: Some("NY"), ..parcel("US") }, &ALL), Some("us-goods"));
        assert_eq!(by(&Sale { region: Some("CA"), ..parcel("US") }, &ALL), None, "registered in the state only");
        assert_eq!(by(&parcel("BR"), &ALL), None);
    }

    #[test]
    fn a_limit_names_its_currency_where_the_marketplace_is_registered() {
        let all: Vec<String> = ALL.iter().map(|r| (*r).to_owned()).collect();
        let from = |ships_from, country| Sale { ships_from, shop: "US", ..sale(Kind::Physical, country) };
        let code = |sale: &Sale<'_>| measured_in(sale, &all).map(|c| c.code().to_owned());
        assert_eq!(code(&from("US", "DK")).as_deref(), Some("EUR"));
        assert_eq!(code(&from("DE", "GB")).as_deref(), Some("GBP"));
        assert_eq!(code(&from("DE", "AU")).as_deref(), Some("AUD"));
        assert_eq!(
            code(&Sale { postcode: Some("BT1 5GS"), ..from("GB", "GB") }),
            None,
            "no border to Northern Ireland"
        );
        for none in
            [from("DE", "FR"), from("GB", "GB"), from("US", "CH"), Sale { kind: Kind::Digital, ..from("US", "FR") }]
        {
            assert_eq!(code(&none), None, "{none:?}");
        }
        assert_eq!(code(&Sale { business: true, ..from("US", "FR") }), None);
        assert_eq!(measured_in(&from("US", "FR"), &["FR".into(), "EU-OSS".into()]), None);
    }
}
