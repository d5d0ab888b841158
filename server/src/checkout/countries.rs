//! Which countries the checkout offers: all where at least one seller of the cart could sell something of it.

use vitrine_places::named_countries;
use vitrine_pricing::date::Date;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_pricing::quote::NoRulePolicy;
use vitrine_pricing::shown_in;
use vitrine_pricing::tax::{Supply, TaxStatus};
use vitrine_shared::cart::CartLine;
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::views::card::price_for;

use crate::cart::view::taxed_by_region;
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
    let Some((product, variant)) = offer.bundle.variant(&line.variant) else { return Ok(false) };
    let market = Market::of_country(country);
    let physical = product.kind == ProductKind::Physical;
    let weight_g = u64::from(variant.weight_g.unwrap_or(0));
    let is_sent = |currency: Currency| pricing::is_sent(store, currency, country, weight_g, line.quantity);
    let wish = ctx.currency.unwrap_or_else(|| shown_in::of_country(country));
    let is_priced = |c: &Currency| price_for(&offer.bundle.prices, &line.variant, market, *c, ctx.now_ms, 1).is_some();
    let mut priced = market.pays_in(wish).into_iter().filter(is_priced);
    if !priced.try_fold(false, |sold, currency| Ok(sold || !physical || is_sent(currency)?))? {
        return Ok(false);
    }
    if store.no_rule != NoRulePolicy::Block || taxed_by_region(country) {
        return Ok(true);
    }
    let supply = Supply {
        seller: &tenant.legal.country,
        seller_region: tenant.legal.region.as_deref(),
        registrations: &tenant.legal.registrations,
        country,
        region: None,
        postcode: None,
        valid_business: false,
        tax_id: None,
        ships_from: physical.then_some(store.ships_from.as_str()),
        value: None,
        class: &product.tax_class,
        date: Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?,
    };
    Ok(pricing::rules().treat(&supply).status != TaxStatus::NoRule)
}
