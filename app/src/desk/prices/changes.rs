//! What would change, before it does.

use dioxus::prelude::*;
use vitrine_shared::views::prices::{ChangesView, PriceWords};
use vitrine_ui::prelude::*;

use super::super::{Told, use_desk};
use super::{column, in_words, place};
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page};
use crate::t;

/// What would change, and the form that does it.
#[component]
pub(in crate::desk) fn Changes(id: String, query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let id = id.clone();
        async move { desk.changes_view(&ctx, &id).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ChangesView| {
        let more = view.count.saturating_sub(view.changes.len());
        rsx! {
            Page { head: Head { title: t!("changes-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("changes-title")} }
                    Told { query: query.clone() }
                    if view.done {
                        Alert { tone: Tone::Good, title: t!("desk-done"), {t!("changes-done")} }
                    } else if view.count == 0 {
                        EmptyState { title: t!("changes-none"), text: t!("changes-none-text") }
                    } else {
                        ChangeTable { view: view.clone() }
                    }
                    if more > 0 {
                        p { {t!("changes-more", count = more)} }
                    }
                    if view.same > 0 {
                        p { class: "notice", {t!("changes-same", count = view.same)} }
                    }
                    if view.refused_count > 0 {
                        Table {
                            caption: t!("changes-refused", count = view.refused_count),
                            columns: vec![
                                column("desk-row", true),
                                column("prices-sku", false),
                                column("changes-column", false),
                                column("desk-why", false),
                            ],
                            for row in view.refused.iter() {
                                tr { key: "{row.row}",
                                    td { class: "end", "{row.row}" }
                                    td { bdi { "{row.sku}" } }
                                    td { code { "{row.column}" } }
                                    td { {t!(&row.code)} }
                                }
                            }
                        }
                    }
                    if view.count > 0 && !view.done {
                        form { class: "desk-keys", method: "post", action: "/studio/prices/changes/{view.attempt}",
                            input { r#type: "hidden", name: "seen", value: "{view.seen}" }
                            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("changes-confirm", count = view.count)} }
                            a { class: "button", href: "{view.back}", {t!("changes-leave")} }
                        }
                        Notice { {t!("changes-confirm-text")} }
                    } else {
                        p {
                            a { class: "button", href: "{view.back}", {t!("changes-back")} }
                        }
                    }
                }
            }
        }
    })
}

#[component]
fn ChangeTable(view: ChangesView) -> Element {
    let said = |words: &Option<PriceWords>| words.as_ref().map_or_else(|| t!("changes-not-for-sale"), in_words);
    rsx! {
        Table {
            caption: t!("changes-table", count = view.count),
            columns: vec![
                column("prices-edition", false),
                column("prices-place", false),
                column("prices-pieces", true),
                column("changes-old", true),
                column("changes-new", true),
                column("prices-begins", false),
                column("prices-ends", false),
            ],
            for (i , change) in view.changes.iter().enumerate() {
                tr { key: "{i}",
                    th { scope: "row",
                        bdi { "{change.title}" }
                        span { class: "desk-line notice", dir: "auto", "{change.edition}" }
                    }
                    td {
                        {place(&change.region, &change.currency)}
                        if change.unasked {
                            span { class: "desk-line notice", {t!("prices-unasked")} }
                        }
                    }
                    td { class: "end", "{change.min_quantity}" }
                    td { class: "end", {said(&change.old)} }
                    td { class: "end", strong { {said(&change.new)} } }
                    td {
                        if let Some(at) = change.at.clone() {
                            Moment { at }
                        } else {
                            {t!("changes-at-once")}
                        }
                    }
                    td {
                        if let Some(to) = change.to.clone() {
                            Moment { at: to }
                        } else {
                            {t!("prices-open")}
                        }
                    }
                }
            }
        }
    }
}
