//! The contract as named cases; an adapter's test runs each on its own store or on one shared real server.
//!
//! Invariants: every case works below a random prefix of its own, so cases neither see each other nor need an empty
//! table; nothing sleeps but polling, bounded by [`Options::index_lag`]. Retryable errors and partial batches are
//! asked again ([`Retrying`]), as services do.
//! Entry point: [`run`], or [`cases`] one by one.
//!
//! Not here: what only one adapter has (restart, lock file, backup).

mod feed;
mod queries;
mod transactions;
mod values;
mod writes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::Value;
use vitrine_clock::{Clock, FixedClock, SystemClock};

use crate::retry::Retrying;
use crate::{Condition, Index, Item, Key, Put, Query, Table, TableError};

/// What the adapter under test can do.
#[derive(Clone)]
pub struct Options {
    /// Whether the change feed is served.
    pub feed: bool,
    /// The clock the store was given; `None`: it lives in real time and the cases that move time are left out.
    pub ttl_clock: Option<Arc<FixedClock>>,
    /// How long indexes and the feed may lag; polled until then.
    pub index_lag: Duration,
    /// Whether ties of an index come in the order of base keys; DynamoDB itself does not promise it.
    pub ties_by_base_key: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { feed: true, ttl_clock: None, index_lag: Duration::from_secs(5), ties_by_base_key: true }
    }
}

/// Why a case did not hold.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl From<TableError> for Failure {
    fn from(e: TableError) -> Self {
        Self(format!("unexpected error: {e:?}"))
    }
}

/// A case's outcome.
pub type Outcome = Result<(), Failure>;
/// One case.
pub type CaseFn = fn(Env) -> BoxFuture<'static, Outcome>;

/// What a case works with.
#[derive(Clone)]
pub struct Env {
    table: Arc<dyn Table>,
    options: Options,
    prefix: String,
}

impl Env {
    /// A fresh random prefix on `table`.
    pub fn new(table: Arc<dyn Table>, options: Options) -> Self {
        let prefix = Alphanumeric.sample_string(&mut rand::rng(), 16);
        Self { table: Arc::new(Retrying(table)), options, prefix }
    }

    fn p(&self, name: &str) -> String {
        format!("T#{}#{name}", self.prefix)
    }

    fn key(&self, pk: &str, sk: &str) -> Key {
        Key::new(self.p(pk), sk)
    }

    /// An item of `attributes` under the key.
    fn item(&self, key: &Key, attributes: Value) -> Item {
        let mut item = attributes.as_object().cloned().unwrap_or_default();
        item.insert("pk".into(), key.pk.clone().into());
        item.insert("sk".into(), key.sk.clone().into());
        item
    }

    async fn put(&self, key: &Key, attributes: Value) -> crate::Result<Option<Item>> {
        self.table.put(Put { item: self.item(key, attributes), condition: None }).await
    }

    async fn put_if(&self, key: &Key, attributes: Value, condition: Condition) -> crate::Result<Option<Item>> {
        self.table.put(Put { item: self.item(key, attributes), condition: Some(condition) }).await
    }

    async fn get(&self, key: &Key) -> crate::Result<Option<Item>> {
        self.table.get(key, crate::Consistency::Strong).await
    }

    fn now_secs(&self) -> i64 {
        self.options.ttl_clock.as_ref().map_or_else(|| SystemClock.now_secs(), |c| c.now_secs())
    }

    /// All pages of a query; every cursor is followed.
    async fn pages(&self, mut query: Query) -> Result<Vec<Item>, Failure> {
        let mut found = Vec::new();
        loop {
            let page = self.table.query(query.clone()).await?;
            ensure!(page.items.len() <= query.limit, "a page is longer than its limit");
            found.extend(page.items);
            match page.cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(found),
            }
        }
    }

    /// Polls an index until the values of `attribute` are `expected`, in order.
    async fn settles(&self, query: Query, attribute: &str, expected: &[Value]) -> Outcome {
        let until = Instant::now() + self.options.index_lag;
        loop {
            let found: Vec<Value> = self
                .pages(query.clone())
                .await?
                .iter()
                .map(|i| i.get(attribute).cloned().unwrap_or_default())
                .collect();
            if found == expected {
                return Ok(());
            }
            ensure!(Instant::now() < until, "{query:?} settled at {found:?}, expected {expected:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn index(&self, index: Index, pk: &str) -> Query {
        Query::new(index, self.p(pk))
    }
}

macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err($crate::conformance::Failure(format!($($why)+)));
        }
    };
}
macro_rules! ensure_eq {
    ($left:expr, $right:expr) => {
        // A match, so that temporaries of both sides live through the comparison.
        match (&$left, &$right) {
            (left, right) => {
                if left != right {
                    return Err($crate::conformance::Failure(format!(
                        "line {}: {} is {left:?}, expected {right:?}",
                        line!(),
                        stringify!($left)
                    )));
                }
            }
        }
    };
}
macro_rules! ensure_err {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {{
        let result = $result;
        if !matches!(&result, Err($pattern) $(if $guard)?) {
            return Err($crate::conformance::Failure(format!(
                "line {}: {} answered {result:?}, expected {}", line!(), stringify!($result), stringify!($pattern)
            )));
        }
    }};
}
use {ensure, ensure_eq, ensure_err};

/// Every case with its name.
pub fn cases() -> Vec<(&'static str, CaseFn)> {
    macro_rules! list {
        ($($module:ident :: $case:ident),+ $(,)?) => {
            vec![$((concat!(stringify!($module), "::", stringify!($case)), |env| Box::pin($module::$case(env)))),+]
        };
    }
    list![
        writes::put_answers_the_old_image,
        writes::conditional_writes_carry_the_old_item,
        writes::every_condition,
        writes::every_update,
        writes::refused_updates,
        writes::counter_under_concurrent_writers,
        writes::batches,
        writes::expiry,
        writes::expiry_as_time_moves,
        values::round_trip,
        values::reserved_and_odd_names,
        values::refused_items,
        values::size_limit,
        transactions::all_or_nothing_with_reasons,
        transactions::refused,
        transactions::tokens,
        transactions::atomic_for_readers,
        transactions::snapshot_read,
        queries::ranges_and_directions,
        queries::index_pages_with_ties,
        queries::sparse_and_moving,
        queries::page_of_a_megabyte,
        queries::cursor_misuse,
        queries::refused,
        feed::order_and_resume,
        feed::bad_positions,
    ]
}

/// Runs every case on a table of its own (or a shared one: `make` decides).
///
/// # Errors
/// The names and reasons of all cases that did not hold.
pub async fn run(make: &(dyn Fn() -> BoxFuture<'static, (Arc<dyn Table>, Options)> + Sync)) -> Outcome {
    let mut failures = Vec::new();
    for (name, case) in cases() {
        let (table, options) = make().await;
        if let Err(failure) = case(Env::new(table, options)).await {
            failures.push(format!("{name}: {failure}"));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
