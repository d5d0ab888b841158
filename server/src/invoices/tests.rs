use vitrine_shared::views::owned::{BusinessForm, InvoiceView};

use super::*;
use crate::testing::Shop;

async fn seen(shop: &Shop, ctx: &OpCtx, id: &InvoiceId, key: Option<&str>) -> InvoiceView {
    let place = shop.catalog.place(ctx);
    shop.invoices.view(ctx, &shop.checkouts, &place, id.as_str(), key).await.unwrap()
}

async fn invoiced(shop: &Shop) -> (OpCtx, String, InvoiceId) {
    let ctx = shop.fill(&shop.guest(), &["Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    (ctx, placed.secret, id_of(&checkout.orders[0]))
}

fn business(company: &str) -> Business {
    Business {
        company: company.into(),
        tax_id: "DE123456789".into(),
        address: " Weg 1 \r\n\r\n10115 Berlin\nDE".into(),
    }
}

#[tokio::test]
async fn business_details_come_as_a_document_of_their_own_once() {
    for shop in Shop::both().await {
        let (ctx, secret, id) = invoiced(&shop).await;
        let before = shop.invoices.get(&id).await.unwrap().unwrap();
        let add = |name: &'static str| {
            let (shop, ctx, secret, id) = (&shop, &ctx, &secret, &id);
            async move { shop.invoices.amend(ctx, &shop.checkouts, id, Some(secret), &business(name)).await }
        };
        let (first, again) = tokio::join!(add("Aurora GmbH"), add("Aurora GmbH"));
        let (first, again) = (first.unwrap(), again.unwrap());
        assert_eq!((&first.number, first.kind), (&again.number, Kind::Amendment));
        assert_eq!((first.corrects.as_ref(), first.totals.gross.minor()), (Some(&before.number), 0));
        assert!(first.number.contains("A-2026-00001"), "{}", first.number);
        let view = seen(&shop, &ctx, &first.id, Some(&secret)).await;
        assert_eq!(view.buyer, ["Aurora GmbH", "Weg 1", "10115 Berlin", "DE", "DE123456789"]);
        assert_eq!(shop.invoices.get(&id).await.unwrap().unwrap(), before, "the invoice stays as it was");
        for name in ["b", "c", "d", "e"] {
            add(name).await.unwrap();
        }
        assert_eq!(add("f").await.unwrap_err().code, "amended_often");
        assert_eq!(shop.invoices.amendments(&id).await.unwrap().len(), 5);
        // An invoice's series has no gap from it.
        let (_, _, next) = invoiced(&shop).await;
        assert!(shop.invoices.get(&next).await.unwrap().unwrap().number.ends_with("-00002"));
    }
}

#[tokio::test]
async fn only_who_bought_adds_and_what_was_typed_stays() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced(&shop).await;
    let good = business("Aurora GmbH");
    for (who, secret) in [(shop.guest(), None), (shop.guest(), Some("x")), (shop.staff(), None)] {
        let refused = shop.invoices.amend(&who, &shop.checkouts, &id, secret, &good).await.unwrap_err();
        assert_eq!(refused.status, 404);
    }
    let bad = Business { address: String::new(), ..good.clone() };
    let refused = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &bad).await.unwrap_err();
    assert_eq!(refused.fields.get("address").map(String::as_str), Some("fault-empty"));
    let typed = seen(&shop, &ctx, &id, Some(&secret)).await.business.unwrap();
    assert_eq!((typed.company.as_str(), typed.faults.len()), ("Aurora GmbH", 1));
    assert_eq!(seen(&shop, &shop.staff(), &id, None).await.business, None, "staff only look");
    let amendment = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &good).await.unwrap();
    assert_eq!(seen(&shop, &ctx, &id, Some(&secret)).await.business, Some(BusinessForm::default()));
    assert_eq!(seen(&shop, &ctx, &amendment.id, Some(&secret)).await.business, None);
    let of_it = shop.invoices.amend(&ctx, &shop.checkouts, &amendment.id, Some(&secret), &good).await.unwrap_err();
    assert_eq!(of_it.status, 404, "only invoices are amended");
}

#[tokio::test]
async fn a_tax_report_adds_up_by_rate_and_drops_with_refunds() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced(&shop).await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let desk = crate::authz::tenant_desk(&OpCtx::system("test", 0), &invoice.seller).unwrap();
    let from = invoice.issued_ms;
    let report = async |to| shop.invoices.tax_report(&desk, from, to).await.unwrap();
    assert_eq!(report(from).await, [], "the end is not in it");
    let rows = report(from + 1).await;
    let sum =
        |rows: &[TaxRow]| rows.iter().map(|r| (r.net_minor, r.tax_minor)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    assert_eq!(sum(&rows), (invoice.totals.net.minor(), invoice.totals.tax.minor()));
    assert!(rows.iter().all(|r| r.country == "DE" && r.documents == 1), "{rows:?}");
    let staff = shop.staff();
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: vitrine_pricing::refund::RefundWish::whole(&[0], true),
        restock: false,
        reason: "asked for".into(),
    };
    shop.clock.advance_ms(1000);
    let staff = OpCtx { now_ms: shop.clock_ms(), ..staff };
    shop.checkouts.refund(&staff, &invoice.order, &wish).await.unwrap();
    shop.work().await;
    let rows = report(shop.clock_ms() + 1).await;
    assert_eq!(sum(&rows), (0, 0), "{rows:?}");
    assert!(rows.iter().all(|r| r.documents == 2 && r.tax_minor == 0), "each rate drops: {rows:?}");
    assert_eq!(shop.invoices.tax_report(&desk, 0, from).await.unwrap(), [], "another time has others");
}
