//! The price list of a seller.

use serde::{Deserialize, Serialize};

use super::MomentView;
use super::trade::{AmountView, ExplainView};
use crate::pricelist::Typed;

/// A page of a price list at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricesView {
    /// Sellers whose list the caller may see: id and name.
    pub sellers: Vec<(String, String)>,
    /// Whose this is.
    pub seller: String,
    /// Their name.
    pub name: String,
    /// The chosen moment as typed, UTC; empty: now.
    pub at: String,
    /// The moment in words.
    pub moment: MomentView,
    /// What was is only looked at.
    pub past: bool,
    /// What is looked for.
    pub q: String,
    /// Regions and currencies of the editions of this page.
    pub columns: Vec<PlaceColumn>,
    /// Editions.
    pub rows: Vec<PriceLine>,
    /// Works of this page and the version of each that is shown.
    pub revs: Vec<(String, i64)>,
    /// Where this page begins.
    pub after: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Something typed waits to be mended.
    pub kept: bool,
}

/// A column of a price list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlaceColumn {
    /// As in `PriceRecord`.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
}

/// An edition in a price list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceLine {
    /// Variant id.
    pub variant: String,
    /// Title of the work.
    pub title: String,
    /// Product and edition.
    pub edition: String,
    /// The seller's own number.
    pub sku: String,
    /// In the order of the columns.
    pub cells: Vec<PriceCell>,
}

/// One price of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceCell {
    /// Name of its field.
    pub field: String,
    /// What stands in it: decimal, or as typed.
    pub value: String,
    /// The amount in force, decimal; empty: none.
    pub was: String,
    /// Code of what is wrong with what is typed.
    pub fault: Option<String>,
    /// Buyers name it: the least, decimal.
    pub minimum: Option<String>,
    /// Struck through beside it, decimal.
    pub compare_at: Option<String>,
    /// When it ends.
    pub until: Option<MomentView>,
    /// Prices by quantity: from how many and what, decimal.
    pub steps: Vec<(u32, String)>,
}

/// One record of an edition's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceEntry {
    /// Names it: region, currency, step and beginning.
    pub key: String,
    /// As in `PriceRecord`.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// From this many pieces on.
    pub min_quantity: u32,
    /// In words.
    pub amount: String,
    /// Buyers name it: the least, in words.
    pub minimum: Option<String>,
    /// In words.
    pub compare_at: Option<String>,
    /// `None`: from the beginning.
    pub from: Option<MomentView>,
    /// `None`: it stays.
    pub to: Option<MomentView>,
    /// Key of its state: in force, to come, below another.
    pub state: String,
    /// No market asks for it.
    pub unasked: bool,
    /// Lowest of the thirty days before, in words.
    pub lowest: Option<String>,
}

/// All of an edition's prices with the form for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditionPrices {
    /// Whose it is.
    pub seller: String,
    /// Variant id.
    pub variant: String,
    /// Work id.
    pub work: String,
    /// Title of the work.
    pub title: String,
    /// Product and edition.
    pub edition: String,
    /// The seller's own number.
    pub sku: String,
    /// Buyers can see it.
    pub public: bool,
    /// In force and to come.
    pub entries: Vec<PriceEntry>,
    /// What was, newest first.
    pub past: Vec<PriceEntry>,
    /// What stands in the form.
    pub form: Typed,
    /// The record that the form changes; empty: it adds one.
    pub key: String,
    /// Field and code of what is wrong.
    pub faults: Vec<(String, String)>,
    /// Version of the work.
    pub rev: i64,
    /// Regions to choose from.
    pub regions: Vec<String>,
    /// Currencies to choose from: those that markets pay in first.
    pub currencies: Vec<String>,
}

/// One line of what would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// Title of the work.
    pub title: String,
    /// Product and edition, and the seller's number.
    pub edition: String,
    /// As in `PriceRecord`.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// From this many pieces on.
    pub min_quantity: u32,
    /// In words; `None`: not for sale.
    pub old: Option<PriceWords>,
    /// In words; `None`: not for sale.
    pub new: Option<PriceWords>,
    /// `None`: as soon as it is confirmed.
    pub at: Option<MomentView>,
    /// `None`: it stays.
    pub to: Option<MomentView>,
    /// No market asks for it.
    pub unasked: bool,
}

/// A price in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceWords {
    /// Formatted; empty: free.
    pub amount: String,
    /// Buyers name it: the least.
    pub minimum: Option<String>,
    /// Struck through beside it.
    pub compare_at: Option<String>,
}

/// A row of a file that is not taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefusedRow {
    /// Row of the file, the header being 1.
    pub row: u64,
    /// As it stands there.
    pub sku: String,
    /// Column; empty: the whole row.
    pub column: String,
    /// Code of what is wrong.
    pub code: String,
}

/// What would change, before it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangesView {
    /// Names the change: the same one twice is one.
    pub attempt: String,
    /// Where to go afterwards.
    pub back: String,
    /// It was carried out.
    pub done: bool,
    /// What would change, the first of it.
    pub changes: Vec<ChangeLine>,
    /// How many changes there are.
    pub count: usize,
    /// Rows of a file that change nothing.
    pub same: usize,
    /// Rows of a file that are not taken, the first of them.
    pub refused: Vec<RefusedRow>,
    /// How many are not taken.
    pub refused_count: usize,
    /// Works and the version of each that this shows, for the form.
    pub seen: String,
}

/// What a buyer would see, as asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeeAsk {
    /// Whose editions.
    pub seller: String,
    /// Sellers' numbers, commas between them.
    pub skus: String,
    /// ISO 3166-1.
    pub country: String,
    /// State or province.
    pub region: String,
    /// Postcode.
    pub postcode: String,
    /// A business buys.
    pub business: bool,
    /// Its tax id.
    pub tax_id: String,
    /// The register confirmed it.
    pub confirmed: bool,
    /// Pieces of each; empty: 1.
    pub quantity: String,
    /// Day; empty: today.
    pub date: String,
}

/// One edition as a buyer would see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenLine {
    /// Title of the work, product and edition.
    pub title: String,
    /// The seller's number.
    pub sku: String,
    /// One piece, in words; `None`: not for sale there.
    pub unit: Option<PriceWords>,
    /// Lowest of the thirty days before, in words.
    pub lowest: Option<String>,
    /// Every record with why it is the price or is not.
    pub lookup: Vec<(PriceEntry, String)>,
}

/// A tax as a buyer would pay it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenTax {
    /// Name and place.
    pub name: String,
    /// In words.
    pub rate: String,
    /// In words.
    pub base: String,
    /// In words.
    pub amount: String,
    /// Id of the rule.
    pub rule: String,
    /// Law or official source.
    pub law: String,
}

/// What a buyer would see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeeView {
    /// As asked.
    pub ask: SeeAsk,
    /// Name of the seller.
    pub name: String,
    /// Countries to choose from.
    pub countries: Vec<String>,
    /// Field and code of what is wrong.
    pub faults: Vec<(String, String)>,
    /// The market of the country and the regions it asks in turn.
    pub market: String,
    /// Regions in the order in which they are asked.
    pub regions: Vec<String>,
    /// ISO 4217 of the market.
    pub currency: String,
    /// Editions.
    pub lines: Vec<SeenLine>,
    /// Who sells in law, where it is the marketplace and not the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<String>,
    /// Items, discounts, shipping, tax, total.
    pub sums: Vec<AmountView>,
    /// Taxes by rule.
    pub taxes: Vec<SeenTax>,
    /// Key of what is said if no tax is charged.
    pub tax_note: Option<String>,
    /// Every step.
    pub explain: Vec<ExplainView>,
    /// The document as JSON; empty: nothing was asked.
    pub document: String,
    /// Place in the document and code of why there is no total.
    pub trouble: Option<(String, String)>,
}
