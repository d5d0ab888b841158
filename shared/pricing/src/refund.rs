//! What goes back of a kept quote: by line (pieces, an amount, all that is left), of shipping, or the tax alone.
//!
//! Invariants: whatever is taken in whatever order, per line and per tax rule nothing is negative, nothing is beyond what was paid, and once all is
//! taken the parts sum to exactly what was paid. Tax follows the gross amount cumulatively: what has gone back up to and including this refund
//! is rounded, the difference to what went back before is this refund's. So twenty small refunds carry the tax of one large one.
//! A quantity is its share of what is left of the line: a reduction given before lowers what a piece brings back.
//! Not here: who may refund, money at the provider, credit notes.

mod account;
mod shapes;

use account::{Account, Book};
pub use shapes::*;

use crate::money::{Currency, Money, MoneyError};
use crate::quote::Quote;

/// What goes back for a wish, after what went back `before` (each the answer to an earlier wish on the same quote, in any order).
///
/// # Errors
/// [`RefundError`], naming the field.
pub fn refund(paid: &Quote, before: &[RefundQuote], wish: &RefundWish) -> Result<RefundQuote, RefundError> {
    let mut book = Book::open(paid, before)?;
    if wish.lines.is_empty() && wish.shipping.is_none() {
        return Err(RefundError::Nothing);
    }
    let gone = book.parts().map(Account::gone_back).collect::<Result<Vec<_>, _>>()?;
    let mut explain = Vec::new();
    let mut lines: Vec<RefundPart> = Vec::with_capacity(wish.lines.len());
    for (i, wanted) in wish.lines.iter().enumerate() {
        let field = format!("lines[{i}]");
        if lines.iter().any(|part| part.line == Some(wanted.line)) {
            return Err(RefundError::Invalid { field: format!("{field}.line"), detail: "each line once" });
        }
        let account = book.lines.get_mut(wanted.line);
        let account = account.ok_or_else(|| RefundError::NoSuchLine { field: format!("{field}.line") })?;
        lines.push(account.give(Some(wanted.line), wanted.take, &format!("{field}.take"), &mut explain)?);
    }
    let shipping = match (wish.shipping, &mut book.shipping) {
        (None, _) => None,
        (Some(_), None) => return Err(RefundError::NoShipping),
        (Some(Take::Quantity { .. }), _) => {
            return Err(RefundError::Invalid { field: "shipping.take".into(), detail: "shipping has no pieces" });
        }
        (Some(take), Some(account)) => Some(account.give(None, take, "shipping.take", &mut explain)?),
    };
    let totals = added(paid.currency, lines.iter().chain(&shipping).map(|part| part.amounts.clone()))?;
    let left = added(paid.currency, book.parts().map(|a| a.amounts(&a.left())).collect::<Result<Vec<_>, _>>()?)?;
    let before = Money::sum(paid.currency, gone).map_err(too_large)?;
    explain.push(RefundStep {
        kind: RefundStepKind::Total,
        line: None,
        rule: "sum".into(),
        paid: paid.totals.gross,
        before,
        amount: totals.gross,
        left: left.gross,
    });
    Ok(RefundQuote { currency: paid.currency, lines, shipping, totals, left, explain })
}

/// What can still go back after what went back `before`.
///
/// # Errors
/// [`RefundError::Unfitting`] if `before` is not of this quote; [`RefundError::Invalid`] if the quote is none.
pub fn refundable(paid: &Quote, before: &[RefundQuote]) -> Result<RefundableQuote, RefundError> {
    let book = Book::open(paid, before)?;
    let one = |a: &Account<'_>| -> Result<Refundable, RefundError> {
        let left = a.left();
        Ok(Refundable { quantity: left.quantity, amounts: a.amounts(&left)?, done: a.is_done() })
    };
    let lines = book.lines.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let shipping = book.shipping.as_ref().map(one).transpose()?;
    let totals = added(paid.currency, lines.iter().chain(&shipping).map(|r| r.amounts.clone()))?;
    Ok(RefundableQuote { lines, shipping, totals })
}

fn too_large(source: MoneyError) -> RefundError {
    RefundError::Money { field: "quote.totals".into(), source }
}

/// Amounts added up; taxes by rule, in the order met.
fn added(currency: Currency, all: impl IntoIterator<Item = RefundAmounts>) -> Result<RefundAmounts, RefundError> {
    let zero = Money::zero(currency);
    let mut total = RefundAmounts { net: zero, taxes: Vec::new(), tax: zero, gross: zero };
    let add = |a: Money, b: Money| a.checked_add(b).map_err(too_large);
    for amounts in all {
        total.net = add(total.net, amounts.net)?;
        total.tax = add(total.tax, amounts.tax)?;
        total.gross = add(total.gross, amounts.gross)?;
        for tax in amounts.taxes {
            match total.taxes.iter_mut().find(|t| t.rule == tax.rule) {
                Some(known) => {
                    known.base = add(known.base, tax.base)?;
                    known.amount = add(known.amount, tax.amount)?;
                }
                None => total.taxes.push(tax),
            }
        }
    }
    Ok(total)
}
