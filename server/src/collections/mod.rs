//! A seller's collections: works under a short name that promotions can be of.
//!
//! Invariants:
//! - A collection is its seller's; its short name is what works and promotions know it by and never changes.
//! - Which collections a work is in stands in the work's own record, so a quote reads nothing more for it. What lists a collection's
//!   works, and their count, change with it in one transaction.
//! - A work comes into a collection only while that is there. One that a promotion names which has not ended is not deleted.
//! - A deleted collection is gone at once; a job takes its works out, and whoever makes one of its name does so before.
//! - A name that is there no more means nothing, wherever it still stands; who gets the name anew gets a collection without works.
//!
//! | item | pk | sk | |
//! |---|---|---|---|
//! | a collection | `COLLECTIONS#t` | `C#name` | `title`, `count`, `rev` |
//! | how many a seller has; how often one was named or deleted | `COLLECTIONS#t` | `TALLY#` | |
//! | a work in it | `COLLECTION#t#name` | `W#work` | `since_ms` |
//! | attempt of a program to make one | `IDEM#collection#t#hash` | `IDEM#` | ttl 30 days |
//!
//! Not here: what promotions take off (`promotions`, `vitrine_pricing`), pages (`desk`), rows of imports (`catalog::exchange`).

mod left;
mod tally;
#[cfg(test)]
mod tests;
mod works;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::promotion::Promotion;
use vitrine_queue::SharedQueue;
use vitrine_shared::Problem;
use vitrine_shared::id::TenantId;
use vitrine_table::{
    Condition, Consistency, Delete, Item, Key, Put, TableError, Transact, TransactOp, Update, UpdateItem,
};

pub(crate) use left::{EMPTY, handlers, job_key};
pub(crate) use tally::{is_over, naming};
pub(crate) use works::{full_up, member_key, moved};

use crate::audit;
use crate::authz::TenantDesk;
use crate::catalog::store::CatalogStore;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::ids;
use crate::promotions::{Records, scopes};

/// Collections of a seller.
pub const MOST_COLLECTIONS: usize = 100;
/// Works of a collection.
pub const MOST_WORKS: usize = 5_000;
/// Collections of one work: as many as a quote takes.
pub const MOST_OF_WORK: usize = 20;
/// Bytes of a collection's name: as many as an entry of a promotion's scope has.
const MOST_NAME_BYTES: usize = 64;
/// Characters of a collection's title.
const MOST_TITLE: usize = 100;

/// A collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// What works and promotions know it by: small letters, digits and hyphens, 1 to 64.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// Works in it.
    pub count: usize,
    /// Counts writes, those of its works too.
    pub rev: i64,
}

/// Keeps collections. Cheap to clone.
#[derive(Clone)]
pub struct Collections {
    catalog: CatalogStore,
}

pub(crate) fn collection_key(tenant: &TenantId, name: &str) -> Key {
    Key::new(format!("COLLECTIONS#{tenant}"), format!("C#{name}"))
}

/// Where it is kept what an attempt of a caller made.
fn attempt_key(ctx: &OpCtx, tenant: &TenantId, attempt: &str) -> Key {
    let by = ctx.caller.audit_name();
    let bits = ids::derived_bits(&["collection", tenant.as_str(), &by, attempt]);
    Key::new(format!("IDEM#collection#{tenant}#{bits:032x}"), "IDEM#")
}

/// Names the trail of a collection.
pub fn trail_of(tenant: &TenantId, name: &str) -> String {
    format!("collection/{tenant}/{name}")
}

/// Whether this can be a collection's name.
pub fn is_name(name: &str) -> bool {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MOST_NAME_BYTES).contains(&name.len()) && name.bytes().all(fine)
}

fn check_title(title: &str) -> Result<()> {
    if title.is_empty() {
        return Err(Problem::invalid("title", "fault-empty", "Fill in this field."));
    }
    if title.chars().count() > MOST_TITLE || title.chars().any(char::is_control) {
        return Err(Problem::invalid("title", "fault-long", "This is too long or holds control characters."));
    }
    Ok(())
}

fn missing() -> Problem {
    Problem::not_found("collection")
}

fn changed() -> Problem {
    Problem::conflict("changed_meanwhile", "This was changed meanwhile. Look at it again.")
}

impl Collections {
    /// Over these records.
    pub fn new(catalog: CatalogStore) -> Self {
        Self { catalog }
    }

    fn promotions(&self) -> Records {
        Records::new(self.catalog.table().clone())
    }

    /// A seller's collections, by name. The caller's right is asked before.
    ///
    /// # Errors
    /// The table's.
    pub(crate) async fn of_seller(&self, tenant: &TenantId) -> Result<Vec<Collection>> {
        tally::all(&**self.catalog.table(), tenant).await
    }

    /// How many a seller has by the count that bounds them; `None` before any was made.
    ///
    /// # Errors
    /// The table's.
    pub(crate) async fn counted(&self, tenant: &TenantId) -> Result<Option<i64>> {
        Ok(tally::kept(&**self.catalog.table(), tenant).await?.map(|tally| tally.count))
    }

    /// Those of these names that there are. The caller's right is asked before.
    ///
    /// # Errors
    /// The table's.
    pub(crate) async fn named(&self, tenant: &TenantId, names: &[String]) -> Result<BTreeMap<String, Collection>> {
        tally::named(&**self.catalog.table(), tenant, names.iter().map(String::as_str)).await
    }

    /// A seller's collections, by name.
    ///
    /// # Errors
    /// The table's.
    pub async fn all(&self, desk: &TenantDesk) -> Result<Vec<Collection>> {
        self.of_seller(desk.tenant()).await
    }

    /// One of a seller's collections.
    ///
    /// # Errors
    /// 404 for none of that name; the table's.
    pub async fn get(&self, desk: &TenantDesk, name: &str) -> Result<Collection> {
        self.one(desk.tenant(), name).await?.ok_or_else(missing)
    }

    async fn one(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>> {
        // What cannot be a name is no key to look for.
        if !is_name(name) {
            return Ok(None);
        }
        let item = self.catalog.table().get(&collection_key(tenant, name), Consistency::Strong).await;
        item.map_err(fault::table)?.map(|item| vitrine_table::from_item(item).map_err(fault::table)).transpose()
    }

    /// Makes a collection without works.
    ///
    /// # Errors
    /// 422 naming the field: `fault-collection-name`, `fault-collection-taken`, `fault-empty`, `fault-long`; 409 `too_many_collections`;
    /// the table's.
    pub async fn create(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, title: &str) -> Result<()> {
        self.create_with(ctx, desk.tenant(), (name, title), "", None).await
    }

    /// As [`Collections::create`], once for each attempt of a caller; answers the collection as it is now.
    ///
    /// # Errors
    /// As [`Collections::create`]; 404 if it was deleted since; 422 `attempt_reused` for another collection under the same attempt,
    /// `bad_attempt`.
    pub async fn make(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        attempt: &str,
        (name, title): (&str, &str),
    ) -> Result<Collection> {
        let key = attempt_key(ctx, desk.tenant(), ids::attempt(attempt)?);
        let made = json!([name.trim(), title.trim()]);
        let known = async || -> Result<Option<bool>> {
            let item = self.catalog.table().get(&key, Consistency::Strong).await.map_err(fault::table)?;
            Ok(item.map(|item| item.get("made") == Some(&made)))
        };
        let mut before = known().await?;
        if before.is_none() {
            let mut item = Item::new();
            item.insert("pk".into(), key.pk.clone().into());
            item.insert("sk".into(), key.sk.clone().into());
            item.insert("made".into(), made.clone());
            item.insert("ttl".into(), json!(ctx.now_ms / 1000 + crate::checkout::ATTEMPT_SECS));
            item.insert("_v".into(), json!(1));
            let taken = TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) });
            let done = self.create_with(ctx, desk.tenant(), (name, title), "", Some(taken)).await;
            // Two of one attempt at a time: the other one made it.
            before = known().await?;
            if before.is_none() || (done.is_err() && before != Some(true)) {
                done?;
            }
        }
        if before == Some(false) {
            let told = "This key made another collection. Begin a new attempt with another one.";
            return Err(Problem::new(422, "attempt_reused", told));
        }
        self.get(desk, name.trim()).await
    }

    /// Makes a collection, or calls the one of this name so; answers whether it was there and was called otherwise before. The caller's
    /// right is asked before.
    ///
    /// # Errors
    /// As [`Collections::create`] and [`Collections::rename`].
    pub(crate) async fn brought(&self, ctx: &OpCtx, tenant: &TenantId, name: &str, title: &str) -> Result<Brought> {
        match self.one(tenant, name).await? {
            Some(before) if before.title == title.trim() => Ok(Brought::Unchanged),
            Some(before) => {
                self.call(ctx, tenant, before, title, "import").await?;
                Ok(Brought::Renamed)
            }
            None => {
                self.create_with(ctx, tenant, (name, title), "import", None).await?;
                Ok(Brought::Made)
            }
        }
    }

    async fn create_with(
        &self,
        ctx: &OpCtx,
        tenant: &TenantId,
        (name, title): (&str, &str),
        why: &str,
        more: Option<TransactOp>,
    ) -> Result<()> {
        let (name, title) = (name.trim(), title.trim());
        if !is_name(name) {
            let told = "A short name has 1 to 64 small letters, digits and hyphens.";
            return Err(Problem::invalid("name", "fault-collection-name", told));
        }
        check_title(title)?;
        let taken =
            || Problem::invalid("name", "fault-collection-taken", "Another collection of this seller has this name.");
        let too_many = || {
            let told = format!("A seller has at most {MOST_COLLECTIONS} collections. Delete one first.");
            Problem::conflict("too_many_collections", told)
        };
        if self.one(tenant, name).await?.is_some() {
            return Err(taken());
        }
        if tally::tally(&**self.catalog.table(), tenant).await?.count >= tally::MOST {
            return Err(too_many());
        }
        // What was left of an earlier one of this name must not come into this one.
        self.emptied(ctx, tenant, name).await?;
        let collection = Collection { name: name.to_owned(), title: title.to_owned(), count: 0, rev: 1 };
        let key = collection_key(tenant, name);
        let mut item = vitrine_table::to_item(&key, &collection).map_err(fault::table)?;
        item.insert("_v".into(), json!(1));
        let mut ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            tally::made(tenant),
            audit::entry(ctx, &trail_of(tenant, name), "collection.created", why, json!({ "title": title })),
        ];
        ops.extend(more);
        match self.catalog.table().transact(Transact { ops, token: None }).await {
            Err(e) if e.failed_condition(0).is_some() => Err(taken()),
            Err(e) if e.failed_condition(1).is_some() => Err(too_many()),
            Err(TableError::Cancelled(_)) => Err(changed()),
            done => done.map_err(fault::table),
        }
    }

    /// Calls a collection otherwise, if it is as it was at `rev`. The same title again is no change.
    ///
    /// # Errors
    /// 404 for none of that name, 409 `changed_meanwhile`, 422 naming the field; the table's.
    pub async fn rename(
        &self,
        ctx: &OpCtx,
        desk: &TenantDesk,
        name: &str,
        rev: i64,
        title: &str,
    ) -> Result<Collection> {
        check_title(title.trim())?;
        let collection = self.get(desk, name).await?;
        if collection.rev != rev {
            return Err(changed());
        }
        self.call(ctx, desk.tenant(), collection, title, "").await
    }

    async fn call(
        &self,
        ctx: &OpCtx,
        tenant: &TenantId,
        was: Collection,
        title: &str,
        why: &str,
    ) -> Result<Collection> {
        let title = title.trim();
        check_title(title)?;
        if was.title == title {
            return Ok(was);
        }
        let renamed = UpdateItem {
            key: collection_key(tenant, &was.name),
            updates: vec![Update::set("title", title), Update::Add("rev".into(), 1)],
            condition: Some(Condition::eq("rev", was.rev)),
        };
        let ops = vec![
            TransactOp::Update(renamed),
            audit::entry(ctx, &trail_of(tenant, &was.name), "collection.renamed", why, json!({ "title": title })),
        ];
        match self.catalog.table().transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => Err(changed()),
            done => {
                done.map(|()| Collection { title: title.to_owned(), rev: was.rev + 1, ..was }).map_err(fault::table)
            }
        }
    }

    /// Promotions that name a collection and have not ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn promotions_of(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str) -> Result<Vec<Promotion>> {
        let names = |p: &Promotion| scopes(p).iter().any(|(_, scope)| scope.collections.iter().any(|c| c == name));
        let mut found = Vec::new();
        for kept in self.promotions().every(desk.tenant()).await? {
            if names(&kept.promotion) && !is_over(&kept.promotion, ctx.now_ms)? {
                found.push(kept.promotion);
            }
        }
        Ok(found)
    }

    /// Deletes a collection; with a `rev` only as it was then. Its works stay; a job on `queue` takes them out of it.
    ///
    /// # Errors
    /// 404 for none of that name, 409 `collection_named` with the promotions in `detail`, `changed_meanwhile`; the table's.
    pub async fn delete(
        &self,
        queue: &SharedQueue,
        ctx: &OpCtx,
        desk: &TenantDesk,
        name: &str,
        rev: Option<i64>,
    ) -> Result<()> {
        let (tenant, collection) = (desk.tenant(), self.get(desk, name).await?);
        if rev.is_some_and(|rev| rev != collection.rev) {
            return Err(changed());
        }
        // Before the promotions are looked through: one that names a collection from here on is noticed.
        let seen = tally::tally(&**self.catalog.table(), tenant).await?;
        let named = self.promotions_of(ctx, desk, name).await?;
        if !named.is_empty() {
            let told: Vec<&str> = named.iter().take(5).map(Promotion::label).collect();
            let problem = "Promotions that have not ended name it. End them, or take it out of them, first.";
            return Err(Problem::conflict("collection_named", problem).detail(told.join(", ")));
        }
        let condition = Some(Condition::eq("rev", collection.rev));
        let what = json!({ "works": collection.count });
        let mut ops = vec![
            TransactOp::Delete(Delete { key: collection_key(tenant, name), condition }),
            tally::deleted(tenant, &seen),
            audit::entry(ctx, &trail_of(tenant, name), "collection.deleted", "", what),
        ];
        // It is gone from then on: nothing comes in any more, and what is left of it means nothing.
        let job = left::job(tenant, name, ctx.now_ms);
        let queueing = |e| fault::internal("the queue", &e);
        let item = queue.as_item(&job).map_err(queueing)?;
        let apart = item.is_none();
        ops.extend(item.map(|item| TransactOp::Put(Put { item, condition: None })));
        match self.catalog.table().transact(Transact { ops, token: None }).await {
            Err(TableError::Cancelled(_)) => return Err(changed()),
            done => done.map_err(fault::table)?,
        }
        if apart {
            queue.enqueue(job).await.map_err(queueing)?;
        }
        Ok(())
    }
}

/// What became of a collection that an import brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// It was not there.
    Made,
    /// It had another title.
    Renamed,
    /// It was so already.
    Unchanged,
}
