//! A seller's collections at the desk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::desk::{DeskWork, HistoryRow};

/// A collection of a seller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionRow {
    /// What works and promotions know it by.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// Works in it.
    pub count: usize,
}

/// A seller's collections, with a form for one more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionDesk {
    /// Tenant id.
    pub tenant: String,
    /// The seller's name.
    pub seller: String,
    /// By name.
    pub rows: Vec<CollectionRow>,
    /// What was typed for a new one: `name`, `title`.
    pub fields: BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: BTreeMap<String, String>,
}

/// Collections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionsView {
    /// By seller.
    pub desks: Vec<CollectionDesk>,
}

/// A collection with a page of its works.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CollectionView {
    /// Tenant id.
    pub tenant: String,
    /// The collection.
    pub row: CollectionRow,
    /// Counts writes; sent back with another title.
    pub rev: i64,
    /// Works it may have.
    pub most: usize,
    /// Of this page, the oldest first.
    pub works: Vec<DeskWork>,
    /// What the next page begins after.
    pub next: Option<String>,
    /// Promotions that name it and have not ended, id and label: while there are any it stays.
    pub promotions: Vec<(String, String)>,
    /// What was typed and not taken: `works`, `title`.
    pub fields: BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: BTreeMap<String, String>,
    /// Which of the typed works are wrong.
    pub wrong: String,
    /// What happened, oldest first.
    pub history: Vec<HistoryRow>,
}
