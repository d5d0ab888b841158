//! What binds a link to whom and what: keyed hashes under a key that changes every 30 days.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::media::hex;
use crate::secrets::Secret;

const PERIOD_MS: i64 = 30 * 24 * 3600 * 1000;

/// Makes and checks hashes; the keys are derived from one sealed secret and the period, so every node has them.
#[derive(Clone, Debug)]
pub struct Proofs(Secret);

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|m| m.chain_update(text.as_bytes()).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

impl Proofs {
    /// With this secret.
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// Name of the key in use at this time.
    pub(super) fn kid(&self, now_ms: i64) -> String {
        format!("{}.{}", self.0.kid, now_ms.div_euclid(PERIOD_MS))
    }

    /// HMAC-SHA256 of `text` in hex under the key of this purpose and name.
    pub(super) fn sign(&self, purpose: &str, kid: &str, text: &str) -> String {
        hex(&mac(&mac(&self.0.bytes, &format!("{purpose}|{kid}")), text))
    }

    /// Whether `hash` is what [`Proofs::sign`] answers; takes the same time either way.
    pub(super) fn holds(&self, purpose: &str, kid: &str, text: &str, hash: &str) -> bool {
        let ours = kid.rsplit_once('.').is_some_and(|(name, _)| name == self.0.kid);
        let same: bool =
            subtle::ConstantTimeEq::ct_eq(self.sign(purpose, kid, text).as_bytes(), hash.as_bytes()).into();
        ours && same
    }

    /// An address as the trail keeps it: enough to see that two are the same, not which.
    pub(super) fn address(&self, address: Option<std::net::IpAddr>) -> String {
        let text = address.map(|a| a.to_string()).unwrap_or_default();
        self.sign("address", "", &text).chars().take(16).collect()
    }
}

/// Under what a token is stored: whoever reads the table cannot use it.
pub(super) fn stored(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}
