//! Short messages after an act, with a way to take it back.
//!
//! They stay until dismissed or pushed out by newer ones: nobody has to read against a clock.

use dioxus::prelude::*;

use crate::button::IconButton;
use crate::icon::Shape;

/// Most messages shown at once.
const MOST: usize = 3;

/// One message.
#[derive(Clone, PartialEq)]
pub struct Toast {
    /// Words.
    pub text: String,
    /// Words of the button and what it does, e.g. undo.
    pub action: Option<(String, Callback<()>)>,
}

/// The messages of a page, kept in a context.
#[derive(Clone, Copy, PartialEq)]
pub struct Toasts {
    list: Signal<Vec<(u64, Toast)>>,
    next: Signal<u64>,
}

impl Toasts {
    /// Makes the list and offers it to everything below; call it once, in the layout.
    pub fn provide() -> Self {
        let list = use_signal(Vec::new);
        let next = use_signal(|| 0);
        use_context_provider(|| Self { list, next })
    }

    /// Shows a message.
    pub fn show(mut self, toast: Toast) {
        let id = *self.next.peek();
        self.next.set(id + 1);
        let mut list = self.list.write();
        list.push((id, toast));
        let extra = list.len().saturating_sub(MOST);
        list.drain(..extra);
    }

    /// Takes a message away.
    fn dismiss(mut self, id: u64) {
        self.list.write().retain(|(i, _)| *i != id);
    }
}

/// Where messages appear; read out politely.
#[component]
pub fn ToastRegion(
    /// The list.
    toasts: Toasts,
    /// Names the region.
    #[props(into)]
    label: String,
    /// Words of the cross.
    #[props(into)]
    dismiss: String,
) -> Element {
    rsx! {
        section { class: "toasts", aria_label: label, aria_live: "polite",
            for (id , toast) in toasts.list.read().iter().cloned() {
                div { key: "{id}", class: "toast",
                    span { "{toast.text}" }
                    if let Some((words, act)) = toast.action {
                        button {
                            class: "button",
                            r#type: "button",
                            onclick: move |_| {
                                act.call(());
                                toasts.dismiss(id);
                            },
                            "{words}"
                        }
                    }
                    IconButton { shape: Shape::Close, label: dismiss.clone(), onclick: move |_| toasts.dismiss(id) }
                }
            }
        }
    }
}
