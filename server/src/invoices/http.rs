//! The form for business details.

use std::collections::HashMap;

use axum::extract::{Extension, Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form as Typed, Router};
use serde::Deserialize;
use vitrine_shared::Problem;
use vitrine_shared::query::encode;

use super::{Business, Form, href};
use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/invoices/{id}/amend", post(amend))
        .route("/invoices/{id}/file.pdf", get(pdf))
        .route("/invoices/{id}/file.xml", get(xml))
}

/// Opens a document for a guest.
#[derive(Deserialize)]
struct Opened {
    key: Option<String>,
}

async fn pdf(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    file(&app, &ctx, &id, opened.key.as_deref(), Form::Pdf).await
}

async fn xml(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    file(&app, &ctx, &id, opened.key.as_deref(), Form::Xml).await
}

async fn file(app: &App, ctx: &OpCtx, id: &str, key: Option<&str>, form: Form) -> Response {
    match app.invoices.paper(ctx, &app.checkouts, id, key, form).await {
        Ok(paper) => {
            let kind = if form == Form::Pdf { "application/pdf" } else { "application/xml; charset=utf-8" };
            // Numbers are of the seller's prefix, digits and hyphens.
            let name = format!("attachment; filename=\"{}\"", paper.name);
            let head = [
                (header::CONTENT_TYPE, kind.to_owned()),
                (header::CONTENT_DISPOSITION, name),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (head, paper.bytes).into_response()
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn amend(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Typed(mut form): Typed<HashMap<String, String>>,
) -> Response {
    let mut text = |name: &str| form.remove(name).unwrap_or_default();
    let business = Business { company: text("company"), tax_id: text("tax_id"), address: text("address") };
    let secret = Some(text("key")).filter(|s| !s.is_empty());
    let with = |path: String, joint: &str| match &secret {
        Some(secret) => format!("{path}?key={}{joint}", encode(secret)),
        None => format!("{path}{joint}"),
    };
    let done = async {
        let id = id.parse().map_err(|_| Problem::not_found("invoice"))?;
        app.invoices.amend(&ctx, &app.checkouts, &id, secret.as_deref(), &business).await
    };
    match done.await {
        Ok(amendment) => go(&with(href(&amendment.id), ""), &[]),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            go(&with(format!("/invoices/{}", encode(&id)), "#amend"), &[])
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
