use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use vitrine_pricing::quote::Quote;
use vitrine_pricing::shipping::{Place, Zone};
use vitrine_shared::id::{TenantId, UserId};
use vitrine_table::{Consistency, Put};

use super::*;
use crate::catalog::exchange::{Importer, Outcome, Report, export};
use crate::catalog::store::store_key;
use crate::config::Config;
use crate::ctx::{Caller, User};
use crate::state::{Adapters, App, mark_demo};

pub(in crate::desk) struct House {
    pub(in crate::desk) desk: Desk,
    pub(in crate::desk) app: App,
    acts: AtomicI64,
    dir: tempfile::TempDir,
}

impl House {
    pub(in crate::desk) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        mark_demo(dir.path()).unwrap();
        let config = Config { data_dir: dir.path().to_path_buf(), ..Config::default() };
        let app = App::open(config, Adapters::default()).await.unwrap();
        let house = Self { desk: Desk::new(app.clone()), app, acts: AtomicI64::new(1), dir };
        let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
        let rows = std::fs::read_to_string(market.join("catalog.jsonl")).unwrap();
        let report = house.import(&rows, &market).await;
        assert!(report.rows.iter().all(|row| row.outcome == Outcome::Created), "{report:?}");
        house
    }

    pub(in crate::desk) async fn import(&self, rows: &str, folder: &Path) -> Report {
        let (app, records) = (&self.app, self.app.catalog.records().clone());
        let importer = Importer::new(records, app.blob.clone(), app.media.clone(), app.queue.clone(), folder.into());
        importer.run(&OpCtx::system("test", app.clock.now_ms()), rows, |_| {}).await.unwrap()
    }

    pub(in crate::desk) fn person(&self, number: u128, roles: &[&str], tenants: &[TenantId]) -> OpCtx {
        let user = User {
            id: UserId::from_bits(number),
            email: "a@b.example".into(),
            verified: true,
            name: "A".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            tenants: tenants.to_vec(),
            session: None,
        };
        let base = OpCtx::system("test", self.app.clock.now_ms());
        OpCtx { caller: Caller::User(user), market: "de".into(), country: "DE".into(), ..base }
    }

    pub(in crate::desk) async fn store(&self, handle: &str) -> Store {
        self.app.catalog.records().store_by_handle(handle).await.unwrap().unwrap()
    }

    /// A shop's seller, its id and its revision.
    pub(in crate::desk) async fn seller(&self, handle: &str) -> (OpCtx, String, i64) {
        let store = self.store(handle).await;
        (self.person(1, &["creator"], &[store.tenant]), store.id.to_string(), store.rev)
    }

    /// Who it is, a moment later each time: a trail is in the order of its moments.
    pub(in crate::desk) fn later(&self, ctx: &OpCtx) -> OpCtx {
        OpCtx { now_ms: ctx.now_ms + self.acts.fetch_add(1, Ordering::Relaxed), ..ctx.clone() }
    }

    /// Saves a part of the present revision.
    async fn save(&self, ctx: &OpCtx, part: &str, fields: &[(&str, &str)]) -> Result<()> {
        let store = self.store("paper").await;
        self.desk.save_shipping(&self.later(ctx), store.id.as_str(), part, &form(store.rev, fields)).await
    }

    /// What sending two books to Germany comes to, as buyers are told.
    async fn quoted(&self, more: serde_json::Value) -> Quote {
        let press = self.store("paper").await.tenant;
        let known = self.app.catalog.records().by_sku(&press, &["PB-1"]).await.unwrap();
        let mut document = json!({
            "currency": "EUR", "lines": [{ "sku": known["PB-1"].0, "quantity": 2 }],
            "buyer": { "country": "DE", "postcode": "10115" },
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let guest = OpCtx { caller: Caller::Anonymous, ..self.person(9, &[], &[]) };
        self.app.quotes.quote(&guest, serde_json::from_value(document).unwrap()).await.unwrap()
    }
}

pub(in crate::desk) fn form(rev: i64, fields: &[(&str, &str)]) -> Fields {
    let rev = rev.to_string();
    let all = fields.iter().copied().chain([("rev", rev.as_str())]);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

const BERLIN: [(&str, &str); 3] = [("id", "berlin"), ("places", "de 10115..14199\nIT/RM"), ("except", "DE 10117")];

#[tokio::test]
async fn a_shops_settings_are_its_sellers_alone() {
    let house = House::open().await;
    let (nord, ..) = house.seller("nordlicht").await;
    let (press, paper, rev) = house.seller("paper").await;
    let desk = &house.desk;
    let nobody = OpCtx { caller: Caller::Anonymous, ..nord.clone() };
    let buyer = house.person(3, &["buyer"], &[]);
    let unroled = house.person(4, &["buyer"], &[house.store("paper").await.tenant]);
    let zone = form(rev, &BERLIN);
    let cards = form(rev, &[("currency", "EUR"), ("amounts", "10")]);
    for (who, status) in [(&nobody, 401), (&nord, 404), (&buyer, 404), (&unroled, 404)] {
        let refused = [
            desk.shipping(who, &paper, None, 0).await.err(),
            desk.shipping_part(who, &paper, ("zone", ""), false).await.err(),
            desk.save_shipping(who, &paper, "zone", &zone).await.err(),
            desk.gift_setting(who, &paper, "", false).await.err(),
            desk.save_gift_setting(who, &paper, &cards).await.err(),
        ];
        let told: Vec<u16> = refused.into_iter().map(|problem| problem.unwrap().status).collect();
        assert_eq!(told, [status; 5], "{:?}", who.caller);
    }
    let names = |view: ShopsView| view.rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(desk.shipping_shops(&nord, "").await.unwrap()), ["Nordlicht"]);
    assert_eq!(names(desk.gift_shops(&press, "").await.unwrap()), ["Paper Press"]);
    assert_eq!(desk.shipping_shops(&buyer, "").await.unwrap_err().status, 403);
    let theirs = house.store("paper").await.tenant.to_string();
    assert_eq!(desk.shipping_shops(&nord, &theirs).await.unwrap_err().status, 404);
    // An administrator is a member of none and may all the same.
    let admin = house.person(5, &["admin"], &[]);
    assert_eq!(names(desk.shipping_shops(&admin, &theirs).await.unwrap()), ["Paper Press"]);
    desk.save_shipping(&admin, &paper, "zone", &zone).await.unwrap();
    for id in ["nothing", "s_00000000000000000000000001"] {
        assert_eq!(desk.shipping(&press, id, None, 0).await.unwrap_err().status, 404, "{id}");
    }
    assert_eq!(desk.shipping_part(&press, &paper, ("island", ""), false).await.unwrap_err().status, 404);
    assert_eq!(desk.shipping_part(&press, &paper, ("zone", "none"), false).await.unwrap_err().status, 404);
}

#[tokio::test]
async fn what_is_typed_wrong_is_said_at_its_field_and_stays() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    house.save(&ctx, "zone", &BERLIN).await.unwrap();
    let long = "x".repeat(65);
    let rate = |more: &[(&'static str, &'static str)]| {
        let mut all = vec![("zone", "berlin"), ("way", "standard"), ("currency", "EUR"), ("amount", "3")];
        all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        all.extend(more);
        all
    };
    let way = |more: &[(&'static str, &'static str)]| [&[("id", "air"), ("name", "By air")], more].concat();
    for (part, fields, field, code, wrong) in [
        ("zone", vec![("countries", "DE")], "id", "fault-ship-id", ""),
        ("zone", vec![("id", long.as_str()), ("countries", "DE")], "id", "fault-ship-id", ""),
        ("zone", vec![("id", "berlin"), ("countries", "DE")], "id", "fault-ship-taken", ""),
        ("zone", vec![("id", "a")], "countries", "fault-ship-nowhere", ""),
        ("zone", vec![("id", "a"), ("countries", "DE UK germany")], "countries", "fault-ship-countries", "UK, GERMANY"),
        ("zone", vec![("id", "a"), ("places", "DE 1\nXX 2")], "places", "fault-ship-place-country", "XX 2"),
        (
            "zone",
            vec![("id", "a"), ("countries", "DE"), ("except", "DE 20..1")],
            "except",
            "fault-ship-place",
            "DE 20..1",
        ),
        ("way", vec![("id", "express"), ("name", "Else")], "id", "fault-ship-taken", ""),
        ("way", vec![("id", "air")], "name", "fault-empty", ""),
        ("way", way(&[("days_from", "2")]), "days_to", "fault-ship-days", ""),
        ("way", way(&[("days_from", "9"), ("days_to", "2")]), "days_to", "fault-ship-days", ""),
        ("way", way(&[("names", "de Luftpost")]), "names", "fault-ship-names", "de Luftpost"),
        ("way", way(&[("names", "d e: Luftpost")]), "names", "fault-ship-names", ""),
        ("way", way(&[("dim_divisor", "0")]), "dim_divisor", "fault-ship-divisor", ""),
        ("rate", rate(&[("zone", "nowhere")]), "zone", "fault-ship-zone", ""),
        ("rate", rate(&[("way", "ship")]), "way", "fault-ship-way", ""),
        ("rate", rate(&[("currency", "XXX")]), "currency", "fault-price-currency", ""),
        ("rate", rate(&[("amount", "")]), "amount", "fault-empty", ""),
        ("rate", rate(&[("amount", "-1")]), "amount", "fault-price-negative", ""),
        ("rate", rate(&[("handling", "1.005")]), "handling", "fault-price-decimals", ""),
        ("rate", rate(&[("up_to_g", "half")]), "up_to_g", "fault-ship-grams", ""),
        ("rate", rate(&[("zone", "EU"), ("up_to_g", "2000")]), "zone", "fault-ship-rate-taken", ""),
        ("nowhere", vec![("places", "DE 27498\nRussia")], "places", "fault-ship-place-country", "RUSSIA"),
    ] {
        let refused = house.save(&ctx, part, &fields).await.unwrap_err();
        assert_eq!(
            (refused.status, refused.fields.get(field).map(String::as_str)),
            (422, Some(code)),
            "{part} {fields:?}"
        );
        let view = house.desk.shipping_part(&ctx, &paper, (part, ""), true).await.unwrap();
        assert_eq!(view.faults.get(field).map(String::as_str), Some(code), "{part} {fields:?}");
        assert_eq!(view.wrong.get(field).map_or("", String::as_str), wrong, "{part} {fields:?}");
        for (name, value) in &fields {
            assert_eq!(view.fields.get(*name).map(String::as_str), Some(*value), "what was typed stays");
        }
    }
    assert_eq!(house.store("paper").await.shipping.len(), 2, "nothing of it was taken");
    // What is saved at last is kept as a form no more.
    house.save(&ctx, "nowhere", &[("places", "DE 27498\n\n ru ")]).await.unwrap();
    let view = house.desk.shipping_part(&ctx, &paper, ("nowhere", ""), true).await.unwrap();
    assert_eq!((view.fields["places"].as_str(), view.faults.len()), ("DE 27498\nRU", 0));
}

#[tokio::test]
async fn what_buyers_are_quoted_follows_each_save_at_once() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    let offered = async |house: &House| -> Vec<(String, i64)> {
        let quote = house.quoted(json!({})).await;
        quote.shipping_methods.iter().map(|method| (method.id.clone(), method.amount.minor())).collect()
    };
    let row = |id: &str, minor: i64| (id.to_owned(), minor);
    assert_eq!(offered(&house).await, [row("express", 1490), row("standard", 890)]);
    house.save(&ctx, "zone", &[("id", "berlin"), ("places", "DE 10115..14199")]).await.unwrap();
    house.save(&ctx, "way", &[("id", "bike"), ("name", "By bike"), ("position", "1")]).await.unwrap();
    let bike =
        [("zone", "berlin"), ("way", "bike"), ("currency", "EUR"), ("amount", "2,50"), ("handling_per_item", "0.25")];
    house.save(&ctx, "rate", &bike).await.unwrap();
    assert_eq!(offered(&house).await, [row("bike", 300)], "the closer zone, with handling for two books");
    // The seller's try says what buyers are told.
    let ask = TryAsk {
        country: "DE".into(),
        region: String::new(),
        postcode: "10115".into(),
        weight: "560".into(),
        size: String::new(),
        pieces: "2".into(),
        worth: "24".into(),
        currency: "EUR".into(),
    };
    let view = house.desk.shipping(&ctx, &paper, Some(ask.clone()), 0).await.unwrap();
    let told = view.tried.unwrap();
    assert_eq!((told.zone.as_deref(), told.ways.len()), (Some("berlin"), 1));
    assert_eq!((told.ways[0].name.as_str(), told.ways[0].price.as_str()), ("By bike", "€3.00"));
    assert_eq!(told.ways[0].handling, "€0.50");
    let munich = TryAsk { postcode: "80331".into(), ..ask.clone() };
    let view = house.desk.shipping(&ctx, &paper, Some(munich), 0).await.unwrap();
    assert_eq!(view.tried.unwrap().ways.len(), 2, "the rates of the Union");
    let heavy = TryAsk { postcode: String::new(), weight: "9000".into(), ..ask.clone() };
    let tried = house.desk.shipping(&ctx, &paper, Some(heavy), 0).await.unwrap().tried.unwrap();
    assert_eq!((tried.zone.as_deref(), tried.ways.len()), (Some("EU"), 0));
    let away = TryAsk { country: "JP".into(), ..ask.clone() };
    assert_eq!(house.desk.shipping(&ctx, &paper, Some(away), 0).await.unwrap().tried.unwrap().zone, None);
    let wrong = TryAsk { country: "XX".into(), weight: "x".into(), pieces: "0".into(), worth: String::new(), ..ask };
    let faults = house.desk.shipping(&ctx, &paper, Some(wrong), 0).await.unwrap().faults;
    let told: Vec<(&str, &str)> = faults.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
    let pieces = ("pieces", "fault-ship-pieces");
    assert_eq!(told, [("country", "fault-country"), pieces, ("weight", "fault-ship-grams"), ("worth", "fault-empty")]);
    // A rate is changed in its place; where nothing is sent no zone helps.
    let shipping = house.store("paper").await.shipping;
    let mark = super::form::mark(shipping.iter().find(|rate| rate.zone == "berlin").unwrap());
    house.save(&ctx, "rate", &[&bike[..], &[("was", &mark), ("free_over", "24")]].concat()).await.unwrap();
    assert_eq!((offered(&house).await, house.store("paper").await.shipping.len()), (vec![row("bike", 0)], 3));
    house.save(&ctx, "nowhere", &[("places", "DE 10")]).await.unwrap();
    let refused = house.app.quotes.clone();
    let press = house.store("paper").await.tenant;
    let sku = house.app.catalog.records().by_sku(&press, &["PB-1"]).await.unwrap()["PB-1"].0.clone();
    let document =
        json!({ "lines": [{ "sku": sku, "quantity": 1 }], "buyer": { "country": "DE", "postcode": "10115" } });
    let refused = refused.quote(&ctx, serde_json::from_value(document).unwrap()).await.unwrap_err();
    assert_eq!(refused.fields.get("shipping").map(String::as_str), Some("not_shipped"));
    let acts: Vec<String> =
        house.desk.shipping(&ctx, &paper, None, 0).await.unwrap().history.into_iter().map(|h| h.act).collect();
    let saved = ["zone", "way", "rate", "rate", "nowhere"].map(|part| format!("shipping.{part}_saved"));
    assert_eq!((acts[0].as_str(), &acts[1..]), ("catalog.created", &saved[..]));
}

#[tokio::test]
async fn a_band_by_size_carries_what_is_known_to_fit_in_it() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    let ask = TryAsk {
        country: "DE".into(),
        weight: "560".into(),
        pieces: "2".into(),
        worth: "24".into(),
        currency: "EUR".into(),
        ..TryAsk::default()
    };
    let flat =
        [("zone", "EU"), ("currency", "EUR"), ("amount", "1.80"), ("up_to_g", "1000"), ("up_to_mm", "25 x 353×250")];
    house.save(&ctx, "rate", &flat).await.unwrap();
    for (size, standard) in [("", "€8.90"), ("20 × 240 × 300", "€1.80"), ("26 × 240 × 300", "€8.90")] {
        let asked = TryAsk { size: size.into(), ..ask.clone() };
        let tried = house.desk.shipping(&ctx, &paper, Some(asked), 0).await.unwrap().tried.unwrap();
        assert_eq!(tried.ways.iter().find(|w| w.id == "standard").unwrap().price, standard, "{size}");
    }
    let same = [("zone", "EU"), ("currency", "EUR"), ("amount", "2"), ("up_to_g", "1000"), ("up_to_mm", "353*25*250")];
    assert!(house.save(&ctx, "rate", &same).await.is_err(), "the same sides in another order");
    for wrong in ["1 x 2", "0 x 1 x 2", "a", "1x2x3x4", "10001 x 1 x 1"] {
        let ask = TryAsk { size: wrong.into(), ..ask.clone() };
        let view = house.desk.shipping(&ctx, &paper, Some(ask), 0).await.unwrap();
        assert_eq!(view.faults["size"], "fault-ship-size", "{wrong}");
    }
}

#[tokio::test]
async fn what_rates_use_is_not_removed_and_a_removal_is_one_wish() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    house.save(&ctx, "zone", &BERLIN).await.unwrap();
    let rate = [("zone", "berlin"), ("way", "express"), ("currency", "EUR"), ("amount", "3")];
    house.save(&ctx, "rate", &rate).await.unwrap();
    let gone = |was: &'static str| [("act", "remove"), ("was", was)];
    for (part, was, code) in [("zone", "berlin", "zone_in_use"), ("way", "express", "way_in_use")] {
        let refused = house.save(&ctx, part, &gone(was)).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (409, code));
    }
    let marks: Vec<String> = house.store("paper").await.shipping.iter().map(form::mark).collect();
    for mark in &marks[1..] {
        house.save(&ctx, "rate", &[("act", "remove"), ("was", mark)]).await.unwrap();
        // Of an older revision, and yet nothing is left to do.
        house.desk.save_shipping(&ctx, &paper, "rate", &form(1, &[("act", "remove"), ("was", mark)])).await.unwrap();
    }
    for (part, was) in [("zone", "berlin"), ("way", "express")] {
        house.save(&ctx, part, &gone(was)).await.unwrap();
    }
    let store = house.store("paper").await;
    assert_eq!((store.shipping.len(), store.shipping_zones.len(), store.shipping_methods.len()), (1, 0, 0));
    assert_eq!(form::mark(&store.shipping[0]), marks[0]);
    let refused = house.desk.save_shipping(&ctx, &paper, "nowhere", &form(store.rev, &gone(""))).await.unwrap_err();
    assert_eq!(refused.status, 404);
}

#[tokio::test]
async fn of_two_edits_of_one_revision_one_is_told_and_the_same_form_again_does_nothing() {
    let house = House::open().await;
    let (ctx, paper, rev) = house.seller("paper").await;
    let other = house.person(2, &["creator"], &[house.store("paper").await.tenant]);
    let forms = ["DE", "FR"].map(|country| form(rev, &[("id", "near"), ("countries", country)]));
    let (one, two) = futures::join!(
        house.desk.save_shipping(&ctx, &paper, "zone", &forms[0]),
        house.desk.save_shipping(&other, &paper, "zone", &forms[1]),
    );
    let refused = [one, two].into_iter().filter_map(|done| done.err()).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let store = house.store("paper").await;
    assert_eq!((store.rev, store.shipping_zones.len()), (rev + 1, 1));
    // Again, after a double press: of the old revision, and nothing more comes of it.
    let first = usize::from(store.shipping_zones[0].countries == ["FR"]);
    house.desk.save_shipping(&ctx, &paper, "zone", &forms[first]).await.unwrap();
    assert_eq!(house.store("paper").await, store);
    // A change of something there is, of a revision that is over.
    let late = form(rev, &[("was", "near"), ("countries", "IT")]);
    let refused = house.desk.save_shipping(&ctx, &paper, "zone", &late).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "setting_changed"));
    let view = house.desk.shipping_part(&ctx, &paper, ("zone", "near"), true).await.unwrap();
    assert_eq!((view.fields["countries"].as_str(), view.rev), ("IT", rev + 1), "typed once, saved at the next press");
    let rate = [("zone", "near"), ("way", "standard"), ("currency", "EUR"), ("amount", "3")];
    house.save(&ctx, "rate", &rate).await.unwrap();
    let store = house.store("paper").await;
    house.desk.save_shipping(&ctx, &paper, "rate", &form(rev, &rate)).await.unwrap();
    assert_eq!(house.store("paper").await, store);
    let trail = audit::of(&*house.app.table, &paper).await.unwrap();
    assert_eq!(trail.len(), 3, "as many as there were changes, and the import");
}

#[tokio::test]
async fn rows_and_the_desk_write_one_record_by_one_set_of_rules() {
    let house = House::open().await;
    let (ctx, paper, rev) = house.seller("paper").await;
    house.save(&ctx, "zone", &BERLIN).await.unwrap();
    let staff = house.person(7, &["staff"], &[]);
    let out = house.dir.path().join("export");
    std::fs::create_dir(&out).unwrap();
    export(&staff, house.app.catalog.records(), &*house.app.blob, &out).await.unwrap();
    let rows = std::fs::read_to_string(out.join("catalog.jsonl")).unwrap();
    assert!(rows.contains("\"postcode_to\":\"14199\"") && !rows.contains("\"rev\""), "{rows}");
    let report = house.import(&rows, &out).await;
    assert!(report.rows.iter().all(|row| row.outcome == Outcome::Unchanged), "{report:?}");
    // A row that says something else is a change of its own: forms of before are old.
    let seen = house.store("paper").await.rev;
    let mut row: serde_json::Value = rows
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .find(|row: &serde_json::Value| row["handle"] == "paper")
        .unwrap();
    row["tagline"] = "Other words".into();
    assert_eq!(house.import(&row.to_string(), &out).await.rows[0].outcome, Outcome::Updated);
    assert_eq!((rev + 1, house.store("paper").await.rev), (seen, seen + 1));
    let late = house.desk.save_shipping(&ctx, &paper, "nowhere", &form(seen, &[("places", "RU")])).await.unwrap_err();
    assert_eq!(late.code, "setting_changed");
    // What the desk refuses a row does not bring in, whether a rate uses it or not.
    for (field, value, told) in [
        ("shipping_zones", json!([{ "id": "x", "countries": ["UK"] }]), "zones[0].countries"),
        ("shipping_except", json!([{ "country": "Russia" }]), "except[0].country"),
        ("shipping", json!([{ "zone": "nowhere", "amount_minor": 1, "currency": "EUR" }]), "rates[0].zone"),
        ("gift_cards", json!([{ "currency": "EUR", "amounts": [], "named": [9, 2] }]), "[0].named"),
        (
            "gift_cards",
            json!([{ "currency": "EUR", "amounts": [1] }, { "currency": "EUR", "amounts": [2] }]),
            "[1].currency",
        ),
    ] {
        let mut wrong = row.clone();
        wrong[field] = value;
        let report = house.import(&wrong.to_string(), &out).await;
        assert!(format!("{:?}", report.rows[0]).contains(told), "{told}: {report:?}");
        assert_eq!(report.rows[0].outcome, Outcome::Refused);
    }
}

#[tokio::test]
async fn a_record_from_before_revisions_is_changed_like_any_other() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    let key = store_key(&paper.parse().unwrap());
    let mut item = house.app.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    item.remove("rev");
    let place = item["createdAt"].clone();
    house.app.table.put(Put { item, condition: None }).await.unwrap();
    house.save(&ctx, "zone", &BERLIN).await.unwrap();
    let item = house.app.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    assert_eq!((&item["rev"], &item["createdAt"]), (&json!(1), &place), "it stays where it stood among the shops");
}

#[test]
fn places_are_lines_and_lines_are_the_places_they_were() {
    let read = |typed: &str| form::places(typed, &[]);
    for typed in ["US", "US/HI", "DE 10", "GB KA27 8", "FR 20000..20999", "DE 1 + 10115..14199", "US/CA 90..96"] {
        assert_eq!(form::lines(&read(typed)), typed);
    }
    let mut odd = read("US")[0].clone();
    odd.region = Some("New York".into());
    let known = [odd.clone()];
    assert_eq!(form::places("US/New York\n", &known), known, "what was imported is not read as something else");
}

#[tokio::test]
async fn gift_cards_are_sold_as_set_switched_off_and_on_again() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    let desk = &house.desk;
    let save = async |fields: &[(&str, &str)]| {
        let rev = house.store("paper").await.rev;
        desk.save_gift_setting(&house.later(&ctx), &paper, &form(rev, fields)).await
    };
    let guest = OpCtx { caller: Caller::Anonymous, ..ctx.clone() };
    let sold =
        async || house.app.checkouts.gift_view(&guest, "paper", None).await.map(|view| (view.amounts, view.named));
    assert_eq!(sold().await.unwrap_err().status, 404);
    for (fields, field, code, wrong) in [
        (vec![("currency", "")], "currency", "fault-price-currency", ""),
        (vec![("currency", "EUR")], "amounts", "fault-gift-nothing", ""),
        (vec![("currency", "EUR"), ("amounts", "10 x")], "amounts", "fault-price-amount", "x"),
        (vec![("currency", "EUR"), ("amounts", "10 0")], "amounts", "fault-gift-range", "0.00"),
        (vec![("currency", "EUR"), ("amounts", "1 2 3 4 5 6 7 8 9")], "amounts", "fault-gift-many", ""),
        (vec![("currency", "EUR"), ("least", "5")], "most", "fault-gift-both", ""),
        (vec![("currency", "EUR"), ("least", "5"), ("most", "4")], "most", "fault-gift-order", ""),
        (vec![("currency", "JPY"), ("amounts", "10.5")], "amounts", "fault-price-decimals", "10.5"),
        (vec![("currency", "TWD"), ("amounts", "500 99.50")], "amounts", "fault-price-unit", "99.50"),
        (vec![("currency", "TWD"), ("least", "99.50"), ("most", "500")], "least", "fault-price-unit", ""),
        (vec![("currency", "TWD"), ("least", "99"), ("most", "499.50")], "most", "fault-price-unit", ""),
    ] {
        let refused = save(&fields).await.unwrap_err();
        assert_eq!((refused.status, refused.fields.get(field).map(String::as_str)), (422, Some(code)), "{fields:?}");
        let view = desk.gift_setting(&ctx, &paper, "", true).await.unwrap();
        assert_eq!(view.wrong.get(field).map_or("", String::as_str), wrong, "{fields:?}");
        assert_eq!(
            view.fields.get("amounts").map(String::as_str),
            fields.iter().find(|f| f.0 == "amounts").map(|f| f.1)
        );
    }
    let euro = [("currency", "EUR"), ("amounts", "10 25,50"), ("least", "5"), ("most", "100")];
    save(&euro).await.unwrap();
    let words = |minor: &str, said: &str| (minor.to_owned(), said.to_owned());
    let named = Some(words("€5.00", "€100.00"));
    assert_eq!(sold().await.unwrap(), (vec![words("1000", "€10.00"), words("2550", "€25.50")], named));
    let store = house.store("paper").await;
    desk.save_gift_setting(&ctx, &paper, &form(1, &euro)).await.unwrap();
    assert_eq!(house.store("paper").await, store, "the same form again");
    assert_eq!(
        save(&[("currency", "EUR"), ("amounts", "7")]).await.unwrap_err().fields["currency"],
        "fault-gift-twice"
    );
    let late = [("was", "EUR"), ("currency", "EUR"), ("amounts", "7")];
    assert_eq!(desk.save_gift_setting(&ctx, &paper, &form(1, &late)).await.unwrap_err().code, "setting_changed");
    save(&late).await.unwrap();
    save(&[("currency", "USD"), ("amounts", "20")]).await.unwrap();
    save(&[("act", "off")]).await.unwrap();
    save(&[("act", "off")]).await.unwrap();
    assert_eq!(sold().await.unwrap_err().status, 404);
    let view = desk.gift_setting(&ctx, &paper, "EUR", false).await.unwrap();
    assert_eq!(
        (view.rows.len(), view.was.as_str(), view.before.as_slice()),
        (0, "", &["EUR".to_owned(), "USD".to_owned()][..])
    );
    save(&[("act", "on")]).await.unwrap();
    assert_eq!(sold().await.unwrap(), (vec![words("700", "€7.00")], None));
    save(&[("act", "remove"), ("was", "USD")]).await.unwrap();
    let view = desk.gift_setting(&ctx, &paper, "EUR", false).await.unwrap();
    assert_eq!((view.rows.len(), view.fields["amounts"].as_str()), (1, "7.00"));
    let acts: Vec<&str> = view.history.iter().map(|h| h.act.as_str()).collect();
    let own = ["saved", "saved", "saved", "off", "on", "removed"].map(|act| format!("gift_cards.{act}"));
    assert_eq!((acts[0], &acts[1..]), ("catalog.created", &own.each_ref().map(String::as_str)[..]));
    // What is set of sending stays what it was.
    assert_eq!(house.store("paper").await.shipping.len(), 2);
}

#[tokio::test]
async fn a_form_larger_than_any_and_a_name_longer_than_any_are_refused_before_they_are_read() {
    let shop = House::open().await;
    let (seller, id, rev) = shop.seller("paper").await;
    let countries = "DE ".repeat(50_000);
    let huge = form(rev, &[("id", "huge"), ("countries", &countries)]);
    let refused = shop.desk.save_shipping(&seller, &id, "zone", &huge).await.unwrap_err();
    assert_eq!((refused.status, refused.fields["form"].as_str()), (422, "fault-long"));
    let long = "x".repeat(2000);
    let named = form(rev, &[("was", &long), ("countries", "DE")]);
    assert_eq!(shop.desk.save_shipping(&seller, &id, "zone", &named).await.unwrap_err().status, 404);
    assert_eq!(shop.desk.shipping_part(&seller, &id, ("zone", &long), true).await.unwrap_err().status, 404);
    assert_eq!(shop.desk.save_gift_setting(&seller, &id, &named).await.unwrap_err().status, 404);
    assert_eq!(shop.desk.gift_setting(&seller, &id, &long, true).await.unwrap_err().status, 404);
}

#[tokio::test]
async fn parts_that_could_not_be_used_before_are_mended_one_after_the_other() {
    let house = House::open().await;
    let mut store = house.store("paper").await;
    let zone = |id: &str| Zone { id: id.into(), countries: vec!["UK".into()], ..Zone::default() };
    store.shipping_zones = vec![zone("a"), zone("b")];
    let typed = |countries: &str| form(0, &[("countries", countries)]);
    let Err(Refused::Faults(faults)) = saved(&store, Part::Zone, "a", &typed("UK FR")) else {
        panic!("it stays unfit")
    };
    assert_eq!(faults.wrong["countries"], "UK");
    let Ok(mended) = saved(&store, Part::Zone, "a", &typed("GB")) else {
        panic!("the other one is not this one's fault")
    };
    assert_eq!(mended.store.shipping_zones[0].countries, ["GB"]);
    let Ok(mended) = saved(&mended.store, Part::Zone, "b", &typed("GB IE")) else { panic!("nothing is in the way") };
    assert_eq!(settings::check_shipping(&mended.store), Ok(()));
    assert!(settings::check_shipping(&store).is_err(), "a row that says so is refused");
}

#[tokio::test]
async fn a_region_that_no_address_has_is_refused_at_its_line() {
    let house = House::open().await;
    let mut store = house.store("paper").await;
    let zone = Zone { id: "near".into(), countries: vec!["FR".into()], ..Zone::default() };
    store.shipping_zones = vec![zone];
    // Addresses of Germany and Great Britain have no regions, those of Italy have them by a code.
    for wrong in ["DE/BE", "GB/NIR", "IT/Roma", "US/XX"] {
        for field in ["places", "except"] {
            let typed = form(0, &[("countries", "FR"), (field, &format!("it/rm\n{wrong}\nDE 10"))]);
            let Err(Refused::Faults(faults)) = saved(&store, Part::Zone, "near", &typed) else {
                panic!("{wrong} in {field} is reached by nobody")
            };
            assert_eq!((&*faults.codes[field], &*faults.wrong[field]), ("fault-ship-place-region", wrong), "{field}");
        }
        let Err(Refused::Faults(faults)) = saved(&store, Part::Nowhere, "", &form(0, &[("places", wrong)])) else {
            panic!("{wrong} keeps nothing from being sent")
        };
        assert_eq!(faults.codes["places"], "fault-ship-place-region");
    }
    let typed = form(0, &[("countries", ""), ("places", "it/rm\nUS/HI\nIE/D\nGB BT"), ("except", "JP/13")]);
    let Ok(next) = saved(&store, Part::Zone, "near", &typed) else { panic!("all of them are said by somebody") };
    assert_eq!(settings::check_shipping(&next.store), Ok(()));
    store.shipping_zones[0].places =
        vec![Place { country: "IT".into(), region: Some("Roma".into()), ..Place::default() }];
    let why = settings::check_shipping(&store).unwrap_err().to_string();
    assert_eq!(why, "zones[0].places[0].region: addresses in IT have no region \"Roma\", write \"RM\"");
    // Rows may bring it, as a shop exported it before: they say so, and all else of them counts.
    let row = json!({ "type": "store", "ref": "press", "tenant": "press", "handle": "paper", "name": "Paper again", "ships_from": "US",
        "shipping_zones": [{ "id": "near", "places": [{ "country": "IT", "region": "Roma" }] }] });
    let report = house.import(&row.to_string(), Path::new("")).await;
    let notes = report.rows[0].notes.join(" ");
    assert!(report.rows[0].outcome == Outcome::Updated && notes.contains("no region \"Roma\""), "{report:?}");
    assert_eq!(house.store("paper").await.name, "Paper again");
}

#[tokio::test]
async fn what_was_typed_for_something_that_is_gone_is_saved_as_something_new() {
    let house = House::open().await;
    let (ctx, paper, _) = house.seller("paper").await;
    let rate = [("zone", "DE"), ("way", "standard"), ("currency", "EUR"), ("amount", "3")];
    house.save(&ctx, "rate", &rate).await.unwrap();
    let store = house.store("paper").await;
    let mark = super::form::mark(store.shipping.last().unwrap());
    house.save(&ctx, "rate", &[("was", &mark), ("act", "remove")]).await.unwrap();
    let late =
        form(store.rev, &[("was", &mark), ("zone", "DE"), ("way", "standard"), ("currency", "EUR"), ("amount", "4")]);
    let refused = house.desk.save_shipping(&ctx, &paper, "rate", &late).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "setting_changed"));
    let view = house.desk.shipping_part(&ctx, &paper, ("rate", &mark), true).await.unwrap();
    assert_eq!((view.was.as_str(), view.fields["amount"].as_str()), ("", "4"));
    let again = form(view.rev, &[("zone", "DE"), ("way", "standard"), ("currency", "EUR"), ("amount", "4")]);
    house.desk.save_shipping(&ctx, &paper, "rate", &again).await.unwrap();
    assert_eq!(house.store("paper").await.shipping.last().unwrap().amount_minor, 400);
}
