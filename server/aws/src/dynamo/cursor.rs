//! Where a page or a feed read ended: opaque text, bound to what was asked.
//!
//! Invariants: a cursor of another index, partition, range or direction, or with a changed character, is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use vitrine_table::{Query, Result, TableError};

const SEAL: usize = 16;

/// What a cursor belongs to; page size and freshness may change between pages.
pub(super) fn shape(table: &str, query: &Query) -> String {
    format!("{table:?} {:?} {:?} {:?} {}", query.index, query.pk, query.range, query.descending)
}

fn seal(shape: &str, position: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(shape.len().to_be_bytes()).chain_update(shape).chain_update(position);
    digest.finalize()[..SEAL].to_vec()
}

/// Text of a position below `shape`.
pub(super) fn write<T: Serialize>(shape: &str, position: &T) -> Result<String> {
    let position = serde_json::to_vec(position).map_err(|e| TableError::Unavailable(e.to_string()))?;
    let mut bytes = seal(shape, &position);
    bytes.extend(position);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The position a text stands for.
///
/// # Errors
/// `BadPosition` for anything that [`write`] did not make for this shape.
pub(super) fn read<T: DeserializeOwned>(shape: &str, text: &str) -> Result<T> {
    let bad = |why: &str| TableError::BadPosition(why.into());
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad("it is damaged"))?;
    let (sealed, position) = bytes.split_at_checked(SEAL).ok_or_else(|| bad("it is damaged"))?;
    if sealed != seal(shape, position) {
        return Err(bad("it is damaged or belongs to something else"));
    }
    serde_json::from_slice(position).map_err(|_| bad("it is damaged"))
}
