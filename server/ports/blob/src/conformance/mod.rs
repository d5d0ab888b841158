//! The contract as named cases; an adapter's test runs each on its own store or on one shared real server.
//!
//! Invariants: every case works below a random prefix of its own; nothing sleeps but polling, bounded by
//! [`Options::lag`].
//! Entry point: [`run`], or [`cases`] one by one.
//!
//! Not here: what only one adapter has (restart, damage on disk).

mod links;
mod objects;
mod uploads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::BoxFuture;

use crate::{Blob, BlobError, ByteRange, Meta, PutOptions};

/// What a plain HTTP client without any rights got.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
}

/// GETs an address, with this `Range` header if there is one; the error is a transport's.
pub type Fetch = Arc<dyn Fn(String, Option<String>) -> BoxFuture<'static, Result<Fetched, String>> + Send + Sync>;

/// What the adapter under test needs.
#[derive(Clone)]
pub struct Options {
    /// Opens signed addresses.
    pub fetch: Fetch,
    /// Moves the store's clock on; `None`: it lives in real time.
    pub advance: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
    /// How long polling waits for an expiry.
    pub lag: Duration,
    /// Known differences of the store under test from the contract: names of cases that are left out. A test that
    /// names one says why.
    pub except: Vec<&'static str>,
}

/// Why a case did not hold.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl From<BlobError> for Failure {
    fn from(e: BlobError) -> Self {
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
    blob: Arc<dyn Blob>,
    options: Options,
    prefix: String,
}

impl Env {
    /// A fresh random prefix on `blob`.
    pub fn new(blob: Arc<dyn Blob>, options: Options) -> Self {
        Self { blob, options, prefix: format!("t{:016x}", rand::random::<u64>()) }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    async fn put(&self, key: &str, bytes: impl Into<Bytes>) -> crate::Result<Meta> {
        self.blob.put_bytes(key, bytes.into(), PutOptions::new("application/octet-stream")).await
    }

    async fn put_new(&self, key: &str, bytes: impl Into<Bytes>) -> crate::Result<Meta> {
        let options = PutOptions { only_if_absent: true, ..PutOptions::new("text/plain") };
        self.blob.put_bytes(key, bytes.into(), options).await
    }

    /// Reads a version and a range to the end: metadata, first and last byte, bytes.
    async fn read(
        &self,
        key: &str,
        version: Option<&str>,
        range: Option<ByteRange>,
    ) -> crate::Result<(Meta, Option<(u64, u64)>, Bytes)> {
        let reading = self.blob.get(key, version, range).await?;
        let all: Vec<Bytes> = reading.bytes.try_collect().await?;
        Ok((reading.meta, reading.range.map(|r| (*r.start(), *r.end())), all.concat().into()))
    }

    async fn fetch(&self, url: &str, range: Option<&str>) -> Result<Fetched, Failure> {
        (self.options.fetch)(url.to_owned(), range.map(str::to_owned)).await.map_err(Failure)
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
    ($result:expr, $pattern:pat) => {{
        let result = $result.map(drop);
        if !matches!(&result, Err($pattern)) {
            return Err($crate::conformance::Failure(format!(
                "line {}: {} answered {result:?}, expected {}",
                line!(),
                stringify!($result),
                stringify!($pattern)
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
        objects::put_head_get,
        objects::ranges,
        objects::empty,
        objects::versions,
        objects::deletes,
        objects::only_if_absent,
        objects::only_if_absent_under_racing_writers,
        objects::broken_stream_leaves_nothing,
        objects::streamed_in_pieces,
        objects::listing,
        objects::bad_keys,
        objects::refused,
        uploads::joined_in_order,
        uploads::replaced_part,
        uploads::aborted,
        uploads::refused,
        uploads::only_if_absent,
        links::opened_by_anybody,
        links::dispositions,
        links::of_a_version,
        links::expire,
        links::changed_links_are_refused,
        links::refused,
    ]
}

/// Runs every case on a store of its own (or a shared one: `make` decides).
///
/// # Errors
/// The names and reasons of all cases that did not hold, also of those named in [`Options::except`] that do hold.
pub async fn run(make: &(dyn Fn() -> BoxFuture<'static, (Arc<dyn Blob>, Options)> + Sync)) -> Outcome {
    let mut failures = Vec::new();
    for (name, case) in cases() {
        let (blob, options) = make().await;
        let expected = !options.except.contains(&name);
        match case(Env::new(blob, options)).await {
            Err(failure) if expected => failures.push(format!("{name}: {failure}")),
            Ok(()) if !expected => failures.push(format!("{name}: holds, but is listed as a difference")),
            _ => {}
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
