//! Whether HTML of people can be made into a tree at all: a parser makes more of a text than stands in it.
//!
//! Invariants: what [`check`] lets through makes at most so many nodes, so many of them inside of each other, and what is written out again
//! is in proportion to what came in. It is asked before any text of people is cleaned.
//!
//! An element like `<b>` that is left open is opened again in every paragraph that follows (HTML, 13.2.4.3), with its attributes. So a few
//! thousand of them and a few thousand paragraphs, which are fifty kilobytes, become twenty million nodes. Counting tags cannot tell:
//! comments, tables and templates decide which end which. Here the same parser runs without keeping what it makes, and is stopped.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_fragment};

/// What a text may become.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most elements and texts.
    nodes: usize,
    /// Most elements inside of each other.
    depth: u32,
    /// How many times its own length it may make, in nodes and bytes of attributes. Well-formed HTML makes less than once.
    times: usize,
}

/// What somebody wrote: a description, notes, a licence. Browsers stop at about twice this depth.
pub const TEXT: Bounds = Bounds { nodes: 50_000, depth: 250, times: 1 };
/// A chapter of a book. As HTML, the empty elements of its XHTML (a mark for each page of the printed one) stay open.
pub const CHAPTER: Bounds = Bounds { nodes: 500_000, depth: 2_000, times: 4 };

/// What a text may make in any case, in nodes and bytes of attributes.
const SLACK: usize = 1_000;
/// Bytes between two looks at what was made; one look's worth is bounded by them and the depth.
const PIECE: usize = 1_024;
/// Longest time for one text: some things the parser does take the square of what they are given.
const LONGEST: Duration = Duration::from_secs(10);
/// The namespace of HTML.
const HTML: &str = "http://www.w3.org/1999/xhtml";

/// Why a text is not made into a tree; each says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tangled {
    /// Elements stand inside of each other without end.
    #[error("its HTML is nested more than {0} deep; close each element where it ends")]
    Deep(u32),
    /// It makes far more than stands in it.
    #[error(
        "its HTML leaves formatting open that every later paragraph repeats; close each <b>, <i> and the like in its paragraph"
    )]
    Repeated,
    /// It makes more than is kept.
    #[error("its HTML has too many elements; divide it")]
    Many,
    /// Cleaned again and again it never stays as it is.
    #[error("its HTML is read as something else each time; close each element where it ends")]
    Unsettled,
    /// It takes too long.
    #[error("its HTML takes too long to read; divide it")]
    Slow,
}

/// Whether a fragment of HTML stays within bounds. Takes about as long as parsing it does, so long texts are looked at outside of requests.
///
/// # Errors
/// See [`Tangled`].
pub fn check(html: &str, bounds: Bounds) -> Result<(), Tangled> {
    let made = Made::default();
    let begun = Instant::now();
    let context = QualName::new(None, Namespace::from(HTML), LocalName::from("div"));
    let mut parser = parse_fragment(Dry(&made), ParseOpts::default(), context, Vec::new(), false);
    let allowed = html.len().saturating_mul(bounds.times).saturating_add(SLACK);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        rest = after;
        parser.process(StrTendril::from_slice(piece));
        made.within(bounds, allowed)?;
        if begun.elapsed() > LONGEST {
            return Err(Tangled::Slow);
        }
    }
    parser.finish();
    made.within(bounds, allowed)
}

/// What cleans HTML: structure, links and titles. Browsers show nobody an address in `cite`, and ammonia looks at none there.
pub(crate) fn cleaner() -> ammonia::Builder<'static> {
    let mut builder = ammonia::Builder::default();
    for element in ["blockquote", "del", "ins", "q"] {
        builder.rm_tag_attributes(element, ["cite"]);
    }
    builder
}

/// What the parser made so far.
#[derive(Default)]
struct Made {
    nodes: Cell<usize>,
    /// Nodes, and bytes of their attributes.
    cost: Cell<usize>,
    deepest: Cell<u32>,
}

impl Made {
    fn node(&self, bytes: usize) {
        self.nodes.set(self.nodes.get().saturating_add(1));
        self.cost.set(self.cost.get().saturating_add(bytes).saturating_add(1));
    }

    fn within(&self, bounds: Bounds, allowed: usize) -> Result<(), Tangled> {
        if self.deepest.get() > bounds.depth {
            Err(Tangled::Deep(bounds.depth))
        } else if self.cost.get() > allowed {
            Err(Tangled::Repeated)
        } else if self.nodes.get() > bounds.nodes {
            Err(Tangled::Many)
        } else {
            Ok(())
        }
    }
}

/// What the parser knows of a node; its children are not kept.
struct Node {
    name: QualName,
    depth: Cell<u32>,
    has_parent: Cell<bool>,
}

type Handle = Rc<Node>;

/// A tree that only counts.
struct Dry<'a>(&'a Made);

impl Dry<'_> {
    fn make(&self, name: QualName, bytes: usize) -> Handle {
        self.0.node(bytes);
        Rc::new(Node { name, depth: Cell::new(0), has_parent: Cell::new(false) })
    }

    fn unnamed(&self, bytes: usize) -> Handle {
        self.make(QualName::new(None, Namespace::default(), LocalName::default()), bytes)
    }

    fn put(&self, depth: u32, child: NodeOrText<Handle>) {
        match child {
            NodeOrText::AppendNode(node) => {
                node.depth.set(depth);
                node.has_parent.set(true);
                self.0.deepest.set(self.0.deepest.get().max(depth));
            }
            NodeOrText::AppendText(_) => self.0.node(0),
        }
    }
}

impl TreeSink for Dry<'_> {
    type Handle = Handle;
    type Output = ();
    type ElemName<'a>
        = &'a QualName
    where
        Self: 'a;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.unnamed(0)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        &target.name
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        let bytes = attrs.iter().map(|a| a.name.local.len() + a.value.len()).sum();
        self.make(name, bytes)
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.unnamed(0)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.unnamed(0)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.depth.get() + 1, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, before: &Handle, child: NodeOrText<Handle>) {
        if element.has_parent.get() {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        // What a template holds is a tree of its own, below it all the same.
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new: NodeOrText<Handle>) {
        self.put(sibling.depth.get(), new);
    }

    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &Handle) {
        target.has_parent.set(false);
    }

    fn reparent_children(&self, _: &Handle, _: &Handle) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(tag: &str, times: usize) -> String {
        (0..times).map(|n| format!("<{tag} {n}>")).collect()
    }

    #[test]
    fn what_is_left_open_is_not_opened_again_without_end() {
        // Each of these is a few kilobytes and makes 40,000 nodes and more.
        let open = numbered("b", 200);
        let paragraphs = "<p>x".repeat(200);
        for (what, hostile) in [
            ("other attributes", format!("<p>{open}{paragraphs}")),
            ("ends that are a comment", format!("<p>{open}<!-- {} -->{paragraphs}", "</b>".repeat(200))),
            ("ends inside of an object", format!("<p>{open}<object>{}</object>{paragraphs}", "</b>".repeat(200))),
            ("ends in an attribute", format!("<p>{open}<i title='{}'></i>{paragraphs}", "</b>".repeat(200))),
            ("several names", format!("<p>{}{}{paragraphs}", numbered("i", 100), numbered("code", 100))),
            ("in a list", format!("<p>{open}{}", "<li>x".repeat(200))),
        ] {
            assert_eq!(check(&hostile, CHAPTER), Err(Tangled::Repeated), "{what}");
        }
        // One element, but all of its text again in each paragraph.
        let long = format!("<p><b title='{}'>{}", "t".repeat(5_000), "<p>x".repeat(500));
        assert_eq!(check(&long, CHAPTER), Err(Tangled::Repeated));
    }

    #[test]
    fn what_is_deep_or_much_is_refused_before_it_is_made() {
        for tag in ["div", "b", "span", "blockquote"] {
            assert_eq!(check(&numbered(tag, 10_000), CHAPTER), Err(Tangled::Deep(2_000)), "{tag}");
        }
        assert_eq!(check(&"<table><tr><td>".repeat(1_000), TEXT), Err(Tangled::Deep(250)));
        assert_eq!(check(&"<br>".repeat(60_000), TEXT), Err(Tangled::Many));
    }

    #[test]
    fn what_people_write_passes() {
        let page = "<h2>Side one</h2><p>An <em>old</em> <b>song</b>, <a href=\"https://a.example/?x=1&amp;y=2\">here</a>.</p>\
                    <ul><li>one<li>two</ul><blockquote><p>so<br>it<br>was</blockquote>";
        assert_eq!(check(page, TEXT), Ok(()));
        assert_eq!(check(&page.repeat(200), TEXT), Ok(()));
        // Carelessly: every paragraph leaves one open.
        assert_eq!(check(&"<p><i>A sentence that is as long as sentences are.</p>".repeat(300), TEXT), Ok(()));
        assert_eq!(check(&"&amp; ä 漢 ".repeat(3_000), TEXT), Ok(()));
        assert_eq!(check(&format!("{}{}", "<div>".repeat(100), "</div>".repeat(100)), TEXT), Ok(()));
        assert_eq!(check("", TEXT), Ok(()));
        // A book in one piece, with a mark for each page.
        let book: String =
            (0..600).map(|n| format!("<p>{}</p><span id=\"p{n}\"/>", "A sentence. ".repeat(20))).collect();
        assert_eq!(check(&book, CHAPTER), Ok(()));
    }
}
