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

/// A cover with its place kept before it loads: nothing jumps.
#[component]
pub fn Cover(
    /// The picture; without one a sign of the kind stands there.
    picture: Option<Picture>,
    /// How wide it is shown, as in `sizes`.
    #[props(default = IN_GRID)]
    sizes: &'static str,
    /// The first picture of the page: loaded at once.
    #[props(default)]
    eager: bool,
    /// Sign shown without a picture.
    #[props(default = Shape::Album)]
    fallback: Shape,
) -> Element {
    cover(picture.as_ref(), sizes, eager, fallback)
}

/// Width of a cover in a grid, as in `sizes`.
pub const IN_GRID: &str = "(max-width: 34rem) 50vw, 14rem";

/// [`Cover`] without a scope of its own, for what a page shows by the dozen.
pub fn cover(picture: Option<&Picture>, sizes: &'static str, eager: bool, fallback: Shape) -> Element {
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
                    loading: if eager { "eager" } else { "lazy" },
                    decoding: "async",
                    fetchpriority: if eager { "high" } else { "auto" },
                }
            }
        }
    }
}
