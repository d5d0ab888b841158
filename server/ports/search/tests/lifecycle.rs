//! Commits, revisions, restarts and damage.

mod common;

use common::doc;
use vitrine_search::{Scope, Search, SearchError, SearchQuery, SuggestQuery, TantivySearch};

async fn ids(index: &TantivySearch, text: &str) -> Vec<String> {
    let page = index.search(SearchQuery::new(Scope::Marketplace, text, "de")).await.unwrap();
    assert_eq!(page.total, page.hits.len() as u64);
    page.hits.into_iter().map(|hit| hit.id).collect()
}

#[tokio::test]
async fn staged_work_is_seen_after_the_commit_only() {
    let index = TantivySearch::in_memory().unwrap();
    index.upsert(vec![doc("a", "Low", ""), doc("b", "Heroes", "")]).await.unwrap();
    assert_eq!(index.count().await.unwrap(), 0);
    index.commit().await.unwrap();
    assert_eq!(index.count().await.unwrap(), 2);
    assert_eq!(ids(&index, "low").await, ["a"]);

    index.upsert(vec![doc("a", "Lodger", "")]).await.unwrap();
    index.delete(vec!["b".into(), "unknown".into()]).await.unwrap();
    assert_eq!(ids(&index, "low").await, ["a"]);
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "lodger").await, ["a"]);
    assert!(ids(&index, "heroes").await.is_empty());
    assert_eq!(index.count().await.unwrap(), 1);

    index.clear().await.unwrap();
    index.upsert(vec![doc("c", "Station", "")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "").await, ["c"]);
}

#[tokio::test]
async fn an_older_revision_never_replaces_a_newer() {
    let index = TantivySearch::in_memory().unwrap();
    let at = |rev, title: &str| {
        let mut d = doc("a", title, "");
        d.rev = rev;
        d
    };
    index.upsert(vec![at(3, "Third"), at(2, "Second")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "third").await, ["a"]);
    index.upsert(vec![at(1, "First")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "third").await, ["a"]);
    index.upsert(vec![at(3, "Again")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "").await, ["a"]);
    assert_eq!(ids(&index, "again").await, ["a"]);
    index.delete(vec!["a".into()]).await.unwrap();
    index.upsert(vec![at(1, "Reborn")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "reborn").await, ["a"]);
    index.clear().await.unwrap();
    index.upsert(vec![at(0, "Cleared")]).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(ids(&index, "cleared").await, ["a"]);
}

#[tokio::test]
async fn position_and_documents_survive_a_restart_together() {
    let dir = tempfile::tempdir().unwrap();
    let index = TantivySearch::create(dir.path()).unwrap();
    assert_eq!(index.position().await.unwrap(), None);
    index.upsert(vec![doc("a", "Low", "")]).await.unwrap();
    index.set_position("feed:17").await.unwrap();
    index.upsert(vec![doc("b", "Heroes", "")]).await.unwrap();
    index.commit().await.unwrap();
    index.upsert(vec![doc("c", "Lost", "")]).await.unwrap();
    assert!(matches!(TantivySearch::open(dir.path()), Err(SearchError::Locked)));
    assert!(matches!(TantivySearch::create(dir.path()), Err(SearchError::Locked)));
    drop(index);

    let index = TantivySearch::open(dir.path()).unwrap();
    assert_eq!(index.position().await.unwrap().as_deref(), Some("feed:17"));
    assert_eq!(ids(&index, "").await, ["a", "b"]);
    index.clear().await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(index.position().await.unwrap(), None);
    assert_eq!(index.count().await.unwrap(), 0);
}

#[tokio::test]
async fn many_small_commits_read_like_one() {
    let dir = tempfile::tempdir().unwrap();
    let index = TantivySearch::create(dir.path()).unwrap();
    for at in 0..40 {
        index.upsert(vec![doc(&format!("d{at:02}"), &format!("Song {at}"), "Band")]).await.unwrap();
        index.set_position(&at.to_string()).await.unwrap();
    }
    let expected: Vec<String> = (0..24).map(|at| format!("d{at:02}")).collect();
    let page = index.search(SearchQuery::new(Scope::Marketplace, "band", "de")).await.unwrap();
    assert_eq!(page.total, 40);
    assert_eq!(page.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(page.hits[0].data, r#"{"title":"Song 0"}"#);
}

#[tokio::test]
async fn missing_foreign_and_damaged_indexes_ask_for_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(TantivySearch::open(dir.path()), Err(SearchError::NeedsRebuild { .. })));

    let damage = |what: fn(&std::path::Path)| {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let index = TantivySearch::create(dir.path()).unwrap();
        runtime.block_on(index.upsert(vec![doc("a", "Low", "Bowie")])).unwrap();
        runtime.block_on(index.commit()).unwrap();
        drop(index);
        let folder = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
        what(&folder);
        let opened = TantivySearch::open(dir.path());
        assert!(matches!(opened, Err(SearchError::NeedsRebuild { .. })));
        drop(opened);
        // The rebuilt index replaces what was there.
        let index = TantivySearch::create(dir.path()).unwrap();
        assert_eq!(runtime.block_on(index.count()).unwrap(), 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    };
    let cases: [fn(&std::path::Path); 5] = [
        |folder| std::fs::write(folder.join("meta.json"), "{").unwrap(),
        |folder| each_file(folder, "store", |file| std::fs::remove_file(file).unwrap()),
        |folder| {
            each_file(folder, "fast", |file| {
                let mut bytes = std::fs::read(file).unwrap();
                bytes[20] ^= 0xFF;
                std::fs::write(file, bytes).unwrap();
            });
        },
        |folder| {
            each_file(folder, "idx", |file| {
                let bytes = std::fs::read(file).unwrap();
                std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
            });
        },
        |folder| std::fs::rename(folder, folder.with_file_name("v0123456789abcdef")).unwrap(),
    ];
    std::thread::spawn(move || cases.into_iter().for_each(damage)).join().unwrap();
}

fn each_file(folder: &std::path::Path, extension: &str, act: impl Fn(&std::path::Path)) {
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|e| e == extension))
        .collect();
    assert!(!files.is_empty());
    files.iter().for_each(|file| act(file));
}

#[tokio::test]
async fn limits_are_refused_by_name() {
    let index = TantivySearch::in_memory().unwrap();
    let good = SearchQuery::new(Scope::Marketplace, "", "de");
    for bad in [
        SearchQuery { limit: 0, ..good.clone() },
        SearchQuery { limit: 101, ..good.clone() },
        SearchQuery { offset: 1_001, ..good.clone() },
        SearchQuery { cursor: Some("00".into()), ..good.clone() },
        SearchQuery { price_bounds: vec![5, 5], ..good.clone() },
    ] {
        assert!(matches!(index.search(bad).await, Err(SearchError::BadQuery(_))));
    }
    let typed = SuggestQuery { scope: Scope::Marketplace, text: "a".into(), limit: 21 };
    assert!(matches!(index.suggest(typed).await, Err(SearchError::BadQuery(_))));
}

#[tokio::test]
async fn an_index_whose_files_are_gone_is_made_anew_while_searches_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let index = TantivySearch::create(dir.path()).unwrap();
    index.upsert(vec![doc("a", "Low", "")]).await.unwrap();
    index.set_position("feed:1").await.unwrap();
    assert!(!index.renew_if_lost().await.unwrap(), "it is all there");
    assert_eq!(index.stored(vec!["a".into(), "b".into()]).await.unwrap().len(), 2);
    std::fs::remove_dir_all(dir.path()).unwrap();
    assert!(index.renew_if_lost().await.unwrap());
    assert!(!index.renew_if_lost().await.unwrap(), "once");
    assert_eq!(ids(&index, "low").await, ["a"], "what was open answers");
    assert_eq!(index.position().await.unwrap(), None, "the follower begins anew");
    index.upsert(vec![doc("a", "Low", ""), doc("b", "Heroes", "")]).await.unwrap();
    index.set_position("feed:2").await.unwrap();
    assert_eq!(ids(&index, "").await.len(), 2);
    let [a, c]: [Option<(i64, serde_json::Value)>; 2] =
        index.stored(vec!["a".into(), "c".into()]).await.unwrap().try_into().unwrap();
    assert_eq!((a.unwrap().0, c), (1, None));
    drop(index);
    assert_eq!(TantivySearch::open(dir.path()).unwrap().position().await.unwrap().as_deref(), Some("feed:2"));
}
