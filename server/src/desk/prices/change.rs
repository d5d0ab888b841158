//! What would change, kept until it is confirmed, and carried out once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_shared::Problem;
use vitrine_shared::catalog::PriceRecord;
use vitrine_shared::id::{TenantId, WorkId};
use vitrine_shared::pricelist::{self, Planned, Wish};
use vitrine_shared::views::MomentView;
use vitrine_shared::views::prices::{ChangeLine, ChangesView, RefusedRow};
use vitrine_table::{Condition, Consistency, Index, Item, Key, Put, Query, TableError, Transact, TransactOp};
use vitrine_table::{Update, UpdateItem};

use super::grid::seen_of;
use super::{changed_meanwhile, edition_of, told, words};
use crate::catalog::store::{WorkBundle, items, put, work_sk};
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::desk::kept::{KEPT_SECS, form_key};
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// Wishes of one stored item: far below what an item may hold.
const CHUNK: usize = 500;
/// Changes shown.
const SHOWN: usize = 500;

/// What is wished, before it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Draft {
    seller: TenantId,
    back: String,
    done: bool,
    /// Rows of a file that change nothing.
    pub(super) same: usize,
    /// Rows of a file that are not taken, the first of them.
    pub(super) refused: Vec<RefusedRow>,
    /// All that are not taken.
    pub(super) refused_count: usize,
    #[serde(skip)]
    wishes: Vec<(WorkId, Wish)>,
}

impl Draft {
    /// Of a seller's list; `back` is where to go afterwards.
    pub(super) fn of(seller: &TenantId, back: String) -> Self {
        let (seller, wishes) = (seller.clone(), Vec::new());
        Self { seller, back, done: false, same: 0, refused: Vec::new(), refused_count: 0, wishes }
    }

    pub(super) fn add(&mut self, work: &WorkId, wish: Wish) {
        self.wishes.push((work.clone(), wish));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wishes.is_empty()
    }

    /// Works in the order of the wishes, each once, with what is wished of it.
    fn by_work(&self) -> Vec<(&WorkId, Vec<&Wish>)> {
        let mut at: BTreeMap<&WorkId, usize> = BTreeMap::new();
        let mut out: Vec<(&WorkId, Vec<&Wish>)> = Vec::new();
        for (work, wish) in &self.wishes {
            let index = *at.entry(work).or_insert_with(|| {
                out.push((work, Vec::new()));
                out.len() - 1
            });
            if let Some((_, wishes)) = out.get_mut(index) {
                wishes.push(wish);
            }
        }
        out
    }
}

fn missing() -> Problem {
    Problem::not_found("change")
}

fn draft_name(attempt: &str) -> Result<String> {
    let fine = attempt.len() == 32 && attempt.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if fine { Ok(format!("CHANGE#{attempt}")) } else { Err(missing()) }
}

/// Says that a work's part of a change was written; it goes with the form.
fn mark_key(ctx: &OpCtx, attempt: &str, work: &WorkId) -> Result<Key> {
    form_key(ctx, &format!("{}#WROTE#{work}", draft_name(attempt)?))
}

/// A work's records after all wishes, with what each changes.
fn carried(bundle: &WorkBundle, wishes: &[&Wish], now_ms: i64) -> (Vec<PriceRecord>, Vec<Option<Planned>>) {
    let mut prices = bundle.prices.clone();
    let planned = wishes.iter().map(|wish| pricelist::plan(&mut prices, wish, now_ms)).collect();
    (prices, planned)
}

impl Desk {
    /// Keeps a change until it is confirmed; answers its name.
    pub(super) async fn keep_change(&self, ctx: &OpCtx, draft: Draft) -> Result<String> {
        authz::tenant_desk(ctx, &draft.seller)?;
        let attempt = ids::secret();
        let name = draft_name(&attempt)?;
        for (n, chunk) in draft.wishes.chunks(CHUNK).enumerate() {
            self.keep_form(ctx, &format!("{name}#WISHES#{n:04}"), &chunk).await?;
        }
        // Last: a change that is there is whole.
        self.keep_form(ctx, &name, &draft).await?;
        Ok(attempt)
    }

    async fn draft(&self, ctx: &OpCtx, attempt: &str) -> Result<Draft> {
        authz::user(ctx)?;
        let name = draft_name(attempt)?;
        let mut draft: Draft = self.kept_form(ctx, &name).await?.ok_or_else(missing)?;
        authz::tenant_desk(ctx, &draft.seller).map_err(|_| missing())?;
        let key = form_key(ctx, &format!("{name}#WISHES#"))?;
        let query = Query::new(Index::Base, key.pk).begins_with(key.sk);
        let chunks = vitrine_table::retry::query_all(&*self.0.table, query, 10_000).await.map_err(fault::table)?;
        for mut item in chunks {
            let kept = item.remove("kept").unwrap_or_default();
            let wishes: Vec<(WorkId, Wish)> =
                serde_json::from_value(kept).map_err(|e| fault::internal("a kept change", &e))?;
            draft.wishes.extend(wishes);
        }
        Ok(draft)
    }

    /// Works of a change that are not written yet, as they are now. What became another seller's is none.
    async fn open(&self, ctx: &OpCtx, attempt: &str, draft: &Draft) -> Result<Vec<WorkBundle>> {
        let works: Vec<WorkId> = draft.by_work().into_iter().map(|(work, _)| work.clone()).collect();
        let keys = works.iter().map(|work| mark_key(ctx, attempt, work)).collect::<Result<Vec<_>>>()?;
        let marks = vitrine_table::retry::get_each(&*self.0.table, keys).await.map_err(fault::table)?;
        let left = works.into_iter().zip(marks).filter(|(_, mark)| mark.is_none()).map(|(work, _)| work);
        let mut bundles = self.bundles(left).await?;
        bundles.retain(|bundle| bundle.work.tenant == draft.seller);
        Ok(bundles)
    }

    /// A change as it would be carried out now.
    ///
    /// # Errors
    /// 401 for nobody, 404 for what is not the caller's or was kept too long.
    pub async fn changes_view(&self, ctx: &OpCtx, attempt: &str) -> Result<ChangesView> {
        let draft = self.draft(ctx, attempt).await?;
        let bundles = if draft.done { Vec::new() } else { self.open(ctx, attempt, &draft).await? };
        let by_work: BTreeMap<&WorkId, Vec<&Wish>> = draft.by_work().into_iter().collect();
        let locale = self.0.catalog.place(ctx).locale;
        let (mut changes, mut count, mut same) = (Vec::new(), 0, draft.same);
        for bundle in &bundles {
            let Some(wishes) = by_work.get(&bundle.work.id) else { continue };
            let (_, planned) = carried(bundle, wishes, ctx.now_ms);
            for (wish, planned) in wishes.iter().zip(planned) {
                let Some(planned) = planned else {
                    same += 1;
                    continue;
                };
                count += 1;
                if changes.len() >= SHOWN {
                    continue;
                }
                let edition = bundle.variant(&wish.variant).map(|(product, variant)| {
                    let name = [edition_of(product, variant), variant.sku.clone()];
                    name.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ")
                });
                changes.push(ChangeLine {
                    title: bundle.work.title.clone(),
                    edition: edition.unwrap_or_default(),
                    region: wish.region.clone(),
                    currency: wish.currency.clone(),
                    min_quantity: wish.min_quantity,
                    old: planned.old.as_ref().map(|p| words(p, locale)),
                    new: planned.new.as_ref().map(|p| words(p, locale)),
                    at: (planned.at_ms > ctx.now_ms).then(|| MomentView::of(planned.at_ms, locale)),
                    to: planned.to_ms.map(|to| MomentView::of(to, locale)),
                    unasked: !pricelist::is_asked(&wish.region, &wish.currency),
                });
            }
        }
        let seen: Vec<String> = bundles.iter().map(|b| format!("{}={}", b.work.id, b.work.rev)).collect();
        Ok(ChangesView {
            attempt: attempt.to_owned(),
            back: draft.back,
            done: draft.done,
            changes,
            count,
            same,
            refused: draft.refused,
            refused_count: draft.refused_count,
            seen: seen.join(","),
        })
    }

    /// Carries a change out as it was seen, one work a transaction with its trail; what was written before is not written again.
    /// Answers where to go.
    ///
    /// # Errors
    /// 401 for nobody, 404 for what is not the caller's or was kept too long, 409 `changed_meanwhile` if a work is not as it was seen:
    /// what was not written yet waits to be confirmed again.
    pub async fn carry_out(&self, ctx: &OpCtx, attempt: &str, seen: &str) -> Result<String> {
        let draft = self.draft(ctx, attempt).await?;
        if draft.done {
            return Ok(draft.back);
        }
        let seen = seen_of(seen);
        let bundles = self.open(ctx, attempt, &draft).await?;
        if bundles.iter().any(|b| seen.get(&b.work.id) != Some(&b.work.rev)) {
            return Err(changed_meanwhile());
        }
        let by_work: BTreeMap<&WorkId, Vec<&Wish>> = draft.by_work().into_iter().collect();
        for bundle in &bundles {
            if let Some(wishes) = by_work.get(&bundle.work.id) {
                self.carry_out_one(ctx, attempt, bundle, wishes).await?;
            }
        }
        let done = Draft { done: true, ..draft.clone() };
        self.keep_form(ctx, &draft_name(attempt)?, &done).await?;
        Ok(draft.back)
    }

    async fn carry_out_one(&self, ctx: &OpCtx, attempt: &str, bundle: &WorkBundle, wishes: &[&Wish]) -> Result<()> {
        let work = &bundle.work;
        let (after, _) = carried(bundle, wishes, ctx.now_ms);
        let changed = pricelist::changed(&bundle.prices, &after);
        if changed.is_empty() {
            return Ok(());
        }
        let (jobs, apart) = self.price_jobs(&work.id, &changed, ctx.now_ms)?;
        let rest = self.ahead(ctx, bundle, changed).await?;
        let mut ops = vec![TransactOp::Update(UpdateItem {
            key: Key::new(format!("WORK#{}", work.id), work_sk(work.kind)),
            updates: vec![Update::Add("rev".into(), 1)],
            // Somebody who edits at the same time must not be overwritten unseen.
            condition: Some(Condition::eq("rev", work.rev)),
        })];
        for price in &rest {
            ops.push(put(items::price(&work.id, price)?));
        }
        let mark = mark_key(ctx, attempt, &work.id)?;
        let mut item = Item::new();
        item.insert("pk".into(), mark.pk.clone().into());
        item.insert("sk".into(), mark.sk.clone().into());
        item.insert("ttl".into(), json!(ctx.now_ms / 1000 + KEPT_SECS));
        item.insert("_v".into(), json!(1));
        ops.push(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }));
        ops.push(audit::entry(ctx, work.id.as_str(), "prices.changed", "", json!({ "prices": told(&rest) })));
        ops.extend(jobs);
        match self.0.table.transact(Transact { ops, token: None }).await {
            Ok(()) => self.enqueue(apart).await,
            Err(TableError::Cancelled(_)) => {
                // The same press a second time, at the same time: it is done.
                let wrote = self.0.table.get(&mark, Consistency::Strong).await.map_err(fault::table)?;
                if wrote.is_some() { Ok(()) } else { Err(changed_meanwhile()) }
            }
            Err(e) => Err(fault::table(e)),
        }
    }
}
