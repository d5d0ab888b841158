//! Zones, ways, rates and places as forms have them, and back.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use vitrine_pricing::market::{MARKETS, is_country, is_eu};
use vitrine_pricing::money::{Currency, Money};
use vitrine_pricing::shipping::{Days, MOST_SIDE_MM, Method, Place, STANDARD, Sides, Zone};
use vitrine_shared::catalog::ShippingRate;
use vitrine_shared::pricelist;

use crate::ids::derived_bits;

/// Fields and what is in them.
pub type Fields = BTreeMap<String, String>;

/// What is wrong with a form: codes by field, and which part of what was typed there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Codes by field.
    pub codes: Fields,
    /// What of the typed text it is, by field; not every fault has it.
    pub wrong: Fields,
}

impl Faults {
    pub(super) fn of(field: &str, code: &str) -> Self {
        let mut faults = Self::default();
        faults.say(field, code, "");
        faults
    }

    /// The first fault of a field stays.
    pub(in crate::desk) fn say(&mut self, field: &str, code: &str, wrong: &str) {
        if self.codes.contains_key(field) {
            return;
        }
        self.codes.insert(field.to_owned(), code.to_owned());
        if !wrong.is_empty() {
            self.wrong.insert(field.to_owned(), wrong.to_owned());
        }
    }

    fn none<T>(self, value: T) -> Result<T, Self> {
        if self.codes.is_empty() { Ok(value) } else { Err(self) }
    }
}

pub(super) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |text| text.trim())
}

/// Countries that are read of a form; a zone has at most 1,000.
const MOST_READ: usize = 1000;

/// Words that countries are written as: codes and `*`; `EU` stands for its members.
fn countries(typed: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in typed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|w| !w.is_empty()) {
        let word = word.to_uppercase();
        let codes = match word.as_str() {
            "EU" => members(),
            _ => vec![word],
        };
        for code in codes {
            if !all.contains(&code) {
                all.push(code);
            }
        }
        // More than any zone takes: the rules say so.
        if all.len() > MOST_READ {
            break;
        }
    }
    all
}

fn members() -> Vec<String> {
    MARKETS.iter().flat_map(|m| m.countries).filter(|c| is_eu(c)).map(|c| (*c).to_owned()).collect()
}

/// Of those codes the ones that are none.
pub(super) fn strange(countries: &[String]) -> String {
    let none: Vec<&str> = countries.iter().map(String::as_str).filter(|c| *c != "*" && !is_country(c)).collect();
    none.join(", ")
}

/// A place as a line: `US`, `US/HI`, `DE 27498`, `FR 20000..20999`.
pub(super) fn line(place: &Place) -> String {
    let mut out = place.country.clone();
    if let Some(region) = &place.region {
        out.push_str(&format!("/{region}"));
    }
    if let Some(prefix) = &place.postcode_prefix {
        out.push_str(&format!(" {prefix}"));
    }
    if let (Some(from), Some(to)) = (&place.postcode_from, &place.postcode_to) {
        let joint = if place.postcode_prefix.is_some() { " + " } else { " " };
        out.push_str(&format!("{joint}{from}..{to}"));
    }
    out
}

pub(super) fn lines(places: &[Place]) -> String {
    places.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn place(typed: &str) -> Place {
    let (head, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let (country, region) = match head.split_once('/') {
        Some((country, region)) => (country, Some(region.to_owned())),
        None => (head, None),
    };
    let mut place = Place { country: country.to_uppercase(), region, ..Place::default() };
    for part in rest.split('+').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once("..") {
            Some((from, to)) => {
                place.postcode_from = Some(from.trim().to_owned());
                place.postcode_to = Some(to.trim().to_owned());
            }
            None => place.postcode_prefix = Some(part.to_owned()),
        }
    }
    place
}

/// Places by line; a line that says a known one is that one, whatever stands in it.
pub(super) fn places(typed: &str, known: &[Place]) -> Vec<Place> {
    let known: HashMap<String, &Place> = known.iter().map(|known| (line(known), known)).collect();
    let all = typed.lines().map(str::trim).filter(|typed| !typed.is_empty());
    all.map(|typed| known.get(typed).map_or_else(|| place(typed), |known| (*known).clone())).collect()
}

fn id(typed: &Fields, faults: &mut Faults) -> String {
    let id = text(typed, "id");
    if id.is_empty() || id.chars().any(char::is_control) {
        faults.say("id", "fault-ship-id", "");
    }
    id.to_owned()
}

/// The zone of a form in place of one that was. Whether it can be priced is looked at afterwards, by the rules of the import.
///
/// # Errors
/// What cannot be read, by field.
pub fn zone(typed: &Fields, was: Option<&Zone>) -> Result<Zone, Faults> {
    let mut faults = Faults::default();
    let zone = Zone {
        id: was.map_or_else(|| id(typed, &mut faults), |was| was.id.clone()),
        countries: countries(text(typed, "countries")),
        places: places(text(typed, "places"), was.map_or(&[], |was| was.places.as_slice())),
        except: places(text(typed, "except"), was.map_or(&[], |was| was.except.as_slice())),
    };
    if zone.countries.is_empty() && zone.places.is_empty() {
        faults.say("countries", "fault-ship-nowhere", "");
    }
    faults.none(zone)
}

/// A number of a field; empty: none.
fn number<T: std::str::FromStr>(typed: &Fields, name: &str, code: &str, faults: &mut Faults) -> Option<T> {
    let text = text(typed, name);
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        faults.say(name, code, "");
    }
    number
}

/// The way of a form in place of one that was.
///
/// # Errors
/// What cannot be read, by field.
pub fn way(typed: &Fields, was: Option<&Method>) -> Result<Method, Faults> {
    let mut faults = Faults::default();
    let id = was.map_or_else(|| id(typed, &mut faults), |was| was.id.clone());
    let name = text(typed, "name");
    if name.is_empty() {
        faults.say("name", "fault-empty", "");
    } else if name.chars().any(char::is_control) {
        faults.say("name", "fault-long", "");
    }
    let mut names = BTreeMap::new();
    for row in text(typed, "names").lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (tag, name) = row.split_once(':').unwrap_or((row, ""));
        if names.insert(tag.trim().to_owned(), name.trim().to_owned()).is_some() || name.trim().is_empty() {
            faults.say("names", "fault-ship-names", row);
        }
    }
    let from = number(typed, "days_from", "fault-ship-days", &mut faults);
    let to = number(typed, "days_to", "fault-ship-days", &mut faults);
    let days = match (from, to) {
        (Some(from), Some(to)) => Some(Days { from, to }),
        (None, None) => None,
        (from, _) => {
            faults.say(if from.is_none() { "days_from" } else { "days_to" }, "fault-ship-days", "");
            None
        }
    };
    let dim_divisor = number(typed, "dim_divisor", "fault-ship-divisor", &mut faults);
    faults.none(Method { id, name: name.to_owned(), names, days, dim_divisor })
}

/// The rate of a form.
///
/// # Errors
/// What cannot be read, by field.
pub fn rate(typed: &Fields) -> Result<ShippingRate, Faults> {
    let mut faults = Faults::default();
    let Ok(currency) = text(typed, "currency").parse::<Currency>() else {
        return Err(Faults::of("currency", "fault-price-currency"));
    };
    let way = text(typed, "way");
    let up_to_g = number(typed, "up_to_g", "fault-ship-grams", &mut faults);
    let up_to_mm = match text(typed, "up_to_mm") {
        "" => None,
        text => read_sides(text).or_else(|| {
            faults.say("up_to_mm", "fault-ship-size", "");
            None
        }),
    };
    let mut amount = |name: &str| match (text(typed, name), name) {
        ("", "amount") => {
            faults.say(name, "fault-empty", "");
            None
        }
        ("", _) => None,
        (text, _) => pricelist::amount(text, currency).map_err(|code| faults.say(name, code, "")).ok(),
    };
    let rate = ShippingRate {
        zone: text(typed, "zone").to_owned(),
        method: Some(way.to_owned()).filter(|way| !way.is_empty() && way != STANDARD),
        up_to_g,
        up_to_mm,
        up_to_goods_minor: amount("up_to_goods"),
        amount_minor: amount("amount").unwrap_or_default(),
        currency: currency.code().to_owned(),
        handling_minor: amount("handling"),
        handling_per_item_minor: amount("handling_per_item"),
        free_over_minor: amount("free_over"),
    };
    if rate.zone.is_empty() {
        faults.say("zone", "fault-ship-zone", "");
    }
    faults.none(rate)
}

/// Sides as they are typed: `353 × 250 × 25`.
pub(super) fn sides(sides: Sides) -> String {
    sides.map(|side| side.to_string()).join(" × ")
}

/// Three whole millimetres with `x`, `×` or `*` between them, or what they are written as elsewhere.
pub(super) fn read_sides(typed: &str) -> Option<Sides> {
    let sides: Vec<u32> =
        typed.split(['x', 'X', '×', '*', 'х']).map(|side| side.trim().parse().ok()).collect::<Option<_>>()?;
    let sides: Sides = sides.try_into().ok()?;
    sides.iter().all(|side| (1..=MOST_SIDE_MM).contains(side)).then_some(sides)
}

/// What a rate's way is called.
pub(super) fn way_of(rate: &ShippingRate) -> &str {
    rate.method.as_deref().unwrap_or(STANDARD)
}

/// Whether two rates are of one place, way and band: of those only one could ever apply.
pub(super) fn same_band(a: &ShippingRate, b: &ShippingRate) -> bool {
    let band = |r: &ShippingRate| {
        let mut sides = r.up_to_mm;
        sides.iter_mut().for_each(|sides| sides.sort_unstable());
        (r.zone.clone(), way_of(r).to_owned(), r.currency.clone(), r.up_to_g, sides, r.up_to_goods_minor)
    };
    band(a) == band(b)
}

/// Names a rate by what stands in it: its place in the table moves.
pub(super) fn mark(rate: &ShippingRate) -> String {
    let said = serde_json::to_string(rate).unwrap_or_default();
    format!("{:032x}", derived_bits(&["rate", &said]))
}

/// Minor units as they are typed.
pub(super) fn decimal(minor: i64, currency: &str) -> String {
    let currency = currency.parse::<Currency>().ok();
    currency.and_then(|c| Money::new(minor, c).ok()).map(|m| m.to_decimal()).unwrap_or_default()
}

fn fields<const N: usize>(all: [(&str, String); N]) -> Fields {
    all.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text)).collect()
}

fn said<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The form of a zone.
pub fn of_zone(zone: &Zone) -> Fields {
    fields([
        ("id", zone.id.clone()),
        ("countries", zone.countries.join(" ")),
        ("places", lines(&zone.places)),
        ("except", lines(&zone.except)),
    ])
}

/// The form of a way, the `position`th from 1.
pub fn of_way(way: &Method, position: usize) -> Fields {
    let names: Vec<String> = way.names.iter().map(|(tag, name)| format!("{tag}: {name}")).collect();
    fields([
        ("id", way.id.clone()),
        ("name", way.name.clone()),
        ("names", names.join("\n")),
        ("days_from", said(way.days.map(|d| d.from))),
        ("days_to", said(way.days.map(|d| d.to))),
        ("dim_divisor", said(way.dim_divisor)),
        ("position", position.to_string()),
    ])
}

/// The form of a rate.
pub fn of_rate(rate: &ShippingRate) -> Fields {
    let amount = |minor: Option<i64>| minor.map(|minor| decimal(minor, &rate.currency)).unwrap_or_default();
    fields([
        ("zone", rate.zone.clone()),
        ("way", way_of(rate).to_owned()),
        ("currency", rate.currency.clone()),
        ("amount", amount(Some(rate.amount_minor))),
        ("up_to_g", said(rate.up_to_g)),
        ("up_to_mm", rate.up_to_mm.map(sides).unwrap_or_default()),
        ("up_to_goods", amount(rate.up_to_goods_minor)),
        ("handling", amount(rate.handling_minor)),
        ("handling_per_item", amount(rate.handling_per_item_minor)),
        ("free_over", amount(rate.free_over_minor)),
    ])
}
