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

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vitrine_blob::{Blob, BlobError, PutOptions};

pub use audio::AudioFacts;
pub use epub::BookFacts;
pub(crate) use epub::plain_text;

/// Most bytes of a picture.
pub const MAX_IMAGE_BYTES: usize = 30 * 1024 * 1024;
/// Most pixels along one side.
pub const MAX_IMAGE_SIDE: u32 = 12_000;

/// Most pixels of a picture: what decoding may take follows from it, not from the file's size.
pub const MAX_IMAGE_PIXELS: u64 = 80_000_000;
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
}

/// Where the helper programs are.
#[derive(Clone, Debug)]
pub struct Tools {
    /// `ffmpeg`.
    pub ffmpeg: PathBuf,
    /// `ffprobe`.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// Looks on PATH.
    pub fn find() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let find = |name: &str| std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file());
        Some(Self { ffmpeg: find("ffmpeg")?, ffprobe: find("ffprobe")? })
    }
}

impl Media {
    /// Stores results in `blob`, works with `tools` if there are any.
    pub fn new(blob: Arc<dyn Blob>, tools: Option<Tools>) -> Self {
        Self { blob, tools, places: Arc::new(Semaphore::new(PLACES)) }
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

/// Runs a helper with a limit on time; answers its output. Its error output is kept to one line.
async fn run(program: &PathBuf, args: &[&std::ffi::OsStr], limit: Duration) -> Result<Vec<u8>> {
    let child =
        tokio::process::Command::new(program).args(args).stdin(std::process::Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, child)
        .await
        .map_err(|_| MediaError::Tool(format!("no answer within {} s", limit.as_secs())))?
        .map_err(|e| MediaError::Tool(e.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("no message");
    Err(MediaError::Tool(line.chars().take(200).collect()))
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
