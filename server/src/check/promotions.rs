//! Counts of promotions agree with the checkouts that used them.

use std::collections::HashMap;

use vitrine_shared::id::TenantId;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Index, Query, retry};

use super::purchases::Sums;
use super::{Check, Findings, Invariant};
use crate::checkout::store::{Checkout, Order};
use crate::fault::{self, Result};
use crate::promotions::{TOTAL, count_key, uses};

/// Names of one promotion's customers that are looked at.
const MOST_NAMES: usize = 1_000_000;

/// Adds what a checkout uses.
pub(super) fn add(checkout: &Checkout, orders: &[Order], sums: &mut Sums) {
    if matches!(checkout.state, CheckoutState::Released | CheckoutState::RefundedLate) {
        return;
    }
    for used in uses(orders) {
        let counts = sums.uses.entry((used.tenant, used.of.promotion)).or_default();
        for name in std::iter::once(TOTAL).chain(checkout.known_by.iter().map(String::as_str)) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
}

impl Check {
    /// Looks at every count of every seller's promotions, those that are used and those that are kept.
    pub(super) async fn promotions(&self, sums: &Sums, out: &mut Findings) -> Result<()> {
        let none = HashMap::new();
        for ((tenant, promotion), counts) in &sums.uses {
            self.counts(tenant, promotion, counts, out).await?;
        }
        for tenant in self.catalog.tenants().await? {
            for kept in self.checkouts.promotions().records().every(&tenant.id).await? {
                out.saw("promotions");
                let key = (tenant.id.clone(), kept.promotion.id);
                if !sums.uses.contains_key(&key) {
                    self.counts(&key.0, &key.1, &none, out).await?;
                }
            }
        }
        Ok(())
    }

    async fn counts(
        &self,
        tenant: &TenantId,
        promotion: &str,
        counts: &HashMap<String, i64>,
        out: &mut Findings,
    ) -> Result<()> {
        let query = Query::new(Index::Base, count_key(tenant, promotion, TOTAL).pk);
        let items = retry::query_all(&*self.table, query, MOST_NAMES).await.map_err(fault::table)?;
        let mut found: HashMap<&str, i64> = HashMap::with_capacity(items.len());
        for item in &items {
            let used = item.get("used").and_then(serde_json::Value::as_i64).unwrap_or(0);
            if let Some(of) = item.get("sk").and_then(|v| v.as_str()) {
                found.insert(of, used);
            }
        }
        let mut names: Vec<&str> = found.keys().copied().chain(counts.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (is, should) = (found.get(name).copied().unwrap_or(0), counts.get(name).copied().unwrap_or(0));
            if is != should {
                let what = format!("{is} uses are counted, the checkouts have {should}");
                out.say(Invariant::Promotions, &[tenant.as_str(), promotion, name], what);
            }
        }
        Ok(())
    }
}
