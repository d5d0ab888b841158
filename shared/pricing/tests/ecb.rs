//! The ECB's files: read as a whole or not at all, and what pages make of them.

use proptest::prelude::*;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::Locale;
use vitrine_pricing::fx::ecb::{SOURCE, built_in, read};
use vitrine_pricing::fx::{About, FxError, FxTable, Mark, Staleness};
use vitrine_pricing::fx::{FileError, MOST_BYTES};
use vitrine_pricing::money::{Currency, Money};

const DAILY: &str = include_str!("../../../fuzz/corpus/rates/daily.xml");

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn eur(text: &str) -> Money {
    Money::parse(text, Currency::EUR).unwrap()
}

fn shown(table: &FxTable, price: Money, to: Currency, on: &str, staleness: Staleness) -> Result<About, FxError> {
    table.about(price, to, day(on), staleness, Locale::EnUs)
}

#[test]
fn both_forms_of_a_day_are_the_same_table() {
    let table = built_in();
    assert_eq!((table.date(), table.currencies().count()), (day("2026-10-30"), 29));
    assert_eq!(read(DAILY.as_bytes()).unwrap().table, table, "the XML of that day");
    let text = serde_json::to_string(&table).unwrap();
    assert!(
        text.starts_with(r#"{"source":"ECB","date":"2026-10-30","base":"EUR","rates":[["AUD","1.5904"],"#),
        "{text}"
    );
    assert!(text.contains(r#"["USD","1.1172"]"#) && text.contains(r#"["IDR","20275.17"]"#), "{text}");
}

#[test]
fn the_newest_day_counts_in_any_order() {
    let csv = "Date,USD,EEK,JPY,\n2026-10-29,1.113,N/A,175.92,\n2026-10-30,1.1172,N/A,175.68,\n2026-10-28,1,N/A,1,\n";
    let found = read(csv.as_bytes()).unwrap();
    assert_eq!(found.table.date(), day("2026-10-30"));
    assert_eq!(found.table.currencies().collect::<Vec<_>>(), [Currency::JPY, Currency::USD]);
    let two = DAILY.replace(
        "<Cube time='2026-10-30'>",
        "<Cube time='2026-10-29'><Cube currency='USD' rate='9'/></Cube><Cube time='2026-10-30'>",
    );
    assert_eq!(read(two.as_bytes()).unwrap().table, built_in());
    let windows = format!("\u{feff}{}", csv.replace('\n', "\r\n"));
    assert_eq!(read(windows.as_bytes()).unwrap(), found);
}

#[test]
fn codes_that_are_no_active_currency_are_named_and_left_out() {
    let found = read(b"Date, USD, EEK, \n30 October 2026, 1.1172, 15.6466, \n").unwrap();
    assert_eq!((found.table.currencies().count(), found.unknown), (1, vec!["EEK".to_owned()]));
}

#[test]
fn a_file_with_a_fault_gives_nothing() {
    let code = |text: &str| read(text.as_bytes()).map(|read| read.table).unwrap_err().code();
    for (text, wanted) in [
        ("", "not_rates"),
        ("Date,USD", "no_rates"),
        ("Day,USD\n2026-10-30,1\n", "not_rates"),
        ("Date,USD\n2026-10-30,1,2\n", "not_rates"),
        ("Date,USD\n30 Oct 2026,1\n", "not_rates"),
        ("Date,USD\n30 October 2026 x,1\n", "not_rates"),
        ("Date,USD\n31 February 2026,1\n", "not_rates"),
        ("Date,USD\n+1 March 2026,1\n", "not_rates"),
        ("Date,usd\n2026-10-30,1\n", "not_rates"),
        ("Date,USD\n2026-10-30,0\n", "bad_rate"),
        ("Date,USD\n2026-10-30,1e3\n", "bad_rate"),
        ("Date,USD,USD\n2026-10-30,1,1\n", "bad_rate"),
        ("Date,EUR\n2026-10-30,1\n", "bad_rate"),
        ("Date,EEK\n2026-10-30,1\n", "no_rates"),
        ("Date,USD\n2026-10-30,N/A\n", "no_rates"),
        ("<a/>", "no_rates"),
        ("<a>", "not_rates"),
    ] {
        assert_eq!(code(text), wanted, "{text:?}");
    }
    assert_eq!(code(&DAILY.replace("1.1172", "-1")), "bad_rate");
    assert_eq!(code(&DAILY.replace("rate='1.1172'", "")), "not_rates");
    assert_eq!(code(&DAILY.replace("2026-10-30", "30.10.2026")), "not_rates");
    assert_eq!(code(&DAILY.replace("vocabulary", "elsewhere")), "no_rates", "another document");
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    assert_eq!(code(bomb), "not_rates", "no entities");
    let deep = "<a>".repeat(50_000);
    assert_eq!(code(&deep), "not_rates");
    assert!(matches!(read(b"Date,\xff"), Err(FileError::Form(_))));
    let padded = format!("{DAILY}{}", " ".repeat(MOST_BYTES - DAILY.len()));
    assert!(read(padded.as_bytes()).is_ok());
    assert_eq!(read(format!("{padded} ").as_bytes()), Err(FileError::TooLong));
}

#[test]
fn what_is_shown_beside_a_price_says_of_when_and_whose_it_is() {
    let table = built_in();
    // 12.34 * 1.1172 = 13.786248
    let about = shown(&table, eur("12.34"), Currency::USD, "2026-11-06", Staleness::DAILY).unwrap();
    let text = r#"{"text":"~$13.79","currency":"USD","mark":"approximate","source":"ECB","date":"2026-10-30"}"#;
    assert_eq!(serde_json::to_string(&about).unwrap(), text);
    assert_eq!((about.source.as_str(), about.mark), (SOURCE, Mark::Approximate));
}

#[test]
fn old_rates_are_marked_and_then_hidden() {
    let mark = |on: &str, staleness| shown(&built_in(), eur("1"), Currency::USD, on, staleness).map(|about| about.mark);
    let stale = |on: &str| Err(FxError::Stale { date: day("2026-10-30"), on: day(on) });
    for (on, daily, occasional) in [
        ("2026-10-29", stale("2026-10-29"), stale("2026-10-29")),
        ("2026-10-30", Ok(Mark::Approximate), Ok(Mark::Approximate)),
        ("2026-11-06", Ok(Mark::Approximate), Ok(Mark::Approximate)),
        ("2026-11-07", stale("2026-11-07"), Ok(Mark::ApproximateOld)),
        ("2027-01-30", stale("2027-01-30"), Ok(Mark::ApproximateOld)),
        ("2027-01-31", stale("2027-01-31"), stale("2027-01-31")),
    ] {
        assert_eq!(mark(on, Staleness::DAILY), daily, "{on}");
        assert_eq!(mark(on, Staleness::OCCASIONAL), occasional, "{on}");
    }
}

#[test]
fn every_currency_that_can_be_chosen_has_a_rate() {
    let table = built_in();
    let mut known: Vec<&str> = table.currencies().chain([Currency::EUR]).map(Currency::code).collect();
    known.sort_unstable();
    assert_eq!(known, vitrine_pricing::shown_in::SHOWN);
}

#[test]
fn amounts_of_other_currencies_have_a_place_in_the_order_whatever_day_it_is() {
    let table = built_in();
    let dollars = |minor| Money::new(minor, Currency::USD).unwrap();
    assert_eq!(table.rank(dollars(799), Currency::USD), Some(799));
    let kroner = table.rank(dollars(799), Currency::NOK).unwrap();
    assert!((5_000..15_000).contains(&kroner), "{kroner}");
    assert_eq!([table.rank(dollars(0), Currency::NOK), table.rank(dollars(1), Currency::JPY)], [Some(0), Some(2)]);
    assert_eq!(table.rank(dollars(1), "KWD".parse().unwrap()), None);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(Date|<|[a-zA-Z0-9, ./'=\"<>\\n-]){0,200}") {
        let _ = read(text.as_bytes());
    }

    #[test]
    fn what_is_written_is_read(rates in prop::collection::vec("[1-9][0-9]{0,4}(\\.[0-9]{1,5})?", 1..30), days in 0i64..20_000) {
        let codes: Vec<Currency> = Currency::all().filter(|c| *c != Currency::EUR).take(rates.len()).collect();
        let date = Date::from_unix_ms(days * 86_400_000).unwrap();
        let head: String = codes.iter().map(|c| format!(", {c}")).collect();
        let row: String = rates.iter().map(|r| format!(", {r}")).collect();
        let csv = read(format!("Date{head}, \n{date}{row}, \n").as_bytes()).unwrap();
        let cubes: String = codes.iter().zip(&rates).map(|(c, r)| format!("<Cube currency='{c}' rate='{r}'/>")).collect();
        let space = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref";
        let xml = read(format!("<e xmlns='{space}'><Cube><Cube time='{date}'>{cubes}</Cube></Cube></e>").as_bytes()).unwrap();
        prop_assert_eq!(&csv, &xml);
        let json = serde_json::to_value(&csv.table).unwrap();
        let read: Vec<&str> = json["rates"].as_array().unwrap().iter().map(|pair| pair[1].as_str().unwrap()).collect();
        prop_assert_eq!(read, rates.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
