//! The embedded adapter: one SQLite file with the semantics of [`Table`].
//!
//! Invariants:
//! - One writer thread owns the writing connection; writes queued together share one COMMIT (`writer.rs`), each in its
//!   own savepoint. No answer leaves before that COMMIT; if it fails, every write of the group fails.
//! - Reads run on their own connections outside any long transaction, so each sees every acknowledged write.
//! - `<file>-lock` is held for as long as the table is open; a second server on the file is refused.
//! - Dropping the table finishes the queued writes, joins the thread and lets the lock go.
//!
//! Not here: what a request must look like (`check.rs`), what conditions mean (`eval.rs`).

pub mod copies;
mod cursor;
mod feed;
mod open;
mod pool;
mod read;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use vitrine_clock::SharedClock;

use crate::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, MAX_TRANSACT_ITEMS, Page, Put, Query,
    Result, Table, TableError, Transact, TransactOp, UpdateItem, check,
};

pub use open::OpenError;

/// How many connections read at a time.
const READERS: usize = 4;
/// A page of at most this many items is a short read.
const SHORT_PAGE: usize = 100;
/// Expired items removed by one savepoint.
const SWEEP_CHUNK: usize = 200;

/// The embedded table. Cheap to share in an `Arc`; must be used inside a tokio runtime with time enabled.
pub struct SqliteTable {
    path: PathBuf,
    clock: SharedClock,
    store_id: Arc<str>,
    readers: Arc<pool::Readers>,
    writer: writer::Writer,
}

impl SqliteTable {
    /// Opens or creates the data file, brings its schema up to date and takes its lock.
    ///
    /// # Errors
    /// MUST be [`OpenError::InUse`] if another table has the file open, [`OpenError::Newer`] if a later version of
    /// the program wrote it, [`OpenError::Foreign`] if it is another program's database.
    pub fn open(path: impl AsRef<Path>, clock: SharedClock) -> std::result::Result<Self, OpenError> {
        let opened = open::open(path.as_ref())?;
        let lock = Arc::new(opened.lock);
        let readers = pool::Readers::open(&opened.path, READERS, lock.clone())?;
        let writer = writer::Writer::start(opened.connection, lock).map_err(OpenError::Io)?;
        Ok(Self { path: opened.path, clock, store_id: opened.store_id.into(), readers: Arc::new(readers), writer })
    }

    /// The data file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a consistent copy of the whole table to `target`, which must not exist, while writes go on. The copy is
    /// a store of its own: feed positions of this table are [`TableError::BadPosition`] there.
    ///
    /// # Errors
    /// `Invalid` if `target` exists, `Unavailable` if it cannot be written.
    pub async fn backup_to(&self, target: impl Into<PathBuf>) -> Result<()> {
        let (source, target) = (self.path.clone(), target.into());
        tokio::task::spawn_blocking(move || open::backup(&source, &target).map(drop)).await.map_err(failed)?
    }

    fn now(&self) -> write::Now {
        write::Now { ms: self.clock.now_ms() }
    }

    async fn write_one(&self, op: TransactOp) -> Result<write::Written> {
        check::op(&op)?;
        let now = self.now();
        self.writer.run_decided(move |conn| write::single(conn, now, op)).await
    }
}

/// An inner failure in the port's words.
fn failed(error: impl std::fmt::Display + 'static) -> TableError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure};
    let said = error.to_string();
    let any: &dyn std::any::Any = &error;
    match any.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code) {
        Some(DiskFull | ReadOnly) => TableError::Unwritable(said),
        // Writing, shortening, making durable; a failed read is no reason to believe that writes fail.
        Some(SystemIoFailure) if said.contains("disk I/O error") && is_write(any) => TableError::Unwritable(said),
        Some(DatabaseCorrupt | NotADatabase) => TableError::Damaged(said),
        _ => TableError::Unavailable(said),
    }
}

fn is_write(error: &dyn std::any::Any) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    let Some(rusqlite::Error::SqliteFailure(error, _)) = error.downcast_ref() else { return false };
    [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE].contains(&error.extended_code)
}

#[async_trait]
impl Table for SqliteTable {
    async fn get(&self, key: &Key, _: Consistency) -> Result<Option<Item>> {
        check::key(key)?;
        let (key, now) = (key.clone(), self.now());
        self.readers.run(move |conn| read::live(conn, &key, now.secs())).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        Ok(self.write_one(TransactOp::Put(put)).await?.old)
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        let written = self.write_one(TransactOp::Update(update)).await?;
        written.new.ok_or_else(|| failed("an update left no item"))
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        Ok(self.write_one(TransactOp::Delete(delete)).await?.old)
    }

    async fn query(&self, query: Query) -> Result<Page> {
        check::query(&query)?;
        let now = self.now();
        let short = query.limit <= SHORT_PAGE;
        let read = move |conn: &rusqlite::Connection| read::query(conn, &query, now.secs());
        if short { self.readers.run(read).await } else { self.readers.run_apart(read).await }
    }

    async fn batch_get(&self, keys: Vec<Key>, _: Consistency) -> Result<BatchGot> {
        check::batch_get(&keys)?;
        let now = self.now();
        self.readers.run(move |conn| read::batch(conn, keys, now.secs())).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        check::batch_write(&writes)?;
        let now = self.now();
        self.writer.run(move |conn| write::batch(conn, now, writes)).await?;
        Ok(Vec::new())
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        check::transact(&transact)?;
        let now = self.now();
        self.writer.run_decided(move |conn| write::transact(conn, now, transact)).await
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        check::keys(&keys, MAX_TRANSACT_ITEMS)?;
        let now = self.now();
        self.readers.run(move |conn| read::snapshot(conn, &keys, now.secs())).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        if limit == 0 {
            return Err(TableError::Invalid("a feed page of no changes".into()));
        }
        let store_id = self.store_id.clone();
        self.readers.run_apart(move |conn| feed::page(conn, &store_id, &start, limit, true)).await
    }

    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        if limit == 0 {
            return Err(TableError::Invalid("a feed page of no changes".into()));
        }
        let store_id = self.store_id.clone();
        self.readers.run_apart(move |conn| feed::page(conn, &store_id, &start, limit, false)).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.writer.wait_for_commit(at_most).await;
    }

    /// Also forgets feed records older than 24 hours and transaction tokens past their life.
    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        let now = self.now();
        self.writer.run(move |conn| feed::trim(conn, now)).await?;
        let mut swept = 0;
        while swept < limit {
            let chunk = SWEEP_CHUNK.min(limit - swept);
            let gone = self.writer.run(move |conn| write::sweep(conn, now, chunk)).await?;
            swept += gone;
            if gone < chunk {
                break;
            }
        }
        Ok(swept)
    }

    async fn damage(&self) -> Result<Vec<String>> {
        self.readers.run(read::damage).await
    }
}
