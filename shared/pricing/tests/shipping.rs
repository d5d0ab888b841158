//! Shipping: zones, bands, methods, handling, free-over, tax; the cases by name and what holds for any table.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::*;
use vitrine_pricing::tax::{Accuracy, TaxRules};

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}

fn parcel(weight_g: u64, goods: i64) -> Parcel {
    Parcel { weight_g, volume_mm3: 0, sides_mm: None, pieces: 1, goods: eur(goods) }
}

fn to<'a>(country: &'a str, region: Option<&'a str>, postcode: Option<&'a str>) -> Destination<'a> {
    Destination { country, region, postcode }
}

fn table(value: Value) -> ShippingTable {
    let table: ShippingTable = serde_json::from_value(value).unwrap();
    table.check(Currency::EUR).unwrap();
    table
}

fn goods(minor: i64, quantity: u32) -> Value {
    json!({ "name": "A print", "quantity": quantity, "kind": "physical", "tax_class": "goods", "weight_g": 400, "unit_price": { "minor": minor, "currency": "EUR" } })
}

fn file(minor: i64) -> Value {
    json!({ "name": "An album", "quantity": 1, "kind": "digital", "tax_class": "digital_music", "unit_price": { "minor": minor, "currency": "EUR" } })
}

fn ask(lines: Vec<Value>, shipping: Value, more: Value) -> Result<Quote, QuoteError> {
    let mut document = json!({
        "currency": "EUR", "date": "2026-11-28",
        "seller": { "country": "DE", "registrations": ["DE", "EU-OSS"], "prices_include_tax": true },
        "buyer": { "country": "DE" }, "lines": lines, "shipping": shipping,
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request: QuoteRequest = serde_json::from_value(document).unwrap();
    let context = Context {
        rules: &TaxRules::built_in(),
        items: &[],
        prices: &PriceList::default(),
        shipping: &ShippingTable::default(),
        promotions: Default::default(),
    };
    quote(&request, &context)
}

fn rate(zone: &str, minor: i64, more: Value) -> Value {
    let mut rate = json!({ "zone": zone, "amount": { "minor": minor, "currency": "EUR" } });
    rate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rate
}

fn money(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

fn two_methods() -> Value {
    json!({
        "zones": [{ "id": "DE", "countries": ["DE"] }],
        "methods": [{ "id": "express", "name": "By morning" }, { "id": "post", "name": "By post" }],
        "rates": [
            rate("DE", 1500, json!({ "method": "express" })),
            rate("DE", 490, json!({ "method": "post", "up_to_g": 1000, "free_over": money(5000) })),
            rate("DE", 990, json!({ "method": "post", "up_to_g": 5000, "free_over": money(5000) })),
        ],
    })
}

#[test]
fn the_zone_that_names_a_place_most_closely_wins() {
    let table = table(json!({
        "zones": [
            { "id": "world", "countries": ["*"] },
            { "id": "us", "countries": ["US"] },
            { "id": "far", "places": [{ "country": "US", "region": "HI" }, { "country": "US", "region": "AK" }] },
            { "id": "de", "countries": ["DE"] },
            { "id": "berlin", "places": [{ "country": "DE", "postcode_from": "10115", "postcode_to": "14199" }] },
            { "id": "mitte", "places": [{ "country": "DE", "postcode_prefix": "101" }] },
            { "id": "later", "countries": ["DE"], "places": [{ "country": "DE", "postcode_prefix": "10-1" }] },
            { "id": "isles", "places": [{ "country": "GB", "postcode_prefix": "ka 27" }] },
            { "id": "gb", "countries": ["GB"] },
        ],
        "rates": [],
    }));
    let zone = |to: Destination<'_>| table.zone(&to).map(|z| z.id.as_str());
    assert_eq!(zone(to("FR", None, None)), Some("world"));
    assert_eq!(zone(to("US", None, None)), Some("us"));
    assert_eq!(zone(to("US", Some("hi"), Some("96801"))), Some("far"));
    assert_eq!(zone(to("US", Some("NY"), Some("10115"))), Some("us"), "a postcode is one of its country");
    assert_eq!(zone(to("DE", None, None)), Some("de"), "without a postcode only the country is known");
    assert_eq!(zone(to("DE", None, Some("10117"))), Some("mitte"), "a longer beginning, and the first of two");
    assert_eq!(zone(to("DE", None, Some("14199"))), Some("berlin"));
    assert_eq!(zone(to("DE", None, Some("14200"))), Some("de"));
    assert_eq!(zone(to("DE", None, Some("1411"))), Some("de"), "too short to be in a range");
    assert_eq!(zone(to("GB", None, Some("KA27 8AA"))), Some("isles"));
    assert_eq!(zone(to("GB", None, Some("ka2 1AA"))), Some("gb"));
}

#[test]
fn methods_that_only_rates_name_count_and_no_more_than_twenty_are_offered() {
    let named = |count: usize| {
        let rates: Vec<Value> = (0..count).map(|n| rate("DE", 500, json!({ "method": format!("m{n}") }))).collect();
        json!({ "zones": [{ "id": "DE", "countries": ["DE"] }], "methods": [{ "id": "m0", "name": "By post" }], "rates": rates })
    };
    let read = |count| serde_json::from_value::<ShippingTable>(named(count)).unwrap();
    assert_eq!(read(20).check(Currency::EUR), Ok(()));
    let fault = read(21).check(Currency::EUR).unwrap_err();
    assert_eq!(fault, ("rates[20].method".to_owned(), "at most 20 methods, described or not"));
    // Stored before it was asked for.
    assert_eq!(read(5000).offers(&to("DE", None, None), &parcel(100, 100)).unwrap().len(), 20);
}

#[test]
fn excluded_places_fall_to_the_next_zone_or_are_not_sent_to() {
    let table = table(json!({
        "zones": [
            { "id": "us", "countries": ["US"], "except": [{ "country": "US", "region": "HI" }] },
            { "id": "world", "countries": ["*"] },
            { "id": "es", "countries": ["ES"], "except": [{ "country": "ES", "postcode_prefix": "35" }] },
        ],
        "rates": [],
        "except": [{ "country": "RU" }, { "country": "ES", "postcode_prefix": "38" }],
    }));
    let zone = |to: Destination<'_>| table.zone(&to).map(|z| z.id.as_str());
    assert_eq!(zone(to("US", Some("HI"), None)), Some("world"));
    assert_eq!(zone(to("US", Some("CA"), None)), Some("us"));
    assert_eq!(zone(to("ES", None, Some("35001"))), Some("world"));
    assert_eq!(zone(to("ES", None, Some("38001"))), None);
    assert_eq!(zone(to("ES", None, Some("28001"))), Some("es"));
    assert_eq!(zone(to("RU", None, None)), None);
}

#[test]
fn bands_go_by_weight_by_room_and_by_worth() {
    let table = table(json!({
        "zones": [{ "id": "DE", "countries": ["DE"] }],
        "methods": [{ "id": "post", "name": "Post" }, { "id": "air", "name": "Air", "dim_divisor": 5000 }],
        "rates": [
            rate("DE", 900, json!({ "method": "post", "up_to_g": 5000 })),
            rate("DE", 400, json!({ "method": "post", "up_to_g": 1000 })),
            rate("DE", 1000, json!({ "method": "air", "up_to_g": 1000 })),
            rate("DE", 3000, json!({ "method": "air", "up_to_g": 5000 })),
            rate("DE", 700, json!({ "method": "worth", "up_to_goods": money(2000) })),
            rate("DE", 200, json!({ "method": "worth" })),
        ],
    }));
    let amounts = |parcel: &Parcel| -> Vec<(String, i64, u64)> {
        let offers = table.offers(&to("DE", None, None), parcel).unwrap();
        offers.iter().map(|o| (o.method.to_owned(), o.amount.minor(), o.billed_g)).collect()
    };
    let row = |method: &str, minor, billed| (method.to_owned(), minor, billed);
    assert_eq!(amounts(&parcel(1000, 2000)), [row("post", 400, 1000), row("air", 1000, 1000), row("worth", 700, 1000)]);
    assert_eq!(amounts(&parcel(1001, 2001)), [row("post", 900, 1001), row("air", 3000, 1001), row("worth", 200, 1001)]);
    // 30 x 30 x 20 cm are 18,000 cm³, which count for 3.6 kg by air; one cubic millimetre more for a gram more.
    let room = Parcel { volume_mm3: 300 * 300 * 200, ..parcel(800, 2000) };
    assert_eq!(amounts(&room)[..2], [row("post", 400, 800), row("air", 3000, 3600)]);
    assert_eq!(Parcel { volume_mm3: 18_000_001, ..room }.billed_g(Some(5000)), 3601);
    // Too heavy for all but the one by worth.
    assert_eq!(amounts(&parcel(9000, 1)), [row("worth", 700, 9000)]);
}

#[test]
fn the_cheapest_method_is_taken_unless_another_is_asked_for() {
    let quote = ask(vec![goods(1000, 1)], two_methods(), json!({})).unwrap();
    let offered = |q: &Quote| -> Vec<(String, String, i64, bool)> {
        let row = |m: &OfferedMethod| (m.id.clone(), m.name.clone(), m.amount.minor(), m.chosen);
        q.shipping_methods.iter().map(row).collect()
    };
    let row = |id: &str, name: &str, minor, chosen| (id.to_owned(), name.to_owned(), minor, chosen);
    assert_eq!(offered(&quote), [row("express", "By morning", 1500, false), row("post", "By post", 490, true)]);
    assert_eq!(quote.shipping.as_ref().unwrap().gross.minor(), 490);
    let quote = ask(vec![goods(1000, 1)], two_methods(), json!({ "shipping_method": "express" })).unwrap();
    assert_eq!(offered(&quote), [row("express", "By morning", 1500, true), row("post", "By post", 490, false)]);
    assert_eq!(quote.totals.gross.minor(), 2500);
    assert!(quote.explain.iter().any(|s| s.rule == "DE/express"));
    // Too heavy for the post, whatever was asked.
    let refused = ask(vec![goods(10, 20)], two_methods(), json!({ "shipping_method": "post" })).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("no_such_method", "shipping_method"));
    let away = json!({ "shipping_method": "post", "buyer": { "country": "FR" } });
    assert_eq!(ask(vec![goods(10, 1)], two_methods(), away).unwrap_err().code(), "not_shipped");
}

#[test]
fn a_method_says_its_name_in_each_language_and_its_days() {
    let mut table = two_methods();
    table["methods"][0]["names"] = json!({ "de": "Bis morgen", "pt-BR": "Até amanhã" });
    table["methods"][0]["days"] = json!({ "from": 1, "to": 1 });
    let quote = ask(vec![goods(1000, 1)], table.clone(), json!({ "shipping_method": "express" })).unwrap();
    let sent = quote.sent_by().unwrap();
    assert_eq!(sent.days, Some(Days { from: 1, to: 1 }));
    for (tag, name) in [
        ("de-AT", "Bis morgen"),
        ("DE", "Bis morgen"),
        ("pt-br", "Até amanhã"),
        ("pt-PT", "By morning"),
        ("", "By morning"),
    ] {
        assert_eq!(sent.called(tag), name, "{tag}");
    }
    let bare = |id: &str| OfferedMethod { id: id.into(), name: String::new(), ..sent.clone() };
    assert_eq!((bare("air").called("fr"), bare("standard").called("fr")), ("air", ""));
    for (field, wrong) in [
        ("names", json!({ "": "x" })),
        ("names", json!({ "de": "" })),
        ("names", json!({ "de": "x".repeat(201) })),
        ("names", json!({ "d e": "x" })),
        ("names", (0..11).map(|n| (format!("a{n}"), json!("x"))).collect()),
        ("days", json!({ "from": 3, "to": 2 })),
        ("days", json!({ "from": 0, "to": 366 })),
    ] {
        let mut table = table.clone();
        table["methods"][0][field] = wrong;
        let refused = ask(vec![goods(1000, 1)], table, json!({})).unwrap_err();
        assert_eq!(refused.field(), format!("shipping.methods[0].{field}"));
    }
}

#[test]
fn digital_lines_are_never_shipped_and_mixed_carts_ship_the_rest() {
    let files = ask(vec![file(5000)], two_methods(), json!({ "shipping_method": "express" })).unwrap();
    assert_eq!((files.shipping, files.shipping_methods.len()), (None, 0));
    // Nothing is sent to France by this table; files need no parcel.
    assert!(ask(vec![file(5000)], two_methods(), json!({ "buyer": { "country": "FR" } })).is_ok());
    let mixed = ask(vec![file(4900), goods(1000, 2)], two_methods(), json!({})).unwrap();
    assert_eq!(mixed.shipping.as_ref().unwrap().gross.minor(), 490, "a file neither weighs nor lifts the threshold");
    let free = ask(vec![file(1), goods(5000, 1)], two_methods(), json!({})).unwrap();
    assert_eq!(free.shipping.unwrap().gross.minor(), 0);
}

#[test]
fn handling_is_once_and_per_piece_and_free_with_the_rest() {
    let table = |more: Value| {
        let mut one = json!({ "handling": money(100), "handling_per_item": money(25) });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "zones": [{ "id": "DE", "countries": ["DE"] }], "rates": [rate("DE", 490, one)] })
    };
    let quote = ask(vec![goods(1000, 3), file(100), goods(10, 2)], table(json!({})), json!({})).unwrap();
    assert_eq!(quote.shipping.as_ref().unwrap().gross.minor(), 490 + 100 + 5 * 25);
    assert_eq!(quote.shipping_methods[0].amount.minor(), 715);
    let told = quote.explain.iter().find(|s| s.rule == "handling").unwrap();
    assert_eq!(told.amount.unwrap().minor(), 225);
    let free = ask(vec![goods(1000, 3)], table(json!({ "free_over": money(3000) })), json!({})).unwrap();
    assert_eq!(free.shipping.unwrap().gross.minor(), 0);
    let foreign = table(json!({ "handling": { "minor": 1, "currency": "USD" } }));
    let refused = ask(vec![goods(1, 1)], foreign, json!({})).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("invalid", "shipping.rates[0].handling"));
    let huge = table(json!({ "handling_per_item": money(9_007_199_254_740_991) }));
    let refused = ask(vec![goods(1, 2)], huge, json!({})).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("too_large", "shipping"));
}

#[test]
fn shipping_is_taxed_with_the_goods_or_by_its_own_rate_whatever_the_method() {
    let world = json!({
        "zones": [{ "id": "all", "countries": ["*"] }],
        "rates": [rate("all", 1000, json!({ "method": "slow" })), rate("all", 2000, json!({ "method": "fast" }))],
    });
    let book = json!({ "name": "B", "quantity": 1, "kind": "physical", "tax_class": "printed_book", "unit_price": money(1000) });
    let more = json!({ "shipping_method": "fast" });
    let quote = ask(vec![goods(1000, 1), book], world.clone(), more).unwrap();
    let shipping = quote.shipping.unwrap();
    let taxes: Vec<_> = shipping.taxes.iter().map(|t| (t.rate_ppm, t.base.minor() + t.amount.minor())).collect();
    assert_eq!((shipping.gross.minor(), taxes.len()), (2000, 2));
    assert!(taxes.contains(&(190_000, 1000)) && taxes.contains(&(70_000, 1000)), "{taxes:?}");
    // New York taxes it by a row of its own; the goods leave from there.
    let more = json!({
        "seller": { "country": "US", "region": "NY", "registrations": ["US-NY"], "prices_include_tax": false },
        "buyer": { "country": "US", "region": "NY" },
    });
    let quote = ask(vec![goods(1000, 1)], world, more).unwrap();
    assert_eq!(quote.shipping.unwrap().taxes.len(), 1);
}

#[test]
fn shipping_and_the_whole_say_why_they_are_taxed_so() {
    let album = file(1000);
    let world = json!({ "zones": [{ "id": "all", "countries": ["*"] }], "rates": [rate("all", 500, json!({}))] });
    let statuses = |lines: Vec<Value>, more: Value| {
        let quote = ask(lines, world.clone(), more).unwrap();
        let answer = serde_json::to_value(&quote).unwrap();
        let word = |name: &str| answer[name].as_str().unwrap_or("-").to_owned();
        (word("shipping_tax_status"), word("tax_status"))
    };
    let all = |one: &str, all: &str| (one.to_owned(), all.to_owned());
    assert_eq!(statuses(vec![goods(1000, 1)], json!({})), all("taxed", "taxed"));
    assert_eq!(statuses(vec![album.clone()], json!({})), all("-", "taxed"), "nothing is sent");
    // Goods leave the Union untaxed; nobody is registered for the album there.
    let away = json!({ "buyer": { "country": "CH" } });
    assert_eq!(statuses(vec![album.clone()], away.clone()), all("-", "not_registered"));
    assert_eq!(statuses(vec![goods(1000, 1)], away.clone()), all("zero_rated", "zero_rated"));
    assert_eq!(statuses(vec![goods(1000, 1), album], away), all("zero_rated", "mixed"));
    // Sent from two countries to a third: shipping shares both fates.
    let mut abroad = goods(1000, 1);
    abroad["ships_from"] = "US".into();
    let two = statuses(vec![goods(1000, 1), abroad], json!({ "buyer": { "country": "FR" } }));
    assert_eq!(two, all("mixed", "mixed"));
}

#[test]
fn a_quote_says_until_when_it_holds_and_old_ones_are_read() {
    let quote = ask(vec![goods(1000, 1)], two_methods(), json!({})).unwrap();
    assert_eq!(quote.valid_until.unwrap().to_string(), "2026-11-29T00:00:00Z", "the end of the day");
    let mut kept = serde_json::to_value(&quote).unwrap();
    kept.as_object_mut().unwrap().retain(|name, _| name != "shipping_methods" && name != "valid_until");
    let old: Quote = serde_json::from_value(kept.clone()).unwrap();
    assert_eq!((old.totals, old.shipping_methods.len(), old.valid_until), (quote.totals.clone(), 0, None));
    // And one from when it was a day.
    kept["valid_until"] = "2026-11-28".into();
    let old: Quote = serde_json::from_value(kept).unwrap();
    assert_eq!(old.valid_until, quote.valid_until);
    // A table as it was written before there were methods and places.
    let old = json!({
        "zones": [{ "id": "EU", "countries": ["DE", "FR"] }],
        "rates": [
            { "zone": "EU", "up_to_g": 500, "amount": money(300) },
            { "zone": "EU", "up_to_g": 2000, "amount": money(890), "free_over": null },
        ],
    });
    let quote = ask(vec![goods(1000, 2)], old, json!({})).unwrap();
    assert_eq!((quote.shipping.unwrap().gross.minor(), quote.shipping_methods[0].id.as_str()), (890, "standard"));
    assert!(quote.explain.iter().any(|s| s.rule == "EU<=2000g" && s.source == "shipping"));
}

#[test]
fn room_of_lines_counts_with_all_three_sides() {
    let table = json!({
        "zones": [{ "id": "DE", "countries": ["DE"] }],
        "methods": [{ "id": "air", "name": "Air", "dim_divisor": 5000 }],
        "rates": [rate("DE", 1000, json!({ "method": "air", "up_to_g": 1000 })), rate("DE", 3000, json!({ "method": "air", "up_to_g": 9000 }))],
    });
    let sized = |more: Value| {
        let mut line = goods(1000, 2);
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let quote = ask(vec![line], table.clone(), json!({})).unwrap();
        let step = quote.explain.iter().find(|s| s.kind == StepKind::Shipping).unwrap();
        (quote.shipping.as_ref().unwrap().gross.minor(), step.source.clone())
    };
    assert_eq!(sized(json!({})), (1000, "shipping".into()));
    assert_eq!(sized(json!({ "length_mm": 300, "width_mm": 300 })), (1000, "shipping".into()));
    let (amount, source) = sized(json!({ "length_mm": 300, "width_mm": 300, "height_mm": 200 }));
    assert_eq!((amount, source.as_str()), (3000, "shipping.dim_divisor"));
    // The largest there can be is too heavy, not too large to compute.
    let most = json!({ "length_mm": u32::MAX, "width_mm": u32::MAX, "height_mm": u32::MAX, "quantity": 1_000_000 });
    let mut line = goods(1, 1);
    line.as_object_mut().unwrap().extend(most.as_object().unwrap().clone());
    assert_eq!(ask(vec![line], table, json!({})).unwrap_err().code(), "not_shipped");
}

#[test]
fn tables_out_of_bounds_name_their_field() {
    let base = || {
        json!({
            "zones": [{ "id": "DE", "countries": ["DE"] }],
            "rates": [rate("DE", 490, json!({}))], "methods": [{ "id": "a", "name": "A" }], "except": [],
        })
    };
    let far = "x".repeat(65);
    for (path, value, field) in [
        ("/zones/0/id", json!(far), "zones[0].id"),
        ("/zones/0/places", json!([{ "country": "DEU" }]), "zones[0].places[0].country"),
        ("/zones/0/places", json!([{ "country": "DE", "postcode_from": "10" }]), "zones[0].places[0].postcode_to"),
        ("/zones/0/except", json!([{ "country": "DE", "postcode_to": "10" }]), "zones[0].except[0].postcode_from"),
        ("/except", json!([{ "country": "DE", "postcode_from": "2", "postcode_to": "1" }]), "except[0].postcode_to"),
        ("/except", json!([{ "country": "DE", "postcode_from": "2", "postcode_to": "33" }]), "except[0].postcode_to"),
        ("/except", json!([{ "country": "DE", "postcode_prefix": "- " }]), "except[0].postcode_prefix"),
        ("/rates/0/method", json!(""), "rates[0].method"),
        ("/rates/0/amount/minor", json!(-1), "rates[0].amount"),
        ("/rates/0/up_to_goods", json!({ "minor": 1, "currency": "USD" }), "rates[0].up_to_goods"),
        ("/methods", json!([{ "id": "a", "name": "" }, { "id": "a", "name": "" }]), "methods[1].id"),
        ("/methods/0/dim_divisor", json!(0), "methods[0].dim_divisor"),
        ("/methods/0/name", json!("x".repeat(201)), "methods[0].name"),
    ] {
        let mut table = base();
        let (at, name) = path.rsplit_once('/').unwrap();
        table.pointer_mut(at).unwrap().as_object_mut().unwrap().insert(name.into(), value);
        let refused = ask(vec![goods(1, 1)], table, json!({})).unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("invalid", format!("shipping.{field}").as_str()));
    }
    let method = json!({ "shipping_method": far });
    assert_eq!(ask(vec![goods(1, 1)], base(), method).unwrap_err().field(), "shipping_method");
}

/// Zone, method, grams, amount, handling, handling per piece.
type Band = (usize, usize, Option<u64>, i64, i64, i64);

fn any_table() -> impl Strategy<Value = ShippingTable> {
    let rate = (0usize..3, 0usize..3, prop::option::of(1u64..5000), 0i64..3000, 0i64..300, 0i64..50);
    let over = prop::option::of(0i64..20_000);
    let divisors = prop::collection::vec(prop::option::of(1000u32..8000), 3);
    (prop::collection::vec((rate, over), 1..12), divisors).prop_map(|(rates, divisors)| {
        let zone =
            |i: usize| Zone { id: format!("z{i}"), countries: vec![["DE", "FR", "*"][i].into()], ..Zone::default() };
        let method =
            |(i, dim_divisor): (usize, Option<u32>)| Method { id: format!("m{i}"), dim_divisor, ..Method::default() };
        let rate = |((zone, method, up_to_g, amount, handling, each), over): (Band, Option<i64>)| Rate {
            method: Some(format!("m{method}")),
            up_to_g,
            handling: Some(eur(handling)),
            handling_per_item: Some(eur(each)),
            free_over: over.map(eur),
            ..Rate::flat(format!("z{zone}"), eur(amount))
        };
        ShippingTable {
            zones: (0..3).map(zone).collect(),
            rates: rates.into_iter().map(rate).collect(),
            methods: divisors.into_iter().enumerate().map(method).collect(),
            except: vec![],
        }
    })
}

#[test]
fn a_band_by_size_carries_what_lies_in_it_and_nothing_of_unknown_size() {
    let sized = |amount: i64, up_to_mm, up_to_g| Rate { up_to_mm, up_to_g, ..Rate::flat("all", eur(amount)) };
    let table = ShippingTable {
        zones: vec![Zone { id: "all".into(), countries: vec!["*".into()], ..Zone::default() }],
        rates: vec![
            sized(700, None, Some(2000)),
            // Sides in any order; wider by weight than the parcel's, and still the narrower band, for size is asked first.
            sized(300, Some([25, 353, 250]), Some(5000)),
            sized(150, Some([10, 235, 125]), None),
        ],
        ..ShippingTable::default()
    };
    table.check(eur(0).currency()).unwrap();
    let costs = |pieces: &[(u32, Option<[u32; 3]>)]| {
        let mut parcel = Parcel { goods: eur(1000), ..Parcel::empty(eur(0).currency()) };
        for (count, sides) in pieces {
            parcel.put(*count, 100, *sides);
        }
        table.offers(&to("DE", None, None), &parcel).unwrap().first().map(|offer| offer.amount.minor())
    };
    let card = Some([120, 5, 230]);
    assert_eq!(costs(&[(1, card)]), Some(150));
    assert_eq!(costs(&[(2, card)]), Some(150), "10 mm high");
    assert_eq!(costs(&[(3, card)]), Some(300), "15 mm");
    assert_eq!(costs(&[(5, card)]), Some(300), "25 mm, inclusive");
    assert_eq!(costs(&[(6, card)]), Some(700));
    assert_eq!(costs(&[(1, card), (1, Some([353, 250, 20]))]), Some(300));
    assert_eq!(costs(&[(1, card), (1, Some([354, 250, 20]))]), Some(700));
    assert_eq!(costs(&[(1, card), (1, None)]), Some(700), "nobody knows how large it is");
    for (sides, good) in [([1, 1, 10_000], true), ([0, 1, 1], false), ([1, 1, 10_001], false)] {
        let rates = vec![sized(100, Some(sides), None)];
        let checked = ShippingTable { rates, ..table.clone() }.check(eur(0).currency());
        assert_eq!(checked.err().map(|(path, _)| path), (!good).then(|| "rates[0].up_to_mm".to_owned()));
    }
    // Through a quote: the step names the band.
    let mut line = goods(1000, 2);
    for (name, side) in [("length_mm", 230), ("width_mm", 120), ("height_mm", 5)] {
        line[name] = json!(side);
    }
    let quote = ask(vec![line, file(99)], serde_json::to_value(&table).unwrap(), json!({})).unwrap();
    assert!(quote.explain.iter().any(|step| step.rule == "all<=10x235x125mm"), "{:?}", quote.explain);
}

proptest! {
    #[test]
    fn the_cheapest_is_chosen_and_the_narrowest_band_applies(table in any_table(), weight in 0u64..6000, minor in 0i64..30_000, quantity in 1u32..5) {
        let mut line = goods(minor, quantity);
        line["weight_g"] = json!(weight / u64::from(quantity));
        let shipping = serde_json::to_value(&table).unwrap();
        match ask(vec![line, file(99)], shipping, json!({})) {
            Err(refused) => prop_assert_eq!(refused.code(), "not_shipped"),
            Ok(quote) => {
                let chosen: Vec<_> = quote.shipping_methods.iter().filter(|m| m.chosen).collect();
                prop_assert_eq!(chosen.len(), 1);
                prop_assert!(quote.shipping_methods.iter().all(|m| m.amount.minor() >= chosen[0].amount.minor()));
                prop_assert_eq!(quote.shipping.as_ref().unwrap().list, chosen[0].amount);
                prop_assert_eq!(quote.shipping.unwrap().gross.minor() + minor * i64::from(quantity) + 99, quote.totals.gross.minor());
            }
        }
    }

    #[test]
    fn goods_that_cost_more_and_weigh_the_same_never_cost_more_to_send(table in any_table(), weight in 0u64..6000, a in 0i64..30_000, b in 0i64..30_000) {
        let (less, more) = (a.min(b), a.max(b));
        let of = |goods: i64| table.offers(&to("DE", None, None), &parcel(weight, goods)).unwrap();
        let (less, more) = (of(less), of(more));
        prop_assert_eq!(less.len(), more.len(), "what is offered goes by weight");
        for (less, more) in less.iter().zip(&more) {
            prop_assert!(more.amount.minor() <= less.amount.minor());
            let over = less.rate.free_over;
            prop_assert!(more.amount == less.amount || (more.amount.is_zero() && over.is_some()));
        }
    }

    #[test]
    fn a_table_comes_back_from_its_text_and_the_order_of_rates_changes_nothing(table in any_table(), weight in 0u64..6000) {
        let text = serde_json::to_string(&table).unwrap();
        let read: ShippingTable = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &table);
        let band = |r: &Rate| (r.zone.clone(), r.method.clone(), r.up_to_g);
        let mut bands: Vec<_> = table.rates.iter().map(band).collect();
        bands.sort();
        bands.dedup();
        prop_assume!(bands.len() == table.rates.len());
        let mut turned = table.clone();
        turned.rates.reverse();
        for country in ["DE", "FR", "IT"] {
            let (place, parcel) = (to(country, None, None), parcel(weight, 100));
            prop_assert_eq!(table.offers(&place, &parcel), turned.offers(&place, &parcel));
        }
    }
}

#[test]
fn shipping_and_the_whole_say_how_exact_their_tax_is() {
    let world = json!({ "zones": [{ "id": "all", "countries": ["*"] }], "rates": [rate("all", 500, json!({}))] });
    let told = |lines: Vec<Value>, more: Value| {
        let quote = ask(lines, world.clone(), more).unwrap();
        (quote.shipping_accuracy, quote.accuracy)
    };
    let (full, state) = (Some(Accuracy::Full), Some(Accuracy::State));
    let states = |region: &str| {
        json!({
            "seller": { "country": "US", "region": region, "registrations": [format!("US-{region}")], "prices_include_tax": false },
            "buyer": { "country": "US", "region": region },
        })
    };
    assert_eq!(told(vec![goods(1000, 1)], json!({})), (full, full));
    assert_eq!(told(vec![file(1000)], json!({})), (None, full), "nothing is sent");
    // The counties and cities of New York tax goods and shipping, those of Michigan nothing.
    assert_eq!(told(vec![goods(1000, 1)], states("NY")), (state, state));
    assert_eq!(told(vec![goods(1000, 1)], states("MI")), (full, full));
    assert_eq!(told(vec![file(1000)], states("NY")), (None, state));
}

/// What may still be sent once more of the place is said, and never what no rate carries.
#[test]
fn a_place_that_is_not_said_yet_may_be_one_of_a_zone() {
    let table = table(json!({
        "zones": [
            { "id": "berlin", "places": [{ "country": "DE", "postcode_from": "10115", "postcode_to": "14199" }] },
            { "id": "quebec", "places": [{ "country": "CA", "region": "QC", "postcode_prefix": "H" }, { "country": "CA", "region": "ON" }],
              "except": [{ "country": "CA", "region": "ON", "postcode_prefix": "K1" }] },
        ],
        "rates": [rate("berlin", 390, json!({ "up_to_g": 1000 })), rate("quebec", 900, json!({ "up_to_g": 5000 }))],
    }));
    let both = MoreToSay { region: true, postcode: true };
    let (no_region, no_postcode) = (MoreToSay { region: false, ..both }, MoreToSay { postcode: false, ..both });
    let rows = [
        (to("DE", None, None), both, 1000, true),
        (to("DE", None, Some(" ")), both, 1000, true),
        (to("DE", None, None), both, 1001, false),
        (to("DE", None, None), no_postcode, 1000, false),
        (to("DE", None, Some("20457")), both, 1000, false),
        // There, so nothing is open; and a region that is not said decides nothing here.
        (to("DE", None, Some("10115")), both, 1000, false),
        (to("FR", None, None), both, 1000, false),
        (to("CA", None, None), both, 5000, true),
        (to("CA", None, None), no_region, 5000, false),
        (to("CA", None, None), no_postcode, 5000, true),
        (to("CA", Some("BC"), None), both, 5000, false),
        (to("CA", Some("qc"), None), both, 5000, true),
        (to("CA", Some("qc"), None), no_postcode, 5000, false),
        (to("CA", None, Some("H2X 1Y4")), both, 5000, true),
        (to("CA", None, Some("H2X 1Y4")), no_region, 5000, false),
    ];
    for (to, more, weight_g, may) in rows {
        assert_eq!(table.may_send(&to, more, &parcel(weight_g, 1000)), may, "{to:?} {more:?} {weight_g}");
    }
    let nowhere = ShippingTable { except: vec![Place { country: "DE".into(), ..Place::default() }], ..table };
    assert!(!nowhere.may_send(&to("DE", None, None), both, &parcel(100, 1000)));
}
