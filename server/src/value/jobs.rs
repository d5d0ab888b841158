//! Jobs of stored value: codes are sent on their day, what is over is posted as such.

use std::sync::Arc;

use async_trait::async_trait;
use vitrine_queue::Job;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_shared::id::ValueId;

use super::Values;
use crate::ctx::OpCtx;

/// Kind of the job that sends a card's code.
pub const DELIVER: &str = "value.deliver";
/// Kind of the job that posts what is left of an account that is over.
pub const SWEEP: &str = "value.sweep";
/// How long to wait for a payment that holds some of it, milliseconds.
const AGAIN_MS: i64 = 60 * 60 * 1000;

fn account(job: &Job) -> Result<ValueId, JobFailed> {
    serde_json::from_value(job.job.payload["account"].clone()).map_err(JobFailed::new)
}

struct Deliver(Values);

#[async_trait]
impl Handler for Deliver {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let ctx = OpCtx::system(DELIVER, self.0.sender.clock.now_ms());
        let key = job.job.payload["delivery"].as_str().unwrap_or_default();
        self.0.deliver(&ctx, &account(job)?, key).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct Sweep(Values);

#[async_trait]
impl Handler for Sweep {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let ctx = OpCtx::system(SWEEP, self.0.sender.clock.now_ms());
        Ok(match self.0.sweep(&ctx, &account(job)?).await.map_err(JobFailed::new)? {
            true => Outcome::Again { run_at_ms: ctx.now_ms + AGAIN_MS },
            false => Outcome::Done,
        })
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(values: Values) -> Handlers {
    let deliver: Arc<dyn Handler> = Arc::new(Deliver(values.clone()));
    let sweep: Arc<dyn Handler> = Arc::new(Sweep(values));
    [(DELIVER, deliver), (SWEEP, sweep)].map(|(kind, handler)| (kind.to_owned(), handler)).into()
}
