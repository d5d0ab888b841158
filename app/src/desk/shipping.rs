//! How a shop sends: its zones, ways and rates, a try, and the form of each.

use dioxus::prelude::*;
use vitrine_shared::query::encode;
use vitrine_shared::views::shops::{RateRow, ShippingPartView, ShippingView, ShopsView, TryAsk};
use vitrine_ui::prelude::*;

use super::{History, Told, use_desk};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::pages::drawn;
use crate::shop::parts::{Page, param};
use crate::t;

/// Country codes of a zone that are written out in a list.
const WRITTEN_OUT: usize = 12;

fn column(key: &str, number: bool) -> Column {
    Column { title: t!(key), number }
}

fn country(code: &str) -> String {
    text_or(&format!("country-{code}"), code)
}

/// A zone as people call it.
fn zone_name(zone: &str) -> String {
    match zone {
        "*" => t!("ship-everywhere-else"),
        "EU" => t!("ship-eu"),
        zone => country(zone),
    }
}

/// A way as people call it.
fn way_name(id: &str, name: &str) -> String {
    match (id, name) {
        (_, name) if !name.is_empty() => name.to_owned(),
        ("standard", _) => t!("sending-standard"),
        (id, _) => id.to_owned(),
    }
}

fn days(days: Option<(u16, u16)>) -> String {
    match days {
        Some((from, to)) if from == to => t!("sending-day", to = to),
        Some((from, to)) => t!("sending-days", from = from, to = to),
        None => String::new(),
    }
}

fn by_label(mut all: Vec<SelectOption>) -> Vec<SelectOption> {
    all.sort_by(|a, b| a.label.cmp(&b.label));
    all
}

fn country_options(codes: &[String]) -> Vec<SelectOption> {
    by_label(codes.iter().map(|code| SelectOption { value: code.clone(), label: country(code) }).collect())
}

pub(super) fn currency_options(codes: &[String]) -> Vec<SelectOption> {
    codes.iter().map(|code| SelectOption { value: code.clone(), label: code.clone() }).collect()
}

/// Why a field is not taken, and what in it is meant.
pub(super) fn fault_text(code: Option<&String>, wrong: Option<&String>) -> Option<String> {
    let told = text_or(code?, &t!("desk-trouble-other"));
    Some(match wrong {
        Some(wrong) => format!("{told}: {wrong}"),
        None => told,
    })
}

/// The caller's shops.
#[component]
pub(super) fn ShippingShops(query: String) -> Element {
    let view = use_desk(move |desk, ctx| {
        let tenant = param(&query, "tenant").unwrap_or_default();
        async move { desk.shipping_shops(&ctx, &tenant).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ShopsView| {
        rsx! {
            Page { head: Head { title: t!("ship-title"), private: true, ..Head::default() },
                div { class: "wrap trade",
                    h1 { {t!("ship-title")} }
                    p { {t!("ship-text")} }
                    if view.rows.is_empty() {
                        EmptyState { title: t!("shops-none"), text: t!("shops-none-text") }
                    } else {
                        Table {
                            caption: t!("ship-shops"),
                            columns: vec![
                                column("shops-shop", false),
                                column("shops-seller", false),
                                column("ship-zones", true),
                                column("ship-ways", true),
                                column("ship-rates", true),
                            ],
                            for row in view.rows.iter() {
                                tr { key: "{row.store}",
                                    td {
                                        a { href: "/studio/shipping/{row.store}", bdi { "{row.name}" } }
                                    }
                                    td { bdi { "{row.seller}" } }
                                    td { class: "end", "{row.counts.0}" }
                                    td { class: "end", "{row.counts.1}" }
                                    td { class: "end", "{row.counts.2}" }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// What is asked of a try, if something is.
fn asked(query: &str) -> Option<TryAsk> {
    param(query, "try")?;
    let get = |name: &str| param(query, name).unwrap_or_default();
    Some(TryAsk {
        country: get("country"),
        region: get("region"),
        postcode: get("postcode"),
        weight: get("weight"),
        size: get("size"),
        pieces: get("pieces"),
        worth: get("worth"),
        currency: get("currency"),
    })
}

/// One shop.
#[component]
pub(super) fn Shipping(store: String, query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (store, ask) = (store.clone(), asked(&query));
        let after = param(&query, "after").and_then(|after| after.parse().ok()).unwrap_or_default();
        async move { desk.shipping(&ctx, &store, ask, after).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ShippingView| {
        let title = t!("ship-of", name = view.name.clone());
        rsx! {
            Page { head: Head { title: title.clone(), private: true, ..Head::default() },
                div { class: "wrap trade",
                    p {
                        a { href: "/studio/shipping", {t!("ship-title")} }
                    }
                    h1 { bdi { "{title}" } }
                    Told { query: told.clone() }
                    if let Some(path) = view.unfit.clone() {
                        Alert { tone: Tone::Warn, title: t!("ship-unfit"),
                            {t!("ship-unfit-text")}
                            " "
                            code { "{path}" }
                        }
                    }
                    Rates { view: view.clone() }
                    Zones { view: view.clone() }
                    Ways { view: view.clone() }
                    Nowhere { view: view.clone() }
                    Try { view: view.clone() }
                    if !view.history.is_empty() {
                        History { rows: view.history.clone() }
                    }
                }
            }
        }
    })
}

/// The address of a part's form.
fn form_of(store: &str, part: &str, was: &str) -> String {
    let was = if was.is_empty() { String::new() } else { format!("?was={}", encode(was)) };
    format!("/studio/shipping/{store}/{part}{was}")
}

/// Changes a part, or takes it out at once.
#[component]
fn Acts(store: String, rev: i64, part: &'static str, was: String, what: String) -> Element {
    rsx! {
        div { class: "trade-act",
            a { href: form_of(&store, part, &was), aria_label: t!("shops-change-of", what = what.clone()), {t!("shops-change")} }
            form { role: "none", method: "post", action: "/studio/shipping/{store}/{part}",
                input { r#type: "hidden", name: "rev", value: "{rev}" }
                input { r#type: "hidden", name: "was", value: "{was}" }
                button { class: "button button-quiet", r#type: "submit", name: "act", value: "remove", aria_label: t!("shops-remove-of", what = what.clone()), {t!("shops-remove")} }
            }
        }
    }
}

/// A rate in words, for who does not see its row.
fn rate_words(row: &RateRow, way: &str) -> String {
    let band = [row.up_to_g.clone(), row.up_to_mm.clone(), row.up_to_goods.clone()]
        .into_iter()
        .filter(|text| !text.is_empty());
    let all = [zone_name(&row.zone), way.to_owned()].into_iter().chain(band).chain([row.amount.clone()]);
    all.collect::<Vec<_>>().join(" · ")
}

#[component]
fn Rates(view: ShippingView) -> Element {
    let name = |id: &str| {
        let known = view.ways.iter().find(|way| way.id == id);
        way_name(id, known.map_or("", |way| way.name.as_str()))
    };
    let or_any = |text: &str| if text.is_empty() { t!("ship-any") } else { text.to_owned() };
    rsx! {
        section { class: "trade-part", id: "rates",
            h2 { {t!("ship-rates")} }
            p { {t!("ship-rates-text")} }
            if view.rates.is_empty() {
                EmptyState { title: t!("ship-no-rates"), text: t!("ship-no-rates-text") }
            } else {
                Table {
                    caption: t!("ship-rates-count", count = view.rates_all),
                    columns: vec![
                        column("ship-zone", false),
                        column("ship-way", false),
                        column("ship-up-to-g", true),
                        column("ship-up-to-mm", true),
                        column("ship-up-to-goods", true),
                        column("ship-amount", true),
                        column("ship-handling", true),
                        column("ship-each", true),
                        column("ship-free-over", true),
                        column("shops-acts", false),
                    ],
                    for row in view.rates.iter() {
                        tr { key: "{row.mark}",
                            td { bdi { {zone_name(&row.zone)} } }
                            td { bdi { {name(&row.way)} } }
                            td { class: "end", {or_any(&row.up_to_g)} }
                            td { class: "end", {or_any(&row.up_to_mm)} }
                            td { class: "end", {or_any(&row.up_to_goods)} }
                            td { class: "end", strong { "{row.amount}" } }
                            td { class: "end", "{row.handling}" }
                            td { class: "end", "{row.each}" }
                            td { class: "end", "{row.free_over}" }
                            td {
                                Acts { store: view.store.clone(), rev: view.rev, part: "rate", was: row.mark.clone(), what: rate_words(row, &name(&row.way)) }
                            }
                        }
                    }
                }
                if let Some(next) = view.next {
                    p {
                        a { class: "button", href: "/studio/shipping/{view.store}?after={next}#rates", {t!("ship-more-rates")} }
                    }
                }
            }
            p {
                a { class: "button button-primary", href: form_of(&view.store, "rate", ""), {t!("ship-new-rate")} }
            }
        }
    }
}

#[component]
fn Zones(view: ShippingView) -> Element {
    let short = |codes: &[String]| {
        let names: Vec<String> = codes.iter().take(WRITTEN_OUT).map(|code| zone_name(code)).collect();
        let more = codes.len().saturating_sub(WRITTEN_OUT);
        let names = names.join(", ");
        if more == 0 { names } else { t!("ship-and-more", names = names, count = more) }
    };
    rsx! {
        section { class: "trade-part", id: "zones",
            h2 { {t!("ship-zones")} }
            p { {t!("ship-zones-text")} }
            if !view.zones.is_empty() {
                Table {
                    caption: t!("ship-zones-own"),
                    columns: vec![
                        column("ship-zone-name", false),
                        column("ship-countries", false),
                        column("ship-places", true),
                        column("ship-except", true),
                        column("ship-rates", true),
                        column("shops-acts", false),
                    ],
                    for row in view.zones.iter() {
                        tr { key: "{row.id}",
                            td { bdi { "{row.id}" } }
                            td { class: "desk-words", {short(&row.countries)} }
                            td { class: "end", "{row.places}" }
                            td { class: "end", "{row.except}" }
                            td { class: "end", "{row.rates}" }
                            td {
                                Acts { store: view.store.clone(), rev: view.rev, part: "zone", was: row.id.clone(), what: row.id.clone() }
                            }
                        }
                    }
                }
            }
            p {
                a { class: "button", href: form_of(&view.store, "zone", ""), {t!("ship-new-zone")} }
            }
        }
    }
}

#[component]
fn Ways(view: ShippingView) -> Element {
    rsx! {
        section { class: "trade-part", id: "ways",
            h2 { {t!("ship-ways")} }
            p { {t!("ship-ways-text")} }
            if !view.ways.is_empty() {
                Table {
                    caption: t!("ship-ways-order"),
                    columns: vec![
                        column("ship-way", false),
                        column("ship-id", false),
                        column("ship-days", false),
                        column("ship-rates", true),
                        column("shops-acts", false),
                    ],
                    for row in view.ways.iter() {
                        tr { key: "{row.id}",
                            td { bdi { {way_name(&row.id, &row.name)} } }
                            td { class: "desk-id", "{row.id}" }
                            td { {days(row.days)} }
                            td { class: "end", "{row.rates}" }
                            td {
                                if row.described {
                                    Acts { store: view.store.clone(), rev: view.rev, part: "way", was: row.id.clone(), what: way_name(&row.id, &row.name) }
                                } else {
                                    {t!("ship-undescribed")}
                                }
                            }
                        }
                    }
                }
            }
            p {
                a { class: "button", href: form_of(&view.store, "way", ""), {t!("ship-new-way")} }
            }
        }
    }
}

#[component]
fn Nowhere(view: ShippingView) -> Element {
    rsx! {
        section { class: "trade-part", id: "nowhere",
            h2 { {t!("ship-nowhere")} }
            if view.nowhere.is_empty() {
                p { {t!("ship-nowhere-none")} }
            } else {
                p { class: "desk-id",
                    for (i , place) in view.nowhere.iter().enumerate() {
                        span { key: "{i}",
                            if i > 0 {
                                " · "
                            }
                            bdi { dir: "ltr", "{place}" }
                        }
                    }
                }
            }
            p {
                a { class: "button", href: form_of(&view.store, "nowhere", ""), {t!("ship-nowhere-change")} }
            }
        }
    }
}

/// What would it cost.
#[component]
fn Try(view: ShippingView) -> Element {
    let faults = view.faults.clone();
    let error = move |field: &str| fault_text(faults.get(field), None);
    let ask = view.ask.clone();
    rsx! {
        section { class: "trade-part", id: "try",
            h2 { {t!("ship-try")} }
            p { {t!("ship-try-text")} }
            form { class: "prices-choose", method: "get", action: "/studio/shipping/{view.store}#try", novalidate: true, "aria-label": t!("ship-try"),
                input { r#type: "hidden", name: "try", value: "1" }
                Select { name: "country", label: t!("see-country"), options: country_options(&view.countries), value: ask.country.clone(), error: error("country") }
                Field { name: "region", label: t!("see-region"), value: ask.region.clone(), maxlength: 64, autocomplete: "off" }
                Field { name: "postcode", label: t!("see-postcode"), value: ask.postcode.clone(), maxlength: 64, autocomplete: "off" }
                Field { name: "weight", label: t!("ship-weight"), value: ask.weight.clone(), error: error("weight"), inputmode: "numeric", maxlength: 10, autocomplete: "off" }
                Field { name: "size", label: t!("ship-size"), value: ask.size.clone(), error: error("size"), maxlength: 40, autocomplete: "off" }
                Field { name: "pieces", label: t!("ship-pieces"), value: ask.pieces.clone(), error: error("pieces"), inputmode: "numeric", maxlength: 10, autocomplete: "off" }
                Field { name: "worth", label: t!("ship-worth"), value: ask.worth.clone(), error: error("worth"), inputmode: "decimal", maxlength: 20, autocomplete: "off" }
                Select { name: "currency", label: t!("prices-currency"), options: currency_options(&view.currencies), value: ask.currency.clone(), error: error("currency") }
                Button { r#type: "submit", {t!("ship-try-go")} }
            }
            if let Some(tried) = view.tried.clone() {
                if let Some(zone) = tried.zone.clone() {
                    if tried.ways.is_empty() {
                        p { role: "status", {t!("ship-try-no-rate", zone = zone_name(&zone), currency = ask.currency.clone())} }
                    } else {
                        Table {
                            caption: t!("ship-try-answer", zone = zone_name(&zone)),
                            columns: vec![
                                column("ship-way", false),
                                column("ship-days", false),
                                column("ship-handling-in", true),
                                column("ship-amount", true),
                            ],
                            for way in tried.ways.iter() {
                                tr { key: "{way.id}",
                                    td { bdi { {way_name(&way.id, &way.name)} } }
                                    td { {days(way.days)} }
                                    td { class: "end", "{way.handling}" }
                                    td { class: "end",
                                        strong {
                                            if way.free {
                                                {t!("sending-free")}
                                            } else {
                                                "{way.price}"
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                } else {
                    p { role: "status", {t!("ship-try-nowhere")} }
                }
            }
        }
    }
}

/// The form of a zone, a way, a rate, or of where nothing is sent.
#[component]
pub(super) fn ShippingPart(store: String, part: String, query: String) -> Element {
    let told = query.clone();
    let view = use_desk(move |desk, ctx| {
        let (store, part) = (store.clone(), part.clone());
        let (was, typed) = (param(&query, "was").unwrap_or_default(), param(&query, "kept").is_some());
        async move { desk.shipping_part(&ctx, &store, (&part, &was), typed).await }
    })?;
    let view = view.read();
    drawn(&view, |view: &ShippingPartView| {
        rsx! {
            PartForm { view: view.clone(), query: told.clone() }
        }
    })
}

#[component]
fn PartForm(view: ShippingPartView, query: String) -> Element {
    let is_new = view.was.is_empty();
    let title = match (view.part.as_str(), is_new) {
        ("zone", true) => t!("ship-new-zone"),
        ("zone", false) => t!("ship-zone-of", id = view.was.clone()),
        ("way", true) => t!("ship-new-way"),
        ("way", false) => t!("ship-way-of", id = view.was.clone()),
        ("rate", true) => t!("ship-new-rate"),
        ("rate", false) => t!("ship-change-rate"),
        _ => t!("ship-nowhere"),
    };
    rsx! {
        Page { head: Head { title: title.clone(), private: true, ..Head::default() },
            div { class: "wrap trade",
                p {
                    a { href: "/studio/shipping/{view.store}", {t!("ship-of", name = view.name.clone())} }
                }
                h1 { bdi { "{title}" } }
                Told { query }
                form { class: "trade-part desk-form", method: "post", action: "/studio/shipping/{view.store}/{view.part}", novalidate: true, "aria-label": title.clone(),
                    input { r#type: "hidden", name: "rev", value: "{view.rev}" }
                    input { r#type: "hidden", name: "was", value: "{view.was}" }
                    match view.part.as_str() {
                        "zone" => rsx! { ZoneFields { view: view.clone() } },
                        "way" => rsx! { WayFields { view: view.clone() } },
                        "rate" => rsx! { RateFields { view: view.clone() } },
                        _ => rsx! { NowhereFields { view: view.clone() } },
                    }
                    Button { kind: ButtonKind::Primary, r#type: "submit", {t!("desk-save")} }
                }
            }
        }
    }
}

/// What stands in a field, and what is wrong with it.
fn of(view: &ShippingPartView, name: &str) -> (String, Option<String>) {
    (view.fields.get(name).cloned().unwrap_or_default(), fault_text(view.faults.get(name), view.wrong.get(name)))
}

#[component]
fn Line(
    view: ShippingPartView,
    name: &'static str,
    label: String,
    #[props(default)] hint: Option<String>,
    #[props(default)] inputmode: Option<&'static str>,
) -> Element {
    let (value, error) = of(&view, name);
    rsx! {
        Field { name, label, hint, value, error, inputmode, maxlength: 200, autocomplete: "off" }
    }
}

#[component]
fn Area(view: ShippingPartView, name: &'static str, label: String, hint: String, rows: u8) -> Element {
    let (value, error) = of(&view, name);
    rsx! {
        TextArea { name, label, hint, value, error, rows, maxlength: 40_000 }
    }
}

/// The name that rates know a part by: typed once.
#[component]
fn Id(view: ShippingPartView, hint: String) -> Element {
    rsx! {
        if view.was.is_empty() {
            Line { view: view.clone(), name: "id", label: t!("ship-id"), hint }
        }
    }
}

#[component]
fn ZoneFields(view: ShippingPartView) -> Element {
    rsx! {
        Id { view: view.clone(), hint: t!("ship-zone-id-hint") }
        Area { view: view.clone(), name: "countries", label: t!("ship-countries"), hint: t!("ship-countries-hint"), rows: 3 }
        Area { view: view.clone(), name: "places", label: t!("ship-places"), hint: t!("ship-places-hint"), rows: 5 }
        Area { view: view.clone(), name: "except", label: t!("ship-except"), hint: t!("ship-except-hint"), rows: 4 }
    }
}

#[component]
fn WayFields(view: ShippingPartView) -> Element {
    // A new one stands behind those there are.
    let described = view.ways.iter().filter(|(_, name)| !name.is_empty()).count().max(1);
    let last = if view.was.is_empty() { described + 1 } else { described };
    let (chosen, _) = of(&view, "position");
    // What was typed may be any number; there is no place behind the last.
    let typed: usize = chosen.parse().unwrap_or(last).clamp(1, last);
    let positions = (1..=last).map(|n| SelectOption { value: n.to_string(), label: n.to_string() });
    rsx! {
        Id { view: view.clone(), hint: t!("ship-way-id-hint") }
        Line { view: view.clone(), name: "name", label: t!("ship-name"), hint: t!("ship-name-hint") }
        Area { view: view.clone(), name: "names", label: t!("ship-names"), hint: t!("ship-names-hint"), rows: 3 }
        Line { view: view.clone(), name: "days_from", label: t!("ship-days-from"), hint: t!("ship-days-hint"), inputmode: "numeric" }
        Line { view: view.clone(), name: "days_to", label: t!("ship-days-to"), inputmode: "numeric" }
        Line { view: view.clone(), name: "dim_divisor", label: t!("ship-divisor"), hint: t!("ship-divisor-hint"), inputmode: "numeric" }
        Select { name: "position", label: t!("ship-position"), options: positions.collect::<Vec<_>>(), value: typed.to_string() }
    }
}

#[component]
fn RateFields(view: ShippingPartView) -> Element {
    let (zone, zone_fault) = of(&view, "zone");
    let (way, way_fault) = of(&view, "way");
    let (currency, currency_fault) = of(&view, "currency");
    let option = |value: &str, label: String| SelectOption { value: value.to_owned(), label };
    let mut zones: Vec<SelectOption> =
        view.zones.iter().map(|id| option(id, t!("ship-own-zone", id = id.clone()))).collect();
    let own = |value: &str| view.zones.iter().any(|id| id == value);
    zones.extend(["EU", "*"].into_iter().filter(|wide| !own(wide)).map(|wide| option(wide, zone_name(wide))));
    let rest: Vec<String> = view.countries.iter().filter(|code| !own(code)).cloned().collect();
    zones.extend(country_options(&rest));
    // What stands there stays what it is, even if it is none of them.
    if !zone.is_empty() && !zones.iter().any(|option| option.value == zone) {
        zones.insert(0, option(&zone, zone.clone()));
    }
    let mut ways: Vec<SelectOption> = view.ways.iter().map(|(id, name)| option(id, way_name(id, name))).collect();
    if !way.is_empty() && !ways.iter().any(|option| option.value == way) {
        ways.insert(0, option(&way, way.clone()));
    }
    rsx! {
        Select { name: "zone", label: t!("ship-zone"), options: zones, value: zone, error: zone_fault }
        Select { name: "way", label: t!("ship-way"), options: ways, value: way, error: way_fault }
        Select { name: "currency", label: t!("prices-currency"), options: currency_options(&view.currencies), value: currency, error: currency_fault }
        Line { view: view.clone(), name: "amount", label: t!("ship-amount"), hint: t!("ship-amount-hint"), inputmode: "decimal" }
        Line { view: view.clone(), name: "up_to_g", label: t!("ship-up-to-g"), hint: t!("ship-up-to-hint"), inputmode: "numeric" }
        Line { view: view.clone(), name: "up_to_mm", label: t!("ship-up-to-mm"), hint: t!("ship-up-to-mm-hint") }
        Line { view: view.clone(), name: "up_to_goods", label: t!("ship-up-to-goods"), hint: t!("ship-up-to-hint"), inputmode: "decimal" }
        Line { view: view.clone(), name: "handling", label: t!("ship-handling"), hint: t!("ship-handling-hint"), inputmode: "decimal" }
        Line { view: view.clone(), name: "handling_per_item", label: t!("ship-each"), hint: t!("ship-each-hint"), inputmode: "decimal" }
        Line { view: view.clone(), name: "free_over", label: t!("ship-free-over"), hint: t!("ship-free-over-hint"), inputmode: "decimal" }
    }
}

#[component]
fn NowhereFields(view: ShippingPartView) -> Element {
    rsx! {
        Area { view: view.clone(), name: "places", label: t!("ship-nowhere"), hint: t!("ship-nowhere-hint"), rows: 6 }
    }
}
