//! The table's calls, counted by kind and outcome: what alarms on throttling and failures ask for.
//!
//! Invariants: each attempt counts, so this stands below what repeats; nothing about keys or contents is counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use vitrine_table::{
    BatchGot, BatchWrite, CancelReason, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result,
    Table, TableError, Transact, UpdateItem,
};

/// A table that counts.
pub struct Counted(pub Arc<dyn Table>);

fn outcome<T>(done: &Result<T>) -> &'static str {
    match done {
        Ok(_) => "ok",
        Err(TableError::Throttled) => "throttled",
        Err(TableError::Conflict) => "conflict",
        Err(TableError::Cancelled(reasons)) if reasons.contains(&CancelReason::Conflict) => "conflict",
        Err(TableError::Unavailable(_)) => "failed",
        // A condition that did not hold, a wrong cursor: an answer, not a trouble.
        Err(_) => "refused",
    }
}

fn counted<T>(op: &'static str, done: Result<T>) -> Result<T> {
    metrics::counter!("store_calls_total", "op" => op, "result" => outcome(&done)).increment(1);
    done
}

fn undone(op: &'static str, left: usize) {
    if left > 0 {
        metrics::counter!("store_calls_total", "op" => op, "result" => "throttled").increment(1);
    }
}

#[async_trait]
impl Table for Counted {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        counted("get", self.0.get(key, consistency).await)
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        counted("put", self.0.put(put).await)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        counted("update", self.0.update(update).await)
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        counted("delete", self.0.delete(delete).await)
    }

    async fn query(&self, query: Query) -> Result<Page> {
        counted("query", self.0.query(query).await)
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        let got = counted("batch_get", self.0.batch_get(keys, consistency).await)?;
        undone("batch_get", got.unprocessed.len());
        Ok(got)
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        let left = counted("batch_write", self.0.batch_write(writes).await)?;
        undone("batch_write", left.len());
        Ok(left)
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        counted("transact", self.0.transact(transact).await)
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        counted("transact_get", self.0.transact_get(keys).await)
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        counted("feed", self.0.feed(start, limit).await)
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.0.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.0.sweep_expired(limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stores_own_troubles_are_troubles() {
        let of = |error| outcome::<()>(&Err(error));
        assert_eq!(of(TableError::Throttled), "throttled");
        assert_eq!(of(TableError::Conflict), "conflict");
        assert_eq!(of(TableError::Cancelled(vec![CancelReason::None, CancelReason::Conflict])), "conflict");
        assert_eq!(of(TableError::Cancelled(vec![CancelReason::ConditionFailed(None)])), "refused");
        assert_eq!(of(TableError::ConditionFailed(None)), "refused");
        assert_eq!(of(TableError::Unavailable("x".into())), "failed");
    }
}
