//! The Search port on tantivy: facets, prefixes, typos, many scripts.
//!
//! Invariants:
//! - An index holds nothing of its own: it is built from a listing and then follows the change feed, and the feed cursor
//!   is stored in the same commit as the documents it covers, so a crash repeats work but never skips it.
//! - A search sees one scope: the listed documents of the marketplace, or all documents of one tenant. No hit, count,
//!   facet or spelling of another scope leaks into an answer.
//! - The order is `vitrine_shared::search::rank`, ties by id: equal documents give equal pages on every node.
//! - Facets of a filtered field are counted without that field's own filter.
//!
//! Not here: which records become documents and when they are published (the search domain), batching of feed entries.

mod port;
mod query;
mod tantivy_search;

pub use port::{Kind, Maker, Search, SearchDoc, SearchError};
pub use query::{
    Facet, FacetCount, Filters, Hit, MAX_LIMIT, MAX_OFFSET, Range, Relaxed, Scope, SearchPage, SearchQuery, Sort,
    SuggestQuery, Suggestions,
};
pub use tantivy_search::TantivySearch;
pub use vitrine_shared::search::How;
