//! What the law of a country wants said on a document about its tax, word by word.

use serde::{Deserialize, Serialize};
use vitrine_pricing::legal_notes::{LegalNote, Situation, legal_notes};
use vitrine_pricing::quote::{Amounts, Kind, StepKind, TaxIdState};
use vitrine_pricing::refund::{RefundPart, RefundQuote};
use vitrine_pricing::tax::TaxStatus;
use vitrine_pricing::tax_id::{Checked, check};
use vitrine_pricing::territory::{Regime, is_member, resolve};
use vitrine_shared::catalog::LegalEntity;
use vitrine_shared::views::sums::state_only;

use super::Invoice;
use crate::checkout::store::Order;
use crate::pricing;

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

impl Legal {
    fn is_about(&self, situation: Situation) -> bool {
        self.id.ends_with(&format!("-{}", situation.code()))
    }
}

/// Why the tax of a part that goes back is not owed, though the order was sold with it.
pub(super) struct Relief {
    /// What the part is instead.
    pub(super) status: TaxStatus,
    /// Why, as the quote of such an order would say it.
    pub(super) reason: &'static str,
    situation: Option<Situation>,
}

/// The relief of a part of a refund: its tax goes back alone; or went back alone before, and what goes back now was sold without. `None`: the
/// part is what the order says. Whose number another member state confirmed owes the tax itself or took goods that are exempt; for everybody
/// else whoever gave it back knows why, and the sale is an exempt one.
pub(super) fn relief(legal: &LegalEntity, order: &Order, part: &RefundPart) -> Option<Relief> {
    let (amounts, paid) = (&part.amounts, paid(order, part)?);
    let alone = !amounts.tax.is_zero() && amounts.gross == amounts.tax;
    let before = !paid.tax.is_zero() && !amounts.net.is_zero() && amounts.taxes.iter().all(|t| t.base.is_zero());
    if !alone && !before {
        return None;
    }
    let across = is_member(&legal.country) && is_member(&order.country) && legal.country != order.country;
    if !across || order.tax.id_state != TaxIdState::Valid {
        return Some(Relief { status: TaxStatus::ZeroRated, reason: "domestic", situation: None });
    }
    // Shipping goes with goods.
    let digital = part.line.and_then(|line| order.quote.lines.get(line)).is_some_and(|l| l.kind == Kind::Digital);
    Some(if digital {
        let (reason, situation) = ("reverse_charge_art_196", Some(Situation::ReverseChargeService));
        Relief { status: TaxStatus::ReverseCharged, reason, situation }
    } else {
        let (reason, situation) = ("intra_community_supply_art_138", Some(Situation::IntraCommunitySupply));
        Relief { status: TaxStatus::ZeroRated, reason, situation }
    })
}

/// What was paid of what a part is of.
pub(super) fn paid<'a>(order: &'a Order, part: &RefundPart) -> Option<&'a Amounts> {
    match part.line {
        Some(line) => Some(&order.quote.lines.get(line)?.amounts),
        None => order.quote.shipping.as_ref(),
    }
}

/// A note with the seller's numbers in it, in the first of the languages that the law has such words in. A note without the numbers would say
/// nothing: then it is the one of the next language.
fn written(
    legal: &LegalEntity,
    country: &str,
    situation: Situation,
    languages: &[&str],
) -> Option<(LegalNote, String)> {
    // French comes first there, whatever the buyer reads.
    let in_quebec = || pricing::region_of(legal).is_some_and(|region| region.eq_ignore_ascii_case("QC"));
    let quebec = situation == Situation::TaxInvoice && country == "CA" && in_quebec();
    let languages = if quebec { &["fr"][..] } else { languages };
    let numbers = numbers(legal, country, situation);
    legal_notes(country, situation, languages).into_iter().find_map(|note| {
        let text = filled(note.text?, &numbers)?;
        Some((note, text))
    })
}

/// The seller's number as a small enterprise in other member states: the letters of its own, and the suffix EX (Directive 2006/112/EC art. 284(3)).
fn ex_number(legal: &LegalEntity) -> Option<&String> {
    let letters = if legal.country == "GR" { "EL" } else { legal.country.as_str() };
    legal.tax_ids.iter().find(|id| {
        let bare: String = id.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let number = bare.strip_prefix(letters).and_then(|rest| rest.strip_suffix("EX"));
        is_member(&legal.country) && number.is_some_and(|n| n.chars().any(|c| c.is_ascii_digit()))
    })
}

/// The text with a number for each `…`; `None` if there are too few.
fn filled(text: &str, numbers: &[String]) -> Option<String> {
    let mut parts = text.split('…');
    let mut out = parts.next()?.to_owned();
    for (n, part) in parts.enumerate() {
        out.push_str(numbers.get(n)?);
        out.push_str(part);
    }
    Some(out)
}

/// The seller's numbers in the order in which a note has places for them.
fn numbers(legal: &LegalEntity, country: &str, situation: Situation) -> Vec<String> {
    let kinds: &[&str] = match (situation, country) {
        (Situation::TaxInvoice, "AU") => &["au_abn"],
        (Situation::TaxInvoice, "CA") => &["ca_gst", "ca_qst"],
        (Situation::TaxInvoice, "JP") => &["jp_trn"],
        (Situation::TaxInvoice, "NZ") => &["nz_gst"],
        (Situation::TaxInvoice, "ZA") => &["za_vat"],
        (Situation::SmallBusinessUnion, _) => return ex_number(legal).cloned().into_iter().collect(),
        _ => return legal.tax_ids.first().cloned().into_iter().collect(),
    };
    let stored = |kind: &str| {
        legal.tax_ids.iter().find_map(|id| match check(kind, id) {
            Checked::Ok(stored) => Some(stored),
            _ => None,
        })
    };
    kinds.iter().map_while(|kind| stored(kind)).collect()
}

/// The notes of a credit note: what goes back goes by the law that its invoice named, whatever became of the seller's numbers and of the words of
/// the law since. Only a tax that was not owed has notes of its own, and documents of before they were kept.
pub(super) fn of_credit(
    legal: &LegalEntity,
    order: &Order,
    what: &RefundQuote,
    invoice: Option<&Invoice>,
    languages: &[&str],
) -> Vec<Legal> {
    let relieved = what.lines.iter().any(|part| relief(legal, order, part).is_some_and(|r| r.situation.is_some()));
    match invoice.map(|invoice| &invoice.legal).filter(|kept| !relieved && !kept.is_empty()) {
        Some(kept) => kept.iter().filter(|note| !note.is_about(Situation::TaxIdPending)).cloned().collect(),
        None => notes(legal, order, Some(what), languages),
    }
}

/// The notes of an order's documents, each once; of a credit note with what goes back. `languages`: that of the document, then the seller's.
pub(super) fn notes(
    legal: &LegalEntity,
    order: &Order,
    refund: Option<&RefundQuote>,
    languages: &[&str],
) -> Vec<Legal> {
    let home = legal.country.as_str();
    let of = |country, region| resolve(country, region, None, false);
    let (here, there) = (of(home, legal.region.as_deref()), of(&order.country, Some(order.region.as_str())));
    // A business that is taxable elsewhere buys where the seller is.
    let business = order.tax.business && order.tax.id_state == TaxIdState::Valid;
    let union = !business && there.regime == Regime::Union && there.state != here.state;
    let placed = |situation: Situation| {
        let situation = match situation {
            // Exempt by the buyer's state, for whoever has the number; else the sale is one of the seller's own state, by whose law it is exempt.
            Situation::SmallBusiness if union && ex_number(legal).is_some() => Situation::SmallBusinessUnion,
            own => own,
        };
        let country = match situation {
            // Whether who is registered there is charged is that state's law alone.
            Situation::RegisteredRecipient => order.country.as_str(),
            // Whose buyer owes the tax, and who is outside the Union, writes as the buyer's state wants it (art. 219a).
            Situation::ReverseChargeService if !is_member(home) => order.country.as_str(),
            // Sales tax is a matter of the state the parcel goes to.
            Situation::NoTax | Situation::StateRateOnly => order.country.as_str(),
            _ => home,
        };
        (country, situation)
    };
    let relieved = |part: &RefundPart| relief(legal, order, part)?.situation;
    let relieved: Vec<Situation> = refund.iter().flat_map(|r| &r.lines).filter_map(relieved).collect();
    let lines = order.quote.explain.iter().filter(|s| s.kind == StepKind::Treatment);
    let of_line = |step: &vitrine_pricing::quote::Step| {
        let line = step.line.and_then(|n| order.quote.lines.get(n))?;
        Some(placed(Situation::of(line.tax_status, &step.rule, line.accuracy)?))
    };
    let charged = relieved.is_empty();
    let mut wanted: Vec<(&str, Situation)> = match charged {
        true => lines.filter_map(of_line).collect(),
        false => relieved.into_iter().map(placed).collect(),
    };
    // Shipping has no step of its own among those of lines.
    if charged && state_only(&order.quote).is_some() {
        wanted.push(placed(Situation::StateRateOnly));
    }
    if refund.is_none()
        && order.tax.relief.is_some()
        && matches!(order.tax.id_state, TaxIdState::Pending | TaxIdState::Unavailable)
    {
        wanted.push((home, Situation::TaxIdPending));
    }
    // At home tax is charged on a document that says so and names the seller's numbers, where the law has a form for it.
    if home == order.country && order.quote.lines.iter().any(|line| line.tax_status == TaxStatus::Taxed) {
        wanted.push((home, Situation::TaxInvoice));
    }
    let mut out: Vec<Legal> = Vec::new();
    for (country, situation) in wanted {
        let Some((note, text)) = written(legal, country, situation, languages) else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seller(country: &str, region: Option<&str>, tax_ids: &[&str]) -> LegalEntity {
        let legal = serde_json::json!({ "name": "N", "address": ["A"], "country": country, "email": "n@example.org",
            "invoice_prefix": "N", "region": region, "tax_ids": tax_ids });
        serde_json::from_value(legal).unwrap()
    }

    #[test]
    fn a_tax_invoice_names_the_numbers_that_its_law_wants() {
        for (country, region, tax_ids, wanted) in [
            ("AU", None, &["76 640 812 702"][..], Some("Tax invoice - total price includes GST (ABN 76640812702)")),
            ("NZ", None, &["NZ 102 508 580"], Some("Taxable supply information (GST number 102508580)")),
            ("ZA", None, &["4123456789"], Some("Tax invoice, VAT registration number 4123456789")),
            (
                "JP",
                None,
                &["T4509244635637"],
                Some("適格請求書発行事業者 登録番号 T4509244635637（10%対象 税率ごとの消費税額）"),
            ),
            ("CA", Some("ON"), &["152595195rt0002"], Some("GST/HST No. 152595195RT0002")),
            ("CA", Some("QC"), &["546872912 RT 0001"], Some("GST/HST No. 546872912RT0001")),
            (
                "CA",
                Some("Québec"),
                &["1234567890 tq 0001", "546872912 RT 0001"],
                Some("N° TPS/TVH 546872912RT0001, N° TVQ 1234567890TQ0001"),
            ),
            ("AU", None, &[], None),
            ("AU", None, &["not a number"], None),
            ("DE", None, &["DE299000042"], None),
        ] {
            let text = written(&seller(country, region, tax_ids), country, Situation::TaxInvoice, &["en-CA"])
                .map(|(_, text)| text);
            assert_eq!(text.as_deref(), wanted, "{country} {tax_ids:?}");
        }
    }
}
