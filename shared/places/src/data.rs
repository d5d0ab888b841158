//! The data as it is embedded; its format is said in its own header.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Field;
use crate::form::Region;

const TEXT: &str = include_str!("../data/addresses.txt");

/// The country whose row is the default of all others.
const DEFAULT: &str = "ZZ";

/// Rows by country.
struct Data {
    forms: BTreeMap<&'static str, Row>,
    regions: BTreeMap<&'static str, &'static str>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let mut lines = TEXT.lines().skip_while(|line| line.starts_with('#'));
    let (mut forms, mut default) = (BTreeMap::new(), None);
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let row = Row::read(line, default.as_ref());
        default.get_or_insert_with(|| row.clone());
        forms.insert(row.code, row);
    }
    Data { forms, regions: lines.filter_map(|line| line.split_once('\t')).collect() }
});

/// What is said of one country.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) code: &'static str,
    /// As the post writes it; empty for the default.
    pub(crate) name: &'static str,
    pub(crate) template: &'static str,
    /// In Latin script, where that has an order of its own.
    pub(crate) latin: Option<&'static str>,
    required: &'static str,
    upper: &'static str,
    pub(crate) postcode_kind: &'static str,
    pub(crate) region_kind: &'static str,
    pub(crate) city_kind: &'static str,
    pub(crate) part_kind: &'static str,
    /// Of a whole postcode, not anchored.
    pub(crate) pattern: Option<&'static str>,
    examples: &'static str,
}

impl Row {
    fn read(line: &'static str, default: Option<&Self>) -> Self {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let or = |own: &'static str, other: fn(&Self) -> &'static str| match own {
            "" => default.map(other).unwrap_or_default(),
            "-" => "",
            own => own,
        };
        Self {
            code: next(),
            name: next(),
            template: or(next(), |d| d.template),
            latin: Some(next()).filter(|t| !t.is_empty()),
            required: or(next(), |d| d.required),
            upper: or(next(), |d| d.upper),
            postcode_kind: or(next(), |d| d.postcode_kind),
            region_kind: or(next(), |d| d.region_kind),
            city_kind: or(next(), |d| d.city_kind),
            part_kind: or(next(), |d| d.part_kind),
            pattern: Some(next()).filter(|p| !p.is_empty()),
            examples: next(),
        }
    }

    /// Of a country by ISO 3166-1, either case; the default for every other text.
    pub(crate) fn of(country: &str) -> &'static Self {
        let forms = &DATA.forms;
        let known = forms.get(country).or_else(|| forms.get(country.trim().to_ascii_uppercase().as_str()));
        // The first row of the data is the default.
        known.or_else(|| forms.get(DEFAULT)).expect("the data begins with the default")
    }

    /// Letters of the fields in the order of the country's own envelopes, each once.
    fn letters(&self) -> impl Iterator<Item = char> {
        self.template.split('%').skip(1).filter_map(|part| part.chars().next()).filter(|c| *c != 'n')
    }

    /// Fields in the order of the country's own envelopes, each once.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for field in self.letters().flat_map(of_letter) {
            if !fields.contains(field) {
                fields.push(*field);
            }
        }
        fields
    }

    /// Without it nothing arrives. The name is never among the data's own, but a parcel goes to somebody.
    pub(crate) fn requires(&self, field: Field) -> bool {
        field == Field::Name || (field != Field::Line2 && self.required.chars().any(|l| of_letter(l).contains(&field)))
    }

    /// The post wants capitals.
    pub(crate) fn capitals(&self, field: Field) -> bool {
        self.upper.chars().any(|l| of_letter(l).contains(&field))
    }

    /// One postcode of each shape there is.
    pub(crate) fn examples(&self) -> impl Iterator<Item = &'static str> {
        self.examples.split(',').filter(|e| !e.is_empty())
    }

    /// Regions to choose from; none where they are typed or not asked.
    pub(crate) fn regions(&self) -> Vec<Region> {
        DATA.regions.get(self.code).map(|all| all.split('|').map(region).collect()).unwrap_or_default()
    }
}

/// Codes of all countries in the data.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    DATA.forms.keys().copied().filter(|code| *code != DEFAULT)
}

/// Fields of a letter in a template.
pub(crate) fn of_letter(letter: char) -> &'static [Field] {
    match letter {
        'N' => &[Field::Name],
        'O' => &[Field::Organisation],
        'A' => &[Field::Line1, Field::Line2],
        'D' => &[Field::DependentLocality],
        'C' => &[Field::City],
        'S' => &[Field::Region],
        'Z' => &[Field::Postcode],
        'X' => &[Field::SortingCode],
        _ => &[],
    }
}

fn region(text: &'static str) -> Region {
    let mut parts = text.split('=');
    let mut next = || parts.next().unwrap_or_default();
    let (code, name, latin, envelope, others) = (next(), next(), next(), next(), next());
    let or = |text: &'static str, other: &'static str| if text.is_empty() { other } else { text };
    let name = or(name, code);
    Region { code, name, latin: or(latin, name), envelope: or(envelope, name), others }
}
