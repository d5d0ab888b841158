//! Which promotions are applied, in which order, and what became of the codes.
//!
//! By priority, then id: the first that may be applied is, and who is not combined with it is skipped. Each works on what those before it left.
//! Invariants: what a promotion takes off is the sum of what its lines and shipping lose; each that was asked is applied or skipped with a
//! reason; a skipped one changes nothing.

use std::collections::BTreeSet;

use super::benefit::{Case, Matcher, Share, Stop, cap_in, least, ranks};
use super::run::{Part, Priced, at, invalid, step};
use super::{Context, DiscountAmount, Kind, QuoteError, QuoteRequest, Step, StepKind};
use crate::money::{Currency, Money, MoneyError};
use crate::promotion::{
    Benefit, CodeOutcome, CodeStatus, Customer, MOST_CODES, MOST_ID_BYTES, MOST_PROMOTIONS, Promotion, Reservation,
    SkipReason, is_same_code,
};

/// Attempts of one quote that may find free shipping of no use: enough for any real shop, and a bound for a made-up one.
const MOST_BARRED: usize = 4;

/// Promotions that an earlier attempt found of no use, by their place in the list.
#[derive(Default)]
pub(super) struct Barred {
    attempts: usize,
    of: Vec<(usize, SkipReason)>,
}

struct Applied {
    at: usize,
    /// In all.
    amount: Money,
}

/// What was applied and what was not.
pub(super) struct Discounts<'a> {
    list: &'a [Promotion],
    customer: &'a Customer,
    typed: Vec<&'a str>,
    applied: Vec<Applied>,
    skipped: Vec<(usize, SkipReason)>,
    /// Off shipping.
    shipping: Vec<DiscountAmount>,
    /// Left of the lines, and of what is sent.
    left: Money,
}

fn given<'a>(request: &'a QuoteRequest, context: &Context<'a>) -> (&'a [Promotion], &'a Customer) {
    (
        request.promotions.as_deref().unwrap_or(context.promotions.list),
        request.customer.as_ref().unwrap_or(context.promotions.customer),
    )
}

/// Whether codes and promotions are such as can be applied.
pub(super) fn check(request: &QuoteRequest, context: &Context<'_>) -> Result<(), QuoteError> {
    if request.codes.len() > MOST_CODES {
        return Err(invalid("codes", "at most 20"));
    }
    for (i, code) in request.codes.iter().enumerate() {
        if code.trim().is_empty() || code.trim().len() > MOST_ID_BYTES {
            return Err(invalid(format!("codes[{i}]"), "1 to 64 bytes"));
        }
    }
    if request.customer.as_ref().is_some_and(|customer| !customer.is_bounded()) {
        return Err(invalid("customer", "at most 200 groups, uses and held promotions, ids of 1 to 64 bytes"));
    }
    let (list, _) = given(request, context);
    if list.len() > MOST_PROMOTIONS {
        return Err(invalid("promotions", "at most 100"));
    }
    let mut ids = BTreeSet::new();
    for (i, promotion) in list.iter().enumerate() {
        promotion.check().map_err(|e| invalid(format!("promotions[{i}].{}", e.field), e.detail))?;
        if !ids.insert(promotion.id.as_str()) {
            return Err(invalid(format!("promotions[{i}].id"), "each once"));
        }
    }
    Ok(())
}

impl<'a> Discounts<'a> {
    /// Takes off lines what promotions take off them.
    pub(super) fn of_lines(
        lines: &mut [Priced<'_>],
        request: &'a QuoteRequest,
        context: &Context<'a>,
        barred: &Barred,
        explain: &mut Vec<Step>,
    ) -> Result<Self, QuoteError> {
        let (list, customer) = given(request, context);
        let mut typed: Vec<&str> = Vec::new();
        for code in &request.codes {
            if !typed.iter().any(|other| is_same_code(other, code)) {
                typed.push(code.trim());
            }
        }
        let left = Money::zero(request.currency);
        let mut this =
            Self { list, customer, typed, applied: Vec::new(), skipped: Vec::new(), shipping: Vec::new(), left };
        if list.is_empty() {
            return Ok(this);
        }
        let by_typing = |p: &Promotion| p.code.as_deref().is_none_or(|c| this.typed.iter().any(|t| is_same_code(t, c)));
        let mut order: Vec<usize> = (0..list.len()).filter(|i| by_typing(&list[*i])).collect();
        order.sort_by_key(|i| (list[*i].priority, &list[*i].id));
        this.left = Money::sum(request.currency, lines.iter().map(|l| l.list)).map_err(at("lines"))?;
        let ranks = ranks(lines);
        for index in order {
            let outcome = match barred.of.iter().find(|(i, _)| *i == index) {
                Some((_, reason)) => Err(Stop::Skip(reason.clone())),
                None => this.consider(index, lines, &ranks, request, context),
            };
            match outcome {
                Ok((rate, shares)) => this.apply(index, rate, shares, lines, explain).map_err(at("promotions"))?,
                Err(Stop::Skip(reason)) => this.skipped.push((index, reason)),
                Err(Stop::Money(error)) => return Err(at("promotions")(error)),
            }
        }
        Ok(this)
    }

    fn consider(
        &self,
        index: usize,
        lines: &[Priced<'_>],
        ranks: &[usize],
        request: &QuoteRequest,
        context: &Context<'_>,
    ) -> Result<(Option<i64>, Vec<Share>), Stop> {
        let promotion = &self.list[index];
        self.is_open(promotion, request, context)?;
        let minimum = cap_in(&promotion.minimum, request.currency)?;
        let (items, except) = (Matcher::new(&promotion.items), Matcher::new(&promotion.except));
        let everything = promotion.items.is_empty();
        let is_in = |i: &usize| (everything || items.has(&lines[*i])) && !except.has(&lines[*i]);
        let scope: Vec<usize> = (0..lines.len()).filter(is_in).collect();
        let sent = |i: &usize| lines[*i].kind == Kind::Physical;
        let free_shipping = matches!(promotion.benefit, Benefit::FreeShipping { .. });
        if scope.is_empty() || free_shipping && !scope.iter().any(sent) {
            return Err(SkipReason::NoItemQualifies.into());
        }
        let worth = Money::sum(request.currency, scope.iter().map(|i| lines[*i].list))?;
        let units: u64 = scope.iter().map(|i| u64::from(lines[*i].quantity)).sum();
        if minimum.is_some_and(|minimum| worth < minimum) || units < u64::from(promotion.minimum_quantity) {
            return Err(SkipReason::Minimum.into());
        }
        self.stacks(promotion, context.promotions.applied)?;
        let case =
            Case { promotion, lines, ranks, scope: &scope, currency: request.currency, mode: request.rounding.mode };
        let (rate, shares) = case.shares()?;
        let off = Money::sum(request.currency, shares.iter().map(|s| s.amount))?;
        if !off.is_zero() && off == self.left && !promotion.allow_zero {
            return Err(SkipReason::ZeroTotal.into());
        }
        let all_free = |other: &Applied| matches!(&self.list[other.at].benefit, Benefit::FreeShipping { at_most } if at_most.is_empty());
        if free_shipping && self.applied.iter().any(all_free) {
            return Err(SkipReason::NothingToDiscount.into());
        }
        Ok((rate, shares))
    }

    /// Whether this buyer may have it here and now.
    fn is_open(&self, promotion: &Promotion, request: &QuoteRequest, context: &Context<'_>) -> Result<(), SkipReason> {
        let stores = &promotion.stores;
        if !stores.is_empty() && !stores.iter().any(|store| store == context.promotions.store) {
            return Err(SkipReason::NotInThisStore);
        }
        if self.is_held(promotion) {
            return Ok(());
        }
        if promotion.valid_from.is_some_and(|from| request.date < from) {
            return Err(SkipReason::NotBegun);
        }
        if promotion.valid_to.is_some_and(|to| to < request.date) {
            return Err(SkipReason::Ended);
        }
        let used = self.customer.usage.iter().filter(|usage| usage.promotion == promotion.id);
        let (all, own) = used.fold((0, 0), |(all, own), u| (u.total.max(all), u.by_customer().max(own)));
        // A limit of 0 is reached before the first use.
        if promotion.limits.total.is_some_and(|most| all >= most) {
            return Err(SkipReason::Exhausted);
        }
        if promotion.limits.per_customer.is_some_and(|most| own >= most) {
            return Err(SkipReason::UsedByYou);
        }
        if !promotion.groups.is_empty() && !promotion.groups.iter().any(|g| self.customer.groups.contains(g)) {
            return Err(SkipReason::NotYourGroup);
        }
        if promotion.first_order && !self.customer.first_order {
            return Err(SkipReason::NotFirstOrder);
        }
        Ok(())
    }

    fn is_held(&self, promotion: &Promotion) -> bool {
        self.customer.held.contains(&promotion.id)
    }

    /// Whether it is combined with what is applied already, here and in the order's other quotes. More of the same promotion is.
    fn stacks(&self, promotion: &Promotion, elsewhere: &[Promotion]) -> Result<(), SkipReason> {
        let here = self.applied.iter().map(|applied| &self.list[applied.at]);
        let mut others = elsewhere.iter().chain(here).filter(|other| other.id != promotion.id);
        others.find_map(|other| promotion.barred_by(other)).map_or(Ok(()), Err)
    }

    fn apply(
        &mut self,
        index: usize,
        rate_ppm: Option<i64>,
        shares: Vec<Share>,
        lines: &mut [Priced<'_>],
        explain: &mut Vec<Step>,
    ) -> Result<(), MoneyError> {
        let promotion = &self.list[index];
        let amount = Money::sum(self.left.currency(), shares.iter().map(|s| s.amount))?;
        self.left = self.left.checked_sub(amount)?;
        for share in shares {
            let line = &mut lines[share.line];
            line.paid = line.paid.checked_sub(share.amount)?;
            line.off.push(discount(promotion, share.amount));
            explain.push(Step {
                line: Some(share.line),
                base: Some(share.base),
                rate_ppm,
                amount: Some(share.amount),
                ..step(StepKind::Discount, &promotion.id, promotion.label())
            });
        }
        self.applied.push(Applied { at: index, amount });
        Ok(())
    }

    /// Takes off shipping what was promised of it, and explains codes that took nothing off. Whether this attempt counts: not if free shipping
    /// that is of no use stood in another promotion's way.
    pub(super) fn take_off_shipping(
        &mut self,
        parts: &mut [Part<'_>],
        barred: &mut Barred,
        explain: &mut Vec<Step>,
    ) -> Result<bool, QuoteError> {
        let mut n = 0;
        while let Some(Applied { at: index, .. }) = self.applied.get(n) {
            let (index, list) = (*index, self.list);
            let Benefit::FreeShipping { at_most } = &list[index].benefit else {
                n += 1;
                continue;
            };
            let off = self.off_shipping(&list[index], at_most, parts).map_err(at("shipping"))?;
            let (base, off) = match off {
                Ok(found) => found,
                Err(reason) => {
                    self.applied.remove(n);
                    if self.stood_in_the_way(&list[index]) && barred.attempts < MOST_BARRED {
                        barred.attempts += 1;
                        barred.of.push((index, reason));
                        return Ok(false);
                    }
                    self.skipped.push((index, reason));
                    continue;
                }
            };
            self.applied[n].amount = off;
            self.shipping.push(discount(&list[index], off));
            explain.push(Step {
                base: Some(base),
                amount: Some(off),
                ..step(StepKind::Discount, &list[index].id, list[index].label())
            });
            n += 1;
        }
        for outcome in self.codes() {
            if let Some(reason) = outcome.reason {
                explain.push(step(StepKind::CodeSkipped, &reason.to_string(), &outcome.code));
            }
        }
        Ok(true)
    }

    /// What shipping costs and what is taken off it.
    fn off_shipping(
        &self,
        promotion: &Promotion,
        at_most: &[Money],
        parts: &mut [Part<'_>],
    ) -> Result<Result<(Money, Money), SkipReason>, MoneyError> {
        let currency: Currency = self.left.currency();
        let mut shipping: Vec<&mut Part<'_>> = parts.iter_mut().filter(|part| part.line.is_none()).collect();
        let base = Money::sum(currency, shipping.iter().map(|part| part.list))?;
        let cap = match cap_in(at_most, currency) {
            Ok(cap) => cap,
            Err(reason) => return Ok(Err(reason)),
        };
        let off = least(base, cap).down_to_step();
        if off.is_zero() {
            return Ok(Err(SkipReason::NothingToDiscount));
        }
        if off == base && self.left.is_zero() && !promotion.allow_zero {
            return Ok(Err(SkipReason::ZeroTotal));
        }
        let weights: Vec<i64> = shipping.iter().map(|part| part.list.minor()).collect();
        for (part, share) in shipping.iter_mut().zip(off.allocate(&weights)?) {
            part.list = part.list.checked_sub(share)?;
            part.net = part.list;
        }
        Ok(Ok((base, off)))
    }

    fn stood_in_the_way(&self, promotion: &Promotion) -> bool {
        self.skipped.iter().any(|(index, reason)| match reason {
            SkipReason::ExcludedBy(other) => *other == promotion.id,
            SkipReason::NotStackable => true,
            SkipReason::NothingToDiscount => {
                matches!(self.list[*index].benefit, Benefit::FreeShipping { .. })
            }
            _ => false,
        })
    }

    /// Off shipping, by promotion.
    pub(super) fn of_shipping(&self) -> Vec<DiscountAmount> {
        self.shipping.clone()
    }

    /// In all, by promotion.
    pub(super) fn totals(&self) -> Vec<DiscountAmount> {
        self.applied.iter().map(|applied| discount(&self.list[applied.at], applied.amount)).collect()
    }

    /// What became of each code.
    pub(super) fn codes(&self) -> Vec<CodeOutcome> {
        self.typed.iter().map(|code| self.outcome(code)).collect()
    }

    fn outcome(&self, code: &str) -> CodeOutcome {
        let is = |index: usize| self.list[index].code.as_deref().is_some_and(|own| is_same_code(own, code));
        let applied = self.applied.iter().any(|applied| is(applied.at));
        let furthest = self.skipped.iter().filter(|(index, _)| is(*index)).map(|(_, reason)| reason).max();
        CodeOutcome {
            code: code.to_owned(),
            status: if applied { CodeStatus::Applied } else { CodeStatus::Skipped },
            reason: (!applied).then(|| furthest.cloned().unwrap_or(SkipReason::Unknown)),
        }
    }

    /// What placing the order must reserve.
    pub(super) fn reservations(&self) -> Vec<Reservation> {
        let applied = self.applied.iter().map(|applied| &self.list[applied.at]);
        applied
            .filter(|promotion| !self.is_held(promotion))
            .map(|promotion| Reservation {
                promotion: promotion.id.clone(),
                total: promotion.limits.total,
                // Of two first orders at once, one is.
                per_customer: match promotion.first_order {
                    true => Some(promotion.limits.per_customer.map_or(1, |most| most.min(1))),
                    false => promotion.limits.per_customer,
                },
            })
            .collect()
    }
}

fn discount(promotion: &Promotion, amount: Money) -> DiscountAmount {
    DiscountAmount { promotion: promotion.id.clone(), source: promotion.label().to_owned(), amount }
}
