//! The price block of a work: editions as radio cards in a form that works without scripts.
//!
//! The form posts `variant`, `price-<variant>` in `currency-<variant>` where the buyer names it, and `buy=1` for "buy now" to `/cart/add`.

use dioxus::prelude::*;
use vitrine_shared::views::{EditionView, StoreCard};
use vitrine_ui::prelude::*;

use super::parts::{PriceTag, about_note, stock_word};
use crate::platform;
use crate::t;

/// Editions, what is in them, add to cart, buy now.
#[component]
pub fn BuyBlock(
    /// Ways to buy.
    editions: Vec<EditionView>,
    /// Whose shop.
    store: StoreCard,
    /// Path of the work's page.
    #[props(default)]
    at: String,
    /// For its seller alone: shows what buyers press, and nothing happens.
    #[props(default)]
    preview: bool,
) -> Element {
    let prefs = use_hook(platform::prefs);
    let home = if prefs.shows_only { prefs.origin.as_str() } else { "" };
    let chosen = editions.iter().position(sellable);
    let about = editions.iter().filter_map(|e| e.price.as_ref()).find_map(|p| Some((p.about.as_ref()?, &p.currency)));
    let about = about.map(|(about, paid_in)| about_note(about, paid_in));
    rsx! {
        section { class: "buy",
            if editions.is_empty() {
                Alert { title: t!("buy-none"), {t!("buy-none-text")} }
            } else {
                form { method: "post", action: "/cart/add", aria_label: t!("buy-label"),
                    RadioCards { legend: t!("buy-editions"),
                        for (i , edition) in editions.iter().cloned().enumerate() {
                            Edition { key: "{edition.variant}", edition, checked: chosen == Some(i) }
                        }
                    }
                    if chosen.is_some() && prefs.shows_only {
                        a { class: "button button-primary button-large button-wide", href: "{home}{at}", {t!("buy-at-market")} }
                    } else if chosen.is_some() {
                        div { class: "buy-keys",
                            Button { kind: ButtonKind::Primary, r#type: "submit", large: true, wide: true, disabled: preview, {t!("buy-add")} }
                            Button { disabled: preview, r#type: "submit", name: "buy", value: "1", wide: true, {t!("buy-now")} }
                        }
                    } else {
                        Notice { {t!("buy-nothing-left")} }
                    }
                }
                if !preview {
                    a { class: "buy-why", href: "{home}/price{at}", rel: "nofollow", {t!("sum-how")} }
                }
            }
            if let Some(about) = about {
                Notice { {about} }
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
fn Edition(edition: EditionView, checked: bool) -> Element {
    let e = edition;
    let can = sellable(&e);
    let stock = e.stock.map(stock_word);
    let field = format!("price-{}", e.variant);
    rsx! {
        RadioCard {
            name: "variant",
            value: e.variant.clone(),
            checked,
            disabled: !can,
            head: rsx! {
                span { class: "edition-head",
                    span { class: "edition-title",
                        bdi { "{e.title}" }
                        if !e.variant_title.is_empty() {
                            span { class: "edition-variant", " · {e.variant_title}" }
                        }
                    }
                    PriceTag { price: e.price.clone() }
                }
            },
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
            if !e.steps.is_empty() {
                ul { class: "edition-line edition-steps", role: "list",
                    for (count , price) in e.steps.iter() {
                        li { key: "{count}", {t!("price-step", count = count.to_string(), price = price.clone())} }
                    }
                }
            }
            if let Some(price) = e.price.as_ref().filter(|p| p.minimum.is_some()) {
                div { class: "edition-name-price",
                    input { r#type: "hidden", name: "currency-{e.variant}", value: "{price.currency}" }
                    Field {
                        name: field,
                        label: t!("price-name-yours", currency = price.currency.clone()),
                        inputmode: "decimal",
                        value: amount(price.minor, price.exponent),
                        hint: t!("price-name-hint", least = price.minimum.clone().unwrap_or_default(), suggested = price.text.clone()),
                    }
                }
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

/// Minor units as typed into a field: digits and a point.
fn amount(minor: i64, exponent: u8) -> String {
    let unit = 10i64.pow(u32::from(exponent.min(4)));
    if unit == 1 {
        return minor.to_string();
    }
    format!("{}.{:0width$}", minor / unit, minor % unit, width = usize::from(exponent.min(4)))
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_keep_their_exponent() {
        assert_eq!(amount(905, 2), "9.05");
        assert_eq!(amount(10_000, 0), "10000");
        assert_eq!(amount(1_250, 3), "1.250");
    }
}
