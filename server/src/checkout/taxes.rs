//! Sales as a tax service keeps them for returns: recorded once they are paid, taken back as far as they are refunded.
//!
//! Invariants: the order says which calculation its tax is from, or what stood in for it; both jobs are safe to repeat, at the service by
//! their keys, here by conditions. What the service refuses stays on the order by its code; nothing a buyer paid waits for it.

use serde_json::json;
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::id::{CheckoutId, OrderId};
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Condition, Consistency, Item, Key, Put, TransactOp};
use vitrine_tax::{Back, Reversal, TaxError};

use super::identity::Next;
use super::store::{self, Checkout, Order, TaxFallback, TaxRecord, TaxService};
use super::{Checkouts, Refund, TAX_SOLD, address};
use crate::audit;
use crate::cart::view::{Destination, PricedSeller};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::taxes::{Asked, Outcome, Taxes, line_reference};

/// When a refund looks again for its sale, milliseconds, and for how long.
const AGAIN_MS: i64 = 5 * 60 * 1000;
const GIVE_UP_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What an order keeps of the asking.
pub(super) fn note(record: &mut TaxRecord, seller: &PricedSeller, to: &Destination) {
    match to.taxes.iter().find(|a| a.tenant == seller.tenant.id && a.record == seller.record).map(|a| &a.outcome) {
        Some(Outcome::Given(taxes)) => {
            record.service = Some(TaxService {
                provider: taxes.provider.clone(),
                calculation: taxes.calculation.clone(),
                ..TaxService::default()
            });
        }
        Some(Outcome::Failed(failed)) => {
            record.tax_fallback =
                Some(TaxFallback { provider: failed.provider.clone(), code: failed.code.clone(), at: failed.at_ms });
        }
        Some(Outcome::Postcode) | None => {}
    }
}

/// What stands in the way of placing: a fault of the form, or a store that does not sell without the answer.
///
/// # Errors
/// 503 `tax_unavailable`.
pub(super) fn may_place(asked: &[Asked], faults: &mut Vec<(String, String)>) -> Result<()> {
    if asked.iter().any(|a| a.outcome == Outcome::Postcode) && !faults.iter().any(|(field, _)| field == "postcode") {
        faults.push(("postcode".to_owned(), "fault-postcode".to_owned()));
    }
    if faults.is_empty() && asked.iter().any(|a| matches!(&a.outcome, Outcome::Failed(failed) if failed.blocks)) {
        return Err(Problem::new(503, "tax_unavailable", "The tax cannot be worked out now.")
            .detail("Nothing was charged. Try again in a moment, or check the address."));
    }
    Ok(())
}

fn back_key(order: &OrderId, refund: &str) -> Key {
    Key::new(format!("ORDER#{order}"), format!("TAXBACK#{refund}"))
}

impl Checkouts {
    /// The job that keeps paid sales at the tax service, if one worked their tax out.
    pub(super) fn tax_job(&self, ctx: &OpCtx, checkout: &Checkout, orders: &[Order]) -> Option<NewJob> {
        orders.iter().any(|o| o.tax.service.is_some()).then(|| NewJob {
            kind: TAX_SOLD.into(),
            key: checkout.id.to_string(),
            payload: json!({ "checkout": checkout.id }),
            run_at_ms: ctx.now_ms,
            max_attempts: 40,
            trace: None,
        })
    }

    /// Asks the tax service for what a cart's stores want of it; answers the destination with what came of it. `None`: nothing is asked, as
    /// of most carts.
    ///
    /// # Errors
    /// The table's.
    pub(super) async fn with_taxes(
        &self,
        ctx: &OpCtx,
        priced: &crate::cart::view::Priced,
        form: &vitrine_shared::views::trade::CheckoutForm,
        to: &Destination,
    ) -> Result<Option<Destination>> {
        if !Taxes::wanted(priced, to) {
            return Ok(None);
        }
        let taxes = self.taxes.ask(priced, to, address::for_tax(form), ctx.now_ms).await?;
        Ok(Some(Destination { taxes, ..to.clone() }))
    }

    /// Keeps the sales of a paid checkout at the tax service.
    ///
    /// # Errors
    /// The service's while it is away, and the stores'; the job repeats.
    pub async fn record_taxes(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<()> {
        let Some(checkout) = self.get(id).await?.filter(|c| c.state == CheckoutState::Paid) else { return Ok(()) };
        for order in self.orders(&checkout).await? {
            let Some(service) = order.tax.service.as_ref().filter(|s| s.is_open()) else { continue };
            self.same_service(service)?;
            let name = order.id.to_string();
            let kept = self.taxes.provider.record(&format!("sold-{name}"), &service.calculation, &name).await;
            let next = match kept {
                Ok(kept) => TaxService { transaction: Some(kept.reference), lines: kept.lines, ..service.clone() },
                Err(TaxError::Refused(code)) => TaxService { refused: Some(code), ..service.clone() },
                Err(error) => return Err(fault::internal("the tax service", &error)),
            };
            self.recorded(ctx, order, next).await?;
        }
        Ok(())
    }

    /// Another one than the order's was connected since: it knows nothing of it.
    fn same_service(&self, service: &TaxService) -> Result<()> {
        let connected = self.taxes.provider.name();
        if service.provider == connected {
            return Ok(());
        }
        let why = format!("the order's tax is from {}, connected is {connected}", service.provider);
        Err(fault::internal("the tax service", &why))
    }

    async fn recorded(&self, ctx: &OpCtx, order: Order, service: TaxService) -> Result<()> {
        let act = if service.refused.is_some() { "order.tax_refused" } else { "order.tax_recorded" };
        let what = json!({
            "order": order.id, "provider": service.provider, "calculation": service.calculation,
            "transaction": service.transaction, "code": service.refused,
        });
        let tax = TaxRecord { service: Some(service), ..order.tax.clone() };
        let next = Order { tax, rev: order.rev + 1, ..order.clone() };
        let put = Put { item: store::order_item(&next)?, condition: Some(Condition::eq("rev", order.rev)) };
        let ops = vec![TransactOp::Put(put), audit::entry(ctx, order.checkout.as_str(), act, "", what)];
        self.write(ops).await
    }

    /// Tells the tax service what of a sale went back.
    ///
    /// # Errors
    /// The service's while it is away, and the stores'; the job repeats.
    pub async fn reverse_taxes(&self, ctx: &OpCtx, id: &OrderId, name: &str) -> Result<Next> {
        let (Some(order), Some(refund)) = (self.order(id).await?, self.refund_of(id, name).await?) else {
            return Ok(Next::Done);
        };
        let Some(service) = order.tax.service.as_ref().filter(|s| s.refused.is_none()) else { return Ok(Next::Done) };
        let Some(transaction) = &service.transaction else {
            // The sale is kept first; who could not be reached for a month is not told.
            let waits = ctx.now_ms < refund.at_ms + GIVE_UP_MS;
            return Ok(if waits { Next::Again(ctx.now_ms + AGAIN_MS) } else { Next::Done });
        };
        let key = back_key(id, name);
        if self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?.is_some() {
            return Ok(Next::Done);
        }
        self.same_service(service)?;
        let what = reversal(&order, service, &refund)?;
        let done = self.taxes.provider.reverse(&format!("back-{name}"), transaction, name, &what).await;
        let (act, said) = match done {
            Ok(reference) => ("order.tax_reversed", reference),
            Err(TaxError::Refused(code)) => ("order.tax_refused", code),
            Err(error) => return Err(fault::internal("the tax service", &error)),
        };
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        item.insert("said".into(), said.clone().into());
        item.insert("_v".into(), 1.into());
        let what = json!({ "order": id, "refund": name, "provider": service.provider, "said": said });
        let ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            audit::entry(ctx, order.checkout.as_str(), act, "", what),
        ];
        self.write(ops).await?;
        Ok(Next::Done)
    }
}

/// A refund in the service's terms.
fn reversal(order: &Order, service: &TaxService, refund: &Refund) -> Result<Reversal> {
    if refund.before_minor == 0 && refund.amount_minor == order.quote.totals.gross.minor() {
        return Ok(Reversal::Whole);
    }
    let amounts = refund.amounts(&order.quote)?;
    let mut lines = Vec::new();
    for part in amounts.lines.iter().filter(|part| !part.amounts.gross.is_zero()) {
        let line = part.line.and_then(|n| {
            let reference = line_reference(n, &order.lines.get(n)?.variant);
            service.lines.iter().find(|(ours, _)| *ours == reference)
        });
        let (_, line) = line.ok_or_else(|| fault::internal("a refund", &"the tax service has no such line"))?;
        let (net, tax) = (part.amounts.net, part.amounts.tax);
        lines.push(Back { line: line.clone(), quantity: part.quantity, net, tax });
    }
    let shipping = amounts.shipping.as_ref().filter(|part| !part.amounts.gross.is_zero());
    let shipping =
        shipping.map(|part| Back { line: String::new(), quantity: 0, net: part.amounts.net, tax: part.amounts.tax });
    Ok(Reversal::Parts { inclusive: order.quote.prices_include_tax, lines, shipping })
}
