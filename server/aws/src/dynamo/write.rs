//! Single writes and batches, each sent once.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, PutRequest, ReturnValue, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use serde_json::Value;
use vitrine_table::{
    BatchWrite, CancelReason, Condition, Delete, Index, Item, Key, Put, Result, TableError, TransactOp, Update,
    UpdateItem, check, eval,
};

use super::expression::Expression;
use super::fault::failure;
use super::{DynamoTable, value};

/// Answers the item on a failed condition.
pub(super) const OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// An update that would leave an index key that is not a non-empty string, whatever stands there now.
pub(super) fn spoils_index_key(updates: &[Update]) -> Option<String> {
    let is_key = |name: &str| Index::GLOBAL.iter().any(|i| i.attributes().0 == name || i.attributes().1 == name);
    updates.iter().find_map(|update| match update {
        Update::Set(a, v) | Update::SetIfAbsent(a, v) if is_key(a) => {
            let fits = matches!(v, Value::String(s) if !s.is_empty());
            (!fits).then(|| format!("{a} is an index key and must be a string that is not empty"))
        }
        Update::Add(a, _) if is_key(a) => Some(format!("{a} is an index key; nothing can be added")),
        _ => None,
    })
}

fn parts(op: &TransactOp) -> (Option<&Key>, Option<&Condition>, &[Update]) {
    match op {
        TransactOp::Put(put) => (None, put.condition.as_ref(), &[]),
        TransactOp::Update(update) => (Some(&update.key), update.condition.as_ref(), &update.updates),
        TransactOp::Delete(delete) => (Some(&delete.key), delete.condition.as_ref(), &[]),
        TransactOp::Check { key, condition } => (Some(key), Some(condition), &[]),
    }
}

/// Reads a failed condition: the caller's own, or the guard of an ADD.
pub(super) fn refusal(
    op: &TransactOp,
    stored: Option<HashMap<String, AttributeValue>>,
    now: i64,
) -> Result<CancelReason> {
    let old = stored.filter(|s| !s.is_empty()).map(value::item).transpose()?;
    let (key, condition, updates) = parts(op);
    let adds = updates.iter().any(|u| matches!(u, Update::Add(..)));
    if let Some(key) = key.filter(|_| adds)
        && condition.is_none_or(|c| eval::holds(c, old.as_ref(), now))
    {
        return Ok(match eval::updated(key, old.as_ref(), updates) {
            Err(why) => CancelReason::Invalid(why),
            // Neither failed on this image, so it was another one: somebody else wrote at the same time.
            Ok(_) => CancelReason::Conflict,
        });
    }
    Ok(CancelReason::ConditionFailed(old.filter(|i| !eval::is_expired(i, now))))
}

fn refused(op: &TransactOp, stored: Option<HashMap<String, AttributeValue>>, now: i64) -> TableError {
    match refusal(op, stored, now) {
        Ok(CancelReason::ConditionFailed(old)) => TableError::ConditionFailed(old),
        Ok(CancelReason::Invalid(why)) => TableError::Invalid(why),
        Ok(CancelReason::Conflict | CancelReason::None) => TableError::Conflict,
        Err(e) => e,
    }
}

fn unbuilt(_: impl std::fmt::Display) -> TableError {
    // The builders only refuse a request without item or key, which none here is.
    TableError::Unavailable("the request could not be built".into())
}

impl DynamoTable {
    pub(super) async fn write_put(&self, put: Put) -> Result<Option<Item>> {
        let op = TransactOp::Put(put);
        check::op(&op)?;
        let TransactOp::Put(put) = &op else { return Ok(None) };
        let now = self.now_secs();
        let mut expression = Expression::default();
        let guard = expression.guard(put.condition.as_ref(), &[], now);
        let answer = self
            .once
            .put_item()
            .table_name(&self.name)
            .set_item(Some(value::attributes(&put.item)))
            .set_condition_expression(guard)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(OLD)
            .send()
            .await;
        match answer {
            Ok(done) => self.live(done.attributes),
            Err(e) => Err(match e.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => refused(&op, failed.item.clone(), now),
                _ => failure(&e),
            }),
        }
    }

    pub(super) async fn write_update(&self, update: UpdateItem) -> Result<Item> {
        let op = TransactOp::Update(update);
        check::op(&op)?;
        let (Some(key), condition, updates) = parts(&op) else {
            return Err(TableError::Invalid("an update without a key".into()));
        };
        if let Some(why) = spoils_index_key(updates) {
            return Err(TableError::Invalid(why));
        }
        let now = self.now_secs();
        let mut expression = Expression::default();
        let guard = expression.guard(condition, updates, now);
        let answer = self
            .once
            .update_item()
            .table_name(&self.name)
            .set_key(Some(value::key(key)))
            .update_expression(expression.update(updates))
            .set_condition_expression(guard)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OLD)
            .send()
            .await;
        match answer {
            Ok(done) => value::item(done.attributes.unwrap_or_default()),
            Err(e) => Err(match e.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    refused(&op, failed.item.clone(), now)
                }
                _ => failure(&e),
            }),
        }
    }

    pub(super) async fn write_delete(&self, delete: Delete) -> Result<Option<Item>> {
        let op = TransactOp::Delete(delete);
        let key = check::op(&op)?;
        let now = self.now_secs();
        let mut expression = Expression::default();
        let guard = expression.guard(parts(&op).1, &[], now);
        let answer = self
            .once
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(value::key(&key)))
            .set_condition_expression(guard)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(OLD)
            .send()
            .await;
        match answer {
            Ok(done) => self.live(done.attributes),
            Err(e) => Err(match e.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                    refused(&op, failed.item.clone(), now)
                }
                _ => failure(&e),
            }),
        }
    }

    pub(super) async fn write_batch(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        check::batch_write(&writes)?;
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let mut requests = Vec::with_capacity(writes.len());
        for write in &writes {
            let request = WriteRequest::builder();
            requests.push(match write {
                BatchWrite::Put(item) => {
                    let put = PutRequest::builder().set_item(Some(value::attributes(item))).build().map_err(unbuilt)?;
                    request.put_request(put).build()
                }
                BatchWrite::Delete(key) => {
                    let delete = DeleteRequest::builder().set_key(Some(value::key(key))).build().map_err(unbuilt)?;
                    request.delete_request(delete).build()
                }
            });
        }
        let call = self.once.batch_write_item().request_items(&self.name, requests);
        let answer = call.send().await.map_err(|e| failure(&e))?;
        let mut undone = Vec::new();
        for left in answer.unprocessed_items.into_iter().flatten().flat_map(|(_, left)| left) {
            if let Some(put) = left.put_request {
                undone.push(BatchWrite::Put(value::item(put.item)?));
            } else if let Some(delete) = left.delete_request {
                undone.push(BatchWrite::Delete(check::key_of(&value::item(delete.key)?)?));
            }
        }
        Ok(undone)
    }
}
