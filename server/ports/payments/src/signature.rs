//! Signatures of webhooks: `t=<seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`, as Stripe signs them.
//!
//! Invariants: the body is hashed once whatever the header holds, and not at all for another time; comparison takes constant time;
//! several `v1` allow a secret to be rotated; age counts both ways.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{PaymentError, Result};

/// How far the signature's time may be from now, seconds.
pub const TOLERANCE_SECS: i64 = 300;
/// Well-formed `v1` of a header that are looked at: one for each secret that is in force while one follows another.
const MOST_TAGS: usize = 4;

/// The header's value for a body, signed at `now_secs` with every secret given.
pub fn sign(secrets: &[&SecretString], now_secs: i64, body: &[u8]) -> String {
    secrets.iter().fold(format!("t={now_secs}"), |value, secret| {
        let tag = mac(secret, now_secs, body).finalize().into_bytes();
        format!("{value},v1={}", data_encoding::HEXLOWER.encode(&tag))
    })
}

/// Checks a header's value.
///
/// # Errors
/// MUST be `BadSignature` unless one `v1` is the body's and the time is within [`TOLERANCE_SECS`] of `now_secs`.
pub fn verify(secret: &SecretString, header: &str, body: &[u8], now_secs: i64) -> Result<()> {
    let mut time = None;
    let mut tags: Vec<[u8; 32]> = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = value.parse::<i64>().ok(),
            Some(("v1", value)) if tags.len() < MOST_TAGS => tags.extend(tag(value)),
            _ => {}
        }
    }
    let time = time.ok_or(PaymentError::BadSignature("it has no time"))?;
    if now_secs.abs_diff(time) > TOLERANCE_SECS.unsigned_abs() {
        return Err(PaymentError::BadSignature("it is too old or from the future"));
    }
    if tags.is_empty() {
        return Err(PaymentError::BadSignature("it has no signature"));
    }
    let ours = mac(secret, time, body).finalize().into_bytes();
    // No early exit: every tag is compared.
    let valid = tags.iter().fold(false, |ok, tag| bool::from(tag.as_slice().ct_eq(&ours)) | ok);
    if valid { Ok(()) } else { Err(PaymentError::BadSignature("no signature matches the body")) }
}

/// A tag from its hex; `None`: it is none.
fn tag(hex: &str) -> Option<[u8; 32]> {
    // Longer ones are not decoded at all.
    let bytes = (hex.len() == 64).then(|| data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()).flatten()?;
    bytes.try_into().ok()
}

fn mac(secret: &SecretString, time: i64, body: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any key length");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_tampering_and_age() {
        let (old, new) = (SecretString::from("old"), SecretString::from("new"));
        let header = sign(&[&old, &new], 1_000, b"body");
        assert!(verify(&old, &header, b"body", 1_300).is_ok());
        assert!(verify(&new, &header, b"body", 700).is_ok());
        assert!(verify(&new, &header, b"bodY", 1_000).is_err());
        assert!(verify(&new, &header, b"body", 1_301).is_err());
        assert!(verify(&new, &header, b"body", 699).is_err());
        assert!(verify(&"other".into(), &header, b"body", 1_000).is_err());
        assert!(verify(&new, &header.replace("t=1000", "t=1001"), b"body", 1_000).is_err());
        for bad in ["", "t=1000", "v1=00", "t=x,v1=00", "t=1000,v1=zz"] {
            assert!(verify(&new, bad, b"body", 1_000).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_header_full_of_tags_costs_no_more_than_one() {
        let secret = SecretString::from("s");
        let right = sign(&[&secret], 1_000, b"body");
        let (time, right) = right.split_once(',').unwrap();
        let wrong = format!("v1={}", "0".repeat(64));
        let of = |tags: &[&str]| verify(&secret, &format!("{time},{}", tags.join(",")), b"body", 1_000);
        assert!(of(&[&wrong, &wrong, &wrong, right]).is_ok());
        assert!(of(&[&wrong, &wrong, &wrong, &wrong, right]).is_err(), "a fifth is not looked at");
        assert!(of(&[&vec!["v1="; 3_900].join(","), right]).is_ok(), "what is no tag is passed over");
        let why = |header: &str, body: &[u8]| match verify(&secret, header, body, 9_000) {
            Err(PaymentError::BadSignature(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            why(&format!("t=1000,{wrong}"), b"body"),
            "it is too old or from the future",
            "before anything is hashed"
        );
        assert_eq!(why("t=9000,v1=00", b"body"), "it has no signature");
    }
}
