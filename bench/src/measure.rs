//! One shop of some size, line by line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ORIGIN};
use vitrine_bench::load::{self, Done};
use vitrine_bench::server::{Bare, Launch, Shop, Work};
use vitrine_bench::wrk::{self, Ask, CONNECTIONS};
use vitrine_bench::{Line, sign_in};

use crate::engine::{self, Rates, Spec};
use crate::table::{self, Engine, Row};
use crate::{purchases, weights};

/// Words that searches draw from, at most.
const WORDS: usize = 300;

/// What one size came to.
pub(crate) struct Report {
    /// Works there.
    pub(crate) works: u64,
    /// Lines, in order.
    pub(crate) rows: Vec<Row>,
    /// The engines' own.
    pub(crate) rates: Rates,
    /// Everything that is no line of the table, as Markdown.
    pub(crate) rest: String,
}

impl Report {
    /// A second, of the line with this name.
    pub(crate) fn rate(&self, what: &str) -> Option<f64> {
        self.rows.iter().find(|r| r.line.what == what).map(|r| r.line.rate)
    }
}

/// Addresses nobody asked for before, by number.
type Addresses = Arc<dyn Fn(u64) -> Option<String> + Send + Sync>;

/// A run under way.
pub(crate) struct Measure {
    pub(crate) shop: Shop,
    pub(crate) time: Duration,
    rows: Vec<Row>,
    bare: BTreeMap<usize, f64>,
    rest: String,
}

impl Measure {
    pub(crate) fn say(&mut self, row: Row) {
        let [a, b, c] = row.line.ms;
        let fault = row.line.fault.as_deref().map(|f| format!("; {} wrong: {f}", row.line.wrong));
        let (rate, fault) = (table::short(row.line.rate), fault.unwrap_or_default());
        eprintln!("  {}: {rate}/s, p50 {a:.2}, p95 {b:.2}, p99 {c:.2} ms{fault}", row.line.what);
        self.rows.push(row);
    }

    pub(crate) fn note(&mut self, text: &str) {
        eprintln!("  {text}");
        self.rest += &format!("- {text}\n");
    }

    /// What a bare handler does with bodies of about this size; measured once for sizes that differ little.
    async fn bare(&mut self, bytes: usize) -> Result<f64> {
        if let Some((_, rate)) = self.bare.range(bytes * 9 / 10..=bytes * 11 / 10).next() {
            return Ok(*rate);
        }
        let bare = Bare::start(bytes).await?;
        let rate = wrk::run("bare", &Ask::bare(bare.url()), Duration::from_secs(2))?.rate;
        self.bare.insert(bytes, rate);
        Ok(rate)
    }

    pub(crate) async fn add(&mut self, line: Line, engine: Engine, goal: &'static str) -> Result<()> {
        let bare = Some(self.bare(line.bytes).await?);
        self.say(Row { line, bare, engine, goal });
        Ok(())
    }

    /// One address again and again, by wrk, after a look at what it answers.
    async fn fixed(&mut self, what: &str, path: &str, marker: &str, engine: Engine, goal: &'static str) -> Result<()> {
        let url = self.shop.url(path);
        let plain = self.shop.client.get(&url).header(ACCEPT, "text/html").send().await?;
        let (status, text) = (plain.status(), plain.text().await?);
        ensure!(status == 200 && text.contains(marker), "{path}: {status}, or no {marker:?} in it");
        let packed = self.shop.client.get(&url).header(ACCEPT, "text/html").header(ACCEPT_ENCODING, "br");
        let size = Some(packed.send().await?.bytes().await?.len());
        let line = wrk::run(what, &Ask { url, coding: "br", body: None, size }, self.time)?;
        self.add(line, engine, goal).await
    }

    /// Asks one address once, with a look at the answer.
    fn asks(&self, addresses: Addresses, marker: &'static str) -> impl Fn(u64) -> ReadOnce + use<> {
        let (client, base) = (self.shop.client.clone(), self.shop.url(""));
        move |number| {
            let path = addresses(number);
            let asked = path.map(|p| client.get(format!("{base}{p}")).header(ACCEPT, "text/html"));
            Box::pin(read(asked, marker))
        }
    }

    /// Another address each time, by our own generator.
    async fn varying(
        &mut self,
        what: &str,
        addresses: Addresses,
        marker: &'static str,
        engine: Engine,
        goal: &'static str,
    ) -> Result<()> {
        let line = load::closed(what, CONNECTIONS, self.time, self.asks(addresses, marker)).await?;
        self.add(line, engine, goal).await
    }

    /// The same at a steady rate.
    async fn steady(
        &mut self,
        what: &str,
        rate: u32,
        addresses: Addresses,
        marker: &'static str,
        goal: &'static str,
    ) -> Result<()> {
        let line = load::at_rate(what, rate, self.time, self.asks(addresses, marker)).await?;
        self.say(Row { line, bare: None, engine: Engine::None, goal });
        Ok(())
    }
}

type ReadOnce = std::pin::Pin<Box<dyn Future<Output = Done> + Send>>;

async fn read(asked: Option<reqwest::RequestBuilder>, marker: &'static str) -> Done {
    let Some(asked) = asked else { return Ok(None) };
    let answer = asked.send().await?;
    let status = answer.status();
    let bytes = answer.bytes().await?;
    ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
    let found = bytes.windows(marker.len()).any(|part| part == marker.as_bytes());
    ensure!(found, "no {marker:?} in the answer");
    Ok(Some(bytes.len()))
}

/// Counts from where the last list of addresses ended: nothing is asked for twice.
fn fresh(make: impl Fn(u64) -> String + Send + Sync + 'static) -> Addresses {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Arc::new(move |_| Some(make(NEXT.fetch_add(1, Ordering::Relaxed))))
}

/// Words of titles that a search finds as they are.
async fn words(shop: &Shop) -> Result<Vec<String>> {
    let mut words = std::collections::BTreeSet::new();
    for page in 1..=20 {
        let cursor = if page > 1 { format!("&cursor=p{page}") } else { String::new() };
        let list = shop.json(&format!("/api/public/catalog/search?sort=title{cursor}")).await?;
        for card in list["items"].as_array().into_iter().flatten() {
            let title = card["title"].as_str().unwrap_or_default().to_lowercase();
            let plain = |w: &&str| w.len() > 4 && w.bytes().all(|b| b.is_ascii_lowercase());
            words.extend(title.split(' ').filter(plain).map(str::to_owned));
        }
    }
    // Those that the index has as whole words of titles.
    ensure!(!words.is_empty(), "no title has a plain word");
    Ok(words.into_iter().take(WORDS).collect())
}

/// Measures a shop over a data folder; it is written to.
pub(crate) async fn run(launch: &Launch, time: Duration) -> Result<Report> {
    Shop::settle(launch).await.context("before measuring")?;
    vitrine_bench::server::move_to(Some(1))?;
    let shop = Launch { core: Some(0), ready: "/", ..launch.clone() }.start().await?;
    let mut m = Measure { shop, time, rows: Vec::new(), bare: BTreeMap::new(), rest: String::new() };
    let started = m.shop.started.as_millis();
    m.note(&format!("first answer {started} ms after the start (goal 300)"));
    m.shop.rest(Duration::from_secs(60)).await?;
    let rest = m.shop.memory_mb()?;
    m.note(&format!("resident memory at rest: {rest} MB (goal 60)"));
    let works = m.shop.works().await?;
    let work = m.shop.first_work().await?;
    let words = words(&m.shop).await?;
    reads(&mut m, &work, &words).await?;
    let under = m.shop.memory_mb()?;
    m.note(&format!("resident memory under these reads: {under} MB (goal 150)"));
    let mut written = purchases::counted(&mut m, &work, &launch.data).await?;
    let bought = purchases::writes(&mut m, &work).await?;
    written.insert("link".to_owned(), purchases::links(&mut m, &work, bought, &launch.data).await?);
    purchases::zip(&mut m).await?;
    let under = m.shop.memory_mb()?;
    m.note(&format!("resident memory after all of it: {under} MB (goal 150)"));
    let cookie = sign_in::cookies(&m.shop, sign_in::CREATOR).await?;
    let pages = [
        ("`/`", "/".to_owned(), None),
        ("`/catalog`", "/catalog".to_owned(), None),
        ("an item", work.page.clone(), None),
        ("a search", format!("/search?q={}", words[0]), None),
        ("`/cart`", "/cart".to_owned(), None),
        ("`/library`", "/library".to_owned(), Some(cookie.clone())),
        ("`/account`", "/account".to_owned(), Some(cookie.clone())),
        ("`/studio`", "/studio".to_owned(), Some(cookie)),
    ];
    let weights = weights::table(&m.shop, &pages).await?;
    m.shop.stop().await.context("the shop did not stop by itself")?;
    vitrine_bench::server::move_to(None)?;
    let rates = engines(&launch.data, &Spec { seconds: time.as_secs().min(3), words, written })?;
    let rest = format!("{}\n{weights}", m.rest);
    Ok(Report { works, rows: m.rows, rates, rest })
}

async fn reads(m: &mut Measure, work: &Work, words: &[String]) -> Result<()> {
    let items: Vec<String> = m.shop.pages().await?;
    ensure!(items.len() > 1, "the sitemaps name no works");
    let id = |page: &String| page.rsplit('-').next().unwrap_or_default().to_owned();
    let ids: Vec<String> = items.iter().map(id).collect();
    let api = "/api/public/catalog";
    let (page, point, list, search) =
        (Engine::Named("partition"), Engine::Named("partition"), Engine::Named("list"), Engine::Named("search"));
    m.fixed("item page, kept", &work.page, "</html>", Engine::None, "40,000").await?;
    let made = format!("{}?made=1", work.page);
    m.fixed("item page, made for each request", &made, "</html>", page.clone(), "1,200").await?;
    let (all, count) = (items.clone(), items.len() as u64);
    let another: Addresses = Arc::new(move |n| Some(format!("{}?made=2", all[(n * 7_919 % count) as usize])));
    m.varying("item page, another each time", another, "</html>", page, "1,200").await?;
    for_browsers(m, &items).await?;
    m.fixed("list page, kept", "/catalog?type=album", "</html>", Engine::None, "").await?;
    let made = "/catalog?type=album&made=1";
    m.fixed("list page, made for each request", made, "</html>", list.clone(), "1,200").await?;
    let never = fresh(|n| format!("/catalog?type=album&price={}-{}", n % 150, 5_000 + n));
    m.varying("list page, never asked before", never, "</html>", list.clone(), "").await?;
    let of = words.to_vec();
    let never = move |n: u64| format!("/search?q={}&price=0-{}", of[n as usize % of.len()], 100_000 + n);
    m.varying("search page, never asked before", fresh(never), "</html>", search.clone(), "").await?;
    m.fixed("item, REST, kept", &format!("{api}/items/{}", work.id), "\"editions\"", point.clone(), "15,000").await?;
    // Ours against one that nobody here wrote, on the same address.
    let (theirs, same) = (m.rows.last().map_or(0.0, |r| r.line.rate), format!("{api}/items/{}", work.id));
    let asks = m.asks(Arc::new(move |_| Some(same.clone())), "\"editions\"");
    let ours = load::closed("item, REST, kept, by our generator", CONNECTIONS, m.time, asks).await?;
    m.note(&format!(
        "generators on `item, REST, kept`: wrk {}/s, ours {}/s ({:.2}): ours reads and looks at every body and shows less where it is the limit itself",
        table::short(theirs),
        table::short(ours.rate),
        ours.rate / theirs
    ));
    let count = ids.len() as u64;
    let others = ids.clone();
    let another: Addresses = Arc::new(move |n| Some(format!("{api}/items/{}", others[(n * 7_919 % count) as usize])));
    m.varying("item, REST, another each time", another.clone(), "\"editions\"", point, "").await?;
    let goal = "p95 < 5 ms";
    m.steady("item, REST, another each time, 500 a second", 500, another, "\"editions\"", goal).await?;
    let path = format!("{api}/search?type=album");
    m.fixed("list of 24, REST, kept", &path, "\"href\"", list.clone(), "4,000").await?;
    let never = fresh(move |n| format!("{api}/search?type=album&price={}-{}", n % 150, 5_000 + n));
    m.varying("list of 24, REST, never asked before", never, "\"href\"", list, "4,000").await?;
    let path = format!("{api}/search?q={}", words[0]);
    m.fixed("search, REST, kept", &path, "\"href\"", search.clone(), "3,000").await?;
    let of = words.to_vec();
    let never = move |n: u64| format!("{api}/search?q={}&price=0-{}", of[n as usize % of.len()], 100_000 + n);
    m.varying("search, REST, never asked before", fresh(never.clone()), "\"href\"", search.clone(), "3,000").await?;
    let of = words.to_vec();
    let typo = move |n: u64| {
        let word = engine::swapped(&of[n as usize % of.len()]);
        format!("{api}/search?q={word}&price=0-{}", 100_000 + n)
    };
    m.varying("search with a typo, REST, never asked before", fresh(typo), "\"items\"", Engine::Named("typo"), "3,000")
        .await?;
    let goal = "p95 < 15 ms";
    m.steady("search, REST, never asked before, 100 a second", 100, fresh(never), "\"href\"", goal).await?;
    suggest(m, words).await
}

/// Works nobody asked for yet, as browsers ask for them: drawn, packed, kept.
async fn for_browsers(m: &mut Measure, items: &[String]) -> Result<()> {
    let (client, base, items) = (m.shop.client.clone(), m.shop.url(""), items.to_vec());
    let each = move |n: u64| -> ReadOnce {
        let path = &items[(n * 7_919 % items.len() as u64) as usize];
        let asked = client.get(format!("{base}{path}")).header(ACCEPT, "text/html").header(ACCEPT_ENCODING, "br");
        Box::pin(async move {
            let answer = asked.send().await?;
            ensure!(answer.status() == 200, "{}", answer.status());
            ensure!(answer.headers().get(CONTENT_ENCODING).is_some_and(|c| c == "br"), "it is not packed");
            Ok(Some(answer.bytes().await?.len()))
        })
    };
    let line = load::closed("item page, another each time, packed and kept", CONNECTIONS, m.time, each).await?;
    m.add(line, Engine::Named("partition"), "").await
}

/// What the search box asks while somebody types.
async fn suggest(m: &mut Measure, words: &[String]) -> Result<()> {
    let (client, url, origin) = (m.shop.client.clone(), m.shop.url("/rpc/catalog/suggest"), m.shop.url(""));
    let starts: Vec<String> = words.iter().flat_map(|w| (2..w.len()).map(|n| w[..n].to_owned())).collect();
    let typed = move |n: u64| -> ReadOnce {
        let body = format!(r#"{{"words":"{}"}}"#, starts[n as usize % starts.len()]);
        let asked = client.post(&url).header(ORIGIN, &origin).header(CONTENT_TYPE, "application/json").body(body);
        Box::pin(read(Some(asked), "\"href\""))
    };
    let line = load::closed("autocomplete, words being typed", CONNECTIONS, m.time, typed).await?;
    m.add(line, Engine::Named("suggest"), "").await
}

/// Runs the engines as a process of their own on the server's core.
fn engines(data: &Path, spec: &Spec) -> Result<Rates> {
    let mut command = std::process::Command::new("taskset");
    command.args(["-c", "0"]).arg(std::env::current_exe()?).arg("engine").arg("--data").arg(data);
    let output = command.arg("--spec").arg(serde_json::to_string(spec)?).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the engines were not measured: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}
