//! Signatures of webhooks: `t=<seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`, as Stripe signs them.
//!
//! Invariants: comparison takes constant time; several `v1` allow a secret to be rotated; age counts both ways.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::{PaymentError, Result};

/// How far the signature's time may be from now, seconds.
pub const TOLERANCE_SECS: i64 = 300;

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
    let mut tags = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = value.parse::<i64>().ok(),
            Some(("v1", value)) => tags.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(value.as_bytes())),
            _ => {}
        }
    }
    let time = time.ok_or(PaymentError::BadSignature("it has no time"))?;
    // No early exit: every tag is compared.
    let valid = tags.iter().fold(false, |ok, tag| mac(secret, time, body).verify_slice(tag).is_ok() | ok);
    if !valid {
        return Err(PaymentError::BadSignature("no signature matches the body"));
    }
    if now_secs.abs_diff(time) > TOLERANCE_SECS.unsigned_abs() {
        return Err(PaymentError::BadSignature("it is too old or from the future"));
    }
    Ok(())
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
}
