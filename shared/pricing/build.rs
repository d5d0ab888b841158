//! Makes the list of markets from the files of `data/markets`: a new market is a new file and nothing else, and a program parses none of them.

use std::path::Path;
use std::{env, fs, io};

#[path = "src/currency_data.rs"]
#[expect(dead_code, reason = "only the codes are asked here")]
mod currency_data;
#[path = "build/markets.rs"]
mod markets;

fn main() -> io::Result<()> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("data/markets");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-changed=build/markets.rs");
    println!("cargo:rerun-if-changed=src/currency_data.rs");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    let is_currency = |code: &str| currency_data::CURRENCIES.iter().any(|row| row.0.as_slice() == code.as_bytes());
    let table = markets::table(&files, is_currency).map_err(|wrong| io::Error::other(wrong.to_string()))?;
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("markets.rs");
    fs::write(out, table)
}
