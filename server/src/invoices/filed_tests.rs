//! Kept files over real stores: that their bytes stay, who is first, what is lost, who may have them, and what a look at the shop's data says.

use bytes::Bytes;
use futures::future::{join_all, try_join_all};
use vitrine_blob::PutOptions;
use vitrine_table::Delete;

use super::filed::{Filed, Loss};
use super::tests::{invoiced_for, printed};
use super::*;
use crate::check::{Depth, How, Invariant, UNNAMED_MS, Violation};
use crate::testing::Shop;

/// A taxed sale of a seller with a number, so that there is an XML.
const TITLE: &str = "Harbour Lights";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn file(shop: &Shop, id: &InvoiceId, form: Form) -> Vec<u8> {
    shop.invoices.paper(&shop.staff(), &shop.checkouts, id.as_str(), None, form).await.unwrap().bytes
}

async fn both(shop: &Shop, id: &InvoiceId) -> (Vec<u8>, Vec<u8>) {
    (file(shop, id, Form::Pdf).await, file(shop, id, Form::Xml).await)
}

async fn records(shop: &Shop, id: &InvoiceId) -> Vec<(String, Filed)> {
    files_of(&*shop.table, id).await.unwrap()
}

async fn record(shop: &Shop, id: &InvoiceId, name: &str) -> Filed {
    records(shop, id).await.into_iter().find(|(of, _)| of == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// Keys in the blob store.
async fn stored(shop: &Shop, id: &InvoiceId) -> Vec<String> {
    let page = shop.blob.list(&format!("invoices/{id}/"), None, 100).await.unwrap();
    page.objects.into_iter().map(|meta| meta.key).collect()
}

async fn put(shop: &Shop, item: Item) {
    shop.table
        .transact(Transact { ops: vec![TransactOp::Put(Put { item, condition: None })], token: None })
        .await
        .unwrap();
}

/// From now on a file that is made says something else, as with another program.
async fn says_otherwise(shop: &Shop, id: &InvoiceId) {
    let mut invoice = shop.invoices.get(id).await.unwrap().unwrap();
    for line in &mut invoice.lines {
        line.text = "Other words".into();
    }
    put(shop, super::item(&invoice).unwrap()).await;
    assert!(printed(shop, id).await.contains("Other words"));
}

/// By name: entries of one moment have no order.
async fn acts(shop: &Shop, id: &InvoiceId) -> Vec<(String, String)> {
    let trail = crate::audit::of(&*shop.table, id.as_str()).await.unwrap();
    let mut acts: Vec<_> = trail.into_iter().map(|entry| (entry.act, entry.why)).collect();
    acts.sort();
    acts
}

/// What one look finds; every file is read.
async fn found(shop: &Shop) -> Vec<Violation> {
    shop.indexer.catch_up().await.unwrap();
    let how = How { live: false, files: Depth::All, unnamed_ms: UNNAMED_MS };
    shop.check().run(how).await.unwrap().violations
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|w| w == what.as_bytes())
}

#[tokio::test]
async fn what_went_out_goes_out_again_whatever_a_later_program_would_set() {
    for shop in Shop::both().await {
        let (ctx, secret, id) = invoiced_for(&shop, TITLE).await;
        assert!(records(&shop, &id).await.is_empty(), "nothing is made before somebody asks");
        let (pdf, xml) = both(&shop, &id).await;
        let made_ms = shop.clock_ms();
        shop.clock.advance_ms(400 * DAY_MS);
        says_otherwise(&shop, &id).await;
        assert_eq!(both(&shop, &id).await, (pdf.clone(), xml.clone()));
        let buyer = shop.invoices.paper(&ctx, &shop.checkouts, id.as_str(), Some(&secret), Form::Pdf).await.unwrap();
        assert_eq!(buyer.bytes, pdf, "the same for whoever may have it");
        let all = records(&shop, &id).await;
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["en-US#pdf", "en-US#xml"]);
        for ((_, filed), bytes) in all.iter().zip([&pdf, &xml]) {
            assert_eq!((filed.size, filed.made_ms), (bytes.len() as u64, made_ms));
            assert_eq!((filed.program.as_str(), filed.lost.len()), (env!("CARGO_PKG_VERSION"), 0));
            // What is stored says nothing by itself, and its hash is not one of the file's.
            let sealed = shop.blob.get_bytes(&blob_key(&id, &filed.sha256)).await.unwrap();
            for told in ["%PDF", "<rsm", "Gast Muster"] {
                assert!(!holds(&sealed, told), "{told}");
            }
            assert_ne!(filed.sha256, crate::media::hex(&<sha2::Sha256 as sha2::Digest>::digest(bytes)));
        }
        let filed = ("invoice.filed".to_owned(), String::new());
        assert_eq!(acts(&shop, &id).await, [filed.clone(), filed]);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn the_page_offers_an_xml_that_went_out_even_where_none_could_be_made() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, TITLE).await;
    let (pdf, xml) = both(&shop, &id).await;
    let mut invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    // Without a number of the seller the standard has no word for it.
    invoice.seller_legal.as_mut().unwrap().tax_ids.clear();
    put(&shop, super::item(&invoice).unwrap()).await;
    let staff = shop.staff();
    let seen = async || {
        let place = shop.catalog.place(&staff);
        shop.invoices.view(&staff, &shop.checkouts, &place, id.as_str(), None).await.unwrap().files.len()
    };
    assert_eq!(seen().await, 2);
    assert_eq!(both(&shop, &id).await, (pdf, xml));
    for (name, _) in records(&shop, &id).await {
        let key = Key::new(format!("INVOICE#{id}"), format!("FILE#{name}"));
        shop.table.delete(Delete { key, condition: None }).await.unwrap();
    }
    assert_eq!(seen().await, 1, "it could not be made");
}

#[tokio::test]
async fn of_many_at_once_one_makes_it_and_all_have_its_bytes() {
    for shop in Shop::both().await {
        let (_, _, id) = invoiced_for(&shop, TITLE).await;
        let all = join_all((0..6).map(|_| both(&shop, &id))).await;
        assert!(all.iter().all(|files| *files == all[0]));
        let mut named: Vec<String> =
            records(&shop, &id).await.iter().map(|(_, filed)| blob_key(&id, &filed.sha256)).collect();
        named.sort();
        assert_eq!(stored(&shop, &id).await, named, "who was late left nothing behind");
        assert_eq!(acts(&shop, &id).await.len(), 2, "one maker of each");
    }
}

#[tokio::test]
async fn who_is_late_hands_out_what_the_first_one_made() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, TITLE).await;
    let first = file(&shop, &id, Form::Xml).await;
    let key = Key::new(format!("INVOICE#{id}"), "FILE#en-US#xml");
    let item = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    // The late one met no record, makes another file, and the first one's comes just before its own.
    shop.table.delete(Delete { key, condition: None }).await.unwrap();
    says_otherwise(&shop, &id).await;
    shop.calls.interfere(item.clone());
    assert_eq!(file(&shop, &id, Form::Xml).await, first);
    let sha256 = item["sha256"].as_str().unwrap();
    assert_eq!(record(&shop, &id, "en-US#xml").await.sha256, sha256);
    assert_eq!(stored(&shop, &id).await, [blob_key(&id, sha256)]);
}

#[tokio::test]
async fn what_is_lost_is_made_anew_and_the_record_says_so() {
    for shop in Shop::both().await {
        let (_, _, id) = invoiced_for(&shop, TITLE).await;
        let (_, _, other) = invoiced_for(&shop, TITLE).await;
        let (pdf, xml) = both(&shop, &id).await;
        both(&shop, &other).await;
        let name = "en-US#pdf";
        let first = record(&shop, &id, name).await;
        let at = |filed: &Filed| blob_key(&id, &filed.sha256);
        let options = || PutOptions::new("application/octet-stream");

        shop.blob.put_bytes(&at(&first), Bytes::from_static(b"%PDF-1.7 of somebody else"), options()).await.unwrap();
        shop.clock.advance_ms(DAY_MS);
        // The document says the same, and so does the file.
        assert_eq!(file(&shop, &id, Form::Pdf).await, pdf);
        let second = record(&shop, &id, name).await;
        assert_ne!(second.sha256, first.sha256);
        let lost = &second.lost[0];
        assert_eq!((lost.why, lost.sha256.as_str(), lost.made_ms), (Loss::Changed, &*first.sha256, first.made_ms));
        assert_eq!((lost.found_ms, second.made_ms), (shop.clock_ms(), shop.clock_ms()));
        assert_eq!(shop.violations().await, [], "and the changed one is named");

        shop.clock.advance_ms(DAY_MS / 2);
        shop.blob.delete(&at(&second)).await.unwrap();
        says_otherwise(&shop, &id).await;
        let anew = file(&shop, &id, Form::Pdf).await;
        assert_ne!(anew, pdf, "what is lost comes back only from a backup");
        let third = record(&shop, &id, name).await;
        assert_eq!(third.lost.iter().map(|lost| lost.why).collect::<Vec<_>>(), [Loss::Changed, Loss::Missing]);
        assert_eq!(file(&shop, &id, Form::Pdf).await, anew, "from then on these");

        shop.clock.advance_ms(DAY_MS / 4);
        // A sealed file of another document, put there with its hash, does not open.
        let foreign = record(&shop, &other, name).await;
        let bytes = shop.blob.get_bytes(&blob_key(&other, &foreign.sha256)).await.unwrap();
        shop.blob.put_bytes(&at(&foreign), bytes, options()).await.unwrap();
        let key = Key::new(format!("INVOICE#{id}"), format!("FILE#{name}"));
        let swap = vec![Update::set("sha256", foreign.sha256.clone())];
        shop.table.update(UpdateItem { key, updates: swap, condition: None }).await.unwrap();
        assert_eq!(file(&shop, &id, Form::Pdf).await, anew);
        assert_eq!(record(&shop, &id, name).await.lost.last().unwrap().why, Loss::Changed);
        assert_eq!(file(&shop, &id, Form::Xml).await, xml, "the other file stays what it was");

        let told: Vec<_> = acts(&shop, &id).await.into_iter().filter(|(act, _)| act == "invoice.filed_anew").collect();
        let whys: Vec<&str> = told.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(whys, ["the file was changed", "the file was changed", "the file was missing"]);
        let forgotten = blob_key(&id, &third.sha256);
        shop.blob.delete(&forgotten).await.unwrap();
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn what_was_only_away_goes_out_again_and_nothing_is_deleted_for_it() {
    for shop in Shop::both().await {
        let (_, _, id) = invoiced_for(&shop, TITLE).await;
        let name = "en-US#pdf";
        let options = || PutOptions::new("application/octet-stream");
        let pdf = file(&shop, &id, Form::Pdf).await;
        let first = record(&shop, &id, name).await;
        let at = blob_key(&id, &first.sha256);
        let sealed = shop.blob.get_bytes(&at).await.unwrap();
        shop.blob.delete(&at).await.unwrap();
        says_otherwise(&shop, &id).await;
        let anew = file(&shop, &id, Form::Pdf).await;
        assert_ne!(anew, pdf);
        let second = record(&shop, &id, name).await;
        shop.blob.put_bytes(&at, Bytes::from_static(b"%PDF-1.7 of somebody else"), options()).await.unwrap();
        assert_eq!(file(&shop, &id, Form::Pdf).await, anew, "that is another file");

        // Nobody asks for it before the files are looked through: both stay.
        shop.blob.put_bytes(&at, sealed.clone(), options()).await.unwrap();
        shop.clock.advance_ms(3 * UNNAMED_MS);
        shop.indexer.catch_up().await.unwrap();
        shop.check().remove_orphans(UNNAMED_MS).await.unwrap();
        // With the XML that is in both.
        let all = stored(&shop, &id).await;
        assert!(all.len() == 3 && all.contains(&at) && all.contains(&blob_key(&id, &second.sha256)), "{all:?}");
        assert_eq!(file(&shop, &id, Form::Pdf).await, pdf);
        let back = record(&shop, &id, name).await;
        assert_eq!((&back.sha256, back.size, back.made_ms), (&first.sha256, first.size, first.made_ms));
        let lost: Vec<_> = back.lost.iter().map(|lost| (lost.sha256.as_str(), lost.why)).collect();
        assert_eq!(lost, [(&*first.sha256, Loss::Missing), (&*second.sha256, Loss::Replaced)]);
        assert_eq!(file(&shop, &id, Form::Pdf).await, pdf, "and it stays that one");
        assert_eq!(record(&shop, &id, name).await, back);

        // Away once more: then what went out meanwhile, not a third.
        shop.blob.delete(&at).await.unwrap();
        assert_eq!(file(&shop, &id, Form::Pdf).await, anew);
        shop.blob.put_bytes(&at, sealed, options()).await.unwrap();
        let asked = join_all((0..4).map(|_| file(&shop, &id, Form::Pdf))).await;
        assert!(asked.iter().all(|bytes| *bytes == pdf));
        assert_eq!(stored(&shop, &id).await, all);
        let told: Vec<String> = acts(&shop, &id).await.into_iter().map(|(act, _)| act).collect();
        let back = "invoice.filed_back";
        assert_eq!(told, ["invoice.filed", "invoice.filed", "invoice.filed_anew", back, back, back]);
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn of_many_who_miss_it_at_once_one_makes_it_anew() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, TITLE).await;
    file(&shop, &id, Form::Xml).await;
    let gone = record(&shop, &id, "en-US#xml").await;
    shop.blob.delete(&blob_key(&id, &gone.sha256)).await.unwrap();
    let all = join_all((0..4).map(|_| file(&shop, &id, Form::Xml))).await;
    assert!(all.iter().all(|bytes| *bytes == all[0]));
    let now = record(&shop, &id, "en-US#xml").await;
    assert_eq!((now.lost.len(), stored(&shop, &id).await), (1, vec![blob_key(&id, &now.sha256)]));
}

#[tokio::test]
async fn a_void_invoice_has_a_file_of_its_own_that_says_so_around_the_same_xml() {
    for shop in Shop::both().await {
        let (ctx, secret, id) = invoiced_for(&shop, TITLE).await;
        let business = Business { company: "Aurora GmbH".into(), tax_id: String::new(), address: "Weg 1\nDE".into() };
        let full = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &business).await.unwrap().id;
        let before = [both(&shop, &id).await, both(&shop, &full).await];
        let why = "The company of the seller was wrong.";
        let void = shop.invoices.void(&shop.staff(), &shop.checkouts, &id, why).await.unwrap();
        says_otherwise(&shop, &id).await;
        for (id, (pdf, xml)) in [&id, &full].into_iter().zip(before) {
            let marked = both(&shop, id).await;
            assert!(marked.0 != pdf && marked.1 == xml, "the XML stays what was issued");
            assert_eq!(both(&shop, id).await, marked);
            let names: Vec<String> = records(&shop, id).await.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["en-US#pdf", "en-US#void.pdf", "en-US#xml"], "and the one from before is kept");
        }
        for id in [&void.credit, &void.next] {
            both(&shop, id).await;
            assert_eq!(records(&shop, id).await.len(), 2);
        }
        assert_eq!(shop.violations().await, []);
    }
}

#[tokio::test]
async fn a_look_at_the_data_misses_the_files_of_every_kind_of_document() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced_for(&shop, TITLE).await;
    let business = Business { company: "Aurora GmbH".into(), tax_id: String::new(), address: "Weg 1\nDE".into() };
    let full = shop.invoices.amend(&ctx, &shop.checkouts, &id, Some(&secret), &business).await.unwrap().id;
    both(&shop, &id).await;
    let void = shop.invoices.void(&shop.staff(), &shop.checkouts, &id, "wrong seller").await.unwrap();
    let order = shop.invoices.get(&id).await.unwrap().unwrap().order;
    let wish = crate::checkout::Wish {
        attempt: "attempt-of-a-refund".into(),
        what: vitrine_pricing::refund::RefundWish::whole(&[0], false),
        restock: false,
        reason: "asked for".into(),
    };
    let refund = shop.checkouts.refund(&shop.staff(), &order, &wish).await.unwrap();
    shop.work().await;
    for id in [&id, &full, &void.credit, &void.next, &credit_id_of(&refund.id)] {
        both(&shop, id).await;
        assert_eq!(found(&shop).await, []);
        for gone in &stored(&shop, id).await {
            let bytes = shop.blob.get_bytes(gone).await.unwrap();
            shop.blob.delete(gone).await.unwrap();
            let found = found(&shop).await;
            assert!(found.len() == 1 && found[0].keys == [gone.clone(), id.to_string()], "{found:?}");
            shop.blob.put_bytes(gone, bytes, PutOptions::new("application/octet-stream")).await.unwrap();
        }
        let xml = blob_key(id, &record(&shop, id, "en-US#xml").await.sha256);
        let changed = Bytes::from_static(b"%PDF-1.7 of somebody else");
        shop.blob.put_bytes(&xml, changed, PutOptions::new("application/octet-stream")).await.unwrap();
        let found = found(&shop).await;
        assert!(found.len() == 1 && found[0].invariant == Invariant::FilesThere, "{found:?}");
        file(&shop, id, Form::Xml).await;
    }
}

#[tokio::test]
async fn who_may_not_see_the_document_gets_no_file_of_it_kept_or_not() {
    let shop = Shop::open().await;
    let (ctx, secret, id) = invoiced_for(&shop, TITLE).await;
    let (_, other_secret, other) = invoiced_for(&shop, TITLE).await;
    both(&shop, &other).await;
    let seller = shop.seller_of("Paper Boats").await;
    let strangers = [
        (shop.guest(), None),
        (shop.guest(), Some("wrong")),
        (shop.guest(), Some(other_secret.as_str())),
        (shop.user(5, "buyer@example.org", &[], &[]), None),
        (shop.user(6, "seller@example.org", &["creator"], &[seller]), None),
    ];
    for kept in [false, true] {
        for (who, key) in &strangers {
            for form in [Form::Pdf, Form::Xml] {
                let refused = shop.invoices.paper(who, &shop.checkouts, id.as_str(), *key, form).await.unwrap_err();
                assert_eq!(refused.status, 404, "{:?} {key:?}", who.caller);
            }
        }
        assert_eq!(records(&shop, &id).await.is_empty(), !kept, "nobody makes one by asking");
        let own = async |form| shop.invoices.paper(&ctx, &shop.checkouts, id.as_str(), Some(&secret), form).await;
        try_join_all([own(Form::Pdf), own(Form::Xml)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_can_be_read_as_long_as_its_document_and_no_longer() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, TITLE).await;
    let files = both(&shop, &id).await;
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let order = shop.checkouts.order(&invoice.order).await.unwrap().unwrap();
    // Who bought is erased: what law asks to keep stays, the document as its files.
    let key = crate::checkout::store::customer_key(&invoice.customer);
    let destroy = UpdateItem { key, updates: vec![Update::Remove("key".into())], condition: None };
    shop.table.update(destroy).await.unwrap();
    assert!(shop.checkouts.order_person(&order).await.unwrap().is_none());
    assert_eq!(both(&shop, &id).await, files);
    assert!(holds(&files.1, "Gast Muster") && printed(&shop, &id).await.contains("Gast Muster"));
    // Without what seals the document neither opens, and nothing is made in its place.
    let before = records(&shop, &id).await;
    let other = MasterKey::from_base64(&secrecy::SecretString::from("E".repeat(43) + "=")).unwrap();
    let blind = Invoices { master: Arc::new(other), ..shop.invoices.clone() };
    for form in [Form::Pdf, Form::Xml] {
        let refused = blind.paper(&shop.staff(), &shop.checkouts, id.as_str(), None, form).await.unwrap_err();
        assert_eq!(refused.status, 500);
    }
    assert_eq!((records(&shop, &id).await, both(&shop, &id).await), (before, files));
}

#[tokio::test]
async fn files_that_no_document_names_are_swept_out_and_no_others() {
    let shop = Shop::open().await;
    let (_, _, id) = invoiced_for(&shop, TITLE).await;
    let files = both(&shop, &id).await;
    let check = shop.check();
    shop.indexer.catch_up().await.unwrap();
    for stray in [blob_key(&id, &"0".repeat(64)), "invoices/none/x".to_owned()] {
        let options = PutOptions::new("application/octet-stream");
        shop.blob.put_bytes(&stray, Bytes::from_static(b"x"), options).await.unwrap();
    }
    shop.clock.advance_ms(2 * DAY_MS);
    let how = How { live: false, files: Depth::Sizes, unnamed_ms: UNNAMED_MS };
    let report = check.run(how).await.unwrap();
    assert_eq!(report.counts[Invariant::FilesUsed.name()], 2, "{report:#?}");
    // Even where nobody finds the way from a purchase to the document, what went out of it stays.
    let invoice = shop.invoices.get(&id).await.unwrap().unwrap();
    let key = crate::checkout::store::checkout_key(&invoice.checkout);
    let item = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    shop.table.delete(Delete { key, condition: None }).await.unwrap();
    assert_eq!(check.remove_orphans(UNNAMED_MS).await.unwrap(), 2);
    put(&shop, item).await;
    assert_eq!(both(&shop, &id).await, files);
    assert_eq!(shop.violations().await, []);
}
