//! What sellers ask for their editions, as the one pricing function takes it, and the door for documents that ask for totals.
//!
//! Invariants: cart, checkout and door read editions, prices, shipping rows, tax tables and who sells in law here and nowhere else; nothing
//! here is computed: totals are `vitrine_pricing::quote`'s. Not here: stock, what a cart holds.

mod door;
mod in_law;
mod in_price;
#[cfg(test)]
mod tests;

pub use door::{Quotes, problem, read};
pub(crate) use in_law::{Deal, DealLine};
pub(crate) use in_price::InPrice;

use std::sync::OnceLock;

use vitrine_places::{AddressForm, Field};
use vitrine_pricing::date::{Date, Moment};
use vitrine_pricing::market::{MARKETS, Market, TaxDisplay, is_eu};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::price::{PriceEntry, Shape};
use vitrine_pricing::promotion::Facets;
use vitrine_pricing::quote::{Kind, Sellable, Seller};
use vitrine_pricing::shipping::{Destination, MoreToSay, Parcel, Rate, ShippingTable, Zone};
use vitrine_pricing::tax::TaxRules;
use vitrine_pricing::territory::{has_region, state_of_india};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{LegalEntity, PriceRecord, Product, ProductKind, Store, Variant, Work};

use crate::collections::MOST_OF_WORK;
use crate::fault::{self, Result};

/// The tax tables of this program.
pub fn rules() -> &'static TaxRules {
    static RULES: OnceLock<TaxRules> = OnceLock::new();
    RULES.get_or_init(TaxRules::built_in)
}

/// The region that a seller is in, by its code of today: records may hold its name (`Maharashtra`) or, of India, an older code. As it stands there
/// where no list is kept of the country's; `None`: not said, or the country has no such region.
pub fn region_of(legal: &LegalEntity) -> Option<String> {
    let said = legal.region.as_deref()?;
    if has_region(&legal.country, said) != Some(false) {
        return Some(if legal.country == "IN" { state_of_india(said) } else { said.to_owned() });
    }
    let named = vitrine_places::region_of(&legal.country, said)?.id();
    (has_region(&legal.country, named) == Some(true)).then(|| named.to_owned())
}

/// A seller as the pricing function takes them, for buyers in a market. A region and registrations that there are none of are left out: imports
/// refuse them, but records from before that may hold some, which never meant anything.
pub fn seller(legal: &LegalEntity, market: &Market) -> Seller {
    Seller {
        country: legal.country.clone(),
        region: region_of(legal),
        tax_ids: legal.tax_ids.clone(),
        registrations: legal.registrations.iter().filter(|name| TaxRules::is_registration(name)).cloned().collect(),
        prices_include_tax: market.tax_display == TaxDisplay::Inclusive,
    }
}

/// Makers of one work that promotions ask for.
const MOST_MAKERS: usize = 20;

/// How a product reaches its buyer, for the pricing function.
pub fn kind_of(product: &Product) -> Kind {
    if product.kind == ProductKind::Physical { Kind::Physical } else { Kind::Digital }
}

/// What a product is taxed as, wherever that is asked: its class, if its kind can have it ([`Kind::taxed_as`]). Of kinds that are not sold yet
/// nothing is said.
pub fn class_of(product: &Product) -> &str {
    if product.kind.is_sellable() { kind_of(product).taxed_as(&product.tax_class) } else { &product.tax_class }
}

/// An edition as the pricing function takes it; its sku is the variant's id.
pub fn sellable(work: &Work, product: &Product, variant: &Variant, store: &Store) -> Sellable {
    let kind = kind_of(product);
    Sellable {
        sku: variant.id.to_string(),
        name: work.title.clone(),
        kind,
        tax_class: class_of(product).to_owned(),
        weight_g: variant.weight_g.unwrap_or(0),
        length_mm: variant.length_mm,
        width_mm: variant.width_mm,
        height_mm: variant.height_mm,
        ships_from: (kind == Kind::Physical).then(|| store.ships_from.clone()),
        // Promotions are of works, of editions (by the sku), of collections and of who made them.
        facets: Facets {
            product: Some(work.id.to_string()),
            collections: work.collections.iter().take(MOST_OF_WORK).cloned().collect(),
            artists: work.makers.iter().take(MOST_MAKERS).map(|maker| maker.id.to_string()).collect(),
        },
    }
}

/// A price that was found for a market and a moment; it has begun, whenever that was.
///
/// # Errors
/// Never for a record that was written.
pub fn entry(price: &PriceRecord, currency: Currency) -> Result<PriceEntry> {
    let shape = match price.minimum_minor {
        Some(min_minor) => Shape::PayWhatYouWant { min_minor, suggested_minor: price.amount_minor },
        None if price.amount_minor == 0 => Shape::Free,
        None => Shape::Fixed { amount_minor: price.amount_minor },
    };
    Ok(PriceEntry {
        sku: price.variant.to_string(),
        region: price.region.clone(),
        currency,
        // It has begun: a day before all others is as good as one that is none.
        valid_from: Date::from_unix_ms(price.valid_from_ms.max(0)).map_err(|e| fault::internal("a price's day", &e))?,
        valid_to: None,
        min_quantity: price.min_quantity,
        compare_at_minor: price.compare_at_minor,
        price: shape,
    })
}

/// The first of the moments at which prices that are asked for become others (UTC milliseconds).
///
/// # Errors
/// Never for a record that was written.
pub fn until(changes: impl Iterator<Item = i64>) -> Result<Option<Moment>> {
    changes.min().map(Moment::from_unix_ms).transpose().map_err(|e| fault::internal("a price's end", &e))
}

/// How far a place decides whether a parcel is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is.
    There,
    /// The region or the postcode decides, and is not known yet.
    OncePlaced,
    /// Not there, but to other places of the country.
    Elsewhere,
    /// Nowhere in the country.
    Nowhere,
}

/// Whether a store sends a parcel to a place, for a rate of the parcel's currency.
///
/// # Errors
/// As [`shipping_table`].
pub(crate) fn sent(store: &Store, to: &Destination<'_>, parcel: &Parcel) -> Result<Sent> {
    let table = shipping_table(store, parcel.goods.currency())?;
    let offered = |to: &Destination<'_>| {
        let offers = table.offers(to, parcel).map_err(|e| fault::internal("shipping", &e))?;
        Ok::<_, Problem>(!offers.is_empty())
    };
    if offered(to)? {
        return Ok(Sent::There);
    }
    // Most shops name no part of a country: nothing more that is said of the place could matter.
    let in_parts = table.zones.iter().flat_map(|zone| &zone.places).any(|place| place.country == to.country);
    let may_send = |to: &Destination<'_>| {
        // A region that the country's addresses do not have is never said.
        let has = |form: &AddressForm, field| form.field(field).is_some();
        let form = in_parts.then(|| vitrine_places::form_of(to.country));
        let more = form.map(|f| MoreToSay { region: has(&f, Field::Region), postcode: has(&f, Field::Postcode) });
        more.is_some_and(|more| table.may_send(to, more, parcel))
    };
    if may_send(to) {
        return Ok(Sent::OncePlaced);
    }
    let country = Destination { country: to.country, region: None, postcode: None };
    let elsewhere = country != *to && (offered(&country)? || may_send(&country));
    Ok(if elsewhere { Sent::Elsewhere } else { Sent::Nowhere })
}

/// Puts so many pieces of an edition into a parcel.
pub(crate) fn put(parcel: &mut Parcel, variant: &Variant, pieces: u32) {
    let sides = variant.length_mm.zip(variant.width_mm).zip(variant.height_mm).map(|((l, w), h)| [l, w, h]);
    parcel.put(pieces, u64::from(variant.weight_g.unwrap_or(0)), sides);
}

/// Whether so many pieces of an edition can be sent to a country for a rate of this currency, as far as the country alone says.
///
/// # Errors
/// As [`shipping_table`].
pub fn is_sent(store: &Store, currency: Currency, country: &str, variant: &Variant, pieces: u32) -> Result<bool> {
    let mut parcel = Parcel::empty(currency);
    put(&mut parcel, variant, pieces);
    let to = Destination { country, region: None, postcode: None };
    Ok(sent(store, &to, &parcel)? != Sent::Nowhere)
}

/// A store's shipping rows as the pricing function takes them. Zones without a row in the currency are not there: a wider one may have one.
///
/// # Errors
/// Never for rows that were written.
pub fn shipping_table(store: &Store, currency: Currency) -> Result<ShippingTable> {
    let mut table = ShippingTable {
        methods: store.shipping_methods.clone(),
        except: store.shipping_except.clone(),
        ..ShippingTable::default()
    };
    let own = || store.shipping_zones.iter();
    let rows = || store.shipping.iter().filter(|r| r.currency == currency.code());
    table.zones.extend(own().filter(|zone| rows().any(|row| row.zone == zone.id)).cloned());
    for row in rows() {
        if !table.zones.iter().any(|z| z.id == row.zone) {
            let countries = match row.zone.as_str() {
                "EU" => {
                    MARKETS.iter().flat_map(|m| m.countries).filter(|c| is_eu(c)).map(|c| (*c).to_owned()).collect()
                }
                other => vec![other.to_owned()],
            };
            table.zones.push(Zone { id: row.zone.clone(), countries, ..Zone::default() });
        }
        let money = |m: i64| Money::new(m, currency).map_err(|e| fault::internal("a shipping rate", &e));
        table.rates.push(Rate {
            method: row.method.clone(),
            up_to_g: row.up_to_g.map(u64::from),
            up_to_mm: row.up_to_mm,
            up_to_goods: row.up_to_goods_minor.map(money).transpose()?,
            handling: row.handling_minor.map(money).transpose()?,
            handling_per_item: row.handling_per_item_minor.map(money).transpose()?,
            free_over: row.free_over_minor.map(money).transpose()?,
            ..Rate::flat(row.zone.clone(), money(row.amount_minor)?)
        });
    }
    Ok(table)
}
