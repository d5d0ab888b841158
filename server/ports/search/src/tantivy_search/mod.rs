//! The port on tantivy: a folder, one writer, and snapshots that searches share.
//!
//! Invariants:
//! - The folder of an index is named by a hash of schema, layout and token rules; another hash is another index.
//! - tantivy keeps terms, postings, columns and payloads durable; searches read postings from its files and columns from
//!   [`view::View`]s, and never open a stored document but for the hits of a page.
//! - Matching follows `vitrine_shared::search::find` exactly; the tests hold the two against each other.

mod cursor;
mod facets;
mod matching;
mod page;
mod schema;
mod snapshot;
mod view;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use tantivy::directory::{Directory, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use self::schema::Fields;
use self::snapshot::Snapshot;
use self::view::failed;
use crate::port::{Search, SearchDoc, SearchError};
use crate::query::{SearchPage, SearchQuery, SuggestQuery, Suggestions};

/// Bytes the writer buffers before it makes a segment; the library's minimum is 15 MB.
const WRITER_BYTES: usize = 24_000_000;
/// Blocks of payloads (16 KiB each) kept in memory for each segment.
const PAYLOAD_BLOCKS: usize = 256;

/// The embedded search index. Cloning shares it.
#[derive(Clone)]
pub struct TantivySearch {
    inner: Arc<Inner>,
}

struct Inner {
    fields: Fields,
    /// The folder of this index; `None`: it lives in memory.
    folder: Option<PathBuf>,
    reader: RwLock<IndexReader>,
    staging: Mutex<Staging>,
    snapshot: RwLock<Arc<Snapshot>>,
}

struct Staging {
    writer: IndexWriter,
    /// Revisions of documents staged since the last commit; `None` once deleted.
    revs: HashMap<String, Option<i64>>,
    /// Everything before was cleared, so visible revisions no longer count.
    cleared: bool,
    position: Option<String>,
}

impl TantivySearch {
    /// Opens the index below `dir` that fits this program.
    ///
    /// # Errors
    /// `NeedsRebuild` if there is none, or it is of another version, or its files are damaged (all checksums are read);
    /// `Locked` if another process writes to it.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let rebuild = |reason: String| SearchError::NeedsRebuild { reason };
        let fields = Fields::new();
        let folder = dir.join(fields.version()?);
        if !folder.join("meta.json").is_file() {
            return Err(rebuild("there is no index of this version".to_owned()));
        }
        let index = Index::open_in_dir(&folder).map_err(|error| rebuild(format!("it cannot be opened: {error}")))?;
        if index.schema() != fields.schema {
            return Err(rebuild("its fields differ".to_owned()));
        }
        let damaged = index.validate_checksum().map_err(|error| rebuild(format!("a file cannot be read: {error}")))?;
        if let Some(file) = damaged.iter().min() {
            return Err(rebuild(format!("{} is damaged", file.display())));
        }
        Self::with(index, fields, Some(folder)).map_err(|error| match error {
            SearchError::Locked => SearchError::Locked,
            other => rebuild(other.to_string()),
        })
    }

    /// Makes an empty index below `dir`, in place of every index there.
    ///
    /// # Errors
    /// `Locked` if another process writes to the present one; `Failed` if the disk refuses.
    pub fn create(dir: &Path) -> Result<Self, SearchError> {
        let fields = Fields::new();
        std::fs::create_dir_all(dir).map_err(failed)?;
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_index =
                name.len() == 17 && name.starts_with('v') && name[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_index || !entry.path().is_dir() {
                continue;
            }
            let directory = MmapDirectory::open(entry.path()).map_err(failed)?;
            let _held = directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|_| SearchError::Locked)?;
            std::fs::remove_dir_all(entry.path()).map_err(failed)?;
        }
        let folder = dir.join(fields.version()?);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let index = Index::create_in_dir(&folder, fields.schema.clone()).map_err(failed)?;
        Self::with(index, fields, Some(folder))
    }

    /// An empty index that lives in memory: for tests and tools.
    ///
    /// # Errors
    /// `Failed`.
    pub fn in_memory() -> Result<Self, SearchError> {
        let fields = Fields::new();
        Self::with(Index::create_in_ram(fields.schema.clone()), fields, None)
    }

    fn with(index: Index, fields: Fields, folder: Option<PathBuf>) -> Result<Self, SearchError> {
        let (staging, reader) = opened(&index)?;
        let snapshot = Snapshot::load(reader.searcher(), &fields, None)?;
        let inner = Inner {
            fields,
            folder,
            reader: RwLock::new(reader),
            staging: Mutex::new(staging),
            snapshot: RwLock::new(Arc::new(snapshot)),
        };
        Ok(TantivySearch { inner: Arc::new(inner) })
    }

    /// Runs disk work away from the threads that serve requests.
    async fn work<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Inner) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || act(&inner)).await.map_err(failed)?
    }
}

/// The writer of an index, with nothing staged, and its reader.
fn opened(index: &Index) -> Result<(Staging, IndexReader), SearchError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .memory_budget_per_thread(WRITER_BYTES)
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options).map_err(|error| match error {
        TantivyError::LockFailure(..) => SearchError::Locked,
        other => failed(other),
    })?;
    // Feed batches make many small segments, and each costs every search a few lookups.
    let mut merging = LogMergePolicy::default();
    merging.set_min_num_segments(4);
    merging.set_min_layer_size(2_000);
    merging.set_del_docs_ratio_before_merge(0.3);
    writer.set_merge_policy(Box::new(merging));
    let position = index.load_metas().map_err(failed)?.payload;
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .doc_store_cache_num_blocks(PAYLOAD_BLOCKS)
        .try_into()
        .map_err(failed)?;
    Ok((Staging { writer, revs: HashMap::new(), cleared: false, position }, reader))
}

impl Inner {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn staging(&self) -> std::sync::MutexGuard<'_, Staging> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn upsert(&self, docs: &[SearchDoc]) -> Result<(), SearchError> {
        let snapshot = self.snapshot();
        let mut staging = self.staging();
        for doc in docs {
            let present = match staging.revs.get(&doc.id) {
                Some(staged) => *staged,
                None if staging.cleared => None,
                None => snapshot.rev(&self.fields, &doc.id)?,
            };
            if present.is_some_and(|rev| rev > doc.rev) {
                continue;
            }
            staging.writer.delete_term(Term::from_field_text(self.fields.id, &doc.id));
            staging.writer.add_document(self.fields.document(doc)).map_err(failed)?;
            staging.revs.insert(doc.id.clone(), Some(doc.rev));
        }
        Ok(())
    }

    fn delete(&self, ids: Vec<String>) {
        let mut staging = self.staging();
        for id in ids {
            staging.writer.delete_term(Term::from_field_text(self.fields.id, &id));
            staging.revs.insert(id, None);
        }
    }

    fn clear(&self) -> Result<(), SearchError> {
        let mut staging = self.staging();
        staging.writer.delete_all_documents().map_err(failed)?;
        staging.revs.clear();
        staging.cleared = true;
        staging.position = None;
        Ok(())
    }

    fn commit(&self, position: Option<String>) -> Result<(), SearchError> {
        let mut staging = self.staging();
        let position = position.or_else(|| staging.position.clone());
        if let Err(error) = commit_to_disk(&mut staging.writer, position.as_deref()) {
            // What was staged is lost, but the stored position tells the follower where to begin again.
            staging.revs.clear();
            staging.cleared = false;
            staging.position = self.stored_position()?;
            staging.writer.rollback().map_err(failed)?;
            return Err(failed(error));
        }
        staging.position = position;
        staging.revs.clear();
        staging.cleared = false;
        let reader = self.reader();
        reader.reload().map_err(failed)?;
        let before = self.snapshot();
        let after = Snapshot::load(reader.searcher(), &self.fields, Some(&before))?;
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        tracing::debug!(documents = reader.searcher().num_docs(), "search index committed");
        Ok(())
    }

    fn stored_position(&self) -> Result<Option<String>, SearchError> {
        Ok(self.reader().searcher().index().load_metas().map_err(failed)?.payload)
    }

    fn reader(&self) -> IndexReader {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the list of segments, or a file that each segment has, is gone.
    fn is_lost(&self, folder: &Path) -> bool {
        let Ok(metas) = self.reader().searcher().index().load_metas() else { return true };
        let needed = metas.segments.iter().flat_map(|segment| {
            let name = segment.id().uuid_string();
            ["term", "idx", "store", "fast"].map(|kind| folder.join(format!("{name}.{kind}")))
        });
        needed.into_iter().any(|file| !file.is_file())
    }

    fn renew_if_lost(&self) -> Result<bool, SearchError> {
        let Some(folder) = self.folder.as_deref().filter(|folder| self.is_lost(folder)) else { return Ok(false) };
        let mut staging = self.staging();
        // The former writer may still be merging into the folder: it ends before the folder is made anew.
        let (idle, _) = opened(&Index::create_in_ram(self.fields.schema.clone()))?;
        let former = std::mem::replace(&mut *staging, idle);
        if let Err(error) = former.writer.wait_merging_threads() {
            tracing::debug!(%error, "the lost index's writer ended");
        }
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let index = Index::create_in_dir(folder, self.fields.schema.clone()).map_err(failed)?;
        let (fresh, reader) = opened(&index)?;
        *staging = fresh;
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        Ok(true)
    }

    fn stored(&self, ids: &[String]) -> Result<Vec<Option<(i64, serde_json::Value)>>, SearchError> {
        let snapshot = self.snapshot();
        ids.iter().map(|id| snapshot.stored(&self.fields, id)).collect()
    }
}

fn commit_to_disk(writer: &mut IndexWriter<TantivyDocument>, position: Option<&str>) -> tantivy::Result<()> {
    let mut prepared = writer.prepare_commit()?;
    if let Some(position) = position {
        prepared.set_payload(position);
    }
    prepared.commit()?;
    Ok(())
}

#[async_trait]
impl Search for TantivySearch {
    async fn upsert(&self, docs: Vec<SearchDoc>) -> Result<(), SearchError> {
        self.work(move |inner| inner.upsert(&docs)).await
    }

    async fn delete(&self, ids: Vec<String>) -> Result<(), SearchError> {
        self.work(move |inner| {
            inner.delete(ids);
            Ok(())
        })
        .await
    }

    async fn clear(&self) -> Result<(), SearchError> {
        self.work(Inner::clear).await
    }

    async fn commit(&self) -> Result<(), SearchError> {
        self.work(|inner| inner.commit(None)).await
    }

    async fn set_position(&self, position: &str) -> Result<(), SearchError> {
        let position = position.to_owned();
        self.work(move |inner| inner.commit(Some(position))).await
    }

    async fn position(&self) -> Result<Option<String>, SearchError> {
        self.work(Inner::stored_position).await
    }

    async fn stored(&self, ids: Vec<String>) -> Result<Vec<Option<(i64, serde_json::Value)>>, SearchError> {
        self.work(move |inner| inner.stored(&ids)).await
    }

    async fn renew_if_lost(&self) -> Result<bool, SearchError> {
        self.work(Inner::renew_if_lost).await
    }

    async fn count(&self) -> Result<u64, SearchError> {
        Ok(self.inner.snapshot().searcher.num_docs())
    }

    // A search takes less time than handing it to another thread and back would.
    async fn search(&self, query: SearchQuery) -> Result<SearchPage, SearchError> {
        page::search(&self.inner.snapshot(), &self.inner.fields, &query)
    }

    async fn suggest(&self, query: SuggestQuery) -> Result<Suggestions, SearchError> {
        page::suggest(&self.inner.snapshot(), &self.inner.fields, &query)
    }
}
