//! Pictures of works, makers and storefronts.

use serde::{Deserialize, Serialize};

/// A picture with its renditions; public, immutable, addressed by hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// What it shows; empty for decoration.
    pub alt: String,
    /// Of the original, pixels.
    pub width: u32,
    /// Of the original, pixels.
    pub height: u32,
    /// Class `tint-NN`, 0 to 63, from the dominant colour.
    pub tint: u8,
    /// Dominant colour, `#rrggbb`.
    pub color: String,
    /// Key of the picture as it came, in the private part of the blob store.
    pub original: String,
    /// Smallest first within a format.
    pub renditions: Vec<Rendition>,
}

/// One file of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `avif`, `webp`, `jpeg`.
    pub format: String,
    /// Key in the public part of the blob store.
    pub key: String,
}
