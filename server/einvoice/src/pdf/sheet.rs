//! Pages as lists of drawing steps, and the tree of what they mean. Nothing is written yet: the number of pages is known first.

use crate::text::{Setter, Style, TextLine};

/// What a part of the document is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Role {
    Heading(String),
    P,
    /// Its name for who hears it.
    Table(String),
    THead,
    TBody,
    TR,
    ColumnHead,
    RowHead,
    TD,
}

/// Place of a part in the tree.
pub(crate) type NodeId = usize;

/// A part: others below it, or text on pages.
pub(crate) struct Node {
    pub role: Role,
    pub parts: Vec<NodeId>,
}

/// A drawing step.
pub(crate) enum Step {
    /// A line of text; `node` is none for what repeats on each page.
    Text { x: f32, baseline: f32, line: TextLine, style: Style, node: Option<NodeId> },
    /// A thin line.
    Rule { x: f32, width: f32, y: f32, weight: f32, gray: u8 },
}

/// Where text stands in its column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The pages so far.
pub(crate) struct Sheet<'f> {
    pub set: Setter<'f>,
    pub size: (f32, f32),
    /// Left and right.
    pub side: f32,
    pub top: f32,
    /// Where text ends, from the top.
    pub bottom: f32,
    pub y: f32,
    pub pages: Vec<Vec<Step>>,
    pub nodes: Vec<Node>,
    /// Parts of the document itself.
    pub roots: Vec<NodeId>,
}

impl<'f> Sheet<'f> {
    pub(crate) fn new(set: Setter<'f>, size: (f32, f32)) -> Self {
        let (side, top, foot) = (54.0, 54.0, 64.0);
        Self {
            set,
            size,
            side,
            top,
            bottom: size.1 - foot,
            y: top,
            pages: vec![Vec::new()],
            nodes: Vec::new(),
            roots: Vec::new(),
        }
    }

    /// Width between the margins.
    pub(crate) fn width(&self) -> f32 {
        self.size.0 - 2.0 * self.side
    }

    /// A new part of the document or of another part.
    pub(crate) fn node(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        self.nodes.push(Node { role, parts: Vec::new() });
        let id = self.nodes.len() - 1;
        match parent {
            Some(parent) => self.nodes[parent].parts.push(id),
            None => self.roots.push(id),
        }
        id
    }

    pub(crate) fn step(&mut self, step: Step) {
        if let Some(page) = self.pages.last_mut() {
            page.push(step);
        }
    }

    pub(crate) fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = self.top;
    }

    /// A new page if this height is not left.
    pub(crate) fn keep(&mut self, height: f32) -> bool {
        let full = self.y + height > self.bottom && self.y > self.top;
        if full {
            self.new_page();
        }
        full
    }

    pub(crate) fn rule(&mut self, x: f32, width: f32, weight: f32, gray: u8) {
        let y = self.y;
        self.step(Step::Rule { x, width, y, weight, gray });
    }

    /// One line with its top at `y`.
    pub(crate) fn put(
        &mut self,
        line: TextLine,
        at: (f32, f32),
        width: f32,
        align: Align,
        style: Style,
        node: Option<NodeId>,
    ) {
        let x = match align {
            Align::Left => at.0,
            Align::Right => at.0 + width - line.width,
        };
        // Letters of Noto Sans stand about so in their line.
        let baseline = at.1 + (style.leading() - style.size) / 2.0 + style.size * 0.86;
        self.step(Step::Text { x, baseline, line, style, node });
    }

    /// A text in a column on this page, without page breaks; answers where it ends. More may follow in the same part: a space parts them.
    pub(crate) fn block(&mut self, text: &str, at: (f32, f32), width: f32, style: Style, node: NodeId) -> f32 {
        let mut y = at.1;
        for line in self.set.lines(&format!("{text} "), style, width) {
            self.put(line, (at.0, y), width, Align::Left, style, Some(node));
            y += style.leading();
        }
        y
    }

    /// A paragraph of its own over the whole width, going on over pages.
    pub(crate) fn paragraph(&mut self, text: &str, style: Style, after: f32) {
        if text.trim().is_empty() {
            return;
        }
        let node = self.node(None, Role::P);
        let (x, width) = (self.side, self.width());
        for line in self.set.lines(text, style, width) {
            self.keep(style.leading());
            let y = self.y;
            self.put(line, (x, y), width, Align::Left, style, Some(node));
            self.y += style.leading();
        }
        self.y += after;
    }
}
