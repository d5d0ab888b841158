//! Guests who buy through the REST interface and do not give up: whatever dies in the middle, they repeat the same step with the same key.
//!
//! Invariants: a step is repeated with the same idempotency key; what a buyer was told is written down, so that a campaign can
//! ask later whether it is still true.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use vitrine_bench::server::{Shop, from_germany};

use crate::clients::codes::taken_off;

/// How long one step is repeated.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an attempt may be under way until a buyer begins another one.
const IN_FLIGHT: Duration = Duration::from_secs(3);

/// What is bought.
#[derive(Clone, Debug)]
pub struct Ware {
    /// Variant id.
    pub variant: String,
    /// Comes in a parcel.
    pub physical: bool,
}

/// One who buys, from one address of the shop.
#[derive(Clone, Debug)]
pub struct Buyer {
    client: reqwest::Client,
    base: String,
}

/// What a buyer was told at the end.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Checkout id.
    pub id: String,
    /// Its secret.
    pub key: String,
    /// When it was seen as paid.
    pub paid: Instant,
    /// The same, UTC milliseconds.
    pub paid_ms: i64,
}

/// How a purchase ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// Paid.
    Paid(Receipt),
    /// The shop said that it is sold out, or that the buyer came too late.
    Refused,
}

/// UTC milliseconds.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Editions sold in Germany: of every work, digital and physical ones.
///
/// # Errors
/// The shop does not answer, or sells nothing.
pub async fn wares(shop: &Shop) -> Result<Vec<Ware>> {
    let list = shop.json("/api/public/catalog/search").await?;
    let mut wares = Vec::new();
    for card in list["items"].as_array().into_iter().flatten() {
        let id = card["id"].as_str().unwrap_or_default();
        let item = shop.json(&format!("/api/public/catalog/items/{id}")).await?;
        for edition in item["editions"].as_array().into_iter().flatten() {
            if edition["price"]["minor"].as_i64().is_some_and(|m| m > 0) {
                let variant = edition["variant"].as_str().unwrap_or_default().to_owned();
                wares.push(Ware { variant, physical: edition["physical"] == true });
            }
        }
    }
    ensure!(!wares.is_empty(), "nothing is sold here");
    Ok(wares)
}

impl Buyer {
    /// Who buys at this address; each request takes a connection of its own, so that a proxy can choose another node for it.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(base: &str) -> Result<Self> {
        let client = reqwest::Client::builder()
            .default_headers(from_germany())
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(15));
        Ok(Self { client: client.build()?, base: base.to_owned() })
    }

    /// Repeats a request until somebody answers it with anything but a fault of the server; body and status.
    async fn insist(&self, what: &str, make: impl Fn() -> reqwest::RequestBuilder) -> Result<(StatusCode, String)> {
        let begun = Instant::now();
        let mut last = String::new();
        while begun.elapsed() < PATIENCE {
            match make().send().await {
                Ok(answer) => {
                    let status = answer.status();
                    match answer.text().await {
                        Ok(text) if status.is_server_error() => last = format!("{status} {text}"),
                        // The attempt of before the fault may still be worked on; not for long.
                        Ok(text) if text.contains("attempt_in_flight") && begun.elapsed() < IN_FLIGHT => last = text,
                        Ok(_) if status == StatusCode::TOO_MANY_REQUESTS => last = status.to_string(),
                        Ok(text) => return Ok((status, text)),
                        Err(fault) => last = fault.to_string(),
                    }
                }
                Err(fault) => last = fault.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("{what}: {last}")
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<(StatusCode, Value)> {
        let (status, text) = self
            .insist(path, || {
                let mut request =
                    self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                request.body(body.to_string())
            })
            .await?;
        Ok((status, serde_json::from_str(&text).with_context(|| format!("{path}: {status} {text}"))?))
    }

    /// How an order stands; `None`: there is no such order.
    ///
    /// # Errors
    /// The shop does not answer.
    pub async fn order(&self, id: &str, key: &str) -> Result<Option<Value>> {
        let address = format!("{}/api/orders/{id}?key={key}", self.base);
        let (status, text) = self.insist("the order", || self.client.get(&address)).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => Ok(Some(serde_json::from_str(&text)?)),
            _ => bail!("the order: {status} {text}"),
        }
    }

    /// A link to the files of a purchase that was seen as paid.
    ///
    /// # Errors
    /// The shop does not make one.
    pub async fn link(&self, receipt: &Receipt) -> Result<String> {
        let order = self.order(&receipt.id, &receipt.key).await?.with_context(|| format!("{} is gone", receipt.id))?;
        let files = order["parts"][0]["lines"][0]["assets"].as_str().unwrap_or_default();
        let files: Vec<&str> = files.split(',').filter(|id| !id.is_empty()).collect();
        let wish = json!({ "assetIds": files, "order": receipt.id, "key": receipt.key });
        let (status, link) = self.post("/api/downloads/link", &[], &wish).await?;
        let url = link["url"].as_str().with_context(|| format!("no link: {status} {link}"))?;
        Ok(url.to_owned())
    }

    /// One purchase of a new guest, named by `attempt`.
    ///
    /// # Errors
    /// The shop does not do what it should.
    pub async fn buy(&self, ware: &Ware, attempt: &str) -> Result<Ended> {
        self.buy_with(ware, attempt, None).await
    }

    /// The same with a discount code; refused if it takes nothing off any more.
    ///
    /// # Errors
    /// The shop does not do what it should.
    pub async fn buy_with(&self, ware: &Ware, attempt: &str, code: Option<&str>) -> Result<Ended> {
        match self.place_with(ware, attempt, code).await? {
            Some(session) => self.pay(&session, code).await,
            None => Ok(Ended::Refused),
        }
    }

    /// Places one edition for a new guest; what was answered, `None`: it is refused, as [`Buyer::buy_with`] says.
    ///
    /// # Errors
    /// The shop does not do what it should.
    pub async fn place_with(&self, ware: &Ware, attempt: &str, code: Option<&str>) -> Result<Option<Value>> {
        let (status, added) = self.post("/api/cart", &[], &json!({ "variant": ware.variant })).await?;
        if !status.is_success() {
            return refused(status, &added).map(|()| None);
        }
        let token = added["cart_token"].as_str().context("no cart token")?;
        let mut cart = added["cart"].clone();
        if let Some(code) = code {
            let (status, with) =
                self.post("/api/cart/codes", &[("x-cart-token", token)], &json!({ "code": code })).await?;
            ensure!(status.is_success(), "a code: {status} {with}");
            if taken_off(&with["sellers"][0]["sums"], code).is_none() {
                return Ok(None);
            }
            cart = with;
        }
        let mut form = json!({
            "email": format!("{attempt}@example.org"), "country": "DE", "accept_licence": true, "accept_waiver": true,
            // Said at the form, so that a card is charged at once.
            "buy_again": true, "confirm_place": true,
        });
        if ware.physical {
            let address = json!({ "name": "Gast Muster", "line1": "Weg 1", "postcode": "10115", "city": "Berlin" });
            for (name, value) in address.as_object().into_iter().flatten() {
                form[name] = value.clone();
            }
        }
        let wish = json!({ "form": form, "seen_minor": cart["total_minor"] });
        let place = async |attempt: &str| {
            let headers = [("x-cart-token", token), ("idempotency-key", attempt)];
            self.post("/api/checkout/create-session", &headers, &wish).await
        };
        let (mut status, mut session) = place(attempt).await?;
        // Its node died in the middle: its hold ends by itself, the buyer begins anew.
        if session["code"] == "attempt_in_flight" {
            (status, session) = place(&format!("{attempt}-again")).await?;
        }
        if code.is_some() && ["discount_gone", "price_changed"].iter().any(|word| session["code"] == *word) {
            return Ok(None);
        }
        if !status.is_success() {
            return refused(status, &session).map(|()| None);
        }
        Ok(Some(session))
    }

    /// Pays what was placed and waits until it is seen paid.
    async fn pay(&self, session: &Value, code: Option<&str>) -> Result<Ended> {
        let pay = session["pay_url"].as_str().context("no payment page")?;
        let (id, key) = (session["id"].as_str().unwrap_or_default(), session["key"].as_str().unwrap_or_default());
        let card = "method=card&number=4242424242424242&expiry=04%2F30&cvc=123";
        let paying = || {
            let paying = self.client.post(pay).header("origin", &self.base);
            paying.header("content-type", "application/x-www-form-urlencoded").body(card)
        };
        self.insist("paying", paying).await?;
        let begun = Instant::now();
        let mut seen = Value::Null;
        while begun.elapsed() < PATIENCE {
            let Some(order) = self.order(id, key).await? else { bail!("{id} is not there") };
            if order["state"] == "paid" {
                let off = code.is_none_or(|code| taken_off(&order["parts"][0]["sums"], code).is_some());
                ensure!(off, "{id} was placed with a code and is paid without: {order}");
                let receipt = Receipt { id: id.into(), key: key.into(), paid: Instant::now(), paid_ms: now_ms() };
                return Ok(Ended::Paid(receipt));
            }
            if ["failed", "refunded"].iter().any(|s| order["state"] == *s) {
                return Ok(Ended::Refused);
            }
            seen = order;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{id} is not paid: {}", seen["state"])
    }
}

/// Sold out is an answer; anything else is a fault.
fn refused(status: StatusCode, answer: &Value) -> Result<()> {
    let text = answer.to_string();
    if ["sold_out", "cart_not_ready"].iter().any(|word| text.contains(word)) {
        return Ok(());
    }
    bail!("{status} {text}")
}
