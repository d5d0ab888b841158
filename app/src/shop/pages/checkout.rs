//! The checkout: who, where, pay, on one page and in one form.

use std::collections::HashMap;

use dioxus::prelude::*;
use vitrine_shared::views::trade::CheckoutView;
use vitrine_ui::prelude::*;

use super::cart::{Codes, HowMade, Sums};
use super::destination::{business_part, fault, faults, place_fields};
use super::drawn;
use super::sending::sending_parts;
use super::stored::{value_part, value_sums};
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::parts::Page;
use crate::t;

/// Loads the checkout.
#[component]
pub fn Checkout() -> Element {
    let view = crate::data::use_data(crate::data::checkout)?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            CheckoutBody { view: view.clone() }
        }
    })
}

/// The form with what was typed, and what it comes to.
#[component]
pub fn CheckoutBody(
    /// What to show.
    view: CheckoutView,
) -> Element {
    let head = Head { title: t!("checkout-title"), private: true, ..Head::default() };
    // What is typed, for the lines that folded parts show. Only those lines follow it: fields drawn again would lose it.
    let mut typed = use_signal(HashMap::<String, String>::new);
    let was = view.form.email.clone();
    let who = use_memo(use_reactive((&was,), move |(was,)| now(&typed.read(), "email", &was)));
    let shown = view.clone();
    let to = use_memo(use_reactive((&shown,), move |(view,)| destination(&typed.read(), &view)));
    if view.cart.sellers.is_empty() {
        return rsx! {
            Page { head,
                div { class: "wrap trade",
                    h1 { {t!("checkout-title")} }
                    EmptyState { title: t!("cart-empty"), text: t!("cart-empty-text"),
                        Go { to: "/catalog", class: "button button-primary", {t!("fault-catalog")} }
                    }
                }
            }
        };
    }
    let form = view.form.clone();
    let error = |field: &str| fault(&view, field);
    let address = view.whole_address;
    let free = view.cart.total_minor == 0;
    // What stored value leaves to pay; in a shop that takes none, all of it.
    let offered = view.value.offered;
    let (due, due_minor) = if offered {
        (view.value.due.clone(), view.value.due_minor)
    } else {
        (view.cart.total.clone(), view.cart.total_minor)
    };
    let keep = use_callback(move |(field, event): (String, FormEvent)| {
        typed.write().insert(field, event.value());
    });
    let faulty = |field: &str| view.faults.iter().any(|(f, _)| f == field);
    let who_done = !form.email.is_empty() && !faulty("email");
    // Without a parcel everything asked is for the tax, and worth a look.
    let missing = view.fields.iter().any(|f| f.value.is_empty() && (f.required || !address))
        || view.phone.iter().any(|f| f.value.is_empty() && f.required)
        || view.identities.iter().any(|f| f.value.is_empty());
    let wrong = view.fields.iter().chain(&view.phone).any(|f| faulty(&f.name))
        || view.identities.iter().any(|f| faulty(&f.name))
        || faulty("name")
        || faulty("country");
    let where_done = !missing && !wrong && view.cart.ready;
    rsx! {
        Page { head,
            div { class: "wrap trade",
                h1 { {t!("checkout-title")} }
                if let Some(code) = view.declined.clone() {
                    Alert { tone: Tone::Bad, title: t!("checkout-trouble"), live: true, {text_or(&format!("trouble-{code}"), &t!("trouble-other"))} }
                }
                if !view.faults.is_empty() {
                    Alert { tone: Tone::Bad, title: t!("checkout-faults"), live: true,
                        ul { class: "footer-list", role: "list",
                            for (field , text) in faults(&view) {
                                li { key: "{field}",
                                    a { href: "#{field}", "{text}" }
                                }
                            }
                        }
                    }
                }
                form { class: "trade-columns", method: "post", action: "/checkout/place",
                    input { r#type: "hidden", name: "attempt", value: "{view.attempt}" }
                    input { r#type: "hidden", name: "seen_minor", value: "{view.cart.total_minor}" }
                    input { r#type: "hidden", name: "seen_currency", value: "{view.cart.currency}" }
                    if offered {
                        input { r#type: "hidden", name: "due_minor", value: "{due_minor}" }
                    }
                    if view.owned.is_empty() {
                        input { r#type: "hidden", name: "nothing_owned", value: "1" }
                    }
                    div { class: "trade-main",
                        Fold { title: t!("checkout-who"), short: who, open: !who_done,
                            Field {
                                name: "email",
                                r#type: "email",
                                label: t!("checkout-email"),
                                hint: t!("checkout-email-hint"),
                                value: form.email.clone(),
                                error: error("email"),
                                autocomplete: "email",
                                required: true,
                                maxlength: 200,
                                oninput: move |event| keep.call(("email".to_owned(), event)),
                            }
                            if !view.signed_in {
                                Notice {
                                    {t!("checkout-guest")}
                                    " "
                                    a { href: "/auth/login?to=/checkout", {t!("checkout-sign-in")} }
                                }
                            }
                        }
                        Fold { title: if view.cart.needs_address { t!("checkout-where") } else { t!("checkout-where-tax") }, short: to, open: !where_done,
                            {place_fields(&view, keep)}
                        }
                        {business_part(&view, keep)}
                        {sending_parts(&view)}
                        if view.other_place.is_some() || view.place_alone {
                            fieldset { class: "trade-part", id: "confirm_place",
                                legend {
                                    h2 { {t!("checkout-place")} }
                                }
                                p {
                                    match view.other_place.clone() {
                                        Some(other) => t!("checkout-place-text", network = other, chosen = view.country_name.clone()),
                                        None => t!("checkout-place-alone"),
                                    }
                                }
                                Checkbox { name: "confirm_place", value: form.country.clone(), checked: form.confirm_place, invalid: error("confirm_place").is_some(), required: view.other_place.is_some(),
                                    {t!("checkout-confirm-place", country = view.country_name.clone())}
                                }
                                if let Some(text) = error("confirm_place") {
                                    p { class: "field-error",
                                        Icon { shape: Shape::Warning }
                                        "{text}"
                                    }
                                }
                            }
                        }
                        if !view.licences.is_empty() {
                            fieldset { class: "trade-part", id: "accept_licence",
                                legend {
                                    h2 { {t!("checkout-licence")} }
                                }
                                ul { class: "footer-list", role: "list",
                                    for (title , href) in view.licences.iter() {
                                        li { key: "{href}",
                                            a { href: "{href}", target: "_blank", rel: "noopener", bdi { "{title}" } span { class: "sr-only", " " {t!("new-window")} } }
                                        }
                                    }
                                }
                                Checkbox { name: "accept_licence", checked: form.accept_licence, invalid: error("accept_licence").is_some(), required: true, {t!("checkout-accept-licence")} }
                                if let Some(text) = error("accept_licence") {
                                    p { class: "field-error",
                                        Icon { shape: Shape::Warning }
                                        "{text}"
                                    }
                                }
                            }
                        }
                        if !view.owned.is_empty() {
                            fieldset { class: "trade-part", id: "buy_again",
                                legend {
                                    h2 { {t!("checkout-owned")} }
                                }
                                ul { class: "footer-list", role: "list",
                                    for title in view.owned.iter() {
                                        li { key: "{title}",
                                            bdi { "{title}" }
                                        }
                                    }
                                }
                                Checkbox { name: "buy_again", checked: form.buy_again, invalid: error("buy_again").is_some(), required: true, {t!("checkout-buy-again")} }
                                if let Some(text) = error("buy_again") {
                                    p { class: "field-error",
                                        Icon { shape: Shape::Warning }
                                        "{text}"
                                    }
                                }
                                p {
                                    a { href: "/my-products", {t!("checkout-library")} }
                                }
                            }
                        }
                        if view.waiver {
                            fieldset { class: "trade-part", id: "accept_waiver",
                                legend {
                                    h2 { {t!("checkout-withdrawal")} }
                                }
                                Checkbox { name: "accept_waiver", checked: form.accept_waiver, invalid: error("accept_waiver").is_some(), required: true, {t!("checkout-waiver")} }
                                if let Some(text) = error("accept_waiver") {
                                    p { class: "field-error",
                                        Icon { shape: Shape::Warning }
                                        "{text}"
                                    }
                                }
                                p {
                                    a { href: "/policies/withdrawal", target: "_blank", rel: "noopener", {t!("policy-withdrawal")} span { class: "sr-only", " " {t!("new-window")} } }
                                }
                            }
                        }
                        if !free {
                            {value_part(&view)}
                        }
                    }
                    aside { class: "trade-side", aria_label: t!("cart-sum"),
                        h2 { {t!("checkout-order")} }
                        for part in view.cart.sellers.iter() {
                            section { key: "{part.store.href}{part.sold_by.is_some()}", class: "trade-short",
                                h3 { dir: "auto", "{part.store.name}" }
                                if let Some(name) = part.sold_by.clone() {
                                    Notice { {t!("cart-sold-by", name = name)} }
                                }
                                ul { class: "footer-list", role: "list",
                                    for line in part.lines.iter() {
                                        li { key: "{line.variant}", class: "trade-short-line",
                                            span {
                                                bdi { "{line.title}" }
                                                if !line.edition.is_empty() {
                                                    " · "
                                                    bdi { "{line.edition}" }
                                                }
                                                if line.quantity > 1 {
                                                    " × {line.quantity}"
                                                }
                                                if let Some(trouble) = line.trouble.clone() {
                                                    span { class: "field-error",
                                                        Icon { shape: Shape::Warning }
                                                        {text_or(&trouble, &t!("line-not-here"))}
                                                    }
                                                }
                                                if let Some(notice) = line.notice.clone() {
                                                    span { class: "notice", {text_or(&notice, "")} }
                                                }
                                            }
                                            span { class: "num", "{line.total}" }
                                        }
                                    }
                                }
                                Sums { sums: part.sums.clone() }
                                if let Some(note) = part.tax_notice.clone() {
                                    Notice { {text_or(&note, "")} }
                                }
                                HowMade { explain: part.explain.clone() }
                            }
                        }
                        // Without the region there is no total yet; nothing is not what it costs.
                        if !view.cart.waits_for_region() {
                            p { class: "trade-total",
                                span { {t!("sum-all")} }
                                strong { class: "num", "{view.cart.total}" }
                            }
                            {value_sums(&view)}
                        }
                        if view.cart.ready {
                            Button { kind: ButtonKind::Primary, r#type: "submit", large: true, wide: true,
                                if free {
                                    {t!("checkout-get")}
                                } else if due_minor == 0 {
                                    {t!("checkout-pay-stored", amount = view.cart.total.clone())}
                                } else {
                                    {t!("checkout-pay", amount = due.clone())}
                                }
                            }
                            if due_minor != 0 {
                                Notice { {t!("checkout-next")} }
                            }
                            if view.withdrawal_days > 0 {
                                Notice { {t!("checkout-withdrawal-days", days = view.withdrawal_days)} }
                            }
                            if view.withdrawal_file_days > 0 {
                                Notice { {t!("checkout-withdrawal-file-days", days = view.withdrawal_file_days)} }
                            }
                        } else if view.cart.waits_for_region() {
                            Notice { {t!("checkout-region-first")} }
                        } else {
                            Alert { tone: Tone::Warn, title: t!("cart-not-ready"),
                                a { href: "/cart", {t!("checkout-to-cart")} }
                            }
                        }
                        // After the button that pays: what is first in a form is pressed by Enter.
                        div { class: "codes", id: "codes",
                            Codes { codes: view.cart.codes.clone(), action: "/checkout/code" }
                        }
                    }
                }
            }
        }
    }
}

fn now(typed: &HashMap<String, String>, field: &str, was: &str) -> String {
    typed.get(field).cloned().unwrap_or_else(|| was.to_owned())
}

/// Where it goes, in one line.
fn destination(typed: &HashMap<String, String>, view: &CheckoutView) -> String {
    let country = now(typed, "country", &view.form.country);
    let country =
        view.countries.iter().find(|(c, _)| *c == country).map_or_else(|| country.clone(), |(_, name)| name.clone());
    let mut to: Vec<String> = view.fields.iter().map(|field| now(typed, &field.name, &field.value)).collect();
    to.push(country);
    to.retain(|part| !part.trim().is_empty());
    to.join(", ")
}

/// A part of the form that folds to one line once it is filled.
#[component]
fn Fold(title: String, short: ReadSignal<String>, open: bool, children: Element) -> Element {
    rsx! {
        details { class: "fold", open,
            summary {
                h2 { "{title}" }
                span { class: "fold-short", dir: "auto", "{short}" }
                Icon { shape: Shape::Down }
            }
            div { class: "fold-body", {children} }
        }
    }
}
