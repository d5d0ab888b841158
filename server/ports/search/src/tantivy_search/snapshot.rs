//! One committed state of the index, as all searches that began in it see it.

use std::sync::{Arc, OnceLock};

use tantivy::index::InvertedIndexReader;
use tantivy::schema::Value as _;
use tantivy::{DocAddress, Searcher, SegmentReader, TantivyDocument};

use super::schema::Fields;
use super::view::{NONE, Values, View, failed};
use crate::port::SearchError;
use crate::query::Scope;

/// A segment, ready to be searched.
pub(super) struct Segment {
    pub(super) reader: SegmentReader,
    pub(super) view: Arc<View>,
    /// In the order of `vitrine_shared::search::Field::ALL`.
    pub(super) text: [Arc<InvertedIndexReader>; 5],
}

/// A committed state.
pub(super) struct Snapshot {
    pub(super) searcher: Searcher,
    pub(super) segments: Vec<Segment>,
    pub(super) values: Arc<Values>,
    /// By segment and its title number, the title's place among all titles. Made by the first search that sorts by it.
    title_places: OnceLock<Vec<Vec<u32>>>,
}

impl Snapshot {
    /// Reads what `searcher` sees, taking over from `before` what it already has.
    pub(super) fn load(searcher: Searcher, fields: &Fields, before: Option<&Snapshot>) -> Result<Self, SearchError> {
        let mut values = before.map(|snapshot| (*snapshot.values).clone()).unwrap_or_default();
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            let known =
                before.and_then(|s| s.segments.iter().find(|segment| segment.view.segment == reader.segment_id()));
            let view = match known {
                Some(segment) => segment.view.clone(),
                None => Arc::new(View::load(reader, fields, &mut values)?),
            };
            let text = match known {
                Some(segment) => segment.text.clone(),
                None => {
                    let [a, b, c, d, e] = fields.text.map(|field| reader.inverted_index(field).map_err(failed));
                    [a?, b?, c?, d?, e?]
                }
            };
            segments.push(Segment { reader: reader.clone(), view, text });
        }
        Ok(Snapshot { searcher, segments, values: Arc::new(values), title_places: OnceLock::new() })
    }

    /// Which documents of a segment exist in `scope`.
    pub(super) fn visible(&self, segment: usize, scope: &Scope) -> Visible<'_> {
        let segment = &self.segments[segment];
        let tenant = match scope {
            Scope::Marketplace => None,
            Scope::Tenant(tenant) => {
                let place = segment.view.tenants.binary_search_by(|name| (**name).cmp(tenant.as_str()));
                Some(place.map_or(NONE, |place| place as u32))
            }
        };
        Visible { segment, tenant }
    }

    pub(super) fn title_place(&self, segment: usize, doc: u32) -> u32 {
        let places = self.title_places.get_or_init(|| {
            let mut places: Vec<Vec<u32>> = self.segments.iter().map(|s| vec![0; s.view.titles.len()]).collect();
            let mut all: Vec<(&str, usize, usize)> = Vec::new();
            for (at, segment) in self.segments.iter().enumerate() {
                all.extend(segment.view.titles.iter().enumerate().map(|(number, title)| (&**title, at, number)));
            }
            all.sort_unstable();
            let mut place = 0;
            let mut last = None;
            for (title, at, number) in all {
                if last.is_some_and(|last| last != title) {
                    place += 1;
                }
                last = Some(title);
                places[at][number] = place;
            }
            places
        });
        places[segment][self.segments[segment].view.title[doc as usize] as usize]
    }

    /// Where a visible document is: segment and number in it.
    fn find(&self, fields: &Fields, id: &str) -> Result<Option<(usize, u32)>, SearchError> {
        use tantivy::schema::IndexRecordOption::Basic;
        use tantivy::{DocSet, TERMINATED, Term};

        let term = Term::from_field_text(fields.id, id);
        for (at, segment) in self.segments.iter().enumerate() {
            let index = segment.reader.inverted_index(fields.id).map_err(failed)?;
            let Some(mut postings) = index.read_postings(&term, Basic).map_err(failed)? else {
                continue;
            };
            while postings.doc() != TERMINATED {
                if !segment.reader.is_deleted(postings.doc()) {
                    return Ok(Some((at, postings.doc())));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    /// The visible revision of a document.
    pub(super) fn rev(&self, fields: &Fields, id: &str) -> Result<Option<i64>, SearchError> {
        Ok(self.find(fields, id)?.map(|(segment, doc)| self.segments[segment].view.rev[doc as usize]))
    }

    /// Revision and payload of a visible document.
    pub(super) fn stored(&self, fields: &Fields, id: &str) -> Result<Option<(i64, serde_json::Value)>, SearchError> {
        let Some((segment, doc)) = self.find(fields, id)? else { return Ok(None) };
        let rev = self.segments[segment].view.rev[doc as usize];
        // As many segments as 2^32 do not fit in memory.
        let data = self.data(fields, segment as u32, doc)?;
        Ok(Some((rev, serde_json::from_str(&data).map_err(failed)?)))
    }

    /// What a document gives back, as JSON.
    pub(super) fn data(&self, fields: &Fields, segment: u32, doc: u32) -> Result<String, SearchError> {
        let stored: TantivyDocument = self.searcher.doc(DocAddress::new(segment, doc)).map_err(failed)?;
        let data = stored
            .get_first(fields.data)
            .and_then(|value| value.as_str())
            .ok_or_else(|| failed("a document has no payload"))?;
        Ok(data.to_owned())
    }
}

/// The test for one segment and scope.
pub(super) struct Visible<'a> {
    segment: &'a Segment,
    tenant: Option<u32>,
}

impl Visible<'_> {
    pub(super) fn holds(&self, doc: u32) -> bool {
        let at = doc as usize;
        let in_scope = match self.tenant {
            None => self.segment.view.listed[at],
            Some(tenant) => self.segment.view.tenant[at] == tenant,
        };
        in_scope && !self.segment.reader.is_deleted(doc)
    }
}
