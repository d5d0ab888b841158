//! Tax statuses as category codes of EN 16931 (UNCL 5305).

use serde::{Deserialize, Serialize};
use vitrine_pricing::tax::TaxStatus;
use vitrine_pricing::territory::is_member;

/// The category of a tax on a line (BT-151).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Category {
    /// Charged, at whichever rate above zero.
    S,
    /// Taxable at zero.
    Z,
    /// Exempt, small sellers among them.
    E,
    /// The buyer accounts for it.
    AE,
    /// Goods to a business in another member state.
    K,
    /// Export.
    G,
    /// Outside the scope of the tax.
    O,
    /// IGIC of the Canary Islands.
    L,
    /// IPSI of Ceuta and Melilla.
    M,
    /// No VAT at all: sales tax, GST, QST. No code; documents with it have no EN 16931 form.
    Foreign,
}

impl Category {
    /// As in the XML; `None` for what EN 16931 does not know.
    pub const fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::S => "S",
            Self::Z => "Z",
            Self::E => "E",
            Self::AE => "AE",
            Self::K => "K",
            Self::G => "G",
            Self::O => "O",
            Self::L => "L",
            Self::M => "M",
            Self::Foreign => return None,
        })
    }

    /// Whether it may have a rate above zero.
    pub const fn is_taxed(self) -> bool {
        matches!(self, Self::S | Self::L | Self::M | Self::Foreign)
    }

    /// Why nothing is charged, from the VATEX list; `None` where the category says it all or a reason in words is needed.
    pub const fn reason_code(self) -> Option<&'static str> {
        match self {
            Self::AE => Some("VATEX-EU-AE"),
            Self::K => Some("VATEX-EU-IC"),
            Self::G => Some("VATEX-EU-G"),
            Self::O => Some("VATEX-EU-O"),
            _ => None,
        }
    }
}

/// How a line was taxed, as a quote answers.
#[derive(Clone, Copy, Debug)]
pub struct Taxation<'a> {
    /// Its status.
    pub status: TaxStatus,
    /// One of [`vitrine_pricing::tax::REASONS`].
    pub reason: &'a str,
    /// Of the tax that was charged, at zero too: `DE`, `ES-CN`, `CA-QC`; empty: none was.
    pub jurisdiction: &'a str,
    /// Seller's country, ISO 3166-1.
    pub seller: &'a str,
    /// Buyer's country.
    pub buyer: &'a str,
}

/// Whether the tax of this place is a VAT that EN 16931 documents are asked for or understood in: the Union with its territories, the
/// United Kingdom, Switzerland, Liechtenstein, Norway, Iceland.
pub fn has_vat(place: &str) -> bool {
    let state = place.split('-').next().unwrap_or_default();
    is_member(state)
        || matches!(state, "XI" | "GB" | "IM" | "CH" | "LI" | "NO" | "IS" | "MC" | "AX" | "GP" | "MQ" | "RE" | "GF")
}

/// The category of a line.
pub fn category(line: Taxation<'_>) -> Category {
    // Where a tax was charged its own place counts, else the seller's.
    let place = if line.jurisdiction.is_empty() { line.seller } else { line.jurisdiction };
    match (line.status, line.reason) {
        (TaxStatus::Taxed, _) => match line.jurisdiction {
            "ES-CN" => Category::L,
            "ES-CE" | "ES-ML" => Category::M,
            place if has_vat(place) => Category::S,
            _ => Category::Foreign,
        },
        _ if !has_vat(place) => Category::Foreign,
        (TaxStatus::ReverseCharged, _) => Category::AE,
        (_, "intra_community_supply_art_138") => Category::K,
        (_, "export") => Category::G,
        (TaxStatus::ZeroRated, "exempt") => Category::E,
        (TaxStatus::ZeroRated, _) => Category::Z,
        (_, "small_seller") => Category::E,
        // A seller without a registration elsewhere: at home it is small, abroad out of scope.
        (TaxStatus::NotRegistered, _) if line.seller == line.buyer => Category::E,
        (TaxStatus::NotRegistered | TaxStatus::OutsideScope | TaxStatus::NoRule, _) => Category::O,
    }
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::tax::REASONS;

    use super::*;

    fn of(status: TaxStatus, reason: &str, jurisdiction: &str, seller: &str, buyer: &str) -> Category {
        category(Taxation { status, reason, jurisdiction, seller, buyer })
    }

    #[test]
    fn each_status_has_its_category() {
        use TaxStatus::*;
        assert_eq!(of(Taxed, "domestic", "DE", "DE", "DE"), Category::S);
        assert_eq!(of(Taxed, "oss", "FR", "DE", "FR"), Category::S);
        assert_eq!(of(Taxed, "registered", "FR-RE", "FR", "FR"), Category::S);
        assert_eq!(of(Taxed, "domestic", "ES-CN", "ES", "ES"), Category::L);
        assert_eq!(of(ZeroRated, "domestic", "GB", "GB", "GB"), Category::Z);
        assert_eq!(of(ReverseCharged, "reverse_charge_art_196", "", "DE", "FR"), Category::AE);
        assert_eq!(of(ReverseCharged, "reverse_charge_recipient", "", "DE", "GB"), Category::AE);
        assert_eq!(of(ZeroRated, "intra_community_supply_art_138", "", "DE", "AT"), Category::K);
        assert_eq!(of(ZeroRated, "export", "", "DE", "US"), Category::G);
        assert_eq!(of(NotRegistered, "small_seller", "", "DE", "DE"), Category::E);
        assert_eq!(of(NotRegistered, "no_registration", "", "DE", "JP"), Category::O);
        assert_eq!(of(OutsideScope, "outside_tax_territory", "", "DE", "ES"), Category::O);
        assert_eq!(of(NoRule, "no_table", "", "DE", "BR"), Category::O);
        assert_eq!(of(Taxed, "nexus", "US-NY", "US", "US"), Category::Foreign);
        assert_eq!(of(NotRegistered, "no_nexus", "", "DE", "US"), Category::O);
        assert_eq!(of(NotRegistered, "no_nexus", "", "US", "US"), Category::Foreign);
        assert_eq!(of(ZeroRated, "nexus", "US-PA", "DE", "US"), Category::Foreign);
        assert_eq!(of(Taxed, "registered", "CA-QC", "CA", "CA"), Category::Foreign);
        assert_eq!(of(Taxed, "domestic", "AU", "AU", "AU"), Category::Foreign);
        assert_eq!(of(ZeroRated, "export", "", "US", "DE"), Category::Foreign);
    }

    #[test]
    fn only_a_charged_tax_is_standard_rated() {
        for reason in REASONS {
            for status in
                [TaxStatus::ReverseCharged, TaxStatus::NotRegistered, TaxStatus::OutsideScope, TaxStatus::NoRule]
            {
                assert!(
                    !matches!(of(status, reason, "", "DE", "FR"), Category::S | Category::L),
                    "{status:?} {reason}"
                );
            }
        }
    }
}
