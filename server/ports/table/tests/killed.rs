//! A process that is killed in the middle of writing loses nothing it acknowledged and leaves nothing half done.
//!
//! SIGKILL takes the process, not the operating system's cache: that what is acknowledged also survives a power cut hangs
//! on `synchronous=FULL`, which this test cannot see.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use vitrine_clock::FixedClock;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Condition, Consistency, FeedStart, Key, Put, Table, Transact, TransactOp};

/// Names the store to the child.
const STORE: &str = "VITRINE_TEST_KILLED_STORE";
/// Writers at the same time.
const WRITERS: u64 = 8;

fn open(path: &Path) -> SqliteTable {
    SqliteTable::open(path, FixedClock::at(1_800_000_000_000)).unwrap()
}

fn put(pk: &str, sk: &str) -> TransactOp {
    let item = json!({ "pk": pk, "sk": sk, "text": "x".repeat(300) }).as_object().unwrap().clone();
    TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) })
}

/// The child: writes pairs until it is killed, and says each that was acknowledged.
#[test]
fn child() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let table = Arc::new(open(Path::new(&path)));
        let round = std::process::id();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let table = table.clone();
                tokio::spawn(async move {
                    for n in 0u64.. {
                        let name = format!("{round}-{writer}-{n}");
                        let ops = vec![put("left", &name), put("right", &name)];
                        table.transact(Transact { ops, token: None }).await.unwrap();
                        let mut out = std::io::stdout().lock();
                        writeln!(out, "ack {name}").unwrap();
                        out.flush().unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let mut acknowledged: Vec<String> = Vec::new();
    for acks in [1, 40, 150] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(STORE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < acks {
            let line = lines.next().expect("the child writes until it is killed").unwrap();
            // The test harness's own words stand before the first.
            if let Some((_, name)) = line.split_once("ack ") {
                acknowledged.push(name.to_owned());
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said between the last line read and its end was acknowledged too; the last line may be torn.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let whole = rest.len().saturating_sub(1);
        acknowledged.extend(rest[..whole].iter().filter_map(|l| Some(l.split_once("ack ")?.1.to_owned())));

        let table = open(&path);
        for name in &acknowledged {
            for side in ["left", "right"] {
                let found = table.get(&Key::new(side, name), Consistency::Strong).await.unwrap();
                assert!(found.is_some(), "{side} of {name} was acknowledged");
            }
        }
        // Every item comes with its other half and stands in the feed.
        let (mut halves, mut told, mut start) = (Vec::new(), 0, FeedStart::Oldest);
        loop {
            let page = table.feed(start, 1000).await.unwrap();
            told += page.changes.len();
            halves.extend(page.changes.into_iter().map(|change| change.key));
            if page.caught_up {
                break;
            }
            start = FeedStart::After(page.position);
        }
        assert!(told >= 2 * acknowledged.len());
        for key in halves {
            let other = if key.pk == "left" { "right" } else { "left" };
            for pk in [key.pk.as_str(), other] {
                let found = table.get(&Key::new(pk, &key.sk), Consistency::Strong).await.unwrap();
                assert!(found.is_some(), "{pk} of {}", key.sk);
            }
        }
    }
}
