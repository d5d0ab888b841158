//! HTML that people wrote, as pages show it.

use vitrine_server::catalog::exchange::clean;
use vitrine_shared::timed;

use crate::text;

/// Elements that a description may hold.
const ELEMENTS: [&str; 64] = [
    "a",
    "abbr",
    "acronym",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];
/// Attributes, none of which runs or draws anything.
const ATTRIBUTES: [&str; 14] = [
    "align", "char", "charoff", "datetime", "dir", "href", "hreflang", "lang", "rel", "size", "span", "start", "title",
    "width",
];

/// Walks serialised HTML: each tag's name, and each attribute with its value as written.
fn walk(html: &str, mut each: impl FnMut(&str, &[(String, String)])) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, mut after) = rest.split_at(end);
        assert!(!name.is_empty(), "a bare < in {html:?}");
        let mut attributes = Vec::new();
        while let Some(one) = after.strip_prefix(' ') {
            let Some((name, value)) = one.split_once("=\"") else { panic!("an attribute without quotes in {html:?}") };
            let Some((value, behind)) = value.split_once('"') else { panic!("an attribute without end in {html:?}") };
            attributes.push((name.to_owned(), value.to_owned()));
            after = behind;
        }
        assert!(after.starts_with('>'), "a tag without end in {html:?}");
        each(name, &attributes);
        rest = &after[1..];
    }
}

/// Whether an element is plain structure whose link leads to `https:` or `mailto:`.
fn is_plain(element: &str, attributes: &[(String, String)]) -> bool {
    let fine = |(name, value): &(String, String)| {
        // As browsers read it: without tabs, line ends and what stands before it.
        let address: String = value.chars().filter(|c| !c.is_ascii_control() && *c != ' ').collect();
        let leads = ["https:", "mailto:"].iter().any(|scheme| address.to_ascii_lowercase().starts_with(scheme));
        ATTRIBUTES.contains(&name.as_str()) && (leads || name != "href")
    };
    ELEMENTS.contains(&element) && attributes.iter().all(fine)
}

/// Descriptions: what comes out is plain, it is in proportion to what came in, cleaned again it stays as it is, and where moments in it
/// become links nothing else becomes one.
pub(crate) fn markup(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(cleaned) = clean(&text) else { return };
    assert!(cleaned.len() <= 64 * (text.len() + 1_000));
    walk(&cleaned, |element, attributes| assert!(is_plain(element, attributes), "<{element}> in {cleaned:?}"));
    assert_eq!(clean(&cleaned).as_deref(), Ok(cleaned.as_str()), "from {text:?}");
    let linked = timed::linked(&cleaned, "/s/x?a=1&b=\"<");
    walk(&linked, |element, attributes| {
        let ours = matches!(attributes, [(class, moment), (href, to)]
            if element == "a" && class == "class" && moment == "moment" && href == "href" && to.starts_with("/s/x?a=1&amp;b=&quot;&lt;#t="));
        assert!(ours || is_plain(element, attributes), "<{element}> in {linked:?}");
    });
}
