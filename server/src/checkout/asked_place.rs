//! Where a buyer of files lives: asked before their money is taken where that can be, else on the order's page, answered, kept.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use vitrine_clock::Clock;
use vitrine_payments::simulator::{Form, Simulator};
use vitrine_payments::{Event, NewCapture, NewRefund, NewSession, PaymentState, Payments, Session};
use vitrine_pricing::evidence::{Finding, Ground, Source};
use vitrine_pricing::refund::RefundWish;
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::{CheckoutForm, OrderView, PayState};

use super::evidence::{WORDS, question};
use super::store::{Asked, Order};
use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, NOW, Shop};

const CARD: &str = "4242424242424242";
const GERMAN_CARD: &str = "4000002760000016";
const FRENCH_CARD: &str = "4000002500000003";
const SWISS_CARD: &str = "4000007560000009";
const FILE: &str = "Harbour Lights";
const PARCEL: &str = "Paper Boats";
const MINUTE_MS: i64 = 60 * 1000;

/// Places what the checkout's page shows for this form.
async fn placed(shop: &Shop, ctx: &OpCtx, form: CheckoutForm) -> Placed {
    let typed = Typed { form: form.clone(), ..Typed::default() };
    shop.checkouts.keep_form(ctx, &typed).await.unwrap();
    let view = shop.checkouts.checkout_view(ctx).await.unwrap();
    let placing = Placing {
        attempt: crate::ids::secret(),
        form,
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    };
    shop.checkouts.place(ctx, &placing).await.unwrap()
}

async fn of(shop: &Shop, placed: &Placed) -> store::Checkout {
    shop.checkouts.get(&placed.id).await.unwrap().unwrap()
}

async fn order_of(shop: &Shop, placed: &Placed) -> Order {
    shop.checkouts.orders(&of(shop, placed).await).await.unwrap().remove(0)
}

/// The browser comes back.
async fn seen(shop: &Shop, ctx: &OpCtx, placed: &Placed) -> OrderView {
    let ctx = OpCtx { now_ms: shop.clock.now_ms(), ..ctx.clone() };
    shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap()
}

async fn say(shop: &Shop, ctx: &OpCtx, placed: &Placed, country: &str) -> Result<Answered> {
    let ctx = OpCtx { now_ms: shop.clock.now_ms(), ..ctx.clone() };
    shop.checkouts.say_place(&ctx, placed.id.as_str(), Some(&placed.secret), country).await
}

async fn acts(shop: &Shop, placed: &Placed) -> Vec<String> {
    let trail = crate::audit::of(&*shop.table, placed.id.as_str()).await.unwrap();
    trail.into_iter().map(|entry| entry.act).collect()
}

async fn count(shop: &Shop, placed: &Placed, act: &str) -> usize {
    acts(shop, placed).await.iter().filter(|a| *a == act).count()
}

fn whole(found: &[crate::check::Violation]) {
    assert!(found.is_empty(), "{found:?}");
}

fn pieces(order: &Order) -> Vec<(Source, &str)> {
    order.tax.evidence.iter().flat_map(|e| &e.pieces).map(|p| (p.source, p.country.as_str())).collect()
}

fn agreed(order: &Order) -> Option<(&str, Ground)> {
    match &order.tax.evidence.as_ref()?.finding {
        Finding::Agreed { country, ground, .. } => Some((country, *ground)),
        _ => None,
    }
}

#[tokio::test]
async fn a_card_of_another_country_is_asked_about_before_its_money_is_taken() {
    for shop in Shop::both().await {
        let ctx = shop.fill(&shop.guest(), &[FILE]).await;
        let placed = placed(&shop, &ctx, testing::form()).await;
        let methods = of(&shop, &placed).await.methods;
        assert!(methods.len() == 2, "nobody loses a way to pay: {methods:?}");
        let session = shop.pay(&placed, SWISS_CARD).await;
        assert_eq!(session.state, PaymentState::Authorised);
        let view = seen(&shop, &ctx, &placed).await;
        assert_eq!((view.state, view.failure, view.retry_href), (PayState::Open, None, None));
        let named = |code: &str, name: &str| (code.to_owned(), name.to_owned());
        assert_eq!(view.places, [named("DE", "Germany"), named("CH", "Switzerland")]);
        assert_eq!(view.place.as_deref(), Some("order-place-before"));
        // However often it is told, and whoever looks.
        for n in 0..3 {
            let (id, session) = (format!("ev_{n}"), session.clone());
            let event = Event { id, kind: "session.authorised".into(), created_ms: NOW, session, refund: None };
            shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
        }
        seen(&shop, &shop.guest(), &placed).await;
        assert_eq!(count(&shop, &placed, "checkout.place_asked").await, 1);
        assert_eq!(shop.session(&placed).await.state, PaymentState::Authorised, "nothing is taken");
        // Who closed the browser reads it in a mail.
        shop.clock.advance_ms(2 * MINUTE_MS);
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["place/"]).await;
        assert!(mails.len() == 1 && mails[0].text.contains("Switzerland"), "{mails:?}");
        assert!(mails[0].text.contains("#place"), "{}", mails[0].text);

        // Nobody else answers.
        let id = placed.id.as_str();
        let status = |done: Result<Answered>| done.unwrap_err().status;
        assert_eq!(status(shop.checkouts.say_place(&shop.guest(), id, Some("wrong"), "DE").await), 404);
        assert_eq!(status(shop.checkouts.say_place(&shop.staff(), id, None, "DE").await), 404);
        assert_eq!(status(say(&shop, &ctx, &placed, "XX").await), 422);
        let staff = shop.checkouts.order_view(&shop.staff(), id, None).await.unwrap();
        assert_eq!(staff.place, None);

        let (one, two) = tokio::join!(say(&shop, &ctx, &placed, "de"), say(&shop, &ctx, &placed, "DE"));
        assert_eq!((one.unwrap(), two.unwrap()), (Answered::Kept, Answered::Kept));
        let view = seen(&shop, &ctx, &placed).await;
        assert_eq!((view.state, view.place), (PayState::Paid, None));
        assert_eq!(shop.session(&placed).await.state, PaymentState::Captured);
        assert_eq!(count(&shop, &placed, "order.place_stated").await, 1);
        let order = order_of(&shop, &placed).await;
        assert_eq!(agreed(&order), Some(("DE", Ground::Majority)));
        let said = &order.tax.evidence.as_ref().unwrap().statements;
        let [said] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((said.country.as_str(), said.asked, said.words.as_str()), ("DE", Asked::Payment, WORDS));
        assert_eq!(
            (said.at_ms, said.against.as_slice()),
            (NOW + 2 * MINUTE_MS, &[(Source::Payment, "CH".to_owned())][..])
        );
        // Another answer afterwards is for the shop to read, not to be kept.
        assert_eq!(say(&shop, &ctx, &placed, "CH").await.unwrap_err().code, "place_said");
        assert_eq!(say(&shop, &ctx, &placed, "DE").await.unwrap(), Answered::Kept);
        shop.work().await;
        assert_eq!(shop.checkouts.open_places(&shop.staff()).await.unwrap(), []);
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn who_lives_elsewhere_paid_nothing_and_is_back_at_the_checkout() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let first = placed(&shop, &ctx, testing::form()).await;
    shop.pay(&first, FRENCH_CARD).await;
    seen(&shop, &ctx, &first).await;
    assert_eq!(say(&shop, &ctx, &first, "FR").await.unwrap(), Answered::AtCheckout);
    let session = shop.session(&first).await;
    assert_eq!((session.state, session.refunded_minor), (PaymentState::Expired, 0));
    let ended = of(&shop, &first).await;
    assert_eq!((ended.state, ended.failure.as_deref()), (CheckoutState::Released, Some("cancelled")));
    assert_eq!(say(&shop, &ctx, &first, "FR").await.unwrap(), Answered::Kept, "it is over");
    // Cart and form are as they were, but for the country.
    let page = shop.checkouts.checkout_view(&ctx).await.unwrap();
    assert_eq!((page.form.country.as_str(), page.form.email), ("FR", testing::form().email));
    assert_eq!(page.cart.sellers[0].lines.len(), 1);
    // Taxed there, the same card agrees and is charged at once.
    let form = CheckoutForm { country: "FR".into(), postcode: "75001".into(), city: "Paris".into(), ..testing::form() };
    let again = placed(&shop, &ctx, form).await;
    shop.pay(&again, FRENCH_CARD).await;
    let view = seen(&shop, &ctx, &again).await;
    assert_eq!((view.state, view.place), (PayState::Paid, None));
    assert_eq!(agreed(&order_of(&shop, &again).await), Some(("FR", Ground::TwoAgree)));
    // Without the cart, from a mail on another device, the order's page says that it is over.
    let other = shop.fill(&shop.guest(), &[FILE]).await;
    let third = placed(&shop, &other, testing::form()).await;
    shop.pay(&third, FRENCH_CARD).await;
    seen(&shop, &other, &third).await;
    assert_eq!(say(&shop, &shop.guest(), &third, "FR").await.unwrap(), Answered::Released);
    shop.work().await;
    whole(&shop.violations().await);
}

#[tokio::test]
async fn who_does_not_answer_in_time_has_paid_nothing() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[FILE, PARCEL]).await;
    let placed = placed(&shop, &ctx, testing::form()).await;
    shop.pay(&placed, SWISS_CARD).await;
    // Told in the last minute: there is time to read all the same.
    shop.clock.advance_ms(HOLD_MS - MINUTE_MS);
    assert!(seen(&shop, &ctx, &placed).await.place.is_some());
    shop.clock.advance_ms(2 * MINUTE_MS);
    shop.work().await;
    assert_eq!(of(&shop, &placed).await.state, CheckoutState::PendingPayment);
    assert_eq!(shop.level(PARCEL).await.reserved, 1, "it is held");
    whole(&shop.violations().await);
    shop.clock.advance_ms(HOLD_MS);
    shop.work().await;
    assert_eq!(of(&shop, &placed).await.state, CheckoutState::Released);
    assert_eq!(shop.session(&placed).await.state, PaymentState::Expired);
    assert_eq!(shop.level(PARCEL).await.reserved, 0);
    let view = seen(&shop, &ctx, &placed).await;
    assert_eq!((view.state, view.place, view.retry_href.as_deref()), (PayState::Failed, None, Some("/cart")));
    assert_eq!(say(&shop, &ctx, &placed, "DE").await.unwrap(), Answered::Kept);
    assert_eq!(of(&shop, &placed).await.state, CheckoutState::Released);
    whole(&shop.violations().await);
}

#[tokio::test]
async fn another_attempt_of_the_cart_ends_the_one_that_waits_for_an_answer() {
    for titles in [&[FILE, PARCEL][..], &[FILE]] {
        let shop = Shop::open().await;
        let ctx = shop.fill(&shop.guest(), titles).await;
        let first = placed(&shop, &ctx, testing::form()).await;
        shop.pay(&first, SWISS_CARD).await;
        seen(&shop, &ctx, &first).await;
        // The next one says it at the form, and is paid in one step.
        let second = placed(&shop, &ctx, CheckoutForm { confirm_place: true, ..testing::form() }).await;
        assert_eq!(of(&shop, &first).await.state, CheckoutState::Released);
        let reserved = if titles.contains(&PARCEL) { 1 } else { 0 };
        assert_eq!(
            (shop.session(&first).await.state, shop.level(PARCEL).await.reserved),
            (PaymentState::Expired, reserved)
        );
        assert_eq!(say(&shop, &ctx, &first, "DE").await.unwrap(), Answered::Kept);
        shop.pay(&second, GERMAN_CARD).await;
        assert_eq!(seen(&shop, &ctx, &second).await.state, PayState::Paid);
        shop.work().await;
        assert_eq!(of(&shop, &first).await.state, CheckoutState::Released, "charged once");
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn two_answers_at_once_are_one_and_a_decline_before_is_over() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    let declined = shop.pay(&bought, "4000000000000002").await;
    assert_eq!(declined.state, PaymentState::Failed);
    assert_eq!(seen(&shop, &ctx, &bought).await.state, PayState::Failed);
    shop.pay(&bought, SWISS_CARD).await;
    let view = seen(&shop, &ctx, &bought).await;
    assert_eq!((view.state, view.failure, view.place.is_some()), (PayState::Open, None, true));
    // The decline is told late.
    let event =
        Event { id: "ev_late".into(), kind: "session.failed".into(), created_ms: NOW, session: declined, refund: None };
    shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
    assert_eq!(seen(&shop, &ctx, &bought).await.failure, None);
    let (here, there) = tokio::join!(say(&shop, &ctx, &bought, "DE"), say(&shop, &ctx, &bought, "CH"));
    let charged = of(&shop, &bought).await.state == CheckoutState::Paid;
    match there {
        Ok(Answered::AtCheckout) => assert!(!charged && here.is_ok(), "let go"),
        Err(problem) => assert!(charged && problem.status == 409, "{problem:?}"),
        other => panic!("{other:?}"),
    }
    // Said on the page of before, after the money was taken.
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    shop.pay(&bought, SWISS_CARD).await;
    seen(&shop, &ctx, &bought).await;
    say(&shop, &ctx, &bought, "DE").await.unwrap();
    assert_eq!(say(&shop, &ctx, &bought, "CH").await.unwrap_err().code, "place_said");
    assert_eq!(shop.checkouts.checkout_view(&ctx).await.unwrap().form.country, "DE");
}

#[tokio::test]
async fn the_money_is_taken_though_the_process_of_the_answer_ends() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    shop.pay(&bought, SWISS_CARD).await;
    seen(&shop, &ctx, &bought).await;
    // As the answer's write leaves it, had nothing come after it.
    let (mut checkout, mut order) = (of(&shop, &bought).await, order_of(&shop, &bought).await);
    checkout.asked = None;
    let evidence = order.tax.evidence.as_mut().unwrap();
    evidence.statements.push(store::Statement {
        country: "DE".into(),
        at_ms: NOW,
        words: WORDS.into(),
        asked: Asked::Payment,
        against: vec![(Source::Payment, "CH".into())],
    });
    for item in [store::checkout_item(&checkout).unwrap(), store::order_item(&order).unwrap()] {
        shop.table.put(vitrine_table::Put { item, condition: None }).await.unwrap();
    }
    let ctx = OpCtx::system("test", shop.clock_ms());
    assert!(!shop.checkouts.still_to_take(&ctx, &bought.id).await.unwrap());
    assert_eq!(of(&shop, &bought).await.state, CheckoutState::Paid);
}

#[tokio::test]
async fn what_staff_looked_at_is_over_and_what_ended_otherwise_leaves_the_list() {
    let shop = AtOnce::shop(None).await;
    let (ctx, placed) = bought(&shop, SWISS_CARD).await;
    let (_, other) = bought(&shop, SWISS_CARD).await;
    shop.work().await;
    let (order, refunded) = (order_of(&shop, &placed).await, order_of(&shop, &other).await);
    assert_eq!(open(&shop).await.len(), 2);
    shop.checkouts.settle_place(&shop.staff(), &order.id, "called").await.unwrap();
    assert_eq!(seen(&shop, &ctx, &placed).await.place, None, "nobody is asked any more");
    let wish = Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0], false),
        restock: false,
        reason: "asked for".into(),
    };
    shop.clock.advance_ms(1000);
    let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
    shop.checkouts.refund(&staff, &refunded.id, &wish).await.unwrap();
    shop.work().await;
    assert_eq!(open(&shop).await, []);
    let query = vitrine_table::Query::new(vitrine_table::Index::Base, "PLACES#");
    assert_eq!(shop.table.query(query).await.unwrap().items.len(), 0, "and its name is gone");
    // Of an order from before nobody is asked.
    let mut old = order_of(&shop, &other).await;
    old.refunded_minor = 0;
    assert!(question(&old).is_some());
    old.tax.evidence.as_mut().unwrap().asks = false;
    assert_eq!(question(&old), None);
}

#[tokio::test]
async fn nobody_is_asked_where_two_pieces_agree_or_the_place_is_no_question() {
    let shop = Shop::open().await;
    let guest = shop.guest();
    // Address and network agree: a card that contradicts them is one against two.
    let here = OpCtx { network: Some("DE".into()), ..guest.clone() };
    let ctx = shop.fill(&here, &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    assert_eq!(shop.pay(&bought, SWISS_CARD).await.state, PaymentState::Captured, "one step, as ever");
    let view = seen(&shop, &ctx, &bought).await;
    assert_eq!((view.state, view.place), (PayState::Paid, None));
    // A parcel is taxed where it goes.
    let ctx = shop.fill(&guest, &[PARCEL]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    assert_eq!(shop.pay(&bought, SWISS_CARD).await.state, PaymentState::Captured);
    assert_eq!(seen(&shop, &ctx, &bought).await.place, None);
    // What costs nothing has no tax.
    let ctx = shop.fill(&guest, &["Free Tide"]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    assert_eq!(seen(&shop, &ctx, &bought).await.place, None);
    // A business is where its id is, and is not asked at the form either.
    let abroad = OpCtx { network: Some("CH".into()), ..guest.clone() };
    let ctx = shop.fill(&abroad, &[FILE]).await;
    let firm = CheckoutForm {
        country: "FR".into(),
        city: "Paris".into(),
        postcode: "75001".into(),
        organisation: "Éditions Exemple SARL".into(),
        business: true,
        tax_id: "FR25900000019".into(),
        ..testing::form()
    };
    let bought = placed(&shop, &ctx, firm).await;
    assert_eq!(shop.pay(&bought, SWISS_CARD).await.state, PaymentState::Captured);
    assert_eq!(seen(&shop, &ctx, &bought).await.place, None);
    // Who said it at the form was asked.
    let ctx = shop.fill(&guest, &[FILE]).await;
    let bought = placed(&shop, &ctx, CheckoutForm { confirm_place: true, ..testing::form() }).await;
    assert_eq!(shop.pay(&bought, SWISS_CARD).await.state, PaymentState::Captured);
    assert_eq!(seen(&shop, &ctx, &bought).await.place, None);
    let order = order_of(&shop, &bought).await;
    let said = &order.tax.evidence.as_ref().unwrap().statements[0];
    assert_eq!((said.asked, said.at_ms, said.against.as_slice()), (Asked::Checkout, NOW, &[][..]));
    assert_eq!(pieces(&order), [(Source::BillingAddress, "DE"), (Source::Other, "DE"), (Source::Payment, "CH")]);
    // A card of the address's own country is the second piece.
    let ctx = shop.fill(&guest, &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    shop.pay(&bought, GERMAN_CARD).await;
    let view = seen(&shop, &ctx, &bought).await;
    assert_eq!((view.state, view.place), (PayState::Paid, None));
    assert_eq!(count(&shop, &bought, "checkout.place_asked").await, 0);
    shop.work().await;
    assert_eq!(shop.checkouts.open_places(&shop.staff()).await.unwrap(), []);
    whole(&shop.violations().await);
}

#[tokio::test]
async fn the_form_asks_where_the_address_alone_would_say_it() {
    let shop = Shop::open().await;
    let asks = async |ctx: OpCtx, titles: &[&str], country: &str| {
        let ctx = shop.fill(&ctx, titles).await;
        let region = if country == "US" { "NY".to_owned() } else { String::new() };
        let form = CheckoutForm { country: country.into(), region, ..testing::form() };
        shop.checkouts.keep_form(&ctx, &Typed { form, ..Typed::default() }).await.unwrap();
        let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
        (view.place_alone, view.other_place)
    };
    assert_eq!(asks(shop.guest(), &[FILE], "DE").await, (true, None));
    assert_eq!(asks(shop.guest(), &[PARCEL], "DE").await, (false, None));
    assert_eq!(asks(shop.guest(), &["Free Tide"], "DE").await, (false, None));
    assert_eq!(asks(shop.guest(), &[FILE], "US").await, (false, None), "the two pieces are a law of the Union");
    let network = |country: &str| OpCtx { network: Some(country.into()), ..shop.guest() };
    assert_eq!(asks(network("DE"), &[FILE], "DE").await, (false, None));
    assert_eq!(asks(network("CH"), &[FILE], "DE").await, (false, Some("Switzerland".into())));
}

/// The simulator, of which no card can be asked anything before it is charged.
#[derive(Default)]
struct AtOnce(OnceLock<Simulator>);

impl AtOnce {
    async fn shop(chaos: Option<u64>) -> Shop {
        let payments = Arc::new(Self::default());
        let shop = Shop::with(chaos, Some(payments.clone())).await;
        payments.0.set(shop.simulator.clone()).ok().unwrap();
        shop
    }

    fn well(&self) -> &Simulator {
        self.0.get().unwrap()
    }
}

#[async_trait]
impl Payments for AtOnce {
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
        self.well().begin(new).await
    }
    async fn session(&self, id: &str) -> vitrine_payments::Result<Session> {
        self.well().session(id).await
    }
    async fn capture(&self, new: NewCapture) -> vitrine_payments::Result<Session> {
        self.well().capture(new).await
    }
    async fn expire(&self, id: &str) -> vitrine_payments::Result<Session> {
        self.well().expire(id).await
    }
    async fn refund(&self, new: NewRefund) -> vitrine_payments::Result<vitrine_payments::Refund> {
        self.well().refund(new).await
    }
    fn verify_webhook(&self, headers: &http::HeaderMap, body: &[u8]) -> vitrine_payments::Result<Event> {
        self.well().verify_webhook(headers, body)
    }
}

/// A file bought with this card, its receipt sent.
async fn bought(shop: &Shop, card: &str) -> (OpCtx, Placed) {
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let placed = placed(shop, &ctx, testing::form()).await;
    assert_eq!(shop.pay(&placed, card).await.state, PaymentState::Captured);
    assert_eq!(seen(shop, &ctx, &placed).await.state, PayState::Paid);
    (ctx, placed)
}

async fn open(shop: &Shop) -> Vec<OrderId> {
    shop.checkouts.open_places(&shop.staff()).await.unwrap().into_iter().map(|order| order.id).collect()
}

#[tokio::test]
async fn what_is_known_only_after_the_charge_is_asked_on_the_page_and_by_mail() {
    for chaos in [None, Some(7)] {
        let shop = AtOnce::shop(chaos).await;
        let (ctx, placed) = bought(&shop, SWISS_CARD).await;
        let view = seen(&shop, &ctx, &placed).await;
        assert_eq!((view.place.as_deref(), view.places.len()), (Some("order-place-but"), 2));
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
        assert!(mails.len() == 1 && mails[0].text.contains("Say where you live"), "{mails:?}");
        let order = order_of(&shop, &placed).await;
        assert_eq!(open(&shop).await, std::slice::from_ref(&order.id));
        assert_eq!(shop.checkouts.open_places(&shop.guest()).await.unwrap_err().status, 401);
        shop.clock.advance_ms(MINUTE_MS);
        let (one, two) = tokio::join!(say(&shop, &ctx, &placed, "DE"), say(&shop, &ctx, &placed, "DE"));
        assert_eq!((one.unwrap(), two.unwrap()), (Answered::Kept, Answered::Kept));
        assert_eq!(count(&shop, &placed, "order.place_stated").await, 1);
        assert_eq!(seen(&shop, &ctx, &placed).await.place, None);
        assert_eq!(open(&shop).await, [], "two pieces agree against one");
        let after = order_of(&shop, &placed).await;
        let said = &after.tax.evidence.as_ref().unwrap().statements[0];
        assert_eq!((said.asked, said.at_ms), (Asked::Order, NOW + MINUTE_MS));
        assert_eq!((&after.quote, after.rev), (&order.quote, order.rev + 1));
        whole(&shop.violations().await);
    }
}

#[tokio::test]
async fn another_country_than_was_taxed_changes_nothing_by_itself_and_waits_for_staff() {
    let shop = AtOnce::shop(None).await;
    let (ctx, placed) = bought(&shop, SWISS_CARD).await;
    shop.work().await;
    let order = order_of(&shop, &placed).await;
    let invoice = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
    say(&shop, &ctx, &placed, "CH").await.unwrap();
    shop.work().await;
    let after = order_of(&shop, &placed).await;
    assert_eq!(agreed(&after), Some(("CH", Ground::Majority)));
    assert_eq!((&after.quote, after.country.as_str(), after.refunded_minor), (&order.quote, "DE", 0));
    let same = shop.invoices.get(&invoice.id).await.unwrap().unwrap();
    assert_eq!((&same.totals, &same.number), (&invoice.totals, &invoice.number), "what was issued stays");
    let view = seen(&shop, &ctx, &placed).await;
    assert_eq!(view.place, None, "it was said");
    assert!(view.parts[0].explain.iter().any(|s| s.key == "explain-place-said" && s.args[0].1 == "Switzerland"));
    assert_eq!(open(&shop).await, std::slice::from_ref(&order.id));

    let settle = async |ctx: &OpCtx, why: &str| shop.checkouts.settle_place(ctx, &order.id, why).await;
    assert_eq!(settle(&ctx, "x").await.unwrap_err().status, 401);
    assert_eq!(settle(&shop.user(7, "a@example.org", &[], &[]), "x").await.unwrap_err().status, 403);
    assert_eq!(settle(&shop.staff(), " ").await.unwrap_err().fields["place_reason"], "fault-empty");
    for _ in 0..2 {
        settle(&shop.staff(), "refunded, and sold anew for Switzerland").await.unwrap();
    }
    assert_eq!(open(&shop).await, []);
    assert_eq!(count(&shop, &placed, "order.place_settled").await, 1);
    whole(&shop.violations().await);
}

#[tokio::test]
async fn one_piece_alone_stops_no_payment_and_is_asked_about_after_it() {
    let shop = Shop::open().await;
    // A card that says nothing of its place, and a bank that says nothing.
    for debit in [false, true] {
        let ctx = shop.fill(&shop.guest(), &[FILE]).await;
        let placed = placed(&shop, &ctx, testing::form()).await;
        if debit {
            let form = Form { method: "bank_debit".into(), debit: "settles".into(), ..Form::default() };
            let session = shop.session(&placed).await;
            let session = shop.simulator.pay(&session.id, &form).await.unwrap().unwrap();
            assert_eq!(session.state, PaymentState::Settling);
            assert_eq!(seen(&shop, &ctx, &placed).await.state, PayState::Settling);
            let session = Session { state: PaymentState::Captured, ..session };
            let event =
                Event { id: "ev".into(), kind: "session.captured".into(), created_ms: NOW, session, refund: None };
            shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
            assert_eq!(of(&shop, &placed).await.state, CheckoutState::Paid);
        } else {
            assert_eq!(shop.pay(&placed, CARD).await.state, PaymentState::Authorised);
        }
        let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        let asked = (view.state, view.place.as_deref(), view.places.len());
        assert_eq!(asked, (PayState::Paid, Some("order-place-alone"), 1));
        say(&shop, &ctx, &placed, "DE").await.unwrap();
        let order = order_of(&shop, &placed).await;
        assert_eq!((agreed(&order), question(&order)), (Some(("DE", Ground::TwoAgree)), None));
    }
}

#[tokio::test]
async fn each_contradiction_is_told_once_and_a_new_one_again() {
    let shop = Shop::open().await;
    let abroad = OpCtx { network: Some("CH".into()), ..shop.guest() };
    let declared = || CheckoutForm { confirm_place: true, ..testing::form() };
    // The network contradicted, the buyer said so, and the card is from there too: two against two.
    let ctx = shop.fill(&abroad, &[FILE]).await;
    let bought = placed(&shop, &ctx, declared()).await;
    assert_eq!(agreed(&order_of(&shop, &bought).await), Some(("DE", Ground::Majority)));
    assert_eq!(shop.pay(&bought, SWISS_CARD).await.state, PaymentState::Authorised);
    assert!(seen(&shop, &ctx, &bought).await.place.is_some(), "of the card nobody asked yet");
    say(&shop, &ctx, &bought, "DE").await.unwrap();
    let view = seen(&shop, &ctx, &bought).await;
    assert_eq!((view.state, view.place), (PayState::Paid, None), "twice the same is not asked");
    let order = order_of(&shop, &bought).await;
    assert!(matches!(order.tax.evidence.as_ref().unwrap().finding, Finding::Conflict { .. }));
    shop.work().await;
    assert_eq!(open(&shop).await, [order.id], "staff look at what stays open");
    // A card that agrees with the address ends it.
    let ctx = shop.fill(&abroad, &[FILE]).await;
    let bought = placed(&shop, &ctx, declared()).await;
    shop.pay(&bought, GERMAN_CARD).await;
    let view = seen(&shop, &ctx, &bought).await;
    assert_eq!((view.state, view.place), (PayState::Paid, None));
}

#[tokio::test]
async fn what_a_small_seller_taxes_at_home_needs_no_evidence() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[FILE]).await;
    let bought = placed(&shop, &ctx, testing::form()).await;
    let mut order = order_of(&shop, &bought).await;
    super::evidence::with_payment(&mut order.tax, Some("ch"));
    assert_eq!(question(&order), Some(vec!["CH".to_owned()]));
    for tax in order.quote.lines.iter_mut().flat_map(|l| &mut l.amounts.taxes) {
        tax.jurisdiction = "FR".into();
    }
    assert_eq!(question(&order), None, "taxed in France for a buyer in Germany");
}

/// Whoever changes the words changes their name, so that orders say which were read.
#[test]
fn the_words_of_a_statement_have_one_name() {
    let texts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/i18n");
    let mut words = String::new();
    for locale in ["de-DE", "en-US", "fr-FR"] {
        let file = std::fs::read_to_string(texts.join(locale).join("trade.ftl")).unwrap();
        for key in ["checkout-confirm-place = ", "order-place-go = "] {
            words.push_str(file.lines().find_map(|line| line.strip_prefix(key)).unwrap());
            words.push('\n');
        }
    }
    let named =
        "Ich wohne in { $country }\nIch wohne in { $country }\nI live in { $country }\nI live in { $country }\n";
    assert!(words.starts_with(named) && WORDS == "2026-11-29", "new words, new name: {words}");
    assert_eq!(words.lines().last(), Some("J’habite dans ce pays\u{a0}: { $country }"));
}
