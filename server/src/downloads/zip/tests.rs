use std::io::{Read, Seek, SeekFrom, Write};

use proptest::prelude::*;

use super::*;

fn archive(files: &[(String, Vec<u8>)]) -> (Layout, Vec<Entry>) {
    let names = unique_names(files.iter().map(|(n, _)| (None, n.as_str())));
    let entries: Vec<Entry> = names
        .into_iter()
        .zip(files)
        .map(|(name, (_, data))| Entry { name, size: data.len() as u64, crc32: crc32fast::hash(data) })
        .collect();
    (Layout::new(&entries), entries)
}

fn bytes(layout: &Layout, files: &[(String, Vec<u8>)], first: u64, last: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in layout.pieces(first, last) {
        match piece {
            Piece::Bytes(b) => out.extend_from_slice(&b),
            Piece::File { index, first, last } => {
                out.extend_from_slice(&files[index].1[first as usize..=last as usize])
            }
        }
    }
    out
}

fn some_files() -> Vec<(String, Vec<u8>)> {
    vec![
        ("01 Über.ogg".into(), vec![7; 3000]),
        ("01 über.ogg".into(), b"two".to_vec()),
        ("../../etc/passwd".into(), b"x".to_vec()),
        ("空.txt".into(), Vec::new()),
        ("con".into(), b"device".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_range_is_the_slice_of_the_whole(
        files in prop::collection::vec(("[a-zA-ZäÄ./\\\\ ]{0,12}", prop::collection::vec(any::<u8>(), 0..200)), 0..8),
        a: prop::sample::Index,
        b: prop::sample::Index,
    ) {
        let (layout, entries) = archive(&files);
        let whole = bytes(&layout, &files, 0, u64::MAX);
        prop_assert_eq!(whole.len() as u64, layout.total());
        let (a, b) = (a.index(whole.len()), b.index(whole.len()));
        let (first, last) = (a.min(b), a.max(b));
        prop_assert_eq!(&bytes(&layout, &files, first as u64, last as u64)[..], &whole[first..=last]);
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
        prop_assert_eq!(zip.len(), files.len());
        for (i, (_, data)) in files.iter().enumerate() {
            let mut entry = zip.by_index(i).unwrap();
            prop_assert!(entry.enclosed_name().is_some());
            prop_assert_eq!(entry.name().unwrap().into_owned(), entries[i].name.clone());
            let mut got = Vec::new();
            entry.read_to_end(&mut got).unwrap();
            prop_assert_eq!(&got, data);
        }
    }

    #[test]
    fn names_are_plain_and_differ(names in prop::collection::vec(any::<String>(), 0..12)) {
        let safe = unique_names(names.iter().map(|n| (Some(n.as_str()), n.as_str())));
        let lower: HashSet<String> = safe.iter().map(|n| n.to_lowercase()).collect();
        prop_assert_eq!(lower.len(), names.len());
        for name in &safe {
            for segment in name.split('/') {
                prop_assert!(!segment.is_empty() && segment != "." && segment != ".." && !segment.contains('\\'));
                prop_assert!(segment.len() < 255);
            }
            prop_assert_eq!(name.matches('/').count(), 1);
        }
    }
}

#[test]
fn names_cannot_leave_or_collide() {
    let (_, entries) = archive(&some_files());
    let names: Vec<_> = entries.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["01 Über.ogg", "01 über (2).ogg", "_.._etc_passwd", "空.txt", "_con"]);
    assert_eq!(safe_name("a\u{202e}gpj.exe"), "agpj.exe");
    let long = safe_name(&format!("{}.flac", "ä".repeat(300)));
    assert!(long.len() <= MAX_NAME && long.ends_with("ä.flac"));
}

/// Reads the file back with a program that is not ours, where there is one.
#[test]
fn other_programs_read_it() {
    let files = some_files();
    let (layout, _) = archive(&files);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes(&layout, &files, 0, u64::MAX)).unwrap();
    let path = file.path().to_str().unwrap();
    let script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); sys.exit(0 if z.testzip() is None and len(z.namelist())==5 else 1)";
    for (program, args) in [("python3", vec!["-c", script, path]), ("unzip", vec!["-t", path])] {
        match std::process::Command::new(program).args(&args).output() {
            Ok(out) => assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stdout)),
            Err(e) => assert_eq!(e.kind(), std::io::ErrorKind::NotFound, "{program}"),
        }
    }
}

/// An archive whose files are all zeros and take no memory.
struct Sparse {
    layout: Layout,
    at: u64,
}

impl Read for Sparse {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.layout.pieces(self.at, self.at + buf.len() as u64 - 1).into_iter().next() {
            None => Ok(0),
            Some(Piece::Bytes(b)) => {
                buf[..b.len()].copy_from_slice(&b);
                self.at += b.len() as u64;
                Ok(b.len())
            }
            Some(Piece::File { first, last, .. }) => {
                let n = (last - first + 1) as usize;
                buf[..n].fill(0);
                self.at += n as u64;
                Ok(n)
            }
        }
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(n) => n,
            SeekFrom::End(n) => self.layout.total().saturating_add_signed(n),
            SeekFrom::Current(n) => self.at.saturating_add_signed(n),
        };
        Ok(self.at)
    }
}

#[test]
fn beyond_four_gigabytes_it_is_zip64() {
    let gib = 1u64 << 30;
    let entries: Vec<Entry> = [("film.mp4", 5 * gib), ("small.txt", 3), ("second.mp4", MAX32)]
        .map(|(n, size)| Entry { name: n.into(), size, crc32: 0 })
        .into();
    let layout = Layout::new(&entries);
    let mut zip = zip::ZipArchive::new(Sparse { layout, at: 0 }).unwrap();
    for (i, entry) in entries.iter().enumerate() {
        let read = zip.by_index_raw(i).unwrap();
        assert_eq!((read.name().unwrap().into_owned(), read.size()), (entry.name.clone(), entry.size));
    }
}

#[test]
fn more_than_65535_files_are_zip64() {
    let entries: Vec<Entry> = (0..70_000).map(|i| Entry { name: format!("{i}.txt"), size: 0, crc32: 0 }).collect();
    let zip = zip::ZipArchive::new(Sparse { layout: Layout::new(&entries), at: 0 }).unwrap();
    assert_eq!(zip.len(), 70_000);
}
