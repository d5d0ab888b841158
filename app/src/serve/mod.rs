//! The server's side of the program: pages and server functions on top of `vitrine-server`.
//!
//! Invariants: the framework's router is built here and nowhere else; every page leaves as one body with its policy;
//! state is made once, before the first request.
//!
//! Not here: services (`vitrine-server`), pages (`shop`).

mod ask;
mod assets;
mod cache;
mod calls;
mod draw;
#[cfg(any(feature = "lambda", test))]
mod event;
#[cfg(feature = "lambda")]
pub mod lambda;
mod page;
mod public;
mod refusal;
pub(crate) mod rights;
mod run;

pub use ask::Ask;
pub use public::Public;
pub use run::{router, serve};
