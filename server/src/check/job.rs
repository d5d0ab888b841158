//! The nightly look: a job keyed by its date, whose report the numbers for Prometheus are read from. What has ended is swept out
//! first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use vitrine_blob::dir::DirBlob;
use vitrine_clock::SharedClock;
use vitrine_pricing::date::Date;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob, SharedQueue};
use vitrine_table::{Consistency, Key, Put, Table};

use super::{Check, Depth, How, Report, UNNAMED_MS};
use crate::fault::{self, Result};
use crate::state::App;

/// Kind of the job.
pub const NIGHTLY: &str = "bulk.check.nightly";
/// A day, milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// When it runs, milliseconds after midnight UTC.
const AT_MS: i64 = 3 * 60 * 60 * 1000;
/// Expired records removed in one night at most.
const SWEEP: usize = 200_000;
/// Uploads in parts that were begun so long ago are given up, milliseconds.
const UPLOAD_MS: i64 = 7 * DAY_MS;

/// The job of the next night after `now_ms`.
fn next(now_ms: i64) -> Result<NewJob> {
    let midnight = now_ms.div_euclid(DAY_MS) * DAY_MS;
    let run_at_ms = if now_ms < midnight + AT_MS { midnight + AT_MS } else { midnight + DAY_MS + AT_MS };
    let date = Date::from_unix_ms(run_at_ms).map_err(|e| fault::internal("a date", &e))?;
    Ok(NewJob {
        kind: NIGHTLY.into(),
        key: date.to_string(),
        payload: json!({}),
        run_at_ms,
        max_attempts: 3,
        trace: None,
    })
}

/// Queues the next night's look, if it is not queued.
///
/// # Errors
/// The queue's.
pub async fn schedule(queue: &SharedQueue, clock: &SharedClock) -> Result<()> {
    queue.enqueue(next(clock.now_ms())?).await.map_err(|e| fault::internal("the queue", &e))?;
    Ok(())
}

fn key() -> Key {
    Key::new("CHECK#", "LAST#")
}

/// The last night's report, without its list of violations; `None`: there was none yet.
///
/// # Errors
/// The table's.
pub async fn last(table: &dyn Table) -> Result<Option<Report>> {
    let item = table.get(&key(), Consistency::Eventual).await.map_err(fault::table)?;
    item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
}

pub(super) struct Nightly {
    pub(super) check: Check,
    pub(super) dir_blob: Option<Arc<DirBlob>>,
}

impl Nightly {
    async fn look(&self) -> Result<()> {
        let now = self.check.clock.now_ms();
        let swept = self.check.table.sweep_expired(SWEEP).await.map_err(fault::table)?;
        let given_up = match &self.dir_blob {
            Some(blob) => blob.forget_uploads(now - UPLOAD_MS).await.map_err(fault::blob)?,
            None => 0,
        };
        let archives = self.check.forget_archives(now - UNNAMED_MS).await?;
        tracing::info!(swept, given_up, archives, "what has ended is swept out");
        let night = u64::try_from(now / DAY_MS).unwrap_or_default();
        let report = self.check.run(How { live: true, files: Depth::Part(night), unnamed_ms: UNNAMED_MS }).await?;
        for violation in &report.violations {
            tracing::error!(
                invariant = violation.invariant.name(),
                keys = violation.keys.join(" "),
                "violated: {}",
                violation.what
            );
        }
        for what in &report.unseen {
            tracing::warn!("not looked at: {what}");
        }
        tracing::info!(holds = report.holds(), took_ms = report.took_ms, "the nightly look at what must hold");
        let kept = Report { violations: Vec::new(), ..report };
        let mut item = vitrine_table::to_item(&key(), &kept).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        self.check.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
        Ok(())
    }
}

#[async_trait]
impl Handler for Nightly {
    async fn run(&self, _: &Job) -> std::result::Result<Outcome, JobFailed> {
        // First, so that a look that fails to its last attempt does not end all further ones.
        schedule(&self.check.queue, &self.check.clock).await.map_err(JobFailed::new)?;
        self.look().await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(3600)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(app: &App) -> Handlers {
    let nightly: Arc<dyn Handler> = Arc::new(Nightly { check: Check::of(app), dir_blob: app.dir_blob.clone() });
    [(NIGHTLY.to_owned(), nightly)].into_iter().collect()
}
