//! The answer of a buyer who is asked where they live.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_shared::query::encode;

use crate::checkout::Answered;
use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/orders/{id}/place", post(said))
}

async fn said(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let said = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default();
    let secret = Some(said("key")).filter(|key| !key.is_empty());
    let page = |anchor: &str| {
        let query = secret.map(|secret| format!("?key={}", encode(secret))).unwrap_or_default();
        go(&format!("/orders/{}{query}{anchor}", encode(&id)), &[])
    };
    match app.checkouts.say_place(&ctx, &id, secret, said("country")).await {
        Ok(Answered::AtCheckout) => go("/checkout", &[]),
        Ok(Answered::Kept | Answered::Released) => page(""),
        // The page says how it stands by now, and asks again if it still has to.
        Err(problem) if matches!(problem.status, 409 | 422) => page("#place"),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
