//! Numbers for Prometheus, on a listener of their own that only this machine reaches.
//!
//! Invariants: labels are from finite lists (the route's pattern, the method, the class of the status), never from what a caller
//! sent; nothing personal is counted.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use crate::web::layers::Next;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::counted;
use crate::state::App;

/// Bounds of histograms, seconds; those of the alarms are among them.
const BOUNDS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 0.8, 2.0, 5.0];

/// Begins to count, once per process.
///
/// # Errors
/// Something else counts already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&BOUNDS)?.install_recorder()?;
    begin();
    Ok(handle)
}

/// Says what each number is and begins it at 0: an alarm sees the first step of a number only if it was there before.
fn begin() {
    use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
    describe_counter!("http_requests_total", "Answers by route, method and class of status");
    describe_histogram!("http_request_duration_seconds", "Time until the head of an answer");
    describe_counter!("page_cache_total", "Public pages asked for, kept or not");
    describe_counter!("page_cache_made_total", "Public pages made");
    describe_counter!("store_calls_total", "Calls of the table by kind and outcome");
    describe_gauge!("jobs_waiting", "Jobs that wait");
    describe_gauge!("jobs_dead", "Jobs that were given up");
    describe_counter!("webhooks_total", "Webhooks of payment providers by outcome");
    describe_histogram!("download_link_seconds", "Time to make a link to files");
    describe_histogram!("search_seconds", "Time of a search in the engine");
    describe_counter!(
        "limits_refused_total",
        "Requests refused because too many came, by class and whose count it was"
    );
    describe_counter!("limits_store_away_total", "Leases of tokens that the store did not answer in time");
    describe_gauge!("limits_subjects", "Addresses, accounts and keys counted on this node");
    describe_counter!("requests_shed_total", "Requests refused because too many were being worked on");
    describe_gauge!("requests_in_flight", "Requests being worked on");
    describe_gauge!("connections_open", "Open connections");
    describe_counter!("connections_refused_total", "Connections refused because too many were open");
    describe_counter!("slow_clients_total", "Clients given up because they were too slow");
    describe_counter!("table_calls_total", "Calls of the table by kind and by what they were made for");
    describe_gauge!("jobs_due", "Jobs whose time has come");
    describe_gauge!("check_violations", "What the last look at the data found not to hold, by invariant");
    describe_gauge!("check_last_run_seconds", "When the data was last looked at, seconds since 1970");
    describe_counter!("backup_log_failures_total", "Pieces of the log of backups that could not be written");
    describe_gauge!("backup_log_reaches_seconds", "Until when the log of backups reaches, seconds since 1970");
    describe_histogram!("purge_log_look_seconds", "Time to look at what other nodes changed");
    for result in ["hit", "miss"] {
        counter!("page_cache_total", "result" => result).increment(0);
    }
    counter!("page_cache_made_total").increment(0);
    for result in ["ok", "throttled", "conflict", "failed", "refused"] {
        counter!("store_calls_total", "op" => "get", "result" => result).increment(0);
    }
    for rule in super::limits::RULES {
        for of in ["address", "account", "key"] {
            counter!("limits_refused_total", "class" => rule.name, "of" => of).increment(0);
        }
        counter!("limits_store_away_total", "class" => rule.name).increment(0);
    }
    for rank in ["common", "important", "machine", "upload", "body"] {
        counter!("requests_shed_total", "rank" => rank).increment(0);
    }
    for what in ["head", "body", "answer"] {
        counter!("slow_clients_total", "what" => what).increment(0);
    }
    counter!("connections_refused_total").increment(0);
    counter!("backup_log_failures_total").increment(0);
    // Without a log of backups it reaches nowhere.
    gauge!("backup_log_reaches_seconds").set(0.0);
    // Until the first look there is no invariant to name.
    gauge!("check_violations", "invariant" => "any").set(0.0);
    gauge!("check_last_run_seconds").set(0.0);
    gauge!("requests_in_flight").set(0.0);
    gauge!("connections_open").set(0.0);
    // A histogram is there once it has a handle.
    drop((histogram!("download_link_seconds"), histogram!("search_seconds")));
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

/// The pattern of the route that answered, as an extension of the answer.
#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

fn route(response: &Response) -> String {
    response.extensions().get::<Route>().map_or_else(|| "wall".to_owned(), |route| label(route.0.as_ref()))
}

fn label(path: Option<&MatchedPath>) -> String {
    match path.map(MatchedPath::as_str) {
        Some(path) if path.starts_with("/assets") => "/assets".to_owned(),
        Some(path) => path.to_owned(),
        // What no route of ours names is a page, or nothing.
        None => "page".to_owned(),
    }
}

fn answered(route: String, method: &'static str, status: StatusCode) {
    let class = match status.as_u16() {
        ..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("http_requests_total", "route" => route, "method" => method, "status" => class).increment(1);
}

/// Numbers of one route's answers to GET that are given before the layers below count them: looked up once.
#[derive(Clone)]
pub struct Answers {
    route: String,
    fine: metrics::Counter,
    took: metrics::Histogram,
}

impl Answers {
    /// Of the route that a request has come to.
    pub fn of(request: &Request) -> Self {
        let route = label(request.extensions().get::<MatchedPath>());
        Self {
            fine: metrics::counter!("http_requests_total", "route" => route.clone(), "method" => "GET", "status" => "2xx"),
            took: metrics::histogram!("http_request_duration_seconds", "route" => route.clone(), "method" => "GET"),
            route,
        }
    }

    /// One more with this status, begun then.
    pub fn count(&self, status: StatusCode, begun: Instant) {
        if status.is_success() {
            self.fine.increment(1);
        } else {
            answered(self.route.clone(), "GET", status);
        }
        self.took.record(begun.elapsed().as_secs_f64());
    }
}

/// Names the route for the layers outside. On every router.
pub async fn name(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Route(path));
    response
}

/// Counts answers by route, method and class of status, refusals of the walls among them. Outermost.
pub async fn count(request: Request, next: Next) -> Response {
    let method = method(&request);
    let (response, calls) = counted::of(next.run(request)).await;
    count_calls(&calls, &route(&response), |counter, n| counter.increment(n));
    answered(route(&response), method, response.status());
    response
}

/// Measures how long answers took until their head was there, waiting for room included, the time bodies take to arrive not.
pub async fn time(request: Request, next: Next) -> Response {
    let (method, started) = (method(&request), Instant::now());
    let response = next.run(request).await;
    metrics::histogram!("http_request_duration_seconds", "route" => route(&response), "method" => method)
        .record(started.elapsed().as_secs_f64());
    response
}

/// Calls of the table, by name and by what they were made for.
fn count_calls(calls: &counted::Counts, by: &str, add: impl Fn(metrics::Counter, u64)) {
    for (op, &n) in counted::OPS.iter().zip(calls).filter(|(_, n)| **n > 0) {
        add(metrics::counter!("table_calls_total", "op" => *op, "by" => by.to_owned()), n);
    }
}

async fn text(app: App, handle: PrometheusHandle) -> String {
    if let Some(buckets) = &app.buckets {
        metrics::gauge!("limits_subjects").set(buckets.subjects() as f64);
    }
    match app.queue.depth().await {
        Ok(depth) => {
            metrics::gauge!("jobs_waiting").set(depth.waiting as f64);
            metrics::gauge!("jobs_due").set(depth.due as f64);
            metrics::gauge!("jobs_dead").set(depth.dead as f64);
        }
        Err(error) => tracing::warn!(%error, "the queue's depth cannot be read"),
    }
    match crate::check::last(&*app.table).await {
        Ok(Some(report)) => {
            for (invariant, count) in report.counts {
                metrics::gauge!("check_violations", "invariant" => invariant).set(count as f64);
            }
            metrics::gauge!("check_last_run_seconds").set(report.at_ms as f64 / 1000.0);
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the last look at what must hold cannot be read"),
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
    if let Some(payments) = &app.payments {
        for result in ["handled", "failed", "refused"] {
            metrics::counter!("webhooks_total", "provider" => payments.name(), "result" => result).increment(0);
        }
    }
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
