//! The running shop, measured: see `bench/` and docs/benchmarks.md.

use std::fs;

use anyhow::Result;
use clap::Args;

use crate::sh::{self, say};
use crate::{build, client, seed, setup};

/// What `bench` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Generated works; may be given several times.
    #[arg(long, default_values_t = [5_000])]
    items: Vec<usize>,
    /// How long each line is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Builds optimised code, fills a data folder per size, prints a table for each.
///
/// # Errors
/// Builds, tools and measurements that fail.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(false)?;
    setup::wrk()?;
    let public = tools.public_dir(true);
    client::build(&tools, true, &public, true)?;
    build::program(&tools, true)?;
    sh::run(tools.cargo(["build", "-q", "-p", "vitrine-bench", "--release"]).arg("--bins"))?;
    let (program, bench) = (tools.program(true), tools.target.join("release/vitrine-bench"));
    for items in &options.items {
        let folder = seed::prepare_generated(*items)?;
        let data = tools.target.join(format!("bench-{items}"));
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        say(format!("{items} works: importing"));
        let begun = std::time::Instant::now();
        sh::output(sh::plain(&program).args(["import", "--demo", "--data"]).arg(&data).arg(&folder))?;
        say(format!("imported with their index in {:.1} s", begun.elapsed().as_secs_f64()));
        let mut measure = sh::plain(&bench);
        measure.arg("shop").arg("--program").arg(&program).arg("--public").arg(&public).arg("--data").arg(&data);
        sh::run(measure.arg("--seconds").arg(options.seconds.to_string()))?;
        fs::remove_dir_all(&data)?;
    }
    Ok(())
}
