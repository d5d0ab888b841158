//! Rates that a law of one country wants and nobody here can fetch: of its central bank, of the shop's bank. A CSV file of one source, base and
//! period, written by whoever keeps the books.
//!
//! Columns `source, base, currency, rate, from, until`: one unit of `currency` costs `rate` of `base`, from a day to a day (ISO, inclusive, a month
//! at most). Invariants as of HMRC's: nothing of a file that is not understood as a whole is used.

use serde::{Deserialize, Serialize};
use vitrine_pricing::date::Date;
use vitrine_pricing::fx::{FileError, FxError, FxTable, MOST_BYTES, Rate};
use vitrine_pricing::money::Currency;

use super::hmrc::MOST_DAYS;

/// The header, in this order.
const COLUMNS: [&str; 6] = ["source", "base", "currency", "rate", "from", "until"];
/// Longest name of a source, characters.
const MOST_NAME: usize = 40;

/// What units of other currencies cost in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Who published them.
    pub source: String,
    /// In which currency.
    pub base: Currency,
    /// By currency.
    pub rates: Vec<(Currency, Rate)>,
    /// The first day they are for.
    pub from: Date,
    /// The last one.
    pub until: Date,
}

impl Own {
    /// Whether its rates are those of a day.
    pub fn covers(&self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// As a table that makes amounts of this currency ones of the base, exactly as quoted; `None`: it has no rate for it.
    pub fn table_of(&self, currency: Currency) -> Option<FxTable> {
        let (_, rate) = self.rates.iter().find(|(known, _)| *known == currency)?;
        FxTable::new(self.source.clone(), self.from, currency, vec![(self.base, *rate)]).ok()
    }
}

/// Whether a file says that it is one of these.
pub fn is_one(file: &[u8]) -> bool {
    let text = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file).trim_ascii_start();
    text.len() >= COLUMNS[0].len() && text[..COLUMNS[0].len()].eq_ignore_ascii_case(COLUMNS[0].as_bytes())
}

/// The rates of a file.
///
/// # Errors
/// [`FileError`]; nothing is taken from a file with a fault in it.
pub fn read(file: &[u8]) -> Result<Own, FileError> {
    if file.len() > MOST_BYTES {
        return Err(FileError::TooLong);
    }
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let wrong = |e: csv::Error| FileError::Form(e.to_string());
    let form = |what: &str| FileError::Form(what.to_owned());
    let head: Vec<String> = rows.headers().map_err(wrong)?.iter().map(str::to_lowercase).collect();
    if head != COLUMNS {
        return Err(FileError::Form(format!("the columns are {}", COLUMNS.join(","))));
    }
    let mut found: Option<Own> = None;
    for row in rows.records() {
        let row = row.map_err(wrong)?;
        let cell = |i: usize| row.get(i).unwrap_or_default();
        let currency = |i: usize| cell(i).parse::<Currency>().map_err(|e| FileError::Form(e.to_string()));
        let day = |i: usize| cell(i).parse::<Date>().map_err(|e| FileError::Form(e.to_string()));
        let (base, currency, rate) = (currency(1)?, currency(2)?, Rate::parse(cell(3))?);
        let of = Own { source: cell(0).to_owned(), base, rates: Vec::new(), from: day(4)?, until: day(5)? };
        let named = !of.source.is_empty() && of.source.chars().count() <= MOST_NAME;
        if !named || of.source.chars().any(char::is_control) {
            return Err(form("a source has a name of at most 40 letters"));
        }
        let all = found.get_or_insert_with(|| of.clone());
        if (&all.source, all.base, all.from, all.until) != (&of.source, of.base, of.from, of.until) {
            return Err(form("a file is of one source, base and period"));
        }
        if currency == base || all.rates.iter().any(|(known, _)| *known == currency) {
            return Err(FxError::Twice(currency).into());
        }
        all.rates.push((currency, rate));
    }
    let own = found.ok_or(FileError::Empty)?;
    if !(0..MOST_DAYS).contains(&own.until.days_since(own.from)) {
        return Err(form("a period is a month at most"));
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use vitrine_pricing::money::Money;

    use super::*;

    fn file(rows: &str) -> Vec<u8> {
        format!("source,base,currency,rate,from,until\n{rows}").into_bytes()
    }

    #[test]
    fn what_a_bank_quotes_is_used_as_it_quotes_it() {
        let rows =
            "My bank TTM,JPY,USD,115.21,2026-11-27,2026-11-29\nMy bank TTM,JPY,EUR,163.5,2026-11-27,2026-11-29\n";
        assert!(is_one(&file(rows)) && !is_one(b"Country/Territories") && !is_one(b"so"));
        let own = read(&file(rows)).unwrap();
        let on = |day: &str| own.covers(day.parse().unwrap());
        assert_eq!(["2026-11-26", "2026-11-27", "2026-11-29", "2026-11-30"].map(on), [false, true, true, false]);
        // The National Tax Agency's example: a tax of 5.40 dollars.
        let tax = Money::parse("5.40", Currency::USD).unwrap();
        let table = own.table_of(Currency::USD).unwrap();
        let (yen, used) = table.in_books(tax, Currency::JPY, own.until, 2).unwrap();
        assert_eq!((yen.minor(), used.source()), (622, "My bank TTM"));
        assert_eq!(own.table_of(Currency::GBP), None);
    }

    #[test]
    fn what_is_not_understood_as_a_whole_is_nothing() {
        let code = |rows: &str| read(&file(rows)).unwrap_err().code();
        assert_eq!(code(""), "no_rates");
        assert_eq!(code("B,JPY,USD,1e2,2026-11-27,2026-11-27\n"), "bad_rate");
        assert_eq!(code("B,JPY,USD,1,2026-11-27,2026-11-27\nB,JPY,USD,2,2026-11-27,2026-11-27\n"), "bad_rate");
        assert_eq!(code("B,JPY,JPY,1,2026-11-27,2026-11-27\n"), "bad_rate");
        assert_eq!(code("B,JPY,USD,1,2026-11-27,2026-11-27\nC,JPY,EUR,2,2026-11-27,2026-11-27\n"), "not_rates");
        assert_eq!(code("B,JPY,XXQ,1,2026-11-27,2026-11-27\n"), "not_rates");
        assert_eq!(code(",JPY,USD,1,2026-11-27,2026-11-27\n"), "not_rates");
        assert_eq!(code("B,JPY,USD,1,2026-11-27,2026-11-26\n"), "not_rates");
        assert_eq!(code("B,JPY,USD,1,2026-01-01,2026-12-31\n"), "not_rates");
        assert_eq!(code("B,JPY,USD,1,27/11/2026,27/11/2026\n"), "not_rates");
        assert_eq!(read(b"source,base\n").unwrap_err().code(), "not_rates");
    }
}
