//! Two nodes over one table, the answers, the store away, the bound of memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::web::layers::from_fn_with_state;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use tower::ServiceExt;
use vitrine_clock::{Clock, FixedClock};
use vitrine_shared::id::UserId;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{
    BatchGot, BatchWrite, Consistency, Delete, FeedPage, FeedStart, Item, Key, Page, Put, Query, Result, Table,
    TableError, Transact, UpdateItem,
};

use super::*;
use crate::ctx::User;
use crate::secrets::Secret;
use crate::testing::NOW;

/// A table that can be away.
struct Away {
    table: Arc<dyn Table>,
    away: AtomicBool,
}

impl Away {
    fn ask(&self) -> Result<()> {
        if self.away.load(Ordering::SeqCst) { Err(TableError::Unavailable("away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Table for Away {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.table.get(key, consistency).await
    }
    async fn put(&self, put: Put) -> Result<Option<Item>> {
        self.table.put(put).await
    }
    async fn update(&self, update: UpdateItem) -> Result<Item> {
        self.ask()?;
        self.table.update(update).await
    }
    async fn delete(&self, delete: Delete) -> Result<Option<Item>> {
        self.table.delete(delete).await
    }
    async fn query(&self, query: Query) -> Result<Page> {
        self.table.query(query).await
    }
    async fn batch_get(&self, keys: Vec<Key>, consistency: Consistency) -> Result<BatchGot> {
        self.table.batch_get(keys, consistency).await
    }
    async fn batch_write(&self, writes: Vec<BatchWrite>) -> Result<Vec<BatchWrite>> {
        self.table.batch_write(writes).await
    }
    async fn transact(&self, transact: Transact) -> Result<()> {
        self.table.transact(transact).await
    }
    async fn transact_get(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>> {
        self.table.transact_get(keys).await
    }
    async fn feed(&self, start: FeedStart, limit: usize) -> Result<FeedPage> {
        self.table.feed(start, limit).await
    }
    async fn feed_wait(&self, at_most: Duration) {
        self.table.feed_wait(at_most).await;
    }
    async fn sweep_expired(&self, limit: usize) -> Result<usize> {
        self.table.sweep_expired(limit).await
    }
}

struct House {
    clock: Arc<FixedClock>,
    table: Arc<Away>,
    figures: Figures,
    _dir: tempfile::TempDir,
}

impl House {
    fn new(figures: Figures) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(NOW);
        let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("t.sqlite"), clock.clone()).unwrap());
        Self { clock, table: Arc::new(Away { table, away: AtomicBool::new(false) }), figures, _dir: dir }
    }

    fn buckets(&self) -> Buckets {
        let secret = Secret { kid: "k".into(), bytes: vec![7; 32] };
        Buckets::new(self.table.clone(), self.clock.clone(), secret, self.figures.rules().unwrap())
    }

    /// One node: both layers around a handler that answers what is asked of it and finds `key=wrong` wrong; `caller` is who came.
    fn node(&self, caller: Caller) -> Router {
        let limits = Limits { buckets: Some(self.buckets()), trusted: Vec::new(), is_kept: |_, _| false };
        let clock = self.clock.clone();
        Router::new()
            .fallback(|guess: Guess, request: Request| async move {
                if request.uri().query() == Some("key=wrong") {
                    guess.mark_wrong();
                }
                let status = request.uri().path().strip_prefix("/orders/").and_then(|s| s.parse::<u16>().ok());
                StatusCode::from_u16(status.unwrap_or(200)).unwrap()
            })
            .layer(from_fn_with_state(limits.clone(), by_caller))
            .layer(crate::web::layers::from_fn(move |mut request: Request, next: Next| {
                let ctx = OpCtx { caller: caller.clone(), ..OpCtx::system("test", clock.now_ms()) };
                request.extensions_mut().insert(ctx);
                next.run(request)
            }))
            .layer(from_fn_with_state(limits, by_address))
    }
}

async fn ask(node: &Router, method: &str, uri: &str, ip: &str) -> Response {
    let mut request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1)));
    node.clone().oneshot(request).await.unwrap()
}

fn text(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// How many of `asked` requests pass, alternating between two nodes.
async fn passed(nodes: &[Router; 2], asked: usize, method: &str, uri: &str) -> usize {
    let mut passed = 0;
    for n in 0..asked {
        passed += usize::from(ask(&nodes[n % 2], method, uri, "192.0.2.1").await.status() == 200);
    }
    passed
}

#[tokio::test]
async fn two_nodes_share_one_count() {
    let house = House::new(Figures { read: Some([100, 0]), checkout: Some([50, 0]), ..Figures::default() });
    let nodes = [house.node(Caller::Anonymous), house.node(Caller::Anonymous)];
    // A block is a tenth: each node's first is spent without a write, so at most one more than the figure passes.
    let reads = passed(&nodes, 300, "GET", "/account").await;
    assert!((100..=110).contains(&reads), "{reads}");
    // What is counted as a whole is exact.
    assert_eq!(passed(&nodes, 200, "POST", "/checkout/place").await, 50);
    // Another address has its own, and the next window begins anew.
    assert_eq!(ask(&nodes[0], "GET", "/account", "192.0.2.2").await.status(), 200);
    house.clock.advance_ms(61_000);
    assert_eq!(passed(&nodes, 200, "POST", "/checkout/place").await, 50);
}

#[tokio::test]
async fn at_the_same_moment_no_more_pass() {
    let house = House::new(Figures { checkout: Some([50, 0]), ..Figures::default() });
    let nodes = [house.node(Caller::Anonymous), house.node(Caller::Anonymous)];
    let asked = (0..200).map(|n| ask(&nodes[n % 2], "POST", "/checkout/place", "192.0.2.1"));
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|a| a.status() == 200).count(), 50);
}

#[tokio::test]
async fn the_answer_names_the_limits() {
    let house = House::new(Figures { search: Some([2, 0]), ..Figures::default() });
    let node = house.node(Caller::Anonymous);
    let first = ask(&node, "GET", "/search?q=x", "2001:db8:1:2::1").await;
    assert_eq!(text(&first, "ratelimit-policy"), "\"search-address\";q=2;w=60");
    let reset = 60 - (NOW / 1000) % 60;
    assert_eq!(text(&first, "ratelimit"), format!("\"search-address\";r=1;t={reset}"));
    // The same subscriber's other machine.
    assert_eq!(ask(&node, "GET", "/search?q=x", "2001:db8:1:2:9::5").await.status(), 200);
    let refused = ask(&node, "GET", "/search?q=x", "2001:db8:1:2::1").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(text(&refused, "retry-after"), reset.to_string());
    assert_eq!(text(&refused, "ratelimit"), format!("\"search-address\";r=0;t={reset}"));
    assert_eq!(text(&refused, "content-type"), "application/problem+json");
    assert!(refused.extensions().get::<Wall>().is_some());
    let body = to_bytes(refused.into_body(), 10_000).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "too_many_requests");
    assert_eq!(ask(&node, "GET", "/search?q=x", "2001:db8:1:3::1").await.status(), 200);
}

#[tokio::test]
async fn an_account_is_counted_wherever_it_comes_from() {
    let house = House::new(Figures { write: Some([100, 3]), ..Figures::default() });
    let user = User {
        id: UserId::from_bits(1),
        email: "a@example.org".into(),
        verified: true,
        name: "A".into(),
        roles: Vec::new(),
        tenants: Vec::new(),
        session: None,
    };
    let node = house.node(Caller::User(user));
    for n in 0..3 {
        let answer = ask(&node, "POST", "/cart/add", &format!("192.0.2.{n}")).await;
        assert_eq!(answer.status(), 200);
        assert!(text(&answer, "ratelimit-policy").contains("\"write-account\";q=3;w=60"), "{answer:?}");
        assert!(text(&answer, "ratelimit").starts_with("\"write-account\";r="), "the nearest to its end");
    }
    let refused = ask(&node, "POST", "/cart/add", "192.0.2.9").await;
    assert_eq!(refused.status(), 429);
    assert!(text(&refused, "ratelimit").starts_with("\"write-account\";r=0"), "{refused:?}");
    let key = house.node(Caller::Key { id: "key_1".into(), tenant: None, scopes: Vec::new() });
    assert_eq!(ask(&key, "POST", "/cart/add", "192.0.2.9").await.status(), 200);
}

#[tokio::test]
async fn wrong_secrets_are_counted_and_right_ones_are_not() {
    let house = House::new(Figures { guess: Some([20, 0]), ..Figures::default() });
    let node = house.node(Caller::Anonymous);
    for _ in 0..40 {
        assert_eq!(ask(&node, "GET", "/orders/200?key=right", "192.0.2.1").await.status(), 200);
    }
    for _ in 0..20 {
        assert_eq!(ask(&node, "GET", "/orders/404?key=wrong", "192.0.2.1").await.status(), 404);
    }
    // Now even a right one waits, and whoever shows none does not.
    assert_eq!(ask(&node, "GET", "/orders/200?key=right", "192.0.2.1").await.status(), 429);
    assert_eq!(ask(&node, "GET", "/catalog", "192.0.2.1").await.status(), 200);
    assert_eq!(ask(&node, "GET", "/orders/200?key=right", "192.0.2.2").await.status(), 200);
}

#[tokio::test]
async fn what_is_missing_behind_a_right_secret_is_no_guess() {
    let house = House::new(Figures { guess: Some([20, 0]), ..Figures::default() });
    let node = house.node(Caller::Anonymous);
    for status in [401, 403, 404, 410] {
        for _ in 0..20 {
            let answer = ask(&node, "GET", &format!("/orders/{status}?key=right"), "192.0.2.1").await;
            assert_eq!(answer.status(), status, "a program that looks for what is gone goes on");
        }
    }
    assert_eq!(ask(&node, "GET", "/orders/200?key=right", "192.0.2.1").await.status(), 200);
}

#[tokio::test]
async fn pages_of_other_sites_cannot_spend_their_visitors_guesses() {
    let house = House::new(Figures { guess: Some([20, 0]), ..Figures::default() });
    let node = house.node(Caller::Anonymous);
    let load = async |uri: &str, site: &'static str, to: &'static str| {
        let mut request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new("192.0.2.1".parse().unwrap(), 1)));
        request.headers_mut().insert("sec-fetch-site", HeaderValue::from_static(site));
        request.headers_mut().insert("sec-fetch-dest", HeaderValue::from_static(to));
        node.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    for _ in 0..100 {
        load("/d/1?key=wrong", "cross-site", "image").await;
    }
    // Whoever only says that they are such a page has not won a wall without a count.
    assert_eq!(load("/d/1?key=wrong", "cross-site", "image").await, 429);
    assert_eq!(load("/d/1", "same-origin", "document").await, 200, "the visitor's own download");
    assert_eq!(load("/d/1", "cross-site", "document").await, 200, "a link in their mail");
    assert_eq!(ask(&node, "GET", "/d/1", "192.0.2.1").await.status(), 200);
    // What a shop's player loads from the files' own site is signed.
    assert_eq!(load("/s/1", "cross-site", "audio").await, 200);
}

#[tokio::test]
async fn without_the_store_reads_go_on_and_payments_do_not() {
    let house = House::new(Figures { read: Some([100, 0]), ..Figures::default() });
    let node = house.node(Caller::Anonymous);
    house.table.away.store(true, Ordering::SeqCst);
    for n in 0..150 {
        assert_eq!(ask(&node, "GET", "/account", "192.0.2.1").await.status(), 200, "{n}");
    }
    let refused = ask(&node, "POST", "/checkout/place", "192.0.2.1").await;
    assert_eq!((refused.status().as_u16(), text(&refused, "retry-after")), (503, "5".into()));
    house.table.away.store(false, Ordering::SeqCst);
    assert_eq!(ask(&node, "POST", "/checkout/place", "192.0.2.1").await.status(), 200);
}

#[tokio::test]
async fn memory_is_bounded_whoever_asks() {
    let house = House::new(Figures::default());
    let buckets = house.buckets();
    for n in 0..u32::try_from(MOST).unwrap() * 2 {
        let who = Who::address(Some(std::net::IpAddr::from(n.to_be_bytes())));
        buckets.take(Class::Page, who).await.unwrap();
    }
    buckets.settle();
    assert!(buckets.subjects() <= MOST, "{}", buckets.subjects());
}

#[tokio::test]
async fn nothing_in_the_table_names_who_asked() {
    let house = House::new(Figures { checkout: Some([5, 0]), ..Figures::default() });
    let buckets = house.buckets();
    let who = Who::address(Some("192.0.2.77".parse().unwrap()));
    buckets.take(Class::Checkout, who).await.unwrap();
    let feed = house.table.feed(FeedStart::Oldest, 10).await.unwrap();
    let text = serde_json::to_string(&feed.changes).unwrap();
    assert!(text.contains("RATE#checkout#") && text.contains("\"ttl\""), "{text}");
    assert!(!text.contains("192.0.2.77") && !text.contains("c000024d"), "{text}");
}
