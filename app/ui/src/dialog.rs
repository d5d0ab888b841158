//! Dialogs: the native element, opened by invoker commands, so they need no script where browsers know those.

use dioxus::prelude::*;

use crate::icon::{Icon, Shape};

/// A modal dialog. It closes by its cross, by Escape and by `form method="dialog"` inside.
#[component]
pub fn Dialog(
    /// Id that [`DialogButton`] names.
    #[props(into)]
    id: String,
    /// Heading.
    #[props(into)]
    title: String,
    /// Words of the cross.
    #[props(into)]
    close: String,
    /// As large as the window allows.
    #[props(default)]
    wide: bool,
    /// Content.
    children: Element,
) -> Element {
    rsx! {
        dialog {
            id: "{id}",
            class: if wide { "dialog dialog-wide" } else { "dialog" },
            aria_labelledby: "{id}-title",
            "closedby": "any",
            div { class: "dialog-head",
                h2 { id: "{id}-title", "{title}" }
                form { role: "none", method: "dialog",
                    button { class: "icon-button", r#type: "submit", aria_label: close, Icon { shape: Shape::Close } }
                }
            }
            div { class: "dialog-body", {children} }
        }
    }
}

/// A button that opens a [`Dialog`].
#[component]
pub fn DialogButton(
    /// Id of the dialog.
    #[props(into)]
    dialog: String,
    /// Classes.
    #[props(default = "button")]
    class: &'static str,
    /// Accessible name, where the content is not one.
    #[props(default, into)]
    label: Option<String>,
    /// For browsers without invoker commands: opens the dialog of this id.
    #[props(default)]
    open: Option<EventHandler<String>>,
    /// Content.
    children: Element,
) -> Element {
    rsx! {
        button {
            class,
            r#type: "button",
            aria_label: label,
            aria_haspopup: "dialog",
            "commandfor": "{dialog}",
            "command": "show-modal",
            onclick: {
                let dialog = dialog.clone();
                move |_| {
                    if let Some(open) = open {
                        open.call(dialog.clone());
                    }
                }
            },
            {children}
        }
    }
}
