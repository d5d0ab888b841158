//! The machine is lost while people buy: the shop is restored elsewhere from its backup and its log, and bought from.
//!
//! What must hold: everything a buyer saw as paid longer ago than a piece of the log takes is paid in the restored shop; nothing that was
//! paid after the moment asked for is in a shop restored to that moment; the restored shop sells; `vitrine check` passes. What is lost
//! (RPO) and how long it takes to sell again (RTO) are measured and printed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use vitrine_bench::server::{Launch, Shop};

use crate::buyer::{Buyer, Ended, Receipt, Ware, now_ms, wares};

/// The most that may be lost, and the longest until the shop sells again.
const RPO: Duration = Duration::from_secs(15 * 60);
const RTO: Duration = Duration::from_secs(10 * 60);

/// What `restore` takes.
#[derive(Args)]
pub struct Options {
    /// An import folder; default: the small market of the browser tests.
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// How long people buy before the machine is lost.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Seconds between two pieces of the log.
    #[arg(long, default_value_t = 2)]
    every: u64,
    /// Buyers at the same time.
    #[arg(long, default_value_t = 4)]
    buyers: usize,
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(said)
}

fn secs(from: Instant) -> f64 {
    from.elapsed().as_secs_f64()
}

/// People who buy until they are told to stop; what they were told.
struct Crowd {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<Result<Vec<Receipt>>>>,
}

impl Crowd {
    fn begin(buyer: &Buyer, ware: &Ware, people: usize) -> Self {
        let (stop, number) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let tasks = (0..people).map(|_| {
            let (buyer, ware, stop, number) = (buyer.clone(), ware.clone(), stop.clone(), number.clone());
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let attempt = format!("restore-attempt-{:08}", number.fetch_add(1, Ordering::Relaxed));
                    tokio::select! {
                        bought = buyer.buy(&ware, &attempt) => match bought? {
                            Ended::Paid(receipt) => receipts.push(receipt),
                            Ended::Refused => bail!("{attempt} was refused"),
                        },
                        // The shop is gone; who is in the middle of it never heard of a paid order.
                        () = told(&stop) => {}
                    }
                }
                Ok(receipts)
            })
        });
        Self { stop: stop.clone(), tasks: tasks.collect() }
    }

    async fn end(self) -> Result<Vec<Receipt>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }
}

async fn told(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Which of these the shop knows as paid.
async fn kept(buyer: &Buyer, receipts: &[Receipt]) -> Result<Vec<bool>> {
    let mut kept = Vec::with_capacity(receipts.len());
    for receipt in receipts {
        let order = buyer.order(&receipt.id, &receipt.key).await?;
        kept.push(order.is_some_and(|o| o["state"] == "paid"));
    }
    Ok(kept)
}

/// Does it.
///
/// # Errors
/// Something did not hold.
pub async fn campaign(program: &Path, public: &Path, options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let market = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
    let content = options.content.as_deref().unwrap_or(&market);
    let (data, log, key, file) = (path("data"), path("log"), path("key"), path("shop.age"));

    let begun = Instant::now();
    run(Command::new(program).args(["import", "--demo", "--data"]).arg(&data).arg(content))?;
    let recipient = run(Command::new(program).arg("backup-key").arg(&key))?.trim().to_owned();
    let launch = Launch { log: Some(path("log.txt")), ..Launch::new(program, public, &data) }
        .env("VITRINE_BACKUP__RECIPIENTS", format!("[\"{recipient}\"]"))
        .env("VITRINE_BACKUP__LOG_DIR", log.display())
        .env("VITRINE_BACKUP__LOG_SECS", options.every);
    let shop = launch.start().await?;
    shop.idle(Duration::from_secs(1200)).await?;
    let works = shop.works().await?;
    println!("works: {works}; imported and settled in {:.1} s", secs(begun));

    let buyer = Buyer::new(&shop.url(""))?;
    let ware = wares(&shop).await?.into_iter().find(|w| !w.physical).context("no files are sold here")?;
    // A first purchase: everything that is made once is made.
    ensure!(matches!(buyer.buy(&ware, "restore-attempt-first").await?, Ended::Paid(_)), "the first purchase");
    let crowd = Crowd::begin(&buyer, &ware, options.buyers);
    let half = Duration::from_secs_f64(options.seconds as f64 / 2.0);
    tokio::time::sleep(half).await;
    let copying = Instant::now();
    let said = tokio::task::spawn_blocking({
        let (program, data, file) = (program.to_owned(), data.clone(), file.clone());
        move || run(Command::new(program).args(["backup", "--recipient", &recipient, "--data"]).arg(data).arg(file))
    });
    println!("backup under load: {}", said.await??.trim());
    println!("backup took {:.1} s, start of the program included", secs(copying));
    let moment = now_ms();
    tokio::time::sleep(half).await;
    // The moment is in the log before the machine goes, however slow it is: a restore to it is asked for below.
    reaches(&shop, moment).await?;
    let port = shop.port();
    shop.kill()?;
    let lost = Instant::now();
    let receipts = crowd.end().await?;
    std::fs::remove_dir_all(&data)?;
    println!("purchases paid before the machine was lost: {}", receipts.len());
    ensure!(receipts.len() >= 5, "too few purchases to say anything");

    // Elsewhere, on the same port: order addresses are the shop's.
    let elsewhere = path("elsewhere");
    let again = Instant::now();
    let restore = |to: &Path, more: &[&str]| {
        let mut command = Command::new(program);
        command.arg("restore").arg(&file).arg("--key").arg(&key).arg("--data").arg(to);
        command.args(more);
        run(&mut command)
    };
    let log_text = log.display().to_string();
    println!("restore: {}", restore(&elsewhere, &["--log", &log_text])?.trim());
    let restored = secs(again);
    let launch = Launch { port, log: Some(path("log.txt")), ..Launch::new(program, public, &elsewhere) };
    let shop = launch.start().await?;
    let ready = secs(again);
    ensure!(
        matches!(buyer.buy(&ware, "restore-attempt-again").await?, Ended::Paid(_)),
        "the restored shop does not sell"
    );
    let rto = again.elapsed();
    println!(
        "restored after {restored:.1} s, ready after {ready:.1} s, sold again after {:.1} s (RTO)",
        rto.as_secs_f64()
    );
    ensure!(rto < RTO, "that is too long");

    let kept_here = kept(&buyer, &receipts).await?;
    let oldest = receipts.iter().zip(&kept_here).filter(|(_, kept)| !**kept).map(|(r, _)| r.paid).min();
    let rpo = oldest.map_or(Duration::ZERO, |at| lost.duration_since(at));
    let gone = kept_here.iter().filter(|kept| !**kept).count();
    println!("lost with the machine: {gone} purchases, the oldest {:.1} s old (RPO)", rpo.as_secs_f64());
    ensure!(rpo < RPO, "that is too much");
    let most = Duration::from_secs(2 * options.every + 5);
    ensure!(rpo < most, "a piece of the log every {} s must keep that below {most:?}", options.every);
    ensure!(shop.works().await? == works, "works are missing");
    shop.idle(Duration::from_secs(120)).await?;
    shop.stop().await?;
    check(program, &elsewhere)?;

    // To a moment in the middle.
    let then = path("then");
    let at = shown(moment)?;
    println!("restore --at {at}: {}", restore(&then, &["--log", &log_text, "--at", &at])?.trim());
    let shop = Launch { data: then.clone(), ..launch.clone() }.start().await?;
    let kept_then = kept(&buyer, &receipts).await?;
    for (receipt, kept) in receipts.iter().zip(&kept_then) {
        // What was seen just around that moment may have been committed on either side of it.
        let clear = (receipt.paid_ms - moment).abs() > 500;
        ensure!(!clear || *kept == (receipt.paid_ms < moment), "{} is on the wrong side of that moment", receipt.id);
    }
    println!("paid before that moment: {} of {}", kept_then.iter().filter(|k| **k).count(), receipts.len());
    shop.stop().await?;
    check(program, &then)?;

    refusals(program, &file, &key, folder.path())?;
    println!("the whole campaign: {:.1} s", secs(begun));
    Ok(())
}

/// Waits until the log reaches past a moment, UTC milliseconds.
async fn reaches(shop: &Shop, moment: i64) -> Result<()> {
    let begun = Instant::now();
    loop {
        let numbers = shop.metrics().await?;
        let said = numbers.lines().find_map(|l| l.strip_prefix("backup_log_reaches_seconds "));
        let seconds = said.and_then(|s| s.trim().parse::<f64>().ok()).unwrap_or_default();
        if seconds * 1000.0 > moment as f64 {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(60), "the log of backups does not go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// UTC milliseconds as `--at` takes them.
fn shown(ms: i64) -> Result<String> {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)?;
    Ok(at.format(&time::format_description::well_known::Rfc3339)?)
}

/// The invariants of a stopped shop, as the program itself knows them.
fn check(program: &Path, data: &Path) -> Result<()> {
    let said = run(Command::new(program).args(["check", "--data"]).arg(data))?;
    println!(
        "check of {}: {}",
        data.file_name().unwrap_or_default().display(),
        said.lines().last().unwrap_or_default()
    );
    Ok(())
}

/// Files that cannot be restored are refused and leave nothing.
fn refusals(program: &Path, file: &Path, key: &Path, folder: &Path) -> Result<()> {
    let to = folder.join("nothing");
    let refused = |file: &Path, key: &Path, word: &str| -> Result<()> {
        let mut command = Command::new(program);
        let output = command.arg("restore").arg(file).arg("--key").arg(key).arg("--data").arg(&to).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && said.contains(word),
            "{} should be refused with {word:?}: {said}",
            file.display()
        );
        let left = std::fs::read_dir(&to).map_or(0, Iterator::count);
        ensure!(left == 0, "{} left {left} things behind", file.display());
        Ok(())
    };
    let whole = std::fs::read(file)?;
    let (cut, changed, stranger) = (folder.join("cut.age"), folder.join("changed.age"), folder.join("stranger"));
    std::fs::write(&cut, &whole[..whole.len() / 2])?;
    let mut bytes = whole;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&changed, bytes)?;
    run(Command::new(program).arg("backup-key").arg(&stranger))?;
    refused(&cut, key, "cut off")?;
    refused(&changed, key, "damaged")?;
    refused(file, &stranger, "another key")?;
    println!("a backup that is cut off, changed, or of another key is refused and leaves nothing");
    Ok(())
}
