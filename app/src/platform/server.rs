//! The server's side: heads are written, statuses are set, texts are all at hand; there is no sound and no keyboard.

use std::borrow::Cow;

use dioxus::document::{LinkProps, MetaProps, document};
use dioxus::fullstack::FullstackContext;
use dioxus::prelude::*;

use super::{Head, MediaKey, Prefs, Pressed};

const EN_US: [&str; 7] = [
    include_str!("../../i18n/en-US/desk.ftl"),
    include_str!("../../i18n/en-US/frame.ftl"),
    include_str!("../../i18n/en-US/labels.ftl"),
    include_str!("../../i18n/en-US/pages.ftl"),
    include_str!("../../i18n/en-US/places.ftl"),
    include_str!("../../i18n/en-US/problems.ftl"),
    include_str!("../../i18n/en-US/trade.ftl"),
];
const DE_DE: [&str; 7] = [
    include_str!("../../i18n/de-DE/desk.ftl"),
    include_str!("../../i18n/de-DE/frame.ftl"),
    include_str!("../../i18n/de-DE/labels.ftl"),
    include_str!("../../i18n/de-DE/pages.ftl"),
    include_str!("../../i18n/de-DE/places.ftl"),
    include_str!("../../i18n/de-DE/problems.ftl"),
    include_str!("../../i18n/de-DE/trade.ftl"),
];

/// The Fluent source of a locale that has files of its own; the same text that its hashed file holds.
pub fn locale_source(tag: &str) -> Option<Cow<'static, str>> {
    match tag {
        "en-US" => Some(Cow::Owned(EN_US.join("\n"))),
        "de-DE" => Some(Cow::Owned(DE_DE.join("\n"))),
        _ => None,
    }
}

/// Nobody presses anything here.
pub fn link_of(_event: &MouseEvent) -> Option<String> {
    None
}

/// What this page depends on: the request's extension, else the defaults.
pub fn prefs() -> Prefs {
    FullstackContext::current().and_then(|c| c.extension::<Prefs>()).unwrap_or_default()
}

/// Answers the page with this HTTP status.
pub fn status(code: u16) {
    if let Ok(code) = dioxus::fullstack::StatusCode::from_u16(code) {
        FullstackContext::commit_http_status(code, None);
    }
}

/// Writes a page's head, once.
pub fn use_head(head: Head) {
    use_hook(move || write_head(&head));
}

fn write_head(head: &Head) {
    let doc = document();
    let prefs = prefs();
    let title = if head.title.is_empty() { "Vitrine".to_owned() } else { format!("{} · Vitrine", head.title) };
    doc.set_title(title.clone());
    let named = |name: &str, content: &str| {
        doc.create_meta(MetaProps::builder().name(name.to_owned()).content(content.to_owned()).build())
    };
    let property = |name: &str, content: &str| {
        doc.create_meta(MetaProps::builder().property(name.to_owned()).content(content.to_owned()).build())
    };
    let link = |rel: &str, href: String, lang: Option<&str>| {
        let props = LinkProps::builder().rel(rel.to_owned()).href(href);
        match lang {
            Some(lang) => doc.create_link(props.hreflang(lang.to_owned()).build()),
            None => doc.create_link(props.build()),
        }
    };
    if !head.description.is_empty() {
        named("description", &head.description);
        property("og:description", &head.description);
    }
    if head.private {
        named("robots", "noindex");
    }
    property("og:title", &head.title);
    property("og:site_name", "Vitrine");
    property("og:type", if head.kind.is_empty() { "website" } else { head.kind });
    if !head.image.is_empty() {
        property("og:image", &head.image);
        named("twitter:card", "summary_large_image");
    }
    if !head.canonical.is_empty() {
        let canonical = format!("{}{}", prefs.origin, head.canonical);
        property("og:url", &canonical);
        let joint = if canonical.contains('?') { '&' } else { '?' };
        for (tag, _) in &prefs.locales {
            link("alternate", format!("{canonical}{joint}lang={tag}"), Some(tag));
        }
        link("alternate", canonical.clone(), Some("x-default"));
        link("canonical", canonical, None);
    }
}

/// Links a brand's sheet in the head. Storefronts are always a document of their own, so only the server links it.
pub fn use_brand_sheet(href: String) {
    use_hook(move || {
        if !href.is_empty() {
            document().create_link(LinkProps::builder().rel("stylesheet".to_owned()).href(href).build());
        }
    });
}

/// Public addresses of hashed assets, set once at start.
static ASSETS: std::sync::OnceLock<std::collections::BTreeMap<String, String>> = std::sync::OnceLock::new();

/// Tells where the build put each asset: `css/shop.css` -> `/assets/css/shop-….css`. Later calls change nothing.
pub fn set_assets(manifest: std::collections::BTreeMap<String, String>) {
    // A second manifest would be that of the same build.
    let _ = ASSETS.set(manifest);
}

/// The public address of an asset; one the manifest does not name is served under its own name.
pub fn asset_url(path: &str) -> String {
    ASSETS.get().and_then(|m| m.get(path).cloned()).unwrap_or_else(|| format!("/assets/{path}"))
}

/// No sound here.
pub fn play(_src: &str) {}
/// No sound here.
pub fn resume() {}
/// No sound here.
pub fn pause() {}
/// No sound here.
pub fn seek(_ms: u64) {}
/// No sound here: `None`.
pub fn position() -> Option<(u64, u64)> {
    None
}
/// No media controls here.
pub fn media_session(_title: &str, _by: &str) {}
/// No media controls here.
pub fn on_media_keys(_act: impl Fn(MediaKey) + 'static) {}
/// No keyboard here.
pub fn on_keys(_act: impl Fn(Pressed) -> bool + 'static) {}
/// Nothing can be focused here.
pub fn focus(_id: &str) {}
/// No dialogs here.
pub fn show_dialog(_id: &str) {}
/// The scheme is the reader's: `None`.
pub fn theme() -> Option<String> {
    None
}
/// The scheme is the reader's.
pub fn set_theme(_theme: Option<&str>) {}
/// Nothing is kept on this device: `None`.
pub fn kept(_key: &str) -> Option<String> {
    None
}
/// Nothing is kept on this device.
pub fn keep(_key: &str, _value: &str) {}
/// The reader's zone is not known here: `None`.
pub fn local_moment(_iso: &str, _locale: &str) -> Option<String> {
    None
}
/// A document is loaded by the reader's browser only.
pub fn load(_href: &str) {}
/// No clipboard here.
pub fn copy(_text: &str) {}
/// Nothing is waited for here.
pub async fn pause_ms(_ms: u32) {}
/// Places are the reader's browser's.
pub fn keep_places() {}
/// Places are the reader's browser's.
pub fn settle() {}
/// Nobody comes back here: false.
pub fn returned() -> bool {
    false
}
/// The address is the reader's browser's.
pub fn readdress(_href: &str) {}
/// Listens to nothing.
pub struct Listening;
/// Nothing scrolls here.
pub fn on_scroll(_act: impl Fn() + 'static) -> Listening {
    Listening
}
/// Nothing is seen here: false.
pub fn near(_id: &str) -> bool {
    false
}
/// Nothing is seen here: `None`.
pub fn page_seen() -> Option<u32> {
    None
}
/// Nothing can be focused here.
pub fn focus_page(_page: u32) {}
