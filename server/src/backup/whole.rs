//! A whole copy: the table as of one moment, the files, the master key.
//!
//! Invariants: files are walked after the table was copied, so none that it refers to is missing; each file's bytes are compared with
//! their hash while they are copied, and what does not fit is named.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::x25519::Recipient;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vitrine_blob::Meta;
use vitrine_blob::dir::copies::{ObjectFiles, objects};
use vitrine_clock::{SharedClock, SystemClock};
use vitrine_table::sqlite::copies;

use super::archive::{Print, Sealed};
use super::{BackupError, FORMAT, Result, io, key_print};
use crate::config::{BlobConfig, Config, TableConfig};
use crate::state::{DEMO_MARK, MASTER_KEY, TABLE, is_demo};

/// Name of a copy's first entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// Name of the table in a copy.
pub(super) const TABLE_ENTRY: &str = "table.sqlite";
/// Where plain copies of the table lie while they are encrypted; below the data directory, which holds the same.
const WORK: &str = ".backup";

/// What a copy says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Refused if it is above [`FORMAT`].
    pub(super) format: u32,
    /// The program's version, for people.
    pub(super) program: String,
    /// The store that was copied.
    pub(super) store: String,
    /// The last change that is in it.
    pub(super) number: i64,
    /// All of it was there at this moment, UTC milliseconds.
    pub(super) at_ms: i64,
    /// Demonstration data.
    pub(super) demo: bool,
    /// The master key is in the copy; otherwise it is in the shop's configuration.
    pub(super) master_key_inside: bool,
    /// Tells it from another one; empty: there was none yet.
    pub(super) master_key_print: String,
}

/// What is copied, and for whom.
pub struct Source {
    /// The data directory.
    pub(super) data_dir: PathBuf,
    pub(super) recipients: Vec<Recipient>,
    pub(super) clock: SharedClock,
    /// From the configuration; empty: it is in the data directory.
    master_key: SecretString,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The last change of the table that is in it.
    pub number: i64,
    /// All of it was there at this moment, UTC milliseconds.
    pub at_ms: i64,
    /// Objects of the blob store.
    pub objects: u64,
    /// Bytes of the encrypted file.
    pub bytes: u64,
    /// Objects whose bytes are not what was once put; they are in the copy as they are.
    pub damaged: Vec<String>,
}

impl Source {
    /// The shop of this configuration.
    ///
    /// # Errors
    /// `NotEmbedded`, `NoRecipient`, `BadRecipient`.
    pub fn new(config: &Config, recipients: &[String]) -> Result<Self> {
        if !matches!((&config.table, &config.blob), (TableConfig::Sqlite, BlobConfig::Dir)) {
            return Err(BackupError::NotEmbedded);
        }
        Ok(Self {
            data_dir: config.data_dir.clone(),
            recipients: super::recipients(recipients)?,
            clock: Arc::new(SystemClock),
            master_key: config.master_key.clone(),
        })
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: SharedClock) -> Self {
        Self { clock, ..self }
    }

    /// The table's file.
    pub(super) fn table(&self) -> PathBuf {
        self.data_dir.join(TABLE)
    }

    /// The blob store's folder.
    pub(super) fn blobs(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }

    /// A folder for what is being made, empty.
    pub(super) fn work(&self) -> Result<tempfile::TempDir> {
        let folder = self.data_dir.join(WORK);
        std::fs::create_dir_all(&folder).map_err(io(format!("making {}", folder.display())))?;
        tempfile::tempdir_in(&folder).map_err(io(format!("making a folder in {}", folder.display())))
    }
}

/// Makes a whole copy of a shop that may be running.
///
/// # Errors
/// See [`BackupError`]; nothing is at `target` then.
pub fn copy(source: &Source, target: &Path) -> Result<Copied> {
    let mut known = HashSet::new();
    whole(source, target, &mut known).map(|(copied, _, _)| copied)
}

/// As [`copy`]; also notes in `known` what of the blob store is in it, and answers the store and the file's print.
pub(super) fn whole(source: &Source, target: &Path, known: &mut HashSet<Print>) -> Result<(Copied, String, Print)> {
    let mut sealed = Sealed::create(target, &source.recipients)?;
    let work = source.work()?;
    let plain = work.path().join(TABLE_ENTRY);
    let place = copies::copy(&source.table(), &plain)?;
    let at_ms = source.clock.now_ms();
    let configured = source.master_key.expose_secret();
    let kept = match configured.is_empty() {
        true => read_text(&source.data_dir.join(MASTER_KEY))?,
        false => None,
    };
    let print = kept.as_ref().map_or(configured, |k| k.expose_secret());
    sealed.json(
        MANIFEST,
        &Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").into(),
            store: place.store.clone(),
            number: place.number,
            at_ms,
            demo: is_demo(&source.data_dir),
            master_key_inside: kept.is_some(),
            master_key_print: key_print(print).unwrap_or_default(),
        },
    )?;
    if let Some(key) = &kept {
        sealed.small(MASTER_KEY, key.expose_secret().as_bytes())?;
    }
    if is_demo(&source.data_dir) {
        sealed.file(DEMO_MARK, &source.data_dir.join(DEMO_MARK))?;
    }
    sealed.file(TABLE_ENTRY, &plain)?;
    drop(work);
    let mut damaged = Vec::new();
    let objects = files(&source.blobs(), &mut sealed, known, &mut damaged)?;
    let (print, bytes) = sealed.finish()?;
    Ok((Copied { number: place.number, at_ms, objects, bytes, damaged }, place.store, print))
}

fn read_text(path: &Path) -> Result<Option<SecretString>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io(format!("reading {}", path.display()))(e)),
    }
}

/// Adds what is not `known` yet of the blob store below `root`; answers how many objects gave something.
pub(super) fn files(
    root: &Path,
    sealed: &mut Sealed,
    known: &mut HashSet<Print>,
    damaged: &mut Vec<String>,
) -> Result<u64> {
    let mut failed = None;
    let mut count = 0;
    let walked = objects(root, &mut |object| {
        let added = add_object(root, sealed, known, damaged, &object).map_err(|e| {
            failed = Some(e);
            std::io::Error::other("stopped")
        })?;
        count += u64::from(added);
        Ok(())
    });
    match (failed, walked) {
        (Some(fault), _) => Err(fault),
        (None, Err(e)) => Err(io(format!("reading {}", root.display()))(e)),
        (None, Ok(_)) => Ok(count),
    }
}

/// Names a file of the store, or what `current` says, among those that were copied.
fn mark(text: &str) -> Print {
    Sha256::digest(text).into()
}

fn add_object(
    root: &Path,
    sealed: &mut Sealed,
    known: &mut HashSet<Print>,
    damaged: &mut Vec<String>,
    object: &ObjectFiles,
) -> Result<bool> {
    let mut added = false;
    for version in &object.versions {
        let name = format!("{}/{version}", object.folder);
        if known.contains(&mark(&name)) {
            continue;
        }
        // A version that was removed since the listing is wanted by nobody.
        let Some(meta) = read_text(&root.join(format!("{name}.json")))? else { continue };
        let bytes = match File::open(root.join(format!("{name}.bin"))) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(io(format!("reading {name}.bin"))(e)),
        };
        let size = bytes.metadata().map_err(io(format!("reading {name}.bin")))?.len();
        let mut hashed = Hashed(BufReader::with_capacity(128 * 1024, bytes), Sha256::new());
        sealed.add(&format!("{name}.bin"), size, &mut hashed)?;
        let found = data_encoding::HEXLOWER.encode(&hashed.1.finalize());
        let meta = meta.expose_secret();
        if serde_json::from_str::<Meta>(meta).map_or(true, |m| m.etag != found || m.size != size) {
            damaged.push(name.clone());
        }
        sealed.small(&format!("{name}.json"), meta.as_bytes())?;
        known.insert(mark(&name));
        added = true;
    }
    if let Some((version, bytes)) = &object.current {
        let name = format!("{}/current", object.folder);
        if known.insert(mark(&format!("{name} {version}"))) {
            sealed.small(&name, bytes)?;
            added = true;
        }
    }
    Ok(added)
}

struct Hashed<R>(R, Sha256);

impl<R: Read> Read for &mut Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }
}
