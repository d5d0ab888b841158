//! `GET /oidc/authorize`: a code for who is signed in here already, else the first page.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::request::{AuthRequest, Refusal, answer};
use super::web::{SignedIn, go, locale, pairs};
use super::{Provider, ProviderError, pages};
use crate::locale::Locale;

pub(super) async fn show(State(provider): State<Provider>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let locale = locale(&pairs(&query), &headers);
    provider.or_fault(locale, provider.show_authorize(&query, &headers, locale).await)
}

impl Provider {
    async fn show_authorize(
        &self,
        query: &str,
        headers: &HeaderMap,
        locale: Locale,
    ) -> Result<Response, ProviderError> {
        let request = match self.read_request(query) {
            Ok(request) => request,
            Err(refusal) => return Ok(self.refuse(locale, refusal)),
        };
        let prompt = request.prompt.as_deref().unwrap_or_default();
        let again = prompt.split(' ').any(|p| matches!(p, "login" | "select_account" | "create"));
        if !again && let Some(who) = self.signed_in(headers).await? {
            let age_secs = (self.now_ms() - who.auth_time_ms) / 1000;
            if request.max_age_secs.is_none_or(|max| age_secs <= max) {
                return self.grant(&request, &who).await;
            }
        }
        if prompt == "none" {
            let refusal = Refusal::Tell {
                redirect_uri: request.redirect_uri,
                state: request.state,
                error: "login_required",
                description: "nobody is signed in in this browser",
            };
            return Ok(self.refuse(locale, refusal));
        }
        let body = pages::email(self, locale, &request, &request.login_hint, None);
        Ok(self.page(StatusCode::OK, locale, Some(&request.redirect_uri), body))
    }

    /// Sends the person back with a code.
    pub(super) async fn grant(&self, request: &AuthRequest, who: &SignedIn) -> Result<Response, ProviderError> {
        let code = self.issue_code(request, who).await?;
        let params = [("code", code.as_str())];
        Ok(go(&answer(&request.redirect_uri, &self.0.config.issuer, request.state.as_deref(), &params)))
    }

    pub(super) fn refuse(&self, locale: Locale, refusal: Refusal) -> Response {
        let body = match refusal {
            Refusal::Tell { redirect_uri, state, error, description } => {
                let params = [("error", error), ("error_description", description)];
                return go(&answer(&redirect_uri, &self.0.config.issuer, state.as_deref(), &params));
            }
            Refusal::UnknownClient(id) => {
                let text = locale.with("idp-error-client-text", &[("client", &id)]);
                pages::refused(self, locale, "idp-error-client-title", &text, None, None)
            }
            Refusal::UnregisteredRedirect { client, uri } => {
                let text = locale.text("idp-error-redirect-text");
                pages::refused(self, locale, "idp-error-redirect-title", &text, Some(&uri), Some(&client))
            }
            Refusal::Malformed => {
                let text = locale.text("idp-error-request-text");
                pages::refused(self, locale, "idp-error-title", &text, None, None)
            }
        };
        self.page(StatusCode::BAD_REQUEST, locale, None, body)
    }
}
