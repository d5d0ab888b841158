//! How often a purchase asks the store: what a distributed table would make the buyer wait for.
//!
//! Counted is every call at the Table port from placing on until the grant is written, those of the payment simulator too. Not
//! counted: the page that is asked for meanwhile, and the queue's own calls to hand the webhook's job over.

use vitrine_payments::simulator::Form;
use vitrine_payments::{Event, PaymentState};
use vitrine_shared::orders::CheckoutState;

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
    let placing = shop.placing(ctx, attempt).await;
    shop.calls.take();
    let placed = shop.checkouts.place(ctx, &placing).await.unwrap();
    let place = shop.calls.take();
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
        let ctx = shop.fill(&who, &[title]).await;
        let calls = bought(&shop, &ctx, &format!("attempt-{n}")).await;
        let count: usize = calls.iter().map(Vec::len).sum();
        assert!(count <= MOST, "{count} calls for {title}: {calls:#?}");
        let [_, pay, webhook] = &calls;
        assert_eq!((pay.len(), webhook.len()), (2, 3), "{calls:#?}");
    }
}
