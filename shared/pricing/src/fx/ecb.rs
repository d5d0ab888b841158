//! Euro reference rates as the European Central Bank publishes them: its XML and CSV files, and one day's built in.
//!
//! Entry points: [`read`] for a file that somebody fetched, [`built_in`] where nobody did. Files: `eurofxref-daily.xml`, `eurofxref-hist-90d.xml`,
//! `eurofxref.csv` (dates such as `30 October 2026`) and `eurofxref-hist.csv` (ISO dates, `N/A` where a currency had none). Invariants: of
//! several days the newest counts; nothing of a file that is not understood as a whole is used; no entity is expanded. Not here: fetching.

use roxmltree::{Document, ParsingOptions};

use super::{FileError, FxTable, MOST_BYTES, Rate};
use crate::date::Date;
use crate::money::Currency;

/// Elements of a file, at most.
const MOST_NODES: u32 = 20_000;
/// Named as the source of the rates.
pub const SOURCE: &str = "ECB";
/// Of the elements that hold the rates.
const NAMESPACE: &str = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref";
/// Made by `tools/make-fx-rates.py`.
const BUILT_IN: &str = include_str!("../../data/ecb-rates.csv");
#[rustfmt::skip]
const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The newest day's rates.
    pub table: FxTable,
    /// Codes of that day that are no active currency here: left out.
    pub unknown: Vec<String>,
}

/// The newest day's rates of an XML or CSV file.
///
/// # Errors
/// [`FileError`]; nothing is taken from a file with a fault in it.
pub fn read(file: &[u8]) -> Result<Read, FileError> {
    if file.len() > MOST_BYTES {
        return Err(FileError::TooLong);
    }
    let text = std::str::from_utf8(file).map_err(|why| FileError::Form(why.to_string()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let (date, rates) = if text.starts_with('<') { xml(text)? } else { csv(text)? };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (code, rate) in rates {
        let rate = Rate::parse(&rate)?;
        match code.parse::<Currency>() {
            Ok(currency) => known.push((currency, rate)),
            Err(_) if is_code(&code) => unknown.push(code),
            Err(_) => return Err(form("a currency has three capital letters", &code)),
        }
    }
    if known.is_empty() {
        return Err(FileError::Empty);
    }
    Ok(Read { table: FxTable::new(SOURCE.to_owned(), date, Currency::EUR, known)?, unknown })
}

/// The rates of the day the program was made with; old before long, so see [`super::Staleness`].
pub fn built_in() -> FxTable {
    // A test reads the file.
    let none = || FxTable { source: SOURCE.to_owned(), date: Date::FIRST, base: Currency::EUR, rates: Vec::new() };
    read(BUILT_IN.as_bytes()).map_or_else(|_| none(), |read| read.table)
}

/// A day, and codes with rates as written.
type Day = (Date, Vec<(String, String)>);

fn form(what: &str, near: &str) -> FileError {
    FileError::Form(format!("{what}, not {:?}", near.chars().take(32).collect::<String>()))
}

fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn xml(text: &str) -> Result<Day, FileError> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|why| FileError::Form(why.to_string()))?;
    let cubes = document.descendants().filter(|node| node.has_tag_name((NAMESPACE, "Cube")));
    let mut newest = None;
    for cube in cubes {
        let Some(time) = cube.attribute("time") else { continue };
        let date: Date = time.parse().map_err(|_| form("a day is written 2026-10-30", time))?;
        if newest.as_ref().is_none_or(|(known, _)| *known < date) {
            newest = Some((date, cube));
        }
    }
    let (date, cube) = newest.ok_or(FileError::Empty)?;
    let mut rates = Vec::new();
    for child in cube.children().filter(roxmltree::Node::is_element) {
        match (child.attribute("currency"), child.attribute("rate")) {
            (Some(code), Some(rate)) => rates.push((code.to_owned(), rate.to_owned())),
            _ => return Err(form("an element of a day has currency and rate", child.tag_name().name())),
        }
    }
    Ok((date, rates))
}

fn csv(text: &str) -> Result<Day, FileError> {
    // Nothing in these files is quoted; lines end with a comma.
    let cells = |line: &'_ str| -> Vec<String> {
        let line = line.trim().trim_end_matches(',');
        line.split(',').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head = cells(lines.next().unwrap_or_default());
    let Some(("Date", codes)) = head.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return Err(form("the first column is Date", head.first().map_or("", String::as_str)));
    };
    let mut newest: Option<(Date, Vec<String>)> = None;
    for line in lines {
        let row = cells(line);
        let (first, rates) = row.split_first().ok_or(FileError::Empty)?;
        let date = day(first).ok_or_else(|| form("a day is written 2026-10-30 or 30 October 2026", first))?;
        if rates.len() != codes.len() {
            return Err(FileError::Form(format!("{first} has {} rates for {} currencies", rates.len(), codes.len())));
        }
        if newest.as_ref().is_none_or(|(known, _)| *known < date) {
            newest = Some((date, rates.to_vec()));
        }
    }
    let (date, rates) = newest.ok_or(FileError::Empty)?;
    Ok((date, codes.iter().cloned().zip(rates).filter(|(_, rate)| rate != "N/A").collect()))
}

/// `2026-10-30` or `30 October 2026`.
fn day(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut words = text.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if words.next().is_some() || !digits(day) || !digits(year) || day.len() > 2 || year.len() != 4 {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Date::new(year.parse().ok()?, u8::try_from(month).ok()?, day.parse().ok()?).ok()
}
