//! JSON and DynamoDB's attribute values.
//!
//! Invariants: numbers are integers in both directions; what JSON cannot hold (binary, sets) is refused, never bent.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::types::AttributeValue as StreamValue;
use serde_json::Value;
use vitrine_table::{Item, Key, Result, TableError};

/// The attribute value of a JSON value that passed `vitrine_table::check`.
pub(super) fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(b) => AttributeValue::Bool(*b),
        Value::Number(n) => AttributeValue::N(n.to_string()),
        Value::String(s) => AttributeValue::S(s.clone()),
        Value::Array(all) => AttributeValue::L(all.iter().map(attribute).collect()),
        Value::Object(map) => AttributeValue::M(attributes(map)),
    }
}

/// The attribute map of an item.
pub(super) fn attributes(item: &Item) -> HashMap<String, AttributeValue> {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// The attribute map of a base key.
pub(super) fn key(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".into(), AttributeValue::S(key.pk.clone())), ("sk".into(), AttributeValue::S(key.sk.clone()))])
}

/// DynamoDB prints integers in full; anything with a point or exponent was not written by this adapter.
fn integer(text: &str) -> std::result::Result<Value, String> {
    text.parse::<i64>().map(Value::from).map_err(|_| format!("the stored number {text} is not an integer"))
}

macro_rules! from_attributes {
    ($value:ident, $value_fn:ident, $item_fn:ident) => {
        fn $value_fn(value: $value) -> std::result::Result<Value, String> {
            Ok(match value {
                $value::Null(_) => Value::Null,
                $value::Bool(b) => Value::Bool(b),
                $value::N(n) => integer(&n)?,
                $value::S(s) => Value::String(s),
                $value::L(all) => Value::Array(all.into_iter().map($value_fn).collect::<std::result::Result<_, _>>()?),
                $value::M(map) => Value::Object(
                    map.into_iter()
                        .map(|(name, v)| Ok((name, $value_fn(v)?)))
                        .collect::<std::result::Result<_, String>>()?,
                ),
                _ => return Err("a stored attribute is binary or a set".into()),
            })
        }

        /// An item as it was stored.
        ///
        /// # Errors
        /// `Invalid` naming the attribute that JSON items cannot hold.
        pub(super) fn $item_fn(stored: HashMap<String, $value>) -> Result<Item> {
            stored
                .into_iter()
                .map(|(name, v)| match $value_fn(v) {
                    Ok(v) => Ok((name, v)),
                    Err(why) => Err(TableError::Invalid(format!("{name}: {why}"))),
                })
                .collect()
        }
    };
}

from_attributes!(AttributeValue, json, item);
from_attributes!(StreamValue, stream_json, stream_item);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53) + 1..1_i64 << 53).prop_map(Value::from),
            "(?s).{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-zé#:.]{1,4}", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn there_and_back(value in values()) {
            prop_assert_eq!(json(attribute(&value)).unwrap(), value);
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for bad in [
            AttributeValue::N("1.5".into()),
            AttributeValue::N("1E3".into()),
            AttributeValue::Ss(vec!["a".into()]),
            AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(*b"x")),
        ] {
            let stored = HashMap::from([("v".to_owned(), AttributeValue::L(vec![bad]))]);
            assert!(matches!(item(stored), Err(TableError::Invalid(why)) if why.starts_with("v: ")));
        }
        assert_eq!(stream_json(StreamValue::N("-7".into())).unwrap(), json!(-7));
    }
}
