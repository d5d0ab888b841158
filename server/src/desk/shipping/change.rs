//! What a form makes of a store: the store as it shall be, or why not.

use serde_json::{Value, json};
use vitrine_pricing::shipping::STANDARD;
use vitrine_shared::Problem;
use vitrine_shared::catalog::Store;

use super::form::{self, Faults, Fields, text};
use crate::catalog::settings::{self, Unfit};
use crate::desk::stores::changed_meanwhile;

/// What a trail says of a part at most, bytes of JSON.
const MOST_TOLD: usize = 4 * 1024;

/// What of a store's shipping a form is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Places that cost the same.
    Zone,
    /// A way of sending.
    Way,
    /// A price.
    Rate,
    /// Where nothing is sent.
    Nowhere,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Zone, Self::Way, Self::Rate, Self::Nowhere];

    /// Its word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Way => "way",
            Self::Rate => "rate",
            Self::Nowhere => "nowhere",
        }
    }

    /// By its word.
    ///
    /// # Errors
    /// 404 for any other.
    pub fn parse(word: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|part| part.as_str() == word);
        found.ok_or_else(|| Problem::not_found("page"))
    }
}

/// Why a form is not taken.
pub(super) enum Refused {
    /// Something in it is wrong.
    Faults(Faults),
    /// It cannot be now.
    Problem(Problem),
}

impl From<Faults> for Refused {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

/// The store as it shall be, with the word and facts for its trail.
pub(super) struct Changed {
    pub(super) store: Store,
    pub(super) act: &'static str,
    pub(super) what: Value,
}

fn gone() -> Refused {
    Refused::Problem(changed_meanwhile())
}

fn in_use(code: &str, title: &str) -> Refused {
    Refused::Problem(Problem::conflict(code, title))
}

/// The place of what is removed or changed; what is not there any more is `None`.
fn place_of(store: &Store, part: Part, was: &str) -> Option<usize> {
    match part {
        Part::Zone => store.shipping_zones.iter().position(|zone| zone.id == was),
        Part::Way => store.shipping_methods.iter().position(|way| way.id == was),
        Part::Rate => store.shipping.iter().position(|rate| form::mark(rate) == was),
        Part::Nowhere => None,
    }
}

/// Whether there is what a form changes.
pub(super) fn is_there(store: &Store, part: Part, was: &str) -> bool {
    place_of(store, part, was).is_some()
}

/// The store without a part. What is not there is removed already.
pub(super) fn removed(store: &Store, part: Part, was: &str) -> Result<Changed, Refused> {
    let mut next = store.clone();
    let mut what = json!({ part.as_str(): was });
    let act = match part {
        Part::Zone => "shipping.zone_removed",
        Part::Way => "shipping.way_removed",
        Part::Rate => "shipping.rate_removed",
        // It is emptied, never removed.
        Part::Nowhere => return Err(Refused::Problem(Problem::not_found("page"))),
    };
    if let Some(at) = place_of(store, part, was) {
        match part {
            // A rate of a zone that is none would be read as one of a country.
            Part::Zone if store.shipping.iter().any(|rate| rate.zone == was) => {
                return Err(in_use("zone_in_use", "Rates are of this zone. Change or remove them first."));
            }
            Part::Way if store.shipping.iter().any(|rate| form::way_of(rate) == was) => {
                return Err(in_use("way_in_use", "Rates are of this way. Change or remove them first."));
            }
            Part::Zone => what = json!({ "zone": was, "was": next.shipping_zones.remove(at) }),
            Part::Way => what = json!({ "way": was, "was": next.shipping_methods.remove(at) }),
            _ => what = json!({ "was": next.shipping.remove(at) }),
        }
    }
    Ok(Changed { store: next, act, what: short(what, part, was) })
}

/// Facts that are not too many for a trail.
fn short(what: Value, part: Part, id: &str) -> Value {
    if what.to_string().len() <= MOST_TOLD { what } else { json!({ part.as_str(): id }) }
}

/// The store with what a form says, in place of `was` where it names something.
pub(super) fn saved(store: &Store, part: Part, was: &str, typed: &Fields) -> Result<Changed, Refused> {
    let mut next = store.clone();
    let at = place_of(store, part, was);
    if !was.is_empty() && at.is_none() && part != Part::Rate {
        return Err(gone());
    }
    let taken = || Refused::Faults(Faults::of("id", "fault-ship-taken"));
    let (index, act, what) = match part {
        Part::Zone => {
            let before = at.and_then(|at| store.shipping_zones.get(at));
            let zone = form::zone(typed, before)?;
            let what = json!({ "zone": zone.id, "was": before, "is": zone });
            let index = match (at, store.shipping_zones.iter().position(|known| known.id == zone.id)) {
                (Some(at), _) => at,
                (None, Some(same)) if store.shipping_zones.get(same) == Some(&zone) => same,
                (None, Some(_)) => return Err(taken()),
                (None, None) => next.shipping_zones.len(),
            };
            put(&mut next.shipping_zones, index, zone.clone());
            (index, "shipping.zone_saved", short(what, part, &zone.id))
        }
        Part::Way => {
            let before = at.and_then(|at| store.shipping_methods.get(at));
            let way = form::way(typed, before)?;
            let what = json!({ "way": way.id, "was": before, "is": way });
            let index = match (at, store.shipping_methods.iter().position(|known| known.id == way.id)) {
                (Some(at), _) => at,
                (None, Some(same)) if store.shipping_methods.get(same) == Some(&way) => same,
                (None, Some(_)) => return Err(taken()),
                (None, None) => next.shipping_methods.len(),
            };
            put(&mut next.shipping_methods, index, way.clone());
            // Buyers are offered the ways in this order.
            let last = next.shipping_methods.len() - 1;
            let wanted: Option<usize> = text(typed, "position").parse().ok();
            let to = wanted.map_or(index, |wanted| wanted.saturating_sub(1).min(last));
            let moved = next.shipping_methods.remove(index);
            next.shipping_methods.insert(to, moved);
            (to, "shipping.way_saved", short(what, part, &way.id))
        }
        Part::Rate => {
            let rate = form::rate(typed)?;
            if store.shipping.contains(&rate) && at.is_none_or(|at| store.shipping.get(at) == Some(&rate)) {
                // It is so already: the same form again.
                return Ok(Changed { store: next, act: "shipping.rate_saved", what: Value::Null });
            }
            if !was.is_empty() && at.is_none() {
                return Err(gone());
            }
            let mut others = store.shipping.iter().enumerate().filter(|(i, _)| Some(*i) != at);
            if others.any(|(_, other)| form::same_band(other, &rate)) {
                return Err(Faults::of("zone", "fault-ship-rate-taken").into());
            }
            let way = form::way_of(&rate);
            let known = way == STANDARD
                || store.shipping_methods.iter().any(|known| known.id == way)
                || store.shipping.iter().any(|other| form::way_of(other) == way);
            if !known {
                return Err(Faults::of("way", "fault-ship-way").into());
            }
            let what = json!({ "was": at.and_then(|at| store.shipping.get(at)), "is": rate });
            let index = at.unwrap_or(next.shipping.len());
            put(&mut next.shipping, index, rate);
            (index, "shipping.rate_saved", what)
        }
        Part::Nowhere => {
            next.shipping_except = form::places(text(typed, "places"), &store.shipping_except);
            let what = json!({ "was": store.shipping_except, "is": next.shipping_except });
            (0, "shipping.nowhere_saved", short(what, part, ""))
        }
    };
    let known = settings::unfit_shipping(store);
    for unfit in settings::unfit_shipping(&next) {
        match fault_of(&unfit, part, index, &next) {
            // Of another part, and there before: it is mended at that part, one after the other.
            Refused::Problem(_) if known.contains(&unfit) => {}
            refused => return Err(refused),
        }
    }
    Ok(Changed { store: next, act, what })
}

fn put<T>(all: &mut Vec<T>, index: usize, value: T) {
    match all.get_mut(index) {
        Some(there) => *there = value,
        None => all.push(value),
    }
}

/// The index at the beginning of a path such as `[3].postcode_to`.
fn index_of(path: &str) -> Option<usize> {
    path.strip_prefix('[')?.split_once(']')?.0.parse().ok()
}

/// What the rules found wrong, at the field of the form that has it; what another part has is said as such.
fn fault_of(unfit: &Unfit, part: Part, index: usize, next: &Store) -> Refused {
    let elsewhere = || {
        let title = "Another part of the table cannot be used as it is. Mend that first.";
        Refused::Problem(Problem::conflict("shipping_elsewhere", title).detail(unfit.to_string()))
    };
    let at = |field: &str, code: &str| Refused::Faults(Faults::of(field, code));
    let within = |field: &str, code: &str, wrong: String| {
        let mut faults = Faults::default();
        faults.say(field, code, &wrong);
        Refused::Faults(faults)
    };
    let line = |places: &[vitrine_pricing::shipping::Place], path: &str| {
        index_of(path).and_then(|i| places.get(i)).map(form::line).unwrap_or_default()
    };
    let place_code = |path: &str| match path.rsplit_once('.') {
        Some((_, "country")) => "fault-ship-place-country",
        Some((_, "region")) => "fault-ship-place-region",
        Some(_) => "fault-ship-place",
        None => "fault-ship-places-many",
    };
    let own = |list: &str, index: usize| unfit.path.strip_prefix(&format!("{list}[{index}].")).map(str::to_owned);
    match part {
        Part::Zone => {
            let zone = next.shipping_zones.get(index);
            match (own("zones", index).as_deref(), zone) {
                (Some("id"), _) => at("id", "fault-ship-id"),
                (Some("countries"), Some(zone)) => {
                    let wrong = form::strange(&zone.countries);
                    let code = if wrong.is_empty() { "fault-ship-places-many" } else { "fault-ship-countries" };
                    within("countries", code, wrong)
                }
                (Some(path), Some(zone)) => match (path.strip_prefix("places"), path.strip_prefix("except")) {
                    (Some(rest), _) => within("places", place_code(rest), line(&zone.places, rest)),
                    (_, Some(rest)) => within("except", place_code(rest), line(&zone.except, rest)),
                    _ => elsewhere(),
                },
                _ if unfit.path == "zones" => at("id", "fault-ship-zones-many"),
                _ => elsewhere(),
            }
        }
        Part::Way => match own("methods", index).as_deref() {
            Some("id") => at("id", "fault-ship-id"),
            Some("name") => at("name", "fault-long"),
            Some("names") => at("names", "fault-ship-names"),
            Some("days") => at("days_to", "fault-ship-days"),
            Some("dim_divisor") => at("dim_divisor", "fault-ship-divisor"),
            _ if unfit.path == "methods" || unfit.path.ends_with("].method") => at("id", "fault-ship-ways-many"),
            _ => elsewhere(),
        },
        Part::Rate => {
            let currency = next.shipping.get(index).map(|rate| rate.currency.as_str());
            if unfit.currency.as_deref() != currency {
                return elsewhere();
            }
            // The rules count the rates of one currency.
            let before = next.shipping.iter().take(index).filter(|rate| Some(rate.currency.as_str()) == currency);
            match own("rates", before.count()).as_deref() {
                Some("zone") => at("zone", "fault-ship-zone"),
                Some("method") => at("way", "fault-ship-ways-many"),
                Some("up_to_mm") => at("up_to_mm", "fault-ship-size"),
                Some(field @ ("amount" | "handling" | "handling_per_item" | "free_over" | "up_to_goods")) => {
                    at(field, "fault-price-amount")
                }
                _ if unfit.path == "rates" => at("zone", "fault-ship-rates-many"),
                _ if unfit.path.ends_with("].method") => at("way", "fault-ship-ways-many"),
                // A zone that is no own one is made for its rate.
                _ if unfit.path.starts_with("zones") => at("zone", "fault-ship-zone"),
                _ => elsewhere(),
            }
        }
        Part::Nowhere => match unfit.path.strip_prefix("except") {
            Some(rest) => within("places", place_code(rest), line(&next.shipping_except, rest)),
            None => elsewhere(),
        },
    }
}
