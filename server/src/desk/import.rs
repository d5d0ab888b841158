//! Imports by staff: the rows are kept, a job takes them in, the report stays to be read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use vitrine_blob::{BlobError, PutOptions};
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::Problem;
use vitrine_shared::views::desk::{ImportRow, ImportView};
use vitrine_table::Transact;

use super::Desk;
use crate::catalog::exchange::{Importer, Report};
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// Kind of the job that takes rows in.
pub const IMPORT: &str = "catalog.import";

fn rows_key(id: &str) -> String {
    format!("imports/{id}/rows.jsonl")
}

fn report_key(id: &str) -> String {
    format!("imports/{id}/report.json")
}

fn is_id(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Desk {
    /// Whether the caller may import.
    ///
    /// # Errors
    /// 401, 403 for who is no staff.
    pub fn may_import(&self, ctx: &OpCtx) -> Result<()> {
        authz::staff(ctx, "catalog:import").map(|_| ())
    }

    /// Keeps rows of the import format and queues their import; answers the report's id.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 422 without rows.
    pub async fn begin_import(&self, ctx: &OpCtx, rows: String) -> Result<String> {
        authz::staff(ctx, "catalog:import")?;
        if rows.trim().is_empty() {
            return Err(Problem::invalid("rows", "fault-empty", "Choose a file with at least one row."));
        }
        let id = ids::secret();
        let options = PutOptions::new("application/x-ndjson");
        self.0.blob.put_bytes(&rows_key(&id), Bytes::from(rows), options).await.map_err(fault::blob)?;
        let job = NewJob {
            kind: IMPORT.into(),
            key: id.clone(),
            payload: serde_json::json!({ "import": id }),
            run_at_ms: ctx.now_ms,
            max_attempts: 3,
            trace: None,
        };
        // The works' own trails name the import; this one says who asked for it.
        let begun = audit::entry(ctx, &format!("import_{id}"), "import.begun", "", serde_json::Value::Null);
        self.0.table.transact(Transact { ops: vec![begun], token: None }).await.map_err(fault::table)?;
        self.0.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        Ok(id)
    }

    /// The report of an import; `None` while it runs.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such import.
    pub async fn import_report(&self, ctx: &OpCtx, id: &str) -> Result<Option<ImportView>> {
        authz::staff(ctx, "catalog:import")?;
        let missing = || Problem::not_found("import");
        if !is_id(id) {
            return Err(missing());
        }
        match self.0.blob.get_bytes(&report_key(id)).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| fault::internal("a report", &e)),
            Err(BlobError::NotFound) => match self.0.blob.head(&rows_key(id), None).await {
                Ok(_) => Ok(None),
                Err(BlobError::NotFound) => Err(missing()),
                Err(e) => Err(fault::blob(e)),
            },
            Err(e) => Err(fault::blob(e)),
        }
    }

    async fn run_import(&self, id: &str) -> Result<()> {
        let app = &self.0;
        let rows = app.blob.get_bytes(&rows_key(id)).await.map_err(fault::blob)?;
        let text = String::from_utf8_lossy(&rows);
        // Rows sent by a form bring no files with them: their folder is empty.
        let folder = tempfile::tempdir().map_err(|e| fault::internal("a folder", &e))?;
        let importer = Importer::new(
            app.catalog.records().clone(),
            app.blob.clone(),
            app.media.clone(),
            app.queue.clone(),
            folder.path().to_path_buf(),
        );
        let ctx = OpCtx { caller: Caller::System("import"), ..OpCtx::system("import", app.clock.now_ms()) };
        let report = importer.run(&ctx, &text, |_| {}).await?;
        let json = serde_json::to_vec(&view(&report)).map_err(|e| fault::internal("a report", &e))?;
        let options = PutOptions::new("application/json");
        app.blob.put_bytes(&report_key(id), Bytes::from(json), options).await.map_err(fault::blob)?;
        Ok(())
    }
}

fn view(report: &Report) -> ImportView {
    let word = |o: &crate::catalog::exchange::Outcome| {
        serde_json::to_value(o).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    };
    ImportView {
        counts: report.counts().iter().map(|(outcome, count)| (word(outcome), *count)).collect(),
        rows: report
            .rows
            .iter()
            .map(|r| ImportRow { line: r.line, row: r.row.clone(), outcome: word(&r.outcome), notes: r.notes.clone() })
            .collect(),
    }
}

struct TakeIn(Desk);

#[async_trait]
impl Handler for TakeIn {
    async fn run(&self, job: &Job) -> std::result::Result<Outcome, JobFailed> {
        let id = job.job.payload["import"].as_str().unwrap_or_default();
        self.0.run_import(id).await.map_err(JobFailed::new)?;
        Ok(Outcome::Done)
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(600)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(desk: Desk) -> Handlers {
    let take: Arc<dyn Handler> = Arc::new(TakeIn(desk));
    [(IMPORT.to_owned(), take)].into_iter().collect()
}
