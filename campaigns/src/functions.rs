//! The program as a Lambda function: instances that answer one event at a time, over shared stores, on an emulator of the service.
//!
//! What must hold: pages, files of the build, REST, signing in, purchases and downloads go as at a server; nothing is done between events: jobs run
//! when a clock, a queue or the table's stream sends one, and only then; what was changed elsewhere is shown by every instance; events that
//! nobody knows are refused; `vitrine check` passes.
//!
//! Not here: how the service freezes instances, scales and limits them; the emulator does none of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use vitrine_bench::server::{free_port, from_germany};

use crate::buyer::{Buyer, Ended, Ware};
use crate::nodes::holds::sign_in;
use crate::nodes::{Stores, market};
use crate::peers::{self, Peer};

/// The emulator's name of a function that it does not start itself.
const NAME: &str = "_";
/// How long an instance may take to be there, and a job to be done.
const PATIENCE: Duration = Duration::from_secs(120);
/// How old the index of an instance may be.
const INDEX: Duration = Duration::from_secs(8);

/// What `functions` takes.
#[derive(Args)]
pub struct Options {
    /// Instances at the same time.
    #[arg(long, default_value_t = 3)]
    instances: usize,
    /// Purchases.
    #[arg(long, default_value_t = 4)]
    purchases: usize,
}

/// An instance; it ends with its value.
struct Instance {
    command: Command,
    process: Child,
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Instance {
    fn start(mut command: Command) -> Result<Self> {
        let process = command.spawn()?;
        Ok(Self { command, process })
    }
}

/// Starts instances anew that ended, as the service does: the emulator now and then drops the connections they wait on, and the runtime's
/// client ends its process then. How often is counted.
async fn keep(mut instances: Vec<Instance>, ended: Arc<AtomicU64>) -> Result<()> {
    loop {
        for instance in &mut instances {
            if instance.process.try_wait()?.is_some() {
                ended.fetch_add(1, Ordering::Relaxed);
                instance.process = instance.command.spawn()?;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The function, asked from outside.
#[derive(Clone)]
struct Function {
    client: reqwest::Client,
    base: String,
    invoked: String,
}

impl Function {
    fn of(emulator: &Peer, base: &str) -> Result<Self> {
        let client = reqwest::Client::builder().default_headers(from_germany()).timeout(Duration::from_secs(60));
        let invoked = format!("{}/2015-03-31/functions/{NAME}/invocations", emulator.endpoint);
        Ok(Self { client: client.build()?, base: base.to_owned(), invoked })
    }

    async fn text(&self, path: &str) -> Result<String> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(text)
    }

    async fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.text(path).await?)?)
    }

    /// Sends an event; how many jobs it ran.
    async fn event(&self, event: &Value) -> Result<u64> {
        let answer = self.client.post(&self.invoked).body(event.to_string()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        // The answer of a function that streams has a head before it.
        let ran = text.rsplit_once("{\"jobs\":").and_then(|(_, rest)| rest.trim_end_matches('}').parse().ok());
        ran.with_context(|| format!("an event: {status} {text}"))
    }
}

fn clock() -> Value {
    json!({ "source": "aws.events", "detail-type": "Scheduled Event" })
}

fn record(name: &str, pk: &str) -> Value {
    let keys = json!({ "pk": { "S": pk }, "sk": { "S": "META#" } });
    json!({ "Records": [{ "eventSource": "aws:dynamodb", "eventName": name, "dynamodb": { "Keys": keys } }] })
}

/// Does it.
///
/// # Errors
/// Something did not hold.
pub async fn campaign(program: &Path, public: &Path, options: &Options) -> Result<()> {
    ensure!(options.instances > 0, "a function without an instance answers nothing");
    let begun = Instant::now();
    let folder = tempfile::tempdir()?;
    let emulator = peers::functions().await?;
    let port = emulator.endpoint.rsplit(':').next().and_then(|p| p.parse().ok()).context("no port")?;
    let base = format!("http://localhost:{port}");
    let stores = Stores::start(program, port).await?;
    let (content, row) = market(folder.path(), 5)?;
    let data = |name: &str| folder.path().join(name);
    let import = |content: &Path| {
        let mut import = Command::new(program);
        import.args(["import", "--demo", "--data"]).arg(data("outside")).arg(content);
        stores.run(&mut import)
    };
    import(&content)?;
    let mut instances = Vec::new();
    for number in 0..options.instances {
        let log = std::fs::File::create(folder.path().join(format!("{number}.log")))?;
        let mut command = Command::new(program);
        command.args(["serve", "--demo", "--data"]).arg(data(&number.to_string())).arg("--public").arg(public);
        // Each is alone on its machine in truth.
        command.args(["--port", &free_port()?.to_string()]);
        command.envs(stores.env().iter().map(|(n, v)| (n, v)));
        command.env("VITRINE_LIMITS__TIMES", "0").env("VITRINE_LOG", "warn");
        command.env("AWS_LAMBDA_RUNTIME_API", format!("{}/.rt", emulator.endpoint));
        command.env("AWS_LAMBDA_FUNCTION_NAME", NAME).env("AWS_LAMBDA_FUNCTION_VERSION", "1");
        command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024");
        command.stdout(Stdio::null()).stderr(log);
        instances.push(Instance::start(command)?);
    }
    let ended = Arc::new(AtomicU64::new(0));
    let kept = tokio::spawn(keep(instances, ended.clone()));
    let done = shop(&Function::of(&emulator, &base)?, options, &row, &import, folder.path()).await;
    kept.abort();
    if let Ok(done) = kept.await {
        done.context("keeping the instances")?;
    }
    println!("instances were started anew {} times", ended.load(Ordering::Relaxed));
    if done.is_err() {
        for number in 0..options.instances {
            eprintln!("{}", std::fs::read_to_string(folder.path().join(format!("{number}.log")))?);
        }
    }
    done?;
    let said = stores.run(Command::new(program).args(["check", "--data"]).arg(data("outside")))?;
    println!("check: {}", said.lines().last().unwrap_or_default());
    println!("the whole campaign: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Everything people and the service do with it.
async fn shop(
    function: &Function,
    options: &Options,
    row: &Value,
    import: &dyn Fn(&Path) -> Result<String>,
    folder: &Path,
) -> Result<()> {
    let begun = Instant::now();
    while function.text("/readyz").await.is_err() {
        ensure!(begun.elapsed() < PATIENCE, "no instance answers");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("an instance answered after {:.1} s", begun.elapsed().as_secs_f64());

    // Browsing: pages, what they load, REST.
    let list = function.json("/api/public/catalog/search?q=boats").await?;
    let (id, path) = (&list["items"][0]["id"], &list["items"][0]["href"]);
    let (id, path) = (id.as_str().context("the book is not found")?, path.as_str().context("it has no page")?);
    let page = function.text(path).await?;
    ensure!(page.contains("Paper Boats"), "the book's page is another");
    let asset = page.split('"').find(|part| part.starts_with("/assets/")).context("a page without files")?;
    ensure!(!function.text(asset).await?.is_empty(), "{asset} is empty");

    // Signing in: forms, several cookies at once, redirects; every instance knows the session.
    let cookies = sign_in(&function.base).await?;
    for _ in 0..2 * options.instances {
        let owned = function.client.get(format!("{}/api/me/entitlements", function.base)).header("cookie", &cookies);
        let status = owned.send().await?.status();
        ensure!(status.is_success(), "an instance does not know the session: {status}");
    }

    // Nothing is done until an event says so.
    ensure!(function.event(&record("MODIFY", "CART#c_1")).await? == 0, "a cart is no job");
    let first = function.event(&clock()).await?;
    ensure!(first > 0, "the jobs of the import wait for nobody");
    let stopped = Arc::new(AtomicBool::new(false));
    let ran = Arc::new(AtomicU64::new(0));
    let ticking = tokio::spawn({
        let (function, stopped, ran) = (function.clone(), stopped.clone(), ran.clone());
        async move {
            // In turn what a schedule, a queue and the table's stream send.
            let events = [
                clock(),
                json!({ "Records": [{ "eventSource": "aws:sqs", "body": "due" }] }),
                record("INSERT", "JOB#any#any"),
            ];
            let mut turn = 0;
            while !stopped.load(Ordering::Relaxed) {
                ran.fetch_add(function.event(&events[turn % events.len()]).await?, Ordering::Relaxed);
                turn += 1;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Ok::<_, anyhow::Error>(())
        }
    });

    let list = function.json("/api/public/catalog/search?q=harbour").await?;
    let item = list["items"][0]["id"].as_str().context("the album is not found")?;
    let item = function.json(&format!("/api/public/catalog/items/{item}")).await?;
    let variant = item["editions"][0]["variant"].as_str().context("no edition")?.to_owned();
    let ware = Ware { variant, physical: false };
    let buyer = Buyer::new(&function.base)?;
    for number in 0..options.purchases {
        let Ended::Paid(receipt) = buyer.buy(&ware, &format!("function-attempt-{number:04}")).await? else {
            bail!("files are never sold out");
        };
        let link = buyer.link(&receipt).await?;
        let got = function.client.get(&link).send().await?.error_for_status()?.bytes().await?;
        ensure!(!got.is_empty(), "a link leads to an empty file");
    }
    let begun = Instant::now();
    loop {
        let mails = function.text("/dev/outbox").await?.matches("function-attempt-").count();
        if mails == options.purchases {
            break;
        }
        ensure!(mails < options.purchases, "{mails} mails of {} purchases", options.purchases);
        ensure!(begun.elapsed() < PATIENCE, "{mails} mails of {} purchases", options.purchases);
        ensure!(!ticking.is_finished(), "the events ended: {:?}", ticking.await?.err());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stopped.store(true, Ordering::Relaxed);
    ticking.await??;
    let ran = first + ran.load(Ordering::Relaxed);
    println!("{} purchases with their files and mails; events ran {ran} jobs", options.purchases);

    // What another program changed: the page at once, searches when the stream says so or within some seconds.
    let title = "Paper Boats, told by the stream";
    let mut row = row.clone();
    row["title"] = title.into();
    let changed = folder.join("changed");
    std::fs::create_dir(&changed)?;
    std::fs::write(changed.join("catalog.jsonl"), format!("{row}\n"))?;
    import(&changed)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..2 * options.instances {
        ensure!(function.text(path).await?.contains(title), "an instance shows the former page");
    }
    function.event(&record("MODIFY", &format!("WORK#{id}"))).await?;
    let (begun, mut in_a_row) = (Instant::now(), 0);
    while in_a_row < 2 * options.instances {
        let seen = function.json("/api/public/catalog/search?q=boats").await?;
        in_a_row = if seen["items"][0]["title"] == title { in_a_row + 1 } else { 0 };
        ensure!(begun.elapsed() < INDEX, "an instance finds the former title");
    }
    println!(
        "a change from outside: its page at once, searches at all instances after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    ensure!(function.event(&json!({ "Records": [{ "eventSource": "aws:s3" }] })).await.is_err(), "an unknown event");
    Ok(())
}
