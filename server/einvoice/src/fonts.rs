//! The fonts of the PDF: Noto Sans for Latin, Greek and Cyrillic, and what the caller adds for other letters.

use std::sync::{Arc, OnceLock};

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use krilla::text::{GlyphId, KrillaGlyph};
use skrifa::MetadataProvider;

use crate::check::Fault;

const REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");

/// A weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Text.
    Regular,
    /// Titles and sums.
    Bold,
}

/// Fonts, the first that has a letter prints it. Cheap to clone; make it once.
#[derive(Clone)]
pub struct Fonts {
    faces: Vec<Arc<Face>>,
    /// Asked last.
    late: Option<Arc<Late>>,
}

/// A font that is read when a letter first needs it: whole scripts take 20 MB, and most shops never print one.
struct Late {
    read: Box<dyn Fn() -> Option<Vec<u8>> + Send + Sync>,
    /// Told once that what was read is none.
    refused: Box<dyn Fn(&Fault) + Send + Sync>,
    face: OnceLock<Option<Face>>,
}

impl Late {
    fn face(&self) -> Option<&Face> {
        if let Some(face) = self.face.get() {
            return face.as_ref();
        }
        // A file that cannot be read now may be the next time; one that is no font never is.
        let bytes = (self.read)()?;
        let face = || Face::new(Bytes::Given(Arc::new(bytes)), 0, Weight::Regular);
        self.face.get_or_init(|| face().inspect_err(|why| (self.refused)(why)).ok()).as_ref()
    }
}

/// One font file.
pub(crate) struct Face {
    data: Bytes,
    index: u32,
    weight: Weight,
    shaper: ShaperData,
    units: f32,
    /// Its letters, sorted: asked for each letter of each text.
    letters: Vec<u32>,
    pub(crate) font: krilla::text::Font,
}

#[derive(Clone)]
enum Bytes {
    Built(&'static [u8]),
    Given(Arc<Vec<u8>>),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Built(bytes) => bytes,
            Self::Given(bytes) => bytes,
        }
    }
}

impl Fonts {
    /// Noto Sans in two weights.
    ///
    /// # Errors
    /// None in practice: the files are part of the program.
    pub fn built_in() -> Result<Self, Fault> {
        let regular = Face::new(Bytes::Built(REGULAR), 0, Weight::Regular)?;
        let bold = Face::new(Bytes::Built(BOLD), 0, Weight::Bold)?;
        Ok(Self { faces: vec![Arc::new(regular), Arc::new(bold)], late: None })
    }

    /// Adds a TrueType or OpenType font for letters that those before it lack; `index` is its place in a collection, else 0. A font of
    /// one weight serves both. It must be licensed for embedding: a subset goes into every file.
    ///
    /// # Errors
    /// `Font` if it cannot be read.
    pub fn with(mut self, bytes: Vec<u8>, index: u32, weight: Weight) -> Result<Self, Fault> {
        self.faces.push(Arc::new(Face::new(Bytes::Given(Arc::new(bytes)), index, weight)?));
        Ok(self)
    }

    /// Names a font for letters that all others lack, read once when the first of them is printed; of a collection its first font is taken. What
    /// cannot be read is no font; bytes that are none are told to `refused`, once. It must be licensed for embedding.
    #[must_use]
    pub fn with_late(
        self,
        read: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static,
        refused: impl Fn(&Fault) + Send + Sync + 'static,
    ) -> Self {
        let late = Late { read: Box::new(read), refused: Box::new(refused), face: OnceLock::new() };
        Self { late: Some(Arc::new(late)), ..self }
    }

    /// What [`Fonts::find`] answered: one of the list, or the one behind it.
    pub(crate) fn face(&self, at: usize) -> &Face {
        let late = || self.late.as_ref().and_then(|late| late.face());
        match self.faces.get(at) {
            Some(face) => face,
            None => late().unwrap_or(&self.faces[0]),
        }
    }

    /// The font that prints a letter: one of this weight, else any.
    pub(crate) fn find(&self, letter: char, weight: Weight) -> Option<usize> {
        let having = |f: &&Arc<Face>, own: bool| (f.weight == weight) == own && f.has(letter);
        let at = |own| self.faces.iter().position(|f| having(&f, own));
        let late = || self.late.as_ref().filter(|late| late.face().is_some_and(|face| face.has(letter)));
        at(true).or_else(|| at(false)).or_else(|| late().map(|_| self.faces.len()))
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fonts({})", self.faces.len())
    }
}

impl Face {
    fn new(data: Bytes, index: u32, weight: Weight) -> Result<Self, Fault> {
        let given: krilla::Data = match &data {
            Bytes::Built(bytes) => (*bytes).into(),
            Bytes::Given(bytes) => Arc::clone(bytes).into(),
        };
        let font = krilla::text::Font::new(given, index).ok_or(Fault::Font)?;
        let read = FontRef::from_index(data.get(), index).map_err(|_| Fault::Font)?;
        let (shaper, units) = (ShaperData::new(&read), font.units_per_em());
        if units <= 0.0 {
            return Err(Fault::Font);
        }
        let mut letters: Vec<u32> =
            read.charmap().mappings().filter(|(_, g)| g.to_u32() != 0).map(|(c, _)| c).collect();
        letters.sort_unstable();
        Ok(Self { shaper, units, letters, data, index, weight, font })
    }

    fn read(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(self.data.get(), self.index).ok()
    }

    pub(crate) fn has(&self, letter: char) -> bool {
        self.letters.binary_search(&u32::from(letter)).is_ok()
    }

    /// Glyphs of a text of one direction in the order they are drawn, in em.
    pub(crate) fn shape(&self, text: &str, right_to_left: bool) -> Vec<KrillaGlyph> {
        let Some(read) = self.read() else { return Vec::new() };
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        let shaped = self.shaper.shaper(&read).build().shape(buffer, ShapeOptions::new());
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|i| i.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        let end = |start: usize| starts.iter().copied().find(|s| *s > start).unwrap_or(text.len());
        let em = |units: i32| units as f32 / self.units;
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
        let glyphs = glyphs.map(|(info, at)| {
            let start = info.cluster as usize;
            let range = start..end(start);
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                em(at.x_advance),
                em(at.x_offset),
                em(at.y_offset),
                em(at.y_advance),
                range,
                None,
            )
        });
        glyphs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared<T: Send + Sync>(_: &T) {}

    #[test]
    fn fonts_can_be_kept_by_a_server() {
        shared(&Fonts::built_in().unwrap());
    }

    #[test]
    fn digits_are_of_one_width_in_both_weights() {
        let fonts = Fonts::built_in().unwrap();
        for face in &fonts.faces {
            let widths: Vec<f32> = face.shape("0123456789", false).iter().map(|g| g.x_advance).collect();
            assert_eq!(widths.len(), 10);
            assert!(widths.iter().all(|w| (w - widths[0]).abs() < 1e-6), "{widths:?}");
        }
    }

    #[test]
    fn latin_greek_cyrillic_and_signs_of_money_are_there() {
        let fonts = Fonts::built_in().unwrap();
        for letter in "AzßøŁžğőÅçđỳΩάώЖщїЇђ€£¥₹₽₺₩₴§»“–\u{a0}\u{202f}\u{fffd}".chars()
        {
            for weight in [Weight::Regular, Weight::Bold] {
                let at = fonts.find(letter, weight).unwrap_or_else(|| panic!("{letter:?}"));
                assert_eq!(fonts.face(at).weight, weight, "{letter:?}");
            }
        }
    }

    #[test]
    fn what_is_no_font_is_refused() {
        assert!(matches!(Fonts::built_in().unwrap().with(vec![0; 100], 0, Weight::Regular), Err(Fault::Font)));
    }
}
