//! What is known of all of a seller's collections together: how many there are, and how often one was deleted or named.
//!
//! A deletion holds only if no promotion named a collection since the tally was read, and a promotion that names some is written only if
//! none was deleted since: of two that meet, one looks again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::date::Date;
use vitrine_pricing::promotion::Promotion;
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_table::{
    Condition, Consistency, Index, Key, Put, Query, SortRange, Table, TableError, TransactOp, Update, UpdateItem, retry,
};

use super::{Collection, MOST_COLLECTIONS, changed, collection_key, is_name};
use crate::fault::{self, Result};
use crate::promotions::scopes;

/// How many there may be, as it is counted.
pub(super) const MOST: i64 = MOST_COLLECTIONS.cast_signed() as i64;
/// How often what meets another write is tried.
const TRIES: usize = 3;

/// Counts of a seller's collections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Those there are.
    pub(super) count: i64,
    /// Writes of promotions that name any.
    named: i64,
    /// Deletions.
    deleted: i64,
}

fn tally_key(tenant: &TenantId) -> Key {
    Key::new(format!("COLLECTIONS#{tenant}"), "TALLY#")
}

/// What stands there now; `None` where none was written yet.
pub(super) async fn kept(table: &dyn Table, tenant: &TenantId) -> Result<Option<Tally>> {
    let item = table.get(&tally_key(tenant), Consistency::Strong).await.map_err(fault::table)?;
    item.map(|item| vitrine_table::from_item(item).map_err(fault::table)).transpose()
}

/// What stands there now. The first who asks counts those there are: none is made or deleted before that.
pub(super) async fn tally(table: &dyn Table, tenant: &TenantId) -> Result<Tally> {
    for _ in 0..TRIES {
        if let Some(tally) = kept(table, tenant).await? {
            return Ok(tally);
        }
        let count = i64::try_from(all(table, tenant).await?.len()).unwrap_or(i64::MAX);
        let first = Tally { count, ..Tally::default() };
        let mut item = vitrine_table::to_item(&tally_key(tenant), &first).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        match table.put(Put { item, condition: Some(Condition::ItemAbsent) }).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => {}
            Err(e) => return Err(fault::table(e)),
        }
    }
    Err(changed())
}

fn counted(tenant: &TenantId, updates: &[(&str, i64)], condition: Condition) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: tally_key(tenant),
        updates: updates.iter().map(|(name, by)| Update::Add((*name).to_owned(), *by)).collect(),
        condition: Some(condition),
    })
}

/// One more, if there may be.
pub(super) fn made(tenant: &TenantId) -> TransactOp {
    counted(tenant, &[("count", 1)], Condition::Le("count".into(), json!(MOST - 1)))
}

/// One fewer, if no promotion named one since the tally was read.
pub(super) fn deleted(tenant: &TenantId, seen: &Tally) -> TransactOp {
    counted(tenant, &[("count", -1), ("deleted", 1)], Condition::eq("named", seen.named))
}

/// A seller's collections, by name.
pub(super) async fn all(table: &dyn Table, tenant: &TenantId) -> Result<Vec<Collection>> {
    let mut query = Query::new(Index::Base, collection_key(tenant, "").pk);
    query.range = SortRange::BeginsWith("C#".into());
    let items = retry::query_all(table, query, usize::MAX).await.map_err(fault::table)?;
    items.into_iter().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
}

/// Those of these names that there are.
pub(super) async fn named(
    table: &dyn Table,
    tenant: &TenantId,
    names: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, Collection>> {
    let keys: Vec<Key> = names.filter(|name| is_name(name)).map(|name| collection_key(tenant, name)).collect();
    let items = retry::get_each(table, keys).await.map_err(fault::table)?;
    let all = items.into_iter().flatten().map(|item| vitrine_table::from_item(item).map_err(fault::table));
    all.map(|found| found.map(|c: Collection| (c.name.clone(), c))).collect()
}

/// Whether a promotion's last day is over: names in it mean nothing any more.
pub(crate) fn is_over(promotion: &Promotion, now_ms: i64) -> Result<bool> {
    let today = Date::from_unix_ms(now_ms).map_err(|e| fault::internal("a date", &e))?;
    Ok(promotion.valid_to.is_some_and(|to| to < today))
}

/// The write beside a promotion's own that holds only while the collections it names are there; `None` for one that names none or has
/// ended.
///
/// # Errors
/// 422 naming the field: `fault-promotion-collection`; the table's.
pub(crate) async fn naming(
    table: &dyn Table,
    tenant: &TenantId,
    promotion: &Promotion,
    now_ms: i64,
) -> Result<Option<TransactOp>> {
    let scopes = scopes(promotion);
    let names = || scopes.iter().flat_map(|(_, scope)| &scope.collections).map(String::as_str);
    if names().next().is_none() || is_over(promotion, now_ms)? {
        return Ok(None);
    }
    let seen = tally(table, tenant).await?;
    let there = named(table, tenant, names()).await?;
    if let Some((field, _)) = scopes.iter().find(|(_, s)| s.collections.iter().any(|name| !there.contains_key(name))) {
        let told = "One of these collections is not there any more.";
        return Err(Problem::invalid(&format!("{field}.collections"), "fault-promotion-collection", told));
    }
    Ok(Some(counted(tenant, &[("named", 1)], Condition::eq("deleted", seen.deleted))))
}
