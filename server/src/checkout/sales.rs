//! What sellers sold, as their studio lists it: one item per paid order and per refund, written in the same transaction.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | sale | `SALES#tenant` | `paid#order` |
//! | refund | `SALES#tenant` | `at#order#refund` |
//!
//! The platform's fee is on the net price of goods, not on shipping and not on tax; a refund gives its part of it back, and
//! all refunds together exactly what was taken, whatever the fee is by then.

use serde::{Deserialize, Serialize};
use vitrine_pricing::money::{RoundingMode, mul_ratio};
use vitrine_pricing::quote::TaxAmount;
use vitrine_pricing::refund::RefundQuote;
use vitrine_shared::id::{OrderId, TenantId};
use vitrine_table::{Condition, Index, Key, Put, Query, TransactOp, retry};

use super::Checkouts;
use super::refund::Refund;
use super::store::{Order, OrderLine};
use crate::authz::TenantDesk;
use crate::fault::{self, Result};

/// One sale, or one refund with negative amounts. All amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// Of which order.
    pub order: OrderId,
    /// A refund's id.
    #[serde(default)]
    pub refund: Option<String>,
    /// UTC milliseconds.
    pub at_ms: i64,
    /// What, as sold.
    pub what: Vec<String>,
    /// ISO 3166-1 of the buyer.
    pub country: String,
    /// ISO 4217.
    pub currency: String,
    /// Goods without tax.
    pub net_minor: i64,
    /// Shipping without tax.
    pub shipping_minor: i64,
    /// Tax, which is the tax office's.
    pub tax_minor: i64,
    /// The same by rule, for reports by rate; empty in records of the first form.
    #[serde(default)]
    pub taxes: Vec<SaleTax>,
    /// The platform's.
    pub fee_minor: i64,
    /// The seller's: goods and shipping without the fee.
    pub share_minor: i64,
}

/// One tax of a sale; of a refund negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaleTax {
    /// Rule id.
    pub rule: String,
    /// `DE`, `CA-QC` ...
    pub jurisdiction: String,
    /// Millionths.
    pub rate_ppm: i64,
    /// What it is on, minor units.
    pub base_minor: i64,
    /// The tax, minor units.
    pub amount_minor: i64,
}

/// The fee on an amount: basis points, rounded half away from zero.
fn fee(net_minor: i64, bps: u32) -> i64 {
    let product = i128::from(net_minor) * i128::from(bps);
    let rounded = (product.abs() + 5_000) / 10_000;
    let rounded = if product < 0 { -rounded } else { rounded };
    // A fee is never more than what it is on, which is an i64.
    i64::try_from(rounded).unwrap_or(net_minor)
}

/// What of a fee goes back now, if `back` of `net` has gone back with this refund and `given` of the fee before it.
fn fee_share(taken: i64, given: i64, back: i64, net: i64) -> i64 {
    let up_to_now = if back >= net { taken } else { mul_ratio(taken, back, net, RoundingMode::HalfUp).unwrap_or(0) };
    (up_to_now - given).clamp(0, (taken - given).max(0))
}

/// Of a part of an order's amounts: goods and shipping without tax, taxes.
struct Part<'a> {
    net: i64,
    shipping: i64,
    taxes: &'a [TaxAmount],
    fee: i64,
}

fn sale(order: &Order, at_ms: i64, what: Vec<String>, part: &Part<'_>, sign: i64) -> Sale {
    let tax = |t: &TaxAmount| SaleTax {
        rule: t.rule.clone(),
        jurisdiction: t.jurisdiction.clone(),
        rate_ppm: t.rate_ppm,
        base_minor: sign * t.base.minor(),
        amount_minor: sign * t.amount.minor(),
    };
    Sale {
        order: order.id.clone(),
        refund: None,
        at_ms,
        what,
        country: order.country.clone(),
        currency: order.quote.currency.code().to_owned(),
        net_minor: sign * part.net,
        shipping_minor: sign * part.shipping,
        tax_minor: sign * part.taxes.iter().map(|t| t.amount.minor()).sum::<i64>(),
        taxes: part.taxes.iter().map(tax).collect(),
        fee_minor: sign * part.fee,
        share_minor: sign * (part.net + part.shipping - part.fee),
    }
}

fn words(line: &OrderLine, pieces: u32) -> String {
    let title = [line.title.as_str(), line.edition.as_str()].into_iter().filter(|t| !t.is_empty());
    let title = title.collect::<Vec<_>>().join(" · ");
    if pieces > 1 { format!("{title} × {pieces}") } else { title }
}

fn goods(refund: &RefundQuote) -> i64 {
    refund.lines.iter().map(|part| part.amounts.net.minor()).sum()
}

fn key(tenant: &TenantId, at_ms: i64, order: &OrderId, refund: Option<&str>) -> Key {
    let tail = refund.map_or_else(String::new, |r| format!("#{r}"));
    Key::new(format!("SALES#{tenant}"), format!("{at_ms:015}#{order}{tail}"))
}

fn op(tenant: &TenantId, sale: &Sale) -> Result<TransactOp> {
    let key = key(tenant, sale.at_ms, &sale.order, sale.refund.as_deref());
    let mut item = vitrine_table::to_item(&key, sale).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("_v".into(), 1.into());
    Ok(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }))
}

fn net(order: &Order) -> i64 {
    order.quote.lines.iter().map(|line| line.amounts.net.minor()).sum()
}

/// Writes the sale of a paid order.
pub(super) fn sold_op(order: &Order, at_ms: i64, bps: u32) -> Result<TransactOp> {
    let what = order.lines.iter().map(|line| words(line, line.quantity)).collect();
    let net = net(order);
    let shipping = order.quote.shipping.as_ref().map_or(0, |s| s.net.minor());
    let part = Part { net, shipping, taxes: &order.quote.totals.taxes, fee: fee(net, bps) };
    op(&order.tenant, &sale(order, at_ms, what, &part, 1))
}

/// Writes a refund that gives `fee` back.
pub(super) fn refunded_op(order: &Order, refund: &Refund, amounts: &RefundQuote, fee: i64) -> Result<TransactOp> {
    let lines = amounts.lines.iter().filter_map(|part| Some((order.lines.get(part.line?)?, part.quantity)));
    let what = lines.map(|(line, pieces)| words(line, pieces)).collect();
    let shipping = amounts.shipping.as_ref().map_or(0, |s| s.amounts.net.minor());
    let part = Part { net: goods(amounts), shipping, taxes: &amounts.totals.taxes, fee };
    let mut sale = sale(order, refund.at_ms, what, &part, -1);
    sale.refund = Some(refund.id.clone());
    op(&order.tenant, &sale)
}

impl Checkouts {
    /// The part of the fee that a refund gives back: cumulative, of what was taken when it was paid.
    pub(super) async fn fee_back(
        &self,
        order: &Order,
        refunds: &[Refund],
        earlier: &[RefundQuote],
        now: &RefundQuote,
    ) -> Result<i64> {
        let of = |at_ms: i64, refund: Option<&str>| key(&order.tenant, at_ms, &order.id, refund);
        let mut keys = vec![of(order.paid_ms.unwrap_or_default(), None)];
        keys.extend(refunds.iter().map(|r| of(r.at_ms, Some(&r.id))));
        let items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        let mut fees = Vec::with_capacity(items.len());
        for item in items {
            let sale: Option<Sale> = item.map(vitrine_table::from_item).transpose().map_err(fault::table)?;
            fees.push(sale.map(|s| s.fee_minor));
        }
        let net = net(order);
        let taken = match fees.first().copied().flatten() {
            Some(taken) => taken,
            None => fee(net, self.fee_bps(order).await?),
        };
        let given: i64 = fees.iter().skip(1).flatten().map(|fee| -fee).sum();
        Ok(fee_share(taken, given, earlier.iter().chain([now]).map(goods).sum(), net))
    }

    pub(super) async fn fee_bps(&self, order: &Order) -> Result<u32> {
        Ok(self.catalog.records().tenant(&order.tenant).await?.map_or(0, |t| t.fee_bps))
    }

    /// One page of a seller's sales and refunds, newest first.
    ///
    /// # Errors
    /// 422 for a foreign cursor.
    pub async fn sales(&self, desk: &TenantDesk, cursor: Option<String>) -> Result<(Vec<Sale>, Option<String>)> {
        let query = Query::new(Index::Base, format!("SALES#{}", desk.tenant())).descending().limit(50).after(cursor);
        let page = self.table.query(query).await.map_err(fault::table)?;
        let sales: Result<Vec<Sale>> =
            page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect();
        Ok((sales?, page.cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_half_away_from_zero_and_refunds_give_the_same_back() {
        assert_eq!((fee(672, 1000), fee(5, 1000), fee(4, 1000), fee(0, 1000)), (67, 1, 0, 0));
        assert_eq!(fee(-672, 1000), -67);
        assert_eq!(fee(i64::MAX, 10_000), i64::MAX);
    }

    #[test]
    fn partial_refunds_give_exactly_the_fee_back() {
        for (taken, net) in [(67, 672), (0, 672), (5, 5), (1, 3), (100, 0)] {
            let mut given = 0;
            for back in 0..=net {
                let now = fee_share(taken, given, back, net);
                assert!(now >= 0);
                given += now;
            }
            assert_eq!(given, taken);
        }
    }
}
