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
    let mut live = use_signal(|| false);
    use_effect(move || live.set(true));
    let set = move |to: u32| {
        if let Some(act) = onchange {
            act.call(to.clamp(min, max));
        }
    };
    rsx! {
        span { class: "stepper",
            if live() && onchange.is_some() {
                IconButton { shape: Shape::Minus, label: less, disabled: value <= min, onclick: move |_| set(value.saturating_sub(1)) }
            }
            input {
                r#type: "number",
                name,
                aria_label: label,
                inputmode: "numeric",
                min: "{min}",
                max: "{max}",
                value: "{value}",
                onchange: move |event| {
                    if let Ok(to) = event.value().trim().parse::<u32>() {
                        set(to);
                    }
                },
            }
            if live() && onchange.is_some() {
                IconButton { shape: Shape::Plus, label: more, disabled: value >= max, onclick: move |_| set(value.saturating_add(1)) }
            }
        }
    }
}
