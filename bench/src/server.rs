//! What is asked: the shop on the first core, and a bare server there in its turn.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use bytes::Bytes;
use serde_json::Value;

/// A process on the first core, ended with its value.
struct Pinned(Child);

impl Pinned {
    fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("taskset must be installed")?))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn on_first_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn answers(url: &str, most: Duration) -> Result<Duration> {
    let begun = Instant::now();
    let client = reqwest::Client::new();
    while begun.elapsed() < most {
        if client.get(url).send().await.is_ok_and(|a| a.status().is_success()) {
            return Ok(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("{url} does not answer")
}

/// Everything asks from Germany: generated works are sold there with their tax.
pub(crate) fn from_germany() -> reqwest::header::HeaderMap {
    let language = reqwest::header::HeaderValue::from_static("de-DE");
    [(reqwest::header::ACCEPT_LANGUAGE, language)].into_iter().collect()
}

/// The shop.
pub(crate) struct Shop {
    process: Pinned,
    port: u16,
    /// Until its first page.
    pub(crate) started: Duration,
    /// Keeps connections.
    pub(crate) client: reqwest::Client,
}

/// A work that can be bought.
pub(crate) struct Work {
    /// Its id.
    pub(crate) id: String,
    /// Its page.
    pub(crate) page: String,
    /// A digital edition.
    pub(crate) variant: String,
    /// Its price for who asks from here.
    pub(crate) minor: i64,
}

impl Shop {
    /// Starts it and waits for its first page.
    pub(crate) async fn start(program: &Path, public: &Path, data: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = on_first_core(program);
        command.args(["serve", "--demo", "--port", &port.to_string(), "--data"]).arg(data).arg("--public").arg(public);
        let process = Pinned::start(command.env("RUST_LOG", "warn"))?;
        let started = answers(&format!("http://localhost:{port}/"), Duration::from_secs(120)).await?;
        Ok(Self { process, port, started, client: reqwest::Client::builder().default_headers(from_germany()).build()? })
    }

    /// Lets a shop that was just filled do its jobs (smaller covers and the like) on all cores, and stops it.
    pub(crate) async fn settle(program: &Path, public: &Path, data: &Path) -> Result<()> {
        let (port, numbers) = (free_port()?, free_port()?);
        let mut command = Command::new(program);
        command.args(["serve", "--demo", "--port", &port.to_string(), "--data"]).arg(data).arg("--public").arg(public);
        command.env("RUST_LOG", "warn").env("VITRINE_METRICS_PORT", numbers.to_string());
        let process = Pinned::start(&mut command)?;
        let started = answers(&format!("http://localhost:{port}/readyz"), Duration::from_secs(120)).await?;
        let shop = Self { process, port, started, client: reqwest::Client::new() };
        let address = format!("http://127.0.0.1:{numbers}/metrics");
        let (begun, mut quiet) = (Instant::now(), 0);
        // Jobs in hand are not counted among those that wait: a few looks in a row.
        while quiet < 5 {
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(1200), "its jobs do not end");
            let text = shop.client.get(&address).send().await?.text().await?;
            quiet = if text.lines().any(|l| l == "jobs_waiting 0") { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        shop.stop().await
    }

    /// An address of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    async fn json(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(self.url(path)).send().await?.error_for_status()?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }

    /// How many works there are.
    pub(crate) async fn works(&self) -> Result<u64> {
        let list = self.json("/api/public/catalog/search").await?;
        list["total"].as_u64().with_context(|| format!("no total in {list}"))
    }

    /// The first album that is sold here as files.
    pub(crate) async fn first_work(&self) -> Result<Work> {
        let list = self.json("/api/public/catalog/search?type=album").await?;
        for card in list["items"].as_array().into_iter().flatten() {
            let id = card["id"].as_str().unwrap_or_default();
            let item = self.json(&format!("/api/public/catalog/items/{id}")).await?;
            let editions = item["editions"].as_array().into_iter().flatten();
            let mut sold =
                editions.filter(|e| e["physical"] == false && e["price"]["minor"].as_i64().is_some_and(|m| m > 0));
            if let Some(edition) = sold.next() {
                return Ok(Work {
                    id: id.to_owned(),
                    page: card["href"].as_str().unwrap_or_default().to_owned(),
                    variant: edition["variant"].as_str().unwrap_or_default().to_owned(),
                    minor: edition["price"]["minor"].as_i64().unwrap_or_default(),
                });
            }
        }
        bail!("no album is sold here as files")
    }

    /// Resident memory.
    pub(crate) fn memory_mb(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }

    /// Asks it to stop and waits.
    pub(crate) async fn stop(mut self) -> Result<()> {
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
pub(crate) struct Bare {
    _process: Pinned,
    port: u16,
}

impl Bare {
    /// With bodies of this size.
    pub(crate) async fn start(bytes: usize) -> Result<Self> {
        let port = free_port()?;
        let mut command = on_first_core(&std::env::current_exe()?);
        command.args(["bare", "--port", &port.to_string(), "--bytes", &bytes.to_string()]);
        let process = Pinned::start(&mut command)?;
        let bare = Self { _process: process, port };
        answers(&bare.url(), Duration::from_secs(10)).await?;
        Ok(bare)
    }

    /// Its one address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

/// Serves the same bytes to whoever asks, until it is ended.
pub(crate) async fn bare(port: u16, bytes: usize) -> Result<()> {
    let body = Bytes::from(vec![b'x'; bytes]);
    let router = Router::new().fallback(move || {
        let body = body.clone();
        async move { body }
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, router).await?)
}
