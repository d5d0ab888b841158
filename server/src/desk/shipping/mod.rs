//! How a shop sends: its zones, ways and rates, where nothing is sent, and what a parcel would cost.
//!
//! Invariants: what is typed is looked at by the rules of the import (`catalog::settings`); a zone or a way that rates use is not removed;
//! a form is of one revision of its store, and the same form again changes nothing.
//!
//! Not here: which rate applies (`vitrine_pricing::shipping`).

mod change;
pub mod form;
#[cfg(test)]
pub(super) mod tests;

pub use change::Part;

use std::collections::BTreeMap;

use vitrine_pricing::format::{Locale, format_decimal, format_money};
use vitrine_pricing::market::{MARKETS, is_country};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::shipping::{Destination, Parcel, STANDARD, volume};
use vitrine_shared::Problem;
use vitrine_shared::catalog::{ShippingRate, Store};
use vitrine_shared::id::StoreId;
use vitrine_shared::pricelist;
use vitrine_shared::views::shops::{
    RateRow, ShippingPartView, ShippingView, ShopRow, ShopsView, Tried, TriedWay, TryAsk, WayRow, ZoneRow,
};

use self::change::{Refused, removed, saved};
use self::form::text;
pub(super) use self::form::{Faults, Fields};
use super::stores::{bounded, named};
use super::{Desk, history};
use crate::catalog::settings;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::{audit, pricing, value};

/// Entries of a shop's trail that are looked at.
pub(super) const MOST_HISTORY: usize = 200;
/// Rates of a page.
const A_PAGE: usize = 200;
/// Acts that a trail shows beside those of a row: of an import.
pub(super) const BY_ROW: &str = "catalog.";

fn form_name(store: &StoreId, part: Part, was: &str) -> String {
    format!("SHIP#{store}#{}#{was}", part.as_str())
}

/// What is wrong with a form, as an answer.
pub(super) fn refused(codes: &BTreeMap<String, String>) -> Problem {
    let mut problem = Problem::new(422, "invalid", "Some fields need another look.");
    problem.fields.clone_from(codes);
    problem
}

/// Countries to choose from.
pub(super) fn countries() -> Vec<String> {
    let mut all: Vec<String> = MARKETS.iter().flat_map(|m| m.countries).map(|c| (*c).to_owned()).collect();
    all.extend(vitrine_places::countries().filter(|c| is_country(c)).map(str::to_owned));
    all.sort_unstable();
    all.dedup();
    all
}

/// Currencies to choose from: those of the markets, and those that stand there already.
pub(super) fn currencies<'a>(there: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = value::currencies().into_iter().map(str::to_owned).collect();
    for code in there {
        if !all.iter().any(|known| known == code) {
            all.push(code.to_owned());
        }
    }
    all
}

fn currencies_of(store: &Store) -> Vec<String> {
    currencies(store.shipping.iter().map(|rate| rate.currency.as_str()))
}

/// An amount in words; empty for what cannot be.
pub(super) fn shown(minor: i64, currency: &str, locale: Locale) -> String {
    let currency = currency.parse::<Currency>().ok();
    currency.and_then(|c| Money::new(minor, c).ok()).map(|m| format_money(m, locale)).unwrap_or_default()
}

/// Ways by id and name: those described, the standard, those that only rates name.
fn ways(store: &Store) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        store.shipping_methods.iter().map(|way| (way.id.clone(), way.name.clone())).collect();
    let named = store.shipping.iter().map(form::way_of);
    for id in std::iter::once(STANDARD).chain(named) {
        if !all.iter().any(|(known, _)| known == id) {
            all.push((id.to_owned(), String::new()));
        }
    }
    all
}

fn rate_row(rate: &ShippingRate, locale: Locale) -> RateRow {
    let amount = |minor: Option<i64>| minor.map(|minor| shown(minor, &rate.currency, locale)).unwrap_or_default();
    RateRow {
        mark: form::mark(rate),
        zone: rate.zone.clone(),
        way: form::way_of(rate).to_owned(),
        up_to_g: rate.up_to_g.map(|g| format_decimal(i64::from(g), 0, locale)).unwrap_or_default(),
        // In a narrow column they stay together.
        up_to_mm: rate.up_to_mm.map(form::sides).unwrap_or_default().replace(' ', "\u{a0}"),
        up_to_goods: amount(rate.up_to_goods_minor),
        amount: amount(Some(rate.amount_minor)),
        handling: amount(rate.handling_minor),
        each: amount(rate.handling_per_item_minor),
        free_over: amount(rate.free_over_minor),
    }
}

/// Rates as people read them: by zone in the order of the zones, way in the order of the ways, currency, narrowest band first.
fn in_order(store: &Store) -> Vec<&ShippingRate> {
    let ways = ways(store);
    let mut all: Vec<&ShippingRate> = store.shipping.iter().collect();
    all.sort_by_key(|rate| {
        let zone = store.shipping_zones.iter().position(|zone| zone.id == rate.zone).unwrap_or(usize::MAX);
        let way = ways.iter().position(|(id, _)| id == form::way_of(rate));
        let size = rate.up_to_mm.map_or(u128::MAX, volume);
        let band = (size, rate.up_to_g.unwrap_or(u32::MAX), rate.up_to_goods_minor.unwrap_or(i64::MAX));
        (zone, rate.zone.clone(), way, rate.currency.clone(), band)
    });
    all
}

/// What a parcel would cost, or what is wrong with what was asked.
fn tried(store: &Store, ask: &TryAsk, locale: Locale) -> Result<std::result::Result<Tried, Fields>> {
    let mut faults = Fields::new();
    let mut fault = |field: &str, code: &str| drop(faults.insert(field.to_owned(), code.to_owned()));
    let count =
        |typed: &str, least: u64| typed.trim().parse::<u64>().ok().filter(|n| (least..=1_000_000_000).contains(n));
    if !is_country(&ask.country) {
        fault("country", "fault-country");
    }
    let (weight_g, pieces) = (count(&ask.weight, 0), count(&ask.pieces, 1));
    if weight_g.is_none() {
        fault("weight", "fault-ship-grams");
    }
    if pieces.is_none() {
        fault("pieces", "fault-ship-pieces");
    }
    let sides = Some(ask.size.trim()).filter(|typed| !typed.is_empty()).map(form::read_sides);
    if sides == Some(None) {
        fault("size", "fault-ship-size");
    }
    let goods = match ask.currency.parse::<Currency>() {
        Ok(currency) => match pricelist::amount(&ask.worth, currency) {
            Ok(minor) => Some(Money::new(minor, currency).map_err(|e| fault::internal("an amount", &e))?),
            Err(code) => {
                fault("worth", if ask.worth.trim().is_empty() { "fault-empty" } else { code });
                None
            }
        },
        Err(_) => {
            fault("currency", "fault-price-currency");
            None
        }
    };
    let (Some(weight_g), Some(pieces), Some(goods), true) = (weight_g, pieces, goods, faults.is_empty()) else {
        return Ok(Err(faults));
    };
    let table = pricing::shipping_table(store, goods.currency())?;
    let given = |typed: &'_ str| Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty());
    let (region, postcode) = (given(&ask.region), given(&ask.postcode));
    let to = Destination { country: &ask.country, region: region.as_deref(), postcode: postcode.as_deref() };
    let sides = sides.flatten();
    let (volume_mm3, sides_mm) = (sides.map_or(0, volume), sides.map(|sides| sides.map(u64::from)));
    let parcel = Parcel { weight_g, volume_mm3, sides_mm, pieces, goods };
    let Ok(offers) = table.offers(&to, &parcel) else {
        return Ok(Err(Fields::from([("pieces".to_owned(), "fault-ship-pieces".to_owned())])));
    };
    let way = |offer: &vitrine_pricing::shipping::Offer<'_>| TriedWay {
        id: offer.method.to_owned(),
        name: match offer.name {
            "" if offer.method != STANDARD => offer.method.to_owned(),
            name => name.to_owned(),
        },
        days: offer.described.and_then(|way| way.days).map(|days| (days.from, days.to)),
        price: format_money(offer.amount, locale),
        handling: if offer.handling.is_zero() { String::new() } else { format_money(offer.handling, locale) },
        free: offer.amount.is_zero(),
    };
    Ok(Ok(Tried { zone: table.zone(&to).map(|zone| zone.id.clone()), ways: offers.iter().map(way).collect() }))
}

impl Desk {
    /// The caller's shops with how much of sending is set; of `tenant` alone where it is named.
    ///
    /// # Errors
    /// 401 for nobody, 403 for who sells nothing, 404 for others' sellers.
    pub async fn shipping_shops(&self, ctx: &OpCtx, tenant: &str) -> Result<ShopsView> {
        let all = self.my_stores(ctx, tenant).await?;
        let row = |(store, seller): (Store, vitrine_shared::catalog::Tenant)| ShopRow {
            store: store.id.to_string(),
            counts: (store.shipping_zones.len(), ways(&store).len(), store.shipping.len()),
            currencies: Vec::new(),
            name: store.name,
            seller: seller.name,
        };
        Ok(ShopsView { rows: all.into_iter().map(row).collect() })
    }

    /// How a shop sends, its rates after the first `after`; with an answer to what is asked, if something is.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops.
    pub async fn shipping(&self, ctx: &OpCtx, id: &str, ask: Option<TryAsk>, after: usize) -> Result<ShippingView> {
        let own = self.my_store(ctx, id).await?;
        let store = &own.store;
        let locale = self.0.catalog.place(ctx).locale;
        let of = |test: &dyn Fn(&&ShippingRate) -> bool| store.shipping.iter().filter(test).count();
        let zones = store.shipping_zones.iter().map(|zone| ZoneRow {
            id: zone.id.clone(),
            countries: zone.countries.clone(),
            places: zone.places.len(),
            except: zone.except.len(),
            rates: of(&|rate| rate.zone == zone.id),
        });
        let ways = ways(store).into_iter().map(|(id, name)| {
            let described = store.shipping_methods.iter().find(|way| way.id == id);
            WayRow {
                days: described.and_then(|way| way.days).map(|days| (days.from, days.to)),
                described: described.is_some(),
                rates: of(&|rate| form::way_of(rate) == id),
                name,
                id,
            }
        });
        // The standard is no way of a shop that has other ones alone.
        let ways: Vec<WayRow> = ways.filter(|way| way.described || way.rates > 0).collect();
        let rates = in_order(store);
        let page = rates.iter().skip(after).take(A_PAGE).map(|rate| rate_row(rate, locale));
        let (tried, faults) = match &ask {
            None => (None, Fields::new()),
            Some(ask) => match tried(store, ask, locale)? {
                Ok(tried) => (Some(tried), Fields::new()),
                Err(faults) => (None, faults),
            },
        };
        let first = || TryAsk {
            country: if is_country(&ctx.country) { ctx.country.clone() } else { store.ships_from.clone() },
            weight: "500".to_owned(),
            pieces: "1".to_owned(),
            worth: "20".to_owned(),
            currency: store.shipping.first().map_or_else(|| Currency::EUR.code(), |rate| &rate.currency).to_owned(),
            ..TryAsk::default()
        };
        let mut trail = audit::newest(&*self.0.table, store.id.as_str(), MOST_HISTORY).await?;
        trail.retain(|entry| entry.act.starts_with("shipping.") || entry.act.starts_with(BY_ROW));
        Ok(ShippingView {
            store: store.id.to_string(),
            name: store.name.clone(),
            rev: store.rev,
            zones: zones.collect(),
            ways,
            rates: page.collect(),
            rates_all: rates.len(),
            next: Some(after + A_PAGE).filter(|next| *next < rates.len()),
            nowhere: store.shipping_except.iter().map(form::line).collect(),
            unfit: settings::check_shipping(store).err().map(|unfit| unfit.path),
            ask: ask.unwrap_or_else(first),
            faults,
            tried,
            countries: countries(),
            currencies: currencies_of(store),
            history: history(trail, locale),
        })
    }

    /// The form of a part of a shop's shipping; `was` names what it changes, or is empty for something new. `typed`: with what was typed and
    /// could not be saved.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops, for no such part and what is not there.
    pub async fn shipping_part(
        &self,
        ctx: &OpCtx,
        id: &str,
        (part, was): (&str, &str),
        typed: bool,
    ) -> Result<ShippingPartView> {
        let own = self.my_store(ctx, id).await?;
        let store = &own.store;
        let part = Part::parse(part)?;
        let was = named(was)?;
        let kept = match typed {
            true => self.kept_form::<(Fields, Faults)>(ctx, &form_name(&store.id, part, was)).await?,
            false => None,
        };
        // What was typed for something that is gone is saved as something new.
        let gone = kept.is_some() && part != Part::Nowhere && !change::is_there(store, part, was);
        let kept = kept.map(|(mut fields, faults)| {
            if gone && matches!(part, Part::Zone | Part::Way) {
                fields.entry("id".to_owned()).or_insert_with(|| was.to_owned());
            }
            (fields, faults)
        });
        let was = if gone { "" } else { was };
        let missing = || Problem::not_found(part.as_str());
        let usual = match (part, store.shipping.last()) {
            (Part::Rate, Some(rate)) => rate.currency.clone(),
            (Part::Rate, None) => self.own_currency(store).await?,
            _ => String::new(),
        };
        let stored = || -> Result<Fields> {
            match part {
                // A shop has mostly rates of one currency, and most of them name no way.
                Part::Rate if was.is_empty() => Ok(Fields::from(
                    [("currency", usual), ("way", STANDARD.to_owned())].map(|(name, text)| (name.to_owned(), text)),
                )),
                _ if was.is_empty() && part != Part::Nowhere => Ok(Fields::new()),
                Part::Zone => {
                    let zone = store.shipping_zones.iter().find(|zone| zone.id == was);
                    zone.map(form::of_zone).ok_or_else(missing)
                }
                Part::Way => {
                    let at = store.shipping_methods.iter().position(|way| way.id == was).ok_or_else(missing)?;
                    store.shipping_methods.get(at).map(|way| form::of_way(way, at + 1)).ok_or_else(missing)
                }
                Part::Rate => {
                    let rate = store.shipping.iter().find(|rate| form::mark(rate) == was);
                    rate.map(form::of_rate).ok_or_else(missing)
                }
                Part::Nowhere => Ok(Fields::from([("places".to_owned(), form::lines(&store.shipping_except))])),
            }
        };
        let (fields, faults) = match kept {
            Some(kept) => kept,
            None => (stored()?, Faults::default()),
        };
        Ok(ShippingPartView {
            store: store.id.to_string(),
            name: store.name.clone(),
            part: part.as_str().to_owned(),
            was: was.to_owned(),
            rev: store.rev,
            fields,
            faults: faults.codes,
            wrong: faults.wrong,
            zones: store.shipping_zones.iter().map(|zone| zone.id.clone()).collect(),
            ways: ways(store),
            countries: countries(),
            currencies: currencies_of(store),
        })
    }

    /// Keeps a form of a part, or takes the part out where `act` is `remove`. `was` names what it changes, `rev` the revision it was made of.
    ///
    /// # Errors
    /// 401 for nobody, 404 for others' shops and no such part; 409 if somebody else changed it meanwhile, `zone_in_use`, `way_in_use`,
    /// `shipping_elsewhere`, `shop_large`; 422 with `fields`. What was typed is kept then.
    pub async fn save_shipping(&self, ctx: &OpCtx, id: &str, part: &str, fields: &Fields) -> Result<()> {
        let own = self.my_store(ctx, id).await?;
        let part = Part::parse(part)?;
        bounded(fields)?;
        let (was, remove) = (fields.get("was").map_or("", String::as_str), text(fields, "act") == "remove");
        let name = form_name(&own.store.id, part, was);
        let made = if remove { removed(&own.store, part, was) } else { saved(&own.store, part, was, fields) };
        let (done, faults) = match made {
            Ok(next) => {
                let seen = text(fields, "rev").parse().unwrap_or(-1);
                (self.change_store(ctx, &own, &next.store, seen, (next.act, next.what)).await, Faults::default())
            }
            Err(Refused::Problem(problem)) => (Err(problem), Faults::default()),
            Err(Refused::Faults(faults)) => (Err(refused(&faults.codes)), faults),
        };
        match &done {
            Ok(()) => self.drop_form(ctx, &name).await?,
            Err(problem) if matches!(problem.status, 409 | 422) && !remove => {
                self.keep_setting(ctx, &name, fields, &faults).await?;
            }
            Err(_) => {}
        }
        done
    }

    /// Keeps a form of a shop's settings that could not be saved.
    pub(super) async fn keep_setting(&self, ctx: &OpCtx, name: &str, fields: &Fields, faults: &Faults) -> Result<()> {
        let own = |name: &str| matches!(name, "rev" | "was" | "act");
        let typed: Fields = fields.iter().filter(|(name, _)| !own(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        self.keep_form(ctx, name, &(typed, faults)).await
    }
}
