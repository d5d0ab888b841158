//! Rights to what was bought: one row per source, access is their union.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, CustomerId, GrantId, OrderId, VariantId, WorkId};

/// One right from one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose.
    pub customer: CustomerId,
    /// To what.
    pub work: WorkId,
    /// As which edition.
    pub variant: VariantId,
    /// Files it opens.
    pub assets: Vec<AssetId>,
    /// The order and line it comes from.
    pub order: OrderId,
    /// Line number.
    pub line: u32,
    /// UTC milliseconds.
    pub since_ms: i64,
    /// UTC milliseconds and reason code, once it is revoked.
    #[serde(default)]
    pub revoked: Option<(i64, String)>,
    /// Licence id and version accepted, and when (UTC milliseconds).
    #[serde(default)]
    pub licence: Option<(String, u32, i64)>,
}

impl Grant {
    /// Whether it opens this file.
    pub fn opens(&self, asset: &AssetId) -> bool {
        self.revoked.is_none() && self.assets.contains(asset)
    }
}
