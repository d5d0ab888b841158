//! Files that sellers and staff upload, and copies of the shop that somebody else may have made.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use age::Encryptor;
use age::x25519::Identity;
use secrecy::SecretString;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;
use vitrine_server::backup::{Asked, restore};
use vitrine_server::catalog::exchange::{below, readable};
use vitrine_server::desk::unpack;
use vitrine_server::media::{captions as vtt, chapters_of};

use crate::text;

/// Rows of an import, JSON lines or CSV.
pub(crate) fn rows(bytes: &[u8]) {
    let text = text(bytes);
    let (fine, bad) = readable(&text);
    assert!(fine + bad <= text.len() + 1);
}

/// WebVTT.
pub(crate) fn captions(bytes: &[u8]) {
    let text = text(bytes);
    let cues = vtt::cues(&text);
    for cue in cues.iter().flatten() {
        let (_, words) = cue.words();
        assert!(!words.contains('\n'));
    }
    if let Some(cut) = vtt::cut(&text, 1_000, 60_000) {
        assert!(vtt::cues(&cut).is_some());
    }
    let _ = vtt::language_of(&text);
}

/// EPUB: any bytes are a book or a reason why not.
pub(crate) fn book(bytes: &[u8]) {
    if let Ok(chapters) = chapters_of(bytes) {
        assert!(chapters > 0);
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|e| panic!("there is no folder: {e}"))
}

/// Names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

/// Whether nothing below a folder is a link.
fn is_plain(folder: &Path) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().all(|entry| {
        let kind = entry.file_type();
        kind.is_ok_and(|kind| kind.is_file() || kind.is_dir() && is_plain(&entry.path()))
    })
}

/// ZIP archives of an import: all that is unpacked lies in the folder given, and so do the rows.
pub(crate) fn archive(bytes: &[u8]) {
    let dir = folder();
    let (zip, to) = (dir.path().join("a.zip"), dir.path().join("to"));
    let made = std::fs::write(&zip, bytes).and_then(|()| std::fs::create_dir(&to));
    assert!(made.is_ok(), "{made:?}");
    if let Ok((_, root)) = unpack(&zip, &to) {
        assert!(root.starts_with(&to) && root.is_dir());
    }
    assert_eq!(names(dir.path()), ["a.zip".to_owned(), "to".to_owned()].into());
    assert!(is_plain(&to));
}

/// Names of files in rows of an import: what is found lies in its folder.
pub(crate) fn paths(bytes: &[u8]) {
    thread_local! {
        static PLACE: TempDir = {
            let dir = folder();
            let made = std::fs::create_dir_all(dir.path().join("in/files")).and_then(|()| {
                std::fs::write(dir.path().join("in/files/a.txt"), "inside")?;
                std::fs::write(dir.path().join("secret.txt"), "outside")?;
                #[cfg(unix)]
                std::os::unix::fs::symlink(dir.path(), dir.path().join("in/out"))?;
                Ok(())
            });
            assert!(made.is_ok(), "{made:?}");
            dir
        };
    }
    PLACE.with(|dir| {
        let root = dir.path().join("in");
        let Ok(inside) = root.canonicalize() else { panic!("the folder is there") };
        if let Ok(found) = below(&root, &text(bytes)) {
            assert!(found.starts_with(&inside) && found.exists(), "{found:?}");
        }
        assert!(below(&root, "files/a.txt").is_ok() && below(&root, "out/secret.txt").is_err());
    });
}

static KEY: LazyLock<Identity> = LazyLock::new(Identity::generate);

/// Encrypted to the shop's key: whoever knows the recipient can do it.
fn encrypted(plain: &[u8]) -> Vec<u8> {
    let to = KEY.to_public();
    let sealed = || -> std::io::Result<Vec<u8>> {
        let encryptor = Encryptor::with_recipients(std::iter::once(&to as &dyn age::Recipient));
        let mut stream = encryptor.map_err(std::io::Error::other)?.wrap_output(Vec::new())?;
        stream.write_all(plain)?;
        stream.finish()
    };
    sealed().unwrap_or_else(|e| panic!("a copy is encrypted: {e}"))
}

/// A tar of entries: between them a line of two dashes, in each its kind and name on the first line. A right end follows.
fn entries(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    let mut add = |name: &[u8], kind: EntryType, link: &[u8], bytes: &[u8]| {
        let mut header = Header::new_gnu();
        // As bytes: the library's own way to set a name refuses most of these.
        let room = name.len().min(100);
        header.as_mut_bytes()[..room].copy_from_slice(&name[..room]);
        let room = link.len().min(100);
        header.as_mut_bytes()[157..157 + room].copy_from_slice(&link[..room]);
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        let added = tar.append(&header, bytes);
        assert!(added.is_ok(), "{added:?}");
    };
    let (mut count, mut size) = (0, 0);
    let text = text(bytes);
    for entry in text.split("\n--\n") {
        let (head, content) = entry.split_once('\n').unwrap_or((entry, ""));
        let (kind, name) = head.split_at(head.chars().next().map_or(0, char::len_utf8));
        let kind = match kind {
            "d" => EntryType::Directory,
            "l" => EntryType::Symlink,
            "h" => EntryType::Link,
            "n" => EntryType::GNULongName,
            "x" => EntryType::XHeader,
            _ => EntryType::Regular,
        };
        // An empty table is one: there is nothing to refuse.
        let content = if name == "table.sqlite" { format!("{content}.") } else { content.to_owned() };
        add(name.as_bytes(), kind, content.as_bytes(), content.as_bytes());
        if kind != EntryType::GNULongName {
            (count, size) = (count + 1, size + content.len());
        }
    }
    let end = serde_json::json!({ "entries": count, "bytes": size }).to_string();
    add(b"end.json", EntryType::Regular, b"", end.as_bytes());
    tar.into_inner().unwrap_or_else(|e| panic!("a tar is made: {e}"))
}

/// Whole copies of the shop: rubbish is refused, and then the folder it would have gone to is empty and all else as it was. After `!` the
/// input is the file, after `?` what is encrypted, else what [`entries`] makes of it.
pub(crate) fn backup(bytes: &[u8]) {
    let dir = folder();
    let file = dir.path().join("copy.age");
    let whole = match bytes {
        [b'!', rest @ ..] => rest.to_vec(),
        [b'?', rest @ ..] => encrypted(rest),
        _ => encrypted(&entries(bytes)),
    };
    let made = std::fs::write(&file, whole);
    assert!(made.is_ok(), "{made:?}");
    let asked = Asked {
        file,
        keys: vec![KEY.clone()],
        log: None,
        at_ms: None,
        data_dir: dir.path().join("data"),
        master_key: SecretString::from(""),
    };
    let restored = restore(&asked);
    assert!(restored.is_err(), "{restored:?}");
    assert_eq!(names(&asked.data_dir), BTreeSet::new(), "{:?}", restored.err());
    assert_eq!(names(dir.path()), ["copy.age".to_owned(), "data".to_owned()].into());
}
