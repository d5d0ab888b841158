//! A seller's promotions in the public interface; what may be is said by `desk::programs`.

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use vitrine_pricing::promotion::Promotion;
use vitrine_shared::Problem;

use super::api::{Answer, Ctx, Json, json, ok, param, said, unfit};
use crate::desk::{Desk, Standing};
use crate::fault::Result;
use crate::state::App;

/// A promotion with how it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromotionAnswer {
    /// Whose: a tenant id.
    pub seller: String,
    /// What is taken off; its editions are named by our ids.
    pub promotion: Promotion,
    /// `open`, `coming`, `ended` or `used-up`.
    pub state: String,
    /// Uses by everybody.
    pub used: u32,
    /// Counts writes; the ETag is the same in quotes.
    pub rev: i64,
}

/// One page of a seller's promotions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromotionList {
    /// Those that apply by themselves, then those with a code.
    pub items: Vec<PromotionAnswer>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is sent to make or replace a promotion: one without its id, which is ours to give.
pub struct PromotionBody;

impl JsonSchema for PromotionBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PromotionBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Promotion::json_schema(generator);
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "id");
        }
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.remove("id");
        }
        schema
            .insert("description".into(), "A promotion to be kept; editions may be named by the seller's SKUs.".into());
        schema
    }
}

impl From<Standing> for PromotionAnswer {
    fn from(standing: Standing) -> Self {
        Self {
            seller: standing.seller.to_string(),
            promotion: standing.kept.promotion,
            state: standing.state.to_owned(),
            used: standing.used,
            rev: standing.kept.rev,
        }
    }
}

/// The promotion of a body, still without an id of its own.
///
/// # Errors
/// 422 for what is none, and for one with an id.
pub fn read(mut body: Value) -> Result<Promotion> {
    let fields = body.as_object_mut().ok_or_else(|| unfit(&"send an object"))?;
    if fields.insert("id".into(), "new".into()).is_some() {
        return Err(Problem::invalid("id", "unknown_field", "Ids are given by the shop. Send the promotion without."));
    }
    said(body)
}

/// The `rev` that the caller saw.
pub(super) fn seen(headers: &HeaderMap) -> Result<i64> {
    let sent = headers
        .get(header::IF_MATCH)
        .ok_or_else(|| Problem::new(428, "if_match_wanted", "Send the ETag of what you saw in If-Match."))?;
    let rev = sent.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    rev.ok_or_else(changed)
}

fn changed() -> Problem {
    Problem::new(412, "changed_meanwhile", "This was changed meanwhile. Read it again.")
}

/// A write that met another state than the one that was seen.
pub(super) fn unmet(problem: Problem) -> Problem {
    if problem.code == "changed_meanwhile" { changed() } else { problem }
}

/// An answer of which this is the newest `rev`.
pub(super) fn tagged(status: StatusCode, body: &impl Serialize, rev: i64) -> Answer {
    let mut response = json(status, body)?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{rev}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn answer(status: StatusCode, standing: Standing) -> Answer {
    let answer = PromotionAnswer::from(standing);
    tagged(status, &answer, answer.rev)
}

pub(super) async fn list(State(app): State<App>, Extension(ctx): Ctx, uri: Uri) -> Answer {
    let (seller, cursor) = (param(&uri, "seller"), param(&uri, "cursor"));
    let (items, next) = Desk::new(app).promotion_list(&ctx, seller.as_deref(), cursor.as_deref()).await?;
    ok(&PromotionList { items: items.into_iter().map(PromotionAnswer::from).collect(), next })
}

pub(super) async fn get(State(app): State<App>, Extension(ctx): Ctx, Path(id): Path<String>, uri: Uri) -> Answer {
    let seller = param(&uri, "seller");
    answer(StatusCode::OK, Desk::new(app).promotion_read(&ctx, seller.as_deref(), &id).await?)
}

pub(super) async fn make(
    State(app): State<App>,
    Extension(ctx): Ctx,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let (seller, desk) = (param(&uri, "seller"), Desk::new(app));
    desk.may_write_promotions(&ctx, seller.as_deref())?;
    let attempt = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default();
    answer(StatusCode::CREATED, desk.promotion_make(&ctx, seller.as_deref(), attempt, read(body)?).await?)
}

pub(super) async fn replace(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let (seller, desk) = (param(&uri, "seller"), Desk::new(app));
    desk.may_write_promotions(&ctx, seller.as_deref())?;
    let at = (id.as_str(), seen(&headers)?);
    let done = desk.promotion_replace(&ctx, seller.as_deref(), at, read(body)?).await;
    answer(StatusCode::OK, done.map_err(unmet)?)
}

pub(super) async fn end(
    State(app): State<App>,
    Extension(ctx): Ctx,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let (seller, desk) = (param(&uri, "seller"), Desk::new(app));
    desk.may_write_promotions(&ctx, seller.as_deref())?;
    let done = desk.promotion_end(&ctx, seller.as_deref(), &id, seen(&headers)?).await;
    answer(StatusCode::OK, done.map_err(unmet)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authz::{READ_PROMOTIONS, WRITE_PROMOTIONS};
    use crate::ctx::{Caller, OpCtx};
    use crate::rest::house::House;

    fn half(code: &str) -> Value {
        json!({ "code": code, "benefit": { "kind": "percent", "rate_ppm": 500_000 }, "items": { "products": ["HL-D"] } })
    }

    const ATTEMPT: (&str, &str) = ("idempotency-key", "attempt-0123456789");

    #[tokio::test]
    async fn a_key_of_the_seller_makes_reads_replaces_and_ends_and_the_cart_says_what_codes_do() {
        let house = House::open().await;
        let key = house.key(Some(&house.nord), &[READ_PROMOTIONS, WRITE_PROMOTIONS]);
        let made = house.call(&key, "POST /promotions", &[ATTEMPT], Some(half("HALF"))).await;
        assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")), "{}", made.body);
        let id = made.body["promotion"]["id"].as_str().unwrap().to_owned();
        let edition = made.body["promotion"]["items"]["products"][0].as_str().unwrap();
        assert!(edition.parse::<vitrine_shared::id::VariantId>().is_ok(), "{edition}");
        let again = house.call(&key, "POST /promotions", &[ATTEMPT], Some(half("HALF"))).await;
        assert_eq!((again.status, again.body["promotion"]["id"].as_str()), (201, Some(id.as_str())), "made once");
        let other = house.call(&key, "POST /promotions", &[ATTEMPT], Some(half("OTHER"))).await;
        assert_eq!((other.status, other.body["code"].as_str()), (422, Some("attempt_reused")));
        let taken =
            house.call(&key, "POST /promotions", &[("idempotency-key", "attempt-9876543210")], Some(half("half")));
        assert_eq!(taken.await.body["fields"], json!({ "code": "code_taken" }));

        let at = format!("/promotions/{id}");
        let read = house.call(&key, &format!("GET {at}"), &[], None).await;
        assert_eq!(
            (read.status, read.body["state"].as_str(), read.body["used"].as_u64()),
            (200, Some("open"), Some(0))
        );
        let put = format!("PUT {at}");
        assert_eq!(house.call(&key, &put, &[], Some(half("HALF"))).await.status, 428);
        let replaced = house.call(&key, &put, &[("if-match", "\"1\"")], Some(half("HALBE"))).await;
        assert_eq!((replaced.status, replaced.etag.as_deref()), (200, Some("\"2\"")), "{}", replaced.body);
        for stale in ["\"1\"", "\"0\"", "\"x\"", "*"] {
            let late = house.call(&key, &put, &[("if-match", stale)], Some(half("LATE"))).await;
            assert_eq!((late.status, late.body["code"].as_str()), (412, Some("changed_meanwhile")), "{stale}");
        }
        // After it was changed the key still answers its own document, and no other.
        let again = house.call(&key, "POST /promotions", &[ATTEMPT], Some(half("HALF"))).await;
        assert_eq!((again.status, again.body["promotion"]["code"].as_str()), (201, Some("HALBE")));
        let unlike =
            json!({ "code": "X", "benefit": { "kind": "percent", "rate_ppm": 1 }, "items": { "products": ["GONE"] } });
        for other in [half("OTHER"), unlike] {
            let other = house.call(&key, "POST /promotions", &[ATTEMPT], Some(other)).await;
            assert_eq!((other.status, other.body["code"].as_str()), (422, Some("attempt_reused")));
        }
        let list = house.call(&key, "GET /promotions", &[], None).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(house.call(&key, "GET /promotions?cursor=x", &[], None).await.status, 422);

        // A guest's cart.
        let guest = house.by(Caller::Anonymous);
        let variant = edition.to_owned();
        let added = house.call(&guest, "POST /cart", &[], Some(json!({ "variant": variant }))).await;
        let guest = OpCtx { cart: added.body["cart_token"].as_str().map(str::to_owned), ..guest };
        let with = house.call(&guest, "POST /cart/codes", &[], Some(json!({ "code": "halbe" }))).await;
        assert_eq!((with.status, with.body["codes"][0]["applied"].as_bool()), (200, Some(true)), "{}", with.body);
        assert_eq!(with.body["total_minor"], 400);
        let wrong = house.call(&guest, "POST /cart/codes", &[], Some(json!({ "code": "NO" }))).await;
        assert_eq!(wrong.body["codes"][1]["reason"], "code-skipped-not-valid");
        let without = house.call(&guest, "DELETE /cart/codes/HALBE", &[], None).await;
        assert_eq!((without.status, &without.body["total_minor"]), (200, &json!(800)));

        let end = format!("POST {at}/end");
        let ended = house.call(&key, &end, &[("if-match", "\"2\"")], None).await;
        assert_eq!((ended.status, ended.body["state"].as_str()), (200, Some("ended")), "{}", ended.body);
        let again = house.call(&key, &end, &[("if-match", "\"2\"")], None).await;
        assert_eq!((again.status, again.etag.as_deref()), (200, Some("\"3\"")), "it has ended already");
    }

    #[tokio::test]
    async fn what_cannot_be_is_said_by_field() {
        let house = House::open().await;
        let key = house.key(Some(&house.nord), &[WRITE_PROMOTIONS]);
        let with = |more: Value| {
            let mut body = half("CODE");
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (body, fields) in [
            (with(json!({ "id": "mine" })), json!({ "id": "unknown_field" })),
            (with(json!({ "code": "A B" })), json!({ "code": "promotion_invalid" })),
            (with(json!({ "items": { "products": ["NOWHERE"] } })), json!({ "items": "fault-item" })),
            (with(json!({ "stores": ["paper"] })), json!({ "stores": "fault-promotion-store" })),
            (with(json!({ "planet": 1 })), Value::Null),
        ] {
            let refused = house.call(&key, "POST /promotions", &[ATTEMPT], Some(body)).await;
            assert_eq!((refused.status, &refused.body["fields"]), (422, &fields), "{}", refused.body);
        }
        let short = house.call(&key, "POST /promotions", &[("idempotency-key", "short")], Some(half("CODE"))).await;
        assert_eq!(short.body["fields"], json!({ "attempt": "bad_attempt" }));
    }

    #[tokio::test]
    async fn others_get_no_further_than_their_own_seller_and_scope() {
        let house = House::open().await;
        let nord = format!("?seller={}", house.nord);
        let seller = house.person(&["creator"], std::slice::from_ref(&house.nord));
        let made = house.call(&seller, "POST /promotions", &[ATTEMPT], Some(half("HALF"))).await;
        let at = format!("/promotions/{}", made.body["promotion"]["id"].as_str().unwrap());
        let (platform, admin) = (house.key(None, &[READ_PROMOTIONS]), house.person(&["admin"], &[]));
        for ctx in [&platform, &admin] {
            assert_eq!(house.call(ctx, &format!("GET {at}{nord}"), &[], None).await.status, 200);
            let unnamed = house.call(ctx, &format!("GET {at}"), &[], None).await;
            assert_eq!(unnamed.body["fields"], json!({ "seller": "which_seller" }));
        }
        let foreign = house.key(Some(&house.press), &[READ_PROMOTIONS, WRITE_PROMOTIONS]);
        let both = [house.nord.clone(), house.press.clone()];
        for (ctx, line, status) in [
            (house.by(Caller::Anonymous), format!("GET {at}{nord}"), 401),
            (house.by(Caller::Anonymous), "GET /promotions".to_owned(), 401),
            (house.person(&["buyer"], &[]), format!("GET {at}"), 403),
            (house.person(&["buyer"], &[]), format!("GET {at}{nord}"), 404),
            (foreign.clone(), format!("GET {at}"), 404),
            (foreign.clone(), format!("GET {at}{nord}"), 404),
            (foreign, format!("GET /promotions{nord}"), 404),
            (house.key(Some(&house.nord), &["catalog:write"]), format!("GET {at}"), 403),
            (house.key(Some(&house.nord), &[WRITE_PROMOTIONS]), format!("GET {at}"), 403),
            (house.key(Some(&house.nord), &[READ_PROMOTIONS]), format!("POST {at}/end"), 403),
            (platform, format!("POST {at}/end{nord}"), 403),
            (house.person(&["creator"], &both), format!("GET {at}"), 422),
            (house.person(&["creator"], &both), format!("GET {at}{nord}"), 200),
        ] {
            let answer = house.call(&ctx, &line, &[("if-match", "\"1\"")], None).await;
            assert_eq!(answer.status, status, "{line} {:?} {}", ctx.caller, answer.body);
        }
    }
}
