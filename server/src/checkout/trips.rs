//! How often a purchase asks the store: what a distributed table would make the buyer wait for.
//!
//! Counted is every call at the Table port from placing on until the grant is written, those of the payment simulator too. Not
//! counted: the page that is asked for meanwhile, the queue's own calls to hand the webhook's job over, and the simulator's look at the
//! faults it makes on purpose, which no provider of payments has. The shop is behind a proxy that knows the network's country: where it does
//! not, and the buyer said nothing at the form, files are paid in two steps (`evidence`).

use vitrine_payments::simulator::Form;
use vitrine_payments::{Event, PaymentState};
use vitrine_shared::orders::CheckoutState;
use vitrine_table::Consistency;

use crate::ctx::OpCtx;
use crate::testing::{NOW, Shop};

/// Most calls of one purchase.
const MOST: usize = 12;

fn card() -> Form {
    Form {
        method: "card".into(),
        number: "4242424242424242".into(),
        expiry: "04/30".into(),
        cvc: "123".into(),
        debit: String::new(),
    }
}

async fn bought(shop: &Shop, ctx: &OpCtx, attempt: &str) -> [Vec<String>; 3] {
    let mut placing = shop.placing(ctx, attempt).await;
    // As the checkout's page says it, or its box.
    placing.nothing_owned = true;
    shop.calls.take();
    let placed = shop.checkouts.place(ctx, &placing).await.unwrap();
    let place = shop.calls.take().into_iter().filter(|call| call != "get SIMCONTROL").collect();
    let session = placed.pay_url.as_deref().unwrap().rsplit('/').next().unwrap().to_owned();
    let session = shop.simulator.pay(&session, &card()).await.unwrap().unwrap();
    let pay = shop.calls.take();
    assert_eq!(session.state, PaymentState::Captured);
    let kind = "session.captured".to_owned();
    let event = Event { id: format!("ev_{attempt}"), kind, created_ms: NOW, session, refund: None };
    shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
    let webhook = shop.calls.take();
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Paid);
    assert_eq!(shop.checkouts.cart_view(ctx).await.unwrap().count, 0, "what was bought left the cart");
    [place, pay, webhook]
}

#[tokio::test]
async fn placing_and_paying_asks_the_store_a_dozen_times_at_most() {
    let shop = Shop::open().await;
    let user = shop.user(1, "buyer@example.org", &[], &[]);
    // Files, a parcel, an account that buys for the first time and once more.
    for (n, (who, title)) in [
        (shop.guest(), "Harbour Lights"),
        (shop.guest(), "Paper Boats"),
        (user.clone(), "Harbour Lights"),
        (user, "Harbour Lights"),
    ]
    .into_iter()
    .enumerate()
    {
        let ctx = shop.fill(&OpCtx { network: Some("DE".into()), ..who }, &[title]).await;
        let calls = bought(&shop, &ctx, &format!("attempt-{n}")).await;
        let count: usize = calls.iter().map(Vec::len).sum();
        assert!(count <= MOST, "{count} calls for {title}: {calls:#?}");
        let [_, pay, webhook] = &calls;
        assert_eq!((pay.len(), webhook.len()), (2, 3), "{calls:#?}");
    }
}

#[tokio::test]
async fn money_does_not_wait_for_a_cart_that_changes_at_this_moment() {
    let shop = Shop::open().await;
    let guest = OpCtx { network: Some("DE".into()), ..shop.guest() };
    let ctx = shop.fill(&guest, &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let paid = shop.pay(&placed, "4242424242424242").await;
    let key = shop.carts.key(&ctx, ctx.cart.as_deref()).unwrap();
    let mut cart = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    let rev = cart["rev"].as_i64().unwrap();
    cart.insert("rev".into(), (rev + 1).into());
    shop.calls.interfere(cart);
    shop.calls.take();
    let kind = "session.captured".to_owned();
    let event = Event { id: "ev".into(), kind, created_ms: NOW, session: paid, refund: None };
    shop.checkouts.handle_event(&OpCtx::system("webhook", NOW), &event).await.unwrap();
    let tries = shop.calls.take().into_iter().filter(|call| call.starts_with("transact ")).count();
    assert_eq!(tries, 2, "once with the cart, once without");
    assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().state, CheckoutState::Paid);
    let cart = shop.carts.load(&ctx, ctx.cart.as_deref()).await.unwrap();
    assert_eq!((cart.lines.len(), cart.rev), (0, rev + 2), "what was bought leaves the cart as it is now");
}

#[tokio::test]
async fn an_account_that_buys_twice_at_once_for_the_first_time_is_one_customer() {
    let shop = Shop::open().await;
    // Where the place is known nothing is held for a cart of files, and both attempts go on.
    let user = OpCtx { network: Some("DE".into()), ..shop.user(1, "buyer@example.org", &[], &[]) };
    let ctx = shop.fill(&user, &["Harbour Lights"]).await;
    let (one, two) = (shop.placing(&ctx, "attempt-one").await, shop.placing(&ctx, "attempt-two").await);
    let (one, two) = futures::join!(shop.checkouts.place(&ctx, &one), shop.checkouts.place(&ctx, &two));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.id, two.id);
    let customer = super::customer_of(&ctx.caller.user().unwrap().id);
    for placed in [one, two] {
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(checkout.customer, customer);
        for order in shop.checkouts.orders(&checkout).await.unwrap() {
            let person = shop.checkouts.order_person(&order).await.unwrap();
            assert_eq!(person.map(|p| p.name).as_deref(), Some("Gast Muster"), "sealed under the key that was kept");
        }
    }
}
