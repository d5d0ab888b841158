//! Buttons.

use dioxus::prelude::*;

use crate::icon::{Icon, Shape};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here.
    Primary,
    /// Anything else.
    #[default]
    Plain,
    /// Without a box.
    Quiet,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    /// Its classes; also for links that look like buttons.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button with words.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[props(default)]
    kind: ButtonKind,
    /// `submit` or `button`.
    #[props(default = "button")]
    r#type: &'static str,
    /// Field name, for forms with several submit buttons.
    #[props(default, into)]
    name: Option<String>,
    /// Field value.
    #[props(default, into)]
    value: Option<String>,
    /// Of use with scripts only: not shown without.
    #[props(default)]
    scripted: bool,
    /// Fills its column.
    #[props(default)]
    wide: bool,
    /// The large size, one to a page.
    #[props(default)]
    large: bool,
    /// Cannot be used now; the reason stands beside it in words.
    #[props(default)]
    disabled: bool,
    /// Its act is under way: further presses are ignored.
    #[props(default)]
    busy: bool,
    /// What it does; a plain submit needs none.
    #[props(default)]
    onclick: Option<EventHandler<MouseEvent>>,
    /// Words.
    children: Element,
) -> Element {
    let class = format!(
        "{}{}{}{}",
        kind.class(),
        if wide { " button-wide" } else { "" },
        if large { " button-large" } else { "" },
        if scripted { " needs-script" } else { "" }
    );
    rsx! {
        button {
            class,
            r#type,
            name,
            value,
            disabled,
            aria_busy: busy.then_some("true"),
            aria_disabled: busy.then_some("true"),
            onclick: move |event| {
                if busy {
                    event.prevent_default();
                } else if let Some(act) = onclick {
                    act.call(event);
                }
            },
            {children}
        }
    }
}

/// A round button that shows a sign and says its words to screen readers.
#[component]
pub fn IconButton(
    /// What is drawn.
    shape: Shape,
    /// What it does, in words.
    #[props(into)]
    label: String,
    /// Further classes.
    #[props(default, into)]
    class: String,
    /// `submit` or `button`.
    #[props(default = "button")]
    r#type: &'static str,
    /// On or off, for switches.
    #[props(default)]
    pressed: Option<bool>,
    /// Cannot be used now.
    #[props(default)]
    disabled: bool,
    /// Does nothing more, for the time being, and keeps the focus that it has.
    #[props(default)]
    spent: bool,
    /// What it does.
    #[props(default)]
    onclick: Option<EventHandler<MouseEvent>>,
) -> Element {
    rsx! {
        button {
            class: "icon-button {class}",
            r#type,
            title: "{label}",
            aria_label: "{label}",
            aria_pressed: pressed.map(|p| if p { "true" } else { "false" }),
            aria_disabled: spent.then_some("true"),
            disabled,
            onclick: move |event| {
                if let Some(act) = onclick.filter(|_| !spent) {
                    act.call(event);
                }
            },
            Icon { shape }
        }
    }
}
