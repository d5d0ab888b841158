//! Public media on the files origin: covers, previews, samples. Named by content hash, so they never change.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use vitrine_blob::http::parse_range;
use vitrine_blob::{BlobError, ByteRange};
use vitrine_shared::Problem;

use super::csp::Policy;
use super::http::names_tag;
use crate::fault;
use crate::rest::ProblemResponse;
use crate::state::App;

/// `/m/<name>`: anybody, for ever.
pub fn routes(app: &App) -> Router {
    Router::new().route("/m/{name}", get(public)).with_state(app.clone())
}

/// One range of `bytes=…` (RFC 9110 §14.2); several, or none that is understood, mean the whole.
pub fn range_of(headers: &HeaderMap) -> Option<ByteRange> {
    parse_range(headers.get(header::RANGE)?.to_str().ok()?)
}

async fn public(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let etag = format!("\"{}\"", name.split('.').next().unwrap_or_default());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let fresh = known.is_some_and(|known| names_tag(known, &etag));
    let reading = match app.blob.get(&format!("public/{name}"), None, range_of(&headers)).await {
        Ok(reading) => reading,
        Err(BlobError::BadKey(_)) => return ProblemResponse(Problem::not_found("file")).into_response(),
        Err(BlobError::BadRange(size)) => {
            let mut response = ProblemResponse(fault::blob(BlobError::BadRange(size))).into_response();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return response;
        }
        Err(e) => return ProblemResponse(fault::blob(e)).into_response(),
    };
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::empty()) };
    let out = response.headers_mut();
    let text = |t: &str| HeaderValue::from_str(t).unwrap_or(HeaderValue::from_static(""));
    out.insert(header::ETAG, text(&etag));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(Policy::FILES));
    out.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    // Captions are loaded only from a film that may be read; these files are public anyway.
    out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // The reader of samples stands in a frame of the shop; nothing else of this origin may be framed elsewhere.
    out.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    if fresh {
        return response;
    }
    out.insert(header::CONTENT_TYPE, text(&reading.meta.content_type));
    if reading.meta.content_type.starts_with("text/html") {
        out.remove(header::X_FRAME_OPTIONS);
        let policy = format!("{}; frame-ancestors {}", Policy::FILES, app.config.base_url());
        out.insert(header::CONTENT_SECURITY_POLICY, text(&policy));
    }
    match &reading.range {
        Some(range) if headers.contains_key(header::RANGE) && range_of(&headers).is_some() => {
            out.insert(
                header::CONTENT_RANGE,
                text(&format!("bytes {}-{}/{}", range.start(), range.end(), reading.meta.size)),
            );
            out.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end() - range.start() + 1));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        _ => {
            out.insert(header::CONTENT_LENGTH, HeaderValue::from(reading.meta.size));
        }
    }
    *response.body_mut() = Body::from_stream(reading.bytes);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Option<ByteRange> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, text.parse().unwrap());
        range_of(&headers)
    }

    #[test]
    fn one_range_is_understood() {
        assert_eq!(range("bytes=0-99"), Some(ByteRange::Between(0, 99)));
        assert_eq!(range("bytes=5-"), Some(ByteRange::From(5)));
        assert_eq!(range("bytes=-7"), Some(ByteRange::Last(7)));
        assert_eq!(range("bytes=9-2"), None);
        assert_eq!(range("bytes=0-1,3-4"), None);
        assert_eq!(range("lines=1-2"), None);
        assert_eq!(range("bytes=+1-2"), None, "a sign is no digit");
    }
}
