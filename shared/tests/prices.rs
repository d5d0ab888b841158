//! Prices of an edition by market, moment and quantity, and what must be said beside a reduction.

use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::VariantId;
use vitrine_shared::views::card::{ladder, lowest_before, price_for};

const DAY: i64 = 24 * 60 * 60 * 1000;
const NOW: i64 = 20_000 * DAY;

fn variant() -> VariantId {
    VariantId::from_bits(7)
}

/// In euros of the region `eu`, from so many days ago.
fn price(days_ago: i64, amount_minor: i64) -> PriceRecord {
    PriceRecord {
        variant: variant(),
        region: "eu".into(),
        currency: "EUR".into(),
        amount_minor,
        minimum_minor: None,
        compare_at_minor: None,
        valid_from_ms: NOW - days_ago * DAY,
        valid_to_ms: None,
        min_quantity: 1,
    }
}

fn until(days_ago: i64, price: PriceRecord) -> PriceRecord {
    PriceRecord { valid_to_ms: Some(NOW - days_ago * DAY), ..price }
}

fn amount(prices: &[PriceRecord], market: &str, at_ms: i64, quantity: u32) -> Option<i64> {
    price_for(
        prices,
        &variant(),
        Market::by_id(market).unwrap(),
        Market::by_id(market).unwrap().currency,
        at_ms,
        quantity,
    )
    .map(|p| p.amount_minor)
}

#[test]
fn the_market_then_its_group_then_the_step_then_the_latest() {
    let german = PriceRecord { region: "de".into(), ..price(50, 1100) };
    let ten = PriceRecord { min_quantity: 10, ..price(90, 800) };
    let coming = price(-1, 500);
    let over = until(0, price(3, 100));
    let all = [price(100, 1200), price(40, 1000), german, ten, coming, over];
    assert_eq!(amount(&all, "fr", NOW, 1), Some(1000));
    assert_eq!(amount(&all, "fr", NOW, 9), Some(1000));
    assert_eq!(amount(&all, "fr", NOW, 10), Some(800), "an older price of a higher step");
    assert_eq!(amount(&all, "de", NOW, 10), Some(1100), "the market's own list has no steps");
    assert_eq!(amount(&all, "fr", NOW - 1, 1), Some(100), "until it ended");
    assert_eq!(amount(&all, "fr", NOW + DAY, 1), Some(500), "once it has begun");
    assert_eq!(amount(&all, "us", NOW, 1), None);
    let steps = ladder(&all, &variant(), Market::by_id("fr").unwrap(), Currency::EUR, NOW);
    assert_eq!(steps.iter().map(|p| (p.min_quantity, p.amount_minor)).collect::<Vec<_>>(), [(1, 1000), (10, 800)]);
}

#[test]
fn a_reduction_in_the_union_says_the_lowest_of_the_thirty_days_before_it() {
    let sale = || PriceRecord { compare_at_minor: Some(1500), ..price(10, 800) };
    let lowest = |prices: &[PriceRecord], market: &str| {
        let market = Market::by_id(market).unwrap();
        lowest_before(prices, price_for(prices, &variant(), market, market.currency, NOW, 1)?, market)
    };
    // Ten days before the sale it was raised: what it was asked for until then counts.
    let raised = [price(200, 900), price(20, 1500), sale()];
    assert_eq!(lowest(&raised, "de"), Some(900));
    // Cheaper days that ended more than thirty days before it do not.
    assert_eq!(lowest(&[price(200, 900), price(60, 1500), sale()], "de"), Some(1500));
    // A price that never was in force, because a later one stood over it, does not either.
    assert_eq!(lowest(&[until(15, price(200, 100)), price(150, 1500), sale()], "de"), Some(1500));
    // One that came back when a later one ended does, and so does a short sale in between.
    assert_eq!(lowest(&[price(200, 700), until(15, price(150, 1500)), sale()], "de"), Some(700));
    assert_eq!(lowest(&[price(200, 1500), until(20, price(25, 700)), sale()], "fr"), Some(700));
    // A reduction of one country's own: its buyers were asked the price of the group before.
    let german = PriceRecord { region: "de".into(), ..sale() };
    assert_eq!(lowest(&[price(200, 1500), until(20, price(25, 700)), german], "de"), Some(700));
    // Prices by quantity are another matter.
    let many = PriceRecord { min_quantity: 10, ..price(30, 500) };
    assert_eq!(lowest(&[price(200, 1500), many, sale()], "fr"), Some(1500));
    // Nothing announced, nothing before, or not the Union's law.
    assert_eq!(lowest(&[price(200, 900), price(10, 800)], "de"), None);
    assert_eq!(lowest(&[sale()], "de"), None);
    let dollars = |p: PriceRecord| PriceRecord { region: "us".into(), currency: "USD".into(), ..p };
    assert_eq!(lowest(&raised.map(dollars), "us"), None);
}
