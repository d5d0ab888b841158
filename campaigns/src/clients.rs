//! Clients that do everything a shop is there for, until it is gone: each notes what it was answered.
//!
//! Discount codes are in `codes.rs`, gift cards in `cards.rs`, imports in `imports.rs`.

pub mod cards;
pub mod codes;
mod imports;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::{Shop, from_germany};

use crate::facts::{Fact, Facts};
use crate::ground::CODES;

/// What can be bought.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Files, and what they cost here.
    pub files: String,
    /// A parcel.
    pub parcel: String,
    /// Files that cost nothing.
    pub free: String,
    /// Files that cost more than is on any gift card of campaigns.
    pub dear: String,
    /// The code of limited use that is bought with.
    pub few: String,
    /// The code that each customer can use once.
    pub once: String,
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
            dear: find("dear+tide").await?,
            few: few(0),
            once: once(0),
        })
    }
}

/// The code of limited use with this number.
pub fn few(number: u64) -> String {
    format!("FEW{:02}", number % CODES)
}

/// The code of one use a customer with this number.
pub fn once(number: u64) -> String {
    format!("ONCE{:02}", number % CODES)
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
    /// One customer, who comes again and again.
    regular: String,
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
            regular: format!("regular-{seed}@example.org"),
            paid: Arc::default(),
        })
    }

    /// The same customers, who send nothing that they sent before.
    #[must_use]
    pub fn later(self) -> Self {
        self.numbers.fetch_add(1 << 19, Ordering::Relaxed);
        self
    }

    /// All of them at once, until their tasks are aborted or the shop is gone.
    pub fn all(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let mut acts = vec![Act::Buy(What::Files), Act::Buy(What::Parcel), Act::Buy(What::Both), Act::Buy(What::Free)];
        acts.extend([Act::Few, Act::Once].repeat(codes::AT_ONCE));
        acts.extend([Act::Card, Act::GiveBack, Act::Import, Act::Upload]);
        let begun = acts.into_iter().map(|act| {
            let clients = self.clone();
            tokio::spawn(async move { while clients.goes_on(act).await {} })
        });
        begun.collect()
    }

    /// Does it once; whether to go on. What the shop answered wrongly is noted, that it is gone is not.
    async fn goes_on(&self, act: Act) -> bool {
        let done = match act {
            Act::Buy(what) => self.buy(what).await,
            Act::Few => self.buy_with_few().await,
            Act::Once => self.buy_with_once().await,
            Act::Card => self.live_on_a_card().await,
            Act::GiveBack => self.give_back().await,
            Act::Import => self.import().await,
            Act::Upload => self.upload().await,
        };
        let Err(fault) = done else { return true };
        if !fault.chain().any(|cause| cause.is::<reqwest::Error>()) {
            self.facts.note(Fact::Wrong { what: format!("{act:?}: {fault:#}") });
        }
        false
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends JSON; what came of it.
    async fn ask(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<(reqwest::StatusCode, Value)> {
        let mut request = self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_string()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        Ok((status, serde_json::from_str(&text).with_context(|| format!("{path}: {status} {text}"))?))
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Value> {
        let (status, answer) = self.ask(path, headers, body).await?;
        ensure!(status.is_success(), "{path}: {status} {answer}");
        Ok(answer)
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

    /// What can be bought.
    pub fn goods(&self) -> &Goods {
        &self.goods
    }

    /// Places one edition for somebody: what was answered, and the order's path with its secret.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn place_one(&self, variant: &str, email: &str) -> Result<(Value, String)> {
        let token = self.cart_of(&[variant]).await?;
        let seen = self.total(&token).await?;
        match self.place_cart(token, email, (seen, None)).await? {
            Placed::Yes(session, order) => Ok((session, order)),
            Placed::Refused(problem) => bail!("placing: {problem}"),
        }
    }

    /// What was answered, and the order's path with its secret.
    async fn placed(&self, what: What) -> Result<(Value, String)> {
        let token = self.filled(what).await?;
        let email = format!("campaign-{}@example.org", self.number());
        let seen = self.total(&token).await?;
        match self.place_cart(token, &email, (seen, None)).await? {
            Placed::Yes(session, order) => Ok((session, order)),
            Placed::Refused(problem) => bail!("placing: {problem}"),
        }
    }

    /// A new cart with this in it.
    async fn filled(&self, what: What) -> Result<String> {
        match what {
            What::Files => self.cart_of(&[&self.goods.files]).await,
            What::Parcel => self.cart_of(&[&self.goods.parcel]).await,
            What::Both => self.cart_of(&[&self.goods.files, &self.goods.parcel]).await,
            What::Free => self.cart_of(&[&self.goods.free]).await,
        }
    }

    /// A new cart with these editions in it.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn cart_of(&self, variants: &[&str]) -> Result<String> {
        let mut token = String::new();
        for variant in variants {
            let headers = [("x-cart-token", token.as_str())];
            let headers = if token.is_empty() { &[][..] } else { &headers[..] };
            let added = self.post("/api/cart", headers, &json!({ "variant": variant })).await?;
            if let Some(new) = added["cart_token"].as_str().filter(|_| token.is_empty()) {
                token = new.to_owned();
            }
        }
        ensure!(!token.is_empty(), "no cart token");
        Ok(token)
    }

    /// What a cart comes to, minor units.
    async fn total(&self, token: &str) -> Result<i64> {
        let request = self.client.get(format!("{}/api/cart", self.base)).header("x-cart-token", token);
        let text = request.send().await?.text().await?;
        let cart: Value = serde_json::from_str(&text)?;
        cart["total_minor"].as_i64().with_context(|| format!("no total: {text}"))
    }

    /// Places a cart as its total was shown, and what stored value leaves to pay of it; minor units.
    async fn place_cart(&self, token: String, email: &str, seen: (i64, Option<i64>)) -> Result<Placed> {
        let form = json!({
            "email": email, "name": "Cora Campaign", "line1": "Weg 1", "city": "Berlin",
            "postcode": "10115", "country": "DE", "accept_licence": true, "accept_waiver": true,
            // Said at the form, so that a card is charged at once.
            "buy_again": true, "confirm_place": true,
        });
        let attempt = format!("campaign-{:020}", self.number());
        let headers = [("x-cart-token", token.as_str()), ("idempotency-key", attempt.as_str())];
        let wish = json!({ "form": form, "seen_minor": seen.0, "due_minor": seen.1 });
        let (status, session) = self.ask("/api/checkout/create-session", &headers, &wish).await?;
        if status.as_u16() == 409 {
            return Ok(Placed::Refused(session));
        }
        ensure!(status.is_success(), "placing: {status} {session}");
        let id = session["id"].as_str().context("no id")?.to_owned();
        let order = format!("/api/orders/{id}?key={}", session["key"].as_str().unwrap_or_default());
        self.facts.note(Fact::Placed { token, attempt, wish, id });
        Ok(Placed::Yes(session, order))
    }

    /// One purchase from the empty cart to the download.
    ///
    /// # Errors
    /// A step does not answer as it should.
    pub async fn buy_surely(&self, what: What) -> Result<()> {
        let (session, order) = self.placed(what).await?;
        let seen = self.pay(&session, &order).await?;
        self.download(&session, &order, &seen).await?;
        // From now on staff may give it back, which ends its links.
        let part = seen["parts"][0]["id"].as_str().unwrap_or_default().to_owned();
        if what != What::Free {
            self.paid.lock().unwrap_or_else(PoisonError::into_inner).push((part, order));
        }
        Ok(())
    }

    /// Pays on the provider's page with a card that is good.
    async fn pay_at(&self, page: &str) -> Result<reqwest::Response> {
        self.pay_page(page, "method=card&number=4242424242424242&expiry=04%2F30&cvc=123").await
    }

    /// Sends the form of the provider's page.
    ///
    /// # Errors
    /// It does not lead on.
    pub async fn pay_page(&self, page: &str, form: &str) -> Result<reqwest::Response> {
        let paying = self.client.post(page).header("origin", &self.base);
        let paying = paying.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let paid = paying.send().await?;
        ensure!(paid.status().is_redirection(), "paying: {}", paid.status());
        Ok(paid)
    }

    /// Pays what is left to pay of a placed order, and waits until it is seen paid.
    async fn pay(&self, session: &Value, order: &str) -> Result<Value> {
        if let Some(page) = session["pay_url"].as_str() {
            self.pay_at(page).await?;
            self.facts.note(Fact::Captured { order: order.to_owned() });
        }
        self.seen_paid(order).await
    }

    /// Waits until an order is seen paid.
    async fn seen_paid(&self, order: &str) -> Result<Value> {
        let begun = Instant::now();
        let mut seen = self.get(order).await?;
        while seen["state"] != "paid" {
            ensure!(begun.elapsed() < Duration::from_secs(20), "{order} is {}", seen["state"]);
            tokio::time::sleep(Duration::from_millis(5)).await;
            seen = self.get(order).await?;
        }
        self.facts.note(Fact::Paid { order: order.to_owned() });
        Ok(seen)
    }

    /// Opens a link to the files of a paid order, if it has any.
    async fn download(&self, session: &Value, order: &str, seen: &Value) -> Result<()> {
        let assets = assets(seen);
        if !assets.is_empty() {
            let url = self.link(session, &assets).await?;
            let answer = self.client.get(&url).send().await?;
            ensure!(answer.status().is_success(), "a download: {}", answer.status());
            let bytes = answer.bytes().await?.len();
            self.facts.note(Fact::Linked { url, order: order.to_owned(), bytes });
        }
        Ok(())
    }

    async fn link(&self, session: &Value, assets: &[&str]) -> Result<String> {
        let want = json!({ "assetIds": assets, "order": session["id"], "key": session["key"] });
        let link = self.post("/api/downloads/link", &[], &want).await?;
        Ok(link["url"].as_str().context("no link")?.to_owned())
    }

    /// Buys files; a link to the first of them alone, not opened yet.
    ///
    /// # Errors
    /// A step does not answer as it should.
    pub async fn link_to_first(&self) -> Result<String> {
        let (session, order) = self.placed(What::Files).await?;
        let seen = self.pay(&session, &order).await?;
        self.link(&session, &assets(&seen)[..1]).await
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
        if self.refund(&part).await? {
            self.facts.note(Fact::Refunded { order });
        }
        Ok(())
    }

    /// Gives the first line of an order back; whether the desk says that it is done.
    async fn refund(&self, part: &str) -> Result<bool> {
        let form = format!("line=0&restock=1&reason=broken&attempt=back-{}", self.number());
        let request = self.client.post(format!("{}/admin/orders/{part}/refund", self.base));
        let request = request.header("x-api-key", &self.key).header("origin", &self.base);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await?;
        let to = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default();
        Ok(answer.status().is_redirection() && to.ends_with("?done=1"))
    }
}

/// Files of an order's first line.
fn assets(seen: &Value) -> Vec<&str> {
    let all = seen["parts"][0]["lines"][0]["assets"].as_str().unwrap_or_default();
    all.split(',').filter(|a| !a.is_empty()).collect()
}

/// What a client does, again and again.
#[derive(Clone, Copy, Debug)]
enum Act {
    Buy(What),
    Few,
    Once,
    Card,
    GiveBack,
    Import,
    Upload,
}

/// What placing came to.
enum Placed {
    /// What was answered, and the order's path with its secret.
    Yes(Value, String),
    /// Why not, as the shop says it: something changed meanwhile.
    Refused(Value),
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
