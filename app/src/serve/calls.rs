//! What is sent to server functions, looked at before the framework does.
//!
//! The framework answers arguments it cannot read with 500, as if the shop were broken, and takes any kind of body. Here what does not
//! fit is the caller's fault: 415 for another kind of body, 400 for what is no JSON object, 422 for other arguments.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;
use vitrine_server::rest::ProblemResponse;
use vitrine_server::web::layers::Next;
use vitrine_shared::Problem;

/// Most bytes of a call's arguments; the longest is a query string.
const MOST: usize = 64 * 1024;
/// How the framework's answer begins when it could not read arguments.
const UNREAD: &str = "error deserializing";

fn refused(status: u16, code: &str, title: &str) -> Response<Body> {
    ProblemResponse(Problem::new(status, code, title)).into_response()
}

/// The layer.
pub(super) async fn layer(request: Request, next: Next) -> Response<Body> {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json")) {
        return refused(415, "not_json", "Send the arguments as application/json.");
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else {
        return refused(413, "too_large", "These are too many arguments.");
    };
    if !serde_json::from_slice::<Value>(&bytes).is_ok_and(|v| v.is_object()) {
        return refused(400, "bad_json", "The arguments are no JSON object.");
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let said = serde_json::from_slice::<Value>(&bytes).ok();
    if said.is_some_and(|v| v["error"].as_str().is_some_and(|e| e.starts_with(UNREAD))) {
        return refused(422, "bad_arguments", "The arguments are not what this takes.");
    }
    Response::from_parts(parts, Body::from(bytes))
}
