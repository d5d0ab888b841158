//! Keys and indexes.

use serde::{Deserialize, Serialize};

/// The base table's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Partition key, 1 to 2,048 bytes.
    pub pk: String,
    /// Sort key, 1 to 1,024 bytes.
    pub sk: String,
}

impl Key {
    /// A key of two strings.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// The base table and its three global secondary indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Index {
    /// `pk`, `sk`.
    Base,
    /// `pk2`, `sk2`: look-ups by slug, e-mail, outside id.
    Gsi1,
    /// `tenant`, `sk`: listings of one tenant.
    Gsi2,
    /// `entityType`, `createdAt`: administration and exports.
    Gsi3,
}

impl Index {
    /// Every index but the base table.
    pub const GLOBAL: [Index; 3] = [Index::Gsi1, Index::Gsi2, Index::Gsi3];

    /// The names of the partition and sort attribute.
    pub const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Base => ("pk", "sk"),
            Self::Gsi1 => ("pk2", "sk2"),
            Self::Gsi2 => ("tenant", "sk"),
            Self::Gsi3 => ("entityType", "createdAt"),
        }
    }
}
