//! The table queue against the suite, on the embedded table.

use std::sync::Arc;

use vitrine_clock::FixedClock;
use vitrine_queue::conformance::{Subject, check_all};
use vitrine_queue::hearing::{Ears, Hearing};
use vitrine_queue::table::TableQueue;
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

#[tokio::test]
async fn conforms() {
    conforms_with(false).await;
}

#[tokio::test]
async fn conforms_while_it_hears() {
    conforms_with(true).await;
}

async fn conforms_with(ears: bool) {
    let dir = tempfile::tempdir().unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    check_all(async || {
        let clock = FixedClock::at(1_800_000_000_000);
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let table: Arc<dyn Table> =
            Arc::new(SqliteTable::open(dir.path().join(format!("{n}.db")), clock.clone()).unwrap());
        if ears {
            let ears = Ears::new(clock.clone());
            let table: Arc<dyn Table> = Arc::new(Hearing::new(table.clone(), ears.clone()));
            return Subject {
                queue: Arc::new(TableQueue::new(table.clone(), clock.clone()).hearing(ears)),
                // Another process hears nothing of this one.
                other: Arc::new(TableQueue::new(table.clone(), clock.clone()).hearing(Ears::new(clock.clone()))),
                clock,
                table: Some(table),
            };
        }
        Subject {
            queue: Arc::new(TableQueue::new(table.clone(), clock.clone())),
            other: Arc::new(TableQueue::new(table.clone(), clock.clone())),
            clock,
            table: Some(table),
        }
    })
    .await;
}
