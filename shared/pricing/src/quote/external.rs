//! Taxes that a tax service worked out, in place of those of the tables.
//!
//! They are taken only for the very amounts they were worked out on: after discounts, per line and for shipping. Prices, discounts and
//! shipping stay the engine's, and so do the questions whether anything may be sold to the place at all, and why the seller charges there.
//! A line without tax says why. Lines that nobody was asked about keep what the tables say of them, and shipping goes with the parcels: it is
//! the service's once one line in a parcel is.

use serde::{Deserialize, Serialize};

use super::error::QuoteError;
use super::kind::Kind;
use super::run::{Part, Priced, at, invalid, status_code, step, tax};
use super::shapes::{QuoteRequest, Step, StepKind, TaxAmount};
use crate::money::{Currency, Money};
use crate::tax::{Accuracy, TaxStatus};

/// Of a name or a reason.
const MOST_BYTES: usize = 120;
/// State, county, city and a handful of districts.
const MOST_TAXES: usize = 40;

/// What a tax service worked out for one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExternalTaxes {
    /// Who did: `stripe`.
    pub provider: String,
    /// Its name for the calculation.
    pub calculation: String,
    /// One per line of the document, in their order; `null`: the service was not asked about it, and the tables stand.
    pub lines: Vec<Option<ExternalPart>>,
    /// There if a line that is shipped has one.
    #[serde(default)]
    pub shipping: Option<ExternalPart>,
}

/// Taxes of one line or of shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExternalPart {
    /// What they were worked out on: as listed, less discounts, with or without tax as prices are.
    pub amount: Money,
    /// Why it carries the tax it carries; without tax anything but `taxed` and `no_rule`.
    pub status: TaxStatus,
    /// One per jurisdiction and rate.
    pub taxes: Vec<ExternalTax>,
}

/// One tax of one jurisdiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExternalTax {
    /// `US-CA`, `US-CA Los Angeles` ...
    pub jurisdiction: String,
    /// As shown: `Sales Tax`.
    pub name: String,
    /// Millionths.
    pub rate_ppm: i64,
    /// What it was computed on, without tax.
    pub base: Money,
    /// The tax.
    pub amount: Money,
    /// The service's word for why: `standard_rated`.
    pub reason: String,
}

fn word(field: String, text: &str) -> Result<(), QuoteError> {
    let fine = (1..=MOST_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    if fine { Ok(()) } else { Err(invalid(field, "1 to 120 bytes of text")) }
}

/// What they say of a line, or of shipping.
fn of(external: &ExternalTaxes, line: Option<usize>) -> Option<&ExternalPart> {
    match line {
        Some(line) => external.lines.get(line)?.as_ref(),
        None => external.shipping.as_ref(),
    }
}

/// Puts them in the place of what the tables said.
pub(super) fn put(
    external: &ExternalTaxes,
    parts: &mut Vec<Part<'_>>,
    priced: &[Priced<'_>],
    request: &QuoteRequest,
    explain: &mut Vec<Step>,
) -> Result<(), QuoteError> {
    word("external_taxes.provider".into(), &external.provider)?;
    word("external_taxes.calculation".into(), &external.calculation)?;
    let lines = request.lines.len();
    if external.lines.len() != lines {
        return Err(invalid("external_taxes.lines", "one per line of the document"));
    }
    let mut asked = priced.iter().zip(&external.lines);
    let parcel = asked.any(|(line, given)| line.kind == Kind::Physical && given.is_some());
    if external.shipping.is_some() != (parcel && parts.len() > lines) {
        return Err(invalid("external_taxes.shipping", "there if a line with taxes is shipped, and only then"));
    }
    // The tables may tax shares of shipping apart; a service answers for all of it.
    let shares = if parcel { parts.split_off(lines) } else { Vec::new() };
    for share in shares {
        match parts.get_mut(lines) {
            Some(whole) => whole.list = whole.list.checked_add(share.list).map_err(at("shipping"))?,
            None => parts.push(share),
        }
    }
    // Why the place may tax it at all stays said where the service agrees that it does: documents need words for that.
    let agreed = |line: Option<usize>| {
        let Some(given) = of(external, line) else { return true };
        line.and_then(|line| parts.get(line)).is_some_and(|part| part.treatment.status == given.status)
    };
    explain.retain(|step| step.kind != StepKind::Treatment || agreed(step.line));
    for part in parts.iter_mut() {
        let Some(given) = of(external, part.line) else { continue };
        let path = part.line.map_or("external_taxes.shipping".into(), |i| format!("external_taxes.lines[{i}]"));
        part.given = check(given, part.list, request, &external.provider, &path)?;
        part.treatment.status = given.status;
        part.treatment.accuracy = Accuracy::Provider;
        part.treatment.reason = "provider";
        part.treatment.rules.clear();
        part.treatment.strip_ppm = 0;
        explain.push(Step {
            line: part.line,
            base: Some(part.list),
            ..step(StepKind::Treatment, "provider", status_code(given.status))
        });
    }
    Ok(())
}

/// The taxes as rows of a quote, each under a rule of its own name.
fn check(
    part: &ExternalPart,
    list: Money,
    request: &QuoteRequest,
    provider: &str,
    path: &str,
) -> Result<Vec<TaxAmount>, QuoteError> {
    let currency: Currency = request.currency;
    if part.amount != list {
        let why = format!("these taxes are of another amount than {}", list.to_decimal());
        return Err(invalid(format!("{path}.amount"), why));
    }
    if part.taxes.len() > MOST_TAXES {
        return Err(invalid(format!("{path}.taxes"), "at most 40"));
    }
    let mut rows: Vec<TaxAmount> = Vec::with_capacity(part.taxes.len());
    for (i, tax) in part.taxes.iter().enumerate() {
        let field = |name: &str| format!("{path}.taxes[{i}].{name}");
        word(field("jurisdiction"), &tax.jurisdiction)?;
        word(field("name"), &tax.name)?;
        word(field("reason"), &tax.reason)?;
        if !(0..=super::run::MILLION).contains(&tax.rate_ppm) {
            return Err(invalid(field("rate_ppm"), "0 to 1000000"));
        }
        for (name, amount) in [("base", tax.base), ("amount", tax.amount)] {
            if amount.is_negative() || amount.currency() != currency {
                return Err(invalid(field(name), "not negative, in the currency of the document"));
            }
        }
        if !tax.amount.is_in_steps() {
            return Err(QuoteError::not_in_steps(field("amount"), currency));
        }
        let rule = format!("{provider}:{}:{}:{}", tax.jurisdiction, tax.name, tax.rate_ppm);
        if rows.iter().any(|row| row.rule == rule) {
            return Err(invalid(field("jurisdiction"), "a tax of this jurisdiction, name and rate is there already"));
        }
        rows.push(TaxAmount {
            rule,
            jurisdiction: tax.jurisdiction.clone(),
            name: tax.name.clone(),
            rate_ppm: tax.rate_ppm,
            base: tax.base,
            amount: tax.amount,
        });
    }
    let sum = Money::sum(currency, rows.iter().map(|row| row.amount)).map_err(at("external_taxes"))?;
    let silent = match part.status {
        TaxStatus::Taxed => rows.is_empty(),
        TaxStatus::NoRule => true,
        _ => !sum.is_zero(),
    };
    if silent {
        return Err(invalid(format!("{path}.status"), "taxed has taxes, no tax has its reason"));
    }
    if request.seller.prices_include_tax && sum > list {
        return Err(invalid(format!("{path}.taxes"), "more than the price they are in"));
    }
    Ok(rows)
}

/// Fills `net` of every part, and tells each tax with its source; what was not asked has the tables' taxes.
pub(super) fn count(
    external: &ExternalTaxes,
    parts: &mut Vec<Part<'_>>,
    request: &QuoteRequest,
    explain: &mut Vec<Step>,
) -> Result<(), QuoteError> {
    let asked = |part: &Part<'_>| of(external, part.line).is_some();
    let (mut given, mut own): (Vec<_>, Vec<_>) = std::mem::take(parts).into_iter().partition(asked);
    tax(&mut own, request, explain).map_err(at("lines"))?;
    parts.append(&mut given);
    parts.append(&mut own);
    // Lines in their order, then shipping.
    parts.sort_by_key(|part| part.line.unwrap_or(usize::MAX));
    for part in parts.iter_mut() {
        let Some(given) = of(external, part.line) else { continue };
        let tax = Money::sum(request.currency, part.given.iter().map(|row| row.amount)).map_err(at("lines"))?;
        let inclusive = request.seller.prices_include_tax;
        part.net = if inclusive { part.list.checked_sub(tax).map_err(at("lines"))? } else { part.list };
        for (row, said) in part.given.iter().zip(&given.taxes) {
            let who = format!("{} {}", external.provider, external.calculation);
            explain.push(Step {
                line: part.line,
                base: Some(row.base),
                rate_ppm: Some(row.rate_ppm),
                amount: Some(row.amount),
                ..step(StepKind::Tax, &row.rule, &format!("{who}: {} {}, {}", row.jurisdiction, row.name, said.reason))
            });
        }
    }
    Ok(())
}
