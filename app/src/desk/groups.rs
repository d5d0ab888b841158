//! Groups of customers: the list, and one group with its members.

use dioxus::prelude::*;
use vitrine_shared::views::desk::{GroupDesk, GroupView, GroupsView};
use vitrine_ui::prelude::*;

use super::{History, Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page, param};
use crate::t;

/// Every seller's groups.
#[component]
pub(super) fn Groups(query: String) -> Element {
    let asked = query.clone();
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&asked, "tenant").unwrap_or_default();
        let typed = param(&asked, "kept").is_some();
        async move { desk.groups(&ctx, &tenant, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &GroupsView| {
        rsx! {
            Page { head: Head { title: t!("group-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    p {
                        a { href: "/studio/promotions", {t!("promo-title")} }
                    }
                    h1 { {t!("group-title")} }
                    p { {t!("group-text")} }
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
fn OneDesk(desk: GroupDesk) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    let value = |name: &str| desk.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| desk.faults.get(name).map(|key| text_or(key, &t!("desk-trouble-other")));
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.seller}" } }
            if desk.rows.is_empty() {
                EmptyState { title: t!("group-none"), text: t!("group-none-text") }
            } else {
                Table {
                    caption: t!("group-of", name = desk.seller.clone()),
                    columns: vec![column("group-label", false), column("group-name", false), column("group-members", true)],
                    for row in desk.rows.iter() {
                        tr { key: "{row.name}",
                            td {
                                a { href: "/studio/groups/{row.name}?tenant={desk.tenant}", bdi { "{row.title}" } }
                            }
                            td { class: "desk-id", "{row.name}" }
                            td { class: "end", "{row.count}" }
                        }
                    }
                }
            }
            form { class: "trade-part desk-form", method: "post", action: "/studio/groups", "aria-label": t!("group-new"),
                h3 { {t!("group-new")} }
                input { r#type: "hidden", name: "tenant", value: "{desk.tenant}" }
                Field { name: "title", label: t!("group-label"), value: value("title"), error: error("title"), required: true, maxlength: 100, autocomplete: "off" }
                Field { name: "name", label: t!("group-name"), hint: t!("group-name-hint"), value: value("name"), error: error("name"), required: true, maxlength: 40, autocomplete: "off" }
                Button { kind: ButtonKind::Primary, r#type: "submit", {t!("group-make")} }
            }
        }
    }
}

/// One group.
#[component]
pub(super) fn Group(name: String, query: String) -> Element {
    let asked = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (name, tenant) = (name.clone(), param(&asked, "tenant").unwrap_or_default());
        let (after, typed) = (param(&asked, "after"), param(&asked, "kept").is_some());
        async move { desk.group(&ctx, (&tenant, &name), after.as_deref(), typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &GroupView| {
        rsx! {
            Members { view: view.clone(), query: query.clone() }
        }
    })
}

#[component]
fn Members(view: GroupView, query: String) -> Element {
    let (row, tenant) = (&view.row, &view.tenant);
    let here = format!("/studio/groups/{}", row.name);
    let column = |key: &str| Column { title: t!(key), number: false };
    let error = view.fault.as_ref().map(|key| {
        let told = text_or(key, &t!("desk-trouble-other"));
        if view.wrong.is_empty() { told } else { format!("{told}: {}", view.wrong) }
    });
    rsx! {
        Page { head: Head { title: row.title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                p {
                    a { href: "/studio/groups?tenant={tenant}", {t!("group-title")} }
                }
                h1 { bdi { "{row.title}" } }
                Told { query: query.clone() }
                p {
                    {t!("group-count", count = row.count, most = view.most)}
                    " · "
                    span { class: "desk-id", "{row.name}" }
                }
                form { class: "trade-part desk-form", method: "post", action: "{here}", "aria-label": t!("group-addresses"),
                    input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                    TextArea { name: "addresses", label: t!("group-addresses"), hint: t!("group-addresses-hint"), value: view.typed.clone(), error, rows: 8, maxlength: 100000 }
                    div { class: "trade-act",
                        Button { kind: ButtonKind::Primary, r#type: "submit", name: "act", value: "in", {t!("group-in")} }
                        Button { r#type: "submit", name: "act", value: "out", {t!("group-out")} }
                    }
                }
                if view.members.is_empty() {
                    EmptyState { title: t!("group-nobody"), text: t!("group-nobody-text") }
                } else {
                    Table {
                        caption: t!("group-members"),
                        columns: vec![column("group-address"), column("group-since"), column("group-act")],
                        for member in view.members.iter() {
                            tr { key: "{member.email}",
                                td { bdi { "{member.email}" } }
                                td { Moment { at: member.since.clone() } }
                                td {
                                    form { role: "none", method: "post", action: "{here}",
                                        input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                                        input { r#type: "hidden", name: "addresses", value: "{member.email}" }
                                        button { class: "button button-quiet", r#type: "submit", name: "act", value: "out", aria_label: t!("group-out-of", email = member.email.clone()), {t!("group-out")} }
                                    }
                                }
                            }
                        }
                    }
                    if let Some(next) = &view.next {
                        p {
                            a { class: "button", href: "{here}?tenant={tenant}&after={next}", {t!("group-more")} }
                        }
                    }
                }
                if row.count == 0 {
                    form { method: "post", action: "{here}/delete", "aria-label": t!("group-delete"),
                        input { r#type: "hidden", name: "tenant", value: "{tenant}" }
                        Button { r#type: "submit", {t!("group-delete")} }
                    }
                }
                if !view.history.is_empty() {
                    History { rows: view.history.clone() }
                }
            }
        }
    }
}
