//! Money sent back: whole lines, pieces of them, an amount, shipping, or the tax alone.
//!
//! A refund is decided at once (access ends, pieces come back, the sum is written off the order) and carried out by a
//! durable job that asks the provider until it answers, so that no crash between the two loses or doubles money.
//!
//! Invariants: what goes back is found by `vitrine_pricing::refund` from the kept quote and all refunds before, so their
//! sum never exceeds what was paid; access to files ends only once nothing of their line is left.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_payments::NewRefund;
use vitrine_pricing::quote::Quote;
use vitrine_pricing::refund::{
    LineWish, RefundError, RefundQuote, RefundWish, RefundableQuote, Take, refund, refundable,
};
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::Fulfilment;
use vitrine_table::{Condition, Consistency, Item, Key, Put, TableError, Transact, TransactOp};

use super::fulfil::{job, plain};
use super::pay::grant_id;
use super::store::{self, Checkout, Order, Relief};
use super::{Checkouts, TAX_BACK, sales};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, entitlements, ids, stock};

/// Kind of the job that carries a refund out.
pub const REFUND: &str = "order.refund";

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Names the wish: the same one twice is done once.
    pub attempt: String,
    /// What goes back.
    pub what: RefundWish,
    /// Pieces come back into stock.
    pub restock: bool,
    /// For the trail.
    pub reason: String,
}

/// A refund as decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// Made from the order and the attempt.
    pub id: String,
    /// Of which order.
    pub order: OrderId,
    /// Numbers of the lines of which something went back.
    pub lines: Vec<usize>,
    /// Something of shipping went back too.
    pub shipping: bool,
    /// Minor units of the order's currency.
    pub amount_minor: i64,
    /// What the order had given back before it, minor units: it says which source gets which part.
    #[serde(default)]
    pub before_minor: i64,
    /// How much of what, by rule; none in records of the first form, which are of whole lines.
    #[serde(default)]
    pub amounts: Option<RefundQuote>,
    /// Why.
    pub reason: String,
    /// The provider has carried it out.
    pub done: bool,
    /// UTC milliseconds.
    pub at_ms: i64,
}

impl Refund {
    /// How much of what went back, of an order with this quote.
    ///
    /// # Errors
    /// A record of the first form names lines that the quote has not.
    pub fn amounts(&self, paid: &Quote) -> Result<RefundQuote> {
        match &self.amounts {
            Some(amounts) => Ok(amounts.clone()),
            None => refund(paid, &[], &RefundWish::whole(&self.lines, self.shipping))
                .map_err(|e| fault::internal("a refund", &e)),
        }
    }
}

fn refund_key(order: &OrderId, id: &str) -> Key {
    Key::new(format!("ORDER#{order}"), format!("REFUND#{id}"))
}

fn refund_item(refund: &Refund) -> Result<Item> {
    let mut item = vitrine_table::to_item(&refund_key(&refund.order, &refund.id), refund).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("_v".into(), 1.into());
    Ok(item)
}

fn name_of(order: &OrderId, attempt: &str) -> String {
    format!("rf_{:032x}", ids::derived_bits(&["refund", order.as_str(), attempt]))
}

/// The engine's refusal as a problem; `fields` has its path.
fn refused(error: RefundError) -> Problem {
    let field = error.field().to_owned();
    match error {
        RefundError::Nothing => Problem::invalid("lines", "fault-lines", "Choose at least one line."),
        RefundError::NoSuchLine { .. } => Problem::not_found("line"),
        RefundError::NoShipping => Problem::conflict("no_shipping", "Nothing was paid for shipping."),
        RefundError::AlreadyRefunded { .. } => {
            Problem::conflict("refunded_already", "Something chosen was refunded before.")
        }
        RefundError::NoTax { .. } => Problem::conflict("no_tax", "No tax is left on something chosen."),
        RefundError::TooMany { left, .. } => {
            Problem::invalid(&field, "fault-refund-pieces", "So many pieces are not left.").detail(left.to_string())
        }
        RefundError::TooMuch { left, .. } => {
            Problem::invalid(&field, "fault-refund-much", "So much is not left.").detail(left.to_decimal())
        }
        RefundError::NotChargeable { step, .. } => {
            let title = format!("Amounts in {} are multiples of {}.", step.currency(), step.to_decimal());
            Problem::invalid(&field, "fault-amount", title).detail(step.to_decimal())
        }
        RefundError::Invalid { detail, .. } if !field.starts_with("quote") => {
            Problem::invalid(&field, "fault-amount", detail)
        }
        RefundError::Money { .. } if !field.starts_with("quote") => {
            Problem::invalid(&field, "fault-amount", "An amount of the order's currency is needed.")
        }
        error => fault::internal("a refund", &error),
    }
}

impl Checkouts {
    /// What a refund would be, by line, shipping, tax rule and in all, with its explanation. Writes nothing.
    ///
    /// # Errors
    /// As [`Checkouts::refund`], but for the reason.
    pub async fn refund_preview(&self, ctx: &OpCtx, id: &OrderId, wish: &RefundWish) -> Result<RefundQuote> {
        authz::staff(ctx, "orders:refund")?;
        let order = self.paid_order(id).await?;
        let before = self.refunds(id).await?;
        refund(&order.quote, &amounts_of(&order, &before)?, wish).map_err(refused)
    }

    /// What can still be refunded of an order.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order; 409 if it is not paid.
    pub async fn refundable(&self, ctx: &OpCtx, id: &OrderId) -> Result<RefundableQuote> {
        authz::staff(ctx, "orders:refund")?;
        let order = self.paid_order(id).await?;
        let before = self.refunds(id).await?;
        refundable(&order.quote, &amounts_of(&order, &before)?).map_err(refused)
    }

    /// Decides a refund: access ends where nothing of a line is left, pieces come back where said, the money follows by a
    /// job. Safe to repeat.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order or line; 409 for what was refunded, has no tax left, or changed
    /// meanwhile; 422 without a reason, for more than is left, or amounts of another currency.
    pub async fn refund(&self, ctx: &OpCtx, id: &OrderId, wish: &Wish) -> Result<Refund> {
        authz::staff(ctx, "orders:refund")?;
        let reason = plain("reason", &wish.reason)?;
        let name = name_of(id, &wish.attempt);
        if let Some(known) = self.refund_of(id, &name).await? {
            return Ok(known);
        }
        let order = self.paid_order(id).await?;
        let before = self.refunds(id).await?;
        self.give_back(ctx, order, before, name, &reason, &wish.what, wish.restock).await
    }

    /// Gives all tax back that is left on these parts of an order, because its buyer turned out not to owe it; for jobs of the
    /// system. Safe to repeat with the same `attempt`; `None`: no tax is left, and there is nothing to do.
    ///
    /// # Errors
    /// As [`Checkouts::refund`]; 409 `changed_meanwhile` is worth another try.
    pub async fn refund_tax(
        &self,
        ctx: &OpCtx,
        id: &OrderId,
        attempt: &str,
        reason: &str,
        of: &Relief,
    ) -> Result<Option<Refund>> {
        authz::staff(ctx, "orders:refund")?;
        let reason = plain("reason", reason)?;
        let name = name_of(id, attempt);
        if let Some(known) = self.refund_of(id, &name).await? {
            return Ok(Some(known));
        }
        let order = self.paid_order(id).await?;
        let before = self.refunds(id).await?;
        let left = refundable(&order.quote, &amounts_of(&order, &before)?).map_err(refused)?;
        let taxed = left.lines.iter().enumerate().filter(|(n, l)| of.lines.contains(n) && !l.amounts.tax.is_zero());
        let wish = RefundWish {
            lines: taxed.map(|(line, _)| LineWish { line, take: Take::Tax }).collect(),
            shipping: left.shipping.filter(|s| of.shipping && !s.amounts.tax.is_zero()).map(|_| Take::Tax),
        };
        if wish == RefundWish::default() {
            return Ok(None);
        }
        self.give_back(ctx, order, before, name, &reason, &wish, false).await.map(Some)
    }

    /// Writes a refund in one transaction, if the order and its refunds are still what they were.
    #[expect(clippy::too_many_arguments, reason = "two doors, one body")]
    async fn give_back(
        &self,
        ctx: &OpCtx,
        order: Order,
        before: Vec<Refund>,
        name: String,
        reason: &str,
        wish: &RefundWish,
        restock: bool,
    ) -> Result<Refund> {
        let earlier = amounts_of(&order, &before)?;
        let amounts = refund(&order.quote, &earlier, wish).map_err(refused)?;
        let mut next = order.clone();
        let mut ops = Vec::new();
        for part in &amounts.lines {
            let number = part.line.unwrap_or(usize::MAX);
            let line = next.lines.get_mut(number).ok_or_else(|| Problem::not_found("line"))?;
            if !line.state.may_become(Fulfilment::Refunded) {
                return Err(Problem::conflict("refunded_already", "A chosen line was refunded before."));
            }
            if part.complete {
                line.state = Fulfilment::Refunded;
            }
            if let Some(gift) = &line.gift {
                let values = self.values.as_ref().ok_or_else(|| fault::internal("a refund", &"no stored value"))?;
                let amount = part.amounts.gross.minor();
                ops.extend(values.take_back(ctx.now_ms, &gift.cards, gift.each_minor, amount, &name).await?);
            } else if part.complete && !line.physical {
                let store = entitlements::store::GrantStore::new(self.table.clone());
                let grants = store.grants_for_work(&order.customer, &line.work).await?;
                let wanted = grant_id(&order.id, number);
                if let Some(grant) = grants.iter().find(|g| g.id == wanted && g.revoked.is_none()) {
                    ops.push(entitlements::store::revoke_op(grant, ctx.now_ms, "refunded"));
                }
            } else if restock && line.physical && line.stocked && part.quantity > 0 {
                ops.push(stock::restock(&line.variant, i64::from(part.quantity)));
            }
        }
        next.refunded_minor += amounts.totals.gross.minor();
        next.rev += 1;
        let refund = Refund {
            id: name,
            order: order.id.clone(),
            lines: amounts.lines.iter().filter_map(|part| part.line).collect(),
            shipping: amounts.shipping.is_some(),
            amount_minor: amounts.totals.gross.minor(),
            before_minor: order.refunded_minor,
            amounts: Some(amounts.clone()),
            reason: reason.to_owned(),
            done: false,
            at_ms: ctx.now_ms,
        };
        let put = |item, condition| TransactOp::Put(Put { item, condition: Some(condition) });
        ops.push(put(store::order_item(&next)?, Condition::eq("rev", order.rev)));
        ops.push(put(refund_item(&refund)?, Condition::ItemAbsent));
        if !order.is_gift() {
            let fee = self.fee_back(&order, &before, &earlier, &amounts).await?;
            ops.push(sales::refunded_op(&order, &refund, &amounts, fee)?);
        }
        let what = json!({
            "order": order.id, "lines": refund.lines, "shipping": refund.shipping, "restock": restock,
            "amount_minor": refund.amount_minor, "tax_minor": amounts.totals.tax.minor(),
            "pieces": amounts.lines.iter().map(|part| part.quantity).collect::<Vec<_>>(),
        });
        ops.push(audit::entry(ctx, order.checkout.as_str(), "order.refunded", reason, what));
        let payload = json!({ "order": order.id, "refund": refund.id });
        ops.extend(self.job_op(&job(REFUND, &refund.id, payload.clone(), ctx.now_ms))?);
        if order.tax.service.is_some() {
            ops.extend(self.job_op(&job(TAX_BACK, &refund.id, payload, ctx.now_ms))?);
        }
        self.write(ops).await?;
        Ok(refund)
    }

    /// One refund.
    ///
    /// # Errors
    /// The table's.
    pub async fn refund_of(&self, order: &OrderId, id: &str) -> Result<Option<Refund>> {
        let item = self.table.get(&refund_key(order, id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// All refunds of an order.
    ///
    /// # Errors
    /// The table's.
    pub async fn refunds(&self, order: &OrderId) -> Result<Vec<Refund>> {
        let query = vitrine_table::Query::new(vitrine_table::Index::Base, format!("ORDER#{order}"));
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let page = query.clone().begins_with("REFUND#").limit(1000).after(cursor);
            let page = self.table.query(page).await.map_err(fault::table)?;
            for item in page.items {
                all.push(vitrine_table::from_item(item).map_err(fault::table)?);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// Sends a refund's money back to where it came from: the provider is asked, stored value is posted; once, whatever is repeated.
    ///
    /// # Errors
    /// The provider's and the table's; the job repeats.
    pub async fn send_back(&self, ctx: &OpCtx, refund: &Refund) -> Result<()> {
        let Some(order) = self.order(&refund.order).await? else { return Ok(()) };
        let Some(checkout) = self.get(&order.checkout).await? else { return Ok(()) };
        let (amount_minor, stored) = super::value::back(&order, refund)?;
        if amount_minor > 0 {
            let (Some(session), Some(payments)) = (&checkout.session, &self.payments) else {
                return Err(fault::internal("a refund", &"no payment provider is configured for its payment"));
            };
            let money = NewRefund {
                idempotency_key: refund.id.clone(),
                session_id: session.clone(),
                amount_minor,
                reason: refund.reason.clone(),
            };
            payments.refund(money).await.map_err(|e| fault::internal("the payment provider", &e))?;
        }
        self.post_back(ctx, &order, refund, &stored).await
    }

    /// The refund's money and papers are out.
    ///
    /// # Errors
    /// The table's; safe to repeat.
    pub async fn refund_done(&self, ctx: &OpCtx, refund: &Refund, checkout: &Checkout) -> Result<()> {
        let mut next = refund.clone();
        next.done = true;
        let ops = vec![
            TransactOp::Put(Put { item: refund_item(&next)?, condition: Some(Condition::eq("done", false)) }),
            audit::entry(ctx, checkout.id.as_str(), "refund.carried_out", "", json!({ "refund": refund.id })),
        ];
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) | Err(TableError::Cancelled(_)) => Ok(()),
            Err(e) => Err(fault::table(e)),
        }
    }
}

/// What went back before, for the engine.
///
/// # Errors
/// 409 if order and refunds were not read as of one moment: between the two another refund was written.
fn amounts_of(order: &Order, refunds: &[Refund]) -> Result<Vec<RefundQuote>> {
    if refunds.iter().map(|r| r.amount_minor).sum::<i64>() != order.refunded_minor {
        return Err(fault::table(TableError::Conflict));
    }
    refunds.iter().map(|r| r.amounts(&order.quote)).collect()
}
