//! Tables that scroll inside themselves on narrow screens.

use dioxus::prelude::*;

/// A column's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Shown.
    pub title: String,
    /// Numbers: aligned to the end.
    pub number: bool,
}

/// A table with a caption. Children are the rows (`tr`), their number cells carry class `end`.
#[component]
pub fn Table(
    /// What the table holds.
    #[props(into)]
    caption: String,
    /// Columns in order.
    columns: Vec<Column>,
    /// Rows.
    children: Element,
) -> Element {
    rsx! {
        div { class: "table-scroll", tabindex: "0", role: "region", aria_label: caption.clone(),
            table { class: "table",
                caption { "{caption}" }
                thead {
                    tr {
                        for (i , column) in columns.into_iter().enumerate() {
                            th { key: "{i}", scope: "col", class: column.number.then_some("end"), "{column.title}" }
                        }
                    }
                }
                tbody { {children} }
            }
        }
    }
}
