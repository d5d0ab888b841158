//! Keys of stored value, and its postings as members of a transaction.
//!
//! | item | pk | sk | indexes |
//! |---|---|---|---|
//! | account | `VALUE#sv` | `META#` | GSI1 `VALUEOWNER#c` (store credit); GSI3 `VALUE#n` |
//! | entry | `VALUE#sv` | `ENTRY#key` | |
//! | delivery of a code | `VALUE#sv` | `DELIVERY#id` | |
//! | code | `VALUECODE#hash` | `CODE#` | |
//! | attempt to give store credit | `IDEM#value#attempt` | `IDEM#` | ttl 30 days |
//! | codes applied to a cart | `CHECKOUTVALUE#cart` | `VALUE#` | ttl 1 day |

use vitrine_shared::id::{CustomerId, TenantId, ValueId};
use vitrine_table::{Condition, Item, Key, Put, TransactOp, Update, UpdateItem};

use super::{Account, Entry, House, Kind, MAX_BALANCE, Source};
use crate::fault::{self, Result};
use crate::ids;

/// Beginning of the sort keys of entries.
pub const ENTRIES: &str = "ENTRY#";

/// Key of an account.
pub fn account_key(id: &ValueId) -> Key {
    Key::new(format!("VALUE#{id}"), "META#")
}

/// Key of one of its entries.
pub fn entry_key(account: &ValueId, key: &str) -> Key {
    Key::new(format!("VALUE#{account}"), format!("{ENTRIES}{key}"))
}

/// Key of what a code opens.
pub fn code_key(hash: &str) -> Key {
    Key::new(format!("VALUECODE#{hash}"), "CODE#")
}

/// Key of what remembers an attempt to give store credit.
pub(super) fn attempt_key(attempt: &str) -> Key {
    Key::new(format!("IDEM#value#{attempt}"), "IDEM#")
}

/// Key of a delivery.
pub(super) fn delivery_key(account: &ValueId, id: &str) -> Key {
    Key::new(format!("VALUE#{account}"), format!("DELIVERY#{id}"))
}

/// Where it is kept which codes were applied to a cart, by the cart's name.
pub fn applied_key(cart: &str) -> Key {
    Key::new(format!("CHECKOUTVALUE#{cart}"), "VALUE#")
}

/// A customer's store credit in one currency, of one issuer or of the platform: one account for ever.
pub fn credit_id(customer: &CustomerId, currency: &str, issuer: Option<&TenantId>) -> ValueId {
    let mut of = vec!["value", "store_credit", customer.as_str(), currency];
    of.extend(issuer.map(TenantId::as_str));
    ValueId::from_bits(ids::derived_bits(&of))
}

/// A customer's store credit of the platform in one currency that ends at this moment: one account for ever.
pub fn ending_credit_id(customer: &CustomerId, currency: &str, ends_ms: i64) -> ValueId {
    let end = ends_ms.to_string();
    ValueId::from_bits(ids::derived_bits(&["value", "ending_credit", customer.as_str(), currency, &end]))
}

/// Beginning of what lists a customer's store credit (GSI1).
pub(super) fn owner_pk(owner: &CustomerId) -> String {
    format!("VALUEOWNER#{owner}")
}

/// Key of the entry by which a checkout is paid.
pub fn paid_by(checkout: &impl std::fmt::Display) -> String {
    format!("pay-{checkout}")
}

/// The account's item.
pub(super) fn account_item(account: &Account) -> Result<Item> {
    let mut item = vitrine_table::to_item(&account_key(&account.id), account).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    if let Some(owner) = &account.owner {
        item.insert("pk2".into(), owner_pk(owner).into());
        item.insert("sk2".into(), account.id.to_string().into());
    }
    let shard = crc32fast::hash(account.id.as_str().as_bytes()) % crate::catalog::store::LIST_SHARDS;
    item.insert("entityType".into(), format!("VALUE#{shard}").into());
    item.insert("createdAt".into(), format!("{:015}#{}", account.created_ms, account.id).into());
    item.insert("_v".into(), 1.into());
    Ok(item)
}

/// Writes an entry; fails if its key was posted before.
pub(super) fn entry_op(entry: &Entry) -> Result<TransactOp> {
    let key = entry_key(&entry.account, &entry.key);
    let mut item = vitrine_table::to_item(&key, entry).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("_v".into(), 1.into());
    Ok(TransactOp::Put(Put { item, condition: Some(Condition::ItemAbsent) }))
}

fn changed(account: &ValueId, updates: &[(&str, i64)], condition: Condition) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: account_key(account),
        updates: updates.iter().map(|(name, by)| Update::Add((*name).to_owned(), *by)).collect(),
        condition: Some(Condition::ItemExists.and(condition)),
    })
}

/// The account is not over.
pub(super) fn lasting(now_ms: i64) -> Condition {
    let ends =
        Condition::Any(vec![Condition::Absent("ends_ms".into()), Condition::Gt("ends_ms".into(), now_ms.into())]);
    Condition::Absent("ended_ms".into()).and(ends)
}

/// There is as much, and the account's time is not over.
fn spendable(amount: i64, now_ms: i64) -> Condition {
    Condition::ge("available", amount).and(lasting(now_ms))
}

/// Holds what a source gives for a payment; fails if less can be spent.
pub fn hold(source: &Source, now_ms: i64) -> TransactOp {
    let amount = source.amount_minor;
    changed(&source.account, &[("available", -amount), ("held", amount)], spendable(amount, now_ms))
}

/// The payment will not come: it can be spent again.
pub fn let_go(source: &Source) -> TransactOp {
    let amount = source.amount_minor;
    changed(&source.account, &[("held", -amount), ("available", amount)], Condition::ge("held", amount))
}

/// The payment came: what was held is gone. Two writes, the balance's first.
pub fn redeem(source: &Source, entry: &Entry) -> Result<[TransactOp; 2]> {
    let amount = source.amount_minor;
    Ok([changed(&source.account, &[("held", -amount)], Condition::ge("held", amount)), entry_op(entry)?])
}

/// The payment came after the hold had ended: fails if less can be spent by now. Two writes, the balance's first.
pub fn redeem_unheld(source: &Source, entry: &Entry, now_ms: i64) -> Result<[TransactOp; 2]> {
    let amount = source.amount_minor;
    Ok([changed(&source.account, &[("available", -amount)], spendable(amount, now_ms)), entry_op(entry)?])
}

/// The entry of a source that pays for a checkout.
pub fn payment(source: &Source, checkout: &str, currency: &str, at_ms: i64) -> Entry {
    Entry {
        key: paid_by(&checkout),
        account: source.account.clone(),
        house: House::Redeemed,
        currency: currency.to_owned(),
        delta_minor: -source.amount_minor,
        at_ms,
        why: String::new(),
        about: Some(checkout.to_owned()),
        wish: None,
    }
}

/// Something comes into an account that is there and not over when the entry is made.
pub(super) fn credit(entry: &Entry) -> Result<[TransactOp; 2]> {
    let room = Condition::Le("available".into(), (MAX_BALANCE - entry.delta_minor).into());
    let condition = room.and(lasting(entry.at_ms));
    Ok([changed(&entry.account, &[("available", entry.delta_minor)], condition), entry_op(entry)?])
}

/// All that can be spent leaves an account; fails if that is another amount by now. `ended_ms`: it also ends.
pub(super) fn drain(entry: &Entry, ended_ms: Option<i64>) -> Result<[TransactOp; 2]> {
    let mut updates = vec![Update::Add("available".into(), entry.delta_minor)];
    updates.extend(ended_ms.map(|at| Update::set("ended_ms", at)));
    let condition = Condition::ItemExists.and(Condition::eq("available", -entry.delta_minor));
    let update = UpdateItem { key: account_key(&entry.account), updates, condition: Some(condition) };
    Ok([TransactOp::Update(update), entry_op(entry)?])
}

/// A part of what can be spent leaves an account; fails if it is not as it was read. `ended_ms`: it also ends.
pub(super) fn taken(account: &Account, entry: &Entry, ended_ms: Option<i64>) -> Result<[TransactOp; 2]> {
    let mut updates = vec![Update::Add("available".into(), entry.delta_minor)];
    updates.extend(ended_ms.map(|at| Update::set("ended_ms", at)));
    let as_read = Condition::eq("available", account.available).and(Condition::eq("held", account.held));
    let condition = Some(Condition::ItemExists.and(as_read).and(Condition::Absent("ended_ms".into())));
    let update = UpdateItem { key: account_key(&entry.account), updates, condition };
    Ok([TransactOp::Update(update), entry_op(entry)?])
}

/// Opens an account; fails if it is there.
pub(super) fn account_op(account: &Account) -> Result<TransactOp> {
    Ok(TransactOp::Put(Put { item: account_item(account)?, condition: Some(Condition::ItemAbsent) }))
}

/// A store credit with nothing in it, if there is none yet.
pub(super) fn empty_credit(customer: &CustomerId, currency: &str, issuer: Option<&TenantId>, now_ms: i64) -> Account {
    Account {
        id: credit_id(customer, currency, issuer),
        kind: Kind::StoreCredit,
        issuer: issuer.cloned(),
        currency: currency.to_owned(),
        owner: Some(customer.clone()),
        code: None,
        last4: String::new(),
        available: 0,
        held: 0,
        created_ms: now_ms,
        ends_ms: None,
        ended_ms: None,
        sending: String::new(),
    }
}
