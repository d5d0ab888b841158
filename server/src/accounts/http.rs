//! `/auth/login`, `/auth/loginCallback`, `/auth/logout`: plain routes, for they set cookies and redirect.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use vitrine_identity::client::{Callback, local_path};
use vitrine_identity::{ClientError, SessionInfo, Sessions};
use vitrine_shared::Problem;

use crate::ctx::{Caller, OpCtx};
use crate::fault;
use crate::rest::ProblemResponse;
use crate::state::App;
use crate::web::ctx::CART_COOKIE;

/// The routes, to be mounted at the root.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/auth/login", get(login))
        .route("/auth/loginCallback", get(callback))
        .route("/auth/logout", post(logout))
        .route("/account/devices", post(sign_out_device))
}

#[derive(Deserialize)]
struct Login {
    /// Path to return to.
    #[serde(default)]
    to: String,
}

fn cookies(headers: &HeaderMap) -> String {
    headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join("; ")
}

/// 303 to `url`, with these `Set-Cookie` values; never cached.
fn redirect(url: &str, set_cookies: &[&str]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    match HeaderValue::from_str(url) {
        Ok(url) => headers.insert(header::LOCATION, url),
        Err(_) => headers.insert(header::LOCATION, HeaderValue::from_static("/")),
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in set_cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, value);
        }
    }
    response
}

async fn login(State(app): State<App>, Query(query): Query<Login>, ctx: axum::Extension<OpCtx>) -> Response {
    match app.oidc.begin(local_path(&query.to), &[("ui_locales", &ctx.locale)]).await {
        Ok(begin) => redirect(&begin.url, &[&begin.set_cookie]),
        Err(e) => ProblemResponse(fault::internal("beginning a sign-in", &e)).into_response(),
    }
}

async fn callback(
    State(app): State<App>,
    ctx: axum::Extension<OpCtx>,
    headers: HeaderMap,
    Query(query): Query<Callback>,
) -> Response {
    let jar = cookies(&headers);
    let signed_in = match app.oidc.finish(&jar, &query).await {
        Ok(signed_in) => signed_in,
        // Too old or from another browser: whoever is signed in at the provider sees no page on the second try.
        Err(ClientError::UnknownSignIn) => return redirect("/auth/login", &[]),
        Err(ClientError::Refused(code)) => {
            tracing::info!(code, "the provider refused a sign-in");
            return redirect("/", &[]);
        }
        Err(e) => return ProblemResponse(fault::internal("a sign-in", &e)).into_response(),
    };
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match app.sessions.begin(&jar, &signed_in, agent).await {
        Ok((session, cookie)) => {
            let mut cookies = vec![cookie, signed_in.clear_cookie.clone()];
            if bring(&app, &ctx, &session).await {
                cookies.push(format!("{CART_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"));
            }
            let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
            redirect(local_path(&signed_in.return_to), &cookies)
        }
        Err(e) => ProblemResponse(fault::internal("a session", &e)).into_response(),
    }
}

/// What a guest had comes along: their cart and what they bought with this address. Whether the guest's cart is in the
/// account's now. A fault here must not keep people out: the cart's cookie stays, and the next sign-in tries again.
async fn bring(app: &App, ctx: &OpCtx, session: &SessionInfo) -> bool {
    let Some(user) = super::user_of(session) else { return false };
    let ctx = OpCtx { caller: Caller::User(user), ..ctx.clone() };
    if let Err(problem) = app.checkouts.claim(&ctx).await {
        tracing::warn!(%problem, "guest purchases could not be claimed");
    }
    let Some(token) = ctx.cart.as_deref() else { return false };
    match app.carts.merge(&ctx, token).await {
        Ok(_) => true,
        Err(problem) => {
            tracing::warn!(%problem, "a guest's cart could not be merged");
            false
        }
    }
}

async fn logout(State(app): State<App>, headers: HeaderMap) -> Response {
    let jar = cookies(&headers);
    let session = match app.sessions.resolve(&jar).await {
        Ok(session) => session,
        Err(e) => return ProblemResponse(fault::internal("a session", &e)).into_response(),
    };
    let Some(session) = session else { return redirect("/", &[&Sessions::clear_cookie()]) };
    let id_token = app.sessions.id_token(&session.id).await.ok().flatten();
    match app.sessions.end(&jar).await {
        Ok(Some(refresh)) => {
            // The session is over here whatever the provider says; its token is given back as well as can be.
            if let Err(e) = app.oidc.revoke(&refresh).await {
                tracing::warn!(error = %e, "a refresh token could not be revoked at the provider");
            }
        }
        Ok(None) => {}
        Err(e) => return ProblemResponse(fault::internal("ending a session", &e)).into_response(),
    }
    let home = format!("{}/", app.config.base_url());
    match app.oidc.logout_url(id_token.as_ref(), &home) {
        Ok(url) => redirect(&url, &[&Sessions::clear_cookie()]),
        Err(e) => ProblemResponse(Problem::internal(fault::internal("signing out", &e).instance)).into_response(),
    }
}

#[derive(Deserialize)]
struct Device {
    /// Names the session.
    session: String,
}

async fn sign_out_device(
    State(app): State<App>,
    ctx: axum::Extension<OpCtx>,
    axum::Form(device): axum::Form<Device>,
) -> Response {
    match super::sign_out_device(&app, &ctx, &device.session).await {
        Ok(()) => redirect("/account", &[]),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
