//! The price block of a work: its editions with what is in them, price, stock and licence.

use dioxus::prelude::*;
use vitrine_shared::views::{EditionView, StoreCard};
use vitrine_ui::prelude::*;

use super::parts::PriceTag;
use crate::t;

/// Editions and what is in them.
#[component]
pub fn BuyBlock(
    /// Ways to buy.
    editions: Vec<EditionView>,
    /// Whose shop.
    store: StoreCard,
) -> Element {
    rsx! {
        section { class: "buy", aria_label: t!("buy-label"),
            if editions.is_empty() {
                Alert { title: t!("buy-none"), {t!("buy-none-text")} }
            } else {
                ul { class: "edition-list", role: "list",
                    for edition in editions.iter().cloned() {
                        Edition { key: "{edition.variant}", edition }
                    }
                }
            }
            p { class: "buy-seller",
                {t!("buy-sold-by")}
                " "
                Go { to: store.href.clone(), bdi { "{store.name}" } }
            }
        }
    }
}

fn sellable(edition: &EditionView) -> bool {
    edition.price.is_some() && edition.stock != Some(0)
}

#[component]
fn Edition(edition: EditionView) -> Element {
    let e = edition;
    let can = sellable(&e);
    let stock = match e.stock {
        Some(0) => Some(t!("stock-none")),
        Some(left) if left <= 10 => Some(t!("stock-few", count = left)),
        Some(_) => Some(t!("stock-there")),
        None => None,
    };
    rsx! {
        li { class: "edition-card",
            div { class: "edition-head",
                span { class: "edition-title",
                    bdi { "{e.title}" }
                    if !e.variant_title.is_empty() {
                        span { class: "edition-variant", " · {e.variant_title}" }
                    }
                }
                PriceTag { price: e.price.clone() }
            }
            if !e.formats.is_empty() {
                p { class: "edition-line",
                    for (i , (format , size)) in e.formats.iter().enumerate() {
                        span { key: "{i}", class: "edition-format",
                            "{format}"
                            if !size.is_empty() {
                                " ({size})"
                            }
                        }
                    }
                }
            }
            if e.physical || stock.is_some() {
                p { class: "edition-line",
                    if e.physical {
                        Icon { shape: Shape::Parcel }
                        if let Some(from) = e.ships_from.clone() {
                            span { {t!("ships-from", place = from)} }
                        } else {
                            span { {t!("ships")} }
                        }
                    }
                    if let Some(stock) = stock {
                        span { class: if can { "stock" } else { "stock stock-none" }, "{stock}" }
                    }
                }
            }
            if let Some(price) = e.price.as_ref().filter(|p| p.minimum.is_some()) {
                Notice { {t!("price-name-hint", least = price.minimum.clone().unwrap_or_default(), suggested = price.text.clone())} }
            }
            if let Some(licence) = e.licence.clone() {
                div { class: "edition-licence",
                    ul { class: "edition-licence-lines",
                        for (i , line) in licence.summary.iter().enumerate() {
                            li { key: "{i}", "{line}" }
                        }
                    }
                    Go { to: licence.href.clone(), {t!("licence-full", title = licence.title.clone())} }
                }
            }
        }
    }
}
