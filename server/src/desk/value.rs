//! Gift cards and store credit for staff: what there is, what was posted, forms to issue, resend and end.

use std::collections::BTreeMap;

use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_accounting, format_date};
use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::Problem;
use vitrine_shared::id::{OrderId, ValueId};
use vitrine_shared::views::MomentView;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::value::{DeskValue, ValueEntryRow, ValueRow, ValuesView};
use vitrine_table::{Index, Query};

use super::{Desk, history};
use crate::catalog::store::LIST_SHARDS;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::value::{self, Account, Entry, House, Kind, NewCard, NewCredit};
use crate::{audit, authz, ids};

/// Accounts of one answer.
const PAGE: usize = 40;
/// Entries that are shown of an account, the newest.
const MOST_ENTRIES: usize = 500;
/// Name of the form for a new card.
const FORM: &str = "CARD#";
/// A day, milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What staff typed to issue a card; dates are `2026-12-24`.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct TypedCard {
    attempt: String,
    amount: String,
    currency: String,
    recipient: String,
    message: String,
    /// The day it is sent on (UTC); empty: at once.
    deliver: String,
    /// Its last day (UTC); empty: it does not expire.
    ends: String,
    locale: String,
    reason: String,
}

/// What staff typed to give store credit.
#[derive(Clone, Debug, Default)]
pub struct TypedCredit {
    /// Names the wish: the same one twice is given once.
    pub attempt: String,
    /// As typed: `25.00`.
    pub amount: String,
    /// Its last day (UTC), `2026-12-24`; empty: it does not expire.
    pub ends: String,
    /// For the trail and the account.
    pub reason: String,
}

/// Beginning of a typed day, UTC milliseconds; `None`: nothing was typed.
fn day(field: &str, text: &str) -> Result<Option<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let date: Date = text.parse().map_err(|_| Problem::invalid(field, "fault-date", "This is not a day."))?;
    Ok(Some(date.unix_ms()))
}

fn money(minor: i64, code: &str, place: &Place) -> String {
    let currency = code.parse::<Currency>().ok();
    let money = currency.and_then(|currency| Money::new(minor, currency).ok());
    money.map_or_else(|| format!("{minor} {code}"), |m| format_accounting(m, place.locale))
}

fn row(account: &Account, now_ms: i64, place: &Place) -> ValueRow {
    let state = match account {
        a if a.ended_ms.is_some() => "value-state-ended",
        a if a.is_over(now_ms) => "value-state-expired",
        a if a.available + a.held == 0 => "value-state-empty",
        _ => "value-state-open",
    };
    let last_day = account.ends_ms.and_then(|end| Date::from_unix_ms(end - 1).ok());
    ValueRow {
        id: account.id.to_string(),
        opened: MomentView::of(account.created_ms, place.locale),
        kind: account.kind.key().to_owned(),
        last4: account.last4.clone(),
        state: state.to_owned(),
        available: money(account.available, &account.currency, place),
        held: (account.held > 0).then(|| money(account.held, &account.currency, place)),
        ends: last_day.map(|date| format_date(date, place.locale)),
    }
}

fn entry(entry: &Entry, place: &Place) -> ValueEntryRow {
    // A refund is a redemption taken back.
    let word = match entry.house {
        House::Redeemed if entry.delta_minor > 0 => "value-refunded",
        house => house.key(),
    };
    ValueEntryRow {
        at: MomentView::of(entry.at_ms, place.locale),
        what: word.to_owned(),
        amount: money(entry.delta_minor, &entry.currency, place),
        why: entry.why.clone(),
        about: entry.about.clone().unwrap_or_default(),
    }
}

impl Desk {
    /// The newest accounts, or the one of this id, and what a card can be issued with; `typed`: with what was typed and was refused.
    ///
    /// # Errors
    /// 401, 403 for who is no staff.
    pub async fn values(&self, ctx: &OpCtx, query: &str, typed: bool) -> Result<ValuesView> {
        authz::staff(ctx, authz::VALUE)?;
        let place = self.0.catalog.place(ctx);
        let words = query.trim();
        let mut all: Vec<Account> = Vec::new();
        if let Ok(id) = words.parse::<ValueId>() {
            all.extend(self.0.values.account(&id).await?);
        } else if words.is_empty() {
            for shard in 0..LIST_SHARDS {
                let query = Query::new(Index::Gsi3, format!("VALUE#{shard}")).descending().limit(PAGE);
                let page = self.0.table.query(query).await.map_err(fault::table)?;
                for item in page.items {
                    all.push(vitrine_table::from_item(item).map_err(fault::table)?);
                }
            }
            all.sort_by(|a, b| (b.created_ms, &b.id).cmp(&(a.created_ms, &a.id)));
            all.truncate(PAGE);
        }
        let first = BTreeMap::from([
            ("currency".to_owned(), place.market.currency.code().to_owned()),
            ("locale".to_owned(), ctx.locale.clone()),
        ]);
        let kept: Option<(BTreeMap<String, String>, BTreeMap<String, String>)> =
            if typed { self.kept_form(ctx, FORM).await? } else { None };
        let (fields, faults) = kept.unwrap_or((first, BTreeMap::new()));
        Ok(ValuesView {
            query: words.to_owned(),
            rows: all.iter().map(|account| row(account, ctx.now_ms, &place)).collect(),
            currencies: value::currencies().into_iter().map(str::to_owned).collect(),
            fields,
            faults,
            attempt: ids::secret(),
        })
    }

    /// One account with everything that was posted.
    ///
    /// # Errors
    /// 401, 403 for who is no staff; 404 for no such account.
    pub async fn value(&self, ctx: &OpCtx, id: &str) -> Result<DeskValue> {
        authz::staff(ctx, authz::VALUE)?;
        let missing = || Problem::not_found("account");
        let id: ValueId = id.parse().map_err(|_| missing())?;
        let account = self.0.values.account(&id).await?.ok_or_else(missing)?;
        let place = self.0.catalog.place(ctx);
        let entries = self.0.values.entries(&id).await?;
        let from = entries.len().saturating_sub(MOST_ENTRIES);
        let card = account.kind == Kind::GiftCard;
        let sent = if card { self.0.values.sent_ms(&id).await? } else { None };
        Ok(DeskValue {
            row: row(&account, ctx.now_ms, &place),
            owner: account.owner.as_ref().map(ToString::to_string),
            sent: sent.map(|at| MomentView::of(at, place.locale)),
            entries: entries.iter().skip(from).map(|e| entry(e, &place)).collect(),
            may_resend: card && !account.is_over(ctx.now_ms),
            may_end: if card { account.ended_ms.is_none() } else { account.available > 0 },
            attempt: ids::secret(),
            history: history(audit::of(&*self.0.table, id.as_str()).await?, place.locale),
        })
    }

    /// Issues a card as it was typed; a form that is refused is kept.
    ///
    /// # Errors
    /// As [`value::Values::issue`].
    pub async fn issue_card(&self, ctx: &OpCtx, typed: TypedCard) -> Result<ValueId> {
        authz::staff(ctx, authz::VALUE)?;
        let fields = typed.clone();
        let done = self.issue_typed(ctx, typed).await;
        match &done {
            Ok(_) => self.drop_form(ctx, FORM).await?,
            Err(problem) if matches!(problem.status, 409 | 422) => {
                self.keep_form(ctx, FORM, &(&fields, &problem.fields)).await?;
            }
            Err(_) => {}
        }
        done
    }

    async fn issue_typed(&self, ctx: &OpCtx, typed: TypedCard) -> Result<ValueId> {
        let new = NewCard {
            deliver_ms: day("deliver", &typed.deliver)?,
            // It can be used on its last day.
            ends_ms: day("ends", &typed.ends)?.map(|ms| ms + DAY_MS),
            attempt: typed.attempt,
            amount: typed.amount,
            currency: typed.currency,
            issuer: None,
            recipient: typed.recipient,
            message: typed.message,
            locale: if typed.locale.is_empty() { ctx.locale.clone() } else { typed.locale },
            reason: typed.reason,
        };
        self.0.values.issue(ctx, &new).await
    }

    /// Sends a card's code again, as a new one.
    ///
    /// # Errors
    /// As [`value::Values::resend`].
    pub async fn resend_card(&self, ctx: &OpCtx, id: &str, attempt: &str) -> Result<()> {
        authz::staff(ctx, authz::VALUE)?;
        let id: ValueId = id.parse().map_err(|_| Problem::not_found("card"))?;
        self.0.values.resend(ctx, &id, attempt).await
    }

    /// Ends a card, or takes back what is left of store credit.
    ///
    /// # Errors
    /// As [`value::Values::end`].
    pub async fn end_value(&self, ctx: &OpCtx, id: &str, reason: &str) -> Result<()> {
        authz::staff(ctx, authz::VALUE)?;
        let id: ValueId = id.parse().map_err(|_| Problem::not_found("account"))?;
        self.0.values.end(ctx, &id, reason).await
    }

    /// Gives who bought an order store credit in its currency.
    ///
    /// # Errors
    /// As [`value::Values::give_credit`]; 404 for no such order.
    pub async fn credit_order(&self, ctx: &OpCtx, id: &OrderId, typed: TypedCredit) -> Result<()> {
        authz::staff(ctx, authz::VALUE)?;
        let order = self.0.checkouts.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
        let new = NewCredit {
            attempt: typed.attempt,
            amount: typed.amount,
            currency: order.quote.currency.code().to_owned(),
            // It can be used on its last day.
            ends_ms: day("ends", &typed.ends)?.map(|ms| ms + DAY_MS),
            reason: typed.reason,
        };
        self.0.values.give_credit(ctx, &order.customer, &new).await.map(drop)
    }
}
