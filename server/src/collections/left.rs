//! What is left of a deleted collection, works that still name it, and the job that takes it away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_clock::SharedClock;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::id::TenantId;
use vitrine_table::{Condition, TableError, Transact, TransactOp};

use super::works::{A_TIME, TRIES, member};
use super::{Collections, changed, collection_key};
use crate::catalog::store::CatalogStore;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// Kind of the job that takes the works out of a collection that was deleted.
pub(crate) const EMPTY: &str = "bulk.collections.empty";

#[derive(Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    name: String,
}

/// Names the job: one for a name, however often it was made and deleted.
pub(crate) fn job_key(tenant: &TenantId, name: &str) -> String {
    format!("{tenant}/{name}")
}

/// The job for a collection that was deleted.
pub(super) fn job(tenant: &TenantId, name: &str, now_ms: i64) -> NewJob {
    NewJob {
        kind: EMPTY.into(),
        key: job_key(tenant, name),
        payload: json!({ "tenant": tenant, "name": name }),
        run_at_ms: now_ms,
        max_attempts: 20,
        trace: None,
    }
}

struct Empties {
    collections: Collections,
    clock: SharedClock,
}

#[async_trait]
impl Handler for Empties {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let of: Payload = serde_json::from_value(job.job.payload.clone()).map_err(JobFailed::new)?;
        // Made anew it has nothing of the earlier one: that was taken out before.
        if self.collections.one(&of.tenant, &of.name).await.map_err(JobFailed::new)?.is_some() {
            return Ok(Outcome::Done);
        }
        let ctx = OpCtx::system("collections", self.clock.now_ms());
        self.collections.emptied(&ctx, &of.tenant, &of.name).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(900)
    }
}

/// Handlers of this domain's jobs.
pub(crate) fn handlers(catalog: CatalogStore, clock: SharedClock) -> Handlers {
    let empties: Arc<dyn Handler> = Arc::new(Empties { collections: Collections::new(catalog), clock });
    [(EMPTY.to_owned(), empties)].into_iter().collect()
}

impl Collections {
    /// Takes what is left out of a collection that is not there.
    pub(super) async fn emptied(&self, ctx: &OpCtx, tenant: &TenantId, name: &str) -> Result<()> {
        let mut met = 0;
        loop {
            let left = self.listed(tenant, name, None, A_TIME).await?;
            if left.is_empty() {
                return Ok(());
            }
            let works = self.catalog.works(&left).await?;
            // Of one that somebody made meanwhile nothing is taken: they took out first what was left.
            let key = collection_key(tenant, name);
            let mut ops = vec![TransactOp::Check { key, condition: Condition::ItemAbsent }];
            for id in &left {
                match works.iter().find(|w| w.id == *id && w.collections.iter().any(|c| c == name)) {
                    Some(work) => ops.extend(self.one_moved(ctx, work, name, None)?),
                    None => ops.push(member(tenant, name, id, false, ctx.now_ms)),
                }
            }
            match self.catalog.table().transact(Transact { ops, token: None }).await {
                Ok(()) => met = 0,
                Err(TableError::Cancelled(_)) if met < TRIES => met += 1,
                Err(TableError::Cancelled(_)) => return Err(changed()),
                Err(e) => return Err(fault::table(e)),
            }
        }
    }
}
