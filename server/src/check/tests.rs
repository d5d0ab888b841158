use bytes::Bytes;
use serde_json::json;
use vitrine_blob::PutOptions;
use vitrine_clock::Clock;
use vitrine_pricing::promotion::Benefit;
use vitrine_pricing::refund::RefundWish;
use vitrine_queue::worker::{Handlers, Worker};
use vitrine_shared::id::CheckoutId;
use vitrine_table::{Consistency, Delete, Index, Item, Key, Put, Query, Update, UpdateItem};

use super::*;
use crate::checkout::store::Order;
use crate::checkout::{Placed, Wish};
use crate::collections::{Collections, EMPTY, job_key, member_key};
use crate::ctx::OpCtx;
use crate::testing::{self, Shop};

/// Far enough that no file is young.
const LATER_MS: i64 = 2 * 24 * 60 * 60 * 1000;

struct Looked {
    shop: Shop,
    check: Check,
    outbox: Arc<OutboxMail>,
}

impl Looked {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let outbox = Arc::new(OutboxMail::new(shop.table.clone(), shop.clock.clone()));
        let check = Check { outbox: Some(outbox.clone()), ..shop.check() };
        shop.indexer.catch_up().await.unwrap();
        Self { shop, check, outbox }
    }

    async fn work(&self) {
        let mut handlers = Handlers::new();
        handlers.extend(crate::receipts::handlers(self.shop.receipts.clone()));
        handlers.extend(crate::checkout::handlers(self.shop.checkouts.clone(), self.shop.clock.clone()));
        handlers.extend(crate::accounts::handlers(self.outbox.clone(), self.shop.values.master.clone()));
        Worker::new(self.shop.queue.clone(), handlers).run_due_once().await.unwrap();
    }

    /// Two works of two shops, paid.
    async fn bought(&self) -> Placed {
        let ctx = self.shop.fill(&self.shop.guest(), &["Harbour Lights", "Paper Boats"]).await;
        let placed = self.shop.place(&ctx).await.unwrap();
        self.shop.pay(&placed, "4242424242424242").await;
        self.shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
        placed
    }

    async fn report(&self) -> Report {
        self.report_of(UNNAMED_MS).await
    }

    async fn report_of(&self, unnamed_ms: i64) -> Report {
        self.check.run(How { live: false, files: Depth::All, unnamed_ms }).await.unwrap()
    }

    async fn get(&self, key: &Key) -> Option<Item> {
        self.shop.table.get(key, Consistency::Strong).await.unwrap()
    }

    async fn first(&self, pk: &str, prefix: &str) -> Key {
        let page = self.shop.table.query(Query::new(Index::Base, pk).begins_with(prefix)).await.unwrap();
        vitrine_table::check::key_of(&page.items[0]).unwrap()
    }

    /// Breaks one record, sees exactly these invariants named, and mends it.
    async fn broken(&self, key: Key, update: Option<Update>, wanted: &[Invariant], named: &str) {
        let before = self.get(&key).await.unwrap_or_else(|| panic!("{key:?} is not there"));
        match update {
            Some(update) => drop(
                self.shop
                    .table
                    .update(UpdateItem { key: key.clone(), updates: vec![update], condition: None })
                    .await
                    .unwrap(),
            ),
            None => drop(self.shop.table.delete(Delete { key: key.clone(), condition: None }).await.unwrap()),
        }
        self.violated(wanted, named).await;
        self.shop.table.put(Put { item: before, condition: None }).await.unwrap();
    }

    async fn violated(&self, wanted: &[Invariant], named: &str) {
        let report = self.report().await;
        let counts: Vec<&str> = report.counts.iter().filter(|(_, n)| **n > 0).map(|(name, _)| name.as_str()).collect();
        let mut names: Vec<&str> = wanted.iter().map(|i| i.name()).collect();
        names.sort_unstable();
        assert_eq!(counts, names, "{:#?}", report.violations);
        let said = |v: &Violation| v.invariant == wanted[0] && v.keys.iter().any(|k| k.contains(named));
        assert!(report.violations.iter().any(said), "{named} is not named: {:#?}", report.violations);
        assert!(!report.holds());
    }

    async fn order(&self, checkout: &CheckoutId, number: usize) -> Order {
        let checkout = self.shop.checkouts.get(checkout).await.unwrap().unwrap();
        self.shop.checkouts.orders(&checkout).await.unwrap().remove(number)
    }
}

#[tokio::test]
async fn a_healthy_shop_violates_nothing_also_half_way() {
    let looked = Looked::open().await;
    let report = looked.report().await;
    assert!(report.holds() && report.unseen.is_empty(), "{report:#?}");
    assert!(report.seen["works"] >= 5 && report.seen["files read"] > 5, "{report:#?}");

    let placed = looked.bought().await;
    let report = looked.report().await;
    assert!(report.holds() && report.in_hand >= 1, "its receipt is in hand: {report:#?}");
    looked.work().await;
    looked.work().await;
    let report = looked.report().await;
    assert!(report.holds(), "{report:#?}");
    assert_eq!((report.seen["checkouts"], report.seen["orders"], report.seen["invoices"]), (1, 2, 2), "{report:#?}");

    let order = looked.order(&placed.id, 0).await;
    let wish =
        Wish { attempt: "a".into(), what: RefundWish::whole(&[0], false), restock: true, reason: "damaged".into() };
    looked.shop.checkouts.refund(&looked.shop.staff(), &order.id, &wish).await.unwrap();
    assert!(looked.report().await.holds(), "decided, on its way");
    looked.work().await;
    let report = looked.report().await;
    assert!(report.holds() && report.seen["refunds"] == 1, "{report:#?}");

    // One that waits, one that was let go.
    let waits = looked.shop.fill(&looked.shop.guest(), &["Paper Boats"]).await;
    looked.shop.place(&waits).await.unwrap();
    assert!(looked.report().await.holds());
    looked.shop.clock.advance_ms(crate::checkout::HOLD_MS + 1000);
    looked.work().await;
    let report = looked.report().await;
    assert!(report.holds(), "{report:#?}");
}

#[tokio::test]
async fn each_violation_is_named_with_its_keys() {
    use Invariant::*;
    let looked = Looked::open().await;
    let placed = looked.bought().await;
    looked.work().await;
    looked.work().await;
    let waits = looked.shop.fill(&looked.shop.guest(), &["Paper Boats"]).await;
    let waits = looked.shop.place(&waits).await.unwrap();
    let report = looked.report().await;
    assert!(report.holds(), "{report:#?}");

    let mut order = looked.order(&placed.id, 0).await;
    if order.lines.iter().all(|l| l.physical) {
        order = looked.order(&placed.id, 1).await;
    }
    let id = order.id.as_str();
    let order_key = crate::checkout::store::order_key(&order.id);
    let tenant = order.tenant.as_str();
    looked
        .broken(order_key.clone(), Some(Update::set("paid", false)), &[CheckoutWhole, Grants, Invoices, Sales], id)
        .await;
    looked.broken(order_key, Some(Update::set("refunded_minor", 1)), &[Refunds], id).await;
    let expire = Key::new(format!("JOB#{}#{}", crate::checkout::EXPIRE, waits.id), "JOB");
    looked.broken(expire, None, &[PaymentEnds], waits.id.as_str()).await;
    let mut digital = None;
    for number in 0..2 {
        let order = looked.order(&placed.id, number).await;
        digital =
            digital.or(order.lines.iter().find(|l| !l.physical).map(|l| (order.customer.clone(), l.work.clone())));
    }
    let (customer, work) = digital.expect("a line of files");
    let grant = looked.first(&format!("ENTITLEMENT#{customer}#{work}"), "GRANT#").await;
    looked.broken(grant, None, &[Grants], "ent_").await;
    let invoice = crate::invoices::key(&crate::invoices::id_of(&order.id));
    looked.broken(invoice, None, &[Invoices, InvoiceSeries], id).await;
    let series = looked.first(&format!("INVOICESERIES#{tenant}"), "20").await;
    looked.broken(series, Some(Update::set("last", 2)), &[InvoiceSeries], tenant).await;
    let mail = Key::new(format!("MAIL#receipt/{}", placed.id), "MAIL");
    looked.broken(mail, None, &[Receipts], placed.id.as_str()).await;
    let sale = looked.first(&format!("SALES#{tenant}"), "0").await;
    looked.broken(sale, None, &[Sales], id).await;
    let variant = looked.shop.edition("Paper Boats").await;
    let stock = crate::stock::key(&variant);
    looked.broken(stock.clone(), Some(Update::Add("available".into(), 1)), &[Stock], variant.as_str()).await;
    let reserved = looked.get(&stock).await.unwrap()["reserved"].as_i64().unwrap();
    looked.broken(stock.clone(), Some(Update::set("reserved", reserved + 1)), &[Holds, Stock], variant.as_str()).await;
    looked.broken(stock, None, &[Stock], variant.as_str()).await;
    let together = Key::new(format!("TOGETHER#{work}"), "LIST#");
    looked.broken(together, None, &[Together], work.as_str()).await;
    let handle = looked.check.catalog.stores().await.unwrap().remove(0);
    let claim = Key::new(format!("CLAIM#handle#{}", handle.handle), "CLAIM#");
    looked.broken(claim, None, &[Names], handle.id.as_str()).await;

    let count = Key::new(format!("LIST#{}", handle.id), "COUNT#");
    let mut item = Item::new();
    for (name, value) in [("pk", json!(count.pk)), ("sk", json!(count.sk)), ("readers", json!(1))] {
        item.insert(name.into(), value);
    }
    looked.shop.table.put(Put { item, condition: None }).await.unwrap();
    looked.violated(&[Readers], handle.id.as_str()).await;
    looked.shop.table.delete(Delete { key: count, condition: None }).await.unwrap();

    let blob = &looked.shop.blob;
    let kept = blob.list("public/", None, 1).await.unwrap().objects.remove(0);
    let bytes = blob.get_bytes(&kept.key).await.unwrap();
    blob.delete(&kept.key).await.unwrap();
    looked.violated(&[FilesThere], &kept.key).await;
    blob.put_bytes(&kept.key, Bytes::from_static(b"others"), PutOptions::new("text/plain")).await.unwrap();
    looked.violated(&[FilesThere], &kept.key).await;
    blob.put_bytes(&kept.key, bytes, PutOptions::new(kept.content_type)).await.unwrap();

    blob.put_bytes("public/nobody", Bytes::from_static(b"x"), PutOptions::new("text/plain")).await.unwrap();
    assert!(looked.report().await.holds(), "it may belong to something that is being written");
    let counts = looked.report_of(0).await.counts;
    assert_eq!(counts.values().sum::<u64>(), 1, "asked so, nothing is being written: {counts:?}");
    assert_eq!(counts[FilesUsed.name()], 1);
    looked.shop.clock.advance_ms(LATER_MS);
    looked.violated(&[FilesUsed], "public/nobody").await;
    assert_eq!(looked.check.remove_orphans(UNNAMED_MS).await.unwrap(), 1);
    assert!(looked.report().await.holds());

    looked.shop.search.delete(vec![work.to_string()]).await.unwrap();
    looked.shop.search.commit().await.unwrap();
    looked.violated(&[Index], work.as_str()).await;
}

#[tokio::test]
async fn a_job_that_gave_up_is_a_violation_and_one_that_waits_is_in_hand() {
    let looked = Looked::open().await;
    let placed = looked.bought().await;
    let job = Key::new(format!("JOB#{}#{}", crate::checkout::RECEIPT, placed.id), "JOB");
    looked.broken(job, Some(Update::set("state", "dead")), &[Invariant::Receipts], placed.id.as_str()).await;
    assert!(looked.report().await.holds());
}

#[tokio::test]
async fn a_running_shop_is_blamed_only_for_what_a_second_look_finds_too() {
    let mut first = Findings::default();
    first.say(Invariant::Holds, &["a"], "as it was");
    first.say(Invariant::Holds, &["b"], "moved");
    let mut second = Findings::default();
    second.say(Invariant::Holds, &["a"], "as it is");
    second.say(Invariant::Stock, &["a"], "new");
    let found = second.confirmed(&first);
    assert_eq!(found.violations.len(), 1);
    assert_eq!((found.violations[0].what.as_str(), found.counts[&Invariant::Holds]), ("as it is", 1));
    assert_eq!(found.counts[&Invariant::Stock], 0);
}

#[tokio::test]
async fn the_nightly_look_is_queued_once_a_night_and_its_numbers_are_kept() {
    let looked = Looked::open().await;
    schedule(&looked.shop.queue, &looked.check.clock).await.unwrap();
    schedule(&looked.shop.queue, &looked.check.clock).await.unwrap();
    assert!(last(&*looked.shop.table).await.unwrap().is_none());
    looked.shop.clock.advance_ms(LATER_MS / 2);
    let nightly: Arc<dyn vitrine_queue::worker::Handler> =
        Arc::new(job::Nightly { check: looked.check.clone(), dir_blob: None });
    let handlers: Handlers = [(NIGHTLY.to_owned(), nightly)].into_iter().collect();
    let worker = Worker::new(looked.shop.queue.clone(), handlers);
    worker.run_due_once().await.unwrap();
    assert_eq!(worker.metrics().done, 1, "two nights were queued, one is over");
    let report = last(&*looked.shop.table).await.unwrap().unwrap();
    assert!(
        report.holds() && report.counts.len() == Invariant::ALL.len() && report.at_ms == looked.shop.clock.now_ms()
    );
}

#[tokio::test]
async fn an_archive_that_no_job_takes_in_goes_after_a_day() {
    let looked = Looked::open().await;
    let put = async |id: &str| {
        let options = PutOptions::new("application/zip");
        let key = crate::desk::archive_key_of(id);
        looked.shop.blob.put_bytes(&key, Bytes::from_static(b"PK"), options).await.unwrap();
    };
    put("cut").await;
    put("waits").await;
    let job = vitrine_queue::NewJob {
        kind: crate::desk::IMPORT.into(),
        key: "waits".into(),
        payload: json!({}),
        run_at_ms: looked.shop.clock.now_ms(),
        max_attempts: 3,
        trace: None,
    };
    looked.shop.queue.enqueue(job).await.unwrap();
    let before = async || looked.check.forget_archives(looked.shop.clock.now_ms() - UNNAMED_MS).await.unwrap();
    assert_eq!(before().await, 0, "its upload may not have ended");
    looked.shop.clock.advance_ms(LATER_MS);
    looked.violated(&[Invariant::FilesUsed], "cut").await;
    assert_eq!(before().await, 1);
    assert!(looked.report().await.holds());
    assert!(looked.shop.blob.head(&crate::desk::archive_key_of("waits"), None).await.is_ok());
}

#[tokio::test]
async fn uses_of_promotions_are_those_of_checkouts() {
    let looked = Looked::open().await;
    let shop = &looked.shop;
    let tenant = shop.seller_of("Harbour Lights").await;
    let half = Benefit::Percent { rate_ppm: 500_000, at_most: Vec::new() };
    let sale = testing::promotion(1, None, half);
    let id = sale.id.clone();
    shop.promote(&tenant, sale).await;
    let report = looked.report().await;
    assert!(report.holds() && report.seen["promotions"] == 1, "{report:#?}");
    let key = crate::promotions::count_key(&tenant, &id, crate::promotions::TOTAL);
    let stray = Update::Add("used".into(), 1);
    shop.table.update(UpdateItem { key: key.clone(), updates: vec![stray], condition: None }).await.unwrap();
    looked.violated(&[Invariant::Promotions], &id).await;
    shop.table.delete(Delete { key: key.clone(), condition: None }).await.unwrap();
    looked.bought().await;
    for _ in 0..5 {
        looked.work().await;
    }
    assert!(looked.report().await.holds());
    looked.broken(key, Some(Update::set("used", 5)), &[Invariant::Promotions], &id).await;
    let card = looked.first(&format!("PROMOUSE#{tenant}#{id}"), "F#").await;
    looked.broken(card, None, &[Invariant::Promotions], "F#").await;
}

#[tokio::test]
async fn a_collection_counts_and_lists_the_works_that_name_it() {
    let looked = Looked::open().await;
    let (shop, ctx) = (&looked.shop, OpCtx::system("test", testing::NOW));
    let tenant = shop.seller_of("Harbour Lights").await;
    let desk = crate::authz::tenant_desk(&ctx, &tenant).unwrap();
    let all = Collections::new(looked.check.catalog.clone());
    all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
    let work = all.read(&desk, &["HL-D"]).await.unwrap();
    all.put_in(&ctx, &desk, "winter", &work).await.unwrap();
    shop.indexer.catch_up().await.unwrap();
    assert!(looked.report().await.holds());
    let kept = Key::new(format!("COLLECTIONS#{tenant}"), "C#winter");
    looked.broken(kept, Some(Update::Add("count".into(), 1)), &[Invariant::Names], "winter").await;
    // Both the count and the work say more than the list.
    let member = member_key(&tenant, "winter", &work[0]);
    looked.broken(member, None, &[Invariant::Names], work[0].as_str()).await;
    let tally = Key::new(format!("COLLECTIONS#{tenant}"), "TALLY#");
    looked.broken(tally, Some(Update::Add("count".into(), 1)), &[Invariant::Names], tenant.as_str()).await;
    assert!(looked.report().await.holds());
    // A deleted one's works are in its job's hand, or nobody's.
    all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap();
    let report = looked.report().await;
    assert!(report.holds() && report.in_hand > 0);
    let job = Key::new(format!("JOB#{EMPTY}#{}", job_key(&tenant, "winter")), "JOB");
    looked.broken(job, None, &[Invariant::Names], "winter").await;
}
