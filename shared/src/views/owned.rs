//! Library and invoices.

use serde::{Deserialize, Serialize};

use super::trade::{AmountView, ExplainView, FileView};
use super::value::PaidView;
use super::{CardView, FacetValue, LicenceLine, MomentView, PartView};

/// Something owned, in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwnedCard {
    /// The work; its `href` is the library entry.
    pub card: CardView,
    /// UTC milliseconds.
    pub since_ms: i64,
    /// Key of why access is lost, if it is.
    pub lost: Option<String>,
    /// Bought in the last two weeks.
    #[serde(default)]
    pub new: bool,
    /// Has files that were added after the purchase.
    #[serde(default)]
    pub grown: bool,
}

/// The library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LibraryView {
    /// This page's works.
    pub items: Vec<OwnedCard>,
    /// Everything owned, whatever is asked for.
    pub owned: u64,
    /// Works that fit what is asked for.
    pub total: u64,
    /// The words searched for.
    pub query: String,
    /// Kinds with how many works that fit the words are of it.
    pub kinds: Vec<FacetValue>,
    /// Ways to sort.
    pub sorts: Vec<FacetValue>,
    /// Hidden fields that keep the state in forms: name, value.
    pub hidden: Vec<(String, String)>,
    /// Address without words and kinds.
    pub clear_href: String,
    /// From 1.
    pub page: u32,
    /// Pages in all.
    pub pages: u32,
    /// Address of each page link shown: number, address.
    pub page_links: Vec<(u32, String)>,
    /// Cursor of the next page, for programs.
    pub next: Option<String>,
}

/// One work owned: play, read, download.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwnedView {
    /// The work.
    pub card: CardView,
    /// Whole tracks, chapters, episodes: `play.src` is a streaming address for this session.
    pub parts: Vec<PartView>,
    /// Files by format.
    pub files: Vec<FileView>,
    /// All of them together, formatted.
    pub total_size: String,
    /// Address of the reader's first document, for books.
    pub reader: Option<String>,
    /// Licence as accepted.
    pub licence: Option<LicenceLine>,
    /// When it was accepted.
    pub accepted: Option<MomentView>,
    /// Order page.
    pub order_href: String,
    /// The order's invoice, once it is issued.
    pub invoice_href: Option<String>,
    /// Key of why access is lost, if it is.
    pub lost: Option<String>,
}

/// One invoice in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceRow {
    /// Number, or empty while it is being made.
    pub number: String,
    /// Its page.
    pub href: String,
    /// Seller.
    pub seller: String,
    /// Formatted date.
    pub date: String,
    /// Year.
    pub year: i32,
    /// Formatted.
    pub total: String,
    /// `invoice`, `simplified`, `void`, `credit_note` or `amendment`.
    pub kind: String,
}

/// All invoices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoicesView {
    /// Newest first.
    pub rows: Vec<InvoiceRow>,
    /// Address of the next page.
    pub more: Option<String>,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceLineView {
    /// What; empty: shipping.
    pub text: String,
    /// How it was sent, of shipping; empty: no word for it.
    #[serde(default)]
    pub by: String,
    /// Pieces.
    pub quantity: u32,
    /// Formatted.
    pub net: String,
    /// e.g. `7 %`.
    pub rate: String,
    /// Formatted.
    pub tax: String,
    /// Formatted.
    pub gross: String,
}

/// One invoice or credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceView {
    /// Its id.
    pub id: String,
    /// `invoice`, `simplified`, `void`, `credit_note` or `amendment`.
    pub kind: String,
    /// Number.
    pub number: String,
    /// Number of what it corrects.
    pub corrects: Option<String>,
    /// Documents that amend it: number, address.
    #[serde(default)]
    pub amended: Vec<(String, String)>,
    /// Files: key of the name, address.
    #[serde(default)]
    pub files: Vec<(String, String)>,
    /// It is void: since when, why, and what stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<VoidView>,
    /// Number of the void invoice in whose place it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Business details can be added; holds what was typed with faults.
    #[serde(default)]
    pub business: Option<BusinessForm>,
    /// Formatted date.
    pub date: String,
    /// Seller: name, address, tax ids.
    pub seller: Vec<String>,
    /// Buyer: name, address.
    pub buyer: Vec<String>,
    /// Lines.
    pub lines: Vec<InvoiceLineView>,
    /// Sums, tax per rate among them, the last is the total.
    pub sums: Vec<AmountView>,
    /// Keys of legal notes.
    pub notes: Vec<String>,
    /// Notes in the words of the law: text, BCP 47 of it, what it says in English.
    #[serde(default)]
    pub legal: Vec<(String, String, String)>,
    /// Key of how amounts were rounded.
    #[serde(default)]
    pub rounding: Option<String>,
    /// How its amounts came about, step by step; of an invoice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explain: Vec<ExplainView>,
    /// How it was paid.
    pub paid_with: String,
    /// What each source paid, where gift cards or store credit did; it stands in place of `paid_with`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid: Vec<PaidView>,
    /// Order page.
    pub order_href: String,
}

/// That an invoice is void.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VoidView {
    /// Formatted day.
    pub since: String,
    /// Why, as staff wrote it.
    pub reason: String,
    /// The credit note that cancels it: number, address.
    pub credit: (String, String),
    /// The invoice in its place: number, address.
    pub next: (String, String),
}

/// Business details being added to an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BusinessForm {
    /// Name of the company.
    pub company: String,
    /// VAT identification or other tax number.
    pub tax_id: String,
    /// Postal address, one line each.
    pub address: String,
    /// Field and key of the fault; without a field: of the whole.
    pub faults: Vec<(String, String)>,
}

/// A browser that is signed in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceView {
    /// Names the session; no secret.
    pub id: String,
    /// What the browser calls itself.
    pub agent: String,
    /// Last seen, to five minutes.
    pub seen: MomentView,
    /// The one that asks.
    pub current: bool,
}

/// The account page; nobody: not signed in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountView {
    /// How they want to be called.
    pub name: String,
    /// Address.
    pub email: String,
    /// They showed that the address is theirs.
    pub verified: bool,
    /// Where they are signed in, newest first.
    pub devices: Vec<DeviceView>,
}
