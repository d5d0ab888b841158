//! What only the embedded adapter has: durability, the lock, feed retention, backup.

use std::path::Path;

use serde_json::json;
use vitrine_clock::FixedClock;
use vitrine_table::sqlite::{OpenError, SqliteTable};
use vitrine_table::{Consistency, FeedStart, Item, Key, Put, Table, TableError};

const START: i64 = 1_800_000_000_000;

fn open(path: &Path) -> SqliteTable {
    SqliteTable::open(path, FixedClock::at(START)).unwrap()
}

fn item(sk: &str) -> Item {
    json!({"pk": "a", "sk": sk, "v": 1}).as_object().unwrap().clone()
}

async fn put(table: &SqliteTable, sk: &str) {
    table.put(Put { item: item(sk), condition: None }).await.unwrap();
}

#[tokio::test]
async fn writes_and_feed_positions_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let table = open(&path);
    put(&table, "1").await;
    let position = table.feed(FeedStart::Oldest, 10).await.unwrap().position;
    put(&table, "2").await;
    drop(table);
    let table = open(&path);
    assert_eq!(table.get(&Key::new("a", "1"), Consistency::Strong).await.unwrap(), Some(item("1")));
    let page = table.feed(FeedStart::After(position), 10).await.unwrap();
    assert_eq!(page.changes.len(), 1);
    assert_eq!(page.changes[0].key.sk, "2");
    assert!(page.caught_up);
}

#[tokio::test]
async fn queued_writes_finish_before_the_lock_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let table = open(&path);
    for n in 0..20 {
        // Polled once, so the write is queued; then nobody waits for its answer.
        let write = table.put(Put { item: item(&n.to_string()), condition: None });
        assert!(futures::FutureExt::now_or_never(write).is_none());
    }
    drop(table);
    let table = open(&path);
    for n in 0..20 {
        assert!(table.get(&Key::new("a", n.to_string()), Consistency::Strong).await.unwrap().is_some(), "{n}");
    }
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let first = open(&path);
    assert!(matches!(SqliteTable::open(&path, FixedClock::at(START)), Err(OpenError::InUse(_))));
    drop(first);
    open(&path);
}

#[tokio::test]
async fn the_feed_is_trimmed_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(START);
    let table = SqliteTable::open(folder.path().join("t.db"), clock.clone()).unwrap();
    let oldest = table.feed(FeedStart::Now, 1).await.unwrap().position;
    put(&table, "1").await;
    table.sweep_expired(10).await.unwrap();
    assert_eq!(table.feed(FeedStart::After(oldest.clone()), 9).await.unwrap().changes.len(), 1);
    clock.advance_ms(24 * 3600 * 1000 + 1);
    put(&table, "2").await;
    table.sweep_expired(10).await.unwrap();
    assert!(matches!(table.feed(FeedStart::After(oldest), 9).await, Err(TableError::BadPosition(_))));
    let kept = table.feed(FeedStart::Oldest, 9).await.unwrap().changes;
    assert_eq!(kept.iter().map(|c| c.key.sk.as_str()).collect::<Vec<_>>(), ["2"]);
}

#[tokio::test]
async fn a_backup_is_a_store_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let table = open(&folder.path().join("t.db"));
    put(&table, "1").await;
    let position = table.feed(FeedStart::Now, 1).await.unwrap().position;
    let target = folder.path().join("copy.db");
    table.backup_to(&target).await.unwrap();
    assert!(matches!(table.backup_to(&target).await, Err(TableError::Invalid(_))));
    let copy = open(&target);
    assert_eq!(copy.get(&Key::new("a", "1"), Consistency::Strong).await.unwrap(), Some(item("1")));
    assert!(matches!(copy.feed(FeedStart::After(position), 1).await, Err(TableError::BadPosition(_))));
}

#[tokio::test]
async fn a_damaged_page_is_named_and_its_reading_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let table = open(&path);
    for n in 0..2_000 {
        put(&table, &format!("{n:06}-{}", "x".repeat(200))).await;
    }
    assert_eq!(table.damage().await.unwrap(), Vec::<String>::new());
    drop(table);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 8192 * 8192;
    bytes[middle..middle + 3 * 8192].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let table = open(&path);
    assert!(!table.damage().await.unwrap().is_empty());
    let mut query = vitrine_table::Query::new(vitrine_table::Index::Base, "a").limit(1000);
    let read = loop {
        match table.query(query.clone()).await {
            Ok(page) if page.cursor.is_some() => query.cursor = page.cursor,
            other => break other,
        }
    };
    assert!(matches!(read, Err(TableError::Damaged(_))), "{read:?}");
}
