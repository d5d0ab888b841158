use vitrine_clock::Clock;
use vitrine_shared::id::TenantId;

use super::*;
use crate::testing::Shop;

const CARD: &str = "4242424242424242";

struct Sold {
    talk: Talk,
    order: OrderId,
    tenant: TenantId,
    secret: String,
    buyer: OpCtx,
}

async fn sold(shop: &Shop) -> Sold {
    let buyer = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&buyer).await.unwrap();
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&buyer, &placed.id).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
    let talk = Talk {
        table: shop.table.clone(),
        checkouts: shop.checkouts.clone(),
        catalog: shop.catalog.records().clone(),
        sender: shop.receipts.sender.clone(),
        base_url: "http://shop.example".into(),
    };
    Sold { talk, order: order.id, tenant: order.tenant, secret: placed.secret, buyer }
}

impl Sold {
    async fn ask(&self, seen: usize, text: &str) -> Result<()> {
        self.talk.ask(&self.buyer, &self.order, Some(&self.secret), seen, text).await
    }

    async fn said(&self) -> Vec<(bool, String)> {
        let order = self.talk.checkouts.order(&self.order).await.unwrap().unwrap();
        let all = self.talk.of(&order, Locale::EnUs).await.unwrap();
        all.into_iter().map(|m| (m.shop, m.text.unwrap())).collect()
    }

    async fn open(&self, ctx: &OpCtx) -> usize {
        let desk = authz::tenant_desk(ctx, &self.tenant).unwrap();
        self.talk.open_questions(&desk, Locale::EnUs).await.unwrap().len()
    }
}

/// Readers and bodies of the mails that wait.
async fn mails(shop: &Shop, talk: &Talk) -> Vec<(String, String)> {
    let all = shop.mails(handlers(talk.clone()), &["talk/"]).await;
    let mut all: Vec<(String, String)> = all.into_iter().map(|m| (m.to, m.text)).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_question_is_told_answered_and_told_again_once_each() {
    for shop in Shop::both().await {
        let sold = sold(&shop).await;
        let seller = shop.user(5, "seller@example.org", &["creator"], std::slice::from_ref(&sold.tenant));
        for _ in 0..2 {
            sold.ask(0, "Is it signed?\r\nBy whom?").await.unwrap();
        }
        assert_eq!(sold.said().await, [(false, "Is it signed?\nBy whom?".to_owned())]);
        let told = mails(&shop, &sold.talk).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].1.contains("> Is it signed?\n> By whom?") && told[0].1.contains("/studio/orders/"), "{told:?}");
        shop.clock.advance_ms(1_000);
        let later = OpCtx { now_ms: shop.clock.now_ms(), ..seller.clone() };
        for _ in 0..2 {
            sold.talk.answer(&later, &sold.order, 1, "By the author.").await.unwrap();
        }
        assert_eq!(sold.said().await[1], (true, "By the author.".to_owned()));
        let told = mails(&shop, &sold.talk).await;
        assert_eq!((told.len(), told[0].0.as_str()), (1, "Gast.Muster@Example.org"));
        assert!(told[0].1.contains("> By the author.") && told[0].1.contains(&sold.secret), "{told:?}");
    }
}

#[tokio::test]
async fn what_waits_for_an_answer_is_in_the_shops_list_only_until_then() {
    let shop = Shop::open().await;
    let sold = sold(&shop).await;
    let seller = shop.user(5, "seller@example.org", &["creator"], std::slice::from_ref(&sold.tenant));
    assert_eq!(sold.open(&seller).await, 0);
    sold.ask(0, "When?").await.unwrap();
    assert_eq!(sold.open(&seller).await, 1);
    sold.talk.answer(&seller, &sold.order, 1, "Tomorrow.").await.unwrap();
    assert_eq!(sold.open(&seller).await, 0);
    for n in 0..5 {
        sold.ask(2 + n, &format!("More {n}")).await.unwrap();
    }
    assert_eq!(sold.ask(7, "And more").await.unwrap_err().code, "talk_wait");
}

#[tokio::test]
async fn only_who_bought_asks_and_only_the_orders_shop_answers() {
    let shop = Shop::open().await;
    let sold = sold(&shop).await;
    let stranger = shop.user(7, "other@example.org", &["buyer"], &[]);
    let other = shop.user(8, "rival@example.org", &["creator"], &[TenantId::from_bits(42)]);
    for (ctx, secret, status) in
        [(&stranger, None, 404), (&stranger, Some("x"), 404), (&shop.staff(), None, 403), (&shop.guest(), None, 404)]
    {
        assert_eq!(sold.talk.ask(ctx, &sold.order, secret, 0, "Hello").await.unwrap_err().status, status);
    }
    for (ctx, status) in [(&stranger, 404), (&other, 404), (&sold.buyer, 401)] {
        assert_eq!(sold.talk.answer(ctx, &sold.order, 0, "Hello").await.unwrap_err().status, status);
    }
    for bad in [" \n ", &"x".repeat(MAX_TEXT + 1), "bell\u{7}"] {
        assert_eq!(sold.ask(0, bad).await.unwrap_err().status, 422);
    }
    assert!(sold.said().await.is_empty());
    // The form is there for who may use it only.
    let id = sold.order.as_str();
    for (ctx, secret, may) in [(&sold.buyer, Some(sold.secret.as_str()), true), (&shop.staff(), None, false)] {
        let view = sold.talk.order_view(ctx, id, secret, Locale::EnUs).await.unwrap();
        assert_eq!((view.mine, view.parts[0].may_write), (may, may));
    }
}
