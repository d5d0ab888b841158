//! What a person owns: the list, and one work to play, read and download.

use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::owned::{LibraryView, OwnedCard, OwnedView};
use vitrine_ui::prelude::*;

use super::drawn;
use super::owned::OwnedBlock;
use super::work::Parts;
use crate::platform::Head;
use crate::shop::parts::{Makers, Page, PageLinks, SortMenu, WorkCard, facet_word, kind_shape, picture_of};
use crate::t;

/// Loads the library.
#[component]
pub fn Library(
    /// Raw query string: words, kinds, order, page.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::library(query()))?;
    let view = view.read();
    signed_in(&view, "/my-products", |view| {
        rsx! {
            LibraryBody { view: view.clone() }
        }
    })
}

/// Loads one work owned.
#[component]
pub fn Owned(
    /// Work id.
    id: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::owned(id()))?;
    let view = view.read();
    signed_in(&view, "/my-products", |view| {
        rsx! {
            OwnedBody { key: "{view.card.id}", view: view.clone() }
        }
    })
}

/// As [`drawn`], but whoever is not signed in gets the way there.
pub(crate) fn signed_in<T>(loaded: &Result<T, Problem>, to: &str, draw: impl FnOnce(&T) -> Element) -> Element {
    match loaded {
        Err(problem) if problem.status == 401 => rsx! {
            Page { head: Head { title: t!("library-title"), private: true, ..Head::default() },
                div { class: "wrap eula",
                    h1 { {t!("library-title")} }
                    p { {t!("library-signed-out")} }
                    p {
                        a { class: "button button-primary", href: "/auth/login?to={to}", {t!("account-sign-in")} }
                    }
                    Notice { {t!("library-guest")} }
                }
            }
        },
        loaded => drawn(loaded, draw),
    }
}

/// Everything owned, by words, kind and order.
#[component]
pub fn LibraryBody(
    /// What to show.
    view: LibraryView,
) -> Element {
    rsx! {
        Page { head: Head { title: t!("library-title"), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { {t!("library-title")} }
                if view.owned == 0 {
                    EmptyState { title: t!("library-empty"), text: t!("library-empty-text"),
                        Go { to: "/catalog", class: "button button-primary", {t!("fault-catalog")} }
                    }
                } else {
                    div { class: "listing-bar",
                        form { class: "library-find", method: "get", action: "/my-products", aria_label: t!("library-title"),
                            for (name , value) in view.hidden.iter() {
                                input { key: "{name}={value}", r#type: "hidden", name: "{name}", value: "{value}" }
                            }
                            Field { name: "q", r#type: "search", label: t!("library-find"), value: view.query.clone(), maxlength: 200 }
                            Button { r#type: "submit", {t!("search-go")} }
                        }
                        SortMenu { action: "/my-products", words: view.query.clone(), sorts: view.sorts.clone(), hidden: view.hidden.clone() }
                    }
                    if view.kinds.len() > 1 || view.kinds.iter().any(|k| k.active) {
                        div { class: "chips",
                            for kind in view.kinds.iter() {
                                Chip {
                                    key: "{kind.value}",
                                    to: kind.href.clone(),
                                    label: facet_word(kind),
                                    count: kind.count,
                                    remove: kind.active.then(|| t!("filter-remove", name = facet_word(kind))),
                                }
                            }
                        }
                    }
                    p { class: "listing-count", role: "status", {t!("results-count", count = view.total)} }
                    if view.items.is_empty() {
                        EmptyState { title: t!("results-empty"), text: t!("library-nothing-fits"),
                            Go { to: view.clear_href.clone(), class: "button button-primary", {t!("filter-clear")} }
                        }
                    } else {
                        CardGrid {
                            for item in view.items.iter() {
                                WorkCard { key: "{item.card.id}", card: item.card.clone(), level: 2, owned: Some(mark(item)) }
                            }
                        }
                    }
                }
                PageLinks { page: view.page, pages: view.pages, links: view.page_links.clone() }
            }
        }
    }
}

/// What is to say of a work owned: that access is lost, before that it is new, before that it has grown.
fn mark(item: &OwnedCard) -> String {
    match item {
        OwnedCard { lost: Some(_), .. } => t!("library-mark-lost"),
        OwnedCard { new: true, .. } => t!("library-mark-new"),
        OwnedCard { grown: true, .. } => t!("library-mark-grown"),
        _ => String::new(),
    }
}

/// Play, read, download, licence, order.
#[component]
pub fn OwnedBody(
    /// What to show.
    view: OwnedView,
) -> Element {
    let card = view.card.clone();
    let tint = card.cover.as_ref().map_or(0, |c| c.tint);
    rsx! {
        Page { head: Head { title: card.title.clone(), private: true, ..Head::default() }, tint,
            div { class: "wrap",
                Breadcrumb {
                    label: t!("crumbs-label"),
                    crumbs: vec![
                        Crumb { label: t!("library-title"), href: Some("/my-products".to_owned()) },
                        Crumb { label: card.title.clone(), href: None },
                    ],
                }
                div { class: "work",
                    div { class: "work-cover",
                        Cover { picture: card.cover.as_ref().map(picture_of), fallback: kind_shape(card.kind), wanted: Wanted::First, sizes: "(max-width: 60rem) 92vw, 34rem" }
                    }
                    div { class: "work-text",
                        h1 { dir: "auto", "{card.title}" }
                        p { class: "work-by",
                            Makers { makers: card.makers.clone() }
                        }
                        OwnedBlock { view: view.clone() }
                    }
                }
                if card.kind != WorkKind::Video && !view.parts.is_empty() {
                    Parts { kind: card.kind, parts: view.parts.clone() }
                }
            }
        }
    }
}
