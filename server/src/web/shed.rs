//! How many requests are worked on at once, and what happens to more: they wait a little, then they are refused quickly.
//!
//! Invariants:
//! - At most [`Load::in_flight`] requests are worked on, a quarter of that more of those which are worth more (paying, signing in,
//!   carts, downloads), and another quarter of programs that prove themselves (webhooks, tokens). Pages never take the room of these,
//!   and signing in, which asks for a token, never the room that its own question needs.
//! - Who waits is bounded in number ([`Load::waiting`]) and time ([`Load::patience_ms`]); everybody else gets 503 with `Retry-After`
//!   at once, whatever the machine is busy with.
//! - Static files and the health of the process do not pass here; long uploads have a few places of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::web::layers::Next;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};
use vitrine_shared::Problem;

use super::limits::{Class, Counted, wall};

/// Uploads at once.
const UPLOADS: usize = 4;

/// What the machine takes on at once; connections are in [`super::listen`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// Common requests worked on at once.
    pub in_flight: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// How long they do, milliseconds.
    pub patience_ms: u64,
    /// Connections at once; fewer where the process may open fewer files.
    pub connections: usize,
    /// Connections of one address at once; configured proxies have no such limit.
    pub connections_of_address: usize,
    /// Seconds for a whole request head, from its first byte or from connecting.
    pub head_secs: u64,
    /// Seconds a connection stays open between requests.
    pub idle_secs: u64,
    /// Seconds without a byte of a body coming in, or without one going out.
    pub stall_secs: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            in_flight: 64,
            waiting: 512,
            patience_ms: 1_000,
            connections: 16_000,
            connections_of_address: 2_000,
            head_secs: 15,
            idle_secs: 75,
            stall_secs: 30,
        }
    }
}

/// What a request is worth when there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Free,
    Common,
    Important,
    Machine,
    Upload,
}

impl Rank {
    fn of(request: &Request) -> Self {
        match request.extensions().get::<Counted>().map(|c| c.0) {
            None | Some(Class::File) => Self::Free,
            Some(Class::Transfer) if request.uri().path() == super::body::UPLOADS => Self::Upload,
            Some(Class::Machine) => Self::Machine,
            Some(Class::Checkout | Class::SignIn | Class::Download | Class::Write) => Self::Important,
            Some(_) => Self::Common,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Common => "common",
            Self::Important => "important",
            Self::Machine => "machine",
            Self::Upload => "upload",
        }
    }
}

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    room: Semaphore,
    reserve: Semaphore,
    machines: Semaphore,
    uploads: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
}

/// Counts who waits, also if they go away meanwhile.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    /// With these figures.
    pub fn new(load: &Load) -> Self {
        Self(Arc::new(Inner {
            room: Semaphore::new(load.in_flight),
            reserve: Semaphore::new((load.in_flight / 4).max(1)),
            machines: Semaphore::new((load.in_flight / 4).max(1)),
            uploads: Semaphore::new(UPLOADS),
            waiting: AtomicUsize::new(0),
            most_waiting: load.waiting,
            patience: Duration::from_millis(load.patience_ms),
        }))
    }

    /// A place, at once or after waiting; `None`: there is none.
    async fn admit(&self, rank: Rank) -> Option<Option<SemaphorePermit<'_>>> {
        let inner = &*self.0;
        let lane = match rank {
            Rank::Free => return Some(None),
            Rank::Upload => return inner.uploads.try_acquire().ok().map(Some),
            Rank::Common => &inner.room,
            // A semaphore gives to who waited longest: beside a full queue of pages only the reserve is quick.
            Rank::Important => &inner.reserve,
            Rank::Machine => &inner.machines,
        };
        if let Ok(permit) = inner.room.try_acquire().or_else(|_| lane.try_acquire()) {
            return Some(Some(permit));
        }
        let _waits = Waits(&inner.waiting);
        // As many again of those that are worth more.
        let most = if rank == Rank::Common { inner.most_waiting } else { inner.most_waiting * 2 };
        if inner.waiting.fetch_add(1, Ordering::Relaxed) >= most {
            return None;
        }
        match tokio::time::timeout(inner.patience, lane.acquire()).await {
            Ok(Ok(permit)) => Some(Some(permit)),
            _ => None,
        }
    }
}

/// The layer. Inside of the one that says what a request is ([`Counted`]).
pub async fn layer(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let rank = Rank::of(&request);
    let Some(place) = gate.admit(rank).await else {
        metrics::counter!("requests_shed_total", "rank" => rank.name()).increment(1);
        return wall(Problem::new(503, "overloaded", "Too many requests are being worked on."), 2);
    };
    if place.is_some() {
        metrics::gauge!("requests_in_flight").increment(1.0);
    }
    let _gone = place.as_ref().map(|_| Gone);
    next.run(request).await
}

/// Counts down, also if the caller goes away meanwhile.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        metrics::gauge!("requests_in_flight").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use crate::web::layers::from_fn_with_state;
    use axum::Router;
    use axum::body::Body;
    use tokio::sync::watch;
    use tower::ServiceExt;

    use super::*;

    fn gate(in_flight: usize, waiting: usize, patience_ms: u64) -> Gate {
        Gate::new(&Load { in_flight, waiting, patience_ms, ..Load::default() })
    }

    /// A shop whose every answer waits until it is told to go; says how many are being worked on.
    fn shop(gate: Gate) -> (Router, watch::Sender<bool>, watch::Receiver<usize>) {
        let (go, told) = watch::channel(false);
        let (count, working) = watch::channel(0);
        let router = Router::new()
            .fallback(move || {
                let (mut told, count) = (told.clone(), count.clone());
                async move {
                    count.send_modify(|n| *n += 1);
                    told.wait_for(|go| *go).await.map(|_| ()).unwrap();
                    "done"
                }
            })
            .layer(from_fn_with_state(gate, layer));
        (router, go, working)
    }

    fn request(class: Class) -> Request {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Counted(class));
        request
    }

    #[tokio::test]
    async fn more_than_there_is_room_for_is_refused_at_once_and_payments_have_their_own() {
        let (router, go, mut working) = shop(gate(4, 0, 60_000));
        let ask = |class| tokio::spawn(router.clone().oneshot(request(class)));
        let held: Vec<_> = (0..4).map(|_| ask(Class::Read)).collect();
        working.wait_for(|n| *n == 4).await.unwrap();
        let refused = ask(Class::Read).await.unwrap().unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "2"));
        assert!(refused.extensions().get::<super::super::limits::Wall>().is_some());
        let paying = ask(Class::Checkout);
        let file = ask(Class::File);
        let webhook = ask(Class::Machine);
        working.wait_for(|n| *n == 7).await.unwrap();
        // The reserve is taken as well now.
        assert_eq!(ask(Class::Checkout).await.unwrap().unwrap().status(), 503);
        go.send(true).unwrap();
        for task in held.into_iter().chain([paying, file, webhook]) {
            assert_eq!(task.await.unwrap().unwrap().status(), 200);
        }
        // All places are free again.
        for _ in 0..8 {
            assert_eq!(ask(Class::Read).await.unwrap().unwrap().status(), 200);
        }
    }

    #[tokio::test]
    async fn who_waits_gets_a_turn_and_the_queue_is_bounded() {
        let gate = gate(1, 2, 60_000);
        let (router, go, mut working) = shop(gate.clone());
        let ask = || tokio::spawn(router.clone().oneshot(request(Class::Read)));
        let first = ask();
        working.wait_for(|n| *n == 1).await.unwrap();
        let waiting = [ask(), ask()];
        while gate.0.waiting.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask().await.unwrap().unwrap().status(), 503);
        go.send(true).unwrap();
        for task in [first].into_iter().chain(waiting) {
            assert_eq!(task.await.unwrap().unwrap().status(), 200);
        }
        assert_eq!(gate.0.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_patience() {
        let (router, go, mut working) = shop(gate(1, 8, 50));
        let first = tokio::spawn(router.clone().oneshot(request(Class::Read)));
        working.wait_for(|n| *n == 1).await.unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(router.oneshot(request(Class::Read)).await.unwrap().status(), 503);
        assert!(begun.elapsed() >= Duration::from_millis(50));
        go.send(true).unwrap();
        assert_eq!(first.await.unwrap().unwrap().status(), 200);
    }
}
