//! Keys of checkouts and orders.
//!
//! | item | pk | sk | indexes |
//! |---|---|---|---|
//! | checkout | `CHECKOUT#co` | `META#` | GSI1 `SESSION#provider#id` |
//! | order | `ORDER#ord` | `META#` | GSI1 `CUSTOMERORDERS#c`; GSI2 by seller; GSI3 `ORDER#n` |
//! | sealed person | `PERSON#c` | `DATA#` | |
//! | customer | `CUSTOMER#c` | `META#` | GSI1 `CUSTOMEREMAIL#hash` |
//! | attempt | `IDEM#checkout#key` | `IDEM#` | ttl 30 days |
//! | checkout that holds stock for a cart | `HELD#cart` | `HELD#` | ttl 1 day |
//! | typed form | `CHECKOUTFORM#cart` | `FORM#` | ttl 1 day |
//! | paid order whose place staff have to look at | `PLACES#` | moment of payment`#`order | |

use serde::{Deserialize, Serialize};
use vitrine_pricing::evidence::{Finding, Piece, Source as Kind};
use vitrine_pricing::quote::{Quote, TaxIdState};
use vitrine_pricing::record::SellerOfRecord;
use vitrine_shared::catalog::Store;
use vitrine_shared::id::{AssetId, CheckoutId, CustomerId, OrderId, StoreId, TenantId, ValueId, VariantId, WorkId};
use vitrine_shared::orders::{CheckoutState, Fulfilment};
use vitrine_table::{Item, Key};

use crate::fault::{self, Result};
use crate::value::{self, Source};

/// One payment of one cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkout {
    /// Its id.
    pub id: CheckoutId,
    /// Who pays.
    pub customer: CustomerId,
    /// SHA-256 of the secret that opens its page for a guest.
    pub secret_hash: String,
    /// The same secret, sealed, for the links of mails.
    pub secret_sealed: String,
    /// How far it is.
    pub state: CheckoutState,
    /// One per seller.
    pub orders: Vec<OrderId>,
    /// Who sells each of them.
    #[serde(default)]
    pub sellers: Vec<TenantId>,
    /// ISO 4217.
    pub currency: String,
    /// Minor units.
    pub total_minor: i64,
    /// Digits after the point.
    pub exponent: u8,
    /// Which provider; empty: nothing was to be paid.
    pub provider: String,
    /// The provider's session.
    #[serde(default)]
    pub session: Option<String>,
    /// The provider's charge.
    #[serde(default)]
    pub charge: Option<String>,
    /// Why not, as the provider says.
    #[serde(default)]
    pub failure: Option<String>,
    /// e.g. `card 4242`.
    #[serde(default)]
    pub paid_with: String,
    /// Stored value that pays for a part, in the order of use; the provider is asked for the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// BCP 47 of mails.
    pub locale: String,
    /// Market the prices were of.
    pub market: String,
    /// UTC milliseconds.
    pub placed_ms: i64,
    /// UTC milliseconds: stock is held until then.
    pub held_until_ms: i64,
    /// The buyer agreed that supply of files begins at once and the right to withdraw ends with it.
    #[serde(default)]
    pub waived: bool,
    /// Bought without an account.
    pub guest: bool,
    /// The cart it came from; bought editions leave it once they are paid.
    #[serde(default)]
    pub cart: Option<String>,
    /// Names the attempt it was placed with, as [`attempt_key`] takes it.
    #[serde(default)]
    pub attempt: Option<String>,
    /// Ways to pay that are offered, the usual one first: decided once, so that beginning the payment again asks for the same.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Paid in two steps: a bank holds the money until the card's uses of its discounts are taken. Decided once, as the ways to pay are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authorise: bool,
    /// Ways to pay that cannot be paid in two steps are offered with it all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_at_once: bool,
    /// The country of the card that was approved, while its buyer is asked where they live; nothing is taken meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Promotions that the card of such a payment had been used for before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// The provider's page, as long as it can be paid.
    #[serde(default)]
    pub pay_url: Option<String>,
    /// The names under which uses of its discounts are counted: account, e-mail; once authorised or paid, the card too.
    #[serde(default)]
    pub known_by: Vec<String>,
    /// Counts writes.
    pub rev: i64,
}

impl Checkout {
    /// What is to be paid at the provider: what stored value leaves of the total. Minor units.
    pub fn due_minor(&self) -> i64 {
        self.total_minor - value::sum(&self.sources)
    }

    /// A card is approved, and its money is not taken before the buyer says where they live.
    pub fn waits_for_place(&self) -> bool {
        self.state == CheckoutState::PendingPayment && self.asked.is_some()
    }
}

/// What one seller owes one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The payment it is part of.
    pub checkout: CheckoutId,
    /// Who sells. Stored as `tenant`: orders are in the seller's listing.
    pub tenant: TenantId,
    /// In which of the seller's storefronts, whose policies the quote was made with; absent in older orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// Who bought.
    pub customer: CustomerId,
    /// Paid.
    pub paid: bool,
    /// Lines in the order of the quote's.
    pub lines: Vec<OrderLine>,
    /// Totals with their explanation, as charged.
    pub quote: Quote,
    /// ISO 3166-1 of where it goes.
    pub country: String,
    /// Subdivision of it without the country, where sales are counted by that (US, CA); empty: elsewhere, and in older orders.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// What tax was decided on.
    #[serde(default)]
    pub tax: TaxRecord,
    /// Minor units given back so far.
    #[serde(default)]
    pub refunded_minor: i64,
    /// What of its checkout's stored value pays for it, in the order of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// As the specification names them.
    pub payment_provider: String,
    /// As the specification names them.
    #[serde(default)]
    pub provider_charge_id: Option<String>,
    /// UTC milliseconds.
    pub placed_ms: i64,
    /// UTC milliseconds.
    #[serde(default)]
    pub paid_ms: Option<i64>,
    /// Counts writes.
    pub rev: i64,
}

/// What the tax of an order was decided on, besides place and date. The buyer's id itself is in [`Person`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaxRecord {
    /// Bought for a business.
    #[serde(default)]
    pub business: bool,
    /// What its tax id counted for, or does by now.
    #[serde(default)]
    pub id_state: TaxIdState,
    /// Who was asked: `VIES`; empty: nobody.
    #[serde(default)]
    pub register: String,
    /// The register's name for the consultation.
    #[serde(default)]
    pub reference: Option<String>,
    /// When it was asked, UTC milliseconds.
    #[serde(default)]
    pub asked_ms: i64,
    /// What stood in for a service that did not answer: `VIES:MS_UNAVAILABLE`. Tax was charged as if it had said no.
    #[serde(default)]
    pub fallback: Option<String>,
    /// Tax that goes back once the id is confirmed.
    #[serde(default)]
    pub relief: Option<Relief>,
    /// Where the buyer of files is, and how that is known.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// The tax service that worked the taxes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<TaxService>,
    /// The tax service that the store wants gave no answer: the tables' tax was charged instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_fallback: Option<TaxFallback>,
}

/// What a tax service knows of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxService {
    /// Its name: `stripe`.
    pub provider: String,
    /// Its name for the calculation the quote is with.
    pub calculation: String,
    /// Its name for the sale, once that is paid and told.
    #[serde(default)]
    pub transaction: Option<String>,
    /// Our references of the lines of the sale with its own names for them.
    #[serde(default)]
    pub lines: Vec<(String, String)>,
    /// Why it does not keep the sale; somebody must report it by hand.
    #[serde(default)]
    pub refused: Option<String>,
    /// When it no longer keeps the sale, UTC milliseconds; 0: older orders do not say.
    #[serde(default)]
    pub expires_ms: i64,
    /// Refunds that it does not keep, with its codes; somebody must report them by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_reversed: Vec<(String, String)>,
}

impl TaxService {
    /// It has not been told of the sale.
    pub fn is_open(&self) -> bool {
        self.transaction.is_none() && self.refused.is_none()
    }
}

/// A tax service that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxFallback {
    /// Its name; `none`: none is connected.
    pub provider: String,
    /// Its word for why, or ours: `TIMEOUT`.
    pub code: String,
    /// When it was asked, UTC milliseconds.
    pub at: i64,
}

/// Parts of an order whose tax a confirmed business does not owe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relief {
    /// Numbers of its lines.
    pub lines: Vec<usize>,
    /// Shipping too.
    pub shipping: bool,
}

/// Pieces of evidence of place with what they come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// As they came in.
    pub pieces: Vec<Piece>,
    /// The buyer said that the order's country is theirs.
    #[serde(default)]
    pub declared: bool,
    /// What they come to.
    pub finding: Finding,
    /// What the buyer said of where they live, oldest first; of older orders only `declared` is known. The newest is among the pieces, as another
    /// information of commercial weight (24f(f)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Statement>,
    /// When staff had looked at what the pieces leave open, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_ms: Option<i64>,
    /// Its buyer may be asked; of orders from before buyers were asked nobody is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
}

/// Where a buyer said that they live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// ISO 3166-1.
    pub country: String,
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Names the words they read.
    pub words: String,
    /// Where they were asked.
    pub asked: Asked,
    /// Pieces that named another country than the order's, as they knew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<(Kind, String)>,
}

/// When a buyer was asked where they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// At the form, before paying.
    Checkout,
    /// Before the money was taken that their card's bank held.
    Payment,
    /// On the order's page, after it was paid.
    Order,
}

/// One line of an order; what it shows stays as it was sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Which edition.
    pub variant: VariantId,
    /// Of which work.
    pub work: WorkId,
    /// Title as sold.
    pub title: String,
    /// Edition as sold.
    pub edition: String,
    /// Address of the work.
    pub href: String,
    /// Pieces.
    pub quantity: u32,
    /// Comes in a parcel.
    pub physical: bool,
    /// Stock is counted.
    pub stocked: bool,
    /// Files it opens.
    pub assets: Vec<AssetId>,
    /// Licence id and version accepted.
    #[serde(default)]
    pub licence: Option<(String, u32)>,
    /// `tenant` or `platform`.
    pub seller_of_record: String,
    /// How far it is.
    pub state: Fulfilment,
    /// Carrier and number.
    #[serde(default)]
    pub tracking: Option<String>,
    /// When it was sent, UTC milliseconds; older orders do not say.
    #[serde(default)]
    pub shipped_ms: Option<i64>,
    /// Of a line of gift cards: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Gift>,
}

/// Gift cards of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Accounts, one a piece; they are there once the order is paid.
    pub cards: Vec<ValueId>,
    /// On each, minor units.
    pub each_minor: i64,
    /// When they are sent, UTC milliseconds; past: at once.
    pub due_ms: i64,
    /// Who they are for, sealed, until it is paid; then it is with each card.
    #[serde(default)]
    pub sealed: String,
}

impl Order {
    /// It is of gift cards alone: no supply, so no invoice, no sale, nothing in the tax report. What they pay for has all of these.
    pub fn is_gift(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.gift.is_some())
    }

    /// Its storefront; of an older order the first of its seller's, which was all that was known of it.
    pub fn sold_in<'a>(&self, mut stores: impl Iterator<Item = &'a Store>) -> Option<&'a Store> {
        stores.find(|s| s.tenant == self.tenant && self.store.as_ref().is_none_or(|id| *id == s.id))
    }

    /// The marketplace sells it in law and not the shop; all of its lines are one seller's.
    pub fn is_platforms(&self) -> bool {
        self.lines.iter().any(|line| line.seller_of_record == SellerOfRecord::Platform.code())
    }
}

/// Who bought, in words; only ever stored sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Address of mails.
    pub email: String,
    /// Name.
    pub name: String,
    /// Postal address as it goes on a parcel, one line each.
    pub address: Vec<String>,
    /// The name stands among the lines, where the country's post wants it. Of older orders it does not.
    #[serde(default)]
    pub named: bool,
    /// The same for invoices: not in the capitals of parcels, the country in the buyer's language. Older orders have none.
    #[serde(default)]
    pub letter: Vec<String>,
    /// Telephone number, for carriers.
    #[serde(default)]
    pub phone: String,
    /// Of a business: its name.
    #[serde(default)]
    pub company: String,
    /// Of a business: its tax id, as it goes on an invoice.
    #[serde(default)]
    pub tax_id: String,
    /// Other identity numbers that the country asks for.
    #[serde(default)]
    pub numbers: Vec<IdNumber>,
}

/// An identity number of a buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdNumber {
    /// Code of `vitrine_pricing::tax_id::KINDS`.
    pub kind: String,
    /// As stored, or as typed where it is none of its kind.
    pub number: String,
    /// It is printed on invoices.
    #[serde(default)]
    pub invoice: bool,
    /// Whoever sends the parcel needs it for customs.
    #[serde(default)]
    pub parcel: bool,
}

impl IdNumber {
    /// With what its country calls it: `CPF 12345678909`.
    pub fn told(&self) -> String {
        let called = vitrine_pricing::tax_id::kind(&self.kind).map_or(self.kind.as_str(), |kind| kind.name);
        format!("{called} {}", self.number)
    }
}

impl Person {
    /// Name and address as they stand in a letter, one line each.
    pub fn letters(&self) -> Vec<String> {
        if self.letter.is_empty() { self.envelope() } else { self.letter.clone() }
    }

    /// The buyer on an invoice, one line each.
    pub fn billed(&self) -> Vec<String> {
        let mut lines = self.letters();
        lines.push(self.tax_id.clone());
        lines.extend(self.on_invoice());
        lines.push(self.email.clone());
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Numbers that an invoice shows besides the tax id.
    pub fn on_invoice(&self) -> Vec<String> {
        self.numbers.iter().filter(|n| n.invoice).map(IdNumber::told).collect()
    }

    /// What whoever sends the parcel needs besides the envelope: telephone and numbers for customs.
    pub fn for_carrier(&self) -> Vec<String> {
        let phone = Some(self.phone.clone()).filter(|p| !p.is_empty());
        phone.into_iter().chain(self.numbers.iter().filter(|n| n.parcel).map(IdNumber::told)).collect()
    }

    /// Name and address, one line each.
    pub fn envelope(&self) -> Vec<String> {
        let name = Some(&self.name).filter(|name| !self.named && !name.is_empty());
        name.into_iter().chain(&self.address).cloned().collect()
    }
}

/// Key of a checkout.
pub fn checkout_key(id: &CheckoutId) -> Key {
    Key::new(format!("CHECKOUT#{id}"), "META#")
}

/// Key of an order.
pub fn order_key(id: &OrderId) -> Key {
    Key::new(format!("ORDER#{id}"), "META#")
}

/// Key of a customer: whose they are, and the sealed key of their data.
pub fn customer_key(id: &CustomerId) -> Key {
    Key::new(format!("CUSTOMER#{id}"), "META#")
}

/// Key of a customer's sealed data.
pub fn person_key(id: &CustomerId) -> Key {
    Key::new(format!("PERSON#{id}"), "DATA#")
}

/// Key of one order's sealed address.
pub fn order_person_key(id: &OrderId) -> Key {
    Key::new(format!("ORDER#{id}"), "PERSON#")
}

/// Where the checkout is named that holds stock for a cart, by the cart's name.
pub fn held_key(cart: &str) -> Key {
    Key::new(format!("HELD#{cart}"), "HELD#")
}

/// Where it is named what of a cart is paid for with money on its way, by the cart's name.
pub fn settling_key(cart: &str) -> Key {
    Key::new(format!("HELD#{cart}"), "SETTLING#")
}

/// Key of an attempt.
pub fn attempt_key(key: &str) -> Key {
    Key::new(format!("IDEM#checkout#{key}"), "IDEM#")
}

/// The checkout's item.
pub fn checkout_item(checkout: &Checkout) -> Result<Item> {
    let mut item = vitrine_table::to_item(&checkout_key(&checkout.id), checkout).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    if let Some(session) = &checkout.session {
        item.insert("pk2".into(), format!("SESSION#{}#{session}", checkout.provider).into());
        item.insert("sk2".into(), checkout.id.to_string().into());
    }
    item.insert("_v".into(), 1.into());
    Ok(item)
}

/// The order's item.
pub fn order_item(order: &Order) -> Result<Item> {
    let mut item = vitrine_table::to_item(&order_key(&order.id), order).map_err(fault::table)?;
    item.retain(|_, v| !v.is_null());
    item.insert("pk2".into(), format!("CUSTOMERORDERS#{}", order.customer).into());
    item.insert("sk2".into(), format!("{:015}#{}", order.placed_ms, order.id).into());
    let shard = crc32fast::hash(order.id.as_str().as_bytes()) % crate::catalog::store::LIST_SHARDS;
    item.insert("entityType".into(), format!("ORDER#{shard}").into());
    item.insert("createdAt".into(), format!("{:015}#{}", order.placed_ms, order.id).into());
    item.insert("_v".into(), 1.into());
    Ok(item)
}
