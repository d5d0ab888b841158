//! Price lists: what may be written, how a change follows what is there, and why a record wins.
//!
//! Invariants: pure; a record that was written changes in nothing but its end, while that has not come; what was asked for before now
//! stays as it was; two records of one slot never begin at the same moment.
//!
//! Not here: CSV and forms (`server/src/desk/prices`), amounts with tax (`vitrine_pricing`).

mod lookup;
mod moment;
mod plan;
#[cfg(test)]
mod tests;
mod typed;

pub use lookup::{Considered, Verdict, lookup};
pub use moment::{moment, moment_full, moment_text};
pub use plan::{Act, Planned, Wish, changed, in_force, plan};
pub use typed::{Kind, Typed, amount, read};

use vitrine_pricing::market::MARKETS;
use vitrine_pricing::shown_in;

use crate::catalog::PriceRecord;
use crate::id::VariantId;

/// Highest amount, minor units: JSON integers stay exact, and nobody sells beyond ten million in any currency.
pub const MAX_MINOR: i64 = 1_000_000_000;
/// Highest quantity a step may begin at.
pub const MAX_STEP: u32 = 999_999;

/// The regions a price can be for, in the order of the markets that ask for them; groups and `world` come last.
pub fn regions() -> Vec<&'static str> {
    let mut out: Vec<&str> = MARKETS.iter().map(|m| m.id).filter(|id| *id != "eu").collect();
    for region in MARKETS.iter().flat_map(|m| m.price_regions) {
        if !out.contains(region) {
            out.push(region);
        }
    }
    out
}

/// Whether some buyer may pay a price of this region in this currency: any other price is kept and sells nothing.
pub fn is_asked(region: &str, currency: &str) -> bool {
    shown_in::shown(currency).is_some() && MARKETS.iter().any(|m| m.price_regions.contains(&region))
}

/// The records of one edition, region, currency and quantity step.
fn of_slot<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    region: &str,
    currency: &str,
    min_quantity: u32,
) -> impl Iterator<Item = &'a PriceRecord> {
    prices.iter().filter(move |p| {
        p.variant == *variant && p.region == region && p.currency == currency && p.min_quantity == min_quantity
    })
}

/// What a slot asks for at a moment: the latest that has begun and not ended.
pub fn at_moment<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    region: &str,
    currency: &str,
    min_quantity: u32,
    at_ms: i64,
) -> Option<&'a PriceRecord> {
    of_slot(prices, variant, region, currency, min_quantity).filter(|p| p.holds(at_ms)).max_by_key(|p| p.valid_from_ms)
}

/// The records that are in force now or can be later: what a price list is. A record that others cover for the rest of its life is none.
pub fn alive(prices: &[PriceRecord], now_ms: i64) -> Vec<&PriceRecord> {
    let wins = |p: &&PriceRecord| {
        // A record can only begin to win where it begins or where a later one ends.
        let others = of_slot(prices, &p.variant, &p.region, &p.currency, p.min_quantity);
        let mut moments: Vec<i64> = others.filter_map(|o| o.valid_to_ms).collect();
        moments.extend([now_ms, p.valid_from_ms]);
        moments.into_iter().filter(|at| *at >= now_ms && p.holds(*at)).any(|at| {
            at_moment(prices, &p.variant, &p.region, &p.currency, p.min_quantity, at)
                .is_some_and(|winner| winner.valid_from_ms == p.valid_from_ms)
        })
    };
    prices.iter().filter(wins).collect()
}
