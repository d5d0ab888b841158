//! What the interface takes and answers where no view model says it already.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vitrine_shared::views::CardView;
use vitrine_shared::views::owned::{InvoiceRow, OwnedCard};
use vitrine_shared::views::trade::{CartView, CheckoutForm};

/// It answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// One page of works.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Listing<'a> {
    /// Works.
    pub items: &'a [CardView],
    /// How many there are in all.
    pub total: u64,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One page of what is owned.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Entitlements {
    /// Newest first.
    pub items: Vec<OwnedCard>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One page of invoices.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Invoices {
    /// Newest first.
    pub items: Vec<InvoiceRow>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An edition for the cart.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddToCart {
    /// Variant id.
    pub variant: String,
    /// Pieces; 1 if absent.
    #[serde(default = "one")]
    pub quantity: u32,
    /// Name-your-price: minor units of `named_in`.
    #[serde(default)]
    pub named_minor: Option<i64>,
    /// ISO 4217 of `named_minor`; the currency that the edition is sold in here if absent.
    #[serde(default)]
    pub named_in: Option<String>,
}

const fn one() -> u32 {
    1
}

/// A cart after something was put in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Carted {
    /// With prices.
    pub cart: CartView,
    /// Names a guest's new cart: send it as `X-Cart-Token` from now on. Absent if the cart has a name already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart_token: Option<String>,
}

/// Pieces of a line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLine {
    /// Pieces; 0 takes the line out.
    pub quantity: u32,
    /// `rev` of the cart that was seen.
    pub rev: i64,
}

/// A discount code for the cart.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CartCode {
    /// As the buyer typed it; the case of letters does not matter.
    pub code: String,
}

/// A cart to be paid.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// Who and where.
    pub form: CheckoutForm,
    /// `total_minor` of the cart as it was shown to the buyer for this place.
    pub seen_minor: i64,
    /// `currency` it was shown in; absent: that of the cart as the caller is shown it (`GET /cart`). Goods are sold at
    /// the prices of the form's country; if what was seen is something else, the answer is 409 `price_changed` with the new total in `detail`.
    #[serde(default)]
    pub seen_currency: Option<String>,
    /// What the buyer saw is left to pay after gift cards and store credit; absent: all of `seen_minor`.
    #[serde(default)]
    pub due_minor: Option<i64>,
}

/// A placed checkout.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Session {
    /// Checkout id; `/orders/{id}` says how it stands.
    pub id: String,
    /// Opens the order for who has no account.
    pub key: String,
    /// Where to pay; absent: nothing is to be paid, it is theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_url: Option<String>,
}

/// Files of what was bought.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WantFiles {
    /// One file.
    #[serde(default)]
    pub asset_id: Option<String>,
    /// Several, answered as one ZIP.
    #[serde(default)]
    pub asset_ids: Vec<String>,
    /// The checkout, for who has no account; with `key`.
    #[serde(default)]
    pub order: Option<String>,
    /// The secret of its address.
    #[serde(default)]
    pub key: Option<String>,
}

/// A link for a while.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileLink {
    /// Where the file is.
    pub url: String,
    /// Its `permissionHash`.
    pub dl_token: String,
}

/// An import that was begun.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportBegun {
    /// `/admin/catalog/import/{id}` has its report.
    pub id: String,
}
