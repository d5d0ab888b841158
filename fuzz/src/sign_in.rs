//! The sign-in page's endpoints, and the shop's own sessions.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderValue, StatusCode, header};
use secrecy::SecretString;
use tempfile::TempDir;
use tower::ServiceExt as _;
use vitrine_clock::SystemClock;
use vitrine_identity::provider::{AccountMail, SendAccountMail};
use vitrine_identity::{MasterKey, OidcClient, Provider, ProviderConfig, Sessions};
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

use crate::cursors::RUNTIME;
use crate::text;

const ISSUER: &str = "https://shop.test";
const RETURN: &str = "https://shop.test/auth/loginCallback";

/// The links that were mailed.
#[derive(Default)]
struct Mails(Mutex<Vec<String>>);

#[async_trait]
impl SendAccountMail for Mails {
    async fn send(&self, mail: AccountMail) -> Result<(), String> {
        self.0.lock().map_err(|e| e.to_string())?.push(mail.link);
        Ok(())
    }
}

/// A request that an app may make.
const ASKED: &str = "client_id=public&redirect_uri=https%3A%2F%2Fshop.test%2Fauth%2FloginCallback&response_type=code&scope=openid\
    &code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code_challenge_method=S256";

/// A provider that knows two apps and nobody's account.
struct World {
    routes: Router,
    sessions: Sessions,
    mails: Arc<Mails>,
    _dir: TempDir,
}

impl World {
    fn new() -> Self {
        let made = || -> Result<Self, Box<dyn std::error::Error>> {
            let dir = tempfile::tempdir()?;
            let clock = Arc::new(SystemClock);
            let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.db"), clock.clone())?);
            let master = SecretString::from("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
            let master = Arc::new(MasterKey::from_base64(&master)?);
            let mails = Arc::new(Mails::default());
            let client = |id: &str, secret: Option<&str>| OidcClient {
                client_id: id.into(),
                client_secret: secret.map(SecretString::from),
                name: "The Shop".into(),
                home_url: format!("{ISSUER}/"),
                redirect_uris: vec![RETURN.into()],
                post_logout_redirect_uris: vec![format!("{ISSUER}/bye")],
            };
            let config = ProviderConfig {
                issuer: ISSUER.into(),
                audience: "https://api.test".into(),
                site_name: "Vitrine".into(),
                stylesheet: None,
                clients: vec![client("shop", Some("a-secret-of-the-shop")), client("public", None)],
            };
            let provider = Provider::new(config, table.clone(), clock.clone(), master.clone(), mails.clone())?;
            let sessions = Sessions::new(table, clock, master);
            Ok(Self { routes: provider.routes(), sessions, mails, _dir: dir })
        };
        made().unwrap_or_else(|e| panic!("there is no provider: {e}"))
    }
}

thread_local! {
    static WORLD: World = World::new();
    /// What links carry that were mailed: one that makes an account, one of somebody who has none.
    static TOKENS: [String; 2] = ["email=a%40shop.test&step=create&name=A&password=a+rather+long+secret", "email=b%40shop.test&step=forgot"]
        .map(|body| {
            let (status, _, _) = posted("authorize", ASKED, body.to_owned(), ISSUER);
            assert_eq!(status, StatusCode::OK);
            let link = WORLD.with(|world| world.mails.0.lock().ok().and_then(|mut links| links.pop()));
            link.and_then(|link| link.split_once("token=").map(|(_, token)| token.to_owned())).unwrap_or_default()
        });
}

/// The answer to a form: its status, where it leads, and its cookies.
fn posted(page: &str, query: &str, body: String, origin: &str) -> (StatusCode, String, Vec<String>) {
    let request = http::Request::post(format!("/oidc/{page}?{query}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, origin)
        .body(Body::from(body));
    // No client could send it.
    let Ok(request) = request else { return (StatusCode::BAD_REQUEST, String::new(), Vec::new()) };
    WORLD.with(|world| {
        let Ok(answer) = RUNTIME.block_on(world.routes.clone().oneshot(request));
        let text =
            |name| answer.headers().get_all(name).iter().filter_map(|v| v.to_str().ok()).map(str::to_owned).collect();
        let to: Vec<String> = text(header::LOCATION);
        (answer.status(), to.concat(), text(header::SET_COOKIE))
    })
}

/// The answer's status and where it leads.
fn asked(request: Request) -> (StatusCode, String) {
    WORLD.with(|world| {
        let Ok(answer) = RUNTIME.block_on(world.routes.clone().oneshot(request));
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        (answer.status(), to.unwrap_or_default().to_owned())
    })
}

/// A request for a path with this query; `None`: no client could send it.
fn get(path: &str, query: &str) -> Option<Request> {
    http::Request::get(format!("{path}?{query}")).body(Body::empty()).ok()
}

/// Requests to sign in: whatever is asked, a redirect goes to an address that was registered, and nothing breaks.
pub(crate) fn authorize(bytes: &[u8]) {
    let Some(request) = get("/oidc/authorize", &text(bytes)) else { return };
    let (status, to) = asked(request);
    assert!(matches!(status.as_u16(), 200 | 303 | 400), "{status}");
    assert!(to.is_empty() && status != 303 || to.starts_with(&format!("{RETURN}?")), "{to:?}");
    assert!(!to.contains("code="), "nobody is signed in: {to:?}");
}

/// Forms of the sign-in page, `authorize`, `verify` or `reset` on the first line, the query on the second, the form on the third: nobody is
/// signed in by what they type, mails go to who is written to alone, and a form of another origin does nothing. `{new}` and `{nobody}` stand
/// for what was mailed.
pub(crate) fn forms(bytes: &[u8]) {
    let text = TOKENS.with(|[new, nobody]| text(bytes).replace("{new}", new).replace("{nobody}", nobody));
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let page = match line() {
        "verify" => "verify",
        "reset" => "reset",
        _ => "authorize",
    };
    let (query, body) = (line().replace("{asked}", ASKED), line().to_owned());
    let links =
        || WORLD.with(|world| world.mails.0.lock().map(|mut links| std::mem::take(&mut *links)).unwrap_or_default());
    let (status, to, cookies) = posted(page, &query, body.clone(), "https://other.test");
    assert!(matches!(status.as_u16(), 400 | 403) && to.is_empty() && cookies.is_empty() && links().is_empty());
    let (status, to, cookies) = posted(page, &query, body, ISSUER);
    assert!(matches!(status.as_u16(), 200 | 303 | 400 | 403 | 410 | 422 | 429), "{status}");
    assert!(
        to.is_empty() && status != 303 || page == "authorize" && to.starts_with(&format!("{RETURN}?error=")),
        "{to:?}"
    );
    assert!(cookies.iter().all(|cookie| cookie.starts_with("__Host-idp-signup=")), "{cookies:?}");
    let mails = links();
    assert!(mails.len() <= usize::from(page == "authorize" && status == 200), "{mails:?}");
    assert!(mails.iter().all(|link| link.starts_with(&format!("{ISSUER}/oidc/"))), "{mails:?}");
}

/// Requests to sign out: no rubbish proves who asks, so they lead nowhere.
pub(crate) fn logout(bytes: &[u8]) {
    let Some(request) = get("/oidc/logout", &text(bytes)) else { return };
    assert_eq!(asked(request), (StatusCode::OK, String::new()));
}

/// Requests of apps, the `Authorization` header on the first line: no rubbish gets a token, and none tells who somebody is.
pub(crate) fn token(bytes: &[u8]) {
    let text = text(bytes);
    let (authorization, body) = text.split_once('\n').unwrap_or(("", &text));
    for path in ["/oidc/token", "/oidc/revoke", "/oidc/userinfo"] {
        let mut request = http::Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Ok(value) = HeaderValue::from_str(authorization)
            && !authorization.is_empty()
        {
            request = request.header(header::AUTHORIZATION, value);
        }
        let Ok(request) = request.body(Body::from(body.to_owned())) else { return };
        let (status, _) = asked(request);
        // Revoking what is no token of ours is fine (RFC 7009, 2.2), for who is an app.
        assert!(status.is_client_error() || status == StatusCode::OK && path == "/oidc/revoke", "{path} {status}");
    }
}

/// The shop's session cookie: no rubbish is somebody's.
pub(crate) fn session(bytes: &[u8]) {
    let text = text(bytes);
    for jar in [text.clone(), format!("__Host-session={text}")] {
        let known = WORLD.with(|world| RUNTIME.block_on(world.sessions.resolve(&jar)));
        assert!(matches!(known, Ok(None)), "{jar:?} is {known:?}");
    }
}
