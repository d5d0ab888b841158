//! A seller's groups of customers in the public interface; what may be is said by `groups`, who may by `desk::groups`.
//!
//! Addresses stand in bodies alone, never in an address line, which is written into logs.

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vitrine_pricing::format::Locale;
use vitrine_shared::Problem;
use vitrine_shared::views::MomentView;

use super::api::{Answer, Ctx, Json, ok, param};
use super::promotions::{seen, tagged, unmet};
use crate::authz::TenantDesk;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::Result;
use crate::groups::{Group, Member};
use crate::state::App;

/// A group without its members.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupAnswer {
    /// Whose: a tenant id.
    pub seller: String,
    /// What promotions know it by; never changes.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// How many are in it.
    pub members: usize,
    /// Counts writes, those of members too; the ETag is the same in quotes.
    pub rev: i64,
}

/// All of a seller's groups.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupList {
    /// By name.
    pub items: Vec<GroupAnswer>,
}

/// A group to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupBody {
    /// 1 to 40 small letters, digits and hyphens.
    pub name: String,
    /// 1 to 100 characters.
    pub title: String,
}

/// What a group is to be from now on; its name stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    /// 1 to 100 characters.
    pub title: String,
}

/// Who comes or goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupAddresses {
    /// E-mail addresses, at most 1,000.
    pub addresses: Vec<String>,
}

/// What became of addresses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupMoved {
    /// How many came or went; the others were as wanted already.
    pub changed: usize,
    /// The group after it.
    pub group: GroupAnswer,
}

/// One member.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupMember {
    /// As it was put in.
    pub email: String,
    /// UTC, ISO 8601.
    pub since: String,
}

/// A page of members.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GroupMembers {
    /// At most a hundred, in no order.
    pub items: Vec<GroupMember>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a body says, once it is known that the caller may say it.
pub(super) fn read<T: DeserializeOwned>(body: Value) -> Result<T> {
    let bad = |e: serde_json::Error| {
        Problem::new(422, "bad_json", "The body is not what this endpoint takes.").detail(e.to_string())
    };
    serde_json::from_value(body).map_err(bad)
}

fn shape(desk: &TenantDesk, group: Group) -> GroupAnswer {
    let Group { name, title, count: members, rev } = group;
    GroupAnswer { seller: desk.tenant().to_string(), name, title, members, rev }
}

fn answer(status: StatusCode, desk: &TenantDesk, group: Group) -> Answer {
    let rev = group.rev;
    tagged(status, &shape(desk, group), rev)
}

pub(super) async fn list(State(app): State<App>, Extension(ctx): Ctx, uri: Uri) -> Answer {
    let (desk, all) = Desk::new(app).group_list(&ctx, param(&uri, "seller").as_deref()).await?;
    ok(&GroupList { items: all.into_iter().map(|group| shape(&desk, group)).collect() })
}

pub(super) async fn get(State(app): State<App>, Extension(ctx): Ctx, Path(name): Path<String>, uri: Uri) -> Answer {
    let (desk, group) = Desk::new(app).group_read(&ctx, param(&uri, "seller").as_deref(), &name).await?;
    answer(StatusCode::OK, &desk, group)
}

pub(super) async fn make(
    State(app): State<App>,
    Extension(ctx): Ctx,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_groups(&ctx, param(&uri, "seller").as_deref())?;
    let body: GroupBody = read(body)?;
    let attempt = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let group = all.groups_kept().make(&ctx, &desk, attempt, (&body.name, &body.title)).await?;
    answer(StatusCode::CREATED, &desk, group)
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
    let desk = all.may_write_groups(&ctx, param(&uri, "seller").as_deref())?;
    let (rev, body): (i64, GroupChange) = (seen(&headers)?, read(body)?);
    let done = all.groups_kept().rename(&ctx, &desk, &name, rev, &body.title).await;
    answer(StatusCode::OK, &desk, done.map_err(unmet)?)
}

pub(super) async fn end(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_groups(&ctx, param(&uri, "seller").as_deref())?;
    let rev = seen(&headers)?;
    let group = all.groups_kept().get(&desk, &name).await?;
    all.groups_kept().delete(&ctx, &desk, &name, Some(rev)).await.map_err(unmet)?;
    ok(&shape(&desk, group))
}

pub(super) async fn members(State(app): State<App>, Extension(ctx): Ctx, Path(name): Path<String>, uri: Uri) -> Answer {
    let (seller, cursor) = (param(&uri, "seller"), param(&uri, "cursor"));
    let page = Desk::new(app).group_members(&ctx, seller.as_deref(), &name, cursor.as_deref()).await?;
    let one = |m: Member| GroupMember { email: m.email, since: MomentView::of(m.since_ms, Locale::EnUs).iso };
    ok(&GroupMembers { items: page.0.into_iter().map(one).collect(), next: page.1 })
}

async fn moved(app: App, ctx: &OpCtx, name: &str, uri: &Uri, body: Value, put: bool) -> Answer {
    let all = Desk::new(app);
    let desk = all.may_write_groups(ctx, param(uri, "seller").as_deref())?;
    let body: GroupAddresses = read(body)?;
    let (changed, group) = all.group_moved(ctx, &desk, name, &body.addresses, put).await?;
    let rev = group.rev;
    tagged(StatusCode::OK, &GroupMoved { changed, group: shape(&desk, group) }, rev)
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

    use crate::authz::{READ_GROUPS, WRITE_GROUPS};
    use crate::ctx::Caller;
    use crate::rest::house::House;

    const ATTEMPT: (&str, &str) = ("idempotency-key", "attempt-0123456789");

    fn regulars() -> Option<Value> {
        Some(json!({ "name": "regulars", "title": "Regulars" }))
    }

    fn emails(all: &[&str]) -> Option<Value> {
        Some(json!({ "addresses": all }))
    }

    #[tokio::test]
    async fn a_program_makes_fills_reads_renames_empties_and_ends_a_group() {
        let house = House::open().await;
        let key = house.key(Some(&house.nord), &[READ_GROUPS, WRITE_GROUPS]);
        for _ in 0..2 {
            let made = house.call(&key, "POST /groups", &[ATTEMPT], regulars()).await;
            assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")), "{}", made.body);
            assert_eq!(made.body["seller"], house.nord.to_string());
        }
        let other = json!({ "name": "others", "title": "Others" });
        let other = house.call(&key, "POST /groups", &[ATTEMPT], Some(other)).await;
        assert_eq!((other.status, other.body["code"].as_str()), (422, Some("attempt_reused")));
        let taken = house.call(&key, "POST /groups", &[("idempotency-key", "attempt-9876543210")], regulars()).await;
        assert_eq!((taken.status, &taken.body["fields"]["name"]), (422, &json!("fault-group-taken")));

        let both = emails(&["kim@example.org", "lou@example.org", "KIM@example.org"]);
        for changed in [2, 0] {
            let filled = house.call(&key, "POST /groups/regulars/members", &[], both.clone()).await;
            assert_eq!((filled.status, &filled.body["changed"]), (200, &json!(changed)), "{}", filled.body);
            assert_eq!((filled.body["group"]["members"].as_i64(), filled.etag.as_deref()), (Some(2), Some("\"2\"")));
        }
        let members = house.call(&key, "GET /groups/regulars/members", &[], None).await;
        let mut seen: Vec<&str> =
            members.body["items"].as_array().unwrap().iter().map(|m| m["email"].as_str().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["kim@example.org", "lou@example.org"]);
        assert_eq!(house.call(&key, "GET /groups/regulars/members?cursor=_", &[], None).await.status, 422);

        let title = Some(json!({ "title": "Every week" }));
        for (tag, status) in [("\"1\"", 412), ("x", 412), ("\"2\"", 200), ("\"3\"", 200)] {
            let named = house.call(&key, "PUT /groups/regulars", &[("if-match", tag)], title.clone()).await;
            assert_eq!(named.status, status, "{tag} {}", named.body);
        }
        assert_eq!(house.call(&key, "PUT /groups/regulars", &[], title).await.status, 428);
        let list = house.call(&key, "GET /groups", &[], None).await;
        assert_eq!((&list.body["items"][0]["title"], &list.body["items"][0]["rev"]), (&json!("Every week"), &json!(3)));

        let full = house.call(&key, "DELETE /groups/regulars", &[("if-match", "\"3\"")], None).await;
        assert_eq!((full.status, full.body["code"].as_str()), (409, Some("group_not_empty")));
        let gone = house.call(&key, "POST /groups/regulars/members/remove", &[], both).await;
        assert_eq!((gone.body["changed"].as_i64(), gone.body["group"]["members"].as_i64()), (Some(2), Some(0)));
        assert_eq!(house.call(&key, "DELETE /groups/regulars", &[("if-match", "\"3\"")], None).await.status, 412);
        assert_eq!(house.call(&key, "DELETE /groups/regulars", &[("if-match", "\"4\"")], None).await.status, 200);
        for line in ["GET /groups/regulars", "GET /groups/regulars/members", "GET /groups/No%20name"] {
            assert_eq!(house.call(&key, line, &[], None).await.status, 404, "{line}");
        }
        // What was made and ended is not made again by a late repetition.
        assert_eq!(house.call(&key, "POST /groups", &[ATTEMPT], regulars()).await.status, 404);
    }

    #[tokio::test]
    async fn what_cannot_be_is_said_by_field_and_others_get_no_further_than_their_own() {
        let house = House::open().await;
        let nord = format!("?seller={}", house.nord);
        let seller = house.person(&["creator"], std::slice::from_ref(&house.nord));
        assert_eq!(house.call(&seller, "POST /groups", &[ATTEMPT], regulars()).await.status, 201);
        for (line, body, fields) in [
            ("POST /groups", json!({ "name": "No Name", "title": "X" }), json!({ "name": "fault-group-name" })),
            ("POST /groups", json!({ "name": "a", "title": " " }), json!({ "title": "fault-empty" })),
            ("POST /groups", json!({ "name": "a", "title": "A", "planet": 1 }), Value::Null),
            (
                "POST /groups/regulars/members",
                json!({ "addresses": ["kim@example.org", "nobody"] }),
                json!({ "addresses": "fault-addresses" }),
            ),
            ("POST /groups/regulars/members", json!({ "addresses": [] }), json!({ "addresses": "fault-empty" })),
        ] {
            let headers = [("idempotency-key", "attempt-of-a-fault-1")];
            let refused = house.call(&seller, line, &headers, Some(body)).await;
            assert_eq!((refused.status, &refused.body["fields"]), (422, &fields), "{}", refused.body);
        }
        let read = house.call(&seller, "GET /groups/regulars", &[], None).await;
        assert_eq!(read.body["members"], 0, "of a list with a fault in it nothing is taken");

        let foreign = house.key(Some(&house.press), &[READ_GROUPS, WRITE_GROUPS]);
        let reads = house.key(Some(&house.nord), &[READ_GROUPS]);
        let writes = house.key(Some(&house.nord), &[WRITE_GROUPS]);
        let platform = house.key(None, &[READ_GROUPS]);
        let filled = emails(&["x@example.org"]);
        for (ctx, line, status) in [
            (&house.by(Caller::Anonymous), format!("GET /groups{nord}"), 401),
            // Who may not is told so before anything of the body is looked at.
            (&house.by(Caller::Anonymous), "POST /groups".to_owned(), 401),
            (&house.by(Caller::Anonymous), "POST /groups/regulars/members".to_owned(), 401),
            (&reads, "POST /groups".to_owned(), 403),
            (&house.person(&["buyer"], &[]), "GET /groups".to_owned(), 403),
            (&house.person(&["buyer"], &[]), format!("GET /groups/regulars/members{nord}"), 404),
            (&foreign, format!("GET /groups/regulars/members{nord}"), 404),
            (&foreign, "GET /groups/regulars".to_owned(), 404),
            (&foreign, format!("POST /groups/regulars/members{nord}"), 404),
            (&foreign, format!("DELETE /groups/regulars{nord}"), 404),
            (&reads, "GET /groups/regulars".to_owned(), 200),
            (&reads, "POST /groups/regulars/members".to_owned(), 403),
            (&reads, "DELETE /groups/regulars".to_owned(), 403),
            (&writes, "GET /groups/regulars/members".to_owned(), 403),
            (&writes, "POST /groups/regulars/members".to_owned(), 200),
            (&platform, format!("GET /groups/regulars{nord}"), 200),
            (&platform, "GET /groups".to_owned(), 422),
        ] {
            let body = if line.starts_with("POST") { filled.clone() } else { None };
            let answer = house.call(ctx, &line, &[("if-match", "\"1\"")], body).await;
            assert_eq!(answer.status, status, "{line} {:?} {}", ctx.caller, answer.body);
        }
    }
}
