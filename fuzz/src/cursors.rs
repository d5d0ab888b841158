//! Cursors: where a page ended, as strangers send it back.

use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use vitrine_clock::SystemClock;
use vitrine_search::{Kind, Scope, Search, SearchDoc, SearchError, SearchQuery, Sort, TantivySearch};
use vitrine_server::rest::{cursor_of, page_of};
use vitrine_shared::query::MAX_PAGE;
use vitrine_table::sqlite::SqliteTable;
use vitrine_table::{Index, Item, Put, Query, Table, TableError};

use crate::{forged, text};

/// What the stores run on. It is never dropped: each thread's stores are, at its end.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap_or_else(|e| panic!("there is no runtime: {e}"))
});

/// Of lists of the REST interface: one spelling for each page.
pub(crate) fn list(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(page) = page_of(&text) {
        assert!((2..=MAX_PAGE).contains(&page));
        assert_eq!(cursor_of(page), text);
    }
    let of_page = 2 + u32::from(bytes.first().copied().unwrap_or_default()) % (MAX_PAGE - 1);
    assert_eq!(page_of(&cursor_of(of_page)), Some(of_page));
}

const SORTS: [Sort; 5] = [Sort::Relevance, Sort::Newest, Sort::Title, Sort::PriceUp, Sort::PriceDown];

static INDEX: LazyLock<TantivySearch> = LazyLock::new(|| {
    let index = TantivySearch::in_memory().unwrap_or_else(|e| panic!("there is no index: {e}"));
    let titles = ["Été", "Boats", "boats", "", "漢字", "A", "a b", "Zebra", "Ödegård"];
    let docs = (0..27_i64).map(|n| SearchDoc {
        id: format!("w_{n:02}"),
        kind: Kind::Album,
        tenant: "t".into(),
        listed: true,
        title: titles[n as usize % titles.len()].into(),
        latin: None,
        makers: Vec::new(),
        description: String::new(),
        genres: Vec::new(),
        tags: Vec::new(),
        formats: Vec::new(),
        languages: Vec::new(),
        year: None,
        released_ms: n % 5,
        popularity: (n % 3) as u32,
        prices: (n % 4 > 0).then(|| ("de".to_owned(), n % 7)).into_iter().collect(),
        data: serde_json::Value::Null,
        rev: 1,
    });
    let filled = RUNTIME.block_on(async {
        index.upsert(docs.collect()).await?;
        index.commit().await
    });
    filled.unwrap_or_else(|e: SearchError| panic!("the index is not filled: {e}"));
    index
});

/// Of the search: refused, or a place in the one order of the hits. The first byte says which order.
pub(crate) fn search(bytes: &[u8]) {
    let Some((sort, bytes)) = bytes.split_first() else { return };
    let page = |cursor: Option<String>, limit: usize| {
        let mut query = SearchQuery::new(Scope::Marketplace, "", "de");
        (query.sort, query.cursor, query.limit) = (SORTS[usize::from(*sort) % SORTS.len()], cursor, limit);
        let page = RUNTIME.block_on(INDEX.search(query));
        page.map(|page| (page.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>(), page.cursor))
    };
    let (Ok((all, None)), Ok((first, Some(genuine)))) = (page(None, 100), page(None, 5)) else {
        panic!("27 hits are one page of 100 and more than one of 5")
    };
    assert!(all.starts_with(&first));
    for cursor in [text(bytes), forged(&genuine, bytes), genuine.clone()] {
        match page(Some(cursor.clone()), 100) {
            Ok((hits, _)) => {
                assert!(all.ends_with(&hits), "{cursor:?}");
                assert!(cursor != genuine || hits.len() == all.len() - 5);
            }
            Err(SearchError::BadQuery(_)) => assert_ne!(cursor, genuine),
            Err(error) => panic!("{cursor:?}: {error}"),
        }
    }
}

/// A table with a partition of ten items.
struct Stored {
    table: SqliteTable,
    _dir: TempDir,
}

impl Stored {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("there is no folder: {e}"));
        let table = SqliteTable::open(dir.path().join("t.db"), Arc::new(SystemClock));
        let table = table.unwrap_or_else(|e| panic!("there is no table: {e}"));
        for n in 0..10 {
            let item = [("pk", "P".to_owned()), ("sk", format!("S{n}"))];
            let item: Item = item.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let put = RUNTIME.block_on(table.put(Put { item, condition: None }));
            assert!(put.is_ok(), "{put:?}");
        }
        Self { table, _dir: dir }
    }
}

thread_local! {
    static STORED: Stored = Stored::new();
}

/// Of the table: only what this very query answered leads on.
pub(crate) fn table(bytes: &[u8]) {
    STORED.with(|Stored { table, .. }| {
        let query = Query::new(Index::Base, "P").limit(3);
        let ask = |query: Query| RUNTIME.block_on(table.query(query));
        let Some(genuine) = ask(query.clone()).ok().and_then(|page| page.cursor) else { panic!("there is more") };
        for cursor in [text(bytes), forged(&genuine, bytes), genuine.clone()] {
            match ask(query.clone().after(Some(cursor.clone()))) {
                Ok(page) => assert!(cursor == genuine && page.items.len() == 3, "{cursor:?}"),
                Err(error) => assert!(cursor != genuine && matches!(error, TableError::BadPosition(_)), "{error}"),
            }
            let other = ask(query.clone().descending().after(Some(cursor)));
            assert!(matches!(other, Err(TableError::BadPosition(_))), "{other:?}");
        }
    });
}
