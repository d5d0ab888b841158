//! Buying over plain forms: cart, checkout, webhooks, downloads. Pages only show; these routes act, with and without
//! scripts alike.
//!
//! Invariants: every act answers 303 to a page, so that reload repeats nothing; nothing typed is lost; what the browser
//! says of a payment is never believed.

mod cart;
mod checkout;
mod gift;
mod owned;
mod place;

use axum::Router;

use crate::state::App;

/// The routes, to be mounted at the root of the shop's host.
pub fn routes() -> Router<App> {
    cart::routes().merge(checkout::routes()).merge(gift::routes()).merge(owned::routes()).merge(place::routes())
}

/// Webhooks of payment providers: signed, so without the guard of forms.
pub fn webhooks() -> Router<App> {
    checkout::webhooks()
}
