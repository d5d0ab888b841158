//! The rank of a document for a query, in integers, from which of its fields matched how.

use serde::{Deserialize, Serialize};

use super::distance::allowed_edits;
use super::tokens::{key, query_tokens};

/// Where a token matched. The order is the weight's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The document's title or name.
    Title,
    /// Names of those who made it.
    Maker,
    /// Stored transliterations and other names.
    Alias,
    /// Tags and genres.
    Tags,
    /// The description.
    Description,
}

impl Field {
    /// Every field, heaviest first.
    pub const ALL: [Field; 5] = [Field::Title, Field::Maker, Field::Alias, Field::Tags, Field::Description];

    /// Fields in which typos are forgiven: names, where a near miss is still telling.
    pub const NAMES: [Field; 3] = [Field::Title, Field::Maker, Field::Alias];

    /// Its ordinal in [`Field::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    fn weight(self) -> u32 {
        match self {
            Field::Title => 100,
            Field::Maker => 80,
            Field::Alias => 70,
            Field::Tags => 30,
            Field::Description => 10,
        }
    }
}

/// How one query token met one document token. Later is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKind {
    /// Within two edits.
    Fuzzy2,
    /// Within one edit.
    Fuzzy1,
    /// The document's token begins with it.
    Prefix,
    /// They are equal.
    Exact,
}

impl MatchKind {
    /// The fuzzy kind of `edits` edits (1 or more).
    pub fn fuzzy(edits: u8) -> Self {
        if edits <= 1 { MatchKind::Fuzzy1 } else { MatchKind::Fuzzy2 }
    }

    fn factor(self) -> u32 {
        match self {
            MatchKind::Exact => 10,
            MatchKind::Prefix => 7,
            MatchKind::Fuzzy1 => 4,
            MatchKind::Fuzzy2 => 2,
        }
    }
}

/// How a document met a whole query: by its least exact token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Every token exactly.
    Exact,
    /// At least one only as a beginning.
    Prefix,
    /// At least one only after correcting a typo.
    Fuzzy,
}

impl From<MatchKind> for How {
    fn from(kind: MatchKind) -> Self {
        match kind {
            MatchKind::Exact => How::Exact,
            MatchKind::Prefix => How::Prefix,
            MatchKind::Fuzzy1 | MatchKind::Fuzzy2 => How::Fuzzy,
        }
    }
}

/// One query token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryToken {
    /// The folded form.
    pub text: String,
    /// Its length in characters.
    pub chars: usize,
    /// The last one, which may still be being typed.
    pub last: bool,
}

impl QueryToken {
    /// Edits forgiven to it.
    pub fn edits(&self) -> u8 {
        allowed_edits(self.chars)
    }
}

/// A parsed query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its tokens, all of which must match.
    pub tokens: Vec<QueryToken>,
    /// The whole text as [`key`] gives it.
    pub key: String,
}

impl Query {
    /// Reads what a person typed. No tokens means: everything matches.
    pub fn parse(text: &str) -> Self {
        let texts = query_tokens(text);
        let count = texts.len();
        let tokens = texts
            .into_iter()
            .enumerate()
            .map(|(at, text)| QueryToken { chars: text.chars().count(), last: at + 1 == count, text })
            .collect();
        Query { tokens, key: key(text) }
    }
}

/// The fewest characters a token needs to match as a prefix in `field`; `last` says whether it ends the query.
pub fn min_prefix(field: Field, last: bool) -> usize {
    match (field, last) {
        (Field::Description, _) => 4,
        (Field::Tags, true) => 2,
        (_, true) => 1,
        (_, false) => 3,
    }
}

/// What is known of one query token in one document: commutative, so postings may arrive in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TermMatch(u32);

impl TermMatch {
    /// A single match.
    pub fn of(field: Field, kind: MatchKind) -> Self {
        let points = field.weight() * kind.factor();
        TermMatch(points << 16 | (kind as u32 + 1) << 8 | 1 << field.index())
    }

    /// Both matches together: the better points, the better kind, all fields.
    pub fn and(self, other: TermMatch) -> Self {
        const POINTS: u32 = 0xFFFF_0000;
        const KIND: u32 = 0xFF00;
        let (a, b) = (self.0, other.0);
        TermMatch((a & POINTS).max(b & POINTS) | (a & KIND).max(b & KIND) | ((a | b) & 0xFF))
    }

    /// The token did not match at all.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    fn how(self) -> How {
        match self.0 >> 8 & 0xFF {
            4 => How::Exact,
            3 => How::Prefix,
            _ => How::Fuzzy,
        }
    }
}

/// The matches of all tokens of a query in one document, summed up in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTotals {
    points: u32,
    /// Fields that every token matched in.
    common: u8,
    /// By its least exact token.
    pub how: How,
}

impl Default for TokenTotals {
    fn default() -> Self {
        TokenTotals { points: 0, common: 0xFF, how: How::Exact }
    }
}

impl TokenTotals {
    /// Adds one token's match (which matched somewhere).
    pub fn add(&mut self, found: TermMatch) {
        self.points += found.0 >> 16;
        self.common &= (found.0 & 0xFF) as u8;
        self.how = self.how.max(found.how());
    }

    fn all_in(self, field: Field) -> bool {
        self.common & 1 << field.index() != 0
    }
}

/// The compared forms of `latin`, which may hold several names separated by `;` or line ends, joined by line ends.
pub fn alias_keys(latin: &str) -> String {
    let keys: Vec<String> = latin.split([';', '\n']).map(key).filter(|key| !key.is_empty()).collect();
    keys.join("\n")
}

/// The rank of a document that every token of `query` matched: higher comes first, equal ranks are ordered by id.
///
/// From the heaviest: no typo before typos; points of the matches (field weight times exactness, plus bonuses for the
/// whole title, its beginning, the query as a phrase, all tokens in one field, a short title); popularity.
/// `title_key` is [`key`] of the title, `alias_keys` what [`alias_keys()`] gives.
pub fn rank(query: &Query, totals: TokenTotals, title_key: &str, alias_keys: &str, popularity: u32) -> u64 {
    let strict = u64::from(totals.how != How::Fuzzy);
    let mut points = totals.points;
    if totals.all_in(Field::Title) {
        points += 600;
        // Of two titles that hold the words, the one with less else.
        let words = title_key.bytes().filter(|&b| b == b' ').count() + 1;
        let asked = query.key.bytes().filter(|&b| b == b' ').count() + 1;
        points += u32::try_from(200 * asked.min(words) / words).unwrap_or(0);
        points += whole(title_key, &query.key);
    } else if totals.all_in(Field::Maker) {
        points += 600;
    }
    if totals.all_in(Field::Alias) {
        points += 300;
        points += alias_keys.split('\n').map(|alias| whole(alias, &query.key)).max().unwrap_or(0) * 3 / 4;
    }
    strict << 48 | u64::from(points.min(0xFF_FFFF)) << 24 | rank_unqueried(popularity)
}

/// The rank without a query: popularity alone.
pub fn rank_unqueried(popularity: u32) -> u64 {
    u64::from(popularity.min(0xFF_FFFF))
}

/// Bonus for a name that is, begins with, or contains the query as it was typed.
fn whole(name: &str, query: &str) -> u32 {
    if name == query {
        return 4000;
    }
    // "heroes live" is nearer to "heroes" than "heroesque" is; where in the title the words stand says little.
    let bounded = |end: Option<&u8>| end.is_none_or(|&byte| byte == b' ');
    let as_words = name.match_indices(query).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| name.as_bytes().get(before));
        bounded(before) && bounded(name.as_bytes().get(at + query.len()))
    });
    if as_words {
        1500
    } else if name.starts_with(query) {
        1200
    } else if query.contains(' ') && name.contains(query) {
        1000
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_match() -> impl Strategy<Value = TermMatch> {
        (0usize..5, 0usize..4).prop_map(|(field, kind)| {
            let kind = [MatchKind::Exact, MatchKind::Prefix, MatchKind::Fuzzy1, MatchKind::Fuzzy2][kind];
            TermMatch::of(Field::ALL[field], kind)
        })
    }

    fn total(matches: &[TermMatch]) -> TokenTotals {
        let mut totals = TokenTotals::default();
        matches.iter().for_each(|&found| totals.add(found));
        totals
    }

    #[test]
    fn exact_before_prefix_before_typo_in_every_field() {
        let query = Query::parse("hero");
        for field in Field::ALL {
            let of = |kind| rank(&query, total(&[TermMatch::of(field, kind)]), "other title", "", 0);
            assert!(of(MatchKind::Exact) > of(MatchKind::Prefix));
            assert!(of(MatchKind::Prefix) > of(MatchKind::Fuzzy1));
            assert!(of(MatchKind::Fuzzy1) > of(MatchKind::Fuzzy2));
        }
    }

    #[test]
    fn popularity_only_breaks_ties() {
        let query = Query::parse("hero");
        let exact = total(&[TermMatch::of(Field::Title, MatchKind::Exact)]);
        let tag = total(&[TermMatch::of(Field::Tags, MatchKind::Exact)]);
        assert!(rank(&query, exact, "a hero", "", 0) > rank(&query, tag, "x", "", u32::MAX));
        assert!(rank(&query, exact, "a hero", "", 2) > rank(&query, exact, "a hero", "", 1));
    }

    proptest! {
        #[test]
        fn matches_sum_up_in_any_order(
            (straight, shuffled) in prop::collection::vec(prop::collection::vec(any_match(), 1..6), 1..5)
                .prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
            popularity: u32,
        ) {
            let query = Query::parse("one two three");
            let merged = |tokens: &[Vec<TermMatch>], back: bool| {
                let each: Vec<TermMatch> = tokens.iter().map(|found| {
                    let fold = |a: TermMatch, b: &TermMatch| a.and(*b);
                    if back { found.iter().rev().fold(TermMatch::default(), fold) } else { found.iter().fold(TermMatch::default(), fold) }
                }).collect();
                total(&each)
            };
            let (a, b) = (merged(&straight, false), merged(&shuffled, true));
            prop_assert_eq!(a, b);
            prop_assert_eq!(rank(&query, a, "one two", "", popularity), rank(&query, b, "one two", "", popularity));
            prop_assert!(rank(&query, a, "one two", "", popularity) < 1 << 49);
        }
    }
}
