//! What every [`Queue`] must do; adapters call [`check_all`] from a test.
//!
//! Index reads may lag in an adapter, so leasing is repeated for a while where a job must come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use vitrine_clock::{Clock, FixedClock};
use vitrine_table::{Condition, Put, Table, Transact, TransactOp};

use crate::{Job, JobState, Lane, NewJob, Queue, QueueError};

/// A queue to be checked, empty.
pub struct Subject {
    /// One process's handle.
    pub queue: Arc<dyn Queue>,
    /// Another process's handle on the same queue.
    pub other: Arc<dyn Queue>,
    /// The clock both read.
    pub clock: Arc<FixedClock>,
    /// The table it lives in, if it does.
    pub table: Option<Arc<dyn Table>>,
}

/// Runs every case, each on a fresh subject.
///
/// # Panics
/// If the queue does not conform.
pub async fn check_all(fresh: impl AsyncFn() -> Subject) {
    due_order(&fresh().await).await;
    two_workers_never_hold_one_job(&fresh().await).await;
    leases_end(&fresh().await).await;
    leases_are_held_longer(&fresh().await).await;
    leases_are_let_go(&fresh().await).await;
    failures_back_off_and_die(&fresh().await).await;
    silent_jobs_die(&fresh().await).await;
    same_key_is_the_same_job(&fresh().await).await;
    again_starts_over(&fresh().await).await;
    bad_jobs_are_refused(&fresh().await).await;
    enqueued_with_a_transaction(&fresh().await).await;
}

fn job(key: &str, run_at_ms: i64) -> NewJob {
    NewJob {
        kind: "test.run".into(),
        key: key.into(),
        payload: json!({"key": key, "ratio": 0.5}),
        run_at_ms,
        max_attempts: 3,
        trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
    }
}

async fn put(queue: &dyn Queue, key: &str, run_at_ms: i64) {
    assert!(queue.enqueue(job(key, run_at_ms)).await.unwrap(), "{key} is new");
}

/// Leases exactly `count` jobs, asking again while an index lags.
async fn take(queue: &dyn Queue, count: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for _ in 0..200 {
        jobs.extend(queue.lease(Lane::Soon, count - jobs.len(), 60).await.unwrap());
        if jobs.len() == count {
            return jobs;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{count} jobs were due, {} came", jobs.len());
}

async fn nothing_due(queue: &dyn Queue) {
    assert_eq!(queue.lease(Lane::Soon, 10, 60).await.unwrap(), vec![]);
}

async fn due_order(s: &Subject) {
    let now = s.clock.now_ms();
    for (key, at) in [("c", now), ("a", now - 2000), ("far", now + 400 * 86_400_000), ("b", now - 1000)] {
        put(&*s.queue, key, at).await;
    }
    let jobs = take(&*s.queue, 3).await;
    let keys: BTreeSet<&str> = jobs.iter().map(|j| j.job.key.as_str()).collect();
    assert_eq!(keys, BTreeSet::from(["a", "b", "c"]));
    if jobs.iter().all(|j| j.attempt == 1) && s.table.is_some() {
        assert_eq!(jobs.iter().map(|j| j.job.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }
    assert_eq!(jobs[0].job, job(&jobs[0].job.key, jobs[0].job.run_at_ms), "comes back as it was handed over");
    for job in &jobs {
        s.queue.done(job).await.unwrap();
    }
    nothing_due(&*s.queue).await;
    s.clock.advance_ms(400 * 86_400_000);
    assert_eq!(take(&*s.queue, 1).await[0].job.key, "far");
}

async fn two_workers_never_hold_one_job(s: &Subject) {
    for n in 0..20 {
        put(&*s.queue, &format!("k{n}"), s.clock.now_ms()).await;
    }
    let mut seen = BTreeSet::new();
    let mut leased = 0;
    for _ in 0..200 {
        let (one, two) = tokio::join!(s.queue.lease(Lane::Soon, 7, 60), s.other.lease(Lane::Soon, 7, 60));
        for job in one.unwrap().into_iter().chain(two.unwrap()) {
            leased += 1;
            seen.insert(job.job.key);
        }
        if seen.len() == 20 {
            break;
        }
    }
    assert_eq!((leased, seen.len()), (20, 20), "each job once");
    nothing_due(&*s.other).await;
}

async fn leases_are_held_longer(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    let job = take(&*s.queue, 1).await.remove(0);
    s.queue.extend(&job, 120).await.unwrap();
    s.clock.advance_ms(119_999);
    nothing_due(&*s.other).await;
    s.clock.advance_ms(1);
    let again = take(&*s.other, 1).await.remove(0);
    assert!(matches!(s.queue.extend(&job, 60).await, Err(QueueError::LeaseLost)));
    assert_eq!(s.queue.state("test.run", "k").await.unwrap(), Some(JobState::Waiting));
    s.other.done(&again).await.unwrap();
    assert_eq!(s.queue.state("test.run", "k").await.unwrap(), None);
}

async fn leases_are_let_go(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    let first = take(&*s.queue, 1).await.remove(0);
    assert_eq!(s.queue.depth().await.unwrap().due, 1, "in hand");
    let mut released = 0;
    // An index may lag: it is asked again.
    for _ in 0..50 {
        released += s.other.release_leases().await.unwrap();
    }
    assert_eq!(released, 1);
    assert!(matches!(s.queue.done(&first).await, Err(QueueError::LeaseLost)), "it is nobody's");
    let second = take(&*s.other, 1).await.remove(0);
    assert_eq!(second.attempt, 2, "it counts, so that a job that ends its process comes to its end");
    for _ in 0..50 {
        s.other.release_leases().await.unwrap();
    }
    nothing_due(&*s.queue).await;
    assert_eq!(s.queue.depth().await.unwrap().due, 0, "it waits as after a failure");
    s.clock.advance_ms(2_000);
    take(&*s.queue, 1).await;
}

async fn leases_end(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    let first = take(&*s.queue, 1).await.remove(0);
    s.clock.advance_ms(59_999);
    nothing_due(&*s.other).await;
    s.clock.advance_ms(1);
    let second = take(&*s.other, 1).await.remove(0);
    assert_eq!(second.attempt, 2, "a lease without an answer was an attempt");
    let lost = |answer| assert!(matches!(answer, Err(QueueError::LeaseLost)), "{answer:?}");
    lost(s.queue.done(&first).await);
    lost(s.queue.failed(&first, "late").await);
    lost(s.queue.again(&first, 0).await);
    s.other.done(&second).await.unwrap();
    lost(s.other.done(&second).await);
}

async fn failures_back_off_and_die(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    for full_ms in [2_000, 4_000] {
        let job = take(&*s.queue, 1).await.remove(0);
        s.queue.failed(&job, "no answer").await.unwrap();
        s.clock.advance_ms(full_ms / 2 - 1);
        nothing_due(&*s.queue).await;
        s.clock.advance_ms(full_ms / 2 + 1);
    }
    let job = take(&*s.queue, 1).await.remove(0);
    assert_eq!(job.attempt, 3);
    s.queue.failed(&job, "still no answer").await.unwrap();
    let died_ms = s.clock.now_ms();
    s.clock.advance_ms(7_200_000);
    nothing_due(&*s.queue).await;
    let (dead, _) = s.queue.dead(10, None).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].error.as_str(), dead[0].died_ms), ("still no answer", died_ms));
    assert_eq!(s.queue.depth().await.unwrap().dead, 1);
    assert!(!s.queue.enqueue(job.job.clone()).await.unwrap(), "a dead letter is only revived by hand");
    s.queue.revive("test.run", "k").await.unwrap();
    assert!(matches!(s.queue.revive("test.run", "k").await, Err(QueueError::NotFound)));
    assert!(matches!(s.queue.revive("test.run", "other").await, Err(QueueError::NotFound)));
    let revived = take(&*s.queue, 1).await.remove(0);
    assert_eq!(revived.attempt, 1);
    s.queue.done(&revived).await.unwrap();
    assert_eq!(s.queue.dead(10, None).await.unwrap().0.len(), 0);
}

async fn silent_jobs_die(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    for _ in 0..3 {
        take(&*s.queue, 1).await;
        s.clock.advance_ms(60_000);
    }
    nothing_due(&*s.queue).await;
    assert_eq!(s.queue.depth().await.unwrap().dead, 1);
}

async fn same_key_is_the_same_job(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    assert!(!s.queue.enqueue(job("k", s.clock.now_ms() - 5)).await.unwrap(), "while it waits");
    let held = take(&*s.queue, 1).await.remove(0);
    assert!(!s.other.enqueue(job("k", 0)).await.unwrap(), "while it runs");
    assert_eq!(s.queue.depth().await.unwrap().waiting, 1);
    s.queue.done(&held).await.unwrap();
    nothing_due(&*s.queue).await;
    assert_eq!(s.queue.depth().await.unwrap().waiting, 0);
    put(&*s.queue, "k", s.clock.now_ms()).await;
}

async fn again_starts_over(s: &Subject) {
    put(&*s.queue, "k", s.clock.now_ms()).await;
    let first = take(&*s.queue, 1).await.remove(0);
    s.queue.again(&first, s.clock.now_ms() + 10_000).await.unwrap();
    nothing_due(&*s.queue).await;
    s.clock.advance_ms(10_000);
    assert_eq!(take(&*s.queue, 1).await[0].attempt, 1);
}

async fn bad_jobs_are_refused(s: &Subject) {
    let good = job("k", 0);
    let bad = [
        NewJob { kind: "Bad Kind".into(), ..good.clone() },
        NewJob { key: String::new(), ..good.clone() },
        NewJob { max_attempts: 0, ..good.clone() },
        NewJob { max_attempts: 51, ..good.clone() },
        NewJob { payload: json!("x".repeat(64 * 1024)), ..good },
    ];
    for job in bad {
        assert!(matches!(s.queue.enqueue(job).await, Err(QueueError::Invalid(_))));
    }
}

async fn enqueued_with_a_transaction(s: &Subject) {
    let now = s.clock.now_ms();
    let (Some(table), Some(item)) = (&s.table, s.queue.as_item(&job("k", now)).unwrap()) else {
        return;
    };
    let op = |item| TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) });
    let order = json!({"pk": "ORDER#1", "sk": "ORDER"}).as_object().cloned().unwrap();
    let both = Transact { ops: vec![op(order.clone()), op(item)], token: None };
    table.transact(both).await.unwrap();
    assert_eq!(take(&*s.queue, 1).await[0].job, job("k", now));
    let item = s.queue.as_item(&job("never", now)).unwrap().unwrap();
    table.transact(Transact { ops: vec![op(order), op(item)], token: None }).await.unwrap_err();
    nothing_due(&*s.queue).await;
}
