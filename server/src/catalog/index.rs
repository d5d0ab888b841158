//! The search index follows the catalogue: built from a listing at a feed position, then fed by the change feed.
//!
//! Invariants: the position is stored in the same commit as the documents it covers; applying a change twice changes
//! nothing; a work that is not published, or whose tenant is gone, is not in the index.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use vitrine_pricing::fx::FxTable;
use vitrine_pricing::market::{MARKETS, Market};
use vitrine_pricing::money::Money;
use vitrine_search::{Kind, Maker as DocMaker, Search, SearchDoc, SearchError};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{LegalEntity, Maker, MakerKind, Status, Store, WorkKind};
use vitrine_shared::id::{MakerId, StoreId, TenantId, WorkId};
use vitrine_shared::views::Named;
use vitrine_shared::views::card::CardPrices;
use vitrine_table::{FeedStart, Index, Query, TableError};

use super::store::{CatalogStore, LIST_SHARDS, WorkBundle};
use crate::changes::Changes;
use crate::fault::{self, Result};
use crate::pricing::InPrice;

/// How long changes gather before the feed is read; what this node wrote is marked as changed before that.
const GATHER: Duration = Duration::from_millis(25);

/// After so many changes without anything to index the index keeps the new position all the same: a start reads no more again.
const KEEP_AFTER: usize = 20_000;
/// And after this long, milliseconds: a position that is older than what the feed keeps would cost a new index.
const KEEP_AFTER_MS: i64 = 60 * 60 * 1000;

/// How far the feed was read.
struct Read {
    position: String,
    /// Changes since the position that the index keeps.
    since: usize,
    /// When that was kept or first met, UTC milliseconds.
    kept_ms: i64,
}

/// Keeps one node's index.
#[derive(Clone)]
pub struct Indexer {
    catalog: CatalogStore,
    search: Arc<dyn Search>,
    clock: vitrine_clock::SharedClock,
    changes: Changes,
    /// Most changes are of carts and orders and leave the index as it is: its own position stays behind this one.
    read: Arc<Mutex<Option<Read>>>,
    /// The marketplace as a seller, where it is one.
    platform: Option<Arc<LegalEntity>>,
}

/// Something of a seller that the catalogue lists.
enum OfTenant {
    /// A work of any kind.
    Work(WorkId),
    /// An artist or author.
    Maker(Box<Maker>),
}

fn searching(error: SearchError) -> Problem {
    fault::internal("the search index", &error)
}

impl Indexer {
    /// An indexer of this catalogue.
    pub fn new(
        catalog: CatalogStore,
        search: Arc<dyn Search>,
        clock: vitrine_clock::SharedClock,
        changes: Changes,
    ) -> Self {
        Self { catalog, search, clock, changes, read: Arc::default(), platform: None }
    }

    /// Where the marketplace sells by itself what the law presumes it does.
    pub fn with_platform(self, platform: Option<LegalEntity>) -> Self {
        Self { platform: platform.map(Arc::new), ..self }
    }

    /// Builds the index if it has no position; then handles what the feed has.
    pub async fn catch_up(&self) -> Result<()> {
        let read = self.read().take();
        let now = self.clock.now_ms();
        let (mut since, mut kept_ms) = read.as_ref().map_or((0, now), |read| (read.since, read.kept_ms));
        let mut start = match read {
            Some(read) => FeedStart::After(read.position),
            None => match self.search.position().await.map_err(searching)? {
                Some(position) => FeedStart::After(position),
                None => self.rebuild().await?,
            },
        };
        loop {
            let page = match self.catalog.table().feed_keys(start, 500).await {
                Ok(page) => page,
                // The position is older than what is kept: what happened since is only in a new listing.
                Err(TableError::BadPosition(_)) => {
                    start = self.rebuild().await?;
                    since = 0;
                    continue;
                }
                Err(e) => return Err(fault::table(e)),
            };
            let keys: BTreeSet<&str> = page.changes.iter().map(|c| c.key.pk.as_str()).collect();
            let touched = self.apply(&keys).await?;
            since += page.changes.len();
            if touched || since >= KEEP_AFTER || (since > 0 && now - kept_ms >= KEEP_AFTER_MS) {
                self.search.set_position(&page.position).await.map_err(searching)?;
                (since, kept_ms) = (0, now);
            }
            // Only now: what was made meanwhile may come from the index as it was.
            self.changes.mark(keys.iter().copied());
            if page.caught_up {
                *self.read() = Some(Read { position: page.position, since, kept_ms });
                return Ok(());
            }
            start = FeedStart::After(page.position);
        }
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Option<Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the feed until told to stop.
    pub async fn run(&self, mut stop: tokio::sync::watch::Receiver<bool>) {
        loop {
            match self.search.renew_if_lost().await {
                Ok(false) => {}
                Ok(true) => {
                    tracing::warn!("the search index was gone; building it anew while the former one answers");
                    // The new one has no position: what was read for the former one says nothing of it.
                    self.read().take();
                }
                Err(error) => tracing::warn!(%error, "the search index is gone and cannot be made now; trying again"),
            }
            if let Err(problem) = self.catch_up().await {
                tracing::warn!(problem = %problem, "the search index is behind; trying again");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    _ = stop.changed() => return,
                }
            }
            if *stop.borrow() {
                return;
            }
            tokio::select! {
                () = self.catalog.table().feed_wait(Duration::from_secs(5)) => {}
                _ = stop.changed() => return,
            }
            // One look for many writes: under load there is a commit every millisecond.
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Lists everything anew; answers where the feed goes on.
    async fn rebuild(&self) -> Result<FeedStart> {
        let before = self.catalog.table().feed(FeedStart::Now, 1).await.map_err(fault::table)?.position;
        self.search.clear().await.map_err(searching)?;
        for store in self.catalog.stores().await? {
            self.search.upsert(self.store_doc(&store).await?.into_iter().collect()).await.map_err(searching)?;
        }
        for shard in 0..LIST_SHARDS {
            let mut cursor = None;
            loop {
                let (makers, next) = self.catalog.list_shard::<Maker>("MAKER", shard, cursor).await?;
                let mut docs = Vec::new();
                for maker in &makers {
                    docs.extend(self.maker_doc(maker).await?);
                }
                self.search.upsert(docs).await.map_err(searching)?;
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            let mut cursor = None;
            loop {
                let (works, next) =
                    self.catalog.list_shard::<vitrine_shared::catalog::Work>("WORK", shard, cursor).await?;
                let mut docs = Vec::new();
                for work in works {
                    if let Some(bundle) = self.catalog.bundle(&work.id).await? {
                        docs.extend(self.work_doc(bundle).await?);
                    }
                }
                self.search.upsert(docs).await.map_err(searching)?;
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        self.search.set_position(&before).await.map_err(searching)?;
        self.changes.mark_all();
        Ok(FeedStart::After(before))
    }

    /// Reads the named things as they are now and stages them; the feed only says which.
    async fn apply(&self, keys: &BTreeSet<&str>) -> Result<bool> {
        let (mut docs, mut gone, mut touched) = (Vec::new(), Vec::new(), false);
        let mut sellers = BTreeSet::new();
        for pk in keys {
            if let Some(id) = pk.strip_prefix("WORK#").and_then(|id| id.parse::<WorkId>().ok()) {
                touched = true;
                let doc = match self.catalog.bundle(&id).await? {
                    Some(bundle) => self.work_doc(bundle).await?,
                    None => None,
                };
                match doc {
                    Some(doc) => docs.push(doc),
                    None => gone.push(id.to_string()),
                }
            } else if let Some(id) = pk.strip_prefix("MAKER#").and_then(|id| id.parse::<MakerId>().ok()) {
                touched = true;
                let doc = match self.catalog.maker(&id).await? {
                    Some(maker) => self.maker_doc(&maker).await?,
                    None => None,
                };
                match doc {
                    Some(doc) => docs.push(doc),
                    None => gone.push(id.to_string()),
                }
            } else if let Some(id) = pk.strip_prefix("STORE#").and_then(|id| id.parse::<StoreId>().ok()) {
                touched = true;
                if let Some(store) = self.catalog.store(&id).await? {
                    docs.extend(self.store_doc(&store).await?);
                    sellers.insert(store.tenant);
                }
            } else if let Some(id) = pk.strip_prefix("TENANT#").and_then(|id| id.parse::<TenantId>().ok()) {
                touched = true;
                sellers.insert(id);
            }
        }
        if !gone.is_empty() {
            self.search.delete(gone).await.map_err(searching)?;
        }
        if !docs.is_empty() {
            self.search.upsert(docs).await.map_err(searching)?;
        }
        for seller in sellers {
            self.all_of(&seller).await?;
        }
        Ok(touched)
    }

    /// Stages everything of a seller: its storefront's name and whether it is listed stand in each document.
    async fn all_of(&self, seller: &TenantId) -> Result<()> {
        for store in self.catalog.stores().await?.into_iter().filter(|s| s.tenant == *seller) {
            let doc = self.store_doc(&store).await?;
            self.search.upsert(doc.into_iter().collect()).await.map_err(searching)?;
        }
        let mut cursor = None;
        loop {
            let (things, next) = self.page_of_tenant(seller, cursor).await?;
            let (mut docs, mut gone) = (Vec::new(), Vec::new());
            for thing in things {
                let (id, doc) = match thing {
                    OfTenant::Work(id) => match self.catalog.bundle(&id).await? {
                        Some(bundle) => (id.to_string(), self.work_doc(bundle).await?),
                        None => continue,
                    },
                    OfTenant::Maker(maker) => (maker.id.to_string(), self.maker_doc(&maker).await?),
                };
                match doc {
                    Some(doc) => docs.push(doc),
                    None => gone.push(id),
                }
            }
            self.search.delete(gone).await.map_err(searching)?;
            self.search.upsert(docs).await.map_err(searching)?;
            cursor = next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// One page of a seller's works and makers.
    async fn page_of_tenant(
        &self,
        tenant: &TenantId,
        cursor: Option<String>,
    ) -> Result<(Vec<OfTenant>, Option<String>)> {
        let query = Query::new(Index::Gsi2, tenant.as_str()).limit(200).after(cursor);
        let page = self.catalog.table().query(query).await.map_err(fault::table)?;
        let mut out = Vec::new();
        for item in page.items {
            let pk = item.get("pk").and_then(|v| v.as_str()).unwrap_or_default();
            if let Some(id) = pk.strip_prefix("WORK#").and_then(|id| id.parse().ok()) {
                out.push(OfTenant::Work(id));
            } else if pk.starts_with("MAKER#") {
                out.push(OfTenant::Maker(vitrine_table::from_item(item).map_err(fault::table)?));
            }
        }
        Ok((out, page.cursor))
    }

    pub(crate) async fn work_doc(&self, bundle: WorkBundle) -> Result<Option<SearchDoc>> {
        let work = &bundle.work;
        if work.status != Status::Published {
            return Ok(None);
        }
        let (Some(store), Some(tenant)) =
            (self.catalog.store(&work.store).await?, self.catalog.tenant(&work.tenant).await?)
        else {
            return Ok(None);
        };
        let now_ms = self.clock.now_ms();
        let in_price = InPrice::of(self.platform.as_deref(), &tenant.legal, &store, now_ms)?;
        let data = in_price.card(&bundle, &store, MARKETS, now_ms);
        let formats: BTreeSet<String> = vitrine_shared::views::card::on_sale(&bundle.products)
            .flat_map(|(_, v)| v.formats.iter().cloned())
            .collect();
        let mut latin: Vec<String> = work.latin.iter().cloned().collect();
        latin.extend(work.makers.iter().filter_map(|m| m.latin.clone()));
        Ok(Some(SearchDoc {
            id: work.id.to_string(),
            kind: match work.kind {
                WorkKind::Album => Kind::Album,
                WorkKind::Book => Kind::Book,
                WorkKind::Video => Kind::Video,
                WorkKind::Podcast => Kind::Podcast,
            },
            tenant: work.tenant.to_string(),
            listed: tenant.listed,
            title: work.title.clone(),
            latin: (!latin.is_empty()).then(|| latin.join("; ")),
            makers: work.makers.iter().map(|m| DocMaker { id: m.id.to_string(), name: m.name.clone() }).collect(),
            description: crate::media::plain_text(&work.description_html),
            genres: work.genres.clone(),
            tags: work.tags.clone(),
            formats: formats.into_iter().collect(),
            languages: Some(work.language.clone()).filter(|l| !l.is_empty()).into_iter().collect(),
            year: super::pages::release_year(work),
            released_ms: released_ms(&work.released),
            popularity: 0,
            prices: MARKETS.iter().filter_map(|m| Some((m.id.to_owned(), rank(&data.prices, m)?))).collect(),
            data: serde_json::to_value(&data).map_err(|e| fault::internal("a search document", &e))?,
            rev: work.rev,
        }))
    }

    pub(crate) async fn maker_doc(&self, maker: &Maker) -> Result<Option<SearchDoc>> {
        if maker.status != Status::Published {
            return Ok(None);
        }
        let listed = self.catalog.tenant(&maker.tenant).await?.is_some_and(|t| t.listed);
        let named = Named {
            name: maker.name.clone(),
            latin: maker.latin.clone(),
            href: format!("/{}/{}", maker.kind.segment(), maker.slug),
        };
        let kind = if maker.kind == MakerKind::Artist { Kind::Artist } else { Kind::Author };
        let mut doc = plain(maker.id.to_string(), kind, maker.tenant.to_string(), listed, &maker.name, &named)?;
        doc.latin = maker.latin.clone();
        doc.description = crate::media::plain_text(&maker.bio_html);
        Ok(Some(doc))
    }

    pub(crate) async fn store_doc(&self, store: &Store) -> Result<Option<SearchDoc>> {
        let listed = self.catalog.tenant(&store.tenant).await?.is_some_and(|t| t.listed);
        let named = Named { name: store.name.clone(), latin: None, href: format!("/@{}", store.handle) };
        plain(store.id.to_string(), Kind::Shop, store.tenant.to_string(), listed, &store.name, &named).map(Some)
    }
}

/// Where a work stands in a market's lists by price: its price in the market's currency, else what its price in the next one is about worth.
fn rank(prices: &CardPrices, market: &Market) -> Option<i64> {
    static RATES: OnceLock<FxTable> = OnceLock::new();
    let price = prices.of(market.id, &market.pays_in(market.currency))?;
    if price.currency == market.currency {
        return Some(price.minor);
    }
    // Rates that do not change: an order needs no better ones, and an index that was built stays as it would be built anew.
    let rates = RATES.get_or_init(vitrine_pricing::fx::ecb::built_in);
    rates.rank(Money::new(price.minor, price.currency).ok()?, market.currency)
}

fn plain(id: String, kind: Kind, tenant: String, listed: bool, title: &str, named: &Named) -> Result<SearchDoc> {
    Ok(SearchDoc {
        id,
        kind,
        tenant,
        listed,
        title: title.to_owned(),
        latin: None,
        makers: Vec::new(),
        description: String::new(),
        genres: Vec::new(),
        tags: Vec::new(),
        formats: Vec::new(),
        languages: Vec::new(),
        year: None,
        released_ms: 0,
        popularity: 0,
        prices: std::collections::BTreeMap::new(),
        data: serde_json::to_value(named).map_err(|e| fault::internal("a search document", &e))?,
        rev: 0,
    })
}

/// UTC milliseconds of a day's beginning; 0 for what is no date.
fn released_ms(date: &str) -> i64 {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(date, format).map(|d| d.midnight().assume_utc().unix_timestamp() * 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Shop;

    /// Where the feed was read from since the last time.
    fn starts(shop: &Shop) -> Vec<String> {
        shop.calls.take().into_iter().filter_map(|call| call.strip_prefix("feed ").map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn what_was_read_of_the_feed_is_not_read_again() {
        let shop = Shop::open().await;
        let records = shop.catalog.records().clone();
        let indexer = Indexer::new(records, shop.search.clone(), shop.clock.clone(), shop.changes.clone());
        indexer.catch_up().await.unwrap();
        let kept = shop.search.position().await.unwrap().unwrap();
        starts(&shop);
        shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        indexer.catch_up().await.unwrap();
        assert_eq!(starts(&shop), [format!("{:?}", FeedStart::After(kept.clone()))]);
        assert_eq!(shop.search.position().await.unwrap().as_ref(), Some(&kept), "a cart is nothing to index");
        shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        indexer.catch_up().await.unwrap();
        let later = starts(&shop);
        assert!(later.len() == 1 && !later[0].contains(&format!("{kept:?}")), "{later:?} begins behind the first cart");
        shop.clock.advance_ms(KEEP_AFTER_MS);
        shop.fill(&shop.guest(), &["Harbour Lights"]).await;
        indexer.catch_up().await.unwrap();
        assert_ne!(shop.search.position().await.unwrap(), Some(kept), "a start reads no more than an hour again");
    }
}
