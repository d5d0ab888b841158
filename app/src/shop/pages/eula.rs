//! A licence's full text; it prints.

use dioxus::prelude::*;
use vitrine_shared::views::LicenceView;
use vitrine_ui::prelude::*;

use super::drawn;
use crate::platform::Head;
use crate::shop::parts::Page;
use crate::t;

/// Loads a licence.
#[component]
pub fn Eula(
    /// Licence id.
    id: ReadSignal<String>,
    /// Raw query string; `version=N` picks an older one.
    query: ReadSignal<String>,
) -> Element {
    let version = move || query().split('&').find_map(|p| p.strip_prefix("version=")?.parse::<u32>().ok());
    let view = crate::data::use_data(move || crate::data::licence(id(), version()))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            EulaBody { key: "{view.version}", view: view.clone() }
        }
    })
}

/// Title, version, three plain lines, the text, other versions.
#[component]
pub fn EulaBody(
    /// What to show.
    view: LicenceView,
) -> Element {
    let head = Head { title: view.title.clone(), canonical: view.canonical.clone(), ..Head::default() };
    rsx! {
        Page { head,
            article { class: "wrap eula",
                h1 { dir: "auto", "{view.title}" }
                p { class: "notice", {t!("licence-version", version = view.version, date = view.date.clone())} }
                if !view.summary.is_empty() {
                    section { class: "eula-short",
                        h2 { {t!("licence-short")} }
                        ul {
                            for (i , line) in view.summary.iter().enumerate() {
                                li { key: "{i}", "{line}" }
                            }
                        }
                        p { class: "notice", {t!("licence-short-note")} }
                    }
                }
                div { class: "prose", dir: "auto", dangerous_inner_html: "{view.body_html}" }
                if !view.versions.is_empty() {
                    section { class: "eula-versions",
                        h2 { {t!("licence-versions")} }
                        div { class: "chips",
                            for (version , to) in view.versions.iter() {
                                Chip { key: "{version}", to: to.clone(), label: t!("licence-version-number", version = *version) }
                            }
                        }
                    }
                }
            }
        }
    }
}
