//! Jobs for staff: how many wait, which gave up and why, another try.

use serde_json::json;
use vitrine_queue::QueueError;
use vitrine_shared::Problem;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::{DeadJob, JobsView};
use vitrine_table::Transact;

use super::{Desk, history};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Dead letters of one page.
const PAGE: usize = 40;
/// Bytes of a job's kind or key at most: no key of the table holds more.
const MOST_NAMED: usize = 500;
/// What the trail of all jobs is kept under.
const TRAIL: &str = "jobs";

fn queue(error: QueueError) -> Problem {
    match error {
        QueueError::NotFound => Problem::conflict("job_gone", "This job is not among those that gave up any more."),
        QueueError::Table(e) => fault::table(e),
        other => fault::internal("the queue", &other),
    }
}

impl Desk {
    /// How full the queue is and which jobs gave up, newest first.
    ///
    /// # Errors
    /// 401, 403 for who is no staff.
    pub async fn jobs(&self, ctx: &OpCtx, cursor: Option<String>) -> Result<JobsView> {
        authz::staff(ctx, "jobs:read")?;
        let locale = self.0.catalog.place(ctx).locale;
        let depth = self.0.queue.depth().await.map_err(queue)?;
        let (dead, next) = self.0.queue.dead(PAGE, cursor).await.map_err(queue)?;
        let rows = dead.into_iter().map(|letter| DeadJob {
            kind: letter.job.kind,
            key: letter.job.key,
            error: letter.error,
            died: MomentView::of(letter.died_ms, locale),
        });
        Ok(JobsView {
            waiting: depth.waiting,
            dead: depth.dead,
            rows: rows.collect(),
            more: next.map(|c| format!("/admin/jobs?cursor={}", vitrine_shared::query::encode(&c))),
            history: history(audit::of(&*self.0.table, TRAIL).await?, locale),
        })
    }

    /// Puts a job that gave up back, due now.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 409 `job_gone` if it did not give up or somebody was faster.
    pub async fn revive(&self, ctx: &OpCtx, kind: &str, key: &str) -> Result<()> {
        authz::staff(ctx, "jobs:write")?;
        if kind.len() > MOST_NAMED || key.len() > MOST_NAMED {
            return Err(queue(QueueError::NotFound));
        }
        self.0.queue.revive(kind, key).await.map_err(queue)?;
        // The queue need not live in the table, so the trail follows the act.
        let entry = audit::entry(ctx, TRAIL, "job.revived", "", json!({ "kind": kind, "key": key }));
        self.0.table.transact(Transact { ops: vec![entry], token: None }).await.map_err(fault::table)
    }
}
