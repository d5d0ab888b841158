//! The running shop, broken on purpose: killed, starved, overloaded, doubled, restored. Each campaign says at its end what held.
//!
//! Invariants: a campaign is bounded in count and time, asks this machine only, prints its seed, and fails if an invariant does.
//!
//! Not here: what holds is said by `vitrine check`.

mod clients;
mod crash;
mod disk;
mod facts;
mod faults;
mod ground;
mod load;
mod power;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod buyer;
mod functions;
mod nodes;
mod peers;
mod proxy;
mod restore;

#[derive(Parser)]
struct Args {
    /// The program.
    #[arg(long)]
    program: PathBuf,
    /// Its browser files.
    #[arg(long)]
    public: PathBuf,
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Two nodes over shared stores, either killed at random.
    Nodes(nodes::Options),
    /// The program as a Lambda function, over shared stores.
    Functions(functions::Options),
    /// The machine is lost under load; the shop is restored elsewhere.
    Restore(restore::Options),
    /// What people do, ten times that, and those who only hold connections.
    Load(load::Options),
    /// Kill it at random points; everything must hold and stay.
    Crash(crash::Options),
    /// Cut its power at random points; everything must hold and stay.
    Power(power::Options),
    /// Break what is around it, one thing at a time.
    Faults(faults::Options),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|r| r.block_on(run(args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("campaign: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let ground = ground::Ground { program: args.program, public: args.public };
    match args.word {
        Word::Crash(options) => crash::run(&ground, &options).await,
        Word::Power(options) => power::run(&ground, &options).await,
        Word::Faults(options) => faults::run(&ground, &options).await,
        Word::Load(options) => load::run(&ground.program, &ground.public, &options).await,
        Word::Restore(options) => restore::campaign(&ground.program, &ground.public, &options).await,
        Word::Functions(options) => functions::campaign(&ground.program, &ground.public, &options).await,
        Word::Nodes(options) => nodes::campaign(&ground.program, &ground.public, &options).await,
    }
}
