//! The payment provider of demo shops: test cards, bank debits, signed webhooks. No money moves.
//!
//! A buyer pays on the pages of [`Simulator::routes`], or a test by [`Simulator::pay`] and [`Simulator::confirm`].
//!
//! Invariants:
//! - State lives in the table alone; a change and the jobs it causes are one transaction.
//! - Ids derive from the idempotency key and the secret: repeating a call names the same item, and a stranger cannot
//!   guess it.
//! - No card number is stored or logged; the last four digits are.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use vitrine_clock::SharedClock;
use vitrine_queue::SharedQueue;
use vitrine_table::Table;

use crate::{
    Event, NewCapture, NewRefund, NewSession, PaymentError, PaymentState, Payments, Refund, Result, Session, signature,
};

mod cards;
mod jobs;
mod locale;
mod pages;
mod paying;
mod store;
mod web;

pub use cards::{Fault, Form};
pub use jobs::{EXPIRE, SETTLE, WEBHOOK};
pub use store::Mischief;
pub use web::CONTROL_PATH;

/// The header of its webhooks.
pub const SIGNATURE_HEADER: &str = "simulator-signature";

/// The ways to pay it has.
const OFFERED: [&str; 2] = ["card", "bank_debit"];
/// Those whose money is held until it is captured.
const AUTHORISES: [&str; 1] = ["card"];

/// How long the bank of a card holds what was authorised, milliseconds; of most cards it is a week.
pub const AUTHORISED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long a call of the shop may take.
const LONGEST_CALL: Duration = Duration::from_secs(20);

/// How the simulator behaves.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Origin its pages are reached under, e.g. `http://localhost:8080`.
    pub base_url: String,
    /// Where webhooks are posted.
    pub webhook_url: String,
    /// Signs them, and makes ids unguessable.
    pub webhook_secret: SecretString,
    /// How long a bank debit takes.
    pub settle_delay: Duration,
    /// Faults of delivery until [`Simulator::set_mischief`] says otherwise.
    pub mischief: Mischief,
}

/// The embedded provider; clones are the same one.
#[derive(Clone)]
pub struct Simulator {
    pub(crate) table: Arc<dyn Table>,
    pub(crate) queue: SharedQueue,
    pub(crate) clock: SharedClock,
    pub(crate) config: Arc<SimulatorConfig>,
    pub(crate) http: reqwest::Client,
}

impl Simulator {
    /// A simulator over this table and queue.
    ///
    /// # Errors
    /// `Invalid` for a base or webhook address that is not http(s); `Unavailable` if TLS cannot be set up.
    pub fn new(table: Arc<dyn Table>, queue: SharedQueue, clock: SharedClock, config: SimulatorConfig) -> Result<Self> {
        for address in [&config.base_url, &config.webhook_url] {
            check_address(address)?;
        }
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| PaymentError::Unavailable(e.to_string()))?;
        Ok(Self { table, queue, clock, config: Arc::new(config), http })
    }

    /// What the faults in force make of a call; as every provider's, it ends after 20 seconds.
    async fn mood(&self) -> Result<()> {
        let mischief = self.mischief().await?;
        let slow = Duration::from_millis(u64::from(mischief.slow_ms));
        tokio::time::sleep(slow.min(LONGEST_CALL)).await;
        if mischief.refuse || slow > LONGEST_CALL {
            return Err(PaymentError::Unavailable("it fails on purpose".into()));
        }
        Ok(())
    }

    /// An id that only the holder of the secret can make.
    pub(crate) fn derived(&self, prefix: &str, name: &str) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.config.webhook_secret.expose_secret().as_bytes())
            .expect("any key length");
        mac.update(prefix.as_bytes());
        mac.update(b":");
        mac.update(name.as_bytes());
        let tag = mac.finalize().into_bytes();
        format!("{prefix}_{}", data_encoding::HEXLOWER.encode(&tag[..16]))
    }
}

pub(crate) fn check_address(address: &str) -> Result<url::Url> {
    url::Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| PaymentError::Invalid("an address is not http or https".into()))
}

#[async_trait]
impl Payments for Simulator {
    fn name(&self) -> &'static str {
        "simulator"
    }

    fn csp_origins(&self) -> Vec<String> {
        check_address(&self.config.base_url).map(|url| vec![url.origin().ascii_serialization()]).unwrap_or_default()
    }

    fn methods(&self) -> &'static [&'static str] {
        &OFFERED
    }

    fn authorises(&self) -> &'static [&'static str] {
        &AUTHORISES
    }

    async fn begin(&self, new: NewSession) -> Result<Session> {
        let length = new.idempotency_key.chars().count();
        let currency = new.currency.len() == 3 && new.currency.bytes().all(|b| b.is_ascii_uppercase());
        if !(1..=120).contains(&length) || new.amount_minor <= 0 || !currency || new.exponent > 4 {
            return Err(PaymentError::Invalid("key, amount or currency is out of range".into()));
        }
        let has: &[&str] = if new.authorise && !new.or_at_once { &AUTHORISES } else { &OFFERED };
        if new.methods.iter().any(|m| !has.contains(&m.as_str())) {
            return Err(PaymentError::Invalid("it has no such way to pay, or none that can be captured later".into()));
        }
        self.mood().await?;
        check_address(&new.return_url)?;
        check_address(&new.cancel_url)?;
        self.create(new).await
    }

    async fn session(&self, id: &str) -> Result<Session> {
        self.mood().await?;
        Ok(self.current(id).await?.session)
    }

    async fn capture(&self, new: NewCapture) -> Result<Session> {
        if new.idempotency_key.is_empty() {
            return Err(PaymentError::Invalid("a capture needs a key".into()));
        }
        self.mood().await?;
        let taken = self.change(&new.session_id, |record, _| match record.session.state {
            // Captured before: the same answer.
            PaymentState::Captured => Ok(()),
            PaymentState::Authorised => {
                record.session.state = PaymentState::Captured;
                Ok(())
            }
            _ => Err(PaymentError::Invalid("nothing is authorised".into())),
        });
        Ok(taken.await?.session)
    }

    async fn expire(&self, id: &str) -> Result<Session> {
        self.mood().await?;
        let closed = self.change(id, |record, _| {
            record.closed = true;
            record.confirming = None;
            // After a decline the page still waited for another card; what is authorised goes back to its card.
            if matches!(record.session.state, PaymentState::Open | PaymentState::Failed | PaymentState::Authorised) {
                record.session.state = PaymentState::Expired;
            }
            Ok(())
        });
        Ok(closed.await?.session)
    }

    async fn refund(&self, new: NewRefund) -> Result<Refund> {
        if new.idempotency_key.is_empty() || new.amount_minor <= 0 {
            return Err(PaymentError::Invalid("a refund needs a key and an amount over 0".into()));
        }
        self.mood().await?;
        self.give_back(new).await
    }

    fn verify_webhook(&self, headers: &http::HeaderMap, body: &[u8]) -> Result<Event> {
        let header = headers
            .get(SIGNATURE_HEADER)
            .and_then(|value| value.to_str().ok())
            .ok_or(PaymentError::BadSignature("it is missing"))?;
        signature::verify(&self.config.webhook_secret, header, body, self.clock.now_secs())?;
        serde_json::from_slice(body).map_err(|e| PaymentError::Invalid(format!("the event cannot be read: {e}")))
    }
}
