//! The data file: schema, pragmas, lock and backup.
//!
//! Invariants: `application_id` marks our files, `user_version` counts schema steps; steps are only ever appended.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::copies::Place;
use super::failed;
use crate::{Result, TableError};

/// "Vitr" in ASCII.
const APPLICATION_ID: i64 = 0x5669_7472;

/// Schema steps; step `n` brings `user_version` from `n` to `n + 1`.
///
/// Every index ends in the base key, which gives its ties their order. Key attributes and an integer `ttl` live in columns only, `body`
/// holds the rest.
///
/// Items were `WITHOUT ROWID` once: the tree that is searched by key held the bodies too, a handful to a page on every level, so a read
/// passed eight pages of a shop with 100,000 works. Now keys have a tree of their own, a hundred to a page.
const STEPS: &[&str] = &[
    "
    CREATE TABLE items (
        pk TEXT NOT NULL, sk TEXT NOT NULL, pk2 TEXT, sk2 TEXT, tenant TEXT, entity_type TEXT, created_at TEXT,
        ttl INTEGER, body TEXT NOT NULL,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID;
    CREATE INDEX gsi1 ON items (pk2, sk2, pk, sk) WHERE pk2 IS NOT NULL AND sk2 IS NOT NULL;
    CREATE INDEX gsi2 ON items (tenant, sk, pk) WHERE tenant IS NOT NULL;
    CREATE INDEX gsi3 ON items (entity_type, created_at, pk, sk)
        WHERE entity_type IS NOT NULL AND created_at IS NOT NULL;
    CREATE INDEX expiry ON items (ttl) WHERE ttl IS NOT NULL;
    CREATE TABLE feed (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, pk TEXT NOT NULL, sk TEXT NOT NULL, old TEXT, new TEXT,
        at_ms INTEGER NOT NULL, expired INTEGER NOT NULL
    );
    CREATE TABLE tokens (token TEXT PRIMARY KEY, digest BLOB NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX tokens_age ON tokens (at_ms);
    CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('feed_floor', 0), ('store_id', lower(hex(randomblob(12))));
",
    "
    DROP INDEX gsi1;
    DROP INDEX gsi2;
    DROP INDEX gsi3;
    DROP INDEX expiry;
    ALTER TABLE items RENAME TO items_by_key;
    CREATE TABLE items (
        pk TEXT NOT NULL, sk TEXT NOT NULL, pk2 TEXT, sk2 TEXT, tenant TEXT, entity_type TEXT, created_at TEXT,
        ttl INTEGER, body TEXT NOT NULL,
        PRIMARY KEY (pk, sk)
    );
    INSERT INTO items (pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl, body)
        SELECT pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl, body FROM items_by_key ORDER BY pk, sk;
    DROP TABLE items_by_key;
    CREATE INDEX gsi1 ON items (pk2, sk2, pk, sk) WHERE pk2 IS NOT NULL AND sk2 IS NOT NULL;
    CREATE INDEX gsi2 ON items (tenant, sk, pk) WHERE tenant IS NOT NULL;
    CREATE INDEX gsi3 ON items (entity_type, created_at, pk, sk)
        WHERE entity_type IS NOT NULL AND created_at IS NOT NULL;
    CREATE INDEX expiry ON items (ttl) WHERE ttl IS NOT NULL;
",
];

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server, or another table of this one, has it open.
    #[error("the data file {0} is in use by another server")]
    InUse(PathBuf),
    /// Written by a later version of the program.
    #[error("the data file has schema {found}, this program knows up to {known}")]
    Newer {
        /// The file's schema version.
        found: i64,
        /// The last one this program knows.
        known: i64,
    },
    /// Some other program's database.
    #[error("{0} is a database of another program")]
    Foreign(PathBuf),
    /// The file system refused.
    #[error("the data file cannot be reached: {0}")]
    Io(#[source] std::io::Error),
    /// SQLite refused.
    #[error("the data file cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Holds the lock of a data file; closing the file lets it go, also when the process dies.
pub(super) struct LockFile(#[expect(dead_code, reason = "held, never read")] File);

pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) store_id: String,
    pub(super) lock: LockFile,
}

pub(super) fn open(path: &Path) -> std::result::Result<Opened, OpenError> {
    let path = real_path(path).map_err(OpenError::Io)?;
    let lock = take_lock(&path)?;
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_CREATE)?;
    migrate(&mut connection, &path)?;
    let store_id = connection.query_row("SELECT value FROM meta WHERE name = 'store_id'", [], |r| r.get(0))?;
    Ok(Opened { path, connection, store_id, lock })
}

/// Two names of one file must lead to one lock.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    if path.exists() {
        return path.canonicalize();
    }
    let name = path.file_name().ok_or_else(|| std::io::Error::other("the path names no file"))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(folder.canonicalize()?.join(name))
}

pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The lock file stays when the lock goes: removing it would let two servers hold locks on two files of one name.
fn take_lock(path: &Path) -> std::result::Result<LockFile, OpenError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(suffixed(path, "-lock"))
        .map_err(OpenError::Io)?;
    match file.try_lock() {
        Ok(()) => Ok(LockFile(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(e)) => Err(OpenError::Io(e)),
    }
}

/// A connection with the pragmas all of ours share.
pub(super) fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    // A page that many commits touch is copied back once for all of them: a longer log cost an eighth less for each row.
    connection.execute_batch(
        "PRAGMA cache_size = -8192; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> std::result::Result<(), OpenError> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
    let known = STEPS.len() as i64;
    let found = number("user_version")?;
    let application = number("application_id")?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    if application != APPLICATION_ID && (application != 0 || objects > 0) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if objects == 0 {
        connection.execute_batch("PRAGMA page_size = 8192;")?;
    }
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;")?;
    for (at, step) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let step_tx = connection.transaction()?;
        step_tx.execute_batch(step)?;
        step_tx
            .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", at + 1))?;
        step_tx.commit()?;
    }
    Ok(())
}

/// Copies through a side file, so `target` is whole or not there; answers the last change that is in it.
pub(super) fn backup(source: &Path, target: &Path) -> Result<Place> {
    if target.exists() {
        return Err(TableError::Invalid(format!("{} exists already", target.display())));
    }
    let side = suffixed(target, ".partial");
    let name = side.to_str().ok_or_else(|| TableError::Invalid("the target's name is not UTF-8".into()))?;
    match std::fs::remove_file(&side) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    connect(source, OpenFlags::empty()).and_then(|c| c.execute("VACUUM INTO ?1", [name])).map_err(failed)?;
    let copy = connect(&side, OpenFlags::empty()).map_err(failed)?;
    let place = place(&copy)?;
    // A new identity: after a restore the copy counts its feed on from an older number than readers may hold.
    copy.execute("UPDATE meta SET value = lower(hex(randomblob(12))) WHERE name = 'store_id'", []).map_err(failed)?;
    let healthy: Option<String> =
        copy.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).optional().map_err(failed)?;
    if healthy.as_deref() != Some("ok") {
        return Err(failed("the copy is damaged"));
    }
    copy.close().map_err(|(_, e)| failed(e))?;
    File::open(&side).and_then(|f| f.sync_all()).map_err(failed)?;
    std::fs::rename(&side, target).map_err(failed)?;
    if let Some(folder) = target.parent().filter(|p| !p.as_os_str().is_empty()) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
    }
    Ok(place)
}

/// The store and its newest change, as of one moment.
pub(super) fn place(connection: &Connection) -> Result<Place> {
    const SQL: &str = "SELECT (SELECT value FROM meta WHERE name = 'store_id'), \
                       coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)";
    connection.query_row(SQL, [], |r| Ok(Place { store: r.get(0)?, number: r.get(1)? })).map_err(failed)
}

/// Whether a file is one of ours and of a version that this program reads as it is.
pub(super) fn recognise(connection: &Connection, path: &Path) -> std::result::Result<(), OpenError> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
    let (known, found) = (STEPS.len() as i64, number("user_version")?);
    if number("application_id")? != APPLICATION_ID || found == 0 {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > known { Err(OpenError::Newer { found, known }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vitrine_clock::FixedClock;

    use super::*;
    use crate::sqlite::SqliteTable;
    use crate::{Consistency, FeedStart, Index, Item, Key, Query, Table};

    fn item(n: i64) -> Item {
        let value = json!({
            "pk": format!("P#{}", n % 3), "sk": format!("S#{n:03}"), "pk2": "second", "sk2": format!("{}", n % 2),
            "tenant": "t_1", "entityType": "thing", "createdAt": format!("2026-01-{:02}", n % 28 + 1), "ttl": 1_900_000_000 + n,
            "n": n, "long": "x".repeat(usize::try_from(n).unwrap() * 70),
        });
        match value {
            Value::Object(item) => item,
            _ => unreachable!("an object"),
        }
    }

    /// A file of before a step is the same table after it: every item, every order, the feed and the file's own name.
    #[tokio::test]
    async fn a_file_of_the_first_schema_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
        let clock = || FixedClock::at(1_800_000_000_000);
        let fresh = SqliteTable::open(&new, clock()).unwrap();
        for n in 0..60 {
            fresh.put(crate::Put { item: item(n), condition: None }).await.unwrap();
        }
        let first = Connection::open(&old).unwrap();
        first.execute_batch(STEPS[0]).unwrap();
        first.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;")).unwrap();
        first.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
        first
            .execute_batch(
                "INSERT INTO items SELECT * FROM new.items; INSERT INTO feed SELECT * FROM new.feed;
                 INSERT OR REPLACE INTO meta SELECT * FROM new.meta;",
            )
            .unwrap();
        let store: String =
            first.query_row("SELECT value FROM meta WHERE name = 'store_id'", [], |r| r.get(0)).unwrap();
        drop(first);

        let moved = SqliteTable::open(&old, clock()).unwrap();
        assert_eq!(moved.damage().await.unwrap(), Vec::<String>::new());
        for n in 0..60 {
            let key = Key::new(format!("P#{}", n % 3), format!("S#{n:03}"));
            assert_eq!(moved.get(&key, Consistency::Strong).await.unwrap(), Some(item(n)));
        }
        for (index, pk) in [(Index::Base, "P#1"), (Index::Gsi1, "second"), (Index::Gsi2, "t_1"), (Index::Gsi3, "thing")]
        {
            for descending in [false, true] {
                let mut query = Query::new(index, pk).limit(7);
                query.descending = descending;
                loop {
                    let (was, is) =
                        (fresh.query(query.clone()).await.unwrap(), moved.query(query.clone()).await.unwrap());
                    assert!(!is.items.is_empty());
                    assert_eq!((&was.items, was.cursor.is_some()), (&is.items, is.cursor.is_some()), "{index:?}");
                    query.cursor = is.cursor;
                    if query.cursor.is_none() {
                        break;
                    }
                }
            }
        }
        assert_eq!(moved.feed(FeedStart::Oldest, 100).await.unwrap().changes.len(), 60);
        moved.put(crate::Put { item: item(60), condition: None }).await.unwrap();
        drop(moved);
        let after = Connection::open(&old).unwrap();
        let number = |sql: &str| after.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        assert_eq!((number("PRAGMA user_version"), number("SELECT max(seq) FROM feed")), (STEPS.len() as i64, 61));
        let kept: String = after.query_row("SELECT value FROM meta WHERE name = 'store_id'", [], |r| r.get(0)).unwrap();
        assert_eq!(kept, store);
    }
}
