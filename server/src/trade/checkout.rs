//! Placing, and what providers say.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use vitrine_payments::PaymentError;
use vitrine_shared::Problem;
use vitrine_shared::views::trade::CheckoutForm;

use crate::checkout::{Placing, Typed};
use crate::ctx::{Guess, OpCtx};
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::http::go;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/checkout/place", post(place))
}

pub(super) fn webhooks() -> Router<App> {
    Router::new().route("/api/webhooks/{provider}", post(webhook))
}

/// What the form sends.
#[derive(Default)]
struct Sent {
    attempt: String,
    /// Nobody saw this.
    seen_minor: Option<i64>,
    seen_currency: Option<String>,
    nothing_owned: bool,
    /// Only prices again for another place.
    again: bool,
    form: CheckoutForm,
}

impl Sent {
    /// A field that is sent twice has the last value, one that nobody knows has none.
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut sent = Self::default();
        let form = &mut sent.form;
        for (name, value) in pairs {
            match name.as_str() {
                "attempt" => sent.attempt = value,
                "seen_minor" => sent.seen_minor = value.parse().ok(),
                "seen_currency" => sent.seen_currency = Some(value),
                "nothing_owned" => sent.nothing_owned = true,
                "again" => sent.again = true,
                "email" => form.email = value,
                "name" => form.name = value,
                "organisation" => form.organisation = value,
                "line1" => form.line1 = value,
                "line2" => form.line2 = value,
                "dependent_locality" => form.dependent_locality = value,
                "city" => form.city = value,
                "region" => form.region = value,
                "postcode" => form.postcode = value,
                "sorting_code" => form.sorting_code = value,
                "country" => form.country = value,
                "business" => form.business = true,
                "tax_id" => form.tax_id = value,
                "phone" => form.phone = value,
                "confirm_place" => form.confirm_place = true,
                "accept_licence" => form.accept_licence = true,
                "accept_waiver" => form.accept_waiver = true,
                "buy_again" => form.buy_again = true,
                other => {
                    let known = other.strip_prefix("id_").and_then(vitrine_pricing::tax_id::kind);
                    if let Some(kind) = known.filter(|_| !value.is_empty()) {
                        form.ids.insert(kind.code.to_owned(), value);
                    }
                }
            }
        }
        sent
    }
}

async fn place(
    State(app): State<App>,
    Extension(ctx): Extension<OpCtx>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let sent = Sent::of(pairs);
    let form = sent.form;
    let mut typed = Typed { form: form.clone(), ..Typed::default() };
    if sent.again {
        return kept(&app, &ctx, &typed).await;
    }
    // Kept before anything can go wrong; what was agreed to is of this purchase alone, and the next one asks anew.
    let details = CheckoutForm { accept_licence: false, accept_waiver: false, buy_again: false, ..form.clone() };
    if let Err(problem) = app.checkouts.keep_form(&ctx, &Typed { form: details, ..Typed::default() }).await {
        return ProblemResponse(problem).into_response();
    }
    let placing = Placing {
        attempt: sent.attempt,
        form,
        seen_minor: sent.seen_minor.unwrap_or(-1),
        seen_currency: sent.seen_currency,
        nothing_owned: sent.nothing_owned,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_known_kinds_arrive_and_boxes_are_ticked_by_their_name() {
        let pairs = [
            ("attempt", "a"),
            ("seen_minor", "900"),
            ("phone", "030 123456"),
            ("id_br_cpf", "123.456.789-09"),
            ("id_it_sdi", ""),
            ("id_nothing", "1"),
            ("nothing", "1"),
            ("business", "1"),
            ("city", "Rome"),
            ("city", "Roma"),
        ];
        let sent = Sent::of(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec());
        assert_eq!((sent.attempt.as_str(), sent.seen_minor, sent.again), ("a", Some(900), false));
        let form = sent.form;
        assert_eq!((form.phone.as_str(), form.city.as_str(), form.business), ("030 123456", "Roma", true));
        assert_eq!(form.ids.into_iter().collect::<Vec<_>>(), [("br_cpf".to_owned(), "123.456.789-09".to_owned())]);
        assert_eq!(Sent::of(vec![("seen_minor".into(), "much".into())]).seen_minor, None);
    }
}
