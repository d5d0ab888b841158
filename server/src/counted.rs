//! Calls of the table, counted where they leave the house: how often the store is asked for one answer, and how its calls end, which is
//! what alarms on throttling and failures ask for.
//!
//! Invariants: every call is counted, repeats of a call included, so this stands below what repeats; nothing about keys or contents is
//! counted. Within a request's
//! future ([`of`]) calls belong to the request, else to the jobs and renderers of this node; what the embedded payment provider keeps
//! in the same table is its own.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use vitrine_table::{
    BatchGot, BatchWrite, CancelReason, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result,
    Table, TableError, Transact, UpdateItem,
};

/// The table's calls by name, in the order of the counts.
pub const OPS: [&str; 11] = [
    "get",
    "put",
    "update",
    "delete",
    "query",
    "batch_get",
    "batch_write",
    "transact",
    "transact_get",
    "feed",
    "sweep_expired",
];

/// How often each of [`OPS`] was called.
pub type Counts = [u64; OPS.len()];

tokio::task_local! {
    /// Of the request in hand.
    static REQUEST: Cell<Counts>;
}

/// Counts since the program's start that belong to no request. Cheap to clone.
#[derive(Clone, Default)]
pub struct Calls(Arc<[AtomicU64; OPS.len()]>);

impl Calls {
    /// As they are now.
    pub fn counts(&self) -> Counts {
        std::array::from_fn(|op| self.0[op].load(Ordering::Relaxed))
    }
}

/// Runs a request and answers with it how often the table was called for it.
pub async fn of<T>(request: impl Future<Output = T>) -> (T, Counts) {
    let counted = async {
        let answer = request.await;
        (answer, REQUEST.with(Cell::get))
    };
    REQUEST.scope(Cell::default(), counted).await
}

/// A table whose calls are counted.
pub struct Counted {
    table: Arc<dyn Table>,
    calls: Calls,
    apart: bool,
}

impl Counted {
    /// Around an adapter; calls outside of requests are added to `calls`.
    pub fn new(table: Arc<dyn Table>, calls: Calls) -> Self {
        Self { table, calls, apart: false }
    }

    /// For another service that only shares the adapter: all of its calls are added to `calls`, within requests too.
    pub fn apart(table: Arc<dyn Table>, calls: Calls) -> Self {
        Self { table, calls, apart: true }
    }

    fn count(&self, op: usize) -> &dyn Table {
        let of_request = !self.apart
            && REQUEST
                .try_with(|counts| {
                    let mut now = counts.get();
                    now[op] += 1;
                    counts.set(now);
                })
                .is_ok();
        if !of_request {
            self.calls.0[op].fetch_add(1, Ordering::Relaxed);
        }
        &*self.table
    }
}

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
        counted("get", self.count(0).get(key, consistency).await)
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        counted("put", self.count(1).put(put).await)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        counted("update", self.count(2).update(update).await)
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        counted("delete", self.count(3).delete(delete).await)
    }

    async fn query(&self, query: Query) -> Result<Page> {
        counted("query", self.count(4).query(query).await)
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        let got = counted("batch_get", self.count(5).batch_get(keys, consistency).await)?;
        undone("batch_get", got.unprocessed.len());
        Ok(got)
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        let left = counted("batch_write", self.count(6).batch_write(writes).await)?;
        undone("batch_write", left.len());
        Ok(left)
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        counted("transact", self.count(7).transact(transact).await)
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        counted("transact_get", self.count(8).transact_get(keys).await)
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        counted("feed", self.count(9).feed(start, limit).await)
    }

    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        counted("feed", self.count(9).feed_keys(start, limit).await)
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        counted("sweep_expired", self.count(10).sweep_expired(limit).await)
    }
}

#[cfg(test)]
mod tests {
    use vitrine_clock::FixedClock;
    use vitrine_table::sqlite::SqliteTable;

    use super::*;

    #[tokio::test]
    async fn a_request_has_its_own_calls_and_the_rest_is_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let adapter: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.db"), FixedClock::at(0)).unwrap());
        let (elsewhere, provider) = (Calls::default(), Calls::default());
        let table = Counted::new(adapter.clone(), elsewhere.clone());
        let other = Counted::apart(adapter, provider.clone());
        let key = Key::new("CART#c", "CART#");
        let get = async |table: &Counted| drop(table.get(&key, Consistency::Strong).await.unwrap());
        get(&table).await;
        let ((), counts) = of(async {
            get(&table).await;
            get(&table).await;
            get(&other).await;
            let ((), inner) = of(get(&table)).await;
            assert_eq!(inner[0], 1);
        })
        .await;
        let gets = |n| std::array::from_fn::<u64, { OPS.len() }, _>(|op| if op == 0 { n } else { 0 });
        assert_eq!(counts, gets(2));
        assert_eq!((elsewhere.counts(), provider.counts()), (gets(1), gets(1)));
    }

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
