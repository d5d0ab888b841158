//! What sellers set of their storefronts at the desk: sending, gift cards, tax.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::desk::HistoryRow;

/// A storefront in a list of what is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopRow {
    /// Store id.
    pub store: String,
    /// The shop's name.
    pub name: String,
    /// The seller's name.
    pub seller: String,
    /// Of shipping: zones, ways, rates.
    pub counts: (usize, usize, usize),
    /// Of gift cards: currencies they are sold in.
    pub currencies: Vec<String>,
}

/// Storefronts of the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopsView {
    /// By name.
    pub rows: Vec<ShopRow>,
}

/// A zone of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// What rates know it by.
    pub id: String,
    /// Country codes and `*`.
    pub countries: Vec<String>,
    /// Regions and postcodes of it.
    pub places: usize,
    /// Places that are taken out of it.
    pub except: usize,
    /// Rates of it.
    pub rates: usize,
}

/// A way of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayRow {
    /// What rates know it by.
    pub id: String,
    /// As buyers read it; empty where only rates name it.
    pub name: String,
    /// From posting to arrival.
    pub days: Option<(u16, u16)>,
    /// Whether it is described, and not only named by rates.
    pub described: bool,
    /// Rates of it.
    pub rates: usize,
}

/// A rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRow {
    /// Names it in forms.
    pub mark: String,
    /// Zone id, country code, `EU` or `*`.
    pub zone: String,
    /// Way id.
    pub way: String,
    /// Grams, formatted.
    pub up_to_g: String,
    /// Sides, millimetres: `353 × 250 × 25`; empty: any.
    #[serde(default)]
    pub up_to_mm: String,
    /// Worth, formatted; empty: any.
    pub up_to_goods: String,
    /// Formatted.
    pub amount: String,
    /// Formatted; empty: none.
    pub handling: String,
    /// Formatted; empty: none.
    pub each: String,
    /// Formatted; empty: never.
    pub free_over: String,
}

/// What is asked of a try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryAsk {
    /// ISO 3166-1.
    pub country: String,
    /// Without the country.
    pub region: String,
    /// As typed.
    pub postcode: String,
    /// Grams of all pieces.
    pub weight: String,
    /// Sides of the parcel, millimetres, as typed; empty: not known.
    #[serde(default)]
    pub size: String,
    /// Pieces.
    pub pieces: String,
    /// Decimal.
    pub worth: String,
    /// ISO 4217.
    pub currency: String,
}

/// A way that would be offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedWay {
    /// Id.
    pub id: String,
    /// As buyers read it; empty: the standard.
    pub name: String,
    /// From posting to arrival.
    pub days: Option<(u16, u16)>,
    /// Formatted, with handling.
    pub price: String,
    /// Handling in it, formatted; empty: none.
    pub handling: String,
    /// Whether it costs nothing.
    pub free: bool,
}

/// What came of a try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The zone that is asked; none: nothing is sent there.
    pub zone: Option<String>,
    /// In the order in which they are offered.
    pub ways: Vec<TriedWay>,
}

/// Sending of one storefront.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShippingView {
    /// Store id.
    pub store: String,
    /// The shop's name.
    pub name: String,
    /// Counts writes of the store.
    pub rev: i64,
    /// Where it was said first.
    pub zones: Vec<ZoneRow>,
    /// In the order in which they are offered.
    pub ways: Vec<WayRow>,
    /// By zone, way, currency and band; a page of them.
    pub rates: Vec<RateRow>,
    /// All rates.
    pub rates_all: usize,
    /// What the next page of rates begins after.
    pub next: Option<usize>,
    /// Where nothing is sent, a line each.
    pub nowhere: Vec<String>,
    /// What cannot be priced as it stands: its path.
    pub unfit: Option<String>,
    /// What is asked.
    pub ask: TryAsk,
    /// Field and key of what is wrong with that.
    pub faults: BTreeMap<String, String>,
    /// The answer, if something was asked.
    pub tried: Option<Tried>,
    /// Codes to choose from.
    pub countries: Vec<String>,
    /// Codes to choose from.
    pub currencies: Vec<String>,
    /// What was done, oldest first.
    pub history: Vec<HistoryRow>,
}

/// The form of a zone, a way, a rate, or of where nothing is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingPartView {
    /// Store id.
    pub store: String,
    /// The shop's name.
    pub name: String,
    /// `zone`, `way`, `rate`, `nowhere`.
    pub part: String,
    /// What it changes; empty: something new.
    pub was: String,
    /// Counts writes of the store.
    pub rev: i64,
    /// Fields and what is in them.
    pub fields: BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: BTreeMap<String, String>,
    /// Field -> what in it is wrong.
    pub wrong: BTreeMap<String, String>,
    /// Own zones.
    pub zones: Vec<String>,
    /// Ways: id, name.
    pub ways: Vec<(String, String)>,
    /// Codes to choose from.
    pub countries: Vec<String>,
    /// Codes to choose from.
    pub currencies: Vec<String>,
}

/// Gift cards of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftRow {
    /// ISO 4217.
    pub currency: String,
    /// Formatted.
    pub amounts: Vec<String>,
    /// Least and most that a buyer may name, formatted.
    pub named: Option<(String, String)>,
}

/// Gift cards of one storefront, with the form of one currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GiftSettingView {
    /// Store id.
    pub store: String,
    /// The shop's name.
    pub name: String,
    /// The page where they are bought.
    pub href: String,
    /// Counts writes of the store.
    pub rev: i64,
    /// Sold now; empty: none are sold.
    pub rows: Vec<GiftRow>,
    /// None are sold, and what was sold before can be sold again: its currencies.
    pub before: Vec<String>,
    /// The currency that the form changes; empty: a new one.
    pub was: String,
    /// Fields and what is in them.
    pub fields: BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: BTreeMap<String, String>,
    /// Field -> what in it is wrong.
    pub wrong: BTreeMap<String, String>,
    /// Codes to choose from.
    pub currencies: Vec<String>,
    /// What was done, oldest first.
    pub history: Vec<HistoryRow>,
}

/// A place or scheme where a seller charges tax.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationRow {
    /// As records have it: `DE`, `US-NY`, `EU-OSS`.
    pub code: String,
    /// ISO 3166-1; empty: it is none of one country's.
    pub country: String,
    /// The name of its part of the country; empty: all of it.
    pub region: String,
}

/// What a storefront and its seller say of tax.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaxSettingView {
    /// Store id.
    pub store: String,
    /// The shop's name.
    pub name: String,
    /// The seller's name.
    pub seller: String,
    /// Counts writes of the store.
    pub rev: i64,
    /// Counts writes of the seller.
    pub seller_rev: i64,
    /// Where the seller charges tax.
    pub registrations: Vec<RegistrationRow>,
    /// Where else the tables know a tax to register for.
    pub others: Vec<RegistrationRow>,
    /// The seller is in the Union without its one-stop shop.
    pub below_threshold: bool,
    /// The seller charges no tax at home, where there is one.
    pub not_at_home: bool,
    /// It is not known in which part of its country the seller is, though the tax there goes by it.
    pub lacks_region: bool,
    /// Name of the tax service that is connected; empty: none is.
    pub service: String,
    /// Fields and what is in them.
    pub fields: BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: BTreeMap<String, String>,
    /// What was done, oldest first.
    pub history: Vec<HistoryRow>,
}
