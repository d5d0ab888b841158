//! What a seller owes to whom: the documents of a time, added up by place (with its state where sales go by that), tax and rate. Refunds count through their credit notes.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | pointer to a document | `TENANTINVOICES#tenant` | `issued#invoice` |

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vitrine_pricing::tax::TaxStatus;
use vitrine_table::{Index, Query, SortRange};

use super::*;
use crate::authz::TenantDesk;

/// Documents that are added up while somebody waits for a page.
pub const MOST_SHOWN: usize = 20_000;
/// Batches of documents that are read at once.
const AT_ONCE: usize = 8;

/// One row: everything of one currency, place, status, tax and rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRow {
    /// Of the amounts.
    pub currency: Currency,
    /// ISO 3166-1 of where it went.
    pub country: String,
    /// The state or province that it was supplied in, by its code, in countries whose sellers report by that (US, CA, IN); else empty.
    pub region: String,
    /// Why it was taxed, or was not.
    pub status: TaxStatus,
    /// `DE`, `CA-QC` ...; empty where no tax was charged.
    pub jurisdiction: String,
    /// `USt`, `GST` ...; empty where no tax was charged.
    pub name: String,
    /// Millionths.
    pub rate_ppm: i64,
    /// Without tax; where two taxes are on one thing it counts in both rows.
    pub net_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// Invoices and credit notes it comes from.
    pub documents: u64,
    /// Of them those for which the tables stood in for a tax service that gave no answer.
    pub stood_in: u64,
}

pub(super) fn pointer(invoice: &Invoice) -> Item {
    let mut item = Item::new();
    item.insert("pk".into(), format!("TENANTINVOICES#{}", invoice.seller).into());
    item.insert("sk".into(), format!("{:015}#{}", invoice.issued_ms, invoice.id).into());
    item.insert("_v".into(), 1.into());
    item
}

impl Invoices {
    /// A seller's documents from a moment (inclusive) to another (exclusive), UTC milliseconds, added up; read page by page, so that their
    /// number costs time and no memory. `None`: there are more than `most`, if one is given.
    ///
    /// # Errors
    /// The table's.
    pub async fn tax_report(
        &self,
        desk: &TenantDesk,
        from_ms: i64,
        to_ms: i64,
        most: Option<usize>,
    ) -> Result<Option<Vec<TaxRow>>> {
        let mut rows = BTreeMap::new();
        let all = self.each(desk, (from_ms, to_ms), most, |invoice| add(&mut rows, invoice)).await?;
        Ok(all.then(|| rows.into_values().collect()))
    }

    /// Hands on every document of a time, as [`Invoices::tax_report`] reads them; `false`: there are more than `most`, and none was.
    pub(super) async fn each(
        &self,
        desk: &TenantDesk,
        (from_ms, to_ms): (i64, i64),
        most: Option<usize>,
        mut take: impl FnMut(&Invoice),
    ) -> Result<bool> {
        let partition = format!("TENANTINVOICES#{}", desk.tenant());
        // Both ends are inclusive, and every document of a moment stands behind its `#`: those of the last moment are not in.
        let range = SortRange::Between(format!("{:015}#", from_ms.max(0)), format!("{:015}#", to_ms.max(0)));
        let pages = |after| {
            let query = Query::new(Index::Base, partition.clone()).range(range.clone()).limit(1000).after(after);
            async { self.table.query(query).await.map_err(fault::table) }
        };
        // Names are cheap; what they are of is not.
        if let Some(most) = most {
            let (mut cursor, mut met) = (None, 0usize);
            loop {
                let page = pages(cursor).await?;
                met += page.items.len();
                if met > most {
                    return Ok(false);
                }
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
        let mut cursor = None;
        loop {
            let page = pages(cursor).await?;
            let names = page.items.iter().filter_map(|i| i.get("sk")?.as_str()?.split_once('#')?.1.parse().ok());
            let ids: Vec<InvoiceId> = names.collect();
            let read = ids.chunks(vitrine_table::MAX_BATCH_GET).map(|some| {
                let keys = some.iter().map(key).collect();
                async { retry::get_each(&*self.table, keys).await.map_err(fault::table) }
            });
            let mut read = stream::iter(read.collect::<Vec<_>>()).buffered(AT_ONCE);
            while let Some(items) = read.try_next().await? {
                for item in items.into_iter().flatten() {
                    let invoice: Invoice = vitrine_table::from_item(item).map_err(fault::table)?;
                    take(&invoice);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(true);
            }
        }
    }
}

/// What rows are told apart by: currency, country, region, status, jurisdiction, tax, rate.
type Of = (String, String, String, String, String, String, i64);

/// What of sending goods is of those on which there is no tax, beside shares of others on which there is. Taxes of one jurisdiction are on shares of
/// it, those of another one on the same shares again. What is no more than each share's rounding is none.
fn untaxed_share(of: &Amounts) -> Money {
    let mut wide: BTreeMap<&str, i64> = BTreeMap::new();
    for tax in &of.taxes {
        let on = wide.entry(&tax.jurisdiction).or_default();
        *on = on.saturating_add(tax.base.minor());
    }
    let sign = of.net.minor().signum();
    let covered = wide.into_values().map(|on| on.saturating_mul(sign)).max().unwrap_or_default();
    let rest = of.net.minor().saturating_mul(sign).saturating_sub(covered);
    let rounded = i64::try_from(of.taxes.len()).unwrap_or(i64::MAX).saturating_mul(of.net.currency().processor_step());
    let rest = if rest > rounded { rest * sign } else { 0 };
    Money::new(rest, of.net.currency()).unwrap_or(Money::zero(of.net.currency()))
}

fn add(rows: &mut BTreeMap<Of, TaxRow>, invoice: &Invoice) {
    let mut met: Vec<Of> = Vec::new();
    let mut add = |status: TaxStatus, tax: Option<&TaxAmount>, net: Money, amount: Money| {
        let word = serde_json::to_value(status).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let text = |get: fn(&TaxAmount) -> &String| tax.map(get).cloned().unwrap_or_default();
        let (jurisdiction, name) = (text(|t| &t.jurisdiction), text(|t| &t.name));
        let rate_ppm = tax.map_or(0, |t| t.rate_ppm);
        let of = (
            net.currency().code().to_owned(),
            invoice.country.clone(),
            invoice.region.clone(),
            word,
            jurisdiction.clone(),
            name.clone(),
            rate_ppm,
        );
        let row = rows.entry(of.clone()).or_insert_with(|| TaxRow {
            currency: net.currency(),
            country: invoice.country.clone(),
            region: invoice.region.clone(),
            status,
            jurisdiction,
            name,
            rate_ppm,
            net_minor: 0,
            tax_minor: 0,
            documents: 0,
            stood_in: 0,
        });
        // A seller's month is far below what an i64 holds.
        row.net_minor = row.net_minor.saturating_add(net.minor());
        row.tax_minor = row.tax_minor.saturating_add(amount.minor());
        if !met.contains(&of) {
            row.documents += 1;
            row.stood_in += u64::from(invoice.tax_fallback.is_some());
            met.push(of);
        }
    };
    for line in &invoice.lines {
        let goods = || invoice.untaxed_goods().filter(|_| line.text.is_empty())?.status;
        let untaxed = line.status.or_else(goods).unwrap_or(TaxStatus::OutsideScope);
        let zero = Money::zero(line.amounts.net.currency());
        if line.amounts.taxes.is_empty() {
            add(untaxed, None, line.amounts.net, zero);
        } else if line.text.is_empty() {
            let share = untaxed_share(&line.amounts);
            if !share.is_zero() {
                add(goods().unwrap_or(untaxed), None, share, zero);
            }
        }
        for tax in &line.amounts.taxes {
            // What a line is called goes by all its taxes, a row by its own: QST at zero beside GST.
            let status = if tax.rate_ppm > 0 { TaxStatus::Taxed } else { TaxStatus::ZeroRated };
            add(status, Some(tax), tax.base, tax.amount);
        }
        // Only the tax went back: the sale stays, as one without it.
        if let Some(Relieved { status, net, .. }) = &line.relieved {
            let (status, net) = (*status, *net);
            add(status, None, net, Money::zero(net.currency()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sending_untaxed_goods_costs_beside_taxed_ones_is_in_the_report() {
        let nok = |minor| Money::new(minor, "NOK".parse().unwrap()).unwrap();
        let tax = |jurisdiction: &str, base, amount| TaxAmount {
            rule: jurisdiction.into(),
            jurisdiction: jurisdiction.into(),
            name: "MVA".into(),
            rate_ppm: 250_000,
            base: nok(base),
            amount: nok(amount),
        };
        let share = |net, taxes: &[TaxAmount]| {
            let of = Amounts {
                list: nok(net),
                discounts: vec![],
                net: nok(net),
                taxes: taxes.to_vec(),
                tax: nok(0),
                gross: nok(net),
            };
            untaxed_share(&of).minor()
        };
        // A piece of 500.00 that is charged and one of 4,000.00 that the border taxes: a ninth and eight ninths of 90.00.
        assert_eq!(share(9000, &[tax("NO", 1000, 250)]), 8000);
        assert_eq!(share(-9000, &[tax("NO", -1000, -250)]), -8000);
        // All of it, at two rates, under two taxes, but for what was rounded.
        assert_eq!(share(5800, &[tax("CA", 5800, 290), tax("CA-QC", 3900, 0), tax("CA-QC", 1900, 190)]), 0);
        assert_eq!(share(5800, &[tax("CA", 5799, 290)]), 0);
        assert_eq!(share(0, &[tax("NO", 0, 0)]), 0);
    }
}
