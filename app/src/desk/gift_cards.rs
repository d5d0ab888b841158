//! Which gift cards a shop sells.

use dioxus::prelude::*;
use vitrine_shared::views::shops::{GiftSettingView, ShopsView};
use vitrine_ui::prelude::*;

use super::shipping::{currency_options, fault_text};
use super::{History, Told, use_desk};
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

fn column(key: &str, number: bool) -> Column {
    Column { title: t!(key), number }
}

/// The caller's shops.
#[component]
pub(super) fn GiftShops(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&query, "tenant").unwrap_or_default();
        async move { desk.gift_shops(&ctx, &tenant).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ShopsView| {
        rsx! {
            Page { head: Head { title: t!("gifts-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("gifts-title")} }
                    p { {t!("gifts-text")} }
                    if view.rows.is_empty() {
                        EmptyState { title: t!("shops-none"), text: t!("shops-none-text") }
                    } else {
                        Table {
                            caption: t!("gifts-shops"),
                            columns: vec![
                                column("shops-shop", false),
                                column("shops-seller", false),
                                column("gifts-sold-in", false),
                            ],
                            for row in view.rows.iter() {
                                tr { key: "{row.store}",
                                    td {
                                        a { href: "/studio/gift-cards/{row.store}", bdi { "{row.name}" } }
                                    }
                                    td { bdi { "{row.seller}" } }
                                    td {
                                        if row.currencies.is_empty() {
                                            {t!("gifts-none")}
                                        } else {
                                            {row.currencies.join(", ")}
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// One shop.
#[component]
pub(super) fn GiftSetting(store: String, query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let store = store.clone();
        let (was, typed) = (param(&query, "was").unwrap_or_default(), param(&query, "kept").is_some());
        async move { desk.gift_setting(&ctx, &store, &was, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &GiftSettingView| {
        rsx! {
            Setting { view: view.clone(), query: told.clone() }
        }
    })
}

#[component]
fn Setting(view: GiftSettingView, query: String) -> Element {
    let title = t!("gifts-of", name = view.name.clone());
    let here = format!("/studio/gift-cards/{}", view.store);
    rsx! {
        Page { head: Head { title: title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                p {
                    a { href: "/studio/gift-cards", {t!("gifts-title")} }
                }
                h1 { bdi { "{title}" } }
                Told { query }
                if view.rows.is_empty() {
                    EmptyState { title: t!("gifts-none"), text: t!("gifts-none-text") }
                    if !view.before.is_empty() {
                        form { method: "post", action: "{here}", "aria-label": t!("gifts-on"),
                            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                            p { {t!("gifts-on-text", currencies = view.before.join(", "))} }
                            Button { r#type: "submit", name: "act", value: "on", {t!("gifts-on")} }
                        }
                    }
                } else {
                    p {
                        {t!("gifts-sold")}
                        " "
                        a { href: "{view.href}", "{view.href}" }
                    }
                    Table {
                        caption: t!("gifts-rows"),
                        columns: vec![
                            column("prices-currency", false),
                            column("gifts-amounts", false),
                            column("gifts-named", false),
                            column("shops-acts", false),
                        ],
                        for row in view.rows.iter() {
                            tr { key: "{row.currency}",
                                td { "{row.currency}" }
                                td { {row.amounts.join(" · ")} }
                                td {
                                    if let Some((least, most)) = row.named.clone() {
                                        {t!("gift-named-hint", least = least, most = most)}
                                    } else {
                                        {t!("gifts-not-named")}
                                    }
                                }
                                td {
                                    div { class: "trade-act",
                                        a { href: "{here}?was={row.currency}#form", aria_label: t!("shops-change-of", what = row.currency.clone()), {t!("shops-change")} }
                                        form { role: "none", method: "post", action: "{here}",
                                            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                                            input { r#type: "hidden", name: "was", value: "{row.currency}" }
                                            button { class: "button button-quiet", r#type: "submit", name: "act", value: "remove", aria_label: t!("shops-remove-of", what = row.currency.clone()), {t!("shops-remove")} }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                GiftForm { view: view.clone() }
                if !view.rows.is_empty() {
                    form { class: "trade-part desk-form", method: "post", action: "{here}", "aria-label": t!("gifts-off"),
                        input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                        p { {t!("gifts-off-text")} }
                        Button { r#type: "submit", name: "act", value: "off", {t!("gifts-off")} }
                    }
                }
                if !view.history.is_empty() {
                    History { rows: view.history.clone() }
                }
            }
        }
    }
}

/// Cards of one currency.
#[component]
fn GiftForm(view: GiftSettingView) -> Element {
    let value = |name: &str| view.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| fault_text(view.faults.get(name), view.wrong.get(name));
    let title = if view.was.is_empty() { t!("gifts-new") } else { t!("gifts-change", currency = view.was.clone()) };
    rsx! {
        form { class: "trade-part desk-form", id: "form", method: "post", action: "/studio/gift-cards/{view.store}", novalidate: true, "aria-label": title.clone(),
            h2 { "{title}" }
            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
            input { r#type: "hidden", name: "was", value: "{view.was}" }
            Select { name: "currency", label: t!("prices-currency"), options: currency_options(&view.currencies), value: value("currency"), error: error("currency") }
            Field { name: "amounts", label: t!("gifts-amounts"), hint: t!("gifts-amounts-hint"), value: value("amounts"), error: error("amounts"), maxlength: 400, autocomplete: "off" }
            Field { name: "least", label: t!("gifts-least"), hint: t!("gifts-least-hint"), value: value("least"), error: error("least"), inputmode: "decimal", maxlength: 20, autocomplete: "off" }
            Field { name: "most", label: t!("gifts-most"), value: value("most"), error: error("most"), inputmode: "decimal", maxlength: 20, autocomplete: "off" }
            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-save")} }
        }
    }
}
