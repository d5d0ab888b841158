//! How promotions, codes and reasons are written, and what is refused.

use super::*;

#[test]
fn codes_are_read_as_people_type_them() {
    let promotions = [promotion("p", percent(TEN), json!({ "code": "Straße-10" }))];
    let doc = |codes: &[&str]| Doc::eur(&[line("a", "ebook", 1000, 1)]).promotions(&promotions).codes(codes);
    let quote = doc(&["  STRAßE-10 ", "straße-10"]).ask();
    assert_eq!(quote.codes.len(), 1, "typed twice, answered once");
    assert_eq!((quote.codes[0].code.as_str(), quote.codes[0].status), ("STRAßE-10", CodeStatus::Applied));
    assert_eq!(quote.totals.discounts[0].source, "Straße-10");
    assert_eq!(off(&doc(&[]).ask().totals), 0, "not by itself");
    let many: Vec<String> = (0..21).map(|n| format!("c{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(doc(&many).tried().unwrap_err().field(), "codes");
    assert_eq!(doc(&["ok", " "]).tried().unwrap_err().field(), "codes[1]");
    assert_eq!(doc(&[&"x".repeat(65)]).tried().unwrap_err().field(), "codes[0]");
}

#[test]
fn what_is_no_promotion_names_its_field() {
    let good = promotion("p", percent(TEN), json!({}));
    for (path, value, field) in [
        ("id", json!(""), "id"),
        ("code", json!("two words"), "code"),
        ("title", json!("x".repeat(201)), "title"),
        ("groups", json!(vec!["g"; 201]), "groups"),
        ("items", json!({ "products": [""] }), "items"),
        ("except", json!({ "artists": ["x".repeat(65)] }), "except"),
        ("minimum", json!([eur(1), eur(2)]), "minimum"),
        ("minimum", json!([eur(0)]), "minimum"),
        ("stacking", json!({ "one_of": "" }), "stacking.one_of"),
        ("benefit", percent(0), "benefit.rate_ppm"),
        ("benefit", percent(1_000_001), "benefit.rate_ppm"),
        ("benefit", json!({ "kind": "amount", "amounts": [] }), "benefit.amounts"),
        ("benefit", amount(-1), "benefit.amounts"),
        ("benefit", json!({ "kind": "free_shipping", "at_most": [eur(0)] }), "benefit.at_most"),
        ("benefit", json!({ "kind": "buy_x_get_y", "buy": 0, "get": 1 }), "benefit.buy"),
        ("benefit", json!({ "kind": "buy_x_get_y", "buy": 1, "get": 1001 }), "benefit.get"),
        ("benefit", json!({ "kind": "buy_x_get_y", "buy": 1, "get": 1, "times": 0 }), "benefit.times"),
        ("benefit", json!({ "kind": "buy_x_get_y", "buy": 1, "get": 1, "got": {} }), "benefit.got"),
        ("benefit", json!({ "kind": "bundle", "members": [], "at": { "rate_ppm": 1 } }), "benefit.members"),
        (
            "benefit",
            json!({ "kind": "bundle", "members": [{ "sku": "a" }, { "sku": "a" }], "at": { "rate_ppm": 1 } }),
            "benefit.members",
        ),
        (
            "benefit",
            json!({ "kind": "bundle", "members": [{ "sku": "a" }], "at": { "prices": [] } }),
            "benefit.at.prices",
        ),
    ] {
        let mut bad = good.clone();
        bad[path] = value.clone();
        let typed: Promotion = serde_json::from_value(bad.clone()).unwrap();
        assert_eq!(typed.check().unwrap_err().field, field, "{value}");
        let refused = Doc::eur(&[line("a", "ebook", 1000, 1)]).promotions(&[good.clone(), bad]).tried().unwrap_err();
        assert_eq!(refused.field(), format!("promotions[1].{field}"));
    }
    let twice = Doc::eur(&[line("a", "ebook", 1, 1)]).promotions(&[good.clone(), good.clone()]).tried().unwrap_err();
    assert_eq!(twice.field(), "promotions[1].id");
    let mut days = good.clone();
    (days["valid_from"], days["valid_to"]) = (json!("2026-02-01"), json!("2026-01-31"));
    let typed: Promotion = serde_json::from_value(days).unwrap();
    assert_eq!(typed.check().unwrap_err().field, "valid_to");
    let mut unknown = good;
    unknown["surprise"] = json!(1);
    assert!(serde_json::from_value::<Promotion>(unknown).unwrap_err().to_string().contains("surprise"));
    let many: Vec<Value> = (0..101).map(|n| promotion(&format!("p{n}"), percent(TEN), json!({}))).collect();
    assert_eq!(Doc::eur(&[line("a", "ebook", 1, 1)]).promotions(&many).tried().unwrap_err().field(), "promotions");
    let customer = json!({ "groups": vec!["g"; 201] });
    assert_eq!(Doc::eur(&[line("a", "ebook", 1, 1)]).customer(customer).tried().unwrap_err().field(), "customer");
}

#[test]
fn reasons_and_promotions_come_back_from_text() {
    for code in SkipReason::codes().filter(|code| *code != "excluded_by") {
        assert_eq!(code.parse::<SkipReason>().unwrap().to_string(), code);
    }
    let by = SkipReason::ExcludedBy("p:1".into());
    assert_eq!((by.to_string().parse(), by.code()), (Ok(by.clone()), "excluded_by"));
    assert!("surprise".parse::<SkipReason>().is_err());
    let text = json!(promotion("p", percent(TEN), json!({ "code": "X" })));
    let typed: Promotion = serde_json::from_value(text).unwrap();
    assert_eq!(serde_json::from_value::<Promotion>(serde_json::to_value(&typed).unwrap()).unwrap(), typed);
    // Quotes of orders from before there were promotions are read as they are.
    let mut old = serde_json::to_value(Doc::eur(&[line("a", "ebook", 1000, 1)]).ask()).unwrap();
    old.as_object_mut().unwrap().remove("codes");
    assert!(serde_json::from_value::<Quote>(old).unwrap().codes.is_empty());
}

#[test]
fn every_reason_has_words_in_every_locale() {
    let english = include_str!("../../../../app/i18n/en-US/trade.ftl");
    let german = include_str!("../../../../app/i18n/de-DE/trade.ftl");
    for code in SkipReason::codes() {
        let message = format!("\ncode-skipped-{} = ", code.replace('_', "-"));
        assert!(english.contains(&message) && german.contains(&message), "{code}");
    }
}

#[test]
fn the_shops_promotions_are_used_where_the_document_has_none() {
    let list: Vec<Promotion> = serde_json::from_value(json!([promotion(
        "p",
        percent(TEN),
        json!({ "groups": ["press"], "items": { "products": ["album"] } })
    )]))
    .unwrap();
    let request = json!({ "currency": "EUR", "date": "2026-11-22", "buyer": { "country": "DE" },
        "seller": { "country": "DE", "registrations": ["DE"], "prices_include_tax": true },
        "lines": [{ "sku": "album-mp3", "quantity": 1 }, { "sku": "tip", "quantity": 1 }] });
    let request: QuoteRequest = serde_json::from_value(request).unwrap();
    let item = |sku: &str, product: &str| json!({ "sku": sku, "name": sku, "kind": "digital", "tax_class": "digital_music", "facets": { "product": product } });
    let entry = |sku: &str| {
        json!({ "sku": sku, "region": "world", "currency": "EUR", "valid_from": "2026-01-01",
            "price": { "shape": "fixed", "amount_minor": 1000 } })
    };
    let items: Vec<Sellable> = serde_json::from_value(json!([item("album-mp3", "album"), item("tip", "tip")])).unwrap();
    let prices: PriceList =
        serde_json::from_value(json!({ "id": "main", "entries": [entry("album-mp3"), entry("tip")] })).unwrap();
    let press = Customer { groups: vec!["press".into()], ..Customer::default() };
    let (rules, shipping) = (TaxRules::built_in(), ShippingTable::default());
    let ask = |promotions: Promotions<'_>| {
        let context = Context { rules: &rules, items: &items, prices: &prices, shipping: &shipping, promotions };
        offs(&quote(&request, &context).unwrap())
    };
    assert_eq!(ask(Promotions { list: &list, customer: &press, ..Promotions::default() }), [100, 0]);
    assert_eq!(ask(Promotions { list: &list, ..Promotions::default() }), [0, 0], "nobody is in no group");
}
