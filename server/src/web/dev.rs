//! Pages that exist only with demonstration data: the outbox.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, html};
use serde::Deserialize;
use vitrine_shared::Problem;

use crate::fault;
use crate::rest::ProblemResponse;
use crate::state::App;

/// `/dev/outbox`, or nothing at all outside demonstration data.
pub fn routes(app: &App) -> Router {
    if !app.demo || app.outbox.is_none() {
        return Router::new();
    }
    Router::new().route("/dev/outbox", get(outbox)).route("/dev/outbox/mail", get(mail)).with_state(app.clone())
}

async fn outbox(State(app): State<App>) -> Response {
    let Some(outbox) = &app.outbox else { return ProblemResponse(Problem::not_found("page")).into_response() };
    match outbox.list(100, None).await {
        Ok((kept, _)) => html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; title { "Outbox" } }
                body {
                    main {
                        h1 { "Outbox" }
                        p { "Mails of this demonstration shop. Nothing leaves this machine." }
                        @if kept.is_empty() { p { "No mail yet." } }
                        ul {
                            @for k in &kept {
                                li {
                                    a href=(format!("/dev/outbox/mail?key={}", vitrine_shared::query::encode(&k.message.key))) { (k.message.subject) }
                                    " to " (k.message.to)
                                }
                            }
                        }
                    }
                }
            }
        }
        .into_response(),
        Err(e) => ProblemResponse(fault::table(e)).into_response(),
    }
}

#[derive(Deserialize)]
struct Which {
    key: String,
}

async fn mail(State(app): State<App>, Query(which): Query<Which>) -> Response {
    let Some(outbox) = &app.outbox else { return ProblemResponse(Problem::not_found("mail")).into_response() };
    match outbox.get(&which.key).await {
        Ok(Some(kept)) => html! {
            (DOCTYPE)
            html lang=(kept.message.locale) {
                head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; title { (kept.message.subject) } }
                body {
                    main {
                        p { a href="/dev/outbox" lang="en" { "All mails" } }
                        h1 { (kept.message.subject) }
                        p { (kept.message.from) " → " (kept.message.to) }
                        // The text says the same as the HTML part; its links are made to work here.
                        pre { @for word in kept.message.text.split_inclusive(char::is_whitespace) {
                            @if word.starts_with("http://") || word.starts_with("https://") {
                                a href=(word.trim()) { (word) }
                            } @else { (word) }
                        } }
                    }
                }
            }
        }
        .into_response(),
        Ok(None) => ProblemResponse(Problem::not_found("mail")).into_response(),
        Err(e) => ProblemResponse(fault::table(e)).into_response(),
    }
}
