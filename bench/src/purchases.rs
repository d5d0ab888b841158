//! What writes: carts, orders, links to what was bought, archives; counted act by act first, then timed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use vitrine_bench::flows::{Bought, Buyer, By};
use vitrine_bench::server::{Bare, Work};
use vitrine_bench::wrk::{self, Ask, CONNECTIONS};
use vitrine_bench::{Line, load, numbers};

use crate::engine::{self, Written};
use crate::measure::Measure;
use crate::table::{self, Engine, Row};

/// Acts that are counted rather than timed.
const COUNTED: usize = 20;
/// Links that a customer may ask for in an hour, with room to spare.
const LINKS: usize = 50;
/// Title of the work whose files are large, as `cargo xtask bench` adds it.
const LARGE: &str = "Measured in megabytes";

/// Calls of the table and rows written, act by act on an otherwise idle shop.
pub(crate) async fn counted(m: &mut Measure, work: &Work, data: &Path) -> Result<BTreeMap<String, Written>> {
    let buyer = Buyer::new(&m.shop, work)?;
    m.shop.rest(Duration::from_secs(120)).await?;
    let mut written = BTreeMap::new();
    let calls = [numbers::table_calls(&m.shop).await?];
    let after = engine::last_change(data)?;
    let mut carts = Vec::new();
    for _ in 0..COUNTED {
        carts.push(buyer.fill().await?);
    }
    let acts = COUNTED as i64;
    written.insert("cart".to_owned(), Written { after, to: engine::last_change(data)?, acts });
    let mut calls = Vec::from(calls);
    calls.push(numbers::table_calls(&m.shop).await?);
    let mut placed = Vec::new();
    for cart in &carts {
        placed.push(buyer.place(cart).await?);
    }
    calls.push(numbers::table_calls(&m.shop).await?);
    for (page, _) in &placed {
        buyer.pay(page).await?;
    }
    m.shop.rest(Duration::from_secs(60)).await?;
    calls.push(numbers::table_calls(&m.shop).await?);
    let to = engine::last_change(data)?;
    for (_, bought) in placed {
        buyer.paid(bought).await?;
    }
    calls.push(numbers::table_calls(&m.shop).await?);
    written.insert("order".to_owned(), Written { after, to, acts });
    let each = |n: u64| n as f64 / COUNTED as f64;
    let of = |stage: usize, by: &str| {
        each(numbers::added(&calls[stage], &calls[stage + 1]).get(by).copied().unwrap_or_default())
    };
    let (add, place) = (of(0, "/api/cart"), of(1, "/api/checkout/create-session"));
    let (webhook, seen) = (of(2, "/api/webhooks/{provider}"), of(3, "/api/orders/{id}"));
    let jobs = of(2, "elsewhere");
    m.note(&format!(
        "round trips to the store an order: {:.1} (goal 12): cart add {add:.1}, placing {place:.1}, the webhook's payment {webhook:.1}; besides {jobs:.1} by jobs (receipt, invoice, mail, counting), {seen:.1} by each look at the order; the simulator's own are not counted",
        add + place + webhook
    ));
    let rows = |name: &str| written.get(name).map_or(0.0, Written::rows);
    let (cart, order) = (rows("cart"), rows("order"));
    m.note(&format!("rows written: {cart:.1} by a cart add, {order:.1} by an order with all its jobs"));
    Ok(written)
}

pub(crate) async fn writes(m: &mut Measure, work: &Work) -> Result<Vec<Bought>> {
    let body = format!(r#"{{"variant":"{}"}}"#, work.variant);
    let what = "cart add by a new guest, durable";
    let ask = Ask { url: m.shop.url("/api/cart"), coding: "identity", body: Some(&body), size: None };
    let theirs = wrk::run(what, &ask, m.time)?;
    let buyer = Buyer::new(&m.shop, work)?;
    let adding = buyer.clone();
    let ours = load::closed(what, CONNECTIONS, m.time, move |_| {
        let buyer = adding.clone();
        async move { buyer.fill().await.map(|token| Some(token.len())) }
    });
    let ours = ours.await?;
    m.note(&format!(
        "generators on `{what}`: wrk {}/s, ours {}/s ({:.2})",
        table::short(theirs.rate),
        table::short(ours.rate),
        ours.rate / theirs.rate
    ));
    m.add(theirs, Engine::Named("cart"), "3,000").await?;
    let bought: Arc<std::sync::Mutex<Vec<Bought>>> = Arc::default();
    let buys = |by: By| {
        let (buyer, bought) = (buyer.clone(), bought.clone());
        move |_| {
            let (buyer, bought) = (buyer.clone(), bought.clone());
            async move {
                let one = buyer.buy(by).await?;
                bought.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(one);
                Ok(Some(0))
            }
        }
    };
    for (what, by) in [
        ("cart to paid order and grant, by the webhook", By::Webhook),
        ("cart to paid order and grant, by the buyer's return", By::Return),
    ] {
        let line = load::closed(what, CONNECTIONS, m.time, buys(by)).await?;
        // Beside one request of a bare handler; an order takes several of the shop.
        m.add(line, Engine::Named("order"), "300").await?;
        m.shop.rest(Duration::from_secs(300)).await?;
    }
    let what = "cart to paid order and grant, by the webhook, 50 a second";
    let line = load::at_rate(what, 50, m.time, buys(By::Webhook)).await?;
    m.say(Row { line, bare: None, engine: Engine::None, goal: "p95 < 50 ms" });
    m.shop.rest(Duration::from_secs(300)).await?;
    let bought = std::mem::take(&mut *bought.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    ensure!(!bought.is_empty(), "nothing was bought");
    Ok(bought)
}

pub(crate) async fn links(m: &mut Measure, work: &Work, bought: Vec<Bought>, data: &Path) -> Result<Written> {
    let (buyer, bought) = (Buyer::new(&m.shop, work)?, Arc::new(bought));
    let after = engine::last_change(data)?;
    for one in bought.iter().rev().take(COUNTED) {
        buyer.link(one).await?;
    }
    let acts = COUNTED.min(bought.len()) as i64;
    let written = Written { after, to: engine::last_change(data)?, acts };
    let asks = |first: usize, most: usize| {
        let (buyer, bought) = (buyer.clone(), bought.clone());
        move |n: u64| {
            let (buyer, bought) = (buyer.clone(), bought.clone());
            async move {
                let n = first + n as usize;
                if n >= most {
                    return Ok(None);
                }
                buyer.link(&bought[n % bought.len()]).await.map(|url| Some(url.len()))
            }
        }
    };
    let all = bought.len() * LINKS;
    let some = (20 * m.time.as_secs() as usize).min(all / 2);
    let line = load::closed("signed link", CONNECTIONS, m.time, asks(some, all)).await?;
    m.add(line, Engine::Named("link"), "").await?;
    let line = load::at_rate("signed link, 20 a second", 20, m.time, asks(0, some)).await?;
    m.say(Row { line, bare: None, engine: Engine::None, goal: "< 2 ms" });
    Ok(written)
}

/// A ZIP of large files, made while it is sent.
pub(crate) async fn zip(m: &mut Measure) -> Result<()> {
    let large = m.shop.works_sold(&format!("q={}", LARGE.replace(' ', "+")), 1).await?;
    let large = large.into_iter().find(|w| w.title == LARGE).context("the work with large files is not there")?;
    let buyer = Buyer::of(&m.shop, &[large])?;
    let bought = buyer.buy(By::Return).await?;
    ensure!(bought.assets.len() > 1, "one file makes no ZIP");
    let mut links = Vec::new();
    for _ in 0..LINKS {
        links.push(buyer.link(&bought).await?);
    }
    let (client, links) = (m.shop.client.clone(), Arc::new(links));
    let fetch = move |n: u64| {
        let (client, link) = (client.clone(), links.get(n as usize).cloned());
        async move {
            let Some(link) = link else { return Ok(None) };
            let mut answer = client.get(link).send().await?;
            ensure!(answer.status() == 200, "{}", answer.status());
            let said = answer.content_length();
            let (mut bytes, mut start) = (0, Vec::new());
            while let Some(chunk) = answer.chunk().await? {
                if start.len() < 2 {
                    start.extend_from_slice(&chunk[..chunk.len().min(2)]);
                }
                bytes += chunk.len();
            }
            ensure!(start == *b"PK" && said == Some(bytes as u64), "no whole ZIP: {bytes} bytes of {said:?}");
            Ok(Some(bytes))
        }
    };
    let line = load::closed("ZIP", 2, m.time, fetch).await?;
    let bare = Bare::start(line.bytes).await?;
    let (client, url) = (m.shop.client.clone(), bare.url());
    let limit = load::closed("bare", 2, m.time.min(Duration::from_secs(2)), move |_| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            let mut answer = client.get(url).send().await?;
            let mut bytes = 0;
            while let Some(chunk) = answer.chunk().await? {
                bytes += chunk.len();
            }
            Ok(Some(bytes))
        }
    });
    let limit = limit.await?;
    let mega = |line: &Line| line.rate * line.bytes as f64 / 1e6;
    let wrong = line.fault.as_deref().map(|f| format!(", {} wrong: {f}", line.wrong)).unwrap_or_default();
    m.note(&format!(
        "ZIP made while it is sent: {} MB/s of archives of {} MB{wrong}; a bare handler with as large bodies {} MB/s ({:.2})",
        table::short(mega(&line)),
        line.bytes / 1_000_000,
        table::short(mega(&limit)),
        mega(&line) / mega(&limit)
    ));
    Ok(())
}
