//! Putting in, changing, taking out, undo.

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use std::collections::HashMap;
use vitrine_pricing::money::Money;
use vitrine_pricing::shown_in;
use vitrine_shared::Problem;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::id::VariantId;

use crate::cart::Add;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::ctx::CART_COOKIE;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cart/add", post(add))
        .route("/cart/set", post(set))
        .route("/cart/later", post(later))
        .route("/cart/undo", post(undo))
        .route("/cart/code", post(code))
}

/// Where a fault is shown: the cart's page with its code.
fn trouble(problem: &Problem) -> Response {
    if problem.status == 503 {
        // Not the cart's trouble: the whole shop has it, and whoever waits is told for how long.
        return ProblemResponse(problem.clone()).into_response();
    }
    let said = problem.fields.values().next().unwrap_or(&problem.code);
    let code: String = said.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    go(&format!("/cart?trouble={code}"), &[])
}

fn cookie(token: &str) -> String {
    format!("{CART_COOKIE}={token}; Path=/; Max-Age=5184000; Secure; HttpOnly; SameSite=Lax")
}

async fn add(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    match added(&app, &ctx, &form).await {
        Ok(cookies) => go(if form.contains_key("buy") { "/checkout" } else { "/cart" }, &cookies),
        Err(problem) => trouble(&problem),
    }
}

async fn added(app: &App, ctx: &OpCtx, form: &HashMap<String, String>) -> Result<Vec<String>> {
    let variant: VariantId = form
        .get("variant")
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| Problem::invalid("variant", "no_edition", "Choose an edition."))?;
    // As the page said; without a word the market's.
    let code = form.get(&format!("currency-{variant}"));
    let named_in = code.and_then(|code| shown_in::shown(code)).unwrap_or(ctx.sold_in().currency);
    let named_minor = match form.get(&format!("price-{variant}")).map(|t| t.trim()).filter(|t| !t.is_empty()) {
        Some(text) => Some(
            Money::parse(&text.replace(',', "."), named_in)
                .map_err(|_| Problem::invalid("price", "bad_amount", "This is no amount."))?
                .minor(),
        ),
        None => None,
    };
    let changed = app
        .carts
        .add(ctx, ctx.cart.as_deref(), &Add { variant, quantity: 1, named_minor, named_in: Some(named_in) })
        .await?;
    Ok(changed.token.map(|t| cookie(&t)).into_iter().collect())
}

/// A form's fields in its order, as names may come more than once.
type Fields = Vec<(String, String)>;

fn all<'a>(form: &'a Fields, wanted: &'static str) -> impl Iterator<Item = &'a String> + Clone {
    form.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value)
}

/// `variant` and `quantity` as often as lines change, `rev`; `then=checkout` goes on to the checkout.
async fn set(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(form): Form<Fields>) -> Response {
    match kept(&app, &ctx, &form).await {
        // Nothing to set is no change.
        Ok(pieces) if pieces.is_empty() => trouble(&Problem::not_found("cart line")),
        Ok(pieces) if pieces.iter().any(|(_, quantity)| *quantity == 0) => go("/cart?undo=1", &[]),
        Ok(_) if all(&form, "then").any(|value| value == "checkout") => go("/checkout", &[]),
        Ok(_) => go("/cart", &[]),
        Err(problem) => trouble(&problem),
    }
}

/// Keeps the numbers of pieces that a form brings; a form without any changes nothing.
async fn kept(app: &App, ctx: &OpCtx, form: &Fields) -> Result<Vec<(VariantId, u32)>> {
    let pieces = read_pieces(form)?;
    if !pieces.is_empty() {
        app.carts.set(ctx, ctx.cart.as_deref(), &pieces, read_rev(form)?).await?;
    }
    Ok(pieces)
}

fn read_pieces(form: &Fields) -> Result<Vec<(VariantId, u32)>> {
    let number = || Problem::invalid("quantity", "bad_quantity", "Say how many pieces, as a number.");
    let gone = || Problem::not_found("cart line");
    let (variants, quantities) = (all(form, "variant"), all(form, "quantity"));
    if variants.clone().count() != quantities.clone().count() {
        return Err(number());
    }
    let read = |(variant, quantity): (&String, &String)| {
        Ok((variant.parse().map_err(|_| gone())?, quantity.trim().parse().map_err(|_| number())?))
    };
    let pieces: Vec<(VariantId, u32)> = variants.zip(quantities).map(read).collect::<Result<_>>()?;
    let twice = |i: usize, variant: &VariantId| pieces[..i].iter().any(|(before, _)| before == variant);
    if pieces.len() > MAX_LINES || pieces.iter().enumerate().any(|(i, (v, _))| twice(i, v)) {
        return Err(gone());
    }
    Ok(pieces)
}

fn read_rev(form: &Fields) -> Result<i64> {
    let rev = all(form, "rev").next().and_then(|rev| rev.parse().ok());
    rev.ok_or_else(|| Problem::invalid("rev", "missing", "Look at the cart again."))
}

/// `line`, `later` and `rev`; with what was chosen of other lines and is not kept yet, as in [`set`].
async fn later(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(form): Form<Fields>) -> Response {
    match moved(&app, &ctx, &form).await {
        Ok(()) => go("/cart", &[]),
        Err(problem) => trouble(&problem),
    }
}

async fn moved(app: &App, ctx: &OpCtx, form: &Fields) -> Result<()> {
    let line = all(form, "line").next().and_then(|line| line.parse::<VariantId>().ok());
    let line = line.ok_or_else(|| Problem::not_found("cart line"))?;
    let later = all(form, "later").next().and_then(|later| later.parse().ok());
    let later = later.ok_or_else(|| Problem::invalid("later", "bad_value", "Say true or false."))?;
    let (pieces, rev) = (read_pieces(form)?, read_rev(form)?);
    app.carts.later(ctx, ctx.cart.as_deref(), &line, later, &pieces, rev).await.map(drop)
}

#[derive(Deserialize)]
struct Undo {
    rev: i64,
}

async fn undo(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(form): Form<Undo>) -> Response {
    match app.carts.undo(&ctx, ctx.cart.as_deref(), form.rev).await {
        Ok(_) => go("/cart", &[]),
        Err(problem) => trouble(&problem),
    }
}

/// `discount` is kept as it was typed; `drop` names a code to take out.
#[derive(Default)]
pub(super) struct Code {
    discount: String,
    drop: Option<String>,
}

impl Code {
    pub(super) const fn new(discount: String, drop: Option<String>) -> Self {
        Self { discount, drop }
    }
}

/// `discount` or `drop`; with what was chosen and is not kept yet, as in [`set`].
async fn code(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(form): Form<Fields>) -> Response {
    let one = |name| all(&form, name).next().cloned();
    let code = Code::new(one("discount").unwrap_or_default(), one("drop"));
    let done = match kept(&app, &ctx, &form).await {
        Ok(_) => coded(&app, &ctx, &code).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => go("/cart#codes", &[]),
        Err(problem) => trouble(&problem),
    }
}

/// Puts a discount code into the cart or takes it out. One that is none of these sellers' is kept all the same, so that the page says so, and
/// is counted as a wrong secret.
pub(super) async fn coded(app: &App, ctx: &OpCtx, form: &Code) -> Result<()> {
    if let Some(drop) = &form.drop {
        return app.carts.drop_code(ctx, ctx.cart.as_deref(), drop).await.map(|_| ());
    }
    app.checkouts.apply_discount(ctx, &form.discount).await
}
