//! The router and the running server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use axum::{Extension, Router};
use dioxus::server::{DioxusRouterExt, FullstackState};
use tokio_util::task::LocalPoolHandle;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use vitrine_pricing::money::Currency;
use vitrine_pricing::shown_in;
use vitrine_server::accounts::local_path;
use vitrine_server::config::TableConfig;
use vitrine_server::rest::ProblemResponse;
use vitrine_server::state::App;
use vitrine_server::web::csp::Policy;
use vitrine_server::web::csrf::{self, OwnOrigins};
use vitrine_server::web::ctx::{self, Context as RequestContext};
use vitrine_server::web::files::{self, Files};
use vitrine_server::web::headers::{self, Transport};
use vitrine_server::web::layers::{from_fn, from_fn_with_state};
use vitrine_server::web::limits::{self, Limits};
use vitrine_server::web::shed::{self, Gate};
use vitrine_server::web::{body, listen, metrics};
use vitrine_shared::Problem;

use super::Public;
use super::assets;
use super::cache::{self, Door, PageCache};
use super::calls;
use super::page::{self, Pages};
use super::refusal::{self, Refusals};
use crate::i18n::negotiate;
use crate::platform;
use crate::shop;

/// Longest time for an answer to begin.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Everything that answers HTTP, as one service.
///
/// # Errors
/// The page template cannot be read.
pub fn router(app: &App, public: &Public) -> anyhow::Result<Router> {
    platform::set_assets(public.all());
    let base = app.config.base_url();
    let files_origin = app.config.files_url();
    let policy = Policy { files_origin: files_origin.clone(), ..Policy::default() };
    let threads = LocalPoolHandle::new(std::thread::available_parallelism().map_or(1, usize::from));
    let pages = Pages::new(public, &policy, &base, threads.clone(), shop::App)?;
    let drawn = get(page::draw).with_state(pages.plain(threads, crate::desk::App));
    // The framework's state runs server functions only: pages are drawn by `draw`.
    let state = FullstackState::headless();
    let rendered: Router = Router::new().fallback_service(get(page::draw).with_state(pages));
    let refusals = rendered.clone();
    let walls = Refusals { rendered: rendered.clone(), negotiate, made: Default::default() };
    let counted =
        Limits { buckets: app.buckets.clone(), trusted: app.config.trusted_proxies.clone(), is_kept: cache::is_public };
    let transport = Transport::of(&base);
    let pages_kept = PageCache::new(app.changes.clone(), transport);
    let rendered = rendered.layer(from_fn_with_state(pages_kept.clone(), cache::layer));
    let interface = vitrine_server::rest::routes()
        .with_state(app.clone())
        .layer(from_fn_with_state(pages_kept.clone(), cache::layer));
    let mut desk: Router = Router::new();
    for path in crate::desk::paths() {
        desk = desk.route(&path, drawn.clone());
    }
    let calls = Router::new().register_server_functions().layer(from_fn(calls::layer));
    let rpc: Router = calls.with_state(state).route("/rpc/{*rest}", any(missing));
    // Pages that are not ours to template (sign-in, payment) have browsers ask here.
    let icon = public.url("icons/icon.svg");
    let owned = Arc::new(Files {
        downloads: app.downloads.clone(),
        checkouts: app.checkouts.clone(),
        shop_origin: base.clone(),
    });
    let own: Router = Router::new()
        .merge(vitrine_server::accounts::routes().with_state(app.clone()))
        .merge(vitrine_server::trade::routes().with_state(app.clone()))
        .merge(interface)
        .merge(vitrine_server::seo::routes().with_state(app.clone()))
        .merge(vitrine_server::desk::routes().with_state(app.clone()))
        .merge(vitrine_server::invoices::routes().with_state(app.clone()))
        .merge(vitrine_server::talk::routes().with_state(app.clone()))
        .merge(vitrine_server::withdrawal::routes().with_state(app.clone()))
        .merge(vitrine_server::mailing::routes().with_state(app.clone()))
        .merge(desk)
        .merge(files::downloads(owned.clone()))
        .route("/preferences", get(preferences).with_state(transport))
        .route("/favicon.ico", get(move || async move { axum::response::Redirect::permanent(&icon) }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready).with_state(app.clone()))
        .route("/api/{*rest}", any(missing));
    let context = RequestContext { app: app.clone(), negotiate };
    let for_people = |router: Router| {
        router
            .layer(from_fn(metrics::name))
            .layer(Extension(app.clone()))
            .layer(from_fn_with_state(OwnOrigins(vec![base.clone()]), csrf::guard))
            .layer(from_fn_with_state(refusals.clone(), page::for_people))
            .layer(from_fn_with_state(counted.clone(), limits::by_caller))
            .layer(from_fn_with_state(context.clone(), ctx::layer))
    };
    let pages_and_acts = for_people(rpc.merge(own).fallback_service(rendered));
    let stall = Duration::from_secs(app.config.load.stall_secs);
    let uploads =
        for_people(vitrine_server::desk::uploads().with_state(app.clone())).layer(RequestBodyTimeoutLayer::new(stall));
    // The provider and the simulator guard their own forms: their callers are not only our pages.
    let provider = app.provider.routes();
    let webhooks = vitrine_server::trade::webhooks();
    let named = provider
        .merge(webhooks.merge(vitrine_server::mailing::one_click()).with_state(app.clone()))
        .layer(from_fn(metrics::name));
    let doors = Router::new()
        .merge(vitrine_server::web::dev::routes(app))
        .merge(named)
        .layer(from_fn_with_state(app.clone(), ctx::door));
    let shop_host = Router::new()
        .merge(doors)
        .merge(assets::routes(public).layer(from_fn(metrics::name)))
        .fallback_service(pages_and_acts)
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_TIME))
        .layer(RequestBodyLimitLayer::new(body::MOST_BYTES))
        .merge(uploads);
    let files_host = vitrine_server::web::media::routes(app)
        .merge(files::contents(owned))
        .layer(from_fn(metrics::name))
        .layer(from_fn_with_state(app.clone(), ctx::files_layer))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_TIME))
        .layer(RequestBodyLimitLayer::new(body::MOST_BYTES));
    let files_name = host_name(&files_origin);
    let both = tower::service_fn(move |request: Request| {
        let to_files = ctx::host(&request).is_some_and(|h| h == files_name);
        let router = if to_files { files_host.clone() } else { shop_host.clone() };
        router.oneshot(request)
    });
    // From the outside in: what is said to people, who asks too often, whole bodies, room to work.
    Ok(Router::new()
        .fallback_service(both)
        .layer(from_fn_with_state(Gate::new(&app.config.load), shed::layer))
        .layer(from_fn(metrics::time))
        .layer(from_fn_with_state(body::Bodies::new(stall, app.config.trusted_proxies.clone()), body::whole))
        .layer(from_fn_with_state(counted.clone(), limits::by_address))
        .layer(from_fn_with_state(walls, refusal::layer))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(metrics::count))
        .layer(from_fn_with_state(transport, headers::layer))
        .layer(from_fn_with_state(Door { cache: pages_kept, limits: counted, negotiate }, cache::door)))
}

fn host_name(url: &str) -> String {
    url.split("://").nth(1).unwrap_or(url).split([':', '/']).next().unwrap_or_default().to_owned()
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
    ProblemResponse(vitrine_server::fault::internal("a request", &"it panicked")).into_response()
}

async fn missing() -> ProblemResponse {
    ProblemResponse(Problem::not_found("endpoint"))
}

async fn ready(State(app): State<App>) -> Response<Body> {
    let key = vitrine_server::state::probe_key();
    let table = app.table.get(&key, Default::default()).await.is_ok();
    let index = app.search.count().await.is_ok();
    if table && index {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response()
    }
}

#[derive(serde::Deserialize)]
struct Preferences {
    #[serde(default)]
    country: String,
    #[serde(default)]
    currency: String,
    /// The country that the form was shown for.
    #[serde(default)]
    was: String,
    #[serde(default)]
    lang: String,
    #[serde(default)]
    to: String,
}

/// The currency to keep. A place's own is not: it goes with the place, so who chooses another place alone leaves it behind. One that was
/// chosen before, in the cookie, stays.
fn chosen_currency(wish: &Preferences, country: &str, before: Option<Currency>) -> Option<Currency> {
    let typed = shown_in::shown(&wish.currency)?;
    let left_behind = before != Some(typed)
        && !wish.was.is_empty()
        && wish.was != country
        && typed == shown_in::of_country(&wish.was);
    Some(typed).filter(|typed| *typed != shown_in::of_country(country) && !left_behind)
}

/// Keeps place, currency and language for a year and goes back.
async fn preferences(
    State(transport): State<Transport>,
    headers: HeaderMap,
    Query(wish): Query<Preferences>,
) -> Response<Body> {
    let country = wish.country.to_ascii_uppercase();
    let country = if vitrine_pricing::market::is_country(&country) { country } else { String::new() };
    let currency = chosen_currency(&wish, &country, ctx::chosen(&headers).currency);
    let currency = currency.map(|chosen| format!("&currency={chosen}")).unwrap_or_default();
    let lang = negotiate(Some(&wish.lang), "");
    let secure = if transport == Transport::Tls { "; Secure" } else { "" };
    let cookie = format!(
        "{}=lang={lang}&country={country}{currency}; Path=/; Max-Age=31536000; SameSite=Lax{secure}",
        ctx::PREFS_COOKIE
    );
    let to = HeaderValue::from_str(local_path(&wish.to)).unwrap_or(HeaderValue::from_static("/"));
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, to);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Serves until told to stop, then finishes requests and jobs in hand.
///
/// # Errors
/// The port is taken, the public folder is not whole.
pub async fn serve(app: App, public_dir: PathBuf) -> anyhow::Result<()> {
    let public = Public::open(&public_dir)?;
    vitrine_server::accounts::demo::ensure(&app).await?;
    let router = router(&app, &public)?;
    if app.config.metrics_port != 0 {
        let port = app.config.metrics_port;
        metrics::serve(app.clone(), port).await.with_context(|| format!("cannot serve /metrics on port {port}"))?;
    }
    let address = SocketAddr::new(app.config.bind, app.config.port);
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; another program has the port, or choose one with --port")
    })?;
    if matches!(app.config.table, TableConfig::Sqlite) {
        // The table's lock says that this is the only process: who held these jobs is gone.
        let released = app.queue.release_leases().await?;
        if released > 0 {
            tracing::info!(released, "jobs that were in hand when the last process ended go on");
        }
    }
    vitrine_server::desk::clear_unpacked(&app.config.data_dir).context("cannot remove what imports left behind")?;
    vitrine_server::check::schedule(&app.queue, &app.clock).await?;
    vitrine_server::rates::schedule(&app).await?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let indexer = tokio::spawn({
        let (indexer, stopped) = (app.indexer(), stopped.clone());
        async move { indexer.run(stopped).await }
    });
    let worker = tokio::spawn({
        let worker = Arc::new(vitrine_server::jobs::worker(&app));
        let stopped = stopped.clone();
        async move { worker.run(stopped).await }
    });
    let copies = backup_log(&app, stopped.clone())?;
    let purges = app.purges.clone().map(|p| tokio::spawn(p.follow(app.changes.clone(), stopped.clone())));
    let sweeper = tokio::spawn(vitrine_server::jobs::sweep(app.clone(), stopped.clone()));
    let rates = tokio::spawn(app.rates.clone().follow(app.table.clone(), stopped.clone()));
    if app.demo {
        println!("The shop:    {}", app.config.base_url());
        println!("The outbox:  {}/dev/outbox", app.config.base_url());
        for (email, password, _, roles) in vitrine_server::accounts::demo::ACCOUNTS {
            println!("Account:     {email}  {password}  ({})", roles.join(", "));
        }
    }
    tracing::info!(address = %address, base_url = %app.config.base_url(), demo = app.demo, "the shop is open");
    let limit = Duration::from_secs(app.config.shutdown_secs);
    let mut told = stopped.clone();
    let (load, trusted) = (app.config.load.clone(), app.config.trusted_proxies.clone());
    let mut serving = tokio::spawn(async move {
        let stop = async move {
            let _ = told.changed().await;
        };
        listen::serve(listener, router, &load, trusted, stop).await
    });
    tokio::select! {
        done = &mut serving => done??,
        () = signalled() => {
            tracing::info!("stopping: finishing what is in hand");
            let _ = stop.send(true);
            if tokio::time::timeout(limit, &mut serving).await.is_err() {
                tracing::warn!("some requests did not finish in time");
            }
        }
    }
    let _ = stop.send(true);
    for task in [indexer, worker, sweeper, rates].into_iter().chain(copies).chain(purges) {
        if tokio::time::timeout(limit, task).await.is_err() {
            tracing::warn!("a background task did not finish in time; its jobs come back when their leases end");
        }
    }
    Ok(())
}

/// Keeps the log of backups, if one is configured.
fn backup_log(
    app: &App,
    stopped: tokio::sync::watch::Receiver<bool>,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    use vitrine_server::backup::{Shipper, Source};
    let config = &app.config.backup;
    let Some(folder) = config.log_dir.clone() else { return Ok(None) };
    let shipper = Shipper::new(Source::new(&app.config, &config.recipients)?.with_clock(app.clock.clone()), folder);
    Ok(Some(tokio::spawn(shipper.run(Duration::from_secs(config.log_secs), stopped))))
}

async fn signalled() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            let _ = interrupt.await;
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = term.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_places_own_currency_goes_with_the_place_and_a_chosen_one_stays() {
        let kept = |was: &str, country: &str, currency: &str, before: Option<Currency>| {
            let wish = Preferences {
                country: country.into(),
                currency: currency.into(),
                was: was.into(),
                lang: String::new(),
                to: String::new(),
            };
            chosen_currency(&wish, country, before).map(Currency::code)
        };
        assert_eq!(kept("DE", "DE", "NOK", None), Some("NOK"));
        assert_eq!(kept("DE", "NO", "EUR", None), None, "another place alone");
        assert_eq!(kept("DE", "NO", "EUR", Some(Currency::EUR)), Some("EUR"), "chosen before");
        assert_eq!(kept("DE", "NO", "SEK", None), Some("SEK"), "both at once");
        assert_eq!(kept("NO", "NO", "NOK", Some(Currency::EUR)), None, "back to the place's own");
        assert_eq!(kept("", "NO", "EUR", None), Some("EUR"), "without the form");
        assert_eq!(kept("DE", "DE", "XXX", None), None);
    }
}
