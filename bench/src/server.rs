//! What is asked: the shop as a process of its own, and a bare server on the first core.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use bytes::Bytes;
use serde_json::Value;

/// Hundredths of a second in half a second: who works more does not rest. Counting what waits takes some.
const BUSY: u64 = 15;

/// A process that ends with its value.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn on_core(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Moves this process, and whatever it starts from now on, to one core; `None`: to all.
///
/// # Errors
/// `taskset` is missing or refuses.
pub fn move_to(core: Option<usize>) -> Result<()> {
    let cores = core.map_or_else(|| format!("0-{}", cores() - 1), |core| core.to_string());
    let mut command = Command::new("taskset");
    let done = command.args(["-a", "-c", "-p", &cores, &std::process::id().to_string()]).stdout(Stdio::null()).status();
    anyhow::ensure!(done.context("taskset must be installed")?.success(), "taskset cannot move this process");
    Ok(())
}

/// Cores of the machine, whatever this process is allowed.
fn cores() -> usize {
    let known = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    known.lines().filter(|l| l.starts_with("processor")).count().max(1)
}

/// A port of this machine that nobody has.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn answers(process: &mut Process, url: &str, most: Duration) -> Result<Duration> {
    let begun = Instant::now();
    let client = reqwest::Client::new();
    while begun.elapsed() < most {
        if client.get(url).send().await.is_ok_and(|a| a.status().is_success()) {
            return Ok(begun.elapsed());
        }
        if let Some(status) = process.0.try_wait()? {
            bail!("it ended before it answered: {status}");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("{url} does not answer")
}

/// How a shop is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its browser files.
    pub public: PathBuf,
    /// Its data.
    pub data: PathBuf,
    /// Port of the shop; 0: a free one.
    pub port: u16,
    /// The core it is pinned to; `None`: all.
    pub core: Option<usize>,
    /// Further variables of its environment.
    pub env: Vec<(String, String)>,
    /// Where what it logs goes, appended; `None`: nowhere.
    pub log: Option<PathBuf>,
    /// Waited for until it answers 200.
    pub ready: &'static str,
}

impl Launch {
    /// A demonstration shop on all cores and a free port, waited for until it is ready.
    pub fn new(program: &Path, public: &Path, data: &Path) -> Self {
        Self {
            program: program.to_owned(),
            public: public.to_owned(),
            data: data.to_owned(),
            port: 0,
            core: None,
            env: Vec::new(),
            log: None,
            ready: "/readyz",
        }
    }

    /// With one more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It ends or does not answer within two minutes.
    pub async fn start(&self) -> Result<Shop> {
        let port = if self.port == 0 { free_port()? } else { self.port };
        let numbers = free_port()?;
        let mut command = match self.core {
            Some(core) => on_core(core, &self.program),
            None => Command::new(&self.program),
        };
        command.args(["serve", "--demo", "--port", &port.to_string(), "--data"]).arg(&self.data);
        command.arg("--public").arg(&self.public).env("VITRINE_METRICS_PORT", numbers.to_string());
        // One address asks for all: everything is counted as ever, and nothing is refused unless a campaign says so.
        command.env("VITRINE_LIMITS__TIMES", "10000").env("VITRINE_LOAD__CONNECTIONS_OF_ADDRESS", "16000");
        command.env("VITRINE_LOG", "warn").envs(self.env.iter().map(|(k, v)| (k, v)));
        command.stdout(Stdio::null());
        match &self.log {
            Some(path) => command.stderr(std::fs::OpenOptions::new().create(true).append(true).open(path)?),
            None => command.stderr(Stdio::null()),
        };
        let mut process = Process::start(&mut command)?;
        let url = format!("http://localhost:{port}{}", self.ready);
        let started = answers(&mut process, &url, Duration::from_secs(120)).await?;
        let client = reqwest::Client::builder().default_headers(from_germany()).timeout(Duration::from_secs(60));
        Ok(Shop { process, port, numbers, started, client: client.build()? })
    }
}

/// Everything asks from Germany: generated works are sold there with their tax.
pub fn from_germany() -> reqwest::header::HeaderMap {
    let language = reqwest::header::HeaderValue::from_static("de-DE");
    [(reqwest::header::ACCEPT_LANGUAGE, language)].into_iter().collect()
}

/// The shop.
pub struct Shop {
    process: Process,
    port: u16,
    numbers: u16,
    /// Until it answered.
    pub started: Duration,
    /// Keeps connections.
    pub client: reqwest::Client,
}

/// A work that can be bought.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its id.
    pub id: String,
    /// Its page.
    pub page: String,
    /// Its title.
    pub title: String,
    /// A digital edition.
    pub variant: String,
    /// Its price for who asks from here.
    pub minor: i64,
}

impl Shop {
    /// Lets a shop that was just filled do its jobs (smaller covers and the like) on all cores, and stops it.
    ///
    /// # Errors
    /// It does not start, or its jobs do not end within twenty minutes.
    pub async fn settle(launch: &Launch) -> Result<()> {
        let shop = Launch { core: None, ready: "/readyz", ..launch.clone() }.start().await?;
        shop.idle(Duration::from_secs(1200)).await?;
        shop.stop().await
    }

    /// Waits until no job is due or in hand; what is for later stays.
    ///
    /// # Errors
    /// Some still are after that long.
    pub async fn idle(&self, most: Duration) -> Result<()> {
        let (begun, mut quiet) = (Instant::now(), 0);
        // Jobs in hand are not counted among those that wait: a few looks in a row.
        while quiet < 5 {
            anyhow::ensure!(begun.elapsed() < most, "its jobs do not end");
            quiet = if self.metrics().await?.lines().any(|l| l == "jobs_due 0") { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// Waits until it rests: jobs neither come nor go (those of later moments, like the ends of holds, may wait), and it does not work.
    ///
    /// # Errors
    /// It still works after that long.
    pub async fn rest(&self, most: Duration) -> Result<()> {
        let (begun, mut quiet, mut last) = (Instant::now(), 0, (String::new(), 0));
        while quiet < 4 {
            anyhow::ensure!(begun.elapsed() < most, "it does not come to rest");
            tokio::time::sleep(Duration::from_millis(500)).await;
            let numbers = self.metrics().await?;
            let waiting = numbers.lines().find(|l| l.starts_with("jobs_waiting ")).unwrap_or_default().to_owned();
            let now = (waiting, self.ticks()?);
            quiet = if now.0 == last.0 && now.1 < last.1 + BUSY { quiet + 1 } else { 0 };
            last = now;
        }
        Ok(())
    }

    /// Time it worked so far, in hundredths of a second.
    fn ticks(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.0.id()))?;
        // Behind the name, which may hold anything, the 12th and 13th are user and system time.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        Ok(fields.iter().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum())
    }

    /// Its numbers, as Prometheus reads them.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let address = format!("http://127.0.0.1:{}/metrics", self.numbers);
        Ok(self.client.get(&address).send().await?.error_for_status()?.text().await?)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as SIGKILL does.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.process.0.kill()?;
        self.process.0.wait()?;
        Ok(())
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// What an address answers, as JSON.
    ///
    /// # Errors
    /// Not 2xx, or no JSON.
    pub async fn json(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(self.url(path)).send().await?.error_for_status()?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }

    /// How many works there are.
    ///
    /// # Errors
    /// As [`Shop::json`].
    pub async fn works(&self) -> Result<u64> {
        let list = self.json("/api/public/catalog/search").await?;
        list["total"].as_u64().with_context(|| format!("no total in {list}"))
    }

    /// The first album that is sold here as files.
    ///
    /// # Errors
    /// There is none.
    pub async fn first_work(&self) -> Result<Work> {
        self.works_sold("type=album", 1).await?.pop().context("no album is sold here as files")
    }

    /// The first works of a list that are sold here as files, at most so many.
    ///
    /// # Errors
    /// As [`Shop::json`].
    pub async fn works_sold(&self, list: &str, most: usize) -> Result<Vec<Work>> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        while found.len() < most {
            let page = self.json(&format!("/api/public/catalog/search?{list}{cursor}")).await?;
            for card in page["items"].as_array().into_iter().flatten() {
                if found.len() < most {
                    found.extend(self.sold(card).await?);
                }
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        Ok(found)
    }

    /// The work of a card, if it is sold here as files for money.
    async fn sold(&self, card: &Value) -> Result<Option<Work>> {
        let id = card["id"].as_str().unwrap_or_default();
        let item = self.json(&format!("/api/public/catalog/items/{id}")).await?;
        let editions = item["editions"].as_array().into_iter().flatten();
        let mut sold =
            editions.filter(|e| e["physical"] == false && e["price"]["minor"].as_i64().is_some_and(|m| m > 0));
        Ok(sold.next().map(|edition| Work {
            id: id.to_owned(),
            page: card["href"].as_str().unwrap_or_default().to_owned(),
            title: card["title"].as_str().unwrap_or_default().to_owned(),
            variant: edition["variant"].as_str().unwrap_or_default().to_owned(),
            minor: edition["price"]["minor"].as_i64().unwrap_or_default(),
        }))
    }

    /// What an address answers, as text.
    ///
    /// # Errors
    /// Not 2xx.
    pub async fn text(&self, path: &str) -> Result<String> {
        Ok(self.client.get(self.url(path)).send().await?.error_for_status()?.text().await?)
    }

    /// Pages of works, as the sitemaps name them: paths, of every kind.
    ///
    /// # Errors
    /// As [`Shop::text`].
    pub async fn pages(&self) -> Result<Vec<String>> {
        let origin = self.url("");
        let locations = |xml: &str| -> Vec<String> {
            let parts = xml.split("<loc>").skip(1).filter_map(|p| p.split("</loc>").next());
            parts.map(|l| l.strip_prefix(&origin).unwrap_or(l).to_owned()).collect()
        };
        let mut pages = Vec::new();
        for map in locations(&self.text("/sitemap.xml").await?).iter().filter(|m| !m.ends_with("/pages.xml")) {
            pages.extend(locations(&self.text(map).await?));
        }
        Ok(pages)
    }

    /// Resident memory.
    ///
    /// # Errors
    /// The process is gone.
    pub fn memory_mb(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }

    /// Asks it to stop and waits.
    ///
    /// # Errors
    /// It is still there after half a minute.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.process.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if self.process.0.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("it is still there after 30 s")
    }
}

/// The bare server.
pub struct Bare {
    _process: Process,
    port: u16,
}

impl Bare {
    /// With bodies of this size.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(bytes: usize) -> Result<Self> {
        let port = free_port()?;
        let mut command = on_core(0, &std::env::current_exe()?);
        command.args(["bare", "--port", &port.to_string(), "--bytes", &bytes.to_string()]);
        let mut process = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        answers(&mut process, &format!("http://127.0.0.1:{port}/"), Duration::from_secs(10)).await?;
        Ok(Self { _process: process, port })
    }

    /// Its one address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

/// Serves the same bytes to whoever asks, until it is ended.
///
/// # Errors
/// The port is taken.
pub async fn bare(port: u16, bytes: usize) -> Result<()> {
    let body = Bytes::from(vec![b'x'; bytes]);
    let router = Router::new().fallback(move || {
        let body = body.clone();
        async move { body }
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, router).await?)
}
