//! What a key, a media type and an offered file name may be; every adapter asks here.

use crate::{BlobError, MAX_URL_SECS, Result, SignOptions};

/// Longest key, bytes.
pub const MAX_KEY: usize = 512;
/// Longest segment, bytes: file systems stop at 255 with our endings.
pub const MAX_SEGMENT: usize = 200;

pub(crate) fn is_key_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-')
}

/// Refuses what cannot be a `Content-Type` header: 1 to 255 visible ASCII characters and spaces.
///
/// # Errors
/// `Invalid` with the reason.
pub fn check_content_type(content_type: &str) -> Result<()> {
    let plain = content_type.bytes().all(|b| (b' '..=b'~').contains(&b));
    if plain && !content_type.trim().is_empty() && content_type.len() <= 255 {
        return Ok(());
    }
    Err(BlobError::Invalid("a media type is 1 to 255 visible ASCII characters".into()))
}

/// Refuses what cannot be offered as a file name: 1 to 500 bytes, no control characters.
///
/// # Errors
/// `Invalid` with the reason.
pub fn check_file_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 500 || name.chars().any(char::is_control) {
        return Err(BlobError::Invalid("a file name is 1 to 500 bytes without control characters".into()));
    }
    Ok(())
}

/// Checks a link's life, file name and media type.
///
/// # Errors
/// `Invalid` with the reason.
pub fn check_sign(options: &SignOptions) -> Result<()> {
    if options.expires_secs == 0 || options.expires_secs > MAX_URL_SECS {
        return Err(BlobError::Invalid(format!("a link lives 1 to {MAX_URL_SECS} seconds")));
    }
    options.attachment.as_deref().map_or(Ok(()), check_file_name)?;
    options.content_type.as_deref().map_or(Ok(()), check_content_type)
}

/// Refuses what is not a key, before any path is built from it.
///
/// # Errors
/// `BadKey` with the reason.
pub fn check_key(key: &str) -> Result<()> {
    let bad = |why: &str| Err(BlobError::BadKey(why.to_owned()));
    if key.is_empty() || key.len() > MAX_KEY {
        return bad("it must be 1 to 512 bytes long");
    }
    if !key.bytes().all(is_key_byte) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule once more, written as the invariant says it.
    fn by_the_book(key: &str) -> bool {
        (1..=MAX_KEY).contains(&key.len())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
            && key.split('/').all(|s| (1..=MAX_SEGMENT).contains(&s.len()) && s != "." && s != "..")
    }

    proptest! {
        #[test]
        fn any_text_is_judged_by_the_rule(key in "(?s).{0,40}") {
            prop_assert_eq!(check_key(&key).is_ok(), by_the_book(&key));
        }

        #[test]
        fn texts_near_keys_are_judged_by_the_rule(key in "[a-zA-Z0-9._/ é-]{0,40}") {
            prop_assert_eq!(check_key(&key).is_ok(), by_the_book(&key));
        }

        #[test]
        fn an_accepted_key_stays_below_its_root(key in "[a-z./]{1,30}") {
            if check_key(&key).is_ok() {
                let path = std::path::Path::new(&key);
                prop_assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))));
            }
        }
    }

    #[test]
    fn lengths() {
        let long = |n: usize| format!("{}/{}/{}", "a".repeat(200), "b".repeat(200), "c".repeat(n));
        assert!(check_key(&long(110)).is_ok());
        assert!(check_key(&long(111)).is_err());
        assert!(check_key(&"a".repeat(201)).is_err());
    }
}
