//! What server and clients agree on: ids, records, wire types, validation and pure rules.
//!
//! Invariants:
//! - No IO, no async, no clock, no randomness; everything compiles to native code and wasm.
//! - Wire types change by addition only: clients of the last three builds still read them.
//! - A page's view model (`views`) is made by a pure function from records (`catalog`, `orders` ...), so the server and
//!   an offline snapshot feed the same pages.
//!
//! Not here: money, prices and tax (`vitrine-pricing`), keys and storage (`vitrine-server`).

pub mod accept;
pub mod access;
pub mod cart;
pub mod catalog;
pub mod id;
pub mod json;
pub mod orders;
pub mod pricelist;
pub mod problem;
pub mod query;
pub mod search;
pub mod slug;
pub mod timed;
pub mod views;

pub use problem::Problem;
