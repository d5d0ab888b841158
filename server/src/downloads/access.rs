//! Who may open what: the union of the grants to one work.

use vitrine_shared::Problem;
use vitrine_shared::access::Grant;
use vitrine_shared::id::{AssetId, CustomerId, WorkId};

use crate::catalog::store::{CatalogStore, WorkBundle};
use crate::entitlements::store::GrantStore;
use crate::fault::Result;

/// A customer's (or an account's customers') rights to one work.
#[derive(Clone, Debug)]
pub struct Access {
    /// The work as it is now, on sale or withdrawn; `None`: its record is gone.
    pub bundle: Option<WorkBundle>,
    /// All grants, oldest first, revoked ones too.
    pub grants: Vec<Grant>,
}

impl Access {
    /// Reads the rights, strongly consistent.
    ///
    /// # Errors
    /// The table's.
    pub async fn load(
        records: &CatalogStore,
        grants: &GrantStore,
        customers: &[CustomerId],
        work: &WorkId,
    ) -> Result<Self> {
        let mut all = Vec::new();
        for customer in customers {
            all.extend(grants.grants_for_work(customer, work).await?);
        }
        all.sort_by(|a, b| (a.since_ms, &a.id).cmp(&(b.since_ms, &b.id)));
        Ok(Self { bundle: records.bundle(work).await?, grants: all })
    }

    /// Files of a grant: those of the day of sale, which stay, and those its edition has got since.
    pub fn assets(&self, grant: &Grant) -> Vec<AssetId> {
        let mut out = grant.assets.clone();
        if let Some((_, variant)) = self.bundle.as_ref().and_then(|b| b.variant(&grant.variant)) {
            out.extend(variant.assets.iter().filter(|a| !grant.assets.contains(a)).cloned());
        }
        out
    }

    /// Grants in force.
    pub fn in_force(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(|g| g.revoked.is_none())
    }

    /// Whether the licence of the grant's edition is still to be accepted.
    pub fn awaits_licence(&self, grant: &Grant) -> bool {
        let variant = self.bundle.as_ref().and_then(|b| b.variant(&grant.variant));
        grant.licence.is_none() && variant.is_some_and(|(_, v)| v.licence.is_some())
    }

    /// Every file the grants in force open, each once, with a grant that opens it.
    pub fn files(&self) -> Vec<(AssetId, &Grant)> {
        let mut out: Vec<(AssetId, &Grant)> = Vec::new();
        // Grants whose licence is accepted come first: one of them is enough.
        let mut grants: Vec<&Grant> = self.in_force().collect();
        grants.sort_by_key(|g| self.awaits_licence(g));
        for grant in grants {
            for asset in self.assets(grant) {
                if !out.iter().any(|(a, _)| *a == asset) {
                    out.push((asset, grant));
                }
            }
        }
        out
    }

    /// The grant that opens a file.
    ///
    /// # Errors
    /// 404 `not_found` if there never was one, 403 `access_revoked` if all were revoked, 409 `licence_not_accepted`.
    pub fn open(&self, asset: &AssetId) -> Result<&Grant> {
        match self.files().into_iter().find(|(a, _)| a == asset) {
            Some((_, grant)) if self.awaits_licence(grant) => {
                Err(Problem::conflict("licence_not_accepted", "The licence of this edition was not accepted yet.")
                    .detail("Read and accept the licence in the library entry of the work, then ask again."))
            }
            Some((_, grant)) => Ok(grant),
            None if self.grants.iter().any(|g| self.assets(g).contains(asset)) => Err(revoked()),
            None => Err(Problem::not_found("file")),
        }
    }

    /// Reason code of the last revocation, if no grant is in force.
    pub fn lost(&self) -> Option<&str> {
        if self.in_force().next().is_some() {
            return None;
        }
        self.grants.iter().filter_map(|g| g.revoked.as_ref()).max_by_key(|(at, _)| *at).map(|(_, why)| why.as_str())
    }
}

/// 403 `access_revoked`.
pub(super) fn revoked() -> Problem {
    Problem::new(403, "access_revoked", "The access to this was ended, for example by a refund.")
        .detail("The library says why. If another purchase still opens it, ask there for a new link.")
}
