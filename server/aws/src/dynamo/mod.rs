//! Table on DynamoDB.
//!
//! Invariants:
//! - Reads and transactions are repeated by the SDK (a transaction carries a token). Single and batch writes are sent
//!   once: an ADD, or a put under `ItemAbsent`, whose answer got lost must not be made twice. A lost answer is
//!   `Unavailable`; whoever must know puts the write into a transaction with a token.
//! - Throttling and conflicts are told apart from failures, so [`vitrine_table::retry::Retrying`] may repeat them.
//! - Partition keys that begin with [`TOKEN_PREFIX`] belong to this adapter; the feed leaves them out.
//!
//! Not here: capacity, backups and replicas of the table (infrastructure).

mod cursor;
mod expression;
mod fault;
mod feed;
mod read;
mod setup;
mod transact;
mod value;
mod write;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use tokio::sync::Notify;
use vitrine_clock::{SharedClock, SystemClock};
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    Transact, UpdateItem,
};

/// Begins the partition keys of remembered transaction tokens.
pub const TOKEN_PREFIX: &str = "$TOKEN#";

/// How often waiting readers look although nobody here wrote.
const POLL: Duration = Duration::from_secs(1);

/// One DynamoDB table with its three indexes and its stream.
pub struct DynamoTable {
    name: String,
    /// Repeats what failed on the way.
    repeating: Client,
    /// Sends once.
    once: Client,
    feed: feed::Feed,
    clock: SharedClock,
    written: Notify,
}

impl DynamoTable {
    /// A table that is there already; makes no call yet.
    pub fn new(sdk: &SdkConfig, table: impl Into<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(6))
            .operation_timeout(Duration::from_secs(20))
            .build();
        let config = |retries: RetryConfig| {
            aws_sdk_dynamodb::config::Builder::from(sdk).retry_config(retries).timeout_config(timeouts.clone()).build()
        };
        let repeating = Client::from_conf(config(RetryConfig::standard().with_max_attempts(3)));
        let streams = aws_sdk_dynamodbstreams::config::Builder::from(sdk)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts.clone())
            .build();
        let name = table.into();
        Self {
            once: Client::from_conf(config(RetryConfig::disabled())),
            feed: feed::Feed::new(name.clone(), repeating.clone(), aws_sdk_dynamodbstreams::Client::from_conf(streams)),
            repeating,
            name,
            clock: Arc::new(SystemClock),
            written: Notify::new(),
        }
    }

    /// With another clock for expiry; the store's own sweep keeps real time.
    pub fn with_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    fn now_secs(&self) -> i64 {
        self.clock.now_secs()
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.read_one(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        let done = self.write_put(put).await;
        self.written.notify_waiters();
        done
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        let done = self.write_update(update).await;
        self.written.notify_waiters();
        done
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        let done = self.write_delete(delete).await;
        self.written.notify_waiters();
        done
    }

    async fn query(&self, query: Query) -> Result<Page> {
        self.read_page(query).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.read_batch(keys, consistency).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        let done = self.write_batch(writes).await;
        self.written.notify_waiters();
        done
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        let done = self.write_transaction(transact).await;
        self.written.notify_waiters();
        done
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.read_together(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.feed.page(start, limit, self.clock.now_ms()).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        // Writers elsewhere cannot wake this one, so it looks again soon.
        let _ = tokio::time::timeout(at_most.min(POLL), self.written.notified()).await;
    }

    /// DynamoDB deletes expired items by itself.
    async fn sweep_expired(&self, _limit: usize) -> Result<usize> {
        Ok(0)
    }
}
