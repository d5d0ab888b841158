//! Cards that are bought: issued in the transaction that makes their order paid, corrected by who bought them as long as nothing of
//! them was spent, taken back with a refund.
//!
//! Invariants: a card's id is made from its order, so that it is issued once, whatever is repeated; who bought it never sees its code; a
//! refund takes no more from a card than is left on it, and one that it empties is over unless something was bought with it: that may
//! yet come back to it.

use serde_json::json;
use vitrine_identity::account::normalise_email;
use vitrine_shared::Problem;
use vitrine_shared::id::{OrderId, TenantId, ValueId};
use vitrine_table::{Condition, Index, Query, Transact, TransactOp, Update, UpdateItem, retry};

use super::sending::{Delivery, FIRST, Recipient, named, seal_place};
use super::store::{self, account_key, delivery_key};
use super::{Account, Entry, House, Kind, Values};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, ids};

/// Most sendings of one card that its buyer can cause, the first among them.
const MOST_SENDINGS: u32 = 6;
/// Writes that issue one card: account, entry, sending, its job.
pub const WRITES: usize = 4;

/// Cards of one order's line, as they are issued.
pub(crate) struct Sale<'a> {
    pub(crate) order: &'a OrderId,
    /// Whose goods they pay for.
    pub(crate) issuer: &'a TenantId,
    pub(crate) cards: &'a [ValueId],
    /// ISO 4217.
    pub(crate) currency: &'a str,
    /// On each, minor units.
    pub(crate) each_minor: i64,
    pub(crate) to: &'a Recipient,
    /// UTC milliseconds; past: at once.
    pub(crate) due_ms: i64,
}

/// How a bought card stands.
pub(crate) struct Standing {
    pub(crate) account: Account,
    /// Nothing of it was spent, is held, or went back.
    pub(crate) whole: bool,
    /// When its code is sent the first time, UTC milliseconds.
    pub(crate) due_ms: i64,
    /// When it was sent the last time.
    pub(crate) sent_ms: Option<i64>,
    pub(crate) email: String,
    /// Sendings so far.
    pub(crate) sendings: u32,
}

impl Standing {
    /// Its buyer may have it sent elsewhere.
    pub(crate) fn may_correct(&self, now_ms: i64) -> bool {
        self.whole && !self.account.is_over(now_ms) && self.sendings < MOST_SENDINGS
    }
}

/// Id of a card of an order.
pub(crate) fn card_id(order: &OrderId, number: u32) -> ValueId {
    ValueId::from_bits(ids::derived_bits(&["value", "sold", order.as_str(), &number.to_string()]))
}

impl Values {
    /// The writes that issue cards.
    pub(crate) fn sell(&self, ctx: &OpCtx, sale: &Sale<'_>) -> Result<Vec<TransactOp>> {
        let mut ops = Vec::with_capacity(sale.cards.len() * WRITES + 1);
        for id in sale.cards {
            let account = Account {
                id: id.clone(),
                kind: Kind::GiftCard,
                issuer: Some(sale.issuer.clone()),
                currency: sale.currency.to_owned(),
                owner: None,
                code: None,
                last4: String::new(),
                available: sale.each_minor,
                held: 0,
                created_ms: ctx.now_ms,
                ends_ms: None,
                ended_ms: None,
                sending: FIRST.into(),
            };
            let entry = Entry {
                key: "issue".into(),
                account: id.clone(),
                house: House::Issued,
                currency: account.currency.clone(),
                delta_minor: sale.each_minor,
                at_ms: ctx.now_ms,
                why: String::new(),
                about: Some(sale.order.to_string()),
                wish: None,
            };
            ops.push(store::account_op(&account)?);
            ops.push(store::entry_op(&entry)?);
            ops.extend(self.delivery_ops(id, FIRST, sale.to, sale.due_ms.max(ctx.now_ms))?);
        }
        let what = json!({ "cards": sale.cards, "each_minor": sale.each_minor, "currency": sale.currency });
        ops.push(audit::entry(ctx, sale.order.as_str(), "value.sold", "", what));
        Ok(ops)
    }

    async fn deliveries(&self, id: &ValueId) -> Result<Vec<(String, Delivery)>> {
        let query = Query::new(Index::Base, account_key(id).pk).begins_with("DELIVERY#");
        let items = retry::query_all(&*self.table, query, 1000).await.map_err(fault::table)?;
        let named = |item: vitrine_table::Item| {
            let key = item.get("sk").and_then(|sk| sk.as_str()).unwrap_or_default();
            let key = key.trim_start_matches("DELIVERY#").to_owned();
            Ok((key, vitrine_table::from_item(item).map_err(fault::table)?))
        };
        items.into_iter().map(named).collect()
    }

    /// How a card stands that was sold with this much on it; `None`: it is not there.
    pub(crate) async fn standing(&self, id: &ValueId, each_minor: i64) -> Result<Option<Standing>> {
        let Some(account) = self.account(id).await? else { return Ok(None) };
        let deliveries = self.deliveries(id).await?;
        let Some((_, first)) = deliveries.iter().find(|(key, _)| key == FIRST) else { return Ok(None) };
        Ok(Some(Standing {
            whole: (account.available, account.held) == (each_minor, 0),
            due_ms: first.due_ms,
            sent_ms: deliveries.iter().filter_map(|(_, d)| d.sent_ms).max(),
            email: self.opened(id, first)?.email,
            sendings: u32::try_from(deliveries.len()).unwrap_or(u32::MAX),
            account,
        }))
    }

    /// Has a card of which nothing was spent sent to another address: on its day, or at once if it was sent before, with a new code; the
    /// old one opens nothing then. `next` is the number of the sending as the buyer saw it, so that a repeated press sends once. Who may
    /// ask is its order's matter.
    ///
    /// # Errors
    /// 422 for no address; 404 for no such card; 409 `gift_used` once something of it was spent, `gift_many` for a sending too many.
    pub(crate) async fn correct(
        &self,
        ctx: &OpCtx,
        id: &ValueId,
        each_minor: i64,
        email: &str,
        next: u32,
    ) -> Result<()> {
        let email = normalise_email(email)
            .map_err(|_| Problem::invalid("email", "fault-email", "This is not an e-mail address."))?;
        let missing = || Problem::not_found("card");
        let used = || Problem::conflict("gift_used", "Something of this card was spent, or it is over.");
        let deliveries = self.deliveries(id).await?;
        let known = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
        let first = deliveries.into_iter().find(|(key, _)| key == FIRST).map(|(_, d)| d).ok_or_else(missing)?;
        let account = self.account(id).await?.ok_or_else(missing)?;
        if (account.available, account.held) != (each_minor, 0) || account.is_over(ctx.now_ms) {
            return Err(used());
        }
        let mut to = self.opened(id, &first)?;
        if next < known {
            // Pressed twice.
            return if to.email == email { Ok(()) } else { Err(changed()) };
        }
        // The first one goes on its day to the new address, unless staff sent the card before: then it goes nowhere any more.
        let waits = first.sent_ms.is_none() && ["", FIRST].contains(&account.sending.as_str());
        if !waits && known >= MOST_SENDINGS {
            return Err(Problem::conflict("gift_many", "This card was sent too often. Ask the shop."));
        }
        to.email = email;
        let sealed = self.master.seal_value(&seal_place(id), &to).map_err(|e| fault::internal("a recipient", &e))?;
        let as_read = Condition::eq("sealed", first.sealed.clone());
        let as_read = match first.sent_ms {
            Some(_) => as_read,
            None => as_read.and(Condition::Absent("sent_ms".into())),
        };
        let untouched = Condition::eq("available", each_minor).and(Condition::eq("held", 0));
        let untouched = untouched.and(Condition::Absent("ended_ms".into()));
        let again = (!waits).then(|| format!("again-{known}"));
        let newest = again.as_deref().unwrap_or(FIRST);
        let mut ops = vec![
            TransactOp::Update(UpdateItem {
                key: account_key(id),
                updates: vec![Update::set("sending", newest)],
                condition: Some(untouched.and(named(&account))),
            }),
            TransactOp::Update(UpdateItem {
                key: delivery_key(id, FIRST),
                updates: vec![Update::set("sealed", sealed)],
                condition: Some(Condition::ItemExists.and(as_read)),
            }),
            audit::entry(ctx, id.as_str(), "value.corrected", "", json!({ "sent": first.sent_ms.is_some() })),
        ];
        if let Some(key) = &again {
            ops.extend(self.delivery_ops(id, key, &to, ctx.now_ms)?);
        }
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(e) if e.failed_condition(0).is_some() => {
                let now = self.account(id).await?.ok_or_else(missing)?;
                let spent = (now.available, now.held) != (each_minor, 0) || now.is_over(ctx.now_ms);
                Err(if spent { used() } else { changed() })
            }
            Err(e) if (1..4).any(|op| e.failed_condition(op).is_some()) => Err(changed()),
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Whether something was bought with a card that has not all been returned.
    async fn bought_with(&self, id: &ValueId) -> Result<bool> {
        let entries = self.entries(id).await?;
        let redeemed: i64 = entries.iter().filter(|e| e.house == House::Redeemed).map(|e| e.delta_minor).sum();
        Ok(redeemed < 0)
    }

    /// The writes by which a refund takes this much from cards of an order, those of which nothing was spent first; a card that it
    /// empties is over: its code pays for nothing from then on. One that something was bought with stays: what of that is returned comes
    /// back to it.
    ///
    /// # Errors
    /// 409 `gift_spent` for more than is left on them, with that in `detail`, minor units.
    pub(crate) async fn take_back(
        &self,
        now_ms: i64,
        cards: &[ValueId],
        each_minor: i64,
        amount_minor: i64,
        refund: &str,
    ) -> Result<Vec<TransactOp>> {
        let mut accounts = self.accounts(cards).await?;
        accounts.retain(|account| !account.is_over(now_ms));
        accounts.sort_by_key(|account| (account.available != each_minor, account.id.to_string()));
        let left: i64 = accounts.iter().map(|account| account.available).sum();
        if left < amount_minor {
            return Err(Problem::conflict("gift_spent", "More of these gift cards was spent than that.")
                .detail(left.to_string()));
        }
        let (mut open, mut ops) = (amount_minor, Vec::new());
        for account in accounts {
            let takes = open.min(account.available);
            if takes == 0 {
                continue;
            }
            open -= takes;
            let entry = Entry {
                key: format!("back-{refund}"),
                account: account.id.clone(),
                house: House::Returned,
                currency: account.currency.clone(),
                delta_minor: -takes,
                at_ms: now_ms,
                why: String::new(),
                about: Some(refund.to_owned()),
                wish: None,
            };
            let emptied = takes == account.available && account.held == 0;
            let over = (emptied && !self.bought_with(&account.id).await?).then_some(now_ms);
            ops.extend(store::taken(&account, &entry, over)?);
        }
        Ok(ops)
    }
}

fn changed() -> Problem {
    Problem::conflict("changed_meanwhile", "This card changed a moment ago. Look at it again.")
}
