//! Covers: SVG to JPEG or PNG. Letters are outlines in our files, so no font is needed and every machine draws the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use sha2::{Digest, Sha256};

/// JPEG quality of covers.
const QUALITY: u8 = 90;

/// Draws an SVG as a JPEG of this width (pixels) into the cache and answers its path; the same drawing is drawn once.
pub(super) fn jpeg(svg: &str, width: u32, cache: &Path) -> Result<PathBuf> {
    cached(svg, width, cache, "jpg", |pixels, path| {
        let mut bytes = Vec::new();
        let flat = DynamicImage::ImageRgba8(pixels).into_rgb8();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&flat)?;
        Ok(fs::write(path, bytes)?)
    })
}

/// The same as PNG, with transparency: layers of a film.
pub(super) fn png(svg: &str, width: u32, cache: &Path) -> Result<PathBuf> {
    cached(svg, width, cache, "png", |pixels, path| Ok(pixels.save_with_format(path, image::ImageFormat::Png)?))
}

fn cached(
    svg: &str,
    width: u32,
    cache: &Path,
    extension: &str,
    write: impl Fn(RgbaImage, &Path) -> Result<()>,
) -> Result<PathBuf> {
    let digest = Sha256::digest(format!("{width} {QUALITY} {svg}").as_bytes());
    let name: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
    let path = cache.join(format!("{name}.{extension}"));
    if !path.exists() {
        fs::create_dir_all(cache)?;
        let partial = cache.join(format!("{name}.{}.partial", std::process::id()));
        write(draw(svg, width)?, &partial)?;
        fs::rename(&partial, &path)?;
    }
    Ok(path)
}

/// The pixels of a drawing, scaled to a width.
fn draw(svg: &str, width: u32) -> Result<RgbaImage> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).context("the drawing is no SVG")?;
    let size = tree.size();
    let scale = width as f32 / size.width();
    let height = (size.height() * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(width, height).context("a drawing without area")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    RgbaImage::from_raw(width, height, pixmap.take_demultiplied()).context("fewer pixels than the drawing's size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_drawn_once_at_its_proportions() {
        let dir = tempfile::tempdir().unwrap();
        let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="30"><rect width="20" height="30" fill="#f00"/></svg>"##;
        let path = jpeg(svg, 10, dir.path()).unwrap();
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(jpeg(svg, 10, dir.path()).unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
        let picture =
            image::ImageReader::open(&path).unwrap().with_guessed_format().unwrap().decode().unwrap().to_rgb8();
        assert_eq!((picture.width(), picture.height()), (10, 15));
        assert!(picture.get_pixel(5, 5).0[0] > 240 && picture.get_pixel(5, 5).0[1] < 16);
        assert!(jpeg("<svg", 10, dir.path()).is_err());
    }
}
