//! What an invoice must say about its tax, in the language of the law that asks for it.
//!
//! Entry points: [`Situation::of`] and [`legal_notes`]. These are required words, not texts of the interface: those are in the locale files. The rows are in
//! `data/legal-notes.tsv`; only [`legal_notes`] reads them. Invariants: a note is never invented: no row, no note. Not here: laying
//! out invoices, both parties' tax ids (Directive 2006/112/EC art. 226(3), (4)).

use serde::{Deserialize, Serialize};

use crate::tax::{Accuracy, TaxStatus};
use crate::territory::is_member;

/// Columns: country, language, situation, text, english, source, note. The note (`-`: none) is for people.
const ROWS: &str = include_str!("../data/legal-notes.tsv");

/// Why an invoice needs a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// The business buyer owes the tax.
    ReverseChargeService,
    /// Goods to a business in another member state.
    IntraCommunitySupply,
    /// Goods that leave the tax territory.
    ExportGoods,
    /// The seller is too small to charge tax at home.
    SmallBusiness,
    /// It is so in another member state, by the number with the suffix EX that its own state gave it.
    SmallBusinessUnion,
    /// The buyer is registered where it buys from abroad (AU, NZ, SG), and is not charged.
    RegisteredRecipient,
    /// Used goods taxed on the margin.
    MarginScheme,
    /// Tax of the buyer's state through the one-stop shop.
    Oss,
    /// Not taxable where the seller is.
    PlaceOutside,
    /// Canada without a province.
    PlaceUnknown,
    /// Token packs and gift cards of open use, sold.
    MultiPurposeVoucher,
    /// The buyer's tax id is not confirmed yet: tax is charged.
    TaxIdPending,
    /// The seller's number as its country wants it on an invoice.
    TaxInvoice,
    /// US: the seller is not registered in the state.
    NoTax,
    /// US: local taxes are not in the total.
    StateRateOnly,
    /// US: sold for resale.
    Resale,
}

impl Situation {
    const ALL: [(Self, &'static str); 16] = [
        (Self::ReverseChargeService, "reverse_charge_service"),
        (Self::IntraCommunitySupply, "intra_community_supply"),
        (Self::ExportGoods, "export_goods"),
        (Self::SmallBusiness, "small_business"),
        (Self::SmallBusinessUnion, "small_business_union"),
        (Self::RegisteredRecipient, "registered_recipient"),
        (Self::MarginScheme, "margin_scheme"),
        (Self::Oss, "oss"),
        (Self::PlaceOutside, "place_outside"),
        (Self::PlaceUnknown, "place_unknown"),
        (Self::MultiPurposeVoucher, "multi_purpose_voucher"),
        (Self::TaxIdPending, "tax_id_pending"),
        (Self::TaxInvoice, "tax_invoice"),
        (Self::NoTax, "no_tax"),
        (Self::StateRateOnly, "state_rate_only"),
        (Self::Resale, "resale"),
    ];

    /// As written in the data and in JSON.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(own, _)| *own == self).map_or("", |(_, code)| code)
    }

    /// By its code.
    pub fn by_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, own)| *own == code).map(|(own, _)| *own)
    }

    /// The situation a line's tax leads to: its status, the code of its reasoning ([`crate::tax::REASONS`]) and how exact its rate is.
    /// Never [`Self::SmallBusinessUnion`]: which numbers a seller has is not known here.
    pub fn of(status: TaxStatus, reason: &str, accuracy: Accuracy) -> Option<Self> {
        match (status, reason) {
            (TaxStatus::ReverseCharged, _) => Some(Self::ReverseChargeService),
            (_, "registered_recipient") => Some(Self::RegisteredRecipient),
            (_, "intra_community_supply_art_138") => Some(Self::IntraCommunitySupply),
            (_, "export") => Some(Self::ExportGoods),
            (_, "small_seller") => Some(Self::SmallBusiness),
            (_, "oss") => Some(Self::Oss),
            (_, "multi_purpose_voucher") => Some(Self::MultiPurposeVoucher),
            (_, "no_nexus") => Some(Self::NoTax),
            (TaxStatus::NotRegistered | TaxStatus::OutsideScope, "no_registration" | "outside_tax_territory") => {
                Some(Self::PlaceOutside)
            }
            (TaxStatus::Taxed, _) if accuracy == Accuracy::State => Some(Self::StateRateOnly),
            _ => None,
        }
    }
}

/// A required note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalNote {
    /// Stable name, such as `DE-de-reverse_charge_service`; what an invoice keeps beside the text.
    pub id: String,
    /// BCP 47 language of `text`.
    pub language: &'static str,
    /// To be printed as it is; `None`: the law asks for nothing, or forbids to mention the tax. `…` stands for the seller's number.
    pub text: Option<&'static str>,
    /// What it says, in English.
    pub english: &'static str,
    /// The law.
    pub source: &'static str,
}

/// The notes that a country's invoice law has for a situation, one a language; one of them is to be printed. `country` is the state whose
/// law governs the invoice: as a rule the seller's; for a reverse charge by a seller outside the Union the buyer's (Directive 2006/112/EC
/// art. 219a). `languages` (BCP 47), the preferred one first, order them; what is in none of them follows as it stands in the data. Member
/// states without a row of their own take the Union's. For the US and its states: `US`.
pub fn legal_notes(country: &str, situation: Situation, languages: &[&str]) -> Vec<LegalNote> {
    let mut found = rows(country, situation);
    if found.is_empty() && is_member(country) {
        found = rows("EU", situation);
    }
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_owned();
    let speaks = |note: &LegalNote| languages.iter().position(|tag| primary(tag).eq_ignore_ascii_case(note.language));
    found.sort_by_key(|note| speaks(note).unwrap_or(languages.len()));
    found
}

fn rows(country: &str, situation: Situation) -> Vec<LegalNote> {
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (place, language, code) = (next()?, next()?, next()?);
        let (text, english, source) = (next()?, next()?, next()?);
        (place == country && code == situation.code()).then(|| LegalNote {
            id: format!("{place}-{language}-{code}"),
            language,
            text: Some(text).filter(|t| !t.is_empty()),
            english,
            source,
        })
    };
    ROWS.lines().skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

    fn first(country: &str, situation: Situation, languages: &[&str]) -> Option<LegalNote> {
        legal_notes(country, situation, languages).into_iter().next()
    }

    #[test]
    fn every_row_is_found_by_its_country_situation_and_language() {
        for line in ROWS.lines().skip(1) {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 7, "{line}");
            let situation = Situation::by_code(fields[2]).unwrap_or_else(|| panic!("{line}"));
            let note = first(fields[0], situation, &[fields[1]]).unwrap();
            assert_eq!(note.text.unwrap_or_default(), fields[3]);
            assert!(!note.english.is_empty() && !note.source.is_empty(), "{line}");
        }
    }

    #[test]
    fn every_member_state_has_its_words_for_reverse_charge() {
        for state in STATES.split(' ') {
            let note = first(state, Situation::ReverseChargeService, &[]).unwrap();
            assert!(note.id.starts_with(state) && note.text.is_some(), "{state}");
            for situation in [Situation::IntraCommunitySupply, Situation::ExportGoods, Situation::MarginScheme] {
                assert!(first(state, situation, &[]).is_some(), "{state} {situation:?}");
            }
        }
    }

    #[test]
    fn every_member_state_has_words_for_its_small_sellers_that_name_no_number() {
        let mut neutral = Vec::new();
        for state in STATES.split(' ') {
            let note = first(state, Situation::SmallBusiness, &[]).unwrap();
            let text = note.text.unwrap_or_else(|| panic!("{state}"));
            assert!(!text.contains('…') && !text.contains("EX"), "{state}: {text}");
            if note.id.starts_with("EU-") {
                assert_eq!(note.id, "EU-en-small_business");
                neutral.push(state);
            }
            let union = first(state, Situation::SmallBusinessUnion, &[]).unwrap();
            assert_eq!(
                (union.id.as_str(), union.text.unwrap().matches('…').count()),
                ("EU-en-small_business_union", 1)
            );
        }
        assert_eq!(neutral, ["CY"]);
        // Who has no scheme does not say that it exempts.
        let spain = first("ES", Situation::SmallBusiness, &[]).unwrap().text.unwrap();
        assert!(!spain.contains("exen") && !spain.contains("284"), "{spain}");
    }

    #[test]
    fn a_note_is_in_the_first_language_that_its_law_has_words_in() {
        let text =
            |country, languages: &[&str]| first(country, Situation::ReverseChargeService, languages).unwrap().text;
        assert_eq!(text("DE", &["en"]), Some("Steuerschuldnerschaft des Leistungsempfängers"));
        assert_eq!(text("BE", &["nl-BE"]), Some("Btw verlegd"));
        assert_eq!(text("BE", &["de-DE", "NL_be", "fr"]), Some("Btw verlegd"));
        assert_eq!(text("BE", &["fr-FR", "nl"]), Some("Autoliquidation"));
        assert_eq!(text("BE", &[]), Some("Autoliquidation"));
        let all = legal_notes("FR", Situation::Oss, &["fr", "de"]);
        assert_eq!(all.iter().map(|note| note.language).collect::<Vec<_>>(), ["fr", "de", "en"]);
    }

    #[test]
    fn no_note_is_invented() {
        assert_eq!(first("BR", Situation::ReverseChargeService, &[]), None);
        assert_eq!(first("CH", Situation::SmallBusiness, &[]).unwrap().text, None);
        assert_eq!(first("CH", Situation::SmallBusinessUnion, &[]), None);
        assert_eq!(first("DE", Situation::RegisteredRecipient, &[]), None);
        assert_eq!(first("DK", Situation::ExportGoods, &[]).unwrap().id, "EU-en-export_goods");
    }

    #[test]
    fn treatments_lead_to_their_situations() {
        use Accuracy::{Full, State};
        let of = Situation::of;
        assert_eq!(
            of(TaxStatus::ReverseCharged, "reverse_charge_art_196", Full),
            Some(Situation::ReverseChargeService)
        );
        assert_eq!(of(TaxStatus::ZeroRated, "export", Full), Some(Situation::ExportGoods));
        assert_eq!(of(TaxStatus::Taxed, "nexus", State), Some(Situation::StateRateOnly));
        assert_eq!(of(TaxStatus::NotRegistered, "no_nexus", Full), Some(Situation::NoTax));
        assert_eq!(of(TaxStatus::Taxed, "domestic", Full), None);
        assert_eq!(of(TaxStatus::OutsideScope, "no_state_sales_tax", Full), None);
        let registered = of(TaxStatus::OutsideScope, "registered_recipient", Full);
        assert_eq!(registered, Some(Situation::RegisteredRecipient));
        let voucher = of(TaxStatus::OutsideScope, "multi_purpose_voucher", Full);
        assert_eq!(voucher, Some(Situation::MultiPurposeVoucher));
    }
}
