//! The server's side: heads are written, statuses are set, texts are all at hand; there is no sound and no keyboard.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dioxus::fullstack::FullstackContext;
use dioxus::prelude::*;

use super::{Head, MediaKey, Prefs, Pressed};

const EN_US: [&str; 10] = [
    include_str!("../../i18n/en-US/desk-prices.ftl"),
    include_str!("../../i18n/en-US/desk-shops.ftl"),
    include_str!("../../i18n/en-US/desk.ftl"),
    include_str!("../../i18n/en-US/frame.ftl"),
    include_str!("../../i18n/en-US/gift.ftl"),
    include_str!("../../i18n/en-US/labels.ftl"),
    include_str!("../../i18n/en-US/pages.ftl"),
    include_str!("../../i18n/en-US/places.ftl"),
    include_str!("../../i18n/en-US/problems.ftl"),
    include_str!("../../i18n/en-US/trade.ftl"),
];
const DE_DE: [&str; 10] = [
    include_str!("../../i18n/de-DE/desk-prices.ftl"),
    include_str!("../../i18n/de-DE/desk-shops.ftl"),
    include_str!("../../i18n/de-DE/desk.ftl"),
    include_str!("../../i18n/de-DE/frame.ftl"),
    include_str!("../../i18n/de-DE/gift.ftl"),
    include_str!("../../i18n/de-DE/labels.ftl"),
    include_str!("../../i18n/de-DE/pages.ftl"),
    include_str!("../../i18n/de-DE/places.ftl"),
    include_str!("../../i18n/de-DE/problems.ftl"),
    include_str!("../../i18n/de-DE/trade.ftl"),
];

/// What is other than in en-US.
const EN_GB: &str = include_str!("../../i18n/en-GB/differences.ftl");
const FR_FR: [&str; 10] = [
    include_str!("../../i18n/fr-FR/desk-prices.ftl"),
    include_str!("../../i18n/fr-FR/desk-shops.ftl"),
    include_str!("../../i18n/fr-FR/desk.ftl"),
    include_str!("../../i18n/fr-FR/frame.ftl"),
    include_str!("../../i18n/fr-FR/gift.ftl"),
    include_str!("../../i18n/fr-FR/labels.ftl"),
    include_str!("../../i18n/fr-FR/pages.ftl"),
    include_str!("../../i18n/fr-FR/places.ftl"),
    include_str!("../../i18n/fr-FR/problems.ftl"),
    include_str!("../../i18n/fr-FR/trade.ftl"),
];

/// The Fluent source of a locale that has files of its own; the same text that its hashed file holds.
pub fn locale_source(tag: &str) -> Option<Cow<'static, str>> {
    match tag {
        "en-US" => Some(Cow::Owned(EN_US.join("\n"))),
        // Of two messages of one name the later one holds.
        "en-GB" => Some(Cow::Owned([&EN_US.join("\n"), EN_GB].join("\n"))),
        "de-DE" => Some(Cow::Owned(DE_DE.join("\n"))),
        "fr-FR" => Some(Cow::Owned(FR_FR.join("\n"))),
        _ => None,
    }
}

/// Nobody presses anything here.
pub fn link_of(_event: &MouseEvent) -> Option<String> {
    None
}

/// What this page depends on: the request's extension, else the defaults.
pub fn prefs() -> Arc<Prefs> {
    FullstackContext::current().and_then(|c| c.extension::<Arc<Prefs>>()).unwrap_or_default()
}

/// There is no document here yet: `None`.
pub fn inside(_id: &str) -> Option<String> {
    None
}

/// Nobody waits for it here.
pub fn alive() {}

/// Nothing was typed yet: `None`.
pub fn value(_id: &str) -> Option<String> {
    None
}

/// Answers the page with this HTTP status.
pub fn status(code: u16) {
    if let Ok(code) = dioxus::fullstack::StatusCode::from_u16(code) {
        FullstackContext::commit_http_status(code, None);
    }
}

/// What a page says outside of its drawing: its head, and the data its client begins with. The page's components write on it, the
/// layer around the renderer puts it into the document. An extension of the page's request.
#[derive(Clone, Debug, Default)]
pub struct Sheet(Arc<Mutex<Written>>);

/// What was written on a [`Sheet`].
#[derive(Debug, Default)]
pub struct Written {
    /// Text of `<title>`, escaped; empty: the site's name.
    pub title: String,
    /// Further elements of the head.
    pub head: String,
    /// JSON that may stand inside script elements, the first one's place is 1.
    pub data: Vec<Arc<str>>,
}

impl Sheet {
    /// What was written; the sheet is empty then.
    pub fn take(&self) -> Written {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sheet of the page that is being drawn; outside of one what is written is lost.
fn sheet() -> Sheet {
    FullstackContext::current().and_then(|c| c.extension::<Sheet>()).unwrap_or_default()
}

/// Puts data for the browser on the page and answers its place.
pub fn carry(json: impl FnOnce() -> Arc<str>) -> u32 {
    let sheet = sheet();
    let mut written = sheet.write();
    written.data.push(json());
    u32::try_from(written.data.len()).unwrap_or(u32::MAX)
}

/// The data is for browsers: `None`.
pub fn carried(_place: u32) -> Option<String> {
    None
}

/// Carts are priced by their service here: `None`.
pub async fn preview(_pricing: &str, _pieces: &str) -> Option<String> {
    None
}

/// Nothing is fetched here.
pub fn preview_ahead(_pricing: &str) {}

/// Writes a page's head, once.
pub fn use_head(head: Head) {
    use_hook(move || write_head(&head));
}

/// Text as it may stand in an element or in a quoted value.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

fn write_head(head: &Head) {
    let prefs = prefs();
    let sheet = sheet();
    let mut written = sheet.write();
    if !head.title.is_empty() {
        written.title = format!("{} · Vitrine", escaped(&head.title));
    }
    let mut add = |before: &str, value: &str, after: &str| {
        for piece in [before, &escaped(value), after] {
            written.head.push_str(piece);
        }
    };
    if !head.description.is_empty() {
        add("<meta name=\"description\" content=\"", &head.description, "\">\n");
        add("<meta property=\"og:description\" content=\"", &head.description, "\">\n");
    }
    if head.private {
        add("<meta name=\"robots\" content=\"", "noindex", "\">\n");
    }
    add("<meta property=\"og:title\" content=\"", &head.title, "\">\n");
    add("<meta property=\"og:site_name\" content=\"", "Vitrine", "\">\n");
    add("<meta property=\"og:type\" content=\"", if head.kind.is_empty() { "website" } else { head.kind }, "\">\n");
    if !head.image.is_empty() {
        add("<meta property=\"og:image\" content=\"", &head.image, "\">\n");
        add("<meta name=\"twitter:card\" content=\"", "summary_large_image", "\">\n");
    }
    if !head.canonical.is_empty() {
        let canonical = format!("{}{}", prefs.origin, head.canonical);
        add("<meta property=\"og:url\" content=\"", &canonical, "\">\n");
        let joint = if canonical.contains('?') { '&' } else { '?' };
        for tag in crate::i18n::LOCALES {
            let before = format!("<link rel=\"alternate\" hreflang=\"{tag}\" href=\"");
            add(&before, &format!("{canonical}{joint}lang={tag}"), "\">\n");
        }
        add("<link rel=\"alternate\" hreflang=\"x-default\" href=\"", &canonical, "\">\n");
        add("<link rel=\"canonical\" href=\"", &canonical, "\">\n");
    }
}

/// Links a brand's sheet in the head. Storefronts are always a document of their own, so only the server links it.
pub fn use_brand_sheet(href: String) {
    use_hook(move || {
        if !href.is_empty() {
            let sheet = sheet();
            let line = format!("<link rel=\"stylesheet\" href=\"{}\">\n", escaped(&href));
            sheet.write().head.push_str(&line);
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
/// No links are pressed here.
pub fn on_links(_act: impl Fn(String) -> bool + 'static) {}
/// Nothing can be focused here.
pub fn focus_page(_page: u32) {}
