//! What sending the physical lines costs, and how that is taxed: an own rate where the place has one, else accessory to the goods.

use std::collections::BTreeMap;

use super::place::treat;
use super::run::{Part, Priced, at, group_key, status_code, step};
use super::shapes::*;
use crate::money::Money;
use crate::tax::Treatment;

pub(super) fn add_shipping<'a>(
    lines: &[Priced<'a>],
    parts: &mut Vec<Part<'a>>,
    request: &QuoteRequest,
    context: &Context<'a>,
    explain: &mut Vec<Step>,
) -> Result<(), QuoteError> {
    let physical: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].kind == Kind::Physical).collect();
    let Some(first) = physical.first().copied() else {
        return Ok(());
    };
    let weight_g = physical.iter().map(|i| lines[*i].weight_g).sum();
    let goods = Money::sum(request.currency, physical.iter().map(|i| lines[*i].list)).map_err(at("lines"))?;
    let country = &request.buyer.country;
    let table = request.shipping.as_ref().unwrap_or(context.shipping);
    let (rate, amount) = table
        .find(country, weight_g, goods)
        .ok_or_else(|| QuoteError::NotShipped { country: country.clone(), weight_g })?;
    let rule = format!("{}<={}g", rate.zone, rate.up_to_g);
    explain.push(Step { base: Some(rate.amount), amount: Some(amount), ..step(StepKind::Shipping, &rule, "shipping") });
    let mut push = |list: Money, treatment: Treatment<'a>| {
        explain.push(Step {
            base: Some(list),
            ..step(StepKind::Treatment, treatment.reason, status_code(treatment.status))
        });
        parts.push(Part { line: None, list, units: 1, net: list, taxes: vec![], treatment });
    };
    if context.rules.has_shipping_rule(country, request.buyer.region.as_deref(), request.date) {
        push(amount, treat(&lines[first], "shipping", request, context)?);
        return Ok(());
    }
    // Accessory to the goods: shared over their treatments by value (by line if all are free).
    let mut groups: BTreeMap<String, (i64, Treatment<'a>)> = BTreeMap::new();
    for i in physical {
        let line = &lines[i];
        let treatment = treat(line, line.class, request, context)?;
        let weight = if goods.is_zero() { 1 } else { line.list.minor() };
        groups.entry(group_key(&treatment)).or_insert((0, treatment)).0 += weight;
    }
    let weights: Vec<i64> = groups.values().map(|g| g.0).collect();
    let shares = amount.allocate(&weights).map_err(at("shipping"))?;
    for (share, (_, treatment)) in shares.into_iter().zip(groups.into_values()) {
        push(share, treatment);
    }
    Ok(())
}
