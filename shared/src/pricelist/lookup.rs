//! Why a record is the price of a piece, and why the others are not.

use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;

use crate::catalog::PriceRecord;
use crate::id::VariantId;
use crate::views::card::price_for;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is the price.
    Wins,
    /// Another of its region and step began later.
    EarlierBegun,
    /// A higher step of its region is reached.
    LowerStep,
    /// Fewer pieces are bought.
    StepNotReached,
    /// A region asked before has a price.
    LaterRegion,
    /// It has not begun.
    NotBegun,
    /// It has ended.
    Ended,
    /// It is paid in another currency.
    OtherCurrency,
    /// The market does not ask this region.
    OtherRegion,
}

impl Verdict {
    /// Key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Wins => "lookup-wins",
            Self::EarlierBegun => "lookup-earlier",
            Self::LowerStep => "lookup-lower-step",
            Self::StepNotReached => "lookup-step",
            Self::LaterRegion => "lookup-later-region",
            Self::NotBegun => "lookup-not-begun",
            Self::Ended => "lookup-ended",
            Self::OtherCurrency => "lookup-currency",
            Self::OtherRegion => "lookup-region",
        }
    }
}

/// A record and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Considered<'a> {
    /// The record.
    pub price: &'a PriceRecord,
    /// Why it is the price or is not.
    pub verdict: Verdict,
}

/// Every record of an edition in the order in which it is asked, with why it is the price or is not; what ended or is asked nowhere in
/// the market and currency stands last. The one that wins is [`price_for`]'s.
pub fn lookup<'a>(
    prices: &'a [PriceRecord],
    variant: &VariantId,
    (market, currency): (&Market, Currency),
    at_ms: i64,
    quantity: u32,
) -> Vec<Considered<'a>> {
    let winner = price_for(prices, variant, market, currency, at_ms, quantity);
    let asked = |region: &str| market.price_regions.iter().position(|r| *r == region);
    let won = winner.and_then(|w| asked(&w.region));
    let judge = |price: &'a PriceRecord| {
        let verdict = match asked(&price.region) {
            None => Verdict::OtherRegion,
            Some(_) if price.currency != currency.code() => Verdict::OtherCurrency,
            Some(_) if price.valid_from_ms > at_ms => Verdict::NotBegun,
            Some(_) if !price.holds(at_ms) => Verdict::Ended,
            Some(_) if price.min_quantity > quantity => Verdict::StepNotReached,
            Some(_) if winner == Some(price) => Verdict::Wins,
            Some(at) if won.is_some_and(|won| at > won) => Verdict::LaterRegion,
            Some(_) if winner.is_some_and(|w| w.min_quantity > price.min_quantity) => Verdict::LowerStep,
            Some(_) => Verdict::EarlierBegun,
        };
        Considered { price, verdict }
    };
    let mut all: Vec<Considered<'a>> = prices.iter().filter(|p| p.variant == *variant).map(judge).collect();
    all.sort_by_key(|c| {
        let off = matches!(c.verdict, Verdict::OtherRegion | Verdict::OtherCurrency | Verdict::Ended);
        let region = asked(&c.price.region).unwrap_or(usize::MAX);
        (off, region, std::cmp::Reverse(c.price.min_quantity), std::cmp::Reverse(c.price.valid_from_ms))
    });
    all
}
