//! Cart, checkout, orders: what their pages show. What changes them are plain forms.

use dioxus::prelude::*;
use vitrine_shared::views::gift::GiftView;
use vitrine_shared::views::preview::Pieces;
use vitrine_shared::views::trade::{CartView, CheckoutView, OrderView};

use super::{Fault, Wire};
#[cfg(feature = "server")]
use crate::serve::Ask;

/// The cart, priced for the page's place.
#[get("/rpc/trade/cart", ask: Ask)]
pub async fn cart() -> Result<Wire<CartView>, Fault> {
    Ok(Wire(ask.cart().await?))
}

/// The cart as it would be with other numbers of pieces; changes nothing.
#[post("/rpc/trade/cart_as", ask: Ask)]
pub async fn cart_as(pieces: Vec<Pieces>) -> Result<Wire<CartView>, Fault> {
    Ok(Wire(ask.cart_as(pieces).await?))
}

/// The checkout page with what was typed.
#[get("/rpc/trade/checkout", ask: Ask)]
pub async fn checkout() -> Result<Wire<CheckoutView>, Fault> {
    Ok(Wire(ask.checkout().await?))
}

/// Where a shop's gift cards are bought; `kept` names a form that was refused.
#[post("/rpc/trade/gift", ask: Ask)]
pub async fn gift(handle: String, kept: Option<String>) -> Result<Wire<GiftView>, Fault> {
    Ok(Wire(ask.gift(handle, kept).await?))
}

/// A purchase; `key` opens it for a guest.
#[post("/rpc/trade/order", ask: Ask)]
pub async fn order(id: String, key: Option<String>) -> Result<Wire<OrderView>, Fault> {
    Ok(Wire(ask.order(id, key).await?))
}
