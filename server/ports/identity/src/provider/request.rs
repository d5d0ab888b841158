//! An authorization request: read, and accepted or refused.
//!
//! Invariants: nothing is redirected before client and redirect address are known to belong together.

use url::Url;

use super::web::{Pairs, any_twice, field, pairs};
use super::{OidcClient, Provider};

/// What can be asked for. `api` lets an access token speak to the REST API.
pub(super) const SCOPES: [&str; 5] = ["openid", "profile", "email", "offline_access", "api"];

/// A request that may be answered.
pub(super) struct AuthRequest {
    pub(super) client: OidcClient,
    pub(super) redirect_uri: String,
    /// Those of [`SCOPES`] that were asked for, space separated.
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    pub(super) prompt: Option<String>,
    pub(super) max_age_secs: Option<i64>,
    pub(super) login_hint: String,
    /// The query as it came: forms post back to it.
    pub(super) query: String,
}

/// Why a request is not answered.
pub(super) enum Refusal {
    /// No app has this id.
    UnknownClient(String),
    /// The app's list has no such address.
    UnregisteredRedirect { client: Box<OidcClient>, uri: String },
    /// The request names something twice or not at all, before there is an address to tell it to.
    Malformed,
    /// To be told to the app (RFC 6749, 4.1.2.1).
    Tell { redirect_uri: String, state: Option<String>, error: &'static str, description: &'static str },
}

impl Provider {
    pub(super) fn read_request(&self, query: &str) -> Result<AuthRequest, Refusal> {
        let params = pairs(query);
        let client_id = single(&params, "client_id").ok_or(Refusal::Malformed)?;
        let client = self.client(client_id).ok_or_else(|| Refusal::UnknownClient(client_id.to_owned()))?.clone();
        let uri = single(&params, "redirect_uri").ok_or(Refusal::Malformed)?.to_owned();
        if !client.redirect_uris.contains(&uri) {
            return Err(Refusal::UnregisteredRedirect { client: Box::new(client), uri });
        }
        let state = single(&params, "state").map(str::to_owned);
        let tell =
            |error, description| Refusal::Tell { redirect_uri: uri.clone(), state: state.clone(), error, description };
        // RFC 6749, 3.1: no parameter more than once.
        if any_twice(&params) {
            return Err(tell("invalid_request", "a parameter is there more than once"));
        }
        if field(&params, "request").is_some() || field(&params, "request_uri").is_some() {
            return Err(tell("request_not_supported", "request objects are not supported"));
        }
        if field(&params, "response_type") != Some("code") {
            return Err(tell("unsupported_response_type", "only `code` is supported"));
        }
        if field(&params, "response_mode").is_some_and(|m| m != "query") {
            return Err(tell("invalid_request", "only the response mode `query` is supported"));
        }
        let challenge = field(&params, "code_challenge").unwrap_or_default().to_owned();
        if field(&params, "code_challenge_method") != Some("S256") || !is_s256(&challenge) {
            return Err(tell("invalid_request", "PKCE with code_challenge_method S256 is required"));
        }
        let asked: Vec<&str> = field(&params, "scope").unwrap_or_default().split(' ').collect();
        if !asked.contains(&"openid") {
            return Err(tell("invalid_scope", "the scope must contain `openid`"));
        }
        let scope = SCOPES.into_iter().filter(|s| asked.contains(s)).collect::<Vec<_>>().join(" ");
        let prompt = field(&params, "prompt").map(str::to_owned);
        if prompt.as_deref().is_some_and(|p| p.contains("none") && p != "none") {
            return Err(tell("invalid_request", "the prompt `none` stands alone"));
        }
        let max_age = field(&params, "max_age").map(str::parse::<i64>);
        let max_age_secs = match max_age {
            Some(Err(_)) => {
                return Err(tell("invalid_request", "max_age must be a number of seconds"));
            }
            Some(Ok(secs)) => Some(secs),
            None => None,
        };
        Ok(AuthRequest {
            scope,
            nonce: field(&params, "nonce").map(str::to_owned),
            challenge,
            prompt,
            max_age_secs,
            login_hint: field(&params, "login_hint").unwrap_or_default().to_owned(),
            query: query.to_owned(),
            redirect_uri: uri,
            state,
            client,
        })
    }
}

/// The redirect address with an answer; `iss` names who answers (RFC 9207).
pub(super) fn answer(redirect_uri: &str, issuer: &str, state: Option<&str>, params: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return redirect_uri.to_owned();
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(params);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
    }
    url.into()
}

/// 43 characters of base64url: a SHA-256.
fn is_s256(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn single<'a>(params: &'a Pairs, name: &str) -> Option<&'a str> {
    let mut found = params.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
    found.next().filter(|_| found.next().is_none())
}
