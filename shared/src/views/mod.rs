//! View models: what a page shows, made by pure functions from records. Everything here is readable in the page's
//! source, so nothing personal and nothing internal is in the public ones.
//!
//! Texts that depend on the locale (prices, dates, sizes) are already formatted; labels are keys of the locale files.

use serde::{Deserialize, Serialize};

use crate::catalog::{Attribution, Credit, Facts, Link, WorkKind};

pub mod about;
pub mod card;
pub mod collections;
pub mod desk;
pub mod gift;
pub mod owned;
pub mod preview;
pub mod prices;
mod shared;
pub mod shops;
pub mod sums;
pub mod taxes;
pub mod trade;
pub mod value;

pub use shared::{Shared, script_json};

/// A moment as the server says it; the browser says it again in the reader's own zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MomentView {
    /// ISO 8601, UTC.
    pub iso: String,
    /// In the page's locale, UTC.
    pub text: String,
}

impl MomentView {
    /// Of UTC milliseconds; a moment outside of the calendar is empty.
    pub fn of(ms: i64, locale: vitrine_pricing::format::Locale) -> Self {
        let Ok(date) = vitrine_pricing::date::Date::from_unix_ms(ms) else { return Self::default() };
        let minutes = ms.rem_euclid(86_400_000) / 60_000;
        let clock = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            iso: format!("{date}T{clock}Z"),
            text: format!("{}, {clock} UTC", vitrine_pricing::format::format_date(date, locale)),
        }
    }
}

/// A picture, ready for `<picture>`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImageView {
    /// What it shows.
    pub alt: String,
    /// Pixels of the largest.
    pub width: u32,
    /// Pixels of the largest.
    pub height: u32,
    /// `tint-NN`.
    pub tint: u8,
    /// `#rrggbb`, for an SVG fill while it loads.
    pub color: String,
    /// Fallback address (JPEG).
    pub src: String,
    /// `(media type, srcset)` in the order of preference.
    pub sources: Vec<(String, String)>,
}

/// A price as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceView {
    /// e.g. `€9.00`; empty if free.
    pub text: String,
    /// Key of the tax word: `tax-incl-vat`, `tax-excl`, `tax-none`.
    pub tax_word: String,
    /// Struck through beside it.
    pub compare_at: Option<String>,
    /// Lowest of the thirty days before the reduction, where the law wants it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<String>,
    /// In the currency that the visitor chose, if it is another one; never charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<about::AboutView>,
    /// There are dearer editions.
    pub from: bool,
    /// Costs nothing.
    pub free: bool,
    /// The buyer names it; `text` is the suggestion, this the least.
    pub minimum: Option<String>,
    /// Minor units.
    pub minor: i64,
    /// Minor units of the least price the buyer may name.
    pub minimum_minor: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// Digits after the point.
    pub exponent: u8,
}

/// A name with a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Named {
    /// Shown.
    pub name: String,
    /// In Latin letters.
    pub latin: Option<String>,
    /// Its page.
    pub href: String,
}

/// Something to play before buying.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlayView {
    /// Address of the file.
    pub src: String,
    /// Media type.
    pub content_type: String,
    /// Title of what plays.
    pub title: String,
    /// Maker.
    pub by: String,
    /// Up to 120 peaks.
    pub peaks: Vec<u8>,
    /// Milliseconds of the file.
    pub length_ms: Option<u64>,
    /// Captions of a film: BCP 47 and address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<(String, String)>,
}

/// A work in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CardView {
    /// Work id.
    pub id: String,
    /// What it is.
    pub kind: WorkKind,
    /// Its page.
    pub href: String,
    /// In its own script.
    pub title: String,
    /// In Latin letters.
    pub latin: Option<String>,
    /// Language tag of the title, for `lang`.
    pub language: String,
    /// Makers.
    pub makers: Vec<Named>,
    /// Cover.
    pub cover: Option<ImageView>,
    /// Least price here; `None`: not for sale in this market.
    pub price: Option<PriceView>,
    /// Year of release.
    pub year: Option<i32>,
    /// First preview.
    pub play: Option<PlayView>,
    /// Whose shop.
    pub store: Named,
}

/// The marketplace's home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HomeView {
    /// One work shown large.
    pub feature: Option<FeatureView>,
    /// Newest, all kinds.
    pub newest: Vec<CardView>,
    /// By kind.
    pub kinds: Vec<(WorkKind, Vec<CardView>)>,
    /// Genres with counts, slugs.
    pub genres: Vec<FacetValue>,
    /// Storefronts.
    pub stores: Vec<StoreCard>,
    /// Works in all.
    pub total: u64,
}

/// One work shown large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureView {
    /// The work.
    pub card: CardView,
    /// Key of the reason, e.g. `feature-newest`.
    pub reason: String,
    /// First sentence of its description.
    pub lead: String,
}

/// A storefront in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StoreCard {
    /// `@handle`.
    pub handle: String,
    /// Shown name.
    pub name: String,
    /// One line.
    pub tagline: String,
    /// Its page.
    pub href: String,
    /// Name of its brand stylesheet.
    pub brand: String,
    /// Up to three covers.
    pub covers: Vec<ImageView>,
}

/// One value of a facet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FacetValue {
    /// As in the address.
    pub value: String,
    /// Key of its label, or empty: show `value` itself.
    pub label_key: String,
    /// Works that have it.
    pub count: u64,
    /// Chosen.
    pub active: bool,
    /// Address with it switched.
    pub href: String,
}

/// One facet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FacetView {
    /// Query key: `type`, `genre`, `tag`, `year`, `price`, `format`.
    pub name: String,
    /// Values, most first.
    pub values: Vec<FacetValue>,
}

/// A list with facets: the catalogue, or a search page's works.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CatalogView {
    /// The words searched for; empty in the catalogue.
    pub query: String,
    /// Works found.
    pub total: u64,
    /// This page's works.
    pub cards: Vec<CardView>,
    /// Facets in order.
    pub facets: Vec<FacetView>,
    /// Active filters, each with the address without it.
    pub chips: Vec<FacetValue>,
    /// Address without any filter.
    pub clear_href: String,
    /// `relevance`, `newest`, `title`, `price-up`, `price-down`: value, chosen, address.
    pub sorts: Vec<FacetValue>,
    /// From 1.
    pub page: u32,
    /// Pages in all, at most 42.
    pub pages: u32,
    /// Address of each page link shown: number, address.
    pub page_links: Vec<(u32, String)>,
    /// Canonical path with its query.
    pub canonical: String,
    /// Hidden fields that keep the state in forms: name, value.
    pub hidden: Vec<(String, String)>,
}

/// The search page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchView {
    /// Works.
    pub works: Shared<CatalogView>,
    /// Makers.
    pub makers: Vec<Named>,
    /// Shops.
    pub stores: Vec<Named>,
    /// What was relaxed: typed word, word used.
    pub relaxed: Vec<(String, String)>,
    /// Nothing was found: these are close or popular.
    pub instead: Vec<CardView>,
}

/// Suggestions as you type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuggestView {
    /// Works: card title, maker, address, cover.
    pub works: Vec<CardView>,
    /// Makers.
    pub makers: Vec<Named>,
    /// Shops.
    pub stores: Vec<Named>,
}

/// One way to buy a work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditionView {
    /// Variant id: what the cart takes.
    pub variant: String,
    /// Product title.
    pub title: String,
    /// Variant title, if there are several.
    pub variant_title: String,
    /// Comes in a parcel.
    pub physical: bool,
    /// Formats with size: `Ogg Vorbis`, `61 MB`.
    pub formats: Vec<(String, String)>,
    /// Price here; `None`: not for sale in this market.
    pub price: Option<PriceView>,
    /// What a piece costs from so many pieces on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<(u32, String)>,
    /// Stock: `None` not counted; else pieces left.
    pub stock: Option<i64>,
    /// ISO 3166-1 of where it ships from.
    pub ships_from: Option<String>,
    /// Licence.
    pub licence: Option<LicenceLine>,
}

/// A licence in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LicenceLine {
    /// Title.
    pub title: String,
    /// Full text.
    pub href: String,
    /// Three plain lines.
    pub summary: Vec<String>,
    /// Version.
    pub version: u32,
}

/// A track, chapter or episode on a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartView {
    /// From 1.
    pub number: u32,
    /// Disc or season.
    pub group: Option<u32>,
    /// Title.
    pub title: String,
    /// If it differs.
    pub maker: Option<String>,
    /// `3:45`.
    pub length: Option<String>,
    /// What anybody may hear.
    pub play: Option<PlayView>,
    /// Only for those who buy.
    pub bonus: bool,
    /// Sanitised HTML.
    pub notes_html: String,
    /// Formatted date.
    pub date: Option<String>,
    /// Its transcripts: BCP 47 and page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<(String, String)>,
}

/// What was said from one moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SaidView {
    /// Seconds from the beginning.
    pub at_s: u64,
    /// The same, `4:05`.
    pub at: String,
    /// Who, where it is said.
    pub speaker: Option<String>,
    /// The words.
    pub text: String,
}

/// An episode in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TranscriptView {
    /// The podcast.
    pub card: CardView,
    /// Number of the episode.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// Formatted date.
    pub date: Option<String>,
    /// BCP 47 of the words.
    pub language: String,
    /// All of its transcripts: BCP 47 and page.
    pub languages: Vec<(String, String)>,
    /// In order.
    pub said: Vec<SaidView>,
    /// The WebVTT file.
    pub file: String,
    /// Path of this page.
    pub canonical: String,
}

/// The page of an album, book, video or podcast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkView {
    /// The same as in lists.
    pub card: CardView,
    /// Formatted date of release.
    pub released: String,
    /// `YYYY-MM-DD`.
    pub released_iso: String,
    /// Language of the content, tag; empty: none.
    pub language: String,
    /// Sanitised HTML.
    pub description_html: String,
    /// First sentence, plain, for `<meta name=description>`.
    pub lead: String,
    /// Ways to buy.
    pub editions: Vec<EditionView>,
    /// Tracks, chapters, episodes.
    pub parts: Vec<PartView>,
    /// Total length, formatted.
    pub length: Option<String>,
    /// What only some kinds have.
    pub facts: Facts,
    /// Who did what.
    pub credits: Vec<Credit>,
    /// Slug, address in the catalogue.
    pub genres: Vec<FacetValue>,
    /// Word, address in the catalogue.
    pub tags: Vec<FacetValue>,
    /// Source and terms.
    pub attribution: Option<Attribution>,
    /// Look inside (books): address of the sample in the content origin.
    pub sample: Option<String>,
    /// Trailer (videos).
    pub trailer: Option<PlayView>,
    /// From the same makers.
    pub same_maker: Vec<CardView>,
    /// What others bought with it.
    #[serde(default)]
    pub together: Vec<CardView>,
    /// Whose shop.
    pub store: StoreCard,
    /// Canonical path.
    pub canonical: String,
    /// JSON-LD, already safe inside a script element.
    pub json_ld: String,
}

/// The page of an artist or author.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MakerView {
    /// Name and Latin name; `href` is the canonical address.
    pub named: Named,
    /// Key of the kind: `artist` or `author`.
    pub kind: String,
    /// Portrait.
    pub image: Option<ImageView>,
    /// Sanitised HTML.
    pub bio_html: String,
    /// Pages elsewhere.
    pub links: Vec<Link>,
    /// Years, newest first, with their works.
    pub years: Vec<(i32, Vec<CardView>)>,
    /// Shops that sell them.
    pub stores: Vec<Named>,
    /// Canonical path.
    pub canonical: String,
    /// JSON-LD, already safe inside a script element.
    pub json_ld: String,
}

/// A storefront's page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StoreView {
    /// Store id.
    pub id: String,
    /// The same as in lists.
    pub store: StoreCard,
    /// Sanitised HTML.
    pub about_html: String,
    /// Pages elsewhere.
    pub links: Vec<Link>,
    /// Newest work, large.
    pub feature: Option<FeatureView>,
    /// The rest by year, newest first.
    pub years: Vec<(i32, Vec<CardView>)>,
    /// More than shown: address of the catalogue of this shop.
    pub more_href: Option<String>,
    /// Works in all.
    pub total: u64,
    /// Who sells: name, address lines, e-mail, tax ids.
    pub imprint: Vec<String>,
    /// Canonical path.
    pub canonical: String,
    /// Where its gift cards are bought, if it sells any here.
    #[serde(default)]
    pub gift_href: Option<String>,
}

/// How a reader of a shop's letters stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// Asked, and has not pressed the button yet.
    Asked,
    /// On the list.
    On,
    /// Not on the list.
    #[default]
    Off,
}

/// The page behind the links of a shop's letters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LettersView {
    /// Whose letters.
    pub shop: Named,
    /// How things stand.
    pub state: LetterState,
    /// Below this address the forms go.
    pub address: String,
    /// Proves that the link was sent to the reader; goes back with the forms.
    pub proof: String,
}

/// A page of a text of law: a licence, or of the policy of withdrawing the title, the text and the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LicenceView {
    /// Title.
    pub title: String,
    /// Version shown.
    pub version: u32,
    /// Other versions: number, address.
    pub versions: Vec<(u32, String)>,
    /// Formatted date.
    pub date: String,
    /// Three plain lines.
    pub summary: Vec<String>,
    /// Sanitised HTML.
    pub body_html: String,
    /// Canonical path.
    pub canonical: String,
}

/// The right to withdraw from purchases without a reason, as the data of a country says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightView {
    /// What the country is called.
    pub country: String,
    /// Days; 0: its law gives no such right, or is `unknown`.
    pub days: u16,
    /// Of files it ends when they are supplied at once, to which the buyer agreed.
    pub waiver: bool,
    /// A way to withdraw stands on the order's page.
    pub function: bool,
    /// Days within which the money goes back; 0: at once.
    pub refund_days: u16,
    /// Nobody looked the law up: whether there is such a right is left open.
    pub unknown: bool,
    /// Of some books, magazines or recordings there may be none.
    pub media_excepted: bool,
    /// It is of goods alone, not of files or gift cards.
    pub goods_only: bool,
    /// The law has the buyer pay for sending back.
    pub buyer_returns: bool,
}

/// What the frame learns after hydration in one call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeBar {
    /// Signed in as.
    pub name: Option<String>,
    /// Pieces in the cart.
    pub cart_count: u32,
    /// May see the studio.
    pub creator: bool,
    /// May see the console.
    pub staff: bool,
}
