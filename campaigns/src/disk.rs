//! The disk that a power cut leaves, built from what the shim wrote down (`shim/cut.c`).
//!
//! The model is POSIX's promise and no more: bytes last from `fsync` of their file on, names from `fsync` of a folder they are in
//! on. What was not made durable is there, gone, or torn, as a seed says: of a file's later writes any subset, a last one in
//! part; of a folder's later names a beginning. A rename happens as a whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use rand::rngs::StdRng;

/// Bytes a disk writes as a whole.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Act {
    Create,
    Write { at: u64, bytes: Vec<u8> },
    Truncate { to: u64 },
    Rename { to: PathBuf },
    Unlink,
    MakeFolder,
    RemoveFolder,
    Sync { begun: u64 },
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Record {
    act: Act,
    path: PathBuf,
    ino: u64,
    /// When it was done, nanoseconds of the machine's clock.
    pub time_ns: u64,
}

/// Reads a log; a last record that was cut off is left out.
///
/// # Errors
/// It is no log.
pub fn read(log: &Path) -> Result<Vec<Record>> {
    let all = std::fs::read(log)?;
    let (mut rest, mut out) = (all.as_slice(), Vec::new());
    // Where the process in hand began: its acts are numbered from there.
    let mut process = 0;
    while rest.len() >= 48 {
        let word = |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let (kind, path, to, data) = (word(0), word(4) as usize, word(8) as usize, word(12) as usize);
        let (ino, at, begun, time_ns) = (long(16), long(24), long(32), long(40));
        let body = &rest[48..];
        if body.len() < path + to + data {
            break;
        }
        let name =
            |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).trim_end_matches(" (deleted)").to_owned());
        let act = match kind {
            1 => Act::Create,
            2 => Act::Write { at, bytes: body[path + to..path + to + data].to_vec() },
            3 => Act::Truncate { to: at },
            4 => Act::Rename { to: name(&body[path..path + to]) },
            5 => Act::Unlink,
            6 => Act::MakeFolder,
            7 => Act::RemoveFolder,
            8 => Act::Sync { begun: process + begun },
            9 => {
                process = out.len() as u64;
                rest = body;
                continue;
            }
            other => bail!("a record of kind {other}"),
        };
        out.push(Record { act, path: name(&body[..path]), ino, time_ns });
        rest = &body[path + to + data..];
    }
    Ok(out)
}

/// A file or folder, whatever it is called.
#[derive(Clone, Default)]
struct Node {
    folder: bool,
    durable: Vec<u8>,
    /// Changes of data that nothing has made durable, with their place in the log.
    later: Vec<(u64, Act)>,
}

fn apply(bytes: &mut Vec<u8>, act: &Act, most: usize) {
    match act {
        Act::Write { at, bytes: new } => {
            let new = &new[..new.len().min(most)];
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            if bytes.len() < at + new.len() {
                bytes.resize(at + new.len(), 0);
            }
            bytes[at..at + new.len()].copy_from_slice(new);
        }
        Act::Truncate { to } => bytes.resize(usize::try_from(*to).unwrap_or(usize::MAX), 0),
        _ => {}
    }
}

/// A change of names that nothing has made durable.
#[derive(Clone)]
struct Naming {
    at: u64,
    path: PathBuf,
    act: Act,
    node: usize,
}

impl Naming {
    /// The folder whose names it changes; of a rename, the one it comes to.
    fn folder(&self) -> Option<&Path> {
        match &self.act {
            Act::Rename { to } => to.parent(),
            _ => self.path.parent(),
        }
    }

    fn touches(&self, folder: &Path) -> bool {
        self.folder() == Some(folder) || self.path.parent() == Some(folder)
    }

    fn names(&self, path: &Path) -> bool {
        self.path == path || matches!(&self.act, Act::Rename { to } if to == path)
    }
}

/// A disk below one folder.
#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Node>,
    by_ino: HashMap<u64, usize>,
    names: BTreeMap<PathBuf, usize>,
    later: Vec<Naming>,
    done: u64,
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, naming: &Naming) {
    match &naming.act {
        Act::Create | Act::MakeFolder => drop(names.insert(naming.path.clone(), naming.node)),
        Act::Rename { to } => {
            names.remove(&naming.path);
            names.insert(to.clone(), naming.node);
        }
        Act::Unlink | Act::RemoveFolder => drop(names.remove(&naming.path)),
        Act::Write { .. } | Act::Truncate { .. } | Act::Sync { .. } => {}
    }
}

impl Disk {
    /// Everything below a folder as it is, all of it durable.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn scan(root: &Path) -> Result<Self> {
        let mut disk =
            Self { nodes: Vec::new(), by_ino: HashMap::new(), names: BTreeMap::new(), later: Vec::new(), done: 0 };
        disk.walk(root)?;
        Ok(disk)
    }

    #[cfg(unix)]
    fn walk(&mut self, path: &Path) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::symlink_metadata(path)?;
        let durable = if meta.is_file() { std::fs::read(path)? } else { Vec::new() };
        self.by_ino.insert(meta.ino(), self.nodes.len());
        self.names.insert(path.to_owned(), self.nodes.len());
        self.nodes.push(Node { folder: meta.is_dir(), durable, later: Vec::new() });
        if meta.is_dir() {
            for entry in std::fs::read_dir(path)? {
                self.walk(&entry?.path())?;
            }
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn walk(&mut self, _: &Path) -> Result<()> {
        bail!("power cuts are played on Unix only")
    }

    fn node(&mut self, ino: u64) -> usize {
        let fresh = self.nodes.len();
        let node = *self.by_ino.entry(ino).or_insert(fresh);
        if node == fresh {
            self.nodes.push(Node::default());
        }
        node
    }

    /// Goes on by one record.
    pub fn step(&mut self, record: &Record) {
        let at = self.done;
        self.done += 1;
        match &record.act {
            Act::Create | Act::MakeFolder => {
                // The number may have been another file's before.
                let node = Node { folder: matches!(record.act, Act::MakeFolder), ..Node::default() };
                self.by_ino.insert(record.ino, self.nodes.len());
                self.later.push(Naming {
                    at,
                    path: record.path.clone(),
                    act: record.act.clone(),
                    node: self.nodes.len(),
                });
                self.nodes.push(node);
            }
            Act::Write { .. } | Act::Truncate { .. } => {
                let node = self.node(record.ino);
                self.nodes[node].later.push((at, record.act.clone()));
            }
            Act::Rename { .. } | Act::Unlink | Act::RemoveFolder => {
                let node = self.node(record.ino);
                self.later.push(Naming { at, path: record.path.clone(), act: record.act.clone(), node });
            }
            Act::Sync { begun } => self.sync(&record.path, record.ino, *begun),
        }
    }

    fn sync(&mut self, path: &Path, ino: u64, begun: u64) {
        let node = self.node(ino);
        if !self.nodes[node].folder {
            let Node { durable, later, .. } = &mut self.nodes[node];
            for (_, act) in later.iter().filter(|(at, _)| *at < begun) {
                apply(durable, act, usize::MAX);
            }
            later.retain(|(at, _)| *at >= begun);
            return;
        }
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.later).into_iter().partition(|n| n.at < begun && n.touches(path));
        self.later = later;
        for naming in now {
            rename(&mut self.names, &naming);
            // What was said of these names before is overtaken.
            let to = if let Act::Rename { to } = &naming.act { Some(to.clone()) } else { None };
            self.later
                .retain(|n| n.at > naming.at || !(n.names(&naming.path) || to.as_ref().is_some_and(|to| n.names(to))));
        }
    }

    /// Writes what a cut now leaves below `root` to the empty folder `to`.
    ///
    /// # Errors
    /// The disk's.
    pub fn cut(&self, root: &Path, to: &Path, random: &mut StdRng) -> Result<()> {
        let mut names = self.names.clone();
        let mut kept: HashMap<PathBuf, u64> = HashMap::new();
        for naming in &self.later {
            let Some(folder) = naming.folder() else { continue };
            // Up to where this folder's names reached the disk.
            let end = *kept.entry(folder.to_owned()).or_insert_with(|| match random.random_range(0..3) {
                0 => 0,
                1 => u64::MAX,
                _ => random.random_range(0..=self.done),
            });
            if naming.at < end {
                rename(&mut names, naming);
            }
        }
        for (path, node) in &names {
            let below = path.strip_prefix(root).with_context(|| format!("{} is elsewhere", path.display()))?;
            let target = to.join(below);
            // Its folder's name was lost, and everything in it with it.
            if !target.parent().is_some_and(Path::is_dir) {
                continue;
            }
            let node = &self.nodes[*node];
            if node.folder {
                std::fs::create_dir_all(&target)?;
            } else if !path.to_string_lossy().ends_with("-shm") {
                std::fs::write(&target, left(node, random))?;
            }
        }
        ensure!(to.is_dir(), "nothing is left");
        Ok(())
    }
}

/// The bytes of a file after a cut.
fn left(node: &Node, random: &mut StdRng) -> Vec<u8> {
    let mut bytes = node.durable.clone();
    let how = random.random_range(0..4);
    let end = random.random_range(0..=node.later.len());
    for (n, (_, act)) in node.later.iter().enumerate() {
        let there = match how {
            0 => false,
            1 => true,
            2 => n < end,
            _ => random.random_bool(0.5),
        };
        if there {
            apply(&mut bytes, act, usize::MAX);
        } else if n == end && how == 2 {
            // The one that was being written: whole sectors of it.
            let Act::Write { bytes: new, .. } = act else { continue };
            apply(&mut bytes, act, random.random_range(0..=new.len() / SECTOR) * SECTOR);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn record(act: Act, path: &str, ino: u64) -> Record {
        Record { act, path: PathBuf::from("/r").join(path), ino, time_ns: 0 }
    }

    fn empty() -> Disk {
        let root = Node { folder: true, ..Node::default() };
        Disk {
            nodes: vec![root],
            by_ino: [(1, 0)].into(),
            names: [(PathBuf::from("/r"), 0)].into(),
            later: Vec::new(),
            done: 0,
        }
    }

    fn after(records: &[Record], seed: u64) -> BTreeMap<String, Vec<u8>> {
        let mut disk = empty();
        for record in records {
            disk.step(record);
        }
        let dir = tempfile::tempdir().unwrap();
        disk.cut(Path::new("/r"), dir.path(), &mut StdRng::seed_from_u64(seed)).unwrap();
        let files = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap());
        files.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
    }

    #[test]
    fn only_what_was_synced_is_sure() {
        let write = |bytes: &[u8], at| Act::Write { at, bytes: bytes.to_vec() };
        let mut records = vec![
            record(Act::Create, "a", 2),
            record(write(b"one", 0), "a", 2),
            record(Act::Sync { begun: 2 }, "a", 2),
            record(Act::Rename { to: "/r/b".into() }, "a", 2),
        ];
        let lost = (0..50).any(|seed| after(&records, seed).is_empty());
        let there = (0..50).any(|seed| after(&records, seed).get("b").is_some_and(|b| b == b"one"));
        assert!(lost && there, "a name that no folder made durable may be there or not");
        records.push(record(Act::Sync { begun: 4 }, "", 1));
        records.push(record(write(b"twotwo", 3), "a", 2));
        let all: Vec<_> = (0..50).map(|seed| after(&records, seed)).collect();
        assert!(all.iter().all(|names| names.len() == 1 && names["b"].starts_with(b"one")), "{all:?}");
        assert!(all.iter().any(|names| names["b"] == b"one") && all.iter().any(|names| names["b"] == b"onetwotwo"));
    }

    #[test]
    fn a_sync_covers_what_was_done_before_it_began() {
        let bytes = Act::Write { at: 0, bytes: b"x".to_vec() };
        let records = [
            record(Act::Create, "a", 2),
            record(Act::Sync { begun: 1 }, "", 1),
            record(bytes, "a", 2),
            // It began before the write.
            record(Act::Sync { begun: 2 }, "a", 2),
        ];
        assert!((0..50).any(|seed| after(&records, seed)["a"].is_empty()));
    }
}
