//! An episode in words. Everybody reads it; for who owns it each paragraph's time plays from there.

use dioxus::prelude::*;
use vitrine_shared::views::{SaidView, Shared, TranscriptView};
use vitrine_ui::prelude::*;

use super::drawn;
use super::owned::use_owned;
use crate::i18n::text_or;
use crate::platform::Head;
use crate::shop::parts::{Makers, Page, makers_line, param};
use crate::shop::player::use_player;
use crate::t;

/// Loads a transcript.
#[component]
pub fn Transcript(
    /// `slug-id` of the podcast.
    id: ReadSignal<String>,
    /// Number of the episode.
    number: ReadSignal<u32>,
    /// Raw query string; `language` picks one of several.
    query: ReadSignal<String>,
) -> Element {
    let language = move || param(&query(), "language");
    let view = crate::data::use_view(move || crate::data::transcript(id(), number(), language()))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            TranscriptBody { key: "{view.canonical}", view: view.clone() }
        }
    })
}

/// Title, languages, what is said with its times.
#[component]
pub fn TranscriptBody(
    /// What to show.
    #[props(into)]
    view: Shared<TranscriptView>,
) -> Element {
    let card = view.card.clone();
    let owned = use_owned(Some(card.id.clone()));
    let play = owned().and_then(|o| o.parts.into_iter().find(|p| p.number == view.number)).and_then(|p| p.play);
    let head = Head {
        title: t!("transcript-title-of", episode = view.title.clone(), podcast = card.title.clone()),
        description: view.said.first().map(|s| s.text.chars().take(160).collect()).unwrap_or_default(),
        canonical: view.canonical.clone(),
        image: card.cover.as_ref().map(|c| c.src.clone()).unwrap_or_default(),
        kind: "article",
        private: false,
    };
    let by = makers_line(&card.makers);
    rsx! {
        Page { head, tint: card.cover.as_ref().map_or(0, |c| c.tint),
            article { class: "wrap eula",
                Breadcrumb {
                    label: t!("crumbs-label"),
                    crumbs: vec![
                        Crumb { label: card.title.clone(), href: Some(card.href.clone()) },
                        Crumb { label: t!("transcript"), href: None },
                    ],
                }
                h1 { dir: "auto", "{view.title}" }
                p { class: "work-line",
                    span { {t!("transcript")} }
                    if !by.is_empty() {
                        Makers { makers: card.makers.clone() }
                    }
                    if let Some(date) = view.date.clone() {
                        span { "{date}" }
                    }
                }
                p { class: "notice",
                    if play.is_some() {
                        {t!("transcript-press")}
                        " "
                    }
                    a { href: "{view.file}", {t!("transcript-file")} }
                }
                if view.languages.len() > 1 {
                    div { class: "chips",
                        for (language , to) in view.languages.iter().filter(|(l, _)| *l != view.language) {
                            Chip { key: "{language}", to: to.clone(), label: text_or(&format!("language-{language}"), language) }
                        }
                    }
                }
                ol { class: "said", role: "list", lang: "{view.language}",
                    for (i , said) in view.said.iter().enumerate() {
                        li { key: "{i}", id: "t{said.at_s}",
                            Moment { said: said.clone(), play: play.clone() }
                            div { dir: "auto",
                                if let Some(speaker) = said.speaker.clone() {
                                    strong { "{speaker}: " }
                                }
                                "{said.text}"
                            }
                        }
                    }
                }
            }
        }
    }
}

/// When it is said: plays from there where there is something to play.
#[component]
fn Moment(said: SaidView, play: Option<vitrine_shared::views::PlayView>) -> Element {
    let player = use_player();
    rsx! {
        if let Some(play) = play {
            button {
                class: "moment num",
                r#type: "button",
                aria_label: t!("transcript-play-from", at = said.at.clone()),
                onclick: move |_| player.start_at(vec![play.clone()], 0, said.at_s * 1000),
                "{said.at}"
            }
        } else {
            span { class: "moment num", "{said.at}" }
        }
    }
}
