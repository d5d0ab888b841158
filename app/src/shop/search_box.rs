//! The search field of the header: a plain form, with suggestions once the page lives.

use dioxus::prelude::*;
use vitrine_shared::json;
use vitrine_shared::views::SuggestView;
use vitrine_ui::prelude::*;

use super::parts::{kind_shape, makers_line, picture_of, use_live};
use crate::platform;
use crate::t;

/// Id of the field.
const FIELD: &str = "search";
/// Searches made on this device, newest first.
const RECENT: &str = "vitrine.searches";
const MOST_RECENT: usize = 5;

fn recent() -> Vec<String> {
    platform::kept(RECENT).and_then(|t| json::from_str(&t).ok()).unwrap_or_default()
}

fn remember(words: &str) {
    let words = words.trim();
    if words.is_empty() {
        return;
    }
    let mut all = recent();
    all.retain(|w| w != words);
    all.insert(0, words.to_owned());
    all.truncate(MOST_RECENT);
    if let Ok(text) = serde_json::to_string(&all) {
        platform::keep(RECENT, &text);
    }
}

/// Escapes a query value.
pub(crate) fn escape(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}

fn lines(view: &SuggestView) -> Vec<Suggestion> {
    let named = |group: &str, list: &[vitrine_shared::views::Named], fallback| {
        list.iter()
            .map(|n| Suggestion {
                group: group.to_owned(),
                label: n.name.clone(),
                detail: n.latin.clone().unwrap_or_default(),
                href: n.href.clone(),
                picture: None,
                fallback,
            })
            .collect::<Vec<_>>()
    };
    let mut out = named(&t!("search-makers"), &view.makers, Shape::Account);
    let works = t!("search-works");
    out.extend(view.works.iter().map(|c| Suggestion {
        group: works.clone(),
        label: c.title.clone(),
        detail: makers_line(&c.makers),
        href: c.href.clone(),
        picture: c.cover.as_ref().map(picture_of),
        fallback: kind_shape(c.kind),
    }));
    out.extend(named(&t!("search-shops"), &view.stores, Shape::Parcel));
    out
}

/// Search as you type. Enter without a chosen line leads to the search page.
#[component]
pub fn SearchBox() -> Element {
    let live = use_live();
    let mut typed = use_signal(String::new);
    let mut list = use_signal(Vec::<Suggestion>::new);
    let mut turn = use_signal(|| 0u32);
    let navigator = use_navigator();
    let mut ask = move |words: String| {
        let mine = *turn.peek() + 1;
        turn.set(mine);
        typed.set(words.clone());
        if words.trim().is_empty() {
            let group = t!("search-recent");
            list.set(
                recent()
                    .into_iter()
                    .map(|w| Suggestion {
                        group: group.clone(),
                        href: format!("/search?q={}", escape(&w)),
                        label: w,
                        detail: String::new(),
                        picture: None,
                        fallback: Shape::Search,
                    })
                    .collect(),
            );
            return;
        }
        spawn(async move {
            let answer = crate::data::suggest(words).await;
            // An answer that a later letter has overtaken is dropped; a failed one leaves the plain form.
            if *turn.peek() == mine {
                list.set(answer.map(|view| lines(&view)).unwrap_or_default());
            }
        });
    };
    let go = move |to: String| {
        if vitrine_ui::link::needs_document(&to) {
            platform::load(&to);
        } else {
            navigator.push(to);
        }
    };
    let count = list.read().len();
    rsx! {
        div { class: "search",
            form {
                class: "search-form",
                role: "search",
                action: "/search",
                method: "get",
                onsubmit: move |event| {
                    if live() {
                        event.prevent_default();
                        // What stands in the field may have been typed before the page lived.
                        let words = platform::value(FIELD).unwrap_or_default();
                        remember(&words);
                        go(format!("/search?q={}", escape(words.trim())));
                    }
                },
                Combobox {
                    id: FIELD,
                    name: "q",
                    label: t!("search-label"),
                    placeholder: t!("search-placeholder"),
                    value: typed(),
                    suggestions: list,
                    status: t!("search-status", count = count),
                    oninput: ask,
                    onfocus: move |()| {
                        if typed.peek().is_empty() {
                            ask(String::new());
                        }
                    },
                    onchoose: move |line: Suggestion| {
                        remember(&typed.peek());
                        go(line.href);
                    },
                }
                button { class: "icon-button search-go", r#type: "submit", aria_label: t!("search-go"), Icon { shape: Shape::Search } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn queries_are_escaped() {
        assert_eq!(escape("a b&c=ß"), "a+b%26c%3D%C3%9F");
    }
}
