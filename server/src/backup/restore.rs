//! Putting a shop back: a whole copy, then as much of the log as is wanted.
//!
//! Invariants: everything is made in [`RESTORING`] below the data directory and moved up when all of it is durable; a failure removes it;
//! a machine that dies in between leaves it, and no server opens the folder while it is there.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use vitrine_blob::Meta;
use vitrine_table::sqlite::copies::{Log, Replay};
use vitrine_table::{Change, TableError};

use super::archive::{Entry, Opened, print, sync_folder};
use super::chain::{BASE, CHANGES, Chain, HEADER, Header};
use super::whole::{MANIFEST, Manifest, TABLE_ENTRY};
use super::{BackupError, FORMAT, RESTORING, Result, io, key_print, shown};
use crate::state::{DEMO_MARK, MASTER_KEY, TABLE};

/// What is to be restored, and where to.
pub struct Asked {
    /// A whole copy.
    pub file: PathBuf,
    /// Keys of which one reads it.
    pub keys: Vec<Identity>,
    /// The folder of the log; `None`: the copy alone.
    pub log: Option<PathBuf>,
    /// The moment, UTC milliseconds; `None`: the end of the log.
    pub at_ms: Option<i64>,
    /// Missing or empty.
    pub data_dir: PathBuf,
    /// The configuration's master key; empty: the copy's own.
    pub master_key: SecretString,
}

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The moment of the copy, UTC milliseconds.
    pub copy_ms: i64,
    /// When the last change that is in was asked for, UTC milliseconds; `None`: none beyond the copy.
    pub last_change_ms: Option<i64>,
    /// Pieces of the log.
    pub pieces: u64,
    /// Changes of them that were applied.
    pub changes: u64,
    /// Files that were written.
    pub files: u64,
}

/// Restores a shop into an empty folder.
///
/// # Errors
/// See [`BackupError`]; the folder is as it was then.
pub fn restore(asked: &Asked) -> Result<Restored> {
    let stage = Stage::make(&asked.data_dir)?;
    let mut files = 0;
    let manifest = unpack(asked, &stage.path, &mut files)?;
    let mut restored = Restored { copy_ms: manifest.at_ms, last_change_ms: None, pieces: 0, changes: 0, files: 0 };
    let mut table = Replay::open(&stage.path.join(TABLE))?;
    match (&asked.log, asked.at_ms) {
        (Some(log), _) => {
            follow(asked, log, &manifest, &stage.path, &mut table, &mut restored, &mut files)?;
        }
        (None, Some(_)) => {
            let at = shown(manifest.at_ms);
            return Err(BackupError::NoSuchMoment { first: at.clone(), last: at });
        }
        (None, None) => {}
    }
    table.finish()?;
    restored.files = files;
    stage.publish()?;
    Ok(restored)
}

/// The folder in which all of it is made.
struct Stage {
    path: PathBuf,
    data_dir: PathBuf,
    done: bool,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be removed is refused by name at the next start.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Stage {
    fn make(data_dir: &Path) -> Result<Self> {
        let what = || format!("making {}", data_dir.display());
        std::fs::create_dir_all(data_dir).map_err(io(what()))?;
        for entry in std::fs::read_dir(data_dir).map_err(io(what()))? {
            // What a restore left that was cut off before anything was moved.
            if entry.map_err(io(what()))?.file_name() != RESTORING {
                return Err(BackupError::NotEmpty(data_dir.to_owned()));
            }
        }
        let path = data_dir.join(RESTORING);
        match std::fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(what())(e)),
            _ => {}
        }
        std::fs::create_dir(&path).map_err(io(what()))?;
        Ok(Self { path, data_dir: data_dir.to_owned(), done: false })
    }

    /// Moves everything up; from the first move on a failure leaves [`RESTORING`] in its place.
    fn publish(mut self) -> Result<()> {
        let what = || format!("moving what was restored into {}", self.data_dir.display());
        let lock = self.path.join(format!("{TABLE}-lock"));
        let moves = || -> std::io::Result<()> {
            if lock.exists() {
                std::fs::remove_file(lock)?;
            }
            sync_below(&self.path)?;
            sync_folder(&self.data_dir)?;
            let mut names: Vec<_> = std::fs::read_dir(&self.path)?.collect::<std::io::Result<_>>()?;
            // The table last: it makes the folder a shop's.
            names.sort_by_key(|e| e.file_name() == TABLE);
            for entry in names {
                std::fs::rename(entry.path(), self.data_dir.join(entry.file_name()))?;
            }
            sync_folder(&self.data_dir)?;
            std::fs::remove_dir(&self.path)?;
            sync_folder(&self.data_dir)
        };
        let done = moves().map_err(io(what()));
        self.done = true;
        done
    }
}

/// Makes everything below a folder durable.
fn sync_below(folder: &Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // One call for all of it; asking for each of many thousand files takes minutes.
        rustix::fs::syncfs(File::open(folder)?).map_err(Into::into)
    }
    #[cfg(not(target_os = "linux"))]
    {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                sync_below(&path)?;
            } else {
                File::open(path)?.sync_all()?;
            }
        }
        sync_folder(folder)
    }
}

/// Unpacks the whole copy.
fn unpack(asked: &Asked, stage: &Path, files: &mut u64) -> Result<Manifest> {
    let mut manifest: Option<Manifest> = None;
    let mut has_table = false;
    let damaged = |why: &str| BackupError::Damaged { path: asked.file.clone(), why: why.into() };
    Opened::open(&asked.file, &asked.keys)?.read(|mut entry| {
        let Some(known) = &manifest else {
            if entry.name != MANIFEST {
                return Err(BackupError::Foreign(asked.file.clone()));
            }
            let found: Manifest = entry.json().map_err(|e| damaged(&e.to_string()))?;
            if found.format > FORMAT {
                return Err(BackupError::Newer { path: asked.file.clone(), found: found.format });
            }
            master_key_fits(asked, &found)?;
            if asked.at_ms.is_some_and(|at| at < found.at_ms) {
                let last = shown(found.at_ms);
                return Err(BackupError::NoSuchMoment { first: last.clone(), last });
            }
            manifest = Some(found);
            return Ok(());
        };
        match entry.name.as_str() {
            TABLE_ENTRY => {
                has_table = true;
                write(&mut entry, &stage.join(TABLE), &asked.file)
            }
            MASTER_KEY if known.master_key_inside => {
                let key = SecretString::from(
                    String::from_utf8_lossy(&entry.small().map_err(|e| damaged(&e.to_string()))?).into_owned(),
                );
                super::keys::write_private(&stage.join(MASTER_KEY), key.expose_secret())
                    .map_err(io("writing the master key"))
            }
            DEMO_MARK => write(&mut entry, &stage.join(DEMO_MARK), &asked.file),
            _ => object(&mut entry, stage, &asked.file, files),
        }
    })?;
    match manifest {
        Some(manifest) if has_table => {
            // SQLite takes what is shorter than a page for an empty table, and the shop would open with nothing in it.
            Log::open(&stage.join(TABLE)).map_err(|e| damaged(&e.to_string()))?;
            Ok(manifest)
        }
        Some(_) => Err(damaged("the table is missing")),
        None => Err(BackupError::Foreign(asked.file.clone())),
    }
}

fn master_key_fits(asked: &Asked, manifest: &Manifest) -> Result<()> {
    let configured = asked.master_key.expose_secret();
    if configured.is_empty() {
        let is_there = manifest.master_key_inside || manifest.master_key_print.is_empty();
        return if is_there { Ok(()) } else { Err(BackupError::MasterKeyElsewhere) };
    }
    let same = key_print(configured).is_some_and(|p| p == manifest.master_key_print);
    if same { Ok(()) } else { Err(BackupError::OtherMasterKey) }
}

/// Copies an entry to a file; a source that cannot be read is the archive's fault, a file that cannot be written the disk's.
fn write(entry: &mut Entry<'_>, path: &Path, archive: &Path) -> Result<()> {
    let what = || format!("writing {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io(what()))?;
    }
    let mut file = BufWriter::with_capacity(128 * 1024, File::create(path).map_err(io(what()))?);
    let mut buffer = [0; 32 * 1024];
    loop {
        let count = entry
            .bytes
            .read(&mut buffer)
            .map_err(|e| BackupError::Damaged { path: archive.to_owned(), why: e.to_string() })?;
        if count == 0 {
            return file.flush().map_err(io(what()));
        }
        file.write_all(&buffer[..count]).map_err(io(what()))?;
    }
}

/// A file of the blob store; what is there already stays, but for an older `current`.
fn object(entry: &mut Entry<'_>, stage: &Path, archive: &Path, files: &mut u64) -> Result<()> {
    let damaged = |why: String| BackupError::Damaged { path: archive.to_owned(), why };
    if !entry.name.starts_with("objects/") {
        return Err(damaged(format!("it holds {}, which is nothing of ours", entry.name)));
    }
    let path = stage.join("blobs").join(&entry.name);
    if path.exists() {
        if !entry.name.ends_with("/current") {
            return Ok(());
        }
        let version = |bytes: &[u8]| serde_json::from_slice::<Meta>(bytes).map(|m| m.version);
        let there = std::fs::read(&path).map_err(io(format!("reading {}", path.display())))?;
        let bytes = entry.small().map_err(|e| damaged(e.to_string()))?;
        let newer = version(&bytes).map_err(|e| damaged(e.to_string()))?;
        if version(&there).is_ok_and(|v| v >= newer) {
            return Ok(());
        }
        return std::fs::write(&path, bytes).map_err(io(format!("writing {}", path.display())));
    }
    *files += 1;
    write(entry, &path, archive)
}

/// Applies the log up to the moment asked for.
fn follow(
    asked: &Asked,
    log: &Path,
    manifest: &Manifest,
    stage: &Path,
    table: &mut Replay,
    restored: &mut Restored,
    files: &mut u64,
) -> Result<()> {
    let chain = Chain::all(log, &manifest.store)?.into_iter().rfind(|c| c.begin <= manifest.number);
    let chain = chain.ok_or(BackupError::NotItsLog)?;
    let (mut number, mut cut_ms) = (manifest.number, manifest.at_ms);
    let mut before = chain.folder.join(BASE);
    for piece in chain.pieces()? {
        // Everything until the cut is in already.
        if asked.at_ms.is_some_and(|at| at <= cut_ms) {
            return Ok(());
        }
        if piece.to <= manifest.number {
            before = piece.path;
            continue;
        }
        let hole = || BackupError::Hole { number, path: piece.path.clone(), until: shown(cut_ms) };
        if piece.from > number {
            return Err(hole());
        }
        let previous = match before.exists() {
            true => Some(data_encoding::HEXLOWER.encode(&print(&before)?)),
            // Older pieces may have been thrown away, with the copies that needed them.
            false => None,
        };
        let fits = |header: &Header| {
            let same = previous.as_ref().is_none_or(|p| *p == header.previous);
            let numbers = (header.from, header.to) == (piece.from, piece.to);
            if same && numbers && header.store == manifest.store { Ok(()) } else { Err(hole()) }
        };
        let mut reading = Reading {
            asked,
            stage,
            archive: &piece.path,
            table,
            restored,
            files,
            past: false,
            header: None,
            reached: None,
            fits: &fits,
        };
        let read = Opened::open(&piece.path, &asked.keys)?.read(|entry| reading.entry(entry, number));
        let (past, header, reached) = (reading.past, reading.header, reading.reached);
        read.map_err(|e| until(e, cut_ms))?;
        let header = header.ok_or_else(|| BackupError::Foreign(piece.path.clone()))?;
        if reached != Some(piece.to) {
            let why = "it has other changes than its numbers say".to_owned();
            return Err(until(BackupError::Damaged { path: piece.path, why }, cut_ms));
        }
        (number, cut_ms, before) = (piece.to, header.cut_ms, piece.path.clone());
        restored.pieces += 1;
        if past {
            return Ok(());
        }
    }
    let end = cut_ms.max(chain.reaches().unwrap_or(0));
    if asked.at_ms.is_some_and(|at| at > end) {
        return Err(BackupError::NoSuchMoment { first: shown(manifest.at_ms), last: shown(end) });
    }
    Ok(())
}

/// Says how far the log can be followed in spite of a piece that cannot be read.
fn until(fault: BackupError, cut_ms: i64) -> BackupError {
    match fault {
        BackupError::Damaged { path, why } => BackupError::Damaged {
            path,
            why: format!("{why}; what is before it can be restored with --at {}", shown(cut_ms)),
        },
        other => other,
    }
}

/// A piece that is being read.
struct Reading<'a> {
    asked: &'a Asked,
    stage: &'a Path,
    archive: &'a Path,
    table: &'a mut Replay,
    restored: &'a mut Restored,
    files: &'a mut u64,
    /// A change after the moment asked for was met.
    past: bool,
    header: Option<Header>,
    /// The number of its last change.
    reached: Option<i64>,
    /// Whether it is the piece that belongs here; asked before anything of it is applied.
    fits: &'a dyn Fn(&Header) -> Result<()>,
}

impl Reading<'_> {
    fn damaged(&self, why: impl std::fmt::Display) -> BackupError {
        BackupError::Damaged { path: self.archive.to_owned(), why: why.to_string() }
    }

    fn entry(&mut self, mut entry: Entry<'_>, number: i64) -> Result<()> {
        let Some(header) = &self.header else {
            if entry.name != HEADER {
                return Err(BackupError::Foreign(self.archive.to_owned()));
            }
            let header: Header = entry.json().map_err(|e| self.damaged(e))?;
            if header.format > FORMAT {
                return Err(BackupError::Newer { path: self.archive.to_owned(), found: header.format });
            }
            (self.fits)(&header)?;
            self.header = Some(header);
            return Ok(());
        };
        if entry.name != CHANGES {
            return object(&mut entry, self.stage, self.archive, self.files);
        }
        let mut at = header.from;
        let changes = serde_json::Deserializer::from_reader(BufReader::new(entry.bytes)).into_iter::<Change>();
        for change in changes {
            let change = change.map_err(|e| self.damaged(e))?;
            at += 1;
            // The copy has it.
            if at <= number {
                continue;
            }
            self.past |= self.asked.at_ms.is_some_and(|moment| change.at_ms > moment);
            // The rest is read all the same: only then is the piece known to be whole.
            if self.past {
                continue;
            }
            self.table.apply(&change).map_err(|e| match e {
                TableError::BadPosition(why) => self.damaged(why),
                other => other.into(),
            })?;
            self.restored.changes += 1;
            self.restored.last_change_ms = Some(change.at_ms);
        }
        self.reached = Some(at);
        Ok(())
    }
}
