//! SMTP through lettre.
//!
//! Invariants: a password never travels without TLS; one call is one attempt and ends within [`TIME_OUT`].

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{Mail, MailError, Message};

/// The whole of one sending, connection included.
pub const TIME_OUT: Duration = Duration::from_secs(20);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Plain at first, then TLS or nothing (port 587).
    StartTls,
    /// TLS from the first byte (port 465).
    ImplicitTls,
    /// No TLS; only to this machine itself.
    PlainLoopback,
}

/// Where mail goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name; with it goes a password.
    pub user: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
}

/// A [`Mail`] over SMTP, one connection a message.
pub struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMail {
    /// A mailer for this server; does not connect yet.
    ///
    /// # Errors
    /// `Invalid` for a plain connection beyond loopback, a password without TLS, half of a user and password, or a
    /// host that cannot name a certificate.
    pub fn new(config: &SmtpConfig) -> Result<Self, MailError> {
        let invalid = |why: &str| MailError::Invalid(why.to_owned());
        let tls = || TlsParameters::new(config.host.clone()).map_err(|e| MailError::Invalid(e.to_string()));
        let tls = match config.security {
            Security::StartTls => Tls::Required(tls()?),
            Security::ImplicitTls => Tls::Wrapper(tls()?),
            Security::PlainLoopback => {
                if !matches!(config.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
                    return Err(invalid("SMTP without TLS is only for this machine itself"));
                }
                if config.password.is_some() {
                    return Err(invalid("a password is not sent without TLS"));
                }
                Tls::None
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(TIME_OUT));
        match (&config.user, &config.password) {
            (Some(user), Some(password)) => {
                builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
            }
            (None, None) => {}
            _ => return Err(invalid("a user and a password come together")),
        }
        Ok(Self { transport: builder.build() })
    }
}

#[async_trait]
impl Mail for SmtpMail {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = rendered(message)?;
        match tokio::time::timeout(TIME_OUT, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Ok(Err(error)) => Err(MailError::Unavailable(error.to_string())),
            Err(_) => Err(MailError::Unavailable("no answer within 20 seconds".into())),
        }
    }
}

/// A header that lettre has no type for.
macro_rules! text_header {
    ($type:ident, $name:literal) => {
        #[derive(Clone)]
        struct $type(String);

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(value.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

text_header!(ContentLanguage, "Content-Language");
text_header!(ListUnsubscribe, "List-Unsubscribe");
text_header!(ListUnsubscribePost, "List-Unsubscribe-Post");

fn rendered(message: &Message) -> Result<lettre::Message, MailError> {
    message.check()?;
    let mailbox = |what: &str, address: &str| {
        address.parse::<Mailbox>().map_err(|e| MailError::Invalid(format!("the {what} address: {e}")))
    };
    let from = mailbox("sender", &message.from)?;
    // '=' cannot be in a key, so different keys stay different; a bare dot would need care at the ends.
    let id = format!("<{}@{}>", message.key.replace('.', "=2e"), from.email.domain());
    let mut builder = lettre::Message::builder()
        .from(from)
        .to(mailbox("reader's", &message.to)?)
        .subject(&message.subject)
        .message_id(Some(id))
        .header(ContentLanguage(message.locale.clone()));
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox("reply", reply_to)?);
    }
    if let Some(url) = &message.unsubscribe {
        builder = builder
            .header(ListUnsubscribe(format!("<{url}>")))
            .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(|e| MailError::Invalid(e.to_string()))
}
