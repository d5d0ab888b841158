//! `POST /oidc/authorize`: the steps of the sign-in page. The request travels in the query, so there is no state to
//! lose: reload, back and a second tab all work.

use std::net::IpAddr;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::links::Wanted;
use super::mail::MailKind;
use super::pages::{self, Fault};
use super::request::AuthRequest;
use super::throttle::Subject;
use super::web::{Pairs, SIGN_UP_COOKIE, field, locale, pairs, with_cookie};
use super::{Provider, ProviderError, peer};
use crate::account::password;
use crate::account::{MIN_PASSWORD_CHARS, normalise_email};
use crate::cookie;
use crate::crypto::random_token;
use crate::locale::Locale;

pub(super) async fn submit(State(provider): State<Provider>, RawQuery(query): RawQuery, request: Request) -> Response {
    let query = query.unwrap_or_default();
    let (parts, body) = request.into_parts();
    let locale = locale(&pairs(&query), &parts.headers);
    let Some(form) = read_body(body).await else {
        return provider.not_ours(locale);
    };
    let visit = Visit { headers: &parts.headers, peer: peer(&parts.extensions), locale };
    provider.or_fault(locale, provider.step(&query, &form, &visit).await)
}

/// A form's fields; 16 KiB is more than any of ours has.
pub(super) async fn read_body(body: axum::body::Body) -> Option<Pairs> {
    let bytes = axum::body::to_bytes(body, 16 * 1024).await.ok()?;
    Some(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// Who is in front of the page.
pub(super) struct Visit<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) peer: Option<IpAddr>,
    pub(super) locale: Locale,
}

impl Provider {
    pub(super) fn not_ours(&self, locale: Locale) -> Response {
        let text = locale.text("idp-error-origin");
        let body = pages::refused(self, locale, "idp-error-title", &text, None, None);
        self.page(StatusCode::FORBIDDEN, locale, None, body)
    }

    async fn step(&self, query: &str, form: &Pairs, visit: &Visit<'_>) -> Result<Response, ProviderError> {
        if !self.own_origin(visit.headers) {
            return Ok(self.not_ours(visit.locale));
        }
        let request = match self.read_request(query) {
            Ok(request) => request,
            Err(refusal) => return Ok(self.refuse(visit.locale, refusal)),
        };
        let l = visit.locale;
        let email = field(form, "email").unwrap_or_default().trim();
        let step = field(form, "step").unwrap_or_default();
        let show = |status, body| Ok(self.page(status, l, Some(&request.redirect_uri), body));
        let Ok(normalised) = normalise_email(email) else {
            let fault = Fault { field: "email", text: l.text("idp-error-email") };
            let name = field(form, "name").unwrap_or_default();
            return show(
                StatusCode::UNPROCESSABLE_ENTITY,
                match step {
                    "create" => pages::create(self, l, &request, email, name, Some(&fault)),
                    _ => pages::email(self, l, &request, email, Some(&fault)),
                },
            );
        };
        match step {
            "email" => show(StatusCode::OK, pages::password(self, l, &request, email, None)),
            "new" => show(StatusCode::OK, pages::create(self, l, &request, email, "", None)),
            "password" => self.try_password(&request, form, email, &normalised, visit).await,
            "create" => self.sign_up(&request, form, email, &normalised, visit).await,
            "forgot" => self.forgot(&request, email, &normalised, visit).await,
            _ => show(StatusCode::OK, pages::email(self, l, &request, email, None)),
        }
    }

    async fn try_password(
        &self,
        request: &AuthRequest,
        form: &Pairs,
        email: &str,
        normalised: &str,
        visit: &Visit<'_>,
    ) -> Result<Response, ProviderError> {
        let l = visit.locale;
        let again = |status, text| {
            let fault = Fault { field: "password", text };
            let body = pages::password(self, l, request, email, Some(&fault));
            Ok(self.page(status, l, Some(&request.redirect_uri), body))
        };
        let (account, address) = (Subject::account(normalised), Subject::address(visit.peer));
        if let Err(wait_ms) = self.count(&[&address, &account]).await? {
            return again(StatusCode::TOO_MANY_REQUESTS, wait_text(l, wait_ms));
        }
        let password = SecretString::from(field(form, "password").unwrap_or_default().to_owned());
        let Some(found) = self.0.accounts.check_password(normalised, password).await? else {
            return again(StatusCode::UNPROCESSABLE_ENTITY, l.text("idp-error-wrong"));
        };
        self.0.throttle.forgive(&account).await?;
        self.0.throttle.take_back(&address).await?;
        let (who, cookie) = self.sign_in(visit.headers, found).await?;
        let (device, new) = self.remember_device(visit.headers, &who.account).await?;
        if new {
            self.tell_new_device(&who.account, &request.query, visit).await?;
        }
        Ok(with_cookie(with_cookie(self.grant(request, &who).await?, &cookie), &device))
    }

    /// The account is made when the mailed link is opened: until then nobody has taken the address.
    async fn sign_up(
        &self,
        request: &AuthRequest,
        form: &Pairs,
        email: &str,
        normalised: &str,
        visit: &Visit<'_>,
    ) -> Result<Response, ProviderError> {
        let l = visit.locale;
        let name = field(form, "name").unwrap_or_default();
        let again = |status, text| {
            let fault = Fault { field: "password", text };
            let body = pages::create(self, l, request, email, name, Some(&fault));
            Ok(self.page(status, l, Some(&request.redirect_uri), body))
        };
        let chosen = SecretString::from(field(form, "password").unwrap_or_default().to_owned());
        if password::check(&chosen).is_err() {
            let text = l.with("idp-error-password", &[("count", &MIN_PASSWORD_CHARS.to_string())]);
            return again(StatusCode::UNPROCESSABLE_ENTITY, text);
        }
        if let Err(wait_ms) = self.count(&[&Subject::address(visit.peer), &Subject::mail(normalised)]).await? {
            return again(StatusCode::TOO_MANY_REQUESTS, wait_text(l, wait_ms));
        }
        let password_hash = password::hash(chosen).await?;
        let browser = random_token();
        // An account's mails go to the address it has: another writing that is looked up as the same may be somebody else's mailbox.
        let (wanted, kind, to) = match self.0.accounts.find_by_email(normalised).await? {
            Some(account) => (Wanted::Reset { user_id: account.id }, MailKind::AlreadyRegistered, account.email),
            None => {
                let name = name.to_owned();
                let browser = crate::crypto::hash(&browser);
                (Wanted::SignUp { name, password_hash, browser }, MailKind::SignUp, email.to_owned())
            }
        };
        self.mail_link(kind, wanted, &to, &request.query, l).await?;
        let body = pages::sent(self, l, request, email);
        let page = self.page(StatusCode::OK, l, Some(&request.redirect_uri), body);
        Ok(with_cookie(page, &cookie::set(SIGN_UP_COOKIE, &browser, super::links::LINK_MS / 1000)))
    }

    async fn forgot(
        &self,
        request: &AuthRequest,
        email: &str,
        normalised: &str,
        visit: &Visit<'_>,
    ) -> Result<Response, ProviderError> {
        let l = visit.locale;
        if let Err(wait_ms) = self.count(&[&Subject::address(visit.peer), &Subject::mail(normalised)]).await? {
            let fault = Fault { field: "password", text: wait_text(l, wait_ms) };
            let body = pages::password(self, l, request, email, Some(&fault));
            return Ok(self.page(StatusCode::TOO_MANY_REQUESTS, l, Some(&request.redirect_uri), body));
        }
        // As at sign-up: to the address the account has.
        let (wanted, kind, to) = match self.0.accounts.find_by_email(normalised).await? {
            Some(account) => (Wanted::Reset { user_id: account.id }, MailKind::Reset, account.email),
            None => (Wanted::Nobody, MailKind::NoAccount, email.to_owned()),
        };
        self.mail_link(kind, wanted, &to, &request.query, l).await?;
        let body = pages::sent(self, l, request, email);
        Ok(self.page(StatusCode::OK, l, Some(&request.redirect_uri), body))
    }

    /// Counts one attempt of each subject; `Err(ms)`: one of them has to wait.
    pub(super) async fn count(&self, subjects: &[&Subject]) -> Result<Result<(), i64>, ProviderError> {
        for subject in subjects {
            if let Err(wait_ms) = self.0.throttle.attempt(subject).await? {
                return Ok(Err(wait_ms));
            }
        }
        Ok(Ok(()))
    }
}

pub(super) fn wait_text(l: Locale, wait_ms: i64) -> String {
    let minutes = (wait_ms + 59_999) / 60_000;
    l.with("idp-error-wait", &[("minutes", &minutes.to_string())])
}
