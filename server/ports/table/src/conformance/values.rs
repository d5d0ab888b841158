//! What may stand in an item, and what may not.

use serde_json::{Map, Value, json};

use super::{Env, Outcome, ensure_eq, ensure_err};
use crate::{Condition, MAX_ITEM_BYTES, Put, TableError, Update, UpdateItem, check};

pub(super) async fn round_trip(env: Env) -> Outcome {
    let key = env.key("ключ 🎨", "sk\u{0}\u{FFFF}ß");
    let edge = (1_i64 << 53) - 1;
    let item = json!({
        "empty": "", "unicode": "Grüße 🎨 \u{0} e\u{301}", "null": null, "yes": true, "no": false,
        "max": edge, "min": -edge, "zero": 0,
        "list": [], "map": {}, "nested": [{"a": [null, {"b": ["", 1, false]}]}, [[]]],
    });
    env.put(&key, item.clone()).await?;
    ensure_eq!(env.get(&key).await?, Some(env.item(&key, item)));
    let bare = env.key("bare", "1");
    env.put(&bare, json!({})).await?;
    ensure_eq!(env.get(&bare).await?, Some(env.item(&bare, json!({}))));
    Ok(())
}

pub(super) async fn reserved_and_odd_names(env: Env) -> Outcome {
    let key = env.key("n", "1");
    let names = [
        "name", "size", "status", "count", "values", "a.b", "a-b", "größe", "🎨", "#x", ":v", "a b", "0", "[0]",
        "order", "'\"",
    ];
    let all: Map<String, Value> = names.iter().map(|n| ((*n).to_owned(), json!(1))).collect();
    env.put(&key, Value::Object(all)).await?;
    for name in names {
        let update = UpdateItem {
            key: key.clone(),
            updates: vec![Update::Add(name.into(), 1), Update::set(format!("{name}x"), name)],
            condition: Some(Condition::eq(name, 1).and(Condition::Exists(name.into()))),
        };
        let after = env.table.update(update).await?;
        ensure_eq!(after.get(name), Some(&json!(2)));
        ensure_eq!(after.get(&format!("{name}x")), Some(&json!(name)));
    }
    let ttl = env.now_secs() + 1000;
    let update = UpdateItem { key: key.clone(), updates: vec![Update::set("ttl", ttl)], condition: None };
    ensure_eq!(env.table.update(update).await?.get("ttl"), Some(&json!(ttl)));
    Ok(())
}

pub(super) async fn refused_items(env: Env) -> Outcome {
    let key = env.key("r", "1");
    let edge = 1_i64 << 53;
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    let bad = [
        json!({"v": 1.5}),
        json!({"v": [1.0]}),
        json!({"v": {"k": 0.1}}),
        json!({"v": edge}),
        json!({"v": -edge}),
        json!({"v": u64::MAX}),
        json!({"pk2": ""}),
        json!({"sk2": 3}),
        json!({"tenant": null}),
        json!({"entityType": []}),
        json!({"createdAt": 5}),
        json!({"": 1}),
        json!({"v": deep}),
        json!({"pk2": "x".repeat(2049)}),
    ];
    for attributes in bad {
        ensure_err!(env.put(&key, attributes.clone()).await, TableError::Invalid(_));
    }
    for item in [
        json!({}),
        json!({"pk": "a"}),
        json!({"pk": "", "sk": "b"}),
        json!({"pk": "a", "sk": 1}),
        json!({"pk": "a".repeat(2049), "sk": "b"}),
        json!({"pk": "a", "sk": "b".repeat(1025)}),
    ] {
        let item = item.as_object().cloned().unwrap_or_default();
        ensure_err!(env.table.put(Put { item: item.clone(), condition: None }).await, TableError::Invalid(_));
    }
    ensure_err!(env.get(&crate::Key::new("", "x")).await, TableError::Invalid(_));
    ensure_eq!(env.get(&key).await?, None);
    let grow = UpdateItem { key: key.clone(), updates: vec![Update::Add("v".into(), 1)], condition: None };
    env.put(&key, json!({"v": edge - 1})).await?;
    ensure_err!(env.table.update(grow.clone()).await, TableError::Invalid(_));
    Ok(())
}

pub(super) async fn size_limit(env: Env) -> Outcome {
    let key = env.key("big", "1");
    let room = MAX_ITEM_BYTES - check::item_bytes(&env.item(&key, json!({"v": ""})));
    env.put(&key, json!({"v": "x".repeat(room)})).await?;
    ensure_err!(env.put(&key, json!({"v": "x".repeat(room + 1)})).await, TableError::Invalid(_));
    let more = UpdateItem { key: key.clone(), updates: vec![Update::set("w", "")], condition: None };
    ensure_err!(env.table.update(more.clone()).await, TableError::Invalid(_));
    ensure_eq!(env.get(&key).await?, Some(env.item(&key, json!({"v": "x".repeat(room)}))));
    Ok(())
}
