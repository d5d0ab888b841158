//! The engines below the shop, asked directly on the same data and the same core: what a handler could reach that did nothing else.
//!
//! One thread, statements prepared, rows read whole. SQLite gets the shop's own schema; writes are the rows that the shop wrote for the
//! same act, so many acts a COMMIT as callers wait at the same time ([`TOGETHER`]), in a file of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde::{Deserialize, Serialize};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{Index, Order, Searcher, TantivyDocument};

/// Acts that share a COMMIT.
const TOGETHER: usize = 16;
/// Hits a list shows.
const PAGE: usize = 24;
/// Stands in the index before the first letters of a word: `server/ports/search`.
const START_MARK: char = '\u{1}';

/// Changes that some acts made, by their numbers in the table's feed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Written {
    /// The last before them.
    pub(crate) after: i64,
    /// The last of them.
    pub(crate) to: i64,
    /// How many acts.
    pub(crate) acts: i64,
}

impl Written {
    /// Rows an act wrote.
    pub(crate) fn rows(&self) -> f64 {
        (self.to - self.after) as f64 / self.acts.max(1) as f64
    }
}

/// What is asked of the engines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// How long each.
    pub(crate) seconds: u64,
    /// Words that are searched.
    pub(crate) words: Vec<String>,
    /// Acts whose rows are written, by name.
    pub(crate) written: BTreeMap<String, Written>,
}

/// Times a second, by name.
pub(crate) type Rates = BTreeMap<String, f64>;

/// The number of the last change in the table of a running shop.
pub(crate) fn last_change(data: &Path) -> Result<i64> {
    let db = reading(data)?;
    Ok(db.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |row| row.get(0))?)
}

fn reading(data: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = data.join("table.sqlite");
    Connection::open_with_flags(&path, flags).with_context(|| path.display().to_string())
}

/// Does one thing again and again; times a second.
fn again(time: Duration, mut act: impl FnMut(usize) -> Result<usize>) -> Result<f64> {
    let (begun, mut number, mut done) = (Instant::now(), 0, 0);
    while begun.elapsed() < time {
        done += act(number)?;
        number += 1;
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

/// Asks SQLite and tantivy over a stopped shop's data.
pub(crate) fn run(data: &Path, spec: &Spec) -> Result<Rates> {
    let time = Duration::from_secs(spec.seconds.max(1));
    let mut rates = Rates::new();
    reads(data, time, &mut rates)?;
    for (name, written) in &spec.written {
        let rate = writes(data, written, time).with_context(|| format!("writing as {name}"))?;
        rates.insert(name.clone(), rate);
    }
    searches(&data.join("index"), &spec.words, time, &mut rates)?;
    Ok(rates)
}

fn whole(row: &rusqlite::Row<'_>) -> rusqlite::Result<usize> {
    let mut bytes = 0;
    let mut column = 0;
    while let Ok(value) = row.get_ref(column) {
        bytes += value.as_str_or_null().ok().flatten().map_or(8, str::len);
        column += 1;
    }
    Ok(bytes)
}

fn reads(data: &Path, time: Duration, rates: &mut Rates) -> Result<()> {
    let db = reading(data)?;
    let keys: Vec<(String, String)> = db
        .prepare("SELECT pk, sk FROM items WHERE pk >= 'WORK#' AND pk < 'WORK$' AND sk LIKE 'ALBUM#%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    ensure!(!keys.is_empty(), "no album in the table");
    // A step that shares no factor with the count goes through all keys out of order.
    let at = |n: usize| &keys[n.wrapping_mul(7_919) % keys.len()];
    let mut point = db.prepare("SELECT * FROM items WHERE pk = ?1 AND sk = ?2")?;
    let rate = again(time, |n| {
        let (pk, sk) = at(n);
        let bytes = point.query_row([pk, sk], whole)?;
        ensure!(bytes > 0, "an empty row");
        Ok(1)
    })?;
    rates.insert("point".into(), rate);
    let mut partition = db.prepare("SELECT * FROM items WHERE pk = ?1 ORDER BY sk")?;
    let rate = again(time, |n| {
        let rows = partition.query_map([&at(n).0], whole)?.collect::<rusqlite::Result<Vec<_>>>()?;
        ensure!(rows.len() > 1, "a work without products");
        Ok(1)
    })?;
    rates.insert("partition".into(), rate);
    Ok(())
}

type Rows = Vec<Vec<Value>>;

fn rows_of(db: &Connection, sql: &str, range: &Written) -> Result<Rows> {
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([range.after, range.to], |row| (0..columns).map(|c| row.get(c)).collect())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn writes(data: &Path, range: &Written, time: Duration) -> Result<f64> {
    let shop = reading(data)?;
    let feed = rows_of(&shop, "SELECT * FROM feed WHERE seq > ?1 AND seq <= ?2 ORDER BY seq", range)?;
    let items =
        "SELECT i.* FROM items i JOIN (SELECT DISTINCT pk, sk FROM feed WHERE seq > ?1 AND seq <= ?2) f USING (pk, sk)";
    let items = rows_of(&shop, items, range)?;
    ensure!(!feed.is_empty() && !items.is_empty(), "nothing was written");
    let folder = data.join("engine");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("writes.sqlite");
    drop(std::fs::remove_file(&file));
    let db = Connection::open(&file)?;
    db.execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let schema: Vec<String> = shop
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name IN ('items', 'feed') AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    db.execute_batch(&schema.join(";\n"))?;
    let insert = |table: &str, columns: usize| {
        format!("INSERT OR REPLACE INTO {table} VALUES ({})", vec!["?"; columns].join(", "))
    };
    let (mut put, mut tell) =
        (db.prepare(&insert("items", items[0].len()))?, db.prepare(&insert("feed", feed[0].len()))?);
    let a_act = (feed.len() as f64 / range.acts.max(1) as f64).round().max(1.0) as usize;
    let mut written = 0_usize;
    let rate = again(time, |group| {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for act in 0..TOGETHER {
            for row in 0..a_act {
                // Keys that were not there before; the same number of rows in both tables.
                let mut item = items[written % items.len()].clone();
                if let Value::Text(pk) = &mut item[0] {
                    *pk = format!("{pk}{group}-{act}-{row}");
                }
                put.execute(params_from_iter(item))?;
                let mut change = feed[written % feed.len()].clone();
                change[0] = Value::Null;
                tell.execute(params_from_iter(change))?;
                written += 1;
            }
        }
        db.execute_batch("COMMIT")?;
        Ok(TOGETHER)
    });
    std::fs::remove_dir_all(&folder)?;
    rate
}

/// Counts what matches and reads the first page whole.
fn page(searcher: &Searcher, query: &dyn Query) -> Result<usize> {
    let (count, top) = searcher.search(query, &(Count, TopDocs::with_limit(PAGE).order_by_score()))?;
    for (_, address) in top {
        let _: TantivyDocument = searcher.doc(address)?;
    }
    Ok(count)
}

/// The newest index below a folder.
fn index_below(folder: &Path) -> Result<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)?
        .flatten()
        .filter_map(|e| Some((e.path().join("meta.json").metadata().ok()?.modified().ok()?, e.path())))
        .collect();
    found.sort();
    Ok(found.pop().with_context(|| format!("no index in {}", folder.display()))?.1)
}

fn searches(folder: &Path, words: &[String], time: Duration, rates: &mut Rates) -> Result<()> {
    ensure!(!words.is_empty(), "no words");
    let index = Index::open_in_dir(index_below(folder)?)?;
    let searcher = index.reader()?.searcher();
    let schema = index.schema();
    let fields: Vec<_> = ["title", "maker", "alias", "tag_words", "description"]
        .into_iter()
        .map(|name| schema.get_field(name))
        .collect::<tantivy::Result<_>>()?;
    let any = |term: &str| -> BooleanQuery {
        let of = |field| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic))
        };
        BooleanQuery::new(fields.iter().map(|f| (Occur::Should, of(*f))).collect())
    };
    let rate = again(time, |_| {
        let newest = TopDocs::with_limit(PAGE).order_by_fast_field::<i64>("released", Order::Desc);
        let (count, top) = searcher.search(&AllQuery, &(Count, newest))?;
        ensure!(count > PAGE, "the index is empty");
        for (_, address) in top {
            let _: TantivyDocument = searcher.doc(address)?;
        }
        Ok(1)
    })?;
    rates.insert("list".into(), rate);
    let rate = again(time, |n| {
        ensure!(page(&searcher, &any(&words[n % words.len()]))? > 0, "a word that nothing has");
        Ok(1)
    })?;
    rates.insert("search".into(), rate);
    let rate = again(time, |n| {
        let word = Term::from_field_text(fields[0], &swapped(&words[n % words.len()]));
        page(&searcher, &FuzzyTermQuery::new(word, 1, true))?;
        Ok(1)
    })?;
    rates.insert("typo".into(), rate);
    let rate = again(time, |n| {
        let start: String = words[n % words.len()].chars().take(3).collect();
        let term = Term::from_field_text(fields[0], &format!("{START_MARK}{start}"));
        ensure!(page(&searcher, &TermQuery::new(term, IndexRecordOption::Basic))? > 0, "a beginning that nothing has");
        Ok(1)
    })?;
    rates.insert("suggest".into(), rate);
    Ok(())
}

/// The word with two letters in the other order, as fingers write it.
pub(crate) fn swapped(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    if middle > 0 && letters.len() > 3 {
        letters.swap(middle - 1, middle);
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_two_letters_swapped() {
        assert_eq!((swapped("night").as_str(), swapped("sea").as_str()), ("ngiht", "sea"));
        assert_eq!(Written { after: 10, to: 40, acts: 10 }.rows(), 3.0);
    }
}
