//! Runs jobs: leases what is due, hands it to the handler of its kind, and answers the queue.
//!
//! Invariants: a handler may see a job twice (at least once); a time-out or panic is a failure of that job alone; on
//! shutdown no new job is taken and those in hand are finished.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Job, Lane, QueueError, Result, SharedQueue};

/// Jobs of one process at a time, by lane. Heaps are work for the processor, so few of them at once are as fast.
const fn concurrency(lane: Lane) -> usize {
    match lane {
        Lane::Soon => 8,
        Lane::Bulk => 2,
    }
}

/// How long the worker sleeps at most when nothing is due.
const IDLE: Duration = Duration::from_secs(5);
/// What a lease is longer than its job's time-out, seconds: time to write the answer.
const LEASE_MARGIN_SECS: u64 = 30;
/// What every job is leased for first, seconds: who holds it says so again if its handler may take longer. A process that dies
/// leaves its jobs to the others after this time, however long the longest of all jobs may take.
const LEASE_SECS: u32 = 90;
/// Bound of [`Worker::run_due_once`]: a handler that is due for ever must not hang a test.
const MAX_DRAIN: usize = 10_000;

/// How a job ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Forget it.
    Done,
    /// Run it again then, UTC milliseconds since the epoch, with attempts counted from zero.
    Again {
        /// UTC milliseconds since the epoch.
        run_at_ms: i64,
    },
}

/// Why a job did not end well; it is tried again until its attempts are used up.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobFailed(pub String);

impl JobFailed {
    /// From any error, in its own words.
    pub fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Does the jobs of one kind.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Does one job; MUST be idempotent.
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed>;

    /// How long one run may take, at most an hour.
    fn time_out(&self) -> Duration {
        Duration::from_secs(60)
    }
}

fn limit_of(handler: &dyn Handler) -> Duration {
    handler.time_out().min(Duration::from_secs(3600))
}

/// Handlers by kind.
pub type Handlers = BTreeMap<String, Arc<dyn Handler>>;

/// What a worker has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerMetrics {
    /// Ended well.
    pub done: u64,
    /// Put back by their handler.
    pub again: u64,
    /// Failed, time-outs and panics included.
    pub failed: u64,
    /// Ran over their time.
    pub timed_out: u64,
    /// Answers that came after the lease was lost.
    pub lease_lost: u64,
}

#[derive(Default)]
struct Counters {
    done: AtomicU64,
    again: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    lease_lost: AtomicU64,
}

/// Runs the jobs of a queue; cheap to clone, clones share their counters.
#[derive(Clone)]
pub struct Worker {
    queue: SharedQueue,
    handlers: Arc<Handlers>,
    counters: Arc<Counters>,
}

impl Worker {
    /// A worker for these kinds. A job of any other kind fails: every process registers every handler.
    pub fn new(queue: SharedQueue, handlers: Handlers) -> Self {
        Self { queue, handlers: Arc::new(handlers), counters: Arc::default() }
    }

    /// Works until `shutdown` is `true` or its sender is gone, then finishes the jobs in hand.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        tokio::join!(self.run_lane(Lane::Soon, shutdown.clone()), self.run_lane(Lane::Bulk, shutdown));
    }

    async fn run_lane(&self, lane: Lane, mut shutdown: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        // Set when there may be something to take: at first, when the queue says so, and while it had as much as was asked for.
        let mut look = true;
        while !*shutdown.borrow() {
            let free = concurrency(lane) - running.len();
            if free == 0 || !look {
                tokio::select! {
                    () = self.queue.wait(lane, IDLE), if free > 0 => look = true,
                    Some(_) = running.join_next() => {}
                    changed = shutdown.changed() => if changed.is_err() { break },
                }
                while running.try_join_next().is_some() {}
                continue;
            }
            let jobs = match self.queue.lease(lane, free, LEASE_SECS).await {
                Ok(jobs) => jobs,
                Err(error) => {
                    tracing::error!(%error, "jobs could not be leased");
                    tokio::select! {
                        () = tokio::time::sleep(IDLE) => {}
                        changed = shutdown.changed() => if changed.is_err() { break },
                    }
                    continue;
                }
            };
            look = jobs.len() == free;
            for job in jobs {
                let worker = self.clone();
                running.spawn(async move { worker.handle(job).await });
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Runs what is due now, one after the other in due order, jobs that these enqueue as due included; answers how
    /// many ran.
    ///
    /// # Errors
    /// What the queue answered to a lease; failures of jobs are the queue's business.
    pub async fn run_due_once(&self) -> Result<usize> {
        let mut ran = 0;
        while ran < MAX_DRAIN {
            let mut jobs = self.queue.lease(Lane::Soon, 1, LEASE_SECS).await?;
            if jobs.is_empty() {
                jobs = self.queue.lease(Lane::Bulk, 1, LEASE_SECS).await?;
            }
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                self.handle(job).await;
                ran += 1;
            }
        }
        Ok(ran)
    }

    /// The counters now.
    pub fn metrics(&self) -> WorkerMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WorkerMetrics {
            done: read(&self.counters.done),
            again: read(&self.counters.again),
            failed: read(&self.counters.failed),
            timed_out: read(&self.counters.timed_out),
            lease_lost: read(&self.counters.lease_lost),
        }
    }

    async fn handle(&self, job: Job) {
        let answer = match self.handlers.get(&job.job.kind) {
            Some(handler) => {
                let secs = limit_of(&**handler).as_secs() + LEASE_MARGIN_SECS;
                let secs = u32::try_from(secs).unwrap_or(u32::MAX);
                if secs > LEASE_SECS
                    && let Err(error) = self.queue.extend(&job, secs).await
                {
                    // It is another's by now, or the store is away: the lease ends and somebody takes it.
                    tracing::warn!(kind = job.job.kind, key = job.job.key, %error, "a job could not be held");
                    return;
                }
                self.attempt(Arc::clone(handler), job.clone()).await
            }
            None => Err(JobFailed(format!("no handler for jobs of kind {}", job.job.kind))),
        };
        let (kind, key, attempt) = (&job.job.kind, &job.job.key, job.attempt);
        let told = match &answer {
            Ok(Outcome::Done) => {
                self.counters.done.fetch_add(1, Ordering::Relaxed);
                self.queue.done(&job).await
            }
            Ok(Outcome::Again { run_at_ms }) => {
                self.counters.again.fetch_add(1, Ordering::Relaxed);
                self.queue.again(&job, *run_at_ms).await
            }
            Err(error) => {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(kind, key, attempt, %error, "a job failed");
                self.queue.failed(&job, &error.0).await
            }
        };
        match told {
            Ok(()) => {}
            Err(QueueError::LeaseLost) => {
                self.counters.lease_lost.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(kind, key, "a job was answered after its lease was lost");
            }
            // The lease ends by itself and the job runs again.
            Err(error) => tracing::error!(kind, key, %error, "the answer of a job was not written"),
        }
    }

    /// In a task of its own, so that a panic ends the job and not the worker.
    async fn attempt(&self, handler: Arc<dyn Handler>, job: Job) -> std::result::Result<Outcome, JobFailed> {
        let limit = limit_of(&*handler);
        let mut task = tokio::spawn(async move { handler.run(&job).await });
        match tokio::time::timeout(limit, &mut task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(stopped)) => Err(JobFailed(format!("the handler stopped: {stopped}"))),
            Err(_) => {
                task.abort();
                self.counters.timed_out.fetch_add(1, Ordering::Relaxed);
                Err(JobFailed(format!("the job took longer than {} ms", limit.as_millis())))
            }
        }
    }
}
