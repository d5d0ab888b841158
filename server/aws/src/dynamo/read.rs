//! Reads of the base table and its indexes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem};
use vitrine_table::{
    BatchGot, Consistency, Index, Item, Key, MAX_TRANSACT_ITEMS, Page, Query, Result, TableError, check, eval,
};

use super::expression::Expression;
use super::fault::failure;
use super::{DynamoTable, cursor, value};

/// The name an index has in the table.
pub(super) const fn index_name(index: Index) -> Option<&'static str> {
    match index {
        Index::Base => None,
        Index::Gsi1 => Some("GSI1"),
        Index::Gsi2 => Some("GSI2"),
        Index::Gsi3 => Some("GSI3"),
    }
}

fn no_keys(_: impl std::fmt::Display) -> TableError {
    // The builders only refuse a request without keys or table, which none here is.
    TableError::Unavailable("the request could not be built".into())
}

impl DynamoTable {
    /// An item unless it has expired.
    pub(super) fn live(&self, stored: Option<HashMap<String, AttributeValue>>) -> Result<Option<Item>> {
        let item = stored.filter(|s| !s.is_empty()).map(value::item).transpose()?;
        Ok(item.filter(|i| !eval::is_expired(i, self.now_secs())))
    }

    pub(super) async fn read_one(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        check::key(key)?;
        let answer = self
            .repeating
            .get_item()
            .table_name(&self.name)
            .set_key(Some(value::key(key)))
            .consistent_read(consistency == Consistency::Strong)
            .send()
            .await
            .map_err(|e| failure(&e))?;
        self.live(answer.item)
    }

    pub(super) async fn read_page(&self, query: Query) -> Result<Page> {
        check::query(&query)?;
        let shape = cursor::shape(&self.name, &query);
        let start = match &query.cursor {
            None => None,
            Some(text) => {
                let key: BTreeMap<String, String> = cursor::read(&shape, text)?;
                Some(key.into_iter().map(|(name, v)| (name, AttributeValue::S(v))).collect())
            }
        };
        let mut expression = Expression::default();
        let keys = expression.keys(query.index, &query.pk, &query.range);
        let answer = self
            .repeating
            .query()
            .table_name(&self.name)
            .set_index_name(index_name(query.index).map(str::to_owned))
            .key_condition_expression(keys)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .set_exclusive_start_key(start)
            .scan_index_forward(!query.descending)
            // Checked: 1 to 1,000.
            .limit(i32::try_from(query.limit).unwrap_or(1000))
            .consistent_read(query.consistency == Consistency::Strong)
            .send()
            .await
            .map_err(|e| failure(&e))?;
        let mut items = Vec::new();
        for stored in answer.items.unwrap_or_default() {
            items.extend(self.live(Some(stored))?);
        }
        let cursor = match answer.last_evaluated_key.filter(|k| !k.is_empty()) {
            None => None,
            Some(key) => {
                let mut position = BTreeMap::new();
                for (name, v) in key {
                    let AttributeValue::S(v) = v else {
                        return Err(TableError::Unavailable(format!("the key {name} of a page is no string")));
                    };
                    position.insert(name, v);
                }
                Some(cursor::write(&shape, &position)?)
            }
        };
        Ok(Page { items, cursor })
    }

    pub(super) async fn read_batch(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        check::batch_get(&keys)?;
        if keys.is_empty() {
            return Ok(BatchGot::default());
        }
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(value::key).collect()))
            .consistent_read(consistency == Consistency::Strong)
            .build()
            .map_err(no_keys)?;
        let answer =
            self.repeating.batch_get_item().request_items(&self.name, asked).send().await.map_err(|e| failure(&e))?;
        let mut items = Vec::new();
        for stored in answer.responses.into_iter().flatten().flat_map(|(_, found)| found) {
            items.extend(self.live(Some(stored))?);
        }
        let mut unprocessed = Vec::new();
        for left in answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, left)| left.keys) {
            unprocessed.push(check::key_of(&value::item(left)?)?);
        }
        Ok(BatchGot { items, unprocessed })
    }

    pub(super) async fn read_together(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        check::keys(&keys, MAX_TRANSACT_ITEMS)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.repeating.transact_get_items();
        for key in &keys {
            let get = Get::builder().table_name(&self.name).set_key(Some(value::key(key))).build().map_err(no_keys)?;
            call = call.transact_items(TransactGetItem::builder().get(get).build());
        }
        let answer = call.send().await.map_err(|e| {
            let Some(TransactGetItemsError::TransactionCanceledException(cancelled)) = e.as_service_error() else {
                return failure(&e);
            };
            // Reads have no conditions: a writer was in the way, or the store is throttling.
            let codes: Vec<&str> = cancelled.cancellation_reasons().iter().filter_map(|r| r.code()).collect();
            match codes.iter().find(|c| **c != "None") {
                Some(&"TransactionConflict") => TableError::Conflict,
                Some(&("ThrottlingError" | "ProvisionedThroughputExceeded")) => TableError::Throttled,
                Some(&"ValidationError") => TableError::Invalid(cancelled.to_string()),
                _ => TableError::Unavailable(cancelled.to_string()),
            }
        })?;
        let mut items = Vec::with_capacity(keys.len());
        for response in answer.responses.unwrap_or_default() {
            items.push(self.live(response.item)?);
        }
        if items.len() != keys.len() {
            return Err(TableError::Unavailable(format!("{} answers for {} keys", items.len(), keys.len())));
        }
        Ok(items)
    }
}
