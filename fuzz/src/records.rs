//! Records that other programs wrote into the shared table.

use std::sync::Arc;

use tempfile::TempDir;
use vitrine_clock::FixedClock;
use vitrine_server::changes::{Changes, tag};
use vitrine_server::purges::Purges;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Delete, Item, Key, Put, Table};

use crate::cursors::RUNTIME;
use crate::text;

/// Some moment of 2026, UTC milliseconds; a partition of the log of purges begins there.
const NOW_MS: i64 = 1_790_000_040_000;

/// The table of two nodes.
struct World {
    table: Arc<dyn Table>,
    clock: Arc<FixedClock>,
    _dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("there is no folder: {e}"));
        let clock = FixedClock::at(NOW_MS);
        let table = SqliteTable::open(dir.path().join("t.db"), clock.clone());
        Self { table: Arc::new(table.unwrap_or_else(|e| panic!("there is no table: {e}"))), clock, _dir: dir }
    }
}

thread_local! {
    static WORLD: World = World::new();
}

/// An entry of the log of purges, its name on the first line, a key each further one: what pages show of it is made anew, and one that names
/// nothing is of everything.
pub(crate) fn purges(bytes: &[u8]) {
    let text = text(bytes);
    let (name, keys) = text.split_once('\n').unwrap_or((&text, ""));
    let keys: Vec<&str> = keys.split('\n').filter(|key| !key.is_empty()).collect();
    let at = Key::new(format!("PURGE#{}", NOW_MS / 60_000), format!("{NOW_MS:015}#{name}"));
    let mut item = Item::new();
    item.insert("pk".into(), at.pk.clone().into());
    item.insert("sk".into(), at.sk.clone().into());
    item.insert("keys".into(), keys.clone().into());
    WORLD.with(|world| {
        let changes = Changes::default();
        let mut follower = Purges::new(world.table.clone(), world.clock.clone()).follower(changes.clone());
        if RUNTIME.block_on(world.table.put(Put { item, condition: None })).is_err() {
            // A name longer than a key may be.
            return;
        }
        let looked = RUNTIME.block_on(follower.look());
        let gone = RUNTIME.block_on(world.table.delete(Delete { key: at, condition: None }));
        assert!(looked.is_ok() && gone.is_ok(), "{looked:?}");
        let is_shown = |key: &&str| ["WORK#", "STOCK#"].iter().any(|kind| key.starts_with(kind));
        let mut told = keys.iter().copied().filter(is_shown).chain(keys.is_empty().then_some("WORK#w_1"));
        assert!(told.all(|key| changes.stale(0, &[tag(key)])), "{text:?}");
    });
}
