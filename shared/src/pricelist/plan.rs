//! From wishes to records: new ones follow, old ones get an end.

use serde::{Deserialize, Serialize};

use super::{at_moment, of_slot};
use crate::catalog::PriceRecord;
use crate::id::VariantId;

/// What is wished of one edition in one region, currency and quantity step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The edition.
    pub variant: VariantId,
    /// As in [`PriceRecord`].
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// From this many pieces on.
    pub min_quantity: u32,
    /// What.
    pub act: Act,
}

/// A price, or the end of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A price. Amounts are minor units, moments UTC milliseconds.
    Set {
        /// The price or the suggestion.
        amount: i64,
        /// Name-your-price: the least.
        minimum: Option<i64>,
        /// Struck through beside it.
        compare_at: Option<i64>,
        /// `None`, or before now: now.
        from: Option<i64>,
        /// Exclusive; `None`: it stays.
        to: Option<i64>,
        /// When the record began that it takes the place of; `None`: the one in force, if it begins now.
        replaces: Option<i64>,
    },
    /// The end of the record that began at this moment.
    End {
        /// Its `valid_from_ms`.
        began: i64,
        /// `None`, or before now: now.
        at: Option<i64>,
    },
}

/// What a wish changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// From this moment on.
    pub at_ms: i64,
    /// Until then, if it ends.
    pub to_ms: Option<i64>,
    /// What the slot asks for at that moment without the change.
    pub old: Option<PriceRecord>,
    /// With it.
    pub new: Option<PriceRecord>,
}

/// Carries a wish out on a work's records; `None`: it is so already.
pub fn plan(prices: &mut Vec<PriceRecord>, wish: &Wish, now_ms: i64) -> Option<Planned> {
    let seen = |prices: &[PriceRecord], at: i64| {
        at_moment(prices, &wish.variant, &wish.region, &wish.currency, wish.min_quantity, at).cloned()
    };
    match &wish.act {
        Act::End { began, at } => {
            let found = find(prices, wish, *began)?;
            let at_ms = at.unwrap_or(now_ms).max(now_ms).max(*began);
            let old = seen(prices, at_ms);
            end(prices, found, at_ms).then(|| Planned { at_ms, to_ms: None, old, new: seen(prices, at_ms) })
        }
        Act::Set { amount, minimum, compare_at, from, to, replaces } => {
            let begins = from.unwrap_or(now_ms).max(now_ms);
            let target = match replaces {
                Some(began) => find(prices, wish, *began),
                None if begins == now_ms => seen(prices, now_ms).and_then(|p| find(prices, wish, p.valid_from_ms)),
                None => find(prices, wish, begins),
            };
            let known = target.and_then(|at| prices.get(at)).cloned();
            let alike = known.as_ref().filter(|p| {
                p.valid_to_ms.is_none_or(|end| end > now_ms)
                    && (p.amount_minor, p.minimum_minor, p.compare_at_minor) == (*amount, *minimum, *compare_at)
                    && (p.valid_from_ms == begins || (p.valid_from_ms < begins && begins == now_ms))
            });
            if let (Some(known), Some(at)) = (alike, target) {
                if known.valid_to_ms == *to {
                    return None;
                }
                // An end that has not come may be another; what was asked for until now stays.
                if to.is_none_or(|to| to >= now_ms && to > known.valid_from_ms) {
                    let at_ms = [known.valid_to_ms, *to].into_iter().flatten().min().unwrap_or(now_ms);
                    let old = seen(prices, at_ms);
                    if let Some(price) = prices.get_mut(at) {
                        price.valid_to_ms = *to;
                    }
                    let to_ms = to.filter(|to| *to > at_ms);
                    return Some(Planned { at_ms, to_ms, old, new: seen(prices, at_ms) });
                }
            }
            let old = seen(prices, begins);
            let mut valid_from_ms = begins;
            while find(prices, wish, valid_from_ms).is_some() {
                valid_from_ms += 1;
            }
            for at in 0..prices.len() {
                let p = &prices[at];
                let ours = p.variant == wish.variant
                    && (p.region.as_str(), p.currency.as_str(), p.min_quantity)
                        == (wish.region.as_str(), wish.currency.as_str(), wish.min_quantity);
                // What lasts longer goes on afterwards, but for the one that this takes the place of.
                let covered = to.is_none_or(|to| p.valid_to_ms.is_some_and(|end| end <= to));
                let replaced = known.as_ref().is_some_and(|known| known == p);
                if ours && ((covered && p.valid_from_ms <= begins) || replaced) {
                    let moment = if replaced { begins.max(p.valid_from_ms) } else { begins };
                    // A scheduled one that is put off never begins.
                    let moment = if replaced && p.valid_from_ms > now_ms { p.valid_from_ms } else { moment };
                    end(prices, at, moment);
                }
            }
            let new = PriceRecord {
                variant: wish.variant.clone(),
                region: wish.region.clone(),
                currency: wish.currency.clone(),
                amount_minor: *amount,
                minimum_minor: *minimum,
                compare_at_minor: *compare_at,
                valid_from_ms,
                valid_to_ms: *to,
                min_quantity: wish.min_quantity,
            };
            prices.push(new.clone());
            Some(Planned { at_ms: begins, to_ms: *to, old, new: Some(new) })
        }
    }
}

fn find(prices: &[PriceRecord], wish: &Wish, began: i64) -> Option<usize> {
    let record = of_slot(prices, &wish.variant, &wish.region, &wish.currency, wish.min_quantity)
        .find(|p| p.valid_from_ms == began)?;
    prices.iter().position(|p| std::ptr::eq(p, record))
}

/// Gives a record an end that comes earlier; whether it did.
fn end(prices: &mut [PriceRecord], at: usize, moment: i64) -> bool {
    match prices.get_mut(at) {
        Some(p) if p.valid_to_ms.is_none_or(|to| to > moment) => {
            p.valid_to_ms = Some(moment);
            true
        }
        _ => false,
    }
}

/// What must be written to get from one list to the other: new records and those that have another end.
pub fn changed(before: &[PriceRecord], after: &[PriceRecord]) -> Vec<PriceRecord> {
    after.iter().filter(|p| !before.contains(p)).cloned().collect()
}

/// The record in force of each slot.
pub fn in_force(prices: &[PriceRecord], at_ms: i64) -> Vec<&PriceRecord> {
    let wins = |p: &&PriceRecord| {
        at_moment(prices, &p.variant, &p.region, &p.currency, p.min_quantity, at_ms)
            .is_some_and(|winner| winner.valid_from_ms == p.valid_from_ms)
    };
    prices.iter().filter(|p| p.holds(at_ms)).filter(wins).collect()
}
