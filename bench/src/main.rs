//! Measures the shop as a program outside of it would see it: reads by `wrk`, which nobody here wrote, what takes several steps by
//! [`flows`], and next to both a bare server whose bodies are as large.
//!
//! Invariants: the server has one core and everything that asks has the other; all of a table is of one run; only this machine is
//! asked, for a bounded time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use vitrine_bench::server::{self, Bare, Launch, Shop};
use vitrine_bench::{Line, flows, wrk};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Measures a program with a data folder; prints a table.
    Shop {
        /// The program.
        #[arg(long)]
        program: PathBuf,
        /// Its browser files.
        #[arg(long)]
        public: PathBuf,
        /// Its data; it is written to.
        #[arg(long)]
        data: PathBuf,
        /// How long each line is measured.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
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
}

fn main() -> ExitCode {
    let done = match Args::parse().word {
        Word::Bare { port, bytes } => runtime().and_then(|r| r.block_on(server::bare(port, bytes))),
        Word::Shop { program, public, data, seconds } => {
            runtime().and_then(|r| r.block_on(shop(&program, &public, &data, Duration::from_secs(seconds))))
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

async fn shop(
    program: &std::path::Path,
    public: &std::path::Path,
    data: &std::path::Path,
    time: Duration,
) -> Result<()> {
    let launch = Launch { core: Some(0), ready: "/", ..Launch::new(program, public, data) };
    Shop::settle(&launch).await.context("before measuring")?;
    let shop = launch.start().await?;
    println!("works: {}; first answer after {} ms", shop.works().await?, shop.started.as_millis());
    println!("memory at rest: {} MB", shop.memory_mb()?);
    let work = shop.first_work().await?;
    let item = format!("/api/public/catalog/items/{}", work.id);
    println!();
    println!("| | a second | p50 ms | p95 ms | p99 ms | body | of bare |");
    println!("|---|---|---|---|---|---|---|");
    let reads: [(&str, String); 8] = [
        ("item page, kept", work.page.clone()),
        ("item page, made for each request", format!("{}?made=1", work.page)),
        ("list page, kept", "/catalog?type=album".into()),
        ("list page, made for each request", "/catalog?type=album&made=1".into()),
        ("search page, made for each request", "/search?q=night&made=1".into()),
        ("item, REST", item),
        ("list of 24 with facets, REST", "/api/public/catalog/search?type=album".into()),
        ("search, REST", "/api/public/catalog/search?q=nigth".into()),
    ];
    for (what, path) in reads {
        let line = wrk::get(what, &shop.url(&path), "br", time)?;
        let bare = Bare::start(line.bytes).await?;
        let limit = wrk::get("bare", &bare.url(), "identity", Duration::from_secs(2))?;
        print(&line, Some(limit.rate));
    }
    let suggest = wrk::post("autocomplete", &shop.url("/rpc/catalog/suggest"), r#"{"words":"nig"}"#, time)?;
    print(&suggest, None);
    let add = format!(r#"{{"variant":"{}"}}"#, work.variant);
    print(&wrk::post("cart add by a new guest, durable", &shop.url("/api/cart"), &add, time)?, None);
    println!("memory under these: {} MB", shop.memory_mb()?);
    print(&flows::checkouts(&shop, &work, time).await?, None);
    println!();
    println!("memory after: {} MB", shop.memory_mb()?);
    shop.stop().await.context("the shop did not stop by itself")
}

fn print(line: &Line, limit: Option<f64>) {
    let share = limit.map_or_else(|| "-".to_owned(), |l| format!("{:.2}", line.rate / l));
    let wrong = if line.wrong > 0 { format!(" ({} wrong)", line.wrong) } else { String::new() };
    let [a, b, c] = line.ms;
    println!("| {}{wrong} | {:.0} | {a:.2} | {b:.2} | {c:.2} | {} | {share} |", line.what, line.rate, line.bytes);
}
