//! Rows of collections, and which of them works and promotions may name: those of their own seller that are there.

use vitrine_shared::catalog::Work;
use vitrine_shared::id::TenantId;
use vitrine_table::TransactOp;

use super::import::{Done, Fault, Importer};
use super::{CollectionRow, Outcome};
use crate::collections::{Brought, Collections, MOST_WORKS, moved};
use crate::ctx::OpCtx;

impl Importer {
    fn collections(&self) -> Collections {
        Collections::new(self.catalog.clone())
    }

    pub(super) async fn collection(&self, ctx: &OpCtx, tenant: &TenantId, row: &CollectionRow) -> Done {
        let done = self.collections().brought(ctx, tenant, &row.reference, &row.title).await;
        let outcome = match done {
            Ok(Brought::Made) => Outcome::Created,
            Ok(Brought::Renamed) => Outcome::Updated,
            Ok(Brought::Unchanged) => Outcome::Unchanged,
            Err(problem) if matches!(problem.status, 409 | 422) => {
                let field = match problem.fields.keys().next().map(String::as_str) {
                    Some("name") => "`ref`: ".to_owned(),
                    Some(field) => format!("`{field}`: "),
                    None => String::new(),
                };
                return Err(Fault::Refused(format!("{field}{}", problem.title)));
            }
            Err(problem) => return Err(problem.into()),
        };
        Ok((outcome, Vec::new()))
    }

    /// Refuses names of collections that the seller has not.
    pub(super) async fn collections_there(
        &self,
        tenant: &TenantId,
        field: &str,
        names: &[String],
    ) -> std::result::Result<(), Fault> {
        let known = self.collections().named(tenant, names).await?;
        match names.iter().find(|name| !known.contains_key(*name)) {
            Some(name) => Err(unknown(field, name).into()),
            None => Ok(()),
        }
    }

    /// The writes beside a work's own with which it comes into the collections that it is to be in, and out of others.
    pub(super) async fn collected(
        &self,
        before: Option<&Work>,
        work: &Work,
        now_ms: i64,
    ) -> std::result::Result<Vec<TransactOp>, Fault> {
        let had = before.map(|w| w.collections.as_slice()).unwrap_or_default();
        if had == work.collections {
            return Ok(Vec::new());
        }
        let asked: Vec<String> = had.iter().chain(&work.collections).cloned().collect();
        let known = self.collections().named(&work.tenant, &asked).await?;
        for name in &work.collections {
            match known.get(name) {
                None => return Err(unknown("collections", name).into()),
                Some(full) if full.count >= MOST_WORKS && !had.contains(name) => {
                    let told = format!("`collections`: {name:?} has {MOST_WORKS} works already; name another one");
                    return Err(told.into());
                }
                Some(_) => {}
            }
        }
        let is_there = |name: &str| known.contains_key(name);
        Ok(moved((&work.tenant, &work.id), had, &work.collections, is_there, now_ms))
    }
}

fn unknown(field: &str, name: &str) -> String {
    format!("`{field}`: its seller has no collection {name:?}; a row of type `collection` that makes it comes first")
}
