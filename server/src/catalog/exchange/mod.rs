//! The open exchange format: JSON lines beside files; `docs/import-format.md` describes it for people.
//!
//! Invariants:
//! - Every row stands for itself: a bad one is reported with its line and reason, the rest is imported.
//! - Ids come from the row's `id`, else from its type and `ref`: the same row always means the same record.
//! - Importing what is already there changes nothing and says `unchanged`.
//! - Exporting and importing again changes nothing.

mod build;
mod collections;
mod csv;
mod export;
mod import;
mod promotions;
mod sellers;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vitrine_pricing::quote::{NoRulePolicy, Rounding};
use vitrine_pricing::shipping::{Method, Place, Zone};
use vitrine_shared::catalog::{
    Attribution, Credit, Facts, GiftCards, LegalEntity, Link, MakerKind, PriceShape, ProductKind, ShippingRate, Status,
    TaxFallback, TaxProvider, WorkKind, is_default, is_one, one,
};

pub(crate) use build::MAX_TITLE;
pub use build::{alone as work_alone, clean, cleaned};
pub use export::export;
pub use import::{Importer, below};
pub use promotions::{PromotionRow, ScopeRow, alone as promotion_alone, row_of};

/// Reads rows without taking anything in: those that can be read, and how many cannot.
pub fn readable(text: &str) -> (Vec<Row>, usize) {
    let text = text.trim_start_matches('\u{feff}');
    let read = if csv::is_flat(text) { csv::rows(text) } else { import::lines(text) };
    let all = read.len();
    let fine: Vec<Row> = read.into_iter().filter_map(|(_, row)| row.ok()).collect();
    let bad = all - fine.len();
    (fine, bad)
}

/// Most bytes of one line.
pub const MAX_LINE: usize = 1024 * 1024;

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Row {
    /// A business.
    Tenant(TenantRow),
    /// A storefront.
    Store(StoreRow),
    /// A licence text.
    Licence(LicenceRow),
    /// A collection of a tenant's works.
    Collection(CollectionRow),
    /// An artist or author.
    Maker(MakerRow),
    /// A work with its parts and products.
    Work(Box<WorkRow>),
    /// What a tenant takes off.
    Promotion(Box<PromotionRow>),
}

/// A business.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantRow {
    /// Names the row; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Shown name.
    pub name: String,
    /// Who sells.
    pub legal: LegalEntity,
    /// ISO 4217.
    pub currency: String,
    /// BCP 47.
    pub locale: String,
    /// Platform's share, basis points.
    pub fee_bps: u32,
    /// On the marketplace.
    #[serde(default = "yes")]
    pub listed: bool,
}

/// A storefront.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreRow {
    /// Names the row; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of its tenant.
    pub tenant: String,
    /// Its address.
    pub handle: String,
    /// Shown name.
    pub name: String,
    /// One line.
    #[serde(default)]
    pub tagline: String,
    /// HTML; cleaned.
    #[serde(default)]
    pub about_html: String,
    /// Brand stylesheet.
    #[serde(default)]
    pub brand: String,
    /// Pages elsewhere.
    #[serde(default)]
    pub links: Vec<Link>,
    /// ISO 3166-1.
    pub ships_from: String,
    /// Shipping table.
    #[serde(default)]
    pub shipping: Vec<ShippingRate>,
    /// Where (`unit`, `line`, `document`) and how (`half_up`, `half_even`) tax is rounded; by default lines, halves up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rounding: Rounding,
    /// Where the tables know no tax: `block` (by default) or `export`, sold without tax and named so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_rule: NoRulePolicy,
    /// For which sales a tax service is asked: `engine` (none, by default), `provider_where_local`, `always`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax_provider: TaxProvider,
    /// When it does not answer: `engine` (the tables' tax, named on the order) or `block`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax_fallback: TaxFallback,
    /// Zones of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_zones: Vec<Zone>,
    /// Ways of sending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_methods: Vec<Method>,
    /// Where nothing is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_except: Vec<Place>,
    /// Gift cards it sells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<GiftCards>,
}

/// A licence text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceRow {
    /// Names the text over its versions; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of the tenant; absent: the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// From 1.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Three plain lines.
    pub summary: Vec<String>,
    /// HTML; cleaned.
    pub body_html: String,
    /// UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<i64>,
}

/// A collection; rows of works name what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectionRow {
    /// Its short name, which its tenant's works and promotions know it by.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of its tenant.
    pub tenant: String,
    /// What its seller calls it.
    pub title: String,
}

/// An artist or author.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakerRow {
    /// Names the row; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of its tenant.
    pub tenant: String,
    /// Artist or author.
    pub kind: MakerKind,
    /// In its own script.
    pub name: String,
    /// In Latin letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latin: Option<String>,
    /// Its address; made from the name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// HTML; cleaned.
    #[serde(default)]
    pub bio_html: String,
    /// Pages elsewhere.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Portrait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<PictureRow>,
    /// Whether people see it.
    #[serde(default = "published")]
    pub status: Status,
}

/// A picture: a file beside the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureRow {
    /// Path below the folder of the rows.
    pub file: String,
    /// What it shows.
    #[serde(default)]
    pub alt: String,
}

/// A work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkRow {
    /// Names the row; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Ref of its storefront.
    pub store: String,
    /// What it is.
    pub kind: WorkKind,
    /// In its own script.
    pub title: String,
    /// In Latin letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latin: Option<String>,
    /// Refs of makers, in order.
    pub makers: Vec<String>,
    /// `YYYY-MM-DD`.
    pub released: String,
    /// Slugs.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Free words.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Refs of collections; absent: those it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<String>>,
    /// BCP 47 of the content.
    #[serde(default)]
    pub language: String,
    /// HTML; cleaned.
    #[serde(default)]
    pub description_html: String,
    /// Who did what.
    #[serde(default)]
    pub credits: Vec<Credit>,
    /// Cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<PictureRow>,
    /// Tracks, chapters, episodes.
    #[serde(default)]
    pub parts: Vec<PartRow>,
    /// What only some kinds have.
    #[serde(default)]
    pub facts: Facts,
    /// Source and terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Files that belong to the whole work: a book's EPUB, a booklet, a film.
    #[serde(default)]
    pub files: Vec<FileRow>,
    /// What is sold.
    #[serde(default)]
    pub products: Vec<ProductRow>,
    /// Whether people see it.
    #[serde(default = "published")]
    pub status: Status,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRow {
    /// Path below the folder of the rows.
    pub file: String,
    /// e.g. `Ogg Vorbis`, `EPUB`.
    pub format: String,
    /// Offered on saving; the file's own name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A track, chapter or episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartRow {
    /// Title.
    pub title: String,
    /// Disc or season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// If it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Its files.
    #[serde(default)]
    pub files: Vec<FileRow>,
    /// Milliseconds, where no file tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_ms: Option<u64>,
    /// Only for those who buy.
    #[serde(default)]
    pub bonus: bool,
    /// HTML; cleaned.
    #[serde(default)]
    pub notes_html: String,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What is said in an episode, one file per language; everybody reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<TranscriptRow>,
}

/// A transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptRow {
    /// Path below the folder of the rows; WebVTT, its name ends in `.LANGUAGE.vtt`.
    pub file: String,
}

/// What is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRow {
    /// Names it within the work; also an id of ours.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Digital or physical.
    pub kind: ProductKind,
    /// e.g. `Digital album`.
    pub title: String,
    /// Tax class of the pricing engine.
    pub tax_class: String,
    /// One or more.
    pub variants: Vec<VariantRow>,
    /// Whether people see it.
    #[serde(default = "published")]
    pub status: Status,
}

/// What stands on a cart line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantRow {
    /// Unique in the tenant.
    pub sku: String,
    /// An id of ours, in exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// e.g. `Personal licence`.
    #[serde(default)]
    pub title: String,
    /// Ref of a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Formats whose files come with it; empty for digital: all files of the work.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// Millimetres of the packed piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_mm: Option<u32>,
    /// Millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_mm: Option<u32>,
    /// Millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_mm: Option<u32>,
    /// Pieces at the first import; later imports do not touch the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
    /// One-off, or what comes later.
    #[serde(default)]
    pub shape: PriceShape,
    /// Prices in force.
    pub prices: Vec<PriceRow>,
}

/// One price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// A country, `eu` or `world`.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units.
    pub minor: i64,
    /// Name-your-price: the least, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Struck through, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<i64>,
    /// UTC milliseconds; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from_ms: Option<i64>,
    /// UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to_ms: Option<i64>,
    /// From this many pieces on, of what comes in parcels.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub min_quantity: u32,
}

const fn yes() -> bool {
    true
}

const fn published() -> Status {
    Status::Published
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// New.
    Created,
    /// Changed.
    Updated,
    /// The same already.
    Unchanged,
    /// Not taken; the reason is in the report.
    Refused,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowReport {
    /// From 1.
    pub line: usize,
    /// The row's type and ref, where they could be read.
    pub row: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused, or what to know (no previews without ffmpeg ...).
    pub notes: Vec<String>,
}

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Row by row.
    pub rows: Vec<RowReport>,
}

impl Report {
    /// How many rows came out how.
    pub fn counts(&self) -> BTreeMap<Outcome, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.outcome).or_insert(0) += 1;
        }
        counts
    }
}
