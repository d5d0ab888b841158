//! A price as people read it.

use dioxus::prelude::*;

/// An amount that never wraps and says whether tax is in.
#[component]
pub fn Price(
    /// Formatted amount, or the word for free.
    #[props(into)]
    amount: String,
    /// Whether tax is in, in words.
    #[props(default, into)]
    tax: Option<String>,
    /// Word before it when dearer editions exist.
    #[props(default, into)]
    from: Option<String>,
    /// Former price, struck through, and what a screen reader says of it.
    #[props(default)]
    was: Option<(String, String)>,
    /// The large size.
    #[props(default)]
    large: bool,
) -> Element {
    rsx! {
        span { class: if large { "price price-large" } else { "price" },
            if let Some(from) = from {
                span { class: "price-from", "{from}" }
            }
            bdi { class: "price-amount", "{amount}" }
            if let Some((was, said)) = was {
                s { class: "price-was",
                    span { class: "sr-only", "{said} " }
                    bdi { "{was}" }
                }
            }
            if let Some(tax) = tax {
                span { class: "price-tax", "{tax}" }
            }
        }
    }
}
