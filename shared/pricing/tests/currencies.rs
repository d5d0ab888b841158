//! What the processor and tills make of every currency.

use proptest::prelude::*;
use vitrine_pricing::cash::Tender;
use vitrine_pricing::market::{MARKETS, Market, is_country};
use vitrine_pricing::money::{Currency, MAX_MINOR, Money, MoneyError, RoundingMode};
use vitrine_pricing::processor::{Acceptance, ProcessorError};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, currency(code)).unwrap()
}

fn taken() -> impl Iterator<Item = Currency> {
    Currency::all().filter(|c| matches!(c.acceptance(), Acceptance::Taken | Acceptance::SomeAccounts))
}

fn codes(wanted: impl Fn(Currency) -> bool) -> Vec<&'static str> {
    Currency::all().filter(|c| wanted(*c)).map(Currency::code).collect()
}

#[test]
fn the_processor_counts_otherwise_in_three_currencies() {
    assert_eq!(codes(|c| c.processor_exponent() != c.exponent()), ["ISK", "MGA", "UGX"]);
    // The zero-decimal list of the processor's page.
    let none =
        ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
    assert_eq!(codes(|c| c.processor_exponent() == 0), none);
    assert_eq!(money(5, "ISK").to_processor(), Ok(500));
    assert_eq!(money(5, "UGX").to_processor(), Ok(500));
    assert_eq!(money(1200, "MGA").to_processor(), Ok(12));
    assert_eq!(money(10_000, "JPY").to_processor(), Ok(10_000));
    assert_eq!(money(-999, "EUR").to_processor(), Ok(-999));
    assert_eq!(Money::from_processor(500, currency("ISK")), Ok(money(5, "ISK")));
    assert_eq!(Money::from_processor(12, currency("MGA")), Ok(money(1200, "MGA")));
}

#[test]
fn what_cannot_be_sent_or_read_exactly_is_an_error() {
    let step = |r: Result<i64, ProcessorError>| matches!(r, Err(ProcessorError::Step { step, .. }) if step.minor() > 1);
    assert!(step(money(1234, "KWD").to_processor()));
    assert!(step(money(20, "MGA").to_processor()));
    // Only payouts have to be whole there: no charge has decimals, but what goes back of one from before that is sent as it is.
    for code in ["HUF", "TWD"] {
        assert!(step(money(38_896, code).to_charge()));
        assert_eq!(money(-38_896, code).to_processor(), Ok(-38_896));
    }
    let read = Money::from_processor(505, currency("ISK"));
    assert_eq!(read, Err(ProcessorError::NotWhole { amount: 505, currency: currency("ISK") }));
    // What happened is read even where it could not be asked for.
    assert_eq!(Money::from_processor(1234, currency("KWD")), Ok(money(1234, "KWD")));
    for code in ["IRR", "VED", "GHS"] {
        assert_eq!(money(100, code).to_processor(), Err(ProcessorError::Currency(currency(code))));
        assert_eq!(Money::from_processor(100, currency(code)), Err(ProcessorError::Currency(currency(code))));
    }
    assert_eq!(Money::from_processor(i64::MAX, currency("MGA")), Err(ProcessorError::Money(MoneyError::Overflow)));
    assert_eq!(Money::from_processor(i64::MIN, currency("EUR")), Err(ProcessorError::Money(MoneyError::Overflow)));
    let said = money(1234, "KWD").to_processor().unwrap_err().to_string();
    assert_eq!(said, "1.234 KWD cannot be charged, only multiples of 0.010");
    assert_eq!(
        money(29, "GBP").to_charge().unwrap_err().to_string(),
        "0.29 GBP is less than the smallest charge, 0.30"
    );
}

#[test]
fn acceptance_is_settled_for_every_currency() {
    assert_eq!(codes(|c| c.acceptance() == Acceptance::NotTaken).len(), 13);
    assert_eq!(codes(|c| c.acceptance() == Acceptance::Unconfirmed), ["BTN", "GHS", "MRU", "STN", "SVC", "XCG"]);
    assert_eq!(codes(|c| c.acceptance() == Acceptance::SomeAccounts), ["BHD", "JOD", "KWD", "OMR", "TND"]);
    assert_eq!(taken().count(), 155 - 13 - 6);
}

#[test]
fn steps_of_charges_and_of_prices() {
    assert_eq!(codes(|c| c.processor_step() == 10), ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);
    assert_eq!(codes(|c| c.processor_step() == 100), ["HUF", "MGA", "TWD"]);
    assert_eq!(codes(|c| !matches!(c.processor_step(), 1 | 10 | 100)), [""; 0]);
    assert_eq!(
        ["TWD", "HUF", "IDR", "IQD", "KWD", "EUR", "JPY"].map(|c| currency(c).price_step()),
        [100, 100, 100, 1000, 10, 1, 1]
    );
    for currency in Currency::all() {
        assert_eq!(currency.price_step() % currency.processor_step(), 0, "{currency}: every price can be charged");
    }
}

#[test]
fn smallest_charges() {
    for (code, minor) in [
        ("EUR", 50),
        ("USD", 50),
        ("GBP", 30),
        ("JPY", 50),
        ("HUF", 17_500),
        ("CZK", 1_500),
        ("DKK", 250),
        ("MXN", 1_000),
    ] {
        assert_eq!(currency(code).minimum_charge(), money(minor, code));
        assert_eq!(money(minor, code).to_charge(), money(minor, code).to_processor());
        let below = money(minor - currency(code).processor_step(), code);
        let minimum = money(minor, code);
        assert_eq!(below.to_charge(), Err(ProcessorError::BelowMinimum { amount: below, minimum }));
    }
    for currency in Currency::all() {
        let least = currency.minimum_charge();
        assert!(least.minor() >= 1 && least.minor() % currency.processor_step() == 0, "{currency}");
        assert!(
            Money::zero(currency).to_charge().is_err() && Money::new(-1000, currency).unwrap().to_charge().is_err()
        );
    }
}

#[test]
fn cash_steps_by_currency_and_country() {
    let steps = |country, list: &[&str]| list.iter().map(|c| currency(c).cash_step(country)).collect::<Vec<_>>();
    assert_eq!(steps("CH", &["CHF", "CAD", "DKK", "SEK", "NOK", "CZK", "HUF"]), [5, 5, 50, 100, 100, 100, 500]);
    assert_eq!(steps("AU", &["AUD", "NZD", "SGD", "ILS", "HKD", "MYR"]), [5, 10, 5, 10, 10, 5]);
    assert_eq!(steps("DE", &["EUR", "USD", "GBP", "JPY", "KWD"]), [1, 1, 1, 1, 1]);
    assert_eq!(["BE", "EE", "FI", "IE", "IT", "LT", "NL", "SK"].map(|c| Currency::EUR.cash_step(c)), [5; 8]);
    assert_eq!(["DE", "FR", "AT", "ES", ""].map(|c| Currency::EUR.cash_step(c)), [1; 5]);
    // Åland has Finland's law of money.
    assert_eq!(Currency::EUR.cash_step("AX"), 5);
    // Of the rest of the world, by currency; what no file says is CLDR's.
    assert_eq!(steps("BR", &["BRL", "KRW", "TWD", "RSD", "IDR"]), [5, 10, 100, 100, 100]);
    // Coins are the same wherever one pays with them.
    assert_eq!(["CA", "DK", "GL", "US", ""].map(|c| currency("DKK").cash_step(c)), [50; 5]);
    for market in MARKETS {
        for cash in market.cash {
            assert!(cash.countries.iter().all(|c| is_country(c) && Market::of_country(c) == market), "{cash:?}");
            assert!(cash.countries.iter().all(|c| cash.currency.cash_step(c) == cash.step), "{cash:?}");
        }
    }
}

#[test]
fn totals_in_coins() {
    let pay = |minor, code, country, mode| {
        let paid = money(minor, code).round_to_cash(country, mode).unwrap();
        (paid.to_pay.minor(), paid.difference.minor())
    };
    let up = RoundingMode::HalfUp;
    assert_eq!(pay(1022, "CHF", "CH", up), (1020, -2));
    assert_eq!(pay(1023, "CHF", "CH", up), (1025, 2));
    assert_eq!(pay(-1023, "CHF", "CH", up), (-1025, -2));
    assert_eq!(pay(9_949, "SEK", "SE", up), (9_900, -49));
    assert_eq!(pay(9_950, "SEK", "SE", up), (10_000, 50));
    assert_eq!(pay(9_850, "SEK", "SE", RoundingMode::HalfEven), (9_800, -50));
    assert_eq!(pay(9_950, "SEK", "SE", RoundingMode::HalfEven), (10_000, 50));
    assert_eq!(pay(1024, "DKK", "DK", up), (1000, -24));
    assert_eq!(pay(1025, "DKK", "DK", up), (1050, 25));
    assert_eq!(pay(124_900, "HUF", "HU", up), (125_000, 100));
    assert_eq!(pay(1003, "EUR", "FI", up), (1005, 2));
    assert_eq!(pay(1003, "EUR", "DE", up), (1003, 0));
    assert_eq!(pay(500, "JPY", "JP", up), (500, 0));
    let card = money(1022, "CHF").payable(Tender::Electronic, "CH", up).unwrap();
    assert_eq!((card.to_pay, card.difference), (money(1022, "CHF"), money(0, "CHF")));
    let cash = money(1022, "CHF").payable(Tender::Cash, "CH", up).unwrap();
    assert_eq!((cash.to_pay, cash.difference), (money(1020, "CHF"), money(-2, "CHF")));
    let most = money(MAX_MINOR, "HUF");
    assert_eq!(most.round_to_cash("HU", up), Err(MoneyError::Overflow));
}

fn mode() -> impl Strategy<Value = RoundingMode> {
    prop::sample::select(vec![RoundingMode::HalfUp, RoundingMode::HalfEven])
}

proptest! {
    #[test]
    fn what_is_sent_comes_back(minor in -MAX_MINOR..=MAX_MINOR) {
        for currency in taken() {
            let amount = Money::new(minor - minor % currency.processor_step(), currency).unwrap();
            let sent = amount.to_processor().unwrap();
            prop_assert_eq!(Money::from_processor(sent, currency).unwrap(), amount);
            // The same money in major units: minor / 10^iso = sent / 10^processor.
            let (ours, theirs) = (u32::from(currency.exponent()), u32::from(currency.processor_exponent()));
            prop_assert_eq!(i128::from(minor - minor % currency.processor_step()) * 10i128.pow(theirs), i128::from(sent) * 10i128.pow(ours));
        }
    }

    #[test]
    fn what_is_read_goes_back(sent in any::<i64>()) {
        for currency in taken() {
            if let Ok(amount) = Money::from_processor(sent, currency)
                && let Ok(again) = amount.to_processor()
            {
                prop_assert_eq!(again, sent);
            }
        }
    }

    #[test]
    fn a_chargeable_amount_is_near_and_can_be_sent(minor in -1_000_000_000i64..=1_000_000_000, mode in mode()) {
        for currency in taken() {
            let amount = Money::new(minor, currency).unwrap();
            let near = amount.to_chargeable(mode).unwrap();
            prop_assert!(near.to_processor().is_ok());
            prop_assert!((near.minor() - minor).abs() * 2 <= currency.processor_step());
            prop_assert_eq!(near.to_chargeable(mode).unwrap(), near);
        }
    }

    #[test]
    fn cash_is_whole_coins_and_nothing_is_lost(minor in -1_000_000_000i64..=1_000_000_000, mode in mode(), country in prop::sample::select(vec!["FI", "DE", "CH"])) {
        for currency in Currency::all() {
            let amount = Money::new(minor, currency).unwrap();
            let (paid, step) = (amount.round_to_cash(country, mode).unwrap(), currency.cash_step(country));
            prop_assert_eq!(paid.to_pay.minor() % step, 0);
            prop_assert_eq!(amount.checked_add(paid.difference).unwrap(), paid.to_pay);
            prop_assert!(paid.difference.minor().abs() * 2 <= step);
            let back = Money::new(-minor, currency).unwrap().round_to_cash(country, mode).unwrap();
            prop_assert_eq!(back.to_pay.minor(), -paid.to_pay.minor(), "a refund mirrors its sale");
        }
    }
}
