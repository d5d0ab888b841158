//! Archives that staff upload: a ZIP of a folder as the export writes one.
//!
//! Invariants: nothing is written outside of the folder given; an archive that claims or unpacks to more than the limits
//! is refused as a whole.

use std::fs::File;
use std::io::{Read, copy};
use std::path::{Path, PathBuf};

use crate::zips::{self, Unopened};

/// Entries of one archive.
const MAX_ENTRIES: usize = 20_000;
/// Bytes of all of it, unpacked.
const MAX_BYTES: u64 = 8 << 30;
/// Bytes of its rows.
const MAX_ROWS: u64 = 64 << 20;

const NO_ZIP: &str = "it is not a ZIP archive that can be read";
const TOO_MANY: &str = "it has more than 20,000 entries";
const TOO_LARGE: &str = "it unpacks to more than 8 GB";
const BAD_NAME: &str = "a name in it leads out of its folder, or is a link";
const NO_ROWS: &str = "it holds no catalog.jsonl or catalog.csv";
const BAD_ROWS: &str = "its rows are not text in UTF-8, or larger than 64 MB";
const NO_ROOM: &str = "it could not be unpacked: the disk is full or an entry is damaged";

/// Unpacks an archive below `to`, a folder that is there; answers its rows and the folder they are in.
///
/// # Errors
/// In words for staff; what was unpacked until then stays.
pub fn unpack(archive: &Path, to: &Path) -> Result<(String, PathBuf), &'static str> {
    unpack_within(archive, to, MAX_ENTRIES, MAX_BYTES)
}

fn unpack_within(
    archive: &Path,
    to: &Path,
    max_entries: usize,
    max_bytes: u64,
) -> Result<(String, PathBuf), &'static str> {
    let file = File::open(archive).map_err(|_| NO_ZIP)?;
    let mut zip = zips::open(file, max_entries).map_err(|why| match why {
        Unopened::TooMany(_) => TOO_MANY,
        Unopened::Unreadable(_) => NO_ZIP,
    })?;
    let mut left = max_bytes;
    let mut rows: Option<PathBuf> = None;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|_| NO_ZIP)?;
        let name = entry.enclosed_name().filter(|_| !entry.is_symlink()).ok_or(BAD_NAME)?;
        let path = to.join(&name);
        if entry.is_dir() {
            std::fs::create_dir_all(&path).map_err(|_| NO_ROOM)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|_| NO_ROOM)?;
        }
        let mut out = File::create(&path).map_err(|_| NO_ROOM)?;
        // What it says of its size is not believed: one byte more than what is left shows that it is too large.
        let written = copy(&mut entry.by_ref().take(left + 1), &mut out).map_err(|_| NO_ROOM)?;
        left = left.checked_sub(written).ok_or(TOO_LARGE)?;
        let is_rows = matches!(name.file_name().and_then(|n| n.to_str()), Some("catalog.jsonl" | "catalog.csv"));
        // The one nearest the top: works may bring a file of that name.
        let nearer = |known: &PathBuf| path.components().count() < known.components().count();
        if is_rows && rows.as_ref().is_none_or(nearer) {
            rows = Some(path);
        }
    }
    let rows = rows.ok_or(NO_ROWS)?;
    if std::fs::metadata(&rows).map_or(true, |m| m.len() > MAX_ROWS) {
        return Err(BAD_ROWS);
    }
    let text = std::fs::read_to_string(&rows).map_err(|_| BAD_ROWS)?;
    let root = rows.parent().unwrap_or(to).to_path_buf();
    Ok((text, root))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(dir: &Path, entries: &[(&str, &[u8])]) -> PathBuf {
        let path = dir.join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn rows_and_files_come_out_wherever_the_folder_begins() {
        for prefix in ["", "shop/"] {
            let dir = tempfile::tempdir().unwrap();
            let rows = format!("{prefix}catalog.jsonl");
            let file = format!("{prefix}files/a.txt");
            let deep = format!("{prefix}files/catalog.csv");
            let zip = zipped(dir.path(), &[(&deep, b"x"), (&rows, b"{}"), (&file, b"abc")]);
            let to = dir.path().join("to");
            std::fs::create_dir(&to).unwrap();
            let (text, root) = unpack(&zip, &to).unwrap();
            assert_eq!(text, "{}");
            assert_eq!(std::fs::read(root.join("files/a.txt")).unwrap(), b"abc");
        }
    }

    #[test]
    fn what_is_hostile_or_too_large_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("to");
        std::fs::create_dir(&to).unwrap();
        let small = |entries: &[(&str, &[u8])]| unpack_within(&zipped(dir.path(), entries), &to, 3, 1_000);
        assert_eq!(small(&[("../out.txt", b"x")]), Err(BAD_NAME));
        assert!(!dir.path().join("out.txt").exists());
        assert_eq!(small(&[("bomb", &[0; 1_001])]), Err(TOO_LARGE), "a thousand zeros pack to a few bytes");
        assert_eq!(small(&[("a", &[0; 600]), ("b", &[0; 600])]), Err(TOO_LARGE), "all of it counts");
        assert_eq!(small(&[("a", b""), ("b", b""), ("c", b""), ("d", b"")]), Err(TOO_MANY));
        assert_eq!(small(&[("a", b"x")]), Err(NO_ROWS));
        assert_eq!(small(&[("catalog.jsonl", &[0xff, 0xfe])]), Err(BAD_ROWS));
        std::fs::write(dir.path().join("n.zip"), b"no archive").unwrap();
        assert_eq!(unpack(&dir.path().join("n.zip"), &to), Err(NO_ZIP));
    }
}
