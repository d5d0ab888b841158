//! The log of a running shop: every few minutes the changes of its table, and the files they may refer to, as one piece more.
//!
//! Invariants:
//! - Changes are read before files are walked, so a piece has every file that its changes refer to, or one before it has.
//! - A piece gets its name when it is durable; what it holds is noted afterwards. A shop that dies in between copies those files twice.
//! - Where changes are missing (the log was off for longer than the table keeps them) another chain begins, with a whole copy.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use vitrine_table::TableError;
use vitrine_table::sqlite::copies::Log;

use super::archive::{Print, Sealed, print, sync_folder};
use super::chain::{BASE, CHANGES, Chain, HEADER, Header, KNOWN, REACHES, folder_name, piece_name};
use super::{FORMAT, Result, Source, io, whole};

/// Writes the log of one shop into one folder.
pub struct Shipper {
    source: Source,
    folder: PathBuf,
    chain: Option<State>,
}

struct State {
    folder: PathBuf,
    to: i64,
    previous: Print,
    known: HashSet<Print>,
}

/// What was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// A chain began, with a whole copy.
    pub began: bool,
    /// Changes of the table.
    pub changes: u64,
    /// Objects of the blob store.
    pub objects: u64,
    /// Everything committed before this moment is in the log, UTC milliseconds.
    pub reaches_ms: i64,
}

fn hex(print: &Print) -> String {
    data_encoding::HEXLOWER.encode(print)
}

fn read_known(path: &Path) -> Result<HashSet<Print>> {
    let text = std::fs::read_to_string(path).map_err(io(format!("reading {}", path.display())))?;
    // The last line may have been cut off; its file is copied once more.
    let lines = text.lines().filter_map(|l| data_encoding::HEXLOWER.decode(l.as_bytes()).ok()?.try_into().ok());
    Ok(lines.collect())
}

/// Appends to the list of what is known, durably.
fn write_known<'a>(path: &Path, prints: impl Iterator<Item = &'a Print>) -> Result<()> {
    let mut text = String::new();
    for print in prints {
        text.push_str(&hex(print));
        text.push('\n');
    }
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut f| f.write_all(text.as_bytes()).and_then(|()| f.sync_all()))
        .map_err(io(format!("writing {}", path.display())))
}

impl Shipper {
    /// Of this shop, into this folder; nothing is read or written yet.
    pub fn new(source: Source, folder: PathBuf) -> Self {
        Self { source, folder, chain: None }
    }

    /// Adds what changed since the last time; the first time, or where changes are missing, begins a chain.
    ///
    /// # Errors
    /// See [`super::BackupError`]; the next call goes on from what is there.
    pub fn once(&mut self) -> Result<Logged> {
        let done = self.add();
        if done.is_err() {
            // What is known of the folder may be wrong.
            self.chain = None;
        }
        done
    }

    fn add(&mut self) -> Result<Logged> {
        let log = Log::open(&self.source.table())?;
        let mut state = match self.chain.take() {
            Some(state) => state,
            None => match self.found(&log.place()?.store)? {
                Some(state) => state,
                None => return self.begin(),
            },
        };
        let reaches_ms = self.source.clock.now_ms();
        let work = self.source.work()?;
        let plain = work.path().join(CHANGES);
        let what = || format!("writing {}", plain.display());
        let mut lines = BufWriter::new(std::fs::File::create(&plain).map_err(io(what()))?);
        let read = log.changes(state.to, |change| {
            let written = serde_json::to_writer(&mut lines, &change).map_err(std::io::Error::from);
            written.and_then(|()| lines.write_all(b"\n")).map_err(|e| TableError::Unavailable(e.to_string()))
        });
        lines.flush().map_err(io(what()))?;
        let to = match read {
            Ok(to) => to,
            Err(TableError::BadPosition(why)) => {
                tracing::warn!(why, "the log of backups has a hole; it begins anew with a whole copy");
                return self.begin();
            }
            Err(e) => return Err(e.into()),
        };
        let (from, mut objects) = (state.to, 0);
        if to > from {
            let path = state.folder.join(piece_name(from, to));
            let mut sealed = Sealed::create(&path, &self.source.recipients)?;
            sealed.json(
                HEADER,
                &Header {
                    format: FORMAT,
                    store: log.place()?.store,
                    from,
                    to,
                    cut_ms: reaches_ms,
                    previous: hex(&state.previous),
                },
            )?;
            let (mut known, mut damaged) = (state.known.clone(), Vec::new());
            objects = whole::files(&self.source.blobs(), &mut sealed, &mut known, &mut damaged)?;
            for name in damaged {
                tracing::error!(name, "an object is damaged; it went into the backup as it is");
            }
            sealed.file(CHANGES, &plain)?;
            let (previous, _) = sealed.finish()?;
            write_known(&state.folder.join(KNOWN), known.difference(&state.known))?;
            state = State { to, previous, known, folder: state.folder };
        }
        note(&state.folder, reaches_ms)?;
        self.chain = Some(state);
        Ok(Logged { began: false, changes: to.abs_diff(from), objects, reaches_ms })
    }

    /// The newest chain of this store as it lies in the folder.
    fn found(&self, store: &str) -> Result<Option<State>> {
        let Some(chain) = Chain::all(&self.folder, store)?.pop() else { return Ok(None) };
        let (to, last) = match chain.pieces()?.pop() {
            Some(piece) => (piece.to, piece.path),
            None => (chain.begin, chain.folder.join(BASE)),
        };
        let known = read_known(&chain.folder.join(KNOWN))?;
        Ok(Some(State { to, previous: print(&last)?, known, folder: chain.folder }))
    }

    fn begin(&mut self) -> Result<Logged> {
        let what = || format!("beginning a log in {}", self.folder.display());
        std::fs::create_dir_all(&self.folder).map_err(io(what()))?;
        let fresh = tempfile::Builder::new().prefix("new-").tempdir_in(&self.folder).map_err(io(what()))?;
        let mut known = HashSet::new();
        let (copied, store, previous) = whole::whole(&self.source, &fresh.path().join(BASE), &mut known)?;
        write_known(&fresh.path().join(KNOWN), known.iter())?;
        note(fresh.path(), copied.at_ms)?;
        let folder = self.folder.join(folder_name(&store, copied.number));
        std::fs::rename(fresh.keep(), &folder).and_then(|()| sync_folder(&self.folder)).map_err(io(what()))?;
        self.chain = Some(State { folder, to: copied.number, previous, known });
        Ok(Logged { began: true, changes: 0, objects: copied.objects, reaches_ms: copied.at_ms })
    }

    /// Adds to the log until told to stop, and once more then.
    pub async fn run(self, every: Duration, mut stop: watch::Receiver<bool>) {
        let shipper = std::sync::Arc::new(std::sync::Mutex::new(self));
        loop {
            let last = *stop.borrow();
            let one = shipper.clone();
            // One at a time: this loop waits for each.
            let done = tokio::task::spawn_blocking(move || {
                one.lock().unwrap_or_else(std::sync::PoisonError::into_inner).once()
            });
            match done.await {
                Ok(Ok(logged)) => {
                    metrics::gauge!("backup_log_reaches_seconds").set(logged.reaches_ms as f64 / 1000.0);
                    tracing::debug!(?logged, "the log of backups goes on");
                }
                Ok(Err(error)) => {
                    metrics::counter!("backup_log_failures_total").increment(1);
                    tracing::error!(%error, "the log of backups does not go on; trying again");
                }
                Err(error) => tracing::error!(%error, "the log of backups stopped in the middle"),
            }
            if last {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                // Also when the sender is gone: nothing more will come.
                _ = stop.wait_for(|told| *told) => {}
            }
            if stop.has_changed().is_err() {
                return;
            }
        }
    }
}

fn note(folder: &Path, reaches_ms: i64) -> Result<()> {
    let (path, side) = (folder.join(REACHES), folder.join("reaches.partial"));
    let written = std::fs::write(&side, reaches_ms.to_string()).and_then(|()| std::fs::rename(&side, &path));
    written.map_err(io(format!("writing {}", path.display())))
}
