//! What the walls say to people: a page per code and language, made once and then only sent, for who refuses many must not work for
//! each.
//!
//! Not here: refusals of services, which are drawn for each request (`page::for_people`).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, header};
use tower::ServiceExt as _;
use vitrine_server::ctx::OpCtx;
use vitrine_server::web::ctx::{Country, Negotiate, chosen};
use vitrine_server::web::html::MAX_PAGE;
use vitrine_server::web::layers::Next;
use vitrine_server::web::limits::Wall;
use vitrine_shared::Problem;

use super::page::{Bare, wants_page};

/// State of the layer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Refusals {
    /// Draws pages.
    pub(super) rendered: axum::Router,
    pub(super) negotiate: Negotiate,
    pub(super) made: Made,
}

/// Finished pages by code, status and locale: all three come from short lists.
pub(super) type Made = Arc<RwLock<HashMap<(String, u16, &'static str), (HeaderMap, Bytes)>>>;

impl Refusals {
    async fn page(&self, problem: &Problem, locale: &'static str) -> Option<(HeaderMap, Bytes)> {
        let name = (problem.code.clone(), problem.status, locale);
        if let Some(page) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Some(page.clone());
        }
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = format!("/problem/{}?status={}", problem.code, problem.status).parse().ok()?;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        request.extensions_mut().insert(OpCtx { locale: locale.to_owned(), ..OpCtx::system("refusal", 0) });
        request.extensions_mut().insert(Country("US".to_owned()));
        request.extensions_mut().insert(Bare);
        let Ok(shown) = self.rendered.clone().oneshot(request).await;
        let (parts, body) = shown.into_parts();
        let bytes = to_bytes(body, MAX_PAGE).await.ok()?;
        let mut headers = parts.headers;
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let page = (headers, bytes);
        self.made.write().unwrap_or_else(PoisonError::into_inner).insert(name, page.clone());
        Some(page)
    }
}

/// The layer: a wall's refusal becomes a page where a page was asked for; what it says to programs stays in its headers.
pub(super) async fn layer(State(refusals): State<Refusals>, request: Request, next: Next) -> Response<Body> {
    let locale = wants_page(&request).then(|| {
        let accept = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        (refusals.negotiate)(chosen(request.headers()).lang.as_deref(), accept)
    });
    let mut response = next.run(request).await;
    let (Some(locale), Some(Wall)) = (locale, response.extensions().get::<Wall>()) else { return response };
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let Some((headers, bytes)) = refusals.page(&problem, locale).await else { return response };
    let own = response.headers_mut();
    own.remove(header::CONTENT_LENGTH);
    for (name, value) in &headers {
        own.insert(name.clone(), value.clone());
    }
    *response.body_mut() = Body::from(bytes);
    response
}
