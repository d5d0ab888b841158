//! What a buyer's client weighs, and what is in it.
//!
//! Invariants:
//! - The weight is what is sent: brotli of the module and of every script beside it.
//! - What is in it is counted in the module as it is sent, function by function; names come from a twin of it that keeps them.
//! - The last recorded table lies in `xtask/client-size.tsv`, so that a client over its budget says what grew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::client::{PRICER, walk};
use crate::sh::{self, say};

/// Most bytes of the client, brotli.
pub(crate) const BUDGET: u64 = 500_000;
/// Rows of data and of the module's other sections among the crates.
const DATA: &str = "(data)";
const OTHER: &str = "(imports, types, tables)";

/// What is in one module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Bytes by crate, and [`DATA`] and [`OTHER`].
    pub(crate) crates: BTreeMap<String, u64>,
    /// Bytes by function, its generic instances together; how many there are.
    pub(crate) functions: BTreeMap<String, (u64, u32)>,
}

/// Counts a module that has its names.
pub(crate) fn parts(module: &[u8]) -> Result<Parts> {
    let (mut imported, mut bodies, mut data) = (0u32, Vec::new(), 0u64);
    let mut names = BTreeMap::new();
    let mut name_bytes = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len() as u64),
            Payload::DataSection(section) => data = section.range().len() as u64,
            Payload::CustomSection(section) => {
                name_bytes += section.range().len() as u64;
                if let KnownCustom::Name(parts) = section.as_known() {
                    for part in parts {
                        if let Name::Function(map) = part? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut found = Parts::default();
    let code: u64 = bodies.iter().sum();
    for (index, bytes) in (imported..).zip(bodies) {
        let name = names.get(&index).map_or_else(|| "(no name)".to_owned(), |n| readable(n));
        *found.crates.entry(crate_of(&name).to_owned()).or_default() += bytes;
        let function = found.functions.entry(name).or_default();
        *function = (function.0 + bytes, function.1 + 1);
    }
    found.crates.insert(DATA.to_owned(), data);
    found.crates.insert(OTHER.to_owned(), (module.len() as u64).saturating_sub(code + data + name_bytes));
    Ok(found)
}

/// A symbol as a path, without its hash.
fn readable(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// The crate a path belongs to: the first that is not of the language; `core` where all are.
fn crate_of(path: &str) -> &str {
    let mut first = None;
    for word in path.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
        let Some((name, _)) = word.split_once("::") else { continue };
        if name.is_empty() {
            continue;
        }
        if !["core", "alloc", "std"].contains(&name) {
            return name;
        }
        first.get_or_insert(name);
    }
    first.unwrap_or(if path.starts_with("__wbindgen") || path.starts_with("__wbg") { "wasm_bindgen" } else { "other" })
}

/// Brotli bytes of the client's module and scripts in its folder, and of those of the module that prices: pages load that only when they need it.
fn weight(dir: &Path) -> Result<(u64, u64, u64)> {
    let (mut wasm, mut scripts, mut pricer) = (0, 0, 0);
    for file in walk(dir)? {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = fs::metadata(&file)?.len();
        match () {
            () if !name.ends_with(".br") => {}
            () if name.starts_with(PRICER) => pricer += bytes,
            () if name.ends_with(".wasm.br") => wasm += bytes,
            () => scripts += bytes,
        }
    }
    Ok((wasm, scripts, pricer))
}

/// The built client's folder below a public folder.
fn folder(public: &Path, app: &str) -> Result<PathBuf> {
    let begins = format!("{app}-");
    let folders = fs::read_dir(public.join("assets"))?.flatten().map(|e| e.path());
    let mut found =
        folders.filter(|p| p.is_dir() && p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&begins)));
    found.next().with_context(|| format!("no client {app} in {}", public.display()))
}

fn record() -> PathBuf {
    sh::root().join("xtask/client-size.tsv")
}

fn recorded() -> BTreeMap<String, u64> {
    let text = fs::read_to_string(record()).unwrap_or_default();
    text.lines().filter_map(|l| l.split_once('\t')).filter_map(|(n, b)| Some((n.to_owned(), b.parse().ok()?))).collect()
}

/// What to tell of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// Its weight, and what grew if it is over the budget.
    Weight,
    /// Also what is in it.
    All,
    /// All, and keep it as what later clients are compared with.
    Record,
}

/// Tells what the release client of a public folder weighs; `named` is the module's twin with names.
///
/// # Errors
/// It is over [`BUDGET`].
pub(crate) fn check(public: &Path, app: &str, named: &Path, tell: Tell) -> Result<()> {
    let (wasm, scripts, pricer) = weight(&folder(public, app)?)?;
    let whole = wasm + scripts;
    say(format!(
        "{app}: {whole} bytes brotli ({wasm} wasm, {scripts} js) of {BUDGET}; what prices beside it: {pricer}"
    ));
    let over = whole > BUDGET;
    if tell == Tell::Weight && !over {
        return Ok(());
    }
    let found = parts(&fs::read(named).with_context(|| named.display().to_string())?)?;
    if tell != Tell::Weight {
        println!("{}", table(&found));
    }
    if over {
        println!("{}", grown(&recorded(), &found.crates));
        bail!("the client of {app} is {} bytes over its budget of {BUDGET} (xtask/src/size.rs)", whole - BUDGET);
    }
    if tell == Tell::Record {
        let lines: String = found.crates.iter().map(|(name, bytes)| format!("{name}\t{bytes}\n")).collect();
        fs::write(record(), lines)?;
        say(format!("kept in {}", record().display()));
    }
    Ok(())
}

/// The largest crates and functions.
fn table(parts: &Parts) -> String {
    let all: u64 = parts.crates.values().sum();
    let mut out = String::from("   bytes  share  crate\n");
    let mut crates: Vec<_> = parts.crates.iter().collect();
    crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    for (name, bytes) in crates.iter().take(40) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{bytes:>8}  {:>4.1}%  {name}", **bytes as f64 * 100.0 / all.max(1) as f64);
    }
    let mut functions: Vec<_> = parts.functions.iter().collect();
    functions.sort_by_key(|(_, (bytes, _))| std::cmp::Reverse(*bytes));
    out.push_str("\n   bytes  times  function\n");
    for (name, (bytes, times)) in functions.iter().take(60) {
        let _ = writeln!(out, "{bytes:>8}  {times:>5}  {}", name.chars().take(150).collect::<String>());
    }
    out
}

/// Crates that are larger than they were recorded, the most grown first.
fn grown(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> String {
    let mut rows: Vec<(u64, &str)> = now
        .iter()
        .map(|(name, bytes)| (bytes.saturating_sub(before.get(name).copied().unwrap_or(0)), name.as_str()))
        .filter(|(more, _)| *more > 0)
        .collect();
    rows.sort_by_key(|(more, _)| std::cmp::Reverse(*more));
    let mut out = String::from("    grew  crate (bytes before compression, against xtask/client-size.tsv)\n");
    for (more, name) in rows.iter().take(25) {
        let _ = writeln!(out, "{more:>8}  {name}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_first_crate_that_is_not_the_language() {
        assert_eq!(crate_of("vitrine::shop::pages::home::HomeBody"), "vitrine");
        assert_eq!(crate_of("<alloc::vec::Vec<T> as serde::Deserialize>::deserialize"), "serde");
        assert_eq!(crate_of("core::fmt::write"), "core");
        assert_eq!(crate_of("<&T as core::fmt::Debug>::fmt"), "core");
        assert_eq!(crate_of("core::ptr::drop_in_place<vitrine_shared::views::WorkView>"), "vitrine_shared");
        assert_eq!(crate_of("__wbindgen_malloc"), "wasm_bindgen");
        assert_eq!(crate_of("memcpy"), "other");
    }

    #[test]
    fn a_module_is_counted_whole() {
        // One function of two bytes named "a::b", without data.
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            b"\x01\x04\x01\x60\0\0",
            b"\x03\x02\x01\0",
            b"\x0a\x04\x01\x02\0\x0b",
            b"\0\x0e\x04name\x01\x07\x01\0\x04a::b",
        ]
        .concat();
        let found = parts(&module).unwrap();
        assert_eq!(found.functions["a::b"], (2, 1));
        assert_eq!((found.crates["a"], found.crates[DATA]), (2, 0));
    }

    #[test]
    fn what_grew_is_named_first() {
        let table = |rows: &[(&str, u64)]| rows.iter().map(|(n, b)| ((*n).to_owned(), *b)).collect::<BTreeMap<_, _>>();
        let text = grown(&table(&[("a", 10), ("b", 10)]), &table(&[("a", 11), ("b", 9), ("c", 500)]));
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows, ["     500  c", "       1  a"]);
    }
}
