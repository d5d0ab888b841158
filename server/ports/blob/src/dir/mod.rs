//! The embedded adapter: a directory.
//!
//! Layout: `objects/<segment>.d/…/<segment>.o/` holds one key: `<version>.bin` and `<version>.json` for each version and
//! `current`, a copy of the present version's JSON. The endings keep keys `a` and `a/b` apart. `uploads/<id>/` holds
//! parts; `tmp/` what is being written. A write is: temporary file, fsync, rename, fsync of the folder; `current` is
//! renamed last, so an object appears whole or not at all.
//!
//! Invariants:
//! - One process writes a directory (the table's lock file sees to that).
//! - Versions of a key grow in byte order, even if the clock stands still or goes back.
//! - An object read from its first to its last byte is checked against its SHA-256, and its length at every read; a part
//!   of an object is not checked by itself.
//!
//! Not here: HTTP ([`crate::http`] has its headers); who may read; where copies go ([`copies`] says which files are copied).

pub mod copies;
mod sign;
mod store;
mod upload;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::Mutex;
use vitrine_clock::{SharedClock, SystemClock};

use crate::key::check_content_type;
use crate::{
    Blob, BlobError, ByteRange, ByteStream, Listing, Meta, PutOptions, Reading, Result, SignOptions, Upload, check_key,
};

pub use sign::{Grant, SignKeys};

const STRIPES: usize = 64;
const CHUNK: usize = 128 * 1024;

/// A directory of objects.
pub struct DirBlob {
    root: PathBuf,
    keys: SignKeys,
    base_url: String,
    clock: SharedClock,
    /// Commits of one key come one after the other; keys share stripes.
    stripes: Vec<Mutex<()>>,
}

fn io(what: &str) -> impl FnOnce(std::io::Error) -> BlobError + '_ {
    move |e| store::refused(&e, format!("{what}: {e}"))
}

impl DirBlob {
    /// Opens or makes the directory; signed addresses begin with `base_url`.
    ///
    /// # Errors
    /// `Unavailable` if the directory cannot be made or written.
    pub fn open(root: impl Into<PathBuf>, keys: SignKeys, base_url: impl Into<String>) -> Result<Self> {
        Self::open_at(root, keys, base_url, Arc::new(SystemClock))
    }

    /// As [`DirBlob::open`], with another clock.
    ///
    /// # Errors
    /// As [`DirBlob::open`].
    pub fn open_at(
        root: impl Into<PathBuf>,
        keys: SignKeys,
        base_url: impl Into<String>,
        clock: SharedClock,
    ) -> Result<Self> {
        let root = root.into();
        for name in ["objects", "uploads", "tmp"] {
            std::fs::create_dir_all(root.join(name)).map_err(io("making the folder"))?;
        }
        // The folders' own names must stay when the power goes, or everything below them is nowhere.
        for folder in [Some(root.as_path()), root.parent().filter(|p| !p.as_os_str().is_empty())].into_iter().flatten()
        {
            std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(io("making the folder"))?;
        }
        // What was being written when the process ended is nobody's.
        for entry in std::fs::read_dir(root.join("tmp")).map_err(io("reading the folder"))?.flatten() {
            let _ = std::fs::remove_file(entry.path());
        }
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Ok(Self { root, keys, base_url, clock, stripes: (0..STRIPES).map(|_| Mutex::new(())).collect() })
    }

    /// Checks a signed address (path and query as they came) and says what it allows.
    ///
    /// # Errors
    /// `BadSignature` for anything changed or foreign, `Expired` past its time.
    pub fn verify(&self, path_and_query: &str) -> Result<Grant> {
        self.keys.verify(path_and_query, self.clock.now_secs())
    }

    fn folder(&self, key: &str) -> Result<PathBuf> {
        check_key(key)?;
        let mut path = self.root.join("objects");
        let mut segments = key.split('/').peekable();
        while let Some(segment) = segments.next() {
            path.push(format!("{segment}.{}", if segments.peek().is_some() { "d" } else { "o" }));
        }
        Ok(path)
    }

    fn stripe(&self, key: &str) -> &Mutex<()> {
        let hash = key.bytes().fold(0usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b)));
        &self.stripes[hash % STRIPES]
    }

    async fn current(&self, key: &str) -> Result<Meta> {
        store::read_meta(&self.folder(key)?.join("current")).await
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        tokio::fs::try_exists(self.folder(key)?.join("current")).await.map_err(io("reading"))
    }

    /// Metadata with its file; a version removed in between is not damage.
    async fn open_object(&self, key: &str, version: Option<&str>) -> Result<(Meta, tokio::fs::File)> {
        let mut gone = None;
        loop {
            let meta = self.meta(key, version).await?;
            match tokio::fs::File::open(self.folder(key)?.join(format!("{}.bin", meta.version))).await {
                Ok(file) => return Ok((meta, file)),
                // The same metadata twice and no file: nobody is removing it, it is lost.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound && gone.as_ref() != Some(&meta) => gone = Some(meta),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(BlobError::Damaged(key.to_owned())),
                Err(e) => return Err(io("reading")(e)),
            }
        }
    }

    async fn meta(&self, key: &str, version: Option<&str>) -> Result<Meta> {
        match version {
            None => self.current(key).await,
            Some(v) if store::is_version(v) => store::read_meta(&self.folder(key)?.join(format!("{v}.json"))).await,
            Some(_) => {
                check_key(key)?;
                Err(BlobError::NotFound)
            }
        }
    }
}

/// Resolves a range against a size: first and last byte; `None` for an empty object read whole.
fn resolve(range: Option<ByteRange>, size: u64) -> Result<Option<std::ops::RangeInclusive<u64>>> {
    let (from, to) = match range {
        None if size == 0 => return Ok(None),
        None => (0, size - 1),
        Some(ByteRange::From(from)) => (from, size.saturating_sub(1)),
        Some(ByteRange::Between(from, to)) => (from, to.min(size.saturating_sub(1))),
        Some(ByteRange::Last(n)) => (size.saturating_sub(n), size.saturating_sub(1)),
    };
    let empty = matches!(range, Some(ByteRange::Last(0)));
    if from >= size || from > to || empty { Err(BlobError::BadRange(size)) } else { Ok(Some(from..=to)) }
}

/// Reads `left` bytes; if they are the whole object, its hash is checked at the end.
fn read(file: tokio::fs::File, left: u64, whole: Option<Meta>) -> impl Stream<Item = Result<Bytes>> + Send {
    let state = (file, left, whole.map(|m| (m, Sha256::new())));
    futures::stream::unfold(Some(state), |state| async move {
        let (mut file, left, mut check) = state?;
        if left == 0 {
            let (meta, hash) = check?;
            let same = data_encoding::HEXLOWER.encode(&hash.finalize()) == meta.etag;
            return (!same).then(|| (Err(BlobError::Damaged(meta.key)), None));
        }
        let mut buffer = vec![0u8; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
        match file.read(&mut buffer).await {
            Ok(0) => {
                let key = check.map(|(m, _)| m.key).unwrap_or_default();
                Some((Err(BlobError::Damaged(key)), None))
            }
            Ok(n) => {
                buffer.truncate(n);
                if let Some((_, hash)) = &mut check {
                    hash.update(&buffer);
                }
                Some((Ok(Bytes::from(buffer)), Some((file, left - n as u64, check))))
            }
            Err(e) => Some((Err(BlobError::Unavailable(e.to_string())), None)),
        }
    })
}

#[async_trait]
impl Blob for DirBlob {
    async fn put(&self, key: &str, bytes: ByteStream, options: PutOptions) -> Result<Meta> {
        check_key(key)?;
        check_content_type(&options.content_type)?;
        if options.only_if_absent && self.exists(key).await? {
            return Err(BlobError::Exists);
        }
        let spooled = self.spool(bytes).await?;
        self.commit(key, spooled, options).await
    }

    async fn head(&self, key: &str, version: Option<&str>) -> Result<Meta> {
        self.meta(key, version).await
    }

    async fn get(&self, key: &str, version: Option<&str>, range: Option<ByteRange>) -> Result<Reading> {
        let (meta, mut file) = self.open_object(key, version).await?;
        let length = file.metadata().await.map_err(io("reading"))?.len();
        if length != meta.size {
            return Err(BlobError::Damaged(key.to_owned()));
        }
        let resolved = resolve(range, meta.size)?;
        let (from, count) = resolved.as_ref().map_or((0, 0), |r| (*r.start(), r.end() - r.start() + 1));
        if from > 0 {
            file.seek(std::io::SeekFrom::Start(from)).await.map_err(io("reading"))?;
        }
        let whole = (count == meta.size).then(|| meta.clone());
        Ok(Reading { meta, range: resolved, bytes: Box::pin(read(file, count, whole)) })
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let folder = self.folder(key)?;
        let _held = self.stripe(key).lock().await;
        match tokio::fs::remove_file(folder.join("current")).await {
            Ok(()) => store::sync_folder(&folder).await,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(io("deleting")(e)),
        }
    }

    async fn delete_version(&self, key: &str, version: &str) -> Result<()> {
        let folder = self.folder(key)?;
        if !store::is_version(version) {
            return Err(BlobError::NotFound);
        }
        let _held = self.stripe(key).lock().await;
        let is_current = store::read_meta(&folder.join("current")).await.is_ok_and(|m| m.version == version);
        if is_current {
            // The version before it becomes the present one, as in S3.
            let before = store::versions(&folder).await?.into_iter().find(|m| m.version != version);
            match before {
                Some(meta) => store::write_meta(&self.temporary_path(), &folder.join("current"), &meta).await?,
                None => tokio::fs::remove_file(folder.join("current")).await.map_err(io("deleting"))?,
            }
        }
        for ending in ["json", "bin"] {
            match tokio::fs::remove_file(folder.join(format!("{version}.{ending}"))).await {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(io("deleting")(e)),
            }
        }
        if tokio::fs::try_exists(&folder).await.map_err(io("reading"))? {
            store::sync_folder(&folder).await
        } else {
            Ok(())
        }
    }

    async fn versions(&self, key: &str) -> Result<Vec<Meta>> {
        store::versions(&self.folder(key)?).await
    }

    async fn list(&self, prefix: &str, cursor: Option<String>, limit: usize) -> Result<Listing> {
        if limit == 0 || limit > 1000 {
            return Err(BlobError::Invalid("a page holds 1 to 1,000 objects".into()));
        }
        let (root, prefix) = (self.root.join("objects"), prefix.to_owned());
        let mut keys = tokio::task::spawn_blocking(move || store::keys(&root, &prefix))
            .await
            .map_err(|e| BlobError::Unavailable(e.to_string()))??;
        if let Some(cursor) = cursor {
            keys.retain(|k| *k > cursor);
        }
        let more = keys.len() > limit;
        keys.truncate(limit);
        let mut objects = Vec::with_capacity(keys.len());
        for key in &keys {
            match self.current(key).await {
                Ok(meta) => objects.push(meta),
                // Deleted since the walk.
                Err(BlobError::NotFound) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Listing { objects, cursor: if more { keys.pop() } else { None } })
    }

    async fn signed_url(&self, key: &str, options: SignOptions) -> Result<String> {
        let path = self.keys.sign(key, &options, self.clock.now_secs())?;
        Ok(format!("{}{path}", self.base_url))
    }

    async fn begin_upload(&self, key: &str, options: PutOptions) -> Result<Upload> {
        self.begin(key, options).await
    }

    async fn put_part(&self, upload: &Upload, number: u16, bytes: Bytes) -> Result<String> {
        self.part(upload, number, bytes).await
    }

    async fn finish_upload(&self, upload: &Upload, parts: Vec<(u16, String)>) -> Result<Meta> {
        self.finish(upload, parts).await
    }

    async fn abort_upload(&self, upload: &Upload) -> Result<()> {
        self.abort(upload).await
    }
}

/// The root, for backups.
impl AsRef<Path> for DirBlob {
    fn as_ref(&self) -> &Path {
        &self.root
    }
}
