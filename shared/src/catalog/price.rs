//! Prices as they are kept.

use serde::{Deserialize, Serialize};

use crate::id::VariantId;

/// One price of one variant; append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRecord {
    /// What it is for.
    pub variant: VariantId,
    /// A country, a region group (`eu`) or `world`, as the pricing engine names them.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units; for name-your-price the suggestion.
    pub amount_minor: i64,
    /// Name-your-price: the least.
    #[serde(default)]
    pub minimum_minor: Option<i64>,
    /// Struck through beside it.
    #[serde(default)]
    pub compare_at_minor: Option<i64>,
    /// UTC milliseconds, inclusive.
    pub valid_from_ms: i64,
    /// UTC milliseconds, exclusive.
    #[serde(default)]
    pub valid_to_ms: Option<i64>,
    /// From this many pieces on; 1: for all.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub min_quantity: u32,
}

impl PriceRecord {
    /// Whether it is in force at a moment.
    pub fn holds(&self, at_ms: i64) -> bool {
        self.valid_from_ms <= at_ms && self.valid_to_ms.is_none_or(|to| at_ms < to)
    }
}

/// For all quantities.
pub const fn one() -> u32 {
    1
}

/// Whether a price is for all quantities.
pub const fn is_one(quantity: &u32) -> bool {
    *quantity == 1
}
