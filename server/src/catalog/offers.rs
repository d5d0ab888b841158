//! What can be bought: an edition with its work, its shop and its seller, as carts and checkouts ask for it.
//!
//! Invariants:
//! - [`Offers::read`] answers records as they are now; money is decided on nothing else.
//! - [`Offers::kept`] answers what holds until a record changes, for what is only shown or asked for; stock is always read.
//! - Where an edition belongs never changes, so that is kept in both cases.
//!
//! Not here: whether an offer can be bought by whom and at which price (`cart`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::future::try_join_all;
use moka::sync::Cache;
use vitrine_pricing::promotion::Promotion;
use vitrine_shared::catalog::{LegalEntity, Licence, Store, Tenant};
use vitrine_shared::id::{LicenceId, TenantId, VariantId, WorkId};
use vitrine_table::{Item, Key, retry};

use super::store::{CatalogStore, VariantPointer, WorkBundle};
use crate::changes::{Changes, SHOPS, tag};
use crate::fault::{self, Result};
use crate::kept::Kept;
use crate::stock;

/// Works kept at most; one takes some kilobytes.
const WORKS: u64 = 512;
/// Editions whose work is remembered.
const POINTERS: u64 = 20_000;

/// A work with who sells it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The work with products and prices.
    pub bundle: WorkBundle,
    /// Its storefront.
    pub store: Store,
    /// Who sells it.
    pub tenant: Tenant,
    /// What is taken off by itself in the seller's shops.
    pub automatic: Vec<Promotion>,
}

/// What is known of some editions.
#[derive(Clone, Debug, Default)]
pub struct Found {
    offers: HashMap<VariantId, Arc<Offer>>,
    left: HashMap<VariantId, i64>,
    licences: HashMap<LicenceId, Licence>,
    platform: Option<Arc<LegalEntity>>,
}

impl Found {
    /// The marketplace as a seller, where it is one.
    pub fn platform(&self) -> Option<&LegalEntity> {
        self.platform.as_deref()
    }

    /// The offer an edition is part of; `None`: it is nowhere any more.
    pub fn offer(&self, variant: &VariantId) -> Option<&Arc<Offer>> {
        self.offers.get(variant)
    }

    /// Pieces that can be sold; `None`: its pieces are not counted.
    pub fn left(&self, variant: &VariantId) -> Option<i64> {
        self.left.get(variant).copied()
    }

    /// The newest version of a licence; read with [`Offers::read`] only.
    pub fn licence(&self, id: &LicenceId) -> Option<&Licence> {
        self.licences.get(id)
    }
}

/// Reads offers. Cheap to clone.
#[derive(Clone)]
pub struct Offers {
    records: CatalogStore,
    pointers: Cache<VariantId, VariantPointer>,
    kept: Kept<Option<Arc<Offer>>>,
    shops: Kept<Arc<Vec<Store>>>,
    platform: Option<Arc<LegalEntity>>,
}

fn take<T: serde::de::DeserializeOwned>(item: Option<Item>) -> Result<Option<T>> {
    item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
}

impl Offers {
    /// Over these records.
    pub fn new(records: CatalogStore, changes: &Changes) -> Self {
        Self {
            records,
            pointers: Cache::new(POINTERS),
            kept: Kept::new(changes.clone(), WORKS),
            shops: Kept::new(changes.clone(), 1),
            platform: None,
        }
    }

    /// Where the marketplace sells by itself what the law presumes it does.
    pub fn with_platform(self, platform: Option<LegalEntity>) -> Self {
        Self { platform: platform.map(Arc::new), ..self }
    }

    /// The marketplace as a seller, where it is one.
    pub fn platform(&self) -> Option<&LegalEntity> {
        self.platform.as_deref()
    }

    /// The records behind them.
    pub fn records(&self) -> &CatalogStore {
        &self.records
    }

    /// Offers as they are now, with the licences their editions are sold under.
    ///
    /// # Errors
    /// The table's.
    pub async fn read(&self, variants: &[VariantId]) -> Result<Found> {
        let pointers = self.pointers(variants).await?;
        let works: BTreeMap<&WorkId, &TenantId> = pointers.values().map(|p| (&p.work, &p.seller)).collect();
        let bundles = try_join_all(works.keys().map(|id| self.records.bundle(id))).await?;
        let sellers = works.into_values().cloned();
        let bundles: Vec<(WorkBundle, TenantId)> =
            bundles.into_iter().zip(sellers).filter_map(|(b, seller)| Some((b?, seller))).collect();
        let stocked = stocked(variants, bundles.iter().map(|(b, _)| b));
        let licence = |b: &WorkBundle, v: &VariantId| b.variant(v)?.1.licence.clone();
        let licences: BTreeSet<LicenceId> =
            bundles.iter().flat_map(|(b, _)| variants.iter().filter_map(|v| licence(b, v))).collect();
        let newest = |id: LicenceId| async {
            let licence = self.records.licence(&id, None).await?;
            Ok((id, licence))
        };
        let ((offers, left), licences) =
            futures::try_join!(self.sold(bundles, &stocked), try_join_all(licences.into_iter().map(newest)))?;
        let by_work: HashMap<&WorkId, &Arc<Offer>> = offers.iter().map(|o| (&o.bundle.work.id, o)).collect();
        let of = |v: &VariantId| Some((v.clone(), Arc::clone(by_work.get(&pointers.get(v)?.work)?)));
        let offers = variants.iter().filter_map(of).collect();
        let licences = licences.into_iter().filter_map(|(id, licence)| Some((id, licence?))).collect();
        Ok(Found { offers, left, licences, platform: self.platform.clone() })
    }

    /// Offers that hold until one of their records changes; their stock as it is now.
    ///
    /// # Errors
    /// The table's.
    pub async fn kept(&self, variants: &[VariantId]) -> Result<Found> {
        let pointers = self.pointers(variants).await?;
        let mut found = Found { platform: self.platform.clone(), ..Found::default() };
        for variant in variants {
            let Some(pointer) = pointers.get(variant) else { continue };
            if let Some(offer) = self.kept_offer(pointer).await? {
                found.offers.insert(variant.clone(), offer);
            }
        }
        let stocked = stocked(variants, found.offers.values().map(|o| &o.bundle));
        if !stocked.is_empty() {
            let keys = stocked.iter().map(stock::key).collect();
            let items = retry::get_each(&**self.records.table(), keys).await.map_err(fault::table)?;
            found.left = left(&stocked, items)?;
        }
        Ok(found)
    }

    /// Every storefront, as of the last change of one.
    ///
    /// # Errors
    /// The table's.
    pub async fn shops(&self) -> Result<Arc<Vec<Store>>> {
        let make = async { self.records.stores().await.map(Arc::new) };
        self.shops.get(String::new(), make, |_| Some(vec![tag(SHOPS)])).await
    }

    async fn kept_offer(&self, pointer: &VariantPointer) -> Result<Option<Arc<Offer>>> {
        let make = async {
            let Some(bundle) = self.records.bundle(&pointer.work).await? else { return Ok(None) };
            Ok(self.sold(vec![(bundle, pointer.seller.clone())], &[]).await?.0.pop())
        };
        let tags = |offer: &Option<Arc<Offer>>| {
            let offer = offer.as_ref()?;
            let (store, tenant) = (&offer.store.id, &offer.tenant.id);
            let promotions = crate::promotions::automatic_key(tenant).pk;
            let keys =
                [format!("WORK#{}", pointer.work), format!("STORE#{store}"), format!("TENANT#{tenant}"), promotions];
            Some(keys.iter().map(|k| tag(k)).collect())
        };
        self.kept.get(pointer.work.to_string(), make, tags).await
    }

    async fn pointers(&self, variants: &[VariantId]) -> Result<HashMap<VariantId, VariantPointer>> {
        let mut found: HashMap<VariantId, VariantPointer> = HashMap::new();
        let mut unknown = Vec::new();
        for variant in variants {
            match self.pointers.get(variant) {
                Some(pointer) => drop(found.insert(variant.clone(), pointer)),
                None if unknown.contains(variant) => {}
                None => unknown.push(variant.clone()),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let keys = unknown.iter().map(super::store::variant_key).collect();
        let items = retry::get_each(&**self.records.table(), keys).await.map_err(fault::table)?;
        for (variant, item) in unknown.into_iter().zip(items) {
            if let Some(pointer) = take::<VariantPointer>(item)? {
                self.pointers.insert(variant.clone(), pointer.clone());
                found.insert(variant, pointer);
            }
        }
        Ok(found)
    }

    /// Works of sellers with their shops, and stock, in one read.
    async fn sold(
        &self,
        bundles: Vec<(WorkBundle, TenantId)>,
        stocked: &[VariantId],
    ) -> Result<(Vec<Arc<Offer>>, HashMap<VariantId, i64>)> {
        let mut keys: Vec<Key> = stocked.iter().map(stock::key).collect();
        for (bundle, seller) in &bundles {
            keys.push(super::store::store_key(&bundle.work.store));
            keys.push(super::store::tenant_key(seller));
            keys.push(crate::promotions::automatic_key(seller));
        }
        let mut items = retry::get_each(&**self.records.table(), keys).await.map_err(fault::table)?.into_iter();
        let left = left(stocked, items.by_ref().take(stocked.len()).collect())?;
        let mut offers = Vec::with_capacity(bundles.len());
        for (bundle, _) in bundles {
            let (store, tenant) = (items.next().flatten(), items.next().flatten());
            let automatic = crate::promotions::Opened::of(items.next().flatten())?.list;
            // A work without a shop or a seller cannot be sold.
            if let (Some(store), Some(tenant)) = (take(store)?, take(tenant)?) {
                offers.push(Arc::new(Offer {
                    bundle,
                    store,
                    tenant,
                    automatic: automatic.into_iter().map(|kept| kept.promotion).collect(),
                }));
            }
        }
        Ok((offers, left))
    }
}

/// Those of `variants` whose pieces are counted, each once.
fn stocked<'a>(variants: &[VariantId], bundles: impl Iterator<Item = &'a WorkBundle> + Clone) -> Vec<VariantId> {
    let counted = |v: &&VariantId| bundles.clone().any(|b| b.variant(v).is_some_and(|(_, v)| v.stocked));
    variants.iter().filter(counted).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Pieces of each; one whose level is not there has none.
fn left(stocked: &[VariantId], items: Vec<Option<Item>>) -> Result<HashMap<VariantId, i64>> {
    let available = |item| Ok(take::<stock::Level>(item)?.map_or(0, |l| l.available));
    stocked.iter().zip(items).map(|(v, item)| Ok((v.clone(), available(item)?))).collect()
}
