//! Measures the shop as a program outside of it would see it: requests that are all alike by `wrk`, which nobody here wrote, those that
//! differ or take several steps by [`vitrine_bench::load`]; next to both a bare server whose bodies are as large, and the engines below.
//!
//! Invariants: the server has one core and everything that asks has the other; all of a table is of one run; only this machine is
//! asked, for a bounded time; an answer that is not as it should be is counted as wrong and printed.

mod buyers;
mod engine;
mod measure;
mod purchases;
mod table;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use vitrine_bench::server::{self, Launch};

/// Most that a point read, an item's page or a checkout may slow down by when the shop or one buyer's past grows.
const MOST_GROWTH: f64 = 1.3;
/// Lines that may not slow down by more when the shop grows.
const BOUND: [&str; 6] = [
    "item page, kept",
    "item page, made for each request",
    "item page, another each time",
    "item, REST, another each time",
    "cart add by a new guest, durable",
    "cart to paid order and grant, by the webhook",
];

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Measures a program with some data folders; prints tables.
    Shop {
        /// The program.
        #[arg(long)]
        program: PathBuf,
        /// Its browser files.
        #[arg(long)]
        public: PathBuf,
        /// Its data, of smaller shops first; they are written to.
        #[arg(long, required = true)]
        data: Vec<PathBuf>,
        /// How long each line is measured.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Orders of one buyer, beside one who has one; 0: not measured.
        #[arg(long, default_value_t = 0)]
        orders: usize,
    },
    /// A server that answers every request with this many bytes.
    Bare {
        /// On 127.0.0.1.
        #[arg(long)]
        port: u16,
        /// Of each body.
        #[arg(long)]
        bytes: usize,
    },
    /// Asks the engines below a stopped shop directly; prints times a second.
    Engine {
        /// The shop's data.
        #[arg(long)]
        data: PathBuf,
        /// What to ask, as JSON.
        #[arg(long)]
        spec: String,
    },
}

fn main() -> ExitCode {
    let done = match Args::parse().word {
        Word::Bare { port, bytes } => runtime().and_then(|r| r.block_on(server::bare(port, bytes))),
        Word::Engine { data, spec } => engines(&data, &spec),
        Word::Shop { program, public, data, seconds, orders } => {
            let launch = Launch::new(&program, &public, &PathBuf::new());
            runtime().and_then(|r| r.block_on(shops(&launch, &data, Duration::from_secs(seconds), orders)))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn engines(data: &std::path::Path, spec: &str) -> Result<()> {
    println!("{}", serde_json::to_string(&engine::run(data, &serde_json::from_str(spec)?)?)?);
    Ok(())
}

async fn shops(launch: &Launch, folders: &[PathBuf], time: Duration, orders: usize) -> Result<()> {
    let mut reports = Vec::new();
    for data in folders {
        eprintln!("{}", data.display());
        let launch = Launch { data: data.clone(), ..launch.clone() };
        let report = measure::run(&launch, time).await?;
        println!("\n### {} works\n", table::short(report.works as f64));
        println!("{}\n{}", table::markdown(&report.rows, &report.rates), report.rest);
        reports.push(report);
    }
    if let [small, .., large] = reports.as_slice() {
        println!("### From {} works to {}\n", table::short(small.works as f64), table::short(large.works as f64));
        print!("{}", table::GROWTH);
        let point = |r: &measure::Report| r.rates.get("point").copied();
        if let (Some(a), Some(b)) = (point(small), point(large)) {
            // The shop's own point read is a line of the table; this is what the machine gives to anybody.
            print!("{}", table::growth("point read, SQLite itself", a, b, None));
        }
        for row in &small.rows {
            let what = row.line.what.as_str();
            if let (Some(a), Some(b)) = (small.rate(what), large.rate(what)) {
                print!("{}", table::growth(what, a, b, BOUND.contains(&what).then_some(MOST_GROWTH)));
            }
        }
        println!();
    }
    if orders > 0 {
        let data = folders.first().context("no data folder")?;
        let launch = Launch { data: data.clone(), ..launch.clone() };
        print!("{}", buyers::run(&launch, time, orders, MOST_GROWTH).await?);
    }
    Ok(())
}
