//! Copies made beside the server that has the table open: the whole table, or what changed since; and both put together again.
//!
//! Invariants:
//! - [`copy`] and [`Log`] only read. SQLite's WAL lets any process read as of one moment while the server writes, so they take no lock.
//! - Changes are numbered without holes. What [`Log::changes`] hands over ends at a commit: no transaction is torn.
//! - [`Replay`] refuses a change whose old image is not what is there: a log of another table, or one with a hole, cannot be applied.
//!
//! Not here: files, encryption, where copies go. Remembered transaction tokens are in a copy but not in the log.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{self, LockFile, OpenError};
use super::{failed, feed, read, write};
use crate::{Change, Result, TableError};

/// How far a copy or a log reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Names the store; a copy that is opened as a table has a name of its own.
    pub store: String,
    /// Its last change; the first one is 1.
    pub number: i64,
}

/// Writes a consistent copy of the table `source` to `target`, which must not exist, while its server writes on; answers what the
/// copy reaches of the source.
///
/// # Errors
/// `Invalid` if `target` exists or `source` is no table of this program, `Unavailable` if one cannot be read or written.
pub fn copy(source: &Path, target: &Path) -> Result<Place> {
    let known = Log::open(source).map_err(|e| TableError::Invalid(e.to_string()));
    drop(known?);
    open::backup(source, target)
}

/// The changes of a table, read from outside.
pub struct Log(Connection);

impl Log {
    /// Opens the data file beside its server.
    ///
    /// # Errors
    /// As opening the table, but for the lock.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let connection = open::connect(path, OpenFlags::empty())?;
        open::recognise(&connection, path)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        Ok(Self(connection))
    }

    /// The store and its newest change.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn place(&self) -> Result<Place> {
        open::place(&self.0)
    }

    /// Hands over every change after number `after`, as of one moment; answers the number of the last.
    ///
    /// # Errors
    /// `BadPosition` if some of them are no longer kept; what `each` answers; a failed read.
    pub fn changes(&self, after: i64, mut each: impl FnMut(Change) -> Result<()>) -> Result<i64> {
        let moment = self.0.unchecked_transaction().map_err(failed)?;
        let floor: i64 =
            moment.query_row("SELECT value FROM meta WHERE name = 'feed_floor'", [], |r| r.get(0)).map_err(failed)?;
        if after < floor {
            return Err(TableError::BadPosition("changes after it are no longer kept".into()));
        }
        let mut statement = moment
            .prepare("SELECT seq, pk, sk, old, new, at_ms, expired FROM feed WHERE seq > ?1 ORDER BY seq")
            .map_err(failed)?;
        let mut rows = statement.query([after]).map_err(failed)?;
        let mut last = after;
        while let Some(row) = rows.next().map_err(failed)? {
            let (number, change, _) = feed::record(row).map_err(failed)?;
            if number != last + 1 {
                return Err(failed(format!("change {} is missing", last + 1)));
            }
            last = number;
            each(change)?;
        }
        Ok(last)
    }
}

/// A copy that is brought forward by a log; it has the table's lock.
pub struct Replay {
    connection: Connection,
    _lock: LockFile,
}

impl Replay {
    /// Opens a copy; nothing else may have it open.
    ///
    /// # Errors
    /// As opening the table.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let opened = open::open(path)?;
        opened.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { connection: opened.connection, _lock: opened.lock })
    }

    /// Applies the next change.
    ///
    /// # Errors
    /// `BadPosition` if it does not follow from what is there.
    pub fn apply(&mut self, change: &Change) -> Result<()> {
        if read::stored(&self.connection, &change.key)? != change.old {
            let Change { key, .. } = change;
            return Err(TableError::BadPosition(format!("a change of {}/{} does not follow", key.pk, key.sk)));
        }
        write::set(&self.connection, &change.key, change.new.as_ref())
    }

    /// Makes all of it durable, looks the file through, and closes it.
    ///
    /// # Errors
    /// It cannot be written, or is damaged.
    pub fn finish(self) -> Result<()> {
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        let found: String = self.connection.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(failed)?;
        if found != "ok" {
            return Err(failed(format!("the copy is damaged: {found}")));
        }
        self.connection.close().map_err(|(_, e)| failed(e))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vitrine_clock::FixedClock;

    use super::*;
    use crate::sqlite::SqliteTable;
    use crate::{Consistency, Delete, Item, Key, Put, Table, Transact, TransactOp};

    fn item(pk: &str, value: i64) -> Item {
        let serde_json::Value::Object(item) =
            serde_json::json!({"pk": pk, "sk": "S", "n": value, "pk2": "all", "sk2": pk})
        else {
            panic!("an object")
        };
        item
    }

    async fn put(table: &SqliteTable, pk: &str, value: i64) {
        table.put(Put { item: item(pk, value), condition: None }).await.unwrap();
    }

    #[tokio::test]
    async fn a_copy_and_its_log_are_the_table_again() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("t.db"), folder.path().join("copy.db"));
        let table = Arc::new(SqliteTable::open(&source, FixedClock::at(1_000)).unwrap());
        put(&table, "a", 1).await;
        put(&table, "gone", 1).await;
        // The server has the table open all the time.
        let begun = copy(&source, &target).unwrap();
        assert_eq!(begun.number, 2);
        put(&table, "a", 2).await;
        let both = Transact {
            ops: vec![
                TransactOp::Put(Put { item: item("b", 1), condition: None }),
                TransactOp::Delete(Delete { key: Key::new("gone", "S"), condition: None }),
            ],
            token: None,
        };
        table.transact(both).await.unwrap();
        let log = Log::open(&source).unwrap();
        assert_eq!(log.place().unwrap().store, begun.store);
        let mut changes = Vec::new();
        let read = log.changes(begun.number, |change| {
            changes.push(change);
            Ok(())
        });
        assert_eq!(read.unwrap(), 5);

        let mut replay = Replay::open(&target).unwrap();
        assert!(matches!(replay.apply(&changes[1]), Ok(())), "an insert stands for itself");
        drop(replay);
        let mut replay = Replay::open(&target).unwrap();
        for change in &changes {
            replay.apply(change).unwrap();
        }
        // A change twice does not follow from itself.
        assert!(matches!(replay.apply(&changes[0]), Err(TableError::BadPosition(_))));
        replay.finish().unwrap();

        let again = SqliteTable::open(&target, FixedClock::at(1_000)).unwrap();
        for pk in ["a", "b", "gone"] {
            let key = Key::new(pk, "S");
            let (was, is) = (table.get(&key, Consistency::Strong).await, again.get(&key, Consistency::Strong).await);
            assert_eq!(was.unwrap(), is.unwrap(), "{pk}");
        }
        assert_ne!(Log::open(&target).unwrap().place().unwrap().store, begun.store);
    }

    #[test]
    fn another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(Log::open(&path), Err(OpenError::Foreign(_))));
        assert!(matches!(copy(&path, &folder.path().join("c.db")), Err(TableError::Invalid(_))));
        assert!(copy(&folder.path().join("none.db"), &folder.path().join("c.db")).is_err());
    }
}
