//! Identities against `taxids-cases.tsv`: what was typed, whether it is right, and how it is stored.

use proptest::prelude::*;
use vitrine_pricing::tax_id::{Checked, KINDS, check, kinds_of, normalise};

const CASES: &str = include_str!("taxids-cases.tsv");

fn cases() -> Vec<Vec<&'static str>> {
    CASES.lines().skip(1).map(|l| l.split('\t').collect()).collect()
}

#[test]
fn every_case_is_judged_as_its_register_would() {
    let cases = cases();
    assert!(cases.len() >= 313, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let (kind, typed, valid, stored) = (case[0], case[1], case[2] == "true", case[3]);
        let got = check(kind, typed);
        let right = match &got {
            Checked::Ok(canonical) => valid && canonical == stored,
            Checked::WrongFormat | Checked::WrongCheckDigits => !valid,
            Checked::Unknown(_) => false,
        };
        if !right {
            wrong.push(format!("{kind} {typed:?}: {got:?}, not {valid} {stored}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_slip_is_told_from_another_kind_of_number() {
    for case in cases() {
        let (kind, typed, why) = (case[0], case[1], case[4]);
        let got = check(kind, typed);
        if why == "check digit wrong" || why == "check digits wrong" {
            assert_eq!(got, Checked::WrongCheckDigits, "{kind} {typed}");
        }
        if why == "too short" || why == "too long" {
            // A shorter number may still have the form of a rarer one.
            assert!(matches!(got, Checked::WrongFormat | Checked::WrongCheckDigits), "{kind} {typed}");
        }
    }
}

#[test]
fn every_kind_has_cases_and_its_stored_form_is_stable() {
    for kind in KINDS {
        let of = cases().into_iter().filter(|c| c[0] == kind.code && c[2] == "true");
        let stored: Vec<_> = of.map(|c| c[3]).collect();
        assert!(!stored.is_empty(), "{}", kind.code);
        for s in stored {
            assert_eq!(normalise(kind.code, s), s);
            assert_eq!(check(kind.code, s), Checked::Ok(s.to_owned()));
        }
    }
}

#[test]
fn unknown_kinds_are_invoice_data() {
    assert_eq!(check("th_vat", " 1234567890123 "), Checked::Unknown("1234567890123".into()));
    assert_eq!(check("", "RUT 12.345.678-K"), Checked::Unknown("RUT 12.345.678-K".into()));
}

#[test]
fn countries_offer_their_usual_kind_first() {
    let first = |c: &str| kinds_of(c).next().map(|k| k.code);
    assert_eq!(first("GB"), Some("gb_vat"));
    assert_eq!(first("GR"), Some("eu_vat_EL"));
    assert_eq!(first("IT"), Some("eu_vat_IT"));
    assert_eq!(first("LI"), Some("ch_mwst"));
    assert_eq!(first("MC"), Some("eu_vat_FR"));
    assert_eq!(first("TH"), None);
    assert_eq!(kinds_of("GB").count(), 2);
}

proptest! {
    #[test]
    fn nothing_typed_panics(typed in "\\PC{0,24}", digits in "[0-9A-Z+*]{0,16}") {
        for kind in KINDS {
            let _ = check(kind.code, &typed);
            let _ = check(kind.code, &digits);
        }
    }

    #[test]
    fn one_wrong_digit_is_found_in_numbers_with_weights(at in 0usize..9, to in b'0'..=b'9') {
        // ISO 7064 Mod 11,10 finds every single wrong digit.
        let right = "DE334385776";
        let mut typed = right.as_bytes().to_vec();
        typed[2 + at] = to;
        let typed = String::from_utf8(typed).unwrap();
        prop_assert_eq!(matches!(check("eu_vat_DE", &typed), Checked::Ok(_)), typed == right);
    }
}
