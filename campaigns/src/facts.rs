//! What a shop has answered, and whether it is still true.
//!
//! Invariant: a fact is noted after its answer was read to the end, so whoever was answered may rely on it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use vitrine_bench::server::{Shop, from_germany};

use crate::clients::cards::{apply, cart_with};
use crate::clients::codes::taken_off;

/// One answer a client relies on.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A cart holds that many of an edition.
    Carted {
        /// Opens the cart.
        token: String,
        /// Which edition.
        variant: String,
    },
    /// An attempt made this checkout.
    Placed {
        /// Opens the cart.
        token: String,
        /// The attempt's key.
        attempt: String,
        /// What was sent.
        wish: Value,
        /// The checkout.
        id: String,
    },
    /// The provider took the money for the order at this address.
    Captured {
        /// Path with its secret.
        order: String,
    },
    /// The order at this address was seen paid.
    Paid {
        /// Path with its secret.
        order: String,
    },
    /// A line of an order was given back.
    Refunded {
        /// Path with its secret.
        order: String,
    },
    /// A link that gave these bytes.
    Linked {
        /// Whole address.
        url: String,
        /// Path of its order with its secret.
        order: String,
        /// Length of what came.
        bytes: usize,
    },
    /// An import was taken on.
    Imported {
        /// Its id.
        id: String,
    },
    /// An archive was taken on.
    Uploaded {
        /// Its import's id.
        id: String,
    },
    /// An order was placed with a discount code.
    Discounted {
        /// Path with its secret.
        order: String,
        /// The code.
        code: String,
        /// What it takes off, in words.
        text: String,
    },
    /// Something was answered that should not be.
    Wrong {
        /// What.
        what: String,
    },
    /// A gift card was seen as bought; its code is in this mail.
    Gifted {
        /// Path.
        mail: String,
    },
    /// An order was seen paid with a gift card.
    Spent {
        /// Path with its secret.
        order: String,
        /// Who paid what.
        paid: Value,
    },
    /// What is on a gift card: as much as was issued, less what was spent, and what came back. The newest of a code counts.
    Card {
        /// Opens it.
        code: String,
        /// Minor units.
        balance: i64,
        /// What it may be as well, while an answer is waited for.
        or: Option<i64>,
        /// Files that cost more than that.
        dear: String,
    },
}

/// Facts of all clients, with when each was noted, nanoseconds of the machine's clock.
#[derive(Clone, Default)]
pub struct Facts(Arc<Mutex<Vec<(u64, Fact)>>>);

impl Facts {
    /// Notes one.
    pub fn note(&self, fact: Fact) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, fact));
    }

    /// All of them so far, and none is left.
    pub fn take(&self) -> Vec<(u64, Fact)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Those that count: of each gift card the newest one.
pub fn standing(facts: &[(u64, Fact)]) -> Vec<&Fact> {
    let code = |fact: &Fact| match fact {
        Fact::Card { code, .. } => Some(code.clone()),
        _ => None,
    };
    let mut seen = BTreeSet::new();
    let mut kept: Vec<&Fact> =
        facts.iter().rev().map(|(_, fact)| fact).filter(|fact| code(fact).is_none_or(|c| seen.insert(c))).collect();
    kept.reverse();
    kept
}

/// How many orders were placed with a code.
pub fn used(facts: &[&Fact], code: &str) -> u64 {
    facts.iter().filter(|fact| matches!(fact, Fact::Discounted { code: of, .. } if of == code)).count() as u64
}

/// What is on a gift card, minor units, as a buyer of something dear is shown it.
///
/// # Errors
/// The shop does not answer.
pub async fn on_card(client: &reqwest::Client, base: &str, code: &str, dear: &str) -> Result<i64> {
    let (token, total) = cart_with(client, base, dear).await?;
    Ok(apply(client, base, &token, code).await?.map_or(0, |due| total - due))
}

async fn json(shop: &Shop, path: &str, headers: &[(&str, &str)]) -> Result<(u16, Value)> {
    let mut request = shop.client.get(shop.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_str(&answer.text().await?).unwrap_or(Value::Null)))
}

/// Asks until it holds.
async fn until<F, Fut>(what: &str, mut holds: F) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let begun = Instant::now();
    while !holds().await? {
        ensure!(begun.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Whether an order was paid, whatever was given back of it since.
fn was_paid(seen: &Value) -> bool {
    ["paid", "partly_refunded", "refunded"].iter().any(|state| seen["state"] == *state)
}

/// States of a line that was sold.
fn states(order: &Value) -> Vec<&str> {
    let parts = order["parts"].as_array().into_iter().flatten();
    parts.flat_map(|p| p["lines"].as_array().into_iter().flatten()).filter_map(|l| l["state"].as_str()).collect()
}

impl Fact {
    /// Asks the shop whether this is still so; `key` opens imports.
    ///
    /// # Errors
    /// It is not, or the shop does not answer.
    pub async fn holds(&self, shop: &Shop, key: &str) -> Result<()> {
        match self {
            Self::Carted { token, variant } => {
                let (status, cart) = json(shop, "/api/cart", &[("x-cart-token", token)]).await?;
                ensure!(
                    status == 200 && cart.to_string().contains(variant.as_str()),
                    "an answered cart add is gone: {cart}"
                );
            }
            Self::Placed { token, attempt, wish, id } => {
                let request = shop.client.post(shop.url("/api/checkout/create-session"));
                let request = request.header("x-cart-token", token).header("idempotency-key", attempt);
                let answer = request.header("content-type", "application/json").body(wish.to_string()).send().await?;
                let status = answer.status();
                let text = answer.text().await?;
                ensure!(
                    status.is_success() && text.contains(id.as_str()),
                    "an answered attempt answers {status} {text}"
                );
            }
            Self::Captured { order } => {
                until("money that the provider took made no paid order", || async {
                    Ok(was_paid(&json(shop, order, &[]).await?.1))
                })
                .await?;
            }
            Self::Paid { order } => {
                let (status, seen) = json(shop, order, &[]).await?;
                ensure!(status == 200 && was_paid(&seen), "an order seen paid is {status} {}", seen["state"]);
            }
            Self::Refunded { order } => {
                let (_, seen) = json(shop, order, &[]).await?;
                ensure!(states(&seen).contains(&"fulfil-refunded"), "an answered refund is gone: {seen}");
            }
            Self::Linked { url, order, bytes } => {
                // A line that was given back since closes its links.
                let (_, seen) = json(shop, order, &[]).await?;
                if seen["state"] != "paid" || states(&seen).contains(&"fulfil-refunded") {
                    return Ok(());
                }
                let answer = shop.client.get(url).send().await?;
                let status = answer.status();
                let got = answer.bytes().await.context("a download broke off")?.len();
                ensure!(
                    status.is_success() && got == *bytes,
                    "an answered link gives {status}, {got} bytes of {bytes}"
                );
            }
            Self::Imported { id } | Self::Uploaded { id } => {
                let path = format!("/api/admin/catalog/import/{id}");
                until("an import that was taken on has no report", || async {
                    let (status, report) = json(shop, &path, &[("x-api-key", key)]).await?;
                    ensure!(status != 404, "an import that was taken on is not known: {report}");
                    let refused = report["counts"].as_array().is_some_and(|all| all.iter().any(|c| c[0] == "refused"));
                    ensure!(!refused, "rows without a fault are refused: {report}");
                    Ok(status == 200)
                })
                .await?;
            }
            Self::Discounted { order, code, text } => {
                let (status, seen) = json(shop, order, &[]).await?;
                let off = taken_off(&seen["parts"][0]["sums"], code);
                ensure!(status == 200 && off.as_ref() == Some(text), "{code} took {text} off, now {off:?}: {seen}");
            }
            Self::Wrong { what } => bail!("{what}"),
            Self::Gifted { mail } => {
                until("a gift card that was bought is not sent", || async {
                    Ok(shop.client.get(shop.url(mail)).send().await?.status().is_success())
                })
                .await?;
            }
            Self::Spent { order, paid } => {
                let (_, seen) = json(shop, order, &[]).await?;
                ensure!(was_paid(&seen) && seen["paid"] == *paid, "{paid} paid, now {seen}");
            }
            Self::Card { code, balance, or, dear } => {
                let client = buyer()?;
                let begun = Instant::now();
                loop {
                    let seen = on_card(&client, &shop.url(""), code, dear).await?;
                    if seen == *balance || Some(seen) == *or {
                        break;
                    }
                    ensure!(begun.elapsed() < Duration::from_secs(10), "{seen} is on a card of {balance}, or {or:?}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        Ok(())
    }
}

/// Who follows no redirect.
fn buyer() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder().default_headers(from_germany());
    Ok(client.redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(30)).build()?)
}
