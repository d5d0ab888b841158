//! The marketplace's own policies; their words are messages of the locale files. What a law says of withdrawing is data of the country.

use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::views::LicenceView;

use super::drawn;
use crate::platform::Head;
use crate::shop::parts::{FaultPage, Page};
use crate::t;

/// The policy that says what holds in the country of the page.
const WITHDRAWAL: &str = "withdrawal";
/// Policies that are the same everywhere.
const POLICIES: [&str; 3] = ["privacy", "imprint", "contact"];
/// Paragraphs of each.
const PARAGRAPHS: [u8; 3] = [1, 2, 3];

/// A policy, or 404.
#[component]
pub fn Policy(
    /// Which.
    slug: ReadSignal<String>,
) -> Element {
    let slug = slug();
    if slug == WITHDRAWAL {
        return rsx! {
            Rights {}
        };
    }
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

/// Loads what the law of the country says.
#[component]
fn Rights() -> Element {
    let view = crate::data::use_data(crate::data::withdrawal)?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            RightBody { view: view.clone() }
        }
    })
}

/// The right to withdraw in a country, and the form to do it with: the server's text.
#[component]
pub fn RightBody(
    /// What to show.
    view: LicenceView,
) -> Element {
    let head = Head { title: view.title.clone(), canonical: view.canonical.clone(), ..Head::default() };
    rsx! {
        Page { head,
            article { class: "wrap eula",
                h1 { "{view.title}" }
                div { class: "prose", dangerous_inner_html: "{view.body_html}" }
            }
        }
    }
}
