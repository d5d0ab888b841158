//! A ZIP whose every byte is known before the first is sent: stored entries, sizes and CRC from the records.
//!
//! Pure: [`Layout`] says which bytes stand where, the caller brings the files' bytes. So Content-Length is exact and any
//! range can be served (APPNOTE 6.3.10; ZIP64 where 32 bits do not do).

use std::collections::HashSet;

use bytes::Bytes;

const MAX32: u64 = 0xffff_ffff;
const MAX16: usize = 0xffff;
/// Names are UTF-8 (APPNOTE 4.4.4, bit 11).
const UTF8: u16 = 0x0800;
/// 1 January 1980: the same files make the same bytes, so that a broken download can go on.
const DOS_DATE: u16 = 0x0021;
/// Longest name of an entry's segment, bytes; file systems stop at 255.
const MAX_NAME: usize = 180;

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name in the archive; made by [`unique_names`].
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of the bytes.
    pub crc32: u32,
}

/// Some consecutive bytes of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These.
    Bytes(Bytes),
    /// Bytes `first..=last` of the file with this index.
    File {
        /// Index in the entries.
        index: usize,
        /// First byte of the file.
        first: u64,
        /// Last byte of the file, inclusive.
        last: u64,
    },
}

#[derive(Clone, Debug)]
enum Segment {
    Bytes(Bytes),
    File { index: usize, size: u64 },
}

/// Which bytes stand where.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Start and content, in order, none empty.
    segments: Vec<(u64, Segment)>,
    total: u64,
}

fn low32(value: u64) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn low16(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes()
}

/// What local and central header share: version needed to name length.
fn common(out: &mut Vec<u8>, entry: &Entry, wide: bool, extra: usize) {
    out.extend(if wide { 45u16 } else { 20 }.to_le_bytes());
    out.extend(UTF8.to_le_bytes());
    out.extend([0; 4]); // stored, midnight
    out.extend(DOS_DATE.to_le_bytes());
    out.extend(entry.crc32.to_le_bytes());
    let size = if entry.size >= MAX32 { MAX32 } else { entry.size };
    out.extend(low32(size));
    out.extend(low32(size));
    out.extend(low16(entry.name.len()));
    out.extend(low16(extra));
}

fn local_header(entry: &Entry) -> Vec<u8> {
    let wide = entry.size >= MAX32;
    let mut out = b"PK\x03\x04".to_vec();
    common(&mut out, entry, wide, if wide { 20 } else { 0 });
    out.extend(entry.name.as_bytes());
    if wide {
        out.extend([1, 0, 16, 0]);
        out.extend(entry.size.to_le_bytes());
        out.extend(entry.size.to_le_bytes());
    }
    out
}

fn central_header(entry: &Entry, offset: u64) -> Vec<u8> {
    let mut extra = Vec::new();
    if entry.size >= MAX32 {
        extra.extend(entry.size.to_le_bytes());
        extra.extend(entry.size.to_le_bytes());
    }
    if offset >= MAX32 {
        extra.extend(offset.to_le_bytes());
    }
    let wide = !extra.is_empty();
    let mut out = b"PK\x01\x02".to_vec();
    out.extend((45u16 | 3 << 8).to_le_bytes()); // made on Unix, so that the mode counts
    common(&mut out, entry, wide, if wide { extra.len() + 4 } else { 0 });
    out.extend([0; 8]); // comment length, disk, internal attributes, and the low half of the external ones
    out.extend(0o100_644u16.to_le_bytes());
    out.extend(low32(offset));
    out.extend(entry.name.as_bytes());
    if wide {
        out.extend([1, 0]);
        out.extend(low16(extra.len()));
        out.extend(extra);
    }
    out
}

fn end(count: usize, start: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if count >= MAX16 || start >= MAX32 || size >= MAX32 {
        let at = start + size;
        out.extend(b"PK\x06\x06");
        out.extend(44u64.to_le_bytes());
        out.extend((45u16 | 3 << 8).to_le_bytes());
        out.extend(45u16.to_le_bytes());
        out.extend([0; 8]);
        for number in [count as u64, count as u64, size, start] {
            out.extend(number.to_le_bytes());
        }
        out.extend(b"PK\x06\x07");
        out.extend([0; 4]);
        out.extend(at.to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend(low16(count));
    out.extend(low16(count));
    out.extend(low32(size));
    out.extend(low32(start));
    out.extend([0; 2]);
    out
}

impl Layout {
    /// Of these files, in this order.
    pub fn new(entries: &[Entry]) -> Self {
        let mut layout = Self { segments: Vec::new(), total: 0 };
        let mut central = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            central.extend(central_header(entry, layout.total));
            layout.push(Segment::Bytes(local_header(entry).into()));
            layout.push(Segment::File { index, size: entry.size });
        }
        let tail = end(entries.len(), layout.total, central.len() as u64);
        central.extend(tail);
        layout.push(Segment::Bytes(central.into()));
        layout
    }

    fn push(&mut self, segment: Segment) {
        let size = match &segment {
            Segment::Bytes(bytes) => bytes.len() as u64,
            Segment::File { size, .. } => *size,
        };
        if size > 0 {
            self.segments.push((self.total, segment));
            self.total += size;
        }
    }

    /// Bytes of the archive.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The pieces that make bytes `first..=last`, in order; the end is cut to the archive.
    pub fn pieces(&self, first: u64, last: u64) -> Vec<Piece> {
        let last = last.min(self.total.saturating_sub(1));
        if first > last {
            return Vec::new();
        }
        let begin = self.segments.partition_point(|(start, _)| *start <= first).saturating_sub(1);
        let mut out = Vec::new();
        for (start, segment) in self.segments.get(begin..).unwrap_or_default() {
            if *start > last {
                break;
            }
            let from = first.saturating_sub(*start);
            let to = last - start;
            out.push(match segment {
                // What is held in memory fits usize.
                Segment::Bytes(bytes) => {
                    Piece::Bytes(bytes.slice(from as usize..=(to.min(bytes.len() as u64 - 1) as usize)))
                }
                Segment::File { index, size } => Piece::File { index: *index, first: from, last: to.min(size - 1) },
            });
        }
        out
    }
}

/// A file name that is one plain segment on every system: no path, no control or direction mark, no device name.
pub fn safe_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .map(|c| if matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let mut clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned();
    if clean.len() > MAX_NAME {
        let (stem, extension) = split(&clean);
        let extension = if extension.len() <= 16 { extension.to_owned() } else { String::new() };
        let mut at = (MAX_NAME - extension.len()).min(stem.len());
        while !stem.is_char_boundary(at) {
            at -= 1;
        }
        clean = format!("{}{extension}", stem[..at].trim_end());
    }
    let device = split(&clean).0.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |word: &str| {
        device.strip_prefix(word).is_some_and(|n| n.len() == 1 && n != "0" && n.bytes().all(|b| b.is_ascii_digit()))
    };
    if clean.is_empty() {
        clean = "file".into();
    } else if matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT") {
        clean.insert(0, '_');
    }
    clean
}

/// Stem and extension with its point.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

/// Safe names within the archive, in the order given: `folder/file` or `file`; the same name, also in another case,
/// gets ` (2)`, ` (3)` before its extension.
pub fn unique_names<'a>(wanted: impl IntoIterator<Item = (Option<&'a str>, &'a str)>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut out = Vec::new();
    for (folder, name) in wanted {
        let folder = folder.map(|f| format!("{}/", safe_name(f))).unwrap_or_default();
        let name = safe_name(name);
        let (stem, extension) = split(&name);
        let mut full = format!("{folder}{name}");
        let mut n = 2;
        while !taken.insert(full.to_lowercase()) {
            full = format!("{folder}{stem} ({n}){extension}");
            n += 1;
        }
        out.push(full);
    }
    out
}

#[cfg(test)]
mod tests;
