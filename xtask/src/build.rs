//! A folder to distribute: the program and its public files, in `target/vitrine/`. It runs from any directory.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::sh::{self, Tools, say};
use crate::{client, setup};

/// Builds `target/vitrine/`.
pub(crate) fn run() -> Result<()> {
    let tools = setup::run(false)?;
    let out = sh::root().join("target/vitrine");
    fs::create_dir_all(&out)?;
    client::build(&tools, true, &out.join("public"), true)?;
    program(&tools, true)?;
    fs::copy(tools.program(true), out.join("vitrine"))?;
    say(format!("{}: start it with ./vitrine serve", out.display()));
    Ok(())
}

/// Builds the program.
pub(crate) fn program(tools: &Tools, release: bool) -> Result<()> {
    say("compiling the program");
    let mut cargo = tools.cargo(["build", "-p", "vitrine", "--bin", "vitrine"]);
    if release {
        cargo.arg("--release");
    }
    sh::run(&mut cargo)
}

/// Whether a folder is missing or has nothing in it.
pub(crate) fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}
