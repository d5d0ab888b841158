//! Searching a small set by walking it: what an offline client does, and the yardstick an index is tested against.

use super::distance::distance_within;
use super::rank::{
    Field, How, MatchKind, Query, QueryToken, TermMatch, TokenTotals, alias_keys, min_prefix, rank, rank_unqueried,
};
use super::tokens::{key, tokens};

/// Typos in `query` are forgiven if fewer documents than this match as typed: 10 for a single word, which may well be
/// another word misspelled; 1 for several, since words found together are what was meant.
pub fn fuzzy_below(query: &Query) -> usize {
    if query.tokens.len() > 1 { 1 } else { 10 }
}

/// A document prepared for [`find`].
#[derive(Clone, Debug)]
pub struct Searchable {
    /// Breaks ties.
    pub id: String,
    fields: [Vec<String>; 5],
    title_key: String,
    alias_keys: String,
    popularity: u32,
}

impl Searchable {
    /// Prepares a document. `latin` holds other names separated by `;` or line ends; `tags` holds genres too.
    pub fn new<'a>(
        id: &str,
        title: &str,
        makers: impl IntoIterator<Item = &'a str>,
        latin: Option<&str>,
        tags: impl IntoIterator<Item = &'a str>,
        description: &str,
        popularity: u32,
    ) -> Self {
        let alias = latin.unwrap_or_default();
        let mut fields = [
            tokens(title),
            makers.into_iter().flat_map(tokens).collect(),
            tokens(alias),
            tags.into_iter().flat_map(tokens).collect(),
            tokens(description),
        ]
        .map(|found| found.into_iter().map(|token| token.text).collect::<Vec<_>>());
        for field in &mut fields {
            field.sort_unstable();
            field.dedup();
        }
        Searchable { id: id.to_owned(), fields, title_key: key(title), alias_keys: alias_keys(alias), popularity }
    }

    fn term_match(&self, token: &QueryToken, typos: bool) -> TermMatch {
        let letters: Vec<char> = token.text.chars().collect();
        let mut found = TermMatch::default();
        for field in Field::ALL {
            let prefix = token.chars >= min_prefix(field, token.last);
            let edits = if typos && Field::NAMES.contains(&field) { token.edits() } else { 0 };
            for word in &self.fields[field.index()] {
                let kind = if *word == token.text {
                    MatchKind::Exact
                } else if prefix && word.starts_with(&token.text) {
                    MatchKind::Prefix
                } else if edits == 0 {
                    continue;
                } else {
                    match distance_within(&letters, &word.chars().collect::<Vec<_>>(), edits) {
                        Some(edits) => MatchKind::fuzzy(edits),
                        None => continue,
                    }
                };
                found = found.and(TermMatch::of(field, kind));
            }
        }
        found
    }

    fn totals(&self, tokens: &[&QueryToken], typos: bool) -> Option<TokenTotals> {
        let mut totals = TokenTotals::default();
        for token in tokens {
            let found = self.term_match(token, typos);
            if found.is_none() {
                return None;
            }
            totals.add(found);
        }
        Some(totals)
    }
}

/// One document found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Which.
    pub id: &'a str,
    /// Its rank; higher comes first.
    pub rank: u64,
    /// How it matched.
    pub how: How,
}

/// The documents that match `query`, best first: all tokens must match; typos are forgiven if fewer than
/// [`fuzzy_below`] match as typed; tokens no document has are dropped if nothing matches otherwise.
pub fn find<'a>(docs: impl IntoIterator<Item = &'a Searchable> + Clone, query: &Query) -> Vec<Found<'a>> {
    let all: Vec<&QueryToken> = query.tokens.iter().collect();
    if all.is_empty() {
        return sorted(
            docs.into_iter()
                .map(|doc| Found { id: &doc.id, rank: rank_unqueried(doc.popularity), how: How::Exact })
                .collect(),
        );
    }
    let mut found = matching(docs.clone(), query, &all, false);
    if found.len() < fuzzy_below(query) {
        found = matching(docs.clone(), query, &all, true);
    }
    if found.is_empty() {
        let known: Vec<&QueryToken> = all
            .iter()
            .copied()
            .filter(|token| docs.clone().into_iter().any(|doc| !doc.term_match(token, true).is_none()))
            .collect();
        if !known.is_empty() && known.len() < all.len() {
            found = matching(docs, query, &known, true);
        }
    }
    sorted(found)
}

fn matching<'a>(
    docs: impl IntoIterator<Item = &'a Searchable>,
    query: &Query,
    tokens: &[&QueryToken],
    typos: bool,
) -> Vec<Found<'a>> {
    docs.into_iter()
        .filter_map(|doc| {
            let totals = doc.totals(tokens, typos)?;
            let rank = rank(query, totals, &doc.title_key, &doc.alias_keys, doc.popularity);
            Some(Found { id: &doc.id, rank, how: totals.how })
        })
        .collect()
}

fn sorted(mut found: Vec<Found<'_>>) -> Vec<Found<'_>> {
    found.sort_unstable_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.id.cmp(b.id)));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn doc(id: &str, title: &str, maker: &str) -> Searchable {
        Searchable::new(id, title, [maker], None, [], "", 0)
    }

    fn ids<'a>(docs: &'a [Searchable], text: &str) -> Vec<&'a str> {
        find(docs, &Query::parse(text)).into_iter().map(|found| found.id).collect()
    }

    #[test]
    fn orders_exact_prefix_typo() {
        let docs = [
            doc("typo", "Nero", ""),
            doc("prefix", "Heroes", ""),
            doc("exact", "Hero", ""),
            doc("maker", "Songs", "Hero"),
        ];
        assert_eq!(ids(&docs, "hero"), ["exact", "prefix", "maker", "typo"]);
    }

    #[test]
    fn drops_words_nobody_has() {
        let docs = [doc("a", "Low", "David Bowie"), doc("b", "Lust", "Iggy Pop")];
        assert_eq!(ids(&docs, "bowie low vinylzzz"), ["a"]);
        assert!(ids(&docs, "vinylzzz").is_empty());
        assert!(ids(&docs, "bowie lust").is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_documents_does_not_matter(
            (docs, shuffled) in prop::collection::vec(("[a-c]{1,5}( [a-c]{1,5})?", 0u32..3), 1..12).prop_flat_map(|rows| {
                let docs: Vec<Searchable> = rows.iter().enumerate()
                    .map(|(at, (title, popularity))| Searchable::new(&format!("d{at}"), title, [], None, [], "", *popularity)).collect();
                (Just(docs.clone()), Just(docs).prop_shuffle())
            }),
            text in "[a-c]{1,5}( [a-c]{1,5})?",
        ) {
            let query = Query::parse(&text);
            prop_assert_eq!(find(&docs, &query), find(&shuffled, &query));
        }
    }
}
