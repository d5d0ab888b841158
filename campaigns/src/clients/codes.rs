//! Buying with discount codes of limited use: by everybody together, and by one customer.
//!
//! Invariant: who was answered that an order is placed with a code has its discount, and nobody has it beyond the limit.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Clients, Placed, What};
use crate::facts::{Fact, used};
use crate::ground::USES;

/// How many clients use each kind of code at once: as many attempts may be under way when the shop goes.
pub const AT_ONCE: usize = 2;

/// What a cart or an order says that a code takes off, in words; `None`: nothing.
pub fn taken_off(sums: &Value, code: &str) -> Option<String> {
    let mut sums = sums.as_array().into_iter().flatten();
    let row = sums.find(|row| row["key"] == "sum-discount" && row["detail"] == code);
    row.and_then(|row| row["text"].as_str()).map(str::to_owned)
}

/// A word for why a code gives nothing any more; anything else is a fault.
fn gone(problem: &Value) -> Result<()> {
    match problem["code"].as_str() {
        Some("discount_gone" | "price_changed") => Ok(()),
        _ => bail!("placing with a code: {problem}"),
    }
}

impl Clients {
    /// One purchase with the code of limited use, or a look at the cart that says it is used up.
    pub(super) async fn buy_with_few(&self) -> Result<()> {
        let email = format!("few-{}@example.org", self.number());
        self.buy_with(&self.goods.few, &email).await
    }

    /// One purchase of the same customer as ever with the code that each may use once, or a look.
    pub(super) async fn buy_with_once(&self) -> Result<()> {
        self.buy_with(&self.goods.once, &self.regular).await
    }

    async fn buy_with(&self, code: &str, email: &str) -> Result<()> {
        match self.place_with(code, email).await? {
            Some((session, order)) => {
                let seen = self.pay(&session, &order).await?;
                self.download(&session, &order, &seen).await
            }
            None => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(())
            }
        }
    }

    /// Places files with a code; `None`: it gives nothing any more.
    async fn place_with(&self, code: &str, email: &str) -> Result<Option<(Value, String)>> {
        let token = self.filled(What::Files).await?;
        let (status, cart) = self.ask("/api/cart/codes", &[("x-cart-token", &token)], &json!({ "code": code })).await?;
        ensure!(status.is_success(), "a code: {status} {cart}");
        let Some(text) = taken_off(&cart["sellers"][0]["sums"], code) else { return Ok(None) };
        let seen = cart["total_minor"].as_i64().unwrap_or_default();
        match self.place_cart(token, email, (seen, None)).await? {
            Placed::Yes(session, order) => {
                self.facts.note(Fact::Discounted { order: order.clone(), code: code.to_owned(), text });
                Ok(Some((session, order)))
            }
            Placed::Refused(problem) => gone(&problem).map(|()| None),
        }
    }

    /// Takes each use of the code of limited use, and has each card declined.
    ///
    /// # Errors
    /// A step does not answer as it should.
    pub async fn decline_all(&self) -> Result<()> {
        let card = "method=card&number=4000000000000002&expiry=04%2F30&cvc=123";
        for _ in 0..USES {
            let email = format!("declined-{}@example.org", self.number());
            let (session, _) = self.place_with(&self.goods.few, &email).await?.context("a code is used up too soon")?;
            let paying = self.client.post(session["pay_url"].as_str().unwrap_or_default()).header("origin", &self.base);
            let paying = paying.header("content-type", "application/x-www-form-urlencoded").body(card);
            let status = paying.send().await?.status();
            ensure!(status.as_u16() == 402, "a declined card is {status}");
        }
        Ok(())
    }

    /// Uses up what is left of the codes: with what was answered before they are used exactly as often as they may be, but for attempts
    /// that nobody was answered.
    ///
    /// # Errors
    /// One is used more often, or less.
    pub async fn use_up(&self, facts: &[&Fact]) -> Result<()> {
        for (code, most, regular) in [(self.goods.few.as_str(), USES, false), (self.goods.once.as_str(), 1, true)] {
            let before = used(facts, code);
            let mut after = 0;
            loop {
                let email = if regular { self.regular.clone() } else { format!("last-{}@example.org", self.number()) };
                let Some(_placed) = self.place_with(code, &email).await? else { break };
                after += 1;
                ensure!(before + after <= most, "{code} of {most} uses gave {before} before and {after} after");
            }
            let unanswered = AT_ONCE as u64;
            ensure!(before <= most, "{code} of {most} uses gave {before}");
            ensure!(
                before + after + unanswered >= most,
                "of {code} with {most} uses {before} were had before and {after} after: some are lost"
            );
        }
        Ok(())
    }
}
