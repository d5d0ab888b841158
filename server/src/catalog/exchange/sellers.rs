//! Rows of sellers: who they are in law, and that their invoices are numbered apart from those of others.

use std::collections::HashMap;

use vitrine_shared::catalog::Tenant;
use vitrine_shared::id::TenantId;

use super::import::{Done, Fault, Importer};
use super::{TenantRow, build};
use crate::catalog::settings;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::invoices::entity;

impl Importer {
    pub(super) async fn tenant_row(&self, ctx: &OpCtx, r: &TenantRow) -> Done {
        if !r.legal.has_prefix() {
            let said = format!("`legal.invoice_prefix`: {:?} is not 1 to 8 of A-Z and 0-9", r.legal.invoice_prefix);
            return Err(said.into());
        }
        build::check_legal(&r.legal)?;
        let id = build::id_of("tenant", &r.reference, TenantId::from_bits);
        let before = self.catalog.tenant(&id).await?;
        let tenant = Tenant {
            rev: before.as_ref().map_or(0, |before| before.rev),
            id,
            name: build::text("name", &r.name, 120)?,
            legal: r.legal.clone(),
            currency: r.currency.clone(),
            locale: r.locale.clone(),
            fee_bps: r.fee_bps.min(10_000),
            listed: r.listed,
        };
        let names = names_of(&tenant);
        let earlier = before.as_ref().map(names_of).unwrap_or_default();
        if earlier != names {
            self.numbered_apart(&tenant, &names).await?;
        }
        let mut claimed = names.clone();
        for name in earlier.into_iter().filter(|name| !names.contains(name)) {
            // Documents may be numbered by it: it stays this seller's.
            if self.catalog.owner_of(entity::what(), &name).await?.is_none() {
                claimed.push(name);
            }
        }
        // What was set at the desk meanwhile must not be overwritten unseen.
        let mut ops = vec![settings::seller_written(&tenant, before.is_some(), None, ctx.now_ms)?];
        ops.extend(entity::claims(&claimed, tenant.id.as_str()));
        let done = self.settle(ctx, tenant.id.as_str(), before.as_ref(), &tenant, ops).await;
        match done {
            // Another row came first while this one was on its way.
            Err(Fault::Refused(why)) => {
                self.numbered_apart(&tenant, &names).await?;
                Err(Fault::Refused(why))
            }
            done => done,
        }
    }

    /// Refuses what numbers another seller's invoices already, if both are one entity in law.
    async fn numbered_apart(&self, tenant: &Tenant, names: &[String]) -> std::result::Result<(), Fault> {
        let older = self.older.get_or_try_init(|| self.of_older_records()).await?;
        for name in names {
            let claimed = self.catalog.owner_of(entity::what(), name).await?;
            let owner = claimed.or_else(|| older.get(name).cloned());
            if let Some(owner) = owner.filter(|owner| owner != tenant.id.as_str()) {
                return Err(format!(
                    "`legal.invoice_prefix`: {:?} numbers invoices of {owner}, which is the same legal entity (a tax id, or name and \
                     address); give this seller another prefix, which does not differ by a C or A at its end alone",
                    tenant.legal.invoice_prefix
                )
                .into());
            }
        }
        Ok(())
    }

    /// Who has what by records from before there were claims.
    async fn of_older_records(&self) -> Result<HashMap<String, String>> {
        let tenants = self.catalog.tenants().await?;
        let named =
            tenants.iter().flat_map(|tenant| names_of(tenant).into_iter().map(|name| (name, tenant.id.to_string())));
        Ok(named.collect())
    }
}

fn names_of(tenant: &Tenant) -> Vec<String> {
    entity::names(&entity::of(tenant), &tenant.legal.invoice_prefix)
}
