//! A price as people read it.

use dioxus::prelude::*;

/// An amount that never wraps and says whether tax is in. It has no state, and a list shows dozens: so it is no component.
pub struct Price<'a> {
    /// Formatted amount, or the word for free.
    pub amount: &'a str,
    /// Whether tax is in, in words.
    pub tax: Option<&'a str>,
    /// Word before it when dearer editions exist.
    pub from: Option<&'a str>,
    /// Former price, struck through, and what a screen reader says of it.
    pub was: Option<(&'a str, &'a str)>,
    /// The large size.
    pub large: bool,
}

impl Price<'_> {
    /// Draws it.
    pub fn draw(self) -> Element {
        let Self { amount, tax, from, was, large } = self;
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
}
