//! What apps read: discovery, keys, userinfo; and the pages' style sheet.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::grants::AccessClaims;
use super::request::SCOPES;
use super::{Provider, ProviderError, WrongSecret};
use crate::account::Account;

pub(super) async fn discovery(State(provider): State<Provider>) -> Response {
    let issuer = &provider.0.config.issuer;
    let at = |path: &str| format!("{issuer}/oidc/{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "revocation_endpoint": at("revoke"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks.json"),
        "end_session_endpoint": at("logout"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account", "create"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "sid", "nonce", "email", "email_verified", "name", "roles", "tenantIds"],
        "ui_locales_supported": ["en-US", "de-DE", "fr-FR"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    ([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

pub(super) async fn jwks(State(provider): State<Provider>) -> Response {
    match provider.0.keys.published().await {
        // Short: a key made by a rotation is found at once by whoever misses it, and soon by everyone else.
        Ok(keys) => ([(CACHE_CONTROL, "public, max-age=60")], Json(json!({ "keys": keys }))).into_response(),
        Err(error) => {
            tracing::error!(%error, "the signing keys cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(super) async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    match provider.bearer(&headers).await {
        Ok(Bearer::Of(scope, account)) => {
            let has = |wanted: &str| scope.split(' ').any(|s| s == wanted);
            let mut info = json!({ "sub": account.id, "roles": account.roles, "tenantIds": account.tenant_ids() });
            if has("email") {
                info["email"] = account.email.clone().into();
                info["email_verified"] = account.email_verified.into();
            }
            if has("profile") {
                info["name"] = account.name.clone().into();
            }
            ([(CACHE_CONTROL, "no-store")], Json(info)).into_response()
        }
        Ok(refused) => {
            let header = [(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
            let mut response = (StatusCode::UNAUTHORIZED, header).into_response();
            if matches!(refused, Bearer::Wrong) {
                response.extensions_mut().insert(WrongSecret);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "userinfo failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(super) async fn stylesheet() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("../../assets/identity.css")).into_response()
}

/// What an `Authorization` header turns out to be.
enum Bearer {
    /// A valid access token of ours: its scope and its account.
    Of(String, Box<Account>),
    /// None, or one of ours that does not count here or not any more.
    No,
    /// Nothing that we signed.
    Wrong,
}

impl Provider {
    /// The access token of a request, if it is one of ours that was not ended since.
    async fn bearer(&self, headers: &HeaderMap) -> Result<Bearer, ProviderError> {
        let header = headers.get(AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(|h| h.split_once(' '));
        let Some((_, jwt)) = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
            return Ok(Bearer::No);
        };
        let Some(claims) = self.0.keys.verify::<AccessClaims>("at+jwt", jwt.trim()).await? else {
            return Ok(Bearer::Wrong);
        };
        if claims.iss != self.0.config.issuer || claims.exp <= self.now_ms() / 1000 {
            return Ok(Bearer::No);
        }
        if claims.aud != self.0.config.audience || self.client(&claims.client_id).is_none() {
            return Ok(Bearer::No);
        }
        let account = self.0.accounts.get(&claims.sub).await?.filter(|a| !a.has_ended(claims.iat));
        Ok(account.map_or(Bearer::No, |account| Bearer::Of(claims.scope, Box::new(account))))
    }
}
