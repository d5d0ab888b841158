//! What a request must look like before any store sees it; every adapter asks here, so refusals cannot drift.
//!
//! Invariants: pure; every refusal is [`TableError::Invalid`] and names the attribute or limit.
//! Not here: conditions on stored items (`eval.rs`).

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    BatchWrite, Condition, Index, Item, Key, MAX_BATCH_GET, MAX_BATCH_WRITE, MAX_ITEM_BYTES, MAX_TRANSACT_BYTES,
    MAX_TRANSACT_ITEMS, Query, Result, SortRange, TableError, Transact, TransactOp, Update,
};

/// Longest partition key, in bytes.
pub const MAX_PARTITION_KEY_BYTES: usize = 2048;
/// Longest sort key, in bytes.
pub const MAX_SORT_KEY_BYTES: usize = 1024;
/// Deepest nesting of lists and maps below an attribute.
pub const MAX_DEPTH: usize = 31;
/// First magnitude an integer may not have: 2^53.
pub const INTEGER_BOUND: u64 = 1 << 53;

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(TableError::Invalid(message.into()))
}

/// The key of an item.
///
/// # Errors
/// `Invalid` if `pk` or `sk` is missing, not a string, empty or too long.
pub fn key_of(item: &Item) -> Result<Key> {
    let part = |name: &str| match item.get(name) {
        Some(Value::String(s)) => Ok(s.clone()),
        Some(_) => invalid(format!("{name} must be a string")),
        None => invalid(format!("the item has no {name}")),
    };
    let found = Key { pk: part("pk")?, sk: part("sk")? };
    key(&found)?;
    Ok(found)
}

/// A base key: neither half empty or too long.
///
/// # Errors
/// `Invalid` naming the half.
pub fn key(key: &Key) -> Result<()> {
    key_text("pk", &key.pk, MAX_PARTITION_KEY_BYTES)?;
    key_text("sk", &key.sk, MAX_SORT_KEY_BYTES)
}

fn key_text(name: &str, text: &str, most: usize) -> Result<()> {
    if text.is_empty() {
        return invalid(format!("{name} is empty"));
    }
    if text.len() > most {
        return invalid(format!("{name} is longer than {most} bytes"));
    }
    Ok(())
}

/// A whole item: keys, index keys, values, size.
///
/// # Errors
/// `Invalid` naming what is wrong.
pub fn item(item: &Item) -> Result<Key> {
    let key = key_of(item)?;
    for index in Index::GLOBAL {
        let (partition, sort) = index.attributes();
        for (name, most) in [(partition, MAX_PARTITION_KEY_BYTES), (sort, MAX_SORT_KEY_BYTES)] {
            match item.get(name) {
                None => {}
                Some(Value::String(text)) => key_text(name, text, most)?,
                Some(_) => return invalid(format!("{name} is an index key and must be a string")),
            }
        }
    }
    for (name, v) in item {
        attribute_name(name)?;
        value(name, v)?;
    }
    let bytes = item_bytes(item);
    if bytes > MAX_ITEM_BYTES {
        return invalid(format!("the item has {bytes} bytes, more than {MAX_ITEM_BYTES}"));
    }
    Ok(key)
}

fn attribute_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return invalid("an attribute name is empty");
    }
    if name.len() > 65_535 {
        return invalid("an attribute name is longer than 65,535 bytes");
    }
    Ok(())
}

/// One attribute's value: integers in range, no floats, not nested too deep.
///
/// # Errors
/// `Invalid` naming the attribute.
pub fn value(attribute: &str, v: &Value) -> Result<()> {
    nested(attribute, v, 0)
}

fn nested(attribute: &str, v: &Value, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return invalid(format!("{attribute} is nested deeper than {MAX_DEPTH} levels"));
    }
    match v {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(n) => match n.as_i64() {
            Some(n) if n.unsigned_abs() < INTEGER_BOUND => Ok(()),
            _ => invalid(format!("{attribute} holds {n}, which is not an integer below 2^53 in magnitude")),
        },
        Value::Array(all) => all.iter().try_for_each(|v| nested(attribute, v, depth + 1)),
        Value::Object(map) => map.iter().try_for_each(|(name, v)| {
            attribute_name(name)?;
            nested(attribute, v, depth + 1)
        }),
    }
}

/// The size of an item in bytes, as DynamoDB's developer guide counts it: names and strings in UTF-8, a number half
/// its digits plus one, `null` and booleans one, a list or map three plus one for each member.
pub fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, v)| name.len() + value_bytes(v)).sum()
}

fn value_bytes(v: &Value) -> usize {
    match v {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(n) => {
            let digits = n.as_i64().map_or(20, |n| n.unsigned_abs().checked_ilog10().map_or(1, |d| d as usize + 1));
            digits.div_ceil(2) + 1
        }
        Value::String(s) => s.len(),
        Value::Array(all) => 3 + all.iter().map(|v| 1 + value_bytes(v)).sum::<usize>(),
        Value::Object(map) => 3 + map.iter().map(|(name, v)| 1 + name.len() + value_bytes(v)).sum::<usize>(),
    }
}

/// A condition: no empty `All`/`Any`, comparisons only of numbers and strings, no refused values.
///
/// # Errors
/// `Invalid` naming the attribute.
pub fn condition(c: &Condition) -> Result<()> {
    match c {
        Condition::ItemExists | Condition::ItemAbsent => Ok(()),
        Condition::Exists(a) | Condition::Absent(a) | Condition::BeginsWith(a, _) => attribute_name(a),
        Condition::Eq(a, v) | Condition::Ne(a, v) => {
            attribute_name(a)?;
            value(a, v)
        }
        Condition::Lt(a, v) | Condition::Le(a, v) | Condition::Gt(a, v) | Condition::Ge(a, v) => {
            attribute_name(a)?;
            if !v.is_number() && !v.is_string() {
                return invalid(format!("{a} can only be compared with a number or a string"));
            }
            value(a, v)
        }
        Condition::All(all) | Condition::Any(all) => {
            if all.is_empty() {
                return invalid("a condition over no conditions");
            }
            all.iter().try_for_each(condition)
        }
        Condition::Not(inner) => condition(inner),
    }
}

/// The changes of an update: at least one, distinct attributes, none of the base key, no refused values.
///
/// # Errors
/// `Invalid` naming the attribute.
pub fn updates(all: &[Update]) -> Result<()> {
    if all.is_empty() {
        return invalid("an update without changes");
    }
    let mut seen = HashSet::new();
    for update in all {
        let name = update.attribute();
        attribute_name(name)?;
        if name == "pk" || name == "sk" {
            return invalid(format!("{name} is the key and cannot be updated"));
        }
        if !seen.insert(name) {
            return invalid(format!("two updates of {name}"));
        }
        match update {
            Update::Set(_, v) | Update::SetIfAbsent(_, v) => value(name, v)?,
            Update::Add(_, n) if n.unsigned_abs() >= INTEGER_BOUND => {
                return invalid(format!("{name} cannot grow by 2^53 or more at once"));
            }
            Update::Add(..) | Update::Remove(_) => {}
        }
    }
    Ok(())
}

/// One member of a transaction, or a single write; answers its key.
///
/// # Errors
/// `Invalid` as the parts say.
pub fn op(op: &TransactOp) -> Result<Key> {
    let (found, cond) = match op {
        TransactOp::Put(put) => (item(&put.item)?, put.condition.as_ref()),
        TransactOp::Update(update) => {
            key(&update.key)?;
            updates(&update.updates)?;
            (update.key.clone(), update.condition.as_ref())
        }
        TransactOp::Delete(delete) => {
            key(&delete.key)?;
            (delete.key.clone(), delete.condition.as_ref())
        }
        TransactOp::Check { key: checked, condition } => {
            key(checked)?;
            (checked.clone(), Some(condition))
        }
    };
    cond.map_or(Ok(()), condition)?;
    Ok(found)
}

/// A transaction: 1 to [`MAX_TRANSACT_ITEMS`] operations on distinct keys, token of 1 to 36 characters, at most
/// [`MAX_TRANSACT_BYTES`].
///
/// # Errors
/// `Invalid` naming what is wrong.
pub fn transact(t: &Transact) -> Result<()> {
    if t.ops.is_empty() || t.ops.len() > MAX_TRANSACT_ITEMS {
        return invalid(format!("a transaction of {} operations", t.ops.len()));
    }
    if let Some(token) = &t.token
        && !(1..=36).contains(&token.chars().count())
    {
        return invalid("a transaction token has 1 to 36 characters");
    }
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for member in &t.ops {
        if !seen.insert(op(member)?) {
            return invalid("two operations of a transaction on one key");
        }
        if let TransactOp::Put(put) = member {
            bytes += item_bytes(&put.item);
        }
    }
    if bytes > MAX_TRANSACT_BYTES {
        return invalid(format!("a transaction of {bytes} bytes, more than {MAX_TRANSACT_BYTES}"));
    }
    Ok(())
}

/// Keys of a read: at most `most`, distinct, well formed.
///
/// # Errors
/// `Invalid` naming what is wrong.
pub fn keys(all: &[Key], most: usize) -> Result<()> {
    if all.len() > most {
        return invalid(format!("{} keys, more than {most}", all.len()));
    }
    let mut seen = HashSet::new();
    for k in all {
        key(k)?;
        if !seen.insert(k) {
            return invalid("one key twice");
        }
    }
    Ok(())
}

/// Keys of a `batch_get`.
///
/// # Errors
/// As [`keys`].
pub fn batch_get(all: &[Key]) -> Result<()> {
    keys(all, MAX_BATCH_GET)
}

/// Writes of a `batch_write`.
///
/// # Errors
/// As [`keys`] and [`item`].
pub fn batch_write(writes: &[BatchWrite]) -> Result<()> {
    let found = writes
        .iter()
        .map(|w| match w {
            BatchWrite::Put(i) => item(i),
            BatchWrite::Delete(k) => Ok(k.clone()),
        })
        .collect::<Result<Vec<_>>>()?;
    keys(&found, MAX_BATCH_WRITE)
}

/// A query: limit 1 to 1,000, no empty key text, bounds in order, strong only on the base table.
///
/// # Errors
/// `Invalid` naming what is wrong.
pub fn query(q: &Query) -> Result<()> {
    let (partition, sort) = q.index.attributes();
    if !(1..=1000).contains(&q.limit) {
        return invalid(format!("a page of {} items; 1 to 1,000 are possible", q.limit));
    }
    if q.index != Index::Base && q.consistency == crate::Consistency::Strong {
        return invalid("an index cannot be read strongly");
    }
    key_text(partition, &q.pk, MAX_PARTITION_KEY_BYTES)?;
    let bound = |text: &str| key_text(sort, text, MAX_SORT_KEY_BYTES);
    match &q.range {
        SortRange::All => Ok(()),
        SortRange::Equals(a) | SortRange::BeginsWith(a) | SortRange::From(a) | SortRange::To(a) => bound(a),
        SortRange::Between(a, b) => {
            bound(a)?;
            bound(b)?;
            if a > b { invalid("the lower bound is above the upper one") } else { Ok(()) }
        }
    }
}
