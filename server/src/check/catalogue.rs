//! The catalogue: names, stock, counters, the search index, and the files that its records name.

use std::collections::{HashMap, HashSet};

use vitrine_search::SearchDoc;
use vitrine_shared::catalog::{Asset, Image, LegalEntity, Maker, Status, Store, Tenant, Work};
use vitrine_shared::id::TenantId;
use vitrine_table::{Consistency, FeedStart, Index, Key, Query, TableError, retry};

use super::files::Files;
use super::purchases::Sums;
use super::{Check, Findings, Invariant};
use crate::catalog::store::{LIST_SHARDS, WorkBundle, items};
use crate::collections::{Collections, EMPTY, collection_key, job_key, member_key};
use crate::fault::{self, Result};
use crate::invoices::entity;
use crate::{mailing, stock, together};

/// Changed records of the feed that are remembered; of more, the index is not looked at.
const MOST_CHANGED: usize = 100_000;

/// What the index has not heard of yet.
enum Behind {
    /// Partitions.
    Of(HashSet<String>),
    /// It will be built anew, or too much changed.
    All(&'static str),
}

struct IndexLook {
    behind: Behind,
    expected: u64,
}

impl Check {
    /// Looks at every seller, maker and work.
    pub(super) async fn catalogue(&self, sums: &Sums, files: &mut Files, out: &mut Findings) -> Result<()> {
        let mut index = IndexLook { behind: self.behind().await?, expected: 0 };
        let mut numbered: HashMap<String, TenantId> = HashMap::new();
        for tenant in self.catalog.tenants().await? {
            out.saw("sellers");
            self.seller(&tenant, sums, out).await?;
            self.numbered_apart(&tenant.id, &entity::of(&tenant), &mut numbered, out);
        }
        if let Some((id, platform)) = self.invoices.platform() {
            self.numbered_apart(&id, platform, &mut numbered, out);
        }
        // The marketplace's own documents; without any there is nothing to see.
        self.series(&crate::invoices::platform_id(), sums, out).await?;
        for store in self.catalog.stores().await? {
            out.saw("storefronts");
            self.claimed("handle", &store.handle, store.id.as_str(), out).await?;
            self.readers(&store, out).await?;
            let doc = self.indexer.store_doc(&store).await?;
            self.indexed(&format!("STORE#{}", store.id), store.id.as_str(), doc, &mut index, out).await?;
        }
        let mut stocked = HashSet::new();
        for shard in 0..LIST_SHARDS {
            let mut cursor = None;
            loop {
                let (makers, next) = self.catalog.list_shard::<Maker>("MAKER", shard, cursor).await?;
                for maker in makers {
                    out.saw("makers");
                    self.claimed("maker", &items::maker_claim(&maker), maker.id.as_str(), out).await?;
                    self.image(maker.image.as_ref(), maker.id.as_str(), files, out).await?;
                    let doc = self.indexer.maker_doc(&maker).await?;
                    self.indexed(&format!("MAKER#{}", maker.id), maker.id.as_str(), doc, &mut index, out).await?;
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            let mut cursor = None;
            loop {
                let (works, next) = self.catalog.list_shard::<Work>("WORK", shard, cursor).await?;
                for work in works {
                    let Some(bundle) = self.catalog.bundle(&work.id).await? else { continue };
                    out.saw("works");
                    self.work(bundle, sums, &mut stocked, files, &mut index, out).await?;
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        for (variant, (held, sold)) in &sums.pieces {
            if !stocked.contains(variant) && (*held, *sold) != (0, 0) {
                let what = format!("{held} pieces are held and {sold} sold of an edition that is not counted");
                out.say(Invariant::Holds, &[variant.as_str()], what);
            }
        }
        match &index.behind {
            Behind::All(why) => out.unseen.push(format!("the search index: {why}")),
            Behind::Of(keys) if keys.is_empty() => {
                let count = self.search.count().await.map_err(|e| fault::internal("the search index", &e))?;
                if count != index.expected {
                    let what = format!("{count} documents for {} published records", index.expected);
                    out.say(Invariant::Index, &["count"], what);
                }
            }
            Behind::Of(_) => {}
        }
        Ok(())
    }

    /// Sellers that are one legal entity have different prefixes.
    fn numbered_apart(
        &self,
        id: &TenantId,
        legal: &LegalEntity,
        numbered: &mut HashMap<String, TenantId>,
        out: &mut Findings,
    ) {
        let names = entity::names(legal, &legal.invoice_prefix);
        if let Some(other) = names.iter().find_map(|name| numbered.get(name)) {
            let what = format!("one legal entity, and both number their invoices by {:?}", legal.invoice_prefix);
            out.say(Invariant::InvoiceSeries, &[other.as_str(), id.as_str()], what);
        }
        for name in names {
            numbered.entry(name).or_insert_with(|| id.clone());
        }
    }

    async fn behind(&self) -> Result<Behind> {
        let position = self.search.position().await.map_err(|e| fault::internal("the search index", &e))?;
        let Some(position) = position else { return Ok(Behind::All("it is built when the shop starts")) };
        let (mut changed, mut start) = (HashSet::new(), FeedStart::After(position));
        loop {
            let page = match self.table.feed(start, 1000).await {
                Ok(page) => page,
                Err(TableError::BadPosition(_)) => return Ok(Behind::All("it is built anew when the shop starts")),
                Err(e) => return Err(fault::table(e)),
            };
            let shown = |pk: &str| ["WORK#", "MAKER#", "STORE#", "TENANT#"].iter().any(|kind| pk.starts_with(kind));
            changed.extend(page.changes.into_iter().map(|c| c.key.pk).filter(|pk| shown(pk)));
            // What a seller is called stands in everything of theirs.
            let far = changed.iter().any(|pk| pk.starts_with("TENANT#") || pk.starts_with("STORE#"));
            if far || changed.len() > MOST_CHANGED {
                return Ok(Behind::All("much changed since it was last written"));
            }
            if page.caught_up {
                return Ok(Behind::Of(changed));
            }
            start = FeedStart::After(page.position);
        }
    }

    async fn indexed(
        &self,
        pk: &str,
        id: &str,
        doc: Option<SearchDoc>,
        index: &mut IndexLook,
        out: &mut Findings,
    ) -> Result<()> {
        index.expected += u64::from(doc.is_some());
        match &index.behind {
            Behind::All(_) => return Ok(()),
            Behind::Of(keys) if keys.contains(pk) => {
                out.in_hand += 1;
                return Ok(());
            }
            Behind::Of(_) => {}
        }
        let stored = self.search.stored(vec![id.to_owned()]).await;
        let stored = stored.map_err(|e| fault::internal("the search index", &e))?.pop().flatten();
        match (doc, stored) {
            (None, None) => {}
            (Some(_), None) => out.say(Invariant::Index, &[id], "published, and not in the index"),
            (None, Some(_)) => out.say(Invariant::Index, &[id], "in the index, and not published"),
            (Some(doc), Some((rev, _))) if rev != doc.rev => {
                out.say(Invariant::Index, &[id], format!("revision {rev} in the index, {} in the table", doc.rev));
            }
            (Some(doc), Some((_, data))) if data != doc.data => {
                out.say(Invariant::Index, &[id], "the index shows it as it was");
            }
            (Some(_), Some(_)) => out.saw("index entries"),
        }
        Ok(())
    }

    async fn claimed(&self, what: &str, name: &str, owner: &str, out: &mut Findings) -> Result<()> {
        let found = self.catalog.owner_of(what, name).await?;
        if found.as_deref() != Some(owner) {
            let what = format!("the {what} {name:?} leads to {}", found.as_deref().unwrap_or("nothing"));
            out.say(Invariant::Names, &[owner], what);
        }
        Ok(())
    }

    /// The numbers of a seller's documents: none is missing, none is beyond its counter.
    async fn series(&self, seller: &TenantId, sums: &Sums, out: &mut Findings) -> Result<()> {
        let mut query = Query::new(Index::Base, format!("INVOICESERIES#{seller}")).limit(1000);
        let mut known = HashSet::new();
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            for item in &page.items {
                let name = item.get("sk").and_then(|v| v.as_str()).unwrap_or_default();
                let last = item.get("last").and_then(|v| v.as_u64()).unwrap_or_default();
                let used = sums.series.get(&(seller.clone(), name.to_owned()));
                let missing: Vec<u64> = (1..=last).filter(|n| !used.is_some_and(|u| u.has(*n))).take(20).collect();
                if !missing.is_empty() {
                    out.say(
                        Invariant::InvoiceSeries,
                        &[seller.as_str(), name],
                        format!("missing numbers: {missing:?}"),
                    );
                }
                let highest = used.map_or(0, super::purchases::Numbers::highest);
                if highest > last {
                    let what = format!("number {highest} is used, the counter says {last}");
                    out.say(Invariant::InvoiceSeries, &[seller.as_str(), name], what);
                }
                known.insert(name.to_owned());
            }
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        for (_, series) in sums.series.keys().filter(|(t, s)| t == seller && !known.contains(s)) {
            out.say(Invariant::InvoiceSeries, &[seller.as_str(), series.as_str()], "it has documents and no counter");
        }
        Ok(())
    }

    /// A seller's counters and lists.
    async fn seller(&self, tenant: &Tenant, sums: &Sums, out: &mut Findings) -> Result<()> {
        self.series(&tenant.id, sums, out).await?;
        let mut query = Query::new(Index::Base, format!("SALES#{}", tenant.id)).limit(1000);
        let mut listed = 0;
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            listed += page.items.len() as u64;
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        let expected = sums.sales.get(&tenant.id).copied().unwrap_or_default();
        if listed != expected {
            let what = format!("{listed} entries for {expected} paid orders and refunds");
            out.say(Invariant::Sales, &[tenant.id.as_str()], what);
        }
        let collections = Collections::new(self.catalog.clone());
        let all = collections.of_seller(&tenant.id).await?;
        let there = i64::try_from(all.len()).unwrap_or(i64::MAX);
        if let Some(counted) = collections.counted(&tenant.id).await?.filter(|counted| *counted != there) {
            let what = format!("the count says {counted} collections, there are {there}");
            out.say(Invariant::Names, &[tenant.id.as_str()], what);
        }
        for collection in all {
            let (counted, there) = (collection.count, collections.listed_count(&tenant.id, &collection.name).await?);
            if counted != there {
                let what = format!("the count says {counted} works, the list has {there}");
                out.say(Invariant::Names, &[tenant.id.as_str(), &collection.name], what);
            }
        }
        let mut query = Query::new(Index::Base, format!("DRAFTS#{}", tenant.id)).limit(1000);
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            for item in &page.items {
                let id = item.get("sk").and_then(|v| v.as_str()).unwrap_or_default();
                let bundle = match id.parse() {
                    Ok(id) => self.catalog.bundle(&id).await?,
                    Err(_) => None,
                };
                if bundle.is_none_or(|b| b.work.status != Status::Draft) {
                    out.say(Invariant::Names, &[tenant.id.as_str(), id], "on the list of drafts, and none");
                }
            }
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        Ok(())
    }

    async fn readers(&self, store: &Store, out: &mut Findings) -> Result<()> {
        let (counted, there) = mailing::counts(&*self.table, &store.id).await?;
        if counted != there {
            let what = format!("the count says {counted}, the list has {there}");
            out.say(Invariant::Readers, &[store.id.as_str()], what);
        }
        Ok(())
    }

    async fn image(&self, image: Option<&Image>, owner: &str, files: &mut Files, out: &mut Findings) -> Result<()> {
        let Some(image) = image else { return Ok(()) };
        for key in std::iter::once(&image.original).chain(image.renditions.iter().map(|r| &r.key)) {
            self.file(key, None, owner, files, out).await?;
        }
        Ok(())
    }

    async fn work(
        &self,
        bundle: WorkBundle,
        sums: &Sums,
        stocked: &mut HashSet<vitrine_shared::id::VariantId>,
        files: &mut Files,
        index: &mut IndexLook,
        out: &mut Findings,
    ) -> Result<()> {
        let work = &bundle.work;
        let id = work.id.as_str();
        for product in &bundle.products {
            for variant in &product.variants {
                self.claimed("sku", &format!("{}#{}", product.tenant, variant.sku), variant.id.as_str(), out).await?;
                if self.catalog.variant(&variant.id).await?.is_none_or(|p| p.work != work.id || p.product != product.id)
                {
                    out.say(Invariant::Names, &[variant.id.as_str(), id], "the edition does not lead to its work");
                }
                if variant.stocked {
                    stocked.insert(variant.id.clone());
                    self.pieces(&variant.id, sums, out).await?;
                }
            }
        }
        if work.status == Status::Draft {
            let key = Key::new(format!("DRAFTS#{}", work.tenant), id);
            if self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?.is_none() {
                out.say(Invariant::Names, &[work.tenant.as_str(), id], "a draft, and not on the list of drafts");
            }
        }
        for name in &work.collections {
            let keys = vec![member_key(&work.tenant, name, &work.id), collection_key(&work.tenant, name)];
            let found = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
            if found[0].is_none() {
                out.say(Invariant::Names, &[work.tenant.as_str(), id, name], "in a collection, and not on its list");
            }
            // A deleted one's job takes its works out.
            if found[1].is_none()
                && self.in_hand(EMPTY, &job_key(&work.tenant, name), Invariant::Names, out).await?.is_none()
                && self
                    .catalog
                    .works(std::slice::from_ref(&work.id))
                    .await?
                    .iter()
                    .any(|w| w.collections.contains(name))
            {
                let what = "in a collection that is not there, and no job takes it out";
                out.say(Invariant::Names, &[work.tenant.as_str(), id, name], what);
            }
        }
        self.paid_together(work, sums, out).await?;
        self.image(work.cover.as_ref(), id, files, out).await?;
        for part in &work.parts {
            let previews = part.preview.iter();
            let texts = previews.clone().flat_map(|p| &p.captions).chain(&part.transcripts);
            let keys: Vec<String> = previews.map(|p| &p.key).chain(texts.map(|t| &t.key)).cloned().collect();
            for key in keys {
                self.file(&key, None, id, files, out).await?;
            }
        }
        let mut query = Query::new(Index::Gsi1, format!("ASSETS#{id}")).limit(1000);
        let mut known = HashSet::new();
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            for item in page.items {
                let asset: Asset = vitrine_table::from_item(item).map_err(fault::table)?;
                self.file(&asset.key, Some((asset.size, &asset.sha256)), asset.id.as_str(), files, out).await?;
                known.insert(asset.id);
            }
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        let sold = bundle.products.iter().flat_map(|p| &p.variants).flat_map(|v| &v.assets);
        for asset in sold.chain(work.parts.iter().flat_map(|p| &p.assets)).filter(|a| !known.contains(*a)) {
            // The index may lag behind; the record decides.
            if self.catalog.asset(asset).await?.is_none() {
                out.say(Invariant::FilesThere, &[id, asset.as_str()], "the file it sells has no record");
            }
        }
        let pk = format!("WORK#{id}");
        let name = id.to_owned();
        let doc = self.indexer.work_doc(bundle).await?;
        self.indexed(&pk, &name, doc, index, out).await
    }

    async fn pieces(&self, variant: &vitrine_shared::id::VariantId, sums: &Sums, out: &mut Findings) -> Result<()> {
        out.saw("stocks");
        let keys = [variant.as_str()];
        let Some(l) = stock::level(&*self.table, variant).await? else {
            out.say(Invariant::Stock, &keys, "it is counted, and has no count");
            return Ok(());
        };
        let all = [l.initial, l.restocked, l.available, l.reserved, l.sold];
        if l.initial + l.restocked != l.available + l.reserved + l.sold || all.iter().any(|n| *n < 0) {
            let what = format!(
                "initial {} + restocked {} is not available {} + reserved {} + sold {}",
                l.initial, l.restocked, l.available, l.reserved, l.sold
            );
            out.say(Invariant::Stock, &keys, what);
        }
        let (held, sold) = sums.pieces.get(variant).copied().unwrap_or_default();
        if (l.reserved, l.sold) != (held, sold) {
            let what = format!("reserved {} and sold {}, its orders hold {held} and have {sold}", l.reserved, l.sold);
            out.say(Invariant::Holds, &keys, what);
        }
        Ok(())
    }

    async fn paid_together(&self, work: &Work, sums: &Sums, out: &mut Findings) -> Result<()> {
        let Some(pairs) = sums.pairs.as_ref().filter(|_| !sums.uncounted.contains(&work.id)) else { return Ok(()) };
        let list = together::list_of(&*self.table, &work.id).await?;
        // A full list counts newcomers from the least on: only what stays below is exact.
        if list.len() >= together::MOST {
            return Ok(());
        }
        for (other, count) in &list {
            let expected = pairs.get(&(work.id.clone(), other.clone())).copied().unwrap_or_default();
            if *count != expected && !sums.uncounted.contains(other) {
                let what = format!("counted {count} times, paid together {expected} times");
                out.say(Invariant::Together, &[work.id.as_str(), other.as_str()], what);
            }
        }
        let counted: u64 = list.iter().map(|(_, count)| u64::from(*count)).sum();
        let sum = sums.together.get(&work.id).copied().unwrap_or_default();
        if counted < sum {
            let what = format!("its list counts {counted}, payments {sum}");
            out.say(Invariant::Together, &[work.id.as_str()], what);
        }
        Ok(())
    }
}
