//! What was paid and what has gone back of one line or of shipping, in steps: what every charge of the currency is a multiple of.

use super::shapes::*;
use crate::money::{Currency, Money, RoundingMode, mul_ratio};
use crate::quote::{Amounts, Quote, TaxAmount};

/// Steps of a part; taxes in the order of the paid ones.
#[derive(Clone)]
pub(super) struct Sums {
    pub(super) quantity: u32,
    net: i64,
    /// Base (minor units: it is only told) and tax.
    taxes: Vec<(i64, i64)>,
}

impl Sums {
    fn none(taxes: usize) -> Self {
        Self { quantity: 0, net: 0, taxes: vec![(0, 0); taxes] }
    }

    fn tax(&self) -> i64 {
        self.taxes.iter().map(|t| t.1).sum()
    }

    fn gross(&self) -> i64 {
        self.net + self.tax()
    }

    fn add(&mut self, other: &Self) {
        self.quantity += other.quantity;
        self.net += other.net;
        for (mine, others) in self.taxes.iter_mut().zip(&other.taxes) {
            mine.0 += others.0;
            mine.1 += others.1;
        }
    }
}

/// One line or shipping: what was paid, what has gone back.
pub(super) struct Account<'a> {
    amounts: &'a Amounts,
    /// Minor units that everything is counted in: the currency's [`Currency::processor_step`], 1 for a part that was not charged in such steps.
    step: i64,
    paid: Sums,
    back: Sums,
}

pub(super) struct Book<'a> {
    pub(super) lines: Vec<Account<'a>>,
    pub(super) shipping: Option<Account<'a>>,
}

impl<'a> Book<'a> {
    pub(super) fn open(paid: &'a Quote, before: &[RefundQuote]) -> Result<Self, RefundError> {
        // What went back before refunds were in steps need not be: such an order goes on by minor units.
        let stepped = before.iter().flat_map(|earlier| earlier.lines.iter().chain(&earlier.shipping)).all(|part| {
            part.amounts.net.is_in_steps() && part.amounts.taxes.iter().all(|tax| tax.amount.is_in_steps())
        });
        let account = |amounts, quantity, field: &str| Account::open(amounts, quantity, field, stepped);
        let lines = paid.lines.iter().enumerate();
        let lines = lines.map(|(i, line)| account(&line.amounts, line.quantity, &format!("quote.lines[{i}]")));
        let mut book = Self {
            lines: lines.collect::<Result<_, _>>()?,
            shipping: paid.shipping.as_ref().map(|s| account(s, 1, "quote.shipping")).transpose()?,
        };
        for (n, earlier) in before.iter().enumerate() {
            for (i, part) in earlier.lines.iter().enumerate() {
                let field = format!("before[{n}].lines[{i}]");
                let account = part.line.and_then(|line| book.lines.get_mut(line));
                account.ok_or_else(|| RefundError::Unfitting { field: field.clone() })?.gone(part, &field)?;
            }
            if let Some(part) = &earlier.shipping {
                let field = format!("before[{n}].shipping");
                let account = book.shipping.as_mut();
                account.ok_or_else(|| RefundError::Unfitting { field: field.clone() })?.gone(part, &field)?;
            }
        }
        Ok(book)
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Account<'a>> {
        self.lines.iter().chain(&self.shipping)
    }
}

impl<'a> Account<'a> {
    fn open(amounts: &'a Amounts, quantity: u32, field: &str, stepped: bool) -> Result<Self, RefundError> {
        let whole = stepped && amounts.net.is_in_steps() && amounts.taxes.iter().all(|t| t.amount.is_in_steps());
        let step = if whole { amounts.net.currency().processor_step() } else { 1 };
        let taxes: Vec<(i64, i64)> = amounts.taxes.iter().map(|t| (t.base.minor(), t.amount.minor() / step)).collect();
        let paid = Sums { quantity, net: amounts.net.minor() / step, taxes };
        let negative = paid.net < 0 || paid.taxes.iter().any(|t| t.0 < 0 || t.1 < 0);
        if negative || (i128::from(paid.net) + sum(&paid.taxes)) * i128::from(step) != i128::from(amounts.gross.minor())
        {
            return Err(RefundError::Invalid { field: field.into(), detail: "its amounts do not add up" });
        }
        let back = Sums::none(paid.taxes.len());
        Ok(Self { amounts, step, paid, back })
    }

    /// Counts an earlier refund.
    fn gone(&mut self, part: &RefundPart, field: &str) -> Result<(), RefundError> {
        let unfitting = || RefundError::Unfitting { field: field.to_owned() };
        let mut sums = Sums::none(self.paid.taxes.len());
        sums.quantity = part.quantity;
        let steps = |amount: Money| match amount.minor() % self.step {
            0 => Ok(amount.minor() / self.step),
            _ => Err(unfitting()),
        };
        sums.net = steps(part.amounts.net)?;
        for tax in &part.amounts.taxes {
            let at = self.amounts.taxes.iter().position(|t| t.rule == tax.rule).ok_or_else(unfitting)?;
            sums.taxes[at] = (tax.base.minor(), steps(tax.amount)?);
        }
        let left = self.left();
        let fits = |part: i64, left: i64| (0..=left).contains(&part);
        let taxes = sums.taxes.iter().zip(&left.taxes).all(|(t, l)| fits(t.0, l.0) && fits(t.1, l.1));
        if part.amounts.gross.currency() != self.amounts.gross.currency()
            || sums.quantity > left.quantity
            || !fits(sums.net, left.net)
            || !taxes
        {
            return Err(unfitting());
        }
        self.back.add(&sums);
        Ok(())
    }

    pub(super) fn left(&self) -> Sums {
        let taxes = self.paid.taxes.iter().zip(&self.back.taxes).map(|(p, b)| (p.0 - b.0, p.1 - b.1)).collect();
        let quantity = self.paid.quantity - self.back.quantity;
        Sums { quantity, net: self.paid.net - self.back.net, taxes }
    }

    pub(super) fn is_done(&self) -> bool {
        self.back.quantity == self.paid.quantity || (self.paid.gross() > 0 && self.back.gross() == self.paid.gross())
    }

    /// What has gone back so far.
    pub(super) fn gone_back(&self) -> Result<Money, RefundError> {
        self.money(self.back.gross())
    }

    /// So many steps as an amount.
    fn money(&self, steps: i64) -> Result<Money, RefundError> {
        // Of 2^53 minor units at most, and steps of 100: no i64 is too small.
        money(steps.saturating_mul(self.step), self.amounts.gross.currency())
    }

    pub(super) fn amounts(&self, sums: &Sums) -> Result<RefundAmounts, RefundError> {
        let money = |steps: i64| self.money(steps);
        let taxes = self.amounts.taxes.iter().zip(&sums.taxes);
        let base = |minor: i64| self::money(minor, self.amounts.gross.currency());
        let taxes = taxes.map(|(t, s)| Ok(TaxAmount { base: base(s.0)?, amount: money(s.1)?, ..t.clone() }));
        Ok(RefundAmounts {
            net: money(sums.net)?,
            taxes: taxes.collect::<Result<_, _>>()?,
            tax: money(sums.tax())?,
            gross: money(sums.gross())?,
        })
    }

    /// Takes what is wished and counts it.
    pub(super) fn give(
        &mut self,
        line: Option<usize>,
        take: Take,
        field: &str,
        explain: &mut Vec<RefundStep>,
    ) -> Result<RefundPart, RefundError> {
        let left = self.left();
        if self.is_done() {
            return Err(RefundError::AlreadyRefunded { field: field.into() });
        }
        let (rule, now) = match take {
            Take::All => ("all_left", left),
            Take::Tax if left.tax() == 0 => return Err(RefundError::NoTax { field: field.into() }),
            Take::Tax => ("tax_only", Sums { quantity: 0, net: 0, ..left }),
            Take::Quantity { quantity: 0 } => {
                return Err(RefundError::Invalid { field: format!("{field}.quantity"), detail: "1 or more" });
            }
            Take::Quantity { quantity } if quantity > left.quantity => {
                return Err(RefundError::TooMany { field: format!("{field}.quantity"), left: left.quantity });
            }
            Take::Quantity { quantity } => {
                // Rounded down, so that something is left for the last piece, which takes all.
                let share = i128::from(left.gross()) * i128::from(quantity) / i128::from(left.quantity);
                let share = i64::try_from(share).unwrap_or(i64::MAX).min(left.gross());
                let whole = quantity == left.quantity;
                ("quantity", Sums { quantity, ..if whole { left } else { self.prorated(share, field)? } })
            }
            Take::Amount { gross } => {
                let field = format!("{field}.gross");
                let most = self.money(left.gross())?;
                match gross.compare(most) {
                    Err(source) => return Err(RefundError::Money { field, source }),
                    Ok(std::cmp::Ordering::Greater) => return Err(RefundError::TooMuch { field, left: most }),
                    Ok(_) if gross.minor() <= 0 => {
                        return Err(RefundError::Invalid { field, detail: "above zero" });
                    }
                    Ok(std::cmp::Ordering::Equal) => ("amount", Sums { quantity: 0, ..left }),
                    Ok(std::cmp::Ordering::Less) if gross.minor() % self.step != 0 => {
                        return Err(RefundError::NotChargeable { field, step: self.money(1)? });
                    }
                    Ok(std::cmp::Ordering::Less) => ("amount", self.prorated(gross.minor() / self.step, &field)?),
                }
            }
        };
        self.told(line, rule, &now, explain)?;
        self.back.add(&now);
        let amounts = self.amounts(&now)?;
        Ok(RefundPart {
            line,
            quantity: now.quantity,
            complete: self.is_done(),
            amounts,
            left: self.amounts(&self.left())?,
        })
    }

    /// Net and taxes of a gross amount (steps) that is not all that is left. All tax is rounded first and then shared rule by rule, each against the rest:
    /// cumulative shares found like this never fall while the amount grows, with any number of rules (largest remainders can fall).
    fn prorated(&self, gross: i64, field: &str) -> Result<Sums, RefundError> {
        let ratio = |value: i64, num: i64, den: i64| match den {
            0 => Ok(0),
            _ => mul_ratio(value, num, den, RoundingMode::HalfUp)
                .map_err(|source| RefundError::Money { field: field.to_owned(), source }),
        };
        let (paid, back, left) = (&self.paid, &self.back, self.left());
        let mut now = Sums::none(paid.taxes.len());
        let mut rest_whole = paid.tax();
        let mut rest = ratio(rest_whole, back.gross() + gross, paid.gross())?;
        for (i, (_, tax)) in paid.taxes.iter().enumerate() {
            let up_to_now = ratio(*tax, rest, rest_whole)?;
            rest -= up_to_now;
            rest_whole -= tax;
            // Below zero only after the tax went back alone.
            now.taxes[i].1 = (up_to_now - back.taxes[i].1).clamp(0, left.taxes[i].1);
        }
        now.net = gross - now.tax();
        // Nothing to do after refunds of this engine; whatever was refunded by others, the bounds hold.
        for i in 0..now.taxes.len() {
            let give = (now.net - left.net).clamp(0, left.taxes[i].1 - now.taxes[i].1);
            let take = (-now.net).clamp(0, now.taxes[i].1);
            now.taxes[i].1 += give - take;
            now.net += take - give;
        }
        for (i, (base, _)) in paid.taxes.iter().enumerate() {
            // A tax service may name a base that is finer than the steps.
            let unit = if base % self.step == 0 { self.step } else { 1 };
            let up_to_now = ratio(base / unit, back.net + now.net, paid.net)? * unit;
            now.taxes[i].0 = (up_to_now - back.taxes[i].0).clamp(0, left.taxes[i].0);
        }
        Ok(now)
    }

    fn told(
        &self,
        line: Option<usize>,
        rule: &str,
        now: &Sums,
        explain: &mut Vec<RefundStep>,
    ) -> Result<(), RefundError> {
        let mut step = |kind, rule: &str, paid: i64, before: i64, amount: i64| -> Result<(), RefundError> {
            let money = |steps: i64| self.money(steps);
            explain.push(RefundStep {
                kind,
                line,
                rule: rule.to_owned(),
                paid: money(paid)?,
                before: money(before)?,
                amount: money(amount)?,
                left: money(paid - before - amount)?,
            });
            Ok(())
        };
        step(RefundStepKind::Gross, rule, self.paid.gross(), self.back.gross(), now.gross())?;
        for (i, tax) in self.amounts.taxes.iter().enumerate() {
            step(RefundStepKind::Tax, &tax.rule, self.paid.taxes[i].1, self.back.taxes[i].1, now.taxes[i].1)?;
        }
        step(RefundStepKind::Net, "rest", self.paid.net, self.back.net, now.net)
    }
}

fn sum(taxes: &[(i64, i64)]) -> i128 {
    taxes.iter().map(|t| i128::from(t.1)).sum()
}

fn money(minor: i64, currency: Currency) -> Result<Money, RefundError> {
    Money::new(minor, currency).map_err(|source| RefundError::Money { field: "quote".into(), source })
}
