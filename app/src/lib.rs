//! Vitrine: pages, loaders and server functions.
//!
//! Invariants:
//! - A page reads through `data` and acts through `rpc`; `ui` draws; texts come from `i18n`.
//! - What differs between browser and server is behind `platform`, same names on both sides.
//! - The shop's client names no page of the desk.
//!
//! Template: `index.html` is the frame of every document. `serve::page` fills each of its marks once: `{lang}` and `{dir}` (of the
//! page's locale), `{title}`, `{head}`, the main element and `<!--boot-->`. `{head}` is, in this order:
//! a script of one line that sets the scheme before the first paint, the sheets of [`shop::STYLESHEETS`], [`shop::PRINT_SHEET`] with
//! `media="print"`, icons, `<meta name="vitrine-prefs">` with [`platform::Prefs`] as JSON,
//! `<link id="vitrine-locale" rel="preload" as="fetch" crossorigin>` to the locale's one hashed file, and what the page's components said.
//! The boot mark becomes the page's data in elements that no browser runs (`data-0` is the framework's, the others are what loaders
//! answered), and a script that imports the client's `boot.js`, which waits for the locale's file and then starts the client.

#[cfg(feature = "shop")]
pub mod data;
#[cfg(feature = "server")]
pub mod desk;
pub mod i18n;
pub mod platform;
#[cfg(feature = "shop")]
pub mod routes;
#[cfg(feature = "shop")]
pub mod rpc;
#[cfg(feature = "server")]
pub mod serve;
#[cfg(feature = "shop")]
pub mod shop;
