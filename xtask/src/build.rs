//! A folder to distribute: the program and its public files, in `target/vitrine/`. It runs from any directory.

use std::fs;
use std::path::{Path, PathBuf};

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
    cargo(tools, release, &[])
}

/// Builds the program with its cloud stores; answers where it lies, beside the one without.
pub(crate) fn program_aws(tools: &Tools, release: bool) -> Result<PathBuf> {
    say("compiling the program with DynamoDB and S3");
    program_with(tools, release, "aws")
}

/// Builds the program that also runs as a function; answers where it lies.
pub(crate) fn program_lambda(tools: &Tools, release: bool) -> Result<PathBuf> {
    say("compiling the program as a function");
    program_with(tools, release, "lambda")
}

fn program_with(tools: &Tools, release: bool, feature: &str) -> Result<PathBuf> {
    cargo(tools, release, &["--features", feature])?;
    let built = tools.program(release);
    let kept = built.with_file_name(format!("vitrine-{feature}"));
    // The next build without them takes the name again.
    fs::copy(&built, &kept)?;
    Ok(kept)
}

fn cargo(tools: &Tools, release: bool, more: &[&str]) -> Result<()> {
    let mut cargo = tools.cargo(["build", "-p", "vitrine", "--bin", "vitrine"]);
    if release {
        cargo.arg("--release");
    }
    sh::run(cargo.args(more))
}

/// Whether a folder is missing or has nothing in it.
pub(crate) fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}
