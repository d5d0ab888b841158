//! Jobs of checkouts: the end of a hold.

use std::sync::Arc;

use async_trait::async_trait;
use vitrine_clock::SharedClock;
use vitrine_queue::Job;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_shared::id::CheckoutId;

use super::{Checkouts, EXPIRE};
use crate::ctx::OpCtx;

struct Expire {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Expire {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.expire", self.clock.now_ms());
        self.checkouts.expire(&ctx, &id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(checkouts: Checkouts, clock: SharedClock) -> Handlers {
    let expire: Arc<dyn Handler> = Arc::new(Expire { checkouts, clock });
    [(EXPIRE.to_owned(), expire)].into_iter().collect()
}
