//! Covers and portraits: decoded within bounds, scaled, stored in the formats browsers like.

use std::ffi::OsStr;
use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use sha2::{Digest, Sha256};
use vitrine_blob::PutOptions;
use vitrine_shared::catalog::{Image, Rendition};

use super::{InHand, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, Media, MediaError, Result, hex, run, tint};

/// Widths made of every picture, pixels; never wider than the original.
pub const WIDTHS: [u32; 4] = [240, 360, 640, 960];

fn unreadable(why: impl std::fmt::Display) -> MediaError {
    MediaError::Unreadable { what: "a picture", why: why.to_string() }
}

fn decode(bytes: &[u8]) -> Result<DynamicImage> {
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(MediaError::TooLarge(format!("{} bytes, at most {MAX_IMAGE_BYTES}", bytes.len())));
    }
    // Its own word is enough to refuse it: nothing is decoded yet.
    let asked = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(unreadable)?;
    let (width, height) = asked.into_dimensions().map_err(|error| match error {
        image::ImageError::Limits(limits) => MediaError::TooLarge(limits.to_string()),
        other => unreadable(other),
    })?;
    if width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE || u64::from(width) * u64::from(height) > MAX_IMAGE_PIXELS {
        return Err(MediaError::TooLarge(format!("{width} × {height} pixels, at most {MAX_IMAGE_PIXELS}")));
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(unreadable)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_IMAGE_SIDE);
    limits.max_image_height = Some(MAX_IMAGE_SIDE);
    limits.max_alloc = Some(512 * 1024 * 1024);
    reader.limits(limits);
    reader.decode().map_err(unreadable)
}

struct Scaled {
    width: u32,
    height: u32,
    jpeg: Vec<u8>,
}

struct Prepared {
    width: u32,
    height: u32,
    color: String,
    tint: u8,
    scaled: Vec<Scaled>,
}

fn prepare(bytes: &[u8]) -> Result<Prepared> {
    let picture = DynamicImage::ImageRgb8(decode(bytes)?.into_rgb8());
    let (color, tint) = tint::of(&picture.resize_exact(24, 24, FilterType::Triangle).to_rgb8());
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|w| *w < picture.width()).collect();
    widths.push(picture.width().min(1400));
    let mut scaled = Vec::new();
    for width in widths {
        let height = (u64::from(picture.height()) * u64::from(width) / u64::from(picture.width()).max(1)).max(1);
        let height = u32::try_from(height).unwrap_or(MAX_IMAGE_SIDE);
        let small = picture.resize_exact(width, height, FilterType::Lanczos3);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 84).encode_image(&small).map_err(unreadable)?;
        scaled.push(Scaled { width, height, jpeg });
    }
    Ok(Prepared { width: picture.width(), height: picture.height(), color, tint, scaled })
}

impl Media {
    /// Scales a picture, stores it as JPEG, and answers its record with colour and tint. WebP and AVIF come from
    /// [`Media::more_renditions`], which is a job's work.
    pub async fn picture(&self, file: InHand, alt: &str) -> Result<Image> {
        let InHand { bytes, _place } = file;
        let original = format!("originals/{}", hex(&Sha256::digest(&bytes)));
        let kept = bytes.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&bytes))
            .await
            .map_err(|e| unreadable(format!("decoder stopped: {e}")))??;
        self.keep(&original, kept, "application/octet-stream").await?;
        let mut renditions = Vec::new();
        for s in prepared.scaled {
            let key = self.publish(s.jpeg.into(), "jpg", "image/jpeg").await?;
            renditions.push(Rendition { width: s.width, height: s.height, format: "jpeg".into(), key });
        }
        Ok(Image {
            alt: alt.to_owned(),
            width: prepared.width,
            height: prepared.height,
            tint: prepared.tint,
            color: prepared.color,
            original,
            renditions,
        })
    }

    /// The same picture with WebP and AVIF of every JPEG width. An image that has them is answered as it is.
    ///
    /// # Errors
    /// `NoTools` without ffmpeg; a format this ffmpeg cannot write is left out.
    pub async fn more_renditions(&self, image: &Image) -> Result<Image> {
        let mut out = image.clone();
        let remembered = format!("derived/renditions-{}.json", image.original.trim_start_matches("originals/"));
        if let Ok(bytes) = self.blob.get_bytes(&remembered).await
            && let Ok(renditions) = serde_json::from_slice::<Vec<Rendition>>(&bytes)
            && jpeg_widths(&renditions).eq(jpeg_widths(&image.renditions))
        {
            out.renditions = renditions;
            return Ok(out);
        }
        let tools = self.tools()?.clone();
        let _helper = self.helper().await?;
        for jpeg in image.renditions.iter().filter(|r| r.format == "jpeg") {
            for (format, extension, codec) in [
                ("webp", "webp", &["-c:v", "libwebp", "-quality", "78"][..]),
                (
                    "avif",
                    "avif",
                    &[
                        "-c:v",
                        "libaom-av1",
                        "-still-picture",
                        "1",
                        "-crf",
                        "32",
                        "-cpu-used",
                        "8",
                        "-pix_fmt",
                        "yuv420p",
                    ][..],
                ),
            ] {
                if image.renditions.iter().any(|r| r.format == format && r.width == jpeg.width) {
                    continue;
                }
                let source = self.blob.get_bytes(&jpeg.key).await?;
                let dir = tempdir()?;
                let (from, to) = (dir.join("in.jpg"), dir.join(format!("out.{extension}")));
                let made = async {
                    tokio::fs::write(&from, &source).await.map_err(|e| MediaError::Tool(e.to_string()))?;
                    let mut args: Vec<&OsStr> = ["-v", "error", "-y", "-i"].iter().map(OsStr::new).collect();
                    args.push(from.as_os_str());
                    args.extend(codec.iter().map(OsStr::new));
                    args.push(to.as_os_str());
                    run(&tools.ffmpeg, &args, Duration::from_secs(60)).await?;
                    tokio::fs::read(&to).await.map_err(|e| MediaError::Tool(e.to_string()))
                }
                .await;
                let _ = tokio::fs::remove_dir_all(&dir).await;
                match made {
                    Ok(bytes) => {
                        let key = self.publish(bytes.into(), extension, &format!("image/{format}")).await?;
                        out.renditions.push(Rendition {
                            width: jpeg.width,
                            height: jpeg.height,
                            format: format.into(),
                            key,
                        });
                    }
                    Err(e) => tracing::warn!(error = %e, format, "this ffmpeg does not write the format; left out"),
                }
            }
        }
        let bytes = serde_json::to_vec(&out.renditions).map_err(|e| MediaError::Tool(e.to_string()))?;
        self.blob.put_bytes(&remembered, bytes.into(), PutOptions::new("application/json")).await?;
        Ok(out)
    }
}

/// What a set was made of: one made for other widths is made anew.
fn jpeg_widths(renditions: &[Rendition]) -> impl Iterator<Item = u32> {
    renditions.iter().filter(|r| r.format == "jpeg").map(|r| r.width)
}

/// A fresh folder of our own for a helper's files.
pub(super) fn tempdir() -> Result<std::path::PathBuf> {
    let dir = std::env::temp_dir().join(format!("vitrine-media-{:016x}", rand::random::<u64>()));
    std::fs::create_dir(&dir).map_err(|e| MediaError::Tool(e.to_string()))?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG that says these dimensions and holds nothing else.
    fn claims(width: u32, height: u32) -> Vec<u8> {
        let mut header = b"IHDR".to_vec();
        header.extend(width.to_be_bytes());
        header.extend(height.to_be_bytes());
        header.extend([8, 2, 0, 0, 0]);
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        png.extend(&header);
        png.extend(crc32fast::hash(&header).to_be_bytes());
        // Readers look as far as the beginning of the pixels.
        png.extend(0_u32.to_be_bytes());
        png.extend(b"IDAT");
        png.extend(crc32fast::hash(b"IDAT").to_be_bytes());
        png
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_refused_by_its_own_word() {
        for (width, height) in [(u32::MAX >> 1, 1), (1, MAX_IMAGE_SIDE + 1), (10_000, 9_000), (12_000, 12_000)] {
            let refused = decode(&claims(width, height));
            assert!(matches!(refused, Err(MediaError::TooLarge(_))), "{width} x {height}: {refused:?}");
        }
        // Within the limits it is read, and then is no picture.
        assert!(matches!(decode(&claims(100, 100)), Err(MediaError::Unreadable { .. })));
        assert!(matches!(decode(b"GIF89a"), Err(MediaError::Unreadable { .. })));
    }
}
