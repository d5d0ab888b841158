//! The seller's price list: the grid, one edition, what would change, what a buyer would see.

use dioxus::prelude::*;
use vitrine_server::desk::GridAsk;
use vitrine_shared::views::prices::{
    ChangesView, EditionPrices, PriceCell, PriceEntry, PriceWords, PricesView, SeeAsk, SeeView, SeenLine,
};
use vitrine_ui::prelude::*;

use super::{Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::{HowMade, Sums, drawn};
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
    rsx! {
        form { class: "prices-choose", action: "/studio/prices", method: "get", role: "search", aria_label: t!("prices-choose"),
            if view.sellers.len() > 1 {
                Select { name: "seller", label: t!("prices-seller"), options: sellers.collect::<Vec<_>>(), value: view.seller.clone() }
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
        form { class: "trade-part", method: "post", action: "/studio/prices/grid", novalidate: true,
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
            form { class: "desk-form", method: "post", action: "/studio/prices/import", enctype: "multipart/form-data",
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

/// All prices of one edition.
#[component]
pub(super) fn Edition(id: String, query: String) -> Element {
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
                                form { class: "desk-form", method: "post", action: "{here}/end",
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

/// What would change, and the form that does it.
#[component]
pub(super) fn Changes(id: String, query: String) -> Element {
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

/// What a buyer would see.
#[component]
pub(super) fn See(query: String) -> Element {
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
                    {text_or(&format!("see-trouble-{}", code.replace('_', "-")), &t!("see-trouble-other"))}
                    " "
                    code { "{field}" }
                }
            }
            for line in view.lines.iter() {
                SeenOne { key: "{line.sku}", line: line.clone() }
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
                            column("facet-price", true),
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
                pre { class: "prices-document", tabindex: "0", dir: "ltr", code { "{view.document}" } }
            }
        }
    }
}

#[component]
fn SeenOne(line: SeenLine) -> Element {
    rsx! {
        h3 { dir: "auto", "{line.title}" }
        p {
            match line.unit.as_ref() {
                Some(words) => rsx! {
                    strong { {in_words(words)} }
                },
                None => rsx! {
                    strong { {t!("price-none")} }
                },
            }
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
