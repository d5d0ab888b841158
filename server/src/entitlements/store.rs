//! Keys of grants. All grants of one customer to one work are one partition, so an access check is one strong query.
//!
//! | item | pk | sk | indexes |
//! |---|---|---|---|
//! | grant | `ENTITLEMENT#customer#work` | `GRANT#grant` | GSI1 `LIBRARY#customer`, `since#grant` |

use std::sync::Arc;

use serde_json::{Value, json};
use vitrine_shared::access::Grant;
use vitrine_shared::id::{CustomerId, GrantId, WorkId};
use vitrine_table::{Condition, Index, Item, Key, Put, Query, Table, TransactOp, Update, UpdateItem};

use crate::fault::{self, Result};

/// Grants of one page of a customer's list.
pub const GRANTS_PAGE: usize = 100;

/// Reads grants and builds their writes; holds no state of its own.
#[derive(Clone)]
pub struct GrantStore {
    table: Arc<dyn Table>,
}

/// Where a grant is stored.
pub fn key(customer: &CustomerId, work: &WorkId, grant: &GrantId) -> Key {
    Key::new(format!("ENTITLEMENT#{customer}#{work}"), format!("GRANT#{grant}"))
}

/// Holds for a grant that is there and not revoked.
pub fn in_force() -> Condition {
    Condition::ItemExists.and(Condition::Absent("revoked".into()))
}

/// Writes a new grant; fails if it is already there, so that a repeated event grants once.
///
/// # Errors
/// The grant cannot be written as an item.
pub fn put_op(grant: &Grant) -> Result<TransactOp> {
    let mut item: Item =
        vitrine_table::to_item(&key(&grant.customer, &grant.work, &grant.id), grant).map_err(fault::table)?;
    // What is not there is absent, not null: conditions ask for absence.
    item.retain(|_, value| !value.is_null());
    item.insert("pk2".into(), format!("LIBRARY#{}", grant.customer).into());
    item.insert("sk2".into(), format!("{:015}#{}", grant.since_ms.max(0), grant.id).into());
    item.insert("_v".into(), json!(1));
    Ok(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }))
}

/// Revokes a grant from `now_ms` for `reason` (a code such as `refunded`); fails if it is absent or revoked already.
pub fn revoke_op(grant: &Grant, now_ms: i64, reason: &str) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: key(&grant.customer, &grant.work, &grant.id),
        updates: vec![Update::set("revoked", Value::Array(vec![now_ms.into(), reason.into()]))],
        condition: Some(in_force()),
    })
}

impl GrantStore {
    /// On this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// One page of a customer's grants, newest first, revoked ones too. From an index: it may lag behind writes.
    ///
    /// # Errors
    /// 422 for a foreign cursor.
    pub async fn grants_of(
        &self,
        customer: &CustomerId,
        cursor: Option<String>,
    ) -> Result<(Vec<Grant>, Option<String>)> {
        let query =
            Query::new(Index::Gsi1, format!("LIBRARY#{customer}")).descending().limit(GRANTS_PAGE).after(cursor);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let grants = page.items.into_iter().map(vitrine_table::from_item).collect::<vitrine_table::Result<_>>();
        Ok((grants.map_err(fault::table)?, page.cursor))
    }

    /// All grants of a customer to one work, oldest first, revoked ones too. Strongly consistent.
    ///
    /// # Errors
    /// The table's.
    pub async fn grants_for_work(&self, customer: &CustomerId, work: &WorkId) -> Result<Vec<Grant>> {
        let mut out: Vec<Grant> = Vec::new();
        let mut cursor = None;
        loop {
            let query = Query::new(Index::Base, format!("ENTITLEMENT#{customer}#{work}")).begins_with("GRANT#");
            let page = self.table.query(query.limit(1000).after(cursor)).await.map_err(fault::table)?;
            for item in page.items {
                out.push(vitrine_table::from_item(item).map_err(fault::table)?);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                out.sort_by(|a, b| (a.since_ms, &a.id).cmp(&(b.since_ms, &b.id)));
                return Ok(out);
            }
        }
    }
}
