//! The trail: every mutation writes who, as whom, what and why, in its own business transaction.

use serde_json::{Value, json};
use vitrine_table::{Condition, Item, Key, Put, Query, TransactOp};

use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// One entry to be written with the change it tells of.
///
/// `entity` is the changed thing's id, `act` a word like `order.refunded`, `what` its facts (ids and amounts, no
/// personal data).
pub fn entry(ctx: &OpCtx, entity: &str, act: &str, why: &str, what: Value) -> TransactOp {
    let mut item = Item::new();
    let stamp = format!("{:015}#{}", ctx.now_ms, crate::ids::secret().get(..8).unwrap_or_default());
    item.insert("pk".into(), format!("AUDIT#{entity}").into());
    item.insert("sk".into(), stamp.into());
    item.insert("act".into(), act.into());
    item.insert("who".into(), ctx.caller.audit_name().into());
    item.insert("why".into(), why.into());
    item.insert("what".into(), what);
    item.insert("at_ms".into(), json!(ctx.now_ms));
    item.insert("request".into(), ctx.request_id.clone().into());
    item.insert("_v".into(), json!(1));
    TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) })
}

/// One entry read back.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// A word like `order.refunded`.
    pub act: String,
    /// `user:…`, `system:…`.
    pub who: String,
    /// Their reason.
    pub why: String,
    /// Facts.
    pub what: Value,
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Request id.
    pub request: String,
}

/// The trail of one thing, oldest first, at most 1,000 entries.
pub async fn of(table: &dyn vitrine_table::Table, entity: &str) -> Result<Vec<Entry>> {
    let query = Query::new(vitrine_table::Index::Base, format!("AUDIT#{entity}"));
    let items = vitrine_table::retry::query_all(table, query, 1000).await.map_err(fault::table)?;
    items.into_iter().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
}

/// The newest entries of a thing's trail, at most so many, oldest first.
pub async fn newest(table: &dyn vitrine_table::Table, entity: &str, most: usize) -> Result<Vec<Entry>> {
    let mut query = Query::new(vitrine_table::Index::Base, format!("AUDIT#{entity}"));
    query.descending = true;
    query.limit = most;
    let page = table.query(query).await.map_err(fault::table)?;
    page.items.into_iter().rev().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
}

/// The key under which a thing's trail begins, for tests and exports.
pub fn key_prefix(entity: &str) -> Key {
    Key::new(format!("AUDIT#{entity}"), "0")
}
