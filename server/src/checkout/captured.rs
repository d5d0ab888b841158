//! Payments that are authorised first, from the cart to the provider and back; case 22 of those that others learned the hard way.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use vitrine_clock::Clock;
use vitrine_payments::simulator::{AUTHORISED_MS, Simulator};
use vitrine_payments::{Event, NewCapture, NewRefund, NewSession, PaymentError, PaymentState, Payments, Session};
use vitrine_pricing::promotion::{Benefit, Limits, Promotion};
use vitrine_shared::id::{PromotionId, TenantId};
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::{OrderView, PayState};
use vitrine_table::{Delete, FeedStart, Key};

use super::*;
use crate::check::Invariant;
use crate::promotions::{TOTAL, count_key};
use crate::testing::{NOW, Shop, form, promotion};

const CARD: &str = "4242424242424242";
const OTHER_CARD: &str = "4000002760000016";
const THIRD_CARD: &str = "4000002500000003";
const DECLINED: &str = "4000000000000002";
const TITLE: &str = "Paper Boats";

/// Half off, once per customer.
fn welcome(code: Option<&str>) -> Promotion {
    let half = Benefit::Percent { rate_ppm: 500_000, at_most: Vec::new() };
    Promotion { limits: Limits { total: None, per_customer: Some(1) }, ..promotion(1, code, half) }
}

async fn kept(shop: &Shop, promotion: Promotion) -> TenantId {
    let tenant = shop.seller_of(TITLE).await;
    shop.promote(&tenant, promotion).await;
    tenant
}

/// A guest with the work in their cart, and the code.
async fn with_code(shop: &Shop) -> OpCtx {
    let ctx = shop.fill(&shop.guest(), &[TITLE]).await;
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), "WELCOME").await.unwrap();
    ctx
}

/// Places what the checkout's page shows to who has this address.
async fn place(shop: &Shop, ctx: &OpCtx, email: &str) -> Result<Placed> {
    let mut form = form();
    form.email = email.into();
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    let page = shop.checkouts.checkout_view(ctx).await.unwrap();
    let mut placing = shop.placing(ctx, &crate::ids::secret()).await;
    placing.form = form;
    placing.seen_minor = page.cart.total_minor;
    shop.checkouts.place(ctx, &placing).await
}

async fn bought(shop: &Shop, email: &str, card: &str) -> (Placed, CheckoutState) {
    let ctx = with_code(shop).await;
    let placed = place(shop, &ctx, email).await.unwrap();
    shop.pay(&placed, card).await;
    seen(shop, &ctx, &placed).await;
    let state = of(shop, &placed).await.state;
    (placed, state)
}

/// The browser comes back.
async fn seen(shop: &Shop, ctx: &OpCtx, placed: &Placed) -> OrderView {
    shop.checkouts.order_view(ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap()
}

async fn of(shop: &Shop, placed: &Placed) -> Checkout {
    shop.checkouts.get(&placed.id).await.unwrap().unwrap()
}

async fn used(shop: &Shop, tenant: &TenantId, name: &str) -> i64 {
    let key = count_key(tenant, PromotionId::from_bits(1).as_str(), name);
    let item = shop.table.get(&key, Consistency::Strong).await.unwrap();
    item.and_then(|i| i["used"].as_i64()).unwrap_or(0)
}

async fn card_name(shop: &Shop, placed: &Placed) -> String {
    let print = shop.session(placed).await.fingerprint.unwrap();
    shop.checkouts.promotions().card("simulator", &print).unwrap()
}

async fn told(shop: &Shop, id: &str, session: &Session, state: PaymentState) {
    let session = Session { state, ..session.clone() };
    let event = Event { id: id.into(), kind: "session".into(), created_ms: NOW, session, refund: None };
    let system = OpCtx::system("webhook", shop.clock.now_ms());
    shop.checkouts.handle_event(&system, &event).await.unwrap();
}

async fn acts(shop: &Shop, placed: &Placed) -> Vec<String> {
    let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
    trail.into_iter().map(|entry| entry.act).collect()
}

fn whole(found: &[crate::check::Violation]) {
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn case_22_the_card_of_an_earlier_use_is_refused_before_it_is_charged() {
    for shop in Shop::both().await {
        let tenant = kept(&shop, welcome(Some("WELCOME"))).await;
        let (first, state) = bought(&shop, "first@example.org", CARD).await;
        assert_eq!((state, shop.session(&first).await.state), (CheckoutState::Paid, PaymentState::Captured));
        let card = card_name(&shop, &first).await;
        assert_eq!((used(&shop, &tenant, TOTAL).await, used(&shop, &tenant, &card).await), (1, 1));

        // Another account, another address, the same card.
        let ctx = with_code(&shop).await;
        let placed = place(&shop, &ctx, "second@example.org").await.unwrap();
        assert_eq!(shop.level(TITLE).await.reserved, 1);
        assert_eq!(shop.pay(&placed, CARD).await.state, PaymentState::Authorised, "nothing is charged yet");
        let view = seen(&shop, &ctx, &placed).await;
        assert_eq!((view.state, view.failure.as_deref()), (PayState::Failed, Some("card_used")));
        assert_eq!(view.retry_href.as_deref(), Some("/cart"));
        let session = shop.session(&placed).await;
        assert_eq!((session.state, session.refunded_minor), (PaymentState::Expired, 0));
        let level = shop.level(TITLE).await;
        assert_eq!((level.reserved, level.sold), (0, 1));
        assert_eq!((used(&shop, &tenant, TOTAL).await, used(&shop, &tenant, &card).await), (1, 1));
        assert_eq!(of(&shop, &placed).await.refused, [PromotionId::from_bits(1).to_string()]);
        let trail = acts(&shop, &placed).await;
        assert!(trail.contains(&"checkout.refused".into()) && !trail.contains(&"checkout.paid".into()), "{trail:?}");
        // Who closed the browser learns it by mail.
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["failed/"]).await;
        assert!(mails.len() == 1 && mails[0].text.contains("this card had it before"), "{mails:?}");
        // An event of it that comes late changes nothing.
        told(&shop, "ev_late", &session, PaymentState::Authorised).await;
        assert_eq!(of(&shop, &placed).await.state, CheckoutState::Released);

        // The checkout says it; without the code the same card pays the whole.
        let page = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!(page.declined.as_deref(), Some("card_used"));
        let discounted = page.cart.total_minor;
        shop.carts.drop_code(&ctx, ctx.cart.as_deref(), "WELCOME").await.unwrap();
        let page = shop.checkouts.checkout_view(&ctx).await.unwrap();
        assert_eq!((page.declined, page.cart.total_minor > discounted), (None, true));
        let placed = place(&shop, &ctx, "second@example.org").await.unwrap();
        assert_eq!(shop.pay(&placed, CARD).await.state, PaymentState::Captured, "one step, as ever");
        assert_eq!(seen(&shop, &ctx, &placed).await.state, PayState::Paid);

        // Another card is somebody else.
        let (_, state) = bought(&shop, "third@example.org", OTHER_CARD).await;
        assert_eq!((state, used(&shop, &tenant, TOTAL).await), (CheckoutState::Paid, 2));
        shop.work().await;
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn case_22_of_two_payments_with_one_card_at_once_exactly_one_has_the_discount() {
    for shop in Shop::both().await {
        let tenant = kept(&shop, welcome(Some("WELCOME"))).await;
        let (one, two) = (with_code(&shop).await, with_code(&shop).await);
        let first = place(&shop, &one, "one@example.org").await.unwrap();
        let second = place(&shop, &two, "two@example.org").await.unwrap();
        for placed in [&first, &second] {
            assert_eq!(shop.pay(placed, CARD).await.state, PaymentState::Authorised);
        }
        let (a, b) = tokio::join!(shop.checkouts.refresh(&one, &first.id), shop.checkouts.refresh(&two, &second.id));
        a.and(b).unwrap();
        let mut ends = Vec::new();
        for placed in [&first, &second] {
            ends.push((of(&shop, placed).await.state, shop.session(placed).await.state));
        }
        ends.sort_by_key(|(state, _)| *state != CheckoutState::Paid);
        assert_eq!(
            ends,
            [(CheckoutState::Paid, PaymentState::Captured), (CheckoutState::Released, PaymentState::Expired)]
        );
        assert_eq!(used(&shop, &tenant, &card_name(&shop, &first).await).await, 1);
        let level = shop.level(TITLE).await;
        assert_eq!((level.reserved, level.sold), (0, 1));
        shop.work().await;
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn case_22_what_applies_by_itself_stands_in_the_way_of_no_card() {
    for by_order in [false, true] {
        let shop = Shop::open().await;
        let mut sale = Promotion { title: "Welcome".into(), ..welcome(None) };
        if by_order {
            (sale.first_order, sale.limits) = (true, Limits::default());
        }
        kept(&shop, sale).await;
        let mut totals = Vec::new();
        for (n, email) in ["one@example.org", "two@example.org"].into_iter().enumerate() {
            let ctx = shop.fill(&shop.guest(), &[TITLE]).await;
            let placed = place(&shop, &ctx, email).await.unwrap();
            shop.pay(&placed, CARD).await;
            let view = seen(&shop, &ctx, &placed).await;
            assert_eq!(view.state, if n == 0 { PayState::Paid } else { PayState::Failed });
            totals.push(of(&shop, &placed).await.total_minor);
            if n == 1 {
                // There is no code to take out: the next attempt is without it, and the page says why.
                let page = shop.checkouts.checkout_view(&ctx).await.unwrap();
                assert_eq!(page.declined.as_deref(), Some("card_used"));
                let again = place(&shop, &ctx, email).await.unwrap();
                shop.pay(&again, CARD).await;
                assert_eq!(seen(&shop, &ctx, &again).await.state, PayState::Paid);
                totals.push(of(&shop, &again).await.total_minor);
            }
        }
        assert!(totals[0] == totals[1] && totals[1] < totals[2], "{totals:?}");
    }
}

#[tokio::test]
async fn events_of_two_steps_come_in_any_order_and_any_number() {
    for shop in Shop::both().await {
        kept(&shop, welcome(Some("WELCOME"))).await;
        let ctx = with_code(&shop).await;
        let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
        shop.pay(&placed, DECLINED).await;
        let session = shop.pay(&placed, CARD).await;
        use PaymentState::{Authorised, Captured, Expired, Failed};
        for (n, state) in
            [Authorised, Authorised, Failed, Captured, Authorised, Expired, Captured].into_iter().enumerate()
        {
            told(&shop, &format!("ev_{n}"), &session, state).await;
        }
        assert_eq!(
            (of(&shop, &placed).await.state, shop.session(&placed).await.state),
            (CheckoutState::Paid, Captured)
        );
        assert_eq!(shop.level(TITLE).await.sold, 1);
        let trail = acts(&shop, &placed).await;
        assert_eq!(trail.iter().filter(|act| *act == "checkout.paid").count(), 1, "{trail:?}");

        // One whose hold ended: whatever the event says, nothing is held or taken for it.
        let late = place(&shop, &with_code(&shop).await, "two@example.org").await.unwrap();
        let open = shop.session(&late).await;
        shop.clock.advance_ms(HOLD_MS + 1000);
        shop.work().await;
        told(&shop, "ev_late", &open, Authorised).await;
        assert_eq!((of(&shop, &late).await.state, shop.session(&late).await.state), (CheckoutState::Released, Expired));
        whole(&shop.violations().await);
    }
}

/// The simulator, with troubles of taking and letting go.
#[derive(Default)]
struct Moody {
    simulator: OnceLock<Simulator>,
    mood: Mutex<Mood>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    /// Nothing is done.
    Away,
    /// It is done, and the answer is lost.
    Unheard,
    /// It is done, and whoever asked is gone.
    Never,
    /// Whoever would have asked is gone before.
    Before,
}

impl Moody {
    async fn shop() -> (Shop, Arc<Self>) {
        let moody = Arc::new(Self::default());
        let shop = Shop::with(None, Some(moody.clone())).await;
        moody.simulator.set(shop.simulator.clone()).ok().unwrap();
        (shop, moody)
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn well(&self) -> &Simulator {
        self.simulator.get().unwrap()
    }

    async fn answered(
        &self,
        done: impl Future<Output = vitrine_payments::Result<Session>>,
    ) -> vitrine_payments::Result<Session> {
        let mood = *self.mood.lock().unwrap();
        let lost = || PaymentError::Unavailable("no answer".into());
        match mood {
            Mood::Well => done.await,
            Mood::Away => Err(lost()),
            Mood::Before => std::future::pending().await,
            Mood::Unheard => done.await.and(Err(lost())),
            Mood::Never => {
                done.await?;
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl Payments for Moody {
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
        &["card"]
    }
    async fn begin(&self, new: NewSession) -> vitrine_payments::Result<Session> {
        self.well().begin(new).await
    }
    async fn session(&self, id: &str) -> vitrine_payments::Result<Session> {
        self.well().session(id).await
    }
    async fn capture(&self, new: NewCapture) -> vitrine_payments::Result<Session> {
        self.answered(self.well().capture(new)).await
    }
    async fn expire(&self, id: &str) -> vitrine_payments::Result<Session> {
        self.answered(self.well().expire(id)).await
    }
    async fn refund(&self, new: NewRefund) -> vitrine_payments::Result<vitrine_payments::Refund> {
        self.well().refund(new).await
    }
    fn verify_webhook(&self, headers: &http::HeaderMap, body: &[u8]) -> vitrine_payments::Result<Event> {
        self.well().verify_webhook(headers, body)
    }
}

#[tokio::test]
async fn what_could_not_be_taken_at_once_a_job_takes() {
    for mood in [Mood::Away, Mood::Unheard, Mood::Never, Mood::Before] {
        let (shop, moody) = Moody::shop().await;
        kept(&shop, welcome(Some("WELCOME"))).await;
        let ctx = with_code(&shop).await;
        let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
        shop.pay(&placed, DECLINED).await;
        let session = shop.pay(&placed, CARD).await;
        moody.be(mood);
        let back = tokio::time::timeout(Duration::from_millis(200), seen(&shop, &ctx, &placed)).await;
        match (mood, back) {
            (Mood::Never | Mood::Before, back) => assert!(back.is_err(), "the process is gone"),
            (_, Ok(view)) => assert_eq!((view.state, view.failure), (PayState::Settling, None)),
            (_, Err(late)) => panic!("{late}"),
        }
        assert_eq!(of(&shop, &placed).await.state, CheckoutState::Settling);
        if mood == Mood::Away {
            // The decline before it is told after it.
            told(&shop, "ev_old", &session, PaymentState::Failed).await;
            assert_eq!(of(&shop, &placed).await.state, CheckoutState::Settling);
            // A job that finds the provider away comes again.
            shop.clock.advance_ms(30_000);
            shop.work().await;
            assert_eq!(of(&shop, &placed).await.state, CheckoutState::Settling);
        }
        assert_eq!(shop.level(TITLE).await.reserved, 1);
        moody.be(Mood::Well);
        shop.clock.advance_ms(60_000);
        shop.work().await;
        assert_eq!(of(&shop, &placed).await.state, CheckoutState::Paid);
        let session = shop.session(&placed).await;
        assert_eq!((session.state, session.refunded_minor), (PaymentState::Captured, 0));
        assert_eq!(shop.level(TITLE).await.sold, 1);
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn what_could_not_be_let_go_at_once_a_job_lets_go() {
    for mood in [Mood::Away, Mood::Unheard, Mood::Never, Mood::Before] {
        let (shop, moody) = Moody::shop().await;
        kept(&shop, welcome(Some("WELCOME"))).await;
        bought(&shop, "one@example.org", CARD).await;
        let ctx = with_code(&shop).await;
        let placed = place(&shop, &ctx, "two@example.org").await.unwrap();
        shop.pay(&placed, CARD).await;
        moody.be(mood);
        let back = tokio::time::timeout(Duration::from_millis(200), seen(&shop, &ctx, &placed)).await;
        assert_eq!(back.is_err(), matches!(mood, Mood::Never | Mood::Before));
        assert_eq!(of(&shop, &placed).await.state, CheckoutState::Released, "decided first");
        let open = shop.session(&placed).await.state == PaymentState::Authorised;
        assert_eq!(open, matches!(mood, Mood::Away | Mood::Before));
        // While the job waits it is in hand.
        whole(&shop.violations().await);
        moody.be(Mood::Well);
        shop.clock.advance_ms(60_000);
        shop.work().await;
        assert_eq!(shop.session(&placed).await.state, PaymentState::Expired);
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn an_authorisation_that_nobody_took_ends_as_a_payment_that_did_not_come() {
    let (shop, moody) = Moody::shop().await;
    let tenant = kept(&shop, welcome(Some("WELCOME"))).await;
    let ctx = with_code(&shop).await;
    let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
    shop.pay(&placed, CARD).await;
    moody.be(Mood::Away);
    seen(&shop, &ctx, &placed).await;
    let card = card_name(&shop, &placed).await;
    assert_eq!(used(&shop, &tenant, &card).await, 1);
    shop.clock.advance_ms(AUTHORISED_MS - 1000);
    shop.work().await;
    assert_eq!(of(&shop, &placed).await.state, CheckoutState::Settling);
    shop.clock.advance_ms(60 * 60 * 1000);
    shop.work().await;
    let ended = of(&shop, &placed).await;
    assert_eq!((ended.state, ended.failure.as_deref()), (CheckoutState::Released, Some("expired")));
    assert_eq!((used(&shop, &tenant, &card).await, shop.level(TITLE).await.reserved), (0, 0));
    whole(&shop.violations().await);
    // The card has its use again.
    moody.be(Mood::Well);
    let (_, state) = bought(&shop, "one@example.org", CARD).await;
    assert_eq!((state, used(&shop, &tenant, &card).await), (CheckoutState::Paid, 1));
}

#[tokio::test]
async fn another_attempt_of_a_cart_finds_what_was_approved_before_it() {
    let (shop, moody) = Moody::shop().await;
    kept(&shop, welcome(Some("WELCOME"))).await;
    let ctx = with_code(&shop).await;
    let placed = place(&shop, &ctx, "zero@example.org").await.unwrap();
    shop.pay(&placed, OTHER_CARD).await;
    moody.be(Mood::Away);
    let refused = place(&shop, &ctx, "zero@example.org").await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "payment_settling"));
    assert_eq!(of(&shop, &placed).await.state, CheckoutState::Settling, "it is not let go");
    moody.be(Mood::Well);
    assert_eq!(seen(&shop, &ctx, &placed).await.state, PayState::Paid);
    let ctx = with_code(&shop).await;
    let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
    shop.pay(&placed, CARD).await;
    // Nobody told the shop, and the buyer begins anew.
    let refused = place(&shop, &ctx, "one@example.org").await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "paid_meanwhile"));
    assert_eq!((of(&shop, &placed).await.state, shop.level(TITLE).await.sold), (CheckoutState::Paid, 2));
    // Left open, it ends at the provider too; approved in time, it is taken though nobody told the shop.
    let left = place(&shop, &with_code(&shop).await, "two@example.org").await.unwrap();
    let unheard = place(&shop, &with_code(&shop).await, "three@example.org").await.unwrap();
    assert_eq!(shop.pay(&unheard, THIRD_CARD).await.state, PaymentState::Authorised);
    shop.clock.advance_ms(HOLD_MS + 1000);
    shop.work().await;
    assert_eq!(of(&shop, &left).await.state, CheckoutState::Released);
    assert_eq!(shop.session(&left).await.state, PaymentState::Expired);
    assert_eq!(of(&shop, &unheard).await.state, CheckoutState::Paid);
}

#[tokio::test]
async fn only_what_a_customer_has_once_is_paid_in_two_steps() {
    let shop = Shop::open().await;
    kept(&shop, Promotion { limits: Limits { total: Some(5), per_customer: None }, ..welcome(Some("WELCOME")) }).await;
    let ctx = with_code(&shop).await;
    let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
    let checkout = of(&shop, &placed).await;
    assert_eq!((checkout.authorise, checkout.methods.len()), (false, 2));
    assert_eq!(shop.pay(&placed, CARD).await.state, PaymentState::Captured);
    kept(&shop, welcome(Some("WELCOME"))).await;
    let ctx = with_code(&shop).await;
    let checkout = of(&shop, &place(&shop, &ctx, "two@example.org").await.unwrap()).await;
    assert_eq!((checkout.authorise, checkout.methods), (true, vec!["card".to_owned()]));
    assert_eq!(
        shop.checkouts.authorising("KE", "KES"),
        ["card"],
        "where the country names none of them, they are offered all the same"
    );
}

#[tokio::test]
async fn what_a_bank_holds_for_a_checkout_that_ended_is_a_violation() {
    let shop = Shop::open().await;
    kept(&shop, welcome(Some("WELCOME"))).await;
    let ctx = with_code(&shop).await;
    let placed = place(&shop, &ctx, "one@example.org").await.unwrap();
    shop.pay(&placed, CARD).await;
    let checkout = of(&shop, &placed).await;
    shop.checkouts.release(&OpCtx::system("test", NOW), &checkout, "expired").await.unwrap();
    whole(&shop.violations().await);
    // Its event, which would let it go, is lost.
    let page = shop.table.feed(FeedStart::Oldest, 5_000).await.unwrap();
    assert!(page.caught_up);
    for item in page.changes.iter().filter_map(|change| change.new.as_ref()) {
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        if pk.starts_with("JOB#simulator.webhook#") {
            shop.table.delete(Delete { key: Key::new(pk, sk), condition: None }).await.unwrap();
        }
    }
    let found = shop.violations().await;
    assert_eq!(found.iter().map(|v| v.invariant).collect::<Vec<_>>(), [Invariant::PaymentEnds], "{found:?}");
    // An event that comes after all ends it.
    told(&shop, "ev_late", &shop.session(&placed).await, PaymentState::Authorised).await;
    assert_eq!(shop.session(&placed).await.state, PaymentState::Expired);
    whole(&shop.violations().await);
}
