//! Rates of exchange: what is known, and a newer file.

use dioxus::prelude::*;
use vitrine_shared::views::desk::RatesView;
use vitrine_ui::prelude::*;

use super::{History, Told, use_desk};
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page};
use crate::t;

/// Rates, and a form for a file.
#[component]
pub(super) fn Rates(query: String) -> Element {
    let view = use_desk(|desk, ctx| async move { desk.rates(&ctx).await })?;
    let view = view.read();
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    drawn(&view, |view: &RatesView| {
        rsx! {
            Page { head: Head { title: t!("rates-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("rates-title")} }
                    p { {t!("rates-text")} }
                    Told { query: query.clone() }
                    Table {
                        caption: t!("rates-known"),
                        columns: vec![
                            column("rates-source", false),
                            column("rates-day", false),
                            column("rates-currencies", true),
                            column("rates-way", false),
                            column("rates-kept", false),
                        ],
                        for row in view.rows.iter() {
                            tr { key: "{row.source}-{row.date}",
                                td { "{row.source}" }
                                td { class: "desk-words",
                                    match row.until.clone() {
                                        Some(until) => t!("rates-period", from = row.date.clone(), until = until),
                                        None => row.date.clone(),
                                    }
                                    if row.stale {
                                        " · "
                                        strong { {t!("rates-stale")} }
                                    }
                                }
                                td { class: "end", "{row.currencies}" }
                                td { {t!(&row.way)} }
                                td {
                                    if let Some(at) = row.kept.clone() {
                                        Moment { at }
                                    }
                                }
                            }
                        }
                    }
                    form { class: "trade-part desk-form", method: "post", action: "/admin/rates", enctype: "multipart/form-data",
                        h2 { {t!("rates-bring")} }
                        div { class: "field",
                            label { class: "field-label", r#for: "rates-file", {t!("rates-file")} }
                            span { class: "field-hint", id: "rates-file-hint", {t!("rates-file-hint")} }
                            input { class: "input", r#type: "file", id: "rates-file", name: "file", accept: ".csv,.xml,text/csv,application/xml", required: true, aria_describedby: "rates-file-hint" }
                        }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("rates-go")} }
                    }
                    History { rows: view.history.clone() }
                }
            }
        }
    })
}
