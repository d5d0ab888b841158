use std::path::Path;

use super::*;
use crate::ctx::OpCtx;
use crate::media::Media;
use crate::testing::{NOW, Shop};

async fn import(shop: &Shop, rows: &str, folder: &Path) -> Report {
    let media = Media::new(shop.blob.clone(), None);
    let records = shop.catalog.records().clone();
    let importer = Importer::new(records, shop.blob.clone(), media, shop.queue.clone(), folder.to_owned());
    importer.run(&OpCtx::system("test", NOW), rows, |_| {}).await.unwrap()
}

#[tokio::test]
async fn importing_an_export_changes_nothing() {
    for shop in Shop::both().await {
        let dir = tempfile::tempdir().unwrap();
        let records = shop.catalog.records();
        let count = export(&shop.staff(), records, &*shop.blob, dir.path()).await.unwrap();
        let rows = std::fs::read_to_string(dir.path().join("catalog.jsonl")).unwrap();
        assert!(rows.lines().count() == count && rows.contains("\"transcripts\""), "{rows}");
        let report = import(&shop, &rows, dir.path()).await;
        let changed: Vec<_> = report.rows.iter().filter(|r| r.outcome != Outcome::Unchanged).collect();
        assert!(report.rows.len() == count && changed.is_empty(), "{changed:?}");
    }
}

#[tokio::test]
async fn a_transcript_says_its_language_once_and_is_webvtt_of_a_podcast() {
    let shop = Shop::open().await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.en.vtt"), "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n").unwrap();
    std::fs::write(dir.path().join("a.vtt"), "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n").unwrap();
    std::fs::write(dir.path().join("b.en.vtt"), "Hello").unwrap();
    std::fs::write(dir.path().join("c.en.vtt"), [0xff, 0xfe]).unwrap();
    let row = |kind: &str, files: &[&str]| {
        let files: Vec<_> = files.iter().map(|f| serde_json::json!({ "file": f })).collect();
        serde_json::json!({
            "type": "work", "ref": "t", "store": "nord", "kind": kind, "title": "T", "makers": ["ida"],
            "released": "2026-01-01", "parts": [{ "title": "One", "transcripts": files }],
        })
        .to_string()
    };
    for (kind, files, why) in [
        ("album", vec!["a.en.vtt"], "only the episodes"),
        ("podcast", vec!["a.vtt"], "must say its language"),
        ("podcast", vec!["a.en.vtt", "b.en.vtt"], "second one in its language"),
        ("podcast", vec!["b.en.vtt"], "is no WebVTT"),
        ("podcast", vec!["c.en.vtt"], "cannot be read"),
        ("podcast", vec!["../a.en.vtt"], "below the import"),
    ] {
        let report = import(&shop, &row(kind, &files), dir.path()).await;
        assert_eq!(report.rows[0].outcome, Outcome::Refused, "{files:?}");
        assert!(format!("{:?}", report.rows[0]).contains(why), "{why}: {:?}", report.rows[0]);
    }
    let report = import(&shop, &row("podcast", &["a.en.vtt"]), dir.path()).await;
    assert_eq!(report.rows[0].outcome, Outcome::Created, "{report:?}");
}
