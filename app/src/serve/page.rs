//! From a rendered answer to a finished page: marks filled, scripts named, one body.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use tower::ServiceExt;
use vitrine_pricing::market::{MARKETS, Market};
use vitrine_server::ctx::OpCtx;
use vitrine_server::web::csp::Policy;
use vitrine_server::web::ctx::Country;
use vitrine_server::web::html::{self, Fill};
use vitrine_shared::Problem;

use super::Public;
use crate::i18n::{LOCALES, Texts};
use crate::platform::Prefs;
use crate::shop::{PRELOAD_FONTS, PRINT_SHEET, STYLESHEETS};

/// State of the layer.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) public: Public,
    pub(super) policy: Policy,
    pub(super) origin: String,
    pub(super) files_origin: String,
    /// Its pages are complete without scripts and get none.
    pub(super) plain: bool,
}

/// The page stands for another address: without scripts, for the client would look for the address's own page.
#[derive(Clone, Copy)]
pub(super) struct Bare;

/// Whether a page is what was asked for.
pub(super) fn wants_page(request: &Request) -> bool {
    let path = request.uri().path();
    let program = ["/api/", "/rpc/", "/healthz", "/readyz"].iter().any(|p| path.starts_with(p));
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    !program && accept.contains("text/html")
}

/// Shows a refusal to people as a page with the refusal's status; programs get the problem as it is.
pub(super) async fn for_people(State(rendered): State<axum::Router>, request: Request, next: Next) -> Response<Body> {
    if !wants_page(&request) {
        return next.run(request).await;
    }
    let mut page = Request::new(Body::empty());
    *page.headers_mut() = request.headers().clone();
    page.headers_mut().remove(header::CONTENT_LENGTH);
    page.headers_mut().remove(header::CONTENT_TYPE);
    *page.extensions_mut() = request.extensions().clone();
    page.extensions_mut().insert(Bare);
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let code: String = problem.code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let id = vitrine_shared::query::encode(&problem.instance);
    let Ok(uri) = format!("/problem/{code}?status={}&id={id}", problem.status).parse() else { return response };
    *page.uri_mut() = uri;
    let mut shown = match rendered.oneshot(page).await {
        Ok(shown) => shown,
        Err(never) => match never {},
    };
    *shown.status_mut() = response.status();
    shown.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        shown.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    shown
}

/// Puts [`Prefs`] on the request and finishes the page.
pub(super) async fn finish(State(pages): State<Pages>, mut request: Request, next: Next) -> Response<Body> {
    let ctx = request.extensions().get::<OpCtx>().cloned();
    let country = request.extensions().get::<Country>().map(|c| c.0.clone()).unwrap_or_else(|| "US".into());
    let Some(ctx) = ctx else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let prefs = prefs(&ctx, country, pages.origin.clone());
    request.extensions_mut().insert(prefs.clone());
    let bare = pages.plain || request.extensions().get::<Bare>().is_some();
    let mut response = next.run(request).await;
    // Pages depend on cookie and language; shared caches are for the page cache in front of this layer.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let fill = fill(&pages, &ctx, &prefs, bare);
    match html::answer(response, &fill, &pages.policy).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a page broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn prefs(ctx: &OpCtx, country: String, origin: String) -> Prefs {
    let texts = Texts::of(&ctx.locale);
    let market = Market::by_id(&ctx.market).unwrap_or_else(|| Market::of_country(""));
    let mut countries: Vec<(String, String)> = MARKETS
        .iter()
        .flat_map(|m| m.countries)
        .map(|code| ((*code).to_owned(), texts.get(&format!("country-{code}"), None)))
        .collect();
    if !countries.iter().any(|(code, _)| *code == country) {
        countries.push((country.clone(), country.clone()));
    }
    countries.sort_by(|a, b| a.1.cmp(&b.1));
    let currency = market.currency.code().to_owned();
    Prefs {
        locale: ctx.locale.clone(),
        country,
        currencies: vec![(currency.clone(), currency.clone())],
        currency,
        locales: LOCALES.iter().map(|tag| ((*tag).to_owned(), texts.get(&format!("locale-{tag}"), None))).collect(),
        countries,
        origin,
        shows_only: ctx.scope != vitrine_server::ctx::Scope::Marketplace,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

fn fill(pages: &Pages, ctx: &OpCtx, prefs: &Prefs, bare: bool) -> Fill {
    let url = |name: &str| pages.public.url(name);
    let mut head = String::new();
    for font in PRELOAD_FONTS {
        head.push_str(&format!(
            "<link rel=\"preload\" as=\"font\" type=\"font/woff2\" crossorigin href=\"{}\">\n",
            url(font)
        ));
    }
    for sheet in STYLESHEETS {
        head.push_str(&format!("<link rel=\"stylesheet\" href=\"{}\">\n", url(sheet)));
    }
    head.push_str(&format!("<link rel=\"stylesheet\" media=\"print\" href=\"{}\">\n", url(PRINT_SHEET)));
    head.push_str(&format!("<script src=\"{}\"></script>\n", url("js/theme.js")));
    head.push_str(&format!("<link rel=\"icon\" type=\"image/svg+xml\" href=\"{}\">\n", url("icons/icon.svg")));
    head.push_str(&format!("<link rel=\"preconnect\" href=\"{}\">\n", pages.files_origin));
    head.push_str("<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Vitrine\" href=\"/feeds/new.xml\">\n");
    let json = serde_json::to_string(prefs).unwrap_or_default();
    head.push_str(&format!("<meta name=\"vitrine-prefs\" content=\"{}\">\n", escape(&json)));
    head.push_str(&format!("<meta name=\"vitrine-build\" content=\"{}\">\n", escape(&pages.public.build)));
    // The pseudo-locales are made from the default's file.
    let file = if LOCALES.contains(&ctx.locale.as_str()) { ctx.locale.as_str() } else { LOCALES[0] };
    head.push_str(&format!(
        "<link id=\"vitrine-locale\" rel=\"preload\" as=\"fetch\" crossorigin href=\"{}\">",
        url(&format!("i18n/{file}.ftl"))
    ));
    let boot =
        if bare { String::new() } else { format!("<script type=\"module\" src=\"{}\"></script>", url("shop/boot.js")) };
    let direction = Texts::of(&ctx.locale).direction();
    Fill {
        marks: vec![
            ("{lang}", ctx.locale.clone()),
            ("{dir}", direction.to_owned()),
            ("{head}", head),
            ("<!--boot-->", boot),
        ],
    }
}
