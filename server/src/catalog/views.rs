//! The pages asked for most, kept until something on them changes.

use std::sync::Arc;

use vitrine_search::Relaxed;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerRef, Store, WorkKind};
use vitrine_shared::id::WorkId;
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::{CardView, CatalogView, SearchView, Shared, StoreCard, WorkView};

use super::pages::{Catalog, Found};
use crate::changes::{LISTS, SHOPS, Tag, tag};
use crate::ctx::OpCtx;
use crate::fault::Result;

/// Works kept at most; one takes some tens of kilobytes.
pub(super) const WORKS: u64 = 512;
/// Lists kept at most; one takes a hundred kilobytes.
pub(super) const LISTINGS: u64 = 64;
/// Shelves kept at most; one takes some kilobytes.
pub(super) const SHELVES: u64 = 256;
/// Cards of storefronts kept at most; one takes a kilobyte or two.
pub(super) const STORES: u64 = 512;

/// Partitions that a work's page is made from: itself, its shop, its stock, and what stands beside it. A work that would newly stand
/// there is seen when the page's life ends.
pub fn shown_by(view: &WorkView) -> Vec<String> {
    let id = &view.card.id;
    let mut keys = vec![format!("WORK#{id}"), format!("TOGETHER#{id}"), SHOPS.to_owned()];
    keys.extend(view.editions.iter().map(|e| format!("STOCK#{}", e.variant)));
    keys.extend(view.same_maker.iter().chain(&view.together).map(|card| format!("WORK#{}", card.id)));
    keys
}

fn tags_of(found: &Found<WorkView>) -> Option<Vec<Tag>> {
    match found {
        Found::Here(view) => Some(shown_by(view).iter().map(|key| tag(key)).collect()),
        Found::Moved(_) => None,
    }
}

/// What tells two askers' views of one thing apart.
fn name(ctx: &OpCtx, what: &str) -> String {
    format!("{:?}\n{}\n{}\n{}\n{what}", ctx.scope, ctx.locale, ctx.market, ctx.wish())
}

impl Catalog {
    /// The work an address names: `slug-id` or an id, or a bare slug if only one work has it.
    ///
    /// # Errors
    /// 404 for none, 410 for one that was withdrawn.
    pub async fn work(&self, ctx: &OpCtx, kind: WorkKind, segment: &str) -> Result<Found<WorkView>> {
        let name = name(ctx, &format!("{}/{segment}", kind.as_str()));
        self.kept_works.get(name, self.find_work(ctx, kind, segment), tags_of).await
    }

    /// A published work by its id.
    ///
    /// # Errors
    /// 404 for none.
    pub async fn item(&self, ctx: &OpCtx, id: &WorkId) -> Result<Shared<WorkView>> {
        let make = async {
            let (bundle, store) = self.published(ctx, id).await?.ok_or_else(|| Problem::not_found("item"))?;
            Ok(Found::Here(self.work_view(ctx, bundle, &store).await?.into()))
        };
        match self.kept_works.get(name(ctx, id.as_str()), make, tags_of).await? {
            Found::Here(view) => Ok(view),
            Found::Moved(_) => Err(Problem::not_found("item")),
        }
    }

    /// What goes with works in a cart: what others bought with them, then what their makers made besides.
    ///
    /// # Errors
    /// The stores'.
    pub async fn goes_with(&self, ctx: &OpCtx, works: &[(WorkId, Vec<MakerRef>)]) -> Result<Vec<CardView>> {
        let ids: Vec<&str> = works.iter().map(|(id, _)| id.as_str()).collect();
        let tags = || ids.iter().map(|id| tag(&format!("TOGETHER#{id}"))).chain([tag(LISTS)]).collect();
        let name = name(ctx, &format!("with/{}", ids.join("/")));
        self.kept_shelves.get(name, self.find_goes_with(ctx, works), |_| Some(tags())).await
    }

    /// A storefront as it stands beside its works: its words and its newest covers.
    pub(super) async fn store_card(&self, ctx: &OpCtx, store: &Store, place: &Place) -> Result<StoreCard> {
        let name = name(ctx, &format!("store/{}", store.id));
        let tags = |_: &StoreCard| Some(vec![tag(LISTS), tag(SHOPS)]);
        self.kept_stores.get(name, self.find_store_card(ctx, store, place), tags).await
    }

    /// The search page: works, makers and shops for a list's words.
    ///
    /// # Errors
    /// As [`Catalog::list`].
    pub async fn search(&self, ctx: &OpCtx, list: &ListQuery) -> Result<Shared<SearchView>> {
        let name = name(ctx, &list.href("/search"));
        self.kept_searches.get(name, self.find_search(ctx, list), |_| Some(vec![tag(LISTS)])).await
    }

    /// Works that fit a list's address below `path`.
    ///
    /// # Errors
    /// 404 for a shop that is not there, 422 for what the search cannot read.
    pub async fn list(
        &self,
        ctx: &OpCtx,
        list: &ListQuery,
        path: &str,
    ) -> Result<(Shared<CatalogView>, Arc<[Relaxed]>)> {
        self.kept_lists
            .get(name(ctx, &list.href(path)), self.find_list(ctx, list, path), |_| Some(vec![tag(LISTS)]))
            .await
    }
}
