//! Sending mail: an outbox that can be opened in the browser (demo), or SMTP.
//!
//! Invariants: delivery is at least once; `Message-ID` derives from [`Message::key`], so a repeated send is the same
//! message to a mail system. Adapters retry nothing: the job that calls them does.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub mod outbox;
pub mod smtp;

/// One message, rendered.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Message {
    /// Names this sending for ever, e.g. `receipt/ord_...`; `[a-z0-9._/-]`, at most 120 bytes.
    pub key: String,
    /// Address of the reader.
    pub to: String,
    /// Address and name of the sender, RFC 5322.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// One line; control characters are refused.
    pub subject: String,
    /// The same words without mark-up.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// BCP 47, for `Content-Language`.
    pub locale: String,
}

/// Why it was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The message cannot be sent by anyone: bad address, line break in a header.
    #[error("the message is not acceptable: {0}")]
    Invalid(String),
    /// The server refused for good (5xx).
    #[error("the mail server refused: {0}")]
    Refused(String),
    /// Try again later: no connection, time-out, 4xx.
    #[error("the mail server cannot be reached: {0}")]
    Unavailable(String),
}

/// The contract.
#[async_trait]
pub trait Mail: Send + Sync + 'static {
    /// Sends one message; answers within 20 seconds.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// A mailer that is handed around.
pub type SharedMail = Arc<dyn Mail>;

impl Message {
    /// Whether any adapter may take it.
    ///
    /// # Errors
    /// `Invalid` for a key outside its alphabet or length, a control character in anything that becomes a header, or
    /// a locale that is no language tag.
    pub fn check(&self) -> Result<(), MailError> {
        let invalid = |why: &str| Err(MailError::Invalid(why.to_owned()));
        let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._/-".contains(&b);
        if self.key.is_empty() || self.key.len() > 120 || !self.key.bytes().all(named) {
            return invalid("a key is 1 to 120 of a-z, 0-9, '.', '_', '/' and '-'");
        }
        let headers = [&self.to, &self.from, &self.subject].into_iter().chain(&self.reply_to);
        if headers.into_iter().any(|value| value.chars().any(char::is_control)) {
            return invalid("a header holds a control character");
        }
        if self.to.trim().is_empty() || self.from.trim().is_empty() {
            return invalid("an address is missing");
        }
        if self.locale.is_empty() || !self.locale.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return invalid("the locale is not a language tag");
        }
        Ok(())
    }
}
