//! What happens to a checkout after it was placed: paid, settling, released, paid late.

use serde_json::json;
use vitrine_payments::{Event, NewRefund, PaymentState, Session};
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::access::Grant;
use vitrine_shared::catalog::Tenant;
use vitrine_shared::id::{CheckoutId, GrantId, OrderId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_table::{Condition, Item, Key, Put, TableError, Transact, TransactOp, retry};

use super::capture::CARD_USED;
use super::gift::To;
use super::store::{self, Checkout, Order};
use super::{Checkouts, FAILED, RECEIPT, TOGETHER, evidence, sales};
use crate::catalog::store::tenant_key;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::together::Together;
use crate::value::Source;
use crate::{audit, entitlements, ids, promotions, stock};

/// How often a lost race is run again.
const TRIES: usize = 5;
/// Why a checkout was let go that its buyer did not want any more: money that comes for it afterwards goes back, whatever is left to sell.
pub(crate) const CANCELLED: &str = "cancelled";

/// A session that was ended takes no money any more: a declined card leaves nothing open then.
fn ended(session: Session) -> Session {
    match session.state {
        PaymentState::Failed => Session { state: PaymentState::Expired, ..session },
        _ => session,
    }
}

fn paid_meanwhile() -> Problem {
    Problem::conflict("paid_meanwhile", "What was in this cart was paid a moment ago.")
        .detail("Its receipt is on its way. Look at the cart before you buy more.")
}

fn put(item: Item, condition: Option<Condition>) -> TransactOp {
    TransactOp::Put(Put { item, condition })
}

impl Checkouts {
    /// A verified event of the provider; handled once, in any order.
    ///
    /// # Errors
    /// The stores'; the provider then sends it again.
    pub async fn handle_event(&self, ctx: &OpCtx, event: &Event) -> Result<()> {
        let id: CheckoutId = match event.session.reference.parse() {
            Ok(id) => id,
            // Not a payment of ours: answering with a fault would only bring it back.
            Err(_) => return Ok(()),
        };
        let Some(checkout) = self.get(&id).await? else { return Ok(()) };
        self.apply(ctx, checkout, &event.session, Some(&event.id)).await.map(drop)
    }

    /// Asks the provider how a checkout stands and applies it: what a returning browser causes.
    ///
    /// # Errors
    /// The stores'; a provider that is away leaves everything as it is.
    pub async fn refresh(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<()> {
        let checkout = self.get(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        self.refreshed(ctx, checkout).await.map(drop)
    }

    /// As [`Checkouts::refresh`]; answers the checkout as it is then.
    pub(super) async fn refreshed(&self, ctx: &OpCtx, checkout: Checkout) -> Result<Checkout> {
        let Some(session) = checkout.session.clone().filter(|_| !checkout.state.is_final()) else {
            return Ok(checkout);
        };
        let Some(payments) = &self.payments else { return Ok(checkout) };
        let session = match payments.session(&session).await {
            Ok(session) => session,
            Err(error) => {
                tracing::info!(%error, checkout = %checkout.id, "the provider cannot be asked now");
                return Ok(checkout);
            }
        };
        let id = checkout.id.clone();
        match self.apply(ctx, checkout, &session, None).await? {
            Some(unchanged) => Ok(unchanged),
            None => self.get(&id).await?.ok_or_else(|| Problem::not_found("order")),
        }
    }

    /// The hold is over: if no money is there or on its way, everything is let go. `true`: it is on its way, ask again
    /// later; the event that says more may never come.
    ///
    /// # Errors
    /// The stores' and the provider's; the job repeats.
    pub async fn expire(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<bool> {
        let Some(checkout) = self.get(id).await? else { return Ok(false) };
        if !matches!(checkout.state, CheckoutState::PendingPayment | CheckoutState::Settling) {
            return Ok(false);
        }
        // A buyer who is asked where they live has time to answer.
        if checkout.waits_for_place() && ctx.now_ms < checkout.held_until_ms {
            return Ok(true);
        }
        match checkout.session.clone() {
            None => self.release(ctx, &checkout, "expired").await?,
            Some(_) if checkout.state == CheckoutState::Settling => self.refreshed(ctx, checkout).await.map(drop)?,
            Some(session) => {
                let Some(payments) = &self.payments else { return Ok(false) };
                let away = |e| fault::internal("the payment provider", &e);
                let mut checkout = checkout;
                if checkout.authorise {
                    // What the buyer's card approved is taken, if it may be. Without an answer nothing that a bank may hold is let go.
                    let now = payments.session(&session).await.map_err(away)?;
                    let unchanged = self.apply(ctx, checkout, &now, None).await?;
                    let pending = |c: &Checkout| c.state == CheckoutState::PendingPayment;
                    match unchanged.filter(pending) {
                        Some(unchanged) => checkout = unchanged,
                        None => return self.is_awaited(id).await,
                    }
                }
                // Closing it at the provider first: nobody can pay after the stock is gone.
                let closed = payments.expire(&session).await.map_err(away)?;
                self.apply(ctx, checkout, &ended(closed), None).await?;
            }
        }
        self.is_awaited(id).await
    }

    /// Whether what becomes of a checkout is still open.
    async fn is_awaited(&self, id: &CheckoutId) -> Result<bool> {
        Ok(self.get(id).await?.is_some_and(|c| !c.state.is_final() && c.state != CheckoutState::Released))
    }

    /// Ends what an earlier attempt of a cart holds, before another one begins: a cart holds stock once. What was paid is paid, what is
    /// on its way stays held for it, and what comes after all was cancelled and goes back: it may be paid for by then a second time.
    ///
    /// # Errors
    /// 409 `paid_meanwhile` if it turns out to be paid; 503 if the provider cannot be asked to end it; the stores'.
    pub(super) async fn let_go(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<()> {
        for _ in 0..TRIES {
            let earlier = self.get(id).await?.filter(|c| c.state == CheckoutState::PendingPayment);
            let Some(mut earlier) = earlier else { return Ok(()) };
            if earlier.authorise {
                earlier = self.refreshed(ctx, earlier).await?;
                match earlier.state {
                    CheckoutState::PendingPayment => {}
                    CheckoutState::Paid => return Err(paid_meanwhile()),
                    CheckoutState::Settling => return Err(super::again::settling()),
                    CheckoutState::Released | CheckoutState::RefundedLate => return Ok(()),
                }
            }
            let Some(session) = earlier.session.clone() else {
                // Not begun at the provider, or just about to be: whoever is at it finds it changed.
                match self.release(ctx, &earlier, CANCELLED).await {
                    Err(problem) if problem.code == "changed_meanwhile" => continue,
                    done => return done,
                }
            };
            let Some(payments) = &self.payments else { return Ok(()) };
            let closed = payments.expire(&session).await.map_err(|error| {
                tracing::warn!(%error, checkout = %id, "an earlier payment could not be ended");
                Problem::new(503, "payment_unavailable", "The payment service cannot be reached.")
                    .detail("Nothing was charged. Try again in a moment.")
            })?;
            let paid = closed.state == PaymentState::Captured;
            self.apply(ctx, earlier, &ended(closed), None).await?;
            if paid {
                return Err(paid_meanwhile());
            }
            return Ok(());
        }
        Err(Problem::conflict("changed_meanwhile", "The checkout changes too often right now. Repeat."))
    }

    /// Moves a checkout, as it was just read, to where its session is; answers it if there was nothing to move.
    pub(super) async fn apply(
        &self,
        ctx: &OpCtx,
        mut checkout: Checkout,
        session: &Session,
        event: Option<&str>,
    ) -> Result<Option<Checkout>> {
        let mut asked: Option<Session> = None;
        for _ in 0..TRIES {
            let session = asked.as_ref().unwrap_or(session);
            // The session must be this checkout's own, over this amount.
            if checkout.session.as_deref() != Some(&session.id) || session.amount_minor != checkout.due_minor() {
                tracing::warn!(checkout = %checkout.id, session = %session.id, "an event does not fit its checkout; ignored");
                return Ok(Some(checkout));
            }
            let done = match session.state {
                PaymentState::Captured if checkout.state.may_become(CheckoutState::Paid) => {
                    self.paid(ctx, &checkout, Some((session, event))).await
                }
                // The buyer is asked something first.
                PaymentState::Authorised if checkout.waits_for_place() => return Ok(Some(checkout)),
                PaymentState::Authorised if !checkout.state.is_final() => {
                    self.authorised(ctx, &checkout, session, event).await
                }
                // A card that was declined before another one was approved may be told after it: how it stands now decides.
                PaymentState::Failed | PaymentState::Expired
                    if checkout.authorise && checkout.state == CheckoutState::Settling && asked.is_none() =>
                {
                    let Some(payments) = &self.payments else { return Ok(Some(checkout)) };
                    match payments.session(&session.id).await {
                        Ok(session) => asked = Some(session),
                        // Jobs ask again.
                        Err(error) => {
                            tracing::info!(%error, checkout = %checkout.id, "the provider cannot be asked now");
                            return Ok(Some(checkout));
                        }
                    }
                    continue;
                }
                PaymentState::Settling if checkout.state.may_become(CheckoutState::Settling) => {
                    self.noted(ctx, &checkout, session, CheckoutState::Settling, event).await
                }
                PaymentState::Expired if checkout.state.may_become(CheckoutState::Released) => {
                    // Over before its time: the buyer said no, at the provider or by beginning anew.
                    let early = checkout.state == CheckoutState::PendingPayment && ctx.now_ms < checkout.held_until_ms;
                    let why = if early { CANCELLED } else { "expired" };
                    self.release(ctx, &checkout, why).await
                }
                PaymentState::Failed if checkout.state == CheckoutState::Settling => {
                    self.release(ctx, &checkout, session.failure.as_deref().unwrap_or("failed")).await
                }
                // A decline leaves the page open for another card; the reason is shown.
                PaymentState::Failed
                    if checkout.state == CheckoutState::PendingPayment
                        && !checkout.waits_for_place()
                        && checkout.failure != session.failure =>
                {
                    self.noted(ctx, &checkout, session, CheckoutState::PendingPayment, event).await
                }
                _ => return Ok(Some(checkout)),
            };
            match done {
                Err(problem) if problem.code == "changed_meanwhile" => {}
                done => return done.map(|()| None),
            }
            let Some(again) = self.get(&checkout.id).await? else { return Ok(None) };
            checkout = again;
        }
        Err(Problem::conflict("changed_meanwhile", "The checkout changes too often right now. Repeat."))
    }

    async fn noted(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        session: &Session,
        state: CheckoutState,
        event: Option<&str>,
    ) -> Result<()> {
        let mut next = checkout.clone();
        next.state = state;
        next.failure.clone_from(&session.failure);
        next.rev += 1;
        let mut ops = vec![put(store::checkout_item(&next)?, Some(Condition::eq("rev", checkout.rev)))];
        ops.push(audit::entry(
            ctx,
            checkout.id.as_str(),
            "checkout.noted",
            event.unwrap_or_default(),
            json!({ "state": state }),
        ));
        if state == CheckoutState::Settling {
            ops.extend(self.settling_op(checkout).await?);
        }
        self.write(ops).await
    }

    /// Paid: orders, stock, grants, receipt and trail in one transaction, with what was bought taken out of its cart.
    pub(super) async fn paid(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        by: Option<(&Session, Option<&str>)>,
    ) -> Result<()> {
        let refused = [CANCELLED, CARD_USED];
        if checkout.state == CheckoutState::Released
            && checkout.failure.as_deref().is_some_and(|why| refused.contains(&why))
        {
            return self.refund_late(ctx, checkout, CANCELLED).await;
        }
        let Sold { orders, fees, cart } = self.sold(checkout).await?;
        let recipients = self.gift_recipients(&orders).await?;
        if recipients.iter().any(|to| matches!(to, To::Erased)) {
            // Nobody is known any more to send the cards to.
            return self.refund_late(ctx, checkout, "erased").await;
        }
        let bought: Vec<_> = orders.iter().flat_map(|o| &o.lines).map(|l| l.variant.clone()).collect();
        let late = checkout.state == CheckoutState::Released;
        let mut next = checkout.clone();
        next.state = CheckoutState::Paid;
        next.failure = None;
        next.rev += 1;
        if let Some((session, _)) = by {
            next.charge.clone_from(&session.charge_id);
            next.paid_with = [session.method.as_deref(), session.last4.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
        }
        let card = by.and_then(|(session, _)| session.fingerprint.as_deref());
        let card = card.map(|print| self.promotions.card(&checkout.provider, print)).transpose()?;
        // Of an authorised payment it has its use already.
        let card = card.filter(|card| !checkout.known_by.contains(card));
        next.known_by.extend(card.clone());
        let mut ops = vec![put(store::checkout_item(&next)?, Some(Condition::eq("rev", checkout.rev)))];
        ops.extend(promotions::paid(&orders, &checkout.known_by, card.as_deref(), late, ctx.now_ms));
        let first_stock = ops.len();
        for line in orders.iter().flat_map(|o| &o.lines).filter(|l| l.stocked) {
            let pieces = i64::from(line.quantity);
            ops.push(if late { stock::sell_unheld(&line.variant, pieces) } else { stock::sell(&line.variant, pieces) });
        }
        let stocks = first_stock..ops.len();
        for source in &checkout.sources {
            ops.extend(super::value::pay(checkout, source, ctx.now_ms, late)?);
        }
        let values = stocks.end..ops.len();
        ops.extend(super::value::forget(checkout));
        for ((order, fee_bps), to) in orders.iter().zip(fees).zip(&recipients) {
            let mut paid = order.clone();
            paid.paid = true;
            paid.paid_ms = Some(ctx.now_ms);
            paid.provider_charge_id.clone_from(&next.charge);
            evidence::with_payment(&mut paid.tax, by.and_then(|(session, _)| session.country.as_deref()));
            paid.rev += 1;
            for (number, line) in paid.lines.iter_mut().enumerate() {
                line.state = if line.physical { Fulfilment::ToShip } else { Fulfilment::Granted };
                if let (Some(gift), To::Them(to)) = (&mut line.gift, to) {
                    ops.extend(self.issue_gift(ctx, order, gift, to)?);
                } else if !line.physical {
                    ops.push(entitlements::store::put_op(&grant(checkout, order, number, line, ctx.now_ms))?);
                }
            }
            ops.push(put(store::order_item(&paid)?, Some(Condition::eq("rev", order.rev))));
            if !order.is_gift() {
                ops.push(sales::sold_op(order, ctx.now_ms, fee_bps)?);
            }
        }
        ops.extend(self.about_op(ctx, checkout, RECEIPT)?);
        // The job that asked found nothing to give back while the checkout was let go.
        if let Some(job) = self.identity_job(&next, &orders).filter(|_| late) {
            ops.extend(self.job_op(&job)?);
        }
        if let Some(job) = self.tax_job(ctx, checkout, &orders) {
            ops.extend(self.job_op(&job)?);
        }
        let works: std::collections::BTreeSet<_> = orders.iter().flat_map(|o| &o.lines).map(|l| &l.work).collect();
        if works.len() > 1 {
            ops.extend(self.about_op(ctx, checkout, TOGETHER)?);
        }
        let why = by.and_then(|(_, event)| event).unwrap_or_default();
        ops.push(audit::entry(
            ctx,
            checkout.id.as_str(),
            "checkout.paid",
            why,
            json!({ "total_minor": checkout.total_minor, "charge": next.charge }),
        ));
        debug_assert!(ops.len() <= writes(&orders, &checkout.sources), "placing takes in only what can be paid");
        // The cart is a convenience: it goes along, but money does not wait for one that changes at this moment.
        let without = cart.map_or(Ok(None), |item| crate::cart::without(item, &bought))?;
        let along = without.clone().filter(|_| ops.len() < vitrine_table::MAX_TRANSACT_ITEMS).map(TransactOp::Put);
        let (number, mut left) = (ops.len(), without.is_some() && along.is_none());
        let all = ops.iter().cloned().chain(along).collect();
        let mut done = self.table.transact(Transact { ops: all, token: None }).await;
        if done.as_ref().is_err_and(|e| e.failed_condition(number).is_some()) {
            left = true;
            done = self.table.transact(Transact { ops, token: None }).await;
        }
        match done {
            Ok(()) => {
                // If this write is lost, the buyer takes the lines out.
                if let (true, Some(cart)) = (left, &checkout.cart) {
                    self.carts.take_out(cart, &bought).await?;
                }
                Ok(())
            }
            // The hold had ended and somebody else has the last piece: all of the money goes back.
            Err(e) if late && stocks.clone().any(|op| e.failed_condition(op).is_some()) => {
                self.refund_late(ctx, checkout, "sold_out").await
            }
            // What a gift card was to pay was spent elsewhere meanwhile.
            Err(e) if late && values.clone().any(|op| e.failed_condition(op).is_some()) => {
                self.refund_late(ctx, checkout, "value_spent").await
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Orders, fees and cart of a checkout, in one read.
    async fn sold(&self, checkout: &Checkout) -> Result<Sold> {
        let mut keys: Vec<Key> = checkout.orders.iter().map(store::order_key).collect();
        keys.extend(checkout.sellers.iter().map(tenant_key));
        keys.extend(checkout.cart.as_deref().map(crate::cart::named));
        let mut items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?.into_iter();
        let orders: Vec<Order> = items
            .by_ref()
            .take(checkout.orders.len())
            .flatten()
            .map(|i| vitrine_table::from_item(i).map_err(fault::table))
            .collect::<Result<_>>()?;
        let sellers: Vec<Option<Tenant>> = items
            .by_ref()
            .take(checkout.sellers.len())
            .map(|i| i.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose())
            .collect::<Result<_>>()?;
        let cart = items.next().flatten();
        let mut fees = Vec::with_capacity(orders.len());
        for order in &orders {
            let known = sellers.iter().flatten().find(|seller| seller.id == order.tenant);
            fees.push(match known {
                Some(seller) => seller.fee_bps,
                // Placed before checkouts said who sells.
                None => self.fee_bps(order).await?,
            });
        }
        Ok(Sold { orders, fees, cart })
    }

    /// A job about a checkout as a member of a transaction.
    pub(super) fn about_op(&self, ctx: &OpCtx, checkout: &Checkout, kind: &str) -> Result<Option<TransactOp>> {
        self.job_op(&self.about(ctx.now_ms, checkout, kind))
    }

    /// A job about a checkout.
    pub(super) fn about(&self, run_at_ms: i64, checkout: &Checkout, kind: &str) -> NewJob {
        NewJob {
            kind: kind.into(),
            key: checkout.id.to_string(),
            payload: json!({ "checkout": checkout.id }),
            run_at_ms,
            max_attempts: 20,
            trace: None,
        }
    }

    /// Counts the works of a paid checkout for "bought together".
    pub(super) async fn count_together(&self, id: &CheckoutId, now_ms: i64) -> Result<()> {
        let Some(checkout) = self.get(id).await? else { return Ok(()) };
        let works = self.orders(&checkout).await?.into_iter().flat_map(|o| o.lines).map(|l| l.work).collect();
        Together::new(self.table.clone()).count(id, works, now_ms).await
    }

    /// Decides that all of it goes back; the job sends it and tells the buyer. Decided first: a process that ends between
    /// the two must not leave a payment that went back and can still be honoured.
    async fn refund_late(&self, ctx: &OpCtx, checkout: &Checkout, why: &str) -> Result<()> {
        let mut next = checkout.clone();
        next.state = CheckoutState::RefundedLate;
        next.failure = Some(why.to_owned());
        next.rev += 1;
        let mut ops = vec![put(store::checkout_item(&next)?, Some(Condition::eq("rev", checkout.rev)))];
        ops.push(audit::entry(
            ctx,
            checkout.id.as_str(),
            "checkout.refunded_late",
            why,
            json!({ "total_minor": checkout.total_minor, "due_minor": checkout.due_minor() }),
        ));
        ops.extend(self.about_op(ctx, checkout, FAILED)?);
        self.write(ops).await
    }

    /// Asks the provider to send back what came too late; once, whatever is repeated.
    ///
    /// # Errors
    /// The provider's; the job repeats.
    pub(crate) async fn send_late_back(&self, checkout: &Checkout) -> Result<()> {
        let (Some(session), Some(payments)) = (&checkout.session, &self.payments) else { return Ok(()) };
        let refund = NewRefund {
            idempotency_key: format!("late-{}", checkout.id),
            session_id: session.clone(),
            // What stored value was to pay was let go with the hold.
            amount_minor: checkout.due_minor(),
            reason: "what was ordered could not be had any more when the payment arrived".into(),
        };
        payments.refund(refund).await.map_err(|e| fault::internal("the payment provider", &e))?;
        Ok(())
    }

    /// No money: what was held can be sold again.
    pub(super) async fn release(&self, ctx: &OpCtx, checkout: &Checkout, why: &str) -> Result<()> {
        let orders = self.orders(checkout).await?;
        let mut ops = self.released(checkout.clone(), &orders, why)?;
        ops.push(audit::entry(ctx, checkout.id.as_str(), "checkout.released", why, serde_json::Value::Null));
        // Who was declined saw it on the page; who believed to have paid is told.
        if checkout.state == CheckoutState::Settling {
            ops.extend(self.about_op(ctx, checkout, FAILED)?);
        }
        self.write(ops).await
    }

    /// The writes that let go what a checkout holds.
    pub(super) fn released(&self, checkout: Checkout, orders: &[Order], why: &str) -> Result<Vec<TransactOp>> {
        let mut next = checkout;
        next.state = CheckoutState::Released;
        next.failure = Some(why.to_owned());
        next.rev += 1;
        let mut ops = vec![put(store::checkout_item(&next)?, Some(Condition::eq("rev", next.rev - 1)))];
        for line in orders.iter().flat_map(|o| &o.lines).filter(|l| l.stocked) {
            ops.push(stock::release(&line.variant, i64::from(line.quantity)));
        }
        ops.extend(next.sources.iter().map(crate::value::store::let_go));
        ops.extend(promotions::give_back(orders, &next.known_by));
        Ok(ops)
    }

    pub(super) async fn write(&self, ops: Vec<TransactOp>) -> Result<()> {
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(TableError::Cancelled(_)) => Err(fault::table(TableError::Conflict)),
            Err(e) => Err(fault::table(e)),
        }
    }
}

/// What a payment is about.
struct Sold {
    orders: Vec<Order>,
    /// Of each order, basis points.
    fees: Vec<u32>,
    /// The cart it came from.
    cart: Option<Item>,
}

/// Writes of the transaction that makes these orders paid, at most.
pub(super) fn writes(orders: &[Order], sources: &[Source]) -> usize {
    let lines = orders.iter().flat_map(|o| &o.lines);
    // The checkout, four jobs, the trail; per order itself and the sale; per line stock, a grant or both, or its cards and their trail; per source its
    // balance and entry, and once what the cart had applied; what promotions count.
    let cards = |l: &store::OrderLine| l.gift.as_ref().map_or(0, |g| g.cards.len() * crate::value::sold::WRITES);
    let of_lines: usize = lines.map(|l| usize::from(l.stocked) + usize::from(!l.physical) + cards(l)).sum();
    let of_sources = 2 * sources.len() + usize::from(!sources.is_empty());
    6 + 2 * orders.len() + of_lines + of_sources + promotions::writes(orders)
}

/// One grant per line, whatever is repeated.
pub(crate) fn grant_id(order: &OrderId, line: usize) -> GrantId {
    GrantId::from_bits(ids::derived_bits(&["grant", order.as_str(), &line.to_string()]))
}

fn grant(checkout: &Checkout, order: &Order, number: usize, line: &store::OrderLine, now_ms: i64) -> Grant {
    Grant {
        id: grant_id(&order.id, number),
        customer: checkout.customer.clone(),
        work: line.work.clone(),
        variant: line.variant.clone(),
        assets: line.assets.clone(),
        order: order.id.clone(),
        line: u32::try_from(number).unwrap_or(u32::MAX),
        since_ms: now_ms,
        revoked: None,
        licence: line.licence.clone().map(|(id, version)| (id, version, checkout.placed_ms)),
    }
}
