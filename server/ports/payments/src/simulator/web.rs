//! The routes of the pages: origin check, headers, and what a form leads to.
//!
//! Invariants:
//! - A form comes from this origin: an `Origin` is exactly ours, without one `Sec-Fetch-Site` is `same-origin`. With
//!   neither it passes: no cookie is used, so there is nothing another site's page could borrow.
//! - A payment that is over leads to its last page, so sending a form twice does no harm.
//!
//! Not here: who may call [`CONTROL_PATH`]. The server must let only loopback callers reach it.

use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use maud::Markup;
use serde::Deserialize;
use serde_json::json;

use super::cards::Form;
use super::locale::Locale;
use super::pages::{self, STYLE_PATH};
use super::store::{Mischief, Record};
use super::{Simulator, check_address};
use crate::{PaymentError, PaymentState, Result};

/// Where faults of delivery are set, `POST` with a [`Mischief`] as JSON; what is left out is zero.
///
/// Answers 200 with the faults in force, 400 or 422 for other JSON or too large numbers, 403 for another site's page.
/// It asks for no credentials: the server must let only loopback callers reach it.
pub const CONTROL_PATH: &str = "/simulator/control";

/// Largest form or JSON body, bytes.
const MAX_BODY: usize = 16 * 1024;

impl Simulator {
    /// The hosted pages below `/simulator/`, ready to be merged into the server's router: `GET` and `POST`
    /// `/simulator/pay/{id}` and `/simulator/pay/{id}/confirm`, `POST /simulator/pay/{id}/cancel`,
    /// `GET /simulator/done/{id}`, `GET /simulator/style.css`, and [`CONTROL_PATH`], which the server must close to
    /// callers beyond loopback. Every page sets its own `Content-Security-Policy`; the server must not replace it.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/simulator/pay/{id}", get(show).post(pay))
            .route("/simulator/pay/{id}/confirm", get(ask).post(answer))
            .route("/simulator/pay/{id}/cancel", post(cancel))
            .route("/simulator/done/{id}", get(done))
            .route(CONTROL_PATH, post(control))
            .layer(from_fn_with_state(self.clone(), own_forms))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .route(STYLE_PATH, get(style))
            .with_state(self.clone())
    }

    fn own_form(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) => check_address(&self.config.base_url)
                .is_ok_and(|base| origin.as_bytes() == base.origin().ascii_serialization().as_bytes()),
            (None, _) => headers.get_all("sec-fetch-site").iter().all(|site| site == "same-origin"),
            // Two Origin headers are nobody's honest browser.
            (Some(_), Some(_)) => false,
        }
    }
}

async fn own_forms(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || simulator.own_form(request.headers()) {
        return next.run(request).await;
    }
    let l = asked(request.headers());
    page(StatusCode::FORBIDDEN, l, None, pages::message(l, "sim-foreign-title", "sim-foreign-text"))
}

async fn show(State(simulator): State<Simulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    or_fault(&headers, pay_page(&simulator, &id).await)
}

async fn pay_page(simulator: &Simulator, id: &str) -> Result<Response> {
    let record = simulator.current(id).await?;
    if !record.payable(simulator.clock.now_ms()) {
        return Ok(to_done(id));
    }
    // After a bank debit that failed, the choice of method is still the buyer's.
    let form = Form { method: record.session.method.clone().unwrap_or_default(), ..Form::default() };
    Ok(form_page(StatusCode::OK, &record, &form, &[]))
}

async fn pay(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: std::result::Result<axum::Form<Form>, FormRejection>,
) -> Response {
    let axum::Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return malformed(&headers, rejection.status()),
    };
    or_fault(&headers, paid(&simulator, &id, &form).await)
}

async fn paid(simulator: &Simulator, id: &str, form: &Form) -> Result<Response> {
    let record = match simulator.pay_with(id, form).await {
        Ok(Ok(record)) => record,
        Ok(Err(faults)) => {
            let mut record = simulator.current(id).await?;
            if !record.payable(simulator.clock.now_ms()) {
                return Ok(to_done(id));
            }
            // An earlier decline is no news beside what is wrong now.
            record.session.failure = None;
            return Ok(form_page(StatusCode::UNPROCESSABLE_ENTITY, &record, form, &faults));
        }
        // It is over.
        Err(PaymentError::Invalid(_)) => return Ok(to_done(id)),
        Err(error) => return Err(error),
    };
    Ok(if record.confirming.is_some() {
        Redirect::to(&format!("/simulator/pay/{id}/confirm")).into_response()
    } else if record.payable(simulator.clock.now_ms()) {
        form_page(StatusCode::PAYMENT_REQUIRED, &record, form, &[])
    } else {
        to_done(id)
    })
}

async fn ask(State(simulator): State<Simulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let result = async {
        let record = simulator.current(&id).await?;
        let waiting = record.confirming.as_ref().filter(|_| record.payable(simulator.clock.now_ms()));
        let Some(card) = waiting else {
            return Ok(to_pay(&id));
        };
        let l = Locale::choose(&record.new.locale);
        Ok(page(StatusCode::OK, l, Some(&record), pages::confirm(l, &record, &card.last4)))
    };
    or_fault(&headers, result.await)
}

#[derive(Deserialize)]
struct Confirmation {
    answer: Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Confirm,
    Refuse,
}

async fn answer(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: std::result::Result<axum::Form<Confirmation>, FormRejection>,
) -> Response {
    let axum::Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return malformed(&headers, rejection.status()),
    };
    let result = match simulator.confirm(&id, matches!(form.answer, Answer::Confirm)).await {
        // Answered before, or over: the payment's own page says how it stands.
        Ok(_) | Err(PaymentError::Invalid(_)) => Ok(to_pay(&id)),
        Err(error) => Err(error),
    };
    or_fault(&headers, result)
}

async fn cancel(State(simulator): State<Simulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    use crate::Payments as _;
    or_fault(&headers, simulator.expire(&id).await.map(|_| to_done(&id)))
}

async fn done(State(simulator): State<Simulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let result = async {
        let record = simulator.current(&id).await?;
        if record.payable(simulator.clock.now_ms()) {
            return Ok(to_pay(&id));
        }
        let unpaid =
            !matches!(record.session.state, PaymentState::Captured | PaymentState::Settling | PaymentState::Authorised);
        let target = if record.closed && unpaid { &record.new.cancel_url } else { &record.new.return_url };
        let l = Locale::choose(&record.new.locale);
        Ok(page(StatusCode::OK, l, Some(&record), pages::done(l, &record, target)))
    };
    or_fault(&headers, result.await)
}

async fn control(
    State(simulator): State<Simulator>,
    body: std::result::Result<Json<Mischief>, JsonRejection>,
) -> Response {
    let Json(mischief) = match body {
        Ok(body) => body,
        Err(rejection) => return refused(rejection.status(), &rejection.body_text()),
    };
    match simulator.set_mischief(mischief).await {
        Ok(()) => Json(mischief).into_response(),
        Err(PaymentError::Invalid(why)) => refused(StatusCode::UNPROCESSABLE_ENTITY, &why),
        Err(error) => {
            tracing::error!(%error, "the simulator's faults could not be set");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the store failed")
        }
    }
}

fn refused(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = json!({"status": status.as_u16(), "title": title, "detail": detail});
    (status, [(CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}

async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("../../assets/simulator.css")).into_response()
}

fn form_page(status: StatusCode, record: &Record, form: &Form, faults: &[super::Fault]) -> Response {
    let l = Locale::choose(&record.new.locale);
    page(status, l, Some(record), pages::pay(l, record, form, faults))
}

fn malformed(headers: &HeaderMap, status: StatusCode) -> Response {
    let l = asked(headers);
    page(status, l, None, pages::message(l, "sim-malformed-title", "sim-malformed-text"))
}

/// The answer, or a page that says what went wrong without saying why.
fn or_fault(headers: &HeaderMap, result: Result<Response>) -> Response {
    let l = asked(headers);
    match result {
        Ok(response) => response,
        Err(PaymentError::NotFound) => {
            page(StatusCode::NOT_FOUND, l, None, pages::message(l, "sim-missing-title", "sim-missing-text"))
        }
        Err(error) => {
            tracing::error!(%error, "the simulator's page failed");
            page(StatusCode::SERVICE_UNAVAILABLE, l, None, pages::message(l, "sim-fault-title", "sim-fault-text"))
        }
    }
}

/// The language of a page that belongs to no payment.
fn asked(headers: &HeaderMap) -> Locale {
    Locale::choose(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

fn to_done(id: &str) -> Response {
    Redirect::to(&format!("/simulator/done/{id}")).into_response()
}

fn to_pay(id: &str) -> Response {
    Redirect::to(&format!("/simulator/pay/{id}")).into_response()
}

/// A page with the headers all pages have; its forms may end at the origins the payment goes back to.
fn page(status: StatusCode, l: Locale, record: Option<&Record>, body: Markup) -> Response {
    let mut targets: Vec<String> = record
        .into_iter()
        .flat_map(|r| [&r.new.return_url, &r.new.cancel_url])
        .filter_map(|address| Some(format!(" {}", check_address(address).ok()?.origin().ascii_serialization())))
        .collect();
    targets.dedup();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{}; frame-ancestors 'none'; base-uri 'none'",
        targets.concat()
    );
    let mut response = (status, body).into_response();
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_SECURITY_POLICY, &policy),
        (CACHE_CONTROL, "no-store"),
        // Not `no-referrer`: it would make the forms' `Origin` null.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_LANGUAGE, l.tag()),
    ];
    for (name, value) in headers {
        // Origins are ASCII without control characters, so all of these are header values.
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
