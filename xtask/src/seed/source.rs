//! Where the files of real works come from, and how they get into the import folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::template::Placeholder;
use super::{cover, fetch, made};

/// Width of covers, pixels.
const COVER_WIDTH: u32 = 1400;

/// Finds files in the cache, fetching or making them, and puts them into an import folder.
pub(super) struct Sources<'a> {
    /// The committed descriptors.
    pub(super) content: &'a Path,
    /// Packages, drawings, made files.
    pub(super) cache: &'a Path,
    /// The import folder.
    pub(super) folder: &'a Path,
    /// Packages that could not be had, so that each is asked for once.
    pub(super) missing: BTreeMap<String, String>,
}

impl Sources<'_> {
    /// Puts a placeholder's file into the import folder; answers its path there.
    pub(super) fn place(&mut self, placeholder: Placeholder<'_>) -> Result<String> {
        let (from, to) = match placeholder {
            Placeholder::Package(package, path) => {
                (self.package(package, path)?, format!("files/{package}/{}", name(path)))
            }
            Placeholder::Cover(cover) => (self.cover(cover)?, format!("covers/{cover}.jpg")),
            Placeholder::Made(file) => (made::make(file, self)?, format!("made/{file}")),
        };
        link(&from, &self.folder.join(&to))?;
        Ok(to)
    }

    /// A file of a package.
    pub(super) fn package(&mut self, package: &str, path: &str) -> Result<PathBuf> {
        if let Some(why) = self.missing.get(package) {
            bail!("{why}");
        }
        let tree = fetch::tree(package, self.cache).inspect_err(|fault| {
            self.missing.insert(package.to_owned(), format!("{fault:#}"));
        })?;
        let file = tree.join(path);
        if !file.is_file() {
            bail!("{package} holds no {path}");
        }
        Ok(file)
    }

    /// The text of a drawing.
    pub(super) fn drawing(&self, name: &str) -> Result<String> {
        let path = self.content.join("covers").join(format!("{name}.svg"));
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    fn cover(&self, name: &str) -> Result<PathBuf> {
        cover::jpeg(&self.drawing(name)?, COVER_WIDTH, &self.cache.join("covers"))
    }
}

/// The last segment of a path in a package.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Links a file, or copies it where the folders are on different devices.
pub(super) fn link(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("copying {}", from.display()))?;
    }
    Ok(())
}
