//! Behind the links of a shop's letters: the press that begins them and the one that ends them.

use dioxus::prelude::*;
use vitrine_shared::views::{LetterState, LettersView};
use vitrine_ui::prelude::*;

use super::drawn;
use crate::platform::Head;
use crate::shop::parts::{Page, param};
use crate::t;

/// Loads how a reader stands.
#[component]
pub fn Letters(
    /// Store id.
    store: ReadSignal<String>,
    /// Names the reader.
    who: ReadSignal<String>,
    /// Raw query string; `proof` is of the link.
    query: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_data(move || {
        crate::data::letters(store(), who(), param(&query(), "proof").unwrap_or_default())
    })?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            LettersBody { view: view.clone() }
        }
    })
}

/// What stands, and the one press there is.
#[component]
pub fn LettersBody(
    /// What to show.
    view: LettersView,
) -> Element {
    let shop = view.shop.name.clone();
    let (word, act) = match view.state {
        LetterState::Asked => ("letters-asked", Some(("confirm", "letters-confirm", ButtonKind::Primary))),
        LetterState::On => ("letters-on", Some(("off", "letters-leave", ButtonKind::Plain))),
        LetterState::Off => ("letters-off", None),
    };
    rsx! {
        Page { head: Head { title: t!("letters-title", shop = shop.clone()), private: true, ..Head::default() },
            div { class: "wrap fault",
                h1 { dir: "auto", {t!("letters-title", shop = shop.clone())} }
                p { class: "lead", role: "status", {t!(word, shop = shop.clone())} }
                if let Some((to, label, kind)) = act {
                    form { method: "post", action: "{view.address}/{to}",
                        input { r#type: "hidden", name: "proof", value: "{view.proof}" }
                        Button { kind, r#type: "submit", large: true, {t!(label)} }
                    }
                }
                Go { to: view.shop.href.clone(), {t!("letters-visit", shop = shop)} }
            }
        }
    }
}
