//! Makes the list of markets from the files of `data/markets`: a new market is a new file and nothing else, and a program parses none of them.
//! Names what decides beside the rows of tax rules, which is the engine's code with its tables, by one hash for `tax_table.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

#[path = "src/currency_data.rs"]
#[expect(dead_code, reason = "only the codes are asked here")]
mod currency_data;
#[path = "build/markets.rs"]
mod markets;

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    let folder = root.join("data/markets");
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
    let mut tables = Sha256::new();
    tables.update(table.as_bytes());
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
    fs::write(out, table)
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
