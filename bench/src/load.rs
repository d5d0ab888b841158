//! The generator of our own, for requests that differ from each other and for what takes several steps. How far it agrees with wrk is
//! measured in every run (`shop.rs`).
//!
//! Invariants: every answer is looked at; what failed is counted as wrong and its time does not count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::Line;

/// What one act of a caller came to: bytes of the body that was answered; `None`: there is nothing left to ask.
pub type Done = Result<Option<usize>>;

#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    bytes: usize,
    wrong: u64,
    fault: Option<String>,
}

impl Seen {
    /// Whether there is more to ask.
    fn add(&mut self, took: Duration, done: Done) -> bool {
        match done {
            Ok(None) => return false,
            Ok(Some(bytes)) => {
                self.took.push(took);
                self.bytes += bytes;
            }
            Err(fault) => {
                self.wrong += 1;
                self.fault.get_or_insert_with(|| format!("{fault:#}"));
            }
        }
        true
    }

    fn merge(&mut self, other: Self) {
        self.took.extend(other.took);
        self.bytes += other.bytes;
        self.wrong += other.wrong;
        self.fault = self.fault.take().or(other.fault);
    }

    fn line(mut self, what: &str, lasted: Duration) -> Line {
        self.took.sort_unstable();
        Line {
            what: what.to_owned(),
            rate: self.took.len() as f64 / lasted.as_secs_f64(),
            ms: [50, 95, 99].map(|share| percentile(&self.took, share)),
            bytes: self.bytes / self.took.len().max(1),
            wrong: self.wrong,
            fault: self.fault,
        }
    }
}

/// Milliseconds that this share of sorted times, in hundredths, stays within; 0 of none.
fn percentile(sorted: &[Duration], share: usize) -> f64 {
    let at = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
}

/// So many callers, each asking again as soon as it was answered. `act` gets a number of its own each time.
///
/// # Errors
/// A caller panicked.
pub async fn closed<F, Fut>(what: &str, callers: usize, time: Duration, act: F) -> Result<Line>
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Done> + Send + 'static,
{
    let (act, number) = (Arc::new(act), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..callers {
        let (act, number) = (act.clone(), number.clone());
        all.spawn(async move {
            let mut seen = Seen::default();
            while begun.elapsed() < time {
                let from = Instant::now();
                let done = act(number.fetch_add(1, Ordering::Relaxed)).await;
                if !seen.add(from.elapsed(), done) {
                    break;
                }
            }
            seen
        });
    }
    let mut seen = Seen::default();
    while let Some(one) = all.join_next().await {
        seen.merge(one?);
    }
    Ok(seen.line(what, begun.elapsed()))
}

/// So many a second, begun whether or not those before were answered; times are from the moment each was due.
///
/// # Errors
/// An act panicked.
pub async fn at_rate<F, Fut>(what: &str, per_second: u32, time: Duration, act: F) -> Result<Line>
where
    F: Fn(u64) -> Fut,
    Fut: Future<Output = Done> + Send + 'static,
{
    let begun = tokio::time::Instant::now();
    let mut all = JoinSet::new();
    for number in 0..u64::from(per_second) * time.as_secs() {
        let due = begun + Duration::from_secs_f64(number as f64 / f64::from(per_second));
        tokio::time::sleep_until(due).await;
        let doing = act(number);
        all.spawn(async move {
            let done = doing.await;
            (due.elapsed(), done)
        });
    }
    let asked = begun.elapsed();
    let mut seen = Seen::default();
    while let Some(one) = all.join_next().await {
        let (took, done) = one?;
        seen.add(took, done);
    }
    Ok(seen.line(what, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_fails_is_wrong_and_not_done() {
        let line = closed("x", 2, Duration::from_secs(60), |n| async move {
            match n {
                0..10 => Ok(Some(100)),
                10..13 => anyhow::bail!("not this one"),
                _ => Ok(None),
            }
        });
        let line = line.await.unwrap();
        assert_eq!((line.bytes, line.wrong, line.fault.as_deref()), (100, 3, Some("not this one")));
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!([50, 95, 99].map(|s| percentile(&times, s)), [51.0, 96.0, 100.0]);
        assert_eq!(percentile(&[], 50), 0.0);
    }

    #[tokio::test]
    async fn a_slow_answer_does_not_hold_up_the_next_ask() {
        // The first is answered when the last was asked; waiting for answers would never come to an end.
        let (last, asked) = tokio::sync::watch::channel(false);
        let last = Arc::new(last);
        let line = at_rate("x", 50, Duration::from_secs(1), |n| {
            let (last, mut asked) = (last.clone(), asked.clone());
            async move {
                match n {
                    0 => drop(asked.wait_for(|yes| *yes).await?),
                    49 => drop(last.send(true)),
                    _ => {}
                }
                Ok(Some(1))
            }
        });
        let line = line.await.unwrap();
        assert!(line.wrong == 0 && line.ms[2] >= 900.0, "{line:?}");
    }
}
