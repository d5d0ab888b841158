//! Civil dates: a day of the calendar that a law counts by, without zone or time; and moments, for what ends within a day.
//!
//! Invariants: always a day that exists, years 1 to 9999. A day begins and ends at midnight UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day. Text and JSON form: `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// The text is not a day in the form `2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a day in the form 2026-11-22")]
pub struct DateError(pub String);

impl Date {
    /// The first day there is: 0001-01-01.
    pub const FIRST: Self = Self { year: 1, month: 1, day: 1 };

    /// A day that exists. Errors: [`DateError`].
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if (1..=9999).contains(&year) && (1..=last).contains(&day) {
            return Ok(Self { year, month, day });
        }
        Err(DateError(format!("{year}-{month}-{day}")))
    }

    /// 1 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Midnight (UTC) of the day as RFC 5322 writes it, for feeds: `Sun, 22 Nov 2026 00:00:00 GMT`.
    pub fn rfc2822(self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        // Sakamoto's method.
        const SHIFT: [u16; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let month = usize::from(self.month - 1);
        let y = self.year - u16::from(self.month < 3);
        let day = (y + y / 4 - y / 100 + y / 400 + SHIFT[month] + u16::from(self.day)) % 7;
        format!("{}, {:02} {} {:04} 00:00:00 GMT", DAYS[usize::from(day)], self.day, MONTHS[month], self.year)
    }

    /// Days from `earlier` to this one; negative if this one is earlier.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.day_number() - earlier.day_number()
    }

    /// Days since 0000-03-01 in the Gregorian calendar: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". March comes first, so
    /// that a leap day is a year's last.
    fn day_number(self) -> i32 {
        let year = i32::from(self.year) - i32::from(self.month <= 2);
        let month = (i32::from(self.month) + 9) % 12;
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i32::from(self.day) - 1
    }

    /// The day (UTC) of an instant in milliseconds since 1970. Errors: [`DateError`] outside years 1 to 9999.
    pub fn from_unix_ms(ms: i64) -> Result<Self, DateError> {
        // Days to civil: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let z = ms.div_euclid(86_400_000) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let bad = || DateError(ms.to_string());
        Self::new(
            u16::try_from(year).map_err(|_| bad())?,
            u8::try_from(month).map_err(|_| bad())?,
            u8::try_from(day).map_err(|_| bad())?,
        )
    }
}

impl Date {
    /// Its midnight (UTC), milliseconds since 1970.
    pub fn unix_ms(self) -> i64 {
        const EPOCH: Date = Date { year: 1970, month: 1, day: 1 };
        i64::from(self.days_since(EPOCH)) * 86_400_000
    }
}

/// An instant, to the millisecond. Text and JSON form: RFC 3339 in UTC, `2026-11-22T14:30:00Z`, with milliseconds only where there are some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    day: Date,
    /// Of the day, below 86,400,000.
    ms: u32,
}

impl Moment {
    const DAY_MS: i64 = 86_400_000;

    /// An instant in milliseconds since 1970. Errors: [`DateError`] outside years 1 to 9999.
    pub fn from_unix_ms(ms: i64) -> Result<Self, DateError> {
        // A rest of a day fits 32 bits.
        Ok(Self { day: Date::from_unix_ms(ms)?, ms: ms.rem_euclid(Self::DAY_MS) as u32 })
    }

    /// The midnight at which a day is over; the last millisecond of the last day there is.
    pub fn end_of(day: Date) -> Self {
        Self::from_unix_ms(day.unix_ms() + Self::DAY_MS).unwrap_or(Self { day, ms: 86_399_999 })
    }

    /// Milliseconds since 1970.
    pub fn unix_ms(self) -> i64 {
        self.day.unix_ms() + i64::from(self.ms)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.ms / 1000, self.ms % 1000);
        write!(f, "{}T{:02}:{:02}:{:02}", self.day, seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if ms > 0 { write!(f, ".{ms:03}Z") } else { f.write_str("Z") }
    }
}

impl FromStr for Moment {
    type Err = DateError;
    /// What is written here; a day alone is its end, as quotes were kept before they had moments.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let bad = || DateError(text.chars().take(32).collect());
        let Some((day, time)) = text.split_once('T') else { return text.parse().map(Self::end_of) };
        let time = time.strip_suffix('Z').ok_or_else(bad)?;
        let (time, fraction) = match time.split_once('.') {
            Some((time, fraction)) if fraction.len() == 3 => (time, fraction),
            Some(_) => return Err(bad()),
            None => (time, "0"),
        };
        let number = |text: &str| -> Result<u32, DateError> {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|_| digits).ok_or_else(bad)
        };
        let parts: Vec<&str> = time.split(':').filter(|part| part.len() == 2).collect();
        let [hours, minutes, seconds] = parts[..] else { return Err(bad()) };
        let (hours, minutes, seconds) = (number(hours)?, number(minutes)?, number(seconds)?);
        if time.len() != 8 || hours > 23 || minutes > 59 || seconds > 59 {
            return Err(bad());
        }
        let ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + number(fraction)?;
        Ok(Self { day: day.parse().map_err(|_| bad())?, ms })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl FromStr for Date {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let bad = || DateError(text.chars().take(32).collect());
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return Err(bad());
        }
        let number = |from: usize, to: usize| -> Result<u16, DateError> {
            b[from..to]
                .iter()
                .try_fold(0u16, |n, c| if c.is_ascii_digit() { Ok(n * 10 + u16::from(c - b'0')) } else { Err(bad()) })
        };
        // Two digits always fit a byte.
        Self::new(number(0, 4)?, number(5, 7)? as u8, number(8, 10)? as u8).map_err(|_| bad())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        for (text, ms) in [
            ("2026-11-29T00:00:00Z", 1_795_910_400_000),
            ("2026-11-28T23:59:59.999Z", 1_795_910_399_999),
            ("2026-11-29T14:30:05Z", 1_795_962_605_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!((moment.unix_ms(), moment.to_string()), (ms, text.to_owned()));
            assert_eq!(Moment::from_unix_ms(ms), Ok(moment));
        }
        assert_eq!("2026-11-28".parse::<Moment>().unwrap().to_string(), "2026-11-29T00:00:00Z", "a day is its end");
        assert_eq!("9999-12-31".parse::<Moment>().unwrap().to_string(), "9999-12-31T23:59:59.999Z");
        for wrong in [
            "",
            "2026-11-28T",
            "2026-11-28T00:00Z",
            "2026-11-28T00:00:00",
            "2026-11-28T24:00:00Z",
            "2026-11-28T00:60:00Z",
            "2026-11-28T00:00:60Z",
            "2026-11-28T00:00:00.1Z",
            "2026-11-28T+1:00:00Z",
            "2026-11-28T00:00:00+01:00",
            "2026-02-30T00:00:00Z",
            "2026-11-28T00:00:00:00Z",
            "2026-11-28T0:000:00Z",
        ] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
