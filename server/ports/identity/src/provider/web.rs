//! What every page and form shares: origin check, headers, the browser's cookie, faults.

use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use maud::Markup;
use serde::{Deserialize, Serialize};
use vitrine_table::{Condition, Key, TransactOp};

use super::{Provider, ProviderError, pages};
use crate::account::Account;
use crate::cookie;
use crate::crypto::{hash, random_token};
use crate::locale::Locale;
use crate::store::put_op;

/// The provider's own cookie: this browser is signed in here.
pub(super) const SESSION_COOKIE: &str = "__Host-idp";
/// Binds a sign-up to the browser it began in.
pub(super) const SIGN_UP_COOKIE: &str = "__Host-idp-signup";
const SESSION_MS: i64 = 14 * 24 * 3_600_000;

/// Name and value pairs of a query or form, in order.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn pairs(text: &str) -> Pairs {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The first value of a name.
pub(super) fn field<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Whether a name stands there more than once (RFC 6749, 3.1 allows none to). In one pass: the sender chooses how many there are.
pub(super) fn any_twice(pairs: &Pairs) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(pairs.len());
    !pairs.iter().all(|(name, _)| seen.insert(name.as_str()))
}

pub(super) fn locale(query: &Pairs, headers: &HeaderMap) -> Locale {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|h| h.to_str().ok());
    let asked = field(query, "ui_locales").and_then(Locale::of_tags);
    asked.or_else(|| header.and_then(Locale::choose)).unwrap_or(Locale::DEFAULT)
}

/// A browser signed in here.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BrowserSession {
    user_id: String,
    epoch: i64,
    auth_time_ms: i64,
    expires_ms: i64,
    ttl: i64,
}

/// Who is signed in, and since when.
pub(super) struct SignedIn {
    pub(super) account: Account,
    pub(super) auth_time_ms: i64,
    /// Names the browser's session, as `sid` of id tokens does; no secret.
    pub(super) sid: String,
}

/// What stays of a browser's session that was ended from elsewhere: whatever carries its name has ended, too.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    ended_ms: i64,
    ttl: i64,
}

impl Provider {
    /// `true`: the form comes from this origin. An `Origin` must be exactly ours; without one `Sec-Fetch-Site` must be
    /// `same-origin` (`same-site` is not enough: sub-domains belong to others).
    pub(super) fn own_origin(&self, headers: &HeaderMap) -> bool {
        match headers.get(ORIGIN) {
            Some(origin) => origin.as_bytes() == self.0.origin.as_bytes(),
            None => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        }
    }

    /// A page with the headers all pages have; its forms may end at `target`'s origin besides this one.
    pub(super) fn page(&self, status: StatusCode, locale: Locale, target: Option<&str>, body: Markup) -> Response {
        let target = target.and_then(super::origin_of).map(|o| format!(" {o}")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("referrer-policy"), "same-origin"),
            (HeaderName::from_static("x-content-type-options"), "nosniff"),
            (HeaderName::from_static("content-language"), locale.tag()),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        response
    }

    /// The answer, or a page with a number that is also in the log.
    pub(super) fn or_fault(&self, locale: Locale, result: Result<Response, ProviderError>) -> Response {
        result.unwrap_or_else(|error| {
            let id = uuid::Uuid::now_v7().to_string();
            tracing::error!(error_id = id, %error, "the identity provider failed");
            let body = pages::fault(self, locale, &id);
            self.page(StatusCode::INTERNAL_SERVER_ERROR, locale, None, body)
        })
    }

    /// Who is signed in here in this browser; two strong reads.
    pub(super) async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, ProviderError> {
        let Some(cookie) = cookie::read_headers(headers, SESSION_COOKIE) else {
            return Ok(None);
        };
        let sid = hash(cookie);
        let found = self.0.store.get::<BrowserSession>(&session_key(&sid)).await?;
        let Some(session) = found.filter(|s| s.expires_ms > self.now_ms()) else {
            return Ok(None);
        };
        let account = self.0.accounts.get(&session.user_id).await?.filter(|a| a.epoch == session.epoch);
        Ok(account.map(|account| SignedIn { account, auth_time_ms: session.auth_time_ms, sid }))
    }

    /// Signs this browser in under a fresh id (whatever cookie it had is ended) and answers who is signed in now and the
    /// `Set-Cookie` value.
    pub(super) async fn sign_in(
        &self,
        headers: &HeaderMap,
        account: Account,
    ) -> Result<(SignedIn, String), ProviderError> {
        self.sign_out(headers).await?;
        let id = random_token();
        let sid = hash(&id);
        let now = self.now_ms();
        let session = BrowserSession {
            user_id: account.id.clone(),
            epoch: account.epoch,
            auth_time_ms: now,
            expires_ms: now + SESSION_MS,
            ttl: (now + SESSION_MS) / 1000,
        };
        self.0.store.insert(&session_key(&sid), &session).await?;
        let cookie = cookie::set(SESSION_COOKIE, &id, SESSION_MS / 1000);
        Ok((SignedIn { account, auth_time_ms: now, sid }, cookie))
    }

    /// Ends this browser's session here.
    pub(super) async fn sign_out(&self, headers: &HeaderMap) -> Result<(), ProviderError> {
        if let Some(old) = cookie::read_headers(headers, SESSION_COOKIE) {
            self.0.store.remove(&session_key(&hash(old))).await?;
        }
        Ok(())
    }

    /// Ends the session of a browser here by the `sid` of an id token that was issued in it: the browser is asked for a password
    /// again, codes and refresh tokens of that session get nothing more, for whichever client. Safe to repeat; a `sid` that
    /// names nothing changes nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_session(&self, sid: &str) -> Result<(), ProviderError> {
        let now = self.now_ms();
        // Remembered for as long as a family can live.
        let ended = Ended { ended_ms: now, ttl: (now + super::grants::FAMILY_MS) / 1000 + 1 };
        let delete = vitrine_table::Delete { key: session_key(sid), condition: None };
        let ops = vec![TransactOp::Delete(delete), put_op(&ended_key(sid), &ended, None)?];
        Ok(self.0.store.transact(ops).await?)
    }

    /// Whether the session of this name was ended from elsewhere.
    pub(super) async fn was_ended(&self, sid: &str) -> Result<bool, ProviderError> {
        Ok(self.0.store.get::<Ended>(&ended_key(sid)).await?.is_some())
    }
}

/// A member of somebody else's transaction: the session was not ended from elsewhere.
pub(super) fn not_ended(sid: &str) -> TransactOp {
    TransactOp::Check { key: ended_key(sid), condition: Condition::ItemAbsent }
}

fn session_key(sid: &str) -> Key {
    Key::new(format!("IDPSESSION#{sid}"), "SESSION")
}

fn ended_key(sid: &str) -> Key {
    Key::new(format!("IDPSESSION#{sid}"), "ENDED")
}

/// 303 to an address.
pub(super) fn go(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(CACHE_CONTROL, "no-store")]).into_response();
    response.headers_mut().insert(LOCATION, to);
    response
}

/// Adds a `Set-Cookie`.
pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}
