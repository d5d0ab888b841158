//! Only our own pages may change things with a cookie.
//!
//! A request with an unsafe method passes if its `Origin` is exactly one of ours, or, without `Origin`, if
//! `Sec-Fetch-Site` says `same-origin`. Everything else is refused with 403: `same-site` too, for sub-domains are the
//! same site. Requests that carry no cookie but their own credentials (bearer token, API key, signed webhook, cart token)
//! cannot be forged by another site's page and pass.

use crate::web::layers::Next;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use vitrine_shared::Problem;

use crate::rest::ProblemResponse;

/// Origins whose pages may change things, e.g. `https://shop.example`.
#[derive(Clone, Debug, Default)]
pub struct OwnOrigins(pub Vec<String>);

/// Whether a request may change things by the headers it came with.
pub fn allows(method: &Method, headers: &HeaderMap, own: &OwnOrigins) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if !headers.contains_key(header::COOKIE) && own_credentials(headers) {
        return true;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => origin.to_str().is_ok_and(|o| own.0.iter().any(|mine| mine == o)),
        (None, _) => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        // Two Origin headers are nobody's honest browser.
        (Some(_), Some(_)) => false,
    }
}

fn own_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key("x-api-key")
        || headers.contains_key("x-cart-token")
        || headers.contains_key("simulator-signature")
        || headers.contains_key("stripe-signature")
}

/// The layer.
pub async fn guard(State(own): State<OwnOrigins>, request: Request, next: Next) -> Response {
    // The public interface without a cookie: the browser adds nothing that another site's page does not have itself.
    let bare = request.uri().path().starts_with("/api/") && !request.headers().contains_key(header::COOKIE);
    if bare || allows(request.method(), request.headers(), &own) {
        return next.run(request).await;
    }
    ProblemResponse(
        Problem::new(403, "foreign_origin", "This request does not come from a page of this shop.")
            .detail("Send it from the shop's own pages, or with a bearer token or API key and without cookies."),
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        allows(&Method::POST, &map, &OwnOrigins(vec!["http://localhost:8080".into()]))
    }

    #[test]
    fn only_the_exact_origin_passes() {
        assert!(check(&[("origin", "http://localhost:8080")]));
        for origin in [
            "http://localhost:80801",
            "http://localhost",
            "http://x.localhost:8080",
            "https://localhost:8080",
            "null",
            "",
        ] {
            assert!(!check(&[("origin", origin), ("sec-fetch-site", "same-origin")]), "{origin}");
        }
        assert!(!check(&[("origin", "http://localhost:8080"), ("origin", "http://evil.example")]));
    }

    #[test]
    fn without_origin_only_same_origin_passes() {
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        for site in ["same-site", "cross-site", "none"] {
            assert!(!check(&[("sec-fetch-site", site)]), "{site}");
        }
        assert!(!check(&[]));
    }

    #[test]
    fn own_credentials_pass_only_without_cookies() {
        assert!(check(&[("authorization", "Bearer x")]));
        assert!(!check(&[("authorization", "Bearer x"), ("cookie", "__Host-session=y")]));
        assert!(!check(&[("cookie", "__Host-session=y"), ("sec-fetch-site", "same-site")]));
    }
}
