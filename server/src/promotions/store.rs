//! Promotions as kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::date::Date;
use vitrine_pricing::promotion::Promotion;
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_table::{
    Condition, Consistency, Delete, Index, Item, Key, Put, Query, SortRange, Table, TableError, Transact, TransactOp,
    retry,
};

use super::{TOTAL, count_key};
use crate::audit;
use crate::collections;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// Promotions of a seller that apply by themselves, at most: each quote looks at all of them, and takes 100 with those of 20 codes.
pub const MOST_AUTOMATIC: usize = 40;
/// Bytes of what a code opens, or of all that applies by itself: what a table's item may have, with room for marks.
const MOST_ITEM_BYTES: usize = vitrine_table::MAX_ITEM_BYTES - 4 * 1024;
/// How often a write is tried that met the deletion of a collection.
const TRIES: usize = 3;
/// Promotions of a seller, at most, as a list shows them.
const MOST_LISTED: usize = 5_000;

/// A promotion as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What is taken off.
    pub promotion: Promotion,
    /// Uses that an import said were left; its limit counts from that import.
    #[serde(default)]
    pub left_said: Option<u32>,
    /// Hash of the document that a program made it of: its attempt sent again brings the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<String>,
    /// UTC milliseconds.
    pub created_ms: i64,
    /// Counts writes.
    pub rev: i64,
}

/// Promotions that a code opens, or that apply by themselves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// In order of their ids.
    pub(crate) list: Vec<Kept>,
    rev: i64,
}

impl Opened {
    /// From the item at [`automatic_key`] or [`code_key`].
    pub(crate) fn of(item: Option<Item>) -> Result<Self> {
        item.map_or_else(|| Ok(Self::default()), |item| vitrine_table::from_item(item).map_err(fault::table))
    }
}

/// Where a seller's promotions are that apply by themselves.
pub(crate) fn automatic_key(tenant: &TenantId) -> Key {
    Key::new(format!("PROMO#{tenant}"), "AUTO#")
}

/// Where it is what a code of a seller opens.
pub(super) fn code_key(tenant: &TenantId, code: &str) -> Key {
    Key::new(format!("PROMO#{tenant}"), format!("CODE#{}", code.trim().to_lowercase()))
}

fn opened_by(tenant: &TenantId, promotion: &Promotion) -> Key {
    promotion.code.as_deref().map_or_else(|| automatic_key(tenant), |code| code_key(tenant, code))
}

fn pointer_key(tenant: &TenantId, id: &str) -> Key {
    Key::new(format!("PROMO#{tenant}"), format!("P#{id}"))
}

/// Where one that applied by itself is once it ended and room was needed.
fn retired_key(tenant: &TenantId, id: &str) -> Key {
    Key::new(format!("PROMO#{tenant}"), format!("DONE#{id}"))
}

/// Takes those out of a list that ended before `today`, to places of their own, with the writes for them.
fn retire(tenant: &TenantId, opened: &mut Opened, today: Date) -> Result<Vec<TransactOp>> {
    let (done, open): (Vec<Kept>, Vec<Kept>) = std::mem::take(&mut opened.list)
        .into_iter()
        .partition(|kept| kept.promotion.valid_to.is_some_and(|to| to < today));
    opened.list = open;
    let mut ops = Vec::new();
    for kept in done {
        let (id, to) = (kept.promotion.id.clone(), retired_key(tenant, &kept.promotion.id));
        ops.push(save(&to, Opened { list: vec![kept], rev: 0 })?);
        ops.push(point(tenant, &id, &to, Condition::eq("at", automatic_key(tenant).sk)));
    }
    Ok(ops)
}

/// Says where a promotion is.
fn point(tenant: &TenantId, id: &str, to: &Key, condition: Condition) -> TransactOp {
    let mut item = Item::new();
    let key = pointer_key(tenant, id);
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    item.insert("at".into(), to.sk.clone().into());
    item.insert("_v".into(), 1.into());
    TransactOp::Put(Put { item, condition: Some(condition) })
}

fn changed() -> Problem {
    Problem::conflict("changed_meanwhile", "This was changed meanwhile. Look at it again.")
}

/// Reads and keeps promotions. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    table: Arc<dyn Table>,
}

impl Records {
    /// On this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    async fn opened(&self, key: &Key) -> Result<Opened> {
        Opened::of(self.table.get(key, Consistency::Strong).await.map_err(fault::table)?)
    }

    async fn place(&self, tenant: &TenantId, id: &str) -> Result<Option<Key>> {
        let key = pointer_key(tenant, id);
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        let at = item.as_ref().and_then(|i| i.get("at")).and_then(|v| v.as_str());
        Ok(at.map(|at| Key::new(key.pk.clone(), at)))
    }

    /// A seller's promotion.
    ///
    /// # Errors
    /// The table's.
    pub async fn get(&self, tenant: &TenantId, id: &str) -> Result<Option<Kept>> {
        let Some(at) = self.place(tenant, id).await? else { return Ok(None) };
        Ok(self.opened(&at).await?.list.into_iter().find(|kept| kept.promotion.id == id))
    }

    /// What applies by itself in a seller's shops.
    ///
    /// # Errors
    /// The table's.
    pub async fn automatic(&self, tenant: &TenantId) -> Result<Vec<Promotion>> {
        let opened = self.opened(&automatic_key(tenant)).await?;
        Ok(opened.list.into_iter().map(|kept| kept.promotion).collect())
    }

    /// All of a seller's, at most 5,000; those that apply by themselves first, then by code, then what made room.
    ///
    /// # Errors
    /// The table's.
    pub async fn all(&self, tenant: &TenantId) -> Result<Vec<Kept>> {
        self.up_to(tenant, MOST_LISTED).await
    }

    /// All of a seller's, however many, in the order of [`Records::all`].
    ///
    /// # Errors
    /// The table's.
    pub(crate) async fn every(&self, tenant: &TenantId) -> Result<Vec<Kept>> {
        self.up_to(tenant, usize::MAX).await
    }

    async fn up_to(&self, tenant: &TenantId, most: usize) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for begin in ["AUTO#", "CODE#", "DONE#"] {
            let mut query = Query::new(Index::Base, automatic_key(tenant).pk);
            query.range = SortRange::BeginsWith(begin.into());
            let items = retry::query_all(&*self.table, query, most).await.map_err(fault::table)?;
            for item in items {
                all.extend(Opened::of(Some(item))?.list);
            }
        }
        Ok(all)
    }

    /// Uses by everybody, of each promotion.
    ///
    /// # Errors
    /// The table's.
    pub async fn used(&self, tenant: &TenantId, ids: &[&str]) -> Result<Vec<u32>> {
        let keys = ids.iter().map(|id| count_key(tenant, id, TOTAL)).collect();
        let items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        Ok(items.iter().map(|item| super::offered::used(item.as_ref())).collect())
    }

    /// Keeps a promotion in place of what was there at `rev` (0: nothing was). The caller's right is asked before.
    ///
    /// # Errors
    /// 422 naming the field: what `Promotion::check` says (`promotion_invalid`), `code_taken`, `too_many`, `too_large`; 409 `changed_meanwhile`; the table's.
    pub(crate) async fn write(&self, ctx: &OpCtx, tenant: &TenantId, kept: &Kept, rev: i64, why: &str) -> Result<()> {
        let promotion = &kept.promotion;
        promotion.check().map_err(|e| Problem::invalid(e.field, "promotion_invalid", e.to_string()))?;
        for _ in 0..TRIES {
            if self.written(ctx, tenant, kept, rev, why).await? {
                return Ok(());
            }
        }
        Err(changed())
    }

    /// One attempt to write; `false` if a collection was deleted meanwhile, perhaps one that this names.
    async fn written(&self, ctx: &OpCtx, tenant: &TenantId, kept: &Kept, rev: i64, why: &str) -> Result<bool> {
        let promotion = &kept.promotion;
        let naming = collections::naming(&*self.table, tenant, promotion, ctx.now_ms).await?;
        let names_some = naming.is_some();
        let before = self.place(tenant, &promotion.id).await?;
        if before.is_some() != (rev > 0) {
            return Err(changed());
        }
        let to = opened_by(tenant, promotion);
        let mut ops: Vec<TransactOp> = naming.into_iter().collect();
        if let Some(from) = before.as_ref().filter(|from| **from != to) {
            let mut opened = self.opened(from).await?;
            let at = opened.list.iter().position(|k| k.promotion.id == promotion.id && k.rev == rev);
            opened.list.remove(at.ok_or_else(changed)?);
            ops.push(save(from, opened)?);
        }
        let mut opened = self.opened(&to).await?;
        if promotion.code.is_none() && before.as_ref() != Some(&to) && opened.list.len() >= MOST_AUTOMATIC {
            let today = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
            ops.extend(retire(tenant, &mut opened, today)?);
        }
        let mut next = kept.clone();
        next.rev = rev + 1;
        match opened.list.iter().position(|k| k.promotion.id == promotion.id) {
            Some(at) if opened.list[at].rev == rev => opened.list[at] = next,
            Some(_) => return Err(changed()),
            None if before.as_ref() == Some(&to) => return Err(changed()),
            None if promotion.code.is_some() && !opened.list.is_empty() => {
                return Err(Problem::invalid("code", "code_taken", "Another promotion of this shop has this code."));
            }
            None if promotion.code.is_none() && opened.list.len() >= MOST_AUTOMATIC => {
                let title = format!("At most {MOST_AUTOMATIC} promotions apply by themselves; this one needs a code.");
                return Err(Problem::invalid("code", "too_many", title));
            }
            None => opened.list.push(next),
        }
        opened.list.sort_by(|a, b| a.promotion.id.cmp(&b.promotion.id));
        ops.push(save(&to, opened)?);
        let unchanged = before.map_or(Condition::ItemAbsent, |from| Condition::eq("at", from.sk));
        ops.push(point(tenant, &promotion.id, &to, unchanged));
        let act = if rev == 0 { "promotion.created" } else { "promotion.changed" };
        ops.push(audit::entry(ctx, &promotion.id, act, why, json!({ "tenant": tenant, "promotion": promotion })));
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(true),
            Err(e) if names_some && e.failed_condition(0).is_some() => Ok(false),
            Err(TableError::Cancelled(_)) => Err(changed()),
            Err(e) => Err(fault::table(e)),
        }
    }
}

/// Writes what a code opens as it was read and changed; a code that opens nothing is free again.
fn save(key: &Key, mut opened: Opened) -> Result<TransactOp> {
    let condition = match opened.rev {
        0 => Condition::ItemAbsent,
        rev => Condition::eq("rev", rev),
    };
    if opened.list.is_empty() {
        return Ok(TransactOp::Delete(Delete { key: key.clone(), condition: Some(condition) }));
    }
    opened.rev += 1;
    let mut item = vitrine_table::to_item(key, &opened).map_err(fault::table)?;
    item.insert("_v".into(), 1.into());
    if vitrine_table::check::item_bytes(&item) > MOST_ITEM_BYTES {
        let title =
            "What applies by itself in this shop names too much. Name fewer items, end some, or give this one a code.";
        return Err(Problem::invalid("items", "too_large", title));
    }
    Ok(TransactOp::Put(Put { item, condition: Some(condition) }))
}
