//! Demonstration content: an import folder of real works and of a generated catalogue.
//!
//! Entry points: [`prepare`] for a folder, [`run`] for the word `seed` (the machine's cache), [`import_folder`] for
//! `serve`, [`generated`] for rows alone.
//!
//! Invariants:
//! - The folder appears only when complete; `catalog.jsonl` names only files that are in it, and every ref after its row.
//! - Works come from Debian packages, downloaded and unpacked, never installed, or are made from them. What cannot be
//!   had here is left out and said; the next call tries again.
//! - The same inputs make the same folder; one that is up to date is answered at once.
//!
//! Not here: the works' words (`content/`), the format (`docs/import-format.md`), the importer (`vitrine import`).

mod cover;
mod fetch;
mod generated;
mod made;
mod source;
mod spoken;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use generated::generated;

use crate::sh::{self, say};

/// Changes when this module writes other rows for the same content.
const RECIPE: &str = "2";
/// File of the rows in an import folder.
pub(crate) const ROWS: &str = "catalog.jsonl";

/// What goes into the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Items of the generated catalogue; 0 leaves its business out.
    pub(crate) generated: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { generated: 5_000 }
    }
}

/// Where fetched and made content lies.
pub(crate) fn content_dir() -> PathBuf {
    sh::cache_dir().join("content")
}

/// The import folder in the machine's cache, once it exists.
pub(crate) fn import_folder() -> Option<PathBuf> {
    let dir = content_dir().join("import");
    dir.join(ROWS).is_file().then_some(dir)
}

/// Prepares the machine's cache; answers the import folder.
pub(crate) fn run() -> Result<PathBuf> {
    prepare(&content_dir(), &Options::default())
}

/// An import folder with nothing but this many generated works.
///
/// # Errors
/// The disk's.
pub(crate) fn prepare_generated(works: usize) -> Result<PathBuf> {
    let folder = content_dir().join(format!("generated-{RECIPE}-{works}"));
    if folder.join(ROWS).is_file() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let mut rows = generated(&folder, works, &content_dir().join("covers"))?;
    let licences =
        template::fill(&sh::root().join("content"), |_| anyhow::bail!("only the generated works are wanted"))?;
    rows.extend(licences.rows.into_iter().filter(|r| template::text(r, "type") == "licence"));
    in_order(&mut rows);
    write(&folder.join(ROWS), &rows)?;
    Ok(folder)
}

/// Prepares `cache/import`, ready for `vitrine import`, and answers it.
///
/// # Errors
/// Faults of the committed descriptors and of the disk; a package or tool that is missing only leaves works out.
pub(crate) fn prepare(cache: &Path, options: &Options) -> Result<PathBuf> {
    let content = sh::root().join("content");
    let folder = cache.join("import");
    let stamp = stamp(&content, options)?;
    if fs::read_to_string(folder.join("stamp")).is_ok_and(|s| s == stamp) {
        say(format!("demonstration content is up to date in {}", folder.display()));
        return Ok(folder);
    }
    let partial = cache.join("import.partial");
    for old in [&partial, &folder] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(&partial)?;
    let mut sources = source::Sources { content: &content, cache, folder: &partial, missing: BTreeMap::new() };
    let filled = template::fill(&content, |placeholder| sources.place(placeholder))?;
    let real = filled.rows.len();
    let mut rows = filled.rows;
    if options.generated > 0 {
        rows.extend(generated(&partial, options.generated, &cache.join("covers"))?);
    }
    in_order(&mut rows);
    write(&partial.join(ROWS), &rows)?;
    for row in &filled.left_out {
        say(format!("left out {row}"));
    }
    // An incomplete folder serves, and the next call tries again.
    if filled.left_out.is_empty() {
        fs::write(partial.join("stamp"), stamp)?;
    }
    fs::rename(&partial, &folder)?;
    say(format!("{real} rows of real works, {} generated, in {}", rows.len() - real, folder.display()));
    Ok(folder)
}

/// What the rows of the format need before them: businesses, storefronts, licences, collections, makers, works.
fn in_order(rows: &mut [Value]) {
    let order = ["tenant", "store", "licence", "collection", "maker", "work"];
    rows.sort_by_key(|r| order.iter().position(|o| *o == template::text(r, "type")).unwrap_or(order.len()));
}

fn write(path: &Path, rows: &[Value]) -> Result<()> {
    let mut out = String::new();
    for row in rows {
        out.push_str(&serde_json::to_string(row)?);
        out.push('\n');
    }
    fs::write(path, out).with_context(|| path.display().to_string())
}

/// Names the inputs: descriptors, options, recipe, and whether ffmpeg is here.
fn stamp(content: &Path, options: &Options) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(format!("{RECIPE} {options:?} {}", sh::which("ffmpeg").is_some()));
    for folder in ["", "rows", "covers", "licences"] {
        let mut files: Vec<PathBuf> = fs::read_dir(content.join(folder))?.flatten().map(|e| e.path()).collect();
        files.sort();
        for file in files.iter().filter(|f| f.is_file()) {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(fs::read(file)?);
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
