//! A simulator with its table, queue, worker and a receiver of webhooks on a loopback port.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;
use vitrine_clock::{Clock, FixedClock};
use vitrine_payments::simulator::{Mischief, Simulator, SimulatorConfig};
use vitrine_payments::{Event, NewSession, Payments, Session};
use vitrine_queue::Queue;
use vitrine_queue::table::TableQueue;
use vitrine_queue::worker::Worker;
use vitrine_table::Table;
use vitrine_table::sqlite::SqliteTable;

pub const BASE: &str = "http://localhost:8080";
pub const SETTLE_MS: i64 = 60_000;

/// Headers and raw body.
pub type Delivery = (HeaderMap, Vec<u8>);

#[derive(Clone, Default)]
struct Inbox {
    arrived: Arc<Mutex<Vec<Delivery>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.arrived.lock().unwrap().push((headers, body.to_vec()));
    inbox.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT)
}

pub struct World {
    pub simulator: Simulator,
    pub clock: Arc<FixedClock>,
    pub worker: Worker,
    pub queue: Arc<dyn Queue>,
    inbox: Inbox,
    receiver: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.receiver.abort();
    }
}

pub async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_800_000_000_000); // 2027-01-15
    let table: Arc<dyn Table> = Arc::new(SqliteTable::open(dir.path().join("data.db"), clock.clone()).unwrap());
    let queue: Arc<dyn Queue> = Arc::new(TableQueue::new(table.clone(), clock.clone()));
    let inbox = Inbox::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook_url = format!("http://{}/webhooks/simulator", listener.local_addr().unwrap());
    let app = Router::new().route("/webhooks/simulator", post(receive)).with_state(inbox.clone());
    let receiver = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let config = SimulatorConfig {
        base_url: BASE.into(),
        webhook_url,
        webhook_secret: "a secret of this test".into(),
        settle_delay: Duration::from_millis(SETTLE_MS.unsigned_abs()),
        mischief: Mischief::default(),
    };
    let simulator = Simulator::new(table, queue.clone(), clock.clone(), config).unwrap();
    let worker = Worker::new(queue.clone(), simulator.handlers());
    World { simulator, clock, worker, queue, inbox, receiver, _dir: dir }
}

impl World {
    pub async fn begin(&self, key: &str, locale: &str) -> Session {
        self.begin_with(key, locale, &[]).await
    }

    /// By these ways to pay alone.
    pub async fn begin_with(&self, key: &str, locale: &str, methods: &[&str]) -> Session {
        self.simulator.begin(self.new_session(key, locale, methods)).await.unwrap()
    }

    /// To be captured later.
    pub async fn begin_authorised(&self, key: &str, locale: &str) -> Session {
        let new = NewSession { authorise: true, ..self.new_session(key, locale, &[]) };
        self.simulator.begin(new).await.unwrap()
    }

    fn new_session(&self, key: &str, locale: &str, methods: &[&str]) -> NewSession {
        NewSession {
            idempotency_key: key.into(),
            reference: format!("co_{key}"),
            amount_minor: 123_450,
            currency: "EUR".into(),
            exponent: 2,
            lines: vec![("A book <b>".into(), 120_000), ("Postage".into(), 3_450)],
            email: "buyer@example.com".into(),
            locale: locale.into(),
            methods: methods.iter().map(|m| (*m).to_owned()).collect(),
            authorise: false,
            or_at_once: false,
            return_url: "https://shop.example/checkout/return?a=1&b=2".into(),
            cancel_url: "https://shop.example/cart".into(),
            expires_ms: self.clock.now_ms() + 3_600_000,
        }
    }

    /// Runs what is due, deliveries included.
    pub async fn work(&self) {
        self.worker.run_due_once().await.unwrap();
    }

    /// The next answers of the receiver; afterwards 204.
    pub fn answer_with(&self, answers: &[StatusCode]) {
        self.inbox.answers.lock().unwrap().extend(answers);
    }

    /// What has arrived so far, raw.
    pub fn raw(&self) -> Vec<Delivery> {
        self.inbox.arrived.lock().unwrap().clone()
    }

    /// What has arrived so far, unverified.
    pub fn events(&self) -> Vec<Event> {
        self.raw().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.kind).collect()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.simulator.routes().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form from the simulator's own page.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(form_request(path, form, &[("origin", BASE), ("sec-fetch-site", "same-origin")])).await
    }
}

pub fn form_request(path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub fn assert_leads_to(&self, path: &str) {
        assert_eq!((self.status, self.header("location")), (StatusCode::SEE_OTHER, path), "{}", self.body);
    }

    #[track_caller]
    pub fn assert_says(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.body.contains(text), "{text} is missing in {}", self.body);
        }
    }
}
