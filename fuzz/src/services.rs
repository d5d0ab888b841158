//! Answers of services elsewhere: registers of tax ids, and what works taxes out.

use std::sync::LazyLock;

use serde_json::{Value, json};
use vitrine_pricing::money::{Currency, Money};
use vitrine_registers::RegisterError;
use vitrine_registers::vies;
use vitrine_tax::stripe;
use vitrine_tax::{Address, Calculation, Line, Part, Question, Standing};

fn is_code(code: &str) -> bool {
    (1..=60).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Only a number of which the answer says it is one: whatever else it says, or leaves out, is no answer.
pub(crate) fn vat_answer(bytes: &[u8]) {
    let refused = |done| match done {
        Err(RegisterError::Unavailable(code)) => assert!(is_code(&code), "{code:?}"),
        other => panic!("{other:?}"),
    };
    refused(vies::read(false, bytes));
    match vies::read(true, bytes) {
        Ok(answer) => {
            // What is passed over need not be readable.
            let Ok(said) = serde_json::from_slice::<Value>(bytes) else { return };
            assert_eq!(said["valid"], answer.valid);
            assert!(said["errorWrappers"].as_array().is_none_or(Vec::is_empty) && said["actionSucceed"] != false);
            let word = if answer.valid { "VALID" } else { "INVALID" };
            assert!(said["userError"].as_str().is_none_or(|said| said.is_empty() || said == word), "{said}");
            let name = answer.reference.clone().unwrap_or_default();
            assert!(name.chars().count() <= 100 && !name.chars().any(char::is_control));
            let again = json!({ "valid": answer.valid, "userError": word, "requestIdentifier": name }).to_string();
            assert_eq!(vies::read(true, again.as_bytes()), Ok(answer));
        }
        failed => refused(failed),
    }
}

/// Documents that were asked about: amounts in minor units, what sending costs.
static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    let of = |currency: Currency, amounts: &[i64], shipping: Option<i64>| {
        let money = |minor| Money::new(minor, currency).unwrap();
        let line = |(n, minor): (usize, &i64)| Line {
            reference: format!("line-{n}"),
            class: "ebook".into(),
            physical: false,
            quantity: 1,
            amount: money(*minor),
        };
        Question {
            currency,
            inclusive: false,
            buyer: Address::default(),
            origin: Address::default(),
            lines: amounts.iter().enumerate().map(line).collect(),
            shipping: shipping.map(money),
        }
    };
    vec![
        of(Currency::USD, &[1_000, 2_500], Some(500)),
        of(Currency::USD, &[1_000, 2_500], None),
        of(Currency::USD, &[0], None),
        of(Currency::JPY, &[1_000], None),
    ]
});

fn part(part: &Part, asked: Money, said: &Value) {
    assert_eq!(part.amount, asked);
    let sum = Money::sum(asked.currency(), part.taxes.iter().map(|tax| tax.amount)).unwrap();
    assert_eq!(sum.to_processor().ok(), said["amount_tax"].as_i64(), "{part:?}");
    assert!(part.standing == Standing::Taxed || sum.is_zero(), "{part:?}");
    for (n, tax) in part.taxes.iter().enumerate() {
        assert!(!tax.amount.is_negative() && !tax.base.is_negative() && tax.rate_ppm >= 0, "{tax:?}");
        for text in [&tax.jurisdiction, &tax.name] {
            assert!((1..=100).contains(&text.len()) && !text.chars().any(char::is_control), "{tax:?}");
        }
        assert!(is_code(&tax.reason), "{tax:?}");
        let same = |other: &vitrine_tax::Tax| {
            (&other.jurisdiction, &other.name, other.rate_ppm) == (&tax.jurisdiction, &tax.name, tax.rate_ppm)
        };
        assert!(!part.taxes[..n].iter().any(same), "{part:?}");
    }
}

/// What is believed is of what was asked and adds up to what it says itself; all texts of it are short, and no zero is without its word.
pub(crate) fn tax_answer(bytes: &[u8]) {
    for question in QUESTIONS.iter() {
        let found = match stripe::read(question, bytes) {
            Ok(found) => found,
            Err(why) => {
                assert!(is_code(why.code()), "{why:?}");
                continue;
            }
        };
        let Ok(said) = serde_json::from_slice::<Value>(bytes) else { return };
        assert!(is_code(&found.reference) || found.reference.len() <= 100, "{found:?}");
        assert_eq!(found.lines.len(), question.lines.len());
        let lines = said["line_items"]["data"].as_array();
        for (asked, line) in question.lines.iter().zip(&found.lines) {
            let said = lines.and_then(|all| all.iter().find(|line| line["reference"] == asked.reference.as_str()));
            part(line, asked.amount, said.unwrap());
        }
        assert_eq!(found.shipping.is_some(), question.shipping.is_some());
        if let Some((line, asked)) = found.shipping.as_ref().zip(question.shipping) {
            part(line, asked, &said["shipping_cost"]);
        }
        let stored = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Calculation>(&stored).unwrap(), found);
    }
}
