//! Request ids and the headers that every answer carries.

use std::borrow::Cow;

use crate::web::layers::Next;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use tracing::Instrument;

use super::csp::Policy;

/// Names the request in logs and answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request in hand, as an extension.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// How people reach the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By TLS, which something in front ends: browsers are told to come by nothing else for a year (RFC 6797). Of this host
    /// alone: names below it may be others'.
    Tls,
    /// In the clear, as on one's own machine.
    Plain,
}

impl Transport {
    /// By the address that people use.
    pub fn of(base_url: &str) -> Self {
        if base_url.starts_with("https://") { Self::Tls } else { Self::Plain }
    }
}

fn acceptable(id: &HeaderValue) -> Option<String> {
    let id = id.to_str().ok()?;
    let fine = (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fine.then(|| id.to_owned())
}

/// A path as the log keeps it: who reads the log must not be able to open what is behind a link.
fn logged(path: &str) -> Cow<'_, str> {
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(room @ ("d" | "s" | "r")), Some(_), Some(rest)) => Cow::Owned(format!("/{room}/_/{rest}")),
        (Some(room @ ("d" | "s" | "r")), Some(_), None) => Cow::Owned(format!("/{room}/_")),
        _ => Cow::Borrowed(path),
    }
}

/// The id of a request: the caller's own if it is a plain word.
pub fn request_id(request: &Request) -> RequestId {
    let own = request.headers().get(&REQUEST_ID).and_then(acceptable);
    RequestId(own.unwrap_or_else(|| format!("req_{:016x}", rand::random::<u64>())))
}

/// Gives the request an id, logs it, and sets the headers.
pub async fn layer(State(transport): State<Transport>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    request.extensions_mut().insert(id.clone());
    let path = logged(request.uri().path());
    let span = tracing::info_span!("request", request_id = %id.0, method = %request.method(), %path);
    let started = std::time::Instant::now();
    let mut response = async move {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if status >= 500 {
            tracing::warn!(status, duration_us, "answered with a fault");
        } else {
            tracing::debug!(status, duration_us, "answered");
        }
        response
    }
    .instrument(span)
    .await;
    dress(response.headers_mut(), transport);
    name(response.headers_mut(), &id);
    response
}

/// Tells the caller the request's id.
pub fn name(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
}

/// The headers that every answer carries, where it has none of its own.
pub fn dress(headers: &mut HeaderMap, transport: Transport) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Never `no-referrer`: browsers would then send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=(self)"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // What other sites may embed says so itself: it is on the files origin.
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if transport == Transport::Tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // `frame-ancestors` of the policy is what browsers obey; the old header stands beside it where nothing may frame us.
    let framed = headers
        .get(header::CONTENT_SECURITY_POLICY)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|p| p.contains("frame-ancestors http"));
    if !framed {
        headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(Policy::CLOSED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_logged() {
        for (path, wanted) in [
            ("/d/token", "/d/_"),
            ("//d/token", "/d/_"),
            ("/s/token", "/s/_"),
            ("/r/token/3.html", "/r/_/3.html"),
            ("/d/token/", "/d/_/"),
            ("/d", "/d"),
            ("/", "/"),
            ("/albums/d/token", "/albums/d/token"),
        ] {
            assert_eq!(logged(path), wanted);
        }
    }

    #[test]
    fn only_plain_words_are_taken_over() {
        assert!(acceptable(&HeaderValue::from_static("abcdefgh-1")).is_some());
        assert!(acceptable(&HeaderValue::from_static("short")).is_none());
        assert!(acceptable(&HeaderValue::from_static("abcdefgh\tinjected=1")).is_none());
    }
}
