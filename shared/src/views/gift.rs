//! Gift cards that are sold: the page where they are bought, and what the order's page says of them.

use serde::{Deserialize, Serialize};

use super::{MomentView, Named, RightView};

/// What a buyer of gift cards types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GiftForm {
    /// ISO 4217: what the amounts were shown in.
    pub currency: String,
    /// Minor units of one of the amounts, or `named`.
    pub amount: String,
    /// The amount the buyer names, as typed.
    pub named: String,
    /// How many cards, as typed; empty: one.
    pub pieces: String,
    /// Who buys: where the receipt goes.
    pub email: String,
    /// The cards go to the buyer.
    pub to_self: bool,
    /// Who they are for.
    pub recipient: String,
    /// Where they go.
    pub recipient_email: String,
    /// Who they are from.
    pub sender: String,
    /// What is said to the recipient.
    pub message: String,
    /// Day they are sent on, `YYYY-MM-DD`; empty: at once.
    pub day: String,
}

/// Where a shop's gift cards are bought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GiftView {
    /// Whose promise they are: the shop, with its page.
    pub shop: Named,
    /// Address the form is sent to.
    pub action: String,
    /// Amounts to choose from: minor units, formatted.
    pub amounts: Vec<(String, String)>,
    /// Least and most that can be named, formatted.
    pub named: Option<(String, String)>,
    /// ISO 4217.
    pub currency: String,
    /// Most cards of one purchase.
    pub most: u32,
    /// First and last day they can be sent on, `YYYY-MM-DD`.
    pub days: (String, String),
    /// What stands in the form.
    pub form: GiftForm,
    /// Field and key of its fault.
    pub faults: Vec<(String, String)>,
    /// Code of what stood in the way of the whole.
    pub trouble: Option<String>,
    /// Names this attempt.
    pub attempt: String,
    /// Withdrawing from the purchase.
    #[serde(default)]
    pub right: RightView,
}

/// A gift card of an order, as its buyer sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SoldCardView {
    /// Account id.
    pub id: String,
    /// Key: `gift-waits`, `gift-sent`, `gift-used`, `gift-over`.
    pub state: String,
    /// When it is sent, or was.
    pub when: MomentView,
    /// Where it goes.
    pub to: String,
    /// Its address can be corrected, and it is sent again.
    pub may_correct: bool,
    /// Number of the next sending.
    pub next: u32,
}
