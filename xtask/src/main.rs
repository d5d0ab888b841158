//! `cargo xtask <word>`: everything a developer types.
//!
//! Invariants:
//! - A word asks nothing; what it installs it says first, with the reason, and installs only once.
//! - Children of one machine share one toolchain and one target folder (`sh::Tools`), so nothing compiles twice.
//!
//! Not here: what the program does (`vitrine --help`).

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod build;
mod campaign;
mod client;
mod doctor;
mod instructions;
mod lighthouse;
mod parity;
mod seed;
mod serve;
mod setup;
mod sh;
mod size;
mod supply;
mod test;
mod tidy;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, serve and test Vitrine")]
struct Args {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Install what building needs.
    Setup {
        /// Also what the tests need: the browser tests' packages and the services of the conformance tests.
        #[arg(long)]
        peers: bool,
    },
    /// Build everything and serve the shop, with demonstration content in an empty data folder.
    Serve(serve::Options),
    /// Every check, with one summary at the end.
    Test(test::Options),
    /// Measure the optimised program with generated works, the server on one core.
    Bench(bench::Options),
    /// Count the instructions of some acts and compare them with what is stored for this compiler and processor.
    Instructions(instructions::Options),
    /// Break the running shop on purpose and look whether it holds; `cargo xtask campaign --help` names them.
    Campaign(campaign::Options),
    /// Feed every parser of ours with inputs changed at random.
    Fuzz {
        /// For how long each.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// One target; all of them if absent.
        target: Option<String>,
    },
    /// Licences, sources and duplicates of dependencies, and their known faults where the database is reachable.
    Deny,
    /// Write `target/sbom.cdx.json`: what the program is made of (CycloneDX).
    Sbom,
    /// Score the optimised shop with its demonstration content in a browser, as a phone would load it.
    Lighthouse(lighthouse::Options),
    /// A folder to distribute: `target/vitrine/`, the program and its public files.
    Build,
    /// Fetch the demonstration content.
    Seed,
    /// What is installed, what is missing, how to get it.
    Doctor,
    /// The rules of STYLE.md that a program can check.
    Tidy,
    /// Build the browser's files into a folder.
    Client {
        /// Smallest code instead of the quickest build.
        #[arg(long)]
        release: bool,
        /// Where; default: beside the other build output.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Print what is in the release client, by crate and by function.
        #[arg(long, requires = "release")]
        what: bool,
        /// Keep that as what a client over its budget is compared with.
        #[arg(long, requires = "release")]
        record: bool,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().word) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(word: Word) -> Result<()> {
    match word {
        Word::Setup { peers } => setup::run(peers).map(drop),
        Word::Serve(options) => serve::run(&options),
        Word::Test(options) => test::run(&options),
        Word::Bench(options) => bench::run(&options),
        Word::Instructions(options) => instructions::run(&options),
        Word::Campaign(options) => campaign::run(&options),
        Word::Fuzz { seconds, target } => {
            let tools = sh::Tools::find()?;
            let mut cargo = tools.cargo(["run", "-p", "vitrine-fuzz", "--", &seconds.to_string()]);
            sh::run(cargo.args(target))
        }
        Word::Deny => {
            setup::run(true)?;
            supply::deny(&sh::Tools::find()?)?;
            supply::advisories()
        }
        Word::Sbom => supply::sbom(&sh::Tools::find()?),
        Word::Lighthouse(options) => lighthouse::run(&options),
        Word::Build => build::run(),
        Word::Seed => seed::run().map(drop),
        Word::Doctor => doctor::run(),
        Word::Tidy => tidy::run(&sh::Tools::find()?),
        Word::Client { release, out, what, record } => {
            let tools = setup::run(false)?;
            let out = out.unwrap_or_else(|| tools.public_dir(release));
            let how = match (record, what) {
                (true, _) => size::Tell::Record,
                (_, true) => size::Tell::All,
                _ => size::Tell::Weight,
            };
            client::build_telling(&tools, release, &out, release, how)
        }
    }
}
