//! What the frame says of the visitor.

use dioxus::prelude::*;
use vitrine_shared::views::MeBar;

use super::{Fault, Wire};
#[cfg(feature = "server")]
use crate::serve::Ask;

/// Name, cart count, desks.
#[get("/rpc/me/bar", ask: Ask)]
pub async fn bar() -> Result<Wire<MeBar>, Fault> {
    Ok(Wire(ask.bar().await?))
}
