//! Sound and film: length, loudness outline, thirty-second previews.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vitrine_shared::catalog::Preview;

use super::image::tempdir;
use super::{Media, MediaError, Result, run, stream};

/// Peaks of an outline.
pub const PEAKS: usize = 120;
/// Milliseconds of a preview.
pub const PREVIEW_MS: u64 = 30_000;
/// Longest sound, hours: a file of few bytes may say that each of its samples lasts a second.
const MAX_HOURS: u64 = 24;
/// Samples a second that the outline is drawn from, one channel of 16 bits.
const RATE: u64 = 2_000;
/// Largest preview that is kept, bytes; half a minute takes a tenth of it.
const MAX_MADE: u64 = 64 * 1024 * 1024;

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
        let _helper = self.helper().await?;
        let (length_ms, peaks) = self.heard(path, MAX_HOURS).await?;
        let start_ms = start_of(length_ms);
        let preview = self.preview(path, start_ms, PREVIEW_MS.min(length_ms)).await?;
        Ok(AudioFacts { length_ms, peaks, preview: Some(preview), start_ms })
    }

    /// Reads the length of a film and stores a trailer from its middle third, at most 854 × 480.
    pub async fn film(&self, path: &Path) -> Result<AudioFacts> {
        let _helper = self.helper().await?;
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

    /// Length and outline, from the sound itself, if it is not longer than so many hours.
    async fn heard(&self, path: &Path, hours: u64) -> Result<(u64, Vec<u8>)> {
        let mut args: Vec<&OsStr> = ["-v", "error"].iter().chain(&ONLY_THIS_FILE).map(OsStr::new).collect();
        args.push(OsStr::new("-i"));
        args.push(path.as_os_str());
        // A second more than is taken shows that there is more.
        let (rate, longest) = (RATE.to_string(), (hours * 3_600 + 1).to_string());
        args.extend(["-vn", "-ac", "1", "-ar", &rate, "-t", &longest, "-f", "s16le", "-"].map(OsStr::new));
        let mut outline = Outline::default();
        stream(&self.tools()?.ffmpeg, &args, Duration::from_secs(120), |piece| {
            outline.push(piece);
            if outline.length_ms() > hours * 3_600_000 {
                return Err(MediaError::TooLarge(format!("longer than {hours} hours")));
            }
            Ok(())
        })
        .await?;
        match outline.length_ms() {
            0 => Err(MediaError::Unreadable { what: "sound", why: "it has no length".into() }),
            length_ms => Ok((length_ms, outline.peaks())),
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
            let most = MAX_MADE.to_string();
            args.extend(["-fs", &most].map(OsStr::new));
            args.push(out.as_os_str());
            run(&tools.ffmpeg, &args, limit).await?;
            // It ends writing near the limit, not exactly there.
            let size = tokio::fs::metadata(&out).await.map_err(|e| MediaError::Tool(e.to_string()))?.len();
            if size > MAX_MADE * 9 / 10 {
                return Err(MediaError::TooLarge(format!("its preview has {size} bytes")));
            }
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

/// Amplitudes of signed 16-bit samples as they come, in bounded memory: each step is the highest of so many samples, twice as many
/// whenever there are too many steps.
struct Outline {
    steps: Vec<u16>,
    /// Samples of a step.
    each: u64,
    /// Of the step that is not full yet: its highest, and how many samples it has.
    last: (u16, u64),
    samples: u64,
    /// The first byte of a sample whose second one is still to come.
    half: Option<u8>,
}

/// Steps at most: those of eight minutes are single samples.
const MOST_STEPS: usize = 1_000_000;

impl Default for Outline {
    fn default() -> Self {
        Self { steps: Vec::new(), each: 1, last: (0, 0), samples: 0, half: None }
    }
}

impl Outline {
    fn push(&mut self, piece: &[u8]) {
        let mut rest = piece;
        if let (Some(low), [high, after @ ..]) = (self.half, piece) {
            self.half = None;
            self.sample(i16::from_le_bytes([low, *high]).unsigned_abs());
            rest = after;
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        for pair in pairs {
            self.sample(i16::from_le_bytes(*pair).unsigned_abs());
        }
        if let [low] = odd {
            self.half = Some(*low);
        }
    }

    fn sample(&mut self, height: u16) {
        self.samples += 1;
        self.last = (self.last.0.max(height), self.last.1 + 1);
        if self.last.1 < self.each {
            return;
        }
        self.steps.push(self.last.0);
        self.last = (0, 0);
        if self.steps.len() >= MOST_STEPS {
            self.steps = self.steps.chunks(2).map(highest).collect();
            self.each *= 2;
        }
    }

    fn length_ms(&self) -> u64 {
        self.samples * 1_000 / RATE
    }

    /// Highest amplitude of each of up to 120 equal stretches, scaled so the loudest is 255.
    fn peaks(mut self) -> Vec<u8> {
        if self.last.1 > 0 {
            self.steps.push(self.last.0);
        }
        let loudest = u64::from(highest(&self.steps));
        if loudest == 0 {
            return Vec::new();
        }
        let stretch = self.steps.len().div_ceil(PEAKS).max(1);
        self.steps.chunks(stretch).map(|c| u8::try_from(u64::from(highest(c)) * 255 / loudest).unwrap_or(255)).collect()
    }
}

fn highest(steps: &[u16]) -> u16 {
    steps.iter().copied().max().unwrap_or(0)
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
        assert_eq!(media.heard(&sound, 1).await.unwrap().0, 2_000);
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
        let of = |pieces: &[&[u8]]| {
            let mut outline = Outline::default();
            pieces.iter().for_each(|p| outline.push(p));
            (outline.length_ms(), outline.peaks())
        };
        let (length_ms, peaks) = of(&[&raw]);
        assert_eq!(length_ms, 500);
        assert!(peaks.len() <= PEAKS && peaks.last() == Some(&255) && peaks[0] < 10);
        assert_eq!(of(&[&raw[..333], &raw[333..334], &raw[334..]]).1, peaks, "however it comes");
        assert!(of(&[&[0; 64]]).1.is_empty());
    }

    #[test]
    fn a_long_sound_takes_no_more_memory_than_a_short_one() {
        let mut outline = Outline::default();
        let minute = [vec![0; 119_999 * 2], vec![0xff, 0x7f]].concat();
        for _ in 0..30 {
            outline.push(&minute);
        }
        assert_eq!(outline.length_ms(), 30 * 60_000);
        assert!(outline.steps.capacity() <= 2 * MOST_STEPS, "{}", outline.steps.capacity());
        let peaks = outline.peaks();
        assert_eq!(
            (peaks.len() > 60, peaks.iter().filter(|p| **p == 255).count()),
            (true, 30),
            "each minute's end is heard"
        );
    }

    #[tokio::test]
    async fn a_sound_that_says_it_lasts_for_ever_is_not_heard_to_its_end() {
        let Some(tools) = crate::media::Tools::find() else { return };
        let shop = crate::testing::Shop::open().await;
        let media = Media::new(shop.blob.clone(), Some(tools));
        let dir = tempfile::tempdir().unwrap();
        // One sample a second: five kilobytes are more than an hour.
        let wav = |samples: u32| {
            let mut wav = b"RIFF".to_vec();
            wav.extend((36 + samples).to_le_bytes());
            wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
            wav.extend([1_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat());
            wav.extend(b"\x01\0\x08\0data");
            wav.extend(samples.to_le_bytes());
            wav.extend((0..samples).map(|n| if n % 2 == 0 { 90 } else { 160 }));
            wav
        };
        let path = dir.path().join("a.wav");
        std::fs::write(&path, wav(5_000)).unwrap();
        let refused = media.heard(&path, 1).await;
        assert!(matches!(refused, Err(MediaError::TooLarge(_))), "{refused:?}");
        let length_ms = media.heard(&path, 2).await.unwrap().0;
        assert!((4_990_000..=5_010_000).contains(&length_ms), "{length_ms}");
    }
}
