//! The Table port: one table with DynamoDB's semantics, narrow enough to be implemented twice without drift.
//!
//! Purpose: every `<domain>/store.rs` is written once against [`Table`]; the embedded adapter ([`sqlite::SqliteTable`])
//! and the production adapter (`vitrine-aws`) behave the same, which [`conformance`] proves for both.
//!
//! Invariants:
//! - Items are JSON objects. Numbers are integers below 2^53 in magnitude; a float is refused with
//!   [`TableError::Invalid`]. Binary values are base64 strings of the caller.
//! - Key attributes: `pk`, `sk`; `pk2`/`sk2` (GSI1); `tenant`/`sk` (GSI2); `entityType`/`createdAt` (GSI3). All are
//!   strings and never empty. An item lacking an index's two attributes is not in that index.
//! - `ttl` (integer, seconds since the epoch): from that second on the item reads as absent, in get, query, batch and
//!   for [`Condition::ItemAbsent`]/[`Condition::ItemExists`]; other conditions and ADD see the stored attributes, so a
//!   writer that may meet an expired item puts it whole under `ItemAbsent`. Old images in answers and in
//!   `ConditionFailed` leave an expired item out too; the feed shows it.
//! - A write that changes nothing leaves no record in the feed. An update without changes, an empty `All`/`Any`, an
//!   empty bound of a range and an order comparison with anything but a number or string are `Invalid` ([`check`]).
//! - Index and feed reads never promise read-your-write; base reads with [`Consistency::Strong`] do.
//!
//! Not here: domains, retries of business conflicts, any notion of a tenant's rights.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

mod expr;
mod key;

pub mod chaos;
pub mod check;
pub mod conformance;
pub mod eval;
pub mod retry;
pub mod sqlite;

pub use expr::{Condition, Update};
pub use key::{Index, Key};

/// One item: a JSON object that holds at least `pk` and `sk`.
pub type Item = serde_json::Map<String, serde_json::Value>;

/// Largest item, in bytes, measured as DynamoDB does (attribute names + values in UTF-8).
pub const MAX_ITEM_BYTES: usize = 400 * 1024;
/// Most items one transaction may hold.
pub const MAX_TRANSACT_ITEMS: usize = 100;
/// Most keys of one `batch_get`.
pub const MAX_BATCH_GET: usize = 100;
/// Most writes of one `batch_write`.
pub const MAX_BATCH_WRITE: usize = 25;
/// A query page stops after the item that passes this many bytes.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// Most bytes the puts of one transaction, or the answer of one `transact_get`, may hold.
pub const MAX_TRANSACT_BYTES: usize = 4 * 1024 * 1024;
/// A `batch_get` leaves the rest unprocessed after the item that passes this many bytes.
pub const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// How long a transaction token is remembered.
pub const TOKEN_LIFE: Duration = Duration::from_secs(600);

/// How fresh a base read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Sees every write acknowledged before the call. The default: money and access hang on it.
    #[default]
    Strong,
    /// May lag; half the price on DynamoDB.
    Eventual,
}

/// Put a whole item.
#[derive(Clone, Debug)]
pub struct Put {
    /// The item, with its keys.
    pub item: Item,
    /// Must hold on the present item (absent item: every attribute is absent).
    pub condition: Option<Condition>,
}

/// Change attributes of one item, creating it if it is absent (guard with a condition where that is wrong).
#[derive(Clone, Debug)]
pub struct UpdateItem {
    /// Which item.
    pub key: Key,
    /// The changes, each naming a distinct top-level attribute; key attributes of the base table are refused.
    pub updates: Vec<Update>,
    /// Must hold on the present item.
    pub condition: Option<Condition>,
}

/// Remove one item; removing an absent item succeeds unless the condition says otherwise.
#[derive(Clone, Debug)]
pub struct Delete {
    /// Which item.
    pub key: Key,
    /// Must hold on the present item.
    pub condition: Option<Condition>,
}

/// One member of a transaction.
#[derive(Clone, Debug)]
pub enum TransactOp {
    /// See [`Put`].
    Put(Put),
    /// See [`UpdateItem`].
    Update(UpdateItem),
    /// See [`Delete`].
    Delete(Delete),
    /// Writes nothing; cancels the transaction if the condition fails.
    Check {
        /// Which item.
        key: Key,
        /// Must hold on the present item.
        condition: Condition,
    },
}

/// All or nothing: 1 to [`MAX_TRANSACT_ITEMS`] operations on distinct keys.
#[derive(Clone, Debug, Default)]
pub struct Transact {
    /// In order; reasons of a cancellation come back in the same order.
    pub ops: Vec<TransactOp>,
    /// Repeating a call with the same token within [`TOKEN_LIFE`] applies it once; the same token with other
    /// operations is [`TableError::TokenMismatch`]. 1 to 36 characters.
    pub token: Option<String>,
}

/// Which sort keys a query takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortRange {
    /// The whole partition.
    All,
    /// Exactly this sort key.
    Equals(String),
    /// Sort keys that begin with this.
    BeginsWith(String),
    /// Inclusive on both ends.
    Between(String, String),
    /// From this one on, inclusive.
    From(String),
    /// Up to this one, inclusive.
    To(String),
}

/// A query of one partition of the base table or of one index, ordered by sort key (bytes), ties by base key.
#[derive(Clone, Debug)]
pub struct Query {
    /// Where.
    pub index: Index,
    /// The partition key's value.
    pub pk: String,
    /// Which part of the partition.
    pub range: SortRange,
    /// Most items of this page, 1 to 1,000.
    pub limit: usize,
    /// `true`: highest sort key first.
    pub descending: bool,
    /// Where the last page ended; opaque, bound to index, partition and direction.
    pub cursor: Option<String>,
    /// Base table only; an index query with `Strong` is [`TableError::Invalid`].
    pub consistency: Consistency,
}

impl Query {
    /// All of a partition, 100 items a page, ascending; eventual on an index, strong on the base table.
    pub fn new(index: Index, pk: impl Into<String>) -> Self {
        let consistency = if index == Index::Base { Consistency::Strong } else { Consistency::Eventual };
        Self { index, pk: pk.into(), range: SortRange::All, limit: 100, descending: false, cursor: None, consistency }
    }

    /// Only sort keys that begin with `prefix`.
    pub fn begins_with(mut self, prefix: impl Into<String>) -> Self {
        self.range = SortRange::BeginsWith(prefix.into());
        self
    }

    /// Only this part of the partition.
    pub fn range(mut self, range: SortRange) -> Self {
        self.range = range;
        self
    }

    /// Most items of the page.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Highest sort key first.
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Go on where a page ended.
    pub fn after(mut self, cursor: Option<String>) -> Self {
        self.cursor = cursor;
        self
    }
}

/// One page of a query.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order; expired items are left out, so a page may be short or empty and still have a cursor.
    pub items: Vec<Item>,
    /// `None`: the partition's range is exhausted.
    pub cursor: Option<String>,
}

/// What a batch left undone; ask again for these, with back-off.
#[derive(Clone, Debug, Default)]
pub struct BatchGot {
    /// Found items, in no order; absent keys are simply missing.
    pub items: Vec<Item>,
    /// Keys the store did not get to.
    pub unprocessed: Vec<Key>,
}

/// A write of a batch: no conditions, as in DynamoDB.
#[derive(Clone, Debug)]
pub enum BatchWrite {
    /// Put a whole item.
    Put(Item),
    /// Remove it.
    Delete(Key),
}

/// One change, as the feed tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Which item.
    pub key: Key,
    /// Before, `None` for an insert.
    pub old: Option<Item>,
    /// After, `None` for a removal.
    pub new: Option<Item>,
    /// Milliseconds since the epoch at which the store committed it.
    pub at_ms: i64,
    /// The store removed it because its `ttl` passed.
    pub expired: bool,
}

/// Some of the feed. Order holds per key, not across keys.
#[derive(Clone, Debug, Default)]
pub struct FeedPage {
    /// In the feed's order.
    pub changes: Vec<Change>,
    /// Where to go on; store it durably after the changes are handled (delivery is at least once).
    pub position: String,
    /// There was nothing more at the time of the call.
    pub caught_up: bool,
}

/// Where a new reader begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedStart {
    /// The oldest change still kept.
    Oldest,
    /// Only what happens from now on.
    Now,
    /// A [`FeedPage::position`] of an earlier read.
    After(String),
}

/// Why one member of a transaction did not hold.
#[derive(Clone, Debug, PartialEq)]
pub enum CancelReason {
    /// This member was fine.
    None,
    /// Its condition failed; the item as it was, if there was one.
    ConditionFailed(Option<Item>),
    /// Another transaction touched the item at the same time; repeat the whole.
    Conflict,
    /// The item or key is not acceptable (too large, wrong type).
    Invalid(String),
}

/// What a store answers when it did not do it.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The condition did not hold; carries the item as it was.
    #[error("the condition on the item did not hold")]
    ConditionFailed(Option<Item>),
    /// A transaction was cancelled; one reason per operation, in order.
    #[error("the transaction was cancelled: {0:?}")]
    Cancelled(Vec<CancelReason>),
    /// The token was used for other operations.
    #[error("the transaction token was used before for other operations")]
    TokenMismatch,
    /// Another writer was in the way; repeating the same call is safe and right.
    #[error("another write to the item is in progress; repeat")]
    Conflict,
    /// The store asks to slow down; repeat with back-off.
    #[error("the store is throttling; repeat later")]
    Throttled,
    /// The request itself is wrong; repeating it is pointless.
    #[error("the store refuses the request: {0}")]
    Invalid(String),
    /// A cursor or feed position is foreign, damaged, or older than what is kept.
    #[error("the position is not one of this store: {0}")]
    BadPosition(String),
    /// The store takes no writes now: its disk is full or read-only. Nothing was written; reads go on.
    #[error("the store cannot be written: {0}")]
    Unwritable(String),
    /// What the store kept is not what it reads now; a backup has to be put back.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The store cannot be reached or failed inside; whether the write happened is unknown.
    #[error("the store failed: {0}")]
    Unavailable(String),
}

impl TableError {
    /// Repeating the identical call may succeed and cannot do harm beyond what the call's own condition allows.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict | Self::Throttled => true,
            Self::Cancelled(reasons) => {
                reasons.contains(&CancelReason::Conflict)
                    && reasons.iter().all(|r| matches!(r, CancelReason::None | CancelReason::Conflict))
            }
            _ => false,
        }
    }

    /// The item found when the condition of a single write, or of member `op` of a transaction, failed.
    /// `None`: this error is not that member's failed condition.
    pub fn failed_condition(&self, op: usize) -> Option<Option<&Item>> {
        match self {
            Self::ConditionFailed(old) if op == 0 => Some(old.as_ref()),
            Self::Cancelled(reasons) => match reasons.get(op) {
                Some(CancelReason::ConditionFailed(old)) => Some(old.as_ref()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Short for a port's answer.
pub type Result<T> = std::result::Result<T, TableError>;

/// The contract. Adapters MUST behave as written here and in DynamoDB's developer guide; [`conformance`] checks it.
#[async_trait]
pub trait Table: Send + Sync + 'static {
    /// Reads one item; an expired one is `None`.
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>>;

    /// Writes a whole item and answers what stood there.
    ///
    /// # Errors
    /// MUST be `ConditionFailed` with the present item if the condition fails, `Invalid` for an item over
    /// [`MAX_ITEM_BYTES`], without keys, with an empty key or a float.
    async fn put(&self, put: Put) -> Result<Option<Item>>;

    /// Changes an item and answers it as it is afterwards.
    ///
    /// # Errors
    /// As [`Table::put`]; also `Invalid` for ADD on something that is not an integer, two updates of one attribute,
    /// or an update of `pk`/`sk`.
    async fn update(&self, update: UpdateItem) -> Result<Item>;

    /// Removes an item and answers what stood there.
    async fn delete(&self, delete: Delete) -> Result<Option<Item>>;

    /// One page of a partition; at most [`MAX_PAGE_BYTES`] and `limit` items.
    ///
    /// # Errors
    /// MUST be `BadPosition` for a cursor made by another query shape, `Invalid` for `limit` 0 or over 1,000.
    async fn query(&self, query: Query) -> Result<Page>;

    /// Up to [`MAX_BATCH_GET`] distinct keys.
    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot>;

    /// Up to [`MAX_BATCH_WRITE`] writes of distinct keys, each for itself; answers those left undone.
    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>>;

    /// All or nothing.
    ///
    /// # Errors
    /// MUST be `Cancelled` with one reason per operation if any condition fails, `TokenMismatch`, or `Invalid` for
    /// no or too many operations or two on one key.
    async fn transact(&self, transact: Transact) -> Result<()>;

    /// Up to [`MAX_TRANSACT_ITEMS`] items as of one moment, in the order asked.
    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>>;

    /// Changes after `start`, at most about `limit`; an empty page when there are none (never blocks for long).
    ///
    /// # Errors
    /// MUST be `BadPosition` for a position that is no longer kept: the reader rebuilds from a listing.
    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage>;

    /// As [`Table::feed`], for readers that only ask what changed: the store may leave both images out.
    ///
    /// # Errors
    /// As [`Table::feed`].
    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.feed(start, limit).await
    }

    /// Waits until a change may have happened or `at_most` has passed. A hint to save polling, never a promise.
    async fn feed_wait(&self, at_most: Duration);

    /// Deletes expired items now, up to `limit`; answers how many. A no-op where the store does it by itself.
    async fn sweep_expired(&self, limit: usize) -> Result<usize>;

    /// Looks whether what the store keeps can be read as it was written; each finding in the store's own words, at most
    /// some dozens. Reads everything: for the night, not for a request. Empty where the store watches over it itself.
    async fn damage(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// Reads an item into a type; attributes the type does not know are ignored.
///
/// # Errors
/// `Invalid` naming the key and the attribute that does not fit.
pub fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    let name = format!("{}/{}", item.get("pk").unwrap_or_default(), item.get("sk").unwrap_or_default());
    serde_json::from_value(serde_json::Value::Object(item))
        .map_err(|e| TableError::Invalid(format!("stored item {name} does not fit its type: {e}")))
}

/// Writes a type as an item under `key`.
///
/// # Errors
/// `Invalid` if the type is not a struct or map.
pub fn to_item<T: Serialize>(key: &Key, value: &T) -> Result<Item> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(mut item)) => {
            item.insert("pk".into(), key.pk.clone().into());
            item.insert("sk".into(), key.sk.clone().into());
            Ok(item)
        }
        Ok(_) => Err(TableError::Invalid("only a struct or map can be an item".into())),
        Err(e) => Err(TableError::Invalid(e.to_string())),
    }
}
