//! What the frame says of the visitor.

use dioxus::prelude::*;
use vitrine_shared::views::owned::{AccountView, InvoiceView, InvoicesView, LibraryView, OwnedView};
use vitrine_shared::views::{MeBar, Shared, WorkView};

use super::{Fault, Wire};
#[cfg(feature = "server")]
use crate::serve::Ask;

/// Name, cart count, desks.
#[get("/rpc/me/bar", ask: Ask)]
pub async fn bar() -> Result<Wire<MeBar>, Fault> {
    Ok(Wire(ask.bar().await?))
}

/// The account page.
#[get("/rpc/me/account", ask: Ask)]
pub async fn account() -> Result<Wire<AccountView>, Fault> {
    Ok(Wire(ask.account().await?))
}

/// What is owned, for a raw query string.
#[post("/rpc/me/library", ask: Ask)]
pub async fn library(query: String) -> Result<Wire<LibraryView>, Fault> {
    Ok(Wire(ask.library(query).await?))
}

/// One work owned.
#[post("/rpc/me/owned", ask: Ask)]
pub async fn owned(work: String) -> Result<Wire<OwnedView>, Fault> {
    Ok(Wire(ask.owned(work).await?))
}

/// The same for a work's own page, where owning nothing is no fault.
#[post("/rpc/me/owns", ask: Ask)]
pub async fn owns(work: String) -> Result<Wire<Option<OwnedView>>, Fault> {
    Ok(Wire(ask.owns(work).await?))
}

/// A work of the visitor's own shop as buyers would see it.
#[post("/rpc/me/preview", ask: Ask)]
pub async fn preview(work: String) -> Result<Wire<Shared<WorkView>>, Fault> {
    Ok(Wire(ask.preview(work).await?))
}

/// Invoices and credit notes, one page.
#[post("/rpc/me/invoices", ask: Ask)]
pub async fn invoices(cursor: Option<String>) -> Result<Wire<InvoicesView>, Fault> {
    Ok(Wire(ask.invoices(cursor).await?))
}

/// One document; `key` opens it for a guest.
#[post("/rpc/me/invoice", ask: Ask)]
pub async fn invoice(id: String, key: Option<String>) -> Result<Wire<InvoiceView>, Fault> {
    Ok(Wire(ask.invoice(id, key).await?))
}
