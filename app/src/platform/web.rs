//! The browser's side.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use dioxus::prelude::*;
use vitrine_shared::json;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::{Head, MediaKey, Prefs, Pressed};

mod place;

pub use place::{Listening, focus_page, keep_places, near, on_scroll, page_seen, readdress, returned, settle};

/// Id of the one audio element.
const SOUND: &str = "vitrine-sound";
/// Key of the chosen scheme; `serve::page` reads it before the first paint.
const THEME: &str = "vitrine.theme";

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

fn document() -> Option<web_sys::Document> {
    window()?.document()
}

fn element<T: JsCast>(id: &str) -> Option<T> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// The text the boot script fetched; the browser has this one locale only.
pub fn locale_source(_tag: &str) -> Option<Cow<'static, str>> {
    let text = js_sys::Reflect::get(&window()?.into(), &JsValue::from_str("__vitrine_ftl")).ok()?;
    text.as_string().map(Cow::Owned)
}

/// What the server drew this document for.
pub fn prefs() -> Arc<Prefs> {
    thread_local! {
        static PREFS: RefCell<Option<Arc<Prefs>>> = const { RefCell::new(None) };
    }
    PREFS.with(|cell| {
        cell.borrow_mut()
            .get_or_insert_with(|| {
                document()
                    .and_then(|d| d.query_selector("meta[name=vitrine-prefs]").ok().flatten())
                    .and_then(|m| m.get_attribute("content"))
                    .and_then(|text| json::from_str::<Prefs>(&text).ok())
                    .unwrap_or_default()
                    .into()
            })
            .clone()
    })
}

/// What the document holds inside an element, as markup.
pub fn inside(id: &str) -> Option<String> {
    element::<web_sys::Element>(id).map(|e| e.inner_html())
}

/// Tells `assets/js/boot.js` that presses are answered here from now on.
pub fn alive() {
    let told = window().and_then(|w| js_sys::Reflect::get(&w.into(), &"__vitrine_alive".into()).ok());
    if let Some(told) = told.and_then(|f| f.dyn_into::<js_sys::Function>().ok()) {
        // It resolves a promise, which cannot fail.
        let _ = told.call0(&JsValue::NULL);
    }
}

/// What stands in a field now.
pub fn value(id: &str) -> Option<String> {
    element::<web_sys::HtmlInputElement>(id).map(|field| field.value())
}

/// The address of the link that a press inside an element fell on, as written; presses that ask for a new window keep
/// their own meaning.
pub fn link_of(event: &MouseEvent) -> Option<String> {
    use dioxus::web::WebEventExt as _;
    let event = event.data().try_as_web_event()?.dyn_into::<web_sys::MouseEvent>().ok()?;
    pressed_link(&event, "a[href]")
}

fn pressed_link(event: &web_sys::MouseEvent, selector: &str) -> Option<String> {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() {
        return None;
    }
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    target.closest(selector).ok()??.get_attribute("href")
}

/// Gives presses on links that stay in the client (`data-go`) to `act`, which says whether it follows them; for as long as the
/// document lives; call it once.
pub fn on_links(act: impl Fn(String) -> bool + 'static) {
    let Some(document) = document() else { return };
    let handler = Closure::<dyn FnMut(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
        // What a page's own listener has taken is not followed.
        if event.button() != 0 || event.default_prevented() {
            return;
        }
        if pressed_link(&event, "a[data-go]").is_some_and(&act) {
            event.prevent_default();
        }
    });
    // Adding a listener to a document cannot fail.
    let _ = document.add_event_listener_with_callback("click", handler.as_ref().unchecked_ref());
    handler.forget();
}

/// Data is put on pages by the server only.
pub fn carry(_json: impl FnOnce() -> Arc<str>) -> u32 {
    0
}

/// The data that the page brought, by its place.
pub fn carried(place: u32) -> Option<String> {
    document()?.get_element_by_id(&format!("data-{place}"))?.text_content()
}

/// What a cart comes to with other numbers of pieces, by the module that prices (`vitrine-pricer`, JSON in and out); `None` if it cannot be had.
pub async fn preview(pricing: &str, pieces: &str) -> Option<String> {
    wasm_bindgen_futures::JsFuture::from(previewing(pricing, pieces)?).await.ok()?.as_string()
}

/// Has the module fetched, so that it is there without a network too.
pub fn preview_ahead(pricing: &str) {
    // Whether it came shows when it is asked.
    let _ = previewing(pricing, "[]");
}

fn previewing(pricing: &str, pieces: &str) -> Option<js_sys::Promise> {
    let price = js_sys::Reflect::get(&window()?.into(), &"__vitrine_preview".into()).ok()?;
    let price = price.dyn_into::<js_sys::Function>().ok()?;
    price.call2(&JsValue::NULL, &pricing.into(), &pieces.into()).ok()?.dyn_into().ok()
}

/// Sheets are linked by the server only: empty.
pub fn asset_url(_path: &str) -> String {
    String::new()
}

/// Statuses are the server's business.
pub fn status(_code: u16) {}

/// Sets the title after client navigation; the rest of the head belongs to documents.
pub fn use_head(head: Head) {
    use_effect(use_reactive((&head.title,), |(title,)| {
        if let Some(d) = document() {
            d.set_title(&if title.is_empty() { "Vitrine".to_owned() } else { format!("{title} · Vitrine") });
        }
    }));
}

/// The document brought its sheet.
pub fn use_brand_sheet(href: String) {
    // The same number of hooks on both sides.
    use_hook(move || drop(href));
}

fn sound() -> Option<web_sys::HtmlAudioElement> {
    element(SOUND)
}

/// Loads a file into the one audio element and plays it; call it inside a press, or browsers may refuse.
pub fn play(src: &str) {
    if let Some(audio) = sound() {
        audio.set_src(src);
        start(&audio);
    }
}

/// Goes on.
pub fn resume() {
    if let Some(audio) = sound() {
        start(&audio);
    }
}

fn start(audio: &web_sys::HtmlAudioElement) {
    if let Ok(promise) = audio.play() {
        wasm_bindgen_futures::spawn_local(async move {
            // A refusal (no press yet, file gone) shows as the element's own pause or error event.
            let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
        });
    }
}

/// Stops for now.
pub fn pause() {
    if let Some(audio) = sound() {
        // Pausing what does not play is no fault.
        let _ = audio.pause();
    }
}

/// Goes to a place, milliseconds.
pub fn seek(ms: u64) {
    if let Some(audio) = sound() {
        audio.set_current_time(ms as f64 / 1000.0);
    }
}

/// Place and length, milliseconds; the length is 0 while unknown.
pub fn position() -> Option<(u64, u64)> {
    let audio = sound()?;
    let ms = |seconds: f64| if seconds.is_finite() { (seconds * 1000.0) as u64 } else { 0 };
    Some((ms(audio.current_time()), ms(audio.duration())))
}

/// The browser's media session; the binding crate has no stable type for it.
fn session() -> Option<JsValue> {
    let session = js_sys::Reflect::get(&window()?.navigator().into(), &"mediaSession".into()).ok()?;
    session.is_object().then_some(session)
}

/// Tells the system's media controls what plays.
pub fn media_session(title: &str, by: &str) {
    let made = || -> Option<()> {
        let session = session()?;
        let class: js_sys::Function =
            js_sys::Reflect::get(&window()?.into(), &"MediaMetadata".into()).ok()?.dyn_into().ok()?;
        let init = js_sys::Object::new();
        js_sys::Reflect::set(&init, &"title".into(), &title.into()).ok()?;
        js_sys::Reflect::set(&init, &"artist".into(), &by.into()).ok()?;
        let metadata = js_sys::Reflect::construct(&class, &js_sys::Array::of1(&init)).ok()?;
        js_sys::Reflect::set(&session, &"metadata".into(), &metadata).ok().map(|_| ())
    };
    // A browser without a media session has nothing to be told.
    let _ = made();
}

/// Listens to the system's media controls for as long as the document lives; call it once.
pub fn on_media_keys(act: impl Fn(MediaKey) + 'static) {
    let Some(session) = session() else { return };
    let Some(set) = js_sys::Reflect::get(&session, &"setActionHandler".into())
        .ok()
        .and_then(|f| f.dyn_into::<js_sys::Function>().ok())
    else {
        return;
    };
    let act = std::rc::Rc::new(act);
    for (action, key) in [
        ("play", MediaKey::Play),
        ("pause", MediaKey::Pause),
        ("nexttrack", MediaKey::Next),
        ("previoustrack", MediaKey::Previous),
    ] {
        let act = act.clone();
        let handler = Closure::<dyn FnMut()>::new(move || act(key));
        // An action this browser does not know is refused; the others still work.
        let _ = set.call2(&session, &action.into(), handler.as_ref());
        handler.forget();
    }
}

/// Listens to keys pressed outside of fields, without modifiers, for as long as the document lives; call it once. `act`
/// says whether it used the key.
pub fn on_keys(act: impl Fn(Pressed) -> bool + 'static) {
    let Some(document) = document() else { return };
    let handler = Closure::<dyn FnMut(web_sys::KeyboardEvent)>::new(move |event: web_sys::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() || in_control(&event) {
            return;
        }
        if act(Pressed { key: event.key(), shift: event.shift_key() }) {
            event.prevent_default();
        }
    });
    // Adding a listener to a document cannot fail.
    let _ = document.add_event_listener_with_callback("keydown", handler.as_ref().unchecked_ref());
    handler.forget();
}

/// Whether the key belongs to what has the focus: fields always, and what space or arrows work on.
fn in_control(event: &web_sys::KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return false };
    let inside = |selector: &str| target.closest(selector).ok().flatten().is_some();
    inside("input, select, textarea, [contenteditable], dialog[open], [role=listbox], [role=tablist], video, audio")
        || (matches!(event.key().as_str(), " " | "Enter") && inside("button, a, summary, label"))
}

/// Gives an element the focus without moving the page.
pub fn focus(id: &str) {
    if let Some(target) = element::<web_sys::HtmlElement>(id) {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        // An element that cannot take the focus keeps things as they are.
        let _ = target.focus_with_options(&options);
    }
}

/// Opens a dialog unless it is open already.
pub fn show_dialog(id: &str) {
    if let Some(dialog) = element::<web_sys::HtmlDialogElement>(id)
        && !dialog.open()
    {
        // Fails only when it left the document in the meantime.
        let _ = dialog.show_modal();
    }
}

fn storage() -> Option<web_sys::Storage> {
    window()?.local_storage().ok().flatten()
}

/// The scheme chosen on this device.
pub fn theme() -> Option<String> {
    kept(THEME)
}

/// Chooses a scheme (`light`, `dark`, `contrast`); `None` follows the system.
pub fn set_theme(theme: Option<&str>) {
    let Some(root) = document().and_then(|d| d.document_element()) else { return };
    // Attributes and storage of our own document; where storage is forbidden the choice lasts for this document.
    let _ = match theme {
        Some(theme) => root.set_attribute("data-theme", theme),
        None => root.remove_attribute("data-theme"),
    };
    match (theme, storage()) {
        (Some(theme), _) => keep(THEME, theme),
        (None, Some(storage)) => {
            let _ = storage.remove_item(THEME);
        }
        (None, None) => {}
    }
}

/// What was kept on this device under a key.
pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text on this device; where storage is full or forbidden nothing is kept.
pub fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}

/// A moment in the reader's zone and words.
pub fn local_moment(iso: &str, locale: &str) -> Option<String> {
    let ms = js_sys::Date::parse(iso);
    if !ms.is_finite() {
        return None;
    }
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        js_sys::Reflect::set(&options, &key.into(), &value.into()).ok()?;
    }
    String::from(js_sys::Date::new(&ms.into()).to_locale_string(locale, &options)).into()
}

/// Loads a document.
pub fn load(href: &str) {
    if let Some(window) = window() {
        // A same-origin address of ours always parses.
        let _ = window.location().assign(href);
    }
}

/// Puts a text on the clipboard.
pub fn copy(text: &str) {
    if let Some(window) = window() {
        let promise = window.navigator().clipboard().write_text(text);
        wasm_bindgen_futures::spawn_local(async move {
            // A refusal leaves the clipboard as it was; the address also stands in the address bar.
            let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
        });
    }
}

/// Waits.
pub async fn pause_ms(ms: u32) {
    gloo_timers::future::TimeoutFuture::new(ms).await;
}
