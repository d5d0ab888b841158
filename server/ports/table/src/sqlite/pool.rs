//! Connections that read.
//!
//! Invariants: at most as many reads run as there are connections; a connection returns even if the read panics.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::{failed, open};
use crate::Result;

pub(super) struct Readers {
    // A plain mutex: it is held for a push or pop only.
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
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
                connection.execute_batch("PRAGMA query_only = ON;")?;
                Ok(connection)
            })
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self { idle: Mutex::new(idle), permits: Arc::new(Semaphore::new(count)), _lock: lock })
    }

    /// Runs a read on a blocking thread.
    pub(super) async fn run<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await.map_err(failed)?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            // Dropped last: the permit may only go when the connection is back.
            let _permit = permit;
            let connection = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let lease = Lease { readers: &readers, connection };
            match &lease.connection {
                Some(connection) => read(connection),
                None => Err(failed("no connection is idle")),
            }
        })
        .await
        .map_err(failed)?
    }
}
