//! Pieces of physical goods.
//!
//! Invariant, kept by conditional updates of one small item per variant:
//! initial + restocked = available + reserved + sold, and none is ever negative.

use vitrine_shared::id::VariantId;
use vitrine_table::{Condition, Item, Key, TransactOp, Update, UpdateItem};

/// Key of a variant's stock.
pub fn key(variant: &VariantId) -> Key {
    Key::new(format!("STOCK#{variant}"), "LEVEL#")
}

/// A stock that begins with `pieces`.
pub fn first(variant: &VariantId, pieces: i64) -> Item {
    let pieces = pieces.max(0);
    let mut item = Item::new();
    let key = key(variant);
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    for (name, value) in
        [("initial", pieces), ("restocked", 0), ("available", pieces), ("reserved", 0), ("sold", 0), ("_v", 1)]
    {
        item.insert(name.into(), value.into());
    }
    item
}

/// How many pieces there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Level {
    /// At the beginning.
    pub initial: i64,
    /// Came back.
    pub restocked: i64,
    /// Can be sold.
    pub available: i64,
    /// Held for payments on their way.
    pub reserved: i64,
    /// Gone.
    pub sold: i64,
}

/// Reads a variant's stock; `None` if it has none.
pub async fn level(table: &dyn vitrine_table::Table, variant: &VariantId) -> crate::fault::Result<Option<Level>> {
    let item = table.get(&key(variant), vitrine_table::Consistency::Strong).await.map_err(crate::fault::table)?;
    item.map(|i| vitrine_table::from_item(i).map_err(crate::fault::table)).transpose()
}

/// Moves pieces between the counters of one level; a counter that gives must have them.
fn moved(variant: &VariantId, pieces: i64, from: &str, to: &str) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: key(variant),
        updates: vec![Update::Add(from.into(), -pieces), Update::Add(to.into(), pieces)],
        condition: Some(Condition::ItemExists.and(Condition::ge(from, pieces))),
    })
}

/// Holds pieces for a payment; fails if fewer are available.
pub fn reserve(variant: &VariantId, pieces: i64) -> TransactOp {
    moved(variant, pieces, "available", "reserved")
}

/// The payment will not come: they can be sold again.
pub fn release(variant: &VariantId, pieces: i64) -> TransactOp {
    moved(variant, pieces, "reserved", "available")
}

/// The payment came: they are gone.
pub fn sell(variant: &VariantId, pieces: i64) -> TransactOp {
    moved(variant, pieces, "reserved", "sold")
}

/// The payment came after the hold ended: fails if somebody else has them by now.
pub fn sell_unheld(variant: &VariantId, pieces: i64) -> TransactOp {
    moved(variant, pieces, "available", "sold")
}

/// Pieces came back and can be sold again.
pub fn restock(variant: &VariantId, pieces: i64) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: key(variant),
        updates: vec![Update::Add("restocked".into(), pieces), Update::Add("available".into(), pieces)],
        condition: Some(Condition::ItemExists),
    })
}
