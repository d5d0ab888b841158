//! Files that sellers and staff upload, and copies of the shop that somebody else may have made.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use age::Encryptor;
use age::x25519::Identity;
use secrecy::SecretString;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;
use vitrine_server::backup::{Asked, restore};
use vitrine_server::catalog::exchange::{
    PromotionRow, Row, WorkRow, below, cleaned, promotion_alone, readable, row_of, work_alone,
};
use vitrine_server::desk::unpack;
use vitrine_server::media::{captions as vtt, chapters_of};
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::{TenantId, VariantId};
use vitrine_shared::slug::is_slug;

use crate::text;

/// Some moment of 2026, UTC milliseconds.
const NOW_MS: i64 = 1_790_000_000_000;

/// What tells one price from another, and the prices.
type Prices = BTreeMap<(VariantId, String, String, u32, i64), PriceRecord>;

fn written(prices: &mut Prices, changes: Vec<PriceRecord>) {
    for price in changes {
        assert!(price.valid_to_ms.is_none_or(|to| to > price.valid_from_ms), "{price:?}");
        let place = (price.region.clone(), price.currency.clone());
        let key = (price.variant.clone(), place.0, place.1, price.min_quantity, price.valid_from_ms);
        prices.insert(key, price);
    }
}

/// Whether two prices of a row say that they are in force at one place: then the row itself is at odds.
fn meet(row: &WorkRow, now_ms: i64) -> bool {
    let mut places = BTreeSet::new();
    let variants = row.products.iter().flat_map(|product| &product.variants);
    let mut prices = variants.flat_map(|variant| variant.prices.iter().map(|price| (&variant.sku, &variant.id, price)));
    !prices.all(|(sku, id, price)| {
        let place = (sku.trim(), id, &price.region, &price.currency, price.min_quantity);
        price.valid_from_ms.is_some_and(|from| from > now_ms) || places.insert(place)
    })
}

/// A work's row imported over the prices that are there; then nothing changes any more.
fn work(row: &WorkRow, prices: &mut Prices, now_ms: &mut i64) {
    let mut import = || {
        *now_ms += 1_000;
        let had: Vec<PriceRecord> = prices.values().cloned().collect();
        let (work, products, changes) = work_alone(row, &had, *now_ms)?;
        written(prices, changes.clone());
        Ok((work, products, changes))
    };
    match import() {
        Ok((work, products, _)) => {
            assert!(is_slug(&work.slug) && !work.title.trim().is_empty(), "{work:?}");
            let (again, same, changes) = import().unwrap_or_else(|why: String| panic!("{why}"));
            assert_eq!((&again.id, &again.slug, same), (&work.id, &work.slug, products));
            assert!(changes.is_empty() || meet(row, *now_ms), "{changes:?}");
        }
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What is a promotion by the engine's own look is itself when it is exported and imported.
fn promotion(row: &PromotionRow) {
    let made = promotion_alone(row);
    if made.check().is_ok() {
        let exported =
            serde_json::to_string(&Row::Promotion(Box::new(row_of(&TenantId::from_bits(1), made.clone(), 0))));
        let (rows, bad) = readable(&exported.unwrap_or_else(|e| panic!("a row is written: {e}")));
        let [Row::Promotion(again)] = rows.as_slice() else { panic!("{bad} cannot be read") };
        assert_eq!(promotion_alone(again), made);
    }
}

/// Rows of an import, JSON lines or CSV: what can be read is clean once it was cleaned, makes the same records each time, and imported again
/// changes no price.
pub(crate) fn rows(bytes: &[u8]) {
    let text = text(bytes);
    let (fine, bad) = readable(&text);
    assert!(fine.len() + bad <= text.len() + 1);
    let (mut works, mut now_ms) = (BTreeMap::<String, Prices>::new(), NOW_MS);
    for row in fine {
        let row = match cleaned(row) {
            Ok(row) => row,
            Err(why) => {
                assert!(why.starts_with('`'), "{why}");
                continue;
            }
        };
        assert_eq!(cleaned(row.clone()).as_ref(), Ok(&row));
        match &row {
            Row::Work(row) => work(row, works.entry(row.reference.clone()).or_default(), &mut now_ms),
            Row::Promotion(row) => promotion(row),
            _ => {}
        }
    }
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

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|e| panic!("there is no folder: {e}"))
}

/// Names in a folder.
pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

/// Whether nothing below a folder is a link.
pub(crate) fn is_plain(folder: &Path) -> bool {
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

pub(crate) static KEY: LazyLock<Identity> = LazyLock::new(Identity::generate);

/// Encrypted to the shop's key: whoever knows the recipient can do it.
pub(crate) fn encrypted(plain: &[u8]) -> Vec<u8> {
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
pub(crate) fn entries(bytes: &[u8]) -> Vec<u8> {
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
