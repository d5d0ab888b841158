//! Tabs by the ARIA pattern: arrows move, Home and End jump, only the chosen tab is in the tab order.

use dioxus::prelude::*;

/// One tab and its panel.
#[derive(Clone, PartialEq)]
pub struct TabItem {
    /// Part of ids.
    pub id: String,
    /// Shown.
    pub label: String,
    /// Content.
    pub panel: Element,
}

/// Panels, one shown at a time; all are in the page, so nothing is lost without scripts but the order of reading.
#[component]
pub fn Tabs(
    /// Names the list to screen readers.
    #[props(into)]
    label: String,
    /// Tabs in order; at least one.
    tabs: Vec<TabItem>,
) -> Element {
    let mut at = use_signal(|| 0usize);
    let mut live = use_signal(|| false);
    use_effect(move || live.set(true));
    let mut mounts = use_signal(std::collections::HashMap::<usize, std::rc::Rc<MountedData>>::new);
    let count = tabs.len().max(1);
    let mut go = move |to: usize| {
        at.set(to);
        if let Some(tab) = mounts.peek().get(&to).cloned() {
            spawn(async move {
                // A tab that has left the page in the meantime cannot take the focus, which is right.
                let _ = tab.set_focus(true).await;
            });
        }
    };
    rsx! {
        div { class: "tabs-list", role: "tablist", aria_label: label,
            for (i , tab) in tabs.iter().enumerate() {
                button {
                    key: "{tab.id}",
                    class: "tab",
                    r#type: "button",
                    role: "tab",
                    id: "{tab.id}-tab",
                    aria_controls: "{tab.id}-panel",
                    aria_selected: if at() == i { "true" } else { "false" },
                    tabindex: if at() == i { "0" } else { "-1" },
                    onmounted: move |event| {
                        mounts.write().insert(i, event.data());
                    },
                    onclick: move |_| at.set(i),
                    onkeydown: move |event| {
                        let to = match event.key() {
                            Key::ArrowRight | Key::ArrowDown => (i + 1) % count,
                            Key::ArrowLeft | Key::ArrowUp => (i + count - 1) % count,
                            Key::Home => 0,
                            Key::End => count - 1,
                            _ => return,
                        };
                        event.prevent_default();
                        go(to);
                    },
                    "{tab.label}"
                }
            }
        }
        for (i , tab) in tabs.iter().cloned().enumerate() {
            div {
                key: "{tab.id}",
                class: "tab-panel",
                role: "tabpanel",
                id: "{tab.id}-panel",
                aria_labelledby: "{tab.id}-tab",
                hidden: live() && at() != i,
                {tab.panel}
            }
        }
    }
}
