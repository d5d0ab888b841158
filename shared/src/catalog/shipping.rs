use serde::{Deserialize, Serialize};

/// One row of a shipping table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShippingRate {
    /// ISO 3166-1, `EU`, `*` or a zone of the store.
    pub zone: String,
    /// Id of a method of the store; the standard if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Inclusive upper weight of the parcel, grams; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_g: Option<u32>,
    /// Inclusive sides of the parcel, millimetres, in any order; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_mm: Option<[u32; 3]>,
    /// Inclusive upper worth of its goods, minor units; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_goods_minor: Option<i64>,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// On top once, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_minor: Option<i64>,
    /// On top for each piece, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_per_item_minor: Option<i64>,
    /// Goods of at least this (minor units) go free.
    #[serde(default)]
    pub free_over_minor: Option<i64>,
}
