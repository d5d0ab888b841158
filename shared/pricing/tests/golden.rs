//! Documents with amounts computed by hand; the arithmetic stands beside each case.

use vitrine_pricing::format::*;
use vitrine_pricing::market::{MarketSource, choose_market};
use vitrine_pricing::money::{Currency, Money, MoneyError, RoundingMode, mul_ratio};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{Accuracy, TaxRule, TaxRules, TaxStatus};
use vitrine_pricing::territory::is_member;

fn ask_with(json: serde_json::Value, prices: &PriceList, items: &[Sellable]) -> Result<Quote, QuoteError> {
    let request: QuoteRequest = serde_json::from_value(json).expect("document");
    let rules = TaxRules::built_in();
    quote(
        &request,
        &Context {
            rules: &rules,
            items,
            prices,
            shipping: &ShippingTable::default(),
            promotions: Promotions::default(),
        },
    )
}

fn ask(json: serde_json::Value) -> Result<Quote, QuoteError> {
    ask_with(json, &PriceList::default(), &[])
}

fn line(class: &str, kind: &str, minor: i64, currency: &str, quantity: u32) -> serde_json::Value {
    serde_json::json!({"name": class, "tax_class": class, "kind": kind, "quantity": quantity,
        "weight_g": (kind == "physical").then_some(200), "unit_price": {"minor": minor, "currency": currency}})
}

fn doc(
    seller: (&str, &[&str], bool),
    buyer: (&str, Option<&str>),
    currency: &str,
    lines: Vec<serde_json::Value>,
) -> serde_json::Value {
    serde_json::json!({"currency": currency, "date": "2026-11-22",
        "seller": {"country": seller.0, "registrations": seller.1, "prices_include_tax": seller.2},
        "buyer": {"country": buyer.0, "region": buyer.1}, "lines": lines,
        "shipping": {"zones": [{"id": "all", "countries": ["*"]}],
            "rates": [{"zone": "all", "up_to_g": 2000, "amount": {"minor": 490, "currency": currency}}]}})
}

fn sums(q: &Quote) -> (i64, i64, i64) {
    (q.totals.net.minor(), q.totals.tax.minor(), q.totals.gross.minor())
}

const DE: (&str, &[&str], bool) = ("DE", &["DE", "EU-OSS"], true);

#[test]
fn germany_taxes_an_ebook_and_an_album_apart() {
    // 9.99 * 7/107 = 0.6536; 8.99 * 19/119 = 1.4354
    let q = ask(doc(
        DE,
        ("DE", None),
        "EUR",
        vec![line("ebook", "digital", 999, "EUR", 1), line("digital_music", "digital", 899, "EUR", 1)],
    ))
    .unwrap();
    assert_eq!(sums(&q), (934 + 755, 65 + 144, 1898));
    assert_eq!(q.totals.taxes.len(), 2);
    assert!(q.shipping.is_none(), "digital is never shipped");
    let sources: Vec<_> = q.explain.iter().filter(|s| s.kind == StepKind::Tax).map(|s| s.source.as_str()).collect();
    assert!(sources.iter().all(|s| s.starts_with("UStG § 12")), "{sources:?}");
}

#[test]
fn france_through_one_stop_shop() {
    // 9.99 * 55/1055 = 0.5208
    let q = ask(doc(DE, ("FR", None), "EUR", vec![line("ebook", "digital", 999, "EUR", 1)])).unwrap();
    assert_eq!(sums(&q), (947, 52, 999));
    assert_eq!(q.totals.taxes[0].jurisdiction, "FR");
}

#[test]
fn small_seller_without_one_stop_shop_taxes_at_home() {
    let q =
        ask(doc(("DE", &["DE"], true), ("FR", None), "EUR", vec![line("ebook", "digital", 999, "EUR", 1)])).unwrap();
    assert_eq!(sums(&q), (934, 65, 999));
    assert!(q.explain.iter().any(|s| s.rule == "origin_below_threshold"));
}

#[test]
fn britain_zero_rates_books() {
    // 7.99 / 6 = 1.3317
    let q = ask(doc(
        ("GB", &["GB"], true),
        ("GB", None),
        "GBP",
        vec![line("ebook", "digital", 799, "GBP", 1), line("digital_music", "digital", 799, "GBP", 1)],
    ))
    .unwrap();
    assert_eq!(sums(&q), (799 + 666, 133, 1598));
    assert_eq!(q.lines[0].tax_status, TaxStatus::ZeroRated);
}

#[test]
fn switzerland_and_japan() {
    // 12.00 * 81/1081 = 0.8992
    let q =
        ask(doc(("CH", &["CH"], true), ("CH", None), "CHF", vec![line("digital_music", "digital", 1200, "CHF", 1)]))
            .unwrap();
    assert_eq!(sums(&q), (1110, 90, 1200));
    // 1500 / 11 = 136.36
    let q =
        ask(doc(("JP", &["JP"], true), ("JP", None), "JPY", vec![line("ebook", "digital", 1500, "JPY", 1)])).unwrap();
    assert_eq!(sums(&q), (1364, 136, 1500));
}

#[test]
fn quebec_charges_two_taxes_on_the_net() {
    // 10.00 * 5 % = 0.50; 10.00 * 9.975 % = 0.9975
    let q = ask(doc(
        ("CA", &["CA", "CA-QC"], false),
        ("CA", Some("QC")),
        "CAD",
        vec![line("digital_music", "digital", 1000, "CAD", 1)],
    ))
    .unwrap();
    assert_eq!(sums(&q), (1000, 150, 1150));
    let taxes: Vec<_> = q.totals.taxes.iter().map(|t| (t.name.as_str(), t.amount.minor())).collect();
    assert_eq!(taxes, [("GST", 50), ("QST", 100)]);
}

#[test]
fn new_york_taxes_the_parcel_and_its_shipping_not_the_download() {
    // 15.00 * 4 % = 0.60; 4.90 * 4 % = 0.196
    let q = ask(doc(
        ("US", &["US-NY"], false),
        ("US", Some("NY")),
        "USD",
        vec![line("digital_music", "digital", 999, "USD", 1), line("physical_music", "physical", 1500, "USD", 1)],
    ))
    .unwrap();
    assert_eq!(sums(&q), (999 + 1500 + 490, 80, 3069));
    assert_eq!((q.lines[0].tax_status, q.lines[1].tax_status), (TaxStatus::ZeroRated, TaxStatus::Taxed));
    assert_eq!(q.lines[1].accuracy, Accuracy::State);
    let q =
        ask(doc(("US", &[], false), ("US", Some("TX")), "USD", vec![line("ebook", "digital", 999, "USD", 1)])).unwrap();
    assert_eq!((q.lines[0].tax_status, q.totals.tax.minor()), (TaxStatus::NotRegistered, 0));
}

#[test]
fn mixed_order_shares_shipping_by_value_of_the_parcels() {
    // 4.90 over 20.00 : 10.00 = 3.27 + 1.63; 3.27*7/107 = 0.2139; 1.63*19/119 = 0.2603
    // 20.00*7/107 = 1.3084; 10.00*19/119 = 1.5966; 9.99*7/107 = 0.6536
    let q = ask(doc(
        DE,
        ("DE", None),
        "EUR",
        vec![
            line("printed_book", "physical", 2000, "EUR", 1),
            line("physical_music", "physical", 1000, "EUR", 1),
            line("ebook", "digital", 999, "EUR", 1),
        ],
    ))
    .unwrap();
    let shipping = q.shipping.as_ref().unwrap();
    assert_eq!((shipping.net.minor(), shipping.tax.minor(), shipping.gross.minor()), (443, 47, 490));
    assert_eq!(sums(&q), (4489 - 47 - 131 - 160 - 65, 47 + 131 + 160 + 65, 4489));
}

#[test]
fn rounding_policy_is_followed() {
    // 38.23 / 6 = 6.3717 a unit; 382.30 / 6 = 63.7167
    for (scope, tax) in [("unit", 6370), ("line", 6372), ("document", 6372)] {
        let courses = vec![line("digital_other", "digital", 3823, "GBP", 10)];
        let mut json = doc(("GB", &["GB"], true), ("GB", None), "GBP", courses);
        json["rounding"] = serde_json::json!({"scope": scope});
        assert_eq!(sums(&ask(json).unwrap()), (38230 - tax, tax, 38230));
    }
    assert_eq!(mul_ratio(5, 1, 2, RoundingMode::HalfUp), Ok(3));
    assert_eq!(mul_ratio(5, 1, 2, RoundingMode::HalfEven), Ok(2));
    assert_eq!(mul_ratio(-5, 1, 2, RoundingMode::HalfUp), Ok(-3));
}

#[test]
fn reverse_charge_only_across_borders_and_only_when_valid() {
    let mut json = doc(DE, ("FR", None), "EUR", vec![line("digital_music", "digital", 1200, "EUR", 1)]);
    json["buyer"] =
        serde_json::json!({"country": "FR", "business": true, "tax_id": "FR40303265045", "tax_id_state": "valid"});
    // 12.00 / 1.2 = 10.00
    let q = ask(json.clone()).unwrap();
    assert_eq!((sums(&q), q.lines[0].tax_status), ((1000, 0, 1000), TaxStatus::ReverseCharged));
    json["buyer"]["tax_id_state"] = "pending".into();
    assert_eq!(sums(&ask(json.clone()).unwrap()), (1000, 200, 1200));
    json["buyer"]["tax_id_state"] = "valid".into();
    json["buyer"]["country"] = "DE".into();
    assert_eq!(ask(json).unwrap().lines[0].tax_status, TaxStatus::Taxed);
}

#[test]
fn an_id_of_the_sellers_own_country_proves_no_border() {
    let mut json = doc(DE, ("FR", None), "EUR", vec![line("digital_music", "digital", 1200, "EUR", 1)]);
    for (id, status) in [
        ("DE334385776", TaxStatus::Taxed),
        (" de 334 385 776", TaxStatus::Taxed),
        ("FR95761384197", TaxStatus::ReverseCharged),
        ("EL545182442", TaxStatus::ReverseCharged),
    ] {
        json["buyer"] = serde_json::json!({"country": "FR", "business": true, "tax_id": id, "tax_id_state": "valid"});
        assert_eq!(ask(json.clone()).unwrap().lines[0].tax_status, status, "{id}");
    }
    // Greek ids have other letters than Greece.
    json["seller"] =
        serde_json::json!({"country": "GR", "registrations": ["GR", "EU-OSS"], "prices_include_tax": true});
    json["buyer"] =
        serde_json::json!({"country": "FR", "business": true, "tax_id": "EL545182442", "tax_id_state": "valid"});
    assert_eq!(ask(json).unwrap().lines[0].tax_status, TaxStatus::Taxed);
}

#[test]
fn a_seat_on_the_canary_islands_is_outside_the_union() {
    let album = line("digital_music", "digital", 1000, "EUR", 1);
    let mut json = doc(("ES", &["ES-CN"], true), ("ES", None), "EUR", vec![album]);
    json["seller"]["region"] = "GC".into();
    assert_eq!(ask(json.clone()).unwrap().lines[0].tax_status, TaxStatus::NotRegistered, "no threshold from there");
    json["buyer"]["postcode"] = "35001".into();
    // 10.00 * 7/107 = 0.6542
    assert_eq!(sums(&ask(json).unwrap()), (935, 65, 1000));
}

#[test]
fn a_consignment_is_what_leaves_from_one_country() {
    // Two pieces of 100.00 from one country are above EUR 150, from two countries they are not.
    let piece = |from: &str| {
        let mut line = line("goods", "physical", 10_000, "EUR", 1);
        line["ships_from"] = from.into();
        line
    };
    let ask = |lines| ask(doc(("US", &["EU-IOSS"], false), ("DE", None), "EUR", lines)).unwrap();
    let q = ask(vec![piece("US"), piece("US")]);
    assert_eq!((q.lines[0].tax_status, q.totals.tax.minor()), (TaxStatus::OutsideScope, 0));
    // 100.00 * 19 % twice, 4.90 of shipping in halves of 2.45 * 19 % = 0.4655, here of one treatment: 4.90 * 19 % = 0.931
    let q = ask(vec![piece("US"), piece("CN")]);
    assert_eq!((q.lines[1].tax_status, q.totals.tax.minor()), (TaxStatus::Taxed, 1900 + 1900 + 93));
    let mut three = line("goods", "physical", 8_000, "EUR", 2);
    three["ships_from"] = "US".into();
    assert_eq!(ask(vec![three]).lines[0].tax_status, TaxStatus::OutsideScope, "the quantity counts");
}

#[test]
fn unknown_places_are_never_silently_zero() {
    let mut json = doc(DE, ("BR", None), "EUR", vec![line("ebook", "digital", 999, "EUR", 1)]);
    let refused = ask(json.clone()).unwrap_err();
    assert_eq!((refused.field(), refused.clone()), ("buyer.country", QuoteError::NoTaxRule { place: "BR".into() }));
    json["no_rule"] = "export".into();
    assert_eq!(ask(json).unwrap().lines[0].tax_status, TaxStatus::NoRule);
    // What is owed and not known yet is no export.
    let mut states = doc(("US", &["US-NY"], false), ("US", None), "USD", vec![line("ebook", "digital", 999, "USD", 1)]);
    states["no_rule"] = "export".into();
    assert_eq!(ask(states).unwrap_err(), QuoteError::NoTaxRule { place: "US".into() });
    let mut early = doc(DE, ("DE", None), "EUR", vec![line("ebook", "digital", 999, "EUR", 1)]);
    early["date"] = "2019-01-01".into();
    assert!(matches!(ask(early), Err(QuoteError::NoTaxRule { .. })));
}

#[test]
fn goods_across_the_customs_border() {
    let goods = || vec![line("goods", "physical", 1000, "CHF", 1)];
    let q = ask(doc(DE, ("CH", None), "CHF", goods())).unwrap();
    assert_eq!((q.lines[0].tax_status, q.totals.gross.minor()), (TaxStatus::ZeroRated, 1490));
    let q = ask(doc(("US", &[], false), ("CH", None), "CHF", goods())).unwrap();
    assert_eq!(q.lines[0].tax_status, TaxStatus::OutsideScope);
}

fn shop() -> (PriceList, Vec<Sellable>) {
    let entry = |sku: &str, region: &str, currency: &str, from: &str, price: serde_json::Value| serde_json::json!({"sku": sku, "region": region, "currency": currency, "valid_from": from, "price": price});
    let fixed = |n: i64| serde_json::json!({"shape": "fixed", "amount_minor": n});
    let prices = serde_json::json!({"id": "main", "entries": [
        entry("album", "world", "EUR", "2026-01-01", fixed(1000)),
        entry("album", "eu", "EUR", "2026-01-01", fixed(900)),
        entry("album", "de", "EUR", "2026-01-01", fixed(800)),
        entry("album", "de", "EUR", "2026-06-01", fixed(850)),
        entry("tip", "world", "EUR", "2026-01-01", serde_json::json!({"shape": "pay_what_you_want", "min_minor": 0, "suggested_minor": 500})),
    ]});
    let item =
        |sku: &str| serde_json::json!({"sku": sku, "name": sku, "kind": "digital", "tax_class": "digital_music"});
    (
        serde_json::from_value(prices).unwrap(),
        serde_json::from_value(serde_json::json!([item("album"), item("tip")])).unwrap(),
    )
}

#[test]
fn price_lookup_goes_from_market_to_group_to_world() {
    let (prices, items) = shop();
    for (country, minor) in [("DE", 850), ("FR", 900), ("IT", 900)] {
        let json = doc(DE, (country, None), "EUR", vec![serde_json::json!({"sku": "album", "quantity": 1})]);
        assert_eq!(ask_with(json, &prices, &items).unwrap().totals.list.minor(), minor, "{country}");
    }
    let json = doc(DE, ("DE", None), "CHF", vec![serde_json::json!({"sku": "album", "quantity": 1})]);
    assert!(matches!(ask_with(json, &prices, &items), Err(QuoteError::NotForSale { .. })));
    let tip = serde_json::json!({"sku": "tip", "quantity": 1, "named_price": {"minor": 0, "currency": "EUR"}});
    assert_eq!(ask_with(doc(DE, ("DE", None), "EUR", vec![tip]), &prices, &items).unwrap().totals.gross.minor(), 0);
    let named = serde_json::json!({"sku": "album", "quantity": 1, "named_price": {"minor": 0, "currency": "EUR"}});
    assert_eq!(
        ask_with(doc(DE, ("DE", None), "EUR", vec![named]), &prices, &items).unwrap_err().field(),
        "lines[0].named_price"
    );
}

#[test]
fn bad_documents_name_the_field() {
    let mut json = doc(DE, ("XX", None), "EUR", vec![line("ebook", "digital", 1, "EUR", 1)]);
    assert_eq!(ask(json.clone()).unwrap_err().field(), "buyer.country");
    json["buyer"]["country"] = "DE".into();
    json["lines"][0]["quantity"] = 0.into();
    assert_eq!(ask(json.clone()).unwrap_err().field(), "lines[0].quantity");
    json["lines"][0] = line("ebook", "digital", 1, "USD", 1);
    assert_eq!(ask(json.clone()).unwrap_err().field(), "lines[0].unit_price");
    json["surprise"] = 1.into();
    assert!(serde_json::from_value::<QuoteRequest>(json).unwrap_err().to_string().contains("surprise"));
}

#[test]
fn what_cannot_be_together_is_refused_by_its_field() {
    let album = || line("digital_music", "digital", 1000, "EUR", 1);
    let disc = || line("physical_music", "physical", 1000, "EUR", 1);
    let with = |mut line: serde_json::Value, name: &str, value: serde_json::Value| {
        line[name] = value;
        line
    };
    let eur = serde_json::json!({"minor": 900, "currency": "EUR"});
    for (line, field) in [
        (with(album(), "tax_class", "printed_book".into()), "tax_class"),
        (with(album(), "tax_class", "physical_media".into()), "tax_class"),
        (with(album(), "tax_class", "goods".into()), "tax_class"),
        (with(disc(), "tax_class", "ebook".into()), "tax_class"),
        (with(disc(), "tax_class", "subscription_digital".into()), "tax_class"),
        (with(album(), "kind", "physical".into()), "tax_class"),
        (with(album(), "weight_g", 100.into()), "weight_g"),
        (with(album(), "weight_g", 0.into()), "weight_g"),
        (with(album(), "height_mm", 1.into()), "height_mm"),
        (with(album(), "ships_from", "DE".into()), "ships_from"),
        (with(album(), "named_price", eur.clone()), "named_price"),
        (with(disc(), "named_price", eur), "named_price"),
        (with(album(), "sku", "album".into()), "name"),
    ] {
        let refused = ask(doc(DE, ("DE", None), "EUR", vec![album(), line.clone()])).unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("impossible", format!("lines[1].{field}").as_str()), "{line}");
    }
    for (name, value) in [("tax_id_state", "valid"), ("tax_id_state", "pending")] {
        let mut json = doc(DE, ("FR", None), "EUR", vec![album()]);
        json["buyer"][name] = value.into();
        let refused = ask(json).unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("impossible", "buyer.tax_id_state"), "no id: {value}");
    }
    let mut json = doc(DE, ("FR", None), "EUR", vec![album()]);
    json["buyer"] = serde_json::json!({"country": "FR", "tax_id": "FR40303265045", "tax_id_state": "valid"});
    assert_eq!(ask(json).unwrap_err().field(), "buyer.tax_id_state", "no business");
    // What may be either is: a reading of a book, and a class of one's own.
    for (class, kind) in
        [("audiobook", "digital"), ("audiobook", "physical"), ("mine", "digital"), ("mine", "physical")]
    {
        ask(doc(DE, ("DE", None), "EUR", vec![line(class, kind, 1000, "EUR", 1)])).unwrap();
    }
}

#[test]
fn a_record_of_two_minds_is_taxed_by_its_kind() {
    let (prices, mut items) = shop();
    items[0].tax_class = "printed_book".into();
    items[0].weight_g = 300;
    let of = |items: &[Sellable]| {
        let album = serde_json::json!({"sku": "album", "quantity": 1});
        ask_with(doc(DE, ("DE", None), "EUR", vec![album]), &prices, items).unwrap()
    };
    // A file of 8.50 is no book at 7 %: 8.50 * 19/119 = 1.3571, and nothing is sent.
    let file = of(&items);
    assert_eq!((sums(&file), file.shipping), ((714, 136, 850), None));
    // And a book by post is no e-book, though Germany asks as much of both elsewhere: the general rate.
    items[0].kind = Kind::Physical;
    items[0].tax_class = "ebook".into();
    let thing = of(&items);
    assert_eq!((thing.lines[0].amounts.tax.minor(), thing.shipping.is_some()), (136, true));
}

#[test]
fn markets_are_chosen_by_choice_then_country_then_locale() {
    let id = |c, x, l| (choose_market(c, x, l).0.id, choose_market(c, x, l).1);
    assert_eq!(id(Some("ch"), Some("DE"), None), ("ch", MarketSource::Choice));
    assert_eq!(id(Some("moon"), Some("se"), None), ("eu", MarketSource::Country));
    assert_eq!(id(None, Some("XX"), Some("de-AT")), ("at", MarketSource::Locale));
    assert_eq!(id(None, None, Some("de")), ("row", MarketSource::Default));
}

#[test]
fn text_is_what_cldr_writes() {
    // Node 20 Intl.NumberFormat, style currency.
    let m = |text: &str, c: &str| Money::parse(text, c.parse().unwrap()).unwrap();
    assert_eq!(format_money(m("1234.50", "USD"), Locale::EnUs), "$1,234.50");
    assert_eq!(format_money(m("-1234.50", "CAD"), Locale::EnUs), "-CA$1,234.50");
    assert_eq!(format_money(m("1", "USD"), Locale::EnGb), "US$1.00");
    assert_eq!(format_money(m("1234.50", "CHF"), Locale::EnUs), "CHF\u{a0}1,234.50");
    assert_eq!(format_money(m("1234567.89", "EUR"), Locale::DeDe), "1.234.567,89\u{a0}€");
    assert_eq!(format_money(m("1234.50", "USD"), Locale::FrFr), "1\u{202f}234,50\u{a0}$US");
    assert_eq!(format_money(m("10000", "JPY"), Locale::EnUs), "¥10,000");
    assert_eq!(format_accounting(m("-5", "USD"), Locale::EnUs), "($5.00)");
    assert_eq!(format_accounting(m("-5", "EUR"), Locale::DeDe), "-5,00\u{a0}€");
    assert_eq!(format_percent(99_750, Locale::EnUs), "9.975%");
    assert_eq!(format_percent(190_000, Locale::DeDe), "19\u{a0}%");
    let day = "2026-11-22".parse().unwrap();
    assert_eq!(
        [Locale::EnUs, Locale::EnGb, Locale::DeDe].map(|l| format_date(day, l)),
        ["Nov 22, 2026", "22 Nov 2026", "22. Nov. 2026"]
    );
    assert_eq!((format_duration(65_999), format_duration(3_725_000)), ("1:05".into(), "1:02:05".into()));
    assert_eq!(format_bytes(1_550_000, Locale::DeDe), "1,6\u{a0}MB");
    assert_eq!(format_bytes(999_999, Locale::EnUs), "1\u{a0}MB");
}

#[test]
fn money_refuses_what_it_cannot_hold() {
    let (eur, usd) = (Money::new(1, Currency::EUR).unwrap(), Money::new(1, Currency::USD).unwrap());
    assert!(matches!(eur.checked_add(usd), Err(MoneyError::CurrencyMismatch { .. })));
    assert_eq!(eur.partial_cmp(&usd), None);
    assert_eq!(Money::new(1 << 53, Currency::EUR), Err(MoneyError::Overflow));
    assert!(
        Money::parse("1.234", Currency::EUR).is_err()
            && Money::parse("1,2", Currency::EUR).is_err()
            && Money::parse(".5", Currency::EUR).is_err()
    );
    assert_eq!(serde_json::to_string(&eur).unwrap(), r#"{"minor":1,"currency":"EUR","exponent":2}"#);
    assert!(serde_json::from_str::<Money>(r#"{"minor":1,"currency":"JPY","exponent":2}"#).is_err());
}

#[test]
fn every_built_in_rule_is_kept_and_named_once() {
    let table = TaxRules::built_in();
    let ids: std::collections::BTreeSet<_> = table.rules().iter().map(|r| &r.id).collect();
    assert_eq!(ids.len(), table.rules().len());
    for day in ["2024-01-01", "2026-11-22"] {
        let on = day.parse().unwrap();
        let standard = |r: &&TaxRule| r.classes.is_empty() && is_member(&r.jurisdiction) && r.is_valid(on);
        assert_eq!(table.rules().iter().filter(standard).count(), 27, "{day}");
    }
    let mut turned = table.rules().to_vec();
    turned.reverse();
    assert_eq!(table.hash(), TaxRules::new(turned.clone()).hash());
    turned[0].rate_ppm += 1;
    assert_ne!(table.hash(), TaxRules::new(turned).hash());
}
