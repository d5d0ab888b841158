//! Text as lines of glyphs: letters no font has, line breaks (UAX 14), order of directions (UAX 9), shaping.

use std::collections::BTreeSet;
use std::ops::Range;

use krilla::text::KrillaGlyph;
use unicode_bidi::BidiInfo;
use unicode_segmentation::UnicodeSegmentation;

use crate::fonts::{Fonts, Weight};

/// Printed for a letter that no font has.
const REPLACEMENT: char = '\u{fffd}';

/// Letters of one size and weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    /// Points.
    pub size: f32,
    pub weight: Weight,
    /// 0 is black, 255 white.
    pub gray: u8,
}

impl Style {
    /// From baseline to baseline.
    pub(crate) fn leading(self) -> f32 {
        (self.size * 1.4 * 4.0).round() / 4.0
    }
}

/// A stretch of one font and direction.
pub(crate) struct Run {
    pub face: usize,
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    /// Points.
    pub width: f32,
}

/// A line as it is drawn, left to right.
pub(crate) struct TextLine {
    pub runs: Vec<Run>,
    /// Points, without the space at its end.
    pub width: f32,
    /// The text as it is read, where it is drawn in another order.
    pub read: Option<String>,
}

/// Sets text and remembers what it had to replace.
pub(crate) struct Setter<'f> {
    pub fonts: &'f Fonts,
    pub replaced: BTreeSet<char>,
}

impl Setter<'_> {
    /// Width of a text in one line, points.
    pub(crate) fn width(&mut self, text: &str, style: Style) -> f32 {
        let text = self.printable(text, style.weight).replace('\n', " ");
        self.line(&text, 0..text.len(), None, style).width
    }

    /// Lines of at most `width` points; a word that is wider is broken between letters.
    pub(crate) fn lines(&mut self, text: &str, style: Style, width: f32) -> Vec<TextLine> {
        let text = self.printable(text, style.weight);
        // A space instead of each break, so that words do not run together when the text is read out.
        let text = text.replace('\n', " \n");
        text.split('\n').flat_map(|paragraph| self.paragraph(paragraph, style, width)).collect()
    }

    /// Only what some font has; what no font has is replaced where it is seen and dropped where it is not.
    fn printable(&mut self, text: &str, weight: Weight) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.replace("\r\n", "\n").chars() {
            match letter {
                '\n' => out.push('\n'),
                '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
                // No mapping from glyphs back to text may hold it.
                '\u{feff}' => {}
                _ if letter.is_control() => out.push(' '),
                _ if invisible(letter) => {
                    // Directions matter to the order even without a glyph; joiners matter to shaping.
                    if self.fonts.find(letter, weight).is_some() {
                        out.push(letter);
                    }
                }
                _ if self.fonts.find(letter, weight).is_some() => out.push(letter),
                _ if letter.is_whitespace() => out.push(' '),
                _ => {
                    self.replaced.insert(letter);
                    out.push(REPLACEMENT);
                }
            }
        }
        out
    }

    fn paragraph(&mut self, text: &str, style: Style, width: f32) -> Vec<TextLine> {
        let bidi = BidiInfo::new(text, None);
        let bidi = bidi.has_rtl().then_some(&bidi);
        let mut lines = Vec::new();
        let (mut start, mut end, mut filled) = (0, 0, 0.0);
        for (next, _) in unicode_linebreak::linebreaks(text) {
            let whole = self.measure(&text[end..next], style);
            let seen = self.measure(text[end..next].trim_end(), style);
            if filled + seen > width && end > start {
                lines.push(self.line(text, start..end, bidi, style));
                (start, filled) = (end, 0.0);
            }
            if seen > width {
                // Wider than a line: letter by letter.
                for (at, letter) in text[end..next].grapheme_indices(true) {
                    let at = end + at;
                    let own = self.measure(letter, style);
                    if filled + own > width && at > start && !letter.trim().is_empty() {
                        lines.push(self.line(text, start..at, bidi, style));
                        (start, filled) = (at, 0.0);
                    }
                    filled += own;
                }
            } else {
                filled += whole;
            }
            end = next;
        }
        lines.push(self.line(text, start..text.len(), bidi, style));
        lines
    }

    fn measure(&self, text: &str, style: Style) -> f32 {
        let runs = self.faces(text, style.weight).into_iter();
        runs.map(|(range, face)| advance(&self.fonts.face(face).shape(&text[range], false)) * style.size).sum()
    }

    /// Stretches of one font, in the order of the text.
    fn faces(&self, text: &str, weight: Weight) -> Vec<(Range<usize>, usize)> {
        let mut runs: Vec<(Range<usize>, usize)> = Vec::new();
        for (at, letter) in text.char_indices() {
            let end = at + letter.len_utf8();
            if let Some((range, face)) = runs.last_mut() {
                // Spaces, marks and signs stay with the letters before them where that font has them.
                let stays = !letter.is_alphanumeric() && self.fonts.face(*face).has(letter);
                if stays || self.fonts.find(letter, weight) == Some(*face) {
                    range.end = end;
                    continue;
                }
            }
            runs.push((at..end, self.fonts.find(letter, weight).unwrap_or_default()));
        }
        runs
    }

    /// One line: its stretches in the order they are seen.
    fn line(&self, text: &str, range: Range<usize>, bidi: Option<&BidiInfo<'_>>, style: Style) -> TextLine {
        let read = bidi.map(|_| text[range.clone()].to_owned());
        let trimmed = range.start..range.start + text[range.clone()].trim_end().len();
        // The space a line was broken at stays in the file, too.
        let drawn = if bidi.is_some() { trimmed } else { range };
        let stretches = match bidi.and_then(|b| b.paragraphs.first().map(|p| b.visual_runs(p, drawn.clone()))) {
            Some((levels, runs)) => runs.into_iter().map(|r| (r.clone(), levels[r.start].is_rtl())).collect(),
            None => vec![(drawn, false)],
        };
        let mut runs = Vec::new();
        for (stretch, right_to_left) in stretches {
            let part = &text[stretch];
            let mut faces = self.faces(part, style.weight);
            if right_to_left {
                faces.reverse();
            }
            for (range, face) in faces {
                let text = part[range].to_owned();
                let glyphs = self.fonts.face(face).shape(&text, right_to_left);
                runs.push(Run { face, width: advance(&glyphs) * style.size, glyphs, text });
            }
        }
        let tail = runs.last().map_or(0.0, |r| {
            let space = &r.text[r.text.trim_end().len()..];
            if bidi.is_some() { 0.0 } else { advance(&self.fonts.face(r.face).shape(space, false)) * style.size }
        });
        TextLine { width: runs.iter().map(|r| r.width).sum::<f32>() - tail, runs, read }
    }
}

fn advance(glyphs: &[KrillaGlyph]) -> f32 {
    glyphs.iter().map(|g| g.x_advance).sum()
}

/// Characters without a shape of their own: joiners, directions, variation selectors, the soft hyphen.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style { size: 10.0, weight: Weight::Regular, gray: 0 };

    fn hebrew() -> Fonts {
        let bytes = include_bytes!("../tests/fonts/NotoSansHebrew-Regular.ttf").to_vec();
        Fonts::built_in().unwrap().with(bytes, 0, Weight::Regular).unwrap()
    }

    fn texts(lines: &[TextLine]) -> Vec<String> {
        lines.iter().map(|l| l.runs.iter().map(|r| r.text.as_str()).collect()).collect()
    }

    #[test]
    fn long_texts_wrap_between_words_and_long_words_between_letters() {
        let fonts = Fonts::built_in().unwrap();
        let mut set = Setter { fonts: &fonts, replaced: BTreeSet::new() };
        let lines = set.lines("The quick brown fox jumps over the lazy dog", STYLE, 80.0);
        assert_eq!(texts(&lines).concat(), "The quick brown fox jumps over the lazy dog");
        assert!(lines.len() > 2 && lines.iter().all(|l| l.width <= 80.0));
        assert_eq!(texts(&lines)[0], "The quick brown ");
        let lines = set.lines("Donaudampfschifffahrtsgesellschaftskapitän", STYLE, 60.0);
        assert!(lines.len() > 3 && lines.iter().all(|l| l.width <= 60.5));
        assert_eq!(set.lines("", STYLE, 60.0).len(), 1);
        assert_eq!(set.lines("a\nb\r\nc", STYLE, 60.0).len(), 3);
    }

    #[test]
    fn what_no_font_has_is_replaced_and_named() {
        let fonts = Fonts::built_in().unwrap();
        let mut set = Setter { fonts: &fonts, replaced: BTreeSet::new() };
        let lines = set.lines("田中 Hanako\u{200d}\u{feff} 😀", STYLE, 200.0);
        assert_eq!(
            texts(&lines),
            ["\u{fffd}\u{fffd} Hanako\u{200d} \u{fffd}"
                .replace('\u{200d}', if fonts.find('\u{200d}', Weight::Regular).is_some() { "\u{200d}" } else { "" })]
        );
        assert_eq!(set.replaced.iter().collect::<String>(), "中田😀");
    }

    #[test]
    fn a_hebrew_name_runs_from_right_to_left_and_numbers_in_it_do_not() {
        let fonts = hebrew();
        let mut set = Setter { fonts: &fonts, replaced: BTreeSet::new() };
        let line = &set.lines("Dana שלום 42", STYLE, 300.0)[0];
        assert!(set.replaced.is_empty());
        let clusters: Vec<(String, Vec<usize>)> =
            line.runs.iter().map(|r| (r.text.clone(), r.glyphs.iter().map(|g| g.text_range.start).collect())).collect();
        let at = |text: &str| clusters.iter().position(|(t, _)| t.contains(text)).unwrap();
        assert!(at("Dana") < at("42") && at("42") < at("ש"), "{clusters:?}");
        assert_eq!(line.read.as_deref(), Some("Dana שלום 42"));
        let word = &clusters[at("ש")].1;
        assert!(word.windows(2).all(|w| w[0] > w[1]), "{clusters:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_set_within_its_width(text in "\\PC{0,80}", width in 20f32..200.0) {
            let fonts = hebrew();
            let mut set = Setter { fonts: &fonts, replaced: BTreeSet::new() };
            for line in set.lines(&text, STYLE, width) {
                // A single letter may be wider than anything.
                prop_assert!(line.width <= width + 12.0);
                prop_assert!(line.runs.iter().all(|r| r.glyphs.iter().all(|g| g.text_range.end <= r.text.len())));
            }
        }
    }
}
