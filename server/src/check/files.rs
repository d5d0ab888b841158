//! Files: those that records name are there and whole, and nothing is there that no record names.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use vitrine_blob::BlobError;

use super::{Check, Findings, Invariant};
use crate::desk::{IMPORT, archive_key_of};
use crate::fault::{self, Result};

/// An unnamed file younger than this may belong to something that is being written, milliseconds.
pub const UNNAMED_MS: i64 = 24 * 60 * 60 * 1000;
/// Parts that nightly looks divide the files into.
pub(super) const PARTS: u64 = 7;

/// How closely files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// They are there, in their length.
    Sizes,
    /// Every byte is read.
    All,
    /// Every byte of this one of seven parts is read, of the others the length: a week of nights reads everything.
    Part(u64),
}

/// What was seen of files: a hash of each key, so that memory grows by some bytes per file.
pub(super) struct Files {
    depth: Depth,
    named: HashSet<u64>,
    /// Hashes of sold files: what a reader is given of a book is kept under them.
    sold: HashSet<u64>,
    orphans: Vec<String>,
}

impl Files {
    pub(super) fn new(depth: Depth) -> Self {
        Self { depth, named: HashSet::new(), sold: HashSet::new(), orphans: Vec::new() }
    }

    fn reads(&self, key: u64) -> bool {
        match self.depth {
            Depth::Sizes => false,
            Depth::All => true,
            Depth::Part(part) => key % PARTS == part % PARTS,
        }
    }
}

fn short(text: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    text.hash(&mut hash);
    hash.finish()
}

/// The SHA-256 that a key says its bytes have.
fn named_hash(key: &str) -> Option<&str> {
    let name = key.rsplit('/').next()?.split('.').next()?;
    (name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())).then_some(name)
}

impl Check {
    /// One file that `owner` names, with its length and hash where they are known.
    pub(super) async fn file(
        &self,
        key: &str,
        facts: Option<(u64, &str)>,
        owner: &str,
        files: &mut Files,
        out: &mut Findings,
    ) -> Result<()> {
        if let Some((_, sha256)) = facts {
            files.sold.insert(short(sha256));
        }
        let name = short(key);
        if !files.named.insert(name) {
            return Ok(());
        }
        out.saw("files");
        let keys = [key, owner];
        let meta = match self.blob.head(key, None).await {
            Ok(meta) => meta,
            Err(BlobError::NotFound) => {
                out.say(Invariant::FilesThere, &keys, "it is not there");
                return Ok(());
            }
            Err(BlobError::Damaged(_)) => {
                out.say(Invariant::FilesThere, &keys, "its record is damaged; put it back from a backup");
                return Ok(());
            }
            Err(e) => return Err(fault::blob(e)),
        };
        if let Some((size, _)) = facts
            && meta.size != size
        {
            out.say(Invariant::FilesThere, &keys, format!("{} bytes where {size} were sold", meta.size));
            return Ok(());
        }
        let read = if files.reads(name) { self.hashed(key).await } else { self.opened(key).await.map(|()| None) };
        let hash = match read {
            Ok(hash) => hash,
            Err(BlobError::NotFound) => {
                out.say(Invariant::FilesThere, &keys, "it went away while it was looked at");
                return Ok(());
            }
            Err(BlobError::Damaged(_)) => {
                let what = "its bytes are not what was stored; put it back from a backup, or import it again";
                out.say(Invariant::FilesThere, &keys, what);
                return Ok(());
            }
            Err(e) => return Err(fault::blob(e)),
        };
        if let Some(hash) = hash {
            out.saw("files read");
            let wanted = facts.map(|(_, sha256)| sha256).or(named_hash(key));
            if wanted.is_some_and(|wanted| wanted != hash) {
                out.say(Invariant::FilesThere, &keys, "its bytes do not have the hash it is named by");
            }
        }
        Ok(())
    }

    /// That its bytes are there in their length.
    async fn opened(&self, key: &str) -> std::result::Result<(), BlobError> {
        self.blob.get(key, None, None).await.map(drop)
    }

    async fn hashed(&self, key: &str) -> std::result::Result<Option<String>, BlobError> {
        let mut bytes = self.blob.get(key, None, None).await?.bytes;
        let mut hash = Sha256::new();
        while let Some(chunk) = bytes.try_next().await? {
            hash.update(&chunk);
        }
        Ok(Some(crate::media::hex(&hash.finalize())))
    }

    /// What is there and not named. What was worked out once names its results.
    pub(super) async fn orphans(&self, unnamed_ms: i64, files: &mut Files, out: &mut Findings) -> Result<()> {
        let mut cursor = None;
        loop {
            let page = self.blob.list("derived/", cursor, 1000).await.map_err(fault::blob)?;
            for meta in &page.objects {
                let bytes = match self.blob.get_bytes(&meta.key).await {
                    Ok(bytes) => bytes,
                    Err(BlobError::NotFound) => continue,
                    Err(BlobError::Damaged(_)) => {
                        out.say(Invariant::FilesThere, &[&meta.key], "damaged; remove it, it is worked out again");
                        continue;
                    }
                    Err(e) => return Err(fault::blob(e)),
                };
                if let Ok(value) = serde_json::from_slice(&bytes) {
                    names(&value, files);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let old = self.clock.now_ms() - unnamed_ms;
        let mut cursor = None;
        loop {
            let page = self.blob.list("", cursor, 1000).await.map_err(fault::blob)?;
            for meta in page.objects {
                if self.is_named(&meta.key, files).await? {
                    continue;
                }
                if meta.modified_ms > old {
                    out.in_hand += 1;
                } else {
                    out.say(Invariant::FilesUsed, &[&meta.key], format!("{} bytes that no record names", meta.size));
                    files.orphans.push(meta.key);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn is_named(&self, key: &str, files: &Files) -> Result<bool> {
        if key.starts_with("derived/") || files.named.contains(&short(key)) {
            return Ok(true);
        }
        if let Some(book) = key.strip_prefix("reader/") {
            return Ok(book.split('/').next().is_some_and(|sha256| files.sold.contains(&short(sha256))));
        }
        // Asked of the document itself: what went out of it stays, even if its purchase cannot be looked at.
        if let Some((id, sha256)) = key.strip_prefix("invoices/").and_then(|of| of.split_once('/')) {
            let Ok(id) = id.parse() else { return Ok(false) };
            let filed = crate::invoices::files_of(&*self.table, &id).await?;
            // One that was lost and is there again goes out again.
            let names = |filed: &crate::invoices::Filed| {
                filed.sha256 == sha256 || filed.lost.iter().any(|lost| lost.sha256 == sha256)
            };
            return Ok(filed.iter().any(|(_, filed)| names(filed)));
        }
        // Rows and reports stay to be read; an archive goes when its report is written.
        if let Some(import) = key.strip_prefix("imports/") {
            let id = import.split('/').next().unwrap_or_default();
            if key != archive_key_of(id) {
                return Ok(true);
            }
            let state = self.queue.state(IMPORT, id).await;
            return Ok(state.map_err(|e| fault::internal("the queue", &e))?.is_some());
        }
        Ok(false)
    }

    /// Removes archives from before `old_ms` that no job takes in; answers how many. Their uploads ended between the last byte
    /// and the job, and nobody was answered.
    pub(super) async fn forget_archives(&self, old_ms: i64) -> Result<usize> {
        let (mut gone, mut cursor) = (0, None);
        loop {
            let page = self.blob.list("imports/", cursor, 1000).await.map_err(fault::blob)?;
            for meta in page.objects {
                let archive = meta.key.ends_with("/archive.zip") && meta.modified_ms <= old_ms;
                if archive && !self.is_named(&meta.key, &Files::new(Depth::Sizes)).await? {
                    self.blob.delete(&meta.key).await.map_err(fault::blob)?;
                    gone += 1;
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(gone);
            }
        }
    }

    /// Removes files that no record names and that are older than `unnamed_ms`, with all their versions; answers how many.
    /// Nothing else may write meanwhile.
    ///
    /// # Errors
    /// The stores'.
    pub async fn remove_orphans(&self, unnamed_ms: i64) -> Result<usize> {
        let mut out = Findings::default();
        let mut files = Files::new(Depth::Sizes);
        let sums = self.purchases(&mut files, &mut out).await?;
        self.catalogue(&sums, &mut files, &mut out).await?;
        self.orphans(unnamed_ms, &mut files, &mut out).await?;
        for key in &files.orphans {
            for version in self.blob.versions(key).await.map_err(fault::blob)? {
                self.blob.delete_version(key, &version.version).await.map_err(fault::blob)?;
            }
            self.blob.delete(key).await.map_err(fault::blob)?;
        }
        Ok(files.orphans.len())
    }
}

fn names(value: &serde_json::Value, files: &mut Files) {
    match value {
        serde_json::Value::String(text) if text.starts_with("public/") || text.starts_with("originals/") => {
            files.named.insert(short(text));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|v| names(v, files)),
        serde_json::Value::Object(all) => all.values().for_each(|v| names(v, files)),
        _ => {}
    }
}
