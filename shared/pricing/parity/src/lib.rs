//! Shows that the pricing engine answers the same in a browser as natively.
//!
//! `vitrine-pricer` is compiled twice: for this machine, and for wasm as pages load it. The program of this package makes random documents from a
//! seed and writes them with the native answers; `e2e/specs/parity.mjs` hands the same bytes to the module in a browser and compares the answers,
//! text by text.
//!
//! Not here: whether an answer is right (the tests of `vitrine-pricing` say that).

pub mod make;

use std::sync::LazyLock;

use vitrine_pricer::Engine;
use vitrine_pricing::tax::TaxRules;

/// The built-in rules as texts are given to a browser, and the engine with them.
pub static BUILT_IN: LazyLock<(String, Engine)> = LazyLock::new(|| {
    // Rules are rows of text: they can always be written.
    let rules = serde_json::to_string(&TaxRules::built_in()).unwrap_or_default();
    let engine = Engine::new(&rules);
    (rules, engine)
});
