//! The catalogue's pages.

use dioxus::prelude::*;
use vitrine_shared::catalog::{MakerKind, WorkKind};
use vitrine_shared::views::{
    CatalogView, HomeView, LettersView, LicenceView, MakerView, SearchView, Shared, StoreView, SuggestView,
    TranscriptView, WorkView,
};

use super::{Fault, Wire};
#[cfg(feature = "server")]
use crate::serve::Ask;

/// The marketplace's home.
#[get("/rpc/catalog/home", ask: Ask)]
pub async fn home() -> Result<Wire<HomeView>, Fault> {
    Ok(Wire(ask.home().await?))
}

/// The catalogue for a raw query string.
#[post("/rpc/catalog/list", ask: Ask)]
pub async fn list(query: String) -> Result<Wire<Shared<CatalogView>>, Fault> {
    Ok(Wire(ask.list(query).await?))
}

/// The search page for a raw query string.
#[post("/rpc/catalog/search", ask: Ask)]
pub async fn search(query: String) -> Result<Wire<Shared<SearchView>>, Fault> {
    Ok(Wire(ask.search(query).await?))
}

/// Suggestions for what is typed.
#[post("/rpc/catalog/suggest", ask: Ask)]
pub async fn suggest(words: String) -> Result<Wire<SuggestView>, Fault> {
    Ok(Wire(ask.suggest(words).await?))
}

/// A work by `slug-id`.
#[post("/rpc/catalog/work", ask: Ask)]
pub async fn work(kind: WorkKind, id: String) -> Result<Wire<Shared<WorkView>>, Fault> {
    Ok(Wire(ask.work(kind, id).await?))
}

/// An episode in words.
#[post("/rpc/catalog/transcript", ask: Ask)]
pub async fn transcript(
    id: String,
    number: u32,
    language: Option<String>,
) -> Result<Wire<Shared<TranscriptView>>, Fault> {
    Ok(Wire(ask.transcript(id, number, language).await?))
}

/// A maker by slug.
#[post("/rpc/catalog/maker", ask: Ask)]
pub async fn maker(kind: MakerKind, slug: String) -> Result<Wire<MakerView>, Fault> {
    Ok(Wire(ask.maker(kind, slug).await?))
}

/// A storefront by its handle without `@`.
#[post("/rpc/catalog/store", ask: Ask)]
pub async fn store(handle: String) -> Result<Wire<StoreView>, Fault> {
    Ok(Wire(ask.store(handle).await?))
}

/// A licence text, the newest version or a given one.
#[post("/rpc/catalog/licence", ask: Ask)]
pub async fn licence(id: String, version: Option<u32>) -> Result<Wire<LicenceView>, Fault> {
    Ok(Wire(ask.licence(id, version).await?))
}

/// The right to withdraw in the country of the page.
#[get("/rpc/catalog/withdrawal", ask: Ask)]
pub async fn withdrawal() -> Result<Wire<LicenceView>, Fault> {
    Ok(Wire(ask.withdrawal().await?))
}

/// How a reader of a shop's letters stands.
#[post("/rpc/catalog/letters", ask: Ask)]
pub async fn letters(store: String, who: String, proof: String) -> Result<Wire<LettersView>, Fault> {
    Ok(Wire(ask.letters(store, who, proof).await?))
}
