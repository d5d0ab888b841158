//! Calls of the table, counted where they leave the house: how often the store is asked for one answer.
//!
//! Invariants: every call is counted, repeats of a call included; counting adds to a number and looks at nothing. Within a request's
//! future ([`of`]) calls belong to the request, else to the jobs and renderers of this node; what the embedded payment provider keeps
//! in the same table is its own.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    Transact, UpdateItem,
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

#[async_trait]
impl Table for Counted {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.count(0).get(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        self.count(1).put(put).await
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        self.count(2).update(update).await
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        self.count(3).delete(delete).await
    }

    async fn query(&self, query: Query) -> Result<Page> {
        self.count(4).query(query).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.count(5).batch_get(keys, consistency).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        self.count(6).batch_write(writes).await
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        self.count(7).transact(transact).await
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.count(8).transact_get(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.count(9).feed(start, limit).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.count(10).sweep_expired(limit).await
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
}
