//! A work in a list.

use dioxus::prelude::*;

use crate::cover::{Picture, Wanted, cover};
use crate::icon::Shape;
use crate::link::inside;

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
/// `play` and `by` stays pressable above it. It has no state, and a list shows dozens: so it is no component.
pub struct Card<'a> {
    /// Address.
    pub to: &'a str,
    /// Title in its own script.
    pub title: &'a str,
    /// Language of the title; empty: not known.
    pub lang: &'a str,
    /// Title in Latin letters.
    pub latin: Option<&'a str>,
    /// Cover.
    pub picture: Option<&'a Picture>,
    /// How wide the cover is shown, as in `sizes`.
    pub sizes: &'static str,
    /// Sign without a cover.
    pub fallback: Shape,
    /// When the cover is fetched.
    pub wanted: Wanted,
    /// Heading level of the title, 2 to 4.
    pub level: u8,
    /// Makers.
    pub by: Element,
    /// Kind, year, price.
    pub meta: Element,
    /// Play button.
    pub play: Element,
}

impl Card<'_> {
    /// Draws it.
    pub fn draw(self) -> Element {
        let Self { to, title, lang, latin, picture, sizes, fallback, wanted, level, by, meta, play } = self;
        let tall = picture.is_some_and(|p| p.height > p.width + p.width / 10);
        let lang = (!lang.is_empty()).then_some(lang);
        let name = rsx! {
            a { "data-go": inside(to), href: to, lang, bdi { "{title}" } }
        };
        rsx! {
            div { class: "card",
                div { class: if tall { "card-cover card-tall" } else { "card-cover" },
                    {cover(picture, sizes, wanted, fallback)}
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
}
