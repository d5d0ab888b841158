//! In which one currency a cart is paid (docs/prices.md).

use vitrine_pricing::date::Date;
use vitrine_pricing::market::Market;
use vitrine_pricing::money::Currency;
use vitrine_pricing::quote::TaxIdState;
use vitrine_pricing::tax;
use vitrine_shared::cart::CartLine;
use vitrine_shared::catalog::{LegalEntity, ProductKind, Status};
use vitrine_shared::id::VariantId;
use vitrine_shared::views::card::{Place, on_sale, price_for};

use super::view::Destination;
use crate::catalog::offers::{Found, Offer};
use crate::ctx::{OpCtx, Scope};
use crate::pricing;

/// Where something goes, and what can be paid there.
pub(crate) struct Paying<'a> {
    pub(crate) market: &'static Market,
    /// The best first.
    pub(crate) pays_in: [Currency; 4],
    pub(crate) to: &'a Destination,
    /// UTC milliseconds.
    pub(crate) at_ms: i64,
    /// The marketplace as a seller, where it is one.
    pub(crate) platform: Option<&'a LegalEntity>,
}

/// So much of an edition.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) offer: &'a Offer,
    pub(crate) variant: &'a VariantId,
    pub(crate) quantity: u32,
    /// The currency in which the buyer named its price.
    pub(crate) named_in: Option<Currency>,
}

impl<'a> Wanted<'a> {
    /// Of a cart; a currency that was not kept is the market's.
    pub(crate) fn of(offer: &'a Offer, line: &'a CartLine, market: &Market) -> Self {
        let named_in = line.named_minor.map(|_| line.named_in.unwrap_or(market.currency));
        Self { offer, variant: &line.variant, quantity: line.quantity, named_in }
    }

    fn is_parcel(&self) -> bool {
        self.offer.bundle.variant(self.variant).is_some_and(|(p, _)| p.kind == ProductKind::Physical)
    }
}

impl<'a> Paying<'a> {
    /// For the place of a page and a destination.
    pub(crate) fn at(offers: &'a Found, ctx: &OpCtx, place: &Place, to: &'a Destination) -> Self {
        let (market, pays_in) = (place.market, place.pays_in());
        Self { market, pays_in, to, at_ms: ctx.now_ms, platform: offers.platform() }
    }

    /// The first currency that can be paid in here and fits most of what is wanted; the market's own fits nothing.
    pub(crate) fn choose(&self, wanted: &[Wanted<'_>]) -> Currency {
        let (mut best, mut most) = (self.market.currency, 0);
        for currency in self.pays_in {
            let fits = wanted.iter().filter(|wanted| self.fits(wanted, currency)).count();
            if fits > most {
                (best, most) = (currency, fits);
            }
            if fits == wanted.len() {
                break;
            }
        }
        best
    }

    /// Whether it can be paid in a currency: it has a price in it, its parcel a rate, a price that the buyer named is of it, and so is the limit
    /// of the import scheme it comes under.
    pub(crate) fn fits(&self, wanted: &Wanted<'_>, currency: Currency) -> bool {
        self.has_price(wanted, currency)
            && self.measured_in(wanted).is_none_or(|measured| measured == currency)
            && self.bound_by_name(wanted).is_none_or(|named| named == currency)
            && self.is_sent(wanted, currency)
    }

    /// The currency its import tax is measured in where it comes from abroad to a place where the shop, or the marketplace in its stead, is
    /// registered to charge that tax up to a limit: in another one the limit could not be measured and the tax would be lost.
    pub(crate) fn measured_in(&self, wanted: &Wanted<'_>) -> Option<Currency> {
        if !wanted.is_parcel() {
            return None;
        }
        let (to, legal, ships_from) = (self.to, &wanted.offer.tenant.legal, &wanted.offer.store.ships_from);
        let (region, postcode) = (to.region.as_deref(), to.postcode.as_deref());
        let presumed = || {
            let deal = pricing::Deal {
                platform: self.platform,
                shop: legal,
                country: &to.country,
                region,
                postcode,
                business: to.business.as_ref().is_some_and(|b| b.state == TaxIdState::Valid),
                date: Date::from_unix_ms(self.at_ms).ok()?,
            };
            deal.measured_in(ships_from)
        };
        let own = || tax::measured_in(ships_from, (&to.country, region, postcode), &legal.registrations);
        // Prices of another place than where it goes are only looked at; what is placed has those of where it goes.
        presumed().or_else(own).filter(|currency| self.pays_in.contains(currency))
    }

    fn has_price(&self, wanted: &Wanted<'_>, currency: Currency) -> bool {
        let prices = &wanted.offer.bundle.prices;
        price_for(prices, wanted.variant, self.market, currency, self.at_ms, wanted.quantity).is_some()
    }

    /// What was named counts while its currency can be paid in here and has a price.
    fn bound_by_name(&self, wanted: &Wanted<'_>) -> Option<Currency> {
        wanted.named_in.filter(|named| self.pays_in.contains(named) && self.has_price(wanted, *named))
    }

    fn is_sent(&self, wanted: &Wanted<'_>, currency: Currency) -> bool {
        match wanted.offer.bundle.variant(wanted.variant) {
            Some((product, variant)) if product.kind == ProductKind::Physical => {
                let store = &wanted.offer.store;
                pricing::is_sent(store, currency, &self.to.country, variant, wanted.quantity).unwrap_or(false)
            }
            _ => true,
        }
    }
}

/// Whether an edition is sold here, whatever it costs and however many are left.
pub(super) fn is_sold(offer: &Offer, ctx: &OpCtx, variant: &VariantId) -> bool {
    let here = match &ctx.scope {
        Scope::Marketplace => offer.tenant.listed,
        Scope::Tenant(id) => offer.tenant.id == *id,
    };
    here && offer.bundle.work.status == Status::Published
        && on_sale(&offer.bundle.products).any(|(_, v)| v.id == *variant)
}

/// What a cart is paid in, at the place of a page: what is kept for later, is not sold any more or is sold out has no say.
pub(crate) fn currency_of(
    offers: &Found,
    ctx: &OpCtx,
    place: &Place,
    lines: &[CartLine],
    to: &Destination,
) -> Currency {
    let bought =
        lines.iter().filter(|line| !line.later).filter_map(|line| Some((&**offers.offer(&line.variant)?, line)));
    let has_say = |(offer, line): &(&Offer, &CartLine)| {
        let stocked = offer.bundle.variant(&line.variant).is_some_and(|(_, variant)| variant.stocked);
        let sold_out = stocked && offers.left(&line.variant).is_some_and(|left| left <= 0);
        !sold_out && is_sold(offer, ctx, &line.variant)
    };
    let wanted: Vec<Wanted<'_>> =
        bought.filter(has_say).map(|(offer, line)| Wanted::of(offer, line, place.market)).collect();
    Paying::at(offers, ctx, place, to).choose(&wanted)
}
