//! Secrets that strangers show: nothing opens but what was made for it.

use std::sync::LazyLock;

use secrecy::SecretString;
use vitrine_blob::SignOptions;
use vitrine_blob::dir::SignKeys;
use vitrine_payments::signature as signatures;
use vitrine_server::cart::Owner;
use vitrine_server::checkout::Checkouts;
use vitrine_server::checkout::store::Checkout;
use vitrine_server::downloads::Proofs;
use vitrine_server::downloads::stream::{Claims, Show};
use vitrine_server::mailing::{is_proof, proof};
use vitrine_server::rest::keys;
use vitrine_server::secrets::Secret;
use vitrine_shared::id::{ApiKeyId, AssetId, CartId, CheckoutId, CustomerId, GrantId, StoreId, WorkId};

use crate::{forged, text};

/// Some moment of 2026, UTC milliseconds.
const NOW_MS: i64 = 1_790_000_000_000;

/// The signature of webhooks: no rubbish is a signature.
pub(crate) fn signature(bytes: &[u8]) {
    let secret = SecretString::from("w".repeat(32));
    let text = text(bytes);
    assert!(signatures::verify(&secret, &text, b"body", 1_000).is_err());
    let made = signatures::sign(&[&secret], 1_000, bytes);
    assert!(signatures::verify(&secret, &made, bytes, 1_000).is_ok());
}

/// Signed addresses of the blob store: no rubbish opens anything, and a changed one nothing else.
pub(crate) fn signed_link(bytes: &[u8]) {
    let keys = SignKeys::new("k", SecretString::from("s".repeat(32)));
    assert!(keys.verify(&text(bytes), 0).is_err());
    let asked = SignOptions {
        expires_secs: 60,
        attachment: Some("a b.ogg".into()),
        content_type: Some("audio/ogg".into()),
        version: None,
    };
    let Ok(genuine) = keys.sign("a/b.ogg", &asked, 0) else { panic!("it is signed") };
    let Ok(allowed) = keys.verify(&genuine, 0) else { panic!("it is verified") };
    // One query has several spellings.
    let other = forged(&genuine, bytes);
    assert!(keys.verify(&other, 0).map_or(true, |grant| grant == allowed), "{other:?}");
}

/// Whose cart a token says it is: its id, and the hash of its secret.
fn guest(owner: Owner) -> (CartId, String) {
    match owner {
        Owner::Guest(id, hash) => (id, hash),
        Owner::User(id) => panic!("a token names {id}"),
    }
}

/// Tokens of guests' carts: what is read is what was made, and no other token opens the same cart.
pub(crate) fn cart_token(bytes: &[u8]) {
    let text = text(bytes);
    if let Some((id, hash)) = Owner::guest(&text).map(guest) {
        let secret = text.strip_prefix(id.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
        let (again, token) = Owner::new_guest(id.clone(), secret.to_owned());
        assert_eq!((guest(again), token), ((id, hash), text.clone()));
    }
    let (genuine, token) = Owner::new_guest(CartId::from_bits(7), "the-secret-of-one-cart".into());
    let genuine = guest(genuine);
    for other in [&text, &token, &forged(&token, bytes)] {
        let opens = Owner::guest(other).map(guest).is_some_and(|shown| shown == genuine);
        assert_eq!(opens, *other == token, "{other:?}");
    }
}

/// Addresses that play or show what was bought.
pub(crate) fn stream_link(bytes: &[u8]) {
    let secret = |byte| Secret { kid: "k".into(), bytes: vec![byte; 32] };
    let proofs = Proofs::new(secret(7));
    let claims = Claims {
        customer: CustomerId::from_bits(1),
        work: WorkId::from_bits(2),
        grant: GrantId::from_bits(3),
        asset: AssetId::from_bits(4),
        exp_ms: NOW_MS,
    };
    let token = claims.token(&proofs, Show::File, NOW_MS);
    assert_eq!(Claims::read(&proofs, Show::File, &token).ok(), Some(claims));
    assert!(Claims::read(&proofs, Show::Book, &token).is_err(), "made to show something else");
    assert!(Claims::read(&Proofs::new(secret(8)), Show::File, &token).is_err(), "made by somebody else");
    for other in [text(bytes), forged(&token, bytes)] {
        assert_eq!(Claims::read(&proofs, Show::File, &other).is_ok(), other == token, "{other:?}");
    }
}

/// API keys: one has a public part and a secret, and says nothing else.
pub(crate) fn api_key(bytes: &[u8]) {
    let text = text(bytes);
    if let Some((id, secret)) = keys::parts(&text) {
        assert_eq!(format!("{id}.{secret}"), text);
    }
    let id = ApiKeyId::from_bits(7);
    let key = format!("{id}.secret");
    let other = forged(&key, bytes);
    assert_eq!(keys::parts(&other) == Some((id, "secret")), other == key);
}

/// Keys that open an order's page for a guest.
pub(crate) fn order_key(bytes: &[u8]) {
    const SECRET: &str = "the-secret-of-one-order";
    static CHECKOUT: LazyLock<Checkout> = LazyLock::new(|| {
        let value = serde_json::json!({
            "id": CheckoutId::from_bits(1), "customer": CustomerId::from_bits(2),
            "secret_hash": "cd34f8mf5hna80vhp8u2boo6vo1jo79p8mr6qlc5ct1k9b6tu9s0", "secret_sealed": "", "state": "paid",
            "orders": [], "currency": "EUR", "total_minor": 0, "exponent": 2, "provider": "", "locale": "en-US",
            "market": "de", "placed_ms": 0, "held_until_ms": 0, "guest": true, "rev": 1,
        });
        serde_json::from_value(value).unwrap_or_else(|e| panic!("the checkout's shape has changed: {e}"))
    });
    assert!(Checkouts::opens(&CHECKOUT, SECRET));
    for other in [text(bytes), forged(SECRET, bytes), CHECKOUT.secret_hash.clone()] {
        assert_eq!(Checkouts::opens(&CHECKOUT, &other), other == SECRET, "{other:?}");
    }
}

/// Links of letters: one is good for its shop and reader alone.
pub(crate) fn letters(bytes: &[u8]) {
    let secret = Secret { kid: "k".into(), bytes: vec![7; 32] };
    let (store, who) = (StoreId::from_bits(1), text(bytes));
    let genuine = proof(&secret, &store, &who);
    assert_eq!(genuine.len(), 32);
    assert!(is_proof(&secret, &store, &who, &genuine));
    assert!(!is_proof(&secret, &StoreId::from_bits(2), &who, &genuine));
    assert!(!is_proof(&secret, &store, &format!("{who}x"), &genuine));
    let other = forged(&genuine, bytes);
    assert_eq!(is_proof(&secret, &store, &who, &other), other == genuine, "{other:?}");
}
