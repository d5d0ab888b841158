//! Where a buyer of files lives, when the pieces of evidence do not say it together: asked, answered, kept.
//!
//! Law: Implementing Regulation (EU) 282/2011 arts. 24b(d), 24f. Who is asked: consumers who pay for files whose place is theirs, where a piece
//! names another country than the order's, or, in the Union, where there is one piece alone. Invariants:
//! - Two pieces that agree on the order's country decide: nobody is asked. A buyer is told of each contradiction once.
//! - What a buyer states is one piece, their own, kept with its moment and the version of the words they read.
//! - An answer changes no amount and no document: another country than the order's is for staff to put right.
//! - A card that contradicts is asked about while its bank holds the money and nothing is taken; all that is held stays held meanwhile.
//!
//! Undo, step by step: whoever does not answer in time has a payment that was not made; whoever lives elsewhere is back at the checkout with
//! the cart as it was.
//!
//! Not here: what pieces come to (`vitrine_pricing::evidence`), the question on the form (`place`), mails (`receipts`).

use serde_json::json;
use vitrine_payments::Session;
use vitrine_pricing::evidence::{Finding, Piece, Source, weigh};
use vitrine_pricing::market::{is_country, is_eu};
use vitrine_pricing::quote::{Kind, QuotedLine, TaxIdState};
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::Problem;
use vitrine_shared::id::OrderId;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Condition, Delete, Index, Item, Key, Put, Query, TransactOp, retry};

use super::capture::SOON_MS;
use super::store::{self, Asked, Checkout, Evidence, Order, Statement, TaxRecord};
use super::{CAPTURE, Checkouts, HOLD_MS, PLACE, identity};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz};

/// Names the words that buyers declare their country with: a new one with every change of `order-place-go` or `checkout-confirm-place`.
pub(super) const WORDS: &str = "2026-11-29";
/// How often a lost race is run again.
const TRIES: usize = 5;
/// Who answers on the page at once gets no mail about it, milliseconds.
const MAIL_MS: i64 = 2 * 60 * 1000;
/// Orders with an open place that staff are shown, the oldest.
const MOST_SHOWN: usize = 40;
/// Names of such orders that are read at once.
const MOST_READ: usize = 100;
/// Longest reason, characters.
const MAX_REASON: usize = 200;

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is kept; the order's page says how it goes on.
    Kept,
    /// The buyer lives elsewhere and paid nothing yet: the checkout of their cart knows the country.
    AtCheckout,
    /// As before, and the cart is not the caller's: they came from a mail, on another device.
    Released,
}

/// Taxed where a small seller is and not where the buyer is, inside the Union.
fn taxed_at_home(line: &QuotedLine, country: &str) -> bool {
    let state = |jurisdiction: &str| jurisdiction.get(..2).unwrap_or_default().to_owned();
    let mut taxes = line.amounts.taxes.iter().map(|tax| state(&tax.jurisdiction)).peekable();
    line.tax_status == TaxStatus::Taxed
        && is_eu(country)
        && taxes.peek().is_some()
        && taxes.all(|at| at != country && is_eu(&at))
}

/// Whether the place of a sale is where its buyer lives, and nothing else says where that is: files that cost something, bought by a consumer.
/// Of a business its id says it.
fn concerns(order: &Order) -> bool {
    let by_id = order.tax.business && order.tax.id_state == TaxIdState::Valid;
    !by_id && !order.is_gift() && order.quote.lines.iter().any(|line| by_place(line, &order.country))
}

/// Whether a line's tax is of where its buyer lives: a file that costs something, and is not taxed at a small seller's home.
pub(super) fn by_place(line: &QuotedLine, country: &str) -> bool {
    line.kind == Kind::Digital && line.amounts.gross.minor() > 0 && !taxed_at_home(line, country)
}

fn agrees(evidence: &Evidence, with: &str) -> bool {
    matches!(&evidence.finding, Finding::Agreed { country, .. } if country == with)
}

/// Pieces that name another country, but for what the buyer said.
fn against<'a>(evidence: &'a Evidence, country: &'a str) -> impl Iterator<Item = &'a Piece> {
    let sound = |p: &&Piece| p.source != Source::Other && !p.worthless && is_country(&p.country);
    evidence.pieces.iter().filter(sound).filter(move |p| p.country != country)
}

/// The countries that a buyer is to be asked about besides the order's; empty: there is one piece alone. `None`: nothing is to be asked (any more).
pub(super) fn question(order: &Order) -> Option<Vec<String>> {
    let evidence = order.tax.evidence.as_ref().filter(|evidence| evidence.asks && concerns(order))?;
    let country = order.country.as_str();
    // What staff looked at is over for the buyer too.
    if agrees(evidence, country) || evidence.settled_ms.is_some() {
        return None;
    }
    let told = |p: &Piece| {
        let so = |(source, country): &(Source, String)| *source == p.source && *country == p.country;
        evidence.statements.iter().any(|s| s.against.iter().any(so))
    };
    let mut others: Vec<String> = against(evidence, country).map(|p| p.country.clone()).collect();
    if others.is_empty() {
        return (is_eu(country) && evidence.statements.is_empty()).then_some(others);
    }
    others.sort_unstable();
    others.dedup();
    (!against(evidence, country).all(told)).then_some(others)
}

/// Whether staff have to look at where the buyer of a paid order lives.
fn is_open(order: &Order) -> bool {
    let back = order.refunded_minor >= order.quote.totals.gross.minor();
    let Some(evidence) = order.tax.evidence.as_ref().filter(|_| order.paid && !back && concerns(order)) else {
        return false;
    };
    let asked = is_eu(&order.country) || against(evidence, &order.country).next().is_some();
    evidence.settled_ms.is_none() && asked && !agrees(evidence, &order.country)
}

fn piece(source: Source, country: &str, third_party: bool) -> Piece {
    Piece { source, country: country.to_ascii_uppercase(), third_party, through: false, worthless: false }
}

/// What is known before anything is paid, with what the buyer said at the form.
pub(super) fn at_checkout(ctx: &OpCtx, country: &str, declared: bool) -> Evidence {
    let mut pieces = vec![piece(Source::BillingAddress, country, false)];
    pieces.extend(ctx.network.as_deref().map(|network| piece(Source::Network, network, false)));
    let finding = weigh(&pieces, false);
    let mut evidence = Evidence { pieces, declared, finding, statements: Vec::new(), settled_ms: None, asks: true };
    if declared {
        state(&mut evidence, country, country, Asked::Checkout, ctx.now_ms);
    }
    evidence
}

/// Adds what the payment says of its place.
pub(super) fn with_payment(tax: &mut TaxRecord, country: Option<&str>) {
    let (Some(evidence), Some(country)) = (&mut tax.evidence, country) else { return };
    evidence.pieces.retain(|p| p.source != Source::Payment);
    evidence.pieces.push(piece(Source::Payment, country, true));
    evidence.finding = weigh(&evidence.pieces, false);
}

/// Adds what the buyer says: the newest counts.
fn state(evidence: &mut Evidence, country: &str, taxed: &str, asked: Asked, at_ms: i64) {
    let told = against(evidence, taxed).map(|p| (p.source, p.country.clone())).collect();
    evidence.statements.push(Statement {
        country: country.to_owned(),
        at_ms,
        words: WORDS.to_owned(),
        asked,
        against: told,
    });
    evidence.declared = country == taxed;
    evidence.pieces.retain(|p| p.source != Source::Other);
    evidence.pieces.push(piece(Source::Other, country, false));
    evidence.finding = weigh(&evidence.pieces, false);
}

/// Whether a card of another country would leave it open where the buyer lives.
fn card_decides(order: &Order) -> bool {
    let Some(evidence) = order.tax.evidence.as_ref().filter(|_| is_eu(&order.country) && concerns(order)) else {
        return false;
    };
    let elsewhere = if order.country == "DE" { "FR" } else { "DE" };
    let mut cards: Vec<String> = against(evidence, &order.country).map(|p| p.country.clone()).collect();
    cards.push(elsewhere.to_owned());
    cards.iter().any(|card| {
        let mut with = order.clone();
        with_payment(&mut with.tax, Some(card));
        question(&with).is_some()
    })
}

fn open_key(order: &Order) -> Key {
    Key::new("PLACES#", format!("{:015}#{}", order.paid_ms.unwrap_or(order.placed_ms), order.id))
}

/// What the page of a checkout asks its buyer: key of the sentence, and the countries that can be answered, ISO 3166-1 and name.
pub(super) fn asked(checkout: &Checkout, orders: &[Order], locale: &str) -> Option<(String, Vec<(String, String)>)> {
    let before = checkout.state == CheckoutState::PendingPayment && checkout.asked.is_some();
    if !before && checkout.state != CheckoutState::Paid {
        return None;
    }
    let back = |o: &&Order| o.refunded_minor > 0 && o.refunded_minor >= o.quote.totals.gross.minor();
    let (order, others) = orders.iter().filter(|o| !back(o)).find_map(|o| Some((o, question(o)?)))?;
    let called = |code: &str| vitrine_places::country_name(code, locale).unwrap_or(code).to_owned();
    let key = match (before, others.is_empty()) {
        (true, _) => "order-place-before",
        (_, true) => "order-place-alone",
        (_, false) => "order-place-but",
    };
    let codes = std::iter::once(&order.country).chain(&others);
    Some((key.to_owned(), codes.map(|code| (code.clone(), called(code))).collect()))
}

impl Checkouts {
    /// Begins a payment in two steps where its card could contradict what is known of the place. Ways to pay without two steps are offered all the
    /// same, and asked about afterwards.
    pub(super) fn hold_for_place(&self, checkout: &mut Checkout, orders: &[Order]) {
        let Some(payments) = self.payments.as_ref().filter(|_| !checkout.authorise && checkout.due_minor() > 0) else {
            return;
        };
        let can = payments.authorises();
        let offered = checkout.methods.iter().any(|method| can.contains(&method.as_str()));
        let any = checkout.methods.is_empty() && !can.is_empty();
        if (offered || any) && orders.iter().any(card_decides) {
            checkout.authorise = true;
            checkout.or_at_once = true;
        }
    }

    /// A card whose bank holds the money, if its country leaves it open where the buyer lives: `true`, and nothing is taken before they say so.
    ///
    /// # Errors
    /// The stores'; `changed_meanwhile` if the checkout is not as it was read.
    pub(super) async fn ask_place(
        &self,
        ctx: &OpCtx,
        checkout: &Checkout,
        session: &Session,
        event: Option<&str>,
    ) -> Result<bool> {
        let Some(country) = session.country.as_deref() else { return Ok(false) };
        let mut orders = self.orders(checkout).await?;
        orders.iter_mut().for_each(|order| with_payment(&mut order.tax, Some(country)));
        // One piece alone stops no payment, nor does anything outside of the Union.
        let mut stopped = orders.iter().filter(|order| is_eu(&order.country)).filter_map(question);
        if !stopped.any(|others| !others.is_empty()) {
            return Ok(false);
        }
        let mut next = checkout.clone();
        next.asked = Some(country.to_ascii_uppercase());
        // Of a card before this one.
        next.failure = None;
        // Whoever paid in the last moment has time to read.
        next.held_until_ms = checkout.held_until_ms.max(ctx.now_ms + HOLD_MS);
        let said = json!({ "country": next.asked, "charge": session.charge_id });
        let trail = audit::entry(ctx, checkout.id.as_str(), "checkout.place_asked", event.unwrap_or_default(), said);
        let mut ops = self.placed_ops(next, orders, checkout.rev)?;
        ops.push(trail);
        ops.extend(self.job_op(&self.about(ctx.now_ms + MAIL_MS, checkout, PLACE))?);
        self.write(ops).await.map(|()| true)
    }

    /// A checkout and its orders as they are next, each over the one that was read.
    fn placed_ops(&self, checkout: Checkout, orders: Vec<Order>, rev: i64) -> Result<Vec<TransactOp>> {
        let put = |item: Item, rev: i64| TransactOp::Put(Put { item, condition: Some(Condition::eq("rev", rev)) });
        let mut ops = vec![put(store::checkout_item(&Checkout { rev: rev + 1, ..checkout })?, rev)];
        for order in orders {
            let rev = order.rev;
            ops.push(put(store::order_item(&Order { rev: rev + 1, ..order })?, rev));
        }
        Ok(ops)
    }

    /// When a hold is looked at again whose end is not decided: after the buyer's time to answer, or later.
    ///
    /// # Errors
    /// The stores'.
    pub(super) async fn look_again_ms(
        &self,
        ctx: &OpCtx,
        id: &vitrine_shared::id::CheckoutId,
        else_ms: i64,
    ) -> Result<i64> {
        let waits = |c: &Checkout| c.waits_for_place() && c.held_until_ms > ctx.now_ms;
        Ok(self.get(id).await?.filter(waits).map_or(else_ms, |c| c.held_until_ms))
    }

    /// A buyer says where they live. The same twice is one. Before the money is taken, the order's country takes it and another one lets the
    /// payment go; afterwards another one is for staff.
    ///
    /// # Errors
    /// 404 for who did not buy it, 422 for no country, 409 `place_said` for another answer than was given, what [`Checkouts::place`] says of a
    /// payment that is over or on its way, 503 if the provider is away; the stores'.
    pub async fn say_place(&self, ctx: &OpCtx, id: &str, secret: Option<&str>, country: &str) -> Result<Answered> {
        let mut checkout = self.buyers(ctx, id, secret).await?;
        let country = country.trim().to_ascii_uppercase();
        if !is_country(&country) {
            return Err(Problem::invalid("country", "fault-country", "This is no country."));
        }
        for _ in 0..TRIES {
            let before = checkout.waits_for_place();
            let mut orders = self.orders(&checkout).await?;
            if before && orders.iter().any(|order| order.country != country) {
                self.let_go(ctx, &checkout.id).await?;
                let now = self.get(&checkout.id).await?.ok_or_else(|| Problem::not_found("order"))?;
                if now.state == CheckoutState::Released {
                    let said = json!({ "country": country, "asked": Asked::Payment, "words": WORDS });
                    let trail = audit::entry(ctx, checkout.id.as_str(), "order.place_stated", "", said);
                    self.write(vec![trail]).await?;
                    return self.elsewhere(ctx, &checkout, &country).await;
                }
                // Another answer was faster.
                checkout = now;
                continue;
            }
            match checkout.state {
                CheckoutState::Paid => {}
                CheckoutState::PendingPayment if before => {}
                CheckoutState::Settling => return self.said_before(&checkout, &country).await,
                _ => return Ok(Answered::Kept),
            }
            orders.retain(|order| question(order).is_some());
            if orders.is_empty() {
                return self.said_before(&checkout, &country).await;
            }
            let asked = if before { Asked::Payment } else { Asked::Order };
            let mut settled = Vec::new();
            for order in &mut orders {
                let Some(evidence) = &mut order.tax.evidence else { continue };
                state(evidence, &country, &order.country, asked, ctx.now_ms);
                if order.paid && !is_open(order) {
                    let key = open_key(order);
                    settled.push(TransactOp::Delete(Delete { key, condition: None }));
                }
            }
            let ids: Vec<&OrderId> = orders.iter().map(|order| &order.id).collect();
            let said = json!({ "country": country, "asked": asked, "words": WORDS, "orders": ids });
            let trail = audit::entry(ctx, checkout.id.as_str(), "order.place_stated", "", said);
            let next = Checkout { asked: None, ..checkout.clone() };
            let mut ops = self.placed_ops(next, orders, checkout.rev)?;
            ops.push(trail);
            ops.extend(settled);
            if before {
                // Should this process end before the money is taken. Not the name of the job that taking it brings.
                let mut job = self.about(ctx.now_ms + SOON_MS, &checkout, CAPTURE);
                job.key = format!("{}/said", checkout.id);
                ops.extend(self.job_op(&job)?);
            }
            match self.write(ops).await {
                Err(problem) if problem.code == "changed_meanwhile" => {}
                Err(problem) => return Err(problem),
                Ok(()) => {
                    if let Some(checkout) = self.get(&checkout.id).await?.filter(|_| before) {
                        self.refreshed(ctx, checkout).await?;
                    }
                    return Ok(Answered::Kept);
                }
            }
            checkout = self.get(&checkout.id).await?.ok_or_else(|| Problem::not_found("order"))?;
        }
        Err(Problem::conflict("changed_meanwhile", "The order changes too often right now. Repeat."))
    }

    /// Nothing is to be said any more: the same answer again is well, another one is for the shop.
    async fn said_before(&self, checkout: &Checkout, country: &str) -> Result<Answered> {
        let orders = self.orders(checkout).await?;
        let mut last = orders.iter().filter_map(|o| o.tax.evidence.as_ref()?.statements.last());
        if last.all(|said| said.country == country) {
            return Ok(Answered::Kept);
        }
        Err(Problem::conflict("place_said", "It was said before where the buyer lives. Write to the shop."))
    }

    /// The payment was let go: the cart is as it was, and its form says the country.
    async fn elsewhere(&self, ctx: &OpCtx, checkout: &Checkout, country: &str) -> Result<Answered> {
        let theirs = checkout.cart.is_some() && checkout.cart == self.carts.name(ctx, ctx.cart.as_deref());
        if !theirs {
            return Ok(Answered::Released);
        }
        let mut typed = self.kept_form(ctx).await?;
        typed.form.country = country.to_owned();
        typed.form.region.clear();
        typed.form.confirm_place = false;
        self.keep_form(ctx, &typed).await?;
        Ok(Answered::AtCheckout)
    }

    /// Lists paid orders for staff whose place is open; answers whether any is to be asked about.
    ///
    /// # Errors
    /// The table's; safe to repeat.
    pub(crate) async fn list_open_places(&self, orders: &[Order]) -> Result<bool> {
        for order in orders.iter().filter(|order| is_open(order)) {
            let key = open_key(order);
            let mut item = Item::new();
            item.insert("pk".into(), key.pk.into());
            item.insert("sk".into(), key.sk.into());
            item.insert("order".into(), order.id.to_string().into());
            item.insert("_v".into(), 1.into());
            self.table.put(Put { item, condition: None }).await.map_err(fault::table)?;
        }
        Ok(orders.iter().any(|order| question(order).is_some()))
    }

    /// Orders whose place staff have to look at, oldest first.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; the stores'.
    pub(crate) async fn open_places(&self, ctx: &OpCtx) -> Result<Vec<Order>> {
        authz::staff(ctx, "orders:read")?;
        let (mut open, mut after) = (Vec::new(), None);
        while open.len() < MOST_SHOWN {
            let query = Query::new(Index::Base, "PLACES#").limit(MOST_READ).after(after);
            let page = self.table.query(query).await.map_err(fault::table)?;
            let named = page.items.iter().filter_map(|i| {
                let text = |name: &str| i.get(name).and_then(|v| v.as_str());
                Some((Key::new(text("pk")?, text("sk")?), text("order")?.parse::<OrderId>().ok()?))
            });
            let (keys, ids): (Vec<Key>, Vec<OrderId>) = named.unzip();
            let items = retry::get_each(&*self.table, ids.iter().map(store::order_key).collect()).await;
            for (key, item) in keys.into_iter().zip(items.map_err(fault::table)?) {
                let order: Option<Order> = item.map(vitrine_table::from_item).transpose().map_err(fault::table)?;
                match order.filter(is_open) {
                    Some(order) => open.push(order),
                    // What was refunded since, or whose id was confirmed, is not open any more and never will be.
                    None => self.table.delete(Delete { key, condition: None }).await.map(drop).map_err(fault::table)?,
                }
            }
            after = page.cursor;
            if after.is_none() {
                break;
            }
        }
        open.truncate(MOST_SHOWN);
        Ok(open)
    }

    /// Staff looked at an order's place: it is not open any more. What was wrong with tax or invoice they put right by refunds and voids. The same
    /// again changes nothing.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such order; 422 without a reason; the stores'.
    pub async fn settle_place(&self, ctx: &OpCtx, id: &OrderId, reason: &str) -> Result<()> {
        authz::staff(ctx, "orders:refund")?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Problem::invalid("place_reason", "fault-empty", "Say what was found."));
        }
        if reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
            return Err(Problem::invalid("place_reason", "fault-long", "The reason is too long."));
        }
        let mut order = self.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        if !is_open(&order) {
            return Ok(());
        }
        let key = open_key(&order);
        let rev = order.rev;
        let Some(evidence) = &mut order.tax.evidence else { return Ok(()) };
        evidence.settled_ms = Some(ctx.now_ms);
        let said =
            json!({ "order": id, "taxed": order.country, "said": evidence.statements.last().map(|s| &s.country) });
        order.rev += 1;
        let put = Put { item: store::order_item(&order)?, condition: Some(Condition::eq("rev", rev)) };
        let trail = audit::entry(ctx, order.checkout.as_str(), "order.place_settled", reason, said);
        self.write(vec![TransactOp::Put(put), TransactOp::Delete(Delete { key, condition: None }), trail]).await
    }
}

/// Whether an order is among those that staff have to look at.
pub(crate) fn place_is_open(order: &Order) -> bool {
    is_open(order)
}

/// Whether its buyer is asked and did not answer yet.
pub(crate) fn place_is_asked(order: &Order) -> bool {
    order.paid && question(order).is_some()
}

/// Whether the form asks where the buyer lives though nothing contradicts it: the address alone says it, and two pieces are wanted.
pub(super) fn address_alone(ctx: &OpCtx, to: &crate::cart::view::Destination, paid_files: bool) -> bool {
    paid_files && ctx.network.is_none() && is_eu(&to.country) && !identity::is_known_business(to)
}
