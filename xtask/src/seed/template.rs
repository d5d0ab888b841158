//! The committed rows (`content/`) to rows of the exchange format: placeholders become files of the import folder.
//!
//! Invariants: a row whose file cannot be had is left out whole and the reason is told; nothing else of it is changed.
//!
//! Not here: where the files come from ([`super::source`]) and what the rows mean (`docs/import-format.md`).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// A placeholder of a row: `scheme:rest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholder<'a> {
    /// A file of a Debian package: name, path in it.
    Package(&'a str, &'a str),
    /// A drawing of `content/covers/`.
    Cover(&'a str),
    /// A file this tool makes.
    Made(&'a str),
}

impl<'a> Placeholder<'a> {
    /// From `package:NAME/PATH`, `cover:NAME` or `made:NAME`.
    ///
    /// # Errors
    /// Anything else: a row of ours with a slip.
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        match text.split_once(':') {
            Some(("package", rest)) => {
                let (name, path) = rest.split_once('/').with_context(|| format!("{text}: no path in the package"))?;
                Ok(Self::Package(name, path))
            }
            Some(("cover", name)) => Ok(Self::Cover(name)),
            Some(("made", name)) => Ok(Self::Made(name)),
            _ => bail!("{text}: a file is `package:`, `cover:` or `made:`"),
        }
    }
}

/// Rows that are complete, and those left out with the reason.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// In the order of the files.
    pub(super) rows: Vec<Value>,
    /// `work x: why`.
    pub(super) left_out: Vec<String>,
}

/// Reads every file of `content/rows` in the order of names and fills its placeholders; `place` answers the path of a
/// placeholder's file below the import folder.
///
/// # Errors
/// Only for faults of the committed files themselves.
pub(super) fn fill(content: &Path, mut place: impl FnMut(Placeholder<'_>) -> Result<String>) -> Result<Filled> {
    let prices: Map<String, Value> = read(&content.join("prices.json"))?;
    let mut files: Vec<_> = fs::read_dir(content.join("rows"))?.flatten().map(|e| e.path()).collect();
    files.sort();
    let mut filled = Filled::default();
    for file in files {
        for mut row in read::<Vec<Value>>(&file)? {
            let name = format!("{} {}", text(&row, "type"), text(&row, "ref"));
            set_texts(&mut row, content).with_context(|| name.clone())?;
            set_prices(&mut row, &prices).with_context(|| name.clone())?;
            match set_files(&mut row, &mut place) {
                Ok(()) => filled.rows.push(row),
                Err(fault) => filled.left_out.push(format!("{name}: {fault:#}")),
            }
        }
    }
    Ok(filled)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// A text field of a row; empty if it has none.
pub(super) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn set_texts(row: &mut Value, content: &Path) -> Result<()> {
    if let Some(body) = row.get_mut("body_html")
        && let Some(file) = body.as_str().and_then(|b| b.strip_prefix("text:"))
    {
        *body = fs::read_to_string(content.join(file)).with_context(|| file.to_owned())?.trim().into();
    }
    Ok(())
}

fn set_prices(row: &mut Value, sets: &Map<String, Value>) -> Result<()> {
    let products = row.get_mut("products").and_then(Value::as_array_mut).into_iter().flatten();
    for variant in products.flat_map(|p| p.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten()) {
        let Some(prices) = variant.get_mut("prices") else { bail!("a variant without prices") };
        if let Some(name) = prices.as_str() {
            *prices = sets.get(name).with_context(|| format!("prices.json has no set `{name}`"))?.clone();
        }
    }
    Ok(())
}

/// Every `file` of the row, at any depth.
fn set_files(value: &mut Value, place: &mut impl FnMut(Placeholder<'_>) -> Result<String>) -> Result<()> {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field.as_str() {
                    Some(file) if name == "file" => *field = place(Placeholder::parse(file)?)?.into(),
                    _ => set_files(field, place)?,
                }
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(|v| set_files(v, place)),
        _ => Ok(()),
    }
}
