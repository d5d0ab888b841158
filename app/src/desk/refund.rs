//! Refunding an order: choose pieces and amounts, see what it comes to, confirm. Nothing is written before the last press.

use dioxus::prelude::*;
use vitrine_shared::views::desk::{RefundChoice, RefundPreview, RefundView};
use vitrine_ui::prelude::*;

use super::{Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::{Sums, drawn};
use crate::shop::parts::Page;
use crate::t;

/// The page of a refund.
#[component]
pub(super) fn Refund(id: String, query: String) -> Element {
    let (order, asked) = (id.clone(), query.clone());
    let view = use_desk(move |desk, ctx| {
        let (order, asked) = (order.clone(), asked.clone());
        async move { desk.refund_view(&ctx, &order, &asked).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &RefundView| {
        let address = format!("/admin/orders/{id}");
        rsx! {
            Page { head: Head { title: t!("desk-refund-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-refund-title")} }
                    p { class: "desk-id",
                        a { href: "{address}", "{id}" }
                    }
                    Told { query: query.clone() }
                    if view.choices.is_empty() {
                        EmptyState { title: t!("desk-refund-nothing"), text: t!("desk-refund-nothing-text") }
                    } else {
                        Choices { view: view.clone(), action: format!("{address}/refund") }
                    }
                    if let Some(preview) = view.preview.clone() {
                        Preview { preview, action: format!("{address}/refund") }
                    }
                }
            }
        }
    })
}

fn named(what: &str) -> String {
    if what.is_empty() { t!("sum-shipping") } else { what.to_owned() }
}

#[component]
fn Choices(view: RefundView, action: String) -> Element {
    rsx! {
        form { class: "trade-part desk-form", method: "get", action: "{action}", "aria-labelledby": "refund-choose",
            h2 { id: "refund-choose", {t!("desk-refund-choose")} }
            Notice { {t!("desk-refund-hint")} }
            if let Some(fault) = view.fault {
                Alert { tone: Tone::Bad, title: t!("desk-refund-not"), live: true,
                    {text_or(&format!("desk-trouble-{}", fault.replace('_', "-")), &text_or(&fault, &t!("desk-trouble-other")))}
                }
            }
            for choice in view.choices {
                One { key: "{choice.line:?}", choice }
            }
            if view.taxed {
                Checkbox { name: "tax_only", checked: view.tax_only, {t!("desk-refund-tax-only")} }
            }
            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-refund-show")} }
        }
    }
}

#[component]
fn One(choice: RefundChoice) -> Element {
    let of = choice.line.map_or_else(|| "shipping".to_owned(), |n| n.to_string());
    let (name, value) = match choice.line {
        Some(n) => ("line", n.to_string()),
        None => ("shipping", "1".to_owned()),
    };
    let what = named(&choice.what);
    let fault = |code: &Option<String>| code.as_ref().map(|code| text_or(code, &t!("desk-trouble-other")));
    rsx! {
        fieldset { class: "trade-part",
            legend { class: "sr-only", "{what}" }
            Checkbox { name, value, checked: choice.chosen,
                bdi { "{what}" }
                " · "
                {t!("desk-refund-left", amount = choice.left.clone())}
            }
            if choice.pieces > 1 {
                Field { name: "quantity-{of}", label: t!("desk-refund-pieces", count = choice.pieces), inputmode: "numeric", value: choice.quantity.clone(), error: fault(&choice.quantity_fault), maxlength: 7 }
            }
            Field { name: "amount-{of}", label: t!("desk-refund-amount"), inputmode: "decimal", value: choice.amount.clone(), error: fault(&choice.amount_fault), maxlength: 20 }
        }
    }
}

#[component]
fn Preview(preview: RefundPreview, action: String) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        section { class: "trade-part",
            h2 { {t!("desk-refund-preview")} }
            Table {
                caption: t!("desk-refund-preview"),
                columns: vec![
                    column("desk-what", false),
                    column("invoice-pieces", true),
                    column("sum-net", true),
                    column("sum-tax", true),
                    column("sum-total", true),
                    column("desk-refund-stays", true),
                ],
                for (i , row) in preview.rows.iter().enumerate() {
                    tr { key: "{i}",
                        td {
                            bdi { {named(&row.what)} }
                            if row.ends_access {
                                " · "
                                {t!("desk-refund-ends")}
                            }
                        }
                        td { class: "end",
                            if row.pieces > 0 {
                                "{row.pieces}"
                            }
                        }
                        td { class: "end", "{row.net}" }
                        td { class: "end", "{row.tax}" }
                        td { class: "end", "{row.gross}" }
                        td { class: "end", "{row.left}" }
                    }
                }
            }
            Sums { sums: preview.sums.clone() }
            Disclosure { title: t!("desk-refund-how"),
                Table {
                    caption: t!("desk-refund-how"),
                    columns: vec![
                        column("desk-what", false),
                        column("refund-paid", true),
                        column("refund-before", true),
                        column("refund-now", true),
                        column("desk-refund-stays", true),
                    ],
                    for (i , step) in preview.steps.iter().enumerate() {
                        tr { key: "{i}",
                            td {
                                if let Some(what) = step.what.as_ref() {
                                    bdi { {named(what)} }
                                    ": "
                                }
                                {t!(&step.key, tax = step.tax.clone())}
                            }
                            td { class: "end", "{step.paid}" }
                            td { class: "end", "{step.before}" }
                            td { class: "end", "{step.amount}" }
                            td { class: "end", "{step.left}" }
                        }
                    }
                }
            }
            p { {t!("desk-refund-after", amount = preview.left.clone())} }
        }
        form { class: "trade-part desk-form", method: "post", action: "{action}", "aria-labelledby": "refund-confirm",
            h2 { id: "refund-confirm", {t!("desk-refund-confirm")} }
            Notice { {t!("desk-refund-text")} }
            input { r#type: "hidden", name: "attempt", value: "{preview.attempt}" }
            for (i , (name , value)) in preview.hidden.iter().enumerate() {
                input { key: "{i}", r#type: "hidden", name: "{name}", value: "{value}" }
            }
            if preview.restockable {
                Checkbox { name: "restock", checked: preview.restock, {t!("desk-restock")} }
            }
            Field { name: "reason", label: t!("desk-reason"), hint: t!("desk-reason-hint"), value: preview.reason.clone(), required: true, maxlength: 200 }
            Button { kind: ButtonKind::Danger, r#type: "submit", {t!("desk-refund-go")} }
        }
    }
}
