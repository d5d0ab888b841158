use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::external::ExternalTaxes;
use super::kind::Kind;
use crate::cash::{Payable, Tender};
use crate::date::{Date, Moment};
use crate::money::{Currency, Money, RoundingMode};
use crate::price::PriceList;
use crate::promotion::{CodeOutcome, Customer, Facets, Promotion, Promotions, Reservation, SkipReason};
use crate::record::SellerOfRecord;
use crate::shipping::{Days, STANDARD, ShippingTable};
use crate::tax::{Accuracy, TaxRules, TaxStatus, WholeStatus};

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
    /// Ad hoc: `ebook`, `digital_music` ...; one that the kind can have ([`Kind::fits`]).
    #[serde(default)]
    pub tax_class: Option<String>,
    /// Ad hoc, grams per unit; like sides and `ships_from` only of physical lines.
    #[serde(default)]
    pub weight_g: Option<u32>,
    /// Ad hoc, millimetres of the packed unit; all three sides or none counts.
    #[serde(default)]
    pub length_mm: Option<u32>,
    /// Ad hoc.
    #[serde(default)]
    pub width_mm: Option<u32>,
    /// Ad hoc.
    #[serde(default)]
    pub height_mm: Option<u32>,
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
    /// Legal date; days are UTC's.
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
    /// Id of a method of the table; the cheapest that is offered if absent. Without physical lines it is not looked at.
    #[serde(default)]
    pub shipping_method: Option<String>,
    /// Policy.
    #[serde(default)]
    pub rounding: Rounding,
    /// Policy.
    #[serde(default)]
    pub no_rule: NoRulePolicy,
    /// Replaces the taxes of the tables.
    #[serde(default)]
    pub external_taxes: Option<ExternalTaxes>,
    /// How the total is paid: in cash it is rounded to coins of the buyer's country.
    #[serde(default)]
    pub tender: Tender,
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
    /// `ebook`, `digital_music` ...; taxed as [`Kind::taxed_as`].
    pub tax_class: String,
    /// Grams per unit.
    #[serde(default)]
    pub weight_g: u32,
    /// Millimetres of the packed unit; its room counts only with all three sides.
    #[serde(default)]
    pub length_mm: Option<u32>,
    /// Millimetres.
    #[serde(default)]
    pub width_mm: Option<u32>,
    /// Millimetres.
    #[serde(default)]
    pub height_mm: Option<u32>,
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
    /// Who sells it in law; only where the shop's records said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_of_record: Option<SellerOfRecord>,
}

/// A way of sending that is offered for the physical lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OfferedMethod {
    /// Its id.
    pub id: String,
    /// As the seller named it; may be empty.
    pub name: String,
    /// As the seller named it for readers of a language, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Days from posting to arrival, if the seller says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// As listed (with or without tax, as `prices_include_tax` says), handling included.
    pub amount: Money,
    /// The quote is with this one.
    pub chosen: bool,
}

impl OfferedMethod {
    /// What readers of a language (BCP 47) call it: its name for just that tag, for its language, for everybody; a method without a name
    /// has its id, and the standard one nothing: it is simply how it is sent.
    #[must_use]
    pub fn called(&self, tag: &str) -> &str {
        let find = |tag: &str| self.names.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        let own = find(tag).or_else(|| find(tag.split('-').next().unwrap_or(tag)));
        match own.map_or(self.name.as_str(), |(_, name)| name) {
            "" if self.id != STANDARD => &self.id,
            name => name,
        }
    }
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
    /// The total was rounded to coins: `base` is what was due, `amount` what is paid.
    CashRounding,
}

/// Which price of a list it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundPrice {
    /// Price region it was found under: `de`, `eu`, `world` ...
    pub region: String,
    /// It is for who buys as many of one line, or more.
    pub min_quantity: u32,
    /// The day it began; 1970-01-01 for one that was there from the beginning.
    pub since: Date,
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
    /// Of a price that was found in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<FoundPrice>,
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
    /// Why shipping is taxed so; `mixed` if it shares the fates of goods that are taxed in several ways. None if nothing is shipped, and in
    /// quotes kept from before it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_tax_status: Option<WholeStatus>,
    /// How exact the tax on shipping is: [`Accuracy::of`] its parts. None if nothing is shipped, and in quotes kept from before it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_accuracy: Option<Accuracy>,
    /// Ways of sending that are offered, in the table's order; none if nothing is shipped, and in quotes kept from before there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_methods: Vec<OfferedMethod>,
    /// Lines and shipping.
    pub totals: Amounts,
    /// The status of all lines and of shipping if they have one; `mixed` if not. None in quotes kept from before it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_status: Option<WholeStatus>,
    /// How exact all taxes are: [`Accuracy::of`] all lines and shipping. None in quotes kept from before it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// What is paid in coins and how it differs from the total; only of quotes for cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash: Option<Payable>,
    /// What became of each code, in the order typed; a code typed twice is answered once.
    #[serde(default)]
    pub codes: Vec<CodeOutcome>,
    /// Uses of promotions that placing the order must take; not for buyers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<Reservation>,
    /// In order of work.
    pub explain: Vec<Step>,
    /// The moment from which these totals may be others: the end of the legal day, or before it the next at which a price that was used is
    /// another. It knows of no uses of promotions that others take, no stock, and nothing that the seller changes meanwhile. None in quotes kept
    /// from before it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// Who sells in law: the shop, or the marketplace in its stead. None if the document described its seller itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_of_record: Option<SellerOfRecord>,
}

impl Quote {
    /// How what is sent is sent; none if nothing is, and in quotes kept from before there were several ways.
    #[must_use]
    pub fn sent_by(&self) -> Option<&OfferedMethod> {
        self.shipping_methods.iter().find(|method| method.chosen)
    }

    /// With who sells in law, in the whole and on each line.
    #[must_use]
    pub fn sold_as(mut self, seller: SellerOfRecord) -> Self {
        self.seller_of_record = Some(seller);
        for line in &mut self.lines {
            line.seller_of_record = Some(seller);
        }
        self
    }

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
