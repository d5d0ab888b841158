//! Which seller's desk is meant: one answer for the pages and documents that are of one seller.

use vitrine_shared::Problem;
use vitrine_shared::catalog::Tenant;
use vitrine_shared::id::TenantId;

use super::Desk;
use crate::authz::{self, TenantDesk};
use crate::ctx::OpCtx;
use crate::fault::Result;

/// What who has no shop is told.
const NO_SHOP: &str = "Only sellers have a studio.";

fn no_shop() -> Problem {
    Problem::not_found("shop")
}

impl Desk {
    /// Sellers whose desk the caller may choose among, by name: their own; for administrators, all.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing.
    pub(super) async fn sellers(&self, ctx: &OpCtx) -> Result<Vec<Tenant>> {
        let user = authz::user(ctx)?;
        let records = self.0.catalog.records();
        let mut all = if user.is("admin") { records.tenants().await? } else { self.own(ctx).await? };
        if all.is_empty() {
            return Err(Problem::forbidden(NO_SHOP));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Sellers the caller is a member of; an administrator is none.
    ///
    /// # Errors
    /// 401 for nobody.
    pub(super) async fn own(&self, ctx: &OpCtx) -> Result<Vec<Tenant>> {
        let mut all = Vec::new();
        for id in &authz::user(ctx)?.tenants {
            let Ok(desk) = authz::tenant_desk(ctx, id) else { continue };
            all.extend(self.0.catalog.records().tenant(desk.tenant()).await?);
        }
        Ok(all)
    }

    /// The seller of this id; nobody named: the first by name.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub(super) async fn seller(&self, ctx: &OpCtx, id: &str) -> Result<Tenant> {
        authz::user(ctx)?;
        if id.is_empty() {
            return self.sellers(ctx).await?.into_iter().next().ok_or_else(no_shop);
        }
        let desk = self.desk_named(ctx, id)?;
        self.0.catalog.records().tenant(desk.tenant()).await?.ok_or_else(no_shop)
    }

    /// The desk of the seller of this id.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' sellers and what is no id.
    pub(super) fn desk_named(&self, ctx: &OpCtx, id: &str) -> Result<TenantDesk> {
        authz::user(ctx)?;
        let id: TenantId = id.parse().map_err(|_| no_shop())?;
        authz::tenant_desk(ctx, &id)
    }

    /// The desks a page shows: that of the seller of this id; nobody named: those of the sellers the caller is a member of.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who is a member of none, 404 for others' sellers.
    pub(super) async fn desks(&self, ctx: &OpCtx, id: &str) -> Result<Vec<(TenantDesk, Tenant)>> {
        let all = if id.is_empty() { self.own(ctx).await? } else { vec![self.seller(ctx, id).await?] };
        if all.is_empty() {
            return Err(Problem::forbidden(NO_SHOP));
        }
        all.into_iter().map(|tenant| Ok((authz::tenant_desk(ctx, &tenant.id)?, tenant))).collect()
    }
}
