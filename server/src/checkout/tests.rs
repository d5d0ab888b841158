use std::sync::Mutex;

use vitrine_clock::Clock;
use vitrine_payments::{Event, NewRefund, NewSession, PaymentError, PaymentState, Payments, Session};
use vitrine_pricing::refund::RefundWish;
use vitrine_shared::id::TenantId;
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_shared::views::trade::PayState;
use vitrine_table::{Index, Query, Update, UpdateItem};

use super::*;
use crate::ctx::{Guess, OpCtx};
use crate::testing::{NOW, Shop, form};

const CARD: &str = "4242424242424242";

fn event(id: &str, session: &Session, state: PaymentState) -> Event {
    Event {
        id: id.into(),
        kind: "session".into(),
        created_ms: NOW,
        session: Session { state, ..session.clone() },
        refund: None,
    }
}

/// A checkout's session as the provider tells of it once it has the money.
fn captured(checkout: &super::store::Checkout) -> Session {
    Session {
        id: checkout.session.clone().unwrap(),
        reference: checkout.id.to_string(),
        url: String::new(),
        state: PaymentState::Captured,
        charge_id: Some("ch_1".into()),
        amount_minor: checkout.total_minor,
        refunded_minor: 0,
        currency: "EUR".into(),
        failure: None,
        method: None,
        last4: None,
        country: None,
        fingerprint: None,
    }
}

/// Mails that tell of payments that did not arrive in time.
async fn failures(shop: &Shop) -> Vec<vitrine_mail::Message> {
    shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["failed/", "late/"]).await
}

async fn grants(shop: &Shop, placed: &Placed) -> usize {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let mut count = 0;
    for order in shop.checkouts.orders(&checkout).await.unwrap() {
        for line in &order.lines {
            let of = shop.grants.grants_for_work(&checkout.customer, &line.work).await.unwrap();
            count += of.iter().filter(|g| g.revoked.is_none()).count();
        }
    }
    count
}

#[tokio::test]
async fn a_cart_of_two_shops_is_priced_per_shop_and_adds_up() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        let shops: Vec<&str> = view.sellers.iter().map(|s| s.store.name.as_str()).collect();
        assert_eq!(shops, ["Paper Press", "Nordlicht"], "in the order in which they were put in");
        assert_eq!((view.total_minor, view.count, view.ready), (1200 + 890 + 800, 2, true));
        assert!(view.needs_address);
        // Nothing is sent to Japan, and there are no prices for it: each line says why.
        let far = OpCtx { country: "JP".into(), ..ctx.clone() };
        let view = shop.checkouts.cart_view(&far).await.unwrap();
        let trouble = view.sellers[0].lines[0].trouble.as_deref();
        assert_eq!((trouble, view.ready), (Some("line-not-shipped"), false));
        assert_eq!(view.sellers[1].lines[0].trouble, None, "files need no parcel");
    }
}

#[tokio::test]
async fn what_is_kept_for_later_is_not_bought_and_stays() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let token = ctx.cart.as_deref();
        let boats = shop.edition("Paper Boats").await;
        let rev = shop.carts.load(&ctx, token).await.unwrap().rev;
        shop.carts.later(&ctx, token, &boats, true, &[], rev).await.unwrap();
        let stale = shop.carts.later(&ctx, token, &boats, false, &[], rev).await.unwrap_err();
        assert_eq!(stale.code, "cart_changed");
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((view.total_minor, view.count, view.later.len(), view.needs_address), (800, 1, 1, false));
        assert_eq!(shop.carts.count(&ctx, token).await.unwrap(), 1);
        let placed = shop.place(&ctx).await.unwrap();
        assert_eq!(shop.level("Paper Boats").await.reserved, 0, "nothing is held of it");
        shop.pay(&placed, CARD).await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((view.count, view.ready, view.later.len()), (0, false, 1));
        shop.carts.later(&ctx, token, &boats, false, &[], view.rev).await.unwrap();
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((view.total_minor, view.count, view.later.len()), (1200 + 890, 1, 0));
    }
}

#[tokio::test]
async fn works_that_two_buyers_bought_together_go_together() {
    for shop in Shop::both().await {
        for expected in [0, 1] {
            let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
            let placed = shop.place(&ctx).await.unwrap();
            shop.pay(&placed, CARD).await;
            shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
            shop.work().await;
            let other = shop.fill(&shop.guest(), &["Paper Boats"]).await;
            let with_it = shop.checkouts.cart_view(&other).await.unwrap().with_it;
            assert_eq!(with_it.len(), expected);
            assert!(with_it.iter().all(|card| card.title == "Harbour Lights"));
        }
    }
}

#[tokio::test]
async fn placing_twice_is_placing_once() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let placing = shop.placing(&ctx, "once").await;
        let first = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let second = shop.checkouts.place(&ctx, &placing).await.unwrap();
        assert_eq!(first, second);
        assert_eq!(shop.level("Paper Boats").await.reserved, 1);
        let mut other = placing.clone();
        other.form.name = "Somebody Else".into();
        let refused = shop.checkouts.place(&ctx, &other).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (422, "attempt_reused"));
        // A cart's id is no secret: without the rest of its token nothing is remembered.
        let id = ctx.cart.as_deref().and_then(|token| token.split_once('.')).unwrap().0;
        let knowing = OpCtx { cart: Some(format!("{id}.guessed")), ..shop.guest() };
        assert_eq!(shop.checkouts.place(&knowing, &placing).await.unwrap_err().code, "cart_not_ready");
        assert_eq!(shop.checkouts.place(&ctx, &placing).await.unwrap(), first);
    }
}

#[tokio::test]
async fn what_is_charged_is_what_was_seen_and_faults_name_their_fields() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
    let mut placing = shop.placing(&ctx, "seen").await;
    placing.seen_minor -= 1;
    let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str(), refused.detail.as_str()), (409, "price_changed", "€28.90"));
    placing.form.email = "nobody".into();
    placing.form.city = " ".into();
    placing.form.accept_licence = false;
    placing.form.accept_waiver = false;
    let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
    assert_eq!(refused.status, 422);
    for (field, code) in [
        ("email", "fault-email"),
        ("city", "fault-empty"),
        ("accept_licence", "fault-licence"),
        ("accept_waiver", "fault-waiver"),
    ] {
        assert_eq!(refused.fields.get(field).map(String::as_str), Some(code), "{field}");
    }
    let nothing = Placing {
        attempt: "e".repeat(16),
        form: form(),
        seen_minor: 0,
        seen_currency: None,
        due_minor: None,
        nothing_owned: false,
    };
    let empty = shop.checkouts.place(&shop.guest(), &nothing).await.unwrap_err();
    assert_eq!(empty.code, "cart_not_ready");
    assert_eq!(shop.level("Paper Boats").await.reserved, 0);
}

#[tokio::test]
async fn what_goes_to_a_place_is_sold_at_the_prices_of_that_place() {
    for shop in Shop::both().await {
        let shown = OpCtx { market: "us".into(), country: "US".into(), ..shop.guest() };
        let ctx = shop.fill(&shown, &["Harbour Lights"]).await;
        let mut placing = shop.placing(&ctx, "elsewhere").await;
        // At the price of the United States, sent to Germany.
        assert_eq!(placing.form.country, "DE");
        placing.seen_minor = 900;
        let refused = shop.checkouts.place(&ctx, &placing).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str(), refused.detail.as_str()), (409, "price_changed", "€8.00"));
        // The same number in another currency was not seen either.
        placing.seen_minor = 800;
        assert_eq!(shop.checkouts.place(&ctx, &placing).await.unwrap_err().code, "price_changed");
        // The page shows what is charged, and says so with what it sends.
        shop.checkouts.keep_form(&ctx, &Typed { form: form(), ..Typed::default() }).await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap().cart;
        assert_eq!((view.total_minor, view.currency.as_str()), (800, "EUR"));
        placing.seen_currency = Some(view.currency);
        let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!((checkout.market.as_str(), checkout.currency.as_str(), checkout.total_minor), ("de", "EUR", 800));
    }
}

#[tokio::test]
async fn case_25_the_last_piece_is_sold_once() {
    for shop in Shop::both().await {
        let variant = shop.edition("Paper Boats").await;
        let mut buyers = Vec::new();
        for _ in 0..3 {
            buyers.push(shop.fill(&shop.guest(), &["Paper Boats"]).await);
        }
        // Four of five pieces go elsewhere.
        for _ in 0..4 {
            let ops = vec![crate::stock::reserve(&variant, 1)];
            shop.table.transact(vitrine_table::Transact { ops, token: None }).await.unwrap();
        }
        let placings = [
            shop.placing(&buyers[0], "a").await,
            shop.placing(&buyers[1], "b").await,
            shop.placing(&buyers[2], "c").await,
        ];
        let (a, b, c) = tokio::join!(
            shop.checkouts.place(&buyers[0], &placings[0]),
            shop.checkouts.place(&buyers[1], &placings[1]),
            shop.checkouts.place(&buyers[2], &placings[2]),
        );
        let done = [a, b, c];
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1, "{done:?}");
        for refused in done.iter().filter_map(|d| d.as_ref().err()) {
            assert!(["sold_out", "cart_not_ready"].contains(&refused.code.as_str()), "{refused:?}");
        }
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved), (0, 5));
    }
}

#[tokio::test]
async fn case_30_events_come_in_any_order_and_any_number_and_grant_once() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let paid = shop.pay(&placed, CARD).await;
        assert_eq!(grants(&shop, &placed).await, 0, "the shop believes no one but the provider");
        let system = OpCtx::system("webhook", NOW);
        // An old event after the new one, the new one three times, and the browser in between.
        let captured = event("ev_2", &paid, PaymentState::Captured);
        for happening in [
            captured.clone(),
            event("ev_0", &paid, PaymentState::Settling),
            captured.clone(),
            event("ev_1", &paid, PaymentState::Failed),
            captured,
            event("ev_3", &paid, PaymentState::Expired),
        ] {
            shop.checkouts.handle_event(&system, &happening).await.unwrap();
            shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        }
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(checkout.state, CheckoutState::Paid);
        assert_eq!(grants(&shop, &placed).await, 1);
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved, level.sold), (4, 0, 1));
        assert_eq!(shop.checkouts.cart_view(&ctx).await.unwrap().count, 0, "what was bought leaves the cart");
    }
}

#[tokio::test]
async fn an_event_about_another_amount_or_session_changes_nothing() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let session = shop.session(&placed).await;
    let system = OpCtx::system("webhook", NOW);
    for forged in [
        Session { amount_minor: 1, ..session.clone() },
        Session { id: "cs_other".into(), ..session.clone() },
        Session { reference: "nothing".into(), ..session.clone() },
    ] {
        let event = event("ev", &forged, PaymentState::Captured);
        shop.checkouts.handle_event(&system, &event).await.unwrap();
    }
    assert_eq!(grants(&shop, &placed).await, 0);
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::PendingPayment);
}

#[tokio::test]
async fn a_decline_leaves_the_page_open_and_a_failed_settlement_lets_go() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        shop.pay(&placed, "4000000000000002").await;
        let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        assert_eq!((view.state, view.failure.as_deref()), (PayState::Failed, Some("card_declined")));
        assert_eq!(view.retry_href, placed.pay_url);
        assert_eq!(shop.level("Paper Boats").await.reserved, 1, "still held for another card");
        let system = OpCtx::system("webhook", NOW);
        let session = shop.session(&placed).await;
        for (id, state) in [("ev_1", PaymentState::Settling), ("ev_2", PaymentState::Failed)] {
            shop.checkouts.handle_event(&system, &event(id, &session, state)).await.unwrap();
        }
        let level = shop.level("Paper Boats").await;
        assert_eq!((level.available, level.reserved, level.sold), (5, 0, 0));
        let told = failures(&shop).await;
        assert_eq!((told.len(), told[0].to.as_str()), (1, "Gast.Muster@Example.org"));
        assert!(told[0].text.contains("€20.90") && told[0].text.contains("Paper Boats"), "{}", told[0].text);
        assert!(told[0].text.contains(&placed.secret) && told[0].text.contains("/cart"), "{}", told[0].text);
        assert_eq!(shop.checkouts.cart_view(&ctx).await.unwrap().count, 1, "the cart is as it was");
    }
}

#[tokio::test]
async fn a_hold_ends_with_its_time_and_late_money_is_honoured() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let session = shop.session(&placed).await;
        shop.clock.advance_ms(HOLD_MS + 1000);
        shop.work().await;
        let released = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(released.state, CheckoutState::Released);
        assert!(failures(&shop).await.is_empty(), "who never paid is not written to");
        assert_eq!(shop.level("Paper Boats").await.available, 5);
        // The money comes all the same, and there are pieces left.
        let system = OpCtx::system("webhook", shop.clock.now_ms());
        let late = event("ev_late", &session, PaymentState::Captured);
        shop.checkouts.handle_event(&system, &late).await.unwrap();
        assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Paid);
        assert_eq!(shop.level("Paper Boats").await.sold, 1);
    }
}

/// A provider whose answers a test chooses.
#[derive(Default)]
struct Fake {
    away: bool,
    refunds: Mutex<Vec<NewRefund>>,
}

#[async_trait::async_trait]
impl Payments for Fake {
    fn name(&self) -> &'static str {
        "fake"
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
        if self.away {
            return Err(PaymentError::Unavailable("no answer".into()));
        }
        Ok(Session {
            id: format!("cs_{}", new.reference),
            reference: new.reference,
            url: "http://pay.example".into(),
            state: PaymentState::Open,
            charge_id: None,
            amount_minor: new.amount_minor,
            refunded_minor: 0,
            currency: new.currency,
            failure: None,
            method: None,
            last4: None,
            country: None,
            fingerprint: None,
        })
    }
    async fn session(&self, _: &str) -> vitrine_payments::Result<Session> {
        Err(PaymentError::Unavailable("no answer".into()))
    }
    async fn capture(&self, _: vitrine_payments::NewCapture) -> vitrine_payments::Result<Session> {
        Err(PaymentError::Unavailable("no answer".into()))
    }
    async fn expire(&self, _: &str) -> vitrine_payments::Result<Session> {
        Err(PaymentError::Unavailable("no answer".into()))
    }
    async fn refund(&self, new: NewRefund) -> vitrine_payments::Result<vitrine_payments::Refund> {
        let amount_minor = new.amount_minor;
        self.refunds.lock().unwrap().push(new);
        Ok(vitrine_payments::Refund { id: "re_1".into(), amount_minor })
    }
    fn verify_webhook(&self, _: &http::HeaderMap, _: &[u8]) -> vitrine_payments::Result<Event> {
        Err(PaymentError::BadSignature("none"))
    }
}

#[tokio::test]
async fn a_provider_that_is_away_leaves_nothing_held() {
    let shop = Shop::with(None, Some(std::sync::Arc::new(Fake { away: true, ..Fake::default() }))).await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let refused = shop.place(&ctx).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (503, "payment_unavailable"));
    let level = shop.level("Paper Boats").await;
    assert_eq!((level.available, level.reserved), (5, 0));
    assert_eq!(shop.checkouts.cart_view(&ctx).await.unwrap().count, 1);
}

#[tokio::test]
async fn case_25_and_29_money_that_comes_after_the_last_piece_went_is_sent_back_once() {
    let fake = std::sync::Arc::new(Fake::default());
    let shop = Shop::with(None, Some(fake.clone())).await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let system = OpCtx::system("webhook", NOW);
    shop.checkouts.release(&system, &checkout, "expired").await.unwrap();
    let variant = shop.edition("Paper Boats").await;
    let ops = vec![crate::stock::reserve(&variant, 5)];
    shop.table.transact(vitrine_table::Transact { ops, token: None }).await.unwrap();
    let session = captured(&checkout);
    for id in ["ev_1", "ev_2"] {
        shop.checkouts.handle_event(&system, &event(id, &session, PaymentState::Captured)).await.unwrap();
    }
    let after = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!(after.state, CheckoutState::RefundedLate);
    assert!(fake.refunds.lock().unwrap().is_empty(), "decided first, the job sends it");
    let told = failures(&shop).await;
    let refunds = fake.refunds.lock().unwrap().clone();
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0].amount_minor, checkout.total_minor);
    assert!(told.len() == 1 && told[0].subject.contains("you get €20.90 back"), "{told:?}");
    assert_eq!(shop.level("Paper Boats").await.available, 0, "nobody's piece was taken");
}

#[tokio::test]
async fn case_29_what_was_cancelled_stays_so_and_late_money_goes_back_once() {
    let fake = std::sync::Arc::new(Fake::default());
    let shop = Shop::with(None, Some(fake.clone())).await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let session = captured(&checkout);
    let system = OpCtx::system("webhook", shop.clock.now_ms());
    shop.checkouts.handle_event(&system, &event("ev_0", &session, PaymentState::Expired)).await.unwrap();
    let cancelled = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((cancelled.state, cancelled.failure.as_deref()), (CheckoutState::Released, Some("cancelled")));
    assert_eq!(shop.level("Paper Boats").await.available, 5);
    // There is enough left to sell; the buyer wants none of it.
    for id in ["ev_1", "ev_2"] {
        shop.checkouts.handle_event(&system, &event(id, &session, PaymentState::Captured)).await.unwrap();
    }
    let after = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((after.state, after.failure.as_deref()), (CheckoutState::RefundedLate, Some("cancelled")));
    let told = failures(&shop).await;
    let refunds = fake.refunds.lock().unwrap().clone();
    assert_eq!(refunds.iter().map(|r| r.amount_minor).collect::<Vec<_>>(), [checkout.total_minor]);
    assert!(told.len() == 1 && told[0].subject.starts_with("Cancelled: you get €20.90 back"), "{told:?}");
    let level = shop.level("Paper Boats").await;
    assert_eq!((level.available, level.sold), (5, 0));
}

#[tokio::test]
async fn only_its_buyer_and_staff_see_an_order_and_no_item_holds_the_address_in_plain() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    shop.pay(&placed, CARD).await;
    let id = placed.id.as_str();
    let stranger = shop.user(5, "other@example.org", &["buyer", "creator"], &[TenantId::from_bits(3)]);
    for (who, secret) in [(&ctx, None), (&ctx, Some("wrong")), (&stranger, None)] {
        let who = OpCtx { guess: Guess::default(), ..who.clone() };
        assert_eq!(shop.checkouts.order_view(&who, id, secret).await.unwrap_err().status, 404);
        assert_eq!(who.guess.is_wrong(), secret.is_some(), "who shows no key guesses none");
    }
    let view = shop.checkouts.order_view(&ctx, id, Some(&placed.secret)).await.unwrap();
    assert_eq!((view.state, view.email.as_str()), (PayState::Paid, "G***@Example.org"));
    assert!(shop.checkouts.order_view(&shop.staff(), id, None).await.is_ok());
    let order = view.parts[0].id.clone();
    assert!(shop.checkouts.order_view(&shop.staff(), &order, None).await.is_ok(), "by an order's number too");
    // Who looks at orders opens no files: those are the buyer's alone.
    let key = crate::ctx::Caller::Key { id: "key_1".into(), tenant: None, scopes: vec!["orders:read".into()] };
    let key = OpCtx { caller: key, ..shop.guest() };
    assert!(shop.checkouts.order_view(&key, id, None).await.is_ok());
    for who in [&shop.staff(), &key, &stranger] {
        for secret in [None, Some("wrong")] {
            assert_eq!(shop.checkouts.buyers(who, id, secret).await.unwrap_err().status, 404);
        }
    }
    assert!(shop.checkouts.buyers(&ctx, &order, Some(&placed.secret)).await.is_ok());
    shop.work().await;
    let mut start = vitrine_table::FeedStart::Oldest;
    loop {
        let page = shop.table.feed(start, 500).await.unwrap();
        for change in &page.changes {
            let text = serde_json::to_string(&change.new).unwrap();
            // The queue's mail must name whom it goes to; it is gone once it is sent.
            if !text.contains("mail.send") && !text.contains("SIMULATOR") && !text.contains("\"pk\":\"SIM") {
                for word in ["Gast.Muster", "gast.muster", "Weg 1", placed.secret.as_str()] {
                    assert!(!text.contains(word), "{word} in {text}");
                }
            }
        }
        if page.caught_up {
            break;
        }
        start = vitrine_table::FeedStart::After(page.position);
    }
}

#[tokio::test]
async fn what_a_guest_bought_is_claimed_by_the_verified_address_only() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Free Tide"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    assert_eq!((placed.pay_url.clone(), grants(&shop, &placed).await), (None, 1), "free: theirs at once");
    let mut claimant = shop.user(8, "gast.muster@example.org", &["buyer"], &[]);
    if let crate::ctx::Caller::User(user) = &mut claimant.caller {
        user.verified = false;
    }
    assert_eq!(shop.checkouts.claim(&claimant).await.unwrap(), 0);
    let other = shop.user(9, "somebody@example.org", &["buyer"], &[]);
    assert_eq!(shop.checkouts.claim(&other).await.unwrap(), 0);
    // Found as the same address, but another mailbox.
    let twin = shop.user(11, "ｇast.muster@example.org", &["buyer"], &[]);
    assert_eq!(shop.checkouts.claim(&twin).await.unwrap(), 0);
    let claimant = shop.user(8, "gast.muster@example.org", &["buyer"], &[]);
    assert_eq!(shop.checkouts.claim(&claimant).await.unwrap(), 1);
    assert_eq!(shop.checkouts.claim(&claimant).await.unwrap(), 0, "once");
    assert!(shop.checkouts.order_view(&claimant, placed.id.as_str(), None).await.is_ok());
    // A second account with the same address comes too late.
    let second = shop.user(10, "gast.muster@example.org", &["buyer"], &[]);
    assert_eq!(shop.checkouts.claim(&second).await.unwrap(), 0);
    assert!(shop.checkouts.order_view(&second, placed.id.as_str(), None).await.is_err());
}

#[tokio::test]
async fn invoices_have_no_gaps_and_a_repeated_job_writes_none_twice() {
    for shop in Shop::both().await {
        let mut numbers = Vec::new();
        for n in 0..3 {
            let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
            let placing = shop.placing(&ctx, &format!("invoice{n}")).await;
            let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
            shop.pay(&placed, CARD).await;
            shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
            let (first, second) = tokio::join!(shop.receipts.receipt(&placed.id), shop.receipts.receipt(&placed.id));
            first.and(second).unwrap();
            let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
            let invoice = shop.invoices.get(&crate::invoices::id_of(&checkout.orders[0])).await.unwrap().unwrap();
            assert_eq!(invoice.totals.gross.minor(), 800);
            numbers.push(invoice.number);
        }
        assert_eq!(numbers, ["NL-2026-00001", "NL-2026-00002", "NL-2026-00003"]);
    }
}

#[tokio::test]
async fn case_37_a_refund_by_line_revokes_restocks_credits_and_happens_once() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        shop.pay(&placed, CARD).await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        shop.work().await;
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let orders = shop.checkouts.orders(&checkout).await.unwrap();
        let (book, album) = (&orders[0], &orders[1]);
        let wish = |attempt: &str, shipping: bool| Wish {
            attempt: attempt.into(),
            what: RefundWish::whole(&[0], shipping),
            restock: true,
            reason: "Asked for it".into(),
        };
        let nobody = shop.checkouts.refund(&ctx, &album.id, &wish("a", false)).await.unwrap_err();
        assert_eq!(nobody.status, 401);
        let buyer = shop.user(4, "b@example.org", &["buyer"], &[]);
        assert_eq!(shop.checkouts.refund(&buyer, &album.id, &wish("a", false)).await.unwrap_err().status, 403);
        let staff = shop.staff();
        let first = shop.checkouts.refund(&staff, &album.id, &wish("a", false)).await.unwrap();
        let again = shop.checkouts.refund(&staff, &album.id, &wish("a", false)).await.unwrap();
        assert_eq!(first, again);
        let twice = shop.checkouts.refund(&staff, &album.id, &wish("b", false)).await.unwrap_err();
        assert_eq!((twice.status, twice.code.as_str()), (409, "refunded_already"));
        assert_eq!(grants(&shop, &placed).await, 0, "access ends with the decision");
        shop.checkouts.refund(&staff, &book.id, &wish("a", true)).await.unwrap();
        assert_eq!(shop.level("Paper Boats").await.available, 5);
        shop.work().await;
        let session = shop.session(&placed).await;
        assert_eq!(session.refunded_minor, checkout.total_minor, "all of it went back, once");
        let credit = shop.invoices.get(&crate::invoices::credit_id_of(&first.id)).await.unwrap().unwrap();
        assert_eq!((credit.number.as_str(), credit.totals.gross.minor()), ("NLC-2026-00001", -800));
        assert_eq!(credit.corrects.as_deref(), Some("NL-2026-00001"));
        let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        assert_eq!(view.state, PayState::Refunded);
        // Sale and refund stand against each other in the seller's list.
        let seller = shop.user(6, "c@example.org", &["creator"], std::slice::from_ref(&album.tenant));
        let desk = crate::authz::tenant_desk(&seller, &album.tenant).unwrap();
        let (sales, _) = shop.checkouts.sales(&desk, None).await.unwrap();
        assert_eq!(sales.len(), 2);
        assert_eq!(sales.iter().map(|s| s.share_minor).sum::<i64>(), 0);
        let sold = sales.iter().find(|s| s.refund.is_none()).unwrap();
        assert_eq!((sold.net_minor, sold.tax_minor, sold.fee_minor, sold.share_minor), (672, 128, 67, 605));
    }
}

#[tokio::test]
async fn a_parcel_is_sent_once_and_never_what_was_refunded() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let order = shop.checkouts.get(&placed.id).await.unwrap().unwrap().orders[0].clone();
    let staff = shop.staff();
    let early = shop.checkouts.ship(&staff, &order, &[0], "DHL 1").await.unwrap_err();
    assert_eq!(early.code, "not_paid");
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    assert_eq!(shop.checkouts.ship(&staff, &order, &[0], " ").await.unwrap_err().status, 422);
    assert_eq!(shop.checkouts.ship(&staff, &order, &[7], "DHL 1").await.unwrap_err().status, 404);
    assert_eq!(shop.checkouts.ship(&ctx, &order, &[0], "DHL 1").await.unwrap_err().status, 401);
    shop.checkouts.ship(&staff, &order, &[0], "DHL 1").await.unwrap();
    assert_eq!(shop.checkouts.ship(&staff, &order, &[0], "DHL 2").await.unwrap_err().code, "not_to_ship");
    let line = shop.checkouts.order(&order).await.unwrap().unwrap().lines[0].clone();
    assert_eq!((line.state, line.tracking.as_deref()), (Fulfilment::Shipped, Some("DHL 1")));
    shop.work().await;
    let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
    let acts: Vec<&str> = trail.iter().map(|e| e.act.as_str()).collect();
    assert!(acts.contains(&"order.shipped") && acts.contains(&"checkout.paid"), "{acts:?}");
    // The index of a customer's orders finds it.
    let customer = shop.checkouts.get(&placed.id).await.unwrap().unwrap().customer;
    let page = shop.table.query(Query::new(Index::Gsi1, format!("CUSTOMERORDERS#{customer}"))).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn what_is_said_of_a_person_opens_with_their_key_only() {
    for shop in Shop::both().await {
        let buyer = shop.user(1, "gast.muster@example.org", &["buyer"], &[]);
        let ctx = shop.fill(&buyer, &["Paper Boats"]).await;
        let placed = shop.place(&ctx).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let old = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        let person = shop.checkouts.order_person(&old).await.unwrap().unwrap();
        assert_eq!((person.email.as_str(), person.name.as_str()), ("Gast.Muster@Example.org", "Gast Muster"));
        for key in [store::person_key(&checkout.customer), store::order_person_key(&old.id), store::order_key(&old.id)]
        {
            let item = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
            let text = serde_json::to_string(&item).unwrap().to_lowercase();
            assert!(!text.contains("muster") && !text.contains("weg 1"), "{text}");
        }
        // Their key destroyed, nothing opens, not even with the master key at hand.
        let key = store::customer_key(&checkout.customer);
        let destroy = UpdateItem { key, updates: vec![Update::Remove("key".into())], condition: None };
        shop.table.update(destroy).await.unwrap();
        assert_eq!(shop.checkouts.person(&checkout.customer).await.unwrap(), None);
        assert_eq!(shop.checkouts.order_person(&old).await.unwrap(), None);
        // Who comes back begins anew; what was is not opened by the new key.
        let again = shop.fill(&buyer, &["Harbour Lights"]).await;
        let placing = shop.placing(&again, "again").await;
        shop.checkouts.place(&again, &placing).await.unwrap();
        assert_eq!(shop.checkouts.person(&checkout.customer).await.unwrap().unwrap().name, "Gast Muster");
        assert_eq!(shop.checkouts.order_person(&old).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_was_typed_is_kept_up_to_a_size() {
    let shop = Shop::open().await;
    let guest = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let mut typed = Typed { form: form(), ..Typed::default() };
    typed.form.name = "ä".repeat(400_000);
    shop.checkouts.keep_form(&guest, &typed).await.unwrap();
    let kept = shop.checkouts.kept_form(&guest).await.unwrap();
    assert_eq!((kept.form.name.chars().count(), kept.form.email), (1_000, typed.form.email.clone()));
    let placing = Placing { form: typed.form.clone(), ..shop.placing(&guest, "large").await };
    assert_eq!(shop.checkouts.place(&guest, &placing).await.unwrap_err().fields["name"], "fault-long");
}
