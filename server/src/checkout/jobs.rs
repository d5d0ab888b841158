//! Jobs of checkouts: the end of a hold, money that a bank holds, counting what was bought together.

use std::sync::Arc;

use async_trait::async_trait;
use vitrine_clock::SharedClock;
use vitrine_queue::Job;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_shared::id::{CheckoutId, OrderId};

use super::identity::Next;
use super::{CAPTURE, Checkouts, EXPIRE, IDENTITY, TAX_BACK, TAX_SOLD, TOGETHER, VOID};
use crate::ctx::OpCtx;

/// How often the provider is asked to give what a bank holds, milliseconds, until the hold ends.
const TAKE_AGAIN_MS: i64 = 60 * 1000;
/// How often the provider is asked about money on its way, milliseconds.
const ASK_AGAIN_MS: i64 = 60 * 60 * 1000;

struct Expire {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Expire {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.expire", self.clock.now_ms());
        if self.checkouts.expire(&ctx, &id).await.map_err(JobFailed::new)? {
            let later = self.clock.now_ms() + ASK_AGAIN_MS;
            let run_at_ms = self.checkouts.look_again_ms(&ctx, &id, later).await.map_err(JobFailed::new)?;
            return Ok(Outcome::Again { run_at_ms });
        }
        Ok(Outcome::Done)
    }
}

struct Take {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Take {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.capture", self.clock.now_ms());
        if self.checkouts.still_to_take(&ctx, &id).await.map_err(JobFailed::new)? {
            return Ok(Outcome::Again { run_at_ms: self.clock.now_ms() + TAKE_AGAIN_MS });
        }
        Ok(Outcome::Done)
    }
}

struct LetGo {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for LetGo {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.void", self.clock.now_ms());
        self.checkouts.void(&ctx, &id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

struct Identify {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Identify {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.identity", self.clock.now_ms());
        Ok(match self.checkouts.identify(&ctx, &id).await.map_err(JobFailed::new)? {
            Next::Done => Outcome::Done,
            Next::Again(run_at_ms) => Outcome::Again { run_at_ms },
        })
    }
}

struct TellSold {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for TellSold {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        let ctx = OpCtx::system("checkout.tax", self.clock.now_ms());
        Ok(match self.checkouts.record_taxes(&ctx, &id).await.map_err(JobFailed::new)? {
            Next::Done => Outcome::Done,
            Next::Again(run_at_ms) => Outcome::Again { run_at_ms },
        })
    }
}

struct TellBack {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for TellBack {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let payload = &job.job.payload;
        let id: OrderId = serde_json::from_value(payload["order"].clone()).map_err(JobFailed::new)?;
        let refund = payload["refund"].as_str().unwrap_or_default();
        let ctx = OpCtx::system("order.tax_back", self.clock.now_ms());
        Ok(match self.checkouts.reverse_taxes(&ctx, &id, refund).await.map_err(JobFailed::new)? {
            Next::Done => Outcome::Done,
            Next::Again(run_at_ms) => Outcome::Again { run_at_ms },
        })
    }
}

struct Count {
    checkouts: Checkouts,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Count {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: CheckoutId = serde_json::from_value(job.job.payload["checkout"].clone()).map_err(JobFailed::new)?;
        self.checkouts.count_together(&id, self.clock.now_ms()).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(checkouts: Checkouts, clock: SharedClock) -> Handlers {
    let count: Arc<dyn Handler> = Arc::new(Count { checkouts: checkouts.clone(), clock: clock.clone() });
    let identify: Arc<dyn Handler> = Arc::new(Identify { checkouts: checkouts.clone(), clock: clock.clone() });
    let sold: Arc<dyn Handler> = Arc::new(TellSold { checkouts: checkouts.clone(), clock: clock.clone() });
    let back: Arc<dyn Handler> = Arc::new(TellBack { checkouts: checkouts.clone(), clock: clock.clone() });
    let take: Arc<dyn Handler> = Arc::new(Take { checkouts: checkouts.clone(), clock: clock.clone() });
    let let_go: Arc<dyn Handler> = Arc::new(LetGo { checkouts: checkouts.clone(), clock: clock.clone() });
    let expire: Arc<dyn Handler> = Arc::new(Expire { checkouts, clock });
    let all = [
        (CAPTURE, take),
        (VOID, let_go),
        (EXPIRE, expire),
        (TOGETHER, count),
        (IDENTITY, identify),
        (TAX_SOLD, sold),
        (TAX_BACK, back),
    ];
    all.map(|(kind, handler)| (kind.to_owned(), handler)).into()
}
