//! The shop as an AWS Lambda function: one event at a time, and between two of them nothing runs at all.
//!
//! Invariants:
//! - Nothing is left to a task that goes on after the answer. What a serving process does beside its answers is done at the beginning of
//!   one (what other instances changed, the rates of exchange, the index), or by an event of its own (jobs, records of the table's stream).
//! - A page is as new as at any node: after standing still, an instance reads what others told before it answers.
//! - An event whose records are not in the index answers with a fault, so that its source sends it again. Jobs come back by themselves.
//!
//! Not here: what a background task may not assume (docs/adr/0015-lambda.md), the router.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, Uri};
use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, service_fn};
use tokio::sync::Mutex;
use tower::ServiceExt;
use vitrine_server::catalog::index::Indexer;
use vitrine_server::jobs::Worker;
use vitrine_server::purges::Follower;
use vitrine_server::state::App;
use vitrine_server::web::listen;

use super::Public;
use super::event::{Event, event};

/// Tells a program that it runs as a function, and where its events come from.
const RUNTIME: &str = "AWS_LAMBDA_RUNTIME_API";
/// How old what is known of other instances' changes may be, milliseconds; serving processes look as often.
const HEARD_MS: i64 = 500;
/// How old the index may be, milliseconds: the stream serves few readers, and instances may be many.
const INDEX_MS: i64 = 5_000;
/// How long a request waits for a newer index at most; the former one answers then.
const INDEX_TIME: Duration = Duration::from_secs(5);
/// What jobs leave of an event's time for the answer.
const MARGIN: Duration = Duration::from_secs(3);
/// Longest time of one event that does not say when it must end.
const EVENT_TIME: Duration = Duration::from_secs(60);

type Fault = lambda_http::Error;

/// Whether this process was started as a function.
pub fn is_function() -> bool {
    std::env::var_os(RUNTIME).is_some()
}

/// What lives as long as the instance.
struct Instance {
    app: App,
    router: Router,
    indexer: Indexer,
    worker: Worker,
    follower: Option<Mutex<Follower>>,
    /// When other instances' changes were read last, UTC milliseconds.
    heard_ms: AtomicI64,
    /// When the index was made new last.
    indexed_ms: AtomicI64,
    /// When newer rates of exchange were looked for last.
    rated_ms: AtomicI64,
}

impl Instance {
    async fn answer(&self, request: lambda_http::Request) -> Result<Response<Body>, Fault> {
        match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                let from = context.http.source_ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
                self.refresh().await;
                Ok(self.page(request, from).await)
            }
            _ => self.act(&request).await,
        }
    }

    /// A request, as a connection would have brought it.
    async fn page(&self, request: lambda_http::Request, from: Option<IpAddr>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        if let Some(target) = parts.uri.path_and_query() {
            parts.uri = Uri::from(target.clone());
        }
        let mut request = Request::from_parts(parts, Body::new(body));
        if let Some(from) = from {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from, 0)));
        }
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Whatever was changed while this instance stood still is known before it answers.
    async fn refresh(&self) {
        let now = self.app.clock.now_ms();
        if let Some(follower) = &self.follower
            && now - self.heard_ms.load(Ordering::Relaxed) >= HEARD_MS
        {
            match follower.lock().await.look().await {
                Ok(()) => self.heard_ms.store(now, Ordering::Relaxed),
                Err(error) => {
                    tracing::warn!(%error, "what other instances changed cannot be read; nothing that is kept is shown");
                    self.app.changes.mark_all();
                }
            }
        }
        self.app.rates.look(&*self.app.table, now, &self.rated_ms).await;
        if now - self.indexed_ms.load(Ordering::Relaxed) >= INDEX_MS {
            // Also if it does not succeed: not every request waits for it.
            self.indexed_ms.store(now, Ordering::Relaxed);
            match tokio::time::timeout(INDEX_TIME, self.indexer.catch_up()).await {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => tracing::warn!(%problem, "the search index is behind; the former one answers"),
                Err(_) => tracing::warn!("the search index is far behind; the former one answers"),
            }
        }
    }

    /// An event that is not a request.
    async fn act(&self, request: &lambda_http::Request) -> Result<Response<Body>, Fault> {
        let Some(event) = event(request.body().as_ref()) else {
            return Err("the shop knows requests, clocks, queues and records of its table".into());
        };
        // A moment that has passed is no deadline: emulators tell one of 1970.
        let deadline = request.lambda_context_ref().and_then(|context| i64::try_from(context.deadline).ok());
        let left = deadline.and_then(|at| u64::try_from(at - self.app.clock.now_ms()).ok());
        let time = left.map_or(EVENT_TIME, Duration::from_millis).saturating_sub(MARGIN);
        let end = tokio::time::Instant::now() + time;
        if let Event::Changed { .. } = event {
            let new = tokio::time::timeout_at(end, self.indexer.catch_up()).await;
            new.map_err(|_| "the event's time is over before the index is new")??;
            self.indexed_ms.store(self.app.clock.now_ms(), Ordering::Relaxed);
        }
        let ran = match event {
            Event::Due | Event::Changed { jobs: true } => {
                match tokio::time::timeout_at(end, self.worker.run_due_once()).await {
                    Ok(ran) => ran?,
                    // No fault: sent again, it would keep back the records behind it. The next clock finds what is left.
                    Err(_) => {
                        tracing::warn!(
                            "the event's time is over; a job that was in hand comes back with the end of its lease"
                        );
                        0
                    }
                }
            }
            Event::Changed { jobs: false } => 0,
        };
        tracing::info!(?event, ran, "an event was worked off");
        Ok(Response::new(Body::from(serde_json::json!({ "jobs": ran }).to_string())))
    }
}

/// Answers events until the service ends the process.
///
/// # Errors
/// The public folder is not whole, the port is taken, the table cannot be read, the service's interface does not answer.
pub async fn serve(app: App, public_dir: PathBuf) -> anyhow::Result<()> {
    let public = Public::open(&public_dir)?;
    vitrine_server::accounts::demo::ensure(&app).await?;
    let router = super::router(&app, &public)?;
    vitrine_server::check::schedule(&app.queue, &app.clock).await?;
    vitrine_server::rates::schedule(&app).await?;
    // The sign-in's back channel asks this very process; it answers while an event is in hand, when alone it is asked.
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, app.config.port));
    let listener = tokio::net::TcpListener::bind(own).await.with_context(|| format!("cannot listen on {own}"))?;
    tokio::spawn({
        let (router, load) = (router.clone(), app.config.load.clone());
        async move {
            if let Err(error) = listen::serve(listener, router, &load, Vec::new(), std::future::pending()).await {
                tracing::error!(%error, "the back channel is closed; nobody can sign in at this instance");
            }
        }
    });
    let indexer = app.indexer();
    indexer.catch_up().await.map_err(|problem| anyhow::anyhow!("the search index cannot be built: {problem}"))?;
    let now = app.clock.now_ms();
    let instance = Arc::new(Instance {
        worker: vitrine_server::jobs::worker(&app),
        follower: app.purges.clone().map(|purges| Mutex::new(purges.follower(app.changes.clone()))),
        router,
        indexer,
        app,
        heard_ms: AtomicI64::new(now),
        indexed_ms: AtomicI64::new(now),
        rated_ms: AtomicI64::new(now),
    });
    let handler = service_fn(move |request: lambda_http::Request| {
        let instance = instance.clone();
        async move { instance.answer(request).await }
    });
    tracing::info!("the shop is open, as a function");
    let ended = lambda_http::run_with_streaming_response(handler).await;
    ended.map_err(|error| anyhow::anyhow!("the function's interface: {error}"))
}
