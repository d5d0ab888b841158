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
    /// HTTPS address whose POST ends mails of this kind (RFC 8058), for mails nobody asked for by an act of theirs.
    #[serde(default)]
    pub unsubscribe: Option<String>,
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
        let headers = [&self.to, &self.from, &self.subject].into_iter().chain(&self.reply_to).chain(&self.unsubscribe);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            key: "receipt/ord_7.a-b".into(),
            to: "reader@example.com".into(),
            from: "Shop <shop@example.com>".into(),
            reply_to: Some("help@example.com".into()),
            subject: "Your receipt".into(),
            text: "Two\nlines".into(),
            html: "<p>Two\nlines</p>".into(),
            locale: "en-US".into(),
            unsubscribe: None,
        }
    }

    fn refused(why: &str, change: impl Fn(&mut Message)) {
        let mut message = message();
        change(&mut message);
        assert!(matches!(message.check(), Err(MailError::Invalid(_))), "{why}");
    }

    #[test]
    fn good_messages_pass() {
        message().check().unwrap();
        Message { reply_to: None, key: "a".repeat(120), subject: "Grüße, 你好".into(), ..message() }.check().unwrap();
    }

    #[test]
    fn keys_keep_to_their_alphabet() {
        for key in ["", "A", "a b", "a=2e", "a@b", "a>", "é", "a\r\nbcc: x", &"a".repeat(121)] {
            refused(key, |m| m.key = key.into());
        }
    }

    #[test]
    fn no_header_holds_a_control_character() {
        for bad in ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
            refused("to", |m| m.to = bad.into());
            refused("from", |m| m.from = bad.into());
            refused("subject", |m| m.subject = bad.into());
            refused("unsubscribe", |m| m.unsubscribe = Some(bad.into()));
            refused("reply to", |m| m.reply_to = Some(bad.into()));
            refused("locale", |m| m.locale = bad.into());
        }
    }

    #[test]
    fn addresses_and_locale_are_there() {
        for blank in ["", " "] {
            refused("to", |m| m.to = blank.into());
            refused("from", |m| m.from = blank.into());
            refused("locale", |m| m.locale = blank.into());
        }
    }
}
