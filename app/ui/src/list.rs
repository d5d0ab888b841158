//! Finding one's way in lists: chips, facets, pages, crumbs. All are links, so all work without scripts.

use dioxus::prelude::*;

use crate::icon::{Icon, Shape, icon};
use crate::link::{Go, inside};

/// A word that leads somewhere, or an active filter that its cross takes away.
#[component]
pub fn Chip(
    /// Address.
    #[props(into)]
    to: String,
    /// Words.
    #[props(into)]
    label: String,
    /// How many works.
    #[props(default)]
    count: Option<u64>,
    /// Says what pressing takes away; given, the chip is an active filter.
    #[props(default, into)]
    remove: Option<String>,
) -> Element {
    let class = if remove.is_some() { "chip chip-active" } else { "chip" };
    rsx! {
        a { "data-go": inside(&to), href: to, class, aria_label: remove.clone(),
            bdi { "{label}" }
            if let Some(count) = count {
                span { class: "chip-count", "{count}" }
            }
            if remove.is_some() {
                {icon(Shape::Close)}
            }
        }
    }
}

/// One value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetOption {
    /// Shown.
    pub label: String,
    /// Works that have it, formatted.
    pub count: String,
    /// What a screen reader says of the count.
    pub count_said: String,
    /// Chosen.
    pub active: bool,
    /// Address with it switched.
    pub href: String,
}

/// A facet that folds, its values as switches.
#[component]
pub fn FacetGroup(
    /// Name.
    #[props(into)]
    title: String,
    /// Values in order.
    options: Vec<FacetOption>,
    /// Unfolded.
    #[props(default)]
    open: bool,
    /// Said after a chosen value.
    #[props(into)]
    chosen: String,
) -> Element {
    rsx! {
        details { class: "facet", open,
            summary {
                span { "{title}" }
                {icon(Shape::Down)}
            }
            ul { class: "facet-list", role: "list",
                for option in options {
                    li { key: "{option.href}",
                        a {
                            "data-go": "",
                            href: option.href,
                            class: "facet-link",
                            rel: "nofollow",
                            aria_current: option.active.then_some("true"),
                            span { class: "facet-box", "aria-hidden": "true",
                                if option.active {
                                    {icon(Shape::Check)}
                                }
                            }
                            span { class: "facet-name",
                                bdi { "{option.label}" }
                                if option.active {
                                    span { class: "sr-only", ", {chosen}" }
                                }
                            }
                            span { class: "facet-count",
                                span { "aria-hidden": "true", "{option.count}" }
                                span { class: "sr-only", "{option.count_said}" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Links to the pages of a list.
#[component]
pub fn Pagination(
    /// Names it to screen readers.
    #[props(into)]
    label: String,
    /// The page shown, from 1.
    page: u32,
    /// Pages linked: number, address; gaps are shown as an ellipsis.
    links: Vec<(u32, String)>,
    /// Words of the link to the page before.
    #[props(into)]
    previous: String,
    /// Words of the link to the page after.
    #[props(into)]
    next: String,
) -> Element {
    let href = |n: u32| links.iter().find(|(m, _)| *m == n).map(|(_, h)| h.clone());
    let (before, after) = (page.checked_sub(1).and_then(href), href(page + 1));
    let shown: Vec<(bool, u32, String)> =
        links.iter().enumerate().map(|(i, (n, h))| (i > 0 && links[i - 1].0 + 1 < *n, *n, h.clone())).collect();
    rsx! {
        nav { class: "pagination", aria_label: label,
            if let Some(to) = before {
                Go { to, rel: "prev", label: previous,
                    Icon { shape: Shape::Back }
                }
            }
            for (gap , n , to) in shown {
                Fragment { key: "{n}",
                    if gap {
                        span { "aria-hidden": "true", "…" }
                    }
                    if n == page {
                        span { aria_current: "page", "{n}" }
                    } else {
                        Go { to, "{n}" }
                    }
                }
            }
            if let Some(to) = after {
                Go { to, rel: "next", label: next,
                    Icon { shape: Shape::Forward }
                }
            }
        }
    }
}

/// One step of a [`Breadcrumb`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// Shown.
    pub label: String,
    /// Address; none: the page itself.
    pub href: Option<String>,
}

/// Where the page stands.
#[component]
pub fn Breadcrumb(
    /// Names it to screen readers.
    #[props(into)]
    label: String,
    /// From the top down.
    crumbs: Vec<Crumb>,
) -> Element {
    rsx! {
        nav { class: "breadcrumb", aria_label: label,
            ol { class: "crumbs", role: "list",
                for (i , crumb) in crumbs.into_iter().enumerate() {
                    li { key: "{i}",
                        if let Some(to) = crumb.href {
                            Go { to, "{crumb.label}" }
                        } else {
                            span { aria_current: "page", "{crumb.label}" }
                        }
                    }
                }
            }
        }
    }
}
