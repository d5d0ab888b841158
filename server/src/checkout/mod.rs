//! Paying: a priced cart becomes one checkout and one order per seller, and money becomes access.
//!
//! Invariants:
//! - Placing is idempotent by the attempt's key: the same body gives the same checkout, another body 422.
//! - What is charged is what the buyer saw; another total is a conflict that names it.
//! - Stock is held by conditional updates in the placing transaction; who comes late for the last piece is told. A cart holds
//!   stock once: another attempt ends what the one before holds.
//! - Money is believed only from the provider's own answer or a verified event; each event is handled once, in any order.
//! - Paying, granting and the receipt's job are one transaction.
//! - What takes a discount that is had once per customer is paid in two steps: no card is charged that had it before (`capture`). So is what a
//!   card could leave open the buyer's place of: no card is charged whose country nobody asked about (`evidence`).
//! - Stored value is held, taken and let go in the same transactions as stock; the provider is asked for the rest alone, and for
//!   nothing if nothing is left.
//! - What costs nothing is paid at once and mails its receipt to whatever address was typed: how often is bounded (`free`).
//!
//! Undo, step by step: a checkout whose payment cannot begin is released by the same code as one that expires.
//!
//! Not here: totals (`cart::view`, the pricing engine), who may see an order's page (`pages`).

mod address;
mod again;
mod asked;
mod capture;
mod charge;
mod claim;
mod countries;
mod evidence;
mod form;
mod free;
mod fulfil;
mod gift;
mod given;
mod identity;
mod jobs;
mod pay;
mod person;
mod piece;
mod place;
mod placed;
mod refund;
mod sales;
pub mod store;
mod taxes;
mod value;
mod view;

use std::sync::Arc;

use vitrine_identity::MasterKey;
use vitrine_payments::SharedPayments;
use vitrine_queue::SharedQueue;
use vitrine_shared::id::{CheckoutId, CustomerId, OrderId, UserId};
use vitrine_table::{Consistency, Table};

pub(crate) use capture::CARD_USED;
pub use evidence::Answered;
pub(crate) use evidence::{place_is_asked, place_is_open};
pub use form::Typed;
pub use fulfil::SHIPPED;
pub(crate) use fulfil::{job, plain};
pub use jobs::handlers;
pub(crate) use pay::{CANCELLED, grant_id};
pub use place::{Placed, Placing, check_form, destination};
pub use refund::{REFUND, Refund, Wish};
pub use sales::{Sale, SaleTax};
use store::{Checkout, Order};
pub(crate) use taxes::GIVEN_UP;
pub(crate) use value::back;
pub use value::{paid_rows, paid_view};
pub(crate) use view::again_href;
pub use view::state_key;

use crate::cart::{CartRecord, Carts};
use crate::catalog::offers::Found;
use crate::catalog::pages::Catalog;
use crate::ctx::OpCtx;
use crate::fault::{self, Result};
use crate::promotions::{Offered, Promotions, Who};
use crate::tax_ids::TaxIds;
use crate::taxes::Taxes;
use crate::value::Values;

/// Kind of the job that issues invoices and sends the receipt.
pub const RECEIPT: &str = "checkout.receipt";
/// Kind of the job that tells a buyer that money they thought was on its way did not arrive, or arrived too late.
pub const FAILED: &str = "checkout.failed";
/// Kind of the job that ends a hold.
pub const EXPIRE: &str = "checkout.expire";
/// Kind of the job that asks again for a tax id whose register was away, and gives tax back once it is confirmed.
pub const IDENTITY: &str = "checkout.identity";
/// Kind of the job that tells a tax service of sales whose tax it worked out.
pub const TAX_SOLD: &str = "checkout.tax";
/// Kind of the job that tells it what went back.
pub const TAX_BACK: &str = "order.tax_back";
/// Kind of the job that counts what was bought together.
pub const TOGETHER: &str = "checkout.together";
/// Kind of the job that goes on with taking money a card's bank holds.
pub const CAPTURE: &str = "checkout.capture";
/// Kind of the job that lets go what a bank holds for a checkout that ended.
pub const VOID: &str = "checkout.void";
/// Kind of the job that mails a buyer whose payment waits until they say where they live.
pub const PLACE: &str = "checkout.place";
/// How long stock is held for a card, milliseconds.
pub const HOLD_MS: i64 = 15 * 60 * 1000;
/// How long an attempt's answer is remembered, seconds.
pub const ATTEMPT_SECS: i64 = 30 * 24 * 60 * 60;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Checkouts {
    table: Arc<dyn Table>,
    catalog: Catalog,
    carts: Carts,
    payments: Option<SharedPayments>,
    queue: SharedQueue,
    master: Arc<MasterKey>,
    base_url: String,
    free: free::Bounds,
    tax_ids: TaxIds,
    taxes: Taxes,
    values: Option<Values>,
    promotions: Promotions,
}

impl Checkouts {
    /// Over these stores and this provider. [`Checkouts::bounded`] bounds free orders.
    pub fn new(
        table: Arc<dyn Table>,
        catalog: Catalog,
        carts: Carts,
        payments: Option<SharedPayments>,
        queue: SharedQueue,
        master: Arc<MasterKey>,
        base_url: String,
    ) -> Self {
        let tax_ids = TaxIds::new(table.clone(), Arc::new(vitrine_registers::Nobody));
        let taxes = Taxes::new(table.clone(), Arc::new(vitrine_tax::Nobody));
        let promotions = Promotions::new(table.clone(), master.clone());
        Self {
            table,
            catalog,
            carts,
            payments,
            queue,
            master,
            base_url,
            free: free::Bounds::default(),
            tax_ids,
            taxes,
            promotions,
            values: None,
        }
    }

    /// With registers that confirm tax ids.
    pub fn confirming(self, tax_ids: TaxIds) -> Self {
        Self { tax_ids, ..self }
    }

    /// With a tax service for the stores that want one.
    pub fn taxed_by(self, taxes: Taxes) -> Self {
        Self { taxes, ..self }
    }

    /// Name of the tax service that is connected.
    pub fn tax_service(&self) -> Option<&'static str> {
        self.taxes.service()
    }

    /// With stored value as a source of payment.
    pub fn paid_from(self, values: Values) -> Self {
        Self { values: Some(values), ..self }
    }

    /// The sellers' promotions.
    pub fn promotions(&self) -> &Promotions {
        &self.promotions
    }

    /// What is taken off this cart for the caller, who buys with this address.
    pub(crate) async fn offered(&self, ctx: &OpCtx, offers: &Found, cart: &CartRecord, email: &str) -> Result<Offered> {
        let names = self.promotions.names(ctx, email)?;
        let key = self.carts.key(ctx, ctx.cart.as_deref());
        let member = self.promotions.groups().who(ctx)?;
        let who = Who { names: &names, member: member.as_deref(), cart: key.as_ref() };
        self.promotions.offered(offers, &cart.lines, &cart.codes, who).await
    }

    /// A checkout by id.
    pub async fn get(&self, id: &CheckoutId) -> Result<Option<Checkout>> {
        let item = self.table.get(&store::checkout_key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// An order by id.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>> {
        let item = self.table.get(&store::order_key(id), Consistency::Strong).await.map_err(fault::table)?;
        item.map(|i| vitrine_table::from_item(i).map_err(fault::table)).transpose()
    }

    /// The orders of a checkout, in its order.
    pub async fn orders(&self, checkout: &Checkout) -> Result<Vec<Order>> {
        let keys = checkout.orders.iter().map(store::order_key).collect();
        let items = vitrine_table::retry::get_each(&*self.table, keys).await.map_err(fault::table)?;
        items.into_iter().flatten().map(|i| vitrine_table::from_item(i).map_err(fault::table)).collect()
    }

    /// Address of a checkout's page with its secret, for mails to who bought.
    ///
    /// # Errors
    /// The secret cannot be opened.
    pub fn page_url(&self, checkout: &Checkout) -> Result<String> {
        let secret = self
            .master
            .open(&format!("checkout/{}", checkout.id), &checkout.secret_sealed)
            .map_err(|e| fault::internal("a checkout", &e))?;
        Ok(format!("{}/orders/{}?key={}", self.base_url, checkout.id, String::from_utf8_lossy(&secret)))
    }
}

/// The customer of an account: one for ever.
pub fn customer_of(user: &UserId) -> CustomerId {
    CustomerId::from_bits(crate::ids::derived_bits(&["customer", "user", user.as_str()]))
}

impl Checkouts {
    fn provider(&self) -> String {
        self.payments.as_ref().map(|p| p.name().to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod asked_place;
#[cfg(test)]
mod bought;
#[cfg(test)]
mod business;
#[cfg(test)]
mod captured;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod currencies;
#[cfg(test)]
mod money_cases;
#[cfg(test)]
mod previews;
#[cfg(test)]
mod refunds;
#[cfg(test)]
pub(crate) mod regions;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod serviced;
#[cfg(test)]
mod stored;
#[cfg(test)]
pub(crate) mod storefronts;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trips;
#[cfg(test)]
mod zones;
