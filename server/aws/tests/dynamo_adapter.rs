//! Table on DynamoDB: what only this adapter has. Runs on ministack, or on `VITRINE_TEST_DYNAMODB_ENDPOINT` as the
//! contract does; the tables stay there.

mod peers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use vitrine_aws::dynamo::DynamoTable;
use vitrine_clock::FixedClock;
use vitrine_table::{
    CancelReason, Condition, Consistency, FeedStart, Item, Key, Put, Table, TableError, Transact, TransactOp, Update,
    UpdateItem, eval,
};

struct Fixture {
    sdk: vitrine_aws::SdkConfig,
    name: String,
    table: Arc<DynamoTable>,
    /// Dropped last, so that nothing asks a server that is gone.
    _peer: peers::Peer,
}

async fn fixture() -> Fixture {
    let peer = match peers::given("VITRINE_TEST_DYNAMODB_ENDPOINT") {
        Some(peer) => peer,
        None => peers::ministack().await,
    };
    let sdk = vitrine_aws::connect(&peer.settings).await;
    let name = format!("vitrine-test-{:016x}", rand::random::<u64>());
    let table = Arc::new(DynamoTable::new(&sdk, &name));
    table.create().await.unwrap();
    Fixture { sdk, name, table, _peer: peer }
}

fn item(key: &Key, attributes: Value) -> Item {
    let mut item = attributes.as_object().cloned().unwrap();
    item.insert("pk".into(), key.pk.clone().into());
    item.insert("sk".into(), key.sk.clone().into());
    item
}

fn put(key: &Key, attributes: Value, condition: Option<Condition>) -> TransactOp {
    TransactOp::Put(Put { item: item(key, attributes), condition })
}

fn add(key: &Key, by: i64, condition: Option<Condition>) -> TransactOp {
    TransactOp::Update(UpdateItem { key: key.clone(), updates: vec![Update::Add("n".into(), by)], condition })
}

/// Time moves between a call and its repetition; DynamoDB's own token would take that for another request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_lives_ten_minutes_whatever_the_clock_says_in_between() {
    let fixture = fixture().await;
    // Ahead of the server, whose own sweep must not take the token away.
    let clock = FixedClock::at(4_000_000_000_000);
    let table = DynamoTable::new(&fixture.sdk, &fixture.name).with_clock(clock.clone());
    let (made, counted) = (Key::new("A#1", "x"), Key::new("A#2", "x"));
    let count = async || {
        let item = table.get(&counted, Consistency::Strong).await.unwrap();
        item.and_then(|i| i.get("n").and_then(Value::as_i64))
    };
    for _ in 0..3 {
        let ops = vec![put(&made, json!({}), Some(Condition::ItemAbsent)), add(&counted, 1, None)];
        table.transact(Transact { ops, token: Some("order-1".into()) }).await.unwrap();
        clock.advance_ms(90_000);
    }
    assert_eq!(count().await, Some(1));
    let other = || Transact { ops: vec![add(&counted, 2, None)], token: Some("order-1".into()) };
    assert!(matches!(table.transact(other()).await, Err(TableError::TokenMismatch)));
    assert_eq!(count().await, Some(1));
    clock.advance_ms(600_000);
    table.transact(other()).await.unwrap();
    assert_eq!(count().await, Some(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_transaction_has_a_token_too() {
    let fixture = fixture().await;
    let counted = Key::new("A", "x");
    let full = |first: TransactOp, token: &str| {
        let rest = (0..99).map(|n| put(&Key::new("F", format!("{n:02}")), json!({}), None));
        Transact { ops: std::iter::once(first).chain(rest).collect(), token: Some(token.into()) }
    };
    for _ in 0..2 {
        fixture.table.transact(full(add(&counted, 10, None), "full-1")).await.unwrap();
    }
    let stored = fixture.table.get(&counted, Consistency::Strong).await.unwrap();
    assert_eq!(stored, Some(item(&counted, json!({"n": 10}))));
    // Such a one cannot carry the time as well.
    for condition in [Condition::ItemExists, Condition::Not(Box::new(Condition::ItemAbsent))] {
        let asks = full(put(&counted, json!({}), Some(condition)), "full-2");
        assert!(matches!(fixture.table.transact(asks).await, Err(TableError::Invalid(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_members_are_told_apart() {
    let fixture = fixture().await;
    let (edge, text, plain) = (Key::new("A", "edge"), Key::new("A", "text"), Key::new("A", "plain"));
    let most = (1_i64 << 53) - 1;
    for (key, n) in [(&edge, json!(most)), (&text, json!("text"))] {
        fixture.table.put(Put { item: item(key, json!({"n": n})), condition: None }).await.unwrap();
    }
    let cancelled = async |op: TransactOp| {
        let ops = vec![put(&plain, json!({}), None), op];
        match fixture.table.transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(mut reasons)) => {
                assert_eq!((reasons.len(), &reasons[0]), (2, &CancelReason::None));
                reasons.remove(1)
            }
            other => panic!("{other:?}"),
        }
    };
    // The caller's own condition is told before the range of integers.
    let old = Some(item(&edge, json!({"n": most})));
    let guarded = add(&edge, 1, Some(Condition::eq("n", 1)));
    assert_eq!(cancelled(guarded).await, CancelReason::ConditionFailed(old));
    assert!(matches!(cancelled(add(&edge, 1, Some(Condition::ItemExists))).await, CancelReason::Invalid(_)));
    assert!(matches!(cancelled(add(&text, 1, None)).await, CancelReason::Invalid(_)));
    let spoilt = UpdateItem { key: edge.clone(), updates: vec![Update::set("tenant", 7)], condition: None };
    assert!(matches!(cancelled(TransactOp::Update(spoilt)).await, CancelReason::Invalid(_)));
    // Down is possible.
    fixture.table.transact(Transact { ops: vec![add(&edge, -1, None)], token: None }).await.unwrap();
    assert_eq!(fixture.table.get(&plain, Consistency::Strong).await.unwrap(), None);
}

/// Conditions over the attributes below, nested; `begins_with` only where strings stand, see the contract's differences.
fn conditions() -> impl Strategy<Value = Condition> {
    let names = || prop::sample::select(vec!["n", "s", "size", "gone", "list"]).prop_map(str::to_owned);
    let plain = || prop_oneof![(-2..4_i64).prop_map(Value::from), "[ab]{0,2}".prop_map(Value::from)];
    let any = || prop_oneof![plain(), Just(Value::Null), Just(json!([1, "a"])), Just(json!(true))];
    let leaf = prop_oneof![
        Just(Condition::ItemExists),
        Just(Condition::ItemAbsent),
        names().prop_map(Condition::Exists),
        names().prop_map(Condition::Absent),
        (names(), any()).prop_map(|(a, v)| Condition::Eq(a, v)),
        (names(), any()).prop_map(|(a, v)| Condition::Ne(a, v)),
        (names(), plain()).prop_map(|(a, v)| Condition::Lt(a, v)),
        (names(), plain()).prop_map(|(a, v)| Condition::Le(a, v)),
        (names(), plain()).prop_map(|(a, v)| Condition::Gt(a, v)),
        (names(), plain()).prop_map(|(a, v)| Condition::Ge(a, v)),
        "[ab]{1,2}".prop_map(|p| Condition::BeginsWith("s".into(), p)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(|c| Condition::Not(Box::new(c))),
        ]
    })
}

/// The store reads our expressions as `vitrine_table::eval` reads the conditions they were made from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_mean_what_the_conditions_say() {
    let fixture = fixture().await;
    let now = vitrine_clock::Clock::now_secs(&vitrine_clock::SystemClock);
    let stands = [
        (Key::new("C", "live"), Some(json!({"n": 1, "s": "ab", "size": -1, "list": [1, "a"], "ttl": now + 3600}))),
        (Key::new("C", "bare"), Some(json!({"s": "b", "n": null}))),
        (Key::new("C", "expired"), Some(json!({"n": 2, "s": "a", "ttl": now - 3600}))),
        (Key::new("C", "none"), None),
    ];
    for (key, attributes) in &stands {
        if let Some(attributes) = attributes {
            fixture.table.put(Put { item: item(key, attributes.clone()), condition: None }).await.unwrap();
        }
    }
    let (mut runner, strategy) = (TestRunner::deterministic(), conditions());
    let (mut held, mut failed) = (0, 0);
    for _ in 0..150 {
        let condition = strategy.new_tree(&mut runner).unwrap().current();
        for (key, attributes) in &stands {
            let stored = attributes.clone().map(|a| item(key, a));
            let expected = eval::holds(&condition, stored.as_ref(), now);
            let check = TransactOp::Check { key: key.clone(), condition: condition.clone() };
            match fixture.table.transact(Transact { ops: vec![check], token: None }).await {
                Ok(()) => assert!(expected, "{condition:?} held on {stored:?}"),
                Err(TableError::Cancelled(_)) => assert!(!expected, "{condition:?} did not hold on {stored:?}"),
                Err(e) => panic!("{condition:?} on {stored:?}: {e}"),
            }
            if expected { held += 1 } else { failed += 1 }
        }
    }
    assert!(held > 100 && failed > 100, "{held} held and {failed} did not: the sample says little");
}

/// All changes from `start` on, by readers that remember nothing but the position.
async fn follow(fixture: &Fixture, start: FeedStart, wanted: usize) -> Vec<Key> {
    let (mut start, mut found, end) = (start, Vec::new(), Instant::now() + Duration::from_secs(30));
    loop {
        let reader = DynamoTable::new(&fixture.sdk, &fixture.name);
        let page = reader.feed(start, 2).await.unwrap();
        let nothing = page.changes.is_empty();
        found.extend(page.changes.into_iter().map(|c| c.key));
        if found.len() >= wanted && page.caught_up && nothing {
            return found;
        }
        start = FeedStart::After(page.position);
        assert!(Instant::now() < end, "only {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_goes_on_in_another_process_and_hides_tokens() {
    let fixture = fixture().await;
    let key = |n: i32| Key::new(format!("K#{n}"), "x");
    let write = |n: i32| {
        let ops = vec![put(&key(n), json!({"n": n}), None)];
        fixture.table.transact(Transact { ops, token: Some(format!("t{n}")) })
    };
    write(0).await.unwrap();
    let now = fixture.table.feed(FeedStart::Now, 10).await.unwrap();
    assert!(now.changes.is_empty() && now.caught_up);
    for n in 1..=5 {
        write(n).await.unwrap();
    }
    assert_eq!(follow(&fixture, FeedStart::After(now.position), 5).await, (1..=5).map(key).collect::<Vec<_>>());
    assert_eq!(follow(&fixture, FeedStart::Oldest, 6).await, (0..=5).map(key).collect::<Vec<_>>());

    let other = DynamoTable::new(&fixture.sdk, format!("{}-b", fixture.name));
    other.create().await.unwrap();
    let foreign = other.feed(FeedStart::Now, 1).await.unwrap().position;
    assert!(matches!(fixture.table.feed(FeedStart::After(foreign), 1).await, Err(TableError::BadPosition(_))));
}

/// After the iterator's life a reader that began "now" finds its place again by the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_outlives_its_iterator() {
    let fixture = fixture().await;
    let began = vitrine_clock::Clock::now_ms(&vitrine_clock::SystemClock);
    let begin = DynamoTable::new(&fixture.sdk, &fixture.name).with_clock(FixedClock::at(began));
    let position = begin.feed(FeedStart::Now, 1).await.unwrap().position;
    let key = Key::new("late", "x");
    fixture.table.put(Put { item: item(&key, json!({})), condition: None }).await.unwrap();
    let later = DynamoTable::new(&fixture.sdk, &fixture.name).with_clock(FixedClock::at(began + 20 * 60_000));
    let page = later.feed(FeedStart::After(position), 10).await.unwrap();
    assert_eq!(page.changes.into_iter().map(|c| c.key).collect::<Vec<_>>(), [key]);
}

/// A closed port answers at once, and the answer does not claim that nothing was written.
#[tokio::test]
async fn an_unreachable_store_is_unavailable() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = vitrine_aws::Settings {
        region: "us-east-1".into(),
        endpoint: Some(format!("http://{closed}")),
        credentials: Some(("id".into(), secrecy::SecretString::from("secret-of-mine"))),
    };
    assert!(!format!("{settings:?}").contains("secret-of-mine"));
    let table = DynamoTable::new(&vitrine_aws::connect(&settings).await, "nowhere");
    let key = Key::new("a", "b");
    let answers = [
        table.get(&key, Consistency::Strong).await.map(drop),
        table.put(Put { item: item(&key, json!({})), condition: None }).await.map(drop),
        table.feed(FeedStart::Oldest, 1).await.map(drop),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(TableError::Unavailable(_))), "{answer:?}");
    }
}
