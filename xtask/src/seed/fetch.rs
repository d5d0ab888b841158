//! Debian packages: downloaded once and unpacked beside each other, never installed.
//!
//! Invariants: an unpacked tree appears only when complete and keeps its `copyright` file; a package without one is not
//! used. Only packages whose licence allows redistribution for money are named by the rows (`content/README.md`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::sh::{self, say};

/// The unpacked tree of a package below `dir`, fetched if it is not there.
pub(super) fn tree(package: &str, dir: &Path) -> Result<PathBuf> {
    let path = dir.join("trees").join(package);
    if !path.is_dir() {
        for tool in ["apt-get", "dpkg-deb"] {
            if sh::which(tool).is_none() {
                bail!("{package} is a Debian package and `{tool}` is not here");
            }
        }
        let archive = download(package, &dir.join("archives"))?;
        extract(&archive, &path)?;
    }
    if !path.join("usr/share/doc").join(package).join("copyright").exists() {
        bail!("{package} has no copyright file");
    }
    Ok(path)
}

/// Downloads a package's archive and says where it lies.
fn download(package: &str, dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir)?;
    let prefix = format!("{package}_");
    let find = || -> Result<Option<PathBuf>> {
        let files = fs::read_dir(dir)?.flatten().map(|e| e.path());
        Ok(files.into_iter().find(|f| {
            let name = f.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with(&prefix) && name.ends_with(".deb")
        }))
    };
    if let Some(file) = find()? {
        return Ok(file);
    }
    say(format!("fetching {package}"));
    sh::output(sh::plain("apt-get").args(["download", package]).current_dir(dir))?;
    find()?.with_context(|| format!("apt-get downloaded no archive of {package}"))
}

/// Unpacks an archive; the folder appears only when complete.
fn extract(archive: &Path, to: &Path) -> Result<()> {
    let partial = to.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)?;
    sh::output(sh::plain("dpkg-deb").arg("-x").arg(archive).arg(&partial))?;
    fs::rename(&partial, to)?;
    Ok(())
}
