//! Pictures, sound and books: what is made from files at import.
//!
//! Invariants:
//! - Public results (covers, previews, samples) live under `public/` and are named by the hash of their bytes.
//! - Nothing is trusted: dimensions, sizes and times are bounded before work begins.
//! - `ffmpeg` and `ffprobe` are optional helpers on PATH; without them the caller is told, and the shop still serves.
//!
//! Not here: who owns what; scanning for malware.

mod audio;
pub mod captions;
mod epub;
mod image;
mod tint;
mod tools;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vitrine_blob::{Blob, BlobError, PutOptions};

pub use audio::AudioFacts;
pub use epub::BookFacts;
pub(crate) use epub::plain_text;
pub use tools::Tools;
use tools::{run, stream};

/// Most bytes of a picture.
pub const MAX_IMAGE_BYTES: usize = 30 * 1024 * 1024;
/// Most pixels along one side.
pub const MAX_IMAGE_SIDE: u32 = 12_000;

/// Most pixels of a picture: what decoding may take follows from it, not from the file's size.
pub const MAX_IMAGE_PIXELS: u64 = 80_000_000;
/// Most bytes of a book.
pub const MAX_BOOK_BYTES: usize = 150 * 1024 * 1024;
/// Pictures and books that are unpacked in memory at one moment. An import works on many rows at once, and each of these may
/// take half a gigabyte.
const PLACES: usize = 2;

/// Why something could not be made from a file.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The helper programs are not there.
    #[error("ffmpeg and ffprobe are not on PATH; install them to make previews and read lengths")]
    NoTools,
    /// The file is not what it should be.
    #[error("the file cannot be read as {what}: {why}")]
    Unreadable {
        /// `a picture`, `sound`, `a book`.
        what: &'static str,
        /// For people.
        why: String,
    },
    /// Larger than allowed.
    #[error("the file is too large: {0}")]
    TooLarge(String),
    /// The helper took too long or failed.
    #[error("the helper program failed: {0}")]
    Tool(String),
    /// Storing failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// Short for an answer of this room.
pub type Result<T> = std::result::Result<T, MediaError>;

/// The workshop.
#[derive(Clone)]
pub struct Media {
    blob: Arc<dyn Blob>,
    tools: Option<Tools>,
    places: Arc<Semaphore>,
    helpers: Arc<Semaphore>,
}

/// A file in memory, with the place that it takes there until it is dropped.
#[derive(Debug)]
pub struct InHand {
    /// All of it.
    pub bytes: Bytes,
    _place: OwnedSemaphorePermit,
}

impl Media {
    /// Stores results in `blob`, works with `tools` if there are any.
    pub fn new(blob: Arc<dyn Blob>, tools: Option<Tools>) -> Self {
        let helpers = std::thread::available_parallelism().map_or(1, usize::from);
        Self { blob, tools, places: Arc::new(Semaphore::new(PLACES)), helpers: Arc::new(Semaphore::new(helpers)) }
    }

    /// Reads a file of at most `most` bytes into memory, once there is a place for it.
    ///
    /// # Errors
    /// `TooLarge` before anything of it is read, `Tool` if it cannot be read.
    pub async fn in_hand(&self, path: &Path, most: usize) -> Result<InHand> {
        let unread = |e: std::io::Error| MediaError::Tool(format!("it cannot be read: {e}"));
        let size = tokio::fs::metadata(path).await.map_err(unread)?.len();
        if size > most as u64 {
            return Err(MediaError::TooLarge(format!("{size} bytes, at most {most}")));
        }
        let place = self.place().await?;
        Ok(InHand { bytes: tokio::fs::read(path).await.map_err(unread)?.into(), _place: place })
    }

    /// Waits until one helper program fewer than there are processors is at work.
    async fn helper(&self) -> Result<OwnedSemaphorePermit> {
        self.helpers.clone().acquire_owned().await.map_err(|e| MediaError::Tool(e.to_string()))
    }

    /// Waits for a place to unpack something large in.
    async fn place(&self) -> Result<OwnedSemaphorePermit> {
        self.places.clone().acquire_owned().await.map_err(|e| MediaError::Tool(e.to_string()))
    }

    /// Whether sound and films can be worked on.
    pub fn has_tools(&self) -> bool {
        self.tools.is_some()
    }

    fn tools(&self) -> Result<&Tools> {
        self.tools.as_ref().ok_or(MediaError::NoTools)
    }

    /// Puts bytes anybody may read; the same bytes are stored once. Answers the key.
    pub async fn publish(&self, bytes: Bytes, extension: &str, content_type: &str) -> Result<String> {
        let key = format!("public/{}.{extension}", hex(&Sha256::digest(&bytes)));
        self.keep(&key, bytes, content_type).await?;
        Ok(key)
    }

    /// Puts bytes whose key names their content: what is there already is the same.
    async fn keep(&self, key: &str, bytes: Bytes, content_type: &str) -> Result<()> {
        let mut options = PutOptions::new(content_type);
        options.only_if_absent = true;
        match self.blob.put_bytes(key, bytes, options).await {
            Ok(_) | Err(BlobError::Exists) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

/// Reads an EPUB without keeping anything of it: how many chapters it has.
///
/// # Errors
/// `Unreadable` for what is no EPUB, `TooLarge` past the bounds.
pub fn chapters_of(book: &[u8]) -> Result<usize> {
    epub::unpack(book).map(|book| book.chapters.len())
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Whether a file's first bytes fit its media type. Types without a known beginning are taken at their word; this is a
/// check of form, not a scan for malware.
pub fn looks_like(content_type: &str, head: &[u8]) -> bool {
    let starts = |magic: &[u8]| head.starts_with(magic);
    match content_type {
        "audio/ogg" | "video/ogg" | "application/ogg" => starts(b"OggS"),
        "audio/flac" => starts(b"fLaC"),
        "audio/mpeg" => starts(b"ID3") || (head.len() > 1 && head[0] == 0xff && head[1] & 0xe0 == 0xe0),
        "application/epub+zip" | "application/zip" => starts(b"PK\x03\x04"),
        "application/pdf" => starts(b"%PDF-"),
        "video/mp4" | "audio/mp4" | "audio/m4a" | "audio/x-m4a" => head.len() > 8 && &head[4..8] == b"ftyp",
        "video/webm" | "audio/webm" => starts(b"\x1a\x45\xdf\xa3"),
        "image/png" => starts(b"\x89PNG"),
        "image/jpeg" => starts(b"\xff\xd8\xff"),
        // A page or a program under any other name is never what a buyer was promised.
        _ => !starts(b"MZ") && !starts(b"\x7fELF") && !starts(b"<!DOCTYPE html") && !starts(b"<html"),
    }
}
