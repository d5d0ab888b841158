use proptest::prelude::*;
use vitrine_pricing::market::{MARKETS, Market};

use super::*;
use crate::views::card::price_for;

const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn variant() -> VariantId {
    VariantId::from_bits(7)
}

fn record(amount: i64, from: i64, to: Option<i64>) -> PriceRecord {
    PriceRecord {
        variant: variant(),
        region: "eu".into(),
        currency: "EUR".into(),
        amount_minor: amount,
        minimum_minor: None,
        compare_at_minor: None,
        valid_from_ms: from,
        valid_to_ms: to,
        min_quantity: 1,
    }
}

fn set(amount: i64, from: Option<i64>, to: Option<i64>, replaces: Option<i64>) -> Wish {
    let act = Act::Set { amount, minimum: None, compare_at: None, from, to, replaces };
    Wish { variant: variant(), region: "eu".into(), currency: "EUR".into(), min_quantity: 1, act }
}

fn asked(prices: &[PriceRecord], at: i64) -> Option<i64> {
    at_moment(prices, &variant(), "eu", "EUR", 1, at).map(|p| p.amount_minor)
}

#[test]
fn a_new_price_follows_and_the_old_one_gets_an_end() {
    let mut prices = vec![record(800, 0, None)];
    let planned = plan(&mut prices, &set(650, None, None, None), NOW).unwrap();
    assert_eq!((planned.at_ms, planned.old.unwrap().amount_minor, planned.new.unwrap().amount_minor), (NOW, 800, 650));
    assert_eq!(prices, [record(800, 0, Some(NOW)), record(650, NOW, None)]);
    assert_eq!(plan(&mut prices, &set(650, None, None, None), NOW + 5), None, "it is so already");
    // Within the same millisecond a record still has a moment of its own.
    plan(&mut prices, &set(640, None, None, None), NOW).unwrap();
    assert_eq!((prices.len(), prices[2].valid_from_ms), (3, NOW + 1));
}

#[test]
fn what_is_only_for_a_while_lies_over_what_stays() {
    let mut prices = vec![record(800, 0, None)];
    plan(&mut prices, &set(500, Some(NOW + DAY), Some(NOW + 3 * DAY), None), NOW).unwrap();
    let at = |days: i64| asked(&prices, NOW + days * DAY);
    assert_eq!([at(0), at(1), at(2), at(3)], [800, 500, 500, 800].map(Some));
    // Its end may come earlier or later while it has not come.
    let sooner = plan(&mut prices, &set(500, Some(NOW + DAY), Some(NOW + 2 * DAY), Some(NOW + DAY)), NOW).unwrap();
    assert_eq!((sooner.at_ms, sooner.new.unwrap().amount_minor, prices.len()), (NOW + 2 * DAY, 800, 2));
    let later = plan(&mut prices, &set(500, Some(NOW + DAY), Some(NOW + 9 * DAY), Some(NOW + DAY)), NOW).unwrap();
    assert_eq!((later.at_ms, later.to_ms, prices.len()), (NOW + 2 * DAY, Some(NOW + 9 * DAY), 2));
    // Another amount before it begins: the scheduled one never begins.
    plan(&mut prices, &set(450, Some(NOW + DAY), Some(NOW + 2 * DAY), Some(NOW + DAY)), NOW).unwrap();
    let at = |days: i64| asked(&prices, NOW + days * DAY + 1);
    assert_eq!([at(0), at(1), at(2)], [800, 450, 800].map(Some));
}

#[test]
fn ending_a_price_shows_what_lies_below() {
    let mut prices = vec![record(800, 0, None), record(500, NOW - DAY, Some(NOW + DAY))];
    let end = |began: i64, at: Option<i64>| Wish { act: Act::End { began, at }, ..set(0, None, None, None) };
    let planned = plan(&mut prices, &end(NOW - DAY, None), NOW).unwrap();
    assert_eq!((planned.old.unwrap().amount_minor, planned.new.unwrap().amount_minor), (500, 800));
    assert_eq!(plan(&mut prices, &end(NOW - DAY, None), NOW), None, "it has ended");
    assert_eq!(plan(&mut prices, &end(1, None), NOW), None, "there is none");
    let last = plan(&mut prices, &end(0, Some(NOW + DAY)), NOW).unwrap();
    assert_eq!((last.at_ms, last.new), (NOW + DAY, None));
}

#[test]
fn a_list_holds_what_can_still_be_asked_for() {
    let (buried, sale, base) = (record(900, 0, None), record(500, NOW - 9, Some(NOW + DAY)), record(800, 5, None));
    let gone = record(100, 3, Some(NOW - 1));
    let prices = [buried, base.clone(), sale.clone(), gone, record(700, NOW + 2 * DAY, None)];
    let amounts: Vec<i64> = alive(&prices, NOW).iter().map(|p| p.amount_minor).collect();
    assert_eq!(amounts, [800, 500, 700], "not what others cover for good");
    assert_eq!(in_force(&prices, NOW), [&sale]);
    assert_eq!(in_force(&prices, NOW + DAY), [&base]);
}

fn faults(typed: &Typed) -> Vec<(String, String)> {
    read(typed, &variant(), &[], None, NOW).err().unwrap_or_default().into_iter().collect()
}

#[test]
fn every_fault_names_its_field() {
    let good = Typed { region: "eu".into(), currency: "EUR".into(), amount: "9.50".into(), ..Typed::default() };
    assert_eq!(faults(&good), []);
    let with = |change: &dyn Fn(&mut Typed)| {
        let mut typed = good.clone();
        change(&mut typed);
        faults(&typed)
            .into_iter()
            .map(|(f, c)| format!("{f} {}", c.trim_start_matches("fault-price-")))
            .collect::<Vec<_>>()
    };
    for (change, told) in [
        (&(|t: &mut Typed| t.amount = "-1".into()) as &dyn Fn(&mut Typed), "amount negative"),
        (&|t| t.amount = "10000000.01".into(), "amount high"),
        (&|t| t.amount = "99999999999999999999".into(), "amount high"),
        (&|t| t.amount = "9.505".into(), "amount decimals"),
        (&|t| t.amount = "nine".into(), "amount amount"),
        (&|t| t.amount = "1,234.50".into(), "amount amount"),
        (&|t| t.amount = String::new(), "amount empty"),
        (&|t| (t.kind, t.amount) = ("fixed".into(), "0".into()), "amount zero"),
        (&|t| (t.currency, t.amount) = ("JPY".into(), "9.5".into()), "amount decimals"),
        (&|t| (t.currency, t.amount) = ("KWD".into(), "9.505".into()), "amount unit"),
        (&|t| t.currency = "XXQ".into(), "currency currency"),
        (&|t| t.region = "mars".into(), "region region"),
        (&|t| t.minimum = "9.51".into(), "minimum minimum"),
        (&|t| t.kind = "named".into(), "minimum empty"),
        (&|t| t.compare_at = "9.50".into(), "compare_at compare"),
        (&|t| t.min_quantity = "0".into(), "min_quantity step"),
        (&|t| t.min_quantity = "1000000".into(), "min_quantity step"),
        (&|t| t.from = "2020-01-01".into(), "from past"),
        (&|t| t.from = "2026-02-30".into(), "from moment"),
        (&|t| (t.from, t.to) = ("2027-01-02".into(), "2027-01-01T10:00".into()), "to order"),
        (&|t| t.to = "2020-01-01".into(), "to over"),
    ] {
        assert_eq!(with(change), [told]);
    }
    let wish = |t: Typed| read(&t, &variant(), &[], None, NOW).unwrap().act;
    let amount_of = |t: Typed| match wish(t) {
        Act::Set { amount, .. } => amount,
        Act::End { .. } => 0,
    };
    let of = |currency: &str, amount: &str| Typed { currency: currency.into(), amount: amount.into(), ..good.clone() };
    assert_eq!(
        [amount_of(of("EUR", "9,5")), amount_of(of("JPY", "1200")), amount_of(of("KWD", "1.250"))],
        [950, 1200, 1250]
    );
}

#[test]
fn moments_are_read_as_they_are_written() {
    for ms in [0, NOW, NOW + 1, NOW - NOW % 60_000, NOW - NOW % 1000] {
        assert_eq!(moment(&moment_full(ms)), Some(ms));
        assert_eq!(moment(&moment_text(ms)), Some(ms));
    }
    assert_eq!(moment("2026-12-24"), moment("2026-12-24T00:00Z"));
    assert_eq!(moment("2026-12-24 18:30"), moment("2026-12-24T18:30:00.000Z"));
    for broken in [
        "",
        "24.12.2026",
        "2026-12-24T24:00",
        "2026-12-24T18",
        "2026-12-24T18:00:00:00",
        "1969-12-31",
        "2026-12-24T1:00",
    ] {
        assert_eq!(moment(broken), None, "{broken}");
    }
}

#[test]
fn regions_are_the_engines() {
    let all = regions();
    assert!(MARKETS.iter().flat_map(|m| m.price_regions).all(|r| all.contains(r)));
    assert_eq!(&all[all.len() - 2..], ["world", "eu"]);
    assert!(is_asked("de", "EUR") && is_asked("world", "JPY") && is_asked("de", "USD"));
    assert!(!is_asked("world", "KWD") && !is_asked("xx", "EUR"));
}

fn any_records() -> impl Strategy<Value = Vec<PriceRecord>> {
    let region = prop::sample::select(vec!["eu", "de", "world", "us"]);
    let currency = prop::sample::select(vec!["EUR", "USD"]);
    let one = (region, currency, 0..8i64, prop::option::of(1..6i64), 1..3u32, 1..2000i64);
    prop::collection::vec(one, 0..12).prop_map(|rows| {
        let mut out: Vec<PriceRecord> = Vec::new();
        for (region, currency, from, life, min_quantity, amount) in rows {
            let from = NOW + (from - 4) * DAY;
            let new = PriceRecord {
                region: region.into(),
                currency: currency.into(),
                min_quantity,
                valid_to_ms: life.map(|days| from + days * DAY),
                ..record(amount, from, None)
            };
            let slot = |p: &PriceRecord| (p.region.clone(), p.currency.clone(), p.min_quantity, p.valid_from_ms);
            if !out.iter().any(|p| slot(p) == slot(&new)) {
                out.push(new);
            }
        }
        out
    })
}

proptest! {
    #[test]
    fn a_change_holds_exactly_as_long_as_it_says(
        before in any_records(), from in prop::option::of(0..5i64), life in prop::option::of(1..5i64), amount in 3000..4000i64,
    ) {
        let begins = NOW + from.unwrap_or(0) * DAY;
        let to = life.map(|days| begins + days * DAY);
        let mut after = before.clone();
        let planned = plan(&mut after, &set(amount, from.map(|_| begins), to, None), NOW).unwrap();
        prop_assert_eq!(planned.at_ms, begins);
        // A scheduled record of the same moment is taken the place of, with all that it would have covered.
        let replaced = |p: &PriceRecord| p.region == "eu" && p.currency == "EUR" && p.min_quantity == 1 && p.valid_from_ms == begins;
        let instead: Vec<PriceRecord> = before.iter().filter(|p| begins <= NOW || !replaced(p)).cloned().collect();
        for half in -10..24 {
            let at = NOW + half * DAY / 2 + 60_000;
            let later = before.iter().any(|p| p.region == "eu" && p.currency == "EUR" && p.min_quantity == 1 && p.valid_from_ms > begins && p.holds(at));
            let ours = at >= begins && to.is_none_or(|to| at < to) && !later;
            if at < NOW {
                prop_assert_eq!(asked(&after, at), asked(&before, at), "history at {}", half);
            } else if ours {
                prop_assert_eq!(asked(&after, at), Some(amount), "new at {}", half);
            } else if from.is_some_and(|f| f > 0) {
                prop_assert_eq!(asked(&after, at), asked(&instead, at), "outside at {}", half);
            }
        }
        // Nothing that was written became another price, and other slots are as they were.
        for old in &before {
            let now = after.iter().find(|p| PriceRecord { valid_to_ms: None, ..(*p).clone() } == PriceRecord { valid_to_ms: None, ..old.clone() });
            prop_assert!(now.is_some_and(|p| p.valid_to_ms == old.valid_to_ms || (p.valid_to_ms >= Some(NOW) && old.region == "eu")));
        }
    }

    #[test]
    fn the_record_that_wins_is_the_one_that_is_charged(
        prices in any_records(), market in 0..MARKETS.len(), quantity in 1..4u32, half in -9..16i64,
    ) {
        let market: &Market = &MARKETS[market];
        let at = NOW + half * DAY / 2;
        let all = lookup(&prices, &variant(), (market, market.currency), at, quantity);
        let wins: Vec<&PriceRecord> = all.iter().filter(|c| c.verdict == Verdict::Wins).map(|c| c.price).collect();
        prop_assert_eq!(wins, price_for(&prices, &variant(), market, market.currency, at, quantity).into_iter().collect::<Vec<_>>());
        prop_assert_eq!(all.len(), prices.len());
    }
}
