//! The forms of both sides.

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::query::encode;

use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::state::App;
use crate::web::http::back;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new().route("/orders/{id}/ask", post(ask)).route("/studio/orders/{id}/answer", post(answer))
}

#[derive(Deserialize)]
struct Said {
    text: String,
    seen: usize,
    /// The order page's secret.
    #[serde(default)]
    key: String,
}

fn order(id: &str) -> Result<OrderId> {
    id.parse().map_err(|_| Problem::not_found("order"))
}

async fn ask(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Response {
    let secret = (!said.key.is_empty()).then_some(said.key.as_str());
    let done = async { app.talk.ask(&ctx, &order(&id)?, secret, said.seen, &said.text).await };
    let page = match secret {
        Some(secret) => format!("/orders/{}?key={}", encode(&id), encode(secret)),
        None => format!("/orders/{}", encode(&id)),
    };
    back(&page, "#talk", done.await)
}

async fn answer(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Response {
    let done = async { app.talk.answer(&ctx, &order(&id)?, said.seen, &said.text).await };
    back(&format!("/studio/orders/{}", encode(&id)), "#talk", done.await)
}
