//! After the sale: parcels sent, money sent back. Staff decide; each act is one transaction with its trail.
//!
//! A refund is decided at once (access ends, pieces come back, the sum is written off the order) and carried out by a
//! durable job that asks the provider until it answers, so that no crash between the two loses or doubles money.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_payments::NewRefund;
use vitrine_pricing::money::Money;
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::Fulfilment;
use vitrine_table::{Condition, Consistency, Item, Key, Put, TableError, Transact, TransactOp};

use super::pay::grant_id;
use super::store::{self, Checkout, Order};
use super::{Checkouts, sales};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, entitlements, ids, stock};

/// Kind of the job that carries a refund out.
pub const REFUND: &str = "order.refund";
/// Kind of the job that tells the buyer of a parcel.
pub const SHIPPED: &str = "order.shipped";
/// Longest reason and tracking number, characters.
const MAX_TEXT: usize = 200;

/// What staff ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Names the wish: the same one twice is done once.
    pub attempt: String,
    /// Numbers of the order's lines.
    pub lines: Vec<usize>,
    /// Shipping goes back too.
    pub shipping: bool,
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
    /// Numbers of its lines.
    pub lines: Vec<usize>,
    /// Shipping went back too.
    pub shipping: bool,
    /// Minor units of the order's currency.
    pub amount_minor: i64,
    /// What the order had given back before it, minor units: it says which source gets which part.
    #[serde(default)]
    pub before_minor: i64,
    /// Why.
    pub reason: String,
    /// The provider has carried it out.
    pub done: bool,
    /// UTC milliseconds.
    pub at_ms: i64,
}

fn refund_key(order: &OrderId, id: &str) -> Key {
    Key::new(format!("ORDER#{order}"), format!("REFUND#{id}"))
}

fn refund_item(refund: &Refund) -> Result<Item> {
    let mut item = vitrine_table::to_item(&refund_key(&refund.order, &refund.id), refund).map_err(fault::table)?;
    item.insert("_v".into(), 1.into());
    Ok(item)
}

fn plain(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::invalid(field, "fault-empty", "Fill in this field."));
    }
    if text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(Problem::invalid(field, "fault-long", "This is too long or holds control characters."));
    }
    Ok(text.to_owned())
}

fn job(kind: &str, key: &str, payload: serde_json::Value, now_ms: i64) -> NewJob {
    NewJob { kind: kind.into(), key: key.into(), payload, run_at_ms: now_ms, max_attempts: 40, trace: None }
}

impl Checkouts {
    pub(super) fn job_op(&self, job: &NewJob) -> Result<Option<TransactOp>> {
        let item = self.queue.as_item(job).map_err(|e| fault::internal("the queue", &e))?;
        Ok(item.map(|item| TransactOp::Put(Put { item, condition: None })))
    }

    async fn paid_order(&self, id: &OrderId) -> Result<Order> {
        let order = self.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        if order.paid { Ok(order) } else { Err(Problem::conflict("not_paid", "This order is not paid.")) }
    }

    /// Marks lines as sent and tells the buyer.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order or line; 409 for a line that is not to be sent; 422 without a
    /// tracking number.
    pub async fn ship(&self, ctx: &OpCtx, id: &OrderId, lines: &[usize], tracking: &str) -> Result<()> {
        authz::staff(ctx, "orders:ship")?;
        let tracking = plain("tracking", tracking)?;
        let order = self.paid_order(id).await?;
        let mut next = order.clone();
        if lines.is_empty() {
            return Err(Problem::invalid("lines", "fault-lines", "Choose at least one line."));
        }
        for number in lines {
            let line = next.lines.get_mut(*number).ok_or_else(|| Problem::not_found("line"))?;
            if !line.state.may_become(Fulfilment::Shipped) {
                return Err(Problem::conflict("not_to_ship", "A chosen line is not waiting to be sent."));
            }
            line.state = Fulfilment::Shipped;
            line.tracking = Some(tracking.clone());
        }
        next.rev += 1;
        let key = ids::secret();
        let what = json!({ "order": id, "lines": lines, "tracking": tracking });
        let mut ops = vec![
            TransactOp::Put(Put { item: store::order_item(&next)?, condition: Some(Condition::eq("rev", order.rev)) }),
            audit::entry(ctx, order.checkout.as_str(), "order.shipped", "", what),
        ];
        let payload = json!({ "order": id, "tracking": tracking, "key": key });
        ops.extend(self.job_op(&job(SHIPPED, &key, payload, ctx.now_ms))?);
        self.write(ops).await
    }

    /// Decides a refund: access ends, pieces come back where said, the money follows by a job. Safe to repeat.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order or line; 409 for a line that was refunded; 422 without a reason.
    pub async fn refund(&self, ctx: &OpCtx, id: &OrderId, wish: &Wish) -> Result<Refund> {
        authz::staff(ctx, "orders:refund")?;
        let reason = plain("reason", &wish.reason)?;
        let name = format!("rf_{:032x}", ids::derived_bits(&["refund", id.as_str(), &wish.attempt]));
        if let Some(known) = self.refund_of(id, &name).await? {
            return Ok(known);
        }
        let order = self.paid_order(id).await?;
        let refunded = self.refunds(id).await?;
        let mut next = order.clone();
        let currency = order.quote.currency;
        let mut amount = Money::zero(currency);
        let mut add = |m: Money| -> Result<()> {
            amount = amount.checked_add(m).map_err(|e| fault::internal("a refund", &e))?;
            Ok(())
        };
        let mut lines = wish.lines.clone();
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() && !wish.shipping {
            return Err(Problem::invalid("lines", "fault-lines", "Choose at least one line."));
        }
        let mut ops = Vec::new();
        for number in &lines {
            let line = next.lines.get_mut(*number).ok_or_else(|| Problem::not_found("line"))?;
            let quoted = order.quote.lines.get(*number).ok_or_else(|| Problem::not_found("line"))?;
            if !line.state.may_become(Fulfilment::Refunded) {
                return Err(Problem::conflict("refunded_already", "A chosen line was refunded before."));
            }
            line.state = Fulfilment::Refunded;
            add(quoted.amounts.gross)?;
            if !line.physical {
                let store = entitlements::store::GrantStore::new(self.table.clone());
                let grants = store.grants_for_work(&order.customer, &line.work).await?;
                let wanted = grant_id(&order.id, *number);
                if let Some(grant) = grants.iter().find(|g| g.id == wanted && g.revoked.is_none()) {
                    ops.push(entitlements::store::revoke_op(grant, ctx.now_ms, "refunded"));
                }
            } else if wish.restock && line.stocked {
                ops.push(stock::restock(&line.variant, i64::from(line.quantity)));
            }
        }
        if wish.shipping {
            let shipping = order.quote.shipping.as_ref();
            let shipping =
                shipping.ok_or_else(|| Problem::conflict("no_shipping", "Nothing was paid for shipping."))?;
            if refunded.iter().any(|r| r.shipping) {
                return Err(Problem::conflict("refunded_already", "Shipping was refunded before."));
            }
            add(shipping.gross)?;
        }
        next.refunded_minor += amount.minor();
        next.rev += 1;
        let refund = Refund {
            id: name,
            order: id.clone(),
            lines,
            shipping: wish.shipping,
            amount_minor: amount.minor(),
            before_minor: order.refunded_minor,
            reason: reason.clone(),
            done: false,
            at_ms: ctx.now_ms,
        };
        let put = |item, condition| TransactOp::Put(Put { item, condition: Some(condition) });
        ops.push(put(store::order_item(&next)?, Condition::eq("rev", order.rev)));
        ops.push(put(refund_item(&refund)?, Condition::ItemAbsent));
        ops.push(sales::refunded_op(&order, &refund, self.fee_bps(&order).await?)?);
        let what = json!({ "order": id, "lines": refund.lines, "shipping": refund.shipping, "restock": wish.restock, "amount_minor": refund.amount_minor });
        ops.push(audit::entry(ctx, order.checkout.as_str(), "order.refunded", &reason, what));
        let payload = json!({ "order": id, "refund": refund.id });
        ops.extend(self.job_op(&job(REFUND, &refund.id, payload, ctx.now_ms))?);
        self.write(ops).await?;
        Ok(refund)
    }

    pub(super) async fn fee_bps(&self, order: &Order) -> Result<u32> {
        Ok(self.catalog.records().tenant(&order.tenant).await?.map_or(0, |t| t.fee_bps))
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
        let page = self.table.query(query.begins_with("REFUND#").limit(1000)).await.map_err(fault::table)?;
        page.items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect()
    }

    /// Sends a refund's money back to where it came from: the provider is asked, stored value is posted; once, whatever is repeated.
    ///
    /// # Errors
    /// The provider's and the table's; the job repeats.
    pub async fn send_back(&self, ctx: &OpCtx, refund: &Refund) -> Result<()> {
        let Some(order) = self.order(&refund.order).await? else { return Ok(()) };
        let Some(checkout) = self.get(&order.checkout).await? else { return Ok(()) };
        let (amount_minor, stored) = super::value::back(&order, refund)?;
        if let (Some(session), Some(payments), true) = (&checkout.session, &self.payments, amount_minor > 0) {
            let money = NewRefund {
                idempotency_key: refund.id.clone(),
                session_id: session.clone(),
                amount_minor,
                reason: refund.reason.clone(),
            };
            payments.refund(money).await.map_err(|e| fault::internal("the payment provider", &e))?;
        }
        self.give_back(ctx, &order, refund, &stored).await
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
