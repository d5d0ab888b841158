//! What a seller turned over by month and place: what the sales from which on laws want a registration are held against.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | a month that is over | `TURNOVER#tenant` | `2026-11` |
//!
//! Documents never change once they are issued, so a month that is over is added up once and kept.

use std::collections::BTreeMap;

use serde_json::json;
use vitrine_pricing::tax::TaxStatus;
use vitrine_table::{Index, Query};

use super::*;
use crate::authz::TenantDesk;

/// A month is added up for good a day after it is over: what was begun before its end is issued by then.
const SETTLED_MS: i64 = 24 * 60 * 60 * 1000;

/// A month: its name `YYYY-MM`, its first moment and that of the next, UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `2026-11`.
    pub name: String,
    /// Inclusive.
    pub from_ms: i64,
    /// Exclusive.
    pub to_ms: i64,
}

/// What was sold into one place in one currency in a month, less what went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// Of the amounts.
    pub currency: Currency,
    /// ISO 3166-1.
    pub country: String,
    /// Without the country; empty where sales are not counted by it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Without tax.
    pub net_minor: i64,
    /// Of it what businesses account for themselves.
    pub reversed_minor: i64,
    /// Invoices.
    pub sales: u64,
}

/// What was sold in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    rows: Vec<Sold>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// By month.
    pub months: BTreeMap<String, Vec<Sold>>,
    /// A month is missing: there is more to add up than somebody waits for. The next look goes on.
    pub unfinished: bool,
}

fn partition(desk: &TenantDesk) -> String {
    format!("TURNOVER#{}", desk.tenant())
}

fn add(rows: &mut BTreeMap<(String, String, String), Sold>, invoice: &Invoice) {
    let currency = invoice.totals.net.currency();
    let of = (invoice.country.clone(), invoice.region.clone(), currency.code().to_owned());
    let row = rows.entry(of).or_insert_with(|| Sold {
        currency,
        country: invoice.country.clone(),
        region: invoice.region.clone(),
        net_minor: 0,
        reversed_minor: 0,
        sales: 0,
    });
    row.sales += u64::from(invoice.kind == Kind::Invoice);
    for line in &invoice.lines {
        // Where only the tax went back the sale stays, as one without it.
        let relieved = line.relieved.as_ref().map(|r| (Some(r.status), r.net));
        for (status, net) in std::iter::once((line.status, line.amounts.net)).chain(relieved) {
            // A seller's month is far below what an i64 holds.
            row.net_minor = row.net_minor.saturating_add(net.minor());
            if status == Some(TaxStatus::ReverseCharged) {
                row.reversed_minor = row.reversed_minor.saturating_add(net.minor());
            }
        }
    }
}

impl Invoices {
    /// What a seller sold in each of these months. Those that are over are added up once and kept; at most `most` documents are read of each
    /// that is not, and of no further one after that many.
    ///
    /// # Errors
    /// The table's.
    pub async fn turnover(&self, desk: &TenantDesk, months: &[Span], now_ms: i64, most: usize) -> Result<Turnover> {
        let query = Query::new(Index::Base, partition(desk));
        let kept = retry::query_all(&*self.table, query, 1000).await.map_err(fault::table)?;
        let mut known = BTreeMap::new();
        for item in kept {
            let name = item.get("sk").and_then(|v| v.as_str()).unwrap_or_default().to_owned();
            let kept: Kept = vitrine_table::from_item(item).map_err(fault::table)?;
            known.insert(name, kept.rows);
        }
        let (mut out, mut read) = (Turnover::default(), 0);
        for month in months {
            if let Some(rows) = known.remove(&month.name) {
                out.months.insert(month.name.clone(), rows);
                continue;
            }
            let mut rows = BTreeMap::new();
            // Nobody waits for a second month that is full.
            let left = most.saturating_sub(read);
            let took = |invoice: &Invoice| {
                read += 1;
                add(&mut rows, invoice);
            };
            if left == 0 || !self.each(desk, (month.from_ms, month.to_ms), Some(left), took).await? {
                out.unfinished = true;
                continue;
            }
            let rows: Vec<Sold> = rows.into_values().collect();
            if month.to_ms + SETTLED_MS <= now_ms {
                let key = Key::new(partition(desk), month.name.clone());
                let mut item = vitrine_table::to_item(&key, &Kept { rows: rows.clone() }).map_err(fault::table)?;
                item.insert("_v".into(), json!(1));
                // Whoever else adds it up comes to the same.
                self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
            }
            out.months.insert(month.name.clone(), rows);
        }
        Ok(out)
    }
}
