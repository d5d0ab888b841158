//! Pages of partitions.

use serde_json::{Value, json};

use super::{Env, Outcome, ensure, ensure_eq, ensure_err};
use crate::{Consistency, Delete, Index, MAX_PAGE_BYTES, Query, SortRange, TableError, Update, UpdateItem};

pub(super) async fn ranges_and_directions(env: Env) -> Outcome {
    let sks = ["A", "A#1", "A#2", "A$", "B", "a", "ä", "\u{E000}", "\u{10FFFF}", "\u{10FFFF}x"];
    for sk in sks {
        env.put(&env.key("q", sk), json!({})).await?;
    }
    let s = String::from;
    let ranges: [(SortRange, &[&str]); 8] = [
        (SortRange::All, &sks),
        (SortRange::Equals(s("A#1")), &sks[1..2]),
        (SortRange::BeginsWith(s("A")), &sks[..4]),
        (SortRange::BeginsWith(s("A#")), &sks[1..3]),
        (SortRange::BeginsWith(s("\u{10FFFF}")), &sks[8..]),
        (SortRange::Between(s("A#2"), s("a")), &sks[2..6]),
        (SortRange::From(s("B")), &sks[4..]),
        (SortRange::To(s("A$")), &sks[..4]),
    ];
    for (range, expected) in ranges {
        for limit in [1, 2, 3, 100] {
            for descending in [false, true] {
                let mut query = Query::new(Index::Base, env.p("q")).range(range.clone()).limit(limit);
                query.descending = descending;
                let found = env.pages(query).await?;
                let mut found: Vec<&str> = found.iter().filter_map(|i| i["sk"].as_str()).collect();
                if descending {
                    found.reverse();
                }
                ensure_eq!(found, expected);
            }
        }
    }
    Ok(())
}

pub(super) async fn index_pages_with_ties(env: Env) -> Outcome {
    for n in 0..30 {
        let attributes = json!({"n": n, "pk2": env.p("i"), "sk2": format!("s{}", n / 7), "tenant": env.p("i"),
            "entityType": env.p("i"), "createdAt": format!("s{}", n / 7)});
        env.put(&env.key(&format!("k{n:02}"), &format!("s{}", n / 7)), attributes).await?;
    }
    for index in Index::GLOBAL {
        let expected: Vec<Value> = (0..30).map(|n| json!(n)).collect();
        if env.options.ties_by_base_key {
            env.settles(env.index(index, "i"), "n", &expected).await?;
            let backwards: Vec<Value> = expected.iter().rev().cloned().collect();
            for limit in [1, 4, 7, 30] {
                env.settles(env.index(index, "i").limit(limit), "n", &expected).await?;
                env.settles(env.index(index, "i").limit(limit).descending(), "n", &backwards).await?;
            }
            env.settles(env.index(index, "i").range(SortRange::Equals("s1".into())).limit(3), "n", &expected[7..14])
                .await?;
        } else {
            let sort = index.attributes().1;
            let ordered: Vec<Value> = (0..30).map(|n| json!(format!("s{}", n / 7))).collect();
            let backwards: Vec<Value> = ordered.iter().rev().cloned().collect();
            for limit in [1, 4, 7, 30] {
                env.settles(env.index(index, "i").limit(limit), sort, &ordered).await?;
                env.settles(env.index(index, "i").limit(limit).descending(), sort, &backwards).await?;
                let mut seen: Vec<i64> = env
                    .pages(env.index(index, "i").limit(limit))
                    .await?
                    .iter()
                    .filter_map(|i| i["n"].as_i64())
                    .collect();
                seen.sort_unstable();
                ensure_eq!(seen, (0..30).collect::<Vec<i64>>());
            }
        }
    }
    Ok(())
}

pub(super) async fn sparse_and_moving(env: Env) -> Outcome {
    let key = env.key("a", "1");
    let half = env.key("a", "2");
    env.put(&half, json!({"pk2": env.p("x"), "createdAt": "2"})).await?;
    env.put(&key, json!({"n": 1, "pk2": env.p("x"), "sk2": "1"})).await?;
    env.settles(env.index(Index::Gsi1, "x"), "sk", &[json!("1")]).await?;
    let change = |updates| env.table.update(UpdateItem { key: key.clone(), updates, condition: None });
    change(vec![Update::set("pk2", env.p("y"))]).await?;
    env.settles(env.index(Index::Gsi1, "x"), "sk", &[]).await?;
    env.settles(env.index(Index::Gsi1, "y"), "sk", &[json!("1")]).await?;
    change(vec![Update::Remove("sk2".into()), Update::set("tenant", env.p("t"))]).await?;
    env.settles(env.index(Index::Gsi1, "y"), "sk", &[]).await?;
    env.settles(env.index(Index::Gsi2, "t"), "n", &[json!(1)]).await?;
    change(vec![Update::set("n", 2)]).await?;
    env.settles(env.index(Index::Gsi2, "t"), "n", &[json!(2)]).await?;
    env.table.delete(Delete { key: key.clone(), condition: None }).await?;
    env.settles(env.index(Index::Gsi2, "t"), "n", &[]).await
}

pub(super) async fn page_of_a_megabyte(env: Env) -> Outcome {
    for n in 0..6 {
        env.put(&env.key("big", &n.to_string()), json!({"v": "x".repeat(300 * 1024)})).await?;
    }
    let page = env.table.query(Query::new(Index::Base, env.p("big"))).await?;
    let bytes: usize = page.items.iter().map(crate::check::item_bytes).sum();
    ensure!(
        (3..=4).contains(&page.items.len()),
        "{} items of {bytes} bytes; {MAX_PAGE_BYTES} end a page",
        page.items.len()
    );
    ensure!(page.cursor.is_some(), "the rest is unreachable");
    ensure_eq!(env.pages(Query::new(Index::Base, env.p("big"))).await?.len(), 6);
    ensure_eq!(env.pages(Query::new(Index::Base, env.p("big")).descending()).await?.len(), 6);
    Ok(())
}

pub(super) async fn cursor_misuse(env: Env) -> Outcome {
    for n in 0..4 {
        for pk in ["a", "b"] {
            env.put(&env.key(pk, &n.to_string()), json!({"tenant": env.p(pk)})).await?;
        }
    }
    let own = Query::new(Index::Base, env.p("a")).limit(2);
    let cursor = env.table.query(own.clone()).await?.cursor;
    ensure!(cursor.is_some(), "two of four items, but no cursor");
    let damaged = cursor.clone().map(|c| format!("{}A", &c[..c.len().saturating_sub(2)]));
    let wrong = [
        Query::new(Index::Base, env.p("b")).after(cursor.clone()),
        Query::new(Index::Gsi2, env.p("a")).after(cursor.clone()),
        own.clone().descending().after(cursor.clone()),
        own.clone().begins_with("1").after(cursor.clone()),
        own.clone().after(Some("rubbish!".into())),
        own.clone().after(Some(String::new())),
        own.clone().after(damaged),
    ];
    for query in wrong {
        ensure_err!(env.table.query(query.clone()).await, TableError::BadPosition(_));
    }
    // Another page size is the same query.
    ensure_eq!(env.table.query(own.limit(1).after(cursor)).await?.items[0]["sk"], json!("2"));
    Ok(())
}

pub(super) async fn refused(env: Env) -> Outcome {
    let base = || Query::new(Index::Base, env.p("a"));
    let mut strong = Query::new(Index::Gsi1, env.p("a"));
    strong.consistency = Consistency::Strong;
    let wrong = [
        base().limit(0),
        base().limit(1001),
        strong,
        Query::new(Index::Base, ""),
        base().begins_with(""),
        base().range(SortRange::Between("b".into(), "a".into())),
        base().range(SortRange::Equals(String::new())),
    ];
    for query in wrong {
        ensure_err!(env.table.query(query.clone()).await, TableError::Invalid(_));
    }
    ensure!(env.table.query(base()).await?.items.is_empty(), "a fresh partition is not empty");
    Ok(())
}
