//! What a cart holds and what may be put in.

use serde::{Deserialize, Serialize};
use vitrine_pricing::money::Currency;

use crate::id::VariantId;

/// Most different lines.
pub const MAX_LINES: usize = 100;
/// Most pieces of one physical line.
pub const MAX_QUANTITY: u32 = 99;

/// One line as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// What.
    pub variant: VariantId,
    /// Pieces, 1 to [`MAX_QUANTITY`]; 1 for digital.
    pub quantity: u32,
    /// The price the buyer named, minor units of `named_in`; name-your-price only.
    #[serde(default)]
    pub named_minor: Option<i64>,
    /// The currency of `named_minor`; that of the buyer's market if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_in: Option<Currency>,
    /// UTC milliseconds.
    pub added_ms: i64,
    /// Kept for another day: shown below the cart, not bought, holds no stock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub later: bool,
}

/// Puts the lines of a guest's cart into a person's: quantities of physical goods add up, a digital line stays one,
/// the later named price wins, what either means to buy now is bought now, the order of adding is kept, and no line is lost
/// below [`MAX_LINES`].
pub fn merge(into: &[CartLine], from: &[CartLine], is_digital: impl Fn(&VariantId) -> bool) -> Vec<CartLine> {
    let mut out: Vec<CartLine> = into.to_vec();
    for line in from {
        if let Some(have) = out.iter_mut().find(|l| l.variant == line.variant) {
            have.quantity =
                if is_digital(&line.variant) { 1 } else { (have.quantity + line.quantity).min(MAX_QUANTITY) };
            have.later &= line.later;
            if line.added_ms >= have.added_ms && line.named_minor.is_some() {
                (have.named_minor, have.named_in) = (line.named_minor, line.named_in);
            }
        } else if out.len() < MAX_LINES {
            out.push(line.clone());
        }
    }
    out.sort_by(|a, b| (a.added_ms, &a.variant).cmp(&(b.added_ms, &b.variant)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u128, quantity: u32, at: i64) -> CartLine {
        CartLine {
            variant: VariantId::from_bits(n),
            quantity,
            named_minor: None,
            named_in: None,
            added_ms: at,
            later: false,
        }
    }

    #[test]
    fn what_is_meant_to_be_bought_is_not_put_off_by_merging() {
        let kept = CartLine { later: true, ..line(1, 1, 1) };
        let merged = |into: &CartLine, from: &CartLine| {
            merge(std::slice::from_ref(into), std::slice::from_ref(from), |_| true)[0].later
        };
        assert!(!merged(&kept, &line(1, 1, 2)) && !merged(&line(1, 1, 2), &kept) && merged(&kept, &kept));
    }

    #[test]
    fn merging_adds_parcels_and_keeps_files_single() {
        let digital = VariantId::from_bits(1);
        let merged =
            merge(&[line(1, 1, 5), line(2, 60, 1)], &[line(1, 1, 9), line(2, 60, 2), line(3, 1, 0)], |v| *v == digital);
        let got: Vec<_> = merged.iter().map(|l| (l.variant.clone(), l.quantity)).collect();
        assert_eq!(
            got,
            vec![(VariantId::from_bits(3), 1), (VariantId::from_bits(2), 99), (VariantId::from_bits(1), 1)]
        );
    }
}
