//! The form for business details.

use std::collections::HashMap;

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_shared::Problem;
use vitrine_shared::query::encode;

use super::{Business, href};
use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new().route("/invoices/{id}/amend", post(amend))
}

async fn amend(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(mut form): Form<HashMap<String, String>>,
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
