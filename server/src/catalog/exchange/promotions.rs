//! Rows of promotions. What a row says is left is counted from its import on: a code without uses left stays used up.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::money::Money;
use vitrine_pricing::promotion::{Benefit, ItemScope, Limits, Promotion, Stacking};
use vitrine_shared::catalog::is_default;
use vitrine_shared::id::{MakerId, PromotionId, TenantId, VariantId, WorkId};

use super::Outcome;
use super::build::{edition_id, id_of};
use super::import::{Done, Fault, Importer};
use crate::catalog::store::CatalogStore;
use crate::collections::is_over;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::promotions::{Kept, Records, scopes};

/// What a tenant takes off prices; the fields are those of `vitrine_pricing::promotion::Promotion`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionRow {
    /// Names the row; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of its tenant.
    pub tenant: String,
    /// What buyers type; absent: it applies by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Shown where there is no code.
    #[serde(default)]
    pub title: String,
    /// What is taken off; members of a bundle are SKUs, or ids of ours.
    pub benefit: Benefit,
    /// Lines that count; all if empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub items: ScopeRow,
    /// Lines that do not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub except: ScopeRow,
    /// Handles of storefronts; all of the tenant's if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<String>,
    /// Groups of customers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Only on a first order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub first_order: bool,
    /// First legal day, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last legal day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// What the lines must come to; one amount a currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minimum: Vec<Money>,
    /// Units there must be.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minimum_quantity: u32,
    /// Uses by everybody that are left; 0: none, absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// Uses by one customer; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer: Option<u32>,
    /// The smallest is applied first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i32,
    /// `combines`, `{"one_of": group}`, `alone`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stacking: Stacking,
    /// Refs of promotions it is not combined with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// It may leave nothing to pay.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_zero: bool,
}

/// Lines by what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeRow {
    /// Refs of works.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub works: Vec<String>,
    /// SKUs, or ids of ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<String>,
    /// Refs of collections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// Refs of makers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub makers: Vec<String>,
}

fn work(reference: &str) -> String {
    id_of("work", reference, WorkId::from_bits).to_string()
}

/// Editions by the seller's SKUs.
struct Editions<'a> {
    tenant: &'a TenantId,
    known: HashMap<String, (VariantId, WorkId)>,
}

impl Editions<'_> {
    /// The edition that has this SKU now; of none yet, the one that a row with it will make; an id stays.
    fn id(&self, sku: &str) -> String {
        let known = self.known.get(sku.trim()).map(|(edition, _)| edition.to_string());
        known.unwrap_or_else(|| edition_id(self.tenant, sku).to_string())
    }
}

/// What a row names as editions.
fn skus(row: &PromotionRow) -> Vec<&str> {
    let mut all: Vec<&str> = row.items.editions.iter().chain(&row.except.editions).map(|sku| sku.trim()).collect();
    match &row.benefit {
        Benefit::Bundle { members, .. } => all.extend(members.iter().map(|member| member.sku.trim())),
        Benefit::BuyXGetY { got: Some(got), .. } => all.extend(got.products.iter().map(|sku| sku.trim())),
        _ => {}
    }
    all.retain(|sku| sku.parse::<WorkId>().is_err() && sku.parse::<VariantId>().is_err());
    all
}

fn scope(editions: &Editions<'_>, row: &ScopeRow) -> ItemScope {
    let works = row.works.iter().map(|reference| work(reference));
    let editions = row.editions.iter().map(|sku| editions.id(sku));
    ItemScope {
        products: works.chain(editions).collect(),
        collections: row.collections.clone(),
        artists: row.makers.iter().map(|m| id_of("maker", m, MakerId::from_bits).to_string()).collect(),
    }
}

fn scope_row(scope: &ItemScope) -> ScopeRow {
    let (works, editions) = scope.products.iter().cloned().partition(|id| id.parse::<WorkId>().is_ok());
    ScopeRow { works, editions, collections: scope.collections.clone(), makers: scope.artists.clone() }
}

/// SKUs of a benefit as our ids; ids stay.
fn benefit(editions: &Editions<'_>, row: &Benefit) -> Benefit {
    let own = |sku: &mut String| {
        if sku.parse::<WorkId>().is_err() {
            *sku = editions.id(sku);
        }
    };
    let mut benefit = row.clone();
    match &mut benefit {
        Benefit::Bundle { members, .. } => members.iter_mut().for_each(|member| own(&mut member.sku)),
        Benefit::BuyXGetY { got: Some(got), .. } => {
            got.products.iter_mut().for_each(own);
            for maker in &mut got.artists {
                *maker = id_of("maker", maker, MakerId::from_bits).to_string();
            }
        }
        _ => {}
    }
    benefit
}

fn promotion(editions: &Editions<'_>, id: &PromotionId, row: &PromotionRow, total: Option<u32>) -> Promotion {
    let other = |reference: &String| id_of("promotion", reference, PromotionId::from_bits).to_string();
    Promotion {
        id: id.to_string(),
        code: row.code.clone(),
        title: row.title.trim().to_owned(),
        benefit: benefit(editions, &row.benefit),
        items: scope(editions, &row.items),
        except: scope(editions, &row.except),
        stores: row.stores.clone(),
        groups: row.groups.clone(),
        first_order: row.first_order,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        minimum: row.minimum.clone(),
        minimum_quantity: row.minimum_quantity,
        limits: Limits { total, per_customer: row.per_customer },
        priority: row.priority,
        stacking: row.stacking.clone(),
        excludes: row.excludes.iter().map(other).collect(),
        allow_zero: row.allow_zero,
    }
}

/// The promotion of a row whose seller has no editions yet, is the first one, and used nothing.
pub fn alone(row: &PromotionRow) -> Promotion {
    let editions = Editions { tenant: &TenantId::from_bits(1), known: HashMap::new() };
    let id = id_of("promotion", &row.reference, PromotionId::from_bits);
    promotion(&editions, &id, row, total(row.uses_left, None, 0))
}

/// The limit that leaves as many uses as a row says. The same row again leaves what it said the first time, whatever was used since; so does
/// an export's.
fn total(left: Option<u32>, before: Option<&Kept>, used: u32) -> Option<u32> {
    let left = left?;
    let kept = before.and_then(|kept| Some((kept.promotion.limits.total?, kept.left_said)));
    match kept {
        Some((total, said)) if said == Some(left) || total.saturating_sub(used) == left => Some(total),
        _ => Some(used.saturating_add(left)),
    }
}

impl Importer {
    pub(super) async fn promotion(&self, ctx: &OpCtx, tenant: &TenantId, row: &PromotionRow) -> Done {
        let records = Records::new(self.catalog.table().clone());
        let id: PromotionId = id_of("promotion", &row.reference, PromotionId::from_bits);
        let before = records.get(tenant, id.as_str()).await?;
        let used = records.used(tenant, &[id.as_str()]).await?.first().copied().unwrap_or(0);
        let total = total(row.uses_left, before.as_ref(), used);
        let editions = Editions { tenant, known: self.catalog.by_sku(tenant, &skus(row)).await? };
        let promotion = promotion(&editions, &id, row, total);
        if before.as_ref().is_some_and(|kept| kept.promotion == promotion) {
            return Ok((Outcome::Unchanged, Vec::new()));
        }
        // One that has ended may name what was deleted since; without the name it would be of everything.
        if !is_over(&promotion, ctx.now_ms)? {
            for (field, scope) in scopes(&promotion) {
                self.collections_there(tenant, &format!("{field}.collections"), &scope.collections).await?;
            }
        }
        let rev = before.as_ref().map_or(0, |kept| kept.rev);
        let created_ms = before.as_ref().map_or(ctx.now_ms, |kept| kept.created_ms);
        let made_of = before.and_then(|kept| kept.made_of);
        let kept = Kept { promotion, left_said: row.uses_left, made_of, created_ms, rev };
        match records.write(ctx, tenant, &kept, rev, "import").await {
            Ok(()) => Ok((if rev == 0 { Outcome::Created } else { Outcome::Updated }, Vec::new())),
            Err(problem) if problem.status == 422 => Err(Fault::Refused(problem.title)),
            Err(problem) => Err(problem.into()),
        }
    }
}

/// A tenant's promotions as rows.
pub(super) async fn rows(catalog: &CatalogStore, tenant: &TenantId) -> Result<Vec<PromotionRow>> {
    let records = Records::new(catalog.table().clone());
    let all = records.every(tenant).await?;
    let ids: Vec<&str> = all.iter().map(|kept| kept.promotion.id.as_str()).collect();
    let used = records.used(tenant, &ids).await?;
    Ok(all.into_iter().zip(used).map(|(kept, used)| row_of(tenant, kept.promotion, used)).collect())
}

/// A promotion as a row.
pub fn row_of(tenant: &TenantId, p: Promotion, used: u32) -> PromotionRow {
    PromotionRow {
        reference: p.id,
        tenant: tenant.to_string(),
        code: p.code,
        title: p.title,
        benefit: p.benefit,
        items: scope_row(&p.items),
        except: scope_row(&p.except),
        stores: p.stores,
        groups: p.groups,
        first_order: p.first_order,
        valid_from: p.valid_from,
        valid_to: p.valid_to,
        minimum: p.minimum,
        minimum_quantity: p.minimum_quantity,
        uses_left: p.limits.total.map(|total| total.saturating_sub(used)),
        per_customer: p.limits.per_customer,
        priority: p.priority,
        stacking: p.stacking,
        excludes: p.excludes,
        allow_zero: p.allow_zero,
    }
}
