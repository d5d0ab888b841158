//! Hears of jobs as they are written, so that a worker looks when something is due and not at every commit of the store.
//!
//! Invariants:
//! - A job is heard after the write that holds it succeeded, however it was written: by the queue or in a business transaction.
//! - What is heard only says when to look; the store decides what is due.
//! - Jobs written by other processes are not heard. Each process works on what it hears, and all look every few seconds, so
//!   jobs of one that died are found.
//!
//! Not here: leasing, see [`crate::table`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use vitrine_clock::SharedClock;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    Transact, TransactOp, UpdateItem,
};

use crate::Lane;
use crate::table::lane_and_due;

/// How often a worker looks again for jobs it heard of and did not find: an index may lag.
const LOOKS: u32 = 20;
/// How long it waits between such looks.
const GLANCE: Duration = Duration::from_millis(50);

/// What is known of one lane.
struct Ear {
    known: Mutex<Known>,
    wake: Notify,
}

#[derive(Default)]
struct Known {
    /// Jobs heard that were due at once.
    heard: u64,
    /// `heard` at the beginning of the last look that found everything due.
    looked: u64,
    /// The last look may have left something.
    more: bool,
    /// Nothing later than what was looked at is due before this time, UTC milliseconds; `None`: nobody has looked.
    next: Option<i64>,
    /// Jobs heard that no look has found yet.
    owed: usize,
    /// Looks left for them.
    looks: u32,
}

/// The ears of one process. Cheap to clone.
#[derive(Clone)]
pub struct Ears {
    lanes: Arc<[Ear; 2]>,
    clock: SharedClock,
}

/// A look at a lane, from before its first query.
pub(crate) struct Look {
    lane: Lane,
    heard: u64,
}

impl Ears {
    /// Ears that hear nothing yet.
    pub fn new(clock: SharedClock) -> Self {
        let ear = || Ear { known: Mutex::default(), wake: Notify::new() };
        Self { lanes: Arc::new([ear(), ear()]), clock }
    }

    fn ear(&self, lane: Lane) -> &Ear {
        match lane {
            Lane::Soon => &self.lanes[0],
            Lane::Bulk => &self.lanes[1],
        }
    }

    fn known(&self, lane: Lane) -> MutexGuard<'_, Known> {
        self.ear(lane).known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, lane: Lane, due: i64) {
        let mut known = self.known(lane);
        if due <= self.clock.now_ms() {
            known.heard += 1;
            known.owed += 1;
            known.looks = LOOKS;
        } else if known.next.is_some_and(|next| next <= due) {
            return;
        } else {
            // Unknown stays unknown: the first look asks the store.
            known.next = known.next.map(|_| due);
        }
        drop(known);
        self.ear(lane).wake.notify_waiters();
    }

    pub(crate) fn look(&self, lane: Lane) -> Look {
        Look { lane, heard: self.known(lane).heard }
    }

    /// A look took `found` jobs; `all`: nothing else was due. Answers whether the store must be asked what is due next.
    pub(crate) fn looked(&self, look: &Look, found: usize, all: bool, now: i64) -> bool {
        let mut known = self.known(look.lane);
        known.owed = known.owed.saturating_sub(found);
        known.more = !all;
        if !all {
            return false;
        }
        known.looked = look.heard;
        let ask = known.next.is_none_or(|next| next <= now);
        if ask {
            // What is heard while the store is asked lowers this.
            known.next = Some(i64::MAX);
        }
        ask
    }

    /// The store's answer to that.
    pub(crate) fn next(&self, look: &Look, due: Option<i64>) {
        let mut known = self.known(look.lane);
        known.next = Some(known.next.unwrap_or(i64::MAX).min(due.unwrap_or(i64::MAX)));
    }

    /// Waits until a look at the lane may find something, or `at_most` has passed.
    pub(crate) async fn wait(&self, lane: Lane, at_most: Duration) {
        // Before the state is read: what is heard in between wakes it.
        let woken = self.ear(lane).wake.notified();
        let most = {
            let mut known = self.known(lane);
            let Some(next) = known.next.filter(|_| known.heard == known.looked && !known.more) else { return };
            let due = u64::try_from(next.saturating_sub(self.clock.now_ms())).unwrap_or(0);
            let most = Duration::from_millis(due.max(1)).min(at_most);
            if known.owed == 0 {
                most
            } else if known.looks == 0 {
                // Somebody else has them.
                known.owed = 0;
                most
            } else {
                known.looks -= 1;
                most.min(GLANCE)
            }
        };
        // Both outcomes mean the same to the caller: look.
        let _ = tokio::time::timeout(most, woken).await;
    }
}

/// A table whose jobs are heard.
pub struct Hearing {
    table: Arc<dyn Table>,
    ears: Ears,
}

impl Hearing {
    /// Around a table.
    pub fn new(table: Arc<dyn Table>, ears: Ears) -> Self {
        Self { table, ears }
    }

    fn hear(&self, jobs: impl IntoIterator<Item = (Lane, i64)>) {
        for (lane, due) in jobs {
            self.ears.hear(lane, due);
        }
    }
}

#[async_trait]
impl Table for Hearing {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.table.get(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        let job = lane_and_due(&put.item);
        let old = self.table.put(put).await?;
        self.hear(job);
        Ok(old)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        let item = self.table.update(update).await?;
        self.hear(lane_and_due(&item));
        Ok(item)
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        self.table.delete(delete).await
    }

    async fn query(&self, query: Query) -> Result<Page> {
        self.table.query(query).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.table.batch_get(keys, consistency).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        let job = |write: &BatchWrite| match write {
            BatchWrite::Put(item) => lane_and_due(item),
            BatchWrite::Delete(_) => None,
        };
        let jobs: Vec<_> = writes.iter().filter_map(job).collect();
        let left = self.table.batch_write(writes).await?;
        self.hear(jobs);
        Ok(left)
    }

    /// Changes of jobs by [`TransactOp::Update`] are not heard: the queue makes its own one by one, and nobody else may.
    async fn transact(&self, transact: Transact) -> Result<()> {
        let job = |op: &TransactOp| match op {
            TransactOp::Put(put) => lane_and_due(&put.item),
            _ => None,
        };
        let jobs: Vec<_> = transact.ops.iter().filter_map(job).collect();
        self.table.transact(transact).await?;
        self.hear(jobs);
        Ok(())
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.table.transact_get(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.table.feed(start, limit).await
    }

    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.table.feed_keys(start, limit).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.table.sweep_expired(limit).await
    }
}
