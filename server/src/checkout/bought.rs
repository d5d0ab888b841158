//! Gift cards that are bought.

use vitrine_pricing::refund::RefundWish;
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::catalog::GiftCards;
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_shared::views::gift::{GiftForm, SoldCardView};

use super::store::Order;
use super::*;
use crate::testing::{NOW, Shop, form};
use crate::value::{House, Kind};

const CARD: &str = "4242424242424242";
const DAY: i64 = 24 * 60 * 60 * 1000;

fn gift() -> GiftForm {
    GiftForm {
        currency: "EUR".into(),
        amount: "2500".into(),
        email: "giver@example.org".into(),
        recipient: "Kim".into(),
        recipient_email: "kim@example.org".into(),
        sender: "Lou".into(),
        message: "For you\nwith love".into(),
        ..GiftForm::default()
    }
}

fn event(id: &str, session: vitrine_payments::Session) -> vitrine_payments::Event {
    vitrine_payments::Event { id: id.into(), kind: "session".into(), created_ms: NOW, session, refund: None }
}

async fn buy(shop: &Shop, ctx: &OpCtx, form: &GiftForm) -> Placed {
    shop.checkouts.buy_gift(ctx, "nordlicht", &crate::ids::secret(), form).await.unwrap()
}

async fn paid(shop: &Shop, ctx: &OpCtx, form: &GiftForm) -> (Placed, Order) {
    let placed = buy(shop, ctx, form).await;
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(ctx, &placed.id).await.unwrap();
    let order = order_of(shop, &placed).await;
    (placed, order)
}

async fn order_of(shop: &Shop, placed: &Placed) -> Order {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap().remove(0)
}

fn cards(order: &Order) -> Vec<vitrine_shared::id::ValueId> {
    order.lines[0].gift.as_ref().unwrap().cards.clone()
}

async fn left(shop: &Shop, id: &vitrine_shared::id::ValueId) -> (i64, i64) {
    let account = shop.values.account(id).await.unwrap().unwrap();
    (account.available, account.held)
}

async fn seen(shop: &Shop, ctx: &OpCtx, placed: &Placed) -> Vec<SoldCardView> {
    let view = shop.checkouts.order_view(ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
    view.parts[0].lines[0].cards.clone()
}

/// Spends this code on the cheapest work of the shop that sold it; answers the order.
async fn spend(shop: &Shop, code: &str, attempt: &str) -> Order {
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    shop.checkouts.apply_code(&ctx, &form(), code).await.unwrap();
    let view = shop.checkouts.checkout_view(&ctx).await.unwrap();
    let mut placing = shop.placing(&ctx, attempt).await;
    placing.due_minor = Some(view.value.due_minor);
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    order_of(shop, &placed).await
}

async fn mailed(shop: &Shop) -> Vec<vitrine_mail::Message> {
    shop.mails(crate::value::handlers(shop.values.clone()), &["gift/"]).await
}

fn code_in(mail: &vitrine_mail::Message) -> String {
    mail.text.lines().find_map(|l| l.trim().strip_prefix("Code: ")).unwrap().to_owned()
}

#[tokio::test]
async fn a_card_is_bought_for_somebody_else_spent_partly_and_refunded_to() {
    for shop in Shop::both().await {
        let ctx = shop.guest();
        let (placed, order) = paid(&shop, &ctx, &gift()).await;
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!((checkout.state, checkout.total_minor, order.paid), (CheckoutState::Paid, 2500, true));
        let line = &order.quote.lines[0];
        assert_eq!((line.tax_status, order.quote.totals.tax.minor()), (TaxStatus::OutsideScope, 0));
        let card = cards(&order).remove(0);
        let account = shop.values.account(&card).await.unwrap().unwrap();
        assert_eq!(
            (account.kind, account.issuer.as_ref(), account.available),
            (Kind::GiftCard, Some(&order.tenant), 2500)
        );
        // Paid is paid once, whatever is repeated.
        let session = shop.session(&placed).await;
        let event = event("evt_again", session);
        shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
        assert_eq!(left(&shop, &card).await, (2500, 0));
        let mut handlers = crate::value::handlers(shop.values.clone());
        handlers.extend(crate::receipts::handlers(shop.receipts.clone()));
        let (mails, receipts): (Vec<_>, Vec<_>) =
            shop.mails(handlers, &["gift/", "receipt/"]).await.into_iter().partition(|m| m.key.starts_with("gift/"));
        assert_eq!((mails.len(), receipts.len()), (1, 1));
        assert_eq!(
            (mails[0].key.as_str(), mails[0].to.as_str()),
            (format!("gift/{card}/first").as_str(), "kim@example.org")
        );
        for said in ["Hello Kim,", "Lou gives you", "> For you\n> with love", "what Nordlicht sells"] {
            assert!(mails[0].text.contains(said), "{said}: {}", mails[0].text);
        }
        let receipt = &receipts[0];
        assert!(receipt.text.contains("no tax invoice") && receipt.to == "giver@example.org", "{}", receipt.text);
        assert!(!receipt.text.contains(&code_in(&mails[0])));
        assert!(receipt.text.contains("Model withdrawal form"), "the purchase can be withdrawn from");
        assert!(
            shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().is_none(),
            "no supply, no invoice"
        );
        // Spent partly; the refund of that goes back to it.
        let code = code_in(&mails[0]);
        let spent = spend(&shop, &code, "spend").await;
        let price = spent.quote.totals.gross.minor();
        assert_eq!((spent.paid, left(&shop, &card).await), (true, (2500 - price, 0)));
        assert!(spent.quote.totals.tax.minor() > 0, "what it pays for is taxed");
        let wish = Wish {
            attempt: "refund".into(),
            what: RefundWish::whole(&[0], false),
            restock: false,
            reason: "no".into(),
        };
        shop.checkouts.refund(&shop.staff(), &spent.id, &wish).await.unwrap();
        shop.work().await;
        assert_eq!(left(&shop, &card).await, (2500, 0));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn what_is_typed_wrong_is_said_and_kept_and_an_attempt_is_one_purchase() {
    let shop = Shop::open().await;
    let ctx = shop.guest();
    let fault = async |form: GiftForm| {
        let problem = shop.checkouts.buy_gift(&ctx, "nordlicht", &crate::ids::secret(), &form).await.unwrap_err();
        assert_eq!(problem.status, 422);
        problem.fields.into_iter().collect::<Vec<_>>()
    };
    let one = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
    let named = |text: &str| GiftForm { amount: "named".into(), named: text.into(), ..gift() };
    for (form, field, code) in [
        (GiftForm { amount: "2501".into(), ..gift() }, "amount", ""),
        (named("4.99"), "named", "fault-gift-amount"),
        (named("200.01"), "named", "fault-gift-amount"),
        (GiftForm { amount: "x".into(), ..gift() }, "amount", "fault-gift-amount"),
        (GiftForm { pieces: "11".into(), ..gift() }, "pieces", "fault-gift-pieces"),
        (GiftForm { pieces: "0".into(), ..gift() }, "pieces", "fault-gift-pieces"),
        (GiftForm { email: "x".into(), ..gift() }, "email", "fault-email"),
        (GiftForm { recipient_email: "x".into(), ..gift() }, "recipient_email", "fault-email"),
        (GiftForm { message: "x".repeat(501), ..gift() }, "message", "fault-long"),
        (GiftForm { sender: "a\u{7}".into(), ..gift() }, "sender", "fault-long"),
        (GiftForm { day: "2020-01-01".into(), ..gift() }, "day", "fault-gift-day"),
    ] {
        // Any amount between least and most can be named, also by its number.
        if code.is_empty() {
            let fine = shop.checkouts.buy_gift(&ctx, "nordlicht", &crate::ids::secret(), &form).await.unwrap();
            assert_eq!(shop.session(&fine).await.amount_minor, 2501);
            continue;
        }
        assert_eq!(fault(form.clone()).await, one(field, code), "{form:?}");
    }
    let wrong = GiftForm { email: "x".into(), ..gift() };
    let problem = shop.checkouts.buy_gift(&ctx, "nordlicht", &crate::ids::secret(), &wrong).await.unwrap_err();
    let name = shop.checkouts.keep_gift(&ctx, wrong.clone(), &problem).await.unwrap();
    let view = shop.checkouts.gift_view(&ctx, "nordlicht", Some(&name)).await.unwrap();
    assert_eq!((view.form, view.faults), (wrong, one("email", "fault-email")));
    let other = shop.checkouts.gift_view(&ctx, "nordlicht", Some("guessed")).await.unwrap();
    assert_eq!((other.form.email, other.form.amount.as_str()), (String::new(), "1500"));
    assert_eq!(shop.checkouts.gift_view(&ctx, "paper", None).await.unwrap_err().status, 404, "it sells none");
    let attempt = "a".repeat(16);
    let first = shop.checkouts.buy_gift(&ctx, "nordlicht", &attempt, &gift()).await.unwrap();
    assert_eq!(shop.checkouts.buy_gift(&ctx, "nordlicht", &attempt, &gift()).await.unwrap(), first);
    let other = GiftForm { recipient_email: "other@example.org".into(), ..gift() };
    let reused = shop.checkouts.buy_gift(&ctx, "nordlicht", &attempt, &other).await.unwrap_err();
    assert_eq!((reused.status, reused.code.as_str()), (422, "attempt_reused"));
    // Who it is for is nowhere in the clear.
    let order = order_of(&shop, &first).await;
    let item = shop.table.get(&store::order_key(&order.id), Consistency::Strong).await.unwrap().unwrap();
    let text = serde_json::to_string(&item).unwrap();
    assert!(!text.contains("kim@") && !text.contains("with love") && !text.contains("Kim"), "{text}");
    // Not paid: no card, and none is sent.
    assert!(shop.values.account(&cards(&order)[0]).await.unwrap().is_none());
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn an_amount_is_bought_in_the_currency_it_was_shown_in() {
    let shop = Shop::open().await;
    let tenant = r#"{"type":"tenant","ref":"both","name":"Both","legal":{"name":"Both GmbH","address":["Weg 1","10115 Berlin"],"country":"DE","email":"shop@both.example","invoice_prefix":"BO","registrations":["DE"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}"#;
    let store = r#"{"type":"store","ref":"both","tenant":"both","handle":"both","name":"Both","ships_from":"DE","shipping":[{"zone":"DE","up_to_g":2000,"amount_minor":500,"currency":"EUR"}],"gift_cards":[{"currency":"EUR","amounts":[2500]},{"currency":"USD","amounts":[3000]}]}"#;
    shop.import(&format!("{tenant}\n{store}")).await;
    let (here, there) = (shop.guest(), OpCtx { country: "US".into(), market: "us".into(), ..shop.guest() });
    let shown = async |ctx: &OpCtx| shop.checkouts.gift_view(ctx, "both", None).await.unwrap().currency;
    let (euros, dollars) = (shown(&here).await, shown(&there).await);
    assert_eq!((euros.as_str(), dollars.as_str()), ("EUR", "USD"));
    let right = async |ctx: &OpCtx| shop.checkouts.gift_view(ctx, "both", None).await.unwrap().right;
    assert_eq!((right(&here).await.days, right(&here).await.function), (14, true));
    assert_eq!((right(&there).await.days, right(&there).await.country.as_str()), (0, "United States"));
    // Of goods alone: a gift card is none.
    let japan = OpCtx { country: "JP".into(), market: "jp".into(), ..shop.guest() };
    assert_eq!((right(&japan).await.days, right(&japan).await.country.as_str()), (0, "Japan"));
    let attempt = crate::ids::secret();
    let problem = shop.checkouts.buy_gift(&there, "both", &attempt, &gift()).await.unwrap_err();
    assert_eq!((problem.status, problem.code.as_str(), problem.detail.as_str()), (409, "gift_changed", "USD"));
    let name = shop.checkouts.keep_gift(&there, gift(), &problem).await.unwrap();
    let view = shop.checkouts.gift_view(&there, "both", Some(&name)).await.unwrap();
    assert_eq!((view.form.currency.as_str(), view.form.recipient.as_str()), ("USD", "Kim"));
    assert_eq!((view.trouble.as_deref(), &view.form.amount), (Some("gift_changed"), &view.amounts[0].0));
    let placed = shop.checkouts.buy_gift(&there, "both", &attempt, &view.form).await.unwrap();
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().currency, "USD");
    // What was bought is bought, wherever the same press comes from.
    assert_eq!(shop.checkouts.buy_gift(&here, "both", &attempt, &view.form).await.unwrap(), placed);
}

#[tokio::test]
async fn a_shops_page_leads_to_its_cards_wherever_they_can_be_paid() {
    let shop = Shop::open().await;
    // This shop's cards are in euros, which can be paid everywhere.
    for (country, market) in [("DE", "de"), ("US", "us"), ("CH", "ch"), ("JP", "jp")] {
        let ctx = OpCtx { country: country.into(), market: market.into(), ..shop.guest() };
        let sold = !shop.checkouts.gift_view(&ctx, "nordlicht", None).await.unwrap().amounts.is_empty();
        let leads = shop.catalog.storefront(&ctx, "nordlicht").await.unwrap().gift_href.is_some();
        assert_eq!((leads, sold), (true, true), "{country}");
    }
}

#[tokio::test]
async fn cards_are_sent_on_their_day_and_elsewhere_as_long_as_nothing_was_spent() {
    for shop in Shop::both().await {
        let ctx = shop.guest();
        let tomorrow = vitrine_pricing::date::Date::from_unix_ms(NOW + DAY).unwrap().to_string();
        let (placed, order) = paid(&shop, &ctx, &GiftForm { day: tomorrow, pieces: "2".into(), ..gift() }).await;
        let ids = cards(&order);
        assert_eq!((ids.len(), order.quote.totals.gross.minor(), mailed(&shop).await.len()), (2, 5000, 0));
        let views = seen(&shop, &ctx, &placed).await;
        assert_eq!(
            (views[0].state.as_str(), views[0].to.as_str(), views[0].may_correct),
            ("gift-waits", "kim@example.org", true)
        );
        // Nobody else corrects it.
        let correct = async |ctx: &OpCtx, secret: Option<&str>, email: &str, next| {
            shop.checkouts.correct_gift(ctx, &order.id, secret, ids[0].as_str(), email, next).await
        };
        let key = Some(placed.secret.as_str());
        assert_eq!(correct(&ctx, None, "x@example.org", 1).await.unwrap_err().status, 404);
        assert_eq!(correct(&shop.staff(), None, "x@example.org", 1).await.unwrap_err().status, 404);
        assert_eq!(correct(&ctx, key, "nothing", 1).await.unwrap_err().status, 422);
        correct(&ctx, key, "ann@example.org", 1).await.unwrap();
        shop.clock.advance_ms(2 * DAY);
        let ctx = OpCtx { now_ms: shop.clock_ms(), ..ctx };
        let mut sent: Vec<String> = mailed(&shop).await.into_iter().map(|m| m.to).collect();
        sent.sort();
        assert_eq!(sent, ["ann@example.org", "kim@example.org"]);
        let views = seen(&shop, &ctx, &placed).await;
        assert_eq!((views[0].state.as_str(), views[0].next), ("gift-sent", 1));
        // Sent again, once however often it is pressed; the old code is dead.
        for _ in 0..2 {
            correct(&ctx, key, "bea@example.org", 1).await.unwrap();
        }
        let again = mailed(&shop).await;
        assert_eq!(again.iter().map(|m| m.to.as_str()).collect::<Vec<_>>(), ["bea@example.org"]);
        for next in 2..6 {
            correct(&ctx, key, "cy@example.org", next).await.unwrap();
        }
        assert_eq!(correct(&ctx, key, "cy@example.org", 6).await.unwrap_err().code, "gift_many");
        let code = code_in(mailed(&shop).await.last().unwrap());
        spend(&shop, &code, "spend").await;
        assert_eq!(correct(&ctx, key, "dan@example.org", 6).await.unwrap_err().code, "gift_used");
        assert_eq!(seen(&shop, &ctx, &placed).await[0].state, "gift-used");
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_refund_takes_what_is_left_and_ends_what_it_empties() {
    for shop in Shop::both().await {
        let ctx = shop.guest();
        let (placed, order) = paid(&shop, &ctx, &GiftForm { pieces: "2".into(), to_self: true, ..gift() }).await;
        let codes: Vec<String> = mailed(&shop).await.iter().map(code_in).collect();
        let spent = spend(&shop, &codes[0], "spend").await.quote.totals.gross.minor();
        let refund = async |attempt: &str, what: RefundWish| {
            let wish = Wish { attempt: attempt.into(), what, restock: false, reason: "changed mind".into() };
            shop.checkouts.refund(&shop.staff(), &order.id, &wish).await
        };
        let refused = refund("all", RefundWish::whole(&[0], false)).await.unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str(), refused.detail),
            (409, "gift_spent", (5000 - spent).to_string())
        );
        // One piece is the card of which nothing was spent.
        let one = vitrine_pricing::refund::LineWish {
            line: 0,
            take: vitrine_pricing::refund::Take::Quantity { quantity: 1 },
        };
        let one = RefundWish { lines: vec![one], shipping: None };
        for _ in 0..2 {
            refund("one", one.clone()).await.unwrap();
        }
        shop.work().await;
        assert_eq!(shop.session(&placed).await.refunded_minor, 2500);
        let dead =
            shop.checkouts.apply_code(&shop.fill(&shop.guest(), &["Harbour Lights"]).await, &form(), &codes[1]).await;
        assert_eq!(dead.unwrap_err().fields.get("code").map(String::as_str), Some("fault-code"));
        let states: Vec<String> = seen(&shop, &ctx, &placed).await.into_iter().map(|c| c.state).collect();
        let mut sorted = states.clone();
        sorted.sort();
        assert_eq!(sorted, ["gift-over", "gift-used"]);
        assert!(refund("two", one).await.is_err(), "more than is left of the other");
        let rest = vitrine_pricing::money::Money::new(2500 - spent, order.quote.currency).unwrap();
        let rest =
            vitrine_pricing::refund::LineWish { line: 0, take: vitrine_pricing::refund::Take::Amount { gross: rest } };
        refund("rest", RefundWish { lines: vec![rest], shipping: None }).await.unwrap();
        shop.work().await;
        for card in cards(&order) {
            assert_eq!(left(&shop, &card).await, (0, 0));
            let entries = shop.values.entries(&card).await.unwrap();
            assert_eq!(entries.iter().filter(|e| e.house == House::Returned).count(), 1);
        }
        assert_eq!(order_of(&shop, &placed).await.refunded_minor, 5000 - spent);
        assert_eq!(order_of(&shop, &placed).await.lines[0].state, Fulfilment::Granted, "not all of it went back");
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn what_was_bought_with_a_card_comes_back_to_its_issuer_whatever_was_taken_from_it() {
    for ended in [false, true] {
        for shop in Shop::both().await {
            let ctx = shop.guest();
            let (_, order) = paid(&shop, &ctx, &gift()).await;
            let code = code_in(&mailed(&shop).await[0]);
            let spent = spend(&shop, &code, "spend").await;
            let price = spent.quote.totals.gross.minor();
            let card = cards(&order).remove(0);
            let refund = async |order: &Order, what: RefundWish| {
                let wish = Wish { attempt: "back".into(), what, restock: false, reason: "no".into() };
                shop.checkouts.refund(&shop.staff(), &order.id, &wish).await.unwrap();
                shop.work().await;
            };
            let rest = vitrine_pricing::money::Money::new(2500 - price, order.quote.currency).unwrap();
            let take = vitrine_pricing::refund::Take::Amount { gross: rest };
            let rest = vitrine_pricing::refund::LineWish { line: 0, take };
            refund(&order, RefundWish { lines: vec![rest], shipping: None }).await;
            let account = shop.values.account(&card).await.unwrap().unwrap();
            assert_eq!((account.available, account.ended_ms), (0, None), "what it bought may be returned");
            if ended {
                shop.values.end(&shop.staff(), &card, "lost").await.unwrap();
            }
            refund(&spent, RefundWish::whole(&[0], false)).await;
            let credit = crate::value::store::credit_id(&spent.customer, "EUR", Some(&order.tenant));
            let back = if ended { credit } else { card };
            let account = shop.values.account(&back).await.unwrap().unwrap();
            assert_eq!((account.available, account.issuer.as_ref()), (price, Some(&order.tenant)));
            assert_eq!(shop.violations().await, []);
        }
    }
}

#[tokio::test]
async fn a_card_pays_only_what_its_shop_sells_and_never_for_a_card() {
    let shop = Shop::open().await;
    let ctx = shop.guest();
    let (_, order) = paid(&shop, &ctx, &gift()).await;
    let code = code_in(&mailed(&shop).await[0]);
    let foreign = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    assert_eq!(shop.checkouts.apply_code(&foreign, &form(), &code).await.unwrap_err().status, 422);
    // A purchase of cards has no cart: what is applied to the buyer's cart stays there.
    let mine = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    shop.checkouts.apply_code(&mine, &form(), &code).await.unwrap();
    let placed = buy(&shop, &mine, &gift()).await;
    assert_eq!(shop.session(&placed).await.amount_minor, 2500);
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((checkout.sources.len(), checkout.cart.as_deref()), (0, None));
    assert_eq!(left(&shop, &cards(&order)[0]).await, (2500, 0));
    // Let go and paid late: the cards are issued then, once.
    let late = shop.pay(&placed, CARD).await;
    shop.checkouts.release(&ctx, &checkout, "expired").await.unwrap();
    assert!(shop.values.account(&cards(&order_of(&shop, &placed).await)[0]).await.unwrap().is_none());
    let event = event("evt_late", late);
    let system = OpCtx::system("webhook", shop.clock_ms());
    for _ in 0..2 {
        shop.checkouts.handle_event(&system, &event).await.unwrap();
    }
    let second = order_of(&shop, &placed).await;
    assert_eq!((second.paid, left(&shop, &cards(&second)[0]).await), (true, (2500, 0)));
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn what_is_never_paid_keeps_nothing_of_who_it_was_for_once_its_buyer_is_erased() {
    let shop = Shop::open().await;
    let placed = buy(&shop, &shop.guest(), &gift()).await;
    let order = order_of(&shop, &placed).await;
    let sealed = &order.lines[0].gift.as_ref().unwrap().sealed;
    let read = shop.checkouts.gift_recipients(std::slice::from_ref(&order)).await.unwrap();
    assert!(matches!(&read[0], gift::To::Them(to) if to.email == "kim@example.org"));
    let under_master: std::result::Result<crate::value::Recipient, _> =
        shop.checkouts.master.open_value(&format!("gift/{}", order.id), sealed);
    assert!(under_master.is_err(), "it is the buyer's key that opens it");
    let destroy = vitrine_table::UpdateItem {
        key: store::customer_key(&order.customer),
        updates: vec![vitrine_table::Update::Remove("key".into())],
        condition: None,
    };
    shop.table.update(destroy).await.unwrap();
    let read = shop.checkouts.gift_recipients(std::slice::from_ref(&order)).await.unwrap();
    assert!(matches!(read[0], gift::To::Erased));
    // Money that comes all the same goes back.
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&OpCtx::system("test", NOW), &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    assert_eq!((checkout.state, shop.session(&placed).await.refunded_minor), (CheckoutState::RefundedLate, 2500));
    assert_eq!(shop.violations().await, []);
}

#[tokio::test]
async fn who_did_not_pay_for_a_card_is_sent_to_the_cards() {
    let shop = Shop::open().await;
    let ctx = shop.guest();
    let placed = buy(&shop, &ctx, &gift()).await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.release(&OpCtx::system("test", NOW), &checkout, "expired").await.unwrap();
    let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
    assert_eq!((view.retry_href.as_deref(), view.gift), (Some("/gift-cards/nordlicht"), true));
    shop.receipts.failed(&placed.id).await.unwrap();
    let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["failed/", "late/"]).await;
    assert_eq!(mails.len(), 1);
    let text = &mails[0].text;
    assert!(text.contains("/gift-cards/nordlicht") && !text.contains("/cart") && !text.contains("cart:"), "{text}");
}

#[tokio::test]
async fn a_card_that_is_missing_or_issued_unpaid_is_a_violation() {
    let shop = Shop::open().await;
    let (_, order) = paid(&shop, &shop.guest(), &gift()).await;
    shop.work().await;
    assert_eq!(shop.violations().await, []);
    let card = cards(&order).remove(0);
    let key = crate::value::store::entry_key(&card, "issue");
    shop.table.delete(vitrine_table::Delete { key, condition: None }).await.unwrap();
    let named = shop.violations().await;
    assert!(!named.is_empty() && named.iter().all(|v| v.invariant == crate::check::Invariant::Value), "{named:?}");
    assert!(named.iter().any(|v| v.keys == [order.id.to_string(), card.to_string()]), "{named:?}");
}

#[tokio::test]
async fn british_readers_get_a_receipt_in_their_own_words() {
    let shop = Shop::open().await;
    for (locale, word, other) in [("en-GB", "Delivery: €8.90", "Shipping"), ("en-US", "Shipping: €8.90", "Delivery")]
    {
        let ctx = OpCtx { locale: locale.into(), ..shop.guest() };
        let ctx = shop.fill(&ctx, &["Paper Boats"]).await;
        let placed = shop.checkouts.place(&ctx, &shop.placing(&ctx, locale).await).await.unwrap();
        shop.pay(&placed, "4242424242424242").await;
        shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
        assert_eq!((mails.len(), mails[0].locale.as_str()), (1, locale));
        assert!(mails[0].html.contains(&format!("<html lang=\"{locale}\">")));
        assert!(mails[0].text.contains(word) && !mails[0].text.contains(other), "{}", mails[0].text);
    }
}

/// What the shop sells of gift cards from now on.
async fn sells(shop: &Shop, cards: Vec<GiftCards>) {
    let mut store = shop.catalog.records().store_by_handle("nordlicht").await.unwrap().unwrap();
    store.gift_cards = cards;
    let op = crate::catalog::settings::written(&store, true, shop.clock_ms()).unwrap();
    shop.table.transact(vitrine_table::Transact { ops: vec![op], token: None }).await.unwrap();
}

#[tokio::test]
async fn case_44_a_sold_card_is_good_after_its_amount_and_then_all_cards_are_no_longer_sold() {
    for shop in Shop::both().await {
        let ctx = shop.guest();
        let (_, order) = paid(&shop, &ctx, &gift()).await;
        let card = cards(&order).remove(0);
        let code = code_in(&mailed(&shop).await[0]);
        let refused = async || {
            shop.checkouts.buy_gift(&ctx, "nordlicht", &crate::ids::secret(), &gift()).await.unwrap_err().status
        };
        sells(&shop, vec![GiftCards { currency: "EUR".into(), amounts: vec![1500], named: None }]).await;
        assert_eq!(refused().await, 422, "this amount is not sold any more");
        let first = spend(&shop, &code, "amount").await;
        assert_eq!((first.paid, left(&shop, &card).await), (true, (1700, 0)));
        sells(&shop, Vec::new()).await;
        assert_eq!(refused().await, 404, "nor is any other");
        let second = spend(&shop, &code, "none").await;
        assert_eq!((second.paid, left(&shop, &card).await), (true, (900, 0)));
        // Nor does its end forget a refund: that goes where the money came from.
        let wish = Wish {
            attempt: "refund".into(),
            what: RefundWish::whole(&[0], false),
            restock: false,
            reason: "no".into(),
        };
        shop.checkouts.refund(&shop.staff(), &first.id, &wish).await.unwrap();
        shop.work().await;
        assert_eq!(left(&shop, &card).await, (1700, 0));
        assert_eq!(shop.violations().await, []);
    }
}
