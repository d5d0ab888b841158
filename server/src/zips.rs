//! ZIP archives of others, opened only if their directory is small.
//!
//! Invariants: an archive that says it holds more entries than allowed, and one of the 64-bit form, whose count has no bound, is refused
//! before its directory is read; reading it ends after [`DIRECTORY`] bytes whatever it says.
//!
//! Not here: what entries hold, and what they unpack to.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::ZipArchive;
use zip::result::ZipError;

/// Most bytes that are read to find and read the directory.
const DIRECTORY: u64 = 16 << 20;
/// The record that ends an archive, its longest comment, and the locator of the 64-bit form before it.
const TAIL: u64 = 22 + 65_535 + LOCATOR as u64;
const LOCATOR: usize = 20;

/// Why an archive is not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unopened {
    /// More entries than allowed.
    #[error("it has more than {0} entries")]
    TooMany(usize),
    /// Not an archive, or its directory is damaged, too large or of the 64-bit form.
    #[error(transparent)]
    Unreadable(#[from] ZipError),
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

/// Reads so many bytes and then fails.
pub(crate) struct Bounded<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count as u64));
        taken.map(|_| count).map_err(|_| io::Error::other("its directory is too large"))
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Opens an archive of at most `most` entries.
///
/// # Errors
/// See [`Unopened`].
pub(crate) fn open<R: Read + Seek>(mut reader: R, most: usize) -> Result<ZipArchive<Bounded<R>>, Unopened> {
    said(&end_of(&mut reader)?, most)?;
    let left = Arc::new(AtomicU64::new(DIRECTORY));
    let archive = ZipArchive::new(Bounded { inner: reader, left: left.clone() })?;
    // What entries hold is counted by who unpacks them.
    left.store(u64::MAX, Ordering::Relaxed);
    if archive.len() > most { Err(Unopened::TooMany(most)) } else { Ok(archive) }
}

/// The last bytes of a file.
fn end_of(reader: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
    let size = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut end = Vec::new();
    reader.take(TAIL).read_to_end(&mut end)?;
    Ok(end)
}

/// Looks at everything that may be the record at an archive's end: readers differ in which of several they believe.
fn said(end: &[u8], most: usize) -> Result<(), Unopened> {
    for (at, record) in end.windows(22).enumerate().filter(|(_, w)| w.starts_with(b"PK\x05\x06")) {
        let short = |from: usize| u16::from_le_bytes([record[from], record[from + 1]]);
        let is_full = |from: usize, to: usize| record[from..to].iter().all(|b| *b == 0xff);
        let points_on = [(4, 6), (6, 8), (8, 10), (10, 12), (12, 16), (16, 20)].iter().any(|(a, b)| is_full(*a, *b));
        let located = at.checked_sub(LOCATOR).is_some_and(|from| end[from..].starts_with(b"PK\x06\x07"));
        if points_on && located {
            let why = "it is of the 64-bit form, which an archive of this size does not need";
            return Err(Unopened::Unreadable(ZipError::UnsupportedArchive(why)));
        }
        if usize::from(short(8).max(short(10))) > most {
            return Err(Unopened::TooMany(most));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(entries: usize, name: usize) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..entries {
            zip.start_file(format!("{n}{}", "x".repeat(name)), SimpleFileOptions::default()).unwrap();
            zip.write_all(b"abc").unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn an_archive_within_bounds_is_read() {
        let mut archive = open(Cursor::new(zipped(3, 1)), 3).unwrap();
        let mut text = String::new();
        archive.by_index(2).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert!(matches!(open(Cursor::new(zipped(4, 1)), 3), Err(Unopened::TooMany(3))));
        assert!(matches!(open(Cursor::new(b"no archive".to_vec()), 3), Err(Unopened::Unreadable(_))));
        assert!(matches!(open(Cursor::new(Vec::new()), 3), Err(Unopened::Unreadable(_))));
    }

    #[test]
    fn a_directory_without_end_is_not_read() {
        // Few entries by its own word, and yet more than is read of any directory.
        assert!(matches!(open(Cursor::new(zipped(300, 60_000)), 20_000), Err(Unopened::Unreadable(_))));
        assert!(open(Cursor::new(zipped(200, 60_000)), 20_000).is_ok());
    }

    #[test]
    fn what_an_archive_says_of_itself_is_enough_to_refuse_it() {
        let whole = zipped(1, 1);
        let (body, end) = whole.split_at(whole.len() - 22);
        let mut end = end.to_vec();
        end[8..12].copy_from_slice(&[0x10, 0x27, 0x10, 0x27]);
        let many = [body, &end].concat();
        assert!(matches!(open(Cursor::new(many.clone()), 9_999), Err(Unopened::TooMany(9_999))));
        // Behind a comment, where other readers look.
        let mut two = many;
        two.extend(&whole[whole.len() - 22..]);
        assert!(matches!(open(Cursor::new(two), 9_999), Err(Unopened::TooMany(9_999))));
        // The 64-bit form says how many there are in eight bytes.
        end[8..20].fill(0xff);
        let mut record = b"PK\x06\x06".to_vec();
        record.extend(44_u64.to_le_bytes());
        record.extend([0; 12]);
        record.extend([(1_u64 << 40).to_le_bytes(), (1_u64 << 40).to_le_bytes()].concat());
        record.extend([(46_u64 << 40).to_le_bytes(), 0_u64.to_le_bytes()].concat());
        record.extend(b"PK\x06\x07\0\0\0\0");
        record.extend((body.len() as u64).to_le_bytes());
        record.extend(1_u32.to_le_bytes());
        let wide = [body, &record, &end].concat();
        assert!(matches!(open(Cursor::new(wide), usize::MAX), Err(Unopened::Unreadable(_))));
    }
}
