//! All prices of one edition, and the form for one of them.

use dioxus::prelude::*;
use vitrine_shared::views::prices::{EditionPrices, PriceEntry};
use vitrine_ui::prelude::*;

use super::super::{Told, use_desk};
use super::{Begins, column, in_words, place, region, words_of};
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page, param};
use crate::t;

/// All prices of one edition.
#[component]
pub(in crate::desk) fn Edition(id: String, query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (id, key) = (id.clone(), param(&query, "price").unwrap_or_default());
        let kept = param(&query, "kept").is_some();
        async move { desk.edition_prices(&ctx, &id, &key, kept).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &EditionPrices| {
        let here = format!("/studio/prices/edition/{}", view.variant);
        let see =
            format!("/studio/prices/see?seller={}&skus={}", view.seller, vitrine_shared::query::encode(&view.sku));
        rsx! {
            Page { head: Head { title: format!("{} · {}", view.title, t!("prices-title")), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { dir: "auto", "{view.title}" }
                    Told { query: told.clone() }
                    p {
                        bdi { "{view.edition}" }
                        " · "
                        bdi { class: "desk-id", "{view.sku}" }
                    }
                    ul { class: "desk-todo", role: "list",
                        li {
                            a { href: "/studio/prices?seller={view.seller}", {t!("prices-all")} }
                        }
                        li {
                            a { href: see, {t!("see-title")} }
                        }
                        li {
                            a { href: "/studio/works/{view.work}", {t!("prices-work")} }
                        }
                    }
                    if view.entries.is_empty() {
                        EmptyState { title: t!("prices-no-price"), text: t!("prices-no-price-text") }
                    } else {
                        Entries { caption: t!("prices-alive"), entries: view.entries.clone(), here: here.clone(), rev: Some(view.rev) }
                    }
                    OneForm { view: view.clone(), here: here.clone() }
                    if !view.past.is_empty() {
                        Disclosure { title: t!("prices-history"),
                            Entries { caption: t!("prices-history"), entries: view.past.clone(), here, rev: None }
                        }
                    }
                }
            }
        }
    })
}

#[component]
fn Entries(caption: String, entries: Vec<PriceEntry>, here: String, rev: Option<i64>) -> Element {
    let mut columns = vec![
        column("prices-place", false),
        column("prices-pieces", true),
        column("facet-price", true),
        column("prices-begins", false),
        column("prices-ends", false),
        column("desk-status", false),
    ];
    if rev.is_some() {
        columns.push(column("desk-act", false));
    }
    rsx! {
        Table { caption, columns,
            for price in entries {
                tr { key: "{price.key}",
                    td {
                        {place(&price.region, &price.currency)}
                        if price.unasked {
                            span { class: "desk-line notice", {t!("prices-unasked")} }
                        }
                    }
                    td { class: "end", "{price.min_quantity}" }
                    td { class: "end",
                        {in_words(&words_of(&price))}
                        if let Some(lowest) = price.lowest.clone() {
                            span { class: "desk-line notice", {t!("price-lowest", price = lowest)} }
                        }
                    }
                    td { Begins { at: price.from.clone() } }
                    td {
                        if let Some(to) = price.to.clone() {
                            Moment { at: to }
                        } else {
                            {t!("prices-open")}
                        }
                    }
                    td { {t!(&price.state)} }
                    if let Some(rev) = rev {
                        td {
                            a { href: "{here}?price={price.key}#price", aria_label: t!("prices-change-of", place = place(&price.region, &price.currency), price = in_words(&words_of(&price))),
                                {t!("prices-change")}
                            }
                            Disclosure { title: t!("prices-end"),
                                form { class: "desk-form", method: "post", action: "{here}/end", role: "none",
                                    input { r#type: "hidden", name: "key", value: "{price.key}" }
                                    input { r#type: "hidden", name: "rev", value: "{rev}" }
                                    div { class: "field",
                                        label { class: "field-label", r#for: "end-{price.key}", {t!("prices-end-at")} }
                                        input { class: "input", id: "end-{price.key}", name: "at", r#type: "datetime-local" }
                                    }
                                    Button { r#type: "submit", {t!("prices-look")} }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn OneForm(view: EditionPrices, here: String) -> Element {
    let faults = view.faults.clone();
    let error = move |field: &str| faults.iter().find(|(f, _)| f == field).map(|(_, code)| t!(code));
    let form = view.form.clone();
    let options = |all: &[String], label: &dyn Fn(&str) -> String| {
        let mut out = vec![SelectOption { value: String::new(), label: t!("prices-choose-one") }];
        out.extend(all.iter().map(|v| SelectOption { value: v.clone(), label: label(v) }));
        out
    };
    let kinds = ["fixed", "named", "free"]
        .map(|kind| SelectOption { value: kind.to_owned(), label: t!(&format!("prices-kind-{kind}")) });
    rsx! {
        form { class: "trade-part desk-form", id: "price", method: "post", action: "{here}", novalidate: true,
            h2 { {if view.key.is_empty() { t!("prices-add") } else { t!("prices-change-one") }} }
            input { r#type: "hidden", name: "rev", value: "{view.rev}" }
            input { r#type: "hidden", name: "key", value: "{view.key}" }
            Select { name: "region", label: t!("prices-region"), options: options(&view.regions, &|r| region(r)), value: form.region.clone(), error: error("region"), required: true }
            Select { name: "currency", label: t!("prices-currency"), options: options(&view.currencies, &|c| c.to_owned()), value: form.currency.clone(), error: error("currency"), required: true }
            Select { name: "kind", label: t!("prices-kind"), options: kinds.to_vec(), value: form.kind.clone() }
            Field { name: "amount", label: t!("prices-amount"), value: form.amount.clone(), hint: t!("prices-amount-hint"), error: error("amount"), inputmode: "decimal", maxlength: 20 }
            Field { name: "minimum", label: t!("prices-minimum"), value: form.minimum.clone(), hint: t!("prices-minimum-hint"), error: error("minimum"), inputmode: "decimal", maxlength: 20 }
            Field { name: "compare_at", label: t!("prices-compare"), value: form.compare_at.clone(), hint: t!("prices-compare-hint"), error: error("compare_at"), inputmode: "decimal", maxlength: 20 }
            Field { name: "min_quantity", label: t!("prices-from-pieces"), value: form.min_quantity.clone(), hint: t!("prices-from-pieces-hint"), error: error("min_quantity"), inputmode: "numeric", maxlength: 6 }
            Field { name: "from", label: t!("prices-from"), r#type: "datetime-local", value: form.from.clone(), hint: t!("prices-from-hint"), error: error("from") }
            Field { name: "to", label: t!("prices-to"), r#type: "datetime-local", value: form.to.clone(), hint: t!("prices-to-hint"), error: error("to") }
            div { class: "desk-keys",
                Button { kind: ButtonKind::Primary, r#type: "submit", {t!("prices-look")} }
                if !view.key.is_empty() {
                    a { class: "button", href: "{here}#price", {t!("prices-add")} }
                }
            }
            Notice { {t!("prices-look-text")} }
        }
    }
}
