//! The port: documents, the trait with its contract, and its errors.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::query::{SearchPage, SearchQuery, SuggestQuery, Suggestions};

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A musician, band, director or host.
    Artist,
    /// A writer.
    Author,
    /// A music album.
    Album,
    /// A book.
    Book,
    /// A film or video.
    Video,
    /// A podcast.
    Podcast,
    /// Anything else for sale: merchandise, bundles.
    Product,
    /// A tenant's shop.
    Shop,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Kind; 8] =
        [Kind::Artist, Kind::Author, Kind::Album, Kind::Book, Kind::Video, Kind::Podcast, Kind::Product, Kind::Shop];

    /// Its name in facets, queries and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Artist => "artist",
            Kind::Author => "author",
            Kind::Album => "album",
            Kind::Book => "book",
            Kind::Video => "video",
            Kind::Podcast => "podcast",
            Kind::Product => "product",
            Kind::Shop => "shop",
        }
    }
}

/// Who made something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// Id of the artist or author.
    pub id: String,
    /// Name as shown.
    pub name: String,
}

/// A document of the index: all that is searched, filtered, sorted by and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchDoc {
    /// Unique in the index.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Whose it is; scope `Tenant` sees only its own.
    pub tenant: String,
    /// Seen in the marketplace scope.
    pub listed: bool,
    /// Title or name as shown.
    pub title: String,
    /// Transliterations and other names, separated by `;` or line ends.
    pub latin: Option<String>,
    /// Who made it; their names are searched.
    pub makers: Vec<Maker>,
    /// Plain text; the first 2,000 characters are searched.
    pub description: String,
    /// Facet values; searched like tags.
    pub genres: Vec<String>,
    /// Facet values.
    pub tags: Vec<String>,
    /// Facet values, e.g. `flac`, `epub`.
    pub formats: Vec<String>,
    /// Facet values, BCP 47.
    pub languages: Vec<String>,
    /// Year of publication.
    pub year: Option<i32>,
    /// UTC milliseconds since the epoch; sort `Newest`.
    pub released_ms: i64,
    /// Breaks ties of relevance; values above 2^24 - 1 count as that.
    pub popularity: u32,
    /// One price for each market, minor units of the market's currency; sorting and price filters use it.
    pub prices: BTreeMap<String, i64>,
    /// What hits give back, e.g. a card.
    pub data: serde_json::Value,
    /// Revision of the record it was made from; an older one never replaces a newer.
    pub rev: i64,
}

/// Why a search or an update did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Create the index anew and fill it from a listing.
    #[error("the search index must be rebuilt: {reason}")]
    NeedsRebuild {
        /// What is wrong with the present one.
        reason: String,
    },
    /// The caller asked for something outside the limits, or with a cursor that is not of this sort.
    #[error("the search cannot be answered: {0}")]
    BadQuery(String),
    /// Another process has the index open for writing.
    #[error("the search index is in use by another process")]
    Locked,
    /// Disk or library trouble; what was staged may have to be applied again from `position`.
    #[error("the search index failed: {0}")]
    Failed(String),
}

/// Full-text search over documents.
///
/// Commit semantics: `upsert`, `delete` and `clear` **stage**; nothing staged is seen by searches or survives a crash
/// until `commit` or `set_position` returns. Either makes everything staged so far durable and visible at once,
/// together; `set_position` also stores the feed cursor in that same commit, `commit` leaves the stored one as it is.
/// A follower of the feed applies a batch and then calls `set_position` with the cursor behind the batch; after a crash
/// it continues at `position`, and applying entries twice changes nothing. Staging calls of one index MUST be made by
/// one follower at a time; searches may run concurrently with everything.
#[async_trait]
pub trait Search: Send + Sync {
    /// Stages documents; each replaces the one with its id unless that has a higher `rev` (equal replaces).
    /// A deleted document's `rev` is forgotten.
    ///
    /// # Errors
    /// `Failed`.
    async fn upsert(&self, docs: Vec<SearchDoc>) -> Result<(), SearchError>;

    /// Stages the removal of documents; unknown ids are fine.
    ///
    /// # Errors
    /// `Failed`.
    async fn delete(&self, ids: Vec<String>) -> Result<(), SearchError>;

    /// Stages the removal of everything, and of the stored position.
    ///
    /// # Errors
    /// `Failed`.
    async fn clear(&self) -> Result<(), SearchError>;

    /// Makes everything staged durable and visible.
    ///
    /// # Errors
    /// `Failed`.
    async fn commit(&self) -> Result<(), SearchError>;

    /// Makes everything staged durable and visible, and stores `position` in the same commit.
    ///
    /// # Errors
    /// `Failed`.
    async fn set_position(&self, position: &str) -> Result<(), SearchError>;

    /// The position of the last commit that stored one; `None` in a new or cleared index.
    ///
    /// # Errors
    /// `Failed`.
    async fn position(&self) -> Result<Option<String>, SearchError>;

    /// Revision and payload of visible documents, in the order asked; `None`: not there.
    ///
    /// # Errors
    /// `Failed`.
    async fn stored(&self, ids: Vec<String>) -> Result<Vec<Option<(i64, serde_json::Value)>>, SearchError>;

    /// Looks whether the index's files are still there; if not, makes an empty index in their place and answers `true`.
    /// Searches go on in what was visible until the next commit; the follower of the feed begins anew: there is no position.
    ///
    /// # Errors
    /// `Failed` if the disk refuses; call it again.
    async fn renew_if_lost(&self) -> Result<bool, SearchError>;

    /// Visible documents, of all scopes.
    ///
    /// # Errors
    /// `Failed`.
    async fn count(&self) -> Result<u64, SearchError>;

    /// One page of what matches. All words must match, as typed or as a beginning; typos (one edit from 4 letters, two
    /// from 8, in names) are forgiven if no document of the scope matches as typed (for a single word: fewer than 10); words no document of the
    /// scope has are dropped if nothing matches otherwise. The filters do not influence which of these happens.
    ///
    /// # Errors
    /// `BadQuery`, `Failed`.
    async fn search(&self, query: SearchQuery) -> Result<SearchPage, SearchError>;

    /// Completions for a word being typed, matched in names only, grouped.
    ///
    /// # Errors
    /// `BadQuery`, `Failed`.
    async fn suggest(&self, query: SuggestQuery) -> Result<Suggestions, SearchError>;
}
