//! The document around a drawn page: the built template, cut once at its marks, and what stands in their place.
//!
//! Data is in script elements of a type that browsers do not run, and the client's boot file reads it from there. What runs in line is
//! the same words on every page, named by their hash in the policy. So that is the same for every page, whatever a page contains.

use std::sync::Arc;

/// Most bytes of one page.
pub const MAX_PAGE: usize = 8 * 1024 * 1024;
/// Where something is filled in, in the order of the template. What a page contains comes after the main element's tag.
const MARKS: [&str; 6] = ["{lang}", "{dir}", "{title}", "{head}", "<div id=\"main\">", "<!--boot-->"];

/// The document around every page.
#[derive(Clone, Debug)]
pub struct Template {
    /// What stands before, between and behind the marks; the main element's tag stays.
    pieces: [String; MARKS.len() + 1],
}

/// What one page brings. All of it is markup: whoever fills it in has escaped what came from outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// BCP 47 of the page.
    pub lang: &'a str,
    /// `ltr` or `rtl`.
    pub dir: &'a str,
    /// Inside of `<title>`.
    pub title: &'a str,
    /// Elements of the head, one text after the other.
    pub head: &'a [&'a str],
    /// Inside of the main element.
    pub main: &'a str,
    /// Inside of script elements `data-0`, `data-1`, … that no browser runs; no `<` stands in it.
    pub data: &'a [Arc<str>],
    /// What starts the client; empty: the page is complete without one, and its data is left out.
    pub boot: &'a str,
}

impl Template {
    /// Cuts the built `index.html`.
    ///
    /// # Errors
    /// The mark that it lacks, or has not in the order of the others.
    pub fn cut(index: &str) -> Result<Self, &'static str> {
        let mut pieces: [String; MARKS.len() + 1] = Default::default();
        let mut rest = index;
        for (piece, mark) in pieces.iter_mut().zip(MARKS) {
            let (before, after) = rest.split_once(mark).ok_or(mark)?;
            before.clone_into(piece);
            rest = after;
        }
        rest.clone_into(&mut pieces[MARKS.len()]);
        Ok(Self { pieces })
    }

    /// The whole document.
    pub fn page(&self, parts: &Parts<'_>) -> String {
        const ROOM: usize = 256;
        let [start, lang, dir, title, head, main, end] = &self.pieces;
        let size = |texts: &[&str]| texts.iter().map(|t| t.len()).sum::<usize>();
        let data = if parts.boot.is_empty() { &[] } else { parts.data };
        let room = self.pieces.iter().map(String::len).sum::<usize>()
            + size(parts.head)
            + size(&[parts.lang, parts.dir, parts.title, parts.main, parts.boot])
            + data.iter().map(|d| d.len() + 64).sum::<usize>()
            + ROOM;
        let mut out = String::with_capacity(room);
        for text in [start, parts.lang, lang, parts.dir, dir, parts.title, title] {
            out.push_str(text);
        }
        for text in parts.head {
            out.push_str(text);
        }
        for text in [head, MARKS[4], parts.main, main] {
            out.push_str(text);
        }
        for (place, text) in data.iter().enumerate() {
            out.push_str(&format!("<script type=\"application/json\" id=\"data-{place}\">"));
            out.push_str(text);
            out.push_str("</script>\n");
        }
        out.push_str(parts.boot);
        out.push_str(end);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<!DOCTYPE html><html lang=\"{lang}\" dir=\"{dir}\"><head><title>{title}</title>{head}</head><body><div id=\"main\"></div><!--boot--></body></html>";

    #[test]
    fn every_part_stands_in_its_place_and_marks_in_them_mean_nothing() {
        let template = Template::cut(INDEX).unwrap();
        let data = [Arc::from("\"abc\""), Arc::from("[1]")];
        let parts = Parts {
            lang: "de-DE",
            dir: "ltr",
            title: "{head}",
            head: &["<a>", "<b>"],
            main: "<p>{lang}<!--boot--><script>steal()</script></p>",
            data: &data,
            boot: "<script src=x></script>",
        };
        assert_eq!(
            template.page(&parts),
            "<!DOCTYPE html><html lang=\"de-DE\" dir=\"ltr\"><head><title>{head}</title><a><b></head><body><div id=\"main\">\
             <p>{lang}<!--boot--><script>steal()</script></p></div>\
             <script type=\"application/json\" id=\"data-0\">\"abc\"</script>\n<script type=\"application/json\" id=\"data-1\">[1]</script>\n\
             <script src=x></script></body></html>"
        );
        let plain = template.page(&Parts { boot: "", ..parts });
        assert!(!plain.contains("data-0") && plain.ends_with("</div></body></html>"));
    }

    #[test]
    fn a_template_without_a_mark_is_refused() {
        assert_eq!(Template::cut(&INDEX.replace("{title}", "x")).unwrap_err(), "{title}");
        let late = INDEX.replace("{title}", "x").replace("</body>", "{title}</body>");
        assert_eq!(Template::cut(&late).unwrap_err(), "{head}");
    }
}
