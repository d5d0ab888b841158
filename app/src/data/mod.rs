//! One loader a page: `data::<page>()` answers the page's view model or why there is none.

use std::future::Future;

use dioxus::fullstack::{Loader, Loading};
use dioxus::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerKind, WorkKind};
use vitrine_shared::views::owned::{AccountView, InvoiceView, InvoicesView, LibraryView, OwnedView};
use vitrine_shared::views::trade::{CartView, CheckoutView, OrderView};
use vitrine_shared::views::{
    CatalogView, HomeView, LettersView, LicenceView, MakerView, MeBar, SearchView, StoreView, SuggestView,
    TranscriptView, WorkView,
};

/// Loads with the fault as part of the value, so that hydration finds the same; `keep` gets what came, also with the page.
///
/// # Errors
/// `Loading` while the first answer is on its way; the component suspends.
pub fn use_data<T, F>(
    mut load: impl FnMut() -> F + 'static,
    keep: fn(&T),
) -> Result<Loader<Result<T, Problem>>, Loading>
where
    T: Clone + PartialEq + Serialize + DeserializeOwned + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    let data = use_loader(move || {
        let answer = load();
        async move { Ok::<_, Problem>(answer.await) }
    })?;
    use_effect(move || {
        if let Ok(value) = &*data.read() {
            keep(value);
        }
    });
    Ok(data)
}

macro_rules! loaders {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $view:ty = $ask:ident, crate::rpc::$domain:ident::$verb:ident;)*) => {
        /// Where the browser's loaders ask, and whether they send arguments.
        #[cfg(all(test, feature = "server"))]
        const CALLS: &[(&str, bool)] = &[$((concat!("/rpc/", stringify!($domain), "/", stringify!($verb)), !<[&str]>::is_empty(&[$(stringify!($arg)),*]))),*];
    $(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the service says, or that the server cannot be reached.
        pub async fn $name($($arg: $kind),*) -> Result<$view, Problem> {
            #[cfg(feature = "server")]
            return crate::serve::Ask::here()?.$ask($($arg),*).await;
            #[cfg(not(feature = "server"))]
            return crate::rpc::call(
                concat!("/rpc/", stringify!($domain), "/", stringify!($verb)),
                &[$((stringify!($arg), serde_json::json!($arg))),*],
            )
            .await;
        }
    )*};
}

loaders! {
    /// The marketplace's home.
    home() -> HomeView = home, crate::rpc::catalog::home;
    /// The catalogue for a raw query string.
    catalog(query: String) -> CatalogView = list, crate::rpc::catalog::list;
    /// The search page for a raw query string.
    search(query: String) -> SearchView = search, crate::rpc::catalog::search;
    /// Suggestions for what is typed.
    suggest(words: String) -> SuggestView = suggest, crate::rpc::catalog::suggest;
    /// A work by `slug-id`.
    work(kind: WorkKind, id: String) -> WorkView = work, crate::rpc::catalog::work;
    /// An episode in words; without a language the first there is.
    transcript(id: String, number: u32, language: Option<String>) -> TranscriptView = transcript, crate::rpc::catalog::transcript;
    /// A maker by its slug.
    maker(kind: MakerKind, slug: String) -> MakerView = maker, crate::rpc::catalog::maker;
    /// A storefront by its handle without `@`.
    store(handle: String) -> StoreView = store, crate::rpc::catalog::store;
    /// A licence, the newest version or a given one.
    licence(id: String, version: Option<u32>) -> LicenceView = licence, crate::rpc::catalog::licence;
    /// How a reader of a shop's letters stands; `proof` is of the link they were sent.
    letters(store: String, who: String, proof: String) -> LettersView = letters, crate::rpc::catalog::letters;
    /// What the frame says of the visitor.
    me() -> MeBar = bar, crate::rpc::me::bar;
    /// The cart, priced for the page's place.
    cart() -> CartView = cart, crate::rpc::trade::cart;
    /// The checkout page with what was typed.
    checkout() -> CheckoutView = checkout, crate::rpc::trade::checkout;
    /// A purchase; `key` opens it for a guest.
    order(id: String, key: Option<String>) -> OrderView = order, crate::rpc::trade::order;
    /// What is owned, for a raw query string.
    library(query: String) -> LibraryView = library, crate::rpc::me::library;
    /// One work owned.
    owned(work: String) -> OwnedView = owned, crate::rpc::me::owned;
    /// The same for a work's own page; nothing if it is not owned.
    owns(work: String) -> Option<OwnedView> = owns, crate::rpc::me::owns;
    /// A work of the visitor's own shop as buyers would see it.
    preview(work: String) -> WorkView = preview, crate::rpc::me::preview;
    /// Invoices and credit notes, one page.
    invoices(cursor: Option<String>) -> InvoicesView = invoices, crate::rpc::me::invoices;
    /// One document; `key` opens it for a guest.
    invoice(id: String, key: Option<String>) -> InvoiceView = invoice, crate::rpc::me::invoice;
    /// The account page.
    account() -> AccountView = account, crate::rpc::me::account;
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::CALLS;

    #[test]
    fn every_call_of_the_browser_is_a_server_function() {
        let functions: Vec<(&str, bool)> = dioxus::server::ServerFunction::collect()
            .into_iter()
            .map(|f| (f.path(), f.method() == axum::http::Method::POST))
            .collect();
        for call in CALLS {
            assert!(functions.contains(call), "{call:?} is not among {functions:?}");
        }
        assert_eq!(CALLS.len(), functions.len(), "a server function that no loader calls");
    }
}
