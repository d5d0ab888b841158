//! How much each promotion takes off which lines. Amounts are what lines cost when it is their turn; nothing goes below zero.
//!
//! What is shared is shared by value with the largest remainder; among equal shares a line's own data decide, not its place in the document.

use std::cmp::Ordering;

use super::run::{MILLION, Priced};
use crate::money::{Currency, Money, MoneyError, RoundingMode};
use crate::promotion::{Benefit, BundleMember, BundlePrice, ItemScope, Promotion, SkipReason};

/// What is taken off one line.
pub(super) struct Share {
    pub(super) line: usize,
    /// What it is computed on, of this line.
    pub(super) base: Money,
    pub(super) amount: Money,
}

/// Why nothing is taken off.
pub(super) enum Stop {
    Skip(SkipReason),
    Money(MoneyError),
}

impl From<SkipReason> for Stop {
    fn from(reason: SkipReason) -> Self {
        Self::Skip(reason)
    }
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// A scope, ready to be asked of many lines.
pub(super) struct Matcher<'s> {
    products: Vec<&'s str>,
    collections: Vec<&'s str>,
    artists: Vec<&'s str>,
}

impl<'s> Matcher<'s> {
    pub(super) fn new(scope: &'s ItemScope) -> Self {
        let sorted = |list: &'s [String]| {
            let mut list: Vec<&str> = list.iter().map(String::as_str).collect();
            list.sort_unstable();
            list
        };
        Self {
            products: sorted(&scope.products),
            collections: sorted(&scope.collections),
            artists: sorted(&scope.artists),
        }
    }

    pub(super) fn has(&self, line: &Priced<'_>) -> bool {
        let among = |list: &[&str], id: &str| list.binary_search(&id).is_ok();
        let facets = line.facets;
        line.sku.as_deref().is_some_and(|sku| among(&self.products, sku))
            || facets.and_then(|f| f.product.as_deref()).is_some_and(|product| among(&self.products, product))
            || facets.is_some_and(|f| f.collections.iter().any(|id| among(&self.collections, id)))
            || facets.is_some_and(|f| f.artists.iter().any(|id| among(&self.artists, id)))
    }
}

/// The place of each line in an order that is the same however the document is ordered.
pub(super) fn ranks(lines: &[Priced<'_>]) -> Vec<usize> {
    let key = |i: &usize| {
        let line = &lines[*i];
        let sent = (line.kind == super::Kind::Physical, line.ships_from);
        (&line.sku, &line.name, line.class, sent, line.unit.minor(), line.quantity, line.facets)
    };
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut ranks = vec![0; lines.len()];
    for (rank, line) in order.into_iter().enumerate() {
        ranks[line] = rank;
    }
    ranks
}

/// What one promotion is applied to.
pub(super) struct Case<'c, 'a> {
    pub(super) promotion: &'c Promotion,
    pub(super) lines: &'c [Priced<'a>],
    pub(super) ranks: &'c [usize],
    /// Lines in scope.
    pub(super) scope: &'c [usize],
    pub(super) currency: Currency,
    pub(super) mode: RoundingMode,
}

/// The amount in a currency.
pub(super) fn amount_in(list: &[Money], currency: Currency) -> Option<Money> {
    list.iter().copied().find(|amount| amount.currency() == currency)
}

/// The cap in a currency: `None` without any, a reason if there are some and none is in it.
pub(super) fn cap_in(list: &[Money], currency: Currency) -> Result<Option<Money>, SkipReason> {
    match (amount_in(list, currency), list.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => Err(SkipReason::WrongCurrency),
        (cap, _) => Ok(cap),
    }
}

impl Case<'_, '_> {
    /// What each line loses, with the rate if there is one. Shipping loses nothing here.
    pub(super) fn shares(&self) -> Result<(Option<i64>, Vec<Share>), Stop> {
        let paid = |i: usize| (i, self.lines[i].paid);
        match &self.promotion.benefit {
            Benefit::Percent { rate_ppm, at_most } => {
                let cap = cap_in(at_most, self.currency)?;
                let bases: Vec<_> = self.scope.iter().map(|i| paid(*i)).collect();
                let off = self.sum(&bases)?.portion(*rate_ppm, MILLION, self.mode)?;
                Ok((Some(*rate_ppm), self.spread(least(off, cap), &bases)?))
            }
            Benefit::Amount { amounts } => {
                let amount = amount_in(amounts, self.currency).ok_or(SkipReason::WrongCurrency)?;
                let bases: Vec<_> = self.scope.iter().map(|i| paid(*i)).collect();
                let off = least(amount, Some(self.sum(&bases)?));
                Ok((None, self.spread(off, &bases)?))
            }
            Benefit::FreeShipping { at_most } => {
                cap_in(at_most, self.currency)?;
                Ok((None, Vec::new()))
            }
            Benefit::BuyXGetY { buy, get, rate_ppm, got, times } => {
                let (buy, get) = (u64::from(*buy), u64::from(*get));
                let bases = self.got(buy, get, got.as_ref(), *times)?;
                let off = |(line, base): (usize, Money)| {
                    Ok(Share { line, base, amount: base.portion(*rate_ppm, MILLION, self.mode)? })
                };
                let shares: Vec<Share> = bases.into_iter().map(off).collect::<Result<_, MoneyError>>()?;
                Ok((Some(*rate_ppm), some(shares)?))
            }
            Benefit::Bundle { members, at, times } => {
                let price = match at {
                    BundlePrice::Prices(prices) => {
                        Some(amount_in(prices, self.currency).ok_or(SkipReason::WrongCurrency)?)
                    }
                    BundlePrice::RatePpm(_) => None,
                };
                let (sets, bases) = self.sets(members, *times)?;
                let worth = self.sum(&bases)?;
                let (rate, off) = match (at, price) {
                    (BundlePrice::RatePpm(ppm), _) => (Some(*ppm), worth.portion(*ppm, MILLION, self.mode)?),
                    (_, price) => {
                        let price = price.unwrap_or(worth);
                        // A set dearer than its parts takes nothing off; so does one too dear to be counted.
                        let costs = i64::try_from(sets).ok().and_then(|sets| price.checked_mul(sets).ok());
                        let costs = least(worth, costs.or(Some(worth)));
                        (None, worth.checked_sub(costs)?)
                    }
                };
                Ok((rate, self.spread(off, &bases)?))
            }
        }
    }

    fn sum(&self, bases: &[(usize, Money)]) -> Result<Money, MoneyError> {
        Money::sum(self.currency, bases.iter().map(|(_, base)| *base))
    }

    /// An amount not above the sum of the bases, shared by them: no share is above its base. What no charge can be made of stays with the
    /// price: amounts, caps and prices of sets are the seller's own and may be finer than the steps of the currency.
    fn spread(&self, off: Money, bases: &[(usize, Money)]) -> Result<Vec<Share>, Stop> {
        let off = off.down_to_step();
        if off.is_zero() {
            return Err(SkipReason::NothingToDiscount.into());
        }
        let weights: Vec<_> = bases.iter().map(|(i, base)| (self.ranks[*i], base.minor())).collect();
        let shares = off.allocate_by(&weights)?.into_iter().zip(bases);
        some(shares.map(|(amount, (line, base))| Share { line: *line, base: *base, amount }).collect())
    }

    /// Lines from the one whose units cost least.
    fn cheapest_first(&self, lines: &mut [usize]) {
        let each = |a: usize, b: usize| -> Ordering {
            let (one, other) = (&self.lines[a], &self.lines[b]);
            // One amount a unit against the other, without dividing.
            let left = i128::from(one.paid.minor()) * i128::from(other.quantity);
            let right = i128::from(other.paid.minor()) * i128::from(one.quantity);
            left.cmp(&right)
        };
        lines.sort_by(|a, b| each(*a, *b).then(self.ranks[*a].cmp(&self.ranks[*b])));
    }

    /// So many units, the cheapest: each line with what those of its units cost.
    fn pick(&self, mut lines: Vec<usize>, mut units: u64) -> Result<Vec<(usize, Money)>, MoneyError> {
        self.cheapest_first(&mut lines);
        let mut picked = Vec::new();
        for i in lines {
            let taken = units.min(self.units(i));
            if taken == 0 {
                break;
            }
            units -= taken;
            // Both are at most the line's quantity, 32 bits.
            let step = self.currency.processor_step();
            let (taken, all, left) = (taken as i64, self.units(i) as i64, self.lines[i].paid.minor() / step);
            // What earlier promotions left of a line is spread over its units to the step; the cheaper ones are taken.
            let dearer = (taken - (all - left % all)).max(0);
            picked.push((i, Money::new(left / all * taken + dearer, self.currency)?.checked_mul(step)?));
        }
        Ok(picked)
    }

    fn units(&self, line: usize) -> u64 {
        u64::from(self.lines[line].quantity)
    }

    fn count(&self, lines: &[usize]) -> u64 {
        lines.iter().map(|i| self.units(*i)).sum()
    }

    /// Units to be got cheaper. What costs nothing is neither bought nor got.
    fn got(
        &self,
        buy: u64,
        get: u64,
        got: Option<&ItemScope>,
        times: Option<u32>,
    ) -> Result<Vec<(usize, Money)>, Stop> {
        let costs = |i: &usize| !self.lines[*i].paid.is_zero();
        let (lines, units) = match got {
            None => {
                let lines: Vec<usize> = self.scope.iter().copied().filter(costs).collect();
                let (all, set) = (self.count(&lines), buy + get);
                (lines, all / set * get + (all % set).saturating_sub(buy))
            }
            Some(got) => {
                let (got, except) = (Matcher::new(got), Matcher::new(&self.promotion.except));
                let is_got = |i: &usize| got.has(&self.lines[*i]) && !except.has(&self.lines[*i]);
                let bought: Vec<usize> = self.scope.iter().copied().filter(costs).filter(|i| !is_got(i)).collect();
                let lines: Vec<usize> = (0..self.lines.len()).filter(costs).filter(is_got).collect();
                let units = (self.count(&bought) / buy * get).min(self.count(&lines));
                (lines, units)
            }
        };
        let units = units.min(times.map_or(u64::MAX, |times| u64::from(times) * get));
        if units == 0 {
            let some = !lines.is_empty();
            return Err(if some { SkipReason::Minimum } else { SkipReason::NoItemQualifies }.into());
        }
        Ok(self.pick(lines, units)?)
    }

    /// How many sets there are, and what their parts cost by line.
    fn sets(&self, members: &[BundleMember], times: Option<u32>) -> Result<(u64, Vec<(usize, Money)>), Stop> {
        let mut of_member: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
        for i in self.scope {
            let line = &self.lines[*i];
            let product = line.facets.and_then(|f| f.product.as_deref());
            let is = |m: &BundleMember| line.sku.as_deref() == Some(&m.sku) || product == Some(&m.sku);
            if let Some(member) = members.iter().position(is) {
                of_member[member].push(*i);
            }
        }
        if of_member.iter().all(Vec::is_empty) {
            return Err(SkipReason::NoItemQualifies.into());
        }
        let whole = members.iter().zip(&of_member).map(|(m, lines)| self.count(lines) / u64::from(m.quantity.max(1)));
        let sets = whole.min().unwrap_or(0).min(times.map_or(u64::MAX, u64::from));
        if sets == 0 {
            return Err(SkipReason::Minimum.into());
        }
        let mut parts = Vec::new();
        for (member, lines) in members.iter().zip(of_member) {
            parts.extend(self.pick(lines, sets * u64::from(member.quantity))?);
        }
        Ok((sets, parts))
    }
}

/// The smaller of two amounts of one currency.
pub(super) fn least(amount: Money, cap: Option<Money>) -> Money {
    cap.filter(|cap| *cap < amount).unwrap_or(amount)
}

fn some(mut shares: Vec<Share>) -> Result<Vec<Share>, Stop> {
    shares.retain(|share| !share.amount.is_zero());
    if shares.is_empty() { Err(SkipReason::NothingToDiscount.into()) } else { Ok(shares) }
}
