//! What staff do: gift cards issued, store credit given, accounts ended; what is over is taken out.

use serde::Serialize;
use serde_json::json;
use vitrine_identity::account::normalise_email;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_queue::NewJob;
use vitrine_shared::Problem;
use vitrine_shared::id::{CustomerId, TenantId, ValueId};
use vitrine_table::{Condition, Consistency, Item, Put, TableError, Transact, TransactOp, Update, UpdateItem};

use super::ledger::amount;
use super::sending::{FIRST, Recipient, named};
use super::store::{self, account_item};
use super::{Account, Entry, House, Kind, SWEEP, Values};
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, authz, ids};

/// Longest reason, characters.
const MAX_REASON: usize = 200;
/// Longest message of a card, characters.
pub(crate) const MAX_MESSAGE: usize = 500;
/// Furthest day a card can be sent on, milliseconds from now: two years.
const FURTHEST_MS: i64 = 2 * 366 * 24 * 60 * 60 * 1000;

/// A gift card to be issued.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewCard {
    /// Names the wish: the same one twice is one card.
    pub attempt: String,
    /// As typed: `25.00`.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// Whose goods it pays for; `None`: everybody's.
    pub issuer: Option<TenantId>,
    /// UTC milliseconds from which on it pays for nothing; `None`: it does not expire.
    pub ends_ms: Option<i64>,
    /// Who gets the code.
    pub recipient: String,
    /// What is said to them.
    pub message: String,
    /// UTC milliseconds; past or `None`: now.
    pub deliver_ms: Option<i64>,
    /// BCP 47 of the mail.
    pub locale: String,
    /// For the trail.
    pub reason: String,
}

/// Store credit to be given.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewCredit {
    /// Names the wish: the same one twice is given once.
    pub attempt: String,
    /// As typed: `25.00`.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// UTC milliseconds from which on it pays for nothing; `None`: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<i64>,
    /// For the trail and the account.
    pub reason: String,
}

/// Text of a person: not too long, no control characters but, with `lines`, ends of lines; trimmed.
pub(crate) fn plain(field: &str, text: &str, most: usize, lines: bool) -> Result<String> {
    let text = text.trim();
    let strange = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r'));
    if text.chars().count() > most || text.chars().any(strange) {
        return Err(Problem::invalid(field, "fault-long", "This is too long or holds control characters."));
    }
    Ok(text.to_owned())
}

fn said(field: &str, text: &str) -> Result<String> {
    let text = plain(field, text, MAX_REASON, false)?;
    if text.is_empty() {
        return Err(Problem::invalid(field, "fault-empty", "Fill in this field."));
    }
    Ok(text)
}

pub(super) fn currency(code: &str) -> Result<Currency> {
    code.parse().map_err(|_| Problem::invalid("currency", "fault-currency", "Choose one of the currencies."))
}

/// The same wish: entries of before wishes were kept say their amount alone.
fn is_same(was: &Entry, now: &Entry) -> bool {
    (was.delta_minor, &was.currency) == (now.delta_minor, &now.currency) && (was.wish.is_none() || was.wish == now.wish)
}

fn reused() -> Problem {
    Problem::new(422, "attempt_reused", "This attempt was made with other details. Begin anew.")
}

impl Values {
    /// Issues a gift card and sends its code on its day. Safe to repeat.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 422 for a field with a fault.
    pub async fn issue(&self, ctx: &OpCtx, new: &NewCard) -> Result<ValueId> {
        authz::staff(ctx, authz::VALUE)?;
        let currency = currency(&new.currency)?;
        let amount = amount("amount", &new.amount, currency)?;
        let reason = said("reason", &new.reason)?;
        let message = plain("message", &new.message, MAX_MESSAGE, true)?;
        let email = normalise_email(&new.recipient)
            .map_err(|_| Problem::invalid("recipient", "fault-email", "This is not an e-mail address."))?;
        if new.ends_ms.is_some_and(|end| end <= ctx.now_ms.max(new.deliver_ms.unwrap_or(0))) {
            return Err(Problem::invalid("ends", "fault-past", "It would be over before it is sent."));
        }
        if new.deliver_ms.is_some_and(|due| due > ctx.now_ms + FURTHEST_MS) {
            return Err(Problem::invalid("deliver", "fault-far", "Cards are sent within two years."));
        }
        let id = ValueId::from_bits(ids::derived_bits(&["value", "gift_card", ids::attempt(&new.attempt)?]));
        let account = Account {
            id: id.clone(),
            kind: Kind::GiftCard,
            issuer: new.issuer.clone(),
            currency: currency.code().to_owned(),
            owner: None,
            code: None,
            last4: String::new(),
            available: amount,
            held: 0,
            created_ms: ctx.now_ms,
            ends_ms: new.ends_ms,
            ended_ms: None,
            sending: FIRST.into(),
        };
        let wish = self.wish(&new)?;
        let entry = Entry {
            key: "issue".into(),
            account: id.clone(),
            house: House::Issued,
            currency: account.currency.clone(),
            delta_minor: amount,
            at_ms: ctx.now_ms,
            why: reason.clone(),
            about: None,
            wish: Some(wish.clone()),
        };
        let to = Recipient { email, message, locale: new.locale.clone(), ..Recipient::default() };
        let what = json!({ "amount_minor": amount, "currency": account.currency, "ends_ms": account.ends_ms });
        let mut ops = vec![
            TransactOp::Put(Put { item: account_item(&account)?, condition: Some(Condition::ItemAbsent) }),
            store::entry_op(&entry)?,
            audit::entry(ctx, id.as_str(), "value.issued", &reason, what),
        ];
        ops.extend(self.delivery_ops(&id, FIRST, &to, new.deliver_ms.unwrap_or(ctx.now_ms).max(ctx.now_ms))?);
        if let Some(end) = account.ends_ms {
            ops.extend(self.sweep_op(&id, "end", end)?);
        }
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(id),
            Err(e) if e.failed_condition(0).is_some() => {
                let known = self.table.get(&store::entry_key(&id, "issue"), Consistency::Strong).await;
                let known = known.map_err(fault::table)?.and_then(|item| vitrine_table::from_item::<Entry>(item).ok());
                if known.is_some_and(|was| is_same(&was, &entry)) { Ok(id) } else { Err(reused()) }
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Gives a customer store credit. What ends at one moment is one account, apart from what does not end. Safe to repeat.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 422 for a field with a fault; 409 `value_over` for more than an account can hold.
    pub async fn give_credit(&self, ctx: &OpCtx, customer: &CustomerId, new: &NewCredit) -> Result<ValueId> {
        authz::staff(ctx, authz::VALUE)?;
        let currency = currency(&new.currency)?;
        let amount = amount("amount", &new.amount, currency)?;
        let reason = said("reason", &new.reason)?;
        let attempt = ids::attempt(&new.attempt)?;
        if new.ends_ms.is_some_and(|end| end <= ctx.now_ms) {
            return Err(Problem::invalid("ends", "fault-over", "It would be over at once."));
        }
        let known = self.table.get(&crate::checkout::store::customer_key(customer), Consistency::Strong).await;
        known.map_err(fault::table)?.ok_or_else(|| Problem::not_found("customer"))?;
        let lasting = store::empty_credit(customer, currency.code(), None, ctx.now_ms);
        let account = match new.ends_ms {
            None => lasting,
            Some(end) => {
                Account { id: store::ending_credit_id(customer, currency.code(), end), ends_ms: Some(end), ..lasting }
            }
        };
        let id = self.open_account(account).await?;
        let wish = self.wish(&(customer, new))?;
        let entry = Entry {
            key: format!("grant-{attempt}"),
            account: id.clone(),
            house: House::Issued,
            currency: currency.code().to_owned(),
            delta_minor: amount,
            at_ms: ctx.now_ms,
            why: reason.clone(),
            about: None,
            wish: Some(wish.clone()),
        };
        let what = json!({
            "amount_minor": amount, "currency": currency.code(), "customer": customer, "ends_ms": new.ends_ms,
        });
        // An attempt is one customer's: under it nobody else is given anything.
        let of = store::attempt_key(attempt);
        let mut taken = Item::new();
        taken.insert("pk".into(), of.pk.clone().into());
        taken.insert("sk".into(), of.sk.clone().into());
        taken.insert("wish".into(), wish.clone().into());
        taken.insert("ttl".into(), json!(ctx.now_ms / 1000 + crate::checkout::ATTEMPT_SECS));
        taken.insert("_v".into(), 1.into());
        let known = self.table.get(&of, Consistency::Strong).await.map_err(fault::table)?;
        if known.is_some_and(|item| item.get("wish").and_then(|w| w.as_str()) != Some(wish.as_str())) {
            return Err(reused());
        }
        let mut more = vec![
            TransactOp::Put(Put { item: taken, condition: Some(Condition::ItemAbsent) }),
            audit::entry(ctx, id.as_str(), "value.credited", &reason, what),
        ];
        if let Some(end) = new.ends_ms {
            more.extend(self.sweep_op(&id, &entry.key, end)?);
        }
        if !self.put_in(&entry, more).await? {
            let was = self.table.get(&store::entry_key(&id, &entry.key), Consistency::Strong).await;
            let was = was.map_err(fault::table)?.and_then(|item| vitrine_table::from_item::<Entry>(item).ok());
            if !was.is_some_and(|was| is_same(&was, &entry)) {
                return Err(reused());
            }
        }
        Ok(id)
    }

    /// What staff ask for, as an attempt remembers it: nothing of it can be read from that.
    fn wish(&self, of: &impl Serialize) -> Result<String> {
        let text = serde_json::to_string(of).map_err(|e| fault::internal("a wish", &e))?;
        self.master.name_of("value/wish", &text).map_err(|e| fault::internal("a wish", &e))
    }

    /// Ends a gift card: its code pays for nothing from now on, and what was left goes back to the house. Of store credit what is
    /// left is taken back, and the account stays. What a payment under way holds is the payment's; if that does not come, a job takes
    /// it back later. Safe to repeat.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such account; 422 without a reason.
    pub async fn end(&self, ctx: &OpCtx, id: &ValueId, reason: &str) -> Result<()> {
        authz::staff(ctx, authz::VALUE)?;
        let reason = said("reason", reason)?;
        let account = self.account(id).await?.ok_or_else(|| Problem::not_found("account"))?;
        let card = account.kind == Kind::GiftCard;
        if card && account.ended_ms.is_some() {
            return Ok(());
        }
        // Asked for beside every ending: what is held shows only in the transaction itself.
        let sweep = if card { self.sweep_op(id, "ended", ctx.now_ms + crate::checkout::HOLD_MS)? } else { None };
        let more = |amount: i64| {
            let what = json!({ "amount_minor": amount });
            let trail = audit::entry(ctx, id.as_str(), "value.ended", &reason, what);
            std::iter::once(trail).chain(sweep.clone()).collect()
        };
        self.take_out(id, House::Ended, card.then_some(ctx.now_ms), (ctx.now_ms, &reason), more).await.map(drop)
    }

    /// Sends a card to whom it was sent before, with a new code; the old one opens nothing from then on. Safe to repeat: one
    /// attempt sends once.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such card; 409 `value_over` for one that is over, `changed_meanwhile` for one that changes
    /// at this moment.
    pub async fn resend(&self, ctx: &OpCtx, id: &ValueId, key: &str) -> Result<()> {
        authz::staff(ctx, authz::VALUE)?;
        let key = ids::attempt(key)?;
        let account = self.account(id).await?.filter(|a| a.kind == Kind::GiftCard);
        let account = account.ok_or_else(|| Problem::not_found("card"))?;
        if account.is_over(ctx.now_ms) {
            return Err(Problem::conflict("value_over", "This card is over; its code would open nothing."));
        }
        let first = self.delivery(id, FIRST).await?.ok_or_else(|| Problem::not_found("card"))?;
        let to = self.opened(id, &first)?;
        let newest = UpdateItem {
            key: store::account_key(id),
            updates: vec![Update::set("sending", key)],
            condition: Some(Condition::ItemExists.and(named(&account)).and(store::lasting(ctx.now_ms))),
        };
        let mut ops = vec![audit::entry(ctx, id.as_str(), "value.resent", "", json!({}))];
        ops.extend(self.delivery_ops(id, key, &to, ctx.now_ms)?);
        ops.push(TransactOp::Check {
            key: store::delivery_key(id, FIRST),
            condition: Condition::eq("sealed", first.sealed.clone()),
        });
        ops.push(TransactOp::Update(newest));
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(()),
            Err(e) if e.failed_condition(1).is_some() => Ok(()),
            Err(TableError::Cancelled(_)) => {
                Err(Problem::conflict("changed_meanwhile", "This card changed a moment ago. Look at it again."))
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    pub(super) fn sweep_op(&self, id: &ValueId, why: &str, run_at_ms: i64) -> Result<Option<TransactOp>> {
        self.sender.job_op(&NewJob {
            kind: SWEEP.into(),
            key: format!("{id}-{why}"),
            payload: json!({ "account": id }),
            run_at_ms,
            max_attempts: 40,
            trace: None,
        })
    }

    /// Takes what is left out of an account that is over; `true`: a payment still holds some of it, or let go of it meanwhile: look
    /// again later.
    ///
    /// # Errors
    /// The table's; the job repeats.
    pub(super) async fn sweep(&self, ctx: &OpCtx, id: &ValueId) -> Result<bool> {
        let Some(account) = self.account(id).await?.filter(|a| a.is_over(ctx.now_ms)) else { return Ok(false) };
        let house = if account.ended_ms.is_some() { House::Ended } else { House::Expired };
        let trail = |amount: i64| {
            let what = json!({ "amount_minor": amount, "to": house });
            vec![audit::entry(ctx, id.as_str(), "value.swept", "", what)]
        };
        self.take_out(id, house, None, (ctx.now_ms, ""), trail).await?;
        Ok(self.account(id).await?.is_some_and(|a| a.held > 0 || a.available > 0))
    }
}

/// The currencies that cards are issued in: those of the markets.
pub fn currencies() -> Vec<&'static str> {
    let mut all: Vec<&str> = vitrine_pricing::market::MARKETS.iter().map(|m: &Market| m.currency.code()).collect();
    all.sort_unstable();
    all.dedup();
    all
}
