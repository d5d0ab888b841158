//! `POST /oidc/token` and `POST /oidc/revoke`, for apps.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret as _;

use super::web::{Pairs, any_twice, field, pairs};
use super::{OidcClient, Provider, ProviderError, WrongSecret};
use crate::crypto::same;

pub(super) async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let form = match read_form(&headers, &body) {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some(client) = provider.authenticate(&headers, &form) else {
        return unknown_client();
    };
    let get = |name| field(&form, name).unwrap_or_default();
    let result = match get("grant_type") {
        "authorization_code" => {
            provider.redeem_code(client, get("code"), get("redirect_uri"), get("code_verifier")).await
        }
        "refresh_token" => provider.redeem_refresh(client, get("refresh_token"), field(&form, "scope")).await,
        _ => return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    match result {
        Ok(Ok(tokens)) => private((StatusCode::OK, Json(tokens)).into_response()),
        Ok(Err(why)) => {
            tracing::info!(client_id = client.client_id, reason = why.0, "a grant was refused");
            refusal(StatusCode::BAD_REQUEST, "invalid_grant")
        }
        Err(error) => failure(&error),
    }
}

pub(super) async fn revoke(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let form = match read_form(&headers, &body) {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some(client) = provider.authenticate(&headers, &form) else {
        return unknown_client();
    };
    let token = field(&form, "token").unwrap_or_default();
    if token.is_empty() {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request");
    }
    // Access tokens (three parts) end by themselves within 15 minutes; RFC 7009, 2.2.1 has a word for that.
    if token.split('.').count() == 3 {
        return refusal(StatusCode::BAD_REQUEST, "unsupported_token_type");
    }
    match provider.revoke_refresh(client, token).await {
        Ok(()) => private(StatusCode::OK.into_response()),
        Err(error) => failure(&error),
    }
}

impl Provider {
    /// The client that calls: `client_secret_basic`, `client_secret_post`, or a public client by its id. A client with
    /// a secret must show it; one without must not show any; never two ways at once (RFC 6749, 2.3).
    fn authenticate(&self, headers: &HeaderMap, form: &Pairs) -> Option<&OidcClient> {
        let posted = field(form, "client_secret");
        let (id, secret) = match headers.get(AUTHORIZATION) {
            Some(basic) => {
                let (id, secret) = read_basic(basic)?;
                if posted.is_some() || field(form, "client_id").is_some_and(|other| other != id) {
                    return None;
                }
                (id, Some(secret))
            }
            None => (field(form, "client_id")?.to_owned(), posted.map(str::to_owned)),
        };
        let client = self.client(&id)?;
        let fits = match (&client.client_secret, secret) {
            (Some(own), Some(shown)) => same(own.expose_secret(), &shown),
            (None, None) => true,
            _ => false,
        };
        fits.then_some(client)
    }
}

/// RFC 6749, 2.3.1: id and secret are form-encoded before they are put together.
fn read_basic(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, value) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| Some(url::form_urlencoded::parse(format!("v={part}").as_bytes()).next()?.1.into_owned());
    Some((decode(id)?, decode(secret)?))
}

fn read_form(headers: &HeaderMap, body: &str) -> Result<Pairs, Response> {
    let form_type = headers
        .get(CONTENT_TYPE)
        .and_then(|t| t.to_str().ok())
        .is_some_and(|t| t.split(';').next().is_some_and(|t| t.trim() == "application/x-www-form-urlencoded"));
    let form = pairs(body);
    if form_type && !any_twice(&form) { Ok(form) } else { Err(refusal(StatusCode::BAD_REQUEST, "invalid_request")) }
}

fn unknown_client() -> Response {
    let mut response = refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oidc\""));
    response.extensions_mut().insert(WrongSecret);
    response
}

fn failure(error: &ProviderError) -> Response {
    let id = uuid::Uuid::now_v7();
    tracing::error!(error_id = %id, %error, "the identity provider failed");
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error")
}

fn refusal(status: StatusCode, error: &'static str) -> Response {
    private((status, Json(serde_json::json!({ "error": error }))).into_response())
}

fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
