//! What was bought, over HTTP: downloads (`/d`), playing (`/s`) and reading (`/r`). Public media are in [`super::media`].
//!
//! Invariants: nothing here is cached by anybody; every answer is `nosniff` and has a policy that runs nothing.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use vitrine_identity::provider::PeerAddress;
use vitrine_shared::Problem;

use super::csp::Policy;
use super::media::range_of;
use crate::checkout::Checkouts;
use crate::ctx::OpCtx;
use crate::downloads::{Ask, Content, Downloads, Opened};
use crate::fault::Result;
use crate::rest::ProblemResponse;

/// What the routes need.
pub struct Files {
    /// The service.
    pub downloads: Downloads,
    /// Says which customers a signed-in person is.
    pub checkouts: Checkouts,
    /// The shop's origin: it may frame readers and fetch sound.
    pub shop_origin: String,
}

type Shared = State<Arc<Files>>;
type Extensions = (Extension<OpCtx>, Option<Extension<PeerAddress>>);

/// `/d/{token}`, for the shop's origin, where a session that comes along is checked. Needs [`OpCtx`] as an extension.
pub fn downloads(files: Arc<Files>) -> Router {
    Router::new().route("/d/{token}", get(download)).with_state(files)
}

/// `/s` and `/r`, for the files origin. Needs [`OpCtx`] as an extension.
pub fn contents(files: Arc<Files>) -> Router {
    Router::new().route("/s/{token}", get(stream)).route("/r/{token}/{name}", get(read)).with_state(files)
}

async fn ask(
    files: &Files,
    method: &Method,
    headers: &HeaderMap,
    ctx: &OpCtx,
    peer: Option<Extension<PeerAddress>>,
) -> Result<Ask> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let viewer = if ctx.caller.user().is_some() { Some(files.checkouts.customers(ctx).await?) } else { None };
    Ok(Ask {
        range: range_of(headers),
        if_range: text(header::IF_RANGE),
        if_none_match: text(header::IF_NONE_MATCH),
        head: method == Method::HEAD,
        viewer,
        address: peer.map(|p| p.0.0),
    })
}

async fn download(
    State(files): Shared,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
    (ctx, peer): Extensions,
) -> Response<Body> {
    let opened = async {
        let ask = ask(&files, &method, &headers, &ctx, peer).await?;
        files.downloads.open(&ctx, &token, ask).await
    };
    answer(opened.await, &files, &headers)
}

async fn stream(
    State(files): Shared,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
    (ctx, peer): Extensions,
) -> Response<Body> {
    let opened = async {
        let ask = ask(&files, &method, &headers, &ctx, peer).await?;
        files.downloads.open_stream(&ctx, &token, ask).await
    };
    answer(opened.await, &files, &headers)
}

async fn read(
    State(files): Shared,
    Path((token, name)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    (ctx, peer): Extensions,
) -> Response<Body> {
    let opened = async {
        let ask = ask(&files, &method, &headers, &ctx, peer).await?;
        files.downloads.open_reader(&ctx, &token, &name, ask).await
    };
    answer(opened.await, &files, &headers)
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// `attachment` with an ASCII name for old programs and the real one in UTF-8 (RFC 6266, RFC 8187).
pub fn attachment(name: &str) -> String {
    // A name is no path, whatever its seller called the file: some programs would follow it.
    let name = &name.replace(['/', '\\'], "_");
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            coded.push(char::from(byte));
        } else {
            coded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

fn answer(opened: Result<Opened>, files: &Files, asked: &HeaderMap) -> Response<Body> {
    let mut response = match opened {
        Ok(Opened::Content(content)) => send(content, files),
        Ok(Opened::Redirect(to)) => {
            let mut response = StatusCode::SEE_OTHER.into_response();
            response.headers_mut().insert(header::LOCATION, value(&to));
            response
        }
        Ok(Opened::NotModified(etag)) => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            response.headers_mut().insert(header::ETAG, value(&etag));
            response
        }
        Ok(Opened::BadRange(size)) => {
            let title = format!("The range lies outside the file's {size} bytes.");
            let mut response = ProblemResponse(Problem::new(416, "bad_range", title)).into_response();
            response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
            response
        }
        Err(problem) => ProblemResponse(problem).into_response(),
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The token stands in the address: it goes to nobody.
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    out.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(Policy::FILES));
    // The player on the shop's origin and the reader, whose sandbox has no origin, load from here.
    out.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    out.insert(header::VARY, HeaderValue::from_static("origin"));
    if asked.get(header::ORIGIN).is_some_and(|o| o.as_bytes() == files.shop_origin.as_bytes()) {
        out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value(&files.shop_origin));
    }
    response
}

fn send(content: Content, files: &Files) -> Response<Body> {
    let mut response = Response::new(content.bytes.map_or_else(Body::empty, Body::from_stream));
    let mut length = content.size;
    if let Some(range) = &content.range {
        length = range.end() - range.start() + 1;
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let text = format!("bytes {}-{}/{}", range.start(), range.end(), content.size);
        response.headers_mut().insert(header::CONTENT_RANGE, value(&text));
    }
    let out = response.headers_mut();
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(header::ETAG, value(&content.etag));
    out.insert(header::CONTENT_TYPE, value(&content.content_type));
    match &content.name {
        Some(name) => {
            out.insert(header::CONTENT_DISPOSITION, value(&attachment(name)));
        }
        None => {
            let policy = format!("{}; frame-ancestors {}", Policy::FILES, files.shop_origin);
            out.insert(header::CONTENT_SECURITY_POLICY, value(&policy));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_saving_cannot_break_the_header() {
        assert_eq!(attachment("a b.ogg"), "attachment; filename=\"a b.ogg\"; filename*=UTF-8''a%20b.ogg");
        let evil = attachment("ü\"; x=\r\n%41.ogg");
        assert_eq!(
            evil,
            "attachment; filename=\"__; x=___41.ogg\"; filename*=UTF-8''%C3%BC%22%3B%20x%3D%0D%0A%2541.ogg"
        );
        assert!(HeaderValue::from_str(&evil).is_ok());
        let path = attachment("../../x\\y.sh");
        assert_eq!(path, "attachment; filename=\".._.._x_y.sh\"; filename*=UTF-8''.._.._x_y.sh");
    }
}
