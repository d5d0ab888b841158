//! In which one currency a cart is paid (docs/prices.md).

use vitrine_pricing::money::Currency;
use vitrine_shared::cart::CartLine;
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::views::card::{Place, price_for};

use crate::catalog::offers::{Found, Offer};
use crate::ctx::OpCtx;
use crate::pricing;

/// Of the currencies that can be paid in here the first that fits most of what is to be bought; the market's own fits nothing.
pub(super) fn currency_of(offers: &Found, ctx: &OpCtx, place: &Place, lines: &[CartLine], to: &str) -> Currency {
    let bought = lines.iter().filter(|line| !line.later);
    let bought: Vec<(&Offer, &CartLine)> =
        bought.filter_map(|line| Some((&**offers.offer(&line.variant)?, line))).collect();
    let (mut best, mut most) = (place.market.currency, 0);
    for currency in place.pays_in() {
        let fits = bought.iter().filter(|(offer, line)| fits(offer, line, ctx, place, to, currency)).count();
        if fits > most {
            (best, most) = (currency, fits);
        }
        if fits == bought.len() {
            break;
        }
    }
    best
}

/// Whether a line can be paid in a currency: it has a price in it, its parcel a rate, and a price that the buyer named is of it.
pub(super) fn fits(offer: &Offer, line: &CartLine, ctx: &OpCtx, place: &Place, to: &str, currency: Currency) -> bool {
    let price = |c| price_for(&offer.bundle.prices, &line.variant, place.market, c, ctx.now_ms, line.quantity);
    let is_sent = || match offer.bundle.variant(&line.variant) {
        Some((product, variant)) if product.kind == ProductKind::Physical => {
            let weight_g = u64::from(variant.weight_g.unwrap_or(0));
            pricing::is_sent(&offer.store, currency, to, weight_g, line.quantity).unwrap_or(false)
        }
        _ => true,
    };
    price(currency).is_some()
        && is_sent()
        && named_in(line, place).is_none_or(|named| named == currency || price(named).is_none())
}

/// The currency in which the buyer named a line's price.
pub(super) fn named_in(line: &CartLine, place: &Place) -> Option<Currency> {
    line.named_minor.map(|_| line.named_in.unwrap_or(place.market.currency))
}
