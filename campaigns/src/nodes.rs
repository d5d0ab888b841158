//! Two nodes over one DynamoDB-compatible table and one S3-compatible bucket, a balancer in front, either killed at random.
//!
//! What must hold: a session or a cart begun at one node is known at the other; a purchase begun at one ends at the other; no more pieces
//! are sold than there were; a discount code is used exactly as often as it may be; each purchase a buyer saw as paid is paid once, with its grant, its invoice and one mail, though each event
//! of the provider comes twice; a limit and a link's uses are those of one node; what is changed at one node is not shown as it was by
//! the other for longer than two seconds; jobs end, none as a dead letter; `vitrine check` passes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use vitrine_bench::server::{Launch, Shop, free_port};

use self::codes::Clock;
use self::holds::{Cart, Count, Uses};
use crate::buyer::{Buyer, Ended, Receipt, Ware, wares};
use crate::peers::{self, KEY, Peer};
use crate::proxy::Proxy;

mod codes;
pub mod holds;

/// The longest a node may show what was before.
const STALE: Duration = Duration::from_secs(2);
/// Mails that the outbox shows.
const OUTBOX: usize = 100;
/// Any 32 bytes, the same for both.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What `nodes` takes.
#[derive(Args)]
pub struct Options {
    /// How often a node is killed.
    #[arg(long, default_value_t = 8)]
    rounds: usize,
    /// Of which node dies when; default: a new one, printed.
    #[arg(long)]
    seed: Option<u64>,
    /// Buyers at the same time.
    #[arg(long, default_value_t = 4)]
    buyers: usize,
    /// Pieces of the one thing that comes in a parcel.
    #[arg(long, default_value_t = 12)]
    stock: u64,
}

/// The stores, and how a program is told of them.
pub struct Stores {
    _table: Peer,
    _blobs: Peer,
    env: Vec<(String, String)>,
}

impl Stores {
    /// Starts both and makes table and bucket.
    ///
    /// # Errors
    /// One does not start, or the program has no cloud adapters.
    pub async fn start(program: &Path, port: u16) -> Result<Self> {
        let (table, blobs) = tokio::try_join!(peers::ministack(), peers::seaweedfs())?;
        let env: Vec<(String, String)> = [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", KEY),
            ("AWS_REGION", "us-east-1"),
            ("VITRINE_TABLE__KIND", "dynamodb"),
            ("VITRINE_TABLE__TABLE", "vitrine"),
            ("VITRINE_TABLE__REGION", "us-east-1"),
            ("VITRINE_TABLE__ENDPOINT", table.endpoint.as_str()),
            ("VITRINE_BLOB__KIND", "s3"),
            ("VITRINE_BLOB__BUCKET", "vitrine"),
            ("VITRINE_BLOB__REGION", "us-east-1"),
            ("VITRINE_BLOB__ENDPOINT", blobs.endpoint.as_str()),
            ("VITRINE_MASTER_KEY", MASTER_KEY),
            ("VITRINE_BASE_URL", format!("http://localhost:{port}").as_str()),
            ("VITRINE_FILES_URL", format!("http://files.localhost:{port}").as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let stores = Self { _table: table, _blobs: blobs, env };
        stores.run(Command::new(program).arg("make-stores"))?;
        Ok(stores)
    }

    /// Runs the program with the stores; what it said.
    ///
    /// # Errors
    /// It fails.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        let output = command.envs(self.env.iter().map(|(n, v)| (n, v))).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        Ok(said)
    }

    /// How a program is told of them.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    fn launch(&self, program: &Path, public: &Path, data: &Path, port: u16) -> Launch {
        let mut launch = Launch { port, log: Some(data.with_extension("log")), ..Launch::new(program, public, data) };
        // One address asks for all: one count has its figure, so that it can be used up.
        launch = launch.env("VITRINE_LIMITS__TIMES", 1);
        for class in [
            "FILE", "PAGE", "READ", "SEARCH", "WRITE", "SIGN_IN", "CHECKOUT", "DOWNLOAD", "TRANSFER", "MACHINE",
            "GUESS",
        ] {
            launch = launch.env(&format!("VITRINE_LIMITS__{class}"), "[1000000, 1000000]");
        }
        launch = launch.env("VITRINE_LIMITS__MAIL", format!("[{0}, {0}]", holds::MAILS));
        self.env.iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }
}

/// The market of the browser tests with another number of pieces, and the row that is changed later.
pub fn market(folder: &Path, stock: u64) -> Result<(PathBuf, Value)> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market");
    let to = folder.join("market");
    std::fs::create_dir_all(to.join("files"))?;
    for entry in std::fs::read_dir(from.join("files"))? {
        let entry = entry?;
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join("files").join(entry.file_name()))?;
        }
    }
    let (mut rows, mut changed) = (String::new(), Value::Null);
    for line in std::fs::read_to_string(from.join("catalog.jsonl"))?.lines().filter(|l| !l.trim().is_empty()) {
        let mut row: Value = serde_json::from_str(line)?;
        if row["ref"] == "boats" {
            row["products"][0]["variants"][0]["stock"] = stock.into();
            changed = row.clone();
        }
        // A cart needs two works that are never sold out.
        if row["ref"] == "study" {
            row["products"][0]["variants"][0]["prices"] = json!([{ "region": "eu", "currency": "EUR", "minor": 500 }]);
        }
        rows.push_str(&format!("{row}\n"));
    }
    ensure!(changed.is_object(), "the market has no book in parcels");
    std::fs::write(to.join("catalog.jsonl"), rows)?;
    Ok((to, changed))
}

/// Two nodes; either may be away.
struct Nodes {
    launches: [Launch; 2],
    up: [Option<Shop>; 2],
}

impl Nodes {
    async fn start(launches: [Launch; 2]) -> Result<Self> {
        // One after the other: the first makes what is made once.
        let first = launches[0].start().await.context("the first node")?;
        let second = launches[1].start().await.context("the second node")?;
        Ok(Self { launches, up: [Some(first), Some(second)] })
    }

    fn node(&self, which: usize) -> Result<&Shop> {
        self.up[which].as_ref().context("that node is away")
    }

    fn both(&self) -> Result<[&Shop; 2]> {
        Ok([self.node(0)?, self.node(1)?])
    }

    fn kill(&mut self, which: usize) -> Result<()> {
        self.up[which].take().context("that node is away")?.kill()
    }

    async fn restart(&mut self, which: usize) -> Result<Duration> {
        let shop = self.launches[which].start().await.with_context(|| format!("node {which}"))?;
        let started = shop.started;
        self.up[which] = Some(shop);
        Ok(started)
    }
}

/// Everything that was bought.
#[derive(Default)]
struct Bought {
    files: Vec<Receipt>,
    parcels: Vec<Receipt>,
    refused: u64,
}

/// Buyers until they are told to stop: files and parcels in turn.
async fn crowd(buyer: Buyer, wares: [Ware; 2], people: usize, stop: Arc<AtomicBool>) -> Result<Bought> {
    let number = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..people)
        .map(|_| {
            let (buyer, wares, stop, number) = (buyer.clone(), wares.clone(), stop.clone(), number.clone());
            tokio::spawn(async move {
                let mut bought = Bought::default();
                while !stop.load(Ordering::Relaxed) {
                    let n = number.fetch_add(1, Ordering::Relaxed);
                    let parcel = n % 2 == 1;
                    let attempt = format!("nodes-attempt-{n:08}");
                    let ended = buyer.buy(&wares[usize::from(parcel)], &attempt).await;
                    match ended.with_context(|| attempt.clone())? {
                        Ended::Paid(receipt) if parcel => bought.parcels.push(receipt),
                        Ended::Paid(receipt) => bought.files.push(receipt),
                        Ended::Refused if parcel => bought.refused += 1,
                        Ended::Refused => bail!("{attempt}: files are never sold out"),
                    }
                }
                Ok::<_, anyhow::Error>(bought)
            })
        })
        .collect();
    let mut all = Bought::default();
    for task in tasks {
        let one = task.await??;
        all.files.extend(one.files);
        all.parcels.extend(one.parcels);
        all.refused += one.refused;
    }
    Ok(all)
}

/// Each event of the provider is told twice from now on, whichever node tells it.
async fn doubled(shop: &Shop) -> Result<()> {
    let request = shop.client.post(shop.url("/simulator/control")).header("content-type", "application/json");
    let status = request.body(json!({ "duplicates": 1 }).to_string()).send().await?.status();
    ensure!(status.is_success(), "the simulator's control: {status}");
    Ok(())
}

/// Each node knows each purchase, once, with what belongs to it, and each buyer has one mail.
async fn known(nodes: [&Shop; 2], bought: &Bought) -> Result<()> {
    let mut invoices = BTreeSet::new();
    for shop in nodes {
        let buyer = Buyer::new(&shop.url(""))?;
        for receipt in bought.files.iter().chain(&bought.parcels) {
            let order =
                buyer.order(&receipt.id, &receipt.key).await?.with_context(|| format!("{} is gone", receipt.id))?;
            ensure!(order["state"] == "paid", "{} is {}", receipt.id, order["state"]);
            let part = &order["parts"][0];
            let invoice = part["invoice_href"].as_str().with_context(|| format!("{} has no invoice", receipt.id))?;
            invoices.insert(invoice.split('?').next().unwrap_or(invoice).to_owned());
            let line = &part["lines"][0];
            ensure!(
                line["physical"] == true || line["assets"].as_str().is_some_and(|a| !a.is_empty()),
                "{} opens no file",
                receipt.id
            );
        }
    }
    let paid = bought.files.len() + bought.parcels.len();
    ensure!(invoices.len() == paid, "{} invoices of {paid} purchases", invoices.len());
    // The outbox shows the last hundred.
    let mails = nodes[1].text("/dev/outbox").await?;
    let mut to: Vec<&str> = mails.split("</li>").filter_map(|m| m.rsplit_once(" to ")).map(|(_, to)| to).collect();
    let shown = to.len();
    to.sort_unstable();
    to.dedup();
    ensure!(to.len() == shown, "{} people have {shown} mails", to.len());
    ensure!(shown == paid.min(OUTBOX), "{shown} mails of {paid} purchases");
    Ok(())
}

/// Does it.
///
/// # Errors
/// Something did not hold.
pub async fn campaign(program: &Path, public: &Path, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(rand::random);
    println!("seed: {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let begun = Instant::now();
    let (a, b) = (free_port()?, free_port()?);
    let proxy = Proxy::start(vec![a, b]).await?;
    let base = format!("http://localhost:{}", proxy.port);
    let stores = Stores::start(program, proxy.port).await?;
    let (content, row) = market(folder.path(), options.stock)?;
    let clock = Clock::new(folder.path())?;
    let rows = content.join("catalog.jsonl");
    let mut text = std::fs::read_to_string(&rows)?;
    codes::rows(options.rounds).iter().for_each(|row| text.push_str(&format!("{row}\n")));
    std::fs::write(&rows, text)?;
    let data = |name: &str| folder.path().join(name);
    stores.run(Command::new(program).args(["import", "--demo", "--data"]).arg(data("a")).arg(&content))?;
    let mut key = Command::new(program);
    key.args(["api-key", "create", "campaign", "--scope", "catalog:import", "--data"]).arg(data("a"));
    let key = stores.run(&mut key)?.trim().to_owned();
    let launches = [("a", a), ("b", b)].map(|(name, port)| clock.on(stores.launch(program, public, &data(name), port)));
    let mut nodes = Nodes::start(launches).await?;
    println!("two nodes over ministack and SeaweedFS after {:.1} s", begun.elapsed().as_secs_f64());

    let all = wares(nodes.node(0)?).await?;
    let one = |physical| all.iter().find(|w| w.physical == physical).cloned().context("no such ware");
    let (files, parcel) = (one(false)?, one(true)?);
    let other = all.iter().find(|w| !w.physical && w.variant != files.variant).context("one work in files only")?;
    let cookies = holds::sign_in(&base).await?;
    holds::signed_in(nodes.both()?, &cookies).await?;
    let cart = Cart::begin(nodes.both()?, [&files, other]).await?;
    cart.holds(nodes.both()?).await?;
    let count = Count::use_up(nodes.both()?).await?;

    // What is changed at one node is new at the other.
    let list = nodes.node(0)?.json("/api/public/catalog/search?q=boats").await?;
    let id = list["items"][0]["id"].as_str().context("the book is not found")?;
    let path = list["items"][0]["href"].as_str().with_context(|| format!("no page of {id}"))?.to_owned();
    let mut worst = Duration::ZERO;
    for round in 0..5 {
        let title = format!("Paper Boats, printing {round}");
        let behind = holds::stale(nodes.both()?, &key, &row, &title, &path).await?;
        worst = worst.max(behind);
    }
    println!("a change was {:.2} s later at the other node at most, of 5", worst.as_secs_f64());
    ensure!(worst < STALE, "that is too late");

    doubled(nodes.node(0)?).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let buyer = Buyer::new(&base)?;
    let buying = tokio::spawn(crowd(buyer.clone(), [files.clone(), parcel], options.buyers, stop.clone()));
    let (mut linked, mut coded) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        tokio::time::sleep(Duration::from_millis(random.random_range(700..3000))).await;
        ensure!(!buying.is_finished(), "the buyers stopped: {:?}", buying.await?.err());
        let bought = buyer.buy(&files, &format!("nodes-link-{round:08}")).await.context("for a link")?;
        let Ended::Paid(receipt) = bought else { bail!("files are never sold out") };
        let link = buyer.link(&receipt).await?;
        linked.push(receipt);
        let opening = tokio::spawn(Uses::at_once(link.clone()));
        let coding = tokio::spawn(codes::at_once(buyer.clone(), files.clone(), round));
        tokio::time::sleep(Duration::from_millis(random.random_range(0..200))).await;
        let which = random.random_range(0..2);
        nodes.kill(which)?;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1500))).await;
        let started = nodes.restart(which).await?;
        let uses = opening.await??.ends(nodes.both()?, &link).await?;
        println!(
            "round {round}: node {which} killed, back after {:.1} s; a link was opened {} times, unanswered: {:?}",
            started.as_secs_f64(),
            uses.opened,
            uses.unsure
        );
        coded.extend(coding.await??);
        holds::signed_in(nodes.both()?, &cookies).await?;
        cart.holds(nodes.both()?).await?;
        count.holds(nodes.both()?).await?;
    }
    stop.store(true, Ordering::Relaxed);
    let mut bought = buying.await??;
    bought.files.extend(linked);
    bought.files.extend(coded.iter().flat_map(codes::Code::receipts).cloned());
    println!(
        "bought: {} times files, {} parcels of {} pieces; {} came too late",
        bought.files.len(),
        bought.parcels.len(),
        options.stock,
        bought.refused
    );
    ensure!(bought.parcels.len() as u64 <= options.stock, "more was sold than there was");
    nodes.node(0)?.idle(Duration::from_secs(300)).await?;
    let numbers = nodes.node(1)?.metrics().await?;
    ensure!(numbers.lines().any(|l| l == "jobs_dead 0"), "jobs gave up");

    known(nodes.both()?, &bought).await?;
    let last = bought.files.last().context("no files were bought")?;
    let link = buyer.link(last).await?;
    ensure!(holds::bytes(&link).await? > 0, "a link leads to an empty file");
    let (had, uses): (usize, usize) = (coded.iter().map(|c| c.bought()).sum(), coded.iter().map(|c| c.limit()).sum());
    clock.after_holds()?;
    nodes.node(0)?.idle(Duration::from_secs(300)).await?;
    for code in &mut coded {
        code.use_up(&buyer, &files).await?;
    }
    println!(
        "{had} of {uses} uses of {} codes were had while nodes died, the others after their holds had ended",
        coded.len()
    );
    nodes.node(0)?.idle(Duration::from_secs(300)).await?;
    for which in 0..2 {
        nodes.kill(which)?;
    }
    let said = stores.run(Command::new(program).args(["check", "--data"]).arg(data("a")))?;
    println!("check: {}", said.lines().last().unwrap_or_default());
    println!("the whole campaign: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
