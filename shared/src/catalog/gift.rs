//! Gift cards that a storefront sells.

use serde::{Deserialize, Serialize};

/// Gift cards of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GiftCards {
    /// ISO 4217.
    pub currency: String,
    /// Amounts to choose from, minor units, at most 8.
    #[serde(default)]
    pub amounts: Vec<i64>,
    /// Least and most that a buyer may name, minor units, both inclusive; `None`: only `amounts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<(i64, i64)>,
}

impl GiftCards {
    /// Whether a card of this amount is sold.
    pub fn sells(&self, minor: i64) -> bool {
        self.amounts.contains(&minor) || self.named.is_some_and(|(least, most)| (least..=most).contains(&minor))
    }
}
