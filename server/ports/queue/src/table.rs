//! The queue that lives in the [`Table`] port: one item per job, found through GSI1.
//!
//! Invariants:
//! - The base item decides; the index only says where to look. A lease is one conditional update of the base item.
//! - `due` is when the job may be taken next: its run time, the end of its lease, or the end of its back-off.
//! - An attempt counts when it is leased, so a job that kills its process reaches the dead letters too.
//!
//! Not here: running jobs, see [`crate::worker`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use rand::Rng;
use tokio::sync::Notify;
use vitrine_clock::SharedClock;
use vitrine_table::{
    Condition, Consistency, Delete, Index, Item, Put, Query, SortRange, Table, TableError, Update, UpdateItem,
    from_item,
};

use crate::hearing::Ears;
use crate::item::{SHARDS, State, Stored, check_time, due_partition, item_of, job_key, padded, shard_of, sort_key};
use crate::{DeadLetter, Depth, Job, JobState, Lane, NewJob, Queue, QueueError, Result};

/// The index partition of dead letters.
const DEAD: &str = "JOBDEAD";
/// First back-off, milliseconds.
const BACKOFF_BASE_MS: i64 = 2_000;
/// Longest back-off, milliseconds.
const BACKOFF_CAP_MS: i64 = 3_600_000;
/// When the next due job could not be read, a look follows after this, milliseconds.
const ASK_AGAIN_MS: i64 = 1_000;
/// Longest error text kept, characters.
const MAX_ERROR_CHARS: usize = 1_000;

/// A [`Queue`] in the table; any number of processes may share it.
pub struct TableQueue {
    table: Arc<dyn Table>,
    clock: SharedClock,
    /// What this process hears of jobs; `None`: its workers look whenever the feed may have something.
    ears: Option<Ears>,
    /// Wakes waiting workers of this process that do not hear.
    wake: Notify,
}

impl TableQueue {
    /// A queue over `table`, reading the time from `clock`.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock) -> Self {
        Self { table, clock, ears: None, wake: Notify::new() }
    }

    /// Its workers look only when they heard of a job: `table` and all that writes jobs go through [`crate::hearing::Hearing`].
    #[must_use]
    pub fn hearing(mut self, ears: Ears) -> Self {
        self.ears = Some(ears);
        self
    }

    async fn update(&self, kind: &str, key: &str, condition: Condition, updates: Vec<Update>) -> Result<Item> {
        let update = UpdateItem { key: job_key(kind, key), updates, condition: Some(condition) };
        retry(|| self.table.update(update.clone())).await.map_err(QueueError::from)
    }

    /// Takes one job if the base item still says that it is due.
    async fn take(&self, kind: &str, key: &str, now: i64, lease_secs: u32) -> Result<Option<Job>> {
        let until = now + i64::from(lease_secs) * 1000;
        let lease = format!("{:032x}", rand::rng().random::<u128>());
        let condition = Condition::eq("state", State::Waiting.name()).and(Condition::Le("due".into(), now.into()));
        let taken = self
            .update(
                kind,
                key,
                condition,
                vec![
                    Update::set("due", until),
                    Update::set("sk2", sort_key(until, kind, key)),
                    Update::set("lease", lease.clone()),
                    Update::Add("attempt".into(), 1),
                ],
            )
            .await;
        let stored: Stored = match taken {
            Ok(item) => from_item(item)?,
            // Somebody was faster, or the index lags.
            Err(QueueError::Table(TableError::ConditionFailed(_))) => return Ok(None),
            Err(error) => return Err(error),
        };
        let job = Job { job: stored.new_job()?, attempt: stored.attempt, lease };
        if stored.attempt > stored.max_attempts {
            let error = stored.error.unwrap_or_else(|| "every lease ended without an answer".into());
            self.bury(&job, &error).await?;
            return Ok(None);
        }
        Ok(Some(job))
    }

    /// Takes those of these jobs that can be taken. All at once: their writes share a commit.
    ///
    /// # Errors
    /// The first, if none could be taken: jobs already leased must be answered, and the fault shows again on the next call.
    async fn take_all(&self, lane: Lane, jobs: &[(&str, &str)], now: i64, lease_secs: u32) -> Result<Vec<Job>> {
        let answers = join_all(jobs.iter().map(|(kind, key)| self.take(kind, key, now, lease_secs))).await;
        let (mut taken, mut fault) = (Vec::new(), None);
        for answer in answers {
            match answer {
                Ok(job) => taken.extend(job),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        if let (Some(_), Some(ears)) = (&fault, &self.ears) {
            // The index finds them again.
            ears.left(lane);
        }
        match fault {
            Some(error) if taken.is_empty() => Err(error),
            Some(error) => {
                tracing::warn!(%error, "a job could not be leased");
                Ok(taken)
            }
            None => Ok(taken),
        }
    }

    /// Takes up to `limit` jobs that the index says are due; answers whether nothing else is.
    async fn due(&self, lane: Lane, now: i64, limit: usize, lease_secs: u32) -> Result<(Vec<Job>, bool)> {
        // '~' sorts after the '#' that follows the time, so this takes everything due at `now` itself.
        let due = SortRange::To(format!("{}~", padded(now)));
        let mut jobs = Vec::new();
        let mut tried_all = true;
        let mut places: Vec<(u64, Option<String>)> = (0..SHARDS).map(|shard| (shard, None)).collect();
        // The first page of every shard holds the earliest `limit` jobs; later pages are needed only when the index
        // lags and candidates turn out to be taken.
        while jobs.len() < limit && !places.is_empty() {
            let mut found: Vec<Stored> = Vec::new();
            let mut more = Vec::new();
            for (shard, cursor) in places {
                let query = Query::new(Index::Gsi1, due_partition(lane, shard))
                    .range(due.clone())
                    .limit(limit.min(1000))
                    .after(cursor);
                let page = match retry(|| self.table.query(query.clone())).await {
                    Ok(page) => page,
                    Err(error) if !jobs.is_empty() => {
                        tracing::warn!(%error, "leasing stopped early");
                        return Ok((jobs, false));
                    }
                    Err(error) => return Err(error.into()),
                };
                for item in page.items {
                    found.push(from_item(item)?);
                }
                if page.cursor.is_some() {
                    more.push((shard, page.cursor));
                }
            }
            found.sort_by(|a, b| a.sk2.cmp(&b.sk2));
            let mut left = found.as_slice();
            while !left.is_empty() && jobs.len() < limit {
                let (these, rest) = left.split_at(left.len().min(limit - jobs.len()));
                left = rest;
                let these: Vec<_> = these.iter().map(|job| (job.kind.as_str(), job.key.as_str())).collect();
                match self.take_all(lane, &these, now, lease_secs).await {
                    Ok(taken) => jobs.extend(taken),
                    Err(error) if !jobs.is_empty() => {
                        tracing::warn!(%error, "leasing stopped early");
                        return Ok((jobs, false));
                    }
                    Err(error) => return Err(error),
                }
            }
            tried_all &= left.is_empty();
            places = more;
        }
        Ok((jobs, tried_all && places.is_empty()))
    }

    async fn bury(&self, job: &Job, error: &str) -> Result<()> {
        let now = self.clock.now_ms();
        let updates = vec![
            Update::set("state", State::Dead.name()),
            Update::set("pk2", DEAD),
            Update::set("sk2", sort_key(now, &job.job.kind, &job.job.key)),
            Update::set("error", shortened(error)),
            Update::set("died", now),
            Update::Remove("lease".into()),
        ];
        self.answer(job, updates).await
    }

    /// A change that only the holder of the lease may make.
    async fn answer(&self, job: &Job, updates: Vec<Update>) -> Result<()> {
        let held = Condition::eq("lease", job.lease.clone());
        match self.update(&job.job.kind, &job.job.key, held, updates).await {
            Ok(_) => Ok(()),
            Err(QueueError::Table(TableError::ConditionFailed(_))) => Err(QueueError::LeaseLost),
            Err(error) => Err(error),
        }
    }

    /// Lets one lease go; `false`: there was none any more.
    async fn release(&self, found: &Stored, now: i64) -> Result<bool> {
        let Some(lease) = &found.lease else { return Ok(false) };
        let due = if found.attempt > 1 { now + backoff_ms(found.attempt - 1) } else { now };
        let updates = vec![
            Update::set("due", due),
            Update::set("sk2", sort_key(due, &found.kind, &found.key)),
            Update::Remove("lease".into()),
        ];
        match self.update(&found.kind, &found.key, Condition::eq("lease", lease.clone()), updates).await {
            Ok(_) => Ok(true),
            Err(QueueError::Table(TableError::ConditionFailed(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Entries of an index partition: all, and those that are leased or due by now.
    async fn count(&self, pk: &str) -> Result<(u64, u64)> {
        let now = self.clock.now_ms();
        let (mut all, mut due) = (0, 0);
        let mut cursor = None;
        loop {
            let query = Query::new(Index::Gsi1, pk).limit(1000).after(cursor);
            let page = retry(|| self.table.query(query.clone())).await?;
            for item in &page.items {
                let at = item.get("due").and_then(serde_json::Value::as_i64);
                all += 1;
                due += u64::from(item.contains_key("lease") || at.is_some_and(|at| at <= now));
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok((all, due));
            }
        }
    }

    /// When the first job of a lane is due that was not due before `after`.
    async fn next_due(&self, lane: Lane, after: i64) -> Result<Option<i64>> {
        let mut next = None;
        for shard in 0..SHARDS {
            let query = Query::new(Index::Gsi1, due_partition(lane, shard)).range(SortRange::From(padded(after)));
            let page = self.table.query(query.limit(1)).await?;
            for item in page.items {
                let due = from_item::<Stored>(item)?.due;
                next = Some(next.map_or(due, |n: i64| n.min(due)));
            }
        }
        Ok(next)
    }
}

#[async_trait]
impl Queue for TableQueue {
    /// A job that waits, runs or is a dead letter is the same job: `false`, and it does not run once more because of
    /// this call. Whoever needs another run names another key (a version in it), or the handler answers `again`.
    async fn enqueue(&self, job: NewJob) -> Result<bool> {
        let put = Put { item: item_of(&job)?, condition: Some(Condition::ItemAbsent) };
        match retry(|| self.table.put(put.clone())).await {
            Ok(_) => {
                self.wake.notify_waiters();
                Ok(true)
            }
            Err(TableError::ConditionFailed(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn as_item(&self, job: &NewJob) -> Result<Option<Item>> {
        item_of(job).map(Some)
    }

    async fn lease(&self, lane: Lane, limit: usize, lease_secs: u32) -> Result<Vec<Job>> {
        if limit == 0 || lease_secs == 0 {
            return Err(QueueError::Invalid("a lease takes at least one job for at least one second".into()));
        }
        let now = self.clock.now_ms();
        let Some(ears) = &self.ears else { return self.due(lane, now, limit, lease_secs).await.map(|(jobs, _)| jobs) };
        let (heard, look) = ears.take(lane, limit, now);
        let named: Vec<_> = heard.iter().map(|job| (job.kind.as_str(), job.key.as_str())).collect();
        let mut jobs = self.take_all(lane, &named, now, lease_secs).await?;
        if jobs.len() == limit || (!look && !jobs.is_empty()) {
            return Ok(jobs);
        }
        let ask = ears.look(lane, now);
        match self.due(lane, now, limit - jobs.len(), lease_secs).await {
            Ok((more, all)) => {
                jobs.extend(more);
                if !all {
                    ears.left(lane);
                }
            }
            Err(error) => {
                ears.left(lane);
                if jobs.is_empty() {
                    return Err(error);
                }
                tracing::warn!(%error, "leasing stopped early");
            }
        }
        if ask {
            let next = self.next_due(lane, now + 1).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the next due job could not be read");
                Some(now + ASK_AGAIN_MS)
            });
            ears.next(lane, next.unwrap_or(i64::MAX));
        }
        Ok(jobs)
    }

    async fn extend(&self, job: &Job, lease_secs: u32) -> Result<()> {
        let until = self.clock.now_ms() + i64::from(lease_secs) * 1000;
        let updates = vec![Update::set("due", until), Update::set("sk2", sort_key(until, &job.job.kind, &job.job.key))];
        self.answer(job, updates).await
    }

    async fn release_leases(&self) -> Result<usize> {
        let now = self.clock.now_ms();
        let mut released = 0;
        for lane in Lane::ALL {
            for shard in 0..SHARDS {
                let mut cursor = None;
                loop {
                    let query = Query::new(Index::Gsi1, due_partition(lane, shard)).limit(1000).after(cursor);
                    let page = retry(|| self.table.query(query.clone())).await?;
                    for item in page.items {
                        let stored: Stored = from_item(item)?;
                        released += usize::from(self.release(&stored, now).await?);
                    }
                    cursor = page.cursor;
                    if cursor.is_none() {
                        break;
                    }
                }
            }
        }
        self.wake.notify_waiters();
        Ok(released)
    }

    async fn state(&self, kind: &str, key: &str) -> Result<Option<JobState>> {
        let key = job_key(kind, key);
        let Some(item) = retry(|| self.table.get(&key, Consistency::Strong)).await? else { return Ok(None) };
        Ok(Some(match from_item::<Stored>(item)?.state {
            State::Waiting => JobState::Waiting,
            State::Dead => JobState::Dead,
        }))
    }

    async fn done(&self, job: &Job) -> Result<()> {
        let delete = Delete {
            key: job_key(&job.job.kind, &job.job.key),
            condition: Some(Condition::eq("lease", job.lease.clone())),
        };
        match retry(|| self.table.delete(delete.clone())).await {
            Ok(_) => Ok(()),
            Err(TableError::ConditionFailed(_)) => Err(QueueError::LeaseLost),
            Err(error) => Err(error.into()),
        }
    }

    async fn failed(&self, job: &Job, error: &str) -> Result<()> {
        if job.attempt >= job.job.max_attempts {
            return self.bury(job, error).await;
        }
        let due = self.clock.now_ms() + backoff_ms(job.attempt);
        let updates = vec![
            Update::set("due", due),
            Update::set("sk2", sort_key(due, &job.job.kind, &job.job.key)),
            Update::set("error", shortened(error)),
            Update::Remove("lease".into()),
        ];
        self.answer(job, updates).await
    }

    async fn again(&self, job: &Job, run_at_ms: i64) -> Result<()> {
        check_time(run_at_ms)?;
        let updates = vec![
            Update::set("due", run_at_ms),
            Update::set("runAt", run_at_ms),
            Update::set("sk2", sort_key(run_at_ms, &job.job.kind, &job.job.key)),
            Update::set("attempt", 0),
            Update::Remove("error".into()),
            Update::Remove("lease".into()),
        ];
        self.answer(job, updates).await?;
        self.wake.notify_waiters();
        Ok(())
    }

    async fn dead(&self, limit: usize, cursor: Option<String>) -> Result<(Vec<DeadLetter>, Option<String>)> {
        let query = Query::new(Index::Gsi1, DEAD).limit(limit).descending().after(cursor);
        let page = retry(|| self.table.query(query.clone())).await?;
        let mut letters = Vec::with_capacity(page.items.len());
        for item in page.items {
            let stored: Stored = from_item(item)?;
            letters.push(DeadLetter {
                job: stored.new_job()?,
                error: stored.error.unwrap_or_default(),
                died_ms: stored.died.unwrap_or(stored.due),
            });
        }
        Ok((letters, page.cursor))
    }

    async fn revive(&self, kind: &str, key: &str) -> Result<()> {
        let now = self.clock.now_ms();
        let dead = Condition::eq("state", State::Dead.name());
        let updates = vec![
            Update::set("state", State::Waiting.name()),
            Update::set("pk2", due_partition(Lane::of(kind), shard_of(kind, key))),
            Update::set("sk2", sort_key(now, kind, key)),
            Update::set("due", now),
            Update::set("attempt", 0),
            Update::Remove("error".into()),
            Update::Remove("died".into()),
        ];
        match self.update(kind, key, dead, updates).await {
            Ok(_) => {
                self.wake.notify_waiters();
                Ok(())
            }
            Err(QueueError::Table(TableError::ConditionFailed(_))) => Err(QueueError::NotFound),
            Err(error) => Err(error),
        }
    }

    /// Counts index entries. A counter item would be written by every job of every shop, and jobs that come in a
    /// business transaction by [`Queue::as_item`] would have to carry it.
    async fn depth(&self) -> Result<Depth> {
        let mut depth = Depth { dead: self.count(DEAD).await?.0, ..Depth::default() };
        for lane in Lane::ALL {
            for shard in 0..SHARDS {
                let (waiting, due) = self.count(&due_partition(lane, shard)).await?;
                depth.waiting += waiting;
                depth.due += due;
            }
        }
        Ok(depth)
    }

    async fn wait(&self, lane: Lane, at_most: Duration) {
        if let Some(ears) = &self.ears {
            return ears.wait(lane, at_most).await;
        }
        let woken = self.wake.notified();
        let until_due = match self.next_due(lane, 0).await {
            Ok(Some(due)) => {
                let ms = u64::try_from(due - self.clock.now_ms()).unwrap_or(0);
                // Not zero: an index that lags may show a job that is already taken.
                Duration::from_millis(ms.max(20)).min(at_most)
            }
            Ok(None) => at_most,
            Err(error) => {
                tracing::warn!(%error, "the next due job could not be read");
                at_most
            }
        };
        tokio::select! {
            () = woken => {}
            () = self.table.feed_wait(at_most) => {}
            () = tokio::time::sleep(until_due) => {}
        }
    }
}

/// Between half of the full delay and all of it; the full delay doubles from two seconds to an hour.
fn backoff_ms(attempt: u32) -> i64 {
    let doubled = BACKOFF_BASE_MS.saturating_mul(1_i64 << attempt.saturating_sub(1).min(20));
    let full = doubled.min(BACKOFF_CAP_MS);
    rand::rng().random_range(full / 2..=full)
}

fn shortened(error: &str) -> String {
    error.chars().take(MAX_ERROR_CHARS).collect()
}

/// Repeats what the store says is safe to repeat.
async fn retry<T, F, C>(mut call: C) -> std::result::Result<T, TableError>
where
    C: FnMut() -> F,
    F: Future<Output = std::result::Result<T, TableError>>,
{
    let mut tries = 0;
    loop {
        match call().await {
            Err(error) if error.is_retryable() && tries < 6 => {
                let ms = rand::rng().random_range(5..=10_u64 << tries);
                tokio::time::sleep(Duration::from_millis(ms)).await;
                tries += 1;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_with_jitter_up_to_an_hour() {
        for (attempt, full) in [(1, 2_000), (2, 4_000), (5, 32_000), (12, 3_600_000), (50, 3_600_000)] {
            for _ in 0..200 {
                let ms = backoff_ms(attempt);
                assert!((full / 2..=full).contains(&ms), "attempt {attempt}: {ms} ms");
            }
        }
    }
}
