//! What the tables promise beyond single rows: slices are small and complete, ids are kept, sources are named.

use std::collections::BTreeMap;

use vitrine_pricing::market::{MARKETS, Market, is_country};
use vitrine_pricing::money::Money;
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::{Context, Quote, QuoteError, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{Accuracy, Supply, TaxRules, TaxStatus, Treatment, Value, WholeStatus, measured_in};

const DAYS: [&str; 4] = ["2024-06-01", "2025-06-30", "2026-11-28", "2027-07-01"];

fn countries() -> Vec<String> {
    let letters = || ('A'..='Z').map(String::from);
    letters().flat_map(|a| letters().map(move |b| format!("{a}{b}"))).filter(|c| is_country(c)).collect()
}

#[test]
fn every_slice_fits_into_a_page() {
    let table = TaxRules::built_in();
    let mut largest = (0, String::new());
    for day in DAYS {
        let on = day.parse().unwrap();
        for market in MARKETS {
            // Sellers of other states differ in no slice but by their own state's rules.
            let sellers =
                if day == DAYS[2] { countries() } else { ["DE", "GR", "ES", "US"].map(String::from).to_vec() };
            for seller in sellers {
                let json = serde_json::to_string(&table.slice(&seller, market, on)).unwrap();
                if json.len() > largest.0 {
                    largest = (json.len(), format!("{seller} {} {day}", market.id));
                }
            }
        }
    }
    assert!(largest.0 <= 20_000, "{largest:?}");
    // A slice that is nearly empty would pass too.
    assert!(largest.0 > 5_000, "{largest:?}");
}

fn same(a: &Treatment<'_>, b: &Treatment<'_>) -> bool {
    let ids = |t: &Treatment<'_>| t.rules.iter().map(|r| r.id.clone()).collect::<Vec<_>>();
    a.status == b.status && a.reason == b.reason && a.strip_ppm == b.strip_ppm && ids(a) == ids(b)
}

#[test]
fn a_slice_decides_like_the_whole_table() {
    let table = TaxRules::built_in();
    let on = DAYS[2].parse().unwrap();
    let sets: [&[&str]; 4] =
        [&[], &["DE"], &["DE", "EU-OSS", "CH", "US-NY", "CA", "AU", "IN"], &["EU-IOSS", "FR", "ES-CN", "GB"]];
    let codes = [
        "35001", "78266", "97400", "9500-321", "22100", "BT1 1AA", "GY1 1AA", "2899", "7563", "9170", "23041", "51001",
    ];
    let mut asked = 0;
    for country in countries() {
        let market = Market::of_country(&country);
        for seller in ["DE", "US", "FR", "RE", "JP", "IN"] {
            let slice = table.slice(seller, market, on);
            assert_eq!(slice.hash(), table.hash());
            let back: TaxRules = serde_json::from_str(&serde_json::to_string(&slice).unwrap()).unwrap();
            assert_eq!(back, slice);
            for registrations in sets {
                let registrations: Vec<String> = registrations.iter().map(|r| (*r).to_owned()).collect();
                for (n, postcode) in codes.iter().enumerate() {
                    for (ships_from, class) in [(None, "ebook"), (Some(seller), "printed_book")] {
                        let supply = Supply {
                            seller,
                            seller_region: (seller == "IN").then_some("MH"),
                            registrations: &registrations,
                            country: &country,
                            region: [None, Some("NY"), Some("QC"), Some("MH")][n % 4],
                            postcode: Some(postcode),
                            valid_business: n % 2 == 1,
                            tax_id: None,
                            ships_from,
                            value: None,
                            class,
                            date: on,
                        };
                        let (whole, part) = (table.treat(&supply), back.treat(&supply));
                        assert!(same(&whole, &part), "{supply:?}: {whole:?} and {part:?}");
                        asked += 1;
                    }
                }
            }
        }
    }
    assert!(asked > 50_000);
}

/// A published rule is ended, never changed or taken away: orders name it. New rules are added to the list.
#[test]
fn ids_that_orders_name_are_kept() {
    let table = TaxRules::built_in();
    let rates: BTreeMap<&str, i64> = table.rules().iter().map(|r| (r.id.as_str(), r.rate_ppm)).collect();
    let kept = include_str!("kept-rules.tsv");
    assert_eq!(kept.lines().count(), rates.len(), "every rule is in the list");
    let mut count = 0;
    for line in kept.lines() {
        let (id, rate) = line.split_once('\t').unwrap();
        assert_eq!(rates.get(id).map(ToString::to_string).as_deref(), Some(rate), "{id}");
        count += 1;
    }
    assert!(count >= 300, "{count}");
}

#[test]
fn a_country_without_rules_is_never_silently_zero() {
    let table = TaxRules::built_in();
    let registrations: Vec<String> = ["DE", "EU-OSS"].map(String::from).to_vec();
    let mut unknown = Vec::new();
    for country in countries() {
        for ships_from in [None, Some("DE")] {
            let supply = Supply {
                seller: "DE",
                seller_region: None,
                registrations: &registrations,
                country: &country,
                region: None,
                postcode: None,
                valid_business: false,
                tax_id: None,
                ships_from,
                value: None,
                class: "goods",
                date: DAYS[2].parse().unwrap(),
            };
            let t = table.treat(&supply);
            if t.status == TaxStatus::NoRule {
                unknown.push(country.clone());
            }
            // Untaxed places are those that a row of the tables says to be so.
            if t.status == TaxStatus::OutsideScope {
                assert_eq!(t.reason, "outside_tax_territory", "{country}");
                assert!(UNTAXED.iter().any(|known| known.0 == country), "{country}");
            }
        }
    }
    for country in ["BR", "PR", "CN", "MX", "TR", "GU", "KR", "AR", "JE", "SM"] {
        assert!(unknown.iter().any(|c| c == country), "{country}");
    }
    for country in ["DE", "AX", "GG", "GL", "NF", "NO", "NZ", "RE", "SJ"] {
        assert!(!unknown.iter().any(|c| c == country), "{country}");
    }
}

/// Places whose law knows no tax on sales, and a postcode that leads there.
const UNTAXED: [(&str, &str); 12] = [
    ("GG", ""),
    ("GL", ""),
    ("SJ", ""),
    ("NF", ""),
    ("CX", ""),
    ("CC", ""),
    ("GF", ""),
    ("YT", ""),
    ("DE", "27498"),
    ("IT", "23041"),
    ("GR", "63086"),
    ("NO", "9170"),
];

/// Places with a tax of their own, or of unknown law, that have no rows: country, region, postcode, and what they are called.
#[rustfmt::skip]
const WITHOUT_RULES: [(&str, &str, &str, &str); 34] = [
    ("AD", "", "", "AD"), ("AW", "", "", "AW"), ("BL", "", "", "BL"), ("BQ", "", "", "BQ"), ("CW", "", "", "CW"), ("FO", "", "", "FO"),
    ("GI", "", "", "GI"), ("JE", "", "", "JE"), ("MF", "", "", "MF"), ("NC", "", "", "NC"), ("PF", "", "", "PF"), ("PM", "", "", "PM"),
    ("SM", "", "", "SM"), ("SX", "", "", "SX"), ("TF", "", "", "TF"), ("VA", "", "", "VA"), ("WF", "", "", "WF"), ("BR", "", "", "BR"),
    ("GB", "", "JE2 3AB", "JE"), ("GB", "", "GX11 1AA", "GI"), ("ES", "", "51001", "ES-CE"), ("ES", "ML", "", "ES-ML"), ("ES", "", "52001", "ES-ML"),
    ("IT", "", "22061", "IT-CAM"), ("IT", "", "47890", "SM"), ("IT", "", "00120", "VA"), ("FR", "", "97133", "BL"), ("FR", "", "97150", "MF"),
    ("FR", "", "97500", "PM"), ("FR", "", "98400", "TF"), ("FR", "", "98600", "WF"), ("FR", "NC", "", "NC"), ("FR", "", "98713", "PF"),
    ("CY", "", "99010", "CY-N"),
];

fn ask(country: &str, region: &str, postcode: &str, kind: &str, no_rule: &str) -> Result<Quote, QuoteError> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let class = if kind == "digital" { "digital_music" } else { "goods" };
    let request = serde_json::from_value(serde_json::json!({
        "currency": "EUR", "date": DAYS[2], "no_rule": no_rule,
        "seller": {"country": "DE", "registrations": ["DE", "EU-OSS"], "prices_include_tax": true},
        "buyer": {"country": country, "region": some(region), "postcode": some(postcode)},
        "lines": [{"name": "it", "tax_class": class, "quantity": 1, "kind": kind,
            "unit_price": {"minor": 1000, "currency": "EUR", "exponent": 2}}],
        "shipping": {"zones": [{"id": "all", "countries": ["*"]}],
            "rates": [{"zone": "all", "up_to_g": 1, "amount": {"minor": 400, "currency": "EUR", "exponent": 2}}]},
    }))
    .unwrap();
    let context = Context {
        rules: &TaxRules::built_in(),
        items: &[],
        prices: &PriceList::default(),
        shipping: &ShippingTable::default(),
        promotions: Promotions::default(),
    };
    quote(&request, &context)
}

#[test]
fn a_place_beside_a_state_has_a_law_of_no_tax_or_no_rules() {
    for (country, region, postcode, place) in WITHOUT_RULES {
        for kind in ["digital", "physical"] {
            let refused = ask(country, region, postcode, kind, "block").unwrap_err();
            assert_eq!(refused, QuoteError::NoTaxRule { place: place.into() }, "{country} {region}{postcode} {kind}");
            let sold = ask(country, region, postcode, kind, "export").unwrap();
            let statuses = (sold.lines[0].tax_status, sold.tax_status, sold.totals.tax.minor());
            assert_eq!(statuses, (TaxStatus::NoRule, Some(WholeStatus::NoRule), 0), "{place} {kind}");
            let why: Vec<_> = sold.explain.iter().filter(|step| step.source == "no_rule").collect();
            assert!(!why.is_empty() && why.iter().all(|step| step.rule == "no_table"), "{place} {kind}: {why:?}");
        }
    }
    for (country, postcode) in UNTAXED {
        for (kind, status) in [("digital", TaxStatus::OutsideScope), ("physical", TaxStatus::ZeroRated)] {
            let sold =
                ask(country, "", postcode, kind, "block").unwrap_or_else(|e| panic!("{country} {postcode}: {e}"));
            assert_eq!((sold.lines[0].tax_status, sold.totals.tax.minor()), (status, 0), "{country} {postcode} {kind}");
        }
    }
}

#[test]
fn india_names_its_taxes_by_the_states_of_seller_and_buyer() {
    let names = |seller: Option<&str>, buyer: Option<&str>| {
        let registrations = ["IN".to_owned()];
        let supply = Supply {
            seller: "IN",
            seller_region: seller,
            registrations: &registrations,
            country: "IN",
            region: buyer,
            postcode: None,
            valid_business: false,
            tax_id: None,
            ships_from: None,
            value: None,
            class: "digital_music",
            date: DAYS[2].parse().unwrap(),
        };
        let table = TaxRules::built_in();
        let treatment = table.treat(&supply);
        assert_eq!((treatment.status, treatment.reason), (TaxStatus::Taxed, "domestic"));
        assert_eq!(table.consumer_rate_ppm(&supply), 180_000, "the split changes no price");
        treatment.rules.iter().map(|r| r.name.as_str()).collect::<Vec<_>>().join("+")
    };
    let (state, territory, between) = ("CGST+SGST", "CGST+UTGST", "IGST");
    for (seller, buyer, wanted) in [
        (Some("MH"), Some("MH"), state),
        (Some("mh"), Some("MH"), state),
        (Some("MH"), None, state),
        (Some("MH"), Some(""), state),
        (Some("OR"), Some("OD"), state),
        (Some("DL"), Some("DL"), state),
        (Some("PY"), Some("PY"), state),
        (Some("JK"), Some("JK"), state),
        (Some("DN"), Some("DH"), territory),
        (Some("AN"), Some("AN"), territory),
        (Some("CH"), None, territory),
        (Some("LA"), Some("LA"), territory),
        (Some("LD"), Some("LD"), territory),
        (Some("LA"), Some("JK"), between),
        (Some("MH"), Some("KA"), between),
        (None, Some("KA"), between),
        (Some(""), None, between),
        (None, None, between),
    ] {
        assert_eq!(names(seller, buyer), wanted, "{seller:?} {buyer:?}");
    }
}

#[test]
fn local_rates_are_told_where_they_are_missing() {
    let table = TaxRules::built_in();
    let accuracy_from = |state: &str, from: &'static str| {
        let registrations = [format!("US-{state}")];
        let supply = Supply {
            seller: "US",
            seller_region: None,
            registrations: &registrations,
            country: "US",
            region: Some(state),
            postcode: None,
            valid_business: false,
            tax_id: None,
            ships_from: Some(from),
            value: None,
            class: "goods",
            date: DAYS[2].parse().unwrap(),
        };
        table.treat(&supply).accuracy
    };
    let accuracy = |state: &str| accuracy_from(state, "US");
    for state in ["NY", "CA", "TX", "WA", "AK", "UT"] {
        assert_eq!(accuracy(state), Accuracy::State, "{state}");
        assert_eq!(accuracy_from(state, "DE"), Accuracy::State, "{state}: from abroad");
    }
    for state in ["MI", "CT", "DC", "OR", "RI"] {
        assert_eq!(accuracy(state), Accuracy::Full, "{state}");
    }
    // Lower case is a state too.
    assert_eq!(accuracy("mi"), Accuracy::Full);
}

/// Of several pieces in one parcel: each counts alone (NZ, SG, NO), or all together (GB, AU).
#[test]
fn an_import_schemes_limit_is_of_a_piece_or_of_what_is_sent_together() {
    let table = TaxRules::built_in();
    let charged = |country: &str, currency: &str, item: i64, pieces: i64| {
        let registrations = [country.to_owned()];
        let worth = |minor: i64| Money::new(minor, currency.parse().unwrap()).unwrap();
        let supply = Supply {
            seller: "DE",
            seller_region: None,
            registrations: &registrations,
            country,
            region: None,
            postcode: None,
            valid_business: false,
            tax_id: None,
            ships_from: Some("DE"),
            value: Some(Value { item: worth(item), consignment: worth(item * pieces) }),
            class: "goods",
            date: DAYS[2].parse().unwrap(),
        };
        table.treat(&supply).status == TaxStatus::Taxed
    };
    for (country, currency, limit, together) in [
        ("GB", "GBP", 13_500, true),
        ("AU", "AUD", 100_000, true),
        ("NZ", "NZD", 100_000, false),
        ("SG", "SGD", 40_000, false),
        ("NO", "NOK", 300_000, false),
    ] {
        assert!(charged(country, currency, limit, 1), "{country}");
        assert!(charged(country, currency, limit / 2, 2), "{country}");
        assert!(!charged(country, currency, limit + 1, 1), "{country}");
        assert_eq!(charged(country, currency, limit, 2), !together, "{country}");
    }
}

#[test]
fn an_import_schemes_limit_names_the_currency_that_is_measured_in_it() {
    let code = |from: &str, country: &str, postcode: Option<&str>, registrations: &[&str]| {
        let registrations: Vec<String> = registrations.iter().map(|r| (*r).to_owned()).collect();
        measured_in(from, (country, None, postcode), &registrations).map(|c| c.code().to_owned())
    };
    for (from, country, registration, wanted) in [
        ("US", "DK", "EU-IOSS", "EUR"),
        ("DE", "GB", "GB", "GBP"),
        ("DE", "NO", "NO", "NOK"),
        ("DE", "AU", "AU", "AUD"),
        ("AU", "NZ", "NZ", "NZD"),
        ("DE", "SG", "SG", "SGD"),
    ] {
        assert_eq!(code(from, country, None, &[registration]).as_deref(), Some(wanted), "{country}");
        assert_eq!(code(country, country, None, &[registration]), None, "no border inside {country}");
        assert_eq!(code(from, country, None, &["DE", "EU-OSS"]), None, "not registered in {country}");
    }
    assert_eq!(code("DE", "FR", None, &["EU-IOSS"]), None);
    assert_eq!(code("US", "ES", Some("35001"), &["EU-IOSS"]), None, "the Canaries are outside");
    assert_eq!(
        code("US", "GB", Some("BT1 5GS"), &["EU-IOSS", "GB"]).as_deref(),
        Some("EUR"),
        "goods to Northern Ireland"
    );
}

/// 100.00 * 18/118 = 15.2542 a piece, rounded to 15.25: 50 pieces hold 762.50, and 3 hold 45.75, of which one half is a paisa more.
#[test]
fn halves_of_a_tax_that_is_rounded_by_the_piece_differ_by_one_paisa_a_line() {
    let taxes = |scope: &str, quantity: u32, minor: i64| {
        let request = serde_json::from_value(serde_json::json!({
            "currency": "INR", "date": DAYS[2], "rounding": {"scope": scope, "mode": "half_up"},
            "seller": {"country": "IN", "region": "MH", "registrations": ["IN"], "prices_include_tax": true},
            "buyer": {"country": "IN", "region": "MH"},
            "lines": [{"name": "it", "tax_class": "digital_music", "quantity": quantity, "kind": "digital",
                "unit_price": {"minor": minor, "currency": "INR", "exponent": 2}}],
        }))
        .unwrap();
        let context = Context {
            rules: &TaxRules::built_in(),
            items: &[],
            prices: &PriceList::default(),
            shipping: &ShippingTable::default(),
            promotions: Promotions::default(),
        };
        let amounts = quote(&request, &context).unwrap().totals;
        assert_eq!(amounts.gross.minor(), minor * i64::from(quantity), "{scope} {quantity}");
        amounts.taxes.iter().map(|tax| tax.amount.minor()).collect::<Vec<_>>()
    };
    assert_eq!(taxes("unit", 50, 10_000), [38_125, 38_125]);
    assert_eq!(taxes("unit", 3, 10_000), [2_288, 2_287]);
    // By the line 5000.00 * 18/118 = 762.7119.
    assert_eq!(taxes("line", 50, 10_000), [38_136, 38_135]);
}

#[test]
fn a_law_of_no_tax_counts_for_who_is_registered_there_too() {
    let treated = |place: &str| {
        let registrations = [place.to_owned()];
        let supply = Supply {
            seller: place,
            seller_region: None,
            registrations: &registrations,
            country: place,
            region: None,
            postcode: None,
            valid_business: false,
            tax_id: None,
            ships_from: None,
            value: None,
            class: "digital_music",
            date: DAYS[2].parse().unwrap(),
        };
        let table = TaxRules::built_in();
        let treatment = table.treat(&supply);
        (treatment.status, treatment.reason)
    };
    for place in ["GG", "GL"] {
        assert_eq!(treated(place), (TaxStatus::OutsideScope, "outside_tax_territory"), "{place}");
    }
    for place in ["GI", "JE"] {
        assert_eq!(treated(place), (TaxStatus::NoRule, "territory_without_table"), "{place}");
    }
}
