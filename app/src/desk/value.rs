//! Gift cards and store credit: issuing, looking, ending.

use dioxus::prelude::*;
use vitrine_shared::views::value::{DeskValue, ValueRow, ValuesView};
use vitrine_ui::prelude::*;

use super::{History, Told, amount_cell, use_desk};
use crate::i18n::{LOCALES, text_or};
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page, param};
use crate::t;

/// Accounts, and a form to issue a card.
#[component]
pub(super) fn Values(query: String) -> Element {
    let words = param(&query, "q").unwrap_or_default();
    let typed = param(&query, "kept").is_some();
    let view = use_desk(move |desk, ctx| {
        let words = words.clone();
        async move { desk.values(&ctx, &words, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ValuesView| {
        rsx! {
            Page { head: Head { title: t!("desk-value"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-value")} }
                    Told { query: query.clone() }
                    form { class: "fault-search", method: "get", action: "/admin/value", role: "search", "aria-label": t!("desk-value-find"),
                        Field { name: "q", r#type: "search", label: t!("desk-value-find"), hint: t!("desk-value-find-hint"), value: view.query.clone(), maxlength: 100 }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("search-go")} }
                    }
                    if view.rows.is_empty() {
                        EmptyState {
                            title: if view.query.is_empty() { t!("desk-value-empty") } else { t!("desk-value-none") },
                            text: t!("desk-value-none-text"),
                        }
                    } else {
                        Rows { caption: t!("desk-value-newest"), rows: view.rows.clone() }
                    }
                    IssueCard { view: view.clone() }
                }
            }
        }
    })
}

#[component]
fn Rows(caption: String, rows: Vec<ValueRow>) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        Table {
            caption,
            columns: vec![
                column("desk-when", false),
                column("desk-value-account", false),
                column("desk-what", false),
                column("desk-status", false),
                column("desk-value-left", true),
            ],
            for row in rows {
                tr { key: "{row.id}",
                    td { Moment { at: row.opened.clone() } }
                    td { class: "desk-id",
                        a { href: "/admin/value/{row.id}", "{row.id}" }
                    }
                    td { Named { row: row.clone() } }
                    td { {t!(&row.state)} }
                    td { class: "end", "{row.available}" }
                }
            }
        }
    }
}

/// What an account is, with the end of its code.
#[component]
fn Named(row: ValueRow) -> Element {
    rsx! {
        {t!(&row.kind)}
        if !row.last4.is_empty() {
            " "
            bdi { "…{row.last4}" }
        }
    }
}

#[component]
fn IssueCard(view: ValuesView) -> Element {
    let option = |value: &str, label: String| SelectOption { value: value.to_owned(), label };
    let value = |name: &str| view.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| view.faults.get(name).map(|key| text_or(key, &t!("desk-trouble-other")));
    rsx! {
        form { class: "trade-part desk-form", method: "post", action: "/admin/value", "aria-labelledby": "value-issue",
            h2 { id: "value-issue", {t!("desk-value-issue")} }
            Notice { {t!("desk-value-issue-text")} }
            input { r#type: "hidden", name: "attempt", value: "{view.attempt}" }
            Field { name: "amount", value: value("amount"), error: error("amount"), label: t!("desk-value-amount"), hint: t!("desk-value-amount-hint"), inputmode: "decimal", required: true, maxlength: 40 }
            Select {
                name: "currency",
                label: t!("desk-value-currency"),
                value: value("currency"),
                options: view.currencies.iter().map(|c| option(c, c.clone())).collect::<Vec<_>>(),
            }
            Field { name: "recipient", value: value("recipient"), error: error("recipient"), r#type: "email", label: t!("desk-value-recipient"), hint: t!("desk-value-recipient-hint"), autocomplete: "off", required: true, maxlength: 200 }
            Select {
                name: "locale",
                label: t!("desk-value-locale"),
                value: value("locale"),
                options: LOCALES.iter().map(|l| option(l, t!(&format!("locale-{l}")))).collect::<Vec<_>>(),
            }
            TextArea { name: "message", label: t!("desk-value-message"), value: value("message"), error: error("message"), rows: 4, maxlength: 500 }
            Field { name: "deliver", value: value("deliver"), error: error("deliver"), r#type: "date", label: t!("desk-value-deliver"), hint: t!("desk-value-deliver-hint") }
            Field { name: "ends", value: value("ends"), error: error("ends"), r#type: "date", label: t!("desk-value-ends"), hint: t!("desk-value-ends-hint") }
            Field { name: "reason", value: value("reason"), error: error("reason"), label: t!("desk-reason"), hint: t!("desk-reason-hint"), required: true, maxlength: 200 }
            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-value-issue-go")} }
        }
    }
}

/// One account.
#[component]
pub(super) fn Value(id: String, query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.value(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &DeskValue| {
        rsx! {
            OneValue { view: view.clone(), query: query.clone() }
        }
    })
}

#[component]
fn OneValue(view: DeskValue, query: String) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    let row = view.row.clone();
    let id = row.id.clone();
    rsx! {
        Page { head: Head { title: t!("desk-value-account"), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { Named { row: row.clone() } }
                Told { query: query.clone() }
                p { class: "desk-id", "{id}" }
                p {
                    {t!(&row.state)}
                    " · "
                    {t!("desk-value-left-of", amount = row.available.clone())}
                    if let Some(held) = row.held.clone() {
                        " · "
                        {t!("desk-value-held", amount = held)}
                    }
                    if let Some(date) = row.ends.clone() {
                        " · "
                        {t!("desk-value-until", date = date)}
                    }
                }
                if let Some(owner) = view.owner.clone() {
                    p { {t!("desk-value-owner", id = owner)} }
                }
                if let Some(sent) = view.sent.clone() {
                    p {
                        {t!("desk-value-sent")}
                        " "
                        Moment { at: sent }
                    }
                } else if view.owner.is_none() {
                    p { {t!("desk-value-unsent")} }
                }
                Table {
                    caption: t!("desk-value-entries"),
                    columns: vec![
                        column("desk-when", false),
                        column("desk-what", false),
                        column("desk-why", false),
                        column("desk-facts", false),
                        column("desk-value-amount", true),
                    ],
                    for (i , entry) in view.entries.iter().enumerate() {
                        tr { key: "{i}",
                            td { Moment { at: entry.at.clone() } }
                            td { {t!(&entry.what)} }
                            td { dir: "auto", "{entry.why}" }
                            td { class: "desk-id", "{entry.about}" }
                            td { class: amount_cell(&entry.amount), "{entry.amount}" }
                        }
                    }
                }
                if view.may_resend {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/value/{id}/resend", "aria-labelledby": "value-resend",
                        h2 { id: "value-resend", {t!("desk-value-resend")} }
                        Notice { {t!("desk-value-resend-text")} }
                        input { r#type: "hidden", name: "attempt", value: "{view.attempt}" }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-value-resend-go")} }
                    }
                }
                if view.may_end {
                    form { class: "trade-part desk-form", method: "post", action: "/admin/value/{id}/end", "aria-labelledby": "value-end",
                        h2 { id: "value-end", {t!("desk-value-end")} }
                        Notice { {t!("desk-value-end-text")} }
                        Field { name: "reason", label: t!("desk-reason"), hint: t!("desk-reason-hint"), required: true, maxlength: 200 }
                        Button { kind: ButtonKind::Danger, r#type: "submit", {t!("desk-value-end-go")} }
                    }
                }
                History { rows: view.history.clone() }
            }
        }
    }
}
