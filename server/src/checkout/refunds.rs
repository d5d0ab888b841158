//! Refunds of parts of orders: money, papers, access, stock, the seller's list, the check of all of it.

use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::quote::Amounts;
use vitrine_pricing::refund::{LineWish, RefundWish, Take};
use vitrine_shared::id::WorkId;
use vitrine_shared::orders::Fulfilment;
use vitrine_shared::views::trade::PayState;
use vitrine_table::{Consistency, Index, Item, Put, Query};

use super::*;
use crate::cart::Add;
use crate::ctx::OpCtx;
use crate::invoices::{Invoice, credit_id_of, id_of};
use crate::testing::{NOW, Shop};

const CARD: &str = "4242424242424242";

/// Three books in a parcel from one shop, an album from another, paid: the buyer, the checkout, its two orders.
async fn bought(shop: &Shop) -> (OpCtx, Placed, Order, Order) {
    let guest = shop.fill(&shop.guest(), &["Paper Boats", "Harbour Lights"]).await;
    let more = Add { variant: shop.edition("Paper Boats").await, quantity: 2, named_minor: None, named_in: None };
    shop.carts.add(&guest, guest.cart.as_deref(), &more).await.unwrap();
    let placed = paid(shop, &guest).await;
    let mut orders = orders(shop, &placed).await.into_iter();
    let (books, album) = (orders.next().unwrap(), orders.next().unwrap());
    assert_eq!((books.lines[0].quantity, books.quote.totals.gross.minor()), (3, 3600 + 890));
    (guest, placed, books, album)
}

async fn paid(shop: &Shop, ctx: &OpCtx) -> Placed {
    let placed = shop.place(ctx).await.unwrap();
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(ctx, &placed.id).await.unwrap();
    shop.work().await;
    placed
}

async fn orders(shop: &Shop, placed: &Placed) -> Vec<Order> {
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    shop.checkouts.orders(&checkout).await.unwrap()
}

fn of(line: usize, take: Take) -> RefundWish {
    RefundWish { lines: vec![LineWish { line, take }], shipping: None }
}

fn euros(minor: i64) -> Take {
    Take::Amount { gross: Money::new(minor, Currency::EUR).unwrap() }
}

fn wish(attempt: &str, what: RefundWish) -> Wish {
    Wish { attempt: attempt.into(), what, restock: true, reason: "Asked for it".into() }
}

async fn open_grants(shop: &Shop, order: &Order, work: &WorkId) -> usize {
    let all = shop.grants.grants_for_work(&order.customer, work).await.unwrap();
    all.iter().filter(|g| g.revoked.is_none()).count()
}

async fn papers(shop: &Shop, order: &Order) -> Vec<Invoice> {
    let mut ids = vec![id_of(&order.id)];
    ids.extend(shop.checkouts.refunds(&order.id).await.unwrap().iter().map(|r| credit_id_of(&r.id)));
    let mut all = Vec::new();
    for id in ids {
        all.push(shop.invoices.get(&id).await.unwrap().unwrap());
    }
    all
}

/// What a report over documents says of each rule: base and tax.
fn report<'a>(all: impl Iterator<Item = &'a Amounts>) -> Vec<(String, i64, i64)> {
    let mut rows: Vec<(String, i64, i64)> = Vec::new();
    for tax in all.flat_map(|a| &a.taxes) {
        if rows.iter().all(|row| row.0 != tax.rule) {
            rows.push((tax.rule.clone(), 0, 0));
        }
        let row = rows.iter_mut().find(|row| row.0 == tax.rule).unwrap();
        row.1 += tax.base.minor();
        row.2 += tax.amount.minor();
    }
    rows
}

async fn sales(shop: &Shop, order: &Order) -> Vec<Sale> {
    let seller = shop.user(6, "c@example.org", &["creator"], std::slice::from_ref(&order.tenant));
    let desk = crate::authz::tenant_desk(&seller, &order.tenant).unwrap();
    shop.checkouts.sales(&desk, None).await.unwrap().0
}

#[tokio::test]
async fn case_37_a_partial_refund_keeps_access_and_three_of_them_and_the_rest_return_exactly_what_was_paid() {
    for shop in Shop::both().await {
        let (ctx, placed, books, album) = bought(&shop).await;
        let staff = shop.staff();
        let work = album.lines[0].work.clone();
        let mut reports = vec![report(papers(&shop, &album).await.iter().map(|i| &i.totals))];
        for (n, take) in [euros(333), euros(1), euros(200), Take::All].into_iter().enumerate() {
            let last = take == Take::All;
            let refund = shop.checkouts.refund(&staff, &album.id, &wish(&n.to_string(), of(0, take))).await.unwrap();
            shop.work().await;
            assert_eq!(open_grants(&shop, &album, &work).await, usize::from(!last), "only the last takes access");
            let now = shop.checkouts.order(&album.id).await.unwrap().unwrap();
            assert_eq!(now.lines[0].state, if last { Fulfilment::Refunded } else { Fulfilment::Granted });
            let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
            assert_eq!(view.state, PayState::PartlyRefunded, "the books are not refunded");
            // The credit note is over exactly what went back.
            let credit = shop.invoices.get(&credit_id_of(&refund.id)).await.unwrap().unwrap();
            let amounts = refund.amounts(&album.quote).unwrap().totals;
            assert_eq!(credit.totals.net.minor(), -amounts.net.minor());
            assert_eq!(credit.totals.taxes[0].amount.minor(), -amounts.taxes[0].amount.minor());
            reports.push(report(papers(&shop, &album).await.iter().map(|i| &i.totals)));
        }
        // 8.00 with 19 % inside; each report by rate drops, the last to nothing.
        let rows: Vec<(i64, i64)> = reports.iter().map(|rows| (rows[0].1, rows[0].2)).collect();
        assert_eq!(rows, [(672, 128), (392, 75), (391, 75), (223, 43), (0, 0)]);
        // The same in the seller's list; the fee comes back to the cent.
        let list = sales(&shop, &album).await;
        assert_eq!(list.len(), 5);
        let sum = |pick: fn(&Sale) -> i64| list.iter().map(pick).sum::<i64>();
        assert_eq!((sum(|s| s.net_minor), sum(|s| s.tax_minor)), (0, 0));
        assert_eq!((sum(|s| s.fee_minor), sum(|s| s.share_minor)), (0, 0));
        assert_eq!((sum(|s| s.taxes[0].base_minor), sum(|s| s.taxes[0].amount_minor)), (0, 0));

        // Books: a piece, part of the shipping, then all the rest.
        let one = RefundWish { shipping: Some(euros(300)), ..of(0, Take::Quantity { quantity: 1 }) };
        let first = shop.checkouts.refund(&staff, &books.id, &wish("a", one)).await.unwrap();
        assert_eq!(first.amount_minor, 1200 + 300);
        assert_eq!(shop.level("Paper Boats").await.available, 3, "one of three is back");
        let rest = shop.checkouts.refund(&staff, &books.id, &wish("b", RefundWish::whole(&[0], true))).await.unwrap();
        assert_eq!(rest.amount_minor, 2400 + 590);
        assert_eq!(shop.level("Paper Boats").await.available, 5);
        shop.work().await;
        let documents = papers(&shop, &books).await;
        assert_eq!(documents.iter().map(|i| i.lines.len()).collect::<Vec<_>>(), [2, 2, 2]);
        assert_eq!(documents.iter().map(|i| i.totals.net.minor()).sum::<i64>(), 0);
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(shop.session(&placed).await.refunded_minor, checkout.total_minor);
        let view = shop.checkouts.order_view(&ctx, placed.id.as_str(), Some(&placed.secret)).await.unwrap();
        assert_eq!(view.state, PayState::Refunded);
    }
}

#[tokio::test]
async fn more_than_was_paid_never_goes_back_and_the_refusal_names_its_field() {
    let shop = Shop::open().await;
    let (_, _, books, album) = bought(&shop).await;
    let staff = shop.staff();
    shop.checkouts.refund(&staff, &album.id, &wish("a", of(0, euros(600)))).await.unwrap();
    let refused = shop.checkouts.refund(&staff, &album.id, &wish("b", of(0, euros(201)))).await.unwrap_err();
    assert_eq!((refused.status, refused.detail.as_str()), (422, "2.00"));
    assert_eq!(refused.fields["lines[0].take.gross"], "fault-refund-much");
    let many = of(0, Take::Quantity { quantity: 4 });
    let refused = shop.checkouts.refund(&staff, &books.id, &wish("b", many)).await.unwrap_err();
    assert_eq!(refused.fields["lines[0].take.quantity"], "fault-refund-pieces");
    for (order, what, status, code) in [
        (&album, RefundWish::whole(&[], true), 409, "no_shipping"),
        (&album, RefundWish::default(), 422, "invalid"),
        (&album, of(7, Take::All), 404, "not_found"),
    ] {
        let refused = shop.checkouts.refund(&staff, &order.id, &wish("c", what)).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (status, code));
    }
    // Two at once that together would be too much: one is done.
    let both = (wish("d", of(0, euros(150))), wish("e", of(0, euros(150))));
    let (d, e) = tokio::join!(
        shop.checkouts.refund(&staff, &album.id, &both.0),
        shop.checkouts.refund(&staff, &album.id, &both.1),
    );
    assert_eq!([&d, &e].into_iter().filter(|r| r.is_ok()).count(), 1, "{d:?} {e:?}");
    let order = shop.checkouts.order(&album.id).await.unwrap().unwrap();
    assert_eq!(order.refunded_minor, 750);
}

#[tokio::test]
async fn a_preview_is_what_the_refund_then_is_and_writes_nothing() {
    let shop = Shop::open().await;
    let (ctx, _, books, _) = bought(&shop).await;
    let staff = shop.staff();
    let what = RefundWish { shipping: Some(Take::All), ..of(0, Take::Quantity { quantity: 2 }) };
    shop.calls.take();
    let preview = shop.checkouts.refund_preview(&staff, &books.id, &what).await.unwrap();
    let left = shop.checkouts.refundable(&staff, &books.id).await.unwrap();
    assert!(shop.calls.take().iter().all(|call| call.starts_with("get") || call.starts_with("query")));
    assert_eq!(left.totals.gross, books.quote.totals.gross);
    assert_eq!((preview.totals.gross.minor(), preview.left.gross.minor()), (2400 + 890, 1200));
    assert_eq!(shop.checkouts.refund_preview(&ctx, &books.id, &what).await.unwrap_err().status, 401);
    let buyer = shop.user(4, "b@example.org", &["buyer"], &[]);
    assert_eq!(shop.checkouts.refundable(&buyer, &books.id).await.unwrap_err().status, 403);
    let refund = shop.checkouts.refund(&staff, &books.id, &wish("a", what)).await.unwrap();
    assert_eq!(refund.amounts, Some(preview));
    assert_eq!(shop.checkouts.refund_of(&books.id, &refund.id).await.unwrap(), Some(refund), "kept as it is");
}

#[tokio::test]
async fn tax_alone_goes_back_once_when_the_buyer_turns_out_not_to_owe_it() {
    for shop in Shop::both().await {
        let (_, placed, books, album) = bought(&shop).await;
        let system = OpCtx::system("tax-id", NOW);
        let all = store::Relief { lines: vec![0, 1, 2, 3], shipping: true };
        let first =
            shop.checkouts.refund_tax(&system, &album.id, "vies-1", "Confirmed later", &all).await.unwrap().unwrap();
        let again =
            shop.checkouts.refund_tax(&system, &album.id, "vies-1", "Confirmed later", &all).await.unwrap().unwrap();
        assert_eq!((first.id.as_str(), first.amount_minor), (again.id.as_str(), 128));
        assert_eq!(shop.checkouts.refund_tax(&system, &album.id, "vies-2", "Again", &all).await.unwrap(), None);
        let buyer = shop.user(4, "b@example.org", &["buyer"], &[]);
        let refused = shop.checkouts.refund_tax(&buyer, &album.id, "mine", "Please", &all).await.unwrap_err();
        assert_eq!(refused.status, 403);
        let refused = shop.checkouts.refund(&shop.staff(), &album.id, &wish("t", of(0, Take::Tax))).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (409, "no_tax"));
        assert_eq!(open_grants(&shop, &album, &album.lines[0].work).await, 1, "what was bought stays bought");
        shop.work().await;
        let credit = shop.invoices.get(&credit_id_of(&first.id)).await.unwrap().unwrap();
        assert_eq!((credit.totals.net.minor(), credit.totals.tax.minor()), (0, -128));
        assert_eq!(report(papers(&shop, &album).await.iter().map(|i| &i.totals))[0].1, 0, "nor is its base taxed");
        // The fee is on net prices and stays.
        assert_eq!(sales(&shop, &album).await.iter().map(|s| s.fee_minor).sum::<i64>(), 67);
        // Goods that come from abroad were sold without tax: there is nothing to do.
        assert_eq!(
            shop.checkouts.refund_tax(&system, &books.id, "vies-1", "Confirmed later", &all).await.unwrap(),
            None
        );
        shop.checkouts.refund(&shop.staff(), &album.id, &wish("r", of(0, Take::All))).await.unwrap();
        shop.checkouts.refund(&shop.staff(), &books.id, &wish("r", RefundWish::whole(&[0], true))).await.unwrap();
        shop.work().await;
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!(shop.session(&placed).await.refunded_minor, checkout.total_minor);
    }
}

#[tokio::test]
async fn a_refund_kept_in_the_first_form_still_means_whole_lines() {
    let shop = Shop::open().await;
    let (_, _, books, _) = bought(&shop).await;
    // As it was written before there were partial ones.
    let old = serde_json::json!({
        "pk": format!("ORDER#{}", books.id), "sk": "REFUND#rf_old", "_v": 1, "id": "rf_old", "order": books.id,
        "lines": [0], "shipping": false, "amount_minor": 3600, "reason": "x", "done": false, "at_ms": NOW,
    });
    let item: Item = serde_json::from_value(old).unwrap();
    shop.table.put(Put { item, condition: None }).await.unwrap();
    let key = store::order_key(&books.id);
    let mut order = shop.checkouts.order(&books.id).await.unwrap().unwrap();
    order.lines[0].state = Fulfilment::Refunded;
    order.refunded_minor = 3600;
    shop.table.put(Put { item: store::order_item(&order).unwrap(), condition: None }).await.unwrap();
    let kept = shop.checkouts.refund_of(&books.id, "rf_old").await.unwrap().unwrap();
    assert_eq!(kept.amounts(&order.quote).unwrap().totals.gross.minor(), 3600);
    shop.receipts.carry_out(&books.id, "rf_old").await.unwrap();
    let credit = shop.invoices.get(&credit_id_of("rf_old")).await.unwrap().unwrap();
    assert_eq!((credit.lines.len(), credit.lines[0].quantity, credit.totals.gross.minor()), (1, 3, -3600));
    let staff = shop.staff();
    let refused = shop.checkouts.refund(&staff, &books.id, &wish("a", of(0, euros(1)))).await.unwrap_err();
    assert_eq!(refused.code, "refunded_already");
    let left = shop.checkouts.refundable(&staff, &books.id).await.unwrap();
    assert_eq!((left.lines[0].done, left.totals.gross.minor()), (true, 890));
    let rest = shop.checkouts.refund(&staff, &books.id, &wish("b", RefundWish::whole(&[], true))).await.unwrap();
    assert_eq!(rest.amount_minor, 890);
    assert!(shop.table.get(&key, Consistency::Strong).await.unwrap().is_some());
}

#[tokio::test]
async fn ten_thousand_yen_are_10000_minor_units_everywhere_also_when_they_go_back() {
    let shop = Shop::open().await;
    let edition = shop.edition("Harbour Lights").await;
    let work = shop.catalog.records().works_by_slug(vitrine_shared::catalog::WorkKind::Album, "harbour-lights");
    let pk = format!("WORK#{}", work.await.unwrap()[0]);
    let page = shop.table.query(Query::new(Index::Base, pk.clone()).begins_with("PRICE#")).await.unwrap();
    let mut item = page.items[0].clone();
    let sk = format!("PRICE#{edition}#jp#JPY#{:015}", 0);
    item.extend([("sk", sk.into()), ("region", "jp".into()), ("currency", "JPY".into())].map(|(k, v)| (k.into(), v)));
    item.insert("amount_minor".into(), 10_000.into());
    shop.table.put(Put { item, condition: None }).await.unwrap();
    let ctx = OpCtx { market: "jp".into(), country: "JP".into(), ..shop.guest() };
    let ctx = shop.fill(&ctx, &["Harbour Lights"]).await;
    let mut placing = shop.placing(&ctx, "yen").await;
    assert_eq!(placing.seen_minor, 10_000);
    placing.form.country = "JP".into();
    placing.form.postcode = "100-0001".into();
    let placed = shop.checkouts.place(&ctx, &placing).await.unwrap();
    shop.pay(&placed, CARD).await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    shop.work().await;
    let order = orders(&shop, &placed).await.remove(0);
    let session = shop.session(&placed).await;
    assert_eq!((order.quote.totals.gross.minor(), session.amount_minor), (10_000, 10_000));
    let staff = shop.staff();
    let yen = Take::Amount { gross: Money::new(3_333, Currency::JPY).unwrap() };
    for (attempt, take) in [("a", yen), ("b", Take::All)] {
        shop.checkouts.refund(&staff, &order.id, &wish(attempt, of(0, take))).await.unwrap();
        shop.work().await;
    }
    let amounts: Vec<i64> = papers(&shop, &order).await.iter().map(|i| i.totals.gross.minor()).collect();
    assert_eq!((amounts.iter().sum::<i64>(), amounts[0]), (0, 10_000));
    let order = shop.checkouts.order(&order.id).await.unwrap().unwrap();
    assert_eq!((order.refunded_minor, shop.session(&placed).await.refunded_minor), (10_000, 10_000));
    assert_eq!(sales(&shop, &order).await.iter().map(|s| s.net_minor + s.tax_minor).max(), Some(10_000));
}

#[tokio::test]
async fn case_45_a_refund_beyond_what_its_seller_has_is_paid_and_later_sales_make_up_for_it() {
    for shop in Shop::both().await {
        let sold = async || {
            let guest = OpCtx { now_ms: shop.clock_ms(), ..shop.guest() };
            let ctx = shop.fill(&guest, &["Harbour Lights"]).await;
            let placed = shop.checkouts.place(&ctx, &again(&shop, &ctx).await).await.unwrap();
            shop.pay(&placed, CARD).await;
            shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
            shop.work().await;
            let order = orders(&shop, &placed).await.remove(0);
            (placed, order)
        };
        // Goods, fee and share by the seller's list from a day on.
        let since = async |order: &Order, from_ms: i64| {
            let list = sales(&shop, order).await.into_iter().filter(|s| s.at_ms >= from_ms);
            list.fold((0, 0, 0), |(net, fee, share), s| (net + s.net_minor, fee + s.fee_minor, share + s.share_minor))
        };
        let (first, old) = sold().await;
        assert_eq!(since(&old, 0).await, (672, 67, 605));
        // The seller has had what was sold until now, and nothing was sold since.
        shop.clock.advance_ms(40 * 24 * 60 * 60 * 1000);
        let settled_ms = shop.clock_ms();
        let staff = OpCtx { now_ms: settled_ms, ..shop.staff() };
        shop.checkouts.refund(&staff, &old.id, &wish("half", of(0, euros(400)))).await.unwrap();
        shop.work().await;
        assert_eq!(shop.session(&first).await.refunded_minor, 400, "the buyer waits for nobody's sales");
        assert_eq!(since(&old, settled_ms).await, (-336, -34, -302));
        shop.clock.advance_ms(1000);
        let (second, new) = sold().await;
        assert_eq!(since(&new, settled_ms).await, (672 - 336, 67 - 34, 605 - 302), "the next sale makes up for it");
        let staff = OpCtx { now_ms: shop.clock_ms(), ..shop.staff() };
        for (n, order) in [&old, &new].into_iter().enumerate() {
            shop.checkouts.refund(&staff, &order.id, &wish(&n.to_string(), of(0, Take::All))).await.unwrap();
        }
        shop.work().await;
        assert_eq!((shop.session(&first).await.refunded_minor, shop.session(&second).await.refunded_minor), (800, 800));
        assert_eq!(since(&new, settled_ms).await, (-672, -67, -605), "what was had of the first one is owed");
        assert_eq!(since(&new, 0).await, (0, 0, 0));
        assert_eq!(shop.violations().await, []);
    }
}

/// What a buyer sends who may have bought the same before.
async fn again(shop: &Shop, ctx: &OpCtx) -> Placing {
    Placing { nothing_owned: true, ..shop.placing(ctx, &crate::ids::secret()).await }
}
