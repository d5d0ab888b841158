//! What a card can be charged with.

use vitrine_pricing::format::{Locale, format_money};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::processor::ProcessorError;
use vitrine_shared::Problem;

use crate::fault::{self, Result};

/// Money that no card can be charged with is refused before anything is held: below the processor's least, or no multiple of its step.
pub(super) fn chargeable(due_minor: i64, currency: Currency, locale: Locale) -> Result<()> {
    let total = Money::new(due_minor, currency).map_err(|e| fault::internal("a total", &e))?;
    if total.is_zero() {
        return Ok(());
    }
    let least = |least: Money| format_money(least, locale);
    match total.to_charge() {
        Ok(_) => Ok(()),
        Err(ProcessorError::BelowMinimum { minimum, .. }) => {
            let title = format!("The smallest payment is {}. Put something more into the cart.", least(minimum));
            Err(Problem::conflict("below_charge_minimum", title).detail(least(minimum)))
        }
        Err(ProcessorError::Step { step, .. }) => {
            let title = format!("Payments are multiples of {}. Ask the shop to change its price.", least(step));
            Err(Problem::conflict("not_chargeable", title).detail(least(step)))
        }
        Err(error) => {
            tracing::error!(%error, "a total that no processor takes");
            Err(Problem::conflict("not_chargeable", "This currency cannot be paid with. Ask the shop."))
        }
    }
}
