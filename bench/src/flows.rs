//! What takes several steps: from an empty cart to a paid order with its grant, through the payment page and its signed webhook.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::server::{Shop, Work, from_germany};

/// How long a purchase waits for its money.
const PATIENCE: Duration = Duration::from_secs(10);

/// What tells the shop that the money is there, first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The buyer's page: it asks the provider while the order is open.
    Return,
    /// The provider's signed webhook: nobody asks for the order before the cart is empty.
    Webhook,
}

/// A paid order.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The checkout's id.
    pub id: String,
    /// Opens it.
    pub key: String,
    /// The files it granted.
    pub assets: Vec<String>,
}

/// Guests who buy editions through the REST interface, or one signed-in person.
#[derive(Clone, Debug)]
pub struct Buyer {
    client: reqwest::Client,
    base: String,
    works: Vec<(String, i64)>,
    bearer: Option<String>,
}

/// Attempts and addresses must differ between processes and between runs on the same data.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    NEXT.compare_exchange(0, u64::try_from(since.as_millis()).unwrap_or(1) << 20, Ordering::Relaxed, Ordering::Relaxed)
        .ok();
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Buyer {
    /// Guests who buy that work.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(shop: &Shop, work: &Work) -> Result<Self> {
        Self::of(shop, std::slice::from_ref(work))
    }

    /// Guests who buy all of these works at once.
    ///
    /// # Errors
    /// No client can be made.
    pub fn of(shop: &Shop, works: &[Work]) -> Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(from_germany())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        let works = works.iter().map(|w| (w.variant.clone(), w.minor)).collect();
        Ok(Self { client, base: shop.url(""), works, bearer: None })
    }

    /// The same as one signed-in person, by their bearer token. Their cart is one: not to be shared by purchases at the same time.
    #[must_use]
    pub fn signed_in(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    fn as_caller(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.bearer {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value> {
        let answer = self.as_caller(request).send().await?;
        let (url, status, text) = (answer.url().path().to_owned(), answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{url}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{url}: {text}"))
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Value> {
        let mut request = self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.json(request.body(body.to_string())).await
    }

    /// Puts everything into a cart; the token of a guest's new one, empty for a signed-in person's.
    ///
    /// # Errors
    /// A step does not answer as it should.
    pub async fn fill(&self) -> Result<String> {
        let mut token = String::new();
        for (variant, _) in &self.works {
            let headers = [("x-cart-token", token.as_str())];
            let headers = if token.is_empty() { &headers[..0] } else { &headers[..] };
            let added = self.post("/api/cart", headers, &json!({ "variant": variant })).await?;
            let lines = added["cart"]["count"].as_u64().unwrap_or_default();
            ensure!(lines > 0, "nothing in the cart: {added}");
            if let Some(new) = added["cart_token"].as_str() {
                token = new.to_owned();
            }
        }
        ensure!(self.bearer.is_some() || !token.is_empty(), "no cart token");
        Ok(token)
    }

    /// Places what is in a cart; the provider's page, the checkout's id and its key.
    ///
    /// # Errors
    /// As [`Buyer::fill`].
    pub async fn place(&self, cart: &str) -> Result<(String, Bought)> {
        let number = unique();
        let attempt = format!("bench-attempt-{number:016}");
        let form = json!({
            "email": format!("bench-{number}@example.org"), "country": "DE", "accept_licence": true, "accept_waiver": true,
            // Said at the form, so that a card is charged at once.
            "buy_again": true, "confirm_place": true,
        });
        let seen: i64 = self.works.iter().map(|(_, minor)| minor).sum();
        let wish = json!({ "form": form, "seen_minor": seen });
        let headers = [("idempotency-key", attempt.as_str()), ("x-cart-token", cart)];
        let headers = if cart.is_empty() { &headers[..1] } else { &headers[..] };
        let session = self.post("/api/checkout/create-session", headers, &wish).await?;
        let text = |field: &str| session[field].as_str().unwrap_or_default().to_owned();
        ensure!(!text("pay_url").is_empty(), "no payment page: {session}");
        Ok((text("pay_url"), Bought { id: text("id"), key: text("key"), assets: Vec::new() }))
    }

    /// Pays on the provider's page.
    ///
    /// # Errors
    /// The page refuses.
    pub async fn pay(&self, page: &str) -> Result<()> {
        let card = "method=card&number=4242424242424242&expiry=04%2F30&cvc=123";
        let paying = self.client.post(page).header("origin", &self.base);
        let paying = paying.header("content-type", "application/x-www-form-urlencoded").body(card);
        let paid = paying.send().await?.status();
        ensure!(paid.is_redirection() || paid.is_success(), "paying: {paid}");
        Ok(())
    }

    /// Waits until the cart is empty, which it is once the order is paid.
    async fn emptied(&self, cart: &str) -> Result<()> {
        let (begun, mut wait) = (std::time::Instant::now(), Duration::from_millis(2));
        while begun.elapsed() < PATIENCE {
            tokio::time::sleep(wait).await;
            let request = self.client.get(format!("{}/api/cart", self.base)).header("x-cart-token", cart);
            if self.json(request).await?["count"] == 0 {
                return Ok(());
            }
            wait = (wait * 2).min(Duration::from_millis(50));
        }
        anyhow::bail!("no webhook paid the order within {} s", PATIENCE.as_secs())
    }

    /// Waits until the order is paid and names its files.
    ///
    /// # Errors
    /// It is not within seconds.
    pub async fn paid(&self, mut bought: Bought) -> Result<Bought> {
        let order = format!("{}/api/orders/{}?key={}", self.base, bought.id, bought.key);
        let (begun, mut wait) = (std::time::Instant::now(), Duration::from_millis(5));
        while begun.elapsed() < PATIENCE {
            let seen = self.json(self.client.get(&order)).await?;
            if seen["state"] == "paid" {
                for part in seen["parts"].as_array().into_iter().flatten() {
                    for line in part["lines"].as_array().into_iter().flatten() {
                        let assets = line["assets"].as_str().unwrap_or_default().split(',').filter(|a| !a.is_empty());
                        bought.assets.extend(assets.map(str::to_owned));
                    }
                }
                ensure!(!bought.assets.is_empty(), "paid without files: {seen}");
                return Ok(bought);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_millis(50));
        }
        anyhow::bail!("{} is not paid", bought.id)
    }

    /// One purchase of a new guest, or of the signed-in person; the order is paid and its files are granted when it returns.
    ///
    /// # Errors
    /// A step does not answer as it should, or the order is not paid within seconds.
    pub async fn buy(&self, by: By) -> Result<Bought> {
        let cart = self.fill().await?;
        let (page, bought) = self.place(&cart).await?;
        self.pay(&page).await?;
        if by == By::Webhook {
            self.emptied(&cart).await?;
        }
        self.paid(bought).await
    }

    /// Places the signed-in person's cart several times, pays all and waits for all: orders of one buyer, quickly.
    ///
    /// # Errors
    /// As [`Buyer::buy`].
    pub async fn buy_many(&self, times: usize) -> Result<usize> {
        let cart = self.fill().await?;
        let placed = futures::future::try_join_all((0..times).map(|_| self.place(&cart))).await?;
        futures::future::try_join_all(placed.iter().map(|(page, _)| self.pay(page))).await?;
        let paid = placed.into_iter().map(|(_, bought)| self.paid(bought));
        Ok(futures::future::try_join_all(paid).await?.len())
    }

    /// A link to files of an order.
    ///
    /// # Errors
    /// It is refused.
    pub async fn link(&self, of: &Bought) -> Result<String> {
        let want = json!({ "assetIds": of.assets, "order": of.id, "key": of.key });
        let link = self.post("/api/downloads/link", &[], &want).await?;
        let url = link["url"].as_str().with_context(|| format!("no link: {link}"))?;
        Ok(url.to_owned())
    }

    /// What an address of the shop answers to this caller, as JSON.
    ///
    /// # Errors
    /// Not 2xx, or no JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.json(self.client.get(format!("{}{path}", self.base))).await
    }
}
