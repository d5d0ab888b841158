//! Refunds of kept quotes: the cases by name, and what holds for any quote and any order of refunds.

use proptest::prelude::*;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::quote::*;
use vitrine_pricing::refund::*;
use vitrine_pricing::shipping::{Rate, ShippingTable, Zone};
use vitrine_pricing::tax::{Accuracy, TaxRules, TaxStatus};

fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency).unwrap()
}

/// A quote by the engine: (class, minor, quantity, physical).
fn quoted(
    currency: Currency,
    seller: (&str, Option<&str>, &[&str], bool),
    buyer: (&str, Option<&str>),
    lines: &[(&str, i64, u32, bool)],
    shipping_minor: i64,
) -> Quote {
    let line = |(class, minor, quantity, physical): &(&str, i64, u32, bool)| RequestLine {
        name: Some((*class).into()),
        tax_class: Some((*class).into()),
        unit_price: Some(money(*minor, currency)),
        kind: Some(if *physical { Kind::Physical } else { Kind::Digital }),
        quantity: *quantity,
        ..RequestLine::default()
    };
    let (country, region, registrations, inclusive) = seller;
    let request = serde_json::json!({
        "currency": currency, "date": "2026-11-28",
        "seller": { "country": country, "region": region, "registrations": registrations, "prices_include_tax": inclusive },
        "buyer": { "country": buyer.0, "region": buyer.1 },
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
    });
    let shipping = ShippingTable {
        zones: vec![Zone { id: "all".into(), countries: vec!["*".into()], ..Zone::default() }],
        rates: vec![Rate::flat("all", money(shipping_minor, currency))],
        ..ShippingTable::default()
    };
    let context = Context {
        rules: &TaxRules::built_in(),
        items: &[],
        prices: &PriceList::default(),
        shipping: &shipping,
        promotions: Default::default(),
    };
    quote(&serde_json::from_value(request).unwrap(), &context).unwrap()
}

fn germany(lines: &[(&str, i64, u32, bool)]) -> Quote {
    quoted(Currency::EUR, ("DE", None, &["DE"], true), ("DE", None), lines, 491)
}

fn line(line: usize, take: Take) -> RefundWish {
    RefundWish { lines: vec![LineWish { line, take }], shipping: None }
}

fn amount(minor: i64, currency: Currency) -> Take {
    Take::Amount { gross: money(minor, currency) }
}

/// All that is left of everything.
fn rest(paid: &Quote, before: &[RefundQuote]) -> RefundWish {
    let left = refundable(paid, before).unwrap();
    let lines: Vec<usize> = (0..left.lines.len()).filter(|i| !left.lines[*i].done).collect();
    RefundWish::whole(&lines, left.shipping.is_some_and(|s| !s.done))
}

/// Net, then rule, base and tax of each part and of the whole, as paid and as gone back.
fn paid_of(amounts: &Amounts) -> (i64, Vec<(String, i64, i64)>) {
    let row = |t: &TaxAmount| (t.rule.clone(), t.base.minor(), t.amount.minor());
    (amounts.net.minor(), amounts.taxes.iter().map(row).collect())
}

fn back_of(paid: &Amounts, parts: &[&RefundAmounts]) -> (i64, Vec<(String, i64, i64)>) {
    let of = |rule: &str, pick: fn(&TaxAmount) -> Money| {
        let taxes = parts.iter().flat_map(|p| &p.taxes).filter(|t| t.rule == rule);
        taxes.map(|t| pick(t).minor()).sum::<i64>()
    };
    let row = |t: &TaxAmount| (t.rule.clone(), of(&t.rule, |t| t.base), of(&t.rule, |t| t.amount));
    (parts.iter().map(|p| p.net.minor()).sum(), paid.taxes.iter().map(row).collect())
}

fn all_back(paid: &Quote, refunds: &[RefundQuote]) -> Result<(), TestCaseError> {
    for (i, line) in paid.lines.iter().enumerate() {
        let parts: Vec<_> = refunds.iter().flat_map(|r| &r.lines).filter(|p| p.line == Some(i)).collect();
        let amounts: Vec<_> = parts.iter().map(|p| &p.amounts).collect();
        prop_assert_eq!(paid_of(&line.amounts), back_of(&line.amounts, &amounts), "line {}", i);
    }
    if let Some(shipping) = &paid.shipping {
        let amounts: Vec<_> = refunds.iter().flat_map(|r| &r.shipping).map(|p| &p.amounts).collect();
        prop_assert_eq!(paid_of(shipping), back_of(shipping, &amounts));
    }
    let totals: Vec<_> = refunds.iter().map(|r| &r.totals).collect();
    prop_assert_eq!(paid_of(&paid.totals), back_of(&paid.totals, &totals));
    Ok(())
}

fn whole(a: &RefundAmounts) -> bool {
    let tax: i64 = a.taxes.iter().map(|t| t.amount.minor()).sum();
    let taxes = a.taxes.iter().all(|t| !t.base.is_negative() && !t.amount.is_negative());
    taxes && !a.net.is_negative() && tax == a.tax.minor() && a.net.minor() + tax == a.gross.minor()
}

#[test]
fn case_08_tax_inclusive_prices_never_give_back_more_than_was_paid() {
    let paid = germany(&[("goods", 1190, 3, true), ("ebook", 999, 1, false)]);
    let left = refundable(&paid, &[]).unwrap();
    assert_eq!(left.totals.gross, paid.totals.gross);
    assert_eq!((left.lines[0].quantity, left.lines[0].amounts.gross.minor()), (3, 3570));
    for take in [amount(3571, Currency::EUR), Take::Quantity { quantity: 4 }] {
        let refused = refund(&paid, &[], &line(0, take)).unwrap_err();
        assert!(refused.field().starts_with("lines[0].take."), "{refused}");
        assert!(["too_much", "too_many"].contains(&refused.code()), "{refused}");
    }
    let first = refund(&paid, &[], &line(0, amount(3000, Currency::EUR))).unwrap();
    let more = refund(&paid, std::slice::from_ref(&first), &line(0, amount(571, Currency::EUR))).unwrap_err();
    assert_eq!(more, RefundError::TooMuch { field: "lines[0].take.gross".into(), left: money(570, Currency::EUR) });
    assert_eq!(first.left.gross.minor(), paid.totals.gross.minor() - 3000);
    assert_eq!(first.lines[0].left.gross.minor(), 570);
    // In every currency, two rates, shipping with the tax inside: what can go back is what was paid, before and after a part of it went.
    for currency in Currency::all() {
        let step = currency.processor_step();
        let lines = [("goods", 1_037 * step, 7, true), ("ebook", 333 * step, 3, false)];
        let paid = quoted(currency, ("DE", None, &["DE"], true), ("DE", None), &lines, 491 * step);
        assert_eq!(paid.totals.gross.minor(), (7 * 1_037 + 3 * 333 + 491) * step, "{currency}");
        let gross = |before: &[RefundQuote]| {
            let left = refundable(&paid, before).unwrap();
            let parts = left.lines.iter().chain(&left.shipping).map(|part| part.amounts.gross.minor());
            assert_eq!(parts.sum::<i64>(), left.totals.gross.minor(), "{currency}");
            left.totals.gross.minor()
        };
        assert_eq!(gross(&[]), paid.totals.gross.minor(), "{currency}");
        let part = refund(&paid, &[], &line(0, amount(1_001 * step, currency))).unwrap();
        let left = (7 * 1_037 - 1_001) * step;
        let more = refund(&paid, std::slice::from_ref(&part), &line(0, amount(left + step, currency))).unwrap_err();
        assert_eq!(more, RefundError::TooMuch { field: "lines[0].take.gross".into(), left: money(left, currency) });
        let rest = refund(&paid, std::slice::from_ref(&part), &rest(&paid, std::slice::from_ref(&part))).unwrap();
        assert_eq!(gross(std::slice::from_ref(&part)), rest.totals.gross.minor(), "{currency}");
        assert_eq!(gross(&[part, rest]), 0, "{currency}");
    }
}

#[test]
fn case_09_three_partial_refunds_then_the_rest_return_exactly_the_paid_net_and_tax_and_each_rate_drops() {
    let paid = germany(&[("goods", 1001, 3, true), ("printed_book", 1999, 2, true)]);
    let mut refunds = Vec::new();
    let wishes = [
        line(0, amount(333, Currency::EUR)),
        line(1, Take::Quantity { quantity: 1 }),
        RefundWish { shipping: Some(amount(100, Currency::EUR)), ..line(0, amount(7, Currency::EUR)) },
    ];
    let mut kept = paid.totals.taxes.clone();
    for wish in wishes {
        let back = refund(&paid, &refunds, &wish).unwrap();
        // What a report by rate says after the credit note: every rate that was touched drops by its own tax.
        for tax in &back.totals.taxes {
            let row = kept.iter_mut().find(|k| k.rule == tax.rule).unwrap();
            row.amount = row.amount.checked_sub(tax.amount).unwrap();
            row.base = row.base.checked_sub(tax.base).unwrap();
            assert!(row.base.minor() >= 0 && row.amount.minor() >= 0);
        }
        assert!(back.totals.tax.minor() > 0);
        refunds.push(back);
    }
    let back = refund(&paid, &refunds, &rest(&paid, &refunds)).unwrap();
    for tax in &back.totals.taxes {
        let row = kept.iter_mut().find(|k| k.rule == tax.rule).unwrap();
        assert_eq!((row.amount, row.base), (tax.amount, tax.base), "{}", tax.rule);
    }
    assert_eq!(back.left.gross.minor(), 0);
    refunds.push(back);
    all_back(&paid, &refunds).unwrap();
    assert_eq!(refund(&paid, &refunds, &line(0, Take::All)).unwrap_err().code(), "refunded_already");
}

#[test]
fn case_01_ten_thousand_yen_are_ten_thousand_minor_units_also_when_they_go_back() {
    let paid = quoted(Currency::JPY, ("JP", None, &["JP"], true), ("JP", None), &[("goods", 10_000, 1, true)], 0);
    assert_eq!((paid.totals.gross.minor(), paid.totals.tax.minor()), (10_000, 909));
    let third = refund(&paid, &[], &line(0, amount(3_333, Currency::JPY))).unwrap();
    assert_eq!((third.totals.gross.minor(), third.totals.tax.minor()), (3_333, 303));
    assert_eq!(serde_json::to_value(third.totals.gross).unwrap()["minor"], 3_333);
    let rest = refund(&paid, &[third], &line(0, Take::All)).unwrap();
    assert_eq!((rest.totals.gross.minor(), rest.totals.tax.minor()), (6_667, 606));
    let whole = refund(&paid, &[], &line(0, Take::All)).unwrap();
    assert_eq!((whole.totals.gross.minor(), whole.totals.gross.to_decimal().as_str()), (10_000, "10000"));
}

#[test]
fn many_cents_carry_the_tax_of_their_sum() {
    // 11.90 with 1.90 inside; one cent a hundred times.
    let paid = germany(&[("digital_music", 1190, 1, false)]);
    let mut refunds = Vec::new();
    for _ in 0..100 {
        refunds.push(refund(&paid, &refunds, &line(0, amount(1, Currency::EUR))).unwrap());
    }
    let tax: i64 = refunds.iter().map(|r| r.totals.tax.minor()).sum();
    let once = refund(&paid, &[], &line(0, amount(100, Currency::EUR))).unwrap();
    assert_eq!((tax, once.totals.tax.minor()), (16, 16), "100 * 190 / 1190, not a hundred times nothing");
}

#[test]
fn tax_alone_goes_back_once_and_pieces_bring_back_their_net_price_after_it() {
    let paid = germany(&[("goods", 1190, 3, true), ("ebook", 1070, 1, false)]);
    let first = refund(&paid, &[], &line(0, Take::Quantity { quantity: 1 })).unwrap();
    assert_eq!((first.totals.net.minor(), first.totals.tax.minor()), (1000, 190));
    let wish = RefundWish {
        lines: vec![LineWish { line: 0, take: Take::Tax }, LineWish { line: 1, take: Take::Tax }],
        shipping: Some(Take::Tax),
    };
    let mut refunds = vec![first];
    let tax = refund(&paid, &refunds, &wish).unwrap();
    let shipping = paid.shipping.as_ref().unwrap().tax.minor();
    assert_eq!((tax.totals.net.minor(), tax.totals.tax.minor()), (0, 380 + 70 + shipping));
    assert_eq!(tax.lines.iter().map(|p| (p.quantity, p.complete)).collect::<Vec<_>>(), [(0, false), (0, false)]);
    // What was taxed is not any more: the base of the rate goes with it.
    assert_eq!(tax.lines[0].amounts.taxes[0].base.minor(), 2000);
    refunds.push(tax);
    assert_eq!(refund(&paid, &refunds, &wish).unwrap_err().code(), "no_tax");
    let piece = refund(&paid, &refunds, &line(0, Take::Quantity { quantity: 1 })).unwrap();
    assert_eq!((piece.totals.gross.minor(), piece.totals.tax.minor()), (1000, 0));
    refunds.push(piece);
    refunds.push(refund(&paid, &refunds, &rest(&paid, &refunds)).unwrap());
    all_back(&paid, &refunds).unwrap();
}

#[test]
fn quebec_s_two_taxes_go_back_each_by_its_rule_and_are_explained() {
    let seller = ("CA", Some("QC"), &["CA", "CA-QC"][..], false);
    let paid = quoted(Currency::CAD, seller, ("CA", Some("QC")), &[("digital_video", 2000, 1, false)], 0);
    let back = refund(&paid, &[], &line(0, amount(1150, Currency::CAD))).unwrap();
    let taxes: Vec<_> = back.totals.taxes.iter().map(|t| (t.name.as_str(), t.base.minor(), t.amount.minor())).collect();
    assert_eq!(taxes, [("GST", 1000, 50), ("QST", 1000, 100)]);
    let told: Vec<_> = back.explain.iter().map(|s| (s.kind, s.amount.minor(), s.left.minor())).collect();
    use RefundStepKind::*;
    assert_eq!(told, [(Gross, 1150, 1150), (Tax, 50, 50), (Tax, 100, 100), (Net, 1000, 1000), (Total, 1150, 1150)]);
}

#[test]
fn wishes_that_cannot_be_name_their_field() {
    let paid = germany(&[("goods", 1190, 3, true), ("ebook", 0, 2, false)]);
    let twice = RefundWish::whole(&[0, 0], false);
    let two = |field: &'static str, code: &'static str| (field, code);
    for (wish, wanted) in [
        (RefundWish::default(), two("lines", "nothing")),
        (twice, two("lines[1].line", "invalid")),
        (line(2, Take::All), two("lines[0].line", "no_such_line")),
        (line(0, Take::Quantity { quantity: 0 }), two("lines[0].take.quantity", "invalid")),
        (line(0, amount(0, Currency::EUR)), two("lines[0].take.gross", "invalid")),
        (line(0, amount(-5, Currency::EUR)), two("lines[0].take.gross", "invalid")),
        (line(0, amount(5, Currency::USD)), two("lines[0].take.gross", "currency_mismatch")),
        (line(1, amount(1, Currency::EUR)), two("lines[0].take.gross", "too_much")),
        (line(1, Take::Tax), two("lines[0].take", "no_tax")),
        (RefundWish { lines: vec![], shipping: Some(Take::Quantity { quantity: 1 }) }, two("shipping.take", "invalid")),
    ] {
        let refused = refund(&paid, &[], &wish).unwrap_err();
        assert_eq!((refused.field(), refused.code()), wanted, "{wish:?}");
    }
    let files = germany(&[("ebook", 500, 1, false)]);
    let refused = refund(&files, &[], &RefundWish::whole(&[], true)).unwrap_err();
    assert_eq!((refused.field(), refused.code()), ("shipping", "no_shipping"));
    let strange = refund(&paid, &[], &line(0, Take::All)).unwrap();
    let refused = refund(&files, std::slice::from_ref(&strange), &line(0, Take::All)).unwrap_err();
    assert_eq!((refused.field(), refused.code()), ("before[0].lines[0]", "unfitting"));
    assert_eq!(refundable(&paid, &[strange.clone(), strange]).unwrap_err().code(), "unfitting");
    // What cost nothing can be given back piece by piece all the same: access hangs on it.
    let one = refund(&paid, &[], &line(1, Take::Quantity { quantity: 1 })).unwrap();
    assert!(!one.lines[0].complete && one.totals.gross.is_zero());
    let other = refund(&paid, &[one], &line(1, Take::Quantity { quantity: 1 })).unwrap();
    assert!(other.lines[0].complete);
}

/// Quotes as no seller would write them: any amounts that can be charged, up to three taxes a line, discounts, in any currency.
fn any_quote() -> impl Strategy<Value = Quote> {
    let tax = (0i64..30_000, 0i64..=100);
    let part = (1u32..9, 0i64..60_000, prop::collection::vec(tax, 0..4), 0i64..500, any::<bool>());
    let currency = prop::sample::select(Currency::all().collect::<Vec<_>>());
    (currency, prop::collection::vec(part.clone(), 1..5), prop::option::of(part)).prop_map(
        |(currency, lines, shipping)| {
            let amounts = |(_, net, taxes, off, tiny): &(u32, i64, Vec<(i64, i64)>, i64, bool)| {
                let small = |n: i64| currency.processor_step() * if *tiny { n % 4 } else { n };
                let (net, off) = (small(*net), small(*off));
                let row = |(i, (amount, of_base)): (usize, &(i64, i64))| TaxAmount {
                    rule: format!("R{i}"),
                    jurisdiction: "XX".into(),
                    name: "T".into(),
                    rate_ppm: 190_000,
                    base: money(net * of_base / 100, currency),
                    amount: money(small(*amount), currency),
                };
                let taxes: Vec<TaxAmount> = taxes.iter().enumerate().map(row).collect();
                let tax = Money::sum(currency, taxes.iter().map(|t| t.amount)).unwrap();
                let gross = money(net + tax.minor(), currency);
                let list = money(gross.minor() + off, currency);
                let discounts = vec![DiscountAmount {
                    promotion: "ten".into(),
                    source: "TEN".into(),
                    amount: money(off, currency),
                }];
                Amounts { list, discounts, net: money(net, currency), taxes, tax, gross }
            };
            let line = |part: &(u32, i64, Vec<(i64, i64)>, i64, bool)| QuotedLine {
                sku: None,
                name: "x".into(),
                kind: Kind::Physical,
                quantity: part.0,
                unit_price: Money::zero(currency),
                compare_at: None,
                amounts: amounts(part),
                tax_status: TaxStatus::Taxed,
                accuracy: Accuracy::Full,
                seller_of_record: None,
            };
            let mut paid = germany(&[("ebook", 1, 1, false)]);
            paid.currency = currency;
            paid.lines = lines.iter().map(line).collect();
            paid.shipping = shipping.as_ref().map(amounts);
            let zero = Money::zero(currency);
            let none = Amounts { list: zero, discounts: vec![], net: zero, taxes: vec![], tax: zero, gross: zero };
            paid.totals = paid.lines.iter().map(|l| &l.amounts).chain(&paid.shipping).fold(none, |mut sum, a| {
                let add = |a: Money, b: Money| a.checked_add(b).unwrap();
                sum.net = add(sum.net, a.net);
                sum.tax = add(sum.tax, a.tax);
                sum.gross = add(sum.gross, a.gross);
                for tax in &a.taxes {
                    match sum.taxes.iter_mut().find(|t| t.rule == tax.rule) {
                        Some(t) => (t.base, t.amount) = (add(t.base, tax.base), add(t.amount, tax.amount)),
                        None => sum.taxes.push(tax.clone()),
                    }
                }
                sum
            });
            paid
        },
    )
}

/// The nearest multiple below of what charges are multiples of.
fn stepped(minor: i64, currency: Currency) -> i64 {
    minor - minor % currency.processor_step()
}

/// Which part (the last: shipping), how, and how much of what is left in per mille.
fn wishes() -> impl Strategy<Value = Vec<(usize, u8, i64)>> {
    prop::collection::vec((0usize..6, 0u8..8, 0i64..=1000), 0..12)
}

fn wish(paid: &Quote, before: &[RefundQuote], (at, how, mille): (usize, u8, i64)) -> RefundWish {
    let left = refundable(paid, before).unwrap();
    let at = at % (left.lines.len() + 1);
    let of = left.lines.get(at).or(left.shipping.as_ref()).unwrap_or(&left.lines[0]);
    let take = match how {
        0 => Take::All,
        1 => Take::Tax,
        2..=4 => Take::Quantity { quantity: u32::try_from(i64::from(of.quantity) * mille / 1000).unwrap() },
        _ => amount(stepped(of.amounts.gross.minor() * mille / 1000, paid.currency), paid.currency),
    };
    if at == left.lines.len() { RefundWish { lines: vec![], shipping: Some(take) } } else { line(at, take) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_refunds_and_the_rest_sum_to_exactly_what_was_paid(paid in any_quote(), acts in wishes()) {
        let mut refunds: Vec<RefundQuote> = Vec::new();
        let mut back = 0;
        for act in acts {
            let Ok(next) = refund(&paid, &refunds, &wish(&paid, &refunds, act)) else { continue };
            back += next.totals.gross.minor();
            let parts = next.lines.iter().chain(&next.shipping);
            let mut all = parts.flat_map(|p| [&p.amounts, &p.left]).chain([&next.totals, &next.left]);
            prop_assert!(all.all(whole), "{:?}", next);
            prop_assert_eq!(next.left.gross.minor() + back, paid.totals.gross.minor());
            prop_assert!(next.totals.gross.is_in_steps(), "{:?}", next.totals);
            for step in &next.explain {
                let sum = step.before.minor() + step.amount.minor() + step.left.minor();
                prop_assert_eq!(sum, step.paid.minor());
                prop_assert!(!step.amount.is_negative() && !step.left.is_negative());
            }
            drop(all);
            refunds.push(next);
            let left = refundable(&paid, &refunds).unwrap();
            prop_assert_eq!(&left.totals, &refunds.last().unwrap().left);
        }
        let last = rest(&paid, &refunds);
        if last != RefundWish::default() {
            refunds.push(refund(&paid, &refunds, &last).unwrap());
        }
        all_back(&paid, &refunds)?;
        prop_assert!(refundable(&paid, &refunds).unwrap().lines.iter().all(|l| l.done));
    }

    #[test]
    fn it_does_not_matter_in_how_many_amounts_it_went_back(paid in any_quote(), cuts in prop::collection::vec(1i64..400, 1..9)) {
        let take = |minor: i64, before: &[RefundQuote]| refund(&paid, before, &line(0, amount(minor, paid.currency)));
        let gross = paid.lines[0].amounts.gross.minor();
        prop_assume!(gross > 0);
        let step = paid.currency.processor_step();
        let cuts: Vec<i64> = cuts.iter().map(|cut| stepped(gross * cut / 4000, paid.currency).max(step)).collect();
        let sum: i64 = cuts.iter().sum();
        prop_assume!(sum <= gross);
        let mut refunds = Vec::new();
        for cut in &cuts {
            refunds.push(take(*cut, &refunds).unwrap());
        }
        let once = take(sum, &[]).unwrap();
        let parts: Vec<_> = refunds.iter().map(|r| &r.lines[0].amounts).collect();
        prop_assert_eq!(back_of(&paid.lines[0].amounts, &parts), back_of(&paid.lines[0].amounts, &[&once.lines[0].amounts]));
        // All tax is within half a minor unit (or step) of its exact share, each rule within less than one of a rule's.
        let share = |of: Money| of.minor() * sum;
        let off = once.totals.tax.minor() * gross - share(paid.lines[0].amounts.tax);
        prop_assert!(off.abs() * 2 <= gross * step);
        for (tax, paid) in once.totals.taxes.iter().zip(&paid.lines[0].amounts.taxes) {
            prop_assert!((tax.amount.minor() * gross - share(paid.amount)).abs() < gross * step * 2);
        }
    }

    #[test]
    fn pieces_of_a_line_differ_by_one_minor_unit_or_step_at_most(paid in any_quote()) {
        let mut refunds = Vec::new();
        for _ in 0..paid.lines[0].quantity {
            refunds.push(refund(&paid, &refunds, &line(0, Take::Quantity { quantity: 1 })).unwrap());
        }
        let gross: Vec<i64> = refunds.iter().map(|r| r.totals.gross.minor()).collect();
        prop_assert!(gross.iter().max().unwrap() - gross.iter().min().unwrap() <= paid.currency.processor_step(), "{:?}", gross);
        prop_assert!(refunds.last().unwrap().lines[0].complete);
    }

    #[test]
    fn the_bounds_hold_whatever_another_program_gave_back(paid in any_quote(), mille in prop::collection::vec(0i64..=1000, 8), act in (0usize..6, 0u8..8, 0i64..=1000)) {
        // An earlier refund by no rule at all, within what was paid.
        let mut strange = refund(&paid, &[], &line(0, Take::All)).unwrap();
        let part = &mut strange.lines[0];
        let cut = |m: Money, by: i64| money(stepped(m.minor() * by / 1000, paid.currency), paid.currency);
        part.quantity = 0;
        part.amounts.net = cut(part.amounts.net, mille[0]);
        for (tax, by) in part.amounts.taxes.iter_mut().zip(mille[1..].chunks(2)) {
            (tax.base, tax.amount) = (cut(tax.base, by[0]), cut(tax.amount, by[1]));
        }
        let mut refunds = vec![strange];
        if let Ok(next) = refund(&paid, &refunds, &wish(&paid, &refunds, act)) {
            prop_assert!(next.lines.iter().all(|p| whole(&p.amounts) && whole(&p.left)));
            refunds.push(next);
        }
        let last = rest(&paid, &refunds);
        if last != RefundWish::default() {
            refunds.push(refund(&paid, &refunds, &last).unwrap());
        }
        let parts: Vec<_> = refunds.iter().flat_map(|r| &r.lines).filter(|p| p.line == Some(0)).map(|p| &p.amounts).collect();
        prop_assert_eq!(paid_of(&paid.lines[0].amounts), back_of(&paid.lines[0].amounts, &parts));
    }
}

#[test]
fn case_03_a_refund_that_no_card_can_take_back_is_refused_and_what_remains_can_go_back() {
    let kwd: Currency = "KWD".parse().unwrap();
    let mut paid = germany(&[("ebook", 1, 1, false)]);
    paid.currency = kwd;
    let amounts = &mut paid.lines[0].amounts;
    let tax = TaxAmount { base: money(9_340, kwd), amount: money(650, kwd), ..amounts.taxes[0].clone() };
    let (net, gross) = (money(9_340, kwd), money(9_990, kwd));
    *amounts = Amounts { list: gross, discounts: vec![], net, tax: tax.amount, taxes: vec![tax], gross };
    paid.totals = amounts.clone();
    let refused = refund(&paid, &[], &line(0, amount(3_333, kwd))).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("not_chargeable", "lines[0].take.gross"));
    assert!(refused.to_string().contains("multiples of 0.010"), "{refused}");
    // A third of it: 0.217 of tax would be its share, to the step 0.220.
    let some = refund(&paid, &[], &line(0, amount(3_330, kwd))).unwrap();
    assert_eq!((some.totals.gross.minor(), some.totals.tax.minor(), some.totals.net.minor()), (3_330, 220, 3_110));
    let rest = refund(&paid, std::slice::from_ref(&some), &line(0, Take::All)).unwrap();
    assert_eq!((rest.totals.gross.minor(), rest.totals.tax.minor()), (6_660, 430));
}

#[test]
fn a_sale_from_before_charges_were_whole_goes_back_to_its_last_filler() {
    let huf: Currency = "HUF".parse().unwrap();
    let sold = |net: i64, tax: i64| {
        let mut paid = germany(&[("ebook", 1, 1, false)]);
        paid.currency = huf;
        let amounts = &mut paid.lines[0].amounts;
        let taxes = vec![TaxAmount { base: money(net, huf), amount: money(tax, huf), ..amounts.taxes[0].clone() }];
        let gross = money(net + tax, huf);
        *amounts = Amounts { list: gross, discounts: vec![], net: money(net, huf), tax: money(tax, huf), taxes, gross };
        paid.totals = amounts.clone();
        paid
    };
    let before = sold(392_913, 106_087);
    let some = refund(&before, &[], &line(0, amount(124_750, huf))).unwrap();
    let rest = refund(&before, std::slice::from_ref(&some), &line(0, Take::All)).unwrap();
    let back = [&some, &rest].map(|r| (r.totals.net.minor(), r.totals.tax.minor(), r.totals.gross.to_processor()));
    assert_eq!(back, [(98_228, 26_522, Ok(124_750)), (294_685, 79_565, Ok(374_250))]);
    // One of today in whole forints.
    let refused = refund(&sold(392_900, 106_100), &[], &line(0, amount(124_750, huf))).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("not_chargeable", "lines[0].take.gross"));
}
