//! How often an address, an account or a key may ask: one layer around everything, one table of figures.
//!
//! Invariants:
//! - Every request of a class in [`RULES`] is counted against its address, and against account or key where it is known; addresses
//!   come from the connection, or from configured proxies only; an IPv6 subscriber is one address (/64).
//! - A refusal is 429 with `Retry-After`, `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): problem+json
//!   for programs, marked as [`Wall`] so that people get a page that costs nothing to make.
//! - Without the store, reads are counted by this node alone; what makes sessions, mails, payments and imports is refused with 503.
//!
//! Not here: the growing pause on wrong passwords (`vitrine-identity`), what one request may hold (`body`), how many requests are
//! worked on at once (`shed`). See ADR 14.

mod buckets;
mod classes;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::web::layers::Next;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use vitrine_identity::provider::WrongSecret;
use vitrine_shared::Problem;

pub use buckets::{Buckets, MOST, Outcome, Standing, Who};
pub use classes::{Class, Figures, IsKept, RULES, Rule, Sharing};

use super::ctx;
use crate::ctx::{Caller, Guess, OpCtx};
use crate::rest::ProblemResponse;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A wall's own answer: an outer layer shows people a finished page in its place.
#[derive(Clone, Copy, Debug)]
pub struct Wall;

/// State of both layers. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    /// `None`: nothing is limited.
    pub buckets: Option<Buckets>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted: Vec<IpAddr>,
    /// Which public addresses the page cache keeps.
    pub is_kept: IsKept,
}

/// The class of the request in hand, as an extension.
#[derive(Clone, Copy, Debug)]
pub struct Counted(pub Class);

/// What was counted, as an extension of the answer: the outermost layer writes the headers.
#[derive(Clone, Debug, Default)]
struct Standings(Vec<Standing>);

/// Counts by address. Outside of everything that reads the request.
pub async fn by_address(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let Some(class) = classes::class(request.method(), request.uri(), limits.is_kept) else {
        return next.run(request).await;
    };
    let guess = Guess::default();
    request.extensions_mut().insert(Counted(class));
    request.extensions_mut().insert(guess.clone());
    let Some(buckets) = &limits.buckets else { return next.run(request).await };
    let address = ctx::peer(&request, &limits.trusted);
    let (who, guesser) = (Who::address(address), guesser(&request, address));
    if classes::shows_secret(request.uri(), request.headers())
        && let Some(standing) = guesser.and_then(|g| buckets.is_spent(Class::Guess, g))
    {
        return refused(vec![standing], standing);
    }
    let own = buckets.take(class, who).await;
    if let Some(standing) = own.filter(|s| s.outcome != Outcome::Spent) {
        return refused(vec![standing], standing);
    }
    let mut response = next.run(request).await;
    let wrong = guess.is_wrong() || response.extensions().get::<WrongSecret>().is_some();
    if wrong && let Some(guesser) = guesser {
        buckets.take(Class::Guess, guesser).await;
    }
    let mut standings: Vec<Standing> = own.into_iter().collect();
    standings.extend(response.extensions_mut().remove::<Standings>().unwrap_or_default().0);
    // Files are kept by caches for everybody: what is left to one of them says nothing.
    if !matches!(class, Class::File) {
        write(response.headers_mut(), &standings);
    }
    response
}

/// Whose count a request is, and of which class.
#[derive(Clone, Copy, Debug)]
pub struct Asks(Option<(Class, Who)>);

impl Limits {
    /// What a request is counted as.
    pub fn asks(&self, request: &Request) -> Asks {
        let class = classes::class(request.method(), request.uri(), self.is_kept);
        Asks(class.map(|class| (class, Who::address(ctx::peer(request, &self.trusted)))))
    }

    /// Counts a request that is answered before [`by_address`] sees it, as that would; `None`: it is to be refused there.
    pub async fn spend(&self, asks: Asks) -> Option<Spent> {
        let (Some((class, who)), Some(buckets)) = (asks.0, &self.buckets) else { return Some(Spent(None)) };
        let own = buckets.take(class, who).await;
        own.is_none_or(|s| s.outcome == Outcome::Spent).then_some(Spent(own))
    }
}

/// What [`Limits::spend`] counted.
#[derive(Clone, Copy, Debug)]
pub struct Spent(Option<Standing>);

impl Spent {
    /// Says in an answer's headers how the count stands.
    pub fn tell(&self, headers: &mut HeaderMap) {
        write(headers, self.0.as_slice());
    }
}

/// Whose count a wrong secret of this request is; `None`: nobody's.
///
/// What pages of other sites make a browser load says nothing about who sits before it: it has a count of its own, which stands in the
/// way of nothing else. Players and readers may be on another site than the files, and those addresses are signed; they are not counted.
fn guesser(request: &Request, address: Option<IpAddr>) -> Option<Who> {
    if !classes::is_embedded(request.headers()) {
        return Some(Who::address(address));
    }
    let signed = ["/s/", "/r/"].iter().any(|p| request.uri().path().starts_with(p));
    (!signed).then(|| Who::embedded(address))
}

/// Counts by account or key. Inside of what knows the caller.
pub async fn by_caller(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let class = request.extensions().get::<Counted>().map(|c| c.0);
    let who = match request.extensions().get::<OpCtx>().map(|ctx| &ctx.caller) {
        Some(Caller::User(user)) => Some(Who::account(user.id.as_str())),
        Some(Caller::Key { id, .. }) => Some(Who::key(id)),
        _ => None,
    };
    let (Some(class), Some(who), Some(buckets)) = (class, who, &limits.buckets) else {
        return next.run(request).await;
    };
    let Some(standing) = buckets.take(class, who).await else { return next.run(request).await };
    let mut response = match standing.outcome {
        Outcome::Spent => next.run(request).await,
        _ => refused(Vec::new(), standing),
    };
    response.extensions_mut().insert(Standings(vec![standing]));
    response
}

fn refused(standings: Vec<Standing>, standing: Standing) -> Response {
    let name = classes::RULES[standing.class as usize].name;
    metrics::counter!("limits_refused_total", "class" => name, "of" => standing.kind).increment(1);
    let (problem, after) = match standing.outcome {
        Outcome::Away => (Problem::new(503, "overloaded", "The shop cannot do this at the moment."), 5),
        _ => (
            Problem::new(429, "too_many_requests", "Too many requests within a short time.")
                .detail(format!("Ask again in {} s. `RateLimit-Policy` names the limits.", standing.reset_secs)),
            standing.reset_secs,
        ),
    };
    let mut response = wall(problem, after);
    write(response.headers_mut(), &standings);
    response
}

/// A wall's answer with the seconds after which to ask again.
pub fn wall(problem: Problem, after_secs: u32) -> Response {
    let mut response = ProblemResponse(problem).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after_secs));
    response.extensions_mut().insert(Wall);
    response
}

/// `RateLimit-Policy` lists what applies, `RateLimit` what is nearest to its end.
fn write(headers: &mut HeaderMap, standings: &[Standing]) {
    let name = |s: &Standing| format!("\"{}-{}\"", classes::RULES[s.class as usize].name, s.kind);
    let policy: Vec<String> = standings
        .iter()
        .map(|s| format!("{};q={};w={}", name(s), s.quota, classes::RULES[s.class as usize].window_secs))
        .collect();
    let Some(nearest) = standings.iter().min_by_key(|s| s.left) else { return };
    let limit = format!("{};r={};t={}", name(nearest), nearest.left, nearest.reset_secs);
    for (header, text) in [(POLICY, policy.join(", ")), (LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    }
}
