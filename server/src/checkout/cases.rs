//! Cases that others learned the hard way, each named after its number in the list of them; more are in `tests.rs`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use vitrine_clock::Clock;
use vitrine_payments::simulator::Simulator;
use vitrine_payments::{Event, NewRefund, NewSession, PaymentState, Payments, Session};
use vitrine_shared::orders::CheckoutState;

use super::*;
use crate::ctx::OpCtx;
use crate::testing::{NOW, Shop};

const CARD: &str = "4242424242424242";

fn event(id: &str, kind: &str, session: &Session) -> Event {
    Event { id: id.into(), kind: kind.into(), created_ms: NOW, session: session.clone(), refund: None }
}

/// Another process over the same stores.
fn other_process(shop: &Shop, payments: Arc<dyn Payments>) -> Checkouts {
    Checkouts::new(
        shop.table.clone(),
        shop.catalog.clone(),
        shop.carts.clone(),
        Some(payments),
        shop.queue.clone(),
        Arc::new(MasterKey::from_base64(&SecretString::from("A".repeat(43) + "=")).unwrap()),
        "http://shop.example".into(),
    )
}

/// Takes the payment on and never answers, as to a process that ends in between.
#[derive(Default)]
struct Unheard(OnceLock<Simulator>);

#[async_trait]
impl Payments for Unheard {
    fn name(&self) -> &'static str {
        "simulator"
    }
    fn csp_origins(&self) -> Vec<String> {
        Vec::new()
    }
    fn methods(&self) -> &'static [&'static str] {
        &["card"]
    }
    fn authorises(&self) -> &'static [&'static str] {
        &[]
    }
    async fn begin(&self, new: NewSession) -> vitrine_payments::Result<Session> {
        if let Some(simulator) = self.0.get() {
            simulator.begin(new).await?;
        }
        std::future::pending().await
    }
    async fn session(&self, _: &str) -> vitrine_payments::Result<Session> {
        std::future::pending().await
    }
    async fn capture(&self, _: vitrine_payments::NewCapture) -> vitrine_payments::Result<Session> {
        std::future::pending().await
    }
    async fn expire(&self, _: &str) -> vitrine_payments::Result<Session> {
        std::future::pending().await
    }
    async fn refund(&self, _: NewRefund) -> vitrine_payments::Result<vitrine_payments::Refund> {
        std::future::pending().await
    }
    fn verify_webhook(&self, _: &http::HeaderMap, _: &[u8]) -> vitrine_payments::Result<Event> {
        Err(vitrine_payments::PaymentError::BadSignature("none"))
    }
}

#[tokio::test]
async fn case_26_a_total_of_0_needs_no_provider() {
    let away = Arc::new(Unheard::default());
    let shop = Shop::with(None, Some(away)).await;
    let ctx = shop.fill(&shop.guest(), &["Free Tide"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((checkout.state, checkout.total_minor, placed.pay_url), (CheckoutState::Paid, 0, None));
    assert!(checkout.session.is_none() && checkout.provider.is_empty());
}

#[tokio::test]
async fn case_27_a_retry_after_a_timeout_and_a_restart_makes_one_charge() {
    let unheard = Arc::new(Unheard::default());
    let shop = Shop::with(None, Some(unheard.clone())).await;
    unheard.0.set(shop.simulator.clone()).ok().unwrap();
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placing = shop.placing(&ctx, "attempt").await;
    // The process is gone after it held the pieces and before it knew the provider's answer.
    let cut = tokio::time::timeout(Duration::from_millis(200), shop.checkouts.place(&ctx, &placing)).await;
    assert!(cut.is_err());
    assert_eq!(shop.level("Paper Boats").await.reserved, 1);
    let restarted = other_process(&shop, Arc::new(shop.simulator.clone()));
    let soon = restarted.place(&ctx, &placing).await.unwrap_err();
    assert_eq!(soon.code, "attempt_in_flight", "whoever made it may still be at it");
    shop.clock.advance_ms(40_000);
    let later = OpCtx { now_ms: shop.clock.now_ms(), ..ctx.clone() };
    let placed = restarted.place(&later, &placing).await.unwrap();
    assert_eq!(restarted.place(&later, &placing).await.unwrap(), placed, "and again the same");
    assert_eq!(shop.level("Paper Boats").await.reserved, 1, "held once");
    shop.pay(&placed, CARD).await;
    restarted.refresh(&later, &placed.id).await.unwrap();
    let checkout = restarted.get(&placed.id).await.unwrap().unwrap();
    assert_eq!(checkout.state, CheckoutState::Paid);
    let session = shop.simulator.look(checkout.session.as_deref().unwrap()).await.unwrap();
    assert_eq!((session.state, session.amount_minor), (PaymentState::Captured, checkout.total_minor));
    assert_eq!(shop.level("Paper Boats").await.sold, 1);
}

#[tokio::test]
async fn case_27_an_attempt_whose_hold_ended_says_so() {
    let unheard = Arc::new(Unheard::default());
    let shop = Shop::with(None, Some(unheard)).await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placing = shop.placing(&ctx, "attempt").await;
    let cut = tokio::time::timeout(Duration::from_millis(200), shop.checkouts.place(&ctx, &placing)).await;
    assert!(cut.is_err());
    shop.clock.advance_ms(crate::checkout::HOLD_MS + 1000);
    shop.work().await;
    let later = OpCtx { now_ms: shop.clock.now_ms(), ..ctx };
    assert_eq!(shop.checkouts.place(&later, &placing).await.unwrap_err().code, "attempt_over");
    let level = shop.level("Paper Boats").await;
    assert_eq!((level.available, level.reserved), (5, 0));
}

#[tokio::test]
async fn case_30_money_whose_event_never_comes_is_found_by_asking() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let session = shop.session(&placed).await;
    let system = OpCtx::system("webhook", NOW);
    let settling = Session { state: PaymentState::Settling, ..session };
    shop.checkouts.handle_event(&system, &event("ev_1", "session.settling", &settling)).await.unwrap();
    shop.pay(&placed, CARD).await;
    shop.clock.advance_ms(crate::checkout::HOLD_MS + 1000);
    shop.work().await;
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Paid);
}

#[tokio::test]
async fn case_30_an_event_three_times_at_once_beside_the_buyers_return_settles_grants_and_mails_once() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let paid = shop.pay(&placed, CARD).await;
        let system = OpCtx::system("webhook", NOW);
        let captured = event("ev_1", "session.captured", &paid);
        let told = || shop.checkouts.handle_event(&system, &captured);
        let (a, b, c, back) = tokio::join!(told(), told(), told(), shop.checkouts.refresh(&ctx, &placed.id));
        for done in [a, b, c, back] {
            // A lost race is answered with a conflict, which brings the event back.
            assert!(done.is_ok() || done.is_err_and(|p| p.code == "changed_meanwhile"));
        }
        told().await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(checkout.state, CheckoutState::Paid);
        let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
        assert_eq!(trail.iter().filter(|e| e.act == "checkout.paid").count(), 1);
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved, level.sold), (4, 0, 1));
        for order in shop.checkouts.orders(&checkout).await.unwrap() {
            let desk = crate::authz::tenant_desk(&system, &order.tenant).unwrap();
            assert_eq!(shop.checkouts.sales(&desk, None).await.unwrap().0.len(), 1);
            for line in &order.lines {
                let grants = shop.grants.grants_for_work(&checkout.customer, &line.work).await.unwrap();
                assert_eq!(grants.len(), usize::from(!line.physical), "{}", line.title);
            }
        }
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &[""]).await;
        let keys: Vec<&str> = mails.iter().map(|m| m.key.as_str()).collect();
        assert!(keys.len() == 1 && keys[0].starts_with("receipt/"), "{keys:?}");
        assert_eq!(shop.session(&placed).await.refunded_minor, 0);
    }
}

#[tokio::test]
async fn case_32_browser_and_webhook_together_make_one_paid_order() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let paid = shop.pay(&placed, CARD).await;
        let system = OpCtx::system("webhook", NOW);
        let captured = event("ev_1", "session.captured", &paid);
        let (a, b, c) = tokio::join!(
            shop.checkouts.handle_event(&system, &captured),
            shop.checkouts.refresh(&ctx, &placed.id),
            shop.checkouts.handle_event(&system, &captured),
        );
        for done in [a, b, c] {
            // A lost race is answered with a conflict, which brings the event back.
            assert!(done.is_ok() || done.is_err_and(|p| p.code == "changed_meanwhile"));
        }
        shop.checkouts.handle_event(&system, &captured).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(checkout.state, CheckoutState::Paid);
        assert_eq!(shop.level("Paper Boats").await.sold, 1);
        let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
        assert_eq!(trail.iter().filter(|e| e.act == "checkout.paid").count(), 1);
    }
}

#[tokio::test]
async fn case_33_two_processes_settle_an_event_once() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let paid = shop.pay(&placed, CARD).await;
    let other = other_process(&shop, Arc::new(shop.simulator.clone()));
    let system = OpCtx::system("webhook", NOW);
    let captured = event("ev_1", "session.captured", &paid);
    let (a, b) = tokio::join!(shop.checkouts.handle_event(&system, &captured), other.handle_event(&system, &captured),);
    a.unwrap();
    b.unwrap();
    assert_eq!(shop.level("Paper Boats").await.sold, 1);
    let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
    assert_eq!(mails.len(), 1);
}

#[tokio::test]
async fn case_34_an_event_weeks_later_sends_no_receipt_again() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let paid = shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    let receipts = async || shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await.len();
    assert_eq!(receipts().await, 1);
    shop.clock.advance_ms(5 * 7 * 24 * 60 * 60 * 1000);
    let system = OpCtx::system("webhook", shop.clock.now_ms());
    let back = Session { refunded_minor: paid.amount_minor, ..paid.clone() };
    for (id, kind, session) in [("ev_9", "refund.created", &back), ("ev_1", "session.captured", &paid)] {
        shop.checkouts.handle_event(&system, &event(id, kind, session)).await.unwrap();
    }
    assert_eq!(receipts().await, 0);
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Paid);
}

#[tokio::test]
async fn case_29_a_cart_holds_stock_once_and_money_for_an_earlier_attempt_goes_back() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let placing = shop.placing(&ctx, "first").await;
        let attempt = |name: &str| Placing { attempt: format!("{name:x<16}"), ..placing.clone() };
        let first = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let early = shop.session(&first).await;
        // Who knows the cart's id alone ends nothing.
        let id = ctx.cart.as_deref().and_then(|token| token.split_once('.')).unwrap().0;
        let knowing = OpCtx { cart: Some(format!("{id}.guessed")), ..shop.guest() };
        assert_eq!(shop.checkouts.place(&knowing, &attempt("knowing")).await.unwrap_err().code, "cart_not_ready");
        let state = async |placed: &Placed| shop.checkouts.get(&placed.id).await.unwrap().unwrap().state;
        assert_eq!(state(&first).await, CheckoutState::PendingPayment);

        let mut last = first.clone();
        for n in 0..4 {
            last = shop.checkouts.place(&ctx, &attempt(&format!("again-{n}"))).await.unwrap();
            assert_eq!(shop.level("Paper Boats").await.reserved, 1, "attempt {n}");
        }
        assert_eq!(state(&first).await, CheckoutState::Released);
        assert_eq!(shop.session(&first).await.state, PaymentState::Expired, "its page takes no money any more");
        // Money that comes for it all the same was for what the buyer had begun anew.
        let system = OpCtx::system("webhook", NOW);
        let late = Session { state: PaymentState::Captured, ..early };
        shop.checkouts.handle_event(&system, &event("ev_late", "session", &late)).await.unwrap();
        assert_eq!(state(&first).await, CheckoutState::RefundedLate);
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved, level.sold), (4, 1, 0));

        // Paid, and the shop did not hear of it yet: it is not sold twice.
        let ctx = shop.fill(&ctx, &["Paper Boats"]).await;
        shop.pay(&last, CARD).await;
        let refused = shop.checkouts.place(&ctx, &attempt("unheard")).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (409, "paid_meanwhile"));
        assert_eq!(state(&last).await, CheckoutState::Paid);
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved, level.sold), (4, 0, 1));
    }
}

/// A page on which a card was declined still waits for another one; once it is ended, nothing is held for it.
#[tokio::test]
async fn a_declined_card_that_is_left_holds_no_longer_than_its_time_and_not_beside_another_attempt() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let first = shop.place(&ctx).await.unwrap();
        assert_eq!(shop.pay(&first, "4000000000000002").await.state, PaymentState::Failed);
        shop.work().await;
        let state = async |placed: &Placed| shop.checkouts.get(&placed.id).await.unwrap().unwrap().state;
        assert_eq!((state(&first).await, shop.level("Paper Boats").await.reserved), (CheckoutState::PendingPayment, 1));
        let second = shop.checkouts.place(&ctx, &shop.placing(&ctx, "another").await).await.unwrap();
        assert_eq!((state(&first).await, shop.level("Paper Boats").await.reserved), (CheckoutState::Released, 1));
        assert_eq!(shop.pay(&second, "4000000000000002").await.state, PaymentState::Failed);
        shop.clock.advance_ms(crate::checkout::HOLD_MS + 1000);
        shop.work().await;
        let level = shop.level("Paper Boats").await;
        assert_eq!((state(&second).await, level.available, level.reserved), (CheckoutState::Released, 5, 0));
    }
}

#[tokio::test]
async fn attempts_at_the_same_moment_hold_stock_once() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let placing = shop.placing(&ctx, "one").await;
        let two = Placing { attempt: format!("{:x<16}", "two"), ..placing.clone() };
        let (one, two) = futures::join!(shop.checkouts.place(&ctx, &placing), shop.checkouts.place(&ctx, &two));
        assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
        let codes: Vec<_> = [one, two].into_iter().filter_map(Result::err).map(|p| (p.status, p.code)).collect();
        assert!(codes.iter().all(|(status, _)| *status == 409), "{codes:?}");
        assert_eq!(shop.level("Paper Boats").await.reserved, 1);
    }
}

#[tokio::test]
async fn case_28_what_an_account_has_is_bought_again_only_if_it_says_so() {
    let shop = Shop::open().await;
    let user = shop.user(1, "buyer@example.org", &[], &[]);
    let ctx = shop.fill(&user, &["Harbour Lights"]).await;
    let first = shop.place(&ctx).await.unwrap();
    shop.pay(&first, CARD).await;
    shop.checkouts.refresh(&OpCtx::system("return", NOW), &first.id).await.unwrap();
    let ctx = shop.fill(&user, &["Harbour Lights"]).await;
    assert_eq!(shop.checkouts.checkout_view(&ctx).await.unwrap().owned, ["Harbour Lights"]);
    let mut placing = shop.placing(&ctx, "once-more-please").await;
    let asked = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
    assert_eq!(asked.status, 422);
    assert_eq!(asked.fields.get("buy_again").map(String::as_str), Some("fault-owned"));
    placing.form.buy_again = true;
    shop.checkouts.place(&ctx, &placing).await.unwrap();
    // Whoever else buys it, and who has another work, is not asked.
    let guest = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    assert!(shop.checkouts.checkout_view(&guest).await.unwrap().owned.is_empty());
    shop.place(&guest).await.unwrap();
}

#[tokio::test]
async fn case_28_while_its_money_is_on_its_way_nothing_is_bought_again() {
    for shop in Shop::both().await {
        let ctx = OpCtx { network: Some("DE".into()), ..shop.guest() };
        let ctx = shop.fill(&ctx, &["Harbour Lights"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let mut session = shop.pay(&placed, CARD).await;
        session.state = PaymentState::Settling;
        let webhook = OpCtx::system("webhook", NOW);
        shop.checkouts.handle_event(&webhook, &event("ev_1", "session.settling", &session)).await.unwrap();
        assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Settling);
        let placing = shop.placing(&ctx, "while-it-settles").await;
        let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (409, "payment_settling"));
        // Once it is decided the cart is free again.
        session.state = PaymentState::Failed;
        shop.checkouts.handle_event(&webhook, &event("ev_2", "session.failed", &session)).await.unwrap();
        let placing = shop.placing(&ctx, "after-it-settled").await;
        shop.checkouts.place(&ctx, &placing).await.unwrap();
    }
}
