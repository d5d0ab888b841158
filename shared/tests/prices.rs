//! Prices of an edition by market, moment and quantity, and what must be said beside a reduction.

use proptest::prelude::*;
use vitrine_pricing::date::Date;
use vitrine_pricing::market::{MARKETS, Market};
use vitrine_pricing::money::Currency;
use vitrine_pricing::price::{PriceEntry, PriceList, Shape};
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::VariantId;
use vitrine_shared::views::card::{changes_at, ladder, lowest_before, price_for};

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

/// Records that begin and end at midnights, so that a list by day and one by moment can be held against each other.
fn any_records() -> impl Strategy<Value = Vec<PriceRecord>> {
    let region = prop::sample::select(vec!["de", "at", "eu", "us", "row", "world"]);
    let currency = prop::sample::select(vec!["EUR", "USD", "GBP"]);
    let one = (region, currency, 0..2u128, -6..3i64, prop::option::of(1..6i64), 1..4u32, 1..1000i64);
    let record = one.prop_map(|(region, currency, variant, from, days, min_quantity, amount_minor)| PriceRecord {
        variant: VariantId::from_bits(7 + variant),
        region: region.into(),
        currency: currency.into(),
        min_quantity,
        valid_to_ms: days.map(|days| NOW + (from + days) * DAY),
        ..price(-from, amount_minor)
    });
    prop::collection::vec(record, 0..12)
}

proptest! {
    #[test]
    fn records_and_the_pricing_functions_list_have_one_winner(
        records in any_records(), market in 0..MARKETS.len(), day in -7..9i64, ms in 0..DAY, quantity in 1..5u32,
        currency in prop::sample::select(vec![Currency::EUR, Currency::USD, Currency::GBP]),
    ) {
        let market = &MARKETS[market];
        let (at, on) = (NOW + day * DAY + ms, Date::from_unix_ms(NOW + day * DAY).unwrap());
        let entries = records.iter().map(|p| PriceEntry {
            sku: p.variant.to_string(),
            region: p.region.clone(),
            currency: p.currency.parse().unwrap(),
            valid_from: Date::from_unix_ms(p.valid_from_ms).unwrap(),
            valid_to: p.valid_to_ms.map(|to| Date::from_unix_ms(to - 1).unwrap()),
            min_quantity: p.min_quantity,
            compare_at_minor: None,
            price: Shape::Fixed { amount_minor: p.amount_minor },
        });
        let list = PriceList { entries: entries.collect(), ..PriceList::default() };
        let found = list.find(&variant().to_string(), market.price_regions, currency, on, quantity);
        let record = price_for(&records, &variant(), market, currency, at, quantity);
        let place = |record: &PriceRecord| records.iter().position(|p| std::ptr::eq(p, record));
        prop_assert_eq!(found.map(|(index, _)| index), record.and_then(place));
    }

    #[test]
    fn a_price_stays_until_it_is_said_to_change_and_not_longer(
        records in any_records(), market in 0..MARKETS.len(), half in -14..16i64, quantity in 1..5u32,
    ) {
        let (market, at) = (&MARKETS[market], NOW + half * DAY / 2);
        let asked = |at: i64| price_for(&records, &variant(), market, Currency::EUR, at, quantity);
        let changes = changes_at(&records, &variant(), market, Currency::EUR, at, quantity);
        prop_assert!(changes.is_none_or(|changes| changes > at && asked(changes) != asked(at)));
        let to = changes.unwrap_or(NOW + 30 * DAY);
        let mut later = at;
        while later < to {
            prop_assert_eq!(asked(later), asked(at), "{} before {}", later, to);
            later += DAY / 4;
        }
    }
}
