//! A work in a list.

use dioxus::prelude::*;

use crate::cover::{Cover, Picture};
use crate::icon::Shape;
use crate::link::Go;

/// A grid of cards. Children are `li`.
#[component]
pub fn CardGrid(
    /// Smaller covers, more of them.
    #[props(default)]
    dense: bool,
    /// Cards.
    children: Element,
) -> Element {
    rsx! {
        ul { class: if dense { "card-grid card-grid-dense" } else { "card-grid" }, role: "list", {children} }
    }
}

/// Cover, title, makers, a line of facts, and a way to hear it. The whole card is the link of its title; what is in
/// `play` and `by` stays pressable above it.
#[component]
pub fn Card(
    /// Address.
    #[props(into)]
    to: String,
    /// Title in its own script.
    #[props(into)]
    title: String,
    /// Language of the title.
    #[props(default, into)]
    lang: Option<String>,
    /// Title in Latin letters.
    #[props(default, into)]
    latin: Option<String>,
    /// Cover.
    picture: Option<Picture>,
    /// Sign without a cover.
    #[props(default = Shape::Album)]
    fallback: Shape,
    /// Loaded at once.
    #[props(default)]
    eager: bool,
    /// Heading level of the title, 2 to 4.
    #[props(default = 3)]
    level: u8,
    /// Makers.
    by: Element,
    /// Kind, year, price.
    meta: Element,
    /// Play button.
    #[props(default = VNode::empty())]
    play: Element,
) -> Element {
    let tall = picture.as_ref().is_some_and(|p| p.height > p.width + p.width / 10);
    let name = rsx! {
        Go { to, lang, bdi { "{title}" } }
    };
    rsx! {
        article { class: "card",
            div { class: if tall { "card-cover card-tall" } else { "card-cover" },
                Cover { picture, fallback, eager }
                {play}
            }
            div { class: "card-text",
                match level {
                    2 => rsx! { h2 { class: "card-title", {name} } },
                    4 => rsx! { h4 { class: "card-title", {name} } },
                    _ => rsx! { h3 { class: "card-title", {name} } },
                }
                if let Some(latin) = latin {
                    p { class: "card-by", "{latin}" }
                }
                div { class: "card-by", {by} }
                div { class: "card-meta", {meta} }
            }
        }
    }
}
