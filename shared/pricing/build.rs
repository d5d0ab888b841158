//! Makes the constant of all markets from `data/markets`, one file each, so that a new market is a new file and nothing else.
//!
//! A file has lines `key = value`, the value a text, a number or a list of texts in one line, as TOML writes them, and comments. Every key is wanted
//! once and no other is taken; what is wrong stops the build with file and key.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const KEYS: [&str; 7] = ["order", "countries", "price_regions", "currency", "then_pays_in", "tax", "locale"];

type Keys = BTreeMap<String, String>;
type Done<T> = Result<T, Box<dyn Error>>;

fn keys(text: &str) -> Done<Keys> {
    let mut all = Keys::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once('=').ok_or_else(|| format!("{line}: no key"))?;
        let key = key.trim();
        if !KEYS.contains(&key) {
            return Err(format!("{key}: no such key").into());
        }
        if all.insert(key.to_owned(), value.trim().to_owned()).is_some() {
            return Err(format!("{key} stands twice").into());
        }
    }
    match KEYS.iter().find(|key| !all.contains_key(**key)) {
        Some(key) => Err(format!("{key} is missing").into()),
        None => Ok(all),
    }
}

/// A quoted text of letters, digits and hyphens, without its quotes.
fn text(value: &str) -> Done<&str> {
    let plain = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(plain);
    inside.ok_or_else(|| format!("{value}: no text in quotes").into())
}

fn list(value: &str) -> Done<Vec<&str>> {
    let inside = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.ok_or_else(|| format!("{value}: no list in one line"))?;
    inside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(text).collect()
}

/// An expression; a code that no currency has does not compile.
fn currency(code: &str) -> Done<String> {
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(format!("find(*b\"{code}\")"));
    }
    Err(format!("{code}: no code of a currency").into())
}

/// Place in the order, and the market as an expression.
fn market(id: &str, keys: &Keys) -> Done<(u32, String)> {
    let value = |key: &str| keys.get(key).map(String::as_str).unwrap_or_default();
    let tax = match text(value("tax"))? {
        "included" => "Inclusive",
        "added" => "Exclusive",
        other => return Err(format!("tax: {other} is neither included nor added").into()),
    };
    let then = list(value("then_pays_in"))?.into_iter().map(currency).collect::<Done<Vec<_>>>()?;
    if then.len() != 2 {
        return Err("then_pays_in: two currencies are wanted".into());
    }
    let order = value("order").parse().map_err(|_| "order: no number")?;
    let (countries, regions) = (list(value("countries"))?, list(value("price_regions"))?);
    let (own, then, locale) = (currency(text(value("currency"))?)?, then.join(", "), text(value("locale"))?);
    let row = format!(
        "Market {{ id: {id:?}, countries: &{countries:?}, price_regions: &{regions:?}, currency: {own}, \
         then_pays_in: [{then}], tax_display: TaxDisplay::{tax}, locale: {locale:?} }}"
    );
    Ok((order, row))
}

fn main() -> Done<()> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("data/markets");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut all: BTreeMap<u32, String> = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let file = path.display();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let made = keys(&fs::read_to_string(&path)?).and_then(|keys| market(&id, &keys));
        let (order, row) = made.map_err(|why| format!("{file}: {why}"))?;
        if all.insert(order, row).is_some() {
            return Err(format!("{file}: another market has the order {order}").into());
        }
    }
    let rows: Vec<String> = all.into_values().collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("markets.rs"), format!("&[\n{}\n]", rows.join(",\n")))?;
    Ok(())
}
