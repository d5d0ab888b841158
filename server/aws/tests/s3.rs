//! Blob on S3: the contract on independent servers.
//!
//! `VITRINE_TEST_S3_ENDPOINT` names another server than SeaweedFS and ministack, `aws` the service itself (credentials
//! and `AWS_REGION` from the environment); it gets a bucket of its own that stays.

mod peers;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use vitrine_aws::s3::S3Blob;
use vitrine_blob::Blob;
use vitrine_blob::conformance::{self, Fetch, Fetched, Options};

/// Cases that do not hold on a peer, and why. A case that begins to hold fails the test, so these stay true.
const SEAWEEDFS_DIFFERS: &[(&str, &str)] = &[
    (
        "objects::listing",
        "SeaweedFS 4.48 keeps a tree of folders: pages leave the order of keys, lose `a` beside `a/1` and tell `a-b` twice",
    ),
    (
        "uploads::replaced_part",
        "SeaweedFS 4.48 does not look at the tags of parts: the former content's tag joins the new one",
    ),
];
const MINISTACK_DIFFERS: &[(&str, &str)] = &[
    ("objects::versions", "ministack 1.5.33 ignores the range of a request that names a version"),
    (
        "uploads::refused",
        "ministack 1.5.33 does not look at the size of parts: one under 5 MiB may stand before the last",
    ),
    ("links::changed_links_are_refused", "ministack 1.5.33 checks expiry but no signature"),
];

fn fetcher() -> Fetch {
    let client = reqwest::Client::new();
    Arc::new(move |url, range| {
        let client = client.clone();
        async move {
            let mut request = client.get(url).timeout(Duration::from_secs(30));
            if let Some(range) = range {
                request = request.header("range", range);
            }
            let response = request.send().await.map_err(|e| e.to_string())?;
            let text = |v: &reqwest::header::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
            Ok(Fetched {
                status: response.status().as_u16(),
                headers: response.headers().iter().map(|(k, v)| (k.to_string(), text(v))).collect(),
                body: response.bytes().await.map_err(|e| e.to_string())?,
            })
        }
        .boxed()
    })
}

async fn keeps_the_contract(peer: peers::Peer, differs: &'static [(&'static str, &'static str)]) {
    let sdk = vitrine_aws::connect(&peer.settings).await;
    let blob = Arc::new(S3Blob::new(&sdk, format!("vitrine-test-{:016x}", rand::random::<u64>())));
    blob.create().await.unwrap();
    blob.create().await.unwrap();
    let fetch = fetcher();
    let outcome = conformance::run(&move || {
        let except = differs.iter().map(|(case, _)| *case).collect();
        let options = Options { fetch: fetch.clone(), advance: None, lag: Duration::from_secs(20), except };
        let blob = blob.clone() as Arc<dyn Blob>;
        async move { (blob, options) }.boxed()
    })
    .await;
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seaweedfs_or_the_given_endpoint() {
    match peers::given("VITRINE_TEST_S3_ENDPOINT") {
        Some(peer) => keeps_the_contract(peer, &[]).await,
        None => keeps_the_contract(peers::seaweedfs().await, SEAWEEDFS_DIFFERS).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ministack() {
    keeps_the_contract(peers::ministack().await, MINISTACK_DIFFERS).await;
}
