//! A chapter of an EPUB as text to be spoken.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The paragraphs of a chapter up to about `most` characters, whole paragraphs only.
///
/// # Errors
/// A book without the chapter, a chapter without paragraphs.
pub(super) fn text(book: &Path, chapter: &str, most: usize) -> Result<String> {
    let mut zip = zip::ZipArchive::new(File::open(book)?)?;
    let mut source = String::new();
    zip.by_name(chapter).with_context(|| format!("the book has no {chapter}"))?.read_to_string(&mut source)?;
    let out = paragraphs(&source, most)?;
    if out.is_empty() {
        bail!("{chapter} has no paragraphs");
    }
    Ok(out)
}

fn paragraphs(source: &str, most: usize) -> Result<String> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(source, options)?;
    let mut out = String::new();
    for paragraph in document.descendants().filter(|n| n.tag_name().name() == "p") {
        let words: String = paragraph.descendants().filter(|n| n.is_text()).filter_map(|n| n.text()).collect();
        let words = speakable(&words);
        if words.is_empty() {
            continue;
        }
        if !out.is_empty() && out.len() + words.len() > most {
            break;
        }
        out.push_str(&words);
        out.push_str("\n\n");
    }
    Ok(out)
}

/// Without what a voice would spell: addresses in brackets.
fn speakable(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("[http") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find(']').map_or("", |end| &rest[at + end + 1..]);
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().filter(|w| !w.contains("://")).collect();
    words.join(" ").replace(" .", ".").replace('’', "'").replace(['“', '”'], "\"")
}

/// The sentences of a text, paragraph by paragraph. A point ends one only before a space and a capital.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        let mut from = 0;
        for (at, mark) in paragraph.match_indices(['.', '!', '?']) {
            let end = at + mark.len();
            let mut after = paragraph[end..].chars();
            if after.next() == Some(' ') && after.next().is_some_and(char::is_uppercase) {
                out.push(paragraph[from..end].trim().to_owned());
                from = end;
            }
        }
        out.push(paragraph[from..].trim().to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_before_capitals_only() {
        let text = "See e.g. the Policy. It is long!\n\nOne more? Yes, 1.5 of them.\n\n";
        assert_eq!(sentences(text), ["See e.g. the Policy.", "It is long!", "One more?", "Yes, 1.5 of them."]);
    }

    #[test]
    fn paragraphs_are_whole_and_without_addresses() {
        let source = "<html><body><h1>T</h1><p>See the\n<em>Policy</em> [https://a.example/].</p><p>Second one.</p><p>Third one.</p></body></html>";
        assert_eq!(paragraphs(source, 30).unwrap(), "See the Policy.\n\nSecond one.\n\n");
        assert_eq!(paragraphs(source, 5).unwrap(), "See the Policy.\n\n");
        assert!(paragraphs("<p>", 5).is_err());
    }
}
