//! Living on a gift card: it is bought, comes by mail, pays for all or a part of orders, and they go back to it.
//!
//! Invariant: a card belongs to one client, who does one thing at a time with it. So what is on it is known, or is one of two amounts
//! while an answer is waited for.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::LOCATION;
use serde_json::{Value, json};

use super::{Clients, Placed, What};
use crate::facts::{Fact, on_card};

/// On a new card, minor units: two and a half times what the files cost.
const ISSUED: i64 = 2000;
/// Purchases and returns with one card, then another one is bought.
const ACTS: usize = 12;

/// A card and what was done with it.
struct Card {
    code: String,
    balance: i64,
    /// Orders it paid for, with how much: part, path, minor units.
    spent: Vec<(String, String, i64)>,
}

/// What stands between two words of a page.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(found, _)| found)
}

impl Clients {
    /// Buys a card and lives on it for a while.
    pub(super) async fn live_on_a_card(&self) -> Result<()> {
        let mut card = self.buy_card().await?;
        for _ in 0..ACTS {
            if card.balance > 0 && card.spent.len() < 3 {
                self.spend(&mut card).await?;
            } else {
                self.take_back(&mut card).await?;
            }
        }
        Ok(())
    }

    fn note_card(&self, card: &Card, or: Option<i64>) {
        let (code, dear) = (card.code.clone(), self.goods.dear.clone());
        self.facts.note(Fact::Card { code, balance: card.balance, or, dear });
    }

    /// Buys a card for somebody else, who reads the mail.
    async fn buy_card(&self) -> Result<Card> {
        let number = self.number();
        let form = format!(
            "attempt=campaign-gift-{number:020}&currency=EUR&amount=named&named=20.00&pieces=1&email=giver-{number}%40example.org\
             &to=other&recipient=Gerda&recipient_email=gifted-{number}%40example.org&sender=Gero&message=Well&day="
        );
        let request = self.client.post(format!("{}/gift-cards/nordlicht/buy", self.base)).header("origin", &self.base);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await?;
        let page = place(&answer)?;
        ensure!(page.contains("/simulator/pay/"), "buying a gift card leads to {page}");
        let done = place(&self.pay_at(&page).await?)?;
        let back = self.client.get(format!("{}{done}", self.base)).send().await?.text().await?;
        let order = between(&back, "/orders/", "\"").with_context(|| format!("no way back: {back}"))?;
        let order = format!("/api/orders/{}", order.replace("&amp;", "&"));
        self.facts.note(Fact::Captured { order: order.clone() });
        let seen = self.seen_paid(&order).await?;
        let account = seen["parts"][0]["lines"][0]["cards"][0]["id"].as_str().context("an order without its card")?;
        let mail = format!("/dev/outbox/mail?key=gift%2F{account}%2Ffirst");
        self.facts.note(Fact::Gifted { mail: mail.clone() });
        let begun = Instant::now();
        loop {
            let answer = self.client.get(format!("{}{mail}", self.base)).send().await?;
            if answer.status().is_success() {
                let text = answer.text().await?;
                let code = between(&text, "Code: ", "\n").with_context(|| format!("no code in {text}"))?.trim();
                let card = Card { code: code.to_owned(), balance: ISSUED, spent: Vec::new() };
                self.note_card(&card, None);
                return Ok(card);
            }
            ensure!(begun.elapsed() < Duration::from_secs(20), "a gift card is not sent");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Buys files with the card; what it cannot pay is paid with another.
    async fn spend(&self, card: &mut Card) -> Result<()> {
        let token = self.filled(What::Files).await?;
        let email = format!("card-{}@example.org", self.number());
        let due = apply(&self.client, &self.base, &token, &card.code)
            .await?
            .context("a card with money on it pays nothing")?;
        let price = self.total(&token).await?;
        let takes = price - due;
        ensure!((1..=card.balance).contains(&takes), "a card with {} on it pays {takes}", card.balance);
        self.note_card(card, Some(card.balance - takes));
        let (session, order) = match self.place_cart(token, &email, (price, Some(due))).await? {
            Placed::Yes(session, order) => (session, order),
            Placed::Refused(problem) => bail!("with a gift card: {problem}"),
        };
        card.balance -= takes;
        self.note_card(card, None);
        let seen = self.pay(&session, &order).await?;
        let paid = seen["paid"].clone();
        ensure!(paid[0]["key"] == "paid-gift_card", "{order} was not paid by the card: {paid}");
        self.facts.note(Fact::Spent { order: order.clone(), paid });
        let part = seen["parts"][0]["id"].as_str().unwrap_or_default().to_owned();
        card.spent.push((part, order, takes));
        Ok(())
    }

    /// Staff give an order back; what the card paid is on it again.
    async fn take_back(&self, card: &mut Card) -> Result<()> {
        let Some((part, order, took)) = card.spent.pop() else { bail!("an empty card that nothing was bought with") };
        self.note_card(card, Some(card.balance + took));
        ensure!(self.refund(&part).await?, "{order} is not given back");
        card.balance += took;
        self.facts.note(Fact::Refunded { order });
        self.note_card(card, None);
        let begun = Instant::now();
        loop {
            let seen = on_card(&self.client, &self.base, &card.code, &self.goods.dear).await?;
            if seen == card.balance {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(20), "{seen} is on a card of {}", card.balance);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Where an answer leads.
fn place(answer: &reqwest::Response) -> Result<String> {
    let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
    to.map(str::to_owned).with_context(|| format!("{} leads nowhere", answer.status()))
}

/// Applies a gift card's code to a cart; what is left to pay then, `None`: the code pays nothing.
///
/// # Errors
/// The shop does not answer.
pub async fn apply(client: &reqwest::Client, base: &str, token: &str, code: &str) -> Result<Option<i64>> {
    let form = format!("code={code}&email=somebody%40example.org&country=DE");
    let request = client.post(format!("{base}/checkout/place")).header("origin", base).header("x-cart-token", token);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await?;
    let status = answer.status();
    ensure!(status.is_redirection(), "a gift card's code: {status} {}", answer.text().await?);
    let answer = client.get(format!("{base}/rpc/trade/checkout")).header("x-cart-token", token).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    let seen: Value = serde_json::from_str(&text).with_context(|| format!("the checkout: {status} {text}"))?;
    let value = &seen["value"];
    let applied = value["codes"].as_array().is_some_and(|codes| !codes.is_empty());
    match (applied, value["due_minor"].as_i64()) {
        (false, _) => Ok(None),
        (true, Some(due)) => Ok(Some(due)),
        (true, None) => bail!("a checkout without what is left to pay: {text}"),
    }
}

/// A new cart with one edition.
///
/// # Errors
/// The shop refuses.
pub async fn cart_with(client: &reqwest::Client, base: &str, variant: &str) -> Result<(String, i64)> {
    let request = client.post(format!("{base}/api/cart")).header("content-type", "application/json");
    let text = request.body(json!({ "variant": variant }).to_string()).send().await?.text().await?;
    let added: Value = serde_json::from_str(&text)?;
    let token = added["cart_token"].as_str().with_context(|| format!("no cart: {text}"))?;
    let total = added["cart"]["total_minor"].as_i64().with_context(|| format!("no total: {text}"))?;
    Ok((token.to_owned(), total))
}
