//! Where it goes: the fields of the chosen country, in its order and its words.

use dioxus::prelude::*;
use vitrine_shared::views::trade::{CheckoutView, IdentityField, PlaceField};
use vitrine_ui::prelude::*;

use crate::i18n::{text, text_with};
use crate::t;

/// What is wrong with a field, if anything is.
pub(super) fn fault(view: &CheckoutView, field: &str) -> Option<String> {
    view.faults.iter().find(|(f, _)| f == field).map(|(_, code)| told(view, field, code))
}

/// Each fault with the label of its field, where the page has one for it alone.
pub(super) fn faults(view: &CheckoutView) -> Vec<(String, String)> {
    let label = |field: &str| {
        let place = view.fields.iter().chain(&view.phone).find(|f| f.name == field).map(|f| text(&f.label));
        place.or_else(|| identities(view).find(|f| f.name == field).map(|f| f.called.clone()))
    };
    let named = |field: &str, code: &str| match label(field) {
        Some(label) => format!("{label}: {}", told(view, field, code)),
        None => told(view, field, code),
    };
    view.faults.iter().map(|(field, code)| (field.clone(), named(field, code))).collect()
}

fn told(view: &CheckoutView, field: &str, code: &str) -> String {
    // A fault may name the currency it is about.
    let (code, currency) = code.split_once(' ').unwrap_or((code, ""));
    let example = view.fields.iter().chain(&view.phone).find(|f| f.name == field).and_then(|f| f.example.clone());
    let example = example.or_else(|| identities(view).find(|f| f.name == field).map(|f| f.example.clone()));
    let args = [("example", example.unwrap_or_default()), ("currency", currency.to_owned())];
    text_with(code, &args.map(|(name, value)| (name.to_owned(), value)))
}

fn identities(view: &CheckoutView) -> impl Iterator<Item = &IdentityField> {
    view.identities.iter().chain(&view.business_identities)
}

/// The country, its fields, and the buttons that ask the server for another country or another total.
pub(super) fn place_fields(view: &CheckoutView, keep: EventHandler<(String, FormEvent)>) -> Element {
    rsx! {
        Select {
            name: "country",
            label: t!("checkout-country"),
            value: view.form.country.clone(),
            error: fault(view, "country"),
            autocomplete: "country",
            options: countries(&view.countries),
            onchange: move |event| keep.call(("country".to_owned(), event)),
        }
        if !view.fields.is_empty() {
            button { class: "button", r#type: "submit", name: "again", value: "1", formnovalidate: true, {t!("checkout-fields")} }
        }
        for field in view.fields.iter() {
            {one(view, field, keep)}
        }
        if let Some(phone) = &view.phone {
            {phone_field(view, phone, keep)}
        }
        for field in view.identities.iter() {
            {identity(view, field, keep)}
        }
        // What the fields of another country held is not lost on the way.
        if view.whole_address {
            for (name , value) in others(view) {
                input { key: "{name}", r#type: "hidden", name, value }
            }
        }
        button { class: "button", r#type: "submit", name: "again", value: "1", formnovalidate: true, {t!("checkout-again")} }
        Notice { {t!("checkout-again-hint")} }
    }
}

/// Buying for a business: its tax id, and what the register says of it.
pub(super) fn business_part(view: &CheckoutView, keep: EventHandler<(String, FormEvent)>) -> Element {
    let form = &view.form;
    let open = form.business || !form.tax_id.is_empty();
    // Where the country wants one number of every business, the field is that number's.
    let (own, more): (Vec<_>, Vec<_>) = view.business_identities.iter().partition(|f| f.name == "tax_id");
    let own = own.first();
    let label = own.map_or_else(|| t!("checkout-tax-id"), |f| f.called.clone());
    let hint =
        own.map_or_else(|| t!("checkout-tax-id-hint"), |f| t!("checkout-identity-hint", example = f.example.clone()));
    rsx! {
        details { class: "fold", open,
            summary {
                h2 { {t!("checkout-business")} }
                span { class: "fold-short", dir: "auto",
                    if let Some(known) = &view.tax_id {
                        "{known.number}"
                    }
                }
                Icon { shape: Shape::Down }
            }
            div { class: "fold-body",
                Checkbox { name: "business", checked: form.business, {t!("checkout-business-is")} }
                Field {
                    name: "tax_id",
                    label,
                    hint,
                    value: form.tax_id.clone(),
                    error: fault(view, "tax_id"),
                    required: own.is_some_and(|f| f.required),
                    maxlength: 40,
                    oninput: move |event| keep.call(("tax_id".to_owned(), event)),
                }
                if let Some(known) = &view.tax_id {
                    p { role: "status", class: "tax-id-state",
                        Icon { shape: if known.state == "tax-id-valid" { Shape::Check } else { Shape::Info } }
                        span {
                            bdi { class: "num", "{known.number}" }
                            ": "
                            {text_with(&known.state, &[("register".to_owned(), known.register.clone())])}
                        }
                    }
                }
                for field in more {
                    {identity(view, field, keep)}
                }
                button { class: "button", r#type: "submit", name: "again", value: "1", formnovalidate: true, {t!("checkout-again")} }
                Notice { {t!("checkout-business-hint")} }
            }
        }
    }
}

fn phone_field(view: &CheckoutView, field: &PlaceField, keep: EventHandler<(String, FormEvent)>) -> Element {
    let label = text(&field.label);
    rsx! {
        Field {
            name: "phone",
            r#type: "tel",
            label: if field.required { label } else { t!("place-optional", label = label) },
            hint: t!("checkout-phone-hint"),
            value: field.value.clone(),
            error: fault(view, "phone"),
            autocomplete: "tel",
            required: field.required,
            maxlength: 40,
            oninput: move |event| keep.call(("phone".to_owned(), event)),
        }
    }
}

fn identity(view: &CheckoutView, field: &IdentityField, keep: EventHandler<(String, FormEvent)>) -> Element {
    let name = field.name.clone();
    let label = field.called.clone();
    let example = field.example.clone();
    let typed = {
        let name = name.clone();
        move |event| keep.call((name.clone(), event))
    };
    rsx! {
        Field {
            key: "{name}",
            error: fault(view, &name),
            name,
            label: if field.required { label } else { t!("place-optional", label = label) },
            hint: if field.invoice { t!("checkout-identity-hint", example = example) } else { t!("checkout-identity-like", example = example) },
            value: field.value.clone(),
            required: field.required,
            maxlength: 40,
            oninput: typed,
        }
    }
}

fn one(view: &CheckoutView, field: &PlaceField, keep: EventHandler<(String, FormEvent)>) -> Element {
    let name = field.name.clone();
    let label = text(&field.label);
    let label = if field.required { label } else { t!("place-optional", label = label) };
    let typed = {
        let name = name.clone();
        move |event| keep.call((name.clone(), event))
    };
    let (value, error, autocomplete) = (field.value.clone(), fault(view, &name), token(&name));
    if name == "region" && !view.regions.is_empty() {
        let mut options = vec![SelectOption { value: String::new(), label: t!("checkout-choose") }];
        options.extend(
            view.regions.iter().map(|(value, label)| SelectOption { value: value.clone(), label: label.clone() }),
        );
        return rsx! {
            Select { key: "{name}", name, label, value, error, autocomplete, options, required: field.required, onchange: typed }
        };
    }
    rsx! {
        Field {
            key: "{name}",
            name,
            label,
            hint: field.hint.as_deref().map(text),
            value,
            error,
            autocomplete,
            inputmode: field.digits.then_some("numeric"),
            required: field.required,
            maxlength: 200,
            oninput: typed,
        }
    }
}

/// Autofill token of the HTML standard; there is none for sorting codes.
fn token(name: &str) -> Option<&'static str> {
    Some(match name {
        "name" => "name",
        "organisation" => "organization",
        "line1" => "address-line1",
        "line2" => "address-line2",
        "dependent_locality" => "address-level3",
        "city" => "address-level2",
        "region" => "address-level1",
        "postcode" => "postal-code",
        _ => return None,
    })
}

/// What was typed for fields that the chosen country does not have.
fn others(view: &CheckoutView) -> Vec<(&'static str, String)> {
    let form = &view.form;
    let all = [
        ("dependent_locality", &form.dependent_locality),
        ("city", &form.city),
        ("region", &form.region),
        ("postcode", &form.postcode),
        ("sorting_code", &form.sorting_code),
    ];
    let there = |name: &str| view.fields.iter().any(|f| f.name == name);
    all.into_iter().filter(|(name, text)| !text.is_empty() && !there(name)).map(|(n, t)| (n, t.clone())).collect()
}

/// In the order the server gives them, that of the reader's alphabet.
fn countries(all: &[(String, String)]) -> Vec<SelectOption> {
    all.iter().map(|(code, name)| SelectOption { value: code.clone(), label: name.clone() }).collect()
}
