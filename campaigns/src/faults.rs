//! Things that break around a shop, one at a time: what people then see, that nothing is lost, and that it goes on afterwards.
//!
//! Each case is named; all of them run against a process of their own on a copy of the same data.

mod damage;
mod late;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use vitrine_bench::server::{Launch, Shop, free_port};

use crate::clients::{Clients, Goods, What};
use crate::facts::Facts;
use crate::ground::{Data, Ground, quiet};
use crate::power::{over, shim};

/// What `faults` takes.
#[derive(Args)]
pub struct Options {
    /// Only cases whose names contain one of these.
    only: Vec<String>,
}

/// One case's ground.
struct Case {
    ground: Ground,
    data: Data,
    library: PathBuf,
    folder: PathBuf,
}

/// Every case by its name.
const CASES: [&str; 14] = [
    "disk_full",
    "disk_read_only",
    "disk_slow",
    "table_page_corrupted",
    "file_corrupted",
    "provider_answers_500",
    "provider_times_out",
    "events_doubled_and_late",
    "events_reversed_and_lost",
    "events_weeks_late",
    "mail_server_down",
    "clock_a_day_ahead",
    "clock_an_hour_back",
    "index_deleted_while_serving",
];

/// Runs the cases and says which held.
///
/// # Errors
/// One did not.
pub async fn run(ground: &Ground, options: &Options) -> Result<()> {
    let temporary = tempfile::Builder::new().prefix("vitrine-faults-").tempdir()?;
    let folder = temporary.path().canonicalize()?;
    let library = shim(&folder)?;
    let base = ground.data(&folder.join("base")).await.context("making the data")?;
    let (mut passed, mut failed) = (0, 0);
    for name in CASES {
        if !options.only.is_empty() && !options.only.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let begun = Instant::now();
        let folder = folder.join(name);
        let case = Case {
            ground: ground.clone(),
            data: base.copied(&folder.join("data"))?,
            library: library.clone(),
            folder: folder.clone(),
        };
        let done = case.run(name).await;
        let word = if done.is_ok() { "ok" } else { "FAILED" };
        println!("test faults::{name} ... {word} ({:.1} s)", begun.elapsed().as_secs_f64());
        match done {
            Ok(()) => passed += 1,
            Err(fault) => {
                println!("    {fault:#}");
                failed += 1;
            }
        }
    }
    println!("test result: {}. {passed} passed; {failed} failed;", if failed == 0 { "ok" } else { "FAILED" });
    if failed > 0 {
        let kept = temporary.keep();
        bail!("{failed} cases did not hold; data and logs: {}", kept.display());
    }
    Ok(())
}

impl Case {
    async fn run(&self, name: &str) -> Result<()> {
        match name {
            "disk_full" => self.unwritable("F").await,
            "disk_read_only" => self.unwritable("R").await,
            "disk_slow" => self.slow().await,
            "table_page_corrupted" => self.page_corrupted().await,
            "file_corrupted" => self.file_corrupted().await,
            "provider_answers_500" => self.provider_away(json!({ "refuse": true })).await,
            "provider_times_out" => self.provider_away(json!({ "slow_ms": 25_000 })).await,
            "events_doubled_and_late" => self.events(json!({ "duplicates": 3, "delay_ms": 700 })).await,
            "events_reversed_and_lost" => {
                self.events(json!({ "reverse": true, "drop_first": 1, "duplicates": 1 })).await
            }
            "events_weeks_late" => self.weeks_late().await,
            "mail_server_down" => self.mail_down().await,
            "clock_a_day_ahead" => self.day_ahead().await,
            "clock_an_hour_back" => self.hour_back().await,
            "index_deleted_while_serving" => self.index_deleted().await,
            other => bail!("no case {other}"),
        }
    }

    fn control(&self) -> PathBuf {
        self.folder.join("fault")
    }

    fn clock(&self) -> PathBuf {
        self.folder.join("ahead")
    }

    fn launch(&self) -> Result<Launch> {
        let launch = self.ground.launch(&self.data.dir, free_port()?);
        let launch = over(launch, &self.library, &self.data.dir);
        Ok(launch.env("CUT_FAULT", self.control().display()).env("CUT_CLOCK", self.clock().display()))
    }

    async fn clients(&self, shop: &Shop) -> Result<Clients> {
        let seed = u64::from(std::process::id());
        Clients::new(shop, &self.data.key, Goods::of(shop).await?, Facts::default(), seed)
    }

    /// Buys files and a parcel; the order is paid at the end.
    async fn buys(&self, clients: &Clients) -> Result<()> {
        for what in [What::Files, What::Parcel, What::Both] {
            clients.buy_surely(what).await?;
        }
        Ok(())
    }

    async fn ends(&self, shop: Shop) -> Result<()> {
        quiet(&shop, Duration::from_secs(30)).await?;
        shop.stop().await?;
        self.ground.check(&self.data.dir).map(drop)
    }

    /// What a person with a browser is shown.
    async fn person(
        &self,
        shop: &Shop,
        path: &str,
        form: &str,
        language: &str,
    ) -> Result<(u16, String, Option<String>)> {
        let request = shop.client.post(shop.url(path)).header("accept", "text/html").header("origin", shop.url(""));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.header("accept-language", language).body(form.to_owned()).send().await?;
        let status = answer.status().as_u16();
        let after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok((status, answer.text().await?, after))
    }

    /// A disk that takes nothing more: reads go on, writes say so, nothing is lost, and it goes on when there is room.
    async fn unwritable(&self, letter: &str) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        self.buys(&clients).await?;
        quiet(&shop, Duration::from_secs(30)).await?;
        std::fs::write(self.control(), letter)?;
        let goods = Goods::of(&shop).await.context("reads must go on")?;
        let page = shop.client.get(shop.url("/catalog?made=1")).header("accept", "text/html").send().await?;
        ensure!(page.status().is_success(), "a page is {} while nothing can be saved", page.status());
        let body = json!({ "variant": goods.files }).to_string();
        let request = shop.client.post(shop.url("/api/cart")).header("content-type", "application/json");
        let answer = request.body(body).send().await?;
        let (status, after) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let problem: Value = serde_json::from_str(&answer.text().await?)?;
        ensure!(status == 503 && after && problem["code"] == "unwritable", "a program is told {status} {problem}");
        let form = format!("variant={}&quantity=1", goods.files);
        for (language, words) in
            [("en-US", "The shop cannot save anything right now"), ("de-DE", "Der Laden kann gerade nichts speichern")]
        {
            let (status, text, after) = self.person(&shop, "/cart/add", &form, language).await?;
            ensure!(status == 503 && after.is_some(), "a person is told {status}, retry after {after:?}");
            ensure!(text.contains(words), "a person reads nothing of it in {language}");
        }
        std::fs::remove_file(self.control())?;
        self.buys(&clients).await.context("with room again")?;
        self.ends(shop).await
    }

    async fn slow(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        std::fs::write(self.control(), "S")?;
        clients.buy_surely(What::Both).await?;
        std::fs::remove_file(self.control())?;
        self.ends(shop).await
    }

    async fn mischief(&self, shop: &Shop, wish: &Value) -> Result<()> {
        let request = shop.client.post(shop.url("/simulator/control")).header("content-type", "application/json");
        let answer = request.body(wish.to_string()).send().await?;
        ensure!(answer.status().is_success(), "the simulator's control: {}", answer.status());
        Ok(())
    }

    /// The provider does not answer, or only with failures: buyers are told, nothing is held, the next one buys.
    async fn provider_away(&self, wish: Value) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        self.mischief(&shop, &wish).await?;
        let [english, german] = [
            ("en-DE", "The payment service cannot be reached. Nothing was charged"),
            ("de-DE", "Der Zahlungsdienst ist nicht erreichbar. Es wurde nichts abgebucht"),
        ];
        // All at once: each waits as long as the shop waits for the provider.
        let (refused, english, german) = tokio::join!(
            clients.buy_surely(What::Parcel),
            self.cannot_pay(&shop, &clients, english),
            self.cannot_pay(&shop, &clients, german)
        );
        let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
        ensure!(said.contains("503") && said.contains("payment_unavailable"), "a program is told: {said}");
        english?;
        german?;
        self.mischief(&shop, &json!({})).await?;
        self.buys(&clients).await.context("with the provider back")?;
        self.ends(shop).await
    }

    /// Who presses the button in a browser comes back to a checkout that says why, with what was typed.
    async fn cannot_pay(&self, shop: &Shop, clients: &Clients, (language, words): (&str, &str)) -> Result<()> {
        let token = clients.cart_of(&[&clients.goods().files]).await?;
        let with = |request: reqwest::RequestBuilder| {
            let request = request.header("cookie", format!("__Host-cart={token}")).header("origin", shop.url(""));
            request.header("accept", "text/html").header("accept-language", language)
        };
        let checkout = with(shop.client.get(shop.url("/rpc/trade/checkout"))).send().await?;
        let checkout: Value = serde_json::from_str(&checkout.text().await?)?;
        let cart = &checkout["cart"];
        let form = format!(
            "attempt={}&seen_minor={}&seen_currency={}&email=typed-{language}%40example.org&country=DE&accept_licence=1&accept_waiver=1\
             &confirm_place=1&buy_again=1",
            checkout["attempt"].as_str().context("no attempt")?,
            cart["total_minor"],
            cart["currency"].as_str().context("no currency")?,
        );
        let placing = with(shop.client.post(shop.url("/checkout/place"))).body(form);
        // It leads back to the checkout, which this client follows.
        let answer = placing.header("content-type", "application/x-www-form-urlencoded").send().await?;
        let (at, status, text) = (answer.url().path().to_owned(), answer.status(), answer.text().await?);
        ensure!(at == "/checkout" && status.is_success(), "a person is at {at}, {status}");
        ensure!(text.contains(words), "a person reads nothing of it in {language}");
        ensure!(text.contains(&format!("typed-{language}@example.org")), "what was typed is lost in {language}");
        Ok(())
    }

    async fn events(&self, wish: Value) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        self.mischief(&shop, &wish).await?;
        self.buys(&clients).await?;
        self.mischief(&shop, &json!({})).await?;
        // What is late or was lost comes by itself.
        let begun = Instant::now();
        while !shop.metrics().await?.lines().any(|l| l == "jobs_due 0") {
            ensure!(begun.elapsed() < Duration::from_secs(30), "events do not end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.ends(shop).await
    }

    /// Nothing listens where mail goes: buying goes on, mails wait, and go out once somebody listens.
    async fn mail_down(&self) -> Result<()> {
        let port = free_port()?;
        let env = [
            ("VITRINE_MAIL__KIND", "smtp".to_owned()),
            ("VITRINE_MAIL__HOST", "127.0.0.1".to_owned()),
            ("VITRINE_MAIL__PORT", port.to_string()),
            ("VITRINE_MAIL__SECURITY", "none".to_owned()),
            ("VITRINE_MAIL__FROM", "shop@vitrine.example".to_owned()),
        ];
        let launch = env.iter().fold(self.launch()?, |launch, (name, value)| launch.env(name, value));
        let shop = launch.start().await?;
        let clients = self.clients(&shop).await?;
        self.buys(&clients).await.context("with nobody to take mail")?;
        let waiting = shop.metrics().await?;
        ensure!(!waiting.contains("jobs_dead 1"), "mails gave up at once");
        let taken = Arc::new(AtomicUsize::new(0));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let server = tokio::spawn(smtp(listener, taken.clone()));
        let begun = Instant::now();
        while taken.load(Ordering::SeqCst) < 3 {
            ensure!(begun.elapsed() < Duration::from_secs(90), "{} of 3 mails went out", taken.load(Ordering::SeqCst));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        quiet(&shop, Duration::from_secs(30)).await?;
        ensure!(taken.load(Ordering::SeqCst) == 3, "each mail once");
        server.abort();
        shop.stop().await?;
        // Looked at as the shop that it is: one whose mails leave keeps none.
        self.ground.check_as(&self.data.dir, &env).map(drop)
    }

    /// The clock jumps a day ahead: holds end, whether nobody paid or a card was declined, what was paid stays paid, buying goes on; then
    /// back to where it was.
    async fn day_ahead(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        let left = clients.place(What::Parcel).await?;
        clients.decline_all().await?;
        std::fs::write(self.clock(), "86400")?;
        let begun = Instant::now();
        loop {
            let seen = shop.json(&left).await?;
            if seen["state"] != "open" {
                ensure!(seen["state"] != "paid", "an unpaid order became paid");
                break;
            }
            ensure!(begun.elapsed() < Duration::from_secs(30), "a hold does not end with its time");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        quiet(&shop, Duration::from_secs(30)).await?;
        self.buys(&clients).await.context("a day ahead")?;
        clients.use_up(&[]).await.context("what was held for declined cards")?;
        std::fs::remove_file(self.clock())?;
        self.buys(&clients).await.context("and back")?;
        self.ends(shop).await
    }

    /// The clock is set back an hour: what is bought then is served then, not an hour later.
    async fn hour_back(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let clients = self.clients(&shop).await?;
        self.buys(&clients).await?;
        quiet(&shop, Duration::from_secs(30)).await?;
        std::fs::write(self.clock(), "-3600")?;
        self.buys(&clients).await.context("an hour back")?;
        quiet(&shop, Duration::from_secs(30)).await?;
        let report = async {
            shop.stop().await?;
            self.ground.check(&self.data.dir)
        };
        let report = report.await?;
        ensure!(report["seen"]["invoices"].as_u64() >= Some(8), "papers wait for the hour to come again: {report}");
        Ok(())
    }

    /// The index is deleted under the running shop: searches go on, it is built anew, and follows again.
    async fn index_deleted(&self) -> Result<()> {
        let shop = self.launch()?.start().await?;
        let works = shop.works().await?;
        std::fs::remove_dir_all(self.data.dir.join("index"))?;
        ensure!(shop.works().await? == works, "searches fell silent");
        let clients = self.clients(&shop).await?;
        let begun = Instant::now();
        let (mut n, mut later) = (0, works);
        while later <= works {
            ensure!(begun.elapsed() < Duration::from_secs(40), "{n} imports, and the index does not follow");
            clients.import_now().await?;
            n += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
            later = shop.works().await?;
        }
        quiet(&shop, Duration::from_secs(30)).await?;
        self.ends(shop).await
    }
}

/// Takes mail, as a server that believes everybody.
async fn smtp(listener: tokio::net::TcpListener, taken: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let taken = taken.clone();
        tokio::spawn(async move {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut body = false;
            // A client that goes away ends its own conversation.
            let _ = write.write_all(b"220 campaign\r\n").await;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match (body, line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str()) {
                    (true, _) if line == "." => {
                        body = false;
                        taken.fetch_add(1, Ordering::SeqCst);
                        "250 taken\r\n"
                    }
                    (true, _) => continue,
                    (false, "EHLO") => "250-campaign\r\n250 8BITMIME\r\n",
                    (false, "DATA") => {
                        body = true;
                        "354 go on\r\n"
                    }
                    (false, "QUIT") => "221 bye\r\n",
                    (false, _) => "250 ok\r\n",
                };
                if write.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}
