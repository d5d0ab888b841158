//! Forms that could not be saved: kept for their typist for an hour, so that nothing is typed twice.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vitrine_table::{Consistency, Delete, Item, Key, Put};

use super::Desk;
use crate::authz;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// How long, seconds.
pub(super) const KEPT_SECS: i64 = 3600;

/// Key of what the caller typed, by the form's name.
pub(super) fn form_key(ctx: &OpCtx, name: &str) -> Result<Key> {
    Ok(Key::new(format!("DESKFORM#{}", authz::user(ctx)?.id), name))
}

impl Desk {
    /// Keeps a form of the caller's under a name.
    pub(super) async fn keep_form(&self, ctx: &OpCtx, name: &str, kept: &impl Serialize) -> Result<()> {
        let key = form_key(ctx, name)?;
        let mut item = vitrine_table::to_item(&key, &json!({ "kept": kept })).map_err(fault::table)?;
        item.insert("ttl".into(), json!(ctx.now_ms / 1000 + KEPT_SECS));
        item.insert("_v".into(), json!(1));
        self.0.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
        Ok(())
    }

    /// What was kept, if it is still of use.
    pub(super) async fn kept_form<T: DeserializeOwned>(&self, ctx: &OpCtx, name: &str) -> Result<Option<T>> {
        let item = self.0.table.get(&form_key(ctx, name)?, Consistency::Strong).await.map_err(fault::table)?;
        let fresh = |item: &Item| item.get("ttl").and_then(Value::as_i64).is_none_or(|ttl| ttl > ctx.now_ms / 1000);
        let kept = item.filter(fresh).and_then(|mut i| i.remove("kept"));
        Ok(kept.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// What was kept is not wanted any more.
    pub(super) async fn drop_form(&self, ctx: &OpCtx, name: &str) -> Result<()> {
        let key = form_key(ctx, name)?;
        self.0.table.delete(Delete { key, condition: None }).await.map(drop).map_err(fault::table)
    }
}
