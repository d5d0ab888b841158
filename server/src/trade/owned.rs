//! Downloads of what was bought.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_shared::Problem;
use vitrine_shared::id::{AssetId, CustomerId};

use crate::authz;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/my-products/download", post(from_library)).route("/orders/{id}/download", post(from_order))
}

#[derive(Deserialize)]
struct Wanted {
    /// Comma-separated asset ids.
    assets: String,
    /// The order page's secret.
    #[serde(default)]
    key: String,
}

fn assets(wanted: &Wanted) -> Result<Vec<AssetId>> {
    let ids: std::result::Result<Vec<AssetId>, _> =
        wanted.assets.split(',').filter(|a| !a.is_empty()).map(str::parse).collect();
    ids.map_err(|_| Problem::invalid("assets", "bad_id", "This is not a list of files."))
}

async fn linked(app: &App, ctx: &OpCtx, customers: &[CustomerId], assets: Vec<AssetId>) -> Response {
    match app.downloads.link(ctx, customers, assets).await {
        Ok(link) => go(&link.url, &[]),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn from_library(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let asked = async {
        authz::user(&ctx)?;
        Ok::<_, Problem>((app.checkouts.customers(&ctx).await?, assets(&wanted)?))
    };
    match asked.await {
        Ok((customers, assets)) => linked(&app, &ctx, &customers, assets).await,
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn from_order(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let asked = async {
        let checkout = app.checkouts.buyers(&ctx, &id, Some(&wanted.key)).await?;
        Ok::<_, Problem>((checkout.customer, assets(&wanted)?))
    };
    match asked.await {
        Ok((customer, assets)) => linked(&app, &ctx, &[customer], assets).await,
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
