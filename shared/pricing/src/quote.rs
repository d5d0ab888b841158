//! The one door: a document in, totals with their explanation out.
//!
//! Order of work: price each line, take promotions off, decide its tax, add shipping for physical lines, take promotions off it, round by the
//! stated policy, add up.
//! Invariants: net + tax = gross on every line and in total; totals are sums of lines, discounts too; nothing is negative; no promotion makes a
//! total dearer; the order of lines, of promotions and of codes changes no total.
//! Without tax an inclusive price stays the price, except where the buyer owes the tax in the seller's place (reverse charge):
//! there the consumer's tax is taken out. Not here: counting how often promotions are used.

mod benefit;
mod discount;
mod document;
mod error;
mod external;
mod find;
mod kind;
mod place;
mod run;
mod shapes;
mod shipping;

pub use document::Document;
pub use error::QuoteError;
pub use external::{ExternalPart, ExternalTax, ExternalTaxes};
pub use kind::Kind;
pub use run::{MOST_PLACE_BYTES, MOST_REGISTRATIONS, quote};
pub use shapes::*;
