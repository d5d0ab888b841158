//! What sending the physical lines costs, and how that is taxed: an own rate where the place has one, else accessory to the goods.

use super::error::QuoteError;
use super::kind::Kind;
use super::place::treat;
use super::run::{Part, Priced, at, grouped, invalid, status_code, step};
use super::shapes::*;
use crate::money::Money;
use crate::shipping::{Destination, Parcel, STANDARD};
use crate::tax::Treatment;

/// Bounds of what a document says of shipping.
pub(super) fn check_shipping(request: &QuoteRequest) -> Result<(), QuoteError> {
    if request.shipping_method.as_ref().is_some_and(|id| id.len() > MOST_METHOD_BYTES) {
        return Err(invalid("shipping_method", "at most 64 bytes"));
    }
    let Some(table) = &request.shipping else { return Ok(()) };
    table.check(request.currency).map_err(|(path, why)| invalid(format!("shipping.{path}"), why))
}

/// Of a method's id: longer ones are none.
const MOST_METHOD_BYTES: usize = 64;

/// What a line adds to the free-over threshold and to bands by worth: what it is listed for, so that a discount makes shipping no dearer.
fn worth(line: &Priced<'_>) -> Money {
    line.list
}

/// What the chosen method costs as parts of the quote; answers what is offered, the chosen one marked. Nothing if nothing is sent.
pub(super) fn add_shipping<'a>(
    lines: &[Priced<'a>],
    parts: &mut Vec<Part<'a>>,
    request: &QuoteRequest,
    context: &Context<'a>,
    explain: &mut Vec<Step>,
) -> Result<Vec<OfferedMethod>, QuoteError> {
    let physical: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].kind == Kind::Physical).collect();
    let Some(first) = physical.first().copied() else {
        return Ok(Vec::new());
    };
    let sent = || physical.iter().map(|i| &lines[*i]);
    let goods = Money::sum(request.currency, sent().map(worth)).map_err(at("lines"))?;
    let mut parcel = Parcel { goods, ..Parcel::empty(request.currency) };
    for line in sent() {
        parcel.put(line.quantity, line.weight_g, line.sides);
    }
    let buyer = &request.buyer;
    let country = &buyer.country;
    let to = Destination { country, region: buyer.region.as_deref(), postcode: buyer.postcode.as_deref() };
    let table = request.shipping.as_ref().unwrap_or(context.shipping);
    let offers = table.offers(&to, &parcel).map_err(at("shipping"))?;
    let chosen = match &request.shipping_method {
        // Of two that cost the same the one offered first.
        None => offers.iter().min_by_key(|offer| offer.amount.minor()),
        Some(id) if offers.is_empty() || offers.iter().any(|o| o.method == id) => {
            offers.iter().find(|o| o.method == id)
        }
        Some(id) => {
            return Err(QuoteError::NoSuchMethod { method: id.chars().take(MOST_METHOD_BYTES).collect() });
        }
    };
    let chosen =
        chosen.ok_or_else(|| QuoteError::NotShipped { country: country.clone(), weight_g: parcel.weight_g })?;
    let (rate, amount) = (chosen.rate, chosen.amount);
    if !amount.is_in_steps() {
        return Err(QuoteError::not_in_steps("shipping".into(), request.currency));
    }
    let method = if chosen.method == STANDARD { String::new() } else { format!("/{}", chosen.method) };
    let band = rate.up_to_g.map_or_else(String::new, |g| format!("<={g}g"));
    let worth = rate.up_to_goods.map_or_else(String::new, |m| format!("<={}", m.to_decimal()));
    let size = rate.up_to_mm.map_or_else(String::new, |[a, b, c]| format!("<={a}x{b}x{c}mm"));
    let rule = format!("{}{method}{band}{size}{worth}", rate.zone);
    let source = if chosen.billed_g > parcel.weight_g { "shipping.dim_divisor" } else { "shipping" };
    explain.push(Step { base: Some(rate.amount), amount: Some(amount), ..step(StepKind::Shipping, &rule, source) });
    if !chosen.handling.is_zero() {
        explain.push(Step { amount: Some(chosen.handling), ..step(StepKind::Shipping, "handling", "shipping.rates") });
    }
    let offered = offers.iter().map(|offer| OfferedMethod {
        id: offer.method.to_owned(),
        name: offer.name.to_owned(),
        names: offer.described.map(|m| m.names.clone()).unwrap_or_default(),
        days: offer.described.and_then(|m| m.days),
        amount: offer.amount,
        chosen: offer.method == chosen.method,
    });
    let offered = offered.collect();
    let shares: Vec<(Money, Treatment<'a>)> =
        if context.rules.has_shipping_rule(country, request.buyer.region.as_deref(), request.date) {
            vec![(amount, treat(&lines[first], "shipping", request, context)?)]
        } else {
            // Accessory to the goods: shared over their treatments by value (by line if all are free).
            let groups = grouped(parts, physical.into_iter());
            let weight = |i: &usize| if goods.is_zero() { 1 } else { lines[*i].list.minor() };
            let weights: Vec<i64> = groups.iter().map(|group| group.iter().map(weight).sum()).collect();
            let shares = amount.allocate(&weights).map_err(at("shipping"))?;
            shares.into_iter().zip(groups.iter().map(|group| parts[group[0]].treatment.clone())).collect()
        };
    for (list, treatment) in shares {
        explain.push(Step {
            base: Some(list),
            ..step(StepKind::Treatment, treatment.reason, status_code(treatment.status))
        });
        parts.push(Part { line: None, list, units: 1, net: list, taxes: vec![], given: vec![], treatment });
    }
    Ok(offered)
}
