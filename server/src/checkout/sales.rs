//! What sellers sold, as their studio lists it: one item per paid order and per refund, written in the same transaction.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | sale | `SALES#tenant` | `paid#order` |
//! | refund | `SALES#tenant` | `at#order#refund` |
//!
//! The platform's fee is on the net price of goods, not on shipping and not on tax; a refund gives its part of it back.

use serde::{Deserialize, Serialize};
use vitrine_pricing::quote::Amounts;
use vitrine_shared::id::{OrderId, TenantId};
use vitrine_table::{Condition, Index, Key, Put, Query, TransactOp};

use super::Checkouts;
use super::fulfil::Refund;
use super::store::Order;
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
    /// The platform's.
    pub fee_minor: i64,
    /// The seller's: goods and shipping without the fee.
    pub share_minor: i64,
}

/// The fee on an amount: basis points, rounded half away from zero.
fn fee(net_minor: i64, bps: u32) -> i64 {
    let product = i128::from(net_minor) * i128::from(bps);
    let rounded = (product.abs() + 5_000) / 10_000;
    let rounded = if product < 0 { -rounded } else { rounded };
    // A fee is never more than what it is on, which is an i64.
    i64::try_from(rounded).unwrap_or(net_minor)
}

fn sale(order: &Order, at_ms: i64, lines: &[usize], shipping: Option<&Amounts>, bps: u32, sign: i64) -> Sale {
    let chosen = || lines.iter().filter_map(|n| order.quote.lines.get(*n));
    let net: i64 = chosen().map(|l| l.amounts.net.minor()).sum();
    let tax: i64 = chosen().map(|l| l.amounts.tax.minor()).sum();
    let (ship_net, ship_tax) = shipping.map_or((0, 0), |s| (s.net.minor(), s.tax.minor()));
    let what = lines.iter().filter_map(|n| order.lines.get(*n)).map(|l| {
        let title = [l.title.as_str(), l.edition.as_str()].into_iter().filter(|t| !t.is_empty());
        let title = title.collect::<Vec<_>>().join(" · ");
        if l.quantity > 1 { format!("{title} × {}", l.quantity) } else { title }
    });
    let fee = fee(net, bps);
    Sale {
        order: order.id.clone(),
        refund: None,
        at_ms,
        what: what.collect(),
        country: order.country.clone(),
        currency: order.quote.currency.code().to_owned(),
        net_minor: sign * net,
        shipping_minor: sign * ship_net,
        tax_minor: sign * (tax + ship_tax),
        fee_minor: sign * fee,
        share_minor: sign * (net + ship_net - fee),
    }
}

fn op(tenant: &TenantId, sale: &Sale) -> Result<TransactOp> {
    let tail = sale.refund.as_ref().map_or_else(String::new, |r| format!("#{r}"));
    let key = Key::new(format!("SALES#{tenant}"), format!("{:015}#{}{tail}", sale.at_ms, sale.order));
    let mut item = vitrine_table::to_item(&key, sale).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("_v".into(), 1.into());
    Ok(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }))
}

/// Writes the sale of a paid order.
pub(super) fn sold_op(order: &Order, at_ms: i64, bps: u32) -> Result<TransactOp> {
    let all: Vec<usize> = (0..order.lines.len()).collect();
    op(&order.tenant, &sale(order, at_ms, &all, order.quote.shipping.as_ref(), bps, 1))
}

/// Writes a refund.
pub(super) fn refunded_op(order: &Order, refund: &Refund, bps: u32) -> Result<TransactOp> {
    let shipping = order.quote.shipping.as_ref().filter(|_| refund.shipping);
    let mut sale = sale(order, refund.at_ms, &refund.lines, shipping, bps, -1);
    sale.refund = Some(refund.id.clone());
    op(&order.tenant, &sale)
}

impl Checkouts {
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
}
