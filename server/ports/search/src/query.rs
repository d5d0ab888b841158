//! What is asked and what is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vitrine_shared::search::How;

use crate::port::{Kind, SearchError};

/// Hits a page may hold.
pub const MAX_LIMIT: usize = 100;
/// Hits that may be skipped by number; further pages need the cursor.
pub const MAX_OFFSET: usize = 1_000;

/// Which documents exist for the asker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Listed documents of all tenants.
    Marketplace,
    /// All documents of one tenant.
    Tenant(String),
}

/// Order of the hits; ties by id, ascending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// By rank; without text by popularity.
    #[default]
    Relevance,
    /// Latest `released_ms` first.
    Newest,
    /// By folded title.
    Title,
    /// Cheapest in the market first; documents without a price there last.
    PriceUp,
    /// Dearest in the market first; documents without a price there last.
    PriceDown,
}

/// A field that is filtered and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// [`Kind`] by name.
    Type,
    /// Genres.
    Genre,
    /// Tags.
    Tag,
    /// Formats.
    Format,
    /// Languages.
    Language,
    /// Years, as decimal text.
    Year,
    /// Ranges of the market's price, `"<from>-<to>"` in minor units, both included, the last one `"<from>-"`.
    Price,
    /// Makers, by id.
    Maker,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Facet; 8] = [
        Facet::Type,
        Facet::Genre,
        Facet::Tag,
        Facet::Format,
        Facet::Language,
        Facet::Year,
        Facet::Price,
        Facet::Maker,
    ];

    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Bounds, both included; `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range<T> {
    /// Smallest.
    pub min: Option<T>,
    /// Largest.
    pub max: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Range { min: None, max: None }
    }
}

impl<T: PartialOrd + Copy> Range<T> {
    pub(crate) fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    pub(crate) fn holds(&self, value: T) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

/// Values chosen; within a field any of them, between fields all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Kinds.
    pub types: Vec<Kind>,
    /// Genres, spelled as indexed.
    pub genres: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Makers, by id.
    pub makers: Vec<String>,
    /// Formats.
    pub formats: Vec<String>,
    /// Languages.
    pub languages: Vec<String>,
    /// Years; documents without one are outside any bounded range.
    pub years: Range<i32>,
    /// Price in the query's market, minor units; documents without one there are outside any bounded range.
    pub price: Range<i64>,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// Which documents exist.
    pub scope: Scope,
    /// What was typed; empty matches everything.
    pub text: String,
    /// Whose prices count.
    pub market: String,
    /// What was chosen.
    pub filters: Filters,
    /// Order.
    pub sort: Sort,
    /// Facets to count.
    pub facets: Vec<Facet>,
    /// Lower bounds of the price ranges after the first (which begins at 0), ascending, minor units of the market's
    /// currency; at most 20. Empty takes bounds fit for a two-decimal currency.
    pub price_bounds: Vec<i64>,
    /// Hits wanted, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Hits skipped, at most [`MAX_OFFSET`]; for numbered pages; 0 with a cursor.
    pub offset: usize,
    /// Of the page before, with everything else equal.
    pub cursor: Option<String>,
}

impl SearchQuery {
    /// The first 24 by relevance, without filters and facets.
    pub fn new(scope: Scope, text: impl Into<String>, market: impl Into<String>) -> Self {
        SearchQuery {
            scope,
            text: text.into(),
            market: market.into(),
            filters: Filters::default(),
            sort: Sort::Relevance,
            facets: Vec::new(),
            price_bounds: Vec::new(),
            limit: 24,
            offset: 0,
            cursor: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SearchError> {
        let bad = |why: &str| Err(SearchError::BadQuery(why.to_owned()));
        if self.limit == 0 || self.limit > MAX_LIMIT {
            return bad("a page holds 1 to 100 hits");
        }
        if self.offset > MAX_OFFSET {
            return bad("at most 1,000 hits can be skipped by number");
        }
        if self.offset > 0 && self.cursor.is_some() {
            return bad("a page is named by its number or by a cursor, not by both");
        }
        if self.price_bounds.len() > 20
            || !self.price_bounds.is_sorted_by(|a, b| a < b)
            || self.price_bounds.first().is_some_and(|&b| b <= 0)
        {
            return bad("price bounds are at most 20 ascending amounts above 0");
        }
        Ok(())
    }
}

/// One document found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Which.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What was stored with it, as JSON: who shows it reads it into a shape of their own, and nobody pays for two.
    pub data: String,
    /// How it matched the text; `Exact` without text.
    pub how: How,
}

/// A value and how many hits have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// Documents that have it and pass all filters but this facet's own.
    pub count: u64,
}

/// How the query was read more loosely than typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relaxed {
    /// No document of the scope matches the word as typed; a similar one was taken too.
    Corrected {
        /// As typed, folded.
        original: String,
        /// The nearest one that was taken.
        used: String,
    },
    /// The word was left out.
    Dropped {
        /// As typed, folded.
        original: String,
    },
}

/// A page of hits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchPage {
    /// In order.
    pub hits: Vec<Hit>,
    /// All that match text and filters.
    pub total: u64,
    /// Counts of the facets asked for, most frequent first (years latest first, prices ascending), at most 200 values
    /// of each and only those with a count.
    pub facets: BTreeMap<Facet, Vec<FacetCount>>,
    /// How the query was loosened.
    pub relaxed: Vec<Relaxed>,
    /// Of the next page, if there is one.
    pub cursor: Option<String>,
}

/// Something being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestQuery {
    /// Which documents exist.
    pub scope: Scope,
    /// What was typed; without a letter there are no suggestions.
    pub text: String,
    /// Suggestions of each group, 1 to 20.
    pub limit: usize,
}

/// Completions, best first in each group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Suggestions {
    /// Artists and authors.
    pub makers: Vec<Hit>,
    /// Albums, books, videos, podcasts, products.
    pub works: Vec<Hit>,
    /// Shops.
    pub shops: Vec<Hit>,
    /// How the text was loosened.
    pub relaxed: Vec<Relaxed>,
}
