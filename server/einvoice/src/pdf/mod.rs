//! A document as PDF/A-3b and PDF/UA-1, with its XML inside where EN 16931 can say it.
//!
//! Invariants: all text is text in the file, in embedded subsets of fonts; what has meaning is tagged, what repeats on pages is not; dates
//! and ids come from the document, so the same document has the same bytes; krilla refuses to write what breaks the standards.

mod layout;
mod sheet;
mod table;
mod xmp;

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use krilla::configure::{Accessibility, Archival, ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{SerializeSettings, color::rgb};
use vitrine_pricing::date::Date;

use crate::check::{Fault, Why, check, expressible};
use crate::document::Document;
use crate::fonts::Fonts;
use crate::labels::Labels;
use crate::text::Setter;
use sheet::{NodeId, Role, Sheet, Step};

/// Name of the XML inside.
pub(crate) const ATTACHMENT: &str = "factur-x.xml";

/// A file and what is to be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Letters no font had: U+FFFD was printed for them, the XML has them. Sorted, each once.
    pub replaced: Vec<char>,
    /// Why there is no XML inside; `None`: there is.
    pub without_xml: Option<Why>,
}

/// The PDF of a document.
///
/// # Errors
/// What [`check`] finds; `Write` if the file could not be written.
pub fn pdf(doc: &Document, labels: &Labels, fonts: &Fonts) -> Result<Pdf, Fault> {
    check(doc)?;
    match expressible(doc) {
        Ok(()) => around(doc, labels, fonts, Ok(crate::xml(doc)?.as_bytes())),
        Err(why) => around(doc, labels, fonts, Err(why)),
    }
}

/// The PDF of a document around an XML of it that was made before, as it is.
///
/// # Errors
/// As [`pdf`]'s.
pub fn pdf_around(doc: &Document, labels: &Labels, fonts: &Fonts, xml: &[u8]) -> Result<Pdf, Fault> {
    check(doc)?;
    around(doc, labels, fonts, Ok(xml))
}

fn around(doc: &Document, labels: &Labels, fonts: &Fonts, xml: Result<&[u8], Why>) -> Result<Pdf, Fault> {
    let sheet = layout::lay_out(doc, labels, Setter { fonts, replaced: BTreeSet::new() })?;
    let bytes = written(doc, labels, &sheet, xml.as_ref().ok().copied())?;
    let bytes = if xml.is_ok() { xmp::say_invoice(&bytes)? } else { bytes };
    Ok(Pdf { bytes, replaced: sheet.set.replaced.into_iter().collect(), without_xml: xml.err() })
}

/// What the PDF of a document says, line by line as it is set; what repeats on pages is part of it.
///
/// # Errors
/// As [`pdf`]'s.
pub fn printed(doc: &Document, labels: &Labels, fonts: &Fonts) -> Result<Vec<String>, Fault> {
    check(doc)?;
    let sheet = layout::lay_out(doc, labels, Setter { fonts, replaced: BTreeSet::new() })?;
    let line = |step: &Step| match step {
        Step::Text { line, .. } => Some(line.runs.iter().map(|run| run.text.as_str()).collect::<String>()),
        Step::Rule { .. } => None,
    };
    let lines = sheet.pages.iter().flatten().filter_map(line);
    Ok(lines.map(|line| line.trim_end().to_owned()).collect())
}

fn failed(what: impl std::fmt::Debug) -> Fault {
    Fault::Write(format!("{what:?}"))
}

/// Midnight of the day in UTC.
fn moment(day: Date) -> DateTime {
    let at = DateTime::new(day.year()).month(day.month()).day(day.day());
    at.hour(0).minute(0).second(0).utc_offset_hour(0).utc_offset_minute(0)
}

fn written(doc: &Document, labels: &Labels, sheet: &Sheet<'_>, xml: Option<&[u8]>) -> Result<Vec<u8>, Fault> {
    let standards = ConfigurationBuilder::new()
        .with_version(PdfVersion::Pdf17)
        .with_archival_validator(Archival::A3_B)
        .with_accessibility_validator(Accessibility::UA1);
    let configuration = standards.finish().map_err(failed)?;
    let mut file = krilla::Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    file.set_metadata(
        Metadata::new()
            .title(format!("{} {}", layout::title(doc.kind, labels), doc.number))
            .authors(vec![doc.seller.name.clone()])
            .creator("Vitrine".into())
            .language(doc.language.clone())
            .document_id(format!("{}/{}/{}", doc.seller.id, doc.seller.name, doc.number))
            .creation_date(moment(doc.issued)),
    );
    if let Some(xml) = xml {
        let attached = file.embed_file(EmbeddedFile {
            path: ATTACHMENT.into(),
            mime_type: MimeType::new("text/xml"),
            description: Some(labels.attachment.clone()),
            association_kind: AssociationKind::Alternative,
            data: xml.to_vec().into(),
            modification_date: Some(moment(doc.issued)),
            compress: Some(true),
            location: None,
        });
        attached.ok_or_else(|| failed("the attachment"))?;
    }
    let mut leaves: Vec<Vec<Identifier>> = sheet.nodes.iter().map(|_| Vec::new()).collect();
    for steps in &sheet.pages {
        let settings = PageSettings::from_wh(sheet.size.0, sheet.size.1).ok_or_else(|| failed("the paper"))?;
        let mut page = file.start_page_with(settings);
        let mut surface = page.surface();
        for step in steps {
            draw(&mut surface, sheet, step, &mut leaves);
        }
        surface.finish();
        page.finish();
    }
    // PDF/UA wants an outline: one entry, the title.
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(format!("{} {}", layout::title(doc.kind, labels), doc.number), top));
    file.set_outline(outline);
    let mut tree = TagTree::new().with_lang(Some(doc.language.clone()));
    for root in &sheet.roots {
        tree.push(group(sheet, *root, &leaves));
    }
    file.set_tag_tree(tree);
    file.finish().map_err(failed)
}

fn gray(level: u8) -> Fill {
    Fill { paint: rgb::Color::new(level, level, level).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn draw(surface: &mut Surface<'_>, sheet: &Sheet<'_>, step: &Step, leaves: &mut [Vec<Identifier>]) {
    match step {
        Step::Text { x, baseline, line, style, node } => {
            let tag = match node {
                Some(_) => ContentTag::Span(SpanTag::empty().with_actual_text(line.read.as_deref())),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let id = surface.start_tagged(tag);
            if let Some(node) = node {
                leaves[*node].push(id);
            }
            surface.set_fill(Some(gray(style.gray)));
            let mut x = *x;
            for run in &line.runs {
                let font = sheet.set.fonts.face(run.face).font.clone();
                surface.draw_glyphs(Point::from_xy(x, *baseline), &run.glyphs, font, &run.text, style.size, false);
                x += run.width;
            }
            surface.end_tagged();
        }
        Step::Rule { x, width, y, weight, gray: level } => {
            let rect = krilla::geom::Rect::from_xywh(*x, *y - weight / 2.0, *width, *weight);
            let path = rect.and_then(|rect| {
                let mut builder = PathBuilder::new();
                builder.push_rect(rect);
                builder.finish()
            });
            let Some(path) = path else { return };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_fill(Some(gray(*level)));
            surface.draw_path(&path);
            surface.end_tagged();
        }
    }
}

fn group(sheet: &Sheet<'_>, at: NodeId, leaves: &[Vec<Identifier>]) -> TagGroup {
    let node = &sheet.nodes[at];
    let tag: TagKind = match &node.role {
        Role::Heading(text) => Tag::Hn(NonZeroU16::MIN, Some(text.clone())).into(),
        Role::P => Tag::P.into(),
        Role::Table(name) => Tag::Table.with_summary(Some(name.clone())).into(),
        Role::THead => Tag::THead.into(),
        Role::TBody => Tag::TBody.into(),
        Role::TR => Tag::TR.into(),
        Role::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Role::TD => Tag::TD.into(),
    };
    let mut group = TagGroup::new(tag);
    for part in &node.parts {
        group.push(self::group(sheet, *part, leaves));
    }
    for leaf in &leaves[at] {
        group.push(*leaf);
    }
    group
}
