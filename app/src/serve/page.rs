//! A page from its request to one finished body: what it depends on, its drawing, the document around it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use dioxus::prelude::Element;
use tokio_util::task::LocalPoolHandle;
use tower::ServiceExt;
use vitrine_pricing::market::MARKETS;
use vitrine_pricing::shown_in::SHOWN;
use vitrine_server::ctx::OpCtx;
use vitrine_server::fault;
use vitrine_server::rest::ProblemResponse;
use vitrine_server::web::csp::Policy;
use vitrine_server::web::ctx::{self, Country};
use vitrine_server::web::html::{Parts, Template};
use vitrine_server::web::layers::Next;
use vitrine_shared::Problem;

use super::assets;
use super::draw::Drawing;
use super::{Ask, Public};
use crate::i18n::{LOCALES, Texts, source_of};
use crate::platform::{Choices, Prefs, Sheet, escaped};
use crate::shop::{PRINT_SHEET, STYLESHEETS};

/// Sets the chosen scheme before the first paint; without one, or where storage is forbidden, the system's stays.
const SCHEME: &str =
    r#"try{const t=localStorage.getItem("vitrine.theme");if(t)document.documentElement.dataset.theme=t}catch{}"#;

/// State of the pages of one client. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pages(Arc<Inner>);

struct Inner {
    drawing: Drawing,
    template: Template,
    public: Public,
    policy: Policy,
    origin: String,
    /// What the head of every page begins with.
    head: String,
    /// What starts the client; empty: pages are complete without one.
    boot: String,
    /// What pages announce, with the client and without.
    links: [HeaderValue; 2],
    countries: Mutex<BTreeMap<String, Arc<Named>>>,
}

/// Codes with their names in one locale, in the order of the names.
type Named = Vec<(String, String)>;

/// The page stands for another address: without scripts, for the client would look for the address's own page.
#[derive(Clone, Copy)]
pub(super) struct Bare;

impl Pages {
    /// Pages of the client `app`, drawn on these threads.
    ///
    /// # Errors
    /// The policy is no header's value, as with a line end in the configured origin.
    pub(super) fn new(
        public: &Public,
        policy: &Policy,
        origin: &str,
        threads: LocalPoolHandle,
        app: fn() -> Element,
    ) -> anyhow::Result<Self> {
        let url = |name: &str| public.url(name);
        // Loaded by a script that the policy trusts, and not by the page's markup, which it does not ask.
        let boot = format!("import(\"{}\")", url("shop/boot.js"));
        let mut head = format!("<script>{SCHEME}</script>\n");
        for sheet in STYLESHEETS {
            let _ = writeln!(head, "<link rel=\"stylesheet\" href=\"{}\">", url(sheet));
        }
        let _ = writeln!(head, "<link rel=\"stylesheet\" media=\"print\" href=\"{}\">", url(PRINT_SHEET));
        let _ = writeln!(head, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"{}\">", url("icons/icon.svg"));
        let _ = writeln!(head, "<link rel=\"preconnect\" href=\"{}\">", policy.files_origin);
        head.push_str(
            "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Vitrine\" href=\"/feeds/new.xml\">\n",
        );
        let _ = writeln!(head, "<meta name=\"vitrine-build\" content=\"{}\">", escaped(&public.build));
        Ok(Self(Arc::new(Inner {
            drawing: Drawing::new(app, threads),
            template: public.template.clone(),
            public: public.clone(),
            policy: Policy { scripts: vec![SCHEME.to_owned(), boot.clone()], ..policy.clone() },
            origin: origin.to_owned(),
            head,
            boot: format!("<script>{boot}</script>"),
            links: [assets::links(public, true), assets::links(public, false)],
            countries: Mutex::default(),
        })))
    }

    /// The same pages of another client, complete without scripts: they get none.
    pub(super) fn plain(&self, threads: LocalPoolHandle, app: fn() -> Element) -> Self {
        let own = &*self.0;
        Self(Arc::new(Inner {
            drawing: Drawing::new(app, threads),
            template: own.template.clone(),
            public: own.public.clone(),
            policy: Policy { scripts: vec![SCHEME.to_owned()], ..own.policy.clone() },
            origin: own.origin.clone(),
            head: own.head.clone(),
            boot: String::new(),
            links: [own.links[1].clone(), own.links[1].clone()],
            countries: Mutex::default(),
        }))
    }
}

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

/// Draws the page of a request.
pub(super) async fn draw(State(pages): State<Pages>, request: Request) -> Response<Body> {
    match pages.page(request).await {
        Ok(response) => response,
        Err(error) => ProblemResponse(fault::internal("a page", &format!("{error:#}"))).into_response(),
    }
}

impl Pages {
    async fn page(&self, request: Request) -> anyhow::Result<Response<Body>> {
        let pages = &*self.0;
        let asked = ctx::host(&request);
        let (mut parts, _) = request.into_parts();
        let ctx = parts.extensions.get::<OpCtx>().ok_or_else(|| anyhow::anyhow!("a page without circumstances"))?;
        let country = parts.extensions.get::<Country>().map_or("US", |c| &c.0);
        let (texts, prefs) = (Texts::of(&ctx.locale), Arc::new(self.prefs(ctx, country)));
        let bare = parts.extensions.get::<Bare>().is_some();
        let policy = Policy { assets: assets_of(&pages.origin, asked), ..pages.policy.clone() };
        let policy = HeaderValue::from_str(&policy.header())?;
        let sheet = Sheet::default();
        parts.extensions.insert(prefs.clone());
        parts.extensions.insert(sheet.clone());
        Ask::ahead(&parts).await;
        let drawn = pages.drawing.page(parts).await?;
        let said = sheet.take();
        // The pseudo-locales are made from the default's file.
        let text = pages.public.url(&format!("i18n/{}.ftl", source_of(&prefs.locale)));
        let own = format!(
            "<meta name=\"vitrine-prefs\" content=\"{}\">\n\
             <link id=\"vitrine-locale\" rel=\"preload\" as=\"fetch\" crossorigin href=\"{text}\">\n",
            escaped(&serde_json::to_string(&*prefs)?),
        );
        let mut data = vec![Arc::from(format!("\"{}\"", drawn.data))];
        data.extend(said.data);
        let page = pages.template.page(&Parts {
            lang: &prefs.locale,
            dir: texts.direction(),
            title: if said.title.is_empty() { "Vitrine" } else { &said.title },
            head: &[&pages.head, &own, &said.head],
            main: &drawn.main,
            data: &data,
            boot: if bare { "" } else { &pages.boot },
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = drawn.status;
        let headers = response.headers_mut();
        headers.extend(drawn.headers);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(page.len()));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::LINK, pages.links[usize::from(bare)].clone());
        // Pages depend on cookie and language; those that shared caches may keep are told so by the page cache.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        *response.body_mut() = Body::from(page);
        Ok(response)
    }

    fn prefs(&self, ctx: &OpCtx, country: &str) -> Prefs {
        let texts = Texts::of(&ctx.locale);
        let named = self.countries(&texts);
        let mut countries = String::with_capacity(named.len() * 48);
        if !named.iter().any(|(code, _)| code == country) {
            let name = vitrine_server::country_name(country, &ctx.locale).unwrap_or(country);
            option(&mut countries, country, name, true);
        }
        for (code, name) in named.iter() {
            option(&mut countries, code, name, code == country);
        }
        let currency = ctx.wish().code();
        let mut currencies = String::with_capacity(SHOWN.len() * 24);
        for code in SHOWN {
            // Its text is its value.
            let mark = if code == currency { " selected" } else { "" };
            let _ = write!(currencies, "<option{mark}>{code}</option>");
        }
        let mut locales = String::new();
        for tag in LOCALES {
            option(&mut locales, tag, &texts.get(&format!("locale-{tag}"), None), tag == ctx.locale);
        }
        Prefs {
            locale: ctx.locale.clone(),
            country: country.to_owned(),
            currency: currency.to_owned(),
            origin: self.0.origin.clone(),
            shows_only: ctx.scope != vitrine_server::ctx::Scope::Marketplace,
            choices: Choices { countries, currencies, locales },
        }
    }

    /// Countries of all markets by their names, made once for each locale.
    fn countries(&self, texts: &Texts) -> Arc<Named> {
        // A panic while the lock was held cannot leave the map half written: it is only ever inserted into.
        let mut known = self.0.countries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(named) = known.get(texts.tag()) {
            return named.clone();
        }
        let codes = MARKETS.iter().flat_map(|m| m.countries);
        let mut named: Named =
            codes.map(|code| ((*code).to_owned(), texts.get(&format!("country-{code}"), None))).collect();
        named.sort_by(|a, b| a.1.cmp(&b.1));
        let named = Arc::new(named);
        known.insert(texts.tag().to_owned(), named.clone());
        named
    }
}

/// The build's files under the name the page was asked by: shops have names of their own. Scheme and port are the configured
/// ones and never the caller's, for the page may be kept and shown to others. Empty for an IPv6 address, which a policy cannot
/// name, and for pages made before anybody asked.
fn assets_of(origin: &str, host: Option<String>) -> String {
    let (scheme, rest) = origin.split_once("://").unwrap_or(("http", origin));
    let port = rest.rsplit_once(':').filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit())).map(|(_, port)| port);
    let host = host.unwrap_or_default();
    if host.is_empty() || host.starts_with('[') {
        return String::new();
    }
    match port {
        Some(port) => format!("{scheme}://{host}:{port}/assets/"),
        None => format!("{scheme}://{host}/assets/"),
    }
}

fn option(out: &mut String, value: &str, name: &str, chosen: bool) {
    let mark = if chosen { " selected" } else { "" };
    // Writing to a String cannot fail.
    let _ = write!(out, "<option value=\"{}\"{mark}>{}</option>", escaped(value), escaped(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_build_are_named_by_the_host_asked_and_by_nothing_else_the_caller_says() {
        let of = |origin: &str, host: &str| assets_of(origin, Some(host.to_owned()));
        assert_eq!(of("http://localhost:8080", "localhost"), "http://localhost:8080/assets/");
        assert_eq!(of("http://localhost:8080", "aurora.localhost"), "http://aurora.localhost:8080/assets/");
        assert_eq!(of("https://shop.example", "shop.example"), "https://shop.example/assets/");
        assert_eq!(of("http://localhost:8080", "[::1]"), "");
        assert_eq!(assets_of("http://localhost:8080", None), "");
    }
}
