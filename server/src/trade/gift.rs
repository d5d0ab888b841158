//! Buying gift cards, and having one that was bought sent elsewhere.

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::query::encode;
use vitrine_shared::views::gift::GiftForm;

use crate::ctx::OpCtx;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

/// Most bytes kept of a field: more than any may have, so that its fault can still be shown.
const MOST_KEPT: usize = 2_000;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/gift-cards/{handle}/buy", post(buy)).route("/orders/{id}/gift", post(correct))
}

async fn buy(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(handle): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let (mut form, mut attempt) = (GiftForm::default(), String::new());
    for (name, mut value) in pairs {
        value.truncate(value.floor_char_boundary(MOST_KEPT));
        match name.as_str() {
            "attempt" => attempt = value,
            "currency" => form.currency = value,
            "amount" => form.amount = value,
            "named" => form.named = value,
            "pieces" => form.pieces = value,
            "email" => form.email = value,
            "to" => form.to_self = value == "self",
            "recipient" => form.recipient = value,
            "recipient_email" => form.recipient_email = value,
            "sender" => form.sender = value,
            "message" => form.message = value,
            "day" => form.day = value,
            _ => {}
        }
    }
    match app.checkouts.buy_gift(&ctx, &handle, &attempt, &form).await {
        Ok(placed) => match placed.pay_url {
            Some(url) => go(&url, &[]),
            None => go(&format!("/orders/{}?key={}", placed.id, placed.secret), &[]),
        },
        // What was typed is kept where typing more can help.
        Err(problem) if matches!(problem.status, 409 | 422 | 503) => {
            match app.checkouts.keep_gift(&ctx, form, &problem).await {
                Ok(name) => go(&format!("/gift-cards/{}?kept={}", encode(&handle), encode(&name)), &[]),
                Err(problem) => ProblemResponse(problem).into_response(),
            }
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn correct(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let said = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default();
    let secret = Some(said("key")).filter(|key| !key.is_empty());
    let done = async {
        let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
        let next = said("next").parse().unwrap_or_default();
        app.checkouts.correct_gift(&ctx, &id, secret, said("card"), said("email"), next).await
    };
    let what = match done.await {
        Ok(()) => "done".to_owned(),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            problem.fields.values().next().cloned().unwrap_or(problem.code)
        }
        Err(problem) => return ProblemResponse(problem).into_response(),
    };
    let key = secret.map(|secret| format!("key={}&", encode(secret))).unwrap_or_default();
    go(&format!("/orders/{}?{key}gift={}#gift", encode(&id), encode(&what)), &[])
}
