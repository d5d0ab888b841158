//! What the tax of an order was decided on, as staff read it: sentences of the locale files with what fills them.

use serde::Serialize;
use vitrine_pricing::evidence::{Finding, Source};
use vitrine_pricing::format::Locale;
use vitrine_pricing::tax::TaxStatus;
use vitrine_shared::views::MomentView;
use vitrine_shared::views::desk::Fact;
use vitrine_shared::views::sums::state_only;

use crate::checkout::store::{Order, Person};
use crate::checkout::{GIVEN_UP, place_is_asked, place_is_open};

/// A value by its word in records.
pub(super) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn fact(key: String, args: &[(&str, &str)]) -> Fact {
    Fact { key, args: args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
}

/// The facts in the order in which they matter.
pub(super) fn facts(order: &Order, person: Option<&Person>, locale: Locale) -> Vec<Fact> {
    let tax = &order.tax;
    let mut out = Vec::new();
    if tax.business {
        let number = person.map(|p| p.tax_id.as_str()).unwrap_or_default();
        let reference = tax.reference.as_deref().unwrap_or("-");
        let args = [("number", number), ("register", tax.register.as_str()), ("reference", reference)];
        match number {
            "" => out.push(fact("desk-tax-business".into(), &[])),
            _ => out.push(fact(format!("desk-tax-id-{}", word(tax.id_state)), &args)),
        }
    }
    if let Some(code) = &tax.fallback {
        out.push(fact("desk-tax-fallback".into(), &[("code", code)]));
    }
    if tax.relief.is_some() {
        out.push(fact("desk-tax-relief".into(), &[]));
    }
    let lines = &order.quote.lines;
    if lines.iter().any(|l| l.tax_status == TaxStatus::NoRule) {
        out.push(fact("desk-tax-no-rule".into(), &[("country", &order.country)]));
    }
    if state_only(&order.quote).is_some() {
        out.push(fact("desk-tax-state-only".into(), &[]));
    }
    if let Some(service) = &tax.service {
        let args = [("provider", service.provider.as_str()), ("calculation", service.calculation.as_str())];
        out.push(fact("desk-tax-service".into(), &args));
        if let Some(transaction) = &service.transaction {
            let args = [("provider", service.provider.as_str()), ("transaction", transaction.as_str())];
            out.push(fact("desk-tax-service-kept".into(), &args));
        }
        if let Some(code) = &service.refused {
            let args = [("provider", service.provider.as_str()), ("code", code.as_str())];
            let key = if code == GIVEN_UP { "desk-tax-service-late" } else { "desk-tax-service-refused" };
            out.push(fact(key.into(), &args));
        }
        for (refund, code) in &service.not_reversed {
            let args = [("provider", service.provider.as_str()), ("refund", refund.as_str()), ("code", code.as_str())];
            let key = if code == GIVEN_UP { "desk-tax-service-back-late" } else { "desk-tax-service-back-refused" };
            out.push(fact(key.into(), &args));
        }
    }
    if let Some(away) = &tax.tax_fallback {
        let at = MomentView::of(away.at, locale).text;
        let args = [("provider", away.provider.as_str()), ("code", away.code.as_str()), ("at", at.as_str())];
        out.push(fact("desk-tax-service-away".into(), &args));
    }
    out.extend(place(order, locale));
    out
}

/// What is known of where the buyer of files lives.
pub(super) fn place(order: &Order, locale: Locale) -> Vec<Fact> {
    let mut out = Vec::new();
    let Some(evidence) = &order.tax.evidence else { return out };
    match &evidence.finding {
        Finding::Agreed { country, ground, .. } if *country == order.country => {
            out.push(fact(format!("desk-evidence-{}", word(ground)), &[("country", country)]));
        }
        Finding::Agreed { country, .. } => {
            out.push(fact("desk-evidence-other".into(), &[("country", country), ("taxed", &order.country)]));
        }
        Finding::Conflict { .. } => out.push(fact("desk-evidence-conflict".into(), &[])),
        Finding::Insufficient => out.push(fact("desk-evidence-insufficient".into(), &[])),
    }
    // What the buyer said stands below, with its moment.
    for piece in evidence.pieces.iter().filter(|p| p.source != Source::Other || evidence.statements.is_empty()) {
        out.push(fact(format!("desk-piece-{}", word(piece.source)), &[("country", &piece.country)]));
    }
    for said in &evidence.statements {
        let at = MomentView::of(said.at_ms, locale).text;
        out.push(fact("desk-evidence-stated".into(), &[("country", &said.country), ("at", &at)]));
    }
    if evidence.declared && evidence.statements.is_empty() {
        out.push(fact("desk-evidence-declared".into(), &[("country", &order.country)]));
    }
    if place_is_asked(order) {
        out.push(fact("desk-evidence-asked".into(), &[]));
    }
    let elsewhere = evidence.statements.last().filter(|said| said.country != order.country && place_is_open(order));
    if let Some(said) = elsewhere {
        let args = [("country", said.country.as_str()), ("taxed", order.country.as_str())];
        out.push(fact("desk-evidence-correct".into(), &args));
    }
    if let Some(at_ms) = evidence.settled_ms {
        let at = MomentView::of(at_ms, locale).text;
        out.push(fact("desk-evidence-settled".into(), &[("at", &at)]));
    }
    out
}
