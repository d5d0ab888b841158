//! How each country writes and asks for postal addresses: which fields in which order with which labels, what a postcode looks
//! like, which regions there are, and the lines of an envelope.
//!
//! Entry points: [`form_of`] for the fields to show, [`check`] for what was typed, [`lines`] for what goes on a parcel, [`letter`] for
//! documents, [`point_of_sale`] for what selling there takes, [`named_countries`] for a list to choose from.
//!
//! Invariants:
//! - Everything about a country is data (`data/addresses.txt`, made by `data/make.py`; `data/countries.tsv`, made by
//!   `data/countries.py`; `data/regions`, written by hand); no country is named in code.
//! - A country that is not in the data has the stated default form: name, organisation, street lines, city.
//! - What was checked is checked again without change.
//! - No IO, no clock, no panic on any text.
//!
//! Not here: texts of labels and faults (locale files of `app`), which countries are sold to (`vitrine-pricing`), whether a postcode
//! lies in its region: the ranges overlap, and a buyer is not refused for what the post delivers.
//!
//! Browsers do not link this crate; the server sends the form of one country.

mod check;
mod data;
mod envelope;
mod form;
mod names;
mod sale;

pub use check::{Fault, FieldFault, check, postcode_of, region_of};
pub use envelope::{letter, lines};
pub use form::{AddressForm, FieldForm, Region, countries, form_of};
pub use names::{country_name, named_countries};
pub use sale::{
    Holder, IdRule, Identity, ModelForm, Need, Payment, Phone, PointOfSale, Prices, TaxIn, Withdrawal, point_of_sale,
    points_of_sale,
};

/// One part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Who it goes to.
    Name,
    /// Their company.
    Organisation,
    /// Street and number.
    Line1,
    /// More of it: flat, building.
    Line2,
    /// Part of a city or town: district, neighbourhood, townland.
    DependentLocality,
    /// City or town.
    City,
    /// State, province, prefecture, county.
    Region,
    /// Postcode.
    Postcode,
    /// What some posts sort large receivers by.
    SortingCode,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Organisation,
        Self::Line1,
        Self::Line2,
        Self::DependentLocality,
        Self::City,
        Self::Region,
        Self::Postcode,
        Self::SortingCode,
    ];

    /// Its name in forms: `line1`, `postcode`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Organisation => "organisation",
            Self::Line1 => "line1",
            Self::Line2 => "line2",
            Self::DependentLocality => "dependent_locality",
            Self::City => "city",
            Self::Region => "region",
            Self::Postcode => "postcode",
            Self::SortingCode => "sorting_code",
        }
    }

    /// Autofill token of the HTML standard; there is none for sorting codes.
    pub const fn autocomplete(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Organisation => Some("organization"),
            Self::Line1 => Some("address-line1"),
            Self::Line2 => Some("address-line2"),
            Self::DependentLocality => Some("address-level3"),
            Self::City => Some("address-level2"),
            Self::Region => Some("address-level1"),
            Self::Postcode => Some("postal-code"),
            Self::SortingCode => None,
        }
    }
}

/// An address without its country. What a country has no field for stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Who it goes to.
    pub name: String,
    /// Their company.
    pub organisation: String,
    /// Street and number.
    pub line1: String,
    /// More of it.
    pub line2: String,
    /// Part of a city or town.
    pub dependent_locality: String,
    /// City or town.
    pub city: String,
    /// As typed; after [`check`] the id of a [`Region`] where the country has a list.
    pub region: String,
    /// Postcode.
    pub postcode: String,
    /// What some posts sort large receivers by.
    pub sorting_code: String,
}

impl Address {
    /// One field.
    pub fn get(&self, field: Field) -> &str {
        match field {
            Field::Name => &self.name,
            Field::Organisation => &self.organisation,
            Field::Line1 => &self.line1,
            Field::Line2 => &self.line2,
            Field::DependentLocality => &self.dependent_locality,
            Field::City => &self.city,
            Field::Region => &self.region,
            Field::Postcode => &self.postcode,
            Field::SortingCode => &self.sorting_code,
        }
    }

    /// One field, to be written.
    pub fn get_mut(&mut self, field: Field) -> &mut String {
        match field {
            Field::Name => &mut self.name,
            Field::Organisation => &mut self.organisation,
            Field::Line1 => &mut self.line1,
            Field::Line2 => &mut self.line2,
            Field::DependentLocality => &mut self.dependent_locality,
            Field::City => &mut self.city,
            Field::Region => &mut self.region,
            Field::Postcode => &mut self.postcode,
            Field::SortingCode => &mut self.sorting_code,
        }
    }
}

#[cfg(test)]
mod tests;
