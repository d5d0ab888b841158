//! Writing items: decide first, then apply; every change leaves its feed record beside it. [`single`] and [`transact`] refuse only
//! before they write anything.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{failed, read};
use crate::{
    BatchWrite, CancelReason, Condition, Delete, Item, Key, Put, Result, TOKEN_LIFE, TableError, Transact, TransactOp,
    check, eval,
};

/// The moment an operation was asked for.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub(super) ms: i64,
}

impl Now {
    pub(super) fn secs(self) -> i64 {
        self.ms.div_euclid(1000)
    }
}

/// What one write leaves and found; an expired `old` is left out.
pub(super) struct Written {
    pub(super) old: Option<Item>,
    pub(super) new: Option<Item>,
}

/// A decided change.
struct Plan {
    key: Key,
    stored: Option<Item>,
    new: Option<Item>,
}

/// What a member would do, or why it cannot. The request has passed `check::op`.
fn plan(connection: &Connection, now: Now, op: TransactOp) -> Result<std::result::Result<Plan, CancelReason>> {
    let (key, condition) = match &op {
        TransactOp::Put(put) => (check::key_of(&put.item)?, put.condition.as_ref()),
        TransactOp::Update(update) => (update.key.clone(), update.condition.as_ref()),
        TransactOp::Delete(delete) => (delete.key.clone(), delete.condition.as_ref()),
        TransactOp::Check { key, condition } => (key.clone(), Some(condition)),
    };
    let stored = read::stored(connection, &key)?;
    let refused = |c: &Condition| !eval::holds(c, stored.as_ref(), now.secs());
    if condition.is_some_and(refused) {
        return Ok(Err(CancelReason::ConditionFailed(stored.filter(|i| !eval::is_expired(i, now.secs())))));
    }
    let new = match op {
        TransactOp::Put(put) => Some(put.item),
        TransactOp::Update(update) => match eval::updated(&key, stored.as_ref(), &update.updates) {
            Ok(item) => Some(item),
            Err(why) => return Ok(Err(CancelReason::Invalid(why))),
        },
        TransactOp::Delete(_) => None,
        TransactOp::Check { .. } => stored.clone(),
    };
    Ok(Ok(Plan { key, stored, new }))
}

fn apply(connection: &Connection, now: Now, plan: &Plan, expired: bool) -> Result<()> {
    if plan.stored == plan.new {
        return Ok(());
    }
    set(connection, &plan.key, plan.new.as_ref())?;
    let text = |item: &Option<Item>| item.as_ref().map(serde_json::to_string).transpose().map_err(failed);
    let (old, new) = (text(&plan.stored)?, text(&plan.new)?);
    connection
        .prepare_cached("INSERT INTO feed (pk, sk, old, new, at_ms, expired) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .and_then(|mut s| s.execute(params![plan.key.pk, plan.key.sk, old, new, now.ms, expired]))
        .map(drop)
        .map_err(failed)
}

/// Makes an item what it is to be, without a record of it.
pub(super) fn set(connection: &Connection, key: &Key, new: Option<&Item>) -> Result<()> {
    match new {
        Some(item) => upsert(connection, item),
        None => connection
            .prepare_cached("DELETE FROM items WHERE pk = ?1 AND sk = ?2")
            .and_then(|mut s| s.execute([&key.pk, &key.sk]))
            .map(drop)
            .map_err(failed),
    }
}

fn upsert(connection: &Connection, item: &Item) -> Result<()> {
    const SQL: &str = "INSERT INTO items (body, pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
        ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, pk2 = excluded.pk2, sk2 = excluded.sk2, \
        tenant = excluded.tenant, entity_type = excluded.entity_type, created_at = excluded.created_at, \
        ttl = excluded.ttl";
    let ttl = item.get("ttl").and_then(serde_json::Value::as_i64);
    let in_column = |name: &str| read::TEXT_ATTRIBUTES.contains(&name) || (name == "ttl" && ttl.is_some());
    let rest: std::collections::BTreeMap<_, _> = item.iter().filter(|(name, _)| !in_column(name)).collect();
    let body = serde_json::to_string(&rest).map_err(failed)?;
    let [pk, sk, pk2, sk2, tenant, entity_type, created_at] =
        read::TEXT_ATTRIBUTES.map(|name| item.get(name).and_then(serde_json::Value::as_str));
    connection
        .prepare_cached(SQL)
        .and_then(|mut s| s.execute(params![body, pk, sk, pk2, sk2, tenant, entity_type, created_at, ttl]))
        .map(drop)
        .map_err(failed)
}

pub(super) fn single(connection: &Connection, now: Now, op: TransactOp) -> Result<Written> {
    match plan(connection, now, op)? {
        Ok(plan) => {
            apply(connection, now, &plan, false)?;
            Ok(Written { old: plan.stored.filter(|i| !eval::is_expired(i, now.secs())), new: plan.new })
        }
        Err(CancelReason::ConditionFailed(old)) => Err(TableError::ConditionFailed(old)),
        Err(CancelReason::Invalid(why)) => Err(TableError::Invalid(why)),
        Err(CancelReason::None | CancelReason::Conflict) => Err(TableError::Conflict),
    }
}

pub(super) fn batch(connection: &Connection, now: Now, writes: Vec<BatchWrite>) -> Result<()> {
    for write in writes {
        let op = match write {
            BatchWrite::Put(item) => TransactOp::Put(Put { item, condition: None }),
            BatchWrite::Delete(key) => TransactOp::Delete(Delete { key, condition: None }),
        };
        single(connection, now, op)?;
    }
    Ok(())
}

pub(super) fn transact(connection: &Connection, now: Now, transact: Transact) -> Result<()> {
    let token = match &transact.token {
        Some(token) => {
            let digest = digest(&transact.ops);
            let known: Option<Vec<u8>> = connection
                .prepare_cached("SELECT digest FROM tokens WHERE token = ?1 AND at_ms > ?2")
                .and_then(|mut s| s.query_row(params![token, now.ms - token_life_ms()], |r| r.get(0)).optional())
                .map_err(failed)?;
            match known {
                Some(known) if known == digest => return Ok(()),
                Some(_) => return Err(TableError::TokenMismatch),
                None => Some((token.clone(), digest)),
            }
        }
        None => None,
    };
    let mut plans = Vec::with_capacity(transact.ops.len());
    let mut reasons = Vec::with_capacity(transact.ops.len());
    for op in transact.ops {
        match plan(connection, now, op)? {
            Ok(plan) => {
                plans.push(plan);
                reasons.push(CancelReason::None);
            }
            Err(reason) => reasons.push(reason),
        }
    }
    if plans.len() < reasons.len() {
        return Err(TableError::Cancelled(reasons));
    }
    // Not before: a cancelled transaction does not use its token up.
    if let Some((token, digest)) = token {
        connection
            .prepare_cached("INSERT OR REPLACE INTO tokens (token, digest, at_ms) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![token, digest, now.ms]))
            .map_err(failed)?;
    }
    plans.iter().try_for_each(|plan| apply(connection, now, plan, false))
}

pub(super) fn token_life_ms() -> i64 {
    // 600,000 fits.
    TOKEN_LIFE.as_millis() as i64
}

/// Equal operations have equal digests, whatever order their maps were built in.
fn digest(ops: &[TransactOp]) -> Vec<u8> {
    let mut all = Sha256::new();
    for op in ops {
        let (tag, item) = match op {
            TransactOp::Put(put) => (format!("put {:?}", put.condition), Some(&put.item)),
            other => (format!("{other:?}"), None),
        };
        let item = item.map(|item| {
            let sorted: std::collections::BTreeMap<_, _> = item.iter().collect();
            format!("{sorted:?}")
        });
        for part in [tag, item.unwrap_or_default()] {
            all.update(part.len().to_be_bytes());
            all.update(part);
        }
    }
    all.finalize().to_vec()
}

/// Removes up to `limit` expired items; answers how many.
pub(super) fn sweep(connection: &Connection, now: Now, limit: usize) -> Result<usize> {
    let keys: Vec<Key> = connection
        .prepare_cached("SELECT pk, sk FROM items WHERE ttl <= ?1 ORDER BY ttl LIMIT ?2")
        .and_then(|mut s| {
            s.query_map(params![now.secs(), limit as i64], |r| Ok(Key { pk: r.get(0)?, sk: r.get(1)? }))?.collect()
        })
        .map_err(failed)?;
    for key in &keys {
        let stored = read::stored(connection, key)?;
        apply(connection, now, &Plan { key: key.clone(), stored, new: None }, true)?;
    }
    Ok(keys.len())
}
