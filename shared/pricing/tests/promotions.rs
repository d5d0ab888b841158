//! What promotions take off, by hand; the arithmetic stands beside each case.

use serde_json::{Value, json};
use vitrine_pricing::money::Money;
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::{CodeStatus, Customer, Promotion, Promotions, SkipReason, email_identity};
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{TaxRules, TaxStatus};

/// A document: seller and buyer in one country, prices with tax, shipping at 4.90 in the currency.
struct Doc(Value);

impl Doc {
    fn of(country: &str, currency: &str, lines: &[Value]) -> Self {
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| {
                let mut line = line.clone();
                line["unit_price"]["currency"] = json!(currency);
                line
            })
            .collect();
        Self(json!({
            "currency": currency, "date": "2026-11-22", "lines": lines, "buyer": { "country": country },
            "seller": { "country": country, "registrations": [country], "prices_include_tax": true },
            "shipping": { "zones": [{ "id": "all", "countries": ["*"] }],
                "rates": [{ "zone": "all", "up_to_g": 100_000, "amount": { "minor": 490, "currency": currency } }] },
        }))
    }

    fn eur(lines: &[Value]) -> Self {
        Self::of("DE", "EUR", lines)
    }

    fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).unwrap()[name] = value;
        self
    }

    fn promotions(self, promotions: &[Value]) -> Self {
        self.with("/promotions", json!(promotions))
    }

    fn codes(self, codes: &[&str]) -> Self {
        self.with("/codes", json!(codes))
    }

    fn customer(self, customer: Value) -> Self {
        self.with("/customer", customer)
    }

    fn ask(&self) -> Quote {
        self.tried().unwrap()
    }

    fn tried(&self) -> Result<Quote, QuoteError> {
        let request: QuoteRequest = serde_json::from_value(self.0.clone()).unwrap();
        let (rules, prices, shipping) = (TaxRules::built_in(), PriceList::default(), ShippingTable::default());
        let promotions = Promotions { store: "here", ..Promotions::default() };
        let context = Context { rules: &rules, items: &[], prices: &prices, shipping: &shipping, promotions };
        let quote = quote(&request, &context)?;
        adds_up(&quote);
        Ok(quote)
    }
}

/// What holds for every quote with promotions.
fn adds_up(quote: &Quote) {
    let off = |a: &Amounts| a.discounts.iter().map(|d| d.amount.minor()).sum::<i64>();
    let all: Vec<&Amounts> = quote.lines.iter().map(|l| &l.amounts).chain(&quote.shipping).collect();
    for a in &all {
        assert_eq!(a.net.minor() + a.tax.minor(), a.gross.minor());
        assert!(!a.gross.is_negative() && !a.net.is_negative() && off(a) <= a.list.minor(), "{a:?}");
    }
    assert_eq!(all.iter().map(|a| off(a)).sum::<i64>(), off(&quote.totals));
    assert_eq!(all.iter().map(|a| a.gross.minor()).sum::<i64>(), quote.totals.gross.minor());
    let told = quote.explain.iter().filter(|s| s.kind == StepKind::Discount).filter_map(|s| s.amount);
    assert_eq!(told.map(Money::minor).sum::<i64>(), off(&quote.totals), "every discount has its step");
}

fn line(name: &str, class: &str, minor: i64, quantity: u32) -> Value {
    let unit_price = json!({ "minor": minor });
    json!({ "name": name, "kind": "digital", "tax_class": class, "quantity": quantity, "unit_price": unit_price,
        "facets": { "product": name } })
}

fn parcel(name: &str, minor: i64, quantity: u32) -> Value {
    let mut line = line(name, "goods", minor, quantity);
    line["kind"] = json!("physical");
    line["weight_g"] = json!(100);
    line
}

fn promotion(id: &str, benefit: Value, more: Value) -> Value {
    let mut promotion = json!({ "id": id, "benefit": benefit });
    for (name, value) in more.as_object().unwrap() {
        promotion[name] = value.clone();
    }
    promotion
}

fn eur(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

fn percent(ppm: i64) -> Value {
    json!({ "kind": "percent", "rate_ppm": ppm })
}

fn amount(minor: i64) -> Value {
    json!({ "kind": "amount", "amounts": [eur(minor)] })
}

fn off(amounts: &Amounts) -> i64 {
    amounts.discounts.iter().map(|d| d.amount.minor()).sum()
}

fn offs(quote: &Quote) -> Vec<i64> {
    quote.lines.iter().map(|line| off(&line.amounts)).collect()
}

fn reason(quote: &Quote, code: &str) -> Option<String> {
    quote.codes.iter().find(|c| c.code == code).unwrap().reason.as_ref().map(ToString::to_string)
}

const TEN: i64 = 100_000;

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
    assert_eq!(offs(&doc(&[line("vinyl", "goods", 2000, 5), line("poster", "goods", 700, 3)])), [0, 1400]);
    let few = doc(&[line("vinyl", "goods", 2000, 1), line("poster", "goods", 700, 3)]);
    assert_eq!(reason(&few, "POSTER").as_deref(), Some("minimum"));
    let none = doc(&[line("vinyl", "goods", 2000, 4)]);
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
    let english = include_str!("../../../app/i18n/en-US/trade.ftl");
    let german = include_str!("../../../app/i18n/de-DE/trade.ftl");
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
