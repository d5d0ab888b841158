use vitrine_shared::catalog::{MakerKind, MakerRef, Status, WorkKind};
use vitrine_shared::id::{MakerId, PartId, StoreId, TenantId};

use super::*;

fn work(n: u128, title: &str, maker: &str, released: &str) -> Work {
    let part = serde_json::json!({ "id": PartId::from_bits(n), "number": 1, "title": format!("Song of {n}") });
    let id = MakerId::from_bits(n);
    let maker = MakerRef { id, kind: MakerKind::Artist, slug: "m".into(), name: maker.into(), latin: None };
    let work = serde_json::json!({
        "id": WorkId::from_bits(n), "tenant": TenantId::from_bits(1), "store": StoreId::from_bits(1), "kind": WorkKind::Album,
        "slug": "s", "title": title, "makers": [maker], "released": released, "parts": [part], "status": Status::Published,
    });
    serde_json::from_value(work).unwrap()
}

fn found(words: &str, sort: Sort) -> Vec<String> {
    let works = vec![
        work(1, "Harbour Lights", "Nordlicht", "2019-05-01"),
        work(2, "Äther", "Aurora", "2024-01-31"),
        work(3, "Zebra Harbour", "みどり", "2021-12-01"),
    ];
    let bought = |w: &Work| if w.title.starts_with('H') { 9 } else { 5 };
    matching(works, words, sort, bought).into_iter().map(|w| w.title).collect()
}

#[test]
fn without_words_everything_is_there_in_the_order_asked_for() {
    assert_eq!(found("", Sort::Relevance)[0], "Harbour Lights", "last bought first");
    assert_eq!(found("", Sort::Title), ["Äther", "Harbour Lights", "Zebra Harbour"]);
    assert_eq!(found("", Sort::Newest), ["Äther", "Zebra Harbour", "Harbour Lights"]);
}

#[test]
fn words_find_titles_makers_and_parts_also_with_a_typo() {
    assert_eq!(found("harbor", Sort::Title), ["Harbour Lights", "Zebra Harbour"]);
    assert_eq!(found("ather", Sort::Relevance), ["Äther"]);
    assert_eq!(found("みどり", Sort::Relevance), ["Zebra Harbour"]);
    assert_eq!(found("song 2", Sort::Relevance), ["Äther"]);
    assert!(found("nothing like it", Sort::Relevance).is_empty());
}
