//! The app as an ordinary OIDC client: it knows the provider by HTTP alone.
//!
//! Purpose: begin a sign-in, finish it, refresh, revoke, and verify access tokens that apps send as bearers.
//!
//! Invariants:
//! - `issuer` (what tokens say, where browsers go) and `backchannel_url` (where this process calls) are separate;
//!   nothing is called before the first use.
//! - A sign-in begun belongs to one browser (cookie), is used once, and lives 10 minutes.
//! - Return addresses are paths of this site.
//!
//! Not here: the app's session ([`crate::session`]), routes.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use vitrine_clock::SharedClock;
use vitrine_table::{Key, Table, TableError};

use crate::cookie;
use crate::crypto::{CryptoError, MasterKey, hash, random_token, same};
use crate::store::Store;

mod verify;

pub use verify::{AccessClaims, IdClaims};

/// Binds a sign-in to the browser it began in.
const LOGIN_COOKIE: &str = "__Host-login";
const LOGIN_MS: i64 = 600_000;

/// Where a provider's endpoints are.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Browsers are sent here.
    pub authorize: String,
    /// Codes and refresh tokens are redeemed here.
    pub token: String,
    /// RFC 7009.
    pub revoke: String,
    /// The provider's keys.
    pub jwks: String,
    /// Browsers are sent here to sign out.
    pub end_session: String,
}

impl Endpoints {
    /// Those of the built-in provider.
    pub fn built_in(issuer: &str, backchannel_url: &str) -> Self {
        Self {
            authorize: format!("{issuer}/oidc/authorize"),
            token: format!("{backchannel_url}/oidc/token"),
            revoke: format!("{backchannel_url}/oidc/revoke"),
            jwks: format!("{backchannel_url}/oidc/jwks.json"),
            end_session: format!("{issuer}/oidc/logout"),
        }
    }
}

/// How the app is known at the provider.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What `iss` must say; no final `/` unless the provider has one.
    pub issuer: String,
    /// Base address of this process's own calls to the provider; often the issuer.
    pub backchannel_url: String,
    /// `None`: [`Endpoints::built_in`].
    pub endpoints: Option<Endpoints>,
    /// The app's id.
    pub client_id: String,
    /// `None`: a public client.
    pub client_secret: Option<SecretString>,
    /// Exactly as registered at the provider.
    pub redirect_uri: String,
    /// `aud` of access tokens that the REST API takes.
    pub audience: String,
}

/// Why a sign-in or a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Too old, used before, or begun in another browser: begin again (who is signed in at the provider sees no page).
    #[error("this sign-in is too old, was used before, or began in another browser")]
    UnknownSignIn,
    /// The provider said no, in its own code, e.g. `access_denied`, `invalid_grant`.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// Signature, issuer, audience, time or nonce is wrong.
    #[error("the token is not valid: {0}")]
    InvalidToken(&'static str),
    /// It was valid until a while ago.
    #[error("the token has ended")]
    TokenEnded,
    /// The provider did not answer within 10 seconds, or not as the protocol says.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(String),
    /// An address of the configuration is not one.
    #[error("not an address: {0}")]
    BadAddress(String),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] TableError),
}

/// A sign-in that begins.
#[derive(Debug)]
pub struct Begin {
    /// Send the browser here (303).
    pub url: String,
    /// `Set-Cookie` value to send with it.
    pub set_cookie: String,
}

/// What the provider sends back to `redirect_uri`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Callback {
    /// The code, if it went well.
    pub code: Option<String>,
    /// The state of [`Client::begin`].
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why it did not go well.
    pub error: Option<String>,
}

/// Tokens as the provider gave them.
#[derive(Debug)]
pub struct Tokens {
    /// For the REST API.
    pub access_token: SecretString,
    /// When it ends, UTC milliseconds.
    pub access_expires_ms: i64,
    /// For [`Client::refresh`]; a new one each time.
    pub refresh_token: Option<SecretString>,
    /// As it came, for `id_token_hint`.
    pub id_token: Option<SecretString>,
}

/// A finished sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who it is.
    pub claims: IdClaims,
    /// What the provider gave.
    pub tokens: Tokens,
    /// Where the person wanted to go: a path of this site.
    pub return_to: String,
    /// `Set-Cookie` value that takes the sign-in's cookie away.
    pub clear_cookie: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    browser: String,
    nonce: String,
    sealed_verifier: String,
    return_to: String,
    expires_ms: i64,
    ttl: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    token_type: String,
    expires_in: Option<i64>,
    refresh_token: Option<SecretString>,
    id_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: ClientConfig,
    endpoints: Endpoints,
    store: Store,
    clock: SharedClock,
    master: Arc<MasterKey>,
    http: reqwest::Client,
    jwks: verify::Jwks,
}

impl Client {
    /// A client; calls nothing yet.
    ///
    /// # Errors
    /// `BadAddress` for an endpoint that is not an address, `Unavailable` if no HTTP client can be made.
    pub fn new(
        config: ClientConfig,
        table: Arc<dyn Table>,
        clock: SharedClock,
        master: Arc<MasterKey>,
    ) -> Result<Self, ClientError> {
        let endpoints =
            config.endpoints.clone().unwrap_or_else(|| Endpoints::built_in(&config.issuer, &config.backchannel_url));
        for url in [&endpoints.authorize, &endpoints.token, &endpoints.revoke, &endpoints.jwks, &config.redirect_uri] {
            Url::parse(url).map_err(|_| ClientError::BadAddress(url.clone()))?;
        }
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            // A token endpoint never redirects; following would carry the secret elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| ClientError::Unavailable(e.to_string()))?;
        let jwks = verify::Jwks::new(endpoints.jwks.clone(), http.clone(), clock.clone());
        Ok(Self(Arc::new(Inner { config, endpoints, store: Store(table), clock, master, http, jwks })))
    }

    /// Begins a sign-in that will end at `return_to`, a path of this site (anything else becomes `/`). `extra` goes
    /// into the authorization request, e.g. `ui_locales`, `login_hint`, `prompt`.
    ///
    /// # Errors
    /// The store's, `Crypto`.
    pub async fn begin(&self, return_to: &str, extra: &[(&str, &str)]) -> Result<Begin, ClientError> {
        let (state, nonce, verifier, browser) = (random_token(), random_token(), random_token(), random_token());
        let key = login_key(&state);
        let expires_ms = self.0.clock.now_ms() + LOGIN_MS;
        let login = Login {
            browser: hash(&browser),
            nonce: nonce.clone(),
            sealed_verifier: self.0.master.seal(&key.pk, verifier.as_bytes())?,
            return_to: local_path(return_to).to_owned(),
            expires_ms,
            ttl: expires_ms / 1000,
        };
        self.0.store.insert(&key, &login).await?;
        let mut url = self.address(&self.0.endpoints.authorize)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.0.config.client_id)
            .append_pair("redirect_uri", &self.0.config.redirect_uri)
            .append_pair("scope", "openid profile email offline_access api")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &hash(&verifier))
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(extra);
        Ok(Begin { url: url.into(), set_cookie: cookie::set(LOGIN_COOKIE, &browser, LOGIN_MS / 1000) })
    }

    /// Finishes a sign-in with what came back and the browser's `Cookie` header; a state works once.
    ///
    /// # Errors
    /// `UnknownSignIn`, `Refused`, `InvalidToken`, `Unavailable`, the store's.
    pub async fn finish(&self, cookie_header: &str, callback: &Callback) -> Result<SignedIn, ClientError> {
        let state = callback.state.as_deref().ok_or(ClientError::UnknownSignIn)?;
        let browser = cookie::read(cookie_header, LOGIN_COOKIE).ok_or(ClientError::UnknownSignIn)?;
        let key = login_key(state);
        // Looked at first: a stranger who brings a state without its cookie does not use it up.
        let login = self.0.store.get::<Login>(&key).await?.ok_or(ClientError::UnknownSignIn)?;
        if !same(&hash(browser), &login.browser) || login.expires_ms <= self.0.clock.now_ms() {
            return Err(ClientError::UnknownSignIn);
        }
        let login = self.0.store.take::<Login>(&key).await?.ok_or(ClientError::UnknownSignIn)?;
        // RFC 9207: an answer of another provider is not taken to this one's token endpoint.
        if callback.iss.as_ref().is_some_and(|iss| *iss != self.0.config.issuer) {
            return Err(ClientError::InvalidToken("the answer names another issuer"));
        }
        if let Some(error) = &callback.error {
            return Err(ClientError::Refused(error.clone()));
        }
        let code = callback.code.as_deref().ok_or(ClientError::UnknownSignIn)?;
        let verifier = self.0.master.open_text(&key.pk, &login.sealed_verifier)?;
        let answer = self
            .call_token(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &self.0.config.redirect_uri),
                ("code_verifier", verifier.expose_secret()),
            ])
            .await?;
        let id_token = answer.id_token.as_ref().ok_or(ClientError::InvalidToken("there is no id token"))?;
        let claims = self.verify_id_token(id_token.expose_secret(), &login.nonce).await?;
        let tokens = self.tokens(answer)?;
        let clear_cookie = cookie::clear(LOGIN_COOKIE);
        Ok(SignedIn { claims, tokens, return_to: login.return_to, clear_cookie })
    }

    /// New tokens for a refresh token, which is used up by it.
    ///
    /// # Errors
    /// `Refused("invalid_grant")`: the sign-in has ended. `Unavailable`: whether the token was used up is unknown.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Tokens, ClientError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        self.tokens(self.call_token(&form).await?)
    }

    /// Ends the sign-in that a refresh token stands for.
    ///
    /// # Errors
    /// `Refused`, `Unavailable`.
    pub async fn revoke(&self, refresh_token: &SecretString) -> Result<(), ClientError> {
        let form = [("token", refresh_token.expose_secret()), ("token_type_hint", "refresh_token")];
        self.post(&self.0.endpoints.revoke, &form).await.map(|_| ())
    }

    /// Where to send the browser to sign out at the provider too; `return_to` exactly as registered there.
    ///
    /// # Errors
    /// `BadAddress`.
    pub fn logout_url(&self, id_token: Option<&SecretString>, return_to: &str) -> Result<String, ClientError> {
        let mut url = self.address(&self.0.endpoints.end_session)?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.0.config.client_id)
            .append_pair("post_logout_redirect_uri", return_to);
        if let Some(hint) = id_token {
            url.query_pairs_mut().append_pair("id_token_hint", hint.expose_secret());
        }
        Ok(url.into())
    }

    async fn call_token(&self, form: &[(&str, &str)]) -> Result<TokenAnswer, ClientError> {
        let body = self.post(&self.0.endpoints.token, form).await?;
        let answer: TokenAnswer =
            serde_json::from_slice(&body).map_err(|e| ClientError::Unavailable(format!("not a token answer: {e}")))?;
        if answer.token_type.eq_ignore_ascii_case("bearer") {
            Ok(answer)
        } else {
            Err(ClientError::InvalidToken("the token type is not Bearer"))
        }
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<Vec<u8>, ClientError> {
        let away = |e: reqwest::Error| ClientError::Unavailable(e.without_url().to_string());
        let mut request = self.0.http.post(url);
        let mut form = form.to_vec();
        match &self.0.config.client_secret {
            Some(secret) => {
                let encode = |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
                request = request.basic_auth(encode(&self.0.config.client_id), Some(encode(secret.expose_secret())));
            }
            None => form.push(("client_id", &self.0.config.client_id)),
        }
        let response = request.form(&form).send().await.map_err(away)?;
        let status = response.status();
        let body = response.bytes().await.map_err(away)?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        match serde_json::from_slice::<ErrorAnswer>(&body) {
            Ok(answer) if status.is_client_error() => Err(ClientError::Refused(answer.error)),
            _ => Err(ClientError::Unavailable(format!("status {status}"))),
        }
    }

    fn tokens(&self, answer: TokenAnswer) -> Result<Tokens, ClientError> {
        // RFC 6749, 5.1 only recommends `expires_in`; five minutes is then a careful guess.
        let secs = answer.expires_in.unwrap_or(300);
        if !(1..=86_400 * 365).contains(&secs) {
            return Err(ClientError::InvalidToken("it ends at no sensible time"));
        }
        Ok(Tokens {
            access_token: answer.access_token,
            access_expires_ms: self.0.clock.now_ms() + secs * 1000,
            refresh_token: answer.refresh_token,
            id_token: answer.id_token,
        })
    }

    fn address(&self, url: &str) -> Result<Url, ClientError> {
        Url::parse(url).map_err(|_| ClientError::BadAddress(url.to_owned()))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({} at {})", self.0.config.client_id, self.0.config.issuer)
    }
}

fn login_key(state: &str) -> Key {
    Key::new(format!("LOGIN#{}", hash(state)), "LOGIN")
}

/// A path of this site, else `/`. Browsers read `//host`, `/\host` and addresses with control characters in them as
/// other hosts.
pub fn local_path(path: &str) -> &str {
    let own = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
    if own && path.len() <= 2000 && !path.contains(|c: char| c.is_control() || c == '\\') { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        assert_eq!(local_path("/cart?x=1#y"), "/cart?x=1#y");
        for foreign in
            ["", "//evil.test", "/\\evil.test", "https://evil.test", "/\t/evil.test", "cart", "/a\\b", "/a\nb"]
        {
            assert_eq!(local_path(foreign), "/", "{foreign:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_host_stays(path in ".{0,40}") {
            let base = Url::parse("https://shop.test/").unwrap();
            let host = base.join(local_path(&path)).ok().and_then(|u| u.host_str().map(str::to_owned));
            prop_assert_eq!(host.as_deref(), Some("shop.test"));
        }
    }
}
