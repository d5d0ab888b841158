//! Public REST: problem+json answers and the one table of endpoints.
//!
//! Invariants: the router, the OpenAPI document and the authorisation test are made from the same list; an endpoint that
//! is not in it does not exist.

mod api;
mod collections;
mod docs;
mod groups;
pub mod keys;
mod openapi;
mod promotions;
mod shapes;
pub mod table;

pub use api::{cursor_of, page_of};
pub use openapi::document;
pub use promotions::read as promotion_of;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vitrine_shared::Problem;

use crate::state::App;

/// A [`Problem`] as `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub struct ProblemResponse(pub Problem);

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl ProblemResponse {
    /// What is answered: the problem with its type, a path of this shop.
    pub fn body(&self) -> serde_json::Value {
        let mut body = serde_json::to_value(&self.0).unwrap_or_default();
        if let Some(map) = body.as_object_mut() {
            map.insert("type".into(), format!("/problems/{}", self.0.code).into());
        }
        body
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.body())).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(status.as_u16(), 429 | 503) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        // An outer layer may show it as a page to people.
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The interface, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    let mut routes = Router::new()
        .route("/api/openapi.json", axum::routing::get(openapi::served))
        .route("/api", axum::routing::get(docs::page))
        .route(docs::STYLE_PATH, axum::routing::get(docs::style));
    for endpoint in table::endpoints() {
        routes = routes.route(&format!("/api{}", endpoint.path), (endpoint.route)());
    }
    routes
}

#[cfg(test)]
mod house;
