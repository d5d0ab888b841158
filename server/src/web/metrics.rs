//! Numbers for Prometheus, on a listener of their own that only this machine reaches.
//!
//! Invariants: labels are from finite lists (the route's pattern, the method, the class of the status), never from what a caller
//! sent; nothing personal is counted.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::counted;
use crate::state::App;

/// Bounds of the histogram of answers, seconds.
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Begins to count, once per process.
///
/// # Errors
/// Something else counts already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().set_buckets(&BOUNDS)?.install_recorder()
}

fn method(request: &Request) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Counts answers by route, method and class of status, and how long they took until their head was there.
pub async fn layer(request: Request, next: Next) -> Response {
    let method = method(&request);
    // What no route of ours names is a page, or nothing.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "page".to_owned(), |p| p.as_str().to_owned());
    let started = Instant::now();
    let (response, calls) = counted::of(next.run(request)).await;
    count_calls(&calls, &route, |counter, n| counter.increment(n));
    let class = match response.status().as_u16() {
        ..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("http_requests_total", "route" => route.clone(), "method" => method, "status" => class)
        .increment(1);
    metrics::histogram!("http_request_duration_seconds", "route" => route).record(started.elapsed().as_secs_f64());
    response
}

/// Calls of the table, by name and by what they were made for.
fn count_calls(calls: &counted::Counts, by: &str, add: impl Fn(metrics::Counter, u64)) {
    for (op, &n) in counted::OPS.iter().zip(calls).filter(|(_, n)| **n > 0) {
        add(metrics::counter!("table_calls_total", "op" => *op, "by" => by.to_owned()), n);
    }
}

async fn text(app: App, handle: PrometheusHandle) -> String {
    match app.queue.depth().await {
        Ok(depth) => {
            metrics::gauge!("jobs_waiting").set(depth.waiting as f64);
            metrics::gauge!("jobs_dead").set(depth.dead as f64);
        }
        Err(error) => tracing::warn!(%error, "the queue's depth cannot be read"),
    }
    for (by, calls) in [("elsewhere", &app.calls), ("provider", &app.provider_calls)] {
        count_calls(&calls.counts(), by, |counter, n| counter.absolute(n));
    }
    handle.run_upkeep();
    handle.render()
}

/// Serves `/metrics` on 127.0.0.1 until the process ends.
///
/// # Errors
/// The port is taken, or something counts already.
pub async fn serve(app: App, port: u16) -> anyhow::Result<()> {
    let handle = install()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = tokio::net::TcpListener::bind(address).await?;
    tracing::info!(%address, "numbers for Prometheus at /metrics");
    let routes = Router::new().route("/metrics", get(move || text(app.clone(), handle.clone())));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "the listener of /metrics ended");
        }
    });
    Ok(())
}
