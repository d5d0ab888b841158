//! The form that a country's addresses are typed into.

use crate::Field;
use crate::data::{self, Row};

/// The fields of a country, in the order of its own envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressForm {
    /// ISO 3166-1; `ZZ` for the default of countries that are not in the data.
    pub country: &'static str,
    /// Fields to ask for, each once.
    pub fields: Vec<FieldForm>,
}

impl AddressForm {
    /// One of its fields; `None`: the country's addresses have none of it.
    pub fn field(&self, field: Field) -> Option<&FieldForm> {
        self.fields.iter().find(|f| f.field == field)
    }
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldForm {
    /// What it is.
    pub field: Field,
    /// Which word the country has for it: `postcode-zip`, `region-prefecture`, `city-post-town`, `line1` ...; lower case and hyphens.
    pub label: String,
    /// Nothing arrives without it.
    pub required: bool,
    /// Regular expression of the whole text, after [`crate::check`] put it right: for postcodes where the data knows.
    pub pattern: Option<&'static str>,
    /// As the post writes one.
    pub example: Option<&'static str>,
    /// Digits are enough to type it; what stands between them is put in.
    pub digits: bool,
    /// What can be chosen; empty: it is typed.
    pub regions: Vec<Region>,
}

/// A state, province, prefecture, county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// ISO 3166-2 without the country, or the post's own code; empty where there is none.
    pub code: &'static str,
    /// In the language of the country.
    pub name: &'static str,
    /// In Latin script; the name if that is.
    pub latin: &'static str,
    /// As the country's post wants it on envelopes.
    pub envelope: &'static str,
    /// In other languages of the country, parted by `~`.
    pub(crate) others: &'static str,
}

impl Region {
    /// What is sent and stored: the code, or what stands on envelopes where there is none.
    pub fn id(&self) -> &'static str {
        if self.code.is_empty() { self.envelope } else { self.code }
    }
}

/// The form of a country by ISO 3166-1; the default form for one that is not in the data.
pub fn form_of(country: &str) -> AddressForm {
    let row = Row::of(country);
    let fields = row.fields().into_iter().map(|field| field_of(row, field)).collect();
    AddressForm { country: row.code, fields }
}

/// ISO 3166-1 codes of the countries in the data, sorted; three more are of the post alone (AC, TA, XK).
pub fn countries() -> impl Iterator<Item = &'static str> {
    data::codes()
}

fn field_of(row: &Row, field: Field) -> FieldForm {
    let label = match field {
        Field::Postcode => kind("postcode", row.postcode_kind),
        Field::Region => kind("region", row.region_kind),
        Field::City => kind("city", row.city_kind),
        Field::DependentLocality => kind("part", row.part_kind),
        Field::SortingCode => "sorting-code".to_owned(),
        other => other.name().to_owned(),
    };
    let pattern = row.pattern.filter(|_| field == Field::Postcode);
    FieldForm {
        field,
        label,
        required: row.requires(field),
        pattern,
        example: pattern.and_then(|_| row.examples().next()),
        digits: pattern.is_some_and(|p| !p.replace("\\d", "").contains(|c: char| c.is_ascii_alphabetic())),
        regions: if field == Field::Region { row.regions() } else { Vec::new() },
    }
}

fn kind(of: &str, kind: &str) -> String {
    format!("{of}-{}", kind.replace('_', "-"))
}
