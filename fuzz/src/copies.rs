//! Pieces of the log of copies: whoever knows the shop's recipient can make one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use vitrine_clock::FixedClock;
use vitrine_server::backup::{Asked, Shipper, Source, copy, restore};
use vitrine_server::config::Config;
use vitrine_server::state::{MASTER_KEY, TABLE};
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Change, Consistency, Item, Key, Put, Table};

use crate::cursors::RUNTIME;
use crate::files::{KEY, encrypted, entries, folder, is_plain, names};
use crate::text;

/// Some moment of 2026, UTC milliseconds.
const NOW_MS: i64 = 1_790_000_000_000;

/// A shop of one item, a copy of it, and the beginning of its log.
struct World {
    dir: TempDir,
    /// The folder of the log's chain.
    chain: String,
    /// The store's own name.
    store: String,
    /// Of the chain's first file, hexadecimal.
    print: String,
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn new() -> Self {
        let made = || -> Result<Self, Box<dyn std::error::Error>> {
            let dir = folder();
            let data = dir.path().join("shop");
            std::fs::create_dir(&data)?;
            std::fs::write(data.join(MASTER_KEY), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
            let clock = FixedClock::at(NOW_MS);
            let table = SqliteTable::open(data.join(TABLE), clock.clone())?;
            RUNTIME.block_on(table.put(Put { item: item("a", 1), condition: None }))?;
            let config = Config { data_dir: data, ..Config::default() };
            let source = || Source::new(&config, &[KEY.to_public().to_string()]).map(|s| s.with_clock(clock.clone()));
            copy(&source()?, &dir.path().join("copy.age"))?;
            Shipper::new(source()?, dir.path().join("log")).once()?;
            let chain = names(&dir.path().join("log")).pop_first().ok_or("no chain")?;
            let base = std::fs::read(dir.path().join("log").join(&chain).join("base.age"))?;
            let (store, _) = chain.split_once('.').ok_or("no name")?;
            Ok(Self { store: store.to_owned(), print: HEXLOWER.encode(&Sha256::digest(base)), chain, dir })
        };
        made().unwrap_or_else(|e| panic!("there is no shop: {e}"))
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

fn item(pk: &str, n: i64) -> Item {
    let Value::Object(item) = json!({ "pk": pk, "sk": "S", "n": n }) else { panic!("an object") };
    item
}

/// Changes of a piece, if it has one list of them and each is of the item that it names.
fn changes(piece: &str) -> Option<Vec<Change>> {
    let mut lists = piece.split("\n--\n").filter_map(|entry| entry.strip_prefix("fchanges.jsonl\n"));
    let list = lists.next().filter(|_| lists.next().is_none())?;
    let changes: Vec<Change> = serde_json::Deserializer::from_str(list).into_iter().collect::<Result<_, _>>().ok()?;
    let of_itself = |change: &Change| {
        change.new.as_ref().is_none_or(|new| {
            new.get("pk") == Some(&json!(change.key.pk)) && new.get("sk") == Some(&json!(change.key.sk))
        })
    };
    changes.iter().all(of_itself).then_some(changes)
}

/// A piece after the copy, its file's name on the first line, below it what is in it: it is refused and nothing is left, or all of its changes
/// are in the shop that was made. `{store}` and `{print}` stand for what only the shop's own log knows.
pub(crate) fn log(bytes: &[u8]) {
    let world = &*WORLD;
    let text = text(bytes).replace("{store}", &world.store).replace("{print}", &world.print);
    let (name, piece) = text.split_once('\n').unwrap_or((&text, ""));
    let dir = folder();
    let (log, data) = (dir.path().join("log"), dir.path().join("data"));
    let chain = log.join(&world.chain);
    let made = std::fs::create_dir_all(&chain)
        .and_then(|()| std::fs::copy(world.path("log").join(&world.chain).join("base.age"), chain.join("base.age")));
    assert!(made.is_ok(), "{made:?}");
    let is_name =
        (1..=100).contains(&name.len()) && !name.contains(['/', '\0']) && !matches!(name, "." | ".." | "base.age");
    if is_name {
        let made = std::fs::write(chain.join(name), encrypted(&entries(piece.as_bytes())));
        assert!(made.is_ok(), "{made:?}");
    }
    let asked = Asked {
        file: world.path("copy.age"),
        keys: vec![KEY.clone()],
        log: Some(log),
        at_ms: None,
        data_dir: data.clone(),
        master_key: SecretString::from(""),
    };
    match restore(&asked) {
        Ok(restored) => {
            let numbers = name.strip_suffix(".age").and_then(|name| name.split_once('-'));
            let to = numbers.and_then(|(_, to)| to.parse::<u64>().ok()).unwrap_or(1);
            assert_eq!(restored.changes, if restored.pieces == 0 { 0 } else { to - 1 }, "{text:?}");
            assert!(is_plain(&data) && names(&data).contains(TABLE), "{:?}", names(&data));
            if let Some(changes) = changes(piece).filter(|_| restored.pieces > 0) {
                let table = SqliteTable::open(data.join(TABLE), FixedClock::at(0)).unwrap_or_else(|e| panic!("{e}"));
                let last: BTreeMap<Key, Option<Item>> =
                    changes.into_iter().map(|change| (change.key, change.new)).collect();
                for (key, new) in last {
                    let found = RUNTIME.block_on(table.get(&key, Consistency::Strong));
                    assert_eq!(found.unwrap_or_else(|e| panic!("{e}")), new, "{key:?}");
                }
            }
        }
        Err(why) => assert_eq!(names(&data), [].into(), "{why}"),
    }
    assert_eq!(names(dir.path()), ["data".to_owned(), "log".to_owned()].into());
}
