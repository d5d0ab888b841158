//! The studio: what a seller sold, their works, texts and prices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::format::{format_accounting, format_percent};
use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{PriceRecord, Status, Work, WorkKind};
use vitrine_shared::id::{OrderId, TenantId, WorkId};
use vitrine_shared::pricelist::{self, Act, Wish};
use vitrine_shared::views::card::{on_sale, work_href};
use vitrine_shared::views::desk::{
    DeskWork, EditView, ListView, PriceField, SaleRow, SellerOrder, StudioDesk, StudioView,
};
use vitrine_shared::views::{MomentView, WorkView};
use vitrine_table::{Condition, Put, TableError, Transact, TransactOp};

use super::orders::lines_of;
use super::prices::{changed_meanwhile, told};
use super::{Desk, history};
use crate::catalog::exchange::{MAX_TITLE, clean};
use crate::catalog::store::{WorkBundle, items};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Longest description, bytes.
const MAX_DESCRIPTION: usize = 50_000;
/// What was typed is kept up to so many bytes; what is larger has a fault anyway.
const MAX_KEPT: usize = 300 * 1024;

/// What an edit form sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// In its own script.
    pub title: String,
    /// In Latin letters; empty: none.
    pub latin: String,
    /// HTML; it is sanitised.
    pub description: String,
    /// Field name of [`PriceField`] and what was typed.
    pub prices: BTreeMap<String, String>,
    /// The one the editor saw.
    pub rev: i64,
}

fn status_word(status: Status) -> String {
    serde_json::to_value(status).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn desk_work(work: &Work) -> DeskWork {
    DeskWork {
        id: work.id.to_string(),
        title: work.title.clone(),
        kind: work.kind.as_str().to_owned(),
        status: status_word(work.status),
        href: work_href(work.kind, &work.slug, work.id.as_str()),
    }
}

/// The prices of one piece in force, one per edition, region and currency.
fn in_force(bundle: &WorkBundle, now_ms: i64) -> Vec<PriceRecord> {
    let single = |p: &&PriceRecord| p.min_quantity == 1;
    let mut all: Vec<PriceRecord> =
        pricelist::in_force(&bundle.prices, now_ms).into_iter().filter(single).cloned().collect();
    all.sort_by(|a, b| (&a.variant, &a.region, &a.currency).cmp(&(&b.variant, &b.region, &b.currency)));
    all
}

fn decimal(price: &PriceRecord) -> String {
    let currency = price.currency.parse::<Currency>().ok();
    currency.and_then(|c| Money::new(price.amount_minor, c).ok()).map(|m| m.to_decimal()).unwrap_or_default()
}

fn field_of(price: &PriceRecord) -> String {
    format!("price-{}-{}-{}", price.variant, price.region, price.currency)
}

/// Name of a work's form.
fn form_name(work: &WorkId) -> String {
    format!("WORK#{work}")
}

fn checklist(bundle: &WorkBundle, now_ms: i64) -> Vec<(String, bool)> {
    let work = &bundle.work;
    let sold = on_sale(&bundle.products).next().is_some();
    let priced = !in_force(bundle, now_ms).is_empty();
    vec![
        ("check-title".into(), !work.title.is_empty()),
        ("check-cover".into(), work.cover.is_some()),
        ("check-description".into(), !work.description_html.is_empty()),
        ("check-edition".into(), sold),
        ("check-price".into(), priced),
    ]
}

/// The description as pages show it, or what is wrong with it. Cleaned beside the request: it is a seller's, and others wait.
pub(super) async fn described(html: &str) -> Result<std::result::Result<String, &'static str>> {
    if html.len() > MAX_DESCRIPTION {
        return Ok(Err("fault-long"));
    }
    let html = html.to_owned();
    let cleaned = tokio::task::spawn_blocking(move || clean(&html)).await;
    Ok(cleaned.map_err(|e| fault::internal("cleaning a description", &e))?.map_err(|_| "fault-tangled"))
}

/// The work with what was typed, and all its prices as they are then.
///
/// # Errors
/// 422 with `fields`.
async fn edited(bundle: &WorkBundle, edit: &Edit, now_ms: i64) -> Result<(Work, Vec<PriceRecord>)> {
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    let mut work = bundle.work.clone();
    let line = |text: &str, most: usize| {
        let text = text.trim();
        let fine = text.chars().count() <= most && !text.chars().any(char::is_control);
        fine.then(|| text.to_owned())
    };
    match line(&edit.title, MAX_TITLE) {
        Some(title) if !title.is_empty() => work.title = title,
        Some(_) => drop(faults.insert("title".into(), "fault-empty".into())),
        None => drop(faults.insert("title".into(), "fault-long".into())),
    }
    match line(&edit.latin, MAX_TITLE) {
        Some(latin) => work.latin = (!latin.is_empty()).then_some(latin),
        None => drop(faults.insert("latin".into(), "fault-long".into())),
    }
    match described(&edit.description).await? {
        Ok(html) => work.description_html = html,
        Err(code) => drop(faults.insert("description".into(), code.into())),
    }
    let mut prices = bundle.prices.clone();
    for price in in_force(bundle, now_ms) {
        let Some(typed) = edit.prices.get(&field_of(&price)) else { continue };
        let currency = price.currency.parse::<Currency>().map_err(|e| fault::internal("a price", &e))?;
        match pricelist::amount(typed, currency) {
            Ok(amount) if price.minimum_minor.is_some_and(|least| amount < least) => {
                faults.insert(field_of(&price), "fault-amount".into());
            }
            Ok(amount) if amount == price.amount_minor => {}
            Ok(amount) => {
                let act = Act::Set {
                    amount,
                    minimum: price.minimum_minor,
                    // What it was compared with may not be more any longer.
                    compare_at: price.compare_at_minor.filter(|before| *before > amount),
                    from: None,
                    to: price.valid_to_ms,
                    replaces: Some(price.valid_from_ms),
                };
                let PriceRecord { variant, region, currency, min_quantity, .. } = price;
                pricelist::plan(&mut prices, &Wish { variant, region, currency, min_quantity, act }, now_ms);
            }
            Err(_) => drop(faults.insert(field_of(&price), "fault-amount".into())),
        }
    }
    if !faults.is_empty() {
        let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
        problem.fields = faults;
        return Err(problem);
    }
    Ok((work, prices))
}

impl Desk {
    /// Sales and works of every seller whose desk the caller may use. `sales` and `works` are cursors: tenant and page.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 422 for a foreign cursor.
    pub async fn studio(
        &self,
        ctx: &OpCtx,
        sales: Option<(String, String)>,
        works: Option<(String, String)>,
    ) -> Result<StudioView> {
        let user = authz::user(ctx)?;
        let mut desks = Vec::new();
        for tenant in &user.tenants {
            // A membership without the role opens nothing.
            let Ok(_) = authz::tenant_desk(ctx, tenant) else { continue };
            let page = |cursor: &Option<(String, String)>| {
                cursor.as_ref().filter(|(of, _)| of == tenant.as_str()).map(|(_, page)| page.clone())
            };
            desks.push(self.desk_of(ctx, tenant, page(&sales), page(&works)).await?);
        }
        if desks.is_empty() {
            return Err(Problem::forbidden("Only sellers have a studio."));
        }
        Ok(StudioView { desks })
    }

    async fn desk_of(
        &self,
        ctx: &OpCtx,
        id: &TenantId,
        sales: Option<String>,
        works: Option<String>,
    ) -> Result<StudioDesk> {
        let desk = authz::tenant_desk(ctx, id)?;
        let records = self.0.catalog.records();
        let tenant = records.tenant(id).await?.ok_or_else(|| Problem::not_found("shop"))?;
        let place = self.0.catalog.place(ctx);
        let (list, older) = self.0.checkouts.sales(&desk, sales).await?;
        let money = |minor: i64, code: &str| -> String {
            let currency = code.parse::<Currency>().ok();
            let money = currency.and_then(|c| Money::new(minor, c).ok());
            money.map(|m| format_accounting(m, place.locale)).unwrap_or_default()
        };
        let mut totals: BTreeMap<String, [i64; 4]> = BTreeMap::new();
        for sale in &list {
            let sums = totals.entry(sale.currency.clone()).or_default();
            let parts = [sale.net_minor, sale.shipping_minor, sale.fee_minor, sale.share_minor];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        let rows = list.iter().map(|s| SaleRow {
            at: MomentView::of(s.at_ms, place.locale),
            order: s.order.to_string(),
            what: s.what.clone(),
            country: s.country.clone(),
            refund: s.refund.is_some(),
            net: money(s.net_minor, &s.currency),
            shipping: money(s.shipping_minor, &s.currency),
            fee: money(s.fee_minor, &s.currency),
            share: money(s.share_minor, &s.currency),
        });
        // A page is of one kind at a time: the cursor says which.
        let (kind, cursor) = match works.as_deref().and_then(|w| w.split_once('~')) {
            Some((kind, cursor)) => (WorkKind::parse(kind).unwrap_or(WorkKind::ALL[0]), Some(cursor.to_owned())),
            None => (WorkKind::ALL[0], None),
        };
        let mut shown = Vec::new();
        let mut more = None;
        let (mut kind, mut cursor) = (kind, cursor.filter(|c| !c.is_empty()));
        loop {
            let (page, next) = records.works_of_tenant(id, kind, cursor).await?;
            shown.extend(page.iter().map(desk_work));
            let at = WorkKind::ALL.iter().position(|k| *k == kind).unwrap_or(WorkKind::ALL.len());
            let following = match next {
                Some(next) => Some((kind, next)),
                None => WorkKind::ALL.get(at + 1).map(|k| (*k, String::new())),
            };
            let Some((next_kind, next)) = following else { break };
            if shown.len() >= 50 {
                more =
                    Some(format!("/studio?works={id}~{}~{}", next_kind.as_str(), vitrine_shared::query::encode(&next)));
                break;
            }
            (kind, cursor) = (next_kind, Some(next).filter(|n| !n.is_empty()));
        }
        let mut lists = Vec::new();
        for store in records.stores().await?.into_iter().filter(|s| s.tenant == *id) {
            let readers = self.0.mailing.readers(&store.id).await?;
            lists.push((store.id.to_string(), store.name, readers));
        }
        Ok(StudioDesk {
            tenant: id.to_string(),
            name: tenant.name,
            fee: format_percent(i64::from(tenant.fee_bps) * 100, place.locale),
            lists,
            questions: self.0.talk.open_questions(&desk, place.locale).await?,
            drafts: records.drafts(id).await?.iter().map(desk_work).collect(),
            sales: rows.collect(),
            sums: totals.iter().map(|(code, sums)| sums.map(|m| money(m, code))).collect(),
            older: older.map(|c| format!("/studio?sales={id}~{}", vitrine_shared::query::encode(&c))),
            works: shown,
            more,
        })
    }

    /// One of the caller's orders: what was sold and what was said about it.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' orders.
    pub async fn seller_order(&self, ctx: &OpCtx, id: &str) -> Result<SellerOrder> {
        let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
        let order = self.0.talk.mine(ctx, &id).await?;
        let place = self.place_of(ctx, &order);
        Ok(SellerOrder {
            id: order.id.to_string(),
            placed: MomentView::of(order.placed_ms, place.locale),
            country: order.country.clone(),
            lines: lines_of(&order, &self.given(&order).await?, &place, self.0.catalog.offers().platform()),
            sent_by: vitrine_shared::views::sums::sent_by(&place, &order.quote),
            messages: self.0.talk.of(&order, place.locale).await?,
        })
    }

    /// The mailing list of one of the caller's shops.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops.
    pub async fn list(&self, ctx: &OpCtx, id: &str) -> Result<ListView> {
        self.0.mailing.list_view(ctx, id, self.0.catalog.place(ctx).locale).await
    }

    /// A work of the caller's for the editor.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works.
    pub async fn edit_view(&self, ctx: &OpCtx, id: &str) -> Result<EditView> {
        let bundle = self.mine(ctx, id).await?;
        let kept = self.kept(ctx, &bundle.work).await?;
        let place = self.0.catalog.place(ctx);
        let editions: BTreeMap<String, String> = bundle
            .products
            .iter()
            .flat_map(|p| p.variants.iter().map(move |v| (p, v)))
            .map(|(p, v)| {
                let name = [p.title.as_str(), v.title.as_str()].into_iter().filter(|t| !t.is_empty());
                (v.id.to_string(), name.collect::<Vec<_>>().join(" · "))
            })
            .collect();
        let prices = in_force(&bundle, ctx.now_ms);
        let work = &bundle.work;
        let (typed, faults) = kept.unwrap_or_else(|| {
            let stored = Edit {
                title: work.title.clone(),
                latin: work.latin.clone().unwrap_or_default(),
                description: work.description_html.clone(),
                ..Edit::default()
            };
            (stored, BTreeMap::new())
        });
        Ok(EditView {
            work: desk_work(work),
            title: typed.title,
            latin: typed.latin,
            description: typed.description,
            faults: faults.into_iter().collect(),
            prices: prices
                .iter()
                .map(|p| PriceField {
                    field: field_of(p),
                    edition: editions.get(p.variant.as_str()).cloned().unwrap_or_default(),
                    region: p.region.clone(),
                    currency: p.currency.clone(),
                    amount: typed.prices.get(&field_of(p)).cloned().unwrap_or_else(|| decimal(p)),
                })
                .collect(),
            rev: work.rev,
            collections: self.collections_of(work).await?,
            checklist: checklist(&bundle, ctx.now_ms),
            history: history(audit::of(&*self.0.table, work.id.as_str()).await?, place.locale),
        })
    }

    /// What was typed with faults, for the same version of the work; an hour.
    async fn kept(&self, ctx: &OpCtx, work: &Work) -> Result<Option<(Edit, BTreeMap<String, String>)>> {
        let kept = self.kept_form::<(Edit, BTreeMap<String, String>)>(ctx, &form_name(&work.id)).await?;
        Ok(kept.filter(|(edit, _)| edit.rev == work.rev))
    }

    /// Keeps what was typed, so that a fault loses nothing.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works.
    pub async fn keep(&self, ctx: &OpCtx, id: &str, edit: &Edit, faults: &BTreeMap<String, String>) -> Result<()> {
        let bundle = self.mine(ctx, id).await?;
        let kept = json!((edit, faults));
        if kept.to_string().len() > MAX_KEPT {
            return Ok(());
        }
        self.keep_form(ctx, &form_name(&bundle.work.id), &kept).await
    }

    pub(super) async fn mine(&self, ctx: &OpCtx, id: &str) -> Result<WorkBundle> {
        authz::user(ctx)?;
        let missing = || Problem::not_found("work");
        let id: WorkId = id.parse().map_err(|_| missing())?;
        let bundle = self.0.catalog.records().bundle(&id).await?.ok_or_else(missing)?;
        authz::tenant_desk(ctx, &bundle.work.tenant).map_err(|_| missing())?;
        Ok(bundle)
    }

    /// A work of the caller's as buyers would see it with what was typed and not saved yet.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works.
    pub async fn preview(&self, ctx: &OpCtx, id: &str) -> Result<WorkView> {
        let mut bundle = self.mine(ctx, id).await?;
        if let Some((edit, _)) = self.kept(ctx, &bundle.work).await?
            && let Ok((work, prices)) = edited(&bundle, &edit, ctx.now_ms).await
        {
            bundle.work = work;
            bundle.prices = prices;
        }
        self.0.catalog.preview(ctx, bundle).await
    }

    /// Keeps what was typed for [`Self::preview`].
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub async fn keep_for_preview(&self, ctx: &OpCtx, id: &str, edit: &Edit) -> Result<()> {
        let bundle = self.mine(ctx, id).await?;
        edited(&bundle, edit, ctx.now_ms).await?;
        self.keep(ctx, id, edit, &BTreeMap::new()).await
    }

    /// Changes texts and prices. A price is never overwritten: a new one follows it from now on.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works, 409 if somebody else changed it meanwhile, 422 with `fields` for faults.
    pub async fn edit(&self, ctx: &OpCtx, id: &str, edit: &Edit) -> Result<()> {
        let bundle = self.mine(ctx, id).await?;
        let (work, prices) = edited(&bundle, edit, ctx.now_ms).await?;
        let changed = pricelist::changed(&bundle.prices, &prices);
        let texts = work.title != bundle.work.title
            || work.latin != bundle.work.latin
            || work.description_html != bundle.work.description_html;
        if !texts && changed.is_empty() {
            // What was kept for a preview is not what is wanted any more.
            return self.drop_form(ctx, &form_name(&bundle.work.id)).await;
        }
        if bundle.work.rev != edit.rev {
            return Err(changed_meanwhile());
        }
        let (jobs, apart) = self.price_jobs(&work.id, &changed, ctx.now_ms)?;
        let rest = self.ahead(ctx, &bundle, changed).await?;
        let what = json!({ "texts": texts, "prices": told(&rest) });
        let mut ops = Vec::new();
        for price in &rest {
            ops.push(TransactOp::Put(Put { item: items::price(&work.id, price)?, condition: None }));
        }
        ops.extend(jobs);
        self.write(ctx, &bundle.work, work, edit.rev, "work.edited", what, ops).await?;
        self.enqueue(apart).await
    }

    /// Shows a work to buyers or takes it from sale; those who bought it keep it.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' works, 409 `not_ready` if something of the checklist that buyers need is missing, or
    /// if somebody else changed it meanwhile.
    pub async fn publish(&self, ctx: &OpCtx, id: &str, public: bool, rev: i64) -> Result<()> {
        let bundle = self.mine(ctx, id).await?;
        let mut work = bundle.work.clone();
        if public {
            let needed = ["check-title", "check-edition", "check-price"];
            if checklist(&bundle, ctx.now_ms).iter().any(|(key, there)| needed.contains(&key.as_str()) && !there) {
                return Err(Problem::conflict("not_ready", "A title, an edition and a price are needed first."));
            }
            work.status = Status::Published;
            work.published_ms = work.published_ms.or(Some(ctx.now_ms));
        } else {
            work.status = Status::Archived;
        }
        if work.status == bundle.work.status {
            return Ok(());
        }
        let act = if public { "work.published" } else { "work.archived" };
        self.write(ctx, &bundle.work, work, rev, act, json!({}), Vec::new()).await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one transaction: what it was, what it becomes, and what is said of it"
    )]
    pub(super) async fn write(
        &self,
        ctx: &OpCtx,
        was: &Work,
        mut work: Work,
        seen: i64,
        act: &str,
        what: serde_json::Value,
        mut ops: Vec<TransactOp>,
    ) -> Result<()> {
        if was.rev != seen {
            return Err(changed_meanwhile());
        }
        work.rev += 1;
        let item = items::work(&work, was.published_ms.unwrap_or(ctx.now_ms))?;
        ops.push(TransactOp::Put(Put { item, condition: Some(Condition::eq("rev", seen)) }));
        ops.extend(items::draft(&work, Some(was.status)));
        ops.push(audit::entry(ctx, work.id.as_str(), act, "", what));
        match self.0.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(TableError::Cancelled(_)) => Err(changed_meanwhile()),
            Err(e) => Err(fault::table(e)),
        }
    }
}
