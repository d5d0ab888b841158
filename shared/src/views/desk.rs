//! Studio and console.

use serde::{Deserialize, Serialize};

use super::trade::{AmountView, MessageView, WayView};
use super::value::PaidView;
use super::{MomentView, Named};

/// One sale or refund of a seller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SaleRow {
    /// When.
    pub at: MomentView,
    /// Order id.
    pub order: String,
    /// What, as sold.
    pub what: Vec<String>,
    /// ISO 3166-1 of the buyer.
    pub country: String,
    /// It went back.
    pub refund: bool,
    /// Goods without tax, formatted.
    pub net: String,
    /// Shipping without tax, formatted.
    pub shipping: String,
    /// The platform's, formatted.
    pub fee: String,
    /// The seller's, formatted.
    pub share: String,
}

/// One work of a seller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskWork {
    /// Work id.
    pub id: String,
    /// Title.
    pub title: String,
    /// `album`, `book` ...
    pub kind: String,
    /// `draft`, `published`, `archived`.
    pub status: String,
    /// As buyers see it.
    pub href: String,
}

/// An order whose buyer waits for an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuestionRow {
    /// Asked when.
    pub at: MomentView,
    /// Order id.
    pub order: String,
}

/// One of a seller's orders, as the seller sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SellerOrder {
    /// Order id.
    pub id: String,
    /// When it was placed.
    pub placed: MomentView,
    /// ISO 3166-1 of where it goes.
    pub country: String,
    /// What was sold.
    pub lines: Vec<DeskLine>,
    /// How its parcel is to be sent, as the buyer chose.
    #[serde(default)]
    pub sent_by: Option<WayView>,
    /// What was said, oldest first.
    pub messages: Vec<MessageView>,
}

/// A letter that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SentLetter {
    /// When.
    pub at: MomentView,
    /// Its subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// On the list then.
    pub readers: i64,
}

/// A storefront's mailing list for its seller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListView {
    /// Store id.
    pub store: String,
    /// Name of the shop.
    pub shop: String,
    /// On the list.
    pub readers: i64,
    /// Typed and not sent.
    pub subject: String,
    /// Typed and not sent.
    pub text: String,
    /// Names this sending.
    pub attempt: String,
    /// Newest first.
    pub sent: Vec<SentLetter>,
}

/// One seller's desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StudioDesk {
    /// Tenant id.
    pub tenant: String,
    /// Shown name.
    pub name: String,
    /// Share of net sales that is the platform's, formatted.
    pub fee: String,
    /// Its shops' mailing lists: store id, name, readers.
    pub lists: Vec<(String, String, i64)>,
    /// Orders whose buyers wait for an answer, oldest first.
    pub questions: Vec<QuestionRow>,
    /// Works that were begun and are not for sale yet.
    pub drafts: Vec<DeskWork>,
    /// Newest first.
    pub sales: Vec<SaleRow>,
    /// What these rows come to, by currency: net, shipping, fee, share.
    pub sums: Vec<[String; 4]>,
    /// Address of older sales.
    pub older: Option<String>,
    /// Its works by title, one page.
    pub works: Vec<DeskWork>,
    /// Address of the next works.
    pub more: Option<String>,
}

/// The studio's first page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StudioView {
    /// One per seller whose desk the caller may use.
    pub desks: Vec<StudioDesk>,
}

/// One price that can be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PriceField {
    /// Field name: `price-<variant>-<region>-<currency>`.
    pub field: String,
    /// Edition.
    pub edition: String,
    /// `de`, `eu`, `world`.
    pub region: String,
    /// ISO 4217.
    pub currency: String,
    /// As typed into a field.
    pub amount: String,
}

/// A work being edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditView {
    /// The work.
    pub work: DeskWork,
    /// In its own script.
    pub title: String,
    /// In Latin letters.
    pub latin: String,
    /// HTML, sanitised.
    pub description: String,
    /// Field and key of the fault.
    pub faults: Vec<(String, String)>,
    /// Prices in force.
    pub prices: Vec<PriceField>,
    /// Counts writes; sent back with a change.
    pub rev: i64,
    /// Its seller's collections: short name, title, whether it is in it.
    pub collections: Vec<(String, String, bool)>,
    /// What a work needs to be sold: key and whether it is there.
    pub checklist: Vec<(String, bool)>,
    /// What happened.
    pub history: Vec<HistoryRow>,
}

/// One entry of a trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryRow {
    /// When.
    pub at: MomentView,
    /// A word like `order.refunded`.
    pub act: String,
    /// `user:…`, `system:…`.
    pub who: String,
    /// Their reason.
    pub why: String,
    /// Facts as JSON.
    pub what: String,
}

/// One order in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderRow {
    /// Order id.
    pub id: String,
    /// When it was placed.
    pub placed: MomentView,
    /// Seller.
    pub seller: String,
    /// Key: `desk-paid`, `desk-unpaid`, `desk-refunded`, `desk-partly`.
    pub state: String,
    /// Formatted.
    pub total: String,
}

/// Orders found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrdersView {
    /// What was asked.
    pub query: String,
    /// Newest first.
    pub rows: Vec<OrderRow>,
    /// Works that fit, also such that nobody else sees; each leads to its editor.
    pub works: Vec<Named>,
    /// Makers and shops that fit.
    pub names: Vec<Named>,
    /// The trail of the thing whose id was asked for.
    pub history: Vec<HistoryRow>,
    /// Without a question: orders whose buyers live nobody knows where, oldest first, with what is known of it.
    #[serde(default)]
    pub places: Vec<(OrderRow, Vec<Fact>)>,
}

/// A job that gave up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeadJob {
    /// e.g. `mail.send`.
    pub kind: String,
    /// Names it within its kind.
    pub key: String,
    /// The last failure.
    pub error: String,
    /// When it gave up.
    pub died: MomentView,
}

/// Jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobsView {
    /// Waiting or at work.
    pub waiting: u64,
    /// Gave up.
    pub dead: u64,
    /// Those that gave up, newest first, one page.
    pub rows: Vec<DeadJob>,
    /// Address of the next page.
    pub more: Option<String>,
    /// What staff did about jobs.
    pub history: Vec<HistoryRow>,
}

/// Rates of exchange.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RatesView {
    /// Those that are used: the day's, then months.
    pub rows: Vec<RateTableView>,
    /// Which files were kept.
    pub history: Vec<HistoryRow>,
}

/// Rates of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateTableView {
    /// `ECB`, `HMRC`.
    pub source: String,
    /// Of which day, or from which day on.
    pub date: String,
    /// The last day they are for.
    pub until: Option<String>,
    /// How many currencies they have.
    pub currencies: usize,
    /// Key of how they came.
    pub way: String,
    /// Since when they are kept.
    pub kept: Option<MomentView>,
    /// Nothing is made of them any more.
    pub stale: bool,
}

/// One line of an order for staff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskLine {
    /// Number within the order, from 0.
    pub number: usize,
    /// Title and edition.
    pub what: String,
    /// Work page.
    pub href: String,
    /// Pieces.
    pub quantity: u32,
    /// Formatted.
    pub total: String,
    /// Key: `fulfil-…`.
    pub state: String,
    /// Carrier and number.
    pub tracking: Option<String>,
    /// Can be sent now.
    pub to_ship: bool,
    /// Given back so far, formatted.
    pub back: Option<String>,
    /// Who sells it in law: `tenant`, the shop, or `platform`, the marketplace.
    #[serde(default)]
    pub seller_of_record: String,
    /// Its name, where it is the marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<String>,
}

/// One order for staff, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskOrder {
    /// The row.
    pub row: OrderRow,
    /// Checkout id.
    pub checkout: String,
    /// Other orders of the same payment.
    pub siblings: Vec<String>,
    /// Shop.
    pub store: Named,
    /// Who bought: e-mail, name, address; empty once erased.
    pub buyer: Vec<String>,
    /// Provider and charge.
    pub payment: String,
    /// What each source paid, where gift cards or store credit did.
    #[serde(default)]
    pub paid: Vec<PaidView>,
    /// What its tax was decided on.
    #[serde(default)]
    pub tax: Vec<Fact>,
    /// It is open where its buyer lives, and staff say when they looked at it.
    #[serde(default)]
    pub place_open: bool,
    /// Lines.
    pub lines: Vec<DeskLine>,
    /// Sums, the last is the total.
    pub sums: Vec<AmountView>,
    /// Something can still be refunded.
    pub to_refund: bool,
    /// Given back so far, formatted.
    pub refunded: Option<String>,
    /// Refunds on their way: the provider has not carried them out yet.
    pub waiting: usize,
    /// Invoice and credit notes: number, address.
    pub papers: Vec<(String, String)>,
    /// Number and id of its invoice, if that can be made void.
    #[serde(default)]
    pub to_void: Option<(String, String)>,
    /// Key that names an attempt to give store credit.
    pub credit_attempt: String,
    /// What buyer and shop said to each other, oldest first.
    pub messages: Vec<MessageView>,
    /// Whole history with who and why, oldest first.
    pub history: Vec<HistoryRow>,
}

/// A sentence of the locale files with what fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fact {
    /// Key of the sentence.
    pub key: String,
    /// Name and text.
    pub args: Vec<(String, String)>,
}

/// A line of which something can be refunded, or shipping, with what was typed for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundChoice {
    /// Number of the line; none: shipping.
    pub line: Option<usize>,
    /// Title and edition; empty: shipping.
    pub what: String,
    /// Pieces that are left.
    pub pieces: u32,
    /// What is left with tax, formatted.
    pub left: String,
    /// It was chosen.
    pub chosen: bool,
    /// Pieces as typed.
    pub quantity: String,
    /// Amount as typed.
    pub amount: String,
    /// Key of what is wrong with the pieces.
    pub quantity_fault: Option<String>,
    /// Key of what is wrong with the amount.
    pub amount_fault: Option<String>,
}

/// What would go back of a line or of shipping, formatted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundRow {
    /// Title and edition; empty: shipping.
    pub what: String,
    /// Pieces that come back; 0: none.
    pub pieces: u32,
    /// Access to its files ends.
    pub ends_access: bool,
    /// Without tax.
    pub net: String,
    /// Tax.
    pub tax: String,
    /// With tax.
    pub gross: String,
    /// What stays, with tax.
    pub left: String,
}

/// What a refund would be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundPreview {
    /// By line and shipping.
    pub rows: Vec<RefundRow>,
    /// Net, taxes by rule, total.
    pub sums: Vec<AmountView>,
    /// How it was worked out, in order of work.
    pub steps: Vec<RefundStepRow>,
    /// What could still go back of the order after it, formatted.
    pub left: String,
    /// Pieces of counted stock come back.
    pub restockable: bool,
    /// The choice, to be sent with the press that confirms it.
    pub hidden: Vec<(String, String)>,
    /// Key that names this attempt.
    pub attempt: String,
    /// The reason as it was typed before, if that was refused.
    #[serde(default)]
    pub reason: String,
    /// Pieces were to come back then.
    #[serde(default)]
    pub restock: bool,
}

/// One step of how a refund was worked out: `paid` is `before`, `amount` and `left` together. All formatted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundStepRow {
    /// Of what, empty for shipping, where it begins; `None`: the part of the step before, or all together.
    pub what: Option<String>,
    /// Key of the words for what was found.
    pub key: String,
    /// The tax it is of, if it is one.
    pub tax: String,
    /// As paid.
    pub paid: String,
    /// Gone back before.
    pub before: String,
    /// Goes back now.
    pub amount: String,
    /// Stays.
    pub left: String,
}

/// A refund being chosen: nothing is written before it is confirmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundView {
    /// The order.
    pub row: OrderRow,
    /// What can still be refunded.
    pub choices: Vec<RefundChoice>,
    /// Only tax goes back.
    pub tax_only: bool,
    /// Some tax is left.
    pub taxed: bool,
    /// Key of what is wrong with the whole choice.
    pub fault: Option<String>,
    /// What the choice comes to, once there is one.
    pub preview: Option<RefundPreview>,
}

/// One row of an import's report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportRow {
    /// From 1.
    pub line: usize,
    /// Type and ref.
    pub row: String,
    /// `created`, `updated`, `unchanged`, `refused`.
    pub outcome: String,
    /// Why, or what to know.
    pub notes: Vec<String>,
}

/// An import's report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportView {
    /// How many rows came out how.
    pub counts: Vec<(String, usize)>,
    /// Row by row.
    pub rows: Vec<ImportRow>,
}

/// One promotion of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromotionRowView {
    /// Its id.
    pub id: String,
    /// Title; may be empty where there is a code.
    pub title: String,
    /// What buyers type; empty: it applies by itself.
    pub code: String,
    /// Key of its kind: `promo-kind-percent`.
    pub kind: String,
    /// Rates or amounts, formatted.
    pub takes: String,
    /// Key of how it stands: `promo-state-open`.
    pub state: String,
    /// Uses so far.
    pub used: u32,
    /// Uses at most.
    pub total: Option<u32>,
}

/// One seller's promotions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromotionDesk {
    /// Tenant id.
    pub tenant: String,
    /// Shown name.
    pub name: String,
    /// Those that apply by themselves, then by code.
    pub rows: Vec<PromotionRowView>,
}

/// The promotions of all of the caller's sellers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromotionsView {
    /// By seller.
    pub desks: Vec<PromotionDesk>,
}

/// A promotion's editor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromotionEditView {
    /// Its id, or `new`.
    pub id: String,
    /// Tenant id.
    pub tenant: String,
    /// As buyers see it; empty for a new one.
    pub name: String,
    /// Key of how it stands; empty for a new one.
    pub state: String,
    /// Uses so far.
    pub used: u32,
    /// Counts writes; 0 for a new one.
    pub rev: i64,
    /// Groups of customers it may be for: name, title.
    pub groups: Vec<(String, String)>,
    /// Collections it may be of: short name, title.
    pub collections: Vec<(String, String)>,
    /// Fields and what is in them.
    pub fields: std::collections::BTreeMap<String, String>,
    /// Fields and keys of their faults.
    pub faults: std::collections::BTreeMap<String, String>,
    /// What was done to it.
    pub history: Vec<HistoryRow>,
}

/// A group of a seller's customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupRowView {
    /// What promotions know it by.
    pub name: String,
    /// What its seller calls it.
    pub title: String,
    /// Members.
    pub count: usize,
}

/// A seller's groups, with a form for one more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupDesk {
    /// Tenant id.
    pub tenant: String,
    /// The seller's name.
    pub seller: String,
    /// By name.
    pub rows: Vec<GroupRowView>,
    /// What was typed for a new one: `name`, `title`.
    pub fields: std::collections::BTreeMap<String, String>,
    /// Field -> key of the fault.
    pub faults: std::collections::BTreeMap<String, String>,
}

/// Groups of customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupsView {
    /// By seller.
    pub desks: Vec<GroupDesk>,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRow {
    /// As the seller wrote it.
    pub email: String,
    /// When it was put in.
    pub since: MomentView,
}

/// A group with a page of its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupView {
    /// Tenant id.
    pub tenant: String,
    /// The group.
    pub row: GroupRowView,
    /// Members it may have.
    pub most: usize,
    /// Of this page.
    pub members: Vec<MemberRow>,
    /// What the next page begins after.
    pub next: Option<String>,
    /// Addresses that were typed and not taken.
    pub typed: String,
    /// Key of what is wrong with them.
    pub fault: Option<String>,
    /// Which of them are wrong.
    pub wrong: String,
    /// What happened, oldest first.
    pub history: Vec<HistoryRow>,
}
