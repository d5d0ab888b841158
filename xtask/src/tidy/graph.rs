//! Which crate may stand on which.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::sh::{self, Tools, WASM};

/// Server-side crates that must not reach the browser.
const NOT_IN_BROWSER: &[&str] = &[
    "vitrine-server",
    "vitrine-aws",
    "vitrine-table",
    "vitrine-blob",
    "vitrine-identity",
    "vitrine-payments",
    "vitrine-mail",
    "vitrine-registers",
    "vitrine-tax",
    "vitrine-queue",
    "vitrine-places",
    "vitrine-einvoice",
    "rusqlite",
    "tantivy",
    "hyper",
    "rustls",
    "mio",
    "ring",
];

/// Findings in the dependency lists.
pub(super) fn check(tools: &Tools, root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for app in crate::client::CLIENTS {
        let features = format!("web,{app}");
        let args = ["tree", "-p", "vitrine", "--no-default-features", "--features", &features, "--target", WASM];
        let names =
            names(&sh::output(tools.cargo(args).args(["-e", "normal", "--prefix", "none", "--format", "{p}"]))?);
        found.extend(browser(app, &names));
    }
    let native =
        sh::output(&mut tools.cargo(["tree", "-p", "vitrine", "-e", "normal", "--prefix", "none", "--format", "{p}"]))?;
    found.extend(
        names(&native).iter().filter(|n| n.starts_with("aws-")).map(|n| format!("the default build holds {n}")),
    );
    for entry in fs::read_dir(root.join("server/ports"))? {
        let manifest = entry?.path().join("Cargo.toml");
        if manifest.exists() {
            found.extend(port(&manifest.display().to_string(), &fs::read_to_string(&manifest)?)?);
        }
    }
    Ok(found)
}

fn names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|l| l.split_whitespace().next()).map(str::to_owned).collect()
}

fn browser(app: &str, names: &BTreeSet<String>) -> Vec<String> {
    let bad = |n: &&String| NOT_IN_BROWSER.contains(&n.as_str()) || n.starts_with("aws-");
    names.iter().filter(bad).map(|n| format!("the client {app} holds {n}")).collect()
}

/// A port knows other ports and `shared`; never the server, the AWS side or the app.
fn port(name: &str, manifest: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().with_context(|| name.to_owned())?;
    let mut found = Vec::new();
    for section in ["dependencies", "dev-dependencies"] {
        let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
        for bad in ["vitrine", "vitrine-server", "vitrine-aws", "vitrine-ui"] {
            if table.contains_key(bad) {
                found.push(format!("{name}: a port depends on {bad}"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_crates_are_found() {
        let tree = "vitrine v0.1.0 (/x)\ndioxus v0.7.10\nrusqlite v0.37.0 (*)\naws-config v1\n";
        assert_eq!(browser("shop", &names(tree)).len(), 2);
        assert!(browser("shop", &names("dioxus v0.7.10\n")).is_empty());
    }

    #[test]
    fn a_port_that_knows_the_server_is_found() {
        assert_eq!(port("p", "[dependencies]\nvitrine-server.workspace = true\n").unwrap().len(), 1);
        assert!(port("p", "[dependencies]\nvitrine-table.workspace = true\n").unwrap().is_empty());
    }
}
