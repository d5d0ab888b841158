//! Clients that do everything a shop is there for, until it is gone: each notes what it was answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::{Shop, from_germany};

use crate::facts::{Fact, Facts};

/// What can be bought.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Files, and what they cost here.
    pub files: String,
    /// A parcel.
    pub parcel: String,
    /// Files that cost nothing.
    pub free: String,
}

impl Goods {
    /// Of the market of campaigns.
    ///
    /// # Errors
    /// It is another shop.
    pub async fn of(shop: &Shop) -> Result<Self> {
        let find = async |words: &str| -> Result<String> {
            let list = shop.json(&format!("/api/public/catalog/search?q={words}")).await?;
            let id = list["items"][0]["id"].as_str().with_context(|| format!("no {words}: {list}"))?.to_owned();
            let item = shop.json(&format!("/api/public/catalog/items/{id}")).await?;
            Ok(item["editions"][0]["variant"].as_str().context("no edition")?.to_owned())
        };
        Ok(Self {
            files: find("harbour+lights").await?,
            parcel: find("endless+parcel").await?,
            free: find("free+tide").await?,
        })
    }
}

/// A crowd. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    client: reqwest::Client,
    base: String,
    key: String,
    goods: Goods,
    facts: Facts,
    numbers: Arc<AtomicU64>,
    /// Orders that may be given back.
    paid: Arc<Mutex<Vec<(String, String)>>>,
}

impl Clients {
    /// Clients of this shop; `seed` names what they send, so that no two points send the same.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(shop: &Shop, key: &str, goods: Goods, facts: Facts, seed: u64) -> Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(from_germany())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            client,
            base: shop.url(""),
            key: key.to_owned(),
            goods,
            facts,
            numbers: Arc::new(AtomicU64::new(seed << 20)),
            paid: Arc::default(),
        })
    }

    /// All of them at once, until their tasks are aborted or the shop is gone.
    pub fn all(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let mut tasks = Vec::new();
        for what in [What::Files, What::Parcel, What::Both, What::Free] {
            let clients = self.clone();
            tasks.push(tokio::spawn(async move { while clients.buy(what).await.is_ok() {} }));
        }
        let clients = self.clone();
        tasks.push(tokio::spawn(async move { while clients.give_back().await.is_ok() {} }));
        let clients = self.clone();
        tasks.push(tokio::spawn(async move { while clients.import().await.is_ok() {} }));
        tasks
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
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

    async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }

    /// One purchase, or in one case of four a cart that is left as it is.
    async fn buy(&self, what: What) -> Result<()> {
        if self.number().is_multiple_of(4) {
            // What is bought leaves the cart: only one that is left can be asked for later.
            let variant = self.goods.parcel.clone();
            let added = self.post("/api/cart", &[], &json!({ "variant": variant })).await?;
            let token = added["cart_token"].as_str().context("no cart token")?.to_owned();
            self.facts.note(Fact::Carted { token, variant });
            return Ok(());
        }
        self.buy_surely(what).await
    }

    /// Fills a cart and places it; answers the order's path with its secret.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn place(&self, what: What) -> Result<String> {
        Ok(self.placed(what).await?.1)
    }

    /// What was answered, and the order's path with its secret.
    async fn placed(&self, what: What) -> Result<(Value, String)> {
        let number = self.number();
        let (first, second) = match what {
            What::Files => (&self.goods.files, None),
            What::Parcel => (&self.goods.parcel, None),
            What::Both => (&self.goods.files, Some(&self.goods.parcel)),
            What::Free => (&self.goods.free, None),
        };
        let added = self.post("/api/cart", &[], &json!({ "variant": first })).await?;
        let token = added["cart_token"].as_str().context("no cart token")?.to_owned();
        if let Some(second) = second {
            self.post("/api/cart", &[("x-cart-token", &token)], &json!({ "variant": second })).await?;
        }
        let form = json!({
            "email": format!("campaign-{number}@example.org"), "name": "Cora Campaign", "line1": "Weg 1", "city": "Berlin",
            "postcode": "10115", "country": "DE", "accept_licence": true, "accept_waiver": true,
            "buy_again": true,
        });
        let attempt = format!("campaign-{number:020}");
        let headers = [("x-cart-token", token.as_str()), ("idempotency-key", attempt.as_str())];
        let request = self.client.get(format!("{}/api/cart", self.base)).header("x-cart-token", &token);
        let cart: Value = serde_json::from_str(&request.send().await?.text().await?)?;
        let wish = json!({ "form": form, "seen_minor": cart["total_minor"] });
        let session = self.post("/api/checkout/create-session", &headers, &wish).await?;
        let id = session["id"].as_str().context("no id")?.to_owned();
        let order = format!("/api/orders/{id}?key={}", session["key"].as_str().unwrap_or_default());
        self.facts.note(Fact::Placed { token, attempt, wish, id });
        Ok((session, order))
    }

    /// One purchase from the empty cart to the download.
    ///
    /// # Errors
    /// A step does not answer as it should.
    pub async fn buy_surely(&self, what: What) -> Result<()> {
        let (session, order) = self.placed(what).await?;
        let id = session["id"].as_str().unwrap_or_default();
        if let Some(pay) = session["pay_url"].as_str() {
            let card = "method=card&number=4242424242424242&expiry=04%2F30&cvc=123";
            let paying = self.client.post(pay).header("origin", &self.base);
            let paying = paying.header("content-type", "application/x-www-form-urlencoded").body(card);
            let paid = paying.send().await?;
            ensure!(paid.status().is_redirection(), "paying: {}", paid.status());
            self.facts.note(Fact::Captured { order: order.clone() });
        }
        let begun = Instant::now();
        let mut seen = self.get(&order).await?;
        while seen["state"] != "paid" {
            ensure!(begun.elapsed() < Duration::from_secs(20), "{id} is {}", seen["state"]);
            tokio::time::sleep(Duration::from_millis(5)).await;
            seen = self.get(&order).await?;
        }
        self.facts.note(Fact::Paid { order: order.clone() });
        let part = seen["parts"][0]["id"].as_str().unwrap_or_default().to_owned();
        if what != What::Free {
            self.paid.lock().unwrap_or_else(PoisonError::into_inner).push((part, order.clone()));
        }
        let assets = seen["parts"][0]["lines"][0]["assets"].as_str().unwrap_or_default();
        let assets: Vec<&str> = assets.split(',').filter(|a| !a.is_empty()).collect();
        if !assets.is_empty() {
            let want = json!({ "assetIds": assets, "order": id, "key": session["key"] });
            let link = self.post("/api/downloads/link", &[], &want).await?;
            let url = link["url"].as_str().context("no link")?.to_owned();
            let answer = self.client.get(&url).send().await?;
            ensure!(answer.status().is_success(), "a download: {}", answer.status());
            let bytes = answer.bytes().await?.len();
            self.facts.note(Fact::Linked { url, order, bytes });
        }
        Ok(())
    }

    /// Gives a line of somebody's order back, as staff do.
    async fn give_back(&self) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(40)).await;
        let Some((part, order)) = self.paid.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
            // Asked all the same: the task ends with the shop.
            self.get("/api/health").await?;
            return Ok(());
        };
        // A parcel goes back once it was sent, or before; files at once.
        let form = format!("line=0&restock=1&reason=broken&attempt=back-{}", self.number());
        let request = self.client.post(format!("{}/admin/orders/{part}/refund", self.base));
        let request = request.header("x-api-key", &self.key).header("origin", &self.base);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await?;
        let to = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if answer.status().is_redirection() && !to.contains('?') {
            self.facts.note(Fact::Refunded { order });
        }
        Ok(())
    }

    async fn import(&self) -> Result<()> {
        self.import_now().await?;
        tokio::time::sleep(Duration::from_millis(150)).await;
        Ok(())
    }

    /// Rows of a maker and a work with stock: names, prices, stock and the index.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn import_now(&self) -> Result<()> {
        let n = self.number();
        let rows = [
            json!({ "type": "maker", "ref": format!("m{n}"), "tenant": "nord", "kind": "artist", "name": format!("Maker {n}") }),
            json!({
                "type": "work", "ref": format!("w{n}"), "store": "nord", "kind": "album", "title": format!("Work {n}"),
                "makers": [format!("m{n}")], "released": "2025-01-01", "genres": ["ambient"], "description_html": "<p>New.</p>",
                "products": [{ "ref": "cd", "kind": "physical", "title": "CD", "tax_class": "recorded_music", "variants": [{
                    "sku": format!("C-{n}"), "weight_g": 100, "stock": 3,
                    "prices": [{ "region": "eu", "currency": "EUR", "minor": 900 }],
                }]}],
            }),
        ];
        let body = rows.map(|r| r.to_string()).join("\n");
        let request =
            self.client.post(format!("{}/api/admin/catalog/import", self.base)).header("x-api-key", &self.key);
        let answer = request.header("content-type", "application/x-ndjson").body(body).send().await?;
        ensure!(answer.status().as_u16() == 202, "an import: {}", answer.status());
        let begun: Value = serde_json::from_str(&answer.text().await?)?;
        let id = begun["id"].as_str().context("no id")?.to_owned();
        self.facts.note(Fact::Imported { id });
        Ok(())
    }
}

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Files.
    Files,
    /// A parcel.
    Parcel,
    /// Files and a parcel of two shops, in one payment.
    Both,
    /// Files that cost nothing.
    Free,
}
