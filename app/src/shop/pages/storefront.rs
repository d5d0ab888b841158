//! A storefront: the seller's own frame, the newest work large, the rest by year.

use dioxus::prelude::*;
use vitrine_shared::views::StoreView;
use vitrine_ui::prelude::*;

use super::home::Feature;
use crate::platform::{self, Head};
use crate::routes::Handle;
use crate::shop::frame::StoreFrame;
use crate::shop::parts::{Elsewhere, FaultPage, Page, Years, param};
use crate::t;

/// Loads a storefront.
#[component]
pub fn Storefront(
    /// With its `@`.
    handle: ReadSignal<Handle>,
    /// Raw query string; `letters` says what became of asking for them.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::store(handle().name().to_owned()))?;
    let view = view.read();
    match &*view {
        Ok(view) => rsx! {
            StorefrontBody { view: view.clone(), letters: param(&query(), "letters") }
        },
        Err(problem) => rsx! {
            StoreFrame { store: Default::default(), imprint: vec![],
                FaultPage { problem: problem.clone() }
            }
        },
    }
}

/// Hero in the brand, newest work, the rest, about, links.
#[component]
pub fn StorefrontBody(
    /// What to show.
    view: StoreView,
    /// What became of asking for letters.
    #[props(default)]
    letters: Option<String>,
) -> Element {
    let store = view.store.clone();
    let prefs = use_hook(platform::prefs);
    platform::use_brand_sheet(if store.brand.is_empty() {
        String::new()
    } else {
        platform::asset_url(&format!("css/brands/{}.css", store.brand))
    });
    let head = Head {
        title: store.name.clone(),
        description: store.tagline.clone(),
        canonical: view.canonical.clone(),
        image: store.covers.first().map(|c| c.src.clone()).unwrap_or_default(),
        ..Head::default()
    };
    rsx! {
        StoreFrame { store: store.clone(), imprint: view.imprint.clone(),
            Page { head,
                div { class: "hero",
                    div { class: "wrap",
                        h1 { class: "hero-name", dir: "auto", "{store.name}" }
                        p { class: "lead", dir: "auto", "{store.tagline}" }
                    }
                }
                if let Some(feature) = view.feature.clone() {
                    Feature { feature, level: 2 }
                }
                section { class: "wrap years",
                    div { class: "shelf-head",
                        h2 { {t!("store-works", count = view.total)} }
                        if let Some(to) = view.more_href.clone() {
                            Go { to, class: "shelf-all", {t!("home-all")} Icon { shape: Shape::Forward } }
                        }
                    }
                    Years { years: view.years.clone() }
                }
                if let Some(to) = view.gift_href.clone() {
                    section { class: "wrap store-letters",
                        h2 { {t!("gift-store")} }
                        p { {t!("gift-store-text")} }
                        a { class: "button", href: "{prefs.origin}{to}", {t!("gift-store-go")} }
                    }
                }
                section { class: "wrap store-letters", id: "letters",
                    h2 { {t!("letters-store")} }
                    if letters.as_deref() == Some("asked") {
                        Alert { tone: Tone::Good, title: t!("letters-look"), live: true, {t!("letters-look-text")} }
                    } else if prefs.shows_only {
                        a { class: "button", href: "{prefs.origin}{view.canonical}#letters", {t!("letters-ask")} }
                    } else {
                        form { class: "letters-form", method: "post", action: "/letters/{view.id}/ask", aria_label: t!("letters-store"),
                            Field {
                                name: "email",
                                r#type: "email",
                                label: t!("letters-email"),
                                hint: t!("letters-hint", shop = store.name.clone()),
                                error: (letters.as_deref() == Some("no-address")).then(|| t!("fault-email")),
                                autocomplete: "email",
                                required: true,
                                maxlength: 254,
                            }
                            Button { r#type: "submit", {t!("letters-ask")} }
                        }
                    }
                }
                if !view.about_html.is_empty() || !view.links.is_empty() {
                    section { class: "wrap store-about",
                        h2 { {t!("store-about")} }
                        div { class: "prose", dir: "auto", dangerous_inner_html: "{view.about_html}" }
                        Elsewhere { links: view.links.clone() }
                    }
                }
            }
        }
    }
}
