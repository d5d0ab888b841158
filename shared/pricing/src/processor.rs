//! What the card processor accepts: its own count of decimals, steps and smallest charges, by currency.
//!
//! Invariants: an amount goes to the processor and comes back through [`Money::to_processor`] and [`Money::from_processor`] only, because it does
//! not count in minor units of ISO 4217 everywhere (5 ISK is `500`); what cannot be said exactly is an error, never rounded.
//! The processor is Stripe; the source of the tables is named in `currency_data.rs`. Not here: calls to it, its largest amounts, its fees.

use crate::currency_data::{
    CURRENCIES, MINIMUM, NOT_TAKEN, PROCESSOR_EXPONENT, SOME_ACCOUNTS, UNCONFIRMED, WHOLE_PAYOUTS,
};
use crate::money::{Currency, Money, MoneyError, RoundingMode, lookup};

/// Whether the processor takes a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// On every account.
    Taken,
    /// On accounts in the United Arab Emirates only (BHD, JOD, KWD, OMR, TND).
    SomeAccounts,
    /// Its documents do not settle it; refused here until somebody asks.
    Unconfirmed,
    /// Not at all: a price in it cannot be paid by card.
    NotTaken,
}

/// Why an amount cannot go to the processor, or one of its amounts cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessorError {
    /// [`Acceptance::NotTaken`] or [`Acceptance::Unconfirmed`].
    #[error("the processor does not take {0}")]
    Currency(Currency),
    /// Not a multiple of the step: of charges, or of what can be sent at all.
    #[error("{amount} {currency} cannot be charged, only multiples of {step}", amount = .amount.to_decimal(), currency = .amount.currency(), step = .step.to_decimal())]
    Step {
        /// As asked.
        amount: Money,
        /// What it had to be a multiple of.
        step: Money,
    },
    /// Zero, negative, or below the smallest charge.
    #[error("{amount} {currency} is less than the smallest charge, {minimum}", amount = .amount.to_decimal(), currency = .amount.currency(), minimum = .minimum.to_decimal())]
    BelowMinimum {
        /// As asked.
        amount: Money,
        /// [`Currency::minimum_charge`].
        minimum: Money,
    },
    /// The processor named an amount with a fraction that the currency does not have, such as 505 for ISK.
    #[error("the processor's amount {amount} is not a whole number of minor units of {currency}")]
    NotWhole {
        /// In the processor's units.
        amount: i64,
        /// Of the amount.
        currency: Currency,
    },
    /// Beyond [`crate::money::MAX_MINOR`].
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Of every currency, by its place in [`CURRENCIES`]: every amount of a quote asks.
const STEPS: [u8; CURRENCIES.len()] = {
    let mut steps = [1; CURRENCIES.len()];
    let mut i = 0;
    while i < CURRENCIES.len() {
        let (code, exponent) = CURRENCIES[i];
        let mut sent = exponent;
        let mut k = 0;
        while k < PROCESSOR_EXPONENT.len() {
            if is(PROCESSOR_EXPONENT[k].0, code) {
                sent = PROCESSOR_EXPONENT[k].1;
            }
            k += 1;
        }
        if exponent == 3 {
            steps[i] = 10;
        } else if exponent > sent {
            steps[i] = 10u8.pow((exponent - sent) as u32);
        }
        let mut k = 0;
        while k < WHOLE_PAYOUTS.len() {
            if is(WHOLE_PAYOUTS[k], code) {
                steps[i] = 100;
            }
            k += 1;
        }
        i += 1;
    }
    steps
};

const fn is(text: &str, code: [u8; 3]) -> bool {
    let text = text.as_bytes();
    text[0] == code[0] && text[1] == code[1] && text[2] == code[2]
}

impl Currency {
    /// Whether the processor takes it.
    pub fn acceptance(self) -> Acceptance {
        let among = |list: &[&str]| list.binary_search(&self.code()).is_ok();
        if among(NOT_TAKEN) {
            Acceptance::NotTaken
        } else if among(UNCONFIRMED) {
            Acceptance::Unconfirmed
        } else if among(SOME_ACCOUNTS) {
            Acceptance::SomeAccounts
        } else {
            Acceptance::Taken
        }
    }

    /// Decimals in which the processor counts: those of ISO 4217 but for ISK, UGX (2 instead of 0) and MGA (0 instead of 2).
    pub fn processor_exponent(self) -> u8 {
        lookup(PROCESSOR_EXPONENT, self).unwrap_or(self.exponent())
    }

    /// What every charge is a multiple of, minor units: 10 with three decimals (the last digit must be 0; so the page said in 2022, and has not said
    /// otherwise since), 100 for MGA, which has no decimals there, and for HUF and TWD, which are paid out whole, else 1. ISK and UGX have no minor
    /// units of ISO 4217, so that the `00` they are sent with is no step here.
    pub fn processor_step(self) -> i64 {
        i64::from(STEPS[self.index()])
    }

    /// What every amount that is sent is a multiple of, whichever it is: finer than the step of charges where only payouts are whole.
    fn sent_step(self) -> i64 {
        if self.exponent() == 3 {
            return 10;
        }
        10i64.pow(u32::from(self.exponent().saturating_sub(self.processor_exponent())))
    }

    /// Smallest charge. Where the processor names none, the smallest amount that can be charged at all. It measures after conversion into the
    /// currency that it pays the seller in, so it may still refuse what is near the bound.
    pub fn minimum_charge(self) -> Money {
        // Every minimum is a small constant, and so is every step: a test makes them all.
        Money::new(lookup(MINIMUM, self).unwrap_or(self.processor_step()), self).unwrap_or(Money::zero(self))
    }
}

impl Money {
    /// In the processor's units, exactly: for refunds and for taxes that are told, in the sign that it has. What goes back of a charge from before
    /// charges in HUF and TWD were whole need not be whole. Errors: `Currency`, `Step`.
    pub fn to_processor(self) -> Result<i64, ProcessorError> {
        let currency = self.currency();
        if matches!(currency.acceptance(), Acceptance::NotTaken | Acceptance::Unconfirmed) {
            return Err(ProcessorError::Currency(currency));
        }
        self.in_steps_of(currency.sent_step())?;
        let (ours, theirs) = (u32::from(currency.exponent()), u32::from(currency.processor_exponent()));
        // Within an i64: minor units end at 2^53, and the scales differ by a hundred at most.
        Ok(self.minor() * 10i64.pow(theirs.saturating_sub(ours)) / 10i64.pow(ours.saturating_sub(theirs)))
    }

    fn in_steps_of(self, step: i64) -> Result<(), ProcessorError> {
        if self.minor() % step == 0 {
            return Ok(());
        }
        Err(ProcessorError::Step { amount: self, step: Money::new(step, self.currency())? })
    }

    /// What a charge of this amount sends. Errors: `BelowMinimum`, `Currency`, `Step`. Nothing to pay is no charge: an order of zero never comes here.
    pub fn to_charge(self) -> Result<i64, ProcessorError> {
        let sent = self.to_processor()?;
        self.in_steps_of(self.currency().processor_step())?;
        let minimum = self.currency().minimum_charge();
        if self.minor() < minimum.minor() {
            return Err(ProcessorError::BelowMinimum { amount: self, minimum });
        }
        Ok(sent)
    }

    /// Reads an amount in the processor's units (of a webhook, a refund). The step is not asked: what happened, happened. Errors: `Currency`,
    /// `NotWhole`, `Money`.
    pub fn from_processor(amount: i64, currency: Currency) -> Result<Self, ProcessorError> {
        if matches!(currency.acceptance(), Acceptance::NotTaken | Acceptance::Unconfirmed) {
            return Err(ProcessorError::Currency(currency));
        }
        let (ours, theirs) = (u32::from(currency.exponent()), u32::from(currency.processor_exponent()));
        let shrink = 10i64.pow(theirs.saturating_sub(ours));
        if amount % shrink != 0 {
            return Err(ProcessorError::NotWhole { amount, currency });
        }
        let minor = (amount / shrink).checked_mul(10i64.pow(ours.saturating_sub(theirs)));
        Ok(Self::new(minor.ok_or(MoneyError::Overflow)?, currency)?)
    }

    /// The nearest amount that the processor can charge: what a quote shows before the buyer confirms, so that the amount shown is the amount
    /// charged. Errors: `Overflow`.
    pub fn to_chargeable(self, mode: RoundingMode) -> Result<Self, MoneyError> {
        self.round_to_step(self.currency().processor_step(), mode)
    }
}
