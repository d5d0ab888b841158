//! Reading and writing the `__Host-` cookies of this package.
//!
//! Invariants: every cookie is host-only (`__Host-`: Path=/, Secure, no Domain), HttpOnly and SameSite=Lax.

use http::HeaderMap;
use http::header::COOKIE;

/// The first value of `name` in a `Cookie` header.
pub(crate) fn read<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The first value of `name` among all `Cookie` headers (HTTP/2 may split them).
pub(crate) fn read_headers<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(COOKIE).iter().filter_map(|h| h.to_str().ok()).find_map(|h| read(h, name))
}

/// A `Set-Cookie` value that lives `max_age_secs`.
pub(crate) fn set(name: &str, value: &str, max_age_secs: i64) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={max_age_secs}")
}

/// A `Set-Cookie` value that takes the cookie away.
pub(crate) fn clear(name: &str) -> String {
    format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_cookie_is_found_and_no_other() {
        assert_eq!(read("a=1; __Host-idp=x=y; b=2", "__Host-idp"), Some("x=y"));
        assert_eq!(read("x__Host-idp=1", "__Host-idp"), None);
        assert_eq!(read("", "a"), None);
    }
}
