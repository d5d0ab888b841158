//! What a cart's page carries so that a browser prices other numbers of pieces by itself (`vitrine_shared::views::preview`).

use std::collections::BTreeSet;

use vitrine_pricing::date::Date;
use vitrine_pricing::market::Market;
use vitrine_pricing::promotion::Facets;
use vitrine_pricing::shipping::Zone;
use vitrine_pricing::tax::TaxRules;
use vitrine_pricing::territory::resolve;
use vitrine_shared::catalog::ProductKind;
use vitrine_shared::views::card::{Place, changes_at};
use vitrine_shared::views::preview::{Posed, Pricing};

use super::view::{Priced, PricedLine, PricedSeller};
use crate::catalog::offers::Found;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::pricing;

/// It, for a cart that was priced for a page. `None` if no line may have another number of pieces, or if more decides its totals than a page may
/// carry: promotions, of which only what applies is a buyer's to know, prices that buyers name, tax services, the worth up to which the marketplace
/// sells in law, and amounts said in another currency. The server is asked for those.
///
/// # Errors
/// The clock's.
pub fn carried(offers: &Found, ctx: &OpCtx, place: &Place, priced: &Priced) -> Result<Option<Pricing>> {
    let view = &priced.view;
    let changeable = view.sellers.iter().flat_map(|s| &s.lines).any(|l| l.physical && l.max_quantity > 1);
    let whole = view.ready && view.sellers.len() == priced.sellers.len() && view.about.is_none();
    let own_currency = place.rates.is_none() || place.wish == priced.currency;
    if !changeable || !whole || !own_currency || !priced.sellers.iter().all(|s| s.plain) {
        return Ok(None);
    }
    let on = Date::from_unix_ms(ctx.now_ms).map_err(|e| fault::internal("a date", &e))?;
    // Prices are the market's of the page, taxes those of where it goes.
    let there = Market::of_country(&view.place);
    let homes: BTreeSet<&str> = priced.sellers.iter().map(|s| s.posed.request.seller.country.as_str()).collect();
    let slices = homes.into_iter().map(|home| pricing::rules().slice(home, there, on));
    let Some(rules) = slices.reduce(TaxRules::with) else { return Ok(None) };
    let parts: Vec<Posed> = priced.sellers.iter().map(shown).collect();
    let lines = priced.sellers.iter().flat_map(|s| &s.lines);
    let steps = lines.filter_map(|line| next_step(offers, ctx, place, priced, line));
    let quotes = priced.sellers.iter().filter_map(|s| s.quote.valid_until).map(|until| until.unix_ms());
    Ok(Some(Pricing {
        rules,
        market: place.market.id.to_owned(),
        locale: place.locale.tag().to_owned(),
        parts,
        hash: pricing::rules().hash().to_owned(),
        view: view.clone(),
        made_ms: ctx.now_ms,
        until_ms: steps.chain(quotes).min(),
    }))
}

/// As it was asked, without what decides nothing: numbers and registrations elsewhere, rates of other countries, what promotions ask for, and the
/// moment at which the seller has planned another price.
fn shown(seller: &PricedSeller) -> Posed {
    let Posed { mut request, mut items, mut prices, mut shipping } = seller.posed.clone();
    let (buyer, own) = (&request.buyer, &mut request.seller);
    own.tax_ids.clear();
    let there = resolve(&buyer.country, buyer.region.as_deref(), buyer.postcode.as_deref(), true).registration;
    let near = [buyer.country.as_str(), &own.country, there, &seller.store.ships_from].map(country_of);
    let everywhere = ["EU-OSS", "EU-IOSS", "XI"];
    own.registrations.retain(|name| everywhere.contains(&name.as_str()) || near.contains(&country_of(name)));
    items.iter_mut().for_each(|item| item.facets = Facets::default());
    prices.until = None;
    let here = |zone: &Zone| {
        let named = zone.countries.iter().any(|c| c == "*" || *c == buyer.country);
        named || zone.places.iter().any(|place| place.country == buyer.country)
    };
    shipping.zones.retain(here);
    shipping.rates.retain(|rate| shipping.zones.iter().any(|zone| zone.id == rate.zone));
    shipping.except.retain(|place| place.country == buyer.country);
    Posed { request, items, prices, shipping }
}

/// `US` of `US-NY`.
fn country_of(place: &str) -> &str {
    place.split_once('-').map_or(place, |(country, _)| country)
}

/// When a price of some number of pieces of a line is another one.
fn next_step(offers: &Found, ctx: &OpCtx, place: &Place, priced: &Priced, line: &PricedLine) -> Option<i64> {
    if line.product.kind != ProductKind::Physical {
        return None;
    }
    let id = &line.variant.id;
    let prices = &offers.offer(id)?.bundle.prices;
    let counts = prices.iter().filter(|p| p.variant == *id).map(|p| p.min_quantity.max(1));
    counts.filter_map(|count| changes_at(prices, id, place.market, priced.currency, ctx.now_ms, count)).min()
}
