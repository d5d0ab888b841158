//! The built-in OIDC provider: the endpoints of a hosted sign-in page as one axum router.
//!
//! Purpose: OpenID Connect Core with code + PKCE (S256 only), refresh rotation, revocation (RFC 7009), RP-initiated
//! logout; sign-up, sign-in and password reset as pages that need no script.
//!
//! Invariants:
//! - A redirect goes only to an address registered letter by letter; anything else gets a page.
//! - Codes are used once; a second use ends what the first one got. So does a second use of a refresh token.
//! - No page, status or amount of work tells whether an address has an account.
//! - Forms are accepted from this origin only; pages run no script and load nothing foreign.
//!
//! Not here: sending mail ([`SendAccountMail`] is the server's), passkeys, social sign-in.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::routing::{get, post};
use http::Extensions;
use secrecy::SecretString;
use url::Url;
use vitrine_clock::SharedClock;
use vitrine_table::{Table, TableError};

use crate::account::{AccountError, Accounts};
use crate::crypto::{CryptoError, MasterKey};
use crate::store::Store;

mod authorize;
mod device;
mod grants;
mod keys;
mod links;
mod logout;
mod mail;
mod metadata;
mod pages;
mod request;
mod signin;
mod throttle;
mod token;
mod web;

pub use mail::{AccountMail, MailKind, RenderedMail, SendAccountMail};
pub use throttle::{Subject, Throttle};

/// An app that may send people here.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// Its id.
    pub client_id: String,
    /// `None`: a public client, for which PKCE stands alone.
    pub client_secret: Option<SecretString>,
    /// What people call it; shown on the pages.
    pub name: String,
    /// Where a link "back" leads.
    pub home_url: String,
    /// Exact addresses a code may be sent to.
    pub redirect_uris: Vec<String>,
    /// Exact addresses a sign-out may end at.
    pub post_logout_redirect_uris: Vec<String>,
}

/// How the provider is set up.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// `iss` of the tokens and base of the addresses in mails; scheme, host and port, no path, no final `/`.
    pub issuer: String,
    /// `aud` of access tokens: the REST API.
    pub audience: String,
    /// The name of the place, for pages and mails.
    pub site_name: String,
    /// Path of the pages' style sheet on this origin; `None`: the built-in one.
    pub stylesheet: Option<String>,
    /// The apps.
    pub clients: Vec<OidcClient>,
}

/// The address of the person's machine, put into the request's extensions by a layer that knows which proxies to
/// trust. Without it the connection's own (`ConnectInfo`) counts.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub IpAddr);

/// Marks an answer, as an extension: the secret that was shown (a client's, a token, a mailed link) is not right. A code or a refresh
/// token that does not count is not marked: the shop's own client asks for everybody from one address.
#[derive(Clone, Copy, Debug)]
pub struct WrongSecret;

/// Why the provider could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The issuer is not an origin.
    #[error("the issuer must be an http(s) origin without path: {0}")]
    BadIssuer(String),
    /// A registered address is not one.
    #[error("client {client}: `{uri}` is not an absolute address without fragment")]
    BadRedirectUri {
        /// Which client.
        client: String,
        /// What is registered.
        uri: String,
    },
    /// The item that names the current key points at nothing.
    #[error("the current signing key is missing")]
    NoSigningKey,
    /// A token could not be signed or a key not read.
    #[error("a token could not be signed: {0}")]
    Signing(String),
    /// The mail was not taken.
    #[error("the mail could not be handed over: {0}")]
    Mail(String),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// See [`AccountError`].
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] TableError),
}

struct Inner {
    config: ProviderConfig,
    origin: String,
    store: Store,
    clock: SharedClock,
    master: Arc<MasterKey>,
    accounts: Accounts,
    keys: keys::KeyRing,
    throttle: Throttle,
    mail: Arc<dyn SendAccountMail>,
}

/// The provider. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

impl Provider {
    /// A provider on `table`; reads and writes nothing yet.
    ///
    /// # Errors
    /// `BadIssuer`, `BadRedirectUri`.
    pub fn new(
        config: ProviderConfig,
        table: Arc<dyn Table>,
        clock: SharedClock,
        master: Arc<MasterKey>,
        mail: Arc<dyn SendAccountMail>,
    ) -> Result<Self, ProviderError> {
        let origin = origin_of(&config.issuer)
            .filter(|origin| *origin == config.issuer)
            .ok_or_else(|| ProviderError::BadIssuer(config.issuer.clone()))?;
        for client in &config.clients {
            for uri in client.redirect_uris.iter().chain(&client.post_logout_redirect_uris) {
                if !Url::parse(uri).is_ok_and(|u| u.fragment().is_none() && !u.cannot_be_a_base()) {
                    return Err(ProviderError::BadRedirectUri { client: client.client_id.clone(), uri: uri.clone() });
                }
            }
        }
        let store = Store(table.clone());
        Ok(Self(Arc::new(Inner {
            origin,
            throttle: Throttle::new(table.clone(), clock.clone()),
            accounts: Accounts::new(table, clock.clone(), master.clone()),
            keys: keys::KeyRing::new(store.clone(), clock.clone(), master.clone()),
            config,
            store,
            clock,
            master,
            mail,
        })))
    }

    /// All endpoints, to be mounted at the root of the issuer's origin.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(metadata::discovery))
            .route("/oidc/jwks.json", get(metadata::jwks))
            .route("/oidc/style.css", get(metadata::stylesheet))
            .route("/oidc/authorize", get(authorize::show).post(signin::submit))
            .route("/oidc/verify", get(links::show_verify).post(links::verify))
            .route("/oidc/reset", get(links::show_reset).post(links::reset))
            .route("/oidc/token", post(token::token))
            .route("/oidc/revoke", post(token::revoke))
            .route("/oidc/userinfo", get(metadata::userinfo).post(metadata::userinfo))
            .route("/oidc/logout", get(logout::show).post(logout::submit))
            .layer(DefaultBodyLimit::max(16 * 1024))
            .with_state(self.clone())
    }

    /// The accounts behind it, for administration.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Makes a new signing key current and answers its `kid`; tokens of the old one stay valid until they end.
    ///
    /// # Errors
    /// The store's, or `Crypto`.
    pub async fn rotate_keys(&self) -> Result<String, ProviderError> {
        self.0.keys.rotate().await
    }

    fn client(&self, client_id: &str) -> Option<&OidcClient> {
        self.0.config.clients.iter().find(|c| c.client_id == client_id)
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.0.config.issuer)
    }
}

/// Scheme, host and port of an http(s) address.
fn origin_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// Who is asking, as far as it is known.
fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let told = extensions.get::<PeerAddress>().map(|p| p.0);
    told.or_else(|| extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip()))
}
