//! An album, a book, a video or a podcast.

use dioxus::prelude::*;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::{PartView, PlayView, Shared, WorkView};
use vitrine_ui::prelude::*;

use super::drawn;
use super::owned::{Lost, OwnedBlock, use_owned};
use crate::i18n::text_or;
use crate::platform::{self, Head};
use crate::shop::buy::BuyBlock;
use crate::shop::parts::{
    Makers, Page, Shelf, facet_word, kind_shape, kind_word, makers_line, picture_of, title_class, use_live,
};
use crate::shop::player::{PlayAll, PlayButton, use_player};
use crate::shop::recent;
use crate::t;

/// An album's page.
#[component]
pub fn Album(
    /// `slug-id`.
    id: ReadSignal<String>,
) -> Element {
    rsx! {
        WorkPage { kind: WorkKind::Album, id }
    }
}

/// A book's page.
#[component]
pub fn Book(
    /// `slug-id`.
    id: ReadSignal<String>,
) -> Element {
    rsx! {
        WorkPage { kind: WorkKind::Book, id }
    }
}

/// A video's page.
#[component]
pub fn Video(
    /// `slug-id`.
    id: ReadSignal<String>,
) -> Element {
    rsx! {
        WorkPage { kind: WorkKind::Video, id }
    }
}

/// A podcast's page.
#[component]
pub fn Podcast(
    /// `slug-id`.
    id: ReadSignal<String>,
) -> Element {
    rsx! {
        WorkPage { kind: WorkKind::Podcast, id }
    }
}

/// A seller's work as buyers would see it, published or not.
#[component]
pub fn Preview(
    /// Work id.
    id: ReadSignal<String>,
) -> Element {
    let view = crate::data::use_view(move || crate::data::preview(id()))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            WorkBody { key: "{view.card.id}", view: view.clone(), preview: true }
        }
    })
}

#[component]
fn WorkPage(kind: WorkKind, id: ReadSignal<String>) -> Element {
    let view = crate::data::use_view(move || crate::data::work(kind, id()))?;
    let view = view.read();
    drawn(&view, |view| {
        rsx! {
            WorkBody { key: "{view.card.id}", view: view.clone() }
        }
    })
}

/// Everything a buyer wants to know, in the order the eye takes it.
#[component]
pub fn WorkBody(
    /// What to show.
    #[props(into)]
    view: Shared<WorkView>,
    /// For its seller alone: nothing can be bought, nothing is remembered.
    #[props(default)]
    preview: bool,
) -> Element {
    let card = view.card.clone();
    let by = makers_line(&card.makers);
    remember((!preview).then_some(&*view));
    let head = Head {
        title: if by.is_empty() { card.title.clone() } else { format!("{} · {by}", card.title) },
        description: view.lead.clone(),
        canonical: if preview { String::new() } else { view.canonical.clone() },
        image: card.cover.as_ref().map(|c| c.src.clone()).unwrap_or_default(),
        kind: match card.kind {
            WorkKind::Album => "music.album",
            WorkKind::Book => "book",
            WorkKind::Video => "video.other",
            WorkKind::Podcast => "website",
        },
        private: preview,
    };
    let owned = use_owned((!preview).then(|| card.id.clone()));
    // Whoever owns it hears and reads it whole.
    let whole = owned().filter(|o| o.lost.is_none());
    let has = whole.is_some();
    let lost = owned().and_then(|o| o.lost);
    let parts = whole.as_ref().map_or(&view.parts, |o| &o.parts).clone();
    let plays: Vec<PlayView> = parts.iter().filter_map(|p| p.play.clone()).collect();
    let tint = card.cover.as_ref().map_or(0, |c| c.tint);
    let lang = (!card.language.is_empty()).then(|| card.language.clone());
    rsx! {
        Page { head, tint, json_ld: if preview { String::new() } else { view.json_ld.clone() },
            div { class: "wrap",
                if preview {
                    Alert { title: t!("preview-title"),
                        {t!("preview-text")}
                        " "
                        a { href: "/studio/works/{card.id}", {t!("preview-back")} }
                    }
                }
                Breadcrumb {
                    label: t!("crumbs-label"),
                    crumbs: vec![
                        Crumb {
                            label: t!(&format!("kinds-{}", card.kind.as_str())),
                            href: Some(format!("/catalog?type={}", card.kind.as_str())),
                        },
                        Crumb { label: card.title.clone(), href: None },
                    ],
                }
                div { class: "work",
                    div { class: "work-cover",
                        if let Some(cover) = card.cover.as_ref() {
                            a { href: "{cover.src}", class: "work-full", aria_label: t!("cover-full"),
                                Cover { picture: Some(picture_of(cover)), wanted: Wanted::First, sizes: "(max-width: 60rem) 92vw, 34rem" }
                            }
                        } else {
                            Cover { picture: None, fallback: kind_shape(card.kind) }
                        }
                    }
                    div { class: "work-text",
                        h1 { class: title_class(&card.title), dir: "auto", lang, "{card.title}" }
                        if let Some(latin) = card.latin.clone() {
                            p { class: "latin work-latin", "{latin}" }
                        }
                        p { class: "work-by", Makers { makers: card.makers.clone() } }
                        p { class: "work-line",
                            span { {kind_word(card.kind)} }
                            if !view.released.is_empty() {
                                time { datetime: "{view.released_iso}", "{view.released}" }
                            }
                            if let Some(length) = view.length.clone() {
                                span { class: "num", "{length}" }
                            }
                            if view.parts.len() > usize::from(card.kind == WorkKind::Video) {
                                span { {t!(&format!("parts-{}", card.kind.as_str()), count = view.parts.len())} }
                            }
                        }
                        if let Some(owned) = whole {
                            section { class: "owned", aria_label: t!("owned-label"),
                                p { class: "owned-yours", Icon { shape: Shape::Check } {t!("owned-yours")} }
                                OwnedBlock { view: owned }
                            }
                            Disclosure { title: t!("owned-again"),
                                BuyBlock { editions: view.editions.clone(), store: view.store.clone(), at: view.canonical.clone(), preview }
                            }
                        } else {
                            if let Some(why) = lost {
                                Lost { why }
                            }
                            div { class: "work-act",
                                if !plays.is_empty() && card.kind != WorkKind::Video {
                                    PlayAll { list: plays.clone(), words: t!("work-play-all") }
                                }
                                if let Some(sample) = view.sample.clone() {
                                    DialogButton { dialog: "look-inside", open: move |id: String| platform::show_dialog(&id),
                                        Icon { shape: Shape::Book }
                                        {t!("book-look-inside")}
                                    }
                                    Dialog { id: "look-inside", wide: true, title: t!("book-look-inside"), close: t!("close"),
                                        iframe { class: "reader", src: "{sample}", title: t!("book-sample-of", title = card.title.clone()), "loading": "lazy", "sandbox": "" }
                                    }
                                }
                            }
                            BuyBlock { editions: view.editions.clone(), store: view.store.clone(), at: view.canonical.clone(), preview }
                        }
                    }
                }
                if let Some(trailer) = view.trailer.clone().filter(|_| !has) {
                    section { class: "trailer",
                        h2 { {t!("video-trailer")} }
                        Film { play: trailer, label: t!("video-trailer-of", title = card.title.clone()), poster: card.cover.as_ref().map(|c| c.src.clone()) }
                    }
                }
                div { class: "work-more",
                    div { class: "work-main",
                        // A film alone is its own only part.
                        if parts.len() > usize::from(card.kind == WorkKind::Video) {
                            section { class: "parts-section",
                                h2 { {t!(&format!("parts-title-{}", card.kind.as_str()))} }
                                Parts { parts, kind: card.kind }
                            }
                        }
                        if !view.description_html.is_empty() {
                            section {
                                h2 { {t!("work-about")} }
                                div { class: "prose", dir: "auto", dangerous_inner_html: "{view.description_html}" }
                            }
                        }
                    }
                    aside { class: "work-side", aria_label: t!("work-facts"),
                        Facts { view: view.clone() }
                    }
                }
            }
            Shelf { title: t!("work-together"), cards: view.together.clone() }
            Shelf { title: t!("work-same-maker"), cards: view.same_maker.clone() }
        }
    }
}

/// Keeps the work for "go on where you were", on this device only.
fn remember(view: Option<&WorkView>) {
    let item = view.map(|view| recent::Recent {
        href: view.card.href.clone(),
        title: view.card.title.clone(),
        by: makers_line(&view.card.makers),
        cover: view.card.cover.as_ref().map(|c| c.src.clone()).unwrap_or_default(),
    });
    use_effect(use_reactive((&item,), |(item,)| {
        if let Some(item) = item {
            recent::add(item);
        }
    }));
}

/// A film with its captions.
#[component]
pub fn Film(
    /// What plays.
    play: PlayView,
    /// Says what it is.
    label: String,
    /// Shown before it plays.
    poster: Option<String>,
) -> Element {
    rsx! {
        // Captions come only with a film that may be read across origins.
        video {
            controls: true,
            preload: "metadata",
            "playsinline": "",
            crossorigin: "anonymous",
            poster,
            aria_label: label,
            source { src: "{play.src}", r#type: "{play.content_type}" }
            for (language , src) in play.captions.iter() {
                track { key: "{language}", kind: "captions", src: "{src}", srclang: "{language}", label: text_or(&format!("language-{language}"), language) }
            }
        }
    }
}

/// Tracks, chapters or episodes.
#[component]
pub fn Parts(
    /// In order.
    parts: Vec<PartView>,
    /// Whose parts.
    kind: WorkKind,
) -> Element {
    let player = use_player();
    let plays: Shared<Vec<PlayView>> = parts.iter().filter_map(|p| p.play.clone()).collect::<Vec<_>>().into();
    let many_groups = parts.iter().filter_map(|p| p.group).collect::<std::collections::BTreeSet<_>>().len() > 1;
    let rows: Vec<(bool, Option<usize>, PartView)> = parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            let first = many_groups && (i == 0 || parts[i - 1].group != part.group);
            let at = part.play.as_ref().and_then(|p| plays.iter().position(|q| q.src == p.src));
            (first, at, part.clone())
        })
        .collect();
    rsx! {
        ol { class: "parts", role: "list",
            for (first , at , part) in rows {
                Fragment { key: "{part.group.unwrap_or(0)}-{part.number}",
                    if let Some(group) = part.group.filter(|_| first) {
                        li { class: "parts-group", {t!(&format!("group-{}", kind.as_str()), number = group)} }
                    }
                    li { class: if part.play.as_ref().is_some_and(|p| player.holds(&p.src)) { "part part-on" } else { "part" },
                        span { class: "part-number num", "{part.number}" }
                        span { class: "part-key",
                            if let Some(index) = at {
                                PlayButton { list: plays.clone(), index }
                            }
                        }
                        div { class: "part-what",
                            p { class: "part-title", dir: "auto",
                                "{part.title}"
                                if part.bonus {
                                    span { class: "part-bonus", {t!("part-bonus")} }
                                }
                            }
                            if part.maker.is_some() || part.date.is_some() {
                                p { class: "part-by",
                                    if let Some(maker) = part.maker.clone() {
                                        bdi { "{maker}" }
                                    }
                                    if let Some(date) = part.date.clone() {
                                        span { "{date}" }
                                    }
                                }
                            }
                            if let Some(play) = part.play.clone().filter(|p| player.holds(&p.src) && !p.peaks.is_empty()) {
                                Waveform { peaks: play.peaks, heard: player.heard() }
                            }
                            if !part.notes_html.is_empty() {
                                Disclosure { title: t!("part-notes"),
                                    Notes { html: part.notes_html.clone(), plays: plays.clone() }
                                }
                            }
                            if !part.transcripts.is_empty() {
                                p { class: "part-words",
                                    for (language , to) in part.transcripts.iter() {
                                        Go { key: "{language}", to: to.clone(),
                                            if part.transcripts.len() > 1 {
                                                {t!("transcript-in", language = text_or(&format!("language-{language}"), language))}
                                            } else {
                                                {t!("transcript")}
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        span { class: "part-length num",
                            if let Some(length) = part.length.clone() {
                                "{length}"
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Notes of a part. Moments that lead into one of `plays` move the player instead of the page.
#[component]
fn Notes(html: String, plays: Shared<Vec<PlayView>>) -> Element {
    let player = use_player();
    rsx! {
        div {
            class: "prose",
            dir: "auto",
            onclick: move |event: MouseEvent| {
                let Some(link) = platform::link_of(&event) else { return };
                let Some((src, seconds)) = link.rsplit_once("#t=") else { return };
                let index = plays.iter().position(|p| p.src == src);
                if let (Some(index), Ok(seconds)) = (index, seconds.parse::<u64>()) {
                    event.prevent_default();
                    player.start_at(plays.to_vec(), index, seconds * 1000);
                }
            },
            dangerous_inner_html: "{html}",
        }
    }
}

/// Facts, credits, licence of the source, genres, tags, sharing.
#[component]
fn Facts(view: Shared<WorkView>) -> Element {
    let f = view.facts.clone();
    let live = use_live();
    let address = format!("{}{}", use_hook(platform::prefs).origin, view.canonical);
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            facts.push((t!(key), value));
        }
    };
    add(
        "fact-series",
        f.series.map(|s| f.series_number.map_or(s.clone(), |n| t!("fact-series-number", series = s, number = n))),
    );
    add("fact-pages", f.pages.map(|n| n.to_string()));
    add("fact-words", f.words.map(|n| n.to_string()));
    add("fact-language", Some(text_or(&format!("language-{}", view.language), &view.language)));
    add("fact-isbn", f.isbn);
    add("fact-updates", f.updates.map(|u| t!(u.key())));
    add("fact-resolution", f.resolution);
    add("fact-sound", f.sound);
    let tongue = |code: &String| text_or(&format!("language-{code}"), code);
    add("fact-subtitles", Some(f.subtitles.iter().map(tongue).collect::<Vec<_>>().join(", ")));
    add("fact-age", f.age_rating);
    add("fact-accessibility", Some(f.accessibility.join("; ")));
    rsx! {
        if !facts.is_empty() {
            section {
                h2 { {t!("work-facts")} }
                dl { class: "facts",
                    for (name , value) in facts {
                        div { key: "{name}",
                            dt { "{name}" }
                            dd { dir: "auto", "{value}" }
                        }
                    }
                }
            }
        }
        if !view.credits.is_empty() {
            section {
                h2 { {t!("work-credits")} }
                dl { class: "facts",
                    for (i , credit) in view.credits.iter().enumerate() {
                        div { key: "{i}",
                            dt { "{credit.role}" }
                            dd { dir: "auto", "{credit.name}" }
                        }
                    }
                }
            }
        }
        if let Some(a) = view.attribution.clone() {
            section { class: "attribution",
                h2 { {t!("work-source")} }
                p { dir: "auto", "{a.text}" }
                p { {t!("work-source-licence", licence = a.licence.clone())} }
                if let Some(changes) = a.changes {
                    p { dir: "auto", "{changes}" }
                }
                if let Some(url) = a.url {
                    p { a { href: "{url}", rel: "noopener", {t!("work-source-page")} } }
                }
            }
        }
        if !view.genres.is_empty() || !view.tags.is_empty() {
            section {
                h2 { {t!("work-tags")} }
                div { class: "chips",
                    for value in view.genres.iter().chain(view.tags.iter()) {
                        Chip { key: "{value.href}", to: value.href.clone(), label: facet_word(value) }
                    }
                }
            }
        }
        if view.card.kind == WorkKind::Podcast {
            p {
                a { class: "button", href: "{view.canonical}/feed.xml",
                    Icon { shape: Shape::Feed }
                    {t!("podcast-feed")}
                }
            }
        }
        if live() {
            section { class: "share",
                Button { onclick: move |_| {
                        platform::copy(&address);
                        consume_context::<Toasts>().show(Toast { text: t!("share-copied"), action: None });
                    },
                    Icon { shape: Shape::Share }
                    {t!("share-copy")}
                }
            }
        }
    }
}
