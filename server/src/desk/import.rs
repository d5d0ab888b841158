//! Imports by staff: the rows are kept, a job takes them in, the report stays to be read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt as _;
use tokio::io::AsyncWriteExt as _;
use vitrine_blob::{BlobError, ByteStream, PutOptions};
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome};
use vitrine_queue::{Job, NewJob};
use vitrine_shared::Problem;
use vitrine_shared::views::desk::{ImportRow, ImportView};
use vitrine_table::Transact;

use super::{Desk, archive};
use crate::catalog::exchange::{Importer, Report};
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// Kind of the job that takes rows in.
pub const IMPORT: &str = "bulk.catalog.import";

/// Where archives are unpacked, below the data directory: the system's folder for such things is often memory.
const UNPACKED: &str = ".importing";

/// Removes what imports left that were cut off. For the start of a server: it takes the folder from under running ones.
///
/// # Errors
/// The folder cannot be removed.
pub fn clear_unpacked(data_dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(data_dir.join(UNPACKED)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// A folder of one import; it goes when this is dropped.
fn folder_in(data_dir: &Path) -> std::io::Result<tempfile::TempDir> {
    let all = data_dir.join(UNPACKED);
    std::fs::create_dir_all(&all)?;
    tempfile::tempdir_in(all)
}

fn rows_key(id: &str) -> String {
    format!("imports/{id}/rows.jsonl")
}

/// Where an import's archive is kept until it was taken in.
pub(crate) fn archive_key_of(id: &str) -> String {
    format!("imports/{id}/archive.zip")
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
        self.queue_import(ctx, &id).await?;
        Ok(id)
    }

    /// Keeps a ZIP of rows and files and queues its import; answers the report's id.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; what the store says of a stream that breaks.
    pub async fn begin_archive(&self, ctx: &OpCtx, bytes: ByteStream) -> Result<String> {
        authz::staff(ctx, "catalog:import")?;
        let id = ids::secret();
        let options = PutOptions::new("application/zip");
        self.0.blob.put(&archive_key_of(&id), bytes, options).await.map_err(fault::blob)?;
        self.queue_import(ctx, &id).await?;
        Ok(id)
    }

    async fn queue_import(&self, ctx: &OpCtx, id: &str) -> Result<()> {
        let job = NewJob {
            kind: IMPORT.into(),
            key: id.to_owned(),
            payload: serde_json::json!({ "import": id }),
            run_at_ms: ctx.now_ms,
            max_attempts: 3,
            trace: None,
        };
        // The works' own trails name the import; this one says who asked for it.
        let begun = audit::entry(ctx, &format!("import_{id}"), "import.begun", "", serde_json::Value::Null);
        self.0.table.transact(Transact { ops: vec![begun], token: None }).await.map_err(fault::table)?;
        self.0.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        Ok(())
    }

    async fn is_kept(&self, key: &str) -> Result<bool> {
        match self.0.blob.head(key, None).await {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound) => Ok(false),
            Err(e) => Err(fault::blob(e)),
        }
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
        let key = report_key(id);
        let read = || self.0.blob.get_bytes(&key);
        let report = match read().await {
            Err(BlobError::NotFound) if self.is_kept(&rows_key(id)).await? => return Ok(None),
            Err(BlobError::NotFound) if self.is_kept(&archive_key_of(id)).await? => return Ok(None),
            // An import that ends in between takes its archive away, and has written its report by then.
            Err(BlobError::NotFound) => read().await,
            report => report,
        };
        match report {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| fault::internal("a report", &e)),
            Err(BlobError::NotFound) => Err(missing()),
            Err(e) => Err(fault::blob(e)),
        }
    }

    async fn run_import(&self, id: &str) -> Result<()> {
        let app = &self.0;
        if self.is_kept(&report_key(id)).await? {
            // The process ended before the job did: the archive may be gone already, what was taken in is told.
            return app.blob.delete(&archive_key_of(id)).await.map_err(fault::blob);
        }
        let folder = folder_in(&app.config.data_dir).map_err(|e| fault::internal("a folder", &e))?;
        let archived = self.is_kept(&archive_key_of(id)).await?;
        let (text, root) = if archived {
            match self.unpacked(id, folder.path()).await? {
                Ok(unpacked) => unpacked,
                Err(why) => {
                    let row = ImportRow {
                        line: 0,
                        row: "archive.zip".into(),
                        outcome: "refused".into(),
                        notes: vec![why.to_owned()],
                    };
                    return self.report(id, &ImportView { counts: vec![("refused".into(), 1)], rows: vec![row] }).await;
                }
            }
        } else {
            // Rows on their own bring no files with them: their folder is empty.
            let rows = app.blob.get_bytes(&rows_key(id)).await.map_err(fault::blob)?;
            (String::from_utf8_lossy(&rows).into_owned(), folder.path().to_path_buf())
        };
        let importer =
            Importer::new(app.catalog.records().clone(), app.blob.clone(), app.media.clone(), app.queue.clone(), root);
        let ctx = OpCtx { caller: Caller::System("import"), ..OpCtx::system("import", app.clock.now_ms()) };
        let report = importer.run(&ctx, &text, |_| {}).await?;
        self.report(id, &view(&report)).await
    }

    /// Keeps the report; the archive's files are works' files now, so the archive itself goes.
    async fn report(&self, id: &str, view: &ImportView) -> Result<()> {
        let json = serde_json::to_vec(view).map_err(|e| fault::internal("a report", &e))?;
        let options = PutOptions::new("application/json");
        self.0.blob.put_bytes(&report_key(id), Bytes::from(json), options).await.map_err(fault::blob)?;
        self.0.blob.delete(&archive_key_of(id)).await.map_err(fault::blob)
    }

    /// Brings an archive here and unpacks it: its rows and the folder that their files are in, or why not.
    async fn unpacked(&self, id: &str, folder: &Path) -> Result<std::result::Result<(String, PathBuf), &'static str>> {
        let local = |e: std::io::Error| fault::internal("an archive", &e);
        let (zip, files) = (folder.join("archive.zip"), folder.join("files"));
        let mut reading = self.0.blob.get(&archive_key_of(id), None, None).await.map_err(fault::blob)?;
        let mut file = tokio::fs::File::create(&zip).await.map_err(local)?;
        while let Some(chunk) = reading.bytes.try_next().await.map_err(fault::blob)? {
            file.write_all(&chunk).await.map_err(local)?;
        }
        file.flush().await.map_err(local)?;
        drop(file);
        std::fs::create_dir(&files).map_err(local)?;
        tokio::task::spawn_blocking(move || archive::unpack(&zip, &files))
            .await
            .map_err(|e| fault::internal("an archive", &e))
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
        Duration::from_secs(3_600)
    }
}

/// Handlers of this domain's jobs.
pub fn handlers(desk: Desk) -> Handlers {
    let take: Arc<dyn Handler> = Arc::new(TakeIn(desk));
    [(IMPORT.to_owned(), take)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use vitrine_blob::dir::{DirBlob, SignKeys};
    use vitrine_blob::{Blob, ByteRange, Listing, Meta, Reading, SignOptions, Upload};

    use super::*;

    type Answer<T> = vitrine_blob::Result<T>;

    /// A store in which an import's archive gives way to its report right after some answer.
    struct Ending {
        inner: DirBlob,
        /// Answers until then; 0 is never.
        left: AtomicU32,
        ends: std::sync::Mutex<String>,
    }

    impl Ending {
        async fn after<T>(&self, answer: T) -> T {
            if self.left.load(Ordering::SeqCst) > 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                let id = self.ends.lock().unwrap().clone();
                let json = serde_json::to_vec(&ImportView { counts: vec![], rows: vec![] }).unwrap();
                let options = PutOptions::new("application/json");
                self.inner.put_bytes(&report_key(&id), json.into(), options).await.unwrap();
                self.inner.delete(&archive_key_of(&id)).await.unwrap();
            }
            answer
        }
    }

    #[async_trait]
    impl Blob for Ending {
        async fn put(&self, key: &str, bytes: ByteStream, options: PutOptions) -> Answer<Meta> {
            self.inner.put(key, bytes, options).await
        }
        async fn head(&self, key: &str, version: Option<&str>) -> Answer<Meta> {
            let answer = self.inner.head(key, version).await;
            self.after(answer).await
        }
        async fn get(&self, key: &str, version: Option<&str>, range: Option<ByteRange>) -> Answer<Reading> {
            let answer = self.inner.get(key, version, range).await;
            self.after(answer).await
        }
        async fn delete(&self, key: &str) -> Answer<()> {
            self.inner.delete(key).await
        }
        async fn delete_version(&self, key: &str, version: &str) -> Answer<()> {
            self.inner.delete_version(key, version).await
        }
        async fn versions(&self, key: &str) -> Answer<Vec<Meta>> {
            self.inner.versions(key).await
        }
        async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Answer<Listing> {
            self.inner.list(prefix, cursor, limit).await
        }
        async fn signed_url(&self, key: &str, options: SignOptions) -> Answer<String> {
            self.inner.signed_url(key, options).await
        }
        async fn begin_upload(&self, key: &str, options: PutOptions) -> Answer<Upload> {
            self.inner.begin_upload(key, options).await
        }
        async fn put_part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Answer<String> {
            self.inner.put_part(upload, number, bytes).await
        }
        async fn finish_upload(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Answer<Meta> {
            self.inner.finish_upload(upload, parts).await
        }
        async fn abort_upload(&self, upload: &Upload) -> Answer<()> {
            self.inner.abort_upload(upload).await
        }
    }

    async fn opened(blob: Option<Arc<dyn Blob>>) -> (Desk, OpCtx, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        crate::state::mark_demo(dir.path()).unwrap();
        let config = crate::config::Config { data_dir: dir.path().to_path_buf(), ..Default::default() };
        let adapters = crate::state::Adapters { blob, ..Default::default() };
        let app = crate::state::App::open(config, adapters).await.unwrap();
        let ctx = OpCtx::system("test", app.clock.now_ms());
        (Desk::new(app), ctx, dir)
    }

    async fn begun(desk: &Desk, ctx: &OpCtx) -> String {
        let bytes = futures::stream::iter([Ok(Bytes::from_static(b"PK\x03\x04 no more"))]);
        desk.begin_archive(ctx, Box::pin(bytes)).await.unwrap()
    }

    #[test]
    fn archives_are_unpacked_beside_the_data_and_nothing_of_them_stays() {
        let data = tempfile::tempdir().unwrap();
        clear_unpacked(data.path()).unwrap();
        let folder = folder_in(data.path()).unwrap();
        assert!(folder.path().starts_with(data.path()));
        drop(folder);
        assert_eq!(std::fs::read_dir(data.path().join(UNPACKED)).unwrap().count(), 0);
        // A machine that dies leaves the folder to the next start.
        let left = folder_in(data.path()).unwrap().keep();
        std::fs::write(left.join("archive.zip"), "x").unwrap();
        clear_unpacked(data.path()).unwrap();
        assert!(!left.exists());
    }

    #[tokio::test]
    async fn an_import_that_ended_before_its_job_is_not_begun_again() {
        let (desk, ctx, _dir) = opened(None).await;
        let id = begun(&desk, &ctx).await;
        desk.run_import(&id).await.unwrap();
        let told = desk.import_report(&ctx, &id).await.unwrap().unwrap();
        assert!(!desk.is_kept(&archive_key_of(&id)).await.unwrap());
        // The process was killed here; its job comes again.
        desk.run_import(&id).await.unwrap();
        assert_eq!(desk.import_report(&ctx, &id).await.unwrap(), Some(told));
    }

    #[tokio::test]
    async fn an_import_that_ends_while_it_is_looked_for_is_not_missing() {
        let folder = tempfile::tempdir().unwrap();
        let keys = SignKeys::new("k1".to_owned(), "not a secret".to_owned().into());
        let inner = DirBlob::open(folder.path().join("blobs"), keys, "http://files.test").unwrap();
        let blob = Arc::new(Ending { inner, left: AtomicU32::new(0), ends: std::sync::Mutex::default() });
        let (desk, ctx, _dir) = opened(Some(blob.clone())).await;
        // A look asks for the report, the rows and the archive.
        for answers in 1..=3 {
            let id = begun(&desk, &ctx).await;
            *blob.ends.lock().unwrap() = id.clone();
            blob.left.store(answers, Ordering::SeqCst);
            let first = desk.import_report(&ctx, &id).await;
            assert_eq!(blob.left.load(Ordering::SeqCst), 0, "the look ended before the import did");
            assert!(first.is_ok(), "after {answers}: {first:?}");
            assert!(desk.import_report(&ctx, &id).await.unwrap().is_some());
        }
    }
}
