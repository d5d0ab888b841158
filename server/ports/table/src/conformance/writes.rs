//! Single writes, conditions, updates, batches, expiry.

use serde_json::{Value, json};

use super::{Env, Outcome, ensure, ensure_eq, ensure_err};
use crate::Condition as C;
use crate::Update as U;
use crate::{BatchWrite, Consistency, Delete, Index, Key, Query, TableError, Update, UpdateItem};

async fn update(env: &Env, key: &Key, updates: Vec<Update>) -> crate::Result<crate::Item> {
    env.table.update(UpdateItem { key: key.clone(), updates, condition: None }).await
}

pub(super) async fn put_answers_the_old_image(env: Env) -> Outcome {
    let key = env.key("a", "1");
    ensure_eq!(env.get(&key).await?, None);
    ensure_eq!(env.put(&key, json!({"v": 1})).await?, None);
    ensure_eq!(env.put(&key, json!({"w": 2})).await?, Some(env.item(&key, json!({"v": 1}))));
    ensure_eq!(env.get(&key).await?, Some(env.item(&key, json!({"w": 2}))));
    let delete = || env.table.delete(Delete { key: key.clone(), condition: None });
    ensure_eq!(delete().await?, Some(env.item(&key, json!({"w": 2}))));
    ensure_eq!(delete().await?, None);
    ensure_eq!(env.get(&key).await?, None);
    Ok(())
}

pub(super) async fn conditional_writes_carry_the_old_item(env: Env) -> Outcome {
    let key = env.key("a", "1");
    ensure_err!(env.put_if(&key, json!({}), C::ItemExists).await, TableError::ConditionFailed(None));
    env.put_if(&key, json!({"v": 1}), C::ItemAbsent).await?;
    let stands = env.item(&key, json!({"v": 1}));
    ensure_err!(env.put_if(&key, json!({"v": 9}), C::ItemAbsent).await, TableError::ConditionFailed(Some(old)) if *old == stands);
    let raise = |from: i64| UpdateItem {
        key: key.clone(),
        updates: vec![U::Add("v".into(), 1)],
        condition: Some(C::eq("v", from)),
    };
    ensure_err!(env.table.update(raise(7)).await, TableError::ConditionFailed(Some(old)) if *old == stands);
    ensure_eq!(env.table.update(raise(1)).await?.get("v"), Some(&json!(2)));
    let delete = |v: i64| Delete { key: key.clone(), condition: Some(C::eq("v", v)) };
    let stands = env.item(&key, json!({"v": 2}));
    ensure_err!(env.table.delete(delete(1)).await, TableError::ConditionFailed(Some(old)) if *old == stands);
    ensure_eq!(env.table.delete(delete(2)).await?, Some(stands));
    ensure_err!(env.table.delete(delete(2)).await, TableError::ConditionFailed(None));
    Ok(())
}

pub(super) async fn every_condition(env: Env) -> Outcome {
    let key = env.key("a", "1");
    let gone = env.key("a", "gone");
    let attributes = json!({"n": 5, "s": "berry", "b": true, "z": null, "l": [1, "x"], "m": {"k": 1}});
    env.put(&key, attributes.clone()).await?;
    let a = String::from;
    let truths = [
        (C::ItemExists, true, false),
        (C::ItemAbsent, false, true),
        (C::Exists(a("n")), true, false),
        (C::Exists(a("z")), true, false),
        (C::Absent(a("n")), false, true),
        (C::Absent(a("q")), true, true),
        (C::eq("n", 5), true, false),
        (C::eq("n", "5"), false, false),
        (C::eq("z", Value::Null), true, false),
        (C::eq("q", Value::Null), false, false),
        (C::eq("l", json!([1, "x"])), true, false),
        (C::eq("m", json!({"k": 1})), true, false),
        (C::eq("m", json!({"k": 2})), false, false),
        (C::Ne(a("n"), json!(5)), false, true),
        (C::Ne(a("n"), json!(6)), true, true),
        (C::Ne(a("q"), json!(6)), true, true),
        (C::Lt(a("n"), json!(6)), true, false),
        (C::Lt(a("n"), json!(5)), false, false),
        (C::Lt(a("n"), json!("6")), false, false),
        (C::Le(a("n"), json!(5)), true, false),
        (C::Le(a("n"), json!(4)), false, false),
        (C::Gt(a("s"), json!("apple")), true, false),
        (C::Gt(a("s"), json!("berry")), false, false),
        (C::Gt(a("q"), json!(-1)), false, false),
        (C::ge("s", "berry"), true, false),
        (C::ge("n", 6), false, false),
        (C::BeginsWith(a("s"), a("ber")), true, false),
        (C::BeginsWith(a("s"), a("err")), false, false),
        (C::BeginsWith(a("n"), a("5")), false, false),
        (C::eq("n", 5).and(C::eq("s", "berry")), true, false),
        (C::eq("n", 5).and(C::eq("s", "x")), false, false),
        (C::Any(vec![C::eq("n", 6), C::eq("b", true)]), true, false),
        (C::Any(vec![C::eq("n", 6), C::eq("b", false)]), false, false),
        (C::Not(Box::new(C::eq("n", 6))), true, true),
        (C::Not(Box::new(C::All(vec![C::eq("n", 5), C::Any(vec![C::eq("b", true), C::eq("n", 1)])]))), false, true),
    ];
    for (condition, on_item, on_none) in truths {
        for (key, expected) in [(&key, on_item), (&gone, on_none)] {
            let check = crate::TransactOp::Check { key: key.clone(), condition: condition.clone() };
            let answer = env.table.transact(crate::Transact { ops: vec![check], token: None }).await;
            match answer {
                Ok(()) => ensure!(expected, "{condition:?} held on {key:?}"),
                Err(TableError::Cancelled(_)) => ensure!(!expected, "{condition:?} did not hold on {key:?}"),
                Err(e) => return Err(e.into()),
            }
        }
        match env.put_if(&key, attributes.clone(), condition.clone()).await {
            Ok(_) => ensure!(on_item, "{condition:?} let a put through"),
            Err(TableError::ConditionFailed(Some(_))) => ensure!(!on_item, "{condition:?} held a put back"),
            Err(e) => return Err(e.into()),
        }
    }
    for bad in [C::All(vec![]), C::Any(vec![]), C::Lt(a("n"), json!(true)), C::eq("n", 1.5), C::ge("n", json!([]))] {
        ensure_err!(env.put_if(&key, json!({}), bad).await, TableError::Invalid(_));
    }
    Ok(())
}

pub(super) async fn every_update(env: Env) -> Outcome {
    let key = env.key("a", "1");
    let made = update(&env, &key, vec![U::Add("n".into(), 3), U::set("s", "x")]).await?;
    ensure_eq!(made, env.item(&key, json!({"n": 3, "s": "x"})));
    let all = vec![
        U::Add("n".into(), -5),
        U::SetIfAbsent("s".into(), json!("other")),
        U::SetIfAbsent("t".into(), json!({"deep": [null]})),
        U::Remove("absent".into()),
    ];
    let after = update(&env, &key, all).await?;
    ensure_eq!(after, env.item(&key, json!({"n": -2, "s": "x", "t": {"deep": [null]}})));
    ensure_eq!(env.get(&key).await?, Some(after));
    let after = update(&env, &key, vec![U::Remove("s".into()), U::set("n", "text")]).await?;
    ensure_eq!(after, env.item(&key, json!({"n": "text", "t": {"deep": [null]}})));
    Ok(())
}

pub(super) async fn refused_updates(env: Env) -> Outcome {
    let key = env.key("a", "1");
    env.put(&key, json!({"s": "text", "z": null})).await?;
    let bad = [
        vec![U::Add("s".into(), 1)],
        vec![U::Add("z".into(), 1)],
        vec![U::set("v", 1), U::Remove("v".into())],
        vec![U::set("pk", "x")],
        vec![U::Remove("sk".into())],
        vec![U::set("v", 0.5)],
        vec![U::set("pk2", 7)],
        vec![U::set("tenant", "")],
        vec![],
    ];
    for updates in bad {
        ensure_err!(update(&env, &key, updates.clone()).await, TableError::Invalid(_));
    }
    ensure_eq!(env.get(&key).await?, Some(env.item(&key, json!({"s": "text", "z": null}))));
    Ok(())
}

pub(super) async fn counter_under_concurrent_writers(env: Env) -> Outcome {
    let key = env.key("a", "counter");
    let writers = (0..32).map(|_| {
        let (env, key) = (env.clone(), key.clone());
        async move {
            for _ in 0..5 {
                let op = update(&env, &key, vec![U::Add("n".into(), 1)]);
                op.await?;
            }
            crate::Result::Ok(())
        }
    });
    for done in futures::future::join_all(writers).await {
        done?;
    }
    ensure_eq!(env.get(&key).await?, Some(env.item(&key, json!({"n": 160}))));
    Ok(())
}

pub(super) async fn batches(env: Env) -> Outcome {
    let keys: Vec<Key> = (0..25).map(|n| env.key("b", &format!("{n:02}"))).collect();
    let puts = keys.iter().map(|k| BatchWrite::Put(env.item(k, json!({"at": k.sk})))).collect();
    ensure!(env.table.batch_write(puts).await?.is_empty(), "writes were left undone");
    let mut asked = keys.clone();
    asked.push(env.key("b", "none"));
    let mut got = env.table.batch_get(asked, Consistency::Strong).await?.items;
    got.sort_by_key(|i| i["sk"].to_string());
    let expected: Vec<_> = keys.iter().map(|k| env.item(k, json!({"at": k.sk}))).collect();
    ensure_eq!(got, expected);
    let mixed = vec![BatchWrite::Delete(keys[0].clone()), BatchWrite::Put(env.item(&keys[1], json!({})))];
    env.table.batch_write(mixed).await?;
    ensure_eq!(env.get(&keys[0]).await?, None);
    ensure_eq!(env.get(&keys[1]).await?, Some(env.item(&keys[1], json!({}))));
    ensure!(env.table.batch_get(vec![], Consistency::Strong).await?.items.is_empty(), "no keys, but items");
    ensure!(env.table.batch_write(vec![]).await?.is_empty(), "no writes, but some undone");
    let twice = vec![keys[3].clone(), keys[3].clone()];
    ensure_err!(env.table.batch_get(twice, Consistency::Strong).await, TableError::Invalid(_));
    let twice = vec![BatchWrite::Delete(keys[3].clone()), BatchWrite::Delete(keys[3].clone())];
    ensure_err!(env.table.batch_write(twice).await, TableError::Invalid(_));
    let many = (0..101).map(|n| env.key("b", &n.to_string())).collect();
    ensure_err!(env.table.batch_get(many, Consistency::Strong).await, TableError::Invalid(_));
    let many = (0..26).map(|n| BatchWrite::Delete(env.key("b", &n.to_string()))).collect();
    ensure_err!(env.table.batch_write(many).await, TableError::Invalid(_));
    Ok(())
}

pub(super) async fn expiry(env: Env) -> Outcome {
    let (past, future) = (env.now_secs() - 60, env.now_secs() + 3600);
    let (dead, live) = (env.key("e", "dead"), env.key("e", "live"));
    let put = || env.put(&dead, json!({"ttl": past, "n": 4, "tenant": env.p("t")}));
    put().await?;
    env.put(&live, json!({"ttl": future, "tenant": env.p("t")})).await?;
    ensure_eq!(env.get(&dead).await?, None);
    ensure_eq!(env.get(&live).await?.is_some(), true);
    let page = env.pages(Query::new(Index::Base, env.p("e"))).await?;
    ensure_eq!(page.len(), 1);
    env.settles(env.index(Index::Gsi2, "t"), "sk", &[json!("live")]).await?;
    let both = vec![dead.clone(), live.clone()];
    ensure_eq!(env.table.batch_get(both.clone(), Consistency::Strong).await?.items.len(), 1);
    ensure_eq!(env.table.transact_get(both).await?[0], None);
    ensure_err!(env.put_if(&dead, json!({}), C::ItemExists).await, TableError::ConditionFailed(None));
    ensure_eq!(env.put_if(&dead, json!({"fresh": true}), C::ItemAbsent).await?, None);
    ensure_eq!(env.get(&dead).await?, Some(env.item(&dead, json!({"fresh": true}))));
    Ok(())
}

pub(super) async fn expiry_as_time_moves(env: Env) -> Outcome {
    let Some(clock) = env.options.ttl_clock.clone() else { return Ok(()) };
    let key = env.key("e", "1");
    let ttl = env.now_secs() + 10;
    env.put(&key, json!({"ttl": ttl})).await?;
    clock.advance_ms(9_000);
    ensure!(env.get(&key).await?.is_some(), "expired a second early");
    clock.advance_ms(1_000);
    ensure_eq!(env.get(&key).await?, None);
    let mut position = crate::FeedStart::Oldest;
    if env.options.feed {
        position = crate::FeedStart::After(env.table.feed(crate::FeedStart::Now, 1).await?.position);
    }
    ensure!(env.table.sweep_expired(100).await? >= 1, "nothing was swept");
    if env.options.feed {
        let changes = super::feed::until(&env, position, 1).await?;
        ensure!(changes[0].expired && changes[0].new.is_none() && changes[0].old.is_some(), "{changes:?}");
    }
    Ok(())
}
