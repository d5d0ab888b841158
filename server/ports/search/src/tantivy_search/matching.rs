//! Candidates: which documents of a scope match a text, and with which totals, read from postings alone.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};
use vitrine_shared::search::{Field, MatchKind, Query, QueryToken, TermMatch, TokenTotals, fuzzy_below, min_prefix};

use super::schema::{START_CHARS, START_MARK};
use super::snapshot::{Snapshot, Visible};
use super::view::failed;
use crate::port::SearchError;
use crate::query::{Relaxed, Scope};

/// Similar words taken for one typed word, nearest first, then alphabetically.
const SIMILAR_WORDS: usize = 50;

/// A document that every token matched.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) doc: u32,
    pub(super) totals: TokenTotals,
}

/// Candidates by segment.
pub(super) struct Matches {
    pub(super) segments: Vec<Vec<Candidate>>,
    pub(super) relaxed: Vec<Relaxed>,
}

impl Matches {
    fn count(&self) -> usize {
        self.segments.iter().map(Vec::len).sum()
    }
}

/// A token and the similar words taken for it.
struct Wanted<'a> {
    token: &'a QueryToken,
    similar: Vec<(u8, Box<str>)>,
}

/// What matches `query`'s tokens (at least one) in `fields`, by the rules of `vitrine_shared::search::find`.
pub(super) fn matches(
    snapshot: &Snapshot,
    scope: &Scope,
    query: &Query,
    fields: &[Field],
) -> Result<Matches, SearchError> {
    let strict: Vec<Wanted<'_>> = query.tokens.iter().map(|token| Wanted { token, similar: Vec::new() }).collect();
    let found = all_of(snapshot, scope, &strict, fields)?;
    if found.count() >= fuzzy_below(query) {
        return Ok(found);
    }
    let loose: Vec<Wanted<'_>> =
        query.tokens.iter().map(|token| Wanted { token, similar: similar_words(snapshot, token) }).collect();
    let mut found = if loose.iter().all(|wanted| wanted.similar.is_empty()) {
        found
    } else {
        all_of(snapshot, scope, &loose, fields)?
    };
    let mut kept = loose;
    let mut relaxed = Vec::new();
    if found.count() == 0 && kept.len() > 1 {
        let mut known = Vec::new();
        for wanted in kept {
            if all_of(snapshot, scope, std::slice::from_ref(&wanted), fields)?.count() > 0 {
                known.push(wanted);
            } else {
                relaxed.push(Relaxed::Dropped { original: wanted.token.text.clone() });
            }
        }
        if known.is_empty() || relaxed.is_empty() {
            // Every word is known but never together, or none is: loosening further would only mislead.
            return Ok(found);
        }
        found = all_of(snapshot, scope, &known, fields)?;
        kept = known;
    }
    if found.count() > 0 {
        for wanted in &kept {
            relaxed.extend(correction(snapshot, scope, wanted, fields)?);
        }
    }
    found.relaxed = relaxed;
    Ok(found)
}

/// The word that stands in for one nobody in the scope has as typed: the nearest, then the one with most documents.
fn correction(
    snapshot: &Snapshot,
    scope: &Scope,
    wanted: &Wanted<'_>,
    fields: &[Field],
) -> Result<Option<Relaxed>, SearchError> {
    if wanted.similar.is_empty() {
        return Ok(None);
    }
    let as_typed = Wanted { token: wanted.token, similar: Vec::new() };
    if all_of(snapshot, scope, std::slice::from_ref(&as_typed), fields)?.count() > 0 {
        return Ok(None);
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (at, segment) in snapshot.segments.iter().enumerate() {
        let visible = snapshot.visible(at, scope);
        for (_, word) in &wanted.similar {
            let mut docs = BTreeSet::new();
            for field in Field::NAMES.into_iter().filter(|field| fields.contains(field)) {
                let index = &segment.text[field.index()];
                if let Some(info) = index.terms().get(word.as_bytes()).map_err(failed)? {
                    each_doc(index, &info, |doc| {
                        if visible.holds(doc) {
                            docs.insert(doc);
                        }
                    })?;
                }
            }
            *counts.entry(word).or_default() += docs.len();
        }
    }
    let best = wanted
        .similar
        .iter()
        .filter(|(_, word)| counts.get(&**word).is_some_and(|&count| count > 0))
        .min_by_key(|(edits, word)| (*edits, usize::MAX - counts.get(&**word).copied().unwrap_or(0), word.clone()));
    Ok(best.map(|(_, word)| Relaxed::Corrected { original: wanted.token.text.clone(), used: word.to_string() }))
}

fn similar_words(snapshot: &Snapshot, token: &QueryToken) -> Vec<(u8, Box<str>)> {
    let mut found = BTreeSet::new();
    if token.edits() > 0 {
        let letters: Vec<char> = token.text.chars().collect();
        for segment in &snapshot.segments {
            segment.view.similar(&letters, token.edits(), &mut found);
        }
    }
    // Cut after all segments were asked, so the choice does not depend on how documents are spread over them.
    found.into_iter().take(SIMILAR_WORDS).collect()
}

thread_local! {
    /// One cell for each document of a segment; all zero between uses.
    static CELLS: RefCell<Vec<TermMatch>> = const { RefCell::new(Vec::new()) };
}

/// The documents that match every one of `wanted`.
fn all_of(snapshot: &Snapshot, scope: &Scope, wanted: &[Wanted<'_>], fields: &[Field]) -> Result<Matches, SearchError> {
    let mut segments = Vec::with_capacity(snapshot.segments.len());
    for at in 0..snapshot.segments.len() {
        segments.push(CELLS.with_borrow_mut(|cells| segment_matches(snapshot, at, scope, wanted, fields, cells))?);
    }
    Ok(Matches { segments, relaxed: Vec::new() })
}

fn segment_matches(
    snapshot: &Snapshot,
    at: usize,
    scope: &Scope,
    wanted: &[Wanted<'_>],
    fields: &[Field],
    cells: &mut Vec<TermMatch>,
) -> Result<Vec<Candidate>, SearchError> {
    let visible = snapshot.visible(at, scope);
    let text = &snapshot.segments[at].text;
    let docs = snapshot.segments[at].view.ids.len();
    if cells.len() < docs {
        cells.resize(docs, TermMatch::default());
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut touched = Vec::new();
    for (ordinal, wanted) in wanted.iter().enumerate() {
        if ordinal > 0 && candidates.is_empty() {
            break;
        }
        let filled = fill(text, wanted, fields, cells, &mut touched);
        if filled.is_ok() {
            if ordinal == 0 {
                candidates = first_candidates(&touched, cells, &visible);
            } else {
                candidates.retain_mut(|candidate| {
                    let found = cells[candidate.doc as usize];
                    candidate.totals.add(found);
                    !found.is_none()
                });
            }
        }
        for doc in touched.drain(..) {
            cells[doc as usize] = TermMatch::default();
        }
        filled?;
    }
    Ok(candidates)
}

fn first_candidates(touched: &[u32], cells: &[TermMatch], visible: &Visible<'_>) -> Vec<Candidate> {
    let mut candidates = Vec::with_capacity(touched.len());
    for &doc in touched {
        if visible.holds(doc) {
            let mut totals = TokenTotals::default();
            totals.add(cells[doc as usize]);
            candidates.push(Candidate { doc, totals });
        }
    }
    candidates
}

/// Notes in `cells` how each document matches one token.
fn fill(
    text: &[std::sync::Arc<InvertedIndexReader>; 5],
    wanted: &Wanted<'_>,
    fields: &[Field],
    cells: &mut [TermMatch],
    touched: &mut Vec<u32>,
) -> Result<(), SearchError> {
    let token = wanted.token;
    for &field in fields {
        let index = &text[field.index()];
        let mut note = |info: &TermInfo, kind| {
            let found = TermMatch::of(field, kind);
            each_doc(index, info, |doc| {
                let cell = &mut cells[doc as usize];
                if cell.is_none() {
                    touched.push(doc);
                }
                *cell = cell.and(found);
            })
        };
        if let Some(info) = index.terms().get(token.text.as_bytes()).map_err(failed)? {
            note(&info, MatchKind::Exact)?;
        }
        if token.chars >= min_prefix(field, token.last) {
            if token.chars <= START_CHARS {
                let start = format!("{START_MARK}{}", token.text);
                if let Some(info) = index.terms().get(start.as_bytes()).map_err(failed)? {
                    note(&info, MatchKind::Prefix)?;
                }
            } else {
                // 0xFF occurs in no UTF-8 text, so it ends the range of everything that begins with the token.
                let end = [token.text.as_bytes(), &[0xFF]].concat();
                let mut stream =
                    index.terms().range().gt(token.text.as_bytes()).lt(&end).into_stream().map_err(failed)?;
                while stream.advance() {
                    note(stream.value(), MatchKind::Prefix)?;
                }
            }
        }
        if Field::NAMES.contains(&field) {
            for (edits, word) in &wanted.similar {
                if let Some(info) = index.terms().get(word.as_bytes()).map_err(failed)? {
                    note(&info, MatchKind::fuzzy(*edits))?;
                }
            }
        }
    }
    Ok(())
}

fn each_doc(index: &InvertedIndexReader, info: &TermInfo, mut act: impl FnMut(u32)) -> Result<(), SearchError> {
    let mut postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic).map_err(failed)?;
    let mut doc = postings.doc();
    while doc != TERMINATED {
        act(doc);
        doc = postings.advance();
    }
    Ok(())
}
