//! Paying with stored value: codes applied to a cart, what they take, what is left to pay, and what goes back to them.
//!
//! Invariants: what is wrong with a code is one answer, whatever it is, after the same work, and counts as a guess; codes of a cart are kept as
//! the account and the hash that opened it, so one that was replaced since pays for nothing; prices and tax know nothing of this.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vitrine_pricing::date::Date;
use vitrine_pricing::format::{format_date, format_money};
use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::Problem;
use vitrine_shared::id::{TenantId, ValueId};
use vitrine_shared::orders::CheckoutState;
use vitrine_shared::views::card::Place;
use vitrine_shared::views::trade::CheckoutForm;
use vitrine_shared::views::value::{AppliedView, CreditView, PaidView, ValueView};
use vitrine_table::{Consistency, Delete, Item, Put, TransactOp};

use super::again::AT_ONCE;
use super::store::{self, Checkout, Order};
use super::{Checkouts, Refund};
use crate::cart::view::{Priced, price};
use crate::ctx::{Caller, OpCtx};
use crate::fault::{self, Result};
use crate::value::split::{self, Purse};
use crate::value::{self, Account, Code, Kind, Source};

/// Most codes of one payment.
pub(super) const MOST_CODES: usize = 5;
/// Most accounts of store credit that pay for one cart: an account has one for itself and for each purchase made as a guest.
const MOST_CREDITS: usize = 5;
/// How long codes stay applied to a cart, seconds.
const LIFE_SECS: i64 = 24 * 60 * 60;

/// A code that was applied to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applied {
    account: ValueId,
    /// The code's keyed hash.
    code: String,
}

/// Codes as kept for a cart.
pub(super) fn applied(item: Option<&Item>) -> Vec<Applied> {
    let kept = item.and_then(|i| i.get("codes")).cloned();
    kept.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default()
}

/// What stored value pays of a cart.
#[derive(Clone, Debug, Default)]
pub(super) struct Tender {
    /// Each account with what it pays of each order; accounts that pay nothing are among them.
    purses: Vec<(Account, Vec<i64>)>,
    /// What is left to pay, minor units.
    pub(super) due_minor: i64,
}

/// What of these is held of an account, minor units.
fn held_of(own: &[Source], account: &Account) -> i64 {
    own.iter().filter(|s| s.account == account.id).map(|s| s.amount_minor).sum()
}

fn source(account: &Account, amount_minor: i64) -> Source {
    Source { account: account.id.clone(), kind: account.kind, last4: account.last4.clone(), amount_minor }
}

fn money(minor: i64, place: &Place) -> Result<String> {
    let money = Money::new(minor, place.currency).map_err(|e| fault::internal("an amount", &e))?;
    Ok(format_money(money, place.locale))
}

/// The least that is not below this and that a card can be charged with: so much is left to pay rather than a rest that nobody could.
fn chargeable(due_minor: i64, code: &str) -> i64 {
    let currency = code.parse::<Currency>().ok().filter(|_| due_minor > 0);
    let Some(currency) = currency else { return due_minor };
    let step = currency.processor_step().max(1);
    let over = due_minor.rem_euclid(step);
    let due = if over == 0 { due_minor } else { due_minor.saturating_add(step - over) };
    due.max(currency.minimum_charge().minor())
}

impl Tender {
    /// What is left to pay, in words.
    pub(super) fn due(&self, place: &Place) -> Result<String> {
        money(self.due_minor, place)
    }

    /// Writes down who pays what.
    pub(super) fn settle(&self, checkout: &mut Checkout, orders: &mut [Order]) {
        for (account, shares) in &self.purses {
            let whole: i64 = shares.iter().sum();
            if whole == 0 {
                continue;
            }
            checkout.sources.push(source(account, whole));
            for (order, share) in orders.iter_mut().zip(shares).filter(|(_, share)| **share > 0) {
                order.sources.push(source(account, *share));
            }
        }
        if checkout.due_minor() == 0 {
            checkout.provider.clear();
            for order in orders {
                order.payment_provider.clear();
            }
        }
    }
}

/// The writes by which a source pays for a checkout; `late`: what it held was let go meanwhile.
pub(super) fn pay(checkout: &Checkout, source: &Source, now_ms: i64, late: bool) -> Result<[TransactOp; 2]> {
    let entry = value::store::payment(source, checkout.id.as_str(), &checkout.currency, now_ms);
    match late {
        true => value::store::redeem_unheld(source, &entry, now_ms),
        false => value::store::redeem(source, &entry),
    }
}

/// Ends what a paid checkout's cart had applied: the next purchase begins without.
pub(super) fn forget(checkout: &Checkout) -> Option<TransactOp> {
    let cart = checkout.cart.as_deref().filter(|_| !checkout.sources.is_empty())?;
    Some(TransactOp::Delete(Delete { key: value::store::applied_key(cart), condition: None }))
}

/// Parts of a refund: what the provider gives back, and what goes back to each account. Minor units.
///
/// # Errors
/// More than was paid.
pub(crate) fn back(order: &Order, refund: &Refund) -> Result<(i64, Vec<Source>)> {
    if order.sources.is_empty() {
        return Ok((refund.amount_minor, Vec::new()));
    }
    let given: Vec<i64> = order.sources.iter().map(|s| s.amount_minor).collect();
    let provider = order.quote.totals.gross.minor() - value::sum(&order.sources);
    let parts = split::back(&given, provider, refund.before_minor, refund.amount_minor)
        .map_err(|e| fault::internal("a refund", &e))?;
    let stored = order.sources.iter().zip(parts.accounts).filter(|(_, amount)| *amount > 0);
    let stored = stored.map(|(source, amount_minor)| Source { amount_minor, ..source.clone() });
    Ok((parts.provider, stored.collect()))
}

/// How a sum was paid where stored value paid a part of it; empty: there was none.
pub fn paid_rows(sources: &[Source], total: Money, paid_with: &str) -> Result<Vec<(&'static str, String, Money)>> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let of = |minor| Money::new(minor, total.currency()).map_err(|e| fault::internal("an amount", &e));
    let mut rows = Vec::new();
    for source in sources {
        let key = match source.kind {
            Kind::GiftCard => "paid-gift_card",
            Kind::StoreCredit => "paid-store_credit",
        };
        rows.push((key, source.last4.clone(), of(source.amount_minor)?));
    }
    let rest = total.minor() - value::sum(sources);
    if rest > 0 {
        rows.push(("paid-provider", paid_with.to_owned(), of(rest)?));
    }
    Ok(rows)
}

/// The same for pages.
pub fn paid_view(sources: &[Source], total: Money, paid_with: &str, place: &Place) -> Result<Vec<PaidView>> {
    let rows = paid_rows(sources, total, paid_with)?.into_iter();
    Ok(rows
        .map(|(key, detail, amount)| PaidView { key: key.into(), detail, amount: format_money(amount, place.locale) })
        .collect())
}

impl Checkouts {
    /// Applies a typed code to the caller's cart. Once applied, it stays for a day or until the cart is paid.
    ///
    /// # Errors
    /// 422 with the field `code`: `fault-code` for every code that cannot be used, whatever the reason, `fault-code-many` for one too many; 429
    /// `code_wait` for who guessed too often; the stores'.
    pub async fn apply_code(&self, ctx: &OpCtx, form: &CheckoutForm, typed: &str) -> Result<()> {
        if self.free.has_guessed(ctx.peer) {
            return Err(Problem::new(429, "code_wait", "Too many codes that cannot be used were tried from here."));
        }
        let cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        let Some(name) = self.carts.name(ctx, ctx.cart.as_deref()).filter(|_| cart.rev > 0) else {
            return Err(Problem::conflict("cart_not_ready", "There is nothing in the cart."));
        };
        let Some(account) = self.usable(ctx, form, typed, &cart, &name).await? else {
            ctx.guess.mark_wrong();
            return Err(Problem::invalid("code", "fault-code", "This code cannot be used for this cart."));
        };
        let mut kept = self.applied_to(&name).await?;
        let code = account.code.clone().unwrap_or_default();
        kept.retain(|k| k.account != account.id);
        if kept.len() >= MOST_CODES {
            return Err(Problem::invalid("code", "fault-code-many", "No more codes can be used for one payment."));
        }
        kept.push(Applied { account: account.id, code });
        self.keep_applied(ctx, &name, &kept).await
    }

    /// The account of a code, if it pays for something of this cart.
    async fn usable(
        &self,
        ctx: &OpCtx,
        form: &CheckoutForm,
        typed: &str,
        cart: &crate::cart::CartRecord,
        name: &str,
    ) -> Result<Option<Account>> {
        let Some(values) = &self.values else { return Ok(None) };
        let account = match Code::typed(typed) {
            Some(code) => values.by_code(&code).await?,
            None => None,
        };
        let held = self.held_by(name).await?;
        let to = self.bound_for(ctx, form).await?;
        let ctx = &super::place::sold_at(ctx, &to);
        let place = self.catalog.place(ctx);
        let variants: Vec<_> = cart.lines.iter().map(|l| l.variant.clone()).collect();
        let offers = self.catalog.offers().read(&variants).await?;
        let offered = self.offered(ctx, &offers, cart, &form.email).await?;
        let priced = price(&offers, ctx, &place, &cart.lines, &to, &offered, cart.rev)?;
        // Only now: how long an answer takes does not tell whether there is such a code.
        let Some(mut account) = account else { return Ok(None) };
        account.available += held_of(&held, &account);
        let sold = |issuer: &TenantId| priced.sellers.iter().any(|s| s.tenant.id == *issuer);
        let fits = account.kind == Kind::GiftCard
            && !account.is_over(ctx.now_ms)
            && account.available > 0
            && account.issuer.as_ref().is_none_or(sold)
            && account.currency == priced.view.currency;
        Ok(fits.then_some(account))
    }

    /// Takes a code off the caller's cart. Safe to repeat.
    ///
    /// # Errors
    /// The stores'.
    pub async fn remove_code(&self, ctx: &OpCtx, account: &str) -> Result<()> {
        let cart = self.carts.load(ctx, ctx.cart.as_deref()).await?;
        let Some(name) = self.carts.name(ctx, ctx.cart.as_deref()).filter(|_| cart.rev > 0) else { return Ok(()) };
        let mut kept = self.applied_to(&name).await?;
        kept.retain(|k| k.account.as_str() != account);
        self.keep_applied(ctx, &name, &kept).await
    }

    pub(super) async fn applied_to(&self, cart: &str) -> Result<Vec<Applied>> {
        if self.values.is_none() {
            return Ok(Vec::new());
        }
        let item = self.table.get(&value::store::applied_key(cart), Consistency::Strong).await.map_err(fault::table)?;
        Ok(applied(item.as_ref()))
    }

    async fn keep_applied(&self, ctx: &OpCtx, cart: &str, codes: &[Applied]) -> Result<()> {
        let key = value::store::applied_key(cart);
        let mut item = Item::new();
        item.insert("pk".into(), key.pk.into());
        item.insert("sk".into(), key.sk.into());
        item.insert("codes".into(), json!(codes));
        item.insert("ttl".into(), json!(ctx.now_ms / 1000 + LIFE_SECS));
        item.insert("_v".into(), 1.into());
        self.table.put(Put { item, condition: None }).await.map(drop).map_err(fault::table)
    }

    /// What the codes of a cart, and store credit if it is wanted, pay of it. `own`: what an earlier attempt of this cart holds, which
    /// the next one lets go.
    pub(super) async fn tender(
        &self,
        ctx: &OpCtx,
        priced: &Priced,
        codes: &[Applied],
        credit: bool,
        own: &[Source],
    ) -> Result<Tender> {
        let total = priced.view.total_minor;
        let currency = &priced.view.currency;
        let mut ids: Vec<ValueId> = codes.iter().map(|c| c.account.clone()).collect();
        let ending = self.values.as_ref().filter(|_| credit && matches!(ctx.caller, Caller::User(_)));
        if let Some(values) = ending {
            let customers = self.customers(ctx).await?;
            let of = customers.clone().into_iter().map(|customer| {
                let (values, currency) = (values.clone(), currency.clone());
                async move { values.ending_credits(&customer, &currency, ctx.now_ms).await }
            });
            // Whoever bought often as a guest is many customers.
            let all: Vec<Vec<ValueId>> = stream::iter(of).buffered(AT_ONCE).try_collect().await?;
            ids.extend(all.into_iter().flatten());
            for customer in &customers {
                let issuers = priced.sellers.iter().map(|seller| Some(&seller.tenant.id));
                let issuers = std::iter::once(None).chain(issuers);
                ids.extend(issuers.map(|issuer| value::store::credit_id(customer, currency, issuer)));
            }
        }
        let Some(values) = self.values.as_ref().filter(|_| !ids.is_empty()) else {
            return Ok(Tender { purses: Vec::new(), due_minor: total });
        };
        let mut accounts = values.accounts(&ids).await?;
        accounts.retain(|account| {
            let opened = account.kind == Kind::StoreCredit
                || codes.iter().any(|c| c.account == account.id && account.code.as_ref() == Some(&c.code));
            opened && !account.is_over(ctx.now_ms) && account.currency == *currency
        });
        for account in &mut accounts {
            account.available += held_of(own, account);
        }
        // Empty ones are none. What ends soonest pays first; of many credits those pay, of such as end together the largest.
        accounts.retain(|account| account.kind == Kind::GiftCard || account.available > 0);
        let end = |a: &Account| a.ends_ms.unwrap_or(i64::MAX);
        let mut credits: Vec<_> = accounts.iter().filter(|a| a.kind == Kind::StoreCredit).collect();
        credits.sort_by(|a, b| (end(a), b.available, &a.id).cmp(&(end(b), a.available, &b.id)));
        let over: Vec<ValueId> = credits.into_iter().skip(MOST_CREDITS).map(|a| a.id.clone()).collect();
        accounts.retain(|account| !over.contains(&account.id));
        accounts.sort_by_key(end);
        let parts: Vec<_> =
            priced.sellers.iter().map(|s| (s.tenant.id.clone(), s.quote.totals.gross.minor())).collect();
        let purse = |a: &Account| Purse { issuer: a.issuer.clone(), available: a.available };
        let shares = split::plan(&parts, &accounts.iter().map(purse).collect::<Vec<_>>());
        // In the order of use: sellers' own cards first, as they were taken from.
        let mut purses: Vec<_> = accounts.into_iter().zip(shares).collect();
        purses.sort_by_key(|(account, _)| account.issuer.is_none());
        let (accounts, mut shares): (Vec<_>, Vec<_>) = purses.into_iter().unzip();
        let due = total - shares.iter().flatten().sum::<i64>();
        let wanted = chargeable(due, currency);
        if wanted <= total {
            split::leave(&mut shares, wanted - due);
        }
        let due_minor = total - shares.iter().flatten().sum::<i64>();
        Ok(Tender { purses: accounts.into_iter().zip(shares).collect(), due_minor })
    }

    /// What an attempt of this cart that still waits for money holds.
    async fn held_by(&self, cart: &str) -> Result<Vec<Source>> {
        let item = self.table.get(&store::held_key(cart), Consistency::Strong).await.map_err(fault::table)?;
        let named = item.as_ref().and_then(|i| i.get("checkout")).and_then(|v| v.as_str());
        let Some(id) = named.and_then(|id| id.parse().ok()) else { return Ok(Vec::new()) };
        let waiting = self.get(&id).await?.filter(|c| c.state == CheckoutState::PendingPayment);
        Ok(waiting.map(|c| c.sources).unwrap_or_default())
    }

    /// What the checkout page says of stored value.
    pub(super) async fn value_view(
        &self,
        ctx: &OpCtx,
        place: &Place,
        priced: &Priced,
        used: bool,
    ) -> Result<ValueView> {
        let total = ValueView {
            due: priced.view.total.clone(),
            due_minor: priced.view.total_minor,
            offered: self.values.is_some(),
            ..ValueView::default()
        };
        // Who knows a cart's name alone has opened none, and gets one of no revision.
        let opened = self.values.is_some() && priced.view.rev > 0;
        let Some(cart) = self.carts.name(ctx, ctx.cart.as_deref()).filter(|_| opened) else {
            return Ok(total);
        };
        let codes = self.applied_to(&cart).await?;
        let signed_in = matches!(ctx.caller, Caller::User(_));
        if codes.is_empty() && !signed_in {
            return Ok(total);
        }
        let own = self.held_by(&cart).await?;
        // Looked at with store credit, to offer it; what it pays counts only if it is wanted.
        let all = self.tender(ctx, priced, &codes, true, &own).await?;
        let tender = if used { all.clone() } else { self.tender(ctx, priced, &codes, false, &own).await? };
        let mut view = ValueView { due: tender.due(place)?, due_minor: tender.due_minor, ..total };
        for (account, shares) in tender.purses.iter().filter(|(a, _)| a.kind == Kind::GiftCard) {
            let takes: i64 = shares.iter().sum();
            view.codes.push(AppliedView {
                account: account.id.to_string(),
                last4: account.last4.clone(),
                takes: money(takes, place)?,
                stays: money(account.available - takes, place)?,
            });
        }
        view.full = view.codes.len() >= MOST_CODES;
        let credits = || all.purses.iter().filter(|(a, _)| a.kind == Kind::StoreCredit);
        let balance: i64 = credits().map(|(a, _)| a.available).sum();
        if balance > 0 {
            let takes: i64 = credits().flat_map(|(_, shares)| shares).sum();
            let mut ends = Vec::new();
            for (account, end) in credits().filter_map(|(a, _)| Some((a, a.ends_ms?))) {
                // It can be used on its last day.
                let day = Date::from_unix_ms(end - 1).map_err(|e| fault::internal("a date", &e))?;
                ends.push((money(account.available, place)?, format_date(day, place.locale)));
            }
            let (balance, takes) = (money(balance, place)?, money(takes, place)?);
            view.credit = Some(CreditView { balance, takes, ends, used });
        }
        Ok(view)
    }

    /// Posts a refund's parts back to the accounts they came from.
    ///
    /// # Errors
    /// The table's; safe to repeat.
    pub(super) async fn post_back(&self, ctx: &OpCtx, order: &Order, refund: &Refund, parts: &[Source]) -> Result<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let values =
            self.values.as_ref().ok_or_else(|| fault::internal("a refund", &"no stored value is configured"))?;
        values.give_back(ctx.now_ms, &order.customer, order.quote.currency.code(), &refund.id, parts).await
    }
}
