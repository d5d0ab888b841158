//! What of a month's sales is tax.

use dioxus::prelude::*;
use vitrine_shared::views::desk::{TaxDesk, TaxReportView};
use vitrine_ui::prelude::*;

use super::use_desk;
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

/// The reports of a month.
#[component]
pub(super) fn Taxes(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let month = param(&query, "month").unwrap_or_default();
        async move { desk.taxes(&ctx, &month).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &TaxReportView| {
        let months =
            view.months.iter().map(|m| SelectOption { value: m.clone(), label: m.clone() }).collect::<Vec<_>>();
        rsx! {
            Page { head: Head { title: t!("desk-taxes"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("desk-taxes")} }
                    p { {t!("desk-taxes-text")} }
                    form { class: "fault-search", method: "get", action: "/studio/tax",
                        Select { name: "month", label: t!("desk-month"), value: view.month.clone(), options: months }
                        Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-show")} }
                    }
                    for desk in view.desks.iter().cloned() {
                        OneReport { key: "{desk.tenant}", desk, month: view.month.clone() }
                    }
                }
            }
        }
    })
}

#[component]
fn OneReport(desk: TaxDesk, month: String) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.name}" } }
            if desk.rows.is_empty() {
                EmptyState { title: t!("desk-no-taxes"), text: t!("desk-no-taxes-text") }
            } else {
                Table {
                    caption: t!("desk-taxes-of", month = month.clone()),
                    columns: vec![
                        column("desk-buyer-country", false),
                        column("desk-tax", false),
                        column("invoice-rate", true),
                        column("sum-net", true),
                        column("sum-tax", true),
                        column("desk-documents", true),
                    ],
                    for (i , row) in desk.rows.iter().enumerate() {
                        tr { key: "{i}",
                            td { {text_or(&format!("country-{}", row.country), &row.country)} }
                            td {
                                if row.tax.is_empty() {
                                    {t!(&row.status)}
                                } else {
                                    bdi { "{row.tax}" }
                                }
                            }
                            td { class: "end", "{row.rate}" }
                            td { class: "end", "{row.net}" }
                            td { class: "end", "{row.amount}" }
                            td { class: "end",
                                "{row.documents}"
                                if row.stood_in > 0 {
                                    br {}
                                    small { {t!("desk-taxes-stood-in", documents = row.stood_in)} }
                                }
                            }
                        }
                    }
                }
                p {
                    a { class: "button", href: "/studio/tax.csv?tenant={desk.tenant}&month={month}", {t!("desk-csv")} }
                }
            }
        }
    }
}
