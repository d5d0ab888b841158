//! What programs fetch by themselves: robots, sitemaps per storefront, feeds, where to report faults.
//!
//! Invariants: only published works of listed sellers are named; addresses are the canonical ones; whatever stands between
//! tags went through `escape`.
//!
//! Not here: what pages say of themselves (`catalog::jsonld`, the pages' heads).

mod contact;
mod feeds;
mod sitemap;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::App;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/security.txt", get(contact::security))
        .route("/robots.txt", get(sitemap::robots))
        .route("/sitemap.xml", get(sitemap::index))
        .route("/sitemaps/{name}", get(sitemap::store))
        .route("/feeds/{name}", get(feeds::list))
        .route("/podcasts/{id}/feed.xml", get(feeds::podcast))
}

/// Text between tags or in an attribute; characters that XML 1.0 cannot hold are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// An answer that shared caches may keep for an hour, apart for each language and place: feeds show prices.
fn document(content_type: &'static str, body: String) -> Response {
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    response
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_cannot_leave_its_place_and_bad_characters_are_left_out() {
        assert_eq!(escape("a<b>&\"c\u{0}\u{b}\u{fffe}d\n"), "a&lt;b&gt;&amp;&quot;cd\n");
    }
}
