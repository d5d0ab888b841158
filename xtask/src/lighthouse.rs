//! The optimised shop with its demonstration content, scored and timed in a browser: see `e2e/lighthouse.mjs` and
//! docs/benchmarks.md.

use anyhow::{Context, Result};
use clap::Args;

use crate::sh::{self, say};
use crate::{build, client, seed, setup};

/// What `lighthouse` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Times each page is scored; the middle one counts.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Some of `home,catalogue,album,book,cart`.
    #[arg(long, default_value = "")]
    only: String,
    /// Time presses, paints and shifts on a slowed phone in place of the scores.
    #[arg(long)]
    vitals: bool,
}

/// Builds optimised code, fills a data folder once, prints the tables.
///
/// # Errors
/// Builds, downloads and runs that fail.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(true)?;
    let public = tools.public_dir(true);
    client::build(&tools, true, &public, true)?;
    build::program(&tools, true)?;
    let (program, data) = (tools.program(true), tools.target.join("lighthouse-data"));
    if build::is_empty(&data) {
        say("fetching and importing the demonstration content");
        seed::run()?;
        let folder = seed::import_folder().context("the demonstration content cannot be had")?;
        sh::run(sh::plain(&program).args(["import", "--demo", "--data"]).arg(&data).arg(folder))?;
    }
    let mut node = sh::plain("node");
    node.arg("e2e/lighthouse.mjs").arg(&data).arg("--runs").arg(options.runs.to_string());
    node.arg("--only").arg(&options.only).args(options.vitals.then_some("--vitals"));
    node.env("VITRINE_TEST_PROGRAM", program).env("VITRINE_TEST_PUBLIC", public);
    if let Some(path) = setup::chromium() {
        node.env("VITRINE_TEST_CHROMIUM", path);
    }
    sh::run(&mut node)
}
