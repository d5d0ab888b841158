//! Placing, and what providers say.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;
use vitrine_payments::PaymentError;
use vitrine_shared::Problem;
use vitrine_shared::views::trade::CheckoutForm;

use super::cart;
use crate::checkout::{Placing, Typed};
use crate::ctx::{Guess, OpCtx};
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/checkout/place", post(place)).route("/checkout/code", post(code))
}

pub(super) fn webhooks() -> Router<App> {
    Router::new().route("/api/webhooks/{provider}", post(webhook))
}

#[derive(Deserialize)]
#[serde(default)]
struct Sent {
    attempt: String,
    seen_minor: i64,
    seen_currency: Option<String>,
    email: String,
    name: String,
    organisation: String,
    line1: String,
    line2: String,
    dependent_locality: String,
    city: String,
    region: String,
    postcode: String,
    sorting_code: String,
    country: String,
    business: Option<String>,
    tax_id: String,
    confirm_place: Option<String>,
    accept_licence: Option<String>,
    accept_waiver: Option<String>,
    buy_again: Option<String>,
    nothing_owned: Option<String>,
    /// Only prices again for another place.
    again: Option<String>,
    /// A discount code that was typed.
    code: String,
    /// One to take out.
    drop: Option<String>,
}

impl Default for Sent {
    fn default() -> Self {
        let no = String::new;
        Self {
            attempt: no(),
            seen_minor: -1,
            seen_currency: None,
            email: no(),
            name: no(),
            organisation: no(),
            line1: no(),
            line2: no(),
            dependent_locality: no(),
            city: no(),
            region: no(),
            postcode: no(),
            sorting_code: no(),
            country: no(),
            business: None,
            tax_id: no(),
            confirm_place: None,
            accept_licence: None,
            accept_waiver: None,
            buy_again: None,
            nothing_owned: None,
            again: None,
            code: no(),
            drop: None,
        }
    }
}

/// A code from within the checkout's form: what was typed beside it is kept.
async fn code(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(mut sent): Form<Sent>) -> Response {
    let code = cart::Code::new(std::mem::take(&mut sent.code), sent.drop.take());
    let mut typed = Typed { form: form_of(sent), ..Typed::default() };
    match cart::coded(&app, &ctx, &code).await {
        Ok(()) => {}
        Err(problem) if problem.status < 500 => {
            typed.trouble = Some(problem.fields.values().next().unwrap_or(&problem.code).clone());
        }
        Err(problem) => return ProblemResponse(problem).into_response(),
    }
    kept(&app, &ctx, &typed).await
}

fn form_of(sent: Sent) -> CheckoutForm {
    CheckoutForm {
        email: sent.email,
        name: sent.name,
        organisation: sent.organisation,
        line1: sent.line1,
        line2: sent.line2,
        dependent_locality: sent.dependent_locality,
        city: sent.city,
        region: sent.region,
        postcode: sent.postcode,
        sorting_code: sent.sorting_code,
        country: sent.country,
        business: sent.business.is_some(),
        tax_id: sent.tax_id,
        confirm_place: sent.confirm_place.is_some(),
        accept_licence: sent.accept_licence.is_some(),
        accept_waiver: sent.accept_waiver.is_some(),
        buy_again: sent.buy_again.is_some(),
    }
}

async fn place(State(app): State<App>, Extension(ctx): Extension<OpCtx>, Form(mut sent): Form<Sent>) -> Response {
    let attempt = std::mem::take(&mut sent.attempt);
    let (seen_minor, seen_currency) = (sent.seen_minor, sent.seen_currency.take());
    let (nothing_owned, again) = (sent.nothing_owned.is_some(), sent.again.is_some());
    let form = form_of(sent);
    let mut typed = Typed { form: form.clone(), ..Typed::default() };
    if again {
        return kept(&app, &ctx, &typed).await;
    }
    // Kept before anything can go wrong; what was agreed to is of this purchase alone, and the next one asks anew.
    let details = CheckoutForm { accept_licence: false, accept_waiver: false, buy_again: false, ..form.clone() };
    if let Err(problem) = app.checkouts.keep_form(&ctx, &Typed { form: details, ..Typed::default() }).await {
        return ProblemResponse(problem).into_response();
    }
    let placing = Placing { attempt, form, seen_minor, seen_currency, nothing_owned };
    match app.checkouts.place(&ctx, &placing).await {
        Ok(placed) => match placed.pay_url {
            // The provider of the embedded shop is this origin; another one is listed in the page's policy.
            Some(url) => go(&url, &[]),
            None => go(&format!("/orders/{}?key={}", placed.id, placed.secret), &[]),
        },
        Err(problem) if problem.status < 500 || problem.status == 503 => {
            // Codes of fields people see begin with `fault-`; anything else is about the whole.
            let (seen, hidden): (Vec<_>, Vec<_>) =
                problem.fields.clone().into_iter().partition(|(_, code)| code.starts_with("fault-"));
            let other = hidden.into_iter().next().map(|(_, code)| code);
            typed.trouble = other.or_else(|| (problem.code != "invalid").then(|| problem.code.clone()));
            typed.faults = seen;
            kept(&app, &ctx, &typed).await
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn kept(app: &App, ctx: &OpCtx, typed: &Typed) -> Response {
    match app.checkouts.keep_form(ctx, typed).await {
        Ok(()) => go("/checkout", &[]),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}

async fn webhook(
    State(app): State<App>,
    guess: Guess,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(payments) = app.payments.as_ref().filter(|p| p.name() == provider) else {
        return ProblemResponse(Problem::not_found("provider")).into_response();
    };
    let event = match payments.verify_webhook(&headers, &body) {
        Ok(event) => event,
        Err(PaymentError::BadSignature(why)) => {
            tracing::warn!(provider, why, "a webhook was refused");
            guess.mark_wrong();
            count(payments.name(), "refused");
            return ProblemResponse(Problem::new(400, "bad_signature", "The webhook's signature is not valid."))
                .into_response();
        }
        Err(e) => return ProblemResponse(Problem::new(400, "bad_event", e.to_string())).into_response(),
    };
    let ctx = OpCtx::system("webhook", app.clock.now_ms());
    match app.checkouts.handle_event(&ctx, &event).await {
        Ok(()) => {
            count(payments.name(), "handled");
            StatusCode::OK.into_response()
        }
        Err(problem) => {
            count(payments.name(), "failed");
            ProblemResponse(problem).into_response()
        }
    }
}

fn count(provider: &'static str, result: &'static str) {
    metrics::counter!("webhooks_total", "provider" => provider, "result" => result).increment(1);
}
