//! What Vitrine knows: services, rules, stores and REST, without a user interface.
//!
//! Invariants:
//! - Knows no Dioxus. A domain calls another only through its `mod.rs`; ports know no domain.
//! - Every service function takes [`ctx::OpCtx`] first; every mutation but a cart's is authorised in `authz` and writes its `AUDIT#`
//!   item in the business transaction.
//! - A write takes its tenant from the loaded record, never from the request.
//! - Nothing slow runs in a request: it is a keyed, idempotent job.

pub mod accounts;
pub mod audit;
pub mod authz;
pub mod backup;
pub mod cart;
pub mod catalog;
pub mod changes;
pub mod check;
pub mod checkout;
pub mod collections;
pub mod config;
pub mod counted;
pub mod ctx;
pub mod desk;
pub mod downloads;
pub mod entitlements;
pub mod fault;
pub mod groups;
pub mod ids;
pub mod invoices;
pub mod jobs;
pub mod kept;
pub mod library;
pub mod mailing;
pub mod mails;
pub mod markup;
pub mod media;
pub mod pricing;
pub mod privileges;
pub mod promotions;
pub mod purges;
pub mod rates;
pub mod receipts;
pub mod rest;
pub mod secrets;
pub mod seo;
pub mod state;
pub mod stock;
pub mod talk;
pub mod tax_ids;
pub mod taxes;
#[cfg(test)]
pub(crate) mod testing;
mod together;
pub mod trade;
mod typed;
pub mod value;
pub mod web;
pub mod withdrawal;

pub use vitrine_places::country_name;
mod zips;
