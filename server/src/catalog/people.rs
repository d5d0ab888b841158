//! Pages of those who make and sell: makers, storefronts, and the licences they sell under.

use std::collections::BTreeMap;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::format_date;
use vitrine_pricing::money::Currency;
use vitrine_search::{Kind, Scope as SearchScope, SearchQuery, Sort as SearchSort};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{MakerKind, Status, Store};
use vitrine_shared::id::{LicenceId, MakerId};
use vitrine_shared::query::ListQuery;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::{CardView, LicenceView, MakerView, Named, StoreView};

use super::jsonld;
use super::pages::Catalog;
use crate::ctx::OpCtx;
use crate::fault::Result;

impl Catalog {
    /// An artist's or author's page.
    pub async fn maker(&self, ctx: &OpCtx, kind: MakerKind, slug: &str) -> Result<MakerView> {
        let missing = || Problem::not_found(if kind == MakerKind::Artist { "artist" } else { "author" });
        let maker = self
            .store
            .maker_by_slug(kind, slug)
            .await?
            .filter(|m| m.status == Status::Published)
            .ok_or_else(missing)?;
        let place = self.place(ctx);
        let cards = self.by_maker(ctx, &maker.id, &place).await?;
        let mut stores: Vec<Named> = Vec::new();
        for card in &cards {
            if !stores.contains(&card.store) {
                stores.push(card.store.clone());
            }
        }
        let href = format!("/{}/{}", kind.segment(), maker.slug);
        let json_ld = jsonld::maker(&maker, &format!("{}{href}", self.base_url));
        let canonical = href.clone();
        Ok(MakerView {
            named: Named { name: maker.name, latin: maker.latin, href },
            kind: if kind == MakerKind::Artist { "artist" } else { "author" }.to_owned(),
            image: maker.image.as_ref().map(|i| place.image(i)),
            bio_html: maker.bio_html,
            links: maker.links,
            years: by_year(cards),
            stores,
            canonical,
            json_ld,
        })
    }

    async fn by_maker(&self, ctx: &OpCtx, maker: &MakerId, place: &Place) -> Result<Vec<CardView>> {
        let mut query = Self::works(ctx, "");
        query.filters.makers = vec![maker.to_string()];
        query.sort = SearchSort::Newest;
        query.limit = vitrine_search::MAX_LIMIT;
        Ok(self.hits(query, place).await?.0)
    }

    /// A storefront's page; `handle` without `@`.
    pub async fn storefront(&self, ctx: &OpCtx, handle: &str) -> Result<StoreView> {
        let store = self.store.store_by_handle(handle).await?.ok_or_else(|| Problem::not_found("shop"))?;
        let tenant = self.store.tenant(&store.tenant).await?.ok_or_else(|| Problem::not_found("shop"))?;
        let place = self.place(ctx);
        let mut query = SearchQuery::new(SearchScope::Tenant(store.tenant.to_string()), "", ctx.market.clone());
        query.filters.types = vec![Kind::Album, Kind::Book, Kind::Video, Kind::Podcast];
        query.sort = SearchSort::Newest;
        query.limit = 60;
        let (mut cards, page) = self.hits(query, &place).await?;
        let feature = match (!cards.is_empty()).then(|| cards.remove(0)) {
            Some(card) => Some(self.feature(card, "feature-latest").await?),
            None => None,
        };
        let mut imprint = vec![tenant.legal.name.clone()];
        imprint.extend(tenant.legal.address.iter().cloned());
        imprint.push(tenant.legal.country.clone());
        imprint.push(tenant.legal.email.clone());
        imprint.extend(tenant.legal.tax_ids.iter().cloned());
        Ok(StoreView {
            more_href: (page.total > 60).then(|| {
                ListQuery { shop: Some(store.handle.clone()), page: 1, ..ListQuery::default() }.href("/catalog")
            }),
            id: store.id.to_string(),
            about_html: store.about_html.clone(),
            links: store.links.clone(),
            feature,
            years: by_year(cards),
            total: page.total,
            imprint,
            canonical: format!("/@{}", store.handle),
            gift_href: gift_currency(&store, &place).map(|_| format!("/gift-cards/{}", store.handle)),
            store: self.store_card(ctx, &store, &place).await?,
        })
    }

    /// A licence text; `version` or the newest.
    pub async fn licence(&self, ctx: &OpCtx, id: &str, version: Option<u32>) -> Result<LicenceView> {
        let missing = || Problem::not_found("licence");
        let id: LicenceId = id.parse().map_err(|_| missing())?;
        let all = self.store.licence_versions(&id).await?;
        let shown = match version {
            Some(v) => all.iter().find(|l| l.version == v),
            None => all.last(),
        }
        .ok_or_else(missing)?;
        let place = self.place(ctx);
        let href = |v: u32| format!("/eula/{id}?version={v}");
        Ok(LicenceView {
            title: shown.title.clone(),
            version: shown.version,
            versions: all.iter().filter(|l| l.version != shown.version).map(|l| (l.version, href(l.version))).collect(),
            date: Date::from_unix_ms(shown.created_ms).map(|d| format_date(d, place.locale)).unwrap_or_default(),
            summary: shown.summary.clone(),
            body_html: shown.body_html.clone(),
            canonical: format!("/eula/{id}"),
        })
    }
}

/// The first currency that is paid in there and has gift cards of this shop.
pub(crate) fn gift_currency(store: &Store, place: &Place) -> Option<Currency> {
    let sold = |currency: &Currency| store.gift_cards.iter().any(|row| row.currency == currency.code());
    place.pays_in().into_iter().find(sold)
}

fn by_year(cards: Vec<CardView>) -> Vec<(i32, Vec<CardView>)> {
    let mut years: BTreeMap<i32, Vec<CardView>> = BTreeMap::new();
    for card in cards {
        years.entry(card.year.unwrap_or(0)).or_default().push(card);
    }
    years.into_iter().rev().collect()
}
