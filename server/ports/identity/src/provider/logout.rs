//! `/oidc/logout`: RP-initiated logout 1.0.
//!
//! Invariants: an app that shows an id token of the person who is signed in ends the session at once; anyone else gets
//! a question first, so a foreign page cannot sign people out. A return goes only to a registered address.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::grants::IdClaims;
use super::web::{Pairs, SESSION_COOKIE, field, go, locale, pairs, with_cookie};
use super::{Provider, ProviderError, pages};
use crate::cookie;
use crate::locale::Locale;

pub(super) async fn show(State(provider): State<Provider>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let params = pairs(&query);
    let locale = locale(&params, &headers);
    provider.or_fault(locale, provider.ask_logout(&query, &params, &headers, locale).await)
}

pub(super) async fn submit(
    State(provider): State<Provider>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = pairs(&query.unwrap_or_default());
    let locale = locale(&params, &headers);
    if !provider.own_origin(&headers) {
        return provider.not_ours(locale);
    }
    let result = async {
        let hint = provider.hint(&params).await?;
        provider.log_out(&params, hint.as_ref(), &headers, locale).await
    };
    provider.or_fault(locale, result.await)
}

impl Provider {
    async fn ask_logout(
        &self,
        query: &str,
        params: &Pairs,
        headers: &HeaderMap,
        locale: Locale,
    ) -> Result<Response, ProviderError> {
        let hint = self.hint(params).await?;
        let who = self.signed_in(headers).await?;
        let told = match (&hint, &who) {
            (Some(hint), Some(who)) => hint.sub == who.account.id,
            // Nobody is signed in here: there is nothing to ask.
            (_, None) => true,
            (None, Some(_)) => false,
        };
        if told {
            return self.log_out(params, hint.as_ref(), headers, locale).await;
        }
        let target = self.return_to(params, hint.as_ref());
        let body = pages::confirm_logout(self, locale, query);
        Ok(self.page(StatusCode::OK, locale, target.as_deref(), body))
    }

    async fn log_out(
        &self,
        params: &Pairs,
        hint: Option<&IdClaims>,
        headers: &HeaderMap,
        locale: Locale,
    ) -> Result<Response, ProviderError> {
        self.sign_out(headers).await?;
        let response = match self.return_to(params, hint) {
            Some(to) => go(&to),
            None => self.page(StatusCode::OK, locale, None, pages::logged_out(self, locale)),
        };
        Ok(with_cookie(response, &cookie::clear(SESSION_COOKIE)))
    }

    /// The claims of an id token of ours for a client of ours; its age does not matter.
    async fn hint(&self, params: &Pairs) -> Result<Option<IdClaims>, ProviderError> {
        let Some(jwt) = field(params, "id_token_hint") else {
            return Ok(None);
        };
        let claims = self.0.keys.verify::<IdClaims>("JWT", jwt).await?;
        Ok(claims.filter(|c| c.iss == self.0.config.issuer && self.client(&c.aud).is_some()))
    }

    /// Where the app wants the person to arrive, if that is on its list; the hint says which app it is.
    fn return_to(&self, params: &Pairs, hint: Option<&IdClaims>) -> Option<String> {
        let wanted = field(params, "post_logout_redirect_uri")?;
        let client = self.client(&hint?.aud)?;
        if field(params, "client_id").is_some_and(|id| id != client.client_id) {
            return None;
        }
        let listed = client.post_logout_redirect_uris.iter().find(|uri| *uri == wanted)?;
        let mut url = Url::parse(listed).ok()?;
        if let Some(state) = field(params, "state") {
            url.query_pairs_mut().append_pair("state", state);
        }
        Some(url.into())
    }
}
