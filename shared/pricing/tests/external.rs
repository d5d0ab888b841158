//! Taxes of a tax service in place of the tables': what they change, what stays, and what is not taken.

use serde_json::{Value, json};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::*;
use vitrine_pricing::refund::{LineWish, RefundWish, Take, refund};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::{Accuracy, TaxRules, TaxStatus};

fn ask(document: &Value) -> Result<Quote, QuoteError> {
    let request: QuoteRequest = serde_json::from_value(document.clone()).expect("document");
    let context = Context {
        rules: &TaxRules::built_in(),
        items: &[],
        prices: &PriceList::default(),
        shipping: &ShippingTable::default(),
        promotions: Promotions::default(),
    };
    quote(&request, &context)
}

fn usd(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "USD" })
}

fn tax(place: &str, rate_ppm: i64, base: i64, amount: i64) -> Value {
    json!({ "jurisdiction": place, "name": "Sales Tax", "rate_ppm": rate_ppm, "base": usd(base), "amount": usd(amount),
        "reason": "standard_rated" })
}

/// A book of 15.00 and an album of 9.99 of which a code takes 10 % off, sent for 5.00, in California.
fn document(inclusive: bool) -> Value {
    json!({
        "currency": "USD", "date": "2026-11-22",
        "seller": { "country": "US", "registrations": ["US-CA"], "prices_include_tax": inclusive },
        "buyer": { "country": "US", "region": "CA", "postcode": "90001" },
        "codes": ["TEN"],
        "promotions": [{ "id": "p", "code": "TEN", "benefit": { "kind": "percent", "rate_ppm": 100_000 } }],
        "lines": [
            { "name": "Book", "tax_class": "printed_book", "kind": "physical", "quantity": 1, "unit_price": usd(1500) },
            { "name": "Album", "tax_class": "of_my_own", "kind": "digital", "quantity": 1, "unit_price": usd(999) },
        ],
        "shipping": { "zones": [{ "id": "all", "countries": ["*"] }],
            "rates": [{ "zone": "all", "up_to_g": 2000, "amount": usd(500) }] },
        // 13.50 and 8.99 after the code.
        "external_taxes": {
            "provider": "stripe", "calculation": "taxcalc_1",
            "lines": [
                { "amount": usd(1350), "status": "taxed",
                  "taxes": [tax("US-CA", 60_000, 1350, 81), tax("US-CA Los Angeles", 35_000, 1350, 47)] },
                { "amount": usd(899), "status": "zero_rated", "taxes": [] },
            ],
            "shipping": { "amount": usd(500), "status": "taxed", "taxes": [tax("US-CA", 60_000, 500, 30)] },
        },
    })
}

fn minors(amounts: &Amounts) -> (i64, i64, i64) {
    (amounts.net.minor(), amounts.tax.minor(), amounts.gross.minor())
}

#[test]
fn they_replace_the_tables_taxes_and_nothing_else() {
    let quote = ask(&document(false)).unwrap();
    assert_eq!(minors(&quote.lines[0].amounts), (1350, 128, 1478));
    assert_eq!(minors(&quote.lines[1].amounts), (899, 0, 899));
    assert_eq!(minors(quote.shipping.as_ref().unwrap()), (500, 30, 530));
    assert_eq!(minors(&quote.totals), (2749, 158, 2907));
    assert_eq!((quote.shipping_accuracy, quote.accuracy), (Some(Accuracy::Provider), Some(Accuracy::Provider)));
    let told = |line: &QuotedLine| (line.tax_status, line.accuracy);
    assert_eq!(told(&quote.lines[0]), (TaxStatus::Taxed, Accuracy::Provider));
    assert_eq!(told(&quote.lines[1]), (TaxStatus::ZeroRated, Accuracy::Provider));
    // One tax of a place over lines and shipping, with all that it was computed on.
    let rows: Vec<_> = quote.totals.taxes.iter().map(|t| (t.rule.as_str(), t.base.minor(), t.amount.minor())).collect();
    assert_eq!(
        rows,
        [("stripe:US-CA:Sales Tax:60000", 1850, 111), ("stripe:US-CA Los Angeles:Sales Tax:35000", 1350, 47)]
    );
    let steps: Vec<&Step> = quote.explain.iter().filter(|s| s.kind == StepKind::Tax).collect();
    assert_eq!(steps[1].source, "stripe taxcalc_1: US-CA Los Angeles Sales Tax, standard_rated");
    // Where both agree that it is taxed, why stays; the tables charge the album, too, of which the service says no.
    let why = |line: Option<usize>| {
        let steps = quote.explain.iter().filter(move |s| s.kind == StepKind::Treatment && s.line == line);
        steps.map(|s| s.rule.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        (why(Some(0)), why(Some(1)), why(None)),
        (vec!["nexus", "provider"], vec!["provider"], vec!["provider"])
    );
    let mut plain = document(false);
    plain["external_taxes"] = Value::Null;
    let plain = ask(&plain).unwrap();
    assert_eq!(plain.totals.list, quote.totals.list);
    assert_eq!(plain.totals.discounts, quote.totals.discounts);
    assert_eq!(plain.shipping_methods, quote.shipping_methods);
}

#[test]
fn what_was_not_asked_stays_the_tables() {
    // The album is of a voucher: no tax is charged on it, and the service knows nothing of that.
    let mut partly = document(false);
    partly["lines"][1]["tax_class"] = json!("multi_purpose_voucher");
    partly["external_taxes"]["lines"][1] = Value::Null;
    let quote = ask(&partly).unwrap();
    assert_eq!((minors(&quote.lines[0].amounts), minors(&quote.lines[1].amounts)), ((1350, 128, 1478), (899, 0, 899)));
    assert_eq!((quote.lines[1].tax_status, minors(&quote.totals)), (TaxStatus::OutsideScope, (2749, 158, 2907)));
    assert_ne!(quote.lines[1].accuracy, Accuracy::Provider);
    // Without the parcel's line, shipping is the tables' too, to the cent.
    let mut files = document(false);
    files["external_taxes"]["lines"][0] = Value::Null;
    assert_eq!(ask(&files).unwrap_err().field(), "external_taxes.shipping");
    files["external_taxes"]["shipping"] = Value::Null;
    let (quote, mut plain) = (ask(&files).unwrap(), document(false));
    plain["external_taxes"] = Value::Null;
    let plain = ask(&plain).unwrap();
    assert_eq!(minors(&quote.lines[0].amounts), minors(&plain.lines[0].amounts));
    assert_eq!(quote.shipping, plain.shipping);
    assert_eq!((quote.lines[0].accuracy, quote.lines[1].accuracy), (plain.lines[0].accuracy, Accuracy::Provider));
    // What lacks local taxes is not hidden behind what a service worked out.
    assert_eq!((quote.shipping_accuracy, quote.accuracy), (Some(Accuracy::State), Some(Accuracy::State)));
    let why = |quote: &Quote, line: Option<usize>| {
        let steps = quote.explain.iter().filter(|s| s.kind == StepKind::Treatment && s.line == line);
        steps.map(|s| s.rule.clone()).collect::<Vec<_>>()
    };
    for line in [Some(0), None] {
        assert_eq!(why(&quote, line), why(&plain, line), "{line:?}");
    }
    assert_eq!(why(&quote, Some(1)), ["provider"]);
}

#[test]
fn in_prices_with_tax_they_are_taken_out() {
    let quote = ask(&document(true)).unwrap();
    assert_eq!(minors(&quote.lines[0].amounts), (1350 - 128, 128, 1350));
    assert_eq!(minors(&quote.totals), (2749 - 158, 158, 2749));
}

#[test]
fn refunds_of_such_a_quote_sum_to_what_was_paid() {
    for inclusive in [false, true] {
        let paid = ask(&document(inclusive)).unwrap();
        let part = Money::new(333, Currency::USD).unwrap();
        let first =
            RefundWish { lines: vec![LineWish { line: 0, take: Take::Amount { gross: part } }], shipping: None };
        let first = refund(&paid, &[], &first).unwrap();
        let rest = RefundWish {
            lines: (0..2).map(|line| LineWish { line, take: Take::All }).collect(),
            shipping: Some(Take::All),
        };
        let rest = refund(&paid, std::slice::from_ref(&first), &rest).unwrap();
        let sum = |of: fn(&vitrine_pricing::refund::RefundAmounts) -> Money| {
            of(&first.totals).minor() + of(&rest.totals).minor()
        };
        assert_eq!(sum(|t| t.gross), paid.totals.gross.minor());
        assert_eq!(sum(|t| t.tax), paid.totals.tax.minor());
    }
}

#[test]
fn what_does_not_fit_is_not_taken() {
    let taxes = "/external_taxes";
    let too_many: Vec<Value> = (0..41).map(|n| tax(&format!("US-{n}"), 1, 1, 0)).collect();
    for (path, value, field) in [
        // Of another amount: the cart or its discounts changed since.
        ("/lines/0/amount", usd(1351), "external_taxes.lines[0].amount"),
        ("/shipping/amount", usd(400), "external_taxes.shipping.amount"),
        ("/shipping", Value::Null, "external_taxes.shipping"),
        ("/lines", json!([]), "external_taxes.lines"),
        // Zero in silence, and tax under another name.
        ("/lines/0/taxes", json!([]), "external_taxes.lines[0].status"),
        ("/lines/0/status", json!("zero_rated"), "external_taxes.lines[0].status"),
        ("/lines/1/status", json!("no_rule"), "external_taxes.lines[1].status"),
        ("/lines/0/taxes/0/amount", usd(-1), "external_taxes.lines[0].taxes[0].amount"),
        ("/lines/0/taxes/0/base", json!({ "minor": 1, "currency": "EUR" }), "external_taxes.lines[0].taxes[0].base"),
        ("/lines/0/taxes/0/rate_ppm", json!(1_000_001), "external_taxes.lines[0].taxes[0].rate_ppm"),
        ("/lines/0/taxes/0/name", json!(""), "external_taxes.lines[0].taxes[0].name"),
        ("/lines/0/taxes/0/reason", json!("a\u{7}"), "external_taxes.lines[0].taxes[0].reason"),
        ("/lines/0/taxes/1", tax("US-CA", 60_000, 1, 1), "external_taxes.lines[0].taxes[1].jurisdiction"),
        ("/lines/0/taxes", json!(too_many), "external_taxes.lines[0].taxes"),
        ("/provider", json!(""), "external_taxes.provider"),
        ("/calculation", json!("x".repeat(121)), "external_taxes.calculation"),
    ] {
        let mut wrong = document(false);
        *wrong.pointer_mut(&format!("{taxes}{path}")).unwrap() = value;
        let refused = ask(&wrong).unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("invalid", field), "{path}");
    }
    let mut dear = document(true);
    dear["external_taxes"]["lines"][1] =
        json!({ "amount": usd(899), "status": "taxed", "taxes": [tax("US-CA", 60_000, 899, 900)] });
    assert_eq!(ask(&dear).unwrap_err().field(), "external_taxes.lines[1].taxes");
    // Where the tables let nothing be sold, taxes of somebody else change nothing of that.
    let mut nowhere = document(false);
    nowhere["buyer"] = json!({ "country": "BR" });
    assert_eq!(ask(&nowhere).unwrap_err().code(), "no_tax_rule");
}
