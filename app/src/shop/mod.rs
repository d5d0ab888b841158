//! The buyer's pages and the frame around them.
//!
//! Invariants: what the server draws and what the browser first draws are the same; personal things (cart count, account)
//! and things of this device (recent works, theme) come after hydration; every page stands complete without scripts.
//!
//! Not here: the studio and the console (`desk`).

pub mod buy;
pub mod frame;
pub mod pages;
pub mod parts;
pub mod player;
pub mod prefs;
pub mod search_box;
pub mod talk;

use dioxus::prelude::*;

use crate::i18n::Texts;
use crate::platform;
use crate::routes::Shop;

/// Sheets of the shop's documents. The build makes one of the five in `assets/css` (`xtask/src/client.rs`): nothing is painted
/// before all are there, and a browser asks only six at once of a server.
pub const STYLESHEETS: [&str; 1] = ["css/site.css"];
/// The sheet for paper.
pub const PRINT_SHEET: &str = "css/print.css";
/// Faces fetched early.
pub const PRELOAD_FONTS: [&str; 2] = ["fonts/instrument-sans-latin.woff2", "fonts/fraunces-latin.woff2"];

/// Starts the client in a browser: steps in tasks of their own, so that a press in between is answered.
#[cfg(feature = "web")]
pub fn start() {
    wasm_bindgen_futures::spawn_local(async {
        // The module was made in this task; texts take one, the page another.
        platform::pause_ms(0).await;
        Texts::of(&platform::prefs().locale);
        platform::pause_ms(0).await;
        dioxus::launch(App);
    });
}

/// The buyer's client.
#[component]
pub fn App() -> Element {
    use_context_provider(|| Texts::of(&platform::prefs().locale));
    rsx! {
        Router::<Shop> {}
    }
}

/// Works opened on this device, newest first; kept here only.
pub(crate) mod recent {
    use serde::{Deserialize, Serialize};

    use crate::platform;

    const KEY: &str = "vitrine.recent";
    const MOST: usize = 6;

    /// One work.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub(crate) struct Recent {
        /// Its page.
        pub(crate) href: String,
        /// Title.
        pub(crate) title: String,
        /// Makers.
        pub(crate) by: String,
        /// Smallest cover.
        pub(crate) cover: String,
    }

    /// What is kept.
    pub(crate) fn list() -> Vec<Recent> {
        platform::kept(KEY).and_then(|text| vitrine_shared::json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Puts a work on top.
    pub(crate) fn add(item: Recent) {
        let mut all = list();
        all.retain(|r| r.href != item.href);
        all.insert(0, item);
        all.truncate(MOST);
        if let Ok(text) = serde_json::to_string(&all) {
            platform::keep(KEY, &text);
        }
    }
}

#[cfg(all(test, feature = "server"))]
mod tests;
