//! The film and the podcast: no package carries any, so they are made with ffmpeg from packaged music, packaged text and
//! our own drawings. Without ffmpeg, or without its speech filter, their rows are left out.
//!
//! Invariants: a mixture stands under the licence of its parts, so parts of one work have compatible licences: the film
//! is CC BY-SA (music) and ours (picture), the podcast is GPL (text) and GPL (music).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::source::Sources;
use super::{cover, spoken};
use crate::sh::{self, say};

/// Length of the film, seconds.
const FILM_S: u32 = 40;
/// Changes when the recipes do: made files of another recipe are made anew.
const RECIPE: &str = "2";

/// Makes a file by name, once; answers its path in the cache.
///
/// # Errors
/// Unknown names, a missing tool, a source that cannot be had.
pub(super) fn make(name: &str, sources: &mut Sources<'_>) -> Result<PathBuf> {
    let dir = sources.cache.join("made").join(RECIPE);
    fs::create_dir_all(&dir)?;
    let path = dir.join(name);
    if path.exists() {
        return Ok(path);
    }
    let extension = name.rsplit('.').next().unwrap_or_default();
    let partial = dir.join(format!("partial.{extension}"));
    match name {
        "nebula.mp4" => film(sources, &partial)?,
        "nebula.en.vtt" => {
            fs::write(&partial, captions(["Music: “Nebula” by Maxstack", "The music goes on", "The music fades out"]))?
        }
        "nebula.de.vtt" => fs::write(
            &partial,
            captions(["Musik: „Nebula“ von Maxstack", "Die Musik geht weiter", "Die Musik verklingt"]),
        )?,
        "read-aloud-1.mp3" | "read-aloud-1.en.vtt" => {
            return episode(sources, "scope.xhtml", 1_700, "time_to_strike.mp3", &dir, "read-aloud-1", name);
        }
        "read-aloud-2.mp3" | "read-aloud-2.en.vtt" => {
            return episode(sources, "new-maintainer.xhtml", 2_000, "frontiers.mp3", &dir, "read-aloud-2", name);
        }
        other => bail!("nothing is known of how to make {other}"),
    }
    fs::rename(&partial, &path)?;
    Ok(path)
}

fn ffmpeg() -> Result<()> {
    if sh::which("ffmpeg").is_none() || sh::which("ffprobe").is_none() {
        bail!("it is made with ffmpeg, which is not here");
    }
    Ok(())
}

/// A slow way across the picture, the sound's outline below, the title at the beginning.
fn film(sources: &mut Sources<'_>, to: &Path) -> Result<()> {
    ffmpeg()?;
    say("making the film");
    let drawings = sources.cache.join("covers");
    let picture = cover::png(&sources.drawing("nebula-art")?, 1920, &drawings)?;
    let title = cover::png(&sources.drawing("nebula-title")?, 1280, &drawings)?;
    let music = sources.package("singularity-music", "usr/share/games/singularity/music/Nebula.ogg")?;
    let fade = FILM_S - 3;
    let frames = FILM_S * 24;
    // One picture, enlarged once and repeated. It moves at twice the size, so that steps are half a pixel.
    let filter = format!(
        "[0:v]scale=3840:2160:flags=bicubic,format=yuv420p,loop=loop={frames}:size=1,setpts=N/24/TB,crop=2560:1440:x='(iw-ow)*t/{FILM_S}':y='(ih-oh)*(0.5+0.5*sin(t/9))',scale=1280:720:flags=bilinear,hue=h='18*sin(t/7)'[sky];\
         [2:a]atrim=0:{FILM_S},afade=t=in:d=1,afade=t=out:st={fade}:d=3,asplit[sound][seen];\
         [seen]showwaves=s=1280x150:mode=cline:rate=24:colors=0xffd9b0@0.55,format=rgba[wave];\
         [1:v]format=rgba,fade=in:st=1:d=1.5:alpha=1,fade=out:st=6:d=2:alpha=1[title];\
         [sky][wave]overlay=0:540:shortest=1[a];[a][title]overlay=0:0,fade=in:d=1,fade=out:st={fade}:d=3,format=yuv420p[out]"
    );
    let length = FILM_S.to_string();
    let mut command = sh::plain("ffmpeg");
    command.args(["-v", "error", "-y", "-framerate", "24", "-i"]).arg(picture);
    command.args(["-loop", "1", "-framerate", "24", "-t", &length, "-i"]).arg(title).arg("-i").arg(music);
    command.args(["-filter_complex", &filter, "-map", "[out]", "-map", "[sound]", "-t", &length]);
    command.args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-c:a", "aac", "-b:a", "160k"]);
    sh::output(command.args(["-movflags", "+faststart"]).arg(to))?;
    Ok(())
}

/// WebVTT of three descriptions of sound.
fn captions(lines: [&str; 3]) -> String {
    let times = [("00:00:01.000", "00:00:06.000"), ("00:00:12.000", "00:00:17.000"), ("00:00:35.000", "00:00:40.000")];
    let cues: String =
        times.iter().zip(lines).map(|((from, to), line)| format!("\n{from} --> {to}\n[{line}]\n")).collect();
    format!("WEBVTT\n{cues}")
}

/// Silence before the first word and between sentences, seconds.
const BEFORE_S: f64 = 4.5;
const PAUSE_S: f64 = 0.45;

/// A chapter's beginning, spoken sentence by sentence, over music that is quiet while the voice is there; with it a
/// transcript that knows when each sentence begins. Answers the file asked for.
fn episode(
    sources: &mut Sources<'_>,
    chapter: &str,
    characters: usize,
    music: &str,
    dir: &Path,
    stem: &str,
    wanted: &str,
) -> Result<PathBuf> {
    ffmpeg()?;
    if !sh::output(sh::plain("ffmpeg").args(["-v", "error", "-filters"]))?.contains(" flite ") {
        bail!("it is spoken with ffmpeg's filter `flite`, which this ffmpeg does not have");
    }
    say(format!("making an episode from {chapter}"));
    let book = sources.package("developers-reference", "usr/share/developers-reference/developers-reference.epub")?;
    let music = sources.package("asc-music", &format!("usr/share/games/asc/music/{music}"))?;
    let work = dir.join("speaking");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let mut cues = Vec::new();
    let mut list = String::new();
    let mut at = BEFORE_S;
    for (n, sentence) in spoken::sentences(&spoken::text(&book, chapter, characters)?).into_iter().enumerate() {
        fs::write(work.join("spoken.txt"), &sentence)?;
        // Relative names in the filter: no path needs escaping.
        let voice = format!("{n}.wav");
        let pause = format!("apad=pad_dur={PAUSE_S}");
        let mut speak = sh::plain("ffmpeg");
        speak.args(["-v", "error", "-y", "-f", "lavfi", "-i", "flite=textfile=spoken.txt:voice=slt", "-af"]);
        sh::output(speak.args([&pause, &voice]).current_dir(&work))?;
        let probe = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
        let seconds = sh::output(sh::plain("ffprobe").args(probe).arg(work.join(&voice)))?;
        let seconds: f64 = seconds.trim().parse().context("the voice has no length")?;
        cues.push((at, at + seconds - PAUSE_S, sentence));
        at += seconds;
        list.push_str(&format!("file '{voice}'\n"));
    }
    fs::write(work.join("list.txt"), list)?;
    let seconds = at - BEFORE_S;
    let end = seconds + 9.0;
    let filter = format!(
        "[0:a]aresample=44100,aformat=channel_layouts=stereo,highpass=f=90,volume=1.5,adelay=4500:all=1,apad,atrim=0:{end:.2}[v];\
         [1:a]aresample=44100,aformat=channel_layouts=stereo,atrim=0:{end:.2},volume='if(lt(t,3.5),0.6,if(lt(t,4.5),0.6-0.48*(t-3.5),if(gt(t,{rise:.2}),min(0.5,0.12+0.2*(t-{rise:.2})),0.12)))':eval=frame[m];\
         [v][m]amix=inputs=2:duration=first:normalize=0,afade=t=out:st={out:.2}:d=2.5,alimiter=limit=0.95[out]",
        rise = seconds + 4.5,
        out = end - 2.5,
    );
    let mut mix = sh::plain("ffmpeg");
    mix.args(["-v", "error", "-y", "-f", "concat", "-i", "list.txt", "-i"]).arg(music);
    mix.args(["-filter_complex", &filter, "-map", "[out]", "-map_metadata", "-1"]);
    mix.args(["-c:a", "libmp3lame", "-b:a", "128k", "episode.mp3"]);
    sh::output(mix.current_dir(&work))?;
    fs::write(dir.join(format!("{stem}.en.vtt")), transcript(&cues))?;
    fs::rename(work.join("episode.mp3"), dir.join(format!("{stem}.mp3")))?;
    fs::remove_dir_all(work)?;
    Ok(dir.join(wanted))
}

/// WebVTT of sentences with their times in seconds.
fn transcript(cues: &[(f64, f64, String)]) -> String {
    let stamp = |s: f64| {
        let ms = (s * 1000.0).round() as u64;
        format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    };
    let mut out = String::from("WEBVTT\n");
    for (from, to, text) in cues {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        out.push_str(&format!("\n{} --> {}\n{text}\n", stamp(*from), stamp(*to)));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn transcripts_are_webvtt() {
        let cues = [(4.5, 6.25, "A & B.".to_owned()), (3723.0, 3724.0, "C.".to_owned())];
        let text = super::transcript(&cues);
        assert_eq!(text, "WEBVTT\n\n00:00:04.500 --> 00:00:06.250\nA &amp; B.\n\n01:02:03.000 --> 01:02:04.000\nC.\n");
    }

    #[test]
    fn captions_are_webvtt() {
        let text = super::captions(["a", "b", "c"]);
        assert!(text.starts_with("WEBVTT\n\n00:00:01.000 --> 00:00:06.000\n[a]\n\n"), "{text}");
        assert_eq!(text.matches("-->").count(), 3);
    }
}
