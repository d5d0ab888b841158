//! Asking again: bounded exponential back-off with full jitter, and helpers that drain batches and pages.
//!
//! Invariants: only [`TableError::is_retryable`] errors are repeated, with the identical call; after
//! [`ATTEMPTS`] the last error is the answer. The longest wait in all is about two seconds.
//! Not here: what a business does about a failed condition.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rand::Rng;

use crate::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, MAX_BATCH_GET, MAX_BATCH_WRITE, Page,
    Put, Query, Result, Table, TableError, Transact, UpdateItem,
};

/// How often a call is made at most.
pub const ATTEMPTS: u32 = 10;
const FIRST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(400);

/// Waits a random part of an exponentially growing span; `attempt` counts from 0.
async fn back_off(attempt: u32) {
    let most = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    let wait = most.mul_f64(rand::rng().random_range(0.0..1.0));
    tokio::time::sleep(wait).await;
}

/// Calls `op` until it succeeds, fails for good, or [`ATTEMPTS`] are spent.
///
/// # Errors
/// The last error of `op`.
pub async fn retrying<T, F, Fut>(mut op: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let mut attempt = 0;
    loop {
        match op().await {
            Err(e) if e.is_retryable() && attempt + 1 < ATTEMPTS => back_off(attempt).await,
            done => return done,
        }
        attempt += 1;
    }
}

/// Reads any number of distinct keys, in chunks, asking again for what was left; in no order, absent keys missing.
///
/// # Errors
/// `Throttled` if the store leaves keys undone [`ATTEMPTS`] times without progress; else as [`Table::batch_get`].
pub async fn batch_get_all(table: &dyn Table, keys: Vec<Key>, consistency: Consistency) -> Result<Vec<Item>> {
    let mut found = Vec::with_capacity(keys.len());
    let mut left = keys;
    let mut stuck = 0;
    while !left.is_empty() {
        let rest = left.split_off(left.len().min(MAX_BATCH_GET));
        let asked = left.len();
        let got = retrying(|| table.batch_get(left.clone(), consistency)).await?;
        found.extend(got.items);
        stuck = wait_if_undone(asked, got.unprocessed.len(), stuck).await?;
        left = got.unprocessed;
        left.extend(rest);
    }
    Ok(found)
}

/// Reads any number of keys with strong consistency, in the order asked; the same key may be asked for twice.
///
/// # Errors
/// As [`batch_get_all`].
pub async fn get_each(table: &dyn Table, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    let mut found: HashMap<Key, Item> = HashMap::with_capacity(distinct.len());
    for item in batch_get_all(table, distinct, Consistency::Strong).await? {
        found.insert(crate::check::key_of(&item)?, item);
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// Makes any number of writes of distinct keys, in chunks, asking again for what was left.
///
/// # Errors
/// `Throttled` if the store leaves writes undone [`ATTEMPTS`] times without progress; else as [`Table::batch_write`].
/// Some of the writes may have been made.
pub async fn batch_write_all(table: &dyn Table, writes: Vec<BatchWrite>) -> Result<()> {
    let mut left = writes;
    let mut stuck = 0;
    while !left.is_empty() {
        let rest = left.split_off(left.len().min(MAX_BATCH_WRITE));
        let asked = left.len();
        let mut undone = retrying(|| table.batch_write(left.clone())).await?;
        stuck = wait_if_undone(asked, undone.len(), stuck).await?;
        undone.extend(rest);
        left = undone;
    }
    Ok(())
}

async fn wait_if_undone(asked: usize, undone: usize, stuck: u32) -> Result<u32> {
    if undone == 0 {
        return Ok(0);
    }
    let stuck = if undone < asked { 0 } else { stuck + 1 };
    if stuck >= ATTEMPTS {
        return Err(TableError::Throttled);
    }
    back_off(stuck).await;
    Ok(stuck)
}

/// Follows the pages of a query until `most` items are found or the range is exhausted.
///
/// # Errors
/// As [`Table::query`].
pub async fn query_all(table: &dyn Table, query: Query, most: usize) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    let mut query = query;
    while found.len() < most {
        let mut ask = query.clone();
        ask.limit = ask.limit.min(most - found.len());
        let page = retrying(|| table.query(ask.clone())).await?;
        found.extend(page.items);
        match page.cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    Ok(found)
}

/// A table that repeats what may be repeated, so services need not; batches come back whole.
pub struct Retrying(pub Arc<dyn Table>);

#[async_trait]
impl Table for Retrying {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        retrying(|| self.0.get(key, consistency)).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        retrying(|| self.0.put(put.clone())).await
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        retrying(|| self.0.update(update.clone())).await
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        retrying(|| self.0.delete(delete.clone())).await
    }

    async fn query(&self, query: Query) -> Result<Page> {
        retrying(|| self.0.query(query.clone())).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        crate::check::batch_get(&keys)?;
        Ok(BatchGot { items: batch_get_all(&*self.0, keys, consistency).await?, unprocessed: Vec::new() })
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        crate::check::batch_write(&writes)?;
        batch_write_all(&*self.0, writes).await.map(|()| Vec::new())
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        retrying(|| self.0.transact(transact.clone())).await
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        retrying(|| self.0.transact_get(keys.clone())).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        retrying(|| self.0.feed(start.clone(), limit)).await
    }

    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        retrying(|| self.0.feed_keys(start.clone(), limit)).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.0.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        retrying(|| self.0.sweep_expired(limit)).await
    }

    async fn damage(&self) -> Result<Vec<String>> {
        self.0.damage().await
    }
}
