//! What each node must know of what the other did: sessions, carts, counts, uses of a link, pages.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use vitrine_bench::server::Shop;

use crate::buyer::{Ware, now_ms};

/// The demonstration's buyer.
const PERSON: (&str, &str) = ("buyer@vitrine.example", "listen-and-read");
/// How often an address may make the shop send mails in an hour, in this campaign.
pub const MAILS: u32 = 30;
/// The window of that count, milliseconds.
const HOUR_MS: i64 = 3_600_000;
/// How often a link may be opened.
const USES: usize = 5;

/// Signs in as a browser does and answers its cookies as one header.
///
/// # Errors
/// A step does not lead on.
pub async fn sign_in(base: &str) -> Result<String> {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
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

/// Every node knows who this is.
///
/// # Errors
/// One does not.
pub async fn signed_in(nodes: [&Shop; 2], cookies: &str) -> Result<()> {
    for (which, shop) in nodes.into_iter().enumerate() {
        let request = shop.client.get(shop.url("/api/me/entitlements")).header(COOKIE, cookies);
        let status = request.send().await?.status();
        ensure!(status.is_success(), "node {which} does not know the session: {status}");
    }
    Ok(())
}

/// A cart that was begun at one node and filled at the other.
pub struct Cart {
    token: String,
    total: i64,
}

impl Cart {
    /// Makes it.
    ///
    /// # Errors
    /// A node refuses.
    pub async fn begin(nodes: [&Shop; 2], wares: [&Ware; 2]) -> Result<Self> {
        let mut cart = Self { token: String::new(), total: 0 };
        for (shop, ware) in nodes.into_iter().zip(wares) {
            let mut request = shop.client.post(shop.url("/api/cart")).header("content-type", "application/json");
            if !cart.token.is_empty() {
                request = request.header("x-cart-token", &cart.token);
            }
            let answer = request.body(json!({ "variant": ware.variant }).to_string()).send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(status.is_success(), "a cart: {status} {text}");
            let added: Value = serde_json::from_str(&text)?;
            if let Some(token) = added["cart_token"].as_str() {
                ensure!(cart.token.is_empty() || cart.token == token, "the other node began a new cart");
                cart.token = token.to_owned();
            }
            let total = added["cart"]["total_minor"].as_i64().context("a cart without a total")?;
            ensure!(total > cart.total, "the other node does not know what is in the cart: {total} of {}", cart.total);
            cart.total = total;
        }
        Ok(cart)
    }

    /// Every node shows all of it.
    ///
    /// # Errors
    /// One does not.
    pub async fn holds(&self, nodes: [&Shop; 2]) -> Result<()> {
        for (which, shop) in nodes.into_iter().enumerate() {
            let answer = shop.client.get(shop.url("/api/cart")).header("x-cart-token", &self.token).send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            let seen: Value = serde_json::from_str(&text).with_context(|| format!("{status} {text}"))?;
            ensure!(seen["total_minor"] == self.total, "node {which} has another cart: {status} {text}");
        }
        Ok(())
    }
}

/// A count that all nodes share, used up.
pub struct Count {
    window: i64,
}

async fn asks_for_a_mail(shop: &Shop) -> Result<StatusCode> {
    // It is counted before anybody looks whether there are such letters.
    Ok(shop.client.post(shop.url("/letters/none/ask")).send().await?.status())
}

impl Count {
    /// Asks the nodes in turn until both refuse: as many are admitted as one node alone would admit.
    ///
    /// # Errors
    /// More are, or fewer.
    pub async fn use_up(nodes: [&Shop; 2]) -> Result<Self> {
        let left = HOUR_MS - now_ms() % HOUR_MS;
        if left < 60_000 {
            // Twice the figure may pass at the turn of two windows.
            tokio::time::sleep(Duration::from_millis(left.unsigned_abs() + 1000)).await;
        }
        let window = now_ms() / HOUR_MS;
        let (mut admitted, mut away, mut refused) = (0, 0, [0; 2]);
        for turn in 0..10 * MAILS as usize {
            let which = turn % 2;
            match asks_for_a_mail(nodes[which]).await? {
                StatusCode::TOO_MANY_REQUESTS => refused[which] += 1,
                // The table was too slow, or the node had too much to do; a leased block may be lost.
                StatusCode::SERVICE_UNAVAILABLE => away += 1,
                _ => admitted += 1,
            }
            if refused.iter().all(|times| *times >= 3) {
                break;
            }
        }
        ensure!(refused.iter().all(|times| *times >= 3), "not both nodes refuse: {refused:?} after {admitted}");
        ensure!(admitted <= MAILS, "{admitted} requests were admitted, of {MAILS}");
        ensure!(admitted == MAILS || away > 0, "only {admitted} requests were admitted, of {MAILS}");
        println!("the nodes admitted {admitted} of {MAILS} requests together ({away} times the table was too slow)");
        Ok(Self { window })
    }

    /// No node, whether it was started anew or not, has forgotten it.
    ///
    /// # Errors
    /// One admits somebody.
    pub async fn holds(&self, nodes: [&Shop; 2]) -> Result<()> {
        for (which, shop) in nodes.into_iter().enumerate() {
            let status = asks_for_a_mail(shop).await?;
            if now_ms() / HOUR_MS != self.window {
                return Ok(());
            }
            let refused = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
            ensure!(refused, "node {which} forgot the count: {status}");
        }
        Ok(())
    }
}

/// How often a link was opened.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// It led to the file.
    pub opened: usize,
    /// It was refused as used up.
    pub refused: usize,
    /// Nobody knows: the node died, or could not say; why.
    pub unsure: Vec<String>,
}

impl Uses {
    async fn open(&mut self, client: &Client, url: &str) -> Result<()> {
        match client.get(url).send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() || status.is_redirection() => self.opened += 1,
            Ok(StatusCode::GONE) => self.refused += 1,
            Ok(status) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                bail!("{url} answers {status}")
            }
            Ok(status) => self.unsure.push(status.to_string()),
            Err(fault) => self.unsure.push(fault.without_url().to_string()),
        }
        Ok(())
    }

    /// Opens a link a few times at once.
    ///
    /// # Errors
    /// It is refused for another reason than that it is used up.
    pub async fn at_once(url: String) -> Result<Self> {
        // Each takes a connection of its own, to a node of its own.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
        let client = client.timeout(Duration::from_secs(15)).build()?;
        let tasks: Vec<_> = (0..USES - 1)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                tokio::spawn(async move {
                    let mut uses = Self::default();
                    uses.open(&client, &url).await?;
                    Ok::<_, anyhow::Error>(uses)
                })
            })
            .collect();
        let mut all = Self::default();
        for task in tasks {
            let one = task.await??;
            all.opened += one.opened;
            all.refused += one.refused;
            all.unsure.extend(one.unsure);
        }
        Ok(all)
    }

    /// Opens it at each node in turn until both refuse: it was opened as often as it may be, however many nodes there are.
    ///
    /// # Errors
    /// It was opened more often, or less though each answer came.
    pub async fn ends(mut self, nodes: [&Shop; 2], url: &str) -> Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let token = url.split_once("/d/").with_context(|| format!("{url} is no link"))?.1;
        let mut gone = [false; 2];
        for turn in 0..20 * USES {
            let before = self.refused;
            self.open(&client, &nodes[turn % 2].url(&format!("/d/{token}"))).await?;
            gone[turn % 2] |= self.refused > before;
            if gone == [true; 2] {
                break;
            }
        }
        ensure!(gone == [true; 2], "a link does not end: {self:?}");
        ensure!(self.opened <= USES, "a link was opened {} times, of {USES}", self.opened);
        ensure!(self.opened + self.unsure.len() >= USES, "a link ended after {} uses, of {USES}", self.opened);
        Ok(self)
    }
}

/// The bytes behind a link, wherever it leads.
///
/// # Errors
/// It does not lead to any.
pub async fn bytes(url: &str) -> Result<usize> {
    let answer = reqwest::get(url).await?.error_for_status()?;
    Ok(answer.bytes().await?.len())
}

/// Changes a title by an import at one node; how long the other showed the former page after the first showed the new one.
///
/// # Errors
/// The import is refused, or the new title does not come.
pub async fn stale(nodes: [&Shop; 2], key: &str, row: &Value, title: &str, path: &str) -> Result<Duration> {
    let page = async |shop: &Shop| -> Result<String> {
        let answer = shop.client.get(shop.url(path)).send().await?;
        Ok(answer.text().await?)
    };
    // Both keep it.
    for shop in nodes {
        page(shop).await?;
        page(shop).await?;
    }
    let mut row = row.clone();
    row["title"] = title.into();
    let here = nodes[0];
    let sent = here.client.post(here.url("/api/admin/catalog/import")).header("x-api-key", key);
    let answer = sent.header("content-type", "application/x-ndjson").body(format!("{row}\n")).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.as_u16() == 202, "the import: {status} {text}");
    let begun = Instant::now();
    let mut seen: [Option<Instant>; 2] = [None, None];
    while seen.iter().any(Option::is_none) {
        ensure!(begun.elapsed() < Duration::from_secs(60), "the new title is not shown: {seen:?}");
        for (which, shop) in nodes.into_iter().enumerate() {
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
