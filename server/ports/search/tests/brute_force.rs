//! The index against walking all documents: matches, order, facets, sorting, paging.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{doc, searchable};
use proptest::prelude::*;
use vitrine_search::{Facet, Kind, Range, Scope, Search, SearchDoc, SearchQuery, Sort, TantivySearch};
use vitrine_shared::search::{How, Query, find};

const KINDS: [Kind; 4] = [Kind::Album, Kind::Book, Kind::Artist, Kind::Product];
const BOUNDS: [i64; 2] = [300, 600];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(of.to_vec(), 0..=of.len()).prop_map(|list| list.into_iter().map(str::to_owned).collect())
}

const GENRES: &[&str] = &["jazz", "rock", "folk"];
const TAGS: &[&str] = &["live", "new", "rare", "blue"];
const FORMATS: &[&str] = &["flac", "epub"];
const LANGUAGES: &[&str] = &["de", "en"];

fn any_doc() -> impl Strategy<Value = SearchDoc> {
    (
        ("[abn]{1,5}( [abn]{3,9})?", "[abn]{2,5}", prop::option::of("[abn]{3,6}"), "[abn]{0,5}"),
        (0usize..4, 0usize..3, prop::bool::weighted(0.8), prop::option::of(1990i32..1994)),
        (some(GENRES), some(TAGS), some(FORMATS), some(LANGUAGES)),
        (0u32..4, 0i64..5, prop::option::of(0i64..900)),
    )
        .prop_map(
            |(
                (title, maker, latin, description),
                (kind, tenant, listed, year),
                (genres, tags, formats, languages),
                numbers,
            )| {
                let (popularity, released_ms, price) = numbers;
                let prices = price.map(|minor| ("de.x".to_owned(), minor)).into_iter().collect();
                let tenant = format!("t{tenant}");
                SearchDoc {
                    latin,
                    description,
                    kind: KINDS[kind],
                    tenant,
                    listed,
                    year,
                    genres,
                    tags,
                    formats,
                    languages,
                    popularity,
                    released_ms,
                    prices,
                    ..doc("", &title, &maker)
                }
            },
        )
}

fn any_query() -> impl Strategy<Value = SearchQuery> {
    (
        prop_oneof![Just(String::new()), "[abn]{1,5}", "[abn]{3,9}", "[abn]{2,5} [abn]{1,5}", "[abnz]{5}( z)?"],
        prop_oneof![2 => Just(Scope::Marketplace), 1 => Just(Scope::Tenant("t1".into())), 1 => Just(Scope::Tenant("t9".into()))],
        prop::sample::subsequence(KINDS.to_vec(), 0..3),
        (some(GENRES), some(TAGS), some(FORMATS), some(LANGUAGES)),
        (prop::option::of(1990i32..1994), prop::option::of(1990i32..1994)),
        (prop::option::of(0i64..500), prop::option::of(300i64..900)),
        (0usize..5, any::<[bool; 6]>()),
    )
        .prop_map(|(text, scope, types, (genres, tags, formats, languages), years, price, (sort, used))| {
            let mut query = SearchQuery::new(scope, text, "de.x");
            query.facets = Facet::ALL.to_vec();
            query.price_bounds = BOUNDS.to_vec();
            query.sort = [Sort::Relevance, Sort::Newest, Sort::Title, Sort::PriceUp, Sort::PriceDown][sort];
            let filters = &mut query.filters;
            // A filter on every field at once would leave nothing to look at.
            if used[0] { filters.types = types }
            if used[1] { filters.genres = genres }
            if used[2] { filters.tags = tags }
            if used[3] { filters.formats = formats; filters.languages = languages }
            if used[4] { filters.years = Range { min: years.0, max: years.1 } }
            if used[5] { filters.price = Range { min: price.0, max: price.1 } }
            query
        })
}

fn facet_values(doc: &SearchDoc, facet: Facet) -> BTreeSet<String> {
    match facet {
        Facet::Type => [doc.kind.as_str().to_owned()].into(),
        Facet::Genre => doc.genres.iter().cloned().collect(),
        Facet::Tag => doc.tags.iter().cloned().collect(),
        Facet::Format => doc.formats.iter().cloned().collect(),
        Facet::Language => doc.languages.iter().cloned().collect(),
        Facet::Maker => doc.makers.iter().map(|m| m.id.clone()).collect(),
        Facet::Year => doc.year.iter().map(i32::to_string).collect(),
        Facet::Price => doc
            .prices
            .get("de.x")
            .map(|&minor| {
                if minor < 300 {
                    "0-299"
                } else if minor < 600 {
                    "300-599"
                } else {
                    "600-"
                }
            })
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

fn passes(doc: &SearchDoc, query: &SearchQuery, except: Option<Facet>) -> bool {
    let filters = &query.filters;
    let any = |facet: Facet, chosen: &[String]| {
        chosen.is_empty() || facet_values(doc, facet).iter().any(|v| chosen.contains(v))
    };
    let types: Vec<String> = filters.types.iter().map(|kind| kind.as_str().to_owned()).collect();
    Facet::ALL.into_iter().filter(|facet| Some(*facet) != except).all(|facet| match facet {
        Facet::Type => any(facet, &types),
        Facet::Genre => any(facet, &filters.genres),
        Facet::Tag => any(facet, &filters.tags),
        Facet::Format => any(facet, &filters.formats),
        Facet::Language => any(facet, &filters.languages),
        Facet::Maker => any(facet, &filters.makers),
        Facet::Year => within(doc.year, filters.years),
        Facet::Price => within(doc.prices.get("de.x").copied(), filters.price),
    })
}

fn within<T: PartialOrd + Copy>(value: Option<T>, range: Range<T>) -> bool {
    if range.min.is_none() && range.max.is_none() {
        return true;
    }
    value.is_some_and(|value| range.min.is_none_or(|min| value >= min) && range.max.is_none_or(|max| value <= max))
}

/// Documents that match the text in the scope, with their rank, in the order asked for and before any filter.
fn expected<'a>(docs: &'a [SearchDoc], query: &SearchQuery) -> Vec<(&'a SearchDoc, How)> {
    let in_scope: Vec<&SearchDoc> = docs
        .iter()
        .filter(|doc| match &query.scope {
            Scope::Marketplace => doc.listed,
            Scope::Tenant(tenant) => doc.tenant == *tenant,
        })
        .collect();
    let prepared: Vec<_> = in_scope.iter().map(|doc| searchable(doc)).collect();
    let by_id: BTreeMap<&str, &SearchDoc> = in_scope.iter().map(|doc| (doc.id.as_str(), *doc)).collect();
    let found = find(&prepared, &Query::parse(&query.text));
    let mut found: Vec<_> = found.into_iter().map(|found| (by_id[found.id], found.how)).collect();
    let id = |doc: &SearchDoc| doc.id.clone();
    let price = |doc: &SearchDoc| doc.prices.get("de.x").copied();
    match query.sort {
        Sort::Relevance => {}
        Sort::Newest => found.sort_by_key(|(doc, _)| (-doc.released_ms, id(doc))),
        Sort::Title => found.sort_by_key(|(doc, _)| (vitrine_shared::search::key(&doc.title), id(doc))),
        Sort::PriceUp => found.sort_by_key(|(doc, _)| (price(doc).unwrap_or(i64::MAX), id(doc))),
        Sort::PriceDown => found.sort_by_key(|(doc, _)| (price(doc).map_or(i64::MAX, |p| -p), id(doc))),
    }
    found
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_walking_all_documents(
        mut docs in prop::collection::vec(any_doc(), 1..60),
        queries in prop::collection::vec(any_query(), 12),
        batch in 1usize..40,
        gone in prop::collection::vec(0usize..60, 0..6),
    ) {
        // Some are made by two, and one made several.
        let first = docs[0].makers.clone();
        for (at, doc) in docs.iter_mut().enumerate() {
            doc.id = format!("d{:02}", (at * 37) % 61);
            if at % 3 == 1 && doc.makers != first {
                doc.makers.extend(first.clone());
            }
        }
        let runtime = runtime();
        let index = TantivySearch::in_memory().unwrap();
        for docs in docs.chunks(batch) {
            runtime.block_on(index.upsert(docs.to_vec())).unwrap();
            runtime.block_on(index.commit()).unwrap();
        }
        let gone: BTreeSet<String> = gone.iter().filter_map(|&at| docs.get(at)).map(|doc| doc.id.clone()).collect();
        runtime.block_on(index.delete(gone.iter().cloned().collect())).unwrap();
        runtime.block_on(index.commit()).unwrap();
        docs.retain(|doc| !gone.contains(&doc.id));

        for mut query in queries {
            let matching = expected(&docs, &query);
            let wanted: Vec<(String, How)> =
                matching.iter().filter(|(doc, _)| passes(doc, &query, None)).map(|(doc, how)| (doc.id.clone(), *how)).collect();
            query.limit = 100;
            let page = runtime.block_on(index.search(query.clone())).unwrap();
            let got: Vec<(String, How)> = page.hits.iter().map(|hit| (hit.id.clone(), hit.how)).collect();
            // Without a query every match is as good as exact.
            prop_assert_eq!(&got, &wanted, "{:?}", query);
            prop_assert_eq!(page.total, wanted.len() as u64);
            for facet in Facet::ALL {
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                for (doc, _) in matching.iter().filter(|(doc, _)| passes(doc, &query, Some(facet))) {
                    facet_values(doc, facet).into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
                }
                let got: BTreeMap<String, u64> = page.facets[&facet].iter().map(|c| (c.value.clone(), c.count)).collect();
                prop_assert_eq!(got, counts, "{:?} of {:?}", facet, query);
            }

            // Without words and counts only what the makers made is looked at, by whichever of them.
            let mut made = SearchQuery { text: String::new(), facets: Vec::new(), ..query.clone() };
            made.filters.makers = docs.iter().take(2).flat_map(|doc| &doc.makers).map(|maker| maker.id.clone()).collect();
            made.filters.makers.push("m-nobody".to_owned());
            let by_them: Vec<String> =
                expected(&docs, &made).iter().filter(|(doc, _)| passes(doc, &made, None)).map(|(doc, _)| doc.id.clone()).collect();
            let page = runtime.block_on(index.search(made.clone())).unwrap();
            prop_assert_eq!(page.hits.iter().map(|hit| &hit.id).collect::<Vec<_>>(), by_them.iter().collect::<Vec<_>>(), "{:?}", made);
            prop_assert_eq!(page.total, by_them.len() as u64);

            // Pages by cursor and by number hold the same hits, each once.
            query.limit = 7;
            let mut paged = Vec::new();
            loop {
                let page = runtime.block_on(index.search(query.clone())).unwrap();
                let by_number = SearchQuery { cursor: None, offset: paged.len(), ..query.clone() };
                let numbered = runtime.block_on(index.search(by_number)).unwrap();
                prop_assert_eq!(&numbered.hits, &page.hits);
                prop_assert_eq!(page.total, wanted.len() as u64);
                paged.extend(page.hits.into_iter().map(|hit| (hit.id, hit.how)));
                query.cursor = page.cursor;
                if query.cursor.is_none() {
                    break;
                }
                prop_assert!(paged.len() < wanted.len());
            }
            prop_assert_eq!(paged, wanted);
        }
    }
}
