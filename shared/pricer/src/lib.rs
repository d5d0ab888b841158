//! The pricing engine as a module of its own: a page loads it beside its client when it has something to price by itself, so that the client of
//! all other pages stays small.
//!
//! Texts in, texts out (JSON); compiled for this machine too, where `vitrine-parity` and the tests call the same functions. Invariants: an answer
//! depends on the texts alone; every text has one, also what is none. Not here: loading it (`assets/js/boot.js`), whether an answer is right (the
//! tests of `vitrine-pricing` and of `vitrine_shared::views::preview` say that).

use serde::{Deserialize, Serialize};
use vitrine_pricing::price::PriceList;
use vitrine_pricing::promotion::Promotions;
use vitrine_pricing::quote::{Context, Quote, QuoteRequest, Sellable, quote};
use vitrine_pricing::shipping::ShippingTable;
use vitrine_pricing::tax::TaxRules;
use vitrine_shared::views::preview::{Pieces, Pricing, Why};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::wasm_bindgen;

/// A cart's page with other numbers of pieces: of a [`Pricing`] and a list of [`Pieces`], both JSON, on a page that is so many milliseconds old. JSON: the
/// page's view, the same that the server would say, or `{"ask": ".."}`, why it is to be asked.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn preview(pricing: &str, pieces: &str, age_ms: f64) -> String {
    let read = serde_json::from_str::<Pricing>(pricing).ok().zip(serde_json::from_str::<Vec<Pieces>>(pieces).ok());
    let page = read.ok_or(Why::Unreadable).and_then(|(pricing, pieces)| {
        // Scripts have one kind of number; parts of a millisecond are none.
        pricing.page(&pieces, age_ms as i64)
    });
    let answer = match page {
        Ok(view) => serde_json::to_string(&view),
        Err(why) => serde_json::to_string(&Ask { ask: why }),
    };
    // What is read fails to be written never.
    answer.unwrap_or_else(|why| why.to_string())
}

#[derive(Serialize)]
struct Ask {
    ask: Why,
}

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

/// The engine with rules of its own choosing, read once for many documents.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub struct Engine {
    rules: TaxRules,
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
impl Engine {
    /// With [`TaxRules`] as JSON; what is none has no rule for any place.
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen(constructor))]
    pub fn new(rules: &str) -> Self {
        Self { rules: serde_json::from_str(rules).unwrap_or_default() }
    }

    /// The [`Answer`] to a [`Case`], both JSON.
    pub fn answer(&self, document: &str) -> String {
        // No map with keys that are no texts, nothing that fails to be written: an answer always is.
        serde_json::to_string(&self.answered(document)).unwrap_or_else(|why| why.to_string())
    }
}

impl Engine {
    /// As [`Engine::answer`].
    pub fn answered(&self, document: &str) -> Answer {
        let case: Case = match serde_json::from_str(document) {
            Ok(case) => case,
            Err(why) => return Answer::Unreadable(why.to_string()),
        };
        let context = Context {
            rules: &self.rules,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_for_the_server() {
        for (pricing, pieces) in [("", "[]"), ("{}", "[]"), ("[]", "x"), ("null", "null")] {
            assert_eq!(preview(pricing, pieces, 0.0), r#"{"ask":"unreadable"}"#, "{pricing} {pieces}");
        }
    }
}
