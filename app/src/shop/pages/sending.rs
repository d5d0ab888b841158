//! How parcels are sent: chosen at the checkout, listed in the cart, said of an order.

use dioxus::prelude::*;
use vitrine_shared::views::trade::{CheckoutView, SellerPart, WayView};
use vitrine_ui::prelude::*;

use super::destination::fault;
use crate::t;

/// What a way is called; the standard one of a seller who gave it no name has ours.
fn way_name(way: &WayView) -> String {
    if way.name.is_empty() { t!("sending-standard") } else { way.name.clone() }
}

/// When it arrives, if the seller says so.
fn way_days(way: &WayView) -> Option<String> {
    way.days.map(|(from, to)| match from == to {
        true => t!("sending-day", to = to),
        false => t!("sending-days", from = from, to = to),
    })
}

fn way_price(way: &WayView) -> String {
    if way.free { t!("sending-free") } else { way.price.clone() }
}

/// A group of choices for each seller who offers several ways, within the checkout's form.
pub(super) fn sending_parts(view: &CheckoutView) -> Element {
    let parts: Vec<&SellerPart> =
        view.cart.sellers.iter().filter(|part| part.sending.ways.len() > 1 || part.sending.gone).collect();
    rsx! {
        for part in parts {
            fieldset { key: "{part.sending.part}", class: "trade-part", id: "{part.sending.field()}",
                legend {
                    h2 { {t!("sending-of", shop = part.store.name.clone())} }
                }
                for way in part.sending.ways.iter() {
                    RadioCard {
                        key: "{way.id}",
                        name: part.sending.field(),
                        value: way.id.clone(),
                        checked: way.chosen,
                        head: rsx! {
                            span { class: "edition-head",
                                bdi { class: "edition-title", {way_name(way)} }
                                span { class: "num", {way_price(way)} }
                            }
                        },
                        if let Some(days) = way_days(way) {
                            p { class: "notice", "{days}" }
                        }
                    }
                }
                if let Some(text) = fault(view, &part.sending.field()) {
                    p { class: "field-error",
                        Icon { shape: Shape::Warning }
                        "{text}"
                    }
                } else if part.sending.gone {
                    Notice { {t!("sending-gone")} }
                }
                button { class: "button", r#type: "submit", name: "again", value: "1", formnovalidate: true, {t!("checkout-again")} }
            }
        }
    }
}

/// The ways a seller offers, where there are several; they are chosen at the checkout.
#[component]
pub(super) fn Ways(
    /// In the seller's order.
    ways: Vec<WayView>,
) -> Element {
    if ways.len() < 2 {
        return VNode::empty();
    }
    rsx! {
        div {
            p { class: "notice", {t!("sending-later")} }
            ul { class: "footer-list", role: "list",
                for way in ways {
                    li { key: "{way.id}", class: "trade-short-line",
                        span {
                            bdi { {way_name(&way)} }
                            if let Some(days) = way_days(&way) {
                                ": {days}"
                            }
                        }
                        span { class: "num", {way_price(&way)} }
                    }
                }
            }
        }
    }
}

/// How an order is sent.
#[component]
pub fn SentBy(
    /// With what the seller says of its time.
    way: WayView,
) -> Element {
    rsx! {
        p { class: "notice",
            {t!("sending-by")}
            " "
            bdi { {way_name(&way)} }
            if let Some(days) = way_days(&way) {
                ". {days}"
            }
        }
    }
}
