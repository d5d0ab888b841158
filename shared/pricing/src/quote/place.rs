//! How a priced line is taxed: the line and the document as one supply, and the worth of what is sent from abroad.

use super::error::QuoteError;
use super::kind::Kind;
use super::run::{MILLION, Priced, Recent, at};
use super::shapes::*;
use crate::money::{Money, MoneyError, RoundingMode};
use crate::tax::{Supply, TaxStatus, Treatment, Value};
use crate::territory::resolve;

/// The treatment of a line, or of another class sent with it (`shipping`).
pub(super) fn treat<'a>(
    line: &Priced<'_>,
    class: &str,
    request: &QuoteRequest,
    context: &Context<'a>,
) -> Result<Treatment<'a>, QuoteError> {
    let treatment = context.rules.treat(&supply(line, class, request));
    // Whoever does not know yet how much is owed does not sell as if nothing were.
    let owed = matches!(treatment.reason, "region_unknown" | "territory_without_table");
    if treatment.status == TaxStatus::NoRule && (owed || request.no_rule == NoRulePolicy::Block) {
        let buyer = &request.buyer;
        let (region, goods) = (buyer.region.as_deref(), line.kind == Kind::Physical);
        // A part of a country with a tax of its own by its own name (`ES-CE`): there are rules for the country.
        let part = resolve(&buyer.country, region, buyer.postcode.as_deref(), goods).code;
        let place = match region {
            _ if part != buyer.country => part.to_owned(),
            Some(region) => format!("{part}-{region}"),
            None => part.to_owned(),
        };
        return Err(QuoteError::NoTaxRule { place });
    }
    Ok(treatment)
}

fn supply<'s>(line: &Priced<'s>, class: &'s str, request: &'s QuoteRequest) -> Supply<'s> {
    let buyer = &request.buyer;
    Supply {
        seller: &request.seller.country,
        seller_region: request.seller.region.as_deref(),
        registrations: &request.seller.registrations,
        country: &buyer.country,
        region: buyer.region.as_deref(),
        postcode: buyer.postcode.as_deref(),
        valid_business: buyer.business && buyer.tax_id_state == TaxIdState::Valid,
        tax_id: buyer.tax_id.as_deref(),
        ships_from: (line.kind == Kind::Physical).then_some(line.ships_from),
        value: line.value,
        class,
        date: request.date,
    }
}

/// Fills in the worth of lines sent from another country, without tax: import schemes have limits. What leaves from one country is one
/// consignment.
pub(super) fn appraise(
    lines: &mut [Priced<'_>],
    request: &QuoteRequest,
    context: &Context<'_>,
) -> Result<(), QuoteError> {
    let mut nets: Vec<Option<(Money, Money)>> = Vec::with_capacity(lines.len());
    let mut rates = Recent::default();
    for (i, line) in lines.iter().enumerate() {
        let abroad = line.kind == Kind::Physical && line.ships_from != request.buyer.country;
        let rate = match abroad && request.seller.prices_include_tax {
            true => rates.or_else((line.class, line.ships_from), || {
                Ok::<_, QuoteError>(context.rules.consumer_rate_ppm(&supply(line, line.class, request)))
            })?,
            false => 0,
        };
        let wrong = |source: MoneyError| QuoteError::Money { field: format!("lines[{i}]"), source };
        let net = |amount: Result<Money, MoneyError>| -> Result<Money, QuoteError> {
            let whole = MILLION.checked_add(rate).ok_or(MoneyError::Overflow);
            whole.and_then(|whole| amount?.mul_ratio(MILLION, whole, RoundingMode::HalfUp)).map_err(wrong)
        };
        if !abroad {
            nets.push(None);
            continue;
        }
        // What is paid counts, not what is listed; of units that a discount leaves a minor unit apart, the dearer.
        let (paid, units) = (line.paid.minor(), i64::from(line.quantity));
        let item = Money::new(paid / units + i64::from(paid % units > 0), request.currency);
        nets.push(Some((net(item)?, net(Ok(line.paid))?)));
    }
    // From few countries, by the first line of each.
    let mut consignments: Vec<(&str, Money)> = Vec::new();
    for (line, net) in lines.iter().zip(&nets) {
        let Some((_, net)) = *net else { continue };
        match consignments.iter_mut().find(|(from, _)| *from == line.ships_from) {
            Some((_, sum)) => *sum = sum.checked_add(net).map_err(at("lines"))?,
            None => consignments.push((line.ships_from, net)),
        }
    }
    for (line, net) in lines.iter_mut().zip(nets) {
        let Some((item, _)) = net else { continue };
        let consignment = consignments.iter().find(|(from, _)| *from == line.ships_from);
        line.value = consignment.map(|(_, consignment)| Value { item, consignment: *consignment });
    }
    Ok(())
}
