//! What each request is about: host to scope, preferences to market and locale, cookie to caller.
//!
//! Invariants: the tenant comes from the trusted host only; forwarded headers count only from configured proxies; the
//! preferences are normalised to the finite lists of markets and locales before anything uses them.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use crate::web::layers::Next;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use vitrine_identity::ClientError;
use vitrine_identity::provider::PeerAddress;
use vitrine_pricing::market::choose_market;
use vitrine_pricing::money::Currency;
use vitrine_shared::Problem;

use super::headers::RequestId;
use crate::ctx::{Caller, Guess, OpCtx, Scope};
use crate::fault;
use crate::rest::ProblemResponse;
use crate::state::App;

/// Name of the preferences cookie: `lang=de-DE&country=DE&currency=EUR`, read without a session.
pub const PREFS_COOKIE: &str = "vitrine_prefs";

/// Name of the guest cart's cookie.
pub const CART_COOKIE: &str = "__Host-cart";

/// Chooses a shipped locale: wish, then `Accept-Language`. The interface brings it, for it has the files.
pub type Negotiate = fn(Option<&str>, &str) -> &'static str;

/// State of the layer.
#[derive(Clone)]
pub struct Context {
    /// The house.
    pub app: App,
    /// See [`Negotiate`].
    pub negotiate: Negotiate,
}

/// What the visitor chose, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Locale tag.
    pub lang: Option<String>,
    /// ISO 3166-1.
    pub country: Option<String>,
    /// One of [`vitrine_pricing::shown_in::SHOWN`].
    pub currency: Option<Currency>,
}

/// In which language, and for which place, an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// A shipped locale's tag.
    pub locale: &'static str,
    /// The market's id.
    pub market: &'static str,
    /// ISO 3166-1: whose prices are shown.
    pub country: String,
    /// Chosen, or named by a configured proxy; `None`: the country's own.
    pub currency: Option<Currency>,
    /// ISO 3166-1, as a configured proxy saw it.
    pub edge: Option<String>,
}

/// What a request is answered in: its wish, country and currency as a configured proxy says, `Accept-Language`.
pub fn shown(request: &Request, trusted: &[IpAddr], negotiate: Negotiate) -> Shown {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let from_proxy = direct.is_some_and(|d| trusted.contains(&d));
    let mut wish = chosen(headers);
    if let Some(lang) = query_value(request, "lang") {
        wish.lang = Some(lang);
    }
    let accept = text(header::ACCEPT_LANGUAGE).unwrap_or_default();
    let locale = negotiate(wish.lang.as_deref(), accept);
    let edge = from_proxy.then(|| text(HeaderName::from_static("x-country")).map(str::to_owned)).flatten();
    let edge = edge.map(|c| c.to_ascii_uppercase()).filter(|c| vitrine_pricing::market::is_country(c));
    // A proxy's currency is for the country that it saw: who chose another one did not ask for it.
    let named = || {
        let code =
            (from_proxy && wish.country.is_none()).then(|| text(HeaderName::from_static("x-currency"))).flatten();
        code.and_then(vitrine_pricing::shown_in::shown)
    };
    let currency = wish.currency.or_else(named);
    let region = accept.split([',', ';']).next().unwrap_or_default().trim();
    let country = wish.country.or_else(|| edge.clone()).or_else(|| country_of(region));
    let (market, _) = choose_market(None, country.as_deref(), Some(locale));
    let country = country
        .filter(|c| vitrine_pricing::market::is_country(c))
        .unwrap_or_else(|| market.countries.first().map_or("US", |c| c).to_owned());
    Shown { locale, market: market.id, country, currency, edge }
}

/// The country that a language tag (BCP 47) names, ISO 3166-1.
fn country_of(tag: &str) -> Option<String> {
    let named = |part: &&str| part.len() == 2 && vitrine_pricing::market::is_country(&part.to_ascii_uppercase());
    tag.split('-').skip(1).find(named).map(str::to_ascii_uppercase)
}

/// Whether a request says who sends it: by a key, a token or a session.
pub fn names_caller(headers: &HeaderMap) -> bool {
    let program = headers.contains_key("x-api-key") || headers.contains_key(header::AUTHORIZATION);
    program || headers.get_all(header::COOKIE).iter().any(|v| v.to_str().is_ok_and(|v| v.contains("__Host-session=")))
}

/// The country whose prices are shown, as an extension.
#[derive(Clone, Debug)]
pub struct Country(pub String);

/// One cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Reads the preferences cookie.
pub fn chosen(headers: &HeaderMap) -> Chosen {
    let mut out = Chosen::default();
    for pair in cookie(headers, PREFS_COOKIE).unwrap_or_default().split('&') {
        match pair.split_once('=') {
            Some(("lang", v)) if v.len() <= 8 => out.lang = Some(v.to_owned()),
            Some(("country", v)) if v.len() == 2 => out.country = Some(v.to_ascii_uppercase()),
            Some(("currency", v)) => out.currency = vitrine_pricing::shown_in::shown(v),
            _ => {}
        }
    }
    out
}

/// The host a request was sent to, without port, lower case; `None` for none or several.
pub fn host(request: &Request) -> Option<String> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?,
        (None, _) => request.uri().authority()?.as_str(),
        _ => return None,
    };
    let host =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(h, _)| h);
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

fn host_of(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
}

fn query_value(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

/// The peer's address: the connection's, or what `X-Forwarded-For` says of it through configured proxies only. `None`: not known.
pub fn peer(request: &Request, trusted: &[IpAddr]) -> Option<IpAddr> {
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip())?;
    if !trusted.contains(&direct) {
        return Some(direct);
    }
    // The last address that is not one of our proxies is the nearest one that somebody we trust has seen. What stands left of an
    // entry that cannot be read may be the client's own words, so nothing there counts.
    let entries =
        request.headers().get_all("x-forwarded-for").iter().flat_map(|v| v.to_str().unwrap_or_default().split(','));
    for entry in entries.rev() {
        match forwarded(entry.trim()) {
            Some(ip) if trusted.contains(&ip) => {}
            Some(ip) => return Some(ip),
            None => break,
        }
    }
    Some(direct)
}

/// An entry of `X-Forwarded-For`: an address, as some proxies write it with a port, IPv6 also in brackets.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || entry.parse::<SocketAddr>().ok().map(|a| a.ip());
    entry.parse::<IpAddr>().ok().or_else(with_port).or_else(bare)
}

/// The mark of the request in hand; one that nothing counts gets a mark nobody reads.
impl<S: Send + Sync> FromRequestParts<S> for Guess {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Who a program says it is, by API key or bearer token; `None` without either.
///
/// # Errors
/// 401 for credentials that are not valid: they never count as none.
async fn credentials(app: &App, headers: &HeaderMap, guess: &Guess) -> crate::fault::Result<Option<Caller>> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or_default());
    if let Some(key) = text("x-api-key") {
        let caller = crate::rest::keys::caller(&*app.table, app.clock.now_ms(), key).await;
        if caller.as_ref().is_err_and(|problem| problem.status == 401) {
            guess.mark_wrong();
        }
        return caller.map(Some);
    }
    let Some(authorization) = text("authorization") else { return Ok(None) };
    let refused = || Problem::new(401, "bad_token", "The bearer token is not valid. Get a new one from the provider.");
    let (scheme, token) = authorization.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let claims = match app.oidc.verify_access_token(token.trim()).await {
        Ok(claims) => claims,
        Err(ClientError::Unavailable(why)) => return Err(fault::internal("the provider's keys", &why)),
        // Signed by the provider, only too late: nobody guessed it.
        Err(ClientError::TokenEnded) => return Err(refused()),
        Err(_) => {
            guess.mark_wrong();
            return Err(refused());
        }
    };
    // An app that was let in to know who somebody is may not therefore act for them.
    if !claims.has_scope("api") {
        return Err(Problem::new(403, "insufficient_scope", "The bearer token is not good for this interface.")
            .detail("Ask the provider for the scope `api`."));
    }
    // The account says what the token is too old to know: whether it is still there, whether everything issued before was ended
    // (a new password, all sessions revoked), and its roles now.
    let account = app.provider.accounts().get(&claims.sub).await.map_err(|e| fault::internal("an account", &e))?;
    let account = account.filter(|a| !a.has_ended(claims.iat)).ok_or_else(refused)?;
    crate::accounts::person(&account).map(Caller::User).map(Some).ok_or_else(refused)
}

/// Whether a path is of a person: a shop's own host only shows, the marketplace's has the session and the cart.
fn is_personal(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let of_people = [
        "account",
        "admin",
        "auth",
        "cart",
        "checkout",
        "gift-cards",
        "invoices",
        "letters",
        "my-products",
        "orders",
        "preview",
        "studio",
    ];
    of_people.contains(&first)
}

fn is_marketplace(host: &str, base: &str) -> bool {
    host == base || host == "127.0.0.1" || host == "localhost" || host == "[::1]"
}

fn bad_host() -> Response {
    ProblemResponse(Problem::new(400, "bad_host", "The request must name exactly one host.")).into_response()
}

fn wrong_host() -> Response {
    ProblemResponse(Problem::new(421, "unknown_host", "There is no shop at this address.")).into_response()
}

/// The layer of what only the marketplace's own host answers and what reads no [`OpCtx`]: sign-in, webhooks, one-click
/// links, pages of demonstration data. Another host's name gets nothing, so that a foreign name which leads here (DNS
/// rebinding) opens none of it to its pages. Puts the peer's address on the request.
pub async fn door(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let base = host_of(&app.config.base_url());
    let Some(host) = host(&request) else { return bad_host() };
    if !is_marketplace(&host, &base) {
        return wrong_host();
    }
    if let Some(ip) = peer(&request, &app.config.trusted_proxies) {
        request.extensions_mut().insert(PeerAddress(ip));
    }
    next.run(request).await
}

/// The layer: puts [`OpCtx`], [`Country`] and the peer's address on the request.
pub async fn layer(State(state): State<Context>, mut request: Request, next: Next) -> Response {
    let app = &state.app;
    let base = host_of(&app.config.base_url());
    let Some(host) = host(&request) else { return bad_host() };
    let scope = if is_marketplace(&host, &base) {
        Scope::Marketplace
    } else {
        let store = match host.strip_suffix(&base).and_then(|h| h.strip_suffix('.')) {
            Some(handle) => app.catalog.records().store_by_handle(handle).await,
            None => Ok(None),
        };
        match store {
            Ok(Some(store)) => Scope::Tenant(store.tenant),
            Ok(None) => return wrong_host(),
            Err(problem) => return ProblemResponse(problem).into_response(),
        }
    };
    if scope != Scope::Marketplace && is_personal(request.uri().path()) && request.method() == Method::GET {
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        return axum::response::Redirect::temporary(&format!("{}{path}", app.config.base_url())).into_response();
    }
    let peer = peer(&request, &app.config.trusted_proxies);
    let shown = shown(&request, &app.config.trusted_proxies, state.negotiate);
    let jar: String =
        request.headers().get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join("; ");
    let guess = request.extensions().get::<Guess>().cloned().unwrap_or_default();
    let programs = match credentials(app, request.headers(), &guess).await {
        Ok(caller) => caller,
        Err(problem) => return ProblemResponse(problem).into_response(),
    };
    let caller = if let Some(caller) = programs {
        caller
    } else if jar.contains("__Host-session=") {
        match app.sessions.resolve(&jar).await {
            Ok(Some(session)) => match crate::accounts::caller_of(app, &session).await {
                Ok(user) => user.map_or(Caller::Anonymous, Caller::User),
                Err(problem) => return ProblemResponse(problem).into_response(),
            },
            Ok(None) => Caller::Anonymous,
            Err(e) => return ProblemResponse(fault::internal("a session", &e)).into_response(),
        }
    } else {
        Caller::Anonymous
    };
    let request_id = request.extensions().get::<RequestId>().map(|r| r.0.clone()).unwrap_or_default();
    let ctx = OpCtx {
        scope,
        caller,
        request_id,
        now_ms: app.clock.now_ms(),
        locale: shown.locale.to_owned(),
        market: shown.market.to_owned(),
        country: shown.country.clone(),
        currency: shown.currency,
        network: shown.edge.clone(),
        cart: cookie(request.headers(), CART_COOKIE)
            .map(str::to_owned)
            .or_else(|| request.headers().get("x-cart-token").and_then(|v| v.to_str().ok()).map(str::to_owned)),
        guess,
        peer,
    };
    if let Some(ip) = peer {
        request.extensions_mut().insert(PeerAddress(ip));
    }
    request.extensions_mut().insert(Country(shown.country));
    request.extensions_mut().insert(ctx);
    next.run(request).await
}

/// The layer of the files origin: nobody is signed in there, and addresses carry their own proof.
pub async fn files_layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|r| r.0.clone()).unwrap_or_default();
    let guess = request.extensions().get::<Guess>().cloned().unwrap_or_default();
    let ctx = OpCtx { caller: Caller::Anonymous, request_id, guess, ..OpCtx::system("files", app.clock.now_ms()) };
    if let Some(ip) = peer(&request, &app.config.trusted_proxies) {
        request.extensions_mut().insert(PeerAddress(ip));
    }
    request.extensions_mut().insert(ctx);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut builder = axum::http::Request::builder().uri("/x?lang=de-DE");
        for (n, v) in headers {
            builder = builder.header(*n, *v);
        }
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn one_host_counts() {
        assert_eq!(host(&request(&[("host", "Shop.localhost:8080")])).as_deref(), Some("shop.localhost"));
        assert_eq!(host(&request(&[("host", "a.example"), ("host", "b.example")])), None);
        assert_eq!(host(&request(&[("x-forwarded-host", "b.example")])), None);
    }

    #[test]
    fn forwarded_addresses_count_from_proxies_only() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let mut from_proxy = request(&[("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.1")]);
        from_proxy.extensions_mut().insert(ConnectInfo(SocketAddr::new(proxy, 1)));
        assert_eq!(peer(&from_proxy, &[proxy]), Some("203.0.113.9".parse().unwrap()));
        assert_eq!(peer(&from_proxy, &[]), Some(proxy));
    }

    #[test]
    fn an_entry_that_cannot_be_read_ends_what_is_believed() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for (said, wanted) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("6.6.6.6, [2001:db8::7]:4711, 10.0.0.1", "2001:db8::7"),
            ("6.6.6.6, [2001:db8::7]", "2001:db8::7"),
            ("6.6.6.6, 2001:db8::7", "2001:db8::7"),
            ("6.6.6.6, unknown", "10.0.0.1"),
            ("6.6.6.6, _hidden, 10.0.0.1", "10.0.0.1"),
            ("6.6.6.6,", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let mut request = request(&[("x-forwarded-for", said)]);
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(proxy, 1)));
            assert_eq!(peer(&request, &[proxy]), Some(wanted.parse().unwrap()), "{said}");
        }
        // One header a hop, one of them no text.
        let mut request = request(&[("x-forwarded-for", "6.6.6.6")]);
        let mangled = axum::http::HeaderValue::from_bytes(b"203.0.113.9\xff").unwrap();
        request.headers_mut().append("x-forwarded-for", mangled);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(proxy, 1)));
        assert_eq!(peer(&request, &[proxy]), Some(proxy));
    }

    #[test]
    fn the_currency_is_the_visitors_choice_then_the_proxys_word_then_the_countrys() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let of = |headers: &[(&str, &str)], trusted: &[IpAddr]| {
            let mut request = request(headers);
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(proxy, 1)));
            let shown = shown(&request, trusted, |_, _| "en-US");
            (shown.country, shown.market, shown.currency.map(Currency::code))
        };
        let edge = [("x-country", "NO"), ("x-currency", "sek")];
        let norway = |currency| ("NO".to_owned(), "no", currency);
        assert_eq!(of(&edge, &[proxy]), norway(Some("SEK")));
        assert_eq!(of(&edge[..1], &[proxy]), norway(None));
        assert_eq!(of(&edge, &[]), ("US".to_owned(), "us", None), "nobody's headers but a proxy's count");
        let cookie = ("cookie", "vitrine_prefs=lang=en-US&country=NO&currency=DKK");
        assert_eq!(of(&[cookie, edge[1]], &[proxy]), norway(Some("DKK")));
        let moved = ("cookie", "vitrine_prefs=lang=en-US&country=NO");
        assert_eq!(of(&[moved, ("x-country", "SE"), edge[1]], &[proxy]), norway(None), "of another country's visitor");
        for unknown in ["XXX", "KWD", "", "NOKK", "../etc"] {
            assert_eq!(of(&[edge[0], ("x-currency", unknown)], &[proxy]), norway(None), "{unknown}");
        }
        assert_eq!(of(&[("accept-language", "nb-NO")], &[]), norway(None));
        let told = |tag: &str| of(&[("accept-language", tag)], &[]);
        for (tag, country, market) in [
            ("es-ES,es;q=0.9", "ES", "eu"),
            ("sv-se", "SE", "eu"),
            ("en-IE", "IE", "eu"),
            ("pt-BR;q=0.8", "BR", "rowtax"),
            ("zh-Hant-TW", "TW", "rowtax"),
            ("es-419,es", "US", "us"),
            ("en-XX", "US", "us"),
        ] {
            assert_eq!(told(tag), (country.to_owned(), market, None), "{tag}");
        }
    }

    #[test]
    fn preferences_are_read_from_their_cookie() {
        let r = request(&[("cookie", "a=b; vitrine_prefs=lang=de-DE&country=ch&x=y")]);
        assert_eq!(
            chosen(r.headers()),
            Chosen { lang: Some("de-DE".into()), country: Some("CH".into()), currency: None }
        );
    }
}
