//! A seller's price list: a grid at a moment, all prices of one edition, files of it, and what a buyer would see.
//!
//! Invariants: nothing is written before it was shown as what it would change; what was shown is written once, or not at all where
//! somebody else was faster; a price is never overwritten (`vitrine_shared::pricelist`).
//!
//! Not here: which record wins and what a wish does to the records (`pricelist`), totals (`pricing`).

mod change;
mod edition;
mod grid;
mod http;
mod see;
mod sheet;
#[cfg(test)]
mod tests;

pub use grid::{Cell, GridAsk, GridForm, Spot, place_of, seen_of};
pub(super) use http::routes;
pub(super) use sheet::neutral;
pub use sheet::{Line, lines};

use edition::EndForm;

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Value, json};
use vitrine_pricing::format::{Locale, format_money};
use vitrine_pricing::money::{Currency, Money};
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{PriceRecord, Product, Variant};
use vitrine_shared::id::{VariantId, WorkId};
use vitrine_shared::views::prices::PriceWords;
use vitrine_table::{Condition, Key, Transact, TransactOp};

use super::Desk;
use crate::catalog::jobs::price_jobs;
use crate::catalog::store::{WorkBundle, put, work_sk};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Prices of one transaction, beside the work, its trail and its jobs.
const A_TIME: usize = 80;
/// Jobs of one transaction; the others are handed over by themselves.
const JOBS: usize = 10;
/// Works read at the same time.
const TOGETHER: usize = 8;

/// What a trail says of written prices.
pub(super) fn told(prices: &[PriceRecord]) -> Vec<Value> {
    let one = |p: &PriceRecord| {
        json!({ "variant": p.variant, "region": p.region, "currency": p.currency, "amount_minor": p.amount_minor,
            "min_quantity": p.min_quantity, "from_ms": p.valid_from_ms, "to_ms": p.valid_to_ms })
    };
    prices.iter().map(one).collect()
}

/// Product and edition.
fn edition_of(product: &Product, variant: &Variant) -> String {
    let name = [product.title.as_str(), variant.title.as_str()].into_iter().filter(|t| !t.is_empty());
    name.collect::<Vec<_>>().join(" · ")
}

/// An amount of a record in words.
fn money(minor: i64, currency: &str, locale: Locale) -> String {
    let money = currency.parse::<Currency>().ok().and_then(|c| Money::new(minor, c).ok());
    money.map(|m| format_money(m, locale)).unwrap_or_default()
}

/// A decimal amount of a record.
fn decimal(minor: i64, currency: &str) -> String {
    let money = currency.parse::<Currency>().ok().and_then(|c| Money::new(minor, c).ok());
    money.map(Money::to_decimal).unwrap_or_default()
}

fn words(price: &PriceRecord, locale: Locale) -> PriceWords {
    let text = |minor: i64| money(minor, &price.currency, locale);
    let free = price.amount_minor == 0 && price.minimum_minor.is_none();
    PriceWords {
        amount: if free { String::new() } else { text(price.amount_minor) },
        minimum: price.minimum_minor.map(text),
        compare_at: price.compare_at_minor.map(text),
    }
}

fn no_edition() -> Problem {
    Problem::not_found("edition")
}

impl Desk {
    /// An edition of the caller's with its work.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' editions.
    async fn edition(&self, ctx: &OpCtx, id: &str) -> Result<(VariantId, WorkBundle)> {
        authz::user(ctx)?;
        let variant: VariantId = id.parse().map_err(|_| no_edition())?;
        let records = self.0.catalog.records();
        let pointer = records.variant(&variant).await?.ok_or_else(no_edition)?;
        let bundle = records.bundle(&pointer.work).await?.ok_or_else(no_edition)?;
        authz::tenant_desk(ctx, &bundle.work.tenant).map_err(|_| no_edition())?;
        bundle.variant(&variant).ok_or_else(no_edition)?;
        Ok((variant, bundle))
    }

    /// Works with products and prices, in the order asked; those that are nowhere are left out.
    async fn bundles(&self, ids: impl IntoIterator<Item = WorkId>) -> Result<Vec<WorkBundle>> {
        let ids: Vec<WorkId> = ids.into_iter().collect();
        let records = self.0.catalog.records();
        let mut out = Vec::with_capacity(ids.len());
        for some in ids.chunks(TOGETHER) {
            out.extend(try_join_all(some.iter().map(|id| records.bundle(id))).await?.into_iter().flatten());
        }
        Ok(out)
    }

    /// The jobs at moments to come, as far as a transaction has room for them, and those that are handed over afterwards.
    pub(super) fn price_jobs(
        &self,
        work: &WorkId,
        prices: &[PriceRecord],
        now_ms: i64,
    ) -> Result<(Vec<TransactOp>, Vec<NewJob>)> {
        let (mut ops, mut apart) = (Vec::new(), Vec::new());
        for job in price_jobs(work, prices, now_ms) {
            match self.0.queue.as_item(&job).map_err(|e| fault::internal("the queue", &e))? {
                Some(item) if ops.len() < JOBS => ops.push(put(item)),
                _ => apart.push(job),
            }
        }
        Ok((ops, apart))
    }

    /// Hands jobs over by themselves.
    pub(super) async fn enqueue(&self, jobs: Vec<NewJob>) -> Result<()> {
        for job in jobs {
            self.0.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        }
        Ok(())
    }

    /// Writes prices that do not fit the transaction that follows, each lot with its trail; answers those that do. Nothing is written to
    /// a work that is not as it was seen.
    pub(super) async fn ahead(
        &self,
        ctx: &OpCtx,
        bundle: &WorkBundle,
        prices: Vec<PriceRecord>,
    ) -> Result<Vec<PriceRecord>> {
        let work = &bundle.work;
        let mut rest = prices;
        while rest.len() > A_TIME {
            let later = rest.split_off(A_TIME);
            let key = Key::new(format!("WORK#{}", work.id), work_sk(work.kind));
            let mut ops = vec![TransactOp::Check { key, condition: Condition::eq("rev", work.rev) }];
            for price in &rest {
                ops.push(put(crate::catalog::store::items::price(&work.id, price)?));
            }
            ops.push(audit::entry(ctx, work.id.as_str(), "prices.changed", "", json!({ "prices": told(&rest) })));
            match self.0.table.transact(Transact { ops, token: None }).await {
                Ok(()) => {}
                Err(vitrine_table::TableError::Cancelled(_)) => return Err(changed_meanwhile()),
                Err(e) => return Err(fault::table(e)),
            }
            rest = later;
        }
        Ok(rest)
    }
}

pub(super) fn changed_meanwhile() -> Problem {
    Problem::conflict("changed_meanwhile", "Somebody else changed this work. Look at it again.")
}

fn refused(faults: BTreeMap<String, String>) -> Problem {
    let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
    problem.fields = faults;
    problem
}
