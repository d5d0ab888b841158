//! The form on the order's page.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::query::encode;

use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new().route("/orders/{id}/withdraw", post(withdraw))
}

async fn withdraw(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let said = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default();
    let secret = Some(said("key")).filter(|key| !key.is_empty());
    let lines: Vec<usize> = pairs.iter().filter(|(n, _)| n == "line").filter_map(|(_, v)| v.parse().ok()).collect();
    let done = async {
        let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
        app.withdrawals.state(&ctx, &id, secret, said("name"), &lines).await
    };
    let trouble = match done.await {
        Ok(_) => None,
        Err(problem) if matches!(problem.status, 409 | 410 | 422) => {
            Some(problem.fields.values().next().cloned().unwrap_or(problem.code))
        }
        Err(problem) => return ProblemResponse(problem).into_response(),
    };
    let secret = secret.map(|secret| format!("key={}", encode(secret)));
    let trouble = trouble.map(|code| format!("withdraw={}", encode(&code)));
    let query: Vec<String> = secret.into_iter().chain(trouble).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    go(&format!("/orders/{}{mark}{}#withdraw", encode(&id), query.join("&")), &[])
}
