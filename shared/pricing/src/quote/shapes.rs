use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::money::{Currency, Money, MoneyError, RoundingMode};
use crate::price::PriceList;
use crate::promotion::{CodeOutcome, Customer, Facets, Promotion, Promotions, Reservation, SkipReason};
use crate::shipping::ShippingTable;
use crate::tax::{Accuracy, TaxRules, TaxStatus};

/// Who sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Seller {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Subdivision without the country.
    #[serde(default)]
    pub region: Option<String>,
    /// As printed on invoices.
    #[serde(default)]
    pub tax_ids: Vec<String>,
    /// `DE`, `EU-OSS`, `EU-IOSS`, `CA-QC`, `US-NY` ...
    #[serde(default)]
    pub registrations: Vec<String>,
    /// Whether prices contain tax.
    pub prices_include_tax: bool,
}

/// What is known of the buyer's tax id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxIdState {
    /// None given.
    #[default]
    None,
    /// Confirmed by the register.
    Valid,
    /// Refused by the register.
    Invalid,
    /// Asked, not answered: tax is charged.
    Pending,
    /// The register is down: tax is charged.
    Unavailable,
}

/// Who buys, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Subdivision without the country: `NY`, `QC`.
    #[serde(default)]
    pub region: Option<String>,
    /// As written.
    #[serde(default)]
    pub postcode: Option<String>,
    /// Buys as a business.
    #[serde(default)]
    pub business: bool,
    /// Its tax id.
    #[serde(default)]
    pub tax_id: Option<String>,
    /// What is known of it.
    #[serde(default)]
    pub tax_id_state: TaxIdState,
}

/// How a line reaches the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Never shipped.
    Digital,
    /// Shipped.
    Physical,
}

/// A line asked for: either `sku`, or ad hoc `name`, `unit_price`, `kind`, `tax_class`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    /// A variant of the catalogue (a licence is part of the variant).
    #[serde(default)]
    pub sku: Option<String>,
    /// 1 to 1,000,000.
    pub quantity: u32,
    /// The buyer's own price per unit for pay-what-you-want.
    #[serde(default)]
    pub named_price: Option<Money>,
    /// Ad hoc.
    #[serde(default)]
    pub name: Option<String>,
    /// Ad hoc.
    #[serde(default)]
    pub unit_price: Option<Money>,
    /// Ad hoc.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Ad hoc: `ebook`, `digital_music` ...
    #[serde(default)]
    pub tax_class: Option<String>,
    /// Ad hoc, grams per unit.
    #[serde(default)]
    pub weight_g: Option<u32>,
    /// Ad hoc country; the seller's if absent.
    #[serde(default)]
    pub ships_from: Option<String>,
    /// Ad hoc: what it belongs to, for promotions.
    #[serde(default)]
    pub facets: Option<Facets>,
}

/// Where tax is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoundingScope {
    /// Per unit, times the quantity. What a discount leaves of a line need not be a multiple of its quantity: then that many units as there
    /// are minor units left over are one minor unit dearer, and each is rounded by itself.
    Unit,
    /// Per line.
    #[default]
    Line,
    /// Once per treatment, shared over the lines.
    Document,
}

/// The store's rounding policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Rounding {
    /// Where.
    pub scope: RoundingScope,
    /// How halves go.
    pub mode: RoundingMode,
}

/// What to do where the tables have no rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NoRulePolicy {
    /// Refuse.
    #[default]
    Block,
    /// Sell without tax, `tax_status: no_rule`.
    Export,
}

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// Of every amount.
    pub currency: Currency,
    /// Legal date in the seller's zone.
    pub date: Date,
    /// Market id whose price regions are asked; of the buyer's country if absent.
    #[serde(default)]
    pub market: Option<String>,
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Buyer,
    /// 1 to 1000.
    pub lines: Vec<RequestLine>,
    /// Discount codes as typed, at most 20 of 64 bytes; what became of each is answered.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Replaces the seller's, at most 100.
    #[serde(default)]
    pub promotions: Option<Vec<Promotion>>,
    /// Replaces what the shop knows of the buyer.
    #[serde(default)]
    pub customer: Option<Customer>,
    /// Replaces the seller's table.
    #[serde(default)]
    pub shipping: Option<ShippingTable>,
    /// Policy.
    #[serde(default)]
    pub rounding: Rounding,
    /// Policy.
    #[serde(default)]
    pub no_rule: NoRulePolicy,
}

/// What the catalogue knows of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sellable {
    /// Its sku.
    pub sku: String,
    /// As shown.
    pub name: String,
    /// How it reaches the buyer.
    pub kind: Kind,
    /// `ebook`, `digital_music` ...
    pub tax_class: String,
    /// Grams per unit.
    #[serde(default)]
    pub weight_g: u32,
    /// Country; the seller's if absent.
    #[serde(default)]
    pub ships_from: Option<String>,
    /// What it belongs to, for promotions.
    #[serde(default)]
    pub facets: Facets,
}

/// What a quote reads beside the document; all of one seller.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Tax.
    pub rules: &'a TaxRules,
    /// Variants the lines may name.
    pub items: &'a [Sellable],
    /// Prices.
    pub prices: &'a PriceList,
    /// Shipping prices.
    pub shipping: &'a ShippingTable,
    /// What is taken off, and what is known of who asks for it.
    pub promotions: Promotions<'a>,
}

/// One tax on a line or in total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxAmount {
    /// Rule id.
    pub rule: String,
    /// `DE`, `CA-QC` ...
    pub jurisdiction: String,
    /// `USt`, `GST` ...
    pub name: String,
    /// Millionths.
    pub rate_ppm: i64,
    /// What it was computed on, without tax.
    pub base: Money,
    /// The tax.
    pub amount: Money,
}

/// What a promotion takes off a line, shipping, or in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscountAmount {
    /// Id of the promotion.
    pub promotion: String,
    /// As shown: its code, else its title, else its id.
    pub source: String,
    /// Taken off, above zero; with or without tax like `list`.
    pub amount: Money,
}

/// Amounts of a line, of shipping, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Amounts {
    /// Price as listed (with or without tax, as `prices_include_tax` says), times quantity.
    pub list: Money,
    /// Taken off `list` before tax, in the order in which it was.
    pub discounts: Vec<DiscountAmount>,
    /// Without tax.
    pub net: Money,
    /// By rule.
    pub taxes: Vec<TaxAmount>,
    /// Sum of `taxes`.
    pub tax: Money,
    /// To pay.
    pub gross: Money,
}

/// A priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotedLine {
    /// If it came from the catalogue.
    pub sku: Option<String>,
    /// As shown.
    pub name: String,
    /// How it reaches the buyer.
    pub kind: Kind,
    /// Units.
    pub quantity: u32,
    /// Listed, per unit.
    pub unit_price: Money,
    /// Struck through, per unit.
    pub compare_at: Option<Money>,
    /// Its amounts.
    pub amounts: Amounts,
    /// Why it is taxed so.
    pub tax_status: TaxStatus,
    /// How exact.
    pub accuracy: Accuracy,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A price was found.
    Price,
    /// A promotion took something off: `rule` is its id, `source` what it is called.
    Discount,
    /// A code took nothing off: `rule` is why, `source` the code.
    CodeSkipped,
    /// A shipping rate was found.
    Shipping,
    /// The treatment was decided.
    Treatment,
    /// Tax the buyer does not owe was taken out.
    Strip,
    /// A tax was computed.
    Tax,
    /// All was added up.
    Total,
}

/// One step of the explanation; texts are made from its codes by the locale files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// What it did.
    pub kind: StepKind,
    /// Index of the line; none: shipping or all.
    pub line: Option<usize>,
    /// Rule id, price entry or reason code.
    pub rule: String,
    /// Price list, law or document field.
    pub source: String,
    /// Computed on.
    pub base: Option<Money>,
    /// Millionths.
    pub rate_ppm: Option<i64>,
    /// If it rounded.
    pub rounding: Option<Rounding>,
    /// Outcome.
    pub amount: Option<Money>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quote {
    /// Of every amount.
    pub currency: Currency,
    /// As asked.
    pub date: Date,
    /// Market id.
    pub market: String,
    /// [`TaxRules::hash`].
    pub rules_hash: String,
    /// Whether `list` amounts contain tax.
    pub prices_include_tax: bool,
    /// As asked.
    pub rounding: Rounding,
    /// In the order asked.
    pub lines: Vec<QuotedLine>,
    /// If anything is shipped.
    pub shipping: Option<Amounts>,
    /// Lines and shipping.
    pub totals: Amounts,
    /// What became of each code, in the order typed; a code typed twice is answered once.
    #[serde(default)]
    pub codes: Vec<CodeOutcome>,
    /// Uses of promotions that placing the order must take; not for buyers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<Reservation>,
    /// In order of work.
    pub explain: Vec<Step>,
}

impl Quote {
    /// As its buyer may see it: of codes that are wrong, foreign, not yet or no longer valid only that they are not valid
    /// ([`SkipReason::public`]), and nothing of how often a promotion may be used.
    #[must_use]
    pub fn for_buyer(mut self) -> Self {
        for outcome in &mut self.codes {
            outcome.reason = outcome.reason.take().map(SkipReason::public);
        }
        for step in self.explain.iter_mut().filter(|step| step.kind == StepKind::CodeSkipped) {
            let public = step.rule.parse().map_or(SkipReason::NotValid, SkipReason::public);
            step.rule = public.to_string();
        }
        self.reservations.clear();
        self
    }
}

/// Why there is no quote. [`QuoteError::field`] names the place in the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A field has a value that cannot be.
    #[error("{field}: {detail}")]
    Invalid {
        /// Path in the document.
        field: String,
        /// What is wrong.
        detail: String,
    },
    /// Not an officially assigned ISO 3166-1 alpha-2 code.
    #[error("{field}: {country:?} is not an ISO 3166-1 alpha-2 country code")]
    UnknownCountry {
        /// Path.
        field: String,
        /// As asked, its beginning.
        country: String,
    },
    /// The catalogue has no such variant.
    #[error("{field}: no variant {sku:?}")]
    UnknownSku {
        /// Path.
        field: String,
        /// As asked.
        sku: String,
    },
    /// No price in the currency.
    #[error("{field}: {sku} is not for sale in {currency} there")]
    NotForSale {
        /// Path.
        field: String,
        /// As asked.
        sku: String,
        /// As asked.
        currency: Currency,
    },
    /// The buyer named less than the minimum.
    #[error("{field}: the least accepted is {}", minimum.to_decimal())]
    BelowMinimum {
        /// Path.
        field: String,
        /// Per unit.
        minimum: Money,
    },
    /// No rate for place and weight.
    #[error("shipping: nothing is sent to {country} at {weight_g} g")]
    NotShipped {
        /// Buyer's country.
        country: String,
        /// All physical lines.
        weight_g: u64,
    },
    /// No tax rule, and the store blocks.
    #[error("buyer.country: there is no tax rule for {place} and the store does not sell there")]
    NoTaxRule {
        /// Country or country-region.
        place: String,
    },
    /// Amounts too large or of two currencies.
    #[error("{field}: {source}")]
    Money {
        /// Path.
        field: String,
        /// What went wrong.
        source: MoneyError,
    },
}

impl QuoteError {
    /// Stable name of what is wrong.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::UnknownCountry { .. } => "unknown_country",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::NotForSale { .. } => "not_for_sale",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::NotShipped { .. } => "not_shipped",
            Self::NoTaxRule { .. } => "no_tax_rule",
            Self::Money { source: MoneyError::CurrencyMismatch { .. }, .. } => "currency_mismatch",
            Self::Money { .. } => "too_large",
        }
    }

    /// Path in the document, such as `lines[0].quantity`.
    pub fn field(&self) -> &str {
        match self {
            Self::Invalid { field, .. }
            | Self::UnknownCountry { field, .. }
            | Self::UnknownSku { field, .. }
            | Self::NotForSale { field, .. }
            | Self::BelowMinimum { field, .. }
            | Self::Money { field, .. } => field,
            Self::NotShipped { .. } => "shipping",
            Self::NoTaxRule { .. } => "buyer.country",
        }
    }
}
