//! One loader a page: `data::<page>()` answers the page's view model or why there is none.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use dioxus::fullstack::{Loader, Loading};
use dioxus::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerKind, WorkKind};
use vitrine_shared::json;
use vitrine_shared::views::gift::GiftView;
use vitrine_shared::views::owned::{AccountView, InvoiceView, InvoicesView, LibraryView, OwnedView};
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::{CartView, CheckoutView, OrderView};
use vitrine_shared::views::{
    CatalogView, HomeView, LettersView, LicenceView, MakerView, MeBar, SearchView, Shared, StoreView, SuggestView,
    TranscriptView, WorkView,
};

use crate::platform;

/// What a loader answered, its type set aside, so that the browser has the framework's loader once and not once a page. A page
/// carries the answer as JSON in an element of its own ([`platform::carry`]); the framework's data holds only which element that is. Its
/// own encoding (CBOR, a number a byte, base64) is three times as long and cannot be shared by pages that show the same.
#[derive(Debug)]
pub struct Carried {
    /// An `Rc<Result<T, Problem>>` of the loader's type; none before the page's element was read.
    answer: RefCell<Option<Rc<dyn Any>>>,
    good: bool,
    place: u32,
}

impl Carried {
    fn new<T: 'static>(answer: Result<T, Problem>, place: u32) -> Self {
        let good = answer.is_ok();
        Self { answer: RefCell::new(Some(Rc::new(answer))), good, place }
    }

    /// The answer; the page's own is read the first time.
    fn read<T: DeserializeOwned + 'static>(&self) -> Rc<Result<T, Problem>> {
        let here = self.answer.borrow().clone();
        if let Some(answer) = here.and_then(|any| any.downcast().ok()) {
            return answer;
        }
        let answer = Rc::new(match self.text() {
            Ok(text) => json::from_str(&text).map_err(|e| Problem::new(500, "unexpected", e.to_string())),
            Err(problem) => Err(problem),
        });
        *self.answer.borrow_mut() = Some(answer.clone());
        answer
    }

    /// What the page's element says.
    fn text(&self) -> Result<String, Problem> {
        let text = platform::carried(self.place).ok_or_else(|| Problem::internal(""))?;
        if self.good { Ok(text) } else { Err(json::from_str(&text).unwrap_or_else(|_| Problem::internal(""))) }
    }
}

impl PartialEq for Carried {
    fn eq(&self, other: &Self) -> bool {
        match (&*self.answer.borrow(), &*other.answer.borrow()) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (None, None) => self.place == other.place,
            _ => false,
        }
    }
}

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.good, self.place).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (good, place) = <(bool, u32)>::deserialize(deserializer)?;
        Ok(Self { answer: RefCell::new(None), good, place })
    }
}

/// A page's loader: what it answered, also while it asks again.
pub struct Data<T> {
    loader: Loader<Carried>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Data<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Data<T> {}

impl<T: DeserializeOwned + 'static> Data<T> {
    /// The last answer; who reads it is drawn anew with the next.
    pub fn read(&self) -> Rc<Result<T, Problem>> {
        self.loader.read().read()
    }
}

impl<T> Data<T> {
    /// Whether another answer is on its way.
    pub fn loading(&self) -> bool {
        self.loader.loading()
    }

    /// Asks again.
    pub fn restart(&mut self) {
        self.loader.restart();
    }
}

/// Loads with the fault as part of the value, so that hydration finds the same.
///
/// # Errors
/// `Loading` while the first answer is on its way; the component suspends.
pub fn use_data<T, F>(load: impl FnMut() -> F + 'static) -> Result<Data<T>, Loading>
where
    T: Serialize + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    use_carried(load, written)
}

/// The same for a view that requests share: it is written out once for all pages that carry it.
///
/// # Errors
/// As [`use_data`].
pub fn use_view<V, F>(load: impl FnMut() -> F + 'static) -> Result<Data<Shared<V>>, Loading>
where
    V: Serialize + 'static,
    F: Future<Output = Result<Shared<V>, Problem>> + 'static,
{
    use_carried(load, Shared::script_json)
}

// How it is written is a type of its own, not a pointer: in the browser nobody calls it, and what nobody calls is not in the client.
fn use_carried<T, F, W>(mut load: impl FnMut() -> F + 'static, json: W) -> Result<Data<T>, Loading>
where
    T: 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
    W: Fn(&T) -> Arc<str> + Copy + 'static,
{
    let load = move || -> Coming {
        let answer = load();
        Box::pin(async move {
            let answer = answer.await;
            let place = platform::carry(|| match &answer {
                Ok(value) => json(value),
                Err(problem) => written(problem),
            });
            Carried::new(answer, place)
        })
    };
    Ok(Data { loader: use_coming(Box::new(load))?, kind: PhantomData })
}

/// An answer on its way.
type Coming = Pin<Box<dyn Future<Output = Carried>>>;

fn use_coming(mut load: Box<dyn FnMut() -> Coming>) -> Result<Loader<Carried>, Loading> {
    use_loader(move || {
        let coming = load();
        async move { Ok::<_, Problem>(coming.await) }
    })
}

fn written<T: Serialize>(value: &T) -> Arc<str> {
    vitrine_shared::views::script_json(value)
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
    /// The right to withdraw in the country of the page.
    withdrawal() -> LicenceView = withdrawal, crate::rpc::catalog::withdrawal;
    /// How a reader of a shop's letters stands; `proof` is of the link they were sent.
    letters(store: String, who: String, proof: String) -> LettersView = letters, crate::rpc::catalog::letters;
    /// What the frame says of the visitor.
    me() -> MeBar = bar, crate::rpc::me::bar;
    /// The cart, priced for the page's place.
    cart() -> CartView = cart, crate::rpc::trade::cart;
    /// The cart as it would be with other numbers of pieces.
    cart_as(pieces: Vec<Pieces>) -> CartView = cart_as, crate::rpc::trade::cart_as;
    /// The checkout page with what was typed.
    checkout() -> CheckoutView = checkout, crate::rpc::trade::checkout;
    /// Where a shop's gift cards are bought; `kept` names a form that was refused.
    gift(handle: String, kept: Option<String>) -> GiftView = gift, crate::rpc::trade::gift;
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
