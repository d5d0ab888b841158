//! Collections of works: the list, and one collection with its works.

use dioxus::prelude::*;
use vitrine_shared::views::collections::{CollectionDesk, CollectionView, CollectionsView};
use vitrine_ui::prelude::*;

use super::{History, Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

/// Every seller's collections.
#[component]
pub(super) fn Collections(query: String) -> Element {
    let asked = query.clone();
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&asked, "tenant").unwrap_or_default();
        let typed = param(&asked, "kept").is_some();
        async move { desk.collections(&ctx, &tenant, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &CollectionsView| {
        rsx! {
            Page { head: Head { title: t!("collection-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    p {
                        a { href: "/studio/promotions", {t!("promo-title")} }
                    }
                    h1 { {t!("collection-title")} }
                    p { {t!("collection-text")} }
                    Told { query: query.clone() }
                    for desk in view.desks.iter().cloned() {
                        OneDesk { key: "{desk.tenant}", desk }
                    }
                }
            }
        }
    })
}

#[component]
fn OneDesk(desk: CollectionDesk) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    let value = |name: &str| desk.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| desk.faults.get(name).map(|key| text_or(key, &t!("desk-trouble-other")));
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.seller}" } }
            if desk.rows.is_empty() {
                EmptyState { title: t!("collection-none"), text: t!("collection-none-text") }
            } else {
                Table {
                    caption: t!("collection-of", name = desk.seller.clone()),
                    columns: vec![column("collection-label", false), column("collection-name", false), column("desk-works", true)],
                    for row in desk.rows.iter() {
                        tr { key: "{row.name}",
                            td {
                                a { href: "/studio/collections/{row.name}?tenant={desk.tenant}", bdi { "{row.title}" } }
                            }
                            td { class: "desk-id", "{row.name}" }
                            td { class: "end", "{row.count}" }
                        }
                    }
                }
            }
            form { class: "trade-part desk-form", method: "post", action: "/studio/collections", "aria-label": t!("collection-new"),
                h3 { {t!("collection-new")} }
                input { r#type: "hidden", name: "tenant", value: "{desk.tenant}" }
                Field { name: "title", label: t!("collection-label"), value: value("title"), error: error("title"), required: true, maxlength: 100, autocomplete: "off" }
                Field { name: "name", label: t!("collection-name"), hint: t!("collection-name-hint"), value: value("name"), error: error("name"), required: true, maxlength: 64, autocomplete: "off" }
                Button { kind: ButtonKind::Primary, r#type: "submit", {t!("collection-make")} }
            }
        }
    }
}

/// One collection.
#[component]
pub(super) fn Collection(name: String, query: String) -> Element {
    let asked = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (name, tenant) = (name.clone(), param(&asked, "tenant").unwrap_or_default());
        let (after, typed) = (param(&asked, "after"), param(&asked, "kept").is_some());
        async move { desk.collection(&ctx, (&tenant, &name), after.as_deref(), typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &CollectionView| {
        rsx! {
            Works { view: view.clone(), query: query.clone() }
        }
    })
}

#[component]
fn Works(view: CollectionView, query: String) -> Element {
    let (row, tenant) = (&view.row, &view.tenant);
    let here = format!("/studio/collections/{}", row.name);
    let column = |key: &str| Column { title: t!(key), number: false };
    let value = |name: &str| view.fields.get(name).cloned();
    let error = |name: &str| {
        let told = view.faults.get(name).map(|key| text_or(key, &t!("desk-trouble-other")));
        told.map(|told| if view.wrong.is_empty() { told } else { format!("{told}: {}", view.wrong) })
    };
    rsx! {
        Page { head: Head { title: row.title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                p {
                    a { href: "/studio/collections?tenant={tenant}", {t!("collection-title")} }
                }
                h1 { bdi { "{row.title}" } }
                Told { query: query.clone() }
                p {
                    {t!("collection-count", count = row.count, most = view.most)}
                    " · "
                    span { class: "desk-id", "{row.name}" }
                }
                form { class: "trade-part desk-form", method: "post", action: "{here}", "aria-label": t!("collection-works"),
                    input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                    TextArea { name: "works", label: t!("collection-works"), hint: t!("collection-works-hint"), value: value("works").unwrap_or_default(), error: error("works"), rows: 8, maxlength: 100000 }
                    div { class: "trade-act",
                        Button { kind: ButtonKind::Primary, r#type: "submit", name: "act", value: "in", {t!("group-in")} }
                        Button { r#type: "submit", name: "act", value: "out", {t!("group-out")} }
                    }
                }
                if view.works.is_empty() {
                    EmptyState { title: t!("collection-nothing"), text: t!("collection-nothing-text") }
                } else {
                    Table {
                        caption: t!("desk-works"),
                        columns: vec![column("desk-title"), column("facet-type"), column("desk-status"), column("group-act")],
                        for work in view.works.iter() {
                            tr { key: "{work.id}",
                                td {
                                    a { href: "/studio/works/{work.id}", dir: "auto", "{work.title}" }
                                }
                                td { {t!(&format!("kind-{}", work.kind))} }
                                td { {t!(&format!("desk-status-{}", work.status))} }
                                td {
                                    form { role: "none", method: "post", action: "{here}",
                                        input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                                        input { r#type: "hidden", name: "works", value: "{work.id}" }
                                        button { class: "button button-quiet", r#type: "submit", name: "act", value: "out", aria_label: t!("collection-out-of", title = work.title.clone()), {t!("group-out")} }
                                    }
                                }
                            }
                        }
                    }
                }
                if let Some(next) = &view.next {
                    p {
                        a { class: "button", href: "{here}?tenant={tenant}&after={next}", {t!("collection-more")} }
                    }
                }
                form { class: "trade-part desk-form", method: "post", action: "{here}", "aria-label": t!("collection-rename"),
                    h2 { {t!("collection-rename")} }
                    input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                    Field { name: "title", label: t!("collection-label"), value: value("title").unwrap_or_else(|| row.title.clone()), error: error("title"), required: true, maxlength: 100, autocomplete: "off" }
                    Button { r#type: "submit", name: "act", value: "title", {t!("desk-save")} }
                }
                if view.promotions.is_empty() {
                    form { class: "trade-part", method: "post", action: "{here}/delete", "aria-label": t!("collection-delete"),
                        input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                        p { {t!("collection-delete-text")} }
                        Button { r#type: "submit", {t!("collection-delete")} }
                    }
                } else {
                    section { class: "trade-part",
                        h2 { {t!("collection-promotions")} }
                        p { {t!("collection-promotions-text")} }
                        ul { class: "desk-todo", role: "list",
                            for (id , label) in view.promotions.iter() {
                                li { key: "{id}",
                                    a { href: "/studio/promotions/{id}?tenant={tenant}", bdi { "{label}" } }
                                }
                            }
                        }
                    }
                }
                History { rows: view.history.clone() }
            }
        }
    }
}
