//! Files and folders below the adapter.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;

use crate::key::is_key_byte;
use crate::{BlobError, Meta, Result};

/// What the disk's refusal means.
pub(super) fn refused(error: &std::io::Error, said: String) -> BlobError {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | ReadOnlyFilesystem | QuotaExceeded => BlobError::Unwritable(said),
        _ => BlobError::Unavailable(said),
    }
}

fn unavailable(e: std::io::Error) -> BlobError {
    refused(&e, e.to_string())
}

/// Whether a text has the form of a version, so that it may become part of a path.
pub(super) fn is_version(text: &str) -> bool {
    rank(text).is_some()
        && text.len() == 32
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || (b'a'..=b'f').contains(&b))
}

/// The part of a version that orders it: milliseconds, moved on where two would be equal.
fn rank(version: &str) -> Option<i64> {
    version.split_once('-').and_then(|(rank, _)| rank.parse().ok())
}

/// The rank of the newest version ever kept in a folder and not removed.
pub(super) async fn newest_rank(folder: &Path) -> Result<Option<i64>> {
    Ok(version_names(folder).await?.first().and_then(|v| rank(v)))
}

/// Names in a folder; none if it is not there.
pub(super) async fn names(folder: &Path) -> Result<Vec<String>> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unavailable(e)),
    };
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(unavailable)? {
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Versions in a folder, newest first.
async fn version_names(folder: &Path) -> Result<Vec<String>> {
    let all = names(folder).await?;
    let mut versions: Vec<String> =
        all.iter().filter_map(|n| n.strip_suffix(".json")).filter(|v| is_version(v)).map(str::to_owned).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    Ok(versions)
}

pub(super) async fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    match tokio::fs::read(path).await {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| BlobError::Damaged(path.display().to_string())),
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Err(BlobError::NotFound)
        }
        Err(e) => Err(unavailable(e)),
    }
}

pub(super) async fn read_meta(path: &Path) -> Result<Meta> {
    read_json(path).await
}

/// Writes a small file so that it is there whole or not at all; the folder's fsync is the caller's.
pub(super) async fn write_json<T: Serialize>(temporary: &Path, path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|e| BlobError::Invalid(e.to_string()))?;
    let mut file = tokio::fs::File::create(temporary).await.map_err(unavailable)?;
    file.write_all(&bytes).await.map_err(unavailable)?;
    file.flush().await.map_err(unavailable)?;
    file.sync_all().await.map_err(unavailable)?;
    tokio::fs::rename(temporary, path).await.map_err(unavailable)
}

pub(super) async fn write_meta(temporary: &Path, path: &Path, meta: &Meta) -> Result<()> {
    write_json(temporary, path, meta).await
}

/// Makes names in a folder durable.
pub(super) async fn sync_folder(folder: &Path) -> Result<()> {
    let folder = tokio::fs::File::open(folder).await.map_err(unavailable)?;
    folder.sync_all().await.map_err(unavailable)
}

/// Makes a key's folder; every new folder on the way is durable before it is used.
pub(super) async fn make_folder(root: &Path, folder: &Path) -> Result<()> {
    if tokio::fs::try_exists(folder).await.map_err(unavailable)? {
        return Ok(());
    }
    tokio::fs::create_dir_all(folder).await.map_err(unavailable)?;
    let mut at = folder;
    while let Some(parent) = at.parent().filter(|p| p.starts_with(root)) {
        sync_folder(parent).await?;
        at = parent;
    }
    Ok(())
}

/// All versions of a key, newest first, at most 1,000.
pub(super) async fn versions(folder: &Path) -> Result<Vec<Meta>> {
    let mut out = Vec::new();
    for version in version_names(folder).await?.into_iter().take(1000) {
        match read_meta(&folder.join(format!("{version}.json"))).await {
            Ok(meta) => out.push(meta),
            // Removed since the listing.
            Err(BlobError::NotFound) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(out)
}

/// Keys of present objects below a prefix, in order. Walks the folders the prefix leads to.
pub(super) fn keys(root: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut out = Vec::new();
    if !prefix.bytes().all(is_key_byte) {
        return Ok(out);
    }
    let mut folder = root.to_path_buf();
    let mut base = String::new();
    // Whole segments of the prefix lead straight down.
    if let Some((whole, _)) = prefix.rsplit_once('/') {
        for segment in whole.split('/') {
            if segment.is_empty() || segment == "." || segment == ".." {
                return Ok(out);
            }
            folder.push(format!("{segment}.d"));
        }
        base = format!("{whole}/");
    }
    walk(&folder, &base, prefix, &mut out)?;
    out.sort_unstable();
    Ok(out)
}

fn walk(folder: &Path, base: &str, prefix: &str, out: &mut Vec<String>) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(unavailable(e)),
    };
    for entry in entries {
        let entry = entry.map_err(unavailable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(segment) = name.strip_suffix(".o") {
            let key = format!("{base}{segment}");
            if key.starts_with(prefix) && entry.path().join("current").is_file() {
                out.push(key);
            }
        } else if let Some(segment) = name.strip_suffix(".d") {
            let base = format!("{base}{segment}/");
            if base.starts_with(prefix) || prefix.starts_with(&base) {
                walk(&entry.path(), &base, prefix, out)?;
            }
        }
    }
    Ok(())
}
