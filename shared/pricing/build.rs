//! Makes the list of markets from the files of `data/markets`: a new market is a new file and nothing else, and a program parses none of them.
//! Names what decides beside the rows of tax rules, which is the engine's code with its tables, by one hash for `tax_table.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;
use sha2::{Digest, Sha256};

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
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    let folder = root.join("data/markets");
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
    let mut tables = Sha256::new();
    tables.update(list.as_bytes());
    for file in sources(&root.join("src"))? {
        println!("cargo:rerun-if-changed={}", file.display());
        // Tests decide nothing, and ends of lines are the machine's.
        let text = fs::read_to_string(file)?;
        let code = text.split_once("#[cfg(test)]\nmod tests").map_or(text.as_str(), |(code, _)| code);
        for line in code.lines() {
            tables.update(line.as_bytes());
            tables.update(b"\n");
        }
    }
    let tables: String = tables.finalize().iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo:rustc-env=VITRINE_TABLES={tables}");
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("markets.rs");
    fs::write(out, format!("/// Every market; `row` is last.\npub const MARKETS: &[Market] = &[\n{list}];\n"))
}

/// All of a folder, by path: tables and laws stand in the code itself.
fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(sources(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}
