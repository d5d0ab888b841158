//! Acts of the shop between two marks. Callgrind writes what it counted whenever [`mark`] is entered, so what lies between the two is the
//! act alone, on whatever threads it ran.
//!
//! Invariants: an act runs once before the first mark; everything it needs is there before; the same acts are done in every run.

use std::hint::black_box;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use clap::{Parser, Subcommand};
use serde_json::json;
use tower::ServiceExt;
use vitrine_payments::simulator::Form;
use vitrine_pricing::quote::{Context as Prices, QuoteRequest, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::TaxRules;
use vitrine_server::cart::Add;
use vitrine_server::checkout::{Placed, Placing};
use vitrine_server::config::Config;
use vitrine_server::ctx::{Caller, OpCtx};
use vitrine_server::state::{Adapters, App, mark_demo};
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::id::VariantId;
use vitrine_shared::views::trade::CheckoutForm;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Works that are looked at and bought, of the market in `e2e/fixtures`: files of one seller and a thing of another.
const WORKS: [&str; 2] = ["harbour-lights", "paper-boats"];

#[derive(Parser)]
struct Args {
    /// How often the act is done between the marks.
    #[arg(long, default_value_t = 1)]
    times: usize,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Prices a cart of 50 lines.
    Price,
    /// Renders an item's page.
    Page {
        /// Data with the market.
        #[arg(long)]
        data: PathBuf,
        /// The browser's files.
        #[arg(long)]
        public: PathBuf,
    },
    /// Places an order of two lines.
    Place {
        /// Data with the market; it is written to.
        #[arg(long)]
        data: PathBuf,
    },
    /// Makes a placed and captured order a paid one with its grants.
    Paid {
        /// Data with the market; it is written to.
        #[arg(long)]
        data: PathBuf,
    },
}

/// Where counting begins and where it ends.
#[inline(never)]
fn mark(at: usize) -> usize {
    black_box(at)
}

fn main() -> Result<()> {
    let args = Args::parse();
    // One thread for everything that waits: fewer ways in which an act can run.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match args.act {
        Act::Price => price(args.times),
        Act::Page { data, public } => runtime.block_on(page(&data, &public, args.times)),
        Act::Place { data } => runtime.block_on(place(&data, args.times)),
        Act::Paid { data } => runtime.block_on(paid(&data, args.times)),
    }
}

fn price(times: usize) -> Result<()> {
    let line = |n: i64| {
        let (class, kind) = [("digital_music", "digital"), ("ebook", "digital"), ("goods", "physical")][n as usize % 3];
        json!({
            "name": format!("line {n}"), "tax_class": class, "kind": kind, "quantity": 1 + n % 3,
            "weight_g": (kind == "physical").then_some(200),
            "unit_price": { "minor": 199 + 50 * n, "currency": "EUR" },
        })
    };
    let rate = json!({ "zone": "all", "up_to_g": 30_000, "amount": { "minor": 490, "currency": "EUR" } });
    let request: QuoteRequest = serde_json::from_value(json!({
        "currency": "EUR", "date": "2026-11-22",
        "seller": { "country": "DE", "registrations": ["DE", "EU-OSS"], "prices_include_tax": true },
        "buyer": { "country": "FR" }, "lines": (0..50).map(line).collect::<Vec<_>>(),
        "shipping": { "zones": [{ "id": "all", "countries": ["*"] }], "rates": [rate] },
    }))?;
    let rules = TaxRules::built_in();
    let prices = Prices {
        rules: &rules,
        items: &[],
        prices: &Default::default(),
        shipping: &ShippingTable::default(),
        promotions: Default::default(),
    };
    let once = || quote(black_box(&request), &prices).map(|quote| quote.lines.len());
    ensure!(once()? == 50, "50 lines are priced");
    mark(0);
    for _ in 0..times {
        black_box(once()?);
    }
    mark(1);
    Ok(())
}

async fn open(data: &Path) -> Result<App> {
    mark_demo(data)?;
    let config = Config { data_dir: data.to_owned(), ..Config::default() };
    App::open(config, Adapters::default()).await
}

fn guest(app: &App) -> OpCtx {
    OpCtx {
        caller: Caller::Anonymous,
        market: "de".into(),
        country: "DE".into(),
        ..OpCtx::system("instructions", app.clock.now_ms())
    }
}

/// The first edition of each of the works.
async fn editions(app: &App) -> Result<Vec<(String, VariantId)>> {
    let mut found = Vec::new();
    for slug in WORKS {
        for kind in [WorkKind::Album, WorkKind::Book] {
            for id in app.catalog.records().works_by_slug(kind, slug).await.map_err(said)? {
                let bundle = app.catalog.records().bundle(&id).await.map_err(said)?.context("no such work")?;
                let variant = bundle.products.first().and_then(|p| p.variants.first()).context("nothing to sell")?;
                let page = vitrine_shared::views::card::work_href(kind, slug, id.as_str());
                found.push((page, variant.id.clone()));
            }
        }
    }
    ensure!(found.len() == WORKS.len(), "the market lacks {WORKS:?}: {found:?}");
    Ok(found)
}

fn said(problem: vitrine_shared::Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}

async fn page(data: &Path, public: &Path, times: usize) -> Result<()> {
    let app = open(data).await?;
    let public = vitrine::serve::Public::open(public)?;
    let router = vitrine::serve::router(&app, &public)?;
    let (page, _) = editions(&app).await?.swap_remove(0);
    let ask = || {
        // A parameter that no link of ours has keeps the page out of the cache of pages.
        let request = Request::get(format!("{page}?made=1")).header(header::HOST, "localhost:8080");
        let request = request.header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, "de-DE");
        let mut request = request.body(Body::empty())?;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        anyhow::Ok(request)
    };
    let once = async || {
        let answer = router.clone().oneshot(ask()?).await?;
        ensure!(answer.status() == 200, "{}", answer.status());
        let html = to_bytes(answer.into_body(), 16 << 20).await?;
        ensure!(html.ends_with(b"</html>\n") || html.ends_with(b"</html>"), "no whole page");
        Ok(html.len())
    };
    for _ in 0..2 {
        once().await?;
    }
    mark(0);
    for _ in 0..times {
        black_box(once().await?);
    }
    mark(1);
    Ok(())
}

/// Carts with both works, each with what its guest would send.
async fn carts(app: &App, count: usize) -> Result<Vec<(OpCtx, Placing)>> {
    let editions = editions(app).await?;
    let mut made = Vec::new();
    for number in 0..count {
        let mut ctx = guest(app);
        for (_, variant) in &editions {
            let add = Add { variant: variant.clone(), quantity: 1, named_minor: None, named_in: None };
            let changed = app.carts.add(&ctx, ctx.cart.as_deref(), &add).await.map_err(said)?;
            ctx.cart = changed.token.or(ctx.cart);
        }
        let seen_minor = app.checkouts.cart_view(&ctx).await.map_err(said)?.total_minor;
        let form = CheckoutForm {
            email: format!("guest-{number}@example.org"),
            name: "Gast Muster".into(),
            line1: "Weg 1".into(),
            city: "Berlin".into(),
            postcode: "10115".into(),
            country: "DE".into(),
            accept_licence: true,
            // Said at the form, so that a payment has one step, as behind a proxy that knows the network's country.
            confirm_place: true,
            accept_waiver: true,
            buy_again: false,
            ..CheckoutForm::default()
        };
        let attempt = format!("counted-attempt-{number:08}");
        made.push((
            ctx,
            Placing { attempt, form, seen_minor, seen_currency: None, due_minor: None, nothing_owned: false },
        ));
    }
    Ok(made)
}

async fn place(data: &Path, times: usize) -> Result<()> {
    let app = open(data).await?;
    let mut all = carts(&app, times + 1).await?;
    let (ctx, placing) = all.remove(0);
    app.checkouts.place(&ctx, &placing).await.map_err(said)?;
    mark(0);
    for (ctx, placing) in &all {
        black_box(app.checkouts.place(ctx, placing).await.map_err(said)?);
    }
    mark(1);
    Ok(())
}

async fn paid(data: &Path, times: usize) -> Result<()> {
    let app = open(data).await?;
    let simulator = app.simulator.as_ref().context("no simulator")?;
    let card = Form {
        method: "card".into(),
        number: "4242424242424242".into(),
        expiry: "04/30".into(),
        cvc: "123".into(),
        debit: String::new(),
    };
    let mut placed: Vec<(OpCtx, Placed)> = Vec::new();
    for (ctx, placing) in carts(&app, times + 1).await? {
        let one = app.checkouts.place(&ctx, &placing).await.map_err(said)?;
        let checkout = app.checkouts.get(&one.id).await.map_err(said)?.context("no checkout")?;
        let session = checkout.session.context("no session")?;
        simulator.pay(&session, &card).await?.ok().context("the card is refused")?;
        placed.push((ctx, one));
    }
    let (ctx, first) = placed.remove(0);
    app.checkouts.refresh(&ctx, &first.id).await.map_err(said)?;
    mark(0);
    for (ctx, one) in &placed {
        app.checkouts.refresh(ctx, &one.id).await.map_err(said)?;
    }
    mark(1);
    for (_, one) in &placed {
        let checkout = app.checkouts.get(&one.id).await.map_err(said)?.context("no checkout")?;
        ensure!(format!("{:?}", checkout.state) == "Paid", "{:?}", checkout.state);
    }
    Ok(())
}
