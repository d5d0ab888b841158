//! A table with the troubles of a distributed one, for tests: conflicts, throttling, partial batches, indexes and feeds
//! that lag. What it does follows from its seed.
//!
//! Invariants: base-table reads and everything that was written stay right; an error it answers means that nothing was
//! done. So whatever breaks under it broke a promise it should not have made, such as to read its own write from an index.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::{
    BatchGot, BatchWrite, CancelReason, Consistency, Delete, FeedPage, FeedStart, Index, Item, Key, Page, Put, Query,
    Result, Table, TableError, Transact, TransactOp, UpdateItem,
};

/// How many of the latest writes an index may not know yet.
const LAG: usize = 6;

/// The wrapper.
pub struct Chaos {
    inner: Arc<dyn Table>,
    state: Mutex<State>,
}

struct State {
    rng: StdRng,
    /// Keys of the latest writes.
    fresh: VecDeque<(String, String)>,
}

fn keys_of(op: &TransactOp) -> Option<(String, String)> {
    match op {
        TransactOp::Put(put) => key_of(&put.item),
        TransactOp::Update(update) => Some((update.key.pk.clone(), update.key.sk.clone())),
        TransactOp::Delete(_) | TransactOp::Check { .. } => None,
    }
}

fn key_of(item: &Item) -> Option<(String, String)> {
    let text = |name: &str| item.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    Some((text("pk")?, text("sk")?))
}

impl Chaos {
    /// Around a table.
    pub fn new(inner: Arc<dyn Table>, seed: u64) -> Self {
        let state = State { rng: StdRng::seed_from_u64(seed), fresh: VecDeque::new() };
        Self { inner, state: Mutex::new(state) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn happens(&self, chance: f64) -> bool {
        self.state().rng.random_bool(chance)
    }

    /// One call in six is refused for the moment.
    fn trouble(&self) -> Result<()> {
        match self.state().rng.random_range(0..12) {
            0 => Err(TableError::Conflict),
            1 => Err(TableError::Throttled),
            _ => Ok(()),
        }
    }

    fn wrote(&self, key: Option<(String, String)>) {
        let Some(key) = key else { return };
        let mut state = self.state();
        state.fresh.push_back(key);
        if state.fresh.len() > LAG {
            state.fresh.pop_front();
        }
    }
}

#[async_trait]
impl Table for Chaos {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.trouble()?;
        self.inner.get(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        self.trouble()?;
        let key = key_of(&put.item);
        let done = self.inner.put(put).await?;
        self.wrote(key);
        Ok(done)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        self.trouble()?;
        let done = self.inner.update(update).await?;
        self.wrote(key_of(&done));
        Ok(done)
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        self.trouble()?;
        self.inner.delete(delete).await
    }

    async fn query(&self, query: Query) -> Result<Page> {
        self.trouble()?;
        let index = query.index;
        let mut page = self.inner.query(query).await?;
        if index != Index::Base && self.happens(0.5) {
            let state = self.state();
            page.items.retain(|item| key_of(item).is_none_or(|key| !state.fresh.contains(&key)));
        }
        Ok(page)
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.trouble()?;
        let mut keys = keys;
        let left = if keys.len() > 1 && self.happens(0.3) { keys.split_off(keys.len() / 2) } else { Vec::new() };
        let mut got = self.inner.batch_get(keys, consistency).await?;
        got.unprocessed.extend(left);
        Ok(got)
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        self.trouble()?;
        let mut writes = writes;
        let left = if writes.len() > 1 && self.happens(0.3) { writes.split_off(writes.len() / 2) } else { Vec::new() };
        let mut undone = self.inner.batch_write(writes).await?;
        undone.extend(left);
        Ok(undone)
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        self.trouble()?;
        if self.happens(0.1) {
            // One member met another writer; as DynamoDB says it, the others are without fault.
            let mut reasons = vec![CancelReason::None; transact.ops.len()];
            if let Some(first) = reasons.first_mut() {
                *first = CancelReason::Conflict;
            }
            return Err(TableError::Cancelled(reasons));
        }
        let keys: Vec<_> = transact.ops.iter().filter_map(keys_of).collect();
        self.inner.transact(transact).await?;
        for key in keys {
            self.wrote(Some(key));
        }
        Ok(())
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.trouble()?;
        self.inner.transact_get(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.trouble()?;
        let limit = if self.happens(0.5) { 1 } else { limit };
        self.inner.feed(start, limit).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.inner.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.trouble()?;
        self.inner.sweep_expired(limit).await
    }

    async fn damage(&self) -> Result<Vec<String>> {
        self.inner.damage().await
    }
}
