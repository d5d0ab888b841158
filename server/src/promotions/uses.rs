//! Uses as members of the transactions that place, pay and let go.

use std::collections::BTreeMap;

use vitrine_pricing::promotion::Reservation;
use vitrine_shared::id::TenantId;
use vitrine_table::{Condition, TransactOp, Update, UpdateItem};

use super::{TOTAL, buyer_key, count_key};
use crate::checkout::store::Order;

/// One use of a promotion by a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// Whose.
    pub(crate) tenant: TenantId,
    /// With the limits it had.
    pub(crate) of: Reservation,
}

/// The uses of a checkout's orders, each promotion once: a seller's lines may be two orders in law.
pub(crate) fn uses(orders: &[Order]) -> Vec<Use> {
    let mut all = BTreeMap::new();
    for order in orders {
        for of in &order.quote.reservations {
            all.entry((order.tenant.clone(), of.promotion.clone())).or_insert_with(|| of.clone());
        }
    }
    all.into_iter().map(|((tenant, _), of)| Use { tenant, of }).collect()
}

fn counted(tenant: &TenantId, promotion: &str, of: &str, by: i64, most: Option<u32>) -> TransactOp {
    TransactOp::Update(UpdateItem {
        key: count_key(tenant, promotion, of),
        updates: vec![Update::Add("used".into(), by), Update::SetIfAbsent("_v".into(), 1.into())],
        condition: most.map(|most| {
            Condition::Any(vec![Condition::Absent("used".into()), Condition::Lt("used".into(), most.into())])
        }),
    })
}

/// Counts of each use, with the limit of each.
fn counts<'a>(uses: &'a [Use], names: &'a [String]) -> impl Iterator<Item = (&'a Use, &'a str, Option<u32>)> {
    uses.iter().flat_map(move |u| {
        let own = names.iter().map(move |name| (u, name.as_str(), u.of.per_customer));
        std::iter::once((u, TOTAL, u.of.total)).chain(own)
    })
}

/// Takes the uses; each fails if its count has reached its limit.
pub(crate) fn take(orders: &[Order], names: &[String]) -> Vec<TransactOp> {
    let uses = uses(orders);
    counts(&uses, names).map(|(u, of, most)| counted(&u.tenant, &u.of.promotion, of, 1, most)).collect()
}

/// Whether a customer has anything of these orders a certain number of times at most.
pub(crate) fn once(orders: &[Order]) -> bool {
    orders.iter().flat_map(|o| &o.quote.reservations).any(|of| of.per_customer.is_some())
}

/// The uses by the card that is about to pay, in the order of [`uses`]; each fails if its count has reached its limit.
pub(crate) fn take_card(orders: &[Order], card: &str) -> Vec<TransactOp> {
    uses(orders).iter().map(|u| counted(&u.tenant, &u.of.promotion, card, 1, u.of.per_customer)).collect()
}

/// No money came: the uses are free again.
pub(crate) fn give_back(orders: &[Order], names: &[String]) -> Vec<TransactOp> {
    let uses = uses(orders);
    counts(&uses, names).map(|(u, of, _)| counted(&u.tenant, &u.of.promotion, of, -1, None)).collect()
}

/// The money is there: what was taken stays, a `card` that was not counted is, and the buyer is known by all of their names. `late`: it had been given
/// back, and is counted again whatever the limit is, for that price was paid.
pub(crate) fn paid(orders: &[Order], names: &[String], card: Option<&str>, late: bool, now_ms: i64) -> Vec<TransactOp> {
    let uses = uses(orders);
    let again: &[Use] = if late { &uses } else { &[] };
    let mut ops: Vec<TransactOp> =
        counts(again, names).map(|(u, of, _)| counted(&u.tenant, &u.of.promotion, of, 1, None)).collect();
    ops.extend(
        card.into_iter().flat_map(|card| uses.iter().map(move |u| counted(&u.tenant, &u.of.promotion, card, 1, None))),
    );
    // Of an authorised payment the card is among the names.
    let (cards, names): (Vec<&str>, Vec<&str>) =
        names.iter().map(String::as_str).chain(card).partition(|name| is_card(name));
    let mut updates: Vec<Update> = cards.iter().map(|card| Update::set(format!("card:{card}"), now_ms)).collect();
    let sellers: std::collections::BTreeSet<&TenantId> = orders.iter().map(|o| &o.tenant).collect();
    updates.extend(sellers.iter().map(|seller| Update::set(format!("seller:{seller}"), now_ms)));
    updates.push(Update::SetIfAbsent("_v".into(), 1.into()));
    ops.extend(names.iter().map(|name| {
        TransactOp::Update(UpdateItem { key: buyer_key(name), updates: updates.clone(), condition: None })
    }));
    ops
}

/// Whether a name is a card's.
fn is_card(name: &str) -> bool {
    name.starts_with("F#")
}

/// Writes of [`paid`] or [`take`], at most: of each use everybody's count, account's, e-mail's and card's; two names.
pub(crate) fn writes(orders: &[Order]) -> usize {
    2 + 4 * uses(orders).len()
}
