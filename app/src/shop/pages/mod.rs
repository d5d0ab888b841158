//! One page a file. Each has a body that is a pure function of its view model, and a component that loads the model.

mod account;
mod eula;
mod home;
mod list;
mod maker;
mod policy;
mod storefront;
mod work;

pub use account::{Account, AccountBody, SignedOut};
pub use eula::{Eula, EulaBody};
pub use home::{Home, HomeBody};
pub use list::{Catalog, CatalogBody, Search, SearchBody};
pub use maker::{Artist, Author, MakerBody};
pub use policy::Policy;
pub use storefront::{Storefront, StorefrontBody};
pub use work::{Album, Book, Podcast, Video, WorkBody};

use dioxus::prelude::*;
use vitrine_shared::Problem;

use super::parts::FaultPage;

/// Nothing at this address: looks for what it meant.
#[component]
pub fn Missing(
    /// The path.
    segments: Vec<String>,
) -> Element {
    let meant = segments.last().map(|s| s.replace(['-', '_', '.'], " ")).unwrap_or_default();
    rsx! {
        FaultPage { problem: Problem::not_found("page"), meant }
    }
}

/// Draws what was loaded or why it was not.
pub(crate) fn drawn<T>(loaded: &Result<T, Problem>, draw: impl FnOnce(&T) -> Element) -> Element {
    match loaded {
        Ok(view) => draw(view),
        Err(problem) => rsx! {
            FaultPage { problem: problem.clone() }
        },
    }
}
