//! Where the reader is on each page of this visit: Back and a reload find the place and the focus again.
//!
//! The router brings a reader back at once, before the page's data is there, so the place is kept here instead and found
//! when the page stands. A place is an address, the link nearest the reader's eye with its distance from the top, and
//! the link left by: what stands above may have changed in the meantime. Kept for this tab only.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use vitrine_shared::json;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement};

use super::{document, window};

/// Key in the tab's storage.
const KEY: &str = "vitrine.places";
/// Pages remembered.
const MOST: usize = 40;
/// Room below the window in which the end of a list counts as near, CSS pixels.
const AHEAD: f64 = 900.0;

/// A place on a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Path and query.
    at: String,
    /// Scrolled by, CSS pixels.
    y: f64,
    /// A link and its distance from the window's top, CSS pixels.
    near: Option<(String, f64)>,
    /// The link the page was left by.
    left_by: Option<String>,
}

#[derive(Default)]
struct Places {
    /// Newest last.
    all: Vec<Place>,
    /// The page shown: path and query.
    here: String,
    /// Where to go once the page stands.
    wanted: Option<Place>,
    /// The page was reached by Back, Forward or a reload.
    returned: bool,
}

thread_local! {
    static PLACES: RefCell<Places> = RefCell::default();
}

fn address() -> String {
    let part = |text: Result<String, wasm_bindgen::JsValue>| text.unwrap_or_default();
    window().map(|w| w.location()).map(|l| part(l.pathname()) + &part(l.search())).unwrap_or_default()
}

fn tab() -> Option<web_sys::Storage> {
    window()?.session_storage().ok().flatten()
}

fn top_of(element: &Element) -> f64 {
    element.get_bounding_client_rect().top()
}

/// The link of a list nearest the upper third of the window.
fn nearest() -> Option<(String, f64)> {
    let window = window()?;
    let height = window.inner_height().ok()?.as_f64()?;
    let width = window.inner_width().ok()?.as_f64()?;
    let document = document()?;
    // One point may fall between two columns or rows.
    [(0.5, 0.33), (0.4, 0.4), (0.6, 0.25), (0.55, 0.5), (0.35, 0.6)].into_iter().find_map(|(across, down)| {
        let seen = document.element_from_point((width * across) as f32, (height * down) as f32)?;
        let link = seen.closest("main li").ok()??.query_selector("a[href]").ok()??;
        Some((link.get_attribute("href")?, top_of(&link)))
    })
}

fn link_to(href: &str) -> Option<HtmlElement> {
    let links = document()?.query_selector_all("main a[href]").ok()?;
    (0..links.length())
        .filter_map(|i| links.item(i)?.dyn_into::<HtmlElement>().ok())
        .find(|link| link.get_attribute("href").as_deref() == Some(href))
}

/// Notes the place on the page shown.
fn note(left_by: Option<String>) {
    let y = window().and_then(|w| w.scroll_y().ok()).unwrap_or_default();
    PLACES.with_borrow_mut(|places| {
        // On the way to a place what is shown in between is not one.
        if places.wanted.is_some() {
            return;
        }
        places.here = address();
        let at = places.here.clone();
        let left_by = left_by.or_else(|| places.all.iter().find(|p| p.at == at).and_then(|p| p.left_by.clone()));
        places.all.retain(|p| p.at != at);
        // At the top nothing is near: the page is to begin there again whatever comes first.
        places.all.push(Place { at, y, near: (y > 0.0).then(nearest).flatten(), left_by });
        if places.all.len() > MOST {
            places.all.remove(0);
        }
    });
}

fn want() {
    PLACES.with_borrow_mut(|places| {
        let here = address();
        // A jump within the page is none of ours.
        if places.here != here {
            places.wanted = places.all.iter().find(|p| p.at == here).cloned();
            places.here = here;
            places.returned = true;
        }
    });
}

fn listen(target: &web_sys::EventTarget, name: &str, act: impl Fn(web_sys::Event) + 'static) {
    let handler = Closure::<dyn FnMut(web_sys::Event)>::new(act);
    // Adding a listener cannot fail; these capture, so that no page can keep the event to itself.
    let _ = target.add_event_listener_with_callback_and_bool(name, handler.as_ref().unchecked_ref(), true);
    handler.forget();
}

/// Whether this document was reached by Back, Forward or a reload.
fn document_returned() -> bool {
    let kind = || -> Option<String> {
        let entries = window()?.performance()?.get_entries_by_type("navigation");
        js_sys::Reflect::get(&entries.get(0), &"type".into()).ok()?.as_string()
    };
    matches!(kind().as_deref(), Some("back_forward" | "reload"))
}

/// Whether the reader did something before the page lived; `assets/js/boot.js` writes it down.
fn moved() -> bool {
    window().is_some_and(|w| js_sys::Reflect::get(&w.into(), &"__vitrine_moved".into()).is_ok_and(|v| v.is_truthy()))
}

/// Begins to remember places, for as long as the document lives; call it once, when the page stands.
pub fn keep_places() {
    let Some(window) = window() else { return };
    if let Some(kept) = tab().and_then(|t| t.get_item(KEY).ok().flatten()) {
        // What another version wrote is forgotten.
        let all = json::from_str(&kept).unwrap_or_default();
        PLACES.with_borrow_mut(|places| places.all = all);
    }
    if document_returned() && !moved() {
        want();
        settle();
    } else {
        PLACES.with_borrow_mut(|places| places.here = address());
    }
    listen(&window, "scroll", |_| note(None));
    listen(&window, "popstate", |_| want());
    listen(&window, "pagehide", |_| {
        let text = PLACES.with_borrow(|places| serde_json::to_string(&places.all));
        if let (Some(tab), Ok(text)) = (tab(), text) {
            // A tab without room forgets its places.
            let _ = tab.set_item(KEY, &text);
        }
    });
    for name in ["wheel", "touchstart", "keydown"] {
        // Who moves on their own is not moved.
        listen(&window, name, |_| PLACES.with_borrow_mut(|places| places.wanted = None));
    }
    listen(&window, "click", |event| {
        PLACES.with_borrow_mut(|places| {
            places.wanted = None;
            places.returned = false;
        });
        let link = event
            .target()
            .and_then(|t| t.dyn_into::<Element>().ok())
            .and_then(|t| t.closest("main a[href]").ok().flatten())
            .and_then(|link| link.get_attribute("href"));
        if link.is_some() {
            note(link);
        }
    });
}

/// The page stands: finds the reader's place on it again if they came back.
pub fn settle() {
    if PLACES.with_borrow(|places| places.wanted.is_none()) {
        return;
    }
    // The router moves the window in the next frame after Back; this comes after it and before anything is painted.
    let frame = Closure::once_into_js(find);
    if let Some(window) = window() {
        // Asking for a frame cannot fail.
        let _ = window.request_animation_frame(frame.unchecked_ref());
    }
}

fn find() {
    let Some(place) = PLACES.with_borrow_mut(|places| places.wanted.take()) else { return };
    let Some(window) = window() else { return };
    let near = place.near.and_then(|(href, top)| Some((link_to(&href)?, top)));
    match near {
        Some((link, top)) => window.scroll_by_with_x_and_y(0.0, top_of(&link) - top),
        None => window.scroll_to_with_x_and_y(0.0, place.y),
    }
    if let Some(link) = place.left_by.as_deref().and_then(link_to) {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        // A link that cannot take the focus keeps things as they are.
        let _ = link.focus_with_options(&options);
    }
}

/// Whether the page shown was reached by Back or Forward: its focus is where it was.
pub fn returned() -> bool {
    PLACES.with_borrow(|places| places.returned)
}

/// Changes the address shown without going anywhere.
pub fn readdress(href: &str) {
    if href == address() {
        return;
    }
    let Some(history) = window().and_then(|w| w.history().ok()) else { return };
    let state = history.state().unwrap_or_default();
    // Refused only by browsers that count too many changes a second; the next one will do.
    let _ = history.replace_state_with_url(&state, "", Some(href));
    note(None);
}

/// A listener that ends with its keeper.
pub struct Listening(Closure<dyn FnMut(web_sys::Event)>);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(window) = window() {
            // Removing a listener cannot fail.
            let _ = window.remove_event_listener_with_callback("scroll", self.0.as_ref().unchecked_ref());
        }
    }
}

/// Calls whenever the window is scrolled.
pub fn on_scroll(act: impl Fn() + 'static) -> Listening {
    let handler = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| act());
    if let Some(window) = window() {
        // Adding a listener cannot fail.
        let _ = window.add_event_listener_with_callback("scroll", handler.as_ref().unchecked_ref());
    }
    Listening(handler)
}

/// Whether an element is in the window or a little below it.
pub fn near(id: &str) -> bool {
    let height = window().and_then(|w| w.inner_height().ok()?.as_f64()).unwrap_or_default();
    document().and_then(|d| d.get_element_by_id(id)).is_some_and(|end| top_of(&end) < height + AHEAD)
}

/// The page of a list that the reader is on: the last one whose first card is in the upper half of the window or above.
pub fn page_seen() -> Option<u32> {
    let half = window()?.inner_height().ok()?.as_f64()? / 2.0;
    let marks = document()?.query_selector_all("main [data-page]").ok()?;
    let marks = (0..marks.length()).filter_map(|i| marks.item(i)?.dyn_into::<Element>().ok()).collect::<Vec<_>>();
    let seen = marks.iter().rev().find(|mark| top_of(mark) < half).or_else(|| marks.first())?;
    seen.get_attribute("data-page")?.parse().ok()
}

/// Gives the first link of a list's page the focus.
pub fn focus_page(page: u32) {
    let link = document().and_then(|d| d.query_selector(&format!("main [data-page='{page}'] a")).ok().flatten());
    if let Some(link) = link.and_then(|l| l.dyn_into::<HtmlElement>().ok()) {
        // A link that cannot take the focus keeps things as they are.
        let _ = link.focus();
    }
}
