//! Forms of readers and sellers, and the one-click way out.

use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_shared::id::StoreId;
use vitrine_shared::query::encode;

use super::letters::Draft;
use super::missing;
use crate::ctx::{Caller, Guess, OpCtx};
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::{back, go};

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/letters/{store}/ask", post(ask))
        .route("/letters/{store}/{who}/confirm", post(confirm))
        .route("/letters/{store}/{who}/off", post(off))
        .route("/studio/letters/{id}", post(send))
}

/// What programs of mail readers post to without a page of ours (RFC 8058), so without the guard of forms: the proof in
/// the address is what counts.
pub fn one_click() -> Router<App> {
    Router::new().route("/letters/{store}/{who}/leave", post(leave).get(to_page))
}

fn store(id: &str) -> Result<StoreId> {
    id.parse().map_err(|_| missing())
}

#[derive(Deserialize)]
struct Asked {
    email: String,
}

async fn ask(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(asked): Form<Asked>,
) -> Response {
    let done = async {
        let id = store(&id)?;
        // Named even if the address is none, so that the page can say so.
        let shop = app.catalog.records().store(&id).await?.ok_or_else(missing)?;
        Ok((shop, app.mailing.ask(&ctx, &id, &asked.email).await))
    };
    match done.await {
        Ok((shop, Ok(_))) => go(&format!("/@{}?letters=asked#letters", shop.handle), &[]),
        Ok((shop, Err(problem))) if problem.status == 422 => {
            go(&format!("/@{}?letters=no-address#letters", shop.handle), &[])
        }
        Ok((_, Err(problem))) | Err(problem) => ProblemResponse(problem).into_response(),
    }
}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    proof: String,
}

fn page(store: &str, who: &str, proof: &str) -> Response {
    go(&format!("/letters/{}/{}?proof={}", encode(store), encode(who), encode(proof)), &[])
}

/// Back to the page, which says how things stand now.
fn pressed(store: &str, who: &str, proof: &str, done: Result<()>) -> Response {
    done.map_or_else(|problem| ProblemResponse(problem).into_response(), |()| page(store, who, proof))
}

async fn confirm(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path((id, who)): Path<(String, String)>,
    Form(Proof { proof }): Form<Proof>,
) -> Response {
    let done = async { app.mailing.confirm(&ctx, &store(&id)?, &who, &proof).await };
    pressed(&id, &who, &proof, done.await)
}

async fn off(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path((id, who)): Path<(String, String)>,
    Form(Proof { proof }): Form<Proof>,
) -> Response {
    let done = async { app.mailing.leave(&ctx, &store(&id)?, &who, &proof).await };
    pressed(&id, &who, &proof, done.await)
}

async fn leave(
    State(app): State<App>,
    guess: Guess,
    Path((id, who)): Path<(String, String)>,
    Query(Proof { proof }): Query<Proof>,
) -> Response {
    // No page of ours and no cookie of theirs: the request's circumstances are not read here.
    let ctx = OpCtx { caller: Caller::Anonymous, guess, ..OpCtx::system("letters.leave", app.clock.now_ms()) };
    let done = async { app.mailing.leave(&ctx, &store(&id)?, &who, &proof).await };
    match done.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

/// Who opens the one-click address as a page gets the page with the button: reading must not change anything.
async fn to_page(Path((id, who)): Path<(String, String)>, Query(Proof { proof }): Query<Proof>) -> Response {
    page(&id, &who, &proof)
}

async fn send(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(draft): Form<Draft>,
) -> Response {
    let to = format!("/studio/letters/{}", encode(&id));
    back(&to, "", app.mailing.send(&ctx, &id, &draft).await)
}
