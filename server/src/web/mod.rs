//! What every HTTP answer passes through: walls, headers, pages.
//!
//! Invariants: a state-changing request is refused unless it proves to come from our own pages ([`csrf`]); every answer
//! carries a request id and the security headers ([`headers`]); nothing is unbounded: connections ([`listen`]), requests of one
//! ([`limits`]) and of all ([`shed`]), bodies ([`body`]); no inline script runs on an HTML page
//! but our own words, by their hash ([`csp`], [`html`]).

pub mod body;
pub mod csp;
pub mod csrf;
pub mod ctx;
pub mod dev;
pub mod files;
pub mod headers;
pub mod html;
pub mod http;
pub mod layers;
pub mod limits;
pub mod listen;
pub mod media;
pub mod metrics;
pub mod shed;
