//! Makes the list of markets from the files of `data/markets`: a new market is a new file and nothing else, and a program parses none of them.

use std::path::Path;
use std::{env, fs, io};

use serde::Deserialize;

/// One file; its name is the market's id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    order: u32,
    countries: Vec<String>,
    price_regions: Vec<String>,
    currency: String,
    also_paid_in: [String; 2],
    tax: Tax,
    locale: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tax {
    Included,
    Added,
}

fn main() -> io::Result<()> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("data/markets");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut rows = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "toml") {
            let said = |e: toml::de::Error| io::Error::other(format!("{}: {e}", path.display()));
            let row: Row = toml::from_str(&fs::read_to_string(&path)?).map_err(said)?;
            rows.push((row.order, name, row));
        }
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let code = |(_, id, row): &(u32, String, Row)| {
        let display = match row.tax {
            Tax::Included => "Inclusive",
            Tax::Added => "Exclusive",
        };
        let [first, second] = &row.also_paid_in;
        format!(
            "Market {{ id: {id:?}, countries: &{:?}, price_regions: &{:?}, currency: find(*b{:?}), \
             also_paid_in: [find(*b{first:?}), find(*b{second:?})], tax_display: TaxDisplay::{display}, locale: {:?} }},\n",
            row.countries, row.price_regions, row.currency, row.locale
        )
    };
    let list: String = rows.iter().map(code).collect();
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("markets.rs");
    fs::write(out, format!("/// Every market; `row` is last.\npub const MARKETS: &[Market] = &[\n{list}];\n"))
}
