//! Two storefronts of one seller in one cart: each is priced, sent, taxed and sold by its own policies.

use serde_json::json;
use vitrine_pricing::money::Money;
use vitrine_pricing::promotion::{Benefit, Promotion, Stacking};
use vitrine_pricing::quote::Quote;
use vitrine_shared::views::trade::{CheckoutForm, CheckoutView};

use super::store::Order;
use super::*;
use crate::ctx::OpCtx;
use crate::pricing::Quotes;
use crate::testing::{self, Shop};

/// One seller, two storefronts that differ in rounding, ways of sending, and what they do without a tax rule.
pub(crate) const ROWS: &str = r#"{"type":"tenant","ref":"two","name":"Two","legal":{"name":"Two GmbH","address":["Weg 2","20457 Hamburg"],"country":"DE","email":"shop@two.example","tax_ids":["DE123456789"],"invoice_prefix":"TW","registrations":["DE","EU-OSS"]},"currency":"EUR","locale":"de-DE","fee_bps":1000}
{"type":"store","ref":"left","tenant":"two","handle":"left","name":"Left","ships_from":"DE","rounding":{"scope":"unit","mode":"half_up"},"no_rule":"export","shipping_methods":[{"id":"fast","name":"Fast"}],"shipping":[{"zone":"*","up_to_g":4000,"amount_minor":700,"currency":"EUR"},{"zone":"EU","up_to_g":4000,"amount_minor":700,"currency":"EUR"},{"zone":"EU","method":"fast","up_to_g":4000,"amount_minor":2100,"currency":"EUR"}]}
{"type":"store","ref":"right","tenant":"two","handle":"right","name":"Right","ships_from":"DE","rounding":{"scope":"document","mode":"half_even"},"no_rule":"block","shipping_methods":[{"id":"fast","name":"Fast"}],"shipping":[{"zone":"*","up_to_g":4000,"amount_minor":300,"currency":"EUR"},{"zone":"EU","up_to_g":4000,"amount_minor":300,"currency":"EUR"},{"zone":"EU","method":"fast","up_to_g":4000,"amount_minor":1100,"currency":"EUR"}]}
{"type":"maker","ref":"who","tenant":"two","kind":"artist","name":"Who"}
{"type":"work","ref":"l-pages","store":"left","kind":"book","title":"Left Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"LP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":999}]}]}]}
{"type":"work","ref":"r-pages","store":"right","kind":"book","title":"Right Pages","makers":["who"],"released":"2024-03-01","genres":["fiction"],"language":"en","products":[{"ref":"p","kind":"physical","title":"Paperback","tax_class":"printed_book","variants":[{"sku":"RP-1","weight_g":280,"stock":60,"prices":[{"region":"world","currency":"EUR","minor":999}]}]}]}"#;
const TITLES: [&str; 2] = ["Left Pages", "Right Pages"];

async fn open() -> Shop {
    let shop = Shop::open().await;
    shop.import(ROWS).await;
    shop
}

/// Seven of each in a cart.
async fn filled(shop: &Shop, country: &str) -> OpCtx {
    let market = vitrine_pricing::market::Market::of_country(country).id.to_owned();
    let ctx = OpCtx { country: country.into(), market, ..shop.guest() };
    let ctx = shop.fill(&ctx, &TITLES).await;
    let cart = shop.carts.load(&ctx, ctx.cart.as_deref()).await.unwrap();
    let seven: Vec<_> = cart.lines.iter().map(|line| (line.variant.clone(), 7)).collect();
    shop.carts.set(&ctx, ctx.cart.as_deref(), &seven, cart.rev).await.unwrap();
    ctx
}

async fn page(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> CheckoutView {
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    shop.checkouts.checkout_view(ctx).await.unwrap()
}

async fn placed(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> (Placed, Vec<Order>) {
    let view = page(shop, ctx, form).await;
    let placing = Placing {
        attempt: format!("{:x<16}", "one"),
        form: form.clone(),
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    };
    let placed = shop.checkouts.place(ctx, &placing).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    (placed, shop.checkouts.orders(&checkout).await.unwrap())
}

async fn by_door(shop: &Shop, title: &str) -> Quote {
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let asked = json!({ "buyer": { "country": "DE" }, "lines": [{ "sku": shop.edition(title).await, "quantity": 7 }] });
    let document = crate::pricing::read(asked.to_string().as_bytes()).unwrap();
    quotes.quote(&shop.guest(), document).await.unwrap()
}

#[tokio::test]
async fn each_storefront_has_its_own_order_by_its_own_policies() {
    for shop in Shop::both().await {
        shop.import(ROWS).await;
        let ctx = filled(&shop, "DE").await;
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        let parts: Vec<_> = view.sellers.iter().map(|s| (s.store.name.as_str(), s.lines.len())).collect();
        assert_eq!(parts, [("Left", 1), ("Right", 1)]);
        let (placed, orders) = placed(&shop, &ctx, &testing::form()).await;
        let [left, right] = &orders[..] else { panic!("two orders: {}", orders.len()) };
        // 9.99 with 7 %: 0.65 in each, 4.55 of seven (unit); of 69.93 together 4.57 (document).
        let sums = |o: &Order| (o.quote.lines[0].amounts.tax.minor(), o.quote.sent_by().unwrap().amount.minor());
        assert_eq!((sums(left), sums(right)), ((455, 700), (457, 300)));
        for (order, title) in orders.iter().zip(TITLES) {
            let quote = by_door(&shop, title).await;
            assert_eq!((&quote.totals, quote.rounding), (&order.quote.totals, order.quote.rounding), "{title}");
        }
        assert_eq!(view.total_minor, orders.iter().map(|o| o.quote.totals.gross.minor()).sum::<i64>());
        shop.pay(&placed, "4242424242424242").await;
        shop.checkouts.refresh(&OpCtx::system("test", shop.clock_ms()), &placed.id).await.unwrap();
        shop.work().await;
        // Buyer and staff read which storefront it was; each has its paper.
        let seen = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        assert_eq!(seen.parts.iter().map(|p| p.store.name.as_str()).collect::<Vec<_>>(), ["Left", "Right"]);
        let mut numbers = Vec::new();
        for order in &orders {
            let paper = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
            assert_eq!(paper.rounding, Some(order.quote.rounding));
            numbers.push(paper.number);
        }
        numbers.sort();
        assert_eq!(numbers, ["TW-2026-00001", "TW-2026-00002"]);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_way_is_chosen_for_one_storefront_and_not_for_the_other() {
    let shop = open().await;
    let ctx = filled(&shop, "DE").await;
    let view = page(&shop, &ctx, &testing::form()).await;
    let fields: Vec<String> = view.cart.sellers.iter().map(|s| s.sending.part.clone()).collect();
    assert_ne!(fields[0], fields[1]);
    let shipping = [(fields[1].clone(), "fast".to_owned())].into();
    let (_, orders) = placed(&shop, &ctx, &CheckoutForm { shipping, ..testing::form() }).await;
    let sent: Vec<_> = orders.iter().map(|o| o.quote.sent_by().unwrap().amount.minor()).collect();
    assert_eq!(sent, [700, 1100]);
}

#[tokio::test]
async fn what_one_storefront_exports_the_other_does_not_sell() {
    let shop = open().await;
    let view = shop.checkouts.cart_view(&filled(&shop, "BR").await).await.unwrap();
    let troubles: Vec<_> = view.sellers.iter().map(|s| s.lines[0].trouble.as_deref()).collect();
    assert_eq!(troubles, [None, Some("line-no-tax-rule")]);
    assert!(!view.ready);
}

#[tokio::test]
async fn what_a_seller_takes_off_holds_in_the_storefronts_it_names_and_an_amount_once() {
    let shop = open().await;
    let seller = shop.seller_of(TITLES[0]).await;
    let ten = Benefit::Percent { rate_ppm: 100_000, at_most: Vec::new() };
    let here = vitrine_pricing::promotion::Promotion {
        stores: vec!["right".into()],
        ..testing::promotion(1, Some("RIGHT"), ten)
    };
    shop.promote(&seller, here).await;
    let five = Benefit::Amount { amounts: vec![Money::new(500, "EUR".parse().unwrap()).unwrap()] };
    shop.promote(&seller, testing::promotion(2, Some("FIVE"), five)).await;
    let ctx = filled(&shop, "DE").await;
    let whole = shop.checkouts.cart_view(&ctx).await.unwrap().total_minor;
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), "RIGHT").await.unwrap();
    let view = shop.checkouts.cart_view(&ctx).await.unwrap();
    // A tenth of 69.93, of one of the two.
    assert_eq!(whole - view.total_minor, 699);
    assert!(view.codes[0].applied);
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), "FIVE").await.unwrap();
    let view = shop.checkouts.cart_view(&ctx).await.unwrap();
    assert_eq!(whole - view.total_minor, 699 + 500, "not once for each storefront");
    // What the first part is too small for is taken off the next, and sending is free from both where it is free at all.
    let hundred = Benefit::Amount { amounts: vec![Money::new(10_000, "EUR".parse().unwrap()).unwrap()] };
    let hundred =
        vitrine_pricing::promotion::Promotion { allow_zero: true, ..testing::promotion(3, Some("HUNDRED"), hundred) };
    shop.promote(&seller, hundred).await;
    let free = Benefit::FreeShipping { at_most: Vec::new() };
    shop.promote(&seller, testing::promotion(4, Some("SENT"), free)).await;
    let most = Benefit::Percent { rate_ppm: 500_000, at_most: vec![Money::new(4000, "EUR".parse().unwrap()).unwrap()] };
    shop.promote(&seller, testing::promotion(5, Some("HALF"), most)).await;
    for (code, off) in [("HUNDRED", 10_000), ("SENT", 700 + 300), ("HALF", 4000)] {
        let ctx = filled(&shop, "DE").await;
        shop.carts.add_code(&ctx, ctx.cart.as_deref(), code).await.unwrap();
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!(whole - view.total_minor, off, "{code}");
        assert!(view.codes[0].applied, "{code}");
    }
}

/// What is not combined in one storefront is not combined across two of one seller: what the first of the cart applies bars the rest of the order.
#[tokio::test]
async fn what_is_not_combined_in_one_storefront_is_not_across_two() {
    let five = || Benefit::Amount { amounts: vec![Money::new(500, "EUR".parse().unwrap()).unwrap()] };
    let ten = || Benefit::Percent { rate_ppm: 100_000, at_most: Vec::new() };
    let sale = || Stacking::OneOf("sale".into());
    let excluded = |other: &str| ("code-skipped-excluded-by".to_owned(), other.to_owned());
    let alone = ("code-skipped-not-stackable".to_owned(), String::new());
    // Stacking of FIVE and of TEN, what FIVE excludes, why TEN is skipped.
    let rows = [
        (Stacking::Combines, Stacking::Combines, true, excluded("FIVE")),
        (sale(), sale(), false, excluded("FIVE")),
        (Stacking::Alone, Stacking::Combines, false, excluded("FIVE")),
        (Stacking::Combines, Stacking::Alone, false, alone),
    ];
    for (first, second, excludes, why) in rows {
        let shop = open().await;
        let seller = shop.seller_of(TITLES[0]).await;
        // FIVE is used up by the first part; TEN is of the second storefront alone, and barred there all the same.
        let barred =
            Promotion { stacking: second, stores: vec!["right".into()], ..testing::promotion(2, Some("TEN"), ten()) };
        let excludes = if excludes { vec![barred.id.clone()] } else { Vec::new() };
        let used = Promotion { stacking: first, excludes, ..testing::promotion(1, Some("FIVE"), five()) };
        let ctx = filled(&shop, "DE").await;
        let whole = shop.checkouts.cart_view(&ctx).await.unwrap().total_minor;
        shop.promote(&seller, used.clone()).await;
        shop.promote(&seller, barred).await;
        shop.carts.add_code(&ctx, ctx.cart.as_deref(), "TEN").await.unwrap();
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!((whole - view.total_minor, view.codes[0].applied), (699, true), "by itself: {why:?}");
        shop.carts.add_code(&ctx, ctx.cart.as_deref(), "FIVE").await.unwrap();
        let view = shop.checkouts.cart_view(&ctx).await.unwrap();
        assert_eq!(whole - view.total_minor, 500, "{why:?}");
        let [ten, five] = &view.codes[..] else { panic!("{:?}", view.codes) };
        assert_eq!((ten.applied, ten.reason.clone().unwrap(), ten.other.clone()), (false, why.0, why.1));
        assert!(five.applied && five.reason.is_none());
        // The second part says why in words, of TEN alone: FIVE counted.
        let told = view.sellers[1].explain.iter().filter(|step| step.key == "explain-code-skipped");
        let told: Vec<_> =
            told.map(|step| (step.rule.as_str(), step.args.iter().find(|(k, _)| k == "source"))).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].0, told[0].1.unwrap().1.as_str()), ("not_stackable", "TEN"));
        let (_, orders) = placed(&shop, &ctx, &testing::form()).await;
        let off: Vec<i64> =
            orders.iter().map(|o| o.quote.totals.discounts.iter().map(|d| d.amount.minor()).sum()).collect();
        assert_eq!(off, [500, 0]);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn the_door_wants_each_storefront_by_itself() {
    let shop = open().await;
    let quotes = Quotes::new(shop.catalog.offers().clone());
    let [left, right] = [shop.edition(TITLES[0]).await, shop.edition(TITLES[1]).await];
    let lines = json!([{ "sku": left, "quantity": 1 }, { "sku": right, "quantity": 1 }]);
    for asked in [
        json!({ "buyer": { "country": "DE" }, "lines": lines }),
        json!({ "store": "left", "buyer": { "country": "DE" }, "lines": lines }),
    ] {
        let document = crate::pricing::read(asked.to_string().as_bytes()).unwrap();
        let refused = quotes.quote(&shop.guest(), document).await.unwrap_err();
        assert_eq!(refused.fields["lines[1].sku"], "other_store");
    }
}
