//! Gift cards and store credit: at checkout, on orders and invoices, at the desk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MomentView;
use super::desk::HistoryRow;

/// A gift card that was applied to a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppliedView {
    /// Account id: names it when it is taken off.
    pub account: String,
    /// Last four characters of its code.
    pub last4: String,
    /// What it pays, formatted.
    pub takes: String,
    /// What stays on it, formatted.
    pub stays: String,
}

/// A signed-in customer's store credit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreditView {
    /// All of it, formatted.
    pub balance: String,
    /// What it pays or would pay, formatted.
    pub takes: String,
    /// What of it ends: amount and last day, formatted, the soonest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<(String, String)>,
    /// It is wanted.
    pub used: bool,
}

/// What of a payment comes from gift cards and store credit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueView {
    /// The shop takes them.
    pub offered: bool,
    /// Gift cards in the order of use.
    pub codes: Vec<AppliedView>,
    /// No more codes can be applied.
    pub full: bool,
    /// Store credit in the currency of the cart, where the caller has some.
    pub credit: Option<CreditView>,
    /// What is left to pay, formatted.
    pub due: String,
    /// Minor units.
    pub due_minor: i64,
}

/// What one source paid of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaidView {
    /// Key of the words: `paid-gift_card`, `paid-store_credit`, `paid-provider`.
    pub key: String,
    /// Last four characters of a code, or what the provider was paid with: `card 4242`.
    pub detail: String,
    /// Formatted.
    pub amount: String,
}

/// One account of stored value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueRow {
    /// Account id.
    pub id: String,
    /// When it was opened.
    pub opened: MomentView,
    /// Key: `value-gift_card`, `value-store_credit`.
    pub kind: String,
    /// Last four characters of its code; empty: it has none, or it was not sent yet.
    pub last4: String,
    /// Key: `value-state-open`, `value-state-empty`, `value-state-expired`, `value-state-ended`.
    pub state: String,
    /// Can be spent, formatted.
    pub available: String,
    /// Held for payments under way, formatted.
    pub held: Option<String>,
    /// Its last day, if it expires.
    pub ends: Option<String>,
}

/// Accounts of stored value, and a form to issue a card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValuesView {
    /// What was looked for.
    pub query: String,
    /// Newest first.
    pub rows: Vec<ValueRow>,
    /// ISO 4217 of what cards can be issued in.
    pub currencies: Vec<String>,
    /// What stands in the form, by field.
    pub fields: BTreeMap<String, String>,
    /// What is wrong with it, by field: keys of texts.
    pub faults: BTreeMap<String, String>,
    /// Key that names this attempt to issue a card.
    pub attempt: String,
}

/// One posting to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueEntryRow {
    /// When.
    pub at: MomentView,
    /// Key: `value-issued`, `value-redeemed`, `value-refunded`, `value-expired`, `value-ended`.
    pub what: String,
    /// Formatted, with its sign.
    pub amount: String,
    /// The reason staff gave.
    pub why: String,
    /// Id of the checkout or refund it belongs to.
    pub about: String,
}

/// One account of stored value, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskValue {
    /// The row.
    pub row: ValueRow,
    /// Customer id of whose store credit it is.
    pub owner: Option<String>,
    /// When its code was sent the last time.
    pub sent: Option<MomentView>,
    /// Oldest first.
    pub entries: Vec<ValueEntryRow>,
    /// Its code can be sent again.
    pub may_resend: bool,
    /// It can be ended, or what is left taken back.
    pub may_end: bool,
    /// Key that names this attempt to send it again.
    pub attempt: String,
    /// What staff and jobs did, oldest first.
    pub history: Vec<HistoryRow>,
}
