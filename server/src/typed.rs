//! What people typed and could not be saved: kept sealed for a while, so that nothing is typed twice. Who may ask for it is the caller's to know.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use vitrine_identity::MasterKey;
use vitrine_table::{Consistency, Item, Key, Put, Table};

use crate::fault::{self, Result};

/// Keeps `typed` at a key until `ends` (seconds since the epoch), sealed under `place`.
///
/// # Errors
/// The table's.
pub(crate) async fn keep(
    table: &dyn Table,
    master: &MasterKey,
    (key, place): (Key, &str),
    ends: i64,
    typed: &impl Serialize,
) -> Result<()> {
    let sealed = master.seal_value(place, typed).map_err(|e| fault::internal("a form", &e))?;
    let mut item = Item::new();
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    item.insert("sealed".into(), sealed.into());
    item.insert("ttl".into(), json!(ends));
    item.insert("_v".into(), 1.into());
    table.put(Put { item, condition: None }).await.map(drop).map_err(fault::table)
}

/// What was kept at a key; `None`: nothing, its time is over, or it cannot be opened.
///
/// # Errors
/// The table's.
pub(crate) async fn kept<T: DeserializeOwned>(
    table: &dyn Table,
    master: &MasterKey,
    (key, place): (&Key, &str),
    now_ms: i64,
) -> Result<Option<T>> {
    let item = table.get(key, Consistency::Strong).await.map_err(fault::table)?;
    let fresh = |item: &Item| item.get("ttl").and_then(|t| t.as_i64()).is_none_or(|ttl| ttl > now_ms / 1000);
    let sealed = item.filter(fresh).and_then(|i| i.get("sealed")?.as_str().map(str::to_owned));
    Ok(sealed.and_then(|sealed| master.open_value(place, &sealed).ok()))
}
