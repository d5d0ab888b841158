//! Handlers of the public interface: from HTTP to a service and back, nothing else.

use axum::body::{Body, Bytes};
use axum::extract::{Extension, FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::response::IntoResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use vitrine_shared::Problem;
use vitrine_shared::catalog::MakerKind;
use vitrine_shared::id::{AssetId, CustomerId, VariantId, WorkId};
use vitrine_shared::query::{ListQuery, MAX_PAGE, PAGE, decode};

use super::{ProblemResponse, shapes};
use crate::cart::Add;
use crate::catalog::views::shown_by;
use crate::changes::{LISTS, Reads};
use crate::checkout::Placing;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::Result;
use crate::pricing;
use crate::state::App;
use crate::web::http::names_tag;

pub(super) type Answer = std::result::Result<Response<Body>, ProblemResponse>;
pub(super) type Ctx = Extension<OpCtx>;
/// Where to say what an answer shows, if it may be kept.
type Shows = Option<Extension<Reads>>;

/// A JSON body; whatever is wrong with it is a [`Problem`].
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, ProblemResponse> {
        let bytes = json_body(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            let status = if e.is_data() { 422 } else { 400 };
            Problem { status, ..unfit(&e) }.into()
        })
    }
}

/// A body that is not what its endpoint takes.
pub(super) fn unfit(why: &dyn std::fmt::Display) -> Problem {
    Problem::new(422, "bad_json", "The body is not what this endpoint takes.").detail(why.to_string())
}

/// What a body says, where it is looked at only once it is known that the caller may say it.
pub(super) fn said<T: DeserializeOwned>(body: serde_json::Value) -> Result<T> {
    serde_json::from_value(body).map_err(|e| unfit(&e))
}

/// The bytes of a body that says it is JSON.
async fn json_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    if !says(&request, &["application/json"]) {
        return Err(Problem::new(415, "not_json", "Send the body as application/json."));
    }
    body(request, state).await
}

/// Whether the body says that it is of one of these types, whatever their parameters.
fn says(request: &Request, types: &[&str]) -> bool {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let said = said.and_then(|t| t.split(';').next()).map(str::trim);
    said.is_some_and(|said| types.iter().any(|t| said.eq_ignore_ascii_case(t)))
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|e| Problem::new(e.status().as_u16(), "bad_body", "The body could not be read."))
}

/// Rows of the import format, one JSON object a line; a body that says it is anything else is refused.
async fn rows<S: Send + Sync>(request: Request, state: &S) -> Result<String> {
    if !says(&request, &["application/x-ndjson", "application/jsonl"]) {
        return Err(Problem::new(415, "not_rows", "Send the rows as application/x-ndjson, one JSON object a line."));
    }
    let rows = String::from_utf8(body(request, state).await?.into());
    rows.map_err(|_| Problem::invalid("body", "fault-rows", "The rows are not text in UTF-8."))
}

/// A document of the pricing door; whatever is wrong with it names the field.
pub(super) struct Priced(vitrine_pricing::quote::Document);

impl<S: Send + Sync> FromRequest<S> for Priced {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, ProblemResponse> {
        Ok(Self(pricing::read(&json_body(request, state).await?)?))
    }
}

pub(super) async fn quote(State(app): State<App>, ctx: Ctx, Priced(document): Priced) -> Answer {
    ok(&app.quotes.quote(&ctx, document).await?)
}

pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|e| crate::fault::internal("an answer", &e))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

pub(super) fn ok<T: Serialize>(value: &T) -> Answer {
    json(StatusCode::OK, value)
}

/// An answer that caches may keep and ask about: its tag is the hash of its body.
fn tagged<T: Serialize>(value: &T, asked: &HeaderMap) -> Answer {
    let body = serde_json::to_vec(value).map_err(|e| crate::fault::internal("an answer", &e))?;
    let tag = format!("\"{}\"", crate::media::hex(&Sha256::digest(&body)[..16]));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let fresh = names_tag(known, &tag);
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(body)) };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie, authorization"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

fn note<'a>(shown: Shows, keys: impl IntoIterator<Item = &'a str>) {
    if let Some(Extension(reads)) = shown {
        reads.note(keys);
    }
}

pub(super) fn param(uri: &Uri, name: &str) -> Option<String> {
    let pair = uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = decode(pair);
    (!value.is_empty()).then_some(value)
}

/// The cursor in an address that a page's "more" leads to.
fn next(more: Option<String>) -> Option<String> {
    let more = more?;
    more.split_once("cursor=").map(|(_, cursor)| decode(cursor))
}

fn bad_id(what: &str) -> Problem {
    Problem::not_found(what)
}

pub(super) async fn health() -> Answer {
    ok(&shapes::Health { status: "ok".into() })
}

/// The cursor of a list's page, from 2 to [`MAX_PAGE`]: `p2`.
pub fn cursor_of(page: u32) -> String {
    format!("p{page}")
}

/// The page behind a cursor; `None`: it is none that [`cursor_of`] makes.
pub fn page_of(cursor: &str) -> Option<u32> {
    let page: u32 = cursor.strip_prefix('p')?.parse().ok()?;
    ((2..=MAX_PAGE).contains(&page) && cursor_of(page) == cursor).then_some(page)
}

pub(super) async fn search(State(app): State<App>, ctx: Ctx, shown: Shows, uri: Uri, headers: HeaderMap) -> Answer {
    note(shown, [LISTS]);
    let mut query = ListQuery::parse(uri.query().unwrap_or_default());
    query.page = match param(&uri, "cursor") {
        None => 1,
        Some(cursor) => page_of(&cursor)
            .ok_or_else(|| Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list."))?,
    };
    let (view, _) = app.catalog.list(&ctx, &query, "/catalog").await?;
    let seen = u64::from(query.page) * u64::from(PAGE);
    let next = (seen < view.total && query.page < MAX_PAGE).then(|| cursor_of(query.page + 1));
    tagged(&shapes::Listing { items: &view.cards, total: view.total, next }, &headers)
}

pub(super) async fn item(
    State(app): State<App>,
    ctx: Ctx,
    shown: Shows,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let id: WorkId = id.parse().map_err(|_| bad_id("item"))?;
    let item = app.catalog.item(&ctx, &id).await?;
    note(shown, shown_by(&item).iter().map(String::as_str));
    tagged(&item, &headers)
}

pub(super) async fn artist(
    State(app): State<App>,
    ctx: Ctx,
    shown: Shows,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Answer {
    note(shown, [LISTS]);
    tagged(&app.catalog.maker(&ctx, MakerKind::Artist, &slug).await?, &headers)
}

pub(super) async fn cart(State(app): State<App>, ctx: Ctx) -> Answer {
    ok(&app.checkouts.cart_view(&ctx).await?)
}

pub(super) async fn add(State(app): State<App>, ctx: Ctx, Json(add): Json<shapes::AddToCart>) -> Answer {
    let variant: VariantId = add.variant.parse().map_err(|_| bad_id("edition"))?;
    let named_in = add.named_in.map(|code| {
        vitrine_pricing::shown_in::shown(&code).ok_or_else(|| {
            Problem::invalid("named_in", "unknown_currency", "named_in: not a currency that is paid in here.")
        })
    });
    let add = Add { variant, quantity: add.quantity, named_minor: add.named_minor, named_in: named_in.transpose()? };
    let changed = app.carts.add(&ctx, ctx.cart.as_deref(), &add).await?;
    let mut seen = ctx.0.clone();
    seen.cart = changed.token.clone().or(seen.cart);
    let cart = app.checkouts.view_of(&seen, &changed.cart).await?;
    ok(&shapes::Carted { cart, cart_token: changed.token })
}

pub(super) async fn set(
    State(app): State<App>,
    ctx: Ctx,
    Path(variant): Path<String>,
    Json(line): Json<shapes::SetLine>,
) -> Answer {
    let variant: VariantId = variant.parse().map_err(|_| bad_id("cart line"))?;
    let cart = app.carts.set(&ctx, ctx.cart.as_deref(), &[(variant, line.quantity)], line.rev).await?;
    ok(&app.checkouts.view_of(&ctx, &cart).await?)
}

pub(super) async fn add_code(State(app): State<App>, ctx: Ctx, Json(body): Json<shapes::CartCode>) -> Answer {
    app.checkouts.apply_discount(&ctx, &body.code).await?;
    ok(&app.checkouts.cart_view(&ctx).await?)
}

pub(super) async fn drop_code(State(app): State<App>, ctx: Ctx, Path(code): Path<String>) -> Answer {
    let cart = app.carts.drop_code(&ctx, ctx.cart.as_deref(), &code).await?;
    ok(&app.checkouts.view_of(&ctx, &cart).await?)
}

pub(super) async fn create_session(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(wish): Json<shapes::CreateSession>,
) -> Answer {
    let attempt = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let placing = Placing {
        attempt,
        form: wish.form,
        seen_minor: wish.seen_minor,
        seen_currency: wish.seen_currency,
        due_minor: wish.due_minor,
        nothing_owned: false,
    };
    let placed = app.checkouts.place(&ctx, &placing).await?;
    ok(&shapes::Session { id: placed.id.to_string(), key: placed.secret, pay_url: placed.pay_url })
}

pub(super) async fn order(State(app): State<App>, ctx: Ctx, Path(id): Path<String>, uri: Uri) -> Answer {
    let key = param(&uri, "key");
    let locale = app.catalog.place(&ctx).locale;
    let mut view = app.talk.order_view(&ctx, &id, key.as_deref(), locale).await?;
    app.invoices.link(&mut view, key.as_deref()).await?;
    ok(&view)
}

async fn customers(app: &App, ctx: &OpCtx, want: &shapes::WantFiles) -> Result<Vec<CustomerId>> {
    match (&want.order, &want.key) {
        (Some(order), Some(key)) => Ok(vec![app.checkouts.buyers(ctx, order, Some(key)).await?.customer]),
        _ => {
            crate::authz::user(ctx)?;
            app.checkouts.customers(ctx).await
        }
    }
}

pub(super) async fn download(State(app): State<App>, ctx: Ctx, Json(want): Json<shapes::WantFiles>) -> Answer {
    let customers = customers(&app, &ctx, &want).await?;
    let assets: std::result::Result<Vec<AssetId>, _> =
        want.asset_id.iter().chain(&want.asset_ids).map(|a| a.parse()).collect();
    let assets = assets.map_err(|_| Problem::invalid("assetIds", "bad_id", "An id is not one of a file."))?;
    let link = app.downloads.link(&ctx, &customers, assets).await?;
    ok(&shapes::FileLink { url: link.url, dl_token: link.dl_token })
}

pub(super) async fn entitlements(State(app): State<App>, ctx: Ctx, uri: Uri) -> Answer {
    let customers = app.checkouts.customers(&ctx).await?;
    let want = ListQuery::parse(uri.query().unwrap_or_default());
    let view = app.library.list(&ctx, &customers, &want, param(&uri, "cursor").as_deref()).await?;
    ok(&shapes::Entitlements { items: view.items, next: view.next })
}

pub(super) async fn entitlement(State(app): State<App>, ctx: Ctx, Path(work): Path<String>) -> Answer {
    let customers = app.checkouts.customers(&ctx).await?;
    crate::authz::user(&ctx)?;
    let work: WorkId = work.parse().map_err(|_| bad_id("work"))?;
    ok(&app.library.entry(&ctx, &customers, &work).await?)
}

pub(super) async fn invoices(State(app): State<App>, ctx: Ctx, uri: Uri) -> Answer {
    let customers = app.checkouts.customers(&ctx).await?;
    let place = app.catalog.place(&ctx);
    let view = app.invoices.list(&place, &customers, param(&uri, "cursor").as_deref()).await?;
    ok(&shapes::Invoices { items: view.rows, next: next(view.more) })
}

pub(super) async fn invoice(State(app): State<App>, ctx: Ctx, Path(id): Path<String>, uri: Uri) -> Answer {
    let key = param(&uri, "key");
    let place = app.catalog.place(&ctx);
    ok(&app.invoices.view(&ctx, &app.checkouts, &place, &id, key.as_deref()).await?)
}

pub(super) async fn import(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let desk = Desk::new(app.clone());
    // Who may not is told so, whatever they send.
    desk.may_import(&ctx)?;
    let id = desk.begin_import(&ctx, rows(request, &app).await?).await?;
    json(StatusCode::ACCEPTED, &shapes::ImportBegun { id })
}

pub(super) async fn import_report(State(app): State<App>, ctx: Ctx, Path(id): Path<String>) -> Answer {
    match Desk::new(app).import_report(&ctx, &id).await? {
        Some(report) => ok(&report),
        None => Err(Problem::conflict("still_running", "The import is running. Ask again in a moment.").into()),
    }
}
