//! What differs between a browser and a server, under the same names on both.
//!
//! Invariants: both sides have the same functions; what a side cannot do does nothing there and says so here; nothing
//! here knows a page.
//!
//! Not here: calls to the server (`rpc`), saved data (`offline`).

use serde::{Deserialize, Serialize};

#[cfg(all(feature = "server", not(feature = "web")))]
mod server;
#[cfg(feature = "web")]
mod web;

#[cfg(all(feature = "server", not(feature = "web")))]
pub use server::*;
#[cfg(feature = "web")]
pub use web::*;

/// What a page depends on beside its address. The server puts it on the request as an extension and into
/// `<meta name="vitrine-prefs">` as JSON, so that both sides draw the same frame. Nothing personal is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// BCP 47 of texts and formats.
    pub locale: String,
    /// ISO 3166-1 of where prices and tax are for.
    pub country: String,
    /// ISO 4217 of prices.
    pub currency: String,
    /// Scheme and host of the marketplace without a slash at the end, e.g. `https://vitrine.example`.
    pub origin: String,
    /// This document is on a shop's own host, which only shows: acts are at `origin`.
    pub shows_only: bool,
    /// What there is to choose from. The browser has it in its document ([`inside`]).
    #[serde(skip)]
    pub choices: Choices,
}

/// `<option>` elements, the chosen one marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Countries by their names in the page's locale.
    pub countries: String,
    /// Currencies.
    pub currencies: String,
    /// Locales by their own names.
    pub locales: String,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            locale: "en-US".to_owned(),
            country: "US".to_owned(),
            currency: "USD".to_owned(),
            origin: String::new(),
            shows_only: false,
            choices: Choices::default(),
        }
    }
}

/// What a page says of itself to browsers, search engines and other sites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Title without the site's name.
    pub title: String,
    /// One sentence; empty: none.
    pub description: String,
    /// Canonical path; empty: none.
    pub canonical: String,
    /// Absolute address of a picture; empty: none.
    pub image: String,
    /// `og:type`, e.g. `music.album`, `book`, `website`.
    pub kind: &'static str,
    /// Search engines keep it out.
    pub private: bool,
}

/// A key pressed outside of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// As in `KeyboardEvent.key`.
    pub key: String,
    /// With shift.
    pub shift: bool,
}

/// What the system's media controls ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKey {
    /// Go on.
    Play,
    /// Stop for now.
    Pause,
    /// The next one.
    Next,
    /// The one before.
    Previous,
}
