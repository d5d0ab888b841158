//! The platform's pages: orders, refunds, parcels, imports.

use dioxus::prelude::*;
use vitrine_shared::views::Named;
use vitrine_shared::views::desk::{DeskOrder, ImportView, JobsView, OrdersView};
use vitrine_ui::prelude::*;

use super::{History, Lines, Told, use_desk};
use crate::i18n::text_with;
use crate::platform::Head;
use crate::shop::pages::Sums;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page, param};
use crate::shop::talk::Talk;
use crate::t;

/// Orders by id or e-mail, or the newest.
#[component]
pub(super) fn Orders(query: String) -> Element {
    let words = param(&query, "q").unwrap_or_default();
    let view = use_desk(move |desk, ctx| {
        let words = words.clone();
        async move { desk.orders(&ctx, &words).await }
    })?;
    let view = view.read();
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    drawn(&view, |view: &OrdersView| {
        rsx! {
            Page { head: Head { title: t!("desk-orders"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-orders")} }
                    form { class: "fault-search", method: "get", action: "/admin",
                        Field { name: "q", r#type: "search", label: t!("desk-find"), hint: t!("desk-find-hint"), value: view.query.clone(), accesskey: "k", maxlength: 200 }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("search-go")} }
                    }
                    Hits { title: t!("desk-works"), names: view.works.clone() }
                    Hits { title: t!("desk-names"), names: view.names.clone() }
                    History { rows: view.history.clone() }
                    if !view.places.is_empty() {
                        section { class: "trade-short",
                            h2 { {t!("desk-places")} }
                            Notice { {t!("desk-places-text")} }
                            ul { class: "footer-list", role: "list",
                                for (row , facts) in view.places.iter() {
                                    li { key: "{row.id}",
                                        a { class: "desk-id", href: "/admin/orders/{row.id}", "{row.id}" }
                                        " · "
                                        Moment { at: row.placed.clone() }
                                        " · "
                                        bdi { "{row.seller}" }
                                        for (i , fact) in facts.iter().enumerate() {
                                            span { key: "{i}", class: "notice", " " {text_with(&fact.key, &fact.args)} }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    if view.rows.is_empty() && !(view.works.is_empty() && view.names.is_empty() && view.history.is_empty()) {
                        p { class: "notice", {t!("desk-no-orders")} }
                    } else if view.rows.is_empty() {
                        EmptyState { title: t!("desk-no-orders"), text: t!("desk-no-orders-text") }
                    } else {
                        Table {
                            caption: if view.query.is_empty() { t!("desk-newest") } else { t!("desk-found") },
                            columns: vec![
                                column("desk-when", false),
                                column("desk-order", false),
                                column("invoice-seller", false),
                                column("desk-status", false),
                                column("sum-total", true),
                            ],
                            for row in view.rows.iter() {
                                tr { key: "{row.id}",
                                    td { Moment { at: row.placed.clone() } }
                                    td { class: "desk-id",
                                        a { href: "/admin/orders/{row.id}", "{row.id}" }
                                    }
                                    td { bdi { "{row.seller}" } }
                                    td { {t!(&row.state)} }
                                    td { class: "end", "{row.total}" }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// Works, makers or shops that fit.
#[component]
fn Hits(title: String, names: Vec<Named>) -> Element {
    if names.is_empty() {
        return VNode::empty();
    }
    rsx! {
        section { class: "trade-short",
            h2 { "{title}" }
            ul { class: "footer-list", role: "list",
                for named in names {
                    li { key: "{named.href}",
                        a { href: "{named.href}", bdi { "{named.name}" } }
                        if let Some(latin) = named.latin {
                            " ({latin})"
                        }
                    }
                }
            }
        }
    }
}

/// Jobs that gave up, each with another try.
#[component]
pub(super) fn Jobs(query: String) -> Element {
    let cursor = param(&query, "cursor");
    let view = use_desk(move |desk, ctx| {
        let cursor = cursor.clone();
        async move { desk.jobs(&ctx, cursor).await }
    })?;
    let view = view.read();
    let column = |key: &str| Column { title: t!(key), number: false };
    drawn(&view, |view: &JobsView| {
        rsx! {
            Page { head: Head { title: t!("desk-jobs"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-jobs")} }
                    Told { query: query.clone() }
                    p { {t!("desk-jobs-depth", waiting = view.waiting, dead = view.dead)} }
                    if view.rows.is_empty() {
                        EmptyState { title: t!("desk-no-jobs"), text: t!("desk-no-jobs-text") }
                    } else {
                        Table {
                            caption: t!("desk-jobs-dead"),
                            columns: vec![
                                column("desk-when"),
                                column("desk-job"),
                                column("desk-error"),
                                column("desk-act"),
                            ],
                            for job in view.rows.iter() {
                                tr { key: "{job.kind}#{job.key}",
                                    td { Moment { at: job.died.clone() } }
                                    td { class: "desk-id", "{job.kind} {job.key}" }
                                    td { class: "desk-id", "{job.error}" }
                                    td {
                                        form { method: "post", action: "/admin/jobs",
                                            input { r#type: "hidden", name: "kind", value: "{job.kind}" }
                                            input { r#type: "hidden", name: "key", value: "{job.key}" }
                                            button { class: "button", r#type: "submit", aria_label: t!("desk-revive-of", name = format!("{} {}", job.kind, job.key)), {t!("desk-revive")} }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    if let Some(more) = view.more.clone() {
                        p {
                            a { class: "button", href: more, {t!("desk-jobs-more")} }
                        }
                    }
                    History { rows: view.history.clone() }
                }
            }
        }
    })
}

/// One order.
#[component]
pub(super) fn Order(id: String, query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.order(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &DeskOrder| {
        rsx! {
            OneOrder { view: view.clone(), query: query.clone() }
        }
    })
}

#[component]
fn OneOrder(view: DeskOrder, query: String) -> Element {
    let id = view.row.id.clone();
    let can_ship = view.lines.iter().any(|l| l.to_ship);
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        Page { head: Head { title: id.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { class: "desk-id desk-head", "{id}" }
                Told { query }
                p {
                    strong { {t!(&view.row.state)} }
                    " · "
                    Moment { at: view.row.placed.clone() }
                    " · "
                    a { href: "{view.store.href}", bdi { "{view.store.name}" } }
                }
                if view.waiting > 0 {
                    Alert { tone: Tone::Warn, title: t!("desk-waiting"), {t!("desk-waiting-text")} }
                }
                div { class: "invoice-sides",
                    section {
                        h2 { {t!("invoice-buyer")} }
                        if view.buyer.is_empty() {
                            p { {t!("desk-erased")} }
                        }
                        address {
                            for (i , line) in view.buyer.iter().enumerate() {
                                span { key: "{i}", dir: "auto", "{line}" }
                            }
                        }
                    }
                    section {
                        h2 { {t!("desk-payment")} }
                        p { class: "desk-id", "{view.payment}" }
                        for (i , part) in view.paid.iter().enumerate() {
                            p { key: "{i}",
                                {t!(&part.key)}
                                " "
                                bdi { "{part.detail}" }
                                " {part.amount}"
                            }
                        }
                        p { class: "desk-id",
                            a { href: "/orders/{view.checkout}", "{view.checkout}" }
                        }
                        for sibling in view.siblings.iter() {
                            p { key: "{sibling}", class: "desk-id",
                                a { href: "/admin/orders/{sibling}", "{sibling}" }
                            }
                        }
                        for (number , to) in view.papers.iter() {
                            p { key: "{number}",
                                a { href: "{to}", "{number}" }
                            }
                        }
                    }
                    if !view.tax.is_empty() {
                        section {
                            h2 { {t!("desk-tax")} }
                            ul { class: "footer-list", role: "list",
                                for (i , fact) in view.tax.iter().enumerate() {
                                    li { key: "{i}", {text_with(&fact.key, &fact.args)} }
                                }
                            }
                        }
                    }
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
                Sums { sums: view.sums.clone() }
                if let Some(back) = view.refunded.clone() {
                    p { {t!("desk-given-back", amount = back)} }
                }
                if can_ship {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/orders/{id}/ship",
                        h2 { {t!("desk-ship")} }
                        fieldset {
                            legend { class: "sr-only", {t!("desk-lines")} }
                            for line in view.lines.iter().filter(|l| l.to_ship) {
                                Checkbox { key: "{line.number}", name: "line", value: line.number.to_string(), checked: true, "{line.what}" }
                            }
                        }
                        Field { name: "tracking", label: t!("desk-tracking"), hint: t!("desk-tracking-hint"), required: true, maxlength: 200 }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-ship-go")} }
                    }
                }
                if view.to_refund {
                    p {
                        a { class: "button", href: "/admin/orders/{id}/refund", {t!("desk-refund-open")} }
                    }
                }
                if let Some((number, invoice)) = view.to_void.clone() {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/orders/{id}/void", "aria-labelledby": "void-invoice",
                        h2 { id: "void-invoice", {t!("desk-void", number = number)} }
                        Notice { {t!("desk-void-text")} }
                        input { r#type: "hidden", name: "invoice", value: "{invoice}" }
                        Field { name: "void_reason", label: t!("desk-reason"), hint: t!("desk-void-hint"), required: true, maxlength: 200 }
                        Button { kind: ButtonKind::Danger, r#type: "submit", {t!("desk-void-go")} }
                    }
                }
                if view.place_open {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/orders/{id}/place", "aria-labelledby": "settle-place",
                        h2 { id: "settle-place", {t!("desk-place")} }
                        Notice { {t!("desk-place-text")} }
                        Field { name: "place_reason", label: t!("desk-reason"), hint: t!("desk-place-hint"), required: true, maxlength: 200 }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-place-go")} }
                    }
                }
                if view.row.state != "desk-unpaid" {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/orders/{id}/credit", "aria-labelledby": "give-credit",
                        h2 { id: "give-credit", {t!("desk-credit")} }
                        Notice { {t!("desk-credit-text")} }
                        input { r#type: "hidden", name: "attempt", value: "{view.credit_attempt}" }
                        Field { name: "credit_amount", label: t!("desk-value-amount"), hint: t!("desk-value-amount-hint"), inputmode: "decimal", required: true, maxlength: 40 }
                        Field { name: "credit_ends", r#type: "date", label: t!("desk-value-ends"), hint: t!("desk-credit-ends-hint") }
                        Field { name: "credit_reason", label: t!("desk-reason"), hint: t!("desk-reason-hint"), required: true, maxlength: 200 }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-credit-go")} }
                    }
                }
                if !view.messages.is_empty() {
                    section { class: "trade-part",
                        h2 { {t!("desk-talk")} }
                        Talk { of: id.clone(), messages: view.messages.clone(), shop: view.store.name.clone(), third: true }
                    }
                }
                History { rows: view.history.clone() }
            }
        }
    }
}

/// A form for rows of the import format.
#[component]
pub(super) fn Import(query: String) -> Element {
    let view = use_desk(|desk, ctx| async move { desk.may_import(&ctx) })?;
    let view = view.read();
    drawn(&view, |()| {
        rsx! {
            Page { head: Head { title: t!("desk-import"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-import")} }
                    Told { query: query.clone() }
                    form { class: "trade-part desk-form", method: "post", action: "/admin/import/upload", enctype: "multipart/form-data",
                        div { class: "field",
                            label { class: "field-label", r#for: "rows", {t!("desk-rows")} }
                            span { class: "field-hint", id: "rows-hint", {t!("desk-rows-hint")} }
                            input { class: "input", r#type: "file", id: "rows", name: "rows", accept: ".jsonl,.ndjson,.csv,.zip,application/x-ndjson,text/csv,application/zip", required: true, aria_describedby: "rows-hint" }
                        }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-import-go")} }
                    }
                }
            }
        }
    })
}

/// What became of rows.
#[component]
pub(super) fn ImportReport(id: String) -> Element {
    let again = format!("/admin/import/{id}");
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.import_report(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &Option<ImportView>| {
        rsx! {
            Page { head: Head { title: t!("desk-report"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-report")} }
                    match view {
                        None => rsx! {
                            Alert { title: t!("desk-running"),
                                p { {t!("desk-running-text")} }
                                a { class: "button", href: "{again}", {t!("desk-look-again")} }
                            }
                        },
                        Some(report) => rsx! {
                            Report { report: report.clone() }
                        },
                    }
                }
            }
        }
    })
}

#[component]
fn Report(report: ImportView) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        ul { class: "chips", role: "list",
            for (outcome , count) in report.counts.iter() {
                li { key: "{outcome}", class: "chip",
                    {t!(&format!("desk-outcome-{outcome}"))}
                    " "
                    span { class: "num", "{count}" }
                }
            }
        }
        Table {
            caption: t!("desk-rows-each"),
            columns: vec![
                column("desk-line", true),
                column("desk-row", false),
                column("desk-outcome", false),
                column("desk-notes", false),
            ],
            for row in report.rows.iter() {
                tr { key: "{row.line}",
                    td { class: "end", "{row.line}" }
                    td { class: "desk-id", "{row.row}" }
                    td { {t!(&format!("desk-outcome-{}", row.outcome))} }
                    td {
                        for (i , note) in row.notes.iter().enumerate() {
                            span { key: "{i}", class: "desk-line", dir: "auto", "{note}" }
                        }
                    }
                }
            }
        }
    }
}
