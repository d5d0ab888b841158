//! Moments in show notes: `12:34` becomes a link into the sound it belongs to.
//!
//! The links are media fragments (<https://www.w3.org/TR/media-frags/>, `#t=SECONDS`), so they work without scripts too.

/// Seconds of `m:ss`, `mm:ss` or `h:mm:ss`.
pub fn seconds(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split(':').collect();
    let digits = |p: &&str| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(digits) || parts[1..].iter().any(|p| p.len() != 2) {
        return None;
    }
    let mut sum = 0;
    for (i, part) in parts.iter().enumerate() {
        let number: u64 = part.parse().ok()?;
        if i > 0 && number > 59 {
            return None;
        }
        sum = sum * 60 + number;
    }
    Some(sum)
}

/// `m:ss` or `h:mm:ss` of seconds.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Cleaned HTML whose moments lead into `src`; what stands in tags or links already stays as it is.
pub fn linked(html: &str, src: &str) -> String {
    let src = src.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let mut out = String::with_capacity(html.len() + 128);
    let mut rest = html;
    let mut in_link = false;
    while let Some(open) = rest.find('<') {
        text(&rest[..open], &src, in_link, &mut out);
        let end = rest[open..].find('>').map_or(rest.len(), |e| open + e + 1);
        let tag = &rest[open..end];
        let name = tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        if name.is_some_and(|n| n.eq_ignore_ascii_case("a")) {
            in_link = !tag.starts_with("</");
        }
        out.push_str(tag);
        rest = &rest[end..];
    }
    text(rest, &src, in_link, &mut out);
    out
}

fn text(text: &str, src: &str, in_link: bool, out: &mut String) {
    let mut rest = text;
    let mut before = ' ';
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()).filter(|_| !in_link) {
        let head = &rest[..at];
        before = head.chars().next_back().unwrap_or(before);
        out.push_str(head);
        let tail = &rest[at..];
        let run = tail.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(tail.len());
        let moment = tail[..run].trim_end_matches(':');
        let alone = !before.is_alphanumeric()
            && !matches!(before, ':' | '.' | ',' | '#' | '-')
            && !tail[run..].starts_with(char::is_alphanumeric);
        match seconds(moment).filter(|_| alone) {
            Some(s) => out.push_str(&format!(
                "<a class=\"moment\" href=\"{src}#t={s}\">{moment}</a>{}",
                &tail[moment.len()..run]
            )),
            None => out.push_str(&tail[..run]),
        }
        before = tail[..run].chars().next_back().unwrap_or(before);
        rest = &tail[run..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        for (text, s) in [("0:00", 0), ("4:05", 245), ("59:59", 3599), ("1:02:03", 3723), ("10:00:00", 36_000)] {
            assert_eq!((seconds(text), clock(s).as_str()), (Some(s), text));
        }
        for text in ["", "5", "1:2", "1:60", "1:02:3", "1:2:03", "123:00", "::", "1:02:03:04", "a:bc"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn only_moments_in_text_become_links_and_the_address_cannot_break_out() {
        let link = |t: &str, s: u64| format!("<a class=\"moment\" href=\"/s/x?a=1&amp;b=&quot;#t={s}\">{t}</a>");
        let html = "<p title=\"1:00\">0:05 Hello (12:34: more), <a href=\"https://a.example/1:23\">at 1:23</a> &#8211; 1:02:03</p>";
        let expected = format!(
            "<p title=\"1:00\">{} Hello ({}: more), <a href=\"https://a.example/1:23\">at 1:23</a> &#8211; {}</p>",
            link("0:05", 5),
            link("12:34", 754),
            link("1:02:03", 3723)
        );
        assert_eq!(linked(html, "/s/x?a=1&b=\""), expected);
        for same in
            ["Genesis 1:1", "ratio 16:9", "v1.2:30", "2026-11-23", "a1:23", "1:23b", "", "é", "<p>no</p", "#12:30"]
        {
            assert_eq!(linked(same, "x"), same);
        }
    }
}
