//! Where a page ended: opaque text bound to the query's shape.
//!
//! Invariants: a cursor of another index, partition, range or direction, or with a changed character, is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::{Query, Result, TableError};

const SEAL: usize = 16;

fn seal(query: &Query, position: &[u8]) -> Vec<u8> {
    let shape = format!("{:?} {:?} {:?} {}", query.index, query.pk, query.range, query.descending);
    let digest = Sha256::new().chain_update(shape.len().to_be_bytes()).chain_update(shape).chain_update(position);
    digest.finalize()[..SEAL].to_vec()
}

/// `position` holds the values of the ordering columns of the last row looked at.
pub(super) fn write(query: &Query, position: &[String]) -> Result<String> {
    let position = serde_json::to_vec(position).map_err(super::failed)?;
    let mut bytes = seal(query, &position);
    bytes.extend(position);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

pub(super) fn read(query: &Query, text: &str) -> Result<Vec<String>> {
    let bad = |why: &str| TableError::BadPosition(why.into());
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad("the cursor is damaged"))?;
    let (sealed, position) = bytes.split_at_checked(SEAL).ok_or_else(|| bad("the cursor is damaged"))?;
    if sealed != seal(query, position) {
        return Err(bad("the cursor belongs to another query"));
    }
    serde_json::from_slice(position).map_err(|_| bad("the cursor is damaged"))
}
