//! How many.

use dioxus::prelude::*;

use crate::button::IconButton;
use crate::icon::Shape;

/// A number between bounds. Without scripts it is a number field of the form around it, with them it has two buttons.
#[component]
pub fn QuantityStepper(
    /// Field name.
    #[props(into)]
    name: String,
    /// Names the field to screen readers.
    #[props(into)]
    label: String,
    /// Words of the button that takes one away.
    #[props(into)]
    less: String,
    /// Words of the button that adds one.
    #[props(into)]
    more: String,
    /// Pieces now.
    value: u32,
    /// Fewest.
    #[props(default = 1)]
    min: u32,
    /// Most.
    max: u32,
    /// Chosen anew, within bounds.
    #[props(default)]
    onchange: Option<EventHandler<u32>>,
) -> Element {
    // What stands in the field: what was typed, until it is a number within bounds.
    let mut typed = use_signal(|| value.to_string());
    use_effect(use_reactive((&value,), move |(value,)| typed.set(value.to_string())));
    let set = move |to: u32| {
        if let Some(act) = onchange {
            let to = to.clamp(min, max);
            typed.clone().set(to.to_string());
            act.call(to);
        }
    };
    rsx! {
        span { class: "stepper",
            if onchange.is_some() {
                IconButton { class: "needs-script", shape: Shape::Minus, label: less, spent: value <= min, onclick: move |_| set(value.saturating_sub(1)) }
            }
            input {
                r#type: "number",
                name,
                aria_label: label,
                inputmode: "numeric",
                min: "{min}",
                max: "{max}",
                autocomplete: "off",
                value: "{typed}",
                oninput: move |event| typed.set(event.value()),
                onchange: move |event| {
                    // What is no number is as it was.
                    set(event.value().trim().parse().unwrap_or(value));
                },
            }
            if onchange.is_some() {
                IconButton { class: "needs-script", shape: Shape::Plus, label: more, spent: value >= max, onclick: move |_| set(value.saturating_add(1)) }
            }
        }
    }
}
