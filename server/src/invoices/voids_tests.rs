//! Void invoices over real stores: what is written, what counts, who is told, and what a look at the shop's data says.

use futures::future::join;
use vitrine_pricing::refund::RefundWish;
use vitrine_table::Delete;

use super::tests::invoiced_for;
use super::*;
use crate::authz::tenant_desk;
use crate::check::Invariant;
use crate::testing::Shop;

const WHY: &str = "The company of the seller was wrong.";

async fn view(shop: &Shop, id: &InvoiceId) -> vitrine_shared::views::owned::InvoiceView {
    let staff = shop.staff();
    let place = shop.catalog.place(&staff);
    shop.invoices.view(&staff, &shop.checkouts, &place, id.as_str(), None).await.unwrap()
}

async fn refunded(shop: &Shop, order: &OrderId) -> Result<crate::checkout::Refund> {
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: RefundWish::whole(&[0], false),
        restock: false,
        reason: "asked for".into(),
    };
    shop.checkouts.refund(&shop.staff(), order, &wish).await
}

#[tokio::test]
async fn a_void_invoice_stays_is_cancelled_and_another_takes_its_place() {
    for shop in Shop::both().await {
        let (ctx, secret, id) = invoiced_for(&shop, "Harbour Lights").await;
        let of = shop.invoices.get(&id).await.unwrap().unwrap();
        shop.clock.advance_ms(2 * 24 * 60 * 60 * 1000);
        let staff = shop.staff();
        let void = || shop.invoices.void(&staff, &shop.checkouts, &id, WHY);
        let (one, other) = join(void(), void()).await;
        let done = one.unwrap();
        assert_eq!((&done, &done), (&other.unwrap(), &void().await.unwrap()), "once, whoever asks how often");
        assert_eq!(shop.invoices.get(&id).await.unwrap().unwrap(), of, "the document stays as it was issued");
        let credit = shop.invoices.get(&done.credit).await.unwrap().unwrap();
        let next = shop.invoices.get(&done.next).await.unwrap().unwrap();
        assert_eq!((of.number.as_str(), next.number.as_str()), ("NL-2026-00001", "NL-2026-00002"));
        assert_eq!((credit.number.as_str(), credit.corrects.as_deref()), ("NLC-2026-00001", Some("NL-2026-00001")));
        assert_eq!(credit.totals.gross.minor(), -of.totals.gross.minor());
        assert_eq!(next.replaces.as_deref(), Some("NL-2026-00001"));
        assert_eq!((&next.lines, &next.totals, &next.simplified), (&of.lines, &of.totals, &of.simplified));
        let words = crate::mails::Words::for_buyer("de-DE", "de");
        let days = |invoice: &Invoice| {
            let document = invoice.document(&papers::Buyer::default(), None, &words).unwrap();
            (document.issued.to_string(), document.supplied.unwrap().to_string())
        };
        let (before, after) = (days(&of), days(&next));
        assert_eq!(after.1, before.1, "supplied as it was");
        assert_ne!(before.0, after.0, "issued later");
        // Page and file say it; the XML is what was issued.
        let page = view(&shop, &id).await;
        let said = page.void.as_ref().unwrap();
        assert_eq!((page.kind.as_str(), said.reason.as_str(), said.next.0.as_str()), ("void", WHY, "NL-2026-00002"));
        assert_eq!((said.credit.0.as_str(), page.lines.len()), ("NLC-2026-00001", 1), "and it can be read");
        assert_eq!(view(&shop, &done.next).await.replaces.as_deref(), Some("NL-2026-00001"));
        let printed = super::tests::printed(&shop, &id).await.replace('\n', " ");
        assert!(printed.contains("UNGÜLTIG seit") && printed.contains(WHY) && printed.contains("NL-2026-00002"));
        assert!(!super::tests::printed(&shop, &done.next).await.contains("UNGÜLTIG"));
        let place = shop.catalog.place(&ctx);
        let rows = shop.invoices.list(&place, std::slice::from_ref(&of.customer), None).await.unwrap().rows;
        let kinds: Vec<_> = rows.iter().map(|row| (row.number.as_str(), row.kind.as_str())).collect();
        assert!(kinds.contains(&("NL-2026-00001", "void")) && kinds.contains(&("NL-2026-00002", "simplified")));
        let leads = shop.invoices.of_order(&of.order).await.unwrap();
        assert_eq!(leads, Some(href(&done.next)), "the order leads to what holds");
        // It is one sale.
        let desk = tenant_desk(&OpCtx::system("test", 0), &of.seller).unwrap();
        let rows = shop.invoices.tax_report(&desk, 0, shop.clock_ms() + 1, None).await.unwrap().unwrap();
        let sum: Vec<_> = rows.iter().map(|row| (row.net_minor, row.tax_minor)).collect();
        assert_eq!(sum, [(of.totals.net.minor(), of.totals.tax.minor())]);
        let month = [Span { name: "all".into(), from_ms: 0, to_ms: shop.clock_ms() + 1 }];
        let sold = shop.invoices.turnover(&desk, &month, shop.clock_ms(), &mut 100).await.unwrap();
        let sold: Vec<_> = sold.months["all"].iter().map(|row| (row.net_minor, row.sales)).collect();
        assert_eq!(sold, [(of.totals.net.minor(), 1)]);
        // The buyer is told once, with both.
        let mails = shop.mails(crate::receipts::handlers(shop.receipts.clone()), &["voided/"]).await;
        assert_eq!(mails.len(), 1);
        for text in ["NL-2026-00001", WHY, "NL-2026-00002", "NLC-2026-00001", done.next.as_str()] {
            assert!(mails[0].text.contains(text), "{text} in {}", mails[0].text);
        }
        // Business details are for what holds; what goes back is of it too.
        let business = Business { company: "Aurora GmbH".into(), tax_id: String::new(), address: "Weg 1\nDE".into() };
        let add = async |id| shop.invoices.amend(&ctx, &shop.checkouts, id, Some(&secret), &business).await;
        assert_eq!(add(&id).await.unwrap_err().code, "invoice_void");
        let full = add(&done.next).await.unwrap();
        assert_eq!(full.corrects.as_deref(), Some("NL-2026-00002"));
        assert_eq!(view(&shop, &full.id).await.lines.len(), 1);
        let refund = refunded(&shop, &of.order).await.unwrap();
        shop.work().await;
        let back = shop.invoices.get(&credit_id_of(&refund.id)).await.unwrap().unwrap();
        assert_eq!((back.corrects.as_deref(), back.about()), (Some("NL-2026-00002"), done.next.clone()));
        assert_eq!(shop.violations().await, []);
        // Without its credit note it would be a hole.
        let gone = vec![TransactOp::Delete(Delete { key: key(&done.credit), condition: None })];
        shop.table.transact(Transact { ops: gone, token: None }).await.unwrap();
        let found: Vec<_> = shop.violations().await.into_iter().map(|v| v.invariant).collect();
        assert!(found.contains(&Invariant::Invoices) && found.contains(&Invariant::InvoiceSeries), "{found:?}");
    }
}

#[tokio::test]
async fn only_staff_with_a_reason_and_nothing_that_was_refunded() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced_for(&shop, "Harbour Lights").await;
    let void = async |who: &OpCtx, id: &InvoiceId, why: &str| shop.invoices.void(who, &shop.checkouts, id, why).await;
    assert_eq!(void(&ctx, &id, WHY).await.unwrap_err().status, 401);
    let buyer = shop.user(5, "buyer@example.org", &[], &[]);
    assert_eq!(void(&buyer, &id, WHY).await.unwrap_err().status, 403);
    let staff = shop.staff();
    let refused = void(&staff, &id, "  ").await.unwrap_err();
    assert_eq!((refused.status, refused.fields.contains_key("reason")), (422, true));
    assert_eq!(void(&staff, &InvoiceId::from_bits(1), WHY).await.unwrap_err().status, 404);
    // Who bought is who the invoice was amended to.
    let business = Business { company: "Aurora GmbH".into(), tax_id: String::new(), address: "Weg 1\nDE".into() };
    let full = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &business).await.unwrap();
    assert_eq!(void(&staff, &full.id, WHY).await.unwrap_err().status, 404, "what corrects one is void with it");
    let done = void(&staff, &id, WHY).await.unwrap();
    let next = view(&shop, &done.next).await;
    assert_eq!((next.kind.as_str(), next.buyer[0].as_str()), ("invoice", "Aurora GmbH"));
    // The next one can be void too; once something went back none can.
    let again = void(&staff, &done.next, WHY).await.unwrap();
    let order = shop.invoices.get(&id).await.unwrap().unwrap().order;
    refunded(&shop, &order).await.unwrap();
    assert_eq!(void(&staff, &again.next, WHY).await.unwrap_err().code, "invoice_refunded");
    shop.work().await;
    let numbers = shop.invoices.of_sale(&order).await.unwrap();
    let numbers: Vec<_> = numbers.iter().map(|(invoice, void)| (invoice.number.as_str(), void.is_some())).collect();
    assert_eq!(numbers, [("NL-2026-00001", true), ("NL-2026-00002", true), ("NL-2026-00003", false)]);
    assert_eq!(shop.violations().await, []);
}
