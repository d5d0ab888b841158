//! Sound and film: length, loudness outline, thirty-second previews.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vitrine_shared::catalog::Preview;

use super::image::tempdir;
use super::{Media, MediaError, Result, run};

/// Peaks of an outline.
pub const PEAKS: usize = 120;
/// Milliseconds of a preview.
pub const PREVIEW_MS: u64 = 30_000;

/// What stands before the name of a file that ffmpeg or ffprobe reads: containers of sound and film only, read from this
/// file only. Playlists and lists of files (HLS, DASH, concat), whatever their name, would make it open others.
const ONLY_THIS_FILE: [&str; 4] = [
    "-protocol_whitelist",
    "file",
    "-format_whitelist",
    "aac,ac3,aiff,asf,avi,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,wav,w64",
];

/// What a file of sound or film turns out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioFacts {
    /// Milliseconds.
    pub length_ms: u64,
    /// 0 to 255 each, up to 120.
    pub peaks: Vec<u8>,
    /// What anybody may hear or see.
    pub preview: Option<Preview>,
    /// Where in the file the preview begins, milliseconds.
    #[serde(default)]
    pub start_ms: u64,
}

impl Media {
    /// Reads length and outline of a file and stores a preview from its middle third.
    pub async fn sound(&self, path: &Path) -> Result<AudioFacts> {
        let (length_ms, peaks) = self.heard(path).await?;
        let start_ms = start_of(length_ms);
        let preview = self.preview(path, start_ms, PREVIEW_MS.min(length_ms)).await?;
        Ok(AudioFacts { length_ms, peaks, preview: Some(preview), start_ms })
    }

    /// Reads the length of a film and stores a trailer from its middle third, at most 854 × 480.
    pub async fn film(&self, path: &Path) -> Result<AudioFacts> {
        let length_ms = self.length_ms(path).await?;
        let start_ms = start_of(length_ms);
        let (start, length) = (seconds(start_ms), seconds(PREVIEW_MS.min(length_ms)));
        let before = ["-ss", start.as_str(), "-t", length.as_str()];
        // H.264 and AAC play in every browser. A film may be silent.
        let after = [
            "-map",
            "0:v:0",
            "-map",
            "0:a:0?",
            "-vf",
            "scale=w='min(854,iw)':h='min(480,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,format=yuv420p",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "26",
            "-c:a",
            "aac",
            "-b:a",
            "96k",
            "-movflags",
            "+faststart",
        ];
        let made = self.made(path, &before, &after, "trailer.mp4", Duration::from_secs(180)).await?;
        let key = self.publish(made.into(), "mp4", "video/mp4").await?;
        let length_of = Some(PREVIEW_MS.min(length_ms));
        let preview = Preview { key, content_type: "video/mp4".into(), length_ms: length_of, captions: Vec::new() };
        Ok(AudioFacts { length_ms, peaks: Vec::new(), preview: Some(preview), start_ms })
    }

    /// Milliseconds of a film.
    async fn length_ms(&self, path: &Path) -> Result<u64> {
        let what = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
        let mut args: Vec<&OsStr> = what.iter().chain(&ONLY_THIS_FILE).map(OsStr::new).collect();
        args.push(path.as_os_str());
        let out = run(&self.tools()?.ffprobe, &args, Duration::from_secs(30)).await?;
        parse_seconds(String::from_utf8_lossy(&out).trim())
            .ok_or(MediaError::Unreadable { what: "a film", why: "it has no length".into() })
    }

    /// Length and outline, from the sound itself.
    async fn heard(&self, path: &Path) -> Result<(u64, Vec<u8>)> {
        let mut args: Vec<&OsStr> = ["-v", "error"].iter().chain(&ONLY_THIS_FILE).map(OsStr::new).collect();
        args.push(OsStr::new("-i"));
        args.push(path.as_os_str());
        args.extend(["-vn", "-ac", "1", "-ar", "2000", "-f", "s16le", "-"].iter().map(OsStr::new));
        let raw = run(&self.tools()?.ffmpeg, &args, Duration::from_secs(120)).await?;
        // Two bytes a sample, two thousand samples a second.
        match raw.len() as u64 / 4 {
            0 => Err(MediaError::Unreadable { what: "sound", why: "it has no length".into() }),
            length_ms => Ok((length_ms, outline(&raw))),
        }
    }

    async fn preview(&self, path: &Path, start_ms: u64, length_ms: u64) -> Result<Preview> {
        let (start, length) = (seconds(start_ms), seconds(length_ms));
        let fade = format!("afade=t=in:d=0.5,afade=t=out:st={}:d=1.5", (length_ms / 1000).saturating_sub(2));
        let before = ["-ss", start.as_str(), "-t", length.as_str()];
        // AAC plays in every browser; Vorbis does not.
        let after = ["-vn", "-af", fade.as_str(), "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"];
        let made = self.made(path, &before, &after, "preview.m4a", Duration::from_secs(60)).await?;
        let key = self.publish(made.into(), "m4a", "audio/mp4").await?;
        Ok(Preview { key, content_type: "audio/mp4".into(), length_ms: Some(length_ms), captions: Vec::new() })
    }

    /// What ffmpeg makes of a file.
    async fn made(&self, path: &Path, before: &[&str], after: &[&str], name: &str, limit: Duration) -> Result<Vec<u8>> {
        let tools = self.tools()?;
        let dir = tempdir()?;
        let out = dir.join(name);
        let made = async {
            let mut args: Vec<&OsStr> = ["-v", "error", "-y"].map(OsStr::new).to_vec();
            args.extend(before.iter().chain(&ONLY_THIS_FILE).map(OsStr::new));
            args.push(OsStr::new("-i"));
            args.push(path.as_os_str());
            args.extend(after.iter().map(OsStr::new));
            args.push(out.as_os_str());
            run(&tools.ffmpeg, &args, limit).await?;
            tokio::fs::read(&out).await.map_err(|e| MediaError::Tool(e.to_string()))
        }
        .await;
        let _ = tokio::fs::remove_dir_all(&dir).await;
        made
    }
}

/// Where a preview begins: a third in, where most pieces have begun to be themselves.
const fn start_of(length_ms: u64) -> u64 {
    if length_ms > PREVIEW_MS * 2 { length_ms / 3 } else { 0 }
}

/// As ffmpeg takes them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let millis: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<u64>().ok()? * 1000 + millis.parse::<u64>().ok()?)
}

/// Highest amplitude of each of up to 120 equal stretches of signed 16-bit samples, scaled so the loudest is 255.
fn outline(raw: &[u8]) -> Vec<u8> {
    let samples: Vec<u16> = raw.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]).unsigned_abs()).collect();
    let loudest = u64::from(samples.iter().copied().max().unwrap_or(0));
    if loudest == 0 {
        return Vec::new();
    }
    let stretch = samples.len().div_ceil(PEAKS).max(1);
    samples
        .chunks(stretch)
        .map(|c| u8::try_from(u64::from(c.iter().copied().max().unwrap_or(0)) * 255 / loudest).unwrap_or(255))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_milliseconds() {
        assert_eq!(parse_seconds("12.3456"), Some(12_345));
        assert_eq!(parse_seconds("7"), Some(7_000));
        assert_eq!(parse_seconds("N/A"), None);
    }

    #[tokio::test]
    async fn a_playlist_under_the_name_of_a_sound_opens_no_other_file() {
        // Without the helpers nothing is opened at all.
        let Some(tools) = crate::media::Tools::find() else { return };
        let shop = crate::testing::Shop::open().await;
        let media = Media::new(shop.blob.clone(), Some(tools));
        let dir = tempfile::tempdir().unwrap();
        let sound = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/market/files/1.ogg");
        assert_eq!(media.heard(&sound).await.unwrap().0, 2_000);
        let others = dir.path().join("others.ogg");
        std::fs::copy(&sound, &others).unwrap();
        let others = others.display();
        for (name, text) in [
            ("a.m3u8", format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{others}\n#EXT-X-ENDLIST\n")),
            ("b.wav", "ffconcat version 1.0\nfile 'others.ogg'\n".to_owned()),
            ("c.aac", format!("#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/{others}\n")),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            assert!(media.sound(&path).await.is_err(), "{name}");
            assert!(media.film(&path).await.is_err(), "{name}");
        }
    }

    #[test]
    fn the_outline_is_scaled_and_bounded() {
        let raw: Vec<u8> = (0..1000i16).flat_map(|n| (n * 10).to_le_bytes()).collect();
        let peaks = outline(&raw);
        assert!(peaks.len() <= PEAKS && peaks.last() == Some(&255) && peaks[0] < 10);
        assert!(outline(&[0; 64]).is_empty());
    }
}
