//! The worker: shutdown, time-outs, panics and what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use vitrine_clock::{Clock, FixedClock};
use vitrine_queue::table::TableQueue;
use vitrine_queue::worker::{Handler, Handlers, JobFailed, Outcome, Worker, WorkerMetrics};
use vitrine_queue::{Job, Lane, NewJob, Queue};
use vitrine_table::sqlite::SqliteTable;

/// Longer than any of these tests; only a failing one waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    clock: Arc<FixedClock>,
    queue: Arc<TableQueue>,
    _dir: tempfile::TempDir,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_800_000_000_000);
    let table = Arc::new(SqliteTable::open(dir.path().join("data.db"), clock.clone()).unwrap());
    let queue = Arc::new(TableQueue::new(table, clock.clone()));
    World { clock, queue, _dir: dir }
}

impl World {
    async fn enqueue(&self, kind: &str, key: &str, max_attempts: u32) {
        let job = NewJob {
            kind: kind.into(),
            key: key.into(),
            payload: json!({}),
            run_at_ms: self.clock.now_ms(),
            max_attempts,
            trace: None,
        };
        assert!(self.queue.enqueue(job).await.unwrap());
    }

    fn worker(&self, handlers: Vec<(&str, Arc<dyn Handler>)>) -> Worker {
        let handlers: Handlers = handlers.into_iter().map(|(kind, handler)| (kind.to_owned(), handler)).collect();
        Worker::new(self.queue.clone(), handlers)
    }

    /// The errors of dead letters by key.
    async fn dead(&self) -> Vec<(String, String)> {
        let (dead, _) = self.queue.dead(100, None).await.unwrap();
        dead.into_iter().map(|letter| (letter.job.key, letter.error)).collect()
    }
}

type Answer = Result<Outcome, JobFailed>;

/// Answers at once what it is told to.
struct Answers<F>(F);

#[async_trait]
impl<F: Fn(&Job) -> Answer + Send + Sync + 'static> Handler for Answers<F> {
    async fn run(&self, job: &Job) -> Answer {
        (self.0)(job)
    }
}

/// Says that it began, and goes on when it may.
struct Gate {
    begun: Semaphore,
    open: Semaphore,
    finished: AtomicUsize,
}

#[async_trait]
impl Handler for Gate {
    async fn run(&self, _: &Job) -> Answer {
        self.begun.add_permits(1);
        self.open.acquire().await.map_err(JobFailed::new)?.forget();
        self.finished.fetch_add(1, Ordering::SeqCst);
        Ok(Outcome::Done)
    }
}

#[tokio::test]
async fn heaps_of_work_do_not_stand_in_the_way_of_what_people_wait_for() {
    let w = world();
    let gate = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(0), finished: AtomicUsize::new(0) });
    let soon = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(9), finished: AtomicUsize::new(0) });
    let worker = w.worker(vec![("bulk.gate", gate.clone()), ("soon", soon.clone())]);
    for n in 0..40 {
        w.enqueue("bulk.gate", &format!("k{n}"), 3).await;
    }
    w.enqueue("soon", "k", 3).await;
    assert_eq!(w.queue.depth().await.unwrap().waiting, 41);
    let (shutdown, heard) = watch::channel(false);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(heard).await }
    });
    drop(tokio::time::timeout(PATIENCE, gate.begun.acquire_many(2)).await.expect("two of the heap begin"));
    drop(tokio::time::timeout(PATIENCE, soon.begun.acquire()).await.expect("the other begins beside them"));
    gate.open.add_permits(100);
    shutdown.send(true).unwrap();
    tokio::time::timeout(PATIENCE, running).await.expect("the worker ends").unwrap();
    assert_eq!(soon.finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn shutdown_finishes_the_jobs_in_hand_and_takes_no_other() {
    let w = world();
    let gate = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(0), finished: AtomicUsize::new(0) });
    let worker = w.worker(vec![("gate", gate.clone())]);
    // One more than a process runs at a time.
    for n in 0..9 {
        w.enqueue("gate", &format!("k{n}"), 3).await;
    }
    let (shutdown, heard) = watch::channel(false);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(heard).await }
    });
    drop(tokio::time::timeout(PATIENCE, gate.begun.acquire_many(8)).await.expect("eight begin"));
    shutdown.send(true).unwrap();
    assert!(!running.is_finished(), "jobs are still in hand");
    gate.open.add_permits(100);
    tokio::time::timeout(PATIENCE, running).await.expect("the worker ends").unwrap();
    assert_eq!(gate.finished.load(Ordering::SeqCst), 8);
    assert_eq!(worker.metrics(), WorkerMetrics { done: 8, ..WorkerMetrics::default() });
    let left = w.queue.lease(Lane::Soon, 10, 60).await.unwrap();
    assert_eq!(left.iter().map(|job| job.attempt).collect::<Vec<_>>(), [1], "one was never taken");
}

#[tokio::test]
async fn a_running_worker_hears_of_new_jobs_and_ends_with_its_sender() {
    let w = world();
    let gate = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(9), finished: AtomicUsize::new(0) });
    let worker = w.worker(vec![("gate", gate.clone())]);
    let (shutdown, heard) = watch::channel(false);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(heard).await }
    });
    for key in ["first", "second"] {
        w.enqueue("gate", key, 3).await;
        tokio::time::timeout(PATIENCE, gate.begun.acquire()).await.expect("it begins").unwrap().forget();
    }
    drop(shutdown);
    tokio::time::timeout(PATIENCE, running).await.expect("the worker ends").unwrap();
    assert_eq!(worker.metrics().done, 2);
    assert_eq!(w.queue.depth().await.unwrap().waiting, 0);
}

/// Never answers; its permit comes back when it is dropped.
struct Stuck(Arc<Semaphore>);

#[async_trait]
impl Handler for Stuck {
    async fn run(&self, _: &Job) -> Answer {
        let _held = self.0.acquire().await.map_err(JobFailed::new)?;
        std::future::pending().await
    }

    fn time_out(&self) -> Duration {
        Duration::from_millis(50)
    }
}

#[tokio::test]
async fn a_time_out_is_a_failure_and_stops_the_handler() {
    let w = world();
    let held = Arc::new(Semaphore::new(1));
    let done = Arc::new(Answers(|_: &Job| Ok(Outcome::Done)));
    let worker = w.worker(vec![("stuck", Arc::new(Stuck(held.clone()))), ("done", done)]);
    w.enqueue("stuck", "k", 2).await;
    w.enqueue("done", "k", 1).await;
    assert_eq!(worker.run_due_once().await.unwrap(), 2);
    assert_eq!(worker.metrics(), WorkerMetrics { done: 1, failed: 1, timed_out: 1, ..WorkerMetrics::default() });
    drop(tokio::time::timeout(PATIENCE, held.acquire()).await.expect("the handler is stopped").unwrap());
    assert_eq!(w.dead().await, [], "it may be tried once more");
    w.clock.advance_ms(2_000);
    assert_eq!(worker.run_due_once().await.unwrap(), 1);
    assert_eq!(w.dead().await, [("k".to_owned(), "the job took longer than 50 ms".to_owned())]);
}

#[tokio::test]
async fn a_panic_ends_the_job_and_not_the_worker() {
    let w = world();
    let worker = w.worker(vec![(
        "some",
        Arc::new(Answers(|job: &Job| {
            assert_ne!(job.job.key, "bad", "this one panics");
            Ok(Outcome::Done)
        })),
    )]);
    for key in ["a", "bad", "z"] {
        w.enqueue("some", key, 1).await;
    }
    assert_eq!(worker.run_due_once().await.unwrap(), 3);
    assert_eq!(worker.metrics(), WorkerMetrics { done: 2, failed: 1, ..WorkerMetrics::default() });
    let dead = w.dead().await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0].0 == "bad" && dead[0].1.starts_with("the handler stopped:"), "{dead:?}");
}

#[tokio::test]
async fn every_end_is_counted() {
    let w = world();
    let later = w.clock.now_ms() + 10_000;
    let thief = (w.queue.clone(), w.clock.clone());
    struct Robbed((Arc<TableQueue>, Arc<FixedClock>));
    #[async_trait]
    impl Handler for Robbed {
        async fn run(&self, _: &Job) -> Answer {
            let (queue, clock) = &self.0;
            // Slower than its lease, and somebody else takes the job.
            clock.advance_ms(3_700_000);
            assert_eq!(queue.lease(Lane::Soon, 1, 60).await.map_err(JobFailed::new)?.len(), 1);
            Ok(Outcome::Done)
        }
    }
    let worker = w.worker(vec![
        ("again", Arc::new(Answers(move |_: &Job| Ok(Outcome::Again { run_at_ms: later })))),
        ("fails", Arc::new(Answers(|_: &Job| Err(JobFailed::new("no luck"))))),
        ("robbed", Arc::new(Robbed(thief))),
    ]);
    w.enqueue("again", "k", 1).await;
    w.enqueue("fails", "k", 1).await;
    w.enqueue("nobody", "n", 1).await;
    assert_eq!(worker.run_due_once().await.unwrap(), 3);
    assert_eq!(worker.metrics(), WorkerMetrics { again: 1, failed: 2, ..WorkerMetrics::default() });
    let mut dead = w.dead().await;
    dead.sort();
    let expected = [("k", "no luck"), ("n", "no handler for jobs of kind nobody")];
    assert_eq!(dead, expected.map(|(key, error)| (key.to_owned(), error.to_owned())));
    w.clock.advance_ms(9_999);
    assert_eq!(worker.run_due_once().await.unwrap(), 0, "not before its time");
    w.clock.advance_ms(1);
    let again = w.queue.lease(Lane::Soon, 1, 60).await.unwrap().remove(0);
    assert_eq!((again.attempt, again.job.kind.as_str()), (1, "again"));
    w.queue.done(&again).await.unwrap();
    w.enqueue("robbed", "k", 3).await;
    assert_eq!(worker.clone().run_due_once().await.unwrap(), 1);
    let metrics = WorkerMetrics { done: 1, again: 1, failed: 2, lease_lost: 1, ..WorkerMetrics::default() };
    assert_eq!(worker.metrics(), metrics, "clones share their counters");
}
