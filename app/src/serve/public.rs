//! The built browser files: where each is, and which a page needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use vitrine_server::web::html::Template;

/// The public folder.
#[derive(Clone, Debug)]
pub struct Public {
    /// Its `assets/`.
    pub assets: PathBuf,
    /// Names the build.
    pub build: String,
    /// The document around every page.
    pub template: Template,
    paths: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Manifest {
    build: String,
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
}

impl Public {
    /// Reads the folder's manifest and checks the page template.
    ///
    /// # Errors
    /// What is missing and which command makes it.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        let hint = || {
            format!("{} holds no built client; run `cargo xtask build` or name the folder with --public", dir.display())
        };
        let text = std::fs::read_to_string(dir.join("manifest.json")).with_context(hint)?;
        let manifest: Manifest = serde_json::from_str(&text).context("manifest.json")?;
        let index = std::fs::read_to_string(dir.join("index.html")).with_context(hint)?;
        let template = Template::cut(&index).map_err(|mark| anyhow::anyhow!("index.html lacks {mark} in its place"))?;
        let paths = manifest
            .files
            .into_iter()
            .map(|(name, e)| (name, format!("/{}", e.path.trim_start_matches('/'))))
            .collect();
        Ok(Self { assets: dir.join("assets"), build: manifest.build, template, paths })
    }

    /// Address of a file by its logical name.
    pub fn url(&self, name: &str) -> String {
        self.paths.get(name).cloned().unwrap_or_else(|| format!("/assets/{name}"))
    }

    /// Every logical name with its address.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.paths.clone()
    }
}
