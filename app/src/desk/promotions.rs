//! What sellers take off: the list with its uses, and the editor.

use dioxus::prelude::*;
use vitrine_shared::views::desk::{PromotionDesk, PromotionEditView, PromotionsView};
use vitrine_ui::prelude::*;

use super::{History, Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

/// Every seller's promotions.
#[component]
pub(super) fn Promotions(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&query, "tenant").unwrap_or_default();
        async move { desk.promotions(&ctx, &tenant).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &PromotionsView| {
        rsx! {
            Page { head: Head { title: t!("promo-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("promo-title")} }
                    p { {t!("promo-text")} }
                    for desk in view.desks.iter().cloned() {
                        OneDesk { key: "{desk.tenant}", desk }
                    }
                }
            }
        }
    })
}

#[component]
fn OneDesk(desk: PromotionDesk) -> Element {
    let column = |key: &str, number: bool| Column { title: t!(key), number };
    rsx! {
        section { class: "trade-part",
            h2 { bdi { "{desk.name}" } }
            p {
                a { class: "button button-primary", href: "/studio/promotions/new?tenant={desk.tenant}", {t!("promo-new")} }
            }
            if desk.rows.is_empty() {
                EmptyState { title: t!("promo-none"), text: t!("promo-none-text") }
            } else {
                Table {
                    caption: t!("promo-of", name = desk.name.clone()),
                    columns: vec![
                        column("promo-name", false),
                        column("promo-kind", false),
                        column("promo-takes", false),
                        column("promo-state", false),
                        column("promo-used", true),
                    ],
                    for row in desk.rows.iter() {
                        tr { key: "{row.id}",
                            td {
                                a { href: "/studio/promotions/{row.id}?tenant={desk.tenant}",
                                    bdi {
                                        if row.code.is_empty() {
                                            "{row.title}"
                                        } else {
                                            "{row.code}"
                                        }
                                    }
                                }
                                if row.code.is_empty() {
                                    " · "
                                    {t!("promo-automatic")}
                                }
                            }
                            td { {t!(&row.kind)} }
                            td { bdi { "{row.takes}" } }
                            td { {t!(&row.state)} }
                            td { class: "end",
                                if let Some(total) = row.total {
                                    {t!("promo-used-of", used = row.used, total = total)}
                                } else {
                                    "{row.used}"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A promotion's form.
#[component]
pub(super) fn Promotion(id: String, query: String) -> Element {
    let asked = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (id, tenant) = (id.clone(), param(&asked, "tenant").unwrap_or_default());
        let typed = param(&asked, "kept").is_some();
        async move { desk.promotion(&ctx, &id, &tenant, typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &PromotionEditView| {
        rsx! {
            Editor { view: view.clone(), query: query.clone() }
        }
    })
}

fn options(prefix: &str, values: &[&str]) -> Vec<SelectOption> {
    let one =
        |v: &&str| SelectOption { value: (*v).to_owned(), label: t!(&format!("{prefix}-{}", v.replace('_', "-"))) };
    values.iter().map(one).collect()
}

#[component]
fn Editor(view: PromotionEditView, query: String) -> Element {
    let is_new = view.rev == 0;
    let title = if is_new { t!("promo-new") } else { view.name.clone() };
    let kinds = options("promo-kind", &["percent", "amount", "free_shipping", "buy_x_get_y", "bundle"]);
    let stackings = options("promo-stacking", &["combines", "one_of", "alone"]);
    let value = |name: &str| view.fields.get(name).cloned().unwrap_or_default();
    let error = |name: &str| view.faults.get(name).map(|key| text_or(key, &t!("fault-promotion")));
    let line = |name: &'static str, kind: &'static str| {
        // The page has the word "title" for itself.
        let key = if name == "title" { "label".to_owned() } else { name.replace('_', "-") };
        let hint = text_or(&format!("promo-{key}-hint"), "");
        rsx! {
            Field {
                name,
                r#type: kind,
                label: t!(&format!("promo-{key}")),
                hint: Some(hint).filter(|hint| !hint.is_empty()),
                value: value(name),
                error: error(name),
                maxlength: (kind != "date").then_some(200),
                autocomplete: "off",
            }
        }
    };
    let area = |name: &'static str| {
        let key = name.replace('_', "-");
        rsx! {
            TextArea { name, label: t!(&format!("promo-{key}")), hint: t!(&format!("promo-{key}-hint")), value: value(name), error: error(name), rows: 3, maxlength: 8000 }
        }
    };
    let collections = |scope: &'static str| {
        rsx! {
            if !view.collections.is_empty() {
                fieldset { id: "{scope}_in",
                    legend { {t!(&format!("promo-{scope}-collections"))} }
                    p { class: "notice", {t!("promo-collections-hint")} }
                    for (name , title) in view.collections.iter() {
                        Checkbox { key: "{name}", name: "{scope}_in_{name}", checked: view.fields.contains_key(&format!("{scope}_in_{name}")), bdi { "{title}" } }
                    }
                    if let Some(text) = error(&format!("{scope}.collections")) {
                        p { class: "field-error",
                            Icon { shape: Shape::Warning }
                            "{text}"
                        }
                    }
                }
            }
        }
    };
    rsx! {
        Page { head: Head { title: title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                p {
                    a { href: "/studio/promotions?tenant={view.tenant}", {t!("promo-title")} }
                }
                h1 { bdi { "{title}" } }
                Told { query: query.clone() }
                if !is_new {
                    p {
                        {t!(&view.state)}
                        " · "
                        {t!("promo-uses", count = view.used)}
                    }
                }
                form { method: "post", action: "/studio/promotions/{view.id}", "aria-label": title.clone(),
                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                    input { r#type: "hidden", name: "tenant", value: "{view.tenant}" }
                    fieldset { class: "trade-part",
                        legend { h2 { {t!("promo-what")} } }
                        {line("code", "text")}
                        {line("title", "text")}
                        Select { name: "kind", label: t!("promo-kind"), value: value("kind"), options: kinds }
                        {line("rate", "text")}
                        {area("amounts")}
                        {area("at_most")}
                        {line("buy", "text")}
                        {line("get", "text")}
                        {area("got")}
                        {collections("got")}
                        {area("members")}
                        {line("times", "text")}
                    }
                    fieldset { class: "trade-part",
                        legend { h2 { {t!("promo-where")} } }
                        {area("items")}
                        {collections("items")}
                        {area("except")}
                        {collections("except")}
                        {area("stores")}
                        {area("minimum")}
                        {line("minimum_quantity", "text")}
                    }
                    fieldset { class: "trade-part",
                        legend { h2 { {t!("promo-when")} } }
                        {line("valid_from", "date")}
                        {line("valid_to", "date")}
                        {line("total", "text")}
                        {line("per_customer", "text")}
                        if !view.groups.is_empty() {
                            fieldset { id: "groups",
                                legend { {t!("promo-groups")} }
                                p { class: "notice", {t!("promo-groups-hint")} }
                                for (name , title) in view.groups.iter() {
                                    Checkbox { key: "{name}", name: "group_{name}", checked: view.fields.contains_key(&format!("group_{name}")), bdi { "{title}" } }
                                }
                                if let Some(text) = error("groups") {
                                    p { class: "field-error",
                                        Icon { shape: Shape::Warning }
                                        "{text}"
                                    }
                                }
                            }
                        }
                        Checkbox { name: "first_order", checked: view.fields.contains_key("first_order"), {t!("promo-first-order")} }
                    }
                    fieldset { class: "trade-part",
                        legend { h2 { {t!("promo-others")} } }
                        {line("priority", "text")}
                        Select { name: "stacking", label: t!("promo-stacking"), value: value("stacking"), options: stackings }
                        {line("stack_group", "text")}
                        {area("excludes")}
                        Checkbox { name: "allow_zero", checked: view.fields.contains_key("allow_zero"), {t!("promo-allow-zero")} }
                    }
                    Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-save")} }
                }
                if !is_new && view.state != "promo-state-ended" {
                    form { class: "trade-part", method: "post", action: "/studio/promotions/{view.id}/end", "aria-label": t!("promo-end"),
                        input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                        input { r#type: "hidden", name: "tenant", value: "{view.tenant}" }
                        p { {t!("promo-end-text")} }
                        Button { r#type: "submit", {t!("promo-end")} }
                    }
                }
                if !view.history.is_empty() {
                    History { rows: view.history.clone() }
                }
            }
        }
    }
}
