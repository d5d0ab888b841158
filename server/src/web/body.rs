//! Bodies are read whole before anything else works on a request, within bounds of size, time and memory of all.
//!
//! Invariants: who sends slowly holds a connection and nothing else; what all bodies hold together is bounded, and what those of one
//! address do is a small part of it; a form has at most [`MOST_FIELDS`] fields. Uploads are streams and do not pass here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::web::layers::Next;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::BytesMut;
use futures::StreamExt as _;
use tokio::time::Instant;
use vitrine_shared::Problem;

use super::ctx;
use super::limits::{Who, wall};

/// Most bytes of a body.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Most bytes of a form, but for those of the studio, which hold whole texts.
pub const MOST_FORM: usize = 64 * 1024;
/// Most bytes of a query string.
pub const MOST_QUERY: usize = 4 * 1024;
/// Most fields of a form.
pub const MOST_FIELDS: usize = 1_000;
/// Most bytes of all bodies in hand.
const ROOM: usize = 96 * 1024 * 1024;
/// Most bytes of one address's bodies in hand.
const SHARE: usize = 8 * 1024 * 1024;
/// Longest time for a whole body.
const WHOLE_TIME: Duration = Duration::from_secs(60);
/// Time that every body has.
const GRACE: Duration = Duration::from_secs(15);
/// Bytes that must have come for each second more.
const PACE: u64 = 32 * 1024;

/// State of the layer. Cheap to clone.
#[derive(Clone)]
pub struct Bodies {
    room: Arc<Mutex<Room>>,
    trusted: Arc<[IpAddr]>,
    stall: Duration,
    grace: Duration,
    whole: Duration,
}

/// Bytes in hand, of all and of each address that has any.
#[derive(Debug, Default)]
struct Room {
    taken: usize,
    of: HashMap<Who, usize>,
}

/// Why a body finds no room.
#[derive(Debug, PartialEq, Eq)]
enum Full {
    /// All of it is taken.
    Room,
    /// The address has its share.
    Share,
}

impl Room {
    fn take(&mut self, who: Who, bytes: usize) -> Result<(), Full> {
        if self.taken + bytes > ROOM {
            return Err(Full::Room);
        }
        let own = self.of.get(&who).copied().unwrap_or_default();
        if own + bytes > SHARE {
            return Err(Full::Share);
        }
        self.of.insert(who, own + bytes);
        self.taken += bytes;
        Ok(())
    }

    fn give_back(&mut self, who: Who, bytes: usize) {
        self.taken = self.taken.saturating_sub(bytes);
        if let Some(own) = self.of.get_mut(&who) {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                self.of.remove(&who);
            }
        }
    }
}

/// What one body holds of the room; given back when it is dropped.
struct Held {
    room: Arc<Mutex<Room>>,
    who: Who,
    bytes: usize,
}

impl Held {
    fn more(&mut self, bytes: usize) -> Result<(), Full> {
        lock(&self.room).take(self.who, bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.room).give_back(self.who, self.bytes);
    }
}

/// A panic while the lock was held cannot leave it half changed: nothing in there panics.
fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bodies {
    /// With so long between two pieces of a body, and the proxies whose word on addresses is believed.
    pub fn new(stall: Duration, trusted: Vec<IpAddr>) -> Self {
        Self { room: Arc::default(), trusted: trusted.into(), stall, grace: GRACE, whole: WHOLE_TIME }
    }

    /// Until when the next piece must be there: a body that lags behind the pace ends, however often it sends a byte.
    fn ends(&self, begun: Instant, came: usize) -> Instant {
        let paced = self.grace + Duration::from_millis(came as u64 * 1_000 / PACE);
        (begun + paced.min(self.whole)).min(Instant::now() + self.stall)
    }

    async fn read(&self, body: Body, who: Who, most: usize) -> Result<(Bytes, Held), Response> {
        let mut stream = body.into_data_stream();
        let mut whole = BytesMut::new();
        let mut held = Held { room: self.room.clone(), who, bytes: 0 };
        let begun = Instant::now();
        loop {
            let Ok(piece) = tokio::time::timeout_at(self.ends(begun, whole.len()), stream.next()).await else {
                metrics::counter!("slow_clients_total", "what" => "body").increment(1);
                return Err(last(wall(Problem::new(408, "too_slow", "The request did not arrive in time."), 1)));
            };
            let piece = match piece {
                None => return Ok((whole.freeze(), held)),
                Some(Ok(piece)) => piece,
                Some(Err(_)) => return Err(last(wall(Problem::new(400, "bad_body", "The body broke off."), 1))),
            };
            if whole.len() + piece.len() > most {
                return Err(last(too_large(most)));
            }
            if let Err(full) = held.more(piece.len()) {
                metrics::counter!("requests_shed_total", "rank" => "body").increment(1);
                let problem = match full {
                    Full::Room => Problem::new(503, "overloaded", "Too many bodies are being read."),
                    Full::Share => Problem::new(429, "too_many_requests", "Too many requests within a short time.")
                        .detail("Send fewer bodies at the same time."),
                };
                return Err(last(wall(problem, 2)));
            }
            whole.extend_from_slice(&piece);
        }
    }
}

fn too_large(most: usize) -> Response {
    let text = format!("Such a request holds at most {most} bytes.");
    wall(Problem::new(413, "too_large", "The request is too large.").detail(text), 1)
}

/// The rest of the body is not read: nothing else can follow on the connection.
fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    let again = matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    if again { response } else { plain(response) }
}

/// Asking again does not help.
fn plain(mut response: Response) -> Response {
    response.headers_mut().remove(header::RETRY_AFTER);
    response
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
}

/// Most bytes of a request's body.
fn most(path: &str, headers: &HeaderMap) -> usize {
    if is_form(headers) && !path.starts_with("/studio/") { MOST_FORM } else { MOST_BYTES }
}

/// Where uploads are sent: their bodies are streams.
pub(super) const UPLOADS: &str = "/admin/import/upload";

/// The layer.
pub async fn whole(State(bodies): State<Bodies>, request: Request, next: Next) -> Response {
    if request.uri().query().is_some_and(|q| q.len() > MOST_QUERY) {
        let text = format!("A query string holds at most {MOST_QUERY} bytes.");
        return plain(wall(Problem::new(414, "too_large", "The address is too long.").detail(text), 1));
    }
    if request.body().is_end_stream() || request.uri().path() == UPLOADS {
        return next.run(request).await;
    }
    let most = most(request.uri().path(), request.headers());
    if request.body().size_hint().lower() > most as u64 {
        return last(too_large(most));
    }
    let who = Who::address(ctx::peer(&request, &bodies.trusted));
    let (parts, body) = request.into_parts();
    let (bytes, held) = match bodies.read(body, who, most).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    if is_form(&parts.headers) && bytes.iter().filter(|b| **b == b'&').count() >= MOST_FIELDS {
        return plain(wall(Problem::new(413, "too_large", "The form has too many fields."), 1));
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    drop(held);
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use crate::web::layers::from_fn_with_state;
    use axum::Router;
    use axum::extract::ConnectInfo;
    use tower::ServiceExt;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

    fn shop(bodies: &Bodies) -> Router {
        Router::new()
            .fallback(|body: Bytes| async move { body.len().to_string() })
            .layer(from_fn_with_state(bodies.clone(), whole))
    }

    fn pieces(pieces: Vec<Vec<u8>>) -> Body {
        Body::from_stream(futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
    }

    async fn send_from(bodies: &Bodies, ip: &str, path: &str, body: Body, kind: &str) -> Response {
        let mut request = Request::builder().method("POST").uri(path).header("content-type", kind).body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1)));
        shop(bodies).oneshot(request).await.unwrap()
    }

    async fn send(bodies: &Bodies, body: Body, kind: &str) -> (u16, String) {
        let response = send_from(bodies, "192.0.2.1", "/cart/add", body, kind).await;
        let status = response.status().as_u16();
        (status, String::from_utf8(axum::body::to_bytes(response.into_body(), 9_999).await.unwrap().to_vec()).unwrap())
    }

    fn is_empty(bodies: &Bodies) -> bool {
        let room = lock(&bodies.room);
        room.taken == 0 && room.of.is_empty()
    }

    fn bodies() -> Bodies {
        Bodies::new(Duration::from_secs(5), Vec::new())
    }

    #[tokio::test]
    async fn a_body_has_a_size_and_a_form_has_so_many_fields() {
        let bodies = bodies();
        assert_eq!(send(&bodies, pieces(vec![vec![b'x'; 600_000]; 1]), "text/plain").await, (200, "600000".into()));
        assert_eq!(send(&bodies, pieces(vec![vec![b'x'; 600_000]; 2]), "text/plain").await.0, 413);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; MOST_BYTES + 1]), "text/plain").await.0, 413);
        let fields = |n: usize| Body::from(vec!["a=1"; n].join("&"));
        assert_eq!(send(&bodies, fields(MOST_FIELDS), FORM).await.0, 200);
        assert_eq!(send(&bodies, fields(MOST_FIELDS + 1), FORM).await.0, 413);
        assert_eq!(send(&bodies, fields(MOST_FIELDS + 1), "text/plain").await.0, 200);
        assert!(is_empty(&bodies), "what was held is given back");
    }

    #[tokio::test]
    async fn forms_are_small_but_for_the_studio() {
        let bodies = bodies();
        for (path, length, status) in [
            ("/cart/add", MOST_FORM, 200),
            ("/cart/add", MOST_FORM + 1, 413),
            ("/studio/works/w_1", MOST_FORM + 1, 200),
            ("/studio/works/w_1", MOST_BYTES + 1, 413),
        ] {
            for body in [Body::from(vec![b'x'; length]), pieces(vec![vec![b'x'; length]])] {
                let answer = send_from(&bodies, "192.0.2.1", path, body, FORM).await;
                assert_eq!(answer.status(), status, "{path} {length}");
            }
        }
    }

    #[tokio::test]
    async fn a_query_has_a_length() {
        let bodies = bodies();
        for (length, status) in [(MOST_QUERY, 200), (MOST_QUERY + 1, 414)] {
            let request = Request::builder().uri(format!("/?{}", "q".repeat(length))).body(Body::empty()).unwrap();
            assert_eq!(shop(&bodies).oneshot(request).await.unwrap().status(), status);
        }
    }

    /// So many bytes every five milliseconds, without an end.
    fn drip(bytes: usize) -> Body {
        Body::from_stream(futures::stream::unfold((), move |()| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>(vec![b'x'; bytes]), ()))
        }))
    }

    #[tokio::test]
    async fn a_slow_body_is_given_up() {
        let patient = Bodies::new(Duration::from_secs(600), Vec::new());
        let whole = Bodies { whole: Duration::from_millis(100), ..patient.clone() };
        assert_eq!(send(&whole, drip(1), "text/plain").await.0, 408, "never an end");
        // Nothing but the pace ends this one within an hour.
        let hour = Duration::from_secs(3_600);
        let paced = Bodies { grace: Duration::from_millis(100), whole: hour, ..patient };
        assert_eq!(send(&paced, drip(1), "text/plain").await.0, 408, "a byte now and then is not enough");
        assert_eq!(send(&paced, drip(50_000), "text/plain").await.0, 413, "who keeps the pace is read");
        let silent = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let stalled = Bodies::new(Duration::from_millis(20), Vec::new());
        assert_eq!(send(&stalled, Body::from_stream(silent), "text/plain").await.0, 408, "nothing comes");
        assert!(is_empty(&stalled) && is_empty(&paced));
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let bodies = bodies();
        let other = |n: usize| Who::address(Some(IpAddr::from([198, 51, 100, u8::try_from(n).unwrap()])));
        for n in 0..ROOM / SHARE {
            lock(&bodies.room).take(other(n), SHARE).unwrap();
        }
        assert_eq!(lock(&bodies.room).take(other(99), 1), Err(Full::Room));
        assert_eq!(send(&bodies, Body::from(vec![b'x'; 5_000]), "text/plain").await.0, 503);
        lock(&bodies.room).give_back(other(0), 4_000);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; 5_000]), "text/plain").await.0, 503);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; 4_000]), "text/plain").await.0, 200);
        assert_eq!(lock(&bodies.room).taken, ROOM - 4_000);
    }

    #[tokio::test]
    async fn one_address_leaves_room_for_others() {
        let bodies = bodies();
        let held = || {
            let begun = futures::stream::iter([Ok::<_, std::io::Error>(vec![b'x'; MOST_BYTES - 1])]);
            Body::from_stream(begun.chain(futures::stream::pending()))
        };
        // More bodies than all room would hold, all but their last byte sent, by one subscriber.
        let (from, kind) = ("2001:db8:1:2::1", "application/json");
        let mut waiting = Vec::new();
        let mut refused = 0;
        for _ in 0..2 * ROOM / MOST_BYTES {
            let mut asked = Box::pin(send_from(&bodies, from, "/api/webhooks/x", held(), kind));
            match futures::poll!(asked.as_mut()) {
                std::task::Poll::Ready(answer) => {
                    assert_eq!(answer.status(), 429);
                    assert!(answer.headers().contains_key("retry-after"));
                    refused += 1;
                }
                std::task::Poll::Pending => waiting.push(asked),
            }
        }
        assert_eq!((waiting.len(), refused), (SHARE / MOST_BYTES, 2 * ROOM / MOST_BYTES - SHARE / MOST_BYTES));
        let answer = async |ip: &str| send_from(&bodies, ip, "/cart/add", Body::from(vec![b'x'; 900]), FORM).await;
        assert_eq!(answer("2001:db8:1:2:3::9").await.status(), 429, "the same subscriber");
        assert_eq!(answer("2001:db8:1:3::1").await.status(), 200, "everybody else");
        waiting.clear();
        assert!(is_empty(&bodies));
        assert_eq!(answer(from).await.status(), 200);
    }
}
