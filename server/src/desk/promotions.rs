//! A seller's promotions: listed with their uses, made, changed, ended.

use std::collections::BTreeMap;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_money, format_percent};
use vitrine_pricing::promotion::{Benefit, BundlePrice, Promotion};
use vitrine_shared::Problem;
use vitrine_shared::id::{MakerId, PromotionId, TenantId};
use vitrine_shared::views::card::Place;
use vitrine_shared::views::desk::{PromotionDesk, PromotionEditView, PromotionRowView, PromotionsView};

use super::{Desk, history};
use crate::audit;
use crate::authz::{self, TenantDesk};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::ids;
use crate::promotions::form::{self, Fields};
use crate::promotions::{Kept, Records, scopes};

/// The address of a promotion that is not there yet.
pub const NEW: &str = "new";
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

pub(super) fn today(ctx: &OpCtx) -> Result<Date> {
    Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))
}

/// Key of the words for how it stands.
pub(super) fn state(promotion: &Promotion, used: u32, today: Date) -> &'static str {
    if promotion.valid_to.is_some_and(|to| to < today) {
        "promo-state-ended"
    } else if promotion.valid_from.is_some_and(|from| today < from) {
        "promo-state-coming"
    } else if promotion.limits.total.is_some_and(|total| used >= total) {
        "promo-state-used-up"
    } else {
        "promo-state-open"
    }
}

/// What is taken off, short: rates, amounts or counts.
fn takes(benefit: &Benefit, place: &Place) -> String {
    let money = |list: &[vitrine_pricing::money::Money]| {
        list.iter().map(|m| format_money(*m, place.locale)).collect::<Vec<_>>().join(" · ")
    };
    match benefit {
        Benefit::Percent { rate_ppm, .. } | Benefit::Bundle { at: BundlePrice::RatePpm(rate_ppm), .. } => {
            format_percent(*rate_ppm, place.locale)
        }
        Benefit::Amount { amounts } => money(amounts),
        Benefit::FreeShipping { at_most } => money(at_most),
        Benefit::BuyXGetY { buy, get, .. } => format!("{buy} + {get}"),
        Benefit::Bundle { at: BundlePrice::Prices(prices), .. } => money(prices),
    }
}

fn form_name(tenant: &TenantId, id: &str) -> String {
    format!("PROMO#{tenant}#{id}")
}

impl Desk {
    pub(super) fn promotion_records(&self) -> &Records {
        self.0.checkouts.promotions().records()
    }

    /// The promotions of a seller; of all sellers the caller is a member of where nobody is named.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn promotions(&self, ctx: &OpCtx, tenant: &str) -> Result<PromotionsView> {
        let (place, today) = (self.0.catalog.place(ctx), today(ctx)?);
        let mut desks = Vec::new();
        for (desk, tenant) in self.desks(ctx, tenant).await? {
            let all = self.promotion_records().all(desk.tenant()).await?;
            let ids: Vec<&str> = all.iter().map(|kept| kept.promotion.id.as_str()).collect();
            let used = self.promotion_records().used(desk.tenant(), &ids).await?;
            let row = |(kept, used): (&Kept, u32)| PromotionRowView {
                id: kept.promotion.id.clone(),
                title: kept.promotion.title.clone(),
                code: kept.promotion.code.clone().unwrap_or_default(),
                kind: format!("promo-kind-{}", kind(&kept.promotion.benefit)),
                takes: takes(&kept.promotion.benefit, &place),
                state: state(&kept.promotion, used, today).to_owned(),
                used,
                total: kept.promotion.limits.total,
            };
            desks.push(PromotionDesk {
                tenant: tenant.id.to_string(),
                name: tenant.name,
                rows: all.iter().zip(used).map(row).collect(),
            });
        }
        Ok(PromotionsView { desks })
    }

    /// A promotion of the caller's, with whose it is; `new` is one of `tenant`. Nobody named: of a seller the caller is a member of.
    async fn my_promotion(&self, ctx: &OpCtx, id: &str, tenant: &str) -> Result<(TenantDesk, Option<Kept>)> {
        let user = authz::user(ctx)?;
        let missing = || Problem::not_found("promotion");
        if id == NEW {
            return Ok((self.desk_named(ctx, tenant).map_err(|_| missing())?, None));
        }
        let id: PromotionId = id.parse().map_err(|_| missing())?;
        let named: Option<TenantId> = tenant.parse().ok();
        for tenant in named.as_ref().map_or(user.tenants.as_slice(), std::slice::from_ref) {
            let Ok(desk) = authz::tenant_desk(ctx, tenant) else { continue };
            if let Some(kept) = self.promotion_records().get(desk.tenant(), id.as_str()).await? {
                return Ok((desk, Some(kept)));
            }
        }
        Err(missing())
    }

    /// A promotion for the editor; `typed`: with what was typed and could not be saved.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' promotions and sellers.
    pub async fn promotion(&self, ctx: &OpCtx, id: &str, tenant: &str, typed: bool) -> Result<PromotionEditView> {
        let (desk, kept) = self.my_promotion(ctx, id, tenant).await?;
        let rev = kept.as_ref().map_or(0, |kept| kept.rev);
        let typed =
            if typed { self.kept_form::<(Fields, Fields)>(ctx, &form_name(desk.tenant(), id)).await? } else { None };
        let (fields, faults) = match (typed, &kept) {
            (Some(typed), _) => typed,
            (None, Some(kept)) => (form::fields(&kept.promotion), Fields::new()),
            (None, None) => (Fields::from([("kind".to_owned(), "percent".to_owned())]), Fields::new()),
        };
        let place = self.0.catalog.place(ctx);
        let (mut used, mut told, mut state_key) = (0, Vec::new(), String::new());
        if let Some(kept) = &kept {
            used = self.promotion_records().used(desk.tenant(), &[id]).await?.first().copied().unwrap_or(0);
            told = history(audit::of(&*self.0.table, id).await?, place.locale);
            state_key = state(&kept.promotion, used, today(ctx)?).to_owned();
        }
        Ok(PromotionEditView {
            id: id.to_owned(),
            tenant: desk.tenant().to_string(),
            name: kept.map(|kept| kept.promotion.label().to_owned()).unwrap_or_default(),
            state: state_key,
            used,
            rev,
            groups: self.group_choices(&desk, &fields).await?,
            collections: self.collection_choices(&desk, &fields).await?,
            fields,
            faults,
            history: told,
        })
    }

    /// The groups a form may choose: those there are, and those it names that are not there any more.
    async fn group_choices(&self, desk: &TenantDesk, fields: &Fields) -> Result<Vec<(String, String)>> {
        let all = self.groups_kept().all(desk).await?;
        let mut choices: Vec<(String, String)> = all.into_iter().map(|group| (group.name, group.title)).collect();
        for name in fields.keys().filter_map(|field| field.strip_prefix(form::GROUP_FIELD)) {
            if !choices.iter().any(|(known, _)| known == name) {
                choices.push((name.to_owned(), name.to_owned()));
            }
        }
        Ok(choices)
    }

    /// The collections a form may choose, as [`Desk::group_choices`].
    async fn collection_choices(&self, desk: &TenantDesk, fields: &Fields) -> Result<Vec<(String, String)>> {
        let all = self.collections_kept().all(desk).await?;
        let mut choices: Vec<(String, String)> = all.into_iter().map(|c| (c.name, c.title)).collect();
        for (_, name) in fields.keys().filter_map(|field| form::chosen_collection(field)) {
            if !choices.iter().any(|(known, _)| known == name) {
                choices.push((name.to_owned(), name.to_owned()));
            }
        }
        Ok(choices)
    }

    /// Keeps a form as a promotion; answers its id.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others', 409 if somebody else changed it meanwhile, 422 with `fields`; what was typed is kept then.
    pub async fn save_promotion(&self, ctx: &OpCtx, id: &str, fields: &Fields) -> Result<String> {
        let text = |name: &str| fields.get(name).map_or("", String::as_str);
        let (desk, kept) = self.my_promotion(ctx, id, text("tenant")).await?;
        let rev: i64 = text("rev").parse().unwrap_or(-1);
        let name = form_name(desk.tenant(), id);
        if rev != kept.as_ref().map_or(0, |kept| kept.rev) {
            self.keep_typed(ctx, &name, fields, &Fields::new()).await?;
            return Err(Problem::conflict("changed_meanwhile", "This was changed meanwhile. Look at it again."));
        }
        let to = match &kept {
            Some(kept) => kept.promotion.id.clone(),
            None => PromotionId::from_bits(ids::new_bits(ctx.now_ms)).to_string(),
        };
        let saved = match self.read_promotion(&desk, &to, fields).await? {
            Ok(promotion) => {
                let next = Kept {
                    promotion,
                    left_said: kept.as_ref().and_then(|kept| kept.left_said),
                    made_of: kept.as_ref().and_then(|kept| kept.made_of.clone()),
                    created_ms: kept.as_ref().map_or(ctx.now_ms, |kept| kept.created_ms),
                    rev,
                };
                self.promotion_records().write(ctx, desk.tenant(), &next, rev, "").await
            }
            Err(faults) => {
                let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
                problem.fields = faults;
                Err(problem)
            }
        };
        match saved {
            Ok(()) => {
                self.drop_form(ctx, &name).await?;
                Ok(to)
            }
            Err(mut problem) if matches!(problem.status, 409 | 422) => {
                for code in problem.fields.values_mut().filter(|code| !code.starts_with("fault-")) {
                    *code = format!("fault-{}", code.replace('_', "-"));
                }
                self.keep_typed(ctx, &name, fields, &problem.fields).await?;
                Err(problem)
            }
            Err(problem) => Err(problem),
        }
    }

    /// Keeps a form that could not be saved; one that is larger than any promotion is not kept.
    async fn keep_typed(&self, ctx: &OpCtx, name: &str, fields: &Fields, faults: &Fields) -> Result<()> {
        let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > form::MOST_BYTES {
            return Ok(());
        }
        self.keep_form(ctx, name, &(fields, faults)).await
    }

    /// Ends a promotion now: yesterday was its last day. Orders keep what they were sold with.
    ///
    /// # Errors
    /// As [`Desk::save_promotion`].
    pub async fn end_promotion(&self, ctx: &OpCtx, id: &str, tenant: &str, rev: i64) -> Result<()> {
        let (desk, kept) = self.my_promotion(ctx, id, tenant).await?;
        self.ended(ctx, &desk, kept.ok_or_else(|| Problem::not_found("promotion"))?, rev).await
    }

    pub(super) async fn ended(&self, ctx: &OpCtx, desk: &TenantDesk, mut kept: Kept, rev: i64) -> Result<()> {
        let yesterday = Date::from_unix_ms(ctx.now_ms - DAY_MS).map_err(|e| fault::internal("a date", &e))?;
        let promotion = &mut kept.promotion;
        promotion.valid_from = promotion.valid_from.map(|from| from.min(yesterday));
        promotion.valid_to = Some(promotion.valid_to.map_or(yesterday, |to| to.min(yesterday)));
        self.promotion_records().write(ctx, desk.tenant(), &kept, rev, "ended").await
    }

    /// The promotion of a form with our ids for what it names.
    async fn read_promotion(
        &self,
        desk: &TenantDesk,
        id: &str,
        fields: &Fields,
    ) -> Result<std::result::Result<Promotion, Fields>> {
        let mut promotion = match form::read(id, fields) {
            Ok(promotion) => promotion,
            Err(faults) => return Ok(Err(faults)),
        };
        let faults = self.strange(desk, &mut promotion).await?;
        Ok(if faults.is_empty() { Ok(promotion) } else { Err(faults) })
    }

    /// As [`Desk::strange`], for what came as a document and must be whole.
    ///
    /// # Errors
    /// 422 with `fields`.
    pub(super) async fn own_promotion(&self, desk: &TenantDesk, promotion: &mut Promotion) -> Result<()> {
        promotion.check().map_err(|e| Problem::invalid(e.field, "promotion_invalid", e.to_string()))?;
        let faults = self.strange(desk, promotion).await?;
        if faults.is_empty() {
            return Ok(());
        }
        let mut problem = Problem::new(422, "invalid", "It names what this seller has not.");
        problem.fields = faults;
        Err(problem)
    }

    /// Puts our ids in place of a promotion's SKUs; answers the form's fields that name what is not this seller's.
    async fn strange(&self, desk: &TenantDesk, promotion: &mut Promotion) -> Result<Fields> {
        let records = self.0.catalog.records();
        let mut faults = BTreeMap::new();
        let typed: Vec<String> = form::items(promotion).into_iter().map(|(_, item)| item.clone()).collect();
        let skus: Vec<&str> =
            typed.iter().map(String::as_str).filter(|item| matches!(form::item(item), form::Item::Sku)).collect();
        let known = records.by_sku(desk.tenant(), &skus).await?;
        for (field, item) in form::items(promotion) {
            let mine = match form::item(item) {
                form::Item::Work(work) => records.bundle(&work).await?.is_some_and(|b| b.work.tenant == *desk.tenant()),
                form::Item::Edition(edition) => {
                    records.variant(&edition).await?.is_some_and(|at| at.seller == *desk.tenant())
                }
                form::Item::Sku => {
                    let edition = known.get(item.as_str()).map(|(edition, _)| edition.to_string());
                    let found = edition.is_some();
                    *item = edition.unwrap_or_default();
                    found
                }
            };
            if !mine {
                faults.insert(field.to_owned(), "fault-item".to_owned());
            }
        }
        for (field, scope) in scopes(promotion) {
            for maker in &scope.artists {
                let maker: Option<MakerId> = maker.parse().ok();
                let found = match &maker {
                    Some(id) => records.maker(id).await?,
                    None => None,
                };
                if found.is_none_or(|maker| maker.tenant != *desk.tenant()) {
                    faults.insert(field.to_owned(), "fault-item".to_owned());
                }
            }
            let known = self.collections_kept().named(desk.tenant(), &scope.collections).await?;
            if !scope.collections.iter().all(|name| known.contains_key(name)) {
                faults.insert(format!("{field}.collections"), "fault-promotion-collection".to_owned());
            }
        }
        if !promotion.groups.is_empty() {
            let all = self.groups_kept().all(desk).await?;
            if !promotion.groups.iter().all(|name| all.iter().any(|group| group.name == *name)) {
                faults.insert("groups".to_owned(), "fault-promotion-group".to_owned());
            }
        }
        if !promotion.stores.is_empty() {
            let all = records.stores().await?;
            let is_mine = |handle: &String| all.iter().any(|s| s.tenant == *desk.tenant() && s.handle == *handle);
            if !promotion.stores.iter().all(is_mine) {
                faults.insert("stores".to_owned(), "fault-promotion-store".to_owned());
            }
        }
        Ok(faults)
    }
}

fn kind(benefit: &Benefit) -> &'static str {
    match benefit {
        Benefit::Percent { .. } => "percent",
        Benefit::Amount { .. } => "amount",
        Benefit::FreeShipping { .. } => "free-shipping",
        Benefit::BuyXGetY { .. } => "buy-x-get-y",
        Benefit::Bundle { .. } => "bundle",
    }
}
