//! Books: an EPUB is unpacked at import into chapters that are safe to show.
//!
//! Invariants: entries, sizes and ratios are bounded; chapters are cleaned to plain structure (no script, style, form or
//! outside address) and wrapped by us; pictures are kept beside them. EPUB 3.3 (OCF, package document, navigation).

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{InHand, Media, MediaError, Result, hex};
use crate::markup;
use crate::zips::{self, Unopened};

const MAX_ENTRIES: usize = 5_000;
const MAX_UNPACKED: u64 = 300 * 1024 * 1024;
const MAX_CHAPTER: u64 = 20 * 1024 * 1024;
const MAX_CHAPTERS: usize = 2_000;

/// What a book turns out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookFacts {
    /// Keys of its chapters begin with this (private part of the store): `<prefix>/<n>.html`, n from 0.
    pub prefix: String,
    /// Titles of the chapters in reading order.
    pub chapters: Vec<String>,
    /// Words in all.
    pub words: u32,
    /// Key of the first chapter with something to read, in the public part.
    pub sample: Option<String>,
}

fn unreadable(why: impl std::fmt::Display) -> MediaError {
    MediaError::Unreadable { what: "a book", why: why.to_string() }
}

pub(super) struct Chapter {
    title: String,
    html: String,
    words: u32,
}

pub(super) struct Unpacked {
    pub(super) chapters: Vec<Chapter>,
    pictures: Vec<(String, Vec<u8>, &'static str)>,
}

impl Unpacked {
    /// The first chapter that is more than a title page is what anybody may look into.
    fn sample(&self) -> Option<String> {
        let chapter = self.chapters.iter().find(|c| c.words >= 150)?;
        Some(page(&chapter.title, &without_pictures(&chapter.html)))
    }
}

fn picture_type(path: &str) -> Option<&'static str> {
    match path.rsplit('.').next()?.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

/// `OEBPS/text/a.xhtml` + `../img/b.png` = `OEBPS/img/b.png`; `None` if it leaves the book.
fn resolve(base: &str, link: &str) -> Option<String> {
    let link = link.split(['#', '?']).next()?;
    if link.contains("://") || link.starts_with('/') || link.starts_with("data:") {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for piece in link.split('/') {
        match piece {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Unpacked> {
    let mut zip = zips::open(Cursor::new(bytes), MAX_ENTRIES).map_err(|why| match why {
        Unopened::TooMany(_) => MediaError::TooLarge(why.to_string()),
        Unopened::Unreadable(why) => unreadable(why),
    })?;
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    let mut total = 0u64;
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).map_err(unreadable)?;
        if !entry.is_file() {
            continue;
        }
        // The declared size may lie: what is read counts.
        let mut data = Vec::new();
        (&mut entry).take(MAX_CHAPTER + 1).read_to_end(&mut data).map_err(unreadable)?;
        total += data.len() as u64;
        if data.len() as u64 > MAX_CHAPTER || total > MAX_UNPACKED {
            return Err(MediaError::TooLarge("the unpacked book passes its limit".into()));
        }
        let name = entry.name().map_err(unreadable)?.into_owned();
        files.insert(name, data);
    }
    let text = |name: &str| files.get(name).map(|d| String::from_utf8_lossy(d).into_owned());
    let container = text("META-INF/container.xml").ok_or_else(|| unreadable("it has no META-INF/container.xml"))?;
    let options = || roxmltree::ParsingOptions { allow_dtd: true, nodes_limit: 2_000_000, ..Default::default() };
    let container = roxmltree::Document::parse_with_options(&container, options()).map_err(unreadable)?;
    let opf_path = container
        .descendants()
        .find(|n| n.has_tag_name(("urn:oasis:names:tc:opendocument:xmlns:container", "rootfile")))
        .and_then(|n| n.attribute("full-path"))
        .ok_or_else(|| unreadable("its container names no package document"))?
        .to_owned();
    let opf = text(&opf_path).ok_or_else(|| unreadable("its package document is missing"))?;
    let opf = roxmltree::Document::parse_with_options(&opf, options()).map_err(unreadable)?;
    let mut manifest: HashMap<&str, (String, &str)> = HashMap::new();
    for item in opf.descendants().filter(|n| n.tag_name().name() == "item") {
        if let (Some(id), Some(href)) = (item.attribute("id"), item.attribute("href"))
            && let Some(path) = resolve(&opf_path, &percent_decode(href))
        {
            manifest.insert(id, (path, item.attribute("media-type").unwrap_or_default()));
        }
    }
    let mut chapters = Vec::new();
    let mut read = HashSet::new();
    for itemref in opf.descendants().filter(|n| n.tag_name().name() == "itemref") {
        let Some((path, media_type)) = itemref.attribute("idref").and_then(|id| manifest.get(id)) else { continue };
        // A document stands in the spine once (EPUB 3.3, 5.7.3): a thousand times the same one would be a thousand times its size.
        if *media_type != "application/xhtml+xml" || !read.insert(path) {
            continue;
        }
        if chapters.len() >= MAX_CHAPTERS {
            return Err(MediaError::TooLarge(format!("more than {MAX_CHAPTERS} chapters")));
        }
        if let Some(source) = text(path) {
            chapters.push(chapter(path, &source, chapters.len())?);
        }
    }
    if chapters.is_empty() {
        return Err(unreadable("it has no chapters"));
    }
    let mut pictures: Vec<_> = files
        .into_iter()
        .filter_map(|(path, data)| picture_type(&path).map(|t| (picture_name(&path), data, t)))
        .collect();
    pictures.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Unpacked { chapters, pictures })
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let digits = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let decoded = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
        match decoded {
            Some(b) => {
                out.push(b);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A flat, plain name for a picture inside the unpacked book.
fn picture_name(path: &str) -> String {
    let extension = path.rsplit('.').next().unwrap_or("bin").to_ascii_lowercase();
    format!("{}.{extension}", hex(&Sha256::digest(path.as_bytes())[..12]))
}

/// Inside the book only pictures and jumps within a chapter keep their address.
struct InsideTheBook(String);

impl ammonia::UrlRelativeEvaluate<'_> for InsideTheBook {
    fn evaluate<'u>(&self, url: &'u str) -> Option<std::borrow::Cow<'u, str>> {
        if url.starts_with('#') {
            return Some(url.into());
        }
        let target = resolve(&self.0, &percent_decode(url))?;
        picture_type(&target).map(|_| picture_name(&target).into())
    }
}

fn chapter(path: &str, source: &str, index: usize) -> Result<Chapter> {
    let body = source
        .find("<body")
        .and_then(|at| source[at..].find('>').map(|end| at + end + 1))
        .map_or(source, |from| &source[from..source.rfind("</body>").unwrap_or(source.len()).max(from)]);
    markup::check(body, markup::CHAPTER)
        .map_err(|why| MediaError::TooLarge(format!("chapter {}: {why}", index + 1)))?;
    let clean = markup::cleaner()
        .add_tags(["section", "article", "figure", "figcaption", "header", "footer", "aside", "nav"])
        .add_generic_attributes(["lang", "dir", "id"])
        .url_relative(ammonia::UrlRelative::Custom(Box::new(InsideTheBook(path.to_owned()))))
        .url_schemes(std::collections::HashSet::new())
        .clean(body)
        .to_string();
    let plain = plain_text(&clean);
    let title = heading(&clean).unwrap_or_else(|| format!("{}", index + 1));
    Ok(Chapter { words: u32::try_from(plain.split_whitespace().count()).unwrap_or(u32::MAX), title, html: clean })
}

fn heading(html: &str) -> Option<String> {
    let at = ["<h1", "<h2", "<h3"].iter().filter_map(|h| html.find(h)).min()?;
    let rest = &html[at..];
    let end = rest.find("</h")?;
    let text = plain_text(&rest[..end]).split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| text.chars().take(120).collect())
}

/// The words of sanitised HTML.
pub(crate) fn plain_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn page(title: &str, body: &str) -> String {
    let mut escaped = String::new();
    for c in title.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            c => escaped.push(c),
        }
    }
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{escaped}</title><style>body{{max-width:38rem;margin:2rem auto;padding:0 1.25rem;font:1.125rem/1.65 Georgia,serif;\
         color:#1d1b19;background:#fbf9f5;overflow-wrap:break-word}}img{{max-width:100%;height:auto}}pre{{overflow-x:auto;white-space:pre-wrap}}\
         table{{border-collapse:collapse}}td,th{{padding:.25rem .5rem;text-align:start}}a{{color:inherit}}\
         @media(prefers-color-scheme:dark){{body{{color:#e9e4dc;background:#191714}}}}</style></head><body>{body}</body></html>"
    )
}

impl Media {
    /// Unpacks an EPUB into cleaned chapters and pictures.
    ///
    /// # Errors
    /// `Unreadable` for what is no EPUB, `TooLarge` past the bounds; nothing is stored then.
    pub async fn book(&self, file: InHand) -> Result<BookFacts> {
        let InHand { bytes, _place } = file;
        let prefix = format!("reader/{}", hex(&Sha256::digest(&bytes)));
        let unpacking = move || unpack(&bytes).map(|book| (book.sample(), book));
        let (sample, unpacked) = tokio::task::spawn_blocking(unpacking)
            .await
            .map_err(|e| unreadable(format!("unpacking stopped: {e}")))??;
        for (name, data, media_type) in unpacked.pictures {
            self.keep(&format!("{prefix}/{name}"), data.into(), media_type).await?;
        }
        let mut facts = BookFacts { prefix: prefix.clone(), chapters: Vec::new(), words: 0, sample: None };
        if let Some(sample) = sample {
            facts.sample = Some(self.publish(sample.into(), "html", "text/html; charset=utf-8").await?);
        }
        for (n, chapter) in unpacked.chapters.into_iter().enumerate() {
            let html = page(&chapter.title, &chapter.html);
            self.keep(&format!("{prefix}/{n}.html"), html.into(), "text/html; charset=utf-8").await?;
            facts.words = facts.words.saturating_add(chapter.words);
            facts.chapters.push(chapter.title);
        }
        Ok(facts)
    }
}

/// The sample is one public file: pictures, which are not public, leave it.
fn without_pictures(html: &str) -> String {
    let mut builder = markup::cleaner();
    builder.rm_tags(["img"]).add_tags(["section", "article", "figure", "figcaption"]);
    builder.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn epub(chapters: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default();
        let mut add = |name: &str, text: &str| {
            zip.start_file(name, stored).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        };
        add("mimetype", "application/epub+zip");
        add(
            "META-INF/container.xml",
            "<container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles><rootfile full-path=\"O/p.opf\"/></rootfiles></container>",
        );
        let items: String = chapters
            .iter()
            .enumerate()
            .map(|(i, (n, _))| format!("<item id=\"c{i}\" href=\"{n}\" media-type=\"application/xhtml+xml\"/>"))
            .collect();
        let spine: String = (0..chapters.len()).map(|i| format!("<itemref idref=\"c{i}\"/>")).collect();
        add(
            "O/p.opf",
            &format!(
                "<package xmlns=\"http://www.idpf.org/2007/opf\"><manifest>{items}</manifest><spine>{spine}</spine></package>"
            ),
        );
        // An archive holds a name once.
        let files: std::collections::BTreeMap<_, _> = chapters.iter().copied().collect();
        for (name, body) in files {
            add(&format!("O/{name}"), &format!("<html><head><title>t</title></head><body>{body}</body></html>"));
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn chapters_come_in_reading_order_and_clean() {
        let book = unpack(&epub(&[
            ("a.xhtml", "<h1>One</h1><p onclick=\"x()\">hi<script>steal()</script><img src=\"../i/x.png\"/></p>"),
            ("b.xhtml", "<h2>Two</h2>"),
        ]))
        .unwrap();
        let titles: Vec<_> = book.chapters.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(titles, ["One", "Two"]);
        assert!(!book.chapters[0].html.contains("script") && !book.chapters[0].html.contains("onclick"));
    }

    #[test]
    fn a_chapter_named_many_times_is_read_once_and_chapters_are_bounded() {
        let once = unpack(&epub(&[("a.xhtml", "<h1>One</h1>"); 50])).unwrap();
        assert_eq!(once.chapters.len(), 1);
        let names: Vec<String> = (0..=MAX_CHAPTERS).map(|n| format!("{n}.xhtml")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "")).collect();
        assert!(matches!(unpack(&epub(&many)), Err(MediaError::TooLarge(_))));
    }

    #[test]
    fn a_chapter_that_makes_far_more_than_stands_in_it_refuses_the_book() {
        let open: String = (0..200).map(|n| format!("<b n{n}=\"\">")).collect();
        let hostile = format!("<h1>One</h1><p>{open}{}", "<p>x".repeat(200));
        let refused = unpack(&epub(&[("a.xhtml", "<h1>One</h1>"), ("b.xhtml", &hostile)])).err();
        assert!(matches!(&refused, Some(MediaError::TooLarge(why)) if why.starts_with("chapter 2: ")), "{refused:?}");
    }

    #[test]
    fn what_is_no_book_is_refused() {
        assert!(matches!(unpack(b"not a zip"), Err(MediaError::Unreadable { .. })));
        assert!(unpack(&epub(&[])).is_err());
    }

    #[test]
    fn links_cannot_leave_the_book() {
        assert_eq!(resolve("O/text/a.xhtml", "../img/b.png").as_deref(), Some("O/img/b.png"));
        assert_eq!(resolve("a.xhtml", "../../etc/passwd"), None);
        assert_eq!(resolve("a.xhtml", "https://evil.example/x.png"), None);
    }
}
