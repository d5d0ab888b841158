//! What the law of a country wants said on a document about its tax, word by word.

use serde::{Deserialize, Serialize};
use vitrine_pricing::legal_notes::{Situation, legal_note};
use vitrine_pricing::quote::{StepKind, TaxIdState};
use vitrine_pricing::territory::is_member;
use vitrine_shared::catalog::LegalEntity;

use crate::checkout::store::Order;

/// A note as printed; it stays as it was, whatever becomes of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Legal {
    /// Row it came from: `DE-de-reverse_charge_service`.
    pub id: String,
    /// BCP 47 language of `text`.
    pub language: String,
    /// As printed.
    pub text: String,
    /// What it says, in English.
    pub english: String,
    /// The law.
    pub source: String,
}

/// The notes of an order's documents, each once.
pub(super) fn notes(legal: &LegalEntity, order: &Order) -> Vec<Legal> {
    let home = legal.country.as_str();
    let lines = order.quote.explain.iter().filter(|s| s.kind == StepKind::Treatment);
    let of_line = |step: &vitrine_pricing::quote::Step| {
        let line = step.line.and_then(|n| order.quote.lines.get(n))?;
        let situation = Situation::of(line.tax_status, &step.rule, line.accuracy)?;
        let country = match situation {
            // Whose buyer owes the tax, and who is outside the Union, writes as the buyer's state wants it (art. 219a).
            Situation::ReverseChargeService if !is_member(home) => order.country.as_str(),
            // Sales tax is a matter of the state the parcel goes to.
            Situation::NoTax | Situation::StateRateOnly => order.country.as_str(),
            _ => home,
        };
        Some((country, situation))
    };
    let mut wanted: Vec<(&str, Situation)> = lines.filter_map(of_line).collect();
    if order.tax.relief.is_some() && matches!(order.tax.id_state, TaxIdState::Pending | TaxIdState::Unavailable) {
        wanted.push((home, Situation::TaxIdPending));
    }
    let mut out: Vec<Legal> = Vec::new();
    for (country, situation) in wanted {
        let Some(note) = legal_note(country, situation, None) else { continue };
        let number = legal.tax_ids.first().map(String::as_str);
        // `…` stands for the seller's number; a note without it would say nothing.
        let text = match (note.text, number) {
            (Some(text), Some(number)) => text.replace('…', number),
            (Some(text), None) if !text.contains('…') => text.to_owned(),
            _ => continue,
        };
        if out.iter().all(|known| known.id != note.id) {
            out.push(Legal {
                id: note.id,
                language: note.language.to_owned(),
                text,
                english: note.english.to_owned(),
                source: note.source.to_owned(),
            });
        }
    }
    out
}
