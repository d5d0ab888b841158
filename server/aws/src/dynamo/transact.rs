//! Transactions, and the tokens that make repeating one harmless.
//!
//! DynamoDB compares the whole request under a client token, and ours carry the time (`ItemAbsent`, `ItemExists`), so
//! the same transaction a second later would be another one to it. A token is therefore an item of its own in the
//! transaction: the digest of the operations, for [`TOKEN_LIFE`]. The SDK's own token still covers its repetitions
//! of one call. A transaction of the full 100 operations has no room for that item; it uses DynamoDB's token, and is
//! refused if it asks for `ItemAbsent` or `ItemExists`.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use serde_json::Value;
use sha2::{Digest, Sha256};
use vitrine_table::{
    CancelReason, Condition, Item, Key, MAX_TRANSACT_ITEMS, Result, TOKEN_LIFE, TableError, Transact, TransactOp,
    Update as Change, check,
};

use super::expression::Expression;
use super::fault::failure;
use super::write::{OLD, refusal, spoils_index_key};
use super::{DynamoTable, TOKEN_PREFIX, value};

fn unbuilt(_: impl std::fmt::Display) -> TableError {
    // The builders only refuse a member without table, key or expression, which none here is.
    TableError::Unavailable("the transaction could not be built".into())
}

fn asks_for_presence(condition: &Condition) -> bool {
    match condition {
        Condition::ItemExists | Condition::ItemAbsent => true,
        Condition::All(all) | Condition::Any(all) => all.iter().any(asks_for_presence),
        Condition::Not(inner) => asks_for_presence(inner),
        _ => false,
    }
}

fn condition_of(op: &TransactOp) -> Option<&Condition> {
    match op {
        TransactOp::Put(put) => put.condition.as_ref(),
        TransactOp::Update(update) => update.condition.as_ref(),
        TransactOp::Delete(delete) => delete.condition.as_ref(),
        TransactOp::Check { condition, .. } => Some(condition),
    }
}

/// JSON with the members of every object in order.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(all) => {
            out.push('[');
            for v in all {
                canonical(v, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, v) in members {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(v, out);
                out.push(',');
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// What a token stands for: equal for equal operations, whenever they are sent.
fn digest(ops: &[TransactOp]) -> String {
    let mut text = String::new();
    for op in ops {
        match op {
            TransactOp::Put(put) => {
                text.push_str("put ");
                canonical(&Value::Object(put.item.clone()), &mut text);
            }
            TransactOp::Update(update) => {
                text.push_str(&format!("update {:?} ", update.key));
                for change in &update.updates {
                    match change {
                        Change::Set(a, v) | Change::SetIfAbsent(a, v) => {
                            let word = if matches!(change, Change::Set(..)) { "set" } else { "default" };
                            text.push_str(&format!("{word} {a:?} "));
                            canonical(v, &mut text);
                        }
                        Change::Add(..) | Change::Remove(_) => text.push_str(&format!("{change:?} ")),
                    }
                }
            }
            TransactOp::Delete(delete) => text.push_str(&format!("delete {:?} ", delete.key)),
            TransactOp::Check { key, .. } => text.push_str(&format!("check {key:?} ")),
        }
        text.push_str(&format!("if {:?}\n", condition_of(op)));
    }
    format!("{:x}", Sha256::digest(text))
}

impl DynamoTable {
    fn member(&self, op: &TransactOp, now: i64) -> Result<TransactWriteItem> {
        let mut expression = Expression::default();
        let member = TransactWriteItem::builder();
        Ok(match op {
            TransactOp::Put(put) => {
                let guard = expression.guard(put.condition.as_ref(), &[], now);
                let put = Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(value::attributes(&put.item)))
                    .set_condition_expression(guard)
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .return_values_on_condition_check_failure(OLD);
                member.put(put.build().map_err(unbuilt)?).build()
            }
            TransactOp::Update(update) => {
                let guard = expression.guard(update.condition.as_ref(), &update.updates, now);
                let update = Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(value::key(&update.key)))
                    .update_expression(expression.update(&update.updates))
                    .set_condition_expression(guard)
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .return_values_on_condition_check_failure(OLD);
                member.update(update.build().map_err(unbuilt)?).build()
            }
            TransactOp::Delete(delete) => {
                let guard = expression.guard(delete.condition.as_ref(), &[], now);
                let delete = Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(value::key(&delete.key)))
                    .set_condition_expression(guard)
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .return_values_on_condition_check_failure(OLD);
                member.delete(delete.build().map_err(unbuilt)?).build()
            }
            TransactOp::Check { key, condition } => {
                let guard = expression.guard(Some(condition), &[], now);
                let check = ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(Some(value::key(key)))
                    .set_condition_expression(guard)
                    .set_expression_attribute_names(expression.names())
                    .set_expression_attribute_values(expression.values())
                    .return_values_on_condition_check_failure(OLD);
                member.condition_check(check.build().map_err(unbuilt)?).build()
            }
        })
    }

    /// The item that remembers a token.
    fn token_op(token: &str, ops: &[TransactOp], now: i64) -> TransactOp {
        let key = Key::new(format!("{TOKEN_PREFIX}{token}"), "TOKEN");
        let ttl = now.saturating_add(TOKEN_LIFE.as_secs().cast_signed());
        let item: Item = [
            ("pk".to_owned(), key.pk.into()),
            ("sk".to_owned(), key.sk.into()),
            ("digest".to_owned(), digest(ops).into()),
            ("ttl".to_owned(), ttl.into()),
        ]
        .into_iter()
        .collect();
        TransactOp::Put(vitrine_table::Put { item, condition: Some(Condition::ItemAbsent) })
    }

    pub(super) async fn write_transaction(&self, transact: Transact) -> Result<()> {
        check::transact(&transact)?;
        let Transact { ops, token } = transact;
        let spoilt = |op: &TransactOp| match op {
            TransactOp::Update(update) => spoils_index_key(&update.updates),
            _ => None,
        };
        if ops.iter().any(|op| spoilt(op).is_some()) {
            let reasons = ops.iter().map(|op| spoilt(op).map_or(CancelReason::None, CancelReason::Invalid));
            return Err(TableError::Cancelled(reasons.collect()));
        }
        let now = self.now_secs();
        let (mut own_token, mut client_token) = (None, None);
        if let Some(token) = &token {
            if ops.len() < MAX_TRANSACT_ITEMS {
                own_token = Some(Self::token_op(token, &ops, now));
            } else if ops.iter().filter_map(condition_of).any(asks_for_presence) {
                let most = MAX_TRANSACT_ITEMS - 1;
                return Err(TableError::Invalid(format!(
                    "a transaction with a token that asks whether items exist holds at most {most} operations"
                )));
            } else {
                client_token = Some(token.clone());
            }
        }
        let all: Vec<&TransactOp> = ops.iter().chain(&own_token).collect();
        let members = all.iter().map(|op| self.member(op, now)).collect::<Result<Vec<_>>>()?;
        let call = self
            .repeating
            .transact_write_items()
            .set_transact_items(Some(members))
            // None: the SDK makes one for this call and its repetitions.
            .set_client_request_token(client_token);
        let Err(error) = call.send().await else { return Ok(()) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
            return Err(failure(&error));
        };
        let told = cancelled.cancellation_reasons();
        if told.len() != all.len() {
            return Err(TableError::Unavailable(format!("a transaction was cancelled without reasons: {cancelled}")));
        }
        let (mut reasons, mut throttled) = (Vec::with_capacity(told.len()), false);
        for (op, reason) in all.iter().zip(told) {
            reasons.push(match reason.code().unwrap_or("None") {
                "None" => CancelReason::None,
                "ConditionalCheckFailed" => refusal(op, reason.item.clone(), now)?,
                "TransactionConflict" => CancelReason::Conflict,
                "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                    throttled = true;
                    CancelReason::Conflict
                }
                code => CancelReason::Invalid(format!("{code}: {}", reason.message().unwrap_or_default())),
            });
        }
        let busy = |r: &CancelReason| matches!(r, CancelReason::None | CancelReason::Conflict);
        if own_token.is_some() {
            match reasons.pop() {
                Some(CancelReason::ConditionFailed(Some(remembered))) => {
                    let same = remembered.get("digest").and_then(Value::as_str) == Some(&*digest(&ops));
                    return if same { Ok(()) } else { Err(TableError::TokenMismatch) };
                }
                // Expired between the check and now, or in the way: the same call may succeed.
                Some(CancelReason::ConditionFailed(None) | CancelReason::Conflict) if reasons.iter().all(busy) => {
                    return Err(if throttled { TableError::Throttled } else { TableError::Conflict });
                }
                _ => {}
            }
        }
        if throttled && reasons.iter().all(busy) {
            return Err(TableError::Throttled);
        }
        Err(TableError::Cancelled(reasons))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vitrine_table::UpdateItem;

    use super::*;

    fn put(item: Value) -> TransactOp {
        TransactOp::Put(vitrine_table::Put { item: item.as_object().cloned().unwrap_or_default(), condition: None })
    }

    #[test]
    fn a_digest_tells_operations_apart_and_nothing_else() {
        let update =
            |changes| TransactOp::Update(UpdateItem { key: Key::new("a", "b"), updates: changes, condition: None });
        let a = put(json!({"pk": "a", "sk": "b", "m": {"x": 1, "y": [1, 2]}}));
        let same = put(json!({"m": {"y": [1, 2], "x": 1}, "sk": "b", "pk": "a"}));
        assert_eq!(digest(std::slice::from_ref(&a)), digest(&[same]));
        let others = [
            vec![put(json!({"pk": "a", "sk": "b", "m": {"x": 1, "y": [2, 1]}}))],
            vec![a.clone(), a.clone()],
            vec![update(vec![Change::set("n", 1)])],
            vec![update(vec![Change::SetIfAbsent("n".into(), 1.into())])],
            vec![update(vec![Change::Add("n".into(), 1)])],
            vec![TransactOp::Delete(vitrine_table::Delete { key: Key::new("a", "b"), condition: None })],
            vec![TransactOp::Check { key: Key::new("a", "b"), condition: Condition::ItemAbsent }],
            vec![TransactOp::Check { key: Key::new("a", "b"), condition: Condition::ItemExists }],
        ];
        let mut seen = std::collections::HashSet::from([digest(&[a])]);
        for ops in others {
            assert!(seen.insert(digest(&ops)), "{ops:?}");
        }
    }
}
