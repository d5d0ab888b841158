//! Reading accounts and posting to them.

use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::Problem;
use vitrine_shared::id::{CustomerId, TenantId, ValueId};
use vitrine_table::{Condition, Consistency, Index, Put, Query, TableError, Transact, TransactOp, retry};

use super::store::{self, account_item, account_key, code_key, entry_key};
use super::{Account, Code, Entry, House, MAX_ENTRY, Source, Values};
use crate::fault::{self, Result};

/// How often a lost race is run again.
pub(super) const TRIES: usize = 8;
/// Most entries of one answer.
const MOST_ENTRIES: usize = 10_000;
/// Most store credits of one customer that are looked at.
const MOST_CREDITS: usize = 1000;

/// An amount that staff typed: `25`, `17.97`. More digits than the currency has are rounded, half up, before anything is posted, so
/// entry and balance are one number.
///
/// # Errors
/// 422 for what is no amount, nothing or less, or more than [`MAX_ENTRY`].
pub fn amount(field: &str, text: &str, currency: Currency) -> Result<i64> {
    let wrong = || Problem::invalid(field, "fault-amount", "This is not an amount above 0, or it is too large.");
    let text = text.trim();
    let kept = usize::from(currency.exponent());
    let (short, up) = match text.split_once('.') {
        Some((whole, digits)) if digits.len() > kept => {
            if text.len() > 100 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            let (kept, dropped) = digits.split_at(kept);
            let short = if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") };
            (short, dropped.starts_with(['5', '6', '7', '8', '9']))
        }
        _ => (text.to_owned(), false),
    };
    let minor = Money::parse(&short, currency).map_err(|_| wrong())?.minor();
    let minor = minor.checked_add(i64::from(up)).ok_or_else(wrong)?;
    if (1..=MAX_ENTRY).contains(&minor) { Ok(minor) } else { Err(wrong()) }
}

impl Values {
    /// One account.
    ///
    /// # Errors
    /// The table's.
    pub async fn account(&self, id: &ValueId) -> Result<Option<Account>> {
        let item = self.table.get(&account_key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// Several accounts, in the order asked; those that are not there are left out.
    ///
    /// # Errors
    /// The table's.
    pub async fn accounts(&self, ids: &[ValueId]) -> Result<Vec<Account>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ids.iter().map(account_key).collect();
        let items = retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        items.into_iter().flatten().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect()
    }

    /// What an account's entries say, oldest first, at most 10,000.
    ///
    /// # Errors
    /// The table's.
    pub async fn entries(&self, id: &ValueId) -> Result<Vec<Entry>> {
        let query = Query::new(Index::Base, account_key(id).pk).begins_with(store::ENTRIES).limit(1000);
        let items = retry::query_all(&*self.table, query, MOST_ENTRIES).await.map_err(fault::table)?;
        let mut all: Vec<Entry> =
            items.into_iter().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect::<Result<_>>()?;
        all.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
        Ok(all)
    }

    /// The account that a code opens now: a code that was replaced opens nothing.
    ///
    /// # Errors
    /// The table's.
    pub async fn by_code(&self, code: &Code) -> Result<Option<Account>> {
        let hash = code.hash(&self.secret);
        let item = self.table.get(&code_key(&hash), Consistency::Strong).await.map_err(fault::table)?;
        let named = item.as_ref().and_then(|i| i.get("account")).and_then(|v| v.as_str());
        // Of a code that nobody has as much is read.
        let id = named.and_then(|id| id.parse().ok()).unwrap_or_else(|| ValueId::from_bits(0));
        Ok(self.account(&id).await?.filter(|a| a.code.as_deref() == Some(hash.as_str())))
    }

    /// A customer's store credit in a currency, opened if there is none; of one issuer it pays for that one's goods alone.
    pub(super) async fn credit_of(
        &self,
        customer: &CustomerId,
        currency: &str,
        issuer: Option<&TenantId>,
        now_ms: i64,
    ) -> Result<ValueId> {
        self.open_account(store::empty_credit(customer, currency, issuer, now_ms)).await
    }

    /// An account with nothing in it, opened if there is none.
    pub(super) async fn open_account(&self, account: Account) -> Result<ValueId> {
        let put = Put { item: account_item(&account)?, condition: Some(Condition::ItemAbsent) };
        match self.table.put(put).await {
            Ok(_) | Err(TableError::ConditionFailed(_)) => Ok(account.id),
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Ids of a customer's store credits that end some day, in one currency, that are not over. An index says so: one that was given a moment
    /// ago may be missing.
    ///
    /// # Errors
    /// The table's.
    pub async fn ending_credits(&self, customer: &CustomerId, currency: &str, now_ms: i64) -> Result<Vec<ValueId>> {
        let query = Query::new(Index::Gsi1, store::owner_pk(customer)).limit(MOST_CREDITS);
        let items = retry::query_all(&*self.table, query, MOST_CREDITS).await.map_err(fault::table)?;
        let mut ids = Vec::new();
        for item in items {
            let account: Account = vitrine_table::from_item(item).map_err(fault::table)?;
            if account.ends_ms.is_some() && !account.is_over(now_ms) && account.currency == currency {
                ids.push(account.id);
            }
        }
        Ok(ids)
    }

    /// Posts what comes into an account, with `more` in the same transaction. `false`: this key was posted before, or the first of
    /// `more` was written before.
    ///
    /// # Errors
    /// 409 `value_over` for an account that was ended or cannot hold as much; the table's.
    pub(super) async fn put_in(&self, entry: &Entry, more: Vec<TransactOp>) -> Result<bool> {
        let [balance, posting] = store::credit(entry)?;
        let ops = [balance, posting].into_iter().chain(more).collect();
        match self.table.transact(Transact { ops, token: None }).await {
            Ok(()) => Ok(true),
            Err(e) if (1..3).any(|op| e.failed_condition(op).is_some()) => Ok(false),
            Err(e) if e.failed_condition(0).is_some() => {
                Err(Problem::conflict("value_over", "Nothing can be added to this account."))
            }
            Err(e) => Err(fault::table(e)),
        }
    }

    /// Takes what can be spent out of an account, for good, with `more` in the same transaction; answers how much.
    pub(super) async fn take_out(
        &self,
        id: &ValueId,
        house: House,
        ended_ms: Option<i64>,
        (at_ms, why): (i64, &str),
        more: impl Fn(i64) -> Vec<TransactOp>,
    ) -> Result<i64> {
        for _ in 0..TRIES {
            let account = self.account(id).await?.ok_or_else(|| Problem::not_found("account"))?;
            let amount = account.available;
            if amount == 0 && (ended_ms.is_none() || account.ended_ms.is_some()) {
                return Ok(0);
            }
            let entry = Entry {
                key: format!("out-{:015}-{}", at_ms, crate::ids::secret().get(..8).unwrap_or_default()),
                account: id.clone(),
                house,
                currency: account.currency,
                delta_minor: -amount,
                at_ms,
                why: why.to_owned(),
                about: None,
                wish: None,
            };
            let [balance, posting] = store::drain(&entry, ended_ms)?;
            // Nothing is no entry.
            let ops = std::iter::once(balance).chain((amount > 0).then_some(posting)).chain(more(amount)).collect();
            match self.table.transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(amount),
                // It was spent from, or came back, at this moment.
                Err(e) if e.failed_condition(0).is_some() || e.is_retryable() => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(Problem::conflict("changed_meanwhile", "This account changes too often right now. Repeat."))
    }

    /// Gives a refund's parts back to the accounts that paid; once for its key, whatever is repeated. What came from an account that
    /// is over by now becomes store credit of who bought, of the same issuer: nobody loses money because a card ended meanwhile, and nobody
    /// else owes it.
    ///
    /// # Errors
    /// The table's; safe to repeat.
    pub async fn give_back(
        &self,
        now_ms: i64,
        buyer: &CustomerId,
        currency: &str,
        refund: &str,
        parts: &[Source],
    ) -> Result<()> {
        for part in parts.iter().filter(|p| p.amount_minor > 0) {
            self.give_one_back(now_ms, buyer, currency, refund, part).await?;
        }
        Ok(())
    }

    async fn give_one_back(
        &self,
        now_ms: i64,
        buyer: &CustomerId,
        currency: &str,
        refund: &str,
        part: &Source,
    ) -> Result<()> {
        let plain = store::credit_id(buyer, currency, None);
        let key = format!("refund-{refund}-{}", part.account);
        for _ in 0..TRIES {
            let known = self.account(&part.account).await?;
            let issuer = known.as_ref().and_then(|a| a.issuer.clone());
            let credit = store::credit_id(buyer, currency, issuer.as_ref());
            let own = known.filter(|a| !a.is_over(now_ms));
            // The look at its end may have been before this by another clock: one more takes what comes now.
            let end = own.as_ref().and_then(|own| own.ends_ms);
            let (to, other) = match own {
                Some(own) => (own.id, credit.clone()),
                None => (self.credit_of(buyer, currency, issuer.as_ref(), now_ms).await?, part.account.clone()),
            };
            let sweep = end.map(|end| self.sweep_op(&to, &key, end)).transpose()?.flatten();
            let entry = Entry {
                key: key.clone(),
                account: to.clone(),
                house: House::Redeemed,
                currency: currency.to_owned(),
                delta_minor: part.amount_minor,
                at_ms: now_ms,
                why: String::new(),
                about: Some(refund.to_owned()),
                wish: None,
            };
            // A run before this one may have decided otherwise, if the account ended between the two.
            // Credit of before it kept its issuer is one place more.
            let mut others = vec![other, plain.clone()];
            others.dedup();
            others.retain(|other| *other != to);
            let elsewhere = others
                .iter()
                .map(|other| TransactOp::Check { key: entry_key(other, &key), condition: Condition::ItemAbsent });
            let [balance, posting] = store::credit(&entry)?;
            let ops = [balance, posting].into_iter().chain(elsewhere).chain(sweep).collect();
            match self.table.transact(Transact { ops, token: None }).await {
                Ok(()) => return Ok(()),
                Err(e) if (1..2 + others.len()).any(|op| e.failed_condition(op).is_some()) => return Ok(()),
                Err(e) if e.failed_condition(0).is_some() || e.is_retryable() => {}
                Err(e) => return Err(fault::table(e)),
            }
        }
        Err(Problem::conflict("changed_meanwhile", "An account changes too often right now. Repeat."))
    }
}
