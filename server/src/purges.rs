//! What one node wrote of the public catalogue, told to the other nodes through the table they share.
//!
//! Purpose: a page that was changed at one node is not shown as it was by another for longer than [`WITHIN`]. The change feed says the
//! same, but each node reads it at its index's pace, and a stream serves few readers; this is one small query a second.
//!
//! Invariants:
//! - An entry is written after what it tells of and before the writer hears that it is done; it is never changed.
//! - A follower reads from before where it stopped, so that a clock that is behind or an entry that came late is not passed over. What it
//!   has seen is not marked again.
//! - A follower that could not read for longer than entries are kept makes everything stale.
//! - Losing an entry (its writer died in between) costs time only: the feed tells the follower of the index too.
//!
//! Not here: one node with an embedded table, which needs none of this.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vitrine_clock::SharedClock;
use vitrine_table::{Consistency, Index, Item, Put, Query, Result, SortRange, Table};

use crate::changes::Changes;

/// The longest another node may show what was before.
pub const WITHIN: Duration = Duration::from_secs(2);
/// How often followers look.
const EVERY: Duration = Duration::from_millis(500);
/// One partition of the log covers this many milliseconds.
const BUCKET_MS: i64 = 60_000;
/// How far back a follower reads again: more than clocks differ and a write takes.
const BACK_MS: i64 = 15_000;
/// How long entries are kept.
const KEPT_MS: i64 = 600_000;
/// Keys of one entry; more at once are told as everything.
const MOST_KEYS: usize = 500;

/// The log of one node. Cheap to clone.
#[derive(Clone)]
pub struct Purges {
    table: Arc<dyn Table>,
    clock: SharedClock,
    /// Tells this node's entries from others'.
    node: Arc<str>,
    number: Arc<AtomicU64>,
}

fn partition(ms: i64) -> String {
    format!("PURGE#{}", ms.div_euclid(BUCKET_MS))
}

impl Purges {
    /// A node's log in the shared table.
    pub fn new(table: Arc<dyn Table>, clock: SharedClock) -> Self {
        let node = format!("{:016x}", rand::random::<u64>()).into();
        Self { table, clock, node, number: Arc::default() }
    }

    /// Tells the other nodes that these partitions changed. A failure is logged: the feed tells them later.
    pub async fn tell(&self, keys: &[&str]) {
        if keys.is_empty() {
            return;
        }
        let now = self.clock.now_ms();
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut item = Item::new();
        item.insert("pk".into(), partition(now).into());
        item.insert("sk".into(), format!("{now:015}#{}#{number}", self.node).into());
        item.insert("ttl".into(), ((now + KEPT_MS).div_euclid(1000)).into());
        // None: everything.
        let keys = if keys.len() > MOST_KEYS { &[] } else { keys };
        item.insert("keys".into(), keys.iter().map(|k| (*k).to_owned()).collect::<Vec<String>>().into());
        if let Err(error) = self.table.put(Put { item, condition: None }).await {
            tracing::warn!(%error, "other nodes were not told of a change at once");
        }
    }

    /// Who reads from now on what other nodes tell.
    pub fn follower(self, changes: Changes) -> Follower {
        Follower { seen: HashMap::new(), last: self.clock.now_ms(), log: self, changes }
    }

    /// Follows what other nodes tell, until told to stop.
    pub async fn follow(self, changes: Changes, mut stop: watch::Receiver<bool>) {
        let mut follower = self.follower(changes);
        loop {
            let begun = Instant::now();
            if let Err(error) = follower.look().await {
                tracing::warn!(%error, "what other nodes changed cannot be read; trying again");
            }
            metrics::histogram!("purge_log_look_seconds").record(begun.elapsed().as_secs_f64());
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                told = stop.wait_for(|told| *told) => {
                    drop(told);
                    return;
                }
            }
        }
    }
}

/// Reads the log of other nodes and marks what they changed.
pub struct Follower {
    log: Purges,
    changes: Changes,
    /// Entries that were marked, with their time.
    seen: HashMap<String, i64>,
    /// Everything before this moment was read.
    last: i64,
}

impl Follower {
    /// Marks everything that was told since the last look; after a silence longer than entries are kept, everything there is.
    ///
    /// # Errors
    /// The table's: nothing is passed over, the next look begins at the same place.
    pub async fn look(&mut self) -> Result<()> {
        let now = self.log.clock.now_ms();
        if now - self.last > KEPT_MS - BACK_MS {
            self.changes.mark_all();
            self.last = now;
        }
        let from = self.last.min(now) - BACK_MS;
        // Clocks ahead of this one write into the next partition.
        for bucket in from.div_euclid(BUCKET_MS)..=(now + BACK_MS).div_euclid(BUCKET_MS) {
            let mut cursor = None;
            loop {
                let range = SortRange::From(format!("{from:015}"));
                let mut query = Query::new(Index::Base, partition(bucket * BUCKET_MS)).range(range).after(cursor);
                query.consistency = Consistency::Strong;
                let page = self.log.table.query(query).await?;
                for item in &page.items {
                    self.mark(item);
                }
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
        self.last = now;
        self.seen.retain(|_, at| *at >= from - BACK_MS);
        Ok(())
    }

    fn mark(&mut self, item: &Item) {
        let Some(sk) = item.get("sk").and_then(|v| v.as_str()) else { return };
        let at = sk.split('#').next().and_then(|t| t.parse().ok()).unwrap_or_default();
        // Its own writes were marked when they were made.
        let own = sk.split('#').nth(1) == Some(&*self.log.node);
        if own || self.seen.insert(sk.to_owned(), at).is_some() {
            return;
        }
        let keys: Vec<&str> =
            item.get("keys").and_then(|v| v.as_array()).into_iter().flatten().filter_map(|k| k.as_str()).collect();
        if keys.is_empty() {
            self.changes.mark_all();
        } else {
            self.changes.mark(keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use vitrine_clock::{FixedClock, SystemClock};
    use vitrine_table::Key;
    use vitrine_table::sqlite::SqliteTable;

    use super::*;
    use crate::changes::{LISTS, Watched, tag};
    use crate::config::Config;
    use crate::state::{Adapters, App};

    /// Two houses over one table: what one writes, the other has marked within two seconds, without reading the feed.
    #[tokio::test]
    async fn a_change_of_one_node_is_marked_by_the_other_within_two_seconds() {
        let dir = tempfile::tempdir().unwrap();
        let table: Arc<dyn Table> =
            Arc::new(SqliteTable::open(dir.path().join("t.db"), Arc::new(SystemClock)).unwrap());
        let mut nodes = Vec::new();
        for name in ["a", "b"] {
            let data_dir = dir.path().join(name);
            crate::state::mark_demo(&data_dir).unwrap();
            let master_key = secrecy::SecretString::from("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
            let config = Config { data_dir, master_key, ..Config::default() };
            nodes.push(App::open(config, Adapters { table: Some(table.clone()), blob: None }).await.unwrap());
        }
        let (a, b) = (&nodes[0], &nodes[1]);
        let (stop, stopped) = watch::channel(false);
        let follower = tokio::spawn(b.purges.clone().unwrap().follow(b.changes.clone(), stopped));
        for round in 0..3 {
            let made = b.changes.now();
            let mut item = Item::new();
            item.insert("pk".into(), "WORK#w_1".into());
            item.insert("sk".into(), "META#".into());
            item.insert("n".into(), round.into());
            a.table.put(Put { item, condition: None }).await.unwrap();
            let written = Instant::now();
            while !b.changes.stale(made, &[tag("WORK#w_1")]) {
                assert!(written.elapsed() < WITHIN, "round {round}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(b.changes.stale(made, &[tag(LISTS)]) && !b.changes.stale(made, &[tag("WORK#w_2")]));
        }
        stop.send(true).unwrap();
        follower.await.unwrap();
    }

    fn put(pk: &str) -> Put {
        let mut item = Item::new();
        item.insert("pk".into(), pk.into());
        item.insert("sk".into(), "S".into());
        Put { item, condition: None }
    }

    #[tokio::test]
    async fn entries_that_come_late_are_seen_and_none_is_marked_twice() {
        let dir = tempfile::tempdir().unwrap();
        // Some moment shortly after a partition began; the writer's clock is ten seconds behind, in the one before.
        let now = 1_790_000_040_000 - 1_790_000_040_000 % BUCKET_MS + 2_000;
        let (clock, behind) = (FixedClock::at(now), FixedClock::at(now - 10_000));
        let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.db"), clock.clone()).unwrap());
        let log = Purges::new(table.clone(), clock.clone());
        let mut follower = Follower { seen: HashMap::new(), last: now, changes: Changes::default(), log };
        follower.look().await.unwrap();
        let writer = Watched::new(table.clone(), Changes::default()).telling(Purges::new(table.clone(), behind));
        writer.put(put("CART#c")).await.unwrap();
        follower.look().await.unwrap();
        assert_eq!(follower.changes.now(), 0, "what no page shows is not told");
        writer.put(put("STOCK#v_1")).await.unwrap();
        follower.look().await.unwrap();
        assert!(follower.changes.stale(0, &[tag("STOCK#v_1")]));
        let marked = follower.changes.now();
        follower.look().await.unwrap();
        assert_eq!(follower.changes.now(), marked);
        // Its own are marked where they are written.
        follower.log.clone().tell(&["WORK#w_1"]).await;
        follower.look().await.unwrap();
        assert_eq!(follower.changes.now(), marked);
        assert!(table.get(&Key::new("STOCK#v_1", "S"), Consistency::Strong).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn too_much_at_once_and_too_long_a_silence_make_everything_stale() {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(1_790_000_000_000);
        let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.db"), clock.clone()).unwrap());
        let other = Purges::new(table.clone(), clock.clone());
        let log = Purges::new(table, clock.clone());
        let mut follower = Follower { seen: HashMap::new(), last: 1_790_000_000_000, changes: Changes::default(), log };
        let many: Vec<String> = (0..=MOST_KEYS).map(|n| format!("WORK#w_{n}")).collect();
        other.tell(&many.iter().map(String::as_str).collect::<Vec<_>>()).await;
        follower.look().await.unwrap();
        assert!(follower.changes.stale(0, &[tag("MAKER#m_1")]));
        let made = follower.changes.now();
        clock.advance_ms(KEPT_MS);
        follower.look().await.unwrap();
        assert!(follower.changes.stale(made, &[tag("MAKER#m_1")]));
    }
}
