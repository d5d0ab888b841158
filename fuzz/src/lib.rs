//! Targets: one function for each parser of ours that reads what strangers send. It panics where a promise is broken.
//!
//! Invariants: a target depends on its input alone, leaves nothing behind and is quick; what once broke one stays in `corpus/<target>/`
//! and is replayed by the tests.
//!
//! Not here: parsers that others keep (multipart, JSON, HTTP); those are asked from outside by `e2e/specs/attacks-wire.mjs`.

mod buying;
mod copies;
mod cursors;
mod files;
mod headers;
mod html;
mod mutate;
mod pricing;
mod records;
mod secrets;
mod services;
mod shopkeeping;
mod sign_in;
mod studio;
mod texts;
mod views;

use std::path::PathBuf;

pub use mutate::Mutator;

/// A parser under test: its name, and what is done with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 59] = [
    ("accept", headers::accept),
    ("addresses", studio::addresses),
    ("agent", headers::agent),
    ("api-key", secrets::api_key),
    ("archive", files::archive),
    ("backup", files::backup),
    ("backup-log", copies::log),
    ("book", files::book),
    ("captions", files::captions),
    ("cart-token", secrets::cart_token),
    ("checkout", buying::checkout),
    ("config", texts::config),
    ("cursor-list", cursors::list),
    ("cursor-search", cursors::search),
    ("cursor-table", cursors::table),
    ("dates", texts::dates),
    ("form", texts::form),
    ("forwarded", headers::forwarded),
    ("gift-code", shopkeeping::gift_code),
    ("gift-setting", studio::gift_setting),
    ("host", headers::host),
    ("ids", texts::ids),
    ("letters", secrets::letters),
    ("markup", html::markup),
    ("moments", texts::moments),
    ("money", texts::money),
    ("names", headers::names),
    ("oidc-authorize", sign_in::authorize),
    ("oidc-forms", sign_in::forms),
    ("oidc-logout", sign_in::logout),
    ("oidc-token", sign_in::token),
    ("order-key", secrets::order_key),
    ("origins", headers::origins),
    ("paths", files::paths),
    ("places", studio::places),
    ("preferences", headers::preferences),
    ("price-list", shopkeeping::price_list),
    ("promotion", shopkeeping::promotion),
    ("promotion-body", studio::promotion_body),
    ("purges", records::purges),
    ("query", headers::query),
    ("quote", pricing::quote),
    ("range", headers::range),
    ("rates", pricing::rates),
    ("refund", studio::refund),
    ("rows", files::rows),
    ("session", sign_in::session),
    ("shipping", shopkeeping::shipping),
    ("signature", secrets::signature),
    ("signed-link", secrets::signed_link),
    ("slugs", texts::slugs),
    ("stream-link", secrets::stream_link),
    ("tags", headers::tags),
    ("tax-answer", services::tax_answer),
    ("tax-id", pricing::tax_id),
    ("vat-answer", services::vat_answer),
    ("views", views::views),
    ("way-back", headers::way_back),
    ("words", texts::words),
];

/// Where a target's inputs are.
pub fn corpus(target: &str) -> PathBuf {
    // Clones share build output: whoever runs says which one is meant, not whoever compiled.
    let runs = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|at| at.ends_with("fuzz"));
    runs.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR"))).join("corpus").join(target)
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

/// The text with the input written over it from somewhere on: the first two bytes say from where. What is as it was is no forgery, so
/// callers compare.
fn forged(genuine: &str, bytes: &[u8]) -> String {
    let [high, low, rest @ ..] = bytes else { return String::new() };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (genuine.len() + 1);
    let mut forged = genuine.as_bytes().to_vec();
    forged.splice(at..(at + rest.len()).min(genuine.len()), rest.iter().copied());
    text(&forged)
}
