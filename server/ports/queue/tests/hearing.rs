//! A worker looks when it heard of a job, and only then.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::poll;
use serde_json::json;
use vitrine_clock::{Clock, FixedClock};
use vitrine_queue::hearing::{Ears, Hearing};
use vitrine_queue::table::TableQueue;
use vitrine_queue::{Lane, NewJob, Queue};
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Condition, Item, Put, Table, Transact, TransactOp};

/// Longer than any of these tests; only a failing one waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    clock: Arc<FixedClock>,
    table: Arc<dyn Table>,
    /// The same, past the ears.
    deaf: Arc<dyn Table>,
    queue: TableQueue,
    _dir: tempfile::TempDir,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_800_000_000_000);
    let ears = Ears::new(clock.clone());
    let deaf: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("data.db"), clock.clone()).unwrap());
    let table: Arc<dyn Table> = Arc::new(Hearing::new(deaf.clone(), ears.clone()));
    let queue = TableQueue::new(table.clone(), clock.clone()).hearing(ears);
    World { clock, table, deaf, queue, _dir: dir }
}

impl World {
    fn job(&self, kind: &str, key: &str, in_ms: i64) -> NewJob {
        NewJob {
            kind: kind.into(),
            key: key.into(),
            payload: json!({}),
            run_at_ms: self.clock.now_ms() + in_ms,
            max_attempts: 3,
            trace: None,
        }
    }

    /// As a service writes a job with what it is about.
    async fn transact(&self, job: &NewJob) {
        let order: Item = json!({"pk": "ORDER#1", "sk": "ORDER"}).as_object().cloned().unwrap();
        let put = |item, condition| TransactOp::Put(Put { item, condition });
        let job = self.queue.as_item(job).unwrap().unwrap();
        let ops = vec![put(order, None), put(job, Some(Condition::ItemAbsent))];
        self.table.transact(Transact { ops, token: None }).await.unwrap();
    }

    async fn nothing_is_due(&self) {
        for lane in Lane::ALL {
            assert_eq!(self.queue.lease(lane, 10, 60).await.unwrap(), vec![]);
        }
    }
}

#[tokio::test]
async fn a_job_of_a_transaction_wakes_its_lane_and_no_other() {
    let w = world();
    w.nothing_is_due().await;
    let (mut soon, mut bulk) = (pin!(w.queue.wait(Lane::Soon, PATIENCE)), pin!(w.queue.wait(Lane::Bulk, PATIENCE)));
    assert!(poll!(&mut soon).is_pending() && poll!(&mut bulk).is_pending());
    let other: Item = json!({"pk": "CART#1", "sk": "CART#"}).as_object().cloned().unwrap();
    w.table.put(Put { item: other, condition: None }).await.unwrap();
    assert!(poll!(&mut soon).is_pending(), "a commit without a job wakes nobody");
    w.transact(&w.job("test.run", "k", 0)).await;
    assert!(poll!(&mut soon).is_ready() && poll!(&mut bulk).is_pending());
    let jobs = w.queue.lease(Lane::Soon, 10, 60).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_pending(), "everything that was due is taken");
}

#[tokio::test]
async fn what_is_left_or_came_meanwhile_is_looked_for_at_once() {
    let w = world();
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_ready(), "nobody has looked yet");
    for key in ["a", "b", "c"] {
        w.transact(&w.job("test.run", key, 0)).await;
    }
    assert_eq!(w.queue.lease(Lane::Soon, 2, 60).await.unwrap().len(), 2);
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_ready(), "one is left");
    assert_eq!(w.queue.lease(Lane::Soon, 2, 60).await.unwrap().len(), 1);
    w.queue.enqueue(w.job("test.run", "d", 0)).await.unwrap();
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_ready(), "one came after the look");
}

#[tokio::test]
async fn a_job_for_later_is_waited_for_until_its_time() {
    let w = world();
    w.transact(&w.job("test.run", "known", 30)).await;
    w.nothing_is_due().await;
    let patience = tokio::time::timeout(PATIENCE / 2, w.queue.wait(Lane::Soon, PATIENCE));
    patience.await.expect("the store said when");
    w.transact(&w.job("test.run", "sooner", 20)).await;
    let patience = tokio::time::timeout(PATIENCE / 2, w.queue.wait(Lane::Soon, PATIENCE));
    patience.await.expect("it was heard");
    w.clock.advance_ms(30);
    assert_eq!(w.queue.lease(Lane::Soon, 10, 60).await.unwrap().len(), 2);
    // Nothing is due before the leases end.
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_pending());
    w.clock.advance_ms(60_000);
    assert_eq!(w.queue.lease(Lane::Soon, 10, 60).await.unwrap().len(), 2, "leases that ended are found");
}

#[tokio::test]
async fn jobs_that_were_heard_of_are_taken_without_the_index() {
    let w = world();
    w.nothing_is_due().await;
    // The index knows this job and nobody heard of it: written past the ears, as by another process.
    let unheard = w.queue.as_item(&w.job("test.run", "other", 0)).unwrap().unwrap();
    w.deaf.put(Put { item: unheard, condition: None }).await.unwrap();
    assert!(poll!(pin!(w.queue.wait(Lane::Soon, PATIENCE))).is_pending());
    w.transact(&w.job("test.run", "mine", 0)).await;
    let keys = |jobs: Vec<vitrine_queue::Job>| jobs.into_iter().map(|j| j.job.key).collect::<Vec<_>>();
    assert_eq!(keys(w.queue.lease(Lane::Soon, 10, 60).await.unwrap()), ["mine"]);
    assert_eq!(keys(w.queue.lease(Lane::Soon, 10, 60).await.unwrap()), ["other"], "a look without anything heard");
}
