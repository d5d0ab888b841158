//! Sales as a tax service keeps them for returns: recorded once they are paid, taken back as far as they are refunded.
//!
//! Invariants: the order says which calculation its tax is from, or what stood in for it; both jobs are safe to repeat, at the service by
//! their keys, here by conditions. Both are told until the service answers, or until it is too late for that. What it refuses, and what could not
//! be told, stays by its code on the order and in the trail; nothing a buyer paid waits for it.

use serde_json::json;
use vitrine_pricing::tax::Accuracy;
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

/// When a refund looks again for its sale, milliseconds.
const AGAIN_MS: i64 = 5 * 60 * 1000;
/// When a service that did not answer is told again, milliseconds.
const ASK_AGAIN_MS: i64 = 30 * 60 * 1000;
/// For how long it is told of a refund, and of a sale of which it is not known when its calculation ends, milliseconds.
const GIVE_UP_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Ours: nobody answered in time.
pub(crate) const GIVEN_UP: &str = "GIVEN_UP";

/// What an order keeps of the asking.
pub(super) fn note(record: &mut TaxRecord, seller: &PricedSeller, to: &Destination) {
    let asked = to.taxes.iter().find(|a| a.store == seller.store.id && a.record == seller.record);
    match asked.map(|a| &a.outcome) {
        Some(Outcome::Given(taxes)) => {
            record.service = Some(TaxService {
                provider: taxes.provider.clone(),
                calculation: taxes.calculation.clone(),
                expires_ms: asked.and_then(|a| a.kept.as_ref()).map_or(0, |kept| kept.expires_ms),
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
        let who = self.carts.name(ctx, ctx.cart.as_deref()).unwrap_or_default();
        let taxes = self.taxes.ask(priced, to, address::for_tax(form), &who, ctx.now_ms).await?;
        Ok(Some(Destination { taxes, ..to.clone() }))
    }

    /// Keeps the sales of a paid checkout at the tax service. While that is away it is told again, until a calculation can no longer be
    /// recorded: then the order says so.
    ///
    /// # Errors
    /// The stores'; the job repeats.
    pub async fn record_taxes(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<Next> {
        let Some(checkout) = self.get(id).await?.filter(|c| c.state == CheckoutState::Paid) else {
            return Ok(Next::Done);
        };
        let mut then = Next::Done;
        for order in self.orders(&checkout).await? {
            let Some(service) = order.tax.service.as_ref().filter(|s| s.is_open()) else { continue };
            let name = order.id.to_string();
            let kept = match self.same_service(service) {
                Ok(()) => self.taxes.provider.record(&format!("sold-{name}"), &service.calculation, &name).await,
                Err(other) => Err(other),
            };
            let ends_ms = match service.expires_ms {
                // Placed before orders said it.
                0 => order.placed_ms + GIVE_UP_MS,
                known => known,
            };
            let next = match kept {
                Ok(kept) => TaxService { transaction: Some(kept.reference), lines: kept.lines, ..service.clone() },
                Err(TaxError::Refused(code)) => TaxService { refused: Some(code), ..service.clone() },
                Err(error) if ctx.now_ms < ends_ms => {
                    tracing::warn!(%error, order = %order.id, "a sale could not be told to the tax service");
                    then = Next::Again(ctx.now_ms + ASK_AGAIN_MS);
                    continue;
                }
                Err(_) => TaxService { refused: Some(GIVEN_UP.into()), ..service.clone() },
            };
            self.recorded(ctx, order, next).await?;
        }
        Ok(then)
    }

    /// Another one than the order's was connected since: it knows nothing of it, and the one that does may come back.
    fn same_service(&self, service: &TaxService) -> std::result::Result<(), TaxError> {
        let same = service.provider == self.taxes.provider.name();
        if same { Ok(()) } else { Err(TaxError::Unavailable("OTHER_SERVICE".into())) }
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

    /// Tells the tax service what of a sale went back. While it is away it is told again, for 90 days; then the order's
    /// trail says so.
    ///
    /// # Errors
    /// The stores'; the job repeats.
    pub async fn reverse_taxes(&self, ctx: &OpCtx, id: &OrderId, name: &str) -> Result<Next> {
        let (Some(order), Some(refund)) = (self.order(id).await?, self.refund_of(id, name).await?) else {
            return Ok(Next::Done);
        };
        let Some(service) = order.tax.service.as_ref().filter(|s| s.refused.is_none()) else { return Ok(Next::Done) };
        let waits = ctx.now_ms < refund.at_ms + GIVE_UP_MS;
        if service.transaction.is_none() && waits {
            // The sale is kept first, or given up.
            return Ok(Next::Again(ctx.now_ms + AGAIN_MS));
        }
        let key = back_key(id, name);
        if self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?.is_some() {
            return Ok(Next::Done);
        }
        // Of lines that the service was not asked about there is nothing to tell.
        let Some(what) = reversal(&order, service, &refund)? else { return Ok(Next::Done) };
        let done = match (self.same_service(service), &service.transaction) {
            (Ok(()), Some(sale)) => self.taxes.provider.reverse(&format!("back-{name}"), sale, name, &what).await,
            (Ok(()), None) => Err(TaxError::Unavailable("NOT_KEPT".into())),
            (Err(other), _) => Err(other),
        };
        let (act, said) = match done {
            Ok(reference) => ("order.tax_reversed", reference),
            Err(TaxError::Refused(code)) => ("order.tax_refused", code),
            Err(error) if waits => {
                tracing::warn!(%error, order = %id, refund = name, "a refund could not be told to the tax service");
                return Ok(Next::Again(ctx.now_ms + ASK_AGAIN_MS));
            }
            Err(_) => ("order.tax_refused", GIVEN_UP.to_owned()),
        };
        let refused = (act == "order.tax_refused").then(|| said.clone());
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        item.insert("said".into(), said.clone().into());
        item.insert("_v".into(), 1.into());
        let what = json!({ "order": id, "refund": name, "provider": service.provider, "said": said });
        let mut ops = vec![
            TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }),
            audit::entry(ctx, order.checkout.as_str(), act, "", what),
        ];
        // The desk reads it on the order.
        if let Some(code) = refused {
            let mut service = service.clone();
            service.not_reversed.push((name.to_owned(), code));
            let tax = TaxRecord { service: Some(service), ..order.tax.clone() };
            let next = Order { tax, rev: order.rev + 1, ..order.clone() };
            let put = Put { item: store::order_item(&next)?, condition: Some(Condition::eq("rev", order.rev)) };
            ops.push(TransactOp::Put(put));
        }
        self.write(ops).await?;
        Ok(Next::Done)
    }
}

/// A refund in the service's terms; `None`: nothing of it is the service's.
fn reversal(order: &Order, service: &TaxService, refund: &Refund) -> Result<Option<Reversal>> {
    if refund.before_minor == 0 && refund.amount_minor == order.quote.totals.gross.minor() {
        return Ok(Some(Reversal::Whole));
    }
    let amounts = refund.amounts(&order.quote)?;
    let theirs = |n: usize| order.quote.lines.get(n).is_some_and(|line| line.accuracy == Accuracy::Provider);
    let mut lines = Vec::new();
    let given = |line: Option<usize>| line.is_none_or(theirs);
    for part in amounts.lines.iter().filter(|part| !part.amounts.gross.is_zero() && given(part.line)) {
        let line = part.line.and_then(|n| {
            let reference = line_reference(n, &order.lines.get(n)?.variant);
            service.lines.iter().find(|(ours, _)| *ours == reference)
        });
        let (_, line) = line.ok_or_else(|| fault::internal("a refund", &"the tax service has no such line"))?;
        let (net, tax) = (part.amounts.net, part.amounts.tax);
        lines.push(Back { line: line.clone(), quantity: part.quantity, net, tax });
    }
    // As it was asked: with a line that is sent.
    let sent = order.lines.iter().enumerate().any(|(n, line)| line.physical && theirs(n));
    let shipping = amounts.shipping.as_ref().filter(|part| sent && !part.amounts.gross.is_zero());
    let shipping =
        shipping.map(|part| Back { line: String::new(), quantity: 0, net: part.amounts.net, tax: part.amounts.tax });
    if lines.is_empty() && shipping.is_none() {
        return Ok(None);
    }
    Ok(Some(Reversal::Parts { inclusive: order.quote.prices_include_tax, lines, shipping }))
}
