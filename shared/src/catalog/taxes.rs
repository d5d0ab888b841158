//! When a store has a tax service asked, and what it does without its answer. Not here: the service, what it answers.

use serde::{Deserialize, Serialize};

/// For which of a store's sales a tax service is asked, in place of the tables of the pricing engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxProvider {
    /// None.
    #[default]
    Engine,
    /// To places in the United States where the tables know only the state's part.
    ProviderWhereLocal,
    /// Wherever tax is charged.
    Always,
}

/// What a store does when the tax service it wants does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxFallback {
    /// Sells with the tax of the tables; the order says so.
    #[default]
    Engine,
    /// Does not sell until it answers.
    Block,
}
