//! Rates of a month as HM Revenue & Customs publishes them for VAT: its monthly CSV file, units of each currency for one pound.
//!
//! Columns `Country/Territories, Currency, Currency Code, Currency Units per £1, Start Date, End Date`, dates as `01/11/2026`. A currency stands
//! there once for each of its countries. Invariants: the file is of one period; nothing of a file that is not understood as a whole is used.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::{FileError, FxTable, MOST_BYTES, Rate};
use vitrine_pricing::money::Currency;

/// Named as the source of the rates.
pub const SOURCE: &str = "HMRC";
/// The columns that are read, in lower case.
const COLUMNS: [&str; 4] = ["currency code", "currency units per £1", "start date", "end date"];
/// Longest period, days: a month.
pub(super) const MOST_DAYS: i32 = 31;

/// Rates of a month. The table's date is the first day they are for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// In pounds.
    pub table: FxTable,
    /// The last day they are for.
    pub until: Date,
}

impl Month {
    /// Whether its rates are those of a day.
    pub fn covers(&self, day: Date) -> bool {
        (self.table.date()..=self.until).contains(&day)
    }
}

fn form(what: &str, near: &str) -> FileError {
    FileError::Form(format!("{what}, not {:?}", near.chars().take(32).collect::<String>()))
}

/// `01/11/2026`.
fn day(text: &str) -> Result<Date, FileError> {
    let bad = || form("a day is written 01/11/2026", text);
    let parts: Vec<&str> = text.split('/').collect();
    let [day, month, year] = parts.as_slice() else { return Err(bad()) };
    format!("{year:0>4}-{month:0>2}-{day:0>2}").parse().map_err(|_| bad())
}

/// Whether a file says that it is one of these.
pub fn is_one(file: &[u8]) -> bool {
    let text = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file).trim_ascii_start();
    text.trim_ascii_start().to_ascii_lowercase().starts_with(b"country")
}

/// The rates of a file, and codes in it that are no active currency here.
///
/// # Errors
/// [`FileError`]; nothing is taken from a file with a fault in it.
pub fn read(file: &[u8]) -> Result<(Month, Vec<String>), FileError> {
    if file.len() > MOST_BYTES {
        return Err(FileError::TooLong);
    }
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let wrong = |e: csv::Error| FileError::Form(e.to_string());
    let head: Vec<String> = rows.headers().map_err(wrong)?.iter().map(str::to_lowercase).collect();
    let mut at = [0; COLUMNS.len()];
    for (found, name) in at.iter_mut().zip(COLUMNS) {
        *found = head.iter().position(|h| h == name).ok_or_else(|| FileError::Form(format!("no column {name:?}")))?;
    }
    let mut period = None;
    let (mut known, mut unknown): (Vec<(Currency, Rate)>, Vec<String>) = (Vec::new(), Vec::new());
    for row in rows.records() {
        let row = row.map_err(wrong)?;
        let [code, rate, from, to] = at.map(|i| row.get(i).unwrap_or_default());
        let of = (day(from)?, day(to)?);
        if period.is_some_and(|known| known != of) {
            return Err(form("a file is of one period", &format!("{from} to {to}")));
        }
        period = Some(of);
        let rate = Rate::parse(rate)?;
        match code.parse::<Currency>() {
            Ok(currency) if known.contains(&(currency, rate)) => {}
            Ok(currency) => known.push((currency, rate)),
            Err(_) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => {
                if !unknown.iter().any(|known| known == code) {
                    unknown.push(code.to_owned());
                }
            }
            Err(_) => return Err(form("a currency has three capital letters", code)),
        }
    }
    let (from, until) = period.filter(|_| !known.is_empty()).ok_or(FileError::Empty)?;
    if !(0..MOST_DAYS).contains(&until.days_since(from)) {
        return Err(form("a period is a month at most", &format!("{from} to {until}")));
    }
    Ok((Month { table: FxTable::new(SOURCE.to_owned(), from, Currency::GBP, known)?, until }, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Country/Territories,Currency,Currency Code,Currency Units per £1,Start Date,End Date\n";

    fn file(rows: &str) -> Vec<u8> {
        format!("\u{feff}{HEAD}{rows}").into_bytes()
    }

    #[test]
    fn a_month_is_read_and_a_currency_of_many_countries_is_one() {
        let rows = "Eurozone,Euro,EUR,1.1400,01/11/2026,30/11/2026\n\
                    \"Korea, South\",Won,KRW,1883.5,01/11/2026,30/11/2026\n\
                    USA,Dollar,USD,1.3012,01/11/2026,30/11/2026\nEcuador,Dollar,USD,1.3012,01/11/2026,30/11/2026\n\
                    Nowhere,Shell,ZZZ,2,01/11/2026,30/11/2026\n";
        assert!(is_one(&file(rows)) && !is_one(b"Date, USD, \n"));
        let (month, unknown) = read(&file(rows)).unwrap();
        assert_eq!(
            (month.table.date().to_string().as_str(), month.until.to_string().as_str()),
            ("2026-11-01", "2026-11-30")
        );
        assert_eq!(month.table.currencies().map(Currency::code).collect::<Vec<_>>(), ["EUR", "KRW", "USD"]);
        assert_eq!(unknown, ["ZZZ"]);
        let on = |day: &str| month.covers(day.parse().unwrap());
        assert_eq!(["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"].map(on), [false, true, true, false]);
    }

    #[test]
    fn what_is_not_understood_as_a_whole_is_nothing() {
        let code = |file: &[u8]| read(file).unwrap_err().code();
        let euro = "Eurozone,Euro,EUR,1.1400,01/11/2026,30/11/2026\n";
        assert_eq!(code(b""), "not_rates");
        assert_eq!(code(&file("")), "no_rates");
        assert_eq!(code(&file("Nowhere,Shell,ZZZ,2,01/11/2026,30/11/2026\n")), "no_rates");
        assert_eq!(code(&file(&format!("{euro}USA,Dollar,USD,0,01/11/2026,30/11/2026\n"))), "bad_rate");
        assert_eq!(code(&file(&format!("{euro}Spain,Euro,EUR,1.15,01/11/2026,30/11/2026\n"))), "bad_rate");
        assert_eq!(code(&file(&format!("{euro}USA,Dollar,USD,1.3,01/12/2026,31/12/2026\n"))), "not_rates");
        assert_eq!(code(&file(&format!("{euro}USA,Dollar,usd,1.3,01/11/2026,30/11/2026\n"))), "not_rates");
        assert_eq!(code(&file("Eurozone,Euro,EUR,1.14,2026-11-01,2026-11-30\n")), "not_rates");
        assert_eq!(code(&file("Eurozone,Euro,EUR,1.14,01/01/2026,31/12/2026\n")), "not_rates");
        assert_eq!(code(&file("Eurozone,Euro,EUR\n")), "not_rates");
        assert_eq!(code(&vec![b'x'; MOST_BYTES + 1]), "too_long");
    }
}
