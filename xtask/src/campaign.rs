//! The running shop, broken on purpose: see `campaigns/` and docs/campaigns.md.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::sh::{self, Tools};
use crate::{build, client, seed, setup};

/// What `campaign` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Optimised code instead of the quickest build.
    #[arg(long)]
    release: bool,
    /// Generated works instead of the campaign's own small market.
    #[arg(long)]
    works: Option<usize>,
    /// The campaign and its own options.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<String>,
}

/// Builds what the campaign needs and runs it.
///
/// # Errors
/// Builds that fail, a campaign in which something did not hold.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(true)?;
    client::build(&tools, options.release, &tools.public_dir(options.release), options.release)?;
    // The ones that need stores beyond this machine's.
    let program = match options.words.first().map(String::as_str) {
        Some("nodes") => build::program_aws(&tools, options.release)?,
        Some("functions") => {
            setup::cargo_lambda()?;
            build::program_lambda(&tools, options.release)?
        }
        _ => {
            build::program(&tools, options.release)?;
            tools.program(options.release)
        }
    };
    let mut words = options.words.clone();
    if let Some(works) = options.works {
        words.extend(["--content".into(), seed::prepare_generated(works)?.display().to_string()]);
    }
    if words[0] == "load" {
        setup::k6()?;
        if !words.iter().any(|w| w == "--works") {
            words.extend(["--works".into(), seed::prepare_generated(5_000)?.to_string_lossy().into_owned()]);
        }
    }
    sh::run(&mut command(&tools, options.release, &program, &words)?)
}

/// The built campaigns with these words; the program and its browser files must be there.
///
/// # Errors
/// The build fails.
pub(crate) fn command(tools: &Tools, release: bool, program: &Path, words: &[String]) -> Result<std::process::Command> {
    sh::run(&mut tools.cargo(["build", "-q", "-p", "vitrine-campaigns"]))?;
    let mut command = sh::plain(tools.target.join("debug/vitrine-campaigns"));
    command.arg("--program").arg(program).arg("--public").arg(tools.public_dir(release)).args(words);
    command.env("VITRINE_TEST_PEERS", setup::peers_dir());
    Ok(command)
}
