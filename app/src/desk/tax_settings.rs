//! Where a seller charges tax, and how a shop has it worked out.

use dioxus::prelude::*;
use vitrine_shared::views::shops::{RegistrationRow, ShopsView, TaxSettingView};
use vitrine_ui::prelude::*;

use super::shipping::fault_text;
use super::{History, Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

fn column(key: &str) -> Column {
    Column { title: t!(key), number: false }
}

/// A place or scheme as people call it.
fn name_of(row: &RegistrationRow) -> String {
    if row.country.is_empty() {
        return t!(&format!("taxset-scheme-{}", row.code.to_ascii_lowercase()));
    }
    let country = text_or(&format!("country-{}", row.country), &row.country);
    match row.region.as_str() {
        "" => country,
        region => t!("taxset-region", country = country, region = region),
    }
}

/// What a field can be, in the words of `taxset-<field>-<value>`.
fn options(field: &str, values: &[&str]) -> Vec<SelectOption> {
    let label = |value: &str| t!(&format!("taxset-{field}-{}", value.replace('_', "-")));
    values.iter().map(|value| SelectOption { value: (*value).to_owned(), label: label(value) }).collect()
}

/// The caller's shops.
#[component]
pub(super) fn TaxedShops(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&query, "tenant").unwrap_or_default();
        async move { desk.taxed_shops(&ctx, &tenant).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ShopsView| {
        rsx! {
            Page { head: Head { title: t!("taxset-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("taxset-title")} }
                    p { {t!("taxset-text")} }
                    if view.rows.is_empty() {
                        EmptyState { title: t!("shops-none"), text: t!("shops-none-text") }
                    } else {
                        Table {
                            caption: t!("taxset-shops"),
                            columns: vec![column("shops-shop"), column("shops-seller")],
                            for row in view.rows.iter() {
                                tr { key: "{row.store}",
                                    td {
                                        a { href: "/studio/tax-settings/{row.store}", bdi { "{row.name}" } }
                                    }
                                    td { bdi { "{row.seller}" } }
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
pub(super) fn TaxSetting(store: String, query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (store, typed) = (store.clone(), param(&query, "kept").is_some());
        async move { desk.tax_setting(&ctx, &store, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &TaxSettingView| {
        let title = t!("taxset-of", name = view.name.clone());
        rsx! {
            Page { head: Head { title: title.clone(), private: true, ..Head::default() },
                div { class: "wrap trade",
                    p {
                        a { href: "/studio/tax-settings", {t!("taxset-title")} }
                    }
                    h1 { bdi { "{title}" } }
                    Told { query: told.clone() }
                    Registrations { view: view.clone() }
                    Working { view: view.clone() }
                    if !view.history.is_empty() {
                        History { rows: view.history.clone() }
                    }
                }
            }
        }
    })
}

/// Where the seller charges tax.
#[component]
fn Registrations(view: TaxSettingView) -> Element {
    let act = format!("/studio/tax-settings/{}/registrations", view.store);
    let mut others: Vec<SelectOption> =
        view.others.iter().map(|row| SelectOption { value: row.code.clone(), label: name_of(row) }).collect();
    others.sort_by(|a, b| a.label.cmp(&b.label));
    others.insert(0, SelectOption { value: String::new(), label: t!("taxset-choose") });
    rsx! {
        section { class: "trade-part", id: "registrations",
            h2 { {t!("taxset-where")} }
            p { {t!("taxset-where-text", seller = view.seller.clone())} }
            if view.not_at_home {
                Notice { {t!("taxset-not-at-home")} }
            }
            if view.lacks_region {
                Notice { {t!("taxset-no-region")} }
            }
            if view.below_threshold {
                Notice { {t!("taxset-below")} }
            }
            if view.registrations.is_empty() {
                EmptyState { title: t!("taxset-nowhere"), text: t!("taxset-nowhere-text") }
            } else {
                Table {
                    caption: t!("taxset-where-list"),
                    columns: vec![column("desk-threshold-place"), column("taxset-code"), column("shops-acts")],
                    for row in view.registrations.iter() {
                        tr { key: "{row.code}",
                            td { {name_of(row)} }
                            td { bdi { class: "desk-code", "{row.code}" } }
                            td {
                                form { role: "none", method: "post", action: "{act}",
                                    input { r#type: "hidden", name: "rev", value: "{view.seller_rev}" }
                                    input { r#type: "hidden", name: "code", value: "{row.code}" }
                                    button { class: "button button-quiet", r#type: "submit", name: "act", value: "remove", aria_label: t!("shops-remove-of", what = name_of(row)), {t!("shops-remove")} }
                                }
                            }
                        }
                    }
                }
            }
            form { class: "desk-form", method: "post", action: "{act}", "aria-label": t!("taxset-add-it"),
                input { r#type: "hidden", name: "rev", value: "{view.seller_rev}" }
                Select { name: "code", label: t!("taxset-add"), options: others, required: true }
                Button { r#type: "submit", {t!("taxset-add-it")} }
            }
        }
    }
}

/// How tax is worked out.
#[component]
fn Working(view: TaxSettingView) -> Element {
    let value = |name: &str| view.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| fault_text(view.faults.get(name), None);
    // What a row asked for is shown even where no service is connected, so that it can be unset.
    let serviced = !view.service.is_empty() || value("provider") != "engine";
    rsx! {
        form { class: "trade-part desk-form", id: "form", method: "post", action: "/studio/tax-settings/{view.store}", "aria-label": t!("taxset-how"),
            h2 { {t!("taxset-how")} }
            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
            p { {t!("taxset-rounding-text")} }
            Select { name: "scope", label: t!("taxset-scope"), options: options("scope", &["line", "unit", "document"]), value: value("scope"), error: error("scope") }
            Select { name: "mode", label: t!("taxset-mode"), options: options("mode", &["half_up", "half_even"]), value: value("mode"), error: error("mode") }
            p { {t!("taxset-no-rule-text")} }
            Select { name: "no_rule", label: t!("taxset-no-rule"), options: options("no-rule", &["block", "export"]), value: value("no_rule"), error: error("no_rule") }
            if serviced {
                p {
                    if view.service.is_empty() {
                        {t!("taxset-no-service")}
                    } else {
                        {t!("taxset-service", service = view.service.clone())}
                    }
                }
                Select { name: "provider", label: t!("taxset-provider"), options: options("provider", &["engine", "provider_where_local", "always"]), value: value("provider"), error: error("provider") }
                Select { name: "fallback", label: t!("taxset-fallback"), options: options("fallback", &["engine", "block"]), value: value("fallback"), error: error("fallback") }
            }
            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-save")} }
        }
    }
}
