//! The built browser files over HTTP, and the announcements of them that pages carry.
//!
//! Invariants: an address below `/assets` holds its content's hash, so what it names never changes; each packed form has
//! an entity tag of its own (RFC 9110 §8.8.3.3); an address that is not there is never kept by a cache, for a newer
//! build may bring it.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tower_http::services::ServeDir;
use vitrine_server::web::http::names_tag;
use vitrine_server::web::layers::{Next, from_fn};

use super::Public;
use crate::shop::{PRELOAD_FONTS, STYLESHEETS};

/// Digits of the hash in an address.
const HASH: usize = 16;

/// `/assets`: files with their packed siblings, for ever.
pub(super) fn routes(public: &Public) -> Router {
    let files = ServeDir::new(&public.assets).precompressed_br().precompressed_gzip();
    Router::new().nest_service("/assets", files).layer(from_fn(forever))
}

async fn forever(request: Request, next: Next) -> Response<Body> {
    let hash = hash_of(request.uri().path()).map(str::to_owned);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let (true, Some(hash)) = (found, hash) else {
        if !found {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        return response;
    };
    let headers = response.headers_mut();
    let tag = tag_of(&hash, headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // The file's own time is that of the build and differs between nodes; the tag does not.
    headers.remove(header::LAST_MODIFIED);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, value);
    }
    if response.status() == StatusCode::OK && known.is_some_and(|known| names(&known, &tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            response.headers_mut().remove(name);
        }
        *response.body_mut() = Body::empty();
    }
    response
}

/// The hash in an address: of the file, or of the folder it stands in.
fn hash_of(path: &str) -> Option<&str> {
    path.rsplit('/').find_map(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        let (_, hash) = stem.rsplit_once('-')?;
        (hash.len() == HASH && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hash)
    })
}

fn tag_of(hash: &str, headers: &HeaderMap) -> String {
    match headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()) {
        Some(coding) => format!("\"{hash}-{coding}\""),
        None => format!("\"{hash}\""),
    }
}

fn names(known: &HeaderValue, tag: &str) -> bool {
    known.to_str().is_ok_and(|known| names_tag(known, tag))
}

/// The `Link` header of pages: what every one of them needs first, so that a cache in front can say so before the page
/// is there (103 Early Hints). The client comes last and gives way: the page is read before it lives.
pub(super) fn links(public: &Public, client: bool) -> HeaderValue {
    let mut links: Vec<String> = PRELOAD_FONTS
        .iter()
        .map(|font| format!("<{}>; rel=preload; as=font; type=\"font/woff2\"; crossorigin", public.url(font)))
        .collect();
    links.extend(STYLESHEETS.iter().map(|sheet| format!("<{}>; rel=preload; as=style", public.url(sheet))));
    if client {
        links.push(format!("<{}>; rel=modulepreload", public.url("shop/boot.js")));
        // Half a megabyte would stand between a phone and its page: there it comes when the page is painted.
        let wide = "fetchpriority=low; media=\"(min-width: 60rem)\"";
        links.push(format!("<{}>; rel=modulepreload; {wide}", public.url("shop/shop.js")));
        let module = public.url("shop/shop_bg.wasm");
        links.push(format!("<{module}>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin; {wide}"));
    }
    // Addresses of ours are ASCII.
    HeaderValue::from_str(&links.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_the_file_or_of_its_folder() {
        assert_eq!(hash_of("/assets/css/shop-0123456789abcdef.css"), Some("0123456789abcdef"));
        assert_eq!(hash_of("/assets/shop-0123456789abcdef/shop_bg.wasm"), Some("0123456789abcdef"));
        assert_eq!(hash_of("/fonts/instrument-sans-latin-0123456789abcdef.woff2"), Some("0123456789abcdef"));
        assert_eq!(hash_of("/assets/css/shop.css"), None);
        assert_eq!(hash_of("/assets/x-nothexnothexnoth/a.js"), None);
    }

    #[test]
    fn each_packed_form_has_its_own_tag() {
        let mut headers = HeaderMap::new();
        assert_eq!(tag_of("a", &headers), "\"a\"");
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        assert_eq!(tag_of("a", &headers), "\"a-br\"");
        assert!(names(&HeaderValue::from_static("\"x\", W/\"a-br\""), "\"a-br\""));
        assert!(!names(&HeaderValue::from_static("\"a\""), "\"a-br\""));
    }
}
