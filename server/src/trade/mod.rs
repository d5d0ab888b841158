//! Buying over plain forms: cart, checkout, webhooks, downloads. Pages only show; these routes act, with and without
//! scripts alike.
//!
//! Invariants: every act answers 303 to a page, so that reload repeats nothing; nothing typed is lost; what the browser
//! says of a payment is never believed.

mod cart;
mod checkout;
mod owned;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::state::App;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    cart::routes().merge(checkout::routes()).merge(owned::routes())
}

/// Webhooks of payment providers: signed, so without the guard of forms.
pub fn webhooks() -> Router<App> {
    checkout::webhooks()
}

/// 303 to a path of this site, with cookies; never cached.
fn go(path: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, value);
        }
    }
    response
}
