//! The table queue against the suite, on the embedded table.

use std::sync::Arc;

use vitrine_clock::FixedClock;
use vitrine_queue::conformance::{Subject, check_all};
use vitrine_queue::table::TableQueue;
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

#[tokio::test]
async fn conforms() {
    let dir = tempfile::tempdir().unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    check_all(async || {
        let clock = FixedClock::at(1_800_000_000_000);
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let table: Arc<dyn Table> =
            Arc::new(SqliteTable::open(dir.path().join(format!("{n}.db")), clock.clone()).unwrap());
        Subject {
            queue: Arc::new(TableQueue::new(table.clone(), clock.clone())),
            other: Arc::new(TableQueue::new(table.clone(), clock.clone())),
            clock,
            table: Some(table),
        }
    })
    .await;
}
