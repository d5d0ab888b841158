//! An issued invoice as XML of EN 16931 and as a PDF that people and programs can read.
//!
//! Entry points: [`xml`], a Cross Industry Invoice of the EN 16931 profile (Factur-X, ZUGFeRD), and [`pdf`], a tagged PDF/A-3b and
//! PDF/UA-1 file with that XML inside. Input is a [`Document`], whose texts and words ([`Labels`]) come from the caller. Invariants: sums that
//! do not add up are refused before anything is made; amounts are never computed anew; a document that EN 16931 cannot say has a PDF
//! without XML and the answer says why ([`Why`]); the same document has the same bytes. Not here: what is issued and when, translations,
//! sending. Pure: no clock, no files, no network. docs/einvoice.md has the mapping.

mod category;
mod check;
mod document;
mod fonts;
mod labels;
mod pdf;
mod text;
mod xml;

pub use category::{Category, Taxation, category, has_vat};
pub use check::{Fault, Why, check, deviations, expressible};
pub use document::{
    Address, Adjustment, Discount, Document, Kind, Line, Means, Party, Payment, Preceding, Registration, Tax, TaxId,
    TaxIdKind, TaxRow, Totals, breakdown,
};
pub use fonts::{Fonts, Weight};
pub use labels::Labels;
pub use pdf::{Pdf, pdf, pdf_around, printed};
pub use xml::xml;
