//! Power cuts: the process runs over a shim that writes down what it does to the disk; from that, disks are built as cuts at
//! random moments would have left them, and the shop must start on each, with everything it had answered before that moment.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use vitrine_bench::server::{Launch, free_port};

use crate::clients::{Clients, Goods};
use crate::disk::{Disk, Record, read};
use crate::facts::{Fact, Facts, standing};
use crate::ground::{Data, Ground, quiet};

/// Cuts of one recorded run.
const CUTS_A_RUN: u64 = 10;

/// What `power` takes.
#[derive(Args)]
pub struct Options {
    /// How many disks are built and started from.
    #[arg(long, default_value_t = 200)]
    cuts: u64,
    /// What is random follows from it; without it, another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// How long clients are served in each recorded run, milliseconds.
    #[arg(long, default_value_t = 2000)]
    life_ms: u64,
    /// The disk says that everything is durable and keeps nothing: losses must be found, else this campaign sees nothing.
    #[arg(long)]
    lying: bool,
    /// The recorded run includes the first start, on an empty folder, and the import.
    #[arg(long)]
    first: bool,
}

/// Compiles the shim.
///
/// # Errors
/// There is no C compiler, or it refuses.
pub fn shim(folder: &Path) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("shim/cut.c");
    let library = folder.join("libcut.so");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).args(["-ldl", "-lpthread"]);
    ensure!(cc.status().context("a C compiler (cc) is needed")?.success(), "the shim does not compile");
    Ok(library)
}

/// A launch whose process stands over the shim.
pub fn over(launch: Launch, library: &Path, root: &Path) -> Launch {
    launch.env("LD_PRELOAD", library.display()).env("CUT_ROOT", root.display())
}

struct Run {
    before: Disk,
    records: Vec<Record>,
    facts: Vec<(u64, Fact)>,
    data: Data,
    /// Of its clients.
    seed: u64,
}

/// Cuts, looks, starts, asks.
///
/// # Errors
/// An invariant or an answer does not hold, or with `lying` all of them do.
pub async fn run(ground: &Ground, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(rand::random);
    println!(
        "power: {} cuts, --seed {seed}{}",
        options.cuts,
        if options.lying { ", over a disk that lies" } else { "" }
    );
    let temporary = tempfile::Builder::new().prefix("vitrine-power-").tempdir()?;
    let folder = temporary.path().canonicalize()?;
    let begun = Instant::now();
    let library = shim(&folder)?;
    let base = ground.data(&folder.join("base")).await.context("making the data")?;
    let port = free_port()?;
    let (mut cuts, mut asked, mut lost) = (0, 0, 0u64);
    while cuts < options.cuts {
        let run =
            recorded(ground, options, &library, &base, &folder.join(format!("run-{cuts}")), port, seed ^ cuts).await?;
        ensure!(run.records.len() > 100, "the shim saw {} acts", run.records.len());
        for _ in 0..CUTS_A_RUN.min(options.cuts - cuts) {
            let mut random = StdRng::seed_from_u64(seed ^ cuts.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let at = random.random_range(0..=run.records.len());
            let after = folder.join(format!("cut-{cuts}"));
            let held = started(ground, &run, at, &after, port, &mut random).await;
            match held {
                Ok(facts) => asked += facts,
                Err(fault) if options.lying => {
                    if lost == 0 {
                        println!("found, as it should be: {fault:#}");
                    }
                    lost += 1;
                }
                Err(fault) => {
                    let _kept = temporary.keep();
                    return Err(fault.context(format!(
                        "cut {cuts} at act {at} of {} (--seed {seed}), left: {}",
                        run.records.len(),
                        after.display()
                    )));
                }
            }
            std::fs::remove_dir_all(&after).ok();
            cuts += 1;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    if options.lying {
        ensure!(lost > 0, "a disk that keeps nothing went unnoticed");
        println!("{lost} of {cuts} cuts over a lying disk lost something, {seconds:.0} s");
    } else {
        println!("{cuts} cuts held: {asked} answers asked again, {seconds:.0} s");
    }
    Ok(())
}

/// Serves clients over the shim for a while and kills the process.
async fn recorded(
    ground: &Ground,
    options: &Options,
    library: &Path,
    base: &Data,
    folder: &Path,
    port: u16,
    seed: u64,
) -> Result<Run> {
    std::fs::create_dir_all(folder)?;
    let dir = folder.join("data");
    let log = folder.join("acts");
    let mut data = if options.first {
        std::fs::create_dir_all(&dir)?;
        Data { dir: dir.clone(), key: String::new() }
    } else {
        base.copied(&dir)?
    };
    let before = Disk::scan(&dir)?;
    let facts = Facts::default();
    let mut launch = over(ground.launch(&dir, port), library, &dir).env("CUT_LOG", log.display());
    if options.lying {
        launch = launch.env("CUT_LIE", "1");
    }
    if options.first {
        let rows = base.dir.with_file_name("rows");
        let mut import = ground.vitrine(&dir);
        import.arg("import").arg(rows).arg("--demo").envs(launch.env.iter().map(|(k, v)| (k, v)));
        ensure!(import.output()?.status.success(), "the import over the shim failed");
        data.key = ground.api_key(&dir, &launch.env)?;
    }
    let shop = launch.start().await?;
    let goods = Goods::of(&shop).await?;
    let seed = seed & 0xfff_ffff;
    let clients = Clients::new(&shop, &data.key, goods, facts.clone(), seed)?;
    let tasks = clients.all();
    tokio::time::sleep(Duration::from_millis(options.life_ms)).await;
    shop.kill()?;
    for task in tasks {
        task.abort();
        // Ended either way.
        drop(task.await);
    }
    Ok(Run { before, records: read(&log)?, facts: facts.take(), data, seed })
}

/// Builds the disk of a cut, looks at it, starts the shop on it and asks for what was answered before.
async fn started(ground: &Ground, run: &Run, at: usize, after: &Path, port: u16, random: &mut StdRng) -> Result<u64> {
    let mut disk = run.before.clone();
    for record in &run.records[..at] {
        disk.step(record);
    }
    std::fs::create_dir_all(after)?;
    disk.cut(&run.data.dir, after, random)?;
    // An answer given before the first act that the cut undid was given for good.
    let when = run.records.get(at).map_or(u64::MAX, |r| r.time_ns);
    let facts: Vec<(u64, Fact)> = run.facts.iter().filter(|(noted, _)| *noted < when).cloned().collect();
    let facts = standing(&facts);
    if !after.join("DEMO").is_file() && facts.is_empty() {
        // The very first start was cut: whoever comes next begins anew.
        let shop = ground.launch(after, port).start().await.context("it does not start after a cut first start")?;
        shop.stop().await?;
        ground.check(after).context("after a cut first start")?;
        return Ok(0);
    }
    ground.check(after).context("as the cut left it")?;
    let shop = ground.launch(after, port).start().await.context("it does not start")?;
    for fact in &facts {
        fact.holds(&shop, &run.data.key).await.with_context(|| format!("{fact:?}"))?;
    }
    match Goods::of(&shop).await {
        Ok(goods) => {
            let clients = Clients::new(&shop, &run.data.key, goods, Facts::default(), run.seed)?.later();
            clients.use_up(&facts).await?;
        }
        // The cut was before there was anything to buy.
        Err(_) if facts.is_empty() => {}
        Err(fault) => return Err(fault),
    }
    quiet(&shop, Duration::from_secs(30)).await?;
    shop.stop().await?;
    ground.check(after).context("after the shop ran again")?;
    if facts.len() > 100_000 {
        bail!("more answers than can be");
    }
    Ok(facts.len() as u64)
}
