//! Small answers that several domains give.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vitrine_shared::query::encode;

use crate::fault::Result;
use crate::rest::ProblemResponse;

/// Whether a list of entity tags, as in `If-None-Match`, names this one (RFC 9110 §13.1.2): weak or strong, or all of them by `*`. `tag`
/// is strong, with its quotes, and holds no comma.
pub fn names_tag(list: &str, tag: &str) -> bool {
    let same = |one: &str| one.strip_prefix("W/").unwrap_or(one) == tag;
    list.trim() == "*" || list.split(',').any(|one| same(one.trim()))
}

/// 303 to a path of this site, with cookies; never cached.
pub(crate) fn go(path: &str, cookies: &[String]) -> Response {
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

/// 303 back to a form's page with what came of it: `done=1`, or `trouble` with the code of what can be mended there. `path`
/// may have a query; `anchor` names the place on the page, or is empty. Any other problem is the answer itself.
pub(crate) fn back(path: &str, anchor: &str, done: Result<()>) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    let said = match done {
        Ok(()) => "done=1".to_owned(),
        Err(problem) if matches!(problem.status, 409 | 410 | 422) => {
            format!("trouble={}", encode(problem.fields.values().next().unwrap_or(&problem.code)))
        }
        Err(problem) => return ProblemResponse(problem).into_response(),
    };
    go(&format!("{path}{joint}{said}{anchor}"), &[])
}
