use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use tar::EntryType;
use vitrine_blob::dir::{DirBlob, SignKeys};
use vitrine_blob::{Blob, PutOptions};
use vitrine_clock::{Clock, FixedClock};
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Consistency, Item, Key, Put, Table};

use super::archive::forged::{Forged, write, write_claiming};
use super::whole::{MANIFEST, Manifest};
use super::*;
use crate::config::Config;
use crate::state::{DEMO_MARK, MASTER_KEY, TABLE};

/// Some moment of 2026.
const NOW: i64 = 1_790_000_000_000;
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A shop whose server is running: its table is open all the time.
struct Shop {
    dir: tempfile::TempDir,
    clock: Arc<FixedClock>,
    table: SqliteTable,
    blob: DirBlob,
    recipient: String,
}

fn blob(dir: &Path) -> DirBlob {
    let keys = SignKeys::new("k", SecretString::from("0123456789abcdef0123456789abcdef"));
    DirBlob::open(dir.join("blobs"), keys, "http://files.test").unwrap()
}

impl Shop {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(NOW);
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join(DEMO_MARK), "demo").unwrap();
        std::fs::write(data.join(MASTER_KEY), MASTER).unwrap();
        let table = SqliteTable::open(data.join(TABLE), clock.clone()).unwrap();
        let recipient = make_key(&dir.path().join("key")).unwrap();
        Self { blob: blob(&data), dir, clock, table, recipient }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn source(&self) -> Source {
        let config = Config { data_dir: self.path("data"), ..Config::default() };
        Source::new(&config, std::slice::from_ref(&self.recipient)).unwrap().with_clock(self.clock.clone())
    }

    fn shipper(&self) -> Shipper {
        Shipper::new(self.source(), self.path("log"))
    }

    /// Sells one more: a file, then what refers to it.
    async fn sell(&self, number: u32) {
        self.clock.advance_ms(1_000);
        let bytes = format!("the file of sale {number}");
        self.blob.put_bytes(&format!("files/{number}"), bytes.into(), PutOptions::new("text/plain")).await.unwrap();
        let item = serde_json::json!({"pk": format!("ORDER#{number}"), "sk": "META#", "sold": "Readable Words"});
        let serde_json::Value::Object(item) = item else { panic!("an object") };
        self.table.put(Put { item, condition: None }).await.unwrap();
        let last = serde_json::json!({"pk": "SERIES#", "sk": "2026", "last": number});
        let serde_json::Value::Object(last) = last else { panic!("an object") };
        self.table.put(Put { item: last, condition: None }).await.unwrap();
    }

    fn asked(&self, to: &str) -> Asked {
        Asked {
            file: self.path("copy.age"),
            keys: read_keys(&self.path("key")).unwrap(),
            log: None,
            at_ms: None,
            data_dir: self.path(to),
            master_key: SecretString::from(""),
        }
    }
}

/// The sales of a restored shop, each with its file, and the number its series stands at.
async fn sales(dir: &Path) -> (Vec<u32>, i64) {
    let table = SqliteTable::open(dir.join(TABLE), FixedClock::at(NOW)).unwrap();
    let files = blob(dir);
    let get = async |pk: String, sk: &str| -> Option<Item> {
        table.get(&Key::new(pk, sk), Consistency::Strong).await.unwrap()
    };
    let mut found = Vec::new();
    for number in 1..20 {
        if get(format!("ORDER#{number}"), "META#").await.is_some() {
            let bytes = files.get_bytes(&format!("files/{number}")).await.unwrap();
            assert_eq!(bytes, format!("the file of sale {number}"));
            found.push(number);
        }
    }
    let last = get("SERIES#".into(), "2026").await.and_then(|i| i["last"].as_i64()).unwrap_or_default();
    (found, last)
}

fn is_untouched(dir: &Path) -> bool {
    std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}

#[tokio::test]
async fn a_copy_of_a_running_shop_is_the_shop_on_an_empty_machine() {
    let shop = Shop::open();
    for number in 1..=3 {
        shop.sell(number).await;
    }
    let copied = copy(&shop.source(), &shop.path("copy.age")).unwrap();
    assert_eq!((copied.number, copied.objects, copied.damaged.len()), (6, 3, 0));
    shop.sell(4).await;

    let bytes = std::fs::read(shop.path("copy.age")).unwrap();
    for plain in ["Readable Words", "the file of sale", &MASTER[..20], "SQLite format"] {
        assert!(!bytes.windows(plain.len()).any(|w| w == plain.as_bytes()), "{plain} lies plain in the copy");
    }
    let restored = restore(&shop.asked("new/data")).unwrap();
    assert_eq!((restored.changes, restored.last_change_ms), (0, None));
    assert_eq!(sales(&shop.path("new/data")).await, (vec![1, 2, 3], 3));
    assert_eq!(std::fs::read_to_string(shop.path("new/data").join(MASTER_KEY)).unwrap(), MASTER);
    assert!(shop.path("new/data").join(DEMO_MARK).is_file());
    assert!(!shop.path("new/data").join(RESTORING).exists());
    // Nothing plain stays behind either.
    assert!(is_untouched(&shop.path("data/.backup")));
}

#[tokio::test]
async fn a_file_is_not_written_over_and_a_shop_neither() {
    let shop = Shop::open();
    shop.sell(1).await;
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    assert!(matches!(copy(&shop.source(), &shop.path("copy.age")), Err(BackupError::Exists(_))));
    assert!(matches!(restore(&shop.asked("data")), Err(BackupError::NotEmpty(_))));
    assert!(matches!(make_key(&shop.path("key")), Err(BackupError::Exists(_))));
    let config = Config { data_dir: shop.path("data"), ..Config::default() };
    assert!(matches!(Source::new(&config, &[]), Err(BackupError::NoRecipient)));
}

#[tokio::test]
async fn what_is_damaged_cut_off_or_of_another_key_is_named_and_leaves_nothing() {
    let shop = Shop::open();
    for number in 1..=3 {
        shop.sell(number).await;
    }
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    let whole = std::fs::read(shop.path("copy.age")).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(shop.path("copy.age"), bytes).unwrap();
        let fault = restore(&shop.asked("new")).unwrap_err();
        assert!(is_untouched(&shop.path("new")), "{fault}");
        fault
    };
    for share in 1..12 {
        let length = whole.len() * share / 12;
        let fault = refused(&whole[..length]);
        assert!(matches!(fault, BackupError::Damaged { .. }), "cut after {length}: {fault}");
    }
    // The last byte too belongs to the encryption's end.
    assert!(matches!(refused(&whole[..whole.len() - 1]), BackupError::Damaged { .. }));
    for share in 1..12 {
        let mut bytes = whole.clone();
        bytes[whole.len() * share / 12] ^= 1;
        let fault = refused(&bytes);
        assert!(matches!(fault, BackupError::Damaged { .. }), "byte {share}/12 changed: {fault}");
    }
    assert!(matches!(refused(b"a file of somebody else"), BackupError::Foreign(_)));
    let stranger = shop.path("stranger");
    make_key(&stranger).unwrap();
    std::fs::write(shop.path("copy.age"), &whole).unwrap();
    let asked = Asked { keys: read_keys(&stranger).unwrap(), ..shop.asked("new") };
    assert!(matches!(restore(&asked), Err(BackupError::WrongKey(_))));
    let asked = Asked { master_key: SecretString::from("/".repeat(43) + "="), ..shop.asked("new") };
    assert!(matches!(restore(&asked), Err(BackupError::OtherMasterKey)));
    assert!(is_untouched(&shop.path("new")));
    restore(&shop.asked("new")).unwrap();
}

#[tokio::test]
async fn a_damaged_object_is_named_by_the_copy() {
    let shop = Shop::open();
    shop.sell(1).await;
    shop.sell(2).await;
    let folder = shop.path("data/blobs/objects/files.d/2.o");
    let file =
        std::fs::read_dir(&folder).unwrap().flatten().find(|e| e.file_name().to_string_lossy().ends_with(".bin"));
    std::fs::write(file.unwrap().path(), "not what was put").unwrap();
    let copied = copy(&shop.source(), &shop.path("copy.age")).unwrap();
    assert_eq!(copied.damaged.len(), 1);
    assert!(copied.damaged[0].starts_with("objects/files.d/2.o/"));
}

#[tokio::test]
async fn the_log_leads_to_its_end_or_to_a_moment() {
    let shop = Shop::open();
    shop.sell(1).await;
    let mut shipper = shop.shipper();
    assert!(shipper.once().unwrap().began);
    shop.sell(2).await;
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    shop.sell(3).await;
    let logged = shipper.once().unwrap();
    assert_eq!((logged.began, logged.changes, logged.objects), (false, 4, 2));
    assert_eq!(shipper.once().unwrap().changes, 0);
    shop.sell(4).await;
    let after_four = shop.clock.now_ms();
    // A server that starts again goes on where the folder stands.
    let mut shipper = shop.shipper();
    assert_eq!(shipper.once().unwrap().changes, 2);
    shop.sell(5).await;
    shop.clock.advance_ms(60_000);
    let logged = shipper.once().unwrap();
    assert_eq!((logged.changes, logged.objects), (2, 1));

    let asked = |to: &str, at_ms| Asked { log: Some(shop.path("log")), at_ms, ..shop.asked(to) };
    let restored = restore(&asked("end", None)).unwrap();
    assert_eq!((restored.pieces, restored.changes), (3, 6));
    assert_eq!(sales(&shop.path("end")).await, (vec![1, 2, 3, 4, 5], 5));
    let restored = restore(&asked("four", Some(after_four))).unwrap();
    assert_eq!(restored.last_change_ms, Some(after_four));
    assert_eq!(sales(&shop.path("four")).await, (vec![1, 2, 3, 4], 4));
    // The chain's own copy is as good a beginning.
    let base = std::fs::read_dir(shop.path("log")).unwrap().flatten().next().unwrap().path().join("base.age");
    restore(&Asked { file: base, ..asked("base", None) }).unwrap();
    assert_eq!(sales(&shop.path("base")).await, (vec![1, 2, 3, 4, 5], 5));
    for moment in [NOW, shop.clock.now_ms() + 1] {
        let fault = restore(&asked("never", Some(moment))).unwrap_err();
        assert!(matches!(fault, BackupError::NoSuchMoment { .. }), "{fault}");
    }
    // Nothing changed since the last piece, and the log knows it.
    shop.clock.advance_ms(60_000);
    let now = shipper.once().unwrap().reaches_ms;
    restore(&asked("now", Some(now))).unwrap();
    assert_eq!(sales(&shop.path("now")).await, (vec![1, 2, 3, 4, 5], 5));
}

#[tokio::test]
async fn a_log_with_a_hole_or_a_changed_piece_is_followed_up_to_it() {
    let shop = Shop::open();
    shop.sell(1).await;
    let mut shipper = shop.shipper();
    shipper.once().unwrap();
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    let mut cuts = Vec::new();
    for number in 2..=4 {
        shop.sell(number).await;
        cuts.push(shipper.once().unwrap().reaches_ms);
    }
    let chain = std::fs::read_dir(shop.path("log")).unwrap().flatten().next().unwrap().path();
    let mut pieces: Vec<PathBuf> = std::fs::read_dir(&chain)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.to_string_lossy().ends_with(".age") && !p.ends_with("base.age"))
        .collect();
    pieces.sort();
    let asked = |to: &str, at_ms| Asked { log: Some(shop.path("log")), at_ms, ..shop.asked(to) };

    let whole = std::fs::read(&pieces[1]).unwrap();
    std::fs::remove_file(&pieces[1]).unwrap();
    let fault = restore(&asked("hole", None)).unwrap_err();
    assert!(matches!(&fault, BackupError::Hole { number: 4, until, .. } if moment(until) == Some(cuts[0])), "{fault}");
    assert!(is_untouched(&shop.path("hole")));
    restore(&asked("before", Some(cuts[0]))).unwrap();
    assert_eq!(sales(&shop.path("before")).await, (vec![1, 2], 2));

    let mut changed = whole.clone();
    let last = changed.len() - 5;
    changed[last] ^= 1;
    std::fs::write(&pieces[1], &changed).unwrap();
    let fault = restore(&asked("hole", None)).unwrap_err();
    assert!(matches!(&fault, BackupError::Damaged { path, .. } if *path == pieces[1]), "{fault}");
    assert!(is_untouched(&shop.path("hole")));

    // A piece made from a copy of the folder as it was is no part of this chain.
    std::fs::write(&pieces[1], &whole).unwrap();
    std::fs::copy(&pieces[2], &pieces[0]).unwrap();
    assert!(matches!(restore(&asked("hole", None)), Err(BackupError::Hole { .. })));
    assert!(is_untouched(&shop.path("hole")));
}

#[tokio::test]
async fn changes_that_are_no_longer_kept_begin_another_chain() {
    let shop = Shop::open();
    shop.sell(1).await;
    let mut shipper = shop.shipper();
    shipper.once().unwrap();
    shop.sell(2).await;
    // The log was off for longer than a day.
    shop.clock.advance_ms(25 * 3600 * 1000);
    shop.table.sweep_expired(10).await.unwrap();
    shop.sell(3).await;
    assert!(shipper.once().unwrap().began);
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    shop.sell(4).await;
    assert_eq!(shipper.once().unwrap().changes, 2);
    let asked = Asked { log: Some(shop.path("log")), ..shop.asked("new") };
    restore(&asked).unwrap();
    assert_eq!(sales(&shop.path("new")).await, (vec![1, 2, 3, 4], 4));
}

#[tokio::test]
async fn a_master_key_of_the_configuration_stays_there() {
    let shop = Shop::open();
    let config = Config { data_dir: shop.path("data"), master_key: SecretString::from(MASTER), ..Config::default() };
    let source = Source::new(&config, std::slice::from_ref(&shop.recipient)).unwrap();
    copy(&source, &shop.path("copy.age")).unwrap();
    assert!(matches!(restore(&shop.asked("new")), Err(BackupError::MasterKeyElsewhere)));
    restore(&Asked { master_key: SecretString::from(MASTER), ..shop.asked("new") }).unwrap();
    assert!(!shop.path("new").join(MASTER_KEY).exists());
}

#[tokio::test]
async fn a_folder_in_which_a_restore_was_cut_off_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    crate::state::mark_demo(dir.path()).unwrap();
    std::fs::create_dir(dir.path().join(RESTORING)).unwrap();
    let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    let fault = crate::state::App::open(config, crate::state::Adapters::default()).await.map(drop).unwrap_err();
    assert!(fault.to_string().contains("restore"), "{fault}");
}

#[tokio::test]
async fn a_forged_copy_writes_nothing_outside_of_the_folder_and_is_refused() {
    let shop = Shop::open();
    let recipient = recipients(std::slice::from_ref(&shop.recipient)).unwrap().remove(0);
    let manifest = Manifest {
        format: FORMAT,
        program: "forged".into(),
        store: "s".into(),
        number: 0,
        at_ms: NOW,
        demo: false,
        master_key_inside: true,
        master_key_print: String::new(),
    };
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let outside = shop.path("outside");
    std::fs::create_dir(&outside).unwrap();
    let absolute = outside.join("x").display().to_string();
    let folder = outside.display().to_string();
    let long = vec![b'a'; 2 * 1024 * 1024];
    let (file, none): (_, &[u8]) = (EntryType::Regular, b"");
    let cases: Vec<(&str, Vec<Forged<'_>>)> = vec![
        ("leads up", vec![(b"../outside/x", file, none, b"x")]),
        ("leads up from within", vec![(b"objects/../../../../outside/x", file, none, b"x")]),
        ("is absolute", vec![(absolute.as_bytes(), file, none, b"x")]),
        ("is the folder itself", vec![(b"objects/.", file, none, b"x"), (b"./objects/x", file, none, b"x")]),
        ("separates otherwise", vec![(b"objects\\..\\x", file, none, b"x")]),
        (
            "leads up by a long name",
            vec![
                (b"././@LongLink", EntryType::GNULongName, none, b"objects/../../../outside/x\0"),
                (b"objects/x", file, none, b"x"),
            ],
        ),
        (
            "is too long",
            vec![(b"././@LongLink", EntryType::GNULongName, none, &long), (b"objects/x", file, none, b"x")],
        ),
        (
            "is renamed by an extension",
            vec![(b"pax", EntryType::XHeader, none, b"20 path=../outside/x\n"), (b"objects/x", file, none, b"x")],
        ),
        (
            "is a link to a folder",
            vec![(b"objects/a", EntryType::Symlink, folder.as_bytes(), none), (b"objects/a/x", file, none, b"x")],
        ),
        ("is a link to a file", vec![(b"objects/a", EntryType::Link, absolute.as_bytes(), none)]),
        ("is a folder", vec![(b"objects/a", EntryType::Directory, none, none)]),
        ("is a pipe", vec![(b"objects/a", EntryType::Fifo, none, none)]),
        ("is nothing of ours", vec![(b"restored.sh", file, none, b"x")]),
        ("is a key, and too large", vec![(b"master.key", file, none, &long)]),
    ];
    for (what, mut entries) in cases {
        entries.insert(0, (MANIFEST.as_bytes(), file, none, &manifest));
        write(&shop.path("copy.age"), &recipient, &entries);
        let fault = restore(&shop.asked("new")).unwrap_err();
        assert!(matches!(fault, BackupError::Damaged { .. }), "a name that {what}: {fault}");
        assert!(is_untouched(&shop.path("new")) && is_untouched(&outside), "a name that {what}");
        assert!(!shop.path("x").exists(), "a name that {what}");
    }
    // What is said to be longer than it is.
    let mut short = vec![(MANIFEST.as_bytes(), file, none, manifest.as_slice())];
    short.push((b"objects/x", file, none, b"x"));
    write_claiming(&shop.path("copy.age"), &recipient, &short, 1 << 50);
    assert!(matches!(restore(&shop.asked("new")), Err(BackupError::Damaged { .. })));
    assert!(is_untouched(&shop.path("new")));
}

#[tokio::test]
async fn a_name_that_does_not_fit_a_header_comes_back() {
    let shop = Shop::open();
    let key = format!("files/{}", "a".repeat(150));
    shop.blob.put_bytes(&key, "long".into(), PutOptions::new("text/plain")).await.unwrap();
    copy(&shop.source(), &shop.path("copy.age")).unwrap();
    restore(&shop.asked("new")).unwrap();
    assert_eq!(blob(&shop.path("new")).get_bytes(&key).await.unwrap(), "long");
}
