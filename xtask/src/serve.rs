//! Build what changed, fill an empty data folder, serve.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::sh::{self, say};
use crate::{build, client, seed, setup};

/// What `serve` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Optimised code instead of the quickest build.
    #[arg(long)]
    release: bool,
    /// Port of the shop.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Data folder; default: `data/` in the workspace.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Leave an empty data folder empty.
    #[arg(long)]
    empty: bool,
}

/// Serves until it is stopped; the program's own exit status is the answer.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = setup::run(false)?;
    let public = tools.public_dir(options.release);
    client::build(&tools, options.release, &public, options.release)?;
    build::program(&tools, options.release)?;
    let program = tools.program(options.release);
    let data = options.data.clone().unwrap_or_else(|| sh::root().join("data"));
    // Paths of the user are relative to where the user stands; children start in the root.
    let data = std::path::absolute(data)?;
    if !options.empty && build::is_empty(&data) {
        say("the data folder is empty: fetching the demonstration content");
        seed::run()?;
        if let Some(folder) = seed::import_folder() {
            sh::run(sh::plain(&program).arg("import").arg("--demo").arg("--data").arg(&data).arg(folder))?;
        }
    }
    let mut serve = sh::plain(&program);
    serve.arg("serve").arg("--data").arg(&data).arg("--public").arg(&public);
    serve.arg("--port").arg(options.port.to_string());
    if !options.empty {
        serve.arg("--demo");
    }
    say(format!("http://localhost:{}", options.port));
    sh::run(&mut serve)
}
