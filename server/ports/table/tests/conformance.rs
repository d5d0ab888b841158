//! The contract on the embedded adapter.

use std::sync::Arc;
use std::time::Duration;

use vitrine_clock::FixedClock;
use vitrine_table::conformance::{Env, Options, cases};
use vitrine_table::sqlite::SqliteTable;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_on_sqlite() {
    let mut failures = Vec::new();
    for (name, case) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(1_800_000_000_000);
        let table = Arc::new(SqliteTable::open(folder.path().join("t.db"), clock.clone()).unwrap());
        let options = Options { ttl_clock: Some(clock), index_lag: Duration::from_secs(5), ..Options::default() };
        if let Err(failure) = case(Env::new(table, options)).await {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
