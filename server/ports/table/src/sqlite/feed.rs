//! The change feed: numbered records, kept for a day.
//!
//! Invariants: one writer numbers them, so numbers become visible in order and without holes; a position names the
//! store and a number, and is refused once records behind it were trimmed.

use rusqlite::{Connection, Row, params};

use super::write::Now;
use super::{failed, read, write};
use crate::{Change, FeedPage, FeedStart, Key, Result, TableError};

/// Kept as long as a DynamoDB stream keeps it.
const KEPT_MS: i64 = 24 * 3600 * 1000;
/// Records trimmed by one sweep at most.
const TRIM: i64 = 10_000;
/// Most changes of one page, whatever was asked.
const MAX_CHANGES: usize = 1000;
/// A page ends after the change that passes this many bytes of images.
const MAX_BYTES: usize = 4 * 1024 * 1024;

fn position(store_id: &str, seq: i64) -> String {
    format!("{store_id}.{seq}")
}

fn number(connection: &Connection, sql: &str) -> Result<i64> {
    connection.prepare_cached(sql).and_then(|mut s| s.query_row([], |r| r.get(0))).map_err(failed)
}

pub(super) fn page(
    connection: &Connection,
    store_id: &str,
    start: &FeedStart,
    limit: usize,
    images: bool,
) -> Result<FeedPage> {
    let moment = connection.unchecked_transaction().map_err(failed)?;
    let floor = number(&moment, "SELECT value FROM meta WHERE name = 'feed_floor'")?;
    let newest = number(&moment, "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)")?;
    let after = match start {
        FeedStart::Oldest => floor,
        FeedStart::Now => newest,
        FeedStart::After(text) => {
            let bad = |why: &str| TableError::BadPosition(why.into());
            let (store, seq) = text.split_once('.').ok_or_else(|| bad("the feed position is damaged"))?;
            if store != store_id {
                return Err(bad("the feed position belongs to another store"));
            }
            let seq: i64 = seq.parse().map_err(|_| bad("the feed position is damaged"))?;
            if seq < floor {
                return Err(bad("changes after the feed position are no longer kept"));
            }
            if seq > newest {
                return Err(bad("the feed position lies ahead of the store"));
            }
            seq
        }
    };
    let sql = if images {
        "SELECT seq, pk, sk, old, new, at_ms, expired FROM feed WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    } else {
        "SELECT seq, pk, sk, NULL, NULL, at_ms, expired FROM feed WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    };
    let mut statement = moment.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query(params![after, limit.min(MAX_CHANGES) as i64]).map_err(failed)?;
    let (mut last, mut bytes) = (after, 0);
    let mut changes = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let (number, change, size) = record(row).map_err(failed)?;
        changes.push(change);
        last = number;
        bytes += size;
        if bytes > MAX_BYTES {
            break;
        }
    }
    Ok(FeedPage { changes, position: position(store_id, last), caught_up: last == newest })
}

/// A row of number, key, images, time and whether it expired: its number, the change, how many bytes of images it has.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<(i64, Change, usize)> {
    let mut bytes = 0;
    let mut image = |column: usize| -> rusqlite::Result<_> {
        match row.get_ref(column)? {
            rusqlite::types::ValueRef::Null => Ok(None),
            text => {
                bytes += text.as_bytes()?.len();
                read::json(text, column).map(Some)
            }
        }
    };
    let (old, new) = (image(3)?, image(4)?);
    let key = Key { pk: row.get(1)?, sk: row.get(2)? };
    Ok((row.get(0)?, Change { key, old, new, at_ms: row.get(5)?, expired: row.get(6)? }, bytes))
}

/// Forgets what is older than a day, oldest first, and tokens past their life.
pub(super) fn trim(connection: &Connection, now: Now) -> Result<()> {
    let run =
        |sql: &str, at: i64| connection.prepare_cached(sql).and_then(|mut s| s.execute([at])).map(drop).map_err(failed);
    run("DELETE FROM tokens WHERE at_ms <= ?1", now.ms - write::token_life_ms())?;
    // Up to the first record that is young enough: a clock that went back must not tear a hole.
    let floor: i64 = connection
        .prepare_cached(
            "SELECT coalesce(min(seq) FILTER (WHERE at_ms >= ?1) - 1, max(seq), 0) \
             FROM (SELECT seq, at_ms FROM feed ORDER BY seq LIMIT ?2)",
        )
        .and_then(|mut s| s.query_row(params![now.ms - KEPT_MS, TRIM], |r| r.get(0)))
        .map_err(failed)?;
    run("DELETE FROM feed WHERE seq <= ?1", floor)?;
    run("UPDATE meta SET value = max(value, ?1) WHERE name = 'feed_floor'", floor)
}
