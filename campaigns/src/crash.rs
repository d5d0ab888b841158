//! `kill -9` at random points while everything happens at once.
//!
//! A point: clients buy, pay, download, give back and import; after a random time the process is killed. What must hold of the
//! data is looked at as the process left it, then the shop starts on the same data, jobs go on, and everything that clients
//! were answered is asked for again. The next point kills the shop that recovered.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use vitrine_bench::server::free_port;

use crate::clients::{Clients, Goods, few, once};
use crate::facts::{Fact, Facts, standing};
use crate::ground::{CODES, Ground, quiet};

/// Points on one data directory; then a fresh copy, so that looking at all of it stays quick.
const POINTS_A_COPY: u64 = CODES;

/// What `crash` takes.
#[derive(Args)]
pub struct Options {
    /// How often it is killed.
    #[arg(long, default_value_t = 1000)]
    points: u64,
    /// The first point, to begin again at one that failed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// What is random follows from it; without it, another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Longest time a process lives under the clients, milliseconds.
    #[arg(long, default_value_t = 1500)]
    longest_ms: u64,
    /// Folder for data and logs; it stays. Without it, a temporary one that stays after a failure.
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// Kills, looks, starts, asks; again and again.
///
/// # Errors
/// An invariant or an answer does not hold; the seed, the point and where its data is are in the text.
pub async fn run(ground: &Ground, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(rand::random);
    println!("crash: {} points, --seed {seed}", options.points);
    let temporary = tempfile::Builder::new().prefix("vitrine-crash-").tempdir()?;
    let folder = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let begun = Instant::now();
    let base = ground.data(&folder.join("base")).await.context("making the data")?;
    let port = free_port()?;
    let mut sums = Sums::default();
    let mut point = options.from;
    let last = options.from + options.points;
    while point < last {
        let to = (point + POINTS_A_COPY).min(last);
        let data = base.copied(&folder.join(format!("from-{point}")))?;
        let launch = ground.launch(&data.dir, port);
        let mut shop = launch.start().await?;
        let goods = Goods::of(&shop).await?;
        let mut uploaded = BTreeSet::new();
        while point < to {
            let mut random = StdRng::seed_from_u64(seed ^ point.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let life = Duration::from_millis(random.random_range(0..options.longest_ms));
            let facts = Facts::default();
            // Each point of a copy uses up codes of its own: all customers pay with one card, which has each code once.
            let goods = Goods { few: few(point), once: once(point), ..goods.clone() };
            let clients = Clients::new(&shop, &data.key, goods, facts.clone(), (seed ^ point) & 0xfff_ffff)?;
            let tasks = clients.all();
            tokio::time::sleep(life).await;
            shop.kill()?;
            for task in tasks {
                task.abort();
                // Ended either way.
                drop(task.await);
            }
            let what = async {
                ground.check(&data.dir).context("as it was left")?;
                let shop = launch.start().await.context("it does not start")?;
                sums.started = sums.started.max(shop.started);
                let noted = facts.take();
                let noted = standing(&noted);
                for fact in &noted {
                    fact.holds(&shop, &data.key).await.with_context(|| format!("{fact:?}"))?;
                    sums.facts += 1;
                }
                clients.use_up(&noted).await?;
                sums.add(&noted);
                uploaded.extend(noted.iter().filter_map(|fact| match fact {
                    Fact::Uploaded { id } => Some(id.clone()),
                    _ => None,
                }));
                quiet(&shop, Duration::from_secs(30)).await?;
                ensure!(shop.metrics().await?.lines().any(|l| l == "jobs_dead 0"), "a job gave up");
                anyhow::Ok(shop)
            };
            let named = || {
                format!("point {point} (again: --seed {seed} --from {point} --points 1), data: {}", data.dir.display())
            };
            shop = match what.await.with_context(named) {
                Ok(shop) => shop,
                Err(fault) => {
                    // What failed stays to be looked at.
                    let _kept = temporary.keep();
                    return Err(fault);
                }
            };
            point += 1;
            if point.is_multiple_of(50) {
                println!("{point} points, {} answers held, {:.0} s", sums.facts, begun.elapsed().as_secs_f64());
            }
        }
        shop.stop().await.context("it does not stop")?;
        let looked = ground.check_files(&data.dir, &uploaded).with_context(|| {
            format!("after the points of a copy to {to} (--seed {seed}), data: {}", data.dir.display())
        });
        let (report, cut) = match looked {
            Ok(looked) => looked,
            Err(fault) => {
                let _kept = temporary.keep();
                return Err(fault);
            }
        };
        sums.uploads += uploaded.len();
        sums.cut += cut;
        sums.orders += report["seen"]["orders"].as_u64().unwrap_or_default();
        if options.keep.is_none() {
            std::fs::remove_dir_all(&data.dir)?;
        }
    }
    println!(
        "{} points held: {} answers asked again ({} orders with codes, {} gift cards, {} orders paid with them, {} archives), {} \
         orders looked at, no file unnamed but {} archives of unanswered uploads, slowest start {} ms, {:.0} s",
        options.points,
        sums.facts,
        sums.discounted,
        sums.cards,
        sums.spent,
        sums.uploads,
        sums.orders,
        sums.cut,
        sums.started.as_millis(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

#[derive(Default)]
struct Sums {
    facts: u64,
    discounted: usize,
    cards: usize,
    spent: usize,
    uploads: usize,
    cut: usize,
    orders: u64,
    started: Duration,
}

impl Sums {
    fn add(&mut self, facts: &[&Fact]) {
        let count = |of: fn(&Fact) -> bool| facts.iter().filter(|fact| of(fact)).count();
        self.discounted += count(|fact| matches!(fact, Fact::Discounted { .. }));
        self.cards += count(|fact| matches!(fact, Fact::Card { .. }));
        self.spent += count(|fact| matches!(fact, Fact::Spent { .. }));
    }
}
