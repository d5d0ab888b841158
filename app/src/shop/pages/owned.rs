//! What an owner does with a work: play, read, download, licence, invoice. The library shows it, and the work's own page in
//! place of its prices.

use dioxus::prelude::*;
use vitrine_shared::catalog::WorkKind;
use vitrine_shared::views::PlayView;
use vitrine_shared::views::owned::OwnedView;
use vitrine_shared::views::trade::FileView;
use vitrine_ui::prelude::*;

use super::work::Film;
use crate::i18n::text_or;
use crate::platform;
use crate::shop::frame::Me;
use crate::shop::parts::Moment;
use crate::shop::player::PlayAll;
use crate::t;

/// What the visitor has of `work` (of nothing in a preview), once the frame knows who they are: nothing before hydration, nothing for who is not
/// signed in. Public pages stay the same for everybody until then.
pub(crate) fn use_owned(work: Option<String>) -> Signal<Option<OwnedView>> {
    let me = use_context::<Me>().0;
    let mut owned = use_signal(|| None);
    use_effect(move || {
        if me.read().as_ref().is_none_or(|m| m.name.is_none()) {
            return;
        }
        let Some(work) = work.clone() else { return };
        spawn(async move {
            // Without an answer the page stays as everybody sees it; the library says what went wrong.
            if let Ok(view) = crate::data::owns(work).await {
                owned.set(view);
            }
        });
    });
    owned
}

/// Why access was lost.
#[component]
pub fn Lost(
    /// Key of the sentence.
    why: String,
) -> Element {
    rsx! {
        Alert { tone: Tone::Warn, title: t!("library-lost"), {text_or(&why, &t!("lost-other"))} }
    }
}

/// Play, read, download, licence, order, invoice.
#[component]
pub fn OwnedBlock(
    /// What to show.
    view: OwnedView,
) -> Element {
    let card = view.card.clone();
    let plays: Vec<PlayView> = view.parts.iter().filter_map(|p| p.play.clone()).collect();
    rsx! {
        if let Some(why) = view.lost.clone() {
            Lost { why }
        }
        div { class: "work-act",
            if !plays.is_empty() && card.kind != WorkKind::Video {
                PlayAll { list: plays.clone(), words: t!("library-play-all") }
            }
            if let Some(reader) = view.reader.clone() {
                DialogButton { dialog: "read", open: move |id: String| platform::show_dialog(&id),
                    Icon { shape: Shape::Book }
                    {t!("library-read")}
                }
                Dialog { id: "read", wide: true, title: card.title.clone(), close: t!("close"),
                    iframe { class: "reader", src: "{reader}", title: card.title.clone(), "loading": "lazy", "sandbox": "" }
                }
                noscript {
                    a { href: "{reader}", {t!("library-read")} }
                }
            }
        }
        if card.kind == WorkKind::Video {
            for play in plays.iter() {
                Film { key: "{play.src}", play: play.clone(), label: play.title.clone() }
            }
        }
        Files { files: view.files.clone(), total: view.total_size.clone() }
        if let Some(licence) = view.licence.clone() {
            section { class: "eula-short",
                h2 { {t!("library-licence")} }
                if let Some(at) = view.accepted.clone() {
                    p { class: "notice",
                        {t!("library-accepted", version = licence.version)}
                        " "
                        Moment { at }
                    }
                }
                ul {
                    for (i , line) in licence.summary.iter().enumerate() {
                        li { key: "{i}", "{line}" }
                    }
                }
                p {
                    a { href: "{licence.href}", {t!("licence-full", title = licence.title.clone())} }
                }
            }
        }
        p { class: "owned-papers",
            a { href: "{view.order_href}", {t!("library-order")} }
            if let Some(invoice) = view.invoice_href.clone() {
                a { href: "{invoice}", {t!("library-invoice")} }
            }
        }
    }
}

/// Files by format with their sizes before the press, all of them, and each.
#[component]
fn Files(files: Vec<FileView>, total: String) -> Element {
    let mut formats: Vec<(String, Vec<FileView>)> = Vec::new();
    for file in files.iter().cloned() {
        match formats.iter_mut().find(|(format, _)| *format == file.format) {
            Some((_, list)) => list.push(file),
            None => formats.push((file.format.clone(), vec![file])),
        }
    }
    let ids = |list: &[FileView]| list.iter().map(|f| f.asset.as_str()).collect::<Vec<_>>().join(",");
    if files.is_empty() {
        return VNode::empty();
    }
    rsx! {
        section { class: "downloads",
            h2 { {t!("library-downloads")} }
            Fetch { assets: ids(&files), words: if files.len() > 1 { t!("library-all", size = total) } else { t!("library-one", format = files[0].format.clone(), size = total) }, primary: true }
            if formats.len() > 1 {
                for (format , list) in formats.iter() {
                    Fetch { key: "{format}", assets: ids(list), words: t!("library-format", format = format.clone(), count = list.len()) }
                }
            }
            if files.len() > 1 {
                Disclosure { title: t!("library-single"),
                    ul { class: "downloads-list", role: "list",
                        for file in files.iter() {
                            li { key: "{file.asset}",
                                span { class: "downloads-name", dir: "auto", "{file.name}" }
                                span { class: "notice", "{file.format} · {file.size}" }
                                form { role: "none", method: "post", action: "/my-products/download",
                                    input { r#type: "hidden", name: "assets", value: "{file.asset}" }
                                    button { class: "button", r#type: "submit", aria_label: t!("library-fetch-of", name = file.name.clone()), {t!("library-fetch")} }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Fetch(assets: String, words: String, #[props(default)] primary: bool) -> Element {
    rsx! {
        form { role: "none", method: "post", action: "/my-products/download",
            input { r#type: "hidden", name: "assets", value: assets }
            Button { kind: if primary { ButtonKind::Primary } else { ButtonKind::Plain }, r#type: "submit",
                Icon { shape: Shape::Download }
                "{words}"
            }
        }
    }
}
