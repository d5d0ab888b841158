//! How the log lies in its folder: one sub-folder a chain, `<store>.<number>`, that begins with a whole copy and goes on in pieces.
//!
//! `base.age` is the copy, `<from>-<to>.age` a piece with the changes after `from` up to `to`, `known.txt` what of the blob store is in
//! one of them (as hashes), `reaches` the moment up to which nothing is missing, UTC milliseconds.
//!
//! Invariants: a piece names the SHA-256 of the file before it; numbers have no holes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Result, io};

/// The copy a chain begins with.
pub(super) const BASE: &str = "base.age";
/// See the module.
pub(super) const KNOWN: &str = "known.txt";
/// See the module.
pub(super) const REACHES: &str = "reaches";
/// Name of a piece's first entry.
pub(super) const HEADER: &str = "piece.json";
/// Name of a piece's changes, one JSON object a line.
pub(super) const CHANGES: &str = "changes.jsonl";

/// What a piece says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) store: String,
    pub(super) from: i64,
    pub(super) to: i64,
    /// Everything committed before this moment is in this piece or before it, UTC milliseconds.
    pub(super) cut_ms: i64,
    /// SHA-256 of the file before it, hexadecimal.
    pub(super) previous: String,
}

/// One chain.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) folder: PathBuf,
    /// The last change in its copy.
    pub(super) begin: i64,
}

/// One piece.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    pub(super) from: i64,
    pub(super) to: i64,
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let what = || format!("reading {}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io(what())(e)),
    };
    let names: std::io::Result<Vec<_>> =
        entries.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned())).collect();
    names.map_err(io(what()))
}

/// The name of a chain's folder.
pub(super) fn folder_name(store: &str, begin: i64) -> String {
    format!("{store}.{begin:012}")
}

/// The name of a piece.
pub(super) fn piece_name(from: i64, to: i64) -> String {
    format!("{from:012}-{to:012}.age")
}

impl Chain {
    /// The chains of a store, in the order they began.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn all(log: &Path, store: &str) -> Result<Vec<Self>> {
        let mut chains: Vec<Self> = names(log)?
            .iter()
            .filter_map(|name| {
                let begin = name.strip_prefix(store)?.strip_prefix('.')?.parse().ok()?;
                Some(Self { folder: log.join(name), begin })
            })
            .collect();
        chains.sort_by_key(|c| c.begin);
        Ok(chains)
    }

    /// Its pieces, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn pieces(&self) -> Result<Vec<Piece>> {
        let mut pieces: Vec<Piece> = names(&self.folder)?
            .iter()
            .filter_map(|name| {
                let (from, to) = name.strip_suffix(".age")?.split_once('-')?;
                Some(Piece { path: self.folder.join(name), from: from.parse().ok()?, to: to.parse().ok()? })
            })
            .collect();
        pieces.sort_by_key(|p| p.from);
        Ok(pieces)
    }

    /// The moment up to which nothing is missing, if it was noted.
    pub(super) fn reaches(&self) -> Option<i64> {
        std::fs::read_to_string(self.folder.join(REACHES)).ok()?.trim().parse().ok()
    }
}
