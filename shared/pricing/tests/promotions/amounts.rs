//! How much is taken off which lines, and the tax on what is left.

use super::*;

#[test]
fn ten_pounds_over_three_equal_lines_is_ten_pounds_in_every_order() {
    let gbp = |minor: i64| json!({ "minor": minor, "currency": "GBP" });
    let pounds = promotion("p", json!({ "kind": "amount", "amounts": [gbp(1000)] }), json!({}));
    let lines = ["a", "b", "c"].map(|name| line(name, "ebook", 2000, 1));
    let quote = Doc::of("GB", "GBP", &lines).promotions(std::slice::from_ref(&pounds)).ask();
    assert_eq!((offs(&quote), off(&quote.totals)), (vec![334, 333, 333], 1000));
    // The penny stays with its line, wherever that stands.
    let turned = [2, 0, 1].map(|i| lines[i].clone());
    let quote = Doc::of("GB", "GBP", &turned).promotions(&[pounds]).ask();
    assert_eq!(offs(&quote), [333, 334, 333]);
}

#[test]
fn lines_at_two_rates_share_an_order_discount_by_price_and_tax_is_recomputed_per_rate() {
    // 10.00 of 10.70 + 29.30: 2.675 -> 2.67 and 7.325 -> 7.33 (the remainders are .5 and .5: the larger line has it).
    let quote = Doc::eur(&[line("book", "ebook", 1070, 1), line("album", "digital_music", 2930, 1)])
        .promotions(&[promotion("p", amount(1000), json!({}))])
        .ask();
    assert_eq!(offs(&quote), [267, 733]);
    // 8.03 * 7/107 = 0.5253; 21.97 * 19/119 = 3.5078
    let taxes: Vec<i64> = quote.lines.iter().map(|l| l.amounts.tax.minor()).collect();
    assert_eq!(taxes, [53, 351]);
    assert_eq!(quote.totals.gross.minor(), 3000);
    // Prices without tax: the tax is on what is left. 8.03 * 7 % = 0.5621; 21.97 * 19 % = 4.1743
    let quote = Doc::eur(&[line("book", "ebook", 1070, 1), line("album", "digital_music", 2930, 1)])
        .with("/seller/prices_include_tax", json!(false))
        .promotions(&[promotion("p", amount(1000), json!({}))])
        .ask();
    let taxes: Vec<i64> = quote.lines.iter().map(|l| l.amounts.tax.minor()).collect();
    assert_eq!((taxes, quote.totals.net.minor(), quote.totals.gross.minor()), (vec![56, 417], 3000, 3473));
}

#[test]
fn a_total_of_zero_needs_a_promotion_that_allows_it() {
    let lines = [line("a", "ebook", 1000, 1), line("b", "ebook", 500, 1)];
    let all = |more: Value| promotion("free", percent(1_000_000), more);
    let refused = Doc::eur(&lines).promotions(&[all(json!({ "code": "FREE" }))]).codes(&["FREE"]).ask();
    assert_eq!((reason(&refused, "FREE").as_deref(), refused.totals.gross.minor()), (Some("zero_total"), 1500));
    let allowed = Doc::eur(&lines).promotions(&[all(json!({ "code": "FREE", "allow_zero": true }))]).codes(&["FREE"]);
    assert_eq!((reason(&allowed.ask(), "FREE"), allowed.ask().totals.gross.minor()), (None, 0));
    // The last one of several that together leave nothing is the one that must allow it.
    let two = [promotion("a", amount(600), json!({})), promotion("b", amount(900), json!({ "code": "B" }))];
    let quote = Doc::eur(&lines).promotions(&two).codes(&["B"]).ask();
    assert_eq!((reason(&quote, "B").as_deref(), quote.totals.gross.minor()), (Some("zero_total"), 900));
    // A line may be free.
    let one = promotion("a", percent(1_000_000), json!({ "items": { "products": ["b"] } }));
    assert_eq!(offs(&Doc::eur(&lines).promotions(&[one]).ask()), [0, 500]);
    // Free items, and then free shipping: nothing would be left in all.
    let sent = [parcel("gift", 0, 1)];
    let post = |more: Value| promotion("post", json!({ "kind": "free_shipping" }), more);
    assert_eq!(Doc::eur(&sent).promotions(&[post(json!({}))]).ask().totals.gross.minor(), 490);
    assert_eq!(Doc::eur(&sent).promotions(&[post(json!({ "allow_zero": true }))]).ask().totals.gross.minor(), 0);
}

#[test]
fn a_percent_code_takes_at_most_its_maximum() {
    let half = json!({ "kind": "percent", "rate_ppm": 500_000, "at_most": [eur(2000)] });
    let ask = |minor: i64| {
        Doc::eur(&[line("a", "ebook", minor, 1), line("b", "digital_music", minor, 1)])
            .promotions(&[promotion("p", half.clone(), json!({ "code": "HALF" }))])
            .codes(&["HALF"])
    };
    assert_eq!(offs(&ask(1000).ask()), [500, 500]);
    assert_eq!(offs(&ask(5001).ask()), [1000, 1000], "20.00 of 50.01");
    // Without a maximum in the currency it is not an unbounded one.
    let quote = Doc::of("GB", "GBP", &[line("a", "ebook", 1000, 1)])
        .promotions(&[promotion("p", half.clone(), json!({ "code": "HALF" }))])
        .codes(&["HALF"])
        .ask();
    assert_eq!(reason(&quote, "HALF").as_deref(), Some("wrong_currency"));
}

#[test]
fn a_percentage_is_rounded_once_and_shared() {
    // 10 % of 0.15 is 0.015, 0.02; rounded by line it would be 0.03.
    let lines = ["a", "b", "c"].map(|name| line(name, "ebook", 5, 1));
    let quote = Doc::eur(&lines).promotions(&[promotion("p", percent(TEN), json!({}))]).ask();
    assert_eq!(offs(&quote), [1, 1, 0]);
    let quote = Doc::eur(&[line("a", "ebook", 4, 1)])
        .promotions(&[promotion("p", percent(TEN), json!({ "code": "X" }))])
        .codes(&["X"])
        .ask();
    assert_eq!(reason(&quote, "X").as_deref(), Some("nothing_to_discount"), "0.4 of a cent is no use of a code");
    assert!(quote.reservations.is_empty());
}

#[test]
fn a_fixed_amount_above_what_qualifies_takes_what_is_there() {
    let quote = Doc::eur(&[line("a", "ebook", 1000, 1), line("b", "ebook", 700, 2)])
        .promotions(&[promotion("p", amount(5000), json!({ "items": { "products": ["b"] } }))])
        .ask();
    assert_eq!((offs(&quote), quote.totals.gross.minor()), (vec![0, 1400], 1000));
}

#[test]
fn what_a_business_abroad_does_not_owe_is_taken_out_of_what_is_left() {
    // 12.00 less a tenth is 10.80 with 20 % inside: 9.00.
    let quote = Doc::eur(&[line("album", "digital_music", 1200, 1)])
        .with("/seller/registrations", json!(["DE", "EU-OSS"]))
        .with(
            "/buyer",
            json!({ "country": "FR", "business": true, "tax_id": "FR40303265045", "tax_id_state": "valid" }),
        )
        .promotions(&[promotion("p", percent(TEN), json!({}))])
        .ask();
    assert_eq!(quote.lines[0].tax_status, TaxStatus::ReverseCharged);
    assert_eq!((quote.totals.list.minor(), off(&quote.totals), quote.totals.gross.minor()), (1200, 120, 900));
}

#[test]
fn free_shipping_takes_off_shipping_and_its_tax() {
    let free = |benefit: Value| promotion("post", benefit, json!({ "code": "POST" }));
    let lines = [parcel("vinyl", 2000, 1), line("book", "ebook", 1000, 1)];
    let plain = Doc::eur(&lines).ask();
    // 4.90 * 19/119 = 0.7824
    assert_eq!(plain.shipping.as_ref().unwrap().tax.minor(), 78);
    let quote = Doc::eur(&lines).promotions(&[free(json!({ "kind": "free_shipping" }))]).codes(&["POST"]).ask();
    let shipping = quote.shipping.as_ref().unwrap();
    assert_eq!((shipping.list.minor(), off(shipping), shipping.tax.minor(), shipping.gross.minor()), (490, 490, 0, 0));
    assert_eq!(quote.totals.tax.minor(), plain.totals.tax.minor() - 78);
    // At most 2.00 of it: 2.90 * 19/119 = 0.4630
    let some = free(json!({ "kind": "free_shipping", "at_most": [eur(200)] }));
    let quote = Doc::eur(&lines).promotions(&[some]).codes(&["POST"]).ask();
    let shipping = quote.shipping.as_ref().unwrap();
    assert_eq!((off(shipping), shipping.tax.minor(), shipping.gross.minor()), (200, 46, 290));
    // Shipping of two rates: each part loses its share.
    let mut book = parcel("book", 2000, 1);
    book["tax_class"] = json!("printed_book");
    let some = free(json!({ "kind": "free_shipping", "at_most": [eur(200)] }));
    let quote = Doc::eur(&[parcel("vinyl", 2000, 1), book]).promotions(&[some]).codes(&["POST"]).ask();
    // 1.45 each: 1.45 * 19/119 = 0.2315, 1.45 * 7/107 = 0.0949
    assert_eq!(quote.shipping.unwrap().tax.minor(), 23 + 9);
    let quote = Doc::eur(&[line("a", "ebook", 1000, 1)])
        .promotions(&[free(json!({ "kind": "free_shipping" }))])
        .codes(&["POST"])
        .ask();
    assert_eq!(reason(&quote, "POST").as_deref(), Some("no_item_qualifies"), "nothing is sent");
}

#[test]
fn free_shipping_that_is_free_already_stands_in_nobodys_way() {
    let promotions = [
        promotion("post", json!({ "kind": "free_shipping" }), json!({ "excludes": ["ten"], "code": "POST" })),
        promotion("ten", percent(TEN), json!({ "priority": 1 })),
    ];
    let doc = Doc::eur(&[parcel("vinyl", 2000, 1)]).promotions(&promotions).codes(&["POST"]);
    let quote = doc.ask();
    assert_eq!((off(&quote.totals), reason(&quote, "POST")), (490, None));
    let quote = doc.with("/shipping/rates/0/free_over", eur(1500)).ask();
    assert_eq!((off(&quote.totals), reason(&quote, "POST").as_deref()), (200, Some("nothing_to_discount")));
    assert_eq!(quote.reservations.iter().map(|r| r.promotion.as_str()).collect::<Vec<_>>(), ["ten"]);
    // Shipping is free by what is listed: a discount never makes it dearer.
    let ten = promotion("ten", percent(TEN), json!({}));
    let doc = Doc::eur(&[parcel("vinyl", 2000, 1)]).with("/shipping/rates/0/free_over", eur(2000)).promotions(&[ten]);
    assert_eq!(doc.ask().totals.gross.minor(), 1800);
}

#[test]
fn buy_x_get_y_takes_the_cheapest_units_and_splits_a_line() {
    let offer = |benefit: Value| [promotion("p", benefit, json!({}))];
    let two_one = json!({ "kind": "buy_x_get_y", "buy": 2, "get": 1 });
    let lines = [line("dear", "ebook", 3000, 1), line("cheap", "ebook", 1000, 5)];
    // Six units: two sets, two of the five cheap ones are free.
    assert_eq!(offs(&Doc::eur(&lines).promotions(&offer(two_one.clone())).ask()), [0, 2000]);
    // Across lines: five units are one set and two more.
    let lines = [line("a", "ebook", 3000, 2), line("b", "ebook", 900, 1), line("c", "ebook", 2000, 2)];
    assert_eq!(offs(&Doc::eur(&lines).promotions(&offer(two_one.clone())).ask()), [0, 900, 0]);
    // Half off two of four: the cheapest two are one of each line.
    let half = json!({ "kind": "buy_x_get_y", "buy": 1, "get": 1, "rate_ppm": 500_000 });
    let lines = [line("a", "ebook", 3000, 3), line("b", "ebook", 901, 1)];
    // 4.505 is rounded up.
    assert_eq!(offs(&Doc::eur(&lines).promotions(&offer(half)).ask()), [1500, 451]);
    // An incomplete set: what exceeds `buy`.
    let two_two = json!({ "kind": "buy_x_get_y", "buy": 2, "get": 2 });
    assert_eq!(offs(&Doc::eur(&[line("a", "ebook", 1000, 3)]).promotions(&offer(two_two)).ask()), [1000]);
    let once = json!({ "kind": "buy_x_get_y", "buy": 1, "get": 1, "times": 1 });
    assert_eq!(offs(&Doc::eur(&[line("a", "ebook", 1000, 9)]).promotions(&offer(once)).ask()), [1000]);
    // What is free is neither bought nor got.
    let lines = [line("gift", "ebook", 0, 5), line("a", "ebook", 1000, 2)];
    assert_eq!(offs(&Doc::eur(&lines).promotions(&offer(two_one)).ask()), [0, 0]);
}

#[test]
fn something_else_is_got_for_what_is_bought() {
    let poster = json!({ "kind": "buy_x_get_y", "buy": 2, "get": 1, "got": { "products": ["poster"] } });
    let code = json!({ "code": "POSTER", "items": { "products": ["vinyl", "poster"] } });
    let doc = |lines: &[Value]| {
        Doc::eur(lines).promotions(&[promotion("p", poster.clone(), code.clone())]).codes(&["POSTER"]).ask()
    };
    assert_eq!(
        offs(&doc(&[line("vinyl", "digital_other", 2000, 5), line("poster", "digital_other", 700, 3)])),
        [0, 1400]
    );
    let few = doc(&[line("vinyl", "digital_other", 2000, 1), line("poster", "digital_other", 700, 3)]);
    assert_eq!(reason(&few, "POSTER").as_deref(), Some("minimum"));
    let none = doc(&[line("vinyl", "digital_other", 2000, 4)]);
    assert_eq!(reason(&none, "POSTER").as_deref(), Some("no_item_qualifies"));
}

#[test]
fn a_bundle_price_is_shared_over_its_members() {
    let members = json!([{ "sku": "album" }, { "sku": "score", "quantity": 2 }]);
    let bundle = |at: Value| {
        [promotion("b", json!({ "kind": "bundle", "members": members, "at": at }), json!({ "code": "SET" }))]
    };
    let lines =
        [line("album", "digital_music", 1200, 1), line("score", "ebook", 900, 3), line("other", "ebook", 500, 1)];
    // One set: 12.00 + 2 * 9.00 = 30.00 for 20.00. 10.00 is shared 4.00 and 6.00; the third score costs what it costs.
    let at_twenty = json!({ "prices": [eur(2000)] });
    let quote = Doc::eur(&lines).promotions(&bundle(at_twenty.clone())).codes(&["SET"]).ask();
    assert_eq!(offs(&quote), [400, 600, 0]);
    // 8.00 * 19/119 = 1.2773; 21.00 * 7/107 = 1.3738
    assert_eq!(quote.lines.iter().map(|l| l.amounts.tax.minor()).collect::<Vec<_>>(), [128, 137, 33]);
    let quote = Doc::eur(&lines).promotions(&bundle(json!({ "rate_ppm": TEN }))).codes(&["SET"]).ask();
    assert_eq!(offs(&quote), [120, 180, 0]);
    let short = [line("album", "digital_music", 1200, 1), line("score", "ebook", 900, 1)];
    let quote = Doc::eur(&short).promotions(&bundle(at_twenty.clone())).codes(&["SET"]).ask();
    assert_eq!(reason(&quote, "SET").as_deref(), Some("minimum"));
    let dear = bundle(json!({ "prices": [eur(3000)] }));
    let quote = Doc::eur(&lines).promotions(&dear).codes(&["SET"]).ask();
    assert_eq!(reason(&quote, "SET").as_deref(), Some("nothing_to_discount"), "no dearer than its parts");
    // Members are in several lines; two sets at most once.
    let two = [line("album", "digital_music", 1200, 2), line("score", "ebook", 900, 4)];
    assert_eq!(off(&Doc::eur(&two).promotions(&bundle(at_twenty)).codes(&["SET"]).ask().totals), 2000);
}

#[test]
fn per_unit_rounding_of_a_discounted_line_rounds_each_unit_by_itself() {
    // 3 * 10.00 less 1.00 is 29.00: two units at 9.67 and one at 9.66. 9.67 * 19/119 = 1.5439, 9.66 * 19/119 = 1.5424: 3 * 1.54.
    let doc = |scope: &str| {
        Doc::eur(&[line("a", "digital_music", 1000, 3)])
            .with("/rounding", json!({ "scope": scope }))
            .promotions(&[promotion("p", amount(100), json!({}))])
            .ask()
    };
    let quote = doc("unit");
    assert_eq!((quote.totals.tax.minor(), quote.totals.net.minor(), quote.totals.gross.minor()), (462, 2438, 2900));
    // 29.00 * 19/119 = 4.6303
    assert_eq!((doc("line").totals.tax.minor(), doc("document").totals.tax.minor()), (463, 463));
    // Units whose taxes differ: 2 * 0.10 less 0.01: 0.10 and 0.09, 0.0160 -> 0.02 and 0.0144 -> 0.01.
    let quote = Doc::eur(&[line("a", "digital_music", 10, 2)])
        .with("/rounding", json!({ "scope": "unit" }))
        .promotions(&[promotion("p", amount(1), json!({}))])
        .ask();
    assert_eq!((quote.totals.tax.minor(), quote.totals.gross.minor()), (3, 19));
}

#[test]
fn promotions_are_applied_by_priority_then_id_on_what_is_left() {
    let doc = |a: i64, b: i64| {
        let promotions = [
            promotion("b", amount(500), json!({ "priority": b })),
            promotion("a", percent(TEN), json!({ "priority": a })),
        ];
        let quote = Doc::eur(&[line("x", "ebook", 2000, 1)]).promotions(&promotions).ask();
        quote.totals.discounts.iter().map(|d| (d.promotion.clone(), d.amount.minor())).collect::<Vec<_>>()
    };
    let (a, b) = (|minor: i64| ("a".to_owned(), minor), |minor: i64| ("b".to_owned(), minor));
    // 10 % of 20.00, then 5.00; or 5.00, then 10 % of 15.00.
    assert_eq!(doc(0, 0), [a(200), b(500)]);
    assert_eq!(doc(1, 0), [b(500), a(150)]);
    assert_eq!(doc(-1, 0), [a(200), b(500)]);
}

#[test]
fn import_limits_are_measured_by_what_is_paid() {
    // EUR 150 a consignment: 160.00 less a tenth is below it.
    let mut piece = parcel("vinyl", 16_000, 1);
    piece["ships_from"] = json!("US");
    let doc = |promotions: &[Value]| {
        let seller = json!({ "country": "US", "registrations": ["EU-IOSS"], "prices_include_tax": false });
        Doc::eur(std::slice::from_ref(&piece)).with("/seller", seller).promotions(promotions).ask()
    };
    assert_eq!(doc(&[]).lines[0].tax_status, TaxStatus::OutsideScope);
    assert_eq!(doc(&[promotion("p", percent(TEN), json!({}))]).lines[0].tax_status, TaxStatus::Taxed);
    // NOK 3,000 a piece: two at 3,100.00 less 200.00 together are 3,000.00 each.
    let mut piece = parcel("vinyl", 310_000, 2);
    piece["ships_from"] = json!("US");
    let doc = |minor: i64| {
        let seller = json!({ "country": "US", "registrations": ["NO"], "prices_include_tax": false });
        let off = json!({ "kind": "amount", "amounts": [{ "minor": minor, "currency": "NOK" }] });
        let doc = Doc::of("NO", "NOK", std::slice::from_ref(&piece)).with("/seller", seller);
        doc.promotions(&[promotion("p", off, json!({}))]).ask().lines[0].tax_status
    };
    assert_eq!([doc(20_001), doc(20_000)], [TaxStatus::Taxed; 2]);
    assert_eq!(doc(19_999), TaxStatus::OutsideScope, "one piece is at 3,000.01");
}
