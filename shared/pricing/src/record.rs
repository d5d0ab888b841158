//! Who sells in law: the shop, or the marketplace it sells through, where the law of the place presumes that the marketplace does.
//!
//! Entry point: [`presumed`]. Invariants: the marketplace is presumed only where it is registered to charge the tax, for a law that
//! makes it liable asks it to register first; what no row names is sold by the shop. Rows are the laws in `record/laws.rs`. Where a law's
//! edge is not sure the row is the narrower one: what it leaves out the shop sells, as without a marketplace. Not here: how much tax (`tax`),
//! whose number stands on the invoice.

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::money::{Currency, Money};
use crate::quote::Kind;
use crate::territory::{is_inside, resolve};

mod laws;

use laws::{RULES, Rule};

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
    /// `ebook`, `digital_music` ...
    pub class: &'a str,
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
    /// Where the shop is registered for tax.
    pub shop_registrations: &'a [String],
    /// The marketplace's seat, ISO 3166-1.
    pub platform: &'a str,
    /// The buyer is a confirmed business.
    pub business: bool,
    /// One piece, in the currency of the sale.
    pub item: Option<Money>,
    /// What is sent together, without shipping, in the currency of the sale.
    pub consignment: Option<Money>,
    /// Of the sale.
    pub date: Date,
}

/// Whether a law is about a sale, whatever it is worth.
fn is_about(rule: &Rule, sale: &Sale<'_>) -> bool {
    !rule.except.contains(&sale.class) && (rule.applies)(sale)
}

/// Whether a sale is within the worth up to which a law holds.
fn is_within(rule: &Rule, sale: &Sale<'_>) -> bool {
    rule.most.as_ref().is_none_or(|most| {
        let worth = if most.each { sale.item } else { sale.consignment };
        worth.is_some_and(|worth| worth.currency().code() == most.currency && worth.minor() <= most.minor)
    })
}

/// Whether the marketplace is registered for a law's tax, and the law holds on the day.
fn is_charged(rule: &Rule, sale: &Sale<'_>, registrations: &[String]) -> bool {
    let has = |wanted: &str| registrations.iter().any(|r| r == wanted);
    let region = sale.region.map(str::to_ascii_uppercase).unwrap_or_default();
    let registered = match rule.registration.split_once('-') {
        // The Union's scheme, or the state itself.
        Some(("EU", "OSS")) => {
            has("EU-OSS") || has(resolve(sale.country, sale.region, sale.postcode, false).registration)
        }
        // Designated, and registered as everybody.
        Some(("JP", _)) => has(rule.registration) && has("JP"),
        // Any state.
        Some(("US", "")) => has(&format!("US-{region}")),
        Some(("US" | "CA", part)) => region == part && has(rule.registration),
        _ => has(rule.registration),
    };
    registered && rule.from.parse::<Date>().is_ok_and(|from| sale.date >= from)
}

/// The law by which the marketplace sells and not the shop, if there is one and the marketplace is registered for its tax
/// (`registrations` are the marketplace's).
pub fn presumed(sale: &Sale<'_>, registrations: &[String]) -> Option<&'static Presumption> {
    let charged = |rule: &Rule| is_about(rule, sale) && is_within(rule, sale) && is_charged(rule, sale, registrations);
    RULES.iter().find(|rule| charged(rule)).map(|rule| &rule.presumption)
}

/// Whether its worth decides who sells: a law with a limit is about such a sale, and the marketplace is registered for its tax.
pub fn is_limited(sale: &Sale<'_>, registrations: &[String]) -> bool {
    RULES.iter().any(|rule| rule.most.is_some() && is_about(rule, sale) && is_charged(rule, sale, registrations))
}

/// The currency that parcels from abroad are sold in where such a law has a limit and the marketplace is registered for its tax, so that the
/// limit can be measured; what they are worth does not count. `None`: no border, or no such law.
pub fn measured_in(sale: &Sale<'_>, registrations: &[String]) -> Option<Currency> {
    let to = resolve(sale.country, sale.region, sale.postcode, true);
    if is_inside(&resolve(sale.ships_from, None, None, true), &to) {
        return None;
    }
    let limits = |rule: &&Rule| rule.most.is_some() && is_about(rule, sale) && is_charged(rule, sale, registrations);
    RULES.iter().find(limits)?.most.as_ref()?.currency.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 7] = ["EU-OSS", "EU-IOSS", "GB", "CH", "AU", "NZ", "US-NY"];

    fn sale(kind: Kind, country: &'static str) -> Sale<'static> {
        Sale {
            kind,
            class: "digital_music",
            country,
            region: None,
            postcode: None,
            ships_from: "DE",
            shop: "DE",
            shop_registrations: &[],
            platform: "IE",
            business: false,
            item: None,
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
            let registration = rule.registration;
            assert!(registration == "US-" || crate::tax::TaxRules::is_registration(registration), "{registration}");
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
    fn files_for_consumers_abroad_are_the_marketplaces_where_the_law_says_so() {
        let files = |country| sale(Kind::Digital, country);
        let own: [String; 1] = ["ZA".into()];
        for (country, registrations, law, first) in [
            ("GB", &["GB"][..], "gb-digital", "2015-01-01"),
            ("NO", &["NO"], "no-digital", "2011-07-01"),
            ("SG", &["SG"], "sg-digital", "2020-01-01"),
            ("JP", &["JP", "JP-SPO"], "jp-digital", "2025-04-01"),
            ("IN", &["IN"], "in-digital", "2017-07-01"),
            ("ZA", &["ZA"], "za-digital", "2019-04-01"),
            ("CA", &["CA"], "ca-digital", "2021-07-01"),
        ] {
            assert_eq!(by(&files(country), registrations), Some(law), "{country}");
            assert_eq!(by(&files(country), &["EU-OSS", "US-NY"]), None, "{country}: not registered there");
            let first: Date = first.parse().unwrap();
            assert_eq!(by(&Sale { date: first, ..files(country) }, registrations), Some(law), "{country}");
            let before = Date::from_unix_ms(first.unix_ms() - 1).unwrap();
            assert_eq!(by(&Sale { date: before, ..files(country) }, registrations), None, "{country}");
            let to_business = by(&Sale { business: true, ..files(country) }, registrations);
            assert_eq!(to_business.is_some(), matches!(country, "JP" | "ZA"), "{country}: to a business");
            let at_home = by(&Sale { shop: country, ..files(country) }, registrations);
            assert_eq!(at_home.is_some(), matches!(country, "GB" | "NO"), "{country}: of a shop there");
        }
        assert_eq!(by(&files("JP"), &["JP"]), None, "not designated");
        assert_eq!(by(&files("JP"), &["JP-SPO"]), None, "designated and not registered");
        assert_eq!(by(&Sale { platform: "IN", ..files("IN") }, &["IN"]), None, "a marketplace in India");
        assert_eq!(by(&Sale { shop_registrations: &own, ..files("ZA") }, &["ZA"]), None, "a vendor sells by itself");
        assert_eq!(by(&files("IM"), &["GB"]), Some("gb-digital"), "the Isle of Man has the British tax");
        assert_eq!(by(&Sale { postcode: Some("9170"), ..files("NO") }, &["NO"]), None, "Svalbard has no tax");
    }

    #[test]
    fn canadian_sales_are_the_marketplaces_while_the_shop_is_not_registered() {
        let files = |region| Sale { region: Some(region), ..sale(Kind::Digital, "CA") };
        let goods = |ships_from, shop| Sale { region: Some("QC"), ships_from, shop, ..sale(Kind::Physical, "CA") };
        assert_eq!(by(&files("QC"), &["CA-QC"]), Some("qc-digital"));
        assert_eq!(by(&files("ON"), &["CA-QC"]), None);
        assert_eq!(by(&files("qc"), &["CA", "CA-QC"]), Some("ca-digital"));
        assert_eq!(by(&goods("CA", "CA"), &["CA"]), Some("ca-goods"), "of shops in Canada too");
        assert_eq!(by(&goods("CA", "US"), &["CA-QC"]), Some("qc-goods"));
        assert_eq!(by(&Sale { business: true, ..goods("CA", "US") }, &["CA"]), Some("ca-goods"));
        assert_eq!(by(&goods("US", "US"), &["CA", "CA-QC"]), None, "the border charges what comes from abroad");
        for own in ["CA", "CA-QC"] {
            let own: [String; 1] = [own.into()];
            let registered = |sale| Sale { shop_registrations: &own, ..sale };
            assert_eq!(by(&registered(goods("CA", "US")), &["CA", "CA-QC"]), None);
            assert_eq!(by(&registered(files("QC")), &["CA", "CA-QC"]), None);
        }
    }

    #[test]
    fn low_value_goods_are_measured_by_the_piece_where_the_law_does() {
        for (country, currency, most, above, first, law) in [
            ("NO", "NOK", "3000", "3000.01", "2020-04-01", "no-goods"),
            ("NZ", "NZD", "1000", "1000.01", "2019-12-01", "nz-goods"),
            ("SG", "SGD", "400", "400.01", "2023-01-01", "sg-goods"),
        ] {
            let parcel = Sale {
                item: worth(most, currency),
                // Two of them are worth more than the limit.
                consignment: worth("6000", currency),
                ..sale(Kind::Physical, country)
            };
            assert_eq!(by(&parcel, &[country]), Some(law));
            assert_eq!(by(&parcel, &["EU-OSS"]), None, "{country}: not registered there");
            assert_eq!(by(&Sale { item: worth(above, currency), ..parcel }, &[country]), None, "{country}");
            assert_eq!(by(&Sale { item: worth("1", "EUR"), ..parcel }, &[country]), None, "{country}: not measured");
            assert_eq!(by(&Sale { item: None, ..parcel }, &[country]), None, "{country}");
            for other in [
                Sale { business: true, ..parcel },
                Sale { ships_from: country, ..parcel },
                Sale { shop: country, ..parcel },
            ] {
                assert_eq!(by(&other, &[country]), None, "{other:?}");
            }
            let first: Date = first.parse().unwrap();
            assert_eq!(by(&Sale { date: first, ..parcel }, &[country]), Some(law));
            let before = Date::from_unix_ms(first.unix_ms() - 1).unwrap();
            assert_eq!(by(&Sale { date: before, ..parcel }, &[country]), None, "{country}");
            assert!(is_limited(&parcel, &[country.to_owned()]));
            assert_eq!(measured_in(&parcel, &[country.to_owned()]), currency.parse().ok());
        }
    }

    #[test]
    fn files_are_a_states_where_its_law_names_them_and_its_table_taxes_them() {
        let rules = crate::tax::TaxRules::built_in();
        let classes = [
            "ebook",
            "audiobook",
            "digital_music",
            "digital_video",
            "podcast",
            "digital_other",
            "subscription_digital",
        ];
        let states: Vec<&Rule> = RULES.iter().filter(|rule| rule.presumption.id == "us-digital").collect();
        assert_eq!(states.len(), 16);
        for rule in states {
            let state = rule.registration.strip_prefix("US-").unwrap();
            for class in classes {
                let files = Sale { class, region: Some(state), ..sale(Kind::Digital, "US") };
                let taxed = rules.rule(rule.registration, class, files.date).unwrap().rate_ppm > 0;
                assert_eq!(by(&files, &[rule.registration]), taxed.then_some("us-digital"), "{state} {class}");
            }
            let files = Sale { region: Some(state), ..sale(Kind::Digital, "US") };
            assert_eq!(by(&files, &["US-NY"]), None, "{state}: registered in another");
            assert_eq!(by(&Sale { region: Some("NY"), ..files }, &[rule.registration, "US-NY"]), None);
            assert_eq!(by(&Sale { region: None, ..files }, &[rule.registration]), None);
            let first: Date = rule.from.parse().unwrap();
            let before = Date::from_unix_ms(first.unix_ms() - 1).unwrap();
            assert_eq!(by(&Sale { date: before, ..files }, &[rule.registration]), None, "{state}");
        }
    }

    #[test]
    fn a_marketplace_that_the_law_presumes_charges_the_tax_it_is_registered_for() {
        use crate::tax::{Supply, TaxRules, TaxStatus, Value};
        let rules = TaxRules::built_in();
        for (sale, registrations) in [
            (sale(Kind::Digital, "GB"), &["GB"][..]),
            (sale(Kind::Digital, "NO"), &["NO"]),
            (sale(Kind::Digital, "SG"), &["SG"]),
            (sale(Kind::Digital, "JP"), &["JP", "JP-SPO"]),
            (sale(Kind::Digital, "IN"), &["IN"]),
            (sale(Kind::Digital, "ZA"), &["ZA"]),
            (Sale { region: Some("QC"), ..sale(Kind::Digital, "CA") }, &["CA", "CA-QC"]),
            (Sale { region: Some("WA"), ..sale(Kind::Digital, "US") }, &["US-WA"]),
            (Sale { ships_from: "CA", region: Some("ON"), ..sale(Kind::Physical, "CA") }, &["CA"]),
            (Sale { item: worth("3000", "NOK"), ..sale(Kind::Physical, "NO") }, &["NO"]),
            (Sale { item: worth("1000", "NZD"), ..sale(Kind::Physical, "NZ") }, &["NZ"]),
            (Sale { item: worth("400", "SGD"), ..sale(Kind::Physical, "SG") }, &["SG"]),
        ] {
            assert!(by(&sale, registrations).is_some(), "{sale:?}");
            let registrations: Vec<String> = registrations.iter().map(|r| (*r).to_owned()).collect();
            let treatment = rules.treat(&Supply {
                seller: sale.platform,
                seller_region: None,
                registrations: &registrations,
                country: sale.country,
                region: sale.region,
                postcode: None,
                valid_business: false,
                tax_id: None,
                ships_from: (sale.kind == Kind::Physical).then_some(sale.ships_from),
                value: sale.item.map(|item| Value { item, consignment: item }),
                class: sale.class,
                date: sale.date,
            });
            assert_eq!(treatment.status, TaxStatus::Taxed, "{sale:?}");
        }
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
