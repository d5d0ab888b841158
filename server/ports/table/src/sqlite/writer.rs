//! The one writer: a thread that commits in groups.
//!
//! Invariants:
//! - An operation's failure undoes it alone: it runs in a savepoint, or it decides everything before it writes
//!   ([`Writer::run_decided`]), so that a refusal has written nothing. Savepoints copy every page they touch.
//! - What fails half-way without a savepoint (the disk, a panic) takes its group with it: nothing of it is committed.
//! - Answers, failed conditions too (they may rest on a neighbour's uncommitted write), leave after the COMMIT; if that
//!   fails, all of the group answer `Unavailable`.
//! - When the last handle is gone the thread finishes what is queued and ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Notify, mpsc, oneshot};

use super::{failed, open::LockFile};
use crate::{Result, TableError};

/// Writes waiting at most; more callers wait for room.
const QUEUE: usize = 1024;
/// Most operations of one COMMIT.
const GROUP: usize = 256;
/// A waiter that comes this soon after a commit may have missed it, so it looks again early.
const RECENT: Duration = Duration::from_millis(100);
/// How early.
const GLANCE: Duration = Duration::from_millis(10);

/// Why a group was not committed.
struct Failure {
    message: String,
    unwritable: bool,
}

/// Sends the answer, or the failure of the group.
type Finish = Box<dyn FnOnce(Option<&Failure>) + Send>;

/// Does an operation: its answer, and SQLite's code for why its group cannot be committed, if it left something half done.
type Run = Box<dyn FnOnce(&Connection) -> (Finish, Option<i32>) + Send>;

/// A queued operation.
struct Job {
    /// Whether its failure, or its panic, can be undone alone.
    alone: bool,
    run: Run,
}

#[derive(Default)]
struct Commits {
    notify: Notify,
    last: Mutex<Option<Instant>>,
}

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<Commits>,
}

impl Writer {
    pub(super) fn start(connection: Connection, lock: Arc<LockFile>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let commits = Arc::new(Commits::default());
        let told = commits.clone();
        let thread = std::thread::Builder::new().name("table-writer".into()).spawn(move || {
            work(&connection, jobs, &told);
            drop(connection);
            drop(lock);
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), commits })
    }

    /// Queues one operation and waits for the COMMIT it is part of. Dropping the future does not undo it.
    pub(super) async fn run<T, F>(&self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.queued(true, |connection| (in_savepoint(connection, operation), None)).await
    }

    /// As [`Writer::run`] for an operation that refuses only before it writes: it needs no savepoint.
    pub(super) async fn run_decided<T, F>(&self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let watched = |connection: &Connection| {
            let before = connection.total_changes();
            let result = operation(connection);
            let torn = match &result {
                Err(_) if connection.total_changes() == before => None,
                Err(TableError::Unwritable(_)) => Some(rusqlite::ffi::SQLITE_FULL),
                Err(_) => Some(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
                Ok(_) => None,
            };
            (result, torn)
        };
        self.queued(false, watched).await
    }

    async fn queued<T, F>(&self, alone: bool, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> (Result<T>, Option<i32>) + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run = move |connection: &Connection| -> (Finish, Option<i32>) {
            let (result, torn) = operation(connection);
            let finish: Finish = Box::new(move |failure| {
                // A caller that went away does not want its answer; the write stands.
                let _ = answer.send(match failure {
                    None => result,
                    Some(failure) if failure.unwritable => Err(TableError::Unwritable(failure.message.clone())),
                    Some(failure) => Err(TableError::Unavailable(failure.message.clone())),
                });
            });
            (finish, torn)
        };
        let queue = self.queue.as_ref().ok_or_else(|| failed("the writer has ended"))?;
        queue.send(Job { alone, run: Box::new(run) }).await.map_err(|_| failed("the writer has ended"))?;
        answered.await.map_err(|_| failed("the write was given up before its commit"))?
    }

    pub(super) async fn wait_for_commit(&self, at_most: Duration) {
        let notified = self.commits.notify.notified();
        let last = *self.commits.last.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = last.is_some_and(|at| at.elapsed() < RECENT);
        let wait = if recent { at_most.min(GLANCE) } else { at_most };
        // Both outcomes mean the same to the caller: look again.
        let _ = tokio::time::timeout(wait, notified).await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the table's writer thread had panicked");
        }
    }
}

/// Why a group is not committed although SQLite would.
fn given_up(code: i32, why: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(why.into()))
}

fn statement(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn in_savepoint<T>(connection: &Connection, operation: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    statement(connection, "SAVEPOINT operation").map_err(failed)?;
    let result = operation(connection);
    if result.is_err() {
        statement(connection, "ROLLBACK TO operation").map_err(failed)?;
    }
    statement(connection, "RELEASE operation").map_err(failed)?;
    result
}

fn work(connection: &Connection, mut jobs: mpsc::Receiver<Job>, commits: &Commits) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = Vec::new();
        let outcome = run_group(connection, first, &mut jobs, &mut group);
        let failure = outcome.err().map(|e| {
            let message = format!("the group of {} writes was not committed: {e}", group.len());
            tracing::error!(error = %e, writes = group.len(), "a group of writes was not committed");
            let unwritable = matches!(failed(e), TableError::Unwritable(_));
            Failure { message, unwritable }
        });
        if !connection.is_autocommit()
            && let Err(e) = statement(connection, "ROLLBACK")
        {
            tracing::error!(error = %e, "a failed group of writes could not be rolled back");
        }
        for finish in group {
            finish(failure.as_ref());
        }
        if failure.is_none() {
            *commits.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            commits.notify.notify_waiters();
        }
    }
}

fn run_group(
    connection: &Connection,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    group: &mut Vec<Finish>,
) -> rusqlite::Result<()> {
    statement(connection, "BEGIN IMMEDIATE")?;
    let mut next = Some(first);
    while let Some(Job { alone, run }) = next {
        match catch_unwind(AssertUnwindSafe(|| run(connection))) {
            Ok((finish, torn)) => {
                group.push(finish);
                if let Some(code) = torn {
                    return Err(given_up(code, "a write failed half-way"));
                }
            }
            Err(_) if alone => {
                // Its caller sees the dropped answer; its half-done savepoint must not reach the commit.
                tracing::error!("a write panicked and was undone");
                statement(connection, "ROLLBACK TO operation")?;
                statement(connection, "RELEASE operation")?;
            }
            Err(_) => return Err(given_up(rusqlite::ffi::SQLITE_ABORT_ROLLBACK, "a write panicked")),
        }
        if connection.is_autocommit() {
            // SQLite gave the whole transaction up (disk full, I/O error): nothing of the group is left to commit.
            return Err(given_up(rusqlite::ffi::SQLITE_ABORT_ROLLBACK, "the transaction was rolled back"));
        }
        next = if group.len() < GROUP { jobs.try_recv().ok() } else { None };
    }
    statement(connection, "COMMIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let opened = super::super::open::open(&folder.path().join("t.db")).unwrap();
        opened.connection.execute_batch("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED); PRAGMA foreign_keys = ON;").unwrap();
        (folder, Writer::start(opened.connection, Arc::new(opened.lock)).unwrap())
    }

    fn insert(id: i64) -> impl FnOnce(&Connection) -> Result<()> + Send + 'static {
        move |c| c.execute("INSERT INTO parent VALUES (?1)", [id]).map(drop).map_err(failed)
    }

    async fn count(writer: &Writer) -> i64 {
        writer.run(|c| c.query_row("SELECT count(*) FROM parent", [], |r| r.get(0)).map_err(failed)).await.unwrap()
    }

    /// Keeps the writer busy until released, so that what is queued meanwhile forms one group with it.
    fn gate() -> (std::sync::mpsc::Sender<()>, impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        let (open, wait) = std::sync::mpsc::channel();
        (open, move |_: &Connection| wait.recv().map_err(failed))
    }

    #[tokio::test]
    async fn a_failed_commit_fails_the_whole_group() {
        let (_folder, writer) = start();
        let (open, held) = gate();
        // A dangling child lets every statement succeed and only the COMMIT fail.
        let bad = |c: &Connection| c.execute("INSERT INTO child VALUES (99)", []).map(drop).map_err(failed);
        let group =
            async { tokio::join!(writer.run(held), writer.run(insert(1)), writer.run(bad), writer.run(insert(2))) };
        let release = async {
            tokio::task::yield_now().await;
            open.send(()).unwrap();
        };
        let ((a, b, c, d), ()) = tokio::join!(group, release);
        for result in [a, b, c, d] {
            assert!(matches!(result, Err(TableError::Unavailable(_))), "{result:?}");
        }
        assert_eq!(count(&writer).await, 0);
        writer.run(insert(3)).await.unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_failed_or_panicking_operation_is_undone_alone() {
        let (_folder, writer) = start();
        let (open, held) = gate();
        let refused = |c: &Connection| {
            insert(2)(c)?;
            Err::<(), _>(TableError::ConditionFailed(None))
        };
        let panicking = |c: &Connection| {
            insert(3)(c)?;
            if c.is_autocommit() { Ok(()) } else { panic!("on purpose") }
        };
        let group = async {
            tokio::join!(
                writer.run(held),
                writer.run(insert(1)),
                writer.run(refused),
                writer.run(panicking),
                writer.run(insert(4))
            )
        };
        let release = async {
            tokio::task::yield_now().await;
            open.send(()).unwrap();
        };
        let ((_, a, b, c, d), ()) = tokio::join!(group, release);
        assert!(a.is_ok() && d.is_ok());
        assert!(matches!(b, Err(TableError::ConditionFailed(None))));
        assert!(matches!(c, Err(TableError::Unavailable(_))));
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn without_a_savepoint_a_refusal_leaves_the_group_whole_and_a_torn_write_takes_it_along() {
        let (_folder, writer) = start();
        let refused = |_: &Connection| Err::<(), _>(TableError::ConditionFailed(None));
        let torn = |c: &Connection| {
            insert(7)(c)?;
            Err::<(), _>(TableError::Conflict)
        };
        let panicking = |c: &Connection| {
            insert(8)(c)?;
            if c.is_autocommit() { Ok(()) } else { panic!("on purpose") }
        };
        let (open, held) = gate();
        let group =
            async { tokio::join!(writer.run(held), writer.run_decided(insert(1)), writer.run_decided(refused)) };
        let release = async {
            tokio::task::yield_now().await;
            open.send(()).unwrap();
        };
        let ((_, a, b), ()) = tokio::join!(group, release);
        assert!(a.is_ok() && matches!(b, Err(TableError::ConditionFailed(None))), "{a:?} {b:?}");
        assert_eq!(count(&writer).await, 1);
        let (open, held) = gate();
        let group = async { tokio::join!(writer.run(held), writer.run_decided(insert(2)), writer.run_decided(torn)) };
        let release = async {
            tokio::task::yield_now().await;
            open.send(()).unwrap();
        };
        let ((_, a, b), ()) = tokio::join!(group, release);
        for result in [a, b] {
            assert!(matches!(result, Err(TableError::Unavailable(_))), "{result:?}");
        }
        assert!(matches!(writer.run_decided(panicking).await, Err(TableError::Unavailable(_))));
        assert_eq!(count(&writer).await, 1);
        writer.run_decided(insert(3)).await.unwrap();
        assert_eq!(count(&writer).await, 2);
    }
}
