//! Small EPUB 3 books (W3C EPUB 3.3: container, package document, navigation document).

use std::io::{Cursor, Write};

use anyhow::Result;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

const TITLES: [&str; 6] =
    ["Notes on rain", "A small atlas", "Letters not sent", "The long corridor", "Bread and salt", "Tide tables"];
const CHAPTERS: [&str; 4] = ["Morning", "Noon", "Evening", "Night"];
const OPENINGS: [&str; 4] = [
    "The day began without asking anybody. Light came over the roofs, found the window, and lay down on the table.",
    "By noon the street had made up its mind. Doors stood open, and from every one of them came another song.",
    "In the evening the boats returned, lower in the water than they had left, and nobody counted aloud.",
    "At night the house spoke in small sounds: a pipe, a board, the clock that had never learned to whisper.",
];

/// The book of a number. The text says itself what it is.
///
/// # Errors
/// Those of the archive; none in memory.
pub(super) fn book(i: usize) -> Result<Vec<u8>> {
    let title = TITLES[i % TITLES.len()];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The first entry names the type and is not compressed (OCF).
    zip.start_file("mimetype", SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
    zip.write_all(b"application/epub+zip")?;
    let mut add = |name: &str, text: &str| -> Result<()> {
        zip.start_file(name, SimpleFileOptions::default())?;
        Ok(zip.write_all(text.as_bytes())?)
    };
    add(
        "META-INF/container.xml",
        r#"<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"#,
    )?;
    let (mut items, mut spine, mut toc) = (String::new(), String::new(), String::new());
    for (n, chapter) in CHAPTERS.iter().enumerate() {
        let n1 = n + 1;
        items.push_str(&format!("<item id=\"c{n1}\" href=\"c{n1}.xhtml\" media-type=\"application/xhtml+xml\"/>"));
        spine.push_str(&format!("<itemref idref=\"c{n1}\"/>"));
        toc.push_str(&format!("<li><a href=\"c{n1}.xhtml\">{chapter}</a></li>"));
        let second = OPENINGS[(n + i) % OPENINGS.len()];
        let body = format!(
            "<h1>{chapter}</h1><p>{}</p><p>{second}</p><p>This book was made by a program, to try a shop with many books.</p>",
            OPENINGS[n]
        );
        add(&format!("EPUB/c{n1}.xhtml"), &page(chapter, "", &body))?;
    }
    add(
        "EPUB/nav.xhtml",
        &page(
            title,
            " xmlns:epub=\"http://www.idpf.org/2007/ops\"",
            &format!("<nav epub:type=\"toc\"><ol>{toc}</ol></nav>"),
        ),
    )?;
    add(
        "EPUB/package.opf",
        &format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" unique-identifier=\"id\" xml:lang=\"en\"><metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:identifier id=\"id\">urn:vitrine:generated:{i}</dc:identifier><dc:title>{title}</dc:title><dc:language>en</dc:language><dc:creator>A program</dc:creator><dc:rights>CC0-1.0</dc:rights><meta property=\"dcterms:modified\">1999-01-01T00:00:00Z</meta></metadata><manifest><item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>{items}</manifest><spine>{spine}</spine></package>\n"
        ),
    )?;
    Ok(zip.finish()?.into_inner())
}

fn page(title: &str, namespaces: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"{namespaces} lang=\"en\" xml:lang=\"en\"><head><title>{title}</title></head><body>{body}</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_book_is_a_container_whose_pages_parse() {
        let bytes = book(2).unwrap();
        assert_eq!(bytes, book(2).unwrap());
        assert_eq!(&bytes[30..58], b"mimetypeapplication/epub+zip");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for i in 1..zip.len() {
            let mut text = String::new();
            zip.by_index(i).unwrap().read_to_string(&mut text).unwrap();
            let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
            roxmltree::Document::parse_with_options(&text, options).unwrap();
        }
        assert_eq!(zip.len(), 2 + CHAPTERS.len() + 2);
    }
}
