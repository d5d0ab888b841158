//! The marketplace's own policies; their words are messages of the locale files. What a law says of withdrawing is data of the country.

use dioxus::prelude::*;
use vitrine_shared::Problem;
use vitrine_shared::views::RightView;

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
    paragraphs(&slug, PARAGRAPHS.iter().map(|n| t!(&format!("policy-{slug}-{n}"))).collect(), "")
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

/// The right to withdraw in a country: how long, of what, how, and when the money is back.
#[component]
pub fn RightBody(
    /// What to show.
    view: RightView,
) -> Element {
    let said = if view.unknown {
        vec![t!("policy-withdrawal-unknown", country = view.country)]
    } else if view.days == 0 {
        vec![t!("policy-withdrawal-none", country = view.country), t!("policy-withdrawal-shop")]
    } else {
        let mut said = vec![
            t!("policy-withdrawal-right", country = view.country, days = view.days),
            if view.waiver { t!("policy-withdrawal-waiver") } else { t!("policy-withdrawal-files", days = view.days) },
            if view.function { t!("policy-withdrawal-here") } else { t!("policy-withdrawal-tell") },
            match view.refund_days {
                0 => t!("policy-withdrawal-money-now"),
                days => t!("policy-withdrawal-money", days = days),
            },
        ];
        if view.media_excepted {
            said.insert(1, t!("policy-withdrawal-media"));
        }
        said
    };
    let always = [t!("policy-withdrawal-faults"), t!("policy-withdrawal-country")];
    paragraphs(WITHDRAWAL, said.into_iter().chain(always).collect(), &view.form)
}

fn paragraphs(slug: &str, said: Vec<String>, form: &str) -> Element {
    let title = t!(&format!("policy-{slug}"));
    rsx! {
        Page { key: "{slug}", head: Head { title: title.clone(), canonical: format!("/policies/{slug}"), ..Head::default() },
            article { class: "wrap eula",
                h1 { "{title}" }
                div { class: "prose",
                    for (n , text) in said.into_iter().enumerate() {
                        p { key: "{n}", "{text}" }
                    }
                }
                if !form.is_empty() {
                    div { class: "prose", dangerous_inner_html: form }
                }
            }
        }
    }
}
