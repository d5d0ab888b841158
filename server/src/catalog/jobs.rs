//! Jobs of the catalogue: the modern formats of covers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::catalog::Work;
use vitrine_shared::id::WorkId;
use vitrine_table::{Condition, TableError, Update, UpdateItem};

use super::store::{CatalogStore, work_sk};
use crate::media::{Media, MediaError};
use crate::state::App;

/// Kind of the job that adds WebP and AVIF to a work's cover.
pub const COVER: &str = "bulk.catalog.cover";

/// The job for a work's cover; `None` if it has no cover or has all formats. It is keyed by the picture: works that share
/// one get its formats with their next write, from what the job left in the store.
pub fn cover_job(work: &Work, now_ms: i64) -> Option<NewJob> {
    let cover = work.cover.as_ref().filter(|c| c.renditions.iter().all(|r| r.format == "jpeg"))?;
    Some(NewJob {
        kind: COVER.into(),
        key: cover.original.clone(),
        payload: serde_json::json!({ "work": work.id }),
        run_at_ms: now_ms,
        max_attempts: 4,
        trace: None,
    })
}

struct Covers {
    catalog: CatalogStore,
    media: Media,
}

#[async_trait]
impl Handler for Covers {
    async fn run(&self, job: &Job) -> Result<Outcome, JobFailed> {
        let id: WorkId = serde_json::from_value(job.job.payload["work"].clone()).map_err(JobFailed::new)?;
        let Some(bundle) = self.catalog.bundle(&id).await.map_err(JobFailed::new)? else { return Ok(Outcome::Done) };
        let work = bundle.work;
        let Some(cover) = &work.cover else { return Ok(Outcome::Done) };
        let more = match self.media.more_renditions(cover).await {
            Ok(more) => more,
            // Without the helper programs the JPEG stands alone; installing them and importing again brings the rest.
            Err(MediaError::NoTools) => return Ok(Outcome::Done),
            Err(e) => return Err(JobFailed::new(e)),
        };
        if more == *cover {
            return Ok(Outcome::Done);
        }
        let value = serde_json::to_value(&more).map_err(JobFailed::new)?;
        let update = UpdateItem {
            key: vitrine_table::Key::new(format!("WORK#{id}"), work_sk(work.kind)),
            updates: vec![Update::Set("cover".into(), value), Update::Add("rev".into(), 1)],
            condition: Some(Condition::eq("rev", work.rev)),
        };
        match self.catalog.table().update(update).await {
            // Somebody changed the work meanwhile: that change brought its own job.
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(Outcome::Done),
            Err(e) => Err(JobFailed::new(e)),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(600)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(app: &App) -> Handlers {
    let covers: Arc<dyn Handler> =
        Arc::new(Covers { catalog: app.catalog.records().clone(), media: app.media.clone() });
    [(COVER.to_owned(), covers)].into_iter().collect()
}
