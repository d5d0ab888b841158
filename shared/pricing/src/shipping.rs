//! Table rates: what sending the physical lines costs, by place, method, weight, size and worth.
//!
//! Invariants:
//! - The zone that names the place most closely wins: a part of its postcodes over its region, its region over its country, its country over `*`;
//!   among parts of postcodes the longer beginning. Of two that name it as closely the one written first. Where a zone does not reach (`except`)
//!   the next one is asked; where the table does not reach, nothing is sent.
//! - Within zone and method the narrowest band that carries the parcel applies, size before weight before worth; bands in another currency do not count.
//! - Pieces lie one on another by their shortest sides. A parcel with a piece whose sides are not known fits no band by size.
//! - A parcel weighs the more of what its pieces weigh and what their room counts for (dimensional weight): all pieces in one parcel.
//! - All that is sent costs what the rate says with its handling; over `free_over` it costs nothing, handling included.
//!
//! Carriers, labels and how many parcels it takes are not here.

mod zones;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};

/// Most zones, methods, rates, places of a zone, names of a method; longest id and name, bytes; latest day of arrival.
const MOST: Bounds =
    Bounds { zones: 300, methods: 20, rates: 5000, places: 1000, names: 10, id: 64, name: 200, days: 365 };
/// cm³ per kg, at most. Carriers use 4000 to 6000.
const MOST_DIVISOR: u32 = 100_000;
/// Of a band by size.
pub const MOST_SIDE_MM: u32 = 10_000;
/// Id of the method of rates that name none.
pub const STANDARD: &str = "standard";

struct Bounds {
    zones: usize,
    methods: usize,
    rates: usize,
    places: usize,
    names: usize,
    id: usize,
    name: usize,
    days: u16,
}

/// A country, or a part of it: all that is said must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Subdivision without the country: `HI`, `QC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Beginning of the postcode; case, spaces and hyphens do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode_prefix: Option<String>,
    /// First postcode of a range, or its beginning; needs `postcode_to`, as long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode_from: Option<String>,
    /// Last one, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode_to: Option<String>,
}

/// Places that cost the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Named by rates.
    pub id: String,
    /// ISO 3166-1 alpha-2, or `*` for every other country.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Regions and postcodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Where it does not reach though its countries do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Place>,
}

/// Days from posting to arrival, both inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// At the soonest.
    pub from: u16,
    /// At the latest; at most 365.
    pub to: u16,
}

/// A way of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Named by rates.
    pub id: String,
    /// As buyers read it.
    pub name: String,
    /// As buyers of a language read it, by BCP 47 tag (`de`, `pt-BR`); the others read `name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// How long it takes, if the seller says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// cm³ per kg (5000 is usual): what the room of pieces counts for. None: only their weight counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim_divisor: Option<u32>,
}

/// One price for one zone, method and band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Its zone.
    pub zone: String,
    /// Its method; [`STANDARD`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Grams, inclusive; any weight if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_g: Option<u64>,
    /// Sides of the parcel, millimetres, in any order, inclusive; any size if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_mm: Option<Sides>,
    /// Worth of the physical lines, inclusive; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_goods: Option<Money>,
    /// Inclusive or exclusive of tax like the seller's prices.
    pub amount: Money,
    /// On top, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Money>,
    /// On top, for each piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_per_item: Option<Money>,
    /// Free when the physical lines, as listed, reach this: what is taken off them makes shipping no dearer.
    #[serde(default)]
    pub free_over: Option<Money>,
}

impl Rate {
    /// For a zone, at any weight and worth; change what is other.
    pub fn flat(zone: impl Into<String>, amount: Money) -> Self {
        Self {
            zone: zone.into(),
            method: None,
            up_to_g: None,
            up_to_mm: None,
            up_to_goods: None,
            amount,
            handling: None,
            handling_per_item: None,
            free_over: None,
        }
    }

    fn method(&self) -> &str {
        self.method.as_deref().unwrap_or(STANDARD)
    }
}

/// A seller's shipping prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShippingTable {
    /// Where it sends.
    pub zones: Vec<Zone>,
    /// At what price.
    pub rates: Vec<Rate>,
    /// How, in the order in which they are offered; methods that only rates name come after them without a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Where nothing is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Place>,
}

/// Where a parcel goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destination<'a> {
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// Subdivision without the country.
    pub region: Option<&'a str>,
    /// As written. Without it only whole regions and countries are found.
    pub postcode: Option<&'a str>,
}

/// What of a [`Destination`] can be said yet where it is not known: a country's addresses may have no regions, or no postcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoreToSay {
    /// The region.
    pub region: bool,
    /// The postcode.
    pub postcode: bool,
}

/// Three sides of a piece or a parcel, millimetres.
pub type Sides = [u32; 3];

/// The longest first.
fn sorted<T: Ord>(mut sides: [T; 3]) -> [T; 3] {
    sides.sort_unstable_by(|a, b| b.cmp(a));
    sides
}

/// Cubic millimetres.
pub fn volume(sides: Sides) -> u128 {
    sides.into_iter().map(u128::from).product()
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Grams of all pieces.
    pub weight_g: u64,
    /// Cubic millimetres of all pieces whose size is known.
    pub volume_mm3: u128,
    /// Of all pieces laid one on another by their shortest sides: length, width, height of the pile; absent: a piece's size is not known.
    pub sides_mm: Option<[u64; 3]>,
    /// Pieces.
    pub pieces: u64,
    /// What they cost as listed.
    pub goods: Money,
}

impl Parcel {
    /// With nothing in it.
    pub fn empty(currency: Currency) -> Self {
        Self { weight_g: 0, volume_mm3: 0, sides_mm: Some([0; 3]), pieces: 0, goods: Money::zero(currency) }
    }

    /// Puts pieces into it that are one like the other; what they cost is not counted here.
    pub fn put(&mut self, pieces: u32, weight_g: u64, sides: Option<Sides>) {
        self.pieces += u64::from(pieces);
        self.weight_g = self.weight_g.saturating_add(weight_g.saturating_mul(u64::from(pieces)));
        self.volume_mm3 += sides.map_or(0, volume) * u128::from(pieces);
        self.sides_mm = self.sides_mm.zip(sides).map(|([length, width, height], piece)| {
            let [a, b, c] = sorted(piece).map(u64::from);
            [length.max(a), width.max(b), height + c * u64::from(pieces)]
        });
    }

    fn fits_in(&self, sides: Sides) -> bool {
        let within =
            |own: [u64; 3]| sorted(own).into_iter().zip(sorted(sides)).all(|(own, most)| own <= u64::from(most));
        self.sides_mm.is_some_and(within)
    }

    /// Grams that a carrier with this divisor charges for.
    pub fn billed_g(&self, dim_divisor: Option<u32>) -> u64 {
        let room = match dim_divisor {
            // mm³ / (cm³ per kg) is grams, rounded up.
            Some(divisor) => self.volume_mm3.div_ceil(u128::from(divisor.max(1))),
            None => 0,
        };
        self.weight_g.max(u64::try_from(room).unwrap_or(u64::MAX))
    }
}

/// A method with what it costs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Method id.
    pub method: &'a str,
    /// As buyers read it; empty for a method that only rates name.
    pub name: &'a str,
    /// As the seller described it; none for a method that only rates name.
    pub described: Option<&'a Method>,
    /// The band that applies.
    pub rate: &'a Rate,
    /// Grams charged for.
    pub billed_g: u64,
    /// Handling in `amount`.
    pub handling: Money,
    /// With handling; zero over `free_over`.
    pub amount: Money,
}

impl ShippingTable {
    /// What is offered for a parcel, in the order of methods, at most 20; empty: it is not sent there.
    ///
    /// # Errors
    /// A handling fee is too large or of another currency than its rate.
    pub fn offers(&self, to: &Destination<'_>, parcel: &Parcel) -> Result<Vec<Offer<'_>>, MoneyError> {
        let Some(zone) = self.zone(to) else { return Ok(Vec::new()) };
        let mut methods: Vec<&str> = self.methods.iter().map(|m| m.id.as_str()).collect();
        for rate in self.rates.iter().filter(|r| r.zone == zone.id) {
            // Each is a quote of its own for who shows them: a table from before the bound is cut.
            if methods.len() >= MOST.methods {
                break;
            }
            if !methods.contains(&rate.method()) {
                methods.push(rate.method());
            }
        }
        let mut offers = Vec::new();
        for id in methods {
            let method = self.methods.iter().find(|m| m.id == id);
            let billed_g = self.billed_g(id, parcel);
            let rate = self
                .rates
                .iter()
                .filter(|r| r.zone == zone.id && r.method() == id && r.carries(billed_g, parcel))
                .min_by_key(|r| {
                    (
                        r.up_to_mm.map_or(u128::MAX, volume),
                        r.up_to_g.unwrap_or(u64::MAX),
                        r.up_to_goods.map_or(i64::MAX, Money::minor),
                    )
                });
            let Some(rate) = rate else { continue };
            let zero = Money::zero(parcel.goods.currency());
            let free = rate.free_over.is_some_and(|over| parcel.goods >= over);
            let handling = if free { zero } else { rate.handling_of(parcel.pieces)? };
            let amount = if free { zero } else { rate.amount.checked_add(handling)? };
            let name = method.map_or("", |m| m.name.as_str());
            offers.push(Offer { method: id, name, described: method, rate, billed_g, handling, amount });
        }
        Ok(offers)
    }

    /// Grams that a method charges a parcel for.
    fn billed_g(&self, method: &str, parcel: &Parcel) -> u64 {
        let method = self.methods.iter().find(|m| m.id == method);
        parcel.billed_g(method.and_then(|m| m.dim_divisor))
    }

    /// Whether any rate of a zone carries a parcel.
    fn has_rate(&self, zone: &str, parcel: &Parcel) -> bool {
        let mut rates = self.rates.iter().filter(|r| r.zone == zone);
        rates.any(|r| r.carries(self.billed_g(r.method(), parcel), parcel))
    }

    /// Whether the table is within bounds and its amounts can be charged in a currency; answers the path of what is not, and why.
    ///
    /// # Errors
    /// Path within the table, such as `rates[0].amount`, and what is wrong with it.
    pub fn check(&self, currency: Currency) -> Result<(), (String, &'static str)> {
        let fits = |ok: bool, path: &str, why: &'static str| if ok { Ok(()) } else { Err((path.to_owned(), why)) };
        fits(self.zones.len() <= MOST.zones, "zones", "at most 300")?;
        fits(self.methods.len() <= MOST.methods, "methods", "at most 20")?;
        fits(self.rates.len() <= MOST.rates, "rates", "at most 5000")?;
        let mut named: BTreeSet<&str> = self.methods.iter().map(|m| m.id.as_str()).collect();
        for (i, rate) in self.rates.iter().enumerate() {
            named.insert(rate.method());
            fits(named.len() <= MOST.methods, &format!("rates[{i}].method"), "at most 20 methods, described or not")?;
        }
        let id = |text: &str, path: String| fits(!text.is_empty() && text.len() <= MOST.id, &path, "1 to 64 bytes");
        let places = |places: &[Place], path: &str| -> Result<(), (String, &'static str)> {
            fits(places.len() <= MOST.places, path, "at most 1000")?;
            for (i, place) in places.iter().enumerate() {
                place.check().map_err(|(field, why)| (format!("{path}[{i}].{field}"), why))?;
            }
            Ok(())
        };
        places(&self.except, "except")?;
        for (i, zone) in self.zones.iter().enumerate() {
            id(&zone.id, format!("zones[{i}].id"))?;
            let countries = format!("zones[{i}].countries");
            fits(zone.countries.len() <= MOST.places, &countries, "at most 1000")?;
            places(&zone.places, &format!("zones[{i}].places"))?;
            places(&zone.except, &format!("zones[{i}].except"))?;
        }
        for (i, method) in self.methods.iter().enumerate() {
            id(&method.id, format!("methods[{i}].id"))?;
            fits(method.name.len() <= MOST.name, &format!("methods[{i}].name"), "at most 200 bytes")?;
            fits(method.names.len() <= MOST.names, &format!("methods[{i}].names"), "at most 10")?;
            for (tag, name) in &method.names {
                let good = !tag.is_empty()
                    && tag.len() <= 35
                    && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && (1..=MOST.name).contains(&name.len());
                fits(good, &format!("methods[{i}].names"), "a BCP 47 tag each, with a name of 1 to 200 bytes")?;
            }
            let days = method.days.is_none_or(|d| d.from <= d.to && d.to <= MOST.days);
            fits(days, &format!("methods[{i}].days"), "`from` not after `to`, at most 365")?;
            let twice = self.methods[..i].iter().any(|m| m.id == method.id);
            fits(!twice, &format!("methods[{i}].id"), "each method once")?;
            let divisor = method.dim_divisor.is_none_or(|d| (1..=MOST_DIVISOR).contains(&d));
            fits(divisor, &format!("methods[{i}].dim_divisor"), "1 to 100000 cm³ per kg")?;
        }
        for (i, rate) in self.rates.iter().enumerate() {
            let sides = rate.up_to_mm.is_none_or(|sides| sides.iter().all(|side| (1..=MOST_SIDE_MM).contains(side)));
            fits(sides, &format!("rates[{i}].up_to_mm"), "three sides of 1 to 10000 mm")?;
            id(&rate.zone, format!("rates[{i}].zone"))?;
            id(rate.method(), format!("rates[{i}].method"))?;
            for (name, amount) in [
                ("amount", Some(rate.amount)),
                ("handling", rate.handling),
                ("handling_per_item", rate.handling_per_item),
                ("free_over", rate.free_over),
                ("up_to_goods", rate.up_to_goods),
            ] {
                let good = amount.is_none_or(|a| !a.is_negative() && a.currency() == currency);
                fits(good, &format!("rates[{i}].{name}"), "not negative, in the currency of the document")?;
            }
            for (name, amount) in [
                ("amount", Some(rate.amount)),
                ("handling", rate.handling),
                ("handling_per_item", rate.handling_per_item),
            ] {
                let path = format!("rates[{i}].{name}");
                fits(amount.is_none_or(Money::is_in_steps), &path, "no multiple of what charges are multiples of")?;
            }
        }
        Ok(())
    }
}

impl Rate {
    fn carries(&self, billed_g: u64, parcel: &Parcel) -> bool {
        self.amount.currency() == parcel.goods.currency()
            && self.up_to_g.is_none_or(|most| billed_g <= most)
            && self.up_to_mm.is_none_or(|most| parcel.fits_in(most))
            && self.up_to_goods.is_none_or(|most| parcel.goods <= most)
    }

    fn handling_of(&self, pieces: u64) -> Result<Money, MoneyError> {
        let zero = Money::zero(self.amount.currency());
        let pieces = i64::try_from(pieces).map_err(|_| MoneyError::Overflow)?;
        let each = self.handling_per_item.unwrap_or(zero).checked_mul(pieces)?;
        self.handling.unwrap_or(zero).checked_add(each)
    }
}
