//! The directory adapter: the contract, and what only it has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use secrecy::SecretString;
use vitrine_blob::conformance::{self, Fetch, Fetched, Options};
use vitrine_blob::dir::{DirBlob, SignKeys};
use vitrine_blob::http::{http_headers, parse_range};
use vitrine_blob::{Blob, BlobError, ByteRange, MIN_PART_BYTES, PutOptions, Result, SignOptions};
use vitrine_clock::{Clock, FixedClock};

const BASE: &str = "http://files.example";

fn open(root: &Path, clock: &Arc<FixedClock>) -> Arc<DirBlob> {
    let keys = SignKeys::new("k1", SecretString::from("a secret of the test"));
    Arc::new(DirBlob::open_at(root, keys, format!("{BASE}/"), clock.clone()).unwrap())
}

/// What a route does, without a server.
async fn serve(blob: &DirBlob, path_and_query: &str, range: Option<&str>) -> Result<Fetched> {
    let grant = blob.verify(path_and_query)?;
    let asked = range.and_then(parse_range);
    let reading = blob.get(&grant.key, grant.version.as_deref(), asked).await?;
    let part = reading.range.clone().filter(|_| asked.is_some());
    let (status, headers) = http_headers(&reading.meta, &grant, part.as_ref());
    let body: Vec<Bytes> = reading.bytes.try_collect().await?;
    Ok(Fetched {
        status,
        headers: headers.into_iter().map(|(k, v)| (k.into(), v)).collect(),
        body: body.concat().into(),
    })
}

fn fetcher(blob: Arc<DirBlob>) -> Fetch {
    Arc::new(move |url, range| {
        let blob = blob.clone();
        async move {
            let path = url.strip_prefix(BASE).ok_or("a foreign address")?;
            let status = match serve(&blob, path, range.as_deref()).await {
                Ok(fetched) => return Ok(fetched),
                Err(BlobError::NotFound) => 404,
                Err(BlobError::BadRange(_)) => 416,
                Err(BlobError::BadSignature) => 403,
                Err(BlobError::Expired) => 410,
                Err(e) => return Err(e.to_string()),
            };
            Ok(Fetched { status, headers: Default::default(), body: Bytes::new() })
        }
        .boxed()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    let root = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_700_000_000_000);
    let blob = open(root.path(), &clock);
    let outcome = conformance::run(&move || {
        let (blob, clock) = (blob.clone(), clock.clone());
        let advance = Arc::new(move |by: Duration| clock.advance_ms(by.as_millis() as i64));
        let options =
            Options { fetch: fetcher(blob.clone()), advance: Some(advance), lag: Duration::ZERO, except: vec![] };
        async move { (blob as Arc<dyn Blob>, options) }.boxed()
    })
    .await;
    outcome.unwrap();
    assert_eq!(std::fs::read_dir(root.path().join("tmp")).unwrap().count(), 0, "temporary files were left");
}

async fn drain(blob: &dyn Blob, key: &str, range: Option<ByteRange>) -> Result<Bytes> {
    let all: Vec<Bytes> = blob.get(key, None, range).await?.bytes.try_collect().await?;
    Ok(all.concat().into())
}

fn files(root: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry, ending));
        } else if entry.to_string_lossy().ends_with(ending) {
            found.push(entry);
        }
    }
    found
}

#[tokio::test]
async fn damage_is_told() {
    let root = tempfile::tempdir().unwrap();
    let blob = open(root.path(), &FixedClock::at(1));
    let big = vec![7u8; 500_000];
    blob.put_bytes("a", big.clone().into(), PutOptions::new("x/y")).await.unwrap();
    let file = files(root.path(), ".bin").remove(0);
    let mut bent = big.clone();
    bent[400_000] ^= 1;
    std::fs::write(&file, &bent).unwrap();
    assert!(matches!(drain(&*blob, "a", None).await, Err(BlobError::Damaged(key)) if key == "a"));
    std::fs::write(&file, &big[..499_999]).unwrap();
    assert!(matches!(drain(&*blob, "a", Some(ByteRange::Between(0, 9))).await, Err(BlobError::Damaged(_))));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(drain(&*blob, "a", None).await, Err(BlobError::Damaged(_))));
    std::fs::write(file.with_file_name("current"), "{").unwrap();
    assert!(matches!(blob.head("a", None).await, Err(BlobError::Damaged(_))));
}

#[tokio::test]
async fn a_restart_keeps_objects_and_uploads_and_clears_what_was_half_written() {
    let root = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(5_000);
    let blob = open(root.path(), &clock);
    let first = blob.put_bytes("k/1", "one".into(), PutOptions::new("x/y")).await.unwrap();
    let upload = blob.begin_upload("k/2", PutOptions::new("x/z")).await.unwrap();
    let one = blob.put_part(&upload, 1, vec![1; MIN_PART_BYTES].into()).await.unwrap();
    std::fs::write(root.path().join("tmp/half"), "half").unwrap();
    drop(blob);

    let blob = open(root.path(), &FixedClock::at(1_000));
    assert!(!root.path().join("tmp/half").exists());
    assert_eq!(blob.head("k/1", None).await.unwrap(), first);
    let two = blob.put_part(&upload, 2, "two".into()).await.unwrap();
    let meta = blob.finish_upload(&upload, vec![(1, one), (2, two)]).await.unwrap();
    assert_eq!((meta.size, meta.content_type.as_str()), (MIN_PART_BYTES as u64 + 3, "x/z"));
    assert_eq!(std::fs::read_dir(root.path().join("uploads")).unwrap().count(), 0);
    // The clock went back; the newer version is still the newer one.
    let second = blob.put_bytes("k/1", "two".into(), PutOptions::new("x/y")).await.unwrap();
    assert_eq!(blob.versions("k/1").await.unwrap(), vec![second, first]);
}

#[tokio::test]
async fn forgotten_uploads_go_by_age() {
    let root = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_000);
    let blob = open(root.path(), &clock);
    let old = blob.begin_upload("a", PutOptions::new("x/y")).await.unwrap();
    clock.advance_ms(1_000);
    let young = blob.begin_upload("b", PutOptions::new("x/y")).await.unwrap();
    assert_eq!(blob.forget_uploads(clock.now_ms()).await.unwrap(), 1);
    assert!(matches!(blob.put_part(&old, 1, "x".into()).await, Err(BlobError::NotFound)));
    blob.put_part(&young, 1, "x".into()).await.unwrap();
}

#[tokio::test]
async fn a_put_that_is_dropped_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let blob = open(root.path(), &FixedClock::at(1));
    let (sender, receiver) = futures::channel::mpsc::unbounded();
    sender.unbounded_send(Ok(Bytes::from_static(b"begun"))).unwrap();
    let mut put = blob.put("a", Box::pin(receiver), PutOptions::new("x/y"));
    let tmp = root.path().join("tmp");
    let count = || std::fs::read_dir(&tmp).unwrap().count();
    // Until the file is there; the stream never ends, so the put cannot.
    while count() == 0 {
        assert!(tokio::time::timeout(Duration::from_millis(5), &mut put).await.is_err());
    }
    drop(put);
    assert_eq!(count(), 0);
    assert!(matches!(blob.head("a", None).await, Err(BlobError::NotFound)));
}

#[tokio::test]
async fn former_secrets_open_links_until_they_are_gone() {
    let root = tempfile::tempdir().unwrap();
    let clock = FixedClock::at(1_000_000);
    let old = open(root.path(), &clock);
    let options = SignOptions { expires_secs: 60, attachment: None, content_type: None, version: None };
    let url = old.signed_url("a/b", options).await.unwrap();
    let path = url.strip_prefix(BASE).unwrap();
    let rotated = SignKeys::new("k2", SecretString::from("another"))
        .with_former("k1", SecretString::from("a secret of the test"));
    let rotated = DirBlob::open_at(root.path(), rotated, BASE, clock.clone()).unwrap();
    assert_eq!(rotated.verify(path).unwrap().key, "a/b");
    let gone = SignKeys::new("k2", SecretString::from("another"));
    let gone = DirBlob::open_at(root.path(), gone, BASE, clock).unwrap();
    assert!(matches!(gone.verify(path), Err(BlobError::BadSignature)));
}
