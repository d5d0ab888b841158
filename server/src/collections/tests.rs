use serde_json::json;
use vitrine_pricing::date::Date;
use vitrine_pricing::promotion::{Benefit, ItemScope};
use vitrine_queue::worker::Worker;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{BatchWrite, retry};

use super::*;
use crate::authz;
use crate::check::{Invariant, Violation};
use crate::testing::{NOW, Shop, promotion};

async fn desk(shop: &Shop) -> TenantDesk {
    let tenant = shop.seller_of("Harbour Lights").await;
    authz::tenant_desk(&OpCtx::system("test", NOW), &tenant).unwrap()
}

fn collections(shop: &Shop) -> Collections {
    Collections::new(shop.catalog.records().clone())
}

/// A second album of the same seller for 10.00.
async fn night(shop: &Shop) {
    let row = json!({ "type": "work", "ref": "night", "store": "nord", "kind": "album", "title": "Night Lights", "makers": ["ida"],
        "released": "2024-03-01", "parts": [{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
        "products": [{ "ref": "d", "kind": "digital", "title": "Digital album", "tax_class": "digital_music",
            "variants": [{ "sku": "NL-D", "prices": [{ "region": "eu", "currency": "EUR", "minor": 1000 }] }] }] });
    shop.import(&row.to_string()).await;
}

async fn put(shop: &Shop, desk: &TenantDesk, name: &str, skus: &[&str], put: bool) -> usize {
    let (all, ctx) = (collections(shop), OpCtx::system("test", NOW));
    let works = all.read(desk, skus).await.unwrap();
    if put { all.put_in(&ctx, desk, name, &works).await } else { all.take_out(&ctx, desk, name, &works).await }.unwrap()
}

/// Runs the jobs that take works out of deleted collections.
async fn empty(shop: &Shop) {
    let handlers = handlers(shop.catalog.records().clone(), shop.clock.clone());
    let worker = Worker::new(shop.queue.clone(), handlers);
    // A queue over an index that lags finds a job a little later, as a running worker would.
    for _ in 0..10 {
        worker.run_due_once().await.unwrap();
    }
}

async fn in_them(shop: &Shop, desk: &TenantDesk, sku: &str) -> Vec<String> {
    let work = collections(shop).read(desk, &[sku]).await.unwrap();
    shop.catalog.records().bundle(&work[0]).await.unwrap().unwrap().work.collections
}

/// What a look at the shop's data finds wrong; an index over listings that lag is another's test.
async fn broken(shop: &Shop) -> Vec<Violation> {
    let mut found = shop.violations().await;
    found.retain(|violation| violation.invariant != Invariant::Index);
    found
}

fn half() -> Benefit {
    Benefit::Percent { rate_ppm: 500_000, at_most: Vec::new() }
}

fn of(names: &[&str]) -> ItemScope {
    ItemScope { collections: names.iter().map(|name| (*name).to_owned()).collect(), ..ItemScope::default() }
}

#[tokio::test]
async fn works_come_and_go_once_are_counted_and_listed() {
    for shop in Shop::both().await {
        night(&shop).await;
        let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
        all.create(&ctx, &desk, "winter", " Winter ").await.unwrap();
        for (name, title, field, code) in [
            ("Winter", "x", "name", "fault-collection-name"),
            ("", "x", "name", "fault-collection-name"),
            (&"x".repeat(65), "x", "name", "fault-collection-name"),
            ("winter", "x", "name", "fault-collection-taken"),
            ("others", " ", "title", "fault-empty"),
            ("others", &"x".repeat(101), "title", "fault-long"),
        ] {
            let refused = all.create(&ctx, &desk, name, title).await.unwrap_err();
            assert_eq!(refused.fields.get(field).map(String::as_str), Some(code), "{name} {title}");
        }
        assert_eq!(put(&shop, &desk, "winter", &["HL-D", "NL-D", "HL-D"], true).await, 2);
        assert_eq!(put(&shop, &desk, "winter", &["HL-D", "TS-D"], true).await, 1, "what is in it stays");
        let kept = all.get(&desk, "winter").await.unwrap();
        assert_eq!((kept.title.as_str(), kept.count, kept.rev), ("Winter", 3, 3));
        let (works, next) = all.works(&desk, "winter", None).await.unwrap();
        let mut titles: Vec<&str> = works.iter().map(|w| w.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!((titles, next), (vec!["Harbour Lights", "Night Lights", "Tide Study"], None));
        assert_eq!(in_them(&shop, &desk, "HL-D").await, ["winter"]);
        // Whatever is wrong in a list is named.
        for (typed, code, detail) in [
            (vec![" "], "fault-empty", ""),
            (vec!["HL-D", "PB-1", "w_1"], "fault-works", "PB-1, w_1"),
            (vec!["HL-D"; 1001], "fault-too-many-works", ""),
        ] {
            let refused = all.read(&desk, &typed).await.unwrap_err();
            assert_eq!((refused.fields["works"].as_str(), refused.detail.as_str()), (code, detail));
        }
        let renamed = all.rename(&ctx, &desk, "winter", 3, "Long nights").await.unwrap();
        assert_eq!((renamed.name.as_str(), renamed.title.as_str(), renamed.count), ("winter", "Long nights", 3));
        assert_eq!(all.rename(&ctx, &desk, "winter", 3, "Late").await.unwrap_err().code, "changed_meanwhile");
        assert_eq!(put(&shop, &desk, "winter", &["NL-D"], false).await, 1);
        assert_eq!(put(&shop, &desk, "winter", &["NL-D"], false).await, 0);
        assert_eq!(broken(&shop).await, []);
        // Deleted, its works are in it no more, nor in another one of its name.
        assert_eq!(
            all.delete(&shop.queue, &ctx, &desk, "winter", Some(1)).await.unwrap_err().code,
            "changed_meanwhile"
        );
        all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap();
        assert_eq!(broken(&shop).await, [], "a job will take its works out");
        empty(&shop).await;
        assert_eq!(in_them(&shop, &desk, "HL-D").await, Vec::<String>::new());
        assert_eq!(all.get(&desk, "winter").await.unwrap_err().status, 404);
        let work = all.read(&desk, &["HL-D"]).await.unwrap();
        assert_eq!(all.put_in(&ctx, &desk, "winter", &work).await.unwrap_err().status, 404);
        all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
        assert_eq!(all.works(&desk, "winter", None).await.unwrap().0.len(), 0);
        assert_eq!(broken(&shop).await, []);
    }
}

#[tokio::test]
async fn a_work_that_names_a_collection_from_before_is_not_in_a_new_one_of_its_name() {
    let shop = Shop::open().await;
    let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
    all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
    put(&shop, &desk, "winter", &["HL-D"], true).await;
    // Its job has not run yet.
    all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap();
    assert_eq!(in_them(&shop, &desk, "HL-D").await, ["winter"]);
    all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
    assert_eq!(in_them(&shop, &desk, "HL-D").await, Vec::<String>::new());
    // And takes nothing out of the new one.
    put(&shop, &desk, "winter", &["HL-D"], true).await;
    empty(&shop).await;
    assert_eq!(in_them(&shop, &desk, "HL-D").await, ["winter"]);
    assert_eq!(broken(&shop).await, []);
}

#[tokio::test]
async fn there_are_no_more_than_may_be_of_a_work_and_of_a_seller() {
    let shop = Shop::open().await;
    let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
    let work = all.read(&desk, &["HL-D"]).await.unwrap();
    for n in 0..MOST_COLLECTIONS {
        all.create(&ctx, &desk, &format!("c-{n:03}"), "Some").await.unwrap();
        let done = all.put_in(&ctx, &desk, &format!("c-{n:03}"), &work).await;
        if n < MOST_OF_WORK {
            assert_eq!(done.unwrap(), 1);
        } else {
            let refused = done.unwrap_err();
            let said = (refused.fields["works"].as_str(), refused.detail.as_str());
            assert_eq!(said, ("fault-work-collections", "Harbour Lights"), "{n}");
        }
    }
    let many = all.create(&ctx, &desk, "one-more", "More").await.unwrap_err();
    assert_eq!(many.code, "too_many_collections");
    assert_eq!(in_them(&shop, &desk, "HL-D").await.len(), MOST_OF_WORK);
    // A name that is there no more gives its place away before its job has run.
    all.delete(&shop.queue, &ctx, &desk, "c-007", None).await.unwrap();
    assert_eq!(all.put_in(&ctx, &desk, "c-020", &work).await.unwrap(), 1);
    let named = in_them(&shop, &desk, "HL-D").await;
    assert_eq!((named.len(), named.contains(&"c-007".to_owned())), (MOST_OF_WORK, false));
    assert!(all.put_in(&ctx, &desk, "c-021", &work).await.is_err());
    assert_eq!(broken(&shop).await, []);
    // Nor does the deleted one count among the seller's.
    all.create(&ctx, &desk, "one-more", "More").await.unwrap();
    assert_eq!(all.create(&ctx, &desk, "two-more", "More").await.unwrap_err().code, "too_many_collections");
    // Of two that are made at a time for one place the other one is refused.
    all.delete(&shop.queue, &ctx, &desk, "one-more", None).await.unwrap();
    let tally = tally_item(&shop, &desk, "count").await;
    shop.calls.interfere(tally);
    assert_eq!(all.create(&ctx, &desk, "two-more", "More").await.unwrap_err().code, "too_many_collections");
    // A full one takes none.
    let full = UpdateItem {
        key: collection_key(desk.tenant(), "c-050"),
        updates: vec![Update::set("count", MOST_WORKS)],
        condition: None,
    };
    shop.table.update(full).await.unwrap();
    let other = all.read(&desk, &["TS-D"]).await.unwrap();
    assert_eq!(all.put_in(&ctx, &desk, "c-050", &other).await.unwrap_err().code, "collection_full");
}

#[tokio::test]
async fn a_promotion_of_a_collection_takes_off_the_works_that_are_in_it_now_in_cart_and_order() {
    for shop in Shop::both().await {
        night(&shop).await;
        let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
        all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
        put(&shop, &desk, "winter", &["HL-D"], true).await;
        shop.promote(desk.tenant(), Promotion { items: of(&["winter"]), ..promotion(1, None, half()) }).await;
        let both = ["Harbour Lights", "Night Lights"];
        let guest = shop.fill(&shop.guest(), &both).await;
        let total = async || shop.checkouts.cart_view(&guest).await.unwrap().total_minor;
        assert_eq!(total().await, 400 + 1000);
        let placed = shop.place(&guest).await.unwrap();
        shop.pay(&placed, "4242424242424242").await;
        shop.checkouts.refresh(&guest, &placed.id).await.unwrap();
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        assert_eq!((checkout.state, checkout.total_minor), (CheckoutState::Paid, 1400));
        let order = shop.checkouts.orders(&checkout).await.unwrap().remove(0);
        assert_eq!(order.quote.totals.discounts[0].amount.minor(), 400);

        // What is moved is priced by where it is, in a cart that was shown before, too.
        let guest = shop.fill(&shop.guest(), &both).await;
        let total = async || shop.checkouts.cart_view(&guest).await.unwrap().total_minor;
        assert_eq!(total().await, 1400);
        put(&shop, &desk, "winter", &["HL-D"], false).await;
        assert_eq!(total().await, 1800);
        put(&shop, &desk, "winter", &["NL-D"], true).await;
        assert_eq!(total().await, 800 + 500);
        let placed = shop.place(&guest).await.unwrap();
        assert_eq!(shop.checkouts.get(&placed.id).await.unwrap().unwrap().total_minor, 1300);

        // The other way about: on everything else.
        let except = Promotion { except: of(&["winter"]), ..promotion(1, None, half()) };
        shop.promote(desk.tenant(), except).await;
        assert_eq!(total().await, 400 + 1000);
        assert_eq!(broken(&shop).await, []);
    }
}

#[tokio::test]
async fn a_collection_stays_while_a_promotion_names_it_that_has_not_ended() {
    for shop in Shop::both().await {
        let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
        all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
        all.create(&ctx, &desk, "summer", "Summer").await.unwrap();
        let got = Benefit::BuyXGetY { buy: 1, get: 1, rate_ppm: 1_000_000, got: Some(of(&["winter"])), times: None };
        let begins = Some(Date::from_unix_ms(NOW + 5 * 86_400_000).unwrap());
        let plain = promotion(1, Some("WINTER"), half());
        for named in [
            Promotion { items: of(&["winter"]), valid_from: begins, ..plain.clone() },
            Promotion { except: of(&["summer", "winter"]), ..plain.clone() },
            Promotion { benefit: got, ..plain.clone() },
        ] {
            shop.promote(desk.tenant(), named.clone()).await;
            let refused = all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap_err();
            assert_eq!((refused.code.as_str(), refused.detail.as_str()), ("collection_named", "WINTER"), "{named:?}");
        }
        let over = Some(Date::from_unix_ms(NOW - 86_400_000).unwrap());
        shop.promote(desk.tenant(), Promotion { items: of(&["winter"]), valid_to: over, ..plain }).await;
        all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap();
        let left: Vec<String> = all.all(&desk).await.unwrap().into_iter().map(|c| c.name).collect();
        assert_eq!(left, ["summer"]);
    }
}

/// The count of a seller's collections with one more of a field.
async fn tally_item(shop: &Shop, desk: &TenantDesk, field: &str) -> Item {
    let key = Key::new(format!("COLLECTIONS#{}", desk.tenant()), "TALLY#");
    let mut item = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    let next = item[field].as_i64().unwrap() + 1;
    item.insert(field.to_owned(), next.into());
    item
}

#[tokio::test]
async fn of_a_deletion_and_a_promotion_that_names_the_collection_one_loses() {
    for shop in Shop::both().await {
        let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
        for name in ["winter", "summer"] {
            all.create(&ctx, &desk, name, "Some").await.unwrap();
        }
        let promotion = Promotion { items: of(&["winter"]), ..promotion(1, Some("WINTER"), half()) };
        // A promotion comes while it is deleted.
        shop.calls.interfere(tally_item(&shop, &desk, "named").await);
        let refused = all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap_err();
        assert_eq!(refused.code, "changed_meanwhile");
        // Another one is deleted while a promotion comes: it looks again.
        shop.calls.interfere(tally_item(&shop, &desk, "deleted").await);
        shop.promote(desk.tenant(), promotion.clone()).await;
        let named = all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap_err();
        assert_eq!(named.code, "collection_named");
        // What was about to name it does not, once it is gone.
        let later = Promotion { items: of(&["summer"]), id: "later".into(), ..promotion };
        let op = naming(&*shop.table, desk.tenant(), &later, NOW).await.unwrap().unwrap();
        all.delete(&shop.queue, &ctx, &desk, "summer", None).await.unwrap();
        let lost = shop.table.transact(Transact { ops: vec![op], token: None }).await;
        assert!(lost.unwrap_err().failed_condition(0).is_some());
        let gone = naming(&*shop.table, desk.tenant(), &later, NOW).await.unwrap_err();
        assert_eq!(gone.fields["items.collections"], "fault-promotion-collection");
        // One that has ended may.
        let over = Some(Date::from_unix_ms(NOW - 86_400_000).unwrap());
        let later = Promotion { valid_to: over, ..later };
        assert!(naming(&*shop.table, desk.tenant(), &later, NOW).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_promotion_behind_thousands_of_codes_keeps_its_collection() {
    let shop = Shop::open().await;
    let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
    all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
    shop.promote(desk.tenant(), promotion(1, Some("A"), half())).await;
    shop.promote(desk.tenant(), Promotion { items: of(&["winter"]), ..promotion(2, Some("ZZ"), half()) }).await;
    let key = Key::new(format!("PROMO#{}", desk.tenant()), "CODE#a");
    let plain = shop.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    let copy = |n: usize| {
        let mut item = plain.clone();
        item.insert("sk".into(), format!("CODE#b{n:05}").into());
        BatchWrite::Put(item)
    };
    retry::batch_write_all(&*shop.table, (0..5_000).map(copy).collect()).await.unwrap();
    let refused = all.delete(&shop.queue, &ctx, &desk, "winter", None).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.detail.as_str()), ("collection_named", "ZZ"));
}

#[tokio::test]
async fn of_a_list_whose_last_work_does_not_fit_nothing_is_taken() {
    let shop = Shop::open().await;
    let (desk, all, ctx) = (desk(&shop).await, collections(&shop), OpCtx::system("test", NOW));
    let row = |n: usize| {
        json!({ "type": "work", "ref": format!("many-{n}"), "store": "nord", "kind": "album", "title": format!("Many {n}"),
            "makers": ["ida"], "released": "2024-03-01", "parts": [{ "title": "One", "files": [{ "file": "files/1.ogg", "format": "Ogg Vorbis" }] }],
            "products": [{ "ref": "d", "kind": "digital", "title": "Digital album",
            "tax_class": "digital_music", "variants": [{ "sku": format!("MANY-{n}"), "prices": [{ "region": "eu", "currency": "EUR", "minor": 1000 }] }] }] })
    };
    shop.import(&(0..17).map(|n| format!("{}\n", row(n))).collect::<String>()).await;
    let skus: Vec<String> = (0..17).map(|n| format!("MANY-{n}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    for n in 0..MOST_OF_WORK {
        all.create(&ctx, &desk, &format!("c-{n}"), "Some").await.unwrap();
        put(&shop, &desk, &format!("c-{n}"), &skus[16..], true).await;
    }
    all.create(&ctx, &desk, "winter", "Winter").await.unwrap();
    let works = all.read(&desk, &skus).await.unwrap();
    assert_eq!(works.len(), 17);
    let refused = all.put_in(&ctx, &desk, "winter", &works).await.unwrap_err();
    assert_eq!((refused.fields["works"].as_str(), refused.detail.as_str()), ("fault-work-collections", "Many 16"));
    // Nor where there is room for some of it only.
    let nearly = UpdateItem {
        key: collection_key(desk.tenant(), "winter"),
        updates: vec![Update::set("count", MOST_WORKS - 10)],
        condition: None,
    };
    shop.table.update(nearly).await.unwrap();
    assert_eq!(all.put_in(&ctx, &desk, "winter", &works[..16]).await.unwrap_err().code, "collection_full");
    let kept = all.get(&desk, "winter").await.unwrap();
    assert_eq!(
        (kept.count, kept.rev, all.works(&desk, "winter", None).await.unwrap().0.len()),
        (MOST_WORKS - 10, 1, 0)
    );
}
