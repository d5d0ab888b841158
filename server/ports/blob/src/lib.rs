//! The Blob port: objects with S3's semantics, in a directory or in a bucket.
//!
//! Invariants:
//! - A key is 1 to 512 bytes of `[A-Za-z0-9._/-]`, no empty, `.` or `..` segment, none over 200 bytes, no leading slash;
//!   anything else is [`BlobError::BadKey`], before any path is built from it.
//! - An object becomes visible whole or not at all, and is durable before `put` answers.
//! - Every overwrite keeps the former version until [`Blob::delete_version`].
//! - A signed URL names one key and version, one disposition, and an expiry; changing any of them refuses it.
//!
//! Not here: who may read what. Entitlements decide, then ask for a URL of at most [`MAX_URL_SECS`].

use std::ops::RangeInclusive;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};

mod key;

pub mod conformance;
pub mod dir;
pub mod http;

pub use key::{MAX_KEY, MAX_SEGMENT, check_content_type, check_file_name, check_key, check_sign};

/// Longest life of a signed URL, seconds.
pub const MAX_URL_SECS: u32 = 3600;
/// Fewest bytes of a part of an upload, but for the last.
pub const MIN_PART_BYTES: usize = 5 * 1024 * 1024;

/// The bytes of an object, as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// What is known of an object without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Media type given at put.
    pub content_type: String,
    /// Opaque; changes with the content.
    pub etag: String,
    /// Opaque; names this version for ever.
    pub version: String,
    /// Milliseconds since the epoch.
    pub modified_ms: i64,
}

/// How to put.
#[derive(Clone, Debug)]
pub struct PutOptions {
    /// Media type.
    pub content_type: String,
    /// Only if there is no object under the key (`If-None-Match: *`).
    pub only_if_absent: bool,
}

impl PutOptions {
    /// Overwrites, with this media type.
    pub fn new(content_type: impl Into<String>) -> Self {
        Self { content_type: content_type.into(), only_if_absent: false }
    }
}

/// An object being read.
pub struct Reading {
    /// What it is (`size` is the whole object's).
    pub meta: Meta,
    /// The part that comes, first and last byte; `None` for an empty object.
    pub range: Option<RangeInclusive<u64>>,
    /// The bytes.
    pub bytes: ByteStream,
}

/// What a signed URL allows.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// Seconds from now, 1 to [`MAX_URL_SECS`].
    pub expires_secs: u32,
    /// File name offered on saving; `None`: shown inline. Any Unicode; encoded by the adapter (RFC 6266).
    pub attachment: Option<String>,
    /// Overrides the stored media type.
    pub content_type: Option<String>,
    /// This version; `None`: the present one at the time of opening.
    pub version: Option<String>,
}

/// What a byte range asks for (RFC 9110 §14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From this byte to the end.
    From(u64),
    /// First and last byte, inclusive; the end is cut to the object.
    Between(u64, u64),
    /// The last n bytes.
    Last(u64),
}

/// A listing's page, by key.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Present objects only.
    pub objects: Vec<Meta>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// An upload in parts (each but the last at least [`MIN_PART_BYTES`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Key it will have.
    pub key: String,
    /// The store's name for it.
    pub id: String,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Nothing under the key, or not that version.
    #[error("there is no such object")]
    NotFound,
    /// `only_if_absent` met an object.
    #[error("there is already an object under this key")]
    Exists,
    /// See the crate's invariants.
    #[error("the key is not acceptable: {0}")]
    BadKey(String),
    /// No byte of the range is in the object; its size.
    #[error("the range lies outside the object's {0} bytes")]
    BadRange(u64),
    /// The request itself is wrong.
    #[error("the store refuses the request: {0}")]
    Invalid(String),
    /// A signed URL that is not ours or was changed.
    #[error("the signature does not match")]
    BadSignature,
    /// A signed URL past its time.
    #[error("the link has expired")]
    Expired,
    /// The bytes on disk are not those that were put.
    #[error("the object {0} is damaged; restore it from a backup")]
    Damaged(String),
    /// The store takes no writes now: its disk is full or read-only. Reads go on.
    #[error("the store cannot be written: {0}")]
    Unwritable(String),
    /// The store cannot be reached or failed inside.
    #[error("the store failed: {0}")]
    Unavailable(String),
}

/// Short for a port's answer.
pub type Result<T> = std::result::Result<T, BlobError>;

/// The contract; [`conformance`] checks it on every adapter.
#[async_trait]
pub trait Blob: Send + Sync + 'static {
    /// Writes an object from a stream; nothing is visible if the stream fails.
    async fn put(&self, key: &str, bytes: ByteStream, options: PutOptions) -> Result<Meta>;

    /// Writes an object that is in memory.
    async fn put_bytes(&self, key: &str, bytes: Bytes, options: PutOptions) -> Result<Meta> {
        self.put(key, Box::pin(futures::stream::once(async move { Ok(bytes) })), options).await
    }

    /// What it is, without its bytes.
    async fn head(&self, key: &str, version: Option<&str>) -> Result<Meta>;

    /// Reads it or a part of it.
    async fn get(&self, key: &str, version: Option<&str>, range: Option<ByteRange>) -> Result<Reading>;

    /// Reads all of a small object.
    async fn get_bytes(&self, key: &str) -> Result<Bytes> {
        use futures::TryStreamExt;
        let reading = self.get(key, None, None).await?;
        let all: Vec<Bytes> = reading.bytes.try_collect().await?;
        Ok(if all.len() == 1 { all.into_iter().next().unwrap_or_default() } else { all.concat().into() })
    }

    /// Makes it absent; versions stay. Deleting what is not there succeeds.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Removes one version for ever.
    async fn delete_version(&self, key: &str, version: &str) -> Result<()>;

    /// All versions, newest first, at most 1,000.
    async fn versions(&self, key: &str) -> Result<Vec<Meta>>;

    /// Present objects whose key begins with `prefix`, ordered by key, at most `limit` (1 to 1,000).
    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Listing>;

    /// An address that reads this object without further rights until it expires.
    async fn signed_url(&self, key: &str, options: SignOptions) -> Result<String>;

    /// Begins an upload in parts.
    async fn begin_upload(&self, key: &str, options: PutOptions) -> Result<Upload>;

    /// Writes part `number` (1 to 10,000); repeating a number replaces it. Answers the part's tag.
    async fn put_part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Result<String>;

    /// Joins the parts (number, tag) in order.
    async fn finish_upload(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Result<Meta>;

    /// Forgets an upload and its parts.
    async fn abort_upload(&self, upload: &Upload) -> Result<()>;
}
