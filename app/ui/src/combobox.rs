//! Search as you type, by the ARIA combobox pattern: focus stays in the field, the list is steered by
//! `aria-activedescendant`. Without scripts it is the search field of the form around it.

use dioxus::prelude::*;

use crate::cover::{Cover, Picture};
use crate::icon::{Icon, Shape};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Heading of its group; lines of one group stand together.
    pub group: String,
    /// Shown.
    pub label: String,
    /// Second line; may be empty.
    pub detail: String,
    /// Where it leads.
    pub href: String,
    /// Cover.
    pub picture: Option<Picture>,
    /// Sign without a cover.
    pub fallback: Shape,
}

/// A search field with suggestions.
#[component]
pub fn Combobox(
    /// Id of the field.
    #[props(into)]
    id: String,
    /// Field name.
    #[props(into)]
    name: String,
    /// Accessible name.
    #[props(into)]
    label: String,
    /// Shown while empty.
    #[props(default, into)]
    placeholder: String,
    /// What stands in it at first.
    #[props(default, into)]
    value: String,
    /// Lines for what is typed now.
    suggestions: ReadSignal<Vec<Suggestion>>,
    /// Said when the list changes, e.g. `7 suggestions`.
    #[props(into)]
    status: String,
    /// Typed anew.
    oninput: EventHandler<String>,
    /// A line was chosen.
    onchoose: EventHandler<Suggestion>,
    /// The field got the focus.
    #[props(default)]
    onfocus: Option<EventHandler<()>>,
) -> Element {
    let mut open = use_signal(|| false);
    let mut at = use_signal(|| None::<usize>);
    let lines = suggestions();
    let shown = open() && !lines.is_empty();
    let active = at().filter(|i| shown && *i < lines.len());
    let count = lines.len();
    let list_id = format!("{id}-list");
    let rows: Vec<(usize, bool, Suggestion)> =
        lines.iter().enumerate().map(|(i, s)| (i, i == 0 || lines[i - 1].group != s.group, s.clone())).collect();
    rsx! {
        div { class: "combobox",
            input {
                class: "input",
                id: "{id}",
                // A search field may not be a combobox (ARIA in HTML); the phone's key still says "search".
                r#type: "text",
                inputmode: "search",
                name,
                value,
                placeholder,
                role: "combobox",
                autocomplete: "off",
                autocapitalize: "off",
                spellcheck: "false",
                enterkeyhint: "search",
                aria_label: label.clone(),
                aria_autocomplete: "list",
                aria_expanded: if shown { "true" } else { "false" },
                aria_controls: "{list_id}",
                aria_activedescendant: active.map(|i| format!("{id}-{i}")),
                oninput: move |event| {
                    at.set(None);
                    open.set(true);
                    oninput.call(event.value());
                },
                onfocus: move |_| {
                    open.set(true);
                    if let Some(act) = onfocus {
                        act.call(());
                    }
                },
                onblur: move |_| open.set(false),
                onkeydown: move |event| {
                    match event.key() {
                        Key::ArrowDown if count > 0 => {
                            event.prevent_default();
                            open.set(true);
                            at.set(Some(active.map_or(0, |i| (i + 1) % count)));
                        }
                        Key::ArrowUp if count > 0 => {
                            event.prevent_default();
                            open.set(true);
                            at.set(Some(active.map_or(count - 1, |i| (i + count - 1) % count)));
                        }
                        Key::Enter => {
                            if let Some(line) = active.and_then(|i| suggestions.peek().get(i).cloned()) {
                                event.prevent_default();
                                open.set(false);
                                onchoose.call(line);
                            }
                        }
                        Key::Escape if shown => {
                            event.prevent_default();
                            open.set(false);
                            at.set(None);
                        }
                        _ => {}
                    }
                },
            }
            div {
                class: "combobox-list",
                id: "{list_id}",
                role: "listbox",
                aria_label: label,
                hidden: !shown,
                for (i , first , line) in rows {
                    Fragment { key: "{i}",
                        if first {
                            div { class: "combobox-group", role: "presentation", "{line.group}" }
                        }
                        div {
                            class: "combobox-option",
                            id: "{id}-{i}",
                            role: "option",
                            aria_selected: if active == Some(i) { "true" } else { "false" },
                            // The field would lose the focus, and the list close, before the press is over.
                            onmousedown: move |event| event.prevent_default(),
                            onclick: {
                                let line = line.clone();
                                move |_| {
                                    open.set(false);
                                    onchoose.call(line.clone());
                                }
                            },
                            if line.picture.is_some() {
                                Cover { picture: line.picture.clone(), sizes: "40px" }
                            } else {
                                Icon { shape: line.fallback }
                            }
                            span {
                                bdi { "{line.label}" }
                                if !line.detail.is_empty() {
                                    span { class: "combobox-detail",
                                        br {}
                                        bdi { "{line.detail}" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            div { class: "sr-only", role: "status", if shown { "{status}" } }
        }
    }
}
