//! The sign-in page's endpoints, and the shop's own sessions.

use std::sync::Arc;

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

struct NoMail;

#[async_trait]
impl SendAccountMail for NoMail {
    async fn send(&self, mail: AccountMail) -> Result<(), String> {
        Err(format!("nobody asked for a mail to {}", mail.to))
    }
}

/// A provider that knows two apps and nobody's account.
struct World {
    routes: Router,
    sessions: Sessions,
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
            let provider = Provider::new(config, table.clone(), clock.clone(), master.clone(), Arc::new(NoMail))?;
            Ok(Self { routes: provider.routes(), sessions: Sessions::new(table, clock, master), _dir: dir })
        };
        made().unwrap_or_else(|e| panic!("there is no provider: {e}"))
    }
}

thread_local! {
    static WORLD: World = World::new();
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
