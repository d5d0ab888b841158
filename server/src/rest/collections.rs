//! A seller's collections in the public interface; what may be is said by `collections`, who may by `desk::collections`.

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vitrine_shared::catalog::{Work, WorkKind};

use super::api::{Answer, Ctx, Json, ok, param, said};
use super::promotions::{seen, tagged, unmet};
use crate::authz::TenantDesk;
use crate::collections::Collection;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::state::App;

/// A collection without its works.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CollectionAnswer {
    /// Whose: a tenant id.
    pub seller: String,
    /// What works and promotions know it by; never changes.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// How many are in it.
    pub works: usize,
    /// Counts writes, those of works too; the ETag is the same in quotes.
    pub rev: i64,
}

/// All of a seller's collections.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CollectionList {
    /// By name.
    pub items: Vec<CollectionAnswer>,
}

/// A collection to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionBody {
    /// 1 to 64 small letters, digits and hyphens.
    pub name: String,
    /// 1 to 100 characters.
    pub title: String,
}

/// What a collection is to be from now on; its name stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionChange {
    /// 1 to 100 characters.
    pub title: String,
}

/// What comes or goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionItems {
    /// Ids of works, ids of editions or the seller's SKUs, at most 1,000.
    pub works: Vec<String>,
}

/// What became of works.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CollectionMoved {
    /// How many came or went; the others were as wanted already.
    pub changed: usize,
    /// The collection after it.
    pub collection: CollectionAnswer,
}

/// One work.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CollectionWork {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: WorkKind,
    /// In its own script.
    pub title: String,
    /// All of its seller's collections it is in, by their names.
    pub collections: Vec<String>,
}

/// A page of works.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CollectionWorks {
    /// At most a hundred, the oldest first.
    pub items: Vec<CollectionWork>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

fn shape(desk: &TenantDesk, collection: Collection) -> CollectionAnswer {
    let Collection { name, title, count: works, rev } = collection;
    CollectionAnswer { seller: desk.tenant().to_string(), name, title, works, rev }
}

fn answer(status: StatusCode, desk: &TenantDesk, collection: Collection) -> Answer {
    let rev = collection.rev;
    tagged(status, &shape(desk, collection), rev)
}

pub(super) async fn list(State(app): State<App>, Extension(ctx): Ctx, uri: Uri) -> Answer {
    let (desk, all) = Desk::new(app).collection_list(&ctx, param(&uri, "seller").as_deref()).await?;
    ok(&CollectionList { items: all.into_iter().map(|collection| shape(&desk, collection)).collect() })
}

pub(super) async fn get(State(app): State<App>, Extension(ctx): Ctx, Path(name): Path<String>, uri: Uri) -> Answer {
    let (desk, collection) = Desk::new(app).collection_read(&ctx, param(&uri, "seller").as_deref(), &name).await?;
    answer(StatusCode::OK, &desk, collection)
}

pub(super) async fn make(
    State(app): State<App>,
    Extension(ctx): Ctx,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_collections(&ctx, param(&uri, "seller").as_deref())?;
    let body: CollectionBody = said(body)?;
    let attempt = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let collection = all.collections_kept().make(&ctx, &desk, attempt, (&body.name, &body.title)).await?;
    answer(StatusCode::CREATED, &desk, collection)
}

pub(super) async fn replace(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_collections(&ctx, param(&uri, "seller").as_deref())?;
    let (rev, body): (i64, CollectionChange) = (seen(&headers)?, said(body)?);
    let done = all.collections_kept().rename(&ctx, &desk, &name, rev, &body.title).await;
    answer(StatusCode::OK, &desk, done.map_err(unmet)?)
}

pub(super) async fn end(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let queue = app.queue.clone();
    let all = Desk::new(app);
    let desk = all.may_write_collections(&ctx, param(&uri, "seller").as_deref())?;
    let rev = seen(&headers)?;
    let collection = all.collections_kept().get(&desk, &name).await?;
    all.collections_kept().delete(&queue, &ctx, &desk, &name, Some(rev)).await.map_err(unmet)?;
    ok(&shape(&desk, collection))
}

pub(super) async fn works(State(app): State<App>, Extension(ctx): Ctx, Path(name): Path<String>, uri: Uri) -> Answer {
    let (seller, cursor) = (param(&uri, "seller"), param(&uri, "cursor"));
    let page = Desk::new(app).collection_works(&ctx, seller.as_deref(), &name, cursor.as_deref()).await?;
    let one = |work: Work| CollectionWork {
        id: work.id.to_string(),
        kind: work.kind,
        title: work.title,
        collections: work.collections,
    };
    ok(&CollectionWorks { items: page.0.into_iter().map(one).collect(), next: page.1 })
}

async fn moved(app: App, ctx: &OpCtx, name: &str, uri: &Uri, body: Value, put: bool) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_collections(ctx, param(uri, "seller").as_deref())?;
    let body: CollectionItems = said(body)?;
    let (changed, collection) = all.collection_moved(ctx, &desk, name, &body.works, put).await?;
    let rev = collection.rev;
    tagged(StatusCode::OK, &CollectionMoved { changed, collection: shape(&desk, collection) }, rev)
}

pub(super) async fn put_in(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(name): Path<String>,
    uri: Uri,
    Json(body): Json<Value>,
) -> Answer {
    moved(app, &ctx, &name, &uri, body, true).await
}

pub(super) async fn take_out(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(name): Path<String>,
    uri: Uri,
    Json(body): Json<Value>,
) -> Answer {
    moved(app, &ctx, &name, &uri, body, false).await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vitrine_shared::views::desk::EditView;

    use crate::authz::{READ_COLLECTIONS, WRITE_COLLECTIONS, WRITE_PROMOTIONS};
    use crate::ctx::Caller;
    use crate::desk::{Desk, NEW};
    use crate::rest::house::House;

    const ATTEMPT: (&str, &str) = ("idempotency-key", "attempt-0123456789");

    fn winter() -> Option<Value> {
        Some(json!({ "name": "winter", "title": "Winter" }))
    }

    fn works(all: &[&str]) -> Option<Value> {
        Some(json!({ "works": all }))
    }

    #[tokio::test]
    async fn a_program_makes_fills_reads_renames_empties_and_ends_a_collection() {
        let house = House::open().await;
        let key = house.key(Some(&house.nord), &[READ_COLLECTIONS, WRITE_COLLECTIONS, WRITE_PROMOTIONS]);
        for _ in 0..2 {
            let made = house.call(&key, "POST /collections", &[ATTEMPT], winter()).await;
            assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")), "{}", made.body);
            assert_eq!(made.body["seller"], house.nord.to_string());
        }
        let other = Some(json!({ "name": "others", "title": "Others" }));
        let other = house.call(&key, "POST /collections", &[ATTEMPT], other).await;
        assert_eq!((other.status, other.body["code"].as_str()), (422, Some("attempt_reused")));
        let fresh = ("idempotency-key", "attempt-9876543210");
        let taken = house.call(&key, "POST /collections", &[fresh], winter()).await;
        assert_eq!((taken.status, &taken.body["fields"]["name"]), (422, &json!("fault-collection-taken")));

        for changed in [2, 0] {
            let filled =
                house.call(&key, "POST /collections/winter/works", &[], works(&["HL-D", "TS-D", "HL-D"])).await;
            assert_eq!((filled.status, &filled.body["changed"]), (200, &json!(changed)), "{}", filled.body);
            let collection = &filled.body["collection"];
            assert_eq!((collection["works"].as_i64(), filled.etag.as_deref()), (Some(2), Some("\"2\"")));
        }
        let list = house.call(&key, "GET /collections/winter/works", &[], None).await;
        let items = list.body["items"].as_array().unwrap();
        let mut titles: Vec<&str> = items.iter().map(|w| w["title"].as_str().unwrap()).collect();
        titles.sort_unstable();
        assert_eq!((titles, &items[0]["collections"]), (vec!["Harbour Lights", "Tide Study"], &json!(["winter"])));
        let first = items[0]["id"].as_str().unwrap();
        let rest = house.call(&key, &format!("GET /collections/winter/works?cursor={first}"), &[], None).await;
        assert_eq!(rest.body["items"].as_array().unwrap().len(), 1);
        let bad = house.call(&key, "GET /collections/winter/works?cursor=_", &[], None).await;
        assert_eq!((bad.status, &bad.body["fields"]), (422, &json!({ "cursor": "bad_cursor" })));

        let title = Some(json!({ "title": "Long nights" }));
        for (tag, status) in [("\"1\"", 412), ("x", 412), ("\"2\"", 200), ("\"3\"", 200)] {
            let named = house.call(&key, "PUT /collections/winter", &[("if-match", tag)], title.clone()).await;
            assert_eq!(named.status, status, "{tag} {}", named.body);
        }
        assert_eq!(house.call(&key, "PUT /collections/winter", &[], title).await.status, 428);
        let list = house.call(&key, "GET /collections", &[], None).await;
        assert_eq!(
            (&list.body["items"][0]["title"], &list.body["items"][0]["rev"]),
            (&json!("Long nights"), &json!(3))
        );

        // While a promotion is of it, it stays.
        let percent = json!({ "kind": "percent", "rate_ppm": 500_000 });
        let half = json!({ "code": "HALF", "benefit": percent, "items": { "collections": ["winter"] } });
        let made = house.call(&key, "POST /promotions", &[ATTEMPT], Some(half)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let named = house.call(&key, "DELETE /collections/winter", &[("if-match", "\"3\"")], None).await;
        assert_eq!((named.status, named.body["code"].as_str()), (409, Some("collection_named")));
        assert_eq!(named.body["detail"], "HALF");
        let promotion = made.body["promotion"]["id"].as_str().unwrap();
        let end = format!("POST /promotions/{promotion}/end");
        assert_eq!(house.call(&key, &end, &[("if-match", "\"1\"")], None).await.status, 200);

        let gone = house.call(&key, "POST /collections/winter/works/remove", &[], works(&["HL-D", "FT-D"])).await;
        assert_eq!((gone.body["changed"].as_i64(), gone.body["collection"]["works"].as_i64()), (Some(1), Some(1)));
        assert_eq!(house.call(&key, "DELETE /collections/winter", &[("if-match", "\"3\"")], None).await.status, 412);
        assert_eq!(house.call(&key, "DELETE /collections/winter", &[("if-match", "\"4\"")], None).await.status, 200);
        for line in ["GET /collections/winter", "GET /collections/winter/works", "GET /collections/No%20name"] {
            assert_eq!(house.call(&key, line, &[], None).await.status, 404, "{line}");
        }
        // What was made and ended is not made again by a late repetition.
        assert_eq!(house.call(&key, "POST /collections", &[ATTEMPT], winter()).await.status, 404);
    }

    #[tokio::test]
    async fn what_cannot_be_is_said_by_field_and_others_get_no_further_than_their_own() {
        let house = House::open().await;
        let nord = format!("?seller={}", house.nord);
        let seller = house.person(&["creator"], std::slice::from_ref(&house.nord));
        assert_eq!(house.call(&seller, "POST /collections", &[ATTEMPT], winter()).await.status, 201);
        for (line, body, fields) in [
            (
                "POST /collections",
                json!({ "name": "No Name", "title": "X" }),
                json!({ "name": "fault-collection-name" }),
            ),
            ("POST /collections", json!({ "name": "a", "title": " " }), json!({ "title": "fault-empty" })),
            ("POST /collections", json!({ "name": "a", "title": "A", "planet": 1 }), Value::Null),
            ("POST /collections/winter/works", json!({ "works": ["HL-D", "PB-1"] }), json!({ "works": "fault-works" })),
            ("POST /collections/winter/works", json!({ "works": [] }), json!({ "works": "fault-empty" })),
        ] {
            let headers = [("idempotency-key", "attempt-of-a-fault-1")];
            let refused = house.call(&seller, line, &headers, Some(body)).await;
            assert_eq!((refused.status, &refused.body["fields"]), (422, &fields), "{}", refused.body);
        }
        let read = house.call(&seller, "GET /collections/winter", &[], None).await;
        assert_eq!(read.body["works"], 0, "of a list with a fault in it nothing is taken");

        // A promotion of another seller cannot name it.
        let press = house.key(Some(&house.press), &[WRITE_PROMOTIONS]);
        let percent = json!({ "kind": "percent", "rate_ppm": 500_000 });
        let half = json!({ "code": "HALF", "benefit": percent, "except": { "collections": ["winter"] } });
        let refused = house.call(&press, "POST /promotions", &[ATTEMPT], Some(half)).await;
        assert_eq!(refused.body["fields"], json!({ "except.collections": "fault-promotion-collection" }));

        let foreign = house.key(Some(&house.press), &[READ_COLLECTIONS, WRITE_COLLECTIONS]);
        let reads = house.key(Some(&house.nord), &[READ_COLLECTIONS]);
        let writes = house.key(Some(&house.nord), &[WRITE_COLLECTIONS]);
        let platform = house.key(None, &[READ_COLLECTIONS]);
        let filled = works(&["HL-D"]);
        for (ctx, line, status) in [
            (&house.by(Caller::Anonymous), format!("GET /collections{nord}"), 401),
            // Who may not is told so before anything of the body is looked at.
            (&house.by(Caller::Anonymous), "POST /collections".to_owned(), 401),
            (&house.by(Caller::Anonymous), "POST /collections/winter/works".to_owned(), 401),
            (&reads, "POST /collections".to_owned(), 403),
            (&house.person(&["buyer"], &[]), "GET /collections".to_owned(), 403),
            (&house.person(&["buyer"], &[]), format!("GET /collections/winter/works{nord}"), 404),
            (&foreign, format!("GET /collections/winter/works{nord}"), 404),
            (&foreign, "GET /collections/winter".to_owned(), 404),
            (&foreign, format!("POST /collections/winter/works{nord}"), 404),
            (&foreign, format!("DELETE /collections/winter{nord}"), 404),
            (&reads, "GET /collections/winter".to_owned(), 200),
            (&reads, "POST /collections/winter/works".to_owned(), 403),
            (&reads, "DELETE /collections/winter".to_owned(), 403),
            (&writes, "GET /collections/winter/works".to_owned(), 403),
            (&writes, "POST /collections/winter/works".to_owned(), 200),
            (&platform, format!("GET /collections/winter{nord}"), 200),
            (&platform, "GET /collections".to_owned(), 422),
        ] {
            let body = if line.starts_with("POST") { filled.clone() } else { None };
            let answer = house.call(ctx, &line, &[("if-match", "\"1\"")], body).await;
            assert_eq!(answer.status, status, "{line} {:?} {}", ctx.caller, answer.body);
        }
    }

    #[tokio::test]
    async fn a_seller_chooses_a_works_collections_on_its_page_and_a_promotions_in_its_form() {
        let house = House::open().await;
        let (desk, tenant) = (Desk::new(house.app.clone()), house.nord.to_string());
        let seller = house.person(&["creator"], std::slice::from_ref(&house.nord));
        let form = |fields: &[(&str, &str)]| -> std::collections::BTreeMap<String, String> {
            let own = [("tenant", tenant.as_str())];
            fields.iter().chain(&own).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        for (name, title) in [("winter", "Winter"), ("summer", "Summer")] {
            assert_eq!(desk.make_collection(&seller, &form(&[("name", name), ("title", title)])).await.unwrap(), name);
        }
        let refused = desk.make_collection(&seller, &form(&[("name", "A B"), ("title", "Typed")])).await.unwrap_err();
        assert_eq!(refused.fields["name"], "fault-collection-name");
        let view = desk.collections(&seller, &tenant, true).await.unwrap().desks.remove(0);
        assert_eq!((view.rows.len(), view.fields["title"].as_str()), (2, "Typed"));

        // In by its SKU, and by the work's own page; what was typed with a fault is kept.
        let wrong = form(&[("works", "HL-D\nPB-1"), ("act", "in")]);
        assert_eq!(desk.change_collection(&seller, "winter", &wrong).await.unwrap_err().detail, "PB-1");
        let view = desk.collection(&seller, (&tenant, "winter"), None, true).await.unwrap();
        assert_eq!((view.fields["works"].as_str(), view.wrong.as_str()), ("HL-D\nPB-1", "PB-1"));
        desk.change_collection(&seller, "winter", &form(&[("works", "HL-D"), ("act", "in")])).await.unwrap();
        let view = desk.collection(&seller, (&tenant, "winter"), None, true).await.unwrap();
        assert_eq!((view.row.count, view.works[0].title.as_str(), view.fields.len()), (1, "Harbour Lights", 0));
        let work = view.works[0].id.clone();
        let edit = desk.edit_view(&seller, &work).await.unwrap();
        let is_in =
            |edit: &EditView| -> Vec<String> { edit.collections.iter().filter(|c| c.2).map(|c| c.0.clone()).collect() };
        assert_eq!((edit.collections.len(), is_in(&edit)), (2, vec!["winter".to_owned()]));
        let choose =
            async |rev: i64, fields: &[(&str, &str)]| desk.choose_collections(&seller, &work, rev, &form(fields)).await;
        assert_eq!(choose(edit.rev - 1, &[("in_summer", "1")]).await.unwrap_err().status, 409);
        let gone = choose(edit.rev, &[("in_autumn", "1")]).await.unwrap_err();
        assert_eq!(gone.fields["collections"], "fault-promotion-collection");
        let filled = |count: usize| vitrine_table::UpdateItem {
            key: crate::collections::collection_key(&house.nord, "summer"),
            updates: vec![vitrine_table::Update::set("count", count)],
            condition: None,
        };
        house.app.table.update(filled(crate::collections::MOST_WORKS)).await.unwrap();
        assert_eq!(choose(edit.rev, &[("in_summer", "1")]).await.unwrap_err().code, "collection_full");
        house.app.table.update(filled(0)).await.unwrap();
        choose(edit.rev, &[("in_summer", "1"), ("rev", "9")]).await.unwrap();
        let edit = desk.edit_view(&seller, &work).await.unwrap();
        assert_eq!(is_in(&edit), ["summer"]);
        assert!(edit.history.iter().any(|h| h.act == "work.collected"), "{:?}", edit.history);
        let many: Vec<String> = (0..21).map(|n| format!("in_many-{n}")).collect();
        for name in &many {
            let name = name.trim_start_matches("in_");
            desk.make_collection(&seller, &form(&[("name", name), ("title", "Many")])).await.unwrap();
        }
        let all: Vec<(&str, &str)> = many.iter().map(|field| (field.as_str(), "1")).collect();
        let refused = choose(edit.rev, &all).await.unwrap_err();
        assert_eq!(refused.fields["collections"], "fault-work-collections");
        for name in &many {
            desk.delete_collection(&seller, name.trim_start_matches("in_"), &tenant).await.unwrap();
        }
        let counts: Vec<usize> =
            desk.collections(&seller, &tenant, false).await.unwrap().desks[0].rows.iter().map(|r| r.count).collect();
        assert_eq!(counts, [1, 0], "summer, winter");
        let other = house.person(&["creator"], std::slice::from_ref(&house.press));
        let theirs = desk.choose_collections(&other, &work, edit.rev, &form(&[])).await.unwrap_err();
        assert_eq!(theirs.status, 404);

        // A promotion's form offers them, and the page of a collection names its promotions.
        let new = desk.promotion(&seller, NEW, &tenant, false).await.unwrap();
        assert_eq!(new.collections.iter().map(|c| c.1.as_str()).collect::<Vec<_>>(), ["Summer", "Winter"]);
        let half = [("rev", "0"), ("code", "HALF"), ("kind", "percent"), ("rate", "50"), ("items_in_summer", "1")];
        let mut wrong = form(&half);
        wrong.insert("except_in_autumn".into(), "1".into());
        let refused = desk.save_promotion(&seller, NEW, &wrong).await.unwrap_err();
        assert_eq!(refused.fields["except.collections"], "fault-promotion-collection");
        let kept = desk.promotion(&seller, NEW, &tenant, true).await.unwrap();
        assert!(kept.collections.iter().any(|c| c.0 == "autumn") && kept.fields.contains_key("items_in_summer"));
        let id = desk.save_promotion(&seller, NEW, &form(&half)).await.unwrap();
        let saved = desk.promotion(&seller, &id, &tenant, false).await.unwrap();
        assert!(saved.fields.contains_key("items_in_summer") && !saved.fields.contains_key("except_in_summer"));
        let view = desk.collection(&seller, (&tenant, "summer"), None, false).await.unwrap();
        assert_eq!(view.promotions, [(id, "HALF".to_owned())]);
        let named = desk.delete_collection(&seller, "summer", &tenant).await.unwrap_err();
        assert_eq!(named.code, "collection_named");
        let renamed = form(&[("act", "title"), ("title", "Sun"), ("rev", &view.rev.to_string())]);
        desk.change_collection(&seller, "summer", &renamed).await.unwrap();
        desk.delete_collection(&seller, "winter", &tenant).await.unwrap();
        let rows = desk.collections(&seller, "", false).await.unwrap().desks.remove(0).rows;
        assert_eq!(rows.iter().map(|r| (r.name.as_str(), r.title.as_str())).collect::<Vec<_>>(), [("summer", "Sun")]);
    }
}
