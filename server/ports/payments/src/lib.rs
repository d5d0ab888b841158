//! Taking money: a hosted page, signed webhooks, refunds. The embedded provider is a simulator for demo shops.
//!
//! Invariants:
//! - Every call carries an idempotency key bound to the attempt; repeating it gives the same answer.
//! - What a browser says on return proves nothing; only [`Payments::session`] and verified webhooks do.
//! - Webhooks come late, doubled and reordered: readers are monotonic state machines over [`PaymentState`].
//! - A payment begun with [`NewSession::authorise`] is ours only once it was captured: what the buyer's bank holds for it is no money.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub mod conformance;
pub mod signature;
pub mod simulator;

/// A way to pay that buyers can be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name in sessions and in the data of markets: `card`.
    pub name: &'static str,
    /// ISO 4217 of the currencies it moves; empty: all.
    pub currencies: &'static [&'static str],
}

const fn method(name: &'static str, currencies: &'static [&'static str]) -> Method {
    Method { name, currencies }
}

/// Every way to pay that has a name here. Which of them there are is the provider's to say ([`Payments::methods`]).
pub const METHODS: &[Method] = &[
    method("card", &[]),
    method("bank_debit", &["EUR", "GBP", "USD", "CAD", "AUD", "NZD"]),
    method("bancontact", &["EUR"]),
    method("blik", &["PLN"]),
    method("boleto", &["BRL"]),
    method("eps", &["EUR"]),
    method("ideal", &["EUR"]),
    method("konbini", &["JPY"]),
    method("multibanco", &["EUR"]),
    method("p24", &["EUR", "PLN"]),
    method("pix", &["BRL"]),
    method("twint", &["CHF"]),
    method("vipps", &["NOK"]),
];

/// Of the `wanted` ways to pay, in their order, those that have a name, that the provider `offers` and that move this currency.
pub fn usable(wanted: &[String], offers: &[&str], currency: &str) -> Vec<String> {
    let moves = |name: &str| {
        METHODS.iter().any(|m| m.name == name && (m.currencies.is_empty() || m.currencies.contains(&currency)))
    };
    wanted.iter().filter(|name| offers.contains(&name.as_str()) && moves(name)).cloned().collect()
}

/// Begin one payment.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct NewSession {
    /// Bound to the attempt; at most 120 characters.
    pub idempotency_key: String,
    /// Our checkout id; comes back in every event.
    pub reference: String,
    /// Minor units, more than 0.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Digits after the point of that currency.
    pub exponent: u8,
    /// What the hosted page lists: text and minor units.
    pub lines: Vec<(String, i64)>,
    /// For the provider's receipt.
    pub email: String,
    /// BCP 47.
    pub locale: String,
    /// Names of [`METHODS`] to offer, the usual one first; empty: whatever the provider thinks best.
    #[serde(default)]
    pub methods: Vec<String>,
    /// The buyer's bank is to hold the money until [`Payments::capture`] takes it or [`Payments::expire`] lets it go, so that what paid is known
    /// first. Only by [`Payments::authorises`], but for `or_at_once`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authorise: bool,
    /// With `authorise`: ways to pay that are not among [`Payments::authorises`] may be offered too, and take the money at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_at_once: bool,
    /// Where the browser comes back, whatever happened.
    pub return_url: String,
    /// Where it comes back when the buyer gives up.
    pub cancel_url: String,
    /// UTC milliseconds since the epoch; no payment can begin after it.
    pub expires_ms: i64,
}

/// How far a payment is. States only move to the right of what the machine in [`PaymentState::may_become`] allows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// The hosted page waits for the buyer.
    Open,
    /// The buyer did their part; the money is on its way (bank debit, voucher).
    Settling,
    /// The buyer's bank holds the money for us: it waits to be captured, and is let go by itself after some days.
    Authorised,
    /// The money is ours.
    Captured,
    /// It will not come; the reason is in [`Session::failure`].
    Failed,
    /// Nobody paid in time, or the buyer gave up; or what was authorised was let go.
    Expired,
}

impl PaymentState {
    /// Whether an event may move a payment from here to `next`; the same state is not a move.
    pub const fn may_become(self, next: PaymentState) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Settling | Self::Authorised | Self::Captured | Self::Failed | Self::Expired)
                | (Self::Settling, Self::Captured | Self::Failed)
                | (Self::Authorised, Self::Captured | Self::Expired)
                // A decline leaves the page open for another card; money that arrives after all is still money.
                | (Self::Failed | Self::Expired, Self::Captured | Self::Settling)
                | (Self::Failed, Self::Authorised)
        )
    }
}

/// A payment as the provider knows it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Session {
    /// The provider's id, `cs_...`.
    pub id: String,
    /// Our checkout id.
    pub reference: String,
    /// The hosted page.
    pub url: String,
    /// How far it is.
    pub state: PaymentState,
    /// The provider's id of the charge, once there is one.
    pub charge_id: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// Minor units given back so far.
    pub refunded_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// A code for people to act on: `card_declined`, `insufficient_funds`, `expired_card`, `authentication_failed`, `bank_refused`.
    pub failure: Option<String>,
    /// e.g. `card`, `bank_debit`; and the card's last four digits, never more.
    pub method: Option<String>,
    /// Last four digits.
    pub last4: Option<String>,
    /// Country of the card's issuer or of the bank, ISO 3166-1; `None`: the provider does not say.
    #[serde(default)]
    pub country: Option<String>,
    /// The same for every payment with the same card, and says nothing of its number; `None`: not known, or the provider does not say.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// Take money that was authorised.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct NewCapture {
    /// Bound to the attempt.
    pub idempotency_key: String,
    /// The session that was authorised; all of it is captured.
    pub session_id: String,
}

/// Give money back.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct NewRefund {
    /// Bound to the attempt.
    pub idempotency_key: String,
    /// The session that was captured.
    pub session_id: String,
    /// Minor units, more than 0.
    pub amount_minor: i64,
    /// For people.
    pub reason: String,
}

/// Money given back.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Refund {
    /// `re_...`.
    pub id: String,
    /// Minor units.
    pub amount_minor: i64,
}

/// One verified webhook.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Event {
    /// The provider's id of the event: insert-if-absent on it.
    pub id: String,
    /// e.g. `session.captured`, `session.failed`, `session.settling`, `session.authorised`, `session.expired`, `refund.created`.
    pub kind: String,
    /// When the provider made it, UTC milliseconds since the epoch.
    pub created_ms: i64,
    /// The payment at that time.
    pub session: Session,
    /// The refund it is about, if any.
    pub refund: Option<Refund>,
}

/// Why a provider did not do it.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// No such session.
    #[error("the payment provider does not know this payment")]
    NotFound,
    /// The request is wrong: amount, currency, key used for another body, more refunded than captured.
    #[error("the payment provider refuses the request: {0}")]
    Invalid(String),
    /// A webhook without a valid signature, or older than the tolerance.
    #[error("the webhook's signature is not valid: {0}")]
    BadSignature(&'static str),
    /// Cannot be reached, time-out; the same call with the same key is safe.
    #[error("the payment provider cannot be reached: {0}")]
    Unavailable(String),
}

/// Short for a port's answer.
pub type Result<T> = std::result::Result<T, PaymentError>;

/// The contract. Every call answers within 20 seconds.
#[async_trait]
pub trait Payments: Send + Sync + 'static {
    /// The name in `/webhooks/{provider}` and on orders, e.g. `simulator`, `stripe`.
    fn name(&self) -> &'static str;

    /// Origins that the pages of this provider need in `form-action`, `frame-src`, `connect-src`.
    fn csp_origins(&self) -> Vec<String>;

    /// Names of the ways to pay it has, of [`METHODS`].
    fn methods(&self) -> &'static [&'static str];

    /// Those of [`Payments::methods`] whose money can be authorised first and captured later, with the fingerprint known in between; none: empty.
    fn authorises(&self) -> &'static [&'static str];

    /// Begins a payment, by `new.methods` alone where it names any; MUST give the same session for the same idempotency key.
    ///
    /// # Errors
    /// MUST be `Invalid` for a method it does not have, and for one it does not authorise if `new.authorise` without `new.or_at_once`; without
    /// any named it then offers only those it does.
    async fn begin(&self, new: NewSession) -> Result<Session>;

    /// How it stands now.
    async fn session(&self, id: &str) -> Result<Session>;

    /// Takes what was authorised, once, whatever is repeated; answers how it stands, also if it was captured before.
    ///
    /// # Errors
    /// MUST be `Invalid` if nothing is authorised, any more or yet.
    async fn capture(&self, new: NewCapture) -> Result<Session>;

    /// Ends an open payment so that it cannot be paid any more, and lets go what is authorised; answers how it stands (it may have been paid).
    async fn expire(&self, id: &str) -> Result<Session>;

    /// Gives money back; MUST refund once per idempotency key and never more than was captured.
    async fn refund(&self, new: NewRefund) -> Result<Refund>;

    /// Checks signature and age of a webhook over the raw body.
    ///
    /// # Errors
    /// MUST be `BadSignature` for anything that does not verify, before the body is parsed.
    fn verify_webhook(&self, headers: &http::HeaderMap, body: &[u8]) -> Result<Event>;
}

/// A provider that is handed around.
pub type SharedPayments = Arc<dyn Payments>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_provider_has_and_the_currency_moves_is_offered_in_the_order_wanted() {
        let wanted: Vec<String> = ["ideal", "bank_debit", "card", "gold"].map(String::from).into();
        let all = ["card", "bank_debit", "ideal", "gold"];
        assert_eq!(usable(&wanted, &all, "EUR"), ["ideal", "bank_debit", "card"]);
        assert_eq!(usable(&wanted, &all, "JPY"), ["card"]);
        assert_eq!(usable(&wanted, &["card"], "EUR"), ["card"]);
        assert_eq!(usable(&[], &all, "EUR"), Vec::<String>::new());
    }
}
