//! Server functions: explicit paths `/rpc/<domain>/<verb>`, bodies of a few lines, one answer type.
//!
//! Invariants: every function answers `Result<Wire<_>, Problem>`, so that a broken connection is a value and never a
//! panic of the client; authorisation is in the services; browsers call by `call`, and every path they call is one of the
//! functions here (a test says so).

#[cfg(not(feature = "server"))]
mod call;
#[cfg(feature = "server")]
mod wire;

#[cfg(feature = "server")]
pub mod catalog;
#[cfg(feature = "server")]
pub mod me;
#[cfg(feature = "server")]
pub mod trade;

#[cfg(not(feature = "server"))]
pub use call::call;
#[cfg(feature = "server")]
pub use wire::{Fault, Wire};
