//! The seller's pages.

use dioxus::prelude::*;
use vitrine_shared::views::desk::{EditView, ListView, SellerOrder as SellerOrderView, StudioDesk, StudioView};
use vitrine_ui::prelude::*;

use super::{History, Lines, Told, amount_cell, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::{SentBy, drawn};
use crate::shop::parts::{Moment, Page, param};
use crate::shop::talk::{Talk, TalkTold, Write};
use crate::t;

/// `tenant~cursor` of a parameter.
fn cursor(query: &str, name: &str) -> Option<(String, String)> {
    let value = param(query, name)?;
    value.split_once('~').map(|(tenant, page)| (tenant.to_owned(), page.to_owned()))
}

/// Sales and works.
#[component]
pub(super) fn Studio(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let query = query.clone();
        async move { desk.studio(&ctx, cursor(&query, "sales"), cursor(&query, "works")).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &StudioView| {
        rsx! {
            Page { head: Head { title: t!("desk-studio"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-studio")} }
                    p {
                        a { class: "button", href: "/studio/tax", {t!("desk-taxes")} }
                        " "
                        a { class: "button", href: "/studio/tax-settings", {t!("taxset-title")} }
                        " "
                        a { class: "button", href: "/studio/promotions", {t!("promo-title")} }
                        " "
                        a { class: "button", href: "/studio/groups", {t!("group-title")} }
                        " "
                        a { class: "button", href: "/studio/collections", {t!("collection-title")} }
                        " "
                        a { class: "button", href: "/studio/shipping", {t!("ship-title")} }
                        " "
                        a { class: "button", href: "/studio/gift-cards", {t!("gifts-title")} }
                    }
                    for desk in view.desks.iter().cloned() {
                        OneDesk { key: "{desk.tenant}", desk }
                    }
                }
            }
        }
    })
}

#[component]
fn OneDesk(desk: StudioDesk) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    let country = |code: &str| text_or(&format!("country-{code}"), code);
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.name}" } }
            p { class: "notice", {t!("desk-fee", fee = desk.fee.clone())} }
            if !desk.questions.is_empty() || !desk.drafts.is_empty() {
                h3 { {t!("desk-todo")} }
                ul { class: "desk-todo", role: "list",
                    for row in desk.questions.iter() {
                        li { key: "{row.order}",
                            a { href: "/studio/orders/{row.order}", {t!("desk-question", order = row.order.clone())} }
                            " · "
                            Moment { at: row.at.clone() }
                        }
                    }
                    for work in desk.drafts.iter() {
                        li { key: "{work.id}",
                            {t!("desk-draft")}
                            " "
                            a { href: "/studio/works/{work.id}", dir: "auto", "{work.title}" }
                        }
                    }
                }
            }
            ul { class: "desk-todo", role: "list",
                for (store , name , readers) in desk.lists.iter() {
                    li { key: "{store}",
                        a { href: "/studio/letters/{store}", {t!("desk-list-of", shop = name.clone(), count = *readers)} }
                    }
                }
            }
            if desk.sales.is_empty() {
                EmptyState { title: t!("desk-no-sales"), text: t!("desk-no-sales-text") }
            } else {
                Table {
                    caption: t!("desk-sales"),
                    columns: vec![
                        column("desk-when", false),
                        column("desk-what", false),
                        column("desk-buyer-country", false),
                        column("sum-net", true),
                        column("sum-shipping", true),
                        column("desk-fee-column", true),
                        column("desk-share", true),
                    ],
                    for (i , sale) in desk.sales.iter().enumerate() {
                        tr { key: "{i}",
                            td { Moment { at: sale.at.clone() } }
                            td {
                                if sale.refund {
                                    strong { {t!("desk-refund")} " " }
                                }
                                a { href: "/studio/orders/{sale.order}",
                                    for (n , what) in sale.what.iter().enumerate() {
                                        span { key: "{n}", class: "desk-line", dir: "auto", "{what}" }
                                    }
                                }
                            }
                            td { {country(&sale.country)} }
                            td { class: amount_cell(&sale.net), "{sale.net}" }
                            td { class: amount_cell(&sale.shipping), "{sale.shipping}" }
                            td { class: amount_cell(&sale.fee), "{sale.fee}" }
                            td { class: amount_cell(&sale.share), "{sale.share}" }
                        }
                    }
                    for (i , sum) in desk.sums.iter().enumerate() {
                        tr { key: "sum-{i}", class: "desk-sum",
                            th { scope: "row", colspan: "3", {t!("desk-sum")} }
                            for (n , part) in sum.iter().enumerate() {
                                td { key: "{n}", class: amount_cell(part), "{part}" }
                            }
                        }
                    }
                }
                if let Some(to) = desk.older.clone() {
                    p {
                        a { class: "button", href: to, {t!("desk-older")} }
                    }
                }
            }
            Table {
                caption: t!("desk-works"),
                columns: vec![column("desk-title", false), column("facet-type", false), column("desk-status", false)],
                for work in desk.works.iter() {
                    tr { key: "{work.id}",
                        td {
                            a { href: "/studio/works/{work.id}", dir: "auto", "{work.title}" }
                        }
                        td { {t!(&format!("kind-{}", work.kind))} }
                        td { {t!(&format!("desk-status-{}", work.status))} }
                    }
                }
            }
            if let Some(to) = desk.more.clone() {
                p {
                    a { class: "button", href: to, {t!("library-more")} }
                }
            }
        }
    }
}

/// A work's editor.
#[component]
pub(super) fn Work(id: String, query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.edit_view(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &EditView| {
        rsx! {
            Editor { view: view.clone(), query: query.clone() }
        }
    })
}

/// A storefront's mailing list: write to it, see what was sent.
#[component]
pub(super) fn List(id: String, query: String) -> Element {
    let action = format!("/studio/letters/{id}");
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.list(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ListView| {
        rsx! {
            Page { head: Head { title: t!("desk-list"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { dir: "auto", "{view.shop}" }
                    Told { query: query.clone() }
                    p { class: "lead", {t!("desk-list-readers", count = view.readers)} }
                    if view.readers > 0 {
                        form { class: "trade-part desk-form", method: "post", action,
                            h2 { {t!("desk-letter")} }
                            Notice { {t!("desk-letter-text")} }
                            input { r#type: "hidden", name: "attempt", value: "{view.attempt}" }
                            Field { name: "subject", label: t!("desk-letter-subject"), value: view.subject.clone(), required: true, maxlength: 120 }
                            TextArea { name: "text", label: t!("desk-letter-body"), value: view.text.clone(), hint: t!("desk-letter-hint"), rows: 12, required: true, maxlength: 10_000 }
                            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-letter-send", count = view.readers)} }
                        }
                    } else {
                        EmptyState { title: t!("desk-list-empty"), text: t!("desk-list-empty-text") }
                    }
                    for (i , letter) in view.sent.iter().enumerate() {
                        details { key: "{i}", class: "trade-part",
                            summary {
                                bdi { "{letter.subject}" }
                                " · "
                                Moment { at: letter.at.clone() }
                                " · "
                                {t!("desk-list-readers", count = letter.readers)}
                            }
                            p { class: "talk-text", dir: "auto", "{letter.text}" }
                        }
                    }
                }
            }
        }
    })
}

/// One of the seller's orders.
#[component]
pub(super) fn SellerOrder(id: String, query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.seller_order(&ctx, &id).await }
    })?;
    let view = view.read();
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    drawn(&view, |view: &SellerOrderView| {
        let id = view.id.clone();
        rsx! {
            Page { head: Head { title: id.clone(), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { class: "desk-id desk-head", "{id}" }
                    p {
                        Moment { at: view.placed.clone() }
                        " · "
                        {text_or(&format!("country-{}", view.country), &view.country)}
                    }
                    Table {
                        caption: t!("desk-lines"),
                        columns: vec![
                            column("desk-what", false),
                            column("invoice-pieces", true),
                            column("desk-status", false),
                            column("sum-total", true),
                        ],
                        Lines { lines: view.lines.clone() }
                    }
                    if let Some(way) = view.sent_by.clone() {
                        SentBy { way }
                    }
                    section { class: "trade-part", id: "talk",
                        h2 { {t!("desk-talk")} }
                        TalkTold { trouble: param(&query, "trouble"), done: param(&query, "done").is_some() }
                        if view.messages.is_empty() {
                            p { class: "notice", {t!("desk-talk-none")} }
                        }
                        Talk {
                            of: id.clone(),
                            messages: view.messages.clone(),
                            shop: String::new(),
                            ours: true,
                            write: Some(Write {
                                action: format!("/studio/orders/{id}/answer"),
                                secret: None,
                                label: t!("talk-answer"),
                                hint: t!("talk-answer-hint"),
                            }),
                        }
                    }
                }
            }
        }
    })
}

#[component]
fn Editor(view: EditView, query: String) -> Element {
    let work = view.work.clone();
    let faults = view.faults.clone();
    let error = move |field: &str| faults.iter().find(|(f, _)| f == field).map(|(_, code)| t!(code));
    let here = format!("/studio/works/{}", work.id);
    let public = work.status == "published";
    rsx! {
        Page { head: Head { title: work.title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { dir: "auto", "{work.title}" }
                Told { query }
                p {
                    {t!(&format!("desk-status-{}", work.status))}
                    if public {
                        " · "
                        a { href: "{work.href}", {t!("desk-see")} }
                    }
                }
                section { class: "trade-part",
                    h2 { {t!("desk-checklist")} }
                    ul { class: "footer-list", role: "list",
                        for (key , there) in view.checklist.iter() {
                            li { key: "{key}", class: "desk-check",
                                Icon { shape: if *there { Shape::Check } else { Shape::Warning } }
                                span { {t!(key)} }
                                span { class: "notice", {if *there { t!("check-there") } else { t!("check-missing") }} }
                            }
                        }
                    }
                    form { role: "none", method: "post", action: if public { format!("{here}/archive") } else { format!("{here}/publish") },
                        input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                        Button { kind: if public { ButtonKind::Plain } else { ButtonKind::Primary }, r#type: "submit",
                            {if public { t!("desk-archive") } else { t!("desk-publish") }}
                        }
                    }
                    Notice { {if public { t!("desk-archive-text") } else { t!("desk-publish-text") }} }
                }
                form { class: "trade-part desk-form", method: "post", action: "{here}",
                    h2 { {t!("desk-texts")} }
                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                    Field { name: "title", label: t!("desk-title"), value: view.title.clone(), error: error("title"), required: true, maxlength: 200 }
                    Field { name: "latin", label: t!("desk-latin"), value: view.latin.clone(), error: error("latin"), hint: t!("desk-latin-hint"), maxlength: 200 }
                    TextArea { name: "description", label: t!("desk-description"), value: view.description.clone(), hint: t!("desk-description-hint"), error: error("description"), rows: 10 }
                    h2 { {t!("desk-prices")} }
                    Notice { {t!("desk-prices-text")} }
                    for price in view.prices.iter() {
                        Field {
                            key: "{price.field}",
                            name: price.field.clone(),
                            label: format!("{} · {} · {}", price.edition, t!("desk-region", region = price.region.to_uppercase()), price.currency),
                            value: price.amount.clone(),
                            error: error(&price.field),
                            inputmode: "decimal",
                            maxlength: 20,
                        }
                    }
                    div { class: "desk-keys",
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-save")} }
                        Button { r#type: "submit", name: "preview", value: "1", {t!("desk-preview")} }
                    }
                    Notice { {t!("desk-preview-text")} }
                }
                if !view.collections.is_empty() {
                    form { class: "trade-part desk-form", method: "post", action: "{here}/collections", "aria-label": t!("collection-of-work"),
                        h2 { {t!("collection-of-work")} }
                        input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                        for (name , title , is_in) in view.collections.iter() {
                            Checkbox { key: "{name}", name: "in_{name}", checked: *is_in, bdi { "{title}" } }
                        }
                        Button { r#type: "submit", {t!("collection-choose")} }
                    }
                }
                History { rows: view.history.clone() }
            }
        }
    }
}
