//! Small helpers over the Table port: typed reads, conditional writes, retries of conflicts.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vitrine_table::{
    Condition, Consistency, Delete, Item, Key, Put, Table, TableError, Transact, TransactOp, Update, UpdateItem,
    from_item, to_item,
};

/// How often a write that met another is repeated.
const TRIES: u32 = 6;

/// The store as this package uses it.
#[derive(Clone)]
pub(crate) struct Store(pub(crate) Arc<dyn Table>);

impl Store {
    /// A strong read into a type.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, TableError> {
        self.0.get(key, Consistency::Strong).await?.map(from_item).transpose()
    }

    /// Puts unless an item is there; `false`: there was one.
    pub(crate) async fn insert<T: Serialize>(&self, key: &Key, value: &T) -> Result<bool, TableError> {
        self.put_if(key, value, Condition::ItemAbsent).await
    }

    /// Puts if the condition holds; `false`: it did not.
    pub(crate) async fn put_if<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        condition: Condition,
    ) -> Result<bool, TableError> {
        let item = to_item(key, value)?;
        let mut tries = 0;
        loop {
            match self.0.put(Put { item: item.clone(), condition: Some(condition.clone()) }).await {
                Ok(_) => return Ok(true),
                Err(TableError::ConditionFailed(_)) => return Ok(false),
                Err(e) => pause_or_fail(e, &mut tries).await?,
            }
        }
    }

    /// Changes attributes if the condition holds; `None`: it did not.
    pub(crate) async fn update_if(
        &self,
        key: &Key,
        updates: Vec<Update>,
        condition: Condition,
    ) -> Result<Option<Item>, TableError> {
        let update = UpdateItem { key: key.clone(), updates, condition: Some(condition) };
        let mut tries = 0;
        loop {
            match self.0.update(update.clone()).await {
                Ok(item) => return Ok(Some(item)),
                Err(TableError::ConditionFailed(_)) => return Ok(None),
                Err(e) => pause_or_fail(e, &mut tries).await?,
            }
        }
    }

    /// Takes an item away and answers it: whoever gets `Some` is the only one who does.
    pub(crate) async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, TableError> {
        let delete = Delete { key: key.clone(), condition: Some(Condition::ItemExists) };
        let mut tries = 0;
        loop {
            match self.0.delete(delete.clone()).await {
                Ok(old) => return old.map(from_item).transpose(),
                Err(TableError::ConditionFailed(_)) => return Ok(None),
                Err(e) => pause_or_fail(e, &mut tries).await?,
            }
        }
    }

    /// Removes an item; an absent one is fine.
    pub(crate) async fn remove(&self, key: &Key) -> Result<(), TableError> {
        let mut tries = 0;
        loop {
            match self.0.delete(Delete { key: key.clone(), condition: None }).await {
                Ok(_) => return Ok(()),
                Err(e) => pause_or_fail(e, &mut tries).await?,
            }
        }
    }

    /// All or nothing; conflicts are repeated, a failed condition comes back.
    pub(crate) async fn transact(&self, ops: Vec<TransactOp>) -> Result<(), TableError> {
        let transact = Transact { ops, token: None };
        let mut tries = 0;
        loop {
            match self.0.transact(transact.clone()).await {
                Ok(()) => return Ok(()),
                Err(e) => pause_or_fail(e, &mut tries).await?,
            }
        }
    }
}

/// A put of a transaction.
pub(crate) fn put_op<T: Serialize>(
    key: &Key,
    value: &T,
    condition: Option<Condition>,
) -> Result<TransactOp, TableError> {
    Ok(TransactOp::Put(Put { item: to_item(key, value)?, condition }))
}

async fn pause_or_fail(error: TableError, tries: &mut u32) -> Result<(), TableError> {
    if !error.is_retryable() || *tries >= TRIES {
        return Err(error);
    }
    // Doubling pauses from 5 ms: two writers of one item never stay in step for long.
    tokio::time::sleep(Duration::from_millis(5 << *tries)).await;
    *tries += 1;
    Ok(())
}
