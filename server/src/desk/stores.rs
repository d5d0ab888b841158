//! A seller's storefronts at the desk: which there are, and what is written of one.

use std::collections::BTreeMap;

use serde_json::Value;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Store, Tenant};
use vitrine_shared::id::StoreId;
use vitrine_table::{Consistency, Item, MAX_ITEM_BYTES, TableError, Transact};

use super::Desk;
use crate::catalog::settings;
use crate::catalog::store::store_key;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Bytes of a store's record that stay free.
const SPARE: usize = 8 * 1024;

/// Bytes of a form of a shop's settings: more than the largest zone has.
const MOST_FORM: usize = 128 * 1024;
/// Bytes of the name of what a form changes.
const MOST_WAS: usize = 64;

/// Somebody else was faster; what was typed is kept beside what stands now.
pub(super) fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "setting_changed",
        "This shop was changed meanwhile. Look at what stands now before you save over it.",
    )
}

/// What a form changes, if any name can be so long: it is part of a key.
///
/// # Errors
/// 404.
pub(super) fn named(was: &str) -> Result<&str> {
    if was.len() > MOST_WAS { Err(Problem::not_found("setting")) } else { Ok(was) }
}

/// Refuses a form that is larger than any, before anything in it is read.
///
/// # Errors
/// 404 as [`named`]; 422 `fault-long`.
pub(super) fn bounded(fields: &BTreeMap<String, String>) -> Result<()> {
    named(fields.get("was").map_or("", String::as_str))?;
    if fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_FORM {
        return Err(Problem::invalid("form", "fault-long", "A form has at most 128 KB."));
    }
    Ok(())
}

/// A storefront as it was read.
pub(super) struct Own {
    pub(super) store: Store,
    item: Item,
}

impl Desk {
    /// A storefront of the caller's.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' and what is none.
    pub(super) async fn my_store(&self, ctx: &OpCtx, id: &str) -> Result<Own> {
        authz::user(ctx)?;
        let missing = || Problem::not_found("shop");
        let id: StoreId = id.parse().map_err(|_| missing())?;
        let item = self.0.table.get(&store_key(&id), Consistency::Strong).await.map_err(fault::table)?;
        let item = item.ok_or_else(missing)?;
        let store: Store = vitrine_table::from_item(item.clone()).map_err(fault::table)?;
        authz::tenant_desk(ctx, &store.tenant).map_err(|_| missing())?;
        Ok(Own { store, item })
    }

    /// The currency of a store's seller.
    ///
    /// # Errors
    /// The table's.
    pub(super) async fn own_currency(&self, store: &Store) -> Result<String> {
        let seller = self.0.catalog.records().tenant(&store.tenant).await?;
        Ok(seller.map(|seller| seller.currency).unwrap_or_default())
    }

    /// The storefronts of a seller, by name; of all sellers the caller is a member of where nobody is named.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub(super) async fn my_stores(&self, ctx: &OpCtx, tenant: &str) -> Result<Vec<(Store, Tenant)>> {
        let desks = self.desks(ctx, tenant).await?;
        let mut all = Vec::new();
        for store in self.0.catalog.records().stores().await? {
            let seller = desks.iter().find(|(desk, _)| *desk.tenant() == store.tenant);
            all.extend(seller.map(|(_, tenant)| (store, tenant.clone())));
        }
        all.sort_by(|(a, _), (b, _)| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(all)
    }

    /// Writes a storefront as it shall be, with its trail; `seen` is the revision that its editor saw. What is so already is not written: the
    /// same form again does nothing.
    ///
    /// # Errors
    /// 409 if somebody else changed it meanwhile, or `shop_large`; the table's.
    pub(super) async fn change_store(
        &self,
        ctx: &OpCtx,
        own: &Own,
        next: &Store,
        seen: i64,
        (act, what): (&str, Value),
    ) -> Result<()> {
        if *next == own.store {
            return Ok(());
        }
        if seen != own.store.rev {
            return Err(changed_meanwhile());
        }
        let (op, bytes) = settings::rewritten(next, &own.item, ctx.now_ms)?;
        if bytes > MAX_ITEM_BYTES - SPARE {
            return Err(Problem::conflict("shop_large", "So much is not kept of one shop. Take something out first."));
        }
        let ops = vec![op, audit::entry(ctx, next.id.as_str(), act, "", what)];
        match self.0.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(changed_meanwhile()),
            done => done.map_err(fault::table),
        }
    }
}
