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
    // What is being typed; once it is said, the field shows the number that was taken.
    let mut typed = use_signal(|| None::<String>);
    let mut set = move |to: u32| {
        typed.set(None);
        if let Some(act) = onchange {
            act.call(to.clamp(min, max));
        }
    };
    let shown = typed().unwrap_or_else(|| value.to_string());
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
                value: "{shown}",
                oninput: move |event| typed.set(Some(event.value())),
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
