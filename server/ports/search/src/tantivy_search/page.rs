//! One page: filters, facets, order, cursor.

use std::cmp::Ordering;
use std::sync::Arc;

use vitrine_shared::search::{Field, How, Query, rank, rank_unqueried};

use super::cursor::Cursor;
use super::facets::{Counter, Gate};
use super::matching::{Candidate, matches};
use super::schema::Fields;
use super::snapshot::Snapshot;
use super::view::NO_PRICE;
use crate::port::{Kind, SearchError};
use crate::query::{Facet, Hit, SearchPage, SearchQuery, Sort, SuggestQuery, Suggestions};

/// A document that passed the filters; ascending keys come first.
#[derive(Clone, Copy)]
struct Entry {
    key: i64,
    segment: u32,
    doc: u32,
    how: How,
}

/// Answers a search.
pub(super) fn search(snapshot: &Snapshot, fields: &Fields, asked: &SearchQuery) -> Result<SearchPage, SearchError> {
    asked.check()?;
    let cursor = asked.cursor.as_deref().map(|text| Cursor::parse(text, asked.sort)).transpose()?;
    let query = Query::parse(&asked.text);
    let gate = Gate::new(&snapshot.values, &asked.filters);
    let mut counter = Counter::new(&snapshot.values, asked);
    let priced = gate.needs_price() || counter.wants_price() || matches!(asked.sort, Sort::PriceUp | Sort::PriceDown);

    let mut found = None;
    if !query.tokens.is_empty() {
        found = Some(matches(snapshot, &asked.scope, &query, &Field::ALL)?);
    }
    // Without words and counts, only what the chosen makers made can be among the answers.
    let makers: Option<Vec<u32>> = (found.is_none() && asked.facets.is_empty() && !asked.filters.makers.is_empty())
        .then(|| asked.filters.makers.iter().filter_map(|m| snapshot.values.number(Facet::Maker, m)).collect());
    // One more than is shown says whether there is a page after it.
    let wanted = asked.offset + asked.limit;
    let mut best = Best::new(wanted + 1, snapshot);
    let mut total = 0;
    for (at, segment) in snapshot.segments.iter().enumerate() {
        let view = &*segment.view;
        let prices = if priced { view.prices(&segment.reader, &asked.market)? } else { None };
        let price =
            |doc: u32| prices.as_ref().map(|prices: &Arc<Vec<i64>>| prices[doc as usize]).filter(|&p| p != NO_PRICE);
        let mut take = |doc: u32, candidate: Option<&Candidate>| {
            let values = view.values(doc);
            let price = if priced { price(doc) } else { None };
            let failed = gate.failed(view.kinds[doc as usize], values, price);
            counter.add(values, price, failed);
            if failed != 0 {
                return;
            }
            total += 1;
            let key = match asked.sort {
                Sort::Relevance => -(relevance(snapshot, at, &query, doc, candidate) as i64),
                Sort::Newest => view.released[doc as usize].saturating_neg(),
                Sort::Title => i64::from(snapshot.title_place(at, doc)),
                Sort::PriceUp => price.unwrap_or(i64::MAX),
                Sort::PriceDown => price.map_or(i64::MAX, i64::saturating_neg),
            };
            let behind = |cursor: &Cursor| cursor.is_before(key, || view.title_key(doc), &view.ids[doc as usize]);
            if cursor.as_ref().is_none_or(behind) {
                best.add(Entry { key, segment: at as u32, doc, how: candidate.map_or(How::Exact, |c| c.totals.how) });
            }
        };
        match &found {
            Some(found) => found.segments[at].iter().for_each(|candidate| take(candidate.doc, Some(candidate))),
            None => {
                let visible = snapshot.visible(at, &asked.scope);
                let mut all = |docs: &mut dyn Iterator<Item = u32>| {
                    docs.filter(|&doc| visible.holds(doc)).for_each(|doc| take(doc, None));
                };
                match &makers {
                    Some(makers) => all(&mut view.made_by(makers).into_iter()),
                    None => all(&mut (0..segment.reader.max_doc())),
                }
            }
        }
    }
    let mut entries = best.finish();
    let more = entries.len() > wanted;
    entries.truncate(wanted);
    let page = entries.get(asked.offset..).unwrap_or_default();
    let cursor = page.last().filter(|_| more).map(|last| {
        let view = &snapshot.segments[last.segment as usize].view;
        Cursor::text(asked.sort, last.key, view.title_key(last.doc), &view.ids[last.doc as usize])
    });
    Ok(SearchPage {
        hits: page.iter().map(|entry| hit(snapshot, fields, entry)).collect::<Result<_, _>>()?,
        total,
        facets: counter.finish(&snapshot.values),
        relaxed: found.map(|found| found.relaxed).unwrap_or_default(),
        cursor,
    })
}

/// The first of many entries, in order, without keeping the others: a page shows two dozen of what may be a hundred thousand.
struct Best<'a> {
    snapshot: &'a Snapshot,
    count: usize,
    entries: Vec<Entry>,
    /// What stands behind it cannot be among the first any more. Works that nobody bought have equal keys, so these are told apart too.
    last: Option<Entry>,
}

impl<'a> Best<'a> {
    /// `count` of them, at least 1.
    fn new(count: usize, snapshot: &'a Snapshot) -> Self {
        Self { snapshot, count, entries: Vec::with_capacity(2 * count), last: None }
    }

    fn add(&mut self, entry: Entry) {
        if self.last.is_some_and(|last| order(self.snapshot)(&last, &entry).is_lt()) {
            return;
        }
        self.entries.push(entry);
        if self.entries.len() == 2 * self.count {
            let order = order(self.snapshot);
            let (_, last, _) = self.entries.select_nth_unstable_by(self.count - 1, order);
            self.last = Some(*last);
            self.entries.truncate(self.count);
        }
    }

    fn finish(mut self) -> Vec<Entry> {
        self.entries.sort_unstable_by(order(self.snapshot));
        self.entries.truncate(self.count);
        self.entries
    }
}

/// Answers a suggestion.
pub(super) fn suggest(snapshot: &Snapshot, fields: &Fields, asked: &SuggestQuery) -> Result<Suggestions, SearchError> {
    if asked.limit == 0 || asked.limit > 20 {
        return Err(SearchError::BadQuery("a group holds 1 to 20 suggestions".to_owned()));
    }
    let query = Query::parse(&asked.text);
    if query.tokens.is_empty() {
        return Ok(Suggestions::default());
    }
    let found = matches(snapshot, &asked.scope, &query, &Field::NAMES)?;
    let mut groups = [(); 3].map(|()| Best::new(asked.limit, snapshot));
    for (at, candidates) in found.segments.iter().enumerate() {
        for candidate in candidates {
            let group = match snapshot.segments[at].view.kinds[candidate.doc as usize] {
                Kind::Artist | Kind::Author => 0,
                Kind::Album | Kind::Book | Kind::Video | Kind::Podcast | Kind::Product => 1,
                Kind::Shop => 2,
            };
            let key = -(relevance(snapshot, at, &query, candidate.doc, Some(candidate)) as i64);
            groups[group].add(Entry { key, segment: at as u32, doc: candidate.doc, how: candidate.totals.how });
        }
    }
    let [makers, works, shops] = groups
        .map(|best| best.finish().iter().map(|entry| hit(snapshot, fields, entry)).collect::<Result<Vec<_>, _>>());
    Ok(Suggestions { makers: makers?, works: works?, shops: shops?, relaxed: found.relaxed })
}

/// Below 2^49, so it is a positive `i64` too.
fn relevance(snapshot: &Snapshot, segment: usize, query: &Query, doc: u32, candidate: Option<&Candidate>) -> u64 {
    let view = &snapshot.segments[segment].view;
    let popularity = view.popularity[doc as usize];
    match candidate {
        Some(candidate) => rank(query, candidate.totals, view.title_key(doc), view.alias_keys(doc), popularity),
        None => rank_unqueried(popularity),
    }
}

/// Ascending keys, equal ones by id.
fn order(snapshot: &Snapshot) -> impl Fn(&Entry, &Entry) -> Ordering {
    let id = |entry: &Entry| &snapshot.segments[entry.segment as usize].view.ids[entry.doc as usize];
    move |a, b| a.key.cmp(&b.key).then_with(|| id(a).cmp(id(b)))
}

fn hit(snapshot: &Snapshot, fields: &Fields, entry: &Entry) -> Result<Hit, SearchError> {
    let view = &snapshot.segments[entry.segment as usize].view;
    Ok(Hit {
        id: view.ids[entry.doc as usize].to_string(),
        kind: view.kinds[entry.doc as usize],
        data: snapshot.data(fields, entry.segment, entry.doc)?,
        how: entry.how,
    })
}
