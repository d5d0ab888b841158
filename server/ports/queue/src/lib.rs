//! Durable jobs: any run time, leases, back-off, dead letters. At least once, so handlers are idempotent.
//!
//! Invariants:
//! - A job is named by `kind` and `key`; enqueuing the same pair while it waits or runs is the same job.
//! - A leased job comes back when its lease ends without an answer.
//! - After `max_attempts` failures it is a dead letter: kept, listed, counted, retried only by hand.
//! - Nothing here assumes one process: leases are conditional writes.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vitrine_table::{Item, TableError};

pub mod conformance;
pub mod hearing;
mod item;
pub mod table;
pub mod worker;

pub use item::is_job;

/// What to do, when.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct NewJob {
    /// Names the handler, `[a-z0-9._-]`, e.g. `mail.send`; its beginning names the [`Lane`].
    pub kind: String,
    /// Makes it unique within its kind.
    pub key: String,
    /// What the handler needs; at most 64 KiB as JSON; ids rather than records.
    pub payload: serde_json::Value,
    /// Not before, UTC milliseconds since the epoch.
    pub run_at_ms: i64,
    /// Failures before it is a dead letter; 1 to 50.
    pub max_attempts: u32,
    /// `traceparent` of what caused it.
    pub trace: Option<String>,
}

/// Which jobs wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What people wait for.
    Soon,
    /// What comes in heaps, e.g. thousands of pictures after an import: kinds that begin with `bulk.`. It never stands in
    /// the way of the other lane.
    Bulk,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 2] = [Self::Soon, Self::Bulk];

    /// The lane of a kind.
    pub fn of(kind: &str) -> Self {
        if kind.starts_with("bulk.") { Self::Bulk } else { Self::Soon }
    }
}

/// A job in hand.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Job {
    /// What was asked.
    #[serde(flatten)]
    pub job: NewJob,
    /// 1 on the first try.
    pub attempt: u32,
    /// Proof of the lease.
    pub lease: String,
}

/// A job that gave up.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct DeadLetter {
    /// What was asked.
    #[serde(flatten)]
    pub job: NewJob,
    /// The last failure, for people.
    pub error: String,
    /// UTC milliseconds since the epoch.
    pub died_ms: i64,
}

/// What became of a job so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits or is in hand.
    Waiting,
    /// It gave up.
    Dead,
}

/// Numbers for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Waiting or leased.
    pub waiting: u64,
    /// Of these, leased or due by now: what is not for later.
    pub due: u64,
    /// Given up.
    pub dead: u64,
}

/// Why a queue did not do it.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The lease ended and somebody else has the job.
    #[error("the lease of this job was lost")]
    LeaseLost,
    /// No dead letter of that name.
    #[error("there is no such dead letter")]
    NotFound,
    /// Payload too large, bad kind.
    #[error("the job is not acceptable: {0}")]
    Invalid(String),
    /// The store under it.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Short for a port's answer.
pub type Result<T> = std::result::Result<T, QueueError>;

/// The contract; [`conformance`] checks it.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Hands a job over. `false`: the same job was there already.
    async fn enqueue(&self, job: NewJob) -> Result<bool>;

    /// The item that IS this job, to be put in the caller's own business transaction (`ItemAbsent` condition is the
    /// caller's choice). `None`: this queue does not live in the table; the outbox sweeper hands jobs over instead.
    fn as_item(&self, job: &NewJob) -> Result<Option<Item>>;

    /// Up to `limit` due jobs of a lane, leased for `lease_secs`.
    async fn lease(&self, lane: Lane, limit: usize, lease_secs: u32) -> Result<Vec<Job>>;

    /// Holds a job for `lease_secs` from now instead of what it was leased for.
    ///
    /// # Errors
    /// MUST be `LeaseLost` if it is not the holder's any more.
    async fn extend(&self, job: &Job, lease_secs: u32) -> Result<()>;

    /// Lets every lease go, for a process that knows that it is the only one: who held them is gone. A job that was in hand
    /// more than once waits as if it had failed, so that one which ends its process cannot end it again and again.
    async fn release_leases(&self) -> Result<usize>;

    /// Whether a job waits or is in hand, or gave up; `None`: it is not there.
    async fn state(&self, kind: &str, key: &str) -> Result<Option<JobState>>;

    /// Done; forget it.
    async fn done(&self, job: &Job) -> Result<()>;

    /// Failed; it comes back after a growing, jittered delay (at most an hour) or becomes a dead letter.
    async fn failed(&self, job: &Job, error: &str) -> Result<()>;

    /// Done for now; run again at `run_at_ms` with attempts counted from zero.
    async fn again(&self, job: &Job, run_at_ms: i64) -> Result<()>;

    /// Dead letters, newest first, with a cursor.
    async fn dead(&self, limit: usize, cursor: Option<String>) -> Result<(Vec<DeadLetter>, Option<String>)>;

    /// Puts a dead letter back, due now.
    async fn revive(&self, kind: &str, key: &str) -> Result<()>;

    /// How full it is.
    async fn depth(&self) -> Result<Depth>;

    /// Waits until something of a lane may be due or `at_most` has passed.
    async fn wait(&self, lane: Lane, at_most: std::time::Duration);
}

/// A queue that is handed around.
pub type SharedQueue = Arc<dyn Queue>;
