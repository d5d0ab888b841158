//! How a parcel is sent: chosen, charged, kept with the order, said to both sides.

use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::promotion::Benefit;
use vitrine_shared::views::trade::{CheckoutForm, CheckoutView, SendingView};

use super::*;
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

const CARD: &str = "4242424242424242";
const BOOK: &str = "Paper Boats";

async fn page(shop: &Shop, ctx: &OpCtx, form: &CheckoutForm) -> CheckoutView {
    shop.checkouts.keep_form(ctx, &Typed { form: form.clone(), ..Typed::default() }).await.unwrap();
    shop.checkouts.checkout_view(ctx).await.unwrap()
}

fn sending(view: &CheckoutView) -> &SendingView {
    let part = view.cart.sellers.iter().find(|part| part.lines.iter().any(|line| line.title == BOOK));
    &part.unwrap().sending
}

fn ways(view: &CheckoutView) -> Vec<(&str, &str, bool)> {
    sending(view).ways.iter().map(|w| (w.id.as_str(), w.price.as_str(), w.chosen)).collect()
}

fn by(view: &CheckoutView, way: &str, form: &CheckoutForm) -> CheckoutForm {
    let shipping = [(sending(view).part.clone(), way.to_owned())].into();
    CheckoutForm { shipping, ..form.clone() }
}

fn placing(view: &CheckoutView, form: &CheckoutForm, attempt: &str) -> Placing {
    Placing {
        attempt: format!("{attempt:x<16}"),
        form: form.clone(),
        seen_minor: view.cart.total_minor,
        seen_currency: Some(view.cart.currency.clone()),
        due_minor: None,
        nothing_owned: true,
    }
}

#[tokio::test]
async fn what_was_chosen_is_charged_kept_and_said_everywhere() {
    for shop in Shop::both().await {
        let german = OpCtx { locale: "de-DE".into(), ..shop.guest() };
        let ctx = shop.fill(&german, &[BOOK]).await;
        let form = testing::form();
        let cheapest = page(&shop, &ctx, &form).await;
        assert_eq!(ways(&cheapest), [("express", "14,90\u{a0}€", false), ("standard", "8,90\u{a0}€", true)]);
        let named: Vec<_> = sending(&cheapest).ways.iter().map(|w| (w.name.as_str(), w.days)).collect();
        assert_eq!(named, [("Eilversand", Some((1, 2))), ("", None)]);
        let form = by(&cheapest, "express", &form);
        let view = page(&shop, &ctx, &form).await;
        assert_eq!(view.cart.total_minor, cheapest.cart.total_minor + 600);
        assert_eq!(ways(&view), [("express", "14,90\u{a0}€", true), ("standard", "8,90\u{a0}€", false)]);
        assert_eq!(view.form.shipping, form.shipping, "it stays with what was typed");
        // Whoever saw the other total is told, and what they chose is not lost.
        let late = shop.checkouts.place(&ctx, &placing(&cheapest, &form, "late")).await.unwrap_err();
        assert_eq!(late.code, "price_changed");
        let placed = shop.checkouts.place(&ctx, &placing(&view, &form, "one")).await.unwrap();
        shop.pay(&placed, CARD).await;
        let now = OpCtx::system("test", shop.clock_ms());
        shop.checkouts.refresh(&now, &placed.id).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        let sent = order.quote.sent_by().unwrap();
        assert_eq!((sent.id.as_str(), sent.amount.minor()), ("express", 1490));
        let seen = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        let way = seen.parts[0].sent_by.clone().unwrap();
        assert_eq!((way.name.as_str(), way.days, way.chosen), ("Eilversand", Some((1, 2)), true));
        assert!(seen.parts[0].sums.iter().any(|s| s.key == "sum-shipping" && s.detail == "Eilversand"));
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["receipt/"]).await;
        assert!(mails.iter().any(|m| m.text.contains("Versand · Eilversand")), "{mails:?}");
        let invoice = shop.invoices.get(&crate::invoices::id_of(&order.id)).await.unwrap().unwrap();
        let line = invoice.lines.iter().find(|line| line.text.is_empty()).unwrap();
        assert_eq!(line.by.as_ref().map(|by| by.called("en-US")), Some("Express"));
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_way_that_is_not_offered_is_a_fault_of_its_field_and_nothing_is_lost() {
    let shop = Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &[BOOK]).await;
    let view = page(&shop, &ctx, &testing::form()).await;
    for way in ["pigeon", &"x".repeat(65)] {
        let form = by(&view, way, &testing::form());
        let seen = page(&shop, &ctx, &form).await;
        assert!(sending(&seen).gone, "{way}");
        assert_eq!(seen.cart.total_minor, view.cart.total_minor, "the total is with the cheapest");
        let refused = shop.checkouts.place(&ctx, &placing(&seen, &form, "gone")).await.unwrap_err();
        let field = sending(&seen).field();
        assert_eq!(refused.fields.into_iter().collect::<Vec<_>>(), [(field, "fault-shipping".to_owned())]);
        assert_eq!(shop.checkouts.checkout_view(&ctx).await.unwrap().form, form);
    }
    // Of a part that is not in the cart nothing is asked, and without a parcel nothing is sent.
    let strange = CheckoutForm { shipping: [("t_x".to_owned(), "express".to_owned())].into(), ..testing::form() };
    let seen = page(&shop, &ctx, &strange).await;
    assert!(shop.checkouts.place(&ctx, &placing(&seen, &strange, "strange")).await.is_ok());
    let files = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let seen = page(&shop, &files, &testing::form()).await;
    assert!(seen.cart.sellers[0].sending.ways.is_empty());
}

#[tokio::test]
async fn free_shipping_takes_off_each_way_what_it_takes_off_that_one() {
    let shop = Shop::open().await;
    let benefit =
        Benefit::FreeShipping { at_most: vec![Money::new(1000, "EUR".parse::<Currency>().unwrap()).unwrap()] };
    shop.promote(&shop.seller_of(BOOK).await, testing::promotion(1, Some("SHIP"), benefit)).await;
    let ctx = shop.fill(&shop.guest(), &[BOOK]).await;
    shop.carts.add_code(&ctx, ctx.cart.as_deref(), "SHIP").await.unwrap();
    let view = page(&shop, &ctx, &testing::form()).await;
    assert_eq!(ways(&view), [("express", "€4.90", false), ("standard", "€0.00", true)]);
    assert!(sending(&view).ways[1].free);
    let dearer = page(&shop, &ctx, &by(&view, "express", &testing::form())).await;
    assert_eq!(dearer.cart.total_minor, view.cart.total_minor + 490);
}
