//! Search rules both sides share: how text folds, how it splits into tokens, and how matches are ordered.
//!
//! The server's index finds candidates and an offline client walks its snapshot, but both ask the same functions which
//! tokens a text has and which rank a document gets, so nodes, rebuilt indexes and offline clients show one order.
//!
//! Invariants:
//! - Everything is a pure function of its arguments, in integers; no statistics of the collection enter a rank.
//! - `fold` is idempotent, and a query folds by the same rules as a document.
//! - Equal ranks are ordered by id, ascending, so a cursor is `(rank, id)`.
//! - A change of folding or tokens raises [`TOKENS_VERSION`]; stored indexes are rebuilt when it differs.
//!
//! Entry points: [`Query::parse`], [`Searchable::new`], [`find`]; an index uses [`tokens`], [`TermMatch`] and [`rank`].
//!
//! Not here: storage, filters and facets (the search port), and transliteration: alternate names are stored data.

mod distance;
mod find;
mod fold;
mod rank;
mod tokens;

pub use distance::{allowed_edits, distance_within};
pub use find::{Found, Searchable, find, fuzzy_below};
pub use fold::fold;
pub use rank::{
    Field, How, MatchKind, Query, QueryToken, TermMatch, TokenTotals, alias_keys, min_prefix, rank, rank_unqueried,
};
pub use tokens::{MAX_QUERY_TOKENS, TOKENS_VERSION, Token, key, query_tokens, tokens};
