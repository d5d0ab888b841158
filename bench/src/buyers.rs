//! Two buyers of one shop, one with a single order and one with very many: what either does must take as long.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use vitrine_bench::flows::{Buyer, By};
use vitrine_bench::load::{self, Done};
use vitrine_bench::server::{Launch, Shop, Work};
use vitrine_bench::{Line, sign_in};

use crate::table;

/// Works that the many orders are of, at most.
const WORKS: usize = 500;
/// Purchases of one buyer that are under way at the same time.
const AT_ONCE: usize = 16;
/// Times that each buyer is measured, in turns; the middle one counts.
const TURNS: usize = 3;

type Act = Arc<dyn Fn(u64) -> std::pin::Pin<Box<dyn Future<Output = Done> + Send>> + Send + Sync>;

/// One act by both buyers.
struct Pair {
    what: &'static str,
    bound: bool,
    acts: [Act; 2],
}

/// Makes the orders through the shop's own interface and measures; Markdown.
pub(crate) async fn run(launch: &Launch, time: Duration, orders: usize, most: f64) -> Result<String> {
    let first = launch.start().await?;
    let begun = std::time::Instant::now();
    let works = first.works_sold("sort=title", WORKS).await?;
    ensure!(works.len() > 1, "too few works are sold here");
    let (few, many) = (sign_in::token(&first, sign_in::CREATOR).await?, sign_in::token(&first, sign_in::BUYER).await?);
    Buyer::of(&first, &works[..1])?.signed_in(&few).buy(By::Return).await.context("the one order")?;
    let mut made = 0;
    while made < orders {
        let work = &works[made / AT_ONCE % works.len()];
        let buyer = Buyer::new(&first, work)?.signed_in(&many);
        made += buyer.buy_many(AT_ONCE.min(orders - made)).await.with_context(|| format!("order {made}"))?;
        if made % 1_000 < AT_ONCE {
            eprintln!("  {made} orders of one buyer after {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    first.rest(Duration::from_secs(1200)).await?;
    let took = begun.elapsed().as_secs_f64();
    first.stop().await?;
    vitrine_bench::server::move_to(Some(1))?;
    let shop = Launch { core: Some(0), ready: "/", ..launch.clone() }.start().await?;
    let pairs = pairs(&shop, &works).await?;
    let mut out = format!("### One buyer, 1 order and {}\n\n{}", table::short(orders as f64), table::GROWTH);
    for pair in &pairs {
        let [few, many] = turns(pair, time).await?;
        for line in [&few, &many] {
            let fault = line.fault.as_deref().map(|f| format!(", {} wrong: {f}", line.wrong)).unwrap_or_default();
            eprintln!("  {}: {}/s{fault}", line.what, table::short(line.rate));
        }
        out += &table::growth(pair.what, few.rate, many.rate, pair.bound.then_some(most));
    }
    shop.stop().await?;
    vitrine_bench::server::move_to(None)?;
    Ok(format!("{out}\nThe orders were bought through the REST interface in {took:.0} s, jobs included.\n"))
}

/// Both in turns, so that the machine's mood meets both; of each the middle one.
async fn turns(pair: &Pair, time: Duration) -> Result<[Line; 2]> {
    let mut lines = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (lines, act) in lines.iter_mut().zip(&pair.acts) {
            let act = act.clone();
            lines.push(load::closed(pair.what, 1, time / 2, move |n| act(n)).await?);
        }
    }
    Ok(lines.map(|mut lines| {
        lines.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        lines.swap_remove(TURNS / 2)
    }))
}

async fn pairs(shop: &Shop, works: &[Work]) -> Result<Vec<Pair>> {
    let mut acts: Vec<[Act; 5]> = Vec::new();
    for who in [sign_in::CREATOR, sign_in::BUYER] {
        let buyer = Buyer::new(shop, &works[0])?.signed_in(&sign_in::token(shop, who).await?);
        let cookies = sign_in::cookies(shop, who).await?;
        let order = buyer.buy(By::Return).await?;
        acts.push([
            buys(buyer.clone()),
            gets(buyer.clone(), format!("/api/orders/{}", order.id), "\"paid\""),
            posts(shop, "/rpc/me/owns", format!(r#"{{"work":"{}"}}"#, works[0].id), &cookies),
            gets(buyer.clone(), "/api/me/entitlements".to_owned(), "items"),
            gets(buyer, "/api/me/invoices".to_owned(), "items"),
        ]);
    }
    let [few, many] = <[[Act; 5]; 2]>::try_from(acts).ok().context("two buyers")?;
    let names = [
        ("cart to paid order and grant, one after the other", true),
        ("point read: one of their orders", true),
        ("item page: what of the work is theirs", true),
        ("library, first page", false),
        ("invoices, first page", false),
    ];
    let pair = |((what, bound), (few, many))| Pair { what, bound, acts: [few, many] };
    Ok(names.into_iter().zip(few.into_iter().zip(many)).map(pair).collect())
}

fn buys(buyer: Buyer) -> Act {
    Arc::new(move |_| {
        let buyer = buyer.clone();
        Box::pin(async move { buyer.buy(By::Return).await.map(|_| Some(0)) })
    })
}

fn gets(buyer: Buyer, path: String, marker: &'static str) -> Act {
    Arc::new(move |_| {
        let (buyer, path) = (buyer.clone(), path.clone());
        Box::pin(async move {
            let text = buyer.get(&path).await?.to_string();
            ensure!(text.contains(marker), "{path} has no {marker}");
            Ok(Some(text.len()))
        })
    })
}

fn posts(shop: &Shop, path: &str, body: String, cookies: &str) -> Act {
    let (client, url, origin, cookies) = (shop.client.clone(), shop.url(path), shop.url(""), cookies.to_owned());
    Arc::new(move |_| {
        let asked = client.post(&url).header(ORIGIN, &origin).header(COOKIE, &cookies);
        let asked = asked.header(CONTENT_TYPE, "application/json").body(body.clone());
        Box::pin(async move {
            let answer = asked.send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(status == 200 && text.contains("w_"), "{status} {text}");
            Ok(Some(text.len()))
        })
    })
}
