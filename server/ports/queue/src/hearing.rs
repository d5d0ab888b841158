//! Hears of jobs as they are written, so that a worker takes what is due by its name and need not look at every commit of the
//! store.
//!
//! Invariants:
//! - A job is heard after the write that holds it succeeded, however it was written: by the queue or in a business transaction.
//! - What is heard only says where to look; the job's own item decides whether it is due and free.
//! - Jobs written by other processes are not heard. Each process works on what it hears, and all look every few seconds, so
//!   jobs of one that died are found.
//! - Memory is bounded: beyond `MOST` jobs the index is looked at instead.
//!
//! Not here: leasing, see [`crate::table`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Notify;
use vitrine_clock::SharedClock;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    Transact, TransactOp, UpdateItem,
};

use crate::Lane;

/// Jobs of a lane that are remembered by name.
const MOST: usize = 4096;
/// The index is looked at this often, however much is heard.
const LOOK: Duration = Duration::from_secs(5);

/// A job that was heard of; in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// When it is due, UTC milliseconds.
    pub(crate) due: i64,
    /// Its kind.
    pub(crate) kind: String,
    /// Its key.
    pub(crate) key: String,
}

/// What is known of one lane.
#[derive(Default)]
struct Ear {
    known: Mutex<Known>,
    wake: Notify,
}

#[derive(Default)]
struct Known {
    /// Jobs that are due and not taken yet.
    due: BTreeSet<Named>,
    /// The index may hold more that is due.
    more: bool,
    /// Nothing else is due before this time, UTC milliseconds; `None`: nobody has looked.
    next: Option<i64>,
    /// When the index was last looked at.
    looked: Option<Instant>,
}

/// The ears of one process. Cheap to clone.
#[derive(Clone)]
pub struct Ears {
    lanes: Arc<[Ear; 2]>,
    clock: SharedClock,
}

impl Ears {
    /// Ears that hear nothing yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { lanes: Arc::default(), clock }
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

    fn hear(&self, lane: Lane, job: Named) {
        let mut known = self.known(lane);
        if job.due <= self.clock.now_ms() {
            if known.due.len() < MOST {
                known.due.insert(job);
            } else {
                known.more = true;
            }
        } else if known.next.is_some_and(|next| next <= job.due) {
            return;
        } else {
            // Unknown stays unknown: the first look asks the store.
            known.next = known.next.map(|_| job.due);
        }
        drop(known);
        self.ear(lane).wake.notify_waiters();
    }

    /// Up to `limit` jobs that were heard of, earliest first, and whether the index must be looked at too.
    pub(crate) fn take(&self, lane: Lane, limit: usize, now: i64) -> (Vec<Named>, bool) {
        let mut known = self.known(lane);
        let mut jobs = Vec::new();
        while jobs.len() < limit
            && let Some(job) = known.due.pop_first()
        {
            jobs.push(job);
        }
        let late = known.looked.is_none_or(|at| at.elapsed() >= LOOK);
        (jobs, known.more || late || known.next.is_none_or(|next| next <= now))
    }

    /// A look at the index begins. Answers whether it must also find out what is due next.
    pub(crate) fn look(&self, lane: Lane, now: i64) -> bool {
        let mut known = self.known(lane);
        known.looked = Some(Instant::now());
        known.more = false;
        let ask = known.next.is_none_or(|next| next <= now);
        if ask {
            // What is heard during the look lowers this.
            known.next = Some(i64::MAX);
        }
        ask
    }

    /// Something that is due may be left.
    pub(crate) fn left(&self, lane: Lane) {
        self.known(lane).more = true;
    }

    /// Nothing else is due before then.
    pub(crate) fn next(&self, lane: Lane, due: i64) {
        let mut known = self.known(lane);
        known.next = Some(known.next.unwrap_or(i64::MAX).min(due));
    }

    /// Waits until there may be something to take, or `at_most` has passed.
    pub(crate) async fn wait(&self, lane: Lane, at_most: Duration) {
        // Before the state is read: what is heard in between wakes it.
        let woken = self.ear(lane).wake.notified();
        let most = {
            let known = self.known(lane);
            let Some(next) = known.next.filter(|_| known.due.is_empty() && !known.more) else { return };
            let due = u64::try_from(next.saturating_sub(self.clock.now_ms())).unwrap_or(0);
            Duration::from_millis(due.max(1)).min(at_most)
        };
        // Both outcomes mean the same to the caller: look.
        let _ = tokio::time::timeout(most, woken).await;
    }
}

/// The job an item is, if it is one that will be due.
fn job(item: &Item) -> Option<(Lane, Named)> {
    item.get("pk")?.as_str().filter(|pk| crate::item::is_job(pk))?;
    let text = |name: &str| item.get(name)?.as_str();
    let lane = crate::item::lane_of(text("pk2")?)?;
    let named = Named { due: item.get("due")?.as_i64()?, kind: text("kind")?.into(), key: text("key")?.into() };
    Some((lane, named))
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

    fn hear(&self, jobs: impl IntoIterator<Item = (Lane, Named)>) {
        for (lane, job) in jobs {
            self.ears.hear(lane, job);
        }
    }
}

#[async_trait]
impl Table for Hearing {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.table.get(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        let job = job(&put.item);
        let old = self.table.put(put).await?;
        self.hear(job);
        Ok(old)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        let item = self.table.update(update).await?;
        self.hear(job(&item));
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
        let put = |write: &BatchWrite| match write {
            BatchWrite::Put(item) => job(item),
            BatchWrite::Delete(_) => None,
        };
        let jobs: Vec<_> = writes.iter().filter_map(put).collect();
        let left = self.table.batch_write(writes).await?;
        self.hear(jobs);
        Ok(left)
    }

    /// Changes of jobs by [`TransactOp::Update`] are not heard: the queue makes its own one by one, and nobody else may.
    async fn transact(&self, transact: Transact) -> Result<()> {
        let put = |op: &TransactOp| match op {
            TransactOp::Put(put) => job(&put.item),
            _ => None,
        };
        let jobs: Vec<_> = transact.ops.iter().filter_map(put).collect();
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
