//! What is bought together: per work a short list of the works most often in the same payment.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | list of a work | `TOGETHER#work` | `LIST#` |
//! | marker of a counted checkout | `TOGETHER#checkout` | `DONE#` |
//!
//! Invariants: a checkout is counted once, whatever is repeated; a list stays at [`MOST`] works however many buyers there
//! are (Space-Saving counts, Metwally et al. 2005: a newcomer takes the place and the count of the least); one payment alone
//! is never shown, so nobody's purchase can be read off a page.
//!
//! Not here: cards of what is found (the catalogue's).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_shared::id::{CheckoutId, WorkId};
use vitrine_table::{Condition, Consistency, Item, Key, Put, Table, TableError, Transact, TransactOp};

use crate::fault::{self, Result};

/// Works a list keeps.
pub(crate) const MOST: usize = 64;
/// Works of one payment that are counted, the first ones; each is written with all the others.
const COUNTED: usize = 12;
/// Payments it takes before two works are said to go together.
const LEAST: u32 = 2;
/// How long a repeated job is known, seconds.
const MARKER_SECS: i64 = 30 * 24 * 60 * 60;
/// How often a lost race is run again.
const TRIES: usize = 8;

/// What went with one work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    /// With how often.
    #[serde(default)]
    with: Vec<(WorkId, u32)>,
    /// Counts writes.
    #[serde(default)]
    rev: i64,
}

impl List {
    fn add(&mut self, other: &WorkId) {
        if let Some((_, count)) = self.with.iter_mut().find(|(work, _)| work == other) {
            *count = count.saturating_add(1);
        } else if self.with.len() < MOST {
            self.with.push((other.clone(), 1));
        } else if let Some(least) = self.with.iter_mut().min_by_key(|(_, count)| *count) {
            *least = (other.clone(), least.1.saturating_add(1));
        }
    }
}

/// The works of one payment that are counted.
pub(crate) fn counted(mut works: Vec<WorkId>) -> Vec<WorkId> {
    works.sort();
    works.dedup();
    works.truncate(COUNTED);
    works
}

/// What went with a work, and how often.
pub(crate) async fn list_of(table: &dyn Table, work: &WorkId) -> Result<Vec<(WorkId, u32)>> {
    let item = table.get(&list_key(work), Consistency::Strong).await.map_err(fault::table)?;
    let list: Option<List> = item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()?;
    Ok(list.map(|l| l.with).unwrap_or_default())
}

/// Reads and counts.
#[derive(Clone)]
pub struct Together {
    table: Arc<dyn Table>,
}

fn list_key(work: &WorkId) -> Key {
    Key::new(format!("TOGETHER#{work}"), "LIST#")
}

impl Together {
    /// On this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    async fn lists(&self, works: &[WorkId]) -> Result<Vec<List>> {
        let keys = works.iter().map(list_key).collect();
        let found = vitrine_table::retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        let list = |item: Option<_>| item.map_or(Ok(List::default()), vitrine_table::from_item);
        found.into_iter().map(list).map(|list| list.map_err(fault::table)).collect()
    }

    /// Counts one payment's works.
    ///
    /// # Errors
    /// The table's; counting again is safe.
    pub async fn count(&self, checkout: &CheckoutId, works: Vec<WorkId>, now_ms: i64) -> Result<()> {
        let works = counted(works);
        if works.len() < 2 {
            return Ok(());
        }
        for _ in 0..TRIES {
            let mut marker = Item::new();
            marker.insert("pk".into(), format!("TOGETHER#{checkout}").into());
            marker.insert("sk".into(), "DONE#".into());
            marker.insert("ttl".into(), json!(now_ms.div_euclid(1000) + MARKER_SECS));
            marker.insert("_v".into(), json!(1));
            let mut ops = vec![TransactOp::Put(Put { item: marker, condition: Some(Condition::ItemAbsent) })];
            for (work, mut list) in works.iter().zip(self.lists(&works).await?) {
                let was = list.rev;
                for other in works.iter().filter(|w| *w != work) {
                    list.add(other);
                }
                list.rev += 1;
                let mut item = vitrine_table::to_item(&list_key(work), &list).map_err(fault::table)?;
                item.insert("_v".into(), json!(1));
                let unchanged = if was == 0 { Condition::ItemAbsent } else { Condition::eq("rev", was) };
                ops.push(TransactOp::Put(Put { item, condition: Some(unchanged) }));
            }
            match self.table.transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(()),
                Err(e) if e.failed_condition(0).is_some() => return Ok(()),
                Err(TableError::Cancelled(_) | TableError::Conflict) => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(vitrine_shared::Problem::conflict("changed_meanwhile", "The lists change too often right now. Repeat."))
    }

    /// What others bought with any of `works`, most often first; without `works` themselves.
    ///
    /// # Errors
    /// The table's.
    pub async fn with(&self, works: &[WorkId]) -> Result<Vec<WorkId>> {
        // Several editions of a work are one work.
        let works: BTreeSet<&WorkId> = works.iter().take(vitrine_table::MAX_BATCH_GET).collect();
        let works: Vec<WorkId> = works.into_iter().cloned().collect();
        let mut counts: BTreeMap<WorkId, u32> = BTreeMap::new();
        for (other, count) in self.lists(&works).await?.into_iter().flat_map(|list| list.with) {
            if count >= LEAST && !works.contains(&other) {
                let sum = counts.entry(other).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let mut out: Vec<(WorkId, u32)> = counts.into_iter().collect();
        out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(out.into_iter().map(|(work, _)| work).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (Together, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let table = crate::testing::table(&dir, vitrine_clock::FixedClock::at(0), Some(3));
        (Together::new(table), dir)
    }

    fn work(n: u128) -> WorkId {
        WorkId::from_bits(n)
    }

    #[tokio::test]
    async fn a_payment_counts_once_and_shows_only_with_a_second_one() {
        let (together, _dir) = open();
        let pay = |n: u128| CheckoutId::from_bits(n);
        together.count(&pay(1), vec![work(1), work(2), work(3)], 0).await.unwrap();
        together.count(&pay(1), vec![work(1), work(2), work(3)], 0).await.unwrap();
        assert_eq!(together.with(&[work(1)]).await.unwrap(), vec![], "one payment is nobody else's business");
        together.count(&pay(2), vec![work(2), work(1)], 0).await.unwrap();
        assert_eq!(together.with(&[work(1)]).await.unwrap(), vec![work(2)]);
        together.count(&pay(3), vec![work(1), work(3), work(1)], 0).await.unwrap();
        together.count(&pay(4), vec![work(1), work(3)], 0).await.unwrap();
        assert_eq!(together.with(&[work(1)]).await.unwrap(), vec![work(3), work(2)], "most often first");
        assert_eq!(together.with(&[work(1), work(3)]).await.unwrap(), vec![work(2)]);
        assert_eq!(together.with(&[work(1), work(3), work(1)]).await.unwrap(), vec![work(2)], "a work counts once");
        assert_eq!(together.with(&[]).await.unwrap(), vec![]);
    }

    #[tokio::test]
    async fn payments_at_the_same_time_are_all_counted() {
        let (together, _dir) = open();
        let all = (0..6).map(|n| {
            let together = together.clone();
            tokio::spawn(async move { together.count(&CheckoutId::from_bits(n), vec![work(1), work(2)], 0).await })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
        assert_eq!(together.lists(&[work(1)]).await.unwrap()[0].with, vec![(work(2), 6)]);
    }

    #[test]
    fn a_list_stays_short_and_keeps_what_is_frequent() {
        let mut list = List::default();
        for n in 0..1000u128 {
            list.add(&work(n % 500 + 10));
            list.add(&work(1));
        }
        assert_eq!(list.with.len(), MOST);
        assert_eq!(list.with.iter().max_by_key(|(_, count)| *count).unwrap(), &(work(1), 1000));
    }
}
