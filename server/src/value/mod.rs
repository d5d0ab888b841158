//! Stored value: gift cards, whose balance belongs to whoever bears the code, and store credit, whose balance belongs to a customer.
//! A source of payment, never a discount: prices, tax and invoices do not know it.
//!
//! Invariants:
//! - Double entry: every change of a balance is one [`Entry`] between an account and a [`House`] account, written in the transaction
//!   that changes the balance. Available and held together are the sum of an account's entries (`vitrine check` looks).
//! - No balance goes below nothing, whoever spends at the same moment; an entry has a key, and a key is posted once.
//! - A payment under way holds its amount; it is posted with the payment, or let go with the checkout.
//! - Of a code only a keyed hash is kept. It has 80 bits, is sent to its recipient by mail and shown to nobody else, staff included.
//! - Value comes in by staff ([`crate::authz`]), by cards that were paid for (`sold.rs`), and by refunds; each act has its trail.
//!
//! Keys are in `store.rs`; how an amount is taken from several accounts and goes back to them is in `split.rs`.
//!
//! Not here: what a checkout does with it (`checkout::value`), how cards are bought (`checkout::gift`).

mod cards;
mod code;
mod jobs;
mod ledger;
mod sending;
pub mod sold;
pub mod split;
pub mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vitrine_identity::MasterKey;
use vitrine_shared::id::{CustomerId, TenantId, ValueId};
use vitrine_table::Table;

use crate::mails::Sender;
use crate::secrets::Secret;

pub(crate) use cards::{MAX_MESSAGE, plain};
pub use cards::{NewCard, NewCredit, currencies};
pub use code::Code;
pub use jobs::{DELIVER, SWEEP, handlers};
pub(crate) use sending::Recipient;

/// Most minor units of one entry.
pub const MAX_ENTRY: i64 = 100_000_000;
/// Most minor units of one account: far below what items can hold.
pub const MAX_BALANCE: i64 = 1_000_000_000_000;

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whoever bears its code pays with it.
    GiftCard,
    /// Its customer pays with it, signed in.
    StoreCredit,
}

impl Kind {
    /// Key of its name: `value-gift_card`, `value-store_credit`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::GiftCard => "value-gift_card",
            Self::StoreCredit => "value-store_credit",
        }
    }
}

/// The other leg of every entry: accounts of the house. Their balances are the sums of the entries that name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum House {
    /// Value that was given out: what comes into an account comes from here.
    Issued,
    /// Value that paid for orders; refunds take it back from here.
    Redeemed,
    /// What was left when an account's time was over.
    Expired,
    /// What staff took back.
    Ended,
    /// What was left of a card whose buyer got the money back.
    Returned,
}

impl House {
    /// Key of its name: `value-issued`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Issued => "value-issued",
            Self::Redeemed => "value-redeemed",
            Self::Expired => "value-expired",
            Self::Ended => "value-ended",
            Self::Returned => "value-returned",
        }
    }
}

/// An account as kept. Amounts are minor units of its currency, times UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: ValueId,
    /// What it is.
    pub kind: Kind,
    /// Whose promise it is, and whose goods it pays for; `None`: the platform's, for everything. Stored as `issuer`.
    #[serde(default)]
    pub issuer: Option<TenantId>,
    /// ISO 4217.
    pub currency: String,
    /// Of store credit: whose it is.
    #[serde(default)]
    pub owner: Option<CustomerId>,
    /// Keyed hash of the code that opens it; `None`: no code was made yet, or it has none.
    #[serde(default)]
    pub code: Option<String>,
    /// The last four characters of that code.
    #[serde(default)]
    pub last4: String,
    /// Can be spent.
    pub available: i64,
    /// Held for payments under way.
    pub held: i64,
    /// When it was opened.
    pub created_ms: i64,
    /// From then on nothing can be paid with it; `None`: it does not expire.
    #[serde(default)]
    pub ends_ms: Option<i64>,
    /// When staff ended it.
    #[serde(default)]
    pub ended_ms: Option<i64>,
    /// Key of the newest sending of its code: one before it that is late sends nothing any more. Empty: older accounts do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sending: String,
}

impl Account {
    /// Nothing can be paid with it any more, whatever is left.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.ended_ms.is_some() || self.ends_ms.is_some_and(|end| end <= now_ms)
    }
}

/// One posting between an account and the house: `delta_minor` comes into the account, its opposite into the house's, so the two
/// come to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names it within its account for ever: `pay-co_…`.
    pub key: String,
    /// Which account.
    pub account: ValueId,
    /// The other leg.
    pub house: House,
    /// ISO 4217.
    pub currency: String,
    /// Minor units, never 0.
    pub delta_minor: i64,
    /// UTC milliseconds.
    pub at_ms: i64,
    /// The reason staff gave; empty: the program's own act.
    #[serde(default)]
    pub why: String,
    /// The checkout or refund it belongs to.
    #[serde(default)]
    pub about: Option<String>,
    /// Of an entry that staff asked for: keyed hash of all they asked for, so that another wish under its attempt is known as one.
    #[serde(default)]
    pub wish: Option<String>,
}

/// What an account gives to one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which account.
    pub account: ValueId,
    /// What it is.
    pub kind: Kind,
    /// Of its code, as it was then.
    #[serde(default)]
    pub last4: String,
    /// Minor units.
    pub amount_minor: i64,
}

/// What these sources come to, minor units.
pub fn sum(sources: &[Source]) -> i64 {
    sources.iter().map(|s| s.amount_minor).sum()
}

/// The ledger. Cheap to clone.
#[derive(Clone)]
pub struct Values {
    /// Where accounts are.
    pub table: Arc<dyn Table>,
    /// Seals who a card is for.
    pub master: Arc<MasterKey>,
    /// What codes are hashed with; codes made with another one open nothing.
    pub secret: Secret,
    /// Sends codes.
    pub sender: Sender,
    /// Scheme and host of the shop.
    pub base_url: String,
}
