//! Choosing: one of a list, one of a few with details, yes or no.

use dioxus::prelude::*;

/// One value of a [`Select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectOption {
    /// Sent.
    pub value: String,
    /// Shown.
    pub label: String,
}

/// A native list of values.
#[component]
pub fn Select(
    /// Field name, also its id unless `id` says otherwise.
    #[props(into)]
    name: String,
    /// Id, where the name stands twice on a page.
    #[props(default, into)]
    id: Option<String>,
    /// Label above it.
    #[props(into)]
    label: String,
    /// Values in order.
    options: Vec<SelectOption>,
    /// Chosen value.
    #[props(default, into)]
    value: String,
    /// Says what is wrong.
    #[props(default, into)]
    error: Option<String>,
    /// Autofill token.
    #[props(default)]
    autocomplete: Option<&'static str>,
    /// An empty value is none.
    #[props(default)]
    required: bool,
    /// Chosen anew.
    #[props(default)]
    onchange: Option<EventHandler<FormEvent>>,
) -> Element {
    let id = id.unwrap_or_else(|| name.clone());
    rsx! {
        div { class: "field",
            label { class: "field-label", r#for: "{id}", "{label}" }
            select {
                class: "input",
                id: "{id}",
                name,
                autocomplete,
                required,
                aria_invalid: error.is_some().then_some("true"),
                aria_describedby: error.is_some().then(|| format!("{id}-error")),
                onchange: move |event| {
                    if let Some(act) = onchange {
                        act.call(event);
                    }
                },
                for option in options {
                    option { key: "{option.value}", value: "{option.value}", selected: option.value == value, "{option.label}" }
                }
            }
            if let Some(error) = error.clone() {
                span { class: "field-error", id: "{id}-error", "{error}" }
            }
        }
    }
}

/// A group of [`RadioCard`]s under one legend.
#[component]
pub fn RadioCards(
    /// Names the group to screen readers.
    #[props(into)]
    legend: String,
    /// Cards.
    children: Element,
) -> Element {
    rsx! {
        fieldset { class: "radio-cards",
            legend { class: "sr-only", "{legend}" }
            {children}
        }
    }
}

/// One choice with details; the whole card can be pressed.
#[component]
pub fn RadioCard(
    /// Group name.
    #[props(into)]
    name: String,
    /// Sent; with the group's name it makes the id.
    #[props(into)]
    value: String,
    /// Chosen.
    #[props(default)]
    checked: bool,
    /// Cannot be chosen; the card says why.
    #[props(default)]
    disabled: bool,
    /// Chosen anew.
    #[props(default)]
    onchange: Option<EventHandler<FormEvent>>,
    /// What is chosen: words only, they are the label.
    head: Element,
    /// Details; links and fields may stand here.
    children: Element,
) -> Element {
    let id = format!("{name}-{value}");
    rsx! {
        div { class: "radio-card",
            input {
                id: "{id}",
                r#type: "radio",
                name,
                value,
                checked,
                disabled,
                onchange: move |event| {
                    if let Some(act) = onchange {
                        act.call(event);
                    }
                },
            }
            div { class: "radio-what",
                label { class: "radio-head", r#for: "{id}", {head} }
                {children}
            }
        }
    }
}

/// Yes or no.
#[component]
pub fn Checkbox(
    /// Field name.
    #[props(into)]
    name: String,
    /// Sent when on.
    #[props(default = "1".to_owned(), into)]
    value: String,
    /// On.
    #[props(default)]
    checked: bool,
    /// Must be on.
    #[props(default)]
    required: bool,
    /// It is what is wrong.
    #[props(default)]
    invalid: bool,
    /// Switched.
    #[props(default)]
    onchange: Option<EventHandler<FormEvent>>,
    /// Label.
    children: Element,
) -> Element {
    rsx! {
        label { class: if invalid { "check check-error" } else { "check" },
            input {
                r#type: "checkbox",
                name,
                value,
                checked,
                required,
                aria_invalid: invalid.then_some("true"),
                onchange: move |event| {
                    if let Some(act) = onchange {
                        act.call(event);
                    }
                },
            }
            span { {children} }
        }
    }
}
