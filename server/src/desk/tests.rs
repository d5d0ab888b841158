use vitrine_queue::NewJob;
use vitrine_shared::id::UserId;

use super::*;
use crate::config::Config;
use crate::ctx::{Caller, OpCtx, User};
use crate::state::{Adapters, mark_demo};
use crate::testing::Shop;

fn ctx(app: &App, roles: &[&str]) -> OpCtx {
    let user = User {
        id: UserId::from_bits(1),
        email: "a@b.example".into(),
        verified: true,
        name: "A".into(),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        tenants: Vec::new(),
        session: None,
    };
    OpCtx { caller: Caller::User(user), ..OpCtx::system("test", app.clock.now_ms()) }
}

#[tokio::test]
async fn a_job_that_gave_up_gets_another_try_from_staff_only() {
    let dir = tempfile::tempdir().unwrap();
    mark_demo(dir.path()).unwrap();
    let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
    let app = App::open(config, Adapters::default()).await.unwrap();
    let job = NewJob {
        kind: "test.fails".into(),
        key: "k".into(),
        payload: serde_json::Value::Null,
        run_at_ms: 0,
        max_attempts: 1,
        trace: None,
    };
    app.queue.enqueue(job).await.unwrap();
    let leased = app.queue.lease(vitrine_queue::Lane::Soon, 10, 60).await.unwrap();
    let failing = leased.iter().find(|j| j.job.kind == "test.fails").unwrap();
    app.queue.failed(failing, "the printer is on fire").await.unwrap();

    let desk = Desk::new(app.clone());
    let (staff, buyer) = (ctx(&app, &["staff"]), ctx(&app, &["buyer"]));
    let view = desk.jobs(&staff, None).await.unwrap();
    assert_eq!((view.dead, view.rows.len()), (1, 1));
    assert_eq!((view.rows[0].kind.as_str(), view.rows[0].error.as_str()), ("test.fails", "the printer is on fire"));
    assert_eq!(desk.jobs(&buyer, None).await.unwrap_err().status, 403);
    assert_eq!(desk.revive(&buyer, "test.fails", "k").await.unwrap_err().status, 403);

    desk.revive(&staff, "test.fails", "k").await.unwrap();
    let view = desk.jobs(&staff, None).await.unwrap();
    assert_eq!((view.dead, view.rows.len()), (0, 0));
    assert_eq!((view.history.len(), view.history[0].act.as_str()), (1, "job.revived"));
    assert!(view.history[0].who.starts_with("user"), "{}", view.history[0].who);
    let again = app.queue.lease(vitrine_queue::Lane::Soon, 10, 60).await.unwrap();
    assert!(again.iter().any(|j| j.job.kind == "test.fails"), "it is due at once");
    assert_eq!(desk.revive(&staff, "test.fails", "k").await.unwrap_err().code, "job_gone");
}

#[tokio::test]
async fn a_description_that_makes_far_more_than_stands_in_it_is_refused_by_name() {
    let open: String = (0..200).map(|n| format!("<b {n}>")).collect();
    let hostile = format!("<p>{open}{}", "<p>x".repeat(200));
    assert_eq!(studio::described(&hostile).await.unwrap(), Err("fault-tangled"));
    assert_eq!(studio::described(&"x".repeat(50_001)).await.unwrap(), Err("fault-long"));
    assert_eq!(studio::described("<p onclick=x()>Hi <b>you").await.unwrap(), Ok("<p>Hi <b>you</b></p>".to_owned()));
}

#[tokio::test]
async fn staff_issue_a_card_see_what_was_posted_and_end_it_and_others_do_not() {
    let dir = tempfile::tempdir().unwrap();
    mark_demo(dir.path()).unwrap();
    let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
    let app = App::open(config, Adapters::default()).await.unwrap();
    let desk = Desk::new(app.clone());
    let (staff, buyer) = (ctx(&app, &["staff"]), ctx(&app, &["buyer"]));
    let typed = |amount: &str, ends: &str| -> TypedCard {
        let said = serde_json::json!({
            "attempt": "a".repeat(16), "amount": amount, "currency": "EUR", "recipient": "kim@example.org",
            "ends": ends, "locale": "de-DE", "reason": "won at the fair",
        });
        serde_json::from_value(said).unwrap()
    };
    for (amount, ends, field, code) in [
        ("x", "", "amount", "fault-amount"),
        ("5", "tomorrow", "ends", "fault-date"),
        ("5", "2020-01-01", "ends", "fault-past"),
    ] {
        let refused = desk.issue_card(&staff, typed(amount, ends)).await.unwrap_err();
        assert_eq!(refused.fields.get(field).map(String::as_str), Some(code), "{amount} {ends}");
    }
    assert_eq!(desk.issue_card(&buyer, typed("5", "")).await.unwrap_err().status, 403);
    let id = desk.issue_card(&staff, typed("25.00", "2099-12-31")).await.unwrap();
    for refused in [desk.values(&buyer, "", false).await.err(), desk.value(&buyer, id.as_str()).await.err()] {
        assert_eq!(refused.unwrap().status, 403);
    }
    let list = desk.values(&staff, "", false).await.unwrap();
    assert_eq!((list.rows.len(), list.rows[0].state.as_str()), (1, "value-state-open"));
    assert_eq!(list.rows[0].ends.as_deref(), Some("Dec 31, 2099"), "it can be used on its last day");
    let later = OpCtx { now_ms: staff.now_ms + 1, ..staff.clone() };
    app.values.end(&later, &id, "lost").await.unwrap();
    let view = desk.value(&staff, id.as_str()).await.unwrap();
    let posted: Vec<&str> = view.entries.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(posted, ["value-issued", "value-ended"]);
    assert_eq!((view.row.state.as_str(), view.may_end, view.may_resend), ("value-state-ended", false, false));
    let acts: Vec<&str> = view.history.iter().map(|h| h.act.as_str()).collect();
    assert_eq!(acts, ["value.issued", "value.ended"]);
    assert!(view.history.iter().all(|h| h.who.starts_with("user")));
    assert_eq!(desk.value(&staff, "sv_1").await.unwrap_err().status, 404);
}

#[tokio::test]
async fn a_list_that_was_not_taken_is_kept_sealed_with_what_is_wrong_in_it() {
    let dir = tempfile::tempdir().unwrap();
    mark_demo(dir.path()).unwrap();
    let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
    let app = App::open(config, Adapters::default()).await.unwrap();
    let (desk, ctx) = (Desk::new(app.clone()), ctx(&app, &["admin"]));
    let tenant = vitrine_shared::id::TenantId::from_bits(7).to_string();
    let form = |fields: &[(&str, &str)]| -> std::collections::BTreeMap<String, String> {
        let own = [("tenant", tenant.as_str())];
        fields.iter().chain(&own).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    let name = desk.make_group(&ctx, &form(&[("name", "regulars"), ("title", "Regulars")])).await.unwrap();
    let typed = "kim@secret.example\nkim.secret@";
    let refused = desk.fill_group(&ctx, &name, &form(&[("addresses", typed)])).await.unwrap_err();
    assert_eq!(refused.detail, "kim.secret@");
    let key = kept::form_key(&ctx, &format!("GROUP#{tenant}#regulars")).unwrap();
    let item = app.table.get(&key, vitrine_table::Consistency::Strong).await.unwrap().unwrap();
    assert!(!serde_json::json!(item).to_string().contains("secret"), "{item:?}");
    let view = desk.group(&ctx, (&tenant, &name), None, true).await.unwrap();
    assert_eq!((view.typed.as_str(), view.wrong.as_str()), (typed, "kim.secret@"));
    assert_eq!(view.fault.as_deref(), Some("fault-addresses"));
}

#[tokio::test]
async fn an_orders_lines_say_who_sells_them() {
    let platform = vitrine_shared::catalog::LegalEntity {
        name: "Vitrine Marketplace Ltd".into(),
        country: "IE".into(),
        registrations: vec!["IE".into(), "EU-OSS".into()],
        invoice_prefix: "VM".into(),
        ..Default::default()
    };
    let shop = Shop::of_platform(platform).await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights", "Paper Boats"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
    let (place, platform) = (shop.catalog.place(&ctx), shop.catalog.offers().platform());
    let mut told: Vec<(String, String, Option<String>)> = Vec::new();
    for order in shop.checkouts.orders(&checkout).await.unwrap() {
        let lines = orders::lines_of(&order, &[], &place, platform);
        told.extend(lines.into_iter().map(|line| (line.what, line.seller_of_record, line.sold_by)));
    }
    told.sort();
    let marketplace = Some("Vitrine Marketplace Ltd".to_owned());
    assert_eq!(told[0], ("Harbour Lights · Digital album".into(), "platform".into(), marketplace));
    assert_eq!(told[1], ("Paper Boats · Paperback".into(), "tenant".into(), None));
}

#[tokio::test]
async fn what_is_open_of_a_buyers_place_stands_on_the_order_with_what_they_said() {
    let shop = crate::testing::Shop::open().await;
    let ctx = shop.fill(&shop.guest(), &["Harbour Lights"]).await;
    let placed = shop.place(&ctx).await.unwrap();
    // A card that says nothing of its place: the address alone does.
    shop.pay(&placed, "4242424242424242").await;
    shop.checkouts.refresh(&ctx, &placed.id).await.unwrap();
    let order = async || {
        let checkout = shop.checkouts.get(&placed.id).await.unwrap().unwrap();
        shop.checkouts.orders(&checkout).await.unwrap().remove(0)
    };
    let facts = async || {
        let told = tax::place(&order().await, vitrine_pricing::format::Locale::EnUs);
        told.into_iter().map(|fact| fact.key.replace("desk-", "")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(facts().await, "evidence-insufficient piece-billing_address evidence-asked");
    shop.checkouts.say_place(&ctx, placed.id.as_str(), Some(&placed.secret), "FR").await.unwrap();
    let said = "evidence-conflict piece-billing_address evidence-stated";
    assert_eq!(facts().await, format!("{said} evidence-correct"));
    shop.checkouts.settle_place(&shop.staff(), &order().await.id, "refunded").await.unwrap();
    assert_eq!(facts().await, format!("{said} evidence-settled"));
}
