//! WebVTT: its language by the file's name, its words, and the part of it that a trailer needs.
//!
//! <https://www.w3.org/TR/webvtt1/>, cues and notes only; styles and regions are left out of a trailer's.

/// The language a file's name says, `film.de.vtt` or `film.pt-BR.vtt`; the last segment before the extension.
pub fn language_of(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (_, tag) = stem.rsplit_once('.')?;
    let fits = extension.eq_ignore_ascii_case("vtt")
        && (2..=12).contains(&tag.len())
        && tag.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
    fits.then(|| tag.to_owned())
}

/// Words shown from one moment to another, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// First moment.
    pub begin: u64,
    /// Last moment.
    pub end: u64,
    /// Position on the screen, as written.
    settings: String,
    /// Lines with their mark-up.
    lines: String,
}

/// Every cue in the order of the file; `None` if the text is no WebVTT.
pub fn cues(text: &str) -> Option<Vec<Cue>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if !text.starts_with("WEBVTT") {
        return None;
    }
    let mut out = Vec::new();
    for block in text.split("\n\n").skip(1) {
        let mut lines = block.trim_matches('\n').lines().peekable();
        // A name may stand before the times.
        if lines.peek().is_some_and(|line| !line.contains("-->")) {
            lines.next();
        }
        let Some((begin, end, settings)) = lines.next().and_then(times) else { continue };
        out.push(Cue { begin, end, settings, lines: lines.map(|line| format!("{line}\n")).collect() });
    }
    Some(out)
}

/// The cues between two moments, told from the first on. Both in milliseconds; `None` if the text is no WebVTT.
pub fn cut(text: &str, from_ms: u64, to_ms: u64) -> Option<String> {
    let mut out = String::from("WEBVTT\n");
    for cue in cues(text)?.into_iter().filter(|c| c.end > from_ms && c.begin < to_ms) {
        let (begin, end) = (cue.begin.max(from_ms) - from_ms, cue.end.min(to_ms) - from_ms);
        out.push_str(&format!("\n{} --> {}{}\n{}", stamp(begin), stamp(end), cue.settings, cue.lines));
    }
    Some(out)
}

impl Cue {
    /// Who speaks (the first voice span) and the words without mark-up, on one line.
    pub fn words(&self) -> (Option<String>, String) {
        let (mut speaker, mut out) = (None, String::new());
        let mut rest = self.lines.as_str();
        while let Some(open) = rest.find('<') {
            out.push_str(&rest[..open]);
            let Some(end) = rest[open..].find('>') else {
                rest = &rest[open..];
                break;
            };
            let tag = &rest[open + 1..open + end];
            // `<v.loud Ada>`: classes after the name, then the annotation.
            if let Some((_, name)) =
                tag.split_once(char::is_whitespace).filter(|(t, _)| t.split('.').next() == Some("v"))
            {
                speaker.get_or_insert_with(|| unescape(name.trim()));
            }
            rest = &rest[open + end + 1..];
        }
        out.push_str(rest);
        (speaker, unescape(&out.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}

/// The entities of WebVTT (<https://www.w3.org/TR/webvtt1/#syntax>).
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&lrm;", "\u{200e}")
        .replace("&rlm;", "\u{200f}")
        .replace("&amp;", "&")
}

/// `begin --> end settings`.
fn times(line: &str) -> Option<(u64, u64, String)> {
    let (begin, rest) = line.split_once("-->")?;
    let mut rest = rest.split_whitespace();
    let end = rest.next()?;
    let settings: String = rest.map(|word| format!(" {word}")).collect();
    Some((moment(begin.trim())?, moment(end)?, settings))
}

/// `hh:mm:ss.ttt` or `mm:ss.ttt`.
fn moment(text: &str) -> Option<u64> {
    let (whole, millis) = text.split_once('.')?;
    let mut seconds = 0u64;
    for part in whole.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    seconds.checked_mul(1000)?.checked_add(millis.parse().ok()?)
}

fn stamp(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_language() {
        assert_eq!(language_of("Nebula.en.vtt").as_deref(), Some("en"));
        assert_eq!(language_of("a b.pt-BR.VTT").as_deref(), Some("pt-BR"));
        assert_eq!(language_of("captions.vtt"), None);
        assert_eq!(language_of("film.de.srt"), None);
        assert_eq!(language_of("film.\"><script>.vtt"), None);
    }

    #[test]
    fn words_lose_their_mark_up_and_say_who_speaks() {
        let text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Ada &amp; Co>Hello <b>you</b>\n&lt;all&gt; &amp;amp;</v>\n\n00:03.000 --> 00:04.000\nplain <00:00:03.500>words <broken\n";
        let said: Vec<_> = cues(text).unwrap().iter().map(Cue::words).collect();
        assert_eq!(said[0], (Some("Ada & Co".into()), "Hello you <all> &amp;".into()));
        assert_eq!(said[1], (None, "plain words <broken".into()));
    }

    #[test]
    fn a_trailer_gets_its_cues_from_its_own_beginning() {
        let text = "WEBVTT kind\r\n\r\nSTYLE\r\n::cue {}\r\n\r\n1\r\n00:09.000 --> 00:12.000 align:start\r\nOne\r\ntwo\r\n\r\n\
                    00:00:50.000 --> 00:01:10.500\r\nLate\r\n\r\n00:02:00.000 --> 00:02:01.000\r\nAfter\r\n";
        let cut = cut(text, 10_000, 60_000).unwrap();
        assert_eq!(
            cut,
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.000 align:start\nOne\ntwo\n\n00:00:40.000 --> 00:00:50.000\nLate\n"
        );
        assert_eq!(super::cut("1\n00:00:01,000 --> 00:00:02,000\nSubRip", 0, 9_000), None);
        assert_eq!(
            super::cut("WEBVTT\n\nx --> y\n\n99999999999999999999:00.000 --> 1:00.0", 0, 9).unwrap(),
            "WEBVTT\n"
        );
    }
}
