//! The catalogue's records, as stored and as imported; views for pages are made from them.
//!
//! Invariants: descriptions are sanitised HTML when they get here; dates without time are `YYYY-MM-DD`; a work that is
//! not `Published` is seen only by its makers' desk; a kind can be published only if its capability exists.

mod gift;
mod image;
mod price;
mod shipping;
mod taxes;

use serde::{Deserialize, Serialize};
use vitrine_pricing::quote::{NoRulePolicy, Rounding};
use vitrine_pricing::shipping::{Method, Place, Zone};

use crate::id::{AssetId, LicenceId, MakerId, PartId, ProductId, StoreId, TenantId, VariantId, WorkId};

pub use gift::GiftCards;
pub use image::{Image, Rendition};
pub use price::{PriceRecord, is_one, one};
pub use shipping::ShippingRate;
pub use taxes::{TaxFallback, TaxProvider};

/// What a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WorkKind {
    /// Tracks.
    Album,
    /// Chapters.
    Book,
    /// Film, course, concert.
    Video,
    /// Episodes.
    Podcast,
}

impl WorkKind {
    /// All, in the order of menus.
    pub const ALL: [WorkKind; 4] = [Self::Album, Self::Book, Self::Video, Self::Podcast];

    /// As in addresses and filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Album => "album",
            Self::Book => "book",
            Self::Video => "video",
            Self::Podcast => "podcast",
        }
    }

    /// First segment of its page's address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Album => "albums",
            Self::Book => "books",
            Self::Video => "videos",
            Self::Podcast => "podcasts",
        }
    }

    /// From `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// Whether people see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being made.
    #[default]
    Draft,
    /// On sale or to be read.
    Published,
    /// Withdrawn; those who own it keep it.
    Archived,
}

/// A business that sells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Shown name.
    pub name: String,
    /// Who sells, for imprint and invoices.
    pub legal: LegalEntity,
    /// ISO 4217 of its own accounts.
    pub currency: String,
    /// BCP 47.
    pub locale: String,
    /// The platform's share of net sales, basis points.
    pub fee_bps: u32,
    /// Its published works are on the marketplace.
    pub listed: bool,
    /// Counts writes; of records from before it was counted it is 0.
    #[serde(default)]
    pub rev: i64,
}

/// Who sells, in law.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LegalEntity {
    /// Registered name.
    pub name: String,
    /// Postal address, one line each.
    pub address: Vec<String>,
    /// ISO 3166-1.
    pub country: String,
    /// e.g. province, where tax asks for it.
    #[serde(default)]
    pub region: Option<String>,
    /// Contact address.
    pub email: String,
    /// VAT or tax numbers.
    #[serde(default)]
    pub tax_ids: Vec<String>,
    /// Where it is registered to charge tax: country or country-region codes, `EU-OSS`, `EU-IOSS`, `XI`.
    #[serde(default)]
    pub registrations: Vec<String>,
    /// Prefix of its invoice numbers, `[A-Z0-9]{1,8}`.
    pub invoice_prefix: String,
}

impl LegalEntity {
    /// Whether invoices can be numbered by its prefix: 1 to 8 of A-Z and 0-9.
    pub fn has_prefix(&self) -> bool {
        let prefix = &self.invoice_prefix;
        (1..=8).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }
}

/// A storefront.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Its id.
    pub id: StoreId,
    /// Whose it is.
    pub tenant: TenantId,
    /// `/@handle` and `handle.<base>`; a slug.
    pub handle: String,
    /// Shown name.
    pub name: String,
    /// One line.
    pub tagline: String,
    /// Sanitised HTML.
    pub about_html: String,
    /// Name of its brand stylesheet; empty: the marketplace's look.
    #[serde(default)]
    pub brand: String,
    /// Pages elsewhere.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Where physical goods leave from, ISO 3166-1.
    pub ships_from: String,
    /// Shipping table: zone (country, `EU`, `*`, or one of `shipping_zones`), band, minor units, currency.
    #[serde(default)]
    pub shipping: Vec<ShippingRate>,
    /// Zones of its own: regions, postcodes, exceptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_zones: Vec<Zone>,
    /// Ways of sending, in the order in which they are offered; rows without one are the standard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_methods: Vec<Method>,
    /// Where nothing is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_except: Vec<Place>,
    /// Where and how tax is rounded; stands on its invoices.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rounding: Rounding,
    /// Whether it sells where the tables know no tax.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_rule: NoRulePolicy,
    /// For which sales a tax service is asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax_provider: TaxProvider,
    /// What happens when it does not answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tax_fallback: TaxFallback,
    /// Gift cards it sells, at most one row a currency; they pay for what its tenant sells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gift_cards: Vec<GiftCards>,
    /// Counts writes; of records from before it was counted it is 0.
    #[serde(default)]
    pub rev: i64,
}

/// Whether a value need not be written.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A page elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Link {
    /// What it is.
    pub label: String,
    /// `https://` only.
    pub url: String,
}

/// Artist or author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MakerKind {
    /// Page at `/artists/`.
    Artist,
    /// Page at `/authors/`.
    Author,
}

impl MakerKind {
    /// First segment of its page's address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Artist => "artists",
            Self::Author => "authors",
        }
    }
}

/// An artist or author.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maker {
    /// Its id.
    pub id: MakerId,
    /// Whose record it is.
    pub tenant: TenantId,
    /// Artist or author.
    pub kind: MakerKind,
    /// Unique among makers of its kind.
    pub slug: String,
    /// In its own script.
    pub name: String,
    /// In Latin letters, if the name is not.
    #[serde(default)]
    pub latin: Option<String>,
    /// Sanitised HTML.
    #[serde(default)]
    pub bio_html: String,
    /// Pages elsewhere.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Portrait.
    #[serde(default)]
    pub image: Option<Image>,
    /// Whether people see it.
    pub status: Status,
}

/// A maker on a work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MakerRef {
    /// Its id.
    pub id: MakerId,
    /// Artist or author.
    pub kind: MakerKind,
    /// Its address.
    pub slug: String,
    /// As it stands on the work.
    pub name: String,
    /// In Latin letters.
    #[serde(default)]
    pub latin: Option<String>,
}

/// An album, book, video or podcast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// Whose it is.
    pub tenant: TenantId,
    /// On which storefront.
    pub store: StoreId,
    /// What it is.
    pub kind: WorkKind,
    /// For addresses.
    pub slug: String,
    /// In its own script.
    pub title: String,
    /// In Latin letters, if the title is not.
    #[serde(default)]
    pub latin: Option<String>,
    /// Makers, in order.
    pub makers: Vec<MakerRef>,
    /// `YYYY-MM-DD`.
    pub released: String,
    /// Slugs of genres.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Free words.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Short names of its seller's collections it is in, in their order; at most 20. One that is there no more means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// BCP 47 of the content; empty: none (instrumental).
    #[serde(default)]
    pub language: String,
    /// Sanitised HTML.
    #[serde(default)]
    pub description_html: String,
    /// Who did what.
    #[serde(default)]
    pub credits: Vec<Credit>,
    /// Cover.
    #[serde(default)]
    pub cover: Option<Image>,
    /// Tracks, chapters or episodes.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// What only some kinds have.
    #[serde(default)]
    pub facts: Facts,
    /// Where it comes from and under which terms, shown on the page.
    #[serde(default)]
    pub attribution: Option<Attribution>,
    /// Whether people see it.
    pub status: Status,
    /// UTC milliseconds of the first publication.
    #[serde(default)]
    pub published_ms: Option<i64>,
    /// Counts writes; the ETag.
    #[serde(default)]
    pub rev: i64,
}

/// Who did what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credit {
    /// e.g. `Mastering`.
    pub role: String,
    /// Person.
    pub name: String,
}

impl Work {
    /// The parts as pages show them: episodes newest first, anything else in its own order.
    pub fn shown_parts(&self) -> Vec<&Part> {
        let mut parts: Vec<&Part> = self.parts.iter().collect();
        if self.kind == WorkKind::Podcast {
            parts.sort_by_key(|p| std::cmp::Reverse((p.date.as_deref(), p.group, p.number)));
        }
        parts
    }
}

/// What buyers of a book get when its text changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UpdatePolicy {
    /// It stays as it is.
    None,
    /// Corrections of this edition.
    Corrections,
    /// Corrections and new editions.
    Editions,
}

impl UpdatePolicy {
    /// Key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "updates-none",
            Self::Corrections => "updates-corrections",
            Self::Editions => "updates-editions",
        }
    }
}

/// What only some kinds have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Facts {
    /// Books.
    pub pages: Option<u32>,
    /// Books.
    pub words: Option<u32>,
    /// Books.
    pub isbn: Option<String>,
    /// Series name.
    pub series: Option<String>,
    /// Number in the series.
    pub series_number: Option<u32>,
    /// Books: what a screen reader gets, ONIX list 196 in words.
    pub accessibility: Vec<String>,
    /// Videos, e.g. `1280 × 720`.
    pub resolution: Option<String>,
    /// Books: what buyers get when the text changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updates: Option<UpdatePolicy>,
    /// Videos: e.g. `Stereo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// Videos: languages of subtitles.
    pub subtitles: Vec<String>,
    /// Videos: e.g. `all ages`.
    pub age_rating: Option<String>,
}

/// Where a work comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attribution {
    /// Who made it and where it was published, as the licence asks.
    pub text: String,
    /// SPDX expression or name.
    pub licence: String,
    /// The source's page.
    #[serde(default)]
    pub url: Option<String>,
    /// What was changed or how it was made from what.
    #[serde(default)]
    pub changes: Option<String>,
}

/// A track, chapter or episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its id.
    pub id: PartId,
    /// From 1.
    pub number: u32,
    /// Disc or season.
    #[serde(default)]
    pub group: Option<u32>,
    /// Title.
    pub title: String,
    /// If it differs from the work's.
    #[serde(default)]
    pub maker: Option<String>,
    /// Milliseconds.
    #[serde(default)]
    pub length_ms: Option<u64>,
    /// 30 seconds, or the chapter to look into, or a trailer.
    #[serde(default)]
    pub preview: Option<Preview>,
    /// Up to 120 peaks, 0 to 255.
    #[serde(default)]
    pub peaks: Vec<u8>,
    /// Only for those who buy.
    #[serde(default)]
    pub bonus: bool,
    /// Sanitised HTML notes.
    #[serde(default)]
    pub notes_html: String,
    /// `YYYY-MM-DD`, episodes.
    #[serde(default)]
    pub date: Option<String>,
    /// What is said in an episode, for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Captions>,
    /// Its files, in the order of preference for playing.
    #[serde(default)]
    pub assets: Vec<AssetId>,
}

/// What anybody may hear, see or read; public, immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Key in the public part of the blob store.
    pub key: String,
    /// Media type.
    pub content_type: String,
    /// Milliseconds.
    #[serde(default)]
    pub length_ms: Option<u64>,
    /// What is said in it, for films.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<Captions>,
}

/// WebVTT of a preview or an episode; public, immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captions {
    /// BCP 47.
    pub language: String,
    /// Key in the public part of the blob store.
    pub key: String,
}

/// What is sold and how it reaches the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Files.
    Digital,
    /// Parcels.
    Physical,
    /// Several variants under one price.
    Bundle,
    /// Metered credit.
    TokenPack,
    /// Recurring.
    Subscription,
}

impl ProductKind {
    /// Whether the shop can sell it today; others stay drafts.
    pub const fn is_sellable(self) -> bool {
        matches!(self, Self::Digital | Self::Physical)
    }
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Whose it is. Stored as `seller`: an attribute `tenant` would put the item into the tenant's listing of works.
    #[serde(alias = "seller")]
    pub tenant: TenantId,
    /// What it is an edition of.
    pub work: WorkId,
    /// How it reaches the buyer.
    pub kind: ProductKind,
    /// e.g. `Digital album`, `CD`.
    pub title: String,
    /// Tax class of the pricing engine: `digital_music`, `ebook`, `audiobook`, `digital_video`, `printed_book`, `physical_music`, `goods`.
    pub tax_class: String,
    /// One or more.
    pub variants: Vec<Variant>,
    /// Whether people see it.
    pub status: Status,
}

/// What stands on a cart line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The seller's own number, unique in the tenant.
    pub sku: String,
    /// e.g. `Personal licence`, `Black vinyl`.
    pub title: String,
    /// Licence dimension.
    #[serde(default)]
    pub licence: Option<LicenceId>,
    /// Files that come with it.
    #[serde(default)]
    pub assets: Vec<AssetId>,
    /// e.g. `FLAC`, `EPUB`.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Grams, physical only.
    #[serde(default)]
    pub weight_g: Option<u32>,
    /// Millimetres of the packed piece; its room counts with all three sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_mm: Option<u32>,
    /// Millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_mm: Option<u32>,
    /// Millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_mm: Option<u32>,
    /// Stock is counted (physical).
    #[serde(default)]
    pub stocked: bool,
    /// One-off, or what comes later.
    #[serde(default)]
    pub shape: PriceShape,
}

/// How a price is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceShape {
    /// Paid once.
    #[default]
    OneOff,
    /// Paid every period.
    Recurring,
    /// Paid by use.
    Metered,
    /// By quantity steps.
    Tiered,
}

/// A licence text; a new version is a new record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Licence {
    /// Its id; stays the same over versions.
    pub id: LicenceId,
    /// Whose it is; `None`: the platform's. Stored as `seller`, as in [`Product`].
    #[serde(default, alias = "seller", skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// From 1.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Three plain lines.
    pub summary: Vec<String>,
    /// Sanitised HTML.
    pub body_html: String,
    /// UTC milliseconds.
    pub created_ms: i64,
}

/// Whether a file may go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetState {
    /// Not looked at yet.
    #[default]
    Pending,
    /// May be downloaded.
    Clean,
    /// Never goes out.
    Quarantined,
}

/// A file for those who bought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Whose it is. Stored as `seller`, as in [`Product`].
    #[serde(alias = "seller")]
    pub tenant: TenantId,
    /// What it belongs to.
    pub work: WorkId,
    /// Key in the private part of the blob store.
    pub key: String,
    /// Offered on saving.
    pub file_name: String,
    /// Media type.
    pub content_type: String,
    /// e.g. `Ogg Vorbis`, `EPUB`.
    pub format: String,
    /// Bytes.
    pub size: u64,
    /// Of the bytes, hex.
    pub sha256: String,
    /// Of the bytes, for ZIP.
    pub crc32: u32,
    /// Milliseconds, audio and video.
    #[serde(default)]
    pub length_ms: Option<u64>,
    /// Whether it may go out.
    pub state: AssetState,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(kind: &str) -> Work {
        let part = |number: u32, group: u32, date: Option<&str>| {
            serde_json::json!({ "id": PartId::from_bits(u128::from(number)), "number": number, "group": group,
                "title": number.to_string(), "date": date })
        };
        let parts = [
            part(1, 1, Some("2025-01-01")),
            part(2, 1, None),
            part(3, 2, Some("2026-02-01")),
            part(4, 2, Some("2026-02-01")),
        ];
        serde_json::from_value(serde_json::json!({
            "id": WorkId::from_bits(1), "tenant": TenantId::from_bits(1), "store": StoreId::from_bits(1), "kind": kind,
            "slug": "a", "title": "A", "makers": [], "released": "2025-01-01", "status": "published", "rev": 1,
            "parts": parts,
        }))
        .unwrap()
    }

    #[test]
    fn episodes_come_newest_first_and_tracks_in_order() {
        let shown = |kind: &str| work(kind).shown_parts().iter().map(|p| p.number).collect::<Vec<_>>();
        assert_eq!(shown("podcast"), [4, 3, 1, 2]);
        assert_eq!(shown("album"), [1, 2, 3, 4]);
    }
}
