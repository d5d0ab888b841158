//! One line of input with its label, hint and fault.

use dioxus::prelude::*;

use crate::icon::{Icon, Shape};

/// What `aria-describedby` of a field names.
fn described(id: &str, hint: bool, error: bool) -> Option<String> {
    let parts: Vec<String> = [(hint, "hint"), (error, "error")]
        .iter()
        .filter(|(there, _)| *there)
        .map(|(_, w)| format!("{id}-{w}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Label, hint and fault around a control of this id.
#[component]
fn Labelled(id: String, label: String, hint: Option<String>, error: Option<String>, children: Element) -> Element {
    rsx! {
        div { class: "field",
            label { class: "field-label", r#for: "{id}", "{label}" }
            if let Some(hint) = hint {
                span { class: "field-hint", id: "{id}-hint", "{hint}" }
            }
            {children}
            if let Some(error) = error {
                span { class: "field-error", id: "{id}-error",
                    Icon { shape: Shape::Warning }
                    "{error}"
                }
            }
        }
    }
}

/// A labelled input. The hint and the fault are tied to it by `aria-describedby`.
#[component]
pub fn Field(
    /// Field name, also its id.
    #[props(into)]
    name: String,
    /// Label above it.
    #[props(into)]
    label: String,
    /// `text`, `email`, `password`, `number`, `search`, `tel`.
    #[props(default = "text")]
    r#type: &'static str,
    /// What stands in it.
    #[props(default, into)]
    value: String,
    /// Says what is wanted.
    #[props(default, into)]
    hint: Option<String>,
    /// Says what is wrong and what to do.
    #[props(default, into)]
    error: Option<String>,
    /// Autofill token of the HTML standard, e.g. `postal-code`.
    #[props(default)]
    autocomplete: Option<&'static str>,
    /// Which keyboard a phone shows, e.g. `decimal`.
    #[props(default)]
    inputmode: Option<&'static str>,
    /// Must be filled.
    #[props(default)]
    required: bool,
    /// Longest text, characters.
    #[props(default)]
    maxlength: Option<u32>,
    /// Key that leads here together with the browser's own.
    #[props(default)]
    accesskey: Option<&'static str>,
    /// Every change.
    #[props(default)]
    oninput: Option<EventHandler<FormEvent>>,
    /// After leaving the field.
    #[props(default)]
    onchange: Option<EventHandler<FormEvent>>,
) -> Element {
    let described = described(&name, hint.is_some(), error.is_some());
    rsx! {
        Labelled { id: name.clone(), label, hint: hint.clone(), error: error.clone(),
            input {
                class: "input",
                id: "{name}",
                name: "{name}",
                r#type,
                value,
                autocomplete,
                inputmode,
                accesskey,
                required,
                maxlength: maxlength.map(i64::from),
                aria_invalid: error.is_some().then_some("true"),
                aria_describedby: described,
                oninput: move |event| {
                    if let Some(act) = oninput {
                        act.call(event);
                    }
                },
                onchange: move |event| {
                    if let Some(act) = onchange {
                        act.call(event);
                    }
                },
            }
        }
    }
}

/// A labelled field of several lines.
#[component]
pub fn TextArea(
    /// Field name.
    #[props(into)]
    name: String,
    /// Its id; the name unless several of one page share that.
    #[props(default, into)]
    id: Option<String>,
    /// Label above it.
    #[props(into)]
    label: String,
    /// What stands in it.
    #[props(default, into)]
    value: String,
    /// Says what is wanted.
    #[props(default, into)]
    hint: Option<String>,
    /// Says what is wrong and what to do.
    #[props(default, into)]
    error: Option<String>,
    /// Lines shown.
    #[props(default = 4)]
    rows: u8,
    /// Must be filled.
    #[props(default)]
    required: bool,
    /// Longest text, characters.
    #[props(default)]
    maxlength: Option<u32>,
) -> Element {
    let id = id.unwrap_or_else(|| name.clone());
    let described = described(&id, hint.is_some(), error.is_some());
    // The renderer writes the value of a text area nowhere, so it stands between the tags.
    let inside = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    rsx! {
        Labelled { id: id.clone(), label, hint: hint.clone(), error: error.clone(),
            textarea {
                class: "input",
                id: "{id}",
                name: "{name}",
                dir: "auto",
                rows: i64::from(rows),
                required,
                maxlength: maxlength.map(i64::from),
                aria_invalid: error.is_some().then_some("true"),
                aria_describedby: described,
                dangerous_inner_html: "{inside}",
            }
        }
    }
}
