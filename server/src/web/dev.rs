//! Pages that exist only with demonstration data: the outbox and the payment simulator.

use std::net::SocketAddr;

use crate::web::layers::{Next, from_fn};
use axum::Router;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, html};
use serde::Deserialize;
use vitrine_payments::simulator::CONTROL_PATH;
use vitrine_shared::Problem;

use crate::fault;
use crate::rest::ProblemResponse;
use crate::state::App;

/// `/dev/outbox` and `/simulator`, or nothing at all outside demonstration data.
pub fn routes(app: &App) -> Router {
    let mut routes = Router::new();
    if !app.demo {
        return routes;
    }
    if app.outbox.is_some() {
        let mails = Router::new().route("/dev/outbox", get(outbox)).route("/dev/outbox/mail", get(mail));
        routes = routes.merge(mails.with_state(app.clone()));
    }
    if let Some(simulator) = &app.simulator {
        routes = routes.merge(simulator.routes().layer(from_fn(loopback_control)));
    }
    routes
}

/// Faults of the simulator are set from this machine only; what a proxy forwards comes from elsewhere.
async fn loopback_control(request: Request, next: Next) -> Response {
    let control = request.uri().path() == CONTROL_PATH;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let forwarded = request.headers().contains_key("x-forwarded-for");
    if control && (forwarded || !peer.is_some_and(|ip| ip.is_loopback())) {
        return ProblemResponse(Problem::not_found("endpoint")).into_response();
    }
    next.run(request).await
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
    // Longer than any key there is.
    let kept = if which.key.len() > 512 { Ok(None) } else { outbox.get(&which.key).await };
    match kept {
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
