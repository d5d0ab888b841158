//! Where faults of security are reported (RFC 9116).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use vitrine_pricing::date::Date;
use vitrine_shared::Problem;

use super::document;
use crate::rest::ProblemResponse;
use crate::state::App;

/// How long a copy of the file may be believed, milliseconds; the RFC recommends less than a year.
const LIFE_MS: i64 = 180 * 24 * 3_600_000;

pub(super) async fn security(State(app): State<App>) -> Response {
    let contact = &app.config.security_contact;
    match Date::from_unix_ms(app.clock.now_ms() + LIFE_MS) {
        Ok(until) if !contact.is_empty() => {
            let base = app.config.base_url();
            let text = format!(
                "Contact: {contact}\nExpires: {until}T00:00:00Z\nPreferred-Languages: en, de\n\
                 Canonical: {base}/.well-known/security.txt\n"
            );
            document("text/plain; charset=utf-8", text)
        }
        _ => ProblemResponse(Problem::not_found("file")).into_response(),
    }
}
