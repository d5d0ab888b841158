//! An artist's or author's page.

use dioxus::prelude::*;
use vitrine_shared::catalog::MakerKind;
use vitrine_shared::views::MakerView;
use vitrine_ui::prelude::*;

use super::drawn;
use crate::platform::Head;
use crate::shop::parts::{Elsewhere, Page, Years, picture_of};
use crate::t;

/// A musician or band.
#[component]
pub fn Artist(
    /// `slug` or `slug-id`.
    slug: ReadSignal<String>,
) -> Element {
    rsx! {
        MakerPage { kind: MakerKind::Artist, slug }
    }
}

/// A writer.
#[component]
pub fn Author(
    /// `slug` or `slug-id`.
    slug: ReadSignal<String>,
) -> Element {
    rsx! {
        MakerPage { kind: MakerKind::Author, slug }
    }
}

#[component]
fn MakerPage(kind: MakerKind, slug: ReadSignal<String>) -> Element {
    let view = crate::data::use_data(move || crate::data::maker(kind, slug()))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            MakerBody { key: "{view.named.href}", view: view.clone() }
        }
    })
}

/// Name in its script and in Latin, portrait, bio, works by year, links, shops.
#[component]
pub fn MakerBody(
    /// What to show.
    view: MakerView,
) -> Element {
    let count: usize = view.years.iter().map(|(_, works)| works.len()).sum();
    let head = Head {
        title: view.named.name.clone(),
        description: t!("maker-lead", name = view.named.name.clone(), count = count),
        canonical: view.canonical.clone(),
        image: view.image.as_ref().map(|i| i.src.clone()).unwrap_or_default(),
        kind: "profile",
        private: false,
    };
    let tint = view.image.as_ref().map_or(0, |i| i.tint);
    rsx! {
        Page { head, tint, json_ld: view.json_ld.clone(),
            div { class: "wrap maker",
                if let Some(image) = view.image.as_ref() {
                    div { class: "maker-image", Cover { picture: Some(picture_of(image)), wanted: Wanted::First, sizes: "(max-width: 60rem) 92vw, 28rem", fallback: Shape::Account } }
                }
                div { class: "maker-text",
                    p { class: "kicker", {t!(&format!("maker-{}", view.kind))} }
                    h1 { dir: "auto", "{view.named.name}" }
                    if let Some(latin) = view.named.latin.clone() {
                        p { class: "latin", "{latin}" }
                    }
                    if !view.bio_html.is_empty() {
                        div { class: "prose", dir: "auto", dangerous_inner_html: "{view.bio_html}" }
                    }
                    Elsewhere { links: view.links.clone() }
                    if !view.stores.is_empty() {
                        p { class: "maker-shops", {t!("maker-shops")} }
                        div { class: "chips",
                            for store in view.stores.iter() {
                                Chip { key: "{store.href}", to: store.href.clone(), label: store.name.clone() }
                            }
                        }
                    }
                }
            }
            section { class: "wrap years",
                h2 { {t!(&format!("maker-works-{}", view.kind))} }
                if view.years.is_empty() {
                    p { {t!("maker-no-works")} }
                }
                Years { years: view.years.clone() }
            }
        }
    }
}
