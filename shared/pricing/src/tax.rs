//! Where and at which rate a line is taxed: dated rules with legal sources, and the seller's registrations.
//!
//! Entry point: [`TaxRules::treat`]. Invariants: a rule applies on its days only; an unknown place is `no_rule`, never silently zero;
//! the answer names every rule it used.
//!
//! A seller's registrations decide where tax is charged:
//!
//! | text | is registered |
//! |---|---|
//! | `DE`, `GB`, `CH`, `NO`, `AU` ... | in that country; `FR` also for its departments overseas, `PT` for Madeira and the Azores, `CH` for Büsingen |
//! | `US-NY`, `CA-QC` ... | for a state's sales tax or a province's own tax; `CA` is GST and HST |
//! | `ES-CN` | for IGIC on the Canary Islands |
//! | `XI` | in Northern Ireland for goods; `GB` is enough |
//! | `EU-OSS` | in the one-stop shop, Union or non-Union, for sales to consumers in other member states |
//! | `EU-IOSS` | in the import one-stop shop, for consignments up to EUR 150 sent from outside the Union |
//! | `JP-SPO` | nowhere by itself: a marketplace with it and `JP` is a specified platform operator, see [`crate::record`] |
//!
//! A seller established and registered in one member state without `EU-OSS` is taken to be below the threshold of EUR 10,000 and pays
//! at home. Not here: local US rates, checking tax identities ([`crate::tax_id`]), texts of invoices ([`crate::legal_notes`]).

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::money::Money;

mod decide;

pub use self::decide::{is_business_id, measured_in};
pub use crate::tax_table::TaxRules;

/// Why a line carries the tax it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxStatus {
    /// Tax is charged.
    Taxed,
    /// The business buyer accounts for it.
    ReverseCharged,
    /// Taxable at zero, exempt, or exported.
    ZeroRated,
    /// The seller has no registration there.
    NotRegistered,
    /// Not a supply of this tax, such as goods imported by the buyer.
    OutsideScope,
    /// The tables have no rule for the place; allowed by the store's policy.
    NoRule,
}

/// The [`TaxStatus`] of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WholeStatus {
    /// All are [`TaxStatus::Taxed`].
    Taxed,
    /// All are [`TaxStatus::ReverseCharged`].
    ReverseCharged,
    /// All are [`TaxStatus::ZeroRated`].
    ZeroRated,
    /// All are [`TaxStatus::NotRegistered`].
    NotRegistered,
    /// All are [`TaxStatus::OutsideScope`].
    OutsideScope,
    /// All are [`TaxStatus::NoRule`].
    NoRule,
    /// They have several.
    Mixed,
}

impl WholeStatus {
    /// Of none there is none.
    pub fn of(parts: impl IntoIterator<Item = TaxStatus>) -> Option<Self> {
        parts.into_iter().map(Self::from).reduce(|all, one| if all == one { all } else { Self::Mixed })
    }
}

impl From<TaxStatus> for WholeStatus {
    fn from(status: TaxStatus) -> Self {
        match status {
            TaxStatus::Taxed => Self::Taxed,
            TaxStatus::ReverseCharged => Self::ReverseCharged,
            TaxStatus::ZeroRated => Self::ZeroRated,
            TaxStatus::NotRegistered => Self::NotRegistered,
            TaxStatus::OutsideScope => Self::OutsideScope,
            TaxStatus::NoRule => Self::NoRule,
        }
    }
}

/// How exact a rate is for the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// The whole rate.
    Full,
    /// A US state's part; local parts are missing.
    State,
    /// What a tax service worked out for the buyer's address.
    Provider,
}

impl Accuracy {
    /// Of several parts, the word that must not be missed: `state` if any lacks its local taxes, else `provider` if a service worked out any. Of none
    /// there is none.
    pub fn of(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let rank = |accuracy: &Self| match accuracy {
            Self::Full => 0,
            Self::Provider => 1,
            Self::State => 2,
        };
        parts.into_iter().max_by_key(rank)
    }
}

/// One dated rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// Stable name, such as `DE-ebook-2026-01-01`.
    pub id: String,
    /// Country, country-region or territory (`ES-CN`, `FR-RE`).
    pub jurisdiction: String,
    /// Tax classes; empty: every class without a rule of its own.
    pub classes: Vec<String>,
    /// Millionths: 19 % is 190000, 9.975 % is 99750.
    pub rate_ppm: i64,
    /// First day.
    pub valid_from: Date,
    /// Last day, inclusive.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// `USt`, `GST`, `sales tax` ...; `none` says that the place has no such tax.
    pub name: String,
    /// The law.
    pub source: String,
}

/// One line's situation.
#[derive(Clone, Copy, Debug)]
pub struct Supply<'a> {
    /// Seller's country: its seat.
    pub seller: &'a str,
    /// Its region without the country: a seat on the Canary Islands is outside the Union's VAT.
    pub seller_region: Option<&'a str>,
    /// `DE`, `EU-OSS`, `CA`, `CA-QC`, `US-NY` ...; see the module.
    pub registrations: &'a [String],
    /// Buyer's country.
    pub country: &'a str,
    /// Buyer's region, without the country.
    pub region: Option<&'a str>,
    /// Buyer's postcode as written: decides special territories.
    pub postcode: Option<&'a str>,
    /// Buyer is a business whose tax id was validated.
    pub valid_business: bool,
    /// That id, with its country's letters where it has them: one of the seller's own country proves no border.
    pub tax_id: Option<&'a str>,
    /// `Some(country)` the goods leave from; `None` for digital.
    pub ships_from: Option<&'a str>,
    /// What the goods are worth, for the limits of import schemes; `None`: not known, above every limit.
    pub value: Option<Value>,
    /// `ebook`, `digital_music` ...
    pub class: &'a str,
    /// Date of supply.
    pub date: Date,
}

/// Worth of goods sent from abroad, without tax and transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// One piece.
    pub item: Money,
    /// All that is sent together.
    pub consignment: Money,
}

/// The answer for one supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment<'a> {
    /// Why.
    pub status: TaxStatus,
    /// Rules to charge, at zero too.
    pub rules: Vec<&'a TaxRule>,
    /// How exact.
    pub accuracy: Accuracy,
    /// Code of the reasoning, one of [`REASONS`].
    pub reason: &'static str,
    /// Tax inside an inclusive price that this buyer does not owe (reverse charge, exempt intra-EU goods), millionths.
    pub strip_ppm: i64,
}

/// Every code a [`Treatment::reason`] can have.
pub const REASONS: [&str; 25] = [
    "domestic",
    "registered",
    "oss",
    "ioss",
    "low_value_goods",
    "origin_below_threshold",
    "nexus",
    "exempt",
    "reverse_charge_art_196",
    "reverse_charge_recipient",
    "registered_recipient",
    "intra_community_supply_art_138",
    "export",
    "imported_by_buyer",
    "outside_tax_territory",
    "no_state_sales_tax",
    "no_nexus",
    "no_registration",
    "small_seller",
    "no_table",
    "region_unknown",
    "local_tax_unknown",
    "territory_without_table",
    "provider",
    "multi_purpose_voucher",
];

/// Class of what pays for other things later, at whatever rate those have: selling it is no supply, what is bought with it is (Directive
/// 2006/112/EC arts. 30a-30b; elsewhere a means of payment).
pub const VOUCHER: &str = "multi_purpose_voucher";
