//! The seller's price list: the grid, one edition, what would change, what a buyer would see.

mod changes;
mod edition;
mod see;

pub(in crate::desk) use changes::Changes;
pub(in crate::desk) use edition::Edition;
pub(in crate::desk) use see::See;

use dioxus::prelude::*;
use vitrine_server::desk::GridAsk;
use vitrine_shared::views::prices::{PriceCell, PriceEntry, PriceWords, PricesView};
use vitrine_ui::prelude::*;

use super::{Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Moment, Page, param};
use crate::t;

fn column(key: &str, number: bool) -> Column {
    Column { title: t!(key), number }
}

fn region(id: &str) -> String {
    text_or(&format!("price-region-{id}"), &id.to_uppercase())
}

fn place(id: &str, currency: &str) -> String {
    format!("{} · {currency}", region(id))
}

/// A price in words: amount, the least that is taken, what it is compared with.
fn in_words(words: &PriceWords) -> String {
    let amount = if words.amount.is_empty() { t!("price-free") } else { words.amount.clone() };
    let mut out = match &words.minimum {
        Some(least) => t!("price-named-words", amount = amount, least = least.clone()),
        None => amount,
    };
    if let Some(before) = &words.compare_at {
        out.push_str(&format!(" ({} {before})", t!("price-was")));
    }
    out
}

/// The grid at a moment.
#[component]
pub(super) fn Prices(query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let get = |name: &str| param(&query, name).unwrap_or_default();
        let ask = GridAsk { seller: get("seller"), at: get("at"), q: get("q"), after: get("after") };
        let kept = param(&query, "kept").is_some();
        async move { desk.prices_view(&ctx, &ask, kept).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &PricesView| {
        rsx! {
            Page { head: Head { title: t!("prices-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("prices-title")} }
                    Told { query: told.clone() }
                    p { class: "lead",
                        bdi { "{view.name}" }
                    }
                    Choose { view: view.clone() }
                    if view.rows.is_empty() {
                        EmptyState { title: t!("prices-none"), text: t!("prices-none-text") }
                    } else {
                        Grid { view: view.clone() }
                    }
                    Files { seller: view.seller.clone() }
                }
            }
        }
    })
}

/// Whose list, at which moment, which editions.
#[component]
fn Choose(view: PricesView) -> Element {
    let sellers = view.sellers.iter().map(|(id, name)| SelectOption { value: id.clone(), label: name.clone() });
    let sellers: Vec<SelectOption> = sellers.collect();
    rsx! {
        form { class: "prices-choose", action: "/studio/prices", method: "get", role: "search", aria_label: t!("prices-choose"),
            if view.sellers.len() > 1 {
                Select { name: "seller", label: t!("prices-seller"), options: sellers, value: view.seller.clone() }
            } else {
                input { r#type: "hidden", name: "seller", value: "{view.seller}" }
            }
            Field { name: "q", label: t!("prices-find"), r#type: "search", value: view.q.clone(), maxlength: 200 }
            Field { name: "at", label: t!("prices-at"), r#type: "datetime-local", value: view.at.clone(), hint: t!("prices-at-hint") }
            Button { r#type: "submit", {t!("prices-show")} }
        }
        p {
            if view.past {
                {t!("prices-past")}
            } else if view.at.is_empty() {
                {t!("prices-now")}
            } else {
                {t!("prices-from-then")}
            }
            " "
            Moment { at: view.moment.clone() }
        }
    }
}

#[component]
fn Grid(view: PricesView) -> Element {
    let read_only = view.past;
    rsx! {
        form { class: "trade-part", method: "post", action: "/studio/prices/grid", novalidate: true, "aria-label": t!("prices-title"),
            for (name , value) in [("seller", &view.seller), ("at", &view.at), ("q", &view.q), ("after", &view.after)] {
                input { key: "{name}", r#type: "hidden", name, value: "{value}" }
            }
            for (work , rev) in view.revs.iter() {
                input { key: "{work}", r#type: "hidden", name: "rev-{work}", value: "{rev}" }
            }
            div { class: "table-scroll prices-scroll", tabindex: "0", role: "region", aria_label: t!("prices-table"),
                table { class: "table prices",
                    caption { {t!("prices-table")} }
                    thead {
                        tr {
                            th { scope: "col", {t!("prices-edition")} }
                            for c in view.columns.iter() {
                                th { key: "{c.region}-{c.currency}", scope: "col", class: "end",
                                    {region(&c.region)}
                                    br {}
                                    "{c.currency}"
                                }
                            }
                        }
                    }
                    tbody {
                        for row in view.rows.iter() {
                            tr { key: "{row.variant}",
                                th { scope: "row",
                                    a { href: "/studio/prices/edition/{row.variant}", dir: "auto", "{row.title}" }
                                    span { class: "desk-line notice", dir: "auto", "{row.edition}" }
                                    span { class: "desk-line desk-id",
                                        bdi { "{row.sku}" }
                                    }
                                }
                                for (c , cell) in view.columns.iter().zip(row.cells.iter()) {
                                    td { key: "{cell.field}", class: "end",
                                        OneCell {
                                            label: format!("{} {} · {}", row.title, row.edition, place(&c.region, &c.currency)),
                                            place: place(&c.region, &c.currency),
                                            cell: cell.clone(),
                                            read_only,
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            if !read_only {
                div { class: "desk-keys",
                    Button { kind: ButtonKind::Primary, r#type: "submit", {t!("prices-look")} }
                    if view.kept {
                        a { class: "button", href: "/studio/prices?seller={view.seller}", {t!("prices-discard")} }
                    }
                }
                Notice { {t!("prices-look-text")} }
            }
        }
        if let Some(to) = view.next.clone() {
            p {
                a { class: "button", href: to, {t!("prices-next")} }
            }
        }
    }
}

#[component]
fn OneCell(label: String, place: String, cell: PriceCell, read_only: bool) -> Element {
    let id = format!("price-{}", cell.field);
    let fault = cell.fault.clone();
    rsx! {
        span { class: "prices-place", aria_hidden: "true", "{place}" }
        if read_only {
            span { class: "num", "{cell.value}" }
        } else {
            input { r#type: "hidden", name: "was-{cell.field}", value: "{cell.was}" }
            input {
                class: "input num",
                id: "{id}",
                name: "{id}",
                value: "{cell.value}",
                inputmode: "decimal",
                autocomplete: "off",
                maxlength: 20,
                aria_label: label,
                aria_invalid: fault.is_some().then_some("true"),
                aria_describedby: fault.is_some().then(|| format!("{id}-error")),
            }
        }
        if let Some(fault) = fault {
            span { class: "field-error", id: "{id}-error",
                Icon { shape: Shape::Warning }
                {t!(&fault)}
            }
        }
        if fault_now_differs(&cell) {
            span { class: "desk-line notice", {t!("prices-is-now", amount = cell.was.clone())} }
        }
        if let Some(least) = cell.minimum {
            span { class: "desk-line notice", {t!("prices-least", least = least)} }
        }
        if let Some(before) = cell.compare_at {
            span { class: "desk-line notice", {t!("prices-before", before = before)} }
        }
        for (count , amount) in cell.steps {
            span { key: "{count}", class: "desk-line notice", {t!("price-step", count = count, price = amount)} }
        }
        if let Some(until) = cell.until {
            span { class: "desk-line notice",
                {t!("prices-until")}
                " "
                Moment { at: until }
            }
        }
    }
}

/// What was typed before stands in the field, and the price is another.
fn fault_now_differs(cell: &PriceCell) -> bool {
    cell.value != cell.was && !cell.was.is_empty()
}

/// The list as a file, both ways.
#[component]
fn Files(seller: String) -> Element {
    rsx! {
        section { class: "trade-part", id: "files",
            h2 { {t!("prices-files")} }
            p {
                a { class: "button", href: "/studio/prices/file.csv?seller={seller}", {t!("prices-export")} }
            }
            form { class: "desk-form", method: "post", action: "/studio/prices/import", enctype: "multipart/form-data", "aria-label": t!("prices-import"),
                input { r#type: "hidden", name: "seller", value: "{seller}" }
                div { class: "field",
                    label { class: "field-label", r#for: "rows", {t!("prices-import")} }
                    span { class: "field-hint", id: "rows-hint", {t!("prices-import-hint")} }
                    input { class: "input", id: "rows", name: "rows", r#type: "file", accept: ".csv,text/csv", required: true, aria_describedby: "rows-hint" }
                }
                Button { r#type: "submit", {t!("prices-look")} }
            }
        }
    }
}

fn words_of(price: &PriceEntry) -> PriceWords {
    PriceWords { amount: price.amount.clone(), minimum: price.minimum.clone(), compare_at: price.compare_at.clone() }
}

#[component]
fn Begins(at: Option<vitrine_shared::views::MomentView>) -> Element {
    rsx! {
        if let Some(at) = at {
            Moment { at }
        } else {
            {t!("prices-always")}
        }
    }
}
