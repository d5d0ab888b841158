//! Invoices: by year, and one document that prints.

use dioxus::prelude::*;
use vitrine_shared::views::owned::{BusinessForm, InvoiceRow, InvoiceView, InvoicesView};
use vitrine_ui::prelude::*;

use super::cart::{HowMade, Sums};
use super::drawn;
use super::library::signed_in;
use super::stored::PaidFrom;
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::parts::{Page, param};
use crate::t;

/// Loads the list.
#[component]
pub fn Invoices(
    /// Raw query string; `cursor` is the last page's.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::invoices(param(&query(), "cursor")))?;
    let view = view.read();
    signed_in(&view, "/invoices", |view| {
        rsx! {
            InvoicesBody { view: view.clone() }
        }
    })
}

/// Loads one document.
#[component]
pub fn Invoice(
    /// Invoice id.
    id: ReadSignal<String>,
    /// Raw query string; `key` opens it for a guest.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || crate::data::invoice(id(), param(&query(), "key")))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            InvoiceBody { view: view.clone(), secret: param(&query(), "key") }
        }
    })
}

fn kind_word(kind: &str) -> String {
    match kind {
        "credit_note" => t!("invoice-credit"),
        "amendment" => t!("invoice-amendment"),
        "simplified" => t!("invoice-simplified"),
        "void" => t!("invoice-void"),
        _ => t!("invoice-invoice"),
    }
}

/// Every document by year.
#[component]
pub fn InvoicesBody(
    /// What to show.
    view: InvoicesView,
) -> Element {
    let mut years: Vec<(i32, Vec<InvoiceRow>)> = Vec::new();
    for row in view.rows.iter().cloned() {
        match years.last_mut().filter(|(year, _)| *year == row.year) {
            Some((_, rows)) => rows.push(row),
            None => years.push((row.year, vec![row])),
        }
    }
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        Page { head: Head { title: t!("invoices-title"), private: true, ..Head::default() },
            div { class: "wrap trade",
                h1 { {t!("invoices-title")} }
                if years.is_empty() {
                    EmptyState { title: t!("invoices-empty"), text: t!("invoices-empty-text"),
                        Go { to: "/catalog", class: "button button-primary", {t!("fault-catalog")} }
                    }
                }
                for (year , rows) in years {
                    section { key: "{year}", class: "trade-part",
                        h2 { class: "num", "{year}" }
                        Table {
                            caption: t!("invoices-of", year = year.to_string()),
                            columns: vec![
                                column("invoice-number", false),
                                column("invoice-date", false),
                                column("invoice-seller", false),
                                column("sum-total", true),
                            ],
                            for row in rows {
                                tr { key: "{row.number}",
                                    td {
                                        Go { to: row.href.clone(), "{kind_word(&row.kind)} {row.number}" }
                                    }
                                    td { "{row.date}" }
                                    td { bdi { "{row.seller}" } }
                                    td { class: "end", "{row.total}" }
                                }
                            }
                        }
                    }
                }
                if let Some(to) = view.more.clone() {
                    p {
                        Go { to, class: "button", {t!("library-more")} }
                    }
                }
            }
        }
    }
}

/// One document.
#[component]
pub fn InvoiceBody(
    /// What to show.
    view: InvoiceView,
    /// Opens it for a guest.
    #[props(default)]
    secret: Option<String>,
) -> Element {
    let title = format!("{} {}", kind_word(&view.kind), view.number);
    let order = with_key(&view.order_href, secret.as_deref());
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        Page { head: Head { title: title.clone(), private: true, ..Head::default() },
            article { class: "wrap trade invoice",
                h1 { class: "num", "{title}" }
                p { {t!("invoice-issued", date = view.date.clone())} }
                if let Some(number) = view.corrects.clone() {
                    p {
                        if view.kind == "amendment" {
                            {t!("invoice-amends", number = number)}
                        } else {
                            {t!("invoice-corrects", number = number)}
                        }
                    }
                }
                if let Some(void) = &view.void {
                    Alert { tone: Tone::Bad, title: t!("invoice-void-since", date = void.since.clone()),
                        p { dir: "auto", "{void.reason}" }
                        p {
                            {t!("invoice-void-by")}
                            " "
                            a { href: with_key(&void.credit.1, secret.as_deref()), "{void.credit.0}" }
                            " · "
                            a { href: with_key(&void.next.1, secret.as_deref()), "{void.next.0}" }
                        }
                    }
                }
                if let Some(number) = view.replaces.clone() {
                    p { {t!("invoice-replaces", number = number)} }
                }
                for (number , to) in view.amended.iter() {
                    p { key: "{number}",
                        {t!("invoice-amended")}
                        " "
                        a { href: with_key(to, secret.as_deref()), "{number}" }
                    }
                }
                div { class: "invoice-sides",
                    section {
                        h2 { {t!("invoice-seller")} }
                        address { Lines { lines: view.seller.clone() } }
                    }
                    // A simplified invoice of files may not say who bought them.
                    if !view.buyer.is_empty() {
                        section {
                            h2 { {t!("invoice-buyer")} }
                            address { Lines { lines: view.buyer.clone() } }
                        }
                    }
                }
                if !view.lines.is_empty() {
                Table {
                    caption: t!("invoice-lines"),
                    columns: vec![
                        column("invoice-what", false),
                        column("invoice-pieces", true),
                        column("sum-net", true),
                        column("invoice-rate", true),
                        column("sum-tax", true),
                        column("sum-total", true),
                    ],
                    for (i , line) in view.lines.iter().enumerate() {
                        tr { key: "{i}",
                            td { dir: "auto",
                                {if line.text.is_empty() { t!("sum-shipping") } else { line.text.clone() }}
                                if !line.by.is_empty() {
                                    " · "
                                    bdi { "{line.by}" }
                                }
                            }
                            td { class: "end",
                                // An amount or tax that went back is no piece.
                                if line.quantity > 0 {
                                    "{line.quantity}"
                                }
                            }
                            td { class: "end", "{line.net}" }
                            td { class: "end", "{line.rate}" }
                            td { class: "end", "{line.tax}" }
                            td { class: "end", "{line.gross}" }
                        }
                    }
                }
                Sums { sums: view.sums.clone() }
                }
                for note in view.notes.iter() {
                    p { key: "{note}", {text_or(note, "")} }
                }
                for (text , lang , english) in view.legal.iter() {
                    p { key: "{text}",
                        span { lang: "{lang}", dir: "auto", "{text}" }
                        if !lang.starts_with("en") && text != english {
                            " "
                            span { lang: "en", dir: "auto", class: "invoice-english", "({english})" }
                        }
                    }
                }
                if let Some(rounding) = &view.rounding {
                    p { class: "invoice-rounding", {text_or(rounding, "")} }
                }
                HowMade { explain: view.explain.clone() }
                if !view.paid.is_empty() {
                    PaidFrom { paid: view.paid.clone() }
                } else if !view.paid_with.is_empty() {
                    p { {t!("invoice-paid-with", method = view.paid_with.clone())} }
                }
                p { class: "fault-ways",
                    for (name , to) in view.files.iter() {
                        a { key: "{name}", class: "button", href: with_key(to, secret.as_deref()), {t!(name)} }
                    }
                    a { class: "button", href: "{order}", {t!("library-order")} }
                }
                if view.kind == "simplified" && view.business.is_some() {
                    Notice { {t!("invoice-simplified-text")} }
                }
                if let Some(form) = view.business.clone() {
                    Amend { id: view.id.clone(), form, secret: secret.clone() }
                }
            }
        }
    }
}

fn with_key(to: &str, secret: Option<&str>) -> String {
    secret.map_or_else(|| to.to_owned(), |s| format!("{to}?key={}", vitrine_shared::query::encode(s)))
}

/// Business details that the invoice lacks.
#[component]
fn Amend(id: String, form: BusinessForm, secret: Option<String>) -> Element {
    let error = |field: &str| form.faults.iter().find(|(f, _)| f == field).map(|(_, code)| text_or(code, ""));
    let whole = error("");
    rsx! {
        details { class: "invoice-amend", id: "amend", open: !form.faults.is_empty(),
            summary { {t!("invoice-business")} }
            if let Some(text) = whole {
                Alert { tone: Tone::Bad, title: t!("invoice-business-not"), live: true, "{text}" }
            }
            form { class: "talk-form", method: "post", action: "/invoices/{id}/amend", aria_label: t!("invoice-business"),
                Notice { {t!("invoice-business-text")} }
                if let Some(secret) = secret {
                    input { r#type: "hidden", name: "key", value: "{secret}" }
                }
                Field { name: "company", label: t!("invoice-company"), value: form.company.clone(), error: error("company"), autocomplete: "organization", required: true, maxlength: 120 }
                Field { name: "tax_id", label: t!("invoice-tax-id"), value: form.tax_id.clone(), error: error("tax_id"), hint: t!("invoice-tax-id-hint"), maxlength: 120 }
                TextArea { name: "address", label: t!("invoice-address"), value: form.address.clone(), error: error("address"), hint: t!("invoice-address-hint"), required: true, maxlength: 700 }
                Button { r#type: "submit", {t!("invoice-business-go")} }
            }
        }
    }
}

#[component]
fn Lines(lines: Vec<String>) -> Element {
    rsx! {
        for (i , line) in lines.iter().enumerate() {
            span { key: "{i}", dir: "auto", "{line}" }
        }
    }
}
