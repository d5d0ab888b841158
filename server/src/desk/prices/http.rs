//! Forms and files of the price list. Every act answers 303; what would change is shown before it does.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Extension, Multipart, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_shared::Problem;
use vitrine_shared::pricelist::Typed;
use vitrine_shared::query::encode;

use super::{Cell, EndForm, GridAsk, GridForm};
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::desk::http::csv_file;
use crate::fault::Result;
use crate::state::App;
use crate::web::http::{back, go};

/// Characters of each part of which page it is; our own are shorter.
const MOST_ASKED: usize = 500;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/studio/prices/file.csv", get(file))
        .route("/studio/prices/grid", post(grid))
        .route("/studio/prices/import", post(import))
        .route("/studio/prices/edition/{id}", post(edition))
        .route("/studio/prices/edition/{id}/end", post(end))
        .route("/studio/prices/changes/{id}", post(confirm))
}

/// To what would change, or back with what is wrong; `path` has a query.
fn shown(path: &str, done: Result<String>) -> Response {
    match done {
        Ok(attempt) => go(&format!("/studio/prices/changes/{attempt}"), &[]),
        Err(problem) => back(path, "", Err(problem)),
    }
}

#[derive(Deserialize)]
struct Whose {
    #[serde(default)]
    seller: String,
}

async fn file(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Query(whose): Query<Whose>) -> Response {
    csv_file("prices.csv", Desk::new(app).prices_csv(&ctx, &whose.seller).await)
}

async fn grid(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    // They go back into an address.
    let bounded = |name: &str| text(name).chars().take(MOST_ASKED).collect::<String>();
    let mut sent = GridForm {
        ask: GridAsk { seller: bounded("seller"), at: bounded("at"), q: bounded("q"), after: bounded("after") },
        ..GridForm::default()
    };
    for (name, value) in &form {
        if let Some(field) = name.strip_prefix("price-") {
            let was = text(&format!("was-{field}"));
            sent.cells.push(Cell { field: field.to_owned(), typed: value.clone(), was });
        } else if let Some(work) = name.strip_prefix("rev-") {
            sent.revs.insert(work.to_owned(), value.parse().unwrap_or(-1));
        }
    }
    sent.cells.sort_by(|a, b| a.field.cmp(&b.field));
    let desk = Desk::new(app);
    let done = match desk.propose_grid(&ctx, &sent).await {
        Err(problem) if matches!(problem.status, 409 | 422) => {
            desk.keep_grid(&ctx, &sent, &problem.fields).await.and(Err(problem))
        }
        done => done,
    };
    shown(&sent.ask.href("&kept=1"), done)
}

async fn edition(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let typed = Typed {
        region: text("region"),
        currency: text("currency"),
        kind: text("kind"),
        amount: text("amount"),
        minimum: text("minimum"),
        compare_at: text("compare_at"),
        min_quantity: text("min_quantity"),
        from: text("from"),
        to: text("to"),
    };
    let (key, rev) = (text("key"), text("rev").parse().unwrap_or(-1));
    let desk = Desk::new(app);
    let done = match desk.propose_price(&ctx, &id, &typed, &key, rev).await {
        Err(problem) if matches!(problem.status, 409 | 422) => {
            let faults: BTreeMap<String, String> = problem.fields.clone();
            desk.keep_price(&ctx, &id, &typed, &key, &faults).await.and(Err(problem))
        }
        done => done,
    };
    shown(&format!("/studio/prices/edition/{}?kept=1", encode(&id)), done)
}

async fn end(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let end = EndForm { key: text("key"), at: text("at"), rev: text("rev").parse().unwrap_or(-1) };
    let path = format!("/studio/prices/edition/{}?price={}", encode(&id), encode(&end.key));
    shown(&path, Desk::new(app).propose_end(&ctx, &id, &end).await)
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    seen: String,
}

async fn confirm(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(attempt): Path<String>,
    Form(form): Form<Seen>,
) -> Response {
    match Desk::new(app).carry_out(&ctx, &attempt, &form.seen).await {
        Ok(path) => back(&path, "", Ok(())),
        Err(problem) => back(&format!("/studio/prices/changes/{}", encode(&attempt)), "", Err(problem)),
    }
}

async fn import(State(app): State<App>, Extension(ctx): Extension<OpCtx>, mut form: Multipart) -> Response {
    let mut seller = String::new();
    let desk = Desk::new(app);
    let read = async {
        crate::authz::user(&ctx)?;
        let bad = |code: &str| Problem::invalid("rows", code, "Choose a file with at least one row.");
        let mut rows = None;
        while let Some(field) = form.next_field().await.map_err(|_| bad("fault-price-file"))? {
            match field.name() {
                Some("seller") => seller = field.text().await.map_err(|_| bad("fault-price-file"))?,
                Some("rows") => rows = Some(field.bytes().await.map_err(|_| bad("fault-price-file"))?),
                _ => {}
            }
        }
        if seller.is_empty() {
            return Err(Problem::not_found("shop"));
        }
        let rows = rows.filter(|rows| !rows.is_empty()).ok_or_else(|| bad("fault-empty"))?;
        let text = std::str::from_utf8(&rows).map_err(|_| bad("fault-price-utf8"))?;
        desk.propose_csv(&ctx, &seller, text).await
    };
    let done = read.await;
    shown(&format!("/studio/prices?seller={}", encode(&seller)), done)
}
