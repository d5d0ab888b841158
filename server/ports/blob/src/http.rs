//! What a route needs to serve objects over HTTP: headers, status and ranges. Free of any web framework.
//!
//! Invariants: pure; every header value is visible ASCII, whatever the file name.
//!
//! Not here: the route, CORS, and the files origin's policy.

use std::fmt::Write;
use std::ops::RangeInclusive;

use crate::dir::Grant;
use crate::{ByteRange, Meta};

/// `Content-Disposition` by RFC 6266: `inline`, or `attachment` with an ASCII fallback and `filename*` (RFC 8187).
/// Path separators become `_` in both: a browser must not be told a folder.
pub fn content_disposition(attachment: Option<&str>) -> String {
    let Some(name) = attachment else { return "inline".into() };
    let name: String = name.chars().map(|c| if c == '/' || c == '\\' || c.is_control() { '_' } else { c }).collect();
    let plain: String =
        name.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '%' | ';') { c } else { '_' }).collect();
    let mut out = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        out.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // attr-char of RFC 8187 §3.2.1
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// One range of a `Range` header (RFC 9110 §14.2); `None`: several, malformed or another unit, which means the whole.
pub fn parse_range(header: &str) -> Option<ByteRange> {
    let (from, to) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    match (from.trim(), to.trim()) {
        ("", last) => number(last).map(ByteRange::Last),
        (from, "") => number(from).map(ByteRange::From),
        (from, to) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to).then_some(ByteRange::Between(from, to))
        }
    }
}

/// Status and headers of an answer that reads what `grant` allows. `range` is the part that comes if one was asked for.
/// The names are lower case; `cache-control` keeps shared caches out.
pub fn http_headers(
    meta: &Meta,
    grant: &Grant,
    range: Option<&RangeInclusive<u64>>,
) -> (u16, Vec<(&'static str, String)>) {
    let content_type = grant.content_type.as_deref().unwrap_or(&meta.content_type);
    let length = range.map_or(meta.size, |r| r.end() - r.start() + 1);
    let mut headers = vec![
        ("content-type", content_type.to_owned()),
        ("content-length", length.to_string()),
        ("content-disposition", content_disposition(grant.attachment.as_deref())),
        ("etag", format!("\"{}\"", meta.etag)),
        ("accept-ranges", "bytes".into()),
        ("cache-control", "private, no-store".into()),
        ("x-content-type-options", "nosniff".into()),
    ];
    if let Some(range) = range {
        headers.push(("content-range", format!("bytes {}-{}/{}", range.start(), range.end(), meta.size)));
    }
    (if range.is_some() { 206 } else { 200 }, headers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dispositions() {
        assert_eq!(content_disposition(None), "inline");
        assert_eq!(content_disposition(Some("a b.pdf")), "attachment; filename=\"a b.pdf\"");
        assert_eq!(
            content_disposition(Some("Grüße \"€\".pdf")),
            "attachment; filename=\"Gr__e ___.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22%E2%82%AC%22.pdf"
        );
        assert_eq!(content_disposition(Some("../a\\b\r\n")), "attachment; filename=\".._a_b__\"");
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes=0-99"), Some(ByteRange::Between(0, 99)));
        assert_eq!(parse_range("bytes=5-"), Some(ByteRange::From(5)));
        assert_eq!(parse_range("bytes=-7"), Some(ByteRange::Last(7)));
        for whole in ["bytes=9-2", "bytes=0-1,3-4", "lines=1-2", "bytes=+1-2", "bytes=-", "bytes=a-b", ""] {
            assert_eq!(parse_range(whole), None, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn a_disposition_is_one_header_line_and_carries_the_name(name in "(?s).{1,60}") {
            let header = content_disposition(Some(&name));
            prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)), "{}", header);
            prop_assert_eq!(header.matches('"').count(), 2);
            if let Some((_, encoded)) = header.split_once("UTF-8''") {
                let decoded: Vec<u8> = url::form_urlencoded::parse(format!("n={}", encoded.replace('+', "%2B").replace('&', "%26")).as_bytes())
                    .next().map(|(_, v)| v.into_owned().into_bytes()).unwrap_or_default();
                let expected: String = name.chars().map(|c| if c == '/' || c == '\\' || c.is_control() { '_' } else { c }).collect();
                prop_assert_eq!(String::from_utf8(decoded).unwrap(), expected);
            }
        }
    }
}
