//! What a seller turned over by month and place: what the sales from which on laws want a registration are held against.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | a month that is over | `TURNOVER#tenant` | `v1#2026-11` |
//!
//! Documents never change once they are issued, so a month that is over is added up once and kept by whoever looks first: a copy of what documents
//! say, without a trail of its own. A change of how they are counted takes another version in the key.

use std::collections::BTreeMap;

use serde_json::json;
use vitrine_pricing::tax::TaxStatus;
use vitrine_pricing::territory::has_region;
use vitrine_table::{Index, Query};

use super::*;
use crate::authz::TenantDesk;

/// Rule by which months are counted.
const VERSION: &str = "v1#";
/// Reasons with which a business accounts for the tax, or is sold to without one as it is a business, besides reverse charge.
const TO_BUSINESSES: [&str; 2] = ["intra_community_supply_art_138", "registered_recipient"];

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
    /// Of it what was sold to businesses that account for the tax themselves.
    pub business_minor: i64,
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
    /// A month is missing: there is more to add up than somebody waits for. The next look goes on with those that are over; one that is not and has
    /// more documents than that counts when it is.
    pub unfinished: bool,
}

fn partition(desk: &TenantDesk) -> String {
    format!("TURNOVER#{}", desk.tenant())
}

/// The state or province; of documents from before they knew it that of the tax, if any was charged.
pub(super) fn region(invoice: &Invoice) -> String {
    let charged = invoice.totals.taxes.iter().find_map(|tax| tax.jurisdiction.split_once('-'));
    // `IN-SGST` is a tax and names no state.
    let names = |country: &str, region: &str| country == invoice.country && has_region(country, region) != Some(false);
    match charged {
        Some((country, region)) if invoice.region.is_empty() && names(country, region) => region.to_owned(),
        _ => invoice.region.clone(),
    }
}

fn to_business(status: TaxStatus, reason: &str) -> bool {
    status == TaxStatus::ReverseCharged || TO_BUSINESSES.contains(&reason)
}

fn add(rows: &mut BTreeMap<(String, String, String), Sold>, invoice: &Invoice) {
    let currency = invoice.totals.net.currency();
    let region = region(invoice);
    let of = (invoice.country.clone(), region.clone(), currency.code().to_owned());
    let row = rows.entry(of).or_insert_with(|| Sold {
        currency,
        country: invoice.country.clone(),
        region,
        net_minor: 0,
        business_minor: 0,
        sales: 0,
    });
    // In the place of a void one it is the same sale; the void one's credit note takes the amounts back.
    row.sales += u64::from(invoice.kind == Kind::Invoice && invoice.replaces.is_none());
    // What is sent shares the treatment of what is in the parcel and has no status of its own.
    let business = invoice.lines.iter().any(|line| line.status.is_some_and(|status| to_business(status, &line.reason)));
    for line in &invoice.lines {
        // A seller's month is far below what an i64 holds. Where the tax alone goes back the net amount is 0: the sale stays.
        let net = line.amounts.net.minor();
        row.net_minor = row.net_minor.saturating_add(net);
        let theirs = match &line.relieved {
            // It turned out to be a business's.
            Some(now) if to_business(now.status, &now.reason) => now.net.minor(),
            None if business => net,
            _ => 0,
        };
        row.business_minor = row.business_minor.saturating_add(theirs);
    }
}

impl Invoices {
    /// What a seller sold in each of these months. Those that are over are added up once, the oldest first, and kept; `budget` is how many documents
    /// may still be read while somebody waits. A look that has any of it left reads at least one month that is over, however many there are in it,
    /// so that looks come to an end.
    ///
    /// # Errors
    /// The table's.
    pub async fn turnover(
        &self,
        desk: &TenantDesk,
        months: &[Span],
        now_ms: i64,
        budget: &mut usize,
    ) -> Result<Turnover> {
        let query = Query::new(Index::Base, partition(desk)).begins_with(VERSION);
        let kept = retry::query_all(&*self.table, query, 1000).await.map_err(fault::table)?;
        let mut known = BTreeMap::new();
        for item in kept {
            let name = item.get("sk").and_then(|v| v.as_str()).unwrap_or_default().replace(VERSION, "");
            // What cannot be read is added up anew.
            if let Ok(Kept { rows }) = vitrine_table::from_item(item) {
                known.insert(name, rows);
            }
        }
        let mut out = Turnover::default();
        let mut left: Vec<&Span> = Vec::new();
        for month in months {
            match known.remove(&month.name) {
                Some(rows) => drop(out.months.insert(month.name.clone(), rows)),
                None => left.push(month),
            }
        }
        left.sort_by_key(|month| month.from_ms);
        for month in left {
            let settled = month.to_ms + SETTLED_MS <= now_ms;
            let (mut rows, mut read) = (BTreeMap::new(), 0);
            let took = |invoice: &Invoice| {
                read += 1;
                add(&mut rows, invoice);
            };
            let most = (!settled).then_some(*budget);
            if *budget == 0 || !self.each(desk, (month.from_ms, month.to_ms), most, took).await? {
                out.unfinished = true;
                continue;
            }
            *budget = budget.saturating_sub(read);
            let rows: Vec<Sold> = rows.into_values().collect();
            if settled {
                let key = Key::new(partition(desk), format!("{VERSION}{}", month.name));
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
