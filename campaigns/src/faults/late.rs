//! The provider tells weeks later: its real webhook, signed when it is sent, about what happened long before.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vitrine_bench::server::Shop;

use super::Case;
use crate::clients::{Clients, What};
use crate::ground::quiet;

/// How late an event comes, seconds, and how far the clock then is.
const WEEKS: u64 = 21 * 24 * 60 * 60;
/// Deliveries of an event beyond the first.
const AGAIN: u64 = 2;
/// Pieces of the book in the market.
const BOOKS: usize = 5;

/// An order with its payment page and whose it is.
struct Open {
    page: String,
    order: String,
    email: String,
}

/// Webhooks that were taken so far.
async fn handled(shop: &Shop) -> Result<u64> {
    let numbers = shop.metrics().await?;
    let line = numbers.lines().find(|l| l.starts_with("webhooks_total") && l.contains("\"handled\""));
    Ok(line.and_then(|l| l.rsplit(' ').next()?.parse().ok()).unwrap_or_default())
}

/// Mails to each of these, by subject.
async fn mails(shop: &Shop, to: &[&str]) -> Result<Vec<Vec<String>>> {
    let page = shop.text("/dev/outbox").await?;
    let mut all: Vec<(String, String)> = Vec::new();
    for row in page.split("</li>") {
        let Some((link, to)) = row.rsplit_once("</a> to ") else { continue };
        all.push((to.trim().to_owned(), link.rsplit('>').next().unwrap_or_default().to_owned()));
    }
    let of = |whose: &&str| all.iter().filter(|(to, _)| to == whose).map(|(_, subject)| subject.clone()).collect();
    Ok(to.iter().map(of).collect())
}

impl Case {
    async fn opened(&self, clients: &Clients, variant: &str, name: &str) -> Result<Open> {
        let email = format!("{name}@example.org");
        let (session, order) = clients.place_one(variant, &email).await?;
        let page = session["pay_url"].as_str().context("nothing to pay")?.to_owned();
        Ok(Open { page, order, email })
    }

    async fn becomes(&self, shop: &Shop, order: &str, state: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let seen = shop.json(order).await?;
            if seen["state"] == state {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(60), "{order} does not become {state}: {seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Three payments of which the shop hears three times, weeks later: one it had asked about, which stays as it is; and two whose holds had
    /// ended by then, of what is still there, which is honoured, and of what is sold out, which goes back.
    pub(super) async fn weeks_late(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        let list = shop.json("/api/public/catalog/search?q=paper+boats").await?;
        let work = list["items"][0]["id"].as_str().with_context(|| format!("no book: {list}"))?;
        let work = shop.json(&format!("/api/public/catalog/items/{work}")).await?;
        let book = work["editions"][0]["variant"].as_str().context("no edition")?.to_owned();

        // A debit that the bank refuses lets everything go; the page takes another card all the same.
        let there = self.opened(&clients, &clients.goods().parcel, "weeks-there").await?;
        let gone = self.opened(&clients, &book, "weeks-gone").await?;
        for open in [&there, &gone] {
            clients.pay_page(&open.page, "method=bank_debit&debit=fails").await?;
        }
        std::fs::write(self.clock(), "60")?;
        for open in [&there, &gone] {
            self.becomes(&shop, &open.order, "failed").await.context("a refused debit")?;
        }
        quiet(&shop, Duration::from_secs(30)).await?;

        self.mischief(&shop, &json!({ "delay_ms": WEEKS * 1000, "duplicates": AGAIN })).await?;
        for open in [&there, &gone] {
            clients.pay_page(&open.page, "method=card&number=4242424242424242&expiry=04%2F30&cvc=123").await?;
        }
        let asked = self.opened(&clients, &clients.goods().files, "weeks-asked").await?;
        clients.pay_page(&asked.page, "method=card&number=4242424242424242&expiry=04%2F30&cvc=123").await?;
        self.becomes(&shop, &asked.order, "paid").await.context("who comes back is asked about")?;
        for number in 0..BOOKS {
            let other = self.opened(&clients, &book, &format!("weeks-other-{number}")).await?;
            clients.pay_page(&other.page, "method=card&number=4242424242424242&expiry=04%2F30&cvc=123").await?;
            self.becomes(&shop, &other.order, "paid").await?;
        }
        quiet(&shop, Duration::from_secs(30)).await?;
        let people = [there.email.as_str(), &gone.email, &asked.email];
        let before = mails(&shop, &people).await?;
        let counts: Vec<usize> = before.iter().map(Vec::len).collect();
        ensure!(counts == [1, 1, 1], "before the events: {before:?}");
        let (paid, told) = (shop.json(&asked.order).await?, handled(&shop).await?);
        self.mischief(&shop, &json!({})).await?;

        std::fs::write(self.clock(), (WEEKS + 24 * 60 * 60).to_string())?;
        self.becomes(&shop, &there.order, "paid").await.context("late money for what is there")?;
        self.becomes(&shop, &gone.order, "refunded").await.context("late money for what is sold out")?;
        let begun = Instant::now();
        let events = (3 + BOOKS as u64) * (1 + AGAIN);
        while handled(&shop).await? < told + events {
            ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "{} of {events} events came",
                handled(&shop).await? - told
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        quiet(&shop, Duration::from_secs(60)).await?;
        let after = mails(&shop, &people).await?;
        let counts: Vec<usize> = after.iter().map(Vec::len).collect();
        let right = counts[0] == 2 && counts[1] == 2 && counts[2] == 1;
        ensure!(right, "what was let go and came late is told once each, what was paid not again: {after:?}");
        let again: Value = shop.json(&asked.order).await?;
        for of in ["state", "total"] {
            ensure!(again[of] == paid[of], "{} was {} and is {}", of, paid[of], again[of]);
        }
        let part =
            |seen: &Value| (seen["parts"][0]["lines"][0]["assets"].clone(), seen["parts"][0]["invoice_href"].clone());
        ensure!(part(&again) == part(&paid), "access or invoice changed: {again}");
        ensure!(shop.json(&there.order).await?["state"] == "paid", "late money is honoured once and stays");
        clients.buy_surely(What::Both).await.context("weeks later")?;
        self.ends(shop).await
    }
}
