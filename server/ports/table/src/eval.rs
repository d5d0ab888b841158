//! What a condition and an update mean, on items in memory.
//!
//! Invariants: pure; the caller has passed the request through [`crate::check`].
//! Not here: reading or writing.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{Condition, Item, Key, Update, check};

/// Whether `ttl` has passed: from that second on.
pub fn is_expired(item: &Item, now_secs: i64) -> bool {
    item.get("ttl").and_then(Value::as_i64).is_some_and(|ttl| ttl <= now_secs)
}

/// Whether the condition holds on what is stored; an expired item counts as absent for `ItemExists`/`ItemAbsent` only.
pub fn holds(condition: &Condition, stored: Option<&Item>, now_secs: i64) -> bool {
    let live = stored.is_some_and(|item| !is_expired(item, now_secs));
    let get = |name: &str| stored.and_then(|item| item.get(name));
    let order = |name: &str, value: &Value| get(name).and_then(|found| compare(found, value));
    match condition {
        Condition::ItemExists => live,
        Condition::ItemAbsent => !live,
        Condition::Exists(a) => get(a).is_some(),
        Condition::Absent(a) => get(a).is_none(),
        Condition::Eq(a, v) => get(a) == Some(v),
        Condition::Ne(a, v) => get(a) != Some(v),
        Condition::Lt(a, v) => order(a, v).is_some_and(Ordering::is_lt),
        Condition::Le(a, v) => order(a, v).is_some_and(Ordering::is_le),
        Condition::Gt(a, v) => order(a, v).is_some_and(Ordering::is_gt),
        Condition::Ge(a, v) => order(a, v).is_some_and(Ordering::is_ge),
        Condition::BeginsWith(a, prefix) => get(a).and_then(Value::as_str).is_some_and(|s| s.starts_with(prefix)),
        Condition::All(all) => all.iter().all(|c| holds(c, stored, now_secs)),
        Condition::Any(all) => all.iter().any(|c| holds(c, stored, now_secs)),
        Condition::Not(inner) => !holds(inner, stored, now_secs),
    }
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(a.as_i64()?.cmp(&b.as_i64()?)),
        _ => None,
    }
}

/// The item as it is after the updates, checked as a whole.
///
/// # Errors
/// The reason in words: ADD on something that is no integer, a sum out of range, or an item that
/// [`check::item`] refuses.
pub fn updated(key: &Key, stored: Option<&Item>, updates: &[Update]) -> std::result::Result<Item, String> {
    let mut item = stored.cloned().unwrap_or_else(|| {
        let mut fresh = Item::new();
        fresh.insert("pk".into(), key.pk.clone().into());
        fresh.insert("sk".into(), key.sk.clone().into());
        fresh
    });
    for update in updates {
        match update {
            Update::Set(a, v) => {
                item.insert(a.clone(), v.clone());
            }
            Update::SetIfAbsent(a, v) => {
                if !item.contains_key(a) {
                    item.insert(a.clone(), v.clone());
                }
            }
            Update::Add(a, n) => {
                let before = match item.get(a) {
                    None => 0,
                    Some(v) => v.as_i64().ok_or_else(|| format!("{a} is not an integer, nothing can be added"))?,
                };
                // Both are below 2^53, so the sum fits; the check of the whole item refuses one that grew too large.
                item.insert(a.clone(), (before + n).into());
            }
            Update::Remove(a) => {
                item.remove(a);
            }
        }
    }
    check::item(&item).map_err(|e| e.to_string())?;
    Ok(item)
}
