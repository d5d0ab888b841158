//! The marketplace's own policies; their words are messages of the locale files.

use dioxus::prelude::*;
use vitrine_shared::Problem;

use crate::platform::Head;
use crate::shop::parts::{FaultPage, Page};
use crate::t;

/// Policies that exist.
const POLICIES: [&str; 4] = ["privacy", "withdrawal", "imprint", "contact"];
/// Paragraphs of each.
const PARAGRAPHS: [u8; 3] = [1, 2, 3];

/// A policy, or 404.
#[component]
pub fn Policy(
    /// Which.
    slug: ReadSignal<String>,
) -> Element {
    let slug = slug();
    if !POLICIES.contains(&slug.as_str()) {
        return rsx! {
            FaultPage { problem: Problem::not_found("page") }
        };
    }
    let title = t!(&format!("policy-{slug}"));
    rsx! {
        Page { key: "{slug}", head: Head { title: title.clone(), canonical: format!("/policies/{slug}"), ..Head::default() },
            article { class: "wrap eula",
                h1 { "{title}" }
                div { class: "prose",
                    for n in PARAGRAPHS {
                        p { key: "{n}", {t!(&format!("policy-{slug}-{n}"))} }
                    }
                }
            }
        }
    }
}
