//! Bodies are read whole before anything else works on a request, within bounds of size, time and memory of all.
//!
//! Invariants: who sends slowly holds a connection and nothing else; what all bodies hold together is bounded; a form has at most
//! [`MOST_FIELDS`] fields. Uploads are streams and do not pass here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::BytesMut;
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vitrine_shared::Problem;

use super::limits::wall;

/// Most bytes of a body.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Most bytes of a query string.
pub const MOST_QUERY: usize = 4 * 1024;
/// Most fields of a form.
pub const MOST_FIELDS: usize = 1_000;
/// Most bytes of all bodies in hand, in units of [`UNIT`].
const ROOM: usize = 96 * 1024;
/// What memory is counted in, bytes.
const UNIT: usize = 1024;
/// Longest time for a whole body.
const WHOLE_TIME: Duration = Duration::from_secs(60);

/// State of the layer. Cheap to clone.
#[derive(Clone)]
pub struct Bodies {
    room: Arc<Semaphore>,
    stall: Duration,
    whole: Duration,
}

impl Bodies {
    /// With so long between two pieces of a body.
    pub fn new(stall: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM)), stall, whole: WHOLE_TIME }
    }

    async fn read(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Response> {
        let mut stream = body.into_data_stream();
        let mut whole = BytesMut::new();
        let mut held: Option<OwnedSemaphorePermit> = None;
        let ends = tokio::time::Instant::now() + self.whole;
        loop {
            let next = ends.min(tokio::time::Instant::now() + self.stall);
            let Ok(piece) = tokio::time::timeout_at(next, stream.next()).await else {
                metrics::counter!("slow_clients_total", "what" => "body").increment(1);
                return Err(last(wall(Problem::new(408, "too_slow", "The request did not arrive in time."), 1)));
            };
            let piece = match piece {
                None => return Ok((whole.freeze(), held)),
                Some(Ok(piece)) => piece,
                Some(Err(_)) => return Err(last(wall(Problem::new(400, "bad_body", "The body broke off."), 1))),
            };
            if whole.len() + piece.len() > MOST_BYTES {
                return Err(last(too_large()));
            }
            whole.extend_from_slice(&piece);
            let units = whole.len().div_ceil(UNIT) - held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = u32::try_from(units).ok().and_then(|n| self.room.clone().try_acquire_many_owned(n).ok());
            match (more, &mut held) {
                (Some(more), Some(held)) => held.merge(more),
                (Some(more), none) => *none = Some(more),
                (None, _) => {
                    metrics::counter!("requests_shed_total", "rank" => "body").increment(1);
                    return Err(last(wall(Problem::new(503, "overloaded", "Too many bodies are being read."), 2)));
                }
            }
        }
    }
}

fn too_large() -> Response {
    let text = format!("A request holds at most {MOST_BYTES} bytes.");
    wall(Problem::new(413, "too_large", "The request is too large.").detail(text), 1)
}

/// The rest of the body is not read: nothing else can follow on the connection.
fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    if response.status() == StatusCode::SERVICE_UNAVAILABLE { response } else { plain(response) }
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
    if request.body().size_hint().lower() > MOST_BYTES as u64 {
        return last(too_large());
    }
    let (parts, body) = request.into_parts();
    let (bytes, held) = match bodies.read(body).await {
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
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use tower::ServiceExt;

    use super::*;

    fn shop(bodies: &Bodies) -> Router {
        Router::new()
            .fallback(|body: Bytes| async move { body.len().to_string() })
            .layer(from_fn_with_state(bodies.clone(), whole))
    }

    fn pieces(pieces: Vec<Vec<u8>>) -> Body {
        Body::from_stream(futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
    }

    async fn send(bodies: &Bodies, body: Body, kind: &str) -> (u16, String) {
        let request = Request::builder().method("POST").header("content-type", kind).body(body).unwrap();
        let response = shop(bodies).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, String::from_utf8(axum::body::to_bytes(response.into_body(), 9_999).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_body_has_a_size_and_a_form_has_so_many_fields() {
        let bodies = Bodies::new(Duration::from_secs(5));
        assert_eq!(send(&bodies, pieces(vec![vec![b'x'; 600_000]; 1]), "text/plain").await, (200, "600000".into()));
        assert_eq!(send(&bodies, pieces(vec![vec![b'x'; 600_000]; 2]), "text/plain").await.0, 413);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; MOST_BYTES + 1]), "text/plain").await.0, 413);
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let fields = |n: usize| Body::from(vec!["a=1"; n].join("&"));
        assert_eq!(send(&bodies, fields(MOST_FIELDS), form).await.0, 200);
        assert_eq!(send(&bodies, fields(MOST_FIELDS + 1), form).await.0, 413);
        assert_eq!(send(&bodies, fields(MOST_FIELDS + 1), "text/plain").await.0, 200);
        assert_eq!(bodies.room.available_permits(), ROOM, "what was held is given back");
    }

    #[tokio::test]
    async fn a_query_has_a_length() {
        let bodies = Bodies::new(Duration::from_secs(5));
        for (length, status) in [(MOST_QUERY, 200), (MOST_QUERY + 1, 414)] {
            let request = Request::builder().uri(format!("/?{}", "q".repeat(length))).body(Body::empty()).unwrap();
            assert_eq!(shop(&bodies).oneshot(request).await.unwrap().status(), status);
        }
    }

    #[tokio::test]
    async fn a_slow_body_is_given_up() {
        let drip = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>(vec![b'x']), ()))
        });
        let bodies = Bodies { whole: Duration::from_millis(100), ..Bodies::new(Duration::from_secs(60)) };
        assert_eq!(send(&bodies, Body::from_stream(drip), "text/plain").await.0, 408, "never an end");
        let silent = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let bodies = Bodies::new(Duration::from_millis(20));
        assert_eq!(send(&bodies, Body::from_stream(silent), "text/plain").await.0, 408, "nothing comes");
        assert_eq!(bodies.room.available_permits(), ROOM);
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let bodies = Bodies::new(Duration::from_secs(5));
        let taken = bodies.room.clone().try_acquire_many_owned(u32::try_from(ROOM).unwrap() - 1).unwrap();
        assert_eq!(send(&bodies, Body::from("x"), "text/plain").await.0, 200);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; 5_000]), "text/plain").await.0, 503);
        drop(taken);
        assert_eq!(send(&bodies, Body::from(vec![b'x'; 5_000]), "text/plain").await.0, 200);
    }
}
