//! Verifying tokens against the provider's published keys.
//!
//! Invariants: the algorithm is ES256 or RS256 and must fit the key's kind, so neither `none` nor a public key used as
//! a shared secret passes; times are read as integers and compared with the clock that was handed in; an unknown `kid`
//! causes at most one fetch a minute.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use vitrine_clock::SharedClock;

use super::{Client, ClientError};
use crate::crypto::same;

/// Clocks of two machines may differ by this much.
const LEEWAY_SECS: i64 = 30;
const REFETCH_MS: i64 = 60_000;
/// Keys are read anew after this, so that a withdrawn key stops working.
const KEEP_MS: i64 = 3_600_000;

/// One or several audiences (RFC 7519, 4.1.3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is_for(&self, who: &str) -> bool {
        match self {
            Self::One(one) => one == who,
            Self::Many(many) => many.iter().any(|a| a == who),
        }
    }

    fn is_several(&self) -> bool {
        matches!(self, Self::Many(many) if many.len() > 1)
    }
}

/// Who signed in.
#[derive(Clone, Debug, Deserialize)]
pub struct IdClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    /// The provider's id of the person.
    pub sub: String,
    /// When the person showed who they are, UTC seconds.
    pub auth_time: Option<i64>,
    /// Names the browser's session at the provider, where it says so.
    pub sid: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The address is known to be the person's.
    #[serde(default)]
    pub email_verified: bool,
    /// How the person wants to be called.
    pub name: Option<String>,
    /// The account's roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Tenants the account works for.
    #[serde(default, rename = "tenantIds")]
    pub tenant_ids: Vec<String>,
}

/// What a bearer may do.
#[derive(Clone, Debug, Deserialize)]
pub struct AccessClaims {
    iss: String,
    aud: Audience,
    /// When it was issued, UTC seconds.
    pub iat: i64,
    /// UTC seconds.
    pub exp: i64,
    /// The provider's id of the person.
    pub sub: String,
    /// The app that got the token.
    pub client_id: String,
    /// What the token is good for, space separated.
    #[serde(default)]
    pub scope: String,
    /// The account's roles when the token was made.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Tenants the account works for.
    #[serde(default, rename = "tenantIds")]
    pub tenant_ids: Vec<String>,
}

impl AccessClaims {
    /// The token was given for this.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

impl Client {
    /// Verifies an access token a REST caller sent as bearer.
    ///
    /// # Errors
    /// `InvalidToken` if it is not one for this audience, `TokenEnded`, `Unavailable` if the provider's keys cannot be read.
    pub async fn verify_access_token(&self, jwt: &str) -> Result<AccessClaims, ClientError> {
        let claims: AccessClaims = self.verify(jwt, Some("at+jwt")).await?;
        self.check(&claims.iss, claims.exp)?;
        if !claims.aud.is_for(&self.0.config.audience) {
            return Err(ClientError::InvalidToken("it is for another audience"));
        }
        Ok(claims)
    }

    /// OpenID Connect Core, 3.1.3.7.
    pub(super) async fn verify_id_token(&self, jwt: &str, nonce: &str) -> Result<IdClaims, ClientError> {
        let claims: IdClaims = self.verify(jwt, None).await?;
        self.check(&claims.iss, claims.exp)?;
        let id = &self.0.config.client_id;
        if !claims.aud.is_for(id) || claims.azp.as_ref().is_some_and(|azp| azp != id) {
            return Err(ClientError::InvalidToken("it is for another client"));
        }
        if claims.aud.is_several() && claims.azp.is_none() {
            return Err(ClientError::InvalidToken("it is for several clients and names none"));
        }
        if claims.iat > self.0.clock.now_secs() + LEEWAY_SECS {
            return Err(ClientError::InvalidToken("it was made in the future"));
        }
        if !claims.nonce.as_deref().is_some_and(|n| same(n, nonce)) {
            return Err(ClientError::InvalidToken("the nonce is not ours"));
        }
        Ok(claims)
    }

    fn check(&self, iss: &str, exp: i64) -> Result<(), ClientError> {
        if iss != self.0.config.issuer {
            return Err(ClientError::InvalidToken("another issuer made it"));
        }
        if exp.saturating_add(LEEWAY_SECS) <= self.0.clock.now_secs() {
            return Err(ClientError::TokenEnded);
        }
        Ok(())
    }

    async fn verify<T: DeserializeOwned>(&self, jwt: &str, typ: Option<&str>) -> Result<T, ClientError> {
        let header = jsonwebtoken::decode_header(jwt).map_err(|_| ClientError::InvalidToken("it is not a JWT"))?;
        let fits = match (typ, header.typ.as_deref()) {
            (Some(wanted), Some(typ)) => typ.eq_ignore_ascii_case(wanted),
            (Some(_), None) => false,
            // An access token is never an id token.
            (None, typ) => typ.is_none_or(|t| t.eq_ignore_ascii_case("JWT")),
        };
        if !fits {
            return Err(ClientError::InvalidToken("it is another kind of token"));
        }
        let kid = header.kid.ok_or(ClientError::InvalidToken("it names no key"))?;
        let jwk = self.0.jwks.find(&kid).await?.ok_or(ClientError::InvalidToken("its key is not known"))?;
        let pinned = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(_) => Algorithm::ES256,
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            _ => {
                return Err(ClientError::InvalidToken("its key is of a kind that is not used"));
            }
        };
        if header.alg != pinned {
            return Err(ClientError::InvalidToken("its algorithm is not its key's"));
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| ClientError::InvalidToken("its key cannot be read"))?;
        let mut rules = Validation::new(pinned);
        // Checked above, by our clock and with types that cannot be confused.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        jsonwebtoken::decode(jwt, &key, &rules)
            .map(|data| data.claims)
            .map_err(|_| ClientError::InvalidToken("the signature or the claims are wrong"))
    }
}

struct Fetched {
    at_ms: i64,
    set: JwkSet,
}

/// The provider's keys, as last read.
pub(super) struct Jwks {
    url: String,
    http: reqwest::Client,
    clock: SharedClock,
    // Held while fetching: a hundred requests with a new `kid` make one call.
    fetched: Mutex<Option<Fetched>>,
}

impl Jwks {
    pub(super) fn new(url: String, http: reqwest::Client, clock: SharedClock) -> Self {
        crate::crypto::install();
        Self { url, http, clock, fetched: Mutex::new(None) }
    }

    async fn find(&self, kid: &str) -> Result<Option<Jwk>, ClientError> {
        let mut fetched = self.fetched.lock().await;
        let now = self.clock.now_ms();
        let known = fetched.as_ref().and_then(|f| f.set.find(kid).cloned());
        let age = fetched.as_ref().map(|f| now - f.at_ms);
        let fetch = match (&known, age) {
            (_, None) => true,
            (Some(_), Some(age)) => age >= KEEP_MS,
            (None, Some(age)) => age >= REFETCH_MS,
        };
        if !fetch {
            return Ok(known);
        }
        match self.fetch().await {
            Ok(set) => {
                let found = set.find(kid).cloned();
                *fetched = Some(Fetched { at_ms: now, set });
                Ok(found)
            }
            // A provider that is away for a moment does not sign everybody out.
            Err(error) if known.is_some() => {
                tracing::warn!(%error, "the provider's keys cannot be read; the known ones stay");
                Ok(known)
            }
            Err(error) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<JwkSet, ClientError> {
        let away = |e: reqwest::Error| ClientError::Unavailable(e.without_url().to_string());
        let response = self.http.get(&self.url).send().await.map_err(away)?;
        response.error_for_status().map_err(away)?.json().await.map_err(away)
    }
}
