//! Money, numbers and days as `Intl` of Node writes them: `intl.tsv`, written by `make-intl.mjs`. What differs is listed here with its reason;
//! any other difference fails.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{
    Locale, currency_symbol, format_accounting, format_date, format_decimal, format_money, format_percent,
};
use vitrine_pricing::fx::{FxTable, Rate};
use vitrine_pricing::money::{Currency, Money, RoundingMode};

/// Written without decimals by `Intl`, which rounds; ours shows the decimals of ISO 4217 when there is a fraction, for a price with a fraction must not
/// be shown as another amount than what is charged.
const ROUNDED: [&str; 16] =
    ["AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "PKR", "SOS", "SYP", "YER"];

/// `Intl` of CLDR 48.0 groups by U+202F in fr-CH; CLDR 48.2, which ours is made from, by an apostrophe, as Swiss shops do.
fn as_cldr_48_0(text: &str, locale: Locale) -> String {
    if locale == Locale::FrCh { text.replace('\'', "\u{202f}") } else { text.to_owned() }
}

/// Rows that differ, by reason, as of Node 20.20.2.
const DIFFERENCES: [(&str, usize); 3] = [("fr-CH group", 269), ("rounded", 212), ("rounded and fr-CH group", 18)];

struct Row<'a> {
    locale: Locale,
    currency: Option<Currency>,
    value: i64,
    style: &'a str,
    text: String,
}

fn rows() -> Vec<Row<'static>> {
    include_str!("intl.tsv")
        .lines()
        .skip(2)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [tag, currency, value, style, text] = cells[..] else { panic!("{line}") };
            let locale = Locale::from_tag(tag);
            assert_eq!(locale.tag(), tag);
            Row { locale, currency: currency.parse().ok(), value: value.parse().unwrap(), style, text: unescaped(text) }
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

/// An approximate amount comes out of a conversion only: from a currency of the same decimals, at one to one.
fn about(amount: Money, locale: Locale) -> String {
    let exponent = amount.currency().exponent();
    let other = Currency::all().find(|c| *c != amount.currency() && c.exponent() == exponent).unwrap();
    let day: Date = "2026-11-27".parse().unwrap();
    let table = FxTable::new("test".into(), day, other, vec![(amount.currency(), Rate::parse("1").unwrap())]).unwrap();
    let given = Money::new(amount.minor(), other).unwrap();
    table.convert_for_display(given, amount.currency(), day).unwrap().amount.text(locale)
}

fn ours(row: &Row<'_>, value: i64) -> String {
    let money = || Money::new(value, row.currency.unwrap()).unwrap();
    match row.style {
        "symbol" => format_money(money(), row.locale),
        "accounting" => format_accounting(money(), row.locale),
        "about" => about(money(), row.locale),
        "percent" => format_percent(value, row.locale),
        "decimal" => format_decimal(value, 2, row.locale),
        "date" => format_date(Date::from_unix_ms(value * 86_400_000).unwrap(), row.locale),
        other => panic!("{other}"),
    }
}

#[test]
fn texts_are_those_of_intl_but_for_the_listed_differences() {
    let mut found: BTreeMap<&str, usize> = DIFFERENCES.iter().map(|(reason, _)| (*reason, 0)).collect();
    let mut wrong = Vec::new();
    for row in rows() {
        let written = ours(&row, row.value);
        if written == row.text {
            continue;
        }
        let listed = row.currency.filter(|c| ROUNDED.contains(&c.code()));
        let whole = listed.map(|c| 10i64.pow(u32::from(c.exponent())));
        let rounded = whole.map_or(row.value, |whole| {
            Money::new(row.value, row.currency.unwrap())
                .unwrap()
                .round_to_step(whole, RoundingMode::HalfUp)
                .unwrap()
                .minor()
        });
        let expected = as_cldr_48_0(&ours(&row, rounded), row.locale);
        let reason = match (rounded != row.value, as_cldr_48_0(&written, row.locale) != written) {
            (true, false) => "rounded",
            (false, true) => "fr-CH group",
            (true, true) => "rounded and fr-CH group",
            (false, false) => "none",
        };
        match found.get_mut(reason) {
            Some(count) if expected == row.text => *count += 1,
            _ => wrong.push(format!(
                "{} {:?} {} {}: {written:?}, Intl {:?}",
                row.locale.tag(),
                row.currency,
                row.value,
                row.style,
                row.text
            )),
        }
    }
    assert!(wrong.is_empty(), "{} rows\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    assert_eq!(found, DIFFERENCES.into_iter().collect(), "a listed difference came or went");
}

#[test]
fn the_table_has_every_locale_currency_and_style() {
    let rows = rows();
    for locale in Locale::ALL {
        let of = |row: &&Row<'_>| row.locale == locale;
        let currencies: BTreeSet<_> = rows.iter().filter(of).filter_map(|r| r.currency).collect();
        assert!(Currency::all().eq(currencies), "{}", locale.tag());
        let styles: BTreeSet<_> = rows.iter().filter(of).map(|r| r.style).collect();
        assert_eq!(styles.len(), 6, "{}", locale.tag());
    }
}

#[test]
fn whole_currencies_are_written_whole_only_when_they_are() {
    let huf: Currency = "HUF".parse().unwrap();
    let text = |minor| format_money(Money::new(minor, huf).unwrap(), Locale::DeDe);
    assert_eq!(text(500_000), "5.000\u{a0}HUF");
    assert_eq!(text(500_050), "5.000,50\u{a0}HUF");
    assert_eq!(text(0), "0\u{a0}HUF");
    assert_eq!(Currency::all().filter(|c| c.is_whole()).map(Currency::code).collect::<Vec<_>>(), ROUNDED);
}

#[test]
fn no_two_currencies_look_alike() {
    for locale in Locale::ALL {
        let symbols: BTreeSet<_> = Currency::all().map(|c| currency_symbol(c, locale)).collect();
        assert_eq!(symbols.len(), Currency::all().count(), "{}", locale.tag());
    }
    let written = |code: &str| Locale::ALL.map(|l| currency_symbol(code.parse().unwrap(), l));
    // In the order of the locales: en-US, en-GB, en-CA, de-DE, de-AT, de-CH, fr-FR, fr-CA, fr-CH, ja-JP.
    assert_eq!(written("USD"), ["$", "US$", "US$", "$", "$", "$", "$US", "$\u{a0}US", "$US", "$"]);
    assert_eq!(written("CAD"), ["CA$", "CA$", "$", "CA$", "CA$", "CA$", "$CA", "$", "$CA", "CA$"]);
}

#[test]
fn the_buyers_country_decides_within_the_language_of_the_texts() {
    let pick = |texts, country| Locale::for_buyer(texts, country).tag();
    assert_eq!(pick("de-DE", "CH"), "de-CH");
    assert_eq!(pick("de-DE", "LI"), "de-CH");
    assert_eq!(pick("de-DE", "AT"), "de-AT");
    assert_eq!(pick("de-DE", "JP"), "de-DE");
    assert_eq!(pick("en-US", "CA"), "en-CA");
    assert_eq!(pick("fr-FR", "CA"), "fr-CA");
    assert_eq!(pick("en-US", "FR"), "en-US");
    assert_eq!(pick("en-GB", "FR"), "en-GB");
    assert_eq!(pick("en-XA", "CH"), "en-US");
    assert_eq!(pick("ar-XB", "CH"), "en-US");
}

#[test]
fn tags_are_read_exactly_then_by_language() {
    for locale in Locale::ALL {
        assert_eq!(Locale::from_tag(locale.tag()), locale);
        assert_eq!(Locale::from_tag(&locale.tag().to_ascii_lowercase().replace('-', "_")), locale);
    }
    for (tag, read) in [
        ("de", "de-DE"),
        ("de-LU", "de-DE"),
        ("de-LI", "de-CH"),
        ("fr-Latn-CH", "fr-CH"),
        ("en-AU", "en-US"),
        ("ja", "ja-JP"),
        ("", "en-US"),
        ("xx-DE", "en-US"),
        ("deu-CH", "en-US"),
        ("d\u{e9}-CH", "en-US"),
    ] {
        assert_eq!(Locale::from_tag(tag).tag(), read, "{tag}");
    }
}
