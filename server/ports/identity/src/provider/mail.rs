//! The mails of sign-up, password reset and new devices: what they say, and who sends them.

use async_trait::async_trait;
use maud::html;

use super::ProviderError;
use super::links::LINK_HOURS;
use crate::locale::Locale;

/// Hands mails to whatever sends them, e.g. a durable job.
#[async_trait]
pub trait SendAccountMail: Send + Sync + 'static {
    /// Takes over one mail; MUST answer in about the same time for every address and MUST NOT wait for delivery.
    ///
    /// # Errors
    /// Any text, for the log.
    async fn send(&self, mail: AccountMail) -> Result<(), String>;
}

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Confirm the address of a new account.
    SignUp,
    /// Somebody signed up with an address that has an account; the link sets a new password.
    AlreadyRegistered,
    /// Set a new password.
    Reset,
    /// Somebody asked for a new password for an address without account.
    NoAccount,
    /// Somebody signed in with a browser the account was never signed in with; the link sets a new password.
    NewDevice {
        /// What the browser is called, where that can be told.
        browser: Option<String>,
    },
}

/// One mail.
#[derive(Clone, Debug)]
pub struct AccountMail {
    /// What it is about.
    pub kind: MailKind,
    /// Names this sending for ever, `[a-z0-9/-]`.
    pub key: String,
    /// The address.
    pub to: String,
    /// BCP 47, one of the locales of this package.
    pub locale: String,
    /// The name of the place.
    pub site_name: String,
    /// The link; a secret of the reader.
    pub link: String,
}

/// A mail in words.
#[derive(Clone, Debug)]
pub struct RenderedMail {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

impl AccountMail {
    /// Writes it in its locale.
    pub fn render(&self) -> RenderedMail {
        let locale = Locale::choose(&self.locale).unwrap_or(Locale::DEFAULT);
        let (subject, text) = match &self.kind {
            MailKind::SignUp => ("idp-mail-sign-up-subject", "idp-mail-sign-up-text"),
            MailKind::AlreadyRegistered => ("idp-mail-registered-subject", "idp-mail-registered-text"),
            MailKind::Reset => ("idp-mail-reset-subject", "idp-mail-reset-text"),
            MailKind::NoAccount => ("idp-mail-nobody-subject", "idp-mail-nobody-text"),
            MailKind::NewDevice { .. } => ("idp-mail-device-subject", "idp-mail-device-text"),
        };
        let mut values = vec![("site", self.site_name.clone())];
        let mut last = "idp-mail-not-you";
        if let MailKind::NewDevice { browser } = &self.kind {
            let browser = browser.clone().unwrap_or_else(|| locale.text("idp-mail-device-unnamed"));
            values.push(("browser", browser));
            last = "idp-mail-was-you";
        }
        let values: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let subject = locale.with(subject, &values);
        let first = locale.with(text, &values);
        let life = locale.with("idp-mail-life", &[("hours", LINK_HOURS)]);
        let last = locale.text(last);
        let html = html! {
            (maud::DOCTYPE)
            html lang=(locale.tag()) dir=(locale.direction()) {
                head { meta charset="utf-8"; title { (subject) } }
                body { p { (first) } p { a href=(self.link) { (self.link) } } p { (life) } p { (last) } }
            }
        };
        let text = format!("{first}\n\n{}\n\n{life}\n{last}\n", self.link);
        RenderedMail { subject, text, html: html.into_string() }
    }
}

impl super::Provider {
    pub(super) async fn send_mail(
        &self,
        kind: MailKind,
        to: &str,
        locale: Locale,
        link: String,
    ) -> Result<(), ProviderError> {
        let key = format!("account/{}", uuid::Uuid::now_v7());
        let mail = AccountMail {
            kind,
            key,
            to: to.to_owned(),
            locale: locale.tag().to_owned(),
            site_name: self.0.config.site_name.clone(),
            link,
        };
        self.0.mail.send(mail).await.map_err(ProviderError::Mail)
    }
}
