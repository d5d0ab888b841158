//! Paying with gift cards and store credit.

use vitrine_clock::Clock;
use vitrine_pricing::refund::RefundWish;
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::PayState;

use super::*;
use crate::ctx::{Guess, OpCtx};
use crate::testing::{NOW, Shop, form};
use crate::value::{NewCard, NewCredit};

const CARD: &str = "4242424242424242";

/// What the caller would send for their checkout page as it is.
async fn seen(shop: &Shop, ctx: &OpCtx, attempt: &str) -> Placing {
    let view = shop.checkouts.checkout_view(ctx).await.unwrap();
    let mut placing = shop.placing(ctx, attempt).await;
    placing.form.use_credit = view.form.use_credit;
    placing.due_minor = Some(view.value.due_minor);
    placing
}

async fn apply(shop: &Shop, ctx: &OpCtx, code: &str) -> Result<()> {
    shop.checkouts.apply_code(ctx, &form(), code).await
}

async fn left(shop: &Shop, id: &vitrine_shared::id::ValueId) -> (i64, i64) {
    let account = shop.values.account(id).await.unwrap().unwrap();
    (account.available, account.held)
}

async fn placed_order(shop: &Shop, placed: &Placed) -> (Checkout, Order) {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    (checkout, order)
}

#[tokio::test]
async fn case_42_a_voucher_of_25_and_a_card_of_65_pay_90_and_leave_nothing_on_either() {
    for shop in Shop::both().await {
        shop.reprice("Harbour Lights", 9000).await;
        // What the voucher leaves is paid at the provider.
        let (voucher, code) = shop.card(2500).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((view.cart.total_minor, view.value.due_minor), (9000, 6500));
        let placed = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "rest").await).await.unwrap();
        assert_eq!(left(&shop, &voucher).await, (0, 2500), "held until it is paid");
        assert_eq!(shop.session(&placed).await.amount_minor, 6500);
        shop.pay(&placed, CARD).await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        let (checkout, order) = placed_order(&shop, &placed).await;
        assert_eq!((checkout.state, checkout.total_minor, checkout.due_minor()), (CheckoutState::Paid, 9000, 6500));
        assert!(order.paid && order.quote.totals.gross.minor() == 9000, "prices and tax know nothing of it");
        assert_eq!(left(&shop, &voucher).await, (0, 0));
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
        let text = &mails[0].text;
        assert!(text.contains(&format!("Gift card …{}: €25.00", &code[15..])) || text.contains("25,00"), "{text}");
        assert!(text.contains("card 4242: ") && !text.contains(&code), "{text}");
        let invoice = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
        assert_eq!((invoice.totals.gross.minor(), invoice.sources), (9000, order.sources));
        // Voucher and card together: nothing is left for the provider.
        let (voucher, code) = shop.card(2500).await;
        let (card, other) = shop.card(6500).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        apply(&shop, &ctx, &other).await.unwrap();
        let placed = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "both").await).await.unwrap();
        let (checkout, order) = placed_order(&shop, &placed).await;
        assert_eq!((placed.pay_url.as_deref(), checkout.session), (None, None));
        assert_eq!((checkout.state, order.paid), (CheckoutState::Paid, true));
        assert_eq!((left(&shop, &voucher).await, left(&shop, &card).await), ((0, 0), (0, 0)));
        assert_eq!(order.sources.iter().map(|s| s.amount_minor).collect::<Vec<_>>(), [2500, 6500]);
        shop.work().await;
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn case_43_wrong_foreign_and_expired_codes_have_one_answer_and_are_rate_limited() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let day = 24 * 60 * 60 * 1000;
    let expiring = NewCard { amount: "5".into(), ends_ms: Some(NOW + day), ..NewCard::default() };
    let expired = shop.card_like(expiring).await.1;
    let press = shop.catalog.records().tenants().await.unwrap().into_iter().find(|t| t.name.contains("Press"));
    let foreign = NewCard { amount: "5".into(), issuer: press.map(|t| t.id), ..NewCard::default() };
    assert!(foreign.issuer.is_some());
    let foreign = shop.card_like(foreign).await.1;
    let (ended, ended_code) = shop.card(500).await;
    shop.values.end(&shop.staff(), &ended, "stolen").await.unwrap();
    let (resent, replaced) = shop.card(500).await;
    shop.values.resend(&shop.staff(), &resent, &"r".repeat(16)).await.unwrap();
    let good = shop.sent_code(&resent).await;
    shop.clock.advance_ms(day);
    let now = OpCtx { now_ms: shop.clock.now_ms(), ..ctx.clone() };
    let mut answers = Vec::new();
    for code in ["wrong", "7777-7777-7777-7777", &expired, &foreign, &ended_code, &replaced] {
        let asked = OpCtx { guess: Guess::default(), ..now.clone() };
        answers.push(apply(&shop, &asked, code).await.unwrap_err());
        assert!(asked.guess.is_wrong(), "{code} counts as a guess");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer: {answers:?}");
    assert_eq!(answers[0].fields.get("code").map(String::as_str), Some("fault-code"));
    let asked = OpCtx { guess: Guess::default(), ..now.clone() };
    apply(&shop, &asked, &format!(" {} ", good.to_lowercase().replace('-', " "))).await.unwrap();
    assert!(!asked.guess.is_wrong());

    // Who guessed too often is not asked again, not even with a right code.
    let rules = crate::web::limits::Figures { guess: Some([3, 0]), ..Default::default() }.rules().unwrap();
    let secret = crate::secrets::Secret { kid: "k".into(), bytes: vec![7; 32] };
    let buckets = crate::web::limits::Buckets::new(shop.table.clone(), shop.clock.clone(), secret, rules);
    let throttle = vitrine_identity::provider::Throttle::new(shop.table.clone(), shop.clock.clone());
    let checkouts = shop.checkouts.clone().bounded(throttle, Some(buckets.clone()));
    let peer = Some("203.0.113.9".parse().unwrap());
    let guesser = OpCtx { peer, ..now.clone() };
    for _ in 0..4 {
        buckets.take(crate::web::limits::Class::Guess, crate::web::limits::Who::address(peer)).await;
    }
    for code in [good.as_str(), "wrong"] {
        let refused = checkouts.apply_code(&guesser, &form(), code).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (429, "code_wait"));
    }
    let elsewhere = OpCtx { peer: Some("203.0.113.10".parse().unwrap()), ..now };
    checkouts.apply_code(&elsewhere, &form(), &good).await.unwrap();
}

#[tokio::test]
async fn case_26_a_total_of_0_that_a_card_pays_needs_no_provider() {
    for shop in Shop::both().await {
        // A shop that has no provider at all.
        let checkouts = Checkouts { payments: None, ..shop.checkouts.clone() };
        let ctx = shop.fill(&shop.guest(), &["Free Tide"]).await;
        let placed = checkouts.place(&ctx, &shop.placing(&ctx, "free").await).await.unwrap();
        assert_eq!(placed.pay_url, None);
        let (checkout, order) = placed_order(&shop, &placed).await;
        assert_eq!((checkout.state, order.paid, checkout.total_minor), (CheckoutState::Paid, true, 0));
        let (card, code) = shop.card(800).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let placed = checkouts.place(&ctx, &seen(&shop, &ctx, "card").await).await.unwrap();
        let (checkout, order) = placed_order(&shop, &placed).await;
        assert_eq!((checkout.state, order.paid, checkout.provider.as_str()), (CheckoutState::Paid, true, ""));
        assert_eq!((left(&shop, &card).await, order.payment_provider.as_str()), ((0, 0), ""));
        // One cent more than the card, and there is nobody to ask for it.
        let (card, code) = shop.card(799).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let placing = seen(&shop, &ctx, "less").await;
        let least = vitrine_pricing::money::Currency::all().find(|c| c.code() == "EUR").unwrap().minimum_charge();
        assert_eq!(placing.due_minor, Some(least.minor()), "what is left can be charged");
        let refused = checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!((refused.code.as_str(), left(&shop, &card).await), ("payment_unavailable", (799, 0)));
    }
}

#[tokio::test]
async fn a_code_of_another_currency_is_as_wrong_as_any() {
    let shop = Shop::open().await;
    let of =
        |currency: &str| crate::value::NewCard { amount: "5".into(), currency: currency.into(), ..Default::default() };
    let (dollars, code) = shop.card_like(of("USD")).await;
    let told = async || {
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        let refused = apply(&shop, &ctx, &code).await.unwrap_err();
        (refused.fields.get("code").cloned(), ctx.guess.is_wrong())
    };
    let live = told().await;
    shop.values.end(&shop.staff(), &dollars, "lost").await.unwrap();
    assert_eq!((live.clone(), told().await), (live, (Some("fault-code".to_owned()), true)));
}

#[tokio::test]
async fn what_is_held_is_let_go_with_the_checkout_and_a_cart_holds_it_once() {
    for shop in Shop::both().await {
        let (card, code) = shop.card(500).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let first = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "first").await).await.unwrap();
        assert_eq!(left(&shop, &card).await, (0, 500));
        // Back from the provider's page, the card is still there for this cart, and for no other one.
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((view.value.due_minor, view.value.codes.len()), (300, 1));
        let other = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        let refused = apply(&shop, &other, &code).await.unwrap_err();
        assert_eq!(refused.fields.get("code").map(String::as_str), Some("fault-code"));
        let second = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "second").await).await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(left(&shop, &card).await, (0, 500), "held once");
        shop.clock.advance_ms(HOLD_MS);
        shop.work().await;
        assert_eq!(left(&shop, &card).await, (500, 0), "the hold is over");
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn money_that_comes_late_takes_the_card_again_or_goes_back_whole() {
    for spent in [false, true] {
        for shop in Shop::both().await {
            let (card, code) = shop.card(500).await;
            // Where the buyer lives is known, so the money is taken at once.
            let guest = OpCtx { network: Some("DE".into()), ..shop.guest() };
            let ctx = shop.fill(&guest, &["Harbour Lights"]).await;
            apply(&shop, &ctx, &code).await.unwrap();
            let placed = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "late").await).await.unwrap();
            let (checkout, _) = placed_order(&shop, &placed).await;
            let system = OpCtx::system("test", NOW);
            // Paid at the provider while the shop lets the hold go.
            shop.checkouts.release(&system, &checkout, "expired").await.unwrap();
            assert_eq!(left(&shop, &card).await, (500, 0));
            let session = shop.pay(&placed, CARD).await;
            if spent {
                let other = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
                apply(&shop, &other, &code).await.unwrap();
                shop.checkouts.place(&other, &seen(&shop, &other, "other").await).await.unwrap();
            }
            let event = vitrine_payments::Event {
                id: "ev".into(),
                kind: "session".into(),
                created_ms: NOW,
                session,
                refund: None,
            };
            for _ in 0..2 {
                shop.checkouts.handle_event(&system, &event).await.unwrap();
            }
            shop.work().await;
            let (checkout, order) = placed_order(&shop, &placed).await;
            let back = shop.session(&placed).await.refunded_minor;
            if spent {
                assert_eq!((checkout.state, order.paid, back), (CheckoutState::RefundedLate, false, 300));
                assert_eq!((checkout.failure.as_deref(), left(&shop, &card).await), (Some("value_spent"), (0, 500)));
            } else {
                assert_eq!((checkout.state, order.paid, back), (CheckoutState::Paid, true, 0));
                assert_eq!(left(&shop, &card).await, (0, 0));
            }
            assert_eq!(shop.violations().await, []);
        }
    }
}

#[tokio::test]
async fn a_refund_goes_back_to_its_sources_money_first_and_never_more_than_each_gave() {
    for shop in Shop::both().await {
        // 890 of shipping and 1200 of a book: 500 by the card, 1590 at the provider.
        let (card, code) = shop.card(500).await;
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let placed = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "book").await).await.unwrap();
        shop.pay(&placed, CARD).await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        let (_, order) = placed_order(&shop, &placed).await;
        let staff = shop.staff();
        let wish = |attempt: &str, lines: &[usize], shipping| Wish {
            attempt: attempt.into(),
            what: RefundWish::whole(lines, shipping),
            restock: true,
            reason: "torn".into(),
        };
        shop.checkouts.refund(&staff, &order.id, &wish("one", &[0], false)).await.unwrap();
        shop.work().await;
        assert_eq!((shop.session(&placed).await.refunded_minor, left(&shop, &card).await.0), (1200, 0));
        let second = shop.checkouts.refund(&staff, &order.id, &wish("two", &[], true)).await.unwrap();
        shop.work().await;
        shop.checkouts.send_back(&OpCtx::system("again", NOW), &second).await.unwrap();
        assert_eq!((shop.session(&placed).await.refunded_minor, left(&shop, &card).await.0), (1590, 500), "once");
        let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        assert_eq!((view.state, view.paid.len()), (PayState::Refunded, 2));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn what_came_from_a_card_that_is_over_becomes_store_credit_of_who_bought() {
    for shop in Shop::both().await {
        let (card, code) = shop.card(800).await;
        let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        apply(&shop, &ctx, &code).await.unwrap();
        let placed = shop.checkouts.place(&ctx, &seen(&shop, &ctx, "over").await).await.unwrap();
        let (checkout, order) = placed_order(&shop, &placed).await;
        let staff = shop.staff();
        shop.values.end(&staff, &card, "lost").await.unwrap();
        let wish =
            Wish { attempt: "r".into(), what: RefundWish::whole(&[0], false), restock: false, reason: "broken".into() };
        let refund = shop.checkouts.refund(&staff, &order.id, &wish).await.unwrap();
        shop.work().await;
        shop.checkouts.send_back(&OpCtx::system("again", NOW), &refund).await.unwrap();
        let credit = crate::value::store::credit_id(&checkout.customer, "EUR", None);
        assert_eq!((left(&shop, &card).await, left(&shop, &credit).await), ((0, 0), (800, 0)));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn store_credit_is_found_behind_any_number_of_purchases_as_a_guest() {
    for shop in Shop::both().await {
        let email = "often@example.org";
        let mut last = None;
        for number in 0..8 {
            let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
            let mut placing = shop.placing(&ctx, &format!("guest-{number}")).await;
            placing.form.email = email.into();
            let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
            last = shop.checkouts.get(&placed.id).await.unwrap();
        }
        let me = shop.user(9, email, &["buyer"], &[]);
        assert_eq!(shop.checkouts.claim(&me).await.unwrap(), 8);
        let mut customers = shop.checkouts.customers(&me).await.unwrap();
        assert!(customers.contains(&last.unwrap().customer));
        let new = NewCredit {
            attempt: "c".repeat(16),
            amount: "10".into(),
            currency: "EUR".into(),
            reason: "sorry".into(),
            ..NewCredit::default()
        };
        let farthest = customers.pop().unwrap();
        shop.values.give_credit(&shop.staff(), &farthest, &new).await.unwrap();
        let ctx = shop.fill(&me, &["Harbour Lights"]).await;
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert!(view.value.credit.is_some(), "{:?}", view.value);
    }
}

#[tokio::test]
async fn store_credit_is_offered_to_whose_it_is_and_pays_if_they_want() {
    for shop in Shop::both().await {
        let buyer = shop.user(1, "u@example.org", &["buyer"], &[]);
        let first = shop.fill(&buyer, &["Free Tide"]).await;
        let placed = shop.place(&first).await.unwrap();
        let (checkout, _) = placed_order(&shop, &placed).await;
        let new = NewCredit {
            attempt: "c".repeat(16),
            amount: "10".into(),
            currency: "EUR".into(),
            reason: "sorry".into(),
            ..NewCredit::default()
        };
        let credit = shop.values.give_credit(&shop.staff(), &checkout.customer, &new).await.unwrap();
        let ctx = shop.fill(&buyer, &["Harbour Lights"]).await;
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((view.value.due_minor, view.value.credit.as_ref().map(|c| c.used)), (800, Some(false)));
        let stranger = shop.fill(&shop.user(2, "x@example.org", &["buyer"], &[]), &["Harbour Lights"]).await;
        let theirs = shop.checkouts.checkout_view(&stranger).await.unwrap();
        assert_eq!(theirs.value.credit, None);
        // Wanted, but what was seen was without it: nothing is taken that was not seen.
        let mut placing = seen(&shop, &ctx, "wanted").await;
        placing.form.use_credit = true;
        assert_eq!(shop.checkouts.place(&ctx, &placing).await.unwrap_err().code, "price_changed");
        placing.due_minor = Some(0);
        placing.attempt = format!("{:x<16}", "seen");
        let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
        assert_eq!((placed.pay_url, left(&shop, &credit).await), (None, (200, 0)));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_code_is_taken_off_again_ends_with_the_purchase_and_belongs_to_its_cart() {
    let shop = Shop::open().await;
    let (card, code) = shop.card(2000).await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    apply(&shop, &ctx, &code).await.unwrap();
    apply(&shop, &ctx, &code).await.unwrap();
    let value = async |ctx: &OpCtx| shop.checkouts.checkout_view(ctx).await.unwrap().value;
    let shown = value(&ctx).await;
    assert_eq!((shown.due_minor, shown.codes.len()), (0, 1), "the same code twice is one");
    // Who knows a cart's name alone neither sees nor changes what was applied.
    let id = ctx.cart.as_deref().and_then(|token| token.split_once('.')).unwrap().0;
    let knowing = OpCtx { cart: Some(format!("{id}.guessed")), ..shop.guest() };
    shop.checkouts.remove_code(&knowing, card.as_str()).await.unwrap();
    assert_eq!(value(&knowing).await.codes.len(), 0);
    assert_eq!(value(&ctx).await.codes.len(), 1);
    for _ in 0..2 {
        shop.checkouts.remove_code(&ctx, card.as_str()).await.unwrap();
    }
    assert_eq!((value(&ctx).await.due_minor, value(&ctx).await.codes.len()), (800, 0));
    apply(&shop, &ctx, &code).await.unwrap();
    shop.checkouts.place(&ctx, &seen(&shop, &ctx, "one").await).await.unwrap();
    assert_eq!(left(&shop, &card).await, (1200, 0), "what is not spent stays");
    let again = shop.fill(&ctx, &["Harbour Lights"]).await;
    assert_eq!(value(&again).await.codes.len(), 0);
    // One more than a payment takes.
    for n in 0..=value::MOST_CODES {
        let (_, code) = shop.card(100).await;
        let done = apply(&shop, &again, &code).await;
        assert_eq!(done.is_ok(), n < value::MOST_CODES, "{n}: {done:?}");
    }
}

/// The index that lists a customer's credit lags behind the latest writes: others write until it is there.
async fn index_follows(shop: &Shop) {
    for _ in 0..8 {
        shop.fill(&shop.guest(), &["Free Tide"]).await;
    }
}

#[tokio::test]
async fn credit_with_a_last_day_is_shown_with_it_spent_first_and_written_off_after_it() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    for shop in Shop::both().await {
        let buyer = shop.user(1, "u@example.org", &["buyer"], &[]);
        let first = shop.fill(&buyer, &["Free Tide"]).await;
        let (checkout, _) = placed_order(&shop, &shop.place(&first).await.unwrap()).await;
        let give = async |attempt: &str, amount: &str, ends_ms: Option<i64>| {
            let new = NewCredit {
                attempt: format!("{attempt:x<16}"),
                amount: amount.into(),
                currency: "EUR".into(),
                ends_ms,
                reason: "sorry".into(),
            };
            shop.values.give_credit(&shop.staff(), &checkout.customer, &new).await
        };
        let refused = give("past", "1", Some(NOW)).await.unwrap_err();
        assert_eq!(refused.fields.get("ends").map(String::as_str), Some("fault-over"));
        let lasting = give("a", "20", None).await.unwrap();
        let late = give("b", "3", Some(NOW + 20 * DAY)).await.unwrap();
        let soon = give("c", "2", Some(NOW + 10 * DAY)).await.unwrap();
        assert_eq!(give("d", "1", Some(NOW + 10 * DAY)).await.unwrap(), soon, "one end, one account");
        assert_eq!(give("d", "1", Some(NOW + 10 * DAY)).await.unwrap(), soon, "the same wish is one");
        assert!(give("d", "1", None).await.is_err(), "another end is another wish");

        index_follows(&shop).await;
        let ctx = shop.fill(&buyer, &["Harbour Lights"]).await;
        let credit = shop.checkouts.checkout_view(&ctx).await.unwrap().value.credit.unwrap();
        assert_eq!((credit.balance.as_str(), credit.takes.as_str()), ("€26.00", "€8.00"));
        let (_, second) = shop.values.entries(&late).await.map(|e| (e.len(), e[0].delta_minor)).unwrap();
        assert_eq!(second, 300);
        let amounts: Vec<&str> = credit.ends.iter().map(|(amount, _)| amount.as_str()).collect();
        assert_eq!(amounts, ["€3.00", "€3.00"]);
        assert!(
            credit.ends[0].1.starts_with("Oct 1, 2026") && credit.ends[1].1.starts_with("Oct 11, 2026"),
            "{credit:?}"
        );

        // Eight euros: the three that end first, the three that end next, two of what stays.
        let mut placing = seen(&shop, &ctx, "wanted").await;
        (placing.form.use_credit, placing.due_minor) = (true, Some(0));
        let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let of = async |id| left(&shop, id).await;
        assert_eq!((of(&soon).await, of(&late).await, of(&lasting).await), ((0, 0), (0, 0), (1800, 0)));
        let (_, order) = placed_order(&shop, &placed).await;
        assert_eq!(order.sources.iter().map(|s| &s.account).collect::<Vec<_>>(), [&soon, &late, &lasting]);

        // What is left on its last day is gone the day after; what a refund gives back of it then stays.
        give("e", "5", Some(NOW + 10 * DAY)).await.unwrap();
        shop.clock.advance_ms(10 * DAY);
        shop.work().await;
        assert_eq!(of(&soon).await, (0, 0));
        let swept = shop.values.entries(&soon).await.unwrap().pop().unwrap();
        assert_eq!((swept.house, swept.delta_minor), (crate::value::House::Expired, -500));
        let staff = OpCtx { now_ms: shop.clock.now_ms(), ..shop.staff() };
        let wish = Wish {
            attempt: "back".into(),
            what: RefundWish::whole(&[0], false),
            restock: false,
            reason: "Asked for it".into(),
        };
        shop.checkouts.refund(&staff, &order.id, &wish).await.unwrap();
        shop.work().await;
        assert_eq!((of(&soon).await, of(&late).await, of(&lasting).await), ((0, 0), (300, 0), (2300, 0)));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn of_many_credits_those_that_end_soonest_pay() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    for shop in Shop::both().await {
        let buyer = shop.user(1, "u@example.org", &["buyer"], &[]);
        let first = shop.fill(&buyer, &["Free Tide"]).await;
        let (checkout, _) = placed_order(&shop, &shop.place(&first).await.unwrap()).await;
        let give = async |attempt: &str, amount: &str, days: i64| {
            let new = NewCredit {
                attempt: format!("{attempt:x<16}"),
                amount: amount.into(),
                currency: "EUR".into(),
                ends_ms: Some(NOW + days * DAY),
                reason: "sorry".into(),
            };
            shop.values.give_credit(&shop.staff(), &checkout.customer, &new).await.unwrap()
        };
        for (n, attempt) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            give(attempt, "10", 40 - n as i64).await;
        }
        let soon = give("g", "5", 1).await;
        index_follows(&shop).await;
        let ctx = shop.fill(&buyer, &["Harbour Lights"]).await;
        let mut placing = seen(&shop, &ctx, "wanted").await;
        (placing.form.use_credit, placing.due_minor) = (true, Some(0));
        let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let (_, order) = placed_order(&shop, &placed).await;
        assert_eq!(order.sources.first().map(|s| &s.account), Some(&soon));
        assert_eq!(left(&shop, &soon).await, (0, 0), "all of it, before it is over");
    }
}
