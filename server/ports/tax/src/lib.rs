//! A service that works out the taxes of one seller's sale, down to county and city, and keeps what was sold for the seller's returns.
//!
//! Invariants:
//! - No tax is an answer only where the service says why. What it does not collect or does not know is [`TaxError::Refused`], never zero.
//! - An answer is of the amounts it was asked for, and its parts add up; any other is [`TaxError::Unavailable`].
//! - Every call carries an idempotency key; the same call again is done once. Every call answers within [`DEADLINE`], retries included.
//!
//! Not here: when to ask, what to do without an answer, totals (`vitrine_pricing`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vitrine_pricing::money::{Currency, Money};
/// One tax of one jurisdiction, as quotes take it.
pub use vitrine_pricing::quote::ExternalTax as Tax;

pub mod conformance;
pub mod stripe;

/// The longest a call takes.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// A postal address; what is empty is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// What follows them.
    pub line2: String,
    /// City.
    pub city: String,
    /// Subdivision without the country: `CA`.
    pub region: String,
    /// As the country writes it.
    pub postcode: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// One line that is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Names it among the lines; at most 100 characters.
    pub reference: String,
    /// Tax class of the catalogue: `ebook`, `digital_music` ...
    pub class: String,
    /// Comes in a parcel.
    pub physical: bool,
    /// Pieces.
    pub quantity: u32,
    /// For all pieces, after discounts.
    pub amount: Money,
}

/// What is asked of one seller's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Of every amount.
    pub currency: Currency,
    /// Amounts contain tax.
    pub inclusive: bool,
    /// Where the buyer is; of a parcel: where it goes.
    pub buyer: Address,
    /// Where it leaves from.
    pub origin: Address,
    /// 1 to 1000.
    pub lines: Vec<Line>,
    /// What sending costs, after discounts, if anything is sent.
    pub shipping: Option<Money>,
}

/// Why a part carries no tax, or that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Taxed at a rate above zero.
    Taxed,
    /// Exempt, at zero, or not taxed there.
    ZeroRated,
    /// The business that buys owes it.
    ReverseCharged,
}

/// Taxes of a line, or of shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it was asked for.
    pub amount: Money,
    /// Why.
    pub standing: Standing,
    /// No two of one jurisdiction, name and rate; at zero too.
    pub taxes: Vec<Tax>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calculation {
    /// The service's name for it.
    pub reference: String,
    /// When it can no longer be recorded, UTC milliseconds.
    pub expires_ms: i64,
    /// In the order asked.
    pub lines: Vec<Part>,
    /// If it was asked for.
    pub shipping: Option<Part>,
}

/// A sale as the service keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The service's name for it.
    pub reference: String,
    /// Our reference of each line with its own name for it, in any order.
    pub lines: Vec<(String, String)>,
}

/// What goes back of one line or of shipping; all amounts above or equal to zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// The service's name of the line; empty for shipping.
    pub line: String,
    /// Pieces that go back; 0 of an amount alone.
    pub quantity: u32,
    /// Without tax.
    pub net: Money,
    /// Tax.
    pub tax: Money,
}

/// What goes back of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reversal {
    /// All of it.
    Whole,
    /// Some of it; `inclusive` as the question was.
    Parts {
        /// Amounts of the question contained tax.
        inclusive: bool,
        /// Lines, each once.
        lines: Vec<Back>,
        /// Shipping.
        shipping: Option<Back>,
    },
}

/// Why there is no answer. Codes are the service's own or ours: letters, digits and `_`, at most 60.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxError {
    /// Down, late, busy, not connected (`NOT_CONNECTED`), or an answer that cannot be believed: `TIMEOUT`, `UNREACHABLE`, `UNREADABLE`.
    /// The same call may be made again.
    #[error("the tax service does not answer: {0}")]
    Unavailable(String),
    /// It answers, and not this: an address that it does not know, a place for which it does not collect.
    #[error("the tax service refuses: {0}")]
    Refused(String),
}

impl TaxError {
    /// The code alone.
    pub fn code(&self) -> &str {
        match self {
            Self::Unavailable(code) | Self::Refused(code) => code,
        }
    }
}

/// Short for a port's answer.
pub type Result<T> = std::result::Result<T, TaxError>;

/// The contract.
#[async_trait]
pub trait TaxProvider: Send + Sync + 'static {
    /// Its name as orders keep it: `stripe`; `none`: nobody is connected.
    fn name(&self) -> &'static str;

    /// Works taxes out. Nothing is kept for returns yet.
    ///
    /// # Errors
    /// MUST be `Refused` for an address it cannot place, and for a tax of zero that nothing explains.
    async fn calculate(&self, key: &str, question: &Question) -> Result<Calculation>;

    /// Keeps a calculation as sold, under a reference of ours; MUST keep one per key.
    ///
    /// # Errors
    /// MUST be `Refused` for a calculation it does not know, that is over, or that was kept under another key: one is one sale.
    async fn record(&self, key: &str, calculation: &str, reference: &str) -> Result<Transaction>;

    /// Keeps that something of it went back, under a reference of ours; answers its own; MUST keep one per key.
    ///
    /// # Errors
    /// MUST be `Refused` for a transaction it does not know, and for more than is left.
    async fn reverse(&self, key: &str, transaction: &str, reference: &str, what: &Reversal) -> Result<String>;
}

/// A provider that is handed around.
pub type SharedTax = Arc<dyn TaxProvider>;

/// No service is connected: the tables of `vitrine_pricing` are all there is.
pub struct Nobody;

impl Nobody {
    fn none<T>() -> Result<T> {
        Err(TaxError::Unavailable("NOT_CONNECTED".into()))
    }
}

#[async_trait]
impl TaxProvider for Nobody {
    fn name(&self) -> &'static str {
        "none"
    }

    async fn calculate(&self, _key: &str, _question: &Question) -> Result<Calculation> {
        Self::none()
    }

    async fn record(&self, _key: &str, _calculation: &str, _reference: &str) -> Result<Transaction> {
        Self::none()
    }

    async fn reverse(&self, _key: &str, _transaction: &str, _reference: &str, _what: &Reversal) -> Result<String> {
        Self::none()
    }
}
