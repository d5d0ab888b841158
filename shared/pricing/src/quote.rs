//! The one door: a document in, totals with their explanation out.
//!
//! Order of work: price each line, decide its tax, add shipping for physical lines, round by the stated policy, add up.
//! Invariants: net + tax = gross on every line and in total; totals are sums of lines; nothing is negative; the order of lines changes no total.
//! Without tax an inclusive price stays the price, except where the buyer owes the tax in the seller's place (reverse charge):
//! there the consumer's tax is taken out. Not here: discounts (their place in the shapes is kept, codes are refused).

mod document;
mod find;
mod place;
mod run;
mod shapes;

pub use document::Document;
pub use run::{MOST_PLACE_BYTES, quote};
pub use shapes::*;
