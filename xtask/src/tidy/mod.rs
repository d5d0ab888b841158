//! The rules of STYLE.md that a program can check.
//!
//! Invariants: each rule is a pure function of a file's text (or of cargo's dependency list) with a test that sees it
//! fail. Not here: format and lints, which cargo has.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::client::walk;
use crate::sh::{self, Tools};

mod graph;
mod locales;
mod text;

/// Runs every rule; all findings are printed before it fails.
pub(crate) fn run(tools: &Tools) -> Result<()> {
    let root = sh::root();
    let mut findings = Vec::new();
    for file in sources(&root)? {
        let name = file.strip_prefix(&root)?.to_string_lossy().into_owned();
        // Fonts and pictures are no text.
        if let Ok(content) = std::fs::read_to_string(&file) {
            findings.extend(text::check(&name, &content));
        }
    }
    findings.extend(locales::check(&root)?);
    findings.extend(graph::check(tools, &root)?);
    for finding in &findings {
        println!("tidy: {finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    Ok(())
}

/// Every file that people write.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for part in ["app", "server", "shared", "xtask", "assets", "docs", "e2e/lib", "e2e/specs", ".ci", ".cargo"] {
        let path = root.join(part);
        if path.exists() {
            files.extend(walk(&path)?);
        }
    }
    files.extend(["e2e/run.mjs", "STYLE.md", "README.md", "ARCHITECTURE.md", "Cargo.toml"].map(|f| root.join(f)));
    files.retain(|f| !f.components().any(|c| c.as_os_str() == "node_modules" || c.as_os_str() == "target"));
    Ok(files)
}
