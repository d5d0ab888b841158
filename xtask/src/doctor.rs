//! The table of what is installed. Changes nothing.

use anyhow::{Result, bail};

use crate::sh::{self, Tools};
use crate::{seed, setup};

/// Prints the table; fails when something that `serve` needs is missing.
pub(crate) fn run() -> Result<()> {
    let tools = Tools::find()?;
    let version = |program: &str, args: &[&str]| first_line(sh::output(tools.command(program).args(args)));
    let wasm = tools.has_wasm().then(|| tools.toolchain.clone().unwrap_or_else(|| "installed".into()));
    let chromium = setup::chromium().map(|p| p.display().to_string());
    let here = |path: std::path::PathBuf| path.exists().then(|| path.display().to_string());
    let setup_word = "cargo xtask setup";
    let peers_word = "cargo xtask setup --peers";
    let rows = [
        ("rustc", true, version("rustc", &["--version"]), "https://rustup.rs"),
        ("cargo", true, version("cargo", &["--version"]), "https://rustup.rs"),
        ("C compiler", true, version("cc", &["--version"]), "apt-get install gcc libc6-dev"),
        ("wasm target", true, wasm, setup_word),
        ("node", false, version("node", &["--version"]), "apt-get install nodejs"),
        ("npm", false, version("npm", &["--version"]), "apt-get install npm"),
        ("python3", false, version("python3", &["--version"]), "apt-get install python3"),
        ("ffmpeg", false, version("ffmpeg", &["-version"]), setup_word),
        ("clippy", false, version("cargo", &["clippy", "--version"]), peers_word),
        ("rustfmt", false, version("cargo", &["fmt", "--version"]), peers_word),
        ("chromium", false, chromium, peers_word),
        ("java", false, version("java", &["-version"]), peers_word),
        ("node packages", false, here(sh::root().join("e2e/node_modules/playwright-core")), peers_word),
        ("test services", false, here(setup::peers_dir().join("vitrine-peers.txt")), peers_word),
        ("demo content", false, here(seed::content_dir()), "cargo xtask seed"),
    ];
    println!("{:<14} {:<52} how to get it", "what", "installed");
    let mut missing = Vec::new();
    for (name, needed, found, how) in rows {
        match found {
            Some(found) => println!("{name:<14} {found:<52}"),
            None => {
                println!("{name:<14} {:<52} {how}", if needed { "MISSING, needed" } else { "missing" });
                missing.extend(needed.then_some(name));
            }
        }
    }
    println!("children build in {}", tools.target.display());
    if !missing.is_empty() {
        bail!("missing: {}", missing.join(", "));
    }
    Ok(())
}

fn first_line(output: Result<String>) -> Option<String> {
    // `java -version` writes to the other stream: an empty answer of a program that ran still says it is there.
    let text = output.ok()?;
    let line = text.lines().next().unwrap_or("installed");
    Some(line.chars().take(52).collect())
}
