//! Payments that are authorised first: the card is looked at, then its money is taken or let go.
//!
//! A promotion that a customer has once is had once by a card, too, and the card is typed on the provider's page. So an order that takes one is
//! paid in two steps: what the card's bank holds for us is no money, and nobody was charged, until the card's own use is taken. Taking it, its
//! limit and the step to "on its way" are one write: of two payments with one card at one time exactly one has it.
//!
//! Where the country of a card could leave it open where the buyer lives it is looked at, too, and the buyer asked before (`evidence`).
//!
//! Undo, step by step: the write that decides brings the job that carries it out ([`CAPTURE`], [`VOID`]), so a process that ends in between
//! leaves nothing open. What nobody takes ends by itself at the provider, and counts as a payment that ended.

use futures::future::BoxFuture;
use serde_json::json;
use vitrine_payments::{NewCapture, PaymentError, PaymentState, Session};
use vitrine_shared::id::CheckoutId;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Condition, Put, TableError, Transact, TransactOp};

use super::store::{self, Checkout, Order};
use super::{CAPTURE, Checkouts, VOID};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, promotions};

/// Why a checkout was let go whose card had been used for its discount before.
pub(crate) const CARD_USED: &str = "card_used";
/// How long after the decision the job looks whether the money was taken, milliseconds: longer than a call takes.
pub(super) const SOON_MS: i64 = 30 * 1000;

impl Checkouts {
    /// Ways to pay in this currency whose card is known before money is taken, those of the country first; none: there is no such way, and
    /// its card is counted once it paid.
    pub(super) fn authorising(&self, country: &str, currency: &str) -> Vec<String> {
        let Some(payments) = &self.payments else { return Vec::new() };
        let can: Vec<String> = payments.authorises().iter().map(|name| (*name).to_owned()).collect();
        let mut usual = self.methods(country, currency);
        usual.retain(|name| can.contains(name));
        if usual.is_empty() { vitrine_payments::usable(&can, payments.authorises(), currency) } else { usual }
    }

    /// A payment of which the bank holds the money: it is decided about, then taken or let go. What the provider does not do now, a job does.
    ///
    /// # Errors
    /// The stores'; `changed_meanwhile` if the checkout is not as it was read.
    pub(super) async fn authorised(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        session: &Session,
        event: Option<&str>,
    ) -> Result<()> {
        let take = match checkout.state {
            CheckoutState::PendingPayment => {
                if self.ask_place(ctx, checkout, session, event).await? {
                    return Ok(());
                }
                self.reserve_card(ctx, checkout, session, event).await?
            }
            CheckoutState::Settling => true,
            CheckoutState::Paid | CheckoutState::Released | CheckoutState::RefundedLate => false,
        };
        if take {
            return self.take(ctx, checkout).await;
        }
        if let Err(problem) = self.void(ctx, &checkout.id).await {
            tracing::warn!(code = problem.code, checkout = %checkout.id, "an authorisation could not be let go; the job does it");
            let job = self.about(ctx.now_ms + SOON_MS, checkout, VOID);
            self.queue.enqueue(job).await.map_err(|e| fault::internal("the queue", &e))?;
        }
        Ok(())
    }

    /// Takes the card's use of each promotion, or lets the checkout go because it had it. `true`: the money is to be taken.
    async fn reserve_card(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        session: &Session,
        event: Option<&str>,
    ) -> Result<bool> {
        let orders = self.orders(checkout).await?;
        // Of a means without a fingerprint nothing is known: account and address have their uses taken already.
        let card = session.fingerprint.as_deref();
        let card = card.map(|print| self.promotions.card(&checkout.provider, print)).transpose()?;
        let mut next = checkout.clone();
        next.state = CheckoutState::Settling;
        next.failure = None;
        next.known_by.extend(card.clone());
        next.rev += 1;
        let item = store::checkout_item(&next)?;
        let mut ops = vec![TransactOp::Put(Put { item, condition: Some(Condition::eq("rev", checkout.rev)) })];
        let first = ops.len();
        ops.extend(card.iter().flat_map(|card| promotions::take_card(&orders, card)));
        let uses = first..ops.len();
        ops.push(audit::entry(
            ctx,
            checkout.id.as_str(),
            "checkout.authorised",
            event.unwrap_or_default(),
            json!({ "due_minor": checkout.due_minor(), "charge": session.charge_id }),
        ));
        ops.extend(self.settling_op(checkout).await?);
        ops.extend(self.job_op(&self.about(ctx.now_ms + SOON_MS, checkout, CAPTURE))?);
        let error = match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => return Ok(true),
            Err(error @ TableError::Cancelled(_)) if error.failed_condition(0).is_none() => error,
            Err(TableError::Cancelled(_)) => return Err(fault::table(TableError::Conflict)),
            Err(error) => return Err(fault::table(error)),
        };
        let of = promotions::uses(&orders).into_iter().map(|used| used.of.promotion);
        let had: Vec<String> = uses
            .zip(of)
            .filter(|(op, _)| error.failed_condition(*op).is_some())
            .map(|(_, promotion)| promotion)
            .collect();
        if had.is_empty() {
            return Err(fault::table(TableError::Conflict));
        }
        self.refuse_card(ctx, checkout, &orders, had).await.map(|()| false)
    }

    /// The card had its use of these promotions: nothing is charged, what was held can be sold again, and the buyer is told.
    async fn refuse_card(&self, ctx: &OpCtx, checkout: &Checkout, orders: &[Order], had: Vec<String>) -> Result<()> {
        let mut next = checkout.clone();
        next.refused = had;
        let said = json!({ "promotions": next.refused });
        let trail = audit::entry(ctx, checkout.id.as_str(), "checkout.refused", CARD_USED, said);
        let mut ops = self.released(next, orders, CARD_USED)?;
        ops.push(trail);
        ops.extend(self.about_op(ctx, checkout, VOID)?);
        // At the provider it looked like a payment that went through.
        ops.extend(self.about_op(ctx, checkout, super::FAILED)?);
        self.write(ops).await
    }

    /// Takes the money and applies what the provider says then. A provider that is away leaves it to the job.
    async fn take(&self, ctx: &OpCtx, checkout: &Checkout) -> Result<()> {
        let (Some(payments), Some(id)) = (&self.payments, &checkout.session) else { return Ok(()) };
        let new = NewCapture { idempotency_key: format!("capture-{}", checkout.id), session_id: id.clone() };
        let answer = match payments.capture(new).await {
            // There is nothing to take any more: how it stands says why.
            Err(PaymentError::Invalid(_)) => payments.session(id).await,
            answer => answer,
        };
        match answer {
            Ok(session) if session.state != PaymentState::Authorised => {
                self.apply_again(ctx, &checkout.id, &session).await
            }
            Ok(_) => {
                tracing::warn!(checkout = %checkout.id, "the provider does not take what it says is authorised");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, checkout = %checkout.id, "what is authorised could not be taken now; the job does it");
                Ok(())
            }
        }
    }

    /// Lets go what a bank holds for a checkout that ended.
    ///
    /// # Errors
    /// The provider's and the stores'; the job repeats.
    pub(super) async fn void(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<()> {
        let Some(checkout) = self.get(id).await? else { return Ok(()) };
        let (Some(session), Some(payments)) = (&checkout.session, &self.payments) else { return Ok(()) };
        if checkout.state != CheckoutState::Released {
            return Ok(());
        }
        let now = payments.expire(session).await.map_err(|e| fault::internal("the payment provider", &e))?;
        match now.state {
            // Somebody took it by other ways: it goes back as all money that comes too late.
            PaymentState::Captured => self.apply_again(ctx, id, &now).await,
            _ => Ok(()),
        }
    }

    /// Whether money that was to be taken still is, after the provider was asked once more; later the end of the hold asks.
    ///
    /// # Errors
    /// The stores'; the job repeats.
    pub(super) async fn still_to_take(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<bool> {
        // Pending: the buyer answered what was asked first.
        let decided = |c: &Checkout| c.state == CheckoutState::PendingPayment && c.asked.is_none();
        let waits = |c: &Checkout| c.authorise && (c.state == CheckoutState::Settling || decided(c));
        let Some(checkout) = self.get(id).await?.filter(waits) else { return Ok(false) };
        let checkout = self.refreshed(ctx, checkout).await?;
        Ok(waits(&checkout) && ctx.now_ms < checkout.held_until_ms)
    }

    /// Boxed: what is applied may lead here.
    fn apply_again<'a>(
        &'a self,
        ctx: &'a OpCtx,
        id: &'a CheckoutId,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(checkout) = self.get(id).await? else { return Ok(()) };
            self.apply(ctx, checkout, session, None).await.map(drop)
        })
    }
}
