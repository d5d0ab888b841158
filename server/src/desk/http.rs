//! Forms of studio and console. Every act answers 303 to the page it came from, with a code of what went wrong.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Extension, Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;

use super::Desk;
use super::studio::Edit;
use crate::checkout::Wish;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/studio/works/{id}", post(edit))
        .route("/studio/works/{id}/publish", post(publish))
        .route("/studio/works/{id}/archive", post(archive))
        .route("/admin/orders/{id}/ship", post(ship))
        .route("/admin/orders/{id}/refund", post(refund))
        .route("/admin/import", post(import))
        .route("/admin/jobs", post(revive))
}

/// Back to a page with what went wrong; who may not act at all gets the refusal itself.
fn back(path: &str, done: Result<()>) -> Response {
    match done {
        Ok(()) => go(&format!("{path}?done=1"), &[]),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            let said = problem.fields.values().next().unwrap_or(&problem.code);
            go(&format!("{path}?trouble={}", vitrine_shared::query::encode(said)), &[])
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
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
    let done = match desk.edit(&ctx, &id, &edit).await {
        Err(problem) if problem.status == 422 => {
            let faults: BTreeMap<String, String> = problem.fields.clone();
            desk.keep(&ctx, &id, &edit, &faults).await.and(Err(problem))
        }
        done => done,
    };
    back(&format!("/studio/works/{id}"), done)
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
    back(&format!("/studio/works/{id}"), Desk::new(app).publish(&ctx, &id, true, seen.rev).await)
}

async fn archive(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Response {
    back(&format!("/studio/works/{id}"), Desk::new(app).publish(&ctx, &id, false, seen.rev).await)
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
    back(&format!("/admin/orders/{id}"), done)
}

async fn refund(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(order) = id.parse::<OrderId>() else { return ProblemResponse(Problem::not_found("order")).into_response() };
    let wish = Wish {
        attempt: value(&form, "attempt"),
        lines: lines(&form),
        shipping: form.iter().any(|(n, _)| n == "shipping"),
        restock: form.iter().any(|(n, _)| n == "restock"),
        reason: value(&form, "reason"),
    };
    let done = app.checkouts.refund(&ctx, &order, &wish).await.map(|_| ());
    back(&format!("/admin/orders/{id}"), done)
}

#[derive(Deserialize)]
struct Named {
    kind: String,
    key: String,
}

async fn revive(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(job): Form<Named>) -> Response {
    back("/admin/jobs", Desk::new(app).revive(&ctx, &job.kind, &job.key).await)
}

async fn import(State(app): State<App>, Extension(ctx): Extension<OpCtx>, mut form: Multipart) -> Response {
    let desk = Desk::new(app);
    let begun = async {
        // Asked before the body is read: nobody else may make the server read it.
        crate::authz::staff(&ctx, "catalog:import")?;
        let bad = |_| Problem::invalid("rows", "fault-rows", "The file could not be read as text.");
        let mut rows = String::new();
        while let Some(field) = form.next_field().await.map_err(bad)? {
            if field.name() == Some("rows") {
                rows = field.text().await.map_err(bad)?;
            }
        }
        desk.begin_import(&ctx, rows).await
    };
    match begun.await {
        Ok(id) => go(&format!("/admin/import/{id}"), &[]),
        Err(problem) => back("/admin/import", Err(problem)),
    }
}
