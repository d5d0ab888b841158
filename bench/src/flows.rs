//! What takes several steps: from an empty cart to a paid order with its grant, through the payment page and its signed webhook.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::Line;
use crate::server::{Shop, Work, from_germany};

/// Buyers at the same time.
const BUYERS: usize = 16;

/// Guests who buy one edition through the REST interface.
#[derive(Clone, Debug)]
pub struct Buyer {
    client: reqwest::Client,
    base: String,
    variant: String,
    minor: i64,
}

impl Buyer {
    /// Buyers of that work.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(shop: &Shop, work: &Work) -> Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(from_germany())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, base: shop.url(""), variant: work.variant.clone(), minor: work.minor })
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Value> {
        let mut request = self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_string()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// One purchase of a new guest; the order is paid when it returns.
    ///
    /// # Errors
    /// A step does not answer as it should, or the order is not paid within seconds.
    pub async fn buy(&self, number: u64) -> Result<()> {
        let added = self.post("/api/cart", &[], &json!({ "variant": self.variant })).await?;
        let token = added["cart_token"].as_str().context("no cart token")?;
        let attempt = format!("bench-attempt-{number:012}");
        let form = json!({
            "email": format!("bench-{number}@example.org"), "country": "DE", "accept_licence": true, "accept_waiver": true,
        });
        let wish = json!({ "form": form, "seen_minor": self.minor });
        let headers = [("x-cart-token", token), ("idempotency-key", attempt.as_str())];
        let session = self.post("/api/checkout/create-session", &headers, &wish).await?;
        let pay = session["pay_url"].as_str().context("no payment page")?;
        let card = "method=card&number=4242424242424242&expiry=04%2F30&cvc=123";
        let paying = self.client.post(pay).header("origin", &self.base);
        let paying = paying.header("content-type", "application/x-www-form-urlencoded").body(card);
        let paid = paying.send().await?.status();
        ensure!(paid.is_redirection() || paid.is_success(), "paying: {paid}");
        let (id, key) = (session["id"].as_str().unwrap_or_default(), session["key"].as_str().unwrap_or_default());
        let order = format!("{}/api/orders/{id}?key={key}", self.base);
        for _ in 0..200 {
            let seen: Value = serde_json::from_str(&self.client.get(&order).send().await?.text().await?)?;
            if seen["state"] == "paid" {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::bail!("{id} is not paid")
    }
}

/// Purchases, one after the other by each of several buyers.
///
/// # Errors
/// The first purchase fails.
pub async fn checkouts(shop: &Shop, work: &Work, time: Duration) -> Result<Line> {
    let buyer = Arc::new(Buyer::new(shop, work)?);
    let number = Arc::new(AtomicU64::new(u64::from(std::process::id()) << 24));
    buyer.buy(number.fetch_add(1, Ordering::Relaxed)).await.context("the first purchase")?;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..BUYERS {
        let (buyer, number) = (buyer.clone(), number.clone());
        tasks.push(tokio::spawn(async move {
            let (mut took, mut wrong) = (Vec::new(), 0u64);
            while begun.elapsed() < time {
                let from = Instant::now();
                match buyer.buy(number.fetch_add(1, Ordering::Relaxed)).await {
                    Ok(()) => took.push(from.elapsed()),
                    Err(fault) => {
                        eprintln!("a purchase failed: {fault:#}");
                        wrong += 1;
                    }
                }
            }
            (took, wrong)
        }));
    }
    let (mut all, mut wrong) = (Vec::new(), 0);
    for task in tasks {
        let (took, failed) = task.await?;
        all.extend(took);
        wrong += failed;
    }
    let seconds = begun.elapsed().as_secs_f64();
    all.sort();
    let at = |share: usize| all.get((all.len() * share / 100).min(all.len().saturating_sub(1))).map_or(0.0, ms);
    Ok(Line {
        what: "cart to paid order and grant, durable (5 requests)".into(),
        rate: all.len() as f64 / seconds,
        ms: [at(50), at(95), at(99)],
        bytes: 0,
        wrong,
    })
}

fn ms(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
