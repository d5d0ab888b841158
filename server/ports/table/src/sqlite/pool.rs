//! Connections that read.
//!
//! Invariants: at most as many reads run as there are connections; a connection returns even if the read panics.
//!
//! A short read is answered from memory in microseconds, a fraction of what the way to a blocking thread and back costs, so it
//! runs where it is asked for. A store that answers slowly (a busy or broken disk) must not hold up everything else on that
//! thread: after one slow read, all go to blocking threads for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::{failed, open};
use crate::Result;

/// A read that takes this long waited for a disk; longer than a busy machine keeps a thread off its processor.
const SLOW: Duration = Duration::from_millis(25);
/// How long reads stay away after a slow one.
const AWAY: Duration = Duration::from_secs(2);

pub(super) struct Readers {
    // A plain mutex: it is held for a push or pop only.
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    since: Instant,
    /// Milliseconds after `since` until which reads go to blocking threads.
    away_until: AtomicU64,
    // After the connections, so that a read still running keeps the file locked.
    _lock: Arc<open::LockFile>,
}

/// Gives the connection back when dropped.
struct Lease<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize, lock: Arc<open::LockFile>) -> rusqlite::Result<Self> {
        let idle = (0..count)
            .map(|_| {
                let connection = open::connect(path, OpenFlags::empty())?;
                // The system keeps the file's pages too; what every reader keeps besides is memory times their number.
                connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
                Ok(connection)
            })
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let permits = Arc::new(Semaphore::new(count));
        Ok(Self { idle: Mutex::new(idle), permits, since: Instant::now(), away_until: AtomicU64::new(0), _lock: lock })
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let lease = Lease { readers: self, connection };
        match &lease.connection {
            Some(connection) => read(connection),
            None => Err(failed("no connection is idle")),
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Runs a short read: on the caller's thread as long as the store is quick.
    pub(super) async fn run<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        if self.elapsed_ms() < self.away_until.load(Ordering::Relaxed) {
            return self.run_apart(read).await;
        }
        let _permit = self.permits.acquire().await.map_err(failed)?;
        let begun = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| self.with(read))).map_err(|_| failed("a read panicked"))?;
        if begun.elapsed() >= SLOW {
            let until = self.elapsed_ms() + u64::try_from(AWAY.as_millis()).unwrap_or(u64::MAX);
            self.away_until.store(until, Ordering::Relaxed);
        }
        done
    }

    /// Runs a read on a blocking thread.
    pub(super) async fn run_apart<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await.map_err(failed)?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            // Dropped last: the permit may only go when the connection is back.
            let _permit = permit;
            readers.with(read)
        })
        .await
        .map_err(failed)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers() -> (tempfile::TempDir, Arc<Readers>) {
        let folder = tempfile::tempdir().unwrap();
        let opened = open::open(&folder.path().join("t.db")).unwrap();
        let readers = Readers::open(&opened.path, 1, Arc::new(opened.lock)).unwrap();
        (folder, Arc::new(readers))
    }

    async fn thread_of(readers: &Arc<Readers>) -> std::thread::ThreadId {
        readers.run(|_| Ok(std::thread::current().id())).await.unwrap()
    }

    #[tokio::test]
    async fn short_reads_stay_on_their_thread_until_one_is_slow() {
        let (_folder, readers) = readers();
        let here = std::thread::current().id();
        assert_eq!(thread_of(&readers).await, here);
        let slow = |_: &Connection| {
            let begun = Instant::now();
            while begun.elapsed() < SLOW {
                std::hint::spin_loop();
            }
            Ok(())
        };
        readers.run(slow).await.unwrap();
        assert_ne!(thread_of(&readers).await, here);
        readers.away_until.store(0, Ordering::Relaxed);
        assert_eq!(thread_of(&readers).await, here);
    }

    #[tokio::test]
    async fn a_panicking_read_gives_its_connection_back() {
        let (_folder, readers) = readers();
        for apart in [false, true] {
            let read = |c: &Connection| if c.is_autocommit() { panic!("on purpose") } else { Ok(()) };
            let failed = if apart { readers.run_apart(read).await } else { readers.run(read).await };
            assert!(matches!(failed, Err(crate::TableError::Unavailable(_))), "{failed:?}");
            assert_eq!(thread_of(&readers).await, std::thread::current().id());
        }
    }
}
