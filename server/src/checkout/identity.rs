//! What tax is decided on besides the cart: a business buyer's tax id, and whether the form must ask where a buyer of files is.
//!
//! Invariants: while a register is away tax is charged, the order names what stood in (`fallback`), and a job asks again until the
//! register speaks; tax that turns out not to be owed goes back by an ordinary refund, once.
//!
//! Not here: what the pieces of evidence leave open (`evidence`).

use serde_json::json;
use vitrine_pricing::quote::{Kind, TaxIdState};
use vitrine_pricing::tax::TaxStatus;
use vitrine_queue::NewJob;
use vitrine_shared::id::{CheckoutId, OrderId, VariantId};
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::trade::{CheckoutForm, TaxIdView};
use vitrine_table::{Condition, Put, TransactOp};

use super::store::{self, Checkout, Order, Relief, TaxRecord};
use super::{Checkouts, IDENTITY, destination, evidence};
use crate::audit;
use crate::cart::view::{Destination, Priced, PricedSeller};
use crate::cart::ways;
use crate::ctx::OpCtx;
use crate::fault::Result;
use crate::tax_ids::Identity;

/// When a register that was away is asked again, milliseconds: at first, and then.
const FIRST_MS: i64 = 60 * 1000;
const THEN_MS: i64 = 60 * 60 * 1000;
/// For how long it is asked, milliseconds: most registers answer within hours, and a month's return is due after that.
const GIVE_UP_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Names the refund of tax among an order's refunds.
const ATTEMPT: &str = "tax-id-confirmed";

/// What the job does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is left to ask.
    Done,
    /// At this moment, UTC milliseconds.
    Again(i64),
}

impl Checkouts {
    /// Where the form says it goes, and what a business's tax id counts for by now.
    ///
    /// # Errors
    /// The table's.
    pub(super) async fn bound_for(&self, ctx: &OpCtx, form: &CheckoutForm) -> Result<Destination> {
        let mut to = destination(form);
        if form.business {
            let place = (to.country.as_str(), to.region.as_deref(), to.postcode.as_deref());
            to.business = Some(self.tax_ids.look(place, &form.tax_id, ctx.now_ms).await?);
        }
        Ok(to)
    }

    /// The job that asks again, if an order waits for it.
    pub(super) fn identity_job(&self, checkout: &Checkout, orders: &[Order]) -> Option<NewJob> {
        orders.iter().any(|o| o.tax.relief.is_some()).then(|| NewJob {
            kind: IDENTITY.into(),
            key: checkout.id.to_string(),
            payload: json!({ "checkout": checkout.id }),
            run_at_ms: checkout.placed_ms + FIRST_MS,
            max_attempts: 40,
            trace: None,
        })
    }

    /// Asks again for the tax ids of a checkout; gives tax back that turns out not to be owed.
    ///
    /// # Errors
    /// The stores'; safe to repeat.
    pub async fn identify(&self, ctx: &OpCtx, id: &CheckoutId) -> Result<Next> {
        let Some(checkout) = self.get(id).await? else { return Ok(Next::Done) };
        match checkout.state {
            CheckoutState::Released | CheckoutState::RefundedLate => return Ok(Next::Done),
            CheckoutState::PendingPayment | CheckoutState::Settling => {
                return Ok(Next::Again(ctx.now_ms + THEN_MS));
            }
            CheckoutState::Paid => {}
        }
        let mut next = Next::Done;
        for order in self.orders(&checkout).await? {
            let Some(relief) = order.tax.relief.clone() else { continue };
            // Erased meanwhile: there is nobody to ask for.
            let Some(person) = self.order_person(&order).await? else { continue };
            let known = self.tax_ids.again(&order.country, &person.tax_id, ctx.now_ms).await?;
            let said = match known.state {
                TaxIdState::Valid => {
                    self.refund_tax(ctx, &order.id, ATTEMPT, "the tax number was confirmed", &relief).await?;
                    Some(&known)
                }
                TaxIdState::Pending | TaxIdState::Unavailable if ctx.now_ms < checkout.placed_ms + GIVE_UP_MS => {
                    next = Next::Again(ctx.now_ms + THEN_MS);
                    continue;
                }
                // Nobody answered for a month: what was charged stays charged, and the order says why.
                TaxIdState::Pending | TaxIdState::Unavailable => None,
                TaxIdState::Invalid | TaxIdState::None => Some(&known),
            };
            self.identified(ctx, &order.id, said).await?;
        }
        Ok(next)
    }

    /// Writes what an order's tax id counts for by now, if the register said it, and that nobody waits for it any more. All else of the
    /// record is as it is at this moment: other jobs write it too.
    async fn identified(&self, ctx: &OpCtx, id: &OrderId, said: Option<&Identity>) -> Result<()> {
        let Some(order) = self.order(id).await? else { return Ok(()) };
        let tax = said.map_or_else(|| order.tax.clone(), |known| settled(&order.tax, known));
        let tax = TaxRecord { relief: None, ..tax };
        let state = serde_json::to_value(tax.id_state).unwrap_or_default();
        let next = Order { tax, rev: order.rev + 1, ..order.clone() };
        let put = Put { item: store::order_item(&next)?, condition: Some(Condition::eq("rev", order.rev)) };
        let what = json!({ "order": id, "state": state, "register": next.tax.register });
        let ops = vec![TransactOp::Put(put), audit::entry(ctx, order.checkout.as_str(), "order.tax_id", "", what)];
        self.write(ops).await
    }
}

fn settled(before: &TaxRecord, known: &Identity) -> TaxRecord {
    TaxRecord { id_state: known.state, reference: known.reference.clone(), asked_ms: known.asked_ms, ..before.clone() }
}

/// How the page says what a business's tax id counts for.
pub(super) fn shown(to: &Destination) -> Option<TaxIdView> {
    let known = to.business.as_ref().filter(|b| !b.number.is_empty())?;
    let state = serde_json::to_value(known.state).ok()?;
    Some(TaxIdView {
        state: format!("tax-id-{}", state.as_str()?),
        number: known.number.clone(),
        register: known.register.clone(),
    })
}

/// Whether a register may yet say yes.
pub(super) fn waits(to: &Destination) -> bool {
    to.business.as_ref().is_some_and(|b| matches!(b.state, TaxIdState::Pending | TaxIdState::Unavailable))
}

/// The same destination with the id confirmed.
pub(super) fn once_confirmed(to: &Destination) -> Destination {
    let confirmed = |known: &Identity| Identity { state: TaxIdState::Valid, ..known.clone() };
    // Who owes the tax itself asks nobody how much.
    Destination { business: to.business.as_ref().map(confirmed), taxes: Vec::new(), ..to.clone() }
}

/// Notice of a part whose tax a confirmed id would spare, and which does not go back.
const STAYS: &str = "tax-notice-stays";

/// What becomes of the tax of a part once its buyer's id is confirmed.
struct Foreseen {
    /// What goes back.
    relief: Option<Relief>,
    /// With a confirmed id another would sell some of it in law, without tax. It is sold by who sells it now: the tax that was paid is what its
    /// import or its supply is declared with, and stays.
    stays: bool,
}

impl Foreseen {
    /// `confirmed`: the same cart priced with the id confirmed.
    fn of(seller: &PricedSeller, confirmed: &Priced) -> Self {
        // Of each line: the part it is in then, by its place there.
        let then = |variant: &VariantId| {
            confirmed.sellers.iter().filter(|other| other.store.id == seller.store.id).find_map(|other| {
                let at = other.lines.iter().position(|line| line.variant.id == *variant)?;
                Some((other, other.quote.lines.get(at)?))
            })
        };
        let (mut lines, mut stays) = (Vec::new(), false);
        let (mut sent_by, mut parted) = (None, false);
        for (n, (line, now)) in seller.lines.iter().zip(&seller.quote.lines).enumerate() {
            let Some((other, quoted)) = then(&line.variant.id) else { continue };
            if now.kind == Kind::Physical {
                sent_by = Some(other);
                parted |= other.record != seller.record;
            }
            if now.tax_status != TaxStatus::Taxed || quoted.tax_status == TaxStatus::Taxed {
                continue;
            }
            if other.record == seller.record {
                lines.push(n);
            } else {
                stays = true;
            }
        }
        let tax_of = |part: &PricedSeller| part.quote.shipping.as_ref().map_or(0, |s| s.tax.minor());
        // One parcel: its tax goes back if nothing in it would be another's.
        let spared = sent_by.is_some_and(|other| tax_of(seller) > 0 && tax_of(other) == 0);
        let shipping = spared && !parted;
        let relief = (!lines.is_empty() || shipping).then_some(Relief { lines, shipping });
        Self { relief, stays }
    }
}

/// Says at each part of a cart that its tax stays though a confirmed id would spare it.
pub(super) fn say_what_stays(priced: &mut Priced, confirmed: &Priced) {
    for seller in priced.sellers.iter().filter(|seller| Foreseen::of(seller, confirmed).stays) {
        let name = ways::part_name(&seller.store.id, seller.record);
        let part = priced.view.sellers.iter_mut().find(|part| part.sending.part == name);
        if let Some(part) = part {
            part.tax_notice = Some(STAYS.to_owned());
        }
    }
}

/// What each order's tax was decided on; `confirmed`: the same cart priced with the id confirmed, if that may yet happen.
pub(super) fn records(
    ctx: &OpCtx,
    priced: &Priced,
    confirmed: Option<&Priced>,
    to: &Destination,
    declared: bool,
) -> Vec<TaxRecord> {
    let record = |seller: &PricedSeller| {
        let mut tax = TaxRecord { business: to.business.is_some(), ..TaxRecord::default() };
        if let Some(known) = &to.business {
            tax.id_state = known.state;
            tax.register.clone_from(&known.register);
            tax.reference.clone_from(&known.reference);
            tax.asked_ms = known.asked_ms;
            tax.fallback = known.fallback.as_ref().map(|code| format!("{}:{code}", known.register));
        }
        tax.relief = confirmed.and_then(|confirmed| Foreseen::of(seller, confirmed).relief);
        if seller.quote.lines.iter().any(|l| l.kind == Kind::Digital) {
            tax.evidence = Some(evidence::at_checkout(ctx, &to.country, declared));
        }
        tax
    };
    priced.sellers.iter().map(record).collect()
}

/// The country the connection came from, where it contradicts the chosen one and files are paid for: which is theirs must be said.
pub(super) fn contradicted<'a>(ctx: &'a OpCtx, priced: &Priced, to: &Destination) -> Option<&'a str> {
    let asked = is_by_place(priced, to) && !is_known_business(to);
    ctx.network.as_deref().filter(|network| asked && *network != to.country)
}

/// Whether the tax of something in a cart is of where its buyer lives.
pub(super) fn is_by_place(priced: &Priced, to: &Destination) -> bool {
    priced.sellers.iter().flat_map(|s| &s.quote.lines).any(|line| evidence::by_place(line, &to.country))
}

/// A business that is where its id is.
pub(super) fn is_known_business(to: &Destination) -> bool {
    to.business.as_ref().is_some_and(|known| known.state == TaxIdState::Valid)
}
