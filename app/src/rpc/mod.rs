//! Server functions: explicit paths `/rpc/<domain>/<verb>`, bodies of a few lines, one answer type.
//!
//! Invariants: every function answers `Result<Wire<_>, Problem>`, so that a broken connection is a value and never a
//! panic of the client; authorisation is in the services.

mod wire;

pub mod catalog;
pub mod me;
pub mod trade;

pub use wire::{Fault, Wire};
