//! The list as a grid: editions by region and currency, at a moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Work, WorkKind};
use vitrine_shared::id::{TenantId, VariantId, WorkId};
use vitrine_shared::pricelist::{self, Typed, Wish, at_moment};
use vitrine_shared::query::encode;
use vitrine_shared::search::fold;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::prices::{PlaceColumn, PriceCell, PriceLine, PricesView};

use super::change::Draft;
use super::{changed_meanwhile, decimal, edition_of, refused};
use crate::catalog::store::WorkBundle;
use crate::ctx::OpCtx;
use crate::desk::Desk;
use crate::fault::Result;

/// Works of a page at most.
const WORKS: usize = 25;
/// Cells of a page at most, but for the first work: a form holds two fields of each.
const CELLS: usize = 400;
/// Pages of works that one search looks through; it goes on from there.
const LOOKED: usize = 40;

/// Which part of which list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridAsk {
    /// Tenant id; empty: the caller's first.
    pub seller: String,
    /// A moment as typed, UTC; empty: now.
    pub at: String,
    /// Words of a title, or a whole sku.
    pub q: String,
    /// Where the page begins.
    pub after: String,
}

impl GridAsk {
    /// Its address; `more` is a query that follows.
    pub fn href(&self, more: &str) -> String {
        let mut out = format!("/studio/prices?seller={}", encode(&self.seller));
        for (name, value) in [("at", &self.at), ("q", &self.q), ("after", &self.after)] {
            if !value.is_empty() {
                out.push_str(&format!("&{name}={}", encode(value)));
            }
        }
        format!("{out}{more}")
    }
}

/// One price as the form sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Edition, region and currency with `-` between.
    pub field: String,
    /// What was typed.
    pub typed: String,
    /// What stood there.
    pub was: String,
}

/// What the grid sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridForm {
    /// Which page it is.
    pub ask: GridAsk,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Version of each work that was shown.
    pub revs: BTreeMap<String, i64>,
}

/// What was typed into a page and what is wrong with it, by field.
type Kept = (BTreeMap<String, String>, BTreeMap<String, String>);

/// Where a work stands in the listing: kind, work of the page, cursor of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    kind: usize,
    skip: usize,
    cursor: Option<String>,
}

impl Spot {
    /// Of what an address says; what cannot be read is the beginning.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '~');
        let mut number = || parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let (kind, skip) = (number(), number());
        Self { kind, skip, cursor: parts.next().filter(|c| !c.is_empty()).map(str::to_owned) }
    }

    /// As addresses say it.
    pub fn text(&self) -> String {
        format!("{}~{}~{}", self.kind, self.skip, self.cursor.as_deref().unwrap_or_default())
    }
}

impl Desk {
    /// A page of a price list. `kept`: with what was typed into it before.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' lists, 422 for a moment that is none.
    pub async fn prices_view(&self, ctx: &OpCtx, ask: &GridAsk, kept: bool) -> Result<PricesView> {
        let seller = self.seller(ctx, &ask.seller).await?;
        let at = moment_of(ask, ctx.now_ms)?;
        let (works, mut next) = self.works(&seller.id, &ask.q, &ask.after).await?;
        let ids = works.iter().map(|(_, work)| work.id.clone());
        let mut shown: Vec<WorkBundle> = Vec::new();
        let mut columns: BTreeSet<PlaceColumn> = BTreeSet::new();
        let mut editions = 0;
        for (bundle, (spot, _)) in self.bundles(ids).await?.into_iter().zip(&works) {
            let mut wider = columns.clone();
            let used = pricelist::alive(&bundle.prices, at.min(ctx.now_ms))
                .into_iter()
                .map(|p| PlaceColumn { region: p.region.clone(), currency: p.currency.clone() });
            wider.extend(used);
            let more: usize = bundle.products.iter().map(|p| p.variants.len()).sum();
            if !shown.is_empty() && (editions + more) * wider.len() > CELLS {
                next = Some(spot.text());
                break;
            }
            (columns, editions) = (wider, editions + more);
            shown.push(bundle);
        }
        let mut columns: Vec<PlaceColumn> = columns.into_iter().collect();
        let order = pricelist::regions();
        columns.sort_by_key(|c| (order.iter().position(|r| *r == c.region), c.currency.clone()));
        let name = GridAsk { seller: seller.id.to_string(), ..ask.clone() };
        let kept: Option<Kept> = if kept { self.kept_form(ctx, &kept_name(&name)).await? } else { None };
        let locale = self.0.catalog.place(ctx).locale;
        let mut rows = Vec::new();
        for bundle in &shown {
            for (product, variant) in bundle.products.iter().flat_map(|p| p.variants.iter().map(move |v| (p, v))) {
                let cells = columns.iter().map(|c| {
                    let mut cell = cell(bundle, &variant.id, c, at, locale);
                    if let Some((typed, faults)) = &kept {
                        cell.value = typed.get(&cell.field).cloned().unwrap_or(cell.value);
                        cell.fault = faults.get(&cell.field).cloned();
                    }
                    cell
                });
                rows.push(PriceLine {
                    variant: variant.id.to_string(),
                    title: bundle.work.title.clone(),
                    edition: edition_of(product, variant),
                    sku: variant.sku.clone(),
                    cells: cells.collect(),
                });
            }
        }
        let sellers = self.sellers(ctx).await?;
        Ok(PricesView {
            sellers: sellers.into_iter().map(|t| (t.id.to_string(), t.name)).collect(),
            seller: seller.id.to_string(),
            name: seller.name,
            at: ask.at.clone(),
            moment: MomentView::of(at, locale),
            past: at < ctx.now_ms,
            q: ask.q.clone(),
            columns,
            rows,
            revs: shown.iter().map(|b| (b.work.id.to_string(), b.work.rev)).collect(),
            after: ask.after.clone(),
            next: next.map(|after| GridAsk { after, ..name.clone() }.href("")),
            kept: kept.is_some(),
        })
    }

    /// Works of a page with where each stands, and where the next page begins.
    async fn works(&self, tenant: &TenantId, q: &str, after: &str) -> Result<(Vec<(Spot, Work)>, Option<String>)> {
        let records = self.0.catalog.records();
        let wanted = fold(q.trim());
        if !wanted.is_empty()
            && after.is_empty()
            && let Some(owner) = records.owner_of("sku", &format!("{tenant}#{}", q.trim())).await?
            && let Ok(variant) = owner.parse::<VariantId>()
            && let Some(pointer) = records.variant(&variant).await?
            && let Some(bundle) = records.bundle(&pointer.work).await?.filter(|b| b.work.tenant == *tenant)
        {
            return Ok((vec![(Spot::parse(""), bundle.work)], None));
        }
        let found = |work: &Work| {
            let latin = work.latin.as_deref().unwrap_or_default();
            wanted.is_empty() || fold(&work.title).contains(&wanted) || fold(latin).contains(&wanted)
        };
        let mut spot = Spot::parse(after);
        let mut out: Vec<(Spot, Work)> = Vec::new();
        for _ in 0..LOOKED {
            let Some(kind) = WorkKind::ALL.get(spot.kind) else { return Ok((out, None)) };
            let (page, next) = records.works_of_tenant(tenant, *kind, spot.cursor.clone()).await?;
            for (skip, work) in page.into_iter().enumerate().skip(spot.skip).filter(|(_, work)| found(work)) {
                let here = Spot { kind: spot.kind, skip, cursor: spot.cursor.clone() };
                if out.len() == WORKS {
                    return Ok((out, Some(here.text())));
                }
                out.push((here, work));
            }
            spot = match next {
                Some(cursor) => Spot { kind: spot.kind, skip: 0, cursor: Some(cursor) },
                None => Spot { kind: spot.kind + 1, skip: 0, cursor: None },
            };
        }
        let more = spot.kind < WorkKind::ALL.len();
        Ok((out, more.then(|| spot.text())))
    }

    /// What the changed cells of a page would change, kept to be looked at; answers its name.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' lists, 409 `changed_meanwhile` or `price_nothing`, 422 with `fields`.
    pub async fn propose_grid(&self, ctx: &OpCtx, form: &GridForm) -> Result<String> {
        let seller = self.seller(ctx, &form.ask.seller).await?;
        let at = moment_of(&form.ask, ctx.now_ms)?;
        if at < ctx.now_ms {
            return Err(Problem::invalid("at", "fault-price-past", "What was cannot be changed."));
        }
        let from = (at > ctx.now_ms).then_some(at);
        let mut draft = Draft::of(&seller.id, form.ask.href(""));
        let mut faults = BTreeMap::new();
        let mut read: BTreeMap<VariantId, WorkBundle> = BTreeMap::new();
        for cell in form.cells.iter().filter(|c| c.typed.trim() != c.was.trim()) {
            let (variant, region, currency) = place_of(&cell.field).ok_or_else(super::no_edition)?;
            if !read.contains_key(&variant) {
                let (_, bundle) = self.edition(ctx, variant.as_str()).await?;
                if bundle.work.tenant != seller.id {
                    return Err(super::no_edition());
                }
                read.insert(variant.clone(), bundle);
            }
            let Some(bundle) = read.get(&variant) else { continue };
            if form.revs.get(bundle.work.id.as_str()) != Some(&bundle.work.rev) {
                return Err(changed_meanwhile());
            }
            match cell_wish(bundle, &variant, (region, currency), &cell.typed, from, ctx.now_ms) {
                Ok(wish) => draft.add(&bundle.work.id, wish),
                Err(code) => drop(faults.insert(cell.field.clone(), code)),
            }
        }
        if !faults.is_empty() {
            return Err(refused(faults));
        }
        if draft.is_empty() {
            return Err(Problem::conflict("price_nothing", "No price was changed."));
        }
        self.keep_change(ctx, draft).await
    }

    /// Keeps what was typed into a page, so that a fault loses nothing.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' lists.
    pub async fn keep_grid(&self, ctx: &OpCtx, form: &GridForm, faults: &BTreeMap<String, String>) -> Result<()> {
        self.seller(ctx, &form.ask.seller).await?;
        let changed = form.cells.iter().filter(|c| c.typed != c.was);
        let typed: BTreeMap<&str, &str> = changed.map(|c| (c.field.as_str(), c.typed.as_str())).collect();
        self.keep_form(ctx, &kept_name(&form.ask), &(typed, faults)).await
    }
}

fn kept_name(ask: &GridAsk) -> String {
    format!("GRID#{}", ask.seller)
}

fn moment_of(ask: &GridAsk, now_ms: i64) -> Result<i64> {
    if ask.at.trim().is_empty() {
        return Ok(now_ms);
    }
    pricelist::moment(&ask.at).ok_or_else(|| Problem::invalid("at", "fault-price-moment", "This is no moment."))
}

fn cell(
    bundle: &WorkBundle,
    variant: &VariantId,
    column: &PlaceColumn,
    at: i64,
    locale: vitrine_pricing::format::Locale,
) -> PriceCell {
    let PlaceColumn { region, currency } = column;
    let price = at_moment(&bundle.prices, variant, region, currency, 1, at);
    let was = price.map(|p| decimal(p.amount_minor, currency)).unwrap_or_default();
    let mut steps: Vec<(u32, String)> = pricelist::in_force(&bundle.prices, at)
        .into_iter()
        .filter(|p| p.variant == *variant && p.region == *region && p.currency == *currency && p.min_quantity > 1)
        .map(|p| (p.min_quantity, decimal(p.amount_minor, currency)))
        .collect();
    steps.sort();
    PriceCell {
        field: format!("{variant}-{region}-{currency}"),
        value: was.clone(),
        was,
        fault: None,
        minimum: price.and_then(|p| p.minimum_minor).map(|m| decimal(m, currency)),
        compare_at: price.and_then(|p| p.compare_at_minor).map(|m| decimal(m, currency)),
        until: price.and_then(|p| p.valid_to_ms).map(|to| MomentView::of(to, locale)),
        steps,
    }
}

/// A price in place of the one in force: what else was said of it stays.
fn cell_wish(
    bundle: &WorkBundle,
    variant: &VariantId,
    (region, currency): (&str, &str),
    amount: &str,
    from: Option<i64>,
    now_ms: i64,
) -> std::result::Result<Wish, String> {
    let price = at_moment(&bundle.prices, variant, region, currency, 1, from.unwrap_or(now_ms));
    let mut typed = price.map(Typed::of).unwrap_or_default();
    if price.is_none_or(|p| p.minimum_minor.is_none()) {
        // Nothing is as good an amount as any.
        typed.kind = String::new();
    }
    typed = Typed {
        region: region.to_owned(),
        currency: currency.to_owned(),
        amount: amount.to_owned(),
        min_quantity: "1".into(),
        from: from.map(pricelist::moment_text).unwrap_or_default(),
        ..typed
    };
    let replaces = if from.is_none() { price.map(|p| p.valid_from_ms) } else { None };
    pricelist::read(&typed, variant, &bundle.prices, replaces, now_ms)
        .map_err(|faults| faults.into_values().next().unwrap_or_default())
}

/// Edition, region and currency that a cell's field names; `None`: it names no edition.
pub fn place_of(field: &str) -> Option<(VariantId, &str, &str)> {
    let mut parts = field.splitn(3, '-');
    let variant = parts.next()?.parse().ok()?;
    Some((variant, parts.next().unwrap_or_default(), parts.next().unwrap_or_default()))
}

/// Ids of works in a form's hidden field, with the version of each.
pub fn seen_of(text: &str) -> BTreeMap<WorkId, i64> {
    let pair = |pair: &str| {
        let (work, rev) = pair.split_once('=')?;
        Some((work.parse().ok()?, rev.parse().ok()?))
    };
    text.split(',').filter_map(pair).collect()
}
