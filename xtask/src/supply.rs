//! What the program is made of, and what it is shipped in: licences and sources of dependencies, a list of them, the container's recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::setup;
use crate::sh::{self, Tools, say};

/// Where the checkers that came as Python packages are.
fn tool(name: &str) -> std::path::PathBuf {
    setup::peers_dir().join("bin").join(name)
}

/// Licences, sources and duplicates by `deny.toml`; what asks no more than that asks nobody else.
///
/// # Errors
/// What the file does not allow, a dependency that cannot be fetched.
pub(crate) fn deny(tools: &Tools) -> Result<()> {
    // Those of other machines too: a build of this one alone has not fetched them.
    sh::run(&mut tools.cargo(["fetch", "--locked"]))?;
    sh::run(sh::plain(tool("cargo-deny")).args([
        "--offline",
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}

/// Known faults of dependencies. Without the database this says so and is no failure: nothing was found out.
///
/// # Errors
/// A dependency has a known fault.
pub(crate) fn advisories() -> Result<()> {
    let fetched = sh::output(sh::plain(tool("cargo-deny")).args(["fetch", "db"]));
    if let Err(fault) = fetched {
        say(format!("NOT CHECKED: the database of advisories cannot be reached ({fault:#})"));
        return Ok(());
    }
    sh::run(sh::plain(tool("cargo-deny")).args(["--offline", "check", "advisories"]))
}

/// The container's recipe before its linter.
///
/// # Errors
/// What the linter finds.
pub(crate) fn recipe() -> Result<()> {
    sh::run(sh::plain(tool("hadolint")).arg("infra/Dockerfile"))
}

/// Folders of fonts that are shipped, each with its licence beside it: all under the SIL Open Font License.
const FONTS: [&str; 2] = ["assets/fonts", "server/einvoice/fonts"];

/// Writes `target/sbom.cdx.json` (CycloneDX 1.5): every crate the program links on the machines it is built for, and its fonts.
///
/// # Errors
/// Cargo's own, a crate without a licence.
pub(crate) fn sbom(tools: &Tools) -> Result<()> {
    let text = sh::output(&mut tools.cargo(["metadata", "--format-version", "1", "--locked"]))?;
    let lock: toml::Table = fs::read_to_string(sh::root().join("Cargo.lock"))?.parse().context("Cargo.lock")?;
    let mut document = listed(&serde_json::from_str(&text).context("cargo metadata")?, &lock)?;
    if let Some(components) = document["components"].as_array_mut() {
        components.extend(fonts()?);
    }
    let to = sh::root().join("target/sbom.cdx.json");
    fs::create_dir_all(sh::root().join("target"))?;
    fs::write(&to, serde_json::to_string_pretty(&document)?)?;
    let count = document["components"].as_array().map_or(0, Vec::len);
    say(format!("{}: {count} crates and fonts", to.display()));
    Ok(())
}

/// The fonts as components.
fn fonts() -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for folder in FONTS {
        let mut files: Vec<_> = fs::read_dir(sh::root().join(folder))?.flatten().map(|f| f.path()).collect();
        files.sort();
        for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "ttf" || e == "woff2")) {
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let sum = format!("{:x}", Sha256::digest(fs::read(file)?));
            found.push(json!({
                "type": "file", "bom-ref": format!("{folder}/{name}"), "name": name,
                "licenses": [{ "license": { "id": "OFL-1.1" } }], "hashes": [{ "alg": "SHA-256", "content": sum }],
            }));
        }
    }
    Ok(found)
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn listed(metadata: &Value, lock: &toml::Table) -> Result<Value> {
    let all = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        all(&metadata["packages"]).into_iter().map(|p| (word(&p, "id").to_owned(), p)).collect();
    let nodes: BTreeMap<String, Value> =
        all(&metadata["resolve"]["nodes"]).into_iter().map(|n| (word(&n, "id").to_owned(), n)).collect();
    let program = packages.values().find(|p| word(p, "name") == "vitrine").context("the program is no package")?;
    let mut sums = BTreeMap::new();
    for package in lock.get("package").and_then(|p| p.as_array()).into_iter().flatten() {
        let text = |name: &str| package.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        sums.insert((text("name"), text("version")), text("checksum"));
    }
    // What is linked or built into the program; what only tests need is not shipped.
    let mut waiting = vec![word(program, "id").to_owned()];
    let mut seen = BTreeSet::new();
    let mut edges = Vec::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let mut needs = Vec::new();
        for dependency in nodes.get(&id).map(|n| all(&n["deps"])).unwrap_or_default() {
            if all(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev") {
                needs.push(word(&dependency, "pkg").to_owned());
            }
        }
        edges.push(json!({ "ref": id, "dependsOn": needs }));
        waiting.extend(needs);
    }
    let mut components = Vec::new();
    for package in seen.iter().filter_map(|id| packages.get(id)) {
        let (name, version, licence) = (word(package, "name"), word(package, "version"), word(package, "license"));
        let licence = if licence.is_empty() { "NOASSERTION" } else { licence };
        let mut component = json!({
            "type": "library", "bom-ref": package["id"], "name": name, "version": version,
            "purl": format!("pkg:cargo/{name}@{version}"), "licenses": [{ "expression": licence.replace('/', " OR ") }],
        });
        if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())).filter(|s| !s.is_empty()) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        components.push(component);
    }
    Ok(json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": { "component": { "type": "application", "name": "vitrine", "version": program["version"], "bom-ref": program["id"] } },
        "components": components, "dependencies": edges,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_listed_and_their_licences_stand_beside_them() {
        let listed = fonts().unwrap();
        let names: Vec<_> = listed.iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"NotoSans-Regular.ttf") && names.contains(&"newsreader-latin.woff2"), "{names:?}");
        for folder in FONTS {
            let licences = fs::read_dir(sh::root().join(folder)).unwrap().flatten();
            let said = licences.filter(|f| f.path().extension().is_some_and(|e| e == "txt"));
            let said: Vec<_> = said.map(|f| fs::read_to_string(f.path()).unwrap()).collect();
            assert!(
                !said.is_empty() && said.iter().all(|t| t.to_lowercase().contains("open font license")),
                "{folder}"
            );
        }
    }

    #[test]
    fn what_is_linked_is_listed_with_licence_and_sum_and_what_tests_need_is_not() {
        let package = |id: &str, licence: &str| json!({ "id": id, "name": id, "version": "1.0.0", "license": licence });
        let dep = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("vitrine", "MIT"), package("a", "MIT/Apache-2.0"), package("t", "MIT")],
            "resolve": { "nodes": [
                { "id": "vitrine", "deps": [dep("a", Value::Null), dep("t", json!("dev"))] },
                { "id": "a", "deps": [] }, { "id": "t", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"00ff\"\n".parse().unwrap();
        let made = listed(&metadata, &lock).unwrap();
        let names: Vec<_> =
            made["components"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["a", "vitrine"]);
        assert_eq!(made["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(made["components"][0]["hashes"][0]["content"], "00ff");
        assert_eq!(made["metadata"]["component"]["name"], "vitrine");
    }
}
