//! Tables: columns as wide as their content asks, a header row on each page, rows kept together.

use super::sheet::{Align, NodeId, Role, Sheet, Step};
use crate::text::{Style, TextLine};

/// Space between two columns, points.
const GAP: f32 = 12.0;
/// Space above and below the text of a row.
const PAD: f32 = 3.5;

/// A column.
pub(super) struct Column {
    pub title: String,
    pub align: Align,
    /// Takes what the others leave.
    pub flexible: bool,
}

/// Text in one cell: paragraphs, each in its style.
#[derive(Default)]
pub(super) struct Cell {
    pub parts: Vec<(String, Style)>,
    /// It names its row.
    pub head: bool,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>, style: Style) -> Self {
        Self { parts: vec![(text.into(), style)], head: false }
    }
}

/// A row.
pub(super) struct Row {
    pub cells: Vec<Cell>,
    /// A line above it: weight and gray.
    pub above: Option<(f32, u8)>,
}

/// A table to be set at `x`, `width` wide.
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub x: f32,
    pub width: f32,
    /// Of the header row; `None`: no header row, first cells name their rows.
    pub head: Option<Style>,
}

/// A cell broken into lines.
struct Set {
    lines: Vec<(TextLine, Style)>,
}

impl Set {
    fn height(&self) -> f32 {
        self.lines.iter().map(|(_, style)| style.leading()).sum()
    }
}

impl Table {
    /// Widths of the columns: what the content asks, the flexible one gets the rest.
    fn widths(&self, sheet: &mut Sheet<'_>) -> Vec<f32> {
        let free = self.width - GAP * (self.columns.len() as f32 - 1.0);
        let mut widths = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let mut widest: f32 = 0.0;
            if column.flexible {
                widths.push(0.0);
                continue;
            }
            if let Some(style) = self.head {
                // A title may wrap between its words, over about two lines.
                widest = sheet.set.width(&column.title, style) * 0.56;
                for word in column.title.split(' ') {
                    widest = widest.max(sheet.set.width(word, style));
                }
            }
            for (text, style) in self.rows.iter().filter_map(|r| r.cells.get(at)).flat_map(|c| &c.parts) {
                for line in text.split('\n') {
                    widest = widest.max(sheet.set.width(line, *style));
                }
            }
            // A hair more, so that rounding breaks no line.
            widths.push((widest + 0.5).min(free * 0.4));
        }
        let flexible = self.columns.iter().filter(|c| c.flexible).count().max(1) as f32;
        let left = ((free - widths.iter().sum::<f32>()) / flexible).max(60.0);
        for (width, column) in widths.iter_mut().zip(&self.columns) {
            if column.flexible {
                *width = left;
            }
        }
        widths
    }

    fn set(&self, sheet: &mut Sheet<'_>, parts: &[(String, Style)], width: f32) -> Set {
        let mut lines = Vec::new();
        for (at, (text, style)) in parts.iter().enumerate() {
            let space = if at + 1 < parts.len() { " " } else { "" };
            lines.extend(sheet.set.lines(&format!("{text}{space}"), *style, width).into_iter().map(|l| (l, *style)));
        }
        Set { lines }
    }

    fn head_row(&self, sheet: &mut Sheet<'_>, widths: &[f32], style: Style) -> Vec<Set> {
        let columns = self.columns.iter().zip(widths);
        columns.map(|(c, width)| self.set(sheet, &[(c.title.clone(), style)], *width)).collect()
    }

    /// Height of all its rows, without page breaks.
    pub(super) fn height(&self, sheet: &mut Sheet<'_>) -> f32 {
        let widths = self.widths(sheet);
        let tallest = |cells: &[Set]| cells.iter().map(Set::height).fold(0.0, f32::max) + 2.0 * PAD;
        let mut height = match self.head {
            Some(style) => tallest(&self.head_row(sheet, &widths, style)),
            None => 0.0,
        };
        for row in &self.rows {
            let cells: Vec<Set> = row.cells.iter().zip(&widths).map(|(c, w)| self.set(sheet, &c.parts, *w)).collect();
            height += tallest(&cells);
        }
        height
    }

    /// Draws it from the sheet's place on.
    pub(super) fn draw(self, sheet: &mut Sheet<'_>) {
        let widths = self.widths(sheet);
        let table = sheet.node(None, Role::Table(self.name.clone()));
        if let Some(style) = self.head {
            let head = sheet.node(Some(table), Role::THead);
            let row = sheet.node(Some(head), Role::TR);
            let nodes: Vec<_> = self.columns.iter().map(|_| Some(sheet.node(Some(row), Role::ColumnHead))).collect();
            self.header(sheet, &widths, style, &nodes);
        }
        let body = sheet.node(Some(table), Role::TBody);
        for row in &self.rows {
            let cells: Vec<Set> = row.cells.iter().zip(&widths).map(|(c, w)| self.set(sheet, &c.parts, *w)).collect();
            let height = cells.iter().map(Set::height).fold(0.0, f32::max) + 2.0 * PAD;
            // A row taller than half a page may be broken, others stay together.
            let fits = sheet.y + height <= sheet.bottom;
            if !fits && height < (sheet.bottom - sheet.top) / 2.0 {
                self.turn(sheet, &widths);
            }
            let tr = sheet.node(Some(body), Role::TR);
            let role = |c: &Cell| if c.head { Role::RowHead } else { Role::TD };
            let nodes: Vec<NodeId> = row.cells.iter().map(|c| sheet.node(Some(tr), role(c))).collect();
            if let Some((weight, gray)) = row.above {
                sheet.rule(self.x, self.width, weight, gray);
            }
            sheet.y += PAD;
            self.cells(sheet, &widths, cells, &nodes);
            sheet.y += PAD;
        }
    }

    /// Next page, with the header row for the eye only.
    fn turn(&self, sheet: &mut Sheet<'_>, widths: &[f32]) {
        sheet.new_page();
        if let Some(style) = self.head {
            let nodes = vec![None; self.columns.len()];
            self.header(sheet, widths, style, &nodes);
        }
    }

    fn header(&self, sheet: &mut Sheet<'_>, widths: &[f32], style: Style, nodes: &[Option<NodeId>]) {
        let cells = self.head_row(sheet, widths, style);
        let height = cells.iter().map(Set::height).fold(0.0, f32::max);
        let (top, mut x) = (sheet.y + PAD, self.x);
        for ((cell, node), (width, column)) in cells.into_iter().zip(nodes).zip(widths.iter().zip(&self.columns)) {
            // Titles stand on the line below them.
            let mut y = top + height - cell.height();
            for (line, style) in cell.lines {
                sheet.put(line, (x, y), *width, column.align, style, *node);
                y += style.leading();
            }
            x += width + GAP;
        }
        sheet.y = top + height + PAD;
        sheet.rule(self.x, self.width, 0.8, 40);
    }

    /// The cells of a row beside each other, line by line, over pages if they must.
    fn cells(&self, sheet: &mut Sheet<'_>, widths: &[f32], cells: Vec<Set>, nodes: &[NodeId]) {
        let mut columns: Vec<_> = cells.into_iter().map(|c| c.lines.into_iter().peekable()).collect();
        loop {
            let top = sheet.y;
            let mut end = top;
            let mut x = self.x;
            for (((lines, node), width), column) in columns.iter_mut().zip(nodes).zip(widths).zip(&self.columns) {
                let mut y = top;
                while let Some((_, style)) = lines.peek() {
                    if y + style.leading() > sheet.bottom && y > sheet.top {
                        break;
                    }
                    let Some((line, style)) = lines.next() else { break };
                    sheet.put(line, (x, y), *width, column.align, style, Some(*node));
                    y += style.leading();
                }
                end = end.max(y);
                x += width + GAP;
            }
            sheet.y = end;
            if columns.iter_mut().all(|c| c.peek().is_none()) {
                return;
            }
            self.turn(sheet, widths);
            sheet.y += PAD;
        }
    }
}

/// A thin line over the whole width, with space around.
pub(super) fn divider(sheet: &mut Sheet<'_>, before: f32, after: f32) {
    sheet.y += before;
    let (x, width, y) = (sheet.side, sheet.width(), sheet.y);
    sheet.step(Step::Rule { x, width, y, weight: 0.5, gray: 205 });
    sheet.y += after;
}
