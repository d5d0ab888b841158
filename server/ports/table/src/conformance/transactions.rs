//! All or nothing.

use serde_json::json;

use super::{Env, Outcome, ensure, ensure_eq, ensure_err};
use crate::{
    CancelReason, Condition, Delete, Key, MAX_TRANSACT_ITEMS, Put, TableError, Transact, TransactOp, Update, UpdateItem,
};

fn put(env: &Env, key: &Key, v: i64, condition: Option<Condition>) -> TransactOp {
    TransactOp::Put(Put { item: env.item(key, json!({"v": v})), condition })
}

fn add(key: &Key, n: i64) -> TransactOp {
    TransactOp::Update(UpdateItem { key: key.clone(), updates: vec![Update::Add("v".into(), n)], condition: None })
}

fn once(ops: Vec<TransactOp>) -> Transact {
    Transact { ops, token: None }
}

pub(super) async fn all_or_nothing_with_reasons(env: Env) -> Outcome {
    let keys: Vec<Key> = (0..5).map(|n| env.key("t", &n.to_string())).collect();
    env.put(&keys[0], json!({"v": 1})).await?;
    env.put(&keys[3], json!({"v": "text"})).await?;
    let old = env.item(&keys[0], json!({"v": 1}));
    let delete = |condition| TransactOp::Delete(Delete { key: keys[2].clone(), condition });
    let ops = vec![
        put(&env, &keys[0], 9, Some(Condition::ItemAbsent)),
        put(&env, &keys[1], 9, None),
        delete(Some(Condition::ItemExists)),
        TransactOp::Check { key: keys[4].clone(), condition: Condition::ItemAbsent },
    ];
    let expected = vec![
        CancelReason::ConditionFailed(Some(old)),
        CancelReason::None,
        CancelReason::ConditionFailed(None),
        CancelReason::None,
    ];
    ensure_err!(env.table.transact(once(ops.clone())).await, TableError::Cancelled(r) if *r == expected);
    ensure_eq!(env.get(&keys[1]).await?, None);
    let wrong = vec![put(&env, &keys[1], 9, None), add(&keys[3], 1)];
    ensure_err!(env.table.transact(once(wrong.clone())).await,
        TableError::Cancelled(r) if r[0] == CancelReason::None && matches!(r[1], CancelReason::Invalid(_)));
    ensure_eq!(env.get(&keys[1]).await?, None);
    let good = vec![
        put(&env, &keys[0], 2, Some(Condition::eq("v", 1))),
        add(&keys[1], 5),
        delete(None),
        TransactOp::Check { key: keys[3].clone(), condition: Condition::ItemExists },
    ];
    env.table.transact(once(good)).await?;
    ensure_eq!(env.get(&keys[0]).await?, Some(env.item(&keys[0], json!({"v": 2}))));
    ensure_eq!(env.get(&keys[1]).await?, Some(env.item(&keys[1], json!({"v": 5}))));
    Ok(())
}

pub(super) async fn refused(env: Env) -> Outcome {
    let key = env.key("t", "1");
    let many = (0..=MAX_TRANSACT_ITEMS).map(|n| add(&env.key("t", &n.to_string()), 1)).collect();
    for ops in [vec![], many, vec![put(&env, &key, 1, None), add(&key, 1)]] {
        ensure_err!(env.table.transact(once(ops.clone())).await, TableError::Invalid(_));
    }
    for token in [String::new(), "x".repeat(37)] {
        let t = Transact { ops: vec![add(&key, 1)], token: Some(token) };
        ensure_err!(env.table.transact(t.clone()).await, TableError::Invalid(_));
    }
    let full = (0..MAX_TRANSACT_ITEMS).map(|n| add(&env.key("t", &n.to_string()), 1)).collect();
    env.table.transact(once(full)).await?;
    Ok(())
}

pub(super) async fn tokens(env: Env) -> Outcome {
    let (a, b) = (env.key("t", "a"), env.key("t", "b"));
    let ask = |ops: Vec<TransactOp>, token: &str| {
        let token = Some(format!("{}-{token}", env.prefix));
        env.table.transact(Transact { ops, token })
    };
    for _ in 0..3 {
        ask(vec![add(&a, 1), add(&b, 2)], "1").await?;
    }
    ensure_eq!(env.get(&a).await?, Some(env.item(&a, json!({"v": 1}))));
    ensure_err!(ask(vec![add(&a, 1), add(&b, 3)], "1").await, TableError::TokenMismatch);
    ensure_eq!(env.get(&b).await?, Some(env.item(&b, json!({"v": 2}))));
    // A cancelled transaction has not used its token up.
    let guarded = vec![TransactOp::Check { key: env.key("t", "c"), condition: Condition::ItemExists }, add(&a, 10)];
    ensure_err!(ask(guarded.clone(), "2").await, TableError::Cancelled(_));
    env.put(&env.key("t", "c"), json!({})).await?;
    ask(guarded, "2").await?;
    ensure_eq!(env.get(&a).await?, Some(env.item(&a, json!({"v": 11}))));
    Ok(())
}

pub(super) async fn atomic_for_readers(env: Env) -> Outcome {
    let (a, b) = (env.key("t", "a"), env.key("t", "b"));
    env.table.transact(once(vec![add(&a, 100), add(&b, 0)])).await?;
    let writer = async {
        for _ in 0..40 {
            env.table.transact(once(vec![add(&a, -1), add(&b, 1)])).await?;
        }
        crate::Result::Ok(())
    };
    let reader = async {
        let mut sums = Vec::new();
        for _ in 0..40 {
            let both = env.table.transact_get(vec![a.clone(), b.clone()]).await?;
            sums.push(both.iter().flatten().filter_map(|i| i["v"].as_i64()).sum::<i64>());
        }
        crate::Result::Ok(sums)
    };
    let (wrote, sums) = futures::join!(writer, reader);
    wrote?;
    let sums = sums?;
    ensure!(sums.iter().all(|s| *s == 100), "torn reads: {sums:?}");
    ensure_eq!(env.get(&b).await?, Some(env.item(&b, json!({"v": 40}))));
    Ok(())
}

pub(super) async fn snapshot_read(env: Env) -> Outcome {
    let (a, b, c) = (env.key("t", "a"), env.key("t", "b"), env.key("t", "c"));
    env.put(&a, json!({"v": 1})).await?;
    env.put(&c, json!({"v": 3})).await?;
    let got = env.table.transact_get(vec![c.clone(), b, a.clone()]).await?;
    ensure_eq!(got, vec![Some(env.item(&c, json!({"v": 3}))), None, Some(env.item(&a, json!({"v": 1})))]);
    ensure_err!(env.table.transact_get(vec![a.clone(), a.clone()]).await, TableError::Invalid(_));
    Ok(())
}
