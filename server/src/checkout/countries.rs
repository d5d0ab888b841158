//! Which countries the checkout offers: all where at least one seller of the cart could sell something of it.

use vitrine_places::named_countries;
use vitrine_pricing::date::Date;
use vitrine_pricing::market::Market;
use vitrine_pricing::quote::NoRulePolicy;
use vitrine_pricing::tax::{Supply, TaxStatus};
use vitrine_shared::cart::CartLine;
use vitrine_shared::catalog::ProductKind;

use crate::cart::currency::{Paying, Wanted};
use crate::cart::view::{Destination, taxed_by_region};
use crate::catalog::offers::Found;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::pricing;

/// Countries by code and name in the order of the reader's alphabet; `chosen` is always among them.
///
/// # Errors
/// A shop's shipping rows that cannot be read.
pub(super) fn offered(ctx: &OpCtx, offers: &Found, lines: &[CartLine], chosen: &str) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (code, name) in named_countries(&ctx.locale) {
        let mut wanted = lines.iter().filter(|line| !line.later);
        let sold = wanted.try_fold(false, |sold, line| Ok(sold || could_sell(ctx, offers, line, code)?))?;
        if sold || code == chosen {
            out.push((code.to_owned(), name.to_owned()));
        }
    }
    Ok(out)
}

/// There is a price, the tax is known or the seller exports without knowing it, and a parcel can be sent. What else stands in the way
/// (the stock, the region) the cart says.
fn could_sell(ctx: &OpCtx, offers: &Found, line: &CartLine, country: &str) -> Result<bool> {
    let Some(offer) = offers.offer(&line.variant) else { return Ok(false) };
    let (store, tenant) = (&offer.store, &offer.tenant);
    let Some((product, _)) = offer.bundle.variant(&line.variant) else { return Ok(false) };
    let market = Market::of_country(country);
    let physical = product.kind == ProductKind::Physical;
    let to = Destination { country: country.to_owned(), ..Destination::default() };
    let pays_in = market.pays_in(ctx.wish_for(country));
    let paying = Paying { market, pays_in, to: &to, at_ms: ctx.now_ms, platform: offers.platform() };
    let wanted = Wanted::of(offer, line, market);
    if !pays_in.into_iter().any(|currency| paying.fits(&wanted, currency)) {
        return Ok(false);
    }
    if store.no_rule != NoRulePolicy::Block || taxed_by_region(country) {
        return Ok(true);
    }
    let region = pricing::region_of(&tenant.legal);
    let supply = Supply {
        seller: &tenant.legal.country,
        seller_region: region.as_deref(),
        registrations: &tenant.legal.registrations,
        country,
        region: None,
        postcode: None,
        valid_business: false,
        tax_id: None,
        ships_from: physical.then_some(store.ships_from.as_str()),
        value: None,
        class: pricing::class_of(product),
        date: Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?,
    };
    Ok(pricing::rules().treat(&supply).status != TaxStatus::NoRule)
}
