//! Amounts in another currency: exact until the last step, never old, never charged.

use proptest::prelude::*;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::Locale;
use vitrine_pricing::fx::{Approximate, FxError, FxTable, MAX_AGE_DAYS, Rate};
use vitrine_pricing::money::{Currency, MAX_MINOR, Money, MoneyError};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn money(text: &str, code: &str) -> Money {
    Money::parse(text, currency(code)).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn table(rates: &[(&str, &str)]) -> FxTable {
    let rates = rates.iter().map(|(code, rate)| (currency(code), Rate::parse(rate).unwrap())).collect();
    FxTable::new("ECB".into(), day("2026-11-27"), Currency::EUR, rates).unwrap()
}

fn usual() -> FxTable {
    table(&[
        ("USD", "1.0842"),
        ("JPY", "163.45"),
        ("HUF", "395.12"),
        ("KWD", "0.33341"),
        ("TWD", "34.962"),
        ("IDR", "17234.56"),
        ("CHF", "0.9312"),
    ])
}

fn shown(table: &FxTable, amount: Money, to: &str) -> Result<String, FxError> {
    let about: Approximate = table.convert_for_display(amount, currency(to), day("2026-11-28"))?.amount;
    assert_eq!(about.currency(), currency(to));
    Ok(about.text(Locale::EnUs))
}

#[test]
fn amounts_are_converted_exactly_and_rounded_once() {
    let t = usual();
    // 12.34 * 1.0842 = 13.379028
    assert_eq!(shown(&t, money("12.34", "EUR"), "USD").unwrap(), "~$13.38");
    // 13.38 / 1.0842 = 12.3409
    assert_eq!(shown(&t, money("13.38", "USD"), "EUR").unwrap(), "~€12.34");
    // 100 / 163.45 * 1.0842 = 0.66332
    assert_eq!(shown(&t, money("100", "JPY"), "USD").unwrap(), "~$0.66");
    // 9.99 / 1.0842 * 163.45 = 1506.06
    assert_eq!(shown(&t, money("9.99", "USD"), "JPY").unwrap(), "~¥1,506");
    // 12.34 * 0.33341 = 4.1142794, to the last digit that can be charged
    assert_eq!(shown(&t, money("12.34", "EUR"), "KWD").unwrap(), "~KWD\u{a0}4.110");
    assert_eq!(shown(&t, money("-12.34", "EUR"), "USD").unwrap(), "~-$13.38");
}

#[test]
fn amounts_come_in_steps_in_which_prices_are() {
    let t = usual();
    // 10 * 395.12 = 3951.2; 10 * 34.962 = 349.62; 9.99 * 17234.56 = 172173.25
    assert_eq!(shown(&t, money("10", "EUR"), "HUF").unwrap(), "~HUF\u{a0}3,951");
    assert_eq!(shown(&t, money("10", "EUR"), "TWD").unwrap(), "~NT$350.00");
    assert_eq!(shown(&t, money("9.99", "EUR"), "IDR").unwrap(), "~IDR\u{a0}172,173");
    // Half up: 1 * 0.5 in whole yen.
    assert_eq!(shown(&table(&[("JPY", "0.5")]), money("1", "EUR"), "JPY").unwrap(), "~¥1");
}

#[test]
fn locales_say_about_in_their_own_way() {
    let t = usual();
    let on = day("2026-11-27");
    let about = t.convert_for_display(money("1234.56", "EUR"), Currency::CHF, on).unwrap();
    assert_eq!((about.date, about.source), (on, "ECB"));
    let texts = [Locale::DeDe, Locale::DeCh, Locale::FrFr, Locale::JaJp].map(|l| about.amount.text(l));
    assert_eq!(texts, ["≈1.149,62\u{a0}CHF", "CHF≈1'149.62", "≃1\u{202f}149,62\u{a0}CHF", "約CHF\u{a0}1,149.62"]);
}

#[test]
fn old_rates_show_nothing() {
    let t = usual();
    let ask =
        |on| t.convert_for_display(money("1", "EUR"), Currency::USD, day(on)).map(|d| d.amount.text(Locale::EnUs));
    assert!(ask("2026-11-27").is_ok() && ask("2026-12-04").is_ok());
    for on in ["2026-12-05", "2026-11-26", "2027-11-27"] {
        assert_eq!(ask(on), Err(FxError::Stale { date: day("2026-11-27"), on: day(on) }));
    }
    assert_eq!(day("2026-12-04").days_since(day("2026-11-27")), MAX_AGE_DAYS);
}

#[test]
fn what_cannot_be_said_is_an_error_with_a_type() {
    let t = usual();
    assert_eq!(shown(&t, money("1", "EUR"), "GBP"), Err(FxError::UnknownCurrency(Currency::GBP)));
    assert_eq!(shown(&t, money("1", "GBP"), "EUR"), Err(FxError::UnknownCurrency(Currency::GBP)));
    assert_eq!(shown(&t, money("1", "EUR"), "EUR"), Err(FxError::SameCurrency(Currency::EUR)));
    assert_eq!(shown(&t, money("0.50", "IDR"), "EUR"), Err(FxError::TooSmall(Currency::EUR)));
    assert_eq!(shown(&t, money("0", "IDR"), "EUR").unwrap(), "~€0.00");
    let most = Money::new(MAX_MINOR, Currency::EUR).unwrap();
    assert_eq!(shown(&t, most, "IDR"), Err(FxError::Money(MoneyError::Overflow)));
    for text in [
        "",
        ".",
        "1.",
        ".5",
        "0",
        "0.000",
        "-1",
        "+1",
        "1e3",
        "1,5",
        "1.2.3",
        "1234567890123456",
        "0.1234567890123",
        "99999999999999999",
    ] {
        assert!(Rate::parse(text).is_err(), "{text:?}");
    }
    let one = || Rate::parse("1").unwrap();
    let twice = |base, list: &[Currency]| {
        FxTable::new("x".into(), day("2026-11-27"), base, list.iter().map(|c| (*c, one())).collect())
    };
    assert_eq!(
        twice(Currency::EUR, &[Currency::USD, Currency::CHF, Currency::USD]),
        Err(FxError::Twice(Currency::USD))
    );
    assert_eq!(twice(Currency::EUR, &[Currency::EUR]), Err(FxError::Twice(Currency::EUR)));
}

#[test]
fn tables_are_stored_as_they_were_published() {
    let text = r#"{"source":"ECB","date":"2026-11-27","base":"EUR","rates":[["JPY","163.45"],["USD","1.08420"]]}"#;
    let read: FxTable = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    for bad in [r#""0""#, r#""1e3""#, "1.5"] {
        assert!(serde_json::from_str::<FxTable>(&text.replace(r#""163.45""#, bad)).is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<FxTable>(&text.replace("JPY", "USD")).is_err());
}

proptest! {
    #[test]
    fn no_rate_or_amount_panics(minor in -MAX_MINOR..=MAX_MINOR, a in "[0-9]{1,8}(\\.[0-9]{1,8})?", b in "[0-9]{1,15}", c in "0\\.[0-9]{1,12}") {
        let rates: Vec<_> = [("USD", &a), ("KWD", &b), ("JPY", &c)]
            .into_iter()
            .filter_map(|(code, rate)| Some((currency(code), Rate::parse(rate).ok()?)))
            .collect();
        let table = FxTable::new("x".into(), day("2026-11-27"), Currency::EUR, rates).unwrap();
        for from in ["USD", "KWD", "JPY", "EUR"] {
            for to in ["USD", "KWD", "JPY", "EUR"] {
                let _ = table.convert_for_display(Money::new(minor, currency(from)).unwrap(), currency(to), day("2026-11-28"));
            }
        }
    }

    #[test]
    fn what_is_shown_is_the_nearest(minor in 1_000_000i64..=1_000_000_000_000, rate in 1i64..=1_000_000) {
        let t = table(&[("USD", &format!("{}.{:04}", rate / 10_000, rate % 10_000))]);
        let text = t.convert_for_display(Money::new(minor, Currency::EUR).unwrap(), Currency::USD, day("2026-11-28")).unwrap().amount.text(Locale::EnUs);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let (shown, exact) = (digits.parse::<i128>().unwrap() * 10_000, i128::from(minor) * i128::from(rate));
        prop_assert!((shown - exact).abs() * 2 <= 10_000);
        // And back, over the other side of the fraction.
        let back = t.convert_for_display(Money::new(minor, Currency::USD).unwrap(), Currency::EUR, day("2026-11-28")).unwrap().amount.text(Locale::EnUs);
        let digits: String = back.chars().filter(char::is_ascii_digit).collect();
        let (shown, exact) = (digits.parse::<i128>().unwrap() * i128::from(rate), i128::from(minor) * 10_000);
        prop_assert!((shown - exact).abs() * 2 <= i128::from(rate));
    }

    #[test]
    fn days_between_are_those_of_the_calendar(a in -62_135_596_800i64..253_402_300_799, days in 0i64..40_000) {
        let date = |seconds: i64| Date::from_unix_ms(seconds * 1000);
        if let (Ok(earlier), Ok(later)) = (date(a), date(a + days * 86_400)) {
            prop_assert_eq!(i64::from(later.days_since(earlier)), days);
            prop_assert_eq!(i64::from(earlier.days_since(later)), -days);
        }
    }
}
