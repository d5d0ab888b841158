//! Purchases: money, orders, access, papers and mails of each payment, and the sums that other records must agree with.

use std::collections::HashMap;

use vitrine_payments::{PaymentError, PaymentState, Session};
use vitrine_pricing::refund::refundable;
use vitrine_shared::id::{TenantId, ValueId, VariantId, WorkId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_table::{Consistency, Key};

use super::files::Files;
use super::{Check, Findings, Invariant};
use crate::catalog::store::LIST_SHARDS;
use crate::checkout::store::{self, Checkout, Order, OrderLine};
use crate::checkout::{EXPIRE, FAILED, REFUND, Refund, TOGETHER, VOID, grant_id};
use crate::entitlements::store::GrantStore;
use crate::fault::{self, Result};
use crate::invoices;
use crate::together;

/// Pairs of works bought together that are counted exactly; of a shop with more, only each payment's own part is looked at.
const MOST_PAIRS: usize = 500_000;

/// What all purchases say together.
#[derive(Default)]
pub(super) struct Sums {
    /// Pieces of an edition held for payments on their way, and sold.
    pub(super) pieces: HashMap<VariantId, (i64, i64)>,
    /// Minor units of an account of stored value held for payments on their way.
    pub(super) held: HashMap<ValueId, i64>,
    /// Uses by seller, promotion and whose: everybody's, or of one name of a customer.
    pub(super) uses: HashMap<(TenantId, String), HashMap<String, i64>>,
    /// Sales and refunds of a seller.
    pub(super) sales: HashMap<TenantId, u64>,
    /// Numbers used, by seller and series.
    pub(super) series: HashMap<(TenantId, String), Numbers>,
    /// How often two works were paid together; `None`: more pairs than are kept.
    pub(super) pairs: Option<HashMap<(WorkId, WorkId), u32>>,
    /// By work, the sum of its pairs.
    pub(super) together: HashMap<WorkId, u64>,
    /// Works of payments that are not counted yet.
    pub(super) uncounted: std::collections::HashSet<WorkId>,
}

/// A set of numbers from 1 on, one bit each.
#[derive(Default)]
pub(super) struct Numbers(Vec<u64>);

impl Numbers {
    /// `false`: it was there.
    pub(super) fn add(&mut self, number: u64) -> bool {
        let (at, bit) = ((number / 64) as usize, 1 << (number % 64));
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        let fresh = self.0[at] & bit == 0;
        self.0[at] |= bit;
        fresh
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.0.get((number / 64) as usize).is_some_and(|bits| bits & (1 << (number % 64)) != 0)
    }

    pub(super) fn highest(&self) -> u64 {
        let last = self.0.iter().enumerate().rev().find(|(_, bits)| **bits != 0);
        last.map_or(0, |(at, bits)| at as u64 * 64 + 63 - u64::from(bits.leading_zeros()))
    }
}

/// A checkout with its orders as of one moment, and what the provider says of its payment.
pub(super) struct Purchase {
    pub(super) checkout: Checkout,
    pub(super) orders: Vec<Order>,
    session: Option<Session>,
}

impl Purchase {
    fn captured(&self) -> Option<&Session> {
        self.session.as_ref().filter(|s| s.state == PaymentState::Captured)
    }

    fn lines(&self) -> impl Iterator<Item = (&Order, usize, &OrderLine)> {
        self.orders.iter().flat_map(|o| o.lines.iter().enumerate().map(move |(n, l)| (o, n, l)))
    }
}

/// What went back of each line and tax is within what was paid, and a line is refunded when nothing of it is left.
fn within(order: &Order, refunds: &[Refund], out: &mut Findings) {
    let keys = [order.id.as_str()];
    let mut all = Vec::with_capacity(refunds.len());
    for refund in refunds {
        match refund.amounts(&order.quote) {
            Ok(amounts) if amounts.totals.gross.minor() == refund.amount_minor => all.push(amounts),
            Ok(_) => out.say(Invariant::Refunds, &[order.id.as_str(), &refund.id], "its parts are another sum"),
            Err(_) => {
                out.say(Invariant::Refunds, &[order.id.as_str(), &refund.id], "it is of lines that are not there")
            }
        }
    }
    match refundable(&order.quote, &all) {
        Err(error) => out.say(Invariant::Refunds, &keys, format!("more went back than was paid: {error}")),
        Ok(left) => {
            for (n, (line, left)) in order.lines.iter().zip(&left.lines).enumerate() {
                if (line.state == Fulfilment::Refunded) != left.done {
                    let what = format!("line {n} is {:?}, all of it went back: {}", line.state, left.done);
                    out.say(Invariant::Refunds, &keys, what);
                }
            }
        }
    }
}

impl Check {
    /// Looks at every purchase.
    pub(super) async fn purchases(&self, files: &mut Files, out: &mut Findings) -> Result<Sums> {
        let mut sums = Sums { pairs: Some(HashMap::new()), ..Sums::default() };
        for shard in 0..LIST_SHARDS {
            let mut cursor = None;
            loop {
                let (orders, next) = self.catalog.list_shard::<Order>("ORDER", shard, cursor).await?;
                for order in orders {
                    self.listed(&order, &mut sums, files, out).await?;
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        if sums.pairs.is_none() {
            out.unseen.push(format!("counts of what is bought together: more than {MOST_PAIRS} pairs"));
        }
        Ok(sums)
    }

    /// One order of the listing: its purchase is looked at with the first of its orders.
    async fn listed(&self, order: &Order, sums: &mut Sums, files: &mut Files, out: &mut Findings) -> Result<()> {
        out.saw("orders");
        let Some(checkout) = self.checkouts.get(&order.checkout).await? else {
            out.say(
                Invariant::CheckoutWhole,
                &[order.id.as_str(), order.checkout.as_str()],
                "its checkout is not there",
            );
            return Ok(());
        };
        if !checkout.orders.contains(&order.id) {
            let keys = [order.id.as_str(), checkout.id.as_str()];
            out.say(Invariant::CheckoutWhole, &keys, "its checkout does not know it");
        }
        if checkout.orders.first() != Some(&order.id) {
            return Ok(());
        }
        out.saw("checkouts");
        let keys = std::iter::once(store::checkout_key(&checkout.id))
            .chain(checkout.orders.iter().map(store::order_key))
            .collect();
        let mut items = self.table.transact_get(keys).await.map_err(fault::table)?.into_iter();
        let Some(item) = items.next().flatten() else { return Ok(()) };
        let checkout: Checkout = vitrine_table::from_item(item).map_err(fault::table)?;
        let orders =
            items.flatten().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect::<Result<_>>()?;
        let session = match (&checkout.session, &self.simulator) {
            (Some(id), Some(simulator)) => match simulator.look(id).await {
                Ok(session) => Some(session),
                Err(PaymentError::NotFound) => {
                    let keys = [checkout.id.as_str(), id.as_str()];
                    out.say(Invariant::PaymentEnds, &keys, "the provider does not know its payment");
                    None
                }
                Err(error) => return Err(fault::internal("the payment provider", &error)),
            },
            _ => None,
        };
        let purchase = Purchase { checkout, orders, session };
        self.whole(&purchase, out).await?;
        self.money(&purchase, out).await?;
        self.access(&purchase, out).await?;
        self.papers(&purchase, sums, files, out).await?;
        self.counted(&purchase, sums, out).await
    }

    /// Paid with all its orders, or not at all; one attempt, one checkout.
    async fn whole(&self, purchase: &Purchase, out: &mut Findings) -> Result<()> {
        let Purchase { checkout, orders, session } = purchase;
        let paid = checkout.state == CheckoutState::Paid;
        if orders.len() != checkout.orders.len() {
            let what = format!("{} of its {} orders are there", orders.len(), checkout.orders.len());
            out.say(Invariant::CheckoutWhole, &[checkout.id.as_str()], what);
        }
        let mut sum = 0;
        for order in orders {
            sum += order.quote.totals.gross.minor();
            let keys = [order.id.as_str(), checkout.id.as_str()];
            let unpaid_line = |l: &OrderLine| l.state == Fulfilment::Unpaid;
            if order.paid != paid || order.lines.iter().any(|l| unpaid_line(l) == paid) {
                out.say(
                    Invariant::CheckoutWhole,
                    &keys,
                    format!("paid: {}, its checkout: {:?}", order.paid, checkout.state),
                );
            }
            if order.paid && order.provider_charge_id != checkout.charge {
                out.say(Invariant::CheckoutWhole, &keys, "it names another charge than its checkout");
            }
        }
        if sum != checkout.total_minor {
            let what = format!("its orders come to {sum}, it to {}", checkout.total_minor);
            out.say(Invariant::CheckoutWhole, &[checkout.id.as_str()], what);
        }
        let due = checkout.due_minor();
        if paid && due > 0 && self.simulator.is_some() {
            let fits = |s: &Session| s.amount_minor == due && s.charge_id == checkout.charge;
            if !purchase.captured().is_some_and(fits) {
                let what = format!("paid without a captured payment of {due}: {session:?}");
                out.say(Invariant::CheckoutWhole, &[checkout.id.as_str()], what);
            }
        }
        if let Some(attempt) = &checkout.attempt {
            let item = self.table.get(&store::attempt_key(attempt), Consistency::Strong).await.map_err(fault::table)?;
            // After its time an attempt is forgotten.
            let names = item.as_ref().and_then(|i| i.get("checkout")).and_then(|v| v.as_str());
            if names.is_some_and(|name| name != checkout.id.as_str()) {
                let what = format!("its attempt belongs to {}", names.unwrap_or_default());
                out.say(Invariant::CheckoutWhole, &[checkout.id.as_str()], what);
            }
        }
        Ok(())
    }

    /// Where the money is, and that nothing waits for ever.
    async fn money(&self, purchase: &Purchase, out: &mut Findings) -> Result<()> {
        let Purchase { checkout, orders, session } = purchase;
        let id = checkout.id.as_str();
        let mut back = 0;
        let mut carried = true;
        for order in orders {
            let refunds = self.checkouts.refunds(&order.id).await?;
            for refund in &refunds {
                if refund.done {
                    back += self.stored_back(order, refund, out).await?;
                } else {
                    carried = false;
                }
                self.refund(order, refund, out).await?;
            }
            let sum: i64 = refunds.iter().map(|r| r.amount_minor).sum();
            if sum != order.refunded_minor {
                let what = format!("its refunds come to {sum}, it says {}", order.refunded_minor);
                out.say(Invariant::Refunds, &[order.id.as_str()], what);
            }
            within(order, &refunds, out);
        }
        match checkout.state {
            CheckoutState::Paid => {}
            CheckoutState::PendingPayment | CheckoutState::Settling => {
                // The job asks the provider once more, so money whose event was lost is found by it too.
                if self.in_hand(EXPIRE, id, Invariant::PaymentEnds, out).await?.is_none() {
                    let what = format!("{:?}, and no job ends its waiting", checkout.state);
                    out.say(Invariant::PaymentEnds, &[id], what);
                }
                return Ok(());
            }
            CheckoutState::Released => {
                if checkout.failure.as_deref().unwrap_or_default().is_empty() {
                    out.say(Invariant::PaymentEnds, &[id], "let go without a reason");
                }
                let open = session.as_ref().is_some_and(|s| s.state == PaymentState::Authorised);
                if open
                    && self.in_hand(VOID, id, Invariant::PaymentEnds, out).await?.is_none()
                    && !self.told(checkout).await?
                {
                    out.say(Invariant::PaymentEnds, &[id], "let go, and its buyer's bank still holds the money");
                }
                if purchase.captured().is_some_and(|s| s.refunded_minor < s.amount_minor)
                    && !self.told(checkout).await?
                {
                    out.say(
                        Invariant::PaymentEnds,
                        &[id],
                        "its payment was captured after it was let go, and nobody is told",
                    );
                }
                return Ok(());
            }
            CheckoutState::RefundedLate => {
                if checkout.failure.as_deref().unwrap_or_default().is_empty() {
                    out.say(Invariant::PaymentEnds, &[id], "given back without a reason");
                }
                let state = self.in_hand(FAILED, id, Invariant::PaymentEnds, out).await?;
                let whole = session.as_ref().is_none_or(|s| s.refunded_minor == checkout.due_minor());
                if state.is_none() && !whole {
                    out.say(Invariant::PaymentEnds, &[id], "to be given back, and the money is still here");
                }
                return Ok(());
            }
        }
        if let Some(session) = session {
            let right = if carried { session.refunded_minor == back } else { session.refunded_minor >= back };
            if !right {
                let what =
                    format!("the provider gave {} back, refunds carried out come to {back}", session.refunded_minor);
                out.say(Invariant::Refunds, &[id, session.id.as_str()], what);
            }
        }
        Ok(())
    }

    /// Whether the provider's events about a payment are still on their way.
    async fn told(&self, checkout: &Checkout) -> Result<bool> {
        let (Some(simulator), Some(session)) = (&self.simulator, &checkout.session) else { return Ok(true) };
        simulator.telling(session).await.map_err(|e| fault::internal("the payment provider", &e))
    }

    async fn refund(&self, order: &Order, refund: &Refund, out: &mut Findings) -> Result<()> {
        out.saw("refunds");
        let keys = [order.id.as_str(), refund.id.as_str()];
        if refund.reason.trim().is_empty() {
            out.say(Invariant::Refunds, &keys, "without a reason");
        }
        if !refund.done {
            if self.in_hand(REFUND, &refund.id, Invariant::Refunds, out).await?.is_none() {
                out.say(Invariant::Refunds, &keys, "decided, not carried out, and no job does it");
            }
            return Ok(());
        }
        if refund.amount_minor == 0 {
            return Ok(());
        }
        if order.is_gift() {
            return self.gifts_back(order, refund, out).await;
        }
        let Some(credit) = self.invoices.get(&invoices::credit_id_of(&refund.id)).await? else {
            out.say(Invariant::Refunds, &keys, "carried out without its credit note");
            return Ok(());
        };
        let said = (-credit.totals.net.minor(), -credit.totals.tax.minor(), -credit.totals.gross.minor());
        let totals = refund.amounts(&order.quote)?.totals;
        if said != (totals.net.minor(), totals.tax.minor(), refund.amount_minor) {
            out.say(Invariant::Refunds, &keys, format!("its credit note is over {said:?} (net, tax, total)"));
        }
        Ok(())
    }

    /// One grant for each paid line of files, none for anything else.
    async fn access(&self, purchase: &Purchase, out: &mut Findings) -> Result<()> {
        let grants = GrantStore::new(self.table.clone());
        let mut works: Vec<&WorkId> = purchase.lines().map(|(_, _, line)| &line.work).collect();
        works.sort();
        works.dedup();
        for work in works {
            let mut found = grants.grants_for_work(&purchase.checkout.customer, work).await?;
            found.retain(|g| purchase.orders.iter().any(|o| o.id == g.order));
            for (order, number, line) in purchase.lines().filter(|(_, _, line)| line.work == *work) {
                let id = grant_id(&order.id, number);
                let at = found.iter().position(|g| g.id == id);
                let grant = at.map(|at| found.swap_remove(at));
                let keys = [order.id.to_string(), id.to_string()];
                match (&grant, order.paid && !line.physical && line.gift.is_none()) {
                    (None, false) => {}
                    (None, true) => out.say(Invariant::Grants, &keys, "paid, and nothing opens its files"),
                    (Some(_), false) => out.say(Invariant::Grants, &keys, "opens files that are not paid"),
                    (Some(grant), true) => {
                        out.saw("grants");
                        let refunded = line.state == Fulfilment::Refunded;
                        if grant.revoked.is_some() != refunded {
                            let what =
                                format!("line {number} is {:?}, its grant is revoked: {}", line.state, !refunded);
                            out.say(Invariant::Grants, &keys, what);
                        }
                        if grant.assets != line.assets {
                            out.say(Invariant::Grants, &keys, "it opens other files than were sold");
                        }
                    }
                }
            }
            for grant in found {
                out.say(Invariant::Grants, &[grant.id.as_str(), grant.order.as_str()], "no line of its order gave it");
            }
        }
        Ok(())
    }

    /// What other records count of this purchase.
    async fn counted(&self, purchase: &Purchase, sums: &mut Sums, out: &mut Findings) -> Result<()> {
        let Purchase { checkout, orders, .. } = purchase;
        for (_, _, line) in purchase.lines().filter(|(_, _, line)| line.stocked) {
            let (held, sold) = sums.pieces.entry(line.variant.clone()).or_default();
            match checkout.state {
                CheckoutState::PendingPayment | CheckoutState::Settling => *held += i64::from(line.quantity),
                CheckoutState::Paid => *sold += i64::from(line.quantity),
                CheckoutState::Released | CheckoutState::RefundedLate => {}
            }
        }
        self.paid_from(checkout, orders, sums, out).await?;
        super::promotions::add(checkout, orders, sums);
        for order in orders.iter().filter(|o| o.is_gift()) {
            self.gifts(order, out).await?;
        }
        for order in orders.iter().filter(|o| o.paid && !o.is_gift()) {
            let listed = sums.sales.entry(order.tenant.clone()).or_default();
            let at = order.paid_ms.unwrap_or_default();
            let mut entries = vec![format!("{at:015}#{}", order.id)];
            for refund in self.checkouts.refunds(&order.id).await? {
                entries.push(format!("{:015}#{}#{}", refund.at_ms, order.id, refund.id));
            }
            *listed += entries.len() as u64;
            for sk in entries {
                let key = Key::new(format!("SALES#{}", order.tenant), sk);
                if self.table.get(&key, Consistency::Strong).await.map_err(fault::table)?.is_none() {
                    out.say(Invariant::Sales, &[order.id.as_str(), key.sk.as_str()], "it is not on its seller's list");
                }
            }
        }
        if checkout.state != CheckoutState::Paid {
            return Ok(());
        }
        let works = together::counted(orders.iter().flat_map(|o| &o.lines).map(|l| l.work.clone()).collect());
        if works.len() < 2 {
            return Ok(());
        }
        if self.in_hand(TOGETHER, checkout.id.as_str(), Invariant::Together, out).await?.is_some() {
            sums.uncounted.extend(works);
            return Ok(());
        }
        if let Some(pairs) = &mut sums.pairs {
            for one in &works {
                *sums.together.entry(one.clone()).or_default() += works.len() as u64 - 1;
                for other in works.iter().filter(|w| *w != one) {
                    *pairs.entry((one.clone(), other.clone())).or_default() += 1;
                }
            }
            if pairs.len() > MOST_PAIRS {
                sums.pairs = None;
            }
        }
        Ok(())
    }
}
