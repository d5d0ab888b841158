//! What of the public catalogue changed since when: whoever keeps something made from records asks here whether it still holds.
//!
//! Invariants:
//! - Every write of this node is marked before its caller hears of it ([`Watched`]); every change of any node is marked again once the
//!   search index has it (`catalog::index`), so that nothing made from an index that lagged stays.
//! - Who makes something reads [`Changes::now`] first: what changes meanwhile makes it stale.
//! - Memory is bounded: marks older than [`KEEP`] are forgotten, and too many at once make everything stale instead.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    Transact, TransactOp, UpdateItem,
};

use crate::purges::Purges;

/// How long a mark is kept; nothing made from records may be kept longer.
pub const KEEP: Duration = Duration::from_secs(120);
/// Marks at once.
const MOST: usize = 100_000;
/// Stands for everything that lists, searches or counts works, makers and shops.
pub const LISTS: &str = "LISTS";
/// Stands for every storefront and its seller.
pub const SHOPS: &str = "SHOPS";
/// Records whose change alters what lists show.
const LISTED: [&str; 4] = ["WORK#", "STORE#", "TENANT#", "MAKER#"];
/// Further records that public pages or kept offers show.
const SHOWN: [&str; 4] = ["LICENCE#", "STOCK#", "TOGETHER#", "PROMO#"];

/// Whether a public page shows anything of this partition.
fn is_shown(pk: &str) -> bool {
    LISTED.iter().chain(&SHOWN).any(|p| pk.starts_with(p))
}

/// A record's partition as a number.
pub type Tag = u64;

/// The number of a partition key, of [`LISTS`] or of [`SHOPS`].
pub fn tag(pk: &str) -> Tag {
    // Fixed keys: two nodes, and two runs, name a record alike.
    let mut hasher = DefaultHasher::new();
    pk.hash(&mut hasher);
    hasher.finish()
}

/// What an answer that may be kept is made from, as an extension of its request; who loads it fills it in.
#[derive(Clone, Default)]
pub struct Reads(Arc<Mutex<Vec<Tag>>>);

impl Reads {
    /// The answer shows these partitions.
    pub fn note<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(keys.into_iter().map(tag));
    }

    /// All of them, once each; none is left.
    pub fn take(&self) -> Vec<Tag> {
        let mut tags = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

#[derive(Default)]
struct Marks {
    at: HashMap<Tag, (u64, Instant)>,
    /// What was made before this number is stale whatever it was made from.
    floor: u64,
    /// How many there may be before old ones are looked for.
    room: usize,
}

/// The marks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Changes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    now: AtomicU64,
    marks: RwLock<Marks>,
}

impl Changes {
    /// The number of the last change.
    pub fn now(&self) -> u64 {
        self.0.now.load(Ordering::SeqCst)
    }

    /// Marks these partitions as changed now; those that no public page shows are passed over.
    pub fn mark<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        let mut tags = Vec::new();
        for pk in keys {
            if LISTED.iter().any(|p| pk.starts_with(p)) {
                tags.extend([tag(pk), tag(LISTS)]);
                if pk.starts_with("STORE#") || pk.starts_with("TENANT#") {
                    tags.push(tag(SHOPS));
                }
            } else if SHOWN.iter().any(|p| pk.starts_with(p)) {
                tags.push(tag(pk));
            }
        }
        if tags.is_empty() {
            return;
        }
        let mut marks = self.0.marks.write().unwrap_or_else(PoisonError::into_inner);
        let number = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        let now = Instant::now();
        for tag in tags {
            marks.at.insert(tag, (number, now));
        }
        // Looked through once for each doubling, not at each mark.
        if marks.at.len() > marks.room {
            marks.at.retain(|_, (_, at)| now.duration_since(*at) < KEEP);
            if marks.at.len() > MOST {
                marks.at.clear();
                marks.floor = number;
            }
            marks.room = (2 * marks.at.len()).clamp(1024, MOST);
        }
    }

    /// Makes everything stale: the search index was built anew.
    pub fn mark_all(&self) {
        let mut marks = self.0.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.floor = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        marks.at.clear();
    }

    /// Whether any of these changed after the number `since`.
    pub fn stale(&self, since: u64, tags: &[Tag]) -> bool {
        if since == self.now() {
            return false;
        }
        let marks = self.0.marks.read().unwrap_or_else(PoisonError::into_inner);
        since < marks.floor || tags.iter().any(|t| marks.at.get(t).is_some_and(|(number, _)| *number > since))
    }
}

/// A table that marks what is written through it.
pub struct Watched {
    table: Arc<dyn Table>,
    changes: Changes,
    /// Tells other nodes.
    purges: Option<Purges>,
}

impl Watched {
    /// Around a table.
    pub fn new(table: Arc<dyn Table>, changes: Changes) -> Self {
        Self { table, changes, purges: None }
    }

    /// Tells the other nodes too.
    #[must_use]
    pub fn telling(self, purges: Purges) -> Self {
        Self { purges: Some(purges), ..self }
    }

    /// Marks also after a failure: an answer that was lost may have been a write.
    async fn marked<T>(&self, keys: Vec<String>, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = work.await;
        self.changes.mark(keys.iter().map(String::as_str));
        if let Some(purges) = &self.purges {
            purges.tell(&keys.iter().map(String::as_str).filter(|pk| is_shown(pk)).collect::<Vec<_>>()).await;
        }
        done
    }
}

fn pk_of(item: &Item) -> String {
    item.get("pk").and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}

#[async_trait]
impl Table for Watched {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.table.get(key, consistency).await
    }

    async fn put(&self, put: Put) -> Result<Option<Item>> {
        self.marked(vec![pk_of(&put.item)], self.table.put(put)).await
    }

    async fn update(&self, update: UpdateItem) -> Result<Item> {
        self.marked(vec![update.key.pk.clone()], self.table.update(update)).await
    }

    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        self.marked(vec![delete.key.pk.clone()], self.table.delete(delete)).await
    }

    async fn query(&self, query: Query) -> Result<Page> {
        self.table.query(query).await
    }

    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.table.batch_get(keys, consistency).await
    }

    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        let keys = writes.iter().map(|w| match w {
            BatchWrite::Put(item) => pk_of(item),
            BatchWrite::Delete(key) => key.pk.clone(),
        });
        self.marked(keys.collect(), self.table.batch_write(writes)).await
    }

    async fn transact(&self, transact: Transact) -> Result<()> {
        let keys = transact.ops.iter().filter_map(|op| match op {
            TransactOp::Put(put) => Some(pk_of(&put.item)),
            TransactOp::Update(update) => Some(update.key.pk.clone()),
            TransactOp::Delete(delete) => Some(delete.key.pk.clone()),
            TransactOp::Check { .. } => None,
        });
        self.marked(keys.collect(), self.table.transact(transact)).await
    }

    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.table.transact_get(keys).await
    }

    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.table.feed(start, limit).await
    }

    async fn feed_keys(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.table.feed_keys(start, limit).await
    }

    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }

    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.table.sweep_expired(limit).await
    }

    async fn damage(&self) -> Result<Vec<String>> {
        self.table.damage().await
    }
}

#[cfg(test)]
mod tests {
    use vitrine_clock::FixedClock;
    use vitrine_table::sqlite::SqliteTable;

    use super::*;

    #[test]
    fn only_what_changed_after_it_was_made_is_stale() {
        let changes = Changes::default();
        let (work, other, lists) = (tag("WORK#w_1"), tag("WORK#w_2"), tag(LISTS));
        let made = changes.now();
        changes.mark(["CART#x", "ORDER#y"]);
        assert_eq!(changes.now(), made, "what no page shows is no change");
        changes.mark(["STOCK#v_1"]);
        assert!(!changes.stale(made, &[work, lists]) && changes.stale(made, &[tag("STOCK#v_1")]));
        changes.mark(["WORK#w_1"]);
        assert!(changes.stale(made, &[work]) && changes.stale(made, &[lists]) && !changes.stale(made, &[other]));
        let again = changes.now();
        assert!(!changes.stale(again, &[work, lists]));
    }

    #[test]
    fn more_marks_than_are_kept_make_everything_stale() {
        let changes = Changes::default();
        let made = changes.now();
        for n in 0..=MOST {
            changes.mark([format!("STOCK#{n}").as_str()]);
        }
        assert!(changes.stale(made, &[tag("WORK#never-marked")]));
        assert!(changes.0.marks.read().unwrap().at.len() < MOST);
        let again = changes.now();
        assert!(!changes.stale(again, &[tag("STOCK#5")]));
        changes.mark_all();
        assert!(changes.stale(again, &[tag("STOCK#5")]) && !changes.stale(changes.now(), &[tag("STOCK#5")]));
    }

    #[tokio::test]
    async fn every_way_to_write_is_marked() {
        let dir = tempfile::tempdir().unwrap();
        let table = Arc::new(SqliteTable::open(dir.path().join("t.db"), FixedClock::at(0)).unwrap());
        let changes = Changes::default();
        let watched = Watched::new(table, changes.clone());
        let key = Key::new("WORK#w_1", "META#");
        let item = || -> Item {
            let mut item = Item::new();
            item.insert("pk".into(), "WORK#w_1".into());
            item.insert("sk".into(), "META#".into());
            item
        };
        let put = || Put { item: item(), condition: None };
        let update =
            || UpdateItem { key: key.clone(), updates: vec![vitrine_table::Update::set("a", 1)], condition: None };
        for act in 0..6 {
            let made = changes.now();
            match act {
                0 => drop(watched.put(put()).await.unwrap()),
                1 => drop(watched.update(update()).await.unwrap()),
                2 => drop(watched.batch_write(vec![BatchWrite::Put(item())]).await.unwrap()),
                3 => watched.transact(Transact { ops: vec![TransactOp::Put(put())], token: None }).await.unwrap(),
                4 => drop(watched.delete(Delete { key: key.clone(), condition: None }).await.unwrap()),
                _ => drop(watched.batch_write(vec![BatchWrite::Delete(key.clone())]).await.unwrap()),
            }
            assert!(changes.stale(made, &[tag("WORK#w_1")]), "{act}");
        }
    }
}
