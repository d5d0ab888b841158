//! Cart, checkout, order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::about::AboutView;
use super::gift::SoldCardView;
use super::value::{PaidView, ValueView};
use super::{CardView, ImageView, MomentView, Named, PriceView};

/// One line of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CartLineView {
    /// Variant id.
    pub variant: String,
    /// Work title.
    pub title: String,
    /// Work page.
    pub href: String,
    /// Makers, joined.
    pub by: String,
    /// Edition.
    pub edition: String,
    /// Cover.
    pub cover: Option<ImageView>,
    /// Pieces.
    pub quantity: u32,
    /// Most pieces possible (1 for digital).
    pub max_quantity: u32,
    /// Comes in a parcel.
    pub physical: bool,
    /// Pieces that are left, where they are counted.
    #[serde(default)]
    pub stock: Option<i64>,
    /// One piece.
    pub unit: PriceView,
    /// The line.
    pub total: String,
    /// Key of what is wrong: `line-sold-out`, `line-fewer`, `line-not-here`, `line-withdrawn`, `line-other-currency`, `line-import-currency`,
    /// `line-not-chargeable`, `line-not-shipped`, `line-not-to-place`; `line-region`, `line-place`: the checkout must ask first.
    pub trouble: Option<String>,
    /// Key of what the buyer should know and that stops nothing: `line-unnamed`.
    #[serde(default)]
    pub notice: Option<String>,
}

/// One named amount of a total.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AmountView {
    /// Key of the label: `sum-items`, `sum-shipping`, `sum-tax`, `sum-total`.
    pub key: String,
    /// What the label names, e.g. `VAT 7 % Germany`.
    pub detail: String,
    /// Formatted.
    pub text: String,
}

/// One step of how a total was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainView {
    /// Rule id.
    pub rule: String,
    /// Key of the sentence.
    pub key: String,
    /// Fills the sentence: base, rate, amount, source.
    pub args: Vec<(String, String)>,
}

/// What one piece of each edition of a work comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PieceWork {
    /// The work's.
    pub title: String,
    /// Its page.
    pub href: String,
    /// The country that is priced for, in words; empty if unknown.
    pub place: String,
    /// By edition that is sold there.
    pub pieces: Vec<PieceView>,
}

/// One piece, by itself in a cart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PieceView {
    /// Which edition.
    pub edition: String,
    /// Key of why it cannot be bought now.
    pub trouble: Option<String>,
    /// The last is the total; empty if there is none.
    pub sums: Vec<AmountView>,
    /// Every step.
    pub explain: Vec<ExplainView>,
    /// Key of what must be said of tax when none is charged.
    pub tax_note: Option<String>,
}

/// What became of a discount code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeView {
    /// As typed.
    pub code: String,
    /// It takes something off.
    pub applied: bool,
    /// How much, formatted; of shipping too.
    pub off: String,
    /// Key of why it does not: `code-skipped-not-valid` ...
    #[serde(default)]
    pub reason: Option<String>,
    /// With what it is not combined, where that is why.
    #[serde(default)]
    pub other: String,
}

/// One way of sending a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WayView {
    /// Id of the method.
    pub id: String,
    /// In the reader's language; empty: the seller gave it none.
    pub name: String,
    /// Days from posting to arrival, the soonest and the latest, if the seller says so.
    #[serde(default)]
    pub days: Option<(u16, u16)>,
    /// What sending comes to with it, formatted as the market shows amounts, after what is taken off.
    pub price: String,
    /// It comes to nothing.
    #[serde(default)]
    pub free: bool,
    /// The sums are with this one.
    pub chosen: bool,
}

/// How a part can be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendingView {
    /// Name of the part: the key of its choice in `shipping` of the checkout's form.
    pub part: String,
    /// In the seller's order; none if nothing is sent.
    pub ways: Vec<WayView>,
    /// What was chosen is not offered for what is bought and where it goes; the sums are with the cheapest.
    #[serde(default)]
    pub gone: bool,
}

impl SendingView {
    /// Name of the choice as a field of the page's form.
    pub fn field(&self) -> String {
        format!("{SHIP_FIELD}{}", self.part)
    }
}

/// What names of fields begin with that choose a way of sending; the name of the part follows.
pub const SHIP_FIELD: &str = "ship_";

/// What the part of one storefront and one seller in law comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SellerPart {
    /// Who sells in law, where it is the marketplace and not the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<String>,
    /// Shop.
    pub store: Named,
    /// Lines.
    pub lines: Vec<CartLineView>,
    /// How its parcel can be sent.
    #[serde(default)]
    pub sending: SendingView,
    /// Sums, the last is its total.
    pub sums: Vec<AmountView>,
    /// How it was made.
    pub explain: Vec<ExplainView>,
    /// Tax status words: key.
    pub tax_note: Option<String>,
    /// What is to know of the tax before paying: key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_notice: Option<String>,
}

/// A cart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CartView {
    /// By shop.
    pub sellers: Vec<SellerPart>,
    /// Pieces in all.
    pub count: u32,
    /// Grand total, formatted; includes shipping as estimated for `place`.
    pub total: String,
    /// Minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The total in the currency that the visitor chose, if it is another one; never charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<AboutView>,
    /// Key of the tax word.
    pub tax_word: String,
    /// Country the estimate is for.
    pub place: String,
    /// What it is called.
    #[serde(default)]
    pub place_name: String,
    /// Something comes in a parcel.
    pub needs_address: bool,
    /// Nothing stands in the way of paying.
    pub ready: bool,
    /// Counts writes; sent back with a change.
    pub rev: i64,
    /// Discount codes in the order of typing.
    #[serde(default)]
    pub codes: Vec<CodeView>,
    /// Kept for another day, not among the sums.
    #[serde(default)]
    pub later: Vec<CartLineView>,
    /// What goes with what is in it.
    #[serde(default)]
    pub with_it: Vec<CardView>,
    /// On the cart's page: a `preview::Pricing` as JSON, if other numbers of pieces can be priced with it. It is text because the page only hands
    /// it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub pricing: Option<String>,
}

impl CartView {
    /// Nothing stands in the way but a region or a postcode that the checkout asks for.
    pub fn waits_for_region(&self) -> bool {
        let mut wanted = self.sellers.iter().flat_map(|s| &s.lines).filter_map(|l| l.trouble.as_deref()).peekable();
        !self.ready && wanted.peek().is_some() && wanted.all(waits)
    }
}

/// Trouble of a line whose tax depends on a region that nobody said yet.
pub const REGION_WANTED: &str = "line-region";
/// Trouble of a parcel of which the region or the postcode, that nobody said yet, decides whether it is sent and for what.
pub const PLACE_WANTED: &str = "line-place";
/// Trouble of a parcel that is sent to other places of the country than the one that was said.
pub const NOT_TO_PLACE: &str = "line-not-to-place";

/// Whether a line only waits for a region or a postcode.
pub fn waits(trouble: &str) -> bool {
    matches!(trouble, REGION_WANTED | PLACE_WANTED)
}

/// Whether another region or postcode may end a line's trouble.
pub fn is_of_place(trouble: &str) -> bool {
    waits(trouble) || trouble == NOT_TO_PLACE
}

/// What the buyer typed at checkout; kept on the server so that nothing is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CheckoutForm {
    /// Where receipt and access go.
    pub email: String,
    /// Person.
    pub name: String,
    /// Their company, where a parcel goes to one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub organisation: String,
    /// Street and number.
    pub line1: String,
    /// More of the address.
    pub line2: String,
    /// Part of a town, where the country's addresses have it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dependent_locality: String,
    /// Town.
    pub city: String,
    /// ISO 3166-2 part or name, where tax or post asks for it.
    pub region: String,
    /// Postcode.
    pub postcode: String,
    /// What some countries' posts sort large receivers by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sorting_code: String,
    /// ISO 3166-1.
    pub country: String,
    /// Bought for a business.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub business: bool,
    /// Its tax id, as typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tax_id: String,
    /// Telephone number, where carriers ask for one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Identity numbers that the country asks for, by kind (`br_cpf`), as typed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// Chosen way of sending by part: `sending.part` of the cart -> id of a method; the cheapest where none is chosen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shipping: BTreeMap<String, String>,
    /// The country is theirs, though the connection came from another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirm_place: bool,
    /// Licences of the lines were accepted.
    pub accept_licence: bool,
    /// Immediate supply of digital content, right of withdrawal lost (EU).
    pub accept_waiver: bool,
    /// What the account has already is bought once more.
    pub buy_again: bool,
    /// The account's store credit pays as much as it can.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_credit: bool,
}

impl CheckoutForm {
    /// What was typed as text, without the country, which is chosen.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        [
            &self.email,
            &self.name,
            &self.organisation,
            &self.line1,
            &self.line2,
            &self.dependent_locality,
            &self.city,
            &self.region,
            &self.postcode,
            &self.sorting_code,
            &self.tax_id,
            &self.phone,
        ]
        .into_iter()
        .chain(self.ids.values())
    }
}

/// One field of where it goes, as the country has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceField {
    /// Name of the form's field: `line1`, `postcode`.
    pub name: String,
    /// Key of its label: `place-postcode-zip`.
    pub label: String,
    /// What was typed.
    pub value: String,
    /// Must be filled.
    pub required: bool,
    /// How one looks, of postcodes.
    pub example: Option<String>,
    /// Digits are enough to type it.
    pub digits: bool,
    /// Key of a word about it.
    #[serde(default)]
    pub hint: Option<String>,
}

/// An identity number that the country asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IdentityField {
    /// Name of the form's field: `id_br_cpf`, or `tax_id` where it is the tax id of businesses.
    pub name: String,
    /// What its country calls it: `CPF`.
    pub called: String,
    /// What was typed.
    pub value: String,
    /// Must be filled.
    pub required: bool,
    /// How one looks.
    pub example: String,
    /// It is printed on the invoice.
    pub invoice: bool,
}

/// What is known of a business buyer's tax id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxIdView {
    /// Key of what it counts for: `tax-id-valid`, `tax-id-invalid`, `tax-id-pending`, `tax-id-unavailable`, `tax-id-none`.
    pub state: String,
    /// As it will stand on the invoice.
    pub number: String,
    /// Who confirms it: `VIES`; empty: nobody.
    pub register: String,
}

/// The checkout page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckoutView {
    /// What is bought, as priced for the form's place.
    pub cart: CartView,
    /// What was typed so far.
    pub form: CheckoutForm,
    /// Field -> key of the fault.
    pub faults: Vec<(String, String)>,
    /// Countries that can be chosen: code, name.
    pub countries: Vec<(String, String)>,
    /// Regions of the chosen country: code, name; empty: free text or none.
    pub regions: Vec<(String, String)>,
    /// Fields to ask for, as the chosen country has them; without a parcel only what tax needs.
    #[serde(default)]
    pub fields: Vec<PlaceField>,
    /// Telephone number, where it is asked.
    #[serde(default)]
    pub phone: Option<PlaceField>,
    /// Numbers of who buys for themselves.
    #[serde(default)]
    pub identities: Vec<IdentityField>,
    /// Numbers of who buys for a business.
    #[serde(default)]
    pub business_identities: Vec<IdentityField>,
    /// Days to withdraw from the purchase of goods after they arrived; 0: there is no such right, or no parcel.
    #[serde(default)]
    pub withdrawal_days: u16,
    /// Days to withdraw from the purchase of files; 0: there is no such right, no file that costs something, or the right is waived.
    #[serde(default)]
    pub withdrawal_file_days: u16,
    /// What the chosen country is called.
    #[serde(default)]
    pub country_name: String,
    /// Licences to accept: title, address.
    pub licences: Vec<(String, String)>,
    /// The waiver must be asked.
    pub waiver: bool,
    /// The whole address is asked for: of a parcel, or of a business for its invoice.
    #[serde(default)]
    pub whole_address: bool,
    /// Of a business that gave one.
    #[serde(default)]
    pub tax_id: Option<TaxIdView>,
    /// The connection came from another country than the chosen one (its name): which is theirs must be said.
    #[serde(default)]
    pub other_place: Option<String>,
    /// Nothing but the address says where the buyer of files lives: it may be said.
    #[serde(default)]
    pub place_alone: bool,
    /// Titles that the account has already: buying them again must be asked.
    #[serde(default)]
    pub owned: Vec<String>,
    /// Gift cards and store credit.
    #[serde(default)]
    pub value: ValueView,
    /// Key bound to this attempt.
    pub attempt: String,
    /// What the last attempt came to: key of the fault.
    pub declined: Option<String>,
    /// Signed in with this address.
    pub signed_in: bool,
}

/// How an order or checkout stands, honestly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PayState {
    /// The hosted page waits.
    #[default]
    Open,
    /// Money is on its way.
    Settling,
    /// Paid.
    Paid,
    /// Declined, expired.
    Failed,
    /// All of it given back.
    Refunded,
    /// Some of it given back.
    PartlyRefunded,
}

/// One file that was bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileView {
    /// Asset id.
    pub asset: String,
    /// Name on saving.
    pub name: String,
    /// e.g. `Ogg Vorbis`.
    pub format: String,
    /// e.g. `6.1 MB`.
    pub size: String,
    /// Part number, if it is one.
    pub number: Option<u32>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderLineView {
    /// Number within the order, from 0.
    pub line: u32,
    /// Work title.
    pub title: String,
    /// Work page.
    pub href: String,
    /// Edition.
    pub edition: String,
    /// Pieces.
    pub quantity: u32,
    /// Formatted.
    pub total: String,
    /// Comes in a parcel.
    pub physical: bool,
    /// Who sells it in law: `tenant`, the shop, or `platform`, the marketplace.
    #[serde(default)]
    pub seller_of_record: String,
    /// Key: `fulfil-access`, `fulfil-waiting`, `fulfil-shipped`, `fulfil-refunded`.
    pub state: String,
    /// Carrier and number.
    pub tracking: Option<String>,
    /// Address of the library entry, once it is theirs.
    pub library_href: Option<String>,
    /// Files it opens, once it is theirs: comma-separated asset ids.
    #[serde(default)]
    pub assets: String,
    /// Gift cards of it, for who bought them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<SoldCardView>,
}

/// One seller's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderPartView {
    /// Order id.
    pub id: String,
    /// Who sells in law, where it is the marketplace and not the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<String>,
    /// Shop.
    pub store: Named,
    /// Lines.
    pub lines: Vec<OrderLineView>,
    /// How what is sent is sent; `price` is what was paid for it.
    #[serde(default)]
    pub sent_by: Option<WayView>,
    /// Sums, the last is its total.
    pub sums: Vec<AmountView>,
    /// Where it was taxed and what says so (for its buyer alone), then every step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explain: Vec<ExplainView>,
    /// Invoice page, once there is one.
    pub invoice_href: Option<String>,
    /// What happened and when: key of the sentence.
    pub timeline: Vec<(MomentView, String)>,
    /// What buyer and shop said to each other, oldest first.
    #[serde(default)]
    pub messages: Vec<MessageView>,
    /// The shop can be written to.
    #[serde(default)]
    pub may_write: bool,
    /// Withdrawing from it, where the law gives the buyer a way to do it here.
    #[serde(default)]
    pub withdrawal: Option<WithdrawalView>,
    /// A tax service gave no answer, and the shop's own tables were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_fallback: Option<TaxFallbackView>,
}

/// What stood in for a tax service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxFallbackView {
    /// The service; `none`: none is connected.
    pub provider: String,
    /// Its word for why, or the shop's: `TIMEOUT`.
    pub code: String,
    /// When it was asked.
    pub at: MomentView,
}

/// Withdrawing from an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WithdrawalView {
    /// Lines that can be withdrawn from now: number and title.
    pub lines: Vec<(u32, String)>,
    /// What was stated so far: when, and the titles.
    pub stated: Vec<(MomentView, String)>,
}

/// One message between buyer and shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageView {
    /// The shop's, not the buyer's.
    pub shop: bool,
    /// When.
    pub at: MomentView,
    /// Plain text with line ends; `None` once the buyer's data was erased.
    pub text: Option<String>,
}

/// After paying; the same page for ever at the checkout's address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderView {
    /// Checkout id.
    pub id: String,
    /// How it stands.
    pub state: PayState,
    /// Key of why not, if failed.
    pub failure: Option<String>,
    /// Where to try again.
    pub retry_href: Option<String>,
    /// Masked address the receipt went to.
    pub email: String,
    /// By seller.
    pub parts: Vec<OrderPartView>,
    /// Grand total.
    pub total: String,
    /// What each source paid of it, where gift cards or store credit did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid: Vec<PaidView>,
    /// When it was placed.
    pub placed: MomentView,
    /// Bought as a guest: offer an account.
    pub guest: bool,
    /// The reader is who bought it, not staff who look.
    #[serde(default)]
    pub mine: bool,
    /// It is of gift cards alone.
    #[serde(default)]
    pub gift: bool,
    /// Key of the sentence that asks its buyer where they live; none: nobody asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What can be answered to that, ISO 3166-1 and name: the order's country first, then others that something speaks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<(String, String)>,
}
