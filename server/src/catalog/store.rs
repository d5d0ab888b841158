//! Keys of the catalogue. One work with its products and prices is one partition: a page is one query.
//!
//! | item | pk | sk | indexes |
//! |---|---|---|---|
//! | tenant | `TENANT#t` | `TENANT#t` | GSI3 `TENANT` |
//! | store | `STORE#s` | `CONFIG#` | GSI1 `HANDLE#h`; GSI3 `STORE` |
//! | maker | `MAKER#m` | `META#` | GSI1 `SLUG#artist#slug`; GSI2 by tenant; GSI3 `MAKER#n` |
//! | licence | `LICENCE#l` | `V#000001` | GSI3 `LICENCE` |
//! | work | `WORK#w` | `ALBUM#` ... | GSI1 `SLUG#album#slug`; GSI2 by tenant; GSI3 `WORK#n` |
//! | product | `WORK#w` | `PRODUCT#p` | |
//! | price | `WORK#w` | `PRICE#v#region#currency#from` | |
//! | variant | `VARIANT#v` | `SKU#` | points to its work |
//! | asset | `ASSET#a` | `META#` | GSI1 `ASSETS#w` |
//! | claim | `CLAIM#handle#h`, `CLAIM#slug#…`, `CLAIM#sku#t#…` | `CLAIM#` | names the owner |

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_shared::catalog::{
    Asset, Licence, Maker, PriceRecord, Product, ProductKind, Status, Store, Tenant, Work, WorkKind,
};
use vitrine_shared::id::{AssetId, LicenceId, MakerId, ProductId, StoreId, TenantId, VariantId, WorkId};
use vitrine_shared::slug::is_slug;
use vitrine_table::{Condition, Consistency, Delete, Index, Item, Key, Put, Query, Table, TransactOp};

use crate::fault::{self, Result};

/// How many partitions a listing of works or makers by type is spread over (GSI3).
pub const LIST_SHARDS: u32 = 8;
/// Bytes of a unique name at most that is looked for: no key of the table holds more, and nothing so long was ever claimed.
const MOST_CLAIM: usize = 1000;

/// A work with everything its page needs from the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkBundle {
    /// The work.
    pub work: Work,
    /// Its products, published or not.
    pub products: Vec<Product>,
    /// All prices ever, oldest first per variant.
    pub prices: Vec<PriceRecord>,
}

impl WorkBundle {
    /// The product and variant of this id.
    pub fn variant(&self, id: &VariantId) -> Option<(&Product, &vitrine_shared::catalog::Variant)> {
        self.products.iter().find_map(|p| p.variants.iter().find(|v| v.id == *id).map(|v| (p, v)))
    }
}

/// Where a variant belongs; facts that never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariantPointer {
    /// The work.
    pub work: WorkId,
    /// The product.
    pub product: ProductId,
    /// Who sells it.
    pub seller: TenantId,
    /// Digital or physical.
    pub kind: ProductKind,
}

/// Where a tenant is.
pub fn tenant_key(id: &TenantId) -> Key {
    Key::new(format!("TENANT#{id}"), format!("TENANT#{id}"))
}

/// Where a storefront is.
pub(crate) fn store_key(id: &StoreId) -> Key {
    Key::new(format!("STORE#{id}"), "CONFIG#")
}

/// Where a variant says what it belongs to.
pub(super) fn variant_key(id: &VariantId) -> Key {
    Key::new(format!("VARIANT#{id}"), "SKU#")
}

/// Reads and builds writes; holds no state of its own.
#[derive(Clone)]
pub struct CatalogStore {
    table: Arc<dyn Table>,
}

fn shard(id: &str) -> u32 {
    crc32fast::hash(id.as_bytes()) % LIST_SHARDS
}

fn stored<T: Serialize>(key: &Key, value: &T, extra: &[(&str, String)]) -> Result<Item> {
    let mut item = vitrine_table::to_item(key, value).map_err(fault::table)?;
    item.insert("_v".into(), json!(1));
    for (name, text) in extra {
        item.insert((*name).into(), text.clone().into());
    }
    Ok(item)
}

/// A put that does not ask what stood there.
pub fn put(item: Item) -> TransactOp {
    TransactOp::Put(Put { item, condition: None })
}

/// Claims a unique name for an owner; the same owner may claim again.
pub fn claim(what: &str, name: &str, owner: &str) -> TransactOp {
    let mut item = Item::new();
    item.insert("pk".into(), format!("CLAIM#{what}#{name}").into());
    item.insert("sk".into(), "CLAIM#".into());
    item.insert("owner".into(), owner.into());
    item.insert("_v".into(), json!(1));
    let condition = Condition::Any(vec![Condition::ItemAbsent, Condition::eq("owner", owner)]);
    TransactOp::Put(Put { item, condition: Some(condition) })
}

/// Sort key of a work.
pub const fn work_sk(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::Album => "ALBUM#",
        WorkKind::Book => "BOOK#",
        WorkKind::Video => "VIDEO#",
        WorkKind::Podcast => "PODCAST#",
    }
}

fn maker_word(kind: vitrine_shared::catalog::MakerKind) -> &'static str {
    match kind {
        vitrine_shared::catalog::MakerKind::Artist => "artist",
        vitrine_shared::catalog::MakerKind::Author => "author",
    }
}

impl CatalogStore {
    /// On this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// The table itself, for transactions that span domains.
    pub fn table(&self) -> &Arc<dyn Table> {
        &self.table
    }

    async fn read<T: DeserializeOwned>(&self, pk: String, sk: &str) -> Result<Option<T>> {
        self.at(&Key::new(pk, sk)).await
    }

    async fn at<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        let item = self.table.get(key, Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// One tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.at(&tenant_key(id)).await
    }

    /// One storefront.
    pub async fn store(&self, id: &StoreId) -> Result<Option<Store>> {
        self.at(&store_key(id)).await
    }

    /// A storefront by handle.
    pub async fn store_by_handle(&self, handle: &str) -> Result<Option<Store>> {
        if !is_slug(handle) {
            return Ok(None);
        }
        match self.owner_of("handle", handle).await?.and_then(|id| id.parse::<StoreId>().ok()) {
            Some(id) => self.store(&id).await,
            None => Ok(None),
        }
    }

    /// Who claimed a unique name.
    pub async fn owner_of(&self, what: &str, name: &str) -> Result<Option<String>> {
        if name.len() > MOST_CLAIM {
            return Ok(None);
        }
        let key = Key::new(format!("CLAIM#{what}#{name}"), "CLAIM#");
        let item = self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?;
        Ok(item.and_then(|i| i.get("owner").and_then(|o| o.as_str()).map(str::to_owned)))
    }

    /// One maker.
    pub async fn maker(&self, id: &MakerId) -> Result<Option<Maker>> {
        self.read(format!("MAKER#{id}"), "META#").await
    }

    /// A maker by the unique slug of its kind.
    pub async fn maker_by_slug(&self, kind: vitrine_shared::catalog::MakerKind, slug: &str) -> Result<Option<Maker>> {
        if !is_slug(slug) {
            return Ok(None);
        }
        let name = format!("{}#{slug}", maker_word(kind));
        match self.owner_of("maker", &name).await?.and_then(|id| id.parse::<MakerId>().ok()) {
            Some(id) => self.maker(&id).await,
            None => Ok(None),
        }
    }

    /// A licence text in one version, or the newest.
    pub async fn licence(&self, id: &LicenceId, version: Option<u32>) -> Result<Option<Licence>> {
        if let Some(version) = version {
            return self.read(format!("LICENCE#{id}"), &format!("V#{version:06}")).await;
        }
        let newest = Query::new(Index::Base, format!("LICENCE#{id}")).descending().limit(1);
        let page = self.table.query(newest).await.map_err(fault::table)?;
        page.items.into_iter().next().map(|item| vitrine_table::from_item(item).map_err(fault::table)).transpose()
    }

    /// All versions of a licence text, oldest first.
    pub async fn licence_versions(&self, id: &LicenceId) -> Result<Vec<Licence>> {
        self.list(Query::new(Index::Base, format!("LICENCE#{id}")).limit(100)).await
    }

    /// A work with products and prices: one query.
    pub async fn bundle(&self, id: &WorkId) -> Result<Option<WorkBundle>> {
        let mut work = None;
        let mut products = Vec::new();
        let mut prices = Vec::new();
        let mut cursor = None;
        loop {
            let query = Query::new(Index::Base, format!("WORK#{id}")).limit(100).after(cursor);
            let page = self.table.query(query).await.map_err(fault::table)?;
            for item in page.items {
                let sk = item.get("sk").and_then(|s| s.as_str()).unwrap_or_default().to_owned();
                if sk.starts_with("PRODUCT#") {
                    products.push(vitrine_table::from_item(item).map_err(fault::table)?);
                } else if sk.starts_with("PRICE#") {
                    prices.push(vitrine_table::from_item(item).map_err(fault::table)?);
                } else {
                    work = Some(vitrine_table::from_item(item).map_err(fault::table)?);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(work.map(|work| WorkBundle { work, products, prices }))
    }

    /// Ids of works that have this slug.
    pub async fn works_by_slug(&self, kind: WorkKind, slug: &str) -> Result<Vec<WorkId>> {
        // What no work can be called is not looked for: an address may be longer than a key.
        if !is_slug(slug) {
            return Ok(Vec::new());
        }
        let query = Query::new(Index::Gsi1, format!("SLUG#{}#{slug}", kind.as_str())).limit(20);
        let page = self.table.query(query).await.map_err(fault::table)?;
        Ok(page.items.iter().filter_map(|i| i.get("id")?.as_str()?.parse().ok()).collect())
    }

    /// Where a variant belongs.
    pub async fn variant(&self, id: &VariantId) -> Result<Option<VariantPointer>> {
        self.at(&variant_key(id)).await
    }

    /// Editions of a seller by the seller's own numbers, with the work of each; unknown numbers are left out.
    ///
    /// # Errors
    /// The table's.
    pub async fn by_sku(&self, tenant: &TenantId, skus: &[&str]) -> Result<HashMap<String, (VariantId, WorkId)>> {
        let skus: Vec<&str> = skus.iter().copied().filter(|sku| sku.len() <= MOST_CLAIM).collect();
        let claims = skus.iter().map(|sku| Key::new(format!("CLAIM#sku#{tenant}#{sku}"), "CLAIM#")).collect();
        let claims = vitrine_table::retry::get_each(&*self.table, claims).await.map_err(fault::table)?;
        let owner = |item: Option<Item>| item?.get("owner")?.as_str()?.parse::<VariantId>().ok();
        let found: Vec<(&str, VariantId)> =
            skus.iter().zip(claims).filter_map(|(sku, item)| Some((*sku, owner(item)?))).collect();
        let keys = found.iter().map(|(_, variant)| variant_key(variant)).collect();
        let pointers = vitrine_table::retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        let mut out = HashMap::new();
        for ((sku, variant), item) in found.into_iter().zip(pointers) {
            let pointer: Option<VariantPointer> =
                item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()?;
            if let Some(pointer) = pointer.filter(|p| p.seller == *tenant) {
                out.insert(sku.to_owned(), (variant, pointer.work));
            }
        }
        Ok(out)
    }

    /// One file's record.
    pub async fn asset(&self, id: &AssetId) -> Result<Option<Asset>> {
        self.read(format!("ASSET#{id}"), "META#").await
    }

    /// Records of many files, in the order asked; missing ones are left out.
    pub async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>> {
        self.many(ids.iter().map(|id| Key::new(format!("ASSET#{id}"), "META#")).collect()).await
    }

    /// Many works without their products, in no order; missing ones are left out. Reads the four kinds' keys, since an id
    /// does not say which it is.
    pub async fn works(&self, ids: &[WorkId]) -> Result<Vec<Work>> {
        let keys = ids.iter().flat_map(|id| WorkKind::ALL.map(|kind| Key::new(format!("WORK#{id}"), work_sk(kind))));
        self.many(keys.collect()).await
    }

    /// Records of many keys, in the order asked; missing ones are left out.
    async fn many<T: DeserializeOwned>(&self, keys: Vec<Key>) -> Result<Vec<T>> {
        let items = vitrine_table::retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        items.into_iter().flatten().map(|item| vitrine_table::from_item(item).map_err(fault::table)).collect()
    }

    async fn list<T: DeserializeOwned>(&self, query: Query) -> Result<Vec<T>> {
        let mut out = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.table.query(query.clone().after(cursor)).await.map_err(fault::table)?;
            for item in page.items {
                out.push(vitrine_table::from_item(item).map_err(fault::table)?);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(out);
            }
        }
    }

    /// All storefronts (few).
    pub async fn stores(&self) -> Result<Vec<Store>> {
        self.list(Query::new(Index::Gsi3, "STORE").limit(1000)).await
    }

    /// All tenants (few).
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        self.list(Query::new(Index::Gsi3, "TENANT").limit(1000)).await
    }

    /// All licence texts, every version.
    pub async fn licences(&self) -> Result<Vec<Licence>> {
        self.list(Query::new(Index::Gsi3, "LICENCE").limit(1000)).await
    }

    /// One page of makers or works of one list shard, for rebuilding an index and for exports.
    pub async fn list_shard<T: DeserializeOwned>(
        &self,
        word: &str,
        shard: u32,
        cursor: Option<String>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let query = Query::new(Index::Gsi3, format!("{word}#{shard}")).limit(200).after(cursor);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let mut out = Vec::with_capacity(page.items.len());
        for item in page.items {
            out.push(vitrine_table::from_item(item).map_err(fault::table)?);
        }
        Ok((out, page.cursor))
    }

    /// A tenant's works of one kind, oldest first.
    pub async fn works_of_tenant(
        &self,
        tenant: &TenantId,
        kind: WorkKind,
        cursor: Option<String>,
    ) -> Result<(Vec<Work>, Option<String>)> {
        let query = Query::new(Index::Gsi2, tenant.as_str()).begins_with(work_sk(kind)).limit(100).after(cursor);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let mut out = Vec::with_capacity(page.items.len());
        for item in page.items {
            out.push(vitrine_table::from_item(item).map_err(fault::table)?);
        }
        Ok((out, page.cursor))
    }
}

impl CatalogStore {
    /// Works of a tenant that were begun and never shown, at most 20.
    ///
    /// # Errors
    /// The store's.
    pub async fn drafts(&self, tenant: &TenantId) -> Result<Vec<Work>> {
        let query = Query::new(Index::Base, draft_partition(tenant)).limit(20);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let ids = page.items.iter().filter_map(|i| i.get("sk")?.as_str()?.parse::<WorkId>().ok());
        let bundles = futures::future::try_join_all(ids.map(|id| async move { self.bundle(&id).await })).await?;
        Ok(bundles.into_iter().flatten().map(|b| b.work).collect())
    }
}

fn draft_partition(tenant: &TenantId) -> String {
    format!("DRAFTS#{tenant}")
}

/// Items to write, for transactions of the import and of the studio.
pub mod items {
    use super::*;

    /// Puts a draft on its seller's list or takes what is none any more from it; for a work that `was` in another state.
    pub fn draft(work: &Work, was: Option<Status>) -> Option<TransactOp> {
        let key = Key::new(draft_partition(&work.tenant), work.id.to_string());
        match (work.status == Status::Draft, was == Some(Status::Draft)) {
            (true, false) => {
                let mut item = Item::new();
                item.insert("pk".into(), key.pk.into());
                item.insert("sk".into(), key.sk.into());
                item.insert("_v".into(), json!(1));
                Some(put(item))
            }
            (false, true) => Some(TransactOp::Delete(Delete { key, condition: None })),
            _ => None,
        }
    }

    /// A tenant.
    pub fn tenant(tenant: &Tenant, now_ms: i64) -> Result<Item> {
        let key = Key::new(format!("TENANT#{}", tenant.id), format!("TENANT#{}", tenant.id));
        stored(&key, tenant, &[("entityType", "TENANT".into()), ("createdAt", created(now_ms, tenant.id.as_str()))])
    }

    /// A storefront; claim its handle in the same transaction.
    pub fn store(store: &Store, now_ms: i64) -> Result<Item> {
        let key = Key::new(format!("STORE#{}", store.id), "CONFIG#");
        stored(&key, store, &[("entityType", "STORE".into()), ("createdAt", created(now_ms, store.id.as_str()))])
    }

    /// A maker; claim its slug in the same transaction.
    pub fn maker(maker: &Maker, now_ms: i64) -> Result<Item> {
        let key = Key::new(format!("MAKER#{}", maker.id), "META#");
        let list = format!("MAKER#{}", shard(maker.id.as_str()));
        stored(&key, maker, &[("entityType", list), ("createdAt", created(now_ms, maker.id.as_str()))])
    }

    /// Name under which a maker's slug is claimed.
    pub fn maker_claim(maker: &Maker) -> String {
        format!("{}#{}", maker_word(maker.kind), maker.slug)
    }

    /// One version of a licence text.
    pub fn licence(licence: &Licence) -> Result<Item> {
        let key = Key::new(format!("LICENCE#{}", licence.id), format!("V#{:06}", licence.version));
        let at = created(licence.created_ms, licence.id.as_str());
        Ok(unlisted(stored(&key, licence, &[("entityType", "LICENCE".into()), ("createdAt", at)])?))
    }

    /// A work.
    pub fn work(work: &Work, now_ms: i64) -> Result<Item> {
        let key = Key::new(format!("WORK#{}", work.id), work_sk(work.kind));
        let list = format!("WORK#{}", shard(work.id.as_str()));
        let extra = [
            ("pk2", format!("SLUG#{}#{}", work.kind.as_str(), work.slug)),
            ("sk2", work.id.to_string()),
            ("entityType", list),
            ("createdAt", created(now_ms, work.id.as_str())),
        ];
        stored(&key, work, &extra)
    }

    /// A product of a work.
    pub fn product(product: &Product) -> Result<Item> {
        let key = Key::new(format!("WORK#{}", product.work), format!("PRODUCT#{}", product.id));
        Ok(unlisted(stored(&key, product, &[])?))
    }

    /// A price of a variant of a work.
    pub fn price(work: &WorkId, price: &PriceRecord) -> Result<Item> {
        let mut sk =
            format!("PRICE#{}#{}#{}#{:015}", price.variant, price.region, price.currency, price.valid_from_ms.max(0));
        if price.min_quantity > 1 {
            sk.push_str(&format!("#{:06}", price.min_quantity));
        }
        stored(&Key::new(format!("WORK#{work}"), sk), price, &[])
    }

    /// Where a variant belongs.
    pub fn variant(id: &VariantId, pointer: &VariantPointer) -> Result<Item> {
        stored(&Key::new(format!("VARIANT#{id}"), "SKU#"), pointer, &[])
    }

    /// A file's record.
    pub fn asset(asset: &Asset) -> Result<Item> {
        let extra = [("pk2", format!("ASSETS#{}", asset.work)), ("sk2", asset.id.to_string())];
        Ok(unlisted(stored(&Key::new(format!("ASSET#{}", asset.id), "META#"), asset, &extra)?))
    }

    /// Keeps an item out of the tenant's listing (GSI2), which is of works and makers.
    fn unlisted(mut item: Item) -> Item {
        if let Some(tenant) = item.remove("tenant") {
            item.insert("seller".into(), tenant);
        }
        item
    }

    fn created(now_ms: i64, id: &str) -> String {
        format!("{now_ms:015}#{id}")
    }
}
