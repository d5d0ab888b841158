//! Every page's address on one screen.

use std::fmt;
use std::str::FromStr;

use dioxus::prelude::*;

use crate::shop::frame::{MarketFrame, Shell};
use crate::shop::pages::{
    Account, Album, Artist, Author, Book, Cart, Catalog, Checkout, Eula, Gift, Home, Invoice, Invoices, Letters,
    Library, Missing, Order, Owned, Podcast, Policy, Preview, Refused, Search, Storefront, Transcript, Video,
};

/// The buyer's pages.
#[rustfmt::skip]
#[derive(Clone, Debug, PartialEq, Routable)]
pub enum Shop {
    #[layout(Shell)]
        #[layout(MarketFrame)]
            /// The marketplace's home.
            #[route("/")]
            Home {},
            /// Everything, by facets; the query holds all state.
            #[route("/catalog?:..query")]
            Catalog { /// Raw query string.
                query: String },
            /// Works, makers and shops for words.
            #[route("/search?:..query")]
            Search { /// Raw query string.
                query: String },
            /// A musician's or a band's page.
            #[route("/artists/:slug")]
            Artist { /// `slug` or `slug-id`.
                slug: String },
            /// A writer's page.
            #[route("/authors/:slug")]
            Author { /// `slug` or `slug-id`.
                slug: String },
            /// An album.
            #[route("/albums/:id")]
            Album { /// `slug-id`.
                id: String },
            /// A book.
            #[route("/books/:id")]
            Book { /// `slug-id`.
                id: String },
            /// A video.
            #[route("/videos/:id")]
            Video { /// `slug-id`.
                id: String },
            /// A podcast.
            #[route("/podcasts/:id")]
            Podcast { /// `slug-id`.
                id: String },
            /// An episode in words.
            #[route("/podcasts/:id/transcript/:number?:..query")]
            Transcript { /// `slug-id` of the podcast.
                id: String, /// Number of the episode.
                number: u32, /// Raw query string; `language` picks one of several.
                query: String },
            /// A licence's full text.
            #[route("/eula/:id?:..query")]
            Eula { /// Licence id.
                id: String, /// Raw query string; `version=N` picks an older one.
                query: String },
            /// Behind the links of a shop's letters.
            #[route("/letters/:store/:who?:..query")]
            Letters { /// Store id.
                store: String, /// Names the reader.
                who: String, /// Raw query string; `proof` is of the link.
                query: String },
            /// Where a shop's gift cards are bought.
            #[route("/gift-cards/:handle?:..query")]
            Gift { /// Of the shop, without `@`.
                handle: String, /// Raw query string; `kept` names a form that was refused.
                query: String },
            /// A seller's work as buyers would see it.
            #[route("/preview/:id")]
            Preview { /// Work id.
                id: String },
            /// What the marketplace promises.
            #[route("/policies/:slug")]
            Policy { /// Which policy.
                slug: String },
            /// What is about to be bought.
            #[route("/cart?:..query")]
            Cart { /// Raw query string; `trouble` names what failed, `undo` offers to take the last change back.
                query: String },
            /// Who, where, pay.
            #[route("/checkout")]
            Checkout {},
            /// A purchase, for ever.
            #[route("/orders/:id?:..query")]
            Order { /// Checkout or order id.
                id: String, /// Raw query string; `key` opens it for a guest.
                query: String },
            /// Everything owned.
            #[route("/my-products?:..query")]
            Library { /// Raw query string; `cursor` is the last page's.
                query: String },
            /// One work owned.
            #[route("/my-products/:id")]
            Owned { /// Work id.
                id: String },
            /// Every invoice.
            #[route("/invoices?:..query")]
            Invoices { /// Raw query string; `cursor` is the last page's.
                query: String },
            /// One invoice; it prints.
            #[route("/invoices/:id?:..query")]
            Invoice { /// Invoice id.
                id: String, /// Raw query string; `key` opens it for a guest.
                query: String },
            /// Why a request was refused; drawn by the server in the place of its answer.
            #[route("/problem/:code?:..query")]
            Refused { /// Code of the problem.
                code: String, /// `id` of the occurrence and `status`.
                query: String },
            /// Who is signed in, and where.
            #[route("/account")]
            Account {},
            /// Nothing there.
            #[route("/:..segments")]
            Missing { /// The path.
                segments: Vec<String> },
        #[end_layout]
        /// A storefront in its own frame.
        #[route("/:handle?:..query")]
        Storefront { /// With its `@`.
            handle: Handle, /// Raw query string; `letters` says what became of asking for them.
            query: String },
}

/// A storefront's handle in an address: `@` and a slug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle(String);

impl Handle {
    /// Without the `@`.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The segment is no handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoHandle;

impl fmt::Display for NoHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handle begins with @")
    }
}

impl FromStr for Handle {
    type Err = NoHandle;

    fn from_str(text: &str) -> Result<Self, NoHandle> {
        match text.strip_prefix('@') {
            Some(name) if !name.is_empty() => Ok(Self(name.to_owned())),
            _ => Err(NoHandle),
        }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str) -> String {
        format!("{:?}", address.parse::<Shop>().expect("the catch-all takes everything"))
    }

    #[test]
    fn only_an_at_sign_makes_a_storefront() {
        assert!(shown("/@aurora").starts_with("Storefront"));
        assert!(shown("/aurora").starts_with("Missing"));
        assert!(shown("/@").starts_with("Missing"));
        assert!(shown("/a/b/c").starts_with("Missing"));
    }

    #[test]
    fn queries_are_kept() {
        assert_eq!(shown("/catalog?type=album&page=2"), "Catalog { query: \"type=album&page=2\" }");
        assert!(shown("/albums/blue-w_1").starts_with("Album"));
    }
}
