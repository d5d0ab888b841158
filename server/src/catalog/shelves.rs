//! Rows of works beside others: from the same makers, bought together, what goes with a cart, what a shop has newly.

use futures::future::try_join_all;
use vitrine_search::{Kind, Scope as SearchScope, SearchQuery, Sort as SearchSort};
use vitrine_shared::catalog::{MakerRef, Store};
use vitrine_shared::id::WorkId;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::{CardView, StoreCard};

use super::pages::Catalog;
use super::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::pricing::InPrice;

/// Works of a shelf.
const SHELF: usize = 6;

impl Catalog {
    /// A storefront's card with its newest covers; [`Catalog::store_card`] keeps it.
    pub(super) async fn find_store_card(&self, ctx: &OpCtx, store: &Store, place: &Place) -> Result<StoreCard> {
        let mut query = SearchQuery::new(SearchScope::Tenant(store.tenant.to_string()), "", ctx.market.clone());
        query.filters.types = vec![Kind::Album, Kind::Book, Kind::Video, Kind::Podcast];
        query.sort = SearchSort::Newest;
        query.limit = 6;
        let (cards, _) = self.hits(query, place).await?;
        Ok(StoreCard {
            handle: format!("@{}", store.handle),
            name: store.name.clone(),
            tagline: store.tagline.clone(),
            href: format!("/@{}", store.handle),
            brand: store.brand.clone(),
            covers: cards.into_iter().filter_map(|c| c.cover).take(3).collect(),
        })
    }

    /// New works of these makers, without `known`.
    pub(super) async fn of_makers(
        &self,
        ctx: &OpCtx,
        makers: impl Iterator<Item = &MakerRef>,
        known: &[WorkId],
    ) -> Result<Vec<CardView>> {
        let mut query = Self::works(ctx, "");
        query.filters.makers = makers.map(|m| m.id.to_string()).take(10).collect();
        if query.filters.makers.is_empty() {
            return Ok(Vec::new());
        }
        query.sort = SearchSort::Newest;
        query.limit = SHELF + known.len().min(20);
        let (mut cards, _) = self.hits(query, &self.place(ctx)).await?;
        cards.retain(|c| !known.iter().any(|w| w.as_str() == c.id));
        cards.truncate(SHELF);
        Ok(cards)
    }

    async fn card(&self, ctx: &OpCtx, place: &Place, bundle: &WorkBundle, store: &Store) -> Result<Option<CardView>> {
        let Some(seller) = self.records().tenant(&store.tenant).await? else { return Ok(None) };
        let in_price = InPrice::of(self.offers().platform(), &seller.legal, store, ctx.now_ms)?;
        Ok(Some(place.card(&in_price.card(bundle, store, std::slice::from_ref(place.market), ctx.now_ms))))
    }

    /// What others bought with these works, most often first.
    pub(super) async fn together(&self, ctx: &OpCtx, works: &[WorkId]) -> Result<Vec<CardView>> {
        // Some may be withdrawn, or not sold here: twice as many are looked at, at the same time.
        let found = self.together.with(works).await?;
        let found = try_join_all(found.iter().take(2 * SHELF).map(|id| self.published(ctx, id))).await?;
        let place = self.place(ctx);
        let cards = found.iter().flatten().map(|(bundle, store)| self.card(ctx, &place, bundle, store));
        let cards = try_join_all(cards).await?;
        Ok(cards.into_iter().flatten().filter(|card| card.price.is_some()).take(SHELF).collect())
    }

    pub(super) async fn find_goes_with(&self, ctx: &OpCtx, works: &[(WorkId, Vec<MakerRef>)]) -> Result<Vec<CardView>> {
        let ids: Vec<WorkId> = works.iter().map(|(id, _)| id.clone()).collect();
        let mut cards = self.together(ctx, &ids).await?;
        if cards.len() < SHELF {
            for card in self.of_makers(ctx, works.iter().flat_map(|(_, makers)| makers), &ids).await? {
                if cards.len() < SHELF && !cards.iter().any(|c| c.id == card.id) {
                    cards.push(card);
                }
            }
        }
        Ok(cards)
    }
}
