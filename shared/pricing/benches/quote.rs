//! What pricing a cart takes, beside what nobody could do without: the same amounts added up in plain integers, and the answer written as
//! JSON.
//!
//! `cargo bench -p vitrine-pricing`. Every figure is the quickest of many batches of about a millisecond: on a machine that does other work
//! besides, the mean tells of that work. Goal: 50 lines below 100 µs; the program fails where they take longer.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use vitrine_pricing::cash::Tender;
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::{PriceEntry, PriceList, Shape};
use vitrine_pricing::quote::*;
use vitrine_pricing::shipping::{Rate, ShippingTable, Zone};
use vitrine_pricing::tax::TaxRules;

/// How long each is measured.
const TIME: Duration = Duration::from_millis(1500);
/// A batch lasts at least so long: the clock counts little in it.
const BATCH: Duration = Duration::from_millis(1);
/// A cart of 50 lines may take so long.
const GOAL: Duration = Duration::from_micros(100);

/// A seller's records with as many editions as a cart of the bench has lines.
struct Shop {
    rules: TaxRules,
    items: Vec<Sellable>,
    prices: PriceList,
    shipping: ShippingTable,
}

/// Classes of editions: four rates in Germany, all kinds of US sales.
const CLASSES: [&str; 5] = ["ebook", "digital_music", "printed_book", "digital_video", "goods"];

impl Shop {
    fn new(editions: usize, currency: Currency) -> Self {
        let sku = |n: usize| format!("variant-{n:06}");
        let items = (0..editions).map(|n| {
            let tax_class = CLASSES[n % CLASSES.len()].to_owned();
            let physical = matches!(tax_class.as_str(), "printed_book" | "goods");
            let kind = if physical { Kind::Physical } else { Kind::Digital };
            Sellable {
                sku: sku(n),
                name: format!("Edition {n}"),
                kind,
                tax_class,
                weight_g: 300,
                length_mm: None,
                width_mm: None,
                height_mm: None,
                ships_from: None,
                facets: Default::default(),
            }
        });
        let entry = |n: usize, region: &str, min_quantity: u32, amount_minor: i64| PriceEntry {
            sku: sku(n),
            region: region.to_owned(),
            currency,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_to: None,
            min_quantity,
            compare_at_minor: None,
            price: Shape::Fixed { amount_minor },
        };
        let prices = (0..editions).flat_map(|n| {
            let minor = 199 + 37 * (n as i64 % 400);
            [entry(n, "world", 1, minor), entry(n, "world", 10, minor - minor / 10)]
        });
        let zone = Zone { id: "all".into(), countries: vec!["*".into()], ..Zone::default() };
        let amount = Money::new(490, currency).unwrap();
        let rate = Rate::flat("all", amount);
        Self {
            rules: TaxRules::built_in(),
            items: items.collect(),
            prices: PriceList { id: "list".into(), entries: prices.collect(), until: None },
            shipping: ShippingTable { zones: vec![zone], rates: vec![rate], ..ShippingTable::default() },
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            rules: &self.rules,
            items: &self.items,
            prices: &self.prices,
            shipping: &self.shipping,
            promotions: Default::default(),
        }
    }
}

/// A cart of one line for each edition.
fn cart(shop: &Shop, currency: Currency, inclusive: bool, scope: RoundingScope) -> QuoteRequest {
    let lines = shop.items.iter().enumerate().map(|(n, item)| RequestLine {
        sku: Some(item.sku.clone()),
        quantity: 1 + n as u32 % 3,
        ..RequestLine::default()
    });
    let (home, registrations) = if inclusive { ("DE", vec!["DE", "EU-OSS"]) } else { ("US", vec!["US-NY", "US-WA"]) };
    QuoteRequest {
        currency,
        date: "2026-11-28".parse().unwrap(),
        market: None,
        seller: Seller {
            country: home.into(),
            region: None,
            tax_ids: vec![],
            registrations: registrations.into_iter().map(Into::into).collect(),
            prices_include_tax: inclusive,
        },
        buyer: Buyer {
            country: if inclusive { "FR" } else { "US" }.into(),
            region: (!inclusive).then(|| "WA".into()),
            ..Buyer::default()
        },
        lines: lines.collect(),
        codes: vec![],
        promotions: None,
        customer: None,
        shipping: None,
        shipping_method: None,
        rounding: Rounding { scope, ..Rounding::default() },
        no_rule: NoRulePolicy::Block,
        external_taxes: None,
        tender: Tender::Electronic,
    }
}

/// The quickest of the batches, for one act.
fn quickest<T>(mut act: impl FnMut() -> T) -> Duration {
    let mut times = 1u32;
    loop {
        let begun = Instant::now();
        (0..times).for_each(|_| drop(black_box(act())));
        if begun.elapsed() >= BATCH {
            break;
        }
        times *= 2;
    }
    let (begun, mut best) = (Instant::now(), Duration::MAX);
    while begun.elapsed() < TIME {
        let batch = Instant::now();
        (0..times).for_each(|_| drop(black_box(act())));
        best = best.min(batch.elapsed() / times);
    }
    best
}

/// Amounts times quantities with a tax each, in plain integers: no check, no explanation.
fn plain(lines: &[(i64, i64, i64)]) -> (i64, i64) {
    lines.iter().fold((0, 0), |(gross, tax), (minor, quantity, rate)| {
        let list = minor * quantity;
        (gross + list, tax + (list * rate + 500_000) / 1_000_000)
    })
}

fn main() -> ExitCode {
    println!(
        "| cart | lines | µs | µs a line | plain integers, µs | answer as JSON, µs | pricing against writing it |"
    );
    println!("|---|---|---|---|---|---|---|");
    let carts = [
        ("EU, tax inside, by line", Currency::EUR, true, RoundingScope::Line),
        ("EU, tax inside, by document", Currency::EUR, true, RoundingScope::Document),
        ("US, tax on top, by line", Currency::USD, false, RoundingScope::Line),
    ];
    let mut slow = Vec::new();
    for (name, currency, inclusive, scope) in carts {
        for many in [1, 10, 50, 1000] {
            let shop = Shop::new(many, currency);
            let request = cart(&shop, currency, inclusive, scope);
            let answer = quote(&request, &shop.context()).unwrap();
            assert_eq!(answer.lines.len(), many);
            let amounts: Vec<(i64, i64, i64)> = answer
                .lines
                .iter()
                .map(|l| {
                    (l.unit_price.minor(), i64::from(l.quantity), l.amounts.taxes.iter().map(|t| t.rate_ppm).sum())
                })
                .collect();
            let pricing = quickest(|| quote(black_box(&request), &shop.context()));
            let integers = quickest(|| plain(black_box(&amounts)));
            let writing = quickest(|| serde_json::to_vec(black_box(&answer)));
            let us = |time: Duration| time.as_nanos() as f64 / 1000.0;
            println!(
                "| {name} | {many} | {:.2} | {:.2} | {:.3} | {:.2} | {:.2} |",
                us(pricing),
                us(pricing) / many as f64,
                us(integers),
                us(writing),
                us(pricing) / us(writing)
            );
            if many == 50 && pricing > GOAL {
                slow.push(format!("{name}: {:.1} µs", us(pricing)));
            }
        }
    }
    if slow.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("50 lines take more than {} µs: {}", GOAL.as_micros(), slow.join("; "));
    ExitCode::FAILURE
}
