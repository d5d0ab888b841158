//! Two nodes over one DynamoDB-compatible table and one S3-compatible bucket, a balancer in front, either killed at random.
//!
//! What must hold: a session begun at one node is valid at the other; a purchase begun at one ends at the other; no more pieces are sold
//! than there were; each purchase a buyer saw as paid is paid once, with its grant and its invoice; what is changed at one node is not
//! shown as it was by the other for longer than two seconds; jobs end, none as a dead letter; `vitrine check` passes.

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
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;
use vitrine_bench::server::{Launch, Shop, free_port};

use crate::buyer::{Buyer, Ended, Receipt, Ware, wares};
use crate::peers::{self, KEY, Peer};
use crate::proxy::Proxy;

/// The longest a node may show what was before.
const STALE: Duration = Duration::from_secs(2);
/// The demonstration's buyer.
const PERSON: (&str, &str) = ("buyer@vitrine.example", "listen-and-read");
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

    fn launch(&self, program: &Path, public: &Path, data: &Path, port: u16) -> Launch {
        let launch = Launch { port, log: Some(data.with_extension("log")), ..Launch::new(program, public, data) };
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

/// Signs in as a browser does and answers its cookies as one header.
async fn sign_in(base: &str) -> Result<String> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut jar: Vec<(String, String)> = Vec::new();
    let line = |jar: &[(String, String)]| jar.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    let mut url = format!("{base}/auth/login?to=/account");
    for _ in 0..6 {
        let asked = if url.contains("/oidc/authorize") {
            let (email, password) = (PERSON.0.replace('@', "%40"), PERSON.1);
            let form = format!("step=password&email={email}&password={password}");
            client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(form)
        } else {
            client.get(&url)
        };
        let answer = asked.header(COOKIE, line(&jar)).header("origin", base).send().await?;
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            jar.retain(|(known, _)| known != name);
            jar.push((name.to_owned(), value.to_owned()));
        }
        let place =
            answer.headers().get(LOCATION).with_context(|| format!("{url}: {} leads nowhere", answer.status()))?;
        let place = place.to_str()?;
        url = if place.starts_with('/') { format!("{base}{place}") } else { place.to_owned() };
        if url.ends_with("/account") {
            return Ok(line(&jar));
        }
    }
    bail!("signing in does not end at {url}")
}

async fn signed_in(shop: &Shop, cookies: &str) -> Result<bool> {
    let address = shop.url("/api/me/entitlements");
    let status = shop.client.get(address).header(COOKIE, cookies).send().await?.status();
    Ok(status.is_success())
}

/// Changes a title by an import at one node; how long the other showed the former page after the first showed the new one.
async fn stale(nodes: &Nodes, key: &str, row: &Value, title: &str, path: &str) -> Result<Duration> {
    let (here, there) = (nodes.node(0)?, nodes.node(1)?);
    let page = async |shop: &Shop| -> Result<String> {
        let answer = shop.client.get(shop.url(path)).send().await?;
        Ok(answer.text().await?)
    };
    // Both keep it.
    for shop in [here, there] {
        page(shop).await?;
        page(shop).await?;
    }
    let mut row = row.clone();
    row["title"] = title.into();
    let sent = here.client.post(here.url("/api/admin/catalog/import")).header("x-api-key", key);
    let answer = sent.header("content-type", "application/x-ndjson").body(format!("{row}\n")).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.as_u16() == 202, "the import: {status} {text}");
    let begun = Instant::now();
    let mut seen: [Option<Instant>; 2] = [None, None];
    while seen.iter().any(Option::is_none) {
        ensure!(begun.elapsed() < Duration::from_secs(60), "the new title is not shown: {seen:?}");
        for (which, shop) in [here, there].into_iter().enumerate() {
            if seen[which].is_none() && page(shop).await?.contains(title) {
                seen[which] = Some(Instant::now());
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Either may have done the job; the other is the one that is behind.
    let [Some(a), Some(b)] = seen else { bail!("not seen") };
    Ok(if a > b { a - b } else { b - a })
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
    let data = |name: &str| folder.path().join(name);
    stores.run(Command::new(program).args(["import", "--demo", "--data"]).arg(data("a")).arg(&content))?;
    let mut key = Command::new(program);
    key.args(["api-key", "create", "campaign", "--scope", "catalog:import", "--data"]).arg(data("a"));
    let key = stores.run(&mut key)?.trim().to_owned();
    let launches = [("a", a), ("b", b)].map(|(name, port)| stores.launch(program, public, &data(name), port));
    let mut nodes = Nodes::start(launches).await?;
    println!("two nodes over ministack and SeaweedFS after {:.1} s", begun.elapsed().as_secs_f64());

    let all = wares(nodes.node(0)?).await?;
    let one = |physical| all.iter().find(|w| w.physical == physical).cloned().context("no such ware");
    let (files, parcel) = (one(false)?, one(true)?);
    let cookies = sign_in(&base).await?;
    for which in 0..2 {
        ensure!(signed_in(nodes.node(which)?, &cookies).await?, "node {which} does not know the session");
    }

    // What is changed at one node is new at the other.
    let list = nodes.node(0)?.json("/api/public/catalog/search?q=boats").await?;
    let id = list["items"][0]["id"].as_str().context("the book is not found")?;
    let path = list["items"][0]["href"].as_str().with_context(|| format!("no page of {id}"))?.to_owned();
    let mut worst = Duration::ZERO;
    for round in 0..5 {
        let title = format!("Paper Boats, printing {round}");
        let behind = stale(&nodes, &key, &row, &title, &path).await?;
        worst = worst.max(behind);
    }
    println!("a change was {:.2} s later at the other node at most, of 5", worst.as_secs_f64());
    ensure!(worst < STALE, "that is too late");

    let stop = Arc::new(AtomicBool::new(false));
    let buying = tokio::spawn(crowd(Buyer::new(&base)?, [files, parcel], options.buyers, stop.clone()));
    for round in 0..options.rounds {
        tokio::time::sleep(Duration::from_millis(random.random_range(700..3000))).await;
        ensure!(!buying.is_finished(), "the buyers stopped: {:?}", buying.await?.err());
        let which = random.random_range(0..2);
        nodes.kill(which)?;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1500))).await;
        let started = nodes.restart(which).await?;
        println!("round {round}: node {which} killed, back after {:.1} s", started.as_secs_f64());
        for which in 0..2 {
            ensure!(signed_in(nodes.node(which)?, &cookies).await?, "node {which} forgot the session");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let bought = buying.await??;
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

    // Each node knows each purchase, once, with what belongs to it.
    let mut invoices = BTreeSet::new();
    for which in 0..2 {
        let buyer = Buyer::new(&nodes.node(which)?.url(""))?;
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
    for which in 0..2 {
        nodes.kill(which)?;
    }
    let said = stores.run(Command::new(program).args(["check", "--data"]).arg(data("a")))?;
    println!("check: {}", said.lines().last().unwrap_or_default());
    println!("the whole campaign: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
