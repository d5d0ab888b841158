//! Pictures of works.

use dioxus::prelude::*;

use crate::icon::{Shape, icon};

/// A picture in its renditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// What it shows; empty when the words beside it say so already.
    pub alt: String,
    /// Pixels of the largest rendition.
    pub width: u32,
    /// Pixels of the largest rendition.
    pub height: u32,
    /// `#rrggbb` shown until it is there.
    pub color: String,
    /// Fallback address.
    pub src: String,
    /// Media type and `srcset`, in the order of preference.
    pub sources: Vec<(String, String)>,
}

/// When a picture is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Before anything else: the largest picture of the first screen, one or two to a page.
    First,
    /// When the reader comes near it.
    #[default]
    Near,
}

/// A cover with its place kept before it loads: nothing jumps.
#[component]
pub fn Cover(
    /// The picture; without one a sign of the kind stands there.
    picture: Option<Picture>,
    /// How wide it is shown, as in `sizes`.
    #[props(default = IN_GRID)]
    sizes: &'static str,
    /// When it is fetched.
    #[props(default)]
    wanted: Wanted,
    /// Sign shown without a picture.
    #[props(default = Shape::Album)]
    fallback: Shape,
) -> Element {
    cover(picture.as_ref(), sizes, wanted, fallback)
}

/// Width of a cover in a grid, as in `sizes`: on a phone half of what the page's edges and the gap leave.
pub const IN_GRID: &str = "(max-width: 34rem) calc(50vw - 1.5rem), 14rem";
/// The same in a list that stands beside its facets.
pub const IN_LIST: &str = "(max-width: 34rem) calc(50vw - 1.5rem), 17rem";

/// [`Cover`] without a scope of its own, for what a page shows by the dozen.
pub fn cover(picture: Option<&Picture>, sizes: &'static str, wanted: Wanted, fallback: Shape) -> Element {
    let Some(p) = picture else {
        return rsx! {
            span { class: "cover cover-none", {icon(fallback)} }
        };
    };
    rsx! {
        span { class: "cover",
            svg { "aria-hidden": "true", "preserveAspectRatio": "none", view_box: "0 0 1 1",
                rect { width: "1", height: "1", fill: "{p.color}" }
            }
            picture {
                for (kind , srcset) in p.sources.iter().cloned() {
                    source { key: "{kind}", r#type: kind, "srcset": srcset, "sizes": sizes }
                }
                img {
                    src: p.src.clone(),
                    alt: p.alt.clone(),
                    width: p.width as i64,
                    height: p.height as i64,
                    loading: if wanted == Wanted::Near { "lazy" } else { "eager" },
                    // What the page is waiting for is painted together with its words.
                    decoding: if wanted == Wanted::First { "sync" } else { "async" },
                    fetchpriority: if wanted == Wanted::First { "high" } else { "auto" },
                }
            }
        }
    }
}
