//! Test cards and the checks of a card form.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a test card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Succeeds,
    Fails(&'static str),
    Confirms,
}

/// Every test card: number and what it does.
pub(crate) const CARDS: [(&str, Fate); 5] = [
    ("4242 4242 4242 4242", Fate::Succeeds),
    ("4000 0000 0000 0002", Fate::Fails("card_declined")),
    ("4000 0000 0000 9995", Fate::Fails("insufficient_funds")),
    ("4000 0000 0000 0069", Fate::Fails("expired_card")),
    ("4000 0027 6000 3184", Fate::Confirms),
];
/// Cards that succeed and say where their issuer is (ISO 3166-1): evidence of where the buyer is. Of all others nothing is said.
pub(crate) const ISSUED: [(&str, &str); 7] = [
    ("4000 0027 6000 0016", "DE"),
    ("4000 0025 0000 0003", "FR"),
    ("4000 0082 6000 0000", "GB"),
    ("4000 0075 6000 0009", "CH"),
    ("4000 0012 4000 0000", "CA"),
    ("4000 0039 2000 0003", "JP"),
    ("4000 0584 0030 7872", "US"),
];

/// What is kept of a card that was typed; never its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// Last four digits.
    pub(crate) last4: String,
    /// Where its issuer is.
    pub(crate) country: Option<String>,
    /// The same for every payment with it.
    pub(crate) fingerprint: String,
}

/// Of digits without spaces.
fn card(number: &str) -> Card {
    let issued = ISSUED.iter().find(|(card, _)| card.replace(' ', "") == number);
    let hash = Sha256::digest(format!("vitrine simulator card {number}"));
    Card {
        last4: number[number.len() - 4..].to_owned(),
        country: issued.map(|(_, country)| (*country).to_owned()),
        fingerprint: format!("fp_{}", data_encoding::BASE32HEX_NOPAD.encode(&hash[..15]).to_ascii_lowercase()),
    }
}

/// The form of the page.
// No `Debug`: it holds a card number.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// `card` or `bank_debit`.
    pub method: String,
    /// Digits, spaces and hyphens.
    pub number: String,
    /// `MM/YY` or `MM/YYYY`.
    pub expiry: String,
    /// Three or four digits.
    pub cvc: String,
    /// For a bank debit: `settles` or `fails`.
    pub debit: String,
}

/// A field and the id of the message that names its fault.
pub type Fault = (&'static str, &'static str);

/// What the card does, and what is kept of it.
pub(crate) fn check(form: &Form, now_ms: i64) -> Result<(Fate, Card), Vec<Fault>> {
    let mut faults = Vec::new();
    let number: String = form.number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let all = CARDS.into_iter().chain(ISSUED.map(|(card, _)| (card, Fate::Succeeds)));
    let fate = { all }.find(|(card, _)| card.replace(' ', "") == number).map(|(_, fate)| fate);
    if !luhn(&number) {
        faults.push(("number", "error-number"));
    } else if fate.is_none() {
        faults.push(("number", "error-not-test-card"));
    }
    if !expiry_ahead(&form.expiry, now_ms) {
        faults.push(("expiry", "error-expiry"));
    }
    let cvc = form.cvc.trim();
    if !(3..=4).contains(&cvc.len()) || !cvc.bytes().all(|b| b.is_ascii_digit()) {
        faults.push(("cvc", "error-cvc"));
    }
    match fate {
        Some(fate) if faults.is_empty() => Ok((fate, card(&number))),
        _ => Err(faults),
    }
}

/// ISO/IEC 7812-1, annex B.
fn luhn(number: &str) -> bool {
    if !(12..=19).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `MM/YY` or `MM/YYYY`; a card is good to the end of its month.
fn expiry_ahead(expiry: &str, now_ms: i64) -> bool {
    let Some((month, year)) = expiry.trim().split_once('/') else {
        return false;
    };
    let (month, year) = (month.trim(), year.trim());
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(month) || !digits(year) || !matches!(year.len(), 2 | 4) {
        return false;
    }
    let (Ok(month), Ok(year)) = (month.parse::<i64>(), year.parse::<i64>()) else {
        return false;
    };
    let year = if year < 100 { year + 2000 } else { year };
    let (now_year, now_month) = year_and_month(now_ms.div_euclid(86_400_000));
    (1..=12).contains(&month) && (year, month) >= (now_year, now_month) && year <= now_year + 30
}

/// Of a day since the epoch, UTC; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn year_and_month(days: i64) -> (i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let mp = (5 * (doe - (365 * yoe + yoe / 4 - yoe / 100)) + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_checked() {
        assert_eq!(year_and_month(0), (1970, 1));
        assert_eq!(year_and_month(19_782), (2024, 2)); // 2024-02-29
        let now = 1_700_000_000_000; // 2023-11-14
        let form = |number: &str, expiry: &str, cvc: &str| Form {
            number: number.into(),
            expiry: expiry.into(),
            cvc: cvc.into(),
            ..Form::default()
        };
        for (number, fate) in CARDS {
            let (done, card) = check(&form(number, "11/23", "123"), now).unwrap();
            assert_eq!((done, card.last4.as_str(), card.country), (fate, &number[15..], None));
        }
        for (number, country) in ISSUED {
            let (fate, card) = check(&form(number, "11/23", "123"), now).unwrap();
            assert_eq!((fate, card.country.as_deref()), (Fate::Succeeds, Some(country)));
        }
        // A card is known again however it is typed, and told from every other one.
        let known = |number: &str| check(&form(number, "11/23", "123"), now).unwrap().1.fingerprint;
        let all: std::collections::BTreeSet<String> =
            CARDS.iter().map(|(c, _)| *c).chain(ISSUED.iter().map(|(c, _)| *c)).map(known).collect();
        assert_eq!(all.len(), CARDS.len() + ISSUED.len());
        assert_eq!(known("4242424242424242"), known("4242-4242 4242 4242"));
        let faults = |f: Form| check(&f, now).unwrap_err();
        assert_eq!(faults(form("4242 4242 4242 4241", "12/30", "123")), [("number", "error-number")]);
        assert_eq!(faults(form("5555 5555 5555 4444", "12/30", "123")), [("number", "error-not-test-card")]);
        for expiry in ["10/23", "13/30", "0/30", "12/99", "1230", "", "+1/30"] {
            assert_eq!(faults(form(CARDS[0].0, expiry, "123")), [("expiry", "error-expiry")], "{expiry}");
        }
        assert_eq!(faults(form("", "", "12")).len(), 3);
    }
}
