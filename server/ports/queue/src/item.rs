//! A job as an item: its keys, and where the index finds it.
//!
//! Not here: what becomes of it ([`crate::table`]).

use serde::{Deserialize, Serialize};
use vitrine_table::{Item, Key, TableError, to_item};

use crate::{Lane, NewJob, QueueError, Result};

/// Partitions of the due index, so that no single one takes every write.
pub(crate) const SHARDS: u64 = 4;
/// Largest payload, bytes as JSON.
const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    pub(crate) pk2: String,
    pub(crate) sk2: String,
    pub(crate) state: State,
    pub(crate) kind: String,
    pub(crate) key: String,
    /// JSON as text: items refuse floats, payloads need not.
    pub(crate) payload: String,
    pub(crate) run_at: i64,
    pub(crate) due: i64,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) died: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Waiting,
    Dead,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
        }
    }
}

impl Stored {
    pub(crate) fn new_job(&self) -> Result<NewJob> {
        let payload = serde_json::from_str(&self.payload).map_err(|e| {
            TableError::Invalid(format!("the payload of job {}/{} is damaged: {e}", self.kind, self.key))
        })?;
        Ok(NewJob {
            kind: self.kind.clone(),
            key: self.key.clone(),
            payload,
            run_at_ms: self.run_at,
            max_attempts: self.max_attempts,
            trace: self.trace.clone(),
        })
    }
}

pub(crate) fn item_of(job: &NewJob) -> Result<Item> {
    let invalid = |why: &str| Err(QueueError::Invalid(why.into()));
    let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if job.kind.is_empty() || job.kind.len() > 64 || !job.kind.bytes().all(named) {
        return invalid("a kind is 1 to 64 of a-z, 0-9, '.', '_' and '-'");
    }
    if job.key.is_empty() || job.key.len() > 512 {
        return invalid("a key is 1 to 512 bytes");
    }
    if !(1..=50).contains(&job.max_attempts) {
        return invalid("attempts are 1 to 50");
    }
    check_time(job.run_at_ms)?;
    let payload = job.payload.to_string();
    if payload.len() > MAX_PAYLOAD_BYTES {
        return invalid("the payload is over 64 KiB");
    }
    let stored = Stored {
        pk2: due_partition(Lane::of(&job.kind), shard_of(&job.kind, &job.key)),
        sk2: sort_key(job.run_at_ms, &job.kind, &job.key),
        state: State::Waiting,
        kind: job.kind.clone(),
        key: job.key.clone(),
        payload,
        run_at: job.run_at_ms,
        due: job.run_at_ms,
        attempt: 0,
        max_attempts: job.max_attempts,
        trace: job.trace.clone(),
        lease: None,
        error: None,
        died: None,
    };
    Ok(to_item(&job_key(&job.kind, &job.key), &stored)?)
}

/// The lane of a partition of the due index.
pub(crate) fn lane_of(partition: &str) -> Option<Lane> {
    let name = partition.split('#').next();
    Lane::ALL.into_iter().find(|lane| due_partition(*lane, 0).split('#').next() == name)
}

pub(crate) fn check_time(ms: i64) -> Result<()> {
    // Fifteen digits reach past the year 30000 and stay below 2^53.
    if (0..=999_999_999_999_999).contains(&ms) {
        Ok(())
    } else {
        Err(QueueError::Invalid("the run time is out of range".into()))
    }
}

/// What the partition of every job begins with.
const JOB: &str = "JOB#";

/// Whether a partition of the table is that of a job.
pub fn is_job(partition: &str) -> bool {
    partition.starts_with(JOB)
}

pub(crate) fn job_key(kind: &str, key: &str) -> Key {
    Key::new(format!("{JOB}{kind}#{key}"), "JOB")
}

pub(crate) fn due_partition(lane: Lane, shard: u64) -> String {
    match lane {
        Lane::Soon => format!("JOBDUE#{shard}"),
        Lane::Bulk => format!("JOBBULK#{shard}"),
    }
}

pub(crate) fn padded(ms: i64) -> String {
    format!("{ms:015}")
}

pub(crate) fn sort_key(ms: i64, kind: &str, key: &str) -> String {
    format!("{}#{kind}#{key}", padded(ms))
}

/// FNV-1a: the same in every build and process.
pub(crate) fn shard_of(kind: &str, key: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    kind.bytes().chain([b'#']).chain(key.bytes()).fold(0xcbf2_9ce4_8422_2325, step) % SHARDS
}
