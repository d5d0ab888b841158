//! New ids: UUIDv7 from the operation's own time, so that ids sort by age and tests can foretell their order.

use uuid::{NoContext, Timestamp, Uuid};
use vitrine_shared::Problem;

use crate::fault::Result;

/// 128 bits for `XId::from_bits`.
pub fn new_bits(now_ms: i64) -> u128 {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    let stamp = Timestamp::from_unix(NoContext, ms / 1000, u32::try_from(ms % 1000).unwrap_or(0) * 1_000_000);
    Uuid::new_v7(stamp).as_u128()
}

/// Bits that depend only on `parts`: the same import row makes the same id again. UUIDv8 (RFC 9562) over SHA-256.
pub fn derived_bits(parts: &[&str]) -> u128 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().as_u128()
}

/// The key of an attempt, if it has a key's form: 16 to 64 of `A-Z`, `a-z`, `0-9`, `-`, `_`.
///
/// # Errors
/// 422 `attempt: bad_attempt`.
pub fn attempt(text: &str) -> Result<&str> {
    let fine =
        (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let title =
        "An attempt's key (in the interface for programs: Idempotency-Key) is 16 to 64 of A-Z, a-z, 0-9, - and _.";
    if fine { Ok(text) } else { Err(Problem::invalid("attempt", "bad_attempt", title)) }
}

/// A secret of 160 bits in lower-case base32hex, for links and tokens.
pub fn secret() -> String {
    let bytes: [u8; 20] = rand::random();
    data_encoding::BASE32HEX_NOPAD.encode(&bytes).to_ascii_lowercase()
}
