//! The catalogue: tenants, storefronts, makers, works, products, prices, licences, files.
//!
//! Invariants: what is not published is seen only by its tenant's desk; prices are append-only; a licence text never
//! changes once written; every write carries its audit entry.
//!
//! Entry points: [`pages::Catalog`] for what people see, [`store::CatalogStore`] for records, [`exchange`] for import
//! and export, [`index`] for the search index that follows the change feed.

pub mod exchange;
pub mod index;
pub mod jobs;
mod jsonld;
pub mod offers;
pub mod pages;
pub(crate) mod people;
pub(crate) mod settings;
mod shelves;
pub mod store;
pub(crate) mod transcripts;
pub mod views;
