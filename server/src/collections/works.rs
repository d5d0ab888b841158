//! Which works are in a collection: put in and taken out, listed.

use std::collections::BTreeSet;

use serde_json::json;
use vitrine_shared::Problem;
use vitrine_shared::catalog::Work;
use vitrine_shared::id::{TenantId, VariantId, WorkId};
use vitrine_table::{
    Condition, Delete, Index, Item, Key, Put, Query, SortRange, TableError, Transact, TransactOp, Update, UpdateItem,
    retry,
};

use super::{Collection, Collections, MOST_OF_WORK, MOST_WORKS, changed, collection_key, missing};
use crate::audit;
use crate::authz::TenantDesk;
use crate::catalog::store::items;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};

/// Works of one list that is put in or taken out.
const MOST_TYPED: usize = 1_000;
/// Works of one transaction: each takes three or four writes, and its record may be large.
pub(super) const A_TIME: usize = 8;
/// Works of a page.
const PAGE: usize = 100;
/// How often a write that met another one is tried anew.
pub(super) const TRIES: usize = 5;

fn partition(tenant: &TenantId, name: &str) -> String {
    format!("COLLECTION#{tenant}#{name}")
}

/// Where it stands that a work is in a collection.
pub(crate) fn member_key(tenant: &TenantId, name: &str, work: &WorkId) -> Key {
    Key::new(partition(tenant, name), format!("W#{work}"))
}

pub(super) fn member(tenant: &TenantId, name: &str, work: &WorkId, put: bool, now_ms: i64) -> TransactOp {
    let key = member_key(tenant, name, work);
    if !put {
        return TransactOp::Delete(Delete { key, condition: None });
    }
    let mut item = Item::new();
    item.insert("pk".into(), key.pk.into());
    item.insert("sk".into(), key.sk.into());
    item.insert("since_ms".into(), json!(now_ms));
    item.insert("_v".into(), json!(1));
    TransactOp::Put(Put { item, condition: None })
}

/// Counts works that come or go, of a collection that is there and has room for them.
fn counted(tenant: &TenantId, name: &str, by: i64) -> TransactOp {
    let mut there = vec![Condition::ItemExists];
    if by > 0 {
        let room = i64::try_from(MOST_WORKS).unwrap_or(i64::MAX) - by;
        there.push(Condition::Le("count".into(), room.into()));
    }
    TransactOp::Update(UpdateItem {
        key: collection_key(tenant, name),
        updates: vec![Update::Add("count".into(), by), Update::Add("rev".into(), 1)],
        condition: Some(Condition::All(there)),
    })
}

/// The writes beside a work's own with which it comes out of collections and into others; `is_there` says which there are. Two for each
/// that it comes into or out of: at most four times [`MOST_OF_WORK`].
pub(crate) fn moved(
    (tenant, work): (&TenantId, &WorkId),
    before: &[String],
    after: &[String],
    is_there: impl Fn(&str) -> bool,
    now_ms: i64,
) -> Vec<TransactOp> {
    let mut ops = Vec::new();
    for name in after.iter().filter(|name| !before.contains(name)) {
        ops.extend([counted(tenant, name, 1), member(tenant, name, work, true, now_ms)]);
    }
    for name in before.iter().filter(|name| !after.contains(name)) {
        ops.push(member(tenant, name, work, false, now_ms));
        if is_there(name) {
            ops.push(counted(tenant, name, -1));
        }
    }
    ops
}

/// Says that a collection takes no more.
pub(crate) fn full_up() -> Problem {
    let told = format!("A collection has at most {MOST_WORKS} works. Make another one for the rest.");
    Problem::conflict("collection_full", told)
}

impl Collections {
    /// The works that a list names by their ids, by ids of editions or by the seller's SKUs; each once.
    ///
    /// # Errors
    /// 422 `works`: `fault-empty`; `fault-works` with those that are not the seller's, or `fault-too-many-works`, in `detail`.
    pub async fn read(&self, desk: &TenantDesk, typed: &[&str]) -> Result<Vec<WorkId>> {
        let typed: Vec<&str> = typed.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        if typed.is_empty() {
            return Err(Problem::invalid("works", "fault-empty", "Fill in this field."));
        }
        if typed.len() > MOST_TYPED {
            let told = format!("At most {MOST_TYPED} works at a time.");
            return Err(Problem::invalid("works", "fault-too-many-works", told));
        }
        let ids: Vec<WorkId> = typed.iter().filter_map(|text| text.parse().ok()).collect();
        let own: Vec<WorkId> =
            self.catalog.works(&ids).await?.into_iter().filter(|w| w.tenant == *desk.tenant()).map(|w| w.id).collect();
        let skus: Vec<&str> = typed
            .iter()
            .copied()
            .filter(|text| text.parse::<WorkId>().is_err() && text.parse::<VariantId>().is_err())
            .collect();
        let by_sku = self.catalog.by_sku(desk.tenant(), &skus).await?;
        let (mut found, mut wrong): (Vec<WorkId>, Vec<String>) = (Vec::new(), Vec::new());
        for text in typed {
            let work = match (text.parse::<WorkId>(), text.parse::<VariantId>()) {
                (Ok(work), _) => Some(work).filter(|work| own.contains(work)),
                (_, Ok(edition)) => {
                    let pointer = self.catalog.variant(&edition).await?;
                    pointer.filter(|at| at.seller == *desk.tenant()).map(|at| at.work)
                }
                _ => by_sku.get(text).map(|(_, work)| work.clone()),
            };
            match work {
                Some(work) if found.contains(&work) => {}
                Some(work) => found.push(work),
                None => wrong.push(text.chars().take(80).collect()),
            }
        }
        if wrong.is_empty() {
            return Ok(found);
        }
        wrong.truncate(5);
        let problem = Problem::invalid("works", "fault-works", "Some of these are no works of this seller.");
        Err(problem.detail(wrong.join(", ")))
    }

    /// Puts works of [`Collections::read`] in; answers how many were not there before. Of a list that does not fit nothing is taken. What
    /// was written before an error that came up meanwhile stays, and doing it again changes nothing of it.
    ///
    /// # Errors
    /// 404 for no such collection; 422 `works`: `fault-work-collections` with the works that are in as many as there may be in `detail`;
    /// 409 `collection_full`, or if others changed them all the time; the table's.
    pub async fn put_in(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, works: &[WorkId]) -> Result<usize> {
        let collection = self.one(desk.tenant(), name).await?.ok_or_else(missing)?;
        let moving = self.moving(desk.tenant(), name, works, true).await?;
        self.fitting(desk.tenant(), &collection, &moving).await?;
        let mut added = 0;
        for some in works.chunks(A_TIME) {
            added += self.some(ctx, desk.tenant(), name, some, true).await?;
        }
        Ok(added)
    }

    /// Takes works out; answers how many were in it.
    ///
    /// # Errors
    /// As [`Collections::put_in`].
    pub async fn take_out(&self, ctx: &OpCtx, desk: &TenantDesk, name: &str, works: &[WorkId]) -> Result<usize> {
        let mut gone = 0;
        for some in works.chunks(A_TIME) {
            gone += self.some(ctx, desk.tenant(), name, some, false).await?;
        }
        Ok(gone)
    }

    /// Changes as many as a transaction holds, with the count and their trails; again if somebody else was at it.
    async fn some(&self, ctx: &OpCtx, tenant: &TenantId, name: &str, ids: &[WorkId], put: bool) -> Result<usize> {
        for _ in 0..TRIES {
            let collection = self.one(tenant, name).await?.ok_or_else(missing)?;
            let moving = self.moving(tenant, name, ids, put).await?;
            if moving.is_empty() {
                return Ok(0);
            }
            let gone = if put { Some(self.fitting(tenant, &collection, &moving).await?) } else { None };
            let count = i64::try_from(moving.len()).unwrap_or(i64::MAX);
            let mut ops = vec![counted(tenant, name, if put { count } else { -count })];
            for work in &moving {
                ops.extend(self.one_moved(ctx, work, name, gone.as_ref())?);
            }
            match self.catalog.table().transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(moving.len()),
                Err(TableError::Cancelled(_)) => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(changed())
    }

    /// Those of these works that are to come in or go out.
    async fn moving(&self, tenant: &TenantId, name: &str, ids: &[WorkId], put: bool) -> Result<Vec<Work>> {
        let works = self.catalog.works(ids).await?.into_iter().filter(|work| work.tenant == *tenant);
        Ok(works.filter(|w| w.collections.iter().any(|c| c == name) != put).collect())
    }

    /// Whether these works can all come in: answers the names that those of them have which name as many as may be, and that are there no
    /// more.
    async fn fitting(&self, tenant: &TenantId, into: &Collection, moving: &[Work]) -> Result<BTreeSet<String>> {
        let full = || moving.iter().filter(|work| work.collections.len() >= MOST_OF_WORK);
        let mut names: BTreeSet<String> = full().flat_map(|work| work.collections.iter().cloned()).collect();
        if !names.is_empty() {
            let there = self.named(tenant, &names.iter().cloned().collect::<Vec<_>>()).await?;
            names.retain(|name| !there.contains_key(name));
        }
        let gone = names;
        let is_crowded = |work: &&Work| !work.collections.iter().any(|name| gone.contains(name));
        let crowded: Vec<&str> = full().filter(is_crowded).take(5).map(|work| work.title.as_str()).collect();
        if !crowded.is_empty() {
            let told = format!("A work is in at most {MOST_OF_WORK} collections. Take it out of one first.");
            let problem = Problem::invalid("works", "fault-work-collections", told);
            return Err(problem.detail(crowded.join(", ")));
        }
        if into.count + moving.len() > MOST_WORKS {
            return Err(full_up());
        }
        Ok(gone)
    }

    /// One work in or out, with its trail; in if there is `gone`: a name of these makes room where the work has as many as may be.
    pub(super) fn one_moved(
        &self,
        ctx: &OpCtx,
        work: &Work,
        name: &str,
        gone: Option<&BTreeSet<String>>,
    ) -> Result<Vec<TransactOp>> {
        let put = gone.is_some();
        let mut next = work.clone();
        next.collections.retain(|c| c != name);
        let is_gone = |name: &String| gone.is_some_and(|gone| gone.contains(name));
        let out = next.collections.iter().position(is_gone).filter(|_| next.collections.len() >= MOST_OF_WORK);
        let out = out.map(|at| next.collections.remove(at));
        if put {
            next.collections.push(name.to_owned());
            next.collections.sort();
        }
        next.rev += 1;
        let item = items::work(&next, work.published_ms.unwrap_or(ctx.now_ms))?;
        let act = if put { "work.put_in" } else { "work.taken_out" };
        let mut ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::eq("rev", work.rev)) }),
            member(&work.tenant, name, &work.id, put, ctx.now_ms),
            audit::entry(ctx, work.id.as_str(), act, "", json!({ "collection": name })),
        ];
        ops.extend(out.map(|out| member(&work.tenant, &out, &work.id, false, ctx.now_ms)));
        Ok(ops)
    }

    /// Ids of works in a collection, those after one, at most so many.
    pub(super) async fn listed(
        &self,
        tenant: &TenantId,
        name: &str,
        after: Option<&WorkId>,
        most: usize,
    ) -> Result<Vec<WorkId>> {
        let mut query = Query::new(Index::Base, partition(tenant, name));
        // The sort key of a work is its own, so the one after another is what begins after it.
        query.range = match after {
            Some(work) => SortRange::Between(format!("W#{work}~"), "W#~".into()),
            None => SortRange::BeginsWith("W#".into()),
        };
        let items = retry::query_all(&**self.catalog.table(), query, most).await.map_err(fault::table)?;
        let id = |item: &Item| item.get("sk")?.as_str()?.strip_prefix("W#")?.parse().ok();
        Ok(items.iter().filter_map(id).collect())
    }

    /// How many works are listed as in a collection.
    ///
    /// # Errors
    /// The table's.
    pub(crate) async fn listed_count(&self, tenant: &TenantId, name: &str) -> Result<usize> {
        Ok(self.listed(tenant, name, None, MOST_WORKS + 1).await?.len())
    }

    /// A page of a collection's works with what to ask the next page with, the oldest first.
    ///
    /// # Errors
    /// 422 for an `after` that is no work's id; the table's.
    pub async fn works(
        &self,
        desk: &TenantDesk,
        name: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Work>, Option<String>)> {
        let bad = || Problem::invalid("cursor", "bad_cursor", "The cursor is not one of this list.");
        let after: Option<WorkId> = after.map(|id| id.parse().map_err(|_| bad())).transpose()?;
        let mut ids = self.listed(desk.tenant(), name, after.as_ref(), PAGE + 1).await?;
        let more = ids.len() > PAGE;
        ids.truncate(PAGE);
        let mut works = self.catalog.works(&ids).await?;
        works.retain(|work| work.collections.iter().any(|c| c == name));
        works.sort_by(|a, b| a.id.cmp(&b.id));
        let next = ids.last().filter(|_| more).map(ToString::to_string);
        Ok((works, next))
    }
}
