//! What the public pages show: records and search hits to view models. Reads only published works of the scope.

use std::collections::BTreeMap;
use std::sync::Arc;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_bytes, format_duration};
use vitrine_pricing::money::{Currency, Money};
use vitrine_search::{
    Facet, Filters, Kind, Range, Relaxed, Scope as SearchScope, Search, SearchError, SearchQuery, Sort as SearchSort,
    SuggestQuery,
};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Asset, LegalEntity, Status, Store, Work, WorkKind};
use vitrine_shared::id::{AssetId, LicenceId, WorkId};
use vitrine_shared::query::{ListQuery, MAX_PAGE, PAGE, Sort};
use vitrine_shared::slug::id_part;
use vitrine_shared::views::card::{
    CardData, InIt, Place, ladder, lowest_before, on_sale, price_here, work_href, year_of,
};
use vitrine_shared::views::{
    CardView, CatalogView, EditionView, FacetValue, FacetView, FeatureView, HomeView, LicenceLine, Named, PartView,
    PriceView, SearchView, Shared, StoreCard, SuggestView, WorkView,
};

use super::jsonld;
use super::offers::Offers;
use super::store::{CatalogStore, WorkBundle};
use super::views;
use crate::changes::Changes;
use crate::ctx::{OpCtx, Scope};
use crate::fault::{self, Result};
use crate::kept::Kept;
use crate::pricing::InPrice;
use crate::rates::Rates;
use crate::stock;
use crate::together::Together;

/// The public side of the catalogue.
#[derive(Clone)]
pub struct Catalog {
    pub(super) store: CatalogStore,
    offers: Offers,
    search: Arc<dyn Search>,
    pub(super) together: Together,
    pub(super) base_url: String,
    files_url: String,
    pub(super) kept_works: Kept<Found<WorkView>>,
    pub(super) kept_lists: Kept<(Shared<CatalogView>, Arc<[Relaxed]>)>,
    pub(super) kept_searches: Kept<Shared<SearchView>>,
    pub(super) kept_shelves: Kept<Vec<CardView>>,
    pub(super) kept_stores: Kept<StoreCard>,
    rates: Rates,
}

/// Where an address leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<T> {
    /// Here it is.
    Here(Shared<T>),
    /// The same thing lives at this path: 308.
    Moved(String),
}

fn searching(error: SearchError) -> Problem {
    match error {
        SearchError::BadQuery(why) => Problem::invalid("q", "bad_query", why),
        other => fault::internal("the search", &other),
    }
}

/// The first sentence or so of HTML, plain.
pub fn lead(html: &str) -> String {
    let plain = crate::media::plain_text(html);
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = words
        .char_indices()
        .find(|(i, c)| *i > 40 && matches!(c, '.' | '。' | '؟' | '!' | '?'))
        .map(|(i, c)| i + c.len_utf8());
    let cut: String = match end {
        Some(end) if end <= 220 => words[..end].to_owned(),
        _ => words.chars().take(200).collect(),
    };
    cut
}

impl Catalog {
    /// The catalogue's pages over these stores.
    pub fn new(
        store: CatalogStore,
        search: Arc<dyn Search>,
        changes: &Changes,
        base_url: String,
        files_url: String,
    ) -> Self {
        let together = Together::new(store.table().clone());
        let kept_works = Kept::new(changes.clone(), views::WORKS);
        let kept_lists = Kept::new(changes.clone(), views::LISTINGS);
        let kept_searches = Kept::new(changes.clone(), views::LISTINGS);
        let kept_shelves = Kept::new(changes.clone(), views::SHELVES);
        let kept_stores = Kept::new(changes.clone(), views::STORES);
        let offers = Offers::new(store.clone(), changes);
        Self {
            store,
            offers,
            search,
            together,
            kept_works,
            kept_lists,
            kept_searches,
            kept_shelves,
            kept_stores,
            rates: Rates::default(),
            base_url,
            files_url,
        }
    }

    /// With rates that are kept up to date elsewhere; without, the ones built in.
    pub fn with_rates(self, rates: Rates) -> Self {
        Self { rates, ..self }
    }

    /// Records behind the pages.
    pub fn records(&self) -> &CatalogStore {
        &self.store
    }

    /// Where the marketplace sells by itself what the law presumes it does.
    pub fn with_platform(self, platform: Option<LegalEntity>) -> Self {
        Self { offers: self.offers.with_platform(platform), ..self }
    }

    /// What can be bought.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Market, formats and file origin of an operation.
    pub fn place(&self, ctx: &OpCtx) -> Place {
        let market = ctx.sold_in();
        Place {
            market,
            currency: market.currency,
            wish: ctx.wish(),
            rates: Date::from_unix_ms(ctx.now_ms).ok().map(|today| (self.rates.now(), today)),
            locale: market.numbers(&ctx.locale),
            files_url: self.files_url.clone(),
        }
    }

    fn scope(ctx: &OpCtx) -> SearchScope {
        match &ctx.scope {
            Scope::Marketplace => SearchScope::Marketplace,
            Scope::Tenant(id) => SearchScope::Tenant(id.to_string()),
        }
    }

    pub(super) async fn hits(
        &self,
        query: SearchQuery,
        place: &Place,
    ) -> Result<(Vec<CardView>, vitrine_search::SearchPage)> {
        let begun = std::time::Instant::now();
        let page = self.search.search(query).await.map_err(searching)?;
        metrics::histogram!("search_seconds").record(begun.elapsed().as_secs_f64());
        let cards = page
            .hits
            .iter()
            .filter_map(|hit| serde_json::from_str::<CardData>(&hit.data).ok())
            .map(|data| place.card(&data))
            .collect();
        Ok((cards, page))
    }

    pub(super) fn works(ctx: &OpCtx, text: &str) -> SearchQuery {
        let mut query = SearchQuery::new(Self::scope(ctx), text, ctx.market.clone());
        query.filters.types = vec![Kind::Album, Kind::Book, Kind::Video, Kind::Podcast];
        query
    }

    /// The marketplace's home.
    pub async fn home(&self, ctx: &OpCtx) -> Result<HomeView> {
        let place = self.place(ctx);
        let mut newest = Self::works(ctx, "");
        newest.sort = SearchSort::Newest;
        newest.limit = 13;
        newest.facets = vec![Facet::Genre];
        let (mut cards, page) = self.hits(newest, &place).await?;
        let mut kinds = Vec::new();
        for (kind, of) in [
            (WorkKind::Album, Kind::Album),
            (WorkKind::Book, Kind::Book),
            (WorkKind::Video, Kind::Video),
            (WorkKind::Podcast, Kind::Podcast),
        ] {
            let mut query = Self::works(ctx, "");
            query.filters.types = vec![of];
            query.sort = SearchSort::Newest;
            query.limit = 6;
            let (found, _) = self.hits(query, &place).await?;
            if !found.is_empty() {
                kinds.push((kind, found));
            }
        }
        // The newest work that can be heard and seen is shown large.
        let at = cards.iter().position(|c| c.cover.is_some() && c.play.is_some()).or((!cards.is_empty()).then_some(0));
        let feature = match at.map(|at| cards.remove(at)) {
            Some(card) => Some(self.feature(card, "feature-newest").await?),
            None => None,
        };
        let genres = page
            .facets
            .get(&Facet::Genre)
            .map(|g| {
                g.iter()
                    .take(16)
                    .map(|c| FacetValue {
                        href: ListQuery::default().toggled("genre", &c.value).href("/catalog"),
                        value: c.value.clone(),
                        label_key: String::new(),
                        count: c.count,
                        active: false,
                    })
                    .collect()
            })
            .unwrap_or_default();
        let mut stores = Vec::new();
        for store in self.store.stores().await? {
            stores.push(self.store_card(ctx, &store, &place).await?);
        }
        cards.truncate(12);
        Ok(HomeView { feature, newest: cards, kinds, genres, stores, total: page.total })
    }

    pub(super) async fn feature(&self, card: CardView, reason: &str) -> Result<FeatureView> {
        let id: Option<WorkId> = card.id.parse().ok();
        let lead = match id {
            Some(id) => self.store.bundle(&id).await?.map(|b| lead(&b.work.description_html)).unwrap_or_default(),
            None => String::new(),
        };
        Ok(FeatureView { card, reason: reason.to_owned(), lead })
    }

    async fn list_query(&self, ctx: &OpCtx, list: &ListQuery) -> Result<SearchQuery> {
        let mut query = Self::works(ctx, &list.q);
        if let Some(handle) = &list.shop {
            let store = self.store.store_by_handle(handle).await?.ok_or_else(|| Problem::not_found("shop"))?;
            query.scope = SearchScope::Tenant(store.tenant.to_string());
        }
        let mut filters = Filters { types: query.filters.types.clone(), ..Filters::default() };
        if !list.types.is_empty() {
            let kinds = [Kind::Album, Kind::Book, Kind::Video, Kind::Podcast];
            filters.types = kinds.into_iter().filter(|k| list.types.contains(k.as_str())).collect();
        }
        filters.genres = list.genres.iter().cloned().collect();
        filters.tags = list.tags.iter().cloned().collect();
        filters.formats = list.formats.iter().cloned().collect();
        filters.makers = list.by.iter().cloned().collect();
        filters.years = Range { min: list.year, max: list.year };
        if let Some((min, max)) = list.price {
            filters.price = Range { min, max };
        }
        query.filters = filters;
        query.sort = match list.sort {
            Sort::Relevance => SearchSort::Relevance,
            Sort::Newest => SearchSort::Newest,
            Sort::Title => SearchSort::Title,
            Sort::PriceUp => SearchSort::PriceUp,
            Sort::PriceDown => SearchSort::PriceDown,
        };
        query.facets = vec![Facet::Type, Facet::Genre, Facet::Tag, Facet::Year, Facet::Price, Facet::Format];
        query.price_bounds = price_bounds(ctx.sold_in().currency);
        query.limit = PAGE as usize;
        query.offset = ((list.page.clamp(1, MAX_PAGE) - 1) * PAGE) as usize;
        Ok(query)
    }

    /// A list with facets at `path` (`/catalog` or `/search`).
    pub(super) async fn find_list(
        &self,
        ctx: &OpCtx,
        list: &ListQuery,
        path: &str,
    ) -> Result<(Shared<CatalogView>, Arc<[Relaxed]>)> {
        let place = self.place(ctx);
        let query = self.list_query(ctx, list).await?;
        let (cards, page) = self.hits(query, &place).await?;
        let facets = [
            ("type", Facet::Type, 10),
            ("genre", Facet::Genre, 16),
            ("tag", Facet::Tag, 16),
            ("year", Facet::Year, 16),
            ("price", Facet::Price, 8),
            ("format", Facet::Format, 12),
        ];
        let facets = facets
            .into_iter()
            .map(|(name, facet, most)| FacetView {
                name: name.to_owned(),
                values: page
                    .facets
                    .get(&facet)
                    .map(|v| v.as_slice())
                    .unwrap_or_default()
                    .iter()
                    // Makers and shops are found too, but not listed among works.
                    .filter(|c| name != "type" || WorkKind::parse(&c.value).is_some())
                    .take(most)
                    .map(|c| FacetValue {
                        label_key: if name == "type" { format!("kind-{}", c.value) } else { String::new() },
                        count: c.count,
                        active: list.has(name, &c.value),
                        href: list.toggled(name, &c.value).href(path),
                        value: if name == "price" { price_label(&place, &c.value) } else { c.value.clone() },
                    })
                    .collect(),
            })
            .filter(|f: &FacetView| !f.values.is_empty())
            .collect();
        let mut chips: Vec<FacetValue> = list
            .chosen()
            .into_iter()
            .map(|(name, value)| FacetValue {
                label_key: if name == "type" { format!("kind-{value}") } else { String::new() },
                count: 0,
                active: true,
                href: list.toggled(&name, &value).href(path),
                value: if name == "price" { price_label(&place, &value) } else { value },
            })
            .collect();
        // Nothing fits: each filter says what giving it up would bring.
        if page.total == 0 {
            for (chip, (name, value)) in chips.iter_mut().zip(list.chosen()).take(8) {
                let mut without = self.list_query(ctx, &list.toggled(&name, &value)).await?;
                without.limit = 1;
                chip.count = self.hits(without, &place).await?.1.total;
            }
        }
        let pages = u32::try_from(page.total.div_ceil(u64::from(PAGE))).unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        let current = list.page.clamp(1, MAX_PAGE);
        let view = CatalogView {
            query: list.q.clone(),
            total: page.total,
            cards,
            facets,
            chips,
            clear_href: ListQuery {
                q: list.q.clone(),
                sort: list.sort,
                shop: list.shop.clone(),
                page: 1,
                ..ListQuery::default()
            }
            .href(path),
            sorts: list.sorts(path, &Sort::ALL, "sort-"),
            page: current,
            pages,
            page_links: list.page_links(path, pages),
            canonical: ListQuery { page: current, ..list.clone() }.href(path),
            hidden: list.hidden(),
        };
        Ok((view.into(), page.relaxed.into()))
    }

    pub(super) async fn find_search(&self, ctx: &OpCtx, list: &ListQuery) -> Result<Shared<SearchView>> {
        let (works, relaxed) = self.list(ctx, list, "/search").await?;
        let suggested = self.suggest(ctx, &list.q).await?;
        let instead = if works.total == 0 {
            let mut popular = Self::works(ctx, "");
            popular.limit = 6;
            self.hits(popular, &self.place(ctx)).await?.0
        } else {
            Vec::new()
        };
        Ok(SearchView {
            works,
            makers: suggested.makers,
            stores: suggested.stores,
            relaxed: relaxed
                .iter()
                .map(|r| match r {
                    Relaxed::Corrected { original, used } => (original.clone(), used.clone()),
                    Relaxed::Dropped { original } => (original.clone(), String::new()),
                })
                .collect(),
            instead,
        }
        .into())
    }

    /// Suggestions as you type.
    pub async fn suggest(&self, ctx: &OpCtx, text: &str) -> Result<SuggestView> {
        let place = self.place(ctx);
        let text: String = text.chars().take(vitrine_shared::query::MAX_TEXT).collect();
        let found =
            self.search.suggest(SuggestQuery { scope: Self::scope(ctx), text, limit: 6 }).await.map_err(searching)?;
        let named = |hits: &[vitrine_search::Hit]| -> Vec<Named> {
            hits.iter().filter_map(|h| serde_json::from_str(&h.data).ok()).collect()
        };
        Ok(SuggestView {
            works: found
                .works
                .iter()
                .filter_map(|h| serde_json::from_str::<CardData>(&h.data).ok())
                .map(|d| place.card(&d))
                .collect(),
            makers: named(&found.makers),
            stores: named(&found.shops),
        })
    }

    fn in_scope(ctx: &OpCtx, work: &Work, listed: bool) -> bool {
        match &ctx.scope {
            Scope::Marketplace => listed,
            Scope::Tenant(id) => work.tenant == *id,
        }
    }

    /// Why a work that is not public is not here: withdrawn if people could see it once, else there is no such work.
    pub(super) async fn absent(&self, ctx: &OpCtx, id: &WorkId, kind: WorkKind) -> Result<Problem> {
        let missing = Problem::not_found(kind.as_str());
        let Some(bundle) = self.store.bundle(id).await? else { return Ok(missing) };
        let work = &bundle.work;
        let listed = self.store.tenant(&work.tenant).await?.is_some_and(|t| t.listed);
        let was_public = work.status == Status::Archived && work.published_ms.is_some();
        let gone = work.kind == kind && was_public && Self::in_scope(ctx, work, listed);
        Ok(if gone { Problem::new(410, "gone", "This work was withdrawn from sale.") } else { missing })
    }

    /// A published work of the scope with its storefront.
    pub async fn published(&self, ctx: &OpCtx, id: &WorkId) -> Result<Option<(WorkBundle, Store)>> {
        let Some(bundle) = self.store.bundle(id).await? else { return Ok(None) };
        let listed = self.store.tenant(&bundle.work.tenant).await?.is_some_and(|t| t.listed);
        if bundle.work.status != Status::Published || !Self::in_scope(ctx, &bundle.work, listed) {
            return Ok(None);
        }
        Ok(self.store.store(&bundle.work.store).await?.map(|store| (bundle, store)))
    }

    /// The work an address names: `slug-id` or an id, or a bare slug if only one work has it.
    pub(super) async fn find_work(&self, ctx: &OpCtx, kind: WorkKind, segment: &str) -> Result<Found<WorkView>> {
        let missing = || Problem::not_found(kind.as_str());
        if let Some(id) = id_part(segment, "w").and_then(|id| id.parse::<WorkId>().ok()) {
            let Some((bundle, store)) = self.published(ctx, &id).await? else {
                return Err(self.absent(ctx, &id, kind).await?);
            };
            let path = work_href(bundle.work.kind, &bundle.work.slug, bundle.work.id.as_str());
            if path != format!("/{}/{segment}", kind.segment()) {
                return Ok(Found::Moved(path));
            }
            return Ok(Found::Here(self.work_view(ctx, bundle, &store).await?.into()));
        }
        let mut candidates = Vec::new();
        for id in self.store.works_by_slug(kind, segment).await? {
            if let Some((bundle, _)) = self.published(ctx, &id).await? {
                candidates.push(work_href(kind, &bundle.work.slug, bundle.work.id.as_str()));
            }
        }
        match candidates.len() {
            0 => Err(missing()),
            1 => Ok(Found::Moved(candidates.remove(0))),
            // Several works share the slug: their list is the choice page.
            _ => Ok(Found::Moved(
                ListQuery { q: segment.replace('-', " "), page: 1, ..ListQuery::default() }.href("/search"),
            )),
        }
    }

    /// A work of any state as buyers would see it. Who may ask is the caller's to say.
    ///
    /// # Errors
    /// 404 without its storefront.
    pub async fn preview(&self, ctx: &OpCtx, bundle: WorkBundle) -> Result<WorkView> {
        let store = self.store.store(&bundle.work.store).await?.ok_or_else(|| Problem::not_found("shop"))?;
        self.work_view(ctx, bundle, &store).await
    }

    pub(super) async fn work_view(&self, ctx: &OpCtx, bundle: WorkBundle, store: &Store) -> Result<WorkView> {
        let place = self.place(ctx);
        let seller = self.store.tenant(&store.tenant).await?.ok_or_else(|| Problem::not_found("shop"))?;
        let in_price = InPrice::of(self.offers.platform(), &seller.legal, store, ctx.now_ms)?;
        let card = place.card(&in_price.card(&bundle, store, std::slice::from_ref(place.market), ctx.now_ms));
        let WorkBundle { work, products, prices } = bundle;
        let by = work.makers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut editions = Vec::new();
        let mut pairs: Vec<_> = on_sale(&products).collect();
        pairs.sort_by_key(|(p, _)| (p.kind == vitrine_shared::catalog::ProductKind::Physical, p.id.clone()));
        // What editions share is read once for all.
        let files: Vec<AssetId> = pairs.iter().flat_map(|(_, variant)| &variant.assets).cloned().collect();
        let assets: BTreeMap<AssetId, Asset> =
            self.store.assets(&files).await?.into_iter().map(|asset| (asset.id.clone(), asset)).collect();
        let mut licences: BTreeMap<&LicenceId, Option<LicenceLine>> = BTreeMap::new();
        for id in pairs.iter().filter_map(|(_, variant)| variant.licence.as_ref()) {
            if !licences.contains_key(id) {
                let line = self.store.licence(id, None).await?.map(|l| LicenceLine {
                    title: l.title,
                    href: format!("/eula/{}", l.id),
                    summary: l.summary,
                    version: l.version,
                });
                licences.insert(id, line);
            }
        }
        for (product, variant) in &pairs {
            let physical = product.kind == vitrine_shared::catalog::ProductKind::Physical;
            let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
            for asset in variant.assets.iter().filter_map(|id| assets.get(id)) {
                *sizes.entry(asset.format.as_str()).or_default() += asset.size;
            }
            let licence = variant.licence.as_ref().and_then(|id| licences.get(id).cloned().flatten());
            let stock = if variant.stocked {
                Some(stock::level(&**self.store.table(), &variant.id).await?.map_or(0, |l| l.available))
            } else {
                None
            };
            let sold = price_here(&prices, &variant.id, place.market, &place.pays_in(), ctx.now_ms, 1);
            let currency = sold.map_or(place.currency, |(currency, _)| currency);
            let ladder = ladder(&prices, &variant.id, place.market, currency, ctx.now_ms);
            let in_it = |minor| {
                let unit = Money::new(minor, currency);
                unit.map_or_else(|_| InIt::default(), |unit| in_price.in_it(product, place.market, unit))
            };
            editions.push(EditionView {
                variant: variant.id.to_string(),
                title: product.title.clone(),
                variant_title: if product.variants.len() > 1 { variant.title.clone() } else { String::new() },
                physical,
                formats: sizes.into_iter().map(|(f, size)| (f.to_owned(), format_bytes(size, place.locale))).collect(),
                price: ladder.first().filter(|p| p.min_quantity == 1).map(|p| PriceView {
                    tax_word: place.word(in_it(p.amount_minor)).to_owned(),
                    lowest: lowest_before(&prices, p, place.market).map(|m| place.money(m, currency)),
                    ..place.price(currency, p.amount_minor, p.minimum_minor, p.compare_at_minor, false)
                }),
                steps: ladder
                    .iter()
                    .filter(|p| p.min_quantity > 1)
                    .map(|p| (p.min_quantity, place.money(p.amount_minor, currency)))
                    .collect(),
                stock,
                ships_from: physical.then(|| store.ships_from.clone()),
                licence,
            });
        }
        let length_ms: u64 = work.parts.iter().filter_map(|p| p.length_ms).sum();
        let parts = work
            .shown_parts()
            .into_iter()
            .map(|p| PartView {
                number: p.number,
                group: p.group,
                title: p.title.clone(),
                maker: p.maker.clone(),
                length: p.length_ms.map(format_duration),
                play: p
                    .preview
                    .as_ref()
                    .filter(|v| v.content_type.starts_with("audio/"))
                    .map(|v| place.play(v, &p.title, p.maker.as_deref().unwrap_or(&by), &p.peaks)),
                bonus: p.bonus,
                notes_html: p.notes_html.clone(),
                date: p.date.as_deref().map(|d| place.date(d)),
                transcripts: super::transcripts::pages(&work, p),
            })
            .collect();
        let same_maker = self.of_makers(ctx, work.makers.first().into_iter(), std::slice::from_ref(&work.id)).await?;
        let together = self.together(ctx, std::slice::from_ref(&work.id)).await?;
        let word = |facet: &str, value: &String| FacetValue {
            href: ListQuery::default().toggled(facet, value).href("/catalog"),
            value: value.clone(),
            label_key: String::new(),
            count: 0,
            active: false,
        };
        let first = work.parts.iter().find_map(|p| p.preview.as_ref());
        let address = format!("{}{}", self.base_url, card.href);
        let lead = lead(&work.description_html);
        let json_ld = jsonld::work(&work, &card, &editions, &address, &lead, &by);
        Ok(WorkView {
            released: place.date(&work.released),
            released_iso: work.released.clone(),
            language: work.language.clone(),
            lead,
            editions,
            parts,
            length: (length_ms > 0).then(|| format_duration(length_ms)),
            facts: work.facts.clone(),
            credits: work.credits.clone(),
            genres: work.genres.iter().map(|g| word("genre", g)).collect(),
            tags: work.tags.iter().map(|t| word("tag", t)).collect(),
            attribution: work.attribution.clone(),
            sample: first.filter(|v| v.content_type.starts_with("text/html")).map(|v| place.file(&v.key)),
            trailer: first
                .filter(|v| v.content_type.starts_with("video/"))
                .map(|v| place.play(v, &work.title, &by, &[])),
            same_maker,
            together,
            store: self.store_card(ctx, store, &place).await?,
            canonical: card.href.clone(),
            json_ld,
            description_html: work.description_html,
            card,
        })
    }
}

/// 5, 10, 20, 50 of the currency's main unit, or of ten or a hundred of it where that is nearer to what a dollar buys.
fn price_bounds(currency: Currency) -> Vec<i64> {
    let times = match currency.code() {
        "JPY" | "ISK" | "INR" => 100,
        "NOK" | "ZAR" => 10,
        _ => 1,
    };
    [5, 10, 20, 50].map(|n| n * times * 10_i64.pow(u32::from(currency.exponent()))).to_vec()
}

fn price_label(place: &Place, range: &str) -> String {
    let (from, to) = range.split_once('-').unwrap_or((range, ""));
    let text = |t: &str| {
        t.parse::<i64>().ok().map(|m| if m == 0 { "0".to_owned() } else { place.money(m, place.market.currency) })
    };
    match (text(from), text(to)) {
        (Some(from), Some(to)) => format!("{from} – {to}"),
        (Some(from), None) => format!("≥ {from}"),
        (None, Some(to)) => format!("≤ {to}"),
        (None, None) => range.to_owned(),
    }
}

/// Year of a release, for the index.
pub(super) fn release_year(work: &Work) -> Option<i32> {
    year_of(&work.released)
}
