//! Stored value: every account agrees with its entries, and purchases with both.

use std::collections::HashMap;

use vitrine_shared::id::ValueId;
use vitrine_shared::orders::CheckoutState;
use vitrine_table::{Consistency, Index, Query};

use super::purchases::Sums;
use super::{Check, Findings, Invariant};
use crate::catalog::store::LIST_SHARDS;
use crate::checkout::store::{Checkout, Order};
use crate::checkout::{Refund, back};
use crate::fault::{self, Result};
use crate::value::store::{ENTRIES, account_key, credit_id, entry_key, paid_by};
use crate::value::{Account, Entry, Source};

/// Entries of one question to the table.
const PAGE: usize = 1000;

impl Check {
    /// What a checkout's sources hold or gave, and that its orders' parts of them come to that.
    pub(super) async fn paid_from(
        &self,
        checkout: &Checkout,
        orders: &[Order],
        sums: &mut Sums,
        out: &mut Findings,
    ) -> Result<()> {
        let mut parts: HashMap<&ValueId, i64> = HashMap::new();
        for source in orders.iter().flat_map(|o| &o.sources) {
            *parts.entry(&source.account).or_default() += source.amount_minor;
        }
        for Source { account, amount_minor, .. } in &checkout.sources {
            let keys = [account.as_str(), checkout.id.as_str()];
            let part = parts.remove(account).unwrap_or_default();
            if part != *amount_minor {
                out.say(Invariant::Value, &keys, format!("it gives {amount_minor}, to its orders {part}"));
            }
            match checkout.state {
                CheckoutState::PendingPayment | CheckoutState::Settling => {
                    *sums.held.entry(account.clone()).or_default() += amount_minor;
                }
                CheckoutState::Paid | CheckoutState::Released | CheckoutState::RefundedLate => {}
            }
            let posted = self.posted(account, &paid_by(&checkout.id)).await?.map(|e| -e.delta_minor);
            let wanted = (checkout.state == CheckoutState::Paid).then_some(*amount_minor);
            if posted != wanted {
                out.say(Invariant::Value, &keys, format!("{:?}, posted: {posted:?}", checkout.state));
            }
        }
        if let Some((account, _)) = parts.into_iter().next() {
            out.say(Invariant::Value, &[account.as_str(), checkout.id.as_str()], "its orders name it, it does not");
        }
        Ok(())
    }

    /// What of a refund that was carried out the provider gave back; the rest must be posted.
    pub(super) async fn stored_back(&self, order: &Order, refund: &Refund, out: &mut Findings) -> Result<i64> {
        let Ok((money, parts)) = back(order, refund) else {
            out.say(Invariant::Refunds, &[order.id.as_str(), refund.id.as_str()], "more than its order's sources gave");
            return Ok(refund.amount_minor);
        };
        for part in parts {
            let key = format!("refund-{}-{}", refund.id, part.account);
            let card = self.table.get(&account_key(&part.account), Consistency::Strong).await.map_err(fault::table)?;
            let card: Option<Account> = card.map(vitrine_table::from_item).transpose().map_err(fault::table)?;
            let credit = |issuer| credit_id(&order.customer, order.quote.currency.code(), issuer);
            // Of a card that was over by then it is store credit: of its issuer, or of nobody's before that was kept.
            let issuer = card.as_ref().and_then(|card| card.issuer.as_ref());
            let accounts = std::collections::BTreeSet::from([part.account.clone(), credit(None), credit(issuer)]);
            let mut posted = 0;
            for account in &accounts {
                posted += self.posted(account, &key).await?.map_or(0, |e| e.delta_minor);
            }
            if posted != part.amount_minor {
                let keys = [part.account.as_str(), refund.id.as_str()];
                out.say(Invariant::Value, &keys, format!("{} of a refund, posted: {posted}", part.amount_minor));
            }
        }
        Ok(money)
    }

    /// Every gift card of an order is there with what was paid for it, once it is paid, and not before.
    pub(super) async fn gifts(&self, order: &Order, out: &mut Findings) -> Result<()> {
        let quoted = order.quote.lines.iter().map(|line| line.amounts.gross.minor());
        for (gift, paid) in order.lines.iter().filter_map(|l| l.gift.as_ref()).zip(quoted) {
            let pieces = i64::try_from(gift.cards.len()).unwrap_or(i64::MAX);
            if gift.each_minor.checked_mul(pieces) != Some(paid) {
                out.say(Invariant::Value, &[order.id.as_str()], format!("{pieces} cards, {paid} were paid for them"));
            }
            for card in &gift.cards {
                out.saw("cards sold");
                let issued = self.posted(card, "issue").await?.map(|e| e.delta_minor);
                if issued != order.paid.then_some(gift.each_minor) {
                    let what = format!("a card of an order that is paid: {}, issued: {issued:?}", order.paid);
                    out.say(Invariant::Value, &[order.id.as_str(), card.as_str()], what);
                }
            }
        }
        Ok(())
    }

    /// What went back to who bought cards was taken from them.
    pub(super) async fn gifts_back(&self, order: &Order, refund: &Refund, out: &mut Findings) -> Result<()> {
        let mut taken = 0;
        for card in order.lines.iter().filter_map(|l| l.gift.as_ref()).flat_map(|g| &g.cards) {
            taken -= self.posted(card, &format!("back-{}", refund.id)).await?.map_or(0, |e| e.delta_minor);
        }
        if taken != refund.amount_minor {
            let what = format!("{} went back, {taken} was taken from the cards", refund.amount_minor);
            out.say(Invariant::Value, &[order.id.as_str(), refund.id.as_str()], what);
        }
        Ok(())
    }

    async fn posted(&self, account: &ValueId, key: &str) -> Result<Option<Entry>> {
        let item = self.table.get(&entry_key(account, key), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// Looks at every account.
    pub(super) async fn values(&self, sums: &Sums, out: &mut Findings) -> Result<()> {
        for shard in 0..LIST_SHARDS {
            let mut cursor = None;
            loop {
                let (accounts, next) = self.catalog.list_shard::<Account>("VALUE", shard, cursor).await?;
                for account in accounts {
                    self.value(&account.id, sums, out).await?;
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn value(&self, id: &ValueId, sums: &Sums, out: &mut Findings) -> Result<()> {
        // The index that lists it may lag: the account itself is read with its entries.
        let item = self.table.get(&account_key(id), Consistency::Strong).await.map_err(fault::table)?;
        let Some(item) = item else { return Ok(()) };
        let account: Account = vitrine_table::from_item(item).map_err(fault::table)?;
        out.saw("value accounts");
        let mut sum = 0_i64;
        let mut query = Query::new(Index::Base, account_key(id).pk).begins_with(ENTRIES).limit(PAGE);
        loop {
            let page = self.table.query(query.clone()).await.map_err(fault::table)?;
            for item in page.items {
                let entry: Entry = vitrine_table::from_item(item).map_err(fault::table)?;
                out.saw("value entries");
                sum = sum.saturating_add(entry.delta_minor);
                if entry.currency != account.currency || entry.account != *id || entry.delta_minor == 0 {
                    let keys = [id.as_str(), entry.key.as_str()];
                    out.say(Invariant::Value, &keys, "an entry of another account or currency, or of nothing");
                }
            }
            match page.cursor {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        let Account { available, held, .. } = account;
        if available.checked_add(held) != Some(sum) {
            out.say(Invariant::Value, &[id.as_str()], format!("{available} + {held}, its entries come to {sum}"));
        }
        if available < 0 || held < 0 {
            out.say(Invariant::Value, &[id.as_str()], format!("below nothing: {available}, held {held}"));
        }
        let waiting = sums.held.get(id).copied().unwrap_or_default();
        if held != waiting {
            out.say(Invariant::Value, &[id.as_str()], format!("{held} held, checkouts wait for {waiting}"));
        }
        Ok(())
    }
}
