//! Who may have a promotion, when, how often, and beside which others.

use super::*;

#[test]
fn a_code_with_no_uses_left_stays_exhausted() {
    let code = |limits: Value| promotion("p", percent(TEN), json!({ "code": "IMPORTED", "limits": limits }));
    let ask = |limits: Value, used: u32| {
        Doc::eur(&[line("a", "ebook", 1000, 1)])
            .promotions(&[code(limits)])
            .codes(&["imported"])
            .customer(json!({ "usage": [{ "promotion": "p", "total": used }] }))
            .ask()
    };
    assert_eq!(reason(&ask(json!({ "total": 0 }), 0), "imported").as_deref(), Some("exhausted"));
    assert_eq!(reason(&ask(json!({ "total": 5 }), 5), "imported").as_deref(), Some("exhausted"));
    assert_eq!(reason(&ask(json!({ "total": 5 }), 4), "imported"), None);
    assert_eq!(reason(&ask(json!({}), u32::MAX), "imported"), None, "no limit at all");
    assert_eq!(reason(&ask(json!({ "per_customer": 0 }), 0), "imported").as_deref(), Some("used_by_you"));
}

#[test]
fn a_wrong_a_foreign_a_coming_and_an_expired_code_have_one_answer_for_the_buyer() {
    let code = |code: &str, more: Value| {
        let mut more = more;
        more["code"] = json!(code);
        promotion(code, percent(TEN), more)
    };
    let promotions = [
        code("FOREIGN", json!({ "stores": ["elsewhere"] })),
        code("COMING", json!({ "valid_from": "2026-11-23" })),
        code("EXPIRED", json!({ "valid_to": "2026-11-21" })),
        code("TODAY", json!({ "valid_from": "2026-11-22", "valid_to": "2026-11-22", "stores": ["here"] })),
    ];
    let codes = ["WRONG", "FOREIGN", "COMING", "EXPIRED"];
    let typed: Vec<&str> = codes.into_iter().chain(["TODAY"]).collect();
    let quote = Doc::eur(&[line("a", "ebook", 1000, 1)]).promotions(&promotions).codes(&typed).ask();
    let seller = codes.map(|c| reason(&quote, c).unwrap());
    assert_eq!(seller, ["unknown", "not_in_this_store", "not_begun", "ended"]);
    assert_eq!((reason(&quote, "TODAY"), off(&quote.totals)), (None, 100));
    let steps = |q: &Quote| -> Vec<String> {
        q.explain.iter().filter(|s| s.kind == StepKind::CodeSkipped).map(|s| s.rule.clone()).collect()
    };
    assert_eq!(steps(&quote), seller);
    assert_eq!(quote.reservations.len(), 1);
    let shown = quote.for_buyer();
    assert_eq!(codes.map(|c| reason(&shown, c).unwrap()), ["not_valid"; 4]);
    assert_eq!(steps(&shown), ["not_valid"; 4]);
    // Nothing else of them is left in the answer.
    let json = serde_json::to_string(&shown).unwrap();
    for word in ["unknown", "not_in_this_store", "not_begun", "ended", "reservations"] {
        assert!(!json.contains(word), "{word}");
    }
    // An ended code stays one whatever else is wrong with it.
    let both = code("BOTH", json!({ "valid_to": "2026-11-21", "minimum": [eur(5000)], "groups": ["press"] }));
    let quote = Doc::eur(&[line("a", "ebook", 1000, 1)]).promotions(&[both]).codes(&["BOTH"]).ask();
    assert_eq!(reason(&quote.for_buyer(), "BOTH").as_deref(), Some("not_valid"));
}

#[test]
fn scopes_say_which_lines_count() {
    let mut one = line("one", "ebook", 1000, 1);
    one["facets"] = json!({ "product": "one", "collections": ["winter"], "artists": ["ada"] });
    let mut two = line("two", "ebook", 1000, 1);
    two["facets"] = json!({ "product": "two", "collections": ["winter", "sale"], "artists": ["bob"] });
    let ask = |scope: Value| {
        let mut more = scope;
        more["code"] = json!("X");
        Doc::eur(&[one.clone(), two.clone(), line("three", "ebook", 1000, 1)])
            .promotions(&[promotion("p", percent(TEN), more)])
            .codes(&["X"])
            .ask()
    };
    for (scope, expected) in [
        (json!({}), [100, 100, 100]),
        (json!({ "items": { "products": ["two"] } }), [0, 100, 0]),
        (json!({ "items": { "collections": ["winter"] } }), [100, 100, 0]),
        (json!({ "items": { "artists": ["ada"] } }), [100, 0, 0]),
        (json!({ "items": { "artists": ["ada"], "products": ["three"] } }), [100, 0, 100]),
        (json!({ "items": { "collections": ["winter"] }, "except": { "collections": ["sale"] } }), [100, 0, 0]),
        (json!({ "except": { "artists": ["bob"] } }), [100, 0, 100]),
        (json!({ "items": { "products": ["four"] } }), [0, 0, 0]),
        // The minimum is of the lines in scope.
        (json!({ "items": { "products": ["two"] }, "minimum": [eur(1001)] }), [0, 0, 0]),
        (json!({ "items": { "collections": ["winter"] }, "minimum": [eur(2000)] }), [100, 100, 0]),
        (json!({ "minimum_quantity": 4 }), [0, 0, 0]),
        (json!({ "minimum_quantity": 3 }), [100, 100, 100]),
    ] {
        assert_eq!(offs(&ask(scope.clone())), expected, "{scope}");
    }
    assert_eq!(reason(&ask(json!({ "items": { "products": ["four"] } })), "X").as_deref(), Some("no_item_qualifies"));
    assert_eq!(reason(&ask(json!({ "minimum": [eur(3001)] })), "X").as_deref(), Some("minimum"));
    let pounds = json!([{ "minor": 1, "currency": "GBP" }]);
    assert_eq!(reason(&ask(json!({ "minimum": pounds })), "X").as_deref(), Some("wrong_currency"));
}

#[test]
fn a_minimum_is_measured_as_listed_whatever_was_taken_off_before() {
    let promotions =
        [promotion("a", percent(TEN), json!({})), promotion("b", amount(100), json!({ "minimum": [eur(1000)] }))];
    let quote = Doc::eur(&[line("a", "ebook", 1000, 1)]).promotions(&promotions).ask();
    assert_eq!(quote.totals.gross.minor(), 800);
}

#[test]
fn groups_and_first_orders_are_asked_of_the_customer() {
    let ask = |more: Value, customer: Value| {
        let mut more = more;
        more["code"] = json!("X");
        let quote = Doc::eur(&[line("a", "ebook", 1000, 1)])
            .promotions(&[promotion("p", percent(TEN), more)])
            .codes(&["X"])
            .customer(customer)
            .ask();
        reason(&quote, "X")
    };
    let press = json!({ "groups": ["press", "friends"] });
    assert_eq!(ask(press.clone(), json!({ "groups": ["fans"] })).as_deref(), Some("not_your_group"));
    assert_eq!(ask(press, json!({ "groups": ["fans", "friends"] })), None);
    assert_eq!(ask(json!({ "first_order": true }), json!({})).as_deref(), Some("not_first_order"));
    assert_eq!(ask(json!({ "first_order": true }), json!({ "first_order": true })), None);
}

#[test]
fn a_customer_is_the_same_by_account_by_address_without_alias_and_by_card() {
    let ask = |usage: Value| {
        let once = json!({ "code": "ONCE", "limits": { "per_customer": 1 } });
        let quote = Doc::eur(&[line("a", "ebook", 1000, 1)])
            .promotions(&[promotion("p", percent(TEN), once)])
            .codes(&["ONCE"])
            .customer(json!({ "usage": [usage] }))
            .ask();
        reason(&quote, "ONCE")
    };
    for by in ["account", "email", "payment"] {
        assert_eq!(ask(json!({ "promotion": "p", by: 1 })).as_deref(), Some("used_by_you"), "{by}");
    }
    assert_eq!(ask(json!({ "promotion": "p", "total": 99 })), None, "others used it");
    assert_eq!(ask(json!({ "promotion": "other", "account": 1 })), None);
    for (typed, identity) in [
        ("Ada+vinyl@Example.ORG", Some("ada@example.org")),
        (" ada@example.org ", Some("ada@example.org")),
        ("a+b+c@example.org", Some("a@example.org")),
        ("+list@example.org", Some("+list@example.org")),
        ("\"a@b\"@example.org", Some("\"a@b\"@example.org")),
        ("nobody", None),
        ("@example.org", None),
        ("ada@", None),
    ] {
        assert_eq!(email_identity(typed).as_deref(), identity, "{typed}");
    }
}

#[test]
fn what_was_agreed_is_kept_on_later_instalments() {
    let strict = json!({ "code": "ONCE", "limits": { "total": 1, "per_customer": 1 }, "valid_to": "2026-01-01",
        "first_order": true, "groups": ["press"] });
    let doc = |held: Value| {
        Doc::eur(&[line("a", "ebook", 1000, 1)])
            .promotions(&[promotion("p", percent(TEN), strict.clone())])
            .codes(&["ONCE"])
            .customer(json!({ "held": held, "usage": [{ "promotion": "p", "total": 1, "account": 1 }] }))
            .ask()
    };
    let kept = doc(json!(["p"]));
    assert_eq!((off(&kept.totals), reason(&kept, "ONCE")), (100, None));
    assert!(kept.reservations.is_empty(), "it has its use already");
    assert_eq!(reason(&doc(json!([])), "ONCE").as_deref(), Some("ended"));
}

#[test]
fn an_order_is_one_use_however_many_lines_it_has() {
    let limits = json!({ "limits": { "total": 10, "per_customer": 1 } });
    let promotions = [promotion("a", percent(TEN), limits), promotion("b", amount(100), json!({ "code": "B" }))];
    let lines = [line("a", "ebook", 1000, 7), line("b", "ebook", 500, 2)];
    let quote = Doc::eur(&lines).promotions(&promotions).codes(&["b"]).ask();
    let uses = serde_json::to_value(&quote.reservations).unwrap();
    assert_eq!(
        uses,
        json!([{ "promotion": "a", "total": 10, "per_customer": 1 },
            { "promotion": "b", "total": null, "per_customer": null }])
    );
}

#[test]
fn of_first_orders_one_is_reserved_whatever_the_limit_is() {
    for (limits, most) in
        [(json!({}), json!(1)), (json!({ "per_customer": 5 }), json!(1)), (json!({ "per_customer": 0 }), json!(0))]
    {
        let first = promotion("a", percent(TEN), json!({ "first_order": true, "limits": limits }));
        let quote = Doc::eur(&[line("a", "ebook", 1000, 1)])
            .promotions(&[first])
            .customer(json!({ "first_order": true }))
            .ask();
        let uses = serde_json::to_value(&quote.reservations).unwrap();
        // Nothing is reserved of what cannot be used at all.
        let expected = if most == json!(0) {
            json!([])
        } else {
            json!([{ "promotion": "a", "total": null, "per_customer": most }])
        };
        assert_eq!(uses, expected);
    }
}

#[test]
fn who_is_not_combined_says_with_whom() {
    let ask = |first: Value, second: Value| {
        let mut second = second;
        second["code"] = json!("X");
        let promotions = [promotion("a", percent(TEN), first), promotion("x", amount(100), second)];
        let quote = Doc::eur(&[line("x", "ebook", 1000, 1)]).promotions(&promotions).codes(&["X"]).ask();
        (reason(&quote, "X"), off(&quote.totals))
    };
    let by_a = (Some("excluded_by:a".to_owned()), 100);
    assert_eq!(ask(json!({}), json!({})), (None, 200));
    assert_eq!(ask(json!({}), json!({ "stacking": "alone" })), (Some("not_stackable".to_owned()), 100));
    assert_eq!(ask(json!({ "stacking": "alone" }), json!({})), by_a);
    assert_eq!(ask(json!({ "excludes": ["x"] }), json!({})), by_a);
    assert_eq!(ask(json!({}), json!({ "excludes": ["a"] })), by_a);
    let group = |name: &str| json!({ "stacking": { "one_of": name } });
    assert_eq!(ask(group("sale"), group("sale")), by_a);
    assert_eq!(ask(group("sale"), group("other")), (None, 200));
    // The smaller number comes first: now it is the code that counts.
    assert_eq!(ask(json!({}), json!({ "stacking": "alone", "priority": -1 })), (None, 100));
    // What is skipped for another reason stands in nobody's way.
    assert_eq!(ask(json!({ "stacking": "alone", "minimum": [eur(5000)] }), json!({})), (None, 100));
}

#[test]
fn one_code_may_open_several_promotions() {
    let promotions = [
        promotion("old", amount(1), json!({ "code": "X", "valid_to": "2026-01-01" })),
        promotion("ten", percent(TEN), json!({ "code": "X", "minimum": [eur(2000)] })),
        promotion("post", json!({ "kind": "free_shipping" }), json!({ "code": "X" })),
    ];
    let doc = |lines: &[Value]| Doc::eur(lines).promotions(&promotions).codes(&["X"]).ask();
    let quote = doc(&[parcel("vinyl", 2000, 1)]);
    assert_eq!((reason(&quote, "X"), off(&quote.totals)), (None, 200 + 490));
    // The one that came furthest says why.
    assert_eq!(reason(&doc(&[line("a", "ebook", 100, 1)]), "X").as_deref(), Some("minimum"));
}

/// What an order's other quotes applied bars as what the same quote applies does; more of the same promotion is not barred.
#[test]
fn who_is_not_combined_with_another_quotes_promotion_is_skipped_like_in_one() {
    let ask = |first: Value, second: Value| {
        let first: vitrine_pricing::promotion::Promotion =
            serde_json::from_value(promotion("a", percent(TEN), first)).unwrap();
        let mut second = second;
        second["code"] = json!("X");
        let promotions = [promotion("x", amount(100), second)];
        let quote = Doc::eur(&[line("x", "ebook", 1000, 1)]).promotions(&promotions).codes(&["X"]).after(&[first]);
        let quote = quote.unwrap();
        (reason(&quote, "X"), off(&quote.totals))
    };
    let by_a = (Some("excluded_by:a".to_owned()), 0);
    assert_eq!(ask(json!({}), json!({})), (None, 100));
    assert_eq!(ask(json!({}), json!({ "stacking": "alone" })), (Some("not_stackable".to_owned()), 0));
    assert_eq!(ask(json!({ "stacking": "alone" }), json!({})), by_a);
    assert_eq!(ask(json!({ "excludes": ["x"] }), json!({})), by_a);
    assert_eq!(ask(json!({}), json!({ "excludes": ["a"] })), by_a);
    let group = |name: &str| json!({ "stacking": { "one_of": name } });
    assert_eq!(ask(group("sale"), group("sale")), by_a);
    assert_eq!(ask(group("sale"), group("other")), (None, 100));
    // What it asks for comes first, as in one quote.
    assert_eq!(ask(json!({ "excludes": ["x"] }), json!({ "minimum": [eur(5000)] })), (Some("minimum".to_owned()), 0));
    let own = promotion("x", percent(TEN), json!({ "stacking": "alone" }));
    let applied: vitrine_pricing::promotion::Promotion = serde_json::from_value(own.clone()).unwrap();
    let quote = Doc::eur(&[line("x", "ebook", 1000, 1)]).promotions(&[own]).after(&[applied]).unwrap();
    assert_eq!(off(&quote.totals), 100);
}
