//! Forms of studio and console. Every act answers 303 to the page it came from, with a code of what went wrong.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, Extension, Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use bytes::Bytes;
use futures::SinkExt as _;
use serde::Deserialize;
use tower_http::timeout::TimeoutLayer;
use vitrine_blob::BlobError;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;

use super::{Choice, Desk, Edit, TypedCard, TypedCredit};
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::{back, go};

/// Largest upload, bytes.
const MAX_UPLOAD: usize = 1 << 30;
/// Longest upload.
const UPLOAD_TIME: Duration = Duration::from_secs(30 * 60);
/// Parts of a form that are looked at.
const MAX_PARTS: usize = 16;
/// Largest rows on their own, bytes.
const MAX_ROWS: usize = 16 << 20;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/studio/tax.csv", get(taxes))
        .route("/studio/works/{id}", post(edit))
        .route("/studio/works/{id}/publish", post(publish))
        .route("/studio/works/{id}/archive", post(archive))
        .route("/studio/promotions/{id}", post(promotion))
        .route("/studio/groups", post(make_group))
        .route("/studio/groups/{name}", post(fill_group))
        .route("/studio/groups/{name}/delete", post(delete_group))
        .route("/studio/promotions/{id}/end", post(end_promotion))
        .route("/studio/collections", post(make_collection))
        .route("/studio/collections/{name}", post(change_collection))
        .route("/studio/collections/{name}/delete", post(delete_collection))
        .route("/studio/works/{id}/collections", post(choose_collections))
        .route("/studio/shipping/{store}/{part}", post(shipping))
        .route("/studio/gift-cards/{store}", post(gift_cards))
        .route("/studio/tax-settings/{store}", post(tax_setting))
        .route("/studio/tax-settings/{store}/registrations", post(registration))
        .route("/admin/orders/{id}/ship", post(ship))
        .route("/admin/orders/{id}/refund", post(refund))
        .route("/admin/orders/{id}/credit", post(credit))
        .route("/admin/orders/{id}/void", post(void))
        .route("/admin/orders/{id}/place", post(settle_place))
        .route("/admin/value", post(issue))
        .route("/admin/value/{id}/resend", post(resend))
        .route("/admin/value/{id}/end", post(end))
        .route("/admin/jobs", post(revive))
        .route("/admin/rates", post(rates))
        .merge(super::prices::routes())
}

/// Routes that take bodies larger and slower than others; they limit them themselves.
pub fn uploads() -> Router<App> {
    Router::new()
        .route("/admin/import/upload", post(import))
        .layer(DefaultBodyLimit::max(MAX_UPLOAD))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, UPLOAD_TIME))
}

/// Whose report, of which month.
#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    month: String,
}

/// A file for spreadsheets, UTF-8 with a byte order mark: without it they read it in some old code page.
pub(super) fn csv_file(name: &str, done: Result<String>) -> Response {
    match done {
        Ok(text) => {
            let head = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (head, format!("\u{feff}{text}")).into_response()
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn taxes(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Query(asked): Query<Reported>) -> Response {
    let done = Desk::new(app).taxes_csv(&ctx, &asked.tenant, &asked.month).await;
    let name = done.as_ref().map(|(month, _)| format!("tax-{month}.csv")).unwrap_or_default();
    csv_file(&name, done.map(|(_, text)| text))
}

async fn edit(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let edit = Edit {
        title: text("title"),
        latin: text("latin"),
        description: text("description"),
        prices: form.iter().filter(|(n, _)| n.starts_with("price-")).map(|(n, v)| (n.clone(), v.clone())).collect(),
        rev: text("rev").parse().unwrap_or(-1),
    };
    let desk = Desk::new(app);
    let preview = form.contains_key("preview");
    let done = if preview { desk.keep_for_preview(&ctx, &id, &edit).await } else { desk.edit(&ctx, &id, &edit).await };
    let done = match done {
        Err(problem) if problem.status == 422 => {
            let faults: BTreeMap<String, String> = problem.fields.clone();
            desk.keep(&ctx, &id, &edit, &faults).await.and(Err(problem))
        }
        Ok(()) if preview => return go(&format!("/preview/{id}"), &[]),
        done => done,
    };
    back(&format!("/studio/works/{id}"), "", done)
}

#[derive(Deserialize)]
struct Seen {
    rev: i64,
}

async fn publish(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Response {
    back(&format!("/studio/works/{id}"), "", Desk::new(app).publish(&ctx, &id, true, seen.rev).await)
}

async fn archive(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Response {
    back(&format!("/studio/works/{id}"), "", Desk::new(app).publish(&ctx, &id, false, seen.rev).await)
}

async fn promotion(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    match Desk::new(app).save_promotion(&ctx, &id, &form).await {
        Ok(id) => go(&promotion_page(&id, &form, "done=1&"), &[]),
        Err(problem) => back(&promotion_page(&id, &form, "kept=1&"), "", Err(problem)),
    }
}

fn tenant_of(form: &BTreeMap<String, String>) -> String {
    vitrine_shared::query::encode(form.get("tenant").map(String::as_str).unwrap_or_default())
}

async fn make_group(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let tenant = tenant_of(&form);
    match Desk::new(app).make_group(&ctx, &form).await {
        Ok(name) => go(&format!("/studio/groups/{name}?done=1&tenant={tenant}"), &[]),
        Err(problem) => back(&format!("/studio/groups?kept=1&tenant={tenant}"), "", Err(problem)),
    }
}

async fn fill_group(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(name): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let page = format!("/studio/groups/{}?tenant={}", vitrine_shared::query::encode(&name), tenant_of(&form));
    match Desk::new(app).fill_group(&ctx, &name, &form).await {
        Ok(_) => back(&page, "", Ok(())),
        Err(problem) => back(&format!("{page}&kept=1"), "", Err(problem)),
    }
}

async fn delete_group(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(name): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let tenant = tenant_of(&form);
    match Desk::new(app).delete_group(&ctx, &name, form.get("tenant").map_or("", String::as_str)).await {
        Ok(()) => go(&format!("/studio/groups?done=1&tenant={tenant}"), &[]),
        Err(problem) => {
            back(&format!("/studio/groups/{}?tenant={tenant}", vitrine_shared::query::encode(&name)), "", Err(problem))
        }
    }
}

async fn make_collection(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let tenant = tenant_of(&form);
    match Desk::new(app).make_collection(&ctx, &form).await {
        Ok(name) => go(&format!("/studio/collections/{name}?done=1&tenant={tenant}"), &[]),
        Err(problem) => back(&format!("/studio/collections?kept=1&tenant={tenant}"), "", Err(problem)),
    }
}

async fn change_collection(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(name): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let page = format!("/studio/collections/{}?tenant={}", vitrine_shared::query::encode(&name), tenant_of(&form));
    match Desk::new(app).change_collection(&ctx, &name, &form).await {
        Ok(()) => back(&page, "", Ok(())),
        Err(problem) => back(&format!("{page}&kept=1"), "", Err(problem)),
    }
}

async fn delete_collection(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(name): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let tenant = tenant_of(&form);
    match Desk::new(app).delete_collection(&ctx, &name, form.get("tenant").map_or("", String::as_str)).await {
        Ok(()) => go(&format!("/studio/collections?done=1&tenant={tenant}"), &[]),
        Err(problem) => {
            let page = format!("/studio/collections/{}?tenant={tenant}", vitrine_shared::query::encode(&name));
            back(&page, "", Err(problem))
        }
    }
}

async fn choose_collections(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let rev = form.get("rev").and_then(|rev| rev.parse().ok()).unwrap_or(-1);
    let done = Desk::new(app).choose_collections(&ctx, &id, rev, &form).await;
    back(&format!("/studio/works/{id}"), "", done)
}

async fn shipping(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path((store, part)): Path<(String, String)>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    use vitrine_shared::query::encode;

    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let done = Desk::new(app).save_shipping(&ctx, &store, &part, &form).await;
    let page = format!("/studio/shipping/{}", encode(&store));
    if done.is_ok() || said("act") == "remove" {
        return back(&page, "", done);
    }
    back(&format!("{page}/{}?kept=1&was={}", encode(&part), encode(said("was"))), "", done)
}

async fn gift_cards(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(store): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    use vitrine_shared::query::encode;

    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let done = Desk::new(app).save_gift_setting(&ctx, &store, &form).await;
    let page = format!("/studio/gift-cards/{}", encode(&store));
    if done.is_ok() || !said("act").is_empty() {
        return back(&page, "", done);
    }
    back(&format!("{page}?kept=1&was={}", encode(said("was"))), "", done)
}

async fn tax_setting(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(store): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let done = Desk::new(app).save_tax_setting(&ctx, &store, &form).await;
    let kept = if done.is_ok() { "" } else { "?kept=1" };
    back(&format!("/studio/tax-settings/{}{kept}", vitrine_shared::query::encode(&store)), "", done)
}

#[derive(Deserialize)]
struct Registered {
    code: String,
    #[serde(default)]
    act: String,
    rev: i64,
}

async fn registration(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(store): Path<String>,
    Form(said): Form<Registered>,
) -> Response {
    let ends = said.act == "remove";
    let done = Desk::new(app).change_registration(&ctx, &store, &said.code, !ends, said.rev).await;
    back(&format!("/studio/tax-settings/{}", vitrine_shared::query::encode(&store)), "", done)
}

/// The page of a promotion, with whose it is: administrators are members of no seller.
fn promotion_page(id: &str, form: &BTreeMap<String, String>, told: &str) -> String {
    let tenant = form.get("tenant").map(String::as_str).unwrap_or_default();
    format!("/studio/promotions/{id}?{told}tenant={}", vitrine_shared::query::encode(tenant))
}

async fn end_promotion(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let rev = text("rev").parse().unwrap_or(-1);
    let done = Desk::new(app).end_promotion(&ctx, &id, text("tenant"), rev).await;
    back(&promotion_page(&id, &form, ""), "", done)
}

fn lines(form: &[(String, String)]) -> Vec<usize> {
    form.iter().filter(|(name, _)| name == "line").filter_map(|(_, n)| n.parse().ok()).collect()
}

fn value(form: &[(String, String)], name: &str) -> String {
    form.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
}

async fn ship(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(order) = id.parse::<OrderId>() else { return ProblemResponse(Problem::not_found("order")).into_response() };
    let done = app.checkouts.ship(&ctx, &order, &lines(&form), &value(&form, "tracking")).await;
    back(&format!("/admin/orders/{id}"), "", done)
}

async fn refund(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (attempt, reason) = (value(&form, "attempt"), value(&form, "reason"));
    let restock = form.iter().any(|(n, _)| n == "restock");
    let choice = Choice::of(form);
    let desk = Desk::new(app);
    let done = desk.refund(&ctx, &id, &choice, attempt, restock, &reason).await;
    // What was written beside the choice stays too.
    if let Err(problem) = desk.keep_refund(&ctx, &id, done.is_err().then_some((reason, restock))).await {
        tracing::warn!(code = problem.code, order = id, "what was typed for a refund could not be kept");
    }
    // What was chosen stays on the page that asks.
    let page = match done {
        Ok(()) => format!("/admin/orders/{id}"),
        Err(_) => format!("/admin/orders/{id}/refund?{}", choice.query()),
    };
    back(&page, "", done)
}

async fn credit(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(order) = id.parse::<OrderId>() else { return ProblemResponse(Problem::not_found("order")).into_response() };
    let credit = TypedCredit {
        attempt: value(&form, "attempt"),
        amount: value(&form, "credit_amount"),
        ends: value(&form, "credit_ends"),
        reason: value(&form, "credit_reason"),
    };
    let done = Desk::new(app).credit_order(&ctx, &order, credit).await;
    back(&format!("/admin/orders/{id}"), "", done)
}

async fn void(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(order) = id.parse::<OrderId>() else { return ProblemResponse(Problem::not_found("order")).into_response() };
    let [invoice, reason] = ["invoice", "void_reason"].map(|name| value(&form, name));
    let done = Desk::new(app).void_invoice(&ctx, &order, &invoice, &reason).await;
    back(&format!("/admin/orders/{id}"), "", done)
}

async fn settle_place(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(order) = id.parse::<OrderId>() else { return ProblemResponse(Problem::not_found("order")).into_response() };
    let done = Desk::new(app).settle_place(&ctx, &order, &value(&form, "place_reason")).await;
    back(&format!("/admin/orders/{id}"), "", done)
}

async fn issue(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(card): Form<TypedCard>) -> Response {
    match Desk::new(app).issue_card(&ctx, card).await {
        Ok(id) => go(&format!("/admin/value/{id}?done=1"), &[]),
        Err(problem) => back("/admin/value?kept=1", "", Err(problem)),
    }
}

async fn resend(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let done = Desk::new(app).resend_card(&ctx, &id, &value(&form, "attempt")).await;
    back(&format!("/admin/value/{id}"), "", done)
}

async fn end(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let done = Desk::new(app).end_value(&ctx, &id, &value(&form, "reason")).await;
    back(&format!("/admin/value/{id}"), "", done)
}

#[derive(Deserialize)]
struct Named {
    kind: String,
    key: String,
}

async fn revive(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(job): Form<Named>) -> Response {
    back("/admin/jobs", "", Desk::new(app).revive(&ctx, &job.kind, &job.key).await)
}

async fn rates(State(app): State<App>, Extension(ctx): Extension<OpCtx>, mut form: Multipart) -> Response {
    let kept = async {
        // Asked before the body is read.
        crate::authz::staff(&ctx, crate::rates::WRITE)?;
        let bad = |_| Problem::invalid("file", "rates_unread", "The file could not be read.");
        let mut file = Bytes::new();
        while let Some(field) = form.next_field().await.map_err(bad)? {
            if field.name() == Some("file") {
                file = field.bytes().await.map_err(bad)?;
                break;
            }
        }
        Desk::new(app).keep_rates(&ctx, &file).await
    };
    back("/admin/rates", "", kept.await)
}

async fn import(State(app): State<App>, Extension(ctx): Extension<OpCtx>, mut form: Multipart) -> Response {
    let desk = Desk::new(app);
    let begun = async {
        // Asked before the body is read: nobody else may make the server read it.
        crate::authz::staff(&ctx, "catalog:import")?;
        let mut parts = 0;
        while let Some(mut field) = form.next_field().await.map_err(unread)? {
            parts += 1;
            if parts > MAX_PARTS {
                break;
            }
            if field.name() == Some("rows") {
                let first = field.chunk().await.map_err(unread)?.unwrap_or_default();
                return if first.starts_with(b"PK\x03\x04") {
                    archived(&desk, &ctx, first, field).await
                } else {
                    let rows = text(first, field).await?;
                    desk.begin_import(&ctx, rows).await
                };
            }
        }
        Err(Problem::invalid("rows", "fault-empty", "Choose a file with at least one row."))
    };
    match begun.await {
        Ok(id) => go(&format!("/admin/import/{id}"), &[]),
        Err(problem) => back("/admin/import", "", Err(problem)),
    }
}

fn unread(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::invalid("rows", "fault-archive-large", "An archive has at most 1 GB.");
    }
    Problem::invalid("rows", "fault-rows", "The file could not be read.")
}

async fn text(first: Bytes, mut field: Field<'_>) -> Result<String> {
    let mut all = first.to_vec();
    while let Some(chunk) = field.chunk().await.map_err(unread)? {
        all.extend_from_slice(&chunk);
        if all.len() > MAX_ROWS {
            return Err(Problem::invalid("rows", "fault-rows-large", "Rows on their own have at most 16 MB."));
        }
    }
    String::from_utf8(all).map_err(|_| Problem::invalid("rows", "fault-rows", "The rows are not text in UTF-8."))
}

/// Hands an archive on to the store as it comes.
async fn archived(desk: &Desk, ctx: &OpCtx, first: Bytes, mut field: Field<'_>) -> Result<String> {
    let (mut send, receive) = futures::channel::mpsc::channel(2);
    let feed = async move {
        // The store stopped listening if it failed; its own answer says why.
        if send.send(Ok(first)).await.is_err() {
            return Ok(());
        }
        loop {
            match field.chunk().await {
                Ok(Some(chunk)) => {
                    if send.send(Ok(chunk)).await.is_err() {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    // A stream that fails leaves nothing behind.
                    let broken = BlobError::Unavailable("the upload broke off".into());
                    drop(send.send(Err(broken)).await);
                    return Err(unread(error));
                }
            }
        }
    };
    let (fed, begun) = futures::join!(feed, desk.begin_archive(ctx, Box::pin(receive)));
    fed.and(begun)
}
