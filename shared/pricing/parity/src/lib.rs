//! Shows that the pricing engine answers the same in a browser as natively.
//!
//! [`answer`] is compiled twice: for this machine, and for wasm, where it is exported to scripts. The program of this package makes random
//! documents from a seed and writes them with the native answers; `e2e/specs/parity.mjs` hands the same bytes to the module in a
//! browser and compares the answers, text by text.
//!
//! Invariants: an answer depends on its document alone; every document has one, also what is none. Not here: whether an answer is
//! right (the tests of `vitrine-pricing` say that).

#[cfg(not(target_arch = "wasm32"))]
pub mod make;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::{Context, Quote, QuoteRequest, Sellable, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::TaxRules;

static RULES: LazyLock<TaxRules> = LazyLock::new(TaxRules::built_in);

/// A document with what a seller's records say beside it. JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is asked.
    pub request: QuoteRequest,
    /// Variants.
    pub items: Vec<Sellable>,
    /// Their prices.
    pub prices: PriceList,
    /// The seller's shipping.
    pub shipping: ShippingTable,
}

/// What the engine says to a text. JSON: `{"quote": {..}}`, `{"refused": {..}}` or `{"unreadable": ".."}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Totals with their explanation.
    Quote(Box<Quote>),
    /// There is no quote.
    Refused {
        /// Stable name of what is wrong.
        code: String,
        /// Path in the document.
        field: String,
        /// In words.
        text: String,
    },
    /// The text is no [`Case`]; why.
    Unreadable(String),
}

/// The answer to a [`Case`] given as JSON, by the built-in tax rules, as JSON.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen)]
pub fn answer(document: &str) -> String {
    // No map with keys that are no texts, nothing that fails to be written: an answer always is.
    serde_json::to_string(&answered(document)).unwrap_or_else(|why| why.to_string())
}

/// As [`answer`].
pub fn answered(document: &str) -> Answer {
    let case: Case = match serde_json::from_str(document) {
        Ok(case) => case,
        Err(why) => return Answer::Unreadable(why.to_string()),
    };
    let context = Context {
        rules: &RULES,
        items: &case.items,
        prices: &case.prices,
        shipping: &case.shipping,
        promotions: Promotions::default(),
    };
    match quote(&case.request, &context) {
        Ok(quote) => Answer::Quote(Box::new(quote)),
        Err(why) => {
            Answer::Refused { code: why.code().to_owned(), field: why.field().to_owned(), text: why.to_string() }
        }
    }
}
