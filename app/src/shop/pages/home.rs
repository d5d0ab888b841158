//! The marketplace's home.

use dioxus::prelude::*;
use vitrine_shared::views::{FeatureView, HomeView, StoreCard};
use vitrine_ui::prelude::*;

use super::drawn;
use crate::platform::Head;
use crate::shop::parts::{Makers, Page, PriceTag, Shelf, facet_word, kind_shape, picture_of, title_class, use_live};
use crate::shop::player::PlayButton;
use crate::shop::recent;
use crate::t;

/// Loads the home.
#[component]
pub fn Home() -> Element {
    let view = crate::data::use_data(crate::data::home)?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            HomeBody { view: view.clone() }
        }
    })
}

/// One work large, new works, kinds, genres, shops.
#[component]
pub fn HomeBody(
    /// What to show.
    view: HomeView,
) -> Element {
    let head =
        Head { title: String::new(), description: t!("home-lead"), canonical: "/".to_owned(), ..Head::default() };
    rsx! {
        Page { head,
            if let Some(feature) = view.feature.clone() {
                Feature { feature, level: 1 }
            } else {
                div { class: "wrap", h1 { {t!("home-title")} } }
            }
            GoOn {}
            Shelf { title: t!("home-new"), all: Some(("/catalog?sort=newest".to_owned(), t!("home-all-new"))), cards: view.newest.clone() }
            for (kind , cards) in view.kinds.iter().cloned() {
                Shelf {
                    key: "{kind.as_str()}",
                    title: t!(&format!("kinds-{}", kind.as_str())),
                    all: Some((format!("/catalog?type={}", kind.as_str()), t!("home-all"))),
                    cards,
                }
            }
            if !view.genres.is_empty() {
                section { class: "shelf wrap",
                    div { class: "shelf-head", h2 { {t!("home-genres")} } }
                    div { class: "chips",
                        for genre in view.genres.iter() {
                            Chip { key: "{genre.value}", to: genre.href.clone(), label: facet_word(genre), count: genre.count }
                        }
                    }
                }
            }
            if !view.stores.is_empty() {
                section { class: "shelf wrap",
                    div { class: "shelf-head", h2 { {t!("home-shops")} } }
                    ul { class: "stores", role: "list",
                        for store in view.stores.iter().cloned() {
                            li { key: "{store.handle}", StoreTile { store } }
                        }
                    }
                }
            }
            p { class: "wrap notice", {t!("home-total", count = view.total)} }
        }
    }
}

/// One work shown large, with the reason.
#[component]
pub fn Feature(
    /// The work and why.
    feature: FeatureView,
    /// Heading level, 1 or 2.
    level: u8,
) -> Element {
    let card = feature.card;
    let tint = card.cover.as_ref().map_or(0, |c| c.tint);
    let lang = (!card.language.is_empty()).then(|| card.language.clone());
    let name = rsx! {
        Go { to: card.href.clone(), lang, bdi { "{card.title}" } }
    };
    rsx! {
        section { class: "feature tinted {tint_class(tint)}",
            div { class: "wrap feature-in",
                div { class: "feature-cover",
                    Cover { picture: card.cover.as_ref().map(picture_of), wanted: Wanted::First, sizes: "(max-width: 52rem) 90vw, 36rem", fallback: kind_shape(card.kind) }
                }
                div { class: "feature-text",
                    p { class: "kicker", {t!(&feature.reason)} }
                    if level == 1 {
                        h1 { class: "feature-title {title_class(&card.title)}", {name} }
                    } else {
                        h2 { class: "feature-title {title_class(&card.title)}", {name} }
                    }
                    if let Some(latin) = card.latin.clone() {
                        p { class: "latin", "{latin}" }
                    }
                    p { class: "feature-by", Makers { makers: card.makers.clone() } }
                    if !feature.lead.is_empty() {
                        p { class: "lead", dir: "auto", "{feature.lead}" }
                    }
                    div { class: "feature-act",
                        if let Some(play) = card.play.clone() {
                            PlayButton { list: vec![play], class: "icon-button-solid" }
                        }
                        Go { to: card.href.clone(), class: "button button-primary", {t!("feature-open")} }
                        PriceTag { price: card.price.clone() }
                    }
                }
            }
        }
    }
}

/// A shop with up to three covers.
#[component]
fn StoreTile(store: StoreCard) -> Element {
    rsx! {
        div { class: "store",
            div { class: "store-covers", "aria-hidden": "true",
                for (i , image) in store.covers.iter().take(3).enumerate() {
                    div { key: "{i}", Cover { picture: Some(Picture { alt: String::new(), ..picture_of(image) }), sizes: "(max-width: 52rem) 28vw, 10rem" } }
                }
            }
            h3 { class: "store-name", Go { to: store.href.clone(), bdi { "{store.name}" } } }
            p { class: "store-line", dir: "auto", "{store.tagline}" }
        }
    }
}

/// Works opened on this device; nothing of it leaves the device.
#[component]
fn GoOn() -> Element {
    let live = use_live();
    let mut list = use_signal(Vec::<recent::Recent>::new);
    use_effect(move || list.set(recent::list()));
    if !live() || list.read().is_empty() {
        return VNode::empty();
    }
    rsx! {
        section { class: "shelf wrap",
            div { class: "shelf-head", h2 { {t!("home-go-on")} } }
            ul { class: "go-on", role: "list",
                for item in list.read().iter().cloned() {
                    li { key: "{item.href}",
                        Go { to: item.href, class: "go-on-link",
                            img { src: item.cover, alt: "", width: "64", height: "64", loading: "lazy" }
                            span {
                                strong { bdi { "{item.title}" } }
                                br {}
                                bdi { class: "go-on-by", "{item.by}" }
                            }
                        }
                    }
                }
            }
            p { class: "notice", {t!("home-go-on-note")} }
        }
    }
}
