//! What the frame says of the visitor.

use dioxus::prelude::*;
use vitrine_shared::views::MeBar;
use vitrine_shared::views::owned::AccountView;

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
