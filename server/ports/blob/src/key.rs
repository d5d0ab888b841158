//! What a key may be.

use crate::{BlobError, Result};

/// Longest key, bytes.
pub const MAX_KEY: usize = 512;
/// Longest segment, bytes: file systems stop at 255 with our endings.
pub const MAX_SEGMENT: usize = 200;

/// Refuses what is not a key, before any path is built from it.
///
/// # Errors
/// `BadKey` with the reason.
pub fn check_key(key: &str) -> Result<()> {
    let bad = |why: &str| Err(BlobError::BadKey(why.to_owned()));
    if key.is_empty() || key.len() > MAX_KEY {
        return bad("it must be 1 to 512 bytes long");
    }
    if !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-')) {
        return bad("only letters, digits, '.', '_', '-' and '/' may stand in it");
    }
    for segment in key.split('/') {
        if segment.is_empty() || segment == "." || segment == ".." {
            return bad("a segment is empty, '.' or '..'");
        }
        if segment.len() > MAX_SEGMENT {
            return bad("a segment is longer than 200 bytes");
        }
    }
    Ok(())
}
