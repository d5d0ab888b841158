//! The embedded adapter against a model: random calls, the same answers from a plain map that shares no code with it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine_clock::FixedClock;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{
    CancelReason, Condition, Consistency, Delete, FeedStart, Index, Item, Key, Put, Query, SortRange, Table,
    TableError, Transact, TransactOp, Update, UpdateItem,
};

/// What one call of the model does to one item.
#[derive(Clone, Debug)]
enum Act {
    Put { n: i64, group: Option<u8>, rank: u8 },
    Add(i64),
    SetIfAbsent(i64),
    RemoveN,
    Delete,
    Check,
}

/// What must hold before.
#[derive(Clone, Debug)]
enum Need {
    Nothing,
    There,
    Absent,
    NAtLeast(i64),
    NIs(i64),
}

#[derive(Clone, Debug)]
struct Write {
    pk: u8,
    sk: u8,
    act: Act,
    need: Need,
}

#[derive(Clone, Debug)]
enum Call {
    One(Write),
    All(Vec<Write>),
    Query { index: bool, pk: u8, range: Range, limit: usize, descending: bool },
    Reopen,
}

#[derive(Clone, Debug)]
enum Range {
    All,
    From(u8),
    To(u8),
    Between(u8, u8),
    Equals(u8),
}

type Model = BTreeMap<(String, String), Item>;

fn pk(n: u8) -> String {
    format!("p{n}")
}

/// Sort keys whose order as bytes is neither that of their numbers nor that of any collation.
fn sk(n: u8) -> String {
    ["B", "a", "a1", "a10", "a2", "z", "ä", "日本", "😀"][usize::from(n) % 9].to_owned()
}

fn write() -> impl Strategy<Value = Write> {
    let act = prop_oneof![
        4 => (-5i64..5, proptest::option::of(0u8..2), 0u8..4).prop_map(|(n, group, rank)| Act::Put { n, group, rank }),
        3 => (-3i64..4).prop_map(Act::Add),
        1 => (0i64..9).prop_map(Act::SetIfAbsent),
        1 => Just(Act::RemoveN),
        2 => Just(Act::Delete),
    ];
    let need = prop_oneof![
        4 => Just(Need::Nothing),
        1 => Just(Need::There),
        1 => Just(Need::Absent),
        1 => (-2i64..3).prop_map(Need::NAtLeast),
        1 => (-2i64..3).prop_map(Need::NIs),
    ];
    (0u8..3, 0u8..9, act, need).prop_map(|(pk, sk, act, need)| Write { pk, sk, act, need })
}

fn call() -> impl Strategy<Value = Call> {
    let range = prop_oneof![
        Just(Range::All),
        (0u8..9).prop_map(Range::From),
        (0u8..9).prop_map(Range::To),
        (0u8..9, 0u8..9).prop_map(|(a, b)| Range::Between(a, b)),
        (0u8..9).prop_map(Range::Equals),
    ];
    let check = (0u8..3, 0u8..9, 0i64..2).prop_map(|(pk, sk, n)| Write { pk, sk, act: Act::Check, need: Need::NIs(n) });
    let query = (any::<bool>(), 0u8..3, range, 1usize..5, any::<bool>());
    prop_oneof![
        6 => write().prop_map(Call::One),
        3 => proptest::collection::vec(prop_oneof![6 => write(), 1 => check], 1..5).prop_map(Call::All),
        4 => query.prop_map(|(index, pk, range, limit, descending)| Call::Query { index, pk, range, limit, descending }),
        1 => Just(Call::Reopen),
    ]
}

fn condition(need: &Need) -> Option<Condition> {
    match need {
        Need::Nothing => None,
        Need::There => Some(Condition::ItemExists),
        Need::Absent => Some(Condition::ItemAbsent),
        Need::NAtLeast(n) => Some(Condition::ge("n", *n)),
        Need::NIs(n) => Some(Condition::eq("n", *n)),
    }
}

fn number(item: &Item) -> Option<i64> {
    item.get("n").and_then(Value::as_i64)
}

fn holds(need: &Need, item: Option<&Item>) -> bool {
    let n = item.and_then(number);
    match need {
        Need::Nothing => true,
        Need::There => item.is_some(),
        Need::Absent => item.is_none(),
        Need::NAtLeast(least) => n.is_some_and(|n| n >= *least),
        Need::NIs(is) => n == Some(*is),
    }
}

fn key(write: &Write) -> Key {
    Key::new(pk(write.pk), sk(write.sk))
}

fn item_of(write: &Write, n: i64, group: Option<u8>, rank: u8) -> Item {
    let mut item = json!({ "pk": pk(write.pk), "sk": sk(write.sk), "n": n }).as_object().unwrap().clone();
    if let Some(group) = group {
        item.insert("pk2".into(), pk(group).into());
        item.insert("sk2".into(), sk(rank).into());
    }
    item
}

/// The item afterwards; `None`: there is none.
fn after(write: &Write, was: Option<&Item>) -> Option<Item> {
    let bare = || json!({ "pk": pk(write.pk), "sk": sk(write.sk) }).as_object().unwrap().clone();
    let mut item = was.cloned().unwrap_or_else(bare);
    match &write.act {
        Act::Put { n, group, rank } => return Some(item_of(write, *n, *group, *rank)),
        Act::Delete => return None,
        Act::Check => return was.cloned(),
        Act::Add(more) => {
            let n = number(&item).unwrap_or(0) + more;
            item.insert("n".into(), n.into());
        }
        Act::SetIfAbsent(n) => {
            item.entry("n").or_insert_with(|| (*n).into());
        }
        Act::RemoveN => {
            item.remove("n");
        }
    }
    Some(item)
}

fn updates(act: &Act) -> Vec<Update> {
    match act {
        Act::Add(n) => vec![Update::Add("n".into(), *n)],
        Act::SetIfAbsent(n) => vec![Update::SetIfAbsent("n".into(), (*n).into())],
        _ => vec![Update::Remove("n".into())],
    }
}

fn op(write: &Write) -> TransactOp {
    let condition = condition(&write.need);
    match &write.act {
        Act::Put { n, group, rank } => TransactOp::Put(Put { item: item_of(write, *n, *group, *rank), condition }),
        Act::Delete => TransactOp::Delete(Delete { key: key(write), condition }),
        Act::Check => TransactOp::Check { key: key(write), condition: condition.unwrap() },
        act => TransactOp::Update(UpdateItem { key: key(write), updates: updates(act), condition }),
    }
}

fn set(model: &mut Model, key: &Key, item: Option<Item>) {
    let key = (key.pk.clone(), key.sk.clone());
    match item {
        Some(item) => model.insert(key, item),
        None => model.remove(&key),
    };
}

async fn one(table: &SqliteTable, model: &mut Model, write: &Write) {
    let key = key(write);
    let was = model.get(&(key.pk.clone(), key.sk.clone())).cloned();
    let next = after(write, was.as_ref());
    let condition = condition(&write.need);
    // What the call answers: the item before a put or delete, the item after an update.
    let (done, expected) = match &write.act {
        Act::Put { .. } => (table.put(Put { item: next.clone().unwrap(), condition }).await, was.clone()),
        Act::Delete => (table.delete(Delete { key: key.clone(), condition }).await, was.clone()),
        Act::Check => return,
        act => {
            let update = UpdateItem { key: key.clone(), updates: updates(act), condition };
            (table.update(update).await.map(Some), next.clone())
        }
    };
    if holds(&write.need, was.as_ref()) {
        assert_eq!(done.unwrap(), expected, "{write:?}");
        set(model, &key, next);
    } else {
        assert!(matches!(&done, Err(TableError::ConditionFailed(old)) if *old == was), "{write:?}: {done:?}");
    }
}

async fn all(table: &SqliteTable, model: &mut Model, writes: &[Write]) {
    let mut distinct: Vec<&Write> = Vec::new();
    for write in writes {
        if !distinct.iter().any(|w| key(w) == key(write)) {
            distinct.push(write);
        }
    }
    let was = |model: &Model, write: &Write| model.get(&(pk(write.pk), sk(write.sk))).cloned();
    let done = table.transact(Transact { ops: distinct.iter().map(|w| op(w)).collect(), token: None }).await;
    let reasons: Vec<CancelReason> = distinct
        .iter()
        .map(|write| match was(model, write) {
            item if holds(&write.need, item.as_ref()) => CancelReason::None,
            item => CancelReason::ConditionFailed(item),
        })
        .collect();
    if reasons.iter().all(|r| *r == CancelReason::None) {
        done.unwrap();
        for write in distinct {
            let next = after(write, was(model, write).as_ref());
            set(model, &key(write), next);
        }
    } else {
        assert!(matches!(&done, Err(TableError::Cancelled(said)) if *said == reasons), "{done:?}");
    }
}

async fn query(table: &SqliteTable, model: &Model, index: bool, want: &str, range: &Range, limit: usize, down: bool) {
    let (of, pk_name, sk_name) = if index { (Index::Gsi1, "pk2", "sk2") } else { (Index::Base, "pk", "sk") };
    let text = |item: &Item, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fits = |sort: &str| match range {
        Range::All => true,
        Range::From(a) => sort >= sk(*a).as_str(),
        Range::To(a) => sort <= sk(*a).as_str(),
        Range::Between(a, b) => sort >= sk(*a.min(b)).as_str() && sort <= sk(*a.max(b)).as_str(),
        Range::Equals(a) => sort == sk(*a),
    };
    let mut expected: Vec<Item> = model
        .values()
        .filter(|item| item.contains_key(pk_name) && text(item, pk_name) == want && fits(&text(item, sk_name)))
        .cloned()
        .collect();
    expected.sort_by_key(|item| (text(item, sk_name), text(item, "pk"), text(item, "sk")));
    if down {
        expected.reverse();
    }
    let range = match range {
        Range::All => SortRange::All,
        Range::From(a) => SortRange::From(sk(*a)),
        Range::To(a) => SortRange::To(sk(*a)),
        Range::Between(a, b) => SortRange::Between(sk(*a.min(b)), sk(*a.max(b))),
        Range::Equals(a) => SortRange::Equals(sk(*a)),
    };
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let mut query = Query::new(of, want).range(range.clone()).limit(limit).after(cursor);
        query.descending = down;
        let page = table.query(query).await.unwrap();
        assert!(page.items.len() <= limit);
        found.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_models(calls in proptest::collection::vec(call(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.db");
            let open = || SqliteTable::open(&path, FixedClock::at(1_800_000_000_000)).unwrap();
            let mut table = open();
            let mut model = Model::new();
            for call in &calls {
                match call {
                    Call::One(write) => one(&table, &mut model, write).await,
                    Call::All(writes) => all(&table, &mut model, writes).await,
                    Call::Query { index, pk: want, range, limit, descending } => {
                        query(&table, &model, *index, &pk(*want), range, *limit, *descending).await;
                    }
                    Call::Reopen => {
                        drop(table);
                        table = open();
                    }
                }
            }
            for ((pk, sk), item) in &model {
                assert_eq!(table.get(&Key::new(pk, sk), Consistency::Strong).await.unwrap().as_ref(), Some(item));
            }
            // Whoever follows the feed from the beginning has the same items.
            let mut followed = Model::new();
            let mut start = FeedStart::Oldest;
            loop {
                let page = table.feed(start, 7).await.unwrap();
                for change in page.changes {
                    let was = followed.get(&(change.key.pk.clone(), change.key.sk.clone())).cloned();
                    assert_eq!(change.old, was, "a change tells what stood there");
                    set(&mut followed, &change.key, change.new);
                }
                if page.caught_up {
                    break;
                }
                start = FeedStart::After(page.position);
            }
            assert_eq!(followed, model);
        });
    }
}
