//! What a buyer would see.

use dioxus::prelude::*;
use vitrine_shared::views::prices::{SeeAsk, SeeView, SeenLine};
use vitrine_ui::prelude::*;

use super::super::use_desk;
use super::{Begins, column, in_words, place, region, words_of};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::{HowMade, Sums, drawn};
use crate::shop::parts::{Moment, Page, param};
use crate::t;

/// What a buyer would see.
#[component]
pub(in crate::desk) fn See(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let get = |name: &str| param(&query, name).unwrap_or_default();
        let ask = SeeAsk {
            seller: get("seller"),
            skus: get("skus"),
            country: get("country"),
            region: get("region"),
            postcode: get("postcode"),
            business: !get("business").is_empty(),
            tax_id: get("tax_id"),
            confirmed: !get("confirmed").is_empty(),
            quantity: get("quantity"),
            date: get("date"),
        };
        async move { desk.see_prices(&ctx, &ask).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &SeeView| {
        rsx! {
            Page { head: Head { title: t!("see-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("see-title")} }
                    p { class: "lead",
                        bdi { "{view.name}" }
                    }
                    SeeForm { view: view.clone() }
                    if !view.document.is_empty() {
                        Seen { view: view.clone() }
                    }
                }
            }
        }
    })
}

#[component]
fn SeeForm(view: SeeView) -> Element {
    let faults = view.faults.clone();
    let error = move |field: &str| faults.iter().find(|(f, _)| f == field).map(|(_, code)| t!(code));
    let ask = view.ask.clone();
    let mut countries: Vec<SelectOption> = view
        .countries
        .iter()
        .map(|code| SelectOption { value: code.clone(), label: text_or(&format!("country-{code}"), code) })
        .collect();
    countries.sort_by(|a, b| a.label.cmp(&b.label));
    rsx! {
        form { class: "trade-part desk-form", method: "get", action: "/studio/prices/see", novalidate: true,
            input { r#type: "hidden", name: "seller", value: "{ask.seller}" }
            Field { name: "skus", label: t!("see-skus"), value: ask.skus.clone(), hint: t!("see-skus-hint"), error: error("skus"), maxlength: 2000 }
            Select { name: "country", label: t!("see-country"), options: countries, value: ask.country.clone(), error: error("country") }
            Field { name: "region", label: t!("see-region"), value: ask.region.clone(), hint: t!("see-region-hint"), maxlength: 64 }
            Field { name: "postcode", label: t!("see-postcode"), value: ask.postcode.clone(), maxlength: 64 }
            Checkbox { name: "business", checked: ask.business, {t!("see-business")} }
            Field { name: "tax_id", label: t!("see-tax-id"), value: ask.tax_id.clone(), maxlength: 64 }
            Checkbox { name: "confirmed", checked: ask.confirmed, {t!("see-confirmed")} }
            Field { name: "quantity", label: t!("see-quantity"), value: ask.quantity.clone(), error: error("quantity"), inputmode: "numeric", maxlength: 6 }
            Field { name: "date", label: t!("see-date"), r#type: "date", value: ask.date.clone(), hint: t!("see-date-hint"), error: error("date") }
            Button { kind: ButtonKind::Primary, r#type: "submit", {t!("see-go")} }
        }
    }
}

#[component]
fn Seen(view: SeeView) -> Element {
    let regions: Vec<String> = view.regions.iter().map(|r| region(r)).collect();
    rsx! {
        section { class: "trade-part", id: "seen",
            h2 { {t!("see-result")} }
            p { {t!("see-order", regions = regions.join(" → "), currency = view.currency.clone())} }
            if let Some((field, code)) = view.trouble.clone() {
                Alert { tone: Tone::Warn, title: t!("see-no-total"),
                    if code == "no_tax_rule" && view.ask.region.is_empty() && matches!(view.ask.country.as_str(), "US" | "CA") {
                        {t!("line-region")}
                    } else {
                        {text_or(&format!("see-trouble-{}", code.replace('_', "-")), &t!("see-trouble-other"))}
                    }
                    " "
                    code { "{field}" }
                }
            }
            for line in view.lines.iter() {
                SeenOne { key: "{line.sku}", line: line.clone() }
            }
            if let Some(name) = view.sold_by.clone() {
                p { {t!("cart-sold-by", name = name)} }
            }
            if !view.sums.is_empty() {
                Sums { sums: view.sums.clone() }
                if !view.taxes.is_empty() {
                    Table {
                        caption: t!("see-taxes"),
                        columns: vec![
                            column("see-tax", false),
                            column("see-rate", true),
                            column("see-base", true),
                            column("see-amount", true),
                            column("see-law", false),
                        ],
                        for (i , tax) in view.taxes.iter().enumerate() {
                            tr { key: "{i}",
                                td { bdi { "{tax.name}" } }
                                td { class: "end", "{tax.rate}" }
                                td { class: "end", "{tax.base}" }
                                td { class: "end", "{tax.amount}" }
                                td {
                                    bdi { "{tax.law}" }
                                    " "
                                    code { class: "desk-id", "{tax.rule}" }
                                }
                            }
                        }
                    }
                }
                if let Some(note) = view.tax_note.clone() {
                    p { class: "notice", {t!(&note)} }
                }
                HowMade { explain: view.explain.clone() }
            }
            Disclosure { title: t!("see-document"),
                p { {t!("see-document-text")} }
                pre { class: "prices-document", tabindex: "0", role: "region", "aria-label": t!("see-document"), dir: "ltr", code { "{view.document}" } }
            }
        }
    }
}

#[component]
fn SeenOne(line: SeenLine) -> Element {
    rsx! {
        h3 { dir: "auto", "{line.title}" }
        p {
            strong { {line.unit.as_ref().map_or_else(|| t!("price-none"), in_words)} }
            if let Some(lowest) = line.lowest.clone() {
                " · "
                {t!("price-lowest", price = lowest)}
            }
        }
        if !line.lookup.is_empty() {
            Table {
                caption: t!("see-lookup"),
                columns: vec![
                    column("prices-place", false),
                    column("prices-pieces", true),
                    column("facet-price", true),
                    column("prices-begins", false),
                    column("prices-ends", false),
                    column("desk-why", false),
                ],
                for (price , why) in line.lookup.iter() {
                    tr { key: "{price.key}",
                        td { {place(&price.region, &price.currency)} }
                        td { class: "end", "{price.min_quantity}" }
                        td { class: "end", {in_words(&words_of(price))} }
                        td { Begins { at: price.from.clone() } }
                        td {
                            if let Some(to) = price.to.clone() {
                                Moment { at: to }
                            } else {
                                {t!("prices-open")}
                            }
                        }
                        td {
                            if why == "lookup-wins" {
                                strong { {t!(why)} }
                            } else {
                                {t!(why)}
                            }
                        }
                    }
                }
            }
        }
    }
}
