//! One loader a page: `data::<page>()` answers the page's view model or why there is none.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use dioxus::fullstack::{Loader, Loading};
use dioxus::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerKind, WorkKind};
use vitrine_shared::views::owned::{AccountView, InvoiceView, InvoicesView, LibraryView, OwnedView};
use vitrine_shared::views::trade::{CartView, CheckoutView, OrderView};
use vitrine_shared::views::{
    CatalogView, HomeView, LettersView, LicenceView, MakerView, MeBar, SearchView, Shared, StoreView, SuggestView,
    TranscriptView, WorkView,
};

use crate::platform;

/// What a loader answered. A page carries it to the browser as JSON in an element of its own ([`platform::carry`]); the
/// framework's data holds only which element that is. Its own encoding (CBOR, a number a byte, base64) is three times as long and
/// cannot be shared by pages that show the same.
#[derive(Clone, Debug)]
pub struct Carried<T> {
    answer: Result<T, Problem>,
    place: u32,
}

impl<T> Deref for Carried<T> {
    type Target = Result<T, Problem>;

    fn deref(&self) -> &Self::Target {
        &self.answer
    }
}

impl<T: PartialEq> PartialEq for Carried<T> {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer
    }
}

impl<T> Serialize for Carried<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.answer.is_ok(), self.place).serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Carried<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let (good, place) = <(bool, u32)>::deserialize(deserializer)?;
        let text = platform::carried(place).ok_or_else(|| D::Error::custom("the page carries no such data"))?;
        let answer = if good {
            Ok(serde_json::from_str(&text).map_err(D::Error::custom)?)
        } else {
            Err(serde_json::from_str(&text).map_err(D::Error::custom)?)
        };
        Ok(Self { answer, place })
    }
}

/// Loads with the fault as part of the value, so that hydration finds the same; `keep` gets what came, also with the page.
///
/// # Errors
/// `Loading` while the first answer is on its way; the component suspends.
pub fn use_data<T, F>(load: impl FnMut() -> F + 'static, keep: fn(&T)) -> Result<Loader<Carried<T>>, Loading>
where
    T: Clone + PartialEq + Serialize + DeserializeOwned + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    use_carried(load, keep, written)
}

/// The same for a view that requests share: it is written out once for all pages that carry it.
///
/// # Errors
/// As [`use_data`].
pub fn use_view<V, F>(
    load: impl FnMut() -> F + 'static,
    keep: fn(&Shared<V>),
) -> Result<Loader<Carried<Shared<V>>>, Loading>
where
    V: PartialEq + Serialize + DeserializeOwned + 'static,
    F: Future<Output = Result<Shared<V>, Problem>> + 'static,
{
    use_carried(load, keep, Shared::script_json)
}

fn use_carried<T, F>(
    mut load: impl FnMut() -> F + 'static,
    keep: fn(&T),
    json: fn(&T) -> Arc<str>,
) -> Result<Loader<Carried<T>>, Loading>
where
    T: Clone + PartialEq + DeserializeOwned + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    let data = use_loader(move || {
        let answer = load();
        async move {
            let answer = answer.await;
            let place = platform::carry(|| match &answer {
                Ok(value) => json(value),
                Err(problem) => written(problem),
            });
            Ok::<_, Problem>(Carried { answer, place })
        }
    })?;
    use_effect(move || {
        if let Ok(value) = &**data.read() {
            keep(value);
        }
    });
    Ok(data)
}

fn written<T: Serialize>(value: &T) -> Arc<str> {
    vitrine_shared::views::script_json(value)
}

macro_rules! loaders {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $view:ty = $ask:ident, $rpc:path;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the service says, or that the server cannot be reached.
        pub async fn $name($($arg: $kind),*) -> Result<$view, Problem> {
            #[cfg(feature = "server")]
            return crate::serve::Ask::here()?.$ask($($arg),*).await;
            #[cfg(not(feature = "server"))]
            return $rpc($($arg),*).await.map(|w| w.0).map_err(Into::into);
        }
    )*};
}

loaders! {
    /// The marketplace's home.
    home() -> HomeView = home, crate::rpc::catalog::home;
    /// The catalogue for a raw query string.
    catalog(query: String) -> Shared<CatalogView> = list, crate::rpc::catalog::list;
    /// The search page for a raw query string.
    search(query: String) -> Shared<SearchView> = search, crate::rpc::catalog::search;
    /// Suggestions for what is typed.
    suggest(words: String) -> SuggestView = suggest, crate::rpc::catalog::suggest;
    /// A work by `slug-id`.
    work(kind: WorkKind, id: String) -> Shared<WorkView> = work, crate::rpc::catalog::work;
    /// An episode in words; without a language the first there is.
    transcript(id: String, number: u32, language: Option<String>) -> Shared<TranscriptView> = transcript, crate::rpc::catalog::transcript;
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
    preview(work: String) -> Shared<WorkView> = preview, crate::rpc::me::preview;
    /// Invoices and credit notes, one page.
    invoices(cursor: Option<String>) -> InvoicesView = invoices, crate::rpc::me::invoices;
    /// One document; `key` opens it for a guest.
    invoice(id: String, key: Option<String>) -> InvoiceView = invoice, crate::rpc::me::invoice;
    /// The account page.
    account() -> AccountView = account, crate::rpc::me::account;
}
