//! What was typed against the form of its country.

use regex_lite::Regex;

use crate::data::Row;
use crate::form::Region;
use crate::{Address, Field};

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is empty and must not be.
    Missing,
    /// There is no such region.
    Unknown,
    /// Not what this country's postcodes look like; with one that is, if one is known.
    Shape(Option<&'static str>),
}

/// A field and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Where.
    pub field: Field,
    /// What.
    pub fault: Fault,
}

/// Puts an address into the form of its country: white space at the ends goes, capitals come where the post wants them, a region is
/// named by its id, a postcode gets its spaces and hyphens; what the country has no field for goes.
///
/// # Errors
/// Every field with something wrong, in the order of the form.
pub fn check(country: &str, typed: &Address) -> Result<Address, Vec<FieldFault>> {
    let row = Row::of(country);
    let (mut good, mut faults) = (Address::default(), Vec::new());
    for field in row.fields() {
        let text = typed.get(field).trim();
        let done = match field {
            _ if text.is_empty() && row.requires(field) => Err(Fault::Missing),
            _ if text.is_empty() => Ok(String::new()),
            Field::Postcode => postcode(row, text).ok_or_else(|| Fault::Shape(row.examples().next())),
            Field::Region => region(row, text),
            _ if row.capitals(field) => Ok(text.to_uppercase()),
            _ => Ok(text.to_owned()),
        };
        match done {
            Ok(text) => *good.get_mut(field) = text,
            Err(fault) => faults.push(FieldFault { field, fault }),
        }
    }
    if faults.is_empty() { Ok(good) } else { Err(faults) }
}

/// The region that a text names by code, by one of its names or by what stands on envelopes, in either case; `None` if there is no
/// such region or the country has no list of them.
pub fn region_of(country: &str, text: &str) -> Option<Region> {
    find(Row::of(country), text.trim())
}

/// A postcode as its country writes it; `None` if it is none of the country's.
pub fn postcode_of(country: &str, text: &str) -> Option<String> {
    postcode(Row::of(country), text.trim())
}

fn find(row: &Row, text: &str) -> Option<Region> {
    let all = row.regions();
    let wanted = text.to_lowercase();
    let is = |there: &str| !there.is_empty() && there.to_lowercase() == wanted;
    let parts: [fn(&Region) -> &'static str; 4] = [|r| r.code, |r| r.envelope, |r| r.name, |r| r.latin];
    let found = parts.into_iter().find_map(|part| all.iter().find(|r| is(part(r))));
    // With the country before it, as ISO writes it.
    let whole = |r: &&Region| !r.code.is_empty() && is(&format!("{}-{}", row.code, r.code));
    found.or_else(|| all.iter().find(|r| r.others.split('~').any(is))).or_else(|| all.iter().find(whole)).copied()
}

fn region(row: &Row, text: &str) -> Result<String, Fault> {
    match find(row, text) {
        Some(region) => Ok(region.id().to_owned()),
        None if !row.regions().is_empty() => Err(Fault::Unknown),
        None if row.capitals(Field::Region) => Ok(text.to_uppercase()),
        None => Ok(text.to_owned()),
    }
}

/// A postcode as the country's post writes it; `None` if it is none of theirs. Without a known pattern everything is one.
fn postcode(row: &Row, typed: &str) -> Option<String> {
    let text = typed.chars().map(half_width).collect::<String>().trim().to_uppercase();
    let Some(pattern) = row.pattern else { return Some(text) };
    // A pattern that cannot be read would refuse everybody; a test reads them all.
    let Ok(whole) = Regex::new(&format!("^(?:{pattern})$")) else { return Some(text) };
    let put_right = |text: &str| {
        let fits = whole.is_match(text);
        // Parted by its writer in a way that is one of the country's.
        if fits && text.contains([' ', '-']) {
            return Some(text.to_owned());
        }
        separated(row, text).filter(|t| whole.is_match(t)).or_else(|| fits.then(|| text.to_owned()))
    };
    put_right(&text).or_else(|| put_right(without_country(row.code, &text)?))
}

/// Full-width digits, letters and signs, as Japanese keyboards write them, as plain ones.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        // The block stands in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' => '-',
        c => c,
    }
}

/// What follows `CH-`, `CH ` or `D-`: the country, as it used to stand before postcodes.
fn without_country<'a>(country: &str, text: &'a str) -> Option<&'a str> {
    let rest = text.strip_prefix(country).or_else(|| {
        let rest = text.strip_prefix(country.get(..1)?)?;
        rest.starts_with('-').then_some(rest)
    })?;
    rest.strip_prefix(['-', ' ']).map(str::trim_start)
}

/// With spaces and hyphens where the post's examples of this shape have them.
fn separated(row: &Row, text: &str) -> Option<String> {
    let solid: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if text.chars().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, ' ' | '-')) {
        return None;
    }
    let long = |example: &&&str| example.chars().filter(char::is_ascii_alphanumeric).count() == solid.len();
    let examples: Vec<&str> = row.examples().collect();
    let same = examples.iter().find(|e| {
        let shape = e.chars().filter(char::is_ascii_alphanumeric).map(|c| c.is_ascii_digit());
        shape.eq(solid.iter().map(char::is_ascii_digit))
    });
    // No example has this shape, but those of this length agree on where it is parted.
    let parted = |e: &str| e.char_indices().filter(|(_, c)| !c.is_ascii_alphanumeric()).collect::<Vec<_>>();
    let example = same.or_else(|| {
        let first = examples.iter().find(long)?;
        examples.iter().filter(long).all(|e| parted(e) == parted(first)).then_some(first)
    })?;
    let mut solid = solid.into_iter();
    example.chars().map(|c| if c.is_ascii_alphanumeric() { solid.next() } else { Some(c) }).collect()
}
