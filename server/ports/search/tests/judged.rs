//! Queries a person judged, over documents in several scripts (`judged.json`).

mod common;

use common::{doc, searchable};
use serde::Deserialize;
use vitrine_search::{Kind, Relaxed, Scope, Search, SearchDoc, SearchQuery, SuggestQuery, TantivySearch};
use vitrine_shared::search::{Query, find};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    documents: Vec<Document>,
    queries: Vec<Judgement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    kind: Kind,
    title: String,
    #[serde(default)]
    maker: String,
    latin: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    description: String,
    tenant: Option<String>,
    listed: Option<bool>,
    #[serde(default)]
    popularity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgement {
    text: String,
    why: String,
    first: Option<String>,
    #[serde(default)]
    top3: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    tenant: Option<String>,
    /// No hit at all.
    #[serde(default)]
    empty: bool,
    /// `typed>used` or, for a dropped word, `typed>`.
    #[serde(default)]
    relaxed: Vec<String>,
}

fn documents(judged: &Judged) -> Vec<SearchDoc> {
    judged
        .documents
        .iter()
        .map(|d| SearchDoc {
            kind: d.kind,
            latin: d.latin.clone(),
            tags: d.tags.clone(),
            description: d.description.clone(),
            tenant: d.tenant.clone().unwrap_or_else(|| "house".to_owned()),
            listed: d.listed.unwrap_or(true),
            popularity: d.popularity,
            ..doc(&d.id, &d.title, &d.maker)
        })
        .collect()
}

fn judged() -> Judged {
    serde_json::from_str(include_str!("judged.json")).unwrap()
}

async fn index(docs: &[SearchDoc]) -> TantivySearch {
    let index = TantivySearch::in_memory().unwrap();
    index.upsert(docs.to_vec()).await.unwrap();
    index.commit().await.unwrap();
    index
}

#[tokio::test]
async fn finds_what_people_mean() {
    let judged = judged();
    assert!(judged.queries.len() >= 60 && judged.documents.len() >= 110);
    let docs = documents(&judged);
    let index = index(&docs).await;
    let mut faults = Vec::new();
    for judgement in &judged.queries {
        let scope = judgement.tenant.clone().map_or(Scope::Marketplace, Scope::Tenant);
        let mut asked = SearchQuery::new(scope.clone(), &judgement.text, "de");
        asked.limit = 100;
        let page = index.search(asked).await.unwrap();
        let ids: Vec<&str> = page.hits.iter().map(|hit| hit.id.as_str()).collect();
        for id in judgement.first.iter().chain(&judgement.top3).chain(&judgement.never) {
            assert!(docs.iter().any(|doc| doc.id == *id), "{id} is no document");
        }
        let relaxed: Vec<String> = page
            .relaxed
            .iter()
            .map(|relaxed| match relaxed {
                Relaxed::Corrected { original, used } => format!("{original}>{used}"),
                Relaxed::Dropped { original } => format!("{original}>"),
            })
            .collect();
        let good = judgement.first.as_deref().is_none_or(|id| ids.first() == Some(&id))
            && judgement.top3.iter().all(|id| ids.iter().take(3).any(|hit| hit == id))
            && judgement.never.iter().all(|id| !ids.contains(&id.as_str()))
            && judgement.relaxed.iter().all(|expected| relaxed.contains(expected))
            && (!judgement.empty || ids.is_empty());
        if !good {
            faults.push(format!(
                "{} ({}): {:?}, relaxed {relaxed:?}",
                judgement.text,
                judgement.why,
                &ids[..ids.len().min(6)]
            ));
        }

        // An offline client that walks the same documents shows the same.
        let in_scope = docs.iter().filter(|doc| match &scope {
            Scope::Marketplace => doc.listed,
            Scope::Tenant(tenant) => doc.tenant == *tenant,
        });
        let prepared: Vec<_> = in_scope.map(searchable).collect();
        let walked: Vec<&str> = find(&prepared, &Query::parse(&judgement.text)).iter().map(|found| found.id).collect();
        assert_eq!(ids, walked, "{}", judgement.text);
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), judged.queries.len(), faults.join("\n"));
}

#[tokio::test]
async fn suggestions_are_grouped_and_stay_in_their_scope() {
    let docs = documents(&judged());
    let index = index(&docs).await;
    let ask = async |scope: Scope, text: &str| {
        let found = index.suggest(SuggestQuery { scope, text: text.to_owned(), limit: 3 }).await.unwrap();
        let ids = |hits: &[vitrine_search::Hit]| hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>();
        (ids(&found.makers), ids(&found.works), ids(&found.shops))
    };
    let (makers, works, shops) = ask(Scope::Marketplace, "kraftw").await;
    assert_eq!(makers, ["kraftwerk"]);
    assert_eq!(works.len(), 3);
    assert!(shops.is_empty());
    let (_, works, shops) = ask(Scope::Marketplace, "north rec").await;
    assert_eq!((works, shops), (vec!["north-mug".to_owned()], vec!["north-shop".to_owned()]));
    // Tags and descriptions suggest nothing.
    assert_eq!(ask(Scope::Marketplace, "davos").await, Default::default());
    assert_eq!(ask(Scope::Marketplace, "kitchen").await, Default::default());
    assert_eq!(ask(Scope::Marketplace, " ").await, Default::default());
    let (makers, works, _) = ask(Scope::Tenant("north".into()), "hero").await;
    assert_eq!((makers, works), (Vec::new(), vec!["secret".to_owned()]));
}
