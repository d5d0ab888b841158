//! The catalogue and the search page: lists with facets whose whole state is the address.

use dioxus::prelude::*;
use vitrine_shared::views::{CatalogView, FacetView, SearchView, Shared};
use vitrine_ui::prelude::*;

use super::drawn;
use super::endless::Endless;
use crate::platform::{self, Head};
use crate::shop::parts::{Page, SortMenu, WorkCard, facet_word};
use crate::shop::search_box::escape;
use crate::t;

/// Key of the chosen density on this device.
const DENSE: &str = "vitrine.dense";

/// Loads the catalogue for a query string.
#[component]
pub fn Catalog(
    /// Raw query string.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_view(move || crate::data::catalog(query()))?;
    let busy = view.loading();
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            CatalogBody { view: view.clone(), busy }
        }
    })
}

/// Loads the search page for a query string.
#[component]
pub fn Search(
    /// Raw query string.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_view(move || crate::data::search(query()))?;
    let busy = view.loading();
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            SearchBody { view: view.clone(), busy }
        }
    })
}

/// Everything, by facets.
#[component]
pub fn CatalogBody(
    /// What to show.
    #[props(into)]
    view: Shared<CatalogView>,
    /// Another list is on its way.
    #[props(default)]
    busy: bool,
) -> Element {
    let head = Head {
        title: t!("catalog-title"),
        description: t!("catalog-lead"),
        canonical: view.canonical.clone(),
        ..Head::default()
    };
    rsx! {
        Page { head,
            div { class: "wrap list-head",
                h1 { {t!("catalog-title")} }
            }
            Listing { view, busy }
        }
    }
}

/// Works, makers and shops for words; says what was relaxed.
#[component]
pub fn SearchBody(
    /// What to show.
    #[props(into)]
    view: Shared<SearchView>,
    /// Another list is on its way.
    #[props(default)]
    busy: bool,
) -> Element {
    let words = view.works.query.clone();
    let title = if words.is_empty() { t!("search-title") } else { t!("search-title-for", words = words.clone()) };
    let nothing = view.works.total == 0 && view.makers.is_empty() && view.stores.is_empty();
    let head = Head { title: title.clone(), canonical: view.works.canonical.clone(), private: true, ..Head::default() };
    rsx! {
        Page { head,
            div { class: "wrap list-head",
                h1 { dir: "auto", "{title}" }
                for (typed , used) in view.relaxed.iter() {
                    p { key: "{typed}", class: "relaxed",
                        {t!("search-relaxed", typed = typed.clone(), used = used.clone())}
                        " "
                        a { href: "/search?q=%22{escape(typed)}%22", rel: "nofollow", {t!("search-exact", typed = typed.clone())} }
                    }
                }
            }
            if !view.makers.is_empty() || !view.stores.is_empty() {
                div { class: "wrap found",
                    Found { title: t!("search-makers"), names: view.makers.clone() }
                    Found { title: t!("search-shops"), names: view.stores.clone() }
                }
            }
            if nothing && view.works.chips.is_empty() {
                div { class: "wrap",
                    EmptyState { title: t!("search-nothing", words = words), text: t!("search-nothing-text"),
                        Go { to: "/catalog", class: "button", {t!("fault-catalog")} }
                    }
                    if !view.instead.is_empty() {
                        h2 { class: "instead", {t!("search-instead")} }
                        CardGrid {
                            for card in view.instead.iter().cloned() {
                                WorkCard { key: "{card.id}", card }
                            }
                        }
                    }
                }
            } else {
                Listing { view: view.works.clone(), busy }
            }
        }
    }
}

/// Makers or shops found.
#[component]
fn Found(title: String, names: Vec<vitrine_shared::views::Named>) -> Element {
    if names.is_empty() {
        return VNode::empty();
    }
    rsx! {
        section {
            h2 { class: "found-title", "{title}" }
            div { class: "chips",
                for named in names {
                    Chip {
                        key: "{named.href}",
                        to: named.href.clone(),
                        label: match &named.latin {
                            Some(latin) => format!("{} ({latin})", named.name),
                            None => named.name.clone(),
                        },
                    }
                }
            }
        }
    }
}

/// Facets, chips, count, sort, density, cards, pages.
#[component]
fn Listing(view: Shared<CatalogView>, busy: bool) -> Element {
    let mut dense = use_signal(|| false);
    use_effect(move || dense.set(platform::kept(DENSE).as_deref() == Some("1")));
    let action = view.canonical.split('?').next().unwrap_or("/catalog").to_owned();
    rsx! {
        div { class: "wrap listing", aria_busy: busy.then_some("true"),
            aside { class: "listing-facets", aria_label: t!("facets-label"),
                details { class: "facets-fold",
                    summary { class: "button", Icon { shape: Shape::Filter } {t!("facets-label")} }
                    for facet in view.facets.iter().cloned() {
                        FacetOf { key: "{facet.name}", facet }
                    }
                }
            }
            section { class: "listing-main", aria_label: t!("results-label"),
                div { class: "listing-bar",
                    p { class: "listing-count", role: "status", {t!("results-count", count = view.total)} }
                    SortMenu { action, words: view.query.clone(), sorts: view.sorts.clone(), hidden: view.hidden.clone() }
                    // Always in its place, so that the list does not move when the page comes alive.
                    div { class: "needs-script",
                        Button {
                            kind: ButtonKind::Quiet,
                            onclick: move |_| {
                                let to = !dense();
                                dense.set(to);
                                platform::keep(DENSE, if to { "1" } else { "0" });
                            },
                            if dense() {
                                {t!("density-large")}
                            } else {
                                {t!("density-small")}
                            }
                        }
                    }
                }
                if !view.chips.is_empty() {
                    div { class: "chips",
                        for chip in view.chips.iter() {
                            Chip {
                                key: "{chip.href}",
                                to: chip.href.clone(),
                                label: facet_word(chip),
                                remove: t!("filter-remove", name = facet_word(chip)),
                            }
                        }
                        Chip { to: view.clear_href.clone(), label: t!("filter-clear") }
                    }
                }
                if view.cards.is_empty() {
                    EmptyState { title: t!("results-empty"), text: t!("results-empty-text"),
                        for chip in view.chips.iter() {
                            Go { key: "{chip.href}", to: chip.href.clone(), class: "button",
                                if chip.count > 0 {
                                    {t!("filter-drop-brings", name = facet_word(chip), count = chip.count)}
                                } else {
                                    {t!("filter-drop", name = facet_word(chip))}
                                }
                            }
                        }
                        Go { to: view.clear_href.clone(), class: "button button-primary", {t!("filter-clear")} }
                    }
                } else {
                    Endless { view: view.clone(), dense: dense() }
                }
            }
        }
    }
}

/// One facet; an empty one is not drawn.
#[component]
fn FacetOf(facet: FacetView) -> Element {
    if facet.values.is_empty() {
        return VNode::empty();
    }
    let options = facet
        .values
        .iter()
        .map(|v| FacetOption {
            label: facet_word(v),
            count: v.count.to_string(),
            count_said: t!("works-count", count = v.count),
            active: v.active,
            href: v.href.clone(),
        })
        .collect::<Vec<_>>();
    let open = matches!(facet.name.as_str(), "type" | "genre") || options.iter().any(|o| o.active);
    rsx! {
        FacetGroup { title: t!(&format!("facet-{}", facet.name)), options, open, chosen: t!("facet-chosen") }
    }
}
