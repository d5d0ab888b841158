//! What searches read of a segment: its columns, unpacked once. A segment never changes, so a view is made when the
//! segment appears and shared by all snapshots that still hold it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::SegmentReader;
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use vitrine_shared::search::{Field, distance_within};

use super::schema::{Fields, START_MARK, market_column};
use crate::port::{Kind, SearchError};
use crate::query::Facet;

/// Stands for "no value" in unpacked columns.
pub(super) const NONE: u32 = u32::MAX;
/// Stands for "no price in this market".
pub(super) const NO_PRICE: i64 = i64::MIN;

/// The facet values of all segments, numbered.
#[derive(Clone, Default)]
pub(super) struct Values {
    numbers: HashMap<(Facet, Box<str>), u32>,
    pub(super) list: Vec<(Facet, Box<str>)>,
}

impl Values {
    pub(super) fn number(&self, facet: Facet, value: &str) -> Option<u32> {
        self.numbers.get(&(facet, Box::from(value))).copied()
    }

    fn number_or_add(&mut self, facet: Facet, value: &str) -> u32 {
        let entry = (facet, Box::<str>::from(value));
        if let Some(&number) = self.numbers.get(&entry) {
            return number;
        }
        // More than 2^32 distinct facet values do not fit in memory.
        let number = self.list.len() as u32;
        self.list.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }
}

/// The words of names, for finding typos: sorted by length, so that near lengths are one run to scan.
#[derive(Default)]
struct Words {
    /// One bit for each hashed letter a word has.
    letters: Vec<u64>,
    texts: Vec<Box<str>>,
    /// By length in characters, where its words begin; one more entry ends the last run.
    starts: Vec<usize>,
}

/// One segment's columns, indexed by document number.
pub(super) struct View {
    pub(super) segment: SegmentId,
    pub(super) ids: Vec<Box<str>>,
    pub(super) kinds: Vec<Kind>,
    /// Sorted; `tenant` holds indexes into it.
    pub(super) tenants: Vec<Box<str>>,
    pub(super) tenant: Vec<u32>,
    pub(super) listed: Vec<bool>,
    /// Sorted; `title` holds indexes into it.
    pub(super) titles: Vec<Box<str>>,
    pub(super) title: Vec<u32>,
    aliases: Vec<Box<str>>,
    alias: Vec<u32>,
    pub(super) released: Vec<i64>,
    pub(super) popularity: Vec<u32>,
    pub(super) rev: Vec<i64>,
    value_starts: Vec<u32>,
    values: Vec<u32>,
    /// By number of a maker's value, the documents that have it, ascending.
    made_by: HashMap<u32, Vec<u32>>,
    prices: RwLock<HashMap<String, Option<Arc<Vec<i64>>>>>,
    words: Words,
}

impl View {
    pub(super) fn load(reader: &SegmentReader, fields: &Fields, values: &mut Values) -> Result<Self, SearchError> {
        let columns = reader.fast_fields();
        let docs = reader.max_doc();
        let strings = |name: &str| -> Result<(Vec<Box<str>>, Vec<u32>), SearchError> {
            let Some(column) = columns.str(name).map_err(failed)? else {
                return Ok((Vec::new(), vec![NONE; docs as usize]));
            };
            let ords = column.ords();
            Ok((dictionary(&column)?, (0..docs).map(|doc| ords.first(doc).map_or(NONE, |ord| ord as u32)).collect()))
        };
        let missing = |what: &str| SearchError::NeedsRebuild { reason: format!("a document has no {what}") };

        let (id_list, id_of) = strings("id")?;
        let ids = id_of
            .iter()
            .map(|&ord| id_list.get(ord as usize).cloned())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| missing("id"))?;
        let (kind_list, kind_of) = strings("kind")?;
        let kind_list: Vec<Option<Kind>> = kind_list.iter().map(|name| kind_named(name)).collect();
        let kinds = kind_of
            .iter()
            .map(|&ord| kind_list.get(ord as usize).copied().flatten())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| missing("known kind"))?;
        let (tenants, tenant) = strings("tenant")?;
        let (titles, title) = strings("title_key")?;
        let (aliases, alias) = strings("alias_keys")?;
        if tenant.contains(&NONE) || title.contains(&NONE) {
            return Err(missing("tenant or title"));
        }
        let (value_starts, facet_values) = facet_values(reader, values)?;
        let mut made_by: HashMap<u32, Vec<u32>> = HashMap::new();
        for doc in 0..docs {
            let of = &facet_values[value_starts[doc as usize] as usize..value_starts[doc as usize + 1] as usize];
            for number in of.iter().filter(|&&number| values.list[number as usize].0 == Facet::Maker) {
                made_by.entry(*number).or_default().push(doc);
            }
        }
        let i64s = |name: &str| -> Result<Vec<i64>, SearchError> {
            let column = columns.column_opt::<i64>(name).map_err(failed)?;
            Ok((0..docs).map(|doc| column.as_ref().and_then(|c| c.first(doc)).unwrap_or(0)).collect())
        };
        let popularity: Option<Column<u64>> = columns.column_opt("popularity").map_err(failed)?;
        let listed: Option<Column<bool>> = columns.column_opt("listed").map_err(failed)?;
        Ok(View {
            segment: reader.segment_id(),
            ids,
            kinds,
            tenants,
            tenant,
            listed: (0..docs).map(|doc| listed.as_ref().and_then(|c| c.first(doc)).unwrap_or(false)).collect(),
            titles,
            title,
            aliases,
            alias,
            released: i64s("released")?,
            popularity: (0..docs)
                .map(|doc| {
                    popularity.as_ref().and_then(|c| c.first(doc)).map_or(0, |p| u32::try_from(p).unwrap_or(u32::MAX))
                })
                .collect(),
            rev: i64s("rev")?,
            value_starts,
            values: facet_values,
            made_by,
            prices: RwLock::default(),
            words: words(reader, fields)?,
        })
    }

    /// Numbers of the document's facet values.
    pub(super) fn values(&self, doc: u32) -> &[u32] {
        let at = doc as usize;
        &self.values[self.value_starts[at] as usize..self.value_starts[at + 1] as usize]
    }

    /// Documents that have any of these makers' values, ascending.
    pub(super) fn made_by(&self, makers: &[u32]) -> Vec<u32> {
        let mut docs: Vec<u32> =
            makers.iter().filter_map(|number| self.made_by.get(number)).flatten().copied().collect();
        docs.sort_unstable();
        docs.dedup();
        docs
    }

    pub(super) fn title_key(&self, doc: u32) -> &str {
        &self.titles[self.title[doc as usize] as usize]
    }

    pub(super) fn alias_keys(&self, doc: u32) -> &str {
        self.aliases.get(self.alias[doc as usize] as usize).map_or("", |keys| keys)
    }

    /// The market's prices by document, [`NO_PRICE`] where there is none; `None` if the segment has none at all.
    pub(super) fn prices(&self, reader: &SegmentReader, market: &str) -> Result<Option<Arc<Vec<i64>>>, SearchError> {
        if let Some(known) = self.prices.read().unwrap_or_else(PoisonError::into_inner).get(market) {
            return Ok(known.clone());
        }
        let column: Option<Column<i64>> = reader.fast_fields().column_opt(&market_column(market)).map_err(failed)?;
        let Some(column) = column else {
            // Not remembered: the names of markets come from queries and would pile up.
            return Ok(None);
        };
        let prices =
            Arc::new((0..reader.max_doc()).map(|doc| column.first(doc).unwrap_or(NO_PRICE)).collect::<Vec<_>>());
        self.prices.write().unwrap_or_else(PoisonError::into_inner).insert(market.to_owned(), Some(prices.clone()));
        Ok(Some(prices))
    }

    /// Adds the words of names within `edits` of `token`, but itself, with their distance.
    pub(super) fn similar(&self, token: &[char], edits: u8, out: &mut BTreeSet<(u8, Box<str>)>) {
        let letters = letter_bits(token.iter().copied());
        let limit = u32::from(edits);
        let longest = self.words.starts.len().saturating_sub(1);
        let from = token.len().saturating_sub(usize::from(edits)).min(longest);
        let to = (token.len() + usize::from(edits) + 1).min(longest);
        let Some(run) = self.words.starts.get(from).zip(self.words.starts.get(to)) else {
            return;
        };
        let mut word_chars = Vec::new();
        for at in *run.0..*run.1 {
            let word = self.words.letters[at];
            // Each edit adds at most one letter the other lacks, in each direction.
            if (letters & !word).count_ones() > limit || (word & !letters).count_ones() > limit {
                continue;
            }
            let text = &self.words.texts[at];
            word_chars.clear();
            word_chars.extend(text.chars());
            match distance_within(token, &word_chars, edits) {
                Some(0) | None => {}
                Some(distance) => {
                    out.insert((distance, text.clone()));
                }
            }
        }
    }
}

fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
}

fn dictionary(column: &StrColumn) -> Result<Vec<Box<str>>, SearchError> {
    let mut stream = column.dictionary().stream().map_err(failed)?;
    let mut out = Vec::with_capacity(column.num_terms());
    while stream.advance() {
        out.push(std::str::from_utf8(stream.key()).map_err(failed)?.into());
    }
    Ok(out)
}

/// Facet values by document: starts of each document's slice, and all slices one after the other.
fn facet_values(reader: &SegmentReader, values: &mut Values) -> Result<(Vec<u32>, Vec<u32>), SearchError> {
    let columns = reader.fast_fields();
    let mut texts = Vec::new();
    for (facet, name) in [
        (Facet::Type, "kind"),
        (Facet::Genre, "genres"),
        (Facet::Tag, "tags"),
        (Facet::Format, "formats"),
        (Facet::Language, "languages"),
        (Facet::Maker, "maker_ids"),
    ] {
        if let Some(column) = columns.str(name).map_err(failed)? {
            let numbers: Vec<u32> =
                dictionary(&column)?.iter().map(|value| values.number_or_add(facet, value)).collect();
            texts.push((column, numbers));
        }
    }
    let years: Option<Column<i64>> = columns.column_opt("year").map_err(failed)?;
    let mut year_numbers: HashMap<i64, u32> = HashMap::new();
    let mut starts = Vec::with_capacity(reader.max_doc() as usize + 1);
    let mut all = Vec::new();
    starts.push(0);
    for doc in 0..reader.max_doc() {
        for (column, numbers) in &texts {
            all.extend(column.term_ords(doc).map(|ord| numbers[ord as usize]));
        }
        if let Some(year) = years.as_ref().and_then(|column| column.first(doc)) {
            all.push(*year_numbers.entry(year).or_insert_with(|| values.number_or_add(Facet::Year, &year.to_string())));
        }
        starts.push(u32::try_from(all.len()).map_err(failed)?);
    }
    Ok((starts, all))
}

fn words(reader: &SegmentReader, fields: &Fields) -> Result<Words, SearchError> {
    let mut texts = BTreeSet::new();
    for field in Field::NAMES {
        let inverted = reader.inverted_index(fields.text[field.index()]).map_err(failed)?;
        let mut stream = inverted.terms().range().ge([START_MARK as u8 + 1]).into_stream().map_err(failed)?;
        while stream.advance() {
            texts.insert(Box::<str>::from(std::str::from_utf8(stream.key()).map_err(failed)?));
        }
    }
    // A word shorter than three letters is no near miss of one with four.
    let mut texts: Vec<(usize, Box<str>)> =
        texts.into_iter().map(|text| (text.chars().count(), text)).filter(|(chars, _)| *chars >= 3).collect();
    texts.sort_unstable();
    let mut words = Words::default();
    for (chars, text) in texts {
        while words.starts.len() <= chars {
            words.starts.push(words.texts.len());
        }
        words.letters.push(letter_bits(text.chars()));
        words.texts.push(text);
    }
    words.starts.push(words.texts.len());
    Ok(words)
}

fn letter_bits(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(0, |bits, c| bits | 1 << (u32::from(c).wrapping_mul(0x9E37_79B1) >> 26))
}

pub(super) fn failed(error: impl std::fmt::Display) -> SearchError {
    SearchError::Failed(error.to_string())
}
