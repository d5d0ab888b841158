//! A catalogue of any size for demonstration: plainly marked, many scripts, few shared files.
//!
//! Invariants: the same number gives the same rows and the same bytes, on every machine; every item has a real file;
//! releases are before the year 2000, so that real works lead the lists of what is new.
//!
//! Not here: what makes the sound of a good album.

mod art;
mod epub;
mod names;
mod random;
mod sound;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use super::{cover, source};
use names::Script;
use random::Random;

/// Covers shared by all items.
pub(super) const COVERS: usize = 60;
/// Width of a cover, pixels. Small, like the sounds: an import reads every item's files.
const COVER_WIDTH: u32 = 480;
/// Sounds shared by all albums.
pub(super) const SOUNDS: usize = 12;
/// Books shared by all books.
pub(super) const BOOKS: usize = 6;
/// One maker for so many items.
const ITEMS_A_MAKER: usize = 20;
/// The business of all generated rows.
const TENANT: &str = "generated";
/// Said on the business, the storefront and every item.
const MARK: &str = "Generated for demonstration";

const MUSIC: [&str; 10] =
    ["ambient", "jazz", "folk", "classical", "electronic", "rock", "soul", "field-recording", "choral", "dub"];
const LETTERS: [&str; 10] =
    ["novel", "poetry", "essay", "travel", "history", "science", "cookery", "crime", "philosophy", "short-stories"];
const TAGS: [&str; 12] =
    ["night", "sea", "winter", "city", "mountain", "slow", "bright", "home", "journey", "rain", "garden", "letters"];

/// Writes the shared files below `dir` and answers the rows of `n` items with what they refer to, in order; `covers` is
/// where drawings are kept between calls.
///
/// # Errors
/// Only those of the disk.
pub(crate) fn generated(dir: &Path, n: usize, covers: &Path) -> Result<Vec<Value>> {
    let files = dir.join("generated");
    fs::create_dir_all(&files)?;
    for (i, drawn) in draw(covers)?.iter().enumerate() {
        source::link(drawn, &files.join(format!("cover-{i:02}.jpg")))?;
    }
    for i in 0..SOUNDS {
        fs::write(files.join(format!("sound-{i:02}.wav")), sound::wav(i))?;
    }
    for i in 0..BOOKS {
        fs::write(files.join(format!("book-{i}.epub")), epub::book(i)?)?;
    }
    Ok(rows(n))
}

/// Every cover, drawn on all processors.
fn draw(covers: &Path) -> Result<Vec<PathBuf>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let some = |first: usize| -> Result<Vec<(usize, PathBuf)>> {
        let numbers = (first..COVERS).step_by(threads);
        numbers.map(|i| Ok((i, cover::jpeg(&art::cover(i), COVER_WIDTH, covers)?))).collect()
    };
    let mut drawn = Vec::with_capacity(COVERS);
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || some(first))).collect();
        for worker in workers {
            drawn.extend(worker.join().map_err(|_| anyhow!("a thread that draws covers stopped"))??);
        }
        Ok(())
    })?;
    drawn.sort();
    Ok(drawn.into_iter().map(|(_, path)| path).collect())
}

/// The rows alone.
pub(super) fn rows(n: usize) -> Vec<Value> {
    let mut rows = vec![tenant(), store()];
    let makers = n.div_ceil(ITEMS_A_MAKER);
    rows.extend((0..makers).map(maker));
    rows.extend((0..n).map(|i| work(i, makers)));
    rows
}

fn tenant() -> Value {
    json!({
        "type": "tenant", "ref": TENANT, "name": MARK, "currency": "USD", "locale": "en-US", "fee_bps": 1000, "listed": true,
        "legal": {
            "name": "Sample Catalog LLC (example company)", "address": ["1 Example Street", "Portland, OR 97201"],
            "country": "US", "region": "OR", "email": "generated@shop.example", "registrations": ["US-OR"],
            "invoice_prefix": "GEN",
        },
    })
}

fn store() -> Value {
    json!({
        "type": "store", "ref": "generated-store", "tenant": TENANT, "handle": "generated", "name": MARK,
        "tagline": "A large catalogue made by program, to try search, lists and filters.",
        "about_html": "<p>Nothing here was written or composed by anybody: titles, names, covers, sounds and books are made by a program. Prices are real to the shop, so that everything can be tried.</p>",
        "ships_from": "US",
    })
}

/// Artists have even numbers, authors odd ones.
fn maker(i: usize) -> Value {
    let script = Script::of(i);
    let (name, latin) = script.person(i / names::SCRIPTS);
    let kind = if is_author(i) { "author" } else { "artist" };
    let mut row = json!({
        "type": "maker", "ref": maker_ref(i), "tenant": TENANT, "kind": kind, "name": name,
        "slug": format!("generated-{kind}-{i}"), "bio_html": format!("<p>{MARK}. This {kind} does not exist.</p>"),
    });
    if latin != name {
        row["latin"] = latin.into();
    }
    row
}

fn maker_ref(i: usize) -> String {
    format!("generated-maker-{i}")
}

fn is_author(maker: usize) -> bool {
    // Two of five, in every script.
    (maker / names::SCRIPTS) % 5 >= 3
}

fn work(i: usize, makers: usize) -> Value {
    let mut random = Random::new(i as u64);
    let maker = i % makers;
    let book = is_author(maker);
    let script = Script::of(maker);
    // Every work of a script has a title of its own.
    let (title, latin) = script.title(i / makers + (maker / names::SCRIPTS) * ITEMS_A_MAKER);
    let genres = if book { LETTERS } else { MUSIC };
    let first = *random.pick(&genres);
    let second = *random.pick(&genres);
    let genres: Vec<&str> = if first == second { vec![first] } else { vec![first, second] };
    let tags = [*random.pick(&TAGS), *random.pick(&TAGS), "generated"];
    let released = format!("{}-{:02}-{:02}", 1950 + random.below(50), 1 + random.below(12), 1 + random.below(28));
    let cover = random.below(COVERS);
    let sku = format!("GEN-{:05}", i + 1);
    let cents = 199 + 50 * random.below(30) as i64;
    let mut row = json!({
        "type": "work", "ref": format!("generated-{:05}", i + 1), "store": "generated-store",
        "kind": if book { "book" } else { "album" }, "title": title, "makers": [maker_ref(maker)], "released": released,
        "genres": genres, "tags": tags, "description_html": format!("<p>{MARK}.</p>"),
        "cover": { "file": format!("generated/cover-{cover:02}.jpg") },
        "attribution": { "text": "Made by this shop's demonstration program.", "licence": "CC0-1.0" },
        "products": [{
            "ref": "digital", "kind": "digital", "title": if book { "E-book" } else { "Digital album" },
            "tax_class": if book { "ebook" } else { "digital_music" },
            "variants": [{ "sku": sku, "licence": "personal-use", "prices": prices(cents) }],
        }],
    });
    if latin != title {
        row["latin"] = latin.into();
    }
    if book {
        row["language"] = "en".into();
        row["files"] = json!([{ "file": format!("generated/book-{}.epub", random.below(BOOKS)), "format": "EPUB" }]);
    } else {
        let sound = random.below(SOUNDS);
        row["parts"] = json!([{
            "title": title, "files": [{ "file": format!("generated/sound-{sound:02}.wav"), "format": "WAV" }],
        }]);
    }
    row
}

/// One price for each currency of the markets, made from US cents.
fn prices(cents: i64) -> Value {
    let ninety = |percent: i64| cents * percent / 100 / 10 * 10 + 9;
    json!([
        { "region": "world", "currency": "USD", "minor": cents },
        { "region": "eu", "currency": "EUR", "minor": ninety(95) },
        { "region": "gb", "currency": "GBP", "minor": ninety(82) },
        { "region": "ch", "currency": "CHF", "minor": cents * 90 / 100 / 5 * 5 },
        { "region": "ca", "currency": "CAD", "minor": ninety(135) },
        { "region": "jp", "currency": "JPY", "minor": cents * 150 / 100 / 10 * 10 },
    ])
}
