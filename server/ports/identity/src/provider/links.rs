//! Mailed links: what they stand for, and the pages they open.
//!
//! Invariants: opening a link changes nothing (mail scanners open links), its form does, once; what a link carries is
//! sealed in the store under the link's hash; the password of a sign-up counts only in the browser that chose it or
//! for who types it again, so nobody can prepare an account for somebody else's address.

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use vitrine_table::Key;

use super::mail::MailKind;
use super::pages::{self, Fault};
use super::signin::{Visit, read_body, wait_text};
use super::throttle::Subject;
use super::web::{SIGN_UP_COOKIE, field, go, locale, pairs, with_cookie};
use super::{Provider, ProviderError, WrongSecret, peer};
use crate::account::{Account, AccountError, MIN_PASSWORD_CHARS, normalise_email, password};
use crate::cookie;
use crate::crypto::{hash, random_token, same};
use crate::locale::Locale;

/// How long a link works, in words and in milliseconds.
pub(super) const LINK_HOURS: &str = "2";
pub(super) const LINK_MS: i64 = 2 * 3_600_000;

/// What a link does.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Wanted {
    SignUp { name: String, password_hash: String, browser: String },
    Reset { user_id: String },
    Nobody,
}

/// What a link stands for.
#[derive(Serialize, Deserialize)]
struct Link {
    wanted: Wanted,
    email: String,
    query: String,
    locale: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredLink {
    sealed: String,
    expires_ms: i64,
    ttl: i64,
}

pub(super) async fn show_verify(
    State(provider): State<Provider>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    show(&provider, &query.unwrap_or_default(), &headers).await
}

pub(super) async fn show_reset(
    State(provider): State<Provider>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    show(&provider, &query.unwrap_or_default(), &headers).await
}

pub(super) async fn verify(State(provider): State<Provider>, request: Request) -> Response {
    act(&provider, request).await
}

pub(super) async fn reset(State(provider): State<Provider>, request: Request) -> Response {
    act(&provider, request).await
}

async fn show(provider: &Provider, query: &str, headers: &HeaderMap) -> Response {
    let query = pairs(query);
    let asked = locale(&query, headers);
    let token = field(&query, "token").unwrap_or_default();
    let result = match provider.read_link(token).await {
        Ok(Some(link)) => {
            let visit = Visit { headers, peer: None, locale: Locale::choose(&link.locale).unwrap_or(asked) };
            Ok(provider.link_page(StatusCode::OK, token, &link, &visit, None))
        }
        Ok(None) => Ok(provider.link_unknown(asked)),
        Err(error) => Err(error),
    };
    provider.or_fault(asked, result)
}

async fn act(provider: &Provider, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = locale(&Vec::new(), &parts.headers);
    if !provider.own_origin(&parts.headers) {
        return provider.not_ours(asked);
    }
    let Some(form) = read_body(body).await else {
        return provider.not_ours(asked);
    };
    let token = field(&form, "token").unwrap_or_default();
    let chosen = SecretString::from(field(&form, "password").unwrap_or_default().to_owned());
    let result = match provider.read_link(token).await {
        Ok(Some(link)) => {
            let locale = Locale::choose(&link.locale).unwrap_or(asked);
            let visit = Visit { headers: &parts.headers, peer: peer(&parts.extensions), locale };
            match &link.wanted {
                Wanted::SignUp { .. } => provider.confirm_sign_up(token, &link, chosen, &visit).await,
                Wanted::Reset { user_id } => provider.set_password(token, &link, user_id, chosen, &visit).await,
                Wanted::Nobody => Ok(provider.link_page(StatusCode::OK, token, &link, &visit, None)),
            }
        }
        Ok(None) => Ok(provider.link_unknown(asked)),
        Err(error) => Err(error),
    };
    provider.or_fault(asked, result)
}

impl Provider {
    /// Stores what a link stands for and mails the link; the same work whatever it stands for.
    pub(super) async fn mail_link(
        &self,
        kind: MailKind,
        wanted: Wanted,
        email: &str,
        query: &str,
        locale: Locale,
    ) -> Result<(), ProviderError> {
        let token = random_token();
        let key = link_key(&token);
        let path = if matches!(wanted, Wanted::SignUp { .. }) { "verify" } else { "reset" };
        let link = Link { wanted, email: email.to_owned(), query: query.to_owned(), locale: locale.tag().to_owned() };
        let plain = serde_json::to_vec(&link).map_err(|e| ProviderError::Signing(e.to_string()))?;
        let expires_ms = self.now_ms() + LINK_MS;
        let sealed = self.0.master.seal(&key.pk, &plain)?;
        self.0.store.insert(&key, &StoredLink { sealed, expires_ms, ttl: expires_ms / 1000 }).await?;
        let url = format!("{}/oidc/{path}?token={token}", self.0.config.issuer);
        self.send_mail(kind, email, locale, url).await
    }

    async fn read_link(&self, token: &str) -> Result<Option<Link>, ProviderError> {
        let key = link_key(token);
        let found = self.0.store.get::<StoredLink>(&key).await?.filter(|l| l.expires_ms > self.now_ms());
        let Some(stored) = found else { return Ok(None) };
        let plain = self.0.master.open(&key.pk, &stored.sealed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|e| ProviderError::Signing(e.to_string()))
    }

    /// `true` for exactly one caller.
    async fn use_up(&self, token: &str) -> Result<bool, ProviderError> {
        Ok(self.0.store.take::<StoredLink>(&link_key(token)).await?.is_some())
    }

    fn link_page(
        &self,
        status: StatusCode,
        token: &str,
        link: &Link,
        visit: &Visit<'_>,
        fault: Option<&Fault>,
    ) -> Response {
        let l = visit.locale;
        let body = match &link.wanted {
            Wanted::SignUp { browser, .. } => {
                let ask = !same_browser(visit.headers, browser);
                pages::verify(self, l, token, &link.email, &link.query, ask, fault)
            }
            Wanted::Reset { .. } => pages::reset(self, l, token, &link.email, fault),
            Wanted::Nobody => pages::dead_link(self, l, Some(&link.email), &link.query),
        };
        let target = self.read_request(&link.query).ok().map(|r| r.redirect_uri);
        self.page(status, l, target.as_deref(), body)
    }

    fn link_gone(&self, l: Locale, query: &str) -> Response {
        self.page(StatusCode::GONE, l, None, pages::dead_link(self, l, None, query))
    }

    /// What no mail brought, or one of long ago.
    fn link_unknown(&self, l: Locale) -> Response {
        let mut response = self.link_gone(l, "");
        response.extensions_mut().insert(WrongSecret);
        response
    }

    async fn confirm_sign_up(
        &self,
        token: &str,
        link: &Link,
        typed: SecretString,
        visit: &Visit<'_>,
    ) -> Result<Response, ProviderError> {
        let Wanted::SignUp { name, password_hash, browser } = &link.wanted else {
            return Ok(self.link_gone(visit.locale, &link.query));
        };
        let normalised = normalise_email(&link.email)?;
        if !same_browser(visit.headers, browser) {
            let subjects = [&Subject::address(visit.peer), &Subject::account(&normalised)];
            if let Err(wait_ms) = self.count(&subjects).await? {
                let fault = Fault { field: "password", text: wait_text(visit.locale, wait_ms) };
                return Ok(self.link_page(StatusCode::TOO_MANY_REQUESTS, token, link, visit, Some(&fault)));
            }
            if !password::verify(typed, Some(password_hash.clone())).await? {
                let fault = Fault { field: "password", text: visit.locale.text("idp-error-wrong") };
                return Ok(self.link_page(StatusCode::UNPROCESSABLE_ENTITY, token, link, visit, Some(&fault)));
            }
        }
        if !self.use_up(token).await? {
            return Ok(self.link_gone(visit.locale, &link.query));
        }
        let made =
            self.0.accounts.insert(&normalised, &link.email, name, &["buyer"], true, password_hash.clone()).await;
        match made {
            Ok(account) => self.go_on(link, account, visit).await,
            // Two links of two sign-ups: the first one opened made the account.
            Err(AccountError::EmailTaken) => Ok(self.link_gone(visit.locale, &link.query)),
            Err(e) => Err(e.into()),
        }
    }

    async fn set_password(
        &self,
        token: &str,
        link: &Link,
        user_id: &str,
        chosen: SecretString,
        visit: &Visit<'_>,
    ) -> Result<Response, ProviderError> {
        if password::check(&chosen).is_err() {
            let text = visit.locale.with("idp-error-password", &[("count", &MIN_PASSWORD_CHARS.to_string())]);
            let fault = Fault { field: "password", text };
            return Ok(self.link_page(StatusCode::UNPROCESSABLE_ENTITY, token, link, visit, Some(&fault)));
        }
        let hash = password::hash(chosen).await?;
        if !self.use_up(token).await? {
            return Ok(self.link_gone(visit.locale, &link.query));
        }
        self.0.accounts.reset_password(user_id, hash).await?;
        let account = self.0.accounts.get(user_id).await?.ok_or(AccountError::NotFound)?;
        self.0.throttle.forgive(&Subject::account(&normalise_email(&link.email)?)).await?;
        self.go_on(link, account, visit).await
    }

    /// Signs the browser in and goes on where the person came from: the request is answered as for anyone signed in.
    async fn go_on(&self, link: &Link, account: Account, visit: &Visit<'_>) -> Result<Response, ProviderError> {
        let (who, cookie) = self.sign_in(visit.headers, account).await?;
        // Whoever opened the link reads the owner's mail: there is nothing to tell them.
        let (device, _) = self.remember_device(visit.headers, &who.account).await?;
        // `prompt=login` was fulfilled just now; asking again would be a circle.
        let query: Vec<_> = pairs(&link.query).into_iter().filter(|(n, _)| n != "prompt").collect();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let response = go(&format!("/oidc/authorize?{query}"));
        let response = with_cookie(with_cookie(response, &cookie), &device);
        Ok(with_cookie(response, &cookie::clear(SIGN_UP_COOKIE)))
    }
}

fn same_browser(headers: &HeaderMap, browser: &str) -> bool {
    cookie::read_headers(headers, SIGN_UP_COOKIE).is_some_and(|c| same(&hash(c), browser))
}

fn link_key(token: &str) -> Key {
    Key::new(format!("IDPLINK#{}", hash(token)), "LINK")
}
