//! Targets: one function for each parser of ours that reads what strangers send. It panics where a promise is broken.
//!
//! Invariants: a target is pure and quick; what once broke one stays in `corpus/<target>/` and is replayed by the tests.
//!
//! Not here: parsers that others keep (multipart, JSON, HTTP); those are asked from outside by `e2e/specs/attacks-wire.mjs`.

mod mutate;

use std::path::{Path, PathBuf};

pub use mutate::Mutator;

use http::{HeaderMap, HeaderValue, header};
use secrecy::SecretString;
use vitrine_blob::dir::SignKeys;
use vitrine_identity::account::normalise_email;
use vitrine_identity::client::local_path;
use vitrine_payments::signature;
use vitrine_pricing::money::{Currency, Money};
use vitrine_server::catalog::exchange::readable;
use vitrine_server::media::{captions, chapters_of};
use vitrine_server::web::files::attachment;
use vitrine_server::web::media::range_of;
use vitrine_shared::id::{ApiKeyId, AssetId, CartId, CheckoutId, InvoiceId, OrderId, VariantId, WorkId};
use vitrine_shared::query::{ListQuery, decode, encode};
use vitrine_shared::slug::{id_part, is_slug, slugify};
use vitrine_shared::timed;

/// A parser under test: its name, and what is done with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 13] = [
    ("rows", rows),
    ("query", query),
    ("ids", ids),
    ("slugs", slugs),
    ("money", money),
    ("signature", signature_header),
    ("signed-link", signed_link),
    ("range", range),
    ("captions", captions_of),
    ("moments", moments),
    ("book", book),
    ("names", names),
    ("way-back", way_back),
];

/// Where a target's inputs are.
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The inputs of a target, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn inputs(target: &str) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(corpus(target))? {
        let path = entry?.path();
        all.push((path.clone(), std::fs::read(path)?));
    }
    all.sort();
    Ok(all)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Rows of an import, JSON lines or CSV.
fn rows(bytes: &[u8]) {
    let text = text(bytes);
    let (fine, bad) = readable(&text);
    assert!(fine + bad <= text.len() + 1);
}

/// Query strings of lists: reading never fails, and an address made from what was read means the same.
fn query(bytes: &[u8]) {
    let text = text(bytes);
    let once = ListQuery::parse(&text);
    assert_eq!(ListQuery::parse(once.href("").trim_start_matches('?')), once);
    assert_eq!(decode(&encode(&text)), text);
    for (name, value) in once.chosen() {
        let _ = once.toggled(&name, &value).href("/catalog");
    }
}

/// Ids: what is read is what was written.
fn ids(bytes: &[u8]) {
    fn same<T: std::str::FromStr + ToString>(text: &str) {
        if let Ok(id) = text.parse::<T>() {
            assert_eq!(id.to_string(), text);
        }
    }
    let text = text(bytes);
    same::<WorkId>(&text);
    same::<OrderId>(&text);
    same::<CheckoutId>(&text);
    same::<InvoiceId>(&text);
    same::<VariantId>(&text);
    same::<AssetId>(&text);
    same::<CartId>(&text);
    same::<ApiKeyId>(&text);
}

/// Slugs: folding twice changes nothing, and what comes of it is one.
fn slugs(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(slug) = slugify(&text) {
        assert!(is_slug(&slug), "{slug:?}");
        assert_eq!(slugify(&slug).as_deref(), Some(slug.as_str()));
    }
    if let Some(id) = id_part(&text, "w") {
        assert!(id.starts_with("w_") && text.ends_with(id));
    }
}

/// Amounts that people type.
fn money(bytes: &[u8]) {
    let text = text(bytes);
    for currency in ["EUR", "JPY", "KWD"].into_iter().filter_map(|c| c.parse::<Currency>().ok()) {
        if let Ok(money) = Money::parse(&text, currency) {
            assert_eq!(Money::new(money.minor(), currency).ok(), Some(money));
        }
    }
}

/// The signature of webhooks: no rubbish is a signature.
fn signature_header(bytes: &[u8]) {
    let secret = SecretString::from("w".repeat(32));
    let text = text(bytes);
    assert!(signature::verify(&secret, &text, b"body", 1_000).is_err());
    let made = signature::sign(&[&secret], 1_000, bytes);
    assert!(signature::verify(&secret, &made, bytes, 1_000).is_ok());
}

/// Signed addresses of the blob store: no rubbish opens anything.
fn signed_link(bytes: &[u8]) {
    let keys = SignKeys::new("k", SecretString::from("s".repeat(32)));
    assert!(keys.verify(&text(bytes), 0).is_err());
}

/// The `Range` header.
fn range(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        headers.insert(header::RANGE, value);
        let _ = range_of(&headers);
    }
}

/// WebVTT.
fn captions_of(bytes: &[u8]) {
    let text = text(bytes);
    let cues = captions::cues(&text);
    for cue in cues.iter().flatten() {
        let (_, words) = cue.words();
        assert!(!words.contains('\n'));
    }
    if let Some(cut) = captions::cut(&text, 1_000, 60_000) {
        assert!(captions::cues(&cut).is_some());
    }
    let _ = captions::language_of(&text);
}

/// Moments in notes: what is not a link stays as it was.
fn moments(bytes: &[u8]) {
    let text = text(bytes);
    let linked = timed::linked(&text, "/s/x?a=1&b=\"<");
    let links = linked.matches("<a class=\"moment\"").count() - text.matches("<a class=\"moment\"").count();
    assert!(linked.len() >= text.len() && links <= text.len());
    if let Some(seconds) = timed::seconds(&text) {
        assert_eq!(timed::seconds(&timed::clock(seconds)), Some(seconds));
    }
}

/// EPUB: any bytes are a book or a reason why not.
fn book(bytes: &[u8]) {
    if let Ok(chapters) = chapters_of(bytes) {
        assert!(chapters > 0);
    }
}

/// Addresses of people, and names of files on saving.
fn names(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(email) = normalise_email(&text) {
        assert_eq!(normalise_email(&email).ok(), Some(email));
    }
    let saved = attachment(&text);
    assert!(HeaderValue::from_str(&saved).is_ok());
    assert!(!saved.contains(['/', '\\']));
}

/// Where people return to stays here.
fn way_back(bytes: &[u8]) {
    let text = text(bytes);
    let base = url::Url::parse("https://shop.test/");
    let host = base.ok().and_then(|b| b.join(local_path(&text)).ok()).and_then(|u| u.host_str().map(str::to_owned));
    assert_eq!(host.as_deref(), Some("shop.test"), "{text:?}");
}
