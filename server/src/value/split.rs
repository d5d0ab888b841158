//! How an amount is taken from several accounts, and how it goes back to them; pure.
//!
//! Taking: an account of one seller pays for that seller's part alone, so those come first; then the platform's, in the order they
//! were given. Each pays as much as it can.
//!
//! Giving back: in the reverse order of use. What was paid at the provider came last and goes back first, as far as it goes: money
//! returns to the card it came from before it becomes a balance. Then the accounts, the last one first. None gets more than it gave.
//!
//! Which refund gets which part hangs only on what was given back before it, so parts do not depend on how a refund is cut.

use vitrine_shared::id::TenantId;

/// An account as far as taking from it matters. Minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Whose goods it pays for; `None`: all.
    pub issuer: Option<TenantId>,
    /// What can be taken, not below 0.
    pub available: i64,
}

/// What each purse pays of each part, `[purse][part]`, minor units. `parts` are what each seller gets, none below 0.
pub fn plan(parts: &[(TenantId, i64)], purses: &[Purse]) -> Vec<Vec<i64>> {
    let mut open: Vec<i64> = parts.iter().map(|(_, owed)| (*owed).max(0)).collect();
    let mut taken = vec![vec![0; parts.len()]; purses.len()];
    let mut order: Vec<usize> = (0..purses.len()).collect();
    order.sort_by_key(|n| purses[*n].issuer.is_none());
    for number in order {
        let purse = &purses[number];
        let mut left = purse.available.max(0);
        for (at, (tenant, _)) in parts.iter().enumerate() {
            if purse.issuer.as_ref().is_none_or(|issuer| issuer == tenant) {
                let takes = left.min(open[at]);
                open[at] -= takes;
                left -= takes;
                taken[number][at] = takes;
            }
        }
    }
    taken
}

/// Takes less, so that as much more is left to pay: from the last purse first. For a rest that no card can be charged with. Answers
/// what could not be left, 0 if all could.
pub fn leave(taken: &mut [Vec<i64>], more: i64) -> i64 {
    let mut missing = more.max(0);
    for share in taken.iter_mut().rev().flat_map(|shares| shares.iter_mut().rev()) {
        let less = missing.min(*share);
        *share -= less;
        missing -= less;
    }
    missing
}

/// More was to be given back than was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} are to be given back of {paid} that were paid")]
pub struct TooMuch {
    /// In all, with what was given back before; minor units.
    pub wanted: i64,
    /// Minor units.
    pub paid: i64,
}

/// A refund's parts, minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// To whoever was paid at the provider.
    pub provider: i64,
    /// To each account, in the order of `given`.
    pub accounts: Vec<i64>,
}

/// Parts of a refund of `amount`, after `before` was given back. `given`: what each account paid, in the order of use; `provider`:
/// what was paid there after them.
///
/// # Errors
/// [`TooMuch`] for more than was paid, or for amounts below 0.
pub fn back(given: &[i64], provider: i64, before: i64, amount: i64) -> Result<Back, TooMuch> {
    let paid = given.iter().try_fold(provider, |sum, part| sum.checked_add(*part)).unwrap_or(i64::MAX);
    let wanted = before.checked_add(amount).unwrap_or(i64::MAX);
    if before < 0 || amount < 0 || wanted > paid {
        return Err(TooMuch { wanted, paid });
    }
    let until = |total: i64| {
        let mut left = total;
        let mut take = |most: i64| {
            let takes = left.min(most);
            left -= takes;
            takes
        };
        let provider = take(provider);
        let mut accounts: Vec<i64> = given.iter().rev().map(|most| take(*most)).collect();
        accounts.reverse();
        Back { provider, accounts }
    };
    let (first, last) = (until(before), until(wanted));
    Ok(Back {
        provider: last.provider - first.provider,
        accounts: last.accounts.iter().zip(&first.accounts).map(|(last, first)| last - first).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tenant(number: u128) -> TenantId {
        TenantId::from_bits(number)
    }

    #[test]
    fn a_sellers_own_card_pays_for_its_goods_and_the_platforms_for_the_rest() {
        let parts = [(tenant(1), 1000), (tenant(2), 500)];
        let card = |issuer, available| Purse { issuer, available };
        let purses = [card(None, 1200), card(Some(tenant(2)), 400), card(Some(tenant(3)), 900)];
        assert_eq!(plan(&parts, &purses), [vec![1000, 100], vec![0, 400], vec![0, 0]]);
    }

    #[test]
    fn money_goes_back_to_the_card_it_came_from_first_and_then_to_the_accounts_in_reverse() {
        // 25.00 of one card, 10.00 of another, 55.00 at the provider.
        assert_eq!(back(&[2500, 1000], 5500, 0, 6000).unwrap(), Back { provider: 5500, accounts: vec![0, 500] });
        assert_eq!(back(&[2500, 1000], 5500, 6000, 3000).unwrap(), Back { provider: 0, accounts: vec![2500, 500] });
        assert_eq!(back(&[2500], 6500, 9000, 1), Err(TooMuch { wanted: 9001, paid: 9000 }));
        assert_eq!(back(&[], 10, 0, i64::MAX).unwrap_err().paid, 10);
    }

    proptest! {
        #[test]
        fn taking_is_never_more_than_there_is_or_than_is_owed(
            owed in prop::collection::vec(0..10_000i64, 1..5),
            purses in prop::collection::vec((prop::option::of(0..5u128), 0..10_000i64), 0..6),
        ) {
            let parts: Vec<_> = owed.iter().enumerate().map(|(n, owed)| (tenant(n as u128), *owed)).collect();
            let purses: Vec<_> =
                purses.into_iter().map(|(of, available)| Purse { issuer: of.map(tenant), available }).collect();
            let taken = plan(&parts, &purses);
            for (purse, takes) in purses.iter().zip(&taken) {
                prop_assert!(takes.iter().all(|t| *t >= 0) && takes.iter().sum::<i64>() <= purse.available);
                let foreign = parts.iter().zip(takes).filter(|((t, _), _)| purse.issuer.as_ref().is_some_and(|i| i != t));
                prop_assert_eq!(foreign.map(|(_, t)| *t).sum::<i64>(), 0);
            }
            for (at, (_, owed)) in parts.iter().enumerate() {
                prop_assert!(taken.iter().map(|t| t[at]).sum::<i64>() <= *owed);
            }
            // A purse of the platform with something left leaves nothing owed.
            let left = |n: usize| purses[n].available - taken[n].iter().sum::<i64>();
            if (0..purses.len()).any(|n| purses[n].issuer.is_none() && left(n) > 0) {
                prop_assert_eq!(taken.iter().flatten().sum::<i64>(), owed.iter().sum::<i64>());
            }
        }

        #[test]
        fn leaving_more_takes_exactly_that_less(
            taken in prop::collection::vec(prop::collection::vec(0..1000i64, 2), 0..4), more in 0..5000i64,
        ) {
            let mut less = taken.clone();
            let missing = leave(&mut less, more);
            let sum = |all: &[Vec<i64>]| all.iter().flatten().sum::<i64>();
            prop_assert_eq!(sum(&taken) - sum(&less), more - missing);
            prop_assert!(less.iter().flatten().zip(taken.iter().flatten()).all(|(less, was)| (0..=*was).contains(less)));
            prop_assert!(missing == 0 || sum(&less) == 0);
        }

        #[test]
        fn refunds_come_to_what_was_paid_however_they_are_cut(
            given in prop::collection::vec(0..10_000i64, 0..5),
            provider in 0..10_000i64,
            cuts in prop::collection::vec(0..10_000i64, 0..6),
        ) {
            let paid = provider + given.iter().sum::<i64>();
            let (mut before, mut to_provider, mut to_accounts) = (0, 0, vec![0; given.len()]);
            let last = paid - cuts.iter().fold(0, |sum, cut| (sum + cut).min(paid));
            for cut in cuts.into_iter().chain([last]) {
                let cut = cut.min(paid - before);
                let parts = back(&given, provider, before, cut).unwrap();
                prop_assert_eq!(parts.provider + parts.accounts.iter().sum::<i64>(), cut);
                prop_assert!(parts.provider >= 0 && parts.accounts.iter().all(|p| *p >= 0));
                to_provider += parts.provider;
                to_accounts.iter_mut().zip(&parts.accounts).for_each(|(sum, part)| *sum += part);
                before += cut;
                prop_assert!(to_provider <= provider && to_accounts.iter().zip(&given).all(|(a, b)| a <= b));
            }
            prop_assert_eq!((before, to_provider, to_accounts), (paid, provider, given));
        }
    }
}
