//! One page a file. Each has a body that is a pure function of its view model, and a component that loads the model.

mod account;
mod cart;
mod checkout;
mod destination;
mod endless;
mod eula;
mod gift;
mod home;
mod invoices;
mod letters;
mod library;
mod list;
mod maker;
mod order;
mod owned;
mod pieces;
mod policy;
mod sending;
mod stored;
mod storefront;
mod transcript;
mod work;

pub use account::{Account, AccountBody, SignedOut};
pub use cart::{Cart, CartBody, HowMade, Sums, sentence};
pub use checkout::{Checkout, CheckoutBody};
pub use eula::{Eula, EulaBody};
pub use gift::{Gift, GiftBody};
pub use home::{Home, HomeBody};
pub use invoices::{Invoice, InvoiceBody, Invoices, InvoicesBody};
pub use letters::{Letters, LettersBody};
pub use library::{Library, LibraryBody, Owned, OwnedBody};
pub use list::{Catalog, CatalogBody, Search, SearchBody};
pub use maker::{Artist, Author, MakerBody};
pub use order::{Order, OrderBody};
pub use policy::{Policy, RightBody};
pub use sending::SentBy;
pub use storefront::{Storefront, StorefrontBody};
pub use transcript::{Transcript, TranscriptBody};
pub use work::{Album, Book, Podcast, Preview, Video, WorkBody};

use dioxus::prelude::*;
use vitrine_shared::Problem;

use super::parts::{FaultPage, param};

/// Why a request was refused: drawn by the server in the place of its answer.
#[component]
pub fn Refused(
    /// Code of the problem.
    code: String,
    /// `id` of the occurrence and `status`.
    query: String,
) -> Element {
    let status = param(&query, "status").and_then(|s| s.parse().ok()).filter(|s| (400..600).contains(s)).unwrap_or(404);
    let mut problem = Problem::new(status, &code, "");
    problem.instance = param(&query, "id").unwrap_or_default();
    rsx! {
        FaultPage { problem }
    }
}

/// Nothing at this address: looks for what it meant.
#[component]
pub fn Missing(
    /// The path.
    segments: Vec<String>,
) -> Element {
    drop(segments);
    rsx! {
        FaultPage { problem: Problem::not_found("page") }
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
