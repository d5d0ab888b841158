//! The embedded table against bare SQLite in the same run: what group commit wins for many writers, what the port costs a
//! reader. Both sides use WAL and `synchronous=FULL`, so every write is on the disk before it is acknowledged.
//!
//! `cargo bench -p vitrine-table`

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rusqlite::{Connection, params};
use serde_json::json;
use tokio::runtime::Runtime;
use vitrine_clock::FixedClock;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Consistency, Index, Item, Key, Put, Query, Table};

/// Items that stand there before anything is measured.
const ITEMS: u64 = 20_000;
/// Items of one partition.
const PARTITION: u64 = 100;

fn item(n: u64) -> Item {
    let item = json!({
        "pk": format!("WORK#{}", n / PARTITION), "sk": format!("PART#{n:08}"), "pk2": format!("SLUG#{}", n % 997),
        "sk2": format!("{n:08}"), "title": "A title of middling length", "text": "x".repeat(400), "rev": n,
    });
    item.as_object().unwrap().clone()
}

fn filled(runtime: &Runtime, folder: &std::path::Path) -> Arc<SqliteTable> {
    let table = Arc::new(SqliteTable::open(folder.join("t.db"), FixedClock::at(1_800_000_000_000)).unwrap());
    runtime.block_on(async {
        let writes = (0..64).map(|part| {
            let table = table.clone();
            tokio::spawn(async move {
                for n in (part..ITEMS).step_by(64) {
                    table.put(Put { item: item(n), condition: None }).await.unwrap();
                }
            })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
    });
    table
}

/// One table, one row a statement, one commit a row: what an adapter without group commit does.
fn bare(folder: &std::path::Path) -> Connection {
    let db = Connection::open(folder.join("bare.db")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch("CREATE TABLE items (pk TEXT, sk TEXT, body TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID").unwrap();
    let fill = db.unchecked_transaction().unwrap();
    for n in 0..ITEMS {
        put_bare(&fill, n);
    }
    fill.commit().unwrap();
    db
}

fn put_bare(db: &Connection, n: u64) {
    let item = item(n);
    let body = serde_json::to_string(&item).unwrap();
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO items VALUES (?1, ?2, ?3)").unwrap();
    put.execute(params![item["pk"].as_str(), item["sk"].as_str(), body]).unwrap();
}

fn writes(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let table = filled(&runtime, folder.path());
    let db = bare(folder.path());
    let mut group = c.benchmark_group("put");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(4)).sample_size(20);
    let mut n = 0;
    group.bench_function("bare SQLite, a commit each", |b| {
        b.iter(|| {
            n += 1;
            put_bare(&db, n % ITEMS);
        });
    });
    for writers in [1u64, 8, 64] {
        group.bench_with_input(BenchmarkId::new("table, writers", writers), &writers, |b, writers| {
            b.iter_custom(|times| {
                let begun = Instant::now();
                runtime.block_on(async {
                    let all = (0..*writers).map(|writer| {
                        let table = table.clone();
                        let writers = *writers;
                        tokio::spawn(async move {
                            for n in (writer..times).step_by(usize::try_from(writers).unwrap()) {
                                table.put(Put { item: item(n % ITEMS), condition: None }).await.unwrap();
                            }
                        })
                    });
                    for one in all.collect::<Vec<_>>() {
                        one.await.unwrap();
                    }
                });
                begun.elapsed()
            });
        });
    }
    group.finish();
}

fn reads(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let table = filled(&runtime, folder.path());
    let db = bare(folder.path());
    let mut n = 0u64;
    let mut next = move || {
        n = (n * 6_364_136_223_846_793_005 + 1) % ITEMS;
        n
    };
    let mut group = c.benchmark_group("read");
    group.bench_function("bare SQLite, one item", |b| {
        b.iter(|| {
            let wanted = item(next());
            let mut get = db.prepare_cached("SELECT body FROM items WHERE pk = ?1 AND sk = ?2").unwrap();
            let body: String =
                get.query_row(params![wanted["pk"].as_str(), wanted["sk"].as_str()], |row| row.get(0)).unwrap();
            serde_json::from_str::<Item>(&body).unwrap()
        });
    });
    group.bench_function("table, get", |b| {
        b.iter(|| {
            let wanted = item(next());
            let key = Key::new(wanted["pk"].as_str().unwrap(), wanted["sk"].as_str().unwrap());
            runtime.block_on(table.get(&key, Consistency::Strong)).unwrap().unwrap()
        });
    });
    group.bench_function("bare SQLite, a partition of 100", |b| {
        b.iter(|| {
            let mut all = db.prepare_cached("SELECT body FROM items WHERE pk = ?1 ORDER BY sk").unwrap();
            let pk = format!("WORK#{}", next() / PARTITION);
            let rows = all.query_map(params![pk], |row| row.get::<_, String>(0)).unwrap();
            rows.map(|body| serde_json::from_str::<Item>(&body.unwrap()).unwrap()).collect::<Vec<_>>()
        });
    });
    group.bench_function("table, query of a partition of 100", |b| {
        b.iter(|| {
            let query = Query::new(Index::Base, format!("WORK#{}", next() / PARTITION));
            runtime.block_on(table.query(query)).unwrap().items
        });
    });
    group.bench_function("table, query of an index", |b| {
        b.iter(|| {
            let query = Query::new(Index::Gsi1, format!("SLUG#{}", next() % 997));
            runtime.block_on(table.query(query)).unwrap().items
        });
    });
    group.finish();
}

criterion_group!(benches, writes, reads);
criterion_main!(benches);
