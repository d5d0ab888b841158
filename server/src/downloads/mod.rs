//! Links to what was bought, and what happens when one is opened.
//!
//! Invariants:
//! - A link is made only after entitlement, licence, file state and the hourly limit were checked, and opened only after
//!   grants, hash, customer, uses and expiry were: the last three and the grants in one conditional transaction.
//! - The table holds the hash of a token, never the token.
//! - Further ranges of one open from the same address within [`OPEN_MS`] are one use; an address alone never denies.
//! - An opening whose bytes the shop sends and the store could not give whole costs no use; of what a store sends by itself (a redirect)
//!   nobody hears how it went.
//! - Every opening and every refusal of a known link is in the trail of the link.
//! - Streaming ([`stream`]) has its own short signed addresses and never counts as a use.
//!
//! Entry points: [`Downloads::link`], [`Downloads::open`], [`Downloads::stream_link`], [`Downloads::reader_link`].
//! Not here: HTTP (see `web::files`), who is signed in, how grants come to be.

pub mod access;
mod open;
mod proof;
pub mod stream;
pub mod zip;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_blob::Blob;
use vitrine_shared::Problem;
use vitrine_shared::catalog::{Asset, AssetState};
use vitrine_shared::id::{AssetId, CustomerId, GrantId, WorkId};
use vitrine_table::{Condition, Key, Put, Table, TableError, Transact, TransactOp, Update, UpdateItem};

use crate::audit;
use crate::catalog::store::CatalogStore;
use crate::ctx::OpCtx;
use crate::entitlements::store::{self as grants, GrantStore};
use crate::fault::{self, Result};
use crate::secrets::Secret;

pub use access::Access;
pub use open::{Ask, Content, Opened};
pub use proof::Proofs;

/// How long a link lives.
pub const LINK_MS: i64 = 6 * 3600 * 1000;
/// How often a link may be opened.
pub const LINK_USES: i64 = 5;
/// How long further ranges belong to one opening.
pub const OPEN_MS: i64 = 15 * 60 * 1000;
/// Links a customer may ask for in one clock hour.
pub const LINKS_PER_HOUR: i64 = 60;
/// Files of one link.
pub const MAX_ASSETS: usize = 500;
/// Grants of one link: a transaction holds 100 operations.
pub const MAX_GRANTS: usize = 90;
/// How long an expired link is still known as expired, seconds.
const REMEMBER_SECS: i64 = 30 * 24 * 3600;

/// What a buyer gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Absolute address of ours, `…/d/<token>`.
    pub url: String,
    /// The permission hash: HMAC-SHA256 over `customer|assets|grants|exp` in hex.
    #[serde(rename = "dlToken")]
    pub dl_token: String,
}

/// A grant by its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GrantRef {
    customer: CustomerId,
    work: WorkId,
    grant: GrantId,
}

/// A link as stored: `DOWNLOAD#<sha256 of the token>`, `LINK#`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    grants: Vec<GrantRef>,
    assets: Vec<AssetId>,
    /// Name of the ZIP; `None`: one file under its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    exp_ms: i64,
    uses_left: i64,
    kid: String,
    hash: String,
}

impl Record {
    fn customers(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.grants.iter().map(|g| g.customer.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// `userId|assetId|entitlementId|exp`; several are joined by commas, which no id holds.
    fn permission(&self) -> String {
        let assets: Vec<&str> = self.assets.iter().map(AssetId::as_str).collect();
        let grants: Vec<&str> = self.grants.iter().map(|g| g.grant.as_str()).collect();
        format!("{}|{}|{}|{}", self.customers().join(","), assets.join(","), grants.join(","), self.exp_ms)
    }
}

/// Makes and opens links.
#[derive(Clone)]
pub struct Downloads {
    table: Arc<dyn Table>,
    blob: Arc<dyn Blob>,
    records: CatalogStore,
    grants: GrantStore,
    proofs: proof::Proofs,
    base_url: String,
    files_url: String,
    redirects: bool,
}

/// The file may go out.
fn clean(asset: &Asset) -> Result<()> {
    match asset.state {
        AssetState::Clean => Ok(()),
        AssetState::Pending => {
            Err(Problem::conflict("file_pending", "The file is still being checked.")
                .detail("Try again in some minutes."))
        }
        AssetState::Quarantined => {
            Err(Problem::new(403, "file_quarantined", "The file was withdrawn because it may do harm.")
                .detail("The seller was told. The rest of the purchase stays available."))
        }
    }
}

impl Downloads {
    /// Over these stores; `secret` is the sealed secret `download`. `redirects`: single files go out through the blob
    /// store's own signed addresses (production) instead of through this server.
    pub fn new(
        table: Arc<dyn Table>,
        blob: Arc<dyn Blob>,
        secret: Secret,
        base_url: String,
        files_url: String,
        redirects: bool,
    ) -> Self {
        let (records, grants) = (CatalogStore::new(table.clone()), GrantStore::new(table.clone()));
        Self { table, blob, records, grants, proofs: proof::Proofs::new(secret), base_url, files_url, redirects }
    }

    pub(crate) fn grants(&self) -> &GrantStore {
        &self.grants
    }

    pub(crate) fn blob(&self) -> &Arc<dyn Blob> {
        &self.blob
    }

    /// A link to one file, or to a ZIP of several, for the caller's customers.
    ///
    /// # Errors
    /// 401 without a customer, 422 for none or too many files, 404 `not_found`, 403 `access_revoked`, 409
    /// `licence_not_accepted`, 409 `file_pending`, 403 `file_quarantined`, 429 `too_many_links`.
    pub async fn link(&self, ctx: &OpCtx, customers: &[CustomerId], assets: Vec<AssetId>) -> Result<Link> {
        let begun = std::time::Instant::now();
        let made = self.make(ctx, customers, assets).await;
        metrics::histogram!("download_link_seconds").record(begun.elapsed().as_secs_f64());
        made
    }

    async fn make(&self, ctx: &OpCtx, customers: &[CustomerId], assets: Vec<AssetId>) -> Result<Link> {
        // Before they are compared with each other.
        if assets.len() > MAX_ASSETS {
            return Err(Problem::invalid("assets", "count", format!("Ask for 1 to {MAX_ASSETS} files.")));
        }
        let mut ids: Vec<AssetId> = Vec::with_capacity(assets.len());
        for id in assets {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if customers.is_empty() {
            return Err(Problem::unauthenticated());
        }
        if ids.is_empty() {
            return Err(Problem::invalid("assets", "count", format!("Ask for 1 to {MAX_ASSETS} files.")));
        }
        let files = self.records.assets(&ids).await?;
        if files.len() != ids.len() {
            return Err(Problem::not_found("file"));
        }
        let mut works: BTreeMap<WorkId, Access> = BTreeMap::new();
        let mut opened_by: Vec<GrantRef> = Vec::new();
        for file in &files {
            if !works.contains_key(&file.work) {
                let access = Access::load(&self.records, &self.grants, customers, &file.work).await?;
                works.insert(file.work.clone(), access);
            }
            let grant = works.get(&file.work).ok_or_else(|| Problem::not_found("file"))?.open(&file.id)?;
            clean(file)?;
            let by = GrantRef { customer: grant.customer.clone(), work: grant.work.clone(), grant: grant.id.clone() };
            if !opened_by.contains(&by) {
                opened_by.push(by);
            }
        }
        if opened_by.len() > MAX_GRANTS {
            return Err(Problem::invalid(
                "assets",
                "count",
                format!("Ask for files of at most {MAX_GRANTS} purchases."),
            ));
        }
        let title =
            files.first().and_then(|f| works.get(&f.work)?.bundle.as_ref()).map_or("files", |b| b.work.title.as_str());
        let name = (files.len() > 1).then(|| {
            let more = if works.len() > 1 { format!(" +{}", works.len() - 1) } else { String::new() };
            format!("{}{more}.zip", zip::safe_name(title))
        });
        let mut record = Record {
            grants: opened_by,
            assets: ids,
            name,
            exp_ms: ctx.now_ms + LINK_MS,
            uses_left: LINK_USES,
            kid: self.proofs.kid(ctx.now_ms),
            hash: String::new(),
        };
        record.hash = self.proofs.sign("permission", &record.kid, &record.permission());
        let token = crate::ids::secret();
        self.write(ctx, &record, &proof::stored(&token)).await?;
        Ok(Link { url: format!("{}/d/{token}", self.base_url), dl_token: record.hash })
    }

    async fn write(&self, ctx: &OpCtx, record: &Record, stored: &str) -> Result<()> {
        let mut item = vitrine_table::to_item(&link_key(stored), record).map_err(fault::table)?;
        item.insert("ttl".into(), json!(record.exp_ms / 1000 + REMEMBER_SECS));
        item.insert("_v".into(), json!(1));
        let hour = ctx.now_ms.div_euclid(3_600_000);
        let mut ops: Vec<TransactOp> = record.grants.iter().map(check).collect();
        let limit_at = ops.len();
        // The link's insert-if-absent is the reservation under which the counters move: a repeat counts once.
        for customer in record.customers() {
            ops.push(TransactOp::Update(UpdateItem {
                key: Key::new(format!("LIMIT#download#{customer}"), format!("H#{hour:012}")),
                updates: vec![Update::Add("n".into(), 1), Update::set("ttl", (hour + 2) * 3600), Update::set("_v", 1)],
                condition: Some(Condition::Any(vec![
                    Condition::Absent("n".into()),
                    Condition::Lt("n".into(), json!(LINKS_PER_HOUR)),
                ])),
            }));
        }
        let limits = limit_at..ops.len();
        ops.push(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }));
        let what = json!({ "assets": record.assets, "grants": record.grants, "exp_ms": record.exp_ms });
        ops.push(audit::entry(ctx, &trail(stored), "download.linked", "", what));
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(e) if (0..limit_at).any(|op| e.failed_condition(op).is_some()) => Err(access::revoked()),
            Err(e) if limits.clone().any(|op| e.failed_condition(op).is_some()) => {
                let minutes = 60 - ctx.now_ms.div_euclid(60_000).rem_euclid(60);
                Err(Problem::new(429, "too_many_links", "Too many links were asked for within this hour.")
                    .detail(format!("Use the links you have, or ask again in {minutes} minutes.")))
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Writes a refusal into the trail and hands it back.
    async fn refused(&self, ctx: &OpCtx, stored: &str, address: &str, problem: Problem) -> Problem {
        let what = json!({ "code": problem.code, "address": address });
        let ops = vec![audit::entry(ctx, &trail(stored), "download.refused", &problem.code, what)];
        let written: std::result::Result<(), TableError> = self.table.transact(Transact { ops, token: None }).await;
        if let Err(e) = written {
            tracing::error!(error = %e, code = %problem.code, "a refused download could not be written to the trail");
        }
        problem
    }
}

fn link_key(stored: &str) -> Key {
    Key::new(format!("DOWNLOAD#{stored}"), "LINK#")
}

/// Under what the trail of a link stands.
fn trail(stored: &str) -> String {
    format!("download_{stored}")
}

fn check(by: &GrantRef) -> TransactOp {
    TransactOp::Check { key: grants::key(&by.customer, &by.work, &by.grant), condition: grants::in_force() }
}

#[cfg(test)]
mod tests;
