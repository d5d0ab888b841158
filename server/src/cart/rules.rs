//! What a line may be; pure.

use vitrine_pricing::money::{Currency, Money};
use vitrine_shared::Problem;
use vitrine_shared::cart::MAX_QUANTITY;
use vitrine_shared::catalog::{PriceRecord, ProductKind};

use crate::fault::Result;

/// Most a buyer may name, minor units: guards against slips of the finger.
pub const MAX_NAMED_MINOR: i64 = 100_000_000;

/// Pieces a line gets: 1 for anything but parcels, else what was asked if it can be had.
///
/// # Errors
/// 422 beyond [`MAX_QUANTITY`], 409 beyond the stock.
pub fn pieces(kind: ProductKind, want: u32, available: Option<i64>) -> Result<u32> {
    if kind != ProductKind::Physical {
        return Ok(1);
    }
    if want > MAX_QUANTITY {
        return Err(Problem::invalid("quantity", "too_many", format!("At most {MAX_QUANTITY} pieces of one item.")));
    }
    match available {
        Some(left) if left <= 0 => Err(Problem::conflict("sold_out", "This is sold out.")),
        Some(left) if left < i64::from(want) => {
            Err(Problem::conflict("stock_short", format!("Only {left} pieces are left.")))
        }
        _ => Ok(want),
    }
}

/// A named price stands only where the seller lets people name one, not below the least, and where it can be charged.
///
/// # Errors
/// 422 otherwise.
pub fn named_price(price: &PriceRecord, named: Option<i64>) -> Result<()> {
    match (named, price.minimum_minor) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Problem::invalid("price", "fixed_price", "The price of this edition is fixed.")),
        (Some(named), Some(least)) if named < least => {
            Err(Problem::invalid("price", "below_minimum", "The price is below the least the seller asks."))
        }
        (Some(named), _) if named > MAX_NAMED_MINOR => {
            Err(Problem::invalid("price", "too_high", "The price is higher than this shop can take."))
        }
        (Some(named), _) => {
            let payable = |currency: Currency| Money::new(named, currency).is_ok_and(Money::is_in_steps);
            if price.currency.parse().is_ok_and(payable) {
                Ok(())
            } else {
                Err(Problem::invalid("price", "off_step", "The currency is not paid in so small a step."))
            }
        }
    }
}
