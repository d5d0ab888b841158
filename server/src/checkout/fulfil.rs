//! After the sale: parcels sent. Staff decide; each act is one transaction with its trail. Money sent back is in `refund`.

use serde_json::json;
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::Fulfilment;
use vitrine_table::{Condition, Put, TransactOp};

use super::Checkouts;
use super::store::{self, Order};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// Kind of the job that tells the buyer of a parcel.
pub const SHIPPED: &str = "order.shipped";
/// Longest reason and tracking number, characters.
const MAX_TEXT: usize = 200;

pub(crate) fn plain(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::invalid(field, "fault-empty", "Fill in this field."));
    }
    if text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(Problem::invalid(field, "fault-long", "This is too long or holds control characters."));
    }
    Ok(text.to_owned())
}

pub(crate) fn job(kind: &str, key: &str, payload: serde_json::Value, now_ms: i64) -> NewJob {
    NewJob { kind: kind.into(), key: key.into(), payload, run_at_ms: now_ms, max_attempts: 40, trace: None }
}

impl Checkouts {
    pub(crate) fn job_op(&self, job: &NewJob) -> Result<Option<TransactOp>> {
        let item = self.queue.as_item(job).map_err(|e| fault::internal("the queue", &e))?;
        Ok(item.map(|item| TransactOp::Put(Put { item, condition: None })))
    }

    pub(super) async fn paid_order(&self, id: &OrderId) -> Result<Order> {
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
            line.shipped_ms = Some(ctx.now_ms);
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
}
