//! Money, prices, tax and discounts as pure functions that compile to native code and wasm.
//!
//! Entry point: [`quote::quote`] turns a document (lines, buyer, seller, date) with price list and tax rules into totals and their explanation;
//! the server and the browser get the same cents. Beside it: [`mod@format`] for text by locale, [`market`] for places, [`shown_in`] for the currencies of pages,
//! [`promotion`] for codes and what applies by itself, [`processor`] for what can be charged, [`cash`] for tills, [`fx`] for amounts that are only shown.
//!
//! Invariants: no IO, no clock, no floating point, no panic on any document; one quote is one seller's; everything charged has a step in `explain`.
//! Not here: stock, fetching exchange rates, asking registers of tax identities, invoices.

pub mod cash;
mod currency_data;
pub mod date;
pub mod evidence;
pub mod format;
pub mod fx;
pub mod legal_notes;
mod locale_data;
pub mod market;
pub mod money;
pub mod price;
pub mod processor;
pub mod promotion;
pub mod quote;
pub mod record;
pub mod refund;
#[cfg(feature = "schema")]
mod schema;
pub mod shipping;
pub mod shown_in;
pub mod simplified;
pub mod tax;
pub mod tax_id;
mod tax_table;
pub mod territory;
pub mod thresholds;
