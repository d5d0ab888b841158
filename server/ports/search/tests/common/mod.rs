//! Documents for tests.

use std::collections::BTreeMap;

use serde_json::json;
use vitrine_search::{Kind, Maker, SearchDoc};
use vitrine_shared::search::Searchable;

/// A listed album of tenant `t`.
pub(crate) fn doc(id: &str, title: &str, maker: &str) -> SearchDoc {
    SearchDoc {
        id: id.to_owned(),
        kind: Kind::Album,
        tenant: "t".to_owned(),
        listed: true,
        title: title.to_owned(),
        latin: None,
        makers: if maker.is_empty() {
            Vec::new()
        } else {
            vec![Maker { id: format!("m-{maker}"), name: maker.to_owned() }]
        },
        description: String::new(),
        genres: Vec::new(),
        tags: Vec::new(),
        formats: Vec::new(),
        languages: Vec::new(),
        year: None,
        released_ms: 0,
        popularity: 0,
        prices: BTreeMap::new(),
        data: json!({ "title": title }),
        rev: 1,
    }
}

/// The same document for `vitrine_shared::search::find`.
#[allow(dead_code, reason = "not every test file uses it")]
pub(crate) fn searchable(doc: &SearchDoc) -> Searchable {
    Searchable::new(
        &doc.id,
        &doc.title,
        doc.makers.iter().map(|maker| maker.name.as_str()),
        doc.latin.as_deref(),
        doc.tags.iter().chain(&doc.genres).map(String::as_str),
        &doc.description,
        doc.popularity,
    )
}
