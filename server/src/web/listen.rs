//! Connections: how many, how long they may wait, and how they end.
//!
//! Invariants:
//! - At most [`Load::connections`] are open, and of one address [`Load::connections_of_address`]; what is beyond is told 503 and closed.
//! - A request's head is whole within [`Load::head_secs`] and [`MOST_HEAD`] bytes in at most 100 lines (431 else); between requests a
//!   connection waits [`Load::idle_secs`]; a reader that takes nothing for [`Load::stall_secs`] is cut off.
//! - A connection holds at most [`BUFFER`] bytes of what it sent.
//! - Told to stop, no new connection is taken and every open one ends after the answer in hand.
//!
//! Not here: bodies (`body`), requests (`shed`, `limits`). HTTP/1.1 only: HTTP/2 and TLS end at a proxy in front.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use futures::task::AtomicWaker;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tower::ServiceExt as _;

use super::limits::Who;
use super::shed::Load;

/// Most bytes of a request's line and headers.
pub const MOST_HEAD: usize = 16 * 1024;
/// Most bytes a connection keeps of what it read.
pub const BUFFER: usize = 64 * 1024;
/// Files the process needs beside connections.
const OTHER_FILES: usize = 256;

/// What a connection beyond the last one is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Figures as they are used.
#[derive(Clone, Copy, Debug)]
struct Times {
    head: Duration,
    idle: Duration,
    stall: Duration,
}

/// What a connection is doing.
const BUSY: u8 = 0;
const IDLE: u8 = 1;
const HEAD: u8 = 2;

/// Phase of a connection and since when, shared by its socket and its answers.
#[derive(Debug)]
struct Phase {
    now: AtomicU8,
    since_ms: AtomicU64,
    born: Instant,
    /// Who waits for more to read while an answer is made: reads again once that has ended, to begin its time.
    reader: AtomicWaker,
}

impl Phase {
    fn begin(&self, phase: u8) {
        let ms = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since_ms.store(ms, Ordering::Relaxed);
        self.now.store(phase, Ordering::Release);
    }

    /// When this phase has lasted too long.
    fn due(&self, times: &Times) -> Option<Instant> {
        let most = match self.now.load(Ordering::Acquire) {
            HEAD => times.head,
            IDLE => times.idle,
            _ => return None,
        };
        Some(self.born + Duration::from_millis(self.since_ms.load(Ordering::Relaxed)) + most)
    }
}

/// A socket that gives up on slow peers. The timer is set when it must wait, not at every request: one that rings early is set again.
struct Io {
    stream: TcpStream,
    phase: Arc<Phase>,
    times: Times,
    read: Option<Pin<Box<Sleep>>>,
    write: Option<Pin<Box<Sleep>>>,
}

/// Whether `due` has passed; else wakes the task then, or before.
fn passed(timer: &mut Option<Pin<Box<Sleep>>>, due: Instant, cx: &mut Context<'_>) -> bool {
    let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
    if timer.deadline() > due {
        timer.as_mut().reset(due);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if Instant::now() >= due {
            return true;
        }
        timer.as_mut().reset(due);
    }
    false
}

fn slow(what: &'static str) -> io::Error {
    metrics::counter!("slow_clients_total", "what" => what).increment(1);
    io::Error::new(io::ErrorKind::TimedOut, "the other side is too slow")
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if let Poll::Ready(done) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            if buf.filled().len() > before && this.phase.now.load(Ordering::Acquire) == IDLE {
                this.phase.begin(HEAD);
            }
            return Poll::Ready(done);
        }
        let Some(due) = this.phase.due(&this.times) else {
            this.phase.reader.register(cx.waker());
            return Poll::Pending;
        };
        if !passed(&mut this.read, due, cx) {
            return Poll::Pending;
        }
        // Between requests nobody is slow: the connection was kept long enough.
        let idle = this.phase.now.load(Ordering::Acquire) == IDLE;
        Poll::Ready(if idle { Ok(()) } else { Err(slow("head")) })
    }
}

impl Io {
    fn wrote<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match done {
            Poll::Ready(done) => {
                self.write = None;
                Poll::Ready(done)
            }
            Poll::Pending => {
                let due = self.write.as_ref().map_or_else(|| Instant::now() + self.times.stall, |t| t.deadline());
                if passed(&mut self.write, due, cx) { Poll::Ready(Err(slow("answer"))) } else { Poll::Pending }
            }
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.wrote(cx, done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.wrote(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// An answer's body; when it is gone the connection is between requests.
struct Answer {
    body: Body,
    phase: Arc<Phase>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.phase.begin(IDLE);
        self.phase.reader.wake();
    }
}

impl HttpBody for Answer {
    type Data = axum::body::Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Who has how many connections.
#[derive(Default)]
struct Peers {
    open: AtomicUsize,
    of: Mutex<HashMap<Who, usize>>,
}

/// A place among the connections, given back when dropped.
struct Place {
    peers: Arc<Peers>,
    who: Option<Who>,
}

impl Place {
    /// `None`: there is none for this address.
    fn take(peers: &Arc<Peers>, who: Option<Who>, most: usize, most_of_one: usize) -> Option<Self> {
        if peers.open.fetch_add(1, Ordering::Relaxed) >= most {
            peers.open.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        // From here on it is given back whatever happens.
        metrics::gauge!("connections_open").increment(1.0);
        let mut place = Self { peers: peers.clone(), who: None };
        if let Some(who) = who {
            let mut of = peers.of.lock().unwrap_or_else(PoisonError::into_inner);
            let have = of.entry(who).or_default();
            if *have >= most_of_one {
                drop(of);
                return None;
            }
            *have += 1;
            place.who = Some(who);
        }
        Some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.peers.open.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("connections_open").decrement(1.0);
        let Some(who) = self.who else { return };
        let mut of = self.peers.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(have) = of.get_mut(&who) {
            *have -= 1;
            if *have == 0 {
                of.remove(&who);
            }
        }
    }
}

/// How many files the process may open, where that can be told.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|l| l.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Serves until `stop` ends, then lets what is in hand finish.
///
/// # Errors
/// None while it serves; the listener's own at the beginning.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    load: &Load,
    trusted: Vec<IpAddr>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let most = open_files().map_or(load.connections, |n| load.connections.min(n.saturating_sub(OTHER_FILES)));
    if most < load.connections {
        tracing::warn!(
            most,
            wanted = load.connections,
            "the process may open fewer files than it may have connections"
        );
    }
    let times = Times {
        head: Duration::from_secs(load.head_secs),
        idle: Duration::from_secs(load.idle_secs),
        stall: Duration::from_secs(load.stall_secs),
    };
    let mut http = http1::Builder::new();
    http.max_header_size(MOST_HEAD).max_buf_size(BUFFER);
    let peers = Arc::new(Peers::default());
    // The first channel tells connections to end, the second is closed when the last one has.
    let (end, told) = watch::channel(());
    let (all, one) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                // Where files have run out, asking again at once would only burn the core.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let who = (!trusted.contains(&peer.ip())).then(|| Who::address(Some(peer.ip())));
        let Some(place) = Place::take(&peers, who, most, load.connections_of_address) else {
            metrics::counter!("connections_refused_total").increment(1);
            // A fresh socket takes that much without waiting.
            drop(stream.try_write(FULL));
            continue;
        };
        if let Err(error) = stream.set_nodelay(true) {
            // Small answers must not wait for the other side's acknowledgement.
            tracing::trace!(%error, "a connection keeps its delay");
        }
        let (http, router, told, one) = (http.clone(), router.clone(), told.clone(), one.clone());
        tokio::spawn(async move {
            connection(&http, stream, peer, router, times, told).await;
            drop((place, one));
        });
    }
    drop((listener, one));
    drop(told);
    drop(end);
    all.closed().await;
    Ok(())
}

async fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    times: Times,
    mut told: watch::Receiver<()>,
) {
    let phase = Arc::new(Phase {
        now: AtomicU8::new(HEAD),
        since_ms: AtomicU64::new(0),
        born: Instant::now(),
        reader: AtomicWaker::new(),
    });
    let io = Io { stream, phase: phase.clone(), times, read: None, write: None };
    let service = service_fn(move |request: Request<Incoming>| {
        phase.begin(BUSY);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, phase) = (router.clone(), phase.clone());
        async move {
            let response: Response<Body> = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            Ok::<_, std::convert::Infallible>(response.map(|body| Answer { body, phase }))
        }
    });
    let mut serving = pin!(http.serve_connection(TokioIo::new(io), service));
    let mut told = pin!(async move {
        // Never sent to: it ends when the other side is dropped.
        while told.changed().await.is_ok() {}
    });
    let mut ending = false;
    let done = loop {
        tokio::select! {
            done = serving.as_mut() => break done,
            () = &mut told, if !ending => {
                ending = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = done {
        tracing::trace!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<io::Result<()>>,
    }

    async fn start(router: Router, load: Load) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, told) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let told = async move {
                let _ = told.await;
            };
            serve(listener, router, &load, Vec::new(), told).await
        });
        Running { address, stop, ended }
    }

    fn quick() -> Load {
        Load { head_secs: 1, idle_secs: 1, stall_secs: 1, ..Load::default() }
    }

    async fn say(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn rest(mut stream: TcpStream) -> String {
        let mut all = Vec::new();
        // A reset ends it as well as an end does.
        drop(stream.read_to_end(&mut all).await);
        String::from_utf8_lossy(&all).into_owned()
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[tokio::test]
    async fn connections_that_wait_too_long_are_closed() {
        let router = Router::new().route("/", get(|| async { "here" }));
        let shop = start(router, quick()).await;
        assert_eq!(rest(say(shop.address, "").await).await, "", "nothing was said");
        assert_eq!(rest(say(shop.address, "GET / HTT").await).await, "", "half a head");
        let kept = rest(say(shop.address, GET).await).await;
        assert!(kept.starts_with("HTTP/1.1 200 OK") && kept.ends_with("here"), "one answer, then the end: {kept}");
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_cut_off() {
        let (sent, mut dropped) = watch::channel(());
        let router = Router::new().route(
            "/",
            get(move || {
                let sent = sent.clone();
                // Without an end; the sender goes with the body.
                let body = futures::stream::unfold(sent, |sent| async move {
                    Some((Ok::<_, io::Error>(vec![0_u8; 64 * 1024]), sent))
                });
                async move { Body::from_stream(body) }
            }),
        );
        let shop = start(router.clone(), quick()).await;
        drop(router);
        let stream = say(shop.address, GET).await;
        shop.stop.send(()).unwrap();
        // Serving ends only once the connection is given up, although nothing was read.
        shop.ended.await.unwrap().unwrap();
        assert!(dropped.changed().await.is_err(), "the body is gone");
        drop(stream);
    }

    #[tokio::test]
    async fn told_to_stop_the_answer_in_hand_is_finished() {
        let (go, told) = watch::channel(false);
        let (begun, mut began) = watch::channel(false);
        let router = Router::new().route(
            "/",
            get(move || {
                let (mut told, begun) = (told.clone(), begun.clone());
                async move {
                    begun.send_replace(true);
                    told.wait_for(|go| *go).await.map(|_| ()).unwrap();
                    "done"
                }
            }),
        );
        let shop = start(router, Load::default()).await;
        let idle = say(shop.address, "").await;
        let stream = say(shop.address, GET).await;
        began.wait_for(|b| *b).await.unwrap();
        shop.stop.send(()).unwrap();
        assert_eq!(rest(idle).await, "", "who has nothing in hand is closed at once");
        go.send(true).unwrap();
        assert!(rest(stream).await.ends_with("done"));
        shop.ended.await.unwrap().unwrap();
        assert!(TcpStream::connect(shop.address).await.is_err());
    }

    #[tokio::test]
    async fn one_address_has_only_its_share() {
        let router = Router::new().route("/", get(|| async { "here" }));
        let load = Load { connections_of_address: 2, ..Load::default() };
        let shop = start(router, load).await;
        let held = [say(shop.address, "").await, say(shop.address, "").await];
        assert!(rest(TcpStream::connect(shop.address).await.unwrap()).await.starts_with("HTTP/1.1 503"));
        drop(held);
        loop {
            let mut stream = TcpStream::connect(shop.address).await.unwrap();
            // Closed at once while the places are not given back yet.
            drop(stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await);
            if rest(stream).await.ends_with("here") {
                break;
            }
        }
    }
}
