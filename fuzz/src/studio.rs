//! What staff and sellers type and send at their desks: pasted addresses, gift cards, refunds, names in addresses and hidden fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::form_urlencoded::{Serializer, parse};
use vitrine_identity::account::normalise_email;
use vitrine_pricing::money::Currency;
use vitrine_pricing::refund::{RefundWish, Take};
use vitrine_server::desk::{Choice, GridAsk, Month, Spot, gift_cards, place_of, seen_of};
use vitrine_server::groups;
use vitrine_server::rest::promotion_of;
use vitrine_shared::cart::MAX_LINES;
use vitrine_shared::id::VariantId;
use vitrine_shared::pricelist::regions;

use crate::shopkeeping::{fields, named};
use crate::text;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A list has each address once and is itself however its parts are set apart; what is refused is told in few words.
pub(crate) fn addresses(bytes: &[u8]) {
    const MOST: usize = 1_000;
    let typed = text(bytes);
    match groups::addresses(&typed) {
        Ok(all) => {
            assert!((1..=MOST).contains(&all.len()), "{}", all.len());
            let people: BTreeSet<String> = all.iter().map(|address| normalise_email(address).unwrap()).collect();
            assert_eq!(people.len(), all.len(), "{typed:?}");
            for between in [",", ";", "\n", " ,\r\n; "] {
                assert_eq!(groups::addresses(&all.join(between)).unwrap(), all, "{typed:?}");
            }
        }
        Err(problem) => {
            named(&problem.fields);
            assert_eq!(problem.fields.keys().collect::<Vec<_>>(), ["addresses"]);
            assert!(problem.status == 422 && problem.detail.chars().count() <= 5 * 82, "{problem:?}");
        }
    }
}

/// A row can be sold by, and is itself when its form is read again.
pub(crate) fn gift_setting(bytes: &[u8]) {
    match gift_cards::alone(&fields(bytes)) {
        Ok(row) => {
            assert!(!row.amounts.is_empty() || row.named.is_some(), "{row:?}");
            assert!(row.amounts.iter().all(|minor| *minor > 0), "{row:?}");
            assert!(row.named.is_none_or(|(least, most)| 0 < least && least <= most), "{row:?}");
            assert_eq!(gift_cards::alone(&gift_cards::fields_of(&row)).as_ref(), Ok(&row));
        }
        Err(faults) => named(&faults.codes),
    }
}

/// A wish as a form would send it.
fn sent(wish: &RefundWish) -> String {
    let mut query = Serializer::new(String::new());
    let lines = wish.lines.iter().map(|line| (line.line.to_string(), line.take));
    for (name, take) in lines.chain(wish.shipping.map(|take| ("shipping".to_owned(), take))) {
        match name.as_str() {
            "shipping" => query.append_pair("shipping", "1"),
            line => query.append_pair("line", line),
        };
        match take {
            Take::All => {}
            Take::Tax => drop(query.append_pair("tax_only", "1")),
            Take::Quantity { quantity } => {
                query.append_pair(&format!("quantity-{name}"), &quantity.to_string());
            }
            Take::Amount { gross } => drop(query.append_pair(&format!("amount-{name}"), &gross.to_decimal())),
        }
    }
    query.finish()
}

/// What is wished is itself when it is sent again, nothing that was typed for a line is taken for all of it, and faults name what was sent.
pub(crate) fn refund(bytes: &[u8]) {
    let typed = text(bytes);
    let choice = Choice::parse(&typed);
    let pairs: Vec<(String, String)> = parse(choice.query().as_bytes()).into_owned().collect();
    assert_eq!(Choice::of(pairs.clone()).query(), choice.query(), "{typed:?}");
    for currency in [Currency::EUR, Currency::JPY] {
        match choice.wish(currency) {
            Ok(wish) => {
                assert!(wish.lines.len() <= MAX_LINES && wish.lines.is_sorted_by(|a, b| a.line < b.line), "{wish:?}");
                for (name, _) in
                    pairs.iter().filter(|(name, _)| name.starts_with("amount-") || name.starts_with("quantity-"))
                {
                    let (_, of) = name.split_once('-').unwrap();
                    let take = match of {
                        "shipping" => wish.shipping,
                        line => Some(wish.lines.iter().find(|found| found.line.to_string() == line).unwrap().take),
                    };
                    assert_ne!(take, Some(Take::All), "{typed:?}");
                }
                assert_eq!(Choice::parse(&sent(&wish)).wish(currency).unwrap(), wish, "{typed:?}");
            }
            Err(problem) if problem.status == 404 => assert!(problem.fields.is_empty()),
            Err(problem) => {
                named(&problem.fields);
                let known = |field: &String| pairs.iter().any(|(name, _)| name == field);
                assert!(problem.status == 422 && problem.fields.keys().all(known), "{problem:?}");
            }
        }
    }
}

/// The calendar's month after one.
fn after(name: &str) -> String {
    let (year, month) = name.split_once('-').unwrap();
    let (year, month): (i32, u32) = (year.parse().unwrap(), month.parse().unwrap());
    format!("{:04}-{:02}", year + i32::try_from(month / 12).unwrap(), month % 12 + 1)
}

/// Places in lists, months, cells and versions: what was read is itself when it is written out and read again.
pub(crate) fn places(bytes: &[u8]) {
    let typed = text(bytes);
    let spot = Spot::parse(&typed);
    assert_eq!(Spot::parse(&spot.text()), spot, "{typed:?}");

    let mut parts = typed.split('\n').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let ask = GridAsk { seller: part(), at: part(), q: part(), after: part() };
    let href = ask.href("");
    let query = href.strip_prefix("/studio/prices?").unwrap();
    let all: BTreeMap<String, String> = parse(query.as_bytes()).into_owned().collect();
    let of = |name: &str| all.get(name).cloned().unwrap_or_default();
    assert_eq!(GridAsk { seller: of("seller"), at: of("at"), q: of("q"), after: of("after") }, ask);

    let seen = seen_of(&typed);
    let again: Vec<String> = seen.iter().map(|(work, rev)| format!("{work}={rev}")).collect();
    assert_eq!(seen_of(&again.join(",")), seen, "{typed:?}");

    if let Some((edition, region, currency)) = place_of(&typed) {
        let again = format!("{edition}-{region}-{currency}");
        assert_eq!(place_of(&again), Some((edition, region, currency)), "{typed:?}");
    }
    let regions = regions();
    let region = regions[typed.len() % regions.len()];
    let edition = VariantId::from_bits(typed.len() as u128);
    assert_eq!(place_of(&format!("{edition}-{region}-EUR")), Some((edition, region, "EUR")));

    if let Some(month) = Month::read(&typed) {
        assert_eq!(month.name, typed);
        assert!((28..=31).contains(&((month.to_ms - month.from_ms) / DAY_MS)) && month.from_ms % DAY_MS == 0);
        assert_eq!(Month::read(&after(&typed)).map_or(month.to_ms, |next| next.from_ms), month.to_ms);
    }
}

/// A promotion of the public interface is itself when it is sent again; what is none says why, or which field is not theirs to give.
pub(crate) fn promotion_body(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    match promotion_of(body) {
        Ok(promotion) => {
            assert_eq!(promotion.id, "new");
            let mut again = serde_json::to_value(&promotion).unwrap();
            assert!(again.as_object_mut().unwrap().remove("id").is_some());
            assert_eq!(promotion_of(again).unwrap(), promotion);
            if let Err(why) = promotion.check() {
                assert!(!why.to_string().is_empty());
            }
        }
        Err(problem) => {
            let fits = match problem.code.as_str() {
                "bad_json" => problem.fields.is_empty() && !problem.detail.is_empty(),
                _ => problem.fields.keys().eq(["id"]),
            };
            assert!(fits && problem.status == 422, "{problem:?}");
        }
    }
}
