//! The change feed.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Env, Failure, Outcome, ensure, ensure_eq, ensure_err};
use crate::{Change, Delete, FeedStart, TableError};

/// Reads on from `start` until this case's own changes are `count`.
pub(super) async fn until(env: &Env, start: FeedStart, count: usize) -> Result<Vec<Change>, Failure> {
    let end = Instant::now() + env.options.index_lag.max(Duration::from_secs(5));
    let (mut start, mut own) = (start, Vec::new());
    while own.len() < count {
        let page = env.table.feed(start, 3).await?;
        own.extend(page.changes.into_iter().filter(|c| c.key.pk.starts_with(&env.p(""))));
        start = FeedStart::After(page.position);
        ensure!(Instant::now() < end, "only {} of {count} changes came", own.len());
        if page.caught_up {
            env.table.feed_wait(Duration::from_millis(20)).await;
        }
    }
    Ok(own)
}

pub(super) async fn order_and_resume(env: Env) -> Outcome {
    if !env.options.feed {
        return Ok(());
    }
    let start = env.table.feed(FeedStart::Now, 10).await?;
    ensure!(start.changes.is_empty(), "a reader from now on got {:?}", start.changes);
    let start = FeedStart::After(start.position);
    let (a, b) = (env.key("f", "a"), env.key("f", "b"));
    for n in 0..5 {
        env.put(&a, json!({"n": n})).await?;
        env.put(&b, json!({"n": n})).await?;
    }
    env.put(&b, json!({"n": 4})).await?;
    env.table.delete(Delete { key: a.clone(), condition: None }).await?;
    let changes = until(&env, start.clone(), 11).await?;
    for (key, count) in [(&a, 6), (&b, 5)] {
        let of: Vec<_> = changes.iter().filter(|c| c.key == *key).collect();
        ensure_eq!(of.len(), count);
        ensure_eq!(of[0].old, None);
        for pair in of.windows(2) {
            ensure_eq!(pair[1].old, pair[0].new);
        }
        ensure!(of.iter().all(|c| !c.expired), "a plain write is told as expiry");
    }
    ensure!(changes.iter().any(|c| c.key == a && c.new.is_none()), "the removal is not told");
    let (mut from, mut told) = (start.clone(), Vec::new());
    loop {
        let page = env.table.feed_keys(from, 3).await?;
        told.extend(page.changes.into_iter().map(|c| c.key).filter(|k| k.pk.starts_with(&env.p(""))));
        from = FeedStart::After(page.position);
        if page.caught_up {
            break;
        }
    }
    ensure_eq!(told, changes.iter().map(|c| c.key.clone()).collect::<Vec<_>>());
    // The same position tells the same again: delivery is at least once.
    ensure_eq!(until(&env, start, 11).await?.len(), 11);
    Ok(())
}

pub(super) async fn bad_positions(env: Env) -> Outcome {
    if !env.options.feed {
        return Ok(());
    }
    for bad in ["", "rubbish", "0123.7", "x.y"] {
        ensure_err!(env.table.feed(FeedStart::After(bad.into()), 1).await, TableError::BadPosition(_));
    }
    Ok(())
}
